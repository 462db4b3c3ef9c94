/*
 * src/local_day.c
 *
 * Asking the zone tables for every instant would cost more than all the rest
 * of a scan.  The offset from UTC is looked up once for each UTC day and kept;
 * on the few days on which it changes every instant is asked for.
 */
#include "local_day.h"

#include "fmgr.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(crm_day_start_in);
PG_FUNCTION_INFO_V1(crm_local_day_in);

#define CACHED_DAYS 2048		/* a power of two; direct-mapped */

typedef struct CachedDay
{
	int64		utc_day;
	int64		offset;			/* microseconds east of UTC */
	bool		filled;
	bool		changes;		/* the offset is not the same all day */
} CachedDay;

typedef struct CachedStart
{
	int32		day;
	bool		filled;
	TimestampTz start;
} CachedStart;

struct CrmLocalDay
{
	pg_tz	   *zone;
	CachedDay	days[CACHED_DAYS];
	CachedStart starts[CACHED_DAYS];
};

CrmLocalDay *
crm_local_day_zone(const char *name)
{
	pg_tz	   *zone = pg_tzset(name);
	CrmLocalDay *result;

	if (zone == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" not recognized", name),
				 errhint("View pg_timezone_names lists the names.")));
	result = palloc0(sizeof(CrmLocalDay));
	result->zone = zone;
	return result;
}

static inline int64
floor_divide(int64 a, int64 b)
{
	return a / b - (a % b < 0);
}

static int64
offset_at(CrmLocalDay *zone, TimestampTz instant)
{
	pg_time_t	seconds = (pg_time_t) floor_divide(instant, USECS_PER_SEC) +
		(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY;
	struct pg_tm *tm = pg_localtime(&seconds, zone->zone);

	if (tm == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	return (int64) tm->tm_gmtoff * USECS_PER_SEC;
}

int32
crm_local_day(CrmLocalDay *zone, TimestampTz instant)
{
	int64		utc_day = floor_divide(instant, USECS_PER_DAY);
	CachedDay  *day = &zone->days[(uint64) utc_day & (CACHED_DAYS - 1)];
	int64		offset;

	if (unlikely(!day->filled || day->utc_day != utc_day))
	{
		day->utc_day = utc_day;
		day->filled = true;
		day->offset = offset_at(zone, utc_day * USECS_PER_DAY);
		day->changes = day->offset != offset_at(zone, (utc_day + 1) * USECS_PER_DAY);
	}
	offset = unlikely(day->changes) ? offset_at(zone, instant) : day->offset;
	return (int32) floor_divide(instant + offset, USECS_PER_DAY);
}

static TimestampTz
start_of(CrmLocalDay *zone, int32 day)
{
	struct pg_tm tm = {0};

	if (day >= (int64) TIMESTAMP_END_JULIAN - POSTGRES_EPOCH_JDATE - 1)
		return DT_NOEND;
	j2date(day + POSTGRES_EPOCH_JDATE, &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
	return (TimestampTz) day * USECS_PER_DAY + (TimestampTz) DetermineTimeZoneOffset(&tm, zone->zone) * USECS_PER_SEC;
}

TimestampTz
crm_day_start(CrmLocalDay *zone, int32 day)
{
	CachedStart *cached = &zone->starts[(uint32) day & (CACHED_DAYS - 1)];

	if (unlikely(!cached->filled || cached->day != day))
	{
		cached->start = start_of(zone, day);
		cached->day = day;
		cached->filled = true;
	}
	return cached->start;
}

/* the zone of a call site, which is a constant nearly always */
typedef struct KeptZone
{
	text	   *name;
	CrmLocalDay *zone;
} KeptZone;

static CrmLocalDay *
zone_of(FunctionCallInfo fcinfo, text *name)
{
	KeptZone   *kept = fcinfo->flinfo->fn_extra;

	if (kept == NULL || VARSIZE_ANY(kept->name) != VARSIZE_ANY(name) || memcmp(kept->name, name, VARSIZE_ANY(name)) != 0)
	{
		MemoryContext outer = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);

		if (kept == NULL)
			kept = palloc0(sizeof(KeptZone));
		else
			pfree(kept->zone);
		kept->zone = crm_local_day_zone(text_to_cstring(name));
		kept->name = memcpy(palloc(VARSIZE_ANY(name)), name, VARSIZE_ANY(name));
		fcinfo->flinfo->fn_extra = kept;
		MemoryContextSwitchTo(outer);
	}
	return kept->zone;
}

/* _day_start(day date, time_zone text) returns timestamptz, as day::timestamp AT TIME ZONE gives it */
Datum
crm_day_start_in(PG_FUNCTION_ARGS)
{
	DateADT		day = PG_GETARG_DATEADT(0);

	if (DATE_NOT_FINITE(day))
		PG_RETURN_TIMESTAMPTZ(DATE_IS_NOBEGIN(day) ? DT_NOBEGIN : DT_NOEND);
	PG_RETURN_TIMESTAMPTZ(crm_day_start(zone_of(fcinfo, PG_GETARG_TEXT_PP(1)), day));
}

/* _local_day(at timestamptz, time_zone text) returns date, as (at AT TIME ZONE time_zone)::date gives it */
Datum
crm_local_day_in(PG_FUNCTION_ARGS)
{
	TimestampTz at = PG_GETARG_TIMESTAMPTZ(0);

	if (TIMESTAMP_NOT_FINITE(at))
		PG_RETURN_DATEADT(TIMESTAMP_IS_NOBEGIN(at) ? DATEVAL_NOBEGIN : DATEVAL_NOEND);
	PG_RETURN_DATEADT(crm_local_day(zone_of(fcinfo, PG_GETARG_TEXT_PP(1)), at));
}
