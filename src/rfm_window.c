/*
 * src/rfm_window.c
 *
 * Window functions rfm_score and rfm_octant: members scored against each
 * other over a partition of (last_day, orders, spend).
 *
 * At the first row of a partition everything is read once and scored; the
 * results stay in partition-local memory, two bytes a row, and the working
 * arrays (20 bytes a scored row) are gone before the first row is answered.
 * A row with a NULL, or with orders <= 0, is not among the scored.  The
 * frame and the order of the window do not matter.
 */
#include "compat.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/memutils.h"
#include "windowapi.h"

#include "core/octant.h"
#include "core/rfm.h"
#include "history_datum.h"
#include "numeric_units.h"
#include "rfm_glue.h"

/* the arguments that describe a member; rfm_score has bins as one more */
enum
{
	ARG_LAST_DAY,
	ARG_ORDERS,
	ARG_SPEND,
	MEMBER_ARGS,
	ARG_BINS = MEMBER_ARGS
};

/* those of rfm_score over histories */
enum
{
	ARG_HISTORY,
	ARG_AS_OF,
	ARG_HISTORY_BINS
};

#define BLOCK			16		/* rows read at a time */
#define CHUNK			(1 << 20)	/* values between two looks at interrupts */

PG_FUNCTION_INFO_V1(crm_rfm_score);
PG_FUNCTION_INFO_V1(crm_rfm_score_history);
PG_FUNCTION_INFO_V1(crm_rfm_octant);

/* partition-local: the answers, 0 where there is none */
typedef struct Answers
{
	int16	   *of_row;			/* NULL until the first row is asked for */
} Answers;

/* the scored rows of a partition, in row order */
typedef struct Members
{
	MemoryContext context;		/* of the arrays */
	int64		count;
	int			scale;			/* of spend */
	int64		as_of;			/* last day of histories that counts */
	int32	   *day;
	int64	   *orders;
	int64	   *spend;
} Members;

static void
add_member(Members *m, int32 day, int64 orders, int64 units, int scale)
{
	if (unlikely(scale > m->scale))
	{
		crm_units_raise_scale(m->spend, m->count, m->scale, scale, "spend");
		m->scale = scale;
	}
	m->day[m->count] = day;
	m->orders[m->count] = orders;
	m->spend[m->count] = crm_units_at_scale(units, scale, m->scale, "spend");
	m->count++;
}

/* one argument of one row; false for NULL */
static inline bool
argument(WindowObject window, int number, int64 row, Datum *value)
{
	bool		isnull;
	bool		outside;

	*value = WinGetFuncArgInPartition(window, number, (int) row, WINDOW_SEEK_HEAD,
									  false, &isnull, &outside);
	return !isnull;
}

/*
 * Rows from start on, up to BLOCK of them.  The executor hands out one
 * argument of one row a call, finding a row by stepping from the one before,
 * so an argument is read for the whole block and the next one on the way
 * back.  Blocks are short because going back across a page of a spilled
 * tuplestore costs a file read a row.
 */
static void
read_block(WindowObject window, int64 start, int n, Members *m, int16 *of_row)
{
	int32		day[BLOCK] = {0};
	int64		orders[BLOCK] = {0};
	bool		scored[BLOCK];
	Datum		value;

	for (int i = 0; i < n; i++)
	{
		scored[i] = argument(window, ARG_LAST_DAY, start + i, &value);
		if (scored[i])
		{
			day[i] = DatumGetDateADT(value);
			if (DATE_NOT_FINITE(day[i]))
				ereport(ERROR,
						(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
						 errmsg("the last day of a member must be a finite date")));
		}
	}
	for (int i = n - 1; i >= 0; i--)
	{
		if (argument(window, ARG_ORDERS, start + i, &value))
			orders[i] = DatumGetInt64(value);
	}
	for (int i = 0; i < n; i++)
	{
		bool		has_spend = argument(window, ARG_SPEND, start + i, &value);
		bool		counts = scored[i] && orders[i] > 0 && has_spend;

		if (counts)
		{
			int64		units;
			int			scale;

			crm_numeric_get_units(value, "spend", &units, &scale);
			add_member(m, day[i], orders[i], units, scale);
		}
		of_row[start + i] = counts;
	}
}

