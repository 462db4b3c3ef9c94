/*
 * src/core/gini.c
 *
 * Gini coefficient as an exact fraction (see gini.h).
 */
#include "core/gini.h"

bool
crm_gini_add(const uint64_t *distances, size_t n, size_t done, size_t total_n,
			 int64_t min, crm_int128 *numerator, crm_int128 *sum)
{
	for (size_t i = 0; i < n; i++)
	{
		crm_int128	x = (crm_int128) min + distances[i];
		/* below 2^63 in both directions: no array has 2^62 elements */
		int64_t		weight = 2 * (int64_t) (done + i + 1) - (int64_t) total_n - 1;

		if (__builtin_add_overflow(*numerator, x * weight, numerator) ||
			__builtin_add_overflow(*sum, x, sum))
			return false;
	}
	return true;
}
