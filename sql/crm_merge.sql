-- sql/crm_merge.sql
-- Two members become one: points lot by lot, arrears, tiers, contacts, cards, keys; what comes later; what is refused. Numbers by hand.
--
-- Seed programme: 1 yuan = 1 point = 1 growth; points expire 12 months on, at
-- the end of that year. Gold from 2,000 of net spend in 12 months.

SET client_min_messages = warning;
SET timezone = 'Asia/Shanghai';
SET datestyle = 'ISO';
\set VERBOSITY sqlstate
SELECT crm_member.create_crm('crm');
INSERT INTO crm.store (code, name) VALUES ('a', 'A');
-- 1 Ann by phone, 2 the same Ann by another phone, later; both of store 1; all days within the last year
SELECT clock_timestamp() - interval '300 days' AS day1, clock_timestamp() - interval '60 days' AS day2, clock_timestamp() - interval '30 days' AS day3 \gset
SELECT member_id, card_no AS first_card FROM crm.member_register('a', full_name => 'Ann Lee', phone => '13800000001', joined_at => :'day2', store_id => 1, region => 'north') \gset
SELECT member_id, card_no AS second_card, own_referral_code AS code2 FROM crm.member_register('b', full_name => 'A. Lee', phone => '13800000002', email => 'ann@example.com', birth_day => '1990-01-01', joined_at => :'day1', store_id => 1,
  region => 'south', identities => '[{"provider": "wechat", "app": "wx1", "external_id": "o2"}]', acquired_by => 'friend') \gset
SELECT crm.member_contact_set(2, 'phone', '13800000001', 'c'), crm.member_tag_set(2, 'VIP', 't'), crm.household_join(2, 1, 'h');
SELECT existed FROM crm.member_register('d', full_name => 'Bob', referral_code => :'code2', joined_at => :'day2', store_id => 1);
INSERT INTO crm.realm (name) VALUES ('shop');
INSERT INTO crm.member_key (realm_id, key, member_id) VALUES ((SELECT id FROM crm.realm WHERE name = 'shop'), 'k1', 1), ((SELECT id FROM crm.realm WHERE name = 'shop'), 'k2', 2);

-- 1 bought for 1500 (points 1500); 2 for 800 and 100.50 (points 800 and 100), of which a refund took 30.50:
-- floor(100 x 70/100.50) = 69 points left of the second
SELECT points, tier FROM crm.sale_record('s1', '[{"list_amount": 1500}]', '[{"kind": "cash", "amount": 1500}]', member_id => 1, store_id => 1, occurred_at => :'day2');
SELECT points, tier FROM crm.sale_record('s2', '[{"list_amount": 800}]', '[{"kind": "cash", "amount": 800}]', member_id => 2, store_id => 1, occurred_at => :'day2');
SELECT sale_id AS small, points, tier FROM crm.sale_record('s3', '[{"list_amount": 100.50}]', '[{"kind": "cash", "amount": 100.50}]', member_id => 2, store_id => 1, occurred_at => :'day3') \gset
SELECT points FROM crm.sale_refund('s3r', :small, '[{"line_no": 1, "amount": 30.50}]', occurred_at => :'day3');
SELECT m.id, b.available, t.code FROM crm.member AS m, crm.points_balance(m.id) AS b, crm.tier_for(m.id) AS t WHERE m.id < 3 ORDER BY 1;

-- a trial writes nothing; then: 1500 + 869 points, net spend 2370: gold
SELECT * FROM crm.member_merge(1, 2, 'm0', dry_run => true);
SELECT merged_into_id FROM crm.member WHERE id = 2;
SELECT kept_id, sales, moved FROM crm.member_merge(1, 2, 'm1', reason => 'showed both cards');
SELECT kept_id, sales, moved FROM crm.member_merge(1, 2, 'm1', reason => 'showed both cards');
SELECT m.id, b.balance, b.available, t.code FROM crm.member AS m, crm.points_balance(m.id) AS b, crm.tier_for(m.id) AS t WHERE m.id < 3 ORDER BY 1;
SELECT a.member_id, t.code, a.balance, a.arrears FROM crm.account AS a JOIN crm.asset AS t ON t.id = a.asset_id WHERE a.id > 0 ORDER BY 1, 2;
-- lots of the kept member: its own and those that came, each with the life that it had
SELECT l.units, l.left_units, e.kind, l.available_from = o.available_from AS same_start, l.expires_at = o.expires_at AS same_end
FROM crm.lot AS l JOIN crm.account AS a ON a.id = l.account_id AND a.member_id = 1 JOIN crm.ledger_event AS e ON e.id = l.event_id
     LEFT JOIN crm.posting AS p ON p.event_id = l.event_id AND p.posting_no = l.lot_no
     LEFT JOIN LATERAL (SELECT k.* FROM crm.lot_use AS u JOIN crm.lot AS k ON k.event_id = u.lot_event_id AND k.lot_no = u.lot_no
                        WHERE u.event_id = l.event_id AND u.units = l.units) AS o ON true
