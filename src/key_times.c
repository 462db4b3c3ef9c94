/*
 * src/key_times.c
 *
 * _key_times(key, at): the keys that very many rows bring, each once, with its
 * first instant, as one aggregate over all rows.
 *
 * GROUP BY would wait for memory three times a row, for the place in its table,
 * the key and the state, since the rows come in no order of keys.  Here keys
 * and instants stand in the places themselves, and a few rows at a time are
 * asked for before the first of them is looked up.
 */
#include "compat.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "aggregate.h"
#include "huge_pages.h"

PG_FUNCTION_INFO_V1(crm_key_times_accum);
PG_FUNCTION_INFO_V1(crm_key_times_combine);
PG_FUNCTION_INFO_V1(crm_key_times_serial);
PG_FUNCTION_INFO_V1(crm_key_times_deserial);
PG_FUNCTION_INFO_V1(crm_key_times_final);

#define FIRST_BITS 6
#define NO_TIME DT_NOEND		/* where a place is empty */

typedef struct KeyTime
{
	int64		key;
	TimestampTz at;
} KeyTime;

typedef struct KeyTimes
{
	MemoryContext context;
	int			bits;			/* of a place */
	uint64		n;				/* keys */
	KeyTime    *places;
	int			nwaiting;
	KeyTime		waiting[16];
} KeyTimes;

static inline uint64
first_place(const KeyTimes *state, int64 key)
{
	return (uint64) key * UINT64CONST(0x9E3779B97F4A7C15) >> (64 - state->bits);
}

static KeyTime *
empty_places(MemoryContext context, int bits)
{
	Size		bytes = sizeof(KeyTime) << bits;
	KeyTime    *places = MemoryContextAllocHuge(context, bytes);

	crm_ask_for_huge_pages(places, bytes);
	for (uint64 i = 0; i < UINT64CONST(1) << bits; i++)
		places[i].at = NO_TIME;
	return places;
}

static void
take(KeyTimes *state, const KeyTime *row)
{
	uint64		last = (UINT64CONST(1) << state->bits) - 1;
	uint64		place = first_place(state, row->key);

	while (state->places[place].at != NO_TIME && state->places[place].key != row->key)
		place = (place + 1) & last;
	if (state->places[place].at == NO_TIME)
	{
		state->places[place] = *row;
		state->n++;
	}
	else
		state->places[place].at = Min(state->places[place].at, row->at);
}

/*
 * Makes room for so many more keys in a table that stays half empty.  Keys that
 * come in the order of another table are to have it before the first of them:
 * in a small table they would all belong beside each other.
 */
static void
make_room(KeyTimes *state, uint64 more)
{
	while (2 * (state->n + more) > UINT64CONST(1) << state->bits)
	{
		KeyTime    *before = state->places;
		uint64		room = UINT64CONST(1) << state->bits;

		state->bits += 2;
		state->places = empty_places(state->context, state->bits);
		state->n = 0;
		for (uint64 i = 0; i < room; i++)
		{
			if (i % 65536 == 0)
				CHECK_FOR_INTERRUPTS();
			if (before[i].at != NO_TIME)
				take(state, &before[i]);
		}
		pfree(before);
	}
}

static void
take_waiting(KeyTimes *state)
{
	make_room(state, state->nwaiting);
	for (int i = 0; i < state->nwaiting; i++)
		take(state, &state->waiting[i]);
	state->nwaiting = 0;
}

static KeyTimes *
new_state(MemoryContext context)
{
	KeyTimes   *state = MemoryContextAllocZero(context, sizeof(KeyTimes));

	state->context = context;
	state->bits = FIRST_BITS;
	state->places = empty_places(context, FIRST_BITS);
	return state;
}

static inline void
add(KeyTimes *state, int64 key, TimestampTz at)
{
	KeyTime    *row = &state->waiting[state->nwaiting++];

	row->key = key;
	row->at = at;
	__builtin_prefetch(&state->places[first_place(state, key)], 1);
	if (state->nwaiting == lengthof(state->waiting))
		take_waiting(state);
}

/* the keys of a state, one behind the other */
static void
list(const KeyTimes *state, KeyTime *keys)
{
	for (uint64 i = 0; i < UINT64CONST(1) << state->bits; i++)
	{
		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		if (state->places[i].at != NO_TIME)
			*keys++ = state->places[i];
	}
}

static void
check_number(uint64 n)
{
	if (n > (MaxAllocSize - VARHDRSZ) / sizeof(KeyTime))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many keys")));
}

