/*
 * src/load_rows.c
 *
 * load_rows(schema, table, columns, rows, in_order_of, keyed, keys, ids):
 * writes the rows of a cursor into a table, as INSERT would, for statements
 * that bring very many.
 *
 * Four things make it cheaper.  Rows are put in an order, where one is asked
 * for: as many at a time as work_mem holds, since the order helps what follows
 * and is no promise.  Rows go to the table by the page.  Entries of
 * an index that come in no order are sorted first, so that each of its pages is
 * looked for once and not once an entry.  And the trigger of a foreign key is
 * not asked where the answer is known: the column is NULL, the row referred to
 * was written by this very transaction (nobody else can see it, let alone
 * delete it), or it is one of those asked for just before in this statement.
 * Where a column comes as keys of the caller's, their ids are looked up here,
 * in a table that is smaller than that of a join.
 *
 * Constraints, defaults, unique indexes, foreign keys, statement triggers and
 * their transition tables hold as they do for INSERT.  A table that needs more
 * (row triggers of its own, row security for the caller, deferred constraints,
 * generated columns, rules) is left alone, and the answer is NULL: the caller
 * inserts by a statement.
 */
#include "compat.h"

#include <limits.h>

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/itup.h"
#include "access/nbtree.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/catalog.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/primnodes.h"
#include "rewrite/rewriteHandler.h"
#include "tcop/dest.h"
#include "tcop/pquery.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/rel.h"
#include "utils/resowner.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/tuplesort.h"

#include "huge_pages.h"
#include "records.h"

PG_FUNCTION_INFO_V1(crm_load_rows);

#define BATCH_ROWS 1000
#define BATCH_BYTES 65536
#define KNOWN_VALUES 16

/* a foreign key of the table */
typedef struct Reference
{
	int			nkeys;
	AttrNumber	keys[INDEX_MAX_KEYS];
	Relation	table;			/* referred to, and its index; NULL: the trigger is always asked */
	Relation	index;
	IndexScanDesc scan;
	TupleTableSlot *slot;
	RegProcedure equal;
	/* values that need not be asked for again, by their last bits */
	bool		known[KNOWN_VALUES];
	Datum		values[KNOWN_VALUES];
} Reference;

/*
 * Entries that wait to be sorted.  Those of one or two columns that are
 * numbers, the last one perhaps a text that is compared by its bytes, are kept
 * as such and sorted by their bits; others go to PostgreSQL's sort.
 */
typedef struct Entry
{
	ItemPointerData row;
	int64		values[FLEXIBLE_ARRAY_MEMBER];	/* of the text its bytes instead */
} Entry;

typedef struct Waiting
{
	bool		known;			/* what simple and text are */
	bool		simple;
	int			text;			/* the column that is a text, or -1 */
	bool		begun;			/* entries wait, or waited */
	CrmRecords	entries;
	Tuplesortstate *sort;
} Waiting;

/* the id of a key; NO_ID where the place is empty */
typedef struct KeyId
{
	int64		key;
	int64		id;
} KeyId;

#define NO_ID PG_INT64_MIN

typedef struct Loader
{
	DestReceiver pub;
	Relation	table;
	EState	   *estate;
	ResultRelInfo *result;
	ResultRelInfo quiet;		/* the same without triggers: fills the transition table only */
	TransitionCaptureState *capture;
	CommandId	command;
	MemoryContext context;
	ResourceOwner owner;		/* of what is held from row to row; the cursor has its own */

	int			ncolumns;		/* of the cursor */
	AttrNumber *columns;
	TupleDesc	desc;
	int			keyed;			/* the column of the cursor that holds keys, or -1 */
	int			key_bits;		/* of a place */
	KeyId	   *key_ids;
	int			norder;			/* columns of the cursor that give the order */
	int			order[2];
	CrmRecords	waiting_rows;
	TupleTableSlot *row;		/* for one of them */
	int			ndefaults;
	AttrNumber *default_columns;
	ExprState **defaults;

	int			nreferences;
	Reference  *references;
	Waiting    *waiting;		/* of each index, entries that came in no order */
	Datum	   *values;			/* of the entries of a batch */
	bool	   *nulls;

	int			nslots;
	Size		bytes;
	TupleTableSlot *slots[BATCH_ROWS];
	uint64		rows;
} Loader;

/*
 * What may be loaded
 */
static bool
has_own_row_triggers(const TriggerDesc *triggers)
{
	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		const Trigger *t = &triggers->triggers[i];

		if (TRIGGER_FOR_ROW(t->tgtype) && TRIGGER_FOR_INSERT(t->tgtype) && RI_FKey_trigger_type(t->tgfoid) != RI_TRIGGER_FK)
			return true;
	}
	return false;
}

