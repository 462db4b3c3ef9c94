-- sql/crm_report_live.sql
-- The reports that are right at every instant: tiers, their rules, points. They say what the doors say.
--
-- Times are relative to now; printed is only what does not depend on it.

SET client_min_messages = warning;
SET timezone = 'UTC';
\set VERBOSITY sqlstate
SELECT crm_member.create_crm('crm');
UPDATE crm.setting SET value = '1' WHERE key = 'report_min_group';
INSERT INTO crm.store (code, name) VALUES ('s1', 'one'), ('s2', 'two');
INSERT INTO crm.member (member_no, home_store_id, joined_at)
SELECT 'm' || i, 1 + i % 2, now() - CASE WHEN i = 9 THEN interval '-1 day' ELSE interval '1000 days' END FROM generate_series(1, 9) AS i;
INSERT INTO crm.sale (member_id, occurred_at, net_spend) VALUES
  (1, now() - interval '40 days', 9000),
  (2, now() - interval '400 days', 9000), (2, now() - interval '100 days', 2500),
  (3, now() - interval '400 days', 9000),
  (5, now() - interval '40 days', 9000), (6, now() - interval '40 days', 9000), (7, now() - interval '800 days', 2500), (8, now() - interval '10 days', 30);
-- a pin up, a pin down, a pin as a floor that is no help, a pin that is over
SELECT count(*) FROM crm.tier_pin('p4', 4, 'honorary', now() + interval '1 day', 'founder');
SELECT count(*) FROM crm.tier_pin('p5', 5, 'basic', now() + interval '1 day', 'fraud', effect => 'exact');
SELECT count(*) FROM crm.tier_pin('p6', 6, 'gold', now() + interval '1 day', 'courtesy');
INSERT INTO crm.tier_pin (member_id, ladder_no, tier_code, effect, valid_from, valid_to, known_from, reason, pinned_by)
VALUES (8, 1, 'black', 'floor', now() - interval '20 days', now() - interval '1 day', now() - interval '20 days', 'for a month', 'test');

-- m2's platinum ended a year after 9000, when 2500 counted: gold; m3's when nothing did. Neither has been reviewed. m9 joins tomorrow.
SELECT member_no, ladder_no, tier_code, tier_name, tier_rank, reason, valid_from < now() AS begun, valid_to > now() AS lasts FROM crm_report.member_tiers ORDER BY member_id;
CREATE TEMP VIEW shown AS SELECT member_id, tier_code::text, tier_name::text, tier_rank, valid_from, valid_to, reason::text FROM crm_report.member_tiers;
CREATE TEMP VIEW told AS SELECT m.id, t.code, t.name, t.rank, t.valid_from, t.valid_to, t.reason FROM crm.member AS m CROSS JOIN LATERAL crm.tier_for(m.id) AS t;
SELECT (SELECT count(*) FROM (TABLE told EXCEPT ALL TABLE shown) AS x) AS missing, (SELECT count(*) FROM (TABLE shown EXCEPT ALL TABLE told) AS x) AS extra;
SELECT crm.tier_review();
SELECT (SELECT count(*) FROM (TABLE told EXCEPT ALL TABLE shown) AS x) AS missing, (SELECT count(*) FROM (TABLE shown EXCEPT ALL TABLE told) AS x) AS extra;

-- a second ladder, with alternatives and an easier way to stay
SELECT crm.tier_ladder_set('{"period_months": 6, "tiers": [{"code": "guest", "rank": 0, "when": {}},
  {"code": "friend", "rank": 1, "name": "Friend", "when": {"active_days_12m": 1, "any": [{"orders_90d": 12}, {"all": [{"net_spend_all": 20}, {"orders_all": 1}]}]}, "keep": {"orders_12m": 1}},
  {"code": "patron", "rank": 2, "when": null}]}', 'Friends', valid_from => now() - interval '2 days', ladder_no => 2) > 0 AS made;
