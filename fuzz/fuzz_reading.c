/*
 * fuzz/fuzz_reading.c
 *
 * Days, times and amounts of any bytes: what is read exists, and an amount is
 * what numeric reads and reads again as itself.
 */
#include "core/lunar.h"
#include "core/reading.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t		room = size * 18 + 64;
	CrmText		text = {room_for(size * 4), 0, size, false};
	CrmText		folded = {room_for(room * 4), 0, room, false};
	uint32_t   *spare = room_for(room * 4);
	CrmTime		time;
	char		amount[CRM_AMOUNT_SIZE];

	crm_text_read(&text, (const char *) data, size);
	crm_text_fold(&folded, text.cp, text.n, spare);
	MUST(!folded.full);
	if (crm_time_of(folded.cp, folded.n, &time))
	{
		MUST(time.year >= 1 && time.year <= 9999 && time.month >= 1 && time.month <= 12);
		MUST(time.day >= 1 && time.day <= crm_month_days(time.year, time.month));
		MUST(time.of_day >= 0 && time.of_day < INT64_C(86400000000));
		MUST(time.offset > -16 * 3600 && time.offset < 16 * 3600);
	}
	if (crm_amount_of(folded.cp, folded.n, amount))
	{
		size_t		n = strlen(amount);
		uint32_t	cp[CRM_AMOUNT_SIZE];
		char		again[CRM_AMOUNT_SIZE];
		size_t		digits = 0;
		size_t		points = 0;

		MUST(n > 0 && n < CRM_AMOUNT_SIZE);
		for (size_t i = 0; i < n; i++)
		{
			MUST((amount[i] >= '0' && amount[i] <= '9') || amount[i] == '.' || (i == 0 && amount[i] == '-'));
			digits += amount[i] >= '0';
			points += amount[i] == '.';
			cp[i] = (uint32_t) amount[i];
		}
		MUST(digits > 0 && points <= 1);
		MUST(crm_amount_of(cp, n, again) && strcmp(amount, again) == 0);
	}
	free(text.cp);
	free(folded.cp);
	free(spare);
	return 0;
}