ORDER BY l.event_id, l.lot_no;
SELECT crm_member.order_count(h.history), crm_member.net_spend(h.history) FROM crm.member_history AS h ORDER BY h.member_id;
-- the person: what the kept one has stays, what it lacks is filled; the earlier joining
SELECT full_name, phone, email, birth_day FROM crm.member_pii WHERE member_id IN (1, 2);
SELECT kind, value, preferred FROM crm.member_contacts(1);
SELECT member_id, count(*) FROM crm.member_contact WHERE is_key GROUP BY 1;
SELECT joined_at = :'day1' AS earlier, region, acquired_by FROM crm.member WHERE id = 1;
SELECT key, member_id FROM crm.member_key ORDER BY key;
SELECT referrer_id FROM crm.member WHERE id = 3;
SELECT count(*) AS in_household FROM crm.household_members(1);
SELECT member_id FROM crm.tag_members('VIP');
SELECT count(*) AS open_twins FROM crm.member_twins();
-- old numbers and cards lead on, with the reason where there is one
SELECT member_id, card_no = :'second_card' AS its_own, usable FROM crm.card_lookup(:'second_card');
SELECT kind, state FROM crm.card_history(:'second_card');
SELECT member_id FROM crm.identity_lookup('wechat', 'o2', app => 'wx1');
SELECT gone_id, gone_no, into_id, reason, moved FROM crm.member_merge_explain(2);
SELECT crm.member_360(2) ->> 'member_id' AS who, crm.member_360(2) -> 'social' -> 'merged' AS merged, crm.member_360(2) -> 'transactions' ->> 'net_spend' AS net_spend;
-- writing doors say where to go; a till sells to the one that was kept
SELECT crm.member_update(2, 'x', region => 'west');
SELECT points, tier FROM crm.sale_record('s4', '[{"list_amount": 10}]', '[{"kind": "cash", "amount": 10}]', member_id => 2, store_id => 1);
SELECT member_id FROM crm.sale WHERE source_key = 's4';
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('raw', 2, clock_timestamp(), 1);
-- a refund of a moved sale takes the points from the kept member: 2369 + 10 - 69 = 2310
SELECT net_spend FROM crm.sale_refund('s3rr', :small);
SELECT available FROM crm.points_balance(1);
SELECT crm.member_merge(2, 3, 'm2');
SELECT crm.member_merge(1, 1, 'm3');
SELECT crm.member_merge(1, 77, 'm4');

-- arrears: 4 spends 300 of 400 points (booked by hand), then the sale is refunded: arrears 300. 5 has 1000. Together: 1000 - 300 = 700
INSERT INTO crm.member (id, member_no, joined_at) VALUES (4, 'm4', :'day1'), (5, 'm5', :'day1'), (6, 'm6', :'day1');
SELECT setval(pg_get_serial_sequence('crm.member', 'id'), 10);
SELECT sale_id AS sale4 FROM crm.sale_record('s5', '[{"list_amount": 400}]', '[{"kind": "cash", "amount": 400}]', member_id => 4, occurred_at => :'day3') \gset
SELECT points FROM crm.sale_record('s6', '[{"list_amount": 1000}]', '[{"kind": "cash", "amount": 1000}]', member_id => 5, occurred_at => :'day2');
WITH e AS (INSERT INTO crm.ledger_event (kind, member_id, occurred_at) VALUES ('redeem', 4, :'day3') RETURNING id),
     p AS (INSERT INTO crm.posting (event_id, posting_no, asset_id, from_account, to_account, units)
           SELECT e.id, 1, 1, a.id, -102, 300 FROM e, crm.account AS a WHERE a.member_id = 4 AND a.asset_id = 1 RETURNING 1)
