/*
 * src/core/fold_table.h
 *
 * NFKC case folding from a frozen table (tools/text_tables.py).
 *
 * A code point below CRM_FOLD_END has its place in two stages: 0 folds to
 * itself, CRM_FOLD_DROPPED to nothing, any other number less one is where in
 * the pool the length and then the code points of its mapping stand.
 */
#ifndef CRM_FOLD_TABLE_H
#define CRM_FOLD_TABLE_H

#include <stdint.h>

#define CRM_FOLD_END		0x323B0
#define CRM_FOLD_SHIFT		5
#define CRM_FOLD_BLOCKS		6430
#define CRM_FOLD_PLACES		9376
#define CRM_FOLD_POOL		9425
#define CRM_FOLD_DROPPED	0xFFFF

/* beyond the table only these fold, to nothing: tags and variation selectors */
#define CRM_FOLD_TAGS		0xE0000
#define CRM_FOLD_TAGS_END	0xE1000

extern const uint16_t crm_fold_index[CRM_FOLD_BLOCKS];
extern const uint16_t crm_fold_place[CRM_FOLD_PLACES];
extern const uint32_t crm_fold_pool[CRM_FOLD_POOL];

/* canonical decompositions in full, by code point; Hangul syllables are computed */
typedef struct CrmDecomposition
{
	uint32_t	cp;
	uint16_t	place;			/* in crm_decomposition_pool */
	uint16_t	length;
} CrmDecomposition;

#define CRM_DECOMPOSITIONS		2061
#define CRM_DECOMPOSITION_POOL	3406

extern const CrmDecomposition crm_decompositions[CRM_DECOMPOSITIONS];
extern const uint32_t crm_decomposition_pool[CRM_DECOMPOSITION_POOL];

/* primary composites by (first, second) */
typedef struct CrmComposition
{
	uint32_t	first;
	uint32_t	second;
	uint32_t	composite;
} CrmComposition;

#define CRM_COMPOSITIONS	941

extern const CrmComposition crm_compositions[CRM_COMPOSITIONS];

/* ranges of characters with a combining class other than 0 */
typedef struct CrmCombining
{
	uint32_t	from;
	uint32_t	to;
	uint8_t		class;
} CrmCombining;

#define CRM_COMBINING		388

extern const CrmCombining crm_combining[CRM_COMBINING];

#endif							/* CRM_FOLD_TABLE_H */
