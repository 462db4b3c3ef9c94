#!/bin/sh
# tools/asan.sh
# The regression tests once more, with the module under AddressSanitizer and UBSan.
#
# The server itself stays the ordinary one; the sanitizer's library is
# preloaded into it.  Nothing is installed: the server's programs are copied
# beside symbolic links to its other files, since PostgreSQL finds those
# relative to where its program stands.  Works in ./asan of the current
# directory, on a cluster of its own, and fails on any report.
# Environment: PG_CONFIG.  Arguments are settings for the sessions, such as
# "-c debug_parallel_query=regress"; the suite is run once for each of them,
# and once without.
set -eu
umask 022
here=$(pwd)
src=$(cd "$(dirname -- "$0")/.." && pwd)
pg=$(command -v "${PG_CONFIG:-pg_config}")
[ "$(id -u)" -ne 0 ] || { echo 'PostgreSQL does not run as root; use ./crm test --sanitize' >&2; exit 2; }

# the longest path that the given directories begin with
common() {
	printf '%s\n' "$@" | awk -F/ '
	NR == 1 { n = NF; for (i = 1; i <= n; i++) part[i] = $i; next }
	{ for (i = 1; i <= n && part[i] == $i; i++) ; n = i - 1 }
	END { for (i = 2; i <= n; i++) printf "/%s", part[i] }'
}

bindir=$("$pg" --bindir) sharedir=$("$pg" --sharedir) pkglibdir=$("$pg" --pkglibdir)
prefix=$(common "$bindir" "$sharedir" "$pkglibdir")
top=$here/asan
[ ! -f "$top/data/postmaster.pid" ] || "$top/pg${bindir#"$prefix"}/pg_ctl" -D "$top/data" -m immediate stop >/dev/null 2>&1 || :
rm -rf "$top/pg" "$top/data" "$top/sock"
mkdir -p "$top/build" "$top/sock"
chmod 700 "$top/sock"

# --- the relocated server ---
moved() { printf '%s/pg%s' "$top" "${1#"$prefix"}"; }
links() { # DIR: a directory of links to its entries, without an installed crm_member
	mkdir -p "$(moved "$1")"
	for f in "$1"/*; do
		case ${f##*/} in crm_member*) continue ;; esac
		ln -s "$f" "$(moved "$1")/"
	done
}
mkdir -p "$(moved "$bindir")"
for p in postgres initdb pg_ctl psql pg_config; do cp "$bindir/$p" "$(moved "$bindir")/"; done
links "$pkglibdir"
links "$sharedir"
rm "$(moved "$sharedir")/extension"
links "$sharedir/extension"
for d in "$("$pg" --includedir)" "$("$pg" --pkgincludedir)" "$("$pg" --includedir-server)"; do
	to=$(moved "$d")
	[ -e "$to" ] || { mkdir -p "${to%/*}" && ln -s "$d" "$to"; }
done
bin=$(moved "$bindir")

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
mk() { make -s -C "$top/build" -f "$src/Makefile" PG_CONFIG="$bin/pg_config" with_llvm=no SANITIZE="$flags" "$@"; }
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
