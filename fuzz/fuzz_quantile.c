/*
 * fuzz/fuzz_quantile.c
 *
 * Cut points of any multiset of values, fed in any parts, against sorting it;
 * and the scores of RFM that come of them; and the radix sort against qsort.
 *
 * Input: bins, width of the values, parts, then the values.
 */
#include "core/quantile.h"
#include "core/rfm.h"
#include "core/sort.h"

#include "fuzz.h"

#define MOST 600

static int
ascending(const void *a, const void *b)
{
	int64_t		x = *(const int64_t *) a;
	int64_t		y = *(const int64_t *) b;

	return (x > y) - (x < y);
}

static void
check_sort(const int64_t *values, const int64_t *sorted, size_t n)
{
	static crm_sort s;
	static uint64_t keys[MOST];
	static uint64_t spare[MOST];
	static uint32_t rows[MOST];
	static uint32_t spare_rows[MOST];

	for (size_t i = 0; i < n; i++)
	{
		keys[i] = (uint64_t) values[i] - (uint64_t) sorted[0];
		rows[i] = (uint32_t) i;
	}
	crm_sort_begin(&s, n, keys, spare, rows, spare_rows);
	while (crm_sort_step(&s))
		;
	for (size_t i = 0; i < n; i++)
	{
		MUST(s.keys[i] == (uint64_t) sorted[i] - (uint64_t) sorted[0]);
		MUST(values[s.rows[i]] == sorted[i]);
		/* stable */
		MUST(i == 0 || s.keys[i - 1] != s.keys[i] || s.rows[i - 1] < s.rows[i]);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static crm_quantile q;
	static int64_t values[MOST];
	static int64_t sorted[MOST];
	Input		input = {data, size};
	int			bins = CRM_MIN_BINS + (int) (take(&input, 1) % (CRM_MAX_BINS - CRM_MIN_BINS + 1));
	int			width = 1 + (int) (take(&input, 1) % 8);
	size_t		part = 1 + (size_t) take(&input, 1);
	int			passes = 0;
	size_t		n = 0;
	crm_cuts	cuts;
	crm_ladder	ladder;
	crm_ladder	days;

	while (input.left > 0 && n < MOST)
		values[n++] = (int64_t) (take(&input, width) << (64 - 8 * width)) >> (64 - 8 * width);
	if (n == 0)
		return 0;
	memcpy(sorted, values, n * sizeof(int64_t));
	qsort(sorted, n, sizeof(int64_t), ascending);
	check_sort(values, sorted, n);

	crm_quantile_begin(&q, bins, n, sorted[0], sorted[n - 1]);
	while (crm_quantile_pass(&q))
	{
		MUST(passes++ < 64);
		for (size_t i = 0; i < n; i += part)
		{
			size_t		here = n - i < part ? n - i : part;

			if (passes % 2 == 0)
				crm_quantile_feed_int64(&q, values + i, sizeof(int64_t), here);
			else
				crm_quantile_feed(&q, values + i, here);
		}
	}
	MUST(!crm_quantile_pass(&q));
	MUST(crm_quantile_cuts(&q, &cuts) && cuts.bins == bins);
	for (int k = 1; k < bins; k++)
	{
		size_t		position = (size_t) k * (n - 1);
		crm_int128	lower = sorted[position / bins];
		crm_int128	upper = position % bins == 0 ? lower : sorted[position / bins + 1];

		MUST(cuts.scaled[k - 1] == bins * lower + (crm_int128) (position % bins) * (upper - lower));
	}

	crm_ladder_of_values(&cuts, &ladder);
	crm_ladder_of_days(&cuts, &days);
	for (size_t i = 0; i < n; i++)
	{
		int			score = 1;
		int			recency = 1;

		for (int k = 0; k < bins - 1; k++)
		{
			score += cuts.scaled[k] < (crm_int128) bins * values[i];
			recency += cuts.scaled[k] <= (crm_int128) bins * values[i];
		}
		MUST(crm_ladder_score(&ladder, values[i]) == score);
		/* the glue gives days as int32, so the limit below the least int64 does not occur */
		if (sorted[0] > INT64_MIN)
			MUST(crm_ladder_score(&days, values[i]) == recency);
	}

	/* a value that was not announced is noticed, not counted */
	if (sorted[n - 1] < INT64_MAX)
	{
		int64_t		stray = sorted[n - 1] + 1;

		crm_quantile_begin(&q, bins, n + 1, sorted[0], sorted[n - 1]);
		while (crm_quantile_pass(&q))
		{
			crm_quantile_feed(&q, values, n);
			crm_quantile_feed(&q, &stray, 1);
		}
		MUST(sorted[0] == sorted[n - 1] || !crm_quantile_cuts(&q, &cuts));
	}
	return 0;
}
