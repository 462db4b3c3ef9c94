-- sql/extension/67_load.sql
-- Writing very many rows into a table at once, and what that asks for each row.
--
-- The functions of a CRM schema hand over a cursor, since a transition table is
-- seen only by the trigger's own statements. What is written, and with whose
-- rights, is what INSERT would do for the same caller.

CREATE FUNCTION crm_member.load_rows(schema_name text, table_name text, columns text[], rows refcursor, in_order_of text[] DEFAULT '{}', keyed text DEFAULT '', keys bigint[] DEFAULT '{}', ids bigint[] DEFAULT '{}') RETURNS bigint
AS 'MODULE_PATHNAME', 'crm_load_rows' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION crm_member.load_rows(text, text, text[], refcursor, text[], text, bigint[], bigint[]) IS 'inserts what is left of an open cursor into a table, by the page and with sorted index entries, and answers the number of rows; rows go in the order of one or two columns of numbers or times, where in_order_of names them, as far as work_mem holds them; the column keyed, where it is named, comes as one of keys and is written as the id beside it; constraints, defaults, foreign keys and statement triggers hold as for INSERT. NULL, and nothing is read, where the table needs a statement: row triggers of its own, row security for the caller, deferred unique or exclusion constraints, generated columns, rules. Columns of the cursor have exactly the types of those they go to. Errors: 34000 no such cursor, 22023 no such order or keys, 23503 a key without an id, 3F000, 42P01, 42703, 42804 columns, 42501 not allowed, and those of INSERT';

CREATE TYPE crm_member.key_times AS (
  keys bigint[],
  first_ats timestamptz[]
);
COMMENT ON TYPE crm_member.key_times IS 'keys, each once and in no order, and beside each the first instant that came with it';

CREATE FUNCTION crm_member._key_times_accum(state internal, key bigint, at timestamptz) RETURNS internal
AS 'MODULE_PATHNAME', 'crm_key_times_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_member._key_times_accum(internal, bigint, timestamptz) IS 'transition function of the aggregate _key_times';

CREATE FUNCTION crm_member._key_times_combine(a internal, b internal) RETURNS internal
AS 'MODULE_PATHNAME', 'crm_key_times_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_member._key_times_combine(internal, internal) IS 'combine function of the aggregate _key_times';

CREATE FUNCTION crm_member._key_times_serial(state internal) RETURNS bytea
AS 'MODULE_PATHNAME', 'crm_key_times_serial' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_member._key_times_serial(internal) IS 'sends the state of _key_times to another process';

CREATE FUNCTION crm_member._key_times_deserial(state bytea, unused internal) RETURNS internal
AS 'MODULE_PATHNAME', 'crm_key_times_deserial' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_member._key_times_deserial(bytea, internal) IS 'takes the state of _key_times from another process';

CREATE FUNCTION crm_member._key_times_final(state internal) RETURNS crm_member.key_times
AS 'MODULE_PATHNAME', 'crm_key_times_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_member._key_times_final(internal) IS 'final function of the aggregate _key_times';

CREATE AGGREGATE crm_member._key_times(key bigint, at timestamptz) (
  SFUNC = crm_member._key_times_accum,
  STYPE = internal,
  SSPACE = 1024,
  FINALFUNC = crm_member._key_times_final,
  FINALFUNC_MODIFY = READ_WRITE,
  COMBINEFUNC = crm_member._key_times_combine,
  SERIALFUNC = crm_member._key_times_serial,
  DESERIALFUNC = crm_member._key_times_deserial,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE crm_member._key_times(bigint, timestamptz) IS 'the keys of very many rows with the first instant of each; rows without a key, without an instant or at infinity are passed over, and the answer is NULL where none is left. Error: 54000 too many keys';

CREATE FUNCTION crm_member._day_start(day date, time_zone text) RETURNS timestamptz
AS 'MODULE_PATHNAME', 'crm_day_start_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_member._day_start(date, text) IS 'the first instant of a day in a time zone, as day::timestamp AT TIME ZONE time_zone gives it, quicker where many days are asked for. Error: 22023 unknown zone';

CREATE FUNCTION crm_member._local_day(at timestamptz, time_zone text) RETURNS date
AS 'MODULE_PATHNAME', 'crm_local_day_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_member._local_day(timestamptz, text) IS 'the day of an instant in a time zone, as (at AT TIME ZONE time_zone)::date gives it, quicker where many instants are asked for. Error: 22023 unknown zone';
