/*
 * src/core/clv_math.c
 *
 * Special functions of the purchase models (see clv_math.h).
 *
 * Sources: Abramowitz & Stegun (1972), 5.1 and 6.3; NIST Digital Library of
 * Mathematical Functions, 8.17, 8.19 and 15.7; Takahasi & Mori (1974) for the
 * change of variable of the integrals.
 */
#include "core/clv_math.h"

#include <float.h>
#include <math.h>

#define TINY		1e-300
#define MAX_TERMS	2000000		/* of a continued fraction: reached only where z is 1 to 10 digits */

double
crm_ln_gamma(double x)
{
	int			sign;

	return lgamma_r(x, &sign);
}

/* ln Gamma(x) without (x - 1/2) ln x - x + ln(2 pi) / 2, x >= 16 */
static inline double
stirling_rest(double x)
{
	double		x2 = 1 / (x * x);

	return (1.0 / 12 - x2 * (1.0 / 360 - x2 * (1.0 / 1260 - x2 * (1.0 / 1680 - x2 / 1188)))) / x;
}

double
crm_ln_rising(double a, double n)
{
	double		low = a;
	double		high = a + n;
	double		below = 1;
	double		above = 1;

	if (n <= 64 && n == floor(n))
	{
		double		sum = 0;
		double		product = 1;

		for (int i = 0; i < (int) n; i++)
		{
			product *= a + i;
			if (product > 1e200 || product < 1e-200)
			{
				sum += log(product);
				product = 1;
			}
		}
		return sum + log(product);
	}
	/* Stirling's series of both ends, subtracted term by term */
	for (; low < 16; low += 1)
		below *= low;
	for (; high < 16; high += 1)
		above *= high;
	return log(below / above) + (high - low) * (log(high) - 1) + (low - 0.5) * log1p((high - low) / low) +
		stirling_rest(high) - stirling_rest(low);
}

double
crm_ln_beta(double a, double b)
{
	return a < b ? crm_ln_gamma(a) - crm_ln_rising(b, a) : crm_ln_gamma(b) - crm_ln_rising(a, b);
}

double
crm_digamma(double x)
{
	double		shift = 0;
	double		x2;

	while (x < 12)
	{
		shift += 1 / x;
		x += 1;
	}
	x2 = 1 / (x * x);
	return log(x) - 0.5 / x - shift -
		x2 * (1.0 / 12 - x2 * (1.0 / 120 - x2 * (1.0 / 252 - x2 * (1.0 / 240 - x2 * (1.0 / 132 - x2 * 691.0 / 32760)))));
}

double
crm_ln_add(double a, double b)
{
	double		high = a > b ? a : b;
	double		low = a > b ? b : a;

	if (low == -INFINITY)
		return high;
	return high + log1p(exp(low - high));
}

/*
 * DLMF 15.7.5 with a = 0: 1 / (1 - d1 z / (1 - d2 z / (1 - ...))),
 * d(2m+1) = (b+m)(c-1+m) / ((c-1+2m)(c+2m)), d(2m) = m(c-b+m-1) / ((c+2m-2)(c+2m-1)).
 */
crm_f21
crm_f21_first_one(double b, double c, double z, bool derivatives)
{
	crm_f21		f = {1, 0, 0, 0};
	double		step = 1;		/* what the last term added, and its derivatives */
	double		step_b = 0;
	double		step_c = 0;
	double		step_z = 0;
	double		d = 1;			/* Steed's denominator */
	double		d_b = 0;
	double		d_c = 0;
	double		d_z = 0;

	if (z <= 0)
	{
		f.by_z = b / c;
		return f;
	}
	for (int j = 1; j < MAX_TERMS; j++)
	{
		double		e;			/* coefficient of z */
		double		e_b;
		double		e_c;
		double		ed;
		double		next;

		if (j % 2 == 1)
		{
			int			half = (j - 1) / 2;
			double		m = half;
			double		p = c - 1 + 2 * m;
			double		q = c + 2 * m;

			/* c - 1 stands in both halves of the fraction and may be tiny: m = 0 is b / c */
			double		u = m == 0 ? 1 : (c - 1 + m) / p;

			e = (b + m) * u / q;
			e_b = u / q;
			e_c = m == 0 ? -e / q : (b + m) * m / (p * p * q) - e / q;
		}
		else
		{
			int			half = j / 2;
			double		m = half;
			double		p = c + 2 * m - 2;
			double		q = c + 2 * m - 1;
			double		u = m / (p * q);

			e = u * (c - b + m - 1);
			e_b = -u;
			e_c = u - e * (1 / p + 1 / q);
		}
		ed = e * z * d;
		next = 1 / (1 - ed);
		if (derivatives)
		{
			double		n2 = next * next * z;
			double		nd_b = n2 * (e_b * d + e * d_b);
			double		nd_c = n2 * (e_c * d + e * d_c);
			double		nd_z = n2 / z * (e * d + e * z * d_z);

			/* the next term is step * (next - 1) */
			step_b = step_b * (ed * next) + step * nd_b;
			step_c = step_c * (ed * next) + step * nd_c;
			step_z = step_z * (ed * next) + step * nd_z;
			d_b = nd_b;
			d_c = nd_c;
			d_z = nd_z;
			f.by_b += step_b;
			f.by_c += step_c;
			f.by_z += step_z;
		}
		step *= ed * next;
		d = next;
		f.value += step;
		/* what is still to come is a falling geometric series at the most */
		if (step * d < f.value * (2 - d) * 1e-17 * (d < 2) &&
			(!derivatives || (fabs(step_b) <= 1e-15 * fabs(f.by_b) && fabs(step_c) <= 1e-15 * fabs(f.by_c) &&
							  fabs(step_z) <= 1e-15 * fabs(f.by_z))))
			break;
	}
	return f;
}

