-- sql/crm_report.sql
-- The stored reports: each number by hand; incremental and full refresh agree; rights.
--
-- The day of the reports is 2024-12-15 throughout (setting report_day), in
-- Asia/Shanghai, so that nothing depends on the clock.

SET client_min_messages = warning;
SET timezone = 'America/New_York';
SET datestyle = 'ISO';
\set VERBOSITY sqlstate
SELECT crm_member.create_crm('crm');
UPDATE crm.setting SET value = '1' WHERE key = 'report_min_group';
INSERT INTO crm.setting (key, value, meaning) VALUES ('report_day', '"2024-12-15"', 'the day of the tests');
UPDATE crm.setting SET value = 'null' WHERE key = 'rfm_months';

-- before the first refresh stored reports are empty, and say so
SELECT count(*) FROM crm_report.sales_by_month;
SELECT count(*) FROM crm_report.member_rfm_scores;
SELECT state, count(*) FROM crm_report.report_status GROUP BY state ORDER BY state COLLATE "C";

INSERT INTO crm.store (code, name) VALUES ('s1', 'one'), ('s2', 'two');
-- m5 never buys, m6 joins on 1 February by the shop's clock and leaves in March, m7 has opted out of profiling
INSERT INTO crm.member (member_no, home_store_id, joined_at, closed_at, profiling) VALUES
  ('m1', 1, '2023-01-10 12:00+08', NULL, true), ('m2', 1, '2024-01-05 12:00+08', NULL, true), ('m3', 2, '2024-02-10 12:00+08', NULL, true),
  ('m4', 2, '2024-02-20 12:00+08', NULL, true), ('m5', NULL, '2024-03-01 12:00+08', NULL, true), ('m6', 2, '2024-01-31 16:30+00', '2024-03-15 12:00+08', true),
  ('m7', 1, '2023-06-01 12:00+08', NULL, false), ('m8', 2, '2024-05-01 12:00+08', NULL, true);
INSERT INTO crm.sale (source_key, member_id, store_id, channel, occurred_at, net_spend, cost_amount) VALUES
  ('a', 1, 1, NULL, '2023-12-20 10:00+08', 500, NULL), ('b', 1, 1, NULL, '2024-08-10 10:00+08', 300, NULL),
  ('c', 2, 1, NULL, '2024-01-20 10:00+08', 1000, NULL), ('d', 2, 1, NULL, '2024-02-10 10:00+08', 200, NULL),
  ('f', 3, 2, NULL, '2024-02-28 16:30+00', 50, NULL), ('f2', 3, 2, NULL, '2024-12-20 10:00+08', 999, NULL),
  ('g', 4, 2, NULL, '2024-02-25 10:00+08', 0, NULL), ('h', 4, 2, NULL, '2024-12-01 10:00+08', 80, NULL),
  ('i', NULL, 2, 'web', '2024-02-14 10:00+08', 40, NULL), ('j', 6, NULL, NULL, '2024-02-05 10:00+08', 60, NULL),
  ('k', 7, 1, NULL, '2024-12-10 10:00+08', 70, NULL), ('l', NULL, NULL, NULL, '2024-03-01 10:00+08', -10, NULL),
  ('n', 7, NULL, NULL, '2023-06-05 10:00+08', 10000, 7000), ('o', NULL, NULL, NULL, '2023-06-06 10:00+08', 1000, 800),
  ('p', 8, 2, NULL, '2024-10-01 16:00+08', 20, NULL);
INSERT INTO crm.sale (source_key, member_id, store_id, occurred_at, net_spend, refund_of_id)
SELECT 'e', 2, 1, '2024-02-12 10:00+08', -100, id FROM crm.sale WHERE source_key = 'c';

