/*
 * src/core/history.c
 *
 * Packing, reading, collecting and combining purchase histories (history.h
 * has the forms and what must stay true).
 */
#include "core/history.h"

#include <string.h>

/*
 * Varints
 */
#define VARINT_MAX 10

static inline uint8_t *
put_varint(uint8_t *p, uint64_t v)
{
	while (v >= 0x80)
	{
		*p++ = (uint8_t) (v | 0x80);
		v >>= 7;
	}
	*p++ = (uint8_t) v;
	return p;
}

/* the rest of a varint whose first byte says that there is more; NULL where it ends or is no shortest form of 64 bits */
static const uint8_t *
get_long_varint(const uint8_t *p, const uint8_t *end, uint64_t *v)
{
	uint64_t	result = *p & 0x7F;
	int			shift = 7;

	while (*p & 0x80)
	{
		if (++p >= end || shift > 63 || (shift == 63 && *p > 1) || *p == 0)
			return NULL;
		result |= (uint64_t) (*p & 0x7F) << shift;
		shift += 7;
	}
	*v = result;
	return p + 1;
}

/* NULL as above; the usual lengths, 1 to 3 bytes, without a loop */
static inline const uint8_t *
get_varint(const uint8_t *p, const uint8_t *end, uint64_t *v)
{
	if (end - p >= 3)
	{
		if (p[0] < 0x80)
		{
			*v = p[0];
			return p + 1;
		}
		if (p[1] < 0x80 && p[1] != 0)
		{
			*v = (uint64_t) (p[0] & 0x7F) | (uint64_t) p[1] << 7;
			return p + 2;
		}
		if (p[1] >= 0x80 && p[2] < 0x80 && p[2] != 0)
		{
			*v = (uint64_t) (p[0] & 0x7F) | (uint64_t) (p[1] & 0x7F) << 7 | (uint64_t) p[2] << 14;
			return p + 3;
		}
	}
	return p < end ? get_long_varint(p, end, v) : NULL;
}

static inline uint64_t
zigzag(int64_t v)
{
	return ((uint64_t) v << 1) ^ (uint64_t) (v >> 63);
}

static inline int64_t
unzigzag(uint64_t v)
{
	return (int64_t) (v >> 1) ^ -(int64_t) (v & 1);
}

/*
 * Packed form
 */
enum
{
	TAG_ONE, TAG_NONE, TAG_MANY
};

size_t
crm_history_pack_bound(size_t n)
{
	/* a gap has at most 34 bits with its tag, a number of orders 31 */
	return CRM_HISTORY_PACKED_HEADER + 5 + n * (5 + 5 + VARINT_MAX);
}

size_t
crm_history_pack(const CrmHistoryDay *days, size_t n, int scale, uint8_t *out)
{
	uint8_t    *p = out;
	int64_t		previous = 0;

	*p++ = CRM_HISTORY_PACKED;
	*p++ = (uint8_t) (n == 0 ? 0 : scale);
	p = put_varint(p, n);
	for (size_t i = 0; i < n; i++)
	{
		uint64_t	gap = i == 0 ? zigzag(days[i].day) : (uint64_t) (days[i].day - previous - 1);
		int			tag = days[i].orders == 1 ? TAG_ONE : days[i].orders == 0 ? TAG_NONE : TAG_MANY;

		p = put_varint(p, gap << 2 | (uint64_t) tag);
		if (tag == TAG_MANY)
			p = put_varint(p, (uint64_t) days[i].orders);
		p = put_varint(p, zigzag(days[i].amount));
		previous = days[i].day;
	}
	return (size_t) (p - out);
}

