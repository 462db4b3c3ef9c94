/*
 * src/core/lunar.h
 *
 * Days of the Chinese calendar, lunar years 1901 to 2100, and birthdays.
 *
 * Days are counted from 1970-01-01, Gregorian. The months come from a table;
 * ICU's Chinese calendar is wrong on hundreds of days of that span. Three new
 * moons fall so close to midnight that authorities differ by a day: those of
 * 2057-09-29, 2089-09-04 and 2097-08-08.
 */
#ifndef CRM_LUNAR_H
#define CRM_LUNAR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/lunar_table.h"

typedef struct CrmLunarDay
{
	int			year;
	int			month;
	int			day;
	bool		leap;			/* the leap month that follows the month of this number */
} CrmLunarDay;

/* days of a Gregorian month, 1 to 12 */
extern int	crm_month_days(int year, int month);

/* between a Gregorian date and days since 1970-01-01 */
extern int32_t crm_day_of_date(int year, int month, int day);
extern void crm_date_of_day(int32_t day, int *year, int *month, int *day_of_month);

/* false when the day is in none of the years of the table */
extern bool crm_day_to_lunar(int32_t day, CrmLunarDay *lunar);

/* false when there is no such day: year outside of the table, month, leap month or day that the year does not have */
extern bool crm_lunar_as_day(const CrmLunarDay *lunar, int32_t *day);

/*
 * The birthday in a lunar year: a leap month's in the ordinary month where the
 * year has no such leap month, day 30 on day 29 of a shorter month. False when
 * the year is outside of the table.
 */
extern bool crm_lunar_birthday(const CrmLunarDay *birth, int year, int32_t *day);

#endif							/* CRM_LUNAR_H */
