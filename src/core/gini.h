/*
 * src/core/gini.h
 *
 * Gini coefficient as an exact fraction.
 *
 * For values x_1 <= ... <= x_n with the sum S > 0
 *
 *		G = sum over i of (2i - n - 1) * x_i  /  (n * S)
 *
 * (the mean absolute difference over twice the mean).  0: all equal; with n
 * values and all the sum in one, (n - 1) / n.
 */
#ifndef CRM_GINI_H
#define CRM_GINI_H

#include <stddef.h>

#include "core/decimal.h"

/*
 * Numerator and S over ascending values, given as distances from min; false
 * when one does not fit 127 bits.  The values may come in parts: done is how
 * many came before, numerator and sum start at 0.
 */
extern bool crm_gini_add(const uint64_t *distances, size_t n, size_t done, size_t total_n,
						 int64_t min, crm_int128 *numerator, crm_int128 *sum);

#endif							/* CRM_GINI_H */
