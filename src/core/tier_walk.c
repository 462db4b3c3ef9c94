/*
 * src/core/tier_walk.c
 *
 * The walk over the entries of a member (see tier_walk.h).
 *
 * Two kinds of instants matter: those with an entry, at which a higher tier is
 * reached at once, and ends of periods, at which the metrics of the last
 * instant decide.  Under the immediate policy there is a third: the starts of
 * days on which something leaves a window.
 */
#include "core/tier_walk.h"

#include <string.h>

#include "core/history.h"

/*
 * Days
 */
static int32_t
month_start(int32_t month)
{
	return crm_day_of(month / 12, month % 12 + 1, 1);
}

int32_t
crm_add_months(int32_t day, int32_t months)
{
	int32_t		month = crm_month_of(day);
	int32_t		place = day - month_start(month);
	int32_t		first;
	int32_t		last;

	month += months;
	first = month_start(month);
	last = month_start(month + 1) - 1;
	return first + place > last ? last : first + place;
}

int32_t
crm_window_start(const CrmMeasure *measure, int32_t day)
{
	switch (measure->window)
	{
		case CRM_WINDOW_YEAR:
			return month_start(crm_month_of(day) / 12 * 12);
		case CRM_WINDOW_MONTHS:
			return crm_add_months(day, -measure->length) + 1;
		case CRM_WINDOW_DAYS:
			return day - measure->length + 1;
		case CRM_WINDOW_ALL:
			break;
	}
	return INT32_MIN;
}

int32_t
crm_window_leaves(const CrmMeasure *measure, int32_t day)
{
	int32_t		leaves;

	switch (measure->window)
	{
		case CRM_WINDOW_YEAR:
			return month_start((crm_month_of(day) / 12 + 1) * 12);
		case CRM_WINDOW_DAYS:
			return day + measure->length;
		case CRM_WINDOW_MONTHS:
			leaves = crm_add_months(day, measure->length);
			/* 29 February: the same day a year later is not yet after it */
			while (crm_window_start(measure, leaves) <= day)
				leaves++;
			return leaves;
		case CRM_WINDOW_ALL:
			break;
	}
	return INT32_MAX;
}

int32_t
crm_period_end_day(const CrmLadderVersion *version, int32_t anchor, int32_t n)
{
	int32_t		day = crm_add_months(anchor, version->period_months * n);

	switch (version->period_end)
	{
		case CRM_END_OF_MONTH:
			return month_start(crm_month_of(day) + 1);
		case CRM_END_OF_YEAR:
			return month_start((crm_month_of(day) / 12 + 1) * 12);
		case CRM_END_OF_DAY:
		case CRM_END_NEVER:
			break;
	}
	return day + 1;
}

/*
 * Entries in the order of instants, those of one instant by id
 */
static inline bool
comes_after(const CrmTierEntry *a, const CrmTierEntry *b)
{
	return a->at > b->at || (a->at == b->at && a->id > b->id);
}

static inline bool
stopped(CrmTierWalk *walk)
{
	return (++walk->steps & 0xffff) == 0 && !walk->go_on(walk->context);
}

/* merges runs that are sorted already, pass by pass; most members' entries come in order */
static bool
sort_entries(CrmTierWalk *walk)
{
	CrmTierEntry *from = walk->entries;
	CrmTierEntry *to = walk->spare;
	size_t		n = walk->n;
	size_t		i = 1;

	while (i < n && !comes_after(&from[i - 1], &from[i]))
		i++;
	if (i >= n)
		return true;
	for (size_t run = 1; run < n; run *= 2)
	{
		CrmTierEntry *swap = from;

		for (size_t start = 0; start < n; start += 2 * run)
		{
			size_t		middle = start + run < n ? start + run : n;
			size_t		end = start + 2 * run < n ? start + 2 * run : n;
			size_t		a = start;
			size_t		b = middle;

			for (size_t k = start; k < end; k++)
			{
				to[k] = a < middle && (b >= end || !comes_after(&from[a], &from[b])) ? from[a++] : from[b++];
				if (stopped(walk))
					return false;
			}
		}
		from = to;
		to = swap;
	}
	walk->entries = from;
	walk->spare = to;
	return true;
}

