#!/bin/sh
# t/crm_dump.sh
# A CRM schema of an ordinary role: dumped, restored five ways, and repaired after DROP EXTENSION CASCADE.
#
# The owner is no superuser and the extension stands in the target before the
# restore, owned by another. Compared are the rows of every table and the whole
# schema as pg_dump writes it, with what the owner added by hand.
. "$(dirname -- "$0")/lib.sh"
export PGTZ=UTC

drop_roles() {
	for r in crm_t_owner crm_t_clerk; do
		if [ "$(P postgres -c "SELECT count(*) FROM pg_roles WHERE rolname = '$r'")" = 1 ]; then
			P postgres -c "DROP ROLE $r"
		fi
	done
}
schema_of() { pg_dump -s "$1" | grep -vE '^\\(un)?restrict|^-- Dumped'; }
# every row of every table, the derived column of member_history apart
rows_of() {
	for t in $(P "$1" -c "SELECT c.relname FROM pg_class AS c WHERE c.relkind = 'r' AND c.relnamespace = 'crm'::regnamespace ORDER BY 1"); do
		echo "== $t"
		cols=$(P "$1" -c "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attname) FROM pg_attribute WHERE attrelid = 'crm.$t'::regclass AND attnum > 0 AND NOT attisdropped AND attname <> 'history' AND attgenerated = ''")
		psql -XAtq -d "$1" -c "COPY (SELECT $cols FROM crm.$t) TO STDOUT" | sort
	done
}
bad_checks() { PGUSER=${2:-crm_t_owner} P "$1" -c "SELECT string_agg(check_name || ': ' || detail, '; ') FROM crm_member.check_crm('crm') WHERE NOT ok"; }
target() {
	make_db "$1" -O crm_t_owner
	P "$1" -c 'CREATE EXTENSION crm_member'
}

for d in crm_t_dump crm_t_full crm_t_jobs crm_t_data; do dropdb --if-exists --force $d 2>/dev/null; done
drop_roles
P postgres -c 'CREATE ROLE crm_t_owner LOGIN' -c 'CREATE ROLE crm_t_clerk LOGIN'
target crm_t_dump
PGUSER=crm_t_owner P crm_t_dump >"$T_DIR/made" <<'SQL'
SELECT crm_member.create_crm('crm');
INSERT INTO crm.store (code, name) VALUES ('s1', 'one');
SELECT crm_member.grant_crm('crm', 'crm_t_clerk', 'clerk', 1);
SELECT crm_member.grant_crm('crm', 'crm_t_clerk', 'analyst', 1);
SELECT member_id FROM crm.member_register('m1', full_name => 'Ann Lee', phone => '+8613800000001', store_id => 1, joined_at => '2024-01-01 00:00+08');
SELECT sale_id FROM crm.sale_record('s1', '[{"list_amount": 2500}]', '[{"kind": "cash", "amount": 2500}]', member_id => 1, store_id => 1, occurred_at => '2024-03-01 10:00+08');
SELECT refund_id FROM crm.sale_refund('f1', 1, '[{"line_no": 1, "amount": 100}]', '2024-03-02 10:00+08');
INSERT INTO crm.sale (member_id, occurred_at, net_spend) VALUES (1, '2024-04-01 10:00+08', 10), (NULL, '2024-04-01 10:00+08', 20);
UPDATE crm.sale SET net_spend = 12 WHERE net_spend = 10;
SELECT pin_id FROM crm.tier_pin('p1', 1, 'honorary', '2030-01-01', 'founder');
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id bigint PRIMARY KEY, member text, at timestamptz, total numeric);
INSERT INTO shop.orders VALUES (1, 'a', '2024-05-05 10:00+08', 5), (2, 'b', '2024-05-05 10:00+08', 6);
SELECT sales FROM crm.attach_sales('shop.orders', 'member', 'at', 'total', 'id');
-- what an owner adds
ALTER TABLE crm.member ADD COLUMN shoe_size integer;
UPDATE crm.member SET shoe_size = 42;
CREATE INDEX my_index ON crm.sale (channel);
CREATE POLICY my_policy ON crm.sale FOR SELECT TO crm_t_clerk USING (store_id = 1);
CREATE TABLE public.seen (at timestamptz, n bigint);
CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.seen VALUES (now(), NEW.id); RETURN NULL; END';
CREATE TRIGGER my_trigger AFTER INSERT ON crm.sale FOR EACH ROW EXECUTE FUNCTION public.note();
COMMENT ON COLUMN crm.member.shoe_size IS 'EU';
CREATE VIEW public.my_view AS SELECT member_no, orders FROM crm_report.members;
SQL
same 'objects owned by the role' "$(P crm_t_dump -c "SELECT count(*) FROM pg_class AS c WHERE c.relnamespace::regnamespace::text IN ('crm', 'crm_report') AND pg_get_userbyid(c.relowner) <> 'crm_t_owner'")" 0
same 'invariants' "$(bad_checks crm_t_dump)" ''
same 'refused while a CRM schema stands' "$(P crm_t_dump -c 'DROP EXTENSION crm_member' || :)" 'ERROR:  2BP01'
rows_of crm_t_dump >"$T_DIR/rows"
schema_of crm_t_dump >"$T_DIR/schema"
PGUSER=crm_t_owner pg_dump -Fc -f "$T_DIR/dump" crm_t_dump
balance="SELECT available FROM crm.points_balance(1, '2024-05-01')"
same 'points' "$(P crm_t_dump -c "$balance")" 2410

