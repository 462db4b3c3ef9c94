/*
 * src/tier_ladder.c
 *
 * tier_for() and ladder_metrics(): ladders in their JSON form (see tier_ladder.h).
 *
 * docs/design/data-model.md describes the form.  A ladder is read in full and
 * refused for any key it does not know: a policy that were silently ignored
 * would give members a tier that nobody decided.  The ladder read last is kept
 * with the call site, since it is usually a constant of the query.
 */
#include "compat.h"

#include "fmgr.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "numeric_units.h"
#include "tier_ladder.h"

PG_FUNCTION_INFO_V1(crm_tier_for);
PG_FUNCTION_INFO_V1(crm_ladder_metrics);

#define CRM_MAX_DEPTH 32

pg_noreturn static void
bad_ladder(const char *detail, const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid tier ladder"),
			 errdetail(detail, name)));
}

static inline bool
is_text(const JsonbValue *v, const char *text)
{
	return v->type == jbvString
		&& v->val.string.len == (int) strlen(text)
		&& memcmp(v->val.string.val, text, v->val.string.len) == 0;
}

static inline bool
is_container(const JsonbValue *v, bool array)
{
	return v->type == jbvBinary
		&& (array ? JsonContainerIsArray(v->val.binary.data) && !JsonContainerIsScalar(v->val.binary.data)
			: JsonContainerIsObject(v->val.binary.data));
}

static char *
text_of(const JsonbValue *v)
{
	return pnstrdup(v->val.string.val, v->val.string.len);
}

/* a JSON number as an exact amount; false when v is no number */
static bool
amount_of(const JsonbValue *v, const char *what, CrmAmount *amount)
{
	int64		units;
	int			scale;

	if (v->type != jbvNumeric)
		return false;
	crm_numeric_get_units(NumericGetDatum(v->val.numeric), what, &units, &scale);
	amount->units = units;
	amount->scale = scale;
	return true;
}

static int32
whole_number_of(const JsonbValue *v, const char *what)
{
	CrmAmount	amount;
	int64		unit;

	if (!amount_of(v, what, &amount))
		bad_ladder("\"%s\" must be a whole number.", what);
	unit = crm_pow10[amount.scale];
	if (amount.units % unit != 0 || amount.units / unit < PG_INT16_MIN || amount.units / unit > PG_INT16_MAX)
		bad_ladder("\"%s\" must be a whole number from -32768 to 32767.", what);
	return (int32) (amount.units / unit);
}

static size_t
metric_index(CrmLadder *ladder, char *name)
{
	for (size_t i = 0; i < ladder->nmetrics; i++)
	{
		if (strcmp(ladder->metrics[i], name) == 0)
			return i;
	}
	ladder->metrics[ladder->nmetrics] = name;
	return ladder->nmetrics++;
}

static CrmCondition *
new_node(CrmLadder *ladder, CrmConditionKind kind)
{
	CrmCondition *node;

	if (ladder->nnodes == CRM_MAX_NODES)
		bad_ladder("The conditions have more than %s parts.", "1000");
	node = &ladder->nodes[ladder->nnodes++];
	memset(node, 0, sizeof(*node));
	node->kind = kind;
	node->end = ladder->nnodes;
	return node;
}

/*
 * {"metric": threshold, ...}: all of them; under the keys "all" and "any" an
 * array of such objects.
 */
static size_t
read_condition(CrmLadder *ladder, const JsonbValue *v, int depth)
{
	size_t		at = ladder->nnodes;
	JsonbIterator *it;
	JsonbValue	key;
	JsonbIteratorToken token;

	if (!is_container(v, false))
		bad_ladder("A condition must be an object%s.", "");
	if (depth > CRM_MAX_DEPTH)
		bad_ladder("A condition is nested more than %s deep.", "32");
	new_node(ladder, CRM_ALL);

	it = JsonbIteratorInit(v->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &key, true)) != WJB_DONE)
	{
		JsonbValue	value;
		char	   *name;

		if (token != WJB_KEY)
			continue;
		name = text_of(&key);
		(void) JsonbIteratorNext(&it, &value, true);
		if (strcmp(name, "all") == 0 || strcmp(name, "any") == 0)
		{
			size_t		group = ladder->nnodes;
			JsonbIterator *parts;
			JsonbValue	part;

			if (!is_container(&value, true))
				bad_ladder("\"%s\" must be an array of conditions.", name);
			new_node(ladder, name[1] == 'l' ? CRM_ALL : CRM_ANY);
			parts = JsonbIteratorInit(value.val.binary.data);
			while ((token = JsonbIteratorNext(&parts, &part, true)) != WJB_DONE)
			{
				if (token == WJB_ELEM)
					read_condition(ladder, &part, depth + 1);
			}
			ladder->nodes[group].end = ladder->nnodes;
		}
		else
		{
			CrmCondition *node = new_node(ladder, CRM_AT_LEAST);

			node->metric = metric_index(ladder, name);
			if (!amount_of(&value, "threshold", &node->at_least))
				bad_ladder("The threshold of \"%s\" must be a number.", name);
		}
	}
	ladder->nodes[at].end = ladder->nnodes;
	return at;
}

