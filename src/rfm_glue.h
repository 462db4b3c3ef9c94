/*
 * src/rfm_glue.h
 *
 * Checks of arguments that the functions around RFM share.
 */
#ifndef CRM_RFM_GLUE_H
#define CRM_RFM_GLUE_H

#include "compat.h"

#include "core/rfm.h"

/* raises 22023 unless bins is 2 to 9 */
static inline void
crm_check_bins(int bins)
{
	if (bins < CRM_MIN_BINS || bins > CRM_MAX_BINS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of bins out of range"),
				 errdetail("There are %d bins; %d to %d are possible.",
						   bins, CRM_MIN_BINS, CRM_MAX_BINS)));
}

/* the end of a selection; it fails only if it was fed other values than announced */
static inline void
crm_quantile_finish(const crm_quantile *q, crm_cuts *cuts)
{
	if (!crm_quantile_cuts(q, cuts))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("cut points of an inconsistent set of values")));
}

#endif							/* CRM_RFM_GLUE_H */
