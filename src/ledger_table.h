/*
 * src/ledger_table.h
 *
 * Reads and writes single rows of a CRM schema's tables without a plan: the
 * rows of one call are few, and to set up the executor for each of them costs
 * more than to read or write them.
 *
 * Only a table that is as this version made it is touched in this way: an
 * ordinary table in a heap with its columns and CHECKs and no others, no
 * triggers that such a write would have to fire, no row security for the
 * caller.  Everything else is refused before anything is written, and the
 * caller goes by a statement.  Privileges are asked for as the executor does;
 * NOT NULL and CHECK are the writer's to keep, which writes what they allow.
 */
#ifndef CRM_LEDGER_TABLE_H
#define CRM_LEDGER_TABLE_H

#include "compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/skey.h"
#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "nodes/parsenodes.h"
#include "storage/lockdefs.h"
#include "utils/rel.h"

/* the tables, see ledger_table.c for their names */
typedef enum CrmTableName
{
	CRM_TABLE_ACCOUNT,
	CRM_TABLE_EVENT,
	CRM_TABLE_POSTING,
	CRM_TABLE_LOT,
	CRM_TABLE_REQUEST,
	CRM_TABLE_MEMBER,
	CRM_TABLE_MEMBER_TIER,
	CRM_TABLE_PIN,
	CRM_TABLES
} CrmTableName;

/* columns by their places, as far as they are named */
#define CRM_ACCOUNT_ID				1
#define CRM_ACCOUNT_ASSET			2
#define CRM_ACCOUNT_MEMBER			3
#define CRM_ACCOUNT_BALANCE			5
#define CRM_ACCOUNT_ARREARS			6
#define CRM_ACCOUNT_LAST_ACTIVITY	7
#define CRM_ACCOUNT_SUMMED_AVAILABLE	8
#define CRM_ACCOUNT_SUMMED_PENDING	9
#define CRM_ACCOUNT_SUMMED_FROM		10
#define CRM_ACCOUNT_SUMMED_UNTIL	11
#define CRM_EVENT_COLUMNS			10
#define CRM_POSTING_COLUMNS			7
#define CRM_LOT_ACCOUNT				3
#define CRM_LOT_LEFT				5
#define CRM_LOT_AVAILABLE_FROM		6
#define CRM_LOT_EXPIRES_AT			7
#define CRM_LOT_COLUMNS				7
#define CRM_REQUEST_ID				1
#define CRM_REQUEST_COLUMNS			5
#define CRM_MEMBER_ID				1
#define CRM_MEMBER_MERGED_INTO		9
#define CRM_TIERED_MEMBER			2	/* of member_tier and of tier_pin */
#define CRM_TIERED_LADDER			3

#define CRM_MOST_UPDATED			8
#define CRM_MOST_KEYS				4

/* what a session knows of a table until the table is changed */
typedef struct CrmShape
{
	Oid			relid;
	bool		stale;			/* the table was changed: to be looked at again */
	bool		readable;		/* as this version made it */
	bool		writable;		/* and without triggers and indexes that ask for the executor */
	int			nindexes;
	Oid		   *indexes;
	IndexInfo **infos;
	TupleTableSlot *slot;		/* for the rows that are written */
	EState	   *estate;
	MemoryContext context;
} CrmShape;

/* a table that is open */
typedef struct CrmTable
{
	Relation	rel;
	CrmShape   *shape;
	LOCKMODE	lock;
	int			nindexes;		/* that are open, to insert into */
	Relation   *indexes;
} CrmTable;

/*
 * Opens a table of the schema with the rights that are asked for (ACL_SELECT,
 * ACL_INSERT, ACL_UPDATE); false where a statement has to do it.  42501 where
 * the caller may not.
 */
extern bool crm_table_open(CrmTable *table, CrmShape *shape, Oid namespace, CrmTableName name, AclMode rights);
extern void crm_table_close(CrmTable *table);

/* drops what is known of a table */
extern void crm_shape_forget(CrmShape *shape);

/* rows of which some columns have some values, by the index that begins with these columns; ends with systable_endscan */
extern SysScanDesc crm_scan_begin(CrmTable *table, Snapshot snapshot, int nkeys, const ScanKeyData *keys);

/* one condition column = value; text by the collation of the column */
extern void crm_key_int8(ScanKey key, AttrNumber column, int64 value);
extern void crm_key_int4(ScanKey key, AttrNumber column, int32 value);
extern void crm_key_int2(ScanKey key, AttrNumber column, int16 value);
extern void crm_key_text(ScanKey key, const CrmTable *table, AttrNumber column, text *value);

static inline Datum
crm_column(CrmTable *table, HeapTuple row, AttrNumber column, bool *isnull)
{
	return heap_getattr(row, column, RelationGetDescr(table->rel), isnull);
}

/*
 * Locks the newest version of a row FOR NO KEY UPDATE and answers it, NULL
 * when it is gone; 40001 where the transaction's snapshot does not see it.
 */
extern HeapTuple crm_row_lock(CrmTable *table, HeapTuple row, Snapshot snapshot);

/* writes a new row, values and nulls of all columns */
extern void crm_row_insert(CrmTable *table, const Datum *values, const bool *nulls);

/* replaces some columns, none of them in an index, of a row that is locked */
extern void crm_row_update(CrmTable *table, HeapTuple row, int ncolumns, const int *columns, const Datum *values);

#endif							/* CRM_LEDGER_TABLE_H */
