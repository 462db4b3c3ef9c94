/*
 * src/rfm_cuts.c
 *
 * Cut points that are kept: aggregate rfm_cuts reads those of a population,
 * rfm_with_cuts scores by given ones.
 *
 * Both follow the rule of rfm_score: a member scored with the cut points of
 * its population has the score of rfm_score over that population
 * (core/rfm.h says why rounding a cut to a decimal changes nothing).
 *
 * The aggregate's state is internal, 20 bytes a scored row, with a serial
 * form for parallel plans.  Its result does not depend on the order of rows.
 */
#include "compat.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "aggregate.h"
#include "array_args.h"
#include "core/rfm.h"
#include "numeric_units.h"
#include "rfm_glue.h"

PG_FUNCTION_INFO_V1(crm_rfm_with_cuts);
PG_FUNCTION_INFO_V1(crm_rfm_cuts_add);
PG_FUNCTION_INFO_V1(crm_rfm_cuts_combine);
PG_FUNCTION_INFO_V1(crm_rfm_cuts_serial);
PG_FUNCTION_INFO_V1(crm_rfm_cuts_deserial);
PG_FUNCTION_INFO_V1(crm_rfm_cuts_final);

/* Scoring by given cut points */

enum
{
	RECENCY,
	FREQUENCY,
	MONETARY,
	DIMENSIONS
};

static const char *const cuts_name[DIMENSIONS] = {
	"recency_cuts", "frequency_cuts", "monetary_cuts"
};

/* the arrays of the last call as limits; most statements give the same ones to every row */
typedef struct GivenCuts
{
	ArrayType  *array[DIMENSIONS];
	CrmList		spend;			/* points into array[MONETARY] */
	crm_ladder	days;			/* limits are the floors of the cuts */
	crm_ladder	orders;
} GivenCuts;

/* floor of a finite numeric, or the end of int64 that it lies beyond */
static int64
floor_of(Datum value)
{
	Datum		whole = DirectFunctionCall1(numeric_floor, value);
	int64		units;
	int			scale;

	if (crm_numeric_to_units(whole, &units, &scale) == CRM_NUMERIC_FITS)
		return units;
	if (DatumGetBool(DirectFunctionCall2(numeric_lt, whole,
										 NumericGetDatum(int64_to_numeric(0)))))
		return PG_INT64_MIN;
	return PG_INT64_MAX;
}

static void
floors_of(const CrmList *list, crm_ladder *ladder)
{
	ladder->limits = list->n;
	for (int i = 0; i < list->n; i++)
		ladder->above[i] = floor_of(list->value[i]);
}

static bool
same_array(const ArrayType *a, const ArrayType *b)
{
	return a != NULL && VARSIZE(a) == VARSIZE(b) && memcmp(a, b, VARSIZE(a)) == 0;
}

static GivenCuts *
given_cuts(FunctionCallInfo fcinfo)
{
	GivenCuts  *given = (GivenCuts *) fcinfo->flinfo->fn_extra;
	ArrayType  *array[DIMENSIONS];
	CrmList		list[DIMENSIONS];
	MemoryContext caller;
	bool		same = given != NULL;

	for (int i = 0; i < DIMENSIONS; i++)
	{
		array[i] = PG_GETARG_ARRAYTYPE_P(3 + i);
		same = same && same_array(given->array[i], array[i]);
	}
	if (same)
		return given;

	for (int i = 0; i < DIMENSIONS; i++)
	{
		list[i] = crm_list_of(array[i], cuts_name[i]);
		crm_check_list_length(&list[i], cuts_name[i], CRM_MIN_BINS - 1, CRM_MAX_CUTS);
		if (list[i].n != list[0].n)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("cut points of different numbers"),
					 errdetail("%s has %d elements, %s has %d.",
							   cuts_name[0], list[0].n, cuts_name[i], list[i].n)));
		crm_check_ascending_numerics(&list[i], cuts_name[i], false);
	}

	caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	if (given == NULL)
		given = palloc0(sizeof(GivenCuts));
	/* until all is read anew nothing may seem to be kept */
	fcinfo->flinfo->fn_extra = NULL;
	for (int i = 0; i < DIMENSIONS; i++)
	{
		if (given->array[i] != NULL)
			pfree(given->array[i]);
		given->array[i] = palloc(VARSIZE(array[i]));
		memcpy(given->array[i], array[i], VARSIZE(array[i]));
	}
	if (given->spend.value != NULL)
		pfree(given->spend.value);
	given->spend = crm_list_of(given->array[MONETARY], cuts_name[MONETARY]);
	MemoryContextSwitchTo(caller);
	floors_of(&list[RECENCY], &given->days);
	floors_of(&list[FREQUENCY], &given->orders);
	fcinfo->flinfo->fn_extra = given;
	return given;
}

