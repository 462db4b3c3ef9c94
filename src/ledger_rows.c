/*
 * src/ledger_rows.c
 *
 * The rows that an earning appends to the books: event, postings, lots,
 * without a plan where the tables are plain (see ledger_table.h).
 */
#include "ledger_rows.h"

#include "commands/sequence.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

static bool
open_book(CrmLedger *ledger, CrmTable *table, CrmTableName name)
{
	return crm_table_open(table, &ledger->shapes[name], ledger->namespace, name, ACL_INSERT);
}

bool
crm_books_open(CrmLedger *ledger, CrmBooks *books)
{
	if (!open_book(ledger, &books->events, CRM_TABLE_EVENT))
		return false;
	if (open_book(ledger, &books->postings, CRM_TABLE_POSTING))
	{
		if (open_book(ledger, &books->lots, CRM_TABLE_LOT))
			return true;
		crm_table_close(&books->postings);
	}
	crm_table_close(&books->events);
	return false;
}

void
crm_books_close(CrmBooks *books)
{
	crm_table_close(&books->lots);
	crm_table_close(&books->postings);
	crm_table_close(&books->events);
}

int64
crm_next_event(CrmLedger *ledger)
{
	return nextval_internal(get_relname_relid("ledger_event_id_seq", ledger->namespace), true);
}

void
crm_write_event(CrmTable *events, const CrmEvent *event)
{
	Datum		values[CRM_EVENT_COLUMNS] = {
		Int64GetDatum(event->id), PointerGetDatum(cstring_to_text(event->kind)), Int64GetDatum(event->member), Int64GetDatum(event->sale),
		TimestampTzGetDatum(event->at), TimestampTzGetDatum(GetCurrentTimestamp()), (Datum) 0,
		PointerGetDatum(event->request_id), PointerGetDatum(event->digest), PointerGetDatum(event->detail)
	};
	bool		nulls[CRM_EVENT_COLUMNS] = {
		false, false, false, event->sale == 0, false, false, true, event->request_id == NULL, event->digest == NULL, event->detail == NULL
	};

	crm_row_insert(events, values, nulls);
}

void
crm_write_earnings(CrmLedger *ledger, CrmTable *postings, CrmTable *lots, int64 event, const CrmEarning *earnings, int n)
{
	for (int i = 0; i < n; i++)
	{
		const CrmEarning *e = &earnings[i];
		bool		nulls[CRM_POSTING_COLUMNS] = {false};
		Datum		row[CRM_POSTING_COLUMNS] = {
			Int64GetDatum(event), Int16GetDatum((int16) (i + 1)), Int16GetDatum(e->asset),
			Int64GetDatum(crm_programme_account(e->asset, CRM_ISSUED)), Int64GetDatum(e->account),
			Int64GetDatum(e->units), Int64GetDatum(e->rule)
		};

		crm_row_insert(postings, row, nulls);
		if (crm_asset_has_lots(ledger, e->asset))
		{
			Datum		opened[CRM_LOT_COLUMNS] = {
				row[0], row[1], row[4], row[5], row[5],
				TimestampTzGetDatum(e->available_from), TimestampTzGetDatum(e->expires_at)
			};

			crm_row_insert(lots, opened, nulls);
		}
	}
}

bool
crm_append_event(CrmLedger *ledger, int64 member, int64 sale, TimestampTz at, int64 *event)
{
	CrmTable	events;
	CrmEvent	earn = {.kind = "earn", .member = member, .sale = sale, .at = at};

	if (!open_book(ledger, &events, CRM_TABLE_EVENT))
		return false;
	earn.id = crm_next_event(ledger);
	crm_write_event(&events, &earn);
	crm_table_close(&events);
	*event = earn.id;
	return true;
}

bool
crm_append_earnings(CrmLedger *ledger, int64 event, const CrmEarning *earnings, int n)
{
	CrmTable	postings;
	CrmTable	lots;
	bool		ready = open_book(ledger, &postings, CRM_TABLE_POSTING);

	if (ready && !open_book(ledger, &lots, CRM_TABLE_LOT))
	{
		crm_table_close(&postings);
		ready = false;
	}
	if (!ready)
		return false;
	crm_write_earnings(ledger, &postings, &lots, event, earnings, n);
	crm_table_close(&lots);
	crm_table_close(&postings);
	return true;
}
