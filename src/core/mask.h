/*
 * src/core/mask.h
 *
 * Personal data made unreadable for display, grapheme cluster by grapheme
 * cluster: a masked value is still a text that a reader recognises as theirs.
 *
 * Each appends to `to`, never more code points than came in, plus three. What
 * is not of the expected form shows less, never more.
 */
#ifndef CRM_MASK_H
#define CRM_MASK_H

#include "core/text.h"

/* the first cluster, a star for each other; blanks stay; a single one is masked too */
extern void crm_masked_name(CrmText *to, const uint32_t *cp, size_t n);

/* the last four digits (half of them when there are fewer than eight) and those more than eight from the end */
extern void crm_masked_phone(CrmText *to, const uint32_t *cp, size_t n);

/* the first cluster of the local part (none of a single one), three stars, the domain */
extern void crm_masked_email(CrmText *to, const uint32_t *cp, size_t n);

/* of 15 clusters and more the first three and the last four; of 6 and more the first and the last two; else none */
extern void crm_masked_id_no(CrmText *to, const uint32_t *cp, size_t n);

#endif							/* CRM_MASK_H */
