/*
 * src/ledger_earn.c
 *
 * Books what sales earn: one by a short path, many in one sorted pass.
 *
 * Which units a sale earns is decided elsewhere: while the rules are plain by
 * crm_earnings(), else, and in a transaction with a snapshot of its own, by
 * _sales_earn() or _rules_earn() of the schema.  All give the same event,
 * postings, lots and balances.
 * Accounts are touched in the order of member and asset.
 */
#include "ledger_engine.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "array_args.h"
#include "history_datum.h"
#include "ledger_rows.h"
#include "ledger_terms.h"
#include "numeric_units.h"

PG_FUNCTION_INFO_V1(crm_ledger_earn);
PG_FUNCTION_INFO_V1(crm_ledger_earn_sale);
PG_FUNCTION_INFO_V1(crm_ledger_note_purchase);

#define BATCH_ROWS		20000

/*
 * One sale
 */
static void
read_account(CrmEarning *earning)
{
	earning->account = DatumGetInt64(crm_ledger_value(SPI_tuptable, 0, 1));
	earning->arrears = DatumGetInt64(crm_ledger_value(SPI_tuptable, 0, 2));
	SPI_freetuptable(SPI_tuptable);
}

static void
open_account(CrmLedger *ledger, int64 member, TimestampTz at, CrmEarning *earning)
{
	Datum		values[] = {Int64GetDatum(member), Int16GetDatum(earning->asset), Int64GetDatum(earning->units), TimestampTzGetDatum(at)};

	(void) crm_ledger_run(ledger, CRM_SQL_OPEN_ACCOUNT, values, NULL);
	read_account(earning);
}

static void
credit_account(CrmLedger *ledger, int64 member, TimestampTz at, CrmEarning *earning)
{
	Datum		values[] = {Int64GetDatum(member), Int16GetDatum(earning->asset), Int64GetDatum(earning->units), TimestampTzGetDatum(at)};

	if (crm_ledger_run(ledger, CRM_SQL_CREDIT, values, NULL) == 0)
		open_account(ledger, member, at, earning);
	else
		read_account(earning);
}

/*
 * Most sales earn two assets: one statement credits both, in the order of
 * assets.  The second waits for the first where that is to be opened.
 */
static void
credit_pair(CrmLedger *ledger, int64 member, TimestampTz at, CrmEarning *e)
{
	Datum		values[] = {
		Int64GetDatum(member), Int16GetDatum(e[0].asset), Int64GetDatum(e[0].units), Int16GetDatum(e[1].asset), Int64GetDatum(e[1].units),
		TimestampTzGetDatum(at)
	};
	uint64		n = crm_ledger_run(ledger, CRM_SQL_CREDIT_PAIR, values, NULL);
	SPITupleTable *rows = SPI_tuptable;

	for (int i = 0; i < 2; i++)
	{
		bool		found = false;

		for (uint64 row = 0; row < n && !found; row++)
		{
			found = DatumGetInt16(crm_ledger_value(rows, row, 3)) == e[i].asset;
			if (found)
			{
				e[i].account = DatumGetInt64(crm_ledger_value(rows, row, 1));
				e[i].arrears = DatumGetInt64(crm_ledger_value(rows, row, 2));
			}
		}
		if (!found)
			credit_account(ledger, member, at, &e[i]);
	}
	SPI_freetuptable(rows);
}

static void
write_posting(CrmLedger *ledger, int64 event, int number, const CrmEarning *earning)
{
	Datum		values[] = {
		Int64GetDatum(event), Int16GetDatum((int16) number), Int16GetDatum(earning->asset),
		Int64GetDatum(crm_programme_account(earning->asset, CRM_ISSUED)), Int64GetDatum(earning->account),
		Int64GetDatum(earning->units), Int64GetDatum(earning->rule)
	};

	(void) crm_ledger_run(ledger, CRM_SQL_POSTING, values, NULL);
}

