-- sql/extension/90_version.sql
-- What is installed, in which version.

CREATE FUNCTION crm_member.crm_version() RETURNS TABLE (component text, version text)
LANGUAGE c STABLE STRICT PARALLEL SAFE
ROWS 6
AS 'MODULE_PATHNAME', 'crm_version';
COMMENT ON FUNCTION crm_member.crm_version() IS
'versions at work: library (the loaded code), extension (what CREATE or ALTER EXTENSION installed), the form of stored purchase histories, the layout of CRM schemas, the Unicode version of the frozen text tables, ICU';
