/*
 * src/core/clv_optimise.c
 *
 * Bounded minimisation in four variables (see clv_optimise.h).
 *
 * Sources: Nocedal & Wright, Numerical Optimization (2006), 3.1, 6.1 and 16.7.
 */
#include "core/clv_optimise.h"

#include <math.h>
#include <string.h>

#define N			CRM_OPTIMISE_MAX
#define DIFFERENCE	1e-4		/* of the gradient, for second derivatives */
#define LARGEST_STEP 2.0		/* in one variable */
#define BFGS_GRADIENT 1e-7		/* then Newton takes over */
#define BFGS_EVALUATIONS 100	/* or so far; most need 20 */
#define SMALLEST_STEP 1e-10		/* of Newton: converged */
#define SMALL_STEP	1e-5		/* converged where no smaller one gains anything */
#define FLAT		1e-9		/* a second derivative below this, against a value of order 1, is none */
#define NEWTON_ROUNDS 60

static bool
evaluate(crm_optimise *o, const double *x, double *value, double *gradient)
{
	o->evaluations++;
	return o->objective(x, value, gradient, o->context);
}

/* at a limit and pushed against it */
static bool
is_held(const crm_optimise *o, int i)
{
	return (o->x[i] <= o->low && o->gradient[i] > 0) || (o->x[i] >= o->high && o->gradient[i] < 0);
}

static double
inside(const crm_optimise *o, double v)
{
	return v < o->low ? o->low : v > o->high ? o->high : v;
}

/* no step longer than LARGEST_STEP in any variable */
static void
shorten(const crm_optimise *o, double *step)
{
	double		longest = 0;

	for (int i = 0; i < o->n; i++)
		longest = fmax(longest, fabs(step[i]));
	if (longest > LARGEST_STEP)
	{
		for (int i = 0; i < o->n; i++)
			step[i] *= LARGEST_STEP / longest;
	}
}

typedef enum Move
{
	MOVED, STUCK, STOPPED
} Move;

/*
 * Backtracks along the step until the value falls enough; noise is what may be
 * lost.  A step that leaves the box ends where it meets the first side, so
 * that it keeps its direction: along a ridge, going aside means falling off.
 */
static Move
search(crm_optimise *o, const double *step, double noise)
{
	double		share = 1;
	double		way[N];

	for (int i = 0; i < o->n; i++)
	{
		double		room = (step[i] < 0 ? o->low : o->high) - o->x[i];

		way[i] = room == 0 ? 0 : step[i];
		if (way[i] != 0 && room / way[i] < share)
			share = room / way[i];
	}

	for (int tries = 0; tries < 40 && o->evaluations < o->max_evaluations; tries++, share *= 0.5)
	{
		double		x[N];
		double		value;
		double		gradient[N];
		double		expected = 0;

		for (int i = 0; i < o->n; i++)
		{
			x[i] = inside(o, o->x[i] + share * way[i]);
			/* the side itself, whatever rounding says */
			if (x[i] != o->x[i] && fmin(x[i] - o->low, o->high - x[i]) < 1e-12)
				x[i] = x[i] - o->low < 1 ? o->low : o->high;
			expected += o->gradient[i] * (x[i] - o->x[i]);
		}
		if (!evaluate(o, x, &value, gradient))
			return STOPPED;
		if (value <= o->value + 1e-4 * fmin(expected, 0) + noise)
		{
			memcpy(o->x, x, sizeof(double) * (size_t) o->n);
			memcpy(o->gradient, gradient, sizeof(double) * (size_t) o->n);
			o->value = value;
			return MOVED;
		}
	}
	return STUCK;
}

