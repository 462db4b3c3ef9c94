/*
 * src/query_rfm.c
 *
 * rfm_scores(query, as_of): last day, orders, spend and RFM score of every
 * member in a query, in one pass over its rows.
 *
 * An entry holds just what the score needs, 24 bytes.  When the members fit
 * into memory the table itself is what is scored; otherwise the entries of
 * each part of the fold go to a temporary file, and cut points and rows are
 * read from there.
 */
#include "query_result.h"

#include "commands/tablespace.h"
#include "miscadmin.h"
#include "storage/buffile.h"

#include "numeric_units.h"
#include "rfm_glue.h"

typedef struct RfmEntry
{
	CrmFoldEntry head;			/* stamp: NO_ORDER, or the last day as stamp_of_day; payload: orders */
	int64		spend;			/* units of 10^-fold.scale */
} RfmEntry;

#define NO_ORDER 1

/* order-preserving, so cut points may be taken of stamps */
#define STAMP_OF_DAY(day) ((uint32) ((day) - CRM_FIRST_DAY + 2))
#define DAY_OF_STAMP(stamp) ((int32) (stamp) - 2 + CRM_FIRST_DAY)

#define BLOCK_ENTRIES 4096

/* members with an order, or those without: an array, or files of entries and of their keys' bytes */
typedef struct EntrySet
{
	int64		count;
	RfmEntry   *entries;
	struct BufFile *file;
	struct BufFile *key_file;	/* uint32 length and the bytes of each key */
} EntrySet;

enum
{
	SCORED, UNSCORED, SETS
};

typedef struct RfmRun
{
	CrmQueryFold fold;
	ReturnSetInfo *result;
	int			bins;
	EntrySet		sets[SETS];
	int64		least_spend;	/* of the scored */
	int64		most_spend;
	uint32		least_orders;
	uint32		most_orders;
	uint32		least_stamp;
	uint32		most_stamp;
} RfmRun;

/*
 * Folding
 */
static void
refuse_spend(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("net spend of a member out of range"),
			 errdetail("It has at most 18 digits at the largest scale of all amounts."),
			 errhint("Round amounts to one scale first, for example with round(amount, 2).")));
}

static void
add_row(CrmQueryFold *fold, CrmFoldEntry *head, const CrmRow *row)
{
	RfmEntry   *entry = (RfmEntry *) head;
	int64		amount = row->amount;

	if (unlikely(row->scale != fold->scale) && !crm_rescale(amount, row->scale, fold->scale, &amount))
		refuse_spend();
	if (unlikely(__builtin_add_overflow(entry->spend, amount, &entry->spend)))
		refuse_spend();
	if (amount >= 0)
	{
		if (unlikely(head->payload == PG_INT32_MAX))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("orders of a member out of range"),
					 errdetail("A member has at most %d orders.", PG_INT32_MAX)));
		head->payload++;
		head->stamp = Max(head->stamp, STAMP_OF_DAY(row->day));
	}
	else if (head->stamp == 0)
		head->stamp = NO_ORDER;
}

static void
rescale_entries(CrmQueryFold *fold, int from)
{
	for (uint64 i = 0; i <= fold->table.mask; i++)
	{
		RfmEntry   *entry = (RfmEntry *) crm_fold_slot(&fold->table, i);

		if (entry->head.stamp != 0 && !crm_rescale(entry->spend, from, fold->scale, &entry->spend))
			refuse_spend();
	}
}

static void
note_range(RfmRun *run, const RfmEntry *entry)
{
	run->least_spend = Min(run->least_spend, entry->spend);
	run->most_spend = Max(run->most_spend, entry->spend);
	run->least_orders = Min(run->least_orders, entry->head.payload);
	run->most_orders = Max(run->most_orders, entry->head.payload);
	run->least_stamp = Min(run->least_stamp, entry->head.stamp);
	run->most_stamp = Max(run->most_stamp, entry->head.stamp);
}

static void
write_entry(RfmRun *run, EntrySet *set, RfmEntry *entry)
{
	bool		is_bytes = crm_key_is_bytes(run->fold.query.key);

	if (set->file == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(run->fold.context);

		PrepareTempTablespaces();
		set->file = BufFileCreateTemp(false);
		if (is_bytes)
			set->key_file = BufFileCreateTemp(false);
		MemoryContextSwitchTo(old);
	}
	BufFileWrite(set->file, entry, sizeof(RfmEntry));
	if (is_bytes)
	{
		CrmArenaKey *key = crm_arena_key(&run->fold.arena, entry->head.key);

		BufFileWrite(set->key_file, &key->length, sizeof(key->length));
		BufFileWrite(set->key_file, key->bytes, key->length);
	}
}

