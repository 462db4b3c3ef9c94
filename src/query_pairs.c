/*
 * src/query_pairs.c
 *
 * pair_rules(query): which items lie in the same baskets, with the measures of
 * association rules.
 *
 * The counting is core/pair.h's.  Here the lines are sorted, pairs kept that
 * occur often enough, each told in both directions, in an order that does not
 * depend on that of the lines.
 */
#include "query_result.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "core/pair.h"
#include "core/sort.h"
#include "numeric_units.h"
#include "query_baskets.h"

#define DECIMALS 10				/* of the measures */
#define FIRST_RULES 1024

typedef struct Rule
{
	uint32		count;
	uint32		a;				/* items, by their place in the order of keys */
	uint32		b;
} Rule;

typedef struct PairsRun
{
	CrmBaskets	source;
	CrmPairs	pairs;
	ReturnSetInfo *result;
	int32		min_count;
	Rule	   *rules;
	size_t		nrules;
	size_t		room;
	CrmFoldEntry *ordered;		/* the items in the order of their keys */
} PairsRun;

static int
bits_for(uint64 n)
{
	return n <= 1 ? 1 : pg_leftmost_one_pos64(n - 1) + 1;
}

/*
 * Counting
 */

/* lines as ascending numbers basket << item_bits | item; *spare is the other array of that size */
static uint64 *
sort_lines(PairsRun *run, int item_bits, uint64 **spare)
{
	CrmBaskets *source = &run->source;
	crm_sort   *sort = palloc(sizeof(crm_sort));
	uint64	   *sorted;
	uint64	   *other = crm_baskets_allocate(source, source->nlines * sizeof(uint64));

	for (size_t i = 0; i < source->nlines; i++)
		source->lines[i] = source->lines[i] >> 32 << item_bits | (source->lines[i] & PG_UINT32_MAX);
	crm_sort_begin(sort, source->nlines, source->lines, other, NULL, NULL);
	while (crm_sort_step(sort))
		CHECK_FOR_INTERRUPTS();
	sorted = sort->keys;
	*spare = sorted == source->lines ? other : source->lines;
	pfree(sort);
	return sorted;
}

static void
keep_rule(PairsRun *run, uint32 a, uint32 b, uint32 count)
{
	if (run->nrules == run->room)
	{
		Rule	   *larger = crm_baskets_allocate(&run->source, run->room * 2 * sizeof(Rule));

		memcpy(larger, run->rules, run->room * sizeof(Rule));
		crm_baskets_free(&run->source, run->rules, run->room * sizeof(Rule));
		run->rules = larger;
		run->room *= 2;
	}
	run->rules[run->nrules++] = (Rule) {count, a, b};
}

static void
count_pairs(PairsRun *run)
{
	CrmBaskets *source = &run->source;
	CrmPairs   *pairs = &run->pairs;
	uint32		nitems = (uint32) source->items.table.used;
	int			item_bits = bits_for(nitems);
	uint64	   *lines;
	uint64	   *spare;
	CrmPair    *found;

	if (source->nlines > CRM_PAIR_MOST)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many lines for %s", source->query.function),
				 errdetail("At most %zu are taken.", CRM_PAIR_MOST)));
	/* what told baskets apart is needed no more */
	crm_dictionary_free(source, &source->baskets);
	lines = sort_lines(run, item_bits, &spare);

	pairs->nitems = nitems;
	pairs->items = (uint32 *) spare;
	pairs->counts = crm_baskets_allocate(source, nitems * sizeof(uint32));
	pairs->first = crm_baskets_allocate(source, (nitems + 1) * sizeof(uint32));
	pairs->together = crm_baskets_allocate(source, nitems * sizeof(uint32));
	found = crm_baskets_allocate(source, nitems * sizeof(CrmPair));
	crm_pairs_begin(pairs);
	while (crm_pairs_collect(pairs, lines, source->nlines, item_bits))
		CHECK_FOR_INTERRUPTS();
	/* the lines are read; their memory holds the places */
	pairs->places = (uint32 *) lines;
	crm_pairs_begin(pairs);
	while (crm_pairs_prune(pairs, (uint32) run->min_count))
		CHECK_FOR_INTERRUPTS();
	crm_pairs_begin(pairs);
	while (crm_pairs_index(pairs))
		CHECK_FOR_INTERRUPTS();

	run->room = FIRST_RULES;
	run->rules = crm_baskets_allocate(source, run->room * sizeof(Rule));
	for (uint32 item = 0; item < nitems; item++)
	{
		size_t		n = crm_pairs_of(pairs, item, (uint32) run->min_count, found);

		CHECK_FOR_INTERRUPTS();
		for (size_t i = 0; i < n; i++)
		{
			keep_rule(run, item, found[i].item, found[i].count);
			keep_rule(run, found[i].item, item, found[i].count);
		}
	}
}

/*
 * Returning
 */
static int
compare_keys(const void *a, const void *b, void *argument)
{
	PairsRun   *run = argument;
	uint64		x = ((const CrmFoldEntry *) a)->key;
	uint64		y = ((const CrmFoldEntry *) b)->key;

	if (crm_key_is_bytes(run->source.items.kind))
	{
		const CrmArenaKey *kx = crm_arena_key(&run->source.items.arena, x);
		const CrmArenaKey *ky = crm_arena_key(&run->source.items.arena, y);
		int			order = memcmp(kx->bytes, ky->bytes, Min(kx->length, ky->length));

		return order != 0 ? order : (kx->length > ky->length) - (kx->length < ky->length);
	}
	return ((int64) x > (int64) y) - ((int64) x < (int64) y);
}

