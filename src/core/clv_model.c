/*
 * src/core/clv_model.c
 *
 * What the purchase models say (see clv_model.h).
 *
 * The equations of the papers are rearranged into sums of positive terms.  In
 * all models a member who is active at T buys like an NBD with k = r + x and
 * A = alpha + T:
 *
 *	BG, MBG		P(X > n) = E[(1-p)^n] P(NBD > n), p beta-distributed (a, b');
 *				b' is b + x, for MBG b + x + 1
 *	Pareto		the chance of leaving before the next purchase is an integral
 *				that is 2F1(1, .; .; z) with 0 <= z < 1
 */
#include "core/clv_model.h"

#include <math.h>
#include <string.h>

#include "core/clv_math.h"

#define FAR_APART	1e-5		/* ratio of the two times of Pareto/NBD, then its integral is quicker */
#define MAX_SERIES	5000		/* terms, then the integral is quicker */

static const char *const kind_name[] = {"bg/nbd", "mbg/nbd", "pareto/nbd", "nbd"};
static const char *const status_name[] = {"given", "converged", "boundary", "not_converged"};
static const char *const param_name[][CRM_CLV_PARAMS] = {
	{"r", "alpha", "a", "b"}, {"r", "alpha", "a", "b"}, {"r", "alpha", "s", "beta"}, {"r", "alpha"}, {"p", "q", "v"}
};
static const int param_count[] = {4, 4, 4, 2, 3};

const char *
crm_clv_kind_name(int kind)
{
	return kind_name[kind];
}

const char *
crm_clv_param_name(int kind, int i)
{
	return param_name[kind][i];
}

int
crm_clv_param_count(int kind)
{
	return param_count[kind];
}

const char *
crm_clv_status_name(int status)
{
	return status_name[status];
}

int
crm_clv_kind_of(const char *name, int length)
{
	for (int i = 0; i < CRM_CLV_KINDS; i++)
	{
		if ((int) strlen(kind_name[i]) == length && memcmp(kind_name[i], name, (size_t) length) == 0)
			return i;
	}
	return CRM_CLV_KINDS;
}

/*
 * BG and MBG
 */

/* b of the beta distribution of p for a member known to be active */
static inline double
active_b(int kind, const double *p, double x)
{
	return p[3] + x + (kind == CRM_CLV_MBG_NBD ? 1 : 0);
}

/* log-odds of having left, minus infinity where that cannot be */
static double
bg_log_odds(int kind, const double *p, double x, double t_x, double t)
{
	if (kind == CRM_CLV_BG_NBD && x == 0)
		return -INFINITY;
	/* b + (x - 1): a tiny b keeps its digits */
	return log(p[2] / (p[3] + (x - (kind == CRM_CLV_BG_NBD ? 1 : 0)))) + (p[0] + x) * log1p((t - t_x) / (p[1] + t_x));
}

typedef struct Beta
{
	double		k;
	double		a;
	double		b;
	double		ratio;			/* of the horizon, or the rate, to A */
} Beta;

/* p = 1 / (1 + e^-y): ln p, ln (1 - p), and the ln of the density of y without its constant */
static inline double
log_density(const Beta *beta, double y, double *ln_p)
{
	double		ln_q = y > 0 ? -y - log1p(exp(-y)) : -log1p(exp(y));

	*ln_p = y > 0 ? -log1p(exp(-y)) : y - log1p(exp(y));
	return beta->a * *ln_p + beta->b * ln_q;
}

/* (1 - (1 + p t/A)^-k) / p */
static double
log_orders(double y, void *context)
{
	const Beta *beta = context;
	double		ln_p;
	double		density = log_density(beta, y, &ln_p);
	double		w = beta->k * log1p(exp(ln_p) * beta->ratio);

	if (w < 1e-17)
		return density + log(beta->k * beta->ratio);
	return density + log(-expm1(-w)) - ln_p;
}

/*
 * E[e^...] over p, log_f with the density.  With a and b both small the density
 * is flat far to both sides, and too coarse a step would miss what happens in
 * between; as p + (1 - p) = 1, it is parted into two that are steep on one side.
 */
