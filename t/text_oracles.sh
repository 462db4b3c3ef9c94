#!/bin/sh
# t/text_oracles.sh
# Lunar months and phone numbers as independent programs give them: lunar-javascript, and libphonenumber-js.
#
# Their node_modules directory is named by CRM_ORACLES, outside of the tree;
# without it, or without node, the test is skipped. Of the lunar months one is
# left out, whose new moon of 2097-08-08 falls 66 seconds after midnight:
# authorities dispute it, with 2057-09-29 and 2089-09-04, where the two agree.
. "$(dirname -- "$0")/lib.sh"
[ -d "${CRM_ORACLES:-/nonexistent}/lunar-javascript" ] || skip 'no lunar-javascript in CRM_ORACLES'
command -v node >/dev/null || skip 'no node'
tree=$(cd "$(dirname -- "$0")/.." && pwd)
db=crm_t_oracles
make_db $db
P $db -c 'CREATE EXTENSION crm_member' -c 'CREATE TABLE month (year integer, month integer, leap boolean, day date)' \
	-c 'CREATE TABLE phone (region text, dialled text, number text)'
node "$tree/tools/oracles.js" "$CRM_ORACLES" lunar | P $db -c 'COPY month FROM STDIN'
node "$tree/tools/oracles.js" "$CRM_ORACLES" phones | P $db -c 'COPY phone FROM STDIN'
same 'lunar months from 1901 to 2100' "$(P $db -c 'SELECT count(*) FROM month')" 2473
same 'months that differ' "$(P $db -c "SELECT string_agg(day::text, ' ' ORDER BY day) FROM month WHERE crm_member.lunar_to_day(year, month, 1, leap) <> day")" 2097-08-07
same 'days read back' "$(P $db -c "SELECT count(*) FROM month, crm_member.lunar_of(day) AS l WHERE (l.year, l.month, l.day, l.leap) <> (month.year, month.month, 1, month.leap) AND month.day <> '2097-08-07'")" 0
[ "$(P $db -c 'SELECT count(*) FROM phone')" -ge 1000 ] || same 'phone numbers' "$(P $db -c 'SELECT count(*) FROM phone')" '1000 or more'
same 'numbers that differ' "$(P $db -c "SELECT string_agg(DISTINCT region || ' ' || dialled || ' ' || coalesce(crm_member.phone_e164(dialled, region), 'none'), '; ') FROM phone WHERE crm_member.phone_e164(dialled, region) IS DISTINCT FROM number")" ''
finish
