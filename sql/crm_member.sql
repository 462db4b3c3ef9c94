-- sql/crm_member.sql
-- Members: registering, contacts, identities, cards, attributes, tags, households, leads; duplicates, repeats, uniform answers.

SET client_min_messages = warning;
SET timezone = 'Asia/Shanghai';
\set VERBOSITY sqlstate
SELECT crm_member.create_crm('crm');
INSERT INTO crm.store (code, name) VALUES ('a', 'A'), ('b', 'B');
CREATE ROLE crm_test_clerk;
CREATE ROLE crm_test_app;
SELECT crm_member.grant_crm('crm', 'crm_test_clerk', 'clerk', 1), crm_member.grant_crm('crm', 'crm_test_app', 'app');

-- one call: number, card, welcome; the phone in one form, empty texts as unknown.
-- Card: prefix 80, count 000000001; doubled from the right: 1 -> 2, 8 -> 16 -> 7; sum 9, so the check digit is 1
SELECT member_id, member_no, member_since, card_no, length(own_referral_code) AS code, existed
FROM crm.member_register('r1', full_name => ' 王芳 ', phone => '１３８ 0000-0001', email => 'Fang@Example.COM', birth_day => '1990-02-28', sex => 'female',
  store_id => 1, joined_at => '2024-01-01 10:00', region => '', identities => '[{"provider": "wechat", "app": "wx1", "external_id": "o1", "union_id": "u1"}]');
SELECT full_name, phone, email, birth_day, birth_calendar FROM crm.member_pii WHERE member_id = 1;
SELECT region IS NULL AS no_region FROM crm.member;
SELECT kind, value, key, is_key, preferred FROM crm.member_contact ORDER BY id;
SELECT provider, app, external_id FROM crm.member_identity ORDER BY app;
SELECT topic, member_id, body FROM crm.outbox;
-- the repeat: the first answer, nothing more; other content: CR002
SELECT member_id, card_no, existed FROM crm.member_register('r1', full_name => '王芳', phone => '13800000001', email => 'Fang@Example.COM', birth_day => '1990-02-28', sex => 'female',
  store_id => 1, joined_at => '2024-01-01 10:00', identities => '[{"provider": "wechat", "app": "wx1", "external_id": "o1", "union_id": "u1"}]');
SELECT member_id FROM crm.member_register('r1', full_name => '王芬');
SELECT (SELECT count(*) FROM crm.member) AS members, (SELECT count(*) FROM crm.member_card) AS cards, (SELECT count(*) FROM crm.outbox) AS notices;
-- a trial answers and writes nothing
SELECT member_id, existed FROM crm.member_register('r2', phone => '13800000002', dry_run => true);
SELECT (SELECT count(*) FROM crm.member) AS members, (SELECT count(*) FROM crm.request WHERE request_id = 'r2') AS requests;
-- registered already: by phone in other writing, by e-mail, by an id of another app of the provider
SELECT member_id FROM crm.member_register('r3', phone => '+86 138 0000 0001');
SELECT member_id FROM crm.member_register('r3', email => 'fang@example.com');
SELECT member_id FROM crm.member_register('r3', identities => '[{"provider": "wechat", "app": "wx2", "external_id": "o2", "union_id": "u1"}]');
SELECT member_id, card_no, existed FROM crm.member_register('r3', phone => '138-0000-0001', on_duplicate => 'return');
SELECT member_id FROM crm.member_register('r4', phone => '12');
SELECT member_id FROM crm.member_register('r4', email => 'nobody');
SELECT member_id FROM crm.member_register('r4', birth_day => '2999-01-01');
SELECT member_id FROM crm.member_register('r4', sex => 'unknown');
SELECT member_id FROM crm.member_register('r4', identities => '{"provider": "wechat"}');
SELECT member_id FROM crm.member_register('r4', identities => '[{"provider": "We Chat", "external_id": "1"}]');
SELECT member_id FROM crm.member_register('r4', card_type => 'gold');
SELECT member_id FROM crm.member_register('r4', referral_code => 'nosuchcode');
SELECT member_id FROM crm.member_register('r4', store_id => 99);
SELECT member_id FROM crm.member_register('r4', referrer_id => 999);
SELECT member_id FROM crm.member_register('r4', full_name => repeat('x', 201));
SELECT member_id FROM crm.member_register('r4', on_duplicate => 'ask');
SELECT member_id FROM crm.member_register('');