void
crm_history_read(CrmHistoryReader *reader, const uint8_t *data, size_t length)
{
	uint64_t	n = 0;

	memset(reader, 0, sizeof(*reader));
	reader->status = CRM_HISTORY_CORRUPT;
	reader->first = true;
	reader->end = data + length;
	if (length < CRM_HISTORY_PACKED_HEADER + 1 || data[0] != CRM_HISTORY_PACKED || data[1] > CRM_MAX_SCALE)
		return;
	reader->scale = data[1];
	reader->next = get_varint(data + CRM_HISTORY_PACKED_HEADER, reader->end, &n);
	/* a day takes two bytes or more, so a lying count is found before anyone allocates for it */
	if (reader->next == NULL || n > (uint64_t) (reader->end - reader->next) / 2)
		return;
	if (n == 0 && (reader->next != reader->end || reader->scale != 0))
		return;
	reader->left = (uint32_t) n;
	reader->status = CRM_HISTORY_OK;
}

/* the day at p, which comes after `previous` or is the first; NULL for corrupt bytes */
static inline const uint8_t *
get_day(const uint8_t *p, const uint8_t *end, bool first, int64_t previous, CrmHistoryDay *day)
{
	uint64_t	head;
	uint64_t	orders = 1;
	uint64_t	amount;
	int64_t		number;

	p = get_varint(p, end, &head);
	if (p == NULL || head >> 2 > 2 * (uint64_t) (CRM_LAST_DAY - CRM_FIRST_DAY))
		return NULL;
	number = first ? unzigzag(head >> 2) : previous + 1 + (int64_t) (head >> 2);
	if (number < CRM_FIRST_DAY || number > CRM_LAST_DAY)
		return NULL;
	if ((head & 3) != TAG_ONE)
	{
		orders = 0;
		if ((head & 3) == TAG_MANY)
		{
			p = get_varint(p, end, &orders);
			if (p == NULL || orders < 2 || orders > INT32_MAX)
				return NULL;
		}
		else if ((head & 3) != TAG_NONE)
			return NULL;
	}
	p = get_varint(p, end, &amount);
	if (p == NULL || (orders == 0 && amount == 0))
		return NULL;
	day->day = (int32_t) number;
	day->orders = (int32_t) orders;
	day->amount = unzigzag(amount);
	return p;
}

bool
crm_history_next(CrmHistoryReader *reader, CrmHistoryDay *day)
{
	const uint8_t *p;

	if (reader->left == 0 || reader->status != CRM_HISTORY_OK)
		return false;
	p = get_day(reader->next, reader->end, reader->first, reader->day, day);
	reader->left--;
	if (p == NULL || (reader->left == 0 && p != reader->end))
	{
		reader->status = CRM_HISTORY_CORRUPT;
		return false;
	}
	reader->next = p;
	reader->first = false;
	reader->day = day->day;
	return true;
}

CrmHistoryStatus
crm_history_total(CrmHistoryReader reader, int64_t from, int64_t to, CrmHistoryTotal *total)
{
	const uint8_t *p = reader.next;
	bool		first = true;
	CrmHistoryDay day = {0, 0, 0};

	memset(total, 0, sizeof(*total));
	for (uint32_t left = reader.left; left > 0; left--)
	{
		p = get_day(p, reader.end, first, day.day, &day);
		if (p == NULL || (left == 1 && p != reader.end))
			return CRM_HISTORY_CORRUPT;
		first = false;
		if (day.day < from)
			continue;
		if (day.day > to)
			break;
		total->amount += day.amount;
		if (day.orders > 0)
		{
			if (total->days == 0)
				total->first_day = day.day;
			total->last_day = day.day;
			total->days++;
			total->orders += day.orders;
		}
	}
	return reader.status;
}

CrmHistoryStatus
crm_history_unpack(CrmHistoryReader *reader, CrmHistoryDay *days)
{
	while (crm_history_next(reader, days))
		days++;
	return reader->status;
}

/*
 * Sorting: radix exchange on the highest bit in which two days differ, in
 * place.  It has no bad case (32 levels at the most, about 11 for the days of
 * a few years) and needs no memory.
 */
static inline void
swap_days(CrmHistoryDay *a, CrmHistoryDay *b)
{
	CrmHistoryDay t = *a;

	*a = *b;
	*b = t;
}

static void
sort_by_insertion(CrmHistoryDay *days, size_t n)
{
	for (size_t i = 1; i < n; i++)
	{
		CrmHistoryDay entry = days[i];
		size_t		j = i;

		while (j > 0 && days[j - 1].day > entry.day)
		{
			days[j] = days[j - 1];
			j--;
		}
		days[j] = entry;
	}
}

