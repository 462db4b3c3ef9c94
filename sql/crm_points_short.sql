-- sql/crm_points_short.sql
-- points_accrue by its short path and by its long way: the same rows, the same answers; what makes it go the long way.

\set VERBOSITY sqlstate
SET client_min_messages = warning;
SET timezone = 'Asia/Shanghai';
CREATE ROLE crm_test_owner;
CREATE ROLE crm_test_app;
SELECT format('GRANT CREATE ON DATABASE %I TO crm_test_owner', current_database()) \gexec
SET ROLE crm_test_owner;
SELECT crm_member.create_crm('crm');
INSERT INTO crm.member (member_no, joined_at) SELECT 'm' || g, '2020-01-01' FROM generate_series(1, 12) AS g;

-- the short path alone: member 1; the long way alone: member 2; amounts with cents, instants of two zones and daylight, a store
CREATE TEMP TABLE asked AS SELECT * FROM (VALUES (1, 10.00, '2024-01-31 23:59:59.999999+08'::timestamptz, NULL::bigint), (2, 0.99, '2024-02-01 00:00+08', 7), (3, 1234567.89, '2024-02-29 12:00-05', NULL),
  (4, 1, '1970-01-01 08:00:00+08', 3), (5, 20.50, '2024-12-31 23:59:59+08', NULL)) AS a(no, amount, at, store);
CREATE TEMP TABLE answered AS
SELECT a.no, crm_member.ledger_accrue('crm', 1, a.amount, 'short ' || a.no, a.at, a.store) AS short, crm._points_accrue(2, round(a.amount, 2), 'long ' || a.no, a.at, a.store) AS long FROM asked AS a ORDER BY a.no;
SELECT no, short - 'event_id' AS short, long - 'event_id' = short - 'event_id' AS same FROM answered ORDER BY no;
-- 0.99 earns nothing, which is for the long way; the other events are equal but for the member and the request
SELECT e.member_id, e.kind, e.occurred_at, e.detail, left(e.request_digest::text, 8) AS digest, p.posting_no, p.asset_id, p.units, p.rule_id, l.units AS lot, l.left_units, l.available_from, l.expires_at
FROM crm.ledger_event AS e JOIN crm.posting AS p ON p.event_id = e.id LEFT JOIN crm.lot AS l ON l.event_id = e.id AND l.lot_no = p.posting_no WHERE e.member_id = 1 ORDER BY e.id, p.posting_no;
SELECT count(*) AS of_the_other FROM (
  SELECT e.kind, e.occurred_at, e.detail, p.posting_no, p.asset_id, p.from_account, p.units, p.rule_id, l.units AS lot, l.left_units, l.available_from, l.expires_at
  FROM crm.ledger_event AS e JOIN crm.posting AS p ON p.event_id = e.id LEFT JOIN crm.lot AS l ON l.event_id = e.id AND l.lot_no = p.posting_no WHERE e.member_id = 1
  INTERSECT ALL
  SELECT e.kind, e.occurred_at, e.detail, p.posting_no, p.asset_id, p.from_account, p.units, p.rule_id, l.units, l.left_units, l.available_from, l.expires_at
  FROM crm.ledger_event AS e JOIN crm.posting AS p ON p.event_id = e.id LEFT JOIN crm.lot AS l ON l.event_id = e.id AND l.lot_no = p.posting_no WHERE e.member_id = 2) AS x;
SELECT a.asset_id, a.balance, a.arrears, a.last_activity_at, b.balance = a.balance AND b.last_activity_at = a.last_activity_at AS same
FROM crm.account AS a JOIN crm.account AS b ON b.asset_id = a.asset_id AND b.member_id = 2 WHERE a.member_id = 1 ORDER BY a.asset_id;

-- a repeat by the other way, from another zone, with fewer decimals: the first answer
SELECT points, available FROM crm.points_accrue(1, 10, 'short 1', '2024-01-31 15:59:59.999999+00');
SET timezone = 'America/New_York';
SELECT points, available FROM crm.points_accrue(1, 10.000, 'short 1', '2024-01-31 10:59:59.999999-05');
SET timezone = 'Asia/Shanghai';
SELECT crm._points_accrue(1, 10.00, 'short 1', '2024-01-31 23:59:59.999999', NULL) = (SELECT short FROM answered WHERE no = 1) AS first_answer;
SELECT * FROM crm.points_accrue(1, 10.01, 'short 1', '2024-01-31 23:59:59.999999');
SELECT * FROM crm.points_accrue(2, 10, 'short 1', '2024-01-31 23:59:59.999999');
SELECT count(*) AS requests FROM crm.request;

