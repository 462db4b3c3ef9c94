/*
 * src/core/phone.c
 *
 * From written telephone numbers to E.164 (see phone.h).
 */
#include "core/phone.h"

#include <string.h>

#define MOST_DIGITS		40		/* written, prefixes and extension included */

/* what people write between digits */
static bool
is_mark(uint32_t cp)
{
	return cp == '-' || cp == '.' || cp == '(' || cp == ')' || cp == '[' || cp == ']' || cp == '/' || cp == '_' || cp == '~' ||
		cp == '*' || cp == '\'' || crm_is_space(cp) || (cp >= 0x2010 && cp <= 0x2015) || cp == 0x2212 || cp == 0x30FC ||
		cp == 0xB7 || cp == 0x2022 || (cp >= 0x200B && cp <= 0x200F) || (cp >= 0x202A && cp <= 0x202E) || cp == 0x2060 || cp == 0xFEFF;
}

/* digits of ASCII, Arabic and Persian; those of full width are folded before; -1 for others */
static int
digit_of(uint32_t cp)
{
	if (cp - '0' < 10u)
		return (int) (cp - '0');
	if (cp - 0x660 < 10u)
		return (int) (cp - 0x660);
	if (cp - 0x6F0 < 10u)
		return (int) (cp - 0x6F0);
	return -1;
}

/* whether an extension begins: x, ext, extension, #, comma or semicolon, the Chinese and Japanese words */
static bool
is_extension(const uint32_t *cp, size_t n)
{
	switch (cp[0])
	{
		case 'x':
		case '#':
		case ',':
		case ';':
		case 0x8F6C:			/* zhuan, simplified and traditional */
		case 0x8F49:
		case 0x5185:			/* neixian */
		case 0x5206:			/* fenji */
			return true;
		case 'e':
			return n > 2 && cp[1] == 'x' && cp[2] == 't';
	}
	return false;
}

/* + and the digits, when they are as many as E.164 allows */
static bool
answer(const char *country, size_t country_length, const char *national, size_t n, char e164[CRM_E164_SIZE])
{
	if (country_length + n > 15)
		return false;
	e164[0] = '+';
	memcpy(e164 + 1, country, country_length);
	memcpy(e164 + 1 + country_length, national, n);
	e164[1 + country_length + n] = '\0';
	return true;
}

/* a national number, with the trunk prefix or without */
static bool
as_national(const CrmPhonePlan *plan, const char *digits, size_t n, char e164[CRM_E164_SIZE])
{
	size_t		trunk = strlen(plan->trunk);

	if (trunk > 0 && n > trunk && memcmp(digits, plan->trunk, trunk) == 0 &&
		crm_phone_fits(plan, digits + trunk, n - trunk))
		return answer(plan->country, strlen(plan->country), digits + trunk, n - trunk, e164);
	return crm_phone_fits(plan, digits, n) && answer(plan->country, strlen(plan->country), digits, n, e164);
}

/* a number that begins with a country code */
static bool
as_international(const char *digits, size_t n, char e164[CRM_E164_SIZE])
{
	size_t		length;
	const CrmPhonePlan *plan = crm_phone_country(digits, &length);

	if (length == 0 || n <= length)
		return false;
	if (plan != NULL)
		return as_national(plan, digits + length, n - length, e164);
	/* countries without a plan here: a trunk zero is not dialled from abroad, save in Italy */
	if (digits[length] == '0' && memcmp(digits, "39", 2) != 0)
		return n - length > 5 && digits[length + 1] != '0' && answer(digits, length, digits + length + 1, n - length - 1, e164);
	return n - length > 4 && answer(digits, length, digits + length, n - length, e164);
}

/* carriers that were dialled before a number in China: IP telephony 179xx, 12593 */
static size_t
carrier_length(const CrmPhonePlan *plan, const char *digits, size_t n)
{
	if (strcmp(plan->region, "CN") != 0 || n < 5 + 7)
		return 0;
	return memcmp(digits, "179", 3) == 0 || memcmp(digits, "12593", 5) == 0 ? 5 : 0;
}

bool
crm_e164(const uint32_t *cp, size_t n, const CrmPhonePlan *plan, char e164[CRM_E164_SIZE])
{
	char		digits[MOST_DIGITS + 1];
	size_t		length = 0;
	bool		plus = false;
	size_t		i = 0;
	size_t		country = strlen(plan->country);

	/* a word before the number, such as tel: */
	while (i < n && digit_of(cp[i]) < 0 && cp[i] != '+')
		i++;
	if (i < n && cp[i] == '+')
	{
		plus = true;
		while (i < n && (cp[i] == '+' || is_mark(cp[i])))
			i++;
	}
	for (; i < n; i++)
	{
		int			digit = digit_of(cp[i]);

		if (digit >= 0)
		{
			/* what a spreadsheet makes of a number */
			if (digit == 0 && i + 1 == n && i > 0 && cp[i - 1] == '.' && length >= 7)
				break;
			if (length == MOST_DIGITS)
				return false;
			/* the trunk prefix in brackets behind a country code */
			if (plus && digit == 0 && i > 0 && cp[i - 1] == '(' && i + 1 < n && cp[i + 1] == ')')
				continue;
			digits[length++] = (char) ('0' + digit);
		}
		else if (length >= 5 && is_extension(cp + i, n - i))
			break;
		else if (!is_mark(cp[i]))
			return false;
	}
	digits[length] = '\0';
	if (length == 0)
		return false;
	if (plus)
		return as_international(digits, length, e164);
	if (as_national(plan, digits, length, e164))
		return true;
	for (const char *p = plan->abroad; *p != '\0';)
	{
		size_t		size = strcspn(p, " ");

		if (length > size && memcmp(digits, p, size) == 0 && as_international(digits + size, length - size, e164))
			return true;
		p += size;
		p += *p == ' ';
	}
	i = carrier_length(plan, digits, length);
	if (i > 0 && as_national(plan, digits + i, length - i, e164))
		return true;
	/* the country code without a plus */
	return length > country && memcmp(digits, plan->country, country) == 0 &&
		as_national(plan, digits + country, length - country, e164);
}
