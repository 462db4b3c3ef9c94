#!/bin/sh
# tools/examples.sh
# Runs the SQL in README.md and docs/*.md in a scratch database with the demo's shop, and writes what it prints beside it.
#
# Blocks marked ```sql are run, file by file and in their order, each file in a database of its own; where a block marked
# ```text follows, its content becomes what psql printed. So every output in the documents is one that came out, and a
# statement that no longer works stops this script. Blocks without a mark are left alone. What examples need and a reader
# need not see stands between the lines "<!-- runs, not shown" and "-->". No example may depend on the clock, the server's
# version or its settings. Connection: PGHOST, PGPORT, PGUSER. --check writes nothing and compares.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
check=${1:-}
shop=crm_member_examples_$$
work=$(mktemp -d)

admin() { psql -XAtq -v ON_ERROR_STOP=1 -d "${PGDATABASE:-postgres}" "$@"; }
# shellcheck disable=SC2317 # called by the trap
cleanup() {
	rm -rf "$work"
	admin -c "DROP DATABASE IF EXISTS ${shop}_run" -c "DROP DATABASE IF EXISTS $shop" >/dev/null 2>&1 || true
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

PGCLIENTENCODING=UTF8 PGOPTIONS='-c client_min_messages=warning -c timezone=UTC'
export PGCLIENTENCODING PGOPTIONS
admin -c "CREATE DATABASE $shop TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
psql -Xq -v ON_ERROR_STOP=1 -d "$shop" -f "$root/demo/prepare.sql" >/dev/null
psql -Xq -v ON_ERROR_STOP=1 --single-transaction -d "$shop" -f "$root/demo/generate.sql" >/dev/null

status=0
for file in README.md docs/quickstart.md docs/concepts.md docs/analytics.md docs/import.md docs/privacy.md docs/security.md docs/developers.md; do
	[ -f "$root/$file" ] || continue
	admin -c "CREATE DATABASE ${shop}_run TEMPLATE $shop"
	awk '
		/^<!-- runs, not shown$/ { hidden = 1; print "\\o /dev/null"; next }
		/^-->$/ && hidden { hidden = 0; print "\\o"; next }
		hidden { print; next }
		/^```sql$/ { inside = 1; n++; print "\\echo @@@ " n; next }
		/^```/ && inside { inside = 0; next }
		inside { print }
	' "$root/$file" >"$work/run.sql"
	psql -Xq -v ON_ERROR_STOP=1 -P pager=off -d "${shop}_run" -f "$work/run.sql" >"$work/printed" || {
		printf 'tools/examples.sh: an example in %s fails\n' "$file" >&2
		exit 1
	}
	awk -v printed="$work/printed" '
		BEGIN {
			while ((getline line < printed) > 0) {
				sub(/[ \t]+$/, "", line)
				if (line ~ /^@@@ /) { n = substr(line, 5); continue }
				text[n] = text[n] line "\n"
			}
			n = 0
		}
		/^```sql$/ { n++ }
		/^```text$/ && n > 0 {
			t = text[n]
			sub(/\n+$/, "", t)
			print
			print t
			skip = 1
			next
		}
		skip && /^```/ { skip = 0 }
		!skip { print }
	' "$root/$file" >"$work/new"
	if [ "$check" = --check ]; then
		diff -u "$root/$file" "$work/new" || status=1
	elif ! cmp -s "$root/$file" "$work/new"; then
		cat "$work/new" >"$root/$file"
	fi
	admin -c "DROP DATABASE ${shop}_run"
done
exit $status
