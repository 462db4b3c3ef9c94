/*
 * src/icu.h
 *
 * What the extension asks ICU for.  No other file sees ICU's headers.
 */
#ifndef CRM_ICU_H
#define CRM_ICU_H

#define CRM_ICU_VERSION_TEXT 64

/* version of the ICU library in use, "72.1"; buffer of CRM_ICU_VERSION_TEXT bytes */
extern const char *crm_icu_version(char *buffer);

/*
 * An amount in plain decimal digits as money of a currency (three ASCII
 * letters) in a locale, in UTF-8. Returns the bytes that it takes, which is
 * more than size when there is too little room, or -1 when ICU refuses.
 */
extern int	crm_icu_money(const char *amount, int length, const char *currency, const char *locale, char *out, int size);

#endif							/* CRM_ICU_H */
