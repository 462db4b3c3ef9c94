/*
 * src/tier_periods.c
 *
 * The walk of core/tier_walk.h for SQL: an aggregate that packs what happened
 * to a member, and functions that walk or measure it.
 *
 * A track is a bytea whose length is a power of two and more: a count and the
 * entries as they came, in any order.  It lives within a statement and is
 * never stored.  Ladders come as a book, {"versions": [{"id", "from", "to",
 * "form"}]} with instants in microseconds since 1970, ascending; the book read
 * last is kept with the call site.
 */
#include "compat.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "aggregate.h"
#include "core/fold.h"
#include "history_datum.h"
#include "local_day.h"
#include "numeric_units.h"
#include "tier_ladder.h"

PG_FUNCTION_INFO_V1(crm_tier_track_accum);
PG_FUNCTION_INFO_V1(crm_tier_track_combine);
PG_FUNCTION_INFO_V1(crm_tier_track_is);
PG_FUNCTION_INFO_V1(crm_tier_walk_track);
PG_FUNCTION_INFO_V1(crm_tier_metrics);
PG_FUNCTION_INFO_V1(crm_tier_outgrown);
PG_FUNCTION_INFO_V1(crm_tier_source);
PG_FUNCTION_INFO_V1(crm_tier_window_start);
PG_FUNCTION_INFO_V1(crm_tier_window_leaves);

#define CRM_MONEY_SCALE 2		/* of amounts of sales */
#define CRM_SOURCE_SALE 0
#define CRM_SOURCE_GROWTH 1
#define CRM_SOURCE_VISIT 2
#define CRM_SOURCE_CATEGORY 16	/* and above: spend in a category, by the hash of its code */
#define CRM_CATEGORY_METRIC "category_spend:"

/*
 * Tracks
 */
typedef struct Track
{
	int32		length_word;
	uint32		used;
	CrmTierEntry entries[FLEXIBLE_ARRAY_MEMBER];
} Track;

#define TRACK_BYTES(n) (offsetof(Track, entries) + (Size) (n) * sizeof(CrmTierEntry))
#define TRACK_ROOM(track) ((VARSIZE(track) - offsetof(Track, entries)) / sizeof(CrmTierEntry))

/* a track with room for one more entry, which may be a new one */
static Track *
with_room(Track *track)
{
	Size		room = track == NULL ? 4 : 2 * (Size) track->used;
	Track	   *larger;

	if (track != NULL && track->used < TRACK_ROOM(track))
		return track;
	if (TRACK_BYTES(room) > MaxAllocSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many sales of one member"),
				 errdetail("They would take more than 1 GB.")));
	larger = palloc0(TRACK_BYTES(room));
	SET_VARSIZE(larger, TRACK_BYTES(room));
	if (track != NULL)
	{
		larger->used = track->used;
		memcpy(larger->entries, track->entries, track->used * sizeof(CrmTierEntry));
	}
	return larger;
}

/* a track argument in plain form; 22P03 for a bytea that is none */
static Track *
get_track(Datum value)
{
	Track	   *track = (Track *) PG_DETOAST_DATUM(value);

	if (VARSIZE(track) < offsetof(Track, entries) || track->used > TRACK_ROOM(track))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid track of sales")));
	return track;
}

static inline int
source_scale(int source)
{
	return source == CRM_SOURCE_SALE || source >= CRM_SOURCE_CATEGORY ? CRM_MONEY_SCALE : 0;
}

