/*
 * src/core/rfm.c
 *
 * Cut points as limits of plain integers, and as decimals (see rfm.h).
 */
#include "core/rfm.h"

static crm_int128
floor_div(crm_int128 a, int b)
{
	crm_int128	q = a / b;

	return a % b < 0 ? q - 1 : q;
}

/*
 * cut < v for an integer v is the same as floor(cut) < v.  A cut lies between
 * two of the values, so its floor is an int64.
 */
void
crm_ladder_of_values(const crm_cuts *cuts, crm_ladder *ladder)
{
	ladder->limits = cuts->bins - 1;
	for (int k = 0; k < ladder->limits; k++)
		ladder->above[k] = (int64_t) floor_div(cuts->scaled[k], cuts->bins);
}

/*
 * Days since the last purchase are since = as_of - day.  With D_1 .. D_n-1
 * the cuts over them, the reversed score is
 *
 *		(n + 1) - (1 + #{k : D_k < since}) = 1 + #{k : D_k >= since}
 *
 * since there are n - 1 cuts.  Sorting by since is sorting by day backwards,
 * and position k * (N - 1) / n from one end is position (n - k) * (N - 1) / n
 * from the other, so D_k = as_of - C_n-k with C the cuts over the days.  Hence
 * D_k >= since is C_n-k <= day, and
 *
 *		r = 1 + #{k : C_k <= day}
 *
 * for any as_of.  C <= day for an integer day is ceil(C) - 1 < day, and
 * ceil(x / n) - 1 is floor((x - 1) / n).
 */
void
crm_ladder_of_days(const crm_cuts *cuts, crm_ladder *ladder)
{
	ladder->limits = cuts->bins - 1;
	for (int k = 0; k < ladder->limits; k++)
		ladder->above[k] = (int64_t) floor_div(cuts->scaled[k] - 1, cuts->bins);
}

/* a / b half up */
static crm_int128
rounded(crm_int128 a, int b)
{
	return floor_div(2 * a + b, 2 * b);
}

crm_int128
crm_cut_decimal(const crm_cuts *cuts, int k)
{
	return rounded(cuts->scaled[k] * crm_pow10[CRM_CUT_DECIMALS], cuts->bins);
}

crm_int128
crm_cut_days_since(const crm_cuts *days, int32_t as_of, int k)
{
	crm_int128	since = (crm_int128) as_of * days->bins - days->scaled[days->bins - 2 - k];

	return rounded(since * crm_pow10[CRM_CUT_DECIMALS], days->bins);
}
