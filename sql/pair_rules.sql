-- sql/pair_rules.sql
-- Items that lie in the same baskets: by hand, against the self-join, and what is refused.
--
-- Four baskets: {10, 20}, {10, 20} with 20 twice, {10, 30}, {40}. So 10 lies
-- in 3 of 4, 20 in 2, 30 and 40 in 1. For 10 -> 20: support 2/4, confidence
-- 2/3, lift 2*4/(3*2), jaccard 2/3, cosine 2/sqrt(6), leverage 2/4 - 3*2/16,
-- conviction (1 - 2/4) / (1 - 2/3); for 20 -> 10 confidence is 1.

\set VERBOSITY sqlstate
CREATE TABLE line (basket bigint, item bigint);
INSERT INTO line VALUES (1, 10), (1, 20), (2, 20), (2, 10), (2, 20), (3, 10), (3, 30), (4, 40), (5, NULL), (NULL, 10);
SELECT item_a, item_b, n_ab, n_a, n_b, baskets, support, confidence, lift FROM crm_member.pair_rules('SELECT basket, item FROM line', 1);
SELECT item_a, item_b, jaccard, cosine, leverage, conviction FROM crm_member.pair_rules('SELECT basket, item FROM line', 1);
SELECT item_a, item_b FROM crm_member.pair_rules('SELECT basket, item FROM line', 2);
-- five baskets together at least, as a rule
SELECT count(*) FROM crm_member.pair_rules('SELECT basket, item FROM line');
-- one basket of 2048 with each: the cosine 1/2048 = 0.00048828125 is rounded half away from zero, as all the others are
SELECT n_a, n_b, cosine FROM crm_member.pair_rules('SELECT b, 1 FROM generate_series(1, 2048) AS b UNION ALL SELECT b, 2 FROM generate_series(2048, 4095) AS b', 1) WHERE item_a = 1;
-- keys of other types; numbers of any width come back as bigint, and ties are in the order of keys
SELECT item_a, item_b, n_ab FROM crm_member.pair_rules('SELECT basket::text, chr(80 - item::integer) FROM line', NULL::text, 1);
SELECT item_a, item_b, n_ab FROM crm_member.pair_rules($$SELECT 'b', i FROM (VALUES ('é'), ('茶'), (''), ('a')) AS v(i)$$, item_type => NULL::text, min_count => 1) WHERE item_a < item_b COLLATE "C";
SELECT item_a, pg_typeof(item_a), n_ab FROM crm_member.pair_rules($$SELECT md5(basket::text)::uuid, (item - 25)::smallint FROM line$$, 2) ORDER BY 1;
-- nothing
SELECT * FROM crm_member.pair_rules('SELECT basket, item FROM line WHERE false', 1);
SELECT * FROM crm_member.pair_rules('SELECT basket, item FROM line WHERE item = 10', 1);

-- baskets with too many different items count nowhere, and the notice says how many there were
INSERT INTO line SELECT 6, i FROM generate_series(1, 40) AS i;
\set VERBOSITY terse
SELECT item_a, item_b, n_ab, n_a, n_b, baskets FROM crm_member.pair_rules('SELECT basket, item FROM line', 1, 39) WHERE item_a < item_b;
SELECT count(*), count(*) FILTER (WHERE item_a = 40) AS of_40, min(baskets) AS baskets FROM crm_member.pair_rules('SELECT basket, item FROM line', 1, 40);
\set VERBOSITY sqlstate

-- the same as the self-join, whatever the order of the lines
CREATE TABLE many AS
SELECT b AS basket, 1 + (200 * ((hashint8(b * 16 + i) & 2147483647) / 2147483648.0::float8) ^ 2)::bigint AS item
FROM generate_series(1, 3000) AS b, generate_series(1, 6) AS i;
CREATE VIEW joined AS
WITH d AS (SELECT DISTINCT basket, item FROM many WHERE basket NOT IN (SELECT basket FROM many GROUP BY basket HAVING count(DISTINCT item) > 5)),
     n AS (SELECT count(DISTINCT basket) AS n FROM d), s AS (SELECT item, count(*) AS c FROM d GROUP BY item)