static double
beta_mean(crm_log_function log_f, Beta *beta)
{
	if (beta->a < 1 && beta->b < 1)
	{
		Beta		leaves = *beta;
		Beta		stays = *beta;

		leaves.a += 1;
		stays.b += 1;
		return (beta->a * beta_mean(log_f, &leaves) + beta->b * beta_mean(log_f, &stays)) / (beta->a + beta->b);
	}
	return exp(crm_ln_integral(log_f, beta, log(beta->a / beta->b)) - crm_ln_beta(beta->a, beta->b));
}

static double
bg_orders(double k, double scale, double a, double b, double horizon)
{
	double		ratio = horizon / scale;
	double		z = horizon / (scale + horizon);
	double		mean = k * ratio;
	double		ln_none = -k * log1p(ratio);

	if (horizon <= 0)
		return 0;
	if (ln_none > -650 && mean + 12 * sqrt(mean * (1 + ratio)) - 40 / log(z) < MAX_SERIES)
	{
		double		none = exp(ln_none);
		double		count = none;	/* P(NBD = n) */
		double		more = -expm1(ln_none); /* P(NBD > n) */
		double		stay = 1;	/* E[(1-p)^n] */
		double		sum = more;

		for (int n = 1; n < 4 * MAX_SERIES; n++)
		{
			double		step = (k + n - 1) / n * z;

			count *= step;
			more -= count;
			stay *= (b + n - 1) / (a + b + n - 1);
			if (more <= 0)
				break;
			sum += stay * more;
			step = (k + n) / (n + 1) * z;
			if (n > mean && step < 1 && stay * count * step < 1e-17 * sum * (1 - step) * (1 - step))
				break;
		}
		return sum;
	}
	{
		Beta		beta = {k, a, b, ratio};

		return beta_mean(log_orders, &beta);
	}
}

/* integral over u of e^(-rate u) times the rate of purchases at u, for one p, over p */
static double
log_discounted(double y, void *context)
{
	const Beta *beta = context;
	double		ln_p;
	double		density = log_density(beta, y, &ln_p);

	if (ln_p < -600 || beta->ratio * exp(-ln_p) > 1e200)
		return density + log(beta->k / beta->ratio);
	return density + log(beta->k * crm_scaled_expint(beta->k + 1, beta->ratio * exp(-ln_p))) - ln_p;
}

/*
 * Pareto
 */

/*
 * s times the integral over u from 0 of (1+u/A)^-k (1+u/B)^-(s+1) / B: by
 * DLMF 15.6.1 and 15.8.1, s/(c-1) 2F1(1, k; c; 1 - B/A) for A >= B and
 * s/(c-1) A/B 2F1(1, s+1; c; 1 - A/B) otherwise, c = k + s + 1.
 */
typedef struct Lost
{
	double		k;
	double		s;
	double		a;
	double		b;
} Lost;

/* the same as an integral over y = ln u, for A and B so far apart that the fraction is slow */
static double
log_lost(double y, void *context)
{
	const Lost *l = context;

	return y - l->k * log1p(exp(y) / l->a) - (l->s + 1) * log1p(exp(y) / l->b);
}

crm_pareto_lost
crm_clv_pareto_lost(double k, double s, double a, double b, bool derivatives)
{
	crm_pareto_lost lost = {0, 0, 0, 0, 0};
	double		c = k + s + 1;
	double		first = s / (k + s);

	if (!derivatives && (a < FAR_APART * b || b < FAR_APART * a))
	{
		Lost		l = {k, s, a, b};

		lost.value = exp(log(s / b) + crm_ln_integral(log_lost, &l, log(a < b ? a : b)));
		return lost;
	}
	if (a >= b)
	{
		crm_f21		f = crm_f21_first_one(k, c, (a - b) / a, derivatives);

		lost.value = first * f.value;
		lost.by_k = -1 / (k + s) + (f.by_b + f.by_c) / f.value;
		lost.by_s = 1 / s - 1 / (k + s) + f.by_c / f.value;
		lost.by_a = f.by_z / f.value * b / (a * a);
		lost.by_b = -f.by_z / f.value / a;
	}
	else
	{
		crm_f21		f = crm_f21_first_one(s + 1, c, (b - a) / b, derivatives);

		lost.value = first * (a / b) * f.value;
		lost.by_k = -1 / (k + s) + f.by_c / f.value;
		lost.by_s = 1 / s - 1 / (k + s) + (f.by_b + f.by_c) / f.value;
		lost.by_a = 1 / a - f.by_z / f.value / b;
		lost.by_b = -1 / b + f.by_z / f.value * a / (b * b);
	}
	return lost;
}

