-- sql/crm_report_plain.sql
-- The report views against the same questions asked of the sales in plain SQL, both ways: 0 rows differ.
--
-- The data lie around today, since the views are of today; they are made by
-- arithmetic, not by chance.

SET client_min_messages = warning;
SET timezone = 'Asia/Shanghai';
\set VERBOSITY sqlstate
SELECT crm_member.create_crm('crm');
UPDATE crm.setting SET value = '1' WHERE key = 'report_min_group';
INSERT INTO crm.store (code, name) VALUES ('s1', 'one'), ('s2', 'two');
INSERT INTO crm.member (member_no, joined_at, home_store_id, profiling) SELECT 'm' || i, '2020-01-01', 1 + i % 2, i % 17 <> 0 FROM generate_series(1, 60) AS i;
INSERT INTO crm.member_pii (member_id, full_name) SELECT id, CASE WHEN id % 2 = 0 THEN 'Ann Lee' ELSE 'B' END FROM crm.member WHERE id < 5;
-- before anything is sold
SELECT relation, how, rows_written > 50 AS many FROM crm.refresh_reports();
SELECT (SELECT count(*) FROM crm_report.member_rfm_scores) AS scores, (SELECT count(*) FROM crm_report.member_lifecycles WHERE status <> 'never') AS not_never;
INSERT INTO crm.sale (member_id, store_id, occurred_at, net_spend)
SELECT CASE WHEN i % 7 > 0 THEN 1 + (i * 11) % 53 END, 1 + i % 2, now() - (i * 37 % 700) * interval '1 day' - i * interval '1 minute', (i * 131 % 4000) / 10.0 - CASE WHEN i % 23 = 0 THEN 300 ELSE 0 END
FROM generate_series(1, 900) AS i;
SELECT relation, how, rows_written > 5 AS some FROM crm.refresh_reports();
SELECT tier_code, tier_rank, asked_to, metric, at_least FROM crm_report.tier_rules ORDER BY tier_rank;
SELECT member_id, member_no, masked_name, home_store_id FROM crm_report.members WHERE member_id < 4 ORDER BY 1;
-- the first character as a reader sees it: e with its accent, a family of three joined by U+200D
BEGIN;
UPDATE crm.member_pii SET full_name = U&'e\0301lan' WHERE member_id = 1;
UPDATE crm.member_pii SET full_name = U&'\+01F468\200D\+01F469\200D\+01F467 Lee' WHERE member_id = 2;
UPDATE crm.member_pii SET full_name = U&'\+020BB7' WHERE member_id = 3;
-- unaligned: clients differ in how wide they take an emoji
\a
SELECT member_id, masked_name, length(masked_name) FROM crm_report.members WHERE member_id < 4 ORDER BY 1;
\a
ROLLBACK;

CREATE TEMP VIEW sales AS SELECT *, (occurred_at AT TIME ZONE 'Asia/Shanghai')::date AS day FROM crm.sale;
CREATE TEMP VIEW today AS SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date AS day;

-- members
WITH q AS (SELECT m.id, count(s.id) FILTER (WHERE s.net_spend >= 0), coalesce(sum(s.net_spend), 0), min(s.day) FILTER (WHERE s.net_spend >= 0), max(s.day) FILTER (WHERE s.net_spend >= 0)
           FROM crm.member AS m LEFT JOIN sales AS s ON s.member_id = m.id GROUP BY m.id),
     v AS (SELECT member_id, orders, net_spend, first_day, last_day FROM crm_report.members)
SELECT (SELECT count(*) FROM q) AS members, (SELECT count(*) FROM (TABLE q EXCEPT ALL TABLE v) AS x) + (SELECT count(*) FROM (TABLE v EXCEPT ALL TABLE q) AS x) AS differ;

