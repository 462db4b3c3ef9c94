/*
 * src/core/classify.h
 *
 * Classes of members: state by days since the last purchase, and ABC classes
 * by cumulative share.
 */
#ifndef CRM_CLASSIFY_H
#define CRM_CLASSIFY_H

#include <stddef.h>

#include "core/decimal.h"

#define CRM_LIFECYCLE_CUTS 3

/* cuts ascend; a last day after the as-of day counts as no days since */
extern const char *crm_lifecycle(int64_t days_since, const int32_t cuts[CRM_LIFECYCLE_CUTS]);

/* the state of who never bought */
extern const char crm_lifecycle_never[];

#define CRM_MAX_CLASS_CUTS 25	/* classes A to Z */

/*
 * ABC: limits of the running sum before a row.  With the cut c as an exact
 * decimal (units at a scale) and a total > 0, the share before a row is below
 * c exactly when the sum before it is below ceil(c * total), the sum being an
 * integer.
 */
extern crm_int128 crm_share_limit(int64_t cut_units, int cut_scale, int64_t total);

/* class 0, 1, ... of a row by the sum of the rows before it */
static inline int
crm_class_of(const crm_int128 *limit, int limits, crm_int128 before)
{
	int			class = 0;

	while (class < limits && before >= limit[class])
		class++;
	return class;
}

#endif							/* CRM_CLASSIFY_H */
