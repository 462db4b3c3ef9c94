/*
 * unit/test_ladder.c
 *
 * Conditions, thresholds at and around the edge, scales, ranks, keeping.
 */
#include "check.h"

#include "core/ladder.h"

static CrmAmount
amount(int64_t units, int scale)
{
	CrmAmount	a = {units, scale};

	return a;
}

static void
compares_across_scales(void)
{
	CHECK(crm_amount_compare(amount(2000, 0), amount(200000, 2)) == 0);
	CHECK(crm_amount_compare(amount(199999, 2), amount(2000, 0)) < 0);
	CHECK(crm_amount_compare(amount(200001, 2), amount(2000, 0)) > 0);
	CHECK(crm_amount_compare(amount(-1, 0), amount(0, 18)) < 0);
	CHECK(crm_amount_compare(amount(INT64_MAX, 0), amount(INT64_MAX, 18)) > 0);
	CHECK(crm_amount_compare(amount(INT64_MIN, 0), amount(INT64_MIN, 18)) < 0);
}

/* 0 spend >= 2000, and (1 orders >= 10 or 2 days >= 5) */
static const CrmCondition nodes[] = {
	{CRM_ALL, 5, 0, {0, 0}},
	{CRM_AT_LEAST, 2, 0, {2000, 0}},
	{CRM_ANY, 5, 0, {0, 0}},
	{CRM_AT_LEAST, 4, 1, {10, 0}},
	{CRM_AT_LEAST, 5, 2, {5, 0}},
	{CRM_ALL, 6, 0, {0, 0}},	/* 5: nothing asked */
	{CRM_ANY, 7, 0, {0, 0}},	/* 6: nothing offered */
	{CRM_AT_LEAST, 8, 0, {1500, 0}},	/* 7: spend >= 1500 */
};

static void
conditions_hold(void)
{
	CrmMetric	m[3] = {{true, {200000, 2}}, {true, {10, 0}}, {true, {0, 0}}};

	CHECK(crm_condition_holds(nodes, 0, m));
	m[1].value.units = 9;
	CHECK(!crm_condition_holds(nodes, 0, m));
	m[2].value.units = 5;
	CHECK(crm_condition_holds(nodes, 0, m));
	m[0].value.units = 199999;
	CHECK(!crm_condition_holds(nodes, 0, m));
	m[0].value.units = 300000;
	m[0].known = false;
	CHECK(!crm_condition_holds(nodes, 0, m));
	CHECK(crm_condition_holds(nodes, 5, m));
	CHECK(!crm_condition_holds(nodes, 6, m));
}

static void
highest_rank_wins(void)
{
	/* out of order on purpose: basic, invitation, full, half */
	const CrmTier tiers[] = {
		{2, 0, 7},
		{9, CRM_NO_CONDITION, CRM_NO_CONDITION},
		{0, 5, CRM_NO_CONDITION},
		{1, 7, CRM_NO_CONDITION},
	};
	CrmMetric	m[3] = {{true, {2000, 0}}, {true, {10, 0}}, {true, {0, 0}}};

	CHECK(crm_ladder_reached(tiers, 4, nodes, m, CRM_NO_TIER) == 0);
	m[0].value.units = 1999;
	CHECK(crm_ladder_reached(tiers, 4, nodes, m, CRM_NO_TIER) == 3);
	/* who holds tier 0 keeps it from 1500 on */
	CHECK(crm_ladder_reached(tiers, 4, nodes, m, 0) == 0);
	m[0].value.units = 1499;
	CHECK(crm_ladder_reached(tiers, 4, nodes, m, 0) == 2);
	CHECK(crm_ladder_reached(tiers, 2, nodes, m, CRM_NO_TIER) == CRM_NO_TIER);
	CHECK(crm_ladder_reached(tiers, 0, nodes, m, CRM_NO_TIER) == CRM_NO_TIER);
}

int
main(void)
{
	compares_across_scales();
	conditions_hold();
	highest_rank_wins();
	return DONE();
}
