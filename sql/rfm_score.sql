-- sql/rfm_score.sql
-- rfm_score over a window: worked numbers, percentile_cont as the judge, NULLs, bins, partitions, errors.

SET search_path = public, crm_member;
\set VERBOSITY sqlstate

-- Ten members, i orders each, 100 x i spent, last bought on day i of 2024.
-- percentile_cont(0.2, 0.4, 0.6, 0.8) of 1 .. 10 is 2.8, 4.6, 6.4, 8.2: two members a bin.
CREATE TEMP TABLE ten AS
SELECT i AS member, date '2023-12-31' + i AS last_day, i::bigint AS orders, 100.00 * i AS spend
FROM generate_series(1, 10) AS i;
SELECT member, rfm_score(last_day, orders, spend) OVER () AS score FROM ten ORDER BY member;

-- A cut that is itself a value: of 1 .. 11 they are 3, 5, 7, 9.  Three orders are not above 3: score 1.
-- Day 3 is 8 days before day 11; cuts of the days since are 2, 4, 6, 8; 8 is not above 8: 4, reversed 2.
SELECT i, rfm_score(date '2024-01-01' + i, i, i) OVER () AS score FROM generate_series(1, 11) AS i ORDER BY i;

-- equal values score equal; all equal: no cut is below (1), no days since are above a cut (5)
SELECT DISTINCT rfm_score(date '2024-01-01', 3, 9.90) OVER () AS score FROM generate_series(1, 7);
SELECT rfm_score(date '2024-01-01', 1, 1) OVER () AS alone;

-- ties may leave bins empty: 1, 1, 1, 1, 6 in five bins; cuts 1, 1, 1, 2
SELECT x, f_score(rfm_score(date '2024-01-01', x, x) OVER ()) AS f FROM unnest(ARRAY[1, 1, 1, 1, 6]) AS x;

-- rows with a NULL or without an order have no score, and do not count
SELECT member, rfm_score(last_day, orders, spend) OVER () AS score
FROM (SELECT * FROM ten
      UNION ALL VALUES (11, NULL, 50::bigint, 9999.00), (12, date '2024-06-01', NULL, 9999.00),
                       (13, date '2024-06-01', 50, NULL), (14, date '2024-06-01', 0, 0), (15, NULL, -1, NULL)) AS m
ORDER BY member;
SELECT rfm_score(NULL, 1, 1) OVER () AS none FROM generate_series(1, 2);
SELECT rfm_score(date '2024-01-01', 1, 1) OVER () AS none WHERE false;

-- a refund may make spend negative: it is a value like others
SELECT x, m_score(rfm_score(date '2024-01-01', 1, x, 2) OVER ()) AS m FROM unnest(ARRAY[-20.5, -20, 0, 3.25]) AS x;