/* DLMF 8.17.22, by Lentz's method; converges in about sqrt(a + b) steps for z < a / (a + b) */
static double
beta_fraction(double a, double b, double z)
{
	double		c = 1;
	double		d = 1 - (a + b) * z / (a + 1);
	double		h;

	d = 1 / (fabs(d) < TINY ? TINY : d);
	h = d;
	for (int m = 1; m < MAX_TERMS; m++)
	{
		double		t = m * (b - m) * z / ((a + 2 * m - 1) * (a + 2 * m));
		double		change;

		d = 1 + t * d;
		c = 1 + t / c;
		d = 1 / (fabs(d) < TINY ? TINY : d);
		c = fabs(c) < TINY ? TINY : c;
		h *= d * c;
		t = -(a + m) * (a + b + m) * z / ((a + 2 * m) * (a + 2 * m + 1));
		d = 1 + t * d;
		c = 1 + t / c;
		d = 1 / (fabs(d) < TINY ? TINY : d);
		c = fabs(c) < TINY ? TINY : c;
		change = d * c;
		h *= change;
		if (fabs(change - 1) < 4e-16)
			break;
	}
	return h;
}

double
crm_beta_part(double a, double b, double z, double z1)
{
	double		ln_front;

	if (z <= 0)
		return 0;
	if (z1 <= 0)
		return 1;
	ln_front = a * log(z) + b * log(z1) - crm_ln_beta(a, b);
	if (z < (a + 1) / (a + b + 2))
		return exp(ln_front) * beta_fraction(a, b, z) / a;
	return 1 - exp(ln_front) * beta_fraction(b, a, z1) / b;
}

/* ln Gamma(1 + g), |g| <= 1, to full relative precision: DLMF 5.7.3 near 0 */
static double
ln_gamma_one_plus(double g)
{
	static const double zeta[] = {	/* of 2 to 12, over 2 to 12 */
		0.82246703342411322, 0.40068563438653143, 0.27058080842778455, 0.20738555102867399, 0.16955717699740819,
		0.14404989676884611, 0.12550966947884307, 0.11133426586956469, 0.10009945751278180, 0.09095401714582904, 0.08335384054610900
	};
	double		sum = 0;

	if (fabs(g) > 0.05)
		return crm_ln_gamma(1 + g);
	for (int i = 10; i >= 0; i--)
		sum = zeta[i] - g * sum;
	return -0.57721566490153286061 * g + g * g * sum;
}

/*
 * E_n(z) for 0 < n <= 1.5 and small z: DLMF 8.19.10 with its two infinite
 * terms at n = 1 taken together.
 */
static double
small_expint(double n, double z)
{
	double		g = 1 - n;
	double		ln_z = log(z);
	double		power = exp(g * ln_z);
	double		head = fabs(g) < 1e-300 ? -0.57721566490153286061 - ln_z : (expm1(ln_gamma_one_plus(g)) - expm1(g * ln_z)) / g;
	double		sum = 0;
	double		term = 1;

	for (int j = 1; j < 40 && fabs(term) > 1e-18; j++)
	{
		term *= -z / j;
		sum += term / (g + j);
	}
	return head / power - sum;
}