-- not for the short path: it answers NULL and books nothing
SELECT no, crm_member.ledger_accrue('crm', m, amount, id, at, NULL) IS NULL AS refused
FROM (VALUES (1, 1, 'NaN'::numeric, 'a', NULL::timestamptz), (2, 1, 'Infinity', 'a', NULL), (3, 1, 0, 'a', NULL), (4, 1, -1, 'a', NULL), (5, 1, 1.001, 'a', NULL), (6, 1, 5, '', NULL),
  (7, 1, 5, repeat('x', 201), NULL), (8, 1, 5, 'a', 'infinity'), (9, 1, 5, 'a', '-infinity'), (10, 1, 5, 'a', '2999-01-01'), (11, 99, 5, 'a', NULL), (12, 1, 5, 'a', '1969-12-31'),
  (13, NULL, 5, 'a', NULL), (14, 1, NULL, 'a', NULL), (15, 1, 5, NULL, NULL)) AS t(no, m, amount, id, at);
SELECT count(*) AS requests FROM crm.request;
-- and through the door the errors of the long way
SELECT * FROM crm.points_accrue(1, 'NaN', 'a');
SELECT * FROM crm.points_accrue(1, 1.001, 'a');
SELECT * FROM crm.points_accrue(1, NULL, 'a');
SELECT * FROM crm.points_accrue(1, 5, NULL);
SELECT * FROM crm.points_accrue(1, 5, '');
SELECT * FROM crm.points_accrue(99, 5, 'a');
SELECT * FROM crm.points_accrue(1, 5, 'a', 'infinity');
SELECT * FROM crm.points_accrue(1, 5, 'a', '2999-01-01');
SELECT crm_member.ledger_accrue('public', 1, 5, 'a', NULL, NULL);
SELECT crm_member.ledger_accrue('nowhere', 1, 5, 'a', NULL, NULL);
-- an id of 200 characters beyond the first plane is as long as it may be
SELECT points FROM crm.points_accrue(3, 5, repeat(U&'\+020000', 200));

-- a dry run and a transaction that only reads
SELECT points, available FROM crm.points_accrue(3, 100, 'dry', dry_run => true);
SELECT count(*) AS kept FROM crm.request WHERE request_id = 'dry';
BEGIN READ ONLY;
SELECT * FROM crm.points_accrue(3, 100, 'ro');
ROLLBACK;

-- what the programme promises is read again when it changes, also in the transaction that changes it, and when that is rolled back
SELECT points FROM crm.points_accrue(4, 10, 'r1');
BEGIN;
SELECT crm.earning_rule_set('{"rule_no": 1, "code": "points for money paid", "asset": "points", "units": 3, "per_amount": 1, "expiry_months": 12}') > 0 AS set;
SELECT points FROM crm.points_accrue(4, 10, 'r2');
ROLLBACK;
SELECT points FROM crm.points_accrue(4, 10, 'r3');
BEGIN;
SAVEPOINT s;
SELECT crm.earning_rule_set('{"rule_no": 1, "code": "points for money paid", "asset": "points", "units": 3, "per_amount": 1, "expiry_months": 12}') > 0 AS set;
SELECT points FROM crm.points_accrue(4, 10, 'r4');
ROLLBACK TO s;
SELECT points FROM crm.points_accrue(4, 10, 'r5');
COMMIT;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT points FROM crm.points_accrue(4, 10, 'r6');
SELECT crm.earning_rule_set('{"rule_no": 1, "code": "points for money paid", "asset": "points", "units": 3, "per_amount": 1, "expiry_months": 12}') > 0 AS set;
SELECT points FROM crm.points_accrue(4, 10, 'r7');
COMMIT;
SELECT points FROM crm.points_accrue(4, 10, 'r8');
-- a rule with a condition: member 5 from a weekday on which it counts double; and away again
SELECT crm.earning_rule_set('{"code": "double", "kind": "multiplier", "units": 2, "predicate": "weekday BETWEEN 1 AND 7"}', '2024-06-01') AS rule \gset
SELECT points FROM crm.points_accrue(5, 10, 'w1', '2024-05-31 10:00'), (SELECT 1) AS before;
SELECT points FROM crm.points_accrue(5, 10, 'w2', '2024-06-03 10:00');
SELECT crm.earning_rule_end(rule_no) AS ended FROM crm.earning_rule WHERE code = 'double';
-- points that lapse
INSERT INTO crm.setting (key, value, meaning) VALUES ('points_inactivity_months', '6', 'test');
SELECT points, available FROM crm.points_accrue(6, 10, 'i1', '2022-01-01 10:00');
SELECT points, available FROM crm.points_accrue(6, 10, 'i2', '2022-10-01 10:00');
DELETE FROM crm.setting WHERE key = 'points_inactivity_months';
SELECT points, available FROM crm.points_accrue(6, 10, 'i3', '2022-10-02 10:00');

