/*
 * src/predicate.c
 *
 * is_predicate(), check_predicate(), predicate_columns(): conditions through a white-list (see predicate.h).
 *
 * PostgreSQL's own parser reads the text as an expression, under settings that
 * are fixed here, so one text has one meaning. Each node is then known and
 * written anew, with operators of pg_catalog, or refused. IN and BETWEEN are
 * written as comparisons, since the parser would look their operators up by
 * search_path. Literals get the kind of what they are compared with and must
 * be in a form that no setting can turn.
 */
#include "predicate.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "core/predicate.h"

PG_FUNCTION_INFO_V1(crm_is_predicate);
PG_FUNCTION_INFO_V1(crm_check_predicate);
PG_FUNCTION_INFO_V1(crm_predicate_columns);

#define MOST_BYTES 4000
#define MOST_PARTS 500
#define MOST_DEPTH 50
#define MOST_COLUMNS 1000

typedef struct Reader
{
	const char *text;
	CrmPredicateColumn *columns;
	int			ncolumns;
	int			parts;
	StringInfoData out;
} Reader;

/* what stands on one side of a comparison */
typedef struct Operand
{
	int			location;
	const CrmPredicateColumn *column;	/* NULL for a constant */
	const char *literal;		/* NULL for a column and for the constant NULL */
	crm_predicate_kind kind;	/* ANY: takes the kind of the other side */
} Operand;

static const char *const kind_names[] = {
	[CRM_KIND_ANY] = "an untyped literal",
	[CRM_KIND_BOOLEAN] = "a boolean",
	[CRM_KIND_NUMBER] = "a number",
	[CRM_KIND_TEXT] = "a text",
	[CRM_KIND_DATE] = "a date",
	[CRM_KIND_TIMESTAMP] = "a timestamp without time zone",
	[CRM_KIND_TIMESTAMPTZ] = "a timestamp with time zone",
	[CRM_KIND_TIME] = "a time of day",
};

/*
 * Refusing
 */
static int
position(const Reader *reader, int location)
{
	if (location >= 0)
	{
		internalerrposition(pg_mbstrlen_with_len(reader->text, location) + 1);
		internalerrquery(reader->text);
	}
	return 0;
}

pg_noreturn static void
refuse(const Reader *reader, int location, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("predicate must not use %s", what),
			 errdetail("Published columns, constants, comparisons, BETWEEN, IN, LIKE, IS NULL, AND, OR and NOT can be used."),
			 position(reader, location)));
}

pg_noreturn static void
refuse_limit(const Reader *reader, const char *what, int most)
{
	ereport(ERROR,
			(errcode(ERRCODE_STATEMENT_TOO_COMPLEX),
			 errmsg("predicate is too complex"),
			 errdetail("It has more than %d %s.", most, what)));
}

static void
check_condition_kind(const Reader *reader, int location, int kind)
{
	if (kind != CRM_KIND_BOOLEAN && kind != CRM_KIND_ANY)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("predicate is not a condition"),
				 errdetail("There is %s where a condition must stand.", kind_names[kind]),
				 position(reader, location)));
}

static void
check_plain(const Reader *reader, const Operand *operand, crm_predicate_kind kind)
{
	static const char *const forms[] = {
		[CRM_KIND_BOOLEAN] = "true or false",
		[CRM_KIND_NUMBER] = "12 or -1.50",
		[CRM_KIND_DATE] = "'2024-02-29'",
		[CRM_KIND_TIMESTAMP] = "'2024-02-29 23:59:59'",
		[CRM_KIND_TIMESTAMPTZ] = "'2024-02-29 23:59:59+08'",
		[CRM_KIND_TIME] = "'23:59' or '23:59:59'",
	};

	if (operand->literal != NULL && !crm_literal_is_plain(kind, operand->literal, strlen(operand->literal)))
		ereport(ERROR,
				(errcode(kind == CRM_KIND_NUMBER || kind == CRM_KIND_BOOLEAN ?
						 ERRCODE_INVALID_TEXT_REPRESENTATION : ERRCODE_INVALID_DATETIME_FORMAT),
				 errmsg("constant of a predicate is not in its plain form"),
				 errdetail("It must be %s and is compared with such.", kind_names[kind]),
				 errhint("Write it as %s: this form means the same under all settings.", forms[kind]),
				 position(reader, operand->location)));
}

