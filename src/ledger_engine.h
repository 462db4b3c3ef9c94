/*
 * src/ledger_engine.h
 *
 * The engine of the ledger of a CRM schema: plans kept for the session, and
 * what its functions share.
 *
 * The engine writes what it is told; whoever calls it holds the locks of the
 * accounts.  It runs with the rights of its caller and writes out every name
 * and operator in full, so it does the same under any search_path.
 */
#ifndef CRM_LEDGER_ENGINE_H
#define CRM_LEDGER_ENGINE_H

#include "compat.h"

#include "executor/spi.h"
#include "fmgr.h"

#include "core/lot.h"
#include "ledger_table.h"
#include "local_day.h"

/* in the SQL of the engine: an operator that no search_path can replace */
#define OP(operator) "OPERATOR(pg_catalog." operator ")"

/* accounts of the programme: their ids are -(100 * asset + place) */
typedef enum CrmProgramme
{
	CRM_ISSUED = 1,
	CRM_REDEEMED = 2,
	CRM_EXPIRED = 3,
	CRM_CLAWED_BACK = 4,
	CRM_ADJUSTED = 5
} CrmProgramme;

static inline int64
crm_programme_account(int16 asset, CrmProgramme place)
{
	return -((int64) asset * 100 + place);
}

/* the statements of the engine, see ledger_plans.c */
typedef enum CrmLedgerStatement
{
	CRM_SQL_ZONE,
	CRM_SQL_ASSETS,
	CRM_SQL_HISTORY,
	CRM_SQL_HISTORY_NEW,
	CRM_SQL_RULES,
	CRM_SQL_SOURCES,
	CRM_SQL_LADDERS,
	CRM_SQL_TIER,
	CRM_SQL_EVENT,
	CRM_SQL_CREDIT,
	CRM_SQL_CREDIT_PAIR,
	CRM_SQL_OPEN_ACCOUNT,
	CRM_SQL_OPEN_EMPTY,
	CRM_SQL_MEMBER_KEY,
	CRM_SQL_POSTING,
	CRM_SQL_LOT,
	CRM_SQL_SALES,
	CRM_SQL_EARNINGS,
	CRM_SQL_EARNINGS_BY_RULES,
	CRM_SQL_EVENTS,
	CRM_SQL_ACCOUNTS,
	CRM_SQL_POSTINGS,
	CRM_SQL_LOTS,
	CRM_SQL_LOTS_OF_ACCOUNT,
	CRM_SQL_LOTS_OF_EVENT,
	CRM_SQL_LOTS_USED,
	CRM_SQL_LOT_MOVE,
	CRM_SQL_LOT_USE,
	CRM_SQL_ARREARS,
	CRM_SQL_ACCOUNT_MOVE,
	CRM_LEDGER_STATEMENTS
} CrmLedgerStatement;

#define CRM_TERMS_TABLES 5

typedef struct CrmTerms CrmTerms;

typedef struct CrmLedger
{
	char		schema[NAMEDATALEN];	/* key of the table of ledgers */
	Oid			namespace;		/* a schema made again has another */
	Oid			types;			/* the namespace of the extension, likewise */
	bool		filled;
	CrmLocalDay *zone;
	CrmShape	shapes[CRM_TABLES];
	CrmTerms   *terms;			/* see ledger_terms.h */
	bool		terms_stale;
	Oid			terms_tables[CRM_TERMS_TABLES];
	uint8		has_lots[1 << 13];	/* a bit an asset, of those that are known */
	uint8		known[1 << 13];
	SPIPlanPtr	plans[CRM_LEDGER_STATEMENTS];
} CrmLedger;

/* what the session knows of a schema; 3F000 for one that is none */
extern CrmLedger *crm_ledger_find(text *schema_name);

/*
 * Begins and ends the work of one call: SPI is connected in between, and plans
 * are made for tables that will grow.
 */
extern CrmLedger *crm_ledger_begin(text *schema_name, int *guc_level);
extern void crm_ledger_connect(int *guc_level);
extern void crm_ledger_end(int guc_level);

/* runs a statement; rows are in SPI_tuptable, their number is the answer */
extern uint64 crm_ledger_run(CrmLedger *ledger, CrmLedgerStatement statement, Datum *values, const char *nulls);

/* the plan of a statement, for a cursor */
extern SPIPlanPtr crm_ledger_plan(CrmLedger *ledger, CrmLedgerStatement statement);

/* whether an asset is kept in lots; 22023 for one that does not exist */
extern bool crm_asset_has_lots(CrmLedger *ledger, int16 asset);

/* column (from 1) of a row of the last statement; which must not be NULL */
static inline Datum
crm_ledger_value(SPITupleTable *rows, uint64 row, int column)
{
	bool		isnull;

	return SPI_getbinval(rows->vals[row], rows->tupdesc, column, &isnull);
}

/* which lots a debit may take from */
typedef enum CrmLotChoice
{
	CRM_ALL_LOTS,				/* those that are available first, then pending ones */
	CRM_AVAILABLE_LOTS,
	CRM_PENDING_LOTS
} CrmLotChoice;

/* all, available or pending; 22023 for another name */
extern CrmLotChoice crm_lot_choice(text *name);

/*
 * Books a debit of an account against its lots, those of the favoured event (or
 * 0) first, and answers what no lot covered, which becomes arrears.  active
 * says that the member did it.
 */
extern int64 crm_lots_take(CrmLedger *ledger, int64 account, int64 units, int64 event, TimestampTz at, int64 favoured, CrmLotChoice choice, bool active);

/* changes the running sums of an account */
extern void crm_account_move(CrmLedger *ledger, int64 account, int64 balance, int64 arrears, TimestampTz at, bool active);

/* what an account owes */
extern int64 crm_arrears_of(CrmLedger *ledger, int64 account);

/* what one sale earns of one asset */
typedef struct CrmEarning
{
	int16		asset;
	int64		rule;
	int64		units;
	TimestampTz available_from;
	TimestampTz expires_at;
	int64		account;
	int64		arrears;
} CrmEarning;

/* 54000: more assets than CRM_MOST_ASSETS */
pg_noreturn extern void crm_refuse_assets(void);

/*
 * The event of a sale, and its postings and lots, written without a plan;
 * false where a table is not as this version made it and nothing was written.
 */
extern bool crm_append_event(CrmLedger *ledger, int64 member, int64 sale, TimestampTz at, int64 *event);
extern bool crm_append_earnings(CrmLedger *ledger, int64 event, const CrmEarning *earnings, int n);

/* uses what an event has opened in an account to settle its arrears, as far as it goes */
extern void crm_arrears_settle(CrmLedger *ledger, int64 account, int64 event, int64 arrears);

#endif							/* CRM_LEDGER_ENGINE_H */
