/*
 * src/core/quantile.c
 *
 * Radix selection of several ranks at once (see quantile.h).
 *
 * A value stands as its distance from the minimum.  The first pass counts the
 * values by their leading bits; from then on only the few histogram cells
 * that hold a wanted rank (slots) are counted further, by the next bits.  The
 * fewer the slots, the finer the cells.  With thousands of values a range
 * below 2^14 needs one pass, one below 2^26 two (four cuts whose neighbours
 * fall together), the whole of int64 at most six.  A few values take more
 * passes over fewer cells: clearing and walking cells is then what costs.
 *
 * Must stay true: slots are ascending by prefix, and the ranks of a slot's
 * targets are counted from the slot's own first value.
 */
#include "core/quantile.h"

#include <string.h>

static int
bits_of(uint64_t x)
{
	return x == 0 ? 0 : 64 - __builtin_clzll(x);
}

void
crm_quantile_begin(crm_quantile *q, int bins, uint64_t count, int64_t min, int64_t max)
{
	int			bits;

	q->bins = bins;
	q->count = count;
	q->min = min;
	q->range = (uint64_t) max - (uint64_t) min;
	q->passes = 0;
	q->done = q->range == 0;
	q->failed = count == 0 || max < min;
	q->ntargets = 0;
	q->nslots = 1;
	q->prefix[0] = 0;
	for (int k = 1; k < bins; k++)
	{
		unsigned __int128 position = (unsigned __int128) k * (count - 1);
		uint64_t	lower = (uint64_t) (position / bins);
		int			between = position % bins != 0;

		for (int i = 0; i < 2; i++)
		{
			int			t = q->ntargets++;

			q->rank[t] = lower + (i & between);
			q->found[t] = 0;
			q->slot[t] = 0;
		}
	}
	bits = bits_of(q->range);
	q->cell_bits = bits_of(count) + 3;
	if (q->cell_bits < 8)
		q->cell_bits = 8;
	if (q->cell_bits > CRM_QUANTILE_BITS)
		q->cell_bits = CRM_QUANTILE_BITS;
	q->digit = q->top_digit = bits < q->cell_bits ? bits : q->cell_bits;
	q->shift = q->top_shift = bits - q->digit;
}

/* finds each target's cell in the histogram just filled */
static void
settle(crm_quantile *q)
{
	for (int t = 0; t < q->ntargets; t++)
	{
		const uint64_t *cells = q->histogram + ((size_t) q->slot[t] << q->digit);
		uint64_t	ncells = UINT64_C(1) << q->digit;
		uint64_t	rank = q->rank[t];
		uint64_t	cell = 0;

		while (cell < ncells && rank >= cells[cell])
			rank -= cells[cell++];
		if (cell == ncells)
		{
			q->failed = 1;
			return;
		}
		q->rank[t] = rank;
		q->found[t] = (q->passes == 1 ? 0 : q->found[t] << q->digit) | cell;
	}
}

/*
 * The distinct cells found become the slots of the next pass.  With fewer
 * values than bins the neighbours of one cut reach beyond the next one's, so
 * the cells do not come in order by themselves.
 */
static void
choose_slots(crm_quantile *q)
{
	q->nslots = 0;
	for (int t = 0; t < q->ntargets; t++)
	{
		uint64_t	cell = q->found[t];
		int			at = q->nslots;

		while (at > 0 && q->prefix[at - 1] > cell)
			at--;
		if (at > 0 && q->prefix[at - 1] == cell)
			continue;
		memmove(&q->prefix[at + 1], &q->prefix[at], (q->nslots - at) * sizeof(q->prefix[0]));
		q->prefix[at] = cell;
		q->nslots++;
	}
	for (int t = 0; t < q->ntargets; t++)
	{
		int			slot = 0;

		while (q->prefix[slot] != q->found[t])
			slot++;
		q->slot[t] = slot;
	}
	memset(q->first_slot, 0, (size_t) 1 << q->top_digit);
	for (int slot = q->nslots - 1; slot >= 0; slot--)
		q->first_slot[q->prefix[slot] >> (q->top_shift - q->shift)] = (uint8_t) (slot + 1);

	q->digit = q->cell_bits - bits_of((uint64_t) q->nslots - 1);
	if (q->digit > q->shift)
		q->digit = q->shift;
	q->shift -= q->digit;
}

bool
crm_quantile_pass(crm_quantile *q)
{
	if (q->failed || q->done)
		return false;
	if (q->passes > 0)
	{
		settle(q);
		q->done = q->shift == 0;
		if (q->failed || q->done)
			return false;
		choose_slots(q);
	}
	q->passes++;
	memset(q->histogram, 0, sizeof(q->histogram[0]) * ((size_t) q->nslots << q->digit));
	return true;
}

/* the loop of every feed: TYPE values at a stride; a stray value marks the run as failed */
#define FEED(TYPE) \
	const char *at = (const char *) first; \
	const int64_t min = q->min; \
	const uint64_t range = q->range; \
	const int	shift = q->shift; \
	uint64_t   *histogram = q->histogram; \
	\
	if (q->passes == 1) \
	{ \
		for (size_t i = 0; i < n; i++, at += stride) \
		{ \
			uint64_t	v = (uint64_t) (int64_t) *(const TYPE *) at - (uint64_t) min; \
			\
			if (v > range) \
				q->failed = 1; \
			else \
				histogram[v >> shift]++; \
		} \
	} \
	else \
	{ \
		for (size_t i = 0; i < n; i++, at += stride) \
		{ \
			uint64_t	v = (uint64_t) (int64_t) *(const TYPE *) at - (uint64_t) min; \
			int			slot; \
			\
			if (v > range) \
				q->failed = 1; \
			else if ((slot = q->first_slot[v >> q->top_shift]) != 0) \
				count_further(q, v, slot - 1); \
		} \
	}

static inline void
count_further(crm_quantile *q, uint64_t v, int slot)
{
	uint64_t	lead = v >> (q->shift + q->digit);
	uint64_t	mask = (UINT64_C(1) << q->digit) - 1;

	while (slot < q->nslots && q->prefix[slot] < lead)
		slot++;
	if (slot < q->nslots && q->prefix[slot] == lead)
		q->histogram[((uint64_t) slot << q->digit) | ((v >> q->shift) & mask)]++;
}

void
crm_quantile_feed(crm_quantile *q, const int64_t *first, size_t n)
{
	const size_t stride = sizeof(int64_t);

	FEED(int64_t);
}

void
crm_quantile_feed_int64(crm_quantile *q, const void *first, size_t stride, size_t n)
{
	FEED(int64_t);
}

void
crm_quantile_feed_int32(crm_quantile *q, const void *first, size_t stride, size_t n)
{
	FEED(int32_t);
}

bool
crm_quantile_cuts(const crm_quantile *q, crm_cuts *cuts)
{
	if (q->failed || !q->done)
		return false;
	cuts->bins = q->bins;
	for (int k = 1; k < q->bins; k++)
	{
		int			t = 2 * (k - 1);
		int			remainder = (int) (((unsigned __int128) k * (q->count - 1)) % q->bins);
		crm_int128	lower = (crm_int128) q->min + q->found[t];
		crm_int128	upper = (crm_int128) q->min + q->found[t + 1];

		cuts->scaled[k - 1] = q->bins * lower + remainder * (upper - lower);
	}
	return true;
}
