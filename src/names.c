/*
 * src/names.c
 *
 * Display names of segments, octants and states: (code text, locale text) to
 * the name in Chinese for zh locales, else in English.
 *
 * A code that is not one is an error (22023), never a silent NULL: it would
 * be a misspelt report.
 */
#include "compat.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "core/segment.h"

PG_FUNCTION_INFO_V1(crm_rfm_segment_name);
PG_FUNCTION_INFO_V1(crm_rfm_octant_name);
PG_FUNCTION_INFO_V1(crm_lifecycle_status_name);

static Datum
display_name(FunctionCallInfo fcinfo, const crm_name *list, const char *what)
{
	text	   *code = PG_GETARG_TEXT_PP(0);
	text	   *locale = PG_GETARG_TEXT_PP(1);
	bool		chinese = crm_locale_is_chinese(VARDATA_ANY(locale), VARSIZE_ANY_EXHDR(locale));
	const char *name = crm_name_of(list, VARDATA_ANY(code), VARSIZE_ANY_EXHDR(code), chinese);

	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no %s \"%s\"", what, text_to_cstring(code))));
	PG_RETURN_TEXT_P(cstring_to_text(name));
}

Datum
crm_rfm_segment_name(PG_FUNCTION_ARGS)
{
	return display_name(fcinfo, crm_segment_names, "segment");
}

Datum
crm_rfm_octant_name(PG_FUNCTION_ARGS)
{
	return display_name(fcinfo, crm_octant_names, "octant");
}

Datum
crm_lifecycle_status_name(PG_FUNCTION_ARGS)
{
	return display_name(fcinfo, crm_lifecycle_names, "lifecycle status");
}
