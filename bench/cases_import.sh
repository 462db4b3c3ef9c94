# bench/cases_import.sh
# The rate of imports: rows a second of member_import and sale_import, against the bare rows by hand; read by bench.sh.
# It makes a CRM schema of its own in the bench database and drops it at the end.
# shellcheck shell=sh disable=SC2154

if want IMP; then
	staged=$members
	[ "$staged" -le 1000000 ] || staged=1000000
	run -c "SELECT crm_member.drop_crm('bench_import', 'bench_import') WHERE to_regclass('bench_import.crm_layout') IS NOT NULL" >/dev/null
	run >/dev/null <<-SQL
		SELECT crm_member.create_crm('bench_import');
		SELECT bench_import.import_open('m', 'member', 'erp'), bench_import.import_open('s', 'sale', 'erp');
		INSERT INTO bench_import.member_staged (batch, source_key, full_name, phone, email, birth_day, sex)
		SELECT 'm', 'k' || i, chr(19968 + i % 97 * 7) || chr(19968 + i * 7 % 5000) || chr(19968 + i * 13 % 5000), '1' || 3000000000 + i, 'U' || i || '@Example.com',
		       to_char(date '1950-01-01' + i % 20000, 'YYYY/MM/DD'), CASE i % 2 WHEN 0 THEN 'M' ELSE 'F' END
		FROM generate_series(1, $staged) AS i;
		INSERT INTO bench_import.sale_staged (batch, source_key, member_key, occurred_at, amount)
		SELECT 's', 's' || i, 'k' || 1 + i % $staged, to_char(timestamp '2023-01-01' + i * interval '1 minute', 'YYYY-MM-DD HH24:MI'), (i % 1000) || '.50'
		FROM generate_series(1, $staged) AS i;
	SQL
	for batch in m s; do
		start=$(date +%s%N)
		run -c "CALL bench_import.import_run('$batch')" >/dev/null
		end=$(date +%s%N)
		printf '  IMP  %s rows of batch %s imported: %s s, %s rows a second\n' "$staged" "$batch" "$(((end - start) / 1000000000))" \
			"$((staged * 1000 / ((end - start) / 1000000 + 1)))"
	done
	run -c "SELECT crm_member.drop_crm('bench_import', 'bench_import')" >/dev/null
fi
