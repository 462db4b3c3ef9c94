/*
 * src/clv_functions.c
 *
 * The purchase models as scalar functions of (model, x, t_x, t, ...), times in
 * the unit of the model; core/clv_model.h has the arithmetic.
 */
#include "clv_datum.h"

#include <math.h>

PG_FUNCTION_INFO_V1(crm_p_alive);
PG_FUNCTION_INFO_V1(crm_expected_orders);
PG_FUNCTION_INFO_V1(crm_expected_orders_new);
PG_FUNCTION_INFO_V1(crm_order_count_probability);
PG_FUNCTION_INFO_V1(crm_log_likelihood);
PG_FUNCTION_INFO_V1(crm_discounted_expected_orders);
PG_FUNCTION_INFO_V1(crm_next_order_time);
PG_FUNCTION_INFO_V1(crm_expected_spend);

#define LARGEST_TIME 1e9		/* in any unit */

typedef struct Member
{
	int			kind;
	const double *param;
	double		unit;
	double		x;
	double		t_x;
	double		t;
} Member;

static void
refuse(const char *message, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg_internal("%s", message),
			 errdetail_internal("%s", detail)));
}

static double
get_time(FunctionCallInfo fcinfo, int argument)
{
	double		v = PG_GETARG_FLOAT8(argument);

	if (!(v >= 0 && v <= LARGEST_TIME))
		refuse("time of a purchase model out of range", "Times are from 0 to 1e9 in the unit of the model.");
	return v;
}

/* (model, x, t_x, t, ...) */
static Member
get_member(FunctionCallInfo fcinfo)
{
	const crm_clv_model *model = PG_GETARG_CLV_MODEL(0);
	Member		m;

	m.kind = model->kind;
	m.param = model->purchase.param;
	m.unit = model->unit;
	m.x = PG_GETARG_INT32(1);
	m.t_x = get_time(fcinfo, 2);
	m.t = get_time(fcinfo, 3);
	if (m.x < 0)
		refuse("number of repeat purchases must not be negative", "x is the number of purchase days after the first.");
	if (m.t_x > m.t)
		refuse("last purchase after the end of the time observed", "t_x is at most t.");
	if (m.x == 0 && m.t_x > 0)
		refuse("time of a last purchase without a repeat purchase", "Where x is 0, t_x is 0.");
	return m;
}

Datum
crm_p_alive(PG_FUNCTION_ARGS)
{
	Member		m = get_member(fcinfo);

	PG_RETURN_FLOAT8(crm_clv_p_alive(m.kind, m.param, m.x, m.t_x, m.t));
}

/* (model, x, t_x, t, horizon) */
Datum
crm_expected_orders(PG_FUNCTION_ARGS)
{
	Member		m = get_member(fcinfo);
	double		horizon = crm_clv_days(PG_GETARG_INTERVAL_P(4), "horizon", true) / m.unit;

	PG_RETURN_FLOAT8(crm_clv_p_alive(m.kind, m.param, m.x, m.t_x, m.t) *
					 crm_clv_orders_if_alive(m.kind, m.param, m.x, m.t, horizon));
}

/* (model, horizon) */
Datum
crm_expected_orders_new(PG_FUNCTION_ARGS)
{
	const crm_clv_model *model = PG_GETARG_CLV_MODEL(0);
	double		horizon = crm_clv_days(PG_GETARG_INTERVAL_P(1), "horizon", true) / model->unit;

	PG_RETURN_FLOAT8(crm_clv_orders_new(model->kind, model->purchase.param, horizon));
}

/* (model, t, n) */
Datum
crm_order_count_probability(PG_FUNCTION_ARGS)
{
	const crm_clv_model *model = PG_GETARG_CLV_MODEL(0);
	double		t = get_time(fcinfo, 1);
	int32		n = PG_GETARG_INT32(2);

	if (n < 0)
		PG_RETURN_FLOAT8(0);
	PG_RETURN_FLOAT8(crm_clv_count_probability(model->kind, model->purchase.param, t, n));
}

Datum
crm_log_likelihood(PG_FUNCTION_ARGS)
{
	Member		m = get_member(fcinfo);

	PG_RETURN_FLOAT8(crm_clv_log_likelihood(m.kind, m.param, m.x, m.t_x, m.t));
}

/* (model, x, t_x, t, rate) */
Datum
crm_discounted_expected_orders(PG_FUNCTION_ARGS)
{
	Member		m = get_member(fcinfo);
	double		rate = PG_GETARG_FLOAT8(4);
	double		alive;

	if (!(rate >= 0 && rate <= 1e12))
		refuse("discount rate out of range", "The rate is continuous per unit of the model, from 0 to 1e12.");
	alive = crm_clv_p_alive(m.kind, m.param, m.x, m.t_x, m.t);
	/* whoever has left for certain buys nothing, however long one waits */
	PG_RETURN_FLOAT8(alive == 0 ? 0 : alive * crm_clv_discounted_if_alive(m.kind, m.param, m.x, m.t, rate));
}

/* (model, x, t_x, t, probability) */
Datum
crm_next_order_time(PG_FUNCTION_ARGS)
{
	Member		m = get_member(fcinfo);
	double		probability = PG_GETARG_FLOAT8(4);
	double		time;

	if (!(probability > 0 && probability < 1))
		refuse("probability out of range", "It is between 0 and 1.");
	time = crm_clv_next_order(m.kind, m.param, m.x, m.t_x, m.t, probability);
	if (!isfinite(time))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(time);
}

/* (model, x, m); not strict: m is NULL where x is 0 */
Datum
crm_expected_spend(PG_FUNCTION_ARGS)
{
	const crm_clv_model *model;
	int32		x;
	double		m;
	double		spend;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	model = PG_GETARG_CLV_MODEL(0);
	x = PG_GETARG_INT32(1);
	if (x > 0 && PG_ARGISNULL(2))
		PG_RETURN_NULL();
	m = x > 0 ? PG_GETARG_FLOAT8(2) : 0;
	if (x < 0)
		refuse("number of repeat purchases must not be negative", "x is the number of purchase days after the first.");
	if (x > 0 && !(m >= 0 && m <= 1e300))
		refuse("mean spend out of range", "m is the mean spend of the repeat days, 0 or more.");
	if (!model->has_spend)
		PG_RETURN_NULL();
	spend = crm_clv_expected_spend(model->spend.param, x, m);
	if (!isfinite(spend))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(spend);
}
