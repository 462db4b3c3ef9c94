/*
 * src/core/mask.c
 *
 * Masks of names, phones, addresses and document numbers (see mask.h).
 */
#include "core/mask.h"

#include <string.h>

/* without the white space at both ends */
static void
trim(const uint32_t **cp, size_t *n)
{
	while (*n > 0 && crm_is_space((*cp)[0]))
	{
		(*cp)++;
		(*n)--;
	}
	while (*n > 0 && crm_is_space((*cp)[*n - 1]))
		(*n)--;
}

static void
add_all(CrmText *to, const uint32_t *cp, size_t n)
{
	for (size_t i = 0; i < n; i++)
		crm_text_add(to, cp[i]);
}

void
crm_masked_name(CrmText *to, const uint32_t *cp, size_t n)
{
	size_t		end;

	trim(&cp, &n);
	if (n == 0)
		return;
	end = crm_cluster_end(cp, n, 0);
	if (end == n)
	{
		crm_text_add(to, '*');
		return;
	}
	add_all(to, cp, end);
	while (end < n)
	{
		size_t		from = end;

		end = crm_cluster_end(cp, n, from);
		crm_text_add(to, crm_is_space(cp[from]) ? ' ' : '*');
	}
}

/* digits of ASCII and of full width */
static bool
is_digit(uint32_t cp)
{
	return cp - '0' < 10u || cp - 0xFF10 < 10u;
}

void
crm_masked_phone(CrmText *to, const uint32_t *cp, size_t n)
{
	static const char marks[] = "+-(). /";
	size_t		digits = 0;
	size_t		shown;			/* digits at the end */
	size_t		left;

	trim(&cp, &n);
	for (size_t i = 0; i < n; i++)
		digits += is_digit(cp[i]);
	shown = digits < 8 ? digits / 2 : 4;
	left = digits;
	for (size_t i = 0; i < n;)
	{
		size_t		end = crm_cluster_end(cp, n, i);

		if (is_digit(cp[i]))
		{
			if (left <= shown || left > shown + 4)
				crm_text_add(to, cp[i]);
			else
				crm_text_add(to, '*');
			left--;
		}
		else if (cp[i] < 0x80 && strchr(marks, (int) cp[i]) != NULL)
			crm_text_add(to, cp[i]);
		else
			crm_text_add(to, '*');
		i = end;
	}
}

void
crm_masked_email(CrmText *to, const uint32_t *cp, size_t n)
{
	size_t		at;

	trim(&cp, &n);
	if (n == 0)
		return;
	for (at = n; at > 0; at--)
	{
		if (cp[at - 1] == '@' || cp[at - 1] == 0xFF20)
			break;
	}
	if (at > 0)
	{
		size_t		first = crm_cluster_end(cp, at - 1 > 0 ? at - 1 : 1, 0);

		if (first < at - 1)
			add_all(to, cp, first);
	}
	crm_text_add_ascii(to, "***");
	if (at > 0)
		add_all(to, cp + at - 1, n - at + 1);
}

void
crm_masked_id_no(CrmText *to, const uint32_t *cp, size_t n)
{
	size_t		clusters = 0;
	size_t		head;
	size_t		tail;
	size_t		i = 0;

	trim(&cp, &n);
	for (size_t from = 0; from < n; from = crm_cluster_end(cp, n, from))
		clusters++;
	head = clusters >= 15 ? 3 : clusters >= 6 ? 1 : 0;
	tail = clusters >= 15 ? 4 : clusters >= 6 ? 2 : 0;
	for (size_t from = 0; from < n; i++)
	{
		size_t		end = crm_cluster_end(cp, n, from);

		if (i < head || i >= clusters - tail)
			add_all(to, cp + from, end - from);
		else
			crm_text_add(to, '*');
		from = end;
	}
}
