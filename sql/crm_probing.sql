-- sql/crm_probing.sql
-- Nobody learns by trying who is a member elsewhere: every door that takes a
-- member is asked, by a role that may do everything in one store, for a member
-- of another store and for one that there is not. The two answers are one, but
-- for the number that was given. Each argument that names a member is asked by
-- itself, the others being members of the caller's store.
SET client_min_messages = warning;
\pset format unaligned
SELECT crm_member.create_crm('crm');
INSERT INTO crm.store (code, name) VALUES ('a', 'A'), ('b', 'B');
SELECT member_id FROM crm.member_register('1', 'Own One', '13800000001', store_id => 1);
SELECT member_id FROM crm.member_register('2', 'Hidden Two', '13800000002', email => 'hidden@example.com', store_id => 2, identities => '[{"provider": "wechat", "external_id": "o-2"}]');
SELECT member_id FROM crm.member_register('3', 'Own Three', '13800000003', store_id => 1);
CREATE ROLE crm_test_prober;
SELECT crm_member.grant_crm('crm', 'crm_test_prober', level, 1) FROM unnest('{clerk,app,manager,marketer,analyst,auditor}'::text[]) AS level;
CREATE FUNCTION public.asked(question text) RETURNS text LANGUAGE plpgsql AS $f$
DECLARE
  code text;
  message text;
  detail text;
  hint text;
  answer text;
BEGIN
  BEGIN
    EXECUTE 'SET ROLE crm_test_prober';
    EXECUTE question INTO answer;
    RAISE EXCEPTION 'answered %', answer USING ERRCODE = 'ZZZZZ';
  EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
  END;
  RETURN concat_ws(' / ', code, message, detail, hint);
