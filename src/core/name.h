/*
 * src/core/name.h
 *
 * Search keys of personal names: folded form, tokens, pinyin, initials.
 *
 * A key is for finding, never for display or equality: 单 is found as shan and
 * as dan. All of it comes from frozen tables, so keys that stand in an index
 * stay right. The functions append to `to`; memory is the caller's, `full`
 * says that there was too little.
 */
#ifndef CRM_NAME_H
#define CRM_NAME_H

#include "core/text.h"

/* memory of a computation: each of `room` code points */
typedef struct CrmNameSpace
{
	uint32_t   *folded;
	uint32_t   *spare;
	size_t		room;
} CrmNameSpace;

/*
 * NFKC case fold, Traditional to Simplified, pinyin in brackets behind Han
 * characters removed, white space one blank, none between Han characters.
 */
extern void crm_fold_name(CrmText *to, const uint32_t *cp, size_t n, CrmNameSpace *space);

/* the tokens of the folded name: each Han character, each word of other letters; one blank between */
extern void crm_key_of_name(CrmText *to, const uint32_t *cp, size_t n, CrmNameSpace *space);

/*
 * The syllables of the name, one blank between, letters without accents, v
 * behind l and n as u. Where the surname has several readings the whole name
 * follows in each, the surname's own reading first.
 */
extern void crm_pinyin_of_name(CrmText *to, const uint32_t *cp, size_t n, CrmNameSpace *space);

/* the first letters of the words of crm_pinyin_of_name, one word a reading */
extern void crm_initials_of_name(CrmText *to, const uint32_t *cp, size_t n, CrmNameSpace *space);

/* the number of the usual syllable of a Han character, 0 when it has none */
extern int	crm_syllable_of(uint32_t cp);

/* length of the longest syllable of pinyin with which the letters begin, 0 when none */
extern size_t crm_syllable_length(const char *letters, size_t n);

#endif							/* CRM_NAME_H */
