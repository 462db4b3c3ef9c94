/*
 * src/core/tier_walk.h
 *
 * The periods for which a member has earned tiers, from what happened to it
 * and the ladders in force.
 *
 * The walk is a pure function: the same entries and ladders give the same
 * periods, whoever asks and when.  Each window of a metric is a sum between
 * two marks that only move forward, so a walk costs a few steps an entry and
 * metric.  Instants are microseconds and days are numbers, both since
 * 2000-01-01; what day an instant falls on is the caller's to say.
 */
#ifndef CRM_TIER_WALK_H
#define CRM_TIER_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/ladder.h"

#define CRM_ENTRY_ORDER 1		/* counts as an order, and its day as a purchase day */

/* something that metrics count: a sale or refund, a movement of growth, ... */
typedef struct CrmTierEntry
{
	int64_t		at;
	int64_t		amount;			/* units at the scale of its source */
	int64_t		id;				/* of the sale; 0: none */
	int16_t		source;			/* what it is, as in CrmMeasure */
	int16_t		flags;
	int32_t		day;			/* the local day; filled in by the walk */
} CrmTierEntry;

typedef enum CrmMeasureKind
{
	CRM_MEASURE_SUM,			/* of amounts */
	CRM_MEASURE_ORDERS,			/* number of entries with CRM_ENTRY_ORDER */
	CRM_MEASURE_DAYS			/* number of days with such an entry */
} CrmMeasureKind;

typedef enum CrmWindowKind
{
	CRM_WINDOW_ALL,
	CRM_WINDOW_YEAR,			/* the calendar year */
	CRM_WINDOW_MONTHS,			/* the days after the same day so many months before */
	CRM_WINDOW_DAYS				/* so many days, the last one included */
} CrmWindowKind;

typedef struct CrmMeasure
{
	int16_t		source;
	CrmMeasureKind kind;
	CrmWindowKind window;
	int32_t		length;			/* of MONTHS and DAYS */
	int			scale;			/* of its values */
} CrmMeasure;

typedef enum CrmPeriodEnd
{
	CRM_END_OF_DAY,				/* a period runs through the end of that day, ... */
	CRM_END_OF_MONTH,
	CRM_END_OF_YEAR,
	CRM_END_NEVER
} CrmPeriodEnd;

typedef enum CrmDownPolicy
{
	CRM_DOWN_RECOMPUTE,			/* at the end of a period, to what the metrics reach */
	CRM_DOWN_ONE_STEP,			/* at the end of a period, one tier */
	CRM_DOWN_IMMEDIATE			/* whenever the metrics no longer reach it */
} CrmDownPolicy;

/* one version of a ladder, in force from `from` to before `to` */
typedef struct CrmLadderVersion
{
	int64_t		from;
	int64_t		to;
	int32_t		period_months;
	int32_t		grace_days;
	CrmPeriodEnd period_end;
	CrmDownPolicy down;
	size_t		ntiers;
	const CrmTier *tiers;
	const int32_t *codes;		/* of the tiers: equal numbers for equal codes of all versions */
	const CrmCondition *nodes;
	size_t		nmetrics;
	const CrmMeasure *measures;
} CrmLadderVersion;

typedef enum CrmTierReason
{
	CRM_TIER_REACHED,
	CRM_TIER_KEPT,
	CRM_TIER_FELL,
	CRM_TIER_GRACE
} CrmTierReason;

typedef struct CrmTierPeriod
{
	size_t		version;		/* that gave the tier */
	size_t		tier;			/* of that version */
	int64_t		from;
	int64_t		to;
	CrmTierReason reason;
	int32_t		anchor_day;		/* of attainment */
	int32_t		period_no;
	int64_t		id;				/* of the entry that reached it; 0: none */
	bool		decided;		/* what follows its end is known */
	const int64_t *values;		/* of the metrics of the version when it began */
} CrmTierPeriod;

typedef struct CrmWindow
{
	size_t		tail;			/* the first entry that counts */
	int64_t		sum;
	int32_t		last_added;		/* day of the last order added and removed: a day counts once */
	int32_t		last_removed;
	int32_t		day;			/* for which start holds */
	int32_t		start;
} CrmWindow;

typedef enum CrmWalkStatus
{
	CRM_WALK_OK,
	CRM_WALK_OVERFLOW,			/* a metric does not fit */
	CRM_WALK_STOPPED			/* the caller wants no more */
} CrmWalkStatus;

typedef struct CrmTierWalk
{
	size_t		nversions;		/* that do not overlap, ascending */
	const CrmLadderVersion *versions;
	size_t		n;
	CrmTierEntry *entries;		/* in any order; sorted in place */
	CrmTierEntry *spare;		/* room for as many */
	int64_t		ends_to;		/* ends of periods are decided up to here, and up to the last entry */
	void	   *context;		/* of the callbacks */
	int32_t		(*day_of) (void *context, int64_t at);
	int64_t		(*start_of) (void *context, int32_t day);
	void		(*emit) (void *context, const CrmTierPeriod *period);
	bool		(*go_on) (void *context);	/* asked now and then; false: stop */
	/* room for the largest nmetrics of the versions */
	CrmWindow  *windows;
	CrmMetric  *metrics;
	int64_t    *values;

	/* the rest belongs to tier_walk.c */
	unsigned	steps;			/* since go_on was asked */
	size_t		active;			/* the version for which the windows stand */
	size_t		head;			/* entries that are in the windows, or were */
	bool		has_held;
	bool		immediate;
	bool		in_grace;
	CrmTierPeriod held;
} CrmTierWalk;

#define CRM_INSTANT_NONE INT64_MIN	/* also -infinity */
#define CRM_INSTANT_END INT64_MAX	/* infinity */

/* emits the periods in their order; the base tier, the lowest of a version, has none */
extern CrmWalkStatus crm_tier_walk(CrmTierWalk *walk);

/* the metrics of the one version given, at an instant, in walk->metrics */
extern CrmWalkStatus crm_tier_measure(CrmTierWalk *walk, int64_t at);

/* the first day that counts for a measure on a day; INT32_MIN when all do */
extern int32_t crm_window_start(const CrmMeasure *measure, int32_t day);

/* the first day on which what happened on a day no longer counts; INT32_MAX: never */
extern int32_t crm_window_leaves(const CrmMeasure *measure, int32_t day);

/* the same day so many months later or earlier, or the last one of that month */
extern int32_t crm_add_months(int32_t day, int32_t months);

/* the first day after period number n that began with an attainment on anchor */
extern int32_t crm_period_end_day(const CrmLadderVersion *version, int32_t anchor, int32_t n);

/* the tier of the lowest rank, and one by its code (CRM_NO_TIER) */
extern size_t crm_base_tier(const CrmLadderVersion *version);
extern size_t crm_tier_of_code(const CrmLadderVersion *version, int32_t code);

#endif							/* CRM_TIER_WALK_H */
