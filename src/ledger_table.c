/*
 * src/ledger_table.c
 *
 * Tables of a CRM schema, read and written row by row without a plan (see
 * ledger_table.h).
 *
 * What a session has learnt of a table (its indexes, their predicates made
 * ready) is kept until PostgreSQL says that the table was changed.
 */
#include "ledger_engine.h"

#include "access/heapam.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "ledger_table.h"

/*
 * The columns of the tables, as far as they are touched here, in their order.
 * A table that is written to has these and no others, and so many CHECKs.
 */
static const struct
{
	const char *name;
	int			checks;
	const char *columns[12];
}			tables[CRM_TABLES] = {
	[CRM_TABLE_ACCOUNT] = {"account", 1, {"id", "asset_id", "member_id", "programme", "balance", "arrears", "last_activity_at",
	"summed_available", "summed_pending", "summed_from", "summed_until"}},
	[CRM_TABLE_EVENT] = {"ledger_event", 0, {"id", "kind", "member_id", "sale_id", "occurred_at", "recorded_at", "reverses_id",
	"request_id", "request_digest", "detail"}},
	[CRM_TABLE_POSTING] = {"posting", 1, {"event_id", "posting_no", "asset_id", "from_account", "to_account", "units", "rule_id"}},
	[CRM_TABLE_LOT] = {"lot", 1, {"event_id", "lot_no", "account_id", "units", "left_units", "available_from", "expires_at"}},
	[CRM_TABLE_REQUEST] = {"request", 0, {"request_id", "door", "digest", "answer", "recorded_at"}},
	[CRM_TABLE_MEMBER] = {"member", 0, {"id", "member_no", "home_store_id", "region", "joined_at", "closed_at", "acquired_by", "referrer_id",
	"merged_into_id"}},
	[CRM_TABLE_MEMBER_TIER] = {"member_tier", 0, {"id", "member_id", "ladder_no"}},
	[CRM_TABLE_PIN] = {"tier_pin", 0, {"id", "member_id", "ladder_no"}},
};

void
crm_shape_forget(CrmShape *shape)
{
	if (shape->context != NULL)
		MemoryContextDelete(shape->context);
	memset(shape, 0, sizeof(CrmShape));
}

static int
columns_of(CrmTableName name)
{
	int			n = 0;

	while (n < (int) lengthof(tables[name].columns) && tables[name].columns[n] != NULL)
		n++;
	return n;
}

static bool
has_columns(TupleDesc row, CrmTableName name)
{
	int			n = columns_of(name);

	if (row->natts < n)
		return false;
	for (int i = 0; i < n; i++)
	{
		if (TupleDescAttr(row, i)->attisdropped || strcmp(NameStr(TupleDescAttr(row, i)->attname), tables[name].columns[i]) != 0)
			return false;
	}
	return true;
}

/* accounts are updated, in their balance and what follows it; all other tables are appended to */
static bool
fires(const Trigger *t, CrmTableName name)
{
	if (t->tgenabled == TRIGGER_DISABLED)
		return false;
	if (name != CRM_TABLE_ACCOUNT)
		return TRIGGER_FOR_INSERT(t->tgtype);
	/* a foreign key asks nothing when its columns stay; the sums are kept by who writes here */
	if (!TRIGGER_FOR_UPDATE(t->tgtype) || RI_FKey_trigger_type(t->tgfoid) != RI_TRIGGER_NONE || strcmp(t->tgname, "account_sums_end") == 0)
		return false;
	for (int i = 0; i < t->tgnattr; i++)
	{
		if (t->tgattr[i] == CRM_ACCOUNT_BALANCE || t->tgattr[i] >= CRM_ACCOUNT_LAST_ACTIVITY)
			return true;
	}
	return t->tgnattr == 0;
}

static bool
is_plain(Relation table, CrmTableName name)
{
	const TupleConstr *constraints = RelationGetDescr(table)->constr;

	if (RelationGetNumberOfAttributes(table) != columns_of(name) || (constraints == NULL ? 0 : constraints->num_check) != tables[name].checks)
		return false;
	for (int i = 0; table->trigdesc != NULL && i < table->trigdesc->numtriggers; i++)
	{
		if (fires(&table->trigdesc->triggers[i], name))
			return false;
	}
	return true;
}

