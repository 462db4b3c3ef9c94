#!/bin/sh
# tools/lint.sh
# Rules of the house that sh, grep, sed and awk can check.
#
# `lint.sh list` names the rules, `lint.sh RULE` checks one: it prints what
# breaks the rule and fails.  Works in the tree that holds this file; the
# assembled script and the library are looked for in CRM_BUILD.
set -eu
cd "$(dirname -- "$0")/.."

rules='core-is-pure icu-in-one-file spi-in-its-files version-tests-in-compat no-config-dump
no-raw-elog errcodes-present no-class-handlers message-style regress-pairs script-is-ascii versions-agree file-headers exported-symbols checks-held merged-whole'

# none: passes when standard input is empty, else shows it
none() { awk '{ print; bad = 1 } END { exit bad }'; }
# C sources without comments, as FILE:LINE:TEXT, strings kept
code() {
	awk '
	FNR == 1 { inside = 0 }
	{
		line = $0; out = ""
		while (length(line)) {
			if (inside) {
				i = index(line, "*/"); if (!i) break
				line = substr(line, i + 2); inside = 0; continue
			}
			i = index(line, "/*"); if (!i) { out = out line; break }
			out = out substr(line, 1, i - 1); line = substr(line, i + 2); inside = 1
		}
		print FILENAME ":" FNR ":" out
	}' "$@"
}

case ${1:-} in
list)
	# shellcheck disable=SC2086 # a list of words
	printf '%s\n' $rules
	;;

core-is-pure)
	# core includes its own headers and the C library alone, allocates nothing by itself and raises nothing
	{
		code src/core/*.[ch] | grep -E 'postgres\.h|fmgr\.h|\b(palloc|repalloc|pfree|ereport|elog|MemoryContext)|PG_(FUNCTION|GETARG|RETURN)' || :
		code src/core/*.[ch] | grep -E '#[ \t]*include[ \t]*"' | while IFS= read -r l; do
			h=$(printf '%s' "$l" | sed 's/.*"\(.*\)".*/\1/')
			[ -f "src/core/${h#core/}" ] || printf '%s\n' "$l"
		done
		# shellcheck disable=SC2016 # the dollar is grep's
		code src/core/*.[ch] | grep -E '#[ \t]*include[ \t]*<' |
			grep -vE '<(assert|ctype|errno|float|inttypes|limits|math|stdbool|stddef|stdint|stdio|stdlib|string|sys/mman|unistd)\.h>[ \t]*$' || :
	} | none
	;;

icu-in-one-file)
	code src/*.[ch] src/core/*.[ch] | grep -E '#[ \t]*include[ \t]*<unicode/' | cut -d: -f1 | sort -u |
		awk '{ f[NR] = $0 } END { if (NR > 1) { for (i = 1; i <= NR; i++) print "includes ICU: " f[i]; exit 1 } }'
	;;

spi-in-its-files)
	code src/*.[ch] | grep -E '\bSPI_[a-z]|executor/spi\.h' | cut -d: -f1 | sort -u | grep -vE '^src/(query|ledger)_[a-z_]+\.[ch]$' | none
	;;

version-tests-in-compat)
	# and pg_attribute_noreturn() is gone in 18: compat.h has pg_noreturn for all
	code src/*.[ch] src/core/*.[ch] | grep -E 'PG_(VERSION|MAJORVERSION)(_NUM)?\b|pg_attribute_noreturn' | grep -v '^src/compat\.h:' | none
	;;

no-config-dump)
	grep -rni extension_config_dump sql/extension sql/crm 2>/dev/null | none
	;;

no-raw-elog)
	# elog(ERROR) has no SQLSTATE: only for what cannot happen, worded as PostgreSQL words that
	code src/*.[ch] | grep -E '\belog[ \t]*\([ \t]*(ERROR|FATAL|PANIC|WARNING)' |
		grep -vE '"(SPI_[a-z_]+ failed|cache lookup failed|unrecognized|unexpected|no [a-z ]+ for type|could not find)' | none
	;;

errcodes-present)
	# every raised report says its errcode, in the same statement
	code src/*.[ch] | awk -F: '
	{ file = $1; line = $2; text = substr($0, length($1) + length($2) + 3) }
	file == "src/compat.h" { next }
	!open && text ~ /(ereport|ereturn|errsave)[ \t]*\(/ { open = 1; where = file ":" line; stmt = "" }
	open {
		stmt = stmt text
		if (text ~ /;[ \t]*\\?$/) {
			if (stmt ~ /(ERROR|FATAL|escontext|ereturn|errsave)/ && stmt !~ /errcode/) { print where ": " stmt; bad = 1 }
			open = 0
		}
	}
	END { exit bad }'
	;;

no-class-handlers)
	# PL/pgSQL takes a code that ends in 000 for its whole class: such a handler would swallow every error of ours
	grep -rnE "SQLSTATE '[0-9A-Z]{2}000'" sql/extension sql/crm | none
	;;

message-style)
	# errmsg starts lower case and has no full stop; errdetail and errhint are sentences (the manual, "Error Message Style Guide")
	{
		code src/*.[ch] | awk -F: '
		{ file = $1; line = $2; text = substr($0, length($1) + length($2) + 3); all = all text "\n"; n++ }
		function unquote(s, out) { out = ""; while (match(s, /"([^"\\]|\\.)*"/)) { out = out substr(s, RSTART + 1, RLENGTH - 2); s = substr(s, RSTART + RLENGTH) } return out }
		# a call may go on in the next lines: gather until its string literals end
		pending { if (text ~ /^[ \t]*"/) { lit = lit " " text } else { judge(); pending = 0 } }
		function judge(s) {
			s = unquote(lit)
			if (s == "") return
			if (kind ~ /^errmsg/) {
				if (s ~ /^[A-Z][a-z]/) { print where ": starts with a capital: " s; bad = 1 }
				if (s ~ /\.$/) { print where ": ends in a full stop: " s; bad = 1 }
			} else {
				if (s ~ /^[a-z]/) { print where ": " kind " is no sentence: " s; bad = 1 }
				# an example of SQL has no full stop of its own
				if (s !~ /[.!?]$/ && s != "%s" && s !~ /^For example: /) { print where ": " kind " does not end in a full stop: " s; bad = 1 }
			}
		}
		match(text, /err(msg|detail|hint)(_plural|_internal)?[ \t]*\(/) {
			if (pending) judge()
			kind = substr(text, RSTART, RLENGTH); sub(/[ \t]*\($/, "", kind); sub(/_(plural|internal)$/, "", kind)
			where = file ":" line; lit = substr(text, RSTART + RLENGTH); sub(/^[^"]*/, "", lit)
			# what follows on the same line after the literals
			if (match(lit, /err(detail|hint)[ \t]*\(/)) lit = substr(lit, 1, RSTART - 1)
			pending = 1
		}
		END { if (pending) judge(); exit bad }'
		# RAISE in PL/pgSQL: the primary message, then DETAIL and HINT
		grep -rnE "RAISE EXCEPTION '[A-Z][a-z]" sql/extension sql/crm 2>/dev/null || :
		grep -rnE "RAISE EXCEPTION '([^']|'')*\\.'" sql/extension sql/crm 2>/dev/null || :
		grep -rnE "\\b(DETAIL|HINT) = '([^']|'')*[^.?!']'[,;]" sql/extension sql/crm 2>/dev/null || :
	} | none
	;;

