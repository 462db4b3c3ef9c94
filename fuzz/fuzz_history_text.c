/*
 * fuzz/fuzz_history_text.c
 *
 * The text form of a purchase history: any bytes are refused or come back the
 * same.
 *
 * parse, settle, pack, print and parse again must end in the same packed
 * bytes; no step may write more than its bound promised.
 */
#include "core/history.h"

#include "fuzz.h"

static uint8_t *
pack(CrmHistoryDay *days, size_t n, int scale, size_t *length)
{
	uint8_t    *bytes = room_for(crm_history_pack_bound(n));

	*length = crm_history_pack(days, n, scale, bytes);
	return bytes;
}

/* the packed form of a text, NULL where it is refused */
static uint8_t *
packed(const char *text, size_t length, size_t *packed_length)
{
	size_t		bound = crm_history_parse_bound(text, length);
	CrmHistoryDay *days = room_for(bound * sizeof(CrmHistoryDay));
	uint8_t    *result = NULL;
	CrmHistoryParse fault = {SIZE_MAX, NULL};
	CrmHistoryStatus status;
	size_t		n;
	int			scale;

	switch (crm_history_parse(text, length, days, &n, &scale, &fault))
	{
		case CRM_PARSE_OK:
			MUST(n <= bound && scale >= 0 && scale <= CRM_MAX_SCALE);
			for (size_t i = 0; i < n; i++)
				MUST(days[i].day >= CRM_FIRST_DAY && days[i].day <= CRM_LAST_DAY && days[i].orders >= 0);
			status = crm_history_settle(days, n, &n);
			MUST(status == CRM_HISTORY_OK || status == CRM_HISTORY_AMOUNT_RANGE || status == CRM_HISTORY_ORDERS_RANGE);
			if (status == CRM_HISTORY_OK)
				result = pack(days, n, scale, packed_length);
			break;
		case CRM_PARSE_SYNTAX:
			MUST(fault.position <= length && fault.expected != NULL);
			break;
		default:
			MUST(fault.position < length);
	}
	free(days);
	return result;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t		length;
	size_t		again_length;
	uint8_t    *bytes = packed((const char *) data, size, &length);
	uint8_t    *again;
	CrmHistoryReader reader;
	size_t		bound;
	char	   *text;

	if (bytes == NULL)
		return 0;
	crm_history_read(&reader, bytes, length);
	MUST(reader.status == CRM_HISTORY_OK);
	bound = crm_history_print_bound(reader.left);
	text = room_for(bound);
	MUST(crm_history_print(reader, text) == CRM_HISTORY_OK);
	MUST(strlen(text) < bound);
	again = packed(text, strlen(text), &again_length);
	MUST(again != NULL && again_length == length && memcmp(again, bytes, length) == 0);
	free(bytes);
	free(again);
	free(text);
	return 0;
}
