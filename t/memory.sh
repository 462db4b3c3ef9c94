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
CREATE SEQUENCE nr;
SELECT create_crm('crm') \g /dev/null
INSERT INTO crm.member (member_no, joined_at) SELECT 'm' || g, '2024-01-01' FROM generate_series(1, 3) AS g;
SELECT count(*) FROM generate_series(1, 3) AS g, LATERAL crm.points_grant(g, 100000, 'first-' || g) \g /dev/null
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
  $$'545'::rfm < '111'$$, $$'545'::rfm <= '111'$$, $$'545'::rfm > '111'$$, $$'545'::rfm >= '111'$$, $$'545'::rfm <> '111'$$, $$rfm_cmp('545', '111')$$, $$rfm_hash('545')$$, $$rfm_hash_extended('545', g)$$,
  $$rfm_send('545')$$, $$r_score('545') + f_score('545') + m_score('545')$$,
  $$name_fold('Wáng ' || g)$$, $$name_key('王小明' || g)$$, $$name_pinyin('单小明')$$, $$name_initials('单小明')$$, $$mask_name('王小明')$$, $$mask_phone('13812345678')$$, $$mask_email('ann@example.com')$$,
  $$mask_id_no('11010519491231002X')$$, $$resident_id_valid('11010519491231002X')$$, $$phone_e164('1381234' || lpad(g::text, 4, '0'))$$, $$email_key(g || '@Example.com')$$, $$luhn_append(g::text)$$, $$luhn_valid(g::text)$$,
  $$read_amount(g || ',000.50')$$, $$read_day('2024-01-0' || 1 + g % 9)$$, $$read_instant('2024-01-01 10:00', 'Asia/Shanghai')$$, $$format_money(g)$$,
  $$(SELECT day FROM lunar_of(date '2000-01-01' + g))$$, $$lunar_to_day(2024, 1 + g % 12, 1)$$, $$birthday_in(2024, '1990-02-03', 'lunar')$$,
  $$check_predicate('amount > 5 AND sex = ''x''', '{amount,sex}', '{numeric,text}')$$, $$is_predicate('amount > ' || g, '{amount}')$$, $$predicate_columns('amount > 5 OR sex IS NULL', '{amount,sex}')$$,
  $$clv_model('nbd', '{0.4, 12}')::text::clv_model$$, $$clv_model_send(m())$$, $$clv_model(m()::jsonb)$$, $$clv_to_jsonb(m())$$, $$clv_params(m())$$, $$clv_spend_params(m())$$, $$clv_standard_errors(m())$$, $$clv_log_likelihood(m())$$,
  $$clv_name(m()) || clv_status(m())$$, $$(SELECT x FROM clv_summary(h(g), '2024-06-01'))$$, $$(SELECT value FROM clv_predict(m(), h(g), date '2024-06-01' + g % 3, '1 year', 0.1))$$, $$p_alive(m(), 1 + g % 5, 3, 9)$$,
  $$expected_orders(m(), 2, 3, 9, '1 year')$$, $$expected_orders_new(m(), '1 year')$$, $$discounted_expected_orders(m(), 2, 3, 9, 0.1)$$, $$expected_spend(m(), 2, 30)$$, $$log_likelihood(m(), 2, 3, 9)$$,
  $$next_order_time(m(), 2, 3, 9)$$, $$order_count_probability(m(), 30, g % 9)$$,
  $$_day_start(date '2000-01-01' + g::integer, 'Asia/Shanghai')$$, $$_local_day(now() + g * interval '1 day', 'Europe/Berlin')$$,
  $$_tier_source('net_spend_12m') + g$$, $$_tier_window_start('orders_12m', '2024-01-01')$$, $$_tier_window_leaves('orders_12m', '2024-01-01')$$, $$_tier_outgrown(h(g), '{"tiers": [{"code": "a", "rank": 1, "when": {"net_spend_12m": 1}}]}', NULL, '2024-06-01')$$,
  $$tier_for('{"spend": 5}', format('{"tiers": [{"code": "a", "rank": 1, "when": {"spend": %s}}]}', g % 3)::jsonb)$$, $$ladder_metrics('{"tiers": [{"code": "a", "rank": 1, "when": {"spend": 1}}]}')$$]) AS e;
