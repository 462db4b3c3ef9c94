/*
 * src/query_rows.c
 *
 * Planner support for histories and rfm_scores: as many rows as the query has
 * members.
 *
 * Where the text is a constant, SELECT DISTINCT of its first column is planned
 * (not run); the parse tree is built, never the text.  An error in the query is
 * one of the call, met a little earlier.  An estimate comes of statistics, so
 * whoever may not read the tables gets none.
 */
#include "compat.h"

#include "executor/executor.h"
#include "fmgr.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/plannodes.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "parser/analyze.h"
#include "parser/parser.h"
#include "rewrite/rewriteHandler.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

/* SELECT DISTINCT c FROM (query) q(c) */
static RawStmt *
distinct_members(RawStmt *query)
{
	RangeSubselect *from = makeNode(RangeSubselect);
	SelectStmt *select = makeNode(SelectStmt);
	ResTarget  *target = makeNode(ResTarget);
	ColumnRef  *column = makeNode(ColumnRef);
	RawStmt    *statement = makeNode(RawStmt);

	from->subquery = query->stmt;
	from->alias = makeAlias("q", list_make1(makeString("c")));
	column->fields = list_make1(makeString("c"));
	column->location = -1;
	target->val = (Node *) column;
	target->location = -1;
	select->distinctClause = list_make1(NIL);
	select->targetList = list_make1(target);
	select->fromClause = list_make1(from);
	statement->stmt = (Node *) select;
	return statement;
}

static double
estimate_members(const char *text)
{
	List	   *statements = raw_parser(text, RAW_PARSE_DEFAULT);
	RawStmt    *statement;
	SelectStmt *select;
	List	   *queries;
	PlannedStmt *plan;

	if (list_length(statements) != 1)
		return -1;
	statement = linitial_node(RawStmt, statements);
	if (!IsA(statement->stmt, SelectStmt))
		return -1;
	/* what the call itself will refuse */
	select = (SelectStmt *) statement->stmt;
	if (select->intoClause != NULL)
		return -1;
	if (select->withClause != NULL)
	{
		ListCell   *cell;

		foreach(cell, select->withClause->ctes)
		{
			if (!IsA(lfirst_node(CommonTableExpr, cell)->ctequery, SelectStmt))
				return -1;
		}
	}
	queries = pg_analyze_and_rewrite_fixedparams(distinct_members(statement), text, NULL, 0, NULL);
	if (list_length(queries) != 1)
		return -1;
	plan = pg_plan_query(linitial_node(Query, queries), text, CURSOR_OPT_PARALLEL_OK, NULL);
	if (plan->planTree == NULL || !crm_may_execute(plan))
		return -1;
	return plan->planTree->plan_rows;
}

PG_FUNCTION_INFO_V1(crm_query_rows_support);
Datum
crm_query_rows_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);
	SupportRequestRows *rows;
	Node	   *argument;
	double		estimate;

	if (!IsA(request, SupportRequestRows))
		PG_RETURN_POINTER(NULL);
	rows = (SupportRequestRows *) request;
	if (!IsA(rows->node, FuncExpr) || !ActiveSnapshotSet())
		PG_RETURN_POINTER(NULL);
	argument = estimate_expression_value(rows->root, linitial(((FuncExpr *) rows->node)->args));
	if (!IsA(argument, Const) || ((Const *) argument)->constisnull)
		PG_RETURN_POINTER(NULL);
	estimate = estimate_members(TextDatumGetCString(((Const *) argument)->constvalue));
	if (estimate < 0)
		PG_RETURN_POINTER(NULL);
	rows->rows = estimate;
	PG_RETURN_POINTER(rows);
}
