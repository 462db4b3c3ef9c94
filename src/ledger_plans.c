/*
 * src/ledger_plans.c
 *
 * The statements of the ledger's engine, one set of saved plans a CRM schema
 * and session (see ledger_engine.h).
 *
 * A plan is made when it is first needed and kept; PostgreSQL makes it anew
 * when a table changes.  The time zone of a schema never changes and assets
 * are only added, so both are kept too; a schema that was dropped and made
 * again has another number and is read afresh, and so is everything when the
 * extension was.
 */
#include "ledger_terms.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "jit/jit.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

typedef struct Statement
{
	const char *text;			/* every %s is the quoted name of the schema */
	int			nargs;
	Oid			types[11];
} Statement;

#define HISTORY InvalidOid		/* stands for crm_member.purchase_history */
#define UNNEST "pg_catalog.unnest"

static const Statement statements[CRM_LEDGER_STATEMENTS] = {
	[CRM_SQL_ZONE] = {"SELECT l.time_zone FROM %s.crm_layout AS l", 0, {0}},
	[CRM_SQL_ASSETS] = {"SELECT a.id, a.has_lots FROM %s.asset AS a", 0, {0}},

	/* the history of a member */
	[CRM_SQL_HISTORY] = {"UPDATE %s.member_history AS h SET history = h.history OPERATOR(crm_member.+) $2, changed_at = pg_catalog.clock_timestamp() "
		"WHERE h.member_id " OP("=") " $1",
	2, {INT8OID, HISTORY}},
	[CRM_SQL_HISTORY_NEW] = {"INSERT INTO %s.member_history AS h (member_id, history) VALUES ($1, $2) "
		"ON CONFLICT (member_id) DO UPDATE SET history = h.history OPERATOR(crm_member.+) excluded.history, changed_at = pg_catalog.clock_timestamp()",
	2, {INT8OID, HISTORY}},

	/* one sale */
	[CRM_SQL_RULES] = {"SELECT r.asset_id, r.id, r.units, r.per_amount, r.rounding, r.pending_days, r.expiry_months, r.expiry_end, r.special, "
		"r.valid_from, r.valid_to FROM %s.earning_rule AS r WHERE r.event " OP("=") " 'sale' ORDER BY r.asset_id, r.rule_no",
	0, {0}},
	[CRM_SQL_SOURCES] = {"SELECT o.id, o.accrue_from, EXISTS (SELECT FROM %s.setting AS s WHERE s.key " OP("=") " 'points_inactivity_months') "
		"FROM %s.source AS o",
	0, {0}},
	[CRM_SQL_LADDERS] = {"SELECT g.ladder_no, g.valid_from, g.valid_to, "
		"(SELECT t.code FROM %s.tier AS t WHERE t.ladder_id " OP("=") " g.id ORDER BY t.rank LIMIT 1), "
		"g.form::pg_catalog.text " OP("~~") " '%\"growth\\_%' FROM %s.tier_ladder AS g",
	0, {0}},
	[CRM_SQL_TIER] = {"SELECT t.code FROM %s._tier_at($1, 1, $2, 'infinity') AS t", 2, {INT8OID, TIMESTAMPTZOID}},
	[CRM_SQL_EVENT] = {"INSERT INTO %s.ledger_event (kind, member_id, sale_id, occurred_at) VALUES ('earn', $1, $2, $3) RETURNING id",
	3, {INT8OID, INT8OID, TIMESTAMPTZOID}},
	[CRM_SQL_CREDIT] = {"UPDATE %s.account AS a SET balance = a.balance " OP("+") " $3, last_activity_at = greatest(a.last_activity_at, $4) "
		"WHERE a.member_id " OP("=") " $1 AND a.asset_id " OP("=") " $2 RETURNING a.id, a.arrears",
	4, {INT8OID, INT2OID, INT8OID, TIMESTAMPTZOID}},
	[CRM_SQL_CREDIT_PAIR] = {"UPDATE %s.account AS a SET balance = a.balance " OP("+") " CASE WHEN a.asset_id " OP("=") " $2 THEN $3 ELSE $5 END, "
		"last_activity_at = greatest(a.last_activity_at, $6) "
		"WHERE a.member_id " OP("=") " $1 AND a.asset_id " OP("=") " ANY (ARRAY[$2, $4]) "
		"AND (a.asset_id " OP("=") " $2 OR EXISTS (SELECT FROM %s.account AS f WHERE f.member_id " OP("=") " $1 AND f.asset_id " OP("=") " $2)) "
		"RETURNING a.id, a.arrears, a.asset_id",
	6, {INT8OID, INT2OID, INT8OID, INT2OID, INT8OID, TIMESTAMPTZOID}},
	[CRM_SQL_OPEN_ACCOUNT] = {"INSERT INTO %s.account AS a (member_id, asset_id, balance, arrears, last_activity_at) VALUES ($1, $2, $3, 0, $4) "
		"ON CONFLICT (member_id, asset_id) DO UPDATE SET balance = a.balance " OP("+") " excluded.balance, "
		"last_activity_at = greatest(a.last_activity_at, excluded.last_activity_at) RETURNING a.id, a.arrears",
	4, {INT8OID, INT2OID, INT8OID, TIMESTAMPTZOID}},
	[CRM_SQL_OPEN_EMPTY] = {"INSERT INTO %s.account (member_id, asset_id, balance, arrears) VALUES ($1, $2, 0, 0) ON CONFLICT DO NOTHING",
	2, {INT8OID, INT2OID}},
	[CRM_SQL_MEMBER_KEY] = {"SELECT m.id FROM %s.member AS m WHERE m.id " OP("=") " $1 AND m.merged_into_id IS NULL FOR KEY SHARE", 1, {INT8OID}},
	[CRM_SQL_POSTING] = {"INSERT INTO %s.posting (event_id, posting_no, asset_id, from_account, to_account, units, rule_id) VALUES ($1, $2, $3, $4, $5, $6, $7)",
	7, {INT8OID, INT2OID, INT2OID, INT8OID, INT8OID, INT8OID, INT8OID}},
	[CRM_SQL_LOT] = {"INSERT INTO %s.lot (event_id, lot_no, account_id, units, left_units, available_from, expires_at) VALUES ($1, $2, $3, $4, $4, $5, $6)",
	6, {INT8OID, INT2OID, INT8OID, INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID}},

	/* many sales */
	[CRM_SQL_SALES] = {"SELECT s.member_id, s.occurred_at, s.id, s.net_spend FROM " UNNEST "($1) AS n(id) JOIN %s.sale AS s ON s.id " OP("=") " n.id "
		"WHERE s.member_id IS NOT NULL AND s.net_spend " OP(">") " 0 ORDER BY s.member_id, s.occurred_at, s.id",
	1, {INT8ARRAYOID}},
	[CRM_SQL_EARNINGS] = {"SELECT e.member_id, e.occurred_at, e.sale_id, e.asset_id, e.units, e.rule_id, e.available_from, e.expires_at, e.explanation "
		"FROM %s._sales_earn($1) AS e WHERE e.units " OP(">") " 0 ORDER BY e.member_id, e.occurred_at, e.sale_id, e.asset_id",
	1, {INT8ARRAYOID}},
	[CRM_SQL_EARNINGS_BY_RULES] = {"SELECT e.member_id, e.occurred_at, e.sale_id, e.asset_id, e.units, e.rule_id, e.available_from, e.expires_at, e.explanation "
		"FROM %s._rules_earn($1, %s._rules_standing(), false) AS e WHERE e.units " OP(">") " 0 ORDER BY e.member_id, e.occurred_at, e.sale_id, e.asset_id",
	1, {INT8ARRAYOID}},
	[CRM_SQL_EVENTS] = {"INSERT INTO %s.ledger_event (kind, member_id, sale_id, occurred_at, detail) "
		"SELECT 'earn', e.* FROM ROWS FROM (" UNNEST "($1), " UNNEST "($2), " UNNEST "($3), " UNNEST "($4)) AS e RETURNING id",
	4, {INT8ARRAYOID, INT8ARRAYOID, TIMESTAMPTZARRAYOID, JSONBARRAYOID}},
	[CRM_SQL_ACCOUNTS] = {"INSERT INTO %s.account AS a (member_id, asset_id, balance, last_activity_at, arrears) "
		"SELECT n.*, 0 FROM ROWS FROM (" UNNEST "($1), " UNNEST "($2), " UNNEST "($3), " UNNEST "($4)) AS n "
		"ON CONFLICT (member_id, asset_id) DO UPDATE SET balance = a.balance " OP("+") " excluded.balance, "
		"last_activity_at = greatest(a.last_activity_at, excluded.last_activity_at) RETURNING a.id, a.arrears, a.member_id, a.asset_id",
	4, {INT8ARRAYOID, INT2ARRAYOID, INT8ARRAYOID, TIMESTAMPTZARRAYOID}},
	[CRM_SQL_POSTINGS] = {"INSERT INTO %s.posting (event_id, posting_no, asset_id, from_account, to_account, units, rule_id) "
		"SELECT p.* FROM ROWS FROM (" UNNEST "($1), " UNNEST "($2), " UNNEST "($3), " UNNEST "($4), " UNNEST "($5), " UNNEST "($6), " UNNEST "($7)) AS p",
	7, {INT8ARRAYOID, INT2ARRAYOID, INT2ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID}},
	[CRM_SQL_LOTS] = {"INSERT INTO %s.lot (event_id, lot_no, account_id, units, left_units, available_from, expires_at) "
		"SELECT l.e, l.n, l.a, l.u, l.u, l.f, l.t FROM ROWS FROM (" UNNEST "($1), " UNNEST "($2), " UNNEST "($3), " UNNEST "($4), " UNNEST "($5), " UNNEST "($6)) AS l(e, n, a, u, f, t)",
	6, {INT8ARRAYOID, INT2ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, TIMESTAMPTZARRAYOID, TIMESTAMPTZARRAYOID}},

	/* lots */
	[CRM_SQL_LOTS_OF_ACCOUNT] = {"SELECT l.event_id, l.lot_no, l.left_units, l.available_from, l.expires_at FROM %s.lot AS l "
		"WHERE l.account_id " OP("=") " $1 AND l.left_units " OP(">") " 0 AND (l.expires_at " OP(">") " $2 OR l.event_id " OP("=") " $3)",
	3, {INT8OID, TIMESTAMPTZOID, INT8OID}},
	[CRM_SQL_LOTS_OF_EVENT] = {"SELECT l.event_id, l.lot_no, l.left_units, e.occurred_at, l.expires_at "
		"FROM %s.lot AS l, %s.ledger_event AS e "
		"WHERE l.event_id " OP("=") " $1 AND e.id " OP("=") " $1 AND l.account_id " OP("=") " $2 AND l.left_units " OP(">") " 0 ORDER BY l.lot_no",
	2, {INT8OID, INT8OID}},
	[CRM_SQL_LOTS_USED] = {"SELECT u.lot_event_id, u.lot_no, pg_catalog.sum(u.units)::pg_catalog.int8, l.available_from, l.expires_at "
		"FROM %s.lot_use AS u, %s.lot AS l "
		"WHERE u.event_id " OP("=") " ANY ($1) AND l.event_id " OP("=") " u.lot_event_id AND l.lot_no " OP("=") " u.lot_no AND l.account_id " OP("=") " $2 "
		"GROUP BY u.lot_event_id, u.lot_no, l.available_from, l.expires_at HAVING pg_catalog.sum(u.units) " OP(">") " 0",
	2, {INT8ARRAYOID, INT8OID}},
	[CRM_SQL_LOT_MOVE] = {"UPDATE %s.lot AS l SET left_units = l.left_units " OP("-") " $3 WHERE l.event_id " OP("=") " $1 AND l.lot_no " OP("=") " $2",
	3, {INT8OID, INT2OID, INT8OID}},
	[CRM_SQL_LOT_USE] = {"INSERT INTO %s.lot_use (event_id, lot_event_id, lot_no, units, at) VALUES ($1, $2, $3, $4, $5)",
	5, {INT8OID, INT8OID, INT2OID, INT8OID, TIMESTAMPTZOID}},
	[CRM_SQL_ARREARS] = {"SELECT a.arrears FROM %s.account AS a WHERE a.id " OP("=") " $1", 1, {INT8OID}},
	[CRM_SQL_ACCOUNT_MOVE] = {"UPDATE %s.account AS a SET balance = a.balance " OP("+") " $2, arrears = a.arrears " OP("+") " $3, "
		"last_activity_at = greatest(a.last_activity_at, $4) WHERE a.id " OP("=") " $1",
	4, {INT8OID, INT8OID, INT8OID, TIMESTAMPTZOID}},
};

