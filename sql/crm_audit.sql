-- sql/crm_audit.sql
-- The audit log: who and why, appended to, sealed in a chain that shows every change, and no value in the clear.

\set VERBOSITY sqlstate
SET client_min_messages = warning;
CREATE ROLE crm_test_owner;
CREATE ROLE crm_test_manager;
CREATE ROLE crm_test_clerk;
CREATE ROLE crm_test_auditor;
SELECT format('GRANT CREATE ON DATABASE %I TO crm_test_owner', current_database()) \gexec
SET ROLE crm_test_owner;
SELECT crm_member.create_crm('crm');
INSERT INTO crm.store (code, name) VALUES ('s1', 'one'), ('s2', 'two');
INSERT INTO crm.member (member_no, joined_at) SELECT 'm' || i, '2024-01-01' FROM generate_series(1, 5) AS i;

-- rights are given and taken
SET crm_member.actor = 'clerk 7';
SELECT crm_member.grant_crm('crm', 'crm_test_manager', 'manager');
RESET crm_member.actor;
SELECT crm_member.grant_crm('crm', 'crm_test_clerk', 'clerk', 2);
SELECT crm_member.grant_crm('crm', 'crm_test_auditor', 'auditor');
SELECT crm_member.revoke_crm('crm', 'crm_test_clerk');
SELECT crm_member.grant_crm('crm', 'crm_test_clerk', 'clerk', 1);
SELECT id, action, subject, role_name, actor, detail, old_digest, note_digest FROM crm.audit_log ORDER BY id;

-- a reason stands apart, values are salted digests: the same value twice gives two digests
SELECT crm._audit('tier_pin', member_id => 1, subject => 'tier_pin 1', reason => 'asked by Zhang San',
  old_value => '{"phone": "13800000001"}', new_value => '{"phone": "13800000002"}', detail => '{"tier": "gold"}') AS id;
SELECT crm._audit('tier_pin', member_id => 2, reason => 'asked by Zhang San', old_value => '{"phone": "13800000001"}') AS id;
SELECT count(*) AS entries, count(DISTINCT old_digest) AS digests, count(DISTINCT note_digest) AS notes FROM crm.audit_log WHERE action = 'tier_pin';
SELECT count(*) AS in_the_clear FROM crm.audit_log AS l WHERE l::text ~ 'Zhang|1380000000';
SELECT bool_and(l.old_digest = sha256(n.salt || '{"phone": "13800000001"}'::bytea)) AS provable FROM crm.audit_log AS l JOIN crm.audit_note AS n ON n.audit_id = l.id WHERE l.action = 'tier_pin';
SELECT crm._audit('Bad Action');
SELECT crm._audit('');

-- reads of personal data: a row a member; none in a transaction that only reads, or when switched off
SELECT crm._audit_read('member_search', '{1,3}');
SELECT crm._audit_read('member_360', '{4}', 'complaint');
BEGIN READ ONLY;
SELECT crm._audit_read('member_360', '{5}');
COMMIT;
INSERT INTO crm.setting (key, value, meaning) VALUES ('audit_reads', 'false', 'test');
SELECT crm._audit_read('member_360', '{5}');
DELETE FROM crm.setting WHERE key = 'audit_reads';
SELECT l.member_id, l.subject, n.reason FROM crm.audit_log AS l LEFT JOIN crm.audit_note AS n ON n.audit_id = l.id WHERE l.action = 'read' ORDER BY l.member_id;

-- nobody changes it, in whatever way
UPDATE crm.audit_log SET actor = 'another';
DELETE FROM crm.audit_log;
TRUNCATE crm.audit_log CASCADE;
UPDATE crm.audit_note SET reason = 'none';
DELETE FROM crm.audit_note;
MERGE INTO crm.audit_log AS l USING (VALUES (1)) AS v(id) ON l.id = v.id WHEN MATCHED THEN UPDATE SET actor = NULL;
INSERT INTO crm.audit_log (id, action, role_name, session_role) VALUES (1, 'x', 'x', 'x') ON CONFLICT (id) DO UPDATE SET actor = NULL;
SET crm_member.erasing = 'crm audit_note';
DELETE FROM crm.audit_note;
RESET crm_member.erasing;