static bool
is_plain(Relation table)
{
	const TupleConstr *constraints = RelationGetDescr(table)->constr;

	return table->rd_rel->relkind == RELKIND_RELATION && !IsSystemRelation(table) && !RELATION_IS_OTHER_TEMP(table)
		&& table->rd_rules == NULL && !has_own_row_triggers(table->trigdesc)
		&& (constraints == NULL || !constraints->has_generated_stored)
		&& check_enable_rls(RelationGetRelid(table), InvalidOid, false) != RLS_ENABLED;
}

static bool
indexes_are_plain(const ResultRelInfo *result)
{
	for (int i = 0; i < result->ri_NumIndices; i++)
	{
		if (!result->ri_IndexRelationDescs[i]->rd_index->indimmediate)
			return false;
	}
	return true;
}

static Relation
open_table(const char *schema, const char *name)
{
	Oid			namespace = get_namespace_oid(schema, false);
	Oid			relid = get_relname_relid(name, namespace);
	AclResult	allowed;

	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table \"%s.%s\" does not exist", schema, name)));
	allowed = pg_class_aclcheck(relid, GetUserId(), ACL_INSERT);
	if (allowed != ACLCHECK_OK)
		aclcheck_error(allowed, OBJECT_TABLE, name);
	return table_open(relid, RowExclusiveLock);
}

/*
 * Columns: those of the cursor in their order, defaults for the others
 */
static void
set_columns(Loader *loader, ArrayType *names, TupleDesc rows)
{
	TupleDesc	desc = RelationGetDescr(loader->table);
	bool	   *given = palloc0(sizeof(bool) * (desc->natts + 1));
	Datum	   *items;
	int			n;

	if (array_contains_nulls(names))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("names of columns must not be null")));
	deconstruct_array(names, TEXTOID, -1, false, TYPALIGN_INT, &items, NULL, &n);
	if (n != rows->natts)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("cursor and list of columns differ"),
				 errdetail("The cursor has %d columns, the list %d.", rows->natts, n)));
	loader->ncolumns = n;
	loader->desc = CreateTupleDescCopy(rows);
	loader->columns = palloc(sizeof(AttrNumber) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		char	   *name = TextDatumGetCString(items[i]);
		AttrNumber	number = get_attnum(RelationGetRelid(loader->table), name);
		Form_pg_attribute column;
		Form_pg_attribute row = TupleDescAttr(rows, i);

		if (number <= 0 || given[number])
			ereport(ERROR,
					(errcode(number <= 0 ? ERRCODE_UNDEFINED_COLUMN : ERRCODE_DUPLICATE_COLUMN),
					 errmsg("the table has no such column, or it is named twice"),
					 errdetail("The column is \"%s\".", name)));
		column = TupleDescAttr(desc, number - 1);
		if (column->atttypid != row->atttypid || (column->atttypmod >= 0 && column->atttypmod != row->atttypmod)
			|| column->attidentity == ATTRIBUTE_IDENTITY_ALWAYS)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("a column of the cursor does not fit the table"),
					 errdetail("Column \"%s\" has the type %s, the cursor %s.", name,
							   format_type_with_typemod(column->atttypid, column->atttypmod),
							   format_type_with_typemod(row->atttypid, row->atttypmod))));
		given[number] = true;
		loader->columns[i] = number;
	}
	loader->default_columns = palloc(sizeof(AttrNumber) * (desc->natts + 1));
	loader->defaults = palloc(sizeof(ExprState *) * (desc->natts + 1));
	for (int number = 1; number <= desc->natts; number++)
	{
		Node	   *expression;

		if (given[number] || TupleDescAttr(desc, number - 1)->attisdropped)
			continue;
		expression = build_column_default(loader->table, number);
		if (expression == NULL)
			continue;
		loader->default_columns[loader->ndefaults] = (AttrNumber) number;
		loader->defaults[loader->ndefaults++] = ExecPrepareExpr((Expr *) expression, loader->estate);
	}
}

static bool
is_number_type(Oid type)
{
	return type == INT8OID || type == INT4OID || type == INT2OID || type == DATEOID || type == TIMESTAMPOID || type == TIMESTAMPTZOID;
}

