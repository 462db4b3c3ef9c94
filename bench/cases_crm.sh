# bench/cases_crm.sh
# What a CRM schema costs the shop; read by bench.sh.
# $t is the table of orders: id, member_id, day, amount, status.
# shellcheck shell=sh disable=SC2154

# G12: COPY of all orders into an attached table, and into the same table without triggers. A bulk load that is folded
# at once may take long: it is ended after 30 times the baseline, and the figure then says so.
if want G12; then
	file=$tmp/orders.copy
	run -c "COPY $t TO STDOUT" >"$file"
	run -c 'DROP SCHEMA IF EXISTS crm_bench, crm_bench_report CASCADE' -c 'DROP TABLE IF EXISTS g12_bare, g12_capture, g12_fold' \
		-c "SELECT crm_member.create_crm('crm_bench')" \
		-c "CREATE TABLE g12_bare (LIKE $t INCLUDING ALL, PRIMARY KEY (id)) WITH (autovacuum_enabled = off)" \
		-c 'CREATE TABLE g12_capture (LIKE g12_bare INCLUDING ALL) WITH (autovacuum_enabled = off)' \
		-c 'CREATE TABLE g12_fold (LIKE g12_bare INCLUDING ALL) WITH (autovacuum_enabled = off)' \
		-c "SELECT crm_bench.attach_sales('g12_capture', 'member_id', 'day', 'amount', 'id', mode => 'deferred')" \
		-c "SELECT crm_bench.attach_sales('g12_fold', 'member_id', 'day', 'amount', 'id', on_error => 'raise')" >/dev/null

	# copy_ms TABLE [SETTING]: milliseconds of one COPY into the emptied table; nothing when it was ended
	copy_ms() {
		run -c "TRUNCATE $1" -c CHECKPOINT
		printf '%s\n' "$settings" "${2:-}" '\timing on' "COPY $1 FROM STDIN;" >"$tmp/copy.sql"
		{ cat "$tmp/copy.sql"; cat "$file"; printf '%s\n' '\.'; } >"$tmp/copy.in"
		psql -XAt -f "$tmp/copy.in" 2>"$tmp/copy.err" | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' | tail -n 1
	}
	: >"$tmp/bare"
	: >"$tmp/captures"
	i=0
	while [ $i -lt "$rounds" ]; do
		copy_ms g12_bare >>"$tmp/bare"
		copy_ms g12_capture >>"$tmp/captures"
		i=$((i + 1))
	done
	base=$(median <"$tmp/bare")
	ours=$(median <"$tmp/captures")
	line G12 'COPY into an attached table, capture only / no triggers' '<= 2' '<= 1.4' \
		"$(awk "BEGIN { printf \"%.2f\", $ours / $base }")" "$(awk "BEGIN { printf \"%.0f / %.0f\", $ours, $base }")"
	ours=$(copy_ms g12_fold "SET statement_timeout = $(awk "BEGIN { printf \"%d\", 30 * $base }");")
	if [ "$(run -c 'SELECT count(*) > 0 FROM g12_fold')" = t ]; then
		line G12 'the same, folded at once, members, histories, tiers' '<= 9' '<= 6' \
			"$(awk "BEGIN { printf \"%.1f\", $ours / $base }")" "$(awk "BEGIN { printf \"%.0f / %.0f\", $ours, $base }")"
	else
		line G12 'the same, folded at once, members, histories, tiers' '<= 9' '<= 6' '> 30' "ended / $(awk "BEGIN { printf \"%.0f\", $base }")"
	fi
	run -c 'DROP TABLE g12_bare, g12_capture, g12_fold' -c "SELECT crm_member.drop_crm('crm_bench', 'crm_bench')" >/dev/null
fi

# G13: single-row inserts by one client, prepared, each its own transaction, into sale and into a table of the same columns,
# indexes and checks; each sale is its member's latest. CPU is that of the server process, as its own /proc entry tells.
if want G13; then
	run -c 'DROP SCHEMA IF EXISTS crm_bench, crm_bench_report CASCADE' -c 'DROP TABLE IF EXISTS g13_bare' -c "SELECT crm_member.create_crm('crm_bench')" >/dev/null
	run -c "INSERT INTO crm_bench.member (member_no, joined_at) SELECT lpad(g::text, 8, '0'), '2024-01-01' FROM generate_series(1, 10000) AS g" \
		-c "INSERT INTO crm_bench.sale (member_id, occurred_at, net_spend) SELECT 1 + g % 10000, '2025-01-01'::timestamptz + g * interval '5 minutes', (g % 977) FROM generate_series(1, 50000) AS g" \
		-c 'CREATE TABLE g13_bare (LIKE crm_bench.sale INCLUDING ALL)' -c 'VACUUM ANALYZE'
	inserts=10000
	ticks="SELECT split_part(line, ' ', 14)::bigint + split_part(line, ' ', 15)::bigint FROM pg_read_file('/proc/self/stat') AS line;"
	for table in g13_bare crm_bench.sale; do
		{
			printf '%s\n' 'SET synchronous_commit = off;' \
				"PREPARE ins (bigint, numeric) AS INSERT INTO $table (member_id, occurred_at, net_spend) VALUES (\$1, clock_timestamp() - interval '1 year', \$2);"
			echo "$ticks"
			awk -v n=$inserts 'BEGIN { srand(1); for (i = 0; i < n; i++) printf "EXECUTE ins(%d, %.2f);\n", 1 + int(rand() * 10000), 1 + rand() * 199 }'
			echo "$ticks"
		} >"$tmp/$table.inserts"
	done
	# microseconds of CPU an insert TABLE
	insert_us() { run -f "$tmp/$1.inserts" | awk -v n=$inserts -v hz="$(getconf CLK_TCK)" 'NR == 1 { before = $1 } END { print ($1 - before) * 1000000 / hz / n }'; }
	# both by turns; the median of the ratios
	g13() { # TITLE MUST GOAL
		: >"$tmp/g13"
		i=0
		while [ $i -lt 3 ]; do
			run -c CHECKPOINT
			printf '%s %s\n' "$(insert_us crm_bench.sale)" "$(insert_us g13_bare)" >>"$tmp/g13"
			i=$((i + 1))
		done
		line G13 "$1" "<= $2" "<= $3" "$(awk '{ print $1 / $2 }' "$tmp/g13" | median | awk '{ printf "%.2f", $1 }')" \
			"$(cut -d' ' -f1 "$tmp/g13" | median) / $(cut -d' ' -f2 "$tmp/g13" | median) us"
	}
	g13 'single-row insert into sale / bare table, CPU, all triggers' 5 3.5
	run -c 'ALTER TABLE crm_bench.sale DISABLE TRIGGER sale_30_points_insert' -c 'ALTER TABLE crm_bench.sale DISABLE TRIGGER sale_40_tiers_insert'
	g13 'the same, history only' 3 2
	run -c 'DROP TABLE g13_bare' -c "SELECT crm_member.drop_crm('crm_bench', 'crm_bench')" >/dev/null
fi
