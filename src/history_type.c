/*
 * src/history_type.c
 *
 * The type purchase_history: text and binary form, equality and hash, + and -.
 *
 * Binary form, network byte order: int8 version 1, int8 scale, int32 n, then n
 * times int32 day, int32 orders, int64 amount.
 */
#include "history_datum.h"

#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "core/hash.h"
#include "errors.h"

#define WIRE_VERSION 1
#define WIRE_DAY_BYTES 16

/*
 * Values
 */
CrmHistoryState *
crm_history_get_state(struct varlena *value)
{
	CrmHistoryState *state = (CrmHistoryState *) value;

	if (VARSIZE(value) <= VARHDRSZ || state->form == CRM_HISTORY_PACKED)
		return NULL;
	if (!crm_history_state_valid(state, VARSIZE(value)))
		crm_history_check(CRM_HISTORY_CORRUPT);
	return state;
}

Datum
crm_history_form_state(const CrmHistoryState *state)
{
	CrmHistoryDay few[16];
	CrmHistoryDay *days = few;
	size_t		n;
	Datum		result;

	if (state->used > lengthof(few))
		days = palloc_extended(state->used * sizeof(CrmHistoryDay), MCXT_ALLOC_HUGE);
	crm_history_state_days(state, days);
	crm_history_check(crm_history_settle(days, state->used, &n));
	result = crm_history_form(days, n, state->scale);
	if (days != few)
		pfree(days);
	return result;
}

CrmHistoryReader
crm_history_open(Datum value, struct varlena **copy)
{
	struct varlena *stored = (struct varlena *) DatumGetPointer(value);
	struct varlena *packed = pg_detoast_datum_packed(stored);
	CrmHistoryReader reader;

	if (VARSIZE_ANY_EXHDR(packed) > 0 && *(uint8 *) VARDATA_ANY(packed) != CRM_HISTORY_PACKED)
	{
		/* the open form needs its alignment back, so no short header */
		CrmHistoryState *state = crm_history_get_state(pg_detoast_datum(packed));

		packed = (struct varlena *) DatumGetPointer(crm_history_form_state(state));
	}
	crm_history_read(&reader, (uint8 *) VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed));
	crm_history_check(reader.status);
	*copy = packed == stored ? NULL : packed;
	return reader;
}

void
crm_history_close(struct varlena *copy)
{
	if (copy != NULL)
		pfree(copy);
}

CrmHistoryReader
crm_history_get(Datum value)
{
	struct varlena *copy;

	return crm_history_open(value, &copy);
}

CrmHistoryDay *
crm_history_get_days(CrmHistoryReader reader)
{
	CrmHistoryDay *days = palloc_extended(Max(reader.left, 1) * sizeof(CrmHistoryDay), MCXT_ALLOC_HUGE);

	crm_history_check(crm_history_unpack(&reader, days));
	return days;
}

Datum
crm_history_form(const CrmHistoryDay *days, size_t n, int scale)
{
	uint8		small[512];
	size_t		bound = crm_history_pack_bound(n);
	uint8	   *scratch = bound <= sizeof(small) ? small : palloc_extended(bound, MCXT_ALLOC_HUGE);
	size_t		length = crm_history_pack(days, n, scale, scratch);
	struct varlena *result;

	if (length > MaxAllocSize - VARHDRSZ)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("purchase history too large"),
				 errdetail("It has %zu days and would take more than 1 GB.", n)));
	result = palloc(length + VARHDRSZ);
	SET_VARSIZE(result, length + VARHDRSZ);
	memcpy(VARDATA(result), scratch, length);
	if (scratch != small)
		pfree(scratch);
	return PointerGetDatum(result);
}

void
crm_history_check(CrmHistoryStatus status)
{
	switch (status)
	{
		case CRM_HISTORY_OK:
			return;
		case CRM_HISTORY_AMOUNT_RANGE:
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("amount of a purchase history out of range"),
					 errdetail("The net amount of a day has at most 18 digits at the largest scale that occurs in the history."),
					 errhint("Round amounts to one scale first, for example with round(amount, 2).")));
			break;
		case CRM_HISTORY_ORDERS_RANGE:
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("orders of a purchase history out of range"),
					 errdetail("A day has at most 2147483647 orders.")));
			break;
		case CRM_HISTORY_UNDERFLOW:
			ereport(ERROR,
					(errcode(ERRCODE_CRM_HISTORY_UNDERFLOW),
					 errmsg("purchase history does not contain what is to be taken out of it"),
					 errdetail("A day of the right operand has more orders than the same day of the left one.")));
			break;
		case CRM_HISTORY_FULL:
		case CRM_HISTORY_CORRUPT:
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("stored purchase history is corrupt"),
					 errhint("Build it again from the orders.")));
	}
}