compare() {
	rows_of "$1" | diff "$T_DIR/rows" - >"$T_DIR/diff" || { bad=1; echo "rows of $1 differ"; head -n 20 "$T_DIR/diff"; }
	schema_of "$1" | diff "$T_DIR/schema" - >"$T_DIR/diff" || { bad=1; echo "schema of $1 differs"; head -n 40 "$T_DIR/diff"; }
	same "invariants of $1" "$(bad_checks "$1")" ''
	same "writing goes on in $1" "$(PGUSER=crm_t_owner P "$1" -c "SELECT count(*) FROM crm.sale_record('after', '[{\"list_amount\": 1}]', '[{\"kind\": \"cash\", \"amount\": 1}]', member_id => 1, store_id => 1)" \
		-c "SELECT count(*) FROM crm.member_register('after m', store_id => 1)" -c "INSERT INTO crm.store (code, name) VALUES ('s2', 'two')" \
		-c "INSERT INTO crm.product (code, name) VALUES ('p', 'p')" -c "SELECT count(*) FROM crm.tier_pin('after p', 1, 'gold', '2031-01-01', 'x', valid_from => '2030-01-01')" \
		-c "INSERT INTO shop.orders VALUES (3, 'c', '2024-05-06 10:00+08', 7)" -c "SELECT count(*) FROM crm.sale WHERE source_id = 1 AND source_key = '3'" | tr '\n' ' ')" '1 1 1 1 '
	same "invariants of $1 after that" "$(bad_checks "$1")" ''
}

# in one transaction, stopping at the first error, as the owner
target crm_t_full
PGUSER=crm_t_owner pg_restore -1 -e -d crm_t_full "$T_DIR/dump" >"$T_DIR/log" 2>&1 || { bad=1; echo 'restore -1 -e failed'; cat "$T_DIR/log"; }
compare crm_t_full

# by two workers
target crm_t_jobs
PGUSER=crm_t_owner pg_restore -j2 -e -d crm_t_jobs "$T_DIR/dump" >"$T_DIR/log" 2>&1 || { bad=1; echo 'restore -j2 failed'; cat "$T_DIR/log"; }
compare crm_t_jobs

# the schema first, the data later, triggers disabled (which needs a superuser)
target crm_t_data
PGUSER=crm_t_owner pg_restore -s -e -d crm_t_data "$T_DIR/dump"
pg_restore -a -e --disable-triggers -d crm_t_data "$T_DIR/dump" >"$T_DIR/log" 2>&1 || { bad=1; echo 'data-only restore failed'; cat "$T_DIR/log"; }
compare crm_t_data

# data only, with triggers: refused by the keys, so that nothing is counted twice
target crm_t_data
PGUSER=crm_t_owner pg_restore -s -e -d crm_t_data "$T_DIR/dump"
if PGUSER=crm_t_owner pg_restore -a -1 -e -d crm_t_data "$T_DIR/dump" >"$T_DIR/log" 2>&1; then
	bad=1
	echo 'a data-only restore with triggers went through'
fi

# DROP EXTENSION CASCADE takes code and derived columns, no fact; upgrade_crm brings them back
rows_of crm_t_dump >"$T_DIR/rows.before"
P crm_t_dump -c 'SET client_min_messages = warning; DROP EXTENSION crm_member CASCADE'
rows_of crm_t_dump | diff "$T_DIR/rows.before" - || { bad=1; echo 'DROP EXTENSION CASCADE lost rows'; }
same 'the shop goes on' "$(PGUSER=crm_t_owner P crm_t_dump -c "INSERT INTO shop.orders VALUES (3, 'c', '2024-05-06 10:00+08', 7)")" ''
P crm_t_dump -c 'CREATE EXTENSION crm_member'
PGUSER=crm_t_owner P crm_t_dump -c "SELECT crm_member.upgrade_crm('crm')" >"$T_DIR/log"
same 'what the shop did meanwhile' "$(P crm_t_dump -c "SELECT net_spend FROM crm.sale WHERE source_id = 1 AND source_key = '3'")" 7.00
same 'invariants after the repair' "$(bad_checks crm_t_dump)" ''
schema_of crm_t_dump | grep -vE 'my_view' >"$T_DIR/repaired"
# the owner's view went with the view it read; all else is as it was
PGUSER=crm_t_owner P crm_t_dump -c 'CREATE VIEW public.my_view AS SELECT member_no, orders FROM crm_report.members'
schema_of crm_t_dump | diff "$T_DIR/schema" - >"$T_DIR/diff" || { bad=1; echo 'the repaired schema differs'; head -n 40 "$T_DIR/diff"; }
same 'the clerk reads again' "$(PGUSER=crm_t_clerk P crm_t_dump -c 'SELECT count(*) FROM crm_report.members' -c "$balance" | tr '\n' ' ')" '1 2410 '

# upgrading again changes nothing
rows_of crm_t_dump | grep -v 'Asia/Shanghai' >"$T_DIR/rows.before"
PGUSER=crm_t_owner P crm_t_dump -c "SELECT crm_member.upgrade_crm('crm')" >"$T_DIR/log"
rows_of crm_t_dump | grep -v 'Asia/Shanghai' | diff "$T_DIR/rows.before" - || { bad=1; echo 'upgrading twice changed rows'; }

# dropping what a reader owns takes away its rights and no row
P crm_t_dump -c 'DROP OWNED BY crm_t_clerk'
rows_of crm_t_dump | grep -v 'Asia/Shanghai' | diff "$T_DIR/rows.before" - || { bad=1; echo 'DROP OWNED BY a reader changed rows'; }

for d in crm_t_dump crm_t_full crm_t_jobs crm_t_data; do dropdb --if-exists --force $d; done
drop_roles
exit "$bad"