/* what a node is, for the message that refuses it */
static const char *
name_of(const Node *node)
{
	switch (nodeTag(node))
	{
		case T_FuncCall:
		case T_CoalesceExpr:
		case T_MinMaxExpr:
			return "a function call";
		case T_SubLink:
			return "a sub-select";
		case T_ParamRef:
			return "a parameter";
		case T_CaseExpr:
			return "CASE";
		case T_A_Indirection:
			return "a subscript or a field";
		case T_RowExpr:
			return "a row";
		case T_A_ArrayExpr:
			return "an array";
		case T_CollateClause:
			return "COLLATE";
		case T_SQLValueFunction:
			return "the clock or the session";
		case T_BooleanTest:
			return "IS TRUE, IS FALSE or IS UNKNOWN";
		case T_TypeCast:
			return "a cast of anything but a constant";
		case T_BoolExpr:
		case T_NullTest:
			return "a condition as a value";
		default:
			return "this construct";
	}
}

/*
 * Operands
 */
static Operand
column_operand(const Reader *reader, const ColumnRef *ref)
{
	Operand		operand = {ref->location, NULL, NULL, CRM_KIND_ANY};
	const char *name;

	if (!IsA(llast(ref->fields), String))
		refuse(reader, ref->location, "*");
	if (list_length(ref->fields) != 1)
		refuse(reader, ref->location, "a qualified column name");
	name = strVal(linitial(ref->fields));
	for (int i = 0; i < reader->ncolumns; i++)
	{
		CrmPredicateColumn *column = &reader->columns[i];

		if (strcmp(column->name, name) != 0)
			continue;
		if (column->kind == CRM_KIND_NONE)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%s\" has a type that predicates do not compare", name),
					 position(reader, ref->location)));
		column->used = true;
		operand.column = column;
		operand.kind = (crm_predicate_kind) column->kind;
		return operand;
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("predicate names a column that is not published: \"%s\"", name),
			 errhint("Texts stand in single quotes: colour = 'red'."),
			 position(reader, ref->location)));
}

static Operand
constant_operand(const Reader *reader, A_Const *constant)
{
	Operand		operand = {constant->location, NULL, NULL, CRM_KIND_ANY};

	if (constant->isnull)
		return operand;
	switch (nodeTag(&constant->val))
	{
		case T_Integer:
			operand.literal = psprintf("%d", intVal(&constant->val));
			operand.kind = CRM_KIND_NUMBER;
			break;
		case T_Float:
			operand.literal = constant->val.fval.fval;
			operand.kind = CRM_KIND_NUMBER;
			break;
		case T_Boolean:
			operand.literal = boolVal(&constant->val) ? "true" : "false";
			operand.kind = CRM_KIND_BOOLEAN;
			break;
		case T_String:
			operand.literal = strVal(&constant->val);
			break;
		default:
			refuse(reader, constant->location, "a bit string");
	}
	check_plain(reader, &operand, operand.kind);
	return operand;
}

/* DATE '2024-01-01', '2024-01-01'::date, CAST(… AS date): the literal as it is, of another kind */
static Operand
cast_operand(const Reader *reader, const TypeCast *cast)
{
	const TypeName *type = cast->typeName;
	const char *name = strVal(llast(type->names));
	int			kind = crm_kind_of_type(name);
	Operand		operand;

	if (!IsA(cast->arg, A_Const))
		refuse(reader, cast->location, name_of((const Node *) cast));
	if (kind == CRM_KIND_NONE || type->setof || type->pct_type || type->typmods != NIL || type->arrayBounds != NIL ||
		list_length(type->names) > 2 ||
		(list_length(type->names) == 2 && strcmp(strVal(linitial(type->names)), "pg_catalog") != 0))
		refuse(reader, type->location >= 0 ? type->location : cast->location, "a constant of this type");
	operand = constant_operand(reader, castNode(A_Const, cast->arg));
	operand.kind = (crm_predicate_kind) kind;
	check_plain(reader, &operand, operand.kind);
	/* a cast to a whole number would round */
	if (operand.literal != NULL && strncmp(name, "int", 3) == 0 && operand.literal[strspn(operand.literal, "-0123456789")] != '\0')
		refuse(reader, cast->location, "a cast that changes the constant");
	return operand;
}

