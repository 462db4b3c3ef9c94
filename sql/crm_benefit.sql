-- sql/crm_benefit.sql
-- Benefits: who may have what, quotas by cycle, uses taken back, rights.
--
-- Seed: gold has free shipping twice a month and one gift in the month of the
-- birthday. Instants are in Asia/Shanghai.

SET client_min_messages = warning;
SET timezone = 'Asia/Shanghai';
SET datestyle = 'ISO';
\set VERBOSITY sqlstate
SELECT crm_member.create_crm('crm');
INSERT INTO crm.store (code, name) VALUES ('s1', 'one'), ('s2', 'two');
INSERT INTO crm.member (member_no, joined_at, home_store_id) SELECT 'm' || i, '2020-01-01', 1 FROM generate_series(1, 4) AS i;
INSERT INTO crm.member_pii (member_id, birth_day, birth_calendar) VALUES (1, '1990-02-28', 'solar'), (2, '1990-01-27', 'lunar');
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('a', 1, '2024-01-10 10:00', 2000), ('b', 2, '2024-01-10 10:00', 2000), ('c', 3, '2024-01-10 10:00', 40000);

-- every tier but the base has benefits, better ones higher up
SELECT tier_code, count(*), min(value) FILTER (WHERE kind = 'discount') AS price FROM crm.benefit GROUP BY tier_code ORDER BY 3 DESC, 1;
SELECT ladder_no, tier, code, kind, value, quota, used, left_units, cycle_from, cycle_to FROM crm.benefits_of(1, '2024-02-10');
-- no gift in March, and nothing before gold or at the base
SELECT code FROM crm.benefits_of(1, '2024-03-10');
SELECT count(*) FROM crm.benefits_of(1, '2024-01-10 09:59:59.999999');
SELECT count(*) FROM crm.benefits_of(4, '2024-02-10');
-- born on 27 January 1990, the first day of the lunar year of the horse: in 2024 that day is 10 February
SELECT code FROM crm.benefits_of(2, '2024-02-01') WHERE code = 'birthday_gift';
SELECT code FROM crm.benefits_of(2, '2024-01-20') WHERE code = 'birthday_gift';
-- born on 29 February: the month of the birthday is February, or by the setting March, but not in a leap year
BEGIN;
UPDATE crm.member_pii SET birth_day = '1992-02-29', birth_calendar = 'solar' WHERE member_id = 2;
SELECT t AS at, count(*) FROM unnest('{2025-02-10,2025-03-10}'::timestamptz[]) AS t, crm._benefit_cycle(2, 'birthday', NULL, NULL, t) GROUP BY 1 ORDER BY 1;
INSERT INTO crm.setting (key, value, meaning) VALUES ('birthday_feb29', '"mar1"', 'of this test');
SELECT t AS at, count(*) FROM unnest('{2024-02-10,2025-02-10,2025-03-10}'::timestamptz[]) AS t, crm._benefit_cycle(2, 'birthday', NULL, NULL, t) GROUP BY 1 ORDER BY 1;
ROLLBACK;

-- twice in February, a third time not; in March again; a repeat gets the first answer
SELECT tier, used, left_units, cycle_to FROM crm.benefit_use('u1', 1, 'free_shipping', occurred_at => '2024-02-01 00:00');
SELECT used, left_units FROM crm.benefit_use('u2', 1, 'free_shipping', occurred_at => '2024-02-29 23:59:59.999999', dry_run => true);
SELECT used, left_units FROM crm.benefit_use('u2', 1, 'free_shipping', occurred_at => '2024-02-29 23:59:59.999999');
SELECT used FROM crm.benefit_use('u3', 1, 'free_shipping', occurred_at => '2024-02-10');
SELECT used, left_units FROM crm.benefit_use('u1', 1, 'free_shipping', occurred_at => '2024-02-01 00:00');
SELECT used FROM crm.benefit_use('u1', 1, 'free_shipping', occurred_at => '2024-02-02 00:00');
SELECT used, left_units FROM crm.benefit_use('u4', 1, 'free_shipping', 2, '2024-03-01 00:00');
SELECT used FROM crm.benefit_use('u5', 1, 'free_shipping', 3, '2024-04-01 00:00');
SELECT count(*) AS uses FROM crm.benefit_use;
-- taken back: it may be used again in that month; not twice, and not what was taken back
SELECT crm.benefit_use_undo('v1', 1, dry_run => true) > 0 AS would, crm.benefit_use_undo('v1', 1) = crm.benefit_use_undo('v1', 1) AS once;
SELECT used, left_units FROM crm.benefit_use('u6', 1, 'free_shipping', occurred_at => '2024-02-10');
SELECT crm.benefit_use_undo('v2', 1);
SELECT crm.benefit_use_undo('v3', (SELECT id FROM crm.benefit_use WHERE units < 0));
SELECT crm.benefit_use_undo('v4', 999);
-- any number, and what is not the member's
SELECT tier, used, left_units FROM crm.benefit_use('u7', 3, 'free_shipping', 9, '2024-03-01 00:00');
SELECT used FROM crm.benefit_use('u8', 1, 'lounge', occurred_at => '2024-03-01');
SELECT used FROM crm.benefit_use('u9', 4, 'free_shipping', occurred_at => '2024-03-01');
SELECT used FROM crm.benefit_use('u10', 99, 'free_shipping', occurred_at => '2024-03-01');
SELECT used FROM crm.benefit_use('u11', 1, 'free_shipping', 0);
SELECT used FROM crm.benefit_use('u12', 1, 'free_shipping', occurred_at => 'infinity');

