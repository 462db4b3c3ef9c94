-- sql/uninstall.sql
-- DROP EXTENSION leaves nothing behind, and it can be installed again and again in one session.
--
-- The last test of all.

\set VERBOSITY terse
SET client_min_messages = warning;
DROP EXTENSION crm_member CASCADE;

-- rows of every catalog that an extension can write to
CREATE TEMP TABLE catalog_rows (catalog text PRIMARY KEY, before bigint, after bigint);
INSERT INTO catalog_rows (catalog)
SELECT unnest(ARRAY['pg_aggregate', 'pg_amop', 'pg_amproc', 'pg_cast', 'pg_class', 'pg_constraint', 'pg_default_acl',
  'pg_depend', 'pg_description', 'pg_enum', 'pg_event_trigger', 'pg_extension', 'pg_init_privs', 'pg_language',
  'pg_namespace', 'pg_opclass', 'pg_operator', 'pg_opfamily', 'pg_policy', 'pg_proc', 'pg_range', 'pg_rewrite',
  'pg_sequence', 'pg_shdepend', 'pg_trigger', 'pg_type']);
CREATE FUNCTION pg_temp.rows_of(catalog text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
  EXECUTE format('SELECT count(*) FROM pg_catalog.%I', catalog) INTO n;
  RETURN n;
END $$;

UPDATE catalog_rows SET before = pg_temp.rows_of(catalog);
CREATE EXTENSION crm_member;
SELECT count(*) > 0 AS something_was_made FROM catalog_rows WHERE pg_temp.rows_of(catalog) > before;
DROP EXTENSION crm_member;
UPDATE catalog_rows SET after = pg_temp.rows_of(catalog);
SELECT catalog, before, after FROM catalog_rows WHERE before <> after;

-- thrice in one session: nothing in the backend may remember the identity of what is gone
DO $$
BEGIN
  FOR i IN 1..3 LOOP
    CREATE EXTENSION crm_member;
    PERFORM count(*) FROM pg_extension WHERE extname = 'crm_member';
    DROP EXTENSION crm_member;
  END LOOP;
END $$;
SELECT count(*) AS installed FROM pg_extension WHERE extname = 'crm_member';
SELECT count(*) AS schemas_left FROM pg_namespace WHERE nspname = 'crm_member';
