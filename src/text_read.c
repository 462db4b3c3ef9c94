/*
 * src/text_read.c
 *
 * read_day, read_instant, read_amount: what spreadsheets hold, as typed
 * values. NULL for what cannot be read: an import counts it, it does not stop.
 */
#include "text_arg.h"

#include "datatype/timestamp.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "core/lunar.h"
#include "core/reading.h"

PG_FUNCTION_INFO_V1(crm_read_day);
PG_FUNCTION_INFO_V1(crm_read_instant);
PG_FUNCTION_INFO_V1(crm_read_amount);

#define CHARACTERS_MOST	100		/* longer texts are none of these */
#define UNIX_DAYS		(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE)

static bool
fold_short(text *value, CrmText *form)
{
	CrmText		given;

	if (VARSIZE_ANY_EXHDR(value) > CHARACTERS_MOST * 4)
		return false;
	given = crm_text_of(value);
	*form = crm_text_with_room(given.n * 18 + 64);
	crm_text_fold(form, given.cp, given.n, palloc(form->room * sizeof(uint32_t)));
	return true;
}

Datum
crm_read_day(PG_FUNCTION_ARGS)
{
	CrmText		form;
	CrmTime		time;

	if (!fold_short(PG_GETARG_TEXT_PP(0), &form) || !crm_time_of(form.cp, form.n, &time))
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(crm_day_of_date(time.year, time.month, time.day) - UNIX_DAYS);
}

Datum
crm_read_instant(PG_FUNCTION_ARGS)
{
	CrmText		form;
	CrmTime		time;
	Timestamp	local;

	if (!fold_short(PG_GETARG_TEXT_PP(0), &form) || !crm_time_of(form.cp, form.n, &time))
		PG_RETURN_NULL();
	local = (int64) (crm_day_of_date(time.year, time.month, time.day) - UNIX_DAYS) * USECS_PER_DAY + time.of_day;
	if (time.has_offset)
		PG_RETURN_TIMESTAMPTZ(local - (int64) time.offset * USECS_PER_SEC);
	PG_RETURN_DATUM(DirectFunctionCall2(timestamp_zone, PG_GETARG_DATUM(1), TimestampGetDatum(local)));
}

Datum
crm_read_amount(PG_FUNCTION_ARGS)
{
	CrmText		form;
	char		digits[CRM_AMOUNT_SIZE];

	if (!fold_short(PG_GETARG_TEXT_PP(0), &form) || !crm_amount_of(form.cp, form.n, digits))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(DirectFunctionCall3(numeric_in, CStringGetDatum(digits), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}
