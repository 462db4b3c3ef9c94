-- sql/crm_rfm_methods.sql
-- RFM by ntile and by fixed cut points, frequency by orders and by days, the history of segments and moves between them: by hand.
--
-- As of 30 June: m1 one order of 100.00 today; m2 two on 20 June, 200.00 in
-- all; m3 one on 10 and one on 20 June, 200.00; m4 three, the last on 31 May,
-- 300.00; m5 one of 50.00 on 1 April. Days since: 0, 10, 10, 30, 90. Five
-- members in five parts are ranks, ties by id: R m5 m4 m2 m3 m1, F m1 m5 m2 m3
-- m4, M m5 m1 m2 m3 m4.

SET client_min_messages = warning;
SET datestyle = ISO;
\set VERBOSITY sqlstate
SELECT crm_member.create_crm('crm', locale => 'en');
INSERT INTO crm.setting (key, value, meaning) VALUES ('report_day', '"2024-06-30"', 'the day of this test');
UPDATE crm.setting SET value = '"ntile"' WHERE key = 'rfm_method';
INSERT INTO crm.store (code, name) VALUES ('s1', 'one'), ('s2', 'two');
INSERT INTO crm.member (member_no, joined_at, home_store_id) SELECT 'm' || i, '2024-01-01', 1 + i % 2 FROM generate_series(1, 6) AS i;
INSERT INTO crm.sale (member_id, occurred_at, net_spend)
SELECT v.id, (v.day || ' 10:00+08')::timestamptz, v.amount
FROM (VALUES (1, '2024-06-30', 100), (2, '2024-06-20', 150), (2, '2024-06-20', 50), (3, '2024-06-10', 100), (3, '2024-06-20', 100),
             (4, '2024-05-01', 100), (4, '2024-05-11', 100), (4, '2024-05-31', 100), (5, '2024-04-01', 50)) AS v(id, day, amount);
CREATE VIEW pg_temp.scores AS SELECT member_no, recency_days AS days, orders, net_spend, score, segment, octant, octant_name FROM crm_report.member_rfm_scores ORDER BY member_id;
SELECT how FROM crm.refresh_reports() WHERE relation = 'member_score';
TABLE pg_temp.scores;
-- the ends of the parts are kept
SELECT method, frequency_of, bins, members, recency_cuts, frequency_cuts, monetary_cuts FROM crm.rfm_run;
-- m1 buys again today, for 100.00: 0 days, 2 orders, 200.00; of equal parts the lower one
INSERT INTO crm.sale (member_id, occurred_at, net_spend) VALUES (1, '2024-06-30 11:00+08', 100);
SELECT how, rows_written FROM crm.refresh_reports() WHERE relation = 'member_score';
TABLE pg_temp.scores;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;

-- a month later m5 comes back with 500.00: R m4 m2 m3 m1 m5, F m1 m2 m3 m5 m4, M m1 m2 m3 m4 m5
INSERT INTO crm.sale (member_id, occurred_at, net_spend) VALUES (5, '2024-07-20 10:00+08', 500);
UPDATE crm.setting SET value = '"2024-07-31"' WHERE key = 'report_day';
SELECT how FROM crm.refresh_reports() WHERE relation = 'member_score';
TABLE pg_temp.scores;
SELECT member_no, from_day, through_day, segment, segment_name, octant FROM crm_report.member_segments ORDER BY member_id, from_day;
SELECT month, from_segment, to_segment, members FROM crm_report.segment_moves ORDER BY month, from_segment COLLATE "C";
SELECT * FROM crm.segment_migration('2024-06-30');
SELECT from_segment, to_segment, members FROM crm.segment_migration('2024-01-01', '2024-06-29');
SELECT * FROM crm.segment_migration('2024-07-01', '2024-06-29');
-- a report of an earlier day leaves the history as it is
SELECT md5(string_agg(s::text, ',' ORDER BY member_id, as_of)) AS kept FROM crm.member_segment AS s \gset
SELECT how FROM crm.refresh_reports(as_of => '2024-05-31') WHERE relation = 'member_score';
SELECT md5(string_agg(s::text, ',' ORDER BY member_id, as_of)) = :'kept' AS same FROM crm.member_segment AS s;

