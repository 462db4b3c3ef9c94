-- sql/crm_member_360.sql
-- member_360, caller_lookup, interactions and footprints: five keys and what modules add, states as of an instant, partitions, rights.

SET client_min_messages = warning;
SET timezone = 'America/New_York';
\set VERBOSITY sqlstate
SELECT crm_member.create_crm('crm');
INSERT INTO crm.store (code, name, region) VALUES ('a', 'A', 'east'), ('b', 'B', 'west');
CREATE ROLE crm_test_clerk;
SELECT crm_member.grant_crm('crm', 'crm_test_clerk', 'clerk', 1);
SELECT existed FROM crm.member_register('r1', full_name => '王芳', phone => '13800000001', birth_day => '1990-03-05', sex => 'female', store_id => 1, joined_at => '2024-01-01 10:00+08', acquired_by => 'street');
SELECT existed FROM crm.member_register('r2', full_name => '王小明', phone => '13800000002', store_id => 2, joined_at => '2024-01-01 10:00+08', referrer_id => 1);
INSERT INTO crm.sale (source_key, member_id, store_id, channel, occurred_at, net_spend) VALUES
  ('a', 1, 1, 'shop', '2024-02-01 10:00+08', 1500), ('b', 1, 1, 'app', '2024-03-01 10:00+08', 600), ('c', 1, 2, 'app', '2024-06-01 10:00+08', 50.50), ('d', 1, NULL, NULL, '2024-06-11 10:00+08', -100.50);
SELECT crm.attribute_define('size', '尺码', 'number'), crm.member_tag_set(1, 'vip', 't1'), crm.household_join(2, 1, 'h1');
SELECT changed FROM crm.member_update(1, 'u1', attributes => '{"size": 38}');

-- interactions: an enquiry and a complaint are open until a step says otherwise
SELECT crm.interaction_add(1, 'complaint', 'i1', channel => 'phone', subject => 'order:12', note => 'box broken', store_id => 1, rating => 2, occurred_at => '2024-05-01 10:00+08'),
       crm.interaction_add(1, 'like', 'i2', channel => 'app', subject => 'product:1', occurred_at => '2024-05-02 10:00+08'),
       crm.interaction_add(1, 'complaint', 'i1', channel => 'phone', subject => 'order:12', note => 'box broken', store_id => 1, rating => 2, occurred_at => '2024-05-01 10:00+08') AS repeated,
       crm.interaction_add(1, 'call', 'i3', dry_run => true) > 0 AS trial;
SELECT crm.interaction_follow(1, 'handled', 'f1', note => 'new box sent', occurred_at => '2024-05-03 10:00+08'), crm.interaction_follow(1, 'closed', 'f2', occurred_at => '2024-05-09 10:00+08');
SELECT interaction_id, kind, subject, rating, state, note FROM crm.interactions(1);
SELECT count(*) FROM crm.interactions(1, '2024-05-02 00:00+08', '2024-05-03 00:00+08');
SELECT topic, body FROM crm.outbox WHERE topic LIKE 'interaction%';
SELECT crm.interaction_add(1, 'quarrel', 'i4');
SELECT crm.interaction_add(1, 'review', 'i4', rating => 6);
SELECT crm.interaction_follow(1, 'forgotten', 'f3');
SELECT crm.interaction_follow(99, 'closed', 'f3');
UPDATE crm.interaction SET kind = 'like';
DELETE FROM crm.interaction_step;

-- footprints: partitions by local month; midnight of the zone of the schema
SELECT crm.footprint_add('[{"member_id": 1, "kind": "page_view", "channel": "app", "subject": "product:1", "seconds": 40, "occurred_at": "2024-04-30T15:59:59Z"},
  {"member_id": 1, "kind": "page_view", "occurred_at": "2024-04-30T16:00:00Z"}, {"member_id": 2, "kind": "share", "occurred_at": "2024-06-01T00:00:00+08:00"}]', 'p1');
SELECT crm.footprint_add('[{"member_id": 1, "kind": "search", "occurred_at": "2024-05-20T00:00:00+08:00"}]', 'p2');
SELECT tableoid::regclass::text AS month, count(*) FROM crm.footprint GROUP BY 1 ORDER BY 1;
SELECT occurred_at, kind, seconds FROM crm.footprints(1);
SELECT crm.footprint_add('[{"member_id": 99, "kind": "search"}]', 'p3');
SELECT crm.footprint_add('[{"member_id": 1, "kind": "Search it"}]', 'p3');
SELECT crm.footprint_add('[{"member_id": 1, "kind": "search", "occurred_at": "1999-01-01"}]', 'p3');
SELECT crm.footprint_add('{"member_id": 1}', 'p3');
SELECT crm.footprint_add('[{"member_id": 1, "kind": "search", "occurred_at": "2024-09-01T00:00:00+08:00"}]', 'p4', dry_run => true), to_regclass('crm.footprint_2024_09') AS made;
DELETE FROM crm.footprint;
DELETE FROM crm.footprint_2024_05;
SELECT relname FROM pg_class WHERE relnamespace = 'crm'::regnamespace AND relname ~ '^footprint' AND relkind IN ('r', 'p') AND NOT relrowsecurity;

