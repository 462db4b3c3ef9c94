-- sql/crm_doors.sql
-- Every door asks who calls, by itself: with the right to execute everything, each level still passes only where the privilege model lets it.
--
-- The doors of _privileges() are called with nothing but NULL by a role of each
-- level and by one of none, which here may all execute every function. Where
-- the model gives the door to the level, whatever but 42501 may come, elsewhere
-- 42501 must. So a door that lost its question is found, and one that asks for
-- other levels than those that get it. Doors whose answer depends on the rows
-- that they find are called again with a member, a card and a lead of store 1,
-- also by a clerk of store 2. Nothing that a call did is kept.
SET client_min_messages = warning;
SELECT crm_member.create_crm('crm');
INSERT INTO crm.store (code, name) VALUES ('s1', 'one'), ('s2', 'two');
SELECT crm.attribute_define('colour', 'colour', 'text');
SELECT member_id FROM crm.member_register('r1', 'Ann', '13800000001', birth_day => '2020-01-01', store_id => 1, identities => '[{"provider": "wechat", "external_id": "w1"}]', attributes => '{"colour": "red"}');
SELECT crm.member_tag_set(1, 'vip', 't1');
SELECT card_no FROM crm.card_issue(1, 'i1', number => 'C100001');
SELECT crm.interaction_add(1, 'complaint', 'a1', store_id => 1);
SELECT crm.lead_add('l1', 'fair', 'Bob', '13800000002', store_id => 1);
CREATE TEMP TABLE door AS
SELECT p.oid, p.oid::regprocedure::text AS signature, p.prosecdef AS definer,
       format('SELECT count(*) FROM crm.%I(%s)', p.proname, (SELECT string_agg(format('NULL::%s', format_type(t, NULL)), ', ' ORDER BY o) FROM unnest(p.proargtypes) WITH ORDINALITY AS a(t, o))) AS call
FROM pg_proc AS p
WHERE p.pronamespace = 'crm'::regnamespace AND p.proname IN (SELECT object FROM crm._privileges() WHERE kind = 'f');
CREATE TEMP TABLE level AS SELECT unnest('{analyst,app,auditor,clerk,manager,marketer,none,stranger}'::text[]) AS level;
SELECT format('CREATE ROLE crm_test_%s', level) FROM level \gexec
SELECT crm_member.grant_crm('crm', 'crm_test_' || level, level) FROM level WHERE level NOT IN ('none', 'stranger');
SELECT crm_member.grant_crm('crm', 'crm_test_stranger', 'clerk', 2);
SELECT format('GRANT USAGE ON SCHEMA crm TO crm_test_%s; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA crm TO crm_test_%s', level, level) FROM level \gexec

CREATE FUNCTION pg_temp.answer(call text, role_name text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  found bigint;
BEGIN
  EXECUTE format('SET LOCAL ROLE %I', role_name);
  EXECUTE call INTO found;
  RAISE EXCEPTION USING ERRCODE = 'ZZZZZ';
EXCEPTION WHEN OTHERS THEN
  RETURN CASE WHEN SQLSTATE <> 'ZZZZZ' THEN SQLSTATE WHEN found = 0 THEN 'no row' WHEN found = 1 THEN '1 row' ELSE 'rows' END;
END
$$;
CREATE TEMP TABLE tried AS
SELECT d.signature, d.definer, l.level, EXISTS (SELECT FROM crm._privileges() AS p WHERE p.kind = 'f' AND p.level = l.level AND p.object = split_part(split_part(d.signature, '(', 1), '.', 2)) AS given,
       pg_temp.answer(d.call, 'crm_test_' || l.level) AS answer
FROM door AS d, level AS l;
SELECT count(*) > 90 AS doors_found FROM door;
-- doors that let in whom the model does not name, or refuse whom it names: approved by name
SELECT signature, definer, answer, string_agg(level, ', ' ORDER BY level) FILTER (WHERE NOT given) AS let_in, string_agg(level, ', ' ORDER BY level) FILTER (WHERE given) AS refused
FROM tried WHERE given = (answer = '42501') GROUP BY signature, definer, answer ORDER BY signature COLLATE "C", answer;

-- the same, and others, with rows to find
SELECT c.door, string_agg(l.level, ', ' ORDER BY l.level) AS levels, a.answer
FROM (VALUES ('attribute_members', $$'colour', 'red'$$), ('caller_lookup', $$'13800000001'$$), ('card_change', $$'C100001', 'lose', 'c1'$$), ('card_history', $$'C100001'$$),
             ('card_lookup', $$'C100001'$$), ('identity_lookup', $$'wechat', 'w1'$$), ('interaction_follow', $$1, 'handled', 'f1'$$), ('lead_convert', $$1, 'c1'$$),
             ('lead_update', $$1, 'contacted', 'u1'$$), ('member_search', $$'Ann'$$), ('minors', $$'2024-01-01'$$), ('tag_members', $$'vip'$$),
             ('member_reveal', $$1, 'call'$$), ('member_export', $$1, 'call'$$), ('points_balance', '1'), ('member_360', '1'), ('member_erase', $$1, 'asked'$$)) AS c(door, arguments),
     level AS l, LATERAL pg_temp.answer(format('SELECT count(*) FROM crm.%s(%s)', c.door, c.arguments), 'crm_test_' || l.level) AS a(answer)
GROUP BY c.door, a.answer ORDER BY 1, 2;
-- and none of them wrote
SELECT (SELECT count(*) FROM crm.member) AS members, (SELECT string_agg(state, ' ') FROM crm.member_card) AS cards, (SELECT state FROM crm.lead) AS lead;
-- booking locks rows, and tables no more than for writing rows
BEGIN;
SELECT points FROM crm.points_grant(1, 50, 'lock1');
SELECT points FROM crm.points_redeem(1, 5, 'lock2');
SELECT net_spend FROM crm.sale_record('lock3', '[{"list_amount": 5}]', '[{"kind": "cash", "amount": 5}]', member_id => 1, store_id => 1);
SELECT DISTINCT l.mode FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation
WHERE l.pid = pg_backend_pid() AND c.relnamespace = 'crm'::regnamespace AND c.relkind = 'r' ORDER BY 1;
ROLLBACK;
SELECT crm_member.drop_crm('crm', confirm => 'crm');
SELECT format('DROP OWNED BY crm_test_%s; DROP ROLE crm_test_%s', level, level) FROM level \gexec
