-- sql/crm_limits.sql
-- Where things begin and end: days that are kept, months of footprints, caps of rules for events, terms of benefits.
--
-- Every number stands on an edge, so that one microsecond, day or row more or
-- less is another answer.
SET client_min_messages = warning;
SET timezone = 'UTC';
SELECT crm_member.create_crm('crm');
INSERT INTO crm.member (id, member_no, joined_at) VALUES (1, 'm1', '2020-01-01'), (2, 'm2', '2020-01-01'), (3, 'm3', '2020-01-01');

-- kept for 90 days, counted from the end: what ended at that instant is gone, a microsecond later is not; what waits or is taken stays
INSERT INTO crm.outbox (topic, state, created_at, ended_at) VALUES
  ('at', 'sent', '2023-01-01', '2024-01-02 00:00+00'), ('after', 'failed', '2023-01-01', '2024-01-02 00:00:00.000001+00'),
  ('taken', 'taken', '2023-01-01', NULL), ('waiting', 'waiting', '2023-01-01', NULL), ('dropped', 'dropped', '2023-01-01', NULL);
UPDATE crm.setting SET value = '90' WHERE key = 'retention_job_days';
INSERT INTO crm.job_run (job, started_at, state) VALUES ('runs', '2023-01-01', 'running'), ('ended', '2024-01-02', 'done');
-- a lead that became a member stays, another is emptied, with its note
INSERT INTO crm.lead (source, full_name, note, state, member_id, made_at, changed_at) VALUES ('fair', 'Kept', 'k', 'converted', 1, '2023-01-01', '2023-01-01'), ('fair', 'Gone', 'g', 'new', NULL, '2023-01-01', '2024-01-02');
UPDATE crm.setting SET value = '90' WHERE key = 'retention_lead_days';
-- who owes points is not idle: 5 earned, spent, and clawed back
INSERT INTO crm.sale (id, member_id, occurred_at, net_spend) VALUES (900, 1, '2020-02-01', 5);
SELECT points FROM crm.points_redeem(1, 5, 'spent', '2020-02-02');
INSERT INTO crm.sale (member_id, occurred_at, net_spend, refund_of_id) VALUES (1, '2020-02-03', -5, 900);
SELECT balance, arrears FROM crm.account WHERE member_id = 1 AND asset_id = 1;
UPDATE crm.setting SET value = '36' WHERE key = 'retention_idle_months';
SELECT what, rows_gone FROM crm.retention_run('2024-04-01 00:00+00') WHERE rows_gone > 0;
SELECT topic FROM crm.outbox ORDER BY id;
SELECT job FROM crm.job_run WHERE job <> 'retention_run' ORDER BY id;
SELECT state, full_name, note FROM crm.lead ORDER BY id;
SELECT member_id FROM crm.erasure ORDER BY 1;
SELECT crm.points_expire(clock_timestamp() + interval '1 hour');

-- a month of footprints is one of the zone of the schema; its table is guarded as the others are
SELECT crm.footprint_add('[{"member_id": 1, "kind": "view", "occurred_at": "2024-02-29T15:59:59.999999Z"}, {"member_id": 1, "kind": "view", "occurred_at": "2024-02-29T16:00:00Z"}]', 'f1');
SELECT f.tableoid::regclass AS month, f.occurred_at, c.relrowsecurity FROM crm.footprint AS f JOIN pg_class AS c ON c.oid = f.tableoid ORDER BY 2;
DELETE FROM crm.footprint_2024_02;
TRUNCATE crm.footprint_2024_03;

-- caps: 10 a day and 20 a month, whatever is told first; 31 January is of January
SELECT crm.earning_rule_set('{"code": "shares", "event": "share", "kind": "fixed", "units": 10, "cap_day": 10, "cap_month": 20}', '2020-01-01') > 0 AS set;
SELECT told.at, e.points FROM (VALUES (1, '2024-01-31 23:59:59.999999+08'), (2, '2024-01-31 00:00+08'), (3, '2024-01-30 23:59:59.999999+08'), (4, '2024-01-29 10:00+08'), (5, '2024-02-01 00:00+08')) AS told(n, at),
  LATERAL crm.record_event(1, 'share', 'k' || told.n, told.at::timestamptz) AS e ORDER BY told.n;

-- terms that begin with those that stand
SELECT crm.benefit_set('gold', 'lounge', 'Lounge', 'lounge', valid_from => '2024-01-01') > 0 AS made;
SELECT crm.benefit_set('gold', 'lounge', 'Lounge', 'lounge', valid_from => '2024-01-01');

-- what leads to a person: a region is a member's; a birthday is never taken for a harmless date; digests and salts are not exported
SELECT column_name, class FROM crm.column_classes WHERE relation = 'member' AND column_name IN ('region', 'member_no') ORDER BY 1;
ALTER TABLE crm.member_tag ADD COLUMN birth_of_child date;
SELECT class FROM crm.column_classes WHERE relation = 'member_tag' AND column_name = 'birth_of_child';
ALTER TABLE crm.member_tag DROP COLUMN birth_of_child;
SELECT crm.member_export(1, 'asked') -> 'about' -> 'member_ids' AS ids;
SELECT count(*) AS notes, bool_or(n ? 'salt') AS salt FROM jsonb_array_elements(crm.member_export(1) -> 'audit_note') AS n;
-- one layout beyond what is known
UPDATE crm.crm_layout SET layout = layout + 1;
\set VERBOSITY sqlstate
SELECT crm_member.upgrade_crm('crm');
\set VERBOSITY default
UPDATE crm.crm_layout SET layout = layout - 1;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT crm_member.drop_crm('crm', confirm => 'crm');
