/*
 * src/clv_summary.c
 *
 * What the purchase models see of a history: x, t_x, T and the money of the
 * repeat days, as of a day; later purchases are ignored.
 *
 * A purchase day is a day with an order.  Money of refunds counts where it
 * falls on a purchase day; days of refunds alone are no purchase days.
 */
#include "clv_datum.h"

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/numeric.h"

#include "core/clv_fit.h"
#include "history_datum.h"
#include "numeric_units.h"

PG_FUNCTION_INFO_V1(crm_clv_summary);

void
crm_clv_check_as_of(int32 as_of)
{
	if (as_of < CRM_FIRST_DAY || as_of > CRM_LAST_DAY)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_FIELD_OVERFLOW),
				 errmsg("as_of out of range"),
				 errdetail("Days are from 0001-01-01 to 9999-12-31.")));
}

bool
crm_clv_summarise(CrmHistoryReader reader, int32 as_of, CrmClvSummary *summary)
{
	CrmHistoryDay day;
	bool		bought = false;
	int32		first = 0;
	crm_int128	spend = 0;

	summary->x = summary->t_x = 0;
	while (crm_history_next(&reader, &day) && day.day <= as_of)
	{
		if (day.orders == 0)
			continue;
		if (!bought)
		{
			bought = true;
			first = day.day;
			continue;
		}
		summary->x++;
		summary->t_x = day.day - first;
		spend += day.amount;
	}
	crm_history_check(reader.status);
	if (!bought)
		return false;
	summary->t = as_of - first;
	if (summary->t > CRM_CLV_MAX_DAYS)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_FIELD_OVERFLOW),
				 errmsg("as_of out of range"),
				 errdetail("It is more than %d days after the first purchase of a member.", CRM_CLV_MAX_DAYS)));
	if (spend > PG_INT64_MAX || spend < PG_INT64_MIN)
		crm_history_check(CRM_HISTORY_AMOUNT_RANGE);
	summary->spend = (int64) spend;
	return true;
}

/* (h, as_of, unit); the record has no field NULL but m without a repeat day, all of them without a purchase */
Datum
crm_clv_summary(PG_FUNCTION_ARGS)
{
	CrmHistoryReader reader = PG_GETARG_HISTORY(0);
	int32		as_of = PG_GETARG_DATEADT(1);
	double		unit = crm_clv_days(PG_GETARG_INTERVAL_P(2), "unit", false);
	TupleDesc	descriptor;
	CrmClvSummary summary;
	Datum		values[4] = {0};
	bool		nulls[4] = {true, true, true, true};

	crm_clv_check_as_of(as_of);
	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "unexpected result type of clv_summary");
	if (crm_clv_summarise(reader, as_of, &summary))
	{
		values[0] = Int32GetDatum(summary.x);
		values[1] = Float8GetDatum(summary.t_x / unit);
		values[2] = Float8GetDatum(summary.t / unit);
		nulls[0] = nulls[1] = nulls[2] = false;
		if (summary.x > 0)
		{
			values[3] = DirectFunctionCall2(numeric_div, crm_units_get_numeric(summary.spend, reader.scale),
											NumericGetDatum(int64_to_numeric(summary.x)));
			nulls[3] = false;
		}
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}
