/*
 * src/huge_pages.h
 *
 * Asks for huge pages behind a large block of memory that is read in no order.
 *
 * It is advice only: a refusal changes nothing but speed.
 */
#ifndef CRM_HUGE_PAGES_H
#define CRM_HUGE_PAGES_H

#include "compat.h"

#include <sys/mman.h>

#define CRM_HUGE_PAGE ((uintptr_t) 2 * 1024 * 1024)

static inline void
crm_ask_for_huge_pages(void *block, Size bytes)
{
#ifdef MADV_HUGEPAGE
	if (bytes >= 2 * CRM_HUGE_PAGE)
	{
		uintptr_t	start = TYPEALIGN(CRM_HUGE_PAGE, (uintptr_t) block);
		uintptr_t	end = TYPEALIGN_DOWN(CRM_HUGE_PAGE, (uintptr_t) block + bytes);

		(void) madvise((void *) start, end - start, MADV_HUGEPAGE);
	}
#endif
}

#endif							/* CRM_HUGE_PAGES_H */
