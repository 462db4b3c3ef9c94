/*
 * src/query_baskets.c
 *
 * Reads lines of (basket, item) from a query (see query_baskets.h).
 *
 * A line takes 8 bytes, whatever its keys are: both become numbers by a hash
 * table, and most shops keep the lines of an order together, so the basket of
 * a line is first looked for where that of the line before was found.
 */
#include "query_baskets.h"

#include "catalog/pg_type.h"
#include "executor/nodeHash.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/uuid.h"

#define FIRST_SLOTS 1024
#define FIRST_LINES 8192
#define CHUNK ((uint64) 1 << 20)	/* slots between two looks at interrupts */

typedef struct Receiver
{
	DestReceiver pub;
	CrmBaskets *baskets;
	Oid			types[2];		/* of basket and item */
} Receiver;

/*
 * Memory
 */
static void
count_memory(CrmBaskets *baskets, size_t bytes)
{
	if (baskets->used + bytes > baskets->limit)
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("%s needs more memory than it may take", baskets->query.function),
				 errdetail("It may take %zu kB and has read %zu lines.", baskets->limit / 1024, baskets->nlines),
				 errhint("Raise work_mem or maintenance_work_mem for this statement, or let the query return fewer lines.")));
	baskets->used += bytes;
}

void *
crm_baskets_allocate(CrmBaskets *baskets, size_t bytes)
{
	count_memory(baskets, bytes);
	return MemoryContextAllocExtended(baskets->context, Max(bytes, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

void
crm_baskets_free(CrmBaskets *baskets, void *block, size_t bytes)
{
	pfree(block);
	baskets->used -= bytes;
}

/*
 * Dictionaries
 */
static size_t
table_bytes(const CrmFold *table)
{
	return (table->mask + 1) * sizeof(CrmFoldEntry);
}

static uint64
hash_of_number(uint64 key, const void *context)
{
	return crm_mix64(key);
}

static uint64
hash_of_reference(uint64 key, const void *context)
{
	return crm_arena_key((const CrmArena *) context, key)->hash;
}

static void
grow(CrmBaskets *baskets, CrmDictionary *dictionary)
{
	CrmFold		larger;
	uint64		slots = (dictionary->table.mask + 1) * 2;

	crm_fold_init(&larger, crm_baskets_allocate(baskets, slots * sizeof(CrmFoldEntry)), slots, sizeof(CrmFoldEntry));
	for (uint64 first = 0; first <= dictionary->table.mask; first += CHUNK)
	{
		CHECK_FOR_INTERRUPTS();
		crm_fold_move(&dictionary->table, first, Min(CHUNK, dictionary->table.mask + 1 - first), &larger,
					  crm_key_is_bytes(dictionary->kind) ? hash_of_reference : hash_of_number, &dictionary->arena);
	}
	crm_baskets_free(baskets, dictionary->table.slots, table_bytes(&dictionary->table));
	dictionary->table = larger;
}

static uint64
keep_key(CrmBaskets *baskets, CrmArena *arena, uint64 hash, const char *bytes, uint32 length)
{
	uint64		position = crm_arena_next(arena, length);

	if (position == arena->nchunks * CRM_ARENA_CHUNK)
	{
		count_memory(baskets, CRM_ARENA_CHUNK);
		if (arena->chunks == NULL)
			arena->chunks = MemoryContextAlloc(baskets->context, sizeof(char *));
		else
			arena->chunks = repalloc_huge(arena->chunks, (arena->nchunks + 1) * sizeof(char *));
		arena->chunks[arena->nchunks++] = MemoryContextAlloc(baskets->context, CRM_ARENA_CHUNK);
	}
	return crm_arena_put(arena, position, hash, bytes, length);
}

void
crm_dictionary_free(CrmBaskets *baskets, CrmDictionary *dictionary)
{
	crm_baskets_free(baskets, dictionary->table.slots, table_bytes(&dictionary->table));
	dictionary->table.slots = NULL;
	while (dictionary->arena.nchunks > 0)
		crm_baskets_free(baskets, dictionary->arena.chunks[--dictionary->arena.nchunks], CRM_ARENA_CHUNK);
	dictionary->arena.end = 0;
}

/* the number of a key; bytes are NULL where it is a number */
static uint32
number_of(CrmBaskets *baskets, CrmDictionary *dictionary, uint64 key, const char *bytes, uint32 length)
{
	CrmFoldEntry *entry;
	uint64		hash;

	if (bytes == NULL && dictionary->table.used > 0 && dictionary->last_key == key)
		return dictionary->last;
	hash = bytes == NULL ? crm_mix64(key) : crm_hash_bytes(bytes, length);
	while ((entry = bytes == NULL ? crm_fold_find(&dictionary->table, hash, key) :
			crm_fold_find_bytes(&dictionary->table, &dictionary->arena, hash, bytes, length)) == NULL)
		grow(baskets, dictionary);
	if (entry->stamp == 0)
	{
		if (bytes != NULL)
			entry->key = keep_key(baskets, &dictionary->arena, hash, bytes, length);
		entry->stamp = 1;
		entry->payload = (uint32) dictionary->table.used++;
	}
	dictionary->last_key = key;
	dictionary->last = entry->payload;
	return entry->payload;
}

/*
 * Rows
 */
static uint32
number_of_datum(CrmBaskets *baskets, CrmDictionary *dictionary, Oid type, Datum value)
{
	struct varlena *original;
	text	   *key;
	uint32		number;

	switch (type)
	{
		case INT8OID:
			return number_of(baskets, dictionary, (uint64) DatumGetInt64(value), NULL, 0);
		case INT4OID:
			return number_of(baskets, dictionary, (uint64) (int64) DatumGetInt32(value), NULL, 0);
		case INT2OID:
			return number_of(baskets, dictionary, (uint64) (int64) DatumGetInt16(value), NULL, 0);
		case UUIDOID:
			return number_of(baskets, dictionary, 0, (const char *) DatumGetUUIDP(value), UUID_LEN);
		default:
			break;
	}
	original = (struct varlena *) DatumGetPointer(value);
	key = (text *) pg_detoast_datum_packed(original);
	if (VARSIZE_ANY_EXHDR(key) > CRM_KEY_BYTES_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a key of the query of %s is too long", baskets->query.function),
				 errdetail("It has %u bytes; at most %d are taken.", (uint32) VARSIZE_ANY_EXHDR(key), CRM_KEY_BYTES_MAX)));
	number = number_of(baskets, dictionary, 0, VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key));
	if ((struct varlena *) key != original)
		pfree(key);
	return number;
}

static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	Receiver   *receiver = (Receiver *) self;
	CrmBaskets *baskets = receiver->baskets;
	uint64		basket;

	slot_getallattrs(slot);
	if (slot->tts_isnull[0] || slot->tts_isnull[1])
		return true;
	if (unlikely(baskets->nlines == baskets->room))
	{
		count_memory(baskets, baskets->room * sizeof(uint64));
		baskets->lines = repalloc_huge(baskets->lines, baskets->room * 2 * sizeof(uint64));
		baskets->room *= 2;
	}
	basket = number_of_datum(baskets, &baskets->baskets, receiver->types[0], slot->tts_values[0]);
	baskets->lines[baskets->nlines++] = basket << 32 |
		number_of_datum(baskets, &baskets->items, receiver->types[1], slot->tts_values[1]);
	return true;
}

