#!/bin/sh
# t/replication.sh
# A CRM on a physical standby and on a logical subscriber: both hold what the first server holds.
#
# On the standby analytics and reading doors answer and writing doors say
# 25006. On the subscriber the tables arrive by themselves (its triggers do not
# fire for what arrives, so nothing is counted twice), and after the switch it
# goes on writing.
. "$(dirname -- "$0")/lib.sh"
export PGTZ=UTC
bad_checks() { at "$1" P crm -c "SELECT string_agg(check_name || ': ' || detail, '; ') FROM crm_member.check_crm('crm') WHERE NOT ok"; }
rows_of() {
	for t in $(at "$1" P crm -c "SELECT c.relname FROM pg_class AS c WHERE c.relkind = 'r' AND c.relnamespace = 'crm'::regnamespace ORDER BY 1"); do
		echo "== $t"
		at "$1" P crm -c "COPY crm.$t TO STDOUT" | sort
	done
}
# until COMMAND prints WANTED: ten seconds at most
until_is() {
	wanted=$1
	shift
	for _ in $(seq 100); do
		got=$("$@" 2>&1) || :
		[ "$got" != "$wanted" ] || return 0
		sleep 0.1
	done
	echo "waited for \"$wanted\", got \"$got\": $*"
	exit 1
}

own_cluster first 'wal_level = logical' 'max_wal_senders = 5'
at first createdb crm
at first P crm >"$T_DIR/made" <<'SQL'
CREATE EXTENSION crm_member;
SELECT crm_member.create_crm('crm');
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id bigint PRIMARY KEY, member bigint, at timestamptz, total numeric(12,2));
INSERT INTO shop.orders SELECT g, g % 20, '2024-01-01 10:00+08'::timestamptz + g * interval '1 day', 100 + g FROM generate_series(1, 200) AS g;
SELECT sales FROM crm.attach_sales('shop.orders', 'member', 'at', 'total', 'id', accrue_from => '2024-01-01');
SELECT sale_id FROM crm.sale_record('s1', '[{"list_amount": 2500}]', '[{"kind": "cash", "amount": 2500}]', member_id => 1, occurred_at => '2024-08-01 10:00+08');
SELECT count(*) FROM crm.refresh_reports();
SQL
same 'invariants of the first server' "$(bad_checks first)" ''

# --- a physical standby ---
at first "$CRM_BINDIR/pg_basebackup" -D "$T_DIR/standby" -R -c fast
own_cluster_start standby
at first P crm -c "INSERT INTO shop.orders VALUES (1001, 5, '2024-08-05 10:00+08', 77)"
place=$(at first P crm -c 'SELECT pg_current_wal_lsn()')
until_is t at standby P crm -c "SELECT pg_last_wal_replay_lsn() >= '$place'"
for question in \
	"SELECT count(*), sum(spend) FROM crm_member.rfm_scores('SELECT member, at, total FROM shop.orders', '2024-12-31', time_zone => 'Asia/Shanghai')" \
	'SELECT count(*), sum(crm_member.net_spend(history)) FROM crm.member_history' \
	"SELECT * FROM crm.points_balance(1, '2024-09-01')" \
	"SELECT code, valid_to FROM crm.tier_for(1, '2024-09-01')" \
	'SELECT count(*), sum(net_spend) FROM crm_report.sales_by_month' \
	'SELECT count(*) FROM crm_report.members' \
	"SELECT count(*) FROM crm_member.check_crm('crm') WHERE NOT ok"; do
	same "on the standby: $question" "$(at standby P crm -c "$question")" "$(at first P crm -c "$question")"
done
for door in \
	"SELECT * FROM crm.member_register('m2')" \
	"SELECT * FROM crm.sale_record('s2', '[{\"list_amount\": 1}]', '[{\"kind\": \"cash\", \"amount\": 1}]')" \
	'SELECT * FROM crm.sync_sales()' \
	'SELECT * FROM crm.refresh_reports()' \
	"SELECT crm_member.upgrade_crm('crm')"; do
	same "refused on the standby: $door" "$(at standby P crm -c "$door" || :)" 'ERROR:  25006'
done

# --- a logical subscriber: the schema by pg_dump, the rows by the subscription ---
own_cluster second
at second createdb crm
at first pg_dump -s crm | at second psql -X -q -v ON_ERROR_STOP=1 crm >"$T_DIR/restored" 2>&1 || { cat "$T_DIR/restored"; bad=1; }
at first P crm -c 'CREATE PUBLICATION all_rows FOR ALL TABLES'
at second P crm -c "CREATE SUBSCRIPTION all_rows CONNECTION 'host=$T_DIR/first.sock port=5433 dbname=crm user=$PGUSER' PUBLICATION all_rows"
until_is 0 at second P crm -c "SELECT count(*) FROM pg_subscription_rel WHERE srsubstate <> 'r'"
# what comes after the first copy: every kind of change
at first P crm >"$T_DIR/more" <<'SQL'
INSERT INTO shop.orders VALUES (1002, 5, '2024-08-06 10:00+08', 50), (1003, 99, '2024-08-06 10:00+08', 5000), (1004, NULL, '2024-08-06 10:00+08', 1);
UPDATE shop.orders SET total = 60 WHERE id = 1002;
DELETE FROM shop.orders WHERE id = 1001;
SELECT refund_id FROM crm.sale_refund('f1', (SELECT id FROM crm.sale WHERE source_key = 's1'), '[{"line_no": 1, "amount": 100}]', '2024-08-02 10:00+08');
SQL
same 'invariants of the first server after that' "$(bad_checks first)" ''
place=$(at first P crm -c 'SELECT pg_current_wal_lsn()')
until_is t at first P crm -c "SELECT bool_and(replay_lsn >= '$place') FROM pg_stat_replication WHERE application_name = 'all_rows'"
rows_of first >"$T_DIR/rows.first"
rows_of second | diff "$T_DIR/rows.first" - >"$T_DIR/diff" || { bad=1; echo 'rows of the subscriber differ'; head -n 20 "$T_DIR/diff"; }
same 'invariants of the subscriber' "$(bad_checks second)" ''

# --- the switch: sequences do not travel, so they are set, then the second server writes ---
at second P crm -c 'ALTER SUBSCRIPTION all_rows DISABLE' -c 'ALTER SUBSCRIPTION all_rows SET (slot_name = NONE)' -c 'DROP SUBSCRIPTION all_rows'
at second P crm >"$T_DIR/sequences" <<'SQL'
SELECT format('SELECT setval(%L, coalesce(max(%I), 0) + 1, false) FROM %I.%I', pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname), a.attname), a.attname, n.nspname, c.relname)
FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = 'crm' AND c.relkind = 'r' AND a.attidentity <> '' \gexec
SQL
same 'the second server writes' "$(at second P crm -c "SELECT points FROM crm.sale_record('s3', '[{\"list_amount\": 30}]', '[{\"kind\": \"cash\", \"amount\": 30}]', member_id => 1, occurred_at => '2024-08-10 10:00+08')")" 30
same 'its reports are made' "$(at second P crm -c 'SELECT count(*) > 0 FROM crm.refresh_reports()')" t
same 'invariants after the switch' "$(bad_checks second)" ''
finish
