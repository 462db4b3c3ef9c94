/*
 * src/core/predicate.h
 *
 * The lexical side of predicates: which literals mean the same everywhere, and
 * how names and literals are quoted.
 *
 * A date such as 01/02/2024 and an instant without an offset mean different
 * things under other settings, so only forms that no setting can turn are let
 * through.  What is quoted here reads as one token whatever it contains.
 * Texts are UTF-8 without zero bytes and need not end in one.
 */
#ifndef CRM_PREDICATE_H
#define CRM_PREDICATE_H

#include <stdbool.h>
#include <stddef.h>

/* what can be compared with what: the same kind with the same kind */
typedef enum crm_predicate_kind
{
	CRM_KIND_ANY,				/* not known, or a literal that takes the other side's */
	CRM_KIND_BOOLEAN,
	CRM_KIND_NUMBER,
	CRM_KIND_TEXT,
	CRM_KIND_DATE,
	CRM_KIND_TIMESTAMP,
	CRM_KIND_TIMESTAMPTZ,
	CRM_KIND_TIME
} crm_predicate_kind;

#define CRM_KIND_NONE (-1)

/* the kind of a type by its SQL name or PostgreSQL's; CRM_KIND_NONE when predicates do not know it */
extern int	crm_kind_of_type(const char *name);

/* how SQL calls the type of a kind, in pg_catalog */
extern const char *crm_kind_type(crm_predicate_kind kind);

/*
 * Whether a text is a literal of the kind that no setting can give another
 * meaning: true and false; 12, -1.5, 2e6; any text; 2024-02-29; the same with
 * 23:59[:59[.999999]] behind a space or T; and, for an instant, Z or +08[:00].
 */
extern bool crm_literal_is_plain(crm_predicate_kind kind, const char *text, size_t n);

/* whether LIKE takes the pattern for every subject: no escape at its end */
extern bool crm_pattern_is_whole(const char *text, size_t n);

/* room for a quoted text of n bytes: every byte doubled, E, two quotes and the end */
#define CRM_QUOTED_SIZE(n) (2 * (n) + 4)

/* E'...' and "...", ended by a zero byte; they return the length without it */
extern size_t crm_quote_literal(char *out, const char *text, size_t n);
extern size_t crm_quote_name(char *out, const char *text, size_t n);

#endif							/* CRM_PREDICATE_H */