/* looks at a table that is open and locked, and keeps what it sees */
static void
learn(CrmShape *shape, Relation table, CrmTableName name)
{
	MemoryContext outer;
	List	   *ids;
	ListCell   *cell;

	crm_shape_forget(shape);
	shape->context = AllocSetContextCreate(TopMemoryContext, "crm table", ALLOCSET_SMALL_SIZES);
	outer = MemoryContextSwitchTo(shape->context);
	shape->relid = RelationGetRelid(table);
	shape->readable = table->rd_rel->relkind == RELKIND_RELATION && table->rd_rel->relam == HEAP_TABLE_AM_OID &&
		has_columns(RelationGetDescr(table), name);
	shape->writable = shape->readable && is_plain(table, name);
	shape->estate = CreateExecutorState();
	shape->slot = MakeTupleTableSlot(CreateTupleDescCopyConstr(RelationGetDescr(table)), &TTSOpsVirtual);
	ids = RelationGetIndexList(table);
	shape->indexes = palloc(sizeof(Oid) * Max(list_length(ids), 1));
	shape->infos = palloc(sizeof(IndexInfo *) * Max(list_length(ids), 1));
	foreach(cell, ids)
	{
		Relation	index = index_open(lfirst_oid(cell), AccessShareLock);
		IndexInfo  *info = BuildIndexInfo(index);

		/* what is made ready here is used by every write */
		info->ii_PredicateState = ExecPrepareQual(info->ii_Predicate, shape->estate);
		if (info->ii_ExclusionOps != NULL || !index->rd_index->indimmediate)
			shape->writable = false;
		shape->indexes[shape->nindexes] = lfirst_oid(cell);
		shape->infos[shape->nindexes++] = info;
		index_close(index, AccessShareLock);
	}
	list_free(ids);
	MemoryContextSwitchTo(outer);
}

static void
check_rights(Oid relid, AclMode rights)
{
	if (pg_class_aclmask(relid, GetUserId(), rights, ACLMASK_ALL) != rights)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, get_rel_name(relid));
}

bool
crm_table_open(CrmTable *table, CrmShape *shape, Oid namespace, CrmTableName name, AclMode rights)
{
	Oid			relid = get_relname_relid(tables[name].name, namespace);
	bool		writes = (rights & (ACL_INSERT | ACL_UPDATE)) != 0;

	table->rel = NULL;
	if (!OidIsValid(relid))
		return false;
	check_rights(relid, rights);
	table->lock = writes ? RowExclusiveLock : AccessShareLock;
	table->rel = table_open(relid, table->lock);
	if (unlikely(shape->relid != relid || shape->stale))
		learn(shape, table->rel, name);
	table->shape = shape;
	table->nindexes = 0;
	if (!(writes ? shape->writable : shape->readable) ||
		(table->rel->rd_rel->relrowsecurity && check_enable_rls(relid, InvalidOid, false) == RLS_ENABLED))
	{
		crm_table_close(table);
		return false;
	}
	if ((rights & ACL_INSERT) != 0)
	{
		table->indexes = palloc(sizeof(Relation) * Max(shape->nindexes, 1));
		for (; table->nindexes < shape->nindexes; table->nindexes++)
			table->indexes[table->nindexes] = index_open(shape->indexes[table->nindexes], RowExclusiveLock);
	}
	return true;
}

void
crm_table_close(CrmTable *table)
{
	if (table->rel == NULL)
		return;
	for (int i = 0; i < table->nindexes; i++)
		index_close(table->indexes[i], RowExclusiveLock);
	table_close(table->rel, NoLock);
	table->rel = NULL;
}

/* the index whose first columns are those of the keys; InvalidOid when there is none */
static Oid
index_for(const CrmShape *shape, int nkeys, const ScanKeyData *keys)
{
	for (int i = 0; i < shape->nindexes; i++)
	{
		const IndexInfo *info = shape->infos[i];
		int			found = 0;

		while (found < nkeys && found < info->ii_NumIndexKeyAttrs && info->ii_IndexAttrNumbers[found] == keys[found].sk_attno)
			found++;
		if (found == nkeys && info->ii_Predicate == NIL && info->ii_Am == BTREE_AM_OID && info->ii_ReadyForInserts)
			return shape->indexes[i];
	}
	return InvalidOid;
}

SysScanDesc
crm_scan_begin(CrmTable *table, Snapshot snapshot, int nkeys, const ScanKeyData *keys)
{
	Oid			index = index_for(table->shape, nkeys, keys);
	ScanKeyData own[CRM_MOST_KEYS];

	/* a scan by an index numbers the columns anew, in place */
	Assert(nkeys <= CRM_MOST_KEYS);
	memcpy(own, keys, sizeof(ScanKeyData) * nkeys);
	return systable_beginscan(table->rel, index, OidIsValid(index), snapshot, nkeys, own);
}

void
crm_key_int8(ScanKey key, AttrNumber column, int64 value)
{
	ScanKeyInit(key, column, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(value));
}

