-- sql/create_crm.sql
-- The life of a CRM schema: names refused, two side by side, confirmed drop, rights of levels, what the catalog says of it.

\set VERBOSITY sqlstate
SET client_min_messages = warning;

-- names are checked, never escaped: every one of these is 42602 and makes nothing
SELECT count(*) AS schemas_before FROM pg_namespace WHERE nspname !~ '^pg_' \gset
CREATE FUNCTION pg_temp.try(name text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN 'made ' || crm_member.create_crm(name);
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE;
END $$;
SELECT t.n, pg_temp.try(t.name) AS answer
FROM (VALUES (1, NULL), (2, ''), (3, 'Crm'), (4, 'crm"'), (5, 'crm'''), (6, 'crm;drop schema public'), (7, 'crm$$'), (8, E'crm\n'),
             (9, ' crm'), (10, 'pg_crm'), (11, 'public'), (12, 'crm_member'), (13, 'information_schema'), (14, '1crm'), (15, '_crm'), (16, 'crm.x'),
             (17, '客户'), (18, repeat('a', 57)), (19, repeat('a', 64)), (20, 'crm_report'), (21, 'crm-hk'), (22, E'crm\\'), (23, '@crm@')) AS t(n, name);
SELECT count(*) - :schemas_before AS made FROM pg_namespace WHERE nspname !~ '^pg_';

-- zone, currency and locale are checked too: a zone by its full name, never an abbreviation or an offset
SELECT crm_member.create_crm('crm', time_zone => 'CST');
SELECT crm_member.create_crm('crm', time_zone => 'UTC+8');
SELECT crm_member.create_crm('crm', time_zone => NULL);
SELECT crm_member.create_crm('crm', currency => 'yuan');
SELECT crm_member.create_crm('crm', locale => 'zh-CN; x');

-- an ordinary role that may create in the database; one name is a word of SQL
CREATE ROLE crm_test_owner;
CREATE ROLE crm_test_clerk;
CREATE ROLE crm_test_analyst;
CREATE ROLE crm_test_nobody;
SELECT format('GRANT CREATE ON DATABASE %I TO crm_test_owner', current_database()) \gexec
SET ROLE crm_test_owner;
SELECT crm_member.create_crm('crm'), crm_member.create_crm('order', time_zone => 'America/New_York', currency => 'USD', locale => 'en');
SELECT crm_member.create_crm('crm');
SELECT layout, time_zone, currency, locale FROM "order".crm_layout;

-- each has its own business days, and the names of its locale
SELECT crm.local_day('2024-03-10 18:00+00') AS shanghai, "order".local_day('2024-03-11 03:30+00') AS new_york;
SELECT c.rank, c.code, c.name, o.name AS name_en FROM crm.tier AS c JOIN "order".tier AS o USING (code) ORDER BY c.rank;

-- what is done in one is not seen in the other
INSERT INTO crm.store (code, name) VALUES ('s1', 'one'), ('s2', 'two');
SELECT member_id FROM crm.member_register('m1', store_id => 1, joined_at => '2024-01-01 00:00+08');
SELECT net_spend, points, tier FROM crm.sale_record('1', '[{"list_amount": 20.50}]', '[{"kind": "cash", "amount": 20.50}]', member_id => 1, store_id => 1);
SELECT (SELECT count(*) FROM "order".sale) + (SELECT count(*) FROM "order".member) + (SELECT count(*) FROM "order".account WHERE id > 0) AS rows_in_the_other;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok UNION ALL SELECT check_name, detail FROM crm_member.check_crm('order') WHERE NOT ok;

-- levels give doors and views; a store's clerk is one for that store
SELECT crm_member.grant_crm('crm', 'crm_test_clerk', 'clerk', 1);
SELECT crm_member.grant_crm('crm', 'crm_test_analyst', 'analyst');
SELECT crm_member.grant_crm('crm', 'crm_test_nobody_at_all', 'clerk');
SELECT crm_member.grant_crm('crm', 'crm_test_clerk', 'emperor');
SELECT crm_member.grant_crm('crm', 'crm_test_clerk', 'clerk', 99);
RESET ROLE;
SET ROLE crm_test_clerk;
SELECT tier FROM crm.sale_record('2', '[{"list_amount": 1}]', '[{"kind": "cash", "amount": 1}]', member_id => 1, store_id => 1);
SELECT tier FROM crm.sale_record('3', '[{"list_amount": 1}]', '[{"kind": "cash", "amount": 1}]', member_id => 1, store_id => 2);
SELECT tier FROM crm.sale_record('3', '[{"list_amount": 1}]', '[{"kind": "cash", "amount": 1}]', member_id => 1);
SELECT * FROM crm.points_balance(1);
-- a member that is hidden and one that is not there: one answer
SELECT * FROM crm.points_balance(2);
SELECT count(*) FROM crm.sale;
SELECT count(*) FROM crm_report.members;
SELECT crm.tier_review();
SELECT crm_member.drop_crm('crm', 'crm');
SET ROLE crm_test_analyst;
SELECT member_no, orders FROM crm_report.members;
SELECT count(*) FROM crm.member_pii;
SELECT count(*) FROM crm.points_balance(1);
SET ROLE crm_test_nobody;
SELECT count(*) FROM crm_report.members;
SELECT * FROM crm.points_balance(1);
SELECT crm.local_day('2024-01-01 00:00+08');
SET ROLE crm_test_owner;
SELECT crm_member.revoke_crm('crm', 'crm_test_clerk');
SET ROLE crm_test_clerk;
SELECT * FROM crm.points_balance(1);
-- a level in one store, in all of them, all levels in one store
SET ROLE crm_test_owner;
INSERT INTO crm.store (id, code, name) VALUES (21, 'rights 21', 'x'), (22, 'rights 22', 'x');
SELECT count(crm_member.grant_crm('crm', 'crm_test_clerk', l, s)) AS given FROM unnest('{clerk,manager}'::text[]) AS l, unnest('{NULL,21,22}'::bigint[]) AS s;
SELECT crm_member.revoke_crm('crm', 'crm_test_clerk', 'clerk', 21);
SELECT level, store_id FROM crm.access WHERE role_name = 'crm_test_clerk' ORDER BY 1, 2;
SELECT crm_member.revoke_crm('crm', 'crm_test_clerk', store_id => 22);
SELECT level, store_id FROM crm.access WHERE role_name = 'crm_test_clerk' ORDER BY 1, 2;
SELECT crm_member.revoke_crm('crm', 'crm_test_clerk', 'manager');
SELECT level, store_id FROM crm.access WHERE role_name = 'crm_test_clerk' ORDER BY 1, 2;
SELECT crm_member.revoke_crm('crm', 'crm_test_clerk', 'clark');
SELECT crm_member.revoke_crm('crm', 'crm_test_clerk');
-- nothing is left of what levels gave
SELECT count(*) AS privileges
FROM (SELECT c.relacl FROM pg_class AS c UNION ALL SELECT p.proacl FROM pg_proc AS p UNION ALL SELECT n.nspacl FROM pg_namespace AS n) AS o(acl), aclexplode(o.acl) AS a
WHERE a.grantee = 'crm_test_clerk'::regrole;
DELETE FROM crm.store WHERE id IN (21, 22);
RESET ROLE;

-- a role's own temporary tables and functions do not reach what runs with the owner's rights
SET ROLE crm_test_owner;
SELECT crm_member.grant_crm('crm', 'crm_test_clerk', 'clerk', 1);
SET ROLE crm_test_clerk;
CREATE TEMP TABLE access AS SELECT 'crm_test_clerk'::text AS role_name, 'manager'::text AS level, NULL::bigint AS store_id;
CREATE TEMP TABLE member (id bigint);
CREATE TEMP TABLE sale (id bigint, net_spend numeric);
CREATE TEMP TABLE pg_roles (rolname name);
CREATE FUNCTION pg_temp.pg_has_role(text, name, text) RETURNS boolean LANGUAGE sql RETURN true;
SET search_path = pg_temp, public;
SELECT points, tier FROM crm.sale_record('4', '[{"list_amount": 5}]', '[{"kind": "cash", "amount": 5}]', member_id => 1, store_id => 1);
SELECT tier FROM crm.sale_record('5', '[{"list_amount": 5}]', '[{"kind": "cash", "amount": 5}]', member_id => 1, store_id => 2);
SELECT crm.tier_review();
SELECT balance FROM crm.points_balance(1);
RESET search_path;
DROP FUNCTION pg_temp.pg_has_role(text, name, text);
DROP TABLE pg_temp.access, pg_temp.member, pg_temp.sale, pg_temp.pg_roles;
RESET ROLE;
-- DROP OWNED BY a reader takes its rights and no row
SELECT (SELECT count(*) FROM crm.sale) + (SELECT count(*) FROM crm.posting) + (SELECT count(*) FROM crm.access) AS rows_before \gset
DROP OWNED BY crm_test_clerk;
SELECT (SELECT count(*) FROM crm.sale) + (SELECT count(*) FROM crm.posting) + (SELECT count(*) FROM crm.access) - :rows_before AS lost;

-- the privileges in full: role, object, right
SELECT grantee::regrole, kind, object, right_
FROM (SELECT 'view' AS kind, c.oid::regclass::text AS object, a.grantee, a.privilege_type AS right_ FROM pg_class AS c, aclexplode(c.relacl) AS a
      WHERE c.relnamespace::regnamespace::text IN ('crm', 'crm_report')
      UNION ALL SELECT 'function', p.proname, a.grantee, a.privilege_type FROM pg_proc AS p, aclexplode(p.proacl) AS a WHERE p.pronamespace = 'crm'::regnamespace
      UNION ALL SELECT 'schema', n.nspname, a.grantee, a.privilege_type FROM pg_namespace AS n, aclexplode(n.nspacl) AS a WHERE n.nspname IN ('crm', 'crm_report')) AS x
WHERE grantee <> 'crm_test_owner'::regrole ORDER BY 1, 2, 3, 4;

-- what the catalog must say of a CRM schema
CREATE TEMP VIEW crm_function AS SELECT p.*, l.lanname FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang WHERE p.pronamespace = 'crm'::regnamespace;
-- not owned by the role that made it, or a member of an extension
SELECT classid::regclass, objid FROM pg_shdepend WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND deptype = 'o'
  AND refobjid <> 'crm_test_owner'::regrole AND classid = 'pg_class'::regclass AND (SELECT relnamespace FROM pg_class WHERE oid = objid) = 'crm'::regnamespace;
SELECT objid FROM pg_depend WHERE deptype = 'e' AND classid = 'pg_class'::regclass AND (SELECT relnamespace FROM pg_class WHERE oid = objid)::regnamespace::text IN ('crm', 'crm_report');
-- functions that are neither parsed nor pinned to pg_catalog, pg_temp
SELECT oid::regprocedure FROM crm_function WHERE lanname IN ('sql', 'plpgsql') AND prosqlbody IS NULL
  AND NOT coalesce(proconfig, '{}') @> '{"search_path=pg_catalog, pg_temp"}'
  ORDER BY oid::regprocedure::text COLLATE "C";
-- the approved list of definer functions
SELECT oid::regprocedure AS definer FROM crm_function WHERE prosecdef ORDER BY oid::regprocedure::text COLLATE "C";
-- what PUBLIC may call
SELECT oid::regprocedure AS public, provolatile FROM crm_function WHERE has_function_privilege('public', oid, 'EXECUTE') ORDER BY oid::regprocedure::text COLLATE "C";
-- tables without row security: lookups and what has no member rows
SELECT relname AS without_row_security FROM pg_class WHERE relnamespace = 'crm'::regnamespace AND relkind IN ('r', 'p') AND NOT relrowsecurity ORDER BY relname;
-- foreign keys without an index
SELECT con.conrelid::regclass, con.conname FROM pg_constraint AS con WHERE con.contype = 'f' AND con.connamespace = 'crm'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = con.conrelid AND (i.indkey::int2[])[0:cardinality(con.conkey) - 1] @> con.conkey);
-- stored columns of extension types: derived ones only
SELECT a.attrelid::regclass AS "table", a.attname AS derived FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'm')
  JOIN pg_type AS t ON t.oid = a.atttypid WHERE c.relnamespace = 'crm'::regnamespace AND a.attnum > 0 AND t.typnamespace <> 'pg_catalog'::regnamespace;
