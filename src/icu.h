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

#endif							/* CRM_ICU_H */