/* _tier_track(at timestamptz, amount numeric, is_order boolean, id bigint, source integer) */
Datum
crm_tier_track_accum(PG_FUNCTION_ARGS)
{
	Track	   *track = PG_ARGISNULL(0) ? NULL : get_track(PG_GETARG_DATUM(0));
	CrmTierEntry *entry;
	TimestampTz at;
	int			scale = 0;
	int			source;

	(void) crm_aggregate_context(fcinfo);
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(5))
	{
		if (track == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(track);
	}
	at = PG_GETARG_TIMESTAMPTZ(1);
	source = PG_GETARG_INT32(5);
	if (TIMESTAMP_NOT_FINITE(at) || source < 0 || source > PG_INT16_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid track of sales")));
	track = with_room(track);
	entry = &track->entries[track->used];
	entry->at = at;
	crm_numeric_get_units(PG_GETARG_DATUM(2), "amount", &entry->amount, &scale);
	if (scale > source_scale(source))
		crm_refuse_scale("amount", source_scale(source));
	entry->amount = crm_units_at_scale(entry->amount, scale, source_scale(source), "amount");
	entry->flags = !PG_ARGISNULL(3) && PG_GETARG_BOOL(3) ? CRM_ENTRY_ORDER : 0;
	entry->id = PG_ARGISNULL(4) ? 0 : PG_GETARG_INT64(4);
	entry->source = (int16) source;
	track->used++;
	PG_RETURN_POINTER(track);
}

Datum
crm_tier_track_combine(PG_FUNCTION_ARGS)
{
	Track	   *track = PG_ARGISNULL(0) ? NULL : get_track(PG_GETARG_DATUM(0));
	Track	   *other = PG_ARGISNULL(1) ? NULL : get_track(PG_GETARG_DATUM(1));

	(void) crm_aggregate_context(fcinfo);
	for (uint32 i = 0; other != NULL && i < other->used; i++)
	{
		track = with_room(track);
		track->entries[track->used++] = other->entries[i];
	}
	if (track == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(track);
}

/* _tier_track_is(track bytea, history purchase_history) returns boolean: whether they count the same sales */
Datum
crm_tier_track_is(PG_FUNCTION_ARGS)
{
	Track	   *track;
	CrmHistoryReader reader;
	CrmHistoryTotal total;
	crm_int128	amount = 0;
	int64		orders = 0;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_BOOL(false);
	track = get_track(PG_GETARG_DATUM(0));
	reader = PG_GETARG_HISTORY(1);
	crm_history_check(crm_history_total(reader, PG_INT64_MIN, PG_INT64_MAX, &total));
	for (uint32 i = 0; i < track->used; i++)
	{
		if (track->entries[i].source != CRM_SOURCE_SALE)
			continue;
		amount += track->entries[i].amount;
		orders += (track->entries[i].flags & CRM_ENTRY_ORDER) != 0;
	}
	PG_RETURN_BOOL(reader.scale <= CRM_MONEY_SCALE && orders == total.orders
				   && amount == total.amount * crm_pow10[CRM_MONEY_SCALE - reader.scale]);
}

/*
 * Metrics by their names
 */
static bool
parse_window(const char *text, CrmMeasure *measure)
{
	char	   *end;
	long		length;

	if (strcmp(text, "all") == 0)
		measure->window = CRM_WINDOW_ALL;
	else if (strcmp(text, "year") == 0)
		measure->window = CRM_WINDOW_YEAR;
	else
	{
		if (*text < '1' || *text > '9')
			return false;
		length = strtol(text, &end, 10);
		if (length > 9999 || end[0] == '\0' || end[1] != '\0' || (end[0] != 'm' && end[0] != 'd')
			|| (end[0] == 'm' && length > 999))
			return false;
		measure->window = end[0] == 'm' ? CRM_WINDOW_MONTHS : CRM_WINDOW_DAYS;
		measure->length = (int32) length;
	}
	return true;
}

static CrmMeasure
parse_metric(const char *name)
{
	static const struct
	{
		const char *name;
		int16		source;
		CrmMeasureKind kind;
		int			scale;
	}			known[] = {
		{"net_spend", CRM_SOURCE_SALE, CRM_MEASURE_SUM, CRM_MONEY_SCALE},
		{"orders", CRM_SOURCE_SALE, CRM_MEASURE_ORDERS, 0},
		{"active_days", CRM_SOURCE_SALE, CRM_MEASURE_DAYS, 0},
		{"purchase_days", CRM_SOURCE_SALE, CRM_MEASURE_DAYS, 0},
		{"growth", CRM_SOURCE_GROWTH, CRM_MEASURE_SUM, 0},
		{"visit_days", CRM_SOURCE_VISIT, CRM_MEASURE_DAYS, 0},
	};
	const char *window = strrchr(name, '_');
	CrmMeasure	measure = {0};

	for (size_t i = 0; window != NULL && i < lengthof(known); i++)
	{
		if (strlen(known[i].name) == window - name && strncmp(name, known[i].name, window - name) == 0
			&& parse_window(window + 1, &measure))
		{
			measure.source = known[i].source;
			measure.kind = known[i].kind;
			measure.scale = known[i].scale;
			return measure;
		}
	}
	if (strncmp(name, CRM_CATEGORY_METRIC, strlen(CRM_CATEGORY_METRIC)) == 0)
	{
		const char *code = name + strlen(CRM_CATEGORY_METRIC);

		if (window != NULL && window > code && parse_window(window + 1, &measure))
		{
			measure.source = (int16) (CRM_SOURCE_CATEGORY + crm_hash_bytes(code, (uint32) (window - code)) % (PG_INT16_MAX - CRM_SOURCE_CATEGORY));
			measure.kind = CRM_MEASURE_SUM;
			measure.scale = CRM_MONEY_SCALE;
			return measure;
		}
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown metric in a tier ladder"),
			 errdetail("The metric is \"%s\".", name),
			 errhint("Metrics are net_spend, category_spend: and the code of a category, orders, purchase_days, visit_days or growth, then _, then 12m (months), 90d (days), year (calendar year) or all.")));
	return measure;
}

/*
 * Books
 */
typedef struct Book
{
	Jsonb	   *source;
	text	   *zone_name;
	CrmLocalDay *zone;
	int			nversions;
	CrmLadderVersion *versions;
	CrmLadder **ladders;
	int64	   *ids;
	size_t		nmetrics;		/* of the version that has most */
	TupleDesc	result;			/* of a period */
} Book;

static void
read_versions(Book *book, const JsonbValue *array)
{
	JsonbIterator *it = JsonbIteratorInit(array->val.binary.data);
	JsonbValue	v;
	JsonbIteratorToken token;
	int			n = JsonContainerSize(array->val.binary.data);
	char	  **codes = palloc(sizeof(char *) * Max(n, 1) * CRM_MAX_TIERS);
	int32		ncodes = 0;

	book->versions = palloc0(sizeof(CrmLadderVersion) * Max(n, 1));
	book->ladders = palloc0(sizeof(CrmLadder *) * Max(n, 1));
	book->ids = palloc0(sizeof(int64) * Max(n, 1));
	while ((token = JsonbIteratorNext(&it, &v, true)) != WJB_DONE)
	{
		CrmLadderVersion *version = &book->versions[book->nversions];
		CrmLadder  *ladder;
		CrmMeasure *measures;
		int32	   *own;
		JsonbValue	found;
		static const char *const keys[] = {"id", "from", "to"};
		int64		numbers[3];

		if (token != WJB_ELEM)
			continue;
		for (int i = 0; i < 3; i++)
		{
			numbers[i] = i == 1 ? CRM_INSTANT_NONE : CRM_INSTANT_END;
			if (v.type == jbvBinary && getKeyJsonValueFromContainer(v.val.binary.data, keys[i], strlen(keys[i]), &found) != NULL
				&& found.type == jbvNumeric)
				numbers[i] = DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(found.val.numeric)))
					- (i == 0 ? 0 : (int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY);
		}
		if (v.type != jbvBinary || getKeyJsonValueFromContainer(v.val.binary.data, "form", 4, &found) == NULL
			|| found.type != jbvBinary)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("invalid book of tier ladders")));
		ladder = palloc0(sizeof(CrmLadder));
		crm_ladder_read(ladder, JsonbValueToJsonb(&found));
		measures = palloc(sizeof(CrmMeasure) * Max(ladder->nmetrics, 1));
		for (size_t i = 0; i < ladder->nmetrics; i++)
			measures[i] = parse_metric(ladder->metrics[i]);
		own = palloc(sizeof(int32) * ladder->ntiers);
		for (size_t i = 0; i < ladder->ntiers; i++)
		{
			for (own[i] = 0; own[i] < ncodes && strcmp(codes[own[i]], ladder->codes[i]) != 0; own[i]++)
				;
			if (own[i] == ncodes)
				codes[ncodes++] = ladder->codes[i];
		}
		*version = (CrmLadderVersion) {
			.from = numbers[1], .to = numbers[2],
			.period_months = ladder->period_months, .grace_days = ladder->grace_days,
			.period_end = ladder->period_end, .down = ladder->down,
			.ntiers = ladder->ntiers, .tiers = ladder->tiers, .codes = own, .nodes = ladder->nodes,
			.nmetrics = ladder->nmetrics, .measures = measures
		};
		book->ids[book->nversions] = numbers[0];
		book->ladders[book->nversions++] = ladder;
		book->nmetrics = Max(book->nmetrics, ladder->nmetrics);
	}
}

