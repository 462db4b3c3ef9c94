# bench/duckdb.sh
# Case G3, whole process against whole process; read by cases.sh.
# shellcheck shell=sh disable=SC2154
file=${TMPDIR:-/tmp}/crm_bench_$orders.duckdb
[ -f "$file" ] || {
	run -c "COPY (SELECT member_id, day, amount FROM $t) TO STDOUT (FORMAT csv)" >"$tmp/orders.csv"
	node "$here/duckdb.mjs" make "$file" "$tmp/orders.csv"
}
took() {
	began=$(date +%s%N)
	"$@" >/dev/null
	echo $((($(date +%s%N) - began) / 1000))
}
ours() { psql -XAtq -c "$settings SET work_mem = '1GB'; $scores"; }
theirs() { node "$here/duckdb.mjs" run "$file"; }
ours >/dev/null
theirs >/dev/null
i=0
while [ "$i" -lt "$rounds" ]; do
	printf '%s\t%s\n' "$(took ours)" "$(took theirs)"
	i=$((i + 1))
done >"$tmp/pairs"
line G3 'RFM scores from a query / DuckDB, 1 thread, whole process' '<= 1.25' '<= 0.9' \
	"$(awk '{ print $1 / $2 }' "$tmp/pairs" | median | awk '{ printf "%.3f", $1 }')" \
	"$(cut -f1 "$tmp/pairs" | median | awk '{ printf "%.0f", $1 / 1000 }') / $(cut -f2 "$tmp/pairs" | median | awk '{ printf "%.0f", $1 / 1000 }')"