static void
complete(CrmQueryFold *fold, bool only)
{
	RfmRun	   *run = (RfmRun *) fold;
	RfmEntry   *first = (RfmEntry *) crm_fold_slot(&fold->table, 0);
	RfmEntry   *next = first;

	/* entries together, those with an order first */
	for (uint64 i = 0; i <= fold->table.mask; i++)
	{
		if (i % BLOCK_ENTRIES == 0)
			CHECK_FOR_INTERRUPTS();
		if (first[i].head.stamp > NO_ORDER)
		{
			RfmEntry	entry = first[i];

			first[i] = *next;
			*next++ = entry;
			note_range(run, &entry);
		}
	}
	run->sets[SCORED].entries = first;
	run->sets[UNSCORED].entries = next;
	for (RfmEntry *entry = next; entry <= first + fold->table.mask; entry++)
	{
		if (entry->head.stamp == NO_ORDER)
		{
			RfmEntry	swapped = *entry;

			*entry = *next;
			*next++ = swapped;
		}
	}
	if (only)
	{
		run->sets[SCORED].count = run->sets[UNSCORED].entries - first;
		run->sets[UNSCORED].count = next - run->sets[UNSCORED].entries;
		return;
	}
	for (RfmEntry *entry = first; entry < next; entry++)
	{
		EntrySet	   *set = &run->sets[entry->head.stamp > NO_ORDER ? SCORED : UNSCORED];

		write_entry(run, set, entry);
		set->count++;
	}
}

static const CrmFoldKind rfm_kind = {
	.entry_bytes = sizeof(RfmEntry),
	.add = add_row,
	.complete = complete,
	.rescale = rescale_entries
};

/*
 * Reading what was folded, in blocks
 */
typedef struct EntryReader
{
	const EntrySet *set;
	int64		done;
	RfmEntry   *buffer;
} EntryReader;

static void
rewind_file(struct BufFile *file)
{
	if (BufFileSeek(file, 0, 0, SEEK_SET) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not rewind temporary file of rfm_scores")));
}

static void
read_exactly(struct BufFile *file, void *to, Size bytes)
{
	if (BufFileRead(file, to, bytes) != bytes)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("unexpected end of temporary file of rfm_scores")));
}

static void
read_set(EntryReader *reader, const EntrySet *set)
{
	reader->set = set;
	reader->done = 0;
	if (set->file != NULL)
	{
		rewind_file(set->file);
		if (reader->buffer == NULL)
			reader->buffer = palloc(BLOCK_ENTRIES * sizeof(RfmEntry));
	}
	if (set->key_file != NULL)
		rewind_file(set->key_file);
}

static size_t
next_block(EntryReader *reader, RfmEntry **entries)
{
	size_t		n = (size_t) Min(reader->set->count - reader->done, BLOCK_ENTRIES);

	CHECK_FOR_INTERRUPTS();
	if (n == 0)
		return 0;
	if (reader->set->file == NULL)
		*entries = reader->set->entries + reader->done;
	else
	{
		*entries = reader->buffer;
		read_exactly(reader->set->file, reader->buffer, n * sizeof(RfmEntry));
	}
	reader->done += n;
	return n;
}

/*
 * Scoring
 */
static crm_rfm_ladders
make_ladders(RfmRun *run, EntryReader *reader)
{
	const EntrySet *scored = &run->sets[SCORED];
	crm_quantile *q = palloc(3 * sizeof(crm_quantile));
	crm_rfm_ladders by;
	crm_cuts	cuts;
	bool		r = true;
	bool		f = true;
	bool		m = true;

	memset(&by, 0, sizeof(by));
	if (scored->count == 0)
		return by;
	crm_quantile_begin(&q[0], run->bins, scored->count, run->least_stamp, run->most_stamp);
	crm_quantile_begin(&q[1], run->bins, scored->count, run->least_orders, run->most_orders);
	crm_quantile_begin(&q[2], run->bins, scored->count, run->least_spend, run->most_spend);
	for (;;)
	{
		RfmEntry   *block;
		size_t		n;

		/* each needs as many passes as its range of values has digits */
		r = r && crm_quantile_pass(&q[0]);
		f = f && crm_quantile_pass(&q[1]);
		m = m && crm_quantile_pass(&q[2]);
		if (!r && !f && !m)
			break;
		read_set(reader, scored);
		while ((n = next_block(reader, &block)) > 0)
		{
			if (r)
				crm_quantile_feed_int32(&q[0], &block->head.stamp, sizeof(RfmEntry), n);
			if (f)
				crm_quantile_feed_int32(&q[1], &block->head.payload, sizeof(RfmEntry), n);
			if (m)
				crm_quantile_feed_int64(&q[2], &block->spend, sizeof(RfmEntry), n);
		}
	}
	crm_quantile_finish(&q[0], &cuts);
	crm_ladder_of_days(&cuts, &by.r);
	crm_quantile_finish(&q[1], &cuts);
	crm_ladder_of_values(&cuts, &by.f);
	crm_quantile_finish(&q[2], &cuts);
	crm_ladder_of_values(&cuts, &by.m);
	pfree(q);
	return by;
}

