-- sql/abc_class.sql
-- abc_class: worked numbers, sum() OVER as the judge, ties, NULLs, cuts, errors.

SET search_path = public, crm_member;
\set VERBOSITY sqlstate

-- 10 .. 1 add up to 55: limits 44 and 52.25.  Before 5 there are 40, before 4 there are 45, before 2 there are 52, before 1 54.
SELECT x, abc_class(x) OVER () AS class FROM generate_series(1, 10) AS x ORDER BY x DESC;
-- a share exactly at a cut is no longer below it: 80, 15, 5
SELECT x, abc_class(x) OVER () AS class FROM unnest(ARRAY[80, 15, 5]) AS x;
-- the largest alone may hold more than the first cut: it is still A
SELECT x, abc_class(x) OVER () AS class FROM unnest(ARRAY[1000.00, 1.00, 0.00]) AS x;
SELECT abc_class(5) OVER () AS alone;

-- ties go by the order of the window, whatever order the rows come in
SELECT key, abc_class(10) OVER (ORDER BY key) AS upward, abc_class(10) OVER (ORDER BY key DESC) AS downward
FROM generate_series(1, 10) AS key ORDER BY key;

-- NULL has no class and no weight; nothing to share, no class; a negative value comes last
SELECT x, abc_class(x) OVER () AS class FROM unnest(ARRAY[60, NULL, 30, 10, -20, NULL]) AS x;
SELECT x, abc_class(x) OVER () AS class FROM unnest(ARRAY[0, 0]) AS x;
SELECT x, abc_class(x) OVER () AS class FROM unnest(ARRAY[5, -5]) AS x;
SELECT abc_class(NULL) OVER () AS class FROM generate_series(1, 2);

-- other cuts: 20 rows of 5, five classes of a fifth; one cut; up to Z
SELECT class, count(*) FROM (SELECT abc_class(5, '{0.2,0.4,0.6,0.8}') OVER () AS class FROM generate_series(1, 20)) AS s GROUP BY class ORDER BY class;
SELECT class, count(*) FROM (SELECT abc_class(5, '{1}') OVER () AS class FROM generate_series(1, 20)) AS s GROUP BY class ORDER BY class;
SELECT string_agg(class, '' ORDER BY key) AS letters
FROM (SELECT key, abc_class(CASE WHEN key < 26 THEN 1 ELSE 0 END, (SELECT array_agg(c * 0.04 ORDER BY c) FROM generate_series(1, 25) AS c))
                  OVER (ORDER BY key) AS class
      FROM generate_series(1, 26) AS key) AS s;

-- The judge: sums of numeric over the same order.  A third of the values are equal, scales are mixed.
CREATE TEMP TABLE roll AS
SELECT i AS member, i % 3 AS store,
       CASE i % 3 WHEN 0 THEN 100 WHEN 1 THEN (hashint4(-i) & 65535) / 100.00 ELSE (hashint4(-i) & 65535)::numeric END AS value
FROM generate_series(1, 5000) AS i;
SELECT count(*) AS rows, count(*) FILTER (WHERE class IS DISTINCT FROM judged) AS differing
FROM (SELECT abc_class(value) OVER (PARTITION BY store ORDER BY member) AS class,
             CASE WHEN share < 0.8 THEN 'A' WHEN share < 0.95 THEN 'B' ELSE 'C' END AS judged
      FROM (SELECT *, (sum(value) OVER (PARTITION BY store ORDER BY value DESC, member) - value) / sum(value) OVER (PARTITION BY store) AS share
            FROM roll) AS s) AS t;

-- exact where a binary share is not: ten times 0.1; the share before the ninth is 0.8
SELECT key, abc_class(0.1) OVER (ORDER BY key) AS class FROM generate_series(1, 10) AS key ORDER BY key;
-- the largest sum that fits
SELECT x, abc_class(x) OVER () AS class FROM unnest(ARRAY[9223372036854775000, 807]) AS x;

-- errors
SELECT abc_class(x) OVER () FROM unnest(ARRAY[9223372036854775000, 808]) AS x;
SELECT abc_class('NaN') OVER ();
SELECT abc_class(x) OVER () FROM unnest(ARRAY[1e18, 0.001]) AS x;
SELECT abc_class(1, NULL) OVER ();
SELECT abc_class(1, '{}') OVER ();
SELECT abc_class(1, '{0.8,0.8}') OVER ();
SELECT abc_class(1, '{0.95,0.8}') OVER ();
SELECT abc_class(1, '{0,0.8}') OVER ();
SELECT abc_class(1, '{0.8,1.01}') OVER ();
SELECT abc_class(1, '{0.8,NaN}') OVER ();
SELECT abc_class(1, '{0.8,NULL}') OVER ();
SELECT abc_class(1, '{{0.8,0.9}}') OVER ();
SELECT abc_class(1, '{0.1234567890123456789}') OVER ();
SELECT abc_class(1, (SELECT array_agg(c * 0.01 ORDER BY c) FROM generate_series(1, 26) AS c)) OVER ();
SELECT abc_class(1);
