/*
 * src/core/phone.h
 *
 * Telephone numbers as people write them to E.164 (ITU-T).
 *
 * A number is right when its length and its leading digits fit the numbering
 * plan of its country; whether it is assigned is not known here. Countries
 * whose plan is not in the table are checked by country code and length.
 */
#ifndef CRM_PHONE_H
#define CRM_PHONE_H

#include "core/text.h"

#define CRM_E164_SIZE	17		/* '+', 15 digits, NUL */

typedef struct CrmPhonePlan
{
	char		region[3];		/* ISO 3166-1 alpha-2 */
	const char *country;		/* country code */
	const char *trunk;			/* prefix of national dialling, "" for none */
	const char *abroad;			/* prefixes of international dialling, space apart */
	const char *const *national;	/* patterns of national numbers, NULL ends them */
} CrmPhonePlan;

/* the plan of a region of two letters of any case, NULL when there is none */
extern const CrmPhonePlan *crm_phone_plan(const char *region, size_t length);

/*
 * The first plan of a country code that the digits begin with, and the length
 * of the code; NULL with a length for a country without a plan, length 0 when
 * no country has such a code.
 */
extern const CrmPhonePlan *crm_phone_country(const char *digits, size_t *length);

/*
 * Whether a national number fits one of the plan's patterns: a digit stands
 * for itself, x for any, N for 2 to 9, [2-57] for those named.
 */
extern bool crm_phone_fits(const CrmPhonePlan *plan, const char *digits, size_t n);

/*
 * E.164 form of a text folded by crm_text_fold, as dialled in the plan's
 * region; an extension behind it is dropped. False when it is no number.
 */
extern bool crm_e164(const uint32_t *cp, size_t n, const CrmPhonePlan *plan, char e164[CRM_E164_SIZE]);

#endif							/* CRM_PHONE_H */
