#!/usr/bin/python3
# tools/lunar_table.py
# Makes src/core/lunar_table.c: the months of the Chinese calendar, lunar years 1901 to 2100.
#
# Computed by the rules of GB/T 33661-2017 from the positions of sun and moon:
# a month begins on the day (UTC+8; 1914 to 1928 Peking's mean time, as in the
# calendars of those years) of the new moon, the month with the winter solstice is the eleventh, and of thirteen
# months between two such the first without a principal term is the leap month.
# New moons and sun after J. Meeus, Astronomical Algorithms, chapters 49, 22
# and 25 with VSOP87; Delta T after Espenak and Meeus. Run it in the root of the tree; --list
# prints the first day of every month, --close the new moons within two minutes
# of midnight.
import math
import sys
from math import sin, radians

FIRST, LAST = 1901, 2100

MOON = [(-0.40720, 0, 0, 1, 0), (0.17241, 1, 1, 0, 0), (0.01608, 0, 0, 2, 0), (0.01039, 0, 0, 0, 2), (0.00739, 1, -1, 1, 0),
        (-0.00514, 1, 1, 1, 0), (0.00208, 2, 2, 0, 0), (-0.00111, 0, 0, 1, -2), (-0.00057, 0, 0, 1, 2), (0.00056, 1, 1, 2, 0),
        (-0.00042, 0, 0, 3, 0), (0.00042, 1, 1, 0, 2), (0.00038, 1, 1, 0, -2), (-0.00024, 1, -1, 2, 0), (-0.00007, 0, 2, 1, 0),
        (0.00004, 0, 0, 2, -2), (0.00004, 0, 3, 0, 0), (0.00003, 0, 1, 1, -2), (0.00003, 0, 0, 2, 2), (-0.00003, 0, 1, 1, 2),
        (0.00003, 0, -1, 1, 2), (-0.00002, 0, -1, 1, -2), (-0.00002, 0, 1, 3, 0), (0.00002, 0, 0, 4, 0)]
PLANETS = [(299.77, 0.107408, 325), (251.88, 0.016321, 165), (251.83, 26.651886, 164), (349.42, 36.412478, 126), (84.66, 18.206239, 110),
           (141.74, 53.303771, 62), (207.14, 2.453732, 60), (154.84, 7.306860, 56), (34.52, 27.261239, 47), (207.19, 0.121824, 42),
           (291.34, 1.844379, 40), (161.72, 24.198154, 37), (239.56, 25.513099, 35), (331.55, 3.592518, 23)]


def new_moon(k):
    """Julian ephemeris day of new moon k, 0 being that of 2000-01-06"""
    t = k / 1236.85
    jde = 2451550.09766 + 29.530588861 * k + 0.00015437 * t ** 2 - 0.000000150 * t ** 3 + 0.00000000073 * t ** 4
    e = 1 - 0.002516 * t - 0.0000074 * t ** 2
    sun = radians(2.5534 + 29.10535670 * k - 0.0000014 * t ** 2 - 0.00000011 * t ** 3)
    moon = radians(201.5643 + 385.81693528 * k + 0.0107582 * t ** 2 + 0.00001238 * t ** 3 - 0.000000058 * t ** 4)
    f = radians(160.7108 + 390.67050284 * k - 0.0016118 * t ** 2 - 0.00000227 * t ** 3 + 0.000000011 * t ** 4)
    node = radians(124.7746 - 1.56375588 * k + 0.0020672 * t ** 2 + 0.00000215 * t ** 3)
    jde += sum(c * e ** p * sin(a * sun + b * moon + d * f) for c, p, a, b, d in MOON) - 0.00017 * sin(node)
    jde += sum(c * 1e-6 * sin(radians(a + b * k - (0.009173 * t ** 2 if c == 325 else 0))) for a, b, c in PLANETS)
    return jde


