/*
 * src/query_fold.h
 *
 * Folds the rows of a query by member, in bounded memory.
 *
 * The table (core/fold.h) grows up to work_mem * hash_mem_multiplier (256 kB
 * at least).  From
 * then on rows of members that it does not hold go to temporary files, by the
 * high bits of their hash; when the input ends the table's members are
 * complete, and each file is folded in its turn, if need be again in parts.
 */
#ifndef CRM_QUERY_FOLD_H
#define CRM_QUERY_FOLD_H

#include "query_source.h"

#include "core/fold.h"

typedef struct CrmQueryFold CrmQueryFold;

/* what a fold makes of its rows */
typedef struct CrmFoldKind
{
	size_t		entry_bytes;

	/* one row into its entry; a new entry is zero but for its key and must be stamped */
	void		(*add) (CrmQueryFold *fold, CrmFoldEntry *entry, const CrmRow *row);

	/* the entries of the table are complete; it is emptied afterwards unless it is the only one */
	void		(*complete) (CrmQueryFold *fold, bool only);

	/* a larger scale has come, fold->scale: entries in the table must follow; NULL if each has its own */
	void		(*rescale) (CrmQueryFold *fold, int from);
} CrmFoldKind;

struct CrmQueryFold
{
	CrmQuery	query;
	const CrmFoldKind *kind;
	CrmFold		table;
	CrmArena	arena;			/* keys that are bytes */
	MemoryContext context;		/* table and arena */
	MemoryContext states;		/* what the kind allocates for its entries; emptied with the table */
	size_t		states_bytes;	/* as counted by the kind */
	size_t		limit;			/* bytes that all of this may take */
	int			scale;			/* the largest seen in any row so far */

	/* spilling */
	bool		full;			/* the table takes no more members */
	int			partitions;		/* a power of two */
	int			level;			/* how often the rows being read were spilled before */
	struct BufFile **files;		/* one a partition, NULL: no row yet */
	struct SpilledFile *pending;	/* files to be folded */
	int64		spilled_rows;
};

/* kind, and query but for consume and context, are set by the caller; the rest must be zero */
extern void crm_query_fold(CrmQueryFold *fold);

/* the key of an entry as a Datum of the kind's type (a copy in the current context where it is bytes) */
extern Datum crm_fold_key_datum(CrmKeyKind kind, uint64 number, const char *bytes, uint32 length);

/* number or bytes of an entry's key */
extern void crm_fold_entry_key(CrmQueryFold *fold, const CrmFoldEntry *entry,
							   uint64 *number, const char **bytes, uint32 *length);

#endif							/* CRM_QUERY_FOLD_H */
