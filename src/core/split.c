/*
 * src/core/split.c
 *
 * Splitting an amount by weights with the largest remainder (see split.h).
 */
#include "core/split.h"

#include <stdlib.h>

/* larger remainders first, then earlier parts */
static int
compare_rests(const void *a, const void *b)
{
	const crm_split_rest *x = a;
	const crm_split_rest *y = b;

	if (x->rest != y->rest)
		return x->rest > y->rest ? -1 : 1;
	return x->part < y->part ? -1 : x->part > y->part;
}

crm_split_status
crm_split(int64_t amount, const int64_t *weights, size_t n, int64_t *parts, crm_split_rest *rests)
{
	int64_t		size = amount < 0 ? -amount : amount;
	int64_t		left = size;
	crm_int128	whole = 0;		/* below 2^63 * n, so it always fits */

	for (size_t i = 0; i < n; i++)
	{
		if (weights[i] < 0)
			return CRM_SPLIT_NEGATIVE_WEIGHT;
		whole += weights[i];
	}
	if (whole == 0 && amount != 0)
		return CRM_SPLIT_NO_WEIGHT;
	for (size_t i = 0; i < n; i++)
	{
		crm_int128	share = (crm_int128) size * weights[i];	/* below 2^126 */

		parts[i] = whole == 0 ? 0 : (int64_t) (share / whole);
		rests[i].rest = whole == 0 ? 0 : share % whole;
		rests[i].part = i;
		left -= parts[i];
	}
	/* fewer units are left than there are parts with a remainder */
	if (left > 0)
	{
		qsort(rests, n, sizeof(rests[0]), compare_rests);
		for (int64_t i = 0; i < left; i++)
			parts[rests[i].part]++;
	}
	if (amount < 0)
	{
		for (size_t i = 0; i < n; i++)
			parts[i] = -parts[i];
	}
	return CRM_SPLIT_OK;
}
