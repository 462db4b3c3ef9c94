/*
 * unit/test_history.c
 *
 * The purchase history: calendar, text, packing, settling, combining, and
 * what lying bytes do.
 */
#include "core/history.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

#define MANY 5000

static uint64_t seed = 42;

static uint64_t
random_bits(void)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return seed >> 20;
}

static void
test_calendar(void)
{
	int			year, month, day;

	CHECK(crm_day_of(2000, 1, 1) == 0);
	CHECK(crm_day_of(1970, 1, 1) == -10957);
	CHECK(crm_day_of(2024, 2, 29) == 8825);
	CHECK(crm_day_of(1, 1, 1) == CRM_FIRST_DAY);
	CHECK(crm_day_of(9999, 12, 31) == CRM_LAST_DAY);
	for (int32_t d = CRM_FIRST_DAY; d <= CRM_LAST_DAY; d += 97)
	{
		crm_date_of(d, &year, &month, &day);
		if (crm_day_of(year, month, day) != d)
			CHECK(!"crm_date_of is not the inverse of crm_day_of");
	}
	CHECK(crm_month_of(crm_day_of(1999, 12, 31)) == 1999 * 12 + 11);
}

static CrmParseStatus
parse(const char *text, CrmHistoryDay *days, size_t *n, int *scale, CrmHistoryParse *fault)
{
	return crm_history_parse(text, strlen(text), days, n, scale, fault);
}

static void
test_text(void)
{
	CrmHistoryDay days[8];
	size_t		n;
	int			scale;
	CrmHistoryParse fault;
	uint8_t		bytes[256];
	char		text[256];
	CrmHistoryReader reader;

	CHECK(parse(" { 2024-02-01 : 2 : 120.5 , 2024-01-05:1:35.00,2024-02-01:0:-0.50}", days, &n, &scale, &fault) == CRM_PARSE_OK);
	CHECK(n == 3 && scale == 2);
	CHECK(crm_history_settle(days, n, &n) == CRM_HISTORY_OK && n == 2);
	crm_history_read(&reader, bytes, crm_history_pack(days, n, scale, bytes));
	CHECK(crm_history_print(reader, text) == CRM_HISTORY_OK);
	CHECK(strcmp(text, "{2024-01-05:1:35.00,2024-02-01:2:120.00}") == 0);
	CHECK(strlen(text) < crm_history_print_bound(n));

	CHECK(parse("{}", days, &n, &scale, &fault) == CRM_PARSE_OK && n == 0);
	CHECK(parse("{2024-02-30:1:1}", days, &n, &scale, &fault) == CRM_PARSE_DAY_RANGE && fault.position == 1);
	CHECK(parse("{2023-02-29:1:1}", days, &n, &scale, &fault) == CRM_PARSE_DAY_RANGE);
	CHECK(parse("{0000-02-01:1:1}", days, &n, &scale, &fault) == CRM_PARSE_DAY_RANGE);
	CHECK(parse("{2024-01-01:1}", days, &n, &scale, &fault) == CRM_PARSE_SYNTAX && fault.position == 13);
	CHECK(parse("{2024-01-01:1:}", days, &n, &scale, &fault) == CRM_PARSE_SYNTAX && fault.position == 14);
	CHECK(parse("{2024-01-01:1:5.}", days, &n, &scale, &fault) == CRM_PARSE_SYNTAX);
	CHECK(parse("{2024-01-01:-1:5}", days, &n, &scale, &fault) == CRM_PARSE_SYNTAX);
	CHECK(parse("{2024-01-01:1:5} x", days, &n, &scale, &fault) == CRM_PARSE_SYNTAX && fault.position == 17);
	CHECK(parse("{2024-01-01:1:5,}", days, &n, &scale, &fault) == CRM_PARSE_SYNTAX);
	CHECK(parse("", days, &n, &scale, &fault) == CRM_PARSE_SYNTAX && fault.position == 0);
	CHECK(parse("{2024-01-01:2147483648:5}", days, &n, &scale, &fault) == CRM_PARSE_ORDERS_RANGE);
	CHECK(parse("{2024-01-01:1:9223372036854775808}", days, &n, &scale, &fault) == CRM_PARSE_AMOUNT_RANGE);
	CHECK(parse("{2024-01-01:1:-9223372036854775808}", days, &n, &scale, &fault) == CRM_PARSE_OK);
	CHECK(parse("{2024-01-01:1:0.0000000000000000001}", days, &n, &scale, &fault) == CRM_PARSE_AMOUNT_RANGE);
	CHECK(parse("{2024-01-01:1:9223372036854775807,2024-01-02:1:0.1}", days, &n, &scale, &fault) == CRM_PARSE_AMOUNT_RANGE);

	/* the longest entry */
	CHECK(parse("{9999-12-31:2147483647:-9.223372036854775808}", days, &n, &scale, &fault) == CRM_PARSE_OK);
	crm_history_read(&reader, bytes, crm_history_pack(days, n, scale, bytes));
	CHECK(crm_history_print(reader, text) == CRM_HISTORY_OK && strlen(text) < crm_history_print_bound(1));
	CHECK(strcmp(text, "{9999-12-31:2147483647:-9.223372036854775808}") == 0);
}

