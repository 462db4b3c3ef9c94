#!/bin/sh
# t/secret.sh
# Secrets: nothing in a dump, shown and compared with the key alone, rotated, gone with the member. Needs pgcrypto.
. "$(dirname -- "$0")/lib.sh"
make_db crm_t_secret
if [ "$(P crm_t_secret -c "SELECT count(*) FROM pg_available_extensions WHERE name = 'pgcrypto'")" = 0 ]; then
	dropdb crm_t_secret
	skip 'pgcrypto is not installed'
fi
key=0123456789abcdef0123456789abcdef other=fedcba9876543210fedcba9876543210
K() { PGOPTIONS="-c crm_member.key=$key" P "$@"; }
O() { PGOPTIONS="-c crm_member.key=$other" P "$@"; }
P crm_t_secret -c 'CREATE EXTENSION crm_member' -c "SELECT crm_member.create_crm('crm')" -c "INSERT INTO crm.store (code, name) VALUES ('s1', 'one')" >"$T_DIR/made"
for i in 1 2 3; do K crm_t_secret -c "SELECT member_id FROM crm.member_register('r$i', 'Goldname $i', '1381234567$i', store_id => 1)" >>"$T_DIR/made"; done
P crm_t_secret -c "UPDATE crm.member_pii SET address = 'Goldroad ' || member_id" >>"$T_DIR/made"
set_id="SELECT crm.secret_set('x1', 1, 'id_no', '11010519491231002X')"
same 'without pgcrypto' "$(K crm_t_secret -c "$set_id")" 'ERROR:  0A000'
P crm_t_secret -c 'CREATE SCHEMA crypto' -c 'CREATE EXTENSION pgcrypto SCHEMA crypto' >>"$T_DIR/made"
same 'without a key' "$(P crm_t_secret -c "$set_id")" 'ERROR:  CR704'
same 'with a short key' "$(PGOPTIONS='-c crm_member.key=short' P crm_t_secret -c "$set_id")" 'ERROR:  CR704'
same 'set' "$(K crm_t_secret -c "$set_id")" t
same 'set again' "$(K crm_t_secret -c "$set_id")" t
same 'same request, other value' "$(K crm_t_secret -c "SELECT crm.secret_set('x1', 1, 'id_no', 'other')")" 'ERROR:  CR002'
same 'dry run' "$(K crm_t_secret -c "SELECT crm.secret_set('x2', 2, 'id_no', 'y', dry_run => true)" -c "SELECT count(*) FROM crm.member_secret")" 't
1'
same 'equal values of two members' "$(K crm_t_secret -c "SELECT crm.secret_set('x3', 2, 'id_no', '11010519491231002X')" -c "SELECT count(DISTINCT cipher) + count(DISTINCT proof) FROM crm.member_secret")" 't
4'
same 'shown' "$(K crm_t_secret -c "SELECT crm.secret_show(1, 'id_no', 'passport office')")" 11010519491231002X
same 'shown with another key' "$(O crm_t_secret -c "SELECT crm.secret_show(1, 'id_no', 'x')")" 'ERROR:  CR705'
same 'shown without a reason' "$(K crm_t_secret -c "SELECT crm.secret_show(1, 'id_no', '')")" 'ERROR:  22004'
same 'matches' "$(K crm_t_secret -c "SELECT crm.secret_matches(1, 'id_no', v), crm.secret_matches(3, 'id_no', v) IS NULL FROM unnest('{11010519491231002X,11010519491231002x}'::text[]) AS v")" 't|t
f|t'
same 'reads that stand in the audit log' "$(P crm_t_secret -c "SELECT count(*) FROM crm.audit_log WHERE action = 'read' AND subject ~ 'secret'")" 5
# columns: masks in the table, the value for who has the key
same 'phone cannot be one' "$(K crm_t_secret -c "SELECT crm.secret_columns('{phone}')")" 'ERROR:  22023'
same 'columns' "$(K crm_t_secret -c "SELECT crm.secret_columns('{full_name,address}')")" 6
same 'not given up' "$(K crm_t_secret -c "SELECT crm.secret_columns('{address}')")" 'ERROR:  0A000'
same 'masks' "$(P crm_t_secret -c "SELECT full_name = crm_member.mask_name('Goldname ' || member_id), address FROM crm.member_pii ORDER BY member_id LIMIT 1")" 't|***'
same 'revealed with the key' "$(K crm_t_secret -c "SELECT full_name, address FROM crm.member_reveal(3, 'x')")" 'Goldname 3|Goldroad 3'
same 'revealed without' "$(P crm_t_secret -c "SELECT address FROM crm.member_reveal(3, 'x')")" '***'
same 'written without the key' "$(P crm_t_secret -c "UPDATE crm.member_pii SET address = 'Goldlane' WHERE member_id = 3")" 'ERROR:  CR704'
same 'other columns without the key' "$(P crm_t_secret -c "UPDATE crm.member_pii SET sex = 'male' WHERE member_id = 3" -c 'SELECT 1')" 1
# doors that write something else leave the secrets, with or without the key
same 'another column by the door' "$(P crm_t_secret -c "SELECT changed FROM crm.member_update(2, 'u1', sex => 'male')")" sex
same 'another phone' "$(P crm_t_secret -c "SELECT is_preferred FROM crm.member_contact_set(2, 'phone', '13812345609', 'u2', preferred => true)")" t
same 'revealed still' "$(K crm_t_secret -c "SELECT full_name, address, sex, phone FROM crm.member_reveal(2, 'x')")" 'Goldname 2|Goldroad 2|male|+8613812345609'
same 'cleared' "$(P crm_t_secret -c "SELECT changed FROM crm.member_update(3, 'u3', clear => '{address}')" -c "SELECT count(*) FROM crm.member_secret WHERE member_id = 3 AND name = 'pii.address'")" 'address
0'
K crm_t_secret -c "INSERT INTO crm.member_pii AS p (member_id, full_name, address) VALUES (3, 'Silbername', 'Goldlane') ON CONFLICT (member_id) DO UPDATE SET full_name = excluded.full_name, address = excluded.address"
same 'written with the key' "$(K crm_t_secret -c "SELECT full_name FROM crm.member_reveal(3, 'x')")" 'Silbername'
same 'export with the key' "$(K crm_t_secret -c "SELECT crm.member_export(1) -> 'secrets'")" '{"id_no": "11010519491231002X", "pii.address": "Goldroad 1", "pii.full_name": "Goldname 1"}'
same 'export without' "$(P crm_t_secret -c 'SELECT crm.member_export(1) IS NULL')" 'ERROR:  CR704'
# nothing in a dump, and nothing of the key
same 'values in a dump' "$(pg_dump -a --inserts crm_t_secret 2>/dev/null | grep -cE "1101051949|Goldroad|Silbername|$key" || :)" 0
# rotated in batches
N() { PGOPTIONS="-c crm_member.key=$key -c crm_member.new_key=$other" P "$@"; }
same 'rotated' "$(N crm_t_secret -c 'SELECT * FROM crm.secret_rotate(5)' -c 'SELECT * FROM crm.secret_rotate(5)')" '5|3
3|0'
same 'the old key' "$(K crm_t_secret -c "SELECT crm.secret_show(1, 'id_no', 'x')")" 'ERROR:  CR705'
same 'the new key' "$(O crm_t_secret -c "SELECT crm.secret_show(1, 'id_no', 'x'), crm.secret_matches(2, 'id_no', '11010519491231002X')")" '11010519491231002X|t'
# a merge takes secrets along, sealed as they are; what the kept member has itself stays
same 'two more' "$(O crm_t_secret -c "SELECT member_id FROM crm.member_register('r4', phone => '13812345674', store_id => 1)" -c "SELECT member_id FROM crm.member_register('r5', 'Kupfername', store_id => 1)" \
	-c "SELECT crm.secret_set('x4', 5, 'id_no', 'five'), crm.secret_set('x5', 5, 'visa', 'Goldvisa')")" '4
