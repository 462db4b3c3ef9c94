-- sql/extension/65_predicate.sql
-- Predicates: conditions on published columns, read through a white-list.

CREATE FUNCTION crm_member.is_predicate(expression text, columns text[]) RETURNS boolean
AS 'MODULE_PATHNAME', 'crm_is_predicate' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_member.is_predicate(text, text[]) IS 'whether the text is a predicate over these columns: columns, constants, comparison, BETWEEN, IN, LIKE, IS NULL, AND, OR, NOT and nothing else';

CREATE FUNCTION crm_member.check_predicate(expression text, columns text[], types text[] DEFAULT NULL) RETURNS text
AS 'MODULE_PATHNAME', 'crm_check_predicate' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_member.check_predicate(text, text[], text[]) IS 'the predicate as canonical SQL that means the same under all settings: operators of pg_catalog, quoted columns, literals with their types. types are those of the columns (boolean, smallint, integer, bigint, numeric, text, varchar, date, timestamp, timestamptz, time; NULL where not known), and what cannot be compared is refused. NULL when expression or columns is NULL. Errors, with the position: 42601 syntax, 42703 column not published, 0A000 what is not on the white-list, 42804 types, 22007 22P02 literal not in its plain form, 22025 pattern, 54001 too long, too deep or too many parts';

CREATE FUNCTION crm_member.predicate_columns(expression text, columns text[]) RETURNS text[]
AS 'MODULE_PATHNAME', 'crm_predicate_columns' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_member.predicate_columns(text, text[]) IS 'the columns that a predicate names, in the order of columns; errors as check_predicate';

CREATE FUNCTION crm_member.predicate_holds(expression text, subject record) RETURNS boolean
AS 'MODULE_PATHNAME', 'crm_predicate_holds' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_member.predicate_holds(text, record) IS 'whether a predicate over the columns of the row is true for it; false where it is NULL. Compiled once a session: SELECT ... FROM t WHERE crm_member.predicate_holds(''age >= 18'', t). Errors as check_predicate';