INSERT INTO call (rows, statement) SELECT true, s FROM unnest(ARRAY[
  $$SELECT cardinality((_key_times(member * 7919 % 2503, day::timestamptz)).keys) FROM o$$, $$SELECT loaded(2500)$$, $$SELECT loaded(2501)$$,
  $$SELECT count(purchase_history(day, amount)) OVER (), purchase_history_merge(purchase_history(day, amount)) OVER () FROM o GROUP BY member$$,
  $$SELECT purchase_history(day, amount) OVER (ORDER BY day, member) FROM o$$,
  $$SELECT gini(amount), rfm_cuts(day, member, amount, '2024-12-31', 5) FROM o GROUP BY member$$,
  $$SELECT rfm_score(day, member, amount) OVER (PARTITION BY member), rfm_octant(day, member, amount) OVER (), abc_class(amount) OVER () FROM o$$,
  $$SELECT rfm_score(h(member), '2024-06-01') OVER () FROM o$$,
  $$SELECT predicate_holds('amount > 5 AND member < 20', o) FROM o$$,
  $$SELECT clv_fit(x.h, '2024-12-31', 'nbd') FROM (SELECT purchase_history(day, amount) AS h FROM o GROUP BY member) AS x$$,
  $$SELECT _tier_metrics(t, '{net_spend_12m,orders_12m}', 'Asia/Shanghai', '2024-12-31') FROM (SELECT _tier_track(day::timestamptz, amount::numeric(12,2), true, 1, 0) AS t FROM o GROUP BY member) AS x$$,
  $$SELECT _tier_track_is(x.t, x.h) FROM (SELECT _tier_track(day::timestamptz, amount::numeric(12,2), true, 1, 0) AS t, purchase_history(day, amount) AS h FROM o GROUP BY member) AS x$$,
  $$SELECT balance, available FROM crm.points_balance(1)$$,
  $$SELECT count(*) FROM generate_series(1, 5) AS g, LATERAL crm.points_accrue(1 + g % 3, 10, 'a' || nextval('nr'))$$,
  $$INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) SELECT 's' || nextval('nr'), 1 + g % 3, now(), g FROM generate_series(1, 5) AS g$$,
  $$SELECT count(*) FROM crm.points_redeem(1, 1, 'r' || nextval('nr'))$$,
  $$SELECT count(*) FROM crm.points_transfer(2, 3, 1, 't' || nextval('nr'))$$,
  $$SELECT count(*) FROM crm.sale_record('d' || nextval('nr'), '[{"list_amount": 5}]', '[{"kind": "cash", "amount": 5}]', member_id => 2)$$,
  $$SELECT count(*) FROM crm.points_grant(3, 5, 'g' || nextval('nr'))$$,
  $$SELECT code FROM crm.tier_for(1)$$,
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
  $$SELECT check_predicate('amount >', '{amount}')$$, $$SELECT check_predicate('colour > 5', '{amount}')$$, $$SELECT predicate_holds('nothing > 5', o) FROM o$$, $$SELECT clv_model('nbd', '{0, 1}')$$, $$SELECT '{"model": "x"}'::clv_model$$,
  $$SELECT clv_fit(x.h, '2000-01-01') FROM (SELECT purchase_history(day, amount) AS h FROM o GROUP BY member) AS x$$, $$SELECT read_instant('2024-01-01', 'nowhere')$$, $$SELECT format_money(1, 'x')$$,
  $$SELECT lunar_to_day(3000, 1, 1)$$, $$SELECT luhn_append('x')$$, $$SELECT _tier_metrics('x', '{orders_12m}', 'UTC', now())$$, $$SELECT _tier_source('nothing')$$,
  $$SELECT * FROM crm.points_redeem(1, 1000000000, 'no')$$, $$SELECT * FROM crm.points_accrue(99, 1, 'no')$$, $$SELECT ledger_take('nowhere', 1, 1, 1, now(), 1)$$,
  $$SELECT load_rows('public', 'o_loaded', '{member}', 'nowhere')$$, $$SELECT loaded(0)$$,
  $$SELECT * FROM histories('SELECT 1')$$, $$SELECT * FROM histories('no SQL')$$, $$SELECT * FROM histories('TABLE nowhere')$$,
  $$SELECT * FROM histories('SELECT member, day, 1 / (member - 49) FROM public.o')$$, $$SELECT * FROM rfm_scores('TABLE public.o', NULL)$$,
  $$SELECT * FROM rfm_scores('SELECT g, date ''2024-01-01'', 1 / (g - 20000) FROM generate_series(1, 20000) AS g', '2024-12-31')$$,
  $$SELECT * FROM cohorts('SELECT true, now()', '2024-01-01')$$, $$SELECT * FROM pair_rules('SELECT true, 1')$$, $$SELECT * FROM pair_rules('SELECT g, 1 / (g - 9000) FROM generate_series(1, 20000) AS g')$$, $$SELECT * FROM histories('SELECT 1, now(), 1', time_zone => 'nowhere')$$]) AS s;
