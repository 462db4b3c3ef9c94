/*
 * src/errors.h
 *
 * SQLSTATEs of class CR, the ones that are the project's own.
 *
 * Where the SQL standard or PostgreSQL has a code that says what happened
 * (22003 out of range, 22P02 bad text, 42804 wrong type, ...) that one is
 * used; a CR code is for what only a member CRM knows.  docs/errors.md lists
 * both.
 */
#ifndef CRM_ERRORS_H
#define CRM_ERRORS_H

/* a request id was used before with other content */
#define ERRCODE_CRM_REQUEST_DIFFERS		MAKE_SQLSTATE('C','R','0','0','2')
/* a purchase history does not contain what is to be taken out of it */
#define ERRCODE_CRM_HISTORY_UNDERFLOW	MAKE_SQLSTATE('C','R','1','0','1')
/* a query text is not one read-only SELECT of the wanted columns */
#define ERRCODE_CRM_BAD_QUERY			MAKE_SQLSTATE('C','R','1','0','2')

/* a CLV model cannot be fitted: nobody came back */
#define ERRCODE_CRM_NO_REPEAT			MAKE_SQLSTATE('C','R','4','0','1')

#endif							/* CRM_ERRORS_H */
