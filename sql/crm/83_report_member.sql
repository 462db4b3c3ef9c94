-- sql/crm/83_report_member.sql
-- Reports of single members: tiers, lifecycle, grade, value, points. Plain views, right at every instant.
--
-- They read one small row a member, so nothing has to be refreshed. Members
-- who have opted out of profiling are absent from lifecycle, grade and value.
-- An open end is shown as empty, since many tools cannot read infinity.

--@ seed
INSERT INTO @crm@.setting (key, value, meaning) VALUES
  ('value_months', '12', 'months before the day of the report that count for grades and Pareto'),
  ('lifecycle_cuts', '[90, 180, 365]', 'days since the last purchase up to which a member is active, recently lapsed, mid-term lapsed'),
  ('grade_spend_cuts', '[1000, 500, 500]', 'least net spend in the window for the grades A, B, C'),
  ('grade_order_cuts', '[6, 3, 0]', 'least orders in the window for the grades A, B, C'),
  ('value_years', '{"active": 3, "recently_lapsed": 2, "mid_term_lapsed": 1, "dormant": 0}', 'years for which a member of each lifecycle status is expected to go on buying');

--@ code
-- A tier whose period has ended without a review is decided by the walk over
-- the sales, for those who may read the report and see the member.
CREATE OR REPLACE FUNCTION @crm@._report_tier(member_id bigint, ladder_no integer)
RETURNS TABLE (code text, name text, rank integer, valid_from timestamptz, valid_to timestamptz, reason text)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF has_table_privilege(@crm@.caller(), format('%I.member_tiers', @crm_name@ || '_report'), 'SELECT')
     AND EXISTS (SELECT FROM @crm@.member AS m
                 WHERE m.id = _report_tier.member_id
                   AND (@crm@._store_limits() IS NULL OR m.home_store_id = ANY (@crm@._store_limits()))) THEN
    RETURN QUERY SELECT t.code, t.name, t.rank, t.valid_from, t.valid_to, t.reason
      FROM @crm@._tier_at(_report_tier.member_id, _report_tier.ladder_no, statement_timestamp(), 'infinity') AS t;
  END IF;
END
$$;
COMMENT ON FUNCTION @crm@._report_tier(bigint, integer) IS 'the tier of a member now, for readers of the report member_tiers and members of their stores; no row for others';

CREATE OR REPLACE VIEW @crm_report@.member_tiers WITH (security_barrier = true) AS
WITH reader AS MATERIALIZED (
  SELECT @crm@._store_limits() AS stores
), ladder AS MATERIALIZED (
  SELECT l.id, l.ladder_no, l.name FROM @crm@.tier_ladder AS l WHERE l.valid_from <= statement_timestamp() AND statement_timestamp() < l.valid_to
), rung AS MATERIALIZED (
  SELECT t.ladder_id, t.code, t.name, t.rank, t.rank = min(t.rank) OVER (PARTITION BY t.ladder_id) AS is_base FROM @crm@.tier AS t
), earned AS (
  SELECT m.id, m.member_no, m.home_store_id, l.id AS ladder_id, l.ladder_no, l.name AS ladder_name,
         coalesce(t.code, w.code, b.code) AS code,
         coalesce(t.name, w.name, b.name) AS name,
         coalesce(k.rank, t.rank, w.rank, b.rank) AS rank,
         coalesce(p.valid_from, w.valid_from) AS valid_from,
         coalesce(p.valid_to, w.valid_to) AS valid_to,
         coalesce(p.reason, w.reason, 'base') AS reason
  FROM @crm@.member AS m
       CROSS JOIN ladder AS l
       JOIN rung AS b ON b.ladder_id = l.id AND b.is_base
       LEFT JOIN @crm@.member_tier AS p ON p.member_id = m.id AND p.ladder_no = l.ladder_no AND p.known_to = 'infinity'
                 AND p.valid_from <= statement_timestamp() AND statement_timestamp() < p.valid_to
       LEFT JOIN @crm@.tier AS t ON t.id = p.tier_id
       LEFT JOIN rung AS k ON k.ladder_id = l.id AND k.code = t.code
       LEFT JOIN LATERAL (SELECT r.* FROM @crm@._report_tier(m.id, l.ladder_no) AS r
                          WHERE p.id IS NULL
                            AND EXISTS (SELECT FROM @crm@.member_tier AS e WHERE e.member_id = m.id AND e.ladder_no = l.ladder_no
                                        AND e.known_to = 'infinity' AND e.valid_to <= statement_timestamp())) AS w ON true
       CROSS JOIN reader
  WHERE m.joined_at <= statement_timestamp() AND m.closed_at IS NULL AND m.merged_into_id IS NULL AND (reader.stores IS NULL OR m.home_store_id = ANY (reader.stores))
)
SELECT e.id AS member_id,
       e.member_no::varchar(40) AS member_no,
       e.home_store_id,
       e.ladder_no,
       e.ladder_name::varchar(100) AS ladder_name,
       (CASE WHEN x.code IS NULL THEN e.code ELSE x.code END)::varchar(60) AS tier_code,
       (CASE WHEN x.code IS NULL THEN e.name ELSE x.name END)::varchar(100) AS tier_name,
       (CASE WHEN x.code IS NULL THEN e.rank ELSE x.rank END) AS tier_rank,
       (CASE WHEN x.code IS NULL THEN e.reason ELSE 'pinned' END)::varchar(20) AS reason,
       (CASE WHEN x.code IS NULL THEN e.valid_from ELSE x.valid_from END) AS valid_from,
       (CASE WHEN x.code IS NULL THEN e.valid_to ELSE x.valid_to END) AS valid_to