-- sealed in batches of 4: 5 grants, 2 pins, 3 reads are 10 entries; ids of what was rolled back (2 above) are holes
SELECT seal_id, entries, length(digest) FROM crm.audit_seal(4);
SELECT seal_id, entries FROM crm.audit_seal();
SELECT id, entries, last_id FROM crm.audit_seal ORDER BY id;
SELECT crm._audit('points_grant', member_id => 1, reason => 'birthday');
SELECT * FROM crm.verify_audit();
SELECT seal_id, entries FROM crm.audit_seal();
SELECT crm.audit_seal(0);
SELECT count(*) AS unsealed FROM crm.audit_log AS l WHERE NOT EXISTS (SELECT FROM crm.audit_seal AS s WHERE s.entry_ids @> l.id);
SELECT count(*) AS sealed_twice FROM crm.audit_log AS l WHERE 1 < (SELECT count(*) FROM crm.audit_seal AS s WHERE s.entry_ids @> l.id);

-- the answer does not depend on the session's settings
SET TimeZone = 'America/New_York';
SET DateStyle = 'German';
SET bytea_output = escape;
SELECT bool_and(ok) AS ok FROM crm.verify_audit();
RESET TimeZone;
RESET DateStyle;
RESET bytea_output;

-- who gets round the guard is found out: a change, a removal, a reason written anew, a seal made anew
BEGIN;
ALTER TABLE crm.audit_log DISABLE TRIGGER USER;
UPDATE crm.audit_log SET actor = 'clerk 8' WHERE actor = 'clerk 7';
SELECT seal_id, ok, detail FROM crm.verify_audit() WHERE NOT ok;
ROLLBACK;
BEGIN;
ALTER TABLE crm.audit_log DISABLE TRIGGER USER;
DELETE FROM crm.audit_log WHERE id = 2;
SELECT seal_id, ok, detail FROM crm.verify_audit() WHERE NOT ok;
ROLLBACK;
BEGIN;
ALTER TABLE crm.audit_note DISABLE TRIGGER USER;
UPDATE crm.audit_note SET reason = 'asked by nobody' WHERE reason = 'birthday';
DELETE FROM crm.audit_note WHERE reason = 'complaint';
SELECT seal_id, ok, detail FROM crm.verify_audit() WHERE NOT ok;
ROLLBACK;
BEGIN;
ALTER TABLE crm.audit_seal DISABLE TRIGGER USER;
DELETE FROM crm.audit_seal WHERE id = 1;
SELECT seal_id, ok, detail FROM crm.verify_audit() WHERE NOT ok;
ROLLBACK;
BEGIN;
ALTER TABLE crm.audit_seal DISABLE TRIGGER USER;
UPDATE crm.audit_seal SET digest = sha256('x') WHERE id = 2;
SELECT seal_id, ok, detail FROM crm.verify_audit() WHERE NOT ok;
SELECT check_name, ok FROM crm_member.check_crm('crm') WHERE NOT ok;
ROLLBACK;

-- who may: manager and auditor of all stores
RESET ROLE;
SET ROLE crm_test_clerk;
SELECT count(*) FROM crm.verify_audit();
SELECT count(*) FROM crm.audit_log;
SELECT crm._audit('grant');
SET ROLE crm_test_manager;
SELECT count(*) AS new_batches FROM crm.audit_seal();
SELECT bool_and(ok) AS ok FROM crm.verify_audit();
SELECT count(*) FROM crm.audit_log;
SELECT crm._audit_read('member_360', '{1}');
SET ROLE crm_test_auditor;
SELECT bool_and(ok) AS ok FROM crm.verify_audit();
SELECT count(*) AS entries FROM crm.audit_log;
INSERT INTO crm.audit_log (action, role_name, session_role) VALUES ('x', 'x', 'x');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT crm.audit_seal();
ROLLBACK;
SET ROLE crm_test_owner;
SELECT check_name, ok FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT crm_member.drop_crm('crm', confirm => 'crm');
RESET ROLE;
DROP OWNED BY crm_test_owner, crm_test_manager, crm_test_clerk, crm_test_auditor;
DROP ROLE crm_test_owner, crm_test_manager, crm_test_clerk, crm_test_auditor;
