-- sql/numeric_units.sql
-- Exact units against numeric itself: every value that fits comes back the same, every other one is 22003.

SET search_path = public, crm_member;
\set VERBOSITY sqlstate

-- one weight makes split_amount the identity: numeric to units and back
CREATE FUNCTION pg_temp.through_units(x numeric, decimals integer) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN (crm_member.split_amount(x, '{1}', decimals))[1]::text;
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE;
END $$;

-- 1 to 18 digits and 0 to 18 decimals, both signs: short and long stored forms, digits on both sides of each group of four
CREATE TEMP TABLE value AS
SELECT d AS digits, s AS decimals, sign * (left(repeat(pattern, 20), d)::numeric / 10::numeric ^ s)::numeric(40, 18) AS x
FROM generate_series(1, 18) AS d, generate_series(0, 18) AS s, unnest(ARRAY[1, -1]) AS sign,
     unnest(ARRAY['1', '9', '10', '100', '1000', '10000', '9990', '90001', '5000000', '100000000']) AS pattern;
SELECT count(*) AS values, count(*) FILTER (WHERE got IS DISTINCT FROM wanted) AS differing
FROM (SELECT pg_temp.through_units(round(x, decimals), decimals) AS got,
             CASE WHEN abs(x) * 10::numeric ^ decimals <= 9223372036854775807 THEN round(x, decimals)::text ELSE '22003' END AS wanted
      FROM value) AS s;

-- Trailing zeros say nothing about the value.  Up to four of them count as decimals of an amount, so that 35.00 comes
-- back as 35.00, and take their place among its digits; more are dropped.
SELECT count(*) AS values, count(*) FILTER (WHERE got = '22003') AS too_long, count(*) FILTER (WHERE got IS DISTINCT FROM wanted) AS differing
FROM (SELECT pg_temp.through_units((left(repeat('1230045', 3), d) || '.' || repeat('0', z))::numeric, 2) AS got,
             CASE WHEN left(repeat('1230045', 3), d)::numeric * 10::numeric ^ least(z, 4) <= 9223372036854775807
                  THEN round(left(repeat('1230045', 3), d)::numeric, 2)::text ELSE '22003' END AS wanted
      FROM generate_series(1, 16) AS d, generate_series(1, 30) AS z) AS s;

-- results of a division carry many decimals
SELECT x, pg_temp.through_units(x, 2) AS two, pg_temp.through_units(x / 1, 2) AS divided
FROM unnest(ARRAY[100 / 1.0, 1 / 4.0, 1e10 / 8]) AS x;

-- the edges of int64
SELECT x, pg_temp.through_units(x, 0) AS got
FROM unnest(ARRAY[9223372036854775807, 9223372036854775808, -9223372036854775807, -9223372036854775808, 0, -0.0,
                  1e18, 1e19, 1e-18, 1e-19, 1e100, 'NaN', 'Infinity', '-Infinity']::numeric[]) AS x;
SELECT x, pg_temp.through_units(x, 18) AS got
FROM unnest(ARRAY[9.223372036854775807, 9.223372036854775808, 1e-18, 1e-19, 10]) AS x;

-- random values of every size, as one sum: exact units add up as numeric does
SELECT bool_and(ours = theirs) AS exact
FROM (SELECT net_spend(purchase_history(date '2024-01-01' + i % 300, x)) AS ours, sum(x) AS theirs
      FROM (SELECT i, g, (hashint8(i * g) % 10::numeric ^ (1 + i % 12)) / 10::numeric ^ g AS v FROM generate_series(1, 3000) AS i, generate_series(0, 4) AS g) AS r,
           LATERAL (SELECT round(v, g) AS x) AS p
      GROUP BY g) AS s;
