/*
 * src/ledger_rows.c
 *
 * Appends rows to the books without a plan: the rows of one sale are few, and
 * to set up the executor for each of them costs more than to write them.
 *
 * Only a table that is as this version made it is written to in this way:
 * its columns and no others, no triggers on INSERT, no row security for the
 * caller.  Everything else goes by a statement, which the caller then runs.
 * Privileges, constraints and indexes are the executor's own.
 */
#include "ledger_engine.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "commands/sequence.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/timestamp.h"

#define EVENT_COLUMNS	10
#define POSTING_COLUMNS 7
#define LOT_COLUMNS		7

typedef struct Writer
{
	EState	   *estate;
	Relation	table;
	ResultRelInfo *result;
	TupleTableSlot *slot;
} Writer;

static bool
is_plain(Relation table, int columns)
{
	const TriggerDesc *t = table->trigdesc;

	return table->rd_rel->relkind == RELKIND_RELATION && RelationGetNumberOfAttributes(table) == columns &&
		(t == NULL || !(t->trig_insert_before_row || t->trig_insert_after_row || t->trig_insert_instead_row ||
						t->trig_insert_before_statement || t->trig_insert_after_statement)) &&
		check_enable_rls(RelationGetRelid(table), InvalidOid, false) != RLS_ENABLED;
}

/* false where a statement has to do it */
static bool
open_writer(Writer *w, EState *estate, Oid relid, int columns)
{
	AclResult	allowed = pg_class_aclcheck(relid, GetUserId(), ACL_INSERT);

	if (allowed != ACLCHECK_OK)
		aclcheck_error(allowed, OBJECT_TABLE, get_rel_name(relid));
	w->estate = estate;
	w->table = table_open(relid, RowExclusiveLock);
	if (!is_plain(w->table, columns))
	{
		table_close(w->table, NoLock);
		return false;
	}
	w->result = makeNode(ResultRelInfo);
	InitResultRelInfo(w->result, w->table, 0, NULL, 0);
	ExecOpenIndices(w->result, false);
	w->slot = table_slot_create(w->table, NULL);
	return true;
}

static void
write_row(Writer *w, const Datum *values, const bool *nulls)
{
	int			columns = RelationGetNumberOfAttributes(w->table);

	ExecClearTuple(w->slot);
	memcpy(w->slot->tts_values, values, sizeof(Datum) * columns);
	memcpy(w->slot->tts_isnull, nulls, sizeof(bool) * columns);
	ExecStoreVirtualTuple(w->slot);
	ExecSimpleRelationInsert(w->result, w->estate, w->slot);
	ResetPerTupleExprContext(w->estate);
}

static void
close_writer(Writer *w)
{
	ExecDropSingleTupleTableSlot(w->slot);
	ExecCloseIndices(w->result);
	table_close(w->table, NoLock);
}

/* the tables of a schema, by the names that they have now */
static void
find_tables(CrmLedger *ledger)
{
	ledger->event_table = get_relname_relid("ledger_event", ledger->namespace);
	ledger->posting_table = get_relname_relid("posting", ledger->namespace);
	ledger->lot_table = get_relname_relid("lot", ledger->namespace);
	ledger->event_ids = get_relname_relid("ledger_event_id_seq", ledger->namespace);
}

bool
crm_append_event(CrmLedger *ledger, int64 member, int64 sale, TimestampTz at, int64 *event)
{
	Writer		w;
	Datum		values[EVENT_COLUMNS] = {0};
	bool		nulls[EVENT_COLUMNS] = {false, false, false, false, false, false, true, true, true, true};
	EState	   *estate;

	find_tables(ledger);
	if (!OidIsValid(ledger->event_table) || !OidIsValid(ledger->event_ids))
		return false;
	estate = CreateExecutorState();
	if (!open_writer(&w, estate, ledger->event_table, EVENT_COLUMNS))
	{
		FreeExecutorState(estate);
		return false;
	}
	*event = nextval_internal(ledger->event_ids, true);
	values[0] = Int64GetDatum(*event);
	values[1] = PointerGetDatum(cstring_to_text("earn"));
	values[2] = Int64GetDatum(member);
	values[3] = Int64GetDatum(sale);
	values[4] = TimestampTzGetDatum(at);
	values[5] = TimestampTzGetDatum(GetCurrentTimestamp());
	write_row(&w, values, nulls);
	close_writer(&w);
	FreeExecutorState(estate);
	return true;
}

bool
crm_append_earnings(CrmLedger *ledger, int64 event, const CrmEarning *earnings, int n)
{
	Writer		posting;
	Writer		lot;
	EState	   *estate;
	bool		ready;

	find_tables(ledger);
	if (!OidIsValid(ledger->posting_table) || !OidIsValid(ledger->lot_table))
		return false;
	estate = CreateExecutorState();
	ready = open_writer(&posting, estate, ledger->posting_table, POSTING_COLUMNS);
	if (ready && !open_writer(&lot, estate, ledger->lot_table, LOT_COLUMNS))
	{
		close_writer(&posting);
		ready = false;
	}
	if (!ready)
	{
		FreeExecutorState(estate);
		return false;
	}
	for (int i = 0; i < n; i++)
	{
		const CrmEarning *e = &earnings[i];
		bool		nulls[POSTING_COLUMNS] = {false};
		Datum		row[POSTING_COLUMNS] = {
			Int64GetDatum(event), Int16GetDatum((int16) (i + 1)), Int16GetDatum(e->asset),
			Int64GetDatum(crm_programme_account(e->asset, CRM_ISSUED)), Int64GetDatum(e->account),
			Int64GetDatum(e->units), Int64GetDatum(e->rule)
		};

		write_row(&posting, row, nulls);
		if (crm_asset_has_lots(ledger, e->asset))
		{
			Datum		opened[LOT_COLUMNS] = {
				row[0], row[1], row[4], row[5], row[5],
				TimestampTzGetDatum(e->available_from), TimestampTzGetDatum(e->expires_at)
			};

			write_row(&lot, opened, nulls);
		}
	}
	close_writer(&lot);
	close_writer(&posting);
	FreeExecutorState(estate);
	return true;
}
