-- sql/crm_member_edges.sql
-- Members at the edges: a first home store, what leads on after a merge, chips of old cards, members seen within a day.
\set VERBOSITY terse
SET timezone = 'Asia/Shanghai';
SET datestyle = 'ISO, YMD';
SELECT crm_member.create_crm('crm');
INSERT INTO crm.store (code, name) VALUES ('A', 'A'), ('B', 'B');

-- a member of the chain gets a store, and is found there
SELECT member_id FROM crm.member_register('r1', full_name => '李雷', phone => '13800000001', joined_at => '2024-01-01 10:00');
SELECT changed FROM crm.member_update(1, 'u1', store_id => 1);
SELECT changed FROM crm.member_update(1, 'u2', store_id => 2);
SELECT store_id, tokens FROM crm.member_search;

-- a birthday and its calendar that are given apart must go together: the table of lunar months begins in 1901
SELECT member_id FROM crm.member_register('r2', full_name => '韩梅', birth_day => '1890-05-05', joined_at => '2024-01-01 10:00');
SELECT changed FROM crm.member_update(2, 'u3', birth_calendar => 'lunar');
SELECT changed FROM crm.member_update(2, 'u4', birth_calendar => 'lunar', birth_day => '1990-05-05');
SELECT changed FROM crm.member_update(2, 'u5', birth_day => '1890-05-05');

-- attributes: bounds that nothing fits and empty choices are refused; a new type finds the values that are there
SELECT crm.attribute_define('x', 'x', 'number', min_value => '5', max_value => '1');
SELECT crm.attribute_define('x', 'x', 'date', min_value => '2025-01-01', max_value => '2024-12-31');
SELECT crm.attribute_define('x', 'x', 'text', choices => '{}');
SELECT crm.attribute_define('x', 'x', 'choice', choices => '{}');
SELECT crm.attribute_define('size', 'size', 'text') IS NOT NULL AS defined;
SELECT changed FROM crm.member_update(1, 'u6', attributes => '{"size": "38.50"}');
SELECT crm.attribute_define('size', 'size', 'number', min_value => '38.5', max_value => '38.5') IS NOT NULL AS defined;
SELECT member_id, attribute_value FROM crm.attribute_members('size', from_value => '38', to_value => '39');

-- the chip of a card that was replaced or closed says so; once another card has it, it is that card's
SELECT * FROM crm.card_issue(1, 'k1', number => 'C001', chip => '0badc0de');
SELECT * FROM crm.card_change('C001', 'replace', 'k2', new_number => 'C002');
SELECT member_id, card_no, state, refusal, use_instead FROM crm.card_lookup(chip => '0badc0de');
SELECT * FROM crm.card_issue(2, 'k3', number => 'C003', chip => '0badc0de');
SELECT member_id, card_no, state, refusal, use_instead FROM crm.card_lookup(chip => '0badc0de');
SELECT * FROM crm.card_change('C003', 'close', 'k4');
SELECT member_id, card_no, state, refusal, use_instead FROM crm.card_lookup(chip => '0badc0de');

-- within a day: what came after as_of is not seen, neither in sums nor among the latest
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES
  ('S1', 1, '2024-05-31 23:59:59.999999', 100), ('S2', 1, '2024-06-01 00:00', 20), ('S3', 1, '2024-06-01 12:00', 3), ('S4', 1, '2024-06-02 00:00', 7);
SELECT a AS as_of, t ->> 'orders' AS orders, t ->> 'net_spend' AS net_spend, t ->> 'last_day' AS last_day, jsonb_array_length(t -> 'latest') AS latest
FROM unnest('{2024-05-31 23:59:59.999998,2024-05-31 23:59:59.999999,2024-06-01 00:00,2024-06-01 11:59,2024-06-01 12:00,2024-06-02 00:00}'::timestamptz[]) AS a,
     LATERAL (SELECT crm.member_360(1, a) -> 'transactions') AS x(t);
-- a household as it was
SELECT crm.household_join(2, 1, 'h1') IS NOT NULL AS joined;
SELECT crm.member_360(1) -> 'social' -> 'household' AS now, crm.member_360(1, '2024-06-01 12:00') -> 'social' -> 'household' AS before;

