# bench/cases_clv.sh
# Fitting and predicting customer value; read by bench.sh.
# $t is the table of orders: id, member_id, day, amount, status.
# shellcheck shell=sh disable=SC2154

if want G16 || want G17; then
	# members who leave, as they do in shops: of the orders of $t, those before a day that is the member's own
	run -c "SET work_mem = '2GB'" -c 'DROP TABLE IF EXISTS clv_orders, clv_stored' \
		-c "CREATE TABLE clv_orders WITH (autovacuum_enabled = off) AS SELECT member_id, day, amount FROM $t
			WHERE day <= date '2022-01-01' + (1095 * power(((hashint8(member_id + 77) & 1048575) + 1) / 1048576.0, 0.5))::integer" \
		-c 'CREATE TABLE clv_stored AS SELECT member_id, crm_member.purchase_history(day, amount) AS h FROM clv_orders GROUP BY member_id' \
		-c 'VACUUM (ANALYZE, FREEZE) clv_orders' -c 'VACUUM (ANALYZE, FREEZE) clv_stored'
fi
if want G16; then
	# what every package wants first: x, t_x, T and m of each member, from the orders by day
	summary="SELECT count(*) FROM (SELECT member_id, count(*) - 1 AS x, max(day) - min(day) AS t_x, date '2024-12-31' - min(day) AS t, sum(spend) AS m FROM (SELECT member_id, day, sum(amount) AS spend FROM clv_orders GROUP BY member_id, day) AS d GROUP BY member_id OFFSET 0) AS s WHERE x >= 0 AND t_x >= 0 AND t >= 0 AND m IS NOT NULL;"
	ratio G16 'BG/NBD and spend fit from histories / per-member summary in SQL' 1.0 0.3 "SET work_mem = '2GB';" \
		"SELECT clv_fit(h, '2024-12-31', 'bg/nbd') IS NOT NULL FROM clv_stored;" "$summary"
	ratio G16 'the same, MBG/NBD' 1.0 0.3 "SET work_mem = '2GB';" "SELECT clv_fit(h, '2024-12-31') IS NOT NULL FROM clv_stored;" "$summary"
	line G16 'memory of the fit' '' '' '' "$(memory "SET work_mem = '1GB';" "SELECT clv_fit(h, '2024-12-31') IS NOT NULL FROM clv_stored;") MB"
fi
if want G17; then
	# reading: orders, net spend and last day of each history
	reading="SELECT count(*) FROM (SELECT member_id, active_days(h) AS d, net_spend(h) AS s, last_day(h) AS l FROM clv_stored OFFSET 0) AS r WHERE d > 0 AND s IS NOT NULL AND l IS NOT NULL;"
	run -c 'DROP TABLE IF EXISTS clv_bench_fit' -c "CREATE TABLE clv_bench_fit AS SELECT crm_member.clv_fit(h, '2024-12-31') AS m FROM clv_stored"
	ratio G17 'CLV prediction of all members / reading them' 3 2 "SET work_mem = '256MB';" \
		"SELECT count(*) FROM (SELECT member_id, clv_predict((SELECT m FROM clv_bench_fit), h, '2024-12-31', '1 year') AS p FROM clv_stored OFFSET 0) AS r WHERE p IS NOT NULL;" "$reading"
	ratio G17 'the same, with a yearly discount' 3 2 "SET work_mem = '256MB';" \
		"SELECT count(*) FROM (SELECT member_id, clv_predict((SELECT m FROM clv_bench_fit), h, '2024-12-31', '1 year', 0.1) AS p FROM clv_stored OFFSET 0) AS r WHERE p IS NOT NULL;" "$reading"
	run -c 'DROP TABLE clv_bench_fit'
fi

