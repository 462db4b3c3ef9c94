#!/bin/sh
# tools/reference.sh
# Writes docs/reference.md: every object of the extension with its comment, from the catalog of a scratch database.
#
# What users read is what is installed; nothing here is edited by hand. The order is by name, without OIDs, and types are
# printed under a fixed search_path, so that every server version writes the same file. Connection: PGHOST, PGPORT, PGUSER.
# With --check nothing is written; the exit status says whether the file is fresh.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
target=$here/../docs/reference.md
scratch=crm_member_reference_$$
made=$(mktemp)
cleanup() {
	rm -f "$made"
	psql -XAtq -d "${PGDATABASE:-postgres}" -c "DROP DATABASE IF EXISTS $scratch" >/dev/null 2>&1 || true
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

PGCLIENTENCODING=UTF8
export PGCLIENTENCODING
psql -XAtq -d "${PGDATABASE:-postgres}" \
	-c "CREATE DATABASE $scratch TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
psql -XAtq -v ON_ERROR_STOP=1 -d "$scratch" -c 'CREATE EXTENSION crm_member'
psql -XAtq -v ON_ERROR_STOP=1 -d "$scratch" -f "$here/reference.sql" >"$made"

if [ "${1:-}" = --check ]; then
	diff -u "$target" "$made"
elif ! cmp -s "$made" "$target"; then
	cat "$made" >"$target"
fi
