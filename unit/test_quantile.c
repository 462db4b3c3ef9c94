/*
 * unit/test_quantile.c
 *
 * Cut points against worked numbers, and against sorting, over many shapes.
 */
#include "check.h"
#include "core/quantile.h"

#include <stdlib.h>
#include <string.h>

static crm_quantile q;

static uint64_t seed = 88172645463325252u;

static uint64_t
next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static int
ascending(const void *a, const void *b)
{
	int64_t		x = *(const int64_t *) a,
				y = *(const int64_t *) b;

	return x < y ? -1 : x > y;
}

/* the definition itself, over sorted values */
static crm_int128
by_sorting(const int64_t *sorted, size_t n, int bins, int k)
{
	size_t		position = (size_t) k * (n - 1);
	size_t		lower = position / (size_t) bins;
	int			rest = (int) (position % (size_t) bins);
	size_t		upper = rest ? lower + 1 : lower;

	return (crm_int128) bins * sorted[lower] + rest * ((crm_int128) sorted[upper] - sorted[lower]);
}

static int
run(const int64_t *values, size_t n, int bins, int64_t min, int64_t max, crm_cuts *cuts)
{
	int			passes = 0;

	crm_quantile_begin(&q, bins, n, min, max);
	while (crm_quantile_pass(&q))
	{
		size_t		half = n / 2;

		passes++;
		crm_quantile_feed(&q, values, half);
		crm_quantile_feed_int64(&q, values + half, sizeof(int64_t), n - half);
	}
	CHECK(crm_quantile_cuts(&q, cuts));
	return passes;
}

static int
check_all_bins(const int64_t *values, size_t n)
{
	int64_t    *sorted = malloc(n * sizeof(int64_t));
	int			passes = 0;

	memcpy(sorted, values, n * sizeof(int64_t));
	qsort(sorted, n, sizeof(int64_t), ascending);
	for (int bins = CRM_MIN_BINS; bins <= CRM_MAX_BINS; bins++)
	{
		crm_cuts	cuts;
		int			p = run(values, n, bins, sorted[0], sorted[n - 1], &cuts);
		int			equal = 1;

		if (p > passes)
			passes = p;
		CHECK(cuts.bins == bins);
		for (int k = 1; k < bins; k++)
			equal &= cuts.scaled[k - 1] == by_sorting(sorted, n, bins, k);
		CHECK(equal);
	}
	free(sorted);
	return passes;
}

static void
worked_numbers(void)
{
	/* 1 .. 10: positions 1.8, 3.6, 5.4, 7.2, so the cuts are 2.8, 4.6, 6.4, 8.2 */
	static const int64_t ten[] = {7, 3, 9, 1, 10, 4, 6, 2, 8, 5};
	crm_cuts	cuts;

	CHECK(run(ten, 10, 5, 1, 10, &cuts) == 1);
	CHECK(cuts.scaled[0] == 14);
	CHECK(cuts.scaled[1] == 23);
	CHECK(cuts.scaled[2] == 32);
	CHECK(cuts.scaled[3] == 41);

	/* the median of 1 and 4 is 2.5 */
	static const int64_t two[] = {4, 1};

	run(two, 2, 2, 1, 4, &cuts);
	CHECK(cuts.scaled[0] == 5);

	/* asked again after the last pass it stays as it is */
	CHECK(!crm_quantile_pass(&q));
	CHECK(!crm_quantile_pass(&q));
	CHECK(crm_quantile_cuts(&q, &cuts));
	CHECK(cuts.scaled[0] == 5);

	/* one value is every cut, and needs no pass */
	static const int64_t one[] = {-7};

	CHECK(run(one, 1, 9, -7, -7, &cuts) == 0);
	for (int k = 0; k < 8; k++)
		CHECK(cuts.scaled[k] == -63);

	/* the ends of int64: the median is exactly -1/2 */
	static const int64_t ends[] = {INT64_MAX, INT64_MIN};

	run(ends, 2, 2, INT64_MIN, INT64_MAX, &cuts);
	CHECK(cuts.scaled[0] == -1);
}

