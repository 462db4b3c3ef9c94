/*
 * src/lunar_day.c
 *
 * lunar_of, lunar_to_day, birthday_in: days of the Chinese calendar, and the
 * day on which a birthday is kept.
 */
#include "compat.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"

#include "core/lunar.h"

PG_FUNCTION_INFO_V1(crm_lunar_of);
PG_FUNCTION_INFO_V1(crm_lunar_to_day);
PG_FUNCTION_INFO_V1(crm_birthday_in);

/* between PostgreSQL's days, counted from 2000-01-01, and core's */
#define UNIX_DAYS		(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE)

pg_noreturn static void
refuse_day(DateADT day)
{
	char	   *text = DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(day)));

	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("day is outside of the lunar calendar's table"),
			 errdetail("The day is %s; the table has the lunar years %d to %d.", text, CRM_LUNAR_FIRST, CRM_LUNAR_LAST)));
}

/* the lunar day, or 22008 */
static CrmLunarDay
lunar_of(DateADT day)
{
	CrmLunarDay lunar;

	if (DATE_NOT_FINITE(day) || day > INT32_MAX - UNIX_DAYS || !crm_day_to_lunar(day + UNIX_DAYS, &lunar))
		refuse_day(day);
	return lunar;
}

Datum
crm_lunar_of(PG_FUNCTION_ARGS)
{
	CrmLunarDay lunar = lunar_of(PG_GETARG_DATEADT(0));
	TupleDesc	row;
	Datum		value[4];
	bool		isnull[4] = {false, false, false, false};

	if (get_call_result_type(fcinfo, NULL, &row) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "unexpected result type");
	value[0] = Int32GetDatum(lunar.year);
	value[1] = Int32GetDatum(lunar.month);
	value[2] = Int32GetDatum(lunar.day);
	value[3] = BoolGetDatum(lunar.leap);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), value, isnull)));
}

Datum
crm_lunar_to_day(PG_FUNCTION_ARGS)
{
	CrmLunarDay lunar = {PG_GETARG_INT32(0), PG_GETARG_INT32(1), PG_GETARG_INT32(2), PG_GETARG_BOOL(3)};
	int32_t		day;

	if (!crm_lunar_as_day(&lunar, &day))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("there is no such lunar day"),
				 errdetail("It was day %d of %smonth %d of lunar year %d; the table has the years %d to %d.",
						   lunar.day, lunar.leap ? "leap " : "", lunar.month, lunar.year, CRM_LUNAR_FIRST, CRM_LUNAR_LAST)));
	PG_RETURN_DATEADT(day - UNIX_DAYS);
}

static bool
is(text *value, const char *word)
{
	return VARSIZE_ANY_EXHDR(value) == strlen(word) && memcmp(VARDATA_ANY(value), word, strlen(word)) == 0;
}

Datum
crm_birthday_in(PG_FUNCTION_ARGS)
{
	int32		year = PG_GETARG_INT32(0);
	DateADT		birth_day = PG_GETARG_DATEADT(1);
	text	   *calendar = PG_GETARG_TEXT_PP(2);
	text	   *feb29 = PG_GETARG_TEXT_PP(3);
	bool		in_march = is(feb29, "mar1");
	int			birth_year;
	int			month;
	int			day;

	if (!in_march && !is(feb29, "feb28"))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown rule for 29 February \"%s\"", text_to_cstring(feb29)),
				 errhint("The rules are feb28 and mar1.")));
	if (is(calendar, "lunar"))
	{
		CrmLunarDay lunar = lunar_of(birth_day);
		int32_t		found;

		if (!crm_lunar_birthday(&lunar, year, &found))
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("year is outside of the lunar calendar's table"),
					 errdetail("The year is %d; the table has the lunar years %d to %d.", year, CRM_LUNAR_FIRST, CRM_LUNAR_LAST)));
		PG_RETURN_DATEADT(found - UNIX_DAYS);
	}
	if (!is(calendar, "solar"))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown calendar \"%s\"", text_to_cstring(calendar)),
				 errhint("The calendars are solar and lunar.")));
	if (DATE_NOT_FINITE(birth_day) || year < 1 || year > 9999)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("birthday out of range"),
				 errdetail("A day of birth is finite and a year from 1 to 9999.")));
	j2date(birth_day + POSTGRES_EPOCH_JDATE, &birth_year, &month, &day);
	if (day > crm_month_days(year, month))
	{
		month = in_march ? 3 : 2;
		day = in_march ? 1 : 28;
	}
	PG_RETURN_DATEADT(crm_day_of_date(year, month, day) - UNIX_DAYS);
}
