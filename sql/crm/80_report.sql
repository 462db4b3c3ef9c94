-- sql/crm/80_report.sql
-- The ground of the reports: what has changed since they were made, what they were made of, and members.
--
-- The views of the report schema run with the rights of their owner, since
-- their readers have none on the tables; they are security barriers, mask
-- names, and show rows of the reader's stores only where rows belong to a
-- store; sums of the whole chain are for readers of all stores. Columns are integers, numeric with scale, dates, timestamptz and text.
-- A report is a plain view, a view over a table whose changed keys are made
-- again, or a view over a materialized view. Triggers append what changed to
-- report_change and lock nothing that another session needs; refresh_reports
-- takes it from there.

--@ layout 1
CREATE TABLE @crm@.report_change (
  sign smallint NOT NULL,
  member_id bigint,
  store_id bigint,
  channel text,
  occurred_at timestamptz,
  is_refund boolean,
  net_spend numeric(18,2),
  list_amount numeric(18,2),
  discount_amount numeric(18,2),
  cost_amount numeric(18,2)
);
ALTER TABLE @crm@.report_change REPLICA IDENTITY FULL;
ALTER TABLE @crm@.report_change ENABLE ROW LEVEL SECURITY;

CREATE TABLE @crm@.report_due (
  member_id bigint PRIMARY KEY
);
ALTER TABLE @crm@.report_due ENABLE ROW LEVEL SECURITY;

CREATE TABLE @crm@.report_state (
  relation text PRIMARY KEY,
  as_of date NOT NULL,
  refreshed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  how text NOT NULL,
  rows_written bigint NOT NULL DEFAULT 0,
  elapsed_ms integer NOT NULL DEFAULT 0,
  stale boolean NOT NULL DEFAULT false
);

CREATE POLICY chain_reads ON @crm@.report_change FOR SELECT USING ((SELECT @crm@._may('{auditor}')));
CREATE POLICY chain_reads ON @crm@.report_due FOR SELECT USING ((SELECT @crm@._may('{auditor}')));

--@ code
COMMENT ON TABLE @crm@.report_change IS 'sales as they came (sign 1) and went (-1) since the reports were last refreshed, and members that changed (0); appended to by triggers, emptied by refresh_reports';
COMMENT ON TABLE @crm@.report_due IS 'members whose scores are to be made again';
COMMENT ON TABLE @crm@.report_state IS 'one row a stored report: the day it is of, when, how and how long it was refreshed, and whether something has changed since';