CREATE FUNCTION m() RETURNS clv_model LANGUAGE sql IMMUTABLE RETURN '{"model": "bg/nbd", "params": {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}, "spend": {"params": {"p": 6.25, "q": 3.744, "v": 15.44}}}'::crm_member.clv_model;
CREATE FUNCTION h(bigint) RETURNS purchase_history LANGUAGE sql IMMUTABLE
RETURN (ARRAY['{2024-01-05:1:35.00,2024-02-01:2:120.50}', '{2023-01-05:0:-35.00,2024-02-01:2:120.5,2024-02-02:1:1}']::crm_member.purchase_history[])[1 + $1 % 2];
CREATE TABLE public.o_loaded (member integer CHECK (member > 0), code text COLLATE "C" DEFAULT random()::text);
CREATE INDEX ON public.o_loaded (member);
CREATE INDEX ON public.o_loaded (code);
CREATE FUNCTION loaded(n integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  rows refcursor;
  wrote bigint;
BEGIN
  DELETE FROM public.o_loaded;
  OPEN rows FOR SELECT CASE WHEN n > 0 THEN 1 + 7919 * g % 2503 ELSE 0 END FROM generate_series(0, n) AS g;
  wrote := load_rows('public', 'o_loaded', '{member}', rows, CASE WHEN n % 2 = 0 THEN '{member}' ELSE '{}' END::text[]);
  CLOSE rows;
  RETURN wrote;
END $$;
CREATE PROCEDURE run(c call, times integer) LANGUAGE plpgsql AS $$
DECLARE
  failed boolean;
  message text;
BEGIN
  FOR i IN 1 .. times LOOP
    failed := false;
    BEGIN
      EXECUTE c.statement;
    EXCEPTION WHEN OTHERS THEN
      failed := true;
      message := SQLERRM;
    END;
    IF failed = c.rows THEN RAISE EXCEPTION 'failed: %, %, %', failed, c.statement, message; END IF;
  END LOOP;
END $$;
CREATE FUNCTION kept() RETURNS bigint LANGUAGE sql AS
$$ SELECT sum(used_bytes)::bigint FROM pg_backend_memory_contexts WHERE name IN ('TopMemoryContext', 'CacheMemoryContext') OR name ~ '^(crm_member|rfm|abc|gini)' $$;
SET work_mem = '64kB';
DO $$ DECLARE c call; before bigint; grown bigint; BEGIN
  FOR c IN SELECT * FROM call ORDER BY nr LOOP
    CALL run(c, 3);
    before := kept();
    CALL run(c, CASE WHEN c.rows THEN 100 ELSE 450 END);
    grown := kept() - before;
    IF grown > 16384 THEN RAISE WARNING '% bytes kept by %', grown, c.statement; END IF;
  END LOOP;
END $$;
-- none is forgotten, but what operators, casts, aggregates and the doors of a CRM schema call
SELECT 'never called: ' || p.oid::regprocedure FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang
WHERE p.pronamespace = 'crm_member'::regnamespace AND l.lanname = 'c' AND p.prokind = 'f' AND p.proname !~ '_(accum|combine|final|serial|deserial|transition|collect|support|in|out|recv)$|^ledger_|^_tier_walk$|^rfm_cuts_add$'
  AND NOT EXISTS (SELECT FROM pg_operator AS o WHERE o.oprcode = p.oid) AND NOT EXISTS (SELECT FROM call AS c WHERE c.statement ~ ('\m' || p.proname || '\('));
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