-- new terms from May on: one a quarter; April has the old ones; what was used before counts in the quarter
SELECT crm.benefit_set('gold', 'free_shipping', 'shipping', 'free_shipping', quota => 1, cycle => 'quarter', yearly_cost => 20, valid_from => '2024-05-01') > 0 AS made;
SELECT code, quota, used, cycle_from, cycle_to FROM crm.benefits_of(1, '2024-04-30 23:59') WHERE code = 'free_shipping';
SELECT code, quota, used, cycle_from, cycle_to FROM crm.benefits_of(1, '2024-05-01') WHERE code = 'free_shipping';
SELECT crm.benefit_set('gold', 'free_shipping', 'shipping', 'free_shipping', valid_from => '2024-04-01');
SELECT crm.benefit_set('silver', 'free_shipping', 'shipping', 'free_shipping');
SELECT crm.benefit_set('gold', 'free_shipping', 'shipping', 'free_shipping', quota => 0);
-- what they cost goes into a simulation: two gold members at 20 a year, on 10 June 2024
SELECT from_tier, to_tier, members, cost_before, cost_after FROM crm.tier_simulate('{"tiers": [{"code": "basic", "rank": 0, "when": {}}, {"code": "gold", "rank": 1, "when": {"net_spend_12m": 3000}}]}', '2024-06-10');

-- a ladder beside: a paid membership, given by a pin, has benefits of its own
SELECT crm.tier_ladder_set('{"tiers": [{"code": "none", "rank": 0, "when": {}}, {"code": "plus", "rank": 1, "when": null}]}', 'paid', ladder_no => 2) > 0 AS paid;
SELECT crm.benefit_set('plus', 'plus_shipping', 'shipping', 'free_shipping', quota => 4, cycle => 'period', valid_from => '2020-01-01', ladder_no => 2) > 0 AS made;
SELECT pinned_from, pinned_to FROM crm.tier_pin('p1', 4, 'plus', '2030-01-01', 'paid', valid_from => '2024-01-01', ladder_no => 2);
SELECT ladder_no, tier, code, quota, cycle_from, cycle_to FROM crm.benefits_of(4, '2024-02-01');

-- the books are appended to
UPDATE crm.benefit_use SET units = 5;
UPDATE crm.benefit SET quota = 100;
DELETE FROM crm.benefit;
-- rights: a clerk of store 2 uses no benefit for store 1, and sets no terms
CREATE ROLE crm_benefit_clerk;
SELECT crm_member.grant_crm('crm', 'crm_benefit_clerk', 'clerk', 2);
SET ROLE crm_benefit_clerk;
SELECT used FROM crm.benefit_use('w1', 3, 'free_shipping', store_id => 1);
SELECT crm.benefit_set('gold', 'x', 'x', 'service');
SELECT count(*) FROM crm.tier_simulate('{"tiers": [{"code": "basic", "rank": 0, "when": {}}]}');
RESET ROLE;
SELECT crm_member.revoke_crm('crm', 'crm_benefit_clerk');
DROP ROLE crm_benefit_clerk;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT crm_member.drop_crm('crm', confirm => 'crm');
