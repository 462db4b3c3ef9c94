#!/bin/sh
# t/fdw.sh
# postgres_fdw ships the aggregates and the functions of the toolkit: the other server folds, this one gets the result.
. "$(dirname -- "$0")/lib.sh"
make_db crm_t_far
make_db crm_t_near
[ "$(P crm_t_near -c "SELECT count(*) FROM pg_available_extensions WHERE name = 'postgres_fdw'")" = 1 ] || skip 'the server has no postgres_fdw'
P crm_t_far <<'SQL'
CREATE EXTENSION crm_member;
CREATE TABLE orders AS SELECT g % 100 AS member, date '2024-01-01' + g % 400 AS day, (g % 977) / 10.0 AS amount FROM generate_series(1, 5000) AS g;
ANALYZE orders;
SQL
host=$(P crm_t_far -c "SELECT split_part(current_setting('unix_socket_directories'), ',', 1)")
port=$(P crm_t_far -c 'SHOW port')
P crm_t_near <<SQL
CREATE EXTENSION crm_member;
CREATE EXTENSION postgres_fdw;
CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '$host', port '$port', dbname 'crm_t_far', extensions 'crm_member', use_remote_estimate 'true');
CREATE USER MAPPING FOR CURRENT_USER SERVER far OPTIONS (user '$PGUSER', password_required 'false');
CREATE FOREIGN TABLE orders (member integer, day date, amount numeric) SERVER far;
SQL
folded='SELECT member, crm_member.purchase_history(day, amount) AS history FROM orders GROUP BY member'
remote() { P crm_t_near -c "EXPLAIN (VERBOSE, COSTS OFF) $1" | sed -n 's/^ *Remote SQL: //p'; }
case $(remote "$folded") in
*'crm_member.purchase_history(day, amount)'*'GROUP BY'*) ;;
*) same 'the aggregate is shipped' "$(remote "$folded")" 'SELECT … crm_member.purchase_history(day, amount) … GROUP BY …' ;;
esac
case $(remote "SELECT member FROM orders GROUP BY member HAVING crm_member.order_count(crm_member.purchase_history(day, amount)) > 49") in
*'HAVING'*'crm_member.order_count'*) ;;
*) same 'a condition on it is shipped' no yes ;;
esac
same 'the result is that of the other server' "$(P crm_t_near -c "SELECT md5(string_agg(member || history::text, ',' ORDER BY member)) FROM ($folded) AS f")" \
	"$(P crm_t_far -c "SELECT md5(string_agg(member || history::text, ',' ORDER BY member)) FROM ($folded) AS f")"
finish