static void
write_lot(CrmLedger *ledger, int64 event, int number, const CrmEarning *earning)
{
	Datum		values[] = {
		Int64GetDatum(event), Int16GetDatum((int16) number), Int64GetDatum(earning->account), Int64GetDatum(earning->units),
		TimestampTzGetDatum(earning->available_from), TimestampTzGetDatum(earning->expires_at)
	};

	(void) crm_ledger_run(ledger, CRM_SQL_LOT, values, NULL);
}

static int64
write_event(CrmLedger *ledger, int64 member, int64 sale, TimestampTz occurred_at)
{
	int64		event;

	if (!crm_append_event(ledger, member, sale, occurred_at, &event))
	{
		Datum		values[] = {Int64GetDatum(member), Int64GetDatum(sale), TimestampTzGetDatum(occurred_at)};

		(void) crm_ledger_run(ledger, CRM_SQL_EVENT, values, NULL);
		event = DatumGetInt64(crm_ledger_value(SPI_tuptable, 0, 1));
		SPI_freetuptable(SPI_tuptable);
	}
	return event;
}

/* books what an event earns: accounts, postings, lots, arrears */
static void
book_earnings(CrmLedger *ledger, int64 member, TimestampTz at, int64 event, CrmEarning *earnings, int n)
{
	if (n == 2)
		credit_pair(ledger, member, at, earnings);
	else
	{
		for (int i = 0; i < n; i++)
			credit_account(ledger, member, at, &earnings[i]);
	}
	if (!crm_append_earnings(ledger, event, earnings, n))
	{
		for (int i = 0; i < n; i++)
		{
			write_posting(ledger, event, i + 1, &earnings[i]);
			if (crm_asset_has_lots(ledger, earnings[i].asset))
				write_lot(ledger, event, i + 1, &earnings[i]);
		}
	}
	for (int i = 0; i < n; i++)
	{
		if (earnings[i].arrears > 0 && crm_asset_has_lots(ledger, earnings[i].asset))
			crm_arrears_settle(ledger, earnings[i].account, event, earnings[i].arrears);
	}
}

