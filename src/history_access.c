/*
 * src/history_access.c
 *
 * What one reads from a purchase history: orders, days, net spend, first and
 * last day, median gap, a window of it, its days as rows.
 *
 * A window is from_day to to_day, both included; NULL leaves a side open.  A
 * purchase day is a day with an order: days of refunds alone count for money
 * and for nothing else.
 */
#include "history_datum.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/date.h"
#include "utils/tuplestore.h"

#include "numeric_units.h"

typedef struct Window
{
	int64		from;
	int64		to;
} Window;

/* infinite dates are smaller and larger than any day, which is what they mean here */
static Window
get_window(FunctionCallInfo fcinfo, int first_argument)
{
	Window		window = {PG_INT64_MIN, PG_INT64_MAX};

	if (PG_NARGS() > first_argument && !PG_ARGISNULL(first_argument))
		window.from = PG_GETARG_DATEADT(first_argument);
	if (PG_NARGS() > first_argument + 1 && !PG_ARGISNULL(first_argument + 1))
		window.to = PG_GETARG_DATEADT(first_argument + 1);
	return window;
}

/* the next day inside the window */
static bool
next_in_window(CrmHistoryReader *reader, Window window, CrmHistoryDay *day)
{
	while (crm_history_next(reader, day))
	{
		if (day->day > window.to)
			return false;
		if (day->day >= window.from)
			return true;
	}
	crm_history_check(reader->status);
	return false;
}

PG_FUNCTION_INFO_V1(crm_between_days);
Datum
crm_between_days(PG_FUNCTION_ARGS)
{
	CrmHistoryReader reader;
	Window		window = get_window(fcinfo, 1);
	CrmHistoryDay *days;
	size_t		n = 0;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	reader = PG_GETARG_HISTORY(0);
	days = palloc_extended(Max(reader.left, 1) * sizeof(CrmHistoryDay), MCXT_ALLOC_HUGE);
	while (next_in_window(&reader, window, &days[n]))
		n++;
	PG_RETURN_DATUM(crm_history_form(days, n, reader.scale));
}

/* total of the window given by the second and third argument; the first is not null */
static CrmHistoryTotal
get_total(FunctionCallInfo fcinfo, int *scale)
{
	CrmHistoryReader reader = PG_GETARG_HISTORY(0);
	Window		window = get_window(fcinfo, 1);
	CrmHistoryTotal total;

	crm_history_check(crm_history_total(reader, window.from, window.to, &total));
	*scale = reader.scale;
	return total;
}

PG_FUNCTION_INFO_V1(crm_order_count);
Datum
crm_order_count(PG_FUNCTION_ARGS)
{
	int			scale;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_INT64(get_total(fcinfo, &scale).orders);
}

PG_FUNCTION_INFO_V1(crm_active_days);
Datum
crm_active_days(PG_FUNCTION_ARGS)
{
	int			scale;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_INT32(get_total(fcinfo, &scale).days);
}

PG_FUNCTION_INFO_V1(crm_net_spend);
Datum
crm_net_spend(PG_FUNCTION_ARGS)
{
	int			scale;
	crm_int128	amount;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	amount = get_total(fcinfo, &scale).amount;
	PG_RETURN_DATUM(crm_int128_get_numeric(amount, scale));
}

PG_FUNCTION_INFO_V1(crm_first_day);
Datum
crm_first_day(PG_FUNCTION_ARGS)
{
	CrmHistoryTotal total;
	int			scale;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	total = get_total(fcinfo, &scale);
	if (total.days == 0)
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(total.first_day);
}

PG_FUNCTION_INFO_V1(crm_last_day);
Datum
crm_last_day(PG_FUNCTION_ARGS)
{
	CrmHistoryTotal total;
	int			scale;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	total = get_total(fcinfo, &scale);
	if (total.days == 0)
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(total.last_day);
}

PG_FUNCTION_INFO_V1(crm_median_gap);
Datum
crm_median_gap(PG_FUNCTION_ARGS)
{
	CrmHistoryReader reader;
	Window		window = get_window(fcinfo, 1);
	CrmHistoryDay day;
	int64	   *gaps;
	size_t		days = 0;
	int32		previous = 0;
	int64		twice;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	reader = PG_GETARG_HISTORY(0);
	gaps = palloc_extended(Max(reader.left, 1) * sizeof(int64), MCXT_ALLOC_HUGE);
	while (next_in_window(&reader, window, &day))
	{
		if (day.orders == 0)
			continue;
		if (days > 0)
			gaps[days - 1] = day.day - previous;
		previous = day.day;
		days++;
	}
	twice = days < 2 ? -1 : crm_median_twice(gaps, days - 1);
	pfree(gaps);
	if (twice < 0)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(crm_units_get_numeric(twice * 5, 1));
}

PG_FUNCTION_INFO_V1(crm_purchase_days);
Datum
crm_purchase_days(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	CrmHistoryReader reader = PG_GETARG_HISTORY(0);
	CrmHistoryDay day;

	InitMaterializedSRF(fcinfo, 0);
	while (crm_history_next(&reader, &day))
	{
		Datum		values[3];
		bool		nulls[3] = {false, false, false};

		CHECK_FOR_INTERRUPTS();
		values[0] = DateADTGetDatum(day.day);
		values[1] = Int32GetDatum(day.orders);
		values[2] = crm_units_get_numeric(day.amount, reader.scale);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
		pfree(DatumGetPointer(values[2]));
	}
	crm_history_check(reader.status);
	return (Datum) 0;
}
