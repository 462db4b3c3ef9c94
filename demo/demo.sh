#!/bin/sh
# demo/demo.sh
# Fills schema shop of the current database with orders and prints member reports over them, then attaches them to a CRM. Called by ./crm demo.
#
# Without arguments: the made-up shop of generate.sql. With --orders: a CSV file of real purchases, read on this side of
# the connection, so that the server needs no access to it. The connection comes from PGHOST, PGPORT, PGUSER, PGDATABASE.
# Everything it makes is in schema shop and in the CRM shop_crm with shop_crm_report, which it drops first; nothing else in
# the database is touched.
set -eu

usage() {
	cat <<'EOF'
usage: demo.sh [--orders FILE.csv --member COLUMN --at COLUMN --amount COLUMN [more]]

  --orders FILE.csv   a purchase log, comma-separated, the first line names the columns
  --member COLUMN     whose purchase it is: any number or text
  --at COLUMN         when: a date or a time stamp, with or without an offset from UTC
  --amount COLUMN     how much: a plain number; negative for a refund
  --guest VALUE       this value of the member column means that nobody is known (may be repeated)
  --zone ZONE         time zone of the business days (Asia/Shanghai); only times with an offset need it
  --dates ORDER       YMD, DMY or MDY: how days such as 03/04/2025 are to be read (YMD)
  --encoding NAME     of the file, as iconv knows it (UTF-8); for Chinese files from Excel often GB18030
  --dry-run           only look whether the arguments are right
EOF
}

fail() {
	printf 'demo: %s\n' "$1" >&2
	exit 2
}

here=$(cd "$(dirname "$0")" && pwd)
file='' member='' at='' amount='' guests='' zone=Asia/Shanghai dates=YMD encoding=UTF-8 dry_run=''
separator=$(printf '\037')

while [ $# -gt 0 ]; do
	case $1 in
	-h | --help)
		usage
		exit 0
		;;
	--dry-run)
		dry_run=1
		shift
		continue
		;;
	--*=*)
		option=${1%%=*} value=${1#*=}
		shift
		;;
	--*)
		[ $# -ge 2 ] || { usage >&2; fail "$1 needs a value"; }
		option=$1 value=$2
		shift 2
		;;
	*)
		usage >&2
		fail "unexpected argument: $1"
		;;
	esac
	case $option in
	--orders) file=$value ;;
	--member) member=$value ;;
	--at) at=$value ;;
	--amount) amount=$value ;;
	--guest) guests=$guests$separator$value ;;
	--zone) zone=$value ;;
	--dates) dates=$value ;;
	--encoding) encoding=$value ;;
	*)
		usage >&2
		fail "unknown option: $option"
		;;
	esac
done

if [ -n "$file" ]; then
	if [ -z "$member" ] || [ -z "$at" ] || [ -z "$amount" ]; then
		fail '--orders needs --member, --at and --amount, each the name of a column'
	fi
	if [ ! -f "$file" ] || [ ! -r "$file" ]; then
		fail "cannot read $file"
	fi
	case $dates in YMD | DMY | MDY) ;; *) fail '--dates is YMD, DMY or MDY' ;; esac
elif [ -n "$member$at$amount$guests" ]; then
	fail '--member, --at, --amount and --guest go with --orders FILE.csv'
fi
[ -z "$dry_run" ] || exit 0

PGCLIENTENCODING=UTF8 PGOPTIONS="${PGOPTIONS:-} -c client_min_messages=warning"
PGAPPNAME=crm_member_demo
export PGCLIENTENCODING PGOPTIONS PGAPPNAME

sql() {
	psql -X -q -v ON_ERROR_STOP=1 -v SHOW_CONTEXT=never "$@"
}

# The file as UTF-8 lines that end in a line feed, without a byte order mark.
lines() {
	bom=$(printf '\357\273\277') cr=$(printf '\r')
	if [ "$encoding" = UTF-8 ]; then cat "$file"; else iconv -f "$encoding" -t UTF-8 "$file"; fi |
		LC_ALL=C sed -e "1s/^$bom//" -e "s/$cr\$//"
}

began=$(date +%s)
sql -f "$here/prepare.sql"
if [ -n "$file" ]; then
	printf '%-44s' "read ${file##*/}"
	header=$(lines | sed -n 1p)
	lines | sql --single-transaction -v header="$header" -v member="$member" -v at="$at" -v amount="$amount" \
		-v guests="$guests" -v zone="$zone" -v dates="$dates" -f "$here/load.sql"
else
	printf '%-44s' 'make 20,000 customers and 200,000 orders'
	sql --single-transaction -f "$here/generate.sql"
fi
printf ' ok %7s s\n' "$(($(date +%s) - began))"
sql -v zone="$zone" -f "$here/reports.sql"
sql -v zone="$zone" -f "$here/crm.sql"
