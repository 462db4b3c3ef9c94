#!/bin/sh
# t/crm_report_dump.sh
# Reports through dump and restore, and after DROP EXTENSION CASCADE: the same rows, and nothing lost of what waits.
#
# The owner is no superuser. The day of the reports is a setting, so that a
# materialized view made again by a restore must have the rows it had.
. "$(dirname -- "$0")/lib.sh"
export PGTZ=UTC

drop_roles() {
	for r in crm_t_owner crm_t_reader; do
		if [ "$(P postgres -c "SELECT count(*) FROM pg_roles WHERE rolname = '$r'")" = 1 ]; then
			P postgres -c "DROP ROLE $r"
		fi
	done
}
target() {
	make_db "$1" -O crm_t_owner
	P "$1" -c 'CREATE EXTENSION crm_member'
}
# every row of every report but what the clock moves
rows_of() {
	for v in $(PGUSER=crm_t_owner P "$1" -c "SELECT relname FROM pg_class WHERE relnamespace = 'crm_report'::regnamespace AND relkind = 'v' ORDER BY 1"); do
		echo "== $v"
		psql -XAtq -d "$1" -U "${2:-crm_t_owner}" -c "COPY (SELECT * FROM crm_report.$v) TO STDOUT" | sort
	done
}
bad_checks() { PGUSER=crm_t_owner P "$1" -c "SELECT string_agg(check_name || ': ' || detail, '; ') FROM crm_member.check_crm('crm') WHERE NOT ok"; }

for d in crm_t_rep crm_t_rep2; do dropdb --if-exists --force $d 2>/dev/null; done
drop_roles
P postgres -c 'CREATE ROLE crm_t_owner LOGIN' -c 'CREATE ROLE crm_t_reader LOGIN'
target crm_t_rep
PGUSER=crm_t_owner P crm_t_rep >"$T_DIR/made" <<'SQL'
SELECT crm_member.create_crm('crm');
INSERT INTO crm.setting (key, value, meaning) VALUES ('report_day', '"2024-12-15"', 'the day of the test');
INSERT INTO crm.store (code, name) SELECT 's' || i, 's' || i FROM generate_series(1, 3) AS i;
SELECT crm_member.grant_crm('crm', 'crm_t_reader', 'analyst', 2);
INSERT INTO crm.member (member_no, home_store_id, joined_at) SELECT 'm' || i, 1 + i % 3, '2023-01-01 00:00+08'::timestamptz + i * interval '7 days' FROM generate_series(1, 60) AS i;
INSERT INTO crm.sale (source_key, member_id, store_id, occurred_at, net_spend, cost_amount)
SELECT 'k' || i, nullif(1 + i * 7 % 61, 61), 1 + i % 3, '2023-06-01 00:00+08'::timestamptz + i * interval '13 hours', i * 31 % 977, i * 31 % 977 * 0.7 FROM generate_series(1, 900) AS i;
INSERT INTO crm.sale (source_key, member_id, store_id, occurred_at, net_spend, refund_of_id)
SELECT 'r' || id, member_id, store_id, occurred_at + interval '3 days', -net_spend / 2, id FROM crm.sale WHERE id % 17 = 0;
SELECT count(*) FROM crm.refresh_reports();
-- some wait for the next refresh: of what margins show, which are no materialized view (a restore makes those of what it finds)
UPDATE crm.sale SET cost_amount = cost_amount + 1 WHERE id % 50 = 0 AND refund_of_id IS NULL;
SQL
same 'invariants' "$(bad_checks crm_t_rep)" ''
rows_of crm_t_rep >"$T_DIR/rows"
rows_of crm_t_rep crm_t_reader >"$T_DIR/reader"
same 'changes that wait' "$(PGUSER=crm_t_owner P crm_t_rep -c "SELECT DISTINCT changes_waiting FROM crm_report.report_status WHERE storage = 'table'")" 36
same 'rows of reports' "$(grep -vc '^==' "$T_DIR/rows" | awk '{ print ($1 > 500) }')" 1
pg_dump -s crm_t_rep | grep -vE '^\\(un)?restrict|^-- Dumped' >"$T_DIR/schema"
PGUSER=crm_t_owner pg_dump -Fc -f "$T_DIR/dump" crm_t_rep

compare() {
	rows_of crm_t_rep2 | diff "$T_DIR/rows" - >"$T_DIR/diff" || { bad=1; echo "$1: reports differ"; head -n 20 "$T_DIR/diff"; }
	rows_of crm_t_rep2 crm_t_reader | diff "$T_DIR/reader" - >"$T_DIR/diff" || { bad=1; echo "$1: reports of a limited reader differ"; head -n 20 "$T_DIR/diff"; }
	pg_dump -s crm_t_rep2 | grep -vE '^\\(un)?restrict|^-- Dumped' | diff "$T_DIR/schema" - >"$T_DIR/diff" || { bad=1; echo "$1: schema differs"; head -n 20 "$T_DIR/diff"; }
	same "$1: invariants" "$(bad_checks crm_t_rep2)" ''
	PGUSER=crm_t_owner P crm_t_rep2 -c 'SELECT count(*) FROM crm.refresh_reports()' >"$T_DIR/made"
	same "$1: invariants after a refresh" "$(bad_checks crm_t_rep2)" ''
	same "$1: nothing waits" "$(PGUSER=crm_t_owner P crm_t_rep2 -c "SELECT count(*) FROM crm_report.report_status WHERE state NOT IN ('live', 'up to date')")" 0
}
for how in '-1 -e' '-e -j2'; do
	target crm_t_rep2
	# shellcheck disable=SC2086
	PGUSER=crm_t_owner pg_restore $how -d crm_t_rep2 "$T_DIR/dump" >"$T_DIR/log" 2>&1 || { bad=1; echo "restore $how failed"; cat "$T_DIR/log"; }
	compare "restored $how"
done

# the extension goes and comes back
target crm_t_rep2
PGUSER=crm_t_owner pg_restore -1 -e -d crm_t_rep2 "$T_DIR/dump"
P crm_t_rep2 -c 'SET client_min_messages = warning' -c 'DROP EXTENSION crm_member CASCADE' -c 'CREATE EXTENSION crm_member'
PGUSER=crm_t_owner P crm_t_rep2 -c "SELECT crm_member.upgrade_crm('crm')" >"$T_DIR/made"
compare 'extension dropped and made again'

for d in crm_t_rep crm_t_rep2; do dropdb --if-exists --force $d; done
drop_roles
exit "$bad"
