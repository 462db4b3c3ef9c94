/*
 * src/core/lot.c
 *
 * The order of lots, see lot.h.
 *
 * The class of a lot (favoured, available, pending) stands in moved while lots
 * are sorted, since qsort passes its comparison nothing else.
 */
#include "core/lot.h"

#include <stdlib.h>

#define BEFORE(a, b) ((a) < (b) ? -1 : (a) > (b))

static int
compare_age(const CrmLot *a, const CrmLot *b)
{
	if (a->available_from != b->available_from)
		return BEFORE(a->available_from, b->available_from);
	if (a->event_id != b->event_id)
		return BEFORE(a->event_id, b->event_id);
	return BEFORE(a->lot_no, b->lot_no);
}

static int
compare_debit(const void *left, const void *right)
{
	const CrmLot *a = left;
	const CrmLot *b = right;

	if (a->moved != b->moved)
		return BEFORE(a->moved, b->moved);
	if (a->expires_at != b->expires_at)
		return BEFORE(a->expires_at, b->expires_at);
	return compare_age(a, b);
}

static int
compare_back(const void *left, const void *right)
{
	const CrmLot *a = left;
	const CrmLot *b = right;

	if (a->expires_at != b->expires_at)
		return BEFORE(b->expires_at, a->expires_at);
	return compare_age(b, a);
}

void
crm_lots_order(CrmLot *lots, size_t n, int64_t at, int64_t favoured)
{
	for (size_t i = 0; i < n; i++)
		lots[i].moved = favoured != 0 && lots[i].event_id == favoured ? 0 : lots[i].available_from <= at ? 1 : 2;
	qsort(lots, n, sizeof(CrmLot), compare_debit);
}

void
crm_lots_order_back(CrmLot *lots, size_t n)
{
	qsort(lots, n, sizeof(CrmLot), compare_back);
}

int64_t
crm_lots_spread(CrmLot *lots, size_t n, int64_t units)
{
	for (size_t i = 0; i < n; i++)
	{
		lots[i].moved = lots[i].left < units ? lots[i].left : units;
		units -= lots[i].moved;
	}
	return units;
}
