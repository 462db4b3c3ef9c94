/*
 * src/array_args.c
 *
 * Array arguments that are plain lists (see array_args.h).
 */
#include "array_args.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

CrmList
crm_list_of(ArrayType *array, const char *what)
{
	CrmList		list;
	int			length = -1;
	bool		by_value = false;
	char		align = TYPALIGN_INT;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%s must be a one-dimensional array", what)));
	if (ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)) > CRM_LIST_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s has too many elements", what),
				 errdetail("There are %d; at most %d are taken.",
						   ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)), CRM_LIST_MAX)));
	if (array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not contain nulls", what)));
	switch (ARR_ELEMTYPE(array))
	{
		case NUMERICOID:
			break;
		case INT4OID:
			length = sizeof(int32);
			by_value = true;
			break;
		case INT8OID:
			length = sizeof(int64);
			by_value = FLOAT8PASSBYVAL;
			align = TYPALIGN_DOUBLE;
			break;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("%s must be an array of numbers", what)));
	}
	deconstruct_array(array, ARR_ELEMTYPE(array), length, by_value, align,
					  &list.value, NULL, &list.n);
	return list;
}

void
crm_check_list_length(const CrmList *list, const char *what, int least, int most)
{
	if (list->n < least || list->n > most)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has the wrong number of elements", what),
				 least == most ? errdetail("There are %d elements; there must be %d.", list->n, least) :
				 errdetail("There are %d elements; %d to %d are possible.", list->n, least, most)));
}

void
crm_check_ascending_numerics(const CrmList *list, const char *what, bool strictly)
{
	for (int i = 0; i < list->n; i++)
	{
		Numeric		v = DatumGetNumeric(list->value[i]);

		if (numeric_is_nan(v) || numeric_is_inf(v))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s must be finite numbers", what)));
		if (i > 0)
		{
			int			order = DatumGetInt32(DirectFunctionCall2(numeric_cmp, list->value[i - 1],
																  list->value[i]));

			if (order > 0 || (strictly && order == 0))
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("%s must ascend", what),
						 errdetail("Element %d is %s, element %d is %s.",
								   i, DatumGetCString(DirectFunctionCall1(numeric_out, list->value[i - 1])),
								   i + 1, DatumGetCString(DirectFunctionCall1(numeric_out, list->value[i])))));
		}
	}
}