/* the same where the only argument of a member is its purchase history */
static void
read_histories(WindowObject window, int64 start, int n, Members *m, int16 *of_row)
{
	for (int i = 0; i < n; i++)
	{
		Datum		value;
		CrmHistoryReader reader;
		CrmHistoryTotal total;

		of_row[start + i] = 0;
		if (!argument(window, ARG_HISTORY, start + i, &value))
			continue;
		reader = crm_history_get(value);
		crm_history_check(crm_history_total(reader, PG_INT64_MIN, m->as_of, &total));
		if (total.orders == 0)
			continue;
		if (total.amount > PG_INT64_MAX || total.amount < PG_INT64_MIN)
			crm_history_check(CRM_HISTORY_AMOUNT_RANGE);
		add_member(m, total.last_day, total.orders, (int64) total.amount, reader.scale);
		of_row[start + i] = 1;
	}
}

typedef void (*BlockReader) (WindowObject window, int64 start, int n, Members *m, int16 *of_row);

/*
 * Reads the whole partition.  Marks the scored rows with 1 in the answers,
 * which are made here, beside the partition's own memory.
 */
static int64
read_partition(WindowObject window, Answers *answers, BlockReader read, Members *m)
{
	int64		rows = WinGetPartitionRowCount(window);
	MemoryContext scratch;
	MemoryContext caller;

	if (rows > PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many rows in one window partition"),
				 errdetail("At most %d rows are scored against each other.", PG_INT32_MAX)));
	answers->of_row = MemoryContextAllocHuge(GetMemoryChunkContext(answers),
											 rows * sizeof(int16));
	m->context = AllocSetContextCreate(CurrentMemoryContext, "rfm members",
									   ALLOCSET_DEFAULT_SIZES);
	m->count = 0;
	m->scale = 0;
	m->day = MemoryContextAllocHuge(m->context, rows * sizeof(int32));
	m->orders = MemoryContextAllocHuge(m->context, rows * sizeof(int64));
	m->spend = MemoryContextAllocHuge(m->context, rows * sizeof(int64));

	/* what evaluating the arguments leaves behind */
	scratch = AllocSetContextCreate(m->context, "rfm arguments", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(scratch);
	for (int64 start = 0; start < rows; start += BLOCK)
	{
		CHECK_FOR_INTERRUPTS();
		read(window, start, (int) Min(BLOCK, rows - start), m, answers->of_row);
		MemoryContextReset(scratch);
	}
	MemoryContextSwitchTo(caller);
	return rows;
}

/* cut points of one of the arrays */
static void
cuts_of_int64(crm_quantile *q, int bins, const int64 *v, int64 n, crm_cuts *cuts)
{
	int64		min = v[0];
	int64		max = v[0];

	for (int64 i = 1; i < n; i++)
	{
		min = Min(min, v[i]);
		max = Max(max, v[i]);
	}
	crm_quantile_begin(q, bins, (uint64) n, min, max);
	while (crm_quantile_pass(q))
	{
		for (int64 i = 0; i < n; i += CHUNK)
		{
			CHECK_FOR_INTERRUPTS();
			crm_quantile_feed(q, v + i, (size_t) Min(CHUNK, n - i));
		}
	}
	crm_quantile_finish(q, cuts);
}

static void
cuts_of_int32(crm_quantile *q, int bins, const int32 *v, int64 n, crm_cuts *cuts)
{
	int32		min = v[0];
	int32		max = v[0];

	for (int64 i = 1; i < n; i++)
	{
		min = Min(min, v[i]);
		max = Max(max, v[i]);
	}
	crm_quantile_begin(q, bins, (uint64) n, min, max);
	while (crm_quantile_pass(q))
	{
		for (int64 i = 0; i < n; i += CHUNK)
		{
			CHECK_FOR_INTERRUPTS();
			crm_quantile_feed_int32(q, v + i, sizeof(int32), (size_t) Min(CHUNK, n - i));
		}
	}
	crm_quantile_finish(q, cuts);
}

/* the selection's working memory is kept for the next partition */
static crm_quantile *
quantile_memory(FunctionCallInfo fcinfo)
{
	if (fcinfo->flinfo->fn_extra == NULL)
		fcinfo->flinfo->fn_extra = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt,
													  sizeof(crm_quantile));
	return (crm_quantile *) fcinfo->flinfo->fn_extra;
}

