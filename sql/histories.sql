-- sql/histories.sql
-- histories(query): the same as GROUP BY, from any query; its texts, columns and keys.

SET search_path = public, crm_member;
\set VERBOSITY sqlstate

SELECT setseed(0.75);
CREATE TABLE q_orders AS
SELECT g AS id, CASE WHEN random() > 0.05 THEN (random() * 2000)::integer - 1000 END AS member_id,
       timestamptz '2023-12-31 00:00+00' + random() * interval '400 days' AS at,
       ((random() - 0.1) * 1000)::numeric(12, 2) AS amount, (ARRAY['paid', 'cancelled'])[1 + (g % 5 = 0)::integer] AS status
FROM generate_series(1, 20000) AS g;
CREATE VIEW q_paid AS SELECT member_id, (at AT TIME ZONE 'Asia/Shanghai')::date AS day, amount FROM q_orders WHERE status = 'paid';
CREATE TABLE q_grouped AS SELECT member_id, purchase_history(day, amount) AS h FROM q_paid WHERE member_id IS NOT NULL GROUP BY member_id;
ANALYZE q_orders;

-- equal to GROUP BY, with a WHERE, through a view, from a CTE; guests (NULL) left out
SELECT count(*) AS members, bool_and(history = h) AS same
FROM histories('SELECT member_id, day, amount FROM q_paid') JOIN q_grouped ON key = member_id;
SELECT (SELECT count(*) FROM histories('TABLE q_paid')) = (SELECT count(*) FROM q_grouped) AS as_many;
SELECT count(*) AS changed FROM (
  SELECT key, history::text FROM histories('WITH p AS (SELECT * FROM q_orders WHERE status = ''paid'') SELECT member_id, at, amount FROM p', time_zone => 'Asia/Shanghai')
  EXCEPT ALL SELECT member_id, h::text FROM q_grouped) AS d;
SELECT * FROM histories('SELECT 1, date ''2024-01-01'', 5 WHERE false');
SELECT * FROM histories('VALUES (1, date ''2024-01-01'', 5), (1, ''2024-01-01'', -2), (2, NULL, 5), (3, ''2024-01-01'', NULL), (NULL, ''2024-01-01'', 1)');

