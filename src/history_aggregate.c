/*
 * src/history_aggregate.c
 *
 * The aggregates purchase_history(day, amount) and purchase_history_merge.
 *
 * Their state is the type itself in its open form, a flat varlena whose length
 * is a power of two: no internal state, so partial aggregation works in
 * parallel workers and on other nodes without serial functions.  Entries are
 * appended in place; a state that must grow is made anew in the caller's
 * short-lived context and returned, whereupon nodeAgg copies it into its own
 * context and frees the old one.
 */
#include "history_datum.h"

#include "utils/date.h"

#include "aggregate.h"
#include "numeric_units.h"

static CrmHistoryState *
new_state(size_t bytes, bool wide)
{
	CrmHistoryState *state;

	if (bytes > MaxAllocSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many purchases for one purchase history"),
				 errdetail("The state of the aggregate would take more than 1 GB."),
				 errhint("Aggregate by a shorter period and merge the results.")));
	state = palloc(bytes);
	SET_VARSIZE(state, bytes);
	crm_history_state_init(state, bytes, wide);
	return state;
}

static inline CrmHistoryState *
add_entry(CrmHistoryState *state, CrmHistoryDay entry, int scale)
{
	CrmHistoryStatus status;

	while ((status = crm_history_add(state, entry, scale)) == CRM_HISTORY_FULL)
	{
		bool		wide;
		size_t		bytes = crm_history_state_room(state, VARSIZE(state), entry, &wide);

		if (bytes != VARSIZE(state) || wide != (state->form == CRM_HISTORY_WIDE))
		{
			CrmHistoryState *larger = new_state(bytes, wide);

			crm_history_state_move(state, larger);
			state = larger;
		}
	}
	crm_history_check(status);
	return state;
}

/* the state argument; where it is a stored value, one made from it */
static CrmHistoryState *
get_state_argument(FunctionCallInfo fcinfo)
{
	struct varlena *value = (struct varlena *) PG_GETARG_POINTER(0);
	CrmHistoryState *state = NULL;
	CrmHistoryReader reader;
	CrmHistoryDay day;

	if (!VARATT_IS_EXTENDED(value))
		state = crm_history_get_state(value);
	if (state != NULL)
		return state;

	reader = crm_history_get(PointerGetDatum(value));
	state = new_state(CRM_HISTORY_STATE_MIN, false);
	while (crm_history_next(&reader, &day))
		state = add_entry(state, day, reader.scale);
	return state;
}

PG_FUNCTION_INFO_V1(crm_purchase_history_accum);
Datum
crm_purchase_history_accum(PG_FUNCTION_ARGS)
{
	CrmHistoryState *state;
	CrmHistoryDay entry;
	int			scale = 0;

	(void) crm_aggregate_context(fcinfo);
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	state = PG_ARGISNULL(0) ? new_state(CRM_HISTORY_STATE_MIN, false) : get_state_argument(fcinfo);
	entry.day = PG_GETARG_DATEADT(1);
	crm_check_day(entry.day);
	crm_numeric_get_units(PG_GETARG_DATUM(2), "amount", &entry.amount, &scale);
	entry.orders = entry.amount >= 0 ? 1 : 0;
	PG_RETURN_POINTER(add_entry(state, entry, scale));
}

/* transition of purchase_history_merge and combine of both */
PG_FUNCTION_INFO_V1(crm_purchase_history_collect);
Datum
crm_purchase_history_collect(PG_FUNCTION_ARGS)
{
	CrmHistoryState *state;
	struct varlena *value;
	CrmHistoryState *other = NULL;

	(void) crm_aggregate_context(fcinfo);
	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	state = PG_ARGISNULL(0) ? new_state(CRM_HISTORY_STATE_MIN, false) : get_state_argument(fcinfo);
	value = pg_detoast_datum((struct varlena *) PG_GETARG_POINTER(1));
	other = crm_history_get_state(value);
	if (other != NULL)
	{
		CrmHistoryDay *days = palloc_extended(Max(other->used, 1) * sizeof(CrmHistoryDay), MCXT_ALLOC_HUGE);

		crm_history_state_days(other, days);
		for (uint32 i = 0; i < other->used; i++)
			state = add_entry(state, days[i], other->scale);
		pfree(days);
	}
	else
	{
		CrmHistoryReader reader = crm_history_get(PointerGetDatum(value));
		CrmHistoryDay day;

		while (crm_history_next(&reader, &day))
			state = add_entry(state, day, reader.scale);
		crm_history_check(reader.status);
	}
	PG_RETURN_POINTER(state);
}

/* works on a copy: as a window aggregate it is called again and again */
PG_FUNCTION_INFO_V1(crm_purchase_history_final);
Datum
crm_purchase_history_final(PG_FUNCTION_ARGS)
{
	(void) crm_aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_DATUM(crm_history_form(NULL, 0, 0));
	PG_RETURN_DATUM(crm_history_form_state(get_state_argument(fcinfo)));
}