static Datum
key_of_entry(RfmRun *run, const EntrySet *set, const RfmEntry *entry)
{
	uint64		number;
	const char *bytes;
	uint32		length;

	if (set->key_file != NULL)
	{
		char		buffer[CRM_KEY_BYTES_MAX];

		read_exactly(set->key_file, &length, sizeof(length));
		read_exactly(set->key_file, buffer, length);
		return crm_fold_key_datum(run->fold.query.key, 0, buffer, length);
	}
	crm_fold_entry_key(&run->fold, &entry->head, &number, &bytes, &length);
	return crm_fold_key_datum(run->fold.query.key, number, bytes, length);
}

static void
return_scores(RfmRun *run)
{
	EntryReader reader = {0};
	crm_rfm_ladders by = make_ladders(run, &reader);

	for (int g = 0; g < SETS; g++)
	{
		const EntrySet *set = &run->sets[g];
		RfmEntry   *block;
		size_t		n;

		read_set(&reader, set);
		while ((n = next_block(&reader, &block)) > 0)
		{
			for (size_t i = 0; i < n; i++)
			{
				const RfmEntry *entry = &block[i];
				Datum		values[5];
				bool		nulls[5] = {false, g == UNSCORED, false, false, g == UNSCORED};

				values[0] = key_of_entry(run, set, entry);
				values[1] = DateADTGetDatum(DAY_OF_STAMP(entry->head.stamp));
				values[2] = Int64GetDatum((int64) entry->head.payload);
				values[3] = crm_units_get_numeric(entry->spend, run->fold.scale);
				values[4] = Int16GetDatum(g == UNSCORED ? 0 :
										  crm_rfm_by_ladders(&by, (int32) entry->head.stamp,
															 entry->head.payload, entry->spend));
				tuplestore_putvalues(run->result->setResult, run->result->setDesc, values, nulls);
				pfree(DatumGetPointer(values[3]));
				if (crm_key_is_bytes(run->fold.query.key))
					pfree(DatumGetPointer(values[0]));
			}
		}
		if (set->file != NULL)
			BufFileClose(set->file);
		if (set->key_file != NULL)
			BufFileClose(set->key_file);
	}
}

static Datum
rfm_scores(FunctionCallInfo fcinfo, int bins, int zone_argument)
{
	RfmRun	   *run = palloc0(sizeof(RfmRun));

	crm_check_bins(bins);
	run->bins = bins;
	run->fold.query.function = "rfm_scores";
	run->fold.query.text = crm_query_argument(fcinfo);
	run->fold.query.last_day = crm_as_of_argument(fcinfo, 1);
	run->fold.query.has_last_day = true;
	run->fold.query.time_zone = crm_zone_argument(fcinfo, zone_argument);
	run->fold.kind = &rfm_kind;
	run->least_spend = PG_INT64_MAX;
	run->most_spend = PG_INT64_MIN;
	run->least_orders = run->least_stamp = PG_UINT32_MAX;
	run->result = crm_fold_result(fcinfo, &run->fold);
	crm_query_fold(&run->fold);
	return_scores(run);
	return (Datum) 0;
}

/* (query, as_of, bins, key_type, time_zone) */
PG_FUNCTION_INFO_V1(crm_rfm_scores);
Datum
crm_rfm_scores(PG_FUNCTION_ARGS)
{
	crm_require_argument(fcinfo, 2, "bins");
	return rfm_scores(fcinfo, PG_GETARG_INT32(2), 4);
}

/* (query, as_of, key_type, time_zone) */
PG_FUNCTION_INFO_V1(crm_rfm_scores_in_five);
Datum
crm_rfm_scores_in_five(PG_FUNCTION_ARGS)
{
	return rfm_scores(fcinfo, 5, 3);
}
