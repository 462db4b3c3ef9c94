-- sql/crm/87_gap.sql
-- When each member buys again, if the past goes on: median gap between purchase days, next expected day.
--
-- A plain view over histories, right at every instant. The median is of days
-- between successive days with an order; a member with fewer than two has
-- none, and then no day is expected. Members who have opted out of profiling
-- are absent.

--@ code
CREATE OR REPLACE VIEW @crm_report@.purchase_gaps WITH (security_barrier = true) AS
WITH reader AS MATERIALIZED (
  SELECT @crm@._store_limits() AS stores, @crm@._report_day() AS day
), member AS (
  SELECT m.id, m.member_no, m.home_store_id, r.day,
         crm_member.active_days(h.history, NULL, r.day) AS days,
         crm_member.last_day(h.history, NULL, r.day) AS last_day,
         crm_member.median_gap(h.history, NULL, r.day) AS gap
  FROM @crm@.member AS m
       JOIN @crm@.member_history AS h ON h.member_id = m.id
       CROSS JOIN reader AS r
  WHERE @crm@._profiled(m.profiling, m.closed_at, m.merged_into_id) AND (r.stores IS NULL OR m.home_store_id = ANY (r.stores))
)
SELECT m.id AS member_id,
       m.member_no::varchar(40) AS member_no,
       m.home_store_id,
       m.day AS as_of,
       m.days AS purchase_days,
       m.last_day,
       m.gap::numeric(9,1) AS median_gap_days,
       m.last_day + round(m.gap)::integer AS next_expected_day,
       (m.day - m.last_day - round(m.gap)::integer)::integer AS days_overdue,
       ((m.day - m.last_day) / nullif(m.gap, 0))::numeric(9,2) AS gaps_since
FROM member AS m
WHERE m.days > 0;
COMMENT ON VIEW @crm_report@.purchase_gaps IS 'purchase gaps of each open member who ever bought and has not opted out of profiling, today (or on the day of the setting report_day); readers limited to stores see the members of those stores';
COMMENT ON COLUMN @crm_report@.purchase_gaps.member_id IS 'id of the member';
COMMENT ON COLUMN @crm_report@.purchase_gaps.member_no IS 'number of the member';
COMMENT ON COLUMN @crm_report@.purchase_gaps.home_store_id IS 'home store';
COMMENT ON COLUMN @crm_report@.purchase_gaps.as_of IS 'day of the report; later orders are ignored';
COMMENT ON COLUMN @crm_report@.purchase_gaps.purchase_days IS 'local days with an order';
COMMENT ON COLUMN @crm_report@.purchase_gaps.last_day IS 'the last of them';
COMMENT ON COLUMN @crm_report@.purchase_gaps.median_gap_days IS 'median of the days between successive ones; empty with fewer than two';
COMMENT ON COLUMN @crm_report@.purchase_gaps.next_expected_day IS 'last_day and the median gap, rounded half up to a whole day';
COMMENT ON COLUMN @crm_report@.purchase_gaps.days_overdue IS 'days from next_expected_day to as_of, negative while the day is to come';
COMMENT ON COLUMN @crm_report@.purchase_gaps.gaps_since IS 'days since last_day in median gaps: above 2 or 3 the member is slipping away';
