-- sql/crm/95_retention.sql
-- Keeping no longer than needed: a job deletes what has had its time and erases members who left long ago.
--
-- Each kind has a setting with the days it is kept; null keeps it for ever,
-- which is the default where a member or an idempotent answer would be lost.
-- The books, consents and the audit log are not touched: they are evidence.

--@ seed
INSERT INTO @crm@.setting (key, value, meaning) VALUES
  ('retention_outbox_days', '90', 'days after which a message that was sent, failed or dropped is deleted; null: never'),
  ('retention_job_days', '400', 'days after which a finished run of a job is deleted; null: never'),
  ('retention_request_days', 'null', 'days after which a request id is forgotten: a repeat after that is a new request; null: never'),
  ('retention_lead_days', 'null', 'days after the last change after which the personal data of a lead that became no member are emptied; null: never'),
  ('retention_footprint_months', 'null', 'months after which a month of digital footprints is dropped as a whole; null: never'),
  ('retention_closed_days', 'null', 'days after closing after which a member is erased; null: never'),
  ('retention_idle_months', 'null', 'months without a purchase, or since joining, after which a member without points is erased; null: never');

--@ code
CREATE OR REPLACE FUNCTION @crm@._retention_members(at timestamptz, max_members integer) RETURNS TABLE (member_id bigint, why text)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 1000
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  closed_days integer := @crm@._setting('retention_closed_days', NULL)::integer;
  idle_months integer := @crm@._setting('retention_idle_months', NULL)::integer;
BEGIN
  RETURN QUERY
  SELECT m.id, CASE WHEN m.closed_at <= at - make_interval(days => closed_days) THEN 'closed' ELSE 'idle' END
  FROM @crm@.member AS m
  WHERE m.merged_into_id IS NULL AND NOT EXISTS (SELECT FROM @crm@.erasure AS e WHERE e.member_id = m.id)
    AND (m.closed_at <= at - make_interval(days => closed_days)
         OR (m.closed_at IS NULL AND m.joined_at <= at - make_interval(months => idle_months)
             AND NOT EXISTS (SELECT FROM @crm@.sale AS s WHERE s.member_id = m.id AND s.occurred_at > at - make_interval(months => idle_months))
             AND NOT EXISTS (SELECT FROM @crm@.account AS a JOIN @crm@.asset AS t ON t.id = a.asset_id
                             WHERE a.member_id = m.id AND t.nature <> 'growth'
                               AND (a.arrears > 0 OR (a.balance > 0 AND NOT t.has_lots)
                                    OR EXISTS (SELECT FROM @crm@.lot AS l WHERE l.account_id = a.id AND l.left_units > 0 AND l.expires_at > at)))))
  ORDER BY m.id LIMIT max_members;
END
$$;
COMMENT ON FUNCTION @crm@._retention_members(timestamptz, integer) IS 'members whose time has come by the settings retention_closed_days and retention_idle_months, and which of the two';

CREATE OR REPLACE FUNCTION @crm@.retention_run(as_of timestamptz DEFAULT NULL, max_members integer DEFAULT 1000, dry_run boolean DEFAULT false)
RETURNS TABLE (what text, rows_gone bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET timezone = @time_zone@
AS $$
#variable_conflict use_variable
DECLARE
  at timestamptz := coalesce(as_of, clock_timestamp());
  began timestamptz := clock_timestamp();
  days integer;
  counts jsonb := '{}';
  month name;
  gone bigint[];
  n bigint;
BEGIN
  PERFORM @crm@._require('{manager}');
  IF at > clock_timestamp() OR max_members IS NULL OR max_members < 0 THEN
    RAISE EXCEPTION 'retention is as of a time that has passed, and max_members 0 or more' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  BEGIN
    days := @crm@._setting('retention_outbox_days', NULL)::integer;
    DELETE FROM @crm@.outbox AS o WHERE o.state IN ('sent', 'failed', 'dropped') AND coalesce(o.ended_at, o.created_at) <= at - make_interval(days => days);
    GET DIAGNOSTICS n = ROW_COUNT;
    counts := counts || jsonb_build_object('outbox', n);
    days := @crm@._setting('retention_job_days', NULL)::integer;
    DELETE FROM @crm@.job_run AS j WHERE j.state <> 'running' AND j.started_at <= at - make_interval(days => days);
    GET DIAGNOSTICS n = ROW_COUNT;
    counts := counts || jsonb_build_object('job_run', n);
    days := @crm@._setting('retention_request_days', NULL)::integer;
    DELETE FROM @crm@.request AS r WHERE r.recorded_at <= at - make_interval(days => days);
    GET DIAGNOSTICS n = ROW_COUNT;
    counts := counts || jsonb_build_object('request', n);
    days := @crm@._setting('retention_lead_days', NULL)::integer;
    UPDATE @crm@.lead AS l SET full_name = NULL, phone = NULL, email = NULL, note = NULL
    WHERE l.state <> 'converted' AND l.changed_at <= at - make_interval(days => days)
      AND (l.full_name IS NOT NULL OR l.phone IS NOT NULL OR l.email IS NOT NULL OR l.note IS NOT NULL);
    GET DIAGNOSTICS n = ROW_COUNT;
    counts := counts || jsonb_build_object('lead', n);
    n := 0;
    FOR month IN
      SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid JOIN pg_class AS p ON p.oid = i.inhparent AND p.relname = 'footprint'
           JOIN pg_namespace AS s ON s.oid = p.relnamespace AND s.nspname = @crm_name@
      WHERE substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \(''([^'']+)''\)')::timestamptz <= at - make_interval(months => @crm@._setting('retention_footprint_months', NULL)::integer)
    LOOP
      EXECUTE format('DROP TABLE @crm@.%I', month);
      n := n + 1;
    END LOOP;
    counts := counts || jsonb_build_object('footprint', n);
    SELECT array_agg((@crm@._member_erase(k.member_id, 'retention: ' || k.why, requests => false)).member_id) INTO gone FROM @crm@._retention_members(at, max_members) AS k;
    n := coalesce(cardinality(gone), 0);
    IF n > 0 THEN
      PERFORM @crm@._erase_requests((SELECT array_agg(p) FROM unnest(gone) AS g, unnest(@crm@._same_person(g)) AS p));
    END IF;
    counts := counts || jsonb_build_object('member', n);
    IF dry_run THEN
      RAISE EXCEPTION 'dry run' USING ERRCODE = 'CRDRY';
    END IF;
    INSERT INTO @crm@.job_run (job, started_at, ended_at, state, rows_done, detail)
    SELECT 'retention_run', began, clock_timestamp(), 'done', sum(c.value::bigint), counts FROM jsonb_each_text(counts) AS c;
    PERFORM @crm@._audit('retention_run', detail => counts);
  EXCEPTION WHEN SQLSTATE 'CRDRY' THEN
    NULL;
  END;
  RETURN QUERY SELECT c.key, c.value::bigint FROM jsonb_each_text(counts) AS c ORDER BY c.key COLLATE "C";
END
$$;
COMMENT ON FUNCTION @crm@.retention_run(timestamptz, integer, boolean) IS 'deletes messages, job runs and request ids that are older than their settings retention_... say, empties leads that became no member, drops months of footprints, and erases members closed or idle for longer than theirs, at most max_members a call, the oldest ids first; answers how many rows of each, of footprints how many months. Nightly; call again while it answers max_members. The run stands in job_run and in the audit log. Level manager of all stores. Errors: 22023 a time to come, 42501';
