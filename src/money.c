/*
 * src/money.c
 *
 * clv, margin and split_amount: exact arithmetic with money.
 *
 * clv and margin are formulas over numeric and stay in numeric.  A split is
 * counted in whole units of the wanted decimals (core/split.h), so that its
 * parts add up to the amount to the last unit.
 */
#include "compat.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "array_args.h"
#include "core/split.h"
#include "numeric_units.h"

PG_FUNCTION_INFO_V1(crm_clv);
PG_FUNCTION_INFO_V1(crm_margin);
PG_FUNCTION_INFO_V1(crm_split_amount);

#define MAX_YEARS			1000	/* of a discounted term */
#define INNER_DECIMALS		30	/* of growth and discounted amounts, before they are rounded to MONEY_DECIMALS */
#define MONEY_DECIMALS		2

static Datum
plus(Datum a, Datum b)
{
	return DirectFunctionCall2(numeric_add, a, b);
}

static Datum
minus(Datum a, Datum b)
{
	return DirectFunctionCall2(numeric_sub, a, b);
}

static Datum
times(Datum a, Datum b)
{
	return DirectFunctionCall2(numeric_mul, a, b);
}

static Datum
over(Datum a, Datum b)
{
	return DirectFunctionCall2(numeric_div, a, b);
}

static Datum
rounded(Datum a, int decimals)
{
	return DirectFunctionCall2(numeric_round, a, Int32GetDatum(decimals));
}

static Datum
whole_number(int64 n)
{
	return NumericGetDatum(int64_to_numeric(n));
}

static int
compare(Datum a, Datum b)
{
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, a, b));
}

static void
check_finite(FunctionCallInfo fcinfo, int argument, const char *what)
{
	Numeric		v = PG_GETARG_NUMERIC(argument);

	if (numeric_is_nan(v) || numeric_is_inf(v))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be a finite number", what)));
}

/*
 * Worth today of an amount a year for a term of years, at growth = 1 + rate a
 * year: each full year's amount comes at the year's end, the last part of a
 * year at the end of the term.
 */
static Datum
discounted(Datum yearly, Datum years, Datum growth)
{
	Datum		full = DirectFunctionCall1(numeric_floor, years);
	Datum		part = minus(years, full);
	int32		n = DatumGetInt32(DirectFunctionCall1(numeric_int4, full));
	Datum		sum = whole_number(0);

	yearly = rounded(yearly, INNER_DECIMALS);
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		sum = over(plus(sum, yearly), growth);
	}
	if (compare(part, whole_number(0)) > 0)
	{
		Datum		power = DirectFunctionCall2(numeric_power, growth, years);

		sum = plus(sum, over(times(yearly, part), power));
	}
	return sum;
}

/* (historic, current_value, yearly, years, discount_rate) */
Datum
crm_clv(PG_FUNCTION_ARGS)
{
	static const char *const name[] = {"historic", "current_value", "yearly", "years", "discount_rate"};
	Datum		known = plus(PG_GETARG_DATUM(0), PG_GETARG_DATUM(1));
	Datum		yearly = PG_GETARG_DATUM(2);
	Datum		years = PG_GETARG_DATUM(3);
	Datum		rate = PG_GETARG_DATUM(4);
	Datum		zero = whole_number(0);
	Datum		growth;

	for (int i = 0; i < (int) lengthof(name); i++)
		check_finite(fcinfo, i, name[i]);
	if (compare(years, zero) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("years must not be negative")));
	growth = rounded(plus(whole_number(1), rate), INNER_DECIMALS);
	if (compare(growth, zero) <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("discount_rate must be above -1"),
				 errhint("A rate is a fraction: 0.1 is 10 percent a year.")));
	if (compare(rate, zero) == 0)
		return plus(known, times(yearly, years));
	if (compare(years, whole_number(MAX_YEARS)) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("years out of range"),
				 errdetail("A discounted term has at most %d years.", MAX_YEARS)));
	return rounded(plus(known, discounted(yearly, years, growth)),
				   MONEY_DECIMALS);
}

/* (revenue, cost) */
Datum
crm_margin(PG_FUNCTION_ARGS)
{
	Datum		revenue = PG_GETARG_DATUM(0);
	Datum		cost = PG_GETARG_DATUM(1);

	check_finite(fcinfo, 0, "revenue");
	check_finite(fcinfo, 1, "cost");
	if (compare(revenue, whole_number(0)) == 0)
		PG_RETURN_NULL();
	return over(minus(revenue, cost), revenue);
}

/* the amount in units of 10^-decimals */
static int64
units_of_amount(Datum amount, int decimals)
{
	int64		units;
	int			scale;

	crm_numeric_get_units(amount, "amount", &units, &scale);
	if (scale > decimals)
	{
		int64		step = crm_pow10[scale - decimals];

		if (units % step != 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("amount has more than %d decimals", decimals),
					 errdetail("The amount is %s.",
							   DatumGetCString(DirectFunctionCall1(numeric_out, amount)))));
		return units / step;
	}
	if (!crm_rescale(units, scale, decimals, &units))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("amount out of range"),
				 errdetail("At %d decimals it has more than 18 digits.", decimals)));
	return units;
}

/* weights are proportions: their common scale does not matter */
static int64 *
units_of_weights(const CrmList *list)
{
	int64	   *units = palloc(Max(list->n, 1) * sizeof(int64));
	int		   *scale = palloc(Max(list->n, 1) * sizeof(int));
	int			common = 0;

	for (int i = 0; i < list->n; i++)
	{
		crm_numeric_get_units(list->value[i], "weight", &units[i], &scale[i]);
		common = Max(common, scale[i]);
	}
	for (int i = 0; i < list->n; i++)
	{
		if (!crm_rescale(units[i], scale[i], common, &units[i]))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("weight out of range"),
					 errdetail("With the %d decimals that another weight has, element %d has more than 18 digits.",
							   common, i + 1)));
	}
	pfree(scale);
	return units;
}

/* (amount numeric, weights numeric[], decimals integer) */
Datum
crm_split_amount(PG_FUNCTION_ARGS)
{
	CrmList		list = crm_list_of(PG_GETARG_ARRAYTYPE_P(1), "weights");
	int32		decimals = PG_GETARG_INT32(2);
	int64		amount;
	int64	   *parts = palloc(Max(list.n, 1) * sizeof(int64));
	crm_split_rest *rests = palloc(Max(list.n, 1) * sizeof(crm_split_rest));
	Datum	   *result = palloc(Max(list.n, 1) * sizeof(Datum));

	if (decimals < 0 || decimals > CRM_MAX_SCALE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of decimals out of range"),
				 errdetail("There are %d decimals; 0 to %d are possible.", decimals, CRM_MAX_SCALE)));
	amount = units_of_amount(PG_GETARG_DATUM(0), decimals);
	switch (crm_split(amount, units_of_weights(&list), (size_t) list.n, parts, rests))
	{
		case CRM_SPLIT_OK:
			break;
		case CRM_SPLIT_NEGATIVE_WEIGHT:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("weights must not be negative")));
			break;
		case CRM_SPLIT_NO_WEIGHT:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("an amount other than 0 cannot be split by weights that are all 0")));
	}
	for (int i = 0; i < list.n; i++)
		result[i] = crm_units_get_numeric(parts[i], decimals);
	PG_RETURN_ARRAYTYPE_P(construct_array(result, list.n, NUMERICOID, -1, false, TYPALIGN_INT));
}
