/*
 * src/core/octant.h
 *
 * The eight octants of RFM: each of recency, frequency and monetary high or
 * low against the mean of the scored members.
 *
 * High is better than or equal to the mean; fewer days since the last
 * purchase are better.  Exact: a value is compared with sum / count as
 * value * count >= sum, never with a rounded mean.
 */
#ifndef CRM_OCTANT_H
#define CRM_OCTANT_H

#include "core/decimal.h"

typedef struct crm_means
{
	int64_t		count;
	crm_int128	days;			/* sums */
	crm_int128	orders;
	crm_int128	spend;
} crm_means;

static inline void
crm_means_add(crm_means *means, int32_t last_day, int64_t orders, int64_t spend)
{
	means->count++;
	means->days += last_day;
	means->orders += orders;
	means->spend += spend;
}

#define CRM_OCTANT_R 4
#define CRM_OCTANT_F 2
#define CRM_OCTANT_M 1

/*
 * Bits of the octant.  With since = as_of - day, since <= mean(since) is
 * day >= mean(day): the as-of day cancels.
 */
static inline int
crm_octant(const crm_means *means, int32_t last_day, int64_t orders, int64_t spend)
{
	return ((crm_int128) last_day * means->count >= means->days ? CRM_OCTANT_R : 0) |
		((crm_int128) orders * means->count >= means->orders ? CRM_OCTANT_F : 0) |
		((crm_int128) spend * means->count >= means->spend ? CRM_OCTANT_M : 0);
}

#endif							/* CRM_OCTANT_H */
