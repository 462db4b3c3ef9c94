-- sql/crm/90_security.sql
-- Who may call and read what, and what upgrade_crm does at its end.
--
-- Nothing of the schema is for PUBLIC but the few functions that views and
-- policies call on the reader's behalf (99_rights). Levels get doors. Tills and
-- back offices also read members and sales, the auditor all tables without
-- personal data, both behind row policies. The table of doors below is the
-- whole privilege model.

--@ code
-- One row a privilege: object kind r (relation of the schema), f (function), v (view of the report schema).
CREATE OR REPLACE FUNCTION @crm@._privileges() RETURNS TABLE (level text, kind text, object text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 150
SET search_path = pg_catalog, pg_temp
AS $$
SELECT l.level, 'f', f.object
FROM unnest('{clerk,app,manager}'::text[]) AS l(level),
     unnest('{member_register,sale_record,sale_refund,points_balance,tier_for}'::text[]) AS f(object)
UNION ALL SELECT m.level, m.kind, m.object FROM @crm@._member_privileges() AS m
UNION ALL SELECT 'manager', 'f', f.object FROM unnest('{tier_pin,tier_review,sync_sales}'::text[]) AS f(object)
UNION ALL SELECT l.level, 'f', f.object
FROM unnest('{clerk,app,manager}'::text[]) AS l(level), unnest('{tier_explain,tier_next,benefits_of,benefit_use,benefit_use_undo}'::text[]) AS f(object)
UNION ALL SELECT 'auditor', 'f', f.object FROM unnest('{tier_explain,tier_next,benefits_of}'::text[]) AS f(object)
UNION ALL SELECT l.level, 'f', 'tier_simulate' FROM unnest('{marketer,manager}'::text[]) AS l(level)
UNION ALL SELECT 'auditor', 'r', r.object FROM unnest('{benefit,benefit_use}'::text[]) AS r(object)
UNION ALL SELECT 'app', 'f', 'sync_sales'
UNION ALL SELECT l.level, 'f', f.object FROM unnest('{manager,auditor}'::text[]) AS l(level), unnest('{audit_seal,verify_audit}'::text[]) AS f(object)
UNION ALL SELECT l.level, 'f', f.object FROM unnest('{clerk,app,manager}'::text[]) AS l(level), unnest('{consent_give,consent_withdraw,member_reveal,secret_set,secret_matches}'::text[]) AS f(object)
UNION ALL SELECT l.level, 'f', f.object FROM unnest('{clerk,app,marketer,manager,auditor}'::text[]) AS l(level), unnest('{consent_allows,consent_state}'::text[]) AS f(object)
UNION ALL SELECT l.level, 'f', f.object FROM unnest('{app,manager}'::text[]) AS l(level), unnest('{member_export,minors,secret_show}'::text[]) AS f(object)
UNION ALL SELECT 'manager', 'f', f.object FROM unnest('{member_erase,retention_run,secret_rotate}'::text[]) AS f(object)
UNION ALL SELECT 'auditor', 'f', f.object FROM unnest('{points_balance,tier_for}'::text[]) AS f(object)
UNION ALL SELECT l.level, 'r', r.object
FROM unnest('{clerk,app,manager}'::text[]) AS l(level), unnest('{member,sale,sale_line,sale_tender,store,category,product,members,sales,sale_lines}'::text[]) AS r(object)
UNION ALL SELECT 'auditor', 'r', r.object FROM unnest('{members,sales,sale_lines}'::text[]) AS r(object)
UNION ALL SELECT l.level, 'f', f.object
FROM unnest('{clerk,app,manager}'::text[]) AS l(level), unnest('{points_accrue,points_redeem,points_pool_balance,points_expiring,points_statement,points_explain}'::text[]) AS f(object)
UNION ALL SELECT l.level, 'f', f.object FROM unnest('{app,manager}'::text[]) AS l(level), unnest('{points_grant,points_reverse,points_transfer,points_release}'::text[]) AS f(object)
UNION ALL SELECT 'manager', 'f', f.object FROM unnest('{points_import,points_accrue_sales,points_expire,points_notify_expiring,points_liability}'::text[]) AS f(object)
UNION ALL SELECT 'auditor', 'f', f.object FROM unnest('{points_pool_balance,points_expiring,points_statement,points_explain,points_liability}'::text[]) AS f(object)
UNION ALL SELECT 'auditor', 'r', r.object
FROM unnest('{audit_log,audit_note,audit_seal,column_classes,consent,consent_purpose,erasure,crm_layout,setting,captured,job_run,store,category,product,access,outbox,member,realm,member_key,source,sale,sale_past,sale_line,sale_tender,member_history,asset,account,ledger_event,posting,lot,lot_use,earning_rule,tier_ladder,tier,member_tier,tier_pin}'::text[]) AS r(object)
UNION ALL SELECT l.level, 'f', f.object FROM unnest('{clerk,app,manager}'::text[]) AS l(level), unnest('{record_event,rewards_for,reward_redeem,reward_undo}'::text[]) AS f(object)
UNION ALL SELECT 'auditor', 'f', 'rewards_for'
UNION ALL SELECT l.level, 'f', f.object FROM unnest('{marketer,manager}'::text[]) AS l(level), unnest('{points_simulate,published_columns,reward_set}'::text[]) AS f(object)
UNION ALL SELECT 'auditor', 'r', r.object FROM unnest('{earning_total,member_event_kind,member_event,reward,reward_redemption}'::text[]) AS r(object)
UNION ALL SELECT 'manager', 'f', f.object FROM unnest('{import_open,import_stage,member_import,sale_import,import_report,import_repair,import_discard}'::text[]) AS f(object)
UNION ALL SELECT 'auditor', 'f', 'import_report'
UNION ALL SELECT 'manager', 'f', f.object FROM unnest('{fit_clv,clv_use}'::text[]) AS f(object)
UNION ALL SELECT l.level, 'f', 'clv_backtest' FROM unnest('{marketer,manager,auditor}'::text[]) AS l(level)
UNION ALL SELECT l.level, 'r', 'clv_fit_log' FROM unnest('{manager,auditor}'::text[]) AS l(level)
UNION ALL SELECT r.level, r.kind, r.object FROM @crm@._report_privileges() AS r
$$;
COMMENT ON FUNCTION @crm@._privileges() IS 'the privilege model: which level may call which door and read which relation';

CREATE OR REPLACE FUNCTION @crm@._apply_access(role_name text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  p record;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = role_name) THEN
    RETURN;
  END IF;
  EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA @crm@, @crm_report@ FROM %I', role_name);
  EXECUTE format('REVOKE ALL ON ALL ROUTINES IN SCHEMA @crm@ FROM %I', role_name);
  EXECUTE format('REVOKE ALL ON SCHEMA @crm@, @crm_report@ FROM %I', role_name);
  FOR p IN
    SELECT DISTINCT v.kind, v.object FROM @crm@.access AS a JOIN @crm@._privileges() AS v ON v.level = a.level
    WHERE a.role_name = _apply_access.role_name ORDER BY 1, 2
  LOOP
    IF p.kind = 'v' THEN
      EXECUTE format('GRANT USAGE ON SCHEMA @crm_report@ TO %I', role_name);
      EXECUTE format('GRANT SELECT ON @crm_report@.%I TO %I', p.object, role_name);
    ELSE
      EXECUTE format('GRANT USAGE ON SCHEMA @crm@ TO %I', role_name);
      EXECUTE format(CASE p.kind WHEN 'f' THEN 'GRANT EXECUTE ON FUNCTION @crm@.%I TO %I' ELSE 'GRANT SELECT ON @crm@.%I TO %I' END, p.object, role_name);
    END IF;
  END LOOP;
END
$$;
COMMENT ON FUNCTION @crm@._apply_access(text) IS 'gives a role exactly the privileges of its levels in this schema; a role that is gone is passed over';

CREATE OR REPLACE FUNCTION @crm@._grant_access(role_name text, level text, store_id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF role_name IS NULL OR NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = role_name) THEN
    RAISE EXCEPTION 'role "%" does not exist', role_name USING ERRCODE = 'undefined_object';
  END IF;
  IF level IS NULL OR NOT EXISTS (SELECT FROM @crm@._privileges() AS p WHERE p.level = _grant_access.level) THEN
    RAISE EXCEPTION 'unknown level' USING ERRCODE = 'invalid_parameter_value',
      HINT = 'Levels are analyst, clerk, app, marketer, manager and auditor.';
  END IF;
  INSERT INTO @crm@.access AS a (role_name, level, store_id) VALUES (_grant_access.role_name, _grant_access.level, _grant_access.store_id)
  ON CONFLICT DO NOTHING;
  PERFORM @crm@._audit('grant', subject => 'role ' || role_name, detail => jsonb_build_object('level', level, 'store_id', store_id));
  PERFORM @crm@._apply_access(role_name);
END
$$;
COMMENT ON FUNCTION @crm@._grant_access(text, text, bigint) IS 'what crm_member.grant_crm does in this schema';

CREATE OR REPLACE FUNCTION @crm@._revoke_access(role_name text, level text, store_id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF level NOT IN (SELECT p.level FROM @crm@._privileges() AS p) THEN
    RAISE EXCEPTION 'unknown level' USING ERRCODE = 'invalid_parameter_value',
      HINT = 'Levels are analyst, clerk, app, marketer, manager and auditor.';
  END IF;
  DELETE FROM @crm@.access AS a
  WHERE a.role_name = _revoke_access.role_name
    AND (_revoke_access.level IS NULL OR a.level = _revoke_access.level)
    AND (_revoke_access.store_id IS NULL OR a.store_id = _revoke_access.store_id);
  PERFORM @crm@._audit('revoke', subject => 'role ' || role_name, detail => jsonb_build_object('level', level, 'store_id', store_id));
  PERFORM @crm@._apply_access(role_name);
END
$$;
COMMENT ON FUNCTION @crm@._revoke_access(text, text, bigint) IS 'what crm_member.revoke_crm does in this schema';

CREATE OR REPLACE FUNCTION @crm@._repair() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  name text;
BEGIN
  IF EXISTS (SELECT FROM @crm@.member_history AS h WHERE h.history IS NULL) THEN
    PERFORM @crm@.rebuild_histories(only_missing => true);
    PERFORM @crm@._reports_repair();
  END IF;
  PERFORM @crm@._repair_sources();
  PERFORM @crm@._repair_member_sources();
  PERFORM @crm@._repair_line_sources();
  FOR name IN SELECT DISTINCT a.role_name FROM @crm@.access AS a LOOP
    PERFORM @crm@._apply_access(name);
  END LOOP;
END
$$;
COMMENT ON FUNCTION @crm@._repair() IS 'the last step of upgrade_crm: makes derived data again that are missing, and gives the levels their privileges';

CREATE OR REPLACE FUNCTION @crm@._check_access() RETURNS TABLE (check_name text, ok boolean, detail text)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
  gone text;
BEGIN
  SELECT string_agg(DISTINCT a.role_name, ', ') INTO gone FROM @crm@.access AS a
  WHERE NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = a.role_name);
  RETURN QUERY SELECT 'roles with access exist', gone IS NULL, CASE WHEN gone IS NULL THEN 'all exist' ELSE 'gone: ' || gone END;
END
$$;
COMMENT ON FUNCTION @crm@._check_access() IS 'check_crm: access names no role that has been dropped';