static inline double
lost_at(const double *p, double x, double t)
{
	return crm_clv_pareto_lost(p[0] + x, p[2], p[1] + t, p[3] + t, false).value;
}

/* ln of the odds of (active at t_x, nothing bought since) against (active at T): what T - t_x costs */
static inline double
pareto_wait(const double *p, double x, double t_x, double t)
{
	return (p[0] + x) * log1p((t - t_x) / (p[1] + t_x)) + p[2] * log1p((t - t_x) / (p[3] + t_x));
}

/* odds of having left; infinite beyond e^700 */
static double
pareto_odds(const double *p, double x, double t_x, double t, double *ln_odds)
{
	double		wait = pareto_wait(p, x, t_x, t);
	double		before = lost_at(p, x, t_x);
	double		odds;

	*ln_odds = wait + log(before);
	if (*ln_odds > 700)
		return INFINITY;
	odds = before * exp(wait) - lost_at(p, x, t);
	return odds > 0 ? odds : 0;
}

/*
 * All models
 */
static double
p_alive_of_log_odds(double d)
{
	return d > 0 ? exp(-d) / (1 + exp(-d)) : 1 / (1 + exp(d));
}

double
crm_clv_p_alive(int kind, const double *p, double x, double t_x, double t)
{
	double		ln_odds;
	double		odds;

	switch (kind)
	{
		case CRM_CLV_BG_NBD:
		case CRM_CLV_MBG_NBD:
			return p_alive_of_log_odds(bg_log_odds(kind, p, x, t_x, t));
		case CRM_CLV_PARETO_NBD:
			odds = pareto_odds(p, x, t_x, t, &ln_odds);
			return isinf(odds) ? exp(-ln_odds) : 1 / (1 + odds);
		default:
			return 1;
	}
}

double
crm_clv_orders_if_alive(int kind, const double *p, double x, double t, double horizon)
{
	double		k = p[0] + x;
	double		scale = p[1] + t;

	switch (kind)
	{
		case CRM_CLV_BG_NBD:
		case CRM_CLV_MBG_NBD:
			return bg_orders(k, scale, p[2], active_b(kind, p, x), horizon);
		case CRM_CLV_PARETO_NBD:
			{
				double		length = log1p(horizon / (p[3] + t));
				double		w = (p[2] - 1) * length;

				/* (1 - e^-w) / (s - 1), which is the length itself at s = 1 */
				return k * (p[3] + t) / scale * (w == 0 ? length : -expm1(-w) / (p[2] - 1));
			}
		default:
			return k * horizon / scale;
	}
}

double
crm_clv_discounted_if_alive(int kind, const double *p, double x, double t, double rate)
{
	double		k = p[0] + x;
	double		scale = p[1] + t;

	switch (kind)
	{
		case CRM_CLV_BG_NBD:
		case CRM_CLV_MBG_NBD:
			{
				double		b = active_b(kind, p, x);
				Beta		beta = {k, p[2], b, rate * scale};

				/* without discount: E[1/p] */
				if (rate == 0)
					return p[2] > 1 ? (p[2] + b - 1) / (p[2] - 1) : INFINITY;
				return beta_mean(log_discounted, &beta);
			}
		case CRM_CLV_PARETO_NBD:
			if (rate == 0)
				return p[2] > 1 ? k * (p[3] + t) / scale / (p[2] - 1) : INFINITY;
			return k * (p[3] + t) / scale * crm_scaled_expint(p[2], rate * (p[3] + t));
		default:
			return rate == 0 ? INFINITY : k / (scale * rate);
	}
}

