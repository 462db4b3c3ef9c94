/*
 * unit/test_pair.c
 *
 * Pairs by hand, and against counting every pair of every basket.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "core/pair.h"

#define LINES 4000
#define ITEMS 40

static int	steps;

static int
ascending(const void *a, const void *b)
{
	uint64_t	x = *(const uint64_t *) a;
	uint64_t	y = *(const uint64_t *) b;

	return x < y ? -1 : x > y;
}

static CrmPairs pairs;
static uint32_t items[1 << 22], counts[ITEMS + 1], first[ITEMS + 2], places[1 << 22], together[ITEMS + 1];

static void
prepare(uint64_t *lines, size_t n, int bits, uint32_t nitems, uint32_t max_items, uint32_t min_count)
{
	memset(&pairs, 0, sizeof(pairs));
	memset(counts, 0, sizeof(counts));
	memset(together, 0, sizeof(together));
	memset(first, 0, sizeof(first));
	pairs.nitems = nitems;
	pairs.max_items = max_items;
	pairs.items = items;
	pairs.counts = counts;
	pairs.first = first;
	pairs.places = places;
	pairs.together = together;
	qsort(lines, n, sizeof(uint64_t), ascending);
	crm_pairs_begin(&pairs);
	while (crm_pairs_collect(&pairs, lines, n, bits))
		steps++;
	crm_pairs_begin(&pairs);
	while (crm_pairs_prune(&pairs, min_count))
		steps++;
	crm_pairs_begin(&pairs);
	while (crm_pairs_index(&pairs))
		steps++;
}

/* baskets {0,1,2}, {0,1} with item 1 twice, {2}, {0,1,2,3} which is too large when at most three are taken */
static void
by_hand(void)
{
	uint64_t	lines[] = {0 << 2 | 0, 0 << 2 | 1, 0 << 2 | 2, 1 << 2 | 1, 1 << 2 | 0, 1 << 2 | 1, 2 << 2 | 2,
		3 << 2 | 0, 3 << 2 | 1, 3 << 2 | 2, 3 << 2 | 3};
	CrmPair		out[4];

	prepare(lines, 11, 2, 4, 3, 2);
	CHECK(pairs.baskets == 3 && pairs.left_out == 1);
	CHECK(counts[0] == 2 && counts[1] == 2 && counts[2] == 2 && counts[3] == 0);
	CHECK(crm_pairs_of(&pairs, 0, 2, out) == 1 && out[0].item == 1 && out[0].count == 2);
	CHECK(crm_pairs_of(&pairs, 0, 1, out) == 2);
	CHECK(crm_pairs_of(&pairs, 2, 1, out) == 0);
	prepare(lines, 11, 2, 4, 4, 1);
	CHECK(pairs.baskets == 4 && pairs.left_out == 0 && counts[3] == 1);
	CHECK(crm_pairs_of(&pairs, 0, 3, out) == 1 && out[0].item == 1 && out[0].count == 3);
	CHECK(crm_pairs_of(&pairs, 2, 1, out) == 1 && out[0].item == 3 && out[0].count == 1);
	/* nothing at all */
	prepare(lines, 0, 2, 0, 4, 1);
	CHECK(pairs.baskets == 0 && pairs.nlines == 0);
	/* an item below the limit takes its baskets of two with it */
	prepare(lines, 11, 2, 4, 4, 4);
	CHECK(pairs.nlines == 0 && counts[1] == 3);
}

static void
against_all_pairs(unsigned seed, uint32_t max_items, uint32_t min_count)
{
	static uint64_t lines[LINES];
	static uint32_t all[ITEMS][ITEMS];
	static bool in[LINES][ITEMS];
	uint32_t	wrong = 0;
	CrmPair		out[ITEMS];

	srand(seed);
	memset(in, 0, sizeof(in));
	memset(all, 0, sizeof(all));
	for (int i = 0; i < LINES; i++)
	{
		uint64_t	basket = (uint64_t) (rand() % 700);
		uint64_t	item = (uint64_t) (rand() % ITEMS) * (uint64_t) (rand() % ITEMS) / ITEMS;

		lines[i] = basket << 6 | item;
		in[basket][item] = true;
	}
	prepare(lines, LINES, 6, ITEMS, max_items, min_count);
	for (int b = 0; b < 700; b++)
	{
		uint32_t	size = 0;

		for (int i = 0; i < ITEMS; i++)
			size += in[b][i];
		for (int i = 0; i < ITEMS && size <= max_items; i++)
		{
			for (int k = i + 1; k < ITEMS; k++)
				all[i][k] += in[b][i] && in[b][k];
		}
	}
	for (uint32_t i = 0; i < ITEMS; i++)
	{
		size_t		n = crm_pairs_of(&pairs, i, min_count, out);

		for (size_t p = 0; p < n; p++)
		{
			wrong += all[i][out[p].item] != out[p].count;
			all[i][out[p].item] = 0;
		}
		for (int k = 0; k < ITEMS; k++)
			wrong += all[i][k] >= min_count;
	}
	CHECK(wrong == 0);
}

/* many lines in steps of a million: two before the last of collecting and pruning, three and two of the two halves of the index */
static void
in_steps(void)
{
	size_t		n = 3 << 20;
	uint64_t   *lines = malloc(n * sizeof(uint64_t));
	CrmPair		out[ITEMS];

	for (size_t i = 0; i < n; i++)
		lines[i] = (uint64_t) (i / 2) << 6 | i % 2;
	steps = 0;
	prepare(lines, n, 6, ITEMS, 10, 1);
	CHECK(steps == 2 + 2 + 3 + 2);
	CHECK(crm_pairs_of(&pairs, 0, 1, out) == 1 && out[0].item == 1 && out[0].count == n / 2);
	free(lines);
}

int
main(void)
{
	by_hand();
	for (unsigned seed = 1; seed <= 20; seed++)
		against_all_pairs(seed, seed % 3 == 0 ? 5 : ITEMS, 1 + seed % 4);
	in_steps();
	return DONE();
}
