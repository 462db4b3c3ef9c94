#!/usr/bin/env python3
# tools/clv_oracle.py
"""Values of the CLV functions in arbitrary precision (python3-mpmath), as rows for the tests.

Worked from the definitions of the models, not from the formulas that the
extension uses: expectations over the gamma and beta distributions are
integrated numerically, or come from the closed forms of the papers evaluated
with 60 digits.  `clv_oracle.py unit` prints unit/clv_exact.h; `clv_oracle.py`
prints every fifth of its values for sql/clv_exact.sql, models first.
"""
import sys

from mpmath import mp, mpf, gamma, loggamma, beta, hyp2f1, hyperu, quad, exp, log, betainc

mp.dps = 60
BG, MBG, PARETO, NBD = 'bg/nbd', 'mbg/nbd', 'pareto/nbd', 'nbd'
KIND = {BG: 0, MBG: 1, PARETO: 2, NBD: 3}


def rising(a, n):
    return exp(loggamma(a + n) - loggamma(a))


def likelihood_parts(kind, p, x, tx, t):
    """(likelihood and active at T, likelihood and gone), Fader & Hardie 2005; Batislam et al. 2007; Schmittlein et al. 1987"""
    r, al = p[0], p[1]
    front = rising(r, x) * al ** r
    if kind == NBD:
        return front * (al + t) ** -(r + x), mpf(0)
    if kind in (BG, MBG):
        a, b = p[2], p[3]
        i = x + (1 if kind == MBG else 0)
        active = front * beta(a, b + i) / beta(a, b) * (al + t) ** -(r + x)
        gone = mpf(0) if i == 0 else front * beta(a + 1, b + i - 1) / beta(a, b) * (al + tx) ** -(r + x)
        return active, gone
    s, be = p[2], p[3]
    active = front * (al + t) ** -(r + x) * (be / (be + t)) ** s

    def part(u):
        # integral over time from u of s be^s (be+w)^-(s+1) (al+w)^-(r+x), Fader & Hardie's A0
        n = r + x + s
        if al >= be:
            return s * be ** s / n * (al + u) ** -n * hyp2f1(n, s + 1, n + 1, (al - be) / (al + u))
        return s * be ** s / n * (be + u) ** -n * hyp2f1(n, r + x, n + 1, (be - al) / (be + u))
    return active, front * (part(tx) - part(t))


def p_alive(kind, p, x, tx, t):
    active, gone = likelihood_parts(kind, p, x, tx, t)
    return active / (active + gone)


def log_likelihood(kind, p, x, tx, t):
    return log(sum(likelihood_parts(kind, p, x, tx, t)))


def beta_mean(a, b, f, extra=()):
    """E f(p), p beta-distributed; ln p and ln (1-p) as the variable near the ends"""
    def low(y):
        q = exp(y)
        return exp(a * y) * (1 - q) ** (b - 1) * f(q)

    def high(y):
        q = exp(y)
        return exp(b * y) * (1 - q) ** (a - 1) * f(1 - q)
    half = log(mpf('0.5'))
    far_a, far_b = -140 / min(a, 1), -140 / min(b, 1)
    marks_a = sorted({far_a, half} | {half + (far_a - half) * mpf(i) / 24 for i in range(1, 24)} | {log(mpf(e)) for e in extra if far_a < log(mpf(e)) < half})
    marks_b = sorted({far_b, half} | {half + (far_b - half) * mpf(i) / 24 for i in range(1, 24)})
    # where (1-p)^b or p^a is narrow
    for m in (1 / b, 4 / b, 16 / b):
        if far_a < log(m) < half:
            marks_a = sorted(set(marks_a) | {log(m)})
    for m in (1 / a, 4 / a, 16 / a):
        if far_b < log(m) < half:
            marks_b = sorted(set(marks_b) | {log(m)})
    return (quad(low, marks_a) + quad(high, marks_b)) / beta(a, b)


def orders(kind, p, x, tx, t, h):
    r, al = p[0], p[1]
    k, scale = r + x, al + t
    if kind == NBD:
        return k * h / scale
    alive = p_alive(kind, p, x, tx, t)
    if kind == PARETO:
        s, be = p[2], p[3]
        if s == 1:
            return alive * k * (be + t) / scale * log((be + t + h) / (be + t))
        return alive * k * (be + t) / (scale * (s - 1)) * (1 - ((be + t) / (be + t + h)) ** (s - 1))
    a, b = p[2], p[3] + x + (1 if kind == MBG else 0)
    if a == 1 or a + b == 1:
        return alive * beta_mean(a, b, lambda q: (1 - (1 + q * h / scale) ** -k) / q)
    # Fader & Hardie 2005, eq. 10, per member known to be active
    return alive * (a + b - 1) / (a - 1) * (1 - (scale / (scale + h)) ** k * hyp2f1(k, b, a + b - 1, h / (scale + h)))


