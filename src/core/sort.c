/*
 * src/core/sort.c
 *
 * Radix sort, least significant digit first (see sort.h).
 *
 * One pass counts the values of all digits; every digit that is not the same
 * in all keys then takes one pass that moves everything to the other arrays.
 */
#include "core/sort.h"

#include <string.h>

#define STEP		((size_t) 1 << 20)
#define MASK		(((uint64_t) 1 << CRM_SORT_BITS) - 1)

void
crm_sort_begin(crm_sort *s, size_t n, uint64_t *keys, uint64_t *spare_keys,
			   uint32_t *rows, uint32_t *spare_rows)
{
	s->keys = keys;
	s->rows = rows;
	s->to_keys = spare_keys;
	s->to_rows = spare_rows;
	s->n = n;
	s->at = 0;
	s->digit = -1;
	memset(s->count, 0, sizeof(s->count));
}

/* goes on to the next digit in which keys differ; its counts become places */
static bool
next_digit(crm_sort *s)
{
	while (++s->digit < CRM_SORT_DIGITS)
	{
		size_t	   *count = s->count[s->digit];
		size_t		place = 0;

		if (count[(s->keys[0] >> (s->digit * CRM_SORT_BITS)) & MASK] == s->n)
			continue;
		for (size_t i = 0; i <= MASK; i++)
		{
			size_t		here = count[i];

			count[i] = place;
			place += here;
		}
		s->at = 0;
		return true;
	}
	return false;
}

bool
crm_sort_step(crm_sort *s)
{
	size_t		end = s->n - s->at < STEP ? s->n : s->at + STEP;

	if (s->n < 2 || s->digit == CRM_SORT_DIGITS)
		return false;
	if (s->digit < 0)
	{
		for (; s->at < end; s->at++)
		{
			uint64_t	key = s->keys[s->at];

			for (int d = 0; d < CRM_SORT_DIGITS; d++)
				s->count[d][(key >> (d * CRM_SORT_BITS)) & MASK]++;
		}
	}
	else
	{
		int			shift = s->digit * CRM_SORT_BITS;
		size_t	   *place = s->count[s->digit];

		if (s->rows == NULL)
		{
			for (; s->at < end; s->at++)
			{
				uint64_t	key = s->keys[s->at];

				s->to_keys[place[(key >> shift) & MASK]++] = key;
			}
		}
		else
		{
			for (; s->at < end; s->at++)
			{
				uint64_t	key = s->keys[s->at];
				size_t		to = place[(key >> shift) & MASK]++;

				s->to_keys[to] = key;
				s->to_rows[to] = s->rows[s->at];
			}
		}
		if (s->at == s->n)
		{
			uint64_t   *keys = s->keys;
			uint32_t   *rows = s->rows;

			s->keys = s->to_keys;
			s->rows = s->to_rows;
			s->to_keys = keys;
			s->to_rows = rows;
		}
	}
	return s->at < s->n || next_digit(s);
}
