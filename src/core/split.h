/*
 * src/core/split.h
 *
 * Splitting an amount by weights with the largest remainder.
 *
 * Each part first gets the floor of its exact share; the units that are left
 * go one each to the parts with the largest remainders, to the earlier part
 * where remainders are equal.  The parts always add up to the amount; a
 * negative amount is split as its mirror image.
 */
#ifndef CRM_SPLIT_H
#define CRM_SPLIT_H

#include <stddef.h>

#include "core/decimal.h"

typedef enum crm_split_status
{
	CRM_SPLIT_OK,
	CRM_SPLIT_NEGATIVE_WEIGHT,
	CRM_SPLIT_NO_WEIGHT			/* an amount other than 0 and no weight above 0 */
} crm_split_status;

/* working memory of one part */
typedef struct crm_split_rest
{
	crm_int128	rest;
	size_t		part;
} crm_split_rest;

/* parts and rests have n elements; the amount is not INT64_MIN */
extern crm_split_status crm_split(int64_t amount, const int64_t *weights, size_t n,
								  int64_t *parts, crm_split_rest *rests);

#endif							/* CRM_SPLIT_H */