-- brought by a member: through her link, which is one code for ever
INSERT INTO crm.setting (key, value, meaning) VALUES ('referral_url', '"https://shop.example/r/"', 'the link of a referral without its code');
SELECT code AS fang FROM crm.member_referral(1) \gset
SELECT setval(pg_get_serial_sequence('crm.member', 'id'), 1);
SELECT (SELECT member_id FROM crm.member_register('r5', full_name => 'Ann Lee', referral_code => upper(:'fang'), card_type => '', joined_at => '2024-02-01 10:00', store_id => 1)) AS ann;
SELECT link = 'https://shop.example/r/' || :'fang' AS link, brought FROM crm.member_referral(1);
SELECT topic, member_id, body FROM crm.outbox ORDER BY id DESC LIMIT 2;
SELECT referrer_id, (SELECT count(*) FROM crm.member_card AS c WHERE c.member_id = m.id) AS cards FROM crm.member AS m WHERE id = 2;

-- changing: what is given changes, what is NULL stays, clear empties
SELECT * FROM crm.member_update(2, 'u1', full_name => 'Ann Leigh', phone => '13900000002', region => '上海');
SELECT * FROM crm.member_update(2, 'u1', full_name => 'Ann Leigh', phone => '139 0000 0002', region => '上海');
SELECT * FROM crm.member_update(2, 'u2', email => 'ann@example.com', clear => '{region}', dry_run => true);
SELECT * FROM crm.member_update(2, 'u2', email => 'ann@example.com', clear => '{region}');
SELECT * FROM crm.member_update(2, 'u3', phone => '13900000003', photo_uri => 's3://photos/2', photo_hash => sha256('photo'));
SELECT kind, value, preferred FROM crm.member_contacts(2);
SELECT full_name, phone, email, photo_uri FROM crm.member_pii WHERE member_id = 2;
SELECT * FROM crm.member_update(2, 'u4', clear => '{phone,photo}');
SELECT kind, value FROM crm.member_contacts(2);
SELECT * FROM crm.member_update(2, 'u5', phone => '13800000001');
SELECT * FROM crm.member_update(2, 'u5', clear => '{id}');
SELECT * FROM crm.member_update(999, 'u5', region => 'x');

-- several contacts: a family's phone stands for the first who has it; the preferred one stands with the personal data
SELECT is_preferred, verified_at IS NOT NULL AS verified FROM crm.member_contact_set(2, 'phone', '13800000001', 'c1', label => 'mother', verified_by => 'sms');
SELECT is_preferred FROM crm.member_contact_set(2, 'phone', '010-8888 7777', 'c2', preferred => true);
SELECT is_preferred FROM crm.member_contact_set(2, 'address', '  1 Nanjing   Road ', 'c3');
SELECT kind, value, label, preferred, verified_at IS NOT NULL AS verified FROM crm.member_contacts(2);
SELECT member_id, key, is_key, preferred FROM crm.member_contact WHERE kind = 'phone' ORDER BY id;
SELECT phone FROM crm.member_pii WHERE member_id = 2;
SELECT member_id, other_id, reasons FROM crm.member_twins();
SELECT crm.member_twin_dismiss(2, 1), crm.member_twin_dismiss(2, 1) AS again, (SELECT count(*) FROM crm.member_twins()) AS open_before;
-- the preferred one goes: another takes its place
SELECT crm.member_contact_remove(2, 'phone', '01088887777', 'c4'), crm.member_contact_remove(2, 'phone', '01088887777', 'c4') AS repeated, crm.member_contact_remove(2, 'phone', '01088887777', 'c5') AS again;
SELECT phone FROM crm.member_pii WHERE member_id = 2;
SELECT crm.member_contact_set(2, 'pigeon', 'x', 'c6');
SELECT crm.member_contact_set(2, 'phone', NULL, 'c6');
-- what the owner writes to member_pii directly becomes contacts; what cannot be read is kept as it stands
INSERT INTO crm.member (id, member_no, joined_at) VALUES (101, 'x1', '2024-03-01'), (102, 'x2', '2024-03-01'), (103, 'x3', '2024-03-01');
INSERT INTO crm.member_pii (member_id, phone, email) VALUES (101, '13700000001', 'x@example.com'), (102, '13700000001', ''), (103, 'ask his wife', NULL);
SELECT member_id, kind, key, is_key, preferred FROM crm.member_contact WHERE member_id > 100 ORDER BY member_id, kind;
UPDATE crm.member_pii SET phone = '13700000009' WHERE member_id = 101;
UPDATE crm.member_pii SET email = NULL WHERE member_id = 101;
SELECT kind, key, is_key, preferred FROM crm.member_contact WHERE member_id = 101 ORDER BY key;
DELETE FROM crm.member_pii WHERE member_id = 103;
SELECT count(*) AS left_of_103 FROM crm.member_contact WHERE member_id = 103;