SELECT relation, reports_served, how, rows_written, elapsed >= '0' AS timed FROM crm.refresh_reports();
SELECT job, subject, state, rows_done, detail ->> 'as_of' AS as_of, jsonb_array_length(detail -> 'reports') AS reports, ended_at >= started_at AS ended FROM crm.job_run;
SELECT report, storage, as_of, how, changes_waiting, state FROM crm_report.report_status WHERE storage <> 'view' ORDER BY report COLLATE "C";

-- sales_by_month. February: store 1 has d, less e; store 2 has f (the 29th there) and the gift g; the web order is a guest's.
-- March: a refund alone, so no amount per order. f2 lies after the day of the report, but in its month.
SELECT month, store_code AS store, channel, orders, refunds, order_amount, refund_amount, net_spend, amount_per_order AS per_order, member_orders AS m_orders, guest_orders AS g_orders, member_spend, guest_spend, member_share
FROM crm_report.sales_by_month ORDER BY month, store_id, channel;
-- margins: (10000 - 7000) / 10000 = 30 %, (1000 - 800) / 1000 = 20 %, 10 points; both 3200 / 11000
SELECT month, store_id, member_revenue, member_cost, member_margin, guest_margin, margin, difference_points FROM crm_report.margins ORDER BY month;

-- RFM of m1, m2, m3, m4, m8 (m6 is closed, m7 opted out). Days 127, 309, 290, 14, 75: five different values, so R goes by rank: 3, 1, 2, 5, 4.
-- Orders 2, 2, 1, 2, 1: cuts 1, 1.6, 2, 2: F is 3 for two orders (1 and 1.6 lie below), 1 for one. Spend 800, 1100, 50, 80, 20: M 4, 5, 2, 3, 1.
-- Means: 163 days, 1.6 orders, 410.00. f2 is later and does not count.
SELECT member_no, as_of, last_day, recency_days AS days, orders, net_spend, score, segment, segment_name, octant, octant_name FROM crm_report.member_rfm_scores ORDER BY member_id;
SELECT as_of, bins, months, members, recency_cuts, frequency_cuts, monetary_cuts, days_total, frequency_total, spend_total FROM crm.rfm_run;
-- five scored members and one prospect: sixths
SELECT priority, segment, members, member_share, orders, net_spend, spend_share, spend_per_member, mean_r_score AS r FROM crm_report.rfm_segments WHERE members > 0 OR segment IN ('lapsed', 'Champions') ORDER BY priority;
-- the seed rules are the usual table, for any number of bins
SELECT count(*) FROM (SELECT (r * 100 + f * 10 + m)::text::crm_member.rfm AS score, r, (f + m + 1) / 2 AS fm
                      FROM generate_series(1, 5) AS r, generate_series(1, 5) AS f, generate_series(1, 5) AS m) AS s
WHERE crm_member.rfm_segment(s.score) IS DISTINCT FROM (SELECT c.segment FROM crm.rfm_rule AS c WHERE s.r BETWEEN c.r_from AND c.r_to AND s.fm BETWEEN c.fm_from AND c.fm_to ORDER BY c.priority LIMIT 1);

-- lifecycle: 127, 309, 290, 14 and 75 days; m4 bought on 25 February and 1 December, 280 days apart, m1 234, m2 21
SELECT member_no, as_of, last_day, days_since, median_gap_days, status, status_name FROM crm_report.member_lifecycles ORDER BY member_id;
-- grades, 16 December 2023 to 15 December 2024: C needs 500 and any number of orders, B three orders
SELECT member_no, from_day, orders, net_spend, grade FROM crm_report.member_grades ORDER BY member_id;
-- value: m1 first bought 362 days ago, so one year counts: 500 + 300 + 800 x 2 (recently lapsed) = 2400;
-- m2 0 + 1100 + 1100 x 1; m3 50 + 50 x 1; m4 80 + 80 x 3; m8 20 + 20 x 3
SELECT member_no, status, historic, current_value, yearly, years, future, lifetime_value FROM crm_report.member_values ORDER BY member_id;

