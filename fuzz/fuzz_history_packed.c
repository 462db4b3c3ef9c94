/*
 * fuzz/fuzz_history_packed.c
 *
 * The stored form of a purchase history: any bytes are found corrupt or are
 * the one form of what they hold.
 *
 * Input: two packed histories, the first as long as the first byte says.  What
 * can be read must pack to the very same bytes, have the totals that its days
 * add up to, and survive +, - and ==.
 */
#include "core/history.h"

#include "fuzz.h"

typedef struct History
{
	CrmHistoryReader reader;	/* not read from */
	CrmHistoryDay *days;
	size_t		n;
} History;

static void
check_totals(const History *h, int64_t from, int64_t to)
{
	CrmHistoryTotal total;
	int64_t		orders = 0;
	crm_int128	amount = 0;
	int32_t		days = 0;
	int32_t		first = 0;
	int32_t		last = 0;

	MUST(crm_history_total(h->reader, from, to, &total) == CRM_HISTORY_OK);
	for (size_t i = 0; i < h->n; i++)
	{
		if (h->days[i].day < from || h->days[i].day > to)
			continue;
		amount += h->days[i].amount;
		orders += h->days[i].orders;
		if (h->days[i].orders > 0)
		{
			first = days++ == 0 ? h->days[i].day : first;
			last = h->days[i].day;
		}
	}
	MUST(total.orders == orders && total.amount == amount && total.days == days);
	MUST(days == 0 || (total.first_day == first && total.last_day == last));
}

static void
check_median(const History *h)
{
	int64_t    *gaps = room_for(h->n * sizeof(int64_t));
	size_t		n = 0;
	int64_t		twice;
	size_t		below = 0;
	size_t		above = 0;

	for (size_t i = 1; i < h->n; i++)
		gaps[n++] = h->days[i].day - h->days[i - 1].day;
	twice = crm_median_twice(gaps, n);
	MUST((n == 0) == (twice == -1));
	for (size_t i = 0; i < n; i++)
	{
		below += 2 * gaps[i] < twice;
		above += 2 * gaps[i] > twice;
		MUST(i == 0 || gaps[i - 1] <= gaps[i]);
	}
	MUST(2 * below <= n && 2 * above <= n);
	free(gaps);
}

static bool
read_history(const uint8_t *data, size_t size, History *h)
{
	CrmHistoryReader reader;
	uint8_t    *bytes;
	size_t		length;

	h->days = NULL;
	crm_history_read(&h->reader, data, size);
	if (h->reader.status != CRM_HISTORY_OK)
		return false;
	h->n = h->reader.left;
	h->days = room_for(h->n * sizeof(CrmHistoryDay));
	reader = h->reader;
	if (crm_history_unpack(&reader, h->days) != CRM_HISTORY_OK)
	{
		CrmHistoryTotal total;

		MUST(crm_history_total(h->reader, INT64_MIN, INT64_MAX, &total) == CRM_HISTORY_CORRUPT);
		(void) crm_history_equal(h->reader, h->reader);
		(void) crm_history_idle_decimals(h->reader);
		return false;
	}
	for (size_t i = 0; i < h->n; i++)
	{
		const CrmHistoryDay *day = &h->days[i];

		MUST(day->day >= CRM_FIRST_DAY && day->day <= CRM_LAST_DAY && (i == 0 || day->day > day[-1].day));
		MUST(day->orders >= 0 && (day->orders > 0 || day->amount != 0));
	}
	bytes = room_for(crm_history_pack_bound(h->n));
	length = crm_history_pack(h->days, h->n, h->reader.scale, bytes);
	MUST(length == size && memcmp(bytes, data, size) == 0);
	free(bytes);
	return true;
}

/* a + b - b is a, and every difference has an end */
static void
check_sum(const History *a, const History *b)
{
	size_t		room = (a->n + b->n) * sizeof(CrmHistoryDay);
	CrmHistoryDay *sum = room_for(room);
	CrmHistoryDay *back = room_for(room + b->n * sizeof(CrmHistoryDay));
	size_t		nsum;
	size_t		nback;

	if (crm_history_combine(a->days, a->n, b->days, b->n, 1, sum, &nsum) == CRM_HISTORY_OK)
	{
		MUST(crm_history_combine(sum, nsum, b->days, b->n, -1, back, &nback) == CRM_HISTORY_OK);
		MUST(nback == a->n);
		for (size_t i = 0; i < nback; i++)
			MUST(back[i].day == a->days[i].day && back[i].orders == a->days[i].orders && back[i].amount == a->days[i].amount);
	}
	if (crm_history_combine(a->days, a->n, b->days, b->n, -1, sum, &nsum) == CRM_HISTORY_OK)
		MUST(nsum <= a->n + b->n);
	free(sum);
	free(back);
}

static void
check_equality(const History *a, const History *b)
{
	int			to = a->reader.scale > b->reader.scale ? a->reader.scale : b->reader.scale;
	bool		same = a->n == b->n;

	for (size_t i = 0; same && i < a->n; i++)
		same = a->days[i].day == b->days[i].day && a->days[i].orders == b->days[i].orders &&
			(crm_int128) a->days[i].amount * crm_pow10[to - a->reader.scale] ==
			(crm_int128) b->days[i].amount * crm_pow10[to - b->reader.scale];
	MUST(crm_history_equal(a->reader, b->reader) == same);
	MUST(crm_history_equal(b->reader, a->reader) == same);
	MUST(crm_history_equal(a->reader, a->reader));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Input		input = {data, size};
	size_t		first = (size_t) take(&input, 1);
	History		a;
	History		b;
	bool		reads_a;
	bool		reads_b;

	if (first > input.left)
		first = input.left;
	reads_a = read_history(input.next, first, &a);
	reads_b = read_history(input.next + first, input.left - first, &b);
	if (reads_a)
	{
		int			idle = crm_history_idle_decimals(a.reader);

		MUST(idle >= 0 && idle <= a.reader.scale);
		check_totals(&a, INT64_MIN, INT64_MAX);
		check_median(&a);
		if (a.n > 0)
			check_totals(&a, a.days[a.n / 3].day, a.days[a.n / 2].day);
	}
	if (reads_a && reads_b)
	{
		check_equality(&a, &b);
		check_sum(&a, &b);
	}
	free(a.days);
	free(b.days);
	return 0;
}
