#!/bin/sh
# t/memory.sh
# No call leaves memory behind in the session, and the query functions keep to theirs.
#
# Contexts that live as long as the session are counted before and after many
# calls and many errors of every function; the peak of a backend (VmHWM) is
# read in sessions of their own.
. "$(dirname -- "$0")/lib.sh"
db=crm_t_memory
make_db $db
P $db -c 'CREATE EXTENSION crm_member' -c "ALTER DATABASE $db SET search_path = public, crm_member"
P $db -c "SELECT pg_read_file('/proc/self/status')" >/dev/null 2>&1 || skip 'the server cannot read /proc/self/status'

# --- leaks: each statement of the lists until the numbers have settled, then many times ---
P $db >"$T_DIR/leaks" <<'SQL'
CREATE TABLE o AS SELECT g % 50 AS member, date '2024-01-01' + g % 300 AS day, (g % 1000) / 100.0 AS amount FROM generate_series(1, 500) AS g;
CREATE TABLE call (nr serial, rows boolean, statement text);
-- a thousand calls in one statement
INSERT INTO call (rows, statement) SELECT true, format('SELECT count(%s) FROM generate_series(1, 1000) AS g', e) FROM unnest(ARRAY[
  $$'{2024-01-05:1:35.00,2024-02-01:2:120.50}'::text::purchase_history$$, $$h(g)::text$$, $$purchase_history_send(h(g))$$,
  $$h(g) = h(g + 1)$$, $$h(g) <> h(g)$$, $$purchase_history_hash(h(g))$$, $$purchase_history_hash_extended(h(g), g)$$,
  $$h(g) + h(g + 1)$$, $$h(g) - h(g)$$, $$between_days(h(g), '2024-01-01', '2024-01-31')$$, $$order_count(h(g))$$, $$active_days(h(g))$$,
  $$net_spend(h(g))$$, $$first_day(h(g))$$, $$last_day(h(g))$$, $$median_gap(h(g))$$, $$(SELECT count(*) FROM purchase_days(h(g)))$$,
  $$'545'::text::rfm$$, $$'545'::rfm::text$$, $$rfm_segment('545', 5 + g % 5)$$, $$rfm_segment_name('Champions', 'zh')$$, $$rfm_octant_name('111', 'en')$$,
  $$lifecycle_status('2024-01-01', date '2024-02-01' + g)$$, $$lifecycle_status_name('never')$$, $$value_grade(g, g)$$, $$margin(g, 1)$$,
  $$clv(1, 2, g, 3.5, 0.1)$$, $$split_amount(g, ARRAY[1, g, 0.5])$$, $$rfm_with_cuts(g, g, g, ARRAY[10, 20 + g % 7], '{1,2}', '{1,2}')$$,
  $$tier_for('{"spend": 5}', format('{"tiers": [{"code": "a", "rank": 1, "when": {"spend": %s}}]}', g % 3)::jsonb)$$, $$ladder_metrics('{"tiers": [{"code": "a", "rank": 1, "when": {"spend": 1}}]}')$$]) AS e;
INSERT INTO call (rows, statement) SELECT true, s FROM unnest(ARRAY[
  $$SELECT count(purchase_history(day, amount)) OVER (), purchase_history_merge(purchase_history(day, amount)) OVER () FROM o GROUP BY member$$,
  $$SELECT purchase_history(day, amount) OVER (ORDER BY day, member) FROM o$$,
  $$SELECT gini(amount), rfm_cuts(day, member, amount, '2024-12-31', 5) FROM o GROUP BY member$$,
  $$SELECT rfm_score(day, member, amount) OVER (PARTITION BY member), rfm_octant(day, member, amount) OVER (), abc_class(amount) OVER () FROM o$$,
  $$SELECT rfm_score(h(member), '2024-06-01') OVER () FROM o$$,
  $$SELECT * FROM crm_version()$$,
  $$SELECT * FROM histories('TABLE public.o')$$,
  $$SELECT * FROM histories('SELECT member::text, day, amount FROM public.o', NULL::text)$$,
  $$SELECT * FROM histories('SELECT member, day + time ''12:00'' AT TIME ZONE ''UTC'', amount FROM public.o', time_zone => 'Asia/Shanghai')$$,
  $$SELECT * FROM rfm_scores('TABLE public.o', '2024-12-31')$$,
  $$SELECT * FROM rfm_scores('SELECT md5(member::text)::uuid, day, amount FROM public.o', '2024-12-31', NULL::uuid)$$,
  $$SELECT * FROM cohorts('TABLE public.o', '2024-12-31')$$,
  $$SELECT count(*) FROM pair_rules('SELECT day, member FROM (SELECT day - date ''2000-01-01'' AS day, member FROM public.o) AS q', 1)$$,
  $$SELECT count(*) FROM pair_rules('SELECT member, day::text FROM public.o', NULL::text, 1)$$,
  $$SELECT count(*) FROM rfm_scores('SELECT g, date ''2024-01-01'', 1 FROM generate_series(1, 20000) AS g', '2024-12-31')$$]) AS s;
