/*
 * src/clv_fit.c
 *
 * The aggregate clv_fit(h, as_of [, model [, unit]]).
 *
 * Its state is a bytea: a head and one entry of 16 bytes for each member that
 * has bought, unsorted, exact.  No internal state, so it goes between workers
 * as it is; entries are sorted at the end, so neither the number of workers
 * nor the order of the rows reaches the arithmetic (core/clv_fit.h).  A state
 * that must grow is made anew in the caller's short-lived context; nodeAgg
 * copies it and frees the old one.
 */
#include "clv_datum.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/memutils.h"

#include "aggregate.h"
#include "core/clv_fit.h"
#include "core/clv_text.h"
#include "core/sort.h"
#include "errors.h"
#include "history_datum.h"
#include "numeric_units.h"

PG_FUNCTION_INFO_V1(crm_clv_fit_accum);
PG_FUNCTION_INFO_V1(crm_clv_fit_combine);
PG_FUNCTION_INFO_V1(crm_clv_fit_final);

#define STATE_VERSION 1
#define STATE_MIN 1024

typedef struct FitState
{
	int32		length_word;
	uint8		version;		/* STATE_VERSION */
	uint8		kind;			/* crm_clv_kind */
	uint8		scale;			/* of all spend */
	uint8		unused;			/* 0 */
	int32		as_of;
	uint32		used;
	double		unit;
	crm_clv_member member[];
} FitState;

static inline uint32
state_capacity(const FitState *state)
{
	return (uint32) ((VARSIZE(state) - sizeof(FitState)) / sizeof(crm_clv_member));
}

static FitState *
new_state(uint32 members, const FitState *like)
{
	size_t		bytes = STATE_MIN;
	FitState   *state;

	while (bytes < sizeof(FitState) + members * sizeof(crm_clv_member))
		bytes *= 2;
	/* the last doubling stops a little short */
	if (bytes == (size_t) MaxAllocSize + 1)
		bytes = MaxAllocSize - MaxAllocSize % sizeof(crm_clv_member);
	if (bytes > MaxAllocSize || bytes < sizeof(FitState) + members * sizeof(crm_clv_member))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many members for one CLV fit"),
				 errdetail("The state of the aggregate would take more than 1 GB."),
				 errhint("Fit a sample of the members: the parameters hardly change.")));
	state = palloc(bytes);
	*state = *like;
	SET_VARSIZE(state, bytes);
	state->used = 0;
	return state;
}

/* room for so many more members */
static FitState *
make_room(FitState *state, uint32 more)
{
	FitState   *larger;

	if (state_capacity(state) - state->used >= more)
		return state;
	/* both are below 2^26 */
	larger = new_state(Max(state->used + more, 2 * state_capacity(state)), state);
	memcpy(larger->member, state->member, state->used * sizeof(crm_clv_member));
	larger->used = state->used;
	return larger;
}

static void
refuse_state(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("invalid serial form of the state of an aggregate")));
}

/* a state as an argument: it may have a short header, and need not come from here */
static FitState *
get_state(Datum value)
{
	FitState   *state = (FitState *) PG_DETOAST_DATUM(value);

	if (VARSIZE(state) < sizeof(FitState) || state->version != STATE_VERSION || state->kind >= CRM_CLV_KINDS ||
		state->scale > CRM_MAX_SCALE || state->used > state_capacity(state) ||
		!(state->unit >= CRM_CLV_UNIT_MIN && state->unit <= CRM_CLV_UNIT_MAX))
		refuse_state();
	return state;
}

static void
raise_scale(FitState *state, int scale)
{
	if (scale <= state->scale)
		return;
	for (uint32 i = 0; i < state->used; i++)
		state->member[i].spend = crm_units_at_scale(state->member[i].spend, state->scale, scale, "spend");
	state->scale = (uint8) scale;
}

static void
check_same(bool same)
{
	if (!same)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("as_of, model and unit must be the same in all rows of a group")));
}

/* (state, h, as_of [, model [, unit]]) */
Datum
crm_clv_fit_accum(PG_FUNCTION_ARGS)
{
	FitState   *state = NULL;
	FitState	head = {0};
	CrmHistoryReader reader;
	struct varlena *copy;
	CrmClvSummary summary;

	(void) crm_aggregate_context(fcinfo);
	if (PG_ARGISNULL(2) || (PG_NARGS() > 3 && PG_ARGISNULL(3)) || (PG_NARGS() > 4 && PG_ARGISNULL(4)))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("as_of, model and unit must not be null")));
	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	head.version = STATE_VERSION;
	head.as_of = PG_GETARG_DATEADT(2);
	head.kind = (uint8) (PG_NARGS() > 3 ? crm_clv_get_kind(PG_GETARG_TEXT_PP(3)) : CRM_CLV_MBG_NBD);
	head.unit = PG_NARGS() > 4 ? crm_clv_days(PG_GETARG_INTERVAL_P(4), "unit", false) : 7;
	if (PG_ARGISNULL(0))
	{
		crm_clv_check_as_of(head.as_of);
		if (!(head.unit >= CRM_CLV_UNIT_MIN && head.unit <= CRM_CLV_UNIT_MAX))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s out of range", "unit"),
					 errhint("Units are days, weeks or months.")));
		state = new_state(1, &head);
	}
	else
	{
		state = get_state(PG_GETARG_DATUM(0));
		check_same(state->as_of == head.as_of && state->kind == head.kind && state->unit == head.unit);
	}
	reader = crm_history_open(PG_GETARG_DATUM(1), &copy);
	if (crm_clv_summarise(reader, head.as_of, &summary))
	{
		crm_clv_member *member;

		state = make_room(state, 1);
		/* without a repeat day the scale says nothing */
		if (summary.spend != 0)
		{
			raise_scale(state, reader.scale);
			summary.spend = crm_units_at_scale(summary.spend, reader.scale, state->scale, "spend");
		}
		member = &state->member[state->used++];
		member->key = crm_clv_key(summary.x, summary.t_x, summary.t);
		member->spend = summary.spend;
	}
	crm_history_close(copy);
	PG_RETURN_POINTER(state);
}

