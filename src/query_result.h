/*
 * src/query_result.h
 *
 * What the functions that take a query text share: their arguments and the
 * rows they return.
 */
#ifndef CRM_QUERY_RESULT_H
#define CRM_QUERY_RESULT_H

#include "compat.h"

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/tuplestore.h"

#include "history_datum.h"
#include "query_fold.h"

/* 22004 for an argument that must not be null */
static inline void
crm_require_argument(FunctionCallInfo fcinfo, int n, const char *name)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", name)));
}

static inline const char *
crm_query_argument(FunctionCallInfo fcinfo)
{
	crm_require_argument(fcinfo, 0, "query");
	return text_to_cstring(PG_GETARG_TEXT_PP(0));
}

static inline const char *
crm_zone_argument(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));
}

static inline int32
crm_as_of_argument(FunctionCallInfo fcinfo, int n)
{
	int32		day;

	crm_require_argument(fcinfo, n, "as_of");
	day = PG_GETARG_DATEADT(n);
	if (day < CRM_FIRST_DAY || day > CRM_LAST_DAY)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_FIELD_OVERFLOW),
				 errmsg("as_of out of range"),
				 errdetail("It must be a day from 0001-01-01 to 9999-12-31.")));
	return day;
}

/* sets up the result of a fold whose first column is the key, and with it the kind of the key */
static inline ReturnSetInfo *
crm_fold_result(FunctionCallInfo fcinfo, CrmQueryFold *fold)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	fold->query.key = crm_key_kind(TupleDescAttr(result->setDesc, 0)->atttypid);
	return result;
}

#endif							/* CRM_QUERY_RESULT_H */