FROM earned AS e
     LEFT JOIN (SELECT n.member_id, n.ladder_no, n.effect, n.valid_from, n.valid_to, g.ladder_id, g.code, g.name, g.rank
                FROM @crm@.tier_pin AS n JOIN rung AS g ON g.code = n.tier_code
                WHERE n.known_to = 'infinity' AND n.valid_from <= statement_timestamp() AND statement_timestamp() < n.valid_to) AS x
       ON x.member_id = e.id AND x.ladder_no = e.ladder_no AND x.ladder_id = e.ladder_id AND (x.effect = 'exact' OR x.rank > e.rank);
COMMENT ON VIEW @crm_report@.member_tiers IS 'the tier of each open member on each ladder now, the same as tier_for gives; readers limited to stores see the members of those stores';
COMMENT ON COLUMN @crm_report@.member_tiers.member_id IS 'id of the member';
COMMENT ON COLUMN @crm_report@.member_tiers.member_no IS 'number of the member';
COMMENT ON COLUMN @crm_report@.member_tiers.home_store_id IS 'home store';
COMMENT ON COLUMN @crm_report@.member_tiers.ladder_no IS 'number of the ladder, 1 is the main one';
COMMENT ON COLUMN @crm_report@.member_tiers.ladder_name IS 'name of the ladder';
COMMENT ON COLUMN @crm_report@.member_tiers.tier_code IS 'code of the tier';
COMMENT ON COLUMN @crm_report@.member_tiers.tier_name IS 'display name of the tier';
COMMENT ON COLUMN @crm_report@.member_tiers.tier_rank IS 'rank of the tier on the ladder in force; order is by rank';
COMMENT ON COLUMN @crm_report@.member_tiers.reason IS 'reached, kept, fell, pinned or base';
COMMENT ON COLUMN @crm_report@.member_tiers.valid_from IS 'beginning of the period, empty for the base tier';
COMMENT ON COLUMN @crm_report@.member_tiers.valid_to IS 'first instant after the period, empty for the base tier';

