/*
 * src/core/text.c
 *
 * UTF-8, NFKC case folding and classes of characters (see text.h).
 */
#include "core/text.h"

#include <string.h>

#include "core/fold_table.h"

#define REPLACEMENT		0xFFFD

/* Hangul syllables, Unicode Standard 3.12 */
#define HANGUL_S		0xAC00
#define HANGUL_L		0x1100
#define HANGUL_V		0x1161
#define HANGUL_T		0x11A7
#define HANGUL_LS		19
#define HANGUL_VS		21
#define HANGUL_TS		28
#define HANGUL_SS		(HANGUL_LS * HANGUL_VS * HANGUL_TS)

void
crm_text_add_ascii(CrmText *text, const char *s)
{
	for (; *s != '\0'; s++)
		crm_text_add(text, (uint32_t) (unsigned char) *s);
}

/* the code point at p and its length; a byte that begins no valid sequence counts alone */
static uint32_t
decode(const unsigned char *p, size_t left, size_t *length)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t	cp = p[0];
	size_t		n = cp < 0x80 ? 1 : cp < 0xC0 ? 0 : cp < 0xE0 ? 2 : cp < 0xF0 ? 3 : cp < 0xF8 ? 4 : 0;

	*length = 1;
	if (n == 1)
		return cp;
	if (n == 0 || n > left)
		return REPLACEMENT;
	cp &= 0x7Fu >> n;
	for (size_t i = 1; i < n; i++)
	{
		if ((p[i] & 0xC0) != 0x80)
			return REPLACEMENT;
		cp = cp << 6 | (p[i] & 0x3F);
	}
	if (cp < least[n] || cp > 0x10FFFF || (cp >= 0xD800 && cp < 0xE000))
		return REPLACEMENT;
	*length = n;
	return cp;
}

void
crm_text_read(CrmText *text, const char *bytes, size_t length)
{
	const unsigned char *p = (const unsigned char *) bytes;

	while (length > 0)
	{
		size_t		n;

		crm_text_add(text, decode(p, length, &n));
		p += n;
		length -= n;
	}
}

size_t
crm_text_write(const uint32_t *cp, size_t n, char *out)
{
	unsigned char *p = (unsigned char *) out;

	for (size_t i = 0; i < n; i++)
	{
		uint32_t	c = cp[i];

		if (c < 0x80)
			*p++ = (unsigned char) c;
		else if (c < 0x800)
		{
			*p++ = (unsigned char) (0xC0 | c >> 6);
			*p++ = (unsigned char) (0x80 | (c & 0x3F));
		}
		else if (c < 0x10000)
		{
			*p++ = (unsigned char) (0xE0 | c >> 12);
			*p++ = (unsigned char) (0x80 | (c >> 6 & 0x3F));
			*p++ = (unsigned char) (0x80 | (c & 0x3F));
		}
		else
		{
			*p++ = (unsigned char) (0xF0 | c >> 18);
			*p++ = (unsigned char) (0x80 | (c >> 12 & 0x3F));
			*p++ = (unsigned char) (0x80 | (c >> 6 & 0x3F));
			*p++ = (unsigned char) (0x80 | (c & 0x3F));
		}
	}
	return (size_t) ((char *) p - out);
}

int
crm_combining_class(uint32_t cp)
{
	size_t		low = 0;
	size_t		high = CRM_COMBINING;

	if (cp < crm_combining[0].from)
		return 0;
	while (low < high)
	{
		size_t		middle = (low + high) / 2;

		if (cp > crm_combining[middle].to)
			low = middle + 1;
		else if (cp < crm_combining[middle].from)
			high = middle;
		else
			return crm_combining[middle].class;
	}
	return 0;
}

void
crm_text_decompose(CrmText *to, uint32_t cp)
{
	size_t		low = 0;
	size_t		high = CRM_DECOMPOSITIONS;

	if (cp - HANGUL_S < HANGUL_SS)
	{
		uint32_t	s = cp - HANGUL_S;

		crm_text_add(to, HANGUL_L + s / (HANGUL_VS * HANGUL_TS));
		crm_text_add(to, HANGUL_V + s % (HANGUL_VS * HANGUL_TS) / HANGUL_TS);
		if (s % HANGUL_TS != 0)
			crm_text_add(to, HANGUL_T + s % HANGUL_TS);
		return;
	}
	while (cp >= crm_decompositions[0].cp && low < high)
	{
		size_t		middle = (low + high) / 2;
		const CrmDecomposition *d = &crm_decompositions[middle];

		if (cp > d->cp)
			low = middle + 1;
		else if (cp < d->cp)
			high = middle;
		else
		{
			for (size_t i = 0; i < d->length; i++)
				crm_text_add(to, crm_decomposition_pool[d->place + i]);
			return;
		}
	}
	crm_text_add(to, cp);
}

/* the primary composite of two characters, 0 when there is none */
static uint32_t
compose_pair(uint32_t first, uint32_t second)
{
	size_t		low = 0;
	size_t		high = CRM_COMPOSITIONS;

	if (first - HANGUL_L < HANGUL_LS && second - HANGUL_V < HANGUL_VS)
		return HANGUL_S + ((first - HANGUL_L) * HANGUL_VS + (second - HANGUL_V)) * HANGUL_TS;
	if (first - HANGUL_S < HANGUL_SS && (first - HANGUL_S) % HANGUL_TS == 0 &&
		second - HANGUL_T - 1 < HANGUL_TS - 1)
		return first + (second - HANGUL_T);
	while (low < high)
	{
		size_t		middle = (low + high) / 2;
		const CrmComposition *c = &crm_compositions[middle];

		if (first > c->first || (first == c->first && second > c->second))
			low = middle + 1;
		else if (first < c->first || second < c->second)
			high = middle;
		else
			return c->composite;
	}
	return 0;
}