-- sales by month
WITH q AS (SELECT date_trunc('month', day)::date, count(*) FILTER (WHERE net_spend >= 0), sum(net_spend), count(*) FILTER (WHERE net_spend >= 0 AND member_id > 0),
                  coalesce(sum(net_spend) FILTER (WHERE member_id > 0), 0), count(DISTINCT member_id) FILTER (WHERE net_spend >= 0),
                  round(sum(net_spend) / nullif(count(*) FILTER (WHERE net_spend >= 0), 0), 2)
           FROM sales GROUP BY 1),
     v AS (SELECT b.month, sum(b.orders), sum(b.net_spend), sum(b.member_orders), sum(b.member_spend), max(a.buying_members), round(sum(b.net_spend) / nullif(sum(b.orders), 0), 2)
           FROM crm_report.sales_by_month AS b JOIN crm_report.member_activity AS a USING (month) GROUP BY b.month)
SELECT (SELECT count(*) FROM q) >= 23 AS months, (SELECT count(*) FROM (TABLE q EXCEPT ALL TABLE v) AS x) + (SELECT count(*) FROM (TABLE v EXCEPT ALL TABLE q) AS x) AS differ;

-- cohorts: whole months only, the running one is empty (on its last day it is over)
WITH o AS (SELECT member_id, date_trunc('month', day)::date AS month FROM sales WHERE net_spend >= 0 AND member_id IS NOT NULL),
     c AS (SELECT member_id, min(month) AS cohort FROM o GROUP BY 1),
     q AS (SELECT c.cohort, (date_part('year', age(g.month, c.cohort)) * 12 + date_part('month', age(g.month, c.cohort)))::integer AS k, count(DISTINCT c.member_id) AS members,
                  CASE WHEN (SELECT day FROM today) >= g.month + interval '1 month' - interval '1 day' THEN count(DISTINCT o.member_id) END AS retained
           FROM c CROSS JOIN generate_series('2010-01-01'::date, (SELECT day FROM today), interval '1 month') AS g(month) LEFT JOIN o ON o.member_id = c.member_id AND o.month = g.month
           WHERE g.month >= c.cohort GROUP BY 1, 2, g.month),
     v AS (SELECT cohort, months_after, members, retained FROM crm_report.cohort_retention)
SELECT (SELECT count(*) FROM q) > 10 AS cells, (SELECT count(*) FROM (TABLE q EXCEPT ALL TABLE v) AS x) + (SELECT count(*) FROM (TABLE v EXCEPT ALL TABLE q) AS x) AS differ;

-- RFM over 12 months by its own cut points equals the window function over the sales
WITH b AS (SELECT s.member_id, max(day) FILTER (WHERE net_spend >= 0) AS last_day, count(*) FILTER (WHERE net_spend >= 0) AS orders, sum(net_spend) AS spend
           FROM sales AS s JOIN crm.member AS m ON m.id = s.member_id AND m.profiling
           WHERE day > (SELECT day FROM today) - interval '12 months' GROUP BY 1),
     q AS (SELECT member_id, last_day, orders, spend, crm_member.rfm_score(last_day, orders, spend) OVER ()::text AS score FROM b WHERE orders > 0),
     v AS (SELECT member_id, last_day, orders, net_spend, score::text FROM crm_report.member_rfm_scores WHERE score IS NOT NULL)
SELECT (SELECT count(*) FROM q) > 40 AS scored, (SELECT count(*) FROM (TABLE q EXCEPT ALL TABLE v) AS x) + (SELECT count(*) FROM (TABLE v EXCEPT ALL TABLE q) AS x) AS differ;
SELECT count(*) AS opted_out FROM crm_report.member_rfm_scores AS v JOIN crm.member AS m ON m.id = v.member_id WHERE NOT m.profiling;
SELECT sum(members) = (SELECT count(*) FROM crm_report.member_rfm_scores) AS all_members, round(sum(member_share), 2) AS shares FROM crm_report.rfm_segments;
-- cut points stay until a full run
SELECT member_id AS one FROM crm_report.member_rfm_scores WHERE score IS NOT NULL ORDER BY 1 LIMIT 1 \gset
CREATE TEMP TABLE before AS SELECT member_id, score FROM crm_report.member_rfm_scores;
INSERT INTO crm.sale (member_id, occurred_at, net_spend) VALUES (:one, now(), 100000);
SELECT relation, how, rows_written FROM crm.refresh_reports('{member_rfm_scores}');
SELECT count(*) AS others_moved FROM crm_report.member_rfm_scores AS v JOIN before AS b USING (member_id) WHERE v.member_id <> :one AND v.score IS DISTINCT FROM b.score;
SELECT r_score, m_score FROM crm_report.member_rfm_scores WHERE member_id = :one;
SELECT how FROM crm.refresh_reports() WHERE relation = 'member_score';
SELECT how FROM crm.refresh_reports(full_run => true) WHERE relation = 'member_score';
SELECT count(*) AS runs FROM crm.rfm_run;

