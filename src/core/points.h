/*
 * src/core/points.h
 *
 * The life of a point in days: when a lot becomes available and when it is gone.
 *
 * Days are counted from 2000-01-01, as PostgreSQL does.  Month arithmetic
 * starts from the day given, never step by step, and ends on the last day of a
 * month that is too short.
 */
#ifndef CRM_POINTS_H
#define CRM_POINTS_H

#include <stdint.h>

typedef enum CrmPeriodEnd
{
	CRM_END_DAY,
	CRM_END_MONTH,
	CRM_END_QUARTER,
	CRM_END_YEAR
} CrmPeriodEnd;

/* the same day so many months later, or the last day of that month */
extern int32_t crm_day_plus_months(int32_t day, int32_t months);

/* the first day on which points are gone that are available from a day on and live through the end of that day, month, quarter or year, months later */
extern int32_t crm_expiry_day(int32_t day, int32_t months, CrmPeriodEnd end);

#endif							/* CRM_POINTS_H */
