-- sql/hostile.sql
-- Use that nobody intends: support functions in other aggregates, query functions inside themselves, rights and tables that change under way, extremes.

SET search_path = public, crm_member;
\set VERBOSITY sqlstate

CREATE TABLE x_orders AS
SELECT g % 100 AS member, date '2024-01-01' + g % 300 AS day, g::numeric / 4 AS amount FROM generate_series(1, 5000) AS g;
CREATE TABLE x_histories AS SELECT member, purchase_history(day, amount) AS h FROM x_orders GROUP BY member;

-- an aggregate without the final function stores the state itself: every reader takes it for the value that it is
CREATE AGGREGATE x_open(date, numeric) (SFUNC = crm_member.purchase_history_accum, STYPE = crm_member.purchase_history);
CREATE TABLE x_states AS SELECT member, x_open(day, amount) AS s FROM x_orders GROUP BY member;
SELECT bool_and(s = h AND s::text = h::text AND purchase_history_send(s) = purchase_history_send(h) AND
                purchase_history_hash(s) = purchase_history_hash(h) AND s + h = h + s AND s - h = '{}' AND
                net_spend(s) = net_spend(h) AND median_gap(s) = median_gap(h) AND
                between_days(s, '2024-03-01', NULL) = between_days(h, '2024-03-01', NULL)) AS same
FROM x_states JOIN x_histories USING (member);
SELECT purchase_history_merge(s) = purchase_history_merge(h) AS same FROM x_states JOIN x_histories USING (member);
SELECT count(*) FILTER (WHERE a = b) AS same
FROM (SELECT rfm_score(s) OVER () AS a, rfm_score(h) OVER () AS b FROM x_states JOIN x_histories USING (member)) AS q;
-- the same with a stored value as the first state, and with the combine function as the final one
CREATE AGGREGATE x_from(date, numeric) (SFUNC = crm_member.purchase_history_accum, STYPE = crm_member.purchase_history,
  INITCOND = '{2024-01-01:3:5}', FINALFUNC = crm_member.purchase_history_final);
SELECT x_from(day, 1.5) FROM x_orders WHERE member = 1 AND day < '2024-01-03';
CREATE AGGREGATE x_merge(purchase_history) (SFUNC = crm_member.purchase_history_collect, STYPE = crm_member.purchase_history,
  FINALFUNC = crm_member.purchase_history_collect, FINALFUNC_EXTRA);
SELECT x_merge(s) = purchase_history_merge(s) AS same FROM x_states;
-- a window that moves, and one that leaves out its own row
WITH o AS (SELECT row_number() OVER (ORDER BY day, member, amount) AS nr, * FROM x_orders WHERE member < 5)
SELECT bool_and(h = (SELECT purchase_history(day, amount) FROM o AS i WHERE i.nr BETWEEN q.nr - 5 AND q.nr + 1 AND i.nr <> q.nr)) AS same
FROM (SELECT nr, purchase_history(day, amount) OVER (ORDER BY nr ROWS BETWEEN 5 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW) AS h FROM o) AS q;

-- query functions inside themselves, to an end and without
SELECT count(*) FROM rfm_scores($a$SELECT key, last_day(history), net_spend(history) FROM histories($b$
  SELECT key, last_day, spend FROM rfm_scores($c$TABLE x_orders$c$, '2024-12-31')$b$)$a$, '2024-12-31');
CREATE FUNCTION x_again() RETURNS TABLE (k bigint, d date, a numeric) LANGUAGE sql STABLE
AS $$ SELECT key, last_day(history), 1.0 FROM histories('SELECT * FROM x_again()') $$;
SELECT count(*) FROM x_again();
CREATE FUNCTION x_again_run() RETURNS TABLE (k bigint, d date, a numeric) LANGUAGE plpgsql STABLE
AS $$ BEGIN RETURN QUERY SELECT key, last_day(history), 1.0 FROM histories('SELECT * FROM x_again_run()'); END $$;
SELECT count(*) FROM x_again_run();

-- texts that change from row to row; kept plans
SELECT g, (SELECT count(*) FROM histories('SELECT * FROM x_orders WHERE member < ' || g)) AS members FROM generate_series(1, 3) AS g;
SELECT count(*) AS three FROM generate_series(1, 3) AS g, LATERAL (SELECT * FROM histories('SELECT * FROM x_orders WHERE member < ' || g) LIMIT 1) AS h;
SET plan_cache_mode = force_generic_plan;
PREPARE x_scores(text) AS SELECT count(*) FROM rfm_scores($1, '2024-12-31');
EXECUTE x_scores('TABLE x_orders');
EXECUTE x_scores('SELECT * FROM x_orders WHERE member < 7');
EXECUTE x_scores(NULL);
-- prepared by one role, run by another: the rights are those of who runs it
CREATE ROLE regress_crm_stranger;
SET ROLE regress_crm_stranger;
EXECUTE x_scores('TABLE x_orders');
RESET ROLE;
GRANT SELECT ON x_orders TO regress_crm_stranger;
ALTER TABLE x_orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON x_orders USING (member < 10);
SET ROLE regress_crm_stranger;
EXECUTE x_scores('TABLE x_orders');
SET row_security = off;
EXECUTE x_scores('TABLE x_orders');
RESET row_security;
RESET ROLE;
EXECUTE x_scores('TABLE x_orders');
RESET plan_cache_mode;

