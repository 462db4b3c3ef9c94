#!/bin/sh
# t/cancel.sh
# Every long call ends within a second of its timeout, and nothing of it stays behind.
#
# The worst input for each function that can run long, first with a timeout in
# the middle of endless input, then at points spread over the whole of a call
# that ends, so that spilling, folding of parts, cut points and the return of
# rows are each hit.  The server must be the same one afterwards, without
# temporary files.
. "$(dirname -- "$0")/lib.sh"
db=crm_t_cancel
make_db $db
P $db -c 'CREATE EXTENSION crm_member' -c "ALTER DATABASE $db SET search_path = public, crm_member"
started=$(P $db -c 'SELECT pg_postmaster_start_time()')
now() { date +%s%3N; }

# ends TIMEOUT_MS WHAT STATEMENT [OPTIONS]: 57014 or an answer, in time
ends() {
	e_began=$(now)
	e_said=$(PGOPTIONS="-c statement_timeout=$1 -c work_mem=64kB ${4:-}" P $db -c "$3" | tail -n 1) || :
	e_took=$(($(now) - e_began))
	if [ "$e_took" -gt $(($1 + 1000)) ]; then same "$2 with $1 ms" "ended after $e_took ms" 'an end within a second'; fi
}
# cancelled WHAT STATEMENT [OPTIONS]: the same of a call that cannot have ended by itself
cancelled() {
	ends 500 "$@"
	same "$1" "$e_said" 'ERROR:  57014'
}
nothing_left() {
	same "temporary files after $1" "$(P $db -c 'SELECT count(*) FROM pg_ls_tmpdir()')" 0
}

# --- endless input ---
rows="SELECT g::bigint, date ''2010-01-01'' + g % 5000, g / 100.0 FROM generate_series(1, 1000000000) AS g"
texts="SELECT repeat(''member '', 20) || g, date ''2010-01-01'' + g % 5000, g / 100.0 FROM generate_series(1, 1000000000) AS g"
one="SELECT 1, date ''0001-01-01'' + (g * 7919 % 3652059)::integer, 1 FROM generate_series(1, 1000000000::bigint) AS g"
for f in histories rfm_scores cohorts; do
	as_of=
	[ $f = histories ] || as_of=", '2030-01-01'"
	cancelled "$f" "SELECT count(*) FROM $f('$rows'$as_of)" '-c work_mem=64MB'
	cancelled "$f, spilling" "SELECT count(*) FROM $f('$rows'$as_of)"
	cancelled "$f, one member" "SELECT count(*) FROM $f('$one'$as_of)"
	cancelled "$f, a filter that lets nothing through" "SELECT count(*) FROM $f('SELECT * FROM ($rows) AS q (a, b, c) WHERE c < 0'$as_of)"
done
cancelled 'histories of texts' "SELECT count(*) FROM histories('$texts', NULL::text)"
cancelled 'rfm_scores of texts' "SELECT count(*) FROM rfm_scores('$texts', '2030-01-01', NULL::text)"
cancelled 'cohorts with thousands of years' "SELECT count(*) FROM cohorts('SELECT g % 1000, date ''0001-01-01'' + (g * 7919 % 3652059)::integer FROM generate_series(1, 1000000000::bigint) AS g', '9999-12-31')"
cancelled 'pair_rules' "SELECT count(*) FROM pair_rules('SELECT g / 50, g * 7919 % 5000 FROM generate_series(1, 1000000000::bigint) AS g')" '-c maintenance_work_mem=2GB'
g='FROM (SELECT generate_series(1, 1000000000::bigint) AS g) AS s'
cancelled 'purchase_history, one group' "SELECT purchase_history(date '0001-01-01' + (g * 7919 % 3652059)::integer, g) $g"
cancelled 'purchase_history_merge, one group' "SELECT purchase_history_merge('{2024-01-01:1:1,2024-02-01:1:1}') $g"
cancelled 'gini' "SELECT gini(g) $g"
cancelled 'rfm_cuts' "SELECT rfm_cuts(date '2010-01-01' + (g % 5000)::integer, g, g, '2030-01-01', 5) $g"
cancelled 'rfm_score' "SELECT rfm_score(date '2010-01-01' + (g % 5000)::integer, g, g) OVER () $g LIMIT 1"
cancelled 'rfm_score of histories' "SELECT rfm_score('{2024-01-01:1:1}'::purchase_history) OVER () $g LIMIT 1"
cancelled 'rfm_octant' "SELECT rfm_octant(date '2010-01-01' + (g % 5000)::integer, g, g) OVER () $g LIMIT 1"
cancelled 'abc_class' "SELECT abc_class(g) OVER () $g LIMIT 1"
# 18 multiplies fast enough to answer in time
ends 500 'clv' "SELECT clv(0, 0, 1e100000, 1000, ('0.' || repeat('3', 16000))::numeric)"
nothing_left 'endless input'

