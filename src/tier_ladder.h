/*
 * src/tier_ladder.h
 *
 * A ladder read from its JSON form, which docs/design/data-model.md describes.
 */
#ifndef CRM_TIER_LADDER_H
#define CRM_TIER_LADDER_H

#include "compat.h"

#include "utils/jsonb.h"

#include "core/ladder.h"
#include "core/tier_walk.h"

#define CRM_MAX_TIERS 100
#define CRM_MAX_NODES 1000

typedef struct CrmLadder
{
	Jsonb	   *source;			/* copy of what was read */
	int32		period_months;
	int32		grace_days;
	CrmPeriodEnd period_end;
	CrmDownPolicy down;
	size_t		ntiers;
	CrmTier		tiers[CRM_MAX_TIERS];
	char	   *codes[CRM_MAX_TIERS];
	size_t		nnodes;
	CrmCondition nodes[CRM_MAX_NODES];
	size_t		nmetrics;
	char	   *metrics[CRM_MAX_NODES];
} CrmLadder;

/* fills a zeroed ladder; its names are allocated in the current context; 22023 for any other form */
extern void crm_ladder_read(CrmLadder *ladder, Jsonb *source);

#endif							/* CRM_TIER_LADDER_H */
