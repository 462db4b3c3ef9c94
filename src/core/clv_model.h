/*
 * src/core/clv_model.h
 *
 * Purchase models and the spend model: what they say of a member whose
 * history is known, and of a new one.
 *
 * A member has x repeat purchase days, the last of them t_x after the first
 * purchase, and is looked at T after it.  All models buy at a gamma-distributed
 * rate (r, alpha) while a member is active; they differ in how members leave:
 *
 *	BG/NBD		after a repeat purchase, with a beta-distributed probability (a, b)
 *				(Fader, Hardie & Lee 2005)
 *	MBG/NBD		after any purchase, the first one too (Batislam, Denizel &
 *				Filiztekin 2007)
 *	Pareto/NBD	at any time, at a gamma-distributed rate (s, beta)
 *				(Schmittlein, Morrison & Colombo 1987)
 *	NBD			never (Ehrenberg 1959)
 *
 * Spend is gamma-gamma (p, q, v; Fader, Hardie & Lee 2005).
 *
 * Everything is computed from positive terms (clv_math.h): a = 1, a + b = 1,
 * s = 1 and alpha = beta are no special cases.  Callers have checked their
 * arguments: parameters above 0 and finite, 0 <= t_x <= T, x = 0 only with
 * t_x = 0.
 */
#ifndef CRM_CLV_MODEL_H
#define CRM_CLV_MODEL_H

#include <stdbool.h>
#include <stdint.h>

typedef enum crm_clv_kind
{
	CRM_CLV_BG_NBD,
	CRM_CLV_MBG_NBD,
	CRM_CLV_PARETO_NBD,
	CRM_CLV_NBD,
	CRM_CLV_KINDS
} crm_clv_kind;

#define CRM_CLV_PARAMS		4	/* of a purchase model, at the most */
#define CRM_CLV_SPEND_PARAMS 3
#define CRM_CLV_PARAM_MIN	1e-12
#define CRM_CLV_PARAM_MAX	1e12

typedef enum crm_clv_status
{
	CRM_CLV_GIVEN,				/* the parameters were given, not fitted */
	CRM_CLV_CONVERGED,
	CRM_CLV_BOUNDARY,			/* the likelihood rises towards a limit of the parameters named */
	CRM_CLV_NOT_CONVERGED,		/* stopped after the largest number of iterations */
	CRM_CLV_STATUSES
} crm_clv_status;

/* one fitted (or given) set of parameters; NaN where something is not known */
typedef struct crm_clv_estimate
{
	double		param[CRM_CLV_PARAMS];
	double		error[CRM_CLV_PARAMS];	/* standard errors */
	double		log_likelihood;
	int64_t		n;				/* members */
	int64_t		cells;			/* different (x, t_x, T) */
	int32_t		iterations;		/* evaluations of the likelihood */
	uint8_t		status;			/* crm_clv_status */
	uint8_t		boundary;		/* bit i: parameter i is at its limit */
} crm_clv_estimate;

typedef struct crm_clv_model
{
	uint8_t		kind;			/* crm_clv_kind */
	bool		has_spend;
	bool		has_as_of;
	int32_t		as_of;			/* days since 2000-01-01 */
	double		unit;			/* of time, in days */
	crm_clv_estimate purchase;
	crm_clv_estimate spend;
	double		correlation;	/* of x and m among the members of the spend model */
} crm_clv_model;

extern const char *crm_clv_kind_name(int kind);
extern const char *crm_clv_param_name(int kind, int i); /* kind CRM_CLV_KINDS: the spend model */
extern int	crm_clv_param_count(int kind);
extern const char *crm_clv_status_name(int status);

/* CRM_CLV_KINDS for a name that is none */
extern int	crm_clv_kind_of(const char *name, int length);

/* probability that the member is still active at T */
extern double crm_clv_p_alive(int kind, const double *p, double x, double t_x, double t);

/* the three that depend on t_x through P(alive) alone: what a member active at T will do */
extern double crm_clv_orders_if_alive(int kind, const double *p, double x, double t, double horizon);
extern double crm_clv_discounted_if_alive(int kind, const double *p, double x, double t, double rate);
extern double crm_clv_discounted_within(int kind, const double *p, double x, double t, double horizon, double rate);

/* expected purchase days of a new member in (0, horizon], the first purchase not counted */
extern double crm_clv_orders_new(int kind, const double *p, double horizon);

/* probability that a new member has n repeat purchase days in (0, t] */
extern double crm_clv_count_probability(int kind, const double *p, double t, double n);

extern double crm_clv_log_likelihood(int kind, const double *p, double x, double t_x, double t);

/* time from T within which the next purchase comes with this probability; infinite where it may never come */
extern double crm_clv_next_order(int kind, const double *p, double x, double t_x, double t, double probability);

/* the same for a member active at T */
extern double crm_clv_next_if_alive(int kind, const double *p, double x, double t, double probability);

/* expected mean spend a purchase day given x days of mean m; NaN where the mean is infinite */
extern double crm_clv_expected_spend(const double *spend, double x, double m);

/*
 * Pareto/NBD: probability that a member active at a time leaves before the
 * next purchase, where k = r + x, A = alpha + time, B = beta + time.
 */
typedef struct crm_pareto_lost
{
	double		value;
	double		by_k;			/* derivatives of ln value */
	double		by_s;
	double		by_a;
	double		by_b;
} crm_pareto_lost;

extern crm_pareto_lost crm_clv_pareto_lost(double k, double s, double a, double b, bool derivatives);

#endif							/* CRM_CLV_MODEL_H */
