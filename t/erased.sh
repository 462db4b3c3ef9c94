#!/bin/sh
# t/erased.sh
# A dump after an erasure holds nothing of the person, the server's log nothing of what the doors were told.
. "$(dirname -- "$0")/lib.sh"
make_db crm_t_erased
golden='Goldname|13812345678|golden@example'
P crm_t_erased -c 'CREATE EXTENSION crm_member' -c "SELECT crm_member.create_crm('crm')" >"$T_DIR/made"
P crm_t_erased >"$T_DIR/before" <<'SQL'
INSERT INTO crm.store (code, name) VALUES ('s1', 'one');
SELECT member_id FROM crm.member_register('r1', 'Goldname', '13812345678', 'golden@example.com', '1990-01-01', 'female', store_id => 1);
SELECT sale_id FROM crm.sale_record('s1', '[{"list_amount": 100}]', '[{"kind": "wechat", "amount": 100, "reference": "golden@example.com"}]', member_id => 1, store_id => 1);
SELECT consent_id FROM crm.consent_give('c1', 1, 'marketing', 'v1', evidence => 'signed by Goldname');
SELECT full_name FROM crm.member_reveal(1, 'call of Goldname');
SELECT crm.member_export(1, 'asked by Goldname') IS NOT NULL;
-- every door that takes words
SELECT crm.attribute_define('nickname', 'nickname', 'text');
SELECT member_id FROM crm.member_register('r3', 'Goldname Two', '13812345679', store_id => 1, address => 'Goldname Road', acquired_by => 'ad seen by Goldname',
  identities => '[{"provider": "wechat", "external_id": "Goldname-openid", "app": "app1"}]', attributes => '{"nickname": "Goldname"}', referrer_id => 1);
