-- sql/crm/87_segment.sql
-- Members by octant, the history of a member's segment, and how members move between segments.
--
-- member_segment has a row where a refresh found a member in another segment
-- or octant than before, so the segment on a day is that of the last row up to
-- it, by the rules that stood then. Before a member's first row the segment is
-- prospect: without a purchase there is no score.

--@ code
CREATE OR REPLACE VIEW @crm_report@.rfm_octants WITH (security_barrier = true) AS
WITH found AS MATERIALIZED (
  SELECT s.octant, count(*) AS members, sum(s.orders)::bigint AS orders, sum(s.net_spend) AS net_spend
  FROM @crm_report@.member_rfm_scores AS s WHERE s.octant IS NOT NULL GROUP BY s.octant
)
SELECT o.priority,
       o.octant::varchar(3) AS octant,
       o.name::varchar(60) AS octant_name,
       coalesce(f.members, 0) AS members,
       (coalesce(f.members, 0) / nullif(sum(f.members) OVER (), 0))::numeric(9,6) AS member_share,
       coalesce(f.orders, 0) AS orders,
       coalesce(f.net_spend, 0)::numeric(18,2) AS net_spend,
       (coalesce(f.net_spend, 0) / nullif(sum(f.net_spend) OVER (), 0))::numeric(18,6) AS spend_share,
       (f.net_spend / nullif(f.members, 0))::numeric(18,2) AS spend_per_member
FROM @crm@.rfm_octant AS o LEFT JOIN found AS f ON f.octant = o.octant;
COMMENT ON VIEW @crm_report@.rfm_octants IS 'one row an octant (R, F and M against their means) with the members that the reader may see in it';
COMMENT ON COLUMN @crm_report@.rfm_octants.priority IS 'for sorting';
COMMENT ON COLUMN @crm_report@.rfm_octants.octant IS 'R, F and M: 1 as good as the mean or better, 0 worse';
COMMENT ON COLUMN @crm_report@.rfm_octants.octant_name IS 'display name, from the table rfm_octant';
COMMENT ON COLUMN @crm_report@.rfm_octants.members IS 'members in the octant';
COMMENT ON COLUMN @crm_report@.rfm_octants.member_share IS 'their share of the scored members in the view, a fraction';
COMMENT ON COLUMN @crm_report@.rfm_octants.orders IS 'their orders in the window';
COMMENT ON COLUMN @crm_report@.rfm_octants.net_spend IS 'their net spend in the window';
COMMENT ON COLUMN @crm_report@.rfm_octants.spend_share IS 'share of the net spend, a fraction';
COMMENT ON COLUMN @crm_report@.rfm_octants.spend_per_member IS 'net spend / members';

CREATE OR REPLACE VIEW @crm_report@.member_segments WITH (security_barrier = true) AS
WITH reader AS MATERIALIZED (
  SELECT @crm@._store_limits() AS stores
), rule AS MATERIALIZED (
  SELECT DISTINCT ON (r.segment) r.segment, r.name FROM @crm@.rfm_rule AS r ORDER BY r.segment, r.priority
)
SELECT m.id AS member_id,
       m.member_no::varchar(40) AS member_no,
       m.home_store_id,
       s.as_of AS from_day,
       (lead(s.as_of) OVER (PARTITION BY s.member_id ORDER BY s.as_of) - 1)::date AS through_day,
       s.segment::varchar(60) AS segment,
       r.name::varchar(60) AS segment_name,
       s.octant::varchar(3) AS octant,
       o.name::varchar(60) AS octant_name
FROM @crm@.member_segment AS s
     JOIN @crm@.member AS m ON m.id = s.member_id
     LEFT JOIN rule AS r ON r.segment = s.segment
     LEFT JOIN @crm@.rfm_octant AS o ON o.octant = s.octant
     CROSS JOIN reader
WHERE @crm@._profiled(m.profiling, m.closed_at, m.merged_into_id) AND (reader.stores IS NULL OR m.home_store_id = ANY (reader.stores));
COMMENT ON VIEW @crm_report@.member_segments IS 'the segments through which each member went, as the refreshes found them: one row a stay; readers limited to stores see the members of those stores';
COMMENT ON COLUMN @crm_report@.member_segments.member_id IS 'id of the member';
COMMENT ON COLUMN @crm_report@.member_segments.member_no IS 'number of the member';
COMMENT ON COLUMN @crm_report@.member_segments.home_store_id IS 'home store';
COMMENT ON COLUMN @crm_report@.member_segments.from_day IS 'day of the scores that put the member there';
COMMENT ON COLUMN @crm_report@.member_segments.through_day IS 'last day before the next; empty while it lasts';
COMMENT ON COLUMN @crm_report@.member_segments.segment IS 'segment, by the rules of that day';
COMMENT ON COLUMN @crm_report@.member_segments.segment_name IS 'display name of today';
COMMENT ON COLUMN @crm_report@.member_segments.octant IS 'octant; empty without an order in the window';
COMMENT ON COLUMN @crm_report@.member_segments.octant_name IS 'display name of today';

