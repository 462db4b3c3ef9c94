/*
 * unit/test_rfm.c
 *
 * Scores by worked numbers and by the definition, and cut points as decimals.
 */
#include "check.h"
#include "core/rfm.h"

#include <stdlib.h>

static crm_quantile q;

static void
cuts_of(const int64_t *v, size_t n, int bins, crm_cuts *cuts)
{
	int64_t		min = v[0];
	int64_t		max = v[0];

	for (size_t i = 1; i < n; i++)
	{
		min = v[i] < min ? v[i] : min;
		max = v[i] > max ? v[i] : max;
	}
	crm_quantile_begin(&q, bins, n, min, max);
	while (crm_quantile_pass(&q))
		crm_quantile_feed(&q, v, n);
	CHECK(crm_quantile_cuts(&q, cuts));
}

static void
worked_numbers(void)
{
	/* cuts of 1 .. 10 in five bins: 2.8, 4.6, 6.4, 8.2 */
	static const int64_t ten[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
	static const int expected[] = {1, 1, 2, 2, 3, 3, 4, 4, 5, 5};
	crm_cuts	cuts;
	crm_ladder	values;
	crm_ladder	days;

	cuts_of(ten, 10, 5, &cuts);
	crm_ladder_of_values(&cuts, &values);
	crm_ladder_of_days(&cuts, &days);
	for (int i = 0; i < 10; i++)
	{
		CHECK(crm_ladder_score(&values, ten[i]) == expected[i]);
		CHECK(crm_ladder_score(&days, ten[i]) == expected[i]);
	}
	CHECK(crm_ladder_score(&values, INT64_MIN) == 1);
	CHECK(crm_ladder_score(&values, INT64_MAX) == 5);

	/*
	 * 1, 2, 3 in two bins: the cut is 2.  Spend 2 is not above it: 1.  Days
	 * 1, 2, 3 as of day 3 are 2, 1, 0 days since, cut 1; 1 day since is not
	 * above it: 1, reversed 2.
	 */
	cuts_of(ten, 3, 2, &cuts);
	crm_ladder_of_values(&cuts, &values);
	crm_ladder_of_days(&cuts, &days);
	CHECK(crm_ladder_score(&values, 2) == 1);
	CHECK(crm_ladder_score(&days, 2) == 2);
	CHECK(crm_ladder_score(&days, 1) == 1);

	/* all equal: no cut is strictly below; no days since are above a cut */
	static const int64_t equal[] = {4, 4, 4, 4};

	cuts_of(equal, 4, 5, &cuts);
	crm_ladder_of_values(&cuts, &values);
	crm_ladder_of_days(&cuts, &days);
	CHECK(crm_ladder_score(&values, 4) == 1);
	CHECK(crm_ladder_score(&days, 4) == 5);
}

/* both ladders against the definition over days since, for every number of bins */
static void
by_definition(void)
{
	int64_t		v[60];
	int64_t		since[60];
	int			equal = 1;

	srand(7);
	for (int round = 0; round < 300; round++)
	{
		size_t		n = 1 + (size_t) rand() % 60;
		int			bins = 2 + rand() % 8;
		int			as_of = rand() % 100;
		crm_cuts	cuts;
		crm_cuts	since_cuts;
		crm_ladder	values;
		crm_ladder	days;

		for (size_t i = 0; i < n; i++)
		{
			v[i] = rand() % 40 - 20;
			since[i] = as_of - v[i];
		}
		cuts_of(v, n, bins, &cuts);
		cuts_of(since, n, bins, &since_cuts);
		crm_ladder_of_values(&cuts, &values);
		crm_ladder_of_days(&cuts, &days);
		for (int x = -25; x < 25; x++)
		{
			int			plain = 1;
			int			raw = 1;

			for (int k = 0; k < bins - 1; k++)
			{
				plain += cuts.scaled[k] < (crm_int128) bins * x;
				raw += since_cuts.scaled[k] < (crm_int128) bins * (as_of - x);
			}
			equal &= crm_ladder_score(&values, x) == plain;
			equal &= crm_ladder_score(&days, x) == bins + 1 - raw;
		}
		for (int k = 0; k < bins - 1; k++)
		{
			crm_int128	d = crm_cut_days_since(&cuts, as_of, k);
			crm_int128	c = crm_cut_decimal(&since_cuts, k);

			equal &= c == d;
			/* within half a unit of the last decimal */
			equal &= 2 * (c * bins - since_cuts.scaled[k] * 1000000) <= bins;
			equal &= 2 * (since_cuts.scaled[k] * 1000000 - c * bins) <= bins;
			/* and on the same side of every integer */
			for (int x = -130; x < 130; x++)
				equal &= (c < (crm_int128) x * 1000000) ==
					(since_cuts.scaled[k] < (crm_int128) x * bins);
		}
	}
	CHECK(equal);
}

static void
ends(void)
{
	static const int64_t low[] = {INT64_MIN, INT64_MIN};
	static const int64_t high[] = {INT64_MAX, INT64_MAX};
	crm_cuts	cuts;
	crm_ladder	values;

	cuts_of(low, 2, 9, &cuts);
	crm_ladder_of_values(&cuts, &values);
	CHECK(crm_ladder_score(&values, INT64_MIN) == 1);
	CHECK(crm_ladder_score(&values, INT64_MIN + 1) == 9);
	cuts_of(high, 2, 9, &cuts);
	crm_ladder_of_values(&cuts, &values);
	CHECK(crm_ladder_score(&values, INT64_MAX) == 1);
}

static void
packing(void)
{
	int16_t		v = crm_rfm_pack(5, 4, 1);

	CHECK(v == 541);
	CHECK(crm_rfm_r(v) == 5 && crm_rfm_f(v) == 4 && crm_rfm_m(v) == 1);
	CHECK(crm_rfm_is_valid(111) && crm_rfm_is_valid(999));
	CHECK(!crm_rfm_is_valid(110) && !crm_rfm_is_valid(101) && !crm_rfm_is_valid(1000));
	CHECK(!crm_rfm_is_valid(0) && !crm_rfm_is_valid(-545));
}

int
main(void)
{
	worked_numbers();
	by_definition();
	ends();
	packing();
	return DONE();
}
