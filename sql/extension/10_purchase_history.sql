-- sql/extension/10_purchase_history.sql
-- The purchase history: type, operators, aggregates, accessors.

CREATE TYPE crm_member.purchase_history;

CREATE FUNCTION crm_member.purchase_history_in(cstring) RETURNS crm_member.purchase_history
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_purchase_history_in';
COMMENT ON FUNCTION crm_member.purchase_history_in(cstring) IS
'text form {day:orders:amount,...} of a purchase history; days may come in any order, entries of one day add up; 22P02, 22003 or 22008 with the character';

CREATE FUNCTION crm_member.purchase_history_out(crm_member.purchase_history) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_purchase_history_out';
COMMENT ON FUNCTION crm_member.purchase_history_out(crm_member.purchase_history) IS
'text form {day:orders:amount,...}, days ascending, ISO dates whatever DateStyle says';

CREATE FUNCTION crm_member.purchase_history_recv(internal) RETURNS crm_member.purchase_history
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_purchase_history_recv';
COMMENT ON FUNCTION crm_member.purchase_history_recv(internal) IS
'binary form: version, scale, number of days, then day, orders and units of each; 22P03 or 08P01 for anything else';

CREATE FUNCTION crm_member.purchase_history_send(crm_member.purchase_history) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_purchase_history_send';
COMMENT ON FUNCTION crm_member.purchase_history_send(crm_member.purchase_history) IS
'binary form of a purchase history, network byte order';

CREATE TYPE crm_member.purchase_history (
  INPUT = crm_member.purchase_history_in,
  OUTPUT = crm_member.purchase_history_out,
  RECEIVE = crm_member.purchase_history_recv,
  SEND = crm_member.purchase_history_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);
COMMENT ON TYPE crm_member.purchase_history IS
'the days on which one member bought, with the number of orders and the net amount of each day; exact, mergeable, a handful of bytes a day';

-- Equality and hash

CREATE FUNCTION crm_member.purchase_history_eq(crm_member.purchase_history, crm_member.purchase_history) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_purchase_history_eq';
COMMENT ON FUNCTION crm_member.purchase_history_eq(crm_member.purchase_history, crm_member.purchase_history) IS
'the same days, orders and amounts; 1.50 equals 1.5';

CREATE FUNCTION crm_member.purchase_history_ne(crm_member.purchase_history, crm_member.purchase_history) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_purchase_history_ne';
COMMENT ON FUNCTION crm_member.purchase_history_ne(crm_member.purchase_history, crm_member.purchase_history) IS
'not the same days, orders and amounts';

CREATE FUNCTION crm_member.purchase_history_hash(crm_member.purchase_history) RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_purchase_history_hash';
COMMENT ON FUNCTION crm_member.purchase_history_hash(crm_member.purchase_history) IS
'hash that agrees with equality';

CREATE FUNCTION crm_member.purchase_history_hash_extended(crm_member.purchase_history, bigint) RETURNS bigint
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_purchase_history_hash_extended';
COMMENT ON FUNCTION crm_member.purchase_history_hash_extended(crm_member.purchase_history, bigint) IS
'64-bit hash with a seed that agrees with equality';

CREATE OPERATOR crm_member.= (
  LEFTARG = crm_member.purchase_history, RIGHTARG = crm_member.purchase_history,
  FUNCTION = crm_member.purchase_history_eq,
  COMMUTATOR = OPERATOR(crm_member.=), NEGATOR = OPERATOR(crm_member.<>),
  RESTRICT = pg_catalog.eqsel, JOIN = pg_catalog.eqjoinsel, HASHES
);
COMMENT ON OPERATOR crm_member.= (crm_member.purchase_history, crm_member.purchase_history) IS 'equal purchase histories';

