/*
 * src/core/ladder.h
 *
 * A ladder of tiers and the question which tier a set of metrics reaches.
 *
 * A condition is a tree of "metric is at least a threshold" joined by all and
 * any.  It stands in one array of nodes, each node before its parts, so it
 * needs no pointers and no memory of its own.  Conditions know no "less than":
 * a higher metric never reaches a lower tier, and callers rely on that when
 * they ask with upper bounds first.  Comparison is exact whatever the scales.
 */
#ifndef CRM_LADDER_H
#define CRM_LADDER_H

#include <stddef.h>

#include "core/decimal.h"

typedef struct CrmAmount
{
	int64_t		units;			/* units of 10^-scale */
	int			scale;			/* 0 to CRM_MAX_SCALE */
} CrmAmount;

typedef struct CrmMetric
{
	bool		known;			/* an unknown metric reaches no threshold */
	CrmAmount	value;
} CrmMetric;

typedef enum CrmConditionKind
{
	CRM_ALL,					/* every part holds; true without parts */
	CRM_ANY,					/* at least one part holds; false without parts */
	CRM_AT_LEAST				/* a metric against a threshold */
} CrmConditionKind;

typedef struct CrmCondition
{
	CrmConditionKind kind;
	size_t		end;			/* index behind the last node of this condition */
	size_t		metric;			/* AT_LEAST: which metric */
	CrmAmount	at_least;		/* AT_LEAST: the threshold */
} CrmCondition;

#define CRM_NO_CONDITION SIZE_MAX

typedef struct CrmTier
{
	int32_t		rank;			/* higher is better; no two tiers of a ladder share one */
	size_t		when;			/* node of the condition to reach it; CRM_NO_CONDITION: by invitation */
	size_t		keep;			/* node of the condition to keep it; CRM_NO_CONDITION: as when */
} CrmTier;

/* negative, zero or positive as a is below, equal to or above b */
extern int	crm_amount_compare(CrmAmount a, CrmAmount b);

extern bool crm_condition_holds(const CrmCondition *nodes, size_t at, const CrmMetric *metrics);

#define CRM_NO_TIER SIZE_MAX

/*
 * The index of the tier of the highest rank whose condition holds, or
 * CRM_NO_TIER.  The tier `holding` (or CRM_NO_TIER) is asked for its condition
 * to keep it too.
 */
extern size_t crm_ladder_reached(const CrmTier *tiers, size_t n, const CrmCondition *nodes,
								 const CrmMetric *metrics, size_t holding);

#endif							/* CRM_LADDER_H */
