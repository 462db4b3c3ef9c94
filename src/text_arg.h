/*
 * src/text_arg.h
 *
 * Between PostgreSQL's text and the code points of core/text.h.
 */
#ifndef CRM_TEXT_ARG_H
#define CRM_TEXT_ARG_H

#include "compat.h"

#include "fmgr.h"

#include "core/text.h"

#define CRM_TEXT_MOST	1048576	/* bytes of a text argument: bounds memory and the time until the next look at interrupts */

/* the code points of a text argument, in the current context; 54000 beyond CRM_TEXT_MOST bytes */
extern CrmText crm_text_of(text *value);

/* an empty text with room for some code points, in the current context */
extern CrmText crm_text_with_room(size_t room);

extern text *crm_text_to_datum(const CrmText *value);

#endif							/* CRM_TEXT_ARG_H */
