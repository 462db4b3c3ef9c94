/*
 * src/core/decimal.h
 *
 * Exact decimal amounts as an int64 of units and a scale: 12.34 is 1234 units
 * at scale 2.
 *
 * Nothing is ever rounded: what does not fit is refused (false), and the
 * caller says so.  A scale is 0 to CRM_MAX_SCALE.
 */
#ifndef CRM_DECIMAL_H
#define CRM_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

#define CRM_MAX_SCALE 18

/* no more than 8 bytes of alignment: that is what the caller's memory promises */
typedef __int128 crm_int128 __attribute__((aligned(8)));

extern const int64_t crm_pow10[CRM_MAX_SCALE + 1];

/* units at scale `from` expressed at scale `to` >= from; false when it does not fit */
static inline bool
crm_rescale(int64_t units, int from, int to, int64_t *result)
{
	return !__builtin_mul_overflow(units, crm_pow10[to - from], result);
}

#define CRM_INT128_TEXT 48

/* a 128-bit number of units at a scale (0 to CRM_MAX_SCALE) as decimal text; buffer of CRM_INT128_TEXT bytes */
extern char *crm_decimal_text(crm_int128 units, int scale, char *buffer);

#endif							/* CRM_DECIMAL_H */
