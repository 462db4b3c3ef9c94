/*
 * src/icu.c
 *
 * The only file that includes ICU (C API).
 *
 * What ICU answers may change with its version, so an SQL function that
 * stands on it is STABLE unless Unicode promises the answer.
 */
#include "icu.h"

#include <stdio.h>
#include <string.h>

#include <unicode/uloc.h>
#include <unicode/unumberformatter.h>
#include <unicode/ustring.h>
#include <unicode/uversion.h>

#if CRM_ICU_VERSION_TEXT < U_MAX_VERSION_STRING_LENGTH
#error "the buffer for ICU's version is too small"
#endif

const char *
crm_icu_version(char *buffer)
{
	UVersionInfo version;

	u_getVersion(version);
	u_versionToString(version, buffer);
	return buffer;
}

#define LOCALE_SIZE		64
#define MONEY_SIZE		256		/* UTF-16 units of a formatted amount */

/* the formatter asked for last: reports ask for one again and again, and opening one costs a hundred times as much */
static struct
{
	char		currency[4];
	char		locale[LOCALE_SIZE];
	UNumberFormatter *formatter;
}			money;

static UNumberFormatter *
money_formatter(const char *currency, const char *locale)
{
	UErrorCode	status = U_ZERO_ERROR;
	UChar		skeleton[] = u"currency/XXX rounding-mode-half-up";
	UNumberFormatter *made;

	if (money.formatter != NULL && strcmp(money.currency, currency) == 0 && strcmp(money.locale, locale) == 0)
		return money.formatter;
	if (strlen(locale) >= LOCALE_SIZE)
		return NULL;
	for (int i = 0; i < 3; i++)
		skeleton[9 + i] = (UChar) (unsigned char) currency[i];
	made = unumf_openForSkeletonAndLocale(skeleton, -1, locale, &status);
	if (U_FAILURE(status))
	{
		unumf_close(made);
		return NULL;
	}
	unumf_close(money.formatter);
	money.formatter = made;
	snprintf(money.currency, sizeof(money.currency), "%s", currency);
	snprintf(money.locale, sizeof(money.locale), "%s", locale);
	return made;
}

int
crm_icu_money(const char *amount, int length, const char *currency, const char *locale, char *out, int size)
{
	UErrorCode	status = U_ZERO_ERROR;
	UNumberFormatter *formatter = money_formatter(currency, locale);
	UFormattedNumber *result;
	UChar		text[MONEY_SIZE];
	int32_t		units;
	int32_t		bytes = -1;

	if (formatter == NULL)
		return -1;
	result = unumf_openResult(&status);
	unumf_formatDecimal(formatter, amount, length, result, &status);
	units = unumf_resultToString(result, text, MONEY_SIZE, &status);
	if (U_SUCCESS(status))
	{
		u_strToUTF8(out, size, &bytes, text, units, &status);
		if (U_FAILURE(status) && status != U_BUFFER_OVERFLOW_ERROR)
			bytes = -1;
	}
	unumf_closeResult(result);
	return bytes;
}
