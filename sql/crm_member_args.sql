-- sql/crm_member_args.sql
-- What the doors of members say to arguments that cannot be: a clear error
-- before anything is written, never the words of a constraint, never a row.
SET client_min_messages = warning;
\pset format unaligned
SELECT crm_member.create_crm('crm');
INSERT INTO crm.store (code, name) VALUES ('S1', 'one');
SELECT member_id FROM crm.member_register('r1', 'Ann Golden', '13800000001');
SELECT member_id FROM crm.member_register('r2', 'Bea Golden', '13800000002');
SELECT crm.lead_add('l0', 'fair', 'Cid Golden', '13800000003'), crm.interaction_add(1, 'visit', 'i0', note => 'Golden words'), crm.import_open('b0', 'member', 'erp') > 0 AS opened;

CREATE TEMP TABLE said (place integer, call text, code text, message text, words text);
CREATE FUNCTION pg_temp.try(place bigint, call text) RETURNS void LANGUAGE plpgsql AS $f$
DECLARE
  code text;
  message text;
  detail text;
  hint text;
  answer text;
BEGIN
  BEGIN
    EXECUTE 'SELECT ' || call INTO answer;
    RAISE EXCEPTION 'answered %', left(answer, 60) USING ERRCODE = 'ZZZZZ';
  EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
  END;
  INSERT INTO said VALUES (place, call, code, message, concat_ws(' ', message, detail, hint));
