/*
 * unit/test_clv_model.c
 *
 * The purchase models against values in arbitrary precision (clv_exact.h, made
 * by tools/clv_oracle.py), and what must hold for any parameters.
 */
#include "check.h"
#include "core/clv_math.h"
#include "core/clv_model.h"

#include <math.h>
#include <stddef.h>

#include "clv_exact.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static double worst;

static int
near(double got, double wanted)
{
	double		off = fabs(got - wanted) / fabs(wanted);

	/* below the range of normal numbers there are no digits left to compare */
	if (fabs(wanted) < 1e-290)
		return fabs(got) < 1e-290;
	if (off > worst)
		worst = off;
	return off < 1e-9;
}

static void
exact_values(void)
{
	for (size_t i = 0; i < LENGTH(exact); i++)
	{
		int			kind = models[exact[i].model].kind;
		const double *p = models[exact[i].model].p;
		double		x = exact[i].x;
		double		t_x = exact[i].t_x;
		double		t = exact[i].t;
		double		argument = exact[i].argument;
		double		got = 0;
		int			ok;

		switch (exact[i].what)
		{
			case 'P':
				got = crm_clv_p_alive(kind, p, x, t_x, t);
				break;
			case 'L':
				got = crm_clv_log_likelihood(kind, p, x, t_x, t);
				/* certainty is 0, but for the last bit of a sum */
				if (fabs(exact[i].value) < 1e-50 && fabs(got) < 1e-15)
					got = exact[i].value;
				break;
			case 'E':
				got = crm_clv_p_alive(kind, p, x, t_x, t) * crm_clv_orders_if_alive(kind, p, x, t, argument);
				break;
			case 'D':
				got = crm_clv_p_alive(kind, p, x, t_x, t) * crm_clv_discounted_if_alive(kind, p, x, t, argument);
				break;
			case 'Q':
				got = crm_clv_next_order(kind, p, x, t_x, t, argument);
				if (isinf(got))
					got = -1;
				break;
			case 'N':
				got = crm_clv_orders_new(kind, p, argument);
				break;
			case 'C':
				got = crm_clv_count_probability(kind, p, t, argument);
		}
		ok = near(got, exact[i].value);
		CHECK(ok);
		if (!ok)
			fprintf(stderr, "model %d %c x %g t_x %g t %g argument %g: got %.17g, wanted %.17g\n",
					exact[i].model, exact[i].what, x, t_x, t, argument, got, exact[i].value);
	}
}

/* both ways of computing an expectation must agree where they meet, and long sums must end */
static void
properties(void)
{
	static const double horizon[] = {1e-6, 0.5, 4, 40, 400, 4e3, 4e4, 4e6};

	for (size_t m = 0; m < LENGTH(models); m++)
	{
		int			kind = models[m].kind;
		const double *p = models[m].p;

		for (double x = 0; x < 3000; x = x * 13 + 1)
		{
			double		t_x = x;
			double		last = 2;
			double		orders = 0;
			double		discounted = INFINITY;

			for (double t = x; t < 3000; t = t * 1.5 + 1)
			{
				double		alive = crm_clv_p_alive(kind, p, x, t_x, t);

				CHECK(alive >= 0 && alive <= 1 && alive <= last * (1 + 1e-13));
				last = alive;
			}
			for (size_t i = 0; i < LENGTH(horizon); i++)
			{
				double		e = crm_clv_orders_if_alive(kind, p, x, x + 1, horizon[i]);
				double		within = crm_clv_discounted_within(kind, p, x, x + 1, horizon[i], 0.001);

				CHECK(isfinite(e) && e > orders);
				CHECK(within > 0 && within <= e * (1 + 1e-12));
				orders = e;
			}
			for (double rate = 1e-5; rate < 1e4 && x < 20; rate *= 1e6)
			{
				double		d = crm_clv_discounted_if_alive(kind, p, x, x + 1, rate);

				CHECK(d > 0 && d < discounted);
				/* what lies beyond this horizon is discounted to nothing */
				CHECK(fabs(crm_clv_discounted_within(kind, p, x, x + 1, 60 / rate, rate) / d - 1) < 1e-10);
				discounted = d;
			}
		}
		/* all numbers of orders together */
		for (double t = 0; t < 60; t = t * 7 + 1)
		{
			double		sum = 0;
			double		last = 1;

			for (int n = 0; n < 20000 && (n < 10 || last > 1e-13); n++)
				sum += last = crm_clv_count_probability(kind, p, t, n);
			CHECK(fabs(sum - 1) < 1e-10);
		}
	}
}

/* 2F1(1, 1; 2; z) = -ln(1-z)/z; derivatives against differences; I_z(a, 1) = z^a */
static void
special_functions(void)
{
	for (double z = 1e-6; z < 1; z = z * 1.7)
	{
		crm_f21		f = crm_f21_first_one(1, 2, z, true);
		double		e = 1e-6;

		CHECK(fabs(f.value / (-log1p(-z) / z) - 1) < 1e-13);
		CHECK(fabs(f.by_b - (crm_f21_first_one(1 + e, 2, z, false).value - crm_f21_first_one(1 - e, 2, z, false).value) / (2 * e)) < 1e-8 * (1 + f.by_b));
		CHECK(fabs(f.by_c - (crm_f21_first_one(1, 2 + e, z, false).value - crm_f21_first_one(1, 2 - e, z, false).value) / (2 * e)) < 1e-8 * (1 + fabs(f.by_c)));
	}
	for (double a = 0.01; a < 3000; a *= 3)
	{
		CHECK(fabs(crm_beta_part(a, 1, 0.3, 0.7) - pow(0.3, a)) <= 1e-11 * pow(0.3, a));
		CHECK(fabs(crm_digamma(a + 1) - crm_digamma(a) - 1 / a) < 1e-13 * (1 + 1 / a));
		CHECK(fabs(crm_ln_rising(a, 200) - (lgamma(a + 200) - lgamma(a))) < 1e-10);
		/* e^z E_n(z) against its recurrence: n E_(n+1) = e^-z - z E_n */
		CHECK(fabs(a * crm_scaled_expint(a + 1, 0.2) - (1 - 0.2 * crm_scaled_expint(a, 0.2))) < 1e-12);
		CHECK(fabs(a * crm_scaled_expint(a + 1, 0.3) - (1 - 0.3 * crm_scaled_expint(a, 0.3))) < 1e-12);
	}
}

/* p (v + m x) / (p x + q - 1), the population mean p v / (q - 1) */
static void
spend(void)
{
	static const double usual[] = {6, 4, 15};
	static const double endless[] = {6, 0.5, 15};

	CHECK(crm_clv_expected_spend(usual, 0, 0) == 30);
	CHECK(crm_clv_expected_spend(usual, 2, 30) == 6.0 * 75 / 15);
	/* q <= 1: the population has no mean, a member with purchases has */
	CHECK(isnan(crm_clv_expected_spend(endless, 0, 0)));
	CHECK(crm_clv_expected_spend(endless, 1, 10) == 6 * 25 / 5.5);
}

int
main(void)
{
	exact_values();
	special_functions();
	properties();
	spend();
	printf("unit/test_clv_model.c: largest relative error %.1e of %zu values\n", worst, LENGTH(exact));
	return DONE();
}
