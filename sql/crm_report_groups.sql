-- sql/crm_report_groups.sql
-- Small groups are hidden in reports of the chain; cohorts classic and rolling, in members and money; purchase gaps.
--
-- Six members buy first in January, for 100.00 each, four in February, for
-- 10.00. Of the six, five spend 10.00 in February, m1 and m2 10.00 in March,
-- m3 20.00 in April, when m1 gives 5.00 back. So of January's cohort 6, 5, 2
-- and 1 bought in the months from 0 to 3, and 6, 5, 3 and 1 in that month or
-- later; the money of March and April is that of two members each.

SET client_min_messages = warning;
SET datestyle = ISO;
\set VERBOSITY sqlstate
SELECT crm_member.create_crm('crm');
INSERT INTO crm.setting (key, value, meaning) VALUES ('report_day', '"2024-04-30"', 'the day of this test');
INSERT INTO crm.store (code, name) VALUES ('s1', 'one'), ('s2', 'two');
INSERT INTO crm.member (member_no, joined_at, home_store_id) SELECT 'm' || i, '2024-01-01', 1 + i % 2 FROM generate_series(1, 10) AS i;
INSERT INTO crm.sale (member_id, occurred_at, net_spend)
SELECT i, '2024-01-10 10:00+08'::timestamptz, 100 FROM generate_series(1, 6) AS i
UNION ALL SELECT i, '2024-02-10 10:00+08', 10 FROM generate_series(1, 5) AS i
UNION ALL SELECT i, '2024-02-20 10:00+08', 10 FROM generate_series(7, 10) AS i
UNION ALL VALUES (1, '2024-03-10 10:00+08'::timestamptz, 10), (2, '2024-03-10 10:00+08', 10), (3, '2024-04-10 10:00+08', 20), (1, '2024-04-11 10:00+08', -5);
SELECT count(*) FROM crm.refresh_reports();
SELECT cohort, months_after, members, retained, retention_rate, rolling_retained, rolling_rate, net_spend, spend_per_member FROM crm_report.cohort_retention ORDER BY 1, 2;
-- the best 41 to 100 percent of ten members are five or more
SELECT min(members) AS least, min(member_percent) AS percent, count(*) FROM crm_report.pareto;
-- the stored rows hold no more than the views show
SELECT (SELECT min(members) FROM crm.report_cohort) AS cohorts, (SELECT min(members) FROM crm.report_pareto) AS pareto;
-- a smaller limit, from the next refresh on; April is told of while it runs only when it is over
UPDATE crm.setting SET value = '1' WHERE key = 'report_min_group';
SELECT count(*) FROM crm.refresh_reports(full_run => true);
SELECT cohort, months_after, members, retained, rolling_retained, net_spend FROM crm_report.cohort_retention ORDER BY 1, 2;
SELECT count(*) FROM crm_report.pareto;
SELECT count(*) FROM crm.refresh_reports(as_of => '2024-04-29');
SELECT cohort, months_after, retained, rolling_retained, net_spend FROM crm_report.cohort_retention WHERE months_after > 1 ORDER BY 1, 2;

-- m1 bought on 10 January, February and March: gaps of 31 and 29 days, median 30; m3's are 31 and 60, median 45.5
SELECT member_no, purchase_days, last_day, median_gap_days, next_expected_day, days_overdue, gaps_since FROM crm_report.purchase_gaps WHERE member_id IN (1, 3, 6) ORDER BY member_id;
UPDATE crm.member SET profiling = false WHERE id = 3;
CREATE ROLE crm_test_two;
SELECT crm_member.grant_crm('crm', 'crm_test_two', 'analyst', 2);
SET ROLE crm_test_two;
SELECT string_agg(member_no, ' ' ORDER BY member_id) FROM crm_report.purchase_gaps;
SELECT (SELECT count(*) FROM crm_report.cohort_retention) AS cohorts, (SELECT count(*) FROM crm_report.pareto) AS pareto;
RESET ROLE;
DROP OWNED BY crm_test_two;
DROP ROLE crm_test_two;
DELETE FROM crm.access;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT crm_member.drop_crm('crm', confirm => 'crm');
