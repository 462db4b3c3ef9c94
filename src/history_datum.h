/*
 * src/history_datum.h
 *
 * purchase_history values as PostgreSQL sees them: a varlena in one of the two
 * forms of core/history.h.
 *
 * Everybody who takes such a value calls crm_history_get, which detoasts it,
 * turns an open form into a packed one and refuses what is neither.
 */
#ifndef CRM_HISTORY_DATUM_H
#define CRM_HISTORY_DATUM_H

#include "compat.h"

#include "fmgr.h"
#include "utils/memutils.h"

#include "core/history.h"

/* the days of a value, ready to be read once; copy it to read again */
extern CrmHistoryReader crm_history_get(Datum value);

/* the same where memory may live long (indexes, joins): copy is what to free with crm_history_close */
extern CrmHistoryReader crm_history_open(Datum value, struct varlena **copy);
extern void crm_history_close(struct varlena *copy);

#define PG_GETARG_HISTORY(n) crm_history_get(PG_GETARG_DATUM(n))

/* all days of a value in an array (of at least one element) */
extern CrmHistoryDay *crm_history_get_days(CrmHistoryReader reader);

/* a packed value from settled days */
extern Datum crm_history_form(const CrmHistoryDay *days, size_t n, int scale);

/* raises what a status says; nothing for OK */
extern void crm_history_check(CrmHistoryStatus status);

/* a day as PostgreSQL has it; 22008 outside 0001-01-01 to 9999-12-31 */
extern void crm_check_day(int32 day);

/* a plain (detoasted) value in its open form, NULL for a packed one */
extern CrmHistoryState *crm_history_get_state(struct varlena *value);

/* a packed value from the entries of a state, which is left as it is */
extern Datum crm_history_form_state(const CrmHistoryState *state);

#endif							/* CRM_HISTORY_DATUM_H */
