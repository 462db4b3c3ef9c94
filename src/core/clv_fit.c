/*
 * src/core/clv_fit.c
 *
 * Likelihoods of whole shops and their maxima (see clv_fit.h).
 *
 * The parameters that are searched are logarithms, in a unit of time (of
 * money, for spend) in which the mean is 1: all of them are then of order 1,
 * whatever the unit of the model, and results in days and in weeks are the
 * same fit.  Values are per member, so that tolerances mean the same for a
 * hundred members and for a hundred million.
 */
#include "core/clv_fit.h"

#include <math.h>
#include <string.h>

#include "core/clv_math.h"
#include "core/clv_optimise.h"
#include "core/decimal.h"

#define MAX_EVALUATIONS	1000
#define BOX				9.5		/* of the logarithms: parameters of 7.5e-5 to 13360 in scaled units */
#define ASK_EVERY		65536	/* cells between two looks at go_on */
#define SAMPLE			8192	/* cells of the sample that a large fit begins with */

/*
 * Entries to cells
 */
static void
sift_down(crm_clv_member *v, size_t root, size_t n)
{
	for (;;)
	{
		size_t		child = 2 * root + 1;
		crm_clv_member t;

		if (child >= n)
			return;
		if (child + 1 < n && v[child + 1].spend > v[child].spend)
			child++;
		if (v[root].spend >= v[child].spend)
			return;
		t = v[root];
		v[root] = v[child];
		v[child] = t;
		root = child;
	}
}

static void
sort_by_spend(crm_clv_member *v, size_t n)
{
	bool		sorted = true;

	for (size_t i = 1; i < n && sorted; i++)
		sorted = v[i - 1].spend <= v[i].spend;
	if (sorted)
		return;
	for (size_t i = n / 2; i-- > 0;)
		sift_down(v, i, n);
	for (size_t end = n; end-- > 1;)
	{
		crm_clv_member t = v[0];

		v[0] = v[end];
		v[end] = t;
		sift_down(v, 0, end);
	}
}

size_t
crm_clv_settle(crm_clv_member *members, size_t n)
{
	size_t		cells = 0;

	for (size_t i = 0; i < n;)
	{
		size_t		end = i + 1;

		while (end < n && members[end].key == members[i].key)
			end++;
		if (end > i + 1)
			sort_by_spend(members + i, end - i);
		/* a cell counts up to INT32_MAX members */
		cells += 1 + (end - i - 1) / INT32_MAX;
		i = end;
	}
	return cells;
}

size_t
crm_clv_split(const crm_clv_member *members, size_t n, int scale, crm_clv_cell *cells, crm_clv_spender *spenders)
{
	crm_clv_cell *cell = cells - 1;
	size_t		paying = 0;

	for (size_t i = 0; i < n; i++)
	{
		uint64_t	key = members[i].key;

		if (i == 0 || key != members[i - 1].key || cell->n == INT32_MAX)
		{
			cell++;
			cell->x = CRM_CLV_KEY_X(key);
			cell->t_x = CRM_CLV_KEY_T_X(key);
			cell->t = CRM_CLV_KEY_T(key);
			cell->n = 0;
		}
		cell->n++;
		if (cell->x > 0 && members[i].spend > 0)
		{
			spenders[paying].x = cell->x;
			spenders[paying].money = (double) members[i].spend / (double) crm_pow10[scale];
			paying++;
		}
	}
	return paying;
}

/*
 * Purchases
 */
typedef struct Purchases
{
	int			kind;
	const crm_clv_cell *cells;
	size_t		n;
	double		members;
	double		scale;			/* days of the scaled unit */
	int32_t		max_t;
	double	   *log_a;			/* ln(alpha + t) and 1 / (alpha + t), by day */
	double	   *one_a;
	/* Pareto: by day, for the x at hand */
	double	   *wins;			/* ln of the part that buys before leaving, and its derivatives */
	double	   *wins_of;		/* the x that they were computed for */
	crm_clv_go_on go_on;
	void	   *context;
} Purchases;