CREATE OR REPLACE VIEW @crm_report@.tier_rules WITH (security_barrier = true) AS
WITH RECURSIVE rung AS (
  SELECT l.ladder_no, l.version, l.name AS ladder_name, l.valid_from, l.valid_to, t.value ->> 'code' AS code, coalesce(t.value ->> 'name', t.value ->> 'code') AS name,
         (t.value ->> 'rank')::integer AS rank, t.value AS form
  FROM @crm@.tier_ladder AS l CROSS JOIN LATERAL jsonb_array_elements(l.form -> 'tiers') AS t
), node AS (
  SELECT r.ladder_no, r.version, r.code, p.purpose, ''::text AS place, r.form -> p.key AS form
  FROM rung AS r CROSS JOIN (VALUES ('reach', 'when'), ('keep', 'keep')) AS p(purpose, key)
  WHERE jsonb_typeof(r.form -> p.key) = 'object'
  UNION ALL
  SELECT n.ladder_no, n.version, n.code, n.purpose, n.place || CASE WHEN n.place = '' THEN '' ELSE ' / ' END || o.key || ' ' || a.no, a.part
  FROM node AS n CROSS JOIN LATERAL jsonb_each(n.form) AS o
       CROSS JOIN LATERAL jsonb_array_elements(CASE WHEN o.key IN ('any', 'all') THEN o.value ELSE '[]' END) WITH ORDINALITY AS a(part, no)
), leaf AS (
  SELECT n.ladder_no, n.version, n.code, n.purpose, n.place, o.key AS metric, (o.value #>> '{}')::numeric AS at_least
  FROM node AS n CROSS JOIN LATERAL jsonb_each(n.form) AS o WHERE o.key NOT IN ('any', 'all')
)
SELECT r.ladder_no,
       r.version AS ladder_version,
       r.ladder_name::varchar(100) AS ladder_name,
       CASE WHEN isfinite(r.valid_from) THEN r.valid_from END AS valid_from,
       CASE WHEN isfinite(r.valid_to) THEN r.valid_to END AS valid_to,
       r.rank AS tier_rank,
       r.code::varchar(60) AS tier_code,
       r.name::varchar(100) AS tier_name,
       (CASE WHEN r.form -> 'when' = 'null' THEN 'invitation' WHEN l.metric IS NULL THEN 'nothing' ELSE l.purpose END)::varchar(20) AS asked_to,
       nullif(l.place, '')::varchar(200) AS place,
       l.metric::varchar(60) AS metric,
       l.at_least::numeric(18,2) AS at_least
FROM rung AS r LEFT JOIN leaf AS l USING (ladder_no, version, code);
COMMENT ON VIEW @crm_report@.tier_rules IS 'what the versions of the ladders ask for, one row a metric of a tier';
COMMENT ON COLUMN @crm_report@.tier_rules.ladder_no IS 'number of the ladder, 1 is the main one';
COMMENT ON COLUMN @crm_report@.tier_rules.ladder_version IS 'version of the ladder';
COMMENT ON COLUMN @crm_report@.tier_rules.ladder_name IS 'name of the ladder';
COMMENT ON COLUMN @crm_report@.tier_rules.valid_from IS 'from when the version is in force, empty: from the beginning';
COMMENT ON COLUMN @crm_report@.tier_rules.valid_to IS 'first instant after that, empty: still in force';
COMMENT ON COLUMN @crm_report@.tier_rules.tier_rank IS 'rank of the tier';
COMMENT ON COLUMN @crm_report@.tier_rules.tier_code IS 'code of the tier';
COMMENT ON COLUMN @crm_report@.tier_rules.tier_name IS 'display name of the tier';
COMMENT ON COLUMN @crm_report@.tier_rules.asked_to IS 'reach: to get the tier; keep: to keep it at the end of a period; nothing: the base tier; invitation: only by hand';
COMMENT ON COLUMN @crm_report@.tier_rules.place IS 'where the metric stands in a nested condition: any 1 is the first of alternatives, all 1 the first of parts; empty: every such row must hold';
COMMENT ON COLUMN @crm_report@.tier_rules.metric IS 'metric and window, such as net_spend_12m';
COMMENT ON COLUMN @crm_report@.tier_rules.at_least IS 'the least value of the metric';

CREATE OR REPLACE VIEW @crm_report@.member_lifecycles WITH (security_barrier = true) AS
WITH reader AS MATERIALIZED (
  SELECT @crm@._store_limits() AS stores, @crm@._report_day() AS day, l.locale,
         coalesce((SELECT ARRAY(SELECT c.value::integer FROM jsonb_array_elements_text(s.value) WITH ORDINALITY AS c(value, no) ORDER BY c.no)
                   FROM @crm@.setting AS s WHERE s.key = 'lifecycle_cuts'), '{90,180,365}') AS cuts
  FROM @crm@.crm_layout AS l
), member AS (
  SELECT m.id, m.member_no, m.home_store_id, r.day, r.locale, crm_member.last_day(h.history, NULL, r.day) AS last_day, crm_member.median_gap(h.history, NULL, r.day) AS gap, r.cuts
  FROM @crm@.member AS m
       LEFT JOIN @crm@.member_history AS h ON h.member_id = m.id
       CROSS JOIN reader AS r
  WHERE @crm@._profiled(m.profiling, m.closed_at, m.merged_into_id) AND (r.stores IS NULL OR m.home_store_id = ANY (r.stores))
)
SELECT m.id AS member_id,
       m.member_no::varchar(40) AS member_no,
       m.home_store_id,
       m.day AS as_of,
       m.last_day,
       (m.day - m.last_day)::integer AS days_since,
       m.gap::numeric(9,1) AS median_gap_days,
       crm_member.lifecycle_status(m.last_day, m.day, m.cuts)::varchar(20) AS status,
       crm_member.lifecycle_status_name(crm_member.lifecycle_status(m.last_day, m.day, m.cuts), m.locale)::varchar(60) AS status_name
FROM member AS m;
COMMENT ON VIEW @crm_report@.member_lifecycles IS 'lifecycle status of each open member who has not opted out of profiling, today (or on the day of the setting report_day); readers limited to stores see the members of those stores';
COMMENT ON COLUMN @crm_report@.member_lifecycles.member_id IS 'id of the member';
COMMENT ON COLUMN @crm_report@.member_lifecycles.member_no IS 'number of the member';
COMMENT ON COLUMN @crm_report@.member_lifecycles.home_store_id IS 'home store';
COMMENT ON COLUMN @crm_report@.member_lifecycles.as_of IS 'day of the status; later orders are ignored';
COMMENT ON COLUMN @crm_report@.member_lifecycles.last_day IS 'local day of the last order up to that day';
COMMENT ON COLUMN @crm_report@.member_lifecycles.days_since IS 'days since the last order';
COMMENT ON COLUMN @crm_report@.member_lifecycles.median_gap_days IS 'median of the days between successive days with an order';
COMMENT ON COLUMN @crm_report@.member_lifecycles.status IS 'active, recently_lapsed, mid_term_lapsed, dormant or never, by the setting lifecycle_cuts';
COMMENT ON COLUMN @crm_report@.member_lifecycles.status_name IS 'display name of the status';

CREATE OR REPLACE VIEW @crm_report@.member_grades WITH (security_barrier = true) AS
WITH reader AS MATERIALIZED (
  SELECT @crm@._store_limits() AS stores, @crm@._report_day() AS day,
         coalesce((SELECT (s.value #>> '{}')::integer FROM @crm@.setting AS s WHERE s.key = 'value_months'), 12) AS months,
         coalesce((SELECT ARRAY(SELECT c.value::numeric FROM jsonb_array_elements_text(s.value) WITH ORDINALITY AS c(value, no) ORDER BY c.no)
                   FROM @crm@.setting AS s WHERE s.key = 'grade_spend_cuts'), '{1000,500,500}') AS spend_cuts,
         coalesce((SELECT ARRAY(SELECT c.value::bigint FROM jsonb_array_elements_text(s.value) WITH ORDINALITY AS c(value, no) ORDER BY c.no)
                   FROM @crm@.setting AS s WHERE s.key = 'grade_order_cuts'), '{6,3,0}') AS order_cuts
), span AS MATERIALIZED (
  SELECT r.*, (r.day - make_interval(months => r.months))::date + 1 AS from_day FROM reader AS r
), member AS (
  SELECT m.id, m.member_no, m.home_store_id, r.day, r.from_day, r.spend_cuts, r.order_cuts,
         coalesce(crm_member.order_count(h.history, r.from_day, r.day), 0) AS orders,
         coalesce(crm_member.net_spend(h.history, r.from_day, r.day), 0) AS net_spend
  FROM @crm@.member AS m
       LEFT JOIN @crm@.member_history AS h ON h.member_id = m.id
       CROSS JOIN span AS r
  WHERE @crm@._profiled(m.profiling, m.closed_at, m.merged_into_id) AND (r.stores IS NULL OR m.home_store_id = ANY (r.stores))
)
SELECT m.id AS member_id,
       m.member_no::varchar(40) AS member_no,
       m.home_store_id,
       m.from_day,
       m.day AS as_of,
       m.orders,
       m.net_spend::numeric(18,2) AS net_spend,
       crm_member.value_grade(m.orders, m.net_spend, m.spend_cuts, m.order_cuts)::varchar(1) AS grade
FROM member AS m;
COMMENT ON VIEW @crm_report@.member_grades IS 'grade of each open member who has not opted out of profiling, by net spend and orders of the window (setting value_months) up to today; readers limited to stores see the members of those stores';
COMMENT ON COLUMN @crm_report@.member_grades.member_id IS 'id of the member';
COMMENT ON COLUMN @crm_report@.member_grades.member_no IS 'number of the member';
COMMENT ON COLUMN @crm_report@.member_grades.home_store_id IS 'home store';
COMMENT ON COLUMN @crm_report@.member_grades.from_day IS 'first day of the window';
COMMENT ON COLUMN @crm_report@.member_grades.as_of IS 'last day of the window';
COMMENT ON COLUMN @crm_report@.member_grades.orders IS 'orders in the window';
COMMENT ON COLUMN @crm_report@.member_grades.net_spend IS 'net spend in the window';
COMMENT ON COLUMN @crm_report@.member_grades.grade IS 'A, B, C ... by the settings grade_spend_cuts and grade_order_cuts; both must be reached';

CREATE OR REPLACE VIEW @crm_report@.points_accounts WITH (security_barrier = true) AS
WITH reader AS MATERIALIZED (SELECT @crm@._store_limits() AS stores)
SELECT m.id AS member_id,
       m.member_no::varchar(40) AS member_no,
       m.home_store_id,
       (coalesce(l.living, 0) - a.arrears)::bigint AS balance,
       greatest(coalesce(l.usable, 0) - a.arrears, 0)::bigint AS available,
       (coalesce(l.living, 0) - coalesce(l.usable, 0))::bigint AS pending,
       a.arrears,
       l.next_expiry,
       coalesce(g.balance, 0) AS growth,
       (SELECT max(e.occurred_at) FROM @crm@.ledger_event AS e WHERE e.member_id = m.id) AS last_event_at
FROM @crm@.account AS a
     JOIN @crm@.member AS m ON m.id = a.member_id
     LEFT JOIN LATERAL (
       SELECT sum(k.left_units) AS living,
              sum(k.left_units) FILTER (WHERE k.available_from <= statement_timestamp()) AS usable,
              min(k.expires_at) FILTER (WHERE isfinite(k.expires_at)) AS next_expiry
       FROM @crm@.lot AS k
       WHERE k.account_id = a.id AND k.left_units > 0 AND k.expires_at > statement_timestamp()
         AND (k.available_from <= statement_timestamp()
              OR EXISTS (SELECT FROM @crm@.ledger_event AS e WHERE e.id = k.event_id AND e.occurred_at <= statement_timestamp()))) AS l ON true
     LEFT JOIN @crm@.account AS g ON g.member_id = a.member_id AND g.asset_id = 2
     CROSS JOIN reader
WHERE a.asset_id = 1 AND a.member_id IS NOT NULL AND (reader.stores IS NULL OR m.home_store_id = ANY (reader.stores));
COMMENT ON VIEW @crm_report@.points_accounts IS 'points and growth of each member who has an account, now; readers limited to stores see the members of those stores';
COMMENT ON COLUMN @crm_report@.points_accounts.member_id IS 'id of the member';
COMMENT ON COLUMN @crm_report@.points_accounts.member_no IS 'number of the member';
COMMENT ON COLUMN @crm_report@.points_accounts.home_store_id IS 'home store';
COMMENT ON COLUMN @crm_report@.points_accounts.balance IS 'points in lots that have not expired, pending ones too, less arrears; may be negative';
COMMENT ON COLUMN @crm_report@.points_accounts.available IS 'points that can be spent now, never below 0';
COMMENT ON COLUMN @crm_report@.points_accounts.pending IS 'points that will be available later';
COMMENT ON COLUMN @crm_report@.points_accounts.arrears IS 'points taken back after they were spent; the next ones settle them';
COMMENT ON COLUMN @crm_report@.points_accounts.next_expiry IS 'first instant at which some of the points will be gone';
COMMENT ON COLUMN @crm_report@.points_accounts.growth IS 'growth value';
COMMENT ON COLUMN @crm_report@.points_accounts.last_event_at IS 'when the last event of the member''s accounts happened';

CREATE OR REPLACE VIEW @crm_report@.points_movements WITH (security_barrier = true) AS
WITH reader AS MATERIALIZED (SELECT @crm@._store_limits() AS stores)
SELECT e.id AS event_id,
       p.posting_no::integer AS posting_no,
       m.id AS member_id,
       m.member_no::varchar(40) AS member_no,
       m.home_store_id,
       t.code::varchar(40) AS asset,
       e.kind::varchar(40) AS kind,
       o.programme::varchar(40) AS counterpart,
       p.units,
       (p.units / 10::numeric ^ t.decimals)::numeric(20,4) AS amount,
       @crm@.local_day(e.occurred_at) AS occurred_on,
       e.occurred_at,
       e.recorded_at,
       e.sale_id,
       r.code::varchar(100) AS rule
FROM (SELECT q.event_id, q.posting_no, q.asset_id, q.rule_id, q.to_account AS own, q.from_account AS other, q.units FROM @crm@.posting AS q WHERE q.to_account > 0
      UNION ALL
      SELECT q.event_id, q.posting_no, q.asset_id, q.rule_id, q.from_account, q.to_account, -q.units FROM @crm@.posting AS q WHERE q.from_account > 0) AS p
     JOIN @crm@.ledger_event AS e ON e.id = p.event_id
     JOIN @crm@.account AS a ON a.id = p.own
     JOIN @crm@.member AS m ON m.id = a.member_id
     JOIN @crm@.asset AS t ON t.id = p.asset_id
     LEFT JOIN @crm@.account AS o ON o.id = p.other
     LEFT JOIN @crm@.earning_rule AS r ON r.id = p.rule_id
     CROSS JOIN reader
WHERE reader.stores IS NULL OR m.home_store_id = ANY (reader.stores);
COMMENT ON VIEW @crm_report@.points_movements IS 'every movement of an asset on a member''s account; readers limited to stores see the members of those stores';
COMMENT ON COLUMN @crm_report@.points_movements.event_id IS 'event of the ledger';
COMMENT ON COLUMN @crm_report@.points_movements.posting_no IS 'number of the posting in the event';
COMMENT ON COLUMN @crm_report@.points_movements.member_id IS 'id of the member';
COMMENT ON COLUMN @crm_report@.points_movements.member_no IS 'number of the member';
COMMENT ON COLUMN @crm_report@.points_movements.home_store_id IS 'home store of the member';
COMMENT ON COLUMN @crm_report@.points_movements.asset IS 'points, growth, principal or gift';
COMMENT ON COLUMN @crm_report@.points_movements.kind IS 'what happened, such as earn, claw back or adjust';
COMMENT ON COLUMN @crm_report@.points_movements.counterpart IS 'account of the programme on the other side; empty between members';
COMMENT ON COLUMN @crm_report@.points_movements.units IS 'in the smallest unit of the asset, above 0 to the member, below 0 from the member';
COMMENT ON COLUMN @crm_report@.points_movements.amount IS 'the same in whole units of the asset';
COMMENT ON COLUMN @crm_report@.points_movements.occurred_on IS 'local day on which it happened';
COMMENT ON COLUMN @crm_report@.points_movements.occurred_at IS 'when it happened';
COMMENT ON COLUMN @crm_report@.points_movements.recorded_at IS 'when it was recorded';
COMMENT ON COLUMN @crm_report@.points_movements.sale_id IS 'sale that brought it, if one did';
COMMENT ON COLUMN @crm_report@.points_movements.rule IS 'earning rule that gave the number';
