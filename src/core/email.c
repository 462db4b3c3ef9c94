/*
 * src/core/email.c
 *
 * Keys of e-mail addresses (see email.h).
 *
 * The domain is mapped by the frozen NFKC case folding, which is what UTS 46
 * does, except for its four deviation characters. Labels are then written in
 * punycode. Which code points a registry allows is not checked.
 */
#include "core/email.h"

#include <string.h>

#define LABEL_MOST		63
#define LOCAL_MOST		64

static bool
is_deviation(uint32_t cp)
{
	return cp == 0xDF || cp == 0x3C2 || cp == 0x200C || cp == 0x200D;
}

static uint32_t
adapt(uint32_t delta, uint32_t points, bool first)
{
	uint32_t	k = 0;

	delta = first ? delta / 700 : delta / 2;
	delta += delta / points;
	while (delta > 455)
	{
		delta /= 35;
		k += 36;
	}
	return k + 36 * delta / (delta + 38);
}

static char
punycode_digit(uint32_t d)
{
	return (char) (d < 26 ? 'a' + d : '0' + d - 26);
}

/* RFC 3492, section 6.3; a label has at most 63 characters, so nothing overflows */
static void
add_punycode(CrmText *to, const uint32_t *cp, size_t n)
{
	uint32_t	next = 0x80;
	uint32_t	delta = 0;
	uint32_t	bias = 72;
	size_t		basic = 0;
	size_t		handled;

	for (size_t i = 0; i < n; i++)
	{
		if (cp[i] < 0x80)
		{
			crm_text_add(to, cp[i]);
			basic++;
		}
	}
	if (basic > 0)
		crm_text_add(to, '-');
	handled = basic;
	while (handled < n)
	{
		uint32_t	least = UINT32_MAX;

		for (size_t i = 0; i < n; i++)
		{
			if (cp[i] >= next && cp[i] < least)
				least = cp[i];
		}
		delta += (least - next) * (uint32_t) (handled + 1);
		next = least;
		for (size_t i = 0; i < n; i++)
		{
			if (cp[i] < next)
				delta++;
			if (cp[i] == next)
			{
				uint32_t	q = delta;

				for (uint32_t k = 36;; k += 36)
				{
					uint32_t	t = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;

					if (q < t)
						break;
					crm_text_add(to, (uint32_t) punycode_digit(t + (q - t) % (36 - t)));
					q = (q - t) / (36 - t);
				}
				crm_text_add(to, (uint32_t) punycode_digit(q));
				bias = adapt(delta, (uint32_t) handled + 1, handled == basic);
				delta = 0;
				handled++;
			}
		}
		delta++;
		next++;
	}
}

/* appends a label in its ASCII form; false when it cannot be one */
static bool
add_label(CrmText *to, const uint32_t *cp, size_t n)
{
	size_t		start = to->n;
	bool		ascii = true;

	if (n == 0 || n > LABEL_MOST || cp[0] == '-' || cp[n - 1] == '-')
		return false;
	for (size_t i = 0; i < n; i++)
	{
		if (cp[i] >= 0x80)
			ascii = false;
		if (cp[i] == 0xFFFD || (cp[i] != '-' && crm_is_separator(cp[i]) && !is_deviation(cp[i])))
			return false;
	}
	if (ascii)
	{
		for (size_t i = 0; i < n; i++)
			crm_text_add(to, cp[i]);
	}
	else
	{
		crm_text_add_ascii(to, "xn--");
		add_punycode(to, cp, n);
	}
	return to->n - start <= LABEL_MOST;
}

static bool
add_domain(CrmText *to, const uint32_t *cp, size_t n)
{
	size_t		from = 0;
	int			labels = 0;
	bool		letters = false;	/* in the last label */

	while (from <= n)
	{
		size_t		end = from;

		while (end < n && cp[end] != '.' && cp[end] != 0x3002)
			end++;
		/* a dot at the end means the root */
		if (from == n && labels > 0)
			break;
		if (labels > 0)
			crm_text_add(to, '.');
		if (!add_label(to, cp + from, end - from))
			return false;
		letters = false;
		for (size_t i = from; i < end; i++)
			letters |= !(cp[i] >= '0' && cp[i] <= '9');
		labels++;
		from = end + 1;
	}
	return labels > 1 && letters;
}

/* appends the folding, deviation characters as they are */
static void
fold_domain(CrmText *to, const uint32_t *cp, size_t n, uint32_t *spare)
{
	size_t		from = 0;

	while (from < n)
	{
		size_t		end = from;

		while (end < n && !is_deviation(cp[end]))
			end++;
		crm_text_fold(to, cp + from, end - from, spare);
		if (end < n)
			crm_text_add(to, cp[end++]);
		from = end;
	}
}

bool
crm_address_key(CrmText *to, const uint32_t *cp, size_t n, uint32_t *folded, uint32_t *spare)
{
	static const char scheme[] = "mailto:";
	static const char refused[] = "()<>[],;:\\\"";
	CrmText		local = {folded, 0, to->room, false};
	CrmText		domain;
	char		bytes[4];
	size_t		octets = 0;
	size_t		start = to->n;
	size_t		at;
	size_t		i;

	while (n > 0 && crm_is_space(cp[0]))
		cp++, n--;
	while (n > 0 && crm_is_space(cp[n - 1]))
		n--;
	if (n > 1 && cp[0] == '<' && cp[n - 1] == '>')
		cp++, n -= 2;
	for (i = 0; i < n && scheme[i] != '\0' && (cp[i] | 0x20) == (uint32_t) (unsigned char) scheme[i]; i++)
		;
	/* the colon has that bit set, so it is compared as it stands */
	if (scheme[i] == '\0' && cp[i - 1] == ':')
		cp += i, n -= i;
	for (at = n; at > 0; at--)
	{
		if (cp[at - 1] == '@' || cp[at - 1] == 0xFF20)
			break;
	}
	if (at < 2)
		return false;
	crm_text_fold(&local, cp, at - 1, spare);
	for (i = 0; i < local.n; i++)
	{
		uint32_t	c = local.cp[i];

		if (crm_is_space(c) || c == '@' || c == 0xFFFD || (c < 0x80 && strchr(refused, (int) c) != NULL))
			return false;
		octets += crm_text_write(&c, 1, bytes);
		crm_text_add(to, c);
	}
	if (local.n == 0 || octets > LOCAL_MOST)
		return false;
	crm_text_add(to, '@');
	domain = (CrmText) {folded + local.n, 0, to->room - local.n, local.full};
	fold_domain(&domain, cp + at, n - at, spare);
	if (domain.full)
	{
		to->full = true;
		return true;
	}
	if (!add_domain(to, domain.cp, domain.n))
		return false;
	octets += to->n - start - local.n;
	return octets <= CRM_EMAIL_MOST;
}
