/*
 * unit/test_classify.c
 *
 * Octants, lifecycle states and ABC limits.
 */
#include "check.h"
#include "core/classify.h"
#include "core/octant.h"

#include <string.h>

static void
octants(void)
{
	/* days 1, 2, 3, 10: mean 4; orders 1, 5, 1, 1: mean 2; spend 10, 30, 50, 30: mean 30 */
	static const int64_t m[4][3] = {{1, 1, 10}, {2, 5, 30}, {3, 1, 50}, {10, 1, 30}};
	static const int expected[] = {0, 3, 1, 5};
	crm_means	means = {0};

	for (int i = 0; i < 4; i++)
		crm_means_add(&means, (int32_t) m[i][0], m[i][1], m[i][2]);
	for (int i = 0; i < 4; i++)
		CHECK(crm_octant(&means, (int32_t) m[i][0], m[i][1], m[i][2]) == expected[i]);

	/* sums beyond int64 */
	memset(&means, 0, sizeof(means));
	for (int i = 0; i < 3; i++)
		crm_means_add(&means, -i, INT64_MAX - i, INT64_MIN + i);
	CHECK(crm_octant(&means, 0, INT64_MAX, INT64_MIN) == (CRM_OCTANT_R | CRM_OCTANT_F));
	CHECK(crm_octant(&means, -1, INT64_MAX - 1, INT64_MIN + 1) ==
		  (CRM_OCTANT_R | CRM_OCTANT_F | CRM_OCTANT_M));
	CHECK(crm_octant(&means, -2, INT64_MAX - 2, INT64_MIN + 2) == CRM_OCTANT_M);
}

static void
lifecycles(void)
{
	static const int32_t cuts[] = {90, 180, 365};

	CHECK(strcmp(crm_lifecycle(-5, cuts), "active") == 0);
	CHECK(strcmp(crm_lifecycle(0, cuts), "active") == 0);
	CHECK(strcmp(crm_lifecycle(90, cuts), "active") == 0);
	CHECK(strcmp(crm_lifecycle(91, cuts), "recently_lapsed") == 0);
	CHECK(strcmp(crm_lifecycle(180, cuts), "recently_lapsed") == 0);
	CHECK(strcmp(crm_lifecycle(181, cuts), "mid_term_lapsed") == 0);
	CHECK(strcmp(crm_lifecycle(365, cuts), "mid_term_lapsed") == 0);
	CHECK(strcmp(crm_lifecycle(366, cuts), "dormant") == 0);
	CHECK(strcmp(crm_lifecycle(INT64_MAX, cuts), "dormant") == 0);
}

static void
shares(void)
{
	crm_int128	limit[2];

	/* 0.8 and 0.95 of 100 */
	limit[0] = crm_share_limit(8, 1, 100);
	limit[1] = crm_share_limit(95, 2, 100);
	CHECK(limit[0] == 80);
	CHECK(limit[1] == 95);
	CHECK(crm_class_of(limit, 2, 0) == 0);
	CHECK(crm_class_of(limit, 2, 79) == 0);
	CHECK(crm_class_of(limit, 2, 80) == 1);
	CHECK(crm_class_of(limit, 2, 94) == 1);
	CHECK(crm_class_of(limit, 2, 95) == 2);

	/* a limit between two integers: 0.8 of 7 is 5.6, so 5 is below and 6 is not */
	CHECK(crm_share_limit(8, 1, 7) == 6);
	/* the whole, at the largest scale and total */
	CHECK(crm_share_limit(crm_pow10[18], 18, INT64_MAX) == INT64_MAX);
	CHECK(crm_share_limit(1, 18, 1) == 1);
}

int
main(void)
{
	octants();
	lifecycles();
	shares();
	return DONE();
}
