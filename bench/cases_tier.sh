# bench/cases_tier.sh
# The nightly review of tiers against the question asked member by member; read by bench.sh.
# $t is the table of orders: id, member_id, day, amount, status. TIER_MEMBERS takes fewer members.
# shellcheck shell=sh disable=SC2154

# T1: both must give the same tiers: the figure says "differ" when they do not.
if want T1; then
	limit=${TIER_MEMBERS:-100000}
	run -c 'DROP SCHEMA IF EXISTS crm_bench, crm_bench_report CASCADE' -c "SELECT crm_member.create_crm('crm_bench')" \
		-c "UPDATE crm_bench.source SET accrue_from = 'infinity' WHERE id = 0" \
		-c "INSERT INTO crm_bench.member (id, member_no, joined_at) SELECT DISTINCT member_id, 't' || member_id, timestamptz '2000-01-01' FROM $t WHERE member_id <= $limit" \
		-c "INSERT INTO crm_bench.sale (source_key, member_id, occurred_at, net_spend) SELECT id::text, member_id, crm_bench.day_start(day), amount FROM $t WHERE member_id <= $limit" \
		-c 'ANALYZE' >/dev/null
	at=$(run -c "SELECT max(occurred_at) + interval '6 months' FROM crm_bench.sale")
	cat >"$tmp/tier.sql" <<-END
		$settings
		\\timing on
		CREATE TEMP TABLE asked AS SELECT m.id, f.code, f.valid_from, f.valid_to FROM crm_bench.member AS m, crm_bench._tier_at(m.id, 1, '$at', 'infinity') AS f;
		SELECT crm_bench.tier_review(least('$at'::timestamptz, clock_timestamp())) AS written;
		\\timing off
		SELECT 'differ ' || count(*) FROM (SELECT * FROM asked EXCEPT SELECT m.id, f.code, f.valid_from, f.valid_to
			FROM crm_bench.member AS m, crm_bench._tier_at(m.id, 1, '$at', 'infinity') AS f) AS x;
	END
	run -f "$tmp/tier.sql" >"$tmp/tier.out"
	# shellcheck disable=SC2046 # two numbers
	set -- $(sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' "$tmp/tier.out")
	if grep -q '^differ 0$' "$tmp/tier.out"; then figure=$(awk "BEGIN { printf \"%.3f\", $2 / $1 }"); else figure=differ; fi
	line T1 'review of all members / tier_for asked of each' '-' '-' "$figure" "$(awk "BEGIN { printf \"%.0f / %.0f\", $2, $1 }")"
	run -c "SELECT crm_member.drop_crm('crm_bench', 'crm_bench')" >/dev/null
fi