INSERT INTO crm.lot_use (event_id, lot_event_id, lot_no, units, at) SELECT e.id, l.event_id, l.lot_no, 300, :'day3' FROM e, crm.lot AS l JOIN crm.account AS a ON a.id = l.account_id WHERE a.member_id = 4;
UPDATE crm.lot SET left_units = left_units - 300 WHERE account_id = (SELECT id FROM crm.account WHERE member_id = 4 AND asset_id = 1);
UPDATE crm.account SET balance = balance - 300 WHERE member_id = 4 AND asset_id = 1;
SELECT net_spend FROM crm.sale_refund('s5r', :sale4);
SELECT balance, arrears FROM crm.points_balance(4);
SELECT sales, moved FROM crm.member_merge(5, 4, 'm5');
SELECT balance, available, arrears FROM crm.points_balance(5);
SELECT available FROM crm.points_balance(4);
-- a pin goes along; a member without a sale or an account
SELECT pinned_to FROM crm.tier_pin('p', 6, 'diamond', '2099-01-01', 'friend of the house') \gset
SELECT sales, moved FROM crm.member_merge(5, 6, 'm6');
SELECT code, reason FROM crm.tier_for(5);
-- of pins that overlap the kept member's holds, and the other's before and after it: gold in March, platinum in February and April
BEGIN;
INSERT INTO crm.member (id, member_no, joined_at) VALUES (91, 'm91', :'day1'), (92, 'm92', :'day1');
SELECT count(*) FROM crm.tier_pin('p91', 91, 'gold', '2099-04-01', 'one', valid_from => '2099-03-01') AS k, crm.tier_pin('p92', 92, 'platinum', '2099-05-01', 'other', valid_from => '2099-02-01') AS g;
SELECT kept_id FROM crm.member_merge(91, 92, 'm92');
SELECT tier_code, valid_from, valid_to, reason FROM crm.tier_pin WHERE member_id = 91 AND known_to = 'infinity' ORDER BY valid_from;
ROLLBACK;
-- what was asked for a member that is gone by now has its first answer; another content and another request have not
BEGIN;
INSERT INTO crm.member (id, member_no, joined_at) VALUES (93, 'm93', :'day1'), (94, 'm94', :'day1'), (95, 'm95', :'day1');
CREATE TEMP TABLE asked AS SELECT call, ''::text AS answer FROM unnest(ARRAY[
  $q$crm.member_update(94, 'b1', region => 'east')$q$, $q$crm.member_contact_set(94, 'phone', '13900000094', 'b2')$q$, $q$crm.member_tag_set(94, 'vip', 'b3')$q$, $q$crm.card_issue(94, 'b4')$q$,
  $q$crm.household_join(94, 95, 'b5')$q$, $q$crm.household_leave(94, 'b6')$q$, $q$crm.points_accrue(94, 10, 'b7')$q$, $q$crm.points_grant(94, 10, 'b8')$q$, $q$crm.record_event(94, 'sign_in', request_id => 'b9')$q$,
  $q$crm.consent_give('b10', 94, 'marketing', 'v1')$q$, $q$crm.member_identity_link(94, 'web', 'x94', 'b11')$q$]) AS call;
CREATE FUNCTION pg_temp.say(call text) RETURNS text LANGUAGE plpgsql AS $$ DECLARE said text; BEGIN EXECUTE 'SELECT a::text FROM ' || call || ' AS a' INTO said; RETURN said; END $$;
UPDATE asked SET answer = pg_temp.say(call);
SELECT kept_id FROM crm.member_merge(93, 94, 'm94');
SELECT call FROM asked WHERE pg_temp.say(call) IS DISTINCT FROM answer;
SAVEPOINT s;
SELECT * FROM crm.member_update(94, 'b1', region => 'west');
ROLLBACK TO s;
SELECT * FROM crm.member_update(94, 'b12', region => 'west');
ROLLBACK;
-- chains: what was merged into one that is merged itself leads to the last
SELECT sales FROM crm.member_merge(1, 5, 'm7');
SELECT id, merged_into_id FROM crm.member WHERE merged_into_id IS NOT NULL ORDER BY 1;
-- 2310 of its own and 700
SELECT available FROM crm.points_balance(4);