/* the order in which rows are taken: one or two of the columns, which are numbers */
static void
set_order(Loader *loader, ArrayType *names)
{
	Datum	   *items;
	bool	   *nulls;
	int			n;

	deconstruct_array(names, TEXTOID, -1, false, TYPALIGN_INT, &items, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		AttrNumber	number = nulls[i] ? 0 : get_attnum(RelationGetRelid(loader->table), TextDatumGetCString(items[i]));
		int			column = 0;

		while (column < loader->ncolumns && loader->columns[column] != number)
			column++;
		if (i == lengthof(loader->order) || column == loader->ncolumns
			|| !is_number_type(TupleDescAttr(loader->desc, column)->atttypid) || !TupleDescAttr(loader->desc, column)->attbyval)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("rows cannot be put in this order"),
					 errdetail("Rows are ordered by one or two of the columns given, which are integers, dates or timestamps.")));
		loader->order[loader->norder++] = column;
	}
	if (loader->norder > 0)
	{
		loader->row = MakeSingleTupleTableSlot(loader->desc, &TTSOpsMinimalTuple);
		crm_records_begin(&loader->waiting_rows, loader->norder);
	}
}

/*
 * Keys and their ids
 */
static KeyId *
place_of_key(const Loader *loader, int64 key)
{
	uint64		last = (UINT64CONST(1) << loader->key_bits) - 1;
	uint64		place = (uint64) key * UINT64CONST(0x9E3779B97F4A7C15) >> (64 - loader->key_bits);

	while (loader->key_ids[place].id != NO_ID && loader->key_ids[place].key != key)
		place = (place + 1) & last;
	return &loader->key_ids[place];
}

/* the column that holds keys, and what ids they have */
static void
set_keys(Loader *loader, const char *name, ArrayType *keys, ArrayType *ids)
{
	AttrNumber	number = *name == '\0' ? InvalidAttrNumber : get_attnum(RelationGetRelid(loader->table), name);
	Datum	   *key;
	Datum	   *id;
	int			n;
	int			nids;
	Size		bytes;

	loader->keyed = -1;
	if (*name == '\0')
		return;
	for (int i = 0; i < loader->ncolumns; i++)
	{
		if (loader->columns[i] == number && TupleDescAttr(loader->desc, i)->atttypid == INT8OID)
			loader->keyed = i;
	}
	if (loader->keyed < 0 || array_contains_nulls(keys) || array_contains_nulls(ids) || ArrayGetNItems(ARR_NDIM(keys), ARR_DIMS(keys)) != ArrayGetNItems(ARR_NDIM(ids), ARR_DIMS(ids)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("keys and ids do not fit each other or the columns"),
				 errdetail("A column of type bigint among those given can hold keys; each key has one id, and none is null.")));
	deconstruct_array(keys, INT8OID, sizeof(int64), true, TYPALIGN_DOUBLE, &key, NULL, &n);
	deconstruct_array(ids, INT8OID, sizeof(int64), true, TYPALIGN_DOUBLE, &id, NULL, &nids);
	for (loader->key_bits = 4; (INT64CONST(1) << loader->key_bits) < 2 * (int64) n; loader->key_bits++)
		;
	bytes = sizeof(KeyId) << loader->key_bits;
	loader->key_ids = MemoryContextAllocHuge(CurrentMemoryContext, bytes);
	crm_ask_for_huge_pages(loader->key_ids, bytes);
	for (uint64 i = 0; i < UINT64CONST(1) << loader->key_bits; i++)
		loader->key_ids[i].id = NO_ID;
	for (int i = 0; i < n; i++)
	{
		KeyId	   *place = place_of_key(loader, DatumGetInt64(key[i]));

		place->key = DatumGetInt64(key[i]);
		place->id = DatumGetInt64(id[i]);
	}
	pfree(key);
	pfree(id);
}

static Datum
id_of_key(const Loader *loader, Datum key)
{
	KeyId	   *place = place_of_key(loader, DatumGetInt64(key));

	if (place->id == NO_ID)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("a row has a key that has no id")));
	return Int64GetDatum(place->id);
}

/*
 * Foreign keys
 */
/* the index behind a foreign key */
static Oid
index_of(Oid foreign_key)
{
	HeapTuple	tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(foreign_key));
	Oid			index = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		index = ((Form_pg_constraint) GETSTRUCT(tuple))->conindid;
		ReleaseSysCache(tuple);
	}
	return index;
}

