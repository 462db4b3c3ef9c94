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
INSERT INTO crm.outbox (topic, member_id, body) VALUES ('hello', 1, '{"to": "13812345678"}');
SELECT count(*) FROM crm.refresh_reports();
SQL
found() { pg_dump -a --inserts crm_t_erased 2>/dev/null | grep -cE "$golden" || :; }
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
# the dump restores, and still nothing comes back
make_db crm_t_erased_2
pg_dump -Fc crm_t_erased >"$T_DIR/dump"
pg_restore -1 -e -d crm_t_erased_2 "$T_DIR/dump"
same 'second receipt' "$(P crm_t_erased_2 -c "SELECT count(DISTINCT receipt_id) FROM (SELECT receipt_id FROM crm.member_erase(1, 'again') UNION ALL SELECT id FROM crm.erasure) AS r")" 1
same 'seals after restore' "$(P crm_t_erased_2 -c 'SELECT bool_and(entries > 0) FROM crm.audit_seal()' -c 'SELECT bool_and(ok) FROM crm.verify_audit()')" 't
t'
finish
