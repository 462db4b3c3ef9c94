/*
 * src/core/text.h
 *
 * Text as code points in the caller's memory, and the forms that do not
 * depend on a language: UTF-8, NFKC case folding, grapheme clusters.
 *
 * Answers come from tables frozen in the source (Unicode 15.0), so they are
 * the same on every machine and for ever: search keys stand in indexes. Bytes
 * that are no UTF-8 become U+FFFD one by one. A text that has no room left
 * sets `full` and goes on without writing; the caller gives more and repeats.
 */
#ifndef CRM_TEXT_H
#define CRM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* of the frozen tables */
#define CRM_TEXT_UNICODE	"15.0"

typedef struct CrmText
{
	uint32_t   *cp;
	size_t		n;
	size_t		room;
	bool		full;
} CrmText;

static inline void
crm_text_add(CrmText *text, uint32_t cp)
{
	if (text->n < text->room)
		text->cp[text->n++] = cp;
	else
		text->full = true;
}

extern void crm_text_add_ascii(CrmText *text, const char *s);

/* appends what the bytes say */
extern void crm_text_read(CrmText *text, const char *bytes, size_t length);

/* bytes of UTF-8 that the text takes, at most 4 a code point; out has room for them */
extern size_t crm_text_write(const uint32_t *cp, size_t n, char *out);

/*
 * Appends the NFKC case folding (Unicode Standard, toNFKC_Casefold) of n code
 * points. spare is memory for as many code points as `to` has room for.
 */
extern void crm_text_fold(CrmText *to, const uint32_t *cp, size_t n, uint32_t *spare);

/* appends the canonical decomposition of one code point */
extern void crm_text_decompose(CrmText *to, uint32_t cp);

/* canonical combining class, 0 for most */
extern int	crm_combining_class(uint32_t cp);

/* Chinese characters, whole planes of ideographs and the iteration mark included */
extern bool crm_is_han(uint32_t cp);

/* what separates words: white space, control characters, punctuation that names are written with */
extern bool crm_is_space(uint32_t cp);
extern bool crm_is_separator(uint32_t cp);

/* where the grapheme cluster that begins at `from` < n ends (extended clusters, UAX 29) */
extern size_t crm_cluster_end(const uint32_t *cp, size_t n, size_t from);

#endif							/* CRM_TEXT_H */