#define WINS 5					/* ln V and its derivatives by r, alpha, s, beta */

size_t
crm_clv_fit_room(int kind, const crm_clv_cell *cells, size_t n)
{
	size_t		days = 0;

	for (size_t i = 0; i < n; i++)
	{
		if ((size_t) cells[i].t >= days)
			days = (size_t) cells[i].t + 1;
	}
	days *= kind == CRM_CLV_PARETO_NBD ? WINS + 1 : 2;
	return days + 2 * SAMPLE * sizeof(crm_clv_cell) / sizeof(double);
}

/* adds the sum over i < x of ln((c+i)/(d+i)) and the derivatives by c and d; a negative d is none */
typedef struct Rising
{
	double		value;
	double		by_c;
	double		by_d;
	int32_t		x;
} Rising;

static inline void
rise_to(Rising *rising, double c, double d, int32_t x)
{
	for (; rising->x < x; rising->x++)
	{
		rising->value += d < 0 ? log(c + rising->x) : log((c + rising->x) / (d + rising->x));
		rising->by_c += 1 / (c + rising->x);
		if (d >= 0)
			rising->by_d += 1 / (d + rising->x);
	}
}

static void
fill_days(Purchases *of, double alpha)
{
	for (int32_t t = 0; t <= of->max_t; t++)
	{
		double		a = alpha + t / of->scale;

		of->log_a[t] = log(a);
		of->one_a[t] = 1 / a;
	}
}

/* the sums over the cells of one x */
typedef struct Group
{
	double		members;
	double		value;			/* of ln(e^U + e^V) */
	double		log_a;			/* expected ln(alpha + t) */
	double		one_a;
	double		left;			/* expected number of those who have left */
} Group;

/* NBD, BG, MBG: parameters p, value and derivatives by p, over all cells */
static bool
nbd_family(Purchases *of, const double *p, double *value, double *by)
{
	bool		leaves = of->kind != CRM_CLV_NBD;
	int			more = of->kind == CRM_CLV_MBG_NBD ? 1 : 0;
	double		r = p[0];
	double		log_alpha = log(p[1]);
	Rising		orders = {0, 0, 0, 0};
	Rising		stay = {0, 0, 0, 0};

	fill_days(of, p[1]);
	for (size_t i = 0; i < of->n;)
	{
		int32_t		x = of->cells[i].x;
		double		k = r + x;
		double		base = 0;	/* ln odds of having left without the wait */
		bool		may_leave = leaves && x + more > 0;
		Group		g = {0, 0, 0, 0, 0};

		if (may_leave)
			base = log(p[2] / (p[3] + (x + more - 1)));
		for (; i < of->n && of->cells[i].x == x; i++)
		{
			const crm_clv_cell *c = &of->cells[i];
			double		log_t = of->log_a[c->t];
			double		n = c->n;

			if (i % ASK_EVERY == 0 && of->go_on != NULL && !of->go_on(of->context))
				return false;
			g.members += n;
			g.value -= n * k * log_t;
			if (may_leave)
			{
				double		gain = log_t - of->log_a[c->t_x];
				double		d = base + k * gain;
				double		e = exp(-fabs(d));
				double		w = d > 0 ? 1 / (1 + e) : e / (1 + e);

				g.value += n * ((d > 0 ? d : 0) + log1p(e));
				g.log_a += n * (log_t - w * gain);
				g.one_a += n * (of->one_a[c->t] + w * (of->one_a[c->t_x] - of->one_a[c->t]));
				g.left += n * w;
			}
			else
			{
				g.log_a += n * log_t;
				g.one_a += n * of->one_a[c->t];
			}
		}
		rise_to(&orders, r, -1, x);
		*value += g.members * (orders.value + r * log_alpha) + g.value;
		by[0] += g.members * (orders.by_c + log_alpha) - g.log_a;
		by[1] += g.members * r / p[1] - k * g.one_a;
		if (leaves)
		{
			rise_to(&stay, p[3], p[2] + p[3], x + more);
			*value += g.members * stay.value;
			by[2] += -g.members * stay.by_d + g.left / p[2];
			by[3] += g.members * (stay.by_c - stay.by_d) - (may_leave ? g.left / (p[3] + (x + more - 1)) : 0);
		}
	}
	return true;
}

