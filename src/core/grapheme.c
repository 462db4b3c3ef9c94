/*
 * src/core/grapheme.c
 *
 * Extended grapheme clusters, Unicode Standard Annex 29 of Unicode 15.0, rules
 * GB3 to GB13: what a reader takes for one character is masked as one.
 */
#include "core/text.h"

#include "core/grapheme_table.h"

static CrmClusterClass
class_of(uint32_t cp)
{
	size_t		low = 0;
	size_t		high = CRM_CLUSTER_RANGES;

	if (cp - 0xAC00 < 11172)
		return (cp - 0xAC00) % 28 == 0 ? CRM_CLUSTER_LV : CRM_CLUSTER_LVT;
	while (low < high)
	{
		size_t		middle = (low + high) / 2;

		if (cp > crm_cluster_ranges[middle].to)
			low = middle + 1;
		else if (cp < crm_cluster_ranges[middle].from)
			high = middle;
		else
			return (CrmClusterClass) crm_cluster_ranges[middle].class;
	}
	return CRM_CLUSTER_OTHER;
}

static bool
is_control(CrmClusterClass class)
{
	return class == CRM_CLUSTER_CONTROL || class == CRM_CLUSTER_CR || class == CRM_CLUSTER_LF;
}

size_t
crm_cluster_end(const uint32_t *cp, size_t n, size_t from)
{
	CrmClusterClass before = class_of(cp[from]);
	bool		picture = before == CRM_CLUSTER_PICTURE;	/* so far a picture and its extensions */
	bool		joined = false;	/* and then a joiner */
	bool		half_flag = before == CRM_CLUSTER_REGIONAL;

	for (size_t i = from + 1; i < n; i++)
	{
		CrmClusterClass now = class_of(cp[i]);
		bool		goes_on;

		if (before == CRM_CLUSTER_CR && now == CRM_CLUSTER_LF)
			goes_on = true;
		else if (is_control(before) || is_control(now))
			goes_on = false;
		else if (now == CRM_CLUSTER_EXTEND || now == CRM_CLUSTER_ZWJ || now == CRM_CLUSTER_SPACING_MARK ||
				 before == CRM_CLUSTER_PREPEND)
			goes_on = true;
		else if (before == CRM_CLUSTER_L)
			goes_on = now == CRM_CLUSTER_L || now == CRM_CLUSTER_V || now == CRM_CLUSTER_LV || now == CRM_CLUSTER_LVT;
		else if (before == CRM_CLUSTER_LV || before == CRM_CLUSTER_V)
			goes_on = now == CRM_CLUSTER_V || now == CRM_CLUSTER_T;
		else if (before == CRM_CLUSTER_LVT || before == CRM_CLUSTER_T)
			goes_on = now == CRM_CLUSTER_T;
		else if (now == CRM_CLUSTER_PICTURE)
			goes_on = joined;
		else if (now == CRM_CLUSTER_REGIONAL)
			goes_on = before == CRM_CLUSTER_REGIONAL && half_flag;
		else
			goes_on = false;
		if (!goes_on)
			return i;
		joined = picture && now == CRM_CLUSTER_ZWJ;
		picture = now == CRM_CLUSTER_PICTURE || (picture && now == CRM_CLUSTER_EXTEND);
		half_flag = now == CRM_CLUSTER_REGIONAL && before != CRM_CLUSTER_REGIONAL;
		before = now;
	}
	return n;
}