/* days as unsigned with the sign bit flipped, so that bits sort as numbers do */
#define SORT_KEY(d) ((uint32_t) (d).day ^ UINT32_C(0x80000000))

static void
sort_days(CrmHistoryDay *days, size_t n)
{
	while (n > 24)
	{
		uint32_t	differ = 0;
		uint32_t	bit;
		size_t		low = 0;
		size_t		high = n;

		for (size_t i = 1; i < n; i++)
			differ |= SORT_KEY(days[i]) ^ SORT_KEY(days[0]);
		if (differ == 0)
			return;
		bit = UINT32_C(1) << (31 - __builtin_clz(differ));
		while (low < high)
		{
			if (SORT_KEY(days[low]) & bit)
				swap_days(&days[low], &days[--high]);
			else
				low++;
		}
		sort_days(days, low);
		days += low;
		n -= low;
	}
	sort_by_insertion(days, n);
}

static void
sort_unless_sorted(CrmHistoryDay *days, size_t n)
{
	for (size_t i = 1; i < n; i++)
	{
		if (days[i].day < days[i - 1].day)
		{
			sort_days(days, n);
			return;
		}
	}
}

CrmHistoryStatus
crm_history_settle(CrmHistoryDay *days, size_t n, size_t *settled)
{
	size_t		out = 0;

	sort_unless_sorted(days, n);
	for (size_t i = 0; i < n;)
	{
		int32_t		day = days[i].day;
		int64_t		orders = 0;
		crm_int128	amount = 0;

		for (; i < n && days[i].day == day; i++)
		{
			orders += days[i].orders;
			amount += days[i].amount;
		}
		/* nobody adds such entries, but a damaged open form may hold them */
		if (orders < 0 || day < CRM_FIRST_DAY || day > CRM_LAST_DAY)
			return CRM_HISTORY_CORRUPT;
		if (orders > INT32_MAX)
			return CRM_HISTORY_ORDERS_RANGE;
		if (amount > INT64_MAX || amount < INT64_MIN)
			return CRM_HISTORY_AMOUNT_RANGE;
		if (orders == 0 && amount == 0)
			continue;
		days[out].day = day;
		days[out].orders = (int32_t) orders;
		days[out].amount = (int64_t) amount;
		out++;
	}
	*settled = out;
	return CRM_HISTORY_OK;
}

CrmHistoryStatus
crm_history_rescale(CrmHistoryDay *days, size_t n, int from, int to)
{
	int64_t		amount;

	if (from == to)
		return CRM_HISTORY_OK;
	for (size_t i = 0; i < n; i++)
	{
		if (!crm_rescale(days[i].amount, from, to, &amount))
			return CRM_HISTORY_AMOUNT_RANGE;
	}
	for (size_t i = 0; i < n; i++)
		days[i].amount *= crm_pow10[to - from];
	return CRM_HISTORY_OK;
}

/*
 * Open form
 */
static inline CrmHistoryDay *
wide_entries(const CrmHistoryState *state)
{
	return (CrmHistoryDay *) state->entries;
}

static inline CrmHistoryDay
narrow_entry(int64_t entry)
{
	CrmHistoryDay day;

	day.day = (int16_t) entry;
	day.amount = entry >> 16;
	day.orders = day.amount >= 0;
	return day;
}

static uint32_t
state_capacity(size_t bytes, bool wide)
{
	size_t		room = (bytes - sizeof(CrmHistoryState)) / (wide ? sizeof(CrmHistoryDay) : sizeof(int64_t));

	return room > UINT32_MAX ? UINT32_MAX : (uint32_t) room;
}

void
crm_history_state_init(CrmHistoryState *state, size_t bytes, bool wide)
{
	state->form = wide ? CRM_HISTORY_WIDE : CRM_HISTORY_NARROW;
	state->scale = 0;
	state->reserved = 0;
	state->used = 0;
	state->capacity = state_capacity(bytes, wide);
}