/* _key_times_accum(state internal, key bigint, at timestamptz) */
Datum
crm_key_times_accum(PG_FUNCTION_ARGS)
{
	MemoryContext context = crm_aggregate_context(fcinfo);
	KeyTimes   *state = PG_ARGISNULL(0) ? NULL : (KeyTimes *) PG_GETARG_POINTER(0);

	if (state == NULL)
		state = new_state(context);
	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2) && PG_GETARG_TIMESTAMPTZ(2) != NO_TIME)
		add(state, PG_GETARG_INT64(1), PG_GETARG_TIMESTAMPTZ(2));
	PG_RETURN_POINTER(state);
}

/* _key_times_combine(a internal, b internal) */
Datum
crm_key_times_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = crm_aggregate_context(fcinfo);
	KeyTimes   *state = PG_ARGISNULL(0) ? NULL : (KeyTimes *) PG_GETARG_POINTER(0);
	KeyTimes   *other = PG_ARGISNULL(1) ? NULL : (KeyTimes *) PG_GETARG_POINTER(1);

	if (state == NULL)
		state = new_state(context);
	if (other != NULL)
	{
		take_waiting(other);
		make_room(state, state->nwaiting + other->n);
		for (uint64 i = 0; i < UINT64CONST(1) << other->bits; i++)
		{
			if (i % 65536 == 0)
				CHECK_FOR_INTERRUPTS();
			if (other->places[i].at != NO_TIME)
				add(state, other->places[i].key, other->places[i].at);
		}
	}
	PG_RETURN_POINTER(state);
}

/* _key_times_serial(state internal) returns bytea */
Datum
crm_key_times_serial(PG_FUNCTION_ARGS)
{
	KeyTimes   *state = (KeyTimes *) PG_GETARG_POINTER(0);
	KeyTime    *rows;
	bytea	   *result;

	(void) crm_aggregate_context(fcinfo);
	take_waiting(state);
	check_number(state->n);
	rows = palloc(Max(state->n, 1) * sizeof(KeyTime));
	list(state, rows);
	result = palloc(VARHDRSZ + state->n * sizeof(KeyTime));
	SET_VARSIZE(result, VARHDRSZ + state->n * sizeof(KeyTime));
	memcpy(VARDATA(result), rows, state->n * sizeof(KeyTime));
	pfree(rows);
	PG_RETURN_BYTEA_P(result);
}

/* _key_times_deserial(state bytea, unused internal) */
Datum
crm_key_times_deserial(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);
	Size		n = VARSIZE_ANY_EXHDR(bytes) / sizeof(KeyTime);
	KeyTimes   *state;

	(void) crm_aggregate_context(fcinfo);
	state = new_state(CurrentMemoryContext);
	make_room(state, n);
	for (Size i = 0; i < n; i++)
	{
		KeyTime		row;

		memcpy(&row, VARDATA_ANY(bytes) + i * sizeof(KeyTime), sizeof(KeyTime));
		add(state, row.key, row.at);
	}
	PG_RETURN_POINTER(state);
}

/* _key_times_final(state internal) returns key_times, NULL where no row has a key and an instant */
Datum
crm_key_times_final(PG_FUNCTION_ARGS)
{
	KeyTimes   *state = PG_ARGISNULL(0) ? NULL : (KeyTimes *) PG_GETARG_POINTER(0);
	KeyTime    *rows;
	Datum	   *keys;
	Datum	   *ats;
	TupleDesc	desc;
	Datum		result[2];
	bool		nulls[2] = {false};

	(void) crm_aggregate_context(fcinfo);
	if (state != NULL)
		take_waiting(state);
	if (state == NULL || state->n == 0)
		PG_RETURN_NULL();
	check_number(state->n);
	rows = palloc(sizeof(KeyTime) * state->n);
	list(state, rows);
	keys = palloc(sizeof(Datum) * state->n);
	ats = palloc(sizeof(Datum) * state->n);
	for (uint64 i = 0; i < state->n; i++)
	{
		keys[i] = Int64GetDatum(rows[i].key);
		ats[i] = TimestampTzGetDatum(rows[i].at);
	}
	result[0] = PointerGetDatum(construct_array(keys, (int) state->n, INT8OID, sizeof(int64), true, TYPALIGN_DOUBLE));
	result[1] = PointerGetDatum(construct_array(ats, (int) state->n, TIMESTAMPTZOID, sizeof(TimestampTz), true, TYPALIGN_DOUBLE));
	desc = lookup_rowtype_tupdesc(get_fn_expr_rettype(fcinfo->flinfo), -1);
	result[0] = HeapTupleGetDatum(heap_form_tuple(desc, result, nulls));
	ReleaseTupleDesc(desc);
	PG_RETURN_DATUM(result[0]);
}