/* entries in order, each with its day */
static bool
prepare(CrmTierWalk *walk)
{
	walk->steps = 0;
	walk->active = SIZE_MAX;
	walk->head = 0;
	if (!sort_entries(walk))
		return false;
	for (size_t k = 0; k < walk->n; k++)
	{
		walk->entries[k].day = walk->day_of(walk->context, walk->entries[k].at);
		if (stopped(walk))
			return false;
	}
	return true;
}

/*
 * Windows
 */
static inline bool
counts(const CrmMeasure *measure, const CrmTierEntry *entry)
{
	return entry->source == measure->source
		&& (measure->kind == CRM_MEASURE_SUM || (entry->flags & CRM_ENTRY_ORDER) != 0);
}

static inline bool
window_add(const CrmMeasure *measure, CrmWindow *window, const CrmTierEntry *entry)
{
	if (!counts(measure, entry))
		return true;
	switch (measure->kind)
	{
		case CRM_MEASURE_SUM:
			return !__builtin_add_overflow(window->sum, entry->amount, &window->sum);
		case CRM_MEASURE_ORDERS:
			window->sum++;
			break;
		case CRM_MEASURE_DAYS:
			window->sum += entry->day != window->last_added;
			window->last_added = entry->day;
			break;
	}
	return true;
}

static inline bool
window_remove(const CrmMeasure *measure, CrmWindow *window, const CrmTierEntry *entry)
{
	if (!counts(measure, entry))
		return true;
	switch (measure->kind)
	{
		case CRM_MEASURE_SUM:
			return !__builtin_sub_overflow(window->sum, entry->amount, &window->sum);
		case CRM_MEASURE_ORDERS:
			window->sum--;
			break;
		case CRM_MEASURE_DAYS:
			window->sum -= entry->day != window->last_removed;
			window->last_removed = entry->day;
			break;
	}
	return true;
}

/* brings the windows of a version to an instant, which is not before the last one */
static bool
measure(CrmTierWalk *walk, size_t v, int64_t at, int32_t day)
{
	const CrmLadderVersion *version = &walk->versions[v];

	if (walk->active != v)
	{
		walk->active = v;
		walk->head = 0;
		for (size_t m = 0; m < version->nmetrics; m++)
			walk->windows[m] = (CrmWindow) {.last_added = INT32_MIN, .last_removed = INT32_MIN, .day = INT32_MIN, .start = INT32_MIN};
	}
	for (; walk->head < walk->n && walk->entries[walk->head].at <= at; walk->head++)
	{
		for (size_t m = 0; m < version->nmetrics; m++)
		{
			if (!window_add(&version->measures[m], &walk->windows[m], &walk->entries[walk->head]))
				return false;
		}
	}
	for (size_t m = 0; m < version->nmetrics; m++)
	{
		const CrmMeasure *measure = &version->measures[m];
		CrmWindow  *window = &walk->windows[m];

		if (window->day != day)
		{
			window->day = day;
			window->start = crm_window_start(measure, day);
		}
		for (; window->tail < walk->head && walk->entries[window->tail].day < window->start; window->tail++)
		{
			if (!window_remove(measure, window, &walk->entries[window->tail]))
				return false;
		}
		walk->metrics[m].known = true;
		walk->metrics[m].value.units = window->sum;
		walk->metrics[m].value.scale = measure->scale;
	}
	return true;
}

/* the next day on which something leaves a window of the active version; INT32_MAX: none does */
static int32_t
next_slide(CrmTierWalk *walk)
{
	const CrmLadderVersion *version = &walk->versions[walk->active];
	int32_t		next = INT32_MAX;

	for (size_t m = 0; m < version->nmetrics; m++)
	{
		size_t		tail = walk->windows[m].tail;
		int32_t		leaves;

		while (tail < walk->head && !counts(&version->measures[m], &walk->entries[tail]))
			tail++;
		if (tail == walk->head)
			continue;
		leaves = crm_window_leaves(&version->measures[m], walk->entries[tail].day);
		if (leaves < next)
			next = leaves;
	}
	return next;
}

