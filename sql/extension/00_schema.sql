-- sql/extension/00_schema.sql
-- The schema of the toolkit. A bare CREATE: a schema that a stranger made first must make the install fail.

DO $check$
BEGIN
  IF pg_catalog.current_setting('server_encoding') OPERATOR(pg_catalog.<>) 'UTF8' THEN
    RAISE EXCEPTION 'crm_member needs a database with encoding UTF8'
      USING ERRCODE = 'feature_not_supported',
            DETAIL = pg_catalog.format('The encoding of this database is %s.', pg_catalog.current_setting('server_encoding')),
            HINT = 'Create a database with ENCODING ''UTF8'' TEMPLATE template0.';
  END IF;
END
$check$;

CREATE SCHEMA crm_member;
GRANT USAGE ON SCHEMA crm_member TO PUBLIC;
COMMENT ON SCHEMA crm_member IS 'the toolkit of crm_member: types, aggregates, window functions and functions for member analytics on any table';
