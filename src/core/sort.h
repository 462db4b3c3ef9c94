/*
 * src/core/sort.h
 *
 * Radix sort of 64-bit keys, ascending and stable, alone or with the row that
 * each belongs to.
 *
 * It works in steps of bounded length, so that the caller can look for
 * interrupts between them:
 *
 *		crm_sort_begin(s, n, keys, spare_keys, rows, spare_rows);
 *		while (crm_sort_step(s))
 *			...
 *
 * Leading bits that all keys share cost nothing: give distances from the
 * minimum (or maximum) rather than raw values.
 */
#ifndef CRM_SORT_H
#define CRM_SORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CRM_SORT_BITS	11
#define CRM_SORT_DIGITS	6		/* 6 * 11 >= 64 */

typedef struct crm_sort
{
	/* the result when no step is left: either the arrays given or the spares */
	uint64_t   *keys;
	uint32_t   *rows;			/* NULL when keys are sorted alone */

	/* the rest belongs to sort.c */
	uint64_t   *to_keys;
	uint32_t   *to_rows;
	size_t		n;
	size_t		at;				/* done of this pass */
	int			digit;			/* of this pass; -1 while counting */
	size_t		count[CRM_SORT_DIGITS][1 << CRM_SORT_BITS];
} crm_sort;

/* rows and spare_rows may be NULL */
extern void crm_sort_begin(crm_sort *s, size_t n, uint64_t *keys, uint64_t *spare_keys,
						   uint32_t *rows, uint32_t *spare_rows);

/* false when all is sorted */
extern bool crm_sort_step(crm_sort *s);

#endif							/* CRM_SORT_H */
