/*
 * src/class_grade.c
 *
 * lifecycle_status and value_grade: the class of one member by fixed
 * thresholds, no other member being looked at.
 */
#include "compat.h"

#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/numeric.h"

#include "array_args.h"
#include "core/classify.h"

PG_FUNCTION_INFO_V1(crm_lifecycle_status);
PG_FUNCTION_INFO_V1(crm_value_grade);

/* (last_day date, as_of date, cuts integer[]); not strict, since never bought is an answer */
Datum
crm_lifecycle_status(PG_FUNCTION_ARGS)
{
	CrmList		list;
	int32		cuts[CRM_LIFECYCLE_CUTS];
	DateADT		last_day;
	DateADT		as_of;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_NULL();
	list = crm_list_of(PG_GETARG_ARRAYTYPE_P(2), "cuts");
	crm_check_list_length(&list, "cuts", CRM_LIFECYCLE_CUTS, CRM_LIFECYCLE_CUTS);
	for (int i = 0; i < CRM_LIFECYCLE_CUTS; i++)
	{
		cuts[i] = DatumGetInt32(list.value[i]);
		if (cuts[i] < 0 || (i > 0 && cuts[i] <= cuts[i - 1]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("cuts must ascend from 0 or more days"),
					 errdetail("Element %d is %d.", i + 1, cuts[i])));
	}
	if (PG_ARGISNULL(0))
		PG_RETURN_TEXT_P(cstring_to_text(crm_lifecycle_never));
	last_day = PG_GETARG_DATEADT(0);
	as_of = PG_GETARG_DATEADT(1);
	if (DATE_NOT_FINITE(last_day) || DATE_NOT_FINITE(as_of))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("last_day and as_of must be finite dates")));
	PG_RETURN_TEXT_P(cstring_to_text(crm_lifecycle((int64) as_of - last_day, cuts)));
}

/* (orders bigint, spend numeric, spend_cuts numeric[], order_cuts bigint[]) */
Datum
crm_value_grade(PG_FUNCTION_ARGS)
{
	int64		orders = PG_GETARG_INT64(0);
	Numeric		spend = PG_GETARG_NUMERIC(1);
	CrmList		spend_cuts = crm_list_of(PG_GETARG_ARRAYTYPE_P(2), "spend_cuts");
	CrmList		order_cuts = crm_list_of(PG_GETARG_ARRAYTYPE_P(3), "order_cuts");
	char		grade;
	int			i;

	crm_check_list_length(&spend_cuts, "spend_cuts", 1, CRM_MAX_CLASS_CUTS);
	if (order_cuts.n != spend_cuts.n)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("spend_cuts and order_cuts must have the same number of elements"),
				 errdetail("There are %d and %d.", spend_cuts.n, order_cuts.n)));
	if (numeric_is_nan(spend) || numeric_is_inf(spend))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("spend must be a finite number")));
	for (i = 0; i < spend_cuts.n; i++)
	{
		if (DatumGetInt64(order_cuts.value[i]) <= orders &&
			DatumGetBool(DirectFunctionCall2(numeric_le, spend_cuts.value[i],
											 NumericGetDatum(spend))))
			break;
	}
	grade = (char) ('A' + i);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(&grade, 1));
}