Datum
crm_clv_fit_combine(PG_FUNCTION_ARGS)
{
	FitState   *state;
	FitState   *other;

	(void) crm_aggregate_context(fcinfo);
	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	other = get_state(PG_GETARG_DATUM(1));
	if (PG_ARGISNULL(0))
		PG_RETURN_POINTER(other);
	state = get_state(PG_GETARG_DATUM(0));
	check_same(state->as_of == other->as_of && state->kind == other->kind && state->unit == other->unit);
	state = make_room(state, other->used);
	raise_scale(state, other->scale);
	for (uint32 i = 0; i < other->used; i++)
	{
		crm_clv_member member = other->member[i];

		member.spend = crm_units_at_scale(member.spend, other->scale, state->scale, "spend");
		state->member[state->used++] = member;
	}
	PG_RETURN_POINTER(state);
}

/* a fit stops where a cancel or an end of the session waits; the glue then raises it */
static bool
go_on(void *context)
{
	return !(INTERRUPTS_PENDING_CONDITION() && (QueryCancelPending || ProcDiePending) && INTERRUPTS_CAN_BE_PROCESSED());
}

/* the members in the order of their keys */
static crm_clv_member *
sort_members(const FitState *state)
{
	size_t		n = state->used;
	uint64	   *keys = palloc_extended(2 * n * sizeof(uint64), MCXT_ALLOC_HUGE);
	uint32	   *rows = palloc_extended(2 * n * sizeof(uint32), MCXT_ALLOC_HUGE);
	crm_clv_member *members = palloc_extended(n * sizeof(crm_clv_member), MCXT_ALLOC_HUGE);
	crm_sort   *s = palloc(sizeof(crm_sort));

	for (size_t i = 0; i < n; i++)
	{
		int32		x = CRM_CLV_KEY_X(state->member[i].key);
		int32		t_x = CRM_CLV_KEY_T_X(state->member[i].key);

		/* an aggregate of somebody else's may have made the state */
		if (x > t_x || (x == 0 && t_x > 0) || t_x > CRM_CLV_KEY_T(state->member[i].key))
			refuse_state();
		keys[i] = state->member[i].key;
		rows[i] = (uint32) i;
	}
	crm_sort_begin(s, n, keys, keys + n, rows, rows + n);
	while (crm_sort_step(s))
		CHECK_FOR_INTERRUPTS();
	for (size_t i = 0; i < n; i++)
		members[i] = state->member[s->rows[i]];
	pfree(keys);
	pfree(rows);
	pfree(s);
	return members;
}

static void
fit(const FitState *state, crm_clv_model *model)
{
	crm_clv_member *members = sort_members(state);
	size_t		cells_n = crm_clv_settle(members, state->used);
	crm_clv_cell *cells = palloc_extended(cells_n * sizeof(crm_clv_cell), MCXT_ALLOC_HUGE);
	crm_clv_spender *spenders = palloc_extended(state->used * sizeof(crm_clv_spender), MCXT_ALLOC_HUGE);
	size_t		spenders_n = crm_clv_split(members, state->used, state->scale, cells, spenders);
	double	   *room;
	crm_clv_fit_status status;

	pfree(members);
	room = palloc_extended(crm_clv_fit_room(model->kind, cells, cells_n) * sizeof(double), MCXT_ALLOC_HUGE);
	while ((status = crm_clv_fit_purchases(model, cells, cells_n, room, go_on, NULL)) == CRM_CLV_FIT_STOPPED)
		CHECK_FOR_INTERRUPTS();
	if (status == CRM_CLV_FIT_NO_REPEAT)
		ereport(ERROR,
				(errcode(ERRCODE_CRM_NO_REPEAT),
				 errmsg("no member has a repeat purchase"),
				 errdetail("Of %u members with a purchase up to the day of the fit, none has bought on a second day.", state->used),
				 errhint("Fit over a longer time, or wait until members have come back.")));
	while (crm_clv_fit_spend(model, spenders, spenders_n, go_on, NULL) == CRM_CLV_FIT_STOPPED)
		CHECK_FOR_INTERRUPTS();
}

Datum
crm_clv_fit_final(PG_FUNCTION_ARGS)
{
	FitState   *state;
	crm_clv_model model;
	MemoryContext context;
	MemoryContext caller;

	(void) crm_aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = get_state(PG_GETARG_DATUM(0));
	crm_clv_check_as_of(state->as_of);
	crm_clv_init(&model, state->kind);
	model.unit = state->unit;
	model.has_as_of = true;
	model.as_of = state->as_of;
	context = AllocSetContextCreate(CurrentMemoryContext, "CLV fit", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(context);
	if (state->used == 0)
		ereport(ERROR,
				(errcode(ERRCODE_CRM_NO_REPEAT),
				 errmsg("no member has a repeat purchase"),
				 errdetail("No member has a purchase up to the day of the fit.")));
	fit(state, &model);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	PG_RETURN_DATUM(crm_clv_form_model(&model));
}
