-- sql/purchase_history_aggregate.sql
-- Aggregates purchase_history and purchase_history_merge: rules, exactness, order, workers, windows.

SET search_path = public, crm_member;
\set VERBOSITY sqlstate

-- 0.00 is an order, a refund is none, a row with a NULL is left out
SELECT purchase_history(day, amount) FROM (VALUES
  (date '2024-01-05', 35.00), ('2024-01-05', 1.5), ('2024-02-05', -3), ('2023-01-05', 0),
  (NULL, 7), ('2024-03-01', NULL), ('2024-01-05', -6.5)) AS v(day, amount);
-- a day whose refund undoes it keeps its order; one of refunds that undo each other is nothing
SELECT purchase_history(day, amount) FROM (VALUES (date '2024-01-05', 35.00), ('2024-01-05', -35.00)) AS v(day, amount);
-- no rows, or NULLs alone: the empty history
SELECT purchase_history(NULL::date, 1), purchase_history_merge(NULL), purchase_history('2024-01-01', 1) FILTER (WHERE false) FROM generate_series(1, 3);
-- the scale is the largest seen, up to 18 decimals; zeros behind the fourth decimal say nothing
SELECT purchase_history('2024-01-05', a) FROM (VALUES (1.5), (2.000), (3)) AS v(a);
SELECT purchase_history('2024-01-05', 10000.00000000000000000000), purchase_history('2024-01-05', 0.000000000000000001);
-- nothing is rounded: what does not fit is refused
SELECT purchase_history('2024-01-05', 10000::numeric / 3);
SELECT purchase_history('2024-01-05', 'NaN');
SELECT purchase_history('2024-01-05', '-Infinity');
SELECT purchase_history('2024-01-05', 1e30);
SELECT purchase_history('infinity', 1);
SELECT purchase_history('0044-03-15 BC', 1);
SELECT purchase_history('2024-01-05', a) FROM (VALUES (9e18), (9e18)) AS v(a);
-- sums beyond 18 digits on the way are no fault, whatever the order
SELECT purchase_history('2024-01-05', a ORDER BY o) = '{2024-01-05:2:7000000000000000000}' AS exact
FROM (VALUES (9e18), (-9e18), (7e18)) AS v(a), (VALUES (1), (-1)) AS s(s), LATERAL (SELECT a * s AS o) AS x GROUP BY s;
\set VERBOSITY default
SELECT purchase_history('2024-01-05', 10000::numeric / 3);
\set VERBOSITY sqlstate

-- against plain SQL, over random rows with refunds, NULLs, empty and large groups
SELECT setseed(0.25);
CREATE TABLE agg_orders AS
SELECT CASE WHEN g % 10 = 0 THEN 1 ELSE (random() * 3000)::integer END AS member_id,
       CASE WHEN random() > 0.01 THEN date '2019-12-25' + (random() * 1500)::integer END AS day,
       CASE WHEN random() > 0.01 THEN ((random() - 0.1) * 10 ^ (g % 7))::numeric(12, 2) END AS amount
FROM generate_series(1, 60000) AS g;
CREATE INDEX ON agg_orders (member_id);
ANALYZE agg_orders;
CREATE TABLE agg_plain AS
SELECT member_id, count(*) FILTER (WHERE amount >= 0 AND day IS NOT NULL) AS orders,
       coalesce(sum(amount) FILTER (WHERE day IS NOT NULL), 0) AS spend,
       max(day) FILTER (WHERE amount >= 0) AS last_day, min(day) FILTER (WHERE amount >= 0) AS first_day,
       count(DISTINCT day) FILTER (WHERE amount >= 0) AS days
FROM agg_orders GROUP BY member_id;
CREATE VIEW agg_history AS SELECT member_id, purchase_history(day, amount) AS h FROM agg_orders GROUP BY member_id;
CREATE VIEW agg_differences AS
SELECT * FROM agg_history JOIN agg_plain USING (member_id)
WHERE (order_count(h), net_spend(h), active_days(h)) IS DISTINCT FROM (orders, spend, days::integer)
   OR (last_day(h), first_day(h)) IS DISTINCT FROM (last_day, first_day);