/*
 * Tiers
 */
size_t
crm_base_tier(const CrmLadderVersion *version)
{
	size_t		base = 0;

	for (size_t i = 1; i < version->ntiers; i++)
	{
		if (version->tiers[i].rank < version->tiers[base].rank)
			base = i;
	}
	return base;
}

size_t
crm_tier_of_code(const CrmLadderVersion *version, int32_t code)
{
	for (size_t i = 0; i < version->ntiers; i++)
	{
		if (version->codes[i] == code)
			return i;
	}
	return CRM_NO_TIER;
}

/* versions are few, and instants mostly fall into the last */
static size_t
version_at(const CrmTierWalk *walk, int64_t at)
{
	for (size_t v = walk->nversions; v-- > 0;)
	{
		if (walk->versions[v].from <= at && at < walk->versions[v].to)
			return v;
	}
	return SIZE_MAX;
}

/* the tier held, in a version that may be a later one, and its rank there */
static size_t
held_in(const CrmTierWalk *walk, size_t v, int32_t *rank)
{
	const CrmLadderVersion *own = &walk->versions[walk->held.version];
	size_t		tier = crm_tier_of_code(&walk->versions[v], own->codes[walk->held.tier]);

	*rank = tier == CRM_NO_TIER ? own->tiers[walk->held.tier].rank : walk->versions[v].tiers[tier].rank;
	return tier;
}

/* the tier that can be earned next below a rank */
static size_t
step_below(const CrmLadderVersion *version, int32_t rank)
{
	size_t		best = CRM_NO_TIER;

	for (size_t i = 0; i < version->ntiers; i++)
	{
		if (version->tiers[i].rank < rank && version->tiers[i].when != CRM_NO_CONDITION
			&& (best == CRM_NO_TIER || version->tiers[i].rank > version->tiers[best].rank))
			best = i;
	}
	return best;
}

static bool
is_above_base(const CrmLadderVersion *version, size_t tier)
{
	return tier != CRM_NO_TIER && tier != crm_base_tier(version);
}

/* ends what is held at an instant and hands it over; a period that lasted no time is none */
static void
hand_over(CrmTierWalk *walk, int64_t to, bool decided)
{
	walk->held.to = to;
	walk->held.decided = decided;
	walk->held.values = walk->values;
	walk->has_held = false;
	if (walk->held.from < to)
		walk->emit(walk->context, &walk->held);
}

static int64_t
period_end(const CrmTierWalk *walk, const CrmLadderVersion *version)
{
	if (version->period_end == CRM_END_NEVER)
		return CRM_INSTANT_END;
	return walk->start_of(walk->context, crm_period_end_day(version, walk->held.anchor_day, walk->held.period_no));
}

/* a tier of a version begins; anchor and number of the period stand in held already */
static void
begin(CrmTierWalk *walk, size_t v, size_t tier, int64_t at, CrmTierReason reason, int64_t id)
{
	const CrmLadderVersion *version = &walk->versions[v];

	walk->has_held = true;
	walk->immediate = version->down == CRM_DOWN_IMMEDIATE;
	walk->in_grace = false;
	walk->held.version = v;
	walk->held.tier = tier;
	walk->held.from = at;
	walk->held.reason = reason;
	walk->held.id = id;
	for (size_t m = 0; m < version->nmetrics; m++)
		walk->values[m] = walk->metrics[m].value.units;
	if (walk->immediate)
		walk->held.to = CRM_INSTANT_END;
	else
	{
		/* a grace may reach into the next period, or beyond it */
		while ((walk->held.to = period_end(walk, version)) <= at)
			walk->held.period_no++;
	}
}

