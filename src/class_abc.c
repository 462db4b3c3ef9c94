/*
 * src/class_abc.c
 *
 * Window function abc_class: classes by the cumulative share of the rows
 * before, largest value first.
 *
 * At the first row of a partition all values are read, sorted and classed;
 * what stays is one byte a row.  Ties go by position in the window, so
 * OVER (ORDER BY key) breaks them by key; the frame does not matter.  Sums
 * are exact, and so is every comparison with a cut (core/classify.h).
 */
#include "compat.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "windowapi.h"

#include "array_args.h"
#include "core/classify.h"
#include "core/sort.h"
#include "numeric_units.h"

enum
{
	ARG_VALUE,
	ARG_CUTS
};

#define RESET_EVERY		256		/* rows, of what evaluating the argument leaves behind */
#define CHUNK			(1 << 20)	/* values between two looks at interrupts */

PG_FUNCTION_INFO_V1(crm_abc_class);

/* partition-local: 0 for no class, else 1 for A, 2 for B, ... */
typedef struct Classes
{
	uint8	   *of_row;			/* NULL until the first row is asked for */
} Classes;

typedef struct ClassCuts
{
	int			n;
	int64		units[CRM_MAX_CLASS_CUTS];
	int			scale[CRM_MAX_CLASS_CUTS];
} ClassCuts;

/* the rows with a value */
typedef struct Values
{
	MemoryContext context;
	size_t		n;
	int			scale;
	int64	   *value;
	uint32	   *row;
} Values;

static void
read_cuts(WindowObject window, ClassCuts *cuts)
{
	bool		isnull;
	Datum		array = WinGetFuncArgCurrent(window, ARG_CUTS, &isnull);
	CrmList		list;

	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("cuts must not be null")));
	list = crm_list_of(DatumGetArrayTypeP(array), "cuts");
	crm_check_list_length(&list, "cuts", 1, CRM_MAX_CLASS_CUTS);
	crm_check_ascending_numerics(&list, "cuts", true);
	cuts->n = list.n;
	for (int i = 0; i < list.n; i++)
	{
		if (crm_numeric_to_units(list.value[i], &cuts->units[i], &cuts->scale[i]) != CRM_NUMERIC_FITS ||
			cuts->units[i] <= 0 || cuts->units[i] > crm_pow10[cuts->scale[i]])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("cuts must be shares above 0 and up to 1, with at most 18 decimals"),
					 errdetail("Element %d is %s.", i + 1,
							   DatumGetCString(DirectFunctionCall1(numeric_out, list.value[i])))));
	}
}

static void
add_value(Values *v, uint32 row, Datum value)
{
	int64		units;
	int			scale;

	crm_numeric_get_units(value, "value", &units, &scale);
	if (scale > v->scale)
	{
		crm_units_raise_scale(v->value, (int64) v->n, v->scale, scale, "value");
		v->scale = scale;
	}
	v->value[v->n] = crm_units_at_scale(units, scale, v->scale, "value");
	v->row[v->n] = row;
	v->n++;
}

static void
read_values(WindowObject window, int64 rows, Values *v)
{
	MemoryContext scratch;
	MemoryContext caller;

	v->context = AllocSetContextCreate(CurrentMemoryContext, "abc values", ALLOCSET_DEFAULT_SIZES);
	v->n = 0;
	v->scale = 0;
	v->value = MemoryContextAllocHuge(v->context, rows * sizeof(int64));
	v->row = MemoryContextAllocHuge(v->context, rows * sizeof(uint32));
	scratch = AllocSetContextCreate(v->context, "abc arguments", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(scratch);
	for (int64 row = 0; row < rows; row++)
	{
		bool		isnull;
		bool		outside;
		Datum		value = WinGetFuncArgInPartition(window, ARG_VALUE, (int) row, WINDOW_SEEK_HEAD,
													 false, &isnull, &outside);

		if (!isnull)
			add_value(v, (uint32) row, value);
		if (row % RESET_EVERY == 0)
		{
			CHECK_FOR_INTERRUPTS();
			MemoryContextReset(scratch);
		}
	}
	MemoryContextSwitchTo(caller);
}

/* largest first, ties by row: keys are distances from the maximum */
static void
sort_values(Values *v, crm_sort *s, int64 max)
{
	uint64	   *keys = (uint64 *) v->value;

	for (size_t i = 0; i < v->n; i++)
		keys[i] = (uint64) max - (uint64) v->value[i];
	crm_sort_begin(s, v->n,
				   (uint64_t *) keys, MemoryContextAllocHuge(v->context, v->n * sizeof(uint64)),
				   v->row, MemoryContextAllocHuge(v->context, v->n * sizeof(uint32)));
	while (crm_sort_step(s))
		CHECK_FOR_INTERRUPTS();
}

static void
class_values(Values *v, const ClassCuts *cuts, uint8 *of_row)
{
	crm_int128	total = 0;
	crm_int128	before = 0;
	int64		max = PG_INT64_MIN;
	crm_int128	limit[CRM_MAX_CLASS_CUTS];
	crm_sort   *s;

	for (size_t i = 0; i < v->n; i++)
	{
		total += v->value[i];
		max = Max(max, v->value[i]);
	}
	if (total <= 0)
		return;
	if (total > PG_INT64_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("sum of the values out of range"),
				 errdetail("The sum has more than 18 digits, the %d behind the decimal point included.",
						   v->scale)));
	for (int i = 0; i < cuts->n; i++)
		limit[i] = crm_share_limit(cuts->units[i], cuts->scale[i], (int64) total);
	s = MemoryContextAlloc(v->context, sizeof(crm_sort));
	sort_values(v, s, max);
	for (size_t i = 0; i < v->n; i++)
	{
		if (i % CHUNK == 0)
			CHECK_FOR_INTERRUPTS();
		of_row[s->rows[i]] = (uint8) (1 + crm_class_of(limit, cuts->n, before));
		before += (crm_int128) max - s->keys[i];
	}
}

static void
class_partition(WindowObject window, Classes *classes)
{
	int64		rows = WinGetPartitionRowCount(window);
	ClassCuts	cuts;
	Values		v;

	if (rows > PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many rows in one window partition"),
				 errdetail("At most %d rows are classed against each other.", PG_INT32_MAX)));
	read_cuts(window, &cuts);
	classes->of_row = MemoryContextAllocHuge(GetMemoryChunkContext(classes), rows);
	memset(classes->of_row, 0, rows);
	read_values(window, rows, &v);
	class_values(&v, &cuts, classes->of_row);
	MemoryContextDelete(v.context);
}

Datum
crm_abc_class(PG_FUNCTION_ARGS)
{
	WindowObject window = PG_WINDOW_OBJECT();
	Classes    *classes = WinGetPartitionLocalMemory(window, sizeof(Classes));
	uint8		class;
	char		letter;

	if (classes->of_row == NULL)
		class_partition(window, classes);
	class = classes->of_row[WinGetCurrentPosition(window)];
	if (class == 0)
		PG_RETURN_NULL();
	letter = (char) ('A' + class - 1);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(&letter, 1));
}
