/*
 * src/core/name.c
 *
 * Search keys of names (see name.h).
 */
#include "core/name.h"

#include <string.h>

#include "core/han_table.h"

#define MAX_BRACKET		64		/* characters in a bracket that may be pinyin */
#define MAX_READINGS	8		/* of one surname */

static uint32_t
simplify(uint32_t cp)
{
	size_t		low = 0;
	size_t		high = CRM_SIMPLIFIED;

	while (low < high)
	{
		size_t		middle = (low + high) / 2;

		if (cp > crm_simplified[middle].from)
			low = middle + 1;
		else if (cp < crm_simplified[middle].from)
			high = middle;
		else
			return crm_simplified[middle].to;
	}
	return cp;
}

int
crm_syllable_of(uint32_t cp)
{
	uint32_t	at = cp - CRM_READING_FIRST;

	if (cp == 0x3007)
		cp = 0x96F6, at = cp - CRM_READING_FIRST;
	if (cp < CRM_READING_FIRST || cp >= CRM_READING_END)
		return 0;
	return crm_reading[(size_t) crm_reading_index[at >> CRM_READING_SHIFT] * (1 << CRM_READING_SHIFT) +
					   (at & ((1 << CRM_READING_SHIFT) - 1))];
}

size_t
crm_syllable_length(const char *letters, size_t n)
{
	size_t		most = n < CRM_SYLLABLE_SIZE - 1 ? n : CRM_SYLLABLE_SIZE - 1;

	for (size_t length = most; length > 0; length--)
	{
		size_t		low = 1;
		size_t		high = CRM_SYLLABLES + 1;

		while (low < high)
		{
			size_t		middle = (low + high) / 2;
			int			order = strncmp(letters, crm_syllables[middle], length);

			if (order == 0 && crm_syllables[middle][length] != '\0')
				order = -1;
			if (order == 0)
				return length;
			if (order > 0)
				low = middle + 1;
			else
				high = middle;
		}
	}
	return 0;
}

static bool
is_letter(uint32_t cp)
{
	return cp - 'a' < 26u;
}

