/*
 * src/core/points.c
 *
 * Days and months of the proleptic Gregorian calendar, see points.h.
 *
 * Years are counted from March, so that the day that leap years add is the
 * last of a year.
 */
#include "core/points.h"

#include <stdbool.h>

#define DAYS_TO_2000	730425	/* from 0000-03-01 to 2000-01-01 */

static int32_t
day_of(int64_t year, int32_t month, int32_t day)
{
	int64_t		y = month > 2 ? year : year - 1;
	int64_t		era = (y >= 0 ? y : y - 399) / 400;
	int64_t		of_era = y - era * 400;
	int64_t		of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return (int32_t) (era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - DAYS_TO_2000);
}

static void
date_of(int32_t day, int64_t *year, int32_t *month, int32_t *of_month)
{
	int64_t		n = (int64_t) day + DAYS_TO_2000;
	int64_t		era = (n >= 0 ? n : n - 146096) / 146097;
	int64_t		of_era = n - era * 146097;
	int64_t		y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t		of_year = of_era - (365 * y + y / 4 - y / 100);
	int64_t		m = (5 * of_year + 2) / 153;

	*of_month = (int32_t) (of_year - (153 * m + 2) / 5 + 1);
	*month = (int32_t) (m < 10 ? m + 3 : m - 9);
	*year = era * 400 + y + (*month <= 2);
}

static int32_t
month_length(int64_t year, int32_t month)
{
	static const int8_t length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool		leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : length[month - 1];
}

static int64_t
floor_divide(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* year and month (1 to 12) from months counted from January of the year 0 */
static void
month_of(int64_t n, int64_t *year, int32_t *month)
{
	*year = floor_divide(n, 12);
	*month = (int32_t) (n - *year * 12) + 1;
}

int32_t
crm_day_plus_months(int32_t day, int32_t months)
{
	int64_t		year;
	int32_t		month;
	int32_t		of_month;

	date_of(day, &year, &month, &of_month);
	month_of(year * 12 + month - 1 + months, &year, &month);
	return day_of(year, month, of_month < month_length(year, month) ? of_month : month_length(year, month));
}

int32_t
crm_expiry_day(int32_t day, int32_t months, CrmPeriodEnd end)
{
	int64_t		year;
	int32_t		month;
	int32_t		of_month;
	int32_t		last = crm_day_plus_months(day, months);
	int64_t		n;
	int32_t		period;

	if (end == CRM_END_DAY)
		return last + 1;
	period = end == CRM_END_MONTH ? 1 : end == CRM_END_QUARTER ? 3 : 12;
	date_of(last, &year, &month, &of_month);
	n = year * 12 + (month - 1) / period * period + period;
	month_of(n, &year, &month);
	return day_of(year, month, 1);
}
