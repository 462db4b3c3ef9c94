/*
 * src/core/quantile.h
 *
 * Exact cut points of a multiset of int64 values, all of them at once.
 *
 * The cut points are those of percentile_cont(k/bins), k = 1 .. bins - 1: the
 * value at position k * (count - 1) / bins of the sorted values, linear
 * between neighbours.  Nothing is rounded: a cut is kept as an integer over
 * bins.  The values are not kept or sorted: the caller offers them in a few
 * passes, in any order, the same ones each time.
 *
 *		crm_quantile_begin(q, bins, count, min, max);
 *		while (crm_quantile_pass(q))
 *			crm_quantile_feed(q, values, count);	(or in parts)
 *		ok = crm_quantile_cuts(q, &cuts);
 */
#ifndef CRM_QUANTILE_H
#define CRM_QUANTILE_H

#include <stddef.h>

#include "core/decimal.h"

#define CRM_MIN_BINS	2
#define CRM_MAX_BINS	9
#define CRM_MAX_CUTS	(CRM_MAX_BINS - 1)

/* cut k (from 0) is scaled[k] / bins, exactly; ascending */
typedef struct crm_cuts
{
	int			bins;
	crm_int128	scaled[CRM_MAX_CUTS];
} crm_cuts;

#define CRM_QUANTILE_TARGETS	(2 * CRM_MAX_CUTS)	/* a cut has two neighbours */
#define CRM_QUANTILE_BITS		14	/* of the cells of one pass, at most */

/* working memory of one run, about 145 kB; the fields belong to quantile.c */
typedef struct crm_quantile
{
	int			bins;
	uint64_t	count;
	int64_t		min;
	uint64_t	range;			/* max - min */
	int			shift;			/* bits below the digit of this pass */
	int			digit;			/* bits of the digit of this pass */
	int			cell_bits;		/* of the cells of one pass in this run */
	int			top_digit;		/* bits of the first pass's digit */
	int			top_shift;		/* bits below it */
	int			passes;			/* begun so far */
	int			done;			/* no further pass is needed */
	int			failed;			/* the values fed are not those announced */
	int			ntargets;
	uint64_t	rank[CRM_QUANTILE_TARGETS];		/* within the target's slot */
	uint64_t	found[CRM_QUANTILE_TARGETS];	/* leading bits found so far */
	int			slot[CRM_QUANTILE_TARGETS];
	int			nslots;
	uint64_t	prefix[CRM_QUANTILE_TARGETS];	/* of each slot, ascending */
	uint8_t		first_slot[1 << CRM_QUANTILE_BITS]; /* + 1, by first digit; 0: none */
	uint64_t	histogram[1 << CRM_QUANTILE_BITS];	/* one part a slot */
} crm_quantile;

/* bins CRM_MIN_BINS to CRM_MAX_BINS, count at least 1, all values from min to max */
extern void crm_quantile_begin(crm_quantile *q, int bins, uint64_t count,
							   int64_t min, int64_t max);

/* starts the next pass; false when none is needed any more, however often it is asked */
extern bool crm_quantile_pass(crm_quantile *q);

/* n values of this pass; the strided forms take one field of n records */
extern void crm_quantile_feed(crm_quantile *q, const int64_t *values, size_t n);
extern void crm_quantile_feed_int64(crm_quantile *q, const void *first, size_t stride, size_t n);
extern void crm_quantile_feed_int32(crm_quantile *q, const void *first, size_t stride, size_t n);

/* after the last pass; false when other values were fed than announced */
extern bool crm_quantile_cuts(const crm_quantile *q, crm_cuts *cuts);

#endif							/* CRM_QUANTILE_H */