static bool
is_same(const void *a, const void *b)
{
	return VARSIZE_ANY(a) == VARSIZE_ANY(b) && memcmp(a, b, VARSIZE_ANY(a)) == 0;
}

static void *
copy_of(const void *value)
{
	return memcpy(palloc(VARSIZE_ANY(value)), value, VARSIZE_ANY(value));
}

static Book *
get_book(FunctionCallInfo fcinfo, Jsonb *source, text *zone_name)
{
	FmgrInfo   *flinfo = fcinfo->flinfo;
	Book	   *book = flinfo->fn_extra;
	MemoryContext context;
	MemoryContext outer;
	JsonbValue	versions;

	if (book != NULL && is_same(book->source, source) && is_same(book->zone_name, zone_name))
		return book;
	context = AllocSetContextCreate(CurrentMemoryContext, "crm tier ladders", ALLOCSET_DEFAULT_SIZES);
	outer = MemoryContextSwitchTo(context);
	book = palloc0(sizeof(Book));
	book->source = copy_of(source);
	book->zone_name = copy_of(zone_name);
	book->zone = crm_local_day_zone(text_to_cstring(zone_name));
	if (JB_ROOT_IS_OBJECT(book->source)
		&& getKeyJsonValueFromContainer(&book->source->root, "versions", 8, &versions) != NULL
		&& versions.type == jbvBinary && JsonContainerIsArray(versions.val.binary.data))
		read_versions(book, &versions);
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid book of tier ladders")));
	MemoryContextSwitchTo(outer);
	if (flinfo->fn_extra != NULL)
		MemoryContextDelete(GetMemoryChunkContext(flinfo->fn_extra));
	MemoryContextSetParent(context, flinfo->fn_mcxt);
	flinfo->fn_extra = book;
	return book;
}

