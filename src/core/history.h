/*
 * src/core/history.h
 *
 * The purchase history of one member: the days on which the member bought,
 * with the number of orders and the net amount of each.
 *
 * It has two forms.  Both begin with a 4-byte length word that belongs to the
 * caller (PostgreSQL's varlena header), then
 *
 *   byte 0   version (high nibble, 1) and form (low nibble, 0 packed, 1 open)
 *   byte 1   scale of all amounts, 0 to CRM_MAX_SCALE
 *
 * Packed, the form that is stored, goes on with
 *
 *   varint   number of days n
 *   n times  varint (gap << 2 | tag), for tag 2 a varint of orders, and a
 *            zigzag varint of the amount in units of 10^-scale
 *
 * gap is, for the first day, the zigzag code of its number (days since
 * 2000-01-01), later the number of days strictly between it and the one
 * before.  tag 0 means one order, tag 1 none (a day of refunds alone), tag 2
 * two or more.  Varints are little-endian base 128 in the shortest form.
 *
 * Open, the state of the aggregates, is the struct CrmHistoryState: fixed-width
 * entries in the order of their arrival in a block whose length is a power of
 * two.  Entries are narrow (8 bytes: one row, day in 16 bits, amount in 48) as
 * long as all of them fit and the block is small, then wide (16 bytes): an
 * aggregation over many members is bound by cache misses, and most members
 * have few purchases.  A reader must accept all forms.
 *
 * What must stay true: days ascend strictly in the packed form; orders >= 0;
 * no entry has 0 orders and amount 0; an empty history has scale 0; the same
 * entries in any order give the same packed bytes.
 */
#ifndef CRM_HISTORY_H
#define CRM_HISTORY_H

#include <stddef.h>

#include "core/decimal.h"

#define CRM_HISTORY_VERSION 1

/* 0001-01-01 to 9999-12-31, as days since 2000-01-01 */
#define CRM_FIRST_DAY (-730119)
#define CRM_LAST_DAY 2921939
#define CRM_ALL_DAYS (CRM_LAST_DAY - CRM_FIRST_DAY + 1)

typedef enum CrmHistoryStatus
{
	CRM_HISTORY_OK,
	CRM_HISTORY_FULL,			/* the state has no room for the entry: see crm_history_state_room */
	CRM_HISTORY_AMOUNT_RANGE,	/* an amount does not fit int64 at the common scale */
	CRM_HISTORY_ORDERS_RANGE,	/* more than 2^31-1 orders on a day */
	CRM_HISTORY_UNDERFLOW,		/* fewer orders on a day than are to be taken out */
	CRM_HISTORY_CORRUPT			/* not a packed history */
} CrmHistoryStatus;

typedef struct CrmHistoryDay
{
	int32_t		day;			/* days since 2000-01-01 */
	int32_t		orders;			/* rows with an amount >= 0 */
	int64_t		amount;			/* net of refunds, units of 10^-scale */
} CrmHistoryDay;

/*
 * Packed form
 */
#define CRM_HISTORY_PACKED	(CRM_HISTORY_VERSION << 4)
#define CRM_HISTORY_NARROW	(CRM_HISTORY_VERSION << 4 | 1)
#define CRM_HISTORY_WIDE	(CRM_HISTORY_VERSION << 4 | 2)
#define CRM_HISTORY_PACKED_HEADER 2

/* the most bytes, without the length word, that n days can take */
extern size_t crm_history_pack_bound(size_t n);

/* days ascend strictly; returns the bytes written to out (without the length word) */
extern size_t crm_history_pack(const CrmHistoryDay *days, size_t n, int scale, uint8_t *out);

typedef struct CrmHistoryReader
{
	const uint8_t *next;
	const uint8_t *end;
	uint32_t	left;			/* days still to come */
	int			scale;
	int64_t		day;			/* the day read last */
	bool		first;
	CrmHistoryStatus status;	/* OK or CORRUPT */
} CrmHistoryReader;

/* data begins at the version byte, behind the length word */
extern void crm_history_read(CrmHistoryReader *reader, const uint8_t *data, size_t length);

/* false at the end, and where the bytes are no history (status says which) */
extern bool crm_history_next(CrmHistoryReader *reader, CrmHistoryDay *day);

/* what a window of a history comes to */
typedef struct CrmHistoryTotal
{
	int64_t		orders;
	int32_t		days;			/* with an order */
	int32_t		first_day;		/* of those; undefined when there are none */
	int32_t		last_day;
	crm_int128	amount;			/* refunds included */
} CrmHistoryTotal;

/* from and to are both included; a reader that has not been read from */
extern CrmHistoryStatus crm_history_total(CrmHistoryReader reader, int64_t from, int64_t to, CrmHistoryTotal *total);

/*
 * Open form
 */
typedef struct CrmHistoryState
{
	int32_t		length_word;	/* the caller's */
	uint8_t		form;			/* CRM_HISTORY_NARROW or CRM_HISTORY_WIDE */
	uint8_t		scale;
	uint16_t	reserved;		/* 0 */
	uint32_t	used;			/* entries */
	uint32_t	capacity;
	int64_t		entries[];		/* narrow: amount << 16 | day; wide: CrmHistoryDay */
} CrmHistoryState;

#define CRM_HISTORY_STATE_MIN 64	/* bytes of the smallest state: 6 narrow entries or 3 wide ones */
#define CRM_HISTORY_NARROW_MAX 512	/* bytes of the largest narrow state */