-- columns of types that bind to one cluster
SELECT a.attrelid::regclass, a.attname FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'm')
WHERE c.relnamespace = 'crm'::regnamespace AND a.attnum > 0 AND (a.atttypid = 'oid'::regtype OR format_type(a.atttypid, NULL) LIKE 'reg%');
-- without comment: tables, views, their columns in the report schema, functions
SELECT oid::regprocedure::text AS without_comment FROM crm_function WHERE obj_description(oid, 'pg_proc') IS NULL
UNION ALL SELECT oid::regclass::text FROM pg_class WHERE relnamespace::regnamespace::text IN ('crm', 'crm_report') AND relkind IN ('r', 'p', 'v', 'm') AND obj_description(oid, 'pg_class') IS NULL
UNION ALL SELECT a.attrelid::regclass || '.' || a.attname FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
WHERE c.relnamespace = 'crm_report'::regnamespace AND a.attnum > 0 AND col_description(a.attrelid, a.attnum) IS NULL;
-- views of crm that are not security_invoker, views of crm_report that are not barriers
SELECT oid::regclass FROM pg_class WHERE relnamespace = 'crm'::regnamespace AND relkind = 'v' AND NOT coalesce(reloptions, '{}') && '{security_invoker=true}';
SELECT oid::regclass FROM pg_class WHERE relnamespace = 'crm_report'::regnamespace AND relkind = 'v' AND NOT coalesce(reloptions, '{}') && '{security_barrier=true}';
-- report columns of types that BI tools cannot read
SELECT a.attrelid::regclass, a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid JOIN pg_type AS t ON t.oid = a.atttypid
WHERE c.relnamespace = 'crm_report'::regnamespace AND a.attnum > 0
  AND (t.typcategory NOT IN ('N', 'S', 'D') OR t.typname IN ('json', 'jsonb', 'float4', 'float8') OR (t.typname = 'numeric' AND a.atttypmod = -1));
