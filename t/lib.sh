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
# the end of a test
finish() {
	for d in $made; do dropdb --if-exists --force "$d" 2>/dev/null || :; done
	exit "$bad"
}
