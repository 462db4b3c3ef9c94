/*
 * src/numeric_units.c
 *
 * Reads numeric's stored form directly.  Going through numeric_out or
 * numeric arithmetic would cost more than all the rest of an aggregate's
 * transition; a property test (sql/numeric_units.sql) holds the two equal.
 *
 * The stored form (numeric.c, unchanged since 9.1): a 16-bit header, then for
 * the long form a 16-bit weight, then base-10000 digits, most significant
 * first.  The value is the sum of digit[i] * 10000^(weight - i).
 */
#include "numeric_units.h"

#include "utils/builtins.h"
#include "utils/numeric.h"

#define HEADER_KIND(h)		((h) & 0xC000)
#define KIND_SHORT			0x8000
#define KIND_SPECIAL		0xC000
#define KIND_NEGATIVE		0x4000
#define SHORT_SIGN			0x2000
#define SHORT_DSCALE(h)		(((h) & 0x1F80) >> 7)
#define SHORT_WEIGHT(h)		(((h) & 0x0040) ? (int) ((h) & 0x003F) - 0x40 : (int) ((h) & 0x003F))
#define LONG_DSCALE(h)		((h) & 0x3FFF)
#define DIGIT_DECIMALS		4
#define KEPT_DECIMALS		4	/* zeros up to here are kept for display */

static inline uint16
word_at(const char *p, int i)
{
	uint16		w;

	memcpy(&w, p + i * sizeof(uint16), sizeof(w));
	return w;
}

CrmNumericFit
crm_numeric_to_units(Datum value, int64 *units, int *scale)
{
	struct varlena *v = (struct varlena *) DatumGetPointer(value);
	struct varlena *plain = v;
	const char *data;
	int			nwords;
	uint16		header;
	bool		negative;
	int			weight;
	int			dscale;
	int			first;			/* word index of the first digit */
	int			ndigits;
	int			exponent;		/* value = mantissa * 10^exponent */
	crm_int128	mantissa = 0;
	CrmNumericFit fit = CRM_NUMERIC_FITS;

	if (VARATT_IS_EXTENDED(v) && !VARATT_IS_SHORT(v))
		plain = pg_detoast_datum_packed(v);
	data = VARDATA_ANY(plain);
	nwords = (int) (VARSIZE_ANY_EXHDR(plain) / sizeof(uint16));
	header = word_at(data, 0);

	if (HEADER_KIND(header) == KIND_SPECIAL)
		return CRM_NUMERIC_NOT_FINITE;
	if (HEADER_KIND(header) == KIND_SHORT)
	{
		negative = (header & SHORT_SIGN) != 0;
		dscale = SHORT_DSCALE(header);
		weight = SHORT_WEIGHT(header);
		first = 1;
	}
	else
	{
		negative = HEADER_KIND(header) == KIND_NEGATIVE;
		dscale = LONG_DSCALE(header);
		weight = (int16) word_at(data, 1);
		first = 2;
	}
	ndigits = nwords - first;
	exponent = DIGIT_DECIMALS * (weight - ndigits + 1);

	/* nearly every amount: at most four digits, no more decimals than are kept, in plain 64-bit arithmetic */
	if (likely(ndigits <= 4 && dscale <= KEPT_DECIMALS && exponent + dscale >= -DIGIT_DECIMALS &&
			   DIGIT_DECIMALS * ndigits + exponent + dscale <= CRM_MAX_SCALE))
	{
		int64		small = 0;

		for (int i = 0; i < ndigits; i++)
			small = small * 10000 + word_at(data, first + i);
		exponent += dscale;
		/* what lies behind the display scale is zeros */
		small = exponent >= 0 ? small * crm_pow10[exponent] : small / crm_pow10[-exponent];
		*units = negative ? -small : small;
		*scale = dscale;
		if (plain != v)
			pfree(plain);
		return CRM_NUMERIC_FITS;
	}

	/* nine digits hold up to 36 decimals, an int128 up to 38 */
	if (ndigits > 9)
		fit = CRM_NUMERIC_TOO_LARGE;
	else
	{
		for (int i = 0; i < ndigits; i++)
			mantissa = mantissa * 10000 + word_at(data, first + i);
		if (dscale > KEPT_DECIMALS)
		{
			/* keep no more decimals than say something */
			while (mantissa != 0 && exponent < -KEPT_DECIMALS && mantissa % 10 == 0)
			{
				mantissa /= 10;
				exponent++;
			}
			if (mantissa == 0)
				exponent = 0;
			dscale = Max(KEPT_DECIMALS, -exponent);
		}
		exponent += dscale;
		while (exponent < 0 && mantissa % 10 == 0)
		{
			mantissa /= 10;
			exponent++;
		}
		if (mantissa == 0)
			exponent = 0;
		if (dscale > CRM_MAX_SCALE || exponent < 0 || exponent > CRM_MAX_SCALE ||
			mantissa > PG_INT64_MAX ||
			!crm_rescale((int64) mantissa, 0, exponent, units))
			fit = CRM_NUMERIC_TOO_LARGE;
		else if (negative)
			*units = -*units;
		*scale = dscale;
	}
	if (plain != v)
		pfree(plain);
	return fit;
}

void
crm_numeric_get_units(Datum value, const char *what, int64 *units, int *scale)
{
	switch (crm_numeric_to_units(value, units, scale))
	{
		case CRM_NUMERIC_FITS:
			return;
		case CRM_NUMERIC_NOT_FINITE:
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("%s must be a finite number", what),
					 errdetail("The value is %s.",
							   DatumGetCString(DirectFunctionCall1(numeric_out, value))),
					 errhint("Leave such rows out with a WHERE clause.")));
			break;
		case CRM_NUMERIC_TOO_LARGE:
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("%s out of range", what),
					 errdetail("An amount has at most 18 digits, those behind the decimal point included."),
					 errhint("Round it first, for example with round(%s, 2).", what)));
	}
}

void
crm_refuse_scale(const char *what, int scale)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("%s out of range", what),
			 errdetail("With the %d decimals that another row has, an amount has more than 18 digits.", scale),
			 errhint("Round all of them to one scale first, for example with round(%s, 2).", what)));
	pg_unreachable();
}

void
crm_units_raise_scale(int64 *units, int64 n, int from, int to, const char *what)
{
	for (int64 i = 0; i < n; i++)
		units[i] = crm_units_at_scale(units[i], from, to, what);
}

Datum
crm_units_get_numeric(int64 units, int scale)
{
	if (scale == 0)
		return NumericGetDatum(int64_to_numeric(units));
	return NumericGetDatum(int64_div_fast_to_numeric(units, scale));
}

Datum
crm_int128_get_numeric(crm_int128 units, int scale)
{
	char		text[CRM_INT128_TEXT];

	if (units >= PG_INT64_MIN && units <= PG_INT64_MAX)
		return crm_units_get_numeric((int64) units, scale);
	crm_decimal_text(units, scale, text);
	return DirectFunctionCall3(numeric_in, CStringGetDatum(text),
							   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}
