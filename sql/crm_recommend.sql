-- sql/crm_recommend.sql
-- Pairs of products, related products, recommendations with their reason: by hand.
--
-- Seven orders: {a,b} of m1, {a,b} of m2, {a,b,c} of m3, {a,c} of m4, {b,d} of
-- m5, {c,d} of a guest, {e} of m6. So a and b lie in 4, c in 3, d in 2, e in 1;
-- a and b together in 3, a and c in 2, b and c, b and d, c and d in 1.
-- For m4, who has a and c: b scores 3/4 + 1/3, d 1/3. For m5, who has b and d,
-- a scores 3/4 and c 1/4 + 1/2: a tie, by id.

SET client_min_messages = warning;
\set VERBOSITY sqlstate
SELECT crm_member.create_crm('crm');
INSERT INTO crm.setting (key, value, meaning) VALUES ('report_day', '"2024-06-30"', 'the day of this test');
UPDATE crm.setting SET value = '1' WHERE key = 'pair_min_count';
INSERT INTO crm.store (code, name) VALUES ('s1', 'one'), ('s2', 'two');
INSERT INTO crm.member (member_no, joined_at, home_store_id) SELECT 'm' || i, '2024-01-01', 1 + i % 2 FROM generate_series(1, 6) AS i;
INSERT INTO crm.product (code, name) SELECT c, upper(c) FROM unnest('{a,b,c,d,e}'::text[]) AS c;
INSERT INTO crm.sale (id, member_id, occurred_at, net_spend) SELECT 100 + i, CASE WHEN i <> 6 THEN least(i, 6) END, '2024-05-01 10:00+08', 10 FROM generate_series(1, 7) AS i;
INSERT INTO crm.sale_line (sale_id, line_no, product_id, list_amount, payable_amount, money_amount)
SELECT 100 + o.no, row_number() OVER (PARTITION BY o.no ORDER BY c), p.id, 1, 1, 1
FROM (VALUES (1, 'ab'), (2, 'ab'), (3, 'abc'), (4, 'ac'), (5, 'bd'), (6, 'cd'), (7, 'e')) AS o(no, items), regexp_split_to_table(o.items, '') AS c JOIN crm.product AS p ON p.code = c;
-- nothing before the first refresh
SELECT count(*) FROM crm.recommend(4);
SELECT relation, how, rows_written FROM crm.refresh_reports('{product_pairs}') WHERE relation = 'report_pair';
SELECT product_code, with_product_code, baskets_with_both AS both_in, baskets_with_product AS in_a, baskets_with_other AS in_b, baskets, support, confidence, lift, conviction
FROM crm_report.product_pairs WHERE product_code = 'a' OR with_product_code = 'a' ORDER BY 1, 2;
SELECT code, together, confidence, lift FROM crm.related_products(1);
SELECT code FROM crm.related_products(1, 1);
SELECT place, code, name, score, because_code, because_name, together, confidence, lift FROM crm.recommend(4);
SELECT place, code, score, because_code FROM crm.recommend(5);
SELECT place, code, score, because_code FROM crm.recommend(1, 1);
SELECT count(*) FROM crm.recommend(6);
-- a member who was there in a basket that is refunded bought nothing new; lines of a refund count nowhere
INSERT INTO crm.sale (id, member_id, occurred_at, net_spend, refund_of_id) VALUES (108, 6, '2024-05-02 10:00+08', -1, 107);
INSERT INTO crm.sale_line (sale_id, line_no, product_id, list_amount, payable_amount, money_amount) VALUES (108, 1, 1, -1, -1, -1), (108, 2, 5, -1, -1, -1);
SELECT how, rows_written FROM crm.refresh_reports() WHERE relation = 'report_pair';
SELECT count(*) FROM crm.recommend(6);
-- withdrawn
UPDATE crm.product SET withdrawn_on = '2024-06-01' WHERE code = 'b';
SELECT code FROM crm.recommend(4);
SELECT code FROM crm.related_products(1);
UPDATE crm.product SET withdrawn_on = NULL;
-- pairs below the limit; baskets that are too large; a window that has passed
UPDATE crm.setting SET value = '2' WHERE key = 'pair_min_count';
SELECT how, rows_written FROM crm.refresh_reports() WHERE relation = 'report_pair';
UPDATE crm.setting SET value = '2' WHERE key = 'pair_max_items';
SELECT how, rows_written FROM crm.refresh_reports('{product_pairs}') WHERE relation = 'report_pair';
SELECT how FROM crm.refresh_reports('{product_pairs}') WHERE relation = 'report_pair';
SELECT how FROM crm.refresh_reports() WHERE relation = 'report_pareto';
SELECT how FROM crm.refresh_reports() WHERE relation = 'report_pareto';
SELECT rows_written FROM crm.refresh_reports(as_of => '2024-04-30') WHERE relation = 'report_pair';
UPDATE crm.setting SET value = '100' WHERE key = 'pair_max_items';
UPDATE crm.setting SET value = '1' WHERE key = 'pair_months';
SELECT rows_written FROM crm.refresh_reports() WHERE relation = 'report_pair';
UPDATE crm.setting SET value = 'null' WHERE key = 'pair_months';
SELECT rows_written FROM crm.refresh_reports(full_run => true) WHERE relation = 'report_pair';
-- too little memory: the hint names the setting that decides
BEGIN;
SET LOCAL work_mem = '64kB';
UPDATE crm.setting SET value = '"1MB"' WHERE key = 'pair_memory';
INSERT INTO crm.sale_line (sale_id, line_no, product_id, list_amount, payable_amount, money_amount) SELECT 101, i, 1, 1, 1, 1 FROM generate_series(10, 66000) AS i;
\set VERBOSITY terse
SELECT count(*) FROM crm.refresh_reports(full_run => true);
\set VERBOSITY sqlstate
ROLLBACK;
-- who opted out is recommended nothing; who is nobody is an error
UPDATE crm.member SET profiling = false WHERE id = 4;
SELECT count(*) FROM crm.recommend(4);
SELECT count(*) FROM crm.recommend(99);
-- rights: a clerk recommends to members of the own store; products belong to none; sums of the chain are for readers of all stores
CREATE ROLE crm_test_clerk;
CREATE ROLE crm_test_analyst;
SELECT crm_member.grant_crm('crm', 'crm_test_clerk', 'clerk', 2), crm_member.grant_crm('crm', 'crm_test_analyst', 'analyst', 2);
SET ROLE crm_test_clerk;
SELECT count(*) FROM crm.recommend(1);
SELECT count(*) FROM crm.recommend(2);
SELECT count(*) FROM crm.related_products(1);
SET ROLE crm_test_analyst;
SELECT count(*) FROM crm.recommend(1);
SELECT count(*) FROM crm_report.product_pairs;
RESET ROLE;
DROP OWNED BY crm_test_clerk, crm_test_analyst;
DROP ROLE crm_test_clerk, crm_test_analyst;
DELETE FROM crm.access;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
-- made again after the extension was away
DROP EXTENSION crm_member CASCADE;
CREATE EXTENSION crm_member;
SELECT crm_member.upgrade_crm('crm');
SELECT count(*) FROM crm.report_pair;
SELECT crm_member.drop_crm('crm', confirm => 'crm');