-- the sums kept with an account: they end where a lot begins (1 March) or expires (1 April), with any other change, and stay when an accrual comes late
CREATE FUNCTION pg_temp.accrue(no text, at timestamptz) RETURNS TABLE (available bigint, pending bigint, by_lots text, kept text) LANGUAGE plpgsql AS $$
BEGIN
  SELECT a.available, a.pending INTO available, pending FROM crm.points_accrue(12, 10, no, at) AS a;
  -- the same from the lots, as they are now
  SELECT concat_ws(' ', coalesce(sum(l.left_units) FILTER (WHERE l.available_from <= at), 0), coalesce(sum(l.left_units) FILTER (WHERE l.available_from > at), 0)) INTO by_lots
  FROM crm.lot AS l JOIN crm.account AS a ON a.id = l.account_id AND a.member_id = 12 WHERE l.expires_at > at;
  SELECT concat_ws(' ', a.summed_available, a.summed_pending, a.summed_from, a.summed_until) INTO kept FROM crm.account AS a WHERE a.member_id = 12 AND a.asset_id = 1;
  RETURN NEXT;
END $$;
SELECT available, pending FROM crm.points_grant(12, 100, 'k0', '2024-01-05', available_from => '2024-03-01', expires_at => '2024-04-01');
SELECT * FROM pg_temp.accrue('k1', '2024-02-01 10:00');
SELECT * FROM pg_temp.accrue('k2', '2024-02-10 10:00');
SELECT * FROM pg_temp.accrue('k3', '2024-02-05 10:00');
SELECT * FROM pg_temp.accrue('k4', '2024-02-29 23:59:59.999999');
SELECT * FROM pg_temp.accrue('k5', '2024-03-01 00:00');
SELECT * FROM pg_temp.accrue('k6', '2024-03-31 23:59:59.999999');
SELECT * FROM pg_temp.accrue('k7', '2024-04-01 00:00');
SELECT available FROM crm.points_redeem(12, 15, 'k8', '2024-04-02');
SELECT summed_until FROM crm.account WHERE member_id = 12 AND asset_id = 1;
SELECT * FROM pg_temp.accrue('k9', '2024-04-03');
BEGIN;
SELECT * FROM pg_temp.accrue('k10', '2024-04-04');
ROLLBACK;
SELECT * FROM pg_temp.accrue('k11', '2024-04-03');
-- a balance that is written with the sums of before is caught
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
BEGIN;
UPDATE crm.account SET summed_available = summed_available + 1 WHERE member_id = 12 AND asset_id = 1;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
ROLLBACK;
BEGIN;
UPDATE crm.account SET summed_until = 'infinity' WHERE member_id = 12 AND asset_id = 1;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
ROLLBACK;

