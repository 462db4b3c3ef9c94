/*
 * src/clv_predict.c
 *
 * clv_predict(model, h, as_of, horizon, annual_discount): what a model expects
 * of the member who has this history.
 *
 * One call site usually asks for many members.  What the model says of a
 * member who is active depends on (x, T) alone, and few of these occur, so
 * they are kept for the call site; the rest of a row is a logarithm and an
 * exponential.  Of members without a repeat purchase, half of a usual shop,
 * T says all, so whole rows are kept.
 */
#include "clv_datum.h"

#include <math.h>

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "core/clv_fit.h"
#include "core/clv_text.h"
#include "core/hash.h"
#include "history_datum.h"
#include "numeric_units.h"

PG_FUNCTION_INFO_V1(crm_clv_predict);

#define FIRST_SLOTS 1024
#define MOST_SLOTS	(1 << 17)	/* then it begins anew: 4 MB */
#define YEAR_DAYS	365.25
#define EXACT_MONEY 9e15		/* cents that an int64 and a double both have */

typedef struct Known
{
	uint64		key;			/* 0: empty; else 1 + the key of (x, T) */
	double		orders;			/* expected in the horizon of an active member */
	double		discounted;		/* the same, each order discounted from its day */
	HeapTupleHeader row;		/* the whole answer, where x = 0 */
} Known;

typedef struct Predictor
{
	CrmClvDatum datum;			/* the arguments that all is about */
	int32		as_of;
	Interval	horizon;
	Datum		discount;		/* NULL pointer: 0 */
	double		horizon_units;
	double		rate;			/* continuous, per unit */
	TupleDesc	descriptor;
	MemoryContext context;		/* of slots and what they point to */
	Known	   *slots;
	uint32		mask;
	uint32		used;
} Predictor;

static void
empty_slots(Predictor *p, uint32 n)
{
	/* what was kept goes at once; rows given out belong to calls that are over */
	MemoryContextReset(p->context);
	p->slots = MemoryContextAllocZero(p->context, n * sizeof(Known));
	p->mask = n - 1;
	p->used = 0;
}

static Known *
find_slot(Predictor *p, uint64 key)
{
	uint32		i = (uint32) (crm_hash_word(0, key) & p->mask);

	while (p->slots[i].key != 0 && p->slots[i].key != key)
		i = (i + 1) & p->mask;
	return &p->slots[i];
}

static void
make_slots(Predictor *p)
{
	Known	   *old = p->slots;
	uint32		n = p->mask + 1;

	if (n >= MOST_SLOTS)
	{
		empty_slots(p, FIRST_SLOTS);
		return;
	}
	p->slots = MemoryContextAllocZero(p->context, 2 * n * sizeof(Known));
	p->mask = 2 * n - 1;
	p->used = 0;
	for (uint32 i = 0; i < n; i++)
	{
		if (old[i].key != 0)
		{
			*find_slot(p, old[i].key) = old[i];
			p->used++;
		}
	}
	pfree(old);
}

/* annual_discount as a continuous rate per unit of the model */
static double
get_rate(Datum discount, double unit)
{
	double		annual;

	if (numeric_is_nan(DatumGetNumeric(discount)) || numeric_is_inf(DatumGetNumeric(discount)))
		annual = -1;
	else
		annual = DatumGetFloat8(DirectFunctionCall1(numeric_float8, discount));
	if (!(annual >= 0 && annual <= 1e6))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("annual_discount out of range"),
				 errdetail("It is from 0 to 1000000."),
				 errhint("A rate is a fraction: 0.1 is 10 percent a year.")));
	return log1p(annual) / YEAR_DAYS * unit;
}

static void
start(Predictor *p, FunctionCallInfo fcinfo)
{
	const crm_clv_model *model = crm_clv_get_model(PG_GETARG_DATUM(0));
	struct varlena *discount = PG_DETOAST_DATUM(PG_GETARG_DATUM(4));

	p->datum.length_word = 0;
	empty_slots(p, FIRST_SLOTS);
	p->as_of = PG_GETARG_DATEADT(2);
	crm_clv_check_as_of(p->as_of);
	p->horizon = *PG_GETARG_INTERVAL_P(3);
	p->horizon_units = crm_clv_days(&p->horizon, "horizon", true) / model->unit;
	p->rate = get_rate(PointerGetDatum(discount), model->unit);
	p->discount = PointerGetDatum(MemoryContextAlloc(p->context, VARSIZE(discount)));
	memcpy(DatumGetPointer(p->discount), discount, VARSIZE(discount));
	/* at last, so that an error above leaves nothing half done behind */
	memcpy(&p->datum, (const char *) model - offsetof(CrmClvDatum, model), sizeof(CrmClvDatum));
}