CREATE OPERATOR crm_member.<> (
  LEFTARG = crm_member.purchase_history, RIGHTARG = crm_member.purchase_history,
  FUNCTION = crm_member.purchase_history_ne,
  COMMUTATOR = OPERATOR(crm_member.<>), NEGATOR = OPERATOR(crm_member.=),
  RESTRICT = pg_catalog.neqsel, JOIN = pg_catalog.neqjoinsel
);
COMMENT ON OPERATOR crm_member.<> (crm_member.purchase_history, crm_member.purchase_history) IS 'different purchase histories';

CREATE OPERATOR CLASS crm_member.purchase_history_ops
DEFAULT FOR TYPE crm_member.purchase_history USING hash AS
  OPERATOR 1 crm_member.= (crm_member.purchase_history, crm_member.purchase_history),
  FUNCTION 1 crm_member.purchase_history_hash(crm_member.purchase_history),
  FUNCTION 2 crm_member.purchase_history_hash_extended(crm_member.purchase_history, bigint);
COMMENT ON OPERATOR CLASS crm_member.purchase_history_ops USING hash IS 'hashing of purchase histories';

-- Sum and difference

CREATE FUNCTION crm_member.purchase_history_add(crm_member.purchase_history, crm_member.purchase_history) RETURNS crm_member.purchase_history
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_purchase_history_add';
COMMENT ON FUNCTION crm_member.purchase_history_add(crm_member.purchase_history, crm_member.purchase_history) IS
'both histories in one: orders and amounts of a day add up; 22003 where they do not fit';

CREATE FUNCTION crm_member.purchase_history_subtract(crm_member.purchase_history, crm_member.purchase_history) RETURNS crm_member.purchase_history
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_purchase_history_subtract';
COMMENT ON FUNCTION crm_member.purchase_history_subtract(crm_member.purchase_history, crm_member.purchase_history) IS
'undoes + exactly: (a + b) - b = a; CR101 where the right side has more orders on a day than the left';

CREATE OPERATOR crm_member.+ (
  LEFTARG = crm_member.purchase_history, RIGHTARG = crm_member.purchase_history,
  FUNCTION = crm_member.purchase_history_add, COMMUTATOR = OPERATOR(crm_member.+)
);
COMMENT ON OPERATOR crm_member.+ (crm_member.purchase_history, crm_member.purchase_history) IS 'both purchase histories in one';

CREATE OPERATOR crm_member.- (
  LEFTARG = crm_member.purchase_history, RIGHTARG = crm_member.purchase_history,
  FUNCTION = crm_member.purchase_history_subtract
);
COMMENT ON OPERATOR crm_member.- (crm_member.purchase_history, crm_member.purchase_history) IS 'undoes + exactly';

-- Aggregates

CREATE FUNCTION crm_member.purchase_history_accum(crm_member.purchase_history, date, numeric) RETURNS crm_member.purchase_history
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_purchase_history_accum';
COMMENT ON FUNCTION crm_member.purchase_history_accum(crm_member.purchase_history, date, numeric) IS
'transition of purchase_history(day, amount); 0A000 outside an aggregate';

CREATE FUNCTION crm_member.purchase_history_collect(crm_member.purchase_history, crm_member.purchase_history) RETURNS crm_member.purchase_history
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_purchase_history_collect';
COMMENT ON FUNCTION crm_member.purchase_history_collect(crm_member.purchase_history, crm_member.purchase_history) IS
'transition of purchase_history_merge and combine function of both aggregates; 0A000 outside an aggregate';

CREATE FUNCTION crm_member.purchase_history_final(crm_member.purchase_history) RETURNS crm_member.purchase_history
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_purchase_history_final';
COMMENT ON FUNCTION crm_member.purchase_history_final(crm_member.purchase_history) IS
'sorts and packs the state of the purchase history aggregates; 0A000 outside an aggregate';