INSERT INTO call (rows, statement) SELECT false, s FROM unnest(ARRAY[
  $$SELECT '{2024-01-05:1'::purchase_history$$, $$SELECT '{2024-01-05:1:1}'::purchase_history - '{2024-01-05:2:1}'$$, $$SELECT '5'::rfm$$,
  $$SELECT purchase_history('2024-01-01', 'NaN')$$, $$SELECT purchase_history(day, amount * 1e15) FROM o$$, $$SELECT gini('NaN')$$,
  $$SELECT rfm_score(day, member, amount, 99) OVER () FROM o$$, $$SELECT rfm_score(day, member, amount * 1e18) OVER () FROM o$$,
  $$SELECT abc_class(amount, '{2}') OVER () FROM o$$, $$SELECT rfm_with_cuts(1, 1, 1, '{2,1}', '{1,2}', '{1,2}')$$, $$SELECT clv(1, 1, 1, -1)$$,
  $$SELECT split_amount(1, '{-1}')$$, $$SELECT value_grade(1, 1, '{}')$$, $$SELECT rfm_octant_name('9')$$, $$SELECT lifecycle_status('infinity', '2024-01-01')$$,
  $$SELECT tier_for('{}', '{"tiers": [{"code": "a", "rank": 1, "when": {"spend": 1}}]}')$$, $$SELECT ladder_metrics('{"tiers": [1]}')$$,
  $$SELECT * FROM histories('SELECT 1')$$, $$SELECT * FROM histories('no SQL')$$, $$SELECT * FROM histories('TABLE nowhere')$$,
  $$SELECT * FROM histories('SELECT member, day, 1 / (member - 49) FROM public.o')$$, $$SELECT * FROM rfm_scores('TABLE public.o', NULL)$$,
  $$SELECT * FROM rfm_scores('SELECT g, date ''2024-01-01'', 1 / (g - 20000) FROM generate_series(1, 20000) AS g', '2024-12-31')$$,
  $$SELECT * FROM cohorts('SELECT true, now()', '2024-01-01')$$, $$SELECT * FROM pair_rules('SELECT true, 1')$$, $$SELECT * FROM pair_rules('SELECT g, 1 / (g - 9000) FROM generate_series(1, 20000) AS g')$$, $$SELECT * FROM histories('SELECT 1, now(), 1', time_zone => 'nowhere')$$]) AS s;
CREATE FUNCTION h(bigint) RETURNS purchase_history LANGUAGE sql IMMUTABLE
RETURN (ARRAY['{2024-01-05:1:35.00,2024-02-01:2:120.50}', '{2023-01-05:0:-35.00,2024-02-01:2:120.5,2024-02-02:1:1}']::crm_member.purchase_history[])[1 + $1 % 2];
CREATE PROCEDURE run(c call, times integer) LANGUAGE plpgsql AS $$
DECLARE
  failed boolean;
BEGIN
  FOR i IN 1 .. times LOOP
    failed := false;
    BEGIN
      EXECUTE c.statement;
    EXCEPTION WHEN OTHERS THEN
      failed := true;
    END;
    IF failed = c.rows THEN RAISE EXCEPTION 'failed: %, %', failed, c.statement; END IF;
  END LOOP;
