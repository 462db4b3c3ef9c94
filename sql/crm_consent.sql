-- sql/crm_consent.sql
-- Consent: acts appended to, the state at any instant, minors, and who opts out of profiling is in no analytic view.

\set VERBOSITY sqlstate
SET client_min_messages = warning;
SET timezone = 'Asia/Shanghai';
CREATE ROLE crm_test_owner;
CREATE ROLE crm_test_clerk;
CREATE ROLE crm_test_marketer;
SELECT format('GRANT CREATE ON DATABASE %I TO crm_test_owner', current_database()) \gexec
SET ROLE crm_test_owner;
SELECT crm_member.create_crm('crm');
INSERT INTO crm.store (code, name) VALUES ('s1', 'one'), ('s2', 'two');
INSERT INTO crm.member (member_no, home_store_id, joined_at) VALUES ('m1', 1, '2024-01-01'), ('m2', 1, '2024-01-01'), ('m3', 2, '2024-01-01'), ('m4', 1, '2024-01-01');
INSERT INTO crm.sale (member_id, occurred_at, net_spend) SELECT i, '2024-05-01', 100 * i FROM generate_series(1, 4) AS i;
SELECT code, allowed_by_default, guardian_needed, name FROM crm.consent_purpose ORDER BY code COLLATE "C";
SELECT crm_member.grant_crm('crm', 'crm_test_clerk', 'clerk', 1);
SELECT crm_member.grant_crm('crm', 'crm_test_marketer', 'marketer');

-- defaults, then acts: sms given, all withdrawn, sms given again; between them the state of that time
SELECT purpose, channel, allowed FROM crm.consent_state(1);
SELECT allowed FROM crm.consent_give('c1', 1, 'marketing', 'v1', 'sms', evidence => 'form 17', occurred_at => '2024-02-01 10:00');
SELECT crm.consent_allows(1, 'marketing', 'sms') AS sms, crm.consent_allows(1, 'marketing', 'email') AS email, crm.consent_allows(1, 'marketing') AS any;
SELECT allowed FROM crm.consent_withdraw('c2', 1, 'marketing', occurred_at => '2024-03-01 10:00');
SELECT allowed FROM crm.consent_give('c3', 1, 'marketing', 'v2', 'sms', occurred_at => '2024-04-01 10:00');
SELECT allowed FROM crm.consent_give('c4', 1, 'marketing', 'v2', 'email', occurred_at => '2024-02-15 10:00');
SELECT t::date AS day, crm.consent_allows(1, 'marketing', 'sms', t) AS sms, crm.consent_allows(1, 'marketing', 'email', t) AS email
FROM unnest('{2024-01-31,2024-02-10,2024-02-20,2024-03-02,2024-04-02}'::timestamptz[]) AS t;
SELECT crm.consent_allows(1, 'marketing', 'sms', '2024-03-01 10:00') AS at_the_instant, crm.consent_allows(1, 'marketing', 'sms', '2024-03-01 09:59:59.999999') AS just_before;
SELECT purpose, channel, allowed, since, text_version FROM crm.consent_state(1) WHERE purpose = 'marketing';
SELECT channel, allowed FROM crm.consent_state(1, '2024-03-15') WHERE purpose = 'marketing';
-- the state at any day is what a walk over the acts says
WITH act AS (SELECT channel, act, occurred_at, id FROM crm.consent WHERE member_id = 1 AND purpose = 'marketing'),
     day AS (SELECT d, c FROM generate_series('2024-01-25'::timestamptz, '2024-04-10', '1 day') AS d, unnest('{sms,email,phone}'::text[]) AS c)
SELECT count(*) AS days, count(*) FILTER (WHERE crm.consent_allows(1, 'marketing', c, d) IS DISTINCT FROM
  coalesce((SELECT (array_agg(act = 'given' ORDER BY occurred_at DESC, id DESC))[1] FROM act WHERE channel IN (c, 'any') AND occurred_at <= d), false)) AS wrong FROM day;

-- a repeat, other content, and what cannot be
SELECT consent_id, allowed FROM crm.consent_give('c1', 1, 'marketing', 'v1', 'sms', evidence => 'form 17', occurred_at => '2024-02-01 10:00');
SELECT * FROM crm.consent_give('c1', 1, 'marketing', 'v9', 'sms', evidence => 'form 17', occurred_at => '2024-02-01 10:00');
SELECT * FROM crm.consent_give('c5', 1, 'world', 'v1');
SELECT * FROM crm.consent_give('c5', 1, 'marketing', NULL);
SELECT * FROM crm.consent_give('c5', 1, 'marketing', 'v1', 'Mobile Phone');
SELECT * FROM crm.consent_give('c5', 1, 'marketing', 'v1', occurred_at => 'infinity');
SELECT * FROM crm.consent_give('c5', 1, 'marketing', 'v1', occurred_at => clock_timestamp() + interval '1 day');
SELECT * FROM crm.consent_give('c5', 99, 'marketing', 'v1');
SELECT * FROM crm.consent_give(NULL, 1, 'marketing', 'v1');
SELECT crm.consent_allows(1, 'world');
SELECT allowed FROM crm.consent_give('c6', 1, 'sharing', 'v1', dry_run => true);
SELECT count(*) AS acts FROM crm.consent;
UPDATE crm.consent SET act = 'given';
DELETE FROM crm.consent;
TRUNCATE crm.consent;