static void
begin_references(Loader *loader)
{
	List	   *keys = RelationGetFKeyList(loader->table);
	ListCell   *cell;

	loader->references = palloc0(sizeof(Reference) * Max(list_length(keys), 1));
	foreach(cell, keys)
	{
		ForeignKeyCacheInfo *key = lfirst_node(ForeignKeyCacheInfo, cell);
		Reference  *reference = &loader->references[loader->nreferences++];
		Form_pg_attribute column = TupleDescAttr(RelationGetDescr(loader->table), key->conkey[0] - 1);
		Oid			index = index_of(key->conoid);

		reference->nkeys = key->nkeys;
		memcpy(reference->keys, key->conkey, sizeof(AttrNumber) * key->nkeys);
		reference->equal = get_opcode(key->conpfeqop[0]);
		if (key->nkeys != 1 || !column->attbyval || !OidIsValid(index) || get_rel_relkind(key->confrelid) != RELKIND_RELATION
			|| get_atttype(key->confrelid, key->confkey[0]) != column->atttypid)
			continue;
		reference->table = table_open(key->confrelid, RowShareLock);
		reference->index = index_open(index, AccessShareLock);
		if (reference->index->rd_rel->relam != BTREE_AM_OID)
			continue;
		reference->slot = table_slot_create(reference->table, NULL);
		reference->scan = crm_index_beginscan(reference->table, reference->index, SnapshotSelf, 1);
	}
}

static void
end_references(Loader *loader)
{
	for (int i = 0; i < loader->nreferences; i++)
	{
		Reference  *reference = &loader->references[i];

		if (reference->scan != NULL)
		{
			index_endscan(reference->scan);
			ExecDropSingleTupleTableSlot(reference->slot);
		}
		if (reference->table != NULL)
		{
			index_close(reference->index, NoLock);
			table_close(reference->table, NoLock);
		}
	}
}

/* whether the row referred to was written by this transaction, which so holds it */
static bool
is_own(Reference *reference, Datum value)
{
	ScanKeyData key;
	bool		own = false;
	bool		isnull;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, reference->equal, value);
	index_rescan(reference->scan, &key, 1, NULL, 0);
	if (index_getnext_slot(reference->scan, ForwardScanDirection, reference->slot))
		own = TransactionIdIsCurrentTransactionId(
			DatumGetTransactionId(slot_getsysattr(reference->slot, MinTransactionIdAttributeNumber, &isnull)));
	ExecClearTuple(reference->slot);
	return own;
}

/* whether the triggers of foreign keys are to be asked for a row; what they are asked once need not be asked again */
static bool
is_to_be_checked(Loader *loader, TupleTableSlot *slot)
{
	bool		ask = false;

	for (int i = 0; i < loader->nreferences; i++)
	{
		Reference  *reference = &loader->references[i];
		bool		isnull;
		Datum		value = (Datum) 0;
		bool		empty = true;

		for (int k = 0; k < reference->nkeys; k++)
		{
			value = slot_getattr(slot, reference->keys[k], &isnull);
			empty = empty && isnull;
		}
		if (empty)
			continue;
		if (reference->scan == NULL)
			ask = true;
		else
		{
			int			place = (int) ((uint64) value % KNOWN_VALUES);

			if (reference->known[place] && reference->values[place] == value)
				continue;
			if (!is_own(reference, value))
				ask = true;
			reference->known[place] = true;
			reference->values[place] = value;
		}
	}
	return ask;
}

/*
 * Rows
 */
static void
insert_entry(Loader *loader, int i, Datum *values, bool *nulls, ItemPointer row)
{
	Relation	index = loader->result->ri_IndexRelationDescs[i];
	IndexInfo  *info = loader->result->ri_IndexRelationInfo[i];

	index_insert(index, values, nulls, row, loader->table, index->rd_index->indisunique ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO,
				 false, info);
	if (info->ii_ExclusionOps != NULL)
		check_exclusion_constraint(loader->table, index, info, row, values, nulls, loader->estate, false);
}

/* looks whether the entries of an index can be sorted by their bits */
static void
look_at_index(Waiting *waiting, Relation index)
{
	int			nkeys = IndexRelationGetNumberOfKeyAttributes(index);

	if (waiting->known)
		return;
	waiting->known = true;
	waiting->text = -1;
	waiting->simple = nkeys <= 2 && nkeys == IndexRelationGetNumberOfAttributes(index);
	for (int i = 0; waiting->simple && i < nkeys; i++)
	{
		Oid			type = index->rd_opcintype[i];

		if (index->rd_indoption[i] != 0 || !OidIsValid(GetDefaultOpClass(type, BTREE_AM_OID))
			|| index->rd_opfamily[i] != get_opclass_family(GetDefaultOpClass(type, BTREE_AM_OID)))
			waiting->simple = false;
		else if (is_number_type(type))
			waiting->simple = TupleDescAttr(RelationGetDescr(index), i)->attbyval;
		else if (type == TEXTOID && i == nkeys - 1 && index->rd_indcollation[i] == C_COLLATION_OID)
			waiting->text = i;
		else
			waiting->simple = false;
	}
}

static inline int64
number_of(Form_pg_attribute column, Datum value)
{
	return column->attlen == 8 ? DatumGetInt64(value) : column->attlen == 4 ? DatumGetInt32(value) : DatumGetInt16(value);
}

