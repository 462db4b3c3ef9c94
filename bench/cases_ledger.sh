# bench/cases_ledger.sh
# What the ledger costs; read by bench.sh.
# Calls are measured by the time their server process was on a processor, which
# Linux tells in /proc; statements by their duration.
# shellcheck shell=sh disable=SC2154

# cpu_us CALLS FILE: microseconds of server processor time a line of FILE, after a warm-up with its first fifth
cpu_us() {
	{
		# shellcheck disable=SC2016
		printf '%s\n' 'SET jit = off; SET synchronous_commit = off;' '\o /dev/null' '\i '"$2.begin" '\i '"$2.warm" '\o' \
			'SELECT pg_backend_pid() AS pid \gset' '\setenv P :pid' '\! cut -d" " -f1 /proc/$P/schedstat' '\o /dev/null' '\i '"$2.calls" '\o' '\! cut -d" " -f1 /proc/$P/schedstat'
	} >"$tmp/cpu.sql"
	psql -XAtq -v ON_ERROR_STOP=1 -f "$tmp/cpu.sql" | paste - - | awk -v n="$1" '{ printf "%.1f\n", ($2 - $1) / 1000 / n }'
}

ledger_schema() {
	run -c 'DROP SCHEMA IF EXISTS crm_ledger, crm_ledger_report CASCADE' -c "SELECT crm_member.create_crm('crm_ledger')" >/dev/null
	run -c "INSERT INTO crm_ledger.member (member_no, joined_at) SELECT 'm' || g, '2020-01-01' FROM generate_series(1, 20000) AS g" \
		-c 'ANALYZE crm_ledger.member'
}

# G7: one call against the rows that it writes, written by prepared statements
if want G7; then
	ledger_schema
	run -c "SELECT count(*) FROM generate_series(1, 20000) AS g, LATERAL crm_ledger.points_grant(g, 1, 'warm-' || g)" \
		-c "SELECT count(*) FROM (SELECT crm_ledger._account(g, 2::smallint) FROM generate_series(1, 20000) AS g) AS a" -c 'VACUUM ANALYZE' >/dev/null
	calls=1000
	# shellcheck disable=SC2016 # a parameter of the statement
	echo 'PREPARE ours(bigint, text) AS SELECT points FROM crm_ledger.points_accrue($1, 20.00, $2);' >"$tmp/g7o.begin"
	cat >"$tmp/g7b.begin" <<'SQL'
PREPARE r(text) AS INSERT INTO crm_ledger.request (request_id, door, digest) VALUES ($1, 'points_accrue', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11');
PREPARE e(bigint, text) AS INSERT INTO crm_ledger.ledger_event (kind, member_id, occurred_at, request_id, request_digest, detail)
  VALUES ('accrue', $1, now(), $2, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"amount": 20.00, "store_id": null}');
PREPARE p(smallint, bigint) AS INSERT INTO crm_ledger.posting VALUES (lastval(), $1, $1, -100 * $1 - 1, $2, 20, $1);
PREPARE l(bigint) AS INSERT INTO crm_ledger.lot VALUES (lastval(), 1, $1, 20, 20, now(), '2030-01-01');
PREPARE a(bigint, smallint) AS UPDATE crm_ledger.account SET balance = balance + 20, last_activity_at = now() WHERE member_id = $1 AND asset_id = $2;
PREPARE d(text) AS UPDATE crm_ledger.request SET answer = '{"event_id": 1, "points": 20, "available": 21, "pending": 0, "tier": "basic"}' WHERE request_id = $1;
SQL
	: >"$tmp/g7.ours"
	: >"$tmp/g7.base"
	round=0
	# in turn, with new request ids in each round
	while [ $round -lt 5 ]; do
		round=$((round + 1))
		awk -v n=$calls -v t="$round" 'BEGIN { srand(t); for (i = 0; i < n; i++) printf "EXECUTE ours(%d, '\''o-%s-%d'\'');\n", 1 + int(rand() * 20000), t, i }' >"$tmp/g7o.all"
		awk -v n=$calls -v t="$round" 'BEGIN { srand(t); for (i = 0; i < n; i++) { m = 1 + int(rand() * 20000)
			printf "BEGIN; EXECUTE r('\''b-%s-%d'\''); EXECUTE e(%d, '\''b-%s-%d'\''); EXECUTE p(1::smallint, %d); EXECUTE p(2::smallint, %d); EXECUTE l(%d); EXECUTE a(%d, 1::smallint); EXECUTE a(%d, 2::smallint); EXECUTE d('\''b-%s-%d'\''); COMMIT;\n", t, i, m, t, i, m, m, m, m, m, t, i } }' >"$tmp/g7b.all"
		for f in g7o g7b; do
			head -n $((calls / 5)) "$tmp/$f.all" >"$tmp/$f.warm"
			tail -n +$((calls / 5 + 1)) "$tmp/$f.all" >"$tmp/$f.calls"
		done
		cpu_us $((calls - calls / 5)) "$tmp/g7o" >>"$tmp/g7.ours"
		cpu_us $((calls - calls / 5)) "$tmp/g7b" >>"$tmp/g7.base"
	done
	ours=$(median <"$tmp/g7.ours")
	base=$(median <"$tmp/g7.base")
	line G7 'points_accrue / its rows by prepared statements, CPU a call' '<= 1.5' '<= 1.15' "$(awk "BEGIN { printf \"%.2f\", $ours / $base }")" "$ours / $base us"