static HTAB *ledgers;

static char *
statement_text(const char *format, const char *schema)
{
	StringInfoData text;
	const char *mark;

	initStringInfo(&text);
	while ((mark = strstr(format, "%s")) != NULL)
	{
		appendBinaryStringInfo(&text, format, (int) (mark - format));
		appendStringInfoString(&text, schema);
		format = mark + 2;
	}
	appendStringInfoString(&text, format);
	return text.data;
}

SPIPlanPtr
crm_ledger_plan(CrmLedger *ledger, CrmLedgerStatement statement)
{
	SPIPlanPtr	plan = ledger->plans[statement];

	if (unlikely(plan == NULL))
	{
		const Statement *s = &statements[statement];
		Oid			types[lengthof(s->types)];

		for (int i = 0; i < s->nargs; i++)
			types[i] = s->types[i] != HISTORY ? s->types[i]
				: GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("purchase_history"),
								  ObjectIdGetDatum(ledger->types));
		plan = SPI_prepare(statement_text(s->text, quote_identifier(ledger->schema)), s->nargs, types);
		if (plan == NULL || SPI_keepplan(plan) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR),
					 errmsg("could not prepare a statement of the ledger")));
		ledger->plans[statement] = plan;
	}
	return plan;
}

uint64
crm_ledger_run(CrmLedger *ledger, CrmLedgerStatement statement, Datum *values, const char *nulls)
{
	int			result = SPI_execute_plan(crm_ledger_plan(ledger, statement), values, nulls, false, 0);

	if (result < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not run a statement of the ledger: %s", SPI_result_code_string(result))));
	return SPI_processed;
}

static void
read_assets(CrmLedger *ledger)
{
	uint64		n = crm_ledger_run(ledger, CRM_SQL_ASSETS, NULL, NULL);

	for (uint64 i = 0; i < n; i++)
	{
		uint16		id = (uint16) DatumGetInt16(crm_ledger_value(SPI_tuptable, i, 1));

		ledger->known[id >> 3] |= 1 << (id & 7);
		if (DatumGetBool(crm_ledger_value(SPI_tuptable, i, 2)))
			ledger->has_lots[id >> 3] |= 1 << (id & 7);
	}
	SPI_freetuptable(SPI_tuptable);
}

bool
crm_asset_has_lots(CrmLedger *ledger, int16 asset)
{
	uint16		id = (uint16) asset;

	if (unlikely((ledger->known[id >> 3] & (1 << (id & 7))) == 0))
	{
		read_assets(ledger);
		if ((ledger->known[id >> 3] & (1 << (id & 7))) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("there is no asset %d", asset)));
	}
	return (ledger->has_lots[id >> 3] & (1 << (id & 7))) != 0;
}