script-is-ascii)
	# else a database of another encoding refuses the bytes before the script can say why it is refused
	cat sql/extension/*.sql sql/crm/*.sql 2>/dev/null | LC_ALL=C grep -n '[^ -~	]' | none
	;;

regress-pairs)
	# every test has its expected answer, and every expected answer its test
	{
		for f in sql/*.sql specs/*.spec; do
			[ -f "$f" ] || continue
			n=$(basename "$f")
			[ -f "expected/${n%.*}.out" ] || echo "no expected answer: $f"
		done
		for f in expected/*.out; do
			n=$(basename "$f" .out)
			# isolation tests may have a second answer, NAME_1.out: there the server's own words differ
			[ -f "sql/$n.sql" ] || [ -f "specs/$n.spec" ] || [ -f "specs/${n%_[1-9]}.spec" ] || echo "no test: $f"
		done
	} | none
	;;

versions-agree)
	sh tools/checkver.sh
	;;

file-headers)
	# a file opens with its own path
	for f in src/*.[ch] src/core/*.[ch] unit/*.[ch] fuzz/*.[ch] sql/extension/*.sql sql/crm/*.sql t/*.sh tools/* crm Makefile; do
		[ -f "$f" ] || continue
		case $f in *.[ch]) first='^ \* ' ;; *.sql) first='^-- ' ;; *.js) first='^// ' ;; *) first='^# ' ;; esac
		head -n 3 "$f" | grep -q "$first$f" || echo "does not open with its path: $f"
	done | none
	;;

checks-held)
	# docs/design/checks.md: each check names tests that are there, or says why there is none
	sed -n 's/^| \([A-Z][0-9]*\) |.*| \([^|]*\) |$/\1\t\2/p' docs/design/checks.md | while IFS='	' read -r id held; do
		case $held in 'none: '?*) continue ;; esac
		printf '%s\n' "$held" | sed 's/; */\n/g; s/, \([a-z]*[/ ]\)/\n\1/g' | while IFS= read -r test; do
			case $test in
			sql/*) [ -f "$test.sql" ] ;;
			t/*) [ -f "$test.sh" ] ;;
			specs/*) [ -f "$test.spec" ] ;;
			unit/*) [ -f "unit/test_${test#unit/}.c" ] ;;
			tools/*) [ -f "$test" ] ;;
			'lint '*) case " $(printf %s "$rules" | tr '\n' ' ') " in *" ${test#lint } "*) ;; *) false ;; esac ;;
			# the archive that make dist makes has no .ci
			'CI '*) [ ! -f .ci/run ] || grep -qF "${test#CI }" .ci/run ;;
			*) false ;;
			esac || echo "$id: no such test: $test"
		done
	done | none
	if [ "$(grep -c '^| [A-Z][0-9]* |' docs/design/checks.md)" -lt 100 ]; then
		echo 'checks are missing from docs/design/checks.md'
		exit 1
	fi
	;;

merged-whole)
	# no mark of a merge that was left halfway
	grep -rnE '^(<{7}|>{7}) |^={7}$' --exclude-dir=.git . | grep -v '^Binary' | none
	;;

exported-symbols)
	so=${CRM_BUILD:-.}/crm_member.so
	if ! command -v nm >/dev/null || [ ! -f "$so" ]; then
		echo "no nm or no $so"
		exit 77
	fi
	nm -D --defined-only "$so" | awk '{ print $3 }' | grep -Ev '^(crm_|pg_finfo_crm_|Pg_magic_func$|_PG_init$|_init$|_fini$)' | none
	;;

*)
	echo "no rule '${1:-}'; lint.sh list names them" >&2
	exit 2
	;;
esac
