#!/bin/sh
# t/demo.sh
# The demo: the made-up shop is the same everywhere, and purchase logs of many shapes are read right or refused clearly.
. "$(dirname -- "$0")/lib.sh"
tree=$CRM_TREE
dir=$T_DIR
make_db crm_t_demo -T template0 -E UTF8

ask() { P crm_t_demo -F '|' -c "SET timezone = 'UTC'" -c "$1"; }
demo() { PGDATABASE=crm_t_demo sh "$tree/demo/demo.sh" "$@" >"$dir/out" 2>&1; }
# refuses NAME MESSAGE ARGUMENTS...: fails, and says so
refuses() {
	name=$1 wanted=$2
	shift 2
	if demo "$@"; then same "$name" 'no error' 'an error'; fi
	grep -qF -- "$wanted" "$dir/out" || same "$name" "$(cat "$dir/out")" "$wanted"
}

# --- the made-up shop ---
demo || { cat "$dir/out"; exit 1; }
same 'rows of the shop' "$(ask 'SELECT (SELECT count(*) FROM shop.customers), count(*), max(id) FROM shop.orders')" \
	'20000|200000|200000'
# text forms of all rows; the same on every version and machine
same 'customers are always the same' "$(ask "SELECT md5(string_agg(format('%s|%s|%s|%s|%s', id, name, city, birthday, joined), E'\n' ORDER BY id)) FROM shop.customers")" \
	96c0b4f888adccf220f0c1b71ff1ee31
same 'orders are always the same' "$(ask "SELECT md5(string_agg(format('%s|%s|%s|%s|%s', id, customer_id, ordered_at, total, status), E'\n' ORDER BY id)) FROM shop.orders")" \
	9a5e735f96f0fa01ccfce5cf15205c71
same 'guests, refunds, gifts and cancelled orders occur' "$(ask "SELECT bool_or(customer_id IS NULL), bool_or(total < 0), bool_or(total = 0), bool_or(status = 'cancelled') FROM shop.orders")" \
	't|t|t|t'
same 'all reports are printed' "$(grep -cE '^[0-9]+\. .* / ' "$dir/out")" 10
# the book again, by plain SQL
same 'members, orders and net spend of the report' \
	"$(ask 'SELECT count(*), sum(orders), sum(spend) FROM shop.members WHERE orders > 0')" \
	"$(ask "SELECT count(DISTINCT customer_id) FILTER (WHERE total >= 0), count(*) FILTER (WHERE total >= 0), sum(total)
	          FROM shop.orders WHERE status = 'paid' AND customer_id IS NOT NULL")"
# the query function and the window function score alike
same 'scores by rfm_scores and by rfm_score' "$(ask "SELECT count(*), count(*) FILTER (WHERE score::text <> again::text)
	          FROM (SELECT score, crm_member.rfm_score(last_day, orders, spend) OVER () AS again
	                  FROM shop.members WHERE orders > 0) AS s")" \
	'18034|0'

# --- a log with a byte order mark, quoted names, a quoted line end, offsets, guests of two kinds, a missing time ---
printf '\357\273\277"member, no","when ""exactly""",amount,note\r\n' >"$dir/a.csv"
printf 'A1,2025-01-01T23:30:00+00:00,"12.5","two\r\nlines, here"\r\n' >>"$dir/a.csv"
printf '"B,2",2025-01-02 03:00:00Z, 7 ,\r\n,2025-01-03 00:00:00Z,1,\r\n(blank),2025-01-03 00:00:00Z,1,\r\nA1,,3,\r\n' >>"$dir/a.csv"
demo --orders "$dir/a.csv" --member 'member, no' --at 'when "exactly"' --amount amount --guest '(blank)' || cat "$dir/out"
same 'rows of the log' "$(ask 'SELECT * FROM shop.orders ORDER BY ordered_at, customer_id')" 'A1|2025-01-01 23:30:00+00|12.5
B,2|2025-01-02 03:00:00+00|7
|2025-01-03 00:00:00+00|1
|2025-01-03 00:00:00+00|1'
# 23:30 in London is the next morning in Shanghai
same 'days in the zone of the shop' "$(ask 'SELECT key, last_day, orders, spend FROM shop.members ORDER BY key')" 'A1|2025-01-02|1|12.5
B,2|2025-01-02|1|7.0'
grep -q 'without a time or an amount' "$dir/out" || same 'rows left out are told' 'none' 'a notice'

# --- numbers as keys stay numbers; leading zeros make them text ---
printf 'who,at,sum\n10,2025-01-01,5\n9,2025-01-02,-5\n9,2025-01-02,0\n' >"$dir/b.csv"
demo --orders="$dir/b.csv" --member who --at at --amount sum || cat "$dir/out"
same 'keys as bigint' "$(ask 'SELECT pg_typeof(key), key, orders, spend FROM shop.members ORDER BY key LIMIT 1')" 'bigint|9|1|-5'
printf 'who,at,sum\n010,2025-01-01,5\n10,2025-01-02,5\n' >"$dir/c.csv"
demo --orders "$dir/c.csv" --member who --at at --amount sum || cat "$dir/out"
same 'keys as text' "$(ask 'SELECT min(pg_typeof(key)::text), count(*) FROM shop.members')" 'text|2'

# --- days written the other way; another encoding ---
printf 'who,at,sum\n1,25/12/2024,5\n2,26/12/2024 8:05,5\n' >"$dir/d.csv"
demo --orders "$dir/d.csv" --member who --at at --amount sum --dates DMY || cat "$dir/out"
same 'day before month' "$(ask 'SELECT min(ordered_at), max(ordered_at) FROM shop.orders')" '2024-12-25 00:00:00|2024-12-26 08:05:00'
printf '\273\341\324\261,at,sum\n\300\356,2025-01-01,5\n' >"$dir/e.csv"
if command -v iconv >/dev/null; then
	demo --orders "$dir/e.csv" --encoding GB18030 --member 会员 --at at --amount sum || cat "$dir/out"
	same 'GB18030' "$(ask 'SELECT customer_id, total FROM shop.orders')" '李|5'
fi

# --- what is wrong is named with its row and column ---
refuses 'no such column' 'Its columns are: who, at, sum.' --orders "$dir/b.csv" --member nobody --at at --amount sum
refuses 'a day that is none' 'row 2 of the file: "25/12/2024" in column "at"' --orders "$dir/d.csv" --member who --at at --amount sum
printf 'who,at,sum\n1,2025-01-01,5\n2,2025-01-01,"1,000"\n' >"$dir/f.csv"
refuses 'an amount that is none' 'row 3 of the file: "1,000" in column "sum"' --orders "$dir/f.csv" --member who --at at --amount sum
printf 'who,at,sum\n' >"$dir/g.csv"
refuses 'an empty log' 'no row with a time and an amount' --orders "$dir/g.csv" --member who --at at --amount sum
refuses 'no file' 'cannot read' --orders "$dir/none.csv" --member who --at at --amount sum
refuses 'no column given' '--orders needs --member' --orders "$dir/b.csv"
refuses 'an unknown option' 'unknown option' --order "$dir/b.csv"

finish crm_t_demo
