-- sql/gini.sql
-- gini: worked numbers, the formula in SQL as the judge, parallel plans, errors.

SET search_path = public, crm_member;
\set VERBOSITY sqlstate

-- 1, 2, 3, 4: (-3 * 1 - 1 * 2 + 1 * 3 + 3 * 4) / (4 * 10) = 0.25
SELECT round(gini(x), 10) AS quarter FROM generate_series(1, 4) AS x;
-- all equal 0; everything in one of n: (n - 1) / n
SELECT gini(7) = 0 AS equal FROM generate_series(1, 9);
SELECT round(gini(x), 10) AS one_of_four FROM unnest(ARRAY[0, 0, 10, 0]) AS x;
SELECT round(gini(x), 10) AS one_alone FROM unnest(ARRAY[5.55]) AS x;
-- NULLs are left out; nothing to share is NULL
SELECT round(gini(x), 10) AS quarter FROM unnest(ARRAY[3, NULL, 1, 4, NULL, 2]) AS x;
SELECT gini(x) AS nulls FROM unnest(ARRAY[NULL, NULL]::numeric[]) AS x;
SELECT gini(x) AS none FROM generate_series(1, 0) AS x;
SELECT gini(x) AS zeros FROM unnest(ARRAY[0, 0]) AS x;
SELECT gini(x) AS below FROM unnest(ARRAY[1, -2]) AS x;
-- the scale does not matter: cents or yuan
SELECT gini(x) = gini(x / 100.00) AND gini(x) = gini(CASE WHEN x % 2 = 0 THEN x ELSE x * 1.0000 END) AS same FROM generate_series(1, 100) AS x;

CREATE TABLE gini_roll AS
SELECT i AS member, i % 5 AS store, CASE WHEN i % 4 = 0 THEN 100 ELSE (hashint4(i) & 1048575) / 100.00 END AS value FROM generate_series(1, 4001) AS i;
INSERT INTO gini_roll VALUES (5001, 0, NULL), (5002, 0, -12.34);

-- the judge: the formula over numeric
SELECT store, ours = (numerator / denominator) AS same
FROM (SELECT store, gini(value) AS ours FROM gini_roll GROUP BY store) AS o
JOIN (SELECT store, sum((2 * i - n - 1) * value) AS numerator, max(n) * sum(value) AS denominator
      FROM (SELECT store, value, row_number() OVER (PARTITION BY store ORDER BY value) AS i, count(*) OVER (PARTITION BY store) AS n
            FROM gini_roll WHERE value IS NOT NULL) AS s
      GROUP BY store) AS j USING (store)
ORDER BY store;

-- the order of rows and the number of workers do not matter
SELECT count(DISTINCT g) AS results
FROM (SELECT gini(value ORDER BY hashint4(member + shuffle)) AS g FROM gini_roll, generate_series(1, 5) AS shuffle GROUP BY shuffle) AS s;
SELECT gini(value) AS serial FROM (SELECT * FROM gini_roll OFFSET 0) AS r \gset
SET min_parallel_table_scan_size = 0;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
CREATE FUNCTION pg_temp.plan_has(query text, what text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
    IF strpos(line, what) > 0 THEN RETURN true; END IF;
  END LOOP;
  RETURN false;
END $$;
SELECT pg_temp.plan_has('SELECT gini(value) FROM gini_roll', 'Partial Aggregate') AS parallel;
SELECT gini(value) = :serial AS same FROM gini_roll;
SELECT gini(value) IS NULL AS all_null FROM gini_roll WHERE value IS NULL;
RESET min_parallel_table_scan_size;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
-- as a window aggregate the state goes on growing: 0; 1/6; 2/9
SELECT i, round(gini(i) OVER (ORDER BY i), 4) AS so_far FROM generate_series(1, 3) AS i;

-- errors
SELECT gini('NaN');
SELECT gini('Infinity');
SELECT gini(x) FROM unnest(ARRAY[1e18, 0.001]) AS x;
SELECT gini(x) FROM unnest(ARRAY[0.001, 1e18]) AS x;
-- refused with 42883 or, by older minor releases, 0A000: no value of type internal can be written
DO $$ BEGIN PERFORM gini_final(NULL); RAISE EXCEPTION 'accepted'; EXCEPTION WHEN undefined_function OR feature_not_supported THEN NULL; END $$;
DO $$ BEGIN PERFORM gini_transition(NULL, 1); RAISE EXCEPTION 'accepted'; EXCEPTION WHEN undefined_function OR feature_not_supported THEN NULL; END $$;

-- a lying serial form: the deserial function stands in for a transition function, whose first argument is the lie
CREATE FUNCTION pg_temp.lie(bytea, integer) RETURNS bytea LANGUAGE c IMMUTABLE AS '$libdir/crm_member', 'crm_gini_deserial';
CREATE AGGREGATE pg_temp.lie_empty(integer) (SFUNC = pg_temp.lie, STYPE = bytea, INITCOND = '\x');
CREATE AGGREGATE pg_temp.lie_scale(integer) (SFUNC = pg_temp.lie, STYPE = bytea, INITCOND = '\x000000130000000000000000');
CREATE AGGREGATE pg_temp.lie_count(integer) (SFUNC = pg_temp.lie, STYPE = bytea, INITCOND = '\x000000007fffffffffffffff');
CREATE AGGREGATE pg_temp.lie_rest(integer) (SFUNC = pg_temp.lie, STYPE = bytea, INITCOND = '\x00000000000000000000000000');
SELECT pg_temp.lie_empty(1);
SELECT pg_temp.lie_scale(1);
SELECT pg_temp.lie_count(1);
SELECT pg_temp.lie_rest(1);

DROP TABLE gini_roll;
