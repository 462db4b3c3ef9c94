/*
 * src/ledger_accrue.c
 *
 * points_accrue in one call: lock, request id, rules, books, answer.
 *
 * This is the short path of the door, for what most calls ask: rules that look
 * at the amount and the time alone, a member who owes nothing, tables as this
 * version made them, a request that is new.  Everything else, what is wrong
 * included, is left to the door's way through SQL before anything is booked;
 * both write the same rows and give the same answer.
 *
 * The account of points is locked first, then the request id is looked up with
 * a snapshot taken after the lock: a repeat for the same member is seen.  One
 * for another member at the same moment meets the unique index of requests,
 * and is an error as it would be a moment later.
 */
#include "ledger_terms.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "errors.h"
#include "ledger_rows.h"

PG_FUNCTION_INFO_V1(crm_ledger_accrue);

#define POINTS ((int16) 1)
#define DOOR "points_accrue"

/* from 1970 on JSON writes all instants in one form; in microseconds since 2000 */
#define FIRST_PLAIN_INSTANT	(-INT64CONST(10957) * USECS_PER_DAY)

typedef struct Call
{
	CrmLedger  *ledger;
	int64		member;
	Datum		amount;
	text	   *request_id;
	bool		now;			/* no instant was given */
	TimestampTz at;
	bool		no_store;
	int64		store;
	CrmTable	open[CRM_TABLES];
} Call;

static bool
open_all(Call *c)
{
	static const AclMode rights[CRM_TABLES] = {
		[CRM_TABLE_ACCOUNT] = ACL_SELECT | ACL_UPDATE,
		[CRM_TABLE_EVENT] = ACL_INSERT,
		[CRM_TABLE_POSTING] = ACL_INSERT,
		[CRM_TABLE_LOT] = ACL_SELECT | ACL_INSERT,
		[CRM_TABLE_REQUEST] = ACL_SELECT | ACL_INSERT,
		[CRM_TABLE_MEMBER] = ACL_SELECT,
		[CRM_TABLE_MEMBER_TIER] = ACL_SELECT,
		[CRM_TABLE_PIN] = ACL_SELECT,
	};

	for (int i = 0; i < CRM_TABLES; i++)
	{
		if (!crm_table_open(&c->open[i], &c->ledger->shapes[i], c->ledger->namespace, i, rights[i]))
		{
			while (--i >= 0)
				crm_table_close(&c->open[i]);
			return false;
		}
	}
	return true;
}

static bool
has_row(CrmTable *table, int nkeys, const ScanKeyData *keys)
{
	SysScanDesc scan = crm_scan_begin(table, GetActiveSnapshot(), nkeys, keys);
	bool		found = HeapTupleIsValid(systable_getnext(scan));

	systable_endscan(scan);
	return found;
}

/* the member's accounts, in the order of assets */
typedef struct Accounts
{
	int			n;
	HeapTuple	rows[CRM_MOST_ASSETS];
	int16		assets[CRM_MOST_ASSETS];
} Accounts;

static void
find_accounts(Call *c, Accounts *found)
{
	CrmTable   *accounts = &c->open[CRM_TABLE_ACCOUNT];
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	row;
	bool		none;

	found->n = 0;
	crm_key_int8(&key, CRM_ACCOUNT_MEMBER, c->member);
	scan = crm_scan_begin(accounts, GetActiveSnapshot(), 1, &key);
	while ((row = systable_getnext(scan)) != NULL && found->n < CRM_MOST_ASSETS)
	{
		found->assets[found->n] = DatumGetInt16(crm_column(accounts, row, CRM_ACCOUNT_ASSET, &none));
		found->rows[found->n++] = heap_copytuple(row);
	}
	systable_endscan(scan);
}

/* whether there is such a member who was not merged into another */
static bool
is_own_member(Call *c)
{
	CrmTable   *members = &c->open[CRM_TABLE_MEMBER];
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	row;
	bool		unmerged = false;

	crm_key_int8(&key, CRM_MEMBER_ID, c->member);
	scan = crm_scan_begin(members, GetActiveSnapshot(), 1, &key);
	row = systable_getnext(scan);
	if (row != NULL)
		(void) crm_column(members, row, CRM_MEMBER_MERGED_INTO, &unmerged);
	systable_endscan(scan);
	return unmerged;
}

/* what others, and statements of this call, have done is seen from here on */
static void
look_again(void)
{
	PopActiveSnapshot();
	PushActiveSnapshot(GetTransactionSnapshot());
}

