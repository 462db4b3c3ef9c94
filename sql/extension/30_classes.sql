-- sql/extension/30_classes.sql
-- Classes of members: state by recency, ABC by share, grade by thresholds; concentration.

CREATE FUNCTION crm_member.lifecycle_status(last_day date, as_of date, cuts integer[] DEFAULT '{90,180,365}')
RETURNS text
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_lifecycle_status';
COMMENT ON FUNCTION crm_member.lifecycle_status(date, date, integer[]) IS
'state by days from last_day to as_of: active up to the first of cuts, recently_lapsed up to the second, mid_term_lapsed up to the third, else dormant; never for a NULL last_day; a last day after as_of counts as 0 days; NULL for a NULL as_of or cuts; cuts are three ascending numbers of days, otherwise 22023';

CREATE FUNCTION crm_member.lifecycle_status_name(status text, locale text DEFAULT 'zh_CN') RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_lifecycle_status_name';
COMMENT ON FUNCTION crm_member.lifecycle_status_name(text, text) IS
'display name of a state of lifecycle_status: Chinese for zh locales, else English; 22023 for an unknown state';

CREATE FUNCTION crm_member.abc_class(value numeric, cuts numeric[] DEFAULT '{0.8,0.95}')
RETURNS text
LANGUAGE c WINDOW IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_abc_class';
COMMENT ON FUNCTION crm_member.abc_class(numeric, numeric[]) IS
'window function: class A, B, ... by the share of the partition''s total that the larger rows before have: below the first of cuts A, below the second B, and so on; equal values go in the order of the window, so OVER (ORDER BY key) breaks ties by key; exact; NULL for a NULL value, and for all rows when the total is not above 0; cuts (1 to 25, ascending, above 0 up to 1, otherwise 22023) is read from the first row; 22003 for values or a total beyond 18 digits';

CREATE FUNCTION crm_member.value_grade(orders bigint, spend numeric,
  spend_cuts numeric[] DEFAULT '{1000,500,500}', order_cuts bigint[] DEFAULT '{6,3,0}')
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_value_grade';
COMMENT ON FUNCTION crm_member.value_grade(bigint, numeric, numeric[], bigint[]) IS
'grade A, B, ...: the first i for which spend >= spend_cuts[i] and orders >= order_cuts[i], else the letter after the last; as given, A from 1000 and 6 orders, B from 500 and 3, C from 500, else D; NULL for a NULL argument; the arrays have the same 1 to 25 elements, otherwise 22023';

CREATE FUNCTION crm_member.gini_transition(internal, value numeric) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_gini_transition';
COMMENT ON FUNCTION crm_member.gini_transition(internal, numeric) IS
'transition function of aggregate gini';

CREATE FUNCTION crm_member.gini_combine(internal, internal) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_gini_combine';
COMMENT ON FUNCTION crm_member.gini_combine(internal, internal) IS
'combine function of aggregate gini';

CREATE FUNCTION crm_member.gini_serial(internal) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_gini_serial';
COMMENT ON FUNCTION crm_member.gini_serial(internal) IS
'serial form of the state of aggregate gini';

CREATE FUNCTION crm_member.gini_deserial(bytea, internal) RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_gini_deserial';
COMMENT ON FUNCTION crm_member.gini_deserial(bytea, internal) IS
'state of aggregate gini from its serial form; 22P03 or 08P01 for anything else';

CREATE FUNCTION crm_member.gini_final(internal) RETURNS numeric
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_gini_final';
COMMENT ON FUNCTION crm_member.gini_final(internal) IS
'final function of aggregate gini';

CREATE AGGREGATE crm_member.gini(value numeric) (
  SFUNC = crm_member.gini_transition,
  STYPE = internal,
  SSPACE = 1024,
  FINALFUNC = crm_member.gini_final,
  FINALFUNC_MODIFY = READ_ONLY,
  COMBINEFUNC = crm_member.gini_combine,
  SERIALFUNC = crm_member.gini_serial,
  DESERIALFUNC = crm_member.gini_deserial,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE crm_member.gini(numeric) IS
'Gini coefficient, a fraction: 0 when all values are equal, (n - 1) / n when one of n has everything; sum of (2i - n - 1) * x(i) over n * sum of x, x ascending, exact up to the one division; NULLs are left out; NULL without rows or when the total is not above 0; 22003 for values beyond 18 digits';
