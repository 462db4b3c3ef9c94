/*
 * src/core/reading.c
 *
 * Days, times and amounts from spreadsheets (see reading.h).
 */
#include "core/reading.h"

#include "core/lunar.h"

#define SPREADSHEET_DAY_0	(-25569)	/* 1899-12-30 in days since 1970-01-01 */
#define SECOND				INT64_C(1000000)
#define DAY					(86400 * SECOND)

typedef struct Cursor
{
	const uint32_t *cp;
	size_t		left;
} Cursor;

static void
trim(Cursor *at)
{
	while (at->left > 0 && (crm_is_space(at->cp[0]) || at->cp[0] == '\''))
		at->cp++, at->left--;
	while (at->left > 0 && crm_is_space(at->cp[at->left - 1]))
		at->left--;
}

static void
skip_spaces(Cursor *at)
{
	while (at->left > 0 && crm_is_space(at->cp[0]))
		at->cp++, at->left--;
}

static bool
accept(Cursor *at, uint32_t cp)
{
	if (at->left == 0 || at->cp[0] != cp)
		return false;
	at->cp++;
	at->left--;
	return true;
}

/* digits from least to most in number */
static bool
number(Cursor *at, size_t least, size_t most, int *value)
{
	size_t		n = 0;

	*value = 0;
	while (n < most && at->left > 0 && at->cp[0] - '0' < 10u)
	{
		*value = *value * 10 + (int) (at->cp[0] - '0');
		at->cp++;
		at->left--;
		n++;
	}
	return n >= least;
}

/* a fraction behind its point, in millionths; more digits are cut */
static int64_t
fraction(Cursor *at)
{
	int64_t		value = 0;
	int64_t		unit = SECOND / 10;

	while (at->left > 0 && at->cp[0] - '0' < 10u)
	{
		value += unit * (int64_t) (at->cp[0] - '0');
		unit /= 10;
		at->cp++;
		at->left--;
	}
	return value;
}

static size_t
digits_ahead(const Cursor *at)
{
	size_t		n = 0;

	while (n < at->left && at->cp[n] - '0' < 10u)
		n++;
	return n;
}

/* the offset from UTC at the end of a time; false when it is something else */
static bool
offset_of(Cursor *at, CrmTime *time)
{
	int			hours;
	int			minutes = 0;
	bool		west;

	if (at->left == 0)
		return true;
	time->has_offset = true;
	if (accept(at, 'z'))
		return at->left == 0;
	west = accept(at, '-');
	if (!west && !accept(at, '+'))
		return false;
	if (!number(at, 2, 2, &hours))
		return false;
	if (at->left > 0)
	{
		accept(at, ':');
		if (!number(at, 2, 2, &minutes))
			return false;
	}
	time->offset = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
	return at->left == 0 && hours <= 15 && minutes < 60;
}

/* a word of two Chinese characters */
static bool
accept_word(Cursor *at, uint32_t first, uint32_t second)
{
	if (at->left < 2 || at->cp[0] != first || at->cp[1] != second)
		return false;
	at->cp += 2;
	at->left -= 2;
	skip_spaces(at);
	return true;
}

static bool
time_of_day(Cursor *at, CrmTime *time)
{
	int			hour;
	int			minute = 0;
	int			second = 0;
	int64_t		part = 0;
	bool		morning = accept_word(at, 0x4E0A, 0x5348);
	bool		afternoon = !morning && accept_word(at, 0x4E0B, 0x5348);

	if (!number(at, 1, 2, &hour))
		return false;
	if (!accept(at, ':') && !accept(at, 0x65F6) && !accept(at, 0x70B9) && !accept(at, 0x6642))
		return false;
	if (digits_ahead(at) > 0)
	{
		if (!number(at, 1, 2, &minute))
			return false;
		if (accept(at, ':') || accept(at, 0x5206))
		{
			if (digits_ahead(at) > 0)
			{
				if (!number(at, 1, 2, &second))
					return false;
				if (accept(at, '.'))
					part = fraction(at);
				accept(at, 0x79D2);
			}
		}
	}
	skip_spaces(at);
	if (at->left >= 2 && at->cp[1] == 'm' && (at->cp[0] == 'a' || at->cp[0] == 'p') && !morning && !afternoon)
	{
		morning = at->cp[0] == 'a';
		afternoon = !morning;
		at->cp += 2;
		at->left -= 2;
	}
	if (morning || afternoon)
	{
		if (hour < 1 || hour > 12)
			return false;
		hour = hour % 12 + (afternoon ? 12 : 0);
	}
	if (hour > 23 || minute > 59 || second > 59)
		return false;
	time->of_day = ((hour * 60 + minute) * 60 + second) * SECOND + part;
	return offset_of(at, time);
}

/* the day number of a spreadsheet, perhaps with the time as a fraction */
static bool
spreadsheet_day(Cursor *at, CrmTime *time)
{
	int			serial;
	double		part = 0;
	double		unit = 0.1;

	if (!number(at, 5, 5, &serial) || serial < 10000)
		return false;
	if (accept(at, '.'))
	{
		for (; at->left > 0 && at->cp[0] - '0' < 10u; at->cp++, at->left--, unit /= 10)
			part += unit * (double) (at->cp[0] - '0');
	}
	if (at->left > 0)
		return false;
	/* to the second, as spreadsheets show it */
	time->of_day = (int64_t) (part * 86400 + 0.5) * SECOND;
	if (time->of_day >= DAY)
	{
		time->of_day -= DAY;
		serial++;
	}
	crm_date_of_day(SPREADSHEET_DAY_0 + serial, &time->year, &time->month, &time->day);
	return true;
}

