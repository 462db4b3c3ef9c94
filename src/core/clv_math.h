/*
 * src/core/clv_math.h
 *
 * The few special functions that the purchase models need, on libm.
 *
 * Each is a sum, product or continued fraction of positive terms, or an
 * integral of a positive function: nothing is subtracted that is nearly equal,
 * so there are no poles and no loss of digits where parameters coincide.
 * Relative errors are about 1e-13 for arguments up to 1e5.
 */
#ifndef CRM_CLV_MATH_H
#define CRM_CLV_MATH_H

#include <stdbool.h>

/* ln(Gamma(a + n) / Gamma(a)), a > 0, n >= 0 */
extern double crm_ln_rising(double a, double n);

/* ln(Gamma(a) Gamma(b) / Gamma(a + b)), a, b > 0 */
extern double crm_ln_beta(double a, double b);

/* d/dx ln Gamma(x), x > 0 */
extern double crm_digamma(double x);

/* ln Gamma(x), x > 0 */
extern double crm_ln_gamma(double x);

/* ln(e^a + e^b) */
extern double crm_ln_add(double a, double b);

/*
 * 2F1(1, b; c; z) for 0 < b < c and 0 <= z < 1, with its derivatives by b, c
 * and z.  Gauss's continued fraction, summed forward as a series of positive
 * terms (Steed).
 */
typedef struct crm_f21
{
	double		value;
	double		by_b;
	double		by_c;
	double		by_z;
} crm_f21;

extern crm_f21 crm_f21_first_one(double b, double c, double z, bool derivatives);

/* regularised incomplete beta function I_z(a, b), a, b > 0; z1 is 1 - z, given apart for its digits */
extern double crm_beta_part(double a, double b, double z, double z1);

/* e^z E_n(z) = integral over w from 0 of e^(-zw) (1+w)^(-n), z > 0, n > 0 */
extern double crm_scaled_expint(double n, double z);

/*
 * ln of the integral over all y of exp(log_f(y)): a function with one maximum,
 * not far from `near`, and tails that fall at least exponentially, however
 * slowly.  Trapezoidal sums in v, y = mode + c sinh(v), with ever smaller
 * steps until two of them agree.
 */
typedef double (*crm_log_function) (double y, void *context);
extern double crm_ln_integral(crm_log_function log_f, void *context, double near);

#endif							/* CRM_CLV_MATH_H */