static void
check_columns(DestReceiver *self, TupleDesc desc)
{
	Receiver   *receiver = (Receiver *) self;
	CrmBaskets *baskets = receiver->baskets;
	CrmQuery   *query = &baskets->query;

	if (desc->natts != 2)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the query of %s has the wrong number of columns", query->function),
				 errdetail("It has %d and must have a basket and an item.", desc->natts)));
	for (int i = 0; i < 2; i++)
		receiver->types[i] = getBaseType(TupleDescAttr(desc, i)->atttypid);
	if (!crm_key_kind_found(&baskets->baskets.kind, receiver->types[0]) ||
		!crm_key_fits(baskets->baskets.kind, receiver->types[0]))
		crm_query_refuse_column(query, desc, 0, "bigint, integer, smallint, text, varchar or uuid",
								"Cast it, for example to text.");
	if (!crm_key_fits(baskets->items.kind, receiver->types[1]))
		crm_query_refuse_column(query, desc, 1,
								baskets->items.kind == CRM_KEY_TEXT ? "text or varchar, as item_type is text" : "bigint, integer or smallint",
								baskets->items.kind == CRM_KEY_TEXT ? "Leave item_type out, or cast the column." :
								"Pass item_type => NULL::text, or cast the column.");
}

/* once for the rows that come: between preparing and running, a function of the query may be replaced by another's DDL */
static void
startup(DestReceiver *self, int operation, TupleDesc typeinfo)
{
	check_columns(self, typeinfo);
}

static void
shutdown(DestReceiver *self)
{
}

static void
begin(CrmBaskets *baskets, CrmDictionary *dictionary)
{
	crm_fold_init(&dictionary->table, crm_baskets_allocate(baskets, FIRST_SLOTS * sizeof(CrmFoldEntry)),
				  FIRST_SLOTS, sizeof(CrmFoldEntry));
}

void
crm_baskets_read(CrmBaskets *baskets)
{
	Receiver   *receiver = palloc0(sizeof(Receiver));

	/* before SPI is connected, whose memory contexts go when it is finished */
	baskets->context = AllocSetContextCreate(CurrentMemoryContext, "crm_member baskets", ALLOCSET_DEFAULT_SIZES);
	baskets->limit = Max(get_hash_memory_limit(), (size_t) maintenance_work_mem * 1024);
	begin(baskets, &baskets->baskets);
	begin(baskets, &baskets->items);
	baskets->lines = crm_baskets_allocate(baskets, FIRST_LINES * sizeof(uint64));
	baskets->room = FIRST_LINES;

	receiver->pub.receiveSlot = receive_row;
	receiver->pub.rStartup = startup;
	receiver->pub.rShutdown = shutdown;
	receiver->pub.rDestroy = shutdown;
	/* any kind but DestNone, which SPI takes for a result that nobody wants */
	receiver->pub.mydest = DestTuplestore;
	receiver->baskets = baskets;
	crm_query_execute(&baskets->query, &receiver->pub, check_columns);
	pfree(receiver);
}
