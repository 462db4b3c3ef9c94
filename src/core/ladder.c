/*
 * src/core/ladder.c
 *
 * Conditions of tiers over metrics.
 *
 * Recursion is as deep as the condition is nested; who builds the nodes limits
 * that (CRM_MAX_DEPTH in the glue).
 */
#include "core/ladder.h"

int
crm_amount_compare(CrmAmount a, CrmAmount b)
{
	/* 19 digits and up to 18 more fit 128 bits */
	crm_int128	x = a.units;
	crm_int128	y = b.units;

	if (a.scale < b.scale)
		x *= crm_pow10[b.scale - a.scale];
	else
		y *= crm_pow10[a.scale - b.scale];
	return (x > y) - (x < y);
}

bool
crm_condition_holds(const CrmCondition *nodes, size_t at, const CrmMetric *metrics)
{
	const CrmCondition *node = &nodes[at];
	bool		wanted = node->kind == CRM_ANY;

	if (node->kind == CRM_AT_LEAST)
		return metrics[node->metric].known
			&& crm_amount_compare(metrics[node->metric].value, node->at_least) >= 0;

	for (size_t part = at + 1; part < node->end; part = nodes[part].end)
	{
		if (crm_condition_holds(nodes, part, metrics) == wanted)
			return wanted;
	}
	return !wanted;
}

size_t
crm_ladder_reached(const CrmTier *tiers, size_t n, const CrmCondition *nodes,
				   const CrmMetric *metrics, size_t holding)
{
	size_t		best = CRM_NO_TIER;

	for (size_t i = 0; i < n; i++)
	{
		bool		holds;

		if (best != CRM_NO_TIER && tiers[i].rank <= tiers[best].rank)
			continue;
		holds = tiers[i].when != CRM_NO_CONDITION && crm_condition_holds(nodes, tiers[i].when, metrics);
		if (!holds && i == holding && tiers[i].keep != CRM_NO_CONDITION)
			holds = crm_condition_holds(nodes, tiers[i].keep, metrics);
		if (holds)
			best = i;
	}
	return best;
}