static void
score_partition(FunctionCallInfo fcinfo, WindowObject window, Answers *answers,
				BlockReader read, int bins_argument, int64 as_of)
{
	bool		isnull;
	int			bins = DatumGetInt32(WinGetFuncArgCurrent(window, bins_argument, &isnull));
	Members		m;
	int64		rows;

	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("bins must not be null")));
	crm_check_bins(bins);
	m.as_of = as_of;
	rows = read_partition(window, answers, read, &m);
	if (m.count > 0)
	{
		crm_quantile *q = quantile_memory(fcinfo);
		crm_cuts	cuts;
		crm_rfm_ladders by;
		int64		i = 0;

		cuts_of_int32(q, bins, m.day, m.count, &cuts);
		crm_ladder_of_days(&cuts, &by.r);
		cuts_of_int64(q, bins, m.orders, m.count, &cuts);
		crm_ladder_of_values(&cuts, &by.f);
		cuts_of_int64(q, bins, m.spend, m.count, &cuts);
		crm_ladder_of_values(&cuts, &by.m);
		for (int64 row = 0; row < rows; row++)
		{
			if (row % CHUNK == 0)
				CHECK_FOR_INTERRUPTS();
			if (answers->of_row[row] != 0)
			{
				answers->of_row[row] = crm_rfm_by_ladders(&by, m.day[i], m.orders[i], m.spend[i]);
				i++;
			}
		}
	}
	MemoryContextDelete(m.context);
}

static Datum
score_of_row(FunctionCallInfo fcinfo, WindowObject window, Answers *answers)
{
	int16		score = answers->of_row[WinGetCurrentPosition(window)];

	if (score == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT16(score);
}

Datum
crm_rfm_score(PG_FUNCTION_ARGS)
{
	WindowObject window = PG_WINDOW_OBJECT();
	Answers    *answers = WinGetPartitionLocalMemory(window, sizeof(Answers));

	if (answers->of_row == NULL)
		score_partition(fcinfo, window, answers, read_block, ARG_BINS, PG_INT64_MAX);
	return score_of_row(fcinfo, window, answers);
}

Datum
crm_rfm_score_history(PG_FUNCTION_ARGS)
{
	WindowObject window = PG_WINDOW_OBJECT();
	Answers    *answers = WinGetPartitionLocalMemory(window, sizeof(Answers));

	if (answers->of_row == NULL)
	{
		bool		open;
		Datum		as_of = WinGetFuncArgCurrent(window, ARG_AS_OF, &open);

		score_partition(fcinfo, window, answers, read_histories, ARG_HISTORY_BINS,
						open ? PG_INT64_MAX : DatumGetDateADT(as_of));
	}
	return score_of_row(fcinfo, window, answers);
}

static void
place_partition(WindowObject window, Answers *answers)
{
	Members		m;
	int64		rows = read_partition(window, answers, read_block, &m);
	crm_means	means = {0};
	int64		i = 0;

	for (int64 k = 0; k < m.count; k++)
		crm_means_add(&means, m.day[k], m.orders[k], m.spend[k]);
	for (int64 row = 0; row < rows; row++)
	{
		if (row % CHUNK == 0)
			CHECK_FOR_INTERRUPTS();
		if (answers->of_row[row] != 0)
		{
			/* 1 to 8, since 0 is no answer */
			answers->of_row[row] = (int16) (1 + crm_octant(&means, m.day[i], m.orders[i], m.spend[i]));
			i++;
		}
	}
	MemoryContextDelete(m.context);
}

Datum
crm_rfm_octant(PG_FUNCTION_ARGS)
{
	WindowObject window = PG_WINDOW_OBJECT();
	Answers    *answers = WinGetPartitionLocalMemory(window, sizeof(Answers));
	int16		answer;
	char		bits[3];

	if (answers->of_row == NULL)
		place_partition(window, answers);
	answer = answers->of_row[WinGetCurrentPosition(window)];
	if (answer == 0)
		PG_RETURN_NULL();
	answer--;
	bits[0] = (answer & CRM_OCTANT_R) ? '1' : '0';
	bits[1] = (answer & CRM_OCTANT_F) ? '1' : '0';
	bits[2] = (answer & CRM_OCTANT_M) ? '1' : '0';
	PG_RETURN_TEXT_P(cstring_to_text_with_len(bits, sizeof(bits)));
}
