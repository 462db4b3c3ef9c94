-- sql/clv.sql
-- clv and margin by formula.

SET search_path = public, crm_member;
\set VERBOSITY sqlstate

-- 500 + 300 + 800 x 2; parts of a year count in proportion
SELECT clv(500, 300, 800, 2) AS clv, clv(500, 300, 800, 0) AS no_future, clv(0, 0, 1000, 2.5) AS half_a_year, clv(historic => 1, current_value => 2, yearly => 3, years => 4) AS named;
-- exact without a rate, whatever the scale
SELECT clv(0.001, 0.0002, 0.00003, 3) AS exact, clv(1e30, 1, 1, 1) AS large;
-- at 10 percent: 800 / 1.1 + 800 / 1.21 = 727.2727 + 661.1570, and 800 already there
SELECT clv(500, 300, 800, 2, 0.1) AS discounted;
-- 1200 / 1.1 + 1200 / 1.21 + 600 / 1.1 ^ 2.5 = 1090.9091 + 991.7355 + 472.7914
SELECT clv(0, 0, 1200, 2.5, 0.1) AS part_of_a_year;
-- half a year alone, at 21 percent: 50 / 1.1 = 45.4545
SELECT clv(0, 0, 100, 0.5, 0.21) AS half_a_year;
-- a negative rate makes the future worth more: 100 / 0.5
SELECT clv(0, 0, 100, 1, -0.5) AS negative_rate;
-- the annuity formula as the judge: y * (1 - (1 + r) ^ -n) / r
SELECT bool_and(clv(0, 0, 1000, n, r) = round(1000 * (1 - (1 + r) ^ -n::numeric) / r, 2)) AS as_annuity
FROM generate_series(1, 40) AS n, unnest(ARRAY[0.01, 0.05, 0.25, 1]) AS r;
SELECT clv(0, 0, 100, 1000, 0.1) AS perpetual;
SELECT clv(NULL, 1, 1, 1) AS none, clv(1, 1, 1, 1, NULL) AS none_either;
SELECT clv(1, 1, 1, -0.1);
SELECT clv(1, 1, 1, 1, -1);
-- a rate that no discounting can use, though it is above -1
SELECT clv(1, 1, 1, 1.5, -0.9999999999999999999999999999999999);
SELECT clv(1, 1, 1, 1001, 0.1);
SELECT clv('NaN', 1, 1, 1);
SELECT clv(1, 'Infinity', 1, 1);
SELECT clv(1, 1, 1, '-Infinity');
SELECT clv(1, 1, 1, 1, 'NaN');

SELECT round(margin(10000, 7000), 4) AS margin, round(margin(100, 120), 4) AS loss, margin(100, 0) = 1 AS all_gain, round(margin(-100, -70), 4) AS refund;
SELECT margin(0, 10) AS no_revenue, margin(NULL, 1) AS none;
SELECT margin('NaN', 1);
SELECT margin(1, 'Infinity');
