/*
 * src/text_contact.c
 *
 * phone_e164, email_key, luhn_append, luhn_valid, resident_id_valid: contacts
 * and numbers in the one form in which they are compared.
 *
 * What is no phone or address gives NULL, since messy input is normal and the
 * caller decides; an unknown region is an error of the program that asks.
 */
#include "text_arg.h"

#include "utils/builtins.h"

#include "core/checkdigit.h"
#include "core/email.h"
#include "core/phone.h"

PG_FUNCTION_INFO_V1(crm_phone_e164);
PG_FUNCTION_INFO_V1(crm_email_key);
PG_FUNCTION_INFO_V1(crm_luhn_append);
PG_FUNCTION_INFO_V1(crm_luhn_valid);
PG_FUNCTION_INFO_V1(crm_resident_id_valid);

#define PHONE_MOST		200		/* characters of a phone; longer ones are none */
#define EMAIL_MOST		1000

static CrmText
folded(const CrmText *value)
{
	CrmText		made = crm_text_with_room(value->n * 18 + 64);

	crm_text_fold(&made, value->cp, value->n, palloc(made.room * sizeof(uint32_t)));
	return made;
}

Datum
crm_phone_e164(PG_FUNCTION_ARGS)
{
	CrmText		value = crm_text_of(PG_GETARG_TEXT_PP(0));
	text	   *region = PG_GETARG_TEXT_PP(1);
	const CrmPhonePlan *plan = crm_phone_plan(VARDATA_ANY(region), VARSIZE_ANY_EXHDR(region));
	char		e164[CRM_E164_SIZE];
	CrmText		form;

	if (plan == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no numbering plan of region \"%s\"", text_to_cstring(region)),
				 errhint("Regions are two letters: CN, HK, MO, TW, SG, MY, JP, KR, US, CA, GB, AU, FR, TH. Numbers of other countries are taken with + and the country code.")));
	if (value.n > PHONE_MOST)
		PG_RETURN_NULL();
	form = folded(&value);
	if (!crm_e164(form.cp, form.n, plan, e164))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(e164));
}

Datum
crm_email_key(PG_FUNCTION_ARGS)
{
	CrmText		value = crm_text_of(PG_GETARG_TEXT_PP(0));
	CrmText		made;
	uint32_t   *memory;

	if (value.n > EMAIL_MOST)
		PG_RETURN_NULL();
	made = crm_text_with_room(value.n * 24 + 64);
	memory = palloc(2 * made.room * sizeof(uint32_t));
	if (!crm_address_key(&made, value.cp, value.n, memory, memory + made.room) || made.full)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(crm_text_to_datum(&made));
}

Datum
crm_luhn_append(PG_FUNCTION_ARGS)
{
	text	   *number = PG_GETARG_TEXT_PP(0);
	size_t		n = VARSIZE_ANY_EXHDR(number);
	char		digit = crm_luhn_digit(VARDATA_ANY(number), n);
	text	   *result;

	if (digit == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a check digit is made for digits only"),
				 errdetail("Blanks and hyphens between the digits are kept.")));
	result = palloc(VARHDRSZ + n + 1);
	SET_VARSIZE(result, VARHDRSZ + n + 1);
	memcpy(VARDATA(result), VARDATA_ANY(number), n);
	VARDATA(result)[n] = digit;
	PG_RETURN_TEXT_P(result);
}

Datum
crm_luhn_valid(PG_FUNCTION_ARGS)
{
	text	   *number = PG_GETARG_TEXT_PP(0);

	PG_RETURN_BOOL(crm_luhn_holds(VARDATA_ANY(number), VARSIZE_ANY_EXHDR(number)));
}

Datum
crm_resident_id_valid(PG_FUNCTION_ARGS)
{
	CrmText		value = crm_text_of(PG_GETARG_TEXT_PP(0));
	CrmText		form;
	size_t		from = 0;
	char		id[18 * 4];

	if (value.n > 40)
		PG_RETURN_BOOL(false);
	form = folded(&value);
	while (from < form.n && crm_is_space(form.cp[from]))
		from++;
	while (form.n > from && crm_is_space(form.cp[form.n - 1]))
		form.n--;
	if (form.n - from != 18)
		PG_RETURN_BOOL(false);
	PG_RETURN_BOOL(crm_resident_id_holds(id, crm_text_write(form.cp + from, 18, id)));
}