-- fixed cut points, four parts: days 31, 41, 41, 61, 11 against 5, 15, 60; orders 2, 2, 2, 3, 2 against 1, 2, 4; money 200, 200, 200, 300, 550 against 60, 150, 250
UPDATE crm.setting SET value = '"fixed"' WHERE key = 'rfm_method';
SELECT how FROM crm.refresh_reports();
UPDATE crm.setting SET value = '{"recency": [5, 15, 60], "frequency": [1, 2], "monetary": [60, 150, 250]}' WHERE key = 'rfm_fixed_cuts';
SELECT how FROM crm.refresh_reports();
UPDATE crm.setting SET value = '{"recency": [5, 60, 15], "frequency": [1, 2, 4], "monetary": [60, 150, 250]}' WHERE key = 'rfm_fixed_cuts';
SELECT how FROM crm.refresh_reports();
UPDATE crm.setting SET value = '{"recency": [5, 15, 60], "frequency": [1, 2, 4], "monetary": [60, 150, 250]}' WHERE key = 'rfm_fixed_cuts';
SELECT how FROM crm.refresh_reports() WHERE relation = 'member_score';
TABLE pg_temp.scores;
-- frequency by days with an order: 1, 1, 2, 3, 2
UPDATE crm.setting SET value = '"days"' WHERE key = 'rfm_frequency';
SELECT how FROM crm.refresh_reports() WHERE relation = 'member_score';
SELECT member_no, orders, score FROM crm_report.member_rfm_scores ORDER BY member_id;
SELECT how FROM crm.refresh_reports() WHERE relation = 'member_score';
UPDATE crm.setting SET value = '"weeks"' WHERE key = 'rfm_frequency';
SELECT how FROM crm.refresh_reports();
UPDATE crm.setting SET value = '"orders"' WHERE key = 'rfm_frequency';
-- a window of two months: m2 and m3 bought on 20 June, m4 on 31 May, which is out
UPDATE crm.setting SET value = '2' WHERE key = 'rfm_months';
SELECT how FROM crm.refresh_reports() WHERE relation = 'member_score';
SELECT member_no, orders, net_spend, score, segment FROM crm_report.member_rfm_scores ORDER BY member_id;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;

-- segments and octants are rows: a rule before the others, another name
INSERT INTO crm.rfm_rule (priority, segment, name, r_from, r_to, fm_from, fm_to) VALUES (5, 'Ours', 'Ours', 1, 5, 1, 5);
UPDATE crm.rfm_octant SET name = 'best of all' WHERE octant = '111';
SELECT segment, members FROM crm_report.rfm_segments WHERE members > 0 ORDER BY priority;
SELECT octant, octant_name, members, member_share, orders, net_spend FROM crm_report.rfm_octants ORDER BY priority;
SELECT count(*) FROM crm.refresh_reports(full_run => true);
SELECT DISTINCT segment FROM crm.member_segment WHERE as_of = '2024-07-31' ORDER BY 1;
-- scores that no rule matches are in none, here and in the history; a rule may bear the name of those without a score
BEGIN;
DELETE FROM crm.rfm_rule WHERE r_to > 0;
INSERT INTO crm.rfm_rule (priority, segment, name, r_from, r_to, fm_from, fm_to) VALUES (7, 'lapsed', 'nearly', 2, 2, 1, 5);
SELECT member_no, score, segment, segment_name FROM crm_report.member_rfm_scores ORDER BY member_id;
SELECT priority, segment, members, member_share FROM crm_report.rfm_segments ORDER BY priority;
SELECT count(*) > 0 AS refreshed FROM crm.refresh_reports(full_run => true);
SELECT to_segment, sum(members) FROM crm.segment_migration('2024-07-31') GROUP BY 1 ORDER BY 1;
ROLLBACK;

-- who opts out leaves no trace; readers of a store see its members
UPDATE crm.member SET profiling = false WHERE id = 2;
SELECT count(*) FROM crm.refresh_reports();
SELECT count(*) FROM crm.member_segment WHERE member_id = 2;
CREATE ROLE crm_test_two;
CREATE ROLE crm_test_clerk;
SELECT crm_member.grant_crm('crm', 'crm_test_two', 'marketer', 2), crm_member.grant_crm('crm', 'crm_test_clerk', 'clerk', 2);
SET ROLE crm_test_two;
SELECT DISTINCT member_no FROM crm_report.member_segments ORDER BY 1;
SELECT sum(members) FROM crm_report.rfm_octants;
SELECT sum(members) FROM crm.segment_migration('2024-06-30');
SET ROLE crm_test_clerk;
SELECT sum(members) FROM crm.segment_migration('2024-06-30');
RESET ROLE;
DROP OWNED BY crm_test_two, crm_test_clerk;
DROP ROLE crm_test_two, crm_test_clerk;
DELETE FROM crm.access;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT crm_member.drop_crm('crm', confirm => 'crm');
