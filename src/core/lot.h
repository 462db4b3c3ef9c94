/*
 * src/core/lot.h
 *
 * Which lots a debit takes from, and to which an undoing gives back.
 *
 * A debit takes from the lot that expires first, those that never expire last,
 * then the older, then the lower number.  A lot that is not available yet
 * comes after those that are, and the lots of a favoured event come before
 * all.  An undoing goes the other way round: latest expiry first.
 */
#ifndef CRM_LOT_H
#define CRM_LOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct CrmLot
{
	int64_t		event_id;
	int32_t		lot_no;
	int64_t		left;			/* units: left in the lot, or, in an undoing, used of it */
	int64_t		available_from; /* the age of the lot */
	int64_t		expires_at;		/* the first instant at which the lot is gone */
	int64_t		moved;			/* result: units taken, or given back */
} CrmLot;

/* sorts lots into the order of a debit at an instant; favoured is an event or 0 */
extern void crm_lots_order(CrmLot *lots, size_t n, int64_t at, int64_t favoured);

/* sorts lots into the order in which an undoing refills them */
extern void crm_lots_order_back(CrmLot *lots, size_t n);

/* spreads units over lots in their order, each up to what it has; answers what no lot covers */
extern int64_t crm_lots_spread(CrmLot *lots, size_t n, int64_t units);

#endif							/* CRM_LOT_H */