-- profiling: who opts out is gone from scores, segments, lifecycles, grades and values, at once or at the next refresh
SELECT count(*) > 0 AS made FROM crm.refresh_reports();
SELECT (SELECT count(*) FROM crm_report.member_rfm_scores) AS scores, (SELECT sum(members) FROM crm_report.rfm_segments) AS segments, (SELECT count(*) FROM crm_report.member_lifecycles) AS lifecycles,
       (SELECT count(*) FROM crm_report.member_grades) AS grades, (SELECT count(*) FROM crm_report.member_values) AS member_values, (SELECT count(*) FROM crm._profiled_members) AS profiled;
SELECT allowed FROM crm.consent_withdraw('p1', 2, 'profiling');
SELECT profiling FROM crm.member WHERE id = 2;
SELECT count(*) > 0 AS made FROM crm.refresh_reports();
SELECT (SELECT count(*) FROM crm_report.member_rfm_scores) AS scores, (SELECT sum(members) FROM crm_report.rfm_segments) AS segments, (SELECT count(*) FROM crm_report.member_lifecycles) AS lifecycles,
       (SELECT count(*) FROM crm_report.member_grades) AS grades, (SELECT count(*) FROM crm_report.member_values) AS member_values, (SELECT count(*) FROM crm._profiled_members) AS profiled;
SELECT count(*) AS still_a_member FROM crm_report.members WHERE member_id = 2;
-- what happened before an act that is known already changes nothing; giving again brings back
SELECT allowed FROM crm.consent_give('p2', 2, 'profiling', 'v1', occurred_at => '2024-01-01');
SELECT profiling FROM crm.member WHERE id = 2;
SELECT allowed FROM crm.consent_give('p3', 2, 'profiling', 'v1', 'app');
SELECT profiling FROM crm.member WHERE id = 2;

-- minors: born on 29 February 2012 a person is 14 on 28 February 2026
INSERT INTO crm.member_pii (member_id, full_name, birth_day) VALUES (4, 'Kid', '2012-02-29'), (1, 'Grown', '1980-01-01');
SELECT * FROM crm.minors('2026-02-27');
SELECT count(*) FROM crm.minors('2026-02-28');
-- by the setting 29 February falls on 1 March
BEGIN;
INSERT INTO crm.setting (key, value, meaning) VALUES ('birthday_feb29', '"mar1"', 'of this test');
SELECT of_age_on FROM crm.minors('2026-02-28');
SELECT count(*) FROM crm.minors('2026-03-01');
ROLLBACK;
SELECT allowed FROM crm.consent_give('k1', 4, 'marketing', 'v1', occurred_at => '2026-02-27 23:59');
SELECT allowed FROM crm.consent_give('k2', 4, 'marketing', 'v1', by_guardian => true, evidence => 'mother, form 3', occurred_at => '2026-02-27 23:59');
SELECT allowed FROM crm.consent_give('k3', 4, 'sharing', 'v1', occurred_at => '2026-02-28 00:00');
SELECT allowed FROM crm.consent_give('k4', 4, 'service', 'v1', occurred_at => '2026-02-27 23:59');
SELECT member_no, guardian_consent FROM crm.minors('2026-02-27');

-- a merged member's word counts for the one that was kept
UPDATE crm.member SET merged_into_id = 1 WHERE id = 4;
SELECT crm.consent_allows(1, 'sharing') AS sharing, crm.consent_allows(4, 'sharing') AS asked_by_the_old_id;

-- who may: the clerk of the member's store, in the same words for a hidden member and for none
SET ROLE crm_test_clerk;
SELECT allowed FROM crm.consent_withdraw('k9', 1, 'service');
SELECT * FROM crm.consent_withdraw('k10', 3, 'service');
SELECT * FROM crm.consent_withdraw('k10', 99, 'service');
SELECT count(*) FROM crm.consent;
SELECT count(*) AS minors FROM crm.minors('2026-02-27');
SET ROLE crm_test_marketer;
SELECT crm.consent_allows(3, 'marketing') AS marketing;
SELECT * FROM crm.consent_give('k11', 1, 'service', 'v1');
SET ROLE crm_test_owner;
SELECT role_name FROM crm.consent ORDER BY id DESC LIMIT 1;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
UPDATE crm.member SET profiling = true WHERE id = 2;
SELECT allowed FROM crm.consent_withdraw('p4', 2, 'profiling');
UPDATE crm.member SET profiling = true WHERE id = 2;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT crm_member.drop_crm('crm', confirm => 'crm');
RESET ROLE;
DROP OWNED BY crm_test_owner, crm_test_clerk, crm_test_marketer;
DROP ROLE crm_test_owner, crm_test_clerk, crm_test_marketer;
