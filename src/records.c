/*
 * src/records.c
 *
 * The records of records.h: memory for them, and their order.
 */
#include "records.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "core/sort.h"
#include "huge_pages.h"

#define FIRST_ROOM 1024
#define BYTES_OF_ORDER (3 * sizeof(int64))	/* of a record, in the arrays that give the order, and their sort */
#define MOST_BLOCKS ((int) (((uint64) PG_UINT32_MAX + 1) * CRM_RECORD_UNIT / CRM_RECORD_BLOCK))
#define BLOCK_BYTES (CRM_RECORD_BLOCK + CRM_HUGE_PAGE)	/* with what is lost in front of a huge page */

void
crm_records_begin(CrmRecords *records, int nkeys)
{
	memset(records, 0, sizeof(CrmRecords));
	records->context = CurrentMemoryContext;
	records->nkeys = nkeys;
}

bool
crm_records_are_full(const CrmRecords *records, Size bytes, int kilobytes)
{
	Size		used = records->nblocks == 0 ? 0 : (Size) (records->nblocks - 1) * CRM_RECORD_BLOCK + records->used;

	if (records->n < FIRST_ROOM)
		return false;
	return used + bytes + (Size) records->n * BYTES_OF_ORDER > (Size) kilobytes * 1024
		|| records->nblocks >= MOST_BLOCKS || records->n > PG_UINT32_MAX / 2;
}

static void *
enlarge(MemoryContext context, void *array, Size bytes)
{
	return array == NULL ? MemoryContextAllocHuge(context, bytes) : repalloc_huge(array, bytes);
}

static void
add_block(CrmRecords *records)
{
	if (records->nblocks == records->room_blocks)
	{
		if (records->nblocks % 16 == 0)
			records->blocks = enlarge(records->context, records->blocks, sizeof(char *) * (records->nblocks + 16));
		records->blocks[records->room_blocks] = (char *) TYPEALIGN(CRM_HUGE_PAGE, (uintptr_t) MemoryContextAllocHuge(records->context, BLOCK_BYTES));
		crm_ask_for_huge_pages(records->blocks[records->room_blocks], CRM_RECORD_BLOCK);
		records->room_blocks++;
	}
	records->nblocks++;
	records->used = 0;
}

void *
crm_records_add(CrmRecords *records, const int64 *keys, Size bytes)
{
	Size		length = TYPEALIGN(CRM_RECORD_UNIT, bytes);
	char	   *record;

	Assert(length <= CRM_RECORD_BLOCK);
	if (records->n == records->room)
	{
		records->room = Max(FIRST_ROOM, 2 * records->room);
		for (int k = 0; k < lengthof(records->keys); k++)
			records->keys[k] = enlarge(records->context, records->keys[k], sizeof(int64) * records->room);
		records->places = enlarge(records->context, records->places, sizeof(uint32) * records->room);
	}
	if (records->nblocks == 0 || records->used + length > CRM_RECORD_BLOCK)
		add_block(records);
	record = records->blocks[records->nblocks - 1] + records->used;
	for (int k = 0; k < records->nkeys; k++)
		records->keys[k][records->n] = keys[k];
	records->places[records->n++] = (uint32) (((Size) (records->nblocks - 1) * CRM_RECORD_BLOCK + records->used) / CRM_RECORD_UNIT);
	records->used += length;
	return record;
}

/* distances from the least key, those of PG_INT64_MAX just behind the others; answers how many bits they have */
static int
take_distances(int64 *keys, uint32 n)
{
	int64		least = PG_INT64_MAX;
	int64		most = PG_INT64_MIN;
	uint64		behind;

	for (uint32 i = 0; i < n; i++)
	{
		least = Min(least, keys[i]);
		if (keys[i] != PG_INT64_MAX)
			most = Max(most, keys[i]);
	}
	behind = least == PG_INT64_MAX ? 0 : (uint64) most - (uint64) least + 1;
	for (uint32 i = 0; i < n; i++)
		keys[i] = (int64) (keys[i] == PG_INT64_MAX ? behind : (uint64) keys[i] - (uint64) least);
	return behind == 0 ? 0 : 64 - __builtin_clzll(behind);
}

/* sorts what has equal leading bits */
static void
settle_ties(CrmRecords *records, const uint64 *keys, CrmRecordCompare compare, void *arg)
{
	for (uint32 from = 0, to; from < records->n; from = to)
	{
		for (to = from + 1; to < records->n && keys[to] == keys[from]; to++)
			;
		if (to - from > 1)
			qsort_arg(&records->places[from], to - from, sizeof(uint32), compare, arg);
	}
}

void
crm_records_sort(CrmRecords *records, CrmRecordCompare compare, void *arg)
{
	uint64	   *keys = (uint64 *) records->keys[0];
	uint64	   *others = (uint64 *) records->keys[1];
	uint32		n = records->n;
	uint32	   *spare;
	crm_sort   *sort;
	int			bits;

	if (n == 0)
		return;
	bits = take_distances(records->keys[0], n);
	if (records->nkeys > 1 && bits < 64)
	{
		int			other_bits = take_distances(records->keys[1], n);
		int			kept = Min(other_bits, 64 - bits);

		/* shifts by 64 bits are not defined: bits is below it, and so is other_bits - kept */
		for (uint32 i = 0; i < n; i++)
			keys[i] = (bits == 0 ? 0 : keys[i] << kept) | (others[i] >> (other_bits - kept));
	}
	spare = MemoryContextAllocHuge(records->context, sizeof(uint32) * records->room);
	sort = MemoryContextAlloc(records->context, sizeof(crm_sort));
	crm_sort_begin(sort, n, keys, others, records->places, spare);
	while (crm_sort_step(sort))
		CHECK_FOR_INTERRUPTS();
	if (sort->rows != records->places)
	{
		spare = records->places;
		records->places = sort->rows;
	}
	if (compare != NULL)
		settle_ties(records, sort->keys, compare, arg);
	pfree(spare);
	pfree(sort);
}

void
crm_records_clear(CrmRecords *records)
{
	records->n = 0;
	records->nblocks = 0;
	records->used = 0;
}