void
crm_key_int4(ScanKey key, AttrNumber column, int32 value)
{
	ScanKeyInit(key, column, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(value));
}

void
crm_key_int2(ScanKey key, AttrNumber column, int16 value)
{
	ScanKeyInit(key, column, BTEqualStrategyNumber, F_INT2EQ, Int16GetDatum(value));
}

void
crm_key_text(ScanKey key, const CrmTable *table, AttrNumber column, text *value)
{
	ScanKeyInit(key, column, BTEqualStrategyNumber, F_TEXTEQ, PointerGetDatum(value));
	key->sk_collation = TupleDescAttr(RelationGetDescr(table->rel), column - 1)->attcollation;
}

HeapTuple
crm_row_lock(CrmTable *table, HeapTuple row, Snapshot snapshot)
{
	TupleTableSlot *slot = table_slot_create(table->rel, NULL);
	ItemPointerData tid = row->t_self;
	TM_FailureData failure;
	HeapTuple	newest = NULL;
	TM_Result	result = table_tuple_lock(table->rel, &tid, snapshot, slot, GetCurrentCommandId(false), LockTupleNoKeyExclusive, LockWaitBlock,
										  IsolationUsesXactSnapshot() ? 0 : TUPLE_LOCK_FLAG_FIND_LAST_VERSION, &failure);

	if (result == TM_Ok)
	{
		newest = ExecCopySlotHeapTuple(slot);
		newest->t_self = slot->tts_tid;
	}
	else if (IsolationUsesXactSnapshot() && (result == TM_Updated || result == TM_Deleted))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to concurrent update")));
	ExecDropSingleTupleTableSlot(slot);
	return newest;
}

static void
insert_into_indexes(CrmShape *shape, Relation table, Relation *indexes, HeapTuple row)
{
	ExprContext *context = GetPerTupleExprContext(shape->estate);
	Datum		values[INDEX_MAX_KEYS];
	bool		nulls[INDEX_MAX_KEYS];

	context->ecxt_scantuple = shape->slot;
	for (int i = 0; i < shape->nindexes; i++)
	{
		IndexInfo  *info = shape->infos[i];

		if (!info->ii_ReadyForInserts || (info->ii_Predicate != NIL && !ExecQual(info->ii_PredicateState, context)))
			continue;
		FormIndexDatum(info, shape->slot, shape->estate, values, nulls);
		index_insert(indexes[i], values, nulls, &row->t_self, table, info->ii_Unique ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO, false, info);
	}
	ResetPerTupleExprContext(shape->estate);
}

void
crm_row_insert(CrmTable *table, const Datum *values, const bool *nulls)
{
	TupleTableSlot *slot = table->shape->slot;
	int			columns = RelationGetNumberOfAttributes(table->rel);
	HeapTuple	row = heap_form_tuple(RelationGetDescr(table->rel), (Datum *) values, (bool *) nulls);

	ExecClearTuple(slot);
	memcpy(slot->tts_values, values, sizeof(Datum) * columns);
	memcpy(slot->tts_isnull, nulls, sizeof(bool) * columns);
	ExecStoreVirtualTuple(slot);
	heap_insert(table->rel, row, GetCurrentCommandId(true), 0, NULL);
	insert_into_indexes(table->shape, table->rel, table->indexes, row);
	ExecClearTuple(slot);
	heap_freetuple(row);
}

void
crm_row_update(CrmTable *table, HeapTuple row, int ncolumns, const int *columns, const Datum *values)
{
	static const bool nulls[CRM_MOST_UPDATED];
	HeapTuple	changed = heap_modify_tuple_by_cols(row, RelationGetDescr(table->rel), ncolumns, (int *) columns, (Datum *) values, (bool *) nulls);

	CheckCmdReplicaIdentity(table->rel, CMD_UPDATE);
	crm_heap_update(table->rel, &row->t_self, changed);
	if (!HeapTupleIsHeapOnly(changed))
	{
		CrmShape   *shape = table->shape;
		Relation   *indexes = palloc(sizeof(Relation) * Max(shape->nindexes, 1));

		for (int i = 0; i < shape->nindexes; i++)
			indexes[i] = index_open(shape->indexes[i], RowExclusiveLock);
		ExecClearTuple(shape->slot);
		heap_deform_tuple(changed, RelationGetDescr(table->rel), shape->slot->tts_values, shape->slot->tts_isnull);
		ExecStoreVirtualTuple(shape->slot);
		insert_into_indexes(shape, table->rel, indexes, changed);
		ExecClearTuple(shape->slot);
		for (int i = 0; i < shape->nindexes; i++)
			index_close(indexes[i], RowExclusiveLock);
		pfree(indexes);
	}
	heap_freetuple(changed);
}
