/*
 * fuzz/fuzz_contact.c
 *
 * Phones, e-mail addresses, card numbers and resident ids of any bytes: what
 * is taken has the form that is promised and is taken again unchanged.
 *
 * Input: a first byte chooses the region of the phone.
 */
#include "core/checkdigit.h"
#include "core/email.h"
#include "core/phone.h"

#include "fuzz.h"

static void
phone(const CrmPhonePlan *plan, const CrmText *folded)
{
	char		e164[CRM_E164_SIZE];
	char		again[CRM_E164_SIZE];
	uint32_t	cp[CRM_E164_SIZE];
	size_t		n;

	if (!crm_e164(folded->cp, folded->n, plan, e164))
		return;
	n = strlen(e164);
	MUST(e164[0] == '+' && n > 5 && n <= 16);
	for (size_t i = 0; i < n; i++)
	{
		MUST(i == 0 || (e164[i] >= '0' && e164[i] <= '9'));
		cp[i] = (uint32_t) (unsigned char) e164[i];
	}
	MUST(crm_e164(cp, n, plan, again) && strcmp(e164, again) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char regions[] = "CNHKMOTWSGMYJPKRUSCAGBAUFRTH";
	Input		input = {data, size};
	const char *region = regions + take(&input, 1) % 14 * 2;
	const CrmPhonePlan *plan = crm_phone_plan(region, 2);
	size_t		room = input.left * 24 + 64;
	CrmText		text = {room_for(input.left * 4), 0, input.left, false};
	CrmText		folded = {room_for(room * 4), 0, room, false};
	CrmText		key = {room_for(room * 4), 0, room, false};
	uint32_t   *memory = room_for(room * 4);
	uint32_t   *spare = room_for(room * 4);

	MUST(plan != NULL);
	crm_text_read(&text, (const char *) input.next, input.left);
	crm_text_fold(&folded, text.cp, text.n, spare);
	MUST(!folded.full);
	phone(plan, &folded);

	if (crm_address_key(&key, text.cp, text.n, memory, spare) && !key.full)
	{
		CrmText		again = {room_for(room * 4), 0, room, false};

		MUST(crm_address_key(&again, key.cp, key.n, memory, spare));
		MUST(again.n == key.n && memcmp(again.cp, key.cp, key.n * 4) == 0);
		free(again.cp);
	}

	crm_luhn_holds((const char *) input.next, input.left);
	{
		char		digit = crm_luhn_digit((const char *) input.next, input.left);

		if (digit != '\0')
		{
			char	   *whole = room_for(input.left + 1);

			memcpy(whole, input.next, input.left);
			whole[input.left] = digit;
			MUST(crm_luhn_holds(whole, input.left + 1));
			free(whole);
		}
	}
	MUST(!crm_resident_id_holds((const char *) input.next, input.left) || input.left == 18);
	free(text.cp);
	free(folded.cp);
	free(key.cp);
	free(memory);
	free(spare);
	return 0;
}
