#!/bin/sh
# tools/assertions.sh
# The tests on a server that was built with assertions, and some of them under valgrind.
#
# `assertions.sh make DIRECTORY` builds the machine's PostgreSQL there from
# Debian's source package, with assertions and checks of memory, for valgrind,
# and without what the tests do not need; a server that stands there already is
# kept. `assertions.sh run` tests on it, in ./assertions of the current
# directory: the module is built anew, and the server's log must hold no failed
# assertion, no crash and no warning about memory. `assertions.sh valgrind`
# runs the tests of types, aggregates and queries on it under valgrind, and
# those of the ledger's short path. Environment: PG_CONFIG, of the ordinary
# server to make it and of the one made to run.
set -eu

# the source package through a list of its own, so that the machine's own lists stay as they are
download() { # VERSION
	# shellcheck disable=SC1091
	release=$(. /etc/os-release && echo "$VERSION_CODENAME")
	keys=/usr/share/keyrings/debian-archive-keyring.gpg
	echo "deb-src [signed-by=$keys] http://deb.debian.org/debian $release main" >sources.list
	mkdir -p lists/partial
	apt="apt-get -q -o Dir::Etc::sourcelist=$PWD/sources.list -o Dir::Etc::sourceparts=- -o Dir::State::lists=$PWD/lists -o Dir::Cache::srcpkgcache= -o Dir::Cache::pkgcache= -o APT::Sandbox::User=root"
	# shellcheck disable=SC2086 # a list of words
	$apt update && $apt source --download-only "postgresql-$1"
}

make_it() { # DIRECTORY
	[ ! -f "$1/server/valgrind.supp" ] || return 0
	pg=$(command -v "${PG_CONFIG:-pg_config}")
	major=$("$pg" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
	rm -rf "$1"
	mkdir -p "$1/build"
	cd "$1"
	(cd build && download "$major") >log 2>&1 || { tail -n 3 log; echo 'no source package'; exit 77; }
	tar -xf build/postgresql-*.orig.tar.* -C build --strip-components 1
	cd build
	{
		./configure --prefix="$1/server" --enable-cassert --enable-debug --without-readline --without-zlib --with-icu --with-system-tzdata=/usr/share/zoneinfo CFLAGS='-O1 -g' CPPFLAGS=-DUSE_VALGRIND &&
			make -s -j "$(nproc)" && make -s install && make -s -C contrib/amcheck install && make -s -C contrib/postgres_fdw install
	} >>../log 2>&1 || { tail -n 30 ../log; exit 1; }
	cp src/tools/valgrind.supp "$1/server/"
	cd ..
	rm -rf build
	chmod -R a+rX .
}

# the module on a copy of the server
prepare() {
	top=$(pwd)/assertions
	. "$(dirname -- "$0")/instrumented.sh"
	"$pg" --configure | grep -q -- --enable-cassert || { echo "$pg is of no server with assertions" >&2; exit 2; }
	mk -j "$(nproc)" all
	mk install
}
run_it() {
	prepare
	start_own TZ=UTC
	status=0
	mk installcheck || status=1
	grep -nE 'TRAP:|PANIC|terminated by signal|write past chunk|detected write|leak: |problem in alloc' "$top/server.log" && status=1
	exit "$status"
}

# a client's time-outs are long enough for a server that is fifty times slower; warnings of the server itself are suppressed by its own list
valgrind_it() {
	prepare
	postgres=$top/postgres
	cat >"$postgres" <<-WRAPPER
		#!/bin/sh
		exec valgrind --quiet --trace-children=yes --leak-check=no --track-origins=yes --error-markers=FAULT-BEGIN,FAULT-END \\
			--suppressions='$(dirname "$("$pg" --bindir)")/valgrind.supp' --log-file='$top/valgrind.%p' '$bin/postgres' "\$@"
	WRAPPER
	chmod 755 "$postgres"
	rm -f "$top"/valgrind.*
	start_own TZ=UTC
	status=0
	# without those that only repeat arithmetic of src/core many times, which the unit tests hold, or have a time limit of their own
	mk installcheck ISOLATION= REGRESS="install abc_class clv clv_model format_money gini histories lifecycle load_rows numeric_units octant \
pair_rules predicate purchase_history purchase_history_aggregate rfm_cuts rfm_score rfm_type soft_errors split_amount \
text_contact text_name text_read tier_for tier_track value_grade crm_points_short" || status=1
	"$bin/pg_ctl" -D "$top/data" -m fast -w -t 240 stop >/dev/null || status=1
	# what the server does with its own memory alone is its own affair
	files=$(cd "$src/src" && find . -name '*.c' | sed 's/.*\///; s/\.c$//' | tr '\n' '|')
	awk -v ours="[(](in .*crm_member[.]so|(${files%|})[.]c:)" '
		/FAULT-BEGIN/ { block = ""; mine = 0 }
		{ block = block $0 "\n" }
		$0 ~ ours { mine = 1 }
		/FAULT-END/ && mine { printf "%s", block; bad = 1 }
		END { exit bad }' "$top"/valgrind.* || status=1
	exit "$status"
}

case ${1:-} in
make) make_it "${2:?make it where?}" ;;
run) run_it ;;
valgrind) valgrind_it ;;
*)
	echo 'usage: assertions.sh make DIRECTORY | run | valgrind' >&2
	exit 2
	;;
esac