bool
crm_history_state_valid(const CrmHistoryState *state, size_t bytes)
{
	return bytes >= CRM_HISTORY_STATE_MIN &&
		(state->form == CRM_HISTORY_NARROW || state->form == CRM_HISTORY_WIDE) &&
		state->scale <= CRM_MAX_SCALE && state->used <= state->capacity &&
		state->capacity == state_capacity(bytes, state->form == CRM_HISTORY_WIDE);
}

void
crm_history_state_days(const CrmHistoryState *state, CrmHistoryDay *days)
{
	if (state->form == CRM_HISTORY_WIDE)
		memcpy(days, state->entries, state->used * sizeof(CrmHistoryDay));
	else
	{
		for (uint32_t i = 0; i < state->used; i++)
			days[i] = narrow_entry(state->entries[i]);
	}
}

void
crm_history_state_move(const CrmHistoryState *from, CrmHistoryState *to)
{
	to->scale = from->scale;
	to->used = from->used;
	if (to->form == CRM_HISTORY_WIDE)
		crm_history_state_days(from, wide_entries(to));
	else
		memcpy(to->entries, from->entries, from->used * sizeof(int64_t));
}

/* sorts wide entries by day and joins those of one day where the sum fits */
static void
join_days(CrmHistoryState *state)
{
	CrmHistoryDay *days = wide_entries(state);
	uint32_t	out = 0;

	sort_unless_sorted(days, state->used);
	for (uint32_t i = 0; i < state->used; i++)
	{
		int32_t		orders;
		int64_t		amount;

		/* a sum that does not fit may fit again with what is still to come */
		if (out > 0 && days[out - 1].day == days[i].day &&
			!__builtin_add_overflow(days[out - 1].orders, days[i].orders, &orders) &&
			!__builtin_add_overflow(days[out - 1].amount, days[i].amount, &amount))
		{
			days[out - 1].orders = orders;
			days[out - 1].amount = amount;
		}
		else
			days[out++] = days[i];
	}
	state->used = out;
}

size_t
crm_history_state_room(CrmHistoryState *state, size_t bytes, CrmHistoryDay entry, bool *wide)
{
	if (state->form == CRM_HISTORY_NARROW)
	{
		*wide = !crm_history_fits_narrow(entry) || bytes >= CRM_HISTORY_NARROW_MAX;
		if (!*wide)
			return bytes * 2;
		/* twice the width of what is used, and one more */
		while (state_capacity(bytes, true) <= state->used)
			bytes *= 2;
		return bytes;
	}
	*wide = true;
	join_days(state);
	return state->used <= state->capacity / 2 ? bytes : bytes * 2;
}

static CrmHistoryStatus
rescale_state(CrmHistoryState *state, int scale)
{
	if (state->form == CRM_HISTORY_WIDE)
	{
		CrmHistoryStatus status = crm_history_rescale(wide_entries(state), state->used, state->scale, scale);

		if (status != CRM_HISTORY_OK)
			return status;
	}
	else
	{
		/* first see whether all of them stay narrow */
		for (int pass = 0; pass < 2; pass++)
		{
			for (uint32_t i = 0; i < state->used; i++)
			{
				CrmHistoryDay day = narrow_entry(state->entries[i]);

				if (!crm_rescale(day.amount, state->scale, scale, &day.amount))
					return CRM_HISTORY_AMOUNT_RANGE;
				if (!crm_history_fits_narrow(day))
					return CRM_HISTORY_FULL;
				if (pass == 1)
					state->entries[i] = (int64_t) ((uint64_t) day.amount << 16 | (uint16_t) day.day);
			}
		}
	}
	state->scale = (uint8_t) scale;
	return CRM_HISTORY_OK;
}

