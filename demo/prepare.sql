-- demo/prepare.sql
-- No schema shop, and the extension there: what both kinds of demo start from.

SET client_min_messages = warning;

DROP SCHEMA IF EXISTS shop CASCADE;
CREATE EXTENSION IF NOT EXISTS crm_member;
SELECT crm_member.drop_crm(nspname, nspname) FROM pg_namespace WHERE nspname = 'shop_crm' \g /dev/null