static void
read_tier(CrmLadder *ladder, const JsonbValue *v)
{
	CrmTier    *tier;
	char	   *code = NULL;
	bool		has_rank = false;
	bool		has_when = false;
	JsonbIterator *it;
	JsonbValue	key;
	JsonbIteratorToken token;

	if (!is_container(v, false))
		bad_ladder("A tier must be an object%s.", "");
	if (ladder->ntiers == CRM_MAX_TIERS)
		bad_ladder("There are more than %s tiers.", "100");
	tier = &ladder->tiers[ladder->ntiers];
	tier->when = CRM_NO_CONDITION;
	tier->keep = CRM_NO_CONDITION;

	it = JsonbIteratorInit(v->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &key, true)) != WJB_DONE)
	{
		JsonbValue	value;

		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&it, &value, true);
		if (is_text(&key, "code") && value.type == jbvString && value.val.string.len > 0)
			code = text_of(&value);
		else if (is_text(&key, "name") && value.type == jbvString)
			continue;
		else if (is_text(&key, "rank"))
		{
			tier->rank = whole_number_of(&value, "rank");
			has_rank = true;
		}
		else if (is_text(&key, "when"))
		{
			has_when = true;
			if (value.type != jbvNull)
				tier->when = read_condition(ladder, &value, 1);
		}
		else if (is_text(&key, "keep"))
			tier->keep = read_condition(ladder, &value, 1);
		else
			bad_ladder("A tier has a key or value that is not known: \"%s\".", text_of(&key));
	}
	if (code == NULL || !has_rank || !has_when)
		bad_ladder("A tier needs \"code\", \"rank\" and \"when\"%s.", "");
	for (size_t i = 0; i < ladder->ntiers; i++)
	{
		if (strcmp(ladder->codes[i], code) == 0)
			bad_ladder("The code \"%s\" stands twice.", code);
		if (ladder->tiers[i].rank == tier->rank)
			bad_ladder("The rank of \"%s\" stands twice.", code);
	}
	ladder->codes[ladder->ntiers++] = code;
}

static int32
whole_number_in(const JsonbValue *v, const char *what, int32 least, int32 most)
{
	int32		number = whole_number_of(v, what);

	if (number < least || number > most)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid tier ladder"),
				 errdetail("\"%s\" must be %d to %d.", what, least, most)));
	return number;
}

/* in the order of CrmPeriodEnd and CrmDownPolicy */
static const char *const ends[] = {"day", "month", "year", "never"};
static const char *const downs[] = {"recompute", "one_step", "immediate"};

static int
choice_of(const JsonbValue *v, const char *const *choices, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (is_text(v, choices[i]))
			return i;
	}
	return -1;
}

void
crm_ladder_read(CrmLadder *ladder, Jsonb *source)
{
	JsonbIterator *it;
	JsonbValue	key;
	JsonbIteratorToken token;
	int			choice;

	ladder->period_months = 12;
	if (!JB_ROOT_IS_OBJECT(source))
		bad_ladder("A ladder must be an object%s.", "");
	it = JsonbIteratorInit(&source->root);
	while ((token = JsonbIteratorNext(&it, &key, true)) != WJB_DONE)
	{
		JsonbValue	value;

		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&it, &value, true);
		if (is_text(&key, "tiers") && is_container(&value, true))
		{
			JsonbIterator *tiers = JsonbIteratorInit(value.val.binary.data);
			JsonbValue	tier;

			while ((token = JsonbIteratorNext(&tiers, &tier, true)) != WJB_DONE)
			{
				if (token == WJB_ELEM)
					read_tier(ladder, &tier);
			}
		}
		else if (is_text(&key, "period_months"))
			ladder->period_months = whole_number_in(&value, "period_months", 1, 1200);
		else if (is_text(&key, "grace_days"))
			ladder->grace_days = whole_number_in(&value, "grace_days", 0, 1200);
		else if (is_text(&key, "period_end") && (choice = choice_of(&value, ends, lengthof(ends))) >= 0)
			ladder->period_end = (CrmPeriodEnd) choice;
		else if (is_text(&key, "down") && (choice = choice_of(&value, downs, lengthof(downs))) >= 0)
			ladder->down = (CrmDownPolicy) choice;
		else
			bad_ladder("There is a key or value that is not known: \"%s\".", text_of(&key));
	}
	if (ladder->ntiers == 0)
		bad_ladder("A ladder needs \"tiers\", an array with at least one tier%s.", "");
}