CrmHistoryStatus
crm_history_add_slow(CrmHistoryState *state, CrmHistoryDay entry, int scale)
{
	CrmHistoryStatus status;

	if (scale < state->scale && !crm_rescale(entry.amount, scale, state->scale, &entry.amount))
		return CRM_HISTORY_AMOUNT_RANGE;
	if (state->used == state->capacity)
		return CRM_HISTORY_FULL;
	if (state->form == CRM_HISTORY_NARROW && !crm_history_fits_narrow(entry))
		return CRM_HISTORY_FULL;
	if (scale > state->scale)
	{
		status = rescale_state(state, scale);
		if (status != CRM_HISTORY_OK)
			return status;
	}
	if (state->form == CRM_HISTORY_NARROW)
		state->entries[state->used++] = (int64_t) ((uint64_t) entry.amount << 16 | (uint16_t) entry.day);
	else
		wide_entries(state)[state->used++] = entry;
	return CRM_HISTORY_OK;
}

/*
 * Operations
 */
CrmHistoryStatus
crm_history_combine(const CrmHistoryDay *a, size_t na,
					const CrmHistoryDay *b, size_t nb, int sign,
					CrmHistoryDay *out, size_t *nout)
{
	size_t		i = 0;
	size_t		j = 0;
	size_t		n = 0;

	while (i < na || j < nb)
	{
		bool		from_a = i < na && (j >= nb || a[i].day <= b[j].day);
		bool		from_b = j < nb && (i >= na || b[j].day <= a[i].day);
		int64_t		orders = 0;
		crm_int128	amount = 0;
		int32_t		day = from_a ? a[i].day : b[j].day;

		if (from_a)
		{
			orders = a[i].orders;
			amount = a[i].amount;
			i++;
		}
		if (from_b)
		{
			orders += (int64_t) sign * b[j].orders;
			amount += (crm_int128) sign * b[j].amount;
			j++;
		}
		if (orders < 0)
			return CRM_HISTORY_UNDERFLOW;
		if (orders > INT32_MAX)
			return CRM_HISTORY_ORDERS_RANGE;
		if (amount > INT64_MAX || amount < INT64_MIN)
			return CRM_HISTORY_AMOUNT_RANGE;
		if (orders == 0 && amount == 0)
			continue;
		out[n].day = day;
		out[n].orders = (int32_t) orders;
		out[n].amount = (int64_t) amount;
		n++;
	}
	*nout = n;
	return CRM_HISTORY_OK;
}

bool
crm_history_equal(CrmHistoryReader a, CrmHistoryReader b)
{
	int			scale = a.scale > b.scale ? a.scale : b.scale;
	crm_int128	factor_a = crm_pow10[scale - a.scale];
	crm_int128	factor_b = crm_pow10[scale - b.scale];
	CrmHistoryDay x;
	CrmHistoryDay y;

	if (a.left != b.left)
		return false;
	while (crm_history_next(&a, &x) && crm_history_next(&b, &y))
	{
		if (x.day != y.day || x.orders != y.orders || x.amount * factor_a != y.amount * factor_b)
			return false;
	}
	return a.left == 0 && b.left == 0;
}

int
crm_history_idle_decimals(CrmHistoryReader reader)
{
	int			idle = reader.scale;
	CrmHistoryDay day;

	while (idle > 0 && crm_history_next(&reader, &day))
	{
		while (day.amount % crm_pow10[idle] != 0)
			idle--;
	}
	return idle;
}

/* heapsort: in place, no bad case, and a member has some ten gaps */
static void
sift_down(int64_t *v, size_t root, size_t n)
{
	for (;;)
	{
		size_t		child = 2 * root + 1;
		int64_t		t;

		if (child >= n)
			return;
		if (child + 1 < n && v[child + 1] > v[child])
			child++;
		if (v[root] >= v[child])
			return;
		t = v[root];
		v[root] = v[child];
		v[child] = t;
		root = child;
	}
}

int64_t
crm_median_twice(int64_t *gaps, size_t n)
{
	if (n == 0)
		return -1;
	for (size_t i = n / 2; i-- > 0;)
		sift_down(gaps, i, n);
	for (size_t end = n; end-- > 1;)
	{
		int64_t		t = gaps[0];

		gaps[0] = gaps[end];
		gaps[end] = t;
		sift_down(gaps, 0, end);
	}
	return n % 2 == 1 ? 2 * gaps[n / 2] : gaps[n / 2 - 1] + gaps[n / 2];
}
