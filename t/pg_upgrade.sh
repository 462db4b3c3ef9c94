#!/bin/sh
# t/pg_upgrade.sh
# pg_upgrade from an older server to this one keeps everything: rows, answers, the schema as pg_dump writes it, and work goes on.
#
# It needs an older PostgreSQL from 15 on with its headers beside the one under
# test, in Debian's place or named by CRM_OLD_PG_CONFIG, and is skipped without.
# The module is built for the older one; both are servers of the test's own.
# The owner of the schema is no superuser.
. "$(dirname -- "$0")/lib.sh"
export PGTZ=UTC
old=${CRM_OLD_PG_CONFIG:-}
if [ -z "$old" ]; then
	for p in $(printf '%s\n' /usr/lib/postgresql/*/bin/pg_config | sort -t/ -k5,5n); do
		v=${p#/usr/lib/postgresql/}
		v=${v%%/*}
		if [ -x "${p%/*}/postgres" ] && [ "$v" -ge 15 ] && [ "$v" -lt "$CRM_MAJOR" ] && [ -f "$("$p" --includedir-server)/postgres.h" ]; then
			old=$p
			break
		fi
	done
fi
[ -n "$old" ] || skip "no server from 15 on that is older than $CRM_MAJOR"
[ -x "$CRM_BINDIR/pg_upgrade" ] || skip 'no pg_upgrade'

new_bin=$CRM_BINDIR
old=$(sh "$CRM_TREE/tools/relocate.sh" "$old" "$T_DIR/pg")
old_bin=${old%/*}
mkdir "$T_DIR/build"
(cd "$T_DIR/build" && make -s -f "$CRM_TREE/Makefile" PG_CONFIG="$old" with_llvm=no -j "$(nproc)" all && make -s -f "$CRM_TREE/Makefile" PG_CONFIG="$old" with_llvm=no install) \
	>"$T_DIR/build.log" 2>&1 || { tail -n 20 "$T_DIR/build.log"; exit 1; }
# checksums on both, or on neither, whatever a version does by itself
empty() { "$1/initdb" -k -D "$T_DIR/$2" -U "$PGUSER" -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$T_DIR/$2.initdb" 2>&1; }
empty "$old_bin" old
empty "$new_bin" new

# --- years of a shop on the older server ---
CRM_BINDIR=$old_bin
own_cluster_start old
at old createdb crm
at old P crm >"$T_DIR/made" <<'SQL' || { tail -n 3 "$T_DIR/made"; exit 1; }
CREATE ROLE keeper LOGIN;
CREATE ROLE clerk LOGIN;
GRANT CREATE ON DATABASE crm TO keeper;
CREATE EXTENSION crm_member;
SET ROLE keeper;
SELECT crm_member.create_crm('crm', time_zone => 'UTC');
INSERT INTO crm.setting (key, value, meaning) VALUES ('report_day', '"2024-06-30"', 'test') ON CONFLICT (key) DO UPDATE SET value = excluded.value;
INSERT INTO crm.store (code, name) VALUES ('s1', 'one'), ('s2', 'two');
SELECT crm_member.grant_crm('crm', 'clerk', 'clerk', 1);
-- attached: customers, and their orders
CREATE SCHEMA shop;
CREATE TABLE shop.customers (id bigint PRIMARY KEY, name text, mobile text);
INSERT INTO shop.customers SELECT g, 'Customer ' || g, '138' || lpad(g::text, 8, '0') FROM generate_series(1, 300) AS g;
CREATE TABLE shop.orders (id bigint PRIMARY KEY, member bigint, at timestamptz, total numeric(12,2));
INSERT INTO shop.orders
SELECT row_number() OVER (), m, '2023-01-02 10:00'::timestamptz + (m % 50 + g * (7 + m % 40)) * interval '1 day', 20 + (m * 7 + g * 3) % 50
FROM generate_series(1, 300) AS m, generate_series(0, CASE WHEN m % 3 = 0 THEN 0 ELSE (30 + (m * 37) % 500) / (7 + m % 40) END) AS g;
SELECT sales > 500 FROM crm.attach_sales('shop.orders', 'member', 'at', 'total', 'id', accrue_from => '2023-01-01');
SELECT * FROM crm.attach_members('shop.customers', 'id', name_column => 'name', phone_column => 'mobile');
-- the till: sales, a refund, points spent and given back, cards, benefits, rewards, consent, a pinned tier
SELECT member_id FROM crm.member_register('m1', 'Ann', '+8613900000001', store_id => 1, joined_at => '2023-01-01 00:00+00');
SELECT member_id FROM crm.member_register('m2', 'Bob', '+8613900000002', store_id => 2, joined_at => '2023-01-01 00:00+00');
CREATE TABLE shop.known AS SELECT id, row_number() OVER (ORDER BY id) AS n FROM (SELECT id FROM crm.member ORDER BY id DESC LIMIT 2) AS m;
SELECT count(*) FROM shop.known AS k, generate_series(1, 40) AS g,
  LATERAL crm.sale_record('s' || k.n || '-' || g, format('[{"list_amount": %s}]', 100 + g)::jsonb, format('[{"kind": "cash", "amount": %s}]', 100 + g)::jsonb,
    member_id => k.id, store_id => k.n, occurred_at => '2023-02-01 10:00+00'::timestamptz + g * interval '11 days') AS r;
SELECT count(*) FROM (SELECT min(s.id) AS id FROM crm.sale AS s JOIN shop.known AS k ON k.id = s.member_id WHERE s.source_id = 0) AS s, LATERAL crm.sale_refund('f1', s.id, '[{"line_no": 1, "amount": 50}]', '2023-03-01 10:00+00');
SELECT count(*) FROM shop.known AS k, LATERAL crm.points_redeem(k.id, 100, 'r' || k.n, '2024-05-01');
SELECT count(*) FROM shop.known AS k, LATERAL crm.points_transfer((SELECT max(id) FROM shop.known), (SELECT min(id) FROM shop.known), 5, 't1', '2024-05-02') WHERE k.n = 1;
SELECT count(*) FROM crm.points_expire('2024-03-01');
SELECT count(*) FROM shop.known AS k, LATERAL crm.tier_pin('p' || k.n, k.id, 'gold', '2030-01-01', 'founder', valid_from => '2024-01-01');
SELECT count(*) FROM shop.known AS k, LATERAL crm.benefit_use('b' || k.n, k.id, 'free_shipping', occurred_at => '2024-05-05 10:00+00');
SELECT crm.reward_set('{"code": "mug", "kind": "goods", "points": 20, "stock": 30}') IS NOT NULL;
SELECT count(*) FROM shop.known AS k, LATERAL crm.reward_redeem('q' || k.n, k.id, 'mug', occurred_at => '2024-05-06 10:00+00');
SELECT count(*) FROM shop.known AS k, LATERAL crm.consent_give('c' || k.n, k.id, 'marketing', 'v1', evidence => 'form');
SELECT count(*) FROM shop.known AS k, LATERAL crm.card_issue(k.id, 'i' || k.n, chip => '0123456789abcd0' || k.n);
SELECT crm.tier_review('2024-06-30') IS NOT NULL;
SELECT status FROM crm.fit_clv('2024-06-30');
SELECT count(*) FROM crm.refresh_reports();
-- what an owner keeps of ours in tables of its own
CREATE TABLE shop.kept (member bigint, history crm_member.purchase_history, code crm_member.rfm, model crm_member.clv_model);
INSERT INTO shop.kept SELECT h.member_id, h.history, '545', (SELECT model::crm_member.clv_model FROM crm.clv_fit_log LIMIT 1) FROM crm.member_history AS h;
CREATE INDEX kept_history ON shop.kept USING hash (history);
CREATE INDEX kept_code ON shop.kept (code);
CREATE VIEW shop.worth AS SELECT member, crm_member.net_spend(history) AS spend FROM shop.kept;
SQL

# --- what must be the same ---
answers() { # SERVER
	PGUSER=keeper at "$1" P crm <<'SQL'
SET search_path = public, crm_member;
SELECT check_name || ': ' || detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT k.n, b.* FROM shop.known AS k, LATERAL crm.points_balance(k.id, '2024-06-30') AS b ORDER BY 1;
SELECT member_id, history::text FROM crm.member_history ORDER BY 1;
SELECT k.n, t.* FROM shop.known AS k, LATERAL crm.tier_for(k.id, '2024-06-30') AS t ORDER BY 1;
SELECT k.n, t.* FROM shop.known AS k, LATERAL crm.tier_next(k.id, as_of => '2024-06-30') AS t ORDER BY 1;
SELECT k.n, t.* FROM shop.known AS k, LATERAL crm.benefits_of(k.id, '2024-06-30') AS t ORDER BY 1, t.code;
SELECT p.member, p.v FROM (SELECT k.member, crm_member.clv_predict(k.model, k.history, '2024-06-30', '12 months') AS v FROM shop.kept AS k) AS p ORDER BY 1;
SELECT * FROM shop.worth ORDER BY 1;
SELECT member FROM shop.kept WHERE history = (SELECT history FROM shop.kept ORDER BY member LIMIT 1) AND code = '545' ORDER BY 1;
SELECT code::text, count(*), model::text FROM shop.kept GROUP BY 1, 3 ORDER BY 1;
SELECT * FROM crm_member.rfm_scores('SELECT member, at::date, total FROM shop.orders', '2024-06-30') ORDER BY 1;
SELECT bool_and(ok) FROM crm.verify_audit();
SQL
	for t in $(at "$1" P crm -c "SELECT c.oid::regclass FROM pg_class AS c WHERE c.relkind IN ('r', 'm') AND c.relnamespace::regnamespace::text IN ('crm', 'crm_report', 'shop') ORDER BY 1"); do
		echo "== $t"
		at "$1" psql -XAtq -d crm -c "COPY (TABLE $t) TO STDOUT" | LC_ALL=C sort
	done
}
# by the newer pg_dump; servers print a view differently, so the schema is compared with the older one's dump restored
schema_of() { at "$1" "$new_bin/pg_dump" -s "$2" | grep -vE '^\\(un)?restrict|^-- Dumped'; }
answers old >"$T_DIR/answers" || { tail -n 3 "$T_DIR/answers"; exit 1; }
same 'the older server has answers' "$(grep -c . "$T_DIR/answers" | awk '{ print ($1 > 3000) }')" 1
same 'and clean books' "$(head -n 1 "$T_DIR/answers" | grep -c ': ')" 0
at old "$new_bin/pg_dump" -s crm >"$T_DIR/dump"
"$old_bin/pg_ctl" -D "$T_DIR/old" -m fast -w stop >/dev/null

# --- over to the newer one ---
CRM_BINDIR=$new_bin
mkdir "$T_DIR/up"
(cd "$T_DIR/up" && "$new_bin/pg_upgrade" -b "$old_bin" -B "$new_bin" -d "$T_DIR/old" -D "$T_DIR/new" -s "$T_DIR" -U "$PGUSER" -p 5434 -P 5435) >"$T_DIR/upgrade.log" 2>&1 ||
	{ tail -n 30 "$T_DIR/upgrade.log"; exit 1; }
own_cluster_start new
{ answers new || echo 'no further'; } | diff "$T_DIR/answers" - >"$T_DIR/diff" || { bad=1; echo 'answers differ'; head -n 30 "$T_DIR/diff"; }
at new createdb restored
at new P restored -f "$T_DIR/dump" >"$T_DIR/restored" || { bad=1; tail -n 3 "$T_DIR/restored"; }
schema_of new restored >"$T_DIR/schema"
schema_of new crm | diff "$T_DIR/schema" - >"$T_DIR/diff" || { bad=1; echo 'the schema differs'; head -n 40 "$T_DIR/diff"; }

# --- and on ---
same 'work goes on' "$(PGUSER=keeper at new P crm <<'SQL'
SELECT count(*) FROM shop.known AS k, LATERAL crm.sale_record('after' || k.n, '[{"list_amount": 10}]', '[{"kind": "cash", "amount": 10}]', member_id => k.id, store_id => k.n, occurred_at => '2024-06-30 10:00+00');
SELECT count(*) FROM crm.member_register('after m', 'Cid', '+8613900000003', store_id => 1);
INSERT INTO shop.orders VALUES (100000, 1, '2024-06-30 10:00+00', 7), (100001, 301, '2024-06-30 10:00+00', 7);
UPDATE shop.customers SET name = 'Somebody' WHERE id = 5;
SELECT net_spend FROM crm.sale WHERE source_id <> 0 AND source_key IN ('100000', '100001');
SELECT count(*) FROM crm.member_pii WHERE full_name = 'Somebody';
SELECT count(*) FROM shop.known AS k, LATERAL crm.points_redeem(k.id, 10, 'r after' || k.n, '2024-06-30 11:00+00');
SELECT crm_member.upgrade_crm('crm') IS NOT NULL;
SELECT count(*) FROM crm.refresh_reports() HAVING count(*) > 0;
SELECT count(*) FROM crm_member.check_crm('crm') WHERE NOT ok;
SQL
)" "2
1
7.00
7.00
1
2
t
$(PGUSER=keeper at new P crm -c 'SELECT count(*) FROM crm.refresh_reports()')
0"
finish