CREATE OR REPLACE VIEW @crm_report@.segment_moves WITH (security_barrier = true) AS
WITH month AS (
  -- where each member stood at the end of each month with a change
  SELECT DISTINCT ON (s.member_id, date_trunc('month', s.from_day::timestamp)) s.member_id, date_trunc('month', s.from_day::timestamp)::date AS month, s.segment
  FROM @crm_report@.member_segments AS s
  ORDER BY s.member_id, date_trunc('month', s.from_day::timestamp), s.from_day DESC
), move AS (
  SELECT k.month, lag(k.segment, 1, 'prospect') OVER (PARTITION BY k.member_id ORDER BY k.month) AS from_segment, k.segment AS to_segment FROM month AS k
), rule AS MATERIALIZED (
  SELECT DISTINCT ON (r.segment) r.segment, r.name FROM @crm@.rfm_rule AS r ORDER BY r.segment, r.priority
)
SELECT v.month,
       v.from_segment::varchar(60) AS from_segment,
       f.name::varchar(60) AS from_segment_name,
       v.to_segment::varchar(60) AS to_segment,
       t.name::varchar(60) AS to_segment_name,
       count(*) AS members
FROM move AS v LEFT JOIN rule AS f ON f.segment = v.from_segment LEFT JOIN rule AS t ON t.segment = v.to_segment
WHERE v.from_segment <> v.to_segment
GROUP BY v.month, v.from_segment, f.name, v.to_segment, t.name;
COMMENT ON VIEW @crm_report@.segment_moves IS 'how many members ended a month in another segment than the month before, of those that the reader may see; members who stayed are not counted';
COMMENT ON COLUMN @crm_report@.segment_moves.month IS 'first day of the month';
COMMENT ON COLUMN @crm_report@.segment_moves.from_segment IS 'segment at the end of the month before; prospect: not scored yet';
COMMENT ON COLUMN @crm_report@.segment_moves.from_segment_name IS 'its display name';
COMMENT ON COLUMN @crm_report@.segment_moves.to_segment IS 'segment at the end of the month';
COMMENT ON COLUMN @crm_report@.segment_moves.to_segment_name IS 'its display name';
COMMENT ON COLUMN @crm_report@.segment_moves.members IS 'members who moved';

CREATE OR REPLACE FUNCTION @crm@.segment_migration(from_day date, to_day date DEFAULT NULL)
RETURNS TABLE (from_segment text, to_segment text, members bigint, share numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE ROWS 50
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  stores bigint[] := @crm@._store_limits();
  through date := coalesce(to_day, @crm@._report_day());
BEGIN
  PERFORM @crm@._require_anywhere('{marketer,manager,auditor}');
  IF from_day IS NULL OR from_day > through THEN
    RAISE EXCEPTION 'from_day must not be after to_day' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN QUERY
    WITH person AS (
      SELECT m.member_id AS id FROM @crm@._profiled_members AS m WHERE stores IS NULL OR m.home_store_id = ANY (stores)
    ), there AS (
      SELECT coalesce((SELECT s.segment FROM @crm@.member_segment AS s WHERE s.member_id = p.id AND s.as_of <= segment_migration.from_day ORDER BY s.as_of DESC LIMIT 1), 'prospect') AS a,
             coalesce((SELECT s.segment FROM @crm@.member_segment AS s WHERE s.member_id = p.id AND s.as_of <= through ORDER BY s.as_of DESC LIMIT 1), 'prospect') AS b
      FROM person AS p
    )
    SELECT t.a, t.b, count(*), round(count(*) / sum(count(*)) OVER (PARTITION BY t.a), 6)
    FROM there AS t GROUP BY t.a, t.b ORDER BY 1, 2;
END
$$;
COMMENT ON FUNCTION @crm@.segment_migration(date, date) IS 'where the members of each segment on one day stand on another (default: today, or the setting report_day): the members, and their share of the segment they come from; those who stayed too, prospect for members without a score yet, by the rules of each day. Of the stores of the caller. Levels marketer, manager and auditor. Errors: 22023 days the wrong way round, 42501 not allowed';
