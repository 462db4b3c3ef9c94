-- sql/crm_mall.sql
-- The points mall: prices, stock, limits, tier gates, conditions, stored value, undoing, repeats; each number by hand.

SET client_min_messages = warning;
SET timezone = 'Asia/Shanghai';
\set VERBOSITY terse
SELECT crm_member.create_crm('crm');
INSERT INTO crm.store (code, name) VALUES ('s1', 'One'), ('s2', 'Two');
INSERT INTO crm.member (member_no, joined_at, home_store_id) SELECT 'm' || i, '2023-01-01', 1 FROM generate_series(1, 4) AS i;
INSERT INTO crm.member_pii (member_id, sex) VALUES (1, 'female'), (2, 'male');
-- member 1: 300 points that are gone with 2024, 500 with 2025; member 2: 2500, and gold
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES
  ('a', 1, '2023-06-01 10:00', 300), ('b', 1, '2024-06-01 10:00', 500), ('c', 2, '2024-06-01 10:00', 2500), ('d', 3, '2024-06-01 10:00', 100);

SELECT crm.reward_set('{"code": "mug", "name": "Mug", "kind": "goods", "points": 200, "money": 9.90, "stock": 3, "per_member": 2}') AS mug;
SELECT crm.reward_set('{"code": "lounge", "kind": "coupon", "points": 100, "tier": "gold"}') AS lounge;
SELECT crm.reward_set('{"code": "card50", "kind": "stored_value", "points": 250, "value": 50}') AS card;
SELECT crm.reward_set('{"code": "her", "kind": "coupon", "points": 10, "predicate": "sex = ''female'' AND weekday <= 5", "per_day": 1}') AS her;
SELECT crm.reward_set('{"code": "past", "kind": "cash_back", "points": 10, "value": 1, "valid_to": "2024-01-01"}') AS past;
-- refused
SELECT crm.reward_set('{"code": "bad", "kind": "goods", "points": 0}');
SELECT crm.reward_set('{"code": "bad", "kind": "gift_card", "points": 5}');
SELECT crm.reward_set('{"code": "bad", "kind": "wish", "points": 5}');
SELECT crm.reward_set('{"code": "bad", "kind": "goods", "points": 5, "colour": 1}');
SELECT crm.reward_set('{"code": "bad", "kind": "goods", "points": 5, "tier": "tin"}');
SELECT crm.reward_set('{"code": "bad", "kind": "goods", "points": 5, "predicate": "amount > 5"}');
SELECT crm.reward_set('{"code": "mug", "kind": "coupon"}');
SELECT crm.reward_set('[]');

