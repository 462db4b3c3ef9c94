/*
 * src/predicate_eval.c
 *
 * predicate_holds(): a predicate of a row, compiled once a session.
 *
 * The row's own columns are what may be named. The canonical SQL of the
 * predicate is analysed with those columns as variables of a tuple, and the
 * server's executor evaluates it, so comparisons mean what they mean in any
 * query. A compiled predicate refers to nothing but built-in types and
 * operators and therefore never becomes stale; it is looked up by its text and
 * by the columns of the row.
 */
#include "predicate.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "funcapi.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parser.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "core/predicate.h"

PG_FUNCTION_INFO_V1(crm_predicate_holds);

#define MOST_KNOWN 256			/* compiled predicates of a session */
#define MOST_AT_SITE 64			/* of them ready to run at one call site */

/* one compiled predicate of the session */
typedef struct Known
{
	char	   *text;
	TupleDesc	desc;
	Expr	   *expr;
} Known;

static MemoryContext known_context = NULL;
static Known *known = NULL;
static int	nknown = 0;

typedef struct Ready
{
	text	   *text;
	ExprState  *state;
} Ready;

/* what a call site keeps while the type of its rows stays */
typedef struct Site
{
	MemoryContext context;
	Oid			type;
	int32		typmod;
	TupleTableSlot *slot;
	ExprContext *econtext;
	int			nready;
	int			last;
	Ready		ready[MOST_AT_SITE];
} Site;

static int
kind_of(Oid type)
{
	switch (getBaseType(type))
	{
		case BOOLOID:
			return CRM_KIND_BOOLEAN;
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case NUMERICOID:
			return CRM_KIND_NUMBER;
		case TEXTOID:
		case VARCHAROID:
			return CRM_KIND_TEXT;
		case DATEOID:
			return CRM_KIND_DATE;
		case TIMESTAMPOID:
			return CRM_KIND_TIMESTAMP;
		case TIMESTAMPTZOID:
			return CRM_KIND_TIMESTAMPTZ;
		case TIMEOID:
			return CRM_KIND_TIME;
		default:
			return CRM_KIND_NONE;
	}
}

static bool
same_columns(TupleDesc a, TupleDesc b)
{
	if (a->natts != b->natts)
		return false;
	for (int i = 0; i < a->natts; i++)
	{
		Form_pg_attribute x = TupleDescAttr(a, i);
		Form_pg_attribute y = TupleDescAttr(b, i);

		if (x->atttypid != y->atttypid || x->attcollation != y->attcollation || x->attisdropped != y->attisdropped ||
			strcmp(NameStr(x->attname), NameStr(y->attname)) != 0)
			return false;
	}
	return true;
}

/* names in the canonical SQL are columns of the row and nothing else */
static Node *
column_of_row(ParseState *pstate, ColumnRef *ref)
{
	TupleDesc	desc = (TupleDesc) pstate->p_ref_hook_state;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (!attribute->attisdropped && strcmp(NameStr(attribute->attname), strVal(linitial(ref->fields))) == 0)
			return (Node *) makeVar(1, i + 1, attribute->atttypid, attribute->atttypmod, attribute->attcollation, 0);
	}
	return NULL;
}

static Expr *
compile(const char *text, TupleDesc desc)
{
	CrmPredicateColumn *columns = palloc0(sizeof(CrmPredicateColumn) * Max(desc->natts, 1));
	ParseState *pstate = make_parsestate(NULL);
	char	   *canonical;
	SelectStmt *select;
	Node	   *expr;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		/* the parser makes no empty name */
		columns[i].name = attribute->attisdropped ? "" : NameStr(attribute->attname);
		columns[i].kind = attribute->attisdropped ? CRM_KIND_NONE : kind_of(attribute->atttypid);
	}
	canonical = crm_predicate_read(text, columns, desc->natts);
	select = castNode(SelectStmt, linitial_node(RawStmt, raw_parser(canonical, RAW_PARSE_PLPGSQL_EXPR))->stmt);
	pstate->p_pre_columnref_hook = column_of_row;
	pstate->p_ref_hook_state = desc;
	expr = transformExpr(pstate, linitial_node(ResTarget, select->targetList)->val, EXPR_KIND_OTHER);
	expr = coerce_to_boolean(pstate, expr, "predicate");
	assign_expr_collations(pstate, expr);
	return expression_planner((Expr *) expr);
}

