#!/bin/sh
# tools/asan.sh
# The regression tests once more, with the module under AddressSanitizer and UBSan.
#
# The server itself stays the ordinary one; the sanitizer's library is
# preloaded into it.  Nothing is installed: a relocated copy of the server serves.
# Works in ./asan of the current directory, on a cluster of its own, and fails
# on any report.
# Environment: PG_CONFIG.  Arguments are settings for the sessions, such as
# "-c debug_parallel_query=regress"; the suite is run once for each of them,
# and once without.
set -eu
umask 022
here=$(pwd)
src=$(cd "$(dirname -- "$0")/.." && pwd)
pg=$(command -v "${PG_CONFIG:-pg_config}")
[ "$(id -u)" -ne 0 ] || { echo 'PostgreSQL does not run as root; use ./crm test --sanitize' >&2; exit 2; }

top=$here/asan
if [ -f "$top/data/postmaster.pid" ]; then kill -INT "$(head -n 1 "$top/data/postmaster.pid")" 2>/dev/null || :; fi
rm -rf "$top/data" "$top/sock"
mkdir -p "$top/build" "$top/sock"
chmod 700 "$top/sock"
own_pg=$(sh "$src/tools/relocate.sh" "$pg" "$top/pg")
bin=${own_pg%/*}

# --- build and install there ---
cc=$("$pg" --cc)
flags='-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer'
runtime=$($cc -print-file-name=libasan.so)
[ -e "$runtime" ] || { echo "$cc has no libasan"; exit 77; }
# The runtime starts with the first malloc, and that asks the C library for a
# message.  Where the first malloc is another library's bindtextdomain() the two
# lock each other out, so the first one is made here, before any other library.
cat >"$top/first.c" <<'C'
#include <stdlib.h>
static void __attribute__((constructor)) first(void) { free(malloc(1)); }
C
$cc -O0 -shared -fPIC -Wl,-z,initfirst "$top/first.c" -o "$top/first.so"
mk() { make -s -C "$top/build" -f "$src/Makefile" PG_CONFIG="$own_pg" with_llvm=no SANITIZE="$flags" "$@"; }
mk -j "$(nproc)" all
mk install

# --- run ---
LC_ALL=C.UTF-8
PGHOST=$top/sock PGPORT=5440 PGUSER=postgres
export LC_ALL PGHOST PGPORT PGUSER
"$bin/initdb" -D "$top/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$top/initdb.log" 2>&1
cat >>"$top/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$top/sock'
fsync = off
jit = off
CONF
rm -f "$top"/report.* "$top/server.log" "$top/build/regression.diffs"
LD_PRELOAD=$runtime:$top/first.so ASAN_OPTIONS="detect_leaks=0:abort_on_error=1:log_path=$top/report" \
	UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1:log_path=$top/report" \
	timeout 120 "$bin/pg_ctl" -D "$top/data" -l "$top/server.log" -o "-p $PGPORT" -w -t 60 start >/dev/null
trap '"$bin/pg_ctl" -D "$top/data" -m immediate stop >/dev/null 2>&1 || :' EXIT
status=0
mk installcheck ISOLATION= || status=1
for options in "$@"; do
	PGOPTIONS=$options mk installcheck ISOLATION= || status=1
done
# what the sanitizers said comes first
{
	[ ! -f "$top/server.log" ] || grep -E -A 20 'runtime error|AddressSanitizer|TRAP:|PANIC' "$top/server.log" || :
	cat "$top"/report.* 2>/dev/null || :
} >"$here/regression.diffs"
[ ! -s "$here/regression.diffs" ] || status=1
[ "$status" -eq 0 ] || cat "$top/build/regression.diffs" >>"$here/regression.diffs" 2>/dev/null || :
exit "$status"