-- 800 on 1 July 2024: the mug takes 200 of the 300 that are gone first
SELECT redemption_id, points, money, available FROM crm.reward_redeem('q1', 1, 'mug', occurred_at => '2024-07-01 10:00');
SELECT l.units, l.left_units FROM crm.lot AS l JOIN crm.account AS a ON a.id = l.account_id WHERE a.member_id = 1 ORDER BY l.event_id;
-- a repeat; the same id with other content; a dry run
SELECT redemption_id, points FROM crm.reward_redeem('q1', 1, 'mug', occurred_at => '2024-07-01 10:00');
SELECT redemption_id, points FROM crm.reward_redeem('q1', 1, 'mug', 2, occurred_at => '2024-07-01 10:00');
SELECT points FROM crm.reward_redeem('q2', 1, 'mug', occurred_at => '2024-07-02 10:00', dry_run => true);
SELECT taken FROM crm.reward WHERE code = 'mug';
-- at most two for one member; three in stock: member 1 has one, member 2 takes two, nobody more
SELECT points FROM crm.reward_redeem('q3', 1, 'mug', 2, occurred_at => '2024-07-02 10:00');
SELECT points, money FROM crm.reward_redeem('q4', 2, 'mug', 2, occurred_at => '2024-07-02 10:00');
SELECT points FROM crm.reward_redeem('q5', 1, 'mug', occurred_at => '2024-07-02 10:00');
SELECT crm.reward_set('{"code": "mug", "stock": 2}');
-- no points, no reward, no time, no tier, no condition, twice a day
SELECT points FROM crm.reward_redeem('q6', 3, 'card50', occurred_at => '2024-07-02 10:00');
SELECT points FROM crm.reward_redeem('q6', 3, 'pony', occurred_at => '2024-07-02 10:00');
SELECT points FROM crm.reward_redeem('q6', 3, 'past', occurred_at => '2024-07-02 10:00');
SELECT points FROM crm.reward_redeem('q6', 3, 'lounge', occurred_at => '2024-07-02 10:00');
SELECT points FROM crm.reward_redeem('q6', 2, 'lounge', occurred_at => '2024-07-02 10:00');
SELECT points FROM crm.reward_redeem('q7', 2, 'her', occurred_at => '2024-07-02 10:00');
SELECT points FROM crm.reward_redeem('q7', 1, 'her', occurred_at => '2024-07-06 10:00');
SELECT points FROM crm.reward_redeem('q7', 1, 'her', occurred_at => '2024-07-05 10:00');
SELECT points FROM crm.reward_redeem('q8', 1, 'her', occurred_at => '2024-07-05 11:00');
SELECT points FROM crm.reward_redeem('q8', 1, 'her', occurred_at => '2024-07-08 11:00');
SELECT points FROM crm.reward_redeem('q9', 1, 'her', 0);
SELECT points FROM crm.reward_redeem('q9', 1, 'her', occurred_at => 'infinity');
SELECT points FROM crm.reward_redeem('q9', 1, 'her', 2147483647, occurred_at => '2024-07-09 11:00');
SELECT points FROM crm.reward_redeem('q9', 99, 'her');
-- a refused redemption has left nothing behind
SELECT count(*), count(*) FILTER (WHERE kind = 'redeem') AS redeemed FROM crm.ledger_event;

-- stored value: 250 points for 50.00 of gift part, twice
SELECT points FROM crm.reward_redeem('v1', 1, 'card50', 2, occurred_at => '2024-07-10 10:00');
SELECT a.asset_id, a.balance FROM crm.account AS a WHERE a.member_id = 1 ORDER BY 1;
-- 800 - 200 - 10 - 10 - 500 = 80
SELECT available FROM crm.points_balance(1, '2024-07-10 10:00');

-- undoing: 80 + 200; the mug brings back 200 and the stock
SELECT points, money FROM crm.reward_undo('u1', 1, 'broken', '2024-07-11 10:00');
SELECT points, money FROM crm.reward_undo('u1', 1, 'broken', '2024-07-11 10:00');
SELECT points, money FROM crm.reward_undo('u2', 1, 'broken', '2024-07-11 10:00');
SELECT points, money FROM crm.reward_undo('u2', 99, 'broken', '2024-07-11 10:00');
SELECT points, money FROM crm.reward_undo('u2', (SELECT max(id) FROM crm.reward_redemption), 'broken', '2024-07-12 10:00');
SELECT available FROM crm.points_balance(1, '2024-07-11 10:00');
SELECT code, stock, taken FROM crm.reward WHERE code = 'mug';
-- the limit is free again: two mugs
SELECT points FROM crm.reward_redeem('q10', 1, 'mug', 1, occurred_at => '2024-07-12 10:00');
-- of the gift part nothing was spent, so it goes back as a whole; then once more, with 1.00 spent
SELECT points FROM crm.reward_undo('u3', (SELECT id FROM crm.reward_redemption WHERE value = 100), 'changed her mind', '2024-07-12 11:00');
SELECT a.asset_id, a.balance FROM crm.account AS a WHERE a.member_id = 1 ORDER BY 1;
SELECT points FROM crm.reward_redeem('v2', 1, 'card50', occurred_at => '2024-07-13 10:00');
WITH e AS (INSERT INTO crm.ledger_event (kind, member_id, occurred_at) VALUES ('spend', 1, '2024-07-14') RETURNING id),
     p AS (INSERT INTO crm.posting (event_id, posting_no, asset_id, from_account, to_account, units) SELECT e.id, 1, 4, a.id, -402, 100 FROM e, crm.account AS a WHERE a.member_id = 1 AND a.asset_id = 4 RETURNING event_id, from_account),
     l AS (UPDATE crm.lot AS l SET left_units = left_units - 100 FROM p WHERE l.account_id = p.from_account AND l.left_units > 0 RETURNING l.event_id, l.lot_no),
     u AS (INSERT INTO crm.lot_use (event_id, lot_event_id, lot_no, units, at) SELECT p.event_id, l.event_id, l.lot_no, 100, '2024-07-14' FROM p, l)
