/*
 * src/ledger_lots.c
 *
 * Debits and undoings of an account: which lots they move, and arrears.
 *
 * The caller holds the lock of the account and writes the posting; what is
 * written here is the running sums of lot and account and the rows of lot_use.
 */
#include "ledger_engine.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(crm_ledger_take);
PG_FUNCTION_INFO_V1(crm_ledger_give_back);

/* the lots that the last statement found */
static CrmLot *
read_lots(uint64 n)
{
	CrmLot	   *lots = palloc(sizeof(CrmLot) * Max(n, 1));

	for (uint64 i = 0; i < n; i++)
	{
		lots[i].event_id = DatumGetInt64(crm_ledger_value(SPI_tuptable, i, 1));
		lots[i].lot_no = DatumGetInt16(crm_ledger_value(SPI_tuptable, i, 2));
		lots[i].left = DatumGetInt64(crm_ledger_value(SPI_tuptable, i, 3));
		lots[i].available_from = DatumGetTimestampTz(crm_ledger_value(SPI_tuptable, i, 4));
		lots[i].expires_at = DatumGetTimestampTz(crm_ledger_value(SPI_tuptable, i, 5));
		lots[i].moved = 0;
	}
	SPI_freetuptable(SPI_tuptable);
	return lots;
}

/* moves units out of a lot (above 0) or back into it (below 0) */
static void
move_lot(CrmLedger *ledger, const CrmLot *lot, int64 units, int64 event, TimestampTz at)
{
	Datum		move[] = {Int64GetDatum(lot->event_id), Int16GetDatum((int16) lot->lot_no), Int64GetDatum(units)};
	Datum		use[] = {Int64GetDatum(event), move[0], move[1], move[2], TimestampTzGetDatum(at)};

	(void) crm_ledger_run(ledger, CRM_SQL_LOT_MOVE, move, NULL);
	(void) crm_ledger_run(ledger, CRM_SQL_LOT_USE, use, NULL);
}

void
crm_account_move(CrmLedger *ledger, int64 account, int64 balance, int64 arrears, TimestampTz at, bool active)
{
	Datum		values[] = {Int64GetDatum(account), Int64GetDatum(balance), Int64GetDatum(arrears), TimestampTzGetDatum(at)};

	(void) crm_ledger_run(ledger, CRM_SQL_ACCOUNT_MOVE, values, active ? "    " : "   n");
}

int64
crm_arrears_of(CrmLedger *ledger, int64 account)
{
	Datum		values[] = {Int64GetDatum(account)};
	int64		arrears;

	if (crm_ledger_run(ledger, CRM_SQL_ARREARS, values, NULL) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("account of the ledger not found")));
	arrears = DatumGetInt64(crm_ledger_value(SPI_tuptable, 0, 1));
	SPI_freetuptable(SPI_tuptable);
	return arrears;
}

void
crm_arrears_settle(CrmLedger *ledger, int64 account, int64 event, int64 arrears)
{
	Datum		values[] = {Int64GetDatum(event), Int64GetDatum(account)};
	uint64		n = crm_ledger_run(ledger, CRM_SQL_LOTS_OF_EVENT, values, NULL);
	CrmLot	   *lots = read_lots(n);
	int64		left = crm_lots_spread(lots, n, arrears);

	for (uint64 i = 0; i < n; i++)
	{
		/* at once, also from a lot that is pending: the event's own instant stands for available_from */
		if (lots[i].moved > 0)
			move_lot(ledger, &lots[i], lots[i].moved, event, lots[i].available_from);
	}
	if (left != arrears)
		crm_account_move(ledger, account, 0, left - arrears, 0, false);
	pfree(lots);
}

int64
crm_lots_take(CrmLedger *ledger, int64 account, int64 units, int64 event, TimestampTz at, int64 favoured, CrmLotChoice choice, bool active)
{
	Datum		values[] = {Int64GetDatum(account), TimestampTzGetDatum(at), Int64GetDatum(favoured)};
	uint64		n = crm_ledger_run(ledger, CRM_SQL_LOTS_OF_ACCOUNT, values, NULL);
	CrmLot	   *lots = read_lots(n);
	size_t		kept = 0;
	int64		due;

	for (uint64 i = 0; i < n; i++)
	{
		if (choice == CRM_ALL_LOTS || (choice == CRM_PENDING_LOTS) == (lots[i].available_from > at))
			lots[kept++] = lots[i];
	}
	crm_lots_order(lots, kept, at, favoured);
	due = crm_lots_spread(lots, kept, units);
	for (size_t i = 0; i < kept && lots[i].moved > 0; i++)
	{
		CHECK_FOR_INTERRUPTS();
		move_lot(ledger, &lots[i], lots[i].moved, event, at);
	}
	crm_account_move(ledger, account, -units, due, at, active);
	pfree(lots);
	return due;
}

CrmLotChoice
crm_lot_choice(text *name)
{
	char	   *choice = text_to_cstring(name);

	if (strcmp(choice, "all") == 0)
		return CRM_ALL_LOTS;
	if (strcmp(choice, "available") == 0)
		return CRM_AVAILABLE_LOTS;
	if (strcmp(choice, "pending") == 0)
		return CRM_PENDING_LOTS;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("lots must be all, available or pending")));
	return CRM_ALL_LOTS;
}

/* ledger_take(schema_name text, account_id bigint, units bigint, event_id bigint, at timestamptz, first_event bigint, lots text) returns bigint */
Datum
crm_ledger_take(PG_FUNCTION_ARGS)
{
	int			guc_level;
	CrmLedger  *ledger = crm_ledger_begin(PG_GETARG_TEXT_PP(0), &guc_level);
	int64		due = crm_lots_take(ledger, PG_GETARG_INT64(1), PG_GETARG_INT64(2), PG_GETARG_INT64(3), PG_GETARG_TIMESTAMPTZ(4),
									PG_GETARG_INT64(5), crm_lot_choice(PG_GETARG_TEXT_PP(6)), false);

	crm_ledger_end(guc_level);
	PG_RETURN_INT64(due);
}

/* ledger_give_back(schema_name text, account_id bigint, units bigint, event_id bigint, undone bigint[], at timestamptz) returns bigint: what found its way back */
Datum
crm_ledger_give_back(PG_FUNCTION_ARGS)
{
	int64		account = PG_GETARG_INT64(1);
	int64		units = PG_GETARG_INT64(2);
	int64		event = PG_GETARG_INT64(3);
	TimestampTz at = PG_GETARG_TIMESTAMPTZ(5);
	int			guc_level;
	CrmLedger  *ledger = crm_ledger_begin(PG_GETARG_TEXT_PP(0), &guc_level);
	Datum		values[] = {PG_GETARG_DATUM(4), Int64GetDatum(account)};
	uint64		n = crm_ledger_run(ledger, CRM_SQL_LOTS_USED, values, NULL);
	CrmLot	   *lots = read_lots(n);
	int64		due;

	crm_lots_order_back(lots, n);
	due = crm_lots_spread(lots, n, units);
	for (uint64 i = 0; i < n; i++)
	{
		if (lots[i].moved > 0)
			move_lot(ledger, &lots[i], -lots[i].moved, event, at);
	}
	crm_ledger_end(guc_level);
	PG_RETURN_INT64(units - due);
}
