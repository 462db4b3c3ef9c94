/*
 * src/aggregate.h
 *
 * What the support functions of all aggregates begin with: they are the
 * executor's to call, and state that lasts belongs in the memory that it names.
 */
#ifndef CRM_AGGREGATE_H
#define CRM_AGGREGATE_H

#include "compat.h"

#include "fmgr.h"

/* the memory of the aggregate's state; 0A000 for a call by hand */
static inline MemoryContext
crm_aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("support function of an aggregate called outside of one")));
	return context;
}

#endif							/* CRM_AGGREGATE_H */
