-- sql/crm/80_report.sql
-- The report schema: plain, commented views for BI, names masked.
--
-- These views run with the rights of their owner, since their readers have
-- none on the tables; they are security barriers and show rows of the reader's
-- stores only where rows belong to a store. Columns are integers, numeric with
-- scale, dates, timestamptz and text.

--@ code
CREATE OR REPLACE VIEW @crm_report@.members WITH (security_barrier = true) AS
SELECT m.id AS member_id,
       m.member_no::varchar(40) AS member_no,
       (left(p.full_name, 1) || CASE WHEN length(p.full_name) > 1 THEN '**' ELSE '' END)::varchar(40) AS masked_name,
       m.home_store_id,
       m.region::varchar(100) AS region,
       @crm@.local_day(m.joined_at) AS joined_on,
       @crm@.local_day(m.closed_at) AS closed_on,
       coalesce(crm_member.order_count(h.history), 0) AS orders,
       coalesce(crm_member.net_spend(h.history), 0)::numeric(18,2) AS net_spend,
       crm_member.first_day(h.history) AS first_day,
       crm_member.last_day(h.history) AS last_day
FROM @crm@.member AS m
     LEFT JOIN @crm@.member_pii AS p ON p.member_id = m.id
     LEFT JOIN @crm@.member_history AS h ON h.member_id = m.id
     CROSS JOIN (SELECT @crm@._store_limits() AS stores) AS reader
WHERE reader.stores IS NULL OR m.home_store_id = ANY (reader.stores);
COMMENT ON VIEW @crm_report@.members IS 'one row a member: number, masked name, home store, dates, orders and net spend of all time; readers limited to stores see the members of those stores';
COMMENT ON COLUMN @crm_report@.members.member_id IS 'id of the member';
COMMENT ON COLUMN @crm_report@.members.member_no IS 'number of the member';
COMMENT ON COLUMN @crm_report@.members.masked_name IS 'first character of the name, the rest masked';
COMMENT ON COLUMN @crm_report@.members.home_store_id IS 'home store';
COMMENT ON COLUMN @crm_report@.members.region IS 'region';
COMMENT ON COLUMN @crm_report@.members.joined_on IS 'local day of joining';
COMMENT ON COLUMN @crm_report@.members.closed_on IS 'local day of closing, empty while the membership is open';
COMMENT ON COLUMN @crm_report@.members.orders IS 'orders of all time';
COMMENT ON COLUMN @crm_report@.members.net_spend IS 'net spend of all time, less refunds';
COMMENT ON COLUMN @crm_report@.members.first_day IS 'local day of the first order';
COMMENT ON COLUMN @crm_report@.members.last_day IS 'local day of the last order';
