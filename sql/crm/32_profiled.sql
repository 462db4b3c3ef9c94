-- sql/crm/32_profiled.sql
-- Who may be profiled: the one place that scores, segments, values and recommendations ask.
--
-- A member that has withdrawn consent to profiling, or is closed or merged into
-- another, is in no analytic result. Who reads histories or sales in order to
-- score, segment, predict or recommend joins _profiled_members. Report views ask
-- the function instead: their readers have no right on the table below a view
-- that runs with the reader's rights.

--@ code
CREATE OR REPLACE FUNCTION @crm@._profiled(profiling boolean, closed_at timestamptz, merged_into_id bigint) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN profiling AND closed_at IS NULL AND merged_into_id IS NULL;
COMMENT ON FUNCTION @crm@._profiled(boolean, timestamptz, bigint) IS 'whether a member with this word on profiling, closing and merging may be profiled';

CREATE OR REPLACE VIEW @crm@._profiled_members WITH (security_invoker = true) AS
SELECT m.id AS member_id, m.home_store_id, m.joined_at
FROM @crm@.member AS m
WHERE @crm@._profiled(m.profiling, m.closed_at, m.merged_into_id);
COMMENT ON VIEW @crm@._profiled_members IS 'open members who have not opted out of profiling; RFM, CLV, segments, grades, lifecycles and recommendations are of these alone';