void
crm_check_day(int32 day)
{
	if (day < CRM_FIRST_DAY || day > CRM_LAST_DAY)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_FIELD_OVERFLOW),
				 errmsg("day of a purchase out of range"),
				 errdetail("Days are from 0001-01-01 to 9999-12-31.")));
}

/*
 * Text form
 */
PG_FUNCTION_INFO_V1(crm_purchase_history_in);
Datum
crm_purchase_history_in(PG_FUNCTION_ARGS)
{
	char	   *text = PG_GETARG_CSTRING(0);
	size_t		length = strlen(text);
	size_t		bound = crm_history_parse_bound(text, length);
	CrmHistoryDay *days;
	CrmHistoryParse fault;
	CrmHistoryStatus status;
	size_t		n;
	int			scale;

	/* as many as a history can have days: memory and the time until the next look at interrupts stay bounded */
	if (bound > CRM_ALL_DAYS)
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("text of a purchase history has too many entries"),
				 errdetail("There are up to %zu; at most %d are taken.", bound, CRM_ALL_DAYS)));
	days = palloc(bound * sizeof(CrmHistoryDay));
	switch (crm_history_parse(text, length, days, &n, &scale, &fault))
	{
		case CRM_PARSE_OK:
			break;
		case CRM_PARSE_SYNTAX:
			ereturn(fcinfo->context, (Datum) 0,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("invalid input syntax for type purchase_history"),
					 errdetail("Expected %s at character %d.", fault.expected,
							   pg_mbstrlen_with_len(text, (int) fault.position) + 1),
					 errhint("The form is {day:orders:amount,...}, for example {2024-01-05:1:35.00}.")));
		case CRM_PARSE_DAY_RANGE:
			ereturn(fcinfo->context, (Datum) 0,
					(errcode(ERRCODE_DATETIME_FIELD_OVERFLOW),
					 errmsg("day of a purchase out of range"),
					 errdetail("The date at character %d does not exist or is not from 0001-01-01 to 9999-12-31.",
							   (int) fault.position + 1)));
		case CRM_PARSE_AMOUNT_RANGE:
			ereturn(fcinfo->context, (Datum) 0,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("amount of a purchase history out of range"),
					 errdetail("The amount at character %d does not fit 18 digits at the largest scale of the text.",
							   (int) fault.position + 1)));
		case CRM_PARSE_ORDERS_RANGE:
			ereturn(fcinfo->context, (Datum) 0,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("orders of a purchase history out of range"),
					 errdetail("The number at character %d is larger than 2147483647.",
							   (int) fault.position + 1)));
	}
	status = crm_history_settle(days, n, &n);
	if (status == CRM_HISTORY_AMOUNT_RANGE)
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("amount of a purchase history out of range"),
				 errdetail("The amounts of one day add up to more than 18 digits.")));
	if (status == CRM_HISTORY_ORDERS_RANGE)
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("orders of a purchase history out of range"),
				 errdetail("The orders of one day add up to more than 2147483647.")));
	PG_RETURN_DATUM(crm_history_form(days, n, scale));
}

PG_FUNCTION_INFO_V1(crm_purchase_history_out);
Datum
crm_purchase_history_out(PG_FUNCTION_ARGS)
{
	CrmHistoryReader reader = PG_GETARG_HISTORY(0);
	size_t		bound = crm_history_print_bound(reader.left);
	char	   *result;

	if (bound > MaxAllocSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("purchase history too large for its text form"),
				 errhint("Read it in parts with between_days.")));
	result = palloc(bound);
	crm_history_check(crm_history_print(reader, result));
	PG_RETURN_CSTRING(result);
}

/*
 * Binary form
 */
static void
bad_wire(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("invalid binary form of a purchase history"),
			 errdetail_internal("%s", detail)));
}

PG_FUNCTION_INFO_V1(crm_purchase_history_recv);
Datum
crm_purchase_history_recv(PG_FUNCTION_ARGS)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	int			version = pq_getmsgbyte(message);
	int			scale = pq_getmsgbyte(message);
	uint32		n = pq_getmsgint(message, 4);
	CrmHistoryDay *days;

	if (version != WIRE_VERSION)
		bad_wire("The version is not 1.");
	if (scale > CRM_MAX_SCALE || (n == 0 && scale != 0))
		bad_wire("The scale is out of range.");
	if ((uint64) n * WIRE_DAY_BYTES != (uint64) (message->len - message->cursor))
		bad_wire("The number of days does not agree with the length of the message.");
	days = palloc_extended(Max(n, 1) * sizeof(CrmHistoryDay), MCXT_ALLOC_HUGE);
	for (uint32 i = 0; i < n; i++)
	{
		days[i].day = (int32) pq_getmsgint(message, 4);
		days[i].orders = (int32) pq_getmsgint(message, 4);
		days[i].amount = pq_getmsgint64(message);
		if (days[i].day < CRM_FIRST_DAY || days[i].day > CRM_LAST_DAY)
			bad_wire("A day is out of range.");
		if (i > 0 && days[i].day <= days[i - 1].day)
			bad_wire("The days do not ascend.");
		if (days[i].orders < 0 || (days[i].orders == 0 && days[i].amount == 0))
			bad_wire("A day has no order and no amount, or a negative number of orders.");
	}
	PG_RETURN_DATUM(crm_history_form(days, n, scale));
}