/* Gauss-Legendre, 16 points on (-1, 1) */
static const double gauss_x[8] = {
	0.0950125098376374402, 0.2816035507792589132, 0.4580167776572273863, 0.6178762444026437484,
	0.7554044083550030339, 0.8656312023878317439, 0.9445750230732325761, 0.9894009349916499326
};
static const double gauss_w[8] = {
	0.1894506104550684963, 0.1826034150449235889, 0.1691565193950025382, 0.1495959888165767321,
	0.1246289712555338720, 0.0951585116824927848, 0.0622535239386478929, 0.0271524594117540949
};

/*
 * By parts: e^(-rate h) E(h) + rate * integral of e^(-rate u) E(u), with
 * u = A (e^w - 1), for Pareto B (e^w - 1), in which E is smooth.
 */
double
crm_clv_discounted_within(int kind, const double *p, double x, double t, double horizon, double rate)
{
	double		scale = (kind == CRM_CLV_PARETO_NBD ? p[3] : p[1]) + t;
	double		end = horizon;
	double		whole;
	double		sum = 0;
	int			panels;

	if (rate == 0 || horizon <= 0)
		return crm_clv_orders_if_alive(kind, p, x, t, horizon);
	/* beyond, nothing is left to be counted */
	if (rate * end > 50)
		end = 50 / rate;
	whole = log1p(end / scale);
	panels = 1 + (int) ceil(rate * end / 4) + (int) ceil(whole / 4);
	for (int i = 0; i < panels; i++)
	{
		double		mid = whole * (i + 0.5) / panels;
		double		half = whole * 0.5 / panels;

		for (int j = 0; j < 16; j++)
		{
			double		w = mid + half * (j % 2 == 0 ? gauss_x[j / 2] : -gauss_x[j / 2]);
			double		u = scale * expm1(w);

			sum += half * gauss_w[j / 2] * exp(w - rate * u) * crm_clv_orders_if_alive(kind, p, x, t, u);
		}
	}
	return exp(-rate * end) * crm_clv_orders_if_alive(kind, p, x, t, end) + rate * scale * sum;
}

double
crm_clv_orders_new(int kind, const double *p, double horizon)
{
	/* an MBG member must first stay after the first purchase: P(alive) at 0 says so */
	return crm_clv_p_alive(kind, p, 0, 0, 0) * crm_clv_orders_if_alive(kind, p, 0, 0, horizon);
}

static double
nbd_ln_count(const double *p, double t, double n)
{
	return crm_ln_rising(p[0], n) - crm_ln_gamma(n + 1) - p[0] * log1p(t / p[1]) + (n > 0 ? n * log(t / (p[1] + t)) : 0);
}

/* ln of B(a, b + i) / B(a, b) and of B(a + 1, b + i) / B(a, b) */
static double
ln_stay(const double *p, double i)
{
	return crm_ln_rising(p[3], i) - crm_ln_rising(p[2] + p[3], i);
}

static double
ln_leave(const double *p, double i)
{
	return log(p[2]) + crm_ln_rising(p[3], i) - crm_ln_rising(p[2] + p[3], i + 1);
}

typedef struct Count
{
	const double *p;
	double		t;
	double		n;
} Count;

/* leaving at u = t / (1 + e^-y) after n purchases */
static double
log_left_after(double y, void *context)
{
	const Count *count = context;
	const double *p = count->p;
	double		ln_u = log(count->t) + (y > 0 ? -log1p(exp(-y)) : y - log1p(exp(y)));
	double		ln_rest = y > 0 ? -y - log1p(exp(-y)) : -log1p(exp(y));
	double		u = exp(ln_u);

	return (count->n + 1) * ln_u + ln_rest - (p[0] + count->n) * log(p[1] + u) - (p[2] + 1) * log1p(u / p[3]);
}