END
$f$;
-- each in a subtransaction that ends in an error, so nothing that was taken stays
SELECT count(pg_temp.try(place, call)) AS calls FROM unnest(ARRAY[
  $q$crm.interaction_add(1, 'nokind', 'i')$q$,
  $q$crm.interaction_add(1, NULL,'i')$q$,
  $q$crm.interaction_add(1, 'visit', 'i', store_id => 99)$q$,
  $q$crm.interaction_add(1, 'visit', 'i', product_id => 99)$q$,
  $q$crm.interaction_add(1, 'visit', 'i', rating => 9)$q$,
  $q$crm.interaction_add(1, 'visit', 'i', rating => 99999)$q$,
  $q$crm.interaction_add(1, 'visit', 'i', channel => repeat('x', 500))$q$,
  $q$crm.interaction_add(1, 'visit', 'i', subject => repeat('x', 5000))$q$,
  $q$crm.interaction_add(1, 'visit', 'i', note => repeat('x', 50000))$q$,
  $q$crm.interaction_add(1, 'visit', 'i', occurred_at => 'infinity')$q$,
  $q$crm.interaction_add(1, 'visit', 'i', occurred_at => '2999-01-01')$q$,
  $q$crm.interaction_add(1, 'visit', NULL)$q$,
  $q$crm.interaction_add(1, 'visit', '')$q$,
  $q$crm.interaction_add(NULL,'visit', 'i')$q$,
  $q$crm.interaction_add(77, 'visit', 'i')$q$,
  $q$crm.interaction_follow(1, 'nostate', 'f1')$q$,
  $q$crm.interaction_follow(1, NULL,'f1')$q$,
  $q$crm.interaction_follow(1, 'closed', 'f1', note => repeat('x', 50000))$q$,
  $q$crm.interaction_follow(1, 'closed', 'f1', occurred_at => '-infinity')$q$,
  $q$crm.footprint_add('[{"member_id":1,"kind":"BAD KIND"}]', 'p')$q$,
  $q$crm.footprint_add('[{"member_id":99,"kind":"view"}]', 'p')$q$,
  $q$crm.footprint_add('[{"member_id":null,"kind":"view"}]', 'p')$q$,
  $q$crm.footprint_add('[{"kind":"view"}]', 'p')$q$,
  $q$crm.footprint_add('[1, 2]', 'p')$q$,
  $q$crm.footprint_add('[{"member_id":"x","kind":"view"}]', 'p')$q$,
  $q$crm.footprint_add('[{"member_id":1,"kind":"view","seconds":-1}]', 'p')$q$,
  $q$crm.footprint_add('[{"member_id":1,"kind":"view","seconds":99999999999}]', 'p')$q$,
  $q$crm.footprint_add('[{"member_id":1,"kind":"view","occurred_at":"infinity"}]', 'p')$q$,
  $q$crm.footprint_add('[{"member_id":1,"kind":"view","occurred_at":"junk"}]', 'p')$q$,
  $q$crm.footprint_add('[{"member_id":1,"kind":"view","channel":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}]', 'p')$q$,
  $q$crm.footprint_add(NULL,'p')$q$,
  $q$crm.footprint_drop('infinity')$q$,
  $q$crm.footprint_drop('-infinity')$q$,
  $q$crm.footprint_drop(NULL)$q$,
  $q$crm.card_issue(1, 'c', store_id => 99)$q$,
  $q$crm.card_issue(1, 'c', number => 'x')$q$,
  $q$crm.card_issue(1, 'c', number => '中文')$q$,
  $q$crm.card_issue(1, 'c', number => repeat('9', 100))$q$,
  $q$crm.card_issue(1, 'c', card_type => NULL)$q$,
  $q$crm.card_issue(1, 'c', chip => 'zz')$q$,
  $q$crm.card_issue(1, 'c', occurred_at => 'infinity')$q$,
  $q$crm.card_change((SELECT number FROM crm.member_card LIMIT 1), 'lose', 'c2', reason => repeat('x', 600))$q$,
  $q$crm.card_change((SELECT number FROM crm.member_card LIMIT 1), 'lose', 'c2', store_id => 99)$q$,
  $q$crm.card_change((SELECT number FROM crm.member_card LIMIT 1), 'replace', 'c2', new_number => '!')$q$,
  $q$crm.card_change(NULL,'lose', 'c2')$q$,
  $q$crm.household_join(1, 99, 'h1')$q$,
  $q$crm.household_join(1, NULL,'h1')$q$,
  $q$crm.household_join(1, 1, 'h1')$q$,
  $q$crm.household_join(1, 2, 'h1', part => repeat('x', 60))$q$,
  $q$crm.lead_add('l', NULL)$q$,
  $q$crm.lead_add('l', '')$q$,
  $q$crm.lead_add('l', 'fair', note => repeat('x', 5000), full_name => 'Golden')$q$,
  $q$crm.lead_add('l', 'fair', full_name => repeat('x', 500))$q$,
  $q$crm.lead_add('l', 'fair', email => repeat('x', 500))$q$,
  $q$crm.lead_add('l', 'fair', email => 'junk')$q$,
  $q$crm.lead_add('l', 'fair', campaign => repeat('x', 500))$q$,
  $q$crm.lead_add('l', 'fair', store_id => 99)$q$,
  $q$crm.lead_add('l', 'fair', referrer_id => 99)$q$,
  $q$crm.lead_add('l', 'fair', occurred_at => 'infinity')$q$,
  $q$crm.lead_update(1, 'nostate', 'l3')$q$,
  $q$crm.lead_update(1, NULL,'l3')$q$,
  $q$crm.lead_update(1, 'contacted', 'l3', note => repeat('x', 5000))$q$,
  $q$crm.lead_convert(1, 'l4', store_id => 99)$q$,
  $q$crm.lead_convert(1, 'l4', joined_at => 'infinity')$q$,
  $q$crm.attribute_define('BAD', 'x', 'text')$q$,
  $q$crm.attribute_define('a1', 'x', 'nokind')$q$,
  $q$crm.attribute_define('a1', NULL,'text')$q$,
  $q$crm.attribute_define(NULL,'x', 'text')$q$,
  $q$crm.attribute_define('a1', 'x', 'text', pattern => '[')$q$,
  $q$crm.attribute_define('a1', 'x', 'integer', min_value => 'z')$q$,
  $q$crm.attribute_define('a1', 'x', 'choice')$q$,
  $q$crm.attribute_define('a1', 'x', 'text', pattern => repeat('x', 600))$q$,
  $q$crm.member_tag_set(1, '', 't1')$q$,
  $q$crm.member_tag_set(1, repeat('x', 500), 't1')$q$,
  $q$crm.member_identity_link(1, 'BAD', 'x', 'd')$q$,
  $q$crm.member_identity_link(1, NULL,'x', 'd')$q$,
  $q$crm.member_identity_link(1, 'wechat', '', 'd')$q$,
  $q$crm.member_identity_link(1, 'wechat', repeat('x', 500), 'd')$q$,
  $q$crm.member_identity_link(1, 'wechat', 'o1', 'd', app => repeat('x', 500))$q$,
  $q$crm.member_contact_set(1, 'phone', '13800000003', 'k1', label => repeat('x', 500))$q$,
  $q$crm.member_contact_set(1, 'phone', '13800000003', 'k1', verified_by => repeat('x', 500))$q$,
  $q$crm.member_contact_set(1, 'address', repeat('x', 1000), 'k1')$q$,
  $q$crm.member_contact_set(1, 'email', repeat('x', 1000)||'@example.com', 'k1')$q$,
  $q$crm.member_contact_set(1, 'fax', '1', 'k1')$q$,
  $q$crm.member_contact_set(1, NULL,'1', 'k1')$q$,
  $q$crm.member_contact_set(1, 'phone', '   ', 'k1')$q$,
  $q$crm.member_update(1, 'u', store_id => 99)$q$,
  $q$crm.member_update(1, 'u', photo_uri => repeat('x', 5000))$q$,
  $q$crm.member_update(1, 'u', photo_hash => '\x00')$q$,
  $q$crm.member_update(1, 'u', address => repeat('x', 50000))$q$,
  $q$crm.member_update(1, 'u', region => repeat('x', 50000))$q$,
  $q$crm.member_update(1, 'u', birth_day => '-infinity')$q$,
  $q$crm.member_update(1, 'u', birth_day => '0001-01-01 BC')$q$,
  $q$crm.member_update(1, 'u', birth_day => 'infinity')$q$,
  $q$crm.member_update(1, 'u', birth_day => '1800-01-01', birth_calendar => 'lunar')$q$,
  $q$crm.member_update(1, 'u', sex => 'X')$q$,
  $q$crm.member_update(1, 'u', clear => '{bad}')$q$,
  $q$crm.member_update(1, 'u', clear => ARRAY[NULL]::text[])$q$,
  $q$crm.member_update(1, 'u', attributes => '[1]')$q$,
  $q$crm.member_close(1, 'x1', closed_at => '1999-01-01', dry_run => true)$q$,
  $q$crm.member_close(1, 'x1', closed_at => 'infinity', dry_run => true)$q$,
  $q$crm.member_close(1, 'x1', closed_at => '2999-01-01', dry_run => true)$q$,
  $q$crm.member_close(1, 'x1', reason => repeat('x', 10000), dry_run => true)$q$,
  $q$crm.member_register('g', store_id => 99)$q$,
  $q$crm.member_register('g', referrer_id => 99)$q$,
  $q$crm.member_register('g', joined_at => 'infinity')$q$,
  $q$crm.member_register('g', joined_at => '2999-01-01')$q$,
  $q$crm.member_register('g', joined_at => '4000-01-01 BC')$q$,
  $q$crm.member_register('g', birth_day => '-infinity')$q$,
  $q$crm.member_register('g', address => repeat('x', 5000))$q$,
  $q$crm.member_register('g', region => repeat('x', 5000), acquired_by => repeat('y', 5000))$q$,
  $q$crm.member_register('g', identities => '[{"provider":"BAD","external_id":"1"}]')$q$,
  $q$crm.member_register('g', identities => '{}')$q$,
  $q$crm.member_register('g', email => repeat('x', 600)||'@example.com')$q$,
  $q$crm.member_register('g', phone => '++++')$q$,
  $q$crm.member_register(NULL,full_name => 'x')$q$,
  $q$crm.member_register('g2', full_name => 'x', attributes => '{"none":1}')$q$,
  $q$crm.member_register('g2', full_name => 'x', card_type => 'none')$q$,
  $q$crm.member_register('g2', full_name => 'x', referral_code => 'none')$q$,
  $q$crm.member_360(99)$q$,
  $q$crm.member_360(NULL)$q$,
  $q$crm.member_attributes(99)$q$,
  $q$crm.interactions(1, max_rows => -1)$q$,
  $q$crm.footprints(1, max_rows => -1)$q$,
  $q$crm.member_twins(-1)$q$,
  $q$crm.tag_members('vip',-1)$q$,
  $q$crm.attribute_members('none')$q$,
  $q$crm.consent_give('q1', 1, 'marketing', NULL)$q$,
  $q$crm.consent_give('q1', 1, 'marketing', 'v1', evidence => repeat('x', 100000))$q$,
  $q$crm.consent_give('q1', 1, 'marketing', repeat('x', 5000))$q$,
  $q$crm.import_stage('b', '[1]')$q$,
  $q$crm.import_stage('b', NULL)$q$,
  $q$crm.import_open('b', 'member', 'erp', rows_expected => -1)$q$,
  $q$crm.import_open('b', 'sale', 'erp', amount_expected => 1e20)$q$,
  $q$crm.import_open('b', 'member', 'erp', phone_region => 'XX')$q$,
  $q$crm.sale_record('s', '[{"list_amount": "Golden"}]', '[]')$q$,
  $q$crm.sale_record('s', '[{"list_amount": 1, "product_id": 1e30}]', '[]')$q$,
  $q$crm.sale_record('s', '[{"list_amount": 1, "product_id": 99}]', '[{"kind": "cash", "amount": 1}]')$q$,
  $q$crm.sale_record('s', '[{"list_amount": 1}]', '[{"kind": "cash", "amount": 1}]', store_id => 99)$q$,
  $q$crm.sale_record('s', '[{"list_amount": 1}]', '[{"kind": "cash", "amount": 1}]', 99)$q$,
  $q$crm.benefit_use('s', 1, 'free_shipping', store_id => 99)$q$,
  $q$crm.reward_redeem('s', 1, 'mug', store_id => 99)$q$,
  $q$crm.points_balance(NULL)$q$,
  $q$crm.import_stage('b0', '[1]')$q$,
  $q$crm.member_register('g', joined_at => '1000-01-01')$q$,
  $q$crm.member_register('g', full_name => 'Ann Golden', birth_day => '1800-01-01', birth_calendar => 'lunar')$q$,
  $q$crm.member_update(1, 'u', birth_day => '1900-01-01', birth_calendar => 'lunar')$q$,
  $q$crm.consent_give('q', 1, 'marketing', 'v1', evidence => repeat('Ann Golden', 1000))$q$,
  $q$crm.footprint_add('[{"member_id": 1, "kind": "view"}, {"member_id": 1, "kind": "view", "seconds": -1}]', 'p')$q$]) WITH ORDINALITY AS t(call, place);
