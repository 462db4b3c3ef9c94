-- sql/purchase_history.sql
-- Type purchase_history: text, binary form, equality and hash, + and -, accessors.

SET search_path = public, crm_member;
\set VERBOSITY terse

-- text: sorted, one entry a day, one scale; DateStyle does not matter
SELECT ' { 2024-02-01 : 2 : 120.5 , 2024-01-05:1:35.00 ,2024-02-01:0:-0.50}'::purchase_history AS tidy;
SET datestyle = 'German, DMY';
SELECT '{2024-02-01:2:120.5}'::purchase_history AS iso;
RESET datestyle;
SELECT '{}'::purchase_history AS empty, '{2024-01-01:0:0}'::purchase_history AS nothing, '{2024-01-01:1:0.00}'::purchase_history AS gift;
SELECT '{0001-01-01:1:1,9999-12-31:2147483647:-9223372036854775808}'::purchase_history AS longest;

-- errors name the character
\set VERBOSITY default
SELECT '{2024-01-05:1:35.00 2024-02-01:2:1}'::purchase_history;
SELECT '{2024-01-05:1:35.00,金卡}'::purchase_history;
SELECT '{2023-02-29:1:35.00}'::purchase_history;
SELECT '{2024-01-05:99999999999:35.00}'::purchase_history;
SELECT '{2024-01-05:1:1.2345678901234567890}'::purchase_history;
\set VERBOSITY sqlstate
SELECT ''::purchase_history;
SELECT '{'::purchase_history;
SELECT '{2024-01-05:1:35.00}x'::purchase_history;
SELECT '{2024-01-05:-1:35.00}'::purchase_history;
SELECT '{2024-01-05:1:NaN}'::purchase_history;
SELECT '{10000-01-05:1:1}'::purchase_history;
SELECT '{2024-01-05:1:9223372036854775807,2024-01-05:1:1}'::purchase_history;
SELECT '{2024-01-05:2147483647:1,2024-01-05:1:1}'::purchase_history;
-- one entry more than there are days
SELECT repeat(',', 3652059)::purchase_history;
SELECT repeat(',', 3652058)::purchase_history;
\set VERBOSITY terse

-- accessors, by hand: 2 + 1 + 0 + 1 orders, 3 purchase days, gaps of 30 and 61 days
CREATE TEMP TABLE h AS SELECT '{2024-01-01:2:100.00,2024-01-31:1:0.00,2024-02-10:0:-30.00,2024-04-01:1:50.50}'::purchase_history AS h;
SELECT order_count(h), active_days(h), net_spend(h), first_day(h), last_day(h), median_gap(h) FROM h;
SELECT * FROM h, purchase_days(h);
-- a window includes both its ends; NULL and infinity leave a side open
SELECT order_count(h, '2024-01-31', '2024-02-10') AS orders, active_days(h, '2024-01-31', '2024-02-10') AS days,
       net_spend(h, '2024-01-31', '2024-02-10') AS spend, first_day(h, '2024-01-31', '2024-02-10') AS first,
       last_day(h, '2024-01-31', '2024-02-10') AS last, median_gap(h, '2024-01-31', '2024-02-10') AS gap FROM h;
SELECT order_count(h, to_day => '2024-01-30') AS before, order_count(h, from_day => '2024-02-01') AS after,
       order_count(h, '-infinity', 'infinity') AS all FROM h;
SELECT between_days(h, '2024-01-31', '2024-03-31'), between_days(h, NULL, NULL) = h AS whole,
       between_days(h, '2024-04-02', NULL) AS none, between_days(h, '2024-03-01', '2024-02-01') AS backward FROM h;
-- days of refunds alone are no purchase days
SELECT first_day(h), last_day(h), active_days(h), order_count(h), net_spend(h), median_gap(h)
FROM (VALUES ('{2024-02-10:0:-30.00}'::purchase_history), ('{}'), ('{2024-02-10:3:5}'), (NULL)) AS v(h);
-- an even number of gaps, 1 and 2 days: the mean of the middle two
SELECT median_gap('{2024-01-01:1:1,2024-01-02:1:1,2024-01-04:1:1}');