Datum
crm_rfm_with_cuts(PG_FUNCTION_ARGS)
{
	int32		days = PG_GETARG_INT32(0);
	int64		orders = PG_GETARG_INT64(1);
	Numeric		spend = PG_GETARG_NUMERIC(2);
	GivenCuts  *given = given_cuts(fcinfo);
	int			bins = given->spend.n + 1;
	int			m = 1;

	if (orders <= 0)
		PG_RETURN_NULL();
	if (numeric_is_nan(spend) || numeric_is_inf(spend))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("spend must be a finite number")));
	for (int i = 0; i < given->spend.n; i++)
		m += DatumGetInt32(DirectFunctionCall2(numeric_cmp, given->spend.value[i],
											   NumericGetDatum(spend))) < 0;
	/* the cut is strictly below an integer exactly when its floor is */
	PG_RETURN_INT16(crm_rfm_pack(bins + 1 - crm_ladder_score(&given->days, days),
								 crm_ladder_score(&given->orders, orders), m));
}

/* Cut points of a population */

typedef struct CutsState
{
	int32		as_of;
	int32		bins;
	int32		scale;			/* of spend */
	int64		count;
	int64		room;
	int32	   *day;			/* three arrays of room elements */
	int64	   *orders;
	int64	   *spend;
} CutsState;

#define ROW_BYTES	(sizeof(int32) + 2 * sizeof(int64))
#define CHUNK		(1 << 20)	/* values between two looks at interrupts */

static CutsState *
new_state(MemoryContext context, int32 as_of, int32 bins, int64 room)
{
	CutsState  *state = MemoryContextAllocZero(context, sizeof(CutsState));

	state->as_of = as_of;
	state->bins = bins;
	state->room = Max(room, 64);
	state->day = MemoryContextAllocHuge(context, state->room * sizeof(int32));
	state->orders = MemoryContextAllocHuge(context, state->room * sizeof(int64));
	state->spend = MemoryContextAllocHuge(context, state->room * sizeof(int64));
	return state;
}

static void
make_room(CutsState *state, int64 more)
{
	if (state->room - state->count >= more)
		return;
	state->room = Max(state->room * 2, state->count + more);
	state->day = repalloc_huge(state->day, state->room * sizeof(int32));
	state->orders = repalloc_huge(state->orders, state->room * sizeof(int64));
	state->spend = repalloc_huge(state->spend, state->room * sizeof(int64));
}

static void
raise_scale(CutsState *state, int scale)
{
	if (scale <= state->scale)
		return;
	crm_units_raise_scale(state->spend, state->count, state->scale, scale, "spend");
	state->scale = scale;
}

static void
check_same_question(const CutsState *state, int32 as_of, int32 bins)
{
	if (state->as_of != as_of || state->bins != bins)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("as_of and bins must be the same in all rows of a group")));
}