SELECT left(call, 90) AS call, code, message FROM said ORDER BY place;
-- the words of a constraint, or a person, in a message
SELECT call, words FROM said WHERE words ~ 'Failing row|violates|Golden|1380000000';
-- what was refused left nothing
SELECT (SELECT count(*) FROM crm.member) AS members, (SELECT count(*) FROM crm.lead) AS leads, (SELECT count(*) FROM crm.interaction) AS interactions,
       (SELECT count(*) FROM crm.member_contact) AS contacts, (SELECT count(*) FROM crm.footprint) AS footprints;
-- acts by hand stand in the audit log, with what a person wrote apart
SELECT crm.member_tag_set(1, 'vip', 't1'), crm.member_tag_set(1, 'vip', 't2'), crm.household_join(2, 1, 'h1') > 0 AS household, crm.household_leave(2, 'h2');
SELECT state FROM crm.card_change((SELECT number FROM crm.member_card WHERE member_id = 1), 'freeze', 'k1', reason => 'asked by Ann Golden');
SELECT crm.attribute_define('shoe', 'Shoe', 'integer', '30', '50') > 0 AS defined;
SELECT crm.import_stage('b0', '[{"source_key": "1", "full_name": "Dan Golden", "phone": "12345"}, {"source_key": "2", "full_name": "Eve Golden"}]');
SELECT source_key, verdict, reason FROM crm.member_import('b0');
SELECT crm.import_repair('b0', 1, '{"phone": "13800000005"}'), crm.import_discard('b0');
SELECT action, count(*), min(detail::text) AS detail FROM crm.audit_log WHERE action <> 'grant' GROUP BY 1 ORDER BY 1;
SELECT count(*) AS personal FROM crm.audit_log AS l WHERE to_jsonb(l)::text ~ 'Golden|1380000000';
-- so do rules, ladders, benefits and rewards
SELECT crm.earning_rule_set('{"code": "double", "kind": "multiplier", "units": 2}') > 0 AS rule, crm.earning_rule_end(2) AS ended, crm.earning_rule_end(2) AS again,
       crm.benefit_set('gold', 'ship_more', 'Shipping', 'free_shipping') > 0 AS benefit, crm.reward_set('{"code": "mug", "kind": "goods", "points": 20}') > 0 AS reward,
       crm.tier_ladder_set('{"tiers": [{"code": "one", "rank": 0, "when": {}}]}', 'Other', ladder_no => 2) > 0 AS ladder;
SELECT action, subject, detail - 'valid_from' - 'valid_to' AS detail FROM crm.audit_log WHERE action ~ 'rule|ladder|benefit|reward' ORDER BY id;
-- an erased member stays nobody: no tag, no household, no card, and no way into a member that is somebody; its cards can be closed
SELECT receipt_id FROM crm.member_erase(2, 'asked');
\set VERBOSITY sqlstate
SELECT crm.member_tag_set(2, 'vip', 'e1');
SELECT crm.household_join(2, 1, 'e2', part => 'aunt');
SELECT crm.household_join(1, 2, 'e3');
SELECT * FROM crm.card_issue(2, 'e4');
SELECT * FROM crm.card_change((SELECT number FROM crm.member_card WHERE member_id = 2), 'close', 'e5', reason => 'Bea Golden asked');
SELECT state FROM crm.card_change((SELECT number FROM crm.member_card WHERE member_id = 2), 'close', 'e6');
SELECT * FROM crm.member_merge(1, 2, 'e7');
SELECT * FROM crm.member_merge(2, 1, 'e8');
SELECT rows_deleted, rows_emptied FROM crm.member_erase(2, 'asked');
SELECT * FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT crm_member.drop_crm('crm', 'crm');
