/*
 * fuzz/fuzz_predicate.c
 *
 * Literals, patterns and quoting of predicates over any bytes.
 *
 * Input: one byte for the kind, then the text. What was quoted must read back
 * as the text, and nothing may follow the closing quote.
 */
#include "core/predicate.h"

#include "fuzz.h"

/* reads E'...' or "..." as PostgreSQL's scanner does; the text inside is compared with what it came from */
static void
check_quoted(const char *quoted, size_t length, char quote, bool escapes, const char *text, size_t n)
{
	size_t		at = 0;

	MUST(length > 0 && quoted[0] == quote && quoted[length] == '\0');
	for (size_t i = 1; i < length; i++)
	{
		if (quoted[i] == quote || (escapes && quoted[i] == '\\'))
		{
			if (i + 1 == length)
			{
				MUST(quoted[i] == quote && at == n);
				return;
			}
			/* doubled, or the token would end here */
			MUST(quoted[i + 1] == quoted[i]);
			i++;
		}
		MUST(at < n && quoted[i] == text[at]);
		at++;
	}
	MUST(!"closed");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Input		input = {data, size};
	crm_predicate_kind kind = (crm_predicate_kind) (take(&input, 1) % (CRM_KIND_TIME + 1));
	size_t		n = input.left;
	char	   *text = room_for(n);
	char	   *quoted = room_for(CRM_QUOTED_SIZE(n));
	char	   *name = room_for(n + 1);
	size_t		length;
	size_t		backslashes = 0;

	memcpy(text, input.next, n);
	memcpy(name, text, n);
	name[n] = '\0';

	if (crm_literal_is_plain(kind, text, n) && kind != CRM_KIND_TEXT && kind != CRM_KIND_ANY)
	{
		/* nothing that is written bare can be more than one token */
		for (size_t i = 0; i < n; i++)
			MUST((text[i] >= '0' && text[i] <= '9') || strchr("+-.:TZ eaflrstu", text[i]) != NULL || text[i] == 'E');
		MUST(n > 0 && (kind == CRM_KIND_BOOLEAN || n <= 40));
		MUST(kind != CRM_KIND_NUMBER || strchr(name, ' ') == NULL);
	}

	for (size_t i = n; i > 0 && text[i - 1] == '\\'; i--)
		backslashes++;
	MUST(crm_pattern_is_whole(text, n) == (backslashes % 2 == 0));

	length = crm_quote_literal(quoted, text, n);
	MUST(length < CRM_QUOTED_SIZE(n) && quoted[0] == 'E');
	check_quoted(quoted + 1, length - 1, '\'', true, text, n);
	length = crm_quote_name(quoted, text, n);
	MUST(length < CRM_QUOTED_SIZE(n));
	check_quoted(quoted, length, '"', false, text, n);

	MUST(crm_kind_of_type(name) == CRM_KIND_NONE || crm_kind_of_type(name) >= CRM_KIND_BOOLEAN);

	free(text);
	free(quoted);
	free(name);
	return 0;
}