def orders_new(kind, p, h):
    return orders(kind, p, mpf(0), mpf(0), mpf(0), h)


def count_probability(kind, p, t, n):
    r, al = p[0], p[1]

    def nbd(j, u):
        return rising(r, j) / gamma(j + 1) * (al / (al + u)) ** r * (u / (al + u)) ** j
    if kind == NBD:
        return nbd(n, t)
    if kind in (BG, MBG):
        a, b = p[2], p[3]
        i = n + (1 if kind == MBG else 0)
        at_least = betainc(n, r, 0, t / (al + t), regularized=True) if n > 0 else mpf(1)
        gone = beta(a + 1, b + i - 1) / beta(a, b) * at_least if i > 0 else mpf(0)
        return beta(a, b + i) / beta(a, b) * nbd(n, t) + gone
    s, be = p[2], p[3]
    c = exp(loggamma(r + n) - loggamma(r) - loggamma(n + 1))
    gone = quad(lambda u: s / be * (1 + u / be) ** (-s - 1) * c * (al / (al + u)) ** r * (u / (al + u)) ** n,
                [t * mpf(i) / 32 for i in range(33)])
    return (be / (be + t)) ** s * nbd(n, t) + gone


def discounted(kind, p, x, tx, t, d):
    r, al = p[0], p[1]
    k, scale = r + x, al + t
    if kind == NBD:
        return k / (scale * d)
    alive = p_alive(kind, p, x, tx, t)
    if kind == PARETO:
        s, be = p[2], p[3]
        # Fader, Hardie & Lee 2005 (RFM and CLV), with Tricomi's function
        z = d * (be + t)
        return alive * k * (be + t) ** s / scale * d ** (s - 1) * hyperu(s, s, z)
    a, b = p[2], p[3] + x + (1 if kind == MBG else 0)
    # E[lambda / (d + lambda p)] over p is lambda/d 2F1(1, a; a+b; -lambda/d); then over the gamma distribution of lambda
    mp.dps = 30
    mode = log(k / scale)
    left = mode - 12 / mp.sqrt(k) - 75 / k
    right = log((k + 12 * mp.sqrt(k) + 80) / scale)
    wide = [left] + [left + (mode - 12 / mp.sqrt(k) - left) * mpf(i) / 6 for i in range(1, 7)] + [mode - 4 / mp.sqrt(k), mode, mode + min(4 / mp.sqrt(k), (right - mode) / 2), right]
    constant = k * log(scale) - loggamma(k)
    v = quad(lambda y: exp(k * y - scale * exp(y) + constant) * exp(y) / d * hyp2f1(1, a, a + b, -exp(y) / d), wide)
    mp.dps = 60
    return alive * v


def next_order(kind, p, x, tx, t, share):
    """time u with P(next purchase within u) = share, by bisection on the definition"""
    r, al = p[0], p[1]
    k, scale = r + x, al + t
    alive = p_alive(kind, p, x, tx, t)

    def within(u):
        if kind != PARETO:
            return alive * (1 - (scale / (scale + u)) ** k)
        s, be = p[2], p[3]
        pts = [mpf(0)] + [u * mpf(2) ** -i for i in range(12, -1, -1)]
        return alive * quad(lambda w: k / (scale + w) * (scale / (scale + w)) ** k * ((be + t) / (be + t + w)) ** s, pts)
    mp.dps = 25
    lo, hi = mpf(0), mpf(1)
    while within(hi) < share:
        hi *= 2
        if hi > mpf(10) ** 12:
            mp.dps = 60
            return None
    for _ in range(70):
        mid = (lo + hi) / 2
        if within(mid) < share:
            lo = mid
        else:
            hi = mid
    mp.dps = 60
    return hi


def spend(sp, x, m):
    p, q, v = sp
    w = p * x + q - 1
    return None if w <= 0 else p * (v + m * x) / w


# ---------------------------------------------------------------- the grid
def M(*v):
    return tuple(mpf(str(i)) for i in v)


