/*
 * src/core/lunar_table.h
 *
 * The months of the Chinese calendar, one word a lunar year (tools/lunar_table.py).
 *
 * Bits 0 to 12: month i, leap month included, has 30 days (else 29). Bits 13
 * to 16: the number of the month that is followed by its leap month, 0 for
 * none. Bits 17 to 22: days from 1 January to the first day of the year.
 */
#ifndef CRM_LUNAR_TABLE_H
#define CRM_LUNAR_TABLE_H

#include <stdint.h>

#define CRM_LUNAR_FIRST		1901
#define CRM_LUNAR_LAST		2100

extern const uint32_t crm_lunar_years[CRM_LUNAR_LAST - CRM_LUNAR_FIRST + 1];

#endif							/* CRM_LUNAR_TABLE_H */