# --- in the middle of every phase: all of it takes no more than a few seconds here ---
P $db >/dev/null <<'SQL'
CREATE TABLE members AS
SELECT g * 7919 % 100003 AS id, date '2010-01-01' + (g * 31 % 5000)::integer AS day, (g * 13 % 100000) / 100.0 AS amount
FROM generate_series(1, 600000::bigint) AS g;
ANALYZE members;
SQL
phases() { # WHAT STATEMENT [OPTIONS]
	ends 60000 "$@"
	p_whole=$e_took
	for tenth in 1 3 5 7 9; do ends $((p_whole * tenth / 10 + 1)) "$@"; done
	nothing_left "$1"
}
phases 'histories' "SELECT count(*) FROM histories('TABLE members')"
phases 'rfm_scores' "SELECT count(*) FROM rfm_scores('TABLE members', '2030-01-01')"
phases 'rfm_scores of texts' "SELECT count(*) FROM rfm_scores('SELECT id::text, day, amount FROM members', '2030-01-01', NULL::text)"
phases 'cohorts' "SELECT count(*) FROM cohorts('TABLE members', '2030-01-01')"
phases 'pair_rules' "SELECT count(*) FROM pair_rules('SELECT id / 60, id * 31 % 3000 FROM members', 1)"
phases 'pair_rules of texts' "SELECT count(*) FROM pair_rules('SELECT (id / 60)::text, (id * 31 % 3000)::text FROM members', NULL::text, 1)"
phases 'rfm_score' "SELECT count(s) FROM (SELECT rfm_score(day, id, amount) OVER () AS s FROM members) AS q"
phases 'abc_class' "SELECT count(c) FROM (SELECT abc_class(amount) OVER () AS c FROM members) AS q"
phases 'the widest history, and its text' "SELECT length(h::text), (SELECT count(*) FROM purchase_days(h)) FROM (SELECT purchase_history(date '0001-01-01' + (g * 7919 % 3652059)::integer, g) AS h FROM (SELECT generate_series(1, 500000::bigint) AS g) AS s) AS q"

# --- temporary files of calls that do not come to their end ---
same 'an error while rows are spilled' "$(P $db -c 'SET work_mem = "64kB"' -c "SELECT count(*) FROM rfm_scores('SELECT id, day, 1 / (id - 100002) FROM members', '2030-01-01')" || :)" 'ERROR:  22012'
nothing_left 'an error'
same 'an error that is caught, again and again' "$(P $db <<'SQL'
SET work_mem = '64kB';
DO $$
BEGIN
  FOR i IN 1 .. 5 LOOP
    BEGIN
      PERFORM count(*) FROM crm_member.histories('SELECT id, day, CASE WHEN id < 100000 THEN amount ELSE ''NaN'' END FROM public.members');
      RAISE 'no error';
    EXCEPTION WHEN numeric_value_out_of_range THEN NULL;
    END;
  END LOOP;
END $$;
SELECT count(*) FROM pg_ls_tmpdir();
SQL
)" 0
same 'the first row alone' "$(P $db -c 'SET work_mem = "64kB"' -c "SELECT count(*) FROM (SELECT FROM rfm_scores('TABLE members', '2030-01-01') LIMIT 1) AS q" -c 'SELECT count(*) FROM pg_ls_tmpdir()' | tr '\n' ' ')" '1 0 '
same 'a cursor closed after two rows' "$(P $db -c 'SET work_mem = "64kB"; BEGIN' -c "DECLARE c CURSOR FOR SELECT 1 FROM rfm_scores('TABLE members', '2030-01-01')" -c 'FETCH 2 FROM c' -c 'CLOSE c' -c 'SELECT count(*) FROM pg_ls_tmpdir()' -c 'COMMIT' | tr '\n' ' ')" '1 1 0 '

same 'the server has been up all the time' "$(P $db -c 'SELECT pg_postmaster_start_time()')" "$started"
finish
