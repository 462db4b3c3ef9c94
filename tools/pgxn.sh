#!/bin/sh
# tools/pgxn.sh
# PGXN's own client takes the last commit as a zip, reads its META.json, builds it and runs its tests.
#
# Works in ./pgxn of the current directory, on a cluster of its own.
# Environment: PG_CONFIG. Needs pgxnclient.
set -eu
command -v pgxn >/dev/null || { echo 'no pgxn'; exit 77; }
top=$(pwd)/pgxn
. "$(dirname -- "$0")/instrumented.sh"
version=$(sed -n "s/^default_version *= *'\([^']*\)'.*/\1/p" "$src/crm_member.control")
git -c safe.directory="$src" -C "$src" archive --format=zip --prefix="crm_member-$version/" -o "$top/crm_member-$version.zip" HEAD
mk -j "$(nproc)" all
mk install
start_own TZ=UTC
cd "$top"
HOME=$top with_llvm=no pgxn check --yes --make make --pg_config "$own_pg" -d contrib_regression -h "$PGHOST" -p "$PGPORT" -U "$PGUSER" "./crm_member-$version.zip"
