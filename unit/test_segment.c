/*
 * unit/test_segment.c
 *
 * Segments cell by cell, scores of other bins, names.
 */
#include "check.h"
#include "core/rfm.h"
#include "core/segment.h"

#include <string.h>

static int
is(int r, int f, int m, const char *wanted)
{
	return strcmp(crm_segment(crm_rfm_pack(r, f, m), 5), wanted) == 0;
}

static void
the_table(void)
{
	/* R down from 5, FM up from 1, as the rule is written */
	static const char *const table[5][5] = {
		{"New", "Potential Loyalist", "Potential Loyalist", "Champions", "Champions"},
		{"Promising", "Potential Loyalist", "Loyal", "Loyal", "Champions"},
		{"About To Sleep", "Need Attention", "Need Attention", "Loyal", "Loyal"},
		{"About To Sleep", "About To Sleep", "At Risk", "At Risk", "Can't Lose Them"},
		{"Lost", "Lost", "At Risk", "Can't Lose Them", "Can't Lose Them"}
	};

	for (int r = 1; r <= 5; r++)
	{
		for (int fm = 1; fm <= 5; fm++)
			CHECK(is(r, fm, fm, table[5 - r][fm - 1]));
	}
	/* half up: (5 + 4) / 2 = 4.5 is 5, (1 + 2) / 2 = 1.5 is 2 */
	CHECK(is(4, 5, 4, "Champions"));
	CHECK(is(4, 4, 4, "Loyal"));
	CHECK(is(4, 1, 2, "Potential Loyalist"));
	CHECK(is(4, 1, 1, "Promising"));
	CHECK(is(1, 1, 5, "At Risk"));
}

static void
other_bins(void)
{
	/* 1 + round half up of (s - 1) * 4 / (n - 1) */
	static const int of_three[] = {1, 3, 5};
	static const int of_four[] = {1, 2, 4, 5};	/* 1.33 is 1, 2.67 is 3 */
	static const int of_nine[] = {1, 2, 2, 3, 3, 4, 4, 5, 5};	/* halves go up */

	for (int bins = 2; bins <= 9; bins++)
	{
		CHECK(crm_score_of_five(1, bins) == 1);
		CHECK(crm_score_of_five(bins, bins) == 5);
	}
	for (int s = 1; s <= 5; s++)
		CHECK(crm_score_of_five(s, 5) == s);
	for (int s = 1; s <= 3; s++)
		CHECK(crm_score_of_five(s, 3) == of_three[s - 1]);
	for (int s = 1; s <= 4; s++)
		CHECK(crm_score_of_five(s, 4) == of_four[s - 1]);
	for (int s = 1; s <= 9; s++)
		CHECK(crm_score_of_five(s, 9) == of_nine[s - 1]);
	CHECK(strcmp(crm_segment(222, 2), "Champions") == 0);
	CHECK(strcmp(crm_segment(111, 9), "Lost") == 0);
}

static int
name_is(const crm_name *list, const char *code, bool chinese, const char *wanted)
{
	const char *name = crm_name_of(list, code, strlen(code), chinese);

	return wanted == NULL ? name == NULL : name != NULL && strcmp(name, wanted) == 0;
}

static void
names(void)
{
	CHECK(name_is(crm_octant_names, "111", true, "重要价值"));
	CHECK(name_is(crm_octant_names, "000", true, "一般挽留"));
	CHECK(name_is(crm_octant_names, "112", true, NULL));
	CHECK(name_is(crm_segment_names, "Can't Lose Them", false, "Can't Lose Them"));
	CHECK(name_is(crm_segment_names, "can't lose them", false, NULL));
	CHECK(name_is(crm_lifecycle_names, "never", true, "从未购买"));
	CHECK(crm_name_of(crm_lifecycle_names, "neverland", 5, false) != NULL);
	CHECK(crm_name_of(crm_lifecycle_names, "never", 4, false) == NULL);

	/* every cell of the table has a name */
	for (int r = 1; r <= 5; r++)
	{
		for (int fm = 1; fm <= 5; fm++)
		{
			const char *segment = crm_segment(crm_rfm_pack(r, fm, fm), 5);

			CHECK(name_is(crm_segment_names, segment, false, segment));
		}
	}
	CHECK(crm_locale_is_chinese("zh_CN", 5));
	CHECK(crm_locale_is_chinese("ZH-hant", 7));
	CHECK(crm_locale_is_chinese("zh", 2));
	CHECK(!crm_locale_is_chinese("z", 1));
	CHECK(!crm_locale_is_chinese("", 0));
	CHECK(!crm_locale_is_chinese("zha", 3));
	CHECK(!crm_locale_is_chinese("en_US", 5));
}

int
main(void)
{
	the_table();
	other_bins();
	names();
	return DONE();
}