-- status, grades
WITH q AS (SELECT m.id, (SELECT day FROM today) - max(s.day) AS days FROM crm.member AS m LEFT JOIN sales AS s ON s.member_id = m.id AND s.net_spend >= 0 WHERE m.profiling GROUP BY 1)
SELECT count(*) AS differ FROM q JOIN crm_report.member_lifecycles AS v ON v.member_id = q.id
WHERE v.status <> CASE WHEN days IS NULL THEN 'never' WHEN days <= 90 THEN 'active' WHEN days <= 180 THEN 'recently_lapsed' WHEN days <= 365 THEN 'mid_term_lapsed' ELSE 'dormant' END OR v.days_since IS DISTINCT FROM q.days;
WITH q AS (SELECT member_id, count(*) FILTER (WHERE net_spend >= 0) AS n, sum(net_spend) AS spend FROM sales WHERE day > (SELECT day FROM today) - interval '12 months' GROUP BY 1)
SELECT count(*) AS differ FROM crm_report.member_grades AS v LEFT JOIN q USING (member_id)
WHERE v.grade <> CASE WHEN spend >= 1000 AND n >= 6 THEN 'A' WHEN spend >= 500 AND n >= 3 THEN 'B' WHEN spend >= 500 THEN 'C' ELSE 'D' END;

-- tiers and points are those of the doors; after a review no period is open to question
SELECT crm.tier_review() >= 0 AS reviewed;
SELECT a.pin_id > 0 AS a, b.pin_id > 0 AS b FROM crm.tier_pin('p1', 3, 'black', now() + interval '1 year', 'x') AS a, crm.tier_pin('p2', 4, 'basic', now() + interval '1 year', 'x', effect => 'exact') AS b;
SELECT count(*) AS members, count(*) FILTER (WHERE v.tier_code <> t.code OR v.reason <> t.reason) AS differ
FROM crm_report.member_tiers AS v CROSS JOIN LATERAL crm.tier_for(v.member_id) AS t;
SELECT count(*) > 40 AS accounts, count(*) FILTER (WHERE (v.balance, v.available, v.pending, v.arrears) <> (b.balance, b.available, b.pending, b.arrears)) AS differ
FROM crm_report.points_accounts AS v CROSS JOIN LATERAL crm.points_balance(v.member_id) AS b;
SELECT report, storage, state FROM crm_report.report_status ORDER BY report COLLATE "C";

-- an analyst of one store sees its members and no figures of the chain
CREATE ROLE crm_test_analyst;
SELECT crm_member.grant_crm('crm', 'crm_test_analyst', 'analyst', 2);
SET ROLE crm_test_analyst;
SELECT (SELECT count(*) FROM crm_report.members) AS members, (SELECT count(DISTINCT home_store_id) FROM crm_report.member_rfm_scores) AS stores,
       (SELECT count(DISTINCT store_id) FROM crm_report.sales_by_month) AS sale_stores, (SELECT count(*) FROM crm_report.cohort_retention) AS cells,
       (SELECT count(DISTINCT home_store_id) FROM crm_report.points_accounts) AS point_stores, (SELECT count(*) FROM crm_report.member_tiers) AS tiers;
SELECT count(*) FROM crm.report_month;
SELECT count(*) FROM crm.refresh_reports();
RESET ROLE;
DROP OWNED BY crm_test_analyst;
DROP ROLE crm_test_analyst;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
DELETE FROM crm.access;
-- refreshed under an empty search_path
SET search_path = '';
REFRESH MATERIALIZED VIEW CONCURRENTLY crm.report_cohort;
RESET search_path;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT crm_member.drop_crm('crm', confirm => 'crm');
