/*
 * unit/test_tier_walk.c
 *
 * The walk over tier periods: windows, ends of periods, keeping, grace, one
 * step, at once; every day worked out by hand.  Days are UTC here.
 */
#include <string.h>

#include "check.h"

#include "core/history.h"
#include "core/tier_walk.h"

#define DAY INT64_C(86400000000)
#define MAX 64

/* 0 nothing; 1 spend >= 2000; 2 spend >= 8000; 3 keep: spend >= 1500 */
static const CrmCondition nodes[] = {
	{CRM_ALL, 1, 0, {0, 0}},
	{CRM_AT_LEAST, 2, 0, {2000, 0}},
	{CRM_AT_LEAST, 3, 0, {8000, 0}},
	{CRM_AT_LEAST, 4, 0, {1500, 0}},
};
static const CrmTier tiers[] = {{0, 0, CRM_NO_CONDITION}, {1, 1, CRM_NO_CONDITION}, {2, 2, CRM_NO_CONDITION}};
static const CrmTier easier[] = {{0, 0, CRM_NO_CONDITION}, {1, 1, 3}, {2, 2, CRM_NO_CONDITION}};
static const int32_t codes[] = {0, 1, 2};
static const CrmMeasure spend_12m[] = {{0, CRM_MEASURE_SUM, CRM_WINDOW_MONTHS, 12, 2}};

static CrmLadderVersion
ladder(void)
{
	CrmLadderVersion v;

	memset(&v, 0, sizeof(v));
	v.from = INT64_MIN;
	v.to = INT64_MAX;
	v.period_months = 12;
	v.ntiers = 3;
	v.tiers = tiers;
	v.codes = codes;
	v.nodes = nodes;
	v.nmetrics = 1;
	v.measures = spend_12m;
	return v;
}

static int64_t
at(int y, int m, int d)
{
	return crm_day_of(y, m, d) * DAY;
}

static CrmTierEntry entries[MAX];
static size_t nentries;
static CrmTierPeriod found[MAX];
static int64_t values[MAX];
static size_t nfound;

static void
sale(int y, int m, int d, int64_t cents)
{
	CrmTierEntry e = {at(y, m, d) + DAY / 2, cents, (int64_t) nentries + 1, 0, cents >= 0 ? CRM_ENTRY_ORDER : 0, 0};

	entries[nentries++] = e;
}

static int32_t
day_of(void *context, int64_t instant)
{
	(void) context;
	return (int32_t) (instant >= 0 ? instant / DAY : -((-instant + DAY - 1) / DAY));
}

static int64_t
start_of(void *context, int32_t day)
{
	(void) context;
	return day * DAY;
}

static void
emit(void *context, const CrmTierPeriod *period)
{
	(void) context;
	values[nfound] = period->values[0];
	found[nfound++] = *period;
}

static bool
go_on(void *context)
{
	(void) context;
	return true;
}

static CrmWalkStatus
walk(const CrmLadderVersion *versions, size_t n, int64_t ends_to)
{
	static CrmTierEntry spare[MAX];
	static CrmWindow windows[4];
	static CrmMetric metrics[4];
	static int64_t held[4];
	CrmTierWalk w;

	memset(&w, 0, sizeof(w));
	w.nversions = n;
	w.versions = versions;
	w.n = nentries;
	w.entries = entries;
	w.spare = spare;
	w.ends_to = ends_to;
	w.day_of = day_of;
	w.start_of = start_of;
	w.emit = emit;
	w.go_on = go_on;
	w.windows = windows;
	w.metrics = metrics;
	w.values = held;
	nfound = 0;
	return crm_tier_walk(&w);
}

static bool
is(size_t i, size_t tier, int64_t from, int64_t to, CrmTierReason reason, bool decided)
{
	return i < nfound && found[i].tier == tier && found[i].from == from && found[i].to == to
		&& found[i].reason == reason && found[i].decided == decided;
}