SELECT a.item AS item_a, b.item AS item_b, count(*) AS n_ab, sa.c AS n_a, sb.c AS n_b, n.n AS baskets, round(count(*)::numeric / n.n, 10) AS support, round(count(*)::numeric / sa.c, 10) AS confidence,
       round(count(*) * n.n::numeric / (sa.c * sb.c), 10) AS lift, round(count(*)::numeric / (sa.c + sb.c - count(*)), 10) AS jaccard, round(count(*) / sqrt(sa.c::numeric * sb.c), 10) AS cosine,
       round(count(*)::numeric / n.n - sa.c * sb.c / n.n::numeric ^ 2, 10) AS leverage,
       CASE WHEN count(*) = sa.c THEN 'Infinity' ELSE round((1 - sb.c / n.n::numeric) * sa.c / (sa.c - count(*)), 10) END AS conviction
FROM d AS a JOIN d AS b ON a.basket = b.basket AND a.item <> b.item JOIN s AS sa ON sa.item = a.item JOIN s AS sb ON sb.item = b.item CROSS JOIN n
GROUP BY a.item, b.item, sa.c, sb.c, n.n HAVING count(*) >= 3;
SET client_min_messages = warning;
CREATE TABLE rules AS SELECT * FROM crm_member.pair_rules('SELECT basket, item FROM many', 3, 5);
CREATE TABLE shuffled AS SELECT * FROM crm_member.pair_rules('SELECT basket, item FROM many ORDER BY hashint8(item * 7 + basket)', 3, 5);
SELECT count(*) > 100 AS many FROM rules;
SELECT count(*) AS differ FROM ((TABLE rules EXCEPT ALL TABLE joined) UNION ALL (TABLE joined EXCEPT ALL TABLE rules)) AS x;
SELECT count(*) AS differ FROM (SELECT *, row_number() OVER () FROM rules EXCEPT ALL SELECT *, row_number() OVER () FROM shuffled) AS x;
SELECT count(*) AS out_of_order FROM (SELECT n_ab, item_a, item_b, lag((-n_ab, item_a, item_b)) OVER () AS before FROM rules) AS x WHERE (-n_ab, item_a, item_b) <= before;
-- as text the same numbers
SELECT count(*) AS differ FROM (SELECT item_a::text, item_b::text, n_ab, n_a, n_b, lift FROM rules EXCEPT ALL
                                SELECT item_a, item_b, n_ab, n_a, n_b, lift FROM crm_member.pair_rules('SELECT basket::text, item::text FROM many', NULL::text, 3, 5)) AS x;
RESET client_min_messages;

-- memory is bounded: an error that names the settings, and none when they allow it
SET work_mem = '64kB';
SET maintenance_work_mem = '1MB';
SELECT count(*) FROM crm_member.pair_rules('SELECT i / 3, i % 1000 FROM generate_series(1, 300000) AS i', 1);
SET maintenance_work_mem = '64MB';
SELECT count(*) > 0 AS some FROM crm_member.pair_rules('SELECT i / 3, i % 1000 FROM generate_series(1, 300000) AS i', 1);
RESET work_mem;
RESET maintenance_work_mem;
-- refused
SELECT * FROM crm_member.pair_rules(NULL);
SELECT * FROM crm_member.pair_rules('SELECT basket, item FROM line', 0);
SELECT * FROM crm_member.pair_rules('SELECT basket, item FROM line', NULL::integer);
SELECT * FROM crm_member.pair_rules('SELECT basket, item FROM line', 1, 1);
SELECT * FROM crm_member.pair_rules('SELECT basket FROM line');
SELECT * FROM crm_member.pair_rules('SELECT basket, item, 1 FROM line');
SELECT * FROM crm_member.pair_rules('SELECT basket, item::text FROM line');
SELECT * FROM crm_member.pair_rules('SELECT basket, item FROM line', NULL::text);
SELECT * FROM crm_member.pair_rules('SELECT now(), item FROM line');
SELECT * FROM crm_member.pair_rules('SELECT basket, 1.5 FROM line');
SELECT * FROM crm_member.pair_rules('DELETE FROM line');
SELECT * FROM crm_member.pair_rules('SELECT 1, 2; SELECT 3, 4');
SELECT * FROM crm_member.pair_rules($$SELECT 1, repeat('x', 9000)$$, NULL::text);
-- with the caller's rights
CREATE ROLE crm_test_guest;
SET ROLE crm_test_guest;
SELECT * FROM crm_member.pair_rules('SELECT basket, item FROM line');
RESET ROLE;
DROP ROLE crm_test_guest;
-- cancelled
SET statement_timeout = '200ms';
SELECT count(*) FROM crm_member.pair_rules('SELECT i / 80, hashint8(i) & 4095 FROM generate_series(1, 3000000) AS i', 1);
RESET statement_timeout;
DROP VIEW joined;
DROP TABLE line, many, rules, shuffled;