fi

# tps OPTIONS...: transactions a second of pgbench, 8 clients, 5 seconds
tps() { cd "$tmp" && pgbench -n -c 8 -j 2 -T 5 "$@" crm_bench 2>/dev/null | sed -n 's/^tps = \([0-9.]*\).*/\1/p'; }

# tps_pair PROTOCOL OURS BASE: the median ratio of three rounds in turn after a checkpoint, and the medians; OURS and BASE are options of pgbench
tps_pair() {
	run -c CHECKPOINT
	: >"$tmp/tps"
	round=0
	while [ $round -lt 3 ]; do
		round=$((round + 1))
		# shellcheck disable=SC2086 # options
		echo "$(tps -M "$1" $2) $(tps -M "$1" $3)" >>"$tmp/tps"
	done
	ratio=$(awk '{ print $1 / $2 }' "$tmp/tps" | median)
	detail="$(cut -d' ' -f1 "$tmp/tps" | median | awk '{ printf "%.0f", $1 }') / $(cut -d' ' -f2 "$tmp/tps" | median | awk '{ printf "%.0f", $1 }') tps"
}

# G8, G9: calls a second
if want G8 || want G9; then
	ledger_schema
	pgbench -i -q -s 20 crm_bench >/dev/null 2>&1
	cat >"$tmp/accrue.sql" <<'SQL'
\set m random(1, 20000)
\set r random(1, 9000000000000)
SELECT points FROM crm_ledger.points_accrue(:m, 20.00, :r::text || '-' || :client_id);
SQL
	sed 's/random(1, 20000)/random(1, 1)/' "$tmp/accrue.sql" >"$tmp/hot.sql"
	for commit in off on; do
		want G8 || continue
		export PGOPTIONS="-c client_min_messages=warning -c synchronous_commit=$commit"
		if [ $commit = off ]; then must='>= 2x' goal='>= 4x'; else must='>= 1.5x' goal='>= 2x'; fi
		for protocol in simple prepared; do
			tps_pair $protocol "-f accrue.sql" '-b tpcb-like'
			line G8 "points_accrue / TPC-B-like, 8 clients, synchronous_commit $commit, $protocol" "$must" "$goal" "$(printf '%.2fx' "$ratio")" "$detail"
		done
	done
	if want G9; then
		export PGOPTIONS='-c client_min_messages=warning -c synchronous_commit=on'
		tps_pair prepared "-f hot.sql" "-f accrue.sql"
		line G9 "eight clients on one member / on many, fsync $(run -c 'SHOW fsync')" '>= 0.25' '>= 0.35' "$(printf '%.2f' "$ratio")" "$detail"
	fi
	export PGOPTIONS='-c client_min_messages=warning'
	run -c 'DROP TABLE IF EXISTS pgbench_accounts, pgbench_branches, pgbench_tellers, pgbench_history'
fi

