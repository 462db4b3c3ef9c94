/*
 * src/query_cohorts.c
 *
 * cohorts(query, as_of): how many members of each month of first purchase
 * bought again k months later.
 *
 * An entry has a bit for each month in which the member bought, counted back
 * from the month of as_of.  128 months fit the entry; older ones, rare in a
 * living shop, hang on it as a list of distinct months.
 */
#include "query_result.h"

#include "miscadmin.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "numeric_units.h"

#define NEAR_MONTHS 128			/* months that fit the entry */
#define FIRST_OLD_MONTHS 1024

typedef struct CohortEntry
{
	CrmFoldEntry head;			/* stamp 1; payload: first of its old months, index + 1, 0 for none */
	uint64		months[NEAR_MONTHS / 64];	/* bit b of word w: month w * 64 + b before as_of's */
} CohortEntry;

/* a month before the near ones, and the next of the same member */
typedef struct OldMonth
{
	int32		ago;
	uint32		next;			/* index + 1, 0 for the last */
} OldMonth;

/* members of a cohort that bought k months on; k = 0 is the cohort's size */
typedef struct Cell
{
	int32		first_ago;		/* key: the cohort, in months before as_of's */
	int32		k;				/* key */
	int64		members;
} Cell;

typedef struct CohortsRun
{
	CrmQueryFold fold;
	ReturnSetInfo *result;
	int32		as_of;
	int32		as_of_month;	/* as crm_month_of */
	int32		cached_day;		/* the day whose month was asked for last */
	int32		cached_month;
	OldMonth   *old_months;
	uint32		old_used;
	uint32		old_room;
	int64		near_cells[NEAR_MONTHS][NEAR_MONTHS];	/* by first_ago and k */
	HTAB	   *old_cells;		/* Cell, for cohorts before the near months */
} CohortsRun;

/*
 * Folding
 */
static void
add_old_month(CohortsRun *run, CohortEntry *entry, int32 ago)
{
	OldMonth   *month;

	for (uint32 i = entry->head.payload; i != 0; i = run->old_months[i - 1].next)
	{
		if (run->old_months[i - 1].ago == ago)
			return;
	}
	if (run->old_used == run->old_room)
	{
		Size		room = run->old_months == NULL ? FIRST_OLD_MONTHS : (Size) run->old_room * 2;

		if (room > PG_UINT32_MAX / 2)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("too many purchases long before as_of"),
					 errhint("Leave them out with a WHERE clause, or choose an earlier as_of.")));
		if (run->old_months == NULL)
			run->old_months = MemoryContextAlloc(run->fold.states, room * sizeof(OldMonth));
		else
			run->old_months = repalloc_huge(run->old_months, room * sizeof(OldMonth));
		run->fold.states_bytes += (room - run->old_room) * sizeof(OldMonth);
		run->old_room = (uint32) room;
	}
	month = &run->old_months[run->old_used++];
	month->ago = ago;
	month->next = entry->head.payload;
	entry->head.payload = run->old_used;
}

static void
add_row(CrmQueryFold *fold, CrmFoldEntry *head, const CrmRow *row)
{
	CohortsRun *run = (CohortsRun *) fold;
	CohortEntry *entry = (CohortEntry *) head;
	int32		ago;

	head->stamp = 1;
	if (row->amount < 0)
		return;					/* a refund is no purchase */
	if (row->day != run->cached_day)
	{
		run->cached_day = row->day;
		run->cached_month = crm_month_of(row->day);
	}
	ago = run->as_of_month - run->cached_month;
	if (likely(ago < NEAR_MONTHS))
		entry->months[ago / 64] |= UINT64CONST(1) << (ago % 64);
	else
		add_old_month(run, entry, ago);
}

/*
 * Counting
 */
static void
count_cell(CohortsRun *run, int32 first_ago, int32 k)
{
	struct
	{
		int32		first_ago;
		int32		k;
	}			key = {first_ago, k};
	Cell	   *cell;
	bool		found;

	if (first_ago < NEAR_MONTHS)
	{
		run->near_cells[first_ago][k]++;
		return;
	}
	cell = hash_search(run->old_cells, &key, HASH_ENTER, &found);
	if (!found)
		cell->members = 0;
	cell->members++;
}