static Move
bfgs(crm_optimise *o)
{
	double		inverse[N][N];
	bool		fresh = true;

	while (o->evaluations < o->max_evaluations && o->evaluations < BFGS_EVALUATIONS)
	{
		double		step[N] = {0};
		double		old_x[N];
		double		old_g[N];
		double		dg[N];
		double		dx[N];
		double		sy = 0;
		double		yy = 0;
		double		slope = 0;
		double		largest = 0;
		double		hy[N] = {0};
		double		yhy = 0;
		Move		move;

		for (int i = 0; i < o->n; i++)
		{
			if (!is_held(o, i))
				largest = fmax(largest, fabs(o->gradient[i]));
		}
		if (largest < BFGS_GRADIENT)
			return MOVED;
		if (fresh)
		{
			memset(inverse, 0, sizeof(inverse));
			for (int i = 0; i < o->n; i++)
				inverse[i][i] = 1 / fmax(largest, 1e-3);
		}
		for (int i = 0; i < o->n; i++)
		{
			if (is_held(o, i))
				continue;
			for (int j = 0; j < o->n; j++)
			{
				if (!is_held(o, j))
					step[i] -= inverse[i][j] * o->gradient[j];
			}
			slope += step[i] * o->gradient[i];
		}
		if (!(slope < 0))
		{
			if (fresh)
				return MOVED;
			fresh = true;
			continue;
		}
		shorten(o, step);
		memcpy(old_x, o->x, sizeof(old_x));
		memcpy(old_g, o->gradient, sizeof(old_g));
		move = search(o, step, 0);
		if (move == STOPPED)
			return STOPPED;
		if (move == STUCK)
		{
			if (fresh)
				return MOVED;
			fresh = true;
			continue;
		}
		for (int i = 0; i < o->n; i++)
		{
			dx[i] = o->x[i] - old_x[i];
			dg[i] = o->gradient[i] - old_g[i];
			sy += dx[i] * dg[i];
			yy += dg[i] * dg[i];
		}
		if (!(sy > 1e-12 * yy) || sy <= 0)
		{
			fresh = true;
			continue;
		}
		if (fresh)
		{
			for (int i = 0; i < o->n; i++)
				inverse[i][i] = sy / yy;
			fresh = false;
		}
		for (int i = 0; i < o->n; i++)
		{
			for (int j = 0; j < o->n; j++)
				hy[i] += inverse[i][j] * dg[j];
			yhy += dg[i] * hy[i];
		}
		for (int i = 0; i < o->n; i++)
		{
			for (int j = 0; j < o->n; j++)
				inverse[i][j] += (1 + yhy / sy) * dx[i] * dx[j] / sy - (hy[i] * dx[j] + dx[i] * hy[j]) / sy;
		}
	}
	return STUCK;
}

/* eigenvalues and eigenvectors (columns of v) of a symmetric matrix, by Jacobi's rotations */
static void
eigen(int n, double a[N][N], double v[N][N])
{
	for (int i = 0; i < n; i++)
	{
		for (int j = 0; j < n; j++)
			v[i][j] = i == j;
	}
	for (int sweep = 0; sweep < 60; sweep++)
	{
		double		off = 0;

		for (int p = 0; p < n; p++)
		{
			for (int q = p + 1; q < n; q++)
				off += fabs(a[p][q]);
		}
		if (off == 0)
			return;
		for (int p = 0; p < n; p++)
		{
			for (int q = p + 1; q < n; q++)
			{
				double		theta;
				double		t;
				double		c;
				double		s;

				if (fabs(a[p][q]) < 1e-300)
				{
					a[p][q] = a[q][p] = 0;
					continue;
				}
				theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
				t = (theta >= 0 ? 1 : -1) / (fabs(theta) + sqrt(theta * theta + 1));
				c = 1 / sqrt(t * t + 1);
				s = t * c;
				for (int k = 0; k < n; k++)
				{
					double		kp = a[k][p];
					double		kq = a[k][q];

					a[k][p] = c * kp - s * kq;
					a[k][q] = s * kp + c * kq;
				}
				for (int k = 0; k < n; k++)
				{
					double		pk = a[p][k];
					double		qk = a[q][k];

					a[p][k] = c * pk - s * qk;
					a[q][k] = s * pk + c * qk;
				}
				for (int k = 0; k < n; k++)
				{
					double		kp = v[k][p];
					double		kq = v[k][q];

					v[k][p] = c * kp - s * kq;
					v[k][q] = s * kp + c * kq;
				}
				a[p][q] = a[q][p] = 0;
			}
		}
	}
}

/* second derivatives; a variable at a limit is moved inwards alone */
static bool
second_derivatives(crm_optimise *o, double h[N][N])
{
	for (int i = 0; i < o->n; i++)
	{
		double		x[N];
		double		value;
		double		up[N];
		double		down[N];
		double		width = 0;

		for (int side = 1; side >= -1; side -= 2)
		{
			memcpy(x, o->x, sizeof(x));
			x[i] = inside(o, x[i] + side * DIFFERENCE);
			width += side * x[i];
			if (!evaluate(o, x, &value, side > 0 ? up : down))
				return false;
		}
		for (int j = 0; j < o->n; j++)
			h[i][j] = (up[j] - down[j]) / width;
	}
	for (int i = 0; i < o->n; i++)
	{
		for (int j = 0; j < i; j++)
			h[i][j] = h[j][i] = (h[i][j] + h[j][i]) / 2;
	}
	return true;
}

