#!/bin/sh
# t/ledger_races.sh
# Many sessions on the same accounts: what is there is spent once, opposite transfers end, expiry and tiers meet redemptions, one request is one.
. "$(dirname -- "$0")/lib.sh"
[ -x "$CRM_BINDIR/pgbench" ] || skip 'pgbench is not installed'
db=crm_t_races
make_db $db
P $db >"$T_DIR/made" <<'SQL'
SET client_min_messages = warning;
CREATE EXTENSION crm_member;
SELECT crm_member.create_crm('crm');
INSERT INTO crm.member (member_no, joined_at) SELECT 'm' || g, '2024-01-01' FROM generate_series(1, 20) AS g;
-- what a session was answered, or refused with
CREATE FUNCTION try(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE statement;
  RETURN 'done';
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE;
END
$$;
CREATE TABLE answer (what text, id text, answer text);
SQL
# crowd CLIENTS TIMES WHAT STATEMENT: each of them runs the statement that often, at the same time; # is the client, @ a number by chance, ~ counts the runs
crowd() {
	printf '%s\n' '\set n random(1, 1000000000)' '\set step :step + 1' "INSERT INTO answer SELECT '$3', :client_id || '-' || :n, try(replace(replace(replace(\$q\$$4\$q\$, '#', (:client_id)::text), '@', (:n)::text), '~', (:step)::text));" >"$T_DIR/crowd.sql"
	"$CRM_BINDIR/pgbench" -n -D step=0 -c "$1" -j 2 -t "$2" -f "$T_DIR/crowd.sql" $db >"$T_DIR/crowd.log" 2>&1 || { cat "$T_DIR/crowd.log"; bad=1; }
}
answers() { P $db -c "SELECT string_agg(x, ' ' ORDER BY x COLLATE \"C\") FROM (SELECT answer || ' ' || count(*) AS x FROM answer WHERE what = '$1' GROUP BY answer) AS a"; }

# ten redemptions of 30 from 100: three succeed, whatever the order
round=1
while [ $round -le 5 ]; do
	P $db -c "SELECT FROM crm.points_grant($round, 100, 'grant-$round', expires_at => 'infinity')"
	crowd 10 1 "ten-$round" "SELECT FROM crm.points_redeem($round, 30, 'ten-$round-#')"
	same "ten redemptions, round $round" "$(answers ten-$round)" 'CR001 7 done 3'
	same "what is left, round $round" "$(P $db -c "SELECT balance FROM crm.account WHERE member_id = $round AND asset_id = 1")" 10
	round=$((round + 1))
done

# one request from ten sessions: one event, one answer
crowd 10 1 one "SELECT FROM crm.points_accrue(6, 30, 'one request')"
same 'one request' "$(answers one)" 'done 10'
same 'one event' "$(P $db -c "SELECT count(*), sum(balance) FROM crm.ledger_event AS e, crm.account AS a WHERE e.request_id = 'one request' AND a.member_id = 6 AND a.asset_id = 1")" '1|30'
# the first accrual of a member, from ten sessions: one account of each kind
crowd 10 1 first "SELECT FROM crm.points_accrue(7, 5, 'first-#')"
same 'first accruals' "$(answers first)" 'done 10'
same 'first accounts' "$(P $db -c "SELECT string_agg(asset_id || ':' || balance, ' ' ORDER BY asset_id) FROM crm.account WHERE member_id = 7")" '1:50 2:50'

# opposite transfers among ten members: no deadlock, nothing made or lost
P $db -c "SELECT count(*) FROM generate_series(11, 20) AS m, LATERAL crm.points_grant(m, 1000, 'g-' || m, expires_at => 'infinity')" >/dev/null
crowd 8 100 move "SELECT FROM crm.points_transfer(11 + @ % 10, 11 + @ / 10 % 10, 1 + @ / 100 % 50, 'move-#-@')"
same 'deadlocks of transfers' "$(P $db -c "SELECT count(*) FROM answer WHERE what = 'move' AND answer LIKE '40%'")" 0
same 'sum after transfers' "$(P $db -c "SELECT sum(balance) FROM crm.account WHERE member_id > 10 AND asset_id = 1")" 10000
# sales that lift a tier, accruals, redemptions, expiry and reviews at once
crowd 8 60 mixed "SELECT CASE @ % 5 WHEN 0 THEN (SELECT count(*) FROM crm.points_redeem(11 + @ % 7, 20, 'mix-#-@'))
  WHEN 1 THEN (SELECT count(*) FROM crm.sale_record('mix-#-@', '[{\"list_amount\": 900}]', '[{\"kind\": \"cash\", \"amount\": 900}]', 11 + @ % 7))
  WHEN 2 THEN (SELECT count(*) FROM crm.points_expire(max_members => 3)) WHEN 3 THEN crm.tier_review() ELSE (SELECT count(*) FROM crm.points_accrue(11 + @ % 7, 15, 'mix-#-@')) END"
same 'answers of the mix' "$(P $db -c "SELECT string_agg(DISTINCT answer, ' ') FROM answer WHERE what = 'mixed' AND answer NOT IN ('done', 'CR001')")" ''
# members with points and no growth yet or the other way round, all clients at the same member: whoever opens an account keeps the order of assets
P $db -c "INSERT INTO crm.member (id, member_no, joined_at) SELECT 1000 + g, 'n' || g, '2024-01-01' FROM generate_series(1, 150) AS g" \
	-c "SELECT count(*) FROM generate_series(1001, 1150) AS m, LATERAL crm.points_grant(m, 1000, 'o-' || m, expires_at => 'infinity', asset => CASE WHEN m % 3 = 0 THEN 'growth' ELSE 'points' END)" >/dev/null
crowd 6 150 open "SELECT CASE # % 2 WHEN 0 THEN (SELECT count(*) FROM crm.sale_record('open-#-~', '[{\"list_amount\": 9}]', '[{\"kind\": \"cash\", \"amount\": 9}]', 1000 + ~))
  ELSE (SELECT count(*) FROM crm.points_accrue(1000 + ~, 15, 'open-#-~')) END"
same 'first growth' "$(answers open)" 'done 900'
same 'the book' "$(P $db -c "SELECT string_agg(check_name || ': ' || detail, '; ') FROM crm_member.check_crm('crm') WHERE NOT ok")" ''
finish