static CrmHistoryDay
random_day(int spread)
{
	CrmHistoryDay d;

	d.day = (int32_t) (random_bits() % (uint64_t) spread) + 8000;
	d.amount = (int64_t) (random_bits() % 100000) - 10000;
	d.orders = d.amount >= 0 ? 1 : 0;
	if (random_bits() % 50 == 0)
		d.orders += 300;
	return d;
}

static int
compare_days(const void *a, const void *b)
{
	return ((const CrmHistoryDay *) a)->day - ((const CrmHistoryDay *) b)->day;
}

/* settle by qsort and plain sums: the oracle */
static size_t
plain_settle(CrmHistoryDay *days, size_t n)
{
	size_t		out = 0;

	qsort(days, n, sizeof(*days), compare_days);
	for (size_t i = 0; i < n; i++)
	{
		if (out > 0 && days[out - 1].day == days[i].day)
		{
			days[out - 1].orders += days[i].orders;
			days[out - 1].amount += days[i].amount;
		}
		else
			days[out++] = days[i];
	}
	n = out;
	out = 0;
	for (size_t i = 0; i < n; i++)
	{
		if (days[i].orders != 0 || days[i].amount != 0)
			days[out++] = days[i];
	}
	return out;
}

static void
test_random(void)
{
	static CrmHistoryDay a[MANY], b[MANY], oracle[2 * MANY], sum[2 * MANY];
	static uint8_t bytes[MANY * 24 + 16];

	for (int round = 0; round < 300; round++)
	{
		size_t		n = random_bits() % (round < 250 ? 40 : MANY);
		size_t		nb = random_bits() % 40;
		size_t		settled, settled_b, nsum, expected;
		int			spread = round % 3 == 0 ? 20 : 1200;
		CrmHistoryReader reader;

		for (size_t i = 0; i < n; i++)
			a[i] = oracle[i] = random_day(spread);
		CHECK(crm_history_settle(a, n, &settled) == CRM_HISTORY_OK);
		expected = plain_settle(oracle, n);
		CHECK(settled == expected && memcmp(a, oracle, settled * sizeof(*a)) == 0);

		crm_history_read(&reader, bytes, crm_history_pack(a, settled, 2, bytes));
		CHECK(reader.status == CRM_HISTORY_OK && reader.left == settled);
		CHECK(crm_history_unpack(&reader, oracle) == CRM_HISTORY_OK);
		CHECK(memcmp(a, oracle, settled * sizeof(*a)) == 0);

		/* a + b - b = a, and taking out what is not there is refused */
		for (size_t i = 0; i < nb; i++)
			b[i] = random_day(spread);
		CHECK(crm_history_settle(b, nb, &settled_b) == CRM_HISTORY_OK);
		CHECK(crm_history_combine(a, settled, b, settled_b, 1, sum, &nsum) == CRM_HISTORY_OK);
		CHECK(crm_history_combine(sum, nsum, b, settled_b, -1, oracle, &expected) == CRM_HISTORY_OK);
		CHECK(expected == settled && memcmp(a, oracle, settled * sizeof(*a)) == 0);
		if (settled_b > 0 && b[0].orders > 0)
			CHECK(crm_history_combine(NULL, 0, b, settled_b, -1, oracle, &expected) == CRM_HISTORY_UNDERFLOW);
	}
}