static Datum
datum_of(Form_pg_attribute column, int64 number)
{
	return column->attlen == 8 ? Int64GetDatum(number) : column->attlen == 4 ? Int32GetDatum((int32) number) : Int16GetDatum((int16) number);
}

/*
 * Whether the entries of a batch came in the order of their index but for a
 * few, so that each is inserted beside the one before.
 */
static bool
are_in_order(const Waiting *waiting, Relation index, const Datum *values, const bool *nulls, int n)
{
	TupleDesc	desc = RelationGetDescr(index);
	int			natts = desc->natts;
	int			nkeys = IndexRelationGetNumberOfKeyAttributes(index);
	int			back = 0;

	for (int row = 1; row < n && back <= n / 16; row++)
	{
		const Datum *next = &values[row * natts];
		const bool *next_nulls = &nulls[row * natts];
		int			order = 0;

		for (int k = 0; k < nkeys && order == 0; k++)
		{
			if (next_nulls[k] || next_nulls[k - natts])
				order = (int) next_nulls[k - natts] - (int) next_nulls[k];
			else if (waiting->simple && k != waiting->text)
			{
				int64		before = number_of(TupleDescAttr(desc, k), next[k - natts]);
				int64		after = number_of(TupleDescAttr(desc, k), next[k]);

				order = (before > after) - (before < after);
			}
			else
				order = DatumGetInt32(FunctionCall2Coll(index_getprocinfo(index, k + 1, BTORDER_PROC), index->rd_indcollation[k],
														next[k - natts], next[k]));
		}
		back += order > 0;
	}
	return back <= n / 16;
}

/* the first eight bytes of a text as a number that is ordered as they are */
static inline int64
number_of_text(const struct varlena *text)
{
	uint64		number = 0;
	Size		length = VARSIZE_ANY_EXHDR(text);

	for (Size i = 0; i < 8; i++)
		number = number << 8 | (i < length ? (uint8) VARDATA_ANY(text)[i] : 0);
	return (int64) (number ^ (UINT64CONST(1) << 63));
}

static inline struct varlena *
text_of(const Waiting *waiting, const Entry *entry)
{
	return (struct varlena *) &entry->values[waiting->text];
}

/* whole entries, where the bits that were sorted are equal */
static int
compare_entries(const void *a, const void *b, void *arg)
{
	const Waiting *waiting = arg;
	const Entry *x = crm_record_at(&waiting->entries, *(const uint32 *) a);
	const Entry *y = crm_record_at(&waiting->entries, *(const uint32 *) b);
	Size		nx;
	Size		ny;
	int			order;

	for (int k = 0; k < waiting->text; k++)
	{
		if (x->values[k] != y->values[k])
			return x->values[k] < y->values[k] ? -1 : 1;
	}
	nx = VARSIZE_ANY_EXHDR(text_of(waiting, x));
	ny = VARSIZE_ANY_EXHDR(text_of(waiting, y));
	order = memcmp(VARDATA_ANY(text_of(waiting, x)), VARDATA_ANY(text_of(waiting, y)), Min(nx, ny));
	return order != 0 ? order : (nx > ny) - (nx < ny);
}

/* the entries that wait go into their index */
static void
fill_index(Loader *loader, int i)
{
	TupleDesc	desc = RelationGetDescr(loader->result->ri_IndexRelationDescs[i]);
	Waiting    *waiting = &loader->waiting[i];
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "crm index entry", ALLOCSET_SMALL_SIZES);
	Datum		values[INDEX_MAX_KEYS];
	bool		nulls[INDEX_MAX_KEYS] = {false};
	MemoryContext outer;

	if (waiting->sort != NULL)
	{
		IndexTuple	entry;

		tuplesort_performsort(waiting->sort);
		while ((entry = tuplesort_getindextuple(waiting->sort, true)) != NULL)
		{
			CHECK_FOR_INTERRUPTS();
			index_deform_tuple(entry, desc, values, nulls);
			outer = MemoryContextSwitchTo(context);
			insert_entry(loader, i, values, nulls, &entry->t_tid);
			MemoryContextSwitchTo(outer);
			MemoryContextReset(context);
		}
		tuplesort_end(waiting->sort);
		waiting->sort = NULL;
	}
	crm_records_sort(&waiting->entries, waiting->text >= 0 ? compare_entries : NULL, waiting);
	outer = MemoryContextSwitchTo(context);
	for (uint32 e = 0; e < waiting->entries.n; e++)
	{
		Entry	   *entry = crm_record(&waiting->entries, e);

		CHECK_FOR_INTERRUPTS();
		for (int k = 0; k < desc->natts; k++)
			values[k] = k == waiting->text ? PointerGetDatum(text_of(waiting, entry)) : datum_of(TupleDescAttr(desc, k), entry->values[k]);
		insert_entry(loader, i, values, nulls, &entry->row);
		MemoryContextReset(context);
	}
	MemoryContextSwitchTo(outer);
	crm_records_clear(&waiting->entries);
	MemoryContextDelete(context);
}

