/*
 * src/rfm_type.c
 *
 * Type rfm: three scores from 1 to 9, recency, frequency and monetary.
 *
 * Stored as an int2 passed by value: 545 is the number 545 (core/rfm.h), so
 * that values sort as their texts do.  Every way in refuses what is not three
 * digits from 1 to 9; the other functions rely on that.
 */
#include "compat.h"

#include "common/hashfn.h"
#include "fmgr.h"
#include "libpq/pqformat.h"

#include "core/rfm.h"

#define PG_GETARG_RFM(n)	PG_GETARG_INT16(n)
#define PG_RETURN_RFM(x)	PG_RETURN_INT16(x)

PG_FUNCTION_INFO_V1(crm_rfm_in);
PG_FUNCTION_INFO_V1(crm_rfm_out);
PG_FUNCTION_INFO_V1(crm_rfm_recv);
PG_FUNCTION_INFO_V1(crm_rfm_send);
PG_FUNCTION_INFO_V1(crm_rfm_eq);
PG_FUNCTION_INFO_V1(crm_rfm_ne);
PG_FUNCTION_INFO_V1(crm_rfm_lt);
PG_FUNCTION_INFO_V1(crm_rfm_le);
PG_FUNCTION_INFO_V1(crm_rfm_gt);
PG_FUNCTION_INFO_V1(crm_rfm_ge);
PG_FUNCTION_INFO_V1(crm_rfm_cmp);
PG_FUNCTION_INFO_V1(crm_rfm_hash);
PG_FUNCTION_INFO_V1(crm_rfm_hash_extended);
PG_FUNCTION_INFO_V1(crm_r_score);
PG_FUNCTION_INFO_V1(crm_f_score);
PG_FUNCTION_INFO_V1(crm_m_score);

static inline bool
is_score(char c)
{
	return c >= '1' && c <= '9';
}

Datum
crm_rfm_in(PG_FUNCTION_ARGS)
{
	const char *text = PG_GETARG_CSTRING(0);

	if (!is_score(text[0]) || !is_score(text[1]) || !is_score(text[2]) || text[3] != '\0')
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"", "rfm", text),
				 errdetail("An rfm value is three digits from 1 to 9: recency, frequency and monetary score.")));
	PG_RETURN_RFM(crm_rfm_pack(text[0] - '0', text[1] - '0', text[2] - '0'));
}

Datum
crm_rfm_out(PG_FUNCTION_ARGS)
{
	int16		rfm = PG_GETARG_RFM(0);
	char	   *text = palloc(4);

	text[0] = (char) ('0' + crm_rfm_r(rfm));
	text[1] = (char) ('0' + crm_rfm_f(rfm));
	text[2] = (char) ('0' + crm_rfm_m(rfm));
	text[3] = '\0';
	PG_RETURN_CSTRING(text);
}

/* the binary form is the number as an int2 in network order */
Datum
crm_rfm_recv(PG_FUNCTION_ARGS)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	int16		rfm = (int16) pq_getmsgint(message, sizeof(int16));

	if (!crm_rfm_is_valid(rfm))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary form of type %s", "rfm"),
				 errdetail("The number %d is not three digits from 1 to 9.", rfm)));
	PG_RETURN_RFM(rfm);
}

Datum
crm_rfm_send(PG_FUNCTION_ARGS)
{
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendint16(&message, (uint16) PG_GETARG_RFM(0));
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

#define COMPARISON(name, op) \
Datum \
crm_rfm_##name(PG_FUNCTION_ARGS) \
{ \
	PG_RETURN_BOOL(PG_GETARG_RFM(0) op PG_GETARG_RFM(1)); \
}

COMPARISON(eq, ==)
COMPARISON(ne, !=)
COMPARISON(lt, <)
COMPARISON(le, <=)
COMPARISON(gt, >)
COMPARISON(ge, >=)

Datum
crm_rfm_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32((int32) PG_GETARG_RFM(0) - (int32) PG_GETARG_RFM(1));
}

Datum
crm_rfm_hash(PG_FUNCTION_ARGS)
{
	return hash_uint32((uint32) PG_GETARG_RFM(0));
}

Datum
crm_rfm_hash_extended(PG_FUNCTION_ARGS)
{
	return hash_uint32_extended((uint32) PG_GETARG_RFM(0), (uint64) PG_GETARG_INT64(1));
}

Datum
crm_r_score(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(crm_rfm_r(PG_GETARG_RFM(0)));
}

Datum
crm_f_score(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(crm_rfm_f(PG_GETARG_RFM(0)));
}

Datum
crm_m_score(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(crm_rfm_m(PG_GETARG_RFM(0)));
}