/* ledger_earn_sale(schema_name text, sale_id bigint, member_id bigint, source_id integer, occurred_at timestamptz, net_spend numeric) returns bigint */
Datum
crm_ledger_earn_sale(PG_FUNCTION_ARGS)
{
	int64		sale = PG_GETARG_INT64(1);
	int64		member = PG_GETARG_INT64(2);
	TimestampTz occurred_at = PG_GETARG_TIMESTAMPTZ(4);
	int			guc_level;
	CrmLedger  *ledger = crm_ledger_begin(PG_GETARG_TEXT_PP(0), &guc_level);
	CrmEarning	earnings[CRM_MOST_ASSETS];
	int			n = crm_earnings(ledger, PG_GETARG_INT32(3), occurred_at, PG_GETARG_DATUM(5), earnings);
	int64		event = 0;

	if (n > 0)
	{
		event = write_event(ledger, member, sale, occurred_at);
		book_earnings(ledger, member, occurred_at, event, earnings, n);
	}
	crm_ledger_end(guc_level);
	if (n == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(n == CRM_ASK_RULES ? 0 : event);
}

/* ledger_note_purchase(schema_name text, member_id bigint, occurred_at timestamptz, net_spend numeric) returns boolean */
Datum
crm_ledger_note_purchase(PG_FUNCTION_ARGS)
{
	int64		member = PG_GETARG_INT64(1);
	int			guc_level;
	CrmLedger  *ledger = crm_ledger_begin(PG_GETARG_TEXT_PP(0), &guc_level);
	CrmHistoryDay day;
	int			scale;
	bool		known;
	Datum		values[2];

	day.day = crm_local_day(ledger->zone, PG_GETARG_TIMESTAMPTZ(2));
	crm_check_day(day.day);
	crm_numeric_get_units(PG_GETARG_DATUM(3), "amount", &day.amount, &scale);
	day.orders = day.amount >= 0;
	values[0] = Int64GetDatum(member);
	values[1] = crm_history_form(&day, 1, scale);
	known = crm_ledger_run(ledger, CRM_SQL_HISTORY, values, NULL) > 0;
	if (!known)
		(void) crm_ledger_run(ledger, CRM_SQL_HISTORY_NEW, values, NULL);
	crm_ledger_end(guc_level);
	PG_RETURN_BOOL(known);
}

/*
 * Many sales, or what SQL says that they earn, in the order of members, a batch at a time
 */
typedef struct Batch
{
	int			n;				/* earnings */
	int64	   *sale;
	int64	   *member;
	TimestampTz *occurred_at;
	Datum	   *explanation;
	bool	   *unexplained;
	CrmEarning    *earnings;
	int		   *event_of;		/* index of the event of an earning */
	int			nevents;
	int64	   *events;
	int		   *number;			/* of the posting in its event */
	MemoryContext context;		/* what lives as long as the batch is not booked */
} Batch;

static Batch *
new_batch(void)
{
	Batch	   *b = palloc0(sizeof(Batch));

	b->sale = palloc(sizeof(int64) * BATCH_ROWS);
	b->member = palloc(sizeof(int64) * BATCH_ROWS);
	b->occurred_at = palloc(sizeof(TimestampTz) * BATCH_ROWS);
	b->explanation = palloc(sizeof(Datum) * BATCH_ROWS);
	b->unexplained = palloc(sizeof(bool) * BATCH_ROWS);
	b->earnings = palloc(sizeof(CrmEarning) * BATCH_ROWS);
	b->event_of = palloc(sizeof(int) * BATCH_ROWS);
	b->events = palloc(sizeof(int64) * BATCH_ROWS);
	b->number = palloc(sizeof(int) * BATCH_ROWS);
	b->context = AllocSetContextCreate(CurrentMemoryContext, "crm ledger batch", ALLOCSET_DEFAULT_SIZES);
	return b;
}

static Datum
array_of(Datum *values, int n, Oid type, int length)
{
	return PointerGetDatum(construct_array(values, n, type, length, true, length == 8 ? TYPALIGN_DOUBLE : TYPALIGN_SHORT));
}

static void
write_events(CrmLedger *ledger, Batch *b)
{
	Datum	   *member = palloc(sizeof(Datum) * b->n);
	Datum	   *sale = palloc(sizeof(Datum) * b->n);
	Datum	   *at = palloc(sizeof(Datum) * b->n);
	Datum	   *detail = palloc(sizeof(Datum) * b->n);
	bool	   *nodetail = palloc(sizeof(bool) * b->n);
	int			length[] = {0};
	int			first[] = {1};
	Datum		values[4];

	b->nevents = 0;
	for (int i = 0; i < b->n; i++)
	{
		bool		same = i > 0 && b->sale[i] == b->sale[i - 1];
		int			e = same ? b->nevents - 1 : b->nevents++;

		b->event_of[i] = e;
		b->number[i] = same ? b->number[i - 1] + 1 : 1;
		if (same)
			continue;
		member[e] = Int64GetDatum(b->member[i]);
		sale[e] = Int64GetDatum(b->sale[i]);
		at[e] = TimestampTzGetDatum(b->occurred_at[i]);
		detail[e] = b->explanation[i];
		nodetail[e] = b->unexplained[i];
	}
	length[0] = b->nevents;
	values[0] = array_of(member, b->nevents, INT8OID, 8);
	values[1] = array_of(sale, b->nevents, INT8OID, 8);
	values[2] = array_of(at, b->nevents, TIMESTAMPTZOID, 8);
	values[3] = PointerGetDatum(construct_md_array(detail, nodetail, 1, length, first, JSONBOID, -1, false, TYPALIGN_INT));
	if (crm_ledger_run(ledger, CRM_SQL_EVENTS, values, NULL) != (uint64) b->nevents)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("events of sales were not written")));
	for (int e = 0; e < b->nevents; e++)
		b->events[e] = DatumGetInt64(crm_ledger_value(SPI_tuptable, e, 1));
	SPI_freetuptable(SPI_tuptable);
}

