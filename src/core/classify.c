/*
 * src/core/classify.c
 *
 * Classes of members (see classify.h).
 */
#include "core/classify.h"

const char crm_lifecycle_never[] = "never";

const char *
crm_lifecycle(int64_t days_since, const int32_t cuts[CRM_LIFECYCLE_CUTS])
{
	if (days_since < 0)
		days_since = 0;
	if (days_since <= cuts[0])
		return "active";
	if (days_since <= cuts[1])
		return "recently_lapsed";
	if (days_since <= cuts[2])
		return "mid_term_lapsed";
	return "dormant";
}

crm_int128
crm_share_limit(int64_t cut_units, int cut_scale, int64_t total)
{
	/* below 2^63 * 10^18, which is below 2^123 */
	crm_int128	scaled = (crm_int128) cut_units * total;

	return (scaled + crm_pow10[cut_scale] - 1) / crm_pow10[cut_scale];
}
