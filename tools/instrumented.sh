# tools/instrumented.sh
# What asan.sh and coverage.sh share: the module built with other flags, and a cluster of its own that loads it.
#
# Sourced, with "top" set to the directory to work in. Nothing is installed:
# a relocated copy of the server serves. Environment: PG_CONFIG.
# shellcheck shell=sh
: "${top:?set by the script that sources this}"
umask 022
src=$(cd "$(dirname -- "$0")/.." && pwd)
pg=$(command -v "${PG_CONFIG:-pg_config}")
[ "$(id -u)" -ne 0 ] || { echo 'PostgreSQL does not run as root; run this as another user, or ./crm test as root' >&2; exit 2; }

if [ -f "$top/data/postmaster.pid" ]; then kill -INT "$(head -n 1 "$top/data/postmaster.pid")" 2>/dev/null || :; fi
rm -rf "$top/data" "$top/sock"
mkdir -p "$top/build" "$top/sock"
chmod 700 "$top/sock"
own_pg=$(sh "$src/tools/relocate.sh" "$pg" "$top/pg")
bin=${own_pg%/*}
LC_ALL=C.UTF-8
PGHOST=$top/sock PGPORT=5440 PGUSER=postgres
export LC_ALL PGHOST PGPORT PGUSER

mk() { make -s -C "$top/build" -f "$src/Makefile" PG_CONFIG="$own_pg" with_llvm=no "$@"; }

# start_own VARIABLE=value ...: the cluster, with these in the environment of the server, which is $postgres when that is
# set; it ends with this script
start_own() {
	"$bin/initdb" -D "$top/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$top/initdb.log" 2>&1
	cat >>"$top/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$top/sock'
fsync = off
jit = off
CONF
	env "$@" timeout 300 "$bin/pg_ctl" -D "$top/data" -l "$top/server.log" -o "-p $PGPORT" ${postgres:+-p "$postgres"} -w -t 240 start >/dev/null
	trap '"$bin/pg_ctl" -D "$top/data" -m immediate stop >/dev/null 2>&1 || :' EXIT
}
