/*
 * src/core/pair.c
 *
 * Counting pairs of items (see pair.h).
 *
 * Items of a basket ascend, so a pair is met once, at its smaller item.  What
 * remains of a basket behind an item is read straight on up to the mark of the
 * basket's last one.
 */
#include "core/pair.h"

#define STEP	((size_t) 1 << 20)	/* lines of a step */
#define AHEAD	8					/* baskets fetched ahead */

void
crm_pairs_begin(CrmPairs *pairs)
{
	pairs->at = pairs->begin = pairs->kept = 0;
	pairs->placing = false;
}

static size_t
step_end(const CrmPairs *pairs, size_t n)
{
	return n - pairs->at < STEP ? n : pairs->at + STEP;
}

/* a step ends with a basket, which may be longer than the step */
bool
crm_pairs_collect(CrmPairs *pairs, const uint64_t *lines, size_t n, int item_bits)
{
	uint64_t	item_mask = (UINT64_C(1) << item_bits) - 1;
	size_t		end = step_end(pairs, n);
	size_t		i = pairs->at;

	while (i < end)
	{
		uint64_t	basket = lines[i] >> item_bits;
		size_t		begin = pairs->nlines;

		for (; i < n && lines[i] >> item_bits == basket; i++)
		{
			if (i > 0 && lines[i] == lines[i - 1])
				continue;
			pairs->items[pairs->nlines++] = (uint32_t) (lines[i] & item_mask);
		}
		if (pairs->nlines - begin > pairs->max_items)
		{
			pairs->nlines = begin;
			pairs->left_out++;
			continue;
		}
		pairs->baskets++;
		for (size_t k = begin; k < pairs->nlines; k++)
			pairs->counts[pairs->items[k]]++;
		pairs->items[pairs->nlines - 1] |= CRM_PAIR_LAST;
	}
	pairs->at = i;
	return i < n;
}

bool
crm_pairs_prune(CrmPairs *pairs, uint32_t min_count)
{
	size_t		end = step_end(pairs, pairs->nlines);

	for (; pairs->at < end; pairs->at++)
	{
		uint32_t	item = pairs->items[pairs->at] & ~CRM_PAIR_LAST;
		bool		last = (pairs->items[pairs->at] & CRM_PAIR_LAST) != 0;

		if (pairs->counts[item] >= min_count)
			pairs->items[pairs->kept++] = item;
		if (last)
		{
			/* one item alone is no pair */
			if (pairs->kept - pairs->begin < 2)
				pairs->kept = pairs->begin;
			else
				pairs->items[pairs->kept - 1] |= CRM_PAIR_LAST;
			pairs->begin = pairs->kept;
		}
	}
	if (pairs->at < pairs->nlines)
		return true;
	pairs->nlines = pairs->kept;
	return false;
}

/* numbers of places become where they begin, one item on; placing moves each to where it ends */
static void
places_begin(CrmPairs *pairs)
{
	uint32_t	place = 0;

	for (uint32_t item = 1; item <= pairs->nitems; item++)
	{
		uint32_t	here = pairs->first[item];

		pairs->first[item] = place;
		place += here;
	}
}

bool
crm_pairs_index(CrmPairs *pairs)
{
	size_t		end = step_end(pairs, pairs->nlines);

	if (!pairs->placing)
	{
		for (; pairs->at < end; pairs->at++)
			pairs->first[(pairs->items[pairs->at] & ~CRM_PAIR_LAST) + 1]++;
		if (pairs->at == pairs->nlines)
		{
			places_begin(pairs);
			pairs->at = 0;
			pairs->placing = true;
		}
		return true;
	}
	for (; pairs->at < end; pairs->at++)
		pairs->places[pairs->first[(pairs->items[pairs->at] & ~CRM_PAIR_LAST) + 1]++] = (uint32_t) pairs->at;
	return pairs->at < pairs->nlines;
}

size_t
crm_pairs_of(const CrmPairs *pairs, uint32_t item, uint32_t min_count, CrmPair *out)
{
	uint32_t	end = pairs->first[item + 1];
	size_t		touched = 0;
	size_t		found = 0;

	for (uint32_t p = pairs->first[item]; p < end; p++)
	{
		const uint32_t *at = &pairs->items[pairs->places[p]];

		if (p + AHEAD < end)
			__builtin_prefetch(&pairs->items[pairs->places[p + AHEAD]]);
		while ((*at & CRM_PAIR_LAST) == 0)
		{
			uint32_t	other = *++at & ~CRM_PAIR_LAST;

			if (pairs->together[other]++ == 0)
				out[touched++].item = other;
		}
	}
	for (size_t i = 0; i < touched; i++)
	{
		CrmPair		pair = {out[i].item, pairs->together[out[i].item]};

		pairs->together[pair.item] = 0;
		if (pair.count >= min_count)
			out[found++] = pair;
	}
	return found;
}
