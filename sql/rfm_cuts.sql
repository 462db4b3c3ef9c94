-- sql/rfm_cuts.sql
-- rfm_cuts and rfm_with_cuts: kept cut points score as rfm_score does; parallel; errors.

SET search_path = public, crm_member;
\set VERBOSITY sqlstate

-- Ten members, i orders, 1.50 x i spent, last bought i days after the New Year; as of 1 February.
-- The cuts of 1 .. 10 are 2.8, 4.6, 6.4, 8.2; of the days since, 30 down to 21, they are 22.8, 24.6, 26.4, 28.2.
SELECT (rfm_cuts(date '2024-01-01' + x, x, x * 1.50, date '2024-02-01', 5)).* FROM generate_series(1, 10) AS x;

-- thirds: positions 1 and 2 of four values; 1, 2, 4, 8 in three bins gives 2 and 4; of 1, 2, 4 positions 2/3, 4/3: 5/3 and 8/3
SELECT (rfm_cuts(date '2024-01-01', x, x, date '2024-01-01', 3)).frequency_cuts FROM unnest(ARRAY[1, 2, 4, 8]) AS x;
SELECT (rfm_cuts(date '2024-01-01', x, x, date '2024-01-01', 3)).* FROM unnest(ARRAY[1, 2, 4]) AS x;

-- rows that do not count; nothing at all
SELECT (rfm_cuts(d, o, s, date '2024-02-01', 2)).*
FROM (VALUES (date '2024-01-01', 1::bigint, 10.00), (date '2024-01-03', 3, 20.00), (NULL, 9, 99.00), ('2024-01-31', NULL, 99.00),
             ('2024-01-31', 9, NULL), ('2024-01-31', 0, 99.00)) AS v (d, o, s);
SELECT (rfm_cuts(NULL, 1, 1, date '2024-02-01', 5)).*;
SELECT (rfm_cuts(date '2024-01-01', 1, 1, date '2024-02-01', 5)).* FROM generate_series(1, 0);

-- by given cuts: days since 30, 20, 10 are longer ago than three, two, one of them; equal to a cut is not beyond it
SELECT d, o, s, rfm_with_cuts(d, o, s, '{10,20,30}', '{1,2,4}', '{100,500,1000}') AS score
FROM (VALUES (0, 1, 100.00), (10, 2, 100.01), (11, 3, 500.01), (30, 4, 1000.00), (31, 5, 1000.01), (-3, 9, -5)) AS v (d, o, s);
SELECT rfm_with_cuts(5, 5, 5, '{5}', '{5}', '{5}') AS at_the_cut, rfm_with_cuts(5, 5, 5, '{4.9}', '{4.9}', '{4.9}') AS beyond,
       rfm_with_cuts(5, 5, 5, '{5.1}', '{5.1}', '{5.1}') AS before;
SELECT rfm_with_cuts(5, 5, 5, '{1,1,1,1,1,1,1,1}', '{1,1,1,1,1,1,1,1}', '{1,1,1,1,1,1,1,1}') AS nine_bins;
-- cuts beyond any integer
SELECT rfm_with_cuts(5, 5, 5, '{-1e30,1e30}', '{-1e30,1e30}', '{-1e30,1e30}') AS middle;
SELECT rfm_with_cuts(NULL, 5, 5, '{1}', '{1}', '{1}') AS no_days, rfm_with_cuts(1, NULL, 5, '{1}', '{1}', '{1}') AS no_orders,
       rfm_with_cuts(1, 5, NULL, '{1}', '{1}', '{1}') AS no_spend, rfm_with_cuts(1, 0, 5, '{1}', '{1}', '{1}') AS zero_orders,
       rfm_with_cuts(1, 5, 5, NULL, '{1}', '{1}') AS no_cuts;

-- cuts that change from row to row
SELECT c, rfm_with_cuts(5, 5, 5, ARRAY[c], ARRAY[c], ARRAY[c]) AS score FROM unnest(ARRAY[4, 5, 6, 4, 4, 6]::numeric[]) AS c;

