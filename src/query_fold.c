/*
 * src/query_fold.c
 *
 * The fold of query_fold.h: growing and filling the table, spilling rows,
 * folding what was spilled.
 */
#include "query_fold.h"

#include "commands/tablespace.h"
#include "executor/nodeHash.h"
#include "miscadmin.h"
#include "storage/buffile.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/uuid.h"

#include "huge_pages.h"

#define FIRST_SLOTS 1024
#define LEAST_MEMORY ((Size) 256 * 1024)
#define LEAST_PARTITIONS 4
#define MOST_PARTITIONS 64
#define CLEARED ((Size) 64 * 1024 * 1024)	/* bytes between two looks at interrupts */
#define CHUNK ((uint64) 1 << 20)	/* slots between two looks at interrupts */

/* a row in a temporary file; the bytes of a key follow */
typedef struct SpilledRow
{
	uint64		number;			/* the key, or its hash when it is bytes */
	int64		amount;
	int32		day;
	int16		scale;
	uint16		length;
} SpilledRow;

typedef struct SpilledFile
{
	struct BufFile *file;
	int			level;
	struct SpilledFile *next;
} SpilledFile;

StaticAssertDecl(CRM_KEY_BYTES_MAX <= PG_UINT16_MAX, "a key's length must fit a spilled row");

/*
 * Keys
 */
Datum
crm_fold_key_datum(CrmKeyKind kind, uint64 number, const char *bytes, uint32 length)
{
	switch (kind)
	{
		case CRM_KEY_INT32:
			return Int32GetDatum((int32) number);
		case CRM_KEY_TEXT:
			return PointerGetDatum(cstring_to_text_with_len(bytes, (int) length));
		case CRM_KEY_UUID:
			return PointerGetDatum(memcpy(palloc(UUID_LEN), bytes, UUID_LEN));
		case CRM_KEY_INT64:
		case CRM_KEY_ANY:
			break;
	}
	return Int64GetDatum((int64) number);
}