static void
count_members(CrmQueryFold *fold, bool only)
{
	CohortsRun *run = (CohortsRun *) fold;

	for (uint64 i = 0; i <= fold->table.mask; i++)
	{
		CohortEntry *entry = (CohortEntry *) crm_fold_slot(&fold->table, i);
		int32		first_ago = -1;

		if (entry->head.stamp == 0)
			continue;
		if (i % 4096 == 0)
			CHECK_FOR_INTERRUPTS();
		for (uint32 m = entry->head.payload; m != 0; m = run->old_months[m - 1].next)
			first_ago = Max(first_ago, run->old_months[m - 1].ago);
		for (int w = NEAR_MONTHS / 64; first_ago < 0 && w-- > 0;)
		{
			if (entry->months[w] != 0)
				first_ago = w * 64 + pg_leftmost_one_pos64(entry->months[w]);
		}
		for (uint32 m = entry->head.payload; m != 0; m = run->old_months[m - 1].next)
			count_cell(run, first_ago, first_ago - run->old_months[m - 1].ago);
		for (int w = 0; w < NEAR_MONTHS / 64; w++)
		{
			for (uint64 bits = entry->months[w]; bits != 0; bits &= bits - 1)
				count_cell(run, first_ago, first_ago - (w * 64 + pg_rightmost_one_pos64(bits)));
		}
	}
	/* the list goes with the states context */
	run->old_months = NULL;
	run->old_used = run->old_room = 0;
}

static const CrmFoldKind cohorts_kind = {
	.entry_bytes = sizeof(CohortEntry),
	.add = add_row,
	.complete = count_members
};

/*
 * Returning
 */
static int64
members_in(CohortsRun *run, int32 first_ago, int32 k)
{
	struct
	{
		int32		first_ago;
		int32		k;
	}			key = {first_ago, k};
	Cell	   *cell;

	if (first_ago < NEAR_MONTHS)
		return run->near_cells[first_ago][k];
	cell = hash_search(run->old_cells, &key, HASH_FIND, NULL);
	return cell == NULL ? 0 : cell->members;
}

static void
return_cohort(CohortsRun *run, int32 first_ago)
{
	int64		size = members_in(run, first_ago, 0);
	int32		month = run->as_of_month - first_ago;
	/* the month of as_of is complete on its last day */
	bool		last_complete = crm_month_of(run->as_of + 1) != run->as_of_month;

	for (int32 k = 0; k <= first_ago; k++)
	{
		bool		complete = k < first_ago || last_complete;
		int64		retained = members_in(run, first_ago, k);
		Datum		values[5];
		bool		nulls[5] = {false, false, false, !complete, !complete};

		CHECK_FOR_INTERRUPTS();
		values[0] = DateADTGetDatum(crm_day_of(month / 12, month % 12 + 1, 1));
		values[1] = Int32GetDatum(k);
		values[2] = Int64GetDatum(size);
		values[3] = Int64GetDatum(retained);
		values[4] = DirectFunctionCall2(numeric_div, crm_units_get_numeric(retained, 0),
										crm_units_get_numeric(size, 0));
		tuplestore_putvalues(run->result->setResult, run->result->setDesc, values, nulls);
		pfree(DatumGetPointer(values[4]));
	}
}

static int
oldest_first(const void *a, const void *b)
{
	int32		x = *(const int32 *) a;
	int32		y = *(const int32 *) b;

	return x > y ? -1 : x < y;
}

static void
return_cohorts(CohortsRun *run)
{
	HASH_SEQ_STATUS scan;
	Cell	   *cell;
	int32	   *old = palloc(Max(hash_get_num_entries(run->old_cells), 1) * sizeof(int32));
	int			n = 0;

	hash_seq_init(&scan, run->old_cells);
	while ((cell = hash_seq_search(&scan)) != NULL)
	{
		if (cell->k == 0)
			old[n++] = cell->first_ago;
	}
	qsort(old, n, sizeof(int32), oldest_first);
	for (int i = 0; i < n; i++)
		return_cohort(run, old[i]);
	for (int32 ago = NEAR_MONTHS; ago-- > 0;)
	{
		if (run->near_cells[ago][0] > 0)
			return_cohort(run, ago);
	}
}

PG_FUNCTION_INFO_V1(crm_cohorts);
Datum
crm_cohorts(PG_FUNCTION_ARGS)
{
	CohortsRun *run = palloc0(sizeof(CohortsRun));
	HASHCTL		control;

	run->fold.query.function = "cohorts";
	run->fold.query.text = crm_query_argument(fcinfo);
	run->as_of = crm_as_of_argument(fcinfo, 1);
	run->as_of_month = crm_month_of(run->as_of);
	run->fold.query.last_day = run->as_of;
	run->fold.query.has_last_day = true;
	run->fold.query.time_zone = crm_zone_argument(fcinfo, 2);
	run->fold.query.amount_optional = true;
	run->fold.query.key = CRM_KEY_ANY;
	run->fold.kind = &cohorts_kind;
	run->cached_day = PG_INT32_MIN;
	memset(&control, 0, sizeof(control));
	control.keysize = 2 * sizeof(int32);
	control.entrysize = sizeof(Cell);
	control.hcxt = CurrentMemoryContext;
	run->old_cells = hash_create("crm_member cohorts", 256, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	InitMaterializedSRF(fcinfo, 0);
	run->result = (ReturnSetInfo *) fcinfo->resultinfo;
	crm_query_fold(&run->fold);
	return_cohorts(run);
	return (Datum) 0;
}
