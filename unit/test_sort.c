/*
 * unit/test_sort.c
 *
 * The radix sort against qsort: order, stability, steps.
 */
#include "check.h"
#include "core/sort.h"

#include <stdlib.h>
#include <string.h>

static crm_sort s;

static uint64_t seed = 2463534242u;

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
	uint64_t	x = *(const uint64_t *) a;
	uint64_t	y = *(const uint64_t *) b;

	return x < y ? -1 : x > y;
}

static void
check(size_t n, uint64_t mask, int shift)
{
	uint64_t   *original = malloc((n + 1) * sizeof(uint64_t));
	uint64_t   *sorted = malloc((n + 1) * sizeof(uint64_t));
	uint64_t   *keys = malloc((n + 1) * sizeof(uint64_t));
	uint64_t   *spare = malloc((n + 1) * sizeof(uint64_t));
	uint32_t   *rows = malloc((n + 1) * sizeof(uint32_t));
	uint32_t   *spare_rows = malloc((n + 1) * sizeof(uint32_t));
	int			good = 1;

	for (size_t i = 0; i < n; i++)
	{
		original[i] = (next() & mask) << shift;
		rows[i] = (uint32_t) i;
	}
	memcpy(sorted, original, n * sizeof(uint64_t));
	qsort(sorted, n, sizeof(uint64_t), ascending);

	memcpy(keys, original, n * sizeof(uint64_t));
	crm_sort_begin(&s, n, keys, spare, NULL, NULL);
	while (crm_sort_step(&s))
		;
	CHECK(memcmp(s.keys, sorted, n * sizeof(uint64_t)) == 0);

	memcpy(keys, original, n * sizeof(uint64_t));
	crm_sort_begin(&s, n, keys, spare, rows, spare_rows);
	while (crm_sort_step(&s))
		;
	CHECK(memcmp(s.keys, sorted, n * sizeof(uint64_t)) == 0);
	for (size_t i = 0; i < n; i++)
	{
		good &= s.rows[i] < n && original[s.rows[i]] == s.keys[i];
		if (i > 0 && s.keys[i] == s.keys[i - 1])
			good &= s.rows[i] > s.rows[i - 1];
	}
	CHECK(good);
	free(original);
	free(sorted);
	free(keys);
	free(spare);
	free(rows);
	free(spare_rows);
}

int
main(void)
{
	for (size_t n = 0; n < 20; n++)
	{
		check(n, 3, 0);
		check(n, UINT64_MAX, 0);
	}
	check(3000, 0, 0);
	check(3000, 1, 63);
	check(3000, 2047, 0);
	check(3000, 2047, 50);
	check(3000, UINT64_MAX, 0);
	/* more than one step a pass, and an odd number of passes */
	check(((size_t) 1 << 20) + 77, 0x3ffff, 0);
	check(((size_t) 2 << 20), 7, 11);
	return DONE();
}
