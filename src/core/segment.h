/*
 * src/core/segment.h
 *
 * Segments from RFM scores, and the names of segments, octants and states
 * in Chinese and English.
 *
 * Codes are what functions return and reports store; names are for display.
 * The texts are UTF-8.
 */
#ifndef CRM_SEGMENT_H
#define CRM_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The usual ten segments by R and FM = (F + M) / 2 rounded half up, each
 * score brought to 1 .. 5.  bins 2 to 9, the digits of rfm 1 to bins.
 */
extern const char *crm_segment(int16_t rfm, int bins);

/*
 * A score of n bins on the scale of 1 to 5: 1 + round half up of
 * (s - 1) * 4 / (n - 1), so that the ends map to the ends.
 */
static inline int
crm_score_of_five(int score, int bins)
{
	return 1 + (8 * (score - 1) + (bins - 1)) / (2 * (bins - 1));
}

typedef struct crm_name
{
	const char *code;
	const char *english;
	const char *chinese;
} crm_name;

/* lists that end with a NULL code */
extern const crm_name crm_segment_names[];
extern const crm_name crm_octant_names[];
extern const crm_name crm_lifecycle_names[];

/* the display name of a code, NULL when the list does not have it */
extern const char *crm_name_of(const crm_name *list, const char *code, size_t length, bool chinese);

/* zh, zh_CN, zh-Hans, ... */
extern bool crm_locale_is_chinese(const char *locale, size_t length);

#endif							/* CRM_SEGMENT_H */