/*
 * Pareto: the likelihood is that of leaving before the next purchase, counted
 * from t_x, plus that of buying before leaving, counted from T.
 */
static bool
pareto(Purchases *of, const double *p, double *value, double *by)
{
	double		r = p[0];
	double		s = p[2];
	Rising		orders = {0, 0, 0, 0};

	for (int32_t t = 0; t <= of->max_t; t++)
		of->wins_of[t] = -1;
	for (size_t i = 0; i < of->n;)
	{
		int32_t		x = of->cells[i].x;
		double		k = r + x;
		double		members = 0;
		double		sum[WINS] = {0};

		while (i < of->n && of->cells[i].x == x)
		{
			int32_t		t_x = of->cells[i].t_x;
			double		a = p[1] + t_x / of->scale;
			double		b = p[3] + t_x / of->scale;
			crm_pareto_lost lost = crm_clv_pareto_lost(k, s, a, b, true);
			double		loss[WINS] = {
				log(lost.value) - k * log(a) - s * log(b),
				lost.by_k - log(a),
				lost.by_a - k / a,
				lost.by_s - log(b),
				lost.by_b - s / b
			};

			if (of->go_on != NULL && !of->go_on(of->context))
				return false;
			for (; i < of->n && of->cells[i].x == x && of->cells[i].t_x == t_x; i++)
			{
				const crm_clv_cell *c = &of->cells[i];
				double	   *win = &of->wins[(size_t) c->t * WINS];
				double		d;
				double		e;
				double		w;
				double		n = c->n;

				if (of->wins_of[c->t] != x)
				{
					double		at = p[1] + c->t / of->scale;
					double		bt = p[3] + c->t / of->scale;
					crm_pareto_lost l = crm_clv_pareto_lost(k, s, at, bt, true);
					/* 1 - l is small only where its part of the likelihood is */
					double		rest = l.value < 1 ? 1 - l.value : 0;
					double		share = rest > 0 ? -l.value / rest : 0;

					win[0] = log(rest) - k * log(at) - s * log(bt);
					win[1] = share * l.by_k - log(at);
					win[2] = share * l.by_a - k / at;
					win[3] = share * l.by_s - log(bt);
					win[4] = share * l.by_b - s / bt;
					of->wins_of[c->t] = x;
				}
				d = loss[0] - win[0];
				e = exp(-fabs(d));
				w = d > 0 ? 1 / (1 + e) : e / (1 + e);
				members += n;
				sum[0] += n * ((d > 0 ? loss[0] : win[0]) + log1p(e));
				for (int j = 1; j < WINS; j++)
					sum[j] += n * (w * loss[j] + (1 - w) * win[j]);
			}
		}
		rise_to(&orders, r, -1, x);
		*value += members * (orders.value + r * log(p[1]) + s * log(p[3])) + sum[0];
		by[0] += members * (orders.by_c + log(p[1])) + sum[1];
		by[1] += members * r / p[1] + sum[2];
		by[2] += members * log(p[3]) + sum[3];
		by[3] += members * s / p[3] + sum[4];
	}
	return true;
}