/*
 * The walk
 */
typedef struct Periods
{
	CrmLocalDay *zone;
	Book	   *book;
	int			n;
	int			room;
	CrmTierPeriod *periods;
	int64	   *values;			/* nmetrics of the book for each */
} Periods;

static int32
walk_day_of(void *context, int64 at)
{
	return crm_local_day(((Periods *) context)->zone, at);
}

static int64
walk_start_of(void *context, int32 day)
{
	return crm_day_start(((Periods *) context)->zone, day);
}

static bool
walk_go_on(void *context)
{
	return !QueryCancelPending && !ProcDiePending;
}

static void
walk_emit(void *context, const CrmTierPeriod *period)
{
	Periods    *p = context;
	size_t		width = Max(p->book->nmetrics, 1);

	if (p->n == p->room)
	{
		int			room = Max(8, 2 * p->room);
		CrmTierPeriod *periods = palloc(sizeof(CrmTierPeriod) * room);
		int64	   *values = palloc(sizeof(int64) * width * room);

		if (p->n > 0)
		{
			memcpy(periods, p->periods, sizeof(CrmTierPeriod) * p->n);
			memcpy(values, p->values, sizeof(int64) * width * p->n);
		}
		p->periods = periods;
		p->values = values;
		p->room = room;
	}
	p->periods[p->n] = *period;
	memcpy(&p->values[width * p->n], period->values,
		   sizeof(int64) * p->book->versions[period->version].nmetrics);
	p->n++;
}

static void
check_walk(CrmWalkStatus status)
{
	if (status == CRM_WALK_STOPPED)
	{
		CHECK_FOR_INTERRUPTS();
		ereport(ERROR,
				(errcode(ERRCODE_QUERY_CANCELED),
				 errmsg("walk over tier periods was stopped")));
	}
	if (status == CRM_WALK_OVERFLOW)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("metric of a tier ladder out of range")));
}