-- + and -, and what is not there cannot be taken out
SELECT '{2024-01-01:1:10.00}'::purchase_history + '{2024-01-01:2:0.005,2024-01-02:1:7}' AS sum;
SELECT '{2024-01-01:3:10.005,2024-01-02:1:7.000}'::purchase_history - '{2024-01-01:2:0.005,2024-01-02:1:7}' AS difference;
SELECT h - h AS nothing, h + '{}' = h AS neutral FROM h;
SELECT '{2024-01-01:1:10.00}'::purchase_history - '{2024-01-01:1:4}' AS refund_left;
SELECT '{2024-01-01:1:10.00}'::purchase_history - '{2024-01-02:1:4}';
SELECT '{2024-01-01:1:9223372036854775807}'::purchase_history + '{2024-01-02:1:0.1}';
SELECT '{2024-01-01:1:9223372036854775807}'::purchase_history + '{2024-01-01:1:1}';
SELECT '{2024-01-01:2147483647:1}'::purchase_history + '{2024-01-01:1:1}';

-- equal as values, and equal hashes
SELECT a = b AS equal, a <> b AS different, purchase_history_hash(a) = purchase_history_hash(b) AS hash,
       purchase_history_hash_extended(a, 7) = purchase_history_hash_extended(b, 7) AS extended,
       right(purchase_history_hash_extended(a, 0)::bit(64)::text, 32) = purchase_history_hash(a)::bit(32)::text AS seed_0
FROM (VALUES
  ('{2024-01-01:1:1.5}'::purchase_history, '{2024-01-01:1:1.500}'::purchase_history),
  ('{}', '{}'),
  ('{2024-01-01:1:1.5}', '{2024-01-01:2:1.5}'),
  ('{2024-01-01:1:1.5}', '{2024-01-02:1:1.5}'),
  ('{2024-01-01:1:1.5}', '{2024-01-01:1:1.51}'),
  ('{2024-01-01:1:1.5}', '{2024-01-01:1:1.5,2024-01-02:1:0}')) AS v(a, b);
SELECT count(*) AS distinct_histories FROM (SELECT DISTINCT h FROM (VALUES
  ('{2024-01-01:1:1.5}'::purchase_history), ('{2024-01-01:1:1.50}'), ('{2024-01-01:1:2}')) AS v(h)) AS d;

-- random values: both forms round-trip, sums and differences undo each other
SELECT setseed(0.5);
CREATE TEMP TABLE random_history AS
SELECT g AS id, purchase_history(date '2020-01-01' + (random() * 1500)::integer, ((random() - 0.1) * 10000)::numeric(12, 2)) AS h
FROM generate_series(1, 2000) AS g, generate_series(1, 1 + g % 30)
GROUP BY g;
SELECT count(*) AS histories, bool_and(h::text::purchase_history = h) AS text_round_trip,
       bool_and(h::text::purchase_history::text = h::text) AS canonical,
       bool_and(purchase_history_hash(h::text::purchase_history) = purchase_history_hash(h)) AS hash FROM random_history;
SELECT bool_and((a.h + b.h) - b.h = a.h) AS undone, bool_and(a.h + b.h = b.h + a.h) AS commutes,
       bool_and(net_spend(a.h + b.h) = net_spend(a.h) + net_spend(b.h)) AS spend_adds_up,
       bool_and(order_count(a.h + b.h) = order_count(a.h) + order_count(b.h)) AS orders_add_up
FROM random_history AS a JOIN random_history AS b ON b.id = a.id % 2000 + 1;
SELECT bool_and(order_count(h) = s.orders AND net_spend(h) = s.amount AND active_days(h) = s.days
                AND last_day(h) IS NOT DISTINCT FROM s.last AND first_day(h) IS NOT DISTINCT FROM s.first
                AND median_gap(h) IS NOT DISTINCT FROM s.gap) AS accessors_agree