static int
compare_rules(const void *a, const void *b, void *argument)
{
	const Rule *x = a;
	const Rule *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	if (x->a != y->a)
		return x->a < y->a ? -1 : 1;
	return (x->b > y->b) - (x->b < y->b);
}

/* the items by key; in rules their places in that order take the place of their numbers */
static void
order_rules(PairsRun *run)
{
	CrmBaskets *source = &run->source;
	CrmFold    *table = &source->items.table;
	uint32	   *place = crm_baskets_allocate(source, run->pairs.nitems * sizeof(uint32));
	uint32		n = 0;

	run->ordered = crm_baskets_allocate(source, run->pairs.nitems * sizeof(CrmFoldEntry));
	for (uint64 i = 0; i <= table->mask; i++)
	{
		CrmFoldEntry *entry = crm_fold_slot(table, i);

		if (entry->stamp != 0)
			run->ordered[n++] = *entry;
	}
	qsort_interruptible(run->ordered, n, sizeof(CrmFoldEntry), compare_keys, run);
	for (uint32 i = 0; i < n; i++)
		place[run->ordered[i].payload] = i;
	for (size_t i = 0; i < run->nrules; i++)
	{
		run->rules[i].a = place[run->rules[i].a];
		run->rules[i].b = place[run->rules[i].b];
	}
	qsort_interruptible(run->rules, run->nrules, sizeof(Rule), compare_rules, NULL);
}

/* x / y rounded half away from zero; y > 0 */
static Datum
quotient(crm_int128 x, crm_int128 y)
{
	crm_int128	scaled = x;

	for (int i = 0; i < DECIMALS; i++)
		scaled *= 10;
	scaled = scaled < 0 ? -((-scaled * 2 + y) / (2 * y)) : (scaled * 2 + y) / (2 * y);
	if (scaled == (int64) scaled)
		return crm_units_get_numeric((int64) scaled, DECIMALS);
	return crm_int128_get_numeric(scaled, DECIMALS);
}

static void
return_rule(PairsRun *run, const Rule *rule)
{
	CrmKeyKind	kind = run->source.items.kind;
	const Rule	both = *rule;
	crm_int128	n = run->pairs.baskets;
	crm_int128	ab = both.count;
	crm_int128	a = run->pairs.counts[run->ordered[both.a].payload];
	crm_int128	b = run->pairs.counts[run->ordered[both.b].payload];
	Datum		values[13];
	bool		nulls[13] = {false};

	for (int i = 0; i < 2; i++)
	{
		uint64		key = run->ordered[i == 0 ? both.a : both.b].key;
		CrmArenaKey *bytes = crm_key_is_bytes(kind) ? crm_arena_key(&run->source.items.arena, key) : NULL;

		values[i] = crm_fold_key_datum(kind, key, bytes == NULL ? NULL : bytes->bytes, bytes == NULL ? 0 : bytes->length);
	}
	values[2] = Int64GetDatum((int64) ab);
	values[3] = Int64GetDatum((int64) a);
	values[4] = Int64GetDatum((int64) b);
	values[5] = Int64GetDatum((int64) n);
	values[6] = quotient(ab, n);
	values[7] = quotient(ab, a);
	values[8] = quotient(ab * n, a * b);
	values[9] = quotient(ab, a + b - ab);
	values[10] = crm_units_get_numeric((int64) round((double) ab / sqrt((double) a * (double) b) * 1e10), DECIMALS);
	values[11] = quotient(ab * n - a * b, n * n);
	/* (1 - b/n) / (1 - ab/a) */
	if (ab == a)
		values[12] = DirectFunctionCall3(numeric_in, CStringGetDatum("Infinity"), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	else
		values[12] = quotient((n - b) * a, n * (a - ab));
	tuplestore_putvalues(run->result->setResult, run->result->setDesc, values, nulls);
}

static int32
positive_argument(FunctionCallInfo fcinfo, int n, const char *name, int32 least)
{
	int32		value;

	crm_require_argument(fcinfo, n, name);
	value = PG_GETARG_INT32(n);
	if (value < least)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be at least %d", name, least)));
	return value;
}

PG_FUNCTION_INFO_V1(crm_pair_rules);
Datum
crm_pair_rules(PG_FUNCTION_ARGS)
{
	PairsRun   *run = palloc0(sizeof(PairsRun));
	int			last = PG_NARGS() - 1;
	MemoryContext row_context;
	MemoryContext old;

	run->source.query.function = "pair_rules";
	run->source.query.text = crm_query_argument(fcinfo);
	run->source.query.example = "SELECT order_id, product_id FROM order_lines";
	run->min_count = positive_argument(fcinfo, last - 1, "min_count", 1);
	run->pairs.max_items = (uint32) positive_argument(fcinfo, last, "max_items", 2);
	InitMaterializedSRF(fcinfo, 0);
	run->result = (ReturnSetInfo *) fcinfo->resultinfo;
	run->source.items.kind = crm_key_kind(TupleDescAttr(run->result->setDesc, 0)->atttypid);
	crm_baskets_read(&run->source);
	count_pairs(run);
	order_rules(run);

	row_context = AllocSetContextCreate(CurrentMemoryContext, "crm_member pair_rules row", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(row_context);
	for (size_t i = 0; i < run->nrules; i++)
	{
		CHECK_FOR_INTERRUPTS();
		return_rule(run, &run->rules[i]);
		MemoryContextReset(row_context);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(row_context);
	MemoryContextDelete(run->source.context);
	if (run->pairs.left_out > 0)
		ereport(NOTICE,
				(errmsg("baskets with more than %u items, left out by pair_rules: %lld",
						run->pairs.max_items, (long long) run->pairs.left_out)));
	return (Datum) 0;
}