-- keys of every type, with the type of key_type
SELECT pg_typeof(key), key, history FROM histories('SELECT 7::smallint, date ''2024-01-01'', 5');
SELECT pg_typeof(key), key, history FROM histories('SELECT 7, date ''2024-01-01'', 5::bigint', NULL::integer);
SELECT pg_typeof(key), key, history FROM histories('SELECT ''𠮷野家''::varchar(9), date ''2024-01-01'', 5.0', NULL::text);
SELECT pg_typeof(key), key, history FROM histories('SELECT uuid_in(''0000000000000000000000000000000a''), date ''2024-01-01'', 5::smallint', NULL::uuid);
SELECT pg_typeof(key), key, history FROM histories('SELECT (-9223372036854775808), date ''2024-01-01'', 5', key_type => NULL::bigint);
CREATE DOMAIN q_key AS text;
SELECT count(*) AS members, bool_and(history = h) AS same
FROM histories('SELECT member_id::text::q_key, day, amount FROM q_paid', key_type => NULL::text) JOIN q_grouped ON key = member_id::text;
SELECT count(*) AS members, bool_and(history = h) AS same
FROM histories('SELECT md5(member_id::text)::uuid, day, amount FROM q_paid', key_type => NULL::uuid) JOIN q_grouped ON key = md5(member_id::text)::uuid;
-- a text is told apart by its bytes; an empty one is a key
SELECT key, history FROM histories('VALUES ('''', date ''2024-01-01'', 1), (''a'', ''2024-01-01'', 2), (''A'', ''2024-01-01'', 3), (''a'', ''2024-01-01'', 4)', NULL::text) ORDER BY key COLLATE "C";

-- days: midnight in the zone, not in the session's; summer time; before 2000; a timestamp is local already
SET timezone = 'America/New_York';
SELECT key, history FROM histories($$VALUES
  (1, timestamptz '2024-06-30 23:59:59.999999+08', 1), (1, '2024-07-01 00:00:00+08', 2),
  (2, '1999-12-31 23:59:59.999999+08', 1), (2, '2000-01-01 00:00+08', 1), (2, '1970-01-01 07:59:59+08', 1)$$, time_zone => 'Asia/Shanghai');
SELECT key, history FROM histories($$VALUES
  (1, timestamptz '2024-03-10 04:59:59.999999Z', 1), (2, '2024-03-10 05:00Z', 2), (3, '2024-03-11 03:59:59Z', 3), (4, '2024-03-11 04:00Z', 4)$$,
  time_zone => 'America/New_York') ORDER BY key;
SELECT key, history FROM histories($$SELECT 1, timestamp '2024-06-30 23:59:59.999999', 1$$, time_zone => 'Asia/Shanghai');
SELECT count(*) AS wrong_days FROM (
  SELECT x.key, (purchase_days(x.history)).day FROM histories('SELECT id::bigint, at + ((id % 100) - 90) * interval ''1 year'', 1 FROM q_orders', time_zone => 'Europe/London') AS x
  EXCEPT SELECT id, ((at + ((id % 100) - 90) * interval '1 year') AT TIME ZONE 'Europe/London')::date FROM q_orders) AS d;
RESET timezone;

-- what is refused, and how
SELECT * FROM histories(NULL);
SELECT * FROM histories('');
SELECT * FROM histories('SELECT 1, date ''2024-01-01'', 5; SELECT 1, date ''2024-01-01'', 5');
SELECT * FROM histories('DELETE FROM q_orders RETURNING id, at::date, amount');
SELECT * FROM histories('WITH d AS (DELETE FROM q_orders RETURNING id, at::date, amount) SELECT * FROM d');
SELECT * FROM histories('SELECT id, at::date, amount INTO q_copy FROM q_orders');
SELECT * FROM histories('EXPLAIN SELECT 1');
SELECT * FROM histories('SELECT id, at::date, amount FROM q_orders FOR UPDATE');
SELECT * FROM histories('SELECT 1, date ''2024-01-01'', $1');
SELECT * FROM histories('SELECT FROM');
SELECT * FROM histories('SELECT 1, date ''2024-01-01''');
SELECT * FROM histories('SELECT 1, date ''2024-01-01'', 5, 6');
SELECT * FROM histories('SELECT ''a''::text, date ''2024-01-01'', 5');
SELECT * FROM histories('SELECT 1, date ''2024-01-01'', 5', NULL::text);
SELECT * FROM histories('SELECT 1::bigint, date ''2024-01-01'', 5', NULL::integer);
SELECT * FROM histories('SELECT 1.5, date ''2024-01-01'', 5');
SELECT * FROM histories('SELECT 1, ''2024-01-01''::text, 5');
SELECT * FROM histories('SELECT 1, date ''2024-01-01'', 5.0::float8');
SELECT * FROM histories('SELECT 1, timestamptz ''2024-01-01'', 5');
SELECT * FROM histories('SELECT 1, timestamptz ''2024-01-01'', 5', time_zone => 'Mars/Olympus');
SELECT * FROM histories('SELECT 1, date ''infinity'', 5');
SELECT * FROM histories('SELECT 1, timestamp ''-infinity'', 5');
SELECT * FROM histories('SELECT 1, date ''2024-01-01'', ''NaN''::numeric');
SELECT * FROM histories('SELECT repeat(''x'', 8001), date ''2024-01-01'', 5', NULL::text);
SELECT * FROM histories('SELECT id, at::date, 1 / (amount - amount) FROM q_orders');
\set VERBOSITY default
SELECT * FROM histories('SELECT id, at, amount FROM q_orders');
SELECT * FROM histories('SELECT id AS nr, status, amount FROM q_orders');
SELECT * FROM histories('SELECT status, at::date, amount FROM q_orders');
SELECT * FROM histories('DELETE FROM q_orders');
SELECT * FROM histories('SELECT id, at::date, amout FROM q_orders');
SELECT * FROM histories('SELECT id, at::date, amount FRM q_orders');
\set VERBOSITY sqlstate
SELECT count(*) AS untouched FROM q_orders;