-- a table that goes: within the call, between two, at the end of a transaction
CREATE TABLE x_gone AS TABLE x_orders;
CREATE VIEW x_members AS SELECT * FROM histories('TABLE x_gone');
CREATE FUNCTION x_drop() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN DROP TABLE x_gone; RETURN 0; END $$;
SELECT count(*) FROM histories('SELECT member + x_drop(), day, amount FROM x_gone');
SELECT count(*) FROM x_members;
DROP TABLE x_gone;
SELECT count(*) FROM x_members;
BEGIN;
CREATE TEMP TABLE x_gone ON COMMIT DROP AS TABLE x_orders;
SELECT count(*) FROM x_members;
COMMIT;
SELECT count(*) FROM x_members;

-- in a trigger, in a loop that commits, behind a cursor that outlives its transaction
CREATE FUNCTION x_look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.member := (SELECT count(*) FROM crm_member.histories('TABLE public.x_orders')); RETURN NEW; END $$;
CREATE TRIGGER x_look BEFORE INSERT ON x_states FOR EACH ROW EXECUTE FUNCTION x_look();
INSERT INTO x_states VALUES (-1, '{}') RETURNING member;
DO $$ DECLARE r record; n integer := 0; BEGIN
  FOR r IN SELECT * FROM crm_member.rfm_scores('TABLE public.x_orders', '2024-12-31') LOOP n := n + 1; COMMIT; END LOOP;
  IF n <> 100 THEN RAISE 'rows: %', n; END IF;
END $$;
BEGIN;
DECLARE x_cursor SCROLL CURSOR WITH HOLD FOR SELECT key FROM histories('TABLE x_orders') ORDER BY key;
COMMIT;
FETCH LAST FROM x_cursor;
FETCH FIRST FROM x_cursor;
CLOSE x_cursor;

-- partitions and joins by values that are equal and not the same
CREATE TABLE x_hash (h purchase_history) PARTITION BY HASH (h);
CREATE TABLE x_hash_0 PARTITION OF x_hash FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE x_hash_1 PARTITION OF x_hash FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO x_hash SELECT h FROM x_histories;
INSERT INTO x_hash VALUES ('{2024-01-01:1:1.5}'), ('{2024-01-01:1:1.50}'), ('{2024-01-01:1:1.500}'), (NULL), ('{}');
SELECT count(*) AS three, count(DISTINCT tableoid) AS one FROM x_hash WHERE h = '{2024-01-01:1:1.5000}';
CREATE TABLE x_range (score rfm) PARTITION BY RANGE (score);
CREATE TABLE x_range_1 PARTITION OF x_range FOR VALUES FROM ('111') TO ('555');
INSERT INTO x_range VALUES ('111'), ('554');
INSERT INTO x_range VALUES ('555');

-- the ends of numbers and days
SELECT * FROM histories('VALUES (-9223372036854775808, date ''0001-01-01'', -9223372036854775808), (9223372036854775807, ''9999-12-31'', 9223372036854775807)') ORDER BY key;
SELECT * FROM rfm_scores('VALUES (-9223372036854775808, date ''0001-01-01'', -9223372036854775808), (9223372036854775807, ''9999-12-31'', 9223372036854775807)', '9999-12-31') ORDER BY key;
SELECT rfm_score(a, b, c) OVER (ORDER BY a) AS score, rfm_octant(a, b, c) OVER (ORDER BY a) AS octant
FROM (VALUES (date '4713-01-01 BC', 1::bigint, -9223372036854775807::numeric), ('0001-01-01', 2, 0), ('5874897-12-31', 9223372036854775807, 9223372036854775807)) AS v (a, b, c);
SELECT count(*) AS months FROM cohorts('SELECT 1, date ''0001-01-01''', '9999-12-31');

-- the widest keys, in the least memory
SET work_mem = '64kB';
SELECT count(*) AS members, sum(length(key)) AS characters, bool_and(order_count(history) = 2) AS two_each
FROM histories('SELECT repeat(''k'', 7996) || lpad((g % 1000)::text, 4), date ''2024-01-01'' + g, 1.5 FROM generate_series(1, 2000) AS g', NULL::text);
RESET work_mem;

DEALLOCATE x_scores;
DROP VIEW x_members;
DROP TABLE x_orders, x_histories, x_states, x_hash, x_range CASCADE;
DROP AGGREGATE x_open(date, numeric), x_from(date, numeric), x_merge(purchase_history);
DROP FUNCTION x_again, x_again_run, x_drop, x_look;
DROP ROLE regress_crm_stranger;