SELECT count(*) AS members, max(orders) > 5000 AS large_group FROM agg_plain;
SELECT count(*) AS differences FROM agg_differences;

-- by sorting, by hashing that spills, in workers, and partition by partition: the same bits
CREATE TABLE agg_serial AS SELECT member_id, h::text AS h FROM agg_history;
CREATE VIEW agg_changed AS SELECT count(*) AS changed FROM agg_history JOIN agg_serial AS s USING (member_id) WHERE agg_history.h::text <> s.h;
SET enable_hashagg = off;
SELECT * FROM agg_changed;
RESET enable_hashagg;
SET work_mem = '64kB';
SET enable_sort = off;
SELECT * FROM agg_changed;
RESET work_mem;
RESET enable_sort;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 4;
SET parallel_leader_participation = off;
EXPLAIN (COSTS OFF) SELECT member_id, purchase_history(day, amount) FROM agg_orders GROUP BY member_id;
SELECT * FROM agg_changed;
SELECT md5(purchase_history(day, amount)::text) = (SELECT md5(purchase_history_merge(h)::text) FROM agg_history) AS merged FROM agg_orders;
RESET parallel_leader_participation;
CREATE TABLE agg_parts (LIKE agg_orders) PARTITION BY RANGE (day);
CREATE TABLE agg_parts_old PARTITION OF agg_parts FOR VALUES FROM (MINVALUE) TO ('2020-01-01');
CREATE TABLE agg_parts_none PARTITION OF agg_parts FOR VALUES FROM ('2020-01-01') TO ('2020-01-02');
CREATE TABLE agg_parts_new PARTITION OF agg_parts FOR VALUES FROM ('2020-01-02') TO (MAXVALUE);
INSERT INTO agg_parts SELECT * FROM agg_orders WHERE day IS NOT NULL;
ANALYZE agg_parts;
SET max_parallel_workers_per_gather = 0;
SET enable_partitionwise_aggregate = on;
SET enable_hashagg = on;
SELECT count(*) AS differences
FROM (SELECT member_id, purchase_history(day, amount) AS h FROM agg_parts GROUP BY member_id) AS p
JOIN agg_serial AS s USING (member_id) WHERE p.h::text <> s.h;
RESET ALL;
SET search_path = public, crm_member;
\set VERBOSITY sqlstate

-- shuffled twenty times
DO $$
BEGIN
  FOR i IN 1 .. 20 LOOP
    IF EXISTS (
      SELECT FROM (SELECT member_id, purchase_history(day, amount ORDER BY hashint4extended(member_id, i) # hashtextextended(amount::text || day::text, i)) AS h
                   FROM agg_orders WHERE member_id < 200 GROUP BY member_id) AS shuffled
      JOIN agg_serial AS s USING (member_id) WHERE shuffled.h::text <> s.h) THEN
      RAISE EXCEPTION 'shuffle % differs', i;
    END IF;
  END LOOP;
END $$;

-- as a window aggregate: the history so far
SELECT day, purchase_history(day, amount) OVER (ORDER BY day ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS last_two,
       order_count(purchase_history(day, amount) OVER (ORDER BY day)) AS so_far
FROM (VALUES (date '2024-01-05', 35.00), ('2024-01-07', 1.5), ('2024-02-05', -3)) AS v(day, amount);

-- merging stored histories, also long (toasted) and wide ones
CREATE TABLE agg_stored AS SELECT member_id % 7 AS seven, h FROM agg_history;
SELECT bool_and(m.h = o.h) AS same
FROM (SELECT seven, purchase_history_merge(h) AS h FROM agg_stored GROUP BY seven) AS m
JOIN (SELECT member_id % 7 AS seven, purchase_history(day, amount) AS h FROM agg_orders GROUP BY 1) AS o USING (seven);

DROP TABLE agg_orders, agg_plain, agg_serial, agg_parts, agg_stored CASCADE;
