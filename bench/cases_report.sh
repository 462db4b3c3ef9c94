# bench/cases_report.sh
# The case of the reports: refreshing what changed against making it all again; read by bench.sh.
# It makes a CRM schema of its own in the bench database and drops it at the end.
# shellcheck shell=sh disable=SC2154

if want G11; then
	printf '  making a CRM schema with %s sales of %s members\n' "$orders" "$members"
	run -c "SELECT crm_member.drop_crm('bench_crm', 'bench_crm') WHERE to_regclass('bench_crm.crm_layout') IS NOT NULL" >/dev/null
	# the past as a data-only restore brings it: without triggers, then histories and reports in one go
	run >/dev/null <<-SQL
		SELECT crm_member.create_crm('bench_crm');
		INSERT INTO bench_crm.setting (key, value, meaning) VALUES ('report_day', '"2024-12-31"', 'the day of the measurement');
		INSERT INTO bench_crm.store (code, name) SELECT 's' || i, 's' || i FROM generate_series(1, 50) AS i;
		ALTER TABLE bench_crm.sale DISABLE TRIGGER USER;
		ALTER TABLE bench_crm.member DISABLE TRIGGER USER;
		INSERT INTO bench_crm.member (member_no, joined_at) SELECT i, '2022-01-01' FROM generate_series(1, $members) AS i;
		INSERT INTO bench_crm.sale (member_id, store_id, occurred_at, net_spend)
		SELECT member_id, 1 + id % 50, day + interval '12 hours', amount FROM $t;
		ALTER TABLE bench_crm.sale ENABLE TRIGGER USER;
		ALTER TABLE bench_crm.member ENABLE TRIGGER USER;
		SELECT bench_crm.rebuild_histories();
		SELECT count(*) FROM bench_crm.refresh_reports();
		CREATE MATERIALIZED VIEW bench_crm.rfm_by_hand AS
		SELECT member_id, last_day, orders, spend, ntile(5) OVER (ORDER BY last_day) AS r, ntile(5) OVER (ORDER BY orders) AS f, ntile(5) OVER (ORDER BY spend) AS m
		FROM (SELECT member_id, max(bench_crm.local_day(occurred_at)) AS last_day, count(*) AS orders, sum(net_spend) AS spend
		      FROM bench_crm.sale WHERE member_id IS NOT NULL GROUP BY member_id) AS s;
		CREATE MATERIALIZED VIEW bench_crm.months_by_hand AS
		SELECT date_trunc('month', bench_crm.local_day(occurred_at)::timestamp)::date AS month, store_id, count(*) AS orders, sum(net_spend) AS net_spend
		FROM bench_crm.sale GROUP BY 1, 2;
	SQL
	run -c 'VACUUM (ANALYZE)'

	# refresh_after PART: the refresh of new orders of the last day, 1 / PART of the book, and then both reports as materialized views over the
	# sales, made again; a session that has done it before, in turn, as pair does. What the orders do to points and tiers is not measured here.
	refresh_after() {
		{
			printf '%s\n' "$settings SET client_min_messages = warning; SET work_mem = '1GB';" 'CHECKPOINT;'
			i=0
			while [ $i -le "$rounds" ]; do
				printf '%s\n' 'ALTER TABLE bench_crm.sale DISABLE TRIGGER sale_30_points_insert;' 'ALTER TABLE bench_crm.sale DISABLE TRIGGER sale_40_tiers_insert;' \
					"INSERT INTO bench_crm.sale (member_id, store_id, occurred_at, net_spend)
					 SELECT 1 + (hashint8(g + $i * 100000000 + $1) & 2147483647)::bigint % $members, 1 + g % 50, '2024-12-31 12:00+08', g % 500
					 FROM generate_series(1, $orders / $1) AS g;" \
					'ALTER TABLE bench_crm.sale ENABLE TRIGGER sale_30_points_insert;' 'ALTER TABLE bench_crm.sale ENABLE TRIGGER sale_40_tiers_insert;' \
					'VACUUM bench_crm.report_change;' '\timing on' "SELECT count(*) FROM bench_crm.refresh_reports('{sales_by_month,member_rfm_scores}');" \
					'DO $$ BEGIN REFRESH MATERIALIZED VIEW bench_crm.rfm_by_hand; REFRESH MATERIALIZED VIEW bench_crm.months_by_hand; END $$;' '\timing off'
				i=$((i + 1))
			done
		} >"$tmp/refresh.sql"
		milliseconds "$tmp/refresh.sql" | sed 1,2d | paste - - >"$tmp/pairs"
		awk '{ print $1 / $2 }' "$tmp/pairs" | median >"$tmp/ratio"
		cut -f1 "$tmp/pairs" | median >"$tmp/ours"
		cut -f2 "$tmp/pairs" | median >"$tmp/baseline"
	}
	for case in '100 1% 6 4' '1000 0.1% 2 0.7' '10000 0.01% 0.3 0.1'; do
		# shellcheck disable=SC2086
		set -- $case
		refresh_after "$1"
		line G11 "refresh after $2 new orders / full REFRESH, RFM and months" "<= $3%" "<= $4%" \
			"$(awk '{ printf "%.2f%%", 100 * $1 }' "$tmp/ratio")" "$(awk '{ printf "%.1f", $1 }' "$tmp/ours") / $(awk '{ printf "%.0f", $1 }' "$tmp/baseline")"
	done
	run -c "SELECT c.check_name, c.detail FROM (SELECT * FROM bench_crm._check_scores() UNION ALL SELECT * FROM bench_crm._check_sales()) AS c WHERE NOT c.ok"
	run -c "SET client_min_messages = warning" -c "SELECT crm_member.drop_crm('bench_crm', 'bench_crm')" >/dev/null
fi
