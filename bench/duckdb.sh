# bench/duckdb.sh
# Cases G3, G14 and G15 against DuckDB, whole process against whole process; read by cases.sh and cases_basket.sh.
# shellcheck shell=sh disable=SC2154

# duck_made FILE VERB SQL: makes DuckDB's file from the rows of a query, unless it is there
duck_made() {
	[ -f "$1" ] || {
		run -c "COPY ($3) TO STDOUT (FORMAT csv)" >"$tmp/duck.csv"
		node "$here/duckdb.mjs" "$2" "$1" "$tmp/duck.csv"
	}
}
took() {
	began=$(date +%s%N)
	"$@" >/dev/null
	echo $((($(date +%s%N) - began) / 1000))
}
# against_duckdb NAME TITLE MUST GOAL STATEMENT VERB FILE
against_duckdb() {
	ours() { psql -XAtq -c "$settings SET work_mem = '1GB'; $5"; }
	theirs() { node "$here/duckdb.mjs" "$6" "$7"; }
	ours "$@" >/dev/null
	theirs "$@" >/dev/null
	i=0
	while [ "$i" -lt "$rounds" ]; do
		printf '%s\t%s\n' "$(took ours "$@")" "$(took theirs "$@")"
		i=$((i + 1))
	done >"$tmp/pairs"
	line "$1" "$2" "$3" "$4" "$(awk '{ print $1 / $2 }' "$tmp/pairs" | median | awk '{ printf "%.3f", $1 }')" \
		"$(cut -f1 "$tmp/pairs" | median | awk '{ printf "%.0f", $1 / 1000 }') / $(cut -f2 "$tmp/pairs" | median | awk '{ printf "%.0f", $1 / 1000 }')"
}
has_duckdb() { [ -d "${CRM_DUCKDB:-/nonexistent}/node_modules/@duckdb/node-api" ]; }
