#!/bin/sh
# t/shadowed.sh
# The doors of a CRM schema do not see a caller's temporary tables, nor a search_path full of traps.
#
# The same calls are made twice, each time in a fresh database: plainly, and in
# a session whose temporary tables bear the names of all tables and views of
# the CRM, and whose path begins with operators and functions that lie.  The
# answers must be the same, and the temporary tables stay empty.
. "$(dirname -- "$0")/lib.sh"

cat >"$T_DIR/traps.sql" <<'SQL'
SELECT format('CREATE TEMP TABLE %I (LIKE %I.%I)', c.relname, n.nspname, c.relname)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = 'crm' AND c.relkind IN ('r', 'v', 'm') \gexec
CREATE SCHEMA evil;
CREATE FUNCTION evil.yes(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN true;
CREATE FUNCTION evil.yes(bigint, bigint) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN true;
CREATE FUNCTION evil.zero(numeric, numeric) RETURNS numeric LANGUAGE sql IMMUTABLE RETURN 0;
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.yes);
CREATE OPERATOR evil.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = evil.yes);
CREATE OPERATOR evil.+ (LEFTARG = numeric, RIGHTARG = numeric, FUNCTION = evil.zero);
CREATE OPERATOR evil.- (LEFTARG = numeric, RIGHTARG = numeric, FUNCTION = evil.zero);
CREATE FUNCTION evil.lower(text) RETURNS text LANGUAGE sql IMMUTABLE RETURN 'evil';
CREATE FUNCTION evil.clock_timestamp() RETURNS timestamptz LANGUAGE sql IMMUTABLE RETURN '1999-01-01'::timestamptz;
CREATE FUNCTION evil.caller() RETURNS text LANGUAGE sql IMMUTABLE RETURN 'postgres';
SET search_path = pg_temp, evil, pg_catalog;
SQL
cat >"$T_DIR/calls.sql" <<'SQL'
SELECT member_id FROM crm.member_register('m1', full_name => 'Ann Lee', phone => '+8613800000001', joined_at => '2024-01-01 00:00+08');
SELECT sale_id FROM crm.sale_record('s1', '[{"list_amount": 2500}]', '[{"kind": "cash", "amount": 2500}]', member_id => 1, occurred_at => '2024-03-01 10:00+08');
SELECT refund_id FROM crm.sale_refund('f1', 1, '[{"line_no": 1, "amount": 100}]', '2024-03-02 10:00+08');
SELECT * FROM crm.points_balance(1, '2024-06-01 00:00+08');
SELECT * FROM crm.tier_for(1, '2024-06-01 00:00+08');
SELECT pin_id FROM crm.tier_pin('p1', 1, 'honorary', '2100-01-01', 'founder');
SELECT code, name, reason FROM crm.tier_for(1);
SELECT history FROM crm.member_history WHERE member_id OPERATOR(pg_catalog.=) 1;
SELECT check_name, ok FROM crm_member.check_crm('crm');
SQL
for d in crm_t_clear crm_t_shadowed; do
	make_db $d
	P $d -c 'SET client_min_messages = warning' -c 'CREATE EXTENSION crm_member' -c "SELECT crm_member.create_crm('crm')" >/dev/null
done
P crm_t_clear -f "$T_DIR/calls.sql" >"$T_DIR/clear" || bad=1
{
	cat "$T_DIR/traps.sql" "$T_DIR/calls.sql"
	cat <<'SQL'
\echo rows in temporary tables
SET search_path = pg_catalog;
SELECT pg_catalog.sum((pg_catalog.xpath('/row/n/text()', pg_catalog.query_to_xml(pg_catalog.format('SELECT count(*) AS n FROM %s', oid::regclass), false, true, '')))[1]::text::integer)
FROM pg_catalog.pg_class WHERE relnamespace = pg_catalog.pg_my_temp_schema() AND relkind = 'r';
SQL
} >"$T_DIR/all.sql"
P crm_t_shadowed -f "$T_DIR/all.sql" >"$T_DIR/shadowed" || bad=1
same 'calls that answered' "$([ "$(wc -l <"$T_DIR/clear")" -gt 15 ] && echo yes)" yes
same 'differences' "$(sed '/^rows in temporary/,$d' "$T_DIR/shadowed" | diff "$T_DIR/clear" -)" ''
same 'rows in temporary tables' "$(tail -n 1 "$T_DIR/shadowed")" 0
finish