/* canonical order of a run of characters whose classes are not 0: by class, else as they stand */
static void
order_run(uint32_t *cp, size_t n, uint32_t *spare)
{
	size_t		done = 0;

	if (n <= 16)
	{
		for (size_t i = 1; i < n; i++)
		{
			uint32_t	moved = cp[i];
			int			class = crm_combining_class(moved);
			size_t		j = i;

			for (; j > 0 && crm_combining_class(cp[j - 1]) > class; j--)
				cp[j] = cp[j - 1];
			cp[j] = moved;
		}
		return;
	}
	/* no name has such a run; bounded work for a text that was made to hurt */
	for (int class = 1; class < 256; class++)
	{
		for (size_t i = 0; i < n; i++)
		{
			if (crm_combining_class(cp[i]) == class)
				spare[done++] = cp[i];
		}
	}
	memcpy(cp, spare, n * sizeof(uint32_t));
}

/* canonical composition of decomposed characters, in place; how many are left */
static size_t
compose(uint32_t *cp, size_t n, uint32_t *spare)
{
	size_t		out = 0;
	size_t		starter = SIZE_MAX;
	int			last = 0;		/* class of the last character kept behind the starter; 0: none */

	for (size_t i = 0; i < n; i++)
	{
		size_t		end = i;

		while (end < n && crm_combining_class(cp[end]) != 0)
			end++;
		if (end > i + 1)
			order_run(cp + i, end - i, spare);
		if (end > i)
			i = end;
	}
	for (size_t i = 0; i < n; i++)
	{
		int			class = crm_combining_class(cp[i]);

		/* not blocked: nothing between, or only lower classes */
		if (starter != SIZE_MAX && (out == starter + 1 || (last != 0 && last < class)))
		{
			uint32_t	whole = compose_pair(cp[starter], cp[i]);

			if (whole != 0)
			{
				cp[starter] = whole;
				continue;
			}
		}
		if (class == 0)
		{
			starter = out;
			last = 0;
		}
		else
			last = class;
		cp[out++] = cp[i];
	}
	return out;
}

/* appends the folding of one character; false when it cannot take part in a composition */
static bool
fold_one(CrmText *to, uint32_t cp)
{
	uint16_t	place;

	if (cp < 0x80)
	{
		crm_text_add(to, cp - 'A' < 26u ? cp + ('a' - 'A') : cp);
		return false;
	}
	if (cp >= CRM_FOLD_END)
	{
		if (cp < CRM_FOLD_TAGS || cp >= CRM_FOLD_TAGS_END)
			crm_text_add(to, cp);
		return false;
	}
	place = crm_fold_place[(size_t) crm_fold_index[cp >> CRM_FOLD_SHIFT] * (1 << CRM_FOLD_SHIFT) +
						   (cp & ((1 << CRM_FOLD_SHIFT) - 1))];
	if (place == 0)
		crm_text_add(to, cp);
	else if (place != CRM_FOLD_DROPPED)
	{
		const uint32_t *mapped = &crm_fold_pool[place - 1];

		for (uint32_t i = 1; i <= mapped[0]; i++)
			crm_text_add(to, mapped[i]);
	}
	return cp >= 0x300 && !crm_is_han(cp);
}

void
crm_text_fold(CrmText *to, const uint32_t *cp, size_t n, uint32_t *spare)
{
	size_t		start = to->n;
	bool		normal = true;

	for (size_t i = 0; i < n; i++)
	{
		if (fold_one(to, cp[i]))
			normal = false;
	}
	if (!normal && !to->full)
	{
		CrmText		apart = {spare, 0, to->room, false};

		for (size_t i = start; i < to->n; i++)
			crm_text_decompose(&apart, to->cp[i]);
		if (apart.full || apart.n > to->room - start)
		{
			to->full = true;
			return;
		}
		memcpy(to->cp + start, spare, apart.n * sizeof(uint32_t));
		to->n = start + compose(to->cp + start, apart.n, spare);
	}
}

bool
crm_is_han(uint32_t cp)
{
	if (cp < 0x3005)
		return false;
	return (cp >= 0x4E00 && cp <= 0x9FFF) || (cp >= 0x3400 && cp <= 0x4DBF) || cp == 0x3005 || cp == 0x3007 ||
		(cp >= 0x3021 && cp <= 0x3029) || (cp >= 0xF900 && cp <= 0xFAFF) || (cp >= 0x20000 && cp <= 0x3FFFD);
}

bool
crm_is_space(uint32_t cp)
{
	return cp <= 0x20 || (cp >= 0x7F && cp <= 0xA0) || cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200A) ||
		cp == 0x2028 || cp == 0x2029 || cp == 0x202F || cp == 0x205F || cp == 0x3000;
}

bool
crm_is_separator(uint32_t cp)
{
	if (cp < 0x80)
		return !((cp >= '0' && cp <= '9') || (cp >= 'A' && cp <= 'Z') || (cp >= 'a' && cp <= 'z'));
	return crm_is_space(cp) || (cp >= 0xA1 && cp <= 0xBF && cp != 0xAA && cp != 0xBA && cp != 0xB5) || cp == 0xD7 || cp == 0xF7 ||
		(cp >= 0x2010 && cp <= 0x206F) || (cp >= 0x3001 && cp <= 0x3003) || (cp >= 0x3008 && cp <= 0x3020) ||
		cp == 0x30A0 || cp == 0x30FB || (cp >= 0xFE10 && cp <= 0xFE6B) || (cp >= 0xFF01 && cp <= 0xFF0F) ||
		(cp >= 0xFF1A && cp <= 0xFF20) || (cp >= 0xFF3B && cp <= 0xFF40) || (cp >= 0xFF5B && cp <= 0xFF65);
}