double
crm_clv_count_probability(int kind, const double *p, double t, double n)
{
	double		ln_count;
	double		at_least;

	if (t <= 0)
		return n == 0 ? 1 : 0;
	ln_count = nbd_ln_count(p, t, n);
	switch (kind)
	{
		case CRM_CLV_BG_NBD:
			if (n == 0)
				return exp(ln_count);
			at_least = crm_beta_part(n, p[0], t / (p[1] + t), p[1] / (p[1] + t));
			return exp(ln_stay(p, n) + ln_count) + exp(ln_leave(p, n - 1)) * at_least;
		case CRM_CLV_MBG_NBD:
			at_least = n == 0 ? 1 : crm_beta_part(n, p[0], t / (p[1] + t), p[1] / (p[1] + t));
			return exp(ln_stay(p, n + 1) + ln_count) + exp(ln_leave(p, n)) * at_least;
		case CRM_CLV_PARETO_NBD:
			{
				Count		count = {p, t, n};
				double		constant = crm_ln_rising(p[0], n) - crm_ln_gamma(n + 1) + p[0] * log(p[1]) + log(p[2] / p[3]);

				return exp(ln_count - p[2] * log1p(t / p[3])) + exp(constant + crm_ln_integral(log_left_after, &count, 0));
			}
		default:
			return exp(ln_count);
	}
}

double
crm_clv_log_likelihood(int kind, const double *p, double x, double t_x, double t)
{
	double		nbd = crm_ln_rising(p[0], x) - p[0] * log1p(t / p[1]) - x * log(p[1] + t);
	double		d;
	double		odds;

	switch (kind)
	{
		case CRM_CLV_BG_NBD:
		case CRM_CLV_MBG_NBD:
			d = bg_log_odds(kind, p, x, t_x, t);
			return nbd + ln_stay(p, x + (kind == CRM_CLV_MBG_NBD ? 1 : 0)) + crm_ln_add(0, d);
		case CRM_CLV_PARETO_NBD:
			odds = pareto_odds(p, x, t_x, t, &d);
			return nbd - p[2] * log1p(t / p[3]) + (isinf(odds) ? d : log1p(odds));
		default:
			return nbd;
	}
}

/*
 * Pareto: probability that a member active at T buys within u; comes is the
 * same without a limit.  A member active at T + u has (1+u/A)^-k (1+u/B)^-s of
 * the weight.
 */
static double
pareto_within(const double *p, double x, double t, double comes, double u)
{
	return comes - exp(-pareto_wait(p, x, t, t + u)) * (1 - lost_at(p, x, t + u));
}

static double
pareto_next(const double *p, double x, double t, double share)
{
	double		comes = 1 - lost_at(p, x, t);
	double		low = p[1] + t;
	double		high = low;
	double		u;
	double		last;

	if (share >= comes)
		return INFINITY;
	while (pareto_within(p, x, t, comes, high) < share)
	{
		high *= 4;
		if (high > 1e200)
			return INFINITY;
	}
	while (low > 1e-30 && pareto_within(p, x, t, comes, low) >= share)
		low /= 4;
	u = low;
	/* Newton, halving (the logarithm, while it is far) where it would leave the bracket */
	for (int i = 0; i < 200 && high - low > 1e-13 * high; i++)
	{
		double		within = pareto_within(p, x, t, comes, u);
		double		density = (p[0] + x) / (p[1] + t + u) * exp(-pareto_wait(p, x, t, t + u));

		if (within < share)
			low = u;
		else
			high = u;
		last = u;
		u += (share - within) / density;
		if (fabs(u - last) <= 1e-14 * u)
			return u;
		if (!(u > low && u < high))
			u = high > 2 * low ? sqrt(low) * sqrt(high) : low + (high - low) / 2;
	}
	return high;
}

double
crm_clv_next_if_alive(int kind, const double *p, double x, double t, double probability)
{
	if (!(probability < 1))
		return INFINITY;
	if (kind == CRM_CLV_PARETO_NBD)
		return pareto_next(p, x, t, probability);
	return (p[1] + t) * expm1(-log1p(-probability) / (p[0] + x));
}

double
crm_clv_next_order(int kind, const double *p, double x, double t_x, double t, double probability)
{
	return crm_clv_next_if_alive(kind, p, x, t, probability / crm_clv_p_alive(kind, p, x, t_x, t));
}

double
crm_clv_expected_spend(const double *spend, double x, double m)
{
	double		p = spend[0];
	double		q = spend[1];
	double		v = spend[2];
	double		weight = p * x + (q - 1);

	if (!(weight > 0))
		return NAN;
	return x > 0 ? p * (v + m * x) / weight : p * v / weight;
}
