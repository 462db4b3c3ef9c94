/*
 * src/numeric_units.h
 *
 * Between PostgreSQL's numeric and exact units at a scale (core/decimal.h).
 *
 * The scale of a value is its display scale, so that 35.00 comes back as
 * 35.00; zeros behind the fourth decimal are dropped where they are all that
 * stands there, so that the results of divisions (100.0000000000000000) fit.
 */
#ifndef CRM_NUMERIC_UNITS_H
#define CRM_NUMERIC_UNITS_H

#include "compat.h"

#include "fmgr.h"

#include "core/decimal.h"

typedef enum CrmNumericFit
{
	CRM_NUMERIC_FITS,
	CRM_NUMERIC_TOO_LARGE,		/* more than 18 digits at its scale */
	CRM_NUMERIC_NOT_FINITE		/* NaN or infinite */
} CrmNumericFit;

/* value is a numeric datum, also one with a short header; never raises */
extern CrmNumericFit crm_numeric_to_units(Datum value, int64 *units, int *scale);

/* the same, raising 22003 with a hint; what names the thing in the message ("amount") */
extern void crm_numeric_get_units(Datum value, const char *what, int64 *units, int *scale);

/* raises 22003 for an amount that does not fit at a scale that another row brought */
pg_noreturn extern void crm_refuse_scale(const char *what, int scale);

/* units at scale `from` expressed at scale `to` >= from, as all rows of one computation must be */
static inline int64
crm_units_at_scale(int64 units, int from, int to, const char *what)
{
	if (unlikely(!crm_rescale(units, from, to, &units)))
		crm_refuse_scale(what, to);
	return units;
}

/* the same for n of them, in place */
extern void crm_units_raise_scale(int64 *units, int64 n, int from, int to, const char *what);

/* units at a scale as numeric, display scale = scale */
extern Datum crm_units_get_numeric(int64 units, int scale);
extern Datum crm_int128_get_numeric(crm_int128 units, int scale);

#endif							/* CRM_NUMERIC_UNITS_H */