/* makes an empty state in a block of `bytes` bytes (>= CRM_HISTORY_STATE_MIN) */
extern void crm_history_state_init(CrmHistoryState *state, size_t bytes, bool wide);

/* what an intact state of so many bytes looks like */
extern bool crm_history_state_valid(const CrmHistoryState *state, size_t bytes);

/*
 * After FULL: the bytes and the form of a block that takes the entry.  It may
 * be the same block, in which joining the entries of each day made room;
 * otherwise the caller makes a new one with crm_history_state_init and
 * crm_history_state_move.  The call is then repeated.
 */
extern size_t crm_history_state_room(CrmHistoryState *state, size_t bytes, CrmHistoryDay entry, bool *wide);
extern void crm_history_state_move(const CrmHistoryState *from, CrmHistoryState *to);

/* all entries, in the order of arrival; days has room for state->used */
extern void crm_history_state_days(const CrmHistoryState *state, CrmHistoryDay *days);

/* the slow half of crm_history_add: wide entries, other scales, no room */
extern CrmHistoryStatus crm_history_add_slow(CrmHistoryState *state, CrmHistoryDay entry, int scale);

/* a narrow entry is one row: one order, or none for a refund */
static inline bool
crm_history_fits_narrow(CrmHistoryDay entry)
{
	return entry.day == (int16_t) entry.day &&
		entry.amount >= -(INT64_C(1) << 47) && entry.amount < INT64_C(1) << 47 &&
		entry.orders == (entry.amount >= 0);
}

/* adds an entry; FULL and AMOUNT_RANGE: nothing was added */
static inline CrmHistoryStatus
crm_history_add(CrmHistoryState *state, CrmHistoryDay entry, int scale)
{
	if (__builtin_expect(state->form == CRM_HISTORY_NARROW && scale == state->scale &&
						 state->used < state->capacity && crm_history_fits_narrow(entry), 1))
	{
		state->entries[state->used++] = (int64_t) ((uint64_t) entry.amount << 16 | (uint16_t) entry.day);
		return CRM_HISTORY_OK;
	}
	return crm_history_add_slow(state, entry, scale);
}

/*
 * Operations on arrays of days.  Those that sort or join work in place and
 * return the new number of days.
 */

/*
 * Sorts, joins the entries of each day and drops the empty ones: what a packed
 * history holds.  Exact whatever the order of the entries: sums are 128 bits
 * wide until the day is complete.
 */
extern CrmHistoryStatus crm_history_settle(CrmHistoryDay *days, size_t n, size_t *settled);

/* days from a reader into an array that has room for reader->left */
extern CrmHistoryStatus crm_history_unpack(CrmHistoryReader *reader, CrmHistoryDay *days);

/* brings amounts from one scale to a larger one: all of them or, where one does not fit, none */
extern CrmHistoryStatus crm_history_rescale(CrmHistoryDay *days, size_t n, int from, int to);

/*
 * a + b (sign 1) or a - b (sign -1), day by day, both at the same scale and
 * ascending; out has room for na + nb.  UNDERFLOW when b has more orders on a
 * day than a.
 */
extern CrmHistoryStatus crm_history_combine(const CrmHistoryDay *a, size_t na,
											const CrmHistoryDay *b, size_t nb, int sign,
											CrmHistoryDay *out, size_t *nout);

/* equal as values: 1.50 equals 1.5 */
extern bool crm_history_equal(CrmHistoryReader a, CrmHistoryReader b);

/* decimals that all amounts share as trailing zeros, 0 to scale: what equality does not see */
extern int	crm_history_idle_decimals(CrmHistoryReader reader);

/* middle of the gaps in days between successive purchase days, times two; -1 below two days.  gaps has room for n */
extern int64_t crm_median_twice(int64_t *gaps, size_t n);

/*
 * Text form (history_text.c): {2024-01-05:1:35.00,2024-02-01:2:120.50}
 */
typedef struct CrmHistoryParse
{
	size_t		position;		/* of the fault, in bytes from the start */
	const char *expected;		/* what was wanted there, for the message */
} CrmHistoryParse;

typedef enum CrmParseStatus
{
	CRM_PARSE_OK,
	CRM_PARSE_SYNTAX,			/* fault says where and what was wanted */
	CRM_PARSE_DAY_RANGE,
	CRM_PARSE_AMOUNT_RANGE,
	CRM_PARSE_ORDERS_RANGE
} CrmParseStatus;

/* the number of entries that a text can hold at most */
extern size_t crm_history_parse_bound(const char *text, size_t length);

/* entries in the order of the text, all at *scale; not settled */
extern CrmParseStatus crm_history_parse(const char *text, size_t length,
										CrmHistoryDay *days, size_t *n, int *scale,
										CrmHistoryParse *fault);

/* the most bytes that n days can take as text, NUL included */
extern size_t crm_history_print_bound(size_t n);
extern CrmHistoryStatus crm_history_print(CrmHistoryReader reader, char *out);

/* calendar: proleptic Gregorian, days since 2000-01-01 */
extern int32_t crm_day_of(int year, int month, int day);
extern void crm_date_of(int32_t day_number, int *year, int *month, int *day);

/* months since year 0: year * 12 + month - 1 */
extern int32_t crm_month_of(int32_t day_number);

#endif							/* CRM_HISTORY_H */