/* (state, last_day, orders, spend, as_of, bins) */
Datum
crm_rfm_cuts_add(PG_FUNCTION_ARGS)
{
	MemoryContext context = crm_aggregate_context(fcinfo);
	CutsState  *state = PG_ARGISNULL(0) ? NULL : (CutsState *) PG_GETARG_POINTER(0);
	int32		as_of;
	int32		bins;

	if (PG_ARGISNULL(4) || PG_ARGISNULL(5))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("as_of and bins must not be null")));
	as_of = PG_GETARG_DATEADT(4);
	bins = PG_GETARG_INT32(5);
	if (state == NULL)
	{
		crm_check_bins(bins);
		if (DATE_NOT_FINITE(as_of))
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("as_of must be a finite date")));
		state = new_state(context, as_of, bins, 0);
	}
	else
		check_same_question(state, as_of, bins);

	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2) && !PG_ARGISNULL(3) && PG_GETARG_INT64(2) > 0)
	{
		int32		day = PG_GETARG_DATEADT(1);
		int64		units;
		int			scale;

		if (DATE_NOT_FINITE(day))
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("the last day of a member must be a finite date")));
		crm_numeric_get_units(PG_GETARG_DATUM(3), "spend", &units, &scale);
		raise_scale(state, scale);
		make_room(state, 1);
		state->day[state->count] = day;
		state->orders[state->count] = PG_GETARG_INT64(2);
		state->spend[state->count] = crm_units_at_scale(units, scale, state->scale, "spend");
		state->count++;
	}
	PG_RETURN_POINTER(state);
}

Datum
crm_rfm_cuts_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = crm_aggregate_context(fcinfo);
	CutsState  *a = PG_ARGISNULL(0) ? NULL : (CutsState *) PG_GETARG_POINTER(0);
	CutsState  *b = PG_ARGISNULL(1) ? NULL : (CutsState *) PG_GETARG_POINTER(1);

	if (b == NULL)
	{
		if (a == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(a);
	}
	if (a == NULL)
		a = new_state(context, b->as_of, b->bins, b->count);
	else
		check_same_question(a, b->as_of, b->bins);
	raise_scale(a, b->scale);
	make_room(a, b->count);
	memcpy(a->day + a->count, b->day, b->count * sizeof(int32));
	memcpy(a->orders + a->count, b->orders, b->count * sizeof(int64));
	for (int64 i = 0; i < b->count; i++)
		a->spend[a->count + i] = crm_units_at_scale(b->spend[i], b->scale, a->scale, "spend");
	a->count += b->count;
	PG_RETURN_POINTER(a);
}

#define SERIAL_HEAD (3 * sizeof(int32) + sizeof(int64))