double
crm_scaled_expint(double n, double z)
{
	double		b;
	double		c;
	double		d;
	double		h;

	if (z < 0.5 && n < 30)
	{
		/* up from between 0.5 and 1.5, by n E_(n+1) = e^-z - z E_n */
		double		steps = n > 1.5 ? ceil(n - 1.5) : 0;
		double		e = small_expint(n - steps, z);

		for (double m = n - steps; steps > 0; steps--, m++)
			e = (exp(-z) - z * e) / m;
		return exp(z) * e;
	}
	/* A&S 5.1.22 in its even form, by Lentz's method; for large n quick at any z */
	b = z + n;
	c = 1 / TINY;
	d = 1 / b;
	h = d;
	for (int i = 1; i < MAX_TERMS; i++)
	{
		double		a = -i * (n - 1 + i);
		double		change;

		b += 2;
		d = 1 / (a * d + b);
		c = b + a / c;
		change = c * d;
		h *= change;
		if (fabs(change - 1) < 4e-16)
			break;
	}
	return h;
}

#define LEVELS		8			/* of ever smaller steps, 1/2 to 1/256 */
#define GOLDEN		0.3819660112501051

/* the maximum of a function that has one, near enough for a trapezoidal sum */
static double
find_mode(crm_log_function log_f, void *context, double near)
{
	double		step = 1;
	double		low = near - step;
	double		high = near + step;
	double		mid = near;
	double		f_low = log_f(low, context);
	double		f_mid = log_f(mid, context);
	double		f_high = log_f(high, context);

	for (int i = 0; i < 60 && (f_low > f_mid || f_high > f_mid); i++)
	{
		step *= 2;
		if (f_low > f_mid)
		{
			high = mid;
			f_high = f_mid;
			mid = low;
			f_mid = f_low;
			low = mid - step;
			f_low = log_f(low, context);
		}
		else
		{
			low = mid;
			f_low = f_mid;
			mid = high;
			f_mid = f_high;
			high = mid + step;
			f_high = log_f(high, context);
		}
	}
	/* golden section until the ends are less than a factor of e below the middle */
	for (int i = 0; i < 120 && (f_mid - f_low > 0.5 || f_mid - f_high > 0.5); i++)
	{
		double		x;
		double		f;

		if (high - mid > mid - low)
		{
			x = mid + GOLDEN * (high - mid);
			f = log_f(x, context);
			if (f > f_mid)
			{
				low = mid;
				f_low = f_mid;
				mid = x;
				f_mid = f;
			}
			else
			{
				high = x;
				f_high = f;
			}
		}
		else
		{
			x = mid - GOLDEN * (mid - low);
			f = log_f(x, context);
			if (f > f_mid)
			{
				high = mid;
				f_high = f_mid;
				mid = x;
				f_mid = f;
			}
			else
			{
				low = x;
				f_low = f;
			}
		}
	}
	return mid;
}

/* a length over which the function falls by about 1 */
static double
find_width(crm_log_function log_f, void *context, double mode, double top)
{
	double		width = 1;

	for (int i = 0; i < 60 && (top - log_f(mode + width, context) > 1 && top - log_f(mode - width, context) > 1); i++)
		width *= 0.5;
	for (int i = 0; i < 60 && (top - log_f(mode + width, context) < 1 && top - log_f(mode - width, context) < 1); i++)
		width *= 2;
	return width;
}

double
crm_ln_integral(crm_log_function log_f, void *context, double near)
{
	double		mode = find_mode(log_f, context, near);
	double		top = log_f(mode, context);
	double		width = find_width(log_f, context, mode, top);
	double		sum = 1;		/* cosh(0) e^0 */
	double		h = 0.5;
	double		last = 0;
	double		gap = INFINITY;

	for (int level = 0; level < LEVELS; level++)
	{
		double		total;
		double		last_gap = gap;

		for (int side = -1; side <= 1; side += 2)
		{
			int			small = 0;

			/* all points of the first level, then those between */
			for (double k = 1; k * h < 60; k += level == 0 ? 1 : 2)
			{
				double		v = side * k * h;
				double		f = log_f(mode + width * sinh(v), context) - top;
				double		term = cosh(v) * exp(f);

				/* a NaN ends it too: both parts of the exponent are then infinite */
				if (!(term > 1e-18 * sum))
				{
					if (++small == 3)
						break;
					if (!(term > 0))
						continue;
				}
				else
					small = 0;
				sum += term;
			}
		}
		total = sum * h;
		gap = fabs(total - last);
		last = total;
		/* each halving about doubles the digits, until the last ones of the function are reached */
		if (level >= 2 && (gap <= 1e-12 * total || (gap < 1e-9 * total && gap > 0.1 * last_gap)))
			break;
		h /= 2;
	}
	return top + log(width * last);
}