END
$f$;
CREATE TEMP TABLE answer AS
WITH argument AS (
  SELECT p.oid, p.proname, p.proargnames[o] AS name, format_type(t, NULL) AS type, o, o > p.pronargs - p.pronargdefaults AS may_be_left,
         p.proargnames[o] ~ '(^|_)(member|keep|gone|other|referrer)_id$|^(from|to)_id$' AND t = 'bigint'::regtype AS is_member
  FROM pg_proc AS p CROSS JOIN LATERAL unnest(p.proargtypes) WITH ORDINALITY AS u(t, o)
  WHERE p.pronamespace = 'crm'::regnamespace AND p.proname IN (SELECT v.object FROM crm._privileges() AS v WHERE v.kind = 'f')
), question AS (
  SELECT m.proname, m.name, m.o, k.who, format('SELECT count(*) FROM crm.%I(%s)', m.proname,
    string_agg(format('%I => %s', a.name, CASE WHEN a.o = m.o THEN k.id WHEN a.is_member THEN CASE WHEN a.o % 2 = 1 THEN '1' ELSE '3' END WHEN a.name = 'request_id' THEN '''probe'''
      WHEN a.name = 'purpose' THEN '''marketing''' WHEN a.name IN ('kind', 'provider') THEN '''email''' WHEN a.name = 'value' THEN '''a@example.com'''
      WHEN a.type IN ('bigint', 'integer', 'smallint', 'numeric') THEN '1' WHEN a.type = 'text' THEN '''word''' WHEN a.type = 'boolean' THEN 'false' WHEN a.type = 'jsonb' THEN '''{}''::jsonb'
      ELSE 'NULL::' || a.type END), ', ' ORDER BY a.o)) AS question
  FROM argument AS m JOIN argument AS a ON a.oid = m.oid AND (NOT a.may_be_left OR a.o = m.o OR a.name = 'store_id') CROSS JOIN LATERAL (VALUES ('hidden', '2'), ('nobody', '987654'), ('own', CASE WHEN m.o % 2 = 1 THEN '1' ELSE '3' END)) AS k(who, id)
  WHERE m.is_member GROUP BY m.proname, m.oid, m.name, m.o, k.who, k.id
)
SELECT q.proname, q.name, q.who, regexp_replace(public.asked(q.question), '\m(2|987654)\M', 'N', 'g') AS words FROM question AS q;
RESET ROLE;
SELECT h.proname, h.name, h.words AS hidden, n.words AS nobody FROM answer AS h JOIN answer AS n USING (proname, name) WHERE h.who = 'hidden' AND n.who = 'nobody' AND h.words IS DISTINCT FROM n.words ORDER BY 1, 2;
SELECT left(words, 60) AS words, count(*) AS arguments FROM answer WHERE who = 'hidden' GROUP BY 1 ORDER BY 1;
-- members of the caller's own store are not refused so, but by doors for all stores
SELECT count(*) > 40 AS most, string_agg(proname, ', ' ORDER BY proname) FILTER (WHERE words ~ '^42501') AS doors_for_all_stores FROM answer WHERE who = 'own';
SELECT proname, name FROM answer WHERE who = 'hidden' AND words ~ '^ZZZZZ' ORDER BY 1, 2;

SELECT number AS hidden_card FROM crm.member_card WHERE member_id = 2 \gset
-- those that look for a member find the hidden one as little as nobody
SET ROLE crm_test_prober;
SELECT (SELECT count(*) FROM crm.member_search(q)) AS searched, (SELECT count(*) FROM crm.caller_lookup(q)) AS called FROM unnest('{Hidden,13800000002,00000002,hidden@example.com,0002,Nobody}'::text[]) AS q;
SELECT count(*) AS by_identity FROM crm.identity_lookup('wechat', 'o-2');
SELECT count(*) AS by_card FROM crm.card_lookup(:'hidden_card');
-- registering the hidden phone, address and identity is answered as registering free ones
SELECT existed FROM crm.member_register('p1', 'X', '13800000002', store_id => 1) UNION ALL SELECT existed FROM crm.member_register('p2', 'Y', '13800000009', store_id => 1);
SELECT existed FROM crm.member_register('p3', 'X', email => 'hidden@example.com', store_id => 1, identities => '[{"provider": "wechat", "external_id": "o-2"}]');
-- and so is registering them again, or giving them to somebody else
\set VERBOSITY terse
SELECT existed FROM crm.member_register('p4', 'Z', '13800000002', store_id => 1);
SELECT existed FROM crm.member_register('p5', 'Z', '13800000009', store_id => 1);
SELECT existed FROM crm.member_register('p6', 'Z', '13800000002', store_id => 1, on_duplicate => 'return') UNION ALL SELECT existed FROM crm.member_register('p7', 'Z', '13800000009', store_id => 1, on_duplicate => 'return');
SELECT crm.member_identity_link(3, 'wechat', 'o-2', 'p10'), crm.member_identity_link(3, 'wechat', 'o-9', 'p11');
SELECT crm.member_update(1, 'p8', phone => '13800000002');
SELECT crm.member_update(1, 'p9', phone => '13800000009');
RESET ROLE;
-- the number of a member of the own store that was merged into a hidden one is of a hidden one too
INSERT INTO crm.member (id, member_no, joined_at, home_store_id) VALUES (901, '00000901', '2024-01-01', 1);
SELECT kept_id FROM crm.member_merge(2, 901, 'm1');
\set VERBOSITY terse
SET ROLE crm_test_prober;
SELECT public.asked(format('SELECT %s', q)) AS words, string_agg(substring(q FROM 'crm.(\w+)'), ' ' ORDER BY q COLLATE "C") AS doors
FROM unnest('{crm.member_reveal(901\, $$x$$),crm.member_contacts(901),crm.member_360(901),crm.member_export(901),crm.points_balance(901),crm.tier_for(901),crm.consent_state(901),crm.interactions(901),crm.member_referral(901),crm.member_update(901\, $$u$$\, region => $$x$$),crm.member_erase(901\, $$x$$\, dry_run => true)}'::text[]) AS q
GROUP BY 1 ORDER BY 1;
RESET ROLE;
DROP FUNCTION public.asked(text);
SELECT crm_member.drop_crm('crm', 'crm');
DROP ROLE crm_test_prober;
