/*
 * src/query_histories.c
 *
 * histories(query): the purchase history of every member in a query.
 */
#include "query_result.h"

#include "miscadmin.h"
#include "utils/memutils.h"

typedef struct HistoryEntry
{
	CrmFoldEntry head;			/* stamp 1 */
	CrmHistoryState *state;		/* in the fold's states context; length_word is its size in bytes */
} HistoryEntry;

typedef struct HistoriesRun
{
	CrmQueryFold fold;
	ReturnSetInfo *result;
} HistoriesRun;

static CrmHistoryState *
new_state(CrmQueryFold *fold, Size bytes, bool wide)
{
	CrmHistoryState *state;

	if (bytes > MaxAllocSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many purchases for one purchase history"),
				 errdetail("A member's days would take more than 1 GB.")));
	state = MemoryContextAlloc(fold->states, bytes);
	state->length_word = (int32) bytes;
	crm_history_state_init(state, bytes, wide);
	fold->states_bytes += bytes;
	return state;
}

static void
add_row(CrmQueryFold *fold, CrmFoldEntry *head, const CrmRow *row)
{
	HistoryEntry *entry = (HistoryEntry *) head;
	CrmHistoryDay day;
	CrmHistoryStatus status;

	if (head->stamp == 0)
	{
		head->stamp = 1;
		entry->state = new_state(fold, CRM_HISTORY_STATE_MIN, false);
	}
	day.day = row->day;
	day.amount = row->amount;
	day.orders = row->amount >= 0 ? 1 : 0;
	while ((status = crm_history_add(entry->state, day, row->scale)) == CRM_HISTORY_FULL)
	{
		CrmHistoryState *old = entry->state;
		Size		old_bytes = (Size) old->length_word;
		bool		wide;
		Size		bytes = crm_history_state_room(old, old_bytes, day, &wide);

		if (bytes != old_bytes || wide != (old->form == CRM_HISTORY_WIDE))
		{
			entry->state = new_state(fold, bytes, wide);
			crm_history_state_move(old, entry->state);
			fold->states_bytes -= old_bytes;
			pfree(old);
		}
	}
	crm_history_check(status);
}

static void
return_histories(CrmQueryFold *fold, bool only)
{
	HistoriesRun *run = (HistoriesRun *) fold;
	MemoryContext row_context = AllocSetContextCreate(CurrentMemoryContext, "crm_member histories row", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(row_context);

	for (uint64 i = 0; i <= fold->table.mask; i++)
	{
		HistoryEntry *entry = (HistoryEntry *) crm_fold_slot(&fold->table, i);
		Datum		values[2];
		bool		nulls[2] = {false, false};
		uint64		number;
		const char *bytes;
		uint32		length;

		if (entry->head.stamp == 0)
			continue;
		CHECK_FOR_INTERRUPTS();
		crm_fold_entry_key(fold, &entry->head, &number, &bytes, &length);
		values[0] = crm_fold_key_datum(fold->query.key, number, bytes, length);
		values[1] = crm_history_form_state(entry->state);
		tuplestore_putvalues(run->result->setResult, run->result->setDesc, values, nulls);
		MemoryContextReset(row_context);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(row_context);
}

static const CrmFoldKind histories_kind = {
	.entry_bytes = sizeof(HistoryEntry),
	.add = add_row,
	.complete = return_histories
};

PG_FUNCTION_INFO_V1(crm_histories);
Datum
crm_histories(PG_FUNCTION_ARGS)
{
	HistoriesRun *run = palloc0(sizeof(HistoriesRun));

	run->fold.query.function = "histories";
	run->fold.query.text = crm_query_argument(fcinfo);
	run->fold.query.time_zone = crm_zone_argument(fcinfo, 2);
	run->fold.kind = &histories_kind;
	run->result = crm_fold_result(fcinfo, &run->fold);
	crm_query_fold(&run->fold);
	return (Datum) 0;
}