/* minus the log-likelihood a member, by the logarithms of the parameters */
static bool
purchases_objective(const double *x, double *value, double *gradient, void *context)
{
	Purchases  *of = context;
	int			n = crm_clv_param_count(of->kind);
	double		p[CRM_CLV_PARAMS] = {0};
	double		by[CRM_CLV_PARAMS] = {0};
	double		sum = 0;

	if (of->go_on != NULL && !of->go_on(of->context))
		return false;
	for (int i = 0; i < n; i++)
		p[i] = exp(x[i]);
	if (!(of->kind == CRM_CLV_PARETO_NBD ? pareto(of, p, &sum, by) : nbd_family(of, p, &sum, by)))
		return false;
	*value = -sum / of->members;
	for (int i = 0; i < n; i++)
		gradient[i] = -by[i] * p[i] / of->members;
	return true;
}

/* the best of a few starts; the parameters of the result are e^x */
static crm_optimise_status
best_of(crm_optimise *o, const double starts[][CRM_OPTIMISE_MAX], int n)
{
	crm_optimise best = *o;
	crm_optimise_status best_status = CRM_OPTIMISE_EXHAUSTED;
	int			evaluations = 0;

	for (int i = 0; i < n; i++)
	{
		crm_optimise_status status;

		memcpy(o->x, starts[i], sizeof(o->x));
		status = crm_minimise(o);
		evaluations += o->evaluations;
		if (status == CRM_OPTIMISE_STOPPED)
			return status;
		if (i == 0 || o->value < best.value)
		{
			best = *o;
			best_status = status;
		}
		/* a clean minimum is the only one in all data seen so far */
		if (best_status == CRM_OPTIMISE_CONVERGED)
			break;
	}
	*o = best;
	o->evaluations = evaluations;
	return best_status;
}

/* status, limits and standard errors; the last by the logarithms, so times the parameter */
static void
keep(crm_clv_estimate *e, const crm_optimise *o, crm_optimise_status status, double members)
{
	for (int i = 0; i < CRM_CLV_PARAMS; i++)
	{
		e->param[i] = i < o->n ? exp(o->x[i]) : NAN;
		e->error[i] = NAN;
		if (i < o->n && (o->at_limit & 1u << i) == 0 && status != CRM_OPTIMISE_EXHAUSTED && o->inverse[i][i] > 0)
			e->error[i] = e->param[i] * sqrt(o->inverse[i][i] / members);
	}
	e->status = status == CRM_OPTIMISE_CONVERGED ? CRM_CLV_CONVERGED :
		status == CRM_OPTIMISE_BOUNDARY ? CRM_CLV_BOUNDARY : CRM_CLV_NOT_CONVERGED;
	e->boundary = (uint8_t) (status == CRM_OPTIMISE_BOUNDARY ? o->at_limit : 0);
	e->iterations = o->evaluations;
}

/* sums over the cells that the objective needs */
static void
look_over(Purchases *of, const crm_clv_cell *cells, size_t n, double *sum_x, double *sum_t)
{
	of->cells = cells;
	of->n = n;
	of->members = *sum_x = *sum_t = 0;
	of->max_t = 0;
	for (size_t i = 0; i < n; i++)
	{
		of->members += cells[i].n;
		*sum_x += (double) cells[i].n * cells[i].x;
		*sum_t += (double) cells[i].n * cells[i].t;
		of->max_t = cells[i].t > of->max_t ? cells[i].t : of->max_t;
	}
}

