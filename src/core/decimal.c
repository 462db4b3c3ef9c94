/*
 * src/core/decimal.c
 *
 * Powers of ten and the text form of exact decimals (see decimal.h).
 */
#include "core/decimal.h"

#include <string.h>

const int64_t crm_pow10[CRM_MAX_SCALE + 1] = {
	INT64_C(1), INT64_C(10), INT64_C(100), INT64_C(1000), INT64_C(10000),
	INT64_C(100000), INT64_C(1000000), INT64_C(10000000), INT64_C(100000000),
	INT64_C(1000000000), INT64_C(10000000000), INT64_C(100000000000),
	INT64_C(1000000000000), INT64_C(10000000000000), INT64_C(100000000000000),
	INT64_C(1000000000000000), INT64_C(10000000000000000),
	INT64_C(100000000000000000), INT64_C(1000000000000000000)
};

char *
crm_decimal_text(crm_int128 units, int scale, char *buffer)
{
	char		reversed[CRM_INT128_TEXT];
	int			n = 0;
	char	   *out = buffer;
	unsigned __int128 rest = units < 0 ? -(unsigned __int128) units : (unsigned __int128) units;

	do
	{
		if (n == scale && scale > 0)
			reversed[n++] = '.';
		reversed[n++] = (char) ('0' + (int) (rest % 10));
		rest /= 10;
	} while (rest != 0 || n <= scale);
	if (units < 0)
		*out++ = '-';
	while (n > 0)
		*out++ = reversed[--n];
	*out = '\0';
	return buffer;
}
