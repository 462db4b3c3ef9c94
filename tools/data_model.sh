#!/bin/sh
# tools/data_model.sh [check]
# Writes the tables of sql/crm into docs/design/data-model.md; with `check`, only says whether they are there as they are.
#
# The DDL of the page stands between two marker lines and is never typed: each
# table with its comment as the reason, its indexes, row security and policies.
set -eu
cd "$(dirname -- "$0")/.."
page=docs/design/data-model.md

ddl() {
	cat sql/crm/*.sql | awk '
	/^--@ / { layout = ($2 == "layout"); next }
	/^COMMENT ON TABLE/ {
		name = $4; sub(/^@crm@\./, "", name)
		text = $0; sub(/^[^\047]*\047/, "", text); sub(/\047;$/, "", text); gsub(/\047\047/, "\047", text)
		reason[name] = text
	}
	/^ALTER TABLE .* ADD COLUMN IF NOT EXISTS/ {
		name = $3; sub(/^@crm@\./, "", name)
		line = $0; gsub(/@crm@\./, "crm.", line)
		body[name] = body[name] line "   -- derived\n"
	}
	!layout { next }
	/^CREATE TABLE/ { now = $3; sub(/^@crm@\./, "", now); order[++n] = now }
	/^CREATE (UNIQUE )?INDEX|^ALTER TABLE|^CREATE POLICY/ {
		line = $0; sub(/^.* ON @crm@\./, "", line); sub(/^ALTER TABLE @crm@\./, "", line); split(line, w, /[ ;]/); now = w[1]
	}
	now != "" && NF { line = $0; gsub(/@crm@\./, "crm.", line); body[now] = body[now] line "\n" }
	END {
		for (i = 1; i <= n; i++)
			printf "### %s\n\n%s.\n\n```sql\n%s```\n\n", order[i], toupper(substr(reason[order[i]], 1, 1)) substr(reason[order[i]], 2), body[order[i]]
	}'
}

# the page with what stands between its markers replaced
whole() {
	tables=$(mktemp)
	ddl >"$tables"
	awk -v ddl="$tables" '
	/^<!-- tables -->$/ { print; print ""; while ((getline line < ddl) > 0) print line; skip = 1; next }
	/^<!-- end of tables -->$/ { skip = 0 }
	!skip { print }' "$page"
	rm -f "$tables"
}

if [ "${1:-}" = check ]; then
	if whole | cmp -s - "$page"; then exit 0; fi
	echo "docs/design/data-model.md does not show the tables as sql/crm makes them; run tools/data_model.sh"
	exit 1
fi
whole >"$page.new"
mv "$page.new" "$page"
