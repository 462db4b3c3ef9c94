#!/bin/sh
# tools/plant.sh [NAME...]
# Plants faults on purpose, one at a time, and looks whether the tests that should find each turn red.
#
# First the same tests run on the tree as it is, where they must be green. A
# fault is an edit of one file by sed; an edit that changes nothing, or after
# which nothing works at all, is an error too, so the list keeps up with the
# code. Prints a table of faults and what caught them. Works in ./plant of the
# current directory, on a cluster of its own. Environment: PG_CONFIG; CRM_FAULTS names a file with
# faults of your own, to be planted instead of those here, where `regress` and
# `isolation` stand for all tests of the kind.
set -eu
top=$(pwd)/plant
. "$(dirname -- "$0")/instrumented.sh"
tree=$top/tree
wanted=" $* "
missed=0

# NAME, FILE, edit by sed, the tests any of which must turn red; a tab between them
faults() {
	cat <<'LIST'
# labels
lost-parallel-label	sql/extension/40_money.sql	0,/ PARALLEL SAFE/s/ PARALLEL SAFE//	sql/catalog_checks
stable-made-immutable	sql/extension/40_money.sql	/FUNCTION crm_member.format_money/,/AS 'MODULE/s/ STABLE / IMMUTABLE /	sql/catalog_checks
crm-label-parallel	sql/crm/57_mall.sql	/FUNCTION @crm@._reward_take\|FUNCTION @crm@.reward_redeem/,/AS \$\$/s/PARALLEL UNSAFE/PARALLEL SAFE/	sql/crm_catalog
crm-label-volatile	sql/crm/55_tier.sql	/FUNCTION @crm@.tier_for/,/AS \$\$/s/ STABLE / VOLATILE /	sql/crm_catalog
# locks
lock-accounts	sql/crm/51_points_book.sql	s/ ORDER BY k.member_id FOR NO KEY UPDATE/ ORDER BY k.member_id/	specs/iso_points
lock-member	sql/crm/30_member.sql	s/ WHERE k.id = member_id FOR NO KEY UPDATE/ WHERE k.id = member_id/	specs/iso_doors
lock-benefit	sql/crm/56_benefit.sql	s/ WHERE m.id = member_id FOR NO KEY UPDATE/ WHERE m.id = member_id/	specs/iso_benefit
lock-refund	sql/crm/58_till.sql	s/ WHERE k.id = sale_id FOR NO KEY UPDATE/ WHERE k.id = sale_id/	specs/iso_doors
stock-off-by-one	sql/crm/57_mall.sql	s/k.taken + quantity <= k.stock/k.taken + quantity < k.stock/	sql/crm_mall
lock-rule	sql/crm/52_rule.sql	s/^  ORDER BY t.rule_no FOR NO KEY UPDATE;/  ORDER BY t.rule_no;/	specs/iso_rules
lock-consent	sql/crm/91_consent.sql	s/ WHERE m.id = member_id FOR NO KEY UPDATE;/ WHERE m.id = member_id;/	specs/iso_erase
lock-erase	sql/crm/94_erase.sql	s/ ORDER BY m.id FOR NO KEY UPDATE;/ ORDER BY m.id;/	specs/iso_erase
lock-lead	sql/crm/34_lead.sql	s/ WHERE k.id = lead_id FOR NO KEY UPDATE/ WHERE k.id = lead_id/	specs/iso_doors
lock-interaction	sql/crm/39_interaction.sql	s/ WHERE k.id = interaction_id FOR NO KEY UPDATE/ WHERE k.id = interaction_id/	specs/iso_doors
lock-histories	sql/crm/40_history.sql	s/^  LOCK TABLE @crm@.sale IN SHARE MODE;$//	specs/iso_turns
lock-source	sql/crm/60_attach.sql	s/^SELECT pg_advisory_xact_lock(hashtextextended(@crm_name@ || ' source ' || source_id, 0))$/SELECT NULL::void/	specs/iso_turns
lock-seal	sql/crm/21_audit.sql	s/^  LOCK TABLE @crm@.audit_seal IN SHARE ROW EXCLUSIVE MODE;$//	specs/iso_turns
lock-tier	sql/crm/55_tier.sql	s/ WHERE m.id = member_id FOR NO KEY UPDATE;/ WHERE m.id = member_id;/	specs/iso_doors
lock-review	sql/crm/55_tier.sql	s/^  PERFORM FROM @crm@.member_history AS h WHERE h.member_id = ANY (members) ORDER BY h.member_id FOR NO KEY UPDATE;$//	specs/iso_waits
lock-month	sql/crm/39_interaction.sql	s/^  LOCK TABLE @crm@.footprint IN SHARE UPDATE EXCLUSIVE MODE;$//	specs/iso_waits
# rights
missing-revoke	sql/crm/99_rights.sql	s/^REVOKE ALL ON ALL ROUTINES IN SCHEMA @crm@ FROM PUBLIC;$/SELECT 1;/	sql/create_crm
door-without-question	sql/crm/57_mall.sql	0,/^  PERFORM @crm@._require('{marketer,manager}');$/{/^  PERFORM @crm@._require('{marketer,manager}');$/d}	sql/crm_doors
door-asks-too-little	sql/crm/94_erase.sql	s/_require_for(member_erase.member_id, '{manager}')/_require_for(member_erase.member_id, '{manager,clerk}')/	sql/crm_doors
door-given-too-widely	sql/crm/90_security.sql	s/unnest('{app,manager}'::text\[\]) AS l(level), unnest('{member_export/unnest('{clerk,app,manager}'::text[]) AS l(level), unnest('{member_export/	sql/crm_doors sql/create_crm
no-row-security	sql/crm/39_interaction.sql	s/^ALTER TABLE @crm@.interaction_note ENABLE ROW LEVEL SECURITY;$//	sql/create_crm
no-row-security-of-month	sql/crm/39_interaction.sql	s/^  EXECUTE format('ALTER TABLE @crm@.%I ENABLE ROW LEVEL SECURITY', part);$//	sql/crm_limits
policy-too-wide	sql/crm/45_ledger.sql	0,/_may('{auditor}')/s/_may('{auditor}')/_may('{auditor,clerk}')/	sql/crm_catalog
view-with-owners-rights	sql/crm/89_views.sql	0,/ WITH (security_invoker = true)/s/ WITH (security_invoker = true)//	sql/create_crm sql/crm_rls
store-check-lost	sql/crm/36_search.sql	0,/stores IS NULL OR/s/stores IS NULL OR/true OR/	sql/crm_search
revoke-leaves-schema	sql/crm/90_security.sql	s/  EXECUTE format('REVOKE ALL ON SCHEMA @crm@, @crm_report@ FROM %I', role_name);//	sql/create_crm
revoke-leaves-tables	sql/crm/90_security.sql	s/  EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA @crm@, @crm_report@ FROM %I', role_name);//	sql/create_crm
# paths
unpinned-path	sql/crm/58_till.sql	0,/^SET search_path = pg_catalog, pg_temp$/{/^SET search_path = pg_catalog, pg_temp$/d}	sql/create_crm
path-with-public	sql/crm/36_search.sql	0,/^SET search_path = pg_catalog, pg_temp$/s/^SET search_path = pg_catalog, pg_temp$/SET search_path = public, pg_temp/	sql/create_crm
extension-unpinned	sql/extension/80_crm.sql	0,/^SET search_path = pg_catalog, pg_temp$/{/^SET search_path = pg_catalog, pg_temp$/d}	sql/catalog_checks
# memory
leak	src/money.c	s/^#include "fmgr.h"$/&\n#include "utils\/memutils.h"/;s/^\tcheck_finite(fcinfo, 1, "cost");$/&\n\t(void) MemoryContextAlloc(TopMemoryContext, 64);/	t/memory
leak-on-error	src/predicate.c	s/^#include "fmgr.h"$/&\n#include "utils\/memutils.h"/;s/^\tereport(ERROR,$/\t(void) MemoryContextAlloc(TopMemoryContext, 256);\n&/	t/memory
# numbers
lot-off-by-one	src/core/lot.c	s/units -= lots\[i\].moved;/units -= lots[i].moved + 1;/	unit/lot
lot-order	src/core/lot.c	s/return BEFORE(a->expires_at, b->expires_at);/return BEFORE(b->expires_at, a->expires_at);/	unit/lot sql/crm_points
expiry-late	src/ledger_plans.c	s/(l.expires_at " OP(">") " \$2/(l.expires_at " OP(">=") " $2/	sql/crm_edges
expiry-early	sql/crm/51_points_book.sql	s/ AND at < l.expires_at), 0)/ AND at <= l.expires_at), 0)/	sql/crm_edges
sweep-late	sql/crm/51_points_book.sql	s/least(l.expires_at, g.lapse) <= as_of/least(l.expires_at, g.lapse) < as_of/	sql/crm_edges
pending-early	sql/crm/51_points_book.sql	s/l.available_from <= at AND/l.available_from < at AND/	sql/crm_edges
accrue-from-late	sql/crm/50_points.sql	s/n.occurred_at >= o.accrue_from)/n.occurred_at > o.accrue_from)/	sql/crm_attach_kinds
gap-rounded-down	sql/crm/87_gap.sql	s/m.last_day + round(m.gap)::integer AS next_expected_day/m.last_day + floor(m.gap)::integer AS next_expected_day/	sql/crm_report_groups
tier-threshold	src/core/ladder.c	s/node->at_least) >= 0/node->at_least) > 0/	unit/ladder
kept-too-long	sql/crm/95_retention.sql	s/coalesce(o.ended_at, o.created_at) <= at/coalesce(o.ended_at, o.created_at) < at/	sql/crm_limits
cap-without-last-day	sql/crm/53_event.sql	s/(date_trunc('month', day::timestamp) + interval '1 month')::date/& - 1/	sql/crm_limits
refund-is-order	sql/crm/35_sale.sql	s/^RETURN net_spend >= 0 AND refund_of_id IS NULL;$/RETURN net_spend >= 0;/	sql/crm_refund_orders
refund-in-history	sql/crm/35_sale.sql	s/^RETURN CASE WHEN refund_of_id IS NULL OR net_spend <> 0 THEN net_spend END;$/RETURN net_spend;/	sql/crm_refund_orders
# triggers
deaf-trigger	sql/crm/40_history.sql	0,/FROM old_rows AS o WHERE o.member_id IS NOT NULL/s/FROM old_rows AS o WHERE o.member_id IS NOT NULL/FROM new_rows AS o WHERE o.member_id IS NOT NULL/	sql/crm_history
deaf-guard	sql/crm/45_ledger.sql	0,/BEFORE UPDATE OR DELETE OR TRUNCATE/s/BEFORE UPDATE OR DELETE OR TRUNCATE/BEFORE UPDATE OR DELETE/	sql/crm_catalog
deaf-stamp	sql/crm/35_sale.sql	s/ OR OLD.store_id IS DISTINCT FROM NEW.store_id//	sql/crm_catalog
history-of-old-day	sql/crm/40_history.sql	s/@crm@.local_day(o.occurred_at)/o.occurred_at::date/	sql/crm_history
deaf-tiers	sql/crm/55_tier.sql	s/(o.member_id, o.occurred_at, o.net_spend, o.refund_of_id) IS DISTINCT FROM (n.member_id, n.occurred_at, n.net_spend, n.refund_of_id)/(o.member_id, o.net_spend, o.refund_of_id) IS DISTINCT FROM (n.member_id, n.net_spend, n.refund_of_id)/	sql/crm_changed
deaf-reports	sql/crm/80_report.sql	s/IS DISTINCT FROM (n.member_id, n.store_id, n.channel,/IS DISTINCT FROM (n.member_id, o.store_id, n.channel,/	sql/crm_changed
deaf-attached	sql/crm/60_attach.sql	s/IS DISTINCT FROM (d.member_id, d.store_id, d.at, d.amount, d.refund_of_id, d.channel, d.refund_of_key)/IS DISTINCT FROM (d.member_id, s.store_id, d.at, d.amount, d.refund_of_id, d.channel, d.refund_of_key)/	sql/crm_attach sql/crm_attach_kinds
deaf-truncate	sql/crm/62_attached.sql	s/, ('trunc', 'TRUNCATE')) AS e/) AS e/	sql/crm_attach
# what is shown
opted-out-shown	sql/crm/83_report_member.sql	s/WHERE @crm@._profiled(m.profiling, m.closed_at, m.merged_into_id) AND/WHERE/	sql/crm_consent
opted-out-scored	sql/crm/32_profiled.sql	s/^RETURN profiling AND /RETURN /	sql/crm_consent
phone-in-message	sql/crm/31_identity_register.sql	s/'a member with this % is registered', CASE/'a member with this % is registered', (SELECT p.phone FROM @crm@.member_pii AS p WHERE p.member_id = _refuse_twin.member_id) || CASE/	t/erased
name-in-detail	sql/crm/91_consent.sql	s/HINT = 'Name the text that/DETAIL = evidence, HINT = 'Name the text that/	t/odd_calls
digests-exported	sql/crm/93_privacy.sql	s/k.data_type = 'bytea')/k.data_type = 'byteb')/	sql/crm_limits
woken-unasked	sql/crm/25_outbox.sql	s/ FROM @crm@.setting AS s WHERE s.key = 'outbox_notify' AND s.value = 'true';/;/	specs/iso_outbox
# keeping
forgetful-upgrade	sql/extension/90_version.sql	$a\\nCREATE FUNCTION crm_member.planted() RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 1;	t/upgrade
unlogged-table	sql/crm/34_lead.sql	s/^CREATE TABLE @crm@.lead (/CREATE UNLOGGED TABLE @crm@.lead (/	sql/crm_catalog
lost-by-restore	sql/crm/37_merge.sql	$a\\nALTER TABLE @crm@.member_twin FORCE ROW LEVEL SECURITY;	sql/crm_catalog t/crm_dump
dry-run-writes	sql/crm/34_lead.sql	0,/    IF dry_run THEN/s/    IF dry_run THEN/    IF dry_run AND false THEN/	t/odd_calls
other-content-taken	sql/crm/51_points_doors.sql	0,/'points_redeem', jsonb_build_array(member_id, /s/'points_redeem', jsonb_build_array(member_id, units/'points_redeem', jsonb_build_array(member_id, 0/	t/odd_calls
LIST
}

# run one test in the tree; green is 0
passes() {
	case $1 in
	regress) mk installcheck ISOLATION= ;;
	isolation) mk installcheck REGRESS= ;;
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
# a schema can be made: a fault that is a mistake of syntax shows nothing
makes() {
	dropdb --if-exists planted 2>/dev/null
	createdb planted && psql -XAtq -v ON_ERROR_STOP=1 -d planted -c 'CREATE EXTENSION crm_member' -c "SELECT crm_member.create_crm('crm')" >>"$top/build.log" 2>&1
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
tab=$(printf '\t')
if [ -n "${CRM_FAULTS:-}" ]; then cat "$CRM_FAULTS"; else faults; fi | grep -v '^#' | while IFS=$tab read -r name file edit tests; do
	case $wanted in '  ' | *" $name "*) printf '%s\t%s\t%s\t%s\n' "$name" "$file" "$edit" "$tests" ;; esac
done >"$top/faults"
for t in $(sed "s/.*$tab//" "$top/faults" | tr ' ' '\n' | sort -u); do
	passes "$t" || { echo "red without any fault: $t"; tail -n 30 "$top/test.log"; exit 1; }
done
cp "$("$own_pg" --sharedir)"/extension/crm_member--*.sql "$top/"
printf '%-24s %-36s %s\n' fault 'planted in' 'caught by'
while IFS=$tab read -r name file edit tests; do
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
	if ! build || ! makes; then
		printf '%-24s %-36s %s\n' "$name" "$file" 'NOT PLANTED: nothing comes of it'
		missed=1
		continue
	fi
	caught=
	for t in $tests; do
		[ -z "$caught" ] || break
		passes "$t" </dev/null || caught=$t
	done
	printf '%-24s %-36s %s\n' "$name" "$file" "${caught:-NOT CAUGHT by $tests}"
	[ -n "$caught" ] || missed=1
done <"$top/faults"
exit "$missed"
