/*
 * src/core/clv_optimise.h
 *
 * The minimum of a smooth function of up to four variables inside a box.
 *
 * Projected BFGS finds it, Newton steps polish it, and the second derivatives
 * (central differences of the gradient) tell what kind of minimum it is.
 * Nothing is random and no clock is read: the same function gives the same
 * bits.
 */
#ifndef CRM_CLV_OPTIMISE_H
#define CRM_CLV_OPTIMISE_H

#include <stdbool.h>
#include <stdint.h>

#define CRM_OPTIMISE_MAX 4

typedef enum crm_optimise_status
{
	CRM_OPTIMISE_CONVERGED,
	CRM_OPTIMISE_BOUNDARY,		/* variables at their limits, or along which nothing changes: see at_limit */
	CRM_OPTIMISE_EXHAUSTED,		/* the cap on evaluations */
	CRM_OPTIMISE_STOPPED		/* the function said so */
} crm_optimise_status;

/* value and gradient at x; false: stop */
typedef bool (*crm_objective) (const double *x, double *value, double *gradient, void *context);

typedef struct crm_optimise
{
	/* given */
	int			n;
	double		low;			/* of every variable */
	double		high;
	int			max_evaluations;
	bool		near;			/* the start is near the minimum: Newton at once */
	crm_objective objective;
	void	   *context;
	/* start and result */
	double		x[CRM_OPTIMISE_MAX];
	double		value;
	double		gradient[CRM_OPTIMISE_MAX];
	double		inverse[CRM_OPTIMISE_MAX][CRM_OPTIMISE_MAX];	/* of the second derivatives of the variables that are free */
	unsigned	at_limit;		/* bit i: variable i */
	int			evaluations;
} crm_optimise;

extern crm_optimise_status crm_minimise(crm_optimise *o);

#endif							/* CRM_CLV_OPTIMISE_H */
