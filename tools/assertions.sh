#!/bin/sh
# tools/assertions.sh
# The regression and isolation tests on a server that was built with assertions.
#
# `assertions.sh make DIRECTORY` builds the machine's PostgreSQL there from
# Debian's source package, with assertions and checks of memory and without
# what the tests do not need; a server that stands there already is kept.
# `assertions.sh run` tests on it, in ./assertions of the current directory:
# the module is built anew, and the server's log must hold no failed
# assertion, no crash and no warning about memory. Environment: PG_CONFIG, of
# the ordinary server to make it and of the one made to run.
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
	[ ! -x "$1/server/bin/postgres" ] || return 0
	pg=$(command -v "${PG_CONFIG:-pg_config}")
	major=$("$pg" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
	rm -rf "$1"
	mkdir -p "$1/build"
	cd "$1"
	(cd build && download "$major") >log 2>&1 || { tail -n 3 log; echo 'no source package'; exit 77; }
	tar -xf build/postgresql-*.orig.tar.* -C build --strip-components 1
	cd build
	{
		./configure --prefix="$1/server" --enable-cassert --enable-debug --without-readline --without-zlib --with-icu --with-system-tzdata=/usr/share/zoneinfo CFLAGS='-O1 -g' &&
			make -s -j "$(nproc)" && make -s install && make -s -C contrib/amcheck install && make -s -C contrib/postgres_fdw install
	} >>../log 2>&1 || { tail -n 30 ../log; exit 1; }
	cd ..
	rm -rf build
	chmod -R a+rX .
}

run_it() {
	top=$(pwd)/assertions
	. "$(dirname -- "$0")/instrumented.sh"
	"$pg" --configure | grep -q -- --enable-cassert || { echo "$pg is of no server with assertions" >&2; exit 2; }
	mk -j "$(nproc)" all
	mk install
	start_own TZ=UTC
	status=0
	mk installcheck || status=1
	grep -nE 'TRAP:|PANIC|terminated by signal|write past chunk|detected write|leak: |problem in alloc' "$top/server.log" && status=1
	exit "$status"
}

case ${1:-} in
make) make_it "${2:?make it where?}" ;;
run) run_it ;;
*)
	echo 'usage: assertions.sh make DIRECTORY | run' >&2
	exit 2
	;;
esac