-- identities: within an app, across apps; one belongs to one member
SELECT crm.member_identity_link(1, 'wechat', 'o9', 'i1', app => 'wx9', union_id => 'u1'), crm.member_identity_link(1, 'alipay', '2088', 'i2');
SELECT crm.member_identity_link(2, 'wechat', 'o9', 'i3', app => 'wx9');
SELECT member_id FROM crm.identity_lookup('wechat', 'o9', app => 'wx9');
SELECT member_id FROM crm.identity_lookup('wechat', 'new', app => 'wx3', union_id => 'u1');
SELECT member_id FROM crm.identity_lookup('wechat', 'o9', app => 'wx1');
SELECT crm.member_identity_unlink(1, 'alipay', '2088', 'i4'), crm.member_identity_unlink(1, 'alipay', '2088', 'i5') AS again;

-- cards: 81 000000003: from the right 3x2=6, 0..., 1 -> 1, 8x2=16 -> 7: digits 8 1 0 0 0 0 0 0 0 0 3; doubled are places 1, 3, 5 ... from the right:
-- 3 -> 6, zeros, 8 -> 7; plain 1: sum 14, check digit 6
SELECT max(id) AS cards FROM crm.member_card;
SELECT setval(pg_get_serial_sequence('crm.member_card', 'id'), 2);
SELECT * FROM crm.card_issue(1, 'k1', 'discount', occurred_at => '2024-05-01 10:00', chip => '04:A1:B2:C3', activate => false, store_id => 1);
SELECT * FROM crm.card_issue(2, 'k2', 'discount', chip => '04a1b2c3');
SELECT * FROM crm.card_issue(2, 'k2', 'discount', number => '81000-0000-036');
SELECT * FROM crm.card_issue(2, 'k2', 'discount', number => 'x');
SELECT card_no, card_type, state, usable, refusal FROM crm.card_lookup('8100 0000 0036');
SELECT * FROM crm.card_change('810000000036', 'freeze', 'k3');
SELECT * FROM crm.card_change('810000000036', 'activate', 'k3', occurred_at => '2024-05-02 10:00');
SELECT card_no, usable FROM crm.card_lookup(chip => '04-A1-B2-C3');
SELECT * FROM crm.card_change('810000000036', 'lose', 'k4', reason => 'left on a train', occurred_at => '2024-05-03 10:00');
SELECT usable, refusal FROM crm.card_lookup('810000000036');
SELECT * FROM crm.card_change('810000000036', 'replace', 'k5', new_number => 'VIP001', chip => '04A1B2C4', occurred_at => '2024-05-04 10:00');
SELECT * FROM crm.card_change('810000000036', 'replace', 'k5', new_number => 'VIP001', chip => '04A1B2C4', occurred_at => '2024-05-04 10:00');
SELECT * FROM crm.card_change('810000000036', 'find', 'k6');
SELECT * FROM crm.card_change('VIP001', 'replace', 'k7', occurred_at => '2024-05-05 10:00', new_number => 'VIP002', dry_run => true);
SELECT * FROM crm.card_change('VIP001', 'replace', 'k7', occurred_at => '2024-05-05 10:00', new_number => 'VIP002');
-- old numbers find the member, say why they are refused and what to use
SELECT c.number, l.member_id, l.state, l.usable, l.refusal, l.use_instead FROM (VALUES ('810000000036'), ('vip001'), ('VIP002'), ('nothing')) AS c(number) LEFT JOIN LATERAL crm.card_lookup(c.number) AS l ON true;
SELECT kind, state, occurred_at, reason FROM crm.card_history('810000000036');
SELECT count(*) AS no_chip_readable FROM crm.member_card WHERE chip_hash IN (sha256('\x04a1b2c3'), sha256('\x04a1b2c4'));
DELETE FROM crm.member_card;
UPDATE crm.member_card_event SET kind = 'find';
SELECT * FROM crm.card_change('VIP002', 'steal', 'k8');
SELECT * FROM crm.card_change('NOSUCH', 'lose', 'k8');
SELECT * FROM crm.card_lookup(chip => 'xyz');