/* does the call site ask with other arguments than before? */
static bool
is_started(const Predictor *p, FunctionCallInfo fcinfo)
{
	struct varlena *model = (struct varlena *) PG_GETARG_POINTER(0);
	struct varlena *discount = (struct varlena *) PG_GETARG_POINTER(4);

	return p->datum.length_word != 0 && p->as_of == PG_GETARG_DATEADT(2) &&
		!VARATT_IS_EXTENDED(model) && datumIsEqual(PointerGetDatum(model), PointerGetDatum(&p->datum), false, -1) &&
		!VARATT_IS_EXTENDED(discount) && VARSIZE(discount) == VARSIZE(DatumGetPointer(p->discount)) &&
		memcmp(discount, DatumGetPointer(p->discount), VARSIZE(discount)) == 0 &&
		memcmp(PG_GETARG_INTERVAL_P(3), &p->horizon, sizeof(Interval)) == 0;
}

static Predictor *
get_predictor(FunctionCallInfo fcinfo)
{
	Predictor  *p = fcinfo->flinfo->fn_extra;

	if (p == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
		TupleDesc	descriptor;

		if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "unexpected result type of clv_predict");
		p = palloc0(sizeof(Predictor));
		p->context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "CLV predictions", ALLOCSET_DEFAULT_SIZES);
		p->descriptor = BlessTupleDesc(CreateTupleDescCopy(descriptor));
		fcinfo->flinfo->fn_extra = p;
		MemoryContextSwitchTo(caller);
	}
	if (!is_started(p, fcinfo))
		start(p, fcinfo);
	return p;
}

static Known *
look_up(Predictor *p, int32 x, int32 t)
{
	const crm_clv_model *model = &p->datum.model;
	uint64		key = 1 + crm_clv_key(0, x, t);
	Known	   *known = find_slot(p, key);

	if (known->key == 0)
	{
		if (p->used > p->mask / 4 * 3)
		{
			make_slots(p);
			known = find_slot(p, key);
		}
		known->orders = crm_clv_orders_if_alive(model->kind, model->purchase.param, x, t / model->unit, p->horizon_units);
		known->discounted = p->rate == 0 ? known->orders :
			crm_clv_discounted_within(model->kind, model->purchase.param, x, t / model->unit, p->horizon_units, p->rate);
		known->row = NULL;
		known->key = key;
		p->used++;
	}
	return known;
}

/* two decimals, half away from zero */
static Datum
money(double v)
{
	double		cents = v * 100;

	if (fabs(cents) < EXACT_MONEY)
		return crm_units_get_numeric((int64) round(cents), 2);
	return DirectFunctionCall2(numeric_round, DirectFunctionCall1(float8_numeric, Float8GetDatum(v)), Int32GetDatum(2));
}

/* (model, h, as_of, horizon, annual_discount) -> (p_alive, expected_orders, expected_order_value, value, expected_next_day) */
Datum
crm_clv_predict(PG_FUNCTION_ARGS)
{
	Predictor  *p = get_predictor(fcinfo);
	const crm_clv_model *model = &p->datum.model;
	const double *param = model->purchase.param;
	int32		as_of = p->as_of;
	struct varlena *copy;
	CrmHistoryReader reader = crm_history_open(PG_GETARG_DATUM(1), &copy);
	CrmClvSummary s;
	Datum		values[5] = {0};
	bool		nulls[5] = {true, true, true, true, true};
	Known	   *known = NULL;
	HeapTupleHeader row;

	if (crm_clv_summarise(reader, as_of, &s) && (known = look_up(p, s.x, s.t))->row == NULL)
	{
		double		t_x = s.t_x / model->unit;
		double		t = s.t / model->unit;
		double		alive = crm_clv_p_alive(model->kind, param, s.x, t_x, t);
		double		next = crm_clv_next_if_alive(model->kind, param, s.x, t, 0.5 / alive) * model->unit;

		values[0] = Float8GetDatum(alive);
		values[1] = Float8GetDatum(alive * known->orders);
		nulls[0] = nulls[1] = false;
		if (model->has_spend)
		{
			double		m = s.spend > 0 ? s.spend / (double) crm_pow10[reader.scale] / s.x : 0;
			double		spend = crm_clv_expected_spend(model->spend.param, s.x, m);

			if (isfinite(spend))
			{
				values[2] = money(spend);
				values[3] = money(alive * known->discounted * spend);
				nulls[2] = nulls[3] = false;
			}
		}
		/* half a day's worth of tomorrow is tomorrow */
		if (next < CRM_LAST_DAY - as_of)
		{
			values[4] = DateADTGetDatum(as_of + (int32) ceil(next));
			nulls[4] = false;
		}
	}
	crm_history_close(copy);
	if (known != NULL && known->row != NULL)
		PG_RETURN_HEAPTUPLEHEADER(known->row);
	row = DatumGetHeapTupleHeader(HeapTupleGetDatum(heap_form_tuple(p->descriptor, values, nulls)));
	if (known != NULL && s.x == 0)
	{
		known->row = MemoryContextAlloc(p->context, HeapTupleHeaderGetDatumLength(row));
		memcpy(known->row, row, HeapTupleHeaderGetDatumLength(row));
	}
	PG_RETURN_HEAPTUPLEHEADER(row);
}
