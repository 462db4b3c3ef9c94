/*
 * src/text_mask.c
 *
 * mask_name, mask_phone, mask_email, mask_id_no: personal data for display.
 */
#include "text_arg.h"

#include "core/mask.h"

PG_FUNCTION_INFO_V1(crm_mask_name);
PG_FUNCTION_INFO_V1(crm_mask_phone);
PG_FUNCTION_INFO_V1(crm_mask_email);
PG_FUNCTION_INFO_V1(crm_mask_id_no);

typedef void (*Mask) (CrmText *to, const uint32_t *cp, size_t n);

static Datum
masked(FunctionCallInfo fcinfo, Mask mask)
{
	CrmText		value = crm_text_of(PG_GETARG_TEXT_PP(0));
	CrmText		made = crm_text_with_room(value.n + 3);

	mask(&made, value.cp, value.n);
	Assert(!made.full);
	PG_RETURN_TEXT_P(crm_text_to_datum(&made));
}

Datum
crm_mask_name(PG_FUNCTION_ARGS)
{
	return masked(fcinfo, crm_masked_name);
}

Datum
crm_mask_phone(PG_FUNCTION_ARGS)
{
	return masked(fcinfo, crm_masked_phone);
}

Datum
crm_mask_email(PG_FUNCTION_ARGS)
{
	return masked(fcinfo, crm_masked_email);
}

Datum
crm_mask_id_no(PG_FUNCTION_ARGS)
{
	return masked(fcinfo, crm_masked_id_no);
}
