/*
 * src/rfm_segment.c
 *
 * rfm_segment: the usual ten segments of a score.
 */
#include "compat.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "core/segment.h"
#include "rfm_glue.h"

PG_FUNCTION_INFO_V1(crm_rfm_segment);

Datum
crm_rfm_segment(PG_FUNCTION_ARGS)
{
	int16		rfm = PG_GETARG_INT16(0);
	int32		bins = PG_GETARG_INT32(1);

	crm_check_bins(bins);
	if (crm_rfm_r(rfm) > bins || crm_rfm_f(rfm) > bins || crm_rfm_m(rfm) > bins)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("score %d is beyond %d bins", rfm, bins),
				 errhint("Give the number of bins that the score was made with.")));
	PG_RETURN_TEXT_P(cstring_to_text(crm_segment(rfm, bins)));
}
