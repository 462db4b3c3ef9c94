/*
 * src/query_rows.c
 *
 * Planner support for histories and rfm_scores: as many rows as the query has
 * members.
 *
 * Where the text is a constant, SELECT DISTINCT of its first column is planned
 * (not run) with the caller's rights; the query is wrapped as a tree, never as
 * text.  An error in it is one of the call, met a little earlier.  Where the
 * caller may not read all of it there is no estimate: statistics would tell
 * EXPLAIN what the tables hold.
 */
#include "compat.h"

#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/plannodes.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "parser/analyze.h"
#include "parser/parse_oper.h"
#include "parser/parser.h"
#include "rewrite/rewriteHandler.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

/* whether the functions take keys of this type (query_source.c says so with a message) */
static bool
is_key_type(Oid type)
{
	switch (getBaseType(type))
	{
		case INT8OID:
		case INT4OID:
		case INT2OID:
		case TEXTOID:
		case VARCHAROID:
		case UUIDOID:
			return true;
	}
	return false;
}

/* SELECT DISTINCT of the first column FROM (query) */
static Query *
distinct_members(Query *query)
{
	Expr	   *key = linitial_node(TargetEntry, query->targetList)->expr;
	Query	   *distinct = makeNode(Query);
	RangeTblEntry *from = makeNode(RangeTblEntry);
	RangeTblRef *reference = makeNode(RangeTblRef);
	TargetEntry *target;
	SortGroupClause *group = makeNode(SortGroupClause);
	List	   *names = NIL;
	ListCell   *cell;

	foreach(cell, query->targetList)
	{
		if (!lfirst_node(TargetEntry, cell)->resjunk)
			names = lappend(names, makeString(pstrdup("?column?")));
	}
	from->rtekind = RTE_SUBQUERY;
	from->subquery = query;
	from->alias = makeAlias("q", NIL);
	from->eref = makeAlias("q", names);
	from->inFromCl = true;
	reference->rtindex = 1;
	target = makeTargetEntry((Expr *) makeVar(1, 1, exprType((Node *) key), exprTypmod((Node *) key),
											  exprCollation((Node *) key), 0),
							 1, pstrdup("key"), false);
	target->ressortgroupref = 1;
	group->tleSortGroupRef = 1;
	get_sort_group_operators(exprType((Node *) key), true, true, false,
							 &group->sortop, &group->eqop, NULL, &group->hashable);
	distinct->commandType = CMD_SELECT;
	distinct->querySource = QSRC_ORIGINAL;
	distinct->canSetTag = true;
	distinct->rtable = list_make1(from);
	distinct->jointree = makeFromExpr(list_make1(reference), NULL);
	distinct->targetList = list_make1(target);
	distinct->distinctClause = list_make1(group);
	return distinct;
}

static double
estimate_members(const char *text)
{
	List	   *statements = raw_parser(text, RAW_PARSE_DEFAULT);
	RawStmt    *statement;
	Query	   *query;
	List	   *queries;
	PlannedStmt *plan;

	if (list_length(statements) != 1)
		return -1;
	statement = linitial_node(RawStmt, statements);
	if (!IsA(statement->stmt, SelectStmt))
		return -1;
	query = parse_analyze_fixedparams(statement, text, NULL, 0, NULL);
	/* what is none of ours to run is refused by the call itself */
	if (query->commandType != CMD_SELECT || query->hasModifyingCTE || query->rowMarks != NIL ||
		query->targetList == NIL ||
		!is_key_type(exprType((Node *) linitial_node(TargetEntry, query->targetList)->expr)))
		return -1;
	queries = QueryRewrite(distinct_members(query));
	if (list_length(queries) != 1)
		return -1;
	plan = pg_plan_query(linitial_node(Query, queries), text, CURSOR_OPT_PARALLEL_OK, NULL);
	if (plan->planTree == NULL || !crm_may_execute(plan))
		return -1;
	return plan->planTree->plan_rows;
}

/* an error's position is one in the query text, not in the statement that calls us */
static void
move_position(void *text)
{
	int			position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery((const char *) text);
	}
}

PG_FUNCTION_INFO_V1(crm_query_rows_support);
Datum
crm_query_rows_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);
	SupportRequestRows *rows;
	Node	   *argument;
	char	   *query;
	ErrorContextCallback callback;
	double		estimate;

	if (!IsA(request, SupportRequestRows))
		PG_RETURN_POINTER(NULL);
	rows = (SupportRequestRows *) request;
	if (!IsA(rows->node, FuncExpr) || !ActiveSnapshotSet())
		PG_RETURN_POINTER(NULL);
	argument = estimate_expression_value(rows->root, linitial(((FuncExpr *) rows->node)->args));
	if (!IsA(argument, Const) || ((Const *) argument)->constisnull)
		PG_RETURN_POINTER(NULL);
	query = TextDatumGetCString(((Const *) argument)->constvalue);
	callback.callback = move_position;
	callback.arg = query;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	estimate = estimate_members(query);
	error_context_stack = callback.previous;
	if (estimate < 0)
		PG_RETURN_POINTER(NULL);
	rows->rows = estimate;
	PG_RETURN_POINTER(rows);
}
