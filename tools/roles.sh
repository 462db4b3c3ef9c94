#!/bin/sh
# tools/roles.sh [check]
# Writes the table of levels, doors and relations into docs/security.md, as a CRM schema knows it; with `check`, only says whether it is there.
#
# The table stands between two marker lines and is never typed. Connection:
# PGHOST, PGPORT, PGUSER of a server that has the extension.
set -eu
cd "$(dirname -- "$0")/.."
page=docs/security.md
scratch=crm_member_roles_$$
made=$(mktemp)
cleanup() {
	rm -f "$made"
	psql -XAtq -d "${PGDATABASE:-postgres}" -c "DROP DATABASE IF EXISTS $scratch" >/dev/null 2>&1 || true
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM
psql -XAtq -d "${PGDATABASE:-postgres}" -c "CREATE DATABASE $scratch TEMPLATE template0 ENCODING 'UTF8'"
psql -XAtq -v ON_ERROR_STOP=1 -d "$scratch" -c 'SET client_min_messages = warning' -c 'CREATE EXTENSION crm_member' -c "SELECT crm_member.create_crm('crm')" >/dev/null
psql -XAtq -v ON_ERROR_STOP=1 -d "$scratch" >"$made" <<'SQL'
SELECT format(E'\n| %s | clerk | app | manager | marketer | analyst | auditor |\n|---|---|---|---|---|---|---|\n%s', k.title, string_agg(k.line, E'\n' ORDER BY k.object COLLATE "C"))
FROM (SELECT p.kind, p.object, CASE p.kind WHEN 'f' THEN 'doors, called' WHEN 'r' THEN 'relations of crm, read' ELSE 'views of crm_report, read' END AS title,
             format('| `%s` | %s |', p.object, (SELECT string_agg(CASE WHEN EXISTS (SELECT FROM crm._privileges() AS q WHERE q.level = l.level AND q.kind = p.kind AND q.object = p.object) THEN 'x' ELSE '' END, ' | ' ORDER BY l.place)
               FROM unnest('{clerk,app,manager,marketer,analyst,auditor}'::text[]) WITH ORDINALITY AS l(level, place))) AS line
      FROM (SELECT DISTINCT kind, object FROM crm._privileges()) AS p) AS k
GROUP BY k.kind, k.title ORDER BY k.kind;
SQL
awk -v made="$made" '
	/^<!-- roles begin/ { print; while ((getline line < made) > 0) print line; print ""; skip = 1; next }
	/^<!-- roles end/ { skip = 0 }
	!skip { print }' "$page" >"$made.page"
if [ "${1:-}" = check ]; then
	cmp -s "$made.page" "$page" || echo "$page is not what crm._privileges() says: run tools/roles.sh"
elif ! cmp -s "$made.page" "$page"; then
	cat "$made.page" >"$page"
fi
rm -f "$made.page"
