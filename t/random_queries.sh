#!/bin/sh
# t/random_queries.sh
# Random queries of SQLsmith over a filled CRM schema: none crashes the server, and the books stand afterwards.
#
# Long, so it runs with ./crm test --all only; CRM_RANDOM_QUERIES says how many.
# The queries run as the schema's owner, who is no superuser, on a server of
# the test's own.
. "$(dirname -- "$0")/lib.sh"
[ -n "${CRM_ALL:-}" ] || skip 'runs with ./crm test --all'
command -v sqlsmith >/dev/null || skip 'no sqlsmith'
export PGTZ=UTC
own_cluster server 'statement_timeout = 5s' 'max_parallel_workers_per_gather = 2'
at server createdb crm
at server P crm >"$T_DIR/made" <<'SQL'
CREATE ROLE keeper LOGIN;
GRANT CREATE ON DATABASE crm TO keeper;
GRANT CREATE ON SCHEMA public TO keeper;
CREATE EXTENSION crm_member;
SET ROLE keeper;
SELECT crm_member.create_crm('crm');
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id bigint PRIMARY KEY, member bigint, at timestamptz, total numeric(12,2));
INSERT INTO shop.orders SELECT g, g % 200, '2024-01-01 10:00+08'::timestamptz + g * interval '1 hour', 100 + g FROM generate_series(1, 3000) AS g;
SELECT sales FROM crm.attach_sales('shop.orders', 'member', 'at', 'total', 'id', accrue_from => '2024-01-01');
SELECT count(*) FROM crm.refresh_reports();
SQL
began=$(at server P crm -c 'SELECT pg_postmaster_start_time()')
sqlsmith --target="host=$T_DIR/server.sock port=5433 dbname=crm user=keeper" --exclude-catalog --seed="${CRM_SEED:-1}" \
	--max-queries="${CRM_RANDOM_QUERIES:-20000}" >"$T_DIR/sqlsmith.out" 2>"$T_DIR/sqlsmith.err" || { tail -n 5 "$T_DIR/sqlsmith.err"; bad=1; }
grep -nE 'TRAP:|PANIC|terminated by signal|write past chunk|XX000' "$T_DIR/server.log" && bad=1
same 'the server was not started anew' "$(at server P crm -c 'SELECT pg_postmaster_start_time()')" "$began"
same 'invariants' "$(PGUSER=keeper at server P crm -c "SELECT string_agg(check_name || ': ' || detail, '; ') FROM crm_member.check_crm('crm') WHERE NOT ok")" ''
finish