static bool
valid_day(const CrmTime *time)
{
	return time->year >= 1 && time->month >= 1 && time->month <= 12 && time->day >= 1 &&
		time->day <= crm_month_days(time->year, time->month);
}

bool
crm_time_of(const uint32_t *cp, size_t n, CrmTime *time)
{
	Cursor		at = {cp, n};
	size_t		digits;
	uint32_t	mark;

	*time = (CrmTime) {0};
	trim(&at);
	digits = digits_ahead(&at);
	if (digits == 5)
		return spreadsheet_day(&at, time);
	if (digits == 8 || digits == 14)
	{
		int			hour = 0;
		int			minute = 0;
		int			second = 0;

		number(&at, 4, 4, &time->year);
		number(&at, 2, 2, &time->month);
		number(&at, 2, 2, &time->day);
		if (digits == 14)
		{
			number(&at, 2, 2, &hour);
			number(&at, 2, 2, &minute);
			number(&at, 2, 2, &second);
			time->of_day = ((hour * 60 + minute) * 60 + second) * SECOND;
			return valid_day(time) && hour < 24 && minute < 60 && second < 60 && at.left == 0;
		}
	}
	else
	{
		if (digits != 4 || !number(&at, 4, 4, &time->year) || at.left == 0)
			return false;
		mark = at.cp[0];
		if (mark != '-' && mark != '/' && mark != '.' && mark != 0x5E74)
			return false;
		accept(&at, mark);
		skip_spaces(&at);
		if (!number(&at, 1, 2, &time->month) || !accept(&at, mark == 0x5E74 ? 0x6708 : mark))
			return false;
		skip_spaces(&at);
		if (!number(&at, 1, 2, &time->day))
			return false;
		if (mark == 0x5E74 && !accept(&at, 0x65E5))
			accept(&at, 0x53F7);
	}
	if (!valid_day(time))
		return false;
	if (at.left == 0)
		return true;
	if (!accept(&at, 't') && !crm_is_space(at.cp[0]) && at.cp[0] != 0x4E0A && at.cp[0] != 0x4E0B)
		return false;
	skip_spaces(&at);
	return time_of_day(&at, time);
}

/* signs and codes of currencies; true when one was there */
static bool
skip_currency(Cursor *at)
{
	static const char *const codes[] = {"cny", "rmb", "hkd", "twd", "usd", "eur", "jpy", "krw", "sgd", "myr", "gbp", "nt$", "hk$", "us$", "s$", "rm"};

	skip_spaces(at);
	if (at->left > 0 && (at->cp[0] == 0xA5 || at->cp[0] == '$' || at->cp[0] == 0x20AC || at->cp[0] == 0xA3 || at->cp[0] == 0x20A9 ||
						 at->cp[0] == 0x5143 || at->cp[0] == 0x5706 || at->cp[0] == 0x5713))
	{
		at->cp++;
		at->left--;
		skip_spaces(at);
		return true;
	}
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
	{
		size_t		length = 0;

		while (codes[i][length] != '\0' && length < at->left && at->cp[length] == (uint32_t) (unsigned char) codes[i][length])
			length++;
		if (codes[i][length] == '\0')
		{
			at->cp += length;
			at->left -= length;
			skip_spaces(at);
			return true;
		}
	}
	return false;
}

static bool
accept_minus(Cursor *at)
{
	return accept(at, '-') || accept(at, 0x2212) || accept(at, 0x2010) || accept(at, 0x2013);
}

bool
crm_amount_of(const uint32_t *cp, size_t n, char out[CRM_AMOUNT_SIZE])
{
	Cursor		at = {cp, n};
	size_t		length = 0;
	size_t		digits = 0;		/* before the point */
	size_t		behind = 0;
	size_t		group = 0;		/* digits since the last comma */
	bool		commas = false;
	bool		point = false;
	bool		brackets;
	bool		minus;

	trim(&at);
	brackets = accept(&at, '(');
	minus = accept_minus(&at);
	if (!minus && accept(&at, '+'))
		minus = false;
	skip_currency(&at);
	if (!minus && accept_minus(&at))
		minus = true;
	if (minus != brackets)
		out[length++] = '-';
	else if (brackets)
		return false;
	for (; at.left > 0; at.cp++, at.left--)
	{
		uint32_t	c = at.cp[0];

		if (c - '0' < 10u)
		{
			if (digits + behind == CRM_AMOUNT_SIZE - 8)
				return false;
			out[length++] = (char) c;
			if (point)
				behind++;
			else
				digits++;
			group++;
		}
		else if (c == '.' && !point && (!commas || group == 3))
		{
			point = true;
			out[length++] = '.';
		}
		else if (c == ',' && !point && digits > 0 && (commas ? group == 3 : digits <= 3))
		{
			commas = true;
			group = 0;
		}
		else
			break;
	}
	if (digits + behind == 0 || (commas && !point && group != 3))
		return false;
	if (point && behind == 0)
		length--;
	skip_currency(&at);
	if (brackets && !accept(&at, ')'))
		return false;
	skip_spaces(&at);
	out[length] = '\0';
	return at.left == 0;
}
