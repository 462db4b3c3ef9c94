/*
 * src/core/predicate.c
 *
 * Literals and quoting of predicates (see predicate.h).
 */
#include "core/predicate.h"

#include <string.h>

#define MOST_NUMBER_BYTES 40

static const struct
{
	const char *name;
	crm_predicate_kind kind;
}			types[] = {
	{"boolean", CRM_KIND_BOOLEAN},
	{"bool", CRM_KIND_BOOLEAN},
	{"smallint", CRM_KIND_NUMBER},
	{"int2", CRM_KIND_NUMBER},
	{"integer", CRM_KIND_NUMBER},
	{"int", CRM_KIND_NUMBER},
	{"int4", CRM_KIND_NUMBER},
	{"bigint", CRM_KIND_NUMBER},
	{"int8", CRM_KIND_NUMBER},
	{"numeric", CRM_KIND_NUMBER},
	{"decimal", CRM_KIND_NUMBER},
	{"text", CRM_KIND_TEXT},
	{"varchar", CRM_KIND_TEXT},
	{"character varying", CRM_KIND_TEXT},
	{"date", CRM_KIND_DATE},
	{"timestamp", CRM_KIND_TIMESTAMP},
	{"timestamp without time zone", CRM_KIND_TIMESTAMP},
	{"timestamptz", CRM_KIND_TIMESTAMPTZ},
	{"timestamp with time zone", CRM_KIND_TIMESTAMPTZ},
	{"time", CRM_KIND_TIME},
	{"time without time zone", CRM_KIND_TIME},
};

static const char *const kind_types[] = {
	[CRM_KIND_ANY] = "unknown",
	[CRM_KIND_BOOLEAN] = "bool",
	[CRM_KIND_NUMBER] = "numeric",
	[CRM_KIND_TEXT] = "text",
	[CRM_KIND_DATE] = "date",
	[CRM_KIND_TIMESTAMP] = "timestamp",
	[CRM_KIND_TIMESTAMPTZ] = "timestamptz",
	[CRM_KIND_TIME] = "time",
};

typedef struct Scan
{
	const char *next;
	const char *end;
} Scan;

int
crm_kind_of_type(const char *name)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
	{
		if (strcmp(types[i].name, name) == 0)
			return (int) types[i].kind;
	}
	return CRM_KIND_NONE;
}

const char *
crm_kind_type(crm_predicate_kind kind)
{
	return kind_types[kind];
}

static bool
at_digit(const Scan *s)
{
	return s->next < s->end && *s->next >= '0' && *s->next <= '9';
}

static bool
pass(Scan *s, char c)
{
	if (s->next == s->end || *s->next != c)
		return false;
	s->next++;
	return true;
}

/* exactly so many digits */
static bool
digits(Scan *s, int count, int *value)
{
	*value = 0;
	for (int i = 0; i < count; i++)
	{
		if (!at_digit(s))
			return false;
		*value = *value * 10 + (*s->next++ - '0');
	}
	return true;
}

static bool
scan_number(Scan *s)
{
	int			exponent;
	bool		whole;

	if (s->end - s->next > MOST_NUMBER_BYTES)
		return false;
	(void) pass(s, '-');
	whole = at_digit(s);
	while (at_digit(s))
		s->next++;
	if (pass(s, '.'))
	{
		if (!whole && !at_digit(s))
			return false;
		whole = true;
		while (at_digit(s))
			s->next++;
	}
	if (!whole)
		return false;
	if (pass(s, 'e') || pass(s, 'E'))
	{
		if (!pass(s, '-'))
			(void) pass(s, '+');
		/* two digits are more than any amount needs, and no number of a hundred thousand digits */
		if (!digits(s, 1, &exponent))
			return false;
		if (at_digit(s))
			s->next++;
	}
	return true;
}

static bool
scan_date(Scan *s)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int			year;
	int			month;
	int			day;

	if (!digits(s, 4, &year) || !pass(s, '-') || !digits(s, 2, &month) || !pass(s, '-') || !digits(s, 2, &day))
		return false;
	if (year < 1 || month < 1 || month > 12 || day < 1)
		return false;
	if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		return day <= 29;
	return day <= lengths[month - 1];
}

static bool
scan_time(Scan *s)
{
	int			hour;
	int			minute;
	int			second;

	if (!digits(s, 2, &hour) || !pass(s, ':') || !digits(s, 2, &minute) || hour > 23 || minute > 59)
		return false;
	if (pass(s, ':'))
	{
		if (!digits(s, 2, &second) || second > 59)
			return false;
		if (pass(s, '.'))
		{
			const char *first = s->next;

			while (at_digit(s))
				s->next++;
			return s->next - first >= 1 && s->next - first <= 6;
		}
	}
	return true;
}

static bool
scan_offset(Scan *s)
{
	int			hours;
	int			minutes;

	if (pass(s, 'Z'))
		return true;
	if (!pass(s, '+') && !pass(s, '-'))
		return false;
	if (!digits(s, 2, &hours) || hours > 15)
		return false;
	return !pass(s, ':') || (digits(s, 2, &minutes) && minutes <= 59);
}

bool
crm_literal_is_plain(crm_predicate_kind kind, const char *text, size_t n)
{
	Scan		s = {text, text + n};

	switch (kind)
	{
		case CRM_KIND_ANY:
		case CRM_KIND_TEXT:
			return true;
		case CRM_KIND_BOOLEAN:
			return (n == 4 && memcmp(text, "true", 4) == 0) || (n == 5 && memcmp(text, "false", 5) == 0);
		case CRM_KIND_NUMBER:
			return scan_number(&s) && s.next == s.end;
		case CRM_KIND_DATE:
			return scan_date(&s) && s.next == s.end;
		case CRM_KIND_TIME:
			return scan_time(&s) && s.next == s.end;
		case CRM_KIND_TIMESTAMP:
		case CRM_KIND_TIMESTAMPTZ:
			if (!scan_date(&s) || (!pass(&s, ' ') && !pass(&s, 'T')) || !scan_time(&s))
				return false;
			if (kind == CRM_KIND_TIMESTAMPTZ && !scan_offset(&s))
				return false;
			return s.next == s.end;
	}
	return false;
}

bool
crm_pattern_is_whole(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
	{
		if (text[i] == '\\' && ++i == n)
			return false;
	}
	return true;
}

size_t
crm_quote_literal(char *out, const char *text, size_t n)
{
	char	   *p = out;

	*p++ = 'E';
	*p++ = '\'';
	for (size_t i = 0; i < n; i++)
	{
		if (text[i] == '\'' || text[i] == '\\')
			*p++ = text[i];
		*p++ = text[i];
	}
	*p++ = '\'';
	*p = '\0';
	return (size_t) (p - out);
}

size_t
crm_quote_name(char *out, const char *text, size_t n)
{
	char	   *p = out;

	*p++ = '"';
	for (size_t i = 0; i < n; i++)
	{
		if (text[i] == '"')
			*p++ = text[i];
		*p++ = text[i];
	}
	*p++ = '"';
	*p = '\0';
	return (size_t) (p - out);
}
