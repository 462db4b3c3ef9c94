/*
 * src/core/grapheme_table.h
 *
 * Grapheme cluster break classes, frozen (tools/text_tables.py).
 */
#ifndef CRM_GRAPHEME_TABLE_H
#define CRM_GRAPHEME_TABLE_H

#include <stdint.h>

/* Unicode Standard Annex 29, table 2; the numbers are those that the script writes */
typedef enum CrmClusterClass
{
	CRM_CLUSTER_OTHER = 0,
	CRM_CLUSTER_CONTROL = 1,
	CRM_CLUSTER_CR = 2,
	CRM_CLUSTER_LF = 3,
	CRM_CLUSTER_EXTEND = 4,
	CRM_CLUSTER_PREPEND = 5,
	CRM_CLUSTER_SPACING_MARK = 6,
	CRM_CLUSTER_L = 7,
	CRM_CLUSTER_V = 8,
	CRM_CLUSTER_T = 9,
	CRM_CLUSTER_LV = 10,
	CRM_CLUSTER_LVT = 11,
	CRM_CLUSTER_REGIONAL = 12,
	CRM_CLUSTER_ZWJ = 13,
	CRM_CLUSTER_PICTURE = 14
} CrmClusterClass;

typedef struct CrmClusterRange
{
	uint32_t	from;
	uint32_t	to;
	uint8_t		class;
} CrmClusterRange;

#define CRM_CLUSTER_RANGES	651

extern const CrmClusterRange crm_cluster_ranges[CRM_CLUSTER_RANGES];

#endif							/* CRM_GRAPHEME_TABLE_H */
