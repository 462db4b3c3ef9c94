/*
 * src/core/pair.h
 *
 * Counts in how many baskets two items lie together.
 *
 * A hash table of pairs would hold every pair that ever occurs, most of them
 * once, and miss the cache at each count.  Instead the baskets lie one behind
 * the other in an array, each item knows its places in it, and the pairs of
 * one item at a time are counted in an array by the other item: memory goes
 * with the lines, not with the pairs.
 *
 * Items and baskets are numbered from 0 without gaps by the caller, who also
 * gives all memory.  What is long works in steps of bounded length, so that
 * the caller can look for interrupts between them:
 *
 *		crm_pairs_begin(pairs);
 *		while (crm_pairs_collect(pairs, lines, n, item_bits))
 *			...
 *		crm_pairs_begin(pairs);
 *		while (crm_pairs_prune(pairs, min_count))
 *			...
 *		crm_pairs_begin(pairs);
 *		while (crm_pairs_index(pairs))
 *			...
 *		for each item:
 *			crm_pairs_of(pairs, item, min_count, out);
 */
#ifndef CRM_PAIR_H
#define CRM_PAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CRM_PAIR_LAST	UINT32_C(0x80000000)	/* marks the last item of a basket */
#define CRM_PAIR_MOST	((size_t) 0x7FFFFFFF)	/* most lines, items and baskets */

typedef struct CrmPairs
{
	uint32_t	nitems;
	uint32_t	max_items;		/* baskets with more different items are left out */

	uint32_t   *items;			/* room for all lines: basket after basket, ascending in each */
	size_t		nlines;
	uint32_t   *counts;			/* nitems, zeroed: baskets that hold the item */
	int64_t		baskets;		/* that count */
	int64_t		left_out;

	uint32_t   *first;			/* nitems + 1, zeroed: where an item's places begin */
	uint32_t   *places;			/* room for all lines: where in items it lies */

	uint32_t   *together;		/* nitems, zeroed: scratch */

	/* the rest belongs to pair.c */
	size_t		at;				/* done of the loop that runs */
	size_t		begin;			/* of the basket, among the items kept */
	size_t		kept;
	bool		placing;
} CrmPairs;

/* before each of the loops below */
extern void crm_pairs_begin(CrmPairs *pairs);

typedef struct CrmPair
{
	uint32_t	item;			/* the other one, with the larger number */
	uint32_t	count;
} CrmPair;

/*
 * Fills items, counts, baskets and left_out from n lines, ascending numbers
 * basket << item_bits | item; a line that comes twice counts once.  False when
 * all is done, as in the next two.
 */
extern bool crm_pairs_collect(CrmPairs *pairs, const uint64_t *lines, size_t n, int item_bits);

/* takes items in fewer than min_count baskets out of the baskets, which no longer count pairs then; counts stay */
extern bool crm_pairs_prune(CrmPairs *pairs, uint32_t min_count);

/* fills first and places */
extern bool crm_pairs_index(CrmPairs *pairs);

/*
 * The items with a larger number that lie in at least min_count baskets
 * together with `item`, in no order; out has room for nitems.
 */
extern size_t crm_pairs_of(const CrmPairs *pairs, uint32_t item, uint32_t min_count, CrmPair *out);

#endif							/* CRM_PAIR_H */
