-- demo/prepare.sql
-- No schema shop, and the extension freshly made where nothing else stands on it.
--
-- A database left over from an earlier build would otherwise go on with that build's functions.

SET client_min_messages = warning;

DROP SCHEMA IF EXISTS shop CASCADE;
DO $$
BEGIN
    DROP EXTENSION IF EXISTS crm_member;
EXCEPTION WHEN dependent_objects_still_exist THEN
    RAISE WARNING 'extension crm_member is in use in this database and stays as it is';
END
$$;
CREATE EXTENSION IF NOT EXISTS crm_member;
