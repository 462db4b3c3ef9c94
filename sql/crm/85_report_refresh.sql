-- sql/crm/85_report_refresh.sql
-- refresh_reports: brings the stored reports up to date; report_status: how far they are.
--
-- Tables kept by key take in what waits in report_change; materialized views
-- are made again only when something has changed or their day has passed. One
-- refresh runs at a time; sales go on meanwhile, and readers see the old
-- reports until it commits.

--@ code
CREATE OR REPLACE FUNCTION @crm@._reports() RETURNS TABLE (report text, relation text, storage text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 20
SET search_path = pg_catalog, pg_temp
AS $$
VALUES ('members', NULL, 'view'), ('member_tiers', NULL, 'view'), ('tier_rules', NULL, 'view'), ('member_lifecycles', NULL, 'view'),
       ('member_grades', NULL, 'view'), ('member_values', NULL, 'view'), ('points_accounts', NULL, 'view'), ('points_movements', NULL, 'view'), ('purchase_gaps', NULL, 'view'), ('report_status', NULL, 'view'),
       ('sales_by_month', 'sales_month', 'table'), ('margins', 'sales_month', 'table'),
       ('member_rfm_scores', 'member_score', 'table'), ('rfm_segments', 'member_score', 'table'), ('rfm_octants', 'member_score', 'table'),
       ('member_segments', 'member_score', 'table'), ('segment_moves', 'member_score', 'table'),
       ('pareto', 'report_pareto', 'materialized view'), ('member_growth', 'report_month', 'materialized view'), ('member_activity', 'report_month', 'materialized view'),
       ('cohort_retention', 'report_cohort', 'materialized view'), ('repeat_purchase', 'report_repeat', 'materialized view'), ('return_rate', 'report_return', 'materialized view'), ('product_pairs', 'report_pair', 'materialized view')
$$;
COMMENT ON FUNCTION @crm@._reports() IS 'the reports: the relation that stores each, and how';

CREATE OR REPLACE FUNCTION @crm@._report_privileges() RETURNS TABLE (level text, kind text, object text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 80
SET search_path = pg_catalog, pg_temp
AS $$
SELECT l.level, 'v', r.report FROM unnest('{analyst,marketer,manager,auditor}'::text[]) AS l(level), @crm@._reports() AS r
UNION ALL SELECT 'manager', 'f', 'refresh_reports'
UNION ALL SELECT l.level, 'f', f.object FROM unnest('{clerk,app,marketer,manager}'::text[]) AS l(level), unnest('{recommend,related_products}'::text[]) AS f(object)
UNION ALL SELECT l.level, 'f', 'segment_migration' FROM unnest('{marketer,manager,auditor}'::text[]) AS l(level)
UNION ALL SELECT l.level, 'f', 'sync_sale_lines' FROM unnest('{app,manager}'::text[]) AS l(level)
UNION ALL SELECT 'auditor', 'r', t.name FROM unnest('{report_change,report_due,report_state,rfm_run,rfm_rule,member_score,sales_month,captured_line,line_source,rfm_octant,member_segment}'::text[]) AS t(name)
$$;
COMMENT ON FUNCTION @crm@._report_privileges() IS 'the part of the privilege model that is about reports';

CREATE OR REPLACE FUNCTION @crm@._report_state(relation text, as_of date, how text, rows_written bigint, elapsed interval) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
INSERT INTO @crm@.report_state AS s (relation, as_of, how, rows_written, elapsed_ms)
VALUES (_report_state.relation, _report_state.as_of, _report_state.how, _report_state.rows_written, extract(epoch FROM elapsed) * 1000)
ON CONFLICT (relation) DO UPDATE
  SET as_of = excluded.as_of, refreshed_at = excluded.refreshed_at, how = excluded.how, rows_written = excluded.rows_written, elapsed_ms = excluded.elapsed_ms, stale = false
$$;
COMMENT ON FUNCTION @crm@._report_state(text, date, text, bigint, interval) IS 'keeps what a refresh did with a stored report';

-- REFRESH CONCURRENTLY lets readers go on; it needs rows that were made before.
CREATE OR REPLACE FUNCTION @crm@._report_make(relation text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  made bigint;
  told text;
  memory text := current_setting('maintenance_work_mem');
BEGIN
  IF relation = 'report_pair' THEN
    PERFORM set_config('maintenance_work_mem', @crm@._setting('pair_memory', '512MB'), true);
  END IF;
  BEGIN
    EXECUTE format('REFRESH MATERIALIZED VIEW %s @crm@.%I',
      CASE WHEN (SELECT c.relispopulated FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                 WHERE n.nspname = @crm_name@ AND c.relname = _report_make.relation) THEN 'CONCURRENTLY' ELSE '' END, relation);
  EXCEPTION WHEN configuration_limit_exceeded THEN
    -- what pair_rules advises is not what decides here
    GET STACKED DIAGNOSTICS told = PG_EXCEPTION_DETAIL;
    RAISE EXCEPTION 'pairs of products need more memory than they may take' USING ERRCODE = 'configuration_limit_exceeded',
      DETAIL = told, HINT = 'Raise the setting pair_memory, or lower pair_months.';
  END;
  PERFORM set_config('maintenance_work_mem', memory, true);
  EXECUTE format('SELECT count(*) FROM @crm@.%I', relation) INTO made;
  RETURN made;
END
$$;
COMMENT ON FUNCTION @crm@._report_make(text) IS 'makes a materialized view again and answers how many rows it has';

CREATE OR REPLACE FUNCTION @crm@._report_note_setting() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF coalesce(NEW.key, OLD.key) IN ('value_months', 'report_min_group', 'pair_months', 'pair_min_count', 'pair_max_items') THEN
    INSERT INTO @crm@.report_change (sign) VALUES (0);
  END IF;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION @crm@._report_note_setting() IS 'trigger: appends to report_change that a setting changed by which the materialized views are made';

CREATE OR REPLACE TRIGGER setting_50_reports AFTER INSERT OR UPDATE OR DELETE ON @crm@.setting
  FOR EACH ROW EXECUTE FUNCTION @crm@._report_note_setting();

CREATE OR REPLACE FUNCTION @crm@._reports_repair() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  name text;
BEGIN
  FOR name IN SELECT s.relation FROM @crm@.report_state AS s WHERE s.relation ~ '^report_' ORDER BY 1 LOOP
    PERFORM @crm@._report_make(name);
  END LOOP;
END
$$;
COMMENT ON FUNCTION @crm@._reports_repair() IS 'makes the materialized views again, each as of its own day';

CREATE OR REPLACE FUNCTION @crm@.refresh_reports(reports text[] DEFAULT NULL, as_of date DEFAULT NULL, full_run boolean DEFAULT false)
RETURNS TABLE (relation text, reports_served text, how text, rows_written bigint, elapsed interval)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_variable
DECLARE
  day date;
  began timestamptz := clock_timestamp();
  step timestamptz;
  target record;
  last_run @crm@.rfm_run;
  noted bigint := 0;
  bought bigint[];
  changed bigint[];
  total bigint := 0;
  done jsonb := '[]';
  unknown text;
  scores_asked boolean := reports IS NULL OR reports && '{member_rfm_scores,rfm_segments,rfm_octants,member_segments,segment_moves}';
BEGIN
  PERFORM @crm@._require('{manager}');
  SELECT n INTO unknown FROM unnest(reports) AS n WHERE NOT EXISTS (SELECT FROM @crm@._reports() AS r WHERE r.report = n) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'unknown report' USING ERRCODE = 'invalid_parameter_value',
      DETAIL = format('There is no report "%s".', unknown), HINT = 'The view report_status lists the reports.';
  END IF;
  -- one refresh at a time; readers and sales are not held up
  LOCK TABLE @crm@.report_state IN SHARE ROW EXCLUSIVE MODE;
  day := coalesce(as_of, @crm@._report_day());
  IF NOT isfinite(day) OR day > greatest(@crm@.local_day(clock_timestamp()), @crm@._report_day()) THEN
    RAISE EXCEPTION 'reports cannot be of a day to come' USING ERRCODE = 'invalid_parameter_value';
  END IF;

  FOR target IN
    SELECT r.relation, string_agg(r.report, ', ' ORDER BY r.report COLLATE "C") AS served, s.as_of, s.stale,
           reports IS NULL OR bool_or(r.report = ANY (reports)) AS asked
    FROM @crm@._reports() AS r LEFT JOIN @crm@.report_state AS s ON s.relation = r.relation
    WHERE r.relation IS NOT NULL
    GROUP BY r.relation, s.as_of, s.stale
    ORDER BY r.relation <> 'sales_month', r.relation <> 'member_score', r.relation COLLATE "C"
  LOOP
    -- monthly sales are always brought up to date: they pass on what has changed
    CONTINUE WHEN NOT target.asked AND target.relation <> 'sales_month';
    step := clock_timestamp();
    how := 'changed keys';
    IF target.relation = 'sales_month' THEN
      IF full_run OR target.as_of IS NULL THEN
        how := 'all keys';
        rows_written := @crm@._sales_rebuild();
        noted := 1;
      ELSE
        SELECT f.noted, f.written, f.bought, f.changed INTO noted, rows_written, bought, changed FROM @crm@._sales_fold() AS f;
        IF NOT scores_asked THEN
          INSERT INTO @crm@.report_due (member_id) SELECT DISTINCT u.id FROM unnest(bought || changed) AS u(id) ON CONFLICT DO NOTHING;
        END IF;
      END IF;
      IF noted > 0 THEN
        UPDATE @crm@.report_state AS s SET stale = true WHERE s.relation <> 'sales_month' AND NOT s.stale;
      END IF;
      target.stale := noted > 0;
    ELSIF target.relation = 'member_score' THEN
      SELECT r.* INTO last_run FROM @crm@.rfm_run AS r ORDER BY r.id DESC LIMIT 1;
      IF full_run OR @crm@._rfm_outdated(last_run, day) THEN
        how := 'all keys';
        rows_written := @crm@._rfm_run(day);
      ELSE
        IF target.as_of < day THEN
          -- sales that were dated ahead of the scores, and whose day has come
          bought := bought || ARRAY(SELECT s.member_id FROM @crm@.member_score AS s JOIN @crm@.member_history AS h ON h.member_id = s.member_id
                                    WHERE s.as_of < day AND crm_member.between_days(h.history, s.as_of + 1, day) OPERATOR(crm_member.<>) '{}');
        END IF;
        rows_written := @crm@._rfm_due(day, bought, changed);
        IF target.as_of < day THEN
          PERFORM @crm@._segments_note(false);
        END IF;
      END IF;
    ELSIF full_run OR target.as_of IS DISTINCT FROM day OR noted > 0 OR target.stale THEN
      how := 'whole book';
      PERFORM @crm@._report_state(target.relation, day, how, 0, '0');
      rows_written := @crm@._report_make(target.relation);
    ELSE
      how := 'nothing changed';
      rows_written := 0;
    END IF;
    relation := target.relation;
    reports_served := target.served;
    elapsed := clock_timestamp() - step;
    total := total + rows_written;
    done := done || jsonb_build_object('relation', relation, 'how', how, 'rows', rows_written, 'ms', round(extract(epoch FROM elapsed) * 1000, 3));
    PERFORM @crm@._report_state(relation, day, how, rows_written, elapsed);
    RETURN NEXT;
  END LOOP;
  INSERT INTO @crm@.job_run (job, subject, started_at, ended_at, state, rows_done, detail)
  VALUES ('refresh_reports', CASE WHEN full_run THEN 'full' ELSE 'changes' END, began, clock_timestamp(), 'done', total, jsonb_build_object('as_of', day, 'reports', done));
END
$$;
COMMENT ON FUNCTION @crm@.refresh_reports(text[], date, boolean) IS 'brings the stored reports up to date as of a day (default: today, or the setting report_day), all or those that serve the reports named, and says for each what was done: changed keys, all keys, whole book or nothing changed, the rows written and the time; full_run makes all again and takes new RFM cut points, which otherwise happens when they are older than the setting rfm_keep_days. The run stands in job_run. One refresh runs at a time. Level manager for all stores. Errors: 22023 unknown report or a day to come, 42501 not allowed';

CREATE OR REPLACE VIEW @crm_report@.report_status WITH (security_barrier = true) AS
WITH waiting AS MATERIALIZED (SELECT count(*) AS changes FROM @crm@.report_change)
SELECT r.report::varchar(60) AS report,
       r.storage::varchar(20) AS storage,
       s.as_of,
       s.refreshed_at,
       s.how::varchar(20) AS how,
       s.rows_written,
       s.elapsed_ms,
       CASE WHEN r.relation IS NOT NULL THEN w.changes END AS changes_waiting,
       (CASE WHEN r.relation IS NULL THEN 'live' WHEN s.relation IS NULL THEN 'never refreshed' WHEN s.stale OR w.changes > 0 THEN 'behind' ELSE 'up to date' END)::varchar(20) AS state
FROM @crm@._reports() AS r LEFT JOIN @crm@.report_state AS s ON s.relation = r.relation CROSS JOIN waiting AS w;
COMMENT ON VIEW @crm_report@.report_status IS 'one row a report: how it is stored and how far it is';
COMMENT ON COLUMN @crm_report@.report_status.report IS 'name of the view';
COMMENT ON COLUMN @crm_report@.report_status.storage IS 'view: computed when read; table: kept by key, changed keys are made again; materialized view: made again as a whole';
COMMENT ON COLUMN @crm_report@.report_status.as_of IS 'day of the last refresh';
COMMENT ON COLUMN @crm_report@.report_status.refreshed_at IS 'when it was refreshed last';
COMMENT ON COLUMN @crm_report@.report_status.how IS 'changed keys, all keys, whole book or nothing changed';
COMMENT ON COLUMN @crm_report@.report_status.rows_written IS 'rows that the last refresh wrote';
COMMENT ON COLUMN @crm_report@.report_status.elapsed_ms IS 'milliseconds that it took';
COMMENT ON COLUMN @crm_report@.report_status.changes_waiting IS 'sales and members that changed since; empty for views';
COMMENT ON COLUMN @crm_report@.report_status.state IS 'live, up to date, behind or never refreshed';
