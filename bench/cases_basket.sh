# bench/cases_basket.sh
# What is bought together; read by bench.sh.
# Lines lie in the order of their baskets, as a shop writes them: half as many as there are orders, 5 a basket on average, of 5,000 items, a few of which sell most.
# shellcheck shell=sh disable=SC2154

if want G14; then
	lines=$((orders / 2))
	if [ "$(run -c "SELECT to_regclass('lines_$lines') IS NOT NULL")" != t ]; then
		printf '  making %s order lines\n' "$lines"
		run -c "CREATE TABLE lines_$lines WITH (autovacuum_enabled = off) AS
			SELECT b AS basket, 1 + (5000 * ((hashint8(b * 16 + i) & 2147483647) / 2147483648.0::float8) ^ 3)::bigint AS item
			FROM generate_series(1, $lines / 5) AS b, LATERAL generate_series(1, 1 + (hashint8(b + 7000000000) & 2147483647) % 9) AS i" -c "VACUUM (ANALYZE, FREEZE) lines_$lines"
	fi
	rules="SELECT item_a, item_b, n_ab FROM pair_rules('SELECT basket, item FROM lines_$lines') ORDER BY n_ab DESC, item_a, item_b LIMIT 100;"
	joined="WITH d AS MATERIALIZED (SELECT DISTINCT basket, item FROM lines_$lines) SELECT a.item, b.item, count(*) FROM d AS a JOIN d AS b ON a.basket = b.basket AND a.item < b.item GROUP BY 1, 2 HAVING count(*) >= 5 ORDER BY 3 DESC, 1, 2 LIMIT 100;"
	kind="SELECT a.item, b.item, count(*) FROM lines_$lines AS a JOIN lines_$lines AS b ON a.basket = b.basket AND a.item < b.item GROUP BY 1, 2 HAVING count(*) >= 5 ORDER BY 3 DESC, 1, 2 LIMIT 100;"
	faster G14 "top co-purchased pairs of $lines lines, faster than the self-join" 5 8 "SET work_mem = '1GB';" "$rules" "$joined"
	faster G14 'the same, faster than a self-join of lines that are distinct' 5 8 "SET work_mem = '1GB';" "$rules" "$kind"
	if has_duckdb; then
		file=${TMPDIR:-/tmp}/crm_bench_lines_$lines.duckdb
		duck_made "$file" lines "SELECT basket, item FROM lines_$lines"
		against_duckdb G14 'top co-purchased pairs / DuckDB, 1 thread, whole process' '' '' "$rules" pairs "$file"
	fi
	line G14 'memory of pair_rules, MB' '' '' "$(memory "SET work_mem = '1GB';" "$rules") MB" ''
fi
