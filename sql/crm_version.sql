-- sql/crm_version.sql
-- crm_version: one row a component, library and extension in step.

SET search_path = public, crm_member;

SELECT component, version ~ '^\d+(\.\d+)*$' AS is_version FROM crm_version();
SELECT version = (SELECT extversion FROM pg_extension WHERE extname = 'crm_member') AS as_installed FROM crm_version() WHERE component = 'extension';
SELECT count(DISTINCT version) AS versions FROM crm_version() WHERE component IN ('library', 'extension');
SELECT (SELECT version FROM crm_version() WHERE component = 'extension')
       = (SELECT default_version FROM pg_available_extensions WHERE name = 'crm_member') AS is_default;
