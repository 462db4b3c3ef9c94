/*
 * fuzz/fuzz_money.c
 *
 * Splits, shares, decimals, names and ladders over any numbers.
 *
 * Input: a scale, an amount, a number of decimals, then weights; the whole
 * input is also asked for as a name and as a locale.
 */
#include "core/classify.h"
#include "core/gini.h"
#include "core/ladder.h"
#include "core/rfm.h"
#include "core/segment.h"
#include "core/split.h"

#include "fuzz.h"

#define MOST 64

static void
check_split(int64_t amount, const int64_t *weights, size_t n)
{
	static int64_t parts[MOST];
	static crm_split_rest rests[MOST];
	crm_int128	sum = 0;
	crm_int128	whole = 0;
	bool		negative = false;

	for (size_t i = 0; i < n; i++)
	{
		negative = negative || weights[i] < 0;
		whole += weights[i];
	}
	switch (crm_split(amount, weights, n, parts, rests))
	{
		case CRM_SPLIT_NEGATIVE_WEIGHT:
			MUST(negative);
			return;
		case CRM_SPLIT_NO_WEIGHT:
			MUST(whole == 0 && amount != 0);
			return;
		case CRM_SPLIT_OK:
			MUST(!negative);
	}
	for (size_t i = 0; i < n; i++)
	{
		crm_int128	exact = (crm_int128) amount * weights[i];	/* of parts[i] * whole */
		crm_int128	off = (crm_int128) parts[i] * whole - exact;

		sum += parts[i];
		/* no part is a whole unit or more away from its share */
		MUST(whole == 0 ? parts[i] == 0 : off < whole && off > -whole);
	}
	MUST(sum == amount);
}

static void
check_decimal(int64_t units, int scale)
{
	char		text[CRM_INT128_TEXT];
	crm_int128	back = 0;
	int			decimals = -1;
	const char *p = crm_decimal_text(units, scale, text);

	MUST(strlen(p) < sizeof(text) && (*p == '-') == (units < 0));
	for (p += *p == '-'; *p != '\0'; p++)
	{
		if (*p == '.')
		{
			MUST(decimals < 0);
			decimals = 0;
			continue;
		}
		MUST(*p >= '0' && *p <= '9');
		back = back * 10 + (*p - '0');
		decimals += decimals >= 0;
	}
	MUST(back == (units < 0 ? -(crm_int128) units : units) && (scale == 0 ? decimals == -1 : decimals == scale));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int64_t weights[MOST];
	static uint64_t distances[MOST];
	static const crm_name *const lists[] = {crm_segment_names, crm_octant_names, crm_lifecycle_names};
	Input		input = {data, size};
	int			scale = (int) (take(&input, 1) % (CRM_MAX_SCALE + 1));
	int64_t		amount = (int64_t) take(&input, 8);
	int			width = 1 + (int) (take(&input, 1) % 8);
	int32_t		cuts[CRM_LIFECYCLE_CUTS];
	size_t		n = 0;
	int16_t		rfm;

	while (input.left > 0 && n < MOST)
		weights[n++] = (int64_t) (take(&input, width) << (64 - 8 * width)) >> (64 - 8 * width);

	check_decimal(amount, scale);
	if (amount != INT64_MIN)
		check_split(amount, weights, n);
	for (size_t i = 0; i < n; i++)
		weights[i] &= INT64_MAX;
	if (amount != INT64_MIN)
		check_split(amount, weights, n);

	/* the largest count below a share's limit is below the share, the limit itself is not */
	if (n > 0 && weights[0] > 0)
	{
		int64_t		cut = (int64_t) ((uint64_t) amount % (uint64_t) crm_pow10[scale]) + 1;
		crm_int128	limit = crm_share_limit(cut, scale, weights[0]);

		MUST((limit - 1) * crm_pow10[scale] < (crm_int128) cut * weights[0]);
		MUST(limit * crm_pow10[scale] >= (crm_int128) cut * weights[0]);
	}
	if (n > 1)
	{
		CrmAmount	a = {weights[0], scale};
		CrmAmount	b = {weights[1], (int) ((uint64_t) amount % (CRM_MAX_SCALE + 1))};

		MUST(crm_amount_compare(a, b) == -crm_amount_compare(b, a) && crm_amount_compare(a, a) == 0);
	}

	/* equal values: no inequality, whatever they are */
	if (n > 0)
	{
		crm_int128	numerator = 0;
		crm_int128	sum = 0;

		memset(distances, 0, sizeof(distances));
		MUST(crm_gini_add(distances, n, 0, n, amount, &numerator, &sum));
		MUST(numerator == 0 && sum == (crm_int128) n * amount);
	}

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		MUST((crm_name_of(lists[i], (const char *) data, size, true) == NULL) ==
			 (crm_name_of(lists[i], (const char *) data, size, false) == NULL));
	(void) crm_locale_is_chinese((const char *) data, size);

	for (int i = 0; i < CRM_LIFECYCLE_CUTS; i++)
		cuts[i] = (int32_t) (amount >> (16 * i)) & 0xFFFF;
	MUST(crm_name_of(crm_lifecycle_names, crm_lifecycle(amount, cuts), strlen(crm_lifecycle(amount, cuts)), false) != NULL);
	rfm = (int16_t) amount;
	if (crm_rfm_is_valid(rfm))
	{
		MUST(crm_rfm_pack(crm_rfm_r(rfm), crm_rfm_f(rfm), crm_rfm_m(rfm)) == rfm);
		MUST(crm_segment(rfm, CRM_MAX_BINS) != NULL);
	}
	return 0;
}
