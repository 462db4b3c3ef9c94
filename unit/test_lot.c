/*
 * unit/test_lot.c
 *
 * Choice of lots and month arithmetic; every number by hand.
 */
#include "check.h"
#include "core/lot.h"
#include "core/points.h"

#define FOREVER INT64_MAX

int
main(void)
{
	/* at 100: A expires at 300, B at 200, C never, D is not available before 150, E is B's age mate with a higher number */
	CrmLot		lots[] = {
		{.event_id = 1, .lot_no = 1, .left = 10, .available_from = 0, .expires_at = 300},
		{.event_id = 2, .lot_no = 1, .left = 20, .available_from = 0, .expires_at = 200},
		{.event_id = 3, .lot_no = 1, .left = 30, .available_from = 0, .expires_at = FOREVER},
		{.event_id = 4, .lot_no = 1, .left = 40, .available_from = 150, .expires_at = 160},
		{.event_id = 2, .lot_no = 2, .left = 5, .available_from = 100, .expires_at = 200},
	};

	/* a debit of 28: 20 and 5 from those that expire at 200, 3 from A */
	crm_lots_order(lots, 5, 100, 0);
	CHECK(crm_lots_spread(lots, 5, 28) == 0);
	CHECK(lots[0].event_id == 2 && lots[0].lot_no == 1 && lots[0].moved == 20);
	CHECK(lots[1].event_id == 2 && lots[1].lot_no == 2 && lots[1].moved == 5);
	CHECK(lots[2].event_id == 1 && lots[2].moved == 3);
	CHECK(lots[3].event_id == 3 && lots[3].moved == 0);
	CHECK(lots[4].event_id == 4 && lots[4].moved == 0);
	/* all there is: 105; 7 more are not covered */
	CHECK(crm_lots_spread(lots, 5, 112) == 7);
	CHECK(lots[4].moved == 40);
	/* the favoured event first, though it never expires */
	crm_lots_order(lots, 5, 100, 3);
	CHECK(crm_lots_spread(lots, 5, 31) == 0);
	CHECK(lots[0].event_id == 3 && lots[0].moved == 30);
	CHECK(lots[1].event_id == 2 && lots[1].lot_no == 1 && lots[1].moved == 1);
	/* back: never, 300, then 200 from the younger, then D */
	crm_lots_order_back(lots, 5);
	CHECK(crm_lots_spread(lots, 5, 42) == 0);
	CHECK(lots[0].event_id == 3 && lots[0].moved == 30);
	CHECK(lots[1].event_id == 1 && lots[1].moved == 10);
	CHECK(lots[2].event_id == 2 && lots[2].lot_no == 2 && lots[2].moved == 2);
	CHECK(lots[3].event_id == 2 && lots[3].lot_no == 1 && lots[3].moved == 0);
	CHECK(lots[4].event_id == 4);
	CHECK(crm_lots_spread(lots, 0, 9) == 9);
	/* of what expires together the older goes first, whichever was told first; back the other way round */
	{
		CrmLot		mates[] = {
			{.event_id = 1, .lot_no = 1, .left = 10, .available_from = 70, .expires_at = 200},
			{.event_id = 2, .lot_no = 1, .left = 10, .available_from = 60, .expires_at = 200},
		};

		crm_lots_order(mates, 2, 100, 0);
		CHECK(mates[0].event_id == 2 && mates[1].event_id == 1);
		crm_lots_order_back(mates, 2);
		CHECK(mates[0].event_id == 1 && mates[1].event_id == 2);
	}

	/* days from 2000-01-01: 2000-02-29 is 59, 2001-02-28 is 424, 2001-03-01 is 425 */
	CHECK(crm_day_plus_months(59, 12) == 424);
	CHECK(crm_day_plus_months(59, 48) == 59 + 1461);
	CHECK(crm_expiry_day(59, 12, CRM_END_DAY) == 425);
	/* 31 January 2000 (30) and one month: 29 February; through the month: 1 March (60); through the quarter: 1 April (91) */
	CHECK(crm_day_plus_months(30, 1) == 59);
	CHECK(crm_expiry_day(30, 1, CRM_END_DAY) == 60);
	CHECK(crm_expiry_day(30, 1, CRM_END_MONTH) == 60);
	CHECK(crm_expiry_day(30, 1, CRM_END_QUARTER) == 91);
	CHECK(crm_expiry_day(30, 1, CRM_END_YEAR) == 366);
	/* 31 December 2000 (365) and 12 months, through the year: 1 January 2002 (731) */
	CHECK(crm_expiry_day(365, 12, CRM_END_YEAR) == 731);
	/* 31 March 2001 less a month: 28 February; 1 January 1999 is -365, 12 months on it is day 0 */
	CHECK(crm_day_plus_months(455, -1) == 424);
	CHECK(crm_day_plus_months(-365, 12) == 0);
	/* the day -1 is 31 December 1999, two months on it is 29 February 2000 */
	CHECK(crm_day_plus_months(-1, 2) == 59);
	/* 1900 had no 29 February: 1899-11-30 (-36556) and 3 months is 1900-02-28 (-36466) */
	CHECK(crm_day_plus_months(-36556, 3) == -36466);
	return DONE();
}
