/*
 * src/core/history_text.c
 *
 * The text form of a purchase history, {day:orders:amount,...}, and the
 * calendar that it needs.
 *
 * Days are ISO dates whatever the session's DateStyle says, so a text means
 * the same everywhere.  Input may be unsorted, name a day twice (its entries
 * add up) and have white space between its parts.
 */
#include "core/history.h"

#include <string.h>

/*
 * Calendar: civil date and day number by eras of 400 years (146097 days), the
 * year beginning in March so that the leap day is its last.
 */
#define DAYS_TO_2000_FROM_MARCH_0 730425

int32_t
crm_day_of(int year, int month, int day)
{
	int			y = month > 2 ? year : year - 1;
	int			era = (y >= 0 ? y : y - 399) / 400;
	int			year_of_era = y - era * 400;
	int			day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int			day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - DAYS_TO_2000_FROM_MARCH_0;
}

void
crm_date_of(int32_t day_number, int *year, int *month, int *day)
{
	int32_t		z = day_number + DAYS_TO_2000_FROM_MARCH_0;
	int			era = (z >= 0 ? z : z - 146096) / 146097;
	int			day_of_era = z - era * 146097;
	int			year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int			day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int			month_from_march = (5 * day_of_year + 2) / 153;

	*day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
	*month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
	*year = year_of_era + era * 400 + (*month <= 2 ? 1 : 0);
}

int32_t
crm_month_of(int32_t day_number)
{
	int			year;
	int			month;
	int			day;

	crm_date_of(day_number, &year, &month, &day);
	return year * 12 + month - 1;
}

/*
 * Input
 */
typedef struct Cursor
{
	const char *start;
	const char *next;
	const char *end;
	CrmHistoryParse *fault;
} Cursor;

static void
skip_space(Cursor *c)
{
	while (c->next < c->end && (*c->next == ' ' || (*c->next >= '\t' && *c->next <= '\r')))
		c->next++;
}

static CrmParseStatus
wanted(Cursor *c, const char *at, const char *what)
{
	c->fault->position = (size_t) (at - c->start);
	c->fault->expected = what;
	return CRM_PARSE_SYNTAX;
}

static bool
take(Cursor *c, char ch)
{
	skip_space(c);
	if (c->next >= c->end || *c->next != ch)
		return false;
	c->next++;
	return true;
}

static inline bool
at_digit(const Cursor *c)
{
	return c->next < c->end && *c->next >= '0' && *c->next <= '9';
}

/* exactly n digits; -1 where there are fewer */
static int
fixed_number(Cursor *c, int n)
{
	int			v = 0;

	for (; n > 0; n--)
	{
		if (!at_digit(c))
			return -1;
		v = v * 10 + (*c->next++ - '0');
	}
	return v;
}

static CrmParseStatus
parse_day(Cursor *c, int32_t *result)
{
	const char *at;
	int			year;
	int			month;
	int			day;
	int			month_days;

	skip_space(c);
	at = c->next;
	if ((year = fixed_number(c, 4)) < 0 || !(c->next < c->end && *c->next == '-'))
		return wanted(c, at, "a date like 2024-01-31");
	c->next++;
	if ((month = fixed_number(c, 2)) < 0 || !(c->next < c->end && *c->next == '-'))
		return wanted(c, at, "a date like 2024-01-31");
	c->next++;
	if ((day = fixed_number(c, 2)) < 0 || at_digit(c))
		return wanted(c, at, "a date like 2024-01-31");
	c->fault->position = (size_t) (at - c->start);
	if (year < 1 || month < 1 || month > 12)
		return CRM_PARSE_DAY_RANGE;
	month_days = (int) ((month == 12 ? crm_day_of(year + 1, 1, 1) : crm_day_of(year, month + 1, 1)) - crm_day_of(year, month, 1));
	if (day < 1 || day > month_days)
		return CRM_PARSE_DAY_RANGE;
	*result = crm_day_of(year, month, day);
	return CRM_PARSE_OK;
}

static CrmParseStatus
parse_orders(Cursor *c, int32_t *result)
{
	int64_t		v = 0;

	skip_space(c);
	c->fault->position = (size_t) (c->next - c->start);
	if (!at_digit(c))
		return wanted(c, c->next, "a number of orders");
	while (at_digit(c))
	{
		v = v * 10 + (*c->next++ - '0');
		if (v > INT32_MAX)
			return CRM_PARSE_ORDERS_RANGE;
	}
	*result = (int32_t) v;
	return CRM_PARSE_OK;
}

