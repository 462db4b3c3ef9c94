-- sql/crm_rls.sql
-- What each level sees: own stores only, through table, view, function, COPY, MERGE and joins; nothing is written, nothing is probed.

\set VERBOSITY sqlstate
SET client_min_messages = warning;
SET timezone = 'Asia/Shanghai';
CREATE ROLE crm_test_owner;
CREATE ROLE crm_test_clerk_1;
CREATE ROLE crm_test_clerk_2;
CREATE ROLE crm_test_both;
CREATE ROLE crm_test_pool NOINHERIT;
CREATE ROLE crm_test_chain;
CREATE ROLE crm_test_analyst;
CREATE ROLE crm_test_marketer;
CREATE ROLE crm_test_auditor;
CREATE ROLE crm_test_stranger;
SELECT format('GRANT CREATE ON DATABASE %I TO crm_test_owner', current_database()) \gexec
GRANT crm_test_clerk_1, crm_test_clerk_2 TO crm_test_pool;
SET ROLE crm_test_owner;
SELECT crm_member.create_crm('crm');
INSERT INTO crm.store (code, name) SELECT 's' || i, 'store ' || i FROM generate_series(1, 40) AS i;
-- 3 members of store 1, 2 of store 2, 1 of none; sales: 4 in store 1, 3 in store 2, 1 in none; member 1 bought in both
INSERT INTO crm.member (member_no, home_store_id, joined_at) VALUES ('m1', 1, '2024-01-01'), ('m2', 1, '2024-01-01'), ('m3', 1, '2024-01-01'),
  ('m4', 2, '2024-01-01'), ('m5', 2, '2024-01-01'), ('m6', NULL, '2024-01-01');
INSERT INTO crm.member_pii (member_id, full_name, phone) SELECT id, 'Name ' || id, '1380000000' || id FROM crm.member;
SELECT count(*) AS recorded FROM (VALUES (1, 1, 10), (1, 2, 20), (2, 1, 30), (3, 1, 40), (4, 2, 50), (5, 2, 60), (6, NULL, 70), (NULL, 1, 80)) AS v(m, s, a),
  LATERAL crm.sale_record(format('r%s', v.a), jsonb_build_array(jsonb_build_object('list_amount', v.a)), jsonb_build_array(jsonb_build_object('kind', 'cash', 'amount', v.a)),
                          member_id => v.m, store_id => v.s, occurred_at => '2024-03-01') AS r;
SELECT crm_member.grant_crm('crm', 'crm_test_clerk_1', 'clerk', 1);
SELECT crm_member.grant_crm('crm', 'crm_test_clerk_2', 'clerk', 2);
SELECT crm_member.grant_crm('crm', 'crm_test_both', 'clerk', 1);
SELECT crm_member.grant_crm('crm', 'crm_test_both', 'manager', 2);
SELECT crm_member.grant_crm('crm', 'crm_test_chain', 'app');
SELECT crm_member.grant_crm('crm', 'crm_test_analyst', 'analyst');
SELECT crm_member.grant_crm('crm', 'crm_test_marketer', 'marketer', 1);
SELECT crm_member.grant_crm('crm', 'crm_test_auditor', 'auditor');
RESET ROLE;

-- through tables and views: 3 and 4 for the clerk of store 1, 2 and 3 for that of store 2, 5 and 7 for who has both, all for the chain
SET ROLE crm_test_clerk_1;
SELECT (SELECT count(*) FROM crm.member) AS member, (SELECT count(*) FROM crm.members) AS members, (SELECT count(*) FROM crm.sale) AS sale, (SELECT count(*) FROM crm.sales) AS sales,
       (SELECT count(*) FROM crm.sale_line) AS lines, (SELECT count(*) FROM crm.sale_lines) AS line_view, (SELECT count(*) FROM crm.sale_tender) AS tenders;
SET ROLE crm_test_clerk_2;
SELECT (SELECT count(*) FROM crm.member) AS member, (SELECT count(*) FROM crm.members) AS members, (SELECT count(*) FROM crm.sale) AS sale, (SELECT count(*) FROM crm.sales) AS sales,
       (SELECT count(*) FROM crm.sale_line) AS lines, (SELECT count(*) FROM crm.sale_lines) AS line_view, (SELECT count(*) FROM crm.sale_tender) AS tenders;
