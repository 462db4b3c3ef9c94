# t/lib.sh
# What the shell tests share: running SQL, comparing answers, databases that go away again.
#
# Sourced by the tests, which run in the private cluster of ./crm test as its
# superuser (PGHOST, PGPORT, PGUSER), with a scratch directory T_DIR.  A test
# ends with status 0, or 77 and a reason in its first line when it cannot run.
# shellcheck shell=sh
set -eu
: "${T_DIR:?run by ./crm test}"
bad=0

# P DATABASE [psql arguments]: bare answers, errors as SQLSTATE alone, stops at the first one
P() {
	p_db=$1
	shift
	psql -XAtq -v ON_ERROR_STOP=1 -v VERBOSITY=sqlstate -d "$p_db" "$@" 2>&1
}
# same WHAT GOT WANTED
same() {
	[ "$2" = "$3" ] && return 0
	printf '%s: got "%s", wanted "%s"\n' "$1" "$2" "$3"
	bad=1
}
skip() {
	printf '%s\n' "$1"
	exit 77
}
# make_db NAME [createdb arguments]: a new database, which finish drops
made=''
make_db() {
	m_db=$1
	shift
	made="$made $m_db"
	dropdb --if-exists --force "$m_db" 2>/dev/null
	createdb "$@" "$m_db"
}
# own_cluster NAME [line of postgresql.conf ...]: a server of the test's own, started; its socket directory is $T_DIR/NAME.sock, the port 5433
clusters=''
own_cluster() {
	c_dir=$T_DIR/$1
	"${CRM_BINDIR:?}/initdb" -D "$c_dir" -U "$PGUSER" -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$T_DIR/$1.initdb" 2>&1
	own_cluster_start "$@"
}
# the same for a data directory that is there already
own_cluster_start() {
	c_dir=$T_DIR/$1
	mkdir -p "$c_dir.sock"
	chmod 700 "$c_dir.sock" "$c_dir"
	printf '%s\n' "listen_addresses = ''" "unix_socket_directories = '$c_dir.sock'" 'port = 5433' 'fsync = off' >>"$c_dir/postgresql.conf"
	shift
	[ $# -eq 0 ] || printf '%s\n' "$@" >>"$c_dir/postgresql.conf"
	clusters="$clusters $c_dir"
	"$CRM_BINDIR/pg_ctl" -D "$c_dir" -l "$c_dir.log" -w -t 60 start >/dev/null || { tail -n 20 "$c_dir.log"; exit 1; }
}
stop_own_clusters() {
	for c in $clusters; do "$CRM_BINDIR/pg_ctl" -D "$c" -m immediate stop >/dev/null 2>&1 || :; done
}
trap stop_own_clusters EXIT
# at NAME COMMAND...: a command on the server of that name
at() {
	a_dir=$T_DIR/$1.sock
	shift
	PGHOST=$a_dir PGPORT=5433 "$@"
}
# the end of a test
finish() {
	for d in $made; do dropdb --if-exists --force "$d" 2>/dev/null || :; done
	exit "$bad"
}