CREATE OR REPLACE FUNCTION @crm@._report_day() RETURNS date
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce((SELECT (s.value #>> '{}')::date FROM @crm@.setting AS s WHERE s.key = 'report_day'), @crm@.local_day(statement_timestamp()))
$$;
COMMENT ON FUNCTION @crm@._report_day() IS 'the day that reports are of: today, or the setting report_day';

CREATE OR REPLACE FUNCTION @crm@._report_note() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO @crm@.report_change (sign, member_id, store_id, channel, occurred_at, is_refund, net_spend, list_amount, discount_amount, cost_amount)
    SELECT -1, o.member_id, o.store_id, o.channel, o.occurred_at, NOT @crm@._is_order(o.net_spend, o.refund_of_id), o.net_spend, o.list_amount, o.discount_amount, o.cost_amount
    FROM old_rows AS o;
  ELSE
    INSERT INTO @crm@.report_change (sign, member_id, store_id, channel, occurred_at, is_refund, net_spend, list_amount, discount_amount, cost_amount)
    SELECT x.sign, x.member_id, x.store_id, x.channel, x.occurred_at, NOT @crm@._is_order(x.net_spend, x.refund_of_id), x.net_spend, x.list_amount, x.discount_amount, x.cost_amount
    FROM old_rows AS o JOIN new_rows AS n ON n.id = o.id,
         LATERAL (VALUES (-1, o.member_id, o.store_id, o.channel, o.occurred_at, o.refund_of_id, o.net_spend, o.list_amount, o.discount_amount, o.cost_amount),
                         (1, n.member_id, n.store_id, n.channel, n.occurred_at, n.refund_of_id, n.net_spend, n.list_amount, n.discount_amount, n.cost_amount))
           AS x(sign, member_id, store_id, channel, occurred_at, refund_of_id, net_spend, list_amount, discount_amount, cost_amount)
    WHERE (o.member_id, o.store_id, o.channel, o.occurred_at, o.refund_of_id, o.net_spend, o.list_amount, o.discount_amount, o.cost_amount)
          IS DISTINCT FROM (n.member_id, n.store_id, n.channel, n.occurred_at, n.refund_of_id, n.net_spend, n.list_amount, n.discount_amount, n.cost_amount);
  END IF;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION @crm@._report_note() IS 'trigger: appends sales that went or changed to report_change; those that come are noted by the trigger of the histories';

CREATE OR REPLACE TRIGGER sale_50_reports_update AFTER UPDATE ON @crm@.sale
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION @crm@._report_note();
CREATE OR REPLACE TRIGGER sale_50_reports_delete AFTER DELETE ON @crm@.sale
  REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION @crm@._report_note();

CREATE OR REPLACE FUNCTION @crm@._report_note_member() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
BEGIN
  IF TG_LEVEL = 'ROW' THEN
    INSERT INTO @crm@.report_change (sign, member_id) VALUES (0, NEW.id);
  ELSE
    INSERT INTO @crm@.report_change (sign) VALUES (0);
  END IF;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION @crm@._report_note_member() IS 'trigger: appends to report_change that there are new members, or which member changed';

CREATE OR REPLACE TRIGGER member_50_reports_insert AFTER INSERT ON @crm@.member
  FOR EACH STATEMENT EXECUTE FUNCTION @crm@._report_note_member();
CREATE OR REPLACE TRIGGER member_50_reports_update AFTER UPDATE ON @crm@.member FOR EACH ROW
  WHEN (OLD.profiling IS DISTINCT FROM NEW.profiling OR OLD.joined_at IS DISTINCT FROM NEW.joined_at OR OLD.closed_at IS DISTINCT FROM NEW.closed_at
        OR OLD.merged_into_id IS DISTINCT FROM NEW.merged_into_id)
  EXECUTE FUNCTION @crm@._report_note_member();

CREATE OR REPLACE VIEW @crm_report@.members WITH (security_barrier = true) AS
WITH reader AS MATERIALIZED (SELECT @crm@._store_limits() AS stores)
SELECT m.id AS member_id,
       m.member_no::varchar(40) AS member_no,
       regexp_replace(crm_member.mask_name(left(p.full_name, 200)), '^([^*[:space:]]+).*$', '\1**')::varchar(40) AS masked_name,
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
     CROSS JOIN reader
WHERE m.merged_into_id IS NULL AND (reader.stores IS NULL OR m.home_store_id = ANY (reader.stores));
COMMENT ON VIEW @crm_report@.members IS 'one row a member, those that were merged into another left out: number, masked name, home store, dates, orders and net spend of all time; readers limited to stores see the members of those stores';
COMMENT ON COLUMN @crm_report@.members.member_id IS 'id of the member';
COMMENT ON COLUMN @crm_report@.members.member_no IS 'number of the member';
COMMENT ON COLUMN @crm_report@.members.masked_name IS 'first character of the name as a reader sees it, the rest masked; a name of one character is masked in full';
COMMENT ON COLUMN @crm_report@.members.home_store_id IS 'home store';
COMMENT ON COLUMN @crm_report@.members.region IS 'region';
COMMENT ON COLUMN @crm_report@.members.joined_on IS 'local day of joining';
COMMENT ON COLUMN @crm_report@.members.closed_on IS 'local day of closing, empty while the membership is open';
COMMENT ON COLUMN @crm_report@.members.orders IS 'orders of all time';
COMMENT ON COLUMN @crm_report@.members.net_spend IS 'net spend of all time, less refunds';
COMMENT ON COLUMN @crm_report@.members.first_day IS 'local day of the first order';
COMMENT ON COLUMN @crm_report@.members.last_day IS 'local day of the last order';