static void
forget(CrmLedger *ledger)
{
	for (int i = 0; i < CRM_LEDGER_STATEMENTS; i++)
	{
		if (ledger->plans[i] != NULL)
			SPI_freeplan(ledger->plans[i]);
	}
	for (int i = 0; i < CRM_TABLES; i++)
		crm_shape_forget(&ledger->shapes[i]);
	crm_terms_forget(ledger);
	if (ledger->zone != NULL)
		pfree(ledger->zone);
	memset((char *) ledger + NAMEDATALEN, 0, sizeof(CrmLedger) - NAMEDATALEN);
}

/* PostgreSQL tells that a table (InvalidOid: any) was changed, or that its rows were, by ledger_terms_changed */
static void
table_changed(Datum arg, Oid relid)
{
	HASH_SEQ_STATUS all;
	CrmLedger  *ledger;

	hash_seq_init(&all, ledgers);
	while ((ledger = hash_seq_search(&all)) != NULL)
	{
		for (int i = 0; i < CRM_TABLES; i++)
			ledger->shapes[i].stale |= !OidIsValid(relid) || ledger->shapes[i].relid == relid;
		for (int i = 0; i < CRM_TERMS_TABLES; i++)
			ledger->terms_stale |= !OidIsValid(relid) || ledger->terms_tables[i] == relid;
	}
}