-- bounded memory: the smallest work_mem spills and gives the same
SET work_mem = '64kB';
SELECT count(*) AS members, bool_and(history = h) AS same
FROM histories('SELECT member_id, day, amount FROM q_paid') JOIN q_grouped ON key = member_id;
SELECT count(*) AS members, bool_and(history = h) AS same
FROM histories('SELECT repeat(''member '', 100) || member_id, day, amount FROM q_paid', NULL::text) JOIN q_grouped ON key = repeat('member ', 100) || member_id;
SELECT count(*) AS members, sum(order_count(history)) AS orders, max(order_count(history)) AS most
FROM histories('SELECT g % 60001, date ''2024-01-01'' + g % 500, 1 FROM generate_series(1, 150000) AS g');
RESET work_mem;
-- one member with very many days and rows
SELECT order_count(history) AS orders, active_days(history) AS days, net_spend(history) AS spend
FROM histories('SELECT 1, date ''1900-01-01'' + g % 40000, 0.50 FROM generate_series(1, 200000) AS g');

-- the planner knows how many members there are
CREATE FUNCTION planned_rows(statement text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE plan json; BEGIN EXECUTE 'EXPLAIN (FORMAT json) ' || statement INTO plan; RETURN (plan -> 0 -> 'Plan' ->> 'Plan Rows')::numeric; END $$;
SELECT planned_rows($$SELECT * FROM histories('SELECT member_id, at::date, amount FROM q_orders')$$) BETWEEN 1800 AND 2200 AS members;
SELECT planned_rows($$SELECT * FROM rfm_scores('SELECT status, at::date, amount FROM q_orders', '2024-01-01', key_type => NULL::text)$$) AS two;
-- whatever the columns are called; a key of another type gives no estimate
SELECT planned_rows($$SELECT * FROM histories('SELECT member_id AS c, at::date AS c, amount AS c FROM q_orders')$$) BETWEEN 1800 AND 2200 AS members;
SELECT planned_rows($$SELECT * FROM histories('SELECT amount, at::date, amount FROM q_orders')$$) AS default_rows;
SELECT sum(order_count(history)) AS orders FROM histories('SELECT 1 AS key, date ''2024-01-01'' AS c, 5 AS c');

-- the caller's rights and row security count
CREATE ROLE regress_crm_clerk;
GRANT SELECT ON q_paid TO regress_crm_clerk;
ALTER TABLE q_orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY positive ON q_orders USING (member_id > 0);
SET ROLE regress_crm_clerk;
SELECT count(*) FROM histories('SELECT member_id, at::date, amount FROM q_orders');
-- no estimate either, as it would tell of the statistics: the function's own default
SELECT planned_rows($$SELECT * FROM histories('SELECT member_id, at::date, amount FROM q_orders')$$) AS default_rows;
RESET ROLE;
GRANT SELECT ON q_orders TO regress_crm_clerk;
SET ROLE regress_crm_clerk;
SELECT min(key) > 0 AS own_rows FROM histories('SELECT member_id, at::date, amount FROM q_orders');
RESET ROLE;

-- in a transaction that is read-only, in a function, in a join, twice in one statement
BEGIN READ ONLY;
SELECT count(*) = (SELECT count(*) FROM q_grouped) AS read_only FROM histories('TABLE q_paid');
COMMIT;
SELECT count(*) AS both FROM histories('TABLE q_paid') AS a JOIN histories('TABLE q_paid') AS b USING (key) WHERE a.history = b.history;
SELECT (histories('VALUES (1, date ''2024-01-01'', 5)')).*;

-- a long one is cancelled within the second
SET statement_timeout = '200ms';
SELECT count(*) FROM histories('SELECT g, date ''2024-01-01'', 1 FROM generate_series(1, 100000000) AS g');
RESET statement_timeout;

DROP OWNED BY regress_crm_clerk;
DROP ROLE regress_crm_clerk;
DROP TABLE q_orders, q_grouped CASCADE;
DROP DOMAIN q_key;
DROP FUNCTION planned_rows;
