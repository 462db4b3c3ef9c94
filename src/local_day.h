/*
 * src/local_day.h
 *
 * The local day of an instant in a named time zone, and the first instant of a
 * local day, quick for millions.
 */
#ifndef CRM_LOCAL_DAY_H
#define CRM_LOCAL_DAY_H

#include "compat.h"

#include "datatype/timestamp.h"

typedef struct CrmLocalDay CrmLocalDay;

/* allocated in the current context; 22023 for a zone that PostgreSQL does not know */
extern CrmLocalDay *crm_local_day_zone(const char *name);

/* the day, as days since 2000-01-01, on which a finite instant falls */
extern int32 crm_local_day(CrmLocalDay *zone, TimestampTz instant);

/* the first instant of a local day, as day::timestamp AT TIME ZONE gives it; infinity beyond all timestamps */
extern TimestampTz crm_day_start(CrmLocalDay *zone, int32 day);

#endif							/* CRM_LOCAL_DAY_H */
