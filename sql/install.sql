-- sql/install.sql
-- CREATE EXTENSION: what must stop it, what must not influence it, what it leaves alone.
--
-- The first test of all; it leaves the extension installed for the others.

\set VERBOSITY sqlstate

-- the script itself, sourced in psql, prints its hint and creates nothing
SELECT c.setting || '/extension/crm_member--' || e.default_version || '.sql' AS script
  FROM pg_config AS c, pg_available_extensions AS e WHERE c.name = 'SHAREDIR' AND e.name = 'crm_member' \gset
\i :script
SELECT count(*) AS made_by_sourcing FROM pg_namespace WHERE nspname = 'crm_member';

-- a schema that a stranger made first is refused
CREATE SCHEMA crm_member;
CREATE EXTENSION crm_member;
SELECT count(*) AS installed FROM pg_extension WHERE extname = 'crm_member';
DROP SCHEMA crm_member;

-- a stranger's objects of our names, first on the path, are neither used nor taken over
CREATE SCHEMA stranger;
CREATE TYPE stranger.purchase_history AS (x integer);
CREATE TYPE stranger.rfm AS (x integer);
CREATE FUNCTION stranger.order_count(stranger.purchase_history) RETURNS bigint LANGUAGE sql IMMUTABLE RETURN 1;
CREATE FUNCTION stranger.format(text, VARIADIC "any") RETURNS text LANGUAGE internal IMMUTABLE AS 'text_format';
SET search_path = stranger, public;
CREATE TEMP TABLE before AS SELECT name, setting FROM pg_settings;
CREATE EXTENSION crm_member;

-- no setting is left changed
SELECT s.name, b.setting AS before, s.setting AS after
FROM pg_settings AS s JOIN before AS b USING (name)
WHERE s.setting IS DISTINCT FROM b.setting;

-- every function, type and operator of the extension is in its schema, and none of the stranger's is its member
SELECT count(*) > 0 AS has_members,
       count(*) FILTER (WHERE a.type <> 'schema' AND a.schema IS DISTINCT FROM 'crm_member') AS elsewhere
FROM pg_depend AS d
JOIN pg_extension AS e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass AND e.extname = 'crm_member',
LATERAL pg_identify_object(d.classid, d.objid, d.objsubid) AS a
WHERE d.deptype = 'e' AND a.type NOT IN ('cast', 'function of access method', 'operator of access method');
DROP EXTENSION crm_member;

-- it installs under an empty path too
SET search_path = '';
CREATE EXTENSION crm_member;
SHOW search_path;
RESET search_path;
DROP SCHEMA stranger CASCADE;

-- where it is and that it cannot be moved
SELECT n.nspname AS schema_of_the_extension, e.extrelocatable, v.trusted, v.requires
FROM pg_extension AS e
JOIN pg_namespace AS n ON n.oid = e.extnamespace
JOIN pg_available_extension_versions AS v ON v.name = e.extname AND v.version = e.extversion
WHERE e.extname = 'crm_member';
ALTER EXTENSION crm_member SET SCHEMA public;
SELECT has_schema_privilege('public', 'crm_member', 'USAGE') AS anyone_may_use,
       has_schema_privilege('public', 'crm_member', 'CREATE') AS anyone_may_create;