# G16 on real logs, when CRM_DATA names the folder that has them, and against a plain fit with scipy
if want G16; then
	# log NAME AS_OF: fits of the histories in the table NAME, summaries in SQL from its orders, and scipy's fit of these
	log() {
		summary="SELECT count(*) - 1 AS x, (max(day) - min(day)) / 7.0 AS t_x, (date '$2' - min(day)) / 7.0 AS t FROM (SELECT DISTINCT member_id, day FROM $1_orders) AS d GROUP BY member_id"
		ratio G16 "$1: MBG/NBD and spend fit / per-member summary in SQL" 1.0 0.3 '' "SELECT clv_fit(h, '$2') IS NOT NULL FROM $1;" "SELECT count(*) FROM ($summary OFFSET 0) AS s WHERE x >= 0 AND t_x >= 0 AND t >= 0;"
		run -c 'DROP TABLE IF EXISTS clv_bench_fit' -c "CREATE TABLE clv_bench_fit AS SELECT crm_member.clv_fit(h, '$2') AS m FROM $1"
		ratio G17 "$1: prediction of all members / reading them" 3 2 '' \
			"SELECT count(*) FROM (SELECT clv_predict((SELECT m FROM clv_bench_fit), h, '$2', '1 year') AS p FROM $1 OFFSET 0) AS r WHERE p IS NOT NULL;" \
			"SELECT count(*) FROM (SELECT active_days(h) AS d, net_spend(h) AS s, last_day(h) AS l FROM $1 OFFSET 0) AS r WHERE d > 0 AND s IS NOT NULL AND l IS NOT NULL;"
		run -c 'DROP TABLE clv_bench_fit'
		scipy "$1" "SELECT clv_fit(h, '$2', 'bg/nbd') FROM $1" "$summary"
	}
	# scipy NAME FIT SUMMARY: the fit here, spend model included, against scipy's, both without the reading of orders
	scipy() {
		/usr/bin/python3 -c 'import scipy' 2>/dev/null || { line G16 "$1: BG/NBD fit / scipy" '' '' 'no scipy' ''; return; }
		run -c "COPY ($3) TO STDOUT (FORMAT csv)" >"$tmp/summary.csv"
		printf '%s\n' "$settings" '\timing on' "$2;" "$2;" >"$tmp/fit.sql"
		ours=$(milliseconds "$tmp/fit.sql" | tail -n 1)
		theirs=$(/usr/bin/python3 "$here/clv_scipy.py" <"$tmp/summary.csv")
		line G16 "$1: BG/NBD fit / scipy" '' '' "$(awk "BEGIN { printf \"%.3f\", $ours / ${theirs%% *} }")" "$ours / $theirs"
	}
	run -c 'DROP TABLE IF EXISTS generated' -c 'ALTER TABLE clv_stored RENAME TO generated'
	scipy generated "SELECT clv_fit(h, '2024-12-31', 'bg/nbd') FROM generated" \
		"SELECT count(*) - 1 AS x, (max(day) - min(day)) / 7.0 AS t_x, (date '2024-12-31' - min(day)) / 7.0 AS t FROM (SELECT DISTINCT member_id, day FROM clv_orders) AS d GROUP BY member_id"
	run -c 'ALTER TABLE generated RENAME TO clv_stored'
	if [ -r "${CRM_DATA:-/nonexistent}/cdnow_master.csv" ]; then
		run -c 'DROP TABLE IF EXISTS cdnow, cdnow_orders, retail, retail_orders, raw' -c 'CREATE TABLE cdnow_orders (member_id integer, day date, cds integer, amount numeric)'
		tr -d '\r' <"$CRM_DATA/cdnow_master.csv" | run -c 'COPY cdnow_orders FROM STDIN (FORMAT csv, HEADER)'
		run -c 'CREATE TABLE raw (invoice_no text, at timestamp, member text, country text, quantity numeric, price numeric)'
		tr -d '\r' <"$CRM_DATA/online_retail_invoices.csv" | run -c 'COPY raw FROM STDIN (FORMAT csv, HEADER, FORCE_NULL (quantity, price))'
		run -c "CREATE TABLE retail_orders AS SELECT member::integer AS member_id, at::date AS day, round(quantity * price, 2) AS amount FROM raw WHERE member ~ '^[0-9]+\$' AND invoice_no !~ '^C' AND quantity > 0" \
			-c 'CREATE TABLE cdnow AS SELECT member_id, crm_member.purchase_history(day, amount) AS h FROM cdnow_orders GROUP BY member_id' \
			-c 'CREATE TABLE retail AS SELECT member_id, crm_member.purchase_history(day, amount) AS h FROM retail_orders GROUP BY member_id' -c 'VACUUM ANALYZE'
		log cdnow 1998-06-30
		log retail 2011-12-09
		run -c 'DROP TABLE cdnow, cdnow_orders, retail, retail_orders, raw'
	fi
fi