/* entries are copied: a track may be walked again, and the walk sorts them */
static void
set_entries(CrmTierWalk *walk, const Track *track)
{
	walk->n = track == NULL ? 0 : track->used;
	walk->entries = palloc_extended(Max(walk->n, 1) * sizeof(CrmTierEntry), MCXT_ALLOC_HUGE);
	walk->spare = palloc_extended(Max(walk->n, 1) * sizeof(CrmTierEntry), MCXT_ALLOC_HUGE);
	if (walk->n > 0)
		memcpy(walk->entries, track->entries, walk->n * sizeof(CrmTierEntry));
}

static void
push_key(JsonbParseState **state, const char *name)
{
	JsonbValue	v;

	v.type = jbvString;
	v.val.string.val = (char *) name;
	v.val.string.len = (int) strlen(name);
	pushJsonbValue(state, WJB_KEY, &v);
}

static Datum
metrics_object(size_t n, char *const *names, const CrmMeasure *measures, const int64 *values)
{
	JsonbParseState *state = NULL;
	JsonbValue *object;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (size_t i = 0; i < n; i++)
	{
		JsonbValue	v;

		push_key(&state, names[i]);
		v.type = jbvNumeric;
		v.val.numeric = DatumGetNumeric(crm_units_get_numeric(values[i], measures[i].scale));
		pushJsonbValue(&state, WJB_VALUE, &v);
	}
	object = pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	return PointerGetDatum(JsonbValueToJsonb(object));
}

static TupleDesc
period_type(FunctionCallInfo fcinfo, Book *book)
{
	if (book->result == NULL)
	{
		MemoryContext outer = MemoryContextSwitchTo(GetMemoryChunkContext(book));

		book->result = lookup_rowtype_tupdesc_copy(get_element_type(get_fn_expr_rettype(fcinfo->flinfo)), -1);
		MemoryContextSwitchTo(outer);
	}
	return book->result;
}

static Datum
period_row(Book *book, TupleDesc desc, const CrmTierPeriod *period, const int64 *values)
{
	static const char *const reasons[] = {"reached", "kept", "fell", "grace"};
	CrmLadder  *ladder = book->ladders[period->version];
	Datum		row[10];
	bool		nulls[10] = {false};

	row[0] = Int64GetDatum(book->ids[period->version]);
	row[1] = CStringGetTextDatum(ladder->codes[period->tier]);
	row[2] = TimestampTzGetDatum(period->from);
	row[3] = TimestampTzGetDatum(period->to);
	row[4] = CStringGetTextDatum(reasons[period->reason]);
	row[5] = DateADTGetDatum(period->anchor_day);
	row[6] = Int32GetDatum(period->period_no);
	row[7] = Int64GetDatum(period->id);
	nulls[7] = period->id == 0;
	row[8] = metrics_object(ladder->nmetrics, ladder->metrics, book->versions[period->version].measures, values);
	row[9] = BoolGetDatum(period->decided);
	return HeapTupleGetDatum(heap_form_tuple(desc, row, nulls));
}

/* _tier_walk(track bytea, book jsonb, zone text, ends_to timestamptz) returns tier_period[], NULL for none */
Datum
crm_tier_walk_track(PG_FUNCTION_ARGS)
{
	Book	   *book;
	Periods		periods = {0};
	CrmTierWalk walk = {0};
	TupleDesc	desc;
	Datum	   *rows;
	TimestampTz last = crm_day_of(9999, 12, 31) * USECS_PER_DAY;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_NULL();
	book = get_book(fcinfo, PG_GETARG_JSONB_P(1), PG_GETARG_TEXT_PP(2));
	periods.zone = book->zone;
	periods.book = book;
	walk.nversions = (size_t) book->nversions;
	walk.versions = book->versions;
	walk.ends_to = PG_ARGISNULL(3) ? CRM_INSTANT_NONE : Min(PG_GETARG_TIMESTAMPTZ(3), last);
	walk.context = &periods;
	walk.day_of = walk_day_of;
	walk.start_of = walk_start_of;
	walk.emit = walk_emit;
	walk.go_on = walk_go_on;
	walk.windows = palloc(sizeof(CrmWindow) * Max(book->nmetrics, 1));
	walk.metrics = palloc(sizeof(CrmMetric) * Max(book->nmetrics, 1));
	walk.values = palloc(sizeof(int64) * Max(book->nmetrics, 1));
	set_entries(&walk, get_track(PG_GETARG_DATUM(0)));
	check_walk(crm_tier_walk(&walk));
	if (periods.n == 0)
		PG_RETURN_NULL();
	desc = period_type(fcinfo, book);
	rows = palloc(sizeof(Datum) * periods.n);
	for (int i = 0; i < periods.n; i++)
		rows[i] = period_row(book, desc, &periods.periods[i], &periods.values[Max(book->nmetrics, 1) * i]);
	PG_RETURN_ARRAYTYPE_P(construct_array(rows, periods.n, desc->tdtypeid, -1, false, TYPALIGN_DOUBLE));
}