static void
begin_waiting(Loader *loader, Waiting *waiting, int nkeys)
{
	MemoryContext outer = MemoryContextSwitchTo(loader->context);

	crm_records_begin(&waiting->entries, nkeys);
	waiting->begun = true;
	MemoryContextSwitchTo(outer);
}

/* an entry that came in no order waits; those with a NULL, which are few, do not */
static void
let_wait(Loader *loader, int i, Datum *values, bool *nulls, ItemPointer row)
{
	Relation	index = loader->result->ri_IndexRelationDescs[i];
	TupleDesc	desc = RelationGetDescr(index);
	Waiting    *waiting = &loader->waiting[i];
	struct varlena *text = NULL;
	MemoryContext outer;

	if (waiting->simple && (nulls[0] || (desc->natts > 1 && nulls[1])))
	{
		insert_entry(loader, i, values, nulls, row);
		return;
	}
	if (waiting->text >= 0)
		text = pg_detoast_datum_packed((struct varlena *) DatumGetPointer(values[waiting->text]));
	if (text != NULL && VARSIZE_ANY(text) > BLCKSZ)
	{
		/* is refused */
		insert_entry(loader, i, values, nulls, row);
		return;
	}
	outer = MemoryContextSwitchTo(loader->context);
	if (!waiting->simple)
	{
		if (waiting->sort == NULL)
			waiting->sort = tuplesort_begin_index_btree(loader->table, index, false, false, maintenance_work_mem, NULL, TUPLESORT_NONE);
		tuplesort_putindextuplevalues(waiting->sort, index, row, values, nulls);
	}
	else
	{
		Size		bytes = offsetof(Entry, values) + sizeof(int64) * (desc->natts - (text != NULL)) + (text == NULL ? 0 : VARSIZE_ANY(text));
		int64		keys[2];
		Entry	   *entry;

		if (crm_records_are_full(&waiting->entries, bytes, maintenance_work_mem))
			fill_index(loader, i);
		for (int k = 0; k < desc->natts; k++)
			keys[k] = k == waiting->text ? number_of_text(text) : number_of(TupleDescAttr(desc, k), values[k]);
		entry = crm_records_add(&waiting->entries, keys, bytes);
		entry->row = *row;
		for (int k = 0; k < desc->natts; k++)
		{
			if (k != waiting->text)
				entry->values[k] = keys[k];
		}
		if (text != NULL)
			memcpy(text_of(waiting, entry), text, VARSIZE_ANY(text));
	}
	MemoryContextSwitchTo(outer);
}

static void
index_rows(Loader *loader, int i)
{
	Relation	index = loader->result->ri_IndexRelationDescs[i];
	IndexInfo  *info = loader->result->ri_IndexRelationInfo[i];
	Waiting    *waiting = &loader->waiting[i];
	ExprContext *context = GetPerTupleExprContext(loader->estate);
	int			natts = IndexRelationGetNumberOfAttributes(index);
	ItemPointer rows[BATCH_ROWS];
	int			n = 0;

	if (!info->ii_ReadyForInserts)
		return;
	if (info->ii_Predicate != NIL && info->ii_PredicateState == NULL)
		info->ii_PredicateState = ExecPrepareQual(info->ii_Predicate, loader->estate);
	for (int row = 0; row < loader->nslots; row++)
	{
		TupleTableSlot *slot = loader->slots[row];

		context->ecxt_scantuple = slot;
		if (info->ii_Predicate != NIL && !ExecQual(info->ii_PredicateState, context))
			continue;
		FormIndexDatum(info, slot, loader->estate, &loader->values[n * natts], &loader->nulls[n * natts]);
		rows[n++] = &slot->tts_tid;
	}
	look_at_index(waiting, index);
	if (index->rd_rel->relam == BTREE_AM_OID && (waiting->begun || !are_in_order(waiting, index, loader->values, loader->nulls, n)))
	{
		if (!waiting->begun)
			begin_waiting(loader, waiting, natts);
		for (int row = 0; row < n; row++)
			let_wait(loader, i, &loader->values[row * natts], &loader->nulls[row * natts], rows[row]);
	}
	else
	{
		for (int row = 0; row < n; row++)
			insert_entry(loader, i, &loader->values[row * natts], &loader->nulls[row * natts], rows[row]);
	}
	ResetPerTupleExprContext(loader->estate);
}

