-- sql/crm/32_profiled.sql
-- Who may be profiled: the one place that scores, segments, values and recommendations ask.
--
-- A member that has withdrawn consent to profiling, or is closed or merged into
-- another, is in no analytic result. Who reads histories or sales in order to
-- score, segment, predict or recommend joins _profiled_members.

--@ code
CREATE OR REPLACE VIEW @crm@._profiled_members WITH (security_invoker = true) AS
SELECT m.id AS member_id, m.home_store_id, m.joined_at
FROM @crm@.member AS m
WHERE m.profiling AND m.closed_at IS NULL AND m.merged_into_id IS NULL;
COMMENT ON VIEW @crm@._profiled_members IS 'open members who have not opted out of profiling; RFM, CLV, segments, grades, lifecycles and recommendations are of these alone';
