#!/usr/bin/python3
# bench/clv_scipy.py
# The peer of case G16: a plain maximum-likelihood fit of BG/NBD with scipy (python3-scipy of Debian).
#
# Reads x, t_x and T of each member, comma-separated, from standard input, and
# prints the milliseconds of the fit alone, the parameters and the
# log-likelihood. Likelihood: Fader, Hardie & Lee (2005), equation 6, with
# logarithms of the parameters, times scaled to ten, started at 1, as such fits
# are written.
import sys
import time

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln

rows = np.loadtxt(sys.stdin, delimiter=",", ndmin=2)
began = time.perf_counter()
x, t_x, t = rows.T
scale = 10.0 / t.max()
t_x, t = t_x * scale, t * scale


def minus_log_likelihood(logs):
    r, alpha, a, b = np.exp(logs)
    first = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    second = gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
    alive = -(r + x) * np.log(alpha + t)
    left = np.where(x > 0, np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + t_x), -np.inf)
    return -np.mean(first + second + np.logaddexp(alive, left))


found = minimize(minus_log_likelihood, np.zeros(4), method="L-BFGS-B", options={"ftol": 1e-12, "gtol": 1e-8})
r, alpha, a, b = np.exp(found.x)
took = (time.perf_counter() - began) * 1000
total = -found.fun * len(x) + x.sum() * np.log(scale)
print("%.1f r=%.5f alpha=%.4f a=%.5f b=%.4f LL=%.4f" % (took, r, alpha / scale, a, b, total))
