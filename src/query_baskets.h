/*
 * src/query_baskets.h
 *
 * Lines of (basket, item) from a query text, both numbered from 0 in the order
 * in which they come.
 *
 * All lines are kept, so memory goes with them; beyond the limit (work_mem *
 * hash_mem_multiplier or maintenance_work_mem, the larger) the call ends in an
 * error that says what to raise.
 */
#ifndef CRM_QUERY_BASKETS_H
#define CRM_QUERY_BASKETS_H

#include "query_source.h"

#include "core/fold.h"

/* keys and their numbers; a number is the payload of an entry */
typedef struct CrmDictionary
{
	CrmKeyKind	kind;
	CrmFold		table;
	CrmArena	arena;			/* keys that are bytes */
	uint32		last;			/* number of the key that came last, where any came */
	uint64		last_key;		/* that key, where it is a number */
} CrmDictionary;

typedef struct CrmBaskets
{
	CrmQuery	query;			/* function, text and example are set by the caller */
	CrmDictionary baskets;
	CrmDictionary items;
	uint64	   *lines;			/* basket << 32 | item */
	size_t		nlines;
	size_t		room;
	MemoryContext context;		/* all of this */
	size_t		limit;			/* bytes */
	size_t		used;			/* bytes, as far as counted */
} CrmBaskets;

/* items.kind is set by the caller; the rest but for query must be zero */
extern void crm_baskets_read(CrmBaskets *baskets);

/* forgets the keys of a dictionary */
extern void crm_dictionary_free(CrmBaskets *baskets, CrmDictionary *dictionary);

/* takes memory of the bargain, or raises 53400 */
extern void *crm_baskets_allocate(CrmBaskets *baskets, size_t bytes);
extern void crm_baskets_free(CrmBaskets *baskets, void *block, size_t bytes);

#endif							/* CRM_QUERY_BASKETS_H */
