#!/bin/sh
# tools/run_tests.sh
# Every test that a built and installed tree can run, on the server that PGHOST and PGPORT name.
#
# Called by ./crm test, in the build directory, never as root.  It prints one
# line a test and leaves "N passed, N failed" in the file tally.  This is the
# one list of tests: other servers and other machines run this same file.
# Environment: CRM_TREE the sources, CRM_BUILD the build directory, CRM_BINDIR
# PostgreSQL's programs, CRM_MAJOR its major version, CRM_TMP scratch, PG_CONFIG.
# CRM_BRIEF leaves the run with parallel plans out.
# With the argument `sanitize` it runs the regression tests under sanitizers instead.
set -u
cd "$CRM_BUILD" || exit 1
rm -f tally results.txt
: >results.txt

# report ok|FAILED|skip KIND NAME [SECONDS or reason]
report() {
	printf '%s\t%s %s\n' "$1" "$2" "$3" >>results.txt
	printf '  %-6s %-10s %-36s %s\n' "$1" "$2" "$3" "${4:-}"
}
now() { date +%s%3N; }
since() {
	ms=$(($(now) - $1))
	printf '%d.%d s' $((ms / 1000)) $((ms % 1000 / 100))
}
excerpt() { sed "s/^/      /" | head -n "${1:-40}"; }
mk() { make -s -f "$CRM_TREE/Makefile" PG_CONFIG="$PG_CONFIG" with_llvm=no "$@"; }

# check KIND NAME COMMAND...: one test; its output is shown when it fails, its first line when it skips (status 77)
check() {
	kind=$1 name=$2
	shift 2
	began=$(now)
	"$@" >check.log 2>&1 </dev/null
	case $? in
	0) report ok "$kind" "$name" "$(since "$began")" ;;
	77) report skip "$kind" "$name" "$(head -n 1 check.log)" ;;
	*)
		report FAILED "$kind" "$name" "$(since "$began")"
		excerpt 60 <check.log
		;;
	esac
}

# pg_regress in the two formats of 15 and of 16 and later; $1 is the kind, the rest the command
suite() {
	kind=$1
	shift
	rm -rf regression.diffs output_iso
	before=$(wc -l <results.txt)
	"$@" >suite.log 2>&1 </dev/null
	status=$?
	sed -n \
		-e 's/^test \([^ ]*\) *\.\.\. ok *\(.*\)$/ok \1 \2/p' \
		-e 's/^test \([^ ]*\) *\.\.\. FAILED.*$/FAILED \1/p' \
		-e 's/^ok [0-9]* *[-+] \([^ ]*\) *\(.*\)$/ok \1 \2/p' \
		-e 's/^not ok [0-9]* *[-+] \([^ ]*\).*$/FAILED \1/p' suite.log >suite.lines
	while read -r word name rest; do
		report "$word" "$kind" "$name" "$rest"
	done <suite.lines
	if [ "$status" -ne 0 ]; then
		if [ -s regression.diffs ]; then
			excerpt 80 <regression.diffs
		elif [ "$kind" = isolation ] && [ -s output_iso/regression.diffs ]; then
			excerpt 80 <output_iso/regression.diffs
		else
			excerpt 40 <suite.log
		fi
		if ! tail -n +$((before + 1)) results.txt | grep -q '^FAILED'; then report FAILED "$kind" '(the run itself)'; fi
	elif [ "$(wc -l <results.txt)" -eq "$before" ]; then
		report FAILED "$kind" '(ran no test)'
	fi
}

if [ "$CRM_MAJOR" -ge 16 ]; then forced=debug_parallel_query; else forced=force_parallel_mode; fi

all_tests() {
# --- src/core alone, under sanitizers ---
units=$(mk unit-list)
if [ -z "$units" ]; then
	report skip unit '(none)' 'the tree has no unit/test_*.c'
elif mk -j "$(nproc)" unit-build >check.log 2>&1; then
	for u in $units; do check unit "$u" "unit/build/test_$u"; done
else
	report FAILED unit '(build)'
	excerpt 40 <check.log
fi

# --- regression tests, then the same answers with every plan forced to be parallel ---
suite regress mk installcheck ISOLATION=
[ -n "${CRM_BRIEF:-}" ] || suite parallel env PGOPTIONS="-c $forced=regress" make -s -f "$CRM_TREE/Makefile" PG_CONFIG="$PG_CONFIG" with_llvm=no installcheck ISOLATION=

# --- isolation tests ---
if ls "$CRM_TREE"/specs/*.spec >/dev/null 2>&1; then
	suite isolation mk installcheck REGRESS=
fi

# --- shell tests: each gets a scratch directory of its own; status 77 means skipped ---
for t in "$CRM_TREE"/t/*.sh; do
	[ -f "$t" ] || continue
	case $t in */lib.sh) continue ;; esac
	T_DIR=$CRM_TMP/t-$(basename "$t" .sh)
	export T_DIR
	rm -rf "$T_DIR"
	mkdir -p "$T_DIR"
	check t "$(basename "$t" .sh)" sh "$t"
	rm -rf "$T_DIR"
done

# --- the documents say what is installed, and their examples print what they show ---
check docs reference sh "$CRM_TREE/tools/reference.sh" --check
check docs examples sh "$CRM_TREE/tools/examples.sh" --check

# --- faults planted on purpose: long, so with ./crm test --all only ---
[ -z "${CRM_ALL:-}" ] || check plant faults sh "$CRM_TREE/tools/plant.sh"

# --- rules of the house that need no more than sh, grep and sed ---
for l in $(sh "$CRM_TREE/tools/lint.sh" list); do
	check lint "$l" sh "$CRM_TREE/tools/lint.sh" "$l"
done
}

case ${1:-} in
sanitize)
	if [ -n "${CRM_ALL:-}" ]; then set -- "-c $forced=regress"; else set --; fi
	suite sanitize sh "$CRM_TREE/tools/asan.sh" "$@"
	;;
*) all_tests ;;
esac

awk -F '\t' '{ n[$1]++ } END {
	printf "%d passed, %d failed", n["ok"], n["FAILED"]
	if (n["skip"]) printf ", %d skipped", n["skip"]
	printf "\n" }' results.txt >tally
! grep -q '^FAILED' results.txt