-- growth: February three join three (m6 by the local day), 3 / 3; March one joins, one leaves
SELECT month, through_day, members_at_start AS start, joined, closed, members_at_end AS "end", growth_rate FROM crm_report.member_growth
WHERE month IN ('2023-01-01', '2023-06-01', '2023-12-01', '2024-01-01', '2024-02-01', '2024-03-01', '2024-12-01') ORDER BY month;
SELECT count(*), min(month), max(month) FROM crm_report.member_growth;
-- activity: February m2, m3, m4, m6 of six: 210.00 by four orders; December through the 15th: h and k
SELECT month, through_day, open_members AS open, active_members AS active, activity_rate, buying_members AS buying, orders, net_spend, spend_per_order AS per_order, spend_per_buyer AS per_buyer
FROM crm_report.member_activity WHERE month IN ('2023-01-01', '2023-12-01', '2024-02-01', '2024-03-01', '2024-12-01') ORDER BY month;

-- cohorts: December 2024 is not over, so it is empty, not 0; the toolkit's function over the sales says the same
SELECT cohort, months_after AS k, month, members, retained, retention_rate FROM crm_report.cohort_retention
WHERE retained IS DISTINCT FROM 0 AND cohort IN ('2023-12-01', '2024-01-01', '2024-02-01') ORDER BY cohort, k;
CREATE TEMP VIEW told AS SELECT c.cohort, c.k, c.members, c.retained FROM crm_member.cohorts('SELECT member_id, occurred_at, net_spend FROM crm.sale WHERE member_id IS NOT NULL', '2024-12-15', 'Asia/Shanghai') AS c;
CREATE TEMP VIEW shown AS SELECT cohort, months_after, members, retained FROM crm_report.cohort_retention;
SELECT (SELECT count(*) FROM shown) AS cells, (SELECT count(*) FROM (TABLE told EXCEPT ALL TABLE shown) AS x) AS missing, (SELECT count(*) FROM (TABLE shown EXCEPT ALL TABLE told) AS x) AS extra;

-- repeat purchase: first quarter m2 of m2, m3, m4, m6; 2024 m2 and m4 of seven; over all m1, m2, m4, m7 of seven
SELECT grain, period_start, through_day, buyers, repeat_buyers, repeat_rate FROM crm_report.repeat_purchase
WHERE (grain, period_start) IN (('month', '2024-02-01'), ('quarter', '2024-01-01'), ('quarter', '2024-10-01'), ('year', '2024-01-01'), ('all', '2023-06-01')) ORDER BY grain COLLATE "C", period_start;
-- returns: c of January came back in part; the refund that names no order does not count
SELECT month, orders, returned_orders, return_rate FROM crm_report.return_rate WHERE month BETWEEN '2024-01-01' AND '2024-03-01' ORDER BY month;

-- Pareto of 1100, 800, 80, 70, 60, 50, 20 (2180): two of seven bring 1900; the third has 87 % before it, the sixth 97 %.
-- Gini: (-6 x 20 - 4 x 50 - 2 x 60 + 0 x 70 + 2 x 80 + 4 x 800 + 6 x 1100) / (7 x 2180) = 9520 / 15260
SELECT DISTINCT ON (members) member_percent AS percent, members, net_spend, spend_share, least_spend, class, gini, from_day, as_of FROM crm_report.pareto ORDER BY members, member_percent;
SELECT count(*) FROM crm_report.pareto;

-- nothing has changed: nothing is done
SELECT relation, how, rows_written FROM crm.refresh_reports();

