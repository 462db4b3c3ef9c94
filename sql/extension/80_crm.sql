-- sql/extension/80_crm.sql
-- The life of a CRM schema: create_crm, upgrade_crm, drop_crm, check_crm, grant_crm, revoke_crm.
--
-- A CRM schema holds ordinary objects that belong to the role that called
-- create_crm. They are made by playing the modules of sql/crm, which
-- _template() carries. All functions here are SECURITY INVOKER: they can do no
-- more than their caller. A CRM schema is known by its table crm_layout.

CREATE FUNCTION crm_member._check_crm_name(schema_name text) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- 56 characters leave room for _report behind the name
  IF schema_name IS NULL OR schema_name !~ '^[a-z][a-z0-9_]{0,55}$'
     OR schema_name ~ '^pg_' OR schema_name ~ '_report$'
     OR schema_name IN ('crm_member', 'information_schema', 'public') THEN
    RAISE EXCEPTION 'invalid name for a CRM schema'
      USING ERRCODE = 'invalid_name',
            DETAIL = 'A name has 1 to 56 characters a-z, 0-9 and _, begins with a letter and does not end in _report; public, information_schema, crm_member and pg_... are taken.',
            HINT = 'Choose a name such as crm or crm_hk.';
  END IF;
END
$$;
COMMENT ON FUNCTION crm_member._check_crm_name(text) IS 'raises 42602 unless the name can be that of a CRM schema; names are checked, never escaped';

CREATE FUNCTION crm_member._layout_of(schema_name text) RETURNS integer
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  layout integer;
  owner name := (SELECT pg_get_userbyid(n.nspowner) FROM pg_namespace AS n WHERE n.nspname = schema_name);
BEGIN
  PERFORM crm_member._check_crm_name(schema_name);
  IF owner IS NULL OR to_regclass(format('%I.crm_layout', schema_name)) IS NULL THEN
    RAISE EXCEPTION 'schema "%" is no CRM schema', schema_name
      USING ERRCODE = 'invalid_schema_name',
            HINT = format('SELECT crm_member.create_crm(%L) makes one.', schema_name);
  END IF;
  -- what follows runs functions of the schema with the caller's rights: nobody lends them to another, a superuser least of all
  IF owner <> current_user THEN
    RAISE EXCEPTION 'only the owner of a CRM schema may do this'
      USING ERRCODE = 'insufficient_privilege',
            DETAIL = format('Schema "%s" belongs to %s.', schema_name, owner),
            HINT = format('Connect as %I.', owner);
  END IF;
  EXECUTE format('SELECT l.layout FROM %I.crm_layout AS l', schema_name) INTO layout;
  IF layout IS NULL THEN
    RAISE EXCEPTION 'schema "%" has no row in crm_layout', schema_name
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Restore the row from a backup; the schema cannot be upgraded without it.';
  END IF;
  RETURN layout;
END
$$;
COMMENT ON FUNCTION crm_member._layout_of(text) IS 'the layout number of a CRM schema; 3F000 when the schema is none, 42501 when the caller is not its owner, whose functions would run with the caller''s rights';

