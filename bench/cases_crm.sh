# bench/cases_crm.sh
# What a CRM schema costs the shop; read by bench.sh.
# $t is the table of orders: id, member_id, day, amount, status.
# shellcheck shell=sh disable=SC2154

# G12: COPY of all orders into an attached table, and into the same table without triggers. A bulk load that is folded
# at once may take long: it is ended after 30 times the baseline, and the figure then says so.
if want G12; then
	file=$tmp/orders.copy
	run -c "COPY $t TO STDOUT" >"$file"
	run -c 'DROP SCHEMA IF EXISTS crm_bench, crm_bench_report CASCADE' -c 'DROP TABLE IF EXISTS g12_bare, g12_capture, g12_fold' \
		-c "SELECT crm_member.create_crm('crm_bench')" \
		-c "CREATE TABLE g12_bare (LIKE $t INCLUDING ALL, PRIMARY KEY (id)) WITH (autovacuum_enabled = off)" \
		-c 'CREATE TABLE g12_capture (LIKE g12_bare INCLUDING ALL) WITH (autovacuum_enabled = off)' \
		-c 'CREATE TABLE g12_fold (LIKE g12_bare INCLUDING ALL) WITH (autovacuum_enabled = off)' \
		-c "SELECT crm_bench.attach_sales('g12_capture', 'member_id', 'day', 'amount', 'id', mode => 'deferred')" \
		-c "SELECT crm_bench.attach_sales('g12_fold', 'member_id', 'day', 'amount', 'id', on_error => 'raise')" >/dev/null

	# copy_ms TABLE [SETTING]: milliseconds of one COPY into the emptied table; nothing when it was ended
	copy_ms() {
		run -c "TRUNCATE $1" -c CHECKPOINT
		printf '%s\n' "$settings" "${2:-}" '\timing on' "COPY $1 FROM STDIN;" >"$tmp/copy.sql"
		{ cat "$tmp/copy.sql"; cat "$file"; printf '%s\n' '\.'; } >"$tmp/copy.in"
		psql -XAt -f "$tmp/copy.in" 2>"$tmp/copy.err" | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' | tail -n 1
	}
	: >"$tmp/bare"
	: >"$tmp/captures"
	i=0
	while [ $i -lt "$rounds" ]; do
		copy_ms g12_bare >>"$tmp/bare"
		copy_ms g12_capture >>"$tmp/captures"
		i=$((i + 1))
	done
	base=$(median <"$tmp/bare")
	ours=$(median <"$tmp/captures")
	line G12 'COPY into an attached table, capture only / no triggers' '<= 2' '<= 1.4' \
		"$(awk "BEGIN { printf \"%.2f\", $ours / $base }")" "$(awk "BEGIN { printf \"%.0f / %.0f\", $ours, $base }")"
	ours=$(copy_ms g12_fold "SET statement_timeout = $(awk "BEGIN { printf \"%d\", 30 * $base }");")
	if [ "$(run -c 'SELECT count(*) > 0 FROM g12_fold')" = t ]; then
		line G12 'the same, folded at once, members, histories, tiers' '<= 9' '<= 6' \
			"$(awk "BEGIN { printf \"%.1f\", $ours / $base }")" "$(awk "BEGIN { printf \"%.0f / %.0f\", $ours, $base }")"
	else
		line G12 'the same, folded at once, members, histories, tiers' '<= 9' '<= 6' '> 30' "ended / $(awk "BEGIN { printf \"%.0f\", $base }")"
	fi
	run -c 'DROP TABLE g12_bare, g12_capture, g12_fold' -c "SELECT crm_member.drop_crm('crm_bench', 'crm_bench')" >/dev/null
fi
