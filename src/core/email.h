/*
 * src/core/email.h
 *
 * The key of an e-mail address: folded local part, domain in the ASCII form of
 * IDNA (UTS 46, non-transitional; RFC 3492).
 */
#ifndef CRM_EMAIL_H
#define CRM_EMAIL_H

#include "core/text.h"

#define CRM_EMAIL_MOST 254		/* octets of an address, RFC 5321 */

/*
 * Appends the key and says whether the text is an address. `folded` and
 * `spare` are memory for as many code points as `to` has room for.
 */
extern bool crm_address_key(CrmText *to, const uint32_t *cp, size_t n, uint32_t *folded, uint32_t *spare);

#endif							/* CRM_EMAIL_H */