-- the order, the frame and other window functions do not matter
SELECT bool_and(a = b AND b = c) AS same
FROM (SELECT rfm_score(last_day, orders, spend) OVER () AS a,
             rfm_score(last_day, orders, spend) OVER (ORDER BY spend DESC) AS b,
             rfm_score(last_day, orders, spend) OVER (ORDER BY member ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS c
      FROM ten) AS s;

-- The judge.  percentile_cont is exact here: the values are integers below 2^40 and the bins a power of two
-- or the count such that every position is an integer (N - 1 divisible by bins).
CREATE TEMP TABLE roll AS
SELECT i AS member, i % 7 AS store,
       date '2020-01-01' + (hashint4(i) & 1023) AS last_day,
       (1 + (hashint4(i + 1000000) & 15))::bigint AS orders,
       CASE i % 10 WHEN 0 THEN (hashint8(i + 5) & 1099511627775)::numeric ELSE (hashint4(-i) & 65535)::numeric END AS spend
FROM generate_series(1, 5041) AS i;

CREATE FUNCTION pg_temp.differing(bins integer) RETURNS bigint LANGUAGE sql AS $$
  WITH cut AS (
    SELECT percentile_cont(p.ps) WITHIN GROUP (ORDER BY (date '2024-01-01' - last_day)::float8) AS r,
           percentile_cont(p.ps) WITHIN GROUP (ORDER BY orders::float8) AS f,
           percentile_cont(p.ps) WITHIN GROUP (ORDER BY spend::float8) AS m
    FROM roll, (SELECT array_agg(k::float8 / bins ORDER BY k) AS ps FROM generate_series(1, bins - 1) AS k) AS p
    GROUP BY p.ps
  ), judged AS (
    SELECT member,
           (SELECT bins - count(*) FROM unnest(cut.r) AS c WHERE c < date '2024-01-01' - last_day) AS r,
           (SELECT 1 + count(*) FROM unnest(cut.f) AS c WHERE c < orders) AS f,
           (SELECT 1 + count(*) FROM unnest(cut.m) AS c WHERE c < spend) AS m
    FROM roll, cut
  ), ours AS (
    SELECT member, rfm_score(last_day, orders, spend, bins) OVER () AS score FROM roll
  )
  SELECT count(*) FROM judged JOIN ours USING (member)
  WHERE (r_score(score), f_score(score), m_score(score)) IS DISTINCT FROM (r, f, m);
$$;
-- 5040 is divisible by all of 2 .. 9
SELECT bins, pg_temp.differing(bins) FROM generate_series(2, 9) AS bins;
-- between two values: the halves, quarters and eighths are exact in float8
DELETE FROM roll WHERE member IN (17, 170, 1700);
SELECT bins, pg_temp.differing(bins) FROM unnest(ARRAY[2, 4, 8]) AS bins;

-- each partition by itself
SELECT count(*) AS rows,
       count(*) FILTER (WHERE whole IS DISTINCT FROM alone) AS differing
FROM (SELECT member, rfm_score(last_day, orders, spend) OVER (PARTITION BY store) AS whole FROM roll) AS w
JOIN (SELECT member, rfm_score(last_day, orders, spend) OVER () AS alone FROM roll WHERE store = 0
      UNION ALL SELECT member, rfm_score(last_day, orders, spend) OVER () FROM roll WHERE store = 1
      UNION ALL SELECT member, rfm_score(last_day, orders, spend) OVER () FROM roll WHERE store = 2) AS a USING (member);

-- amounts of different scales are the same amounts
SELECT count(*) FILTER (WHERE a IS DISTINCT FROM b) AS differing
FROM (SELECT rfm_score(last_day, orders, spend) OVER () AS a,
             rfm_score(last_day, orders, CASE member % 3 WHEN 0 THEN spend WHEN 1 THEN spend * 1.00 ELSE spend * 1.0000 END) OVER () AS b
      FROM roll) AS s;

-- beyond the memory of a window the result is the same
SET work_mem = '64kB';
SELECT md5(string_agg(score::text, ',' ORDER BY member)) AS spilled
FROM (SELECT member, rfm_score(last_day, orders, spend) OVER () AS score FROM roll) AS s \gset
RESET work_mem;
SELECT md5(string_agg(score::text, ',' ORDER BY member)) = :'spilled' AS same
FROM (SELECT member, rfm_score(last_day, orders, spend) OVER () AS score FROM roll) AS s;

-- bins
SELECT member, rfm_score(last_day, orders, spend, bins => 2) OVER () AS two, rfm_score(last_day, orders, spend, 9) OVER () AS nine
FROM ten ORDER BY member;
SELECT rfm_score(last_day, orders, spend, 1) OVER () FROM ten;
SELECT rfm_score(last_day, orders, spend, 10) OVER () FROM ten;
SELECT rfm_score(last_day, orders, spend, NULL) OVER () FROM ten;

-- out of range: NaN, more than 18 digits, alone or at the scale of another row; an infinite date
SELECT rfm_score(last_day, orders, 'NaN') OVER () FROM ten;
SELECT rfm_score(last_day, orders, 'Infinity') OVER () FROM ten;
SELECT rfm_score(last_day, orders, 1e20) OVER () FROM ten;
SELECT rfm_score(last_day, orders, CASE member WHEN 1 THEN 1e18 WHEN 9 THEN 0.01 ELSE 1 END) OVER () FROM ten;
SELECT rfm_score(last_day, orders, CASE member WHEN 9 THEN 1e18 WHEN 1 THEN 0.01 ELSE 1 END) OVER () FROM ten;
SELECT rfm_score('infinity', orders, spend) OVER () FROM ten;

-- over histories: the same as over what they come to, for any as_of and bins; empty ones have no score
CREATE TEMP TABLE kept AS
SELECT g AS member, purchase_history(date '2023-01-01' + (hashint8(g * 100 + i) & 65535) % 700, ((hashint8(i * 7919 + g) & 65535) % 20000 - 1000) / 100.0) AS h
FROM generate_series(1, 3000) AS g, generate_series(1, g % 12) AS i GROUP BY g;
INSERT INTO kept VALUES (0, '{}'), (-1, NULL), (-2, '{2023-01-01:0:-5}'), (-3, '{2024-12-31:1:5}');
SELECT a.as_of, bins, count(*) AS members, count(k.direct) AS scored, count(*) FILTER (WHERE k.direct IS DISTINCT FROM k.by_parts) AS different
FROM (VALUES (NULL::date, 5), ('2024-03-31', 4), ('2022-12-31', 5)) AS a(as_of, bins), LATERAL (
  SELECT rfm_score(h, as_of, bins) OVER () AS direct,
         rfm_score(last_day(h, NULL, as_of), order_count(h, NULL, as_of), net_spend(h, NULL, as_of), bins) OVER () AS by_parts FROM kept) AS k
GROUP BY 1, 2 ORDER BY 1;
SELECT rfm_score(h, bins => 1) OVER () FROM kept;
SELECT rfm_score(h, bins => NULL) OVER () FROM kept;

-- only over a window
SELECT rfm_score(last_day, orders, spend) FROM ten;