PG_FUNCTION_INFO_V1(crm_purchase_history_send);
Datum
crm_purchase_history_send(PG_FUNCTION_ARGS)
{
	CrmHistoryReader reader = PG_GETARG_HISTORY(0);
	CrmHistoryDay day;
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendbyte(&message, WIRE_VERSION);
	pq_sendbyte(&message, reader.scale);
	pq_sendint32(&message, reader.left);
	while (crm_history_next(&reader, &day))
	{
		pq_sendint32(&message, day.day);
		pq_sendint32(&message, day.orders);
		pq_sendint64(&message, day.amount);
	}
	crm_history_check(reader.status);
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/*
 * Equality and hash
 */
static bool
same_history(FunctionCallInfo fcinfo)
{
	struct varlena *copy_a;
	struct varlena *copy_b;
	CrmHistoryReader a = crm_history_open(PG_GETARG_DATUM(0), &copy_a);
	CrmHistoryReader b = crm_history_open(PG_GETARG_DATUM(1), &copy_b);
	bool		result = crm_history_equal(a, b);

	crm_history_close(copy_a);
	crm_history_close(copy_b);
	return result;
}

PG_FUNCTION_INFO_V1(crm_purchase_history_eq);
Datum
crm_purchase_history_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(same_history(fcinfo));
}

PG_FUNCTION_INFO_V1(crm_purchase_history_ne);
Datum
crm_purchase_history_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!same_history(fcinfo));
}

/* what equality does not see, trailing zeros that all amounts share, is left out of the hash */
static uint64
hash_history(Datum value, uint64 hash)
{
	struct varlena *copy;
	CrmHistoryReader reader = crm_history_open(value, &copy);
	int			idle = crm_history_idle_decimals(reader);
	CrmHistoryDay day;

	hash = crm_hash_word(hash, (uint64) (reader.scale - idle));
	while (crm_history_next(&reader, &day))
	{
		hash = crm_hash_word(hash, (uint64) (uint32) day.day << 32 | (uint32) day.orders);
		hash = crm_hash_word(hash, (uint64) (day.amount / crm_pow10[idle]));
	}
	crm_history_check(reader.status);
	crm_history_close(copy);
	return hash;
}

PG_FUNCTION_INFO_V1(crm_purchase_history_hash);
Datum
crm_purchase_history_hash(PG_FUNCTION_ARGS)
{
	uint64		hash = hash_history(PG_GETARG_DATUM(0), 0);

	PG_RETURN_UINT32((uint32) (hash ^ hash >> 32));
}

/* a seed of 0 gives the low 32 bits of the function above, as hash opclasses must */
PG_FUNCTION_INFO_V1(crm_purchase_history_hash_extended);
Datum
crm_purchase_history_hash_extended(PG_FUNCTION_ARGS)
{
	uint64		seed = (uint64) PG_GETARG_INT64(1);
	uint64		hash = hash_history(PG_GETARG_DATUM(0), seed);

	PG_RETURN_UINT64((hash & UINT64CONST(0xFFFFFFFF00000000)) | (uint32) (hash ^ hash >> 32));
}

/*
 * Sum and difference
 */
static Datum
combine(FunctionCallInfo fcinfo, int sign)
{
	CrmHistoryReader a = PG_GETARG_HISTORY(0);
	CrmHistoryReader b = PG_GETARG_HISTORY(1);
	int			scale = Max(a.scale, b.scale);
	CrmHistoryDay *days_a = crm_history_get_days(a);
	CrmHistoryDay *days_b = crm_history_get_days(b);
	CrmHistoryDay *result = palloc_extended(Max(a.left + (size_t) b.left, 1) * sizeof(CrmHistoryDay), MCXT_ALLOC_HUGE);
	size_t		n;

	crm_history_check(crm_history_rescale(days_a, a.left, a.scale, scale));
	crm_history_check(crm_history_rescale(days_b, b.left, b.scale, scale));
	crm_history_check(crm_history_combine(days_a, a.left, days_b, b.left, sign, result, &n));
	return crm_history_form(result, n, scale);
}

PG_FUNCTION_INFO_V1(crm_purchase_history_add);
Datum
crm_purchase_history_add(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(combine(fcinfo, 1));
}

PG_FUNCTION_INFO_V1(crm_purchase_history_subtract);
Datum
crm_purchase_history_subtract(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(combine(fcinfo, -1));
}