crm_clv_fit_status
crm_clv_fit_purchases(crm_clv_model *model, const crm_clv_cell *cells, size_t n, double *room,
					  crm_clv_go_on go_on, void *context)
{
	Purchases	of = {0};
	crm_optimise o = {0};
	crm_optimise_status status;
	crm_clv_cell *sample = (crm_clv_cell *) room;
	size_t		sampled = 0;
	size_t		days;
	double		sum_x;
	double		sum_t;
	double		factor;

	of.kind = model->kind;
	of.go_on = go_on;
	of.context = context;
	look_over(&of, cells, n, &sum_x, &sum_t);
	if (sum_x == 0)
		return CRM_CLV_FIT_NO_REPEAT;
	/* a repeat purchase is at least a day after the first, so the mean is above 0 */
	of.scale = sum_t / of.members;
	days = (size_t) of.max_t + 1;
	room += 2 * SAMPLE * sizeof(crm_clv_cell) / sizeof(double);
	of.log_a = room;
	of.one_a = room + days;
	of.wins = room;
	of.wins_of = room + days * WINS;

	o.n = crm_clv_param_count(model->kind);
	o.low = -BOX;
	o.high = BOX;
	o.max_evaluations = MAX_EVALUATIONS;
	o.objective = purchases_objective;
	o.context = &of;
	{
		/* in scaled time the rate of purchases is the mean x */
		double		rate = log(sum_x / of.members);
		const double starts[3][CRM_OPTIMISE_MAX] = {
			{log(0.5), log(0.5) - rate, log(0.5), log(2)},
			{0, -rate, log(0.1), 0},
			{log(2), log(2) - rate, log(2), log(4)}
		};
		int			before = 0;

		/*
		 * Many cells: first every nth of them, which are sorted, so that all
		 * kinds of members are there; the way from there is short.
		 */
		if (n > 2 * SAMPLE)
		{
			double		ignored;

			for (size_t i = n / SAMPLE / 2; i < n; i += n / SAMPLE)
				sample[sampled++] = cells[i];
			look_over(&of, sample, sampled, &ignored, &ignored);
			status = best_of(&o, starts, 3);
			if (status == CRM_OPTIMISE_STOPPED)
				return CRM_CLV_FIT_STOPPED;
			before = o.evaluations;
			look_over(&of, cells, n, &sum_x, &sum_t);
			o.near = true;
			status = crm_minimise(&o);
			o.evaluations += before;
			o.near = false;
		}
		if (sampled == 0 || status == CRM_OPTIMISE_EXHAUSTED)
			status = best_of(&o, starts, 3);
	}
	if (status == CRM_OPTIMISE_STOPPED)
		return CRM_CLV_FIT_STOPPED;

	memset(&model->purchase, 0, sizeof(model->purchase));
	keep(&model->purchase, &o, status, of.members);
	/* to the unit of the model: a density of x times, so that many factors */
	factor = of.scale / model->unit;
	model->purchase.param[1] *= factor;
	model->purchase.error[1] *= factor;
	if (model->kind == CRM_CLV_PARETO_NBD)
	{
		model->purchase.param[3] *= factor;
		model->purchase.error[3] *= factor;
	}
	model->purchase.log_likelihood = -o.value * of.members - sum_x * log(factor);
	model->purchase.n = (int64_t) of.members;
	model->purchase.cells = (int64_t) n;
	return CRM_CLV_FIT_OK;
}

/*
 * Spend
 */
typedef struct Spend
{
	const crm_clv_spender *spenders;	/* money in the scaled unit */
	size_t		n;
	crm_clv_go_on go_on;
	void	   *context;
} Spend;

#define TOGETHER 8				/* factors of one logarithm: 1e18 to the 8th power is far from overflow */

