/*
 * fuzz/fuzz_history_state.c
 *
 * The open form, state of the aggregates: entries in any order, of any width
 * and scale, against sums of 128 bits; and blocks of arbitrary bytes.
 *
 * Input: a first byte of 0 takes the rest as a block; otherwise entries follow,
 * each a byte that says what the others mean.
 */
#include "core/history.h"

#include "fuzz.h"

#define MOST 400				/* entries */

typedef struct Entry
{
	CrmHistoryDay day;
	int			scale;
	bool		split;			/* went to the second of two states */
} Entry;

static CrmHistoryState *
new_state(size_t bytes, bool wide)
{
	CrmHistoryState *state = room_for(bytes);

	state->length_word = (int32_t) bytes;
	crm_history_state_init(state, bytes, wide);
	return state;
}

static CrmHistoryStatus
add(CrmHistoryState **state, CrmHistoryDay entry, int scale)
{
	CrmHistoryStatus status;
	int			turns = 0;

	while ((status = crm_history_add(*state, entry, scale)) == CRM_HISTORY_FULL)
	{
		size_t		old = (size_t) (*state)->length_word;
		bool		wide;
		size_t		bytes = crm_history_state_room(*state, old, entry, &wide);

		MUST(bytes >= old && turns++ < 40);
		if (bytes != old || wide != ((*state)->form == CRM_HISTORY_WIDE))
		{
			CrmHistoryState *larger = new_state(bytes, wide);

			MUST((bytes & (bytes - 1)) == 0);
			crm_history_state_move(*state, larger);
			free(*state);
			*state = larger;
		}
		MUST(crm_history_state_valid(*state, bytes));
	}
	MUST(crm_history_state_valid(*state, (size_t) (*state)->length_word));
	return status;
}

static crm_int128
at_scale(const Entry *entry, int scale)
{
	return (crm_int128) entry->day.amount * crm_pow10[scale - entry->scale];
}

/*
 * Whether the amounts of one day in a state come near the end of int64 at the
 * largest scale: only then may one be refused.
 */
static bool
may_overflow(const Entry *entries, size_t n, bool of_both, bool split)
{
	int			scale = 0;

	for (size_t i = 0; i < n; i++)
	{
		if ((of_both || entries[i].split == split) && entries[i].scale > scale)
			scale = entries[i].scale;
	}
	for (size_t i = 0; i < n; i++)
	{
		unsigned __int128 sum = 0;

		for (size_t j = 0; j < n; j++)
		{
			if (entries[j].day.day == entries[i].day.day && (of_both || entries[j].split == split))
			{
				crm_int128	amount = at_scale(&entries[j], scale);

				sum += (unsigned __int128) (amount < 0 ? -amount : amount);
			}
		}
		if (sum > INT64_MAX)
			return true;
	}
	return false;
}

/* the settled days of a state against the plain sums of the entries */
static void
check_days(const CrmHistoryState *state, const Entry *entries, size_t n)
{
	CrmHistoryDay *days = room_for(state->used * sizeof(CrmHistoryDay));
	CrmHistoryStatus status;
	size_t		settled;
	size_t		covered = 0;

	crm_history_state_days(state, days);
	status = crm_history_settle(days, state->used, &settled);
	for (size_t i = 0; i < n; i++)
	{
		int64_t		orders = 0;
		crm_int128	amount = 0;
		size_t		at = 0;
		bool		first = true;

		for (size_t j = 0; j < n; j++)
		{
			if (entries[j].day.day == entries[i].day.day)
			{
				first = first && j >= i;
				orders += entries[j].day.orders;
				amount += at_scale(&entries[j], state->scale);
			}
		}
		if (!first)
			continue;
		if (orders > INT32_MAX || amount > INT64_MAX || amount < INT64_MIN)
		{
			MUST(status == CRM_HISTORY_ORDERS_RANGE || status == CRM_HISTORY_AMOUNT_RANGE);
			free(days);
			return;
		}
		if (status != CRM_HISTORY_OK)
			continue;
		while (at < settled && days[at].day != entries[i].day.day)
			at++;
		if (orders == 0 && amount == 0)
			MUST(at == settled);
		else
		{
			MUST(at < settled && days[at].orders == orders && days[at].amount == amount);
			covered++;
		}
	}
	MUST(status == CRM_HISTORY_OK && covered == settled);
	for (size_t i = 1; i < settled; i++)
		MUST(days[i - 1].day < days[i].day);
	free(days);
}

