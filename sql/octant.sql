-- sql/octant.sql
-- rfm_octant: high or low against the mean of the scored rows, compared exactly.

SET search_path = public, crm_member;
\set VERBOSITY sqlstate

-- Last days 1, 2, 3, 10 of January: mean 4; orders 1, 5, 1, 1: mean 2; spend 10, 30, 50, 30: mean 30 (30 is high).
SELECT member, rfm_octant(last_day, orders, spend) OVER () AS octant
FROM (VALUES (1, date '2024-01-01', 1, 10.00), (2, '2024-01-02', 5, 30.00), (3, '2024-01-03', 1, 50.00),
             (4, '2024-01-10', 1, 30.00)) AS m (member, last_day, orders, spend)
ORDER BY member;

-- rows without a score have no octant and do not move the mean
SELECT member, rfm_octant(last_day, orders, spend) OVER () AS octant
FROM (VALUES (1, date '2024-01-01', 1, 10.00), (2, '2024-01-02', 5, 30.00), (3, '2024-01-03', 1, 50.00),
             (4, '2024-01-10', 1, 30.00), (5, NULL, 9, 900.00), (6, '2025-01-01', 0, 900.00),
             (7, '2025-01-01', NULL, 900.00), (8, '2025-01-01', 9, NULL)) AS m (member, last_day, orders, spend)
ORDER BY member;

-- all equal: everyone is at the mean
SELECT DISTINCT rfm_octant(date '2024-01-01', 3, 9.99) OVER () AS octant FROM generate_series(1, 3);

-- exact where a float mean is not: the mean of 0.1, 0.2, 0.3 is 0.2, and sums beyond int64 are no matter
SELECT x, rfm_octant(date '2024-01-01', 1, x) OVER () AS octant FROM unnest(ARRAY[0.1, 0.2, 0.3]) AS x;
SELECT x, rfm_octant(date '2024-01-01', x, x) OVER () AS octant
FROM unnest(ARRAY[9000000000000000000, 9000000000000000001, 9000000000000000002]) AS x;

-- the judge: avg() of numeric, compared as sum and count
CREATE TEMP TABLE roll AS
SELECT i AS member, i % 3 AS store, date '2020-01-01' + (hashint4(i) & 1023) AS last_day,
       (1 + (hashint4(i + 1000000) & 15))::bigint AS orders, (hashint4(-i) & 65535) / 100.00 AS spend
FROM generate_series(1, 3000) AS i;
SELECT count(*) FILTER (WHERE octant IS DISTINCT FROM judged) AS differing
FROM (SELECT rfm_octant(last_day, orders, spend) OVER w AS octant,
             CASE WHEN (date '2024-01-01' - last_day) * count(*) OVER w <= sum(date '2024-01-01' - last_day) OVER w THEN '1' ELSE '0' END
             || CASE WHEN orders * count(*) OVER w >= sum(orders) OVER w THEN '1' ELSE '0' END
             || CASE WHEN spend * count(*) OVER w >= sum(spend) OVER w THEN '1' ELSE '0' END AS judged
      FROM roll
      WINDOW w AS (PARTITION BY store)) AS s;

-- errors
SELECT rfm_octant(last_day, orders, 'NaN') OVER () FROM roll;
SELECT rfm_octant('-infinity', orders, spend) OVER () FROM roll;
SELECT rfm_octant(last_day, orders, spend) FROM roll;
