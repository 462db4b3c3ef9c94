/*
 * src/text_money.c
 *
 * format_money: an amount as people of a locale write it. STABLE, since ICU
 * is asked and its answers change with its version: for display, never stored.
 */
#include "compat.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "icu.h"

PG_FUNCTION_INFO_V1(crm_format_money);

#define DIGITS_MOST		100		/* characters of an amount */
#define BYTES_MOST		800		/* of the answer */

Datum
crm_format_money(PG_FUNCTION_ARGS)
{
	Numeric		amount = PG_GETARG_NUMERIC(0);
	char	   *currency = text_to_cstring(PG_GETARG_TEXT_PP(1));
	char	   *locale = text_to_cstring(PG_GETARG_TEXT_PP(2));
	char	   *digits;
	char		out[BYTES_MOST];
	bool		letters = strlen(currency) == 3;
	int			bytes;

	for (int i = 0; letters && i < 3; i++)
		letters = currency[i] >= 'A' && currency[i] <= 'Z';
	if (!letters)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a currency is three capital letters"),
				 errhint("ISO 4217 lists them: CNY, HKD, TWD, USD.")));
	digits = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(amount)));
	if (numeric_is_nan(amount) || numeric_is_inf(amount) || strlen(digits) > DIGITS_MOST)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("amount of money out of range"),
				 errdetail("It is finite and has at most %d digits.", DIGITS_MOST)));
	bytes = crm_icu_money(digits, (int) strlen(digits), currency, locale, out, BYTES_MOST);
	if (bytes < 0 || bytes > BYTES_MOST)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the amount cannot be written in locale \"%s\"", locale),
				 errhint("Locales are named as in zh_CN, en_US, ja.")));
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out, bytes));
}