# heliocentric longitude of the earth, VSOP87 cut at 0.2": amplitude in 1e-8 rad, phase, frequency a millennium
EARTH = [[tuple(map(float, t.split())) for t in part.split(';')] for part in (
    '''3341656 4.6692568 6283.07585; 34894 4.62610 12566.1517; 3497 2.7441 5753.3849; 3418 2.8289 3.5231; 3136 3.6277 77713.7715;
2676 4.4181 7860.4194; 2343 6.1352 3930.2097; 1324 0.7425 11506.7698; 1273 2.0371 529.6910; 1199 1.1096 1577.3435; 990 5.233 5884.927;
902 2.045 26.298; 857 3.508 398.149; 780 1.179 5223.694; 753 2.533 5507.553; 505 4.583 18849.228; 492 4.205 775.523; 357 2.920 0.067;
317 5.849 11790.629; 284 1.899 796.298; 271 0.315 10977.079; 243 0.345 5486.778; 206 4.806 2544.314; 205 1.869 5573.143; 202 2.458 6069.777;
156 0.833 213.299; 132 3.411 2942.463; 126 1.083 20.775; 115 0.645 0.980; 103 0.636 4694.003; 102 0.976 15720.839; 102 4.267 7.114;
99 6.21 2146.17; 98 0.68 155.42; 86 5.98 161000.69; 85 1.30 6275.96; 85 3.67 71430.70; 80 1.81 17260.15''',
    '''206059 2.678235 6283.07585; 4303 2.6351 12566.1517; 425 1.590 3.523; 119 5.796 26.298; 109 2.966 1577.344; 93 2.59 18849.23;
72 1.14 529.69; 68 1.87 398.15; 67 4.41 5507.55; 59 2.89 5223.69; 56 2.17 155.42; 45 0.40 796.30; 36 0.47 775.52''',
    '''8720 1.0721 6283.0758; 309 0.867 12566.152; 27 0.05 3.52; 16 5.19 26.30; 16 3.68 155.42; 10 0.76 18849.23''',
    '289 5.844 6283.076')]


def sun_longitude(jde):
    """apparent longitude in degrees, good to 0.0005"""
    t = (jde - 2451545.0) / 365250
    earth = 1.75347046 + 6283.31966747 * t + 0.00052919 * t ** 2
    earth += sum(t ** i * sum(a * math.cos(b + c * t) for a, b, c in part) for i, part in enumerate(EARTH)) * 1e-8
    node = radians(125.04452 - 19341.36261 * t)
    sun, moon = radians(280.4665 + 360007.698 * t), radians(218.3165 + 4812678.813 * t)
    nutation = -17.20 * sin(node) - 1.32 * sin(2 * sun) - 0.23 * sin(2 * moon) + 0.21 * sin(2 * node)
    distance = 1 - 0.01671 * math.cos(radians(357.5291 + 359990.503 * t))
    return (math.degrees(earth) + 180 + (nutation - 0.09 - 20.49 / distance) / 3600) % 360


def term(longitude, near):
    """Julian ephemeris day at which the sun has this longitude, near a day"""
    for _ in range(12):
        near += 58 * sin(radians(longitude - sun_longitude(near)))
    return near


def delta_t(jde):
    """seconds"""
    y = 2000 + (jde - 2451544.5) / 365.25
    if y < 1920:
        t = y - 1900
        return -2.79 + 1.494119 * t - 0.0598939 * t ** 2 + 0.0061966 * t ** 3 - 0.000197 * t ** 4
    if y < 1941:
        t = y - 1920
        return 21.20 + 0.84493 * t - 0.076100 * t ** 2 + 0.0020936 * t ** 3
    if y < 1961:
        t = y - 1950
        return 29.07 + 0.407 * t - t ** 2 / 233 + t ** 3 / 2547
    if y < 1986:
        t = y - 1975
        return 45.45 + 1.067 * t - t ** 2 / 260 - t ** 3 / 718
    if y < 2005:
        t = y - 2000
        return 63.86 + 0.3345 * t - 0.060374 * t ** 2 + 0.0017275 * t ** 3 + 0.000651814 * t ** 4 + 0.00002373599 * t ** 5
    # since then slower than foreseen; beyond the observed a slow rise
    return 64.7 + 0.3 * (y - 2005) + (0.004 * (y - 2030) ** 2 if y > 2030 else 0)