static void
shapes(void)
{
	enum
	{
		N = 5000
	};
	int64_t    *v = malloc(N * sizeof(int64_t));

	for (size_t n = 1; n < 40; n++)
	{
		for (size_t i = 0; i < n; i++)
			v[i] = (int64_t) (next() % 7) - 3;
		check_all_bins(v, n);
		for (size_t i = 0; i < n; i++)
			v[i] = (int64_t) next();
		check_all_bins(v, n);
	}
	for (int bits = 1; bits < 64; bits++)
	{
		int			passes;

		for (size_t i = 0; i < N; i++)
			v[i] = (int64_t) (next() >> bits) * ((next() & 1) ? 1 : -1);
		passes = check_all_bins(v, N);
		CHECK(passes <= 6);
		if (64 - bits + 1 <= CRM_QUANTILE_BITS)
			CHECK(passes <= 1);
	}
	/* one far value beside many near ones: every pass but the last sees one cell */
	for (size_t i = 0; i < N; i++)
		v[i] = (int64_t) (next() % 1000);
	v[17] = INT64_MAX;
	CHECK(check_all_bins(v, N) <= 6);
	v[18] = INT64_MIN;
	CHECK(check_all_bins(v, N) <= 6);
	/* clusters whose members share the first digit */
	for (size_t i = 0; i < N; i++)
		v[i] = (int64_t) ((next() % 16) << 40) + (int64_t) ((next() % 16) << 20) + (int64_t) (next() % 3);
	check_all_bins(v, N);
	free(v);
}

static void
strides(void)
{
	struct record
	{
		int32_t		day;
		int32_t		pad;
		int64_t		value;
	}			records[100];
	int64_t		days[100];
	crm_cuts	a;
	crm_cuts	b;

	for (int i = 0; i < 100; i++)
	{
		records[i].day = -50 + (i * 37) % 100;
		days[i] = records[i].day;
	}
	run(days, 100, 5, -50, 49, &a);
	crm_quantile_begin(&q, 5, 100, -50, 49);
	while (crm_quantile_pass(&q))
		crm_quantile_feed_int32(&q, &records[0].day, sizeof(records[0]), 100);
	CHECK(crm_quantile_cuts(&q, &b));
	/* -50 .. 49: position 19.8 is -30.2, times 5 is -151 */
	CHECK(b.scaled[0] == -151);
	for (int k = 0; k < 4; k++)
		CHECK(a.scaled[k] == b.scaled[k]);
}

static void
wrong_feeds(void)
{
	static const int64_t v[] = {1, 2, 3, 400000};
	crm_cuts	cuts;

	/* a value outside the announced range */
	crm_quantile_begin(&q, 2, 4, 1, 3);
	while (crm_quantile_pass(&q))
		crm_quantile_feed(&q, v, 4);
	CHECK(!crm_quantile_cuts(&q, &cuts));

	/* fewer values than announced */
	crm_quantile_begin(&q, 2, 10, 1, 400000);
	while (crm_quantile_pass(&q))
		crm_quantile_feed(&q, v, 4);
	CHECK(!crm_quantile_cuts(&q, &cuts));

	/* not all passes taken */
	crm_quantile_begin(&q, 2, 4, 1, 400000);
	CHECK(crm_quantile_pass(&q));
	CHECK(!crm_quantile_cuts(&q, &cuts));

	/* none at all */
	crm_quantile_begin(&q, 2, 0, 0, 0);
	CHECK(!crm_quantile_pass(&q));
	CHECK(!crm_quantile_cuts(&q, &cuts));
}

int
main(void)
{
	worked_numbers();
	shapes();
	strides();
	wrong_feeds();
	return DONE();
}