static CrmLadder *
get_ladder(FunctionCallInfo fcinfo, Jsonb *source)
{
	FmgrInfo   *flinfo = fcinfo->flinfo;
	CrmLadder	   *ladder = flinfo->fn_extra;

	if (ladder == NULL || VARSIZE(ladder->source) != VARSIZE(source)
		|| memcmp(ladder->source, source, VARSIZE(source)) != 0)
	{
		/* names live in a context of their own, so a ladder that is replaced leaves nothing behind */
		MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "crm tier ladder", ALLOCSET_SMALL_SIZES);
		MemoryContext outer = MemoryContextSwitchTo(context);

		ladder = palloc0(sizeof(CrmLadder));
		ladder->source = palloc(VARSIZE(source));
		memcpy(ladder->source, source, VARSIZE(source));
		crm_ladder_read(ladder, ladder->source);
		MemoryContextSwitchTo(outer);
		if (flinfo->fn_extra != NULL)
			MemoryContextDelete(GetMemoryChunkContext(flinfo->fn_extra));
		MemoryContextSetParent(context, flinfo->fn_mcxt);
		flinfo->fn_extra = ladder;
	}
	return ladder;
}

/* tier_for(metrics jsonb, ladder jsonb, holding text) returns text */
Datum
crm_tier_for(PG_FUNCTION_ARGS)
{
	Jsonb	   *metrics;
	CrmLadder	   *ladder;
	CrmMetric  *values;
	size_t		holding = CRM_NO_TIER;
	size_t		reached;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	metrics = PG_GETARG_JSONB_P(0);
	ladder = get_ladder(fcinfo, PG_GETARG_JSONB_P(1));
	if (!JB_ROOT_IS_OBJECT(metrics))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("metrics must be a JSON object")));

	values = palloc(sizeof(CrmMetric) * Max(ladder->nmetrics, 1));
	for (size_t i = 0; i < ladder->nmetrics; i++)
	{
		JsonbValue	found;

		if (getKeyJsonValueFromContainer(&metrics->root, ladder->metrics[i], strlen(ladder->metrics[i]), &found) == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("the ladder asks for a metric that is not given"),
					 errdetail("The metric is \"%s\".", ladder->metrics[i]),
					 errhint("Give it as null where it is not known.")));
		values[i].known = amount_of(&found, "metric", &values[i].value);
		if (!values[i].known && found.type != jbvNull)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a metric must be a number or null"),
					 errdetail("The metric is \"%s\".", ladder->metrics[i])));
	}
	if (!PG_ARGISNULL(2))
	{
		char	   *code = text_to_cstring(PG_GETARG_TEXT_PP(2));

		for (size_t i = 0; i < ladder->ntiers; i++)
		{
			if (strcmp(ladder->codes[i], code) == 0)
				holding = i;
		}
	}
	reached = crm_ladder_reached(ladder->tiers, ladder->ntiers, ladder->nodes, values, holding);
	if (reached == CRM_NO_TIER)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(ladder->codes[reached]));
}

/* ladder_metrics(ladder jsonb) returns text[]: the metrics that it asks for, in the order in which it names them */
Datum
crm_ladder_metrics(PG_FUNCTION_ARGS)
{
	CrmLadder	   *ladder = get_ladder(fcinfo, PG_GETARG_JSONB_P(0));
	Datum	   *names = palloc(sizeof(Datum) * Max(ladder->nmetrics, 1));

	for (size_t i = 0; i < ladder->nmetrics; i++)
		names[i] = CStringGetTextDatum(ladder->metrics[i]);
	PG_RETURN_ARRAYTYPE_P(construct_array(names, (int) ladder->nmetrics, TEXTOID, -1, false, TYPALIGN_INT));
}