/* Fader & Hardie 2013 (gamma-gamma note), eq. 1a, for total money z = x m of each member */
static bool
spend_objective(const double *x, double *value, double *gradient, void *context)
{
	const Spend *of = context;
	double		p = exp(x[0]);
	double		q = exp(x[1]);
	double		v = exp(x[2]);
	double		by_p = 0;
	double		by_q = 0;
	double		by_v = 0;
	double		sum = 0;
	double		ln_gamma_q = crm_ln_gamma(q);
	double		psi_q = crm_digamma(q);

	for (size_t i = 0; i < of->n;)
	{
		int32_t		orders = of->spenders[i].x;
		double		shape = p * orders;
		double		members = 0;
		double		ln_z = 0;
		double		ln_zv = 0;
		double		one_zv = 0;
		double		psi;

		if (of->go_on != NULL && !of->go_on(of->context))
			return false;
		while (i < of->n && of->spenders[i].x == orders)
		{
			double		product = 1;
			double		product_v = 1;
			int			j;

			if (i % ASK_EVERY < TOGETHER && of->go_on != NULL && !of->go_on(of->context))
				return false;
			for (j = 0; j < TOGETHER && i < of->n && of->spenders[i].x == orders; j++, i++)
			{
				double		z = of->spenders[i].money;

				product *= z;
				product_v *= z + v;
				one_zv += 1 / (z + v);
			}
			members += j;
			ln_z += log(product);
			ln_zv += log(product_v);
		}
		psi = crm_digamma(shape + q);
		sum += members * (crm_ln_rising(shape, q) - ln_gamma_q + q * x[2] + log(orders)) + (shape - 1) * ln_z - (shape + q) * ln_zv;
		by_p += members * orders * (psi - crm_digamma(shape)) + orders * (ln_z - ln_zv);
		by_q += members * (psi - psi_q + x[2]) - ln_zv;
		by_v += members * q / v - (shape + q) * one_zv;
	}
	*value = -sum / (double) of->n;
	gradient[0] = -by_p * p / (double) of->n;
	gradient[1] = -by_q * q / (double) of->n;
	gradient[2] = -by_v * v / (double) of->n;
	return true;
}

/* of x and m over the spenders */
static double
correlation(const crm_clv_spender *spenders, size_t n)
{
	double		mean_x = 0;
	double		mean_m = 0;
	double		xx = 0;
	double		mm = 0;
	double		xm = 0;

	for (size_t i = 0; i < n; i++)
	{
		mean_x += spenders[i].x;
		mean_m += spenders[i].money / spenders[i].x;
	}
	mean_x /= (double) n;
	mean_m /= (double) n;
	for (size_t i = 0; i < n; i++)
	{
		double		dx = spenders[i].x - mean_x;
		double		dm = spenders[i].money / spenders[i].x - mean_m;

		xx += dx * dx;
		mm += dm * dm;
		xm += dx * dm;
	}
	return xx > 0 && mm > 0 ? xm / (sqrt(xx) * sqrt(mm)) : NAN;
}

crm_clv_fit_status
crm_clv_fit_spend(crm_clv_model *model, crm_clv_spender *spenders, size_t n, crm_clv_go_on go_on, void *context)
{
	Spend		of = {spenders, n, go_on, context};
	crm_optimise o = {0};
	crm_optimise_status status;
	double		scale = 0;

	memset(&model->spend, 0, sizeof(model->spend));
	model->has_spend = false;
	model->correlation = NAN;
	if (n < 2)
		return CRM_CLV_FIT_OK;
	model->correlation = correlation(spenders, n);
	for (size_t i = 0; i < n; i++)
		scale += spenders[i].money / spenders[i].x;
	scale /= (double) n;
	for (size_t i = 0; i < n; i++)
		spenders[i].money /= scale;

	o.n = CRM_CLV_SPEND_PARAMS;
	o.low = -BOX;
	o.high = BOX;
	o.max_evaluations = MAX_EVALUATIONS;
	o.objective = spend_objective;
	o.context = &of;
	{
		/* a population mean of 1: v = (q - 1) / p */
		const double starts[2][CRM_OPTIMISE_MAX] = {
			{log(4), log(3), log(0.5), 0},
			{0, log(2), 0, 0}
		};

		status = best_of(&o, starts, 2);
	}
	if (status == CRM_OPTIMISE_STOPPED)
		return CRM_CLV_FIT_STOPPED;
	model->has_spend = true;
	keep(&model->spend, &o, status, (double) n);
	model->spend.param[2] *= scale;
	model->spend.error[2] *= scale;
	/* m has a density, and its unit is the scale: what was fitted is that of m / scale */
	model->spend.log_likelihood = -o.value * (double) n - (double) n * log(scale);
	model->spend.n = (int64_t) n;
	return CRM_CLV_FIT_OK;
}