typedef union Block
{
	CrmHistoryState state;
	char		bytes[1 << 16];
} Block;

static Block block[2];

/* what the glue does: a state that always has room; *at says which block it is in and how long that is */
static CrmHistoryStatus
add(int *at, size_t *bytes, CrmHistoryDay entry, int scale)
{
	CrmHistoryStatus status;

	while ((status = crm_history_add(&block[*at].state, entry, scale)) == CRM_HISTORY_FULL)
	{
		CrmHistoryState *state = &block[*at].state;
		bool		wide;
		size_t		want = crm_history_state_room(state, *bytes, entry, &wide);

		if (want != *bytes || wide != (state->form == CRM_HISTORY_WIDE))
		{
			*at = !*at;
			*bytes = want;
			crm_history_state_init(&block[*at].state, want, wide);
			crm_history_state_move(state, &block[*at].state);
		}
		CHECK(crm_history_state_valid(&block[*at].state, *bytes));
	}
	return status;
}

static void
test_state(void)
{
	static CrmHistoryDay days[MANY], oracle[MANY];
	int			at = 0;
	size_t		bytes = CRM_HISTORY_STATE_MIN;
	CrmHistoryState *s = &block[0].state;
	size_t		n, expected;

	/* six rows fit the smallest state; a year of one day for ever stays small, as days are joined */
	crm_history_state_init(s, bytes, false);
	CHECK(s->capacity == 6);
	for (int i = 0; i < 6; i++)
		CHECK(add(&at, &bytes, (CrmHistoryDay) {8000, 1, 100}, 0) == CRM_HISTORY_OK);
	CHECK(at == 0 && bytes == CRM_HISTORY_STATE_MIN);
	for (int i = 0; i < 10000; i++)
	{
		if (add(&at, &bytes, (CrmHistoryDay) {8000, 1, 100}, 0) != CRM_HISTORY_OK)
			CHECK(!"add failed");
	}
	CHECK(bytes == 1024);
	s = &block[at].state;
	crm_history_state_days(s, days);
	CHECK(crm_history_settle(days, s->used, &n) == CRM_HISTORY_OK);
	CHECK(n == 1 && days[0].orders == 10006 && days[0].amount == 1000600);

	/* a larger scale takes the entries along; an amount too large for it is refused and nothing lost */
	CHECK(add(&at, &bytes, (CrmHistoryDay) {8001, 1, 12345}, 4) == CRM_HISTORY_OK);
	CHECK(add(&at, &bytes, (CrmHistoryDay) {8002, 1, INT64_MAX}, 2) == CRM_HISTORY_AMOUNT_RANGE);
	s = &block[at].state;
	crm_history_state_days(s, days);
	CHECK(crm_history_settle(days, s->used, &n) == CRM_HISTORY_OK);
	CHECK(s->scale == 4 && n == 2 && days[0].amount == INT64_C(10006000000) && days[1].amount == 12345);

	/* an entry, or a scale, too large for 48 bits makes the state wide */
	for (int which = 0; which < 3; which++)
	{
		at = 0;
		bytes = CRM_HISTORY_STATE_MIN;
		crm_history_state_init(&block[0].state, bytes, false);
		CHECK(add(&at, &bytes, (CrmHistoryDay) {-32768, 1, (INT64_C(1) << 47) - 1}, 2) == CRM_HISTORY_OK);
		CHECK(add(&at, &bytes, (CrmHistoryDay) {32767, 0, -(INT64_C(1) << 47)}, 2) == CRM_HISTORY_OK);
		CHECK(block[at].state.form == CRM_HISTORY_NARROW);
		CHECK(add(&at, &bytes, which == 0 ? (CrmHistoryDay) {32768, 1, 5} :
				  which == 1 ? (CrmHistoryDay) {8000, 1, INT64_C(1) << 47} : (CrmHistoryDay) {8000, 1, 50},
				  which == 2 ? 3 : 2) == CRM_HISTORY_OK);
		CHECK(block[at].state.form == CRM_HISTORY_WIDE && block[at].state.used == 3);
		crm_history_state_days(&block[at].state, days);
		CHECK(days[0].day == -32768 && days[0].orders == 1 && days[1].day == 32767 && days[1].orders == 0);
		CHECK(days[1].amount == -(INT64_C(1) << 47) * (which == 2 ? 10 : 1));
	}

	/* random rows, at random scales, against settle over all of them */
	for (int round = 0; round < 60; round++)
	{
		size_t		rows = random_bits() % 1000;

		at = 0;
		bytes = CRM_HISTORY_STATE_MIN;
		crm_history_state_init(&block[0].state, bytes, false);
		for (size_t i = 0; i < rows; i++)
		{
			int			scale = (int) (random_bits() % 3);

			oracle[i] = random_day(1200);
			CHECK(add(&at, &bytes, oracle[i], scale) == CRM_HISTORY_OK);
			oracle[i].amount *= crm_pow10[2 - scale];
		}
		CHECK(add(&at, &bytes, (CrmHistoryDay) {1, 1, 0}, 2) == CRM_HISTORY_OK);
		oracle[rows] = (CrmHistoryDay) {1, 1, 0};
		crm_history_state_days(&block[at].state, days);
		CHECK(crm_history_settle(days, block[at].state.used, &n) == CRM_HISTORY_OK);
		expected = plain_settle(oracle, rows + 1);
		CHECK(n == expected && memcmp(days, oracle, n * sizeof(*days)) == 0);
	}

	/* sums that overflow on the way are exact in the end */
	at = 0;
	bytes = CRM_HISTORY_STATE_MIN;
	crm_history_state_init(&block[0].state, bytes, false);
	for (int i = 0; i < 400; i++)
	{
		if (add(&at, &bytes, (CrmHistoryDay) {8000, i < 200, i < 200 ? INT64_MAX : -INT64_MAX}, 0) != CRM_HISTORY_OK)
			CHECK(!"add failed");
	}
	CHECK(add(&at, &bytes, (CrmHistoryDay) {8000, 1, 7}, 0) == CRM_HISTORY_OK);
	crm_history_state_days(&block[at].state, days);
	CHECK(crm_history_settle(days, block[at].state.used, &n) == CRM_HISTORY_OK);
	CHECK(n == 1 && days[0].orders == 201 && days[0].amount == 7);

	/* and what does not fit in the end is refused */
	days[0] = (CrmHistoryDay) {8000, 1, INT64_MAX};
	days[1] = (CrmHistoryDay) {8000, 1, 1};
	CHECK(crm_history_settle(days, 2, &n) == CRM_HISTORY_AMOUNT_RANGE);
	days[0] = (CrmHistoryDay) {8000, INT32_MAX, 1};
	days[1] = (CrmHistoryDay) {8000, 1, 1};
	CHECK(crm_history_settle(days, 2, &n) == CRM_HISTORY_ORDERS_RANGE);

	/* a scale that one amount cannot have leaves all of them as they are */
	days[0] = (CrmHistoryDay) {8000, 1, 5};
	days[1] = (CrmHistoryDay) {8001, 1, INT64_MAX};
	CHECK(crm_history_rescale(days, 2, 2, 3) == CRM_HISTORY_AMOUNT_RANGE);
	CHECK(days[0].amount == 5 && days[1].amount == INT64_MAX);
}