SET ROLE crm_test_both;
SELECT (SELECT count(*) FROM crm.member) AS member, (SELECT count(*) FROM crm.members) AS members, (SELECT count(*) FROM crm.sale) AS sale, (SELECT count(*) FROM crm.sales) AS sales,
       (SELECT count(*) FROM crm.sale_line) AS lines, (SELECT count(*) FROM crm.sale_lines) AS line_view, (SELECT count(*) FROM crm.sale_tender) AS tenders;
SET ROLE crm_test_chain;
SELECT (SELECT count(*) FROM crm.member) AS member, (SELECT count(*) FROM crm.members) AS members, (SELECT count(*) FROM crm.sale) AS sale, (SELECT count(*) FROM crm.sales) AS sales,
       (SELECT count(*) FROM crm.sale_line) AS lines, (SELECT count(*) FROM crm.sale_lines) AS line_view, (SELECT count(*) FROM crm.sale_tender) AS tenders;
SET ROLE crm_test_auditor;
SELECT (SELECT count(*) FROM crm.member) AS member, (SELECT count(*) FROM crm.members) AS members, (SELECT count(*) FROM crm.sale) AS sale, (SELECT count(*) FROM crm.sales) AS sales,
       (SELECT count(*) FROM crm.sale_line) AS lines, (SELECT count(*) FROM crm.sale_lines) AS line_view, (SELECT count(*) FROM crm.sale_tender) AS tenders;
SELECT count(*) FROM crm.member_pii;
-- analyst and marketer read the masked views alone; a marketer of store 1 sees 3 members there
SET ROLE crm_test_analyst;
SELECT count(*) FROM crm.member;
SELECT count(*) FROM crm.members;
SELECT count(*) AS masked, count(*) FILTER (WHERE masked_name ~ 'ame') AS full_names FROM crm_report.members;
SET ROLE crm_test_marketer;
SELECT count(*) FROM crm.sales;
SELECT count(*) AS own FROM crm_report.members;
SET ROLE crm_test_stranger;
SELECT count(*) FROM crm.members;