-- attributes: registry, checks, typed order
SELECT crm.attribute_define('shoe_size', '鞋码', 'number', min_value => '20', max_value => '55'),
       crm.attribute_define('height', '身高', 'integer'), crm.attribute_define('anniversary', '纪念日', 'date', min_value => '1900-01-01'),
       crm.attribute_define('vegetarian', '素食', 'boolean'), crm.attribute_define('colour', '颜色', 'choice', choices => '{red,green}'),
       crm.attribute_define('plate', '车牌', 'text', pattern => '^[^ ]{5,10}$');
SELECT changed FROM crm.member_update(1, 'a1', attributes => '{"shoe_size": 38.50, "height": "165", "anniversary": "2015-10-01", "vegetarian": "yes", "colour": "red", "plate": "沪A12345"}');
SELECT changed FROM crm.member_update(2, 'a2', attributes => '{"shoe_size": 9e1}');
SELECT changed FROM crm.member_update(2, 'a2', attributes => '{"shoe_size": "41''; DROP TABLE crm.member; --"}');
SELECT changed FROM crm.member_update(2, 'a2', attributes => '{"anniversary": "2015-02-30"}');
SELECT changed FROM crm.member_update(2, 'a2', attributes => '{"colour": "blue"}');
SELECT changed FROM crm.member_update(2, 'a2', attributes => '{"plate": "a b"}');
SELECT changed FROM crm.member_update(2, 'a2', attributes => '{"height": [1]}');
SELECT changed FROM crm.member_update(2, 'a2', attributes => '{"nothing": 1}');
SELECT changed FROM crm.member_update(2, 'a2', attributes => '[]');
SELECT changed FROM crm.member_update(2, 'a2', attributes => '{"shoe_size": 41, "anniversary": "2001-01-01", "height": 99}');
SELECT code, value FROM crm.member_attributes(1);
SELECT * FROM crm.attribute_members('shoe_size', from_value => '30');
SELECT * FROM crm.attribute_members('shoe_size', '38.5');
-- as numbers, not as texts: 99 before 165
SELECT member_id, attribute_value FROM crm.attribute_members('height');
SELECT member_id, attribute_value FROM crm.attribute_members('anniversary', to_value => '2010-01-01');
SELECT member_id FROM crm.attribute_members('plate', $$x' OR 'a' = 'a$$);
SELECT crm.attribute_define('height', '身高', 'integer', max_value => '150');
SELECT crm.attribute_define('bad', 'x', 'text', pattern => '(');
SELECT crm.attribute_define('bad', 'x', 'integer', min_value => 'low');
SELECT crm.attribute_define('Bad Code', 'x', 'text');
SELECT changed FROM crm.member_update(1, 'a3', attributes => '{"plate": null, "height": null}');
SELECT count(*) AS values_left FROM crm.member_attributes(1);

