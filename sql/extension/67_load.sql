-- sql/extension/67_load.sql
-- Writing very many rows into a table at once, and what that asks for each row.
--
-- The functions of a CRM schema hand over a cursor, since a transition table is
-- seen only by the trigger's own statements. What is written, and with whose
-- rights, is what INSERT would do for the same caller.

CREATE FUNCTION crm_member.load_rows(schema_name text, table_name text, columns text[], rows refcursor, in_order_of text[] DEFAULT '{}', keyed text DEFAULT '', keys bigint[] DEFAULT '{}', ids bigint[] DEFAULT '{}') RETURNS bigint
AS 'MODULE_PATHNAME', 'crm_load_rows' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION crm_member.load_rows(text, text, text[], refcursor, text[], text, bigint[], bigint[]) IS 'inserts what is left of an open cursor into a table, by the page and with sorted index entries, and answers the number of rows; rows go in the order of one or two columns of numbers or times, where in_order_of names them, as far as work_mem holds them; the column keyed, where it is named, comes as one of keys and is written as the id beside it; constraints, defaults, foreign keys and statement triggers hold as for INSERT. NULL, and nothing is read, where the table needs a statement: row triggers of its own, row security for the caller, deferred unique or exclusion constraints, generated columns, rules. Columns of the cursor have exactly the types of those they go to. Errors: 34000 no such cursor, 22023 no such order or keys, 23503 a key without an id, 3F000, 42P01, 42703, 42804 columns, 42501 not allowed, and those of INSERT';

CREATE FUNCTION crm_member._day_start(day date, time_zone text) RETURNS timestamptz
AS 'MODULE_PATHNAME', 'crm_day_start_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_member._day_start(date, text) IS 'the first instant of a day in a time zone, as day::timestamp AT TIME ZONE time_zone gives it, quicker where many days are asked for. Error: 22023 unknown zone';

CREATE FUNCTION crm_member._local_day(at timestamptz, time_zone text) RETURNS date
AS 'MODULE_PATHNAME', 'crm_local_day_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_member._local_day(timestamptz, text) IS 'the day of an instant in a time zone, as (at AT TIME ZONE time_zone)::date gives it, quicker where many instants are asked for. Error: 22023 unknown zone';