static void
test_liars(void)
{
	CrmHistoryDay days[4] = {{8000, 1, 3500}, {8040, 0, -200}, {8041, 7, 0}, {9000, 1, INT64_MIN}};
	uint8_t		good[128];
	size_t		length = crm_history_pack(days, 4, 2, good);
	CrmHistoryReader reader;
	CrmHistoryDay entry;
	size_t		n;

	/* what an open form on a damaged page may hold */
	entry = (CrmHistoryDay) {8000, -1, 5};
	CHECK(crm_history_settle(&entry, 1, &n) == CRM_HISTORY_CORRUPT);
	entry = (CrmHistoryDay) {CRM_LAST_DAY + 1, 1, 5};
	CHECK(crm_history_settle(&entry, 1, &n) == CRM_HISTORY_CORRUPT);
	entry = (CrmHistoryDay) {CRM_FIRST_DAY - 1, 1, 5};
	CHECK(crm_history_settle(&entry, 1, &n) == CRM_HISTORY_CORRUPT);

	/* every shorter message is corrupt, and so is a longer one */
	for (size_t cut = 0; cut <= length + 1; cut++)
	{
		uint8_t    *copy = malloc(cut + 1);

		memset(copy, 0, cut + 1);
		memcpy(copy, good, cut < length ? cut : length);
		crm_history_read(&reader, copy, cut);
		while (crm_history_next(&reader, &entry))
			;
		CHECK((reader.status == CRM_HISTORY_OK) == (cut == length));
		free(copy);
	}
	/* any change of a byte gives a value or a refusal, never more */
	for (int round = 0; round < 20000; round++)
	{
		uint8_t    *copy = malloc(length);

		memcpy(copy, good, length);
		for (int k = 0; k < 3; k++)
			copy[random_bits() % length] = (uint8_t) random_bits();
		crm_history_read(&reader, copy, length);
		while (crm_history_next(&reader, &entry))
		{
			if (entry.day < CRM_FIRST_DAY || entry.day > CRM_LAST_DAY || entry.orders < 0)
				CHECK(!"a day out of range was read");
		}
		free(copy);
	}
}

