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

#endif							/* CRM_RFM_GLUE_H */
