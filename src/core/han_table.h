/*
 * src/core/han_table.h
 *
 * Readings, simplified forms and surname readings of Han characters, frozen
 * (tools/text_tables.py).
 */
#ifndef CRM_HAN_TABLE_H
#define CRM_HAN_TABLE_H

#include <stdint.h>

/* syllables without tone marks, u for u with diaeresis; number 0 is none */
#define CRM_SYLLABLES		414
#define CRM_SYLLABLE_SIZE	7

extern const char crm_syllables[CRM_SYLLABLES + 1][CRM_SYLLABLE_SIZE];

/* number of the usual syllable of a character, in two stages */
#define CRM_READING_FIRST	0x3400
#define CRM_READING_END		0x323B0
#define CRM_READING_SHIFT	5
#define CRM_READING_BLOCKS	6014
#define CRM_READINGS		85152

extern const uint16_t crm_reading_index[CRM_READING_BLOCKS];
extern const uint16_t crm_reading[CRM_READINGS];

/* Traditional or variant to Simplified, by code point; a simplified form is in no row's first column */
typedef struct CrmSimplified
{
	uint32_t	from;
	uint32_t	to;
} CrmSimplified;

#define CRM_SIMPLIFIED		2877

extern const CrmSimplified crm_simplified[CRM_SIMPLIFIED];

/* surnames of one or two characters (the second 0) whose reading is not the usual one, or is one of several */
typedef struct CrmSurname
{
	uint32_t	cp[2];
	uint16_t	syllable[2];
} CrmSurname;

#define CRM_SURNAMES		71

extern const CrmSurname crm_surnames[CRM_SURNAMES];

#endif							/* CRM_HAN_TABLE_H */