static bool
is_comparison(const A_Expr *expr)
{
	static const char *const names[] = {"=", "<>", "<", "<=", ">", ">="};

	for (int i = 0; i < (int) lengthof(names); i++)
	{
		if (strcmp(strVal(llast(expr->name)), names[i]) == 0)
			return expr->lexpr != NULL;
	}
	return false;
}

/* an expression where a column or a constant must stand */
pg_noreturn static void
refuse_expr(const Reader *reader, const A_Expr *expr)
{
	if (expr->kind == AEXPR_NULLIF)
		refuse(reader, expr->location, "a function call");
	if (expr->kind == AEXPR_OP && !is_comparison(expr))
		refuse(reader, expr->location, psprintf("the operator %s", strVal(llast(expr->name))));
	refuse(reader, expr->location, "a condition as a value");
}

static Operand
read_operand(Reader *reader, Node *node)
{
	if (++reader->parts > MOST_PARTS)
		refuse_limit(reader, "parts", MOST_PARTS);
	switch (nodeTag(node))
	{
		case T_ColumnRef:
			return column_operand(reader, castNode(ColumnRef, node));
		case T_A_Const:
			return constant_operand(reader, castNode(A_Const, node));
		case T_TypeCast:
			return cast_operand(reader, castNode(TypeCast, node));
		case T_A_Expr:
			refuse_expr(reader, castNode(A_Expr, node));
		default:
			refuse(reader, exprLocation(node), name_of(node));
	}
}

/* the kind in which operands are compared; raises where they have none in common */
static crm_predicate_kind
common_kind(const Reader *reader, const Operand *operands, int n)
{
	crm_predicate_kind kind = CRM_KIND_ANY;
	bool		columns = false;

	for (int i = 0; i < n; i++)
	{
		columns = columns || operands[i].column != NULL;
		if (operands[i].kind == CRM_KIND_ANY || operands[i].kind == kind)
			continue;
		if (kind != CRM_KIND_ANY)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("predicate compares %s with %s", kind_names[kind], kind_names[operands[i].kind]),
					 position(reader, operands[i].location)));
		kind = operands[i].kind;
	}
	if (kind == CRM_KIND_ANY && !columns)
		kind = CRM_KIND_TEXT;
	for (int i = 0; i < n; i++)
		check_plain(reader, &operands[i], kind);
	return kind;
}

/*
 * Writing
 */
static void
write_quoted(StringInfo out, size_t (*quote) (char *, const char *, size_t), const char *text)
{
	size_t		n = strlen(text);

	enlargeStringInfo(out, (int) CRM_QUOTED_SIZE(n));
	out->len += (int) quote(out->data + out->len, text, n);
}

static void
write_operand(Reader *reader, const Operand *operand, crm_predicate_kind kind)
{
	StringInfo	out = &reader->out;

	if (operand->column != NULL)
	{
		write_quoted(out, crm_quote_name, operand->column->name);
		return;
	}
	if (operand->literal == NULL)
		appendStringInfoString(out, "NULL");
	else if (kind == CRM_KIND_NUMBER)
	{
		appendStringInfo(out, operand->literal[0] == '-' ? "(%s)" : "%s", operand->literal);
		return;
	}
	else if (kind == CRM_KIND_BOOLEAN)
	{
		appendStringInfoString(out, operand->literal);
		return;
	}
	else
		write_quoted(out, crm_quote_literal, operand->literal);
	if (kind != CRM_KIND_ANY)
		appendStringInfo(out, "::pg_catalog.%s", crm_kind_type(kind));
}

static void
write_comparison(Reader *reader, const Operand *left, const char *operator, const Operand *right, crm_predicate_kind kind)
{
	appendStringInfoChar(&reader->out, '(');
	write_operand(reader, left, kind);
	appendStringInfo(&reader->out, " OPERATOR(pg_catalog.%s) ", operator);
	write_operand(reader, right, kind);
	appendStringInfoChar(&reader->out, ')');
}

