/*
 * src/crm_member.c
 *
 * The module magic and nothing else.
 */
#include "compat.h"

#include "fmgr.h"

PG_MODULE_MAGIC;
