/*
 * src/core/lunar.c
 *
 * The Chinese calendar by table (see lunar.h).
 */
#include "core/lunar.h"

int
crm_month_days(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		return 29;
	return days[month - 1];
}

/* years are counted from March, so that the day that may be missing comes last */
int32_t
crm_day_of_date(int year, int month, int day)
{
	int32_t		y = year - (month <= 2);
	int32_t		era = (y >= 0 ? y : y - 399) / 400;
	int32_t		of_era = y - era * 400;
	int32_t		of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void
crm_date_of_day(int32_t day, int *year, int *month, int *day_of_month)
{
	int64_t		z = (int64_t) day + 719468;
	int64_t		era = (z >= 0 ? z : z - 146096) / 146097;
	int			of_era = (int) (z - era * 146097);
	int			y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int			of_year = of_era - (365 * y + y / 4 - y / 100);
	int			m = (5 * of_year + 2) / 153;

	*day_of_month = of_year - (153 * m + 2) / 5 + 1;
	*month = m < 10 ? m + 3 : m - 9;
	*year = (int) (y + era * 400) + (*month <= 2);
}

static int32_t
first_day(int year)
{
	return crm_day_of_date(year, 1, 1) + (int32_t) (crm_lunar_years[year - CRM_LUNAR_FIRST] >> 17);
}

static int
leap_month(int year)
{
	return (int) (crm_lunar_years[year - CRM_LUNAR_FIRST] >> 13 & 0xF);
}

static int
month_length(int year, int index)
{
	return 29 + (int) (crm_lunar_years[year - CRM_LUNAR_FIRST] >> index & 1);
}

/* place of a month in its year, counted from 0; the leap month stands behind its namesake */
static int
month_index(int year, int month, bool leap)
{
	int			twice = leap_month(year);

	return month - 1 + (leap || (twice != 0 && month > twice));
}

bool
crm_day_to_lunar(int32_t day, CrmLunarDay *lunar)
{
	int			year;
	int			month;
	int			left;
	int			index = 0;
	int			twice;

	crm_date_of_day(day, &year, &month, &left);
	if (year < CRM_LUNAR_FIRST || year > CRM_LUNAR_LAST + 1)
		return false;
	if (year > CRM_LUNAR_LAST || day < first_day(year))
		year--;
	if (year < CRM_LUNAR_FIRST)
		return false;
	twice = leap_month(year);
	left = day - first_day(year);
	while (index < 12 + (twice != 0) && left >= month_length(year, index))
		left -= month_length(year, index++);
	if (index == 12 + (twice != 0))
		return false;
	lunar->year = year;
	lunar->leap = twice != 0 && index == twice;
	lunar->month = index + 1 - (twice != 0 && index >= twice);
	lunar->day = left + 1;
	return true;
}

bool
crm_lunar_as_day(const CrmLunarDay *lunar, int32_t *day)
{
	int			index;

	if (lunar->year < CRM_LUNAR_FIRST || lunar->year > CRM_LUNAR_LAST || lunar->month < 1 || lunar->month > 12 ||
		(lunar->leap && leap_month(lunar->year) != lunar->month))
		return false;
	index = month_index(lunar->year, lunar->month, lunar->leap);
	if (lunar->day < 1 || lunar->day > month_length(lunar->year, index))
		return false;
	*day = first_day(lunar->year) + lunar->day - 1;
	while (index > 0)
		*day += month_length(lunar->year, --index);
	return true;
}

bool
crm_lunar_birthday(const CrmLunarDay *birth, int year, int32_t *day)
{
	CrmLunarDay wanted = {year, birth->month, birth->day, birth->leap};

	if (year < CRM_LUNAR_FIRST || year > CRM_LUNAR_LAST)
		return false;
	if (leap_month(year) != birth->month)
		wanted.leap = false;
	if (wanted.day > month_length(year, month_index(year, wanted.month, wanted.leap)))
		wanted.day = 29;
	return crm_lunar_as_day(&wanted, day);
}