static void
fill_ledger(CrmLedger *ledger)
{
	static const char *const tables[CRM_TERMS_TABLES] = {"earning_rule", "source", "setting", "tier_ladder", "tier"};
	MemoryContext outer;
	int			guc_level;

	crm_ledger_connect(&guc_level);
	if (!OidIsValid(get_relname_relid("crm_layout", ledger->namespace)) || crm_ledger_run(ledger, CRM_SQL_ZONE, NULL, NULL) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_SCHEMA),
				 errmsg("\"%s\" is no CRM schema", ledger->schema)));
	outer = MemoryContextSwitchTo(TopMemoryContext);
	ledger->zone = crm_local_day_zone(TextDatumGetCString(crm_ledger_value(SPI_tuptable, 0, 1)));
	MemoryContextSwitchTo(outer);
	SPI_freetuptable(SPI_tuptable);
	read_assets(ledger);
	for (int i = 0; i < CRM_TERMS_TABLES; i++)
		ledger->terms_tables[i] = get_relname_relid(tables[i], ledger->namespace);
	crm_ledger_end(guc_level);
	ledger->filled = true;
}

CrmLedger *
crm_ledger_find(text *schema_name)
{
	char		name[NAMEDATALEN] = {0};
	bool		found;
	CrmLedger  *ledger;
	Oid			namespace;
	Oid			types = get_namespace_oid("crm_member", false);

	if (VARSIZE_ANY_EXHDR(schema_name) >= NAMEDATALEN)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("name of a CRM schema is too long")));
	memcpy(name, VARDATA_ANY(schema_name), VARSIZE_ANY_EXHDR(schema_name));
	if (ledgers == NULL)
	{
		HASHCTL		control = {.keysize = NAMEDATALEN, .entrysize = sizeof(CrmLedger)};

		ledgers = hash_create("crm ledgers", 4, &control, HASH_ELEM | HASH_STRINGS);
		CacheRegisterRelcacheCallback(table_changed, (Datum) 0);
	}
	namespace = get_namespace_oid(name, false);
	ledger = hash_search(ledgers, name, HASH_ENTER, &found);
	if (!found)
		memset((char *) ledger + NAMEDATALEN, 0, sizeof(CrmLedger) - NAMEDATALEN);
	if (unlikely(ledger->namespace != namespace || ledger->types != types))
		forget(ledger);
	ledger->namespace = namespace;
	ledger->types = types;
	if (unlikely(!ledger->filled))
		fill_ledger(ledger);
	return ledger;
}

void
crm_ledger_connect(int *guc_level)
{
	SPI_connect();
	*guc_level = NewGUCNestLevel();
	/* a plan made while a table is small must not scan it later; the price of a scan that cannot be avoided would have it compiled each time */
	(void) set_config_option("enable_seqscan", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	if (jit_enabled)
		(void) set_config_option("jit", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

CrmLedger *
crm_ledger_begin(text *schema_name, int *guc_level)
{
	CrmLedger  *ledger = crm_ledger_find(schema_name);

	crm_ledger_connect(guc_level);
	return ledger;
}

void
crm_ledger_end(int guc_level)
{
	AtEOXact_GUC(true, guc_level);
	SPI_finish();
}