-- tags and households
SELECT crm.member_tag_set(1, '  VIP客户 ', 't1'), crm.member_tag_set(1, 'VIP客户', 't2') AS again, crm.member_tag_set(2, 'VIP客户', 't3'), crm.member_tag_set(2, $$'; DROP TABLE crm.tag; --$$, 't4');
SELECT member_id FROM crm.tag_members('VIP客户');
SELECT crm.member_tag_set(2, 'VIP客户', 't5', on_member => false), crm.member_tag_set(1, '', 't6');
SELECT crm.member_tag_set(2, 'VIP客户', 't5', on_member => false);
SELECT crm.household_join(2, 1, 'h1', 'daughter'), crm.household_join(2, 1, 'h1', 'daughter') AS repeated, crm.household_join(101, 2, 'h2');
SELECT in_household, part FROM crm.household_members(101) ORDER BY 1;
SELECT crm.household_leave(2, 'h3'), crm.household_leave(2, 'h4') AS again;
SELECT in_household FROM crm.household_members(1) ORDER BY 1;
SELECT crm.household_join(1, 1, 'h5');

-- leads become members, once; a known phone leads to the member
SELECT crm.lead_add('d1', 'exhibition', full_name => '李雷', phone => '13600000001', store_id => 2, note => 'wants a catalogue') AS lead,
       crm.lead_add('d2', 'exhibition', full_name => '王芳', phone => '13800000001', store_id => 1) AS known;
SELECT crm.lead_update(1, 'contacted', 'd3'), crm.lead_update(1, 'married', 'd4');
SELECT crm.lead_update(1, 'contacted', 'd3');
SELECT existed FROM crm.lead_convert(1, 'd5', joined_at => '2024-06-01 10:00');
SELECT existed FROM crm.lead_convert(1, 'd5', joined_at => '2024-06-01 10:00');
SELECT crm.lead_convert(1, 'd6');
SELECT member_id, existed FROM crm.lead_convert(2, 'd7');
SELECT l.id, l.state, l.full_name, l.phone, l.note, m.acquired_by, p.full_name AS member_name FROM crm.lead AS l JOIN crm.member AS m ON m.id = l.member_id JOIN crm.member_pii AS p ON p.member_id = m.id ORDER BY 1;

-- a closed membership: the phone is free again, the card says why it is refused
SELECT member_id AS gone FROM crm.member_register('g1', phone => '13500000001', store_id => 1, joined_at => '2024-01-01 10:00') \gset
SELECT crm.member_close(:gone, 'g2', closed_at => '2024-07-01 10:00'), crm.member_close(:gone, 'g3') AS again;
SELECT usable, refusal FROM crm.card_lookup((SELECT number FROM crm.member_card WHERE member_id = :gone));
SELECT existed FROM crm.member_register('g4', phone => '13500000001', store_id => 1);

-- a clerk of store A: the same answers for members of store B and for none
SELECT member_id AS hidden FROM crm.member_register('s1', full_name => '赵六', phone => '13400000001', store_id => 2, card_type => 'member', identities => '[{"provider": "web", "external_id": "z"}]') \gset
SELECT number AS hidden_card FROM crm.member_card WHERE member_id = :hidden \gset
SET ROLE crm_test_clerk;
SELECT crm.member_contacts(:hidden);
SELECT crm.member_contacts(88888);
SELECT crm.member_update(:hidden, 's2', region => 'x');
SELECT crm.card_issue(:hidden, 's2');
SELECT crm.card_change(:'hidden_card', 'lose', 's2');
SELECT crm.card_change('NOSUCH', 'lose', 's2');
SELECT count(*) FROM crm.card_lookup(:'hidden_card');
SELECT count(*) FROM crm.attribute_members('shoe_size'), crm.tag_members('VIP客户');
-- registering a hidden phone and identity answers as registering a free one; nobody is told
SELECT existed, card_no IS NOT NULL AS card FROM crm.member_register('s3', phone => '13400000001', store_id => 1, identities => '[{"provider": "web", "external_id": "z"}]');
SELECT existed, card_no IS NOT NULL AS card FROM crm.member_register('s4', phone => '13400000002', store_id => 1, identities => '[{"provider": "web", "external_id": "y"}]');
SELECT crm.member_register('s5', store_id => 1, referrer_id => :hidden);
SELECT crm.member_register('s5', store_id => 1, referrer_id => 88888);
SELECT crm.member_register('s5', phone => '13400000003', store_id => 2);
SELECT crm.member_register('s5', phone => '13400000003');
SELECT crm.member_update((SELECT member_id FROM crm.card_lookup('VIP002')), 's6', store_id => 2);
SELECT * FROM crm.identity_lookup('web', 'z');
SELECT crm.attribute_define('x', 'x', 'text');
SELECT * FROM crm.member_twins();
SELECT * FROM crm.member_pii;
SELECT * FROM crm.member_contact;
SELECT * FROM crm.card_secret;
SET ROLE crm_test_app;
SELECT member_id = :hidden AS found FROM crm.identity_lookup('web', 'z');
RESET ROLE;
SELECT other_id - :hidden AS registered_after, reasons FROM crm.member_twins() WHERE member_id = :hidden;

-- names are values, whatever stands in them
SELECT existed FROM crm.member_register('n1', full_name => $$Robert'); DROP TABLE crm.member; --$$, region => '$$ || pg_sleep(9) || $$', acquired_by => E'\\''; SELECT 1');
SELECT m.region, m.acquired_by, p.full_name FROM crm.member AS m JOIN crm.member_pii AS p ON p.member_id = m.id WHERE m.region LIKE '%sleep%';

SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
-- a message never repeats a row of personal data
SELECT count(*) FROM crm.member_register('rx', 'Somebody', sex => 'Frau');
SELECT count(*) FROM crm.member_register('rx', 'Somebody', birth_calendar => 'moon');
SELECT count(*) FROM crm.member_register('rx', 'Somebody', joined_at => 'infinity');
SELECT crm_member.drop_crm('crm', 'crm');
DROP ROLE crm_test_clerk, crm_test_app;