-- after a merge the number leads on: to the search, to what expires, to the code by which the member brings others
SELECT own_referral_code AS code FROM crm.member_register('r3', full_name => '王芳', joined_at => '2024-01-01 10:00') \gset
SELECT member_id FROM crm.member_register('r4', full_name => '赵六', referral_code => :'code');
SELECT member_id FROM crm.member_register('r5', full_name => '趙六', referral_code => :'code');
SELECT points FROM crm.points_grant(5, 70, 'g1', expires_at => '2199-01-01 00:00');
SELECT kept_id FROM crm.member_merge(4, 5, 'm1');
SELECT member_id, member_no, full_name FROM crm.member_search('00000005');
SELECT * FROM crm.points_expiring(5);
SELECT (SELECT code FROM crm.member_referral(5)) = (SELECT code FROM crm.member_referral(4)) AS same_code;
SELECT brought, crm.member_360(3) -> 'social' ->> 'brought' AS in_360 FROM crm.member_referral(3);
-- what happened once under the old number stays once: events, uses of benefits, redemptions, caps
SELECT crm.earning_rule_set('{"code": "profile", "event": "profile_completed", "kind": "fixed", "units": 5}') IS NOT NULL AS set;
SELECT crm.earning_rule_set('{"code": "review", "event": "review", "kind": "fixed", "units": 5, "cap_member": 8}') IS NOT NULL AS set;
SELECT crm.reward_set('{"code": "mug", "name": "Mug", "kind": "goods", "points": 10, "per_member": 1}') IS NOT NULL AS set;
INSERT INTO crm.member (id, member_no, joined_at) VALUES (900, '00000900', '2024-01-01 10:00'), (901, '00000901', '2024-01-01 10:00');
SELECT crm.tier_pin('p' || m, m, 'platinum', '2199-01-01 00:00', 'test') IS NOT NULL AS pinned, (SELECT points FROM crm.points_grant(m, 100, 'g' || m)) FROM unnest('{900,901}'::bigint[]) AS m;
SELECT left_units FROM crm.benefit_use('b1', 901, 'free_shipping', units => 2);
SELECT points FROM crm.record_event(901, 'profile_completed');
SELECT points FROM crm.record_event(901, 'review', key => '1');
SELECT redemption_id IS NOT NULL AS redeemed FROM crm.reward_redeem('w1', 901, 'mug');
SELECT kept_id FROM crm.member_merge(900, 901, 'm3');
SELECT quota, used, left_units FROM crm.benefits_of(900) WHERE code = 'free_shipping';
SELECT repeated, points FROM crm.record_event(900, 'profile_completed');
SELECT repeated, points FROM crm.record_event(900, 'review', key => '2');
SELECT * FROM crm.reward_redeem('w2', 900, 'mug');
SELECT crm.member_merge(900, 1, 'm4', reason => repeat('x', 501));

