/*
 * src/records.h
 *
 * Records that wait in memory to be read again in the order of one or two
 * numbers.
 *
 * They stand in large blocks in the order in which they came.  Reading them in
 * another order jumps through all that memory, so blocks ask for huge pages and
 * the reader looks ahead: otherwise each record would cost a wait for memory.
 * The order is that of the numbers' leading bits as far as 64 bits hold both;
 * what needs more compares the records.
 */
#ifndef CRM_RECORDS_H
#define CRM_RECORDS_H

#include "compat.h"

#define CRM_RECORD_UNIT 8
#define CRM_RECORD_BLOCK ((Size) 8 * 1024 * 1024)	/* no record is longer */
#define CRM_RECORD_AHEAD 8

typedef struct CrmRecords
{
	MemoryContext context;
	int			nkeys;			/* 1 or 2 */
	uint32		n;
	uint32		room;
	int64	   *keys[2];
	uint32	   *places;			/* of the records, in units */
	int			nblocks;		/* in use */
	int			room_blocks;
	char	  **blocks;
	Size		used;			/* of the last one */
} CrmRecords;

/* below 0, 0 or above as qsort has it */
typedef int (*CrmRecordCompare) (const void *a, const void *b, void *arg);

extern void crm_records_begin(CrmRecords *records, int nkeys);

/* memory for one more record of so many bytes, aligned as numbers are; keys that are NULL come last as PG_INT64_MAX */
extern void *crm_records_add(CrmRecords *records, const int64 *keys, Size bytes);

/* whether one more record would take more than so many kilobytes with all that its sort takes */
extern bool crm_records_are_full(const CrmRecords *records, Size bytes, int kilobytes);

/* puts the places in order; compare decides between records whose leading bits are equal, and may be NULL */
extern void crm_records_sort(CrmRecords *records, CrmRecordCompare compare, void *arg);

/* forgets the records, keeps the memory */
extern void crm_records_clear(CrmRecords *records);

static inline void *
crm_record_at(const CrmRecords *records, uint32 place)
{
	const uint32 units = CRM_RECORD_BLOCK / CRM_RECORD_UNIT;

	return records->blocks[place / units] + (Size) (place % units) * CRM_RECORD_UNIT;
}

/* the record number i of the order */
static inline void *
crm_record(const CrmRecords *records, uint32 i)
{
	if (i + CRM_RECORD_AHEAD < records->n)
	{
		char	   *next = crm_record_at(records, records->places[i + CRM_RECORD_AHEAD]);

		__builtin_prefetch(next);
		__builtin_prefetch(next + 64);
	}
	return crm_record_at(records, records->places[i]);
}

#endif							/* CRM_RECORDS_H */