/* _tier_metrics(track bytea, names text[], zone text, at timestamptz) returns jsonb */
Datum
crm_tier_metrics(PG_FUNCTION_ARGS)
{
	ArrayType  *array;
	Datum	   *names;
	int			n;
	char	  **metrics;
	CrmMeasure *measures;
	int64	   *values;
	Periods		periods = {0};
	CrmTierWalk walk = {0};
	CrmLadderVersion version = {0};

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3))
		PG_RETURN_NULL();
	array = PG_GETARG_ARRAYTYPE_P(1);
	if (array_contains_nulls(array) || TIMESTAMP_NOT_FINITE(PG_GETARG_TIMESTAMPTZ(3)))
		PG_RETURN_NULL();
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &names, NULL, &n);
	metrics = palloc(sizeof(char *) * Max(n, 1));
	measures = palloc(sizeof(CrmMeasure) * Max(n, 1));
	values = palloc(sizeof(int64) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		metrics[i] = TextDatumGetCString(names[i]);
		measures[i] = parse_metric(metrics[i]);
	}
	version.nmetrics = (size_t) n;
	version.measures = measures;
	periods.zone = crm_local_day_zone(text_to_cstring(PG_GETARG_TEXT_PP(2)));
	walk.versions = &version;
	walk.nversions = 1;
	walk.context = &periods;
	walk.day_of = walk_day_of;
	walk.start_of = walk_start_of;
	walk.go_on = walk_go_on;
	walk.windows = palloc(sizeof(CrmWindow) * Max(n, 1));
	walk.metrics = palloc(sizeof(CrmMetric) * Max(n, 1));
	set_entries(&walk, PG_ARGISNULL(0) ? NULL : get_track(PG_GETARG_DATUM(0)));
	check_walk(crm_tier_measure(&walk, PG_GETARG_TIMESTAMPTZ(3)));
	for (int i = 0; i < n; i++)
		values[i] = walk.metrics[i].value.units;
	PG_RETURN_DATUM(metrics_object((size_t) n, metrics, measures, values));
}

/* _tier_source(metric text) returns integer: what entries of a track it counts */
Datum
crm_tier_source(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(parse_metric(text_to_cstring(PG_GETARG_TEXT_PP(0))).source);
}