static int
compare_place(const void *left, const void *right, void *batch)
{
	const Batch *b = batch;
	int			i = *(const int *) left;
	int			j = *(const int *) right;

	if (b->member[i] != b->member[j])
		return b->member[i] < b->member[j] ? -1 : 1;
	if (b->earnings[i].asset != b->earnings[j].asset)
		return b->earnings[i].asset < b->earnings[j].asset ? -1 : 1;
	return i < j ? -1 : i > j;
}

/* credits each account of the batch once */
static void
credit_accounts(CrmLedger *ledger, Batch *b)
{
	int		   *order = palloc(sizeof(int) * b->n);
	Datum	   *member = palloc(sizeof(Datum) * b->n);
	Datum	   *asset = palloc(sizeof(Datum) * b->n);
	Datum	   *units = palloc(sizeof(Datum) * b->n);
	Datum	   *at = palloc(sizeof(Datum) * b->n);
	int			n = 0;
	int			k = 0;
	Datum		values[4];

	for (int i = 0; i < b->n; i++)
		order[i] = i;
	qsort_arg(order, b->n, sizeof(int), compare_place, b);
	for (int i = 0; i < b->n; i++)
	{
		const CrmEarning *e = &b->earnings[order[i]];
		TimestampTz occurred_at = b->occurred_at[order[i]];
		int64		sum = e->units;

		if (n > 0 && DatumGetInt64(member[n - 1]) == b->member[order[i]] && DatumGetInt16(asset[n - 1]) == e->asset)
		{
			if (pg_add_s64_overflow(DatumGetInt64(units[n - 1]), e->units, &sum))
				ereport(ERROR,
						(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						 errmsg("bigint out of range")));
			units[n - 1] = Int64GetDatum(sum);
			at[n - 1] = TimestampTzGetDatum(Max(DatumGetTimestampTz(at[n - 1]), occurred_at));
			continue;
		}
		member[n] = Int64GetDatum(b->member[order[i]]);
		asset[n] = Int16GetDatum(e->asset);
		units[n] = Int64GetDatum(sum);
		at[n++] = TimestampTzGetDatum(occurred_at);
	}
	values[0] = array_of(member, n, INT8OID, 8);
	values[1] = array_of(asset, n, INT2OID, 2);
	values[2] = array_of(units, n, INT8OID, 8);
	values[3] = array_of(at, n, TIMESTAMPTZOID, 8);
	(void) crm_ledger_run(ledger, CRM_SQL_ACCOUNTS, values, NULL);
	for (int i = 0; i < b->n; i++)
	{
		CrmEarning    *e = &b->earnings[order[i]];

		while (k < n && (DatumGetInt64(crm_ledger_value(SPI_tuptable, k, 3)) != b->member[order[i]] ||
						 DatumGetInt16(crm_ledger_value(SPI_tuptable, k, 4)) != e->asset))
			k++;
		if (k == n)
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR),
					 errmsg("accounts were not credited in order")));
		e->account = DatumGetInt64(crm_ledger_value(SPI_tuptable, k, 1));
		e->arrears = DatumGetInt64(crm_ledger_value(SPI_tuptable, k, 2));
	}
	SPI_freetuptable(SPI_tuptable);
}

static void
write_postings(CrmLedger *ledger, Batch *b)
{
	Datum	   *column[7];
	Datum		values[7];
	static const Oid types[] = {INT8OID, INT2OID, INT2OID, INT8OID, INT8OID, INT8OID, INT8OID};

	for (int c = 0; c < 7; c++)
		column[c] = palloc(sizeof(Datum) * b->n);
	for (int i = 0; i < b->n; i++)
	{
		const CrmEarning *e = &b->earnings[i];

		column[0][i] = Int64GetDatum(b->events[b->event_of[i]]);
		column[1][i] = Int16GetDatum((int16) b->number[i]);
		column[2][i] = Int16GetDatum(e->asset);
		column[3][i] = Int64GetDatum(crm_programme_account(e->asset, CRM_ISSUED));
		column[4][i] = Int64GetDatum(e->account);
		column[5][i] = Int64GetDatum(e->units);
		column[6][i] = Int64GetDatum(e->rule);
	}
	for (int c = 0; c < 7; c++)
		values[c] = array_of(column[c], b->n, types[c], types[c] == INT2OID ? 2 : 8);
	(void) crm_ledger_run(ledger, CRM_SQL_POSTINGS, values, NULL);
}