static HeapTuple
account_of(const Accounts *found, int16 asset)
{
	for (int i = 0; i < found->n; i++)
	{
		if (found->assets[i] == asset)
			return found->rows[i];
	}
	return NULL;
}

static bool
has_accounts(const Accounts *found, const CrmEarning *earnings, int n)
{
	bool		all = account_of(found, POINTS) != NULL;

	for (int i = 0; i < n && all; i++)
		all = account_of(found, earnings[i].asset) != NULL;
	return all;
}

/* an account to come takes the key of the member: whoever merges members has them first, and accounts after */
static bool
hold_member(Call *c)
{
	Datum		values[] = {Int64GetDatum(c->member)};
	int			guc_level;
	uint64		n;

	crm_ledger_connect(&guc_level);
	n = crm_ledger_run(c->ledger, CRM_SQL_MEMBER_KEY, values, NULL);
	crm_ledger_end(guc_level);
	look_again();
	return n > 0;
}

/* locks the account of an asset, opened where it is missing; NULL where this snapshot cannot see what another opened */
static HeapTuple
hold_account(Call *c, Accounts *found, int16 asset)
{
	if (account_of(found, asset) == NULL)
	{
		Datum		values[] = {Int64GetDatum(c->member), Int16GetDatum(asset)};
		int			guc_level;

		crm_ledger_connect(&guc_level);
		(void) crm_ledger_run(c->ledger, CRM_SQL_OPEN_EMPTY, values, NULL);
		crm_ledger_end(guc_level);
		CommandCounterIncrement();
		look_again();
		find_accounts(c, found);
		if (account_of(found, asset) == NULL)
			return NULL;
	}
	return crm_row_lock(&c->open[CRM_TABLE_ACCOUNT], account_of(found, asset), GetActiveSnapshot());
}

static bool
was_requested(Call *c)
{
	ScanKeyData key;

	crm_key_text(&key, &c->open[CRM_TABLE_REQUEST], CRM_REQUEST_ID, c->request_id);
	return has_row(&c->open[CRM_TABLE_REQUEST], 1, &key);
}

/* whether the member has a tier above the base, or a pin, so that more than the ladder decides */
static bool
is_tiered(Call *c)
{
	ScanKeyData keys[2];

	crm_key_int8(&keys[0], CRM_TIERED_MEMBER, c->member);
	crm_key_int4(&keys[1], CRM_TIERED_LADDER, 1);
	return has_row(&c->open[CRM_TABLE_MEMBER_TIER], 2, keys) || has_row(&c->open[CRM_TABLE_PIN], 2, keys);
}

static char *
tier_of(Call *c)
{
	char	   *tier = NULL;

	if (is_tiered(c))
	{
		Datum		values[] = {Int64GetDatum(c->member), TimestampTzGetDatum(c->at)};
		MemoryContext outer = CurrentMemoryContext;
		int			guc_level;

		crm_ledger_connect(&guc_level);
		if (crm_ledger_run(c->ledger, CRM_SQL_TIER, values, NULL) > 0)
			tier = MemoryContextStrdup(outer, TextDatumGetCString(crm_ledger_value(SPI_tuptable, 0, 1)));
		crm_ledger_end(guc_level);
		return tier;
	}
	return crm_terms_base_tier(c->ledger, c->at);
}

/*
 * What the lots of an account hold that can be used, and what is still to come.
 * It stays so from one instant to another; no lot begins or expires between.
 */
typedef struct Sums
{
	int64		available;
	int64		pending;
	TimestampTz from;
	TimestampTz until;
} Sums;

/* as they stand in the account; false where they are not known */
static bool
read_sums(Call *c, HeapTuple account, Sums *sums)
{
	CrmTable   *accounts = &c->open[CRM_TABLE_ACCOUNT];
	bool		none;

	sums->until = DatumGetTimestampTz(crm_column(accounts, account, CRM_ACCOUNT_SUMMED_UNTIL, &none));
	if (none)
		return false;
	sums->available = DatumGetInt64(crm_column(accounts, account, CRM_ACCOUNT_SUMMED_AVAILABLE, &none));
	sums->pending = DatumGetInt64(crm_column(accounts, account, CRM_ACCOUNT_SUMMED_PENDING, &none));
	sums->from = DatumGetTimestampTz(crm_column(accounts, account, CRM_ACCOUNT_SUMMED_FROM, &none));
	return true;
}

