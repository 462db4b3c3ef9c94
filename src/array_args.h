/*
 * src/array_args.h
 *
 * Array arguments that are plain lists: one dimension (or none), no NULLs.
 */
#ifndef CRM_ARRAY_ARGS_H
#define CRM_ARRAY_ARGS_H

#include "compat.h"

#include "utils/array.h"

typedef struct CrmList
{
	int			n;
	Datum	   *value;			/* points into the array where by reference */
} CrmList;

#define CRM_LIST_MAX 1000000	/* elements: bounds memory and the time until the next look at interrupts */

/*
 * The elements of an array of integer, bigint or numeric.  what names the
 * argument in messages.  2202E for more dimensions than one, 54000 for more
 * elements than CRM_LIST_MAX, 22004 for a NULL among them.
 */
extern CrmList crm_list_of(ArrayType *array, const char *what);

/* 22023 unless the list has least to most elements */
extern void crm_check_list_length(const CrmList *list, const char *what, int least, int most);

/*
 * 22023 unless the numerics of the list are finite and ascend, equal
 * neighbours allowed or not.
 */
extern void crm_check_ascending_numerics(const CrmList *list, const char *what, bool strictly);

#endif							/* CRM_ARRAY_ARGS_H */