static void
days_and_windows(void)
{
	CrmMeasure year = {0, CRM_MEASURE_SUM, CRM_WINDOW_YEAR, 0, 2};
	CrmMeasure ninety = {0, CRM_MEASURE_SUM, CRM_WINDOW_DAYS, 90, 2};
	CrmMeasure all = {0, CRM_MEASURE_SUM, CRM_WINDOW_ALL, 0, 2};
	CrmLadderVersion v = ladder();

	CHECK(crm_add_months(crm_day_of(2024, 1, 31), 1) == crm_day_of(2024, 2, 29));
	CHECK(crm_add_months(crm_day_of(2024, 2, 29), 12) == crm_day_of(2025, 2, 28));
	CHECK(crm_add_months(crm_day_of(2024, 1, 15), -12) == crm_day_of(2023, 1, 15));
	CHECK(crm_window_start(&spend_12m[0], crm_day_of(2025, 3, 1)) == crm_day_of(2024, 3, 2));
	CHECK(crm_window_start(&spend_12m[0], crm_day_of(2025, 2, 28)) == crm_day_of(2024, 2, 29));
	CHECK(crm_window_start(&year, crm_day_of(2025, 12, 31)) == crm_day_of(2025, 1, 1));
	CHECK(crm_window_start(&ninety, crm_day_of(2025, 4, 1)) == crm_day_of(2025, 1, 2));
	CHECK(crm_window_start(&all, 0) == INT32_MIN);
	CHECK(crm_period_end_day(&v, crm_day_of(2024, 2, 29), 1) == crm_day_of(2025, 3, 1));
	CHECK(crm_period_end_day(&v, crm_day_of(2024, 2, 29), 4) == crm_day_of(2028, 3, 1));
	v.period_end = CRM_END_OF_MONTH;
	CHECK(crm_period_end_day(&v, crm_day_of(2024, 12, 5), 1) == crm_day_of(2026, 1, 1));
	v.period_end = CRM_END_OF_YEAR;
	CHECK(crm_period_end_day(&v, crm_day_of(2024, 5, 5), 1) == crm_day_of(2026, 1, 1));
}

static void
reaches_and_falls(void)
{
	CrmLadderVersion v = ladder();

	/* 1,500 + 500 = 2,000 in order of time, however they come */
	nentries = 0;
	sale(2024, 5, 1, 50000);
	sale(2024, 3, 1, 150000);
	CHECK(walk(&v, 1, INT64_MIN) == CRM_WALK_OK);
	CHECK(nfound == 1 && is(0, 1, at(2024, 5, 1) + DAY / 2, at(2025, 5, 2), CRM_TIER_REACHED, false));
	CHECK(found[0].id == 1 && found[0].anchor_day == crm_day_of(2024, 5, 1) && values[0] == 200000);
	/* nothing after 1 May 2024: the base follows */
	CHECK(walk(&v, 1, at(2025, 5, 2)) == CRM_WALK_OK);
	CHECK(nfound == 1 && is(0, 1, at(2024, 5, 1) + DAY / 2, at(2025, 5, 2), CRM_TIER_REACHED, true));
	/* one cent less */
	entries[1].amount--;
	CHECK(walk(&v, 1, INT64_MIN) == CRM_WALK_OK && nfound == 0);
	/* higher within the period; a refund takes nothing away; by the end nothing is left */
	nentries = 0;
	sale(2024, 1, 10, 200000);
	sale(2024, 2, 10, 700000);
	sale(2024, 12, 1, -100);
	CHECK(walk(&v, 1, at(2026, 3, 1)) == CRM_WALK_OK);
	CHECK(nfound == 2);
	CHECK(is(0, 1, at(2024, 1, 10) + DAY / 2, at(2024, 2, 10) + DAY / 2, CRM_TIER_REACHED, true));
	CHECK(is(1, 2, at(2024, 2, 10) + DAY / 2, at(2025, 2, 11), CRM_TIER_REACHED, true));
	/* bought again on the last day but one: period 2 follows where the first ended, and runs from the anchor */
	sale(2025, 2, 10, 200100);
	CHECK(walk(&v, 1, at(2025, 2, 11)) == CRM_WALK_OK);
	CHECK(nfound == 3 && is(2, 1, at(2025, 2, 11), at(2026, 2, 11), CRM_TIER_FELL, false));
	CHECK(found[2].period_no == 2 && found[2].anchor_day == crm_day_of(2024, 2, 10) && found[2].id == 0);
}