/* a ladder that has periods follows one that had none: what is held ends as if it had had periods all along */
static void
give_period(CrmTierWalk *walk, const CrmLadderVersion *version, int64_t at)
{
	walk->immediate = false;
	while ((walk->held.to = period_end(walk, version)) <= at)
		walk->held.period_no++;
}

/* an instant with entries */
static CrmWalkStatus
at_entry(CrmTierWalk *walk, int64_t at, int32_t day, int64_t id)
{
	size_t		v = version_at(walk, at);
	const CrmLadderVersion *version;
	size_t		holding = CRM_NO_TIER;
	size_t		reached;
	int32_t		rank = 0;

	if (v == SIZE_MAX)
		return CRM_WALK_OK;
	version = &walk->versions[v];
	if (!measure(walk, v, at, day))
		return CRM_WALK_OVERFLOW;
	if (walk->has_held)
		holding = held_in(walk, v, &rank);
	reached = crm_ladder_reached(version->tiers, version->ntiers, version->nodes, walk->metrics,
								 version->down == CRM_DOWN_IMMEDIATE ? holding : CRM_NO_TIER);
	if (walk->has_held)
	{
		bool		higher = reached != CRM_NO_TIER && version->tiers[reached].rank > rank;
		bool		lower = reached == CRM_NO_TIER || version->tiers[reached].rank < rank;

		if (higher || (lower && version->down == CRM_DOWN_IMMEDIATE))
		{
			hand_over(walk, at, true);
			if (!is_above_base(version, reached))
				return CRM_WALK_OK;
			walk->held.anchor_day = day;
			walk->held.period_no = 1;
			begin(walk, v, reached, at, higher ? CRM_TIER_REACHED : CRM_TIER_FELL, id);
		}
		else if (version->down == CRM_DOWN_IMMEDIATE && !walk->immediate)
		{
			walk->immediate = true;
			walk->held.to = CRM_INSTANT_END;
		}
		else if (version->down != CRM_DOWN_IMMEDIATE && walk->immediate)
			give_period(walk, version, at);
	}
	else if (is_above_base(version, reached))
	{
		walk->held.anchor_day = day;
		walk->held.period_no = 1;
		begin(walk, v, reached, at, CRM_TIER_REACHED, id);
	}
	return CRM_WALK_OK;
}

/* the end of a period, or of the grace behind it: the metrics of its last instant decide */
static CrmWalkStatus
at_end(CrmTierWalk *walk)
{
	int64_t		at = walk->held.to;
	size_t		v = version_at(walk, at);
	const CrmLadderVersion *version;
	size_t		holding;
	size_t		reached;
	int32_t		rank;
	bool		lower;

	if (v == SIZE_MAX)
	{
		hand_over(walk, at, true);
		return CRM_WALK_OK;
	}
	version = &walk->versions[v];
	if (!measure(walk, v, at - 1, walk->day_of(walk->context, at - 1)))
		return CRM_WALK_OVERFLOW;
	holding = held_in(walk, v, &rank);
	reached = crm_ladder_reached(version->tiers, version->ntiers, version->nodes, walk->metrics, holding);
	lower = reached == CRM_NO_TIER || version->tiers[reached].rank < rank;
	hand_over(walk, at, true);
	if (lower && version->grace_days > 0 && version->down != CRM_DOWN_IMMEDIATE && !walk->in_grace
		&& holding != CRM_NO_TIER)
	{
		int32_t		period_no = walk->held.period_no;

		begin(walk, v, holding, at, CRM_TIER_GRACE, 0);
		walk->in_grace = true;
		walk->held.period_no = period_no;
		walk->held.to = walk->start_of(walk->context, walk->day_of(walk->context, at) + version->grace_days);
		return CRM_WALK_OK;
	}
	if (lower && version->down == CRM_DOWN_ONE_STEP)
		reached = step_below(version, rank);
	if (is_above_base(version, reached))
	{
		CrmTierReason reason = lower ? CRM_TIER_FELL : version->tiers[reached].rank > rank ? CRM_TIER_REACHED : CRM_TIER_KEPT;

		walk->held.period_no++;
		begin(walk, v, reached, at, reason, 0);
	}
	return CRM_WALK_OK;
}