Datum
crm_rfm_cuts_serial(PG_FUNCTION_ARGS)
{
	CutsState  *state = (CutsState *) PG_GETARG_POINTER(0);
	StringInfoData out;

	(void) crm_aggregate_context(fcinfo);
	if (state->count > (int64) ((MaxAllocSize - SERIAL_HEAD - VARHDRSZ) / ROW_BYTES - 1))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many rows for one parallel worker"),
				 errhint("Set max_parallel_workers_per_gather to 0 for this statement.")));
	pq_begintypsend(&out);
	enlargeStringInfo(&out, (int) (SERIAL_HEAD + state->count * ROW_BYTES));
	pq_sendint32(&out, (uint32) state->as_of);
	pq_sendint32(&out, (uint32) state->bins);
	pq_sendint32(&out, (uint32) state->scale);
	pq_sendint64(&out, (uint64) state->count);
	for (int64 i = 0; i < state->count; i++)
	{
		pq_sendint32(&out, (uint32) state->day[i]);
		pq_sendint64(&out, (uint64) state->orders[i]);
		pq_sendint64(&out, (uint64) state->spend[i]);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

Datum
crm_rfm_cuts_deserial(PG_FUNCTION_ARGS)
{
	bytea	   *serial = PG_GETARG_BYTEA_PP(0);
	StringInfoData in;
	CutsState  *state;
	int32		as_of;
	int32		bins;
	int32		scale;
	int64		count;

	(void) crm_aggregate_context(fcinfo);
	initStringInfo(&in);
	appendBinaryStringInfo(&in, VARDATA_ANY(serial), VARSIZE_ANY_EXHDR(serial));
	as_of = (int32) pq_getmsgint(&in, sizeof(int32));
	bins = (int32) pq_getmsgint(&in, sizeof(int32));
	scale = (int32) pq_getmsgint(&in, sizeof(int32));
	count = pq_getmsgint64(&in);
	if (bins < CRM_MIN_BINS || bins > CRM_MAX_BINS || scale < 0 || scale > CRM_MAX_SCALE ||
		count < 0 || count != (int64) ((in.len - in.cursor) / ROW_BYTES))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid serial form of the state of an aggregate")));
	/* read once by the combine function, so not in the aggregate's own memory */
	state = new_state(CurrentMemoryContext, as_of, bins, count);
	state->scale = scale;
	state->count = count;
	for (int64 i = 0; i < count; i++)
	{
		state->day[i] = (int32) pq_getmsgint(&in, sizeof(int32));
		state->orders[i] = pq_getmsgint64(&in);
		state->spend[i] = pq_getmsgint64(&in);
	}
	pq_getmsgend(&in);
	pfree(in.data);
	PG_RETURN_POINTER(state);
}

static void
cuts_of(crm_quantile *q, const CutsState *state, int dimension, crm_cuts *cuts)
{
	const int64 *values = dimension == FREQUENCY ? state->orders : state->spend;
	int64		min = PG_INT64_MAX;
	int64		max = PG_INT64_MIN;

	for (int64 i = 0; i < state->count; i++)
	{
		int64		v = dimension == RECENCY ? state->day[i] : values[i];

		min = Min(min, v);
		max = Max(max, v);
	}
	crm_quantile_begin(q, state->bins, (uint64) state->count, min, max);
	while (crm_quantile_pass(q))
	{
		for (int64 i = 0; i < state->count; i += CHUNK)
		{
			size_t		n = (size_t) Min(CHUNK, state->count - i);

			CHECK_FOR_INTERRUPTS();
			if (dimension == RECENCY)
				crm_quantile_feed_int32(q, state->day + i, sizeof(int32), n);
			else
				crm_quantile_feed(q, values + i, n);
		}
	}
	crm_quantile_finish(q, cuts);
}

static Datum
cuts_array(const CutsState *state, int dimension, const crm_cuts *cuts)
{
	Datum		value[CRM_MAX_CUTS];
	int			n = cuts->bins - 1;
	int			scale = CRM_CUT_DECIMALS + (dimension == MONETARY ? state->scale : 0);

	for (int k = 0; k < n; k++)
	{
		crm_int128	cut = dimension == RECENCY ?
			crm_cut_days_since(cuts, state->as_of, k) : crm_cut_decimal(cuts, k);

		value[k] = DirectFunctionCall1(numeric_trim_scale, crm_int128_get_numeric(cut, scale));
	}
	return PointerGetDatum(construct_array(value, n, NUMERICOID, -1, false, TYPALIGN_INT));
}

Datum
crm_rfm_cuts_final(PG_FUNCTION_ARGS)
{
	CutsState  *state = PG_ARGISNULL(0) ? NULL : (CutsState *) PG_GETARG_POINTER(0);
	int64		members = state == NULL ? 0 : state->count;
	TupleDesc	row;
	Datum		value[DIMENSIONS + 1];
	bool		isnull[DIMENSIONS + 1] = {false};

	(void) crm_aggregate_context(fcinfo);
	if (get_call_result_type(fcinfo, NULL, &row) != TYPEFUNC_COMPOSITE)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("cut points are returned as a row")));
	row = BlessTupleDesc(row);
	value[DIMENSIONS] = Int64GetDatum(members);
	if (members > 0)
	{
		crm_quantile *q = palloc(sizeof(crm_quantile));

		for (int i = 0; i < DIMENSIONS; i++)
		{
			crm_cuts	cuts;

			cuts_of(q, state, i, &cuts);
			value[i] = cuts_array(state, i, &cuts);
		}
		pfree(q);
	}
	else
	{
		for (int i = 0; i < DIMENSIONS; i++)
			isnull[i] = true;
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(row, value, isnull)));
}