def local(jde):
    """local Julian day number, with fraction, counted from midnight"""
    zone = 116.3917 / 360 if 2420133.5 <= jde < 2425612.5 else 8 / 24
    return jde - delta_t(jde) / 86400 + zone + 0.5


def civil(jdn):
    """(year, month, day) of a Julian day number, Gregorian"""
    a = jdn + 32044
    b = (4 * a + 3) // 146097
    c = a - 146097 * b // 4
    d = (4 * c + 3) // 1461
    e = c - 1461 * d // 4
    m = (5 * e + 2) // 153
    return 100 * b + d - 4800 + m // 10, m + 3 - 12 * (m // 10), e - (153 * m + 2) // 5 + 1


def sui(year):
    """months from the eleventh of the year before to the one before the eleventh of this: (first day, number, leap)"""
    solstice = [math.floor(local(term(270, 2451545 + (y - 2000) * 365.2422 + 355))) for y in (year - 1, year)]
    k = round((solstice[0] - 2451550) / 29.530588861) - 2
    days = [math.floor(local(new_moon(k + i))) for i in range(20)]
    start = max(i for i, d in enumerate(days) if d <= solstice[0])
    end = max(i for i, d in enumerate(days) if d <= solstice[1])
    terms = {math.floor(local(term((270 + 30 * i) % 360, solstice[0] + 30.44 * i))) for i in range(14)}
    months, number, leap_done = [], 11, end - start == 12
    for i in range(start, end):
        if i > start:
            if not leap_done and not any(days[i] <= t < days[i + 1] for t in terms):
                leap_done = True
                months.append((days[i], number, True))
                continue
            number = number % 12 + 1
        months.append((days[i], number, False))
    return months, days[end]


def years():
    """per lunar year the list of (first day, number, leap) and the first day of the next year"""
    flat = []
    for y in range(FIRST, LAST + 3):
        months, _ = sui(y)
        flat += months
    news = [i for i, m in enumerate(flat) if m[1] == 1 and not m[2]]
    for y, (a, b) in zip(range(FIRST, LAST + 1), zip(news, news[1:])):
        yield y, flat[a:b], flat[b][0]


def main():
    what = sys.argv[1:2]
    if what == ['--close']:
        for k in range(-1230, 1260):
            at = local(new_moon(k))
            off = (at + 0.5) % 1 - 0.5
            if abs(off) < 120 / 86400:
                print('%d-%02d-%02d' % civil(round(at)), '%+.0f s of midnight' % (off * 86400))
        return
    words, firsts = [], []
    for y, months, end in years():
        days = [m[0] for m in months] + [end]
        word = leap = 0
        for i, m in enumerate(months):
            length = days[i + 1] - days[i]
            assert length in (29, 30), (y, i)
            word |= (length == 30) << i
            if m[2]:
                leap = m[1]
            if what == ['--list']:
                print('%d %d %d %d-%02d-%02d' % (y, m[1], m[2], *civil(days[i])))
        assert len(months) == 12 + (leap > 0)
        new_year = civil(days[0])
        offset = days[0] - (days[0] - (31 if new_year[1] == 2 else 0) - new_year[2] + 1)
        words.append(word | leap << 13 | offset << 17)
        firsts.append(days[0])
    if what == ['--list']:
        return
    with open('src/core/lunar_table.c', 'w') as f:
        f.write('''/*
 * src/core/lunar_table.c
 *
 * Months of the lunar years %d to %d, one word a year (see lunar_table.h).
 *
 * Made by tools/lunar_table.py, which computes them; do not edit.
 */
#include "core/lunar_table.h"

const uint32_t crm_lunar_years[CRM_LUNAR_LAST - CRM_LUNAR_FIRST + 1] = {
''' % (FIRST, LAST))
        for i in range(0, len(words), 10):
            f.write('\t' + ' '.join('0x%06x,' % w for w in words[i:i + 10]) + '\n')
        f.write('};\n')


main()
