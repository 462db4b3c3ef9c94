-- sql/tier_track.sql
-- The track of a member that tiers are walked over: the same from any number of workers, and bytes that are none are refused.
SET search_path = public, crm_member;
\set VERBOSITY sqlstate

-- 12000 sales of four members, each order worth what its number says; a member's metrics worked out by the plain query beside
CREATE TABLE track_sale AS
SELECT g::bigint AS id, g % 4 AS member, timestamptz '2023-06-01 00:00+00' + g * interval '1 hour' AS at, (g % 500)::numeric(12,2) AS amount FROM generate_series(1, 12000) AS g;
ALTER TABLE track_sale SET (parallel_workers = 4);
ANALYZE track_sale;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 4;
CREATE FUNCTION plan_of(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  plan json;
BEGIN
  EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
  RETURN plan::text LIKE '%"Partial Mode": "Finalize"%';
END $$;
SELECT plan_of('SELECT member, _tier_track(at, amount, true, id, 0) FROM track_sale GROUP BY member') AS parallel;
CREATE TABLE track_wide AS SELECT member, _tier_track(at, amount, true, id, 0) AS track FROM track_sale GROUP BY member;
SET max_parallel_workers_per_gather = 0;
CREATE TABLE track_serial AS SELECT member, _tier_track(at, amount, true, id, 0) AS track FROM track_sale GROUP BY member;
-- net spend and orders of the twelve months up to an instant
SELECT w.member, _tier_metrics(w.track, m, 'UTC', at) AS metrics, _tier_metrics(w.track, m, 'UTC', at) = _tier_metrics(s.track, m, 'UTC', at) AS same,
       (_tier_metrics(w.track, m, 'UTC', at) ->> 'net_spend_12m')::numeric = q.spend AND (_tier_metrics(w.track, m, 'UTC', at) ->> 'orders_12m')::bigint = q.orders AS as_plain
FROM track_wide AS w JOIN track_serial AS s USING (member),
     LATERAL (SELECT '{net_spend_12m,orders_12m}'::text[] AS m, timestamptz '2024-09-01 12:00+00' AS at) AS x,
     LATERAL (SELECT sum(k.amount) AS spend, count(*) AS orders FROM track_sale AS k WHERE k.member = w.member AND k.at >= '2023-09-02 00:00+00' AND k.at <= x.at) AS q
ORDER BY 1;
-- a track and a history of the same sales, and of others: two orders of 3.00 and a refund of 1.50 come to 4.50
SELECT _tier_track_is(t, h) AS same, _tier_track_is(t, h + '{2024-01-01:1:0.00}') AS one_more,
       _tier_track_is(t, h + '{2024-01-01:0:-0.01}') AS less, _tier_track_is(t, NULL) AS no_history, _tier_track_is(NULL, h) AS no_track
FROM (SELECT _tier_track(v.at, v.amount, v.amount > 0, v.id, v.source) AS t, purchase_history(v.at::date, v.amount) FILTER (WHERE v.source = 0) AS h
      FROM (VALUES (timestamptz '2024-01-01 12:00+00', 3.00, 1, 0), ('2024-01-02 12:00+00', 3.00, 2, 0), ('2024-01-02 13:00+00', -1.50, 3, 0), ('2024-01-02 13:00+00', 7, 4, 1))
        AS v(at, amount, id, source)) AS x;
SELECT _tier_track_is('\x00', '{}');
-- called by hand, outside of an aggregate
SELECT _tier_track_combine(NULL, NULL);
-- no tracks
SELECT _tier_metrics(''::bytea, '{orders_12m}', 'UTC', '2024-01-01');
SELECT _tier_metrics('\x00', '{orders_12m}', 'UTC', '2024-01-01');
SELECT _tier_metrics(decode(repeat('ff', 64), 'hex'), '{orders_12m}', 'UTC', '2024-01-01');
-- cut short or changed anywhere: an answer or 22P03, never more
CREATE FUNCTION tried(track bytea) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM crm_member._tier_metrics(track, '{orders_12m,net_spend_12m}', 'UTC', '2024-01-01');
  RETURN 'an answer';
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE;
END $$;
SELECT DISTINCT tried(substring(s.track FOR n)) IN ('an answer', '22P03') AS short FROM (SELECT track FROM track_serial WHERE member = 1) AS s, generate_series(0, 500) AS n;
SELECT DISTINCT tried(set_byte(substring(s.track FOR 400), n % 400, (n * 37) % 256)) IN ('an answer', '22P03', '22003') AS changed FROM (SELECT track FROM track_serial WHERE member = 1) AS s, generate_series(0, 2000) AS n;
DROP TABLE track_sale, track_wide, track_serial;
DROP FUNCTION plan_of, tried;
