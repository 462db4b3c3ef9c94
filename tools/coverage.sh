#!/bin/sh
# tools/coverage.sh
# How much of src/ the tests run: lines by file and in all, measured by gcov.
#
# Regression tests, isolation tests and unit tests count, as one. Works in
# ./coverage of the current directory, on a cluster of its own. Fails when a
# file has less than 85 % and does not stand in the list of reasons below.
# Environment: PG_CONFIG. Needs lcov.
set -eu
command -v lcov >/dev/null || { echo 'no lcov'; exit 77; }
here=$(pwd)
top=$here/coverage
. "$(dirname -- "$0")/instrumented.sh"
least=85

# FILE REASON: why less than that is enough
reasons() {
	cat <<'LIST'
LIST
}

find "$top" -name '*.gcda' -delete
mk SANITIZE='--coverage -O0' -j "$(nproc)" all
mk SANITIZE='--coverage -O0' install
start_own TZ=UTC
mk installcheck >"$top/tests.log" 2>&1 || { tail -n 40 "$top/tests.log"; exit 1; }
"$bin/pg_ctl" -D "$top/data" -m fast -w stop >/dev/null
mk UNIT_FLAGS="-std=gnu11 -g -O0 --coverage -I$src/src -I$src/unit" -j "$(nproc)" unit >"$top/unit.log" 2>&1 || { tail -n 40 "$top/unit.log"; exit 1; }

for kind in src unit/build; do
	lcov -q --capture --directory "$top/build/$kind" --base-directory "$src" --no-external --output-file "$top/${kind%%/*}.info" \
		--rc geninfo_auto_base=1 2>"$top/lcov.log" || { cat "$top/lcov.log"; exit 1; }
done
lcov -q -a "$top/src.info" -a "$top/unit.info" -o "$top/all.info" 2>>"$top/lcov.log"
lcov -q --extract "$top/all.info" "$src/src/*" -o "$top/src.info" 2>>"$top/lcov.log"

reasons >"$top/reasons"
awk -F '[:,]' -v root="$src/" -v least="$least" '
	FILENAME == ARGV[1] { split($0, w, " "); excused[w[1]] = substr($0, length(w[1]) + 2); next }
	/^SF:/ { file = substr($0, 4); sub(root, "", file); lines = 0; hit = 0 }
	/^DA:/ { lines++; if ($3 > 0) hit++ }
	/^end_of_record/ {
		if (!lines) next
		share = 100 * hit / lines; all += lines; all_hit += hit
		note = ""
		if (share < least) { note = file in excused ? excused[file] : "too little"; if (!(file in excused)) bad = 1 }
		printf "%6.1f %%  %5d lines  %-32s %s\n", share, lines, file, note
	}
	END { printf "%6.1f %%  %5d lines  src/ in all\n", 100 * all_hit / all, all; exit bad }' "$top/reasons" "$top/src.info"