-- m3 buys for 100 on the day of the report. By the kept cut points (days 62.8, 106.2, 192.2, 293.8; orders 1, 1.6, 2, 2; spend 44, 68, 368, 860)
-- 0 days, 2 orders, 150.00: 533. The others stay as they are.
INSERT INTO crm.sale (source_key, member_id, store_id, occurred_at, net_spend) VALUES ('q', 3, 2, '2024-12-15 10:00+08', 100);
SELECT report, changes_waiting, state FROM crm_report.report_status WHERE storage <> 'view' AND report IN ('sales_by_month', 'pareto', 'member_rfm_scores') ORDER BY report COLLATE "C";
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT relation, how, rows_written FROM crm.refresh_reports('{sales_by_month}');
SELECT report, changes_waiting, state FROM crm_report.report_status WHERE storage <> 'view' AND report IN ('sales_by_month', 'pareto', 'member_rfm_scores') ORDER BY report COLLATE "C";
SELECT relation, how, rows_written FROM crm.refresh_reports('{member_rfm_scores,pareto}');
SELECT member_no, recency_days AS days, orders, net_spend, score, octant FROM crm_report.member_rfm_scores ORDER BY member_id;
SELECT orders, net_spend FROM crm_report.sales_by_month WHERE month = '2024-12-01' AND store_id = 2;
SELECT relation, how FROM crm.refresh_reports() ORDER BY relation;

-- a full run takes new cut points. Days 127, 309, 0, 14, 75: R 2, 1, 5, 4, 3; orders 2, 2, 2, 2, 1: cuts 1.8, 2, 2, 2: F 2 or 1; spend 800, 1100, 150, 80, 20: M 4, 5, 3, 2, 1
SELECT relation, how FROM crm.refresh_reports(full_run => true);
SELECT member_no, score FROM crm_report.member_rfm_scores ORDER BY member_id;
-- it comes by itself when the cut points are a week old, or the settings have changed: with two bins, cuts are the medians 75, 2, 150
SELECT relation, how FROM crm.refresh_reports('{rfm_segments}', as_of => '2024-12-10');
UPDATE crm.setting SET value = '"2024-12-16"' WHERE key = 'report_day';
SELECT relation, how FROM crm.refresh_reports('{rfm_segments}');
UPDATE crm.setting SET value = '"2024-12-17"' WHERE key = 'report_day';
SELECT relation, how FROM crm.refresh_reports('{rfm_segments}');
UPDATE crm.setting SET value = '"2024-12-15"' WHERE key = 'report_day';
UPDATE crm.setting SET value = '2' WHERE key = 'rfm_bins';
SELECT relation, how FROM crm.refresh_reports('{rfm_segments}');
SELECT member_no, score, segment FROM crm_report.member_rfm_scores ORDER BY member_id;
UPDATE crm.setting SET value = '5' WHERE key = 'rfm_bins';
-- a window of three months, 16 September to 15 December: m1 and m2 bought, but not in it
UPDATE crm.setting SET value = '3' WHERE key = 'rfm_months';
SELECT relation, how FROM crm.refresh_reports('{rfm_segments}');
SELECT member_no, orders, net_spend, score, segment, last_day FROM crm_report.member_rfm_scores ORDER BY member_id;
UPDATE crm.setting SET value = 'null' WHERE key = 'rfm_months';
SELECT count(*) FROM crm.refresh_reports();

-- what was refreshed step by step equals what is made anew: corrections, removals, moves between members, months and stores, several in a statement
CREATE FUNCTION pg_temp.book() RETURNS text LANGUAGE sql AS $$
  SELECT md5(concat((SELECT string_agg(s::text, ',' ORDER BY month, store_id, channel) FROM crm.sales_month AS s), (SELECT string_agg(concat_ws('/', member_id, orders, net_spend, last_day, score), ',' ORDER BY member_id) FROM crm.member_score),
    (SELECT string_agg(p::text, ',' ORDER BY percent) FROM crm.report_pareto AS p), (SELECT string_agg(m::text, ',' ORDER BY month) FROM crm.report_month AS m),
    (SELECT string_agg(c::text, ',' ORDER BY cohort, k) FROM crm.report_cohort AS c), (SELECT string_agg(r::text, ',' ORDER BY grain, period_start) FROM crm.report_repeat AS r), (SELECT string_agg(r::text, ',' ORDER BY month) FROM crm.report_return AS r)))