5
t|t'
same 'merged' "$(O crm_t_secret -c "SELECT kept_id FROM crm.member_merge(4, 2, 'm1')" -c "SELECT full_name, address FROM crm.member_reveal(4, 'x')" -c "SELECT crm.secret_show(4, 'id_no', 'x'), crm.secret_matches(2, 'id_no', '11010519491231002X')")" '4
Goldname 2|Goldroad 2
11010519491231002X|t'
same 'merged without the key' "$(P crm_t_secret -c "SELECT kept_id FROM crm.member_merge(4, 5, 'm2')")" 4
same 'of both' "$(O crm_t_secret -c "SELECT full_name FROM crm.member_reveal(4, 'x')" -c "SELECT crm.secret_show(4, 'id_no', 'x'), crm.secret_show(5, 'visa', 'x'), crm.member_export(4) -> 'secrets' ->> 'visa'")" 'Goldname 2
11010519491231002X|Goldvisa|Goldvisa'
same 'merged and erased' "$(P crm_t_secret -c "SELECT rows_deleted > 0 FROM crm.member_erase(4, 'asked')" -c 'SELECT count(*) FROM crm.member_salt WHERE member_id IN (2, 4, 5)' -c 'SELECT count(*) FROM crm.member_secret WHERE member_id IN (2, 4, 5)')" 't
0
0'
# gone with the member, without the key
same 'erased' "$(P crm_t_secret -c "SELECT rows_deleted > 0 FROM crm.member_erase(1, 'asked')" -c "SELECT count(*) FROM crm.member_secret WHERE member_id = 1" -c "SELECT count(*) FROM crm.member_salt WHERE member_id = 1")" 't
0
0'
same 'kept for an erased member' "$(O crm_t_secret -c "SELECT crm.secret_set('x9', 1, 'id_no', 'y')")" 'ERROR:  CR703'
same 'checks that fail' "$(P crm_t_secret -c "SELECT check_name FROM crm_member.check_crm('crm') WHERE NOT ok")" ''
finish