END $$;
CREATE FUNCTION kept() RETURNS bigint LANGUAGE sql AS
$$ SELECT sum(used_bytes)::bigint FROM pg_backend_memory_contexts WHERE name IN ('TopMemoryContext', 'CacheMemoryContext') OR name ~ '^(crm_member|rfm|abc|gini)' $$;
SET work_mem = '64kB';
DO $$ DECLARE c call; before bigint; grown bigint; BEGIN
  FOR c IN SELECT * FROM call ORDER BY nr LOOP
    CALL run(c, 3);
    before := kept();
    CALL run(c, CASE WHEN c.rows THEN 60 ELSE 450 END);
    grown := kept() - before;
    IF grown > 16384 THEN RAISE WARNING '% bytes kept by %', grown, c.statement; END IF;
  END LOOP;
END $$;
SELECT kept() AS before \gset
DO $$ DECLARE c call; BEGIN FOR c IN SELECT * FROM call ORDER BY nr LOOP CALL run(c, 20); END LOOP; END $$;
SELECT CASE WHEN kept() - :before > 65536 THEN 'all together: ' || (kept() - :before) || ' bytes' END;
SQL
same 'leaks' "$(grep -v '^$' "$T_DIR/leaks" || :)" ''

# --- peaks: kB above that of the same session before; a small call first loads code and catalogs ---
peak() { # SMALL STATEMENT [SETTINGS]
	hwm="SELECT substring(pg_read_file('/proc/self/status') FROM 'VmHWM:\\s+(\\d+)')::integer AS before"
	P $db -c "SET jit = off; SET max_parallel_workers_per_gather = 0; ${3:-}" -c "$1" -c "$hwm" -c "$2" -c "$hwm" >"$T_DIR/peak"
	awk 'NF { v[++n] = $1 } END { print v[n] - v[n - 2] }' "$T_DIR/peak"
}
# rfm_scores at work_mem 4MB: its own 8 MB (hash_mem_multiplier 2) and the 4 MB of the rows returned, whatever the members
scores() { # MEMBERS
	peak "SELECT count(*) FROM rfm_scores('SELECT g, date ''2024-01-01'', 1.5 FROM generate_series(1, 1000) AS g', '2024-12-31')" \
		"SELECT count(*) FROM rfm_scores('SELECT g % $1, date ''2024-01-01'' + g % 100, 1.5 FROM (SELECT generate_series(1, $1 * 2) AS g) AS s', '2024-12-31')" \
		"SET work_mem = '4MB'; SET hash_mem_multiplier = 2"
}
one=$(scores 250000) two=$(scores 500000) four=$(scores 1000000)
echo "rfm_scores: $one, $two, $four kB"
for kb in "$one" "$two" "$four"; do
	[ "$kb" -le 24576 ] || same 'rfm_scores over more members' "$kb kB" 'at most 24 MB'
done
[ "$four" -le $((one + one / 4 + 2048)) ] || same 'rfm_scores over four times the members' "$four kB" "hardly more than $one"

# a million rows of one member on a thousand days: the days count, not the rows
kb=$(peak "SELECT order_count(purchase_history(date '2024-01-01' + g % 10, 1)) FROM (SELECT generate_series(1, 100) AS g) AS s" \
	"SELECT order_count(purchase_history(date '2021-01-01' + g % 1000, 1.5)) FROM (SELECT generate_series(1, 1000000) AS g) AS s")
echo "one group: $kb kB"
[ "$kb" -le 4096 ] || same 'one group of a million rows on a thousand days' "$kb kB" 'at most 4 MB'

# groups of twelve rows: memory as the groups
groups() { # GROUPS
	peak "SELECT count(h) FROM (SELECT purchase_history(date '2021-01-01' + g % 50, 1.5) AS h FROM (SELECT generate_series(1, 1000) AS g) AS s GROUP BY g % 10) AS q" \
		"SELECT count(h) FROM (SELECT purchase_history(date '2021-01-01' + g % 1013, 1.5) AS h FROM (SELECT generate_series(1, $1 * 12) AS g) AS s GROUP BY g % $1) AS q" \
		"SET work_mem = '1GB'; SET enable_sort = off"
}
one=$(groups 50000) four=$(groups 200000)
echo "groups: $one, $four kB"
[ "$four" -le $((one * 5)) ] || same 'four times the groups' "$four kB" "about four times $one"
[ $((four * 1024 / 200000)) -le 700 ] || same 'a group of twelve rows' "$((four * 1024 / 200000)) bytes" 'at most 700'
finish