static Expr *
lookup(const char *text, TupleDesc desc)
{
	MemoryContext outer;
	Expr	   *expr;

	for (int i = 0; i < nknown; i++)
	{
		if (strcmp(known[i].text, text) == 0 && same_columns(known[i].desc, desc))
			return known[i].expr;
	}
	expr = compile(text, desc);
	if (nknown == MOST_KNOWN)
	{
		MemoryContextReset(known_context);
		nknown = 0;
	}
	if (known_context == NULL)
		known_context = AllocSetContextCreate(TopMemoryContext, "crm predicates", ALLOCSET_DEFAULT_SIZES);
	outer = MemoryContextSwitchTo(known_context);
	if (nknown == 0)
		known = palloc(sizeof(Known) * MOST_KNOWN);
	known[nknown].text = pstrdup(text);
	known[nknown].desc = CreateTupleDescCopy(desc);
	known[nknown].expr = copyObject(expr);
	MemoryContextSwitchTo(outer);
	return known[nknown++].expr;
}

static Site *
site_for(FmgrInfo *flinfo, Oid type, int32 typmod)
{
	Site	   *site = flinfo->fn_extra;
	MemoryContext context;
	MemoryContext outer;

	/* a named row type may have been altered between two statements, not within one */
	if (site != NULL && site->type == type && site->typmod == typmod && site->nready < MOST_AT_SITE)
		return site;
	flinfo->fn_extra = NULL;
	if (site != NULL)
		MemoryContextDelete(site->context);
	context = AllocSetContextCreate(flinfo->fn_mcxt, "crm predicates of a call", ALLOCSET_SMALL_SIZES);
	outer = MemoryContextSwitchTo(context);
	site = palloc0(sizeof(Site));
	site->context = context;
	site->type = type;
	site->typmod = typmod;
	site->slot = MakeSingleTupleTableSlot(lookup_rowtype_tupdesc_copy(type, typmod), &TTSOpsHeapTuple);
	site->econtext = CreateStandaloneExprContext();
	MemoryContextSwitchTo(outer);
	flinfo->fn_extra = site;
	return site;
}

static ExprState *
state_for(Site *site, text *expression)
{
	MemoryContext outer;
	Ready	   *ready;
	Expr	   *expr;

	/* where rules take turns the next one is the one behind the last */
	for (int i = 0; i < site->nready; i++)
	{
		int			at = (site->last + 1 + i) % site->nready;

		ready = &site->ready[at];
		if (VARSIZE_ANY_EXHDR(ready->text) == VARSIZE_ANY_EXHDR(expression) &&
			memcmp(VARDATA_ANY(ready->text), VARDATA_ANY(expression), VARSIZE_ANY_EXHDR(expression)) == 0)
		{
			site->last = at;
			return ready->state;
		}
	}
	expr = lookup(text_to_cstring(expression), site->slot->tts_tupleDescriptor);
	outer = MemoryContextSwitchTo(site->context);
	ready = &site->ready[site->nready];
	ready->text = cstring_to_text_with_len(VARDATA_ANY(expression), VARSIZE_ANY_EXHDR(expression));
	ready->state = ExecInitExpr(copyObject(expr), NULL);
	site->last = site->nready++;
	MemoryContextSwitchTo(outer);
	return ready->state;
}

/* predicate_holds(expression text, subject record) returns boolean */
Datum
crm_predicate_holds(PG_FUNCTION_ARGS)
{
	text	   *expression = PG_GETARG_TEXT_PP(0);
	HeapTupleHeader row = PG_GETARG_HEAPTUPLEHEADER(1);
	Site	   *site = site_for(fcinfo->flinfo, HeapTupleHeaderGetTypeId(row), HeapTupleHeaderGetTypMod(row));
	ExprState  *state = state_for(site, expression);
	HeapTupleData tuple;
	Datum		holds;
	bool		isnull;

	tuple.t_len = HeapTupleHeaderGetDatumLength(row);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = row;
	ExecStoreHeapTuple(&tuple, site->slot, false);
	ResetExprContext(site->econtext);
	site->econtext->ecxt_scantuple = site->slot;
	holds = ExecEvalExprSwitchContext(state, site->econtext, &isnull);
	ExecClearTuple(site->slot);
	PG_RETURN_BOOL(!isnull && DatumGetBool(holds));
}
