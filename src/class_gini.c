/*
 * src/class_gini.c
 *
 * Aggregate gini: how unequally a total is spread, 0 for all equal.
 *
 * The state is internal: the values as exact units, 8 bytes each, in the
 * order of their arrival, with a serial form for parallel plans.  The final
 * function sorts a copy, so the state stays as it is (windows may go on) and
 * the result does not depend on the order of rows.
 */
#include "compat.h"

#include "fmgr.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "aggregate.h"
#include "core/gini.h"
#include "core/sort.h"
#include "numeric_units.h"

PG_FUNCTION_INFO_V1(crm_gini_transition);
PG_FUNCTION_INFO_V1(crm_gini_combine);
PG_FUNCTION_INFO_V1(crm_gini_serial);
PG_FUNCTION_INFO_V1(crm_gini_deserial);
PG_FUNCTION_INFO_V1(crm_gini_final);

typedef struct GiniState
{
	int32		scale;
	int64		count;
	int64		room;
	int64	   *value;
} GiniState;

#define SERIAL_HEAD	(sizeof(int32) + sizeof(int64))
#define CHUNK		(1 << 20)	/* values between two looks at interrupts */

static GiniState *
new_state(MemoryContext context, int64 room)
{
	GiniState  *state = MemoryContextAllocZero(context, sizeof(GiniState));

	state->room = Max(room, 16);
	state->value = MemoryContextAllocHuge(context, state->room * sizeof(int64));
	return state;
}

static void
make_room(GiniState *state, int64 more)
{
	if (state->room - state->count >= more)
		return;
	state->room = Max(state->room * 2, state->count + more);
	state->value = repalloc_huge(state->value, state->room * sizeof(int64));
}

static void
raise_scale(GiniState *state, int scale)
{
	if (scale <= state->scale)
		return;
	crm_units_raise_scale(state->value, state->count, state->scale, scale, "value");
	state->scale = scale;
}

Datum
crm_gini_transition(PG_FUNCTION_ARGS)
{
	MemoryContext context = crm_aggregate_context(fcinfo);
	GiniState  *state = PG_ARGISNULL(0) ? NULL : (GiniState *) PG_GETARG_POINTER(0);
	int64		units;
	int			scale;

	if (PG_ARGISNULL(1))
	{
		if (state == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(state);
	}
	if (state == NULL)
		state = new_state(context, 0);
	crm_numeric_get_units(PG_GETARG_DATUM(1), "value", &units, &scale);
	raise_scale(state, scale);
	make_room(state, 1);
	state->value[state->count++] = crm_units_at_scale(units, scale, state->scale, "value");
	PG_RETURN_POINTER(state);
}

Datum
crm_gini_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = crm_aggregate_context(fcinfo);
	GiniState  *a = PG_ARGISNULL(0) ? NULL : (GiniState *) PG_GETARG_POINTER(0);
	GiniState  *b = PG_ARGISNULL(1) ? NULL : (GiniState *) PG_GETARG_POINTER(1);

	if (b == NULL)
	{
		if (a == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(a);
	}
	if (a == NULL)
		a = new_state(context, b->count);
	raise_scale(a, b->scale);
	make_room(a, b->count);
	for (int64 i = 0; i < b->count; i++)
		a->value[a->count + i] = crm_units_at_scale(b->value[i], b->scale, a->scale, "value");
	a->count += b->count;
	PG_RETURN_POINTER(a);
}

Datum
crm_gini_serial(PG_FUNCTION_ARGS)
{
	GiniState  *state = (GiniState *) PG_GETARG_POINTER(0);
	StringInfoData out;

	(void) crm_aggregate_context(fcinfo);
	if (state->count > (int64) ((MaxAllocSize - SERIAL_HEAD - VARHDRSZ) / sizeof(int64) - 1))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many rows for one parallel worker"),
				 errhint("Set max_parallel_workers_per_gather to 0 for this statement.")));
	pq_begintypsend(&out);
	enlargeStringInfo(&out, (int) (SERIAL_HEAD + state->count * sizeof(int64)));
	pq_sendint32(&out, (uint32) state->scale);
	pq_sendint64(&out, (uint64) state->count);
	for (int64 i = 0; i < state->count; i++)
		pq_sendint64(&out, (uint64) state->value[i]);
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

Datum
crm_gini_deserial(PG_FUNCTION_ARGS)
{
	bytea	   *serial = PG_GETARG_BYTEA_PP(0);
	StringInfoData in;
	GiniState  *state;
	int32		scale;
	int64		count;

	(void) crm_aggregate_context(fcinfo);
	initStringInfo(&in);
	appendBinaryStringInfo(&in, VARDATA_ANY(serial), VARSIZE_ANY_EXHDR(serial));
	scale = (int32) pq_getmsgint(&in, sizeof(int32));
	count = pq_getmsgint64(&in);
	if (scale < 0 || scale > CRM_MAX_SCALE ||
		count < 0 || count != (int64) ((in.len - in.cursor) / sizeof(int64)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid serial form of the state of an aggregate")));
	/* read once by the combine function, so not in the aggregate's own memory */
	state = new_state(CurrentMemoryContext, count);
	state->scale = scale;
	state->count = count;
	for (int64 i = 0; i < count; i++)
		state->value[i] = pq_getmsgint64(&in);
	pq_getmsgend(&in);
	pfree(in.data);
	PG_RETURN_POINTER(state);
}

/* numerator and sum of the coefficient (core/gini.h); all scratch memory goes with the context */
static void
coefficient(const GiniState *state, MemoryContext context, crm_int128 *numerator, crm_int128 *sum)
{
	size_t		n = (size_t) state->count;
	uint64_t   *keys = MemoryContextAllocHuge(context, n * sizeof(uint64_t));
	uint64_t   *spare = MemoryContextAllocHuge(context, n * sizeof(uint64_t));
	crm_sort   *s = MemoryContextAlloc(context, sizeof(crm_sort));
	int64		min = PG_INT64_MAX;

	for (size_t i = 0; i < n; i++)
		min = Min(min, state->value[i]);
	for (size_t i = 0; i < n; i++)
		keys[i] = (uint64) state->value[i] - (uint64) min;
	crm_sort_begin(s, n, keys, spare, NULL, NULL);
	while (crm_sort_step(s))
		CHECK_FOR_INTERRUPTS();

	*numerator = 0;
	*sum = 0;
	for (size_t i = 0; i < n; i += CHUNK)
	{
		CHECK_FOR_INTERRUPTS();
		if (!crm_gini_add(s->keys + i, Min(CHUNK, n - i), i, n, min, numerator, sum))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("sum of the values out of range")));
	}
}

Datum
crm_gini_final(PG_FUNCTION_ARGS)
{
	GiniState  *state = PG_ARGISNULL(0) ? NULL : (GiniState *) PG_GETARG_POINTER(0);
	MemoryContext context;
	crm_int128	numerator;
	crm_int128	sum;
	Datum		whole;

	(void) crm_aggregate_context(fcinfo);
	if (state == NULL || state->count == 0)
		PG_RETURN_NULL();
	context = AllocSetContextCreate(CurrentMemoryContext, "gini", ALLOCSET_DEFAULT_SIZES);
	coefficient(state, context, &numerator, &sum);
	MemoryContextDelete(context);
	if (sum <= 0)
		PG_RETURN_NULL();
	/* the scale of numerator and sum cancels out */
	whole = DirectFunctionCall2(numeric_mul, crm_int128_get_numeric(sum, 0),
								crm_units_get_numeric(state->count, 0));
	return DirectFunctionCall2(numeric_div, crm_int128_get_numeric(numerator, 0), whole);
}
