/*
 * src/core/checkdigit.h
 *
 * Numbers with a check digit: Luhn (ISO/IEC 7812-1) for card numbers, and the
 * resident identity number of mainland China (GB 11643-1999).
 *
 * Input is bytes; full-width digits are for the caller to fold.
 */
#ifndef CRM_CHECKDIGIT_H
#define CRM_CHECKDIGIT_H

#include <stdbool.h>
#include <stddef.h>

/* the digit to append, '0' to '9'; blanks and hyphens do not count; 0 when there is no digit or something else */
extern char crm_luhn_digit(const char *s, size_t n);

/* whether the last digit is the one that belongs to those before it */
extern bool crm_luhn_holds(const char *s, size_t n);

/* 18 characters: region, day of birth, serial, check character (X also as x) */
extern bool crm_resident_id_holds(const char *s, size_t n);

#endif							/* CRM_CHECKDIGIT_H */
