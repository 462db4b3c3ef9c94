/*
 * src/ledger_rows.h
 *
 * Rows of the books, written without a plan.
 */
#ifndef CRM_LEDGER_ROWS_H
#define CRM_LEDGER_ROWS_H

#include "ledger_engine.h"

#include "utils/jsonb.h"
#include "utils/uuid.h"

typedef struct CrmEvent
{
	int64		id;
	const char *kind;
	int64		member;
	int64		sale;			/* 0: none */
	TimestampTz at;
	text	   *request_id;		/* or NULL, as what follows */
	pg_uuid_t  *digest;
	Jsonb	   *detail;
} CrmEvent;

/* the tables that an earning appends to */
typedef struct CrmBooks
{
	CrmTable	events;
	CrmTable	postings;
	CrmTable	lots;
} CrmBooks;

/* false where statements have to write them */
extern bool crm_books_open(CrmLedger *ledger, CrmBooks *books);
extern void crm_books_close(CrmBooks *books);

extern int64 crm_next_event(CrmLedger *ledger);

/* writes an event into the open table */
extern void crm_write_event(CrmTable *events, const CrmEvent *event);

/* writes the postings of an event, and the lots that they open */
extern void crm_write_earnings(CrmLedger *ledger, CrmTable *postings, CrmTable *lots, int64 event, const CrmEarning *earnings, int n);

#endif							/* CRM_LEDGER_ROWS_H */
