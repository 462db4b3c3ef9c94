/*
 * src/clv_datum.h
 *
 * clv_model values as PostgreSQL sees them, and what the CLV functions share.
 *
 * A value is the struct of core/clv_model.h behind a version byte; everybody
 * who takes one calls crm_clv_get_model, which detoasts and checks it.
 */
#ifndef CRM_CLV_DATUM_H
#define CRM_CLV_DATUM_H

#include "compat.h"

#include "fmgr.h"
#include "utils/timestamp.h"

#include "core/clv_model.h"
#include "core/history.h"

#define CRM_CLV_VERSION 1

typedef struct CrmClvDatum
{
	int32		length_word;
	uint8		version;		/* CRM_CLV_VERSION */
	uint8		unused[3];		/* 0 */
	crm_clv_model model;
} CrmClvDatum;

/* points into the datum or its detoasted copy */
extern const crm_clv_model *crm_clv_get_model(Datum value);
extern Datum crm_clv_form_model(const crm_clv_model *model);

#define PG_GETARG_CLV_MODEL(n) crm_clv_get_model(PG_GETARG_DATUM(n))

/* a model by its name; 22023 for another */
extern int	crm_clv_get_kind(text *name);

/* days of an interval, months of 365.25 / 12 days; 22023 unless above 0 (or 0, where that may be) and finite; what names it */
extern double crm_clv_days(const Interval *interval, const char *what, bool zero_too);

/* x, t_x, T in days and the money of the repeat days of one member; false without a purchase up to as_of */
typedef struct CrmClvSummary
{
	int32		x;
	int32		t_x;
	int32		t;
	int64		spend;			/* at the scale of the history */
} CrmClvSummary;

extern bool crm_clv_summarise(CrmHistoryReader reader, int32 as_of, CrmClvSummary *summary);

/* 22008 unless as_of is a day that a history can have */
extern void crm_clv_check_as_of(int32 as_of);

#endif							/* CRM_CLV_DATUM_H */