-- joins by foreign key, COPY, functions of one's own, sub-queries: own rows. Member 1 bought 10 here and 20 there; 80 was a guest's.
SET ROLE crm_test_clerk_1;
SELECT s.sale_id, s.member_no, s.net_spend FROM crm.sales AS s ORDER BY s.sale_id;
SELECT sum(s.net_spend) AS own FROM crm.member AS m JOIN crm.sale AS s ON s.member_id = m.id;
COPY (SELECT member_no FROM crm.member ORDER BY id) TO STDOUT;
COPY crm.sale (net_spend) TO STDOUT;
CREATE FUNCTION pg_temp.count_sales() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM crm.sale';
SELECT pg_temp.count_sales();
SELECT count(*) AS hidden FROM crm.member WHERE id IN (4, 5, 6);
SET ROLE crm_test_clerk_2;
SELECT s.sale_id, s.member_no, s.net_spend FROM crm.sales AS s ORDER BY s.sale_id;
-- a condition of the reader's own that tells what it is given meets no hidden row
CREATE FUNCTION pg_temp.tell(text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN RAISE NOTICE 'seen %', $1; RETURN true; END $$;
SET client_min_messages = notice;
\set VERBOSITY terse
SELECT count(*) FROM crm.member WHERE pg_temp.tell(member_no);
\set VERBOSITY sqlstate
RESET client_min_messages;
SET client_min_messages = warning;

-- an act for an own member, told to be of another's store, is refused; of the own store or of none it is not
SET ROLE crm_test_clerk_1;
SELECT crm.interaction_add(1, 'visit', 'of store 2', store_id => 2);
SELECT card_no FROM crm.card_issue(1, 'of store 2', store_id => 2);
SELECT points FROM crm.points_accrue(1, 10, 'of store 2', store_id => 2);
SELECT crm.reward_redeem('of store 2', 1, 'none', store_id => 2);
SELECT crm.interaction_add(1, 'visit', 'of store 1', store_id => 1) > 0 AND crm.interaction_add(1, 'visit', 'of none') > 0 AS added;
SELECT points FROM crm.points_accrue(1, 10, 'accrued at 1', store_id => 1, dry_run => true);

-- no writing, whether the row would be one's own or another's; a hidden number and a free one get one answer
INSERT INTO crm.member (member_no, home_store_id, joined_at) VALUES ('m4', 2, now());
INSERT INTO crm.member (member_no, home_store_id, joined_at) VALUES ('m9', 1, now());
INSERT INTO crm.sale (member_id, store_id, occurred_at, net_spend) VALUES (1, 2, now(), 1) RETURNING id;
UPDATE crm.member SET home_store_id = 1;
UPDATE crm.sale SET store_id = 1 WHERE store_id = 2 RETURNING id;
DELETE FROM crm.sale;
MERGE INTO crm.member AS m USING (VALUES ('m4')) AS v(no) ON m.member_no = v.no WHEN MATCHED THEN UPDATE SET home_store_id = 1;
SELECT id FROM crm.member FOR UPDATE;
TRUNCATE crm.sale;
SELECT * FROM crm.points_balance(4);
SELECT * FROM crm.points_balance(99);
SELECT net_spend FROM crm.sale_record('x', '[{"list_amount": 1}]', '[{"kind": "cash", "amount": 1}]', member_id => 1, store_id => 2);
SELECT r.net_spend FROM crm.sale_refund('y', (SELECT 2::bigint)) AS r;
-- somebody gave INSERT by hand: row security still refuses
RESET ROLE;
SET ROLE crm_test_owner;
GRANT INSERT, UPDATE, DELETE ON crm.sale, crm.member TO crm_test_clerk_1;
SET ROLE crm_test_clerk_1;
INSERT INTO crm.member (member_no, home_store_id, joined_at) VALUES ('m4', 2, now());
INSERT INTO crm.member (member_no, home_store_id, joined_at) VALUES ('m9', 2, now());
INSERT INTO crm.sale (member_id, store_id, occurred_at, net_spend) VALUES (1, 2, now(), 1);
UPDATE crm.sale SET store_id = 1 RETURNING id;
SET ROLE crm_test_owner;
REVOKE INSERT, UPDATE, DELETE ON crm.sale, crm.member FROM crm_test_clerk_1;

-- no other right on any table
SELECT count(*) AS rights FROM (VALUES ('crm_test_clerk_1'), ('crm_test_both'), ('crm_test_chain'), ('crm_test_analyst'), ('crm_test_marketer'), ('crm_test_auditor')) AS r(name),
  pg_class AS c, unnest('{INSERT,UPDATE,DELETE,TRUNCATE,TRIGGER,REFERENCES}'::text[]) AS p(right_)
WHERE c.relnamespace::regnamespace::text IN ('crm', 'crm_report') AND c.relkind IN ('r', 'p', 'v', 'm') AND has_table_privilege(r.name, c.oid, p.right_);
SELECT count(*) AS reads_personal_data FROM (VALUES ('crm_test_clerk_1'), ('crm_test_both'), ('crm_test_chain'), ('crm_test_analyst'), ('crm_test_marketer'), ('crm_test_auditor')) AS r(name)
WHERE has_any_column_privilege(r.name, 'crm.member_pii', 'SELECT');

-- prepared as one, run as another: the rows of who runs it
RESET ROLE;
SET SESSION AUTHORIZATION crm_test_pool;
SELECT count(*) FROM crm.sale;
SET ROLE crm_test_clerk_1;
SET plan_cache_mode = force_generic_plan;
PREPARE own_sales AS SELECT count(*), sum(net_spend) FROM crm.sale;
EXECUTE own_sales;
SET ROLE crm_test_clerk_2;
EXECUTE own_sales;
-- the right goes, the plan stays, the rows go
RESET SESSION AUTHORIZATION;
SET ROLE crm_test_owner;
SELECT crm_member.revoke_crm('crm', 'crm_test_both', 'clerk', 1);
SET ROLE crm_test_both;
EXECUTE own_sales;
RESET plan_cache_mode;
-- row security cannot be switched off
SET ROLE crm_test_clerk_1;
SET row_security = off;
SELECT count(*) FROM crm.sale;
RESET row_security;
-- what the application says about its clerk gives no right
SET crm_member.actor = 'crm_test_owner';
SELECT crm.caller(), count(*) AS own FROM crm.sale;
RESET crm_member.actor;
RESET ROLE;

-- the store is found by its index, in a bigger book
SET session_replication_role = replica;
INSERT INTO crm.member (member_no, home_store_id, joined_at) SELECT 'n' || i, 1 + i % 40, '2024-01-01' FROM generate_series(1, 20000) AS i;
INSERT INTO crm.sale (member_id, store_id, occurred_at, net_spend) SELECT NULL, 1 + i % 40, '2024-01-01'::timestamptz + i * interval '1 min', 1 FROM generate_series(1, 40000) AS i;
RESET session_replication_role;
ANALYZE crm.member, crm.sale;
CREATE FUNCTION pg_temp.conditions(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE line text; BEGIN FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
  IF line ~ 'Index Cond.*store_id' THEN RETURN NEXT regexp_replace(substring(line FROM '\(.*'), '\$\d+|\(InitPlan \d+\)\.col1', '$', 'g'); END IF; END LOOP; END $$;
SET ROLE crm_test_clerk_1;
SELECT * FROM pg_temp.conditions('SELECT count(*) FROM crm.sale');
SELECT * FROM pg_temp.conditions('SELECT count(*) FROM crm.member');
SELECT * FROM pg_temp.conditions('SELECT * FROM crm.sales WHERE occurred_at > ''2024-01-20''');
SELECT count(*) FROM crm.sale;
SET ROLE crm_test_chain;
SELECT count(*) FROM crm.sale;
RESET ROLE;

-- every role has exactly what its levels say
SELECT a.role_name, p.kind, p.object AS missing FROM crm.access AS a JOIN crm._privileges() AS p ON p.level = a.level
WHERE NOT CASE p.kind WHEN 'v' THEN has_table_privilege(a.role_name, 'crm_report.' || p.object, 'SELECT') WHEN 'r' THEN has_table_privilege(a.role_name, 'crm.' || p.object, 'SELECT')
          ELSE (SELECT bool_and(has_function_privilege(a.role_name, f.oid, 'EXECUTE')) FROM pg_proc AS f WHERE f.pronamespace = 'crm'::regnamespace AND f.proname = p.object) END;
SELECT DISTINCT a.role_name, c.relname AS too_much FROM crm.access AS a, pg_class AS c
WHERE c.relnamespace::regnamespace::text IN ('crm', 'crm_report') AND c.relkind IN ('r', 'p', 'v', 'm') AND has_table_privilege(a.role_name, c.oid, 'SELECT')
  AND NOT EXISTS (SELECT FROM crm.access AS b JOIN crm._privileges() AS p ON p.level = b.level WHERE b.role_name = a.role_name AND p.object = c.relname AND p.kind <> 'f');
-- tables with a member or a sale of a member have row security
SELECT c.relname AS without_row_security FROM pg_class AS c WHERE c.relnamespace = 'crm'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity
  AND EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname IN ('member_id', 'sale_id') AND NOT a.attisdropped);

SET ROLE crm_test_owner;
SELECT crm_member.drop_crm('crm', confirm => 'crm');
RESET ROLE;
DROP OWNED BY crm_test_owner, crm_test_clerk_1, crm_test_clerk_2, crm_test_both, crm_test_pool, crm_test_chain, crm_test_analyst, crm_test_marketer, crm_test_auditor, crm_test_stranger;
DROP ROLE crm_test_owner, crm_test_clerk_1, crm_test_clerk_2, crm_test_both, crm_test_pool, crm_test_chain, crm_test_analyst, crm_test_marketer, crm_test_auditor, crm_test_stranger;