UPDATE crm.account SET balance = balance - 100 WHERE member_id = 1 AND asset_id = 4;
SELECT points FROM crm.reward_undo('u4', (SELECT max(id) FROM crm.reward_redemption), 'too late', '2024-07-15');
-- what returns to a lot that has expired is gone: the 300 of 2023 ended with 2024, and the mug of 12 July took its 200 from them
SELECT available FROM crm.points_balance(1, '2025-01-02');
SELECT points FROM crm.reward_undo('u5', (SELECT max(id) FROM crm.reward_redemption AS r WHERE reward_id = 1 AND member_id = 1 AND undoes_id IS NULL), 'very late', '2025-01-02');
SELECT available FROM crm.points_balance(1, '2025-01-02');

-- a price change touches no old redemption
SELECT crm.reward_set('{"code": "mug", "points": 400, "stock": null, "per_member": null}') = 1 AS same;
SELECT points, money FROM crm.reward_redemption WHERE member_id = 2 AND reward_id = 1;
-- what a member may have, and why not
SELECT code, points, left_in_stock, may_have, why_not FROM crm.rewards_for(1, '2024-08-01');
SELECT code, points, left_in_stock, may_have, why_not FROM crm.rewards_for(2, '2024-08-01');
SELECT topic, body FROM crm.outbox WHERE topic LIKE 'reward%' ORDER BY id LIMIT 2;

-- privileges: a clerk of another store
CREATE ROLE regress_crm_mall;
SELECT crm_member.grant_crm('crm', 'regress_crm_mall', 'clerk', 2);
SET ROLE regress_crm_mall;
SELECT points FROM crm.reward_redeem('p1', 1, 'her');
SELECT points FROM crm.reward_undo('p2', 1, 'x');
SELECT points FROM crm.reward_undo('p2', 9999, 'x');
SELECT crm.reward_set('{"code": "gold", "kind": "goods", "points": 1}');
RESET ROLE;
SELECT crm_member.revoke_crm('crm', 'regress_crm_mall');
DROP ROLE regress_crm_mall;

-- points that lapsed by inactivity buy nothing: given seven months ago, none since
INSERT INTO crm.setting (key, value, meaning) VALUES ('points_inactivity_months', '6', 'test');
SELECT m.id AS idle FROM crm.member AS m WHERE NOT EXISTS (SELECT FROM crm.account AS a WHERE a.member_id = m.id AND a.asset_id = 1) ORDER BY m.id LIMIT 1 \gset
SELECT points FROM crm.points_grant(:idle, 5000, 'idle', now() - interval '7 months', expires_at => 'infinity');
SELECT points FROM crm.reward_redeem('idle 1', :idle, 'mug');
DELETE FROM crm.setting WHERE key = 'points_inactivity_months';
SELECT * FROM crm_member.check_crm('crm') WHERE NOT ok;
-- what paid for a reward is undone with the reward alone
SELECT ledger_event_id > 0 AS paid FROM crm.reward_redemption ORDER BY id LIMIT 1;
SELECT count(*) FROM crm.points_reverse((SELECT min(ledger_event_id) FROM crm.reward_redemption), 'not so');
SELECT crm_member.drop_crm('crm', 'crm');
