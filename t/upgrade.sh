#!/bin/sh
# t/upgrade.sh
# A database that was upgraded is the one that a fresh install makes, from every version that the tree keeps.
#
# sql/upgrade holds the install scripts of released versions, frozen, as
# crm_member--VERSION.sql, and the steps between versions. Each base is
# installed with a CRM schema and data, upgraded to the version of today and
# compared with a fresh install, by what pg_dump would carry over. Before the
# first release the base is the script of today under another number with an
# empty step, which shows that the comparison itself finds what differs.
# It works on a server of its own, whose directory of extensions it may fill.
. "$(dirname -- "$0")/lib.sh"
export PGTZ=UTC
tree=$(cd "$(dirname -- "$0")/.." && pwd)
own_pg=$(sh "$tree/tools/relocate.sh" "${PG_CONFIG:?}" "$T_DIR/pg")
CRM_BINDIR=${own_pg%/*}
scripts=$("$own_pg" --sharedir)/extension
now=$(sed -n "s/^default_version *= *'\([^']*\)'.*/\1/p" "$tree/crm_member.control")
cp "$("$PG_CONFIG" --pkglibdir)/crm_member.so" "$("$own_pg" --pkglibdir)/"
cp "$("$PG_CONFIG" --sharedir)/extension/crm_member"* "$scripts/"

bases=$(find "$tree/sql" -path '*/upgrade/crm_member--*.sql' | sed 's/.*crm_member--//; s/\.sql$//' | grep -ve -- || :)
if [ -z "$bases" ]; then
	bases=0.0.1
	cp "$scripts/crm_member--$now.sql" "$scripts/crm_member--0.0.1.sql"
	printf '%s\n' '\echo Use "ALTER EXTENSION crm_member UPDATE" to load this file. \quit' >"$scripts/crm_member--0.0.1--$now.sql"
else
	cp "$tree"/sql/upgrade/crm_member--*.sql "$scripts/"
fi

own_cluster server
# what pg_upgrade would carry over, without object numbers and the tokens of a dump
shape() {
	at server pg_dump --schema-only --binary-upgrade "$1" |
		grep -vE "^\\\\(un)?restrict|binary_upgrade_set_next_|\.setval\(|^-- (Dumped|Name|Data for)|relfrozenxid|WHERE oid = |^$|^--$" |
		sed -E "s/binary_upgrade_create_empty_extension\('crm_member'.*/&/; s/'\{[0-9,]+\}'/OIDS/g; s/'[0-9]+'::pg_catalog\.oid/OID/g"
}
make_it() { # DATABASE VERSION
	at server createdb "$1"
	at server P "$1" -c "CREATE EXTENSION crm_member VERSION '$2'" -c "SELECT crm_member.create_crm('crm')" >"$T_DIR/made"
}
make_it fresh "$now"
shape fresh >"$T_DIR/fresh"
for v in $bases; do
	make_it upgraded "$v"
	at server P upgraded >"$T_DIR/made" <<'SQL'
SELECT member_id FROM crm.member_register('m1', full_name => 'Ann');
SELECT sale_id FROM crm.sale_record('s1', '[{"list_amount": 2500}]', '[{"kind": "cash", "amount": 2500}]', member_id => 1, occurred_at => '2024-03-01 10:00+08');
CREATE TABLE kept AS SELECT member_id, history FROM crm.member_history;
CREATE VIEW mine AS SELECT member_id, crm_member.net_spend(history) AS spend FROM crm.member_history;
SQL
	# views of the user that stand on the extension are no obstacle, and few things are locked
	locks=$(at server P upgraded <<SQL
BEGIN;
ALTER EXTENSION crm_member UPDATE;
SELECT count(*) < 200 FROM pg_locks WHERE pid = pg_backend_pid() AND mode = 'AccessExclusiveLock';
COMMIT;
SQL
	)
	same "from $v: few locks" "$locks" t
	at server P upgraded -c "SELECT crm_member.upgrade_crm('crm')" >/dev/null
	same "from $v: the version" "$(at server P upgraded -c "SELECT extversion FROM pg_extension WHERE extname = 'crm_member'")" "$now"
	same "from $v: what it held" "$(at server P upgraded -c 'SELECT spend FROM mine')" 2500.00
	same "from $v: invariants" "$(at server P upgraded -c "SELECT string_agg(check_name, '; ') FROM crm_member.check_crm('crm') WHERE NOT ok")" ''
	at server P upgraded -c 'DROP VIEW mine' -c 'DROP TABLE kept'
	shape upgraded | diff "$T_DIR/fresh" - >"$T_DIR/diff" || { bad=1; echo "upgraded from $v is not what a fresh install makes"; head -n 30 "$T_DIR/diff"; }
	# a step that forgets an object is found
	at server P upgraded -c 'ALTER EXTENSION crm_member DROP FUNCTION crm_member.margin(numeric, numeric)'
	shape upgraded | diff -q "$T_DIR/fresh" - >/dev/null && { bad=1; echo 'a function that is no member was not found'; }
	at server dropdb upgraded
done

# a schema of a later layout is refused with words, by what changes it
at server P fresh -c 'UPDATE crm.crm_layout SET layout = layout + 98'
same 'a newer layout is refused' "$(at server P fresh -c "SELECT crm_member.upgrade_crm('crm')" || :)" 'ERROR:  CR007'
same 'and told by check_crm' "$(at server P fresh -c "SELECT count(*) FROM crm_member.check_crm('crm') WHERE check_name = 'layout' AND NOT ok")" 1
finish