$$;
SELECT pg_temp.book() AS book \gset
UPDATE crm.sale SET net_spend = net_spend + 1 WHERE net_spend > 0 AND refund_of_id IS NULL;
UPDATE crm.sale SET member_id = CASE WHEN member_id = 1 THEN 2 ELSE 1 END, store_id = NULL WHERE source_key IN ('a', 'd');
UPDATE crm.sale SET occurred_at = occurred_at + interval '1 month', cost_amount = 1, channel = 'web' WHERE source_key IN ('b', 'i');
UPDATE crm.sale SET channel = channel;
DELETE FROM crm.sale WHERE source_key IN ('p', 'e', 'l');
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend, list_amount, discount_amount) VALUES ('r', 5, '2024-11-11 10:00+08', 9, 10, 1), ('r2', 5, '2024-11-11 11:00+08', -9, -10, -1);
UPDATE crm.member SET closed_at = '2024-12-01 10:00+08' WHERE member_no = 'm4';
UPDATE crm.member SET profiling = true WHERE member_no = 'm7';
-- who leaves or opts out is gone at once
SELECT string_agg(member_no, ' ' ORDER BY member_id) FROM crm_report.member_rfm_scores;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT relation, how FROM crm.refresh_reports();
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT string_agg(member_id::text, ' ' ORDER BY member_id) AS scored FROM crm.member_score;
SELECT pg_temp.book() <> :'book' AS changed;
-- with the cut points of a run of today, and a sale that comes and goes, step by step and anew come out the same
SELECT count(*) FROM crm.refresh_reports(full_run => true);
SELECT pg_temp.book() AS book \gset
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('t', 1, '2024-12-01 10:00+08', 5);
SELECT count(*) FROM crm.refresh_reports();
DELETE FROM crm.sale WHERE source_key = 't';
SELECT count(*) FROM crm.refresh_reports();
SELECT pg_temp.book() = :'book' AS same_book;
SELECT count(*) FROM crm.refresh_reports(full_run => true);
SELECT pg_temp.book() = :'book' AS same_book;
-- months without sales are gone
SELECT count(*) FROM crm.sales_month WHERE sales = 0 OR month = '2024-10-01';

-- who may read what: readers limited to stores see the rows of those; refreshing is for managers of all stores
CREATE ROLE crm_test_chain;
CREATE ROLE crm_test_two;
CREATE ROLE crm_test_boss;
CREATE ROLE crm_test_deputy;
CREATE ROLE crm_test_clerk;
SELECT crm_member.grant_crm('crm', 'crm_test_chain', 'analyst'), crm_member.grant_crm('crm', 'crm_test_two', 'analyst', 2), crm_member.grant_crm('crm', 'crm_test_boss', 'manager'),
       crm_member.grant_crm('crm', 'crm_test_deputy', 'manager', 2), crm_member.grant_crm('crm', 'crm_test_clerk', 'clerk', 2);
CREATE FUNCTION pg_temp.seen() RETURNS TABLE (report text, seen bigint) LANGUAGE plpgsql AS $$
BEGIN
  FOR report IN SELECT c.relname FROM pg_class AS c WHERE c.relnamespace = 'crm_report'::regnamespace AND c.relkind = 'v' ORDER BY c.relname COLLATE "C" LOOP
    EXECUTE format('SELECT count(*) FROM crm_report.%I', report) INTO seen;
    RETURN NEXT;
  END LOOP;
