-- sql/crm_catalog.sql
-- What the catalog says of a CRM schema, in full: labels of functions, triggers, policies, how tables are kept.
--
-- Every list is approved here by name, as in catalog_checks: a line that comes,
-- goes or changes is a decision. The lists of definer functions and of what
-- PUBLIC may call are in create_crm, who may call which door in crm_doors.
SET client_min_messages = warning;
SELECT crm_member.create_crm('crm');
\pset format unaligned
\pset footer off
CREATE TEMP VIEW crm_function AS
SELECT p.*, p.oid::regprocedure::text AS signature, coalesce(p.prosrc, '') || coalesce(pg_get_function_sqlbody(p.oid), '') AS body
FROM pg_proc AS p WHERE p.pronamespace = 'crm'::regnamespace;

-- what writes or locks rows is VOLATILE and PARALLEL UNSAFE
SELECT signature FROM crm_function
WHERE (provolatile, proparallel) <> ('v', 'u')
  AND regexp_replace(body, '--[^\n]*', '', 'g') ~* '\m(INSERT INTO|UPDATE crm\.|DELETE FROM|MERGE INTO|TRUNCATE|FOR (NO KEY )?UPDATE|FOR (KEY )?SHARE|pg_advisory\w*|nextval|setval|CREATE TEMP\w*|LOCK TABLE)\M'
ORDER BY signature COLLATE "C";
-- a subtransaction, which an EXCEPTION clause begins, cannot be begun where a plan runs in parallel
SELECT signature FROM crm_function
WHERE proparallel <> 'u' AND regexp_replace(body, '--[^\n]*', '', 'g') ~ '\n\s*EXCEPTION\s+WHEN\M' ORDER BY signature COLLATE "C";
-- approved by name: whatever is not VOLATILE PARALLEL UNSAFE, by its labels
SELECT CASE provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END AS volatility,
       CASE proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' ELSE 'unsafe' END AS parallel, proisstrict AS strict, signature
FROM crm_function WHERE (provolatile, proparallel) <> ('v', 'u')
ORDER BY 1, 2, 3, signature COLLATE "C";
-- strict functions that write, and functions that are LEAKPROOF
SELECT signature FROM crm_function WHERE (proisstrict AND provolatile = 'v') OR proleakproof ORDER BY signature COLLATE "C";

-- tables survive a crash, take part in a dump, and replicate by their keys
SELECT oid::regclass AS "table", relpersistence, relreplident FROM pg_class
WHERE relnamespace::regnamespace::text IN ('crm', 'crm_report') AND relkind IN ('r', 'p', 'S', 'm') AND (relpersistence <> 'p' OR relreplident NOT IN ('d', 'n'));
SELECT oid::regclass AS without_key FROM pg_class AS c
WHERE relnamespace::regnamespace::text = 'crm' AND relkind IN ('r', 'p') AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conrelid = c.oid AND k.contype = 'p') ORDER BY 1;
-- row security that binds the owner too would hide rows from its dump
SELECT oid::regclass AS forced FROM pg_class WHERE relnamespace = 'crm'::regnamespace AND relforcerowsecurity;
-- constraints that are not proved, or looked at late only
SELECT conrelid::regclass AS "table", conname, convalidated, condeferred FROM pg_constraint
WHERE connamespace = 'crm'::regnamespace AND (NOT convalidated OR condeferred) ORDER BY 1, 2;

-- triggers, with the columns that wake them
SELECT tgrelid::regclass AS "table", regexp_replace(pg_get_triggerdef(oid), '^CREATE (CONSTRAINT )?TRIGGER ', '\1') AS trigger, tgenabled AS enabled
FROM pg_trigger WHERE tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace::regnamespace::text IN ('crm', 'crm_report')) AND NOT tgisinternal
ORDER BY tgrelid::regclass::text COLLATE "C", tgname;
-- rules that are none of a view
SELECT tablename, rulename FROM pg_rules WHERE schemaname IN ('crm', 'crm_report');

-- policies
SELECT tablename, policyname, permissive, roles, cmd, regexp_replace(qual, '\s+', ' ', 'g') AS qual, regexp_replace(with_check, '\s+', ' ', 'g') AS with_check
FROM pg_policies WHERE schemaname IN ('crm', 'crm_report') ORDER BY tablename COLLATE "C", policyname;

DROP VIEW crm_function;
SELECT crm_member.drop_crm('crm', confirm => 'crm');
