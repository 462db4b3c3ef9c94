#!/bin/sh
# t/demo.sh
# The demo runs from end to end: on its own shop, and on a purchase log whose totals are known.
. "$(dirname -- "$0")/lib.sh"
demo=$(dirname -- "$0")/../demo/demo.sh
make_db crm_t_demo
P crm_t_demo -c 'CREATE EXTENSION crm_member'
PGDATABASE=crm_t_demo
export PGDATABASE
sh "$demo" >"$T_DIR/shop.txt"
same 'reports of the shop' "$(grep -c '^[0-9]*\. ' "$T_DIR/shop.txt")" 14
same 'one new order moves its member up' "$(sed -n '/^14\. /,$p' "$T_DIR/shop.txt" | grep -c 'before.* 金卡 .*\|after.* 白金卡 ')" 2
same 'every paid order of the shop is a sale' "$(P crm_t_demo -c "SELECT count(*) FILTER (WHERE o.id IS NULL), count(*) FILTER (WHERE s.id IS NULL) FROM shop_crm.sale AS s FULL JOIN (SELECT * FROM shop.orders WHERE status = 'paid') AS o ON o.id::text = s.source_key AND o.total = s.net_spend")" "0|0"
same 'orders in the shop' "$(P crm_t_demo -c 'SELECT count(*) FROM shop.orders')" 200000

# 3 members and a guest; 6 lines, one of them a refund of 5.50 and one at 0.00; in all 100 + 20.50 + 0 + 30 - 5.50 = 145.00
# (the guest's 7 apart), written as spreadsheets write: BOM, quoted names with a comma, CRLF
printf '\357\273\277"Member, no","Day","Note","Net amount"\r\n' >"$T_DIR/log.csv"
printf 'a,2024-01-05,"x, y",100\r\na,2024-02-05,,20.50\r\nb,2024-01-05,,0.00\r\nc,2024-03-01,"says ""hi""",30\r\nc,2024-03-02,,-5.50\r\n,2024-03-03,,7\r\n' >>"$T_DIR/log.csv"
sh "$demo" --orders "$T_DIR/log.csv" --member 'Member, no' --at Day --amount 'Net amount' >"$T_DIR/log.txt"
same 'reports of the log' "$(grep -c '^[0-9]*\. ' "$T_DIR/log.txt")" "$(grep -c '^[0-9]*\. ' "$T_DIR/shop.txt")"
same 'net spend of the log' "$(sed -n '/^1\. /,/^2\. /p' "$T_DIR/log.txt" | grep -c ' 145\.00 ')" 1

# what is wrong is said before anything is made
same 'no such file' "$(sh "$demo" --orders "$T_DIR/none.csv" --member a --at b --amount c >/dev/null 2>&1 || echo refused)" refused
same 'no such column' "$(sh "$demo" --orders "$T_DIR/log.csv" --member a --at Day --amount 'Net amount' >/dev/null 2>&1 || echo refused)" refused
finish