/* the end: flat has the variables along which nothing changes, step is how far Newton would still go */
static crm_optimise_status
finish(crm_optimise *o, unsigned flat, double step)
{
	o->at_limit = flat;
	for (int i = 0; i < o->n; i++)
	{
		if (o->x[i] <= o->low || o->x[i] >= o->high)
			o->at_limit |= 1u << i;
	}
	if (o->at_limit != 0)
		return CRM_OPTIMISE_BOUNDARY;
	return step < SMALL_STEP ? CRM_OPTIMISE_CONVERGED : CRM_OPTIMISE_EXHAUSTED;
}

/*
 * Newton steps with the second derivatives of the last round; along directions
 * in which the function does not curve upwards, down the gradient.
 */
static crm_optimise_status
newton(crm_optimise *o)
{
	double		before = INFINITY;	/* value of the round before */

	for (int round = 0; round < NEWTON_ROUNDS; round++)
	{
		double		h[N][N];
		double		a[N][N];
		double		v[N][N];
		double		last = INFINITY;
		bool		held[N] = {false};
		unsigned	flat = 0;

		if (o->evaluations >= o->max_evaluations)
			return CRM_OPTIMISE_EXHAUSTED;
		if (!second_derivatives(o, h))
			return CRM_OPTIMISE_STOPPED;
		for (int i = 0; i < o->n; i++)
			held[i] = is_held(o, i);
		/* held variables stand apart, with a second derivative of 1 */
		for (int i = 0; i < o->n; i++)
		{
			for (int j = 0; j < o->n; j++)
				a[i][j] = held[i] || held[j] ? i == j : h[i][j];
		}
		eigen(o->n, a, v);
		memset(o->inverse, 0, sizeof(o->inverse));
		for (int k = 0; k < o->n; k++)
		{
			bool		curved = a[k][k] > FLAT;
			double		c = curved ? 1 / a[k][k] : 1 / FLAT;

			for (int i = 0; i < o->n; i++)
			{
				if (!curved && v[i][k] * v[i][k] > 0.1)
					flat |= 1u << i;
				for (int j = 0; j < o->n; j++)
				{
					if (!held[i] && !held[j])
						o->inverse[i][j] += c * v[i][k] * v[j][k];
				}
			}
		}

		/* several steps from one set of second derivatives, as long as each is much shorter than the one before */
		for (;;)
		{
			double		step[N] = {0};
			double		old[N];
			double		longest = 0;
			Move		move;

			for (int i = 0; i < o->n; i++)
			{
				for (int j = 0; j < o->n; j++)
				{
					if (!held[i] && !held[j])
						step[i] -= o->inverse[i][j] * o->gradient[j];
				}
				longest = fmax(longest, fabs(step[i]));
			}
			if (longest < SMALLEST_STEP || (longest > 0.1 * last && longest < 1e-7))
				return finish(o, flat, longest);
			/* a round that gained nothing: what moves still is the last digits, or a direction without any slope */
			if (last == INFINITY && !(before - o->value > 1e-13 * fabs(o->value)) && (longest < SMALL_STEP || flat != 0))
				return finish(o, flat, longest);
			if (last == INFINITY)
				before = o->value;
			if (longest > 0.1 * last)
				break;
			last = longest;
			shorten(o, step);
			memcpy(old, o->x, sizeof(old));
			move = search(o, step, 1e-14 * fabs(o->value));
			if (move == STOPPED)
				return CRM_OPTIMISE_STOPPED;
			if (move == STUCK)
				/* nothing better is to be found in the digits that there are */
				return o->evaluations >= o->max_evaluations ? CRM_OPTIMISE_EXHAUSTED : finish(o, flat, longest);
			for (int i = 0; i < o->n; i++)
			{
				/* a variable that has come to its limit changes who is held */
				if (o->x[i] != old[i] && (o->x[i] <= o->low || o->x[i] >= o->high))
					last = 0;
			}
			if (last == 0 || o->evaluations >= o->max_evaluations)
				break;
		}
	}
	return CRM_OPTIMISE_EXHAUSTED;
}

crm_optimise_status
crm_minimise(crm_optimise *o)
{
	o->evaluations = 0;
	o->at_limit = 0;
	memset(o->inverse, 0, sizeof(o->inverse));
	for (int i = 0; i < o->n; i++)
		o->x[i] = inside(o, o->x[i]);
	if (!evaluate(o, o->x, &o->value, o->gradient))
		return CRM_OPTIMISE_STOPPED;
	if (!o->near && bfgs(o) == STOPPED)
		return CRM_OPTIMISE_STOPPED;
	return newton(o);
}
