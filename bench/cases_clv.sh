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
