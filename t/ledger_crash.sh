#!/bin/sh
# t/ledger_crash.sh
# The books after kill -9 of the whole server under load, five times, and after random cancels: every invariant, every index.
#
# Eight clients earn, spend, transfer, sell and refund among a hundred members.
# What a client was told is there after the crash: the answers are compared with the books.
. "$(dirname -- "$0")/lib.sh"
[ -x "$CRM_BINDIR/pgbench" ] || skip 'pgbench is not installed'

own_cluster books 'max_connections = 60' 'shared_buffers = 64MB' 'checkpoint_timeout = 30s' 'autovacuum_naptime = 1s' 'restart_after_crash = off'
dir=$T_DIR/books
at books createdb crm
at books P crm >"$T_DIR/made" <<'SQL'
CREATE EXTENSION crm_member;
SELECT crm_member.create_crm('crm');
INSERT INTO crm.member (member_no, joined_at) SELECT 'm' || g, '2024-01-01' FROM generate_series(1, 100) AS g;
SELECT count(*) FROM generate_series(1, 100) AS g, LATERAL crm.points_grant(g, 500, 'first-' || g, '2024-01-02');
CREATE TABLE told (request_id text PRIMARY KEY);
CREATE FUNCTION act(what integer, a bigint, b bigint, n bigint, r text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF what <= 3 THEN PERFORM crm.points_accrue(a, n, r);
  ELSIF what <= 6 THEN PERFORM crm.points_redeem(a, n, r);
  ELSIF what = 7 AND a <> b THEN PERFORM crm.points_transfer(a, b, n, r);
  ELSIF what = 8 THEN PERFORM crm.points_expire('2024-06-01', 5);
  ELSIF what = 9 THEN PERFORM crm.sale_refund(r, (SELECT s.id FROM crm.sale AS s WHERE s.source_id = 0 AND s.refund_of_id IS NULL AND s.member_id = a AND s.net_spend > 0
                                                  AND NOT EXISTS (SELECT FROM crm.sale AS k WHERE k.refund_of_id = s.id) LIMIT 1));
  ELSE PERFORM crm.sale_record(r, format('[{"list_amount": %s}]', n)::jsonb, format('[{"kind": "cash", "amount": %s}]', n)::jsonb, member_id => a);
  END IF;
EXCEPTION WHEN SQLSTATE 'CR001' OR SQLSTATE 'CR006' OR deadlock_detected THEN
  NULL;
END
$$;
SQL
cat >"$T_DIR/act.sql" <<'SQL'
\set what random(1, 12)
\set a random(1, 100)
\set b random(1, 100)
\set n random(1, 60)
\set r random(1, 9000000000000)
SELECT act(:what, :a, :b, :n, :r::text || '-' || :client_id);
SQL
bad_checks() { at books P crm -c "SELECT string_agg(check_name || ': ' || detail, '; ') FROM crm_member.check_crm('crm') WHERE NOT ok"; }
# what the server told a client before it died: one request a transaction, noted by the client
tell() {
	i=0
	while at books P crm -c "SELECT points FROM crm.points_accrue(1 + $i % 100, 1, 'told-$1-$i')" >/dev/null 2>&1; do
		echo "told-$1-$i" >>"$T_DIR/told"
		i=$((i + 1))
	done
}

: >"$T_DIR/told"
round=1
while [ $round -le 5 ]; do
	at books "$CRM_BINDIR/pgbench" -n -c 8 -j 2 -T 30 -f "$T_DIR/act.sql" crm >"$T_DIR/bench.$round" 2>&1 &
	load=$!
	tell $round &
	teller=$!
	sleep $((1 + round % 2))
	master=$(head -n 1 "$dir/postmaster.pid")
	# all of them at once, as when the machine goes
	# shellcheck disable=SC2046
	kill -9 "$master" $(ps -o pid= --ppid "$master") 2>/dev/null || :
	# and one that was being born: it would wait for locks of the dead
	for p in /proc/[0-9]*; do
		[ "$(readlink "$p/cwd" 2>/dev/null)" != "$dir" ] || kill -9 "${p#/proc/}" 2>/dev/null || :
	done
	wait "$load" "$teller" 2>/dev/null || :
	while [ -n "$(ps -o pid= --ppid "$master")" ]; do sleep 0.1; done
	rm -f "$dir/postmaster.pid" "$dir.sock"/.s.*
	"$CRM_BINDIR/pg_ctl" -D "$dir" -l "$dir.log" -w -t 60 start >/dev/null || { tail -n 20 "$dir.log"; exit 1; }
	same "invariants after crash $round" "$(bad_checks)" ''
	round=$((round + 1))
done
same 'clients that were cut off' "$(grep -c 'number of transactions actually processed: [1-9]' "$T_DIR"/bench.* | grep -c ':0$')" 0
at books P crm -c 'COPY told FROM STDIN' <"$T_DIR/told"
same 'requests that were answered and are not in the books' "$(at books P crm -c 'SELECT count(*) FROM told AS t WHERE NOT EXISTS (SELECT FROM crm.ledger_event AS e WHERE e.request_id = t.request_id)')" 0
same 'some were answered' "$(at books P crm -c 'SELECT count(*) > 5 FROM told')" t
if [ -x "$CRM_BINDIR/pg_amcheck" ] && at books P crm -c 'CREATE EXTENSION IF NOT EXISTS amcheck' >/dev/null; then
	same 'pg_amcheck' "$(at books "$CRM_BINDIR/pg_amcheck" --heapallindexed -d crm 2>&1)" ''
fi

# --- transfers in both directions, and sales of two members in any order: none waits for one that waits for it ---
at books P crm >/dev/null <<'SQL'
CREATE FUNCTION cross_over(a bigint, b bigint, r text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF a = b THEN RETURN; END IF;
  PERFORM crm.points_transfer(a, b, 1, r);
  INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES (r || 'x', b, now(), 1), (r || 'y', a, now(), 1);
EXCEPTION WHEN SQLSTATE 'CR001' THEN
  NULL;
END
$$;
SQL
printf '%s\n' '\set a random(1, 4)' '\set b random(1, 4)' '\set r random(1, 9000000000000)' "SELECT cross_over(:a, :b, :r::text || '-' || :client_id);" >"$T_DIR/cross.sql"
at books "$CRM_BINDIR/pgbench" -n -c 8 -j 2 -T 4 --failures-detailed -f "$T_DIR/cross.sql" crm >"$T_DIR/cross" 2>&1 || { bad=1; tail -n 3 "$T_DIR/cross"; }
same 'deadlocks of opposite transfers' "$(sed -n 's/^number of deadlock failures: \([0-9]*\).*/\1/p' "$T_DIR/cross")" 0
same 'transfers were made' "$(sed -n 's/^number of transactions actually processed: \([0-9]*\).*/\1/p' "$T_DIR/cross" | awk '{ print ($1 > 50) }')" 1
same 'invariants after transfers' "$(bad_checks)" ''

# --- cancels and terminations at random ---
n=0
while [ $n -lt 8 ]; do
	(
		k=0
		while [ $k -lt 200 ]; do
			echo "SELECT act(1 + (random() * 11)::int, 1 + (random() * 99)::int, 1 + (random() * 99)::int, 1 + (random() * 59)::int, 'c-$n-$k');"
			k=$((k + 1))
		done >"$T_DIR/cancel.$n"
		PGAPPNAME=victim at books psql -XAtq -d crm -f "$T_DIR/cancel.$n" >/dev/null 2>"$T_DIR/cancel.$n.err" || :
	) &
	n=$((n + 1))
done
at books P crm -c "SET client_min_messages = error" -c "DO \$\$ BEGIN FOR i IN 1 .. 300 LOOP
	PERFORM pg_stat_clear_snapshot();
	PERFORM CASE WHEN random() < 0.95 THEN pg_cancel_backend(a.pid) ELSE pg_terminate_backend(a.pid) END
	FROM pg_stat_activity AS a WHERE a.application_name = 'victim' AND a.state = 'active' AND random() < 0.3;
	PERFORM pg_sleep(0.01); END LOOP; END \$\$"
wait
same 'some were cancelled' "$(cat "$T_DIR"/cancel.*.err | grep -c 'canceling statement\|terminating connection' | awk '{ print ($1 > 5) }')" 1
same 'invariants after cancels' "$(bad_checks)" ''
same 'deadlocks of anything' "$(at books P crm -c "SELECT deadlocks FROM pg_stat_database WHERE datname = 'crm'")" 0
same 'locks left behind' "$(at books P crm -c "SELECT count(*) FROM pg_locks WHERE pid <> pg_backend_pid() AND locktype <> 'virtualxid' AND pid IN (SELECT pid FROM pg_stat_activity WHERE application_name = 'victim')")" 0
same 'errors that are not cancels' "$(cat "$T_DIR"/cancel.*.err | grep -E 'ERROR|FATAL' | grep -v 'canceling statement\|terminating connection')" ''
finish