INSERT INTO crm.sale (member_id, occurred_at, net_spend) VALUES (8, now() - interval '1 day', 30);
SELECT member_no, tier_code, reason FROM crm_report.member_tiers WHERE ladder_no = 2 AND reason <> 'base';
SELECT ladder_version AS version, tier_rank AS rank, tier_code, tier_name, asked_to, place, metric, at_least, valid_from < now() AS in_force, valid_to FROM crm_report.tier_rules WHERE ladder_no = 2 ORDER BY tier_rank, asked_to DESC, place NULLS FIRST, metric;
SELECT ladder_name, tier_rank AS rank, tier_code, asked_to, metric, at_least FROM crm_report.tier_rules WHERE ladder_no = 1 ORDER BY tier_rank;

-- points: for an hour they have waited 30 days; those of m7 of 800 days ago have expired
UPDATE crm.earning_rule SET valid_to = now() - interval '1 hour' WHERE rule_no = 1;
INSERT INTO crm.earning_rule (rule_no, version, code, asset_id, units, per_amount, pending_days, expiry_months, valid_from)
SELECT 1, 2, 'points later', 1, 2, 1, 30, 12, now() - interval '1 hour';
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('late', 4, now(), 50);
INSERT INTO crm.sale (member_id, occurred_at, net_spend, refund_of_id) SELECT 4, now(), -10, id FROM crm.sale WHERE source_key = 'late';
SELECT member_no, balance, available, pending, arrears, growth, next_expiry > now() AS expires, last_event_at <= now() AS past FROM crm_report.points_accounts WHERE member_no IN ('m1', 'm4', 'm7') ORDER BY member_id;
SELECT count(*) AS differ FROM crm_report.points_accounts AS a CROSS JOIN LATERAL crm.points_balance(a.member_id) AS b
WHERE (a.balance, a.available, a.pending, a.arrears) IS DISTINCT FROM (b.balance, b.available, b.pending, b.arrears);
SELECT asset, kind, counterpart, units, amount, rule FROM crm_report.points_movements WHERE member_no = 'm4' ORDER BY event_id, posting_no;
-- movements add up to the accounts
SELECT count(*) AS differ FROM (SELECT a.member_id, t.code, a.balance FROM crm.account AS a JOIN crm.asset AS t ON t.id = a.asset_id WHERE a.member_id IS NOT NULL) AS a
FULL JOIN (SELECT member_id, asset, sum(units) AS units FROM crm_report.points_movements GROUP BY 1, 2) AS m ON m.member_id = a.member_id AND m.asset = a.code
WHERE a.balance IS DISTINCT FROM m.units;

-- a reader limited to store 1 (members of even number) sees the same of its members, also what only the walk knows; one without the view learns nothing
CREATE ROLE crm_test_one;
CREATE ROLE crm_test_clerk;
SELECT crm_member.grant_crm('crm', 'crm_test_one', 'analyst', 1), crm_member.grant_crm('crm', 'crm_test_clerk', 'clerk', 1);
INSERT INTO crm.member (member_no, home_store_id, joined_at) SELECT 'm' || i, 1 + i % 2, now() - interval '1000 days' FROM generate_series(10, 11) AS i;
INSERT INTO crm.sale (member_id, occurred_at, net_spend) SELECT i, now() - d * interval '1 day', a FROM generate_series(10, 11) AS i, (VALUES (400, 9000), (100, 2500)) AS s(d, a);
SET ROLE crm_test_one;
SELECT member_no, tier_code, reason FROM crm_report.member_tiers WHERE ladder_no = 1 ORDER BY member_id;
SELECT count(*), count(*) FILTER (WHERE member_id % 2 = 1) AS hidden FROM crm_report.points_movements;
RESET ROLE;
SELECT p.proname, p.prosecdef FROM pg_proc AS p WHERE p.oid = 'crm._report_tier'::regproc;
SET ROLE crm_test_clerk;
SELECT count(*) FROM crm._report_tier(10, 1);
SELECT count(*) FROM crm_report.member_tiers;
RESET ROLE;
SELECT count(*) FROM crm._report_tier(10, 1);

SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT crm_member.drop_crm('crm', 'crm');
DROP OWNED BY crm_test_one, crm_test_clerk;
DROP ROLE crm_test_one, crm_test_clerk;
