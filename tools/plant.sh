#!/bin/sh
# tools/plant.sh [NAME...]
# Plants faults on purpose, one at a time, and looks whether the tests that should find each turn red.
#
# First the same tests run on the tree as it is, where they must be green. A
# fault is an edit of one file by sed; an edit that changes nothing is an error
# too, so the list keeps up with the code. Prints a table of faults and what
# caught them. Works in ./plant of the current directory, on a cluster of its
# own. Environment: PG_CONFIG.
set -eu
top=$(pwd)/plant
. "$(dirname -- "$0")/instrumented.sh"
tree=$top/tree
wanted=" $* "
missed=0

# NAME | FILE | sed | the tests, any of which must turn red
faults() {
	cat <<'LIST'
lost-parallel-label|sql/extension/40_money.sql|0,/ PARALLEL SAFE/s/ PARALLEL SAFE//|sql/catalog_checks
skipped-lock|src/ledger_plans.c|s/ FOR NO KEY UPDATE//|specs/iso_points specs/iso_benefit
missing-revoke|sql/crm/99_rights.sql|s/^REVOKE ALL ON ALL ROUTINES IN SCHEMA @crm@ FROM PUBLIC;$/SELECT 1;/|sql/create_crm sql/catalog_checks
unpinned-path|sql/crm/58_till.sql|0,/^SET search_path = pg_catalog, pg_temp$/{/^SET search_path = pg_catalog, pg_temp$/d}|sql/create_crm sql/catalog_checks
leak|src/money.c|s/^	check_finite(fcinfo, 1, "cost");$/&\n	(void) MemoryContextAlloc(TopMemoryContext, 64);/|t/memory
lot-off-by-one|src/core/lot.c|s/units -= lots\[i\].moved;/units -= lots[i].moved + 1;/|unit/lot sql/crm_points
view-with-owners-rights|sql/crm/89_views.sql|0,/ WITH (security_invoker = true)/s/ WITH (security_invoker = true)//|sql/catalog_checks sql/crm_rls
forgetful-upgrade|sql/extension/90_version.sql|$a\\nCREATE FUNCTION crm_member.planted() RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 1;|t/upgrade
deaf-trigger|sql/crm/40_history.sql|s/AFTER UPDATE ON @crm@.sale/AFTER UPDATE OF id ON @crm@.sale/|sql/crm_history
phone-in-message|sql/crm/31_identity_register.sql|s/'a member with this % is registered', CASE/'a member with this % is registered', phone \|\| CASE/|t/erased
LIST
}

# run one test in the tree; green is 0
passes() {
	case $1 in
	sql/*) mk installcheck REGRESS="install ${1#sql/}" ISOLATION= ;;
	specs/*) mk installcheck REGRESS=install ISOLATION= && mk installcheck REGRESS= ISOLATION="${1#specs/}" ;;
	unit/*) mk "unit/build/test_${1#unit/}" && "$top/build/unit/build/test_${1#unit/}" ;;
	t/*)
		rm -rf "$top/t"
		mkdir "$top/t"
		T_DIR=$top/t CRM_TREE=$tree CRM_BUILD=$top/build CRM_BINDIR=$bin PG_CONFIG=$own_pg PATH=$bin:$PATH sh "$tree/$1.sh"
		;;
	esac >"$top/test.log" 2>&1
}
build() {
	mk -j "$(nproc)" all >"$top/build.log" 2>&1 && mk install >>"$top/build.log" 2>&1
}
# the tree as it is; what a fault had changed looks new, so that make sees it go
src_tree=$src
planted=
fresh_tree() {
	rm -rf "$tree"
	mkdir "$tree"
	(cd "$src_tree" && tar -c --exclude=./plant --exclude=./asan --exclude=./coverage --exclude=./.git --exclude='*.o' --exclude='*.so' .) | tar -x -C "$tree"
	[ -z "$planted" ] || touch "$tree/$planted"
}

fresh_tree
src=$tree
build || { tail -n 20 "$top/build.log"; exit 1; }
start_own TZ=UTC
faults | while IFS='|' read -r name file edit tests; do
	case $wanted in '  ' | *" $name "*) printf '%s|%s|%s|%s\n' "$name" "$file" "$edit" "$tests" ;; esac
done >"$top/faults"
for t in $(sed 's/.*|//' "$top/faults" | tr ' ' '\n' | sort -u); do
	passes "$t" || { echo "red without any fault: $t"; tail -n 30 "$top/test.log"; exit 1; }
done
cp "$("$own_pg" --sharedir)"/extension/crm_member--*.sql "$top/"
printf '%-24s %-36s %s\n' fault 'planted in' 'caught by'
while IFS='|' read -r name file edit tests; do
	fresh_tree
	planted=$file
	sed -i "$edit" "$tree/$file"
	if cmp -s "$tree/$file" "$src_tree/$file"; then
		printf '%-24s %-36s %s\n' "$name" "$file" 'NOT PLANTED: the edit changes nothing'
		missed=1
		continue
	fi
	if [ "$name" = forgetful-upgrade ]; then
		# the version before is the tree without the fault, and the step to this one is empty
		version=$(sed -n "s/^default_version *= *'\([^']*\)'.*/\1/p" "$tree/crm_member.control")
		mkdir -p "$tree/sql/upgrade"
		cp "$top/crm_member--$version.sql" "$tree/sql/upgrade/crm_member--0.0.9.sql"
		printf '%s\n' '\echo Use "ALTER EXTENSION crm_member UPDATE" to load this file. \quit' >"$tree/sql/upgrade/crm_member--0.0.9--$version.sql"
	fi
	caught=
	if ! build; then caught='the build'; fi
	for t in $tests; do
		[ -z "$caught" ] || break
		passes "$t" </dev/null || caught=$t
	done
	printf '%-24s %-36s %s\n' "$name" "$file" "${caught:-NOT CAUGHT by $tests}"
	[ -n "$caught" ] || missed=1
done <"$top/faults"
exit "$missed"