static void
read_comparison(Reader *reader, const A_Expr *expr)
{
	const char *name = strVal(llast(expr->name));
	Operand		operands[2];
	crm_predicate_kind kind;

	if (list_length(expr->name) != 1)
		refuse(reader, expr->location, "a qualified operator name");
	if (!is_comparison(expr))
		refuse(reader, expr->location, psprintf("the operator %s", name));
	operands[0] = read_operand(reader, expr->lexpr);
	operands[1] = read_operand(reader, expr->rexpr);
	kind = common_kind(reader, operands, 2);
	write_comparison(reader, &operands[0], name, &operands[1], kind);
}

static void
read_like(Reader *reader, const A_Expr *expr)
{
	Operand		operands[3];

	operands[0] = read_operand(reader, expr->lexpr);
	if (!IsA(expr->rexpr, A_Const))
		refuse(reader, exprLocation(expr->rexpr), "LIKE with anything but a constant pattern");
	operands[1] = read_operand(reader, expr->rexpr);
	operands[2] = (Operand) {expr->location, NULL, NULL, CRM_KIND_TEXT};
	(void) common_kind(reader, operands, 3);
	if (operands[1].literal != NULL && !crm_pattern_is_whole(operands[1].literal, strlen(operands[1].literal)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_ESCAPE_SEQUENCE),
				 errmsg("LIKE pattern of a predicate ends with its escape character"),
				 position(reader, operands[1].location)));
	write_comparison(reader, &operands[0], strVal(linitial(expr->name)), &operands[1], CRM_KIND_TEXT);
}

/* a IN (b, c) as a = b OR a = c; a BETWEEN b AND c as a >= b AND a <= c */
static void
read_list(Reader *reader, const A_Expr *expr, bool between, bool negated)
{
	List	   *list;
	Operand    *operands;
	crm_predicate_kind kind;
	ListCell   *cell;
	int			n = 1;

	if (!IsA(expr->rexpr, List))
		refuse(reader, expr->location, "IN with anything but a list");
	list = (List *) expr->rexpr;
	operands = palloc(sizeof(Operand) * (list_length(list) + 1));
	operands[0] = read_operand(reader, expr->lexpr);
	foreach(cell, list)
		operands[n++] = read_operand(reader, (Node *) lfirst(cell));
	kind = common_kind(reader, operands, n);
	appendStringInfoString(&reader->out, negated ? "(NOT (" : "(");
	for (int i = 1; i < n; i++)
	{
		if (i > 1)
			appendStringInfoString(&reader->out, between ? " AND " : " OR ");
		write_comparison(reader, &operands[0], !between ? "=" : i == 1 ? ">=" : "<=", &operands[i], kind);
	}
	appendStringInfoString(&reader->out, negated ? "))" : ")");
}

static void
read_expr(Reader *reader, const A_Expr *expr)
{
	switch (expr->kind)
	{
		case AEXPR_OP:
			read_comparison(reader, expr);
			break;
		case AEXPR_LIKE:
			read_like(reader, expr);
			break;
		case AEXPR_IN:
			read_list(reader, expr, false, strcmp(strVal(linitial(expr->name)), "<>") == 0);
			break;
		case AEXPR_BETWEEN:
		case AEXPR_NOT_BETWEEN:
			read_list(reader, expr, true, expr->kind == AEXPR_NOT_BETWEEN);
			break;
		default:
			refuse(reader, expr->location, "this operator");
	}
}

static void read_condition(Reader *reader, Node *node, int depth);

static void
read_bool(Reader *reader, const BoolExpr *expr, int depth)
{
	ListCell   *cell;

	appendStringInfoChar(&reader->out, '(');
	if (expr->boolop == NOT_EXPR)
		appendStringInfoString(&reader->out, "NOT ");
	foreach(cell, expr->args)
	{
		if (cell != list_head(expr->args))
			appendStringInfoString(&reader->out, expr->boolop == AND_EXPR ? " AND " : " OR ");
		read_condition(reader, (Node *) lfirst(cell), depth + 1);
	}
	appendStringInfoChar(&reader->out, ')');
}

