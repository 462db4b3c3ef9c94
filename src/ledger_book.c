/*
 * src/ledger_book.c
 *
 * One posting of an event, to a member or from one, with all that hangs on it:
 * the account's running sums, the lot opened or the lots used, arrears.
 *
 * The caller has written the event and holds the locks of the accounts.
 */
#include "ledger_engine.h"

#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(crm_ledger_credit);
PG_FUNCTION_INFO_V1(crm_ledger_debit);

static void
check_units(int64 units)
{
	if (units <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a posting moves a positive number of units"),
				 errdetail("It was " INT64_FORMAT ".", units)));
}

static void
write_posting(CrmLedger *ledger, int64 event, int16 number, int16 asset, int64 from, int64 to, int64 units, int64 rule)
{
	Datum		values[] = {
		Int64GetDatum(event), Int16GetDatum(number), Int16GetDatum(asset), Int64GetDatum(from), Int64GetDatum(to),
		Int64GetDatum(units), Int64GetDatum(rule)
	};

	(void) crm_ledger_run(ledger, CRM_SQL_POSTING, values, rule == 0 ? "      n" : NULL);
}

/*
 * ledger_credit(schema_name text, event_id bigint, posting_no smallint, account_id bigint, asset_id smallint, units bigint, counter bigint,
 * rule_id bigint, at timestamptz, available_from timestamptz, expires_at timestamptz, active boolean) returns bigint: the arrears that it settled
 */
Datum
crm_ledger_credit(PG_FUNCTION_ARGS)
{
	int64		event = PG_GETARG_INT64(1);
	int16		number = PG_GETARG_INT16(2);
	int64		account = PG_GETARG_INT64(3);
	int16		asset = PG_GETARG_INT16(4);
	int64		units = PG_GETARG_INT64(5);
	int			guc_level;
	CrmLedger  *ledger = crm_ledger_begin(PG_GETARG_TEXT_PP(0), &guc_level);
	int64		arrears = 0;

	check_units(units);
	write_posting(ledger, event, number, asset, PG_GETARG_INT64(6), account, units, PG_GETARG_INT64(7));
	crm_account_move(ledger, account, units, 0, PG_GETARG_TIMESTAMPTZ(8), PG_GETARG_BOOL(11));
	if (crm_asset_has_lots(ledger, asset))
	{
		Datum		lot[] = {
			Int64GetDatum(event), Int16GetDatum(number), Int64GetDatum(account), Int64GetDatum(units),
			PG_GETARG_DATUM(9), PG_GETARG_DATUM(10)
		};

		(void) crm_ledger_run(ledger, CRM_SQL_LOT, lot, NULL);
		arrears = crm_arrears_of(ledger, account);
		if (arrears > 0)
			crm_arrears_settle(ledger, account, event, arrears);
		arrears = Min(arrears, units);
	}
	crm_ledger_end(guc_level);
	PG_RETURN_INT64(arrears);
}

/*
 * ledger_debit(schema_name text, event_id bigint, posting_no smallint, account_id bigint, asset_id smallint, units bigint, counter bigint,
 * at timestamptz, first_event bigint, lots text, active boolean) returns bigint: what no lot covered
 */
Datum
crm_ledger_debit(PG_FUNCTION_ARGS)
{
	int64		event = PG_GETARG_INT64(1);
	int64		account = PG_GETARG_INT64(3);
	int16		asset = PG_GETARG_INT16(4);
	int64		units = PG_GETARG_INT64(5);
	TimestampTz at = PG_GETARG_TIMESTAMPTZ(7);
	CrmLotChoice choice = crm_lot_choice(PG_GETARG_TEXT_PP(9));
	bool		active = PG_GETARG_BOOL(10);
	int			guc_level;
	CrmLedger  *ledger = crm_ledger_begin(PG_GETARG_TEXT_PP(0), &guc_level);
	int64		due = 0;

	check_units(units);
	write_posting(ledger, event, PG_GETARG_INT16(2), asset, account, PG_GETARG_INT64(6), units, 0);
	if (crm_asset_has_lots(ledger, asset))
		due = crm_lots_take(ledger, account, units, event, at, PG_GETARG_INT64(8), choice, active);
	else
		crm_account_move(ledger, account, -units, 0, at, active);
	crm_ledger_end(guc_level);
	PG_RETURN_INT64(due);
}
