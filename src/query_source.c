/*
 * src/query_source.c
 *
 * Checks a query text and its columns, runs it into a DestReceiver of our own,
 * and turns its rows into batches of CrmRow (see query_source.h).
 *
 * Nothing that must outlive a row may be allocated while a row is received:
 * the executor's contexts are gone when it ends.
 */
#include "query_source.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "tcop/dest.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "core/fold.h"
#include "errors.h"
#include "history_datum.h"
#include "local_day.h"
#include "numeric_units.h"

typedef struct Receiver
{
	DestReceiver pub;
	CrmQuery   *query;
	bool		has_amount;
	Oid			types[3];		/* of key, day and amount */
	CrmLocalDay *zone;			/* for a timestamptz column */
	CrmRow		rows[CRM_BATCH_ROWS];
	int			nrows;
} Receiver;

/*
 * The text and its columns
 */
static void
refuse_text(CrmQuery *query, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_CRM_BAD_QUERY),
			 errmsg("%s needs the text of one SELECT", query->function),
			 errdetail_internal("%s", detail),
			 errhint("An example is: %s.",
					 query->example != NULL ? query->example : "SELECT customer_id, ordered_on, total FROM orders")));
}

static void
check_text(CrmQuery *query, SPIPlanPtr plan)
{
	List	   *sources = SPI_plan_get_plan_sources(plan);
	CachedPlanSource *source;

	if (list_length(sources) == 0)
		refuse_text(query, "The query text is empty.");
	if (list_length(sources) > 1)
		refuse_text(query, "The query text has more than one statement.");
	source = (CachedPlanSource *) linitial(sources);
	if (source->raw_parse_tree == NULL || !IsA(source->raw_parse_tree->stmt, SelectStmt) ||
		source->resultDesc == NULL)
		refuse_text(query, "The query text is another kind of statement.");
	if (linitial_node(Query, source->query_list)->hasModifyingCTE)
		refuse_text(query, "The query text changes data.");
	if (linitial_node(Query, source->query_list)->rowMarks != NIL)
		refuse_text(query, "The query text locks rows.");
}

void
crm_query_refuse_column(CrmQuery *query, TupleDesc desc, int column, const char *wanted, const char *hint)
{
	Form_pg_attribute attribute = TupleDescAttr(desc, column);

	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column %d (\"%s\") of the query of %s has the wrong type",
					column + 1, NameStr(attribute->attname), query->function),
			 errdetail("It is %s and must be %s.", format_type_be(attribute->atttypid), wanted),
			 errhint("%s", hint)));
}

CrmKeyKind
crm_key_kind(Oid type)
{
	switch (type)
	{
		case INT8OID:
			return CRM_KEY_INT64;
		case INT4OID:
			return CRM_KEY_INT32;
		case TEXTOID:
			return CRM_KEY_TEXT;
		case UUIDOID:
			return CRM_KEY_UUID;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INTERNAL_ERROR),
			 errmsg("no kind of key for type %u", type)));
	return CRM_KEY_ANY;
}

bool
crm_key_fits(CrmKeyKind kind, Oid type)
{
	switch (kind)
	{
		case CRM_KEY_INT64:
			return type == INT8OID || type == INT4OID || type == INT2OID;
		case CRM_KEY_INT32:
			return type == INT4OID || type == INT2OID;
		case CRM_KEY_TEXT:
			return type == TEXTOID || type == VARCHAROID;
		case CRM_KEY_UUID:
			return type == UUIDOID;
		case CRM_KEY_ANY:
			break;
	}
	return false;
}

bool
crm_key_kind_found(CrmKeyKind *kind, Oid type)
{
	static const CrmKeyKind kinds[] = {CRM_KEY_INT64, CRM_KEY_TEXT, CRM_KEY_UUID};

	for (size_t i = 0; i < lengthof(kinds) && *kind == CRM_KEY_ANY; i++)
	{
		if (crm_key_fits(kinds[i], type))
			*kind = kinds[i];
	}
	return *kind != CRM_KEY_ANY;
}