CREATE AGGREGATE crm_member.purchase_history(day date, amount numeric) (
  SFUNC = crm_member.purchase_history_accum,
  STYPE = crm_member.purchase_history,
  SSPACE = 256,
  FINALFUNC = crm_member.purchase_history_final,
  FINALFUNC_MODIFY = READ_ONLY,
  COMBINEFUNC = crm_member.purchase_history_collect,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE crm_member.purchase_history(date, numeric) IS
'the purchase history of the rows: one order a row with amount >= 0 (0.00 counts), a negative amount is a refund that lowers the money of its day and is no order; rows with a NULL are left out; {} for no rows. Amounts are exact at the largest scale that occurs; 22003 for NaN, infinity and what does not fit 18 digits, 22008 for days outside 0001 to 9999';

CREATE AGGREGATE crm_member.purchase_history_merge(history crm_member.purchase_history) (
  SFUNC = crm_member.purchase_history_collect,
  STYPE = crm_member.purchase_history,
  SSPACE = 256,
  FINALFUNC = crm_member.purchase_history_final,
  FINALFUNC_MODIFY = READ_ONLY,
  COMBINEFUNC = crm_member.purchase_history_collect,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE crm_member.purchase_history_merge(crm_member.purchase_history) IS
'all histories of the group in one; NULLs are left out; {} for no rows';

-- Accessors. A window is from_day to to_day, both included; NULL leaves a side open.

CREATE FUNCTION crm_member.between_days(h crm_member.purchase_history, from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS crm_member.purchase_history
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_between_days';
COMMENT ON FUNCTION crm_member.between_days(crm_member.purchase_history, date, date) IS
'the part of a history from from_day to to_day, both included; NULL leaves a side open; NULL history gives NULL';

CREATE FUNCTION crm_member.order_count(h crm_member.purchase_history, from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS bigint
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_order_count';
COMMENT ON FUNCTION crm_member.order_count(crm_member.purchase_history, date, date) IS
'number of orders, refunds not counted; in the window from_day to to_day, both included, NULL leaves a side open';

CREATE FUNCTION crm_member.active_days(h crm_member.purchase_history, from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS integer
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_active_days';
COMMENT ON FUNCTION crm_member.active_days(crm_member.purchase_history, date, date) IS
'number of days with an order, days of refunds alone not counted; in the window from_day to to_day, both included, NULL leaves a side open';

CREATE FUNCTION crm_member.net_spend(h crm_member.purchase_history, from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS numeric
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_net_spend';
COMMENT ON FUNCTION crm_member.net_spend(crm_member.purchase_history, date, date) IS
'money of the orders less refunds, exact; 0 without any; in the window from_day to to_day, both included, NULL leaves a side open';

CREATE FUNCTION crm_member.first_day(h crm_member.purchase_history, from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS date
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_first_day';
COMMENT ON FUNCTION crm_member.first_day(crm_member.purchase_history, date, date) IS
'first day with an order, NULL without one; in the window from_day to to_day, both included, NULL leaves a side open';

CREATE FUNCTION crm_member.last_day(h crm_member.purchase_history, from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS date
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_last_day';
COMMENT ON FUNCTION crm_member.last_day(crm_member.purchase_history, date, date) IS
'last day with an order, NULL without one; in the window from_day to to_day, both included, NULL leaves a side open';

CREATE FUNCTION crm_member.median_gap(h crm_member.purchase_history, from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS numeric
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_median_gap';
COMMENT ON FUNCTION crm_member.median_gap(crm_member.purchase_history, date, date) IS
'median of the days between successive days with an order (mean of the middle two for an even number), NULL below two such days; in the window from_day to to_day, both included, NULL leaves a side open';

CREATE FUNCTION crm_member.purchase_days(h crm_member.purchase_history, OUT day date, OUT orders integer, OUT amount numeric) RETURNS SETOF record
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 10
AS 'MODULE_PATHNAME', 'crm_purchase_days';
COMMENT ON FUNCTION crm_member.purchase_days(crm_member.purchase_history) IS
'the days of a history as rows, ascending: orders and net amount of each; a day of refunds alone has 0 orders';