static void
read_condition(Reader *reader, Node *node, int depth)
{
	Operand		operand;

	check_stack_depth();
	if (depth > MOST_DEPTH)
		refuse_limit(reader, "levels", MOST_DEPTH);
	switch (nodeTag(node))
	{
		case T_BoolExpr:
			read_bool(reader, castNode(BoolExpr, node), depth);
			return;
		case T_A_Expr:
			read_expr(reader, castNode(A_Expr, node));
			return;
		case T_NullTest:
			if (!IsA(castNode(NullTest, node)->arg, ColumnRef))
				refuse(reader, exprLocation(node), "IS NULL of anything but a column");
			operand = read_operand(reader, (Node *) castNode(NullTest, node)->arg);
			appendStringInfoChar(&reader->out, '(');
			write_operand(reader, &operand, operand.kind);
			appendStringInfoString(&reader->out, castNode(NullTest, node)->nulltesttype == IS_NULL ? " IS NULL)" : " IS NOT NULL)");
			return;
		case T_ColumnRef:
		case T_A_Const:
		case T_TypeCast:
			operand = read_operand(reader, node);
			check_condition_kind(reader, operand.location, operand.kind);
			check_plain(reader, &operand, CRM_KIND_BOOLEAN);
			write_operand(reader, &operand, CRM_KIND_BOOLEAN);
			return;
		default:
			refuse(reader, exprLocation(node), name_of(node));
	}
}

/*
 * Reading
 */

/* the position of a syntax error is one in the predicate, not in the statement that brought it */
static void
own_position(void *text)
{
	int			place = geterrposition();

	if (place > 0)
	{
		errposition(0);
		internalerrposition(place);
		internalerrquery((const char *) text);
	}
}

/* the parser under settings of its own */
static List *
parse(const char *text)
{
	ErrorContextCallback callback = {.previous = error_context_stack, .callback = own_position, .arg = unconstify(char *, text)};
	bool		conforming = standard_conforming_strings;
	int			quote = backslash_quote;
	List	   *list = NIL;

	error_context_stack = &callback;
	PG_TRY();
	{
		standard_conforming_strings = true;
		backslash_quote = BACKSLASH_QUOTE_ON;
		list = raw_parser(text, RAW_PARSE_PLPGSQL_EXPR);
	}
	PG_FINALLY();
	{
		standard_conforming_strings = conforming;
		backslash_quote = quote;
	}
	PG_END_TRY();
	error_context_stack = callback.previous;
	return list;
}

static Node *
parse_condition(const char *text)
{
	Reader		reader = {.text = text};
	List	   *list;
	SelectStmt *select;
	ResTarget  *target;

	if (strlen(text) > MOST_BYTES)
		refuse_limit(&reader, "bytes", MOST_BYTES);
	list = parse(text);
	select = list_length(list) == 1 ? (SelectStmt *) linitial_node(RawStmt, list)->stmt : NULL;
	/* `a > 1 AND` reads as a column alias: a bare name behind the condition is a slip */
	if (select == NULL || !IsA(select, SelectStmt) || list_length(select->targetList) != 1 ||
		linitial_node(ResTarget, select->targetList)->name != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("predicate is not one condition"),
				 errhint("An example is: age BETWEEN 20 AND 30 AND weekday IN (6, 7).")));
	target = linitial_node(ResTarget, select->targetList);
	if (select->distinctClause != NIL || select->intoClause != NULL || select->fromClause != NIL ||
		select->whereClause != NULL || select->groupClause != NIL || select->havingClause != NULL ||
		select->windowClause != NIL || select->valuesLists != NIL || select->sortClause != NIL ||
		select->limitOffset != NULL || select->limitCount != NULL || select->lockingClause != NIL ||
		select->withClause != NULL || select->op != SETOP_NONE || target->indirection != NIL)
		refuse(&reader, -1, "a clause of SELECT");
	return target->val;
}

char *
crm_predicate_read(const char *text, CrmPredicateColumn *columns, int ncolumns)
{
	Reader		reader = {text, columns, ncolumns, 0};

	for (int i = 0; i < ncolumns; i++)
		columns[i].used = false;
	initStringInfo(&reader.out);
	read_condition(&reader, parse_condition(text), 1);
	return reader.out.data;
}

/*
 * The SQL functions
 */