static void
write_batch(Loader *loader)
{
	MemoryContext outer;

	if (loader->nslots == 0)
		return;
	CHECK_FOR_INTERRUPTS();
	/* which leaves memory behind */
	outer = MemoryContextSwitchTo(GetPerTupleMemoryContext(loader->estate));
	table_multi_insert(loader->table, loader->slots, loader->nslots, loader->command, 0, NULL);
	MemoryContextSwitchTo(outer);
	ResetPerTupleExprContext(loader->estate);
	for (int i = 0; i < loader->result->ri_NumIndices; i++)
		index_rows(loader, i);
	for (int row = 0; row < loader->nslots; row++)
	{
		TupleTableSlot *slot = loader->slots[row];

		if (is_to_be_checked(loader, slot))
			ExecARInsertTriggers(loader->estate, loader->result, slot, NIL, loader->capture);
		else if (loader->capture != NULL)
			ExecARInsertTriggers(loader->estate, &loader->quiet, slot, NIL, loader->capture);
		ExecClearTuple(slot);
	}
	loader->rows += loader->nslots;
	loader->nslots = 0;
	loader->bytes = 0;
}

static void
take_row(Loader *loader, TupleTableSlot *source)
{
	EState	   *estate = loader->estate;
	int			natts = RelationGetDescr(loader->table)->natts;
	TupleTableSlot *slot;

	if (loader->slots[loader->nslots] == NULL)
		loader->slots[loader->nslots] = table_slot_create(loader->table, &estate->es_tupleTable);
	slot = loader->slots[loader->nslots];
	slot_getallattrs(source);
	ExecClearTuple(slot);
	memset(slot->tts_values, 0, sizeof(Datum) * natts);
	memset(slot->tts_isnull, true, sizeof(bool) * natts);
	for (int i = 0; i < loader->ncolumns; i++)
	{
		slot->tts_values[loader->columns[i] - 1] = source->tts_values[i];
		slot->tts_isnull[loader->columns[i] - 1] = source->tts_isnull[i];
	}
	for (int i = 0; i < loader->ndefaults; i++)
	{
		AttrNumber	column = loader->default_columns[i];

		slot->tts_values[column - 1] = ExecEvalExprSwitchContext(loader->defaults[i], GetPerTupleExprContext(estate),
																 &slot->tts_isnull[column - 1]);
	}
	ExecStoreVirtualTuple(slot);
	slot->tts_tableOid = RelationGetRelid(loader->table);
	if (RelationGetDescr(loader->table)->constr != NULL)
		ExecConstraints(loader->result, slot, estate);
	ExecMaterializeSlot(slot);
	loader->bytes += ((HeapTuple) ExecFetchSlotHeapTuple(slot, true, NULL))->t_len;
	ResetPerTupleExprContext(estate);
	if (++loader->nslots == BATCH_ROWS || loader->bytes >= BATCH_BYTES)
		write_batch(loader);
}

/* the rows that wait are taken in their order */
static void
take_waiting_rows(Loader *loader)
{
	CrmRecords *rows = &loader->waiting_rows;

	crm_records_sort(rows, NULL, NULL);
	for (uint32 i = 0; i < rows->n; i++)
	{
		ExecStoreMinimalTuple(crm_record(rows, i), loader->row, false);
		take_row(loader, loader->row);
	}
	ExecClearTuple(loader->row);
	crm_records_clear(rows);
}

static void
let_row_wait(Loader *loader, TupleTableSlot *source)
{
	MinimalTuple row = crm_form_minimal_tuple(loader->desc, source->tts_values, source->tts_isnull);
	int64		keys[lengthof(loader->order)];

	if (crm_records_are_full(&loader->waiting_rows, row->t_len, work_mem))
		take_waiting_rows(loader);
	for (int k = 0; k < loader->norder; k++)
	{
		int			column = loader->order[k];

		keys[k] = source->tts_isnull[column] ? PG_INT64_MAX : number_of(TupleDescAttr(loader->desc, column), source->tts_values[column]);
	}
	if (row->t_len > CRM_RECORD_BLOCK)
		take_row(loader, source);
	else
		memcpy(crm_records_add(&loader->waiting_rows, keys, row->t_len), row, row->t_len);
	heap_free_minimal_tuple(row);
}

