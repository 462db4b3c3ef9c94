/*
 * src/ledger_terms.c
 *
 * What a programme promises, kept by the session (see ledger_terms.h).
 *
 * The rules of one asset that are in force add up and are rounded once; the
 * first of them says how, and how long the units live.
 */
#include "ledger_terms.h"

#include "commands/trigger.h"
#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "core/points.h"

PG_FUNCTION_INFO_V1(crm_ledger_terms_changed);

#define DECIDING_DECIMALS 12	/* thirds that add up to a whole are a whole */

typedef struct Rule
{
	int16		asset;
	int64		id;
	Datum		units;
	Datum		per_amount;
	char		rounding;		/* f, h or c: floor, half_up, ceil */
	int32		pending_days;
	int32		expiry_months;	/* 0: never */
	CrmPeriodEnd expiry_end;
	bool		asks;			/* for more than the amount and the time */
	TimestampTz valid_from;
	TimestampTz valid_to;
} Rule;

typedef struct Source
{
	int32		id;
	TimestampTz accrue_from;
} Source;

typedef struct Ladder
{
	TimestampTz valid_from;
	TimestampTz valid_to;
	char	   *base;			/* code of the lowest tier */
} Ladder;

struct CrmTerms
{
	MemoryContext context;
	bool		inactivity;		/* points lapse when a member does nothing */
	bool		by_growth;
	int			nrules;
	Rule	   *rules;			/* of sales, by asset and number */
	int			nsources;
	Source	   *sources;
	int			nladders;		/* versions of the first ladder */
	Ladder	   *ladders;
};

pg_noreturn void
crm_refuse_assets(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("one sale earns too many assets"),
			 errdetail("At most %d are possible.", CRM_MOST_ASSETS)));
}

/* ledger_terms_changed() returns trigger: tells all sessions that a table of a programme was changed, once this transaction is committed */
Datum
crm_ledger_terms_changed(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("ledger_terms_changed is a trigger function")));
	CacheInvalidateRelcache(((TriggerData *) fcinfo->context)->tg_relation);
	PG_RETURN_POINTER(NULL);
}

void
crm_terms_forget(CrmLedger *ledger)
{
	if (ledger->terms != NULL)
		MemoryContextDelete(ledger->terms->context);
	ledger->terms = NULL;
}

static CrmPeriodEnd
period_end(char first)
{
	switch (first)
	{
		case 'm':
			return CRM_END_MONTH;
		case 'q':
			return CRM_END_QUARTER;
		case 'y':
			return CRM_END_YEAR;
	}
	return CRM_END_DAY;
}

static char
first_letter(uint64 row, int column)
{
	return VARDATA_ANY(DatumGetTextPP(crm_ledger_value(SPI_tuptable, row, column)))[0];
}

static void
read_rules(CrmLedger *ledger, CrmTerms *p)
{
	p->nrules = (int) crm_ledger_run(ledger, CRM_SQL_RULES, NULL, NULL);
	p->rules = MemoryContextAlloc(p->context, sizeof(Rule) * Max(p->nrules, 1));
	for (int i = 0; i < p->nrules; i++)
	{
		Rule	   *r = &p->rules[i];
		bool		never;
		Datum		months = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 7, &never);
		MemoryContext outer = MemoryContextSwitchTo(p->context);

		r->asset = DatumGetInt16(crm_ledger_value(SPI_tuptable, i, 1));
		r->id = DatumGetInt64(crm_ledger_value(SPI_tuptable, i, 2));
		r->units = datumCopy(crm_ledger_value(SPI_tuptable, i, 3), false, -1);
		r->per_amount = datumCopy(crm_ledger_value(SPI_tuptable, i, 4), false, -1);
		r->rounding = first_letter(i, 5);
		r->pending_days = DatumGetInt32(crm_ledger_value(SPI_tuptable, i, 6));
		r->expiry_months = never ? 0 : DatumGetInt32(months);
		r->expiry_end = period_end(first_letter(i, 8));
		r->asks = DatumGetBool(crm_ledger_value(SPI_tuptable, i, 9));
		r->valid_from = DatumGetTimestampTz(crm_ledger_value(SPI_tuptable, i, 10));
		r->valid_to = DatumGetTimestampTz(crm_ledger_value(SPI_tuptable, i, 11));
		MemoryContextSwitchTo(outer);
	}
	SPI_freetuptable(SPI_tuptable);
}

static void
read_sources(CrmLedger *ledger, CrmTerms *p)
{
	p->nsources = (int) crm_ledger_run(ledger, CRM_SQL_SOURCES, NULL, NULL);
	p->sources = MemoryContextAlloc(p->context, sizeof(Source) * Max(p->nsources, 1));
	for (int i = 0; i < p->nsources; i++)
	{
		p->sources[i].id = DatumGetInt32(crm_ledger_value(SPI_tuptable, i, 1));
		p->sources[i].accrue_from = DatumGetTimestampTz(crm_ledger_value(SPI_tuptable, i, 2));
		p->inactivity = DatumGetBool(crm_ledger_value(SPI_tuptable, i, 3));
	}
	SPI_freetuptable(SPI_tuptable);
}