-- kept cuts score every member as rfm_score over the population, for every number of bins and at mixed scales
CREATE TABLE rfm_cuts_roll AS
SELECT i AS member, i % 3 AS store, date '2020-01-01' + (hashint4(i) & 1023) AS last_day,
       (1 + (hashint4(i + 1000000) & 15))::bigint AS orders,
       CASE i % 3 WHEN 0 THEN (hashint4(-i) & 65535) / 100.00 WHEN 1 THEN (hashint4(-i) & 4095)::numeric
            ELSE (hashint8(i) & 1099511627775) / 1000.000 END AS spend
FROM generate_series(1, 2003) AS i;
INSERT INTO rfm_cuts_roll VALUES (3001, 1, NULL, 3, 10), (3002, 1, '2024-01-01', 0, 10);
CREATE TEMP TABLE cuts AS
SELECT bins, (rfm_cuts(last_day, orders, spend, date '2023-06-30', bins)).*
FROM rfm_cuts_roll, generate_series(2, 9) AS bins
GROUP BY bins;
CREATE TEMP TABLE scored AS
SELECT bins, member, rfm_score(last_day, orders, spend, bins) OVER (PARTITION BY bins) AS score
FROM rfm_cuts_roll, generate_series(2, 9) AS bins;
SELECT bins, members, count(*) AS rows,
       count(*) FILTER (WHERE score IS DISTINCT FROM
         rfm_with_cuts(date '2023-06-30' - last_day, orders, spend, recency_cuts, frequency_cuts, monetary_cuts)) AS differing
FROM cuts JOIN scored USING (bins) JOIN rfm_cuts_roll USING (member)
GROUP BY bins, members
ORDER BY bins;

-- the order of rows and the number of workers do not matter
SELECT DISTINCT md5(c::text) = (SELECT md5(ROW(recency_cuts, frequency_cuts, monetary_cuts, members)::text) FROM cuts WHERE bins = 5) AS same
FROM (SELECT rfm_cuts(last_day, orders, spend, date '2023-06-30', 5 ORDER BY hashint4(member + shuffle)) AS c
      FROM rfm_cuts_roll, generate_series(1, 5) AS shuffle
      GROUP BY shuffle) AS s;
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
SELECT pg_temp.plan_has($$SELECT rfm_cuts(last_day, orders, spend, date '2023-06-30', 5) FROM rfm_cuts_roll$$, 'Partial Aggregate') AS parallel;
SELECT md5(rfm_cuts(last_day, orders, spend, date '2023-06-30', 5)::text)
       = (SELECT md5(ROW(recency_cuts, frequency_cuts, monetary_cuts, members)::text) FROM cuts WHERE bins = 5) AS same
FROM rfm_cuts_roll;
SELECT store, md5(rfm_cuts(last_day, orders, spend, date '2023-06-30', 5)::text)
       = (SELECT md5(rfm_cuts(last_day, orders, spend, date '2023-06-30', 5)::text) FROM (SELECT * FROM rfm_cuts_roll OFFSET 0) AS r WHERE r.store = o.store) AS same
FROM rfm_cuts_roll AS o GROUP BY store ORDER BY store;
RESET min_parallel_table_scan_size;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
-- as a window aggregate the state goes on growing
SELECT i, (rfm_cuts(date '2024-01-01', i, i, date '2024-01-01', 2) OVER (ORDER BY i)).frequency_cuts FROM generate_series(1, 4) AS i;