static void
check_columns(DestReceiver *self, TupleDesc desc)
{
	Receiver   *receiver = (Receiver *) self;
	CrmQuery   *query = receiver->query;
	int			least = query->amount_optional ? 2 : 3;

	if (desc->natts < least || desc->natts > 3)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the query of %s has the wrong number of columns", query->function),
				 errdetail("It has %d and must have %s.", desc->natts,
						   query->amount_optional ? "a key, a day and, if refunds are to be told from orders, an amount" :
						   "a key, a day and an amount")));
	for (int i = 0; i < desc->natts; i++)
		receiver->types[i] = getBaseType(TupleDescAttr(desc, i)->atttypid);
	receiver->has_amount = desc->natts == 3;

	if (query->key == CRM_KEY_ANY)
	{
		if (!crm_key_kind_found(&query->key, receiver->types[0]))
			crm_query_refuse_column(query, desc, 0, "bigint, integer, smallint, text, varchar or uuid",
									"Cast it, for example to text.");
	}
	else if (!crm_key_fits(query->key, receiver->types[0]))
	{
		switch (query->key)
		{
			case CRM_KEY_INT32:
				crm_query_refuse_column(query, desc, 0, "integer or smallint, as key_type is integer",
							  "Pass the key_type that fits, for example key_type => NULL::bigint, or cast the column.");
				break;
			case CRM_KEY_TEXT:
				crm_query_refuse_column(query, desc, 0, "text or varchar, as key_type is text",
							  "Pass the key_type that fits, for example key_type => NULL::bigint, or cast the column.");
				break;
			case CRM_KEY_UUID:
				crm_query_refuse_column(query, desc, 0, "uuid, as key_type is uuid",
							  "Pass the key_type that fits, for example key_type => NULL::text, or cast the column.");
				break;
			default:
				crm_query_refuse_column(query, desc, 0, "bigint, integer or smallint, as key_type is bigint",
							  "Pass the key_type that fits, for example key_type => NULL::text, or cast the column.");
		}
	}

	switch (receiver->types[1])
	{
		case DATEOID:
		case TIMESTAMPOID:
			break;
		case TIMESTAMPTZOID:
			if (query->time_zone == NULL)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("column 2 (\"%s\") of the query of %s needs a time zone",
								NameStr(TupleDescAttr(desc, 1)->attname), query->function),
						 errdetail("It is timestamp with time zone, and the day of an instant depends on the zone; that of the session is not taken."),
						 errhint("Pass one, for example time_zone => 'Asia/Shanghai', or cast the column to date.")));
			break;
		default:
			crm_query_refuse_column(query, desc, 1, "date, timestamp or timestamp with time zone",
						  "Cast it to date.");
	}
	if (receiver->has_amount)
	{
		switch (receiver->types[2])
		{
			case NUMERICOID:
			case INT8OID:
			case INT4OID:
			case INT2OID:
				break;
			default:
				crm_query_refuse_column(query, desc, 2, "numeric, bigint, integer or smallint",
							  "Amounts are exact: cast it, for example to numeric(18,2).");
		}
	}
}

/*
 * Rows
 */
static inline int32
date_of_timestamp(Timestamp t)
{
	int64		day = t / USECS_PER_DAY;

	return (int32) (t % USECS_PER_DAY < 0 ? day - 1 : day);
}

static void
hand_over(Receiver *receiver)
{
	int			n = receiver->nrows;

	receiver->nrows = 0;
	if (n > 0)
		receiver->query->consume(receiver->query->context, receiver->rows, n);
}