-- relations named like a type of the extension
SELECT c.oid::regclass FROM pg_class AS c JOIN pg_type AS t ON t.typname = c.relname AND t.typnamespace = 'crm_member'::regnamespace
WHERE c.relnamespace::regnamespace::text IN ('crm', 'crm_report') AND c.relkind IN ('r', 'p', 'v', 'm');
DROP VIEW crm_function;

-- upgrading a schema of the newest layout changes nothing that stands; other schemas are none
SET ROLE crm_test_owner;
SELECT crm_member.upgrade_crm('crm');
SELECT crm_member.upgrade_crm('public');
SELECT crm_member.upgrade_crm('crm_none');
SELECT check_name FROM crm_member.check_crm('crm_report');
UPDATE crm.crm_layout SET layout = 99;
SELECT crm_member.upgrade_crm('crm');
UPDATE crm.crm_layout SET layout = 1;

-- nobody else does this, a superuser least of all: the schema's functions would run with the caller's rights
RESET ROLE;
SELECT crm_member.upgrade_crm('crm');
SELECT check_name FROM crm_member.check_crm('crm');
SELECT crm_member.grant_crm('crm', 'crm_test_clerk', 'manager');
SELECT crm_member.drop_crm('crm', 'crm');

-- the extension cannot go while a CRM schema stands; a schema goes when its name is repeated, and takes its reports along
DROP EXTENSION crm_member;
SET ROLE crm_test_owner;
SELECT crm_member.drop_crm('crm');
SELECT crm_member.drop_crm('crm', confirm => 'Crm');
SELECT crm_member.drop_crm('crm', confirm => 'order');
SELECT check_name, ok FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT crm_member.drop_crm('crm', confirm => 'crm'), crm_member.drop_crm('order', confirm => 'order');
RESET ROLE;
SELECT count(*) - :schemas_before AS left FROM pg_namespace WHERE nspname !~ '^pg_';
DROP OWNED BY crm_test_owner, crm_test_clerk, crm_test_analyst, crm_test_nobody;
DROP ROLE crm_test_owner, crm_test_clerk, crm_test_analyst, crm_test_nobody;