/* _tier_window_start(metric text, day date) returns date, -infinity where all days count */
Datum
crm_tier_window_start(PG_FUNCTION_ARGS)
{
	CrmMeasure	measure = parse_metric(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	int32		start = crm_window_start(&measure, PG_GETARG_DATEADT(1));

	PG_RETURN_DATEADT(start == PG_INT32_MIN ? DATEVAL_NOBEGIN : start);
}

/* _tier_window_leaves(metric text, day date) returns date, infinity where a day counts for ever */
Datum
crm_tier_window_leaves(PG_FUNCTION_ARGS)
{
	CrmMeasure	measure = parse_metric(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	int32		leaves = crm_window_leaves(&measure, PG_GETARG_DATEADT(1));

	PG_RETURN_DATEADT(leaves == PG_INT32_MAX ? DATEVAL_NOEND : leaves);
}

/*
 * _tier_outgrown(history purchase_history, form jsonb, holding text, day date)
 * returns boolean: whether a member whose last sale is on a day may have left
 * the tier that it held; false is certain.
 */
typedef struct Outgrown
{
	CrmLadder	ladder;
	bool		simple;			/* all metrics are in the history, and nothing falls within a period */
	size_t		base;
	CrmMeasure	measures[CRM_MAX_NODES];
} Outgrown;

#define KEPT_LADDERS 4

/*
 * The ladders asked for last, for the life of the session: this is called once
 * a sale, and reading a ladder costs more than all the rest.
 */
static Outgrown *
get_outgrown(Jsonb *source)
{
	static Outgrown *kept[KEPT_LADDERS];
	static int	next;
	Outgrown   *known;
	MemoryContext context;
	MemoryContext outer;
	CrmLadderVersion version = {0};

	for (int i = 0; i < KEPT_LADDERS; i++)
	{
		if (kept[i] != NULL && is_same(kept[i]->ladder.source, source))
			return kept[i];
	}
	context = AllocSetContextCreate(CurrentMemoryContext, "crm tier ladder", ALLOCSET_SMALL_SIZES);
	outer = MemoryContextSwitchTo(context);
	known = palloc0(sizeof(Outgrown));
	known->ladder.source = copy_of(source);
	crm_ladder_read(&known->ladder, known->ladder.source);
	known->simple = known->ladder.down != CRM_DOWN_IMMEDIATE;
	for (size_t i = 0; i < known->ladder.nmetrics; i++)
	{
		known->measures[i] = parse_metric(known->ladder.metrics[i]);
		if (known->measures[i].source != CRM_SOURCE_SALE)
			known->simple = false;
	}
	version.ntiers = known->ladder.ntiers;
	version.tiers = known->ladder.tiers;
	known->base = crm_base_tier(&version);
	MemoryContextSwitchTo(outer);
	if (kept[next] != NULL)
		MemoryContextDelete(GetMemoryChunkContext(kept[next]));
	MemoryContextSetParent(context, TopMemoryContext);
	kept[next] = known;
	next = (next + 1) % KEPT_LADDERS;
	return known;
}

Datum
crm_tier_outgrown(PG_FUNCTION_ARGS)
{
	Outgrown   *known;
	CrmLadder  *ladder;
	CrmHistoryReader reader;
	CrmMetric  *metrics;
	size_t		holding;
	size_t		reached;
	int32		day;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(3))
		PG_RETURN_BOOL(true);
	known = get_outgrown(PG_GETARG_JSONB_P(1));
	ladder = &known->ladder;
	if (!known->simple)
		PG_RETURN_BOOL(true);
	holding = known->base;
	if (!PG_ARGISNULL(2))
	{
		char	   *code = text_to_cstring(PG_GETARG_TEXT_PP(2));

		for (holding = 0; holding < ladder->ntiers && strcmp(ladder->codes[holding], code) != 0; holding++)
			;
		if (holding == ladder->ntiers)
			PG_RETURN_BOOL(true);
	}
	reader = crm_history_get(PG_GETARG_DATUM(0));
	day = PG_GETARG_DATEADT(3);
	metrics = palloc(sizeof(CrmMetric) * Max(ladder->nmetrics, 1));
	for (size_t i = 0; i < ladder->nmetrics; i++)
	{
		CrmHistoryTotal total;
		int32		start = crm_window_start(&known->measures[i], day);

		crm_history_check(crm_history_total(reader, start == PG_INT32_MIN ? PG_INT64_MIN : start, PG_INT64_MAX, &total));
		if (total.amount > PG_INT64_MAX || total.amount < PG_INT64_MIN)
			PG_RETURN_BOOL(true);
		metrics[i].known = true;
		metrics[i].value.scale = 0;
		switch (known->measures[i].kind)
		{
			case CRM_MEASURE_SUM:
				metrics[i].value.units = (int64) total.amount;
				metrics[i].value.scale = reader.scale;
				break;
			case CRM_MEASURE_ORDERS:
				metrics[i].value.units = total.orders;
				break;
			case CRM_MEASURE_DAYS:
				metrics[i].value.units = total.days;
				break;
		}
	}
	reached = crm_ladder_reached(ladder->tiers, ladder->ntiers, ladder->nodes, metrics, CRM_NO_TIER);
	PG_RETURN_BOOL(reached != CRM_NO_TIER && ladder->tiers[reached].rank > ladder->tiers[holding].rank);
}