-- errors of the aggregate
SELECT rfm_cuts(last_day, orders, spend, NULL, 5) FROM rfm_cuts_roll;
SELECT rfm_cuts(last_day, orders, spend, '2024-01-01', NULL) FROM rfm_cuts_roll;
SELECT rfm_cuts(last_day, orders, spend, 'infinity', 5) FROM rfm_cuts_roll;
SELECT rfm_cuts(last_day, orders, spend, '2024-01-01', 1) FROM rfm_cuts_roll;
SELECT rfm_cuts(last_day, orders, spend, '2024-01-01', 10) FROM rfm_cuts_roll;
SELECT rfm_cuts(last_day, orders, spend, date '2024-01-01' + member % 2, 5) FROM rfm_cuts_roll;
SELECT rfm_cuts(last_day, orders, spend, '2024-01-01', 2 + member % 2) FROM rfm_cuts_roll;
SELECT rfm_cuts(last_day, orders, 'NaN', '2024-01-01', 5) FROM rfm_cuts_roll;
SELECT rfm_cuts(last_day, orders, CASE WHEN member % 2 = 0 THEN 1e18 ELSE 0.01 END, '2024-01-01', 5) FROM rfm_cuts_roll;
SELECT rfm_cuts('infinity', orders, spend, '2024-01-01', 5) FROM rfm_cuts_roll;
-- refused with 42883 or, by older minor releases, 0A000: no value of type internal can be written
DO $$ BEGIN PERFORM rfm_cuts_final(NULL); RAISE EXCEPTION 'accepted'; EXCEPTION WHEN undefined_function OR feature_not_supported THEN NULL; END $$;
DO $$ BEGIN PERFORM rfm_cuts_add(NULL, NULL, NULL, NULL, NULL, NULL); RAISE EXCEPTION 'accepted'; EXCEPTION WHEN undefined_function OR feature_not_supported THEN NULL; END $$;

-- a lying serial form: the deserial function stands in for a transition function, whose first argument is the lie
CREATE FUNCTION pg_temp.lie(bytea, integer) RETURNS bytea LANGUAGE c IMMUTABLE AS '$libdir/crm_member', 'crm_rfm_cuts_deserial';
CREATE AGGREGATE pg_temp.lie_empty(integer) (SFUNC = pg_temp.lie, STYPE = bytea, INITCOND = '\x');
CREATE AGGREGATE pg_temp.lie_bins(integer) (SFUNC = pg_temp.lie, STYPE = bytea, INITCOND = '\x0000000000000001000000000000000000000000');
CREATE AGGREGATE pg_temp.lie_scale(integer) (SFUNC = pg_temp.lie, STYPE = bytea, INITCOND = '\x0000000000000005000000130000000000000000');
CREATE AGGREGATE pg_temp.lie_count(integer) (SFUNC = pg_temp.lie, STYPE = bytea, INITCOND = '\x0000000000000005000000007fffffffffffffff');
CREATE AGGREGATE pg_temp.lie_negative(integer) (SFUNC = pg_temp.lie, STYPE = bytea, INITCOND = '\x000000000000000500000000ffffffffffffffff');
CREATE AGGREGATE pg_temp.lie_rest(integer) (SFUNC = pg_temp.lie, STYPE = bytea, INITCOND = '\x000000000000000500000000000000000000000000');
SELECT pg_temp.lie_empty(1);
SELECT pg_temp.lie_bins(1);
SELECT pg_temp.lie_scale(1);
SELECT pg_temp.lie_count(1);
SELECT pg_temp.lie_negative(1);
SELECT pg_temp.lie_rest(1);
SELECT pg_temp.lie('\x', 1);

-- errors of the cuts
SELECT rfm_with_cuts(1, 1, 1, '{}', '{}', '{}');
SELECT rfm_with_cuts(1, 1, 1, '{1,2,3,4,5,6,7,8,9}', '{1,2,3,4,5,6,7,8,9}', '{1,2,3,4,5,6,7,8,9}');
SELECT rfm_with_cuts(1, 1, 1, '{1,2}', '{1,2,3}', '{1,2}');
SELECT rfm_with_cuts(1, 1, 1, '{2,1}', '{1,2}', '{1,2}');
SELECT rfm_with_cuts(1, 1, 1, '{1,NULL}', '{1,2}', '{1,2}');
SELECT rfm_with_cuts(1, 1, 1, '{1,2}', '{{1},{2}}', '{1,2}');
SELECT rfm_with_cuts(1, 1, 1, '{1,2}', '{1,2}', '{1,NaN}');
SELECT rfm_with_cuts(1, 1, 1, '{1,2}', '{1,2}', '{1,Infinity}');
SELECT rfm_with_cuts(1, 1, 'NaN', '{1,2}', '{1,2}', '{1,2}');
\set VERBOSITY default
SELECT rfm_with_cuts(1, 1, 1, '{1,2}', '{1,2.50,2.4}', '{1,2}');
SELECT rfm_with_cuts(1, 1, 1, '{1,2}', '{1,2}', '{2.50,2.4}');

DROP TABLE rfm_cuts_roll;