# G10: all sales of the table accrued in one statement; the floor is the same rows inserted into tables of the same form, and the same accounts updated
if want G10; then
	ledger_schema
	run -c "INSERT INTO crm_ledger.member (member_no, joined_at) SELECT 'n' || g, '2020-01-01' FROM generate_series(20001, $members) AS g" \
		-c 'ALTER TABLE crm_ledger.sale DISABLE TRIGGER USER' \
		-c "INSERT INTO crm_ledger.sale (member_id, occurred_at, net_spend) SELECT member_id, day::timestamp AT TIME ZONE 'Asia/Shanghai', amount FROM $t" \
		-c 'ALTER TABLE crm_ledger.sale ENABLE TRIGGER USER' -c 'SELECT crm_ledger.rebuild_histories()' -c 'VACUUM ANALYZE' -c CHECKPOINT >/dev/null
	printf '%s\n' "$settings" '\timing on' "SELECT events FROM crm_ledger.points_accrue_sales('2000-01-01', '2100-01-01');" >"$tmp/g10.sql"
	ours=$(milliseconds "$tmp/g10.sql" | tail -n 1)
	run -c 'DROP TABLE IF EXISTS g10_event, g10_posting, g10_lot, g10_account' \
		-c 'CREATE TABLE g10_event (LIKE crm_ledger.ledger_event INCLUDING ALL)' -c 'CREATE TABLE g10_posting (LIKE crm_ledger.posting INCLUDING ALL)' \
		-c 'CREATE TABLE g10_lot (LIKE crm_ledger.lot INCLUDING ALL)' -c 'CREATE TABLE g10_account (LIKE crm_ledger.account INCLUDING ALL) WITH (fillfactor = 70)' \
		-c 'INSERT INTO g10_account SELECT * FROM crm_ledger.account WHERE id > 0' -c 'VACUUM ANALYZE' -c CHECKPOINT
	printf '%s\n' "$settings" '\timing on' 'INSERT INTO g10_event SELECT * FROM crm_ledger.ledger_event;' 'INSERT INTO g10_posting SELECT * FROM crm_ledger.posting;' \
		'INSERT INTO g10_lot SELECT * FROM crm_ledger.lot;' 'UPDATE g10_account SET balance = balance + 1, last_activity_at = now();' >"$tmp/g10b.sql"
	base=$(milliseconds "$tmp/g10b.sql" | tail -n 4 | awk '{ s += $1 } END { print s }')
	line G10 "$orders sales accrued in one statement / their rows inserted, updated" '<= 2.0' '<= 1.2' "$(awk "BEGIN { printf \"%.2f\", $ours / $base }")" "$(awk "BEGIN { printf \"%.0f / %.0f\", $ours, $base }")"
	run -c 'DROP TABLE g10_event, g10_posting, g10_lot, g10_account'
fi

# G13: one sale into crm.sale, and into the same table without triggers and keys
if want G13; then
	ledger_schema
	run -c 'DROP TABLE IF EXISTS g13_bare' -c 'CREATE TABLE g13_bare (LIKE crm_ledger.sale INCLUDING ALL)' \
		-c "INSERT INTO crm_ledger.sale (member_id, occurred_at, net_spend) SELECT 1 + g % 20000, timestamptz '2024-06-01' + g * interval '1 second', 20.00 FROM generate_series(1, 60000) AS g" \
		-c 'INSERT INTO g13_bare SELECT * FROM crm_ledger.sale' -c "SELECT setval(pg_get_serial_sequence('g13_bare', 'id'), 100000)" -c 'VACUUM ANALYZE' >/dev/null
	# shellcheck disable=SC2016
	echo 'PREPARE q(bigint) AS INSERT INTO crm_ledger.sale (member_id, occurred_at, net_spend) VALUES ($1, now(), 20.00);' >"$tmp/g13o.begin"
	sed 's/crm_ledger\.sale/g13_bare/' "$tmp/g13o.begin" >"$tmp/g13b.begin"
	awk 'BEGIN { srand(3); for (i = 0; i < 600; i++) printf "EXECUTE q(%d);\n", 1 + int(rand() * 20000) }' >"$tmp/g13o.warm"
	awk 'BEGIN { srand(4); for (i = 0; i < 3000; i++) printf "EXECUTE q(%d);\n", 1 + int(rand() * 20000) }' >"$tmp/g13o.calls"
	cp "$tmp/g13o.warm" "$tmp/g13b.warm"
	cp "$tmp/g13o.calls" "$tmp/g13b.calls"
	ours=$(cpu_us 3000 "$tmp/g13o")
	base=$(cpu_us 3000 "$tmp/g13b")
	line G13 'one sale / one row of the bare table, with points and tiers, CPU' '<= 5' '<= 3.5' "$(awk "BEGIN { printf \"%.2f\", $ours / $base }")" "$ours / $base us"
	run -c 'ALTER TABLE crm_ledger.sale DISABLE TRIGGER sale_30_points_insert' -c 'ALTER TABLE crm_ledger.sale DISABLE TRIGGER sale_40_tiers_insert'
	ours=$(cpu_us 3000 "$tmp/g13o")
	line G13 'the same, histories only' '<= 3' '<= 2' "$(awk "BEGIN { printf \"%.2f\", $ours / $base }")" "$ours / $base us"
	run -c 'DROP TABLE g13_bare'
fi
if want G7 || want G8 || want G9 || want G10 || want G13; then
	run -c "SELECT crm_member.drop_crm('crm_ledger', 'crm_ledger')" >/dev/null
fi