static void
write_lots(CrmLedger *ledger, Batch *b)
{
	Datum	   *column[6];
	Datum		values[6];
	int			n = 0;
	static const Oid types[] = {INT8OID, INT2OID, INT8OID, INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID};

	for (int c = 0; c < 6; c++)
		column[c] = palloc(sizeof(Datum) * b->n);
	for (int i = 0; i < b->n; i++)
	{
		const CrmEarning *e = &b->earnings[i];

		if (!crm_asset_has_lots(ledger, e->asset))
			continue;
		column[0][n] = Int64GetDatum(b->events[b->event_of[i]]);
		column[1][n] = Int16GetDatum((int16) b->number[i]);
		column[2][n] = Int64GetDatum(e->account);
		column[3][n] = Int64GetDatum(e->units);
		column[4][n] = TimestampTzGetDatum(e->available_from);
		column[5][n++] = TimestampTzGetDatum(e->expires_at);
	}
	if (n == 0)
		return;
	for (int c = 0; c < 6; c++)
		values[c] = array_of(column[c], n, types[c], types[c] == INT2OID ? 2 : 8);
	(void) crm_ledger_run(ledger, CRM_SQL_LOTS, values, NULL);
}

/* writes events, postings and lots without a plan; false where statements have to do it */
static bool
append_batch(CrmLedger *ledger, Batch *b)
{
	CrmBooks	books;

	if (!crm_books_open(ledger, &books))
		return false;
	b->nevents = 0;
	for (int i = 0, n; i < b->n; i += n)
	{
		CrmEvent	event = {.kind = "earn", .member = b->member[i], .sale = b->sale[i], .at = b->occurred_at[i]};

		CHECK_FOR_INTERRUPTS();
		if (!b->unexplained[i])
			event.detail = DatumGetJsonbP(b->explanation[i]);
		event.id = crm_next_event(ledger);
		crm_write_event(&books.events, &event);
		for (n = 0; i + n < b->n && b->sale[i + n] == b->sale[i]; n++)
			b->event_of[i + n] = b->nevents;
		crm_write_earnings(ledger, &books.postings, &books.lots, event.id, &b->earnings[i], n);
		b->events[b->nevents++] = event.id;
	}
	crm_books_close(&books);
	return true;
}

/* writes what the batch holds, empties it and answers the number of events */
static int
book_batch(CrmLedger *ledger, Batch *b)
{
	MemoryContext outer;

	if (b->n == 0)
		return 0;
	outer = MemoryContextSwitchTo(b->context);
	credit_accounts(ledger, b);
	if (!append_batch(ledger, b))
	{
		write_events(ledger, b);
		write_postings(ledger, b);
		write_lots(ledger, b);
	}
	/* accounts with arrears are few: one by one, in the order of the sales */
	for (int i = 0; i < b->n; i++)
	{
		const CrmEarning *e = &b->earnings[i];

		if (e->arrears > 0 && crm_asset_has_lots(ledger, e->asset))
			crm_arrears_settle(ledger, e->account, b->events[b->event_of[i]], crm_arrears_of(ledger, e->account));
	}
	MemoryContextSwitchTo(outer);
	MemoryContextReset(b->context);
	b->n = 0;
	return b->nevents;
}