-- who owes is settled; a tier, a pin and a change of the ladder show in the answer
SELECT points FROM crm.sale_record('s7', '[{"list_amount": 50}]', '[{"kind": "cash", "amount": 50}]', 7, occurred_at => '2024-01-01 10:00');
SELECT points FROM crm.points_redeem(7, 40, 'spend 7', '2024-01-02 10:00');
SELECT count(*) AS refunded FROM crm.sale_refund('f7', (SELECT max(id) FROM crm.sale), occurred_at => '2024-01-03 10:00');
SELECT arrears > 0 AS owes FROM crm.account WHERE member_id = 7 AND asset_id = 1;
SELECT points, available FROM crm.points_accrue(7, 100, 'a7', '2024-01-04 10:00');
SELECT arrears FROM crm.account WHERE member_id = 7 AND asset_id = 1;
SELECT id AS sale FROM crm.sale_record('s8', '[{"list_amount": 9000}]', '[{"kind": "cash", "amount": 9000}]', 8, occurred_at => '2024-01-01 10:00') AS s(id) \gset
SELECT tier FROM crm.points_accrue(8, 1, 't1', '2024-02-01 10:00');
SELECT tier FROM crm.points_accrue(8, 1, 't2', '2026-02-01 10:00');
SELECT pin_id > 0 AS pinned FROM crm.tier_pin('pin 9', 9, 'black', '2199-01-01', 'friend of the house');
SELECT tier FROM crm.points_accrue(9, 1, 't3');
SELECT tier FROM crm.points_accrue(9, 1, 't4', '2024-02-01 10:00');
SELECT tier FROM crm.points_accrue(10, 1, 't5', '2024-02-01 10:00');
SELECT crm.tier_ladder_set('{"tiers": [{"code": "guest", "rank": 0, "when": {}}, {"code": "friend", "rank": 1, "when": {"growth_12m": 30}}]}', 'by growth') > 0 AS set;
SELECT tier FROM crm.points_accrue(10, 29, 't6'), (SELECT 1) AS x;
SELECT tier FROM crm.points_accrue(10, 40, 't7');

-- tables that a hand has changed are written by statements, so that the change holds: a column, a check, a trigger, row security, an index
SELECT count(*) AS answers FROM crm.points_accrue(11, 10, 'h0');
ALTER TABLE crm.ledger_event ADD COLUMN noted text DEFAULT 'by default';
SELECT points FROM crm.points_accrue(11, 10, 'h1');
SELECT noted FROM crm.ledger_event ORDER BY id DESC LIMIT 1;
ALTER TABLE crm.lot ADD CONSTRAINT few CHECK (units < 500) NOT VALID;
SELECT points FROM crm.points_accrue(11, 200, 'h2');
ALTER TABLE crm.lot DROP CONSTRAINT few;
CREATE TABLE crm.heard (id bigint);
CREATE FUNCTION crm.hear() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO crm.heard SELECT n.id FROM new_rows AS n; RETURN NULL; END $$;
CREATE TRIGGER hear AFTER UPDATE ON crm.account REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION crm.hear();
SELECT points FROM crm.points_accrue(11, 10, 'h3');
SELECT count(*) > 0 AS heard FROM crm.heard;
DROP TRIGGER hear ON crm.account;
CREATE INDEX account_activity ON crm.account (last_activity_at);
SELECT points FROM crm.points_accrue(11, 10, 'h4');
SET enable_seqscan = off;
SELECT count(*) AS by_index FROM crm.account WHERE last_activity_at > now() - interval '1 hour' AND member_id = 11;
RESET enable_seqscan;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;

-- only who may: the engine has the rights of its caller
GRANT USAGE ON SCHEMA crm TO crm_test_app;
SET ROLE crm_test_app;
SELECT crm_member.ledger_accrue('crm', 1, 5, 'b', NULL, NULL);
SELECT * FROM crm.points_accrue(1, 5, 'b');
SET ROLE crm_test_owner;
CREATE TEMP TABLE plain (id integer);
CREATE TRIGGER told AFTER INSERT ON plain FOR EACH STATEMENT EXECUTE FUNCTION crm_member.ledger_terms_changed();
INSERT INTO plain VALUES (1);
SELECT crm_member.ledger_terms_changed();
SELECT crm_member.drop_crm('crm', confirm => 'crm');
RESET ROLE;
DROP OWNED BY crm_test_app, crm_test_owner;
DROP ROLE crm_test_app, crm_test_owner;