/*
 * Under the immediate policy: days on which something leaves a window, up to
 * an instant; beyond the last one that is decided, up to the day that changes
 * the tier, which is its planned end.
 */
static CrmWalkStatus
slide(CrmTierWalk *walk, int64_t until, bool last)
{
	while (walk->has_held && walk->immediate)
	{
		int32_t		day = next_slide(walk);
		int64_t		at;
		size_t		v;
		const CrmLadderVersion *version;
		size_t		holding;
		size_t		reached;
		int32_t		rank;

		if (day == INT32_MAX)
			return CRM_WALK_OK;
		at = walk->start_of(walk->context, day);
		if (at >= until && !last)
			return CRM_WALK_OK;
		v = version_at(walk, at);
		if (v == SIZE_MAX)
			return CRM_WALK_OK;
		version = &walk->versions[v];
		if (version->down != CRM_DOWN_IMMEDIATE)
		{
			give_period(walk, version, at);
			return CRM_WALK_OK;
		}
		if (!measure(walk, v, at, day))
			return CRM_WALK_OVERFLOW;
		holding = held_in(walk, v, &rank);
		reached = crm_ladder_reached(version->tiers, version->ntiers, version->nodes, walk->metrics, holding);
		if (reached != CRM_NO_TIER && version->tiers[reached].rank == rank)
			continue;
		hand_over(walk, at, !last || at <= until);
		if (!walk->held.decided)
			return CRM_WALK_OK;
		if (is_above_base(version, reached))
		{
			walk->held.anchor_day = day;
			walk->held.period_no = 1;
			begin(walk, v, reached, at, version->tiers[reached].rank > rank ? CRM_TIER_REACHED : CRM_TIER_FELL, 0);
		}
	}
	return CRM_WALK_OK;
}

CrmWalkStatus
crm_tier_walk(CrmTierWalk *walk)
{
	size_t		i = 0;
	CrmWalkStatus status = CRM_WALK_OK;

	if (!prepare(walk))
		return CRM_WALK_STOPPED;
	walk->has_held = false;
	walk->immediate = false;
	walk->in_grace = false;
	memset(&walk->held, 0, sizeof(walk->held));
	if (walk->n > 0 && walk->entries[walk->n - 1].at > walk->ends_to)
		walk->ends_to = walk->entries[walk->n - 1].at;

	while (status == CRM_WALK_OK)
	{
		int64_t		at = i < walk->n ? walk->entries[i].at : CRM_INSTANT_END;
		int64_t		id = 0;
		int32_t		day;

		if (walk->has_held && walk->immediate)
		{
			/* what is left to decide after the last entry ends the walk */
			status = slide(walk, i < walk->n ? at : walk->ends_to, i >= walk->n);
			if (status != CRM_WALK_OK)
				break;
		}
		if (stopped(walk))
			return CRM_WALK_STOPPED;
		if (walk->has_held && !walk->immediate && walk->held.to <= at && walk->held.to <= walk->ends_to
			&& walk->held.to < CRM_INSTANT_END)
		{
			status = at_end(walk);
			continue;
		}
		if (i >= walk->n)
			break;
		day = walk->entries[i].day;
		for (; i < walk->n && walk->entries[i].at == at; i++)
		{
			if (walk->entries[i].id > id)
				id = walk->entries[i].id;
		}
		status = at_entry(walk, at, day, id);
	}
	if (status == CRM_WALK_OK && walk->has_held)
		hand_over(walk, walk->held.to, false);
	return status;
}

CrmWalkStatus
crm_tier_measure(CrmTierWalk *walk, int64_t at)
{
	if (!prepare(walk))
		return CRM_WALK_STOPPED;
	return measure(walk, 0, at, walk->day_of(walk->context, at)) ? CRM_WALK_OK : CRM_WALK_OVERFLOW;
}