-- the whole of it, as of 10 June 2024, before the refund: three orders, 2150.50; gold since 1 March; age 34
SELECT jsonb_object_keys(crm.member_360(1, '2024-06-10 10:00+08'));
SELECT jsonb_pretty(x - '{member_id,as_of,cards}'::text[]) FROM crm.member_360(1, '2024-06-10 10:00+08') AS x;
-- a day after the refund it is 2050.00 of the same three orders; before the second sale there is no gold
SELECT x -> 'transactions' ->> 'net_spend' AS net_spend, x -> 'transactions' ->> 'orders' AS orders, x -> 'transactions' ->> 'average_order' AS average, x -> 'balances' -> 'points' AS points FROM crm.member_360(1, '2024-06-12 10:00+08') AS x;
SELECT x -> 'tier' ->> 'code' AS tier, x -> 'behaviour' AS behaviour FROM crm.member_360(1, '2024-02-10 10:00+08') AS x;
-- born on 29 February: the day before the birthday, on it, and by the setting a day later
BEGIN;
UPDATE crm.member_pii SET birth_day = '1992-02-29' WHERE member_id = 1;
SELECT at, crm.member_360(1, at) -> 'demographics' ->> 'age' AS age FROM unnest('{2025-02-27 23:59:59+08,2025-02-28 00:00+08}'::timestamptz[]) AS at;
INSERT INTO crm.setting (key, value, meaning) VALUES ('birthday_feb29', '"mar1"', 'of this test');
SELECT at, crm.member_360(1, at) -> 'demographics' ->> 'age' AS age FROM unnest('{2025-02-28 23:59:59+08,2025-03-01 00:00+08}'::timestamptz[]) AS at;
ROLLBACK;
-- the lifecycle goes by the cuts of the setting, as the view does: 111 days
BEGIN;
SELECT crm.member_360(1, '2024-09-20 10:00+08') -> 'behaviour' ->> 'lifecycle' AS usual;
UPDATE crm.setting SET value = '[120, 200, 300]' WHERE key = 'lifecycle_cuts';
SELECT crm.member_360(1, '2024-09-20 10:00+08') -> 'behaviour' ->> 'lifecycle' AS ours;
ROLLBACK;
-- segments as the refreshes found them: scored alone, R is 5, F and M are 1: New
SELECT count(*) > 0 AS refreshed FROM crm.refresh_reports(as_of => '2024-06-10');
SELECT x -> 'behaviour' ->> 'segment' AS segment, x -> 'behaviour' ->> 'segment_since' AS since, x -> 'behaviour' ->> 'rfm_of' AS rfm_of FROM (VALUES ('2024-06-10 10:00+08'::timestamptz), ('2024-06-09 10:00+08')) AS t(at), crm.member_360(1, t.at) AS x;
-- balances of now are read from the lots, those of a moment ago are added up from the events: with lots spent, pending, expired and owed they are the same
SELECT pending FROM crm.points_grant(1, 500, 'b1', available_from => clock_timestamp() + interval '1 day');
SELECT available FROM crm.points_grant(1, 400, 'b5');
SELECT points, available FROM crm.points_redeem(1, 300, 'b2');
SELECT count(*) FROM crm.points_grant(2, 70, 'b3', occurred_at => clock_timestamp() - interval '2 days', expires_at => clock_timestamp() - interval '1 day');
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('e', 2, clock_timestamp() - interval '9 days', 90);
SELECT points FROM crm.points_redeem(2, 80, 'b4');
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend, refund_of_id) SELECT 'f', 2, clock_timestamp(), -90, s.id FROM crm.sale AS s WHERE s.source_key = 'e';
SELECT m, crm._part_balances(m, statement_timestamp()) = crm._part_balances(m, statement_timestamp() - interval '1 microsecond') AS same, crm._part_balances(m, statement_timestamp()) -> 'points' ->> 'arrears' AS arrears
FROM generate_series(1, 2) AS m;
-- who opted out of profiling: no conclusions
UPDATE crm.member SET profiling = false WHERE id = 1;
SELECT x -> 'behaviour' AS behaviour FROM crm.member_360(1, '2024-06-10 10:00+08') AS x;
UPDATE crm.member SET profiling = true WHERE id = 1;
-- a module of one's own adds a part
CREATE FUNCTION crm._part_fleet(member_id bigint, as_of timestamptz) RETURNS jsonb LANGUAGE sql RETURN '{"cars": 2}'::jsonb;
CREATE FUNCTION crm._part_social__own(member_id bigint, as_of timestamptz) RETURNS jsonb LANGUAGE sql RETURN '{"club": "chess"}'::jsonb;
SELECT x -> 'fleet' AS fleet, x -> 'social' AS social FROM crm.member_360(1, '2024-06-10 10:00+08') AS x;
DROP FUNCTION crm._part_fleet, crm._part_social__own;

-- the incoming call: by any writing of the phone
SELECT member_id, full_name, tier, points, last_day, open_interactions FROM crm.caller_lookup('+86 138-0000-0001');
SELECT (SELECT count(*) FROM crm.caller_lookup('13899999999')) AS nobody, (SELECT count(*) FROM crm.caller_lookup('not a phone')) AS none;
-- a clerk of store A: own members; one answer for a hidden caller and for none
SET ROLE crm_test_clerk;
SELECT member_id FROM crm.caller_lookup('13800000001');
SELECT count(*) FROM crm.caller_lookup('13800000002');
SELECT crm.member_360(1) ->> 'member_id' AS who;
-- of the household those whom the caller may see: not the member of the other store
SELECT crm.member_360(1) -> 'social' -> 'household' AS household;
SELECT crm.member_360(2);
SELECT crm.member_360(77);
SELECT crm.interactions(2);
SELECT crm.interaction_follow(1, 'reopened', 'g1');
SELECT crm.footprint_add('[]', 'g2');
SELECT crm.footprints(1);
SELECT * FROM crm.interaction_note;
RESET ROLE;
-- reads of personal data are noted
SELECT subject, count(*) > 0 AS noted FROM crm.audit_log WHERE action = 'read' GROUP BY 1 ORDER BY 1;
-- retention by month
SELECT * FROM crm.footprint_drop('2024-06-01');
SELECT count(*) FROM crm.footprint;

SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT crm_member.drop_crm('crm', 'crm');
DROP ROLE crm_test_clerk;