FROM random_history, LATERAL (
  SELECT sum(orders) AS orders, sum(amount) AS amount, count(*) FILTER (WHERE orders > 0) AS days,
         max(day) FILTER (WHERE orders > 0) AS last, min(day) FILTER (WHERE orders > 0) AS first,
         percentile_cont(0.5) WITHIN GROUP (ORDER BY gap)::numeric AS gap
  FROM (SELECT *, CASE WHEN orders > 0 THEN day - lag(day) OVER (PARTITION BY orders > 0 ORDER BY day) END AS gap
        FROM purchase_days(h)) AS d) AS s;

-- binary form: COPY there and back
\getenv builddir PG_ABS_BUILDDIR
\set copy_out '\\copy (SELECT h FROM random_history) TO ' :builddir '/results/purchase_history.copy (FORMAT binary)'
\set copy_in '\\copy copied FROM ' :builddir '/results/purchase_history.copy (FORMAT binary)'
CREATE TEMP TABLE copied (h purchase_history);
:copy_out
:copy_in
SELECT count(*) AS copied, count(*) FILTER (WHERE EXISTS (SELECT FROM random_history AS r WHERE r.h = c.h)) AS same FROM copied AS c;
-- by hand: version 1, scale 2, one day, 2024-01-05 is day 8770 = 0x2242, 1 order, 3500 units = 0xdac
SELECT encode(purchase_history_send('{2024-01-05:1:35.00}'), 'hex') AS wire;
SELECT encode(purchase_history_send('{}'), 'hex') AS empty_wire;

-- lying messages: a value or 22P03 or 08P01, nothing else; bytea sends its bytes as they are
CREATE FUNCTION pg_temp.receive(message bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  path text := current_setting('data_directory') || '/crm_member_receive.tmp';
BEGIN
  EXECUTE format('COPY (SELECT %L::bytea) TO %L (FORMAT binary)', message, path);
  TRUNCATE copied;
  EXECUTE format('COPY copied FROM %L (FORMAT binary)', path);
  RETURN (SELECT h::text FROM copied);
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE;
END $$;
SELECT what, pg_temp.receive(decode(message, 'hex')) FROM (VALUES
  ('good', '01020000000100002242000000010000000000000dac'),
  ('nothing', ''),
  ('short', '010200000001000022'),
  ('other version', '02020000000100002242000000010000000000000dac'),
  ('scale 19', '01130000000100002242000000010000000000000dac'),
  ('empty with a scale', '010200000000'),
  ('two days announced', '01020000000200002242000000010000000000000dac'),
  ('4 billion days announced', '0102ffffffff00002242000000010000000000000dac'),
  ('a byte too many', '01020000000100002242000000010000000000000dac00'),
  ('day out of range', '0102000000017fffffff000000010000000000000dac'),
  ('negative orders', '01020000000100002242ffffffff0000000000000dac'),
  ('neither order nor amount', '01020000000100002242000000000000000000000000'),
  ('days that do not ascend', '010200000002' || repeat('00002242000000010000000000000dac', 2))) AS v(what, message);
SELECT answer, count(*) > 0 AS seen FROM (
  SELECT CASE WHEN a IN ('22P03', '08P01') THEN a WHEN a LIKE '{%' THEN 'value' ELSE 'other: ' || a END AS answer
  FROM (SELECT pg_temp.receive(set_byte(m, (random() * (length(m) - 1))::integer, (random() * 255)::integer)) AS a
        FROM (SELECT purchase_history_send(h) AS m FROM random_history ORDER BY id LIMIT 100) AS s, generate_series(1, 4)) AS r) AS t
GROUP BY 1 ORDER BY 1;
COPY (SELECT 1) TO PROGRAM 'rm -f crm_member_receive.tmp && cat > /dev/null';

-- toasted and compressed values read as well
CREATE TEMP TABLE long_history AS SELECT purchase_history(date '1900-01-01' + g, g) AS h FROM generate_series(1, 40000) AS g;
SELECT order_count(h), net_spend(h), last_day(h), pg_column_size(h) < 200000 AS small FROM long_history;

-- the support functions are nobody's to call
SELECT purchase_history_accum(NULL, '2024-01-01', 1);
SELECT purchase_history_collect('{}', '{}');
SELECT purchase_history_final('{}');
DROP TABLE h, random_history, copied, long_history;
