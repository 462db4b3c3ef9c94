/*
 * src/core/reading.h
 *
 * Days, times and amounts as spreadsheets and people write them.
 *
 * The input is folded (crm_text_fold), so full-width digits are plain. What can
 * be read in two ways is not read at all: 3/4/2024 is no day.
 */
#ifndef CRM_READING_H
#define CRM_READING_H

#include "core/text.h"

typedef struct CrmTime
{
	int			year;			/* 1 to 9999 */
	int			month;
	int			day;
	int64_t		of_day;			/* microseconds since midnight */
	bool		has_offset;
	int			offset;			/* seconds east of UTC */
} CrmTime;

/*
 * 2024-02-29, 2024/2/29, 2024.2.29, 20240229, with the Chinese signs of year,
 * month and day, or the day number of a spreadsheet (five digits, 1900
 * system); then perhaps a time of day and an offset from UTC.
 */
extern bool crm_time_of(const uint32_t *cp, size_t n, CrmTime *time);

#define CRM_AMOUNT_SIZE	48

/*
 * A decimal number, perhaps with a sign or in accountants' brackets, thousands
 * separated by commas, a sign or code of a currency before or behind it; out is
 * what numeric reads.
 */
extern bool crm_amount_of(const uint32_t *cp, size_t n, char out[CRM_AMOUNT_SIZE]);

#endif							/* CRM_READING_H */