-- points that wait for an event are released by it, wherever a merge has moved them; what lapsed does not come back
INSERT INTO crm.member (id, member_no, joined_at) SELECT g, g::text, '2024-01-01 10:00' FROM generate_series(910, 919) AS g;
SELECT points, pending FROM crm.points_grant(911, 10, 'a1', occurred_at => '2024-02-01 10:00', expires_at => '2199-01-01 00:00');
SELECT event_id AS waits, pending FROM crm.points_grant(911, 30, 'a2', occurred_at => '2024-02-01 10:00', await => 'review') \gset
SELECT event_id AS waits_too, pending FROM crm.points_grant(911, 5, 'a3', occurred_at => '2024-02-01 10:00', await => 'review', expires_at => '2199-02-01 00:00') \gset
SELECT kept_id, moved FROM crm.member_merge(910, 911, 'm5');
SELECT kept_id, moved FROM crm.member_merge(912, 910, 'm6');
SELECT balance, available, pending FROM crm.points_balance(912);
SELECT points, available, pending FROM crm.points_release(:waits_too, 'a4');
SELECT points, available, pending FROM crm.points_release(:waits, 'a5');
SELECT crm.points_release(:waits, 'a6');
SELECT points, count(*) FROM crm.points_expiring(912) GROUP BY 1 ORDER BY 1;
SELECT points FROM crm.points_grant(913, 100, 'a7', occurred_at => '2024-02-01 10:00', expires_at => 'infinity');
INSERT INTO crm.setting (key, value, meaning) VALUES ('points_inactivity_months', '3', 'test');
SELECT available FROM crm.points_balance(913);
SELECT kept_id, moved FROM crm.member_merge(914, 913, 'm7');
SELECT available FROM crm.points_balance(914);
DELETE FROM crm.setting WHERE key = 'points_inactivity_months';
-- the pool of a household, and pairs of twins, lead on too
SELECT crm.household_join(915, 916, 'h2') IS NOT NULL AS joined, (SELECT points FROM crm.points_grant(916, 7, 'a8'));
SELECT kept_id FROM crm.member_merge(915, 917, 'm8');
SELECT members, available FROM crm.points_pool_balance(917);
INSERT INTO crm.member_twin (member_id, other_id, reason) VALUES (915, 917, 'phone'), (917, 918, 'phone'), (915, 918, 'email'), (918, 919, 'phone');
SELECT member_id, other_id, reasons FROM crm.member_twins();
SELECT crm.member_twin_dismiss(918, 917), crm.member_twin_dismiss(915, 918), crm.member_twin_dismiss(915, 917);
SELECT receipt_id > 0 AS erased FROM crm.member_erase(919, 'asked');
SELECT crm.tier_pin('p919', 919, 'gold', '2199-01-01 00:00', 'a reason in words');
SELECT member_id, other_id, reasons FROM crm.member_twins();

-- an import that shares the phone of a member with a higher id
SELECT changed FROM crm.member_update(900, 'u7', full_name => 'Ann', phone => '13800000009');
SELECT crm.import_open('i1', 'member', 'erp') IS NOT NULL AS opened, crm.import_stage('i1', '[{"source_key": "a", "full_name": "Bob", "phone": "13800000009"}]');
SELECT verdict, reason, member_id < 900 AS lower FROM crm.member_import('i1');

-- who left and comes back registers with the same phone and the same identity
SELECT member_id AS left_us FROM crm.member_register('l1', full_name => 'Back', phone => '13800000077', joined_at => '2024-01-01 10:00', identities => '[{"provider": "wechat", "app": "w", "external_id": "o1", "union_id": "u1"}]') \gset
SELECT crm.member_close(:left_us, 'l2', closed_at => '2024-06-01 10:00') IS NOT NULL AS closed, (SELECT member_id = :left_us FROM crm.identity_lookup('wechat', 'o1', app => 'w')) AS found;
SELECT existed, member_id > :left_us AS new FROM crm.member_register('l3', full_name => 'Back', phone => '13800000077', on_duplicate => 'return', identities => '[{"provider": "wechat", "app": "w", "external_id": "o1", "union_id": "u1"}]');
SELECT member_id > :left_us AS new FROM crm.identity_lookup('wechat', 'o1', app => 'w') UNION ALL SELECT member_id > :left_us FROM crm.identity_lookup('wechat', 'o9', app => 'w9', union_id => 'u1');

-- accents matter neither in the name nor in what is typed
SELECT crm.member_update(910 + g, 'n' || g, full_name => n) IS NOT NULL AS named FROM (VALUES (5, 'Ünal Çelik'), (6, 'Unal Celik')) AS v(g, n);
SELECT q, (SELECT string_agg(member_id || ' ' || matched, ', ' ORDER BY member_id) FROM crm.member_search(q)) AS found FROM unnest('{ünal,unal,çel,cel,Çelik,ünal ç}'::text[]) AS q;

