/*
 * src/predicate.h
 *
 * Predicates: a condition on published columns, written as SQL and read through a white-list.
 *
 * crm_predicate_read is the only way in. It raises, with a position, for
 * everything that is not a column, a constant, a comparison, BETWEEN, IN,
 * LIKE, IS NULL, AND, OR or NOT, and answers with SQL made anew from what it
 * understood: no byte of the text reaches a parser again but inside quotes.
 */
#ifndef CRM_PREDICATE_GLUE_H
#define CRM_PREDICATE_GLUE_H

#include "compat.h"

typedef struct CrmPredicateColumn
{
	const char *name;
	int			kind;			/* a crm_predicate_kind, or CRM_KIND_NONE where its type cannot be compared */
	bool		used;			/* set by crm_predicate_read */
} CrmPredicateColumn;

/* the canonical SQL of a predicate, palloc'd */
extern char *crm_predicate_read(const char *text, CrmPredicateColumn *columns, int ncolumns);

#endif							/* CRM_PREDICATE_GLUE_H */