MODELS = [
    (BG, M('.243', '4.414', '.793', '2.426')),
    (BG, M('.5', '10', 1, 2)),                  # a = 1
    (BG, M('.5', '10', '.25', '.75')),          # a + b = 1
    (BG, M(2, '0.03125', 3, '.5')),
    (BG, M('1.5', 4096, '0.0009765625', 64)),   # nearly nobody leaves
    (MBG, M('.52484', '6.1831', '.89136', '1.6140')),
    (MBG, M(1, 8, 1, 1)),                       # a = 1
    (MBG, M('.5', 10, '.5', '.5')),             # a + b = 1
    (PARETO, M('.55328', '10.5777', '.60624', '11.6687')),
    (PARETO, M('.5', 10, 1, 12)),               # s = 1
    (PARETO, M('.75', 8, '.5', 8)),             # alpha = beta
    (PARETO, M('.75', 8, 1, 8)),                # both
    (PARETO, M(2, 1024, '1.5', '0.125')),       # far apart
    (PARETO, M('.25', '0.125', 2, 2048)),
    (NBD, M('.385', '12.072')),
]
STATES = [M(0, 0, 0), M(0, 0, '38.75'), M(1, 5, 5), M(2, '30.43', '38.86'), M(7, '35.5', '300'), M(26, '200', '205.25'),
          M(400, 2000, '2300.5'), M(5000, 5100, 5200), M(5000, 4000, '6000'), M(3, '0.5', '4000')]
HORIZONS = M('0.001', 39, 5000)
RATES = M('1e-9', '0.0027', 10, '1e6')
COUNTS = [(mpf(39), 0), (mpf(39), 1), (mpf(39), 7), (mpf('0.01'), 2), (mpf(5000), 5000), (mpf(520), 250)]


def rows():
    for mi, (kind, p) in enumerate(MODELS):
        for st in STATES:
            x, tx, t = st
            yield mi, 'p_alive', st, None, p_alive(kind, p, *st)
            yield mi, 'log_likelihood', st, None, log_likelihood(kind, p, *st)
            for h in HORIZONS:
                yield mi, 'expected_orders', st, h, orders(kind, p, x, tx, t, h)
        for st in (STATES[1], STATES[3], STATES[6]):
            for d in RATES:
                yield mi, 'discounted', st, d, discounted(kind, p, *st, d)
        for st in (STATES[0], STATES[2], STATES[3], STATES[5]):
            for share in M('.05', '.5'):
                v = next_order(kind, p, *st, share)
                yield mi, 'next_order', st, share, (mpf(-1) if v is None else v)
        for h in HORIZONS:
            yield mi, 'orders_new', (mpf(0),) * 3, h, orders_new(kind, p, h)
        for t, n in COUNTS:
            yield mi, 'count', (mpf(0), mpf(0), t), mpf(n), count_probability(kind, p, t, mpf(n))


def number(v, digits=17):
    v = mpf(v)
    return mp.nstr(v, digits, strip_zeros=True, min_fixed=-5, max_fixed=17)


def main():
    unit = sys.argv[1:] == ['unit']
    if unit:
        print('/*\n * unit/clv_exact.h\n *\n * Values of the CLV functions to 17 digits, printed by tools/clv_oracle.py unit.\n */')
        print('static const struct\n{\n\tint\t\t\tkind;\n\tdouble\t\tp[4];\n}\t\t\tmodels[] = {')
        for kind, p in MODELS:
            print('\t{%d, {%s}},' % (KIND[kind], ', '.join(number(v) for v in p)))
        print('};\n\nstatic const struct\n{\n\tint\t\t\tmodel;\n\tchar\t\twhat;\n\tdouble\t\tx, t_x, t, argument, value;\n}\t\t\texact[] = {')
    else:
        for i, (kind, p) in enumerate(MODELS):
            print("  (%d, '%s', '{%s}')," % (i, kind, ','.join(number(v) for v in p)))
    done = 0
    letter = {'p_alive': 'P', 'log_likelihood': 'L', 'expected_orders': 'E', 'discounted': 'D', 'next_order': 'Q', 'orders_new': 'N', 'count': 'C'}
    for mi, what, st, arg, v in rows():
        if v != 0 and abs(v) < mpf('1e-290') and what != 'log_likelihood':
            v = mpf(0)
        if unit:
            print("\t{%d, '%s', %s, %s, %s}," % (mi, letter[what], ', '.join(number(s) for s in st), number(arg or 0), number(v)))
        elif done % 5 == 0:
            print("  (%d, '%s', %s, %s, %s)," % (mi, what, ', '.join(number(s) for s in st), 'NULL' if arg is None else number(arg), number(v)))
        done += 1
        sys.stdout.flush()
    if unit:
        print('};')
    print('%d rows' % done, file=sys.stderr)


if __name__ == '__main__':
    main()
