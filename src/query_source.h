/*
 * src/query_source.h
 *
 * Rows of (member, day, amount) from a query text: the common front of
 * histories, rfm_scores and cohorts; and the part that pair_rules, which has
 * other columns, shares with them.
 *
 * The text must be one SELECT.  It runs read-only through the executor with
 * the rights, the search_path and the snapshot of the caller, so WHERE, row
 * security, views and partitions count.  Rows come in batches, as the fold
 * wants them.
 */
#ifndef CRM_QUERY_SOURCE_H
#define CRM_QUERY_SOURCE_H

#include "compat.h"

#include "fmgr.h"
#include "tcop/dest.h"

#define CRM_BATCH_ROWS 128

typedef enum CrmKeyKind
{
	CRM_KEY_ANY,				/* the key is only told apart: cohorts */
	CRM_KEY_INT64,
	CRM_KEY_INT32,
	CRM_KEY_TEXT,
	CRM_KEY_UUID
} CrmKeyKind;

typedef struct CrmRow
{
	uint64		hash;			/* of the key */
	uint64		number;			/* the key when it is a number */
	const char *bytes;			/* the key when it is none, valid during the call */
	uint32		length;
	int32		day;			/* days since 2000-01-01 */
	int64		amount;			/* units of 10^-scale; 0 without an amount column */
	int			scale;
} CrmRow;

typedef void (*CrmRowConsumer) (void *context, CrmRow *rows, int nrows);

typedef struct CrmQuery
{
	const char *function;		/* for messages */
	const char *text;
	const char *example;		/* of a text, for a hint; NULL: one of orders */
	CrmKeyKind	key;			/* CRM_KEY_ANY is replaced by what the query has */
	bool		amount_optional;
	const char *time_zone;		/* NULL: none given */
	bool		has_last_day;	/* leave out rows after last_day */
	int32		last_day;
	CrmRowConsumer consume;
	void	   *context;
} CrmQuery;

/* the kind of a key column in a result */
extern CrmKeyKind crm_key_kind(Oid type);

/* true for keys that are bytes (text, uuid) */
static inline bool
crm_key_is_bytes(CrmKeyKind kind)
{
	return kind == CRM_KEY_TEXT || kind == CRM_KEY_UUID;
}

/* whether a key column of a (base) type gives keys of a kind; one of any kind takes the kind that fits */
extern bool crm_key_fits(CrmKeyKind kind, Oid type);
extern bool crm_key_kind_found(CrmKeyKind *kind, Oid type);

/* 42804 for a column, counted from 0 */
pg_noreturn extern void crm_query_refuse_column(CrmQuery *query, TupleDesc desc, int column,
												const char *wanted, const char *hint);

/* runs the query and hands over its rows; those with a NULL are left out */
extern void crm_query_run(CrmQuery *query);

/*
 * Runs the query into a receiver; check looks at its columns before it runs.
 * The receiver must look again in rStartup.  Only function, text and example
 * of the query are read.
 */
typedef void (*CrmColumnCheck) (DestReceiver *receiver, TupleDesc desc);
extern void crm_query_execute(CrmQuery *query, DestReceiver *receiver, CrmColumnCheck check);

#endif							/* CRM_QUERY_SOURCE_H */