static void
add_lot(Sums *sums, int64 units, TimestampTz available_from, TimestampTz expires_at)
{
	if (units == 0 || expires_at <= sums->from)
		return;
	if (available_from <= sums->from)
	{
		sums->available += units;
		sums->until = Min(sums->until, expires_at);
	}
	else
	{
		sums->pending += units;
		sums->until = Min(sums->until, available_from);
	}
}

static void
sum_lots(Call *c, int64 account, Sums *sums)
{
	CrmTable   *lots = &c->open[CRM_TABLE_LOT];
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	row;
	bool		none;

	*sums = (Sums) {.from = c->at, .until = DT_NOEND};
	crm_key_int8(&keys[0], CRM_LOT_ACCOUNT, account);
	ScanKeyInit(&keys[1], CRM_LOT_EXPIRES_AT, BTGreaterStrategyNumber, F_TIMESTAMPTZ_GT, TimestampTzGetDatum(c->at));
	scan = crm_scan_begin(lots, GetActiveSnapshot(), 2, keys);
	while ((row = systable_getnext(scan)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		add_lot(sums, DatumGetInt64(crm_column(lots, row, CRM_LOT_LEFT, &none)),
				DatumGetTimestampTz(crm_column(lots, row, CRM_LOT_AVAILABLE_FROM, &none)),
				DatumGetTimestampTz(crm_column(lots, row, CRM_LOT_EXPIRES_AT, &none)));
	}
	systable_endscan(scan);
}

static void
put(JsonbParseState **state, const char *key, JsonbValue value)
{
	JsonbValue	name = {.type = jbvString, .val.string.val = (char *) key, .val.string.len = strlen(key)};

	pushJsonbValue(state, WJB_KEY, &name);
	pushJsonbValue(state, WJB_VALUE, &value);
}

static JsonbValue
json_number(Datum number)
{
	JsonbValue	value = {.type = jbvNumeric, .val.numeric = DatumGetNumeric(number)};

	return value;
}

static JsonbValue
json_integer(int64 number)
{
	return json_number(NumericGetDatum(int64_to_numeric(number)));
}

static Jsonb *
detail_of(const Call *c)
{
	JsonbParseState *state = NULL;
	JsonbValue	store = {.type = jbvNull};

	if (!c->no_store)
		store = json_integer(c->store);
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	put(&state, "amount", json_number(c->amount));
	put(&state, "store_id", store);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

static Jsonb *
answer_of(int64 event, int64 points, int64 available, int64 pending, char *tier)
{
	JsonbParseState *state = NULL;
	JsonbValue	code = {.type = jbvNull};

	if (tier != NULL)
	{
		code.type = jbvString;
		code.val.string.val = tier;
		code.val.string.len = strlen(tier);
	}
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	put(&state, "event_id", json_integer(event));
	put(&state, "points", json_integer(points));
	put(&state, "available", json_integer(available));
	put(&state, "pending", json_integer(pending));
	put(&state, "tier", code);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

/* what was asked, as _request_begin() of the schema digests it: instants as seconds, whatever the session's zone */
static pg_uuid_t *
digest_of(const Call *c)
{
	StringInfoData asked;
	bytea	   *digest;
	pg_uuid_t  *id = palloc(sizeof(pg_uuid_t));

	initStringInfo(&asked);
	appendStringInfo(&asked, DOOR "[" INT64_FORMAT ", %s, ", c->member, DatumGetCString(DirectFunctionCall1(numeric_out, c->amount)));
	if (c->now)
		appendStringInfoString(&asked, "null, ");
	else
		appendStringInfo(&asked, "\"%s\", ", DatumGetCString(DirectFunctionCall1(numeric_out,
			DirectFunctionCall2(extract_timestamptz, PointerGetDatum(cstring_to_text("epoch")), TimestampTzGetDatum(c->at)))));
	if (c->no_store)
		appendStringInfoString(&asked, "null]");
	else
		appendStringInfo(&asked, INT64_FORMAT "]", c->store);
	digest = DatumGetByteaPP(DirectFunctionCall1(sha256_bytea, PointerGetDatum(cstring_to_text_with_len(asked.data, asked.len))));
	memcpy(id->data, VARDATA_ANY(digest), UUID_LEN);
	return id;
}

static void
keep_request(Call *c, pg_uuid_t *digest, Jsonb *answer)
{
	Datum		values[CRM_REQUEST_COLUMNS] = {
		PointerGetDatum(c->request_id), PointerGetDatum(cstring_to_text(DOOR)), UUIDPGetDatum(digest), JsonbPGetDatum(answer),
		TimestampTzGetDatum(GetCurrentTimestamp())
	};
	bool		nulls[CRM_REQUEST_COLUMNS] = {false};
	MemoryContext outer = CurrentMemoryContext;

	PG_TRY();
	{
		crm_row_insert(&c->open[CRM_TABLE_REQUEST], values, nulls);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(outer);
		error = CopyErrorData();
		if (error->sqlerrcode != ERRCODE_UNIQUE_VIOLATION)
			PG_RE_THROW();
		FlushErrorState();
		ereport(ERROR,
				(errcode(ERRCODE_CRM_REQUEST_DIFFERS),
				 errmsg("request id was used before with other content"),
				 errdetail("Another session sent it at the same time, for another member or to another door."),
				 errhint("Use a new request id for a new request; repeat a request word for word.")));
	}
	PG_END_TRY();
}

/* adds to the balance of an account, and keeps its sums where there are */
static void
credit(Call *c, HeapTuple account, int64 units, const Sums *sums)
{
	CrmTable   *accounts = &c->open[CRM_TABLE_ACCOUNT];
	static const int columns[] = {
		CRM_ACCOUNT_BALANCE, CRM_ACCOUNT_LAST_ACTIVITY,
		CRM_ACCOUNT_SUMMED_AVAILABLE, CRM_ACCOUNT_SUMMED_PENDING, CRM_ACCOUNT_SUMMED_FROM, CRM_ACCOUNT_SUMMED_UNTIL
	};
	bool		none;
	TimestampTz last;
	Datum		values[lengthof(columns)];

	values[0] = DirectFunctionCall2(int8pl, crm_column(accounts, account, CRM_ACCOUNT_BALANCE, &none), Int64GetDatum(units));
	last = DatumGetTimestampTz(crm_column(accounts, account, CRM_ACCOUNT_LAST_ACTIVITY, &none));
	values[1] = TimestampTzGetDatum(none ? c->at : Max(last, c->at));
	if (sums != NULL)
	{
		values[2] = Int64GetDatum(sums->available);
		values[3] = Int64GetDatum(sums->pending);
		values[4] = TimestampTzGetDatum(sums->from);
		values[5] = TimestampTzGetDatum(sums->until);
	}
	crm_row_update(accounts, account, sums != NULL ? lengthof(columns) : 2, columns, values);
}

/* holds what the earnings need, in the order of assets; false where an account cannot be had or is in arrears */
static bool
hold_accounts(Call *c, Accounts *found, HeapTuple points, CrmEarning *earnings, HeapTuple *accounts, int n)
{
	CrmTable   *table = &c->open[CRM_TABLE_ACCOUNT];
	bool		none;

	for (int i = 0; i < n; i++)
	{
		accounts[i] = earnings[i].asset == POINTS ? points : hold_account(c, found, earnings[i].asset);
		if (accounts[i] == NULL || DatumGetInt64(crm_column(table, accounts[i], CRM_ACCOUNT_ARREARS, &none)) != 0)
			return false;
		earnings[i].account = DatumGetInt64(crm_column(table, accounts[i], CRM_ACCOUNT_ID, &none));
	}
	return true;
}

/* NULL where the long way has to do it, and nothing was booked */
static Jsonb *
accrue(Call *c)
{
	CrmEarning	earnings[CRM_MOST_ASSETS];
	HeapTuple	accounts[CRM_MOST_ASSETS];
	Accounts	found;
	HeapTuple	points;
	int64		earned = 0;
	Sums		now;
	Sums		kept;
	bool		known;
	CrmEvent	event = {.kind = "accrue", .member = c->member, .request_id = c->request_id};
	Jsonb	   *answer;
	char	   *tier;
	int			n;
	bool		none;

	if (c->now)
		c->at = GetCurrentTimestamp();
	n = crm_earnings(c->ledger, 0, c->at, c->amount, earnings);
	if (n <= 0)
		return NULL;
	find_accounts(c, &found);
	if (!has_accounts(&found, earnings, n) && !hold_member(c))
		return NULL;
	points = hold_account(c, &found, POINTS);
	if (points == NULL)
		return NULL;
	look_again();
	if (DatumGetInt64(crm_column(&c->open[CRM_TABLE_ACCOUNT], points, CRM_ACCOUNT_ARREARS, &none)) != 0 || !is_own_member(c) || was_requested(c) ||
		crm_terms_by_growth(c->ledger))
		return NULL;
	if (c->now)
	{
		/* after the acts for which this waited */
		c->at = GetCurrentTimestamp();
		n = crm_earnings(c->ledger, 0, c->at, c->amount, earnings);
	}
	if (n <= 0 || !hold_accounts(c, &found, points, earnings, accounts, n))
		return NULL;
	known = read_sums(c, points, &kept);
	if (known && kept.from <= c->at && c->at < kept.until)
	{
		kept.from = c->at;
		now = kept;
	}
	else
	{
		sum_lots(c, DatumGetInt64(crm_column(&c->open[CRM_TABLE_ACCOUNT], points, CRM_ACCOUNT_ID, &none)), &now);
		if (!known || kept.from < c->at)
			kept = now;
	}
	tier = tier_of(c);

	for (int i = 0; i < n; i++)
	{
		const CrmEarning *e = &earnings[i];

		if (e->asset != POINTS)
		{
			credit(c, accounts[i], e->units, NULL);
			continue;
		}
		earned = e->units;
		add_lot(&now, earned, e->available_from, e->expires_at);
		add_lot(&kept, earned, e->available_from, e->expires_at);
		credit(c, accounts[i], earned, &kept);
	}
	event.at = c->at;
	event.digest = digest_of(c);
	event.detail = detail_of(c);
	event.id = crm_next_event(c->ledger);
	answer = answer_of(event.id, earned, now.available, now.pending, tier);
	keep_request(c, event.digest, answer);
	crm_write_event(&c->open[CRM_TABLE_EVENT], &event);
	crm_write_earnings(c->ledger, &c->open[CRM_TABLE_POSTING], &c->open[CRM_TABLE_LOT], event.id, earnings, n);
	return answer;
}

/* the amount with two decimals, so that 20 and 20.00 are one request; 0 where it is none that can be accrued */
static Datum
whole_cents(Datum amount)
{
	Numeric		given = DatumGetNumeric(amount);
	Datum		rounded;

	if (numeric_is_nan(given) || numeric_is_inf(given))
		return 0;
	rounded = DirectFunctionCall2(numeric_round, amount, Int32GetDatum(2));
	if (DatumGetBool(DirectFunctionCall2(numeric_ne, rounded, amount)) ||
		DatumGetBool(DirectFunctionCall2(numeric_le, rounded, NumericGetDatum(int64_to_numeric(0)))))
		return 0;
	return rounded;
}

/*
 * ledger_accrue(schema_name text, member_id bigint, amount numeric, request_id text, occurred_at timestamptz, store_id bigint) returns jsonb:
 * the answer of points_accrue, NULL when this path is not for the call and nothing was booked
 */
Datum
crm_ledger_accrue(PG_FUNCTION_ARGS)
{
	Call		c = {.now = PG_ARGISNULL(4), .no_store = PG_ARGISNULL(5)};
	Jsonb	   *answer;
	int			length;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3))
		PG_RETURN_NULL();
	PreventCommandIfReadOnly(DOOR "()");
	c.request_id = PG_GETARG_TEXT_PP(3);
	length = pg_mbstrlen_with_len(VARDATA_ANY(c.request_id), VARSIZE_ANY_EXHDR(c.request_id));
	if (length < 1 || length > 200)
		PG_RETURN_NULL();
	c.at = c.now ? 0 : PG_GETARG_TIMESTAMPTZ(4);
	c.amount = whole_cents(PG_GETARG_DATUM(2));
	if (c.amount == 0 || c.at < FIRST_PLAIN_INSTANT || (!c.now && c.at > GetCurrentTimestamp()))
		PG_RETURN_NULL();
	c.ledger = crm_ledger_find(PG_GETARG_TEXT_PP(0));
	c.member = PG_GETARG_INT64(1);
	c.store = c.no_store ? 0 : PG_GETARG_INT64(5);
	if (!open_all(&c))
		PG_RETURN_NULL();
	PushActiveSnapshot(GetTransactionSnapshot());
	answer = accrue(&c);
	PopActiveSnapshot();
	for (int i = 0; i < CRM_TABLES; i++)
		crm_table_close(&c.open[i]);
	if (answer == NULL)
		PG_RETURN_NULL();
	CommandCounterIncrement();
	PG_RETURN_POINTER(answer);
}