static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	Receiver   *receiver = (Receiver *) self;
	CrmQuery   *query = receiver->query;
	CrmRow	   *row = &receiver->rows[receiver->nrows];
	Datum		day;
	text	   *key = NULL;
	struct varlena *original = NULL;

	slot_getallattrs(slot);
	if (slot->tts_isnull[0] || slot->tts_isnull[1] || (receiver->has_amount && slot->tts_isnull[2]))
		return true;

	day = slot->tts_values[1];
	switch (receiver->types[1])
	{
		case DATEOID:
			row->day = DatumGetDateADT(day);
			break;
		case TIMESTAMPOID:
			if (TIMESTAMP_NOT_FINITE(DatumGetTimestamp(day)))
				row->day = DATEVAL_NOEND;
			else
				row->day = date_of_timestamp(DatumGetTimestamp(day));
			break;
		default:
			if (TIMESTAMP_NOT_FINITE(DatumGetTimestampTz(day)))
				row->day = DATEVAL_NOEND;
			else
				row->day = crm_local_day(receiver->zone, DatumGetTimestampTz(day));
	}
	if (row->day < CRM_FIRST_DAY || row->day > CRM_LAST_DAY)
		crm_check_day(row->day);
	if (query->has_last_day && row->day > query->last_day)
		return true;

	row->amount = 0;
	row->scale = 0;
	if (receiver->has_amount)
	{
		Datum		amount = slot->tts_values[2];

		switch (receiver->types[2])
		{
			case NUMERICOID:
				if (unlikely(crm_numeric_to_units(amount, &row->amount, &row->scale) != CRM_NUMERIC_FITS))
					crm_numeric_get_units(amount, "amount", &row->amount, &row->scale);
				break;
			case INT8OID:
				row->amount = DatumGetInt64(amount);
				break;
			case INT4OID:
				row->amount = DatumGetInt32(amount);
				break;
			default:
				row->amount = DatumGetInt16(amount);
		}
	}

	switch (receiver->types[0])
	{
		case INT8OID:
			row->number = (uint64) DatumGetInt64(slot->tts_values[0]);
			break;
		case INT4OID:
			row->number = (uint64) (int64) DatumGetInt32(slot->tts_values[0]);
			break;
		case INT2OID:
			row->number = (uint64) (int64) DatumGetInt16(slot->tts_values[0]);
			break;
		case UUIDOID:
			row->bytes = (const char *) DatumGetUUIDP(slot->tts_values[0]);
			row->length = UUID_LEN;
			break;
		default:
			original = (struct varlena *) DatumGetPointer(slot->tts_values[0]);
			key = (text *) pg_detoast_datum_packed(original);
			row->bytes = VARDATA_ANY(key);
			row->length = VARSIZE_ANY_EXHDR(key);
	}

	if (!crm_key_is_bytes(query->key))
	{
		row->hash = crm_mix64(row->number);
		if (++receiver->nrows == CRM_BATCH_ROWS)
			hand_over(receiver);
		return true;
	}

	/* bytes are valid in this call only, so such rows go one by one */
	if (row->length > CRM_KEY_BYTES_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a key of the query of %s is too long", query->function),
				 errdetail("It has %u bytes; at most %d are taken.", row->length, CRM_KEY_BYTES_MAX)));
	row->hash = crm_hash_bytes(row->bytes, row->length);
	receiver->nrows = 1;
	hand_over(receiver);
	if (key != NULL && (struct varlena *) key != original)
		pfree(key);
	return true;
}

/* once for the rows that come: between preparing and running, a function of the query may be replaced by another's DDL */
static void
startup(DestReceiver *self, int operation, TupleDesc typeinfo)
{
	check_columns(self, typeinfo);
}

static void
shutdown(DestReceiver *self)
{
}

static void
spi_failed(const char *call, int rc)
{
	ereport(ERROR,
			(errcode(ERRCODE_INTERNAL_ERROR),
			 errmsg("%s failed: %s", call, SPI_result_code_string(rc))));
}

void
crm_query_execute(CrmQuery *query, DestReceiver *receiver, CrmColumnCheck check)
{
	SPIExecuteOptions options;
	SPIPlanPtr	plan;
	int			rc;

	if ((rc = SPI_connect()) != SPI_OK_CONNECT)
		spi_failed("SPI_connect", rc);
	plan = SPI_prepare_cursor(query->text, 0, NULL, CURSOR_OPT_PARALLEL_OK);
	if (plan == NULL)
		refuse_text(query, "The query text is another kind of statement.");
	check_text(query, plan);
	check(receiver, ((CachedPlanSource *) linitial(SPI_plan_get_plan_sources(plan)))->resultDesc);

	memset(&options, 0, sizeof(options));
	options.read_only = true;
	options.must_return_tuples = true;
	options.dest = receiver;
	rc = SPI_execute_plan_extended(plan, &options);
	if (rc != SPI_OK_SELECT)
		spi_failed("SPI_execute_plan_extended", rc);
	SPI_finish();
}

void
crm_query_run(CrmQuery *query)
{
	Receiver   *receiver = palloc0(sizeof(Receiver));

	receiver->pub.receiveSlot = receive_row;
	receiver->pub.rStartup = startup;
	receiver->pub.rShutdown = shutdown;
	receiver->pub.rDestroy = shutdown;
	/* any kind but DestNone, which SPI takes for a result that nobody wants */
	receiver->pub.mydest = DestTuplestore;
	receiver->query = query;
	if (query->time_zone != NULL)
		receiver->zone = crm_local_day_zone(query->time_zone);
	crm_query_execute(query, &receiver->pub, check_columns);
	hand_over(receiver);
	pfree(receiver);
}