-- A module is cut into sections by lines "--@ layout N" (tables, indexes,
-- policies: played once, when the schema is below layout N), "--@ code"
-- (functions, triggers, views, comments, derived columns: played at every
-- upgrade, so each statement can be repeated) and "--@ seed" (first rows:
-- played by create_crm alone). What stands above the first such line is a comment.
CREATE FUNCTION crm_member._play(schema_name text, from_layout integer, time_zone text, currency text, locale text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $$
DECLARE
  part record;
  section text;
  head text;
BEGIN
  FOR part IN
    SELECT t.module, s.section, s.place
    FROM crm_member._template() AS t,
         unnest(string_to_array(t.body, E'\n--@ ')) WITH ORDINALITY AS s(section, place)
    WHERE s.place > 1
    ORDER BY split_part(s.section, E'\n', 1) = 'seed', t.module, s.place
  LOOP
    head := split_part(part.section, E'\n', 1);
    section := '--' || part.section;
    IF head = 'code' OR (head = 'seed' AND from_layout = 0)
       OR (head ~ '^layout [0-9]+$' AND substr(head, 8)::integer > from_layout) THEN
      section := replace(section, '@crm_report@', quote_ident(schema_name || '_report'));
      section := replace(section, '@crm_name@', quote_literal(schema_name));
      section := replace(section, '@crm@', quote_ident(schema_name));
      section := replace(section, '@time_zone@', quote_literal(time_zone));
      section := replace(section, '@currency@', quote_literal(currency));
      section := replace(section, '@locale@', quote_literal(locale));
      EXECUTE section;
    ELSIF head !~ '^(seed|layout [0-9]+)$' THEN
      RAISE EXCEPTION 'module "%" has an unknown section "%"', part.module, head
        USING ERRCODE = 'internal_error';
    END IF;
  END LOOP;
END
$$;
COMMENT ON FUNCTION crm_member._play(text, integer, text, text, text) IS 'plays the modules of the template into a schema: sections of layouts above from_layout, all code, and, from layout 0, the first rows';

CREATE FUNCTION crm_member.create_crm(schema_name text DEFAULT 'crm', time_zone text DEFAULT 'Asia/Shanghai', currency text DEFAULT 'CNY', locale text DEFAULT 'zh_CN') RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM crm_member._check_crm_name(schema_name);
  IF time_zone IS NULL OR NOT EXISTS (SELECT FROM pg_timezone_names AS z WHERE z.name = time_zone) THEN
    RAISE EXCEPTION 'unknown time zone for a CRM schema'
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Take a full name from pg_timezone_names, such as Asia/Shanghai.';
  END IF;
  IF currency IS NULL OR currency !~ '^[A-Z]{3}$' THEN
    RAISE EXCEPTION 'a currency is three capital letters'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Take a code of ISO 4217, such as CNY.';
  END IF;
  IF locale IS NULL OR locale !~ '^[a-z]{2,3}(_[A-Z][a-z]{3})?(_[A-Z]{2})?$' THEN
    RAISE EXCEPTION 'invalid locale for a CRM schema'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Take a name such as zh_CN, zh_Hant_TW or en.';
  END IF;
  EXECUTE format('CREATE SCHEMA %I', schema_name);
  EXECUTE format('CREATE SCHEMA %I', schema_name || '_report');
  PERFORM crm_member._play(schema_name, 0, time_zone, currency, locale);
  RETURN schema_name;
END
$$;
COMMENT ON FUNCTION crm_member.create_crm(text, text, text, text) IS 'makes a CRM schema, and beside it NAME_report with the views for BI, owned by the caller, with a seed programme and a seed tier ladder; business days are those of time_zone (a full name). Errors: 42602 bad name, 22023 bad zone, currency or locale, 42P06 the schema exists';

CREATE FUNCTION crm_member.upgrade_crm(schema_name text) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $$
DECLARE
  layout integer := crm_member._layout_of(schema_name);
  newest integer := crm_member._newest_layout();
  zone text;
  money text;
  tongue text;
BEGIN
  IF layout > newest THEN
    RAISE EXCEPTION 'schema "%" has layout %, this version of crm_member knows layouts up to %', schema_name, layout, newest
      USING ERRCODE = 'CR007',
            HINT = 'Install a newer crm_member and run ALTER EXTENSION crm_member UPDATE.';
  END IF;
  EXECUTE format('SELECT l.time_zone, l.currency, l.locale FROM %I.crm_layout AS l FOR UPDATE', schema_name) INTO zone, money, tongue;
  PERFORM crm_member._play(schema_name, layout, zone, money, tongue);
  EXECUTE format('UPDATE %I.crm_layout SET layout = $1, upgraded_at = clock_timestamp()', schema_name) USING newest;
  EXECUTE format('SELECT %I._repair()', schema_name);
  RETURN format('schema %s has layout %s', schema_name, newest);
END
$$;
COMMENT ON FUNCTION crm_member.upgrade_crm(text) IS 'brings a CRM schema to the newest layout, renews its functions, triggers and views, and makes again what DROP EXTENSION CASCADE took away (derived columns, report views, triggers on attached tables); may be repeated. Errors: 3F000 no CRM schema, CR007 made by a newer version';

CREATE FUNCTION crm_member.drop_crm(schema_name text, confirm text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $$
BEGIN
  PERFORM crm_member._layout_of(schema_name);
  IF confirm IS DISTINCT FROM schema_name THEN
    RAISE EXCEPTION 'dropping a CRM schema deletes its members, sales and points'
      USING ERRCODE = 'invalid_parameter_value',
            HINT = format('SELECT crm_member.drop_crm(%L, confirm => %L) does it.', schema_name, schema_name);
  END IF;
  EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', schema_name || '_report');
  EXECUTE format('DROP SCHEMA %I CASCADE', schema_name);
  RETURN schema_name;
END
$$;
COMMENT ON FUNCTION crm_member.drop_crm(text, text) IS 'drops a CRM schema with all it holds and its report schema; confirm must repeat the name. Errors: 3F000 no CRM schema, 22023 not confirmed';

CREATE FUNCTION crm_member.check_crm(schema_name text DEFAULT 'crm') RETURNS TABLE (check_name text, ok boolean, detail text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  layout integer := crm_member._layout_of(schema_name);
  checker name;
BEGIN
  check_name := 'layout';
  ok := layout = crm_member._newest_layout();
  detail := format('layout %s, newest %s', layout, crm_member._newest_layout());
  RETURN NEXT;
  FOR checker IN
    SELECT p.proname FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname = schema_name AND p.proname ~ '^_check_' AND p.pronargs = 0
    ORDER BY p.proname COLLATE "C"
  LOOP
    RETURN QUERY EXECUTE format('SELECT c.check_name, c.ok, c.detail FROM %I.%I() AS c', schema_name, checker);
  END LOOP;
END
$$;
COMMENT ON FUNCTION crm_member.check_crm(text) IS 'one row for each invariant of the whole book; ok is false where it does not hold, and detail says how often. Reads every table: for the owner of the schema. Error: 3F000 no CRM schema';

CREATE FUNCTION crm_member.grant_crm(schema_name text, role_name text, level text, store_id bigint DEFAULT NULL) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM crm_member._layout_of(schema_name);
  EXECUTE format('SELECT %I._grant_access($1, $2, $3)', schema_name) USING role_name, level, store_id;
  RETURN format('%s may act as %s in %s', role_name, level, schema_name);
END
$$;
COMMENT ON FUNCTION crm_member.grant_crm(text, text, text, bigint) IS 'gives an existing role a level (analyst, clerk, app, marketer, manager, auditor) in a CRM schema, for one store or, without store_id, for all; kept in its table access. Errors: 42704 no such role, 22023 no such level, 23503 no such store';

CREATE FUNCTION crm_member.revoke_crm(schema_name text, role_name text, level text DEFAULT NULL, store_id bigint DEFAULT NULL) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM crm_member._layout_of(schema_name);
  EXECUTE format('SELECT %I._revoke_access($1, $2, $3)', schema_name) USING role_name, level, store_id;
  RETURN format('%s lost %s in %s', role_name, coalesce(level, 'every level') || coalesce(' for store ' || store_id, ''), schema_name);
END
$$;
COMMENT ON FUNCTION crm_member.revoke_crm(text, text, text, bigint) IS 'takes a level from a role in a CRM schema, in one store or, without store_id, in all of them; without level every level. A role that has been dropped may be named. Error: 22023 no such level';

-- The control file's comment stays out of dumps: pg_dump would write COMMENT ON
-- EXTENSION, at which a restore by a role that does not own the extension stops.
COMMENT ON EXTENSION crm_member IS NULL;
