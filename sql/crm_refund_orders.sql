-- sql/crm_refund_orders.sql
-- A refund is never an order, at 0.00 neither: histories, monthly sales, returns and what is known of sales agree.
--
-- Member 1 buys for 0.00 (points alone) on 2024-03-01 and for 80.00 on
-- 2024-03-10; the first is refunded at 0.00 on 2024-04-02, the second for 30.00
-- on 2024-04-03. Two orders on two days, both returned; April has none.

SET client_min_messages = warning;
\set VERBOSITY sqlstate
SELECT crm_member.create_crm('crm');
UPDATE crm.setting SET value = '1' WHERE key = 'report_min_group';
INSERT INTO crm.setting (key, value, meaning) VALUES ('report_day', '"2024-04-30"', 'the day of this test');
SELECT count(*) FROM generate_series(1, 2) AS i, LATERAL crm.member_register('m' || i, joined_at => '2024-01-01 00:00+08');
INSERT INTO crm.sale (id, member_id, occurred_at, net_spend, refund_of_id) VALUES
  (101, 1, '2024-03-01 10:00+08', 0, NULL), (102, 1, '2024-03-10 10:00+08', 80, NULL);
SELECT count(*) FROM crm.refresh_reports();
INSERT INTO crm.sale (id, member_id, occurred_at, net_spend, refund_of_id) VALUES
  (103, 1, '2024-04-02 10:00+08', 0, 101), (104, 1, '2024-04-03 10:00+08', -30, 102);
SELECT history FROM crm.member_history WHERE member_id = 1;
SELECT sale_id, net_spend, is_order FROM crm._sales_known(1, '-infinity', 'infinity', 'infinity') ORDER BY sale_id;
SELECT count(*) FROM crm.refresh_reports();
SELECT month, orders, refunds, net_spend, member_orders FROM crm_report.sales_by_month ORDER BY month;
SELECT month, buying_members, orders FROM crm_report.member_activity WHERE month >= '2024-03-01' ORDER BY month;
SELECT cohort, months_after, members, retained FROM crm_report.cohort_retention ORDER BY 1, 2;
SELECT month, orders, returned_orders FROM crm_report.return_rate ORDER BY month;
SELECT orders, net_spend, last_day FROM crm_report.member_rfm_scores WHERE member_id = 1;

-- another's refund at 0.00 first of all: a history without a day
INSERT INTO crm.sale (id, member_id, occurred_at, net_spend, refund_of_id) VALUES (105, 2, '2024-04-04 10:00+08', 0, 102);
SELECT history FROM crm.member_history WHERE member_id = 2;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
-- the till loses the reference, and learns it again; the day comes and goes
UPDATE crm.sale SET refund_of_id = NULL WHERE id = 103;
SELECT history FROM crm.member_history WHERE member_id = 1;
UPDATE crm.sale SET refund_of_id = 101 WHERE id = 103;
SELECT history FROM crm.member_history WHERE member_id = 1;
DELETE FROM crm.sale WHERE id = 105;
SELECT count(*) FROM crm.refresh_reports();
SELECT crm.rebuild_histories() AS rewritten;
CREATE TEMP TABLE stepwise AS SELECT * FROM crm.sales_month;
SELECT count(*) FROM crm.refresh_reports(full_run => true);
SELECT count(*) AS differ FROM ((TABLE stepwise EXCEPT ALL TABLE crm.sales_month) UNION ALL (TABLE crm.sales_month EXCEPT ALL TABLE stepwise)) AS x;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT crm_member.drop_crm('crm', confirm => 'crm');
