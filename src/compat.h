/*
 * src/compat.h
 *
 * The only file that asks which PostgreSQL it is compiled for (15 to 18).
 */
#ifndef CRM_COMPAT_H
#define CRM_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000
#error "crm_member needs PostgreSQL 15 or later"
#endif

/* 16 brought soft errors; below, the same call raises at once */
#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#include "varatt.h"
#else
#define ereturn(escontext, dummy, ...) \
	do { (void) (escontext); ereport(ERROR, __VA_ARGS__); return dummy; } while (0)
#endif

/* 16 took the permissions out of the range table */
#if PG_VERSION_NUM >= 160000
#define crm_may_execute(plan) ExecCheckPermissions((plan)->rtable, (plan)->permInfos, false)
#else
#define crm_may_execute(plan) ExecCheckRTPerms((plan)->rtable, false)
#endif

/* 16 tells which indexes a new version of a row needs; whether it is heap-only tells the same of plain ones */
#if PG_VERSION_NUM >= 160000
#define crm_heap_update(table, tid, row) \
	do { TU_UpdateIndexes crm_indexes_; simple_heap_update(table, tid, row, &crm_indexes_); } while (0)
#else
#define crm_heap_update(table, tid, row) simple_heap_update(table, tid, row)
#endif

/* 18 counts the pages that a scan reads */
#if PG_VERSION_NUM >= 180000
#define crm_index_beginscan(table, index, snapshot, nkeys) index_beginscan(table, index, snapshot, NULL, nkeys, 0)
#else
#define crm_index_beginscan(table, index, snapshot, nkeys) index_beginscan(table, index, snapshot, nkeys, 0)
#endif

/* 18 can leave room in front of it */
#if PG_VERSION_NUM >= 180000
#define crm_form_minimal_tuple(desc, values, nulls) heap_form_minimal_tuple(desc, values, nulls, 0)
#else
#define crm_form_minimal_tuple(desc, values, nulls) heap_form_minimal_tuple(desc, values, nulls)
#endif

/* 18 writes it before the declaration, as C11 does */
#if PG_VERSION_NUM < 180000
#define pg_noreturn __attribute__((noreturn))
#endif

#endif							/* CRM_COMPAT_H */
