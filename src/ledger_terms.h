/*
 * src/ledger_terms.h
 *
 * What a programme promises, as far as one sale or one amount asks: the rules
 * of earning, from when on sources accrue, the base tiers.
 *
 * A session reads this once and keeps it until one of the tables that say it
 * is changed: their triggers tell all sessions (ledger_terms_changed).
 * A transaction with a snapshot of its own reads it afresh.
 */
#ifndef CRM_LEDGER_TERMS_H
#define CRM_LEDGER_TERMS_H

#include "ledger_engine.h"

#define CRM_MOST_ASSETS	32		/* that one sale may earn by the short path */
#define CRM_ASK_RULES	(-1)	/* a rule in force asks for more than the amount and the time */

/*
 * What a sale of a source, or of the doors (0), earns at an instant: the number
 * of assets, in their order, or CRM_ASK_RULES.  22003 beyond bigint.
 */
extern int	crm_earnings(CrmLedger *ledger, int32 source, TimestampTz at, Datum amount, CrmEarning *earnings);

/* whether crm_earnings decides for every sale, and may be asked for many: not in a transaction with a snapshot of its own */
extern bool crm_terms_are_plain(CrmLedger *ledger);

/* the base tier of the first ladder at an instant, NULL when there is none */
extern char *crm_terms_base_tier(CrmLedger *ledger, TimestampTz at);

/* whether growth moves tiers */
extern bool crm_terms_by_growth(CrmLedger *ledger);

/* drops what is known */
extern void crm_terms_forget(CrmLedger *ledger);

#endif							/* CRM_LEDGER_TERMS_H */