-- a key that is a phone goes with the person, also when the shop's table is let go later
CREATE SCHEMA edges_shop;
CREATE TABLE edges_shop.orders (id int PRIMARY KEY, who text, at timestamptz, amount numeric);
SELECT count(*) AS attached FROM crm.attach_sales('edges_shop.orders', member_column => 'who', at_column => 'at', amount_column => 'amount', key_column => 'id');
INSERT INTO edges_shop.orders VALUES (1, '13766660001', '2024-05-01', 10), (2, '4711', '2024-05-01', 10);
SELECT crm.member_erase(k.member_id, 'asked') IS NOT NULL AS erased FROM crm.member_key AS k WHERE k.key IN ('13766660001', '4711');
SELECT key FROM crm.member_key WHERE key IN ('13766660001', '4711') ORDER BY 1;
SELECT count(*) AS detached FROM crm.detach_sales('edges_shop.orders');
SELECT crm.member_erase(k.member_id, 'asked') IS NOT NULL AS erased FROM crm.member_key AS k WHERE k.key IN ('13766660001', '4711');
SELECT key FROM crm.member_key WHERE key IN ('13766660001', '4711') ORDER BY 1;
SET client_min_messages = warning;
DROP SCHEMA edges_shop CASCADE;
RESET client_min_messages;

-- what came of a complaint is in the order in which it happened
SELECT crm.interaction_add(900, 'complaint', 'c1', occurred_at => '2024-05-01 10:00') AS complaint \gset
SELECT crm.interaction_follow(:complaint, 'closed', 'c2', occurred_at => '2024-05-01 09:59');
SELECT crm.interaction_follow(:complaint, 'reopened', 'c3', occurred_at => '2024-05-04 10:00');
SELECT crm.interaction_follow(:complaint, 'closed', 'c4', occurred_at => '2024-05-02 10:00');
SELECT state FROM crm.interactions(900);
SELECT a AS as_of, crm.member_360(900, a) -> 'behaviour' -> 'open_interactions' AS open FROM unnest('{2024-05-01 12:00,2024-05-03 12:00,2024-05-05 12:00}'::timestamptz[]) AS a;

-- sales that come again: what a row leaves empty stays
SELECT crm.import_open('i2', 'sale', 'erp') IS NOT NULL AS opened, crm.import_stage('i2', '[{"source_key": "B1", "member_key": "a", "occurred_at": "2024-05-01 10:00", "amount": "100", "store": "A", "channel": "till"},
  {"source_key": "B2", "member_key": "a", "occurred_at": "2024-05-02 10:00", "amount": "-5", "refund_of_key": "B1"}]');
SELECT verdict FROM crm.sale_import('i2');
SELECT crm.import_open('i3', 'sale', 'erp') IS NOT NULL AS opened, crm.import_stage('i3', '[{"source_key": "B1", "occurred_at": "2024-05-01 10:00", "amount": "100"}, {"source_key": "B2", "occurred_at": "2024-05-02 10:00", "amount": "-6"}]');
SELECT verdict FROM crm.sale_import('i3');
SELECT crm.import_open('i4', 'sale', 'erp') IS NOT NULL AS opened, crm.import_stage('i4', '[{"source_key": "B2", "occurred_at": "2024-05-02 10:00", "amount": "6"}]');
SELECT verdict, reason FROM crm.sale_import('i4');
SELECT source_key, member_id IS NOT NULL AS of_member, store_id, channel, net_spend, refund_of_id IS NOT NULL AS refund FROM crm.sale WHERE source_key ~ '^B' ORDER BY 1;
CALL crm.import_run('i3', batch_rows => 0);
SELECT count(*) AS runs FROM crm.job_run WHERE job = 'import';

-- two members who never bought, after the reports were made
SELECT count(*) > 0 AS refreshed FROM crm.refresh_reports();
SELECT kept_id FROM crm.member_merge(3, 2, 'm2');
-- who was merged into another is no member of the reports
SELECT count(*) > 0 AS refreshed FROM crm.refresh_reports();
SELECT (SELECT count(*) FROM crm_report.members) = count(*) AS listed, (SELECT members_at_end FROM crm_report.member_growth ORDER BY month DESC LIMIT 1) = count(*) FILTER (WHERE closed_at IS NULL) AS counted
FROM crm.member WHERE merged_into_id IS NULL;

SELECT * FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT crm_member.drop_crm('crm', 'crm');