static void
read_earning(Batch *b, SPITupleTable *rows, uint64 row)
{
	int			i = b->n++;
	CrmEarning    *e = &b->earnings[i];

	b->member[i] = DatumGetInt64(crm_ledger_value(rows, row, 1));
	b->occurred_at[i] = DatumGetTimestampTz(crm_ledger_value(rows, row, 2));
	b->sale[i] = DatumGetInt64(crm_ledger_value(rows, row, 3));
	e->asset = DatumGetInt16(crm_ledger_value(rows, row, 4));
	e->units = DatumGetInt64(crm_ledger_value(rows, row, 5));
	e->rule = DatumGetInt64(crm_ledger_value(rows, row, 6));
	e->available_from = DatumGetTimestampTz(crm_ledger_value(rows, row, 7));
	e->expires_at = DatumGetTimestampTz(crm_ledger_value(rows, row, 8));
	b->explanation[i] = SPI_getbinval(rows->vals[row], rows->tupdesc, 9, &b->unexplained[i]);
	if (!b->unexplained[i])
	{
		MemoryContext outer = MemoryContextSwitchTo(b->context);

		b->explanation[i] = PointerGetDatum(DatumGetJsonbPCopy(b->explanation[i]));
		MemoryContextSwitchTo(outer);
	}
}

/* what a sale earns by plain rules; that its source accrues was asked by who calls */
static void
add_sale(CrmLedger *ledger, Batch *b, SPITupleTable *rows, uint64 row)
{
	CrmEarning	earnings[CRM_MOST_ASSETS];
	TimestampTz at = DatumGetTimestampTz(crm_ledger_value(rows, row, 2));
	MemoryContext outer = MemoryContextSwitchTo(b->context);
	int			n = crm_earnings(ledger, 0, at, crm_ledger_value(rows, row, 4), earnings);

	MemoryContextSwitchTo(outer);
	if (n == CRM_ASK_RULES)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("rules of earning were changed while sales were accrued"),
				 errhint("Repeat the transaction.")));
	for (int i = 0; i < n; i++)
	{
		b->member[b->n] = DatumGetInt64(crm_ledger_value(rows, row, 1));
		b->occurred_at[b->n] = at;
		b->sale[b->n] = DatumGetInt64(crm_ledger_value(rows, row, 3));
		b->unexplained[b->n] = true;
		b->earnings[b->n++] = earnings[i];
	}
}

/* ledger_earn(schema_name text, sale_ids bigint[], by_rules boolean) returns bigint: the number of events */
Datum
crm_ledger_earn(PG_FUNCTION_ARGS)
{
	int			guc_level;
	CrmLedger  *ledger = crm_ledger_begin(PG_GETARG_TEXT_PP(0), &guc_level);
	Datum		values[] = {PG_GETARG_DATUM(1)};
	bool		plain = !PG_GETARG_BOOL(2) && crm_terms_are_plain(ledger);
	CrmLedgerStatement statement = plain ? CRM_SQL_SALES : PG_GETARG_BOOL(2) ? CRM_SQL_EARNINGS_BY_RULES : CRM_SQL_EARNINGS;
	Portal		portal = SPI_cursor_open(NULL, crm_ledger_plan(ledger, statement), values, NULL, false);
	Batch	   *batch = new_batch();
	int64		events = 0;
	bool		more;

	do
	{
		SPITupleTable *rows;

		SPI_cursor_fetch(portal, true, BATCH_ROWS);
		rows = SPI_tuptable;
		more = SPI_processed > 0;
		for (uint64 row = 0, n = SPI_processed; row < n; row++)
		{
			/* what one sale earns is booked together */
			if (batch->n > BATCH_ROWS - CRM_MOST_ASSETS && batch->sale[batch->n - 1] != DatumGetInt64(crm_ledger_value(rows, row, 3)))
				events += book_batch(ledger, batch);
			if (batch->n == BATCH_ROWS)
				crm_refuse_assets();
			if (plain)
				add_sale(ledger, batch, rows, row);
			else
				read_earning(batch, rows, row);
		}
		SPI_freetuptable(rows);
		CHECK_FOR_INTERRUPTS();
	} while (more);
	events += book_batch(ledger, batch);
	SPI_cursor_close(portal);
	crm_ledger_end(guc_level);
	PG_RETURN_INT64(events);
}
