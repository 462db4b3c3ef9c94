-- sql/rfm_scores.sql
-- rfm_scores(query, as_of): last day, orders, spend and score of each member.

SET search_path = public, crm_member;
\set VERBOSITY sqlstate

-- ten members by hand. Last days 1 to 10 January in the order of the members, orders 1, 1, 1, 1, 2, 2, 3, 4, 5, 10,
-- spend 10 times the member. Cuts at k/5 lie at position 1.8, 3.6, 5.4, 7.2 of 0 to 9.
-- Days: between neighbours, so two members a score. Orders: 1, 1.6, 2.4, 4.2: scores 1 1 1 1 3 3 4 4 5 5. Spend as days.
CREATE TABLE s_orders AS
SELECT m AS member_id, date '2024-01-01' + m - 1 - (o > 1)::integer * o AS day, CASE WHEN o = 1 THEN 10.00 * m - (n - 1) ELSE 1.00 END AS amount
FROM (VALUES (1, 1), (2, 1), (3, 1), (4, 1), (5, 2), (6, 2), (7, 3), (8, 4), (9, 5), (10, 10)) AS v(m, n), generate_series(1, n) AS o;
SELECT * FROM rfm_scores('SELECT member_id, day, amount FROM s_orders', '2024-01-31') ORDER BY key;
-- as_of leaves out what came later: member 9 and 10 lose their last order, and the rest of the population shifts
SELECT key, last_day, orders, spend, score FROM rfm_scores('SELECT member_id, day, amount FROM s_orders', '2024-01-08') WHERE key >= 8 ORDER BY key;
-- a member of later rows alone is not there; one of refunds alone is, without a score, and is not counted in the cuts
SELECT * FROM rfm_scores('SELECT member_id, day, amount FROM s_orders UNION ALL VALUES (11, date ''2024-02-01'', 5), (12, ''2024-01-02'', -5.5)', '2024-01-31') WHERE key > 9 ORDER BY key;
-- all the same, and one alone
SELECT DISTINCT score FROM rfm_scores('SELECT g, date ''2024-01-01'', 5 FROM generate_series(1, 9) AS g', '2024-01-31');
SELECT * FROM rfm_scores('SELECT 1, date ''2024-01-01'', 0.00', '2024-01-01');
SELECT count(*) AS none FROM rfm_scores('SELECT 1, date ''2024-01-01'', 0.00 WHERE false', '2024-01-01');

-- the same as the window function over a GROUP BY, for every number of bins and every kind of key
SELECT setseed(0.125);
CREATE TABLE s_many AS
SELECT (random() ^ 3 * 3000)::integer AS member_id, date '2022-01-01' + (random() * 900)::integer AS day,
       ((random() - 0.1) * 10 ^ (g % 5))::numeric(12, 2) AS amount
FROM generate_series(1, 30000) AS g;
CREATE FUNCTION s_expected(bins integer) RETURNS TABLE (key bigint, last_day date, orders bigint, spend numeric, score rfm) LANGUAGE sql AS $$
  SELECT key, last_day, orders, spend, rfm_score(last_day, orders, spend, bins) OVER ()
  FROM (SELECT member_id AS key, max(day) FILTER (WHERE amount >= 0) AS last_day, count(*) FILTER (WHERE amount >= 0) AS orders, sum(amount) AS spend
        FROM s_many WHERE day <= '2024-03-01' GROUP BY 1) AS g $$;
