/*
 * src/core/checkdigit.c
 *
 * Check digits (see checkdigit.h).
 */
#include "core/checkdigit.h"

#include "core/lunar.h"

/* sum of Luhn's digits from the right, the rightmost doubled or not; -1 for other characters or no digit */
static int
luhn_sum(const char *s, size_t n, bool doubled)
{
	int			sum = 0;
	bool		any = false;

	while (n > 0)
	{
		char		c = s[--n];
		int			digit;

		if (c == ' ' || c == '-')
			continue;
		if (c < '0' || c > '9')
			return -1;
		digit = c - '0';
		if (doubled)
			digit = digit < 5 ? digit * 2 : digit * 2 - 9;
		sum = (sum + digit) % 10;
		doubled = !doubled;
		any = true;
	}
	return any ? sum : -1;
}

char
crm_luhn_digit(const char *s, size_t n)
{
	int			sum = luhn_sum(s, n, true);

	return sum < 0 ? '\0' : (char) ('0' + (10 - sum) % 10);
}

bool
crm_luhn_holds(const char *s, size_t n)
{
	int			digits = 0;

	for (size_t i = 0; i < n; i++)
		digits += s[i] >= '0' && s[i] <= '9';
	return digits > 1 && luhn_sum(s, n, false) == 0;
}

bool
crm_resident_id_holds(const char *s, size_t n)
{
	/* provinces by the first two digits; 81 to 83: residents from Hong Kong, Macao and Taiwan */
	static const unsigned char provinces[] = {
		11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46,
		50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82, 83
	};
	int			digit[18];
	int			sum = 0;
	bool		province = false;
	int			year;
	int			month;
	int			day;

	if (n != 18)
		return false;
	for (int i = 0; i < 18; i++)
	{
		if (s[i] >= '0' && s[i] <= '9')
			digit[i] = s[i] - '0';
		else if (i == 17 && (s[i] == 'X' || s[i] == 'x'))
			digit[i] = 10;
		else
			return false;
	}
	for (size_t i = 0; i < sizeof(provinces); i++)
		province |= provinces[i] == digit[0] * 10 + digit[1];
	year = digit[6] * 1000 + digit[7] * 100 + digit[8] * 10 + digit[9];
	month = digit[10] * 10 + digit[11];
	day = digit[12] * 10 + digit[13];
	if (!province || year < 1800 || year > 2199 || month < 1 || month > 12 ||
		day < 1 || day > crm_month_days(year, month))
		return false;
	/* ISO 7064, MOD 11-2: weights are powers of 2, the sum with the check character is 1 modulo 11 */
	for (int i = 0; i < 18; i++)
		sum = (sum * 2 + digit[i]) % 11;
	return sum == 1;
}