static CrmParseStatus
parse_amount(Cursor *c, int64_t *units, int *scale)
{
	bool		negative = false;
	int			digits = 0;
	int64_t		v = 0;

	*scale = 0;
	skip_space(c);
	c->fault->position = (size_t) (c->next - c->start);
	if (c->next < c->end && (*c->next == '-' || *c->next == '+'))
		negative = *c->next++ == '-';
	for (int part = 0; part < 2; part++)
	{
		while (at_digit(c))
		{
			int			digit = *c->next++ - '0';

			/* built on the negative side, which has one value more */
			if (__builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, digit, &v))
				return CRM_PARSE_AMOUNT_RANGE;
			digits++;
			*scale += part;
		}
		if (part == 0 && !(digits > 0 && c->next < c->end && *c->next == '.'))
			break;
		if (part == 0)
			c->next++;
	}
	if (digits == 0 || c->next[-1] == '.')
		return wanted(c, c->next, "an amount like 35.00");
	if (*scale > CRM_MAX_SCALE || (!negative && v == INT64_MIN))
		return CRM_PARSE_AMOUNT_RANGE;
	*units = negative ? v : -v;
	return CRM_PARSE_OK;
}

size_t
crm_history_parse_bound(const char *text, size_t length)
{
	size_t		n = 1;

	for (const char *p = text; (p = memchr(p, ',', length - (size_t) (p - text))) != NULL; p++)
		n++;
	return n;
}

CrmParseStatus
crm_history_parse(const char *text, size_t length,
				  CrmHistoryDay *days, size_t *n, int *scale,
				  CrmHistoryParse *fault)
{
	Cursor		cursor = {text, text, text + length, fault};
	Cursor	   *c = &cursor;
	CrmParseStatus status;

	*n = 0;
	*scale = 0;
	if (!take(c, '{'))
		return wanted(c, c->next, "\"{\"");
	if (!take(c, '}'))
	{
		do
		{
			CrmHistoryDay *entry = &days[*n];
			int			entry_scale;

			if ((status = parse_day(c, &entry->day)) != CRM_PARSE_OK)
				return status;
			if (!take(c, ':'))
				return wanted(c, c->next, "\":\"");
			if ((status = parse_orders(c, &entry->orders)) != CRM_PARSE_OK)
				return status;
			if (!take(c, ':'))
				return wanted(c, c->next, "\":\"");
			if ((status = parse_amount(c, &entry->amount, &entry_scale)) != CRM_PARSE_OK)
				return status;
			if (entry_scale > *scale)
			{
				if (crm_history_rescale(days, *n, *scale, entry_scale) != CRM_HISTORY_OK)
					return CRM_PARSE_AMOUNT_RANGE;
				*scale = entry_scale;
			}
			else if (!crm_rescale(entry->amount, entry_scale, *scale, &entry->amount))
				return CRM_PARSE_AMOUNT_RANGE;
			(*n)++;
		} while (take(c, ','));
		if (!take(c, '}'))
			return wanted(c, c->next, "\",\" or \"}\"");
	}
	skip_space(c);
	if (c->next != c->end)
		return wanted(c, c->next, "the end");
	return CRM_PARSE_OK;
}

/*
 * Output
 */
#define ENTRY_TEXT_MAX (10 + 1 + 10 + 1 + 22 + 1)	/* 9999-12-31:2147483647:-9223372036854775.808, */

size_t
crm_history_print_bound(size_t n)
{
	return 3 + n * ENTRY_TEXT_MAX;
}

static char *
put_number(char *p, int64_t v, int width)
{
	char		buffer[CRM_INT128_TEXT];
	int			length = (int) strlen(crm_decimal_text(v, 0, buffer));

	for (; width > length; width--)
		*p++ = '0';
	memcpy(p, buffer, (size_t) length);
	return p + length;
}

CrmHistoryStatus
crm_history_print(CrmHistoryReader reader, char *out)
{
	char	   *p = out;
	CrmHistoryDay entry;

	*p++ = '{';
	while (crm_history_next(&reader, &entry))
	{
		int			year;
		int			month;
		int			day;

		if (p != out + 1)
			*p++ = ',';
		crm_date_of(entry.day, &year, &month, &day);
		p = put_number(p, year, 4);
		*p++ = '-';
		p = put_number(p, month, 2);
		*p++ = '-';
		p = put_number(p, day, 2);
		*p++ = ':';
		p = put_number(p, entry.orders, 1);
		*p++ = ':';
		crm_decimal_text(entry.amount, reader.scale, p);
		p += strlen(p);
	}
	*p++ = '}';
	*p = '\0';
	return reader.status;
}
