/*
 * unit/check.h
 *
 * The whole test harness of src/core: CHECK counts, DONE prints and returns.
 */
#ifndef CRM_CHECK_H
#define CRM_CHECK_H

#include <stdio.h>

static int	check_passed;
static int	check_failed;

#define CHECK(condition) \
	do { \
		if (condition) \
			check_passed++; \
		else \
		{ \
			check_failed++; \
			fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition); \
		} \
	} while (0)

#define DONE() \
	(printf("%s: %d passed, %d failed\n", __FILE__, check_passed, check_failed), check_failed != 0)

#endif							/* CRM_CHECK_H */
