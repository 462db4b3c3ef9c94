-- sql/crm_report_ahead.sql
-- Sales dated after the day of the reports, in none of that day and in all once theirs has come; rules of segments changed after the scores.
--
-- The reports are of 2024-03-05, then of 2024-03-07. Member 1 buys for 10.00 on
-- 2024-01-02 and for 100.00 on 03-06, member 2 for 20.00 on 2024-01-03, which
-- comes back on 03-06, member 3 for 30.00 on 2024-02-04, a guest on 03-07 at
-- 23:59:59.999999 and on 03-08 at 00:00; all of it told by 03-05. By hand: on
-- 03-05 January has 2 orders and February 1, none returned, and March none; on
-- 03-07 one of January is returned, and March has the order of member 1 and the
-- first of the guest. Then member 1 has 2 orders of 110.00, the last on 03-06,
-- and member 2 one of 0.00.

SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set VERBOSITY sqlstate
SELECT crm_member.create_crm('crm');
INSERT INTO crm.setting (key, value, meaning) VALUES ('report_day', '"2024-03-05"', 'the day of this test');
INSERT INTO crm.member (member_no, joined_at) SELECT 'm' || i, '2023-01-01' FROM generate_series(1, 3) AS i;
INSERT INTO crm.sale (id, member_id, occurred_at, net_spend, refund_of_id) VALUES
  (101, 1, '2024-01-02 12:00+08', 10, NULL), (102, 2, '2024-01-03 12:00+08', 20, NULL), (103, 3, '2024-02-04 12:00+08', 30, NULL),
  (104, 1, '2024-03-06 12:00+08', 100, NULL), (105, 2, '2024-03-06 12:00+08', -20, 102),
  (106, NULL, '2024-03-07 23:59:59.999999+08', 5, NULL), (107, NULL, '2024-03-08 00:00+08', 6, NULL);
SELECT count(*) AS refreshed FROM crm.refresh_reports();
SELECT member_id, as_of, last_day, orders, net_spend FROM crm_report.member_rfm_scores ORDER BY 1;
SELECT month, through_day, orders, returned_orders FROM crm_report.return_rate ORDER BY 1;
-- their day comes
UPDATE crm.setting SET value = '"2024-03-07"' WHERE key = 'report_day';
SELECT relation, how, rows_written FROM crm.refresh_reports('{member_rfm_scores,return_rate}');
SELECT member_id, as_of, last_day, orders, net_spend FROM crm_report.member_rfm_scores ORDER BY 1;
SELECT month, through_day, orders, returned_orders FROM crm_report.return_rate ORDER BY 1;
-- and the reports of the day before once more, and of the day
SELECT count(*) AS refreshed FROM crm.refresh_reports(as_of => '2024-03-05', full_run => true);
SELECT count(*) AS refreshed FROM crm.refresh_reports();
SELECT member_id, as_of, last_day, orders, net_spend FROM crm_report.member_rfm_scores ORDER BY 1;
-- a rule changed after the scores does not change what stands of their day
UPDATE crm.rfm_rule SET segment = 'Gold' WHERE segment <> 'prospect';
UPDATE crm.setting SET value = '"2024-03-09"' WHERE key = 'report_day';
INSERT INTO crm.sale (id, member_id, occurred_at, net_spend) VALUES (108, 3, '2024-03-09 12:00+08', 1);
SELECT count(*) AS refreshed FROM crm.refresh_reports();
SELECT member_id, from_day, segment = 'Gold' AS by_new_rule FROM crm_report.member_segments WHERE through_day IS NULL ORDER BY 1;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT crm_member.drop_crm('crm', confirm => 'crm');