static void
keeps_grants_grace_and_steps(void)
{
	CrmLadderVersion v = ladder();

	/* 1,500 in the 12 months before the end: kept by the easier condition alone */
	nentries = 0;
	sale(2024, 1, 10, 200000);
	sale(2024, 8, 1, 150000);
	CHECK(walk(&v, 1, at(2025, 1, 11)) == CRM_WALK_OK && nfound == 1 && found[0].decided);
	v.tiers = easier;
	CHECK(walk(&v, 1, at(2025, 1, 11)) == CRM_WALK_OK && nfound == 2);
	CHECK(is(1, 1, at(2025, 1, 11), at(2026, 1, 11), CRM_TIER_KEPT, false));
	/* 30 days of grace, in which nothing is bought */
	v = ladder();
	v.grace_days = 30;
	CHECK(walk(&v, 1, at(2025, 3, 1)) == CRM_WALK_OK && nfound == 2);
	CHECK(is(1, 1, at(2025, 1, 11), at(2025, 2, 10), CRM_TIER_GRACE, true));
	/* 500 on 20 January: 2,000 in the 12 months before the end of the grace */
	sale(2025, 1, 20, 50000);
	CHECK(walk(&v, 1, at(2025, 3, 1)) == CRM_WALK_OK && nfound == 3);
	CHECK(is(1, 1, at(2025, 1, 11), at(2025, 2, 10), CRM_TIER_GRACE, true));
	CHECK(is(2, 1, at(2025, 2, 10), at(2026, 1, 11), CRM_TIER_KEPT, false) && found[2].period_no == 2);
	/* one step: from the highest to the next, though nothing was bought */
	nentries = 0;
	sale(2024, 1, 10, 800000);
	v = ladder();
	v.down = CRM_DOWN_ONE_STEP;
	CHECK(walk(&v, 1, at(2027, 1, 1)) == CRM_WALK_OK && nfound == 2);
	CHECK(is(0, 2, at(2024, 1, 10) + DAY / 2, at(2025, 1, 11), CRM_TIER_REACHED, true));
	CHECK(is(1, 1, at(2025, 1, 11), at(2026, 1, 11), CRM_TIER_FELL, true));
}

static void
falls_at_once(void)
{
	CrmLadderVersion v = ladder();

	v.down = CRM_DOWN_IMMEDIATE;
	/* 2,000 on 10 January 2024 leave the window on 10 January 2025; no review has come there */
	nentries = 0;
	sale(2024, 1, 10, 200000);
	CHECK(walk(&v, 1, INT64_MIN) == CRM_WALK_OK);
	CHECK(nfound == 1 && is(0, 1, at(2024, 1, 10) + DAY / 2, at(2025, 1, 10), CRM_TIER_REACHED, false));
	CHECK(walk(&v, 1, at(2025, 1, 10)) == CRM_WALK_OK);
	CHECK(nfound == 1 && found[0].decided);
	/* a refund takes it away at once, the next order gives it back */
	sale(2024, 2, 1, -1);
	sale(2024, 3, 1, 600001);
	CHECK(walk(&v, 1, INT64_MIN) == CRM_WALK_OK && nfound == 2);
	CHECK(is(0, 1, at(2024, 1, 10) + DAY / 2, at(2024, 2, 1) + DAY / 2, CRM_TIER_REACHED, true));
	CHECK(is(1, 2, at(2024, 3, 1) + DAY / 2, at(2025, 1, 10), CRM_TIER_REACHED, false));
	/* 6,000.00 and the refund are left on 10 January 2025, nothing on 1 March */
	CHECK(walk(&v, 1, at(2025, 1, 10)) == CRM_WALK_OK && nfound == 3);
	CHECK(is(2, 1, at(2025, 1, 10), at(2025, 3, 1), CRM_TIER_FELL, false));
}