static void
fold_entries(Input *input)
{
	static Entry entries[MOST];
	CrmHistoryState *state = new_state(CRM_HISTORY_STATE_MIN, false);
	CrmHistoryState *other = new_state(CRM_HISTORY_STATE_MIN, false);
	size_t		n = 0;
	bool		split = false;

	while (input->left > 0 && n < MOST)
	{
		int			how = (int) take(input, 1);
		Entry	   *entry = &entries[n];
		CrmHistoryStatus status;

		split = split || (how & 0x80) != 0;
		switch (how & 3)
		{
			case 0:
				entry->day.day = (int8_t) take(input, 1);
				break;
			case 1:
				entry->day.day = (int16_t) take(input, 2);
				break;
			default:
				entry->day.day = CRM_FIRST_DAY + (int32_t) (take(input, 3) % CRM_ALL_DAYS);
		}
		switch (how >> 2 & 3)
		{
			case 0:
				entry->day.amount = (int16_t) take(input, 2);
				break;
			case 1:
				entry->day.amount = (int64_t) (take(input, 6) << 16) >> 16;
				break;
			case 2:
				entry->day.amount = (int64_t) take(input, 8);
				break;
			default:
				entry->day.amount = (take(input, 1) & 1) ? INT64_MAX : INT64_MIN;
		}
		entry->day.orders = entry->day.amount >= 0;
		if ((how & 0x30) == 0x30)
			entry->day.orders = (int32_t) (take(input, 4) & INT32_MAX);
		entry->scale = (how & 0x40) ? (int) take(input, 1) % (CRM_MAX_SCALE + 1) : 2;

		entry->split = split;

		status = add(split ? &other : &state, entry->day, entry->scale);
		MUST(status == CRM_HISTORY_OK || status == CRM_HISTORY_AMOUNT_RANGE);
		if (status == CRM_HISTORY_OK)
			n++;
		else					/* nothing was added, or so it must turn out */
			MUST(may_overflow(entries, n + 1, false, split));
	}

	/* as the combine function does */
	if (other->used > 0)
	{
		CrmHistoryDay *days = room_for(other->used * sizeof(CrmHistoryDay));

		crm_history_state_days(other, days);
		for (uint32_t i = 0; i < other->used; i++)
		{
			if (add(&state, days[i], other->scale) != CRM_HISTORY_OK)
			{
				MUST(may_overflow(entries, n, true, false));
				n = 0;
				break;
			}
		}
		free(days);
	}
	if (n > 0)
		check_days(state, entries, n);
	free(state);
	free(other);
}

/* a block that a reader was given as a state: refused, or packed within the bound */
static void
read_block(const uint8_t *data, size_t size)
{
	CrmHistoryState *state = room_for(size);
	CrmHistoryReader reader;
	CrmHistoryDay *days;
	uint8_t    *bytes;
	size_t		n;

	memcpy(state, data, size);
	if (crm_history_state_valid(state, size))
	{
		days = room_for(state->used * sizeof(CrmHistoryDay));
		crm_history_state_days(state, days);
		if (crm_history_settle(days, state->used, &n) == CRM_HISTORY_OK)
		{
			bytes = room_for(crm_history_pack_bound(n));
			crm_history_read(&reader, bytes, crm_history_pack(days, n, state->scale, bytes));
			MUST(crm_history_unpack(&reader, days) == CRM_HISTORY_OK);
			free(bytes);
		}
		free(days);
	}
	free(state);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Input		input = {data, size};

	if (take(&input, 1) != 0)
		fold_entries(&input);
	else if (input.left >= sizeof(CrmHistoryState))
		read_block(input.next, input.left);
	return 0;
}
