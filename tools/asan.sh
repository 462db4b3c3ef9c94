#!/bin/sh
# tools/asan.sh
# The regression tests once more, with the module under AddressSanitizer and UBSan.
#
# The server itself stays the ordinary one; the sanitizer's library is
# preloaded into it.  Works in ./asan of the current directory, on a cluster of
# its own, and fails on any report.
# Environment: PG_CONFIG.  Arguments are settings for the sessions, such as
# "-c debug_parallel_query=regress"; the suite is run once for each of them,
# and once without.
set -eu
here=$(pwd)
top=$here/asan
. "$(dirname -- "$0")/instrumented.sh"

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
mk SANITIZE="$flags" -j "$(nproc)" all
mk SANITIZE="$flags" install

# --- run ---
rm -f "$top"/report.* "$top/server.log" "$top/build/regression.diffs"
start_own LD_PRELOAD="$runtime:$top/first.so" ASAN_OPTIONS="detect_leaks=0:abort_on_error=1:log_path=$top/report" \
	UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1:log_path=$top/report"
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
