/*
 * unit/test_money.c
 *
 * Largest-remainder splits and the exact Gini fraction.
 */
#include "check.h"
#include "core/gini.h"
#include "core/split.h"

#include <stdlib.h>

static void
worked_splits(void)
{
	int64_t		parts[8];
	crm_split_rest rests[8];

	/* 100 by 1:1:1 is 33.3 each; one unit is left, for the first */
	static const int64_t thirds[] = {1, 1, 1};

	CHECK(crm_split(100, thirds, 3, parts, rests) == CRM_SPLIT_OK);
	CHECK(parts[0] == 34 && parts[1] == 33 && parts[2] == 33);
	CHECK(crm_split(-100, thirds, 3, parts, rests) == CRM_SPLIT_OK);
	CHECK(parts[0] == -34 && parts[1] == -33 && parts[2] == -33);

	/* 110.00 by 1500:250 is 94.2857 and 15.7142: the unit goes to the larger remainder */
	static const int64_t pooled[] = {1500, 250};

	CHECK(crm_split(11000, pooled, 2, parts, rests) == CRM_SPLIT_OK);
	CHECK(parts[0] == 9429 && parts[1] == 1571);

	/* 10 by 5:3:2:0 is exact; a weight of 0 gets nothing */
	static const int64_t mixed[] = {5, 3, 2, 0};

	CHECK(crm_split(10, mixed, 4, parts, rests) == CRM_SPLIT_OK);
	CHECK(parts[0] == 5 && parts[1] == 3 && parts[2] == 2 && parts[3] == 0);

	/* 1 by 1:2:2: remainders .2 .4 .4, a tie, the earlier wins */
	static const int64_t tie[] = {1, 2, 2};

	CHECK(crm_split(1, tie, 3, parts, rests) == CRM_SPLIT_OK);
	CHECK(parts[0] == 0 && parts[1] == 1 && parts[2] == 0);

	/* the largest amount and weights */
	static const int64_t huge[] = {INT64_MAX, INT64_MAX, 1};

	CHECK(crm_split(INT64_MAX, huge, 3, parts, rests) == CRM_SPLIT_OK);
	CHECK((crm_int128) parts[0] + parts[1] + parts[2] == INT64_MAX);
	/* INT64_MAX is odd: the first two shares are just above x.25, the third just below 0.5 */
	CHECK(parts[0] == (INT64_MAX - 1) / 2 && parts[1] == (INT64_MAX - 1) / 2 && parts[2] == 1);

	/* working memory aligned to 8 bytes and no more, as a caller may give it */
	static char memory[3 * sizeof(crm_split_rest) + 24];
	size_t		odd = 8 + (16 - (uintptr_t) memory % 16) % 16;

	CHECK(crm_split(100, thirds, 3, parts, (crm_split_rest *) (memory + odd)) == CRM_SPLIT_OK);
	CHECK(parts[0] == 34 && parts[1] == 33 && parts[2] == 33);

	static const int64_t none[] = {0, 0};
	static const int64_t negative[] = {3, -1};

	CHECK(crm_split(0, none, 2, parts, rests) == CRM_SPLIT_OK);
	CHECK(parts[0] == 0 && parts[1] == 0);
	CHECK(crm_split(1, none, 2, parts, rests) == CRM_SPLIT_NO_WEIGHT);
	CHECK(crm_split(0, none, 0, parts, rests) == CRM_SPLIT_OK);
	CHECK(crm_split(1, none, 0, parts, rests) == CRM_SPLIT_NO_WEIGHT);
	CHECK(crm_split(0, negative, 2, parts, rests) == CRM_SPLIT_NEGATIVE_WEIGHT);
}

/* whole sum; each part within one unit of its share; no larger remainder went without for a smaller one */
static void
random_splits(void)
{
	int			good = 1;

	srand(11);
	for (int round = 0; round < 20000; round++)
	{
		int64_t		weights[8];
		int64_t		parts[8];
		crm_split_rest rests[8];
		size_t		n = 1 + (size_t) rand() % 8;
		int64_t		amount = rand() % 2001 - 1000;
		int64_t		size = amount < 0 ? -amount : amount;
		int64_t		whole = 0;
		int64_t		sum = 0;

		for (size_t i = 0; i < n; i++)
			whole += weights[i] = rand() % 10;
		if (whole == 0)
			continue;
		good &= crm_split(amount, weights, n, parts, rests) == CRM_SPLIT_OK;
		for (size_t i = 0; i < n; i++)
		{
			int64_t		part = amount < 0 ? -parts[i] : parts[i];
			int64_t		over = part * whole - size * weights[i];

			sum += parts[i];
			good &= over > -whole && over < whole;
			for (size_t j = 0; j < n; j++)
			{
				int64_t		other = (amount < 0 ? -parts[j] : parts[j]) * whole - size * weights[j];
				int64_t		rest_i = size * weights[i] % whole;
				int64_t		rest_j = size * weights[j] % whole;

				/* i was rounded up, j with a remainder was not */
				if (over > 0 && other < 0)
					good &= rest_i > rest_j || (rest_i == rest_j && i < j);
			}
		}
		good &= sum == amount;
	}
	CHECK(good);
}

static void
gini(void)
{
	/* 1, 2, 3, 4: (-3 - 2 + 3 + 12) / (4 * 10) = 10 / 40 */
	static const uint64_t four[] = {0, 1, 2, 3};
	crm_int128	numerator = 0;
	crm_int128	sum = 0;

	CHECK(crm_gini_add(four, 2, 0, 4, 1, &numerator, &sum));
	CHECK(crm_gini_add(four + 2, 2, 2, 4, 1, &numerator, &sum));
	CHECK(numerator == 10 && sum == 10);

	/* 0, 0, 0, 5: all in one of four is 3/4 */
	static const uint64_t one[] = {0, 0, 0, 5};

	numerator = sum = 0;
	CHECK(crm_gini_add(one, 4, 0, 4, 0, &numerator, &sum));
	CHECK(numerator == 15 && sum == 5);

	/* the ends of int64: -1 * min + 1 * max */
	static const uint64_t ends[] = {0, UINT64_MAX};

	numerator = sum = 0;
	CHECK(crm_gini_add(ends, 2, 0, 2, INT64_MIN, &numerator, &sum));
	CHECK(numerator == (crm_int128) UINT64_MAX && sum == -1);

	/* what does not fit is refused */
	numerator = ((crm_int128) 1 << 126) - 1 + ((crm_int128) 1 << 126);
	sum = 0;
	CHECK(!crm_gini_add(one + 3, 1, 3, 4, 0, &numerator, &sum));
}

int
main(void)
{
	worked_splits();
	random_splits();
	gini();
	return DONE();
}