/* appends the letters of a folded character without accents, and whether it was one of Latin script */
static bool
add_plain(CrmText *to, uint32_t cp)
{
	static const struct
	{
		uint32_t	cp;
		char		letters[3];
	}			others[] = {
		{0xE6, "ae"}, {0xF0, "d"}, {0xF8, "o"}, {0xFE, "th"}, {0x111, "d"}, {0x127, "h"}, {0x131, "i"},
		{0x142, "l"}, {0x153, "oe"}, {0x167, "t"}, {0x251, "a"}, {0x261, "g"}
	};
	uint32_t	parts[4];
	CrmText		apart = {parts, 0, 4, false};
	bool		latin;

	if (cp < 0x80)
	{
		crm_text_add(to, cp);
		return is_letter(cp);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
	{
		if (others[i].cp == cp)
		{
			crm_text_add_ascii(to, others[i].letters);
			return true;
		}
	}
	crm_text_decompose(&apart, cp);
	latin = apart.n > 0 && is_letter(parts[0]);
	if (!latin)
	{
		crm_text_add(to, cp);
		return false;
	}
	for (size_t i = 0; i < apart.n; i++)
	{
		if (crm_combining_class(parts[i]) == 0)
			crm_text_add(to, parts[i]);
	}
	return true;
}

static uint32_t
closing(uint32_t cp)
{
	switch (cp)
	{
		case '(':
			return ')';
		case '[':
			return ']';
		case '{':
			return '}';
		case 0x3010:			/* lenticular */
		case 0x3014:			/* tortoise shell */
		case 0x3008:			/* angle */
		case 0x300A:
			return cp + 1;
	}
	return 0;
}

/*
 * Whether what stands in a bracket is the pronunciation of the `han`
 * characters before it: bopomofo, or syllables of pinyin, which have tone
 * marks or numbers, or are as many as the characters or one.
 */
static bool
is_pronunciation(const uint32_t *cp, size_t n, size_t han)
{
	uint32_t	letters[MAX_BRACKET * 4];
	CrmText		plain = {letters, 0, MAX_BRACKET * 4, false};
	char		ascii[MAX_BRACKET * 4];
	size_t		fewest[MAX_BRACKET * 4 + 1];	/* syllables that end before a letter; SIZE_MAX: none */
	size_t		length = 0;
	bool		tones = false;
	size_t		bopomofo = 0;

	for (size_t i = 0; i < n; i++)
	{
		if ((cp[i] >= 0x3105 && cp[i] <= 0x312F) || (cp[i] >= 0x31A0 && cp[i] <= 0x31BF) ||
			cp[i] == ' ' || cp[i] == 0x2C7 || cp[i] == 0x2CA || cp[i] == 0x2CB || cp[i] == 0x2D9)
			bopomofo++;
	}
	if (n > 0 && bopomofo == n)
		return true;
	for (size_t i = 0; i < n; i++)
	{
		if (cp[i] == ' ' || cp[i] == '\'' || cp[i] == 0x2019 || cp[i] == '-')
			continue;
		if ((cp[i] >= '0' && cp[i] <= '5' && plain.n > 0) || crm_combining_class(cp[i]) != 0)
		{
			tones = true;
			continue;
		}
		if (!add_plain(&plain, cp[i]))
			return false;
		/* a diaeresis is no tone */
		if (cp[i] >= 0x80 && cp[i] != 0xFC)
			tones = true;
	}
	if (plain.n == 0 || plain.full)
		return false;
	for (; length < plain.n; length++)
	{
		ascii[length] = (char) letters[length];
		if (ascii[length] == 'v' && length > 0 && (ascii[length - 1] == 'l' || ascii[length - 1] == 'n'))
			ascii[length] = 'u';
	}
	fewest[0] = 0;
	for (size_t end = 1; end <= length; end++)
	{
		fewest[end] = SIZE_MAX;
		for (size_t size = 1; size < CRM_SYLLABLE_SIZE && size <= end; size++)
		{
			if (fewest[end - size] != SIZE_MAX && fewest[end - size] < fewest[end] - 1 &&
				crm_syllable_length(ascii + end - size, size) == size)
				fewest[end] = fewest[end - size] + 1;
		}
	}
	if (fewest[length] == SIZE_MAX)
		return false;
	return tones || fewest[length] == 1 || fewest[length] == han;
}

void
crm_fold_name(CrmText *to, const uint32_t *cp, size_t n, CrmNameSpace *space)
{
	CrmText		folded = {space->folded, 0, space->room, false};
	size_t		start = to->n;
	size_t		han = 0;		/* Han characters that stand last in `to` */
	bool		blank = false;

	crm_text_fold(&folded, cp, n, space->spare);
	for (size_t i = 0; i < folded.n; i++)
	{
		uint32_t	c = folded.cp[i];
		uint32_t	close = closing(c);

		if (crm_is_space(c))
		{
			blank = true;
			continue;
		}
		if (close != 0 && han > 0)
		{
			size_t		end = i + 1;

			while (end < folded.n && end - i <= MAX_BRACKET && folded.cp[end] != close)
				end++;
			if (end < folded.n && folded.cp[end] == close && is_pronunciation(folded.cp + i + 1, end - i - 1, han))
			{
				i = end;
				continue;
			}
		}
		if (crm_is_han(c))
		{
			if (blank && han == 0 && to->n > start)
				crm_text_add(to, ' ');
			han++;
			c = simplify(c);
		}
		else
		{
			if (blank && to->n > start)
				crm_text_add(to, ' ');
			han = 0;
		}
		blank = false;
		crm_text_add(to, c);
	}
	if (folded.full)
		to->full = true;
}

void
crm_key_of_name(CrmText *to, const uint32_t *cp, size_t n, CrmNameSpace *space)
{
	size_t		start = to->n;
	size_t		end;
	bool		apart = false;	/* the next token begins with a blank */

	/* the folded name goes to the spare memory's place, then token by token to its own */
	crm_fold_name(to, cp, n, space);
	end = to->n;
	if (to->full || end - start > space->room)
	{
		to->full = true;
		return;
	}
	memcpy(space->spare, to->cp + start, (end - start) * sizeof(uint32_t));
	to->n = start;
	for (size_t i = 0; i < end - start; i++)
	{
		uint32_t	c = space->spare[i];
		bool		han = crm_is_han(c);

		if (crm_is_separator(c))
		{
			apart = true;
			continue;
		}
		if ((apart || han) && to->n > start)
			crm_text_add(to, ' ');
		crm_text_add(to, c);
		apart = han;
	}
}

static void
add_syllable(CrmText *to, int number, bool initials)
{
	if (initials)
		crm_text_add(to, (uint32_t) crm_syllables[number][0]);
	else
		crm_text_add_ascii(to, crm_syllables[number]);
}

/* the readings of the surname with which a folded name begins, its own first; how many */
static int
surname_readings(const uint32_t *cp, size_t n, uint16_t (*reading)[2], int *length)
{
	int			found = 0;

	*length = 1;
	/* surnames of two characters before those of one */
	for (int size = n > 1 ? 2 : 1; size > 0; size--)
	{
		for (size_t i = 0; i < CRM_SURNAMES && found < MAX_READINGS - 1; i++)
		{
			const CrmSurname *s = &crm_surnames[i];

			if (s->cp[0] != cp[0] || (size == 2 ? s->cp[1] != cp[1] : s->cp[1] != 0))
				continue;
			if (size == 2)
				*length = 2;
			reading[found][0] = s->syllable[0];
			reading[found][1] = size == 2 ? s->syllable[1] : 0;
			found++;
		}
	}
	reading[found][0] = (uint16_t) crm_syllable_of(cp[0]);
	reading[found][1] = 0;
	found++;
	/* all of the longer length, and each only once */
	for (int i = 0; i < found; i++)
	{
		if (*length == 2 && reading[i][1] == 0)
			reading[i][1] = (uint16_t) crm_syllable_of(cp[1]);
		for (int j = 0; j < i; j++)
		{
			if (reading[j][0] == reading[i][0] && reading[j][1] == reading[i][1])
			{
				memmove(&reading[i], &reading[i + 1], (size_t) (found - i - 1) * sizeof(reading[0]));
				found--;
				i--;
				break;
			}
		}
	}
	return found;
}

/* the words of a folded name; apart says that something stands before them */
static void
add_words(CrmText *to, const uint32_t *cp, size_t n, bool apart, bool initials)
{
	bool		inside = false;	/* in a word that is no Han character */
	bool		latin = false;	/* its last letter is of Latin script */

	for (size_t i = 0; i < n; i++)
	{
		bool		han = crm_is_han(cp[i]);
		int			syllable = han ? crm_syllable_of(cp[i]) : 0;
		size_t		before;

		if (crm_is_separator(cp[i]))
		{
			apart = apart || inside;
			inside = false;
			continue;
		}
		if (han && inside)
			apart = true;
		if ((han || !inside) && apart && !initials)
			crm_text_add(to, ' ');
		before = to->n;
		if (syllable != 0)
			add_syllable(to, syllable, initials);
		else if (inside && latin && cp[i] == 'v' && !initials && (cp[i - 1] == 'l' || cp[i - 1] == 'n'))
			crm_text_add(to, 'u');
		else if (!initials || !inside || han)
		{
			/* an accent that stands alone is dropped as any other */
			if (!(inside && latin && crm_combining_class(cp[i]) != 0))
				latin = add_plain(to, cp[i]);
			/* a ligature begins with its first letter */
			if (initials && to->n > before + 1)
				to->n = before + 1;
		}
		inside = !han;
		apart = han;
	}
}

static void
add_readings(CrmText *to, const uint32_t *cp, size_t n, CrmNameSpace *space, bool initials)
{
	uint16_t	reading[MAX_READINGS][2];
	size_t		start = to->n;
	size_t		length;
	int			surname;
	int			readings;

	crm_fold_name(to, cp, n, space);
	length = to->n - start;
	if (to->full || length > space->room)
	{
		to->full = true;
		return;
	}
	memcpy(space->spare, to->cp + start, length * sizeof(uint32_t));
	to->n = start;
	if (length == 0)
		return;
	if (!crm_is_han(space->spare[0]) || crm_syllable_of(space->spare[0]) == 0)
	{
		add_words(to, space->spare, length, false, initials);
		return;
	}
	readings = surname_readings(space->spare, length, reading, &surname);
	for (int i = 0; i < readings; i++)
	{
		size_t		from = to->n;
		bool		known = false;

		if (i > 0)
			crm_text_add(to, ' ');
		add_syllable(to, reading[i][0], initials);
		if (surname == 2)
		{
			if (!initials)
				crm_text_add(to, ' ');
			add_syllable(to, reading[i][1], initials);
		}
		add_words(to, space->spare + surname, length - (size_t) surname, true, initials);
		/* initials that a reading before had are said once */
		if (initials && i > 0)
		{
			size_t		size = to->n - from - 1;

			for (size_t at = start; !known && at + size <= from; at += size + 1)
				known = memcmp(to->cp + at, to->cp + from + 1, size * sizeof(uint32_t)) == 0;
			if (known)
				to->n = from;
		}
	}
}

void
crm_pinyin_of_name(CrmText *to, const uint32_t *cp, size_t n, CrmNameSpace *space)
{
	add_readings(to, cp, n, space, false);
}

void
crm_initials_of_name(CrmText *to, const uint32_t *cp, size_t n, CrmNameSpace *space)
{
	add_readings(to, cp, n, space, true);
}