static void
test_median_and_equality(void)
{
	int64_t		gaps[] = {30, 1, 7, 9};
	CrmHistoryDay a[] = {{8000, 1, 150}, {8001, 1, 20}};
	CrmHistoryDay b[] = {{8000, 1, 1500}, {8001, 1, 200}};
	uint8_t		pa[64], pb[64];
	CrmHistoryReader ra, rb;

	CHECK(crm_median_twice(gaps, 0) == -1);
	CHECK(crm_median_twice(gaps, 4) == 16); /* (7 + 9) / 2 = 8 */
	CHECK(crm_median_twice(gaps, 3) == 14); /* sorted: 1 7 9 */
	crm_history_read(&ra, pa, crm_history_pack(a, 2, 2, pa));
	crm_history_read(&rb, pb, crm_history_pack(b, 2, 3, pb));
	CHECK(crm_history_equal(ra, rb));
	CHECK(crm_history_idle_decimals(ra) == 1 && crm_history_idle_decimals(rb) == 2);
	b[1].amount++;
	crm_history_read(&rb, pb, crm_history_pack(b, 2, 3, pb));
	CHECK(!crm_history_equal(ra, rb));
}

int
main(void)
{
	test_calendar();
	test_text();
	test_random();
	test_state();
	test_liars();
	test_median_and_equality();
	return DONE();
}
