#!/bin/sh
# bench/bench.sh
# Measures the cases of bench/cases.sh and prints must, goal and figure of each.
#
# Called by ./crm bench with PGHOST, PGPORT and PGUSER set.  It prints ratios
# and never fails by them: timed tests are no tests.
#   bench.sh [--full] [CASE...]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
orders=1000000 members=100000 rounds=5
[ "${1:-}" = --full ] && { orders=10000000 members=1000000 rounds=3; shift; }
wanted=" $* "
tmp=$(mktemp -d "${TMPDIR:-/tmp}/crm_bench.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
export PGDATABASE=crm_bench PGOPTIONS='-c client_min_messages=warning'

run() { psql -XAtq -v ON_ERROR_STOP=1 "$@"; }

# what every session of a measurement begins with
settings='SET jit = off; SET max_parallel_workers_per_gather = 0; SET search_path = public, crm_member;'

# milliseconds FILE: of each statement of a psql script, one a line
milliseconds() { psql -XAt -v ON_ERROR_STOP=1 -f "$1" | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p'; }

median() { sort -n | awk '{ v[NR] = $1 } END { print (NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2) }'; }

heading() {
	printf '%-5s %-62s %9s %9s %9s   %s\n' case ratio must goal figure 'ours / baseline, ms'
}

# line NAME TITLE MUST GOAL FIGURE DETAIL
line() {
	printf '%-5s %-62s %9s %9s %9s   %s\n' "$1" "$2" "$3" "$4" "$5" "$6"
}

# pair SETTINGS OURS BASELINE: median ratio ours/baseline and the medians, into the files ratio, ours, baseline
pair() {
	run -c CHECKPOINT
	{
		printf '%s\n' "$settings $1" '\timing on' "$2" "$3"
		i=0
		while [ $i -lt $rounds ]; do
			printf '%s\n' "$2" "$3"
			i=$((i + 1))
		done
	} >"$tmp/pair.sql"
	milliseconds "$tmp/pair.sql" | sed 1,2d | paste - - >"$tmp/pairs"
	awk '{ print $1 / $2 }' "$tmp/pairs" | median >"$tmp/ratio"
	cut -f1 "$tmp/pairs" | median >"$tmp/ours"
	cut -f2 "$tmp/pairs" | median >"$tmp/baseline"
}

# ratio NAME TITLE MUST GOAL SETTINGS OURS BASELINE
ratio() {
	pair "$5" "$6" "$7"
	line "$1" "$2" "<= $3" "<= $4" "$(awk '{ printf "%.3f", $1 }' "$tmp/ratio")" "$(awk '{ printf "%.0f", $1 }' "$tmp/ours") / $(awk '{ printf "%.0f", $1 }' "$tmp/baseline")"
}

# faster NAME TITLE MUST GOAL SETTINGS OURS BASELINE: the ratio the other way round
faster() {
	pair "$5" "$6" "$7"
	line "$1" "$2" ">= ${3}x" ">= ${4}x" "$(awk '{ printf "%.1fx", 1 / $1 }' "$tmp/ratio")" "$(awk '{ printf "%.0f", $1 }' "$tmp/ours") / $(awk '{ printf "%.0f", $1 }' "$tmp/baseline")"
}

# memory SETTINGS STATEMENT: MB of anonymous memory that a backend adds while it runs the statement (its peak)
memory() {
	printf '%s\n' "$settings $1" 'SELECT pg_sleep(0.5);' "$2" 'SELECT pg_sleep(0.2);' >"$tmp/memory.sql"
	PGAPPNAME=crm_bench_memory psql -XAtq -f "$tmp/memory.sql" >/dev/null &
	client=$!
	pid=''
	while [ -z "$pid" ]; do
		pid=$(run -c "SELECT pid FROM pg_stat_activity WHERE application_name = 'crm_bench_memory' AND state = 'active'")
	done
	before='' most=0
	while kill -0 "$client" 2>/dev/null; do
		now=$(sed -n 's/^RssAnon:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status" 2>/dev/null || true)
		[ -n "$now" ] && {
			[ -n "$before" ] || before=$now
			[ "$now" -gt "$most" ] && most=$now
		}
		sleep 0.01
	done
	wait "$client" || true
	echo $(((most - before) / 1024))
}

want() { [ "$wanted" = '  ' ] || case $wanted in *" $1 "*) true ;; *) false ;; esac; }

# orders NAME ROWS MEMBERS: a table of orders, skewed as shops are, in no order of members
make_orders() {
	[ "$(run -c "SELECT to_regclass('$1') IS NOT NULL")" = t ] && return
	printf '  making %s orders of %s members\n' "$2" "$3"
	run -c "CREATE TABLE $1 WITH (autovacuum_enabled = off) AS
		SELECT g AS id, 1 + (hashint8(g) & 2147483647)::bigint % $3 AS member_id,
		       date '2022-01-01' + (hashint8(g + 1000000000) & 2147483647) % 1095 AS day,
		       ((hashint8(g + 2000000000) & 2147483647) % 50000 / 100.0)::numeric(12, 2) AS amount,
		       'paid'::text AS status
		FROM generate_series(1, $2) AS g" -c "VACUUM (ANALYZE, FREEZE) $1"
}

psql -XAtq -d postgres -c 'CREATE DATABASE crm_bench' 2>/dev/null || true
run -c 'CREATE EXTENSION IF NOT EXISTS crm_member' \
	-c 'ALTER SYSTEM SET autovacuum = off' -c 'SELECT pg_reload_conf()' >/dev/null
trap 'run -c "ALTER SYSTEM RESET autovacuum" -c "SELECT pg_reload_conf()" >/dev/null 2>&1 || true; rm -rf "$tmp"' EXIT
printf '%s, %s orders, %s members, shared_buffers %s\n' \
	"$(run -c "SELECT 'PostgreSQL ' || current_setting('server_version')")" $orders $members "$(run -c 'SHOW shared_buffers')"
make_orders orders_$orders $orders $members
# the table of the cases
# shellcheck disable=SC2034
t=orders_$orders
heading
for cases in "$here"/cases.sh "$here"/cases_*.sh; do
	# shellcheck source=bench/cases.sh disable=SC1091
	. "$cases"
done