-- points by the doors: a redemption of 40 by 8 before the merge is undone after it and comes back to 7; the rest says where to go
INSERT INTO crm.member (id, member_no, joined_at) VALUES (7, 'm7', :'day1'), (8, 'm8', :'day1');
SELECT points FROM crm.points_grant(8, 100, 'q1', reason => 'gift');
SELECT event_id AS spent FROM crm.points_redeem(8, 40, 'q2') \gset
SELECT moved FROM crm.member_merge(7, 8, 'm8');
SELECT available FROM crm.points_reverse(:spent, 'q3');
SELECT points FROM crm.points_grant(8, 1, 'q4', reason => 'gift');
SELECT points FROM crm.points_redeem(8, 1, 'q5');
SELECT points FROM crm.points_accrue(8, 1, 'q6');
SELECT points FROM crm.points_transfer(7, 8, 1, 'q7');
SELECT balance, available FROM crm.points_balance(7);

-- refunds of sales that came with a merge: what 12 earned in 2020 had expired (100, in two parts, once swept and once not), so
-- nobody owes it; of the 60 that came along, which end last, 20 are taken from their own lot: 11 keeps 50, 7 and 40
INSERT INTO crm.member (id, member_no, joined_at) VALUES (11, 'm11', '2019-01-01'), (12, 'm12', '2019-01-01');
SELECT points FROM crm.points_grant(11, 50, 'q8', reason => 'gift', expires_at => clock_timestamp() + interval '30 days');
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('old', 12, '2020-05-05 12:00+08', 100) RETURNING id AS old \gset
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('new', 12, clock_timestamp() - interval '1 hour', 60) RETURNING id AS new \gset
SELECT points FROM crm.points_grant(12, 7, 'q9', reason => 'gift', expires_at => clock_timestamp() + interval '20 days');
SELECT moved -> 'points' AS moved FROM crm.member_merge(11, 12, 'm12');
INSERT INTO crm.sale (member_id, occurred_at, net_spend, refund_of_id) VALUES (11, clock_timestamp(), -30, :old);
SELECT balance, available, arrears FROM crm.points_balance(11);
SELECT count(*) AS events FROM crm.points_expire();
INSERT INTO crm.sale (member_id, occurred_at, net_spend, refund_of_id) VALUES (11, clock_timestamp(), -70, :old), (11, clock_timestamp(), -20, :new);
SELECT balance, available, arrears FROM crm.points_balance(11);
SELECT l.left_units FROM crm.lot AS l JOIN crm.account AS a ON a.id = l.account_id WHERE a.member_id = 11 AND a.asset_id = 1 AND l.left_units > 0 ORDER BY 1;
-- the refund is taken back: they return to where they were
DELETE FROM crm.sale WHERE refund_of_id = :new;
SELECT balance, available, arrears FROM crm.points_balance(11);

-- a reward that the member who is gone had is given back to the one that was kept: 30 - 20 went along, 20 come after
INSERT INTO crm.member (id, member_no, joined_at) VALUES (13, 'm13', :'day1'), (14, 'm14', :'day1');
SELECT crm.reward_set('{"code": "mug", "name": "Mug", "kind": "goods", "points": 20, "stock": 3}') > 0 AS set;
SELECT points FROM crm.points_grant(14, 30, 'r1', reason => 'gift');
SELECT redemption_id, available FROM crm.reward_redeem('r2', 14, 'mug') \gset mug_
SELECT moved FROM crm.member_merge(13, 14, 'm14');
SELECT points, available FROM crm.reward_undo('r3', :mug_redemption_id, 'broken', dry_run => true);
SELECT points, available FROM crm.reward_undo('r3', :mug_redemption_id, 'broken');
SELECT points, available FROM crm.reward_undo('r3', :mug_redemption_id, 'broken');
SELECT points, available FROM crm.reward_undo('r4', :mug_redemption_id, 'broken');
SELECT available FROM crm.points_balance(13);
SELECT member_id FROM crm.outbox WHERE topic = 'reward.undone';

SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT crm.rebuild_histories() >= 0 AS rebuilt;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
DELETE FROM crm.member_merging;
SELECT crm_member.drop_crm('crm', 'crm');