static Datum *
texts_of(ArrayType *array, const char *what, bool **nulls, int *n)
{
	Datum	   *values;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%s must be a one-dimensional array", what)));
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &values, nulls, n);
	if (*n > MOST_COLUMNS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s has too many elements", what),
				 errdetail("There are %d; at most %d are taken.", *n, MOST_COLUMNS)));
	return values;
}

static CrmPredicateColumn *
columns_of(ArrayType *names, ArrayType *types, int *n)
{
	bool	   *null_names;
	bool	   *null_types = NULL;
	int			ntypes = 0;
	Datum	   *name = texts_of(names, "columns", &null_names, n);
	Datum	   *type = types != NULL ? texts_of(types, "types", &null_types, &ntypes) : NULL;
	CrmPredicateColumn *columns = palloc0(sizeof(CrmPredicateColumn) * Max(*n, 1));

	if (types != NULL && ntypes != *n)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("columns and types must have the same number of elements")));
	for (int i = 0; i < *n; i++)
	{
		if (null_names[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s must not contain nulls", "columns")));
		columns[i].name = TextDatumGetCString(name[i]);
		columns[i].kind = CRM_KIND_ANY;
		if (types == NULL || null_types[i])
			continue;
		columns[i].kind = crm_kind_of_type(TextDatumGetCString(type[i]));
		if (columns[i].kind == CRM_KIND_NONE)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("predicates do not know the type \"%s\"", TextDatumGetCString(type[i])),
					 errhint("Types are boolean, smallint, integer, bigint, numeric, text, varchar, date, timestamp, timestamptz and time.")));
	}
	return columns;
}

/* is_predicate(expression text, columns text[]) returns boolean */
Datum
crm_is_predicate(PG_FUNCTION_ARGS)
{
	static const char *const classes[] = {"42", "22", "0A", "54"};
	char	   *expression = text_to_cstring(PG_GETARG_TEXT_PP(0));
	MemoryContext context = CurrentMemoryContext;
	volatile bool good = true;
	int			n;
	CrmPredicateColumn *columns = columns_of(PG_GETARG_ARRAYTYPE_P(1), NULL, &n);

	/* what runs in here takes memory alone: nothing is left open when it fails */
	PG_TRY();
	{
		(void) crm_predicate_read(expression, columns, n);
	}
	PG_CATCH();
	{
		const char *state = unpack_sql_state(geterrcode());
		bool		of_text = false;

		/* the classes of the errors that check_predicate raises for a text */
		for (int i = 0; i < (int) lengthof(classes); i++)
			of_text = of_text || strncmp(state, classes[i], 2) == 0;
		if (!of_text)
			PG_RE_THROW();
		MemoryContextSwitchTo(context);
		FlushErrorState();
		good = false;
	}
	PG_END_TRY();
	PG_RETURN_BOOL(good);
}

/* check_predicate(expression text, columns text[], types text[] DEFAULT NULL) returns text */
Datum
crm_check_predicate(PG_FUNCTION_ARGS)
{
	int			n;
	CrmPredicateColumn *columns;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	columns = columns_of(PG_GETARG_ARRAYTYPE_P(1), PG_ARGISNULL(2) ? NULL : PG_GETARG_ARRAYTYPE_P(2), &n);
	PG_RETURN_TEXT_P(cstring_to_text(crm_predicate_read(text_to_cstring(PG_GETARG_TEXT_PP(0)), columns, n)));
}

/* predicate_columns(expression text, columns text[]) returns text[]: those that it names, in the order of columns */
Datum
crm_predicate_columns(PG_FUNCTION_ARGS)
{
	int			n;
	int			used = 0;
	CrmPredicateColumn *columns = columns_of(PG_GETARG_ARRAYTYPE_P(1), NULL, &n);
	Datum	   *names = palloc(sizeof(Datum) * Max(n, 1));

	(void) crm_predicate_read(text_to_cstring(PG_GETARG_TEXT_PP(0)), columns, n);
	for (int i = 0; i < n; i++)
	{
		if (columns[i].used)
			names[used++] = CStringGetTextDatum(columns[i].name);
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(names, used, TEXTOID, -1, false, TYPALIGN_INT));
}