static void
read_ladders(CrmLedger *ledger, CrmTerms *p)
{
	uint64		n = crm_ledger_run(ledger, CRM_SQL_LADDERS, NULL, NULL);

	p->ladders = MemoryContextAlloc(p->context, sizeof(Ladder) * Max(n, 1));
	for (uint64 i = 0; i < n; i++)
	{
		Ladder	   *l = &p->ladders[p->nladders];
		bool		none;
		Datum		base = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 4, &none);

		p->by_growth |= DatumGetBool(crm_ledger_value(SPI_tuptable, i, 5));
		if (DatumGetInt32(crm_ledger_value(SPI_tuptable, i, 1)) != 1 || none)
			continue;
		l->valid_from = DatumGetTimestampTz(crm_ledger_value(SPI_tuptable, i, 2));
		l->valid_to = DatumGetTimestampTz(crm_ledger_value(SPI_tuptable, i, 3));
		l->base = MemoryContextStrdup(p->context, TextDatumGetCString(base));
		p->nladders++;
	}
	SPI_freetuptable(SPI_tuptable);
}

static CrmTerms *
terms_of(CrmLedger *ledger)
{
	MemoryContext context;
	int			guc_level;

	AcceptInvalidationMessages();
	if (likely(ledger->terms != NULL && !ledger->terms_stale && !IsolationUsesXactSnapshot()))
		return ledger->terms;
	crm_ledger_connect(&guc_level);
	crm_terms_forget(ledger);
	context = AllocSetContextCreate(TopMemoryContext, "crm terms", ALLOCSET_SMALL_SIZES);
	ledger->terms = MemoryContextAllocZero(context, sizeof(CrmTerms));
	ledger->terms->context = context;
	/* what changes from here on makes it stale again */
	ledger->terms_stale = false;
	PG_TRY();
	{
		read_rules(ledger, ledger->terms);
		read_sources(ledger, ledger->terms);
		read_ladders(ledger, ledger->terms);
	}
	PG_CATCH();
	{
		ledger->terms_stale = true;
		PG_RE_THROW();
	}
	PG_END_TRY();
	crm_ledger_end(guc_level);
	return ledger->terms;
}

static int64
round_units(Datum units, char rounding)
{
	units = DirectFunctionCall2(numeric_round, units, Int32GetDatum(DECIDING_DECIMALS));
	if (rounding == 'h')
		units = DirectFunctionCall2(numeric_round, units, Int32GetDatum(0));
	else if (rounding == 'c')
		units = DirectFunctionCall1(numeric_ceil, units);
	else
		units = DirectFunctionCall1(numeric_floor, units);
	return DatumGetInt64(DirectFunctionCall1(numeric_int8, units));
}

static void
set_life(CrmEarning *earning, const Rule *rule, CrmLocalDay *zone, TimestampTz at)
{
	int32		day = crm_local_day(zone, at);

	earning->available_from = at;
	if (rule->pending_days > 0)
	{
		day += rule->pending_days;
		earning->available_from = crm_day_start(zone, day);
	}
	if (rule->expiry_months > 0)
		earning->expires_at = crm_day_start(zone, crm_expiry_day(day, rule->expiry_months, rule->expiry_end));
	else
		earning->expires_at = DT_NOEND;
}

static bool
accrues(const CrmTerms *p, int32 source, TimestampTz at)
{
	for (int i = 0; i < p->nsources; i++)
	{
		if (p->sources[i].id == source)
			return p->sources[i].accrue_from <= at;
	}
	return false;
}

int
crm_earnings(CrmLedger *ledger, int32 source, TimestampTz at, Datum amount, CrmEarning *earnings)
{
	const CrmTerms *p = terms_of(ledger);
	const Rule *first = NULL;	/* of the asset */
	Datum		units = 0;
	int			count = 0;

	if (!accrues(p, source, at))
		return 0;
	for (int i = 0; i < p->nrules; i++)
	{
		const Rule *r = &p->rules[i];

		if (r->valid_from <= at && at < r->valid_to && (r->asks || p->inactivity))
			return CRM_ASK_RULES;
	}
	for (int i = 0; i <= p->nrules; i++)
	{
		const Rule *r = i < p->nrules ? &p->rules[i] : NULL;
		Datum		part;

		if (r != NULL && !(r->valid_from <= at && at < r->valid_to))
			continue;
		if (first != NULL && (r == NULL || r->asset != first->asset))
		{
			if (count == CRM_MOST_ASSETS)
				crm_refuse_assets();
			earnings[count].units = round_units(units, first->rounding);
			earnings[count].asset = first->asset;
			earnings[count].rule = first->id;
			set_life(&earnings[count], first, ledger->zone, at);
			count += earnings[count].units > 0;
			first = NULL;
		}
		if (r == NULL)
			break;
		part = DirectFunctionCall2(numeric_div, DirectFunctionCall2(numeric_mul, r->units, amount), r->per_amount);
		units = first == NULL ? part : DirectFunctionCall2(numeric_add, units, part);
		if (first == NULL)
			first = r;
	}
	return count;
}

bool
crm_terms_are_plain(CrmLedger *ledger)
{
	const CrmTerms *p = terms_of(ledger);
	bool		plain = !p->inactivity && !IsolationUsesXactSnapshot();

	for (int i = 0; i < p->nrules && plain; i++)
		plain = !p->rules[i].asks;
	return plain;
}

char *
crm_terms_base_tier(CrmLedger *ledger, TimestampTz at)
{
	const CrmTerms *p = terms_of(ledger);

	for (int i = 0; i < p->nladders; i++)
	{
		if (p->ladders[i].valid_from <= at && at < p->ladders[i].valid_to)
			return pstrdup(p->ladders[i].base);
	}
	return NULL;
}

bool
crm_terms_by_growth(CrmLedger *ledger)
{
	return terms_of(ledger)->by_growth;
}