SELECT bins, count(*) AS rows, count(*) FILTER (WHERE e IS NOT DISTINCT FROM s) AS same
FROM generate_series(2, 9) AS bins, rfm_scores('TABLE s_many', '2024-03-01', bins) AS s
JOIN LATERAL s_expected(bins) AS e ON e.key = s.key GROUP BY bins ORDER BY bins;
SELECT count(*) AS rows, count(*) FILTER (WHERE e.score IS NOT DISTINCT FROM s.score AND e.spend = s.spend) AS same
FROM rfm_scores('SELECT member_id::text, day, amount FROM s_many', '2024-03-01', key_type => NULL::text) AS s JOIN s_expected(5) AS e ON e.key::text = s.key;
SELECT count(*) AS rows, count(*) FILTER (WHERE e.score IS NOT DISTINCT FROM s.score AND e.spend = s.spend) AS same
FROM rfm_scores('SELECT md5(member_id::text)::uuid, day, amount FROM s_many', '2024-03-01', 3, NULL::uuid) AS s JOIN s_expected(3) AS e ON md5(e.key::text)::uuid = s.key;
SELECT pg_typeof(key), count(*) AS rows FROM rfm_scores('TABLE s_many', '2024-03-01', 5, NULL::integer) GROUP BY 1;
SELECT pg_typeof(key), count(*) AS rows FROM rfm_scores('TABLE s_many', '2024-03-01', bins => 3, key_type => NULL::integer) GROUP BY 1;
SELECT pg_typeof(key), count(*) AS rows FROM rfm_scores('SELECT member_id::text, day, amount FROM s_many', '2024-03-01', bins => 3, key_type => NULL::text) GROUP BY 1;
-- bounded memory: the same when members spill, of both kinds of key
SET work_mem = '64kB';
SELECT count(*) AS members, count(*) FILTER (WHERE a.spend = b.spend AND a.score = b.score AND a.last_day = b.last_day AND a.orders = b.orders) AS same
FROM rfm_scores('SELECT g % 40000, date ''2024-01-01'' + g % 701, g % 313 FROM generate_series(1, 100000) AS g', '2030-01-01') AS a
JOIN rfm_scores('SELECT (g % 40000)::text, date ''2024-01-01'' + g % 701, g % 313 FROM generate_series(1, 100000) AS g', '2030-01-01', key_type => NULL::text) AS b ON b.key = a.key::text;
SELECT count(*) AS members, count(score) AS scored, sum(orders) AS orders, sum(spend) AS spend
FROM rfm_scores('SELECT g % 40000, date ''2024-01-01'', CASE WHEN g % 4 = 0 THEN -1.5 ELSE 2 END FROM generate_series(1, 80000) AS g', '2030-01-01');
-- keys so long that they, not the members, fill the memory: each part of the fold still takes many of them
SET statement_timeout = '10s';
SELECT count(*) AS members, count(DISTINCT key) AS keys, sum(orders) AS orders
FROM rfm_scores('SELECT repeat(''member '', 60) || g % 60000, date ''2024-01-01'', 1 FROM generate_series(1, 120000) AS g', '2030-01-01', key_type => NULL::text);
RESET statement_timeout;
RESET work_mem;
SELECT count(*) AS members, count(score) AS scored, sum(orders) AS orders, sum(spend) AS spend
FROM rfm_scores('SELECT g % 40000, date ''2024-01-01'', CASE WHEN g % 4 = 0 THEN -1.5 ELSE 2 END FROM generate_series(1, 80000) AS g', '2030-01-01');

-- a larger scale late in the input takes earlier amounts along
SELECT key, spend FROM rfm_scores('SELECT g % 3, date ''2024-01-01'', CASE WHEN g > 300 THEN 0.125 ELSE 1 END FROM generate_series(1, 303) AS g', '2024-01-01') ORDER BY key;
-- and what does not fit then is refused
SELECT count(*) FROM rfm_scores('VALUES (1, date ''2024-01-01'', 9000000000000000000), (2, ''2024-01-01'', 0.1)', '2024-01-01');
SELECT count(*) FROM rfm_scores('VALUES (1, date ''2024-01-01'', 9000000000000000000), (1, ''2024-01-01'', 9000000000000000000)', '2024-01-01');

-- arguments
SELECT count(*) FROM rfm_scores('TABLE s_many', NULL);
SELECT count(*) FROM rfm_scores('TABLE s_many', 'infinity');
SELECT count(*) FROM rfm_scores('TABLE s_many', '2024-01-01', 1);
SELECT count(*) FROM rfm_scores('TABLE s_many', '2024-01-01', 10);
SELECT count(*) FROM rfm_scores('TABLE s_many', '2024-01-01', bins => NULL);
SELECT count(*) FROM rfm_scores('SELECT member_id::text, day, amount FROM s_many', '2024-01-01');
SELECT count(*) FROM rfm_scores('SELECT member_id, day::timestamptz, amount FROM s_many', '2024-01-01');
SELECT count(*) > 0 AS zoned FROM rfm_scores('SELECT member_id, day::timestamptz, amount FROM s_many', '2024-01-01', time_zone => 'Asia/Shanghai');

DROP TABLE s_orders, s_many CASCADE;
DROP FUNCTION s_expected;