END $$;
CREATE TEMP TABLE seen AS SELECT 'owner' AS reader, s.* FROM pg_temp.seen() AS s;
GRANT ALL ON seen TO PUBLIC;
SET ROLE crm_test_chain;
INSERT INTO seen SELECT 'chain', s.* FROM pg_temp.seen() AS s;
SELECT count(*) FROM crm.refresh_reports();
SELECT count(*) FROM crm.member_score;
SELECT count(*) FROM crm.report_cohort;
SET ROLE crm_test_two;
INSERT INTO seen SELECT 'two', s.* FROM pg_temp.seen() AS s;
SELECT DISTINCT store_id FROM crm_report.sales_by_month;
SELECT DISTINCT home_store_id FROM crm_report.member_rfm_scores;
SELECT sum(members) FROM crm_report.rfm_segments;
-- a function that costs nothing and tells what it gets is given no hidden row: the barrier holds
CREATE FUNCTION pg_temp.leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$ BEGIN IF $1 NOT IN ('m3', 'm4', 'm6', 'm8') THEN RAISE WARNING 'told of %', $1; END IF; RETURN true; END $$;
SELECT count(*) FROM crm_report.members WHERE pg_temp.leak(member_no);
SET ROLE crm_test_deputy;
SELECT count(*) FROM crm.refresh_reports();
SET ROLE crm_test_clerk;
SELECT count(*) FROM crm_report.members;
SELECT count(*) FROM crm_report.sales_by_month;
SET ROLE crm_test_boss;
SELECT count(*) FROM crm.refresh_reports();
SELECT count(*) FROM crm.refresh_reports('{nothing}');
SELECT count(*) FROM crm.refresh_reports(as_of => '2999-01-01');
SELECT count(*) FROM crm.refresh_reports(as_of => 'infinity');
RESET ROLE;
-- store 2 is the home of m3, m4, m6 and m8, of whom m4 and m6 have left and m8 has no sale any more; its months are February (f), March (i) and December
SELECT s.report, max(s.seen) FILTER (WHERE s.reader = 'owner') AS owner, max(s.seen) FILTER (WHERE s.reader = 'chain') AS chain, max(s.seen) FILTER (WHERE s.reader = 'two') AS store_two
FROM seen AS s WHERE s.report <> 'points_movements' GROUP BY s.report ORDER BY s.report COLLATE "C";

-- the views of the report schema: barriers, commented in every column, of types that any tool reads
SELECT c.relname, coalesce(c.reloptions::text, '-') FROM pg_class AS c WHERE c.relnamespace = 'crm_report'::regnamespace AND (c.relkind <> 'v' OR c.reloptions IS DISTINCT FROM '{security_barrier=true}');
SELECT DISTINCT format_type(a.atttypid, NULL) AS type FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid WHERE c.relnamespace = 'crm_report'::regnamespace AND a.attnum > 0 ORDER BY 1;
SELECT c.relname, a.attname FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
WHERE c.relnamespace = 'crm_report'::regnamespace AND a.attnum > 0 AND (col_description(a.attrelid, a.attnum) IS NULL OR obj_description(c.oid, 'pg_class') IS NULL OR (a.atttypid = 'numeric'::regtype AND a.atttypmod = -1));
-- each report is a view, each view a report, and each materialized view has its plain view
SELECT r.report, c.relname FROM crm._reports() AS r FULL JOIN (SELECT relname FROM pg_class WHERE relnamespace = 'crm_report'::regnamespace) AS c ON c.relname = r.report WHERE r.report IS NULL OR c.relname IS NULL;
SELECT c.relname FROM pg_class AS c WHERE c.relnamespace = 'crm'::regnamespace AND c.relkind = 'm' AND NOT EXISTS (SELECT FROM crm._reports() AS r WHERE r.relation = c.relname);
-- with an empty search_path, as pg_dump and REFRESH of later versions have it
SET search_path = '';
REFRESH MATERIALIZED VIEW crm.report_pareto;
SELECT pg_catalog.count(*) FROM crm.refresh_reports(full_run => true);
RESET search_path;

SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT crm_member.drop_crm('crm', 'crm');
DROP OWNED BY crm_test_chain, crm_test_two, crm_test_boss, crm_test_deputy, crm_test_clerk;
DROP ROLE crm_test_chain, crm_test_two, crm_test_boss, crm_test_deputy, crm_test_clerk;