static bool
receive_row(TupleTableSlot *source, DestReceiver *self)
{
	Loader	   *loader = (Loader *) self;
	ResourceOwner outer = CurrentResourceOwner;
	MemoryContext context = MemoryContextSwitchTo(loader->context);

	CurrentResourceOwner = loader->owner;
	slot_getallattrs(source);
	if (loader->keyed >= 0 && !source->tts_isnull[loader->keyed])
		source->tts_values[loader->keyed] = id_of_key(loader, source->tts_values[loader->keyed]);
	if (loader->norder > 0)
		let_row_wait(loader, source);
	else
		take_row(loader, source);
	CurrentResourceOwner = outer;
	MemoryContextSwitchTo(context);
	return true;
}

static void
startup(DestReceiver *self, int operation, TupleDesc desc)
{
}

static void
nothing(DestReceiver *self)
{
}

static void
load(Loader *loader, Portal portal)
{
	EState	   *estate = loader->estate;
	ResultRelInfo *result = loader->result;

	loader->pub.receiveSlot = receive_row;
	loader->pub.rStartup = startup;
	loader->pub.rShutdown = nothing;
	loader->pub.rDestroy = nothing;
	loader->pub.mydest = DestTuplestore;
	loader->owner = CurrentResourceOwner;
	loader->command = GetCurrentCommandId(true);
	AfterTriggerBeginQuery();
	loader->capture = MakeTransitionCaptureState(loader->table->trigdesc, RelationGetRelid(loader->table), CMD_INSERT);
	loader->quiet = *result;
	loader->quiet.ri_TrigDesc = NULL;
	ExecBSInsertTriggers(estate, result);
	begin_references(loader);
	loader->context = CurrentMemoryContext;
	loader->waiting = palloc0(sizeof(Waiting) * Max(result->ri_NumIndices, 1));
	loader->values = palloc(sizeof(Datum) * BATCH_ROWS * INDEX_MAX_KEYS);
	loader->nulls = palloc(sizeof(bool) * BATCH_ROWS * INDEX_MAX_KEYS);

	PortalRunFetch(portal, FETCH_FORWARD, LONG_MAX, &loader->pub);
	if (loader->norder > 0)
		take_waiting_rows(loader);
	write_batch(loader);
	for (int i = 0; i < result->ri_NumIndices; i++)
	{
		if (loader->waiting[i].begun)
			fill_index(loader, i);
	}
	end_references(loader);
	ExecASInsertTriggers(estate, result, loader->capture);
	AfterTriggerEndQuery(estate);
}

/* load_rows(schema_name text, table_name text, columns text[], rows refcursor, in_order_of text[], keyed text, keys bigint[], ids bigint[]) returns bigint, NULL where a statement has to do it */
Datum
crm_load_rows(PG_FUNCTION_ARGS)
{
	char	   *schema = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	char	   *cursor = text_to_cstring(PG_GETARG_TEXT_PP(3));
	Loader	   *loader;
	Portal		portal;
	bool		plain;
	uint64		rows;
	MemoryContext context;
	MemoryContext outer;

	PreventCommandIfReadOnly("INSERT");
	PreventCommandIfParallelMode("INSERT");
	portal = GetPortalByName(cursor);
	if (!PortalIsValid(portal) || portal->tupDesc == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_CURSOR),
				 errmsg("cursor \"%s\" does not exist", cursor)));
	context = AllocSetContextCreate(CurrentMemoryContext, "crm rows to load", ALLOCSET_DEFAULT_SIZES);
	outer = MemoryContextSwitchTo(context);
	loader = palloc0(sizeof(Loader));
	loader->table = open_table(schema, name);
	loader->estate = CreateExecutorState();
	plain = is_plain(loader->table);
	if (plain)
	{
		loader->result = makeNode(ResultRelInfo);
		InitResultRelInfo(loader->result, loader->table, 0, NULL, 0);
		ExecOpenIndices(loader->result, false);
		plain = indexes_are_plain(loader->result);
		if (plain)
		{
			set_columns(loader, PG_GETARG_ARRAYTYPE_P(2), portal->tupDesc);
			set_order(loader, PG_GETARG_ARRAYTYPE_P(4));
			set_keys(loader, text_to_cstring(PG_GETARG_TEXT_PP(5)), PG_GETARG_ARRAYTYPE_P(6), PG_GETARG_ARRAYTYPE_P(7));
			load(loader, portal);
		}
		ExecCloseIndices(loader->result);
	}
	if (loader->row != NULL)
		ExecDropSingleTupleTableSlot(loader->row);
	ExecResetTupleTable(loader->estate->es_tupleTable, false);
	ExecCloseResultRelations(loader->estate);
	FreeExecutorState(loader->estate);
	table_close(loader->table, NoLock);
	rows = loader->rows;
	MemoryContextSwitchTo(outer);
	MemoryContextDelete(context);
	if (!plain)
		PG_RETURN_NULL();
	PG_RETURN_INT64((int64) rows);
}