void
crm_fold_entry_key(CrmQueryFold *fold, const CrmFoldEntry *entry,
				   uint64 *number, const char **bytes, uint32 *length)
{
	*number = entry->key;
	*bytes = NULL;
	*length = 0;
	if (crm_key_is_bytes(fold->query.key))
	{
		CrmArenaKey *key = crm_arena_key(&fold->arena, entry->key);

		*bytes = key->bytes;
		*length = key->length;
	}
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

/*
 * The table
 */
static void *
allocate_table(CrmQueryFold *fold, Size bytes)
{
	void	   *block = MemoryContextAllocExtended(fold->context, bytes, MCXT_ALLOC_HUGE);

	crm_ask_for_huge_pages(block, bytes);
	for (Size done = 0; done < bytes; done += CLEARED)
	{
		CHECK_FOR_INTERRUPTS();
		memset((char *) block + done, 0, Min(CLEARED, bytes - done));
	}
	return block;
}

static Size
table_bytes(CrmQueryFold *fold)
{
	return (fold->table.mask + 1) * fold->table.entry_bytes;
}

static Size
memory_used(CrmQueryFold *fold)
{
	return table_bytes(fold) + fold->arena.nchunks * CRM_ARENA_CHUNK + fold->states_bytes;
}

/* doubles the table unless that would take more than the limit while both stand */
static bool
grow_table(CrmQueryFold *fold)
{
	CrmFold		larger;
	Size		bytes = table_bytes(fold) * 2;

	if (memory_used(fold) + bytes > fold->limit)
		return false;
	crm_fold_init(&larger, allocate_table(fold, bytes), (fold->table.mask + 1) * 2, fold->kind->entry_bytes);
	for (uint64 first = 0; first <= fold->table.mask; first += CHUNK)
	{
		CHECK_FOR_INTERRUPTS();
		crm_fold_move(&fold->table, first, Min(CHUNK, fold->table.mask + 1 - first), &larger,
					  crm_key_is_bytes(fold->query.key) ? hash_of_reference : hash_of_number, &fold->arena);
	}
	pfree(fold->table.slots);
	fold->table = larger;
	return true;
}

static void
empty_table(CrmQueryFold *fold)
{
	memset(fold->table.slots, 0, table_bytes(fold));
	fold->table.used = 0;
	/* chunks that stayed would leave the next part no room for members */
	while (fold->arena.nchunks > 0)
		pfree(fold->arena.chunks[--fold->arena.nchunks]);
	fold->arena.end = 0;
	MemoryContextReset(fold->states);
	fold->states_bytes = 0;
	fold->full = false;
}

/* the reference of a new key, its bytes put into the arena */
static uint64
keep_key(CrmQueryFold *fold, const CrmRow *row)
{
	CrmArena   *arena = &fold->arena;
	uint64		position = crm_arena_next(arena, row->length);

	if (position == arena->nchunks * CRM_ARENA_CHUNK)
	{
		if (arena->chunks == NULL)
			arena->chunks = MemoryContextAlloc(fold->context, sizeof(char *));
		else
			arena->chunks = repalloc_huge(arena->chunks, (arena->nchunks + 1) * sizeof(char *));
		arena->chunks[arena->nchunks] = MemoryContextAlloc(fold->context, CRM_ARENA_CHUNK);
		arena->nchunks++;
	}
	return crm_arena_put(arena, position, row->hash, row->bytes, row->length);
}

/*
 * Spilling
 */
static void
spill(CrmQueryFold *fold, const CrmRow *row)
{
	bool		is_bytes = crm_key_is_bytes(fold->query.key);
	int			bits = pg_leftmost_one_pos32(fold->partitions);
	int			part = (int) (row->hash >> (64 - bits * (fold->level + 1))) & (fold->partitions - 1);
	SpilledRow	record;

	if (fold->files[part] == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(fold->context);
		SpilledFile *file = palloc(sizeof(SpilledFile));

		PrepareTempTablespaces();
		fold->files[part] = BufFileCreateTemp(false);
		file->file = fold->files[part];
		file->level = fold->level + 1;
		file->next = fold->pending;
		fold->pending = file;
		MemoryContextSwitchTo(old);
	}
	record.number = is_bytes ? row->hash : row->number;
	record.amount = row->amount;
	record.day = row->day;
	record.scale = (int16) row->scale;
	record.length = is_bytes ? (uint16) row->length : 0;
	BufFileWrite(fold->files[part], &record, sizeof(record));
	if (is_bytes)
		BufFileWrite(fold->files[part], (void *) row->bytes, row->length);
	fold->spilled_rows++;
}

/* whether the hash has bits left that tell members of one file apart */
static bool
can_spill(CrmQueryFold *fold)
{
	return pg_leftmost_one_pos32(fold->partitions) * (fold->level + 1) <= 64;
}

/*
 * Rows
 */
static inline CrmFoldEntry *
find_entry(CrmQueryFold *fold, const CrmRow *row)
{
	if (crm_key_is_bytes(fold->query.key))
		return crm_fold_find_bytes(&fold->table, &fold->arena, row->hash, row->bytes, row->length);
	return crm_fold_find(&fold->table, row->hash, row->number);
}

static void
fold_row(CrmQueryFold *fold, const CrmRow *row)
{
	CrmFoldEntry *entry = find_entry(fold, row);

	if (unlikely(entry == NULL || entry->stamp == 0))
	{
		/* a new member */
		if (!fold->full && memory_used(fold) > fold->limit && fold->table.used > 0)
			fold->full = true;
		if (!fold->full && entry == NULL)
		{
			fold->full = !grow_table(fold);
			if (!fold->full)
				entry = find_entry(fold, row);
		}
		if (fold->full)
		{
			if (can_spill(fold))
			{
				spill(fold, row);
				return;
			}
			/* members that agree in 60 bits of their hash: take the memory */
			fold->limit *= 2;
			fold->full = false;
			fold_row(fold, row);
			return;
		}
		if (crm_key_is_bytes(fold->query.key))
			entry->key = keep_key(fold, row);
		fold->table.used++;
	}
	fold->kind->add(fold, entry, row);
}

static void
consume(void *context, CrmRow *rows, int nrows)
{
	CrmQueryFold *fold = context;
	int			scale = fold->scale;

	for (int i = 0; i < nrows; i++)
	{
		crm_fold_prefetch(&fold->table, rows[i].hash);
		scale = Max(scale, rows[i].scale);
	}
	if (unlikely(scale != fold->scale))
	{
		int			from = fold->scale;

		fold->scale = scale;
		if (fold->kind->rescale != NULL)
			fold->kind->rescale(fold, from);
	}
	for (int i = 0; i < nrows; i++)
		fold_row(fold, &rows[i]);
}

/* before SPI is connected, whose memory contexts go when it is finished */
static void
begin(CrmQueryFold *fold)
{
	Size		buffers;

	fold->limit = Max(get_hash_memory_limit(), LEAST_MEMORY);
	fold->partitions = LEAST_PARTITIONS;
	while (fold->partitions < MOST_PARTITIONS && (Size) fold->partitions * 2 * BLCKSZ <= fold->limit / 8)
		fold->partitions *= 2;
	/* the files' buffers are part of the bargain */
	buffers = (Size) fold->partitions * BLCKSZ;
	fold->limit -= Min(buffers, fold->limit / 2);

	fold->context = AllocSetContextCreate(CurrentMemoryContext, "crm_member fold", ALLOCSET_DEFAULT_SIZES);
	fold->states = AllocSetContextCreate(CurrentMemoryContext, "crm_member fold states", ALLOCSET_DEFAULT_SIZES);
	fold->files = MemoryContextAllocZero(fold->context, fold->partitions * sizeof(struct BufFile *));
	crm_fold_init(&fold->table, allocate_table(fold, FIRST_SLOTS * fold->kind->entry_bytes),
				  FIRST_SLOTS, fold->kind->entry_bytes);
}

static void
fold_file(CrmQueryFold *fold, SpilledFile *spilled)
{
	char		bytes[CRM_KEY_BYTES_MAX];
	SpilledRow	record;
	CrmRow		rows[CRM_BATCH_ROWS];
	bool		is_bytes = crm_key_is_bytes(fold->query.key);
	int			n = 0;

	empty_table(fold);
	memset(fold->files, 0, fold->partitions * sizeof(struct BufFile *));
	fold->level = spilled->level;
	if (BufFileSeek(spilled->file, 0, 0, SEEK_SET) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not rewind temporary file of a query fold")));
	while (BufFileRead(spilled->file, &record, sizeof(record)) == sizeof(record))
	{
		CrmRow	   *row = &rows[n++];

		row->number = record.number;
		row->amount = record.amount;
		row->day = record.day;
		row->scale = record.scale;
		row->length = record.length;
		row->bytes = bytes;
		row->hash = is_bytes ? record.number : crm_mix64(record.number);
		if (is_bytes && BufFileRead(spilled->file, bytes, record.length) != record.length)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("unexpected end of temporary file of a query fold")));
		if (is_bytes || n == CRM_BATCH_ROWS)
		{
			CHECK_FOR_INTERRUPTS();
			consume(fold, rows, n);
			n = 0;
		}
	}
	consume(fold, rows, n);
	BufFileClose(spilled->file);
	fold->kind->complete(fold, false);
}

void
crm_query_fold(CrmQueryFold *fold)
{
	fold->query.consume = consume;
	fold->query.context = fold;
	begin(fold);
	crm_query_run(&fold->query);

	fold->kind->complete(fold, fold->pending == NULL);
	while (fold->pending != NULL)
	{
		SpilledFile *spilled = fold->pending;

		fold->pending = spilled->next;
		fold_file(fold, spilled);
		pfree(spilled);
	}
}
