# bench/cases.sh
# The cases, as statements of ours and of the baseline; read by bench.sh.
# $t is the table of orders: id, member_id, day, amount, status.
# shellcheck shell=sh disable=SC2154,SC2034,SC2086,SC1091

. "$here/duckdb.sh"

# the GROUP BY floor: what any per-member summary in SQL costs; the filter keeps the planner from dropping columns
floor="SELECT count(*) FROM (SELECT member_id, count(*) AS orders, sum(amount) AS spend, max(day) AS last_day, min(day) AS first_day
  FROM $t GROUP BY member_id OFFSET 0) AS g WHERE orders > 0 AND spend >= 0 AND last_day >= first_day;"
floor=$(printf '%s' "$floor" | tr '\n' ' ')

# RFM as it is written today: the GROUP BY and three ntile
ntile="SELECT count(r + f + m) FROM (SELECT member_id, ntile(5) OVER (ORDER BY last_day) AS r, ntile(5) OVER (ORDER BY orders) AS f, ntile(5) OVER (ORDER BY spend) AS m FROM (SELECT member_id, count(*) AS orders, sum(amount) AS spend, max(day) AS last_day FROM $t GROUP BY member_id) AS g OFFSET 0) AS s;"

scores="SELECT count(score) FROM rfm_scores('SELECT member_id, day, amount FROM $t', '2024-12-31');"

if want G1; then
	ratio G1 'RFM scores from a query / GROUP BY floor' 0.25 0.15 "SET work_mem = '1GB';" "$scores" "$floor"
fi
if want G2; then
	faster G2 'RFM scores from a query, faster than three ntile, work_mem 4MB' 5 8 "SET work_mem = '4MB';" "$scores" "$ntile"
	faster G2 'the same, work_mem 256MB' 5 8 "SET work_mem = '256MB';" "$scores" "$ntile"
fi
if want G3; then
	if has_duckdb; then
		file=${TMPDIR:-/tmp}/crm_bench_$orders.duckdb
		duck_made "$file" make "SELECT member_id, day, amount FROM $t"
		against_duckdb G3 'RFM scores from a query / DuckDB, 1 thread, whole process' '<= 1.25' '<= 0.9' "$scores" run "$file"
	else
		line G3 'RFM scores from a query / DuckDB, 1 thread, whole process' '<= 1.25' '<= 0.9' skipped 'CRM_DUCKDB has no @duckdb/node-api'
	fi
fi
if want G4; then
	ratio G4 'purchase_history in GROUP BY / count, sum, max, min' 1.0 0.65 "SET work_mem = '2GB';" \
		"SELECT count(h) FROM (SELECT member_id, purchase_history(day, amount) AS h FROM $t GROUP BY member_id OFFSET 0) AS g;" "$floor"
fi
if want G5; then
	run -c "SET work_mem = '2GB'" -c "DROP TABLE IF EXISTS rollup, stored" \
		-c "CREATE TABLE rollup AS SELECT member_id, count(*) AS orders, sum(amount) AS spend, max(day) AS last_day FROM $t GROUP BY member_id" \
		-c "CREATE TABLE stored AS SELECT member_id, crm_member.purchase_history(day, amount) AS h FROM $t GROUP BY member_id" \
		-c "VACUUM (ANALYZE, FREEZE) rollup" -c "VACUUM (ANALYZE, FREEZE) stored"
	ratio G5 'RFM scores from stored histories / three ntile over a stored rollup' 0.45 0.3 "SET work_mem = '256MB';" \
		"SELECT count(score) FROM (SELECT member_id, rfm_score(h) OVER () AS score FROM stored OFFSET 0) AS s;" \
		"SELECT count(r + f + m) FROM (SELECT member_id, ntile(5) OVER (ORDER BY last_day) AS r, ntile(5) OVER (ORDER BY orders) AS f, ntile(5) OVER (ORDER BY spend) AS m FROM rollup OFFSET 0) AS s;"
fi
if want G6; then
	make_orders orders_$((orders * 3)) $((orders * 3)) $members
	pair "SET work_mem = '1GB';" "SELECT count(score) FROM rfm_scores('SELECT member_id, day, amount FROM orders_$((orders * 3))', '2024-12-31');" "$scores"
	line G6 'growth of that from n to 3n orders of the same members' '<= 3.3x' '<= 2.9x' "$(awk '{ printf "%.2fx", $1 }' "$tmp/ratio")" \
		"$(awk '{ printf "%.0f", $1 }' "$tmp/ours") / $(awk '{ printf "%.0f", $1 }' "$tmp/baseline")"
fi
if want G15; then
	# the best rewrites known to us: distinct member months joined to the first one, and one bit a month in a bigint
	distinct_months="WITH d AS MATERIALIZED (SELECT member_id, (date_part('year', day) * 12 + date_part('month', day))::integer AS m FROM $t GROUP BY 1, 2), f AS (SELECT member_id, min(m) AS c FROM d GROUP BY 1) SELECT count(*) FROM (SELECT c, m - c AS k, count(*) FROM d JOIN f USING (member_id) GROUP BY 1, 2) AS cells;"
	month_bits="WITH b AS MATERIALIZED (SELECT bit_or(1::bigint << (date_part('year', day) * 12 + date_part('month', day) - 24264)::integer) AS bits FROM $t GROUP BY member_id), f AS (SELECT bits, count(*) AS n FROM b GROUP BY bits), m AS (SELECT bits, n, i, min(i) OVER (PARTITION BY bits) AS c FROM f, generate_series(0, 62) AS i WHERE bits & (1::bigint << i) <> 0) SELECT count(*) FROM (SELECT c, i - c AS k, sum(n) FROM m GROUP BY 1, 2) AS cells;"
	cohorts="SELECT count(*) FROM cohorts('SELECT member_id, day FROM $t', '2024-12-31');"
	faster G15 'cohort retention, faster than distinct member months in SQL' 5 9 "SET work_mem = '2GB';" "$cohorts" "$distinct_months"
	faster G15 'the same, faster than one bit a month in SQL' 5 9 "SET work_mem = '2GB';" "$cohorts" "$month_bits"
	if has_duckdb; then
		file=${TMPDIR:-/tmp}/crm_bench_$orders.duckdb
		duck_made "$file" make "SELECT member_id, day, amount FROM $t"
		against_duckdb G15 'cohort retention / DuckDB, 1 thread, whole process' '' '' "$cohorts" cohorts "$file"
	fi
fi
if want G18; then
	ours=$(memory "SET work_mem = '1GB';" "$scores")
	theirs=$(memory "SET work_mem = '1GB';" "$floor")
	line G18 'working memory of RFM scores / GROUP BY floor, MB' '<= 0.5' '<= 0.3' "$(awk "BEGIN { printf \"%.2f\", $ours / $theirs }")" "$ours / $theirs MB"
	bounded=$(memory "SET work_mem = '4MB';" "$scores")
	line G18 'the same at work_mem 4MB: it spills' '' '' "$bounded MB" ''
	histories=$(memory "SET work_mem = '2GB';" "SELECT count(h) FROM (SELECT member_id, purchase_history(day, amount) AS h FROM $t GROUP BY member_id OFFSET 0) AS g;")
	line G18 'memory of purchase_history in GROUP BY / the floor, MB' '' '' "$(awk "BEGIN { printf \"%.2f\", $histories / $theirs }")" "$histories / $theirs MB"
fi