SELECT member_id FROM crm.member_register('r4', 'Somebody Else', '13912345679', store_id => 1);
SELECT count(*) FROM crm.member_update(1, 'u1', address => 'Goldname Road 2', photo_uri => 'https://x.example/Goldname.jpg', attributes => '{"nickname": "Goldname"}');
SELECT count(*) FROM crm.member_contact_set(1, 'email', 'golden@example.org', 'mc1', label => 'Goldname at home');
SELECT count(*) FROM crm.member_identity_link(1, 'alipay', 'Goldname-id', 'mi1');
SELECT crm.member_tag_set(1, 'vip', 'mt1') IS NOT NULL;
SELECT crm.household_join(1, 3, 'hj1', part => 'mother Goldname') IS NOT NULL;
SELECT count(*) FROM crm.card_issue(1, 'ci1', chip => '0123456789abcdef');
SELECT count(*) FROM crm.card_change((SELECT number FROM crm.member_card WHERE member_id = 1 AND state = 'active' ORDER BY id LIMIT 1), 'lose', 'cc1', reason => 'Goldname lost it');
SELECT crm.interaction_add(1, 'complaint', 'ia1', subject => 'order:1', note => 'Goldname is angry') > 0;
SELECT crm.interaction_follow(1, 'handled', 'if1', note => 'called 13812345678') IS NOT NULL;
SELECT crm.lead_add('la1', 'fair', 'Goldname', '13812345678', note => 'Goldname asked') > 0;
SELECT count(*) FROM crm.points_grant(1, 50, 'pg1', reason => 'sorry, Goldname');
SELECT count(*) FROM crm.points_transfer(1, 3, 10, 'pt1', reason => 'from Goldname');
SELECT count(*) FROM crm.points_reverse((SELECT max(id) FROM crm.ledger_event WHERE member_id = 1 AND kind ~ 'grant'), 'pr1', units => 1, reason => 'Goldname again');
SELECT count(*) FROM crm.tier_pin('tp1', 1, 'gold', now() + interval '1 year', 'for Goldname');
SELECT count(*) FROM crm.member_360(1);
INSERT INTO crm.realm (name) VALUES ('old shop');
INSERT INTO crm.import_batch (name, kind, realm_id) VALUES ('b1', 'member', (SELECT id FROM crm.realm WHERE name = 'old shop'));
INSERT INTO crm.member_staged (batch, source_key, full_name, phone) VALUES ('b1', 'k1', 'Goldname', '138 1234 5678'), ('b1', 'k2', 'Other', '139 0000 0009');
SELECT crm.member_close(2, 'cl1', reason => 'Goldname moved') IS NOT NULL;
SELECT count(*) FROM crm.member_merge(1, 2, 'mm1', reason => 'both are Goldname');
INSERT INTO crm.outbox (topic, member_id, body) VALUES ('hello', 1, '{"to": "13812345678"}');
SELECT count(*) FROM crm.refresh_reports();
SQL
found() { pg_dump -a --inserts "$@" crm_t_erased 2>/dev/null | grep -cE "$golden" || :; }
[ "$(found)" -ge 6 ] || same 'rows with the person before' "$(found)" '6 or more'
# messages of doors that fail do not repeat what they were told
psql -XAtq -v VERBOSITY=verbose -d crm_t_erased >"$T_DIR/messages" 2>&1 <<'SQL' || :
SELECT * FROM crm.member_register('r2', 'Goldname', '13812345678', 'golden@example.com', store_id => 1);
SELECT * FROM crm.member_register('r1', 'Goldname', '13812345678', 'golden@example.org', store_id => 1);
SELECT * FROM crm.member_reveal(99, 'call of Goldname');
SELECT * FROM crm.member_erase(99, 'asked by Goldname');
SELECT * FROM crm.consent_give('c2', 1, 'nothing', 'v1', evidence => 'signed by Goldname');
SQL
same 'messages with the person' "$(grep -E '^(ERROR|DETAIL|HINT|CONTEXT)' "$T_DIR/messages" | grep -cE "$golden" || :)" 0
same 'errors' "$(grep -c '^ERROR' "$T_DIR/messages")" 5
same 'erased' "$(P crm_t_erased -c "SELECT rows_deleted > 0 FROM crm.member_erase(1, 'asked by Goldname')")" t
same 'rows with the person after' "$(found)" 0
same 'checks that fail' "$(P crm_t_erased -c "SELECT check_name FROM crm_member.check_crm('crm') WHERE NOT ok")" ''
# the shop's own table of customers, attached, brings the person again: refused, and nothing kept
P crm_t_erased >"$T_DIR/attached" <<'SQL'
CREATE SCHEMA shop;
CREATE TABLE shop.customers (id integer PRIMARY KEY, name text, phone text);
INSERT INTO shop.customers VALUES (1, 'Other Person', '13700000001');
SELECT looked_at FROM crm.attach_members('shop.customers', key_column => 'id', name_column => 'name', phone_column => 'phone');
SELECT count(*) FROM (SELECT member_id FROM crm.member_pii WHERE full_name = 'Other Person') AS m, LATERAL crm.member_erase(m.member_id, 'asked');
UPDATE shop.customers SET name = 'Goldname';
UPDATE shop.customers SET phone = '13812345678';
SQL
same 'rows with the person in the schema' "$(found -n crm)" 0
P crm_t_erased -c 'DROP SCHEMA shop CASCADE' >>"$T_DIR/attached" 2>&1
# the dump restores, and still nothing comes back
make_db crm_t_erased_2
pg_dump -Fc crm_t_erased >"$T_DIR/dump"
pg_restore -1 -e -d crm_t_erased_2 "$T_DIR/dump"
same 'second receipt' "$(P crm_t_erased_2 -c "SELECT count(DISTINCT receipt_id) FROM (SELECT receipt_id FROM crm.member_erase(1, 'again') UNION ALL SELECT id FROM crm.erasure WHERE member_id = 1) AS r")" 1
same 'seals after restore' "$(P crm_t_erased_2 -c 'SELECT bool_and(entries > 0) FROM crm.audit_seal()' -c 'SELECT bool_and(ok) FROM crm.verify_audit()')" 't
t'
finish