static void
follows_versions(void)
{
	CrmLadderVersion v[2];
	static const CrmTier dearer[] = {{0, 0, CRM_NO_CONDITION}, {1, 2, CRM_NO_CONDITION}};

	/* from 2024-06-01 on tier 1 asks for 8,000 */
	v[0] = ladder();
	v[1] = ladder();
	v[0].to = v[1].from = at(2024, 6, 1);
	v[1].tiers = dearer;
	v[1].ntiers = 2;
	nentries = 0;
	sale(2024, 5, 31, 200000);
	sale(2024, 6, 1, 100000);
	CHECK(walk(v, 2, at(2025, 6, 1)) == CRM_WALK_OK && nfound == 1);
	CHECK(is(0, 1, at(2024, 5, 31) + DAY / 2, at(2025, 6, 1), CRM_TIER_REACHED, true) && found[0].version == 0);
	nentries = 0;
	sale(2024, 6, 1, 200000);
	CHECK(walk(v, 2, at(2025, 6, 1)) == CRM_WALK_OK && nfound == 0);
	/* no ladder at all */
	CHECK(walk(v, 0, at(2025, 6, 1)) == CRM_WALK_OK && nfound == 0);
}

static void
counts_orders_and_days(void)
{
	static const CrmCondition three[] = {{CRM_ALL, 1, 0, {0, 0}}, {CRM_AT_LEAST, 2, 0, {3, 0}}};
	static const CrmTier two[] = {{0, 0, CRM_NO_CONDITION}, {1, 1, CRM_NO_CONDITION}};
	CrmMeasure measure = {0, CRM_MEASURE_ORDERS, CRM_WINDOW_DAYS, 10, 0};
	CrmLadderVersion v = ladder();

	v.tiers = two;
	v.ntiers = 2;
	v.nodes = three;
	v.measures = &measure;
	nentries = 0;
	sale(2024, 1, 1, 0);
	sale(2024, 1, 1, 100);
	sale(2024, 1, 2, -100);
	sale(2024, 1, 10, 100);
	CHECK(walk(&v, 1, INT64_MIN) == CRM_WALK_OK && nfound == 1 && values[0] == 3 && found[0].id == 4);
	/* one day later the first two are out of the ten days */
	entries[3].at += DAY;
	CHECK(walk(&v, 1, INT64_MIN) == CRM_WALK_OK && nfound == 0);
	/* days: 1, 10 and another */
	entries[3].at -= DAY;
	measure.kind = CRM_MEASURE_DAYS;
	CHECK(walk(&v, 1, INT64_MIN) == CRM_WALK_OK && nfound == 0);
	sale(2024, 1, 9, 5);
	CHECK(walk(&v, 1, INT64_MIN) == CRM_WALK_OK && nfound == 1 && values[0] == 3);
}

static void
refuses_what_does_not_fit(void)
{
	CrmLadderVersion v = ladder();

	nentries = 0;
	sale(2024, 1, 1, INT64_MAX);
	sale(2024, 1, 2, 1);
	CHECK(walk(&v, 1, INT64_MIN) == CRM_WALK_OVERFLOW);
}

int
main(void)
{
	days_and_windows();
	reaches_and_falls();
	keeps_grants_grace_and_steps();
	falls_at_once();
	follows_versions();
	counts_orders_and_days();
	refuses_what_does_not_fit();
	return DONE();
}
