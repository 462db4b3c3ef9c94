-- sql/extension/20_rfm.sql
-- RFM: the type of a score, scores and octants over a window, fixed cut points, segments.

CREATE TYPE crm_member.rfm;

CREATE FUNCTION crm_member.rfm_in(cstring) RETURNS crm_member.rfm
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_rfm_in';
COMMENT ON FUNCTION crm_member.rfm_in(cstring) IS
'input of type rfm: three digits from 1 to 9, otherwise 22P02';

CREATE FUNCTION crm_member.rfm_out(crm_member.rfm) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_rfm_out';
COMMENT ON FUNCTION crm_member.rfm_out(crm_member.rfm) IS
'output of type rfm: three digits';

CREATE FUNCTION crm_member.rfm_recv(internal) RETURNS crm_member.rfm
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_rfm_recv';
COMMENT ON FUNCTION crm_member.rfm_recv(internal) IS
'binary input of type rfm: the three digits as one int2, otherwise 22P03';

CREATE FUNCTION crm_member.rfm_send(crm_member.rfm) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_rfm_send';
COMMENT ON FUNCTION crm_member.rfm_send(crm_member.rfm) IS
'binary output of type rfm: the three digits as one int2';

CREATE TYPE crm_member.rfm (
  INPUT = crm_member.rfm_in,
  OUTPUT = crm_member.rfm_out,
  RECEIVE = crm_member.rfm_recv,
  SEND = crm_member.rfm_send,
  LIKE = pg_catalog.int2
);
COMMENT ON TYPE crm_member.rfm IS
'RFM score: the digits of recency, frequency and monetary, each from 1 to 9, higher is better; 555 is the best of five bins';

CREATE FUNCTION crm_member.rfm_eq(crm_member.rfm, crm_member.rfm) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_rfm_eq';
COMMENT ON FUNCTION crm_member.rfm_eq(crm_member.rfm, crm_member.rfm) IS
'implementation of the = operator of rfm';

CREATE FUNCTION crm_member.rfm_ne(crm_member.rfm, crm_member.rfm) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_rfm_ne';
COMMENT ON FUNCTION crm_member.rfm_ne(crm_member.rfm, crm_member.rfm) IS
'implementation of the <> operator of rfm';

CREATE FUNCTION crm_member.rfm_lt(crm_member.rfm, crm_member.rfm) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_rfm_lt';
COMMENT ON FUNCTION crm_member.rfm_lt(crm_member.rfm, crm_member.rfm) IS
'implementation of the < operator of rfm: by recency, then frequency, then monetary score';

CREATE FUNCTION crm_member.rfm_le(crm_member.rfm, crm_member.rfm) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_rfm_le';
COMMENT ON FUNCTION crm_member.rfm_le(crm_member.rfm, crm_member.rfm) IS
'implementation of the <= operator of rfm';

CREATE FUNCTION crm_member.rfm_gt(crm_member.rfm, crm_member.rfm) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_rfm_gt';
COMMENT ON FUNCTION crm_member.rfm_gt(crm_member.rfm, crm_member.rfm) IS
'implementation of the > operator of rfm';

CREATE FUNCTION crm_member.rfm_ge(crm_member.rfm, crm_member.rfm) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_rfm_ge';
COMMENT ON FUNCTION crm_member.rfm_ge(crm_member.rfm, crm_member.rfm) IS
'implementation of the >= operator of rfm';

CREATE FUNCTION crm_member.rfm_cmp(crm_member.rfm, crm_member.rfm) RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_rfm_cmp';
COMMENT ON FUNCTION crm_member.rfm_cmp(crm_member.rfm, crm_member.rfm) IS
'comparison of rfm for btree: negative, 0 or positive';

CREATE FUNCTION crm_member.rfm_hash(crm_member.rfm) RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_rfm_hash';
COMMENT ON FUNCTION crm_member.rfm_hash(crm_member.rfm) IS
'hash of rfm';

CREATE FUNCTION crm_member.rfm_hash_extended(crm_member.rfm, bigint) RETURNS bigint
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_rfm_hash_extended';
COMMENT ON FUNCTION crm_member.rfm_hash_extended(crm_member.rfm, bigint) IS
'hash of rfm in 64 bits, with a seed';

CREATE OPERATOR crm_member.= (
  FUNCTION = crm_member.rfm_eq, LEFTARG = crm_member.rfm, RIGHTARG = crm_member.rfm,
  COMMUTATOR = OPERATOR(crm_member.=), NEGATOR = OPERATOR(crm_member.<>),
  RESTRICT = pg_catalog.eqsel, JOIN = pg_catalog.eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR crm_member.= (crm_member.rfm, crm_member.rfm) IS 'equal';

CREATE OPERATOR crm_member.<> (
  FUNCTION = crm_member.rfm_ne, LEFTARG = crm_member.rfm, RIGHTARG = crm_member.rfm,
  COMMUTATOR = OPERATOR(crm_member.<>), NEGATOR = OPERATOR(crm_member.=),
  RESTRICT = pg_catalog.neqsel, JOIN = pg_catalog.neqjoinsel
);
COMMENT ON OPERATOR crm_member.<> (crm_member.rfm, crm_member.rfm) IS 'not equal';

CREATE OPERATOR crm_member.< (
  FUNCTION = crm_member.rfm_lt, LEFTARG = crm_member.rfm, RIGHTARG = crm_member.rfm,
  COMMUTATOR = OPERATOR(crm_member.>), NEGATOR = OPERATOR(crm_member.>=),
  RESTRICT = pg_catalog.scalarltsel, JOIN = pg_catalog.scalarltjoinsel
);
COMMENT ON OPERATOR crm_member.< (crm_member.rfm, crm_member.rfm) IS 'less than';

CREATE OPERATOR crm_member.<= (
  FUNCTION = crm_member.rfm_le, LEFTARG = crm_member.rfm, RIGHTARG = crm_member.rfm,
  COMMUTATOR = OPERATOR(crm_member.>=), NEGATOR = OPERATOR(crm_member.>),
  RESTRICT = pg_catalog.scalarlesel, JOIN = pg_catalog.scalarlejoinsel
);
COMMENT ON OPERATOR crm_member.<= (crm_member.rfm, crm_member.rfm) IS 'less than or equal';

CREATE OPERATOR crm_member.> (
  FUNCTION = crm_member.rfm_gt, LEFTARG = crm_member.rfm, RIGHTARG = crm_member.rfm,
  COMMUTATOR = OPERATOR(crm_member.<), NEGATOR = OPERATOR(crm_member.<=),
  RESTRICT = pg_catalog.scalargtsel, JOIN = pg_catalog.scalargtjoinsel
);
COMMENT ON OPERATOR crm_member.> (crm_member.rfm, crm_member.rfm) IS 'greater than';

CREATE OPERATOR crm_member.>= (
  FUNCTION = crm_member.rfm_ge, LEFTARG = crm_member.rfm, RIGHTARG = crm_member.rfm,
  COMMUTATOR = OPERATOR(crm_member.<=), NEGATOR = OPERATOR(crm_member.<),
  RESTRICT = pg_catalog.scalargesel, JOIN = pg_catalog.scalargejoinsel
);
COMMENT ON OPERATOR crm_member.>= (crm_member.rfm, crm_member.rfm) IS 'greater than or equal';

CREATE OPERATOR CLASS crm_member.rfm_ops
DEFAULT FOR TYPE crm_member.rfm USING btree AS
  OPERATOR 1 crm_member.<,
  OPERATOR 2 crm_member.<=,
  OPERATOR 3 crm_member.=,
  OPERATOR 4 crm_member.>=,
  OPERATOR 5 crm_member.>,
  FUNCTION 1 crm_member.rfm_cmp(crm_member.rfm, crm_member.rfm),
  FUNCTION 4 pg_catalog.btequalimage(oid);
COMMENT ON OPERATOR CLASS crm_member.rfm_ops USING btree IS 'order of rfm: recency, then frequency, then monetary score';

CREATE OPERATOR CLASS crm_member.rfm_hash_ops
DEFAULT FOR TYPE crm_member.rfm USING hash AS
  OPERATOR 1 crm_member.=,
  FUNCTION 1 crm_member.rfm_hash(crm_member.rfm),
  FUNCTION 2 crm_member.rfm_hash_extended(crm_member.rfm, bigint);
COMMENT ON OPERATOR CLASS crm_member.rfm_hash_ops USING hash IS 'hashing of rfm';

CREATE FUNCTION crm_member.r_score(score crm_member.rfm) RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_r_score';
COMMENT ON FUNCTION crm_member.r_score(crm_member.rfm) IS
'recency score, the first digit: 1 to the number of bins, higher is more recent';

CREATE FUNCTION crm_member.f_score(score crm_member.rfm) RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_f_score';
COMMENT ON FUNCTION crm_member.f_score(crm_member.rfm) IS
'frequency score, the second digit: 1 to the number of bins, higher is more orders';

CREATE FUNCTION crm_member.m_score(score crm_member.rfm) RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_m_score';
COMMENT ON FUNCTION crm_member.m_score(crm_member.rfm) IS
'monetary score, the third digit: 1 to the number of bins, higher is more spend';

CREATE FUNCTION crm_member.rfm_score(last_day date, orders bigint, spend numeric, bins integer DEFAULT 5)
RETURNS crm_member.rfm
LANGUAGE c WINDOW IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_rfm_score';
COMMENT ON FUNCTION crm_member.rfm_score(date, bigint, numeric, integer) IS
'window function: RFM score of each row against the other rows of its partition; score = 1 + the number of cut points strictly below the value, cut points as percentile_cont(k/bins), recency reversed, so equal values score equal; NULL, and not among the scored, for rows with a NULL or with orders <= 0; bins (2 to 9, otherwise 22023) is read from the first row; 22003 for amounts beyond 18 digits';

CREATE FUNCTION crm_member.rfm_score(h crm_member.purchase_history, as_of date DEFAULT NULL, bins integer DEFAULT 5) RETURNS crm_member.rfm
LANGUAGE c WINDOW IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_rfm_score_history';
COMMENT ON FUNCTION crm_member.rfm_score(crm_member.purchase_history, date, integer) IS
'window function: RFM score of each purchase history among those of its partition, days after as_of ignored (NULL: none); the same as rfm_score over last_day, order_count and net_spend, in one reading of each history. NULL for a history without an order; as_of and bins are taken from the first row; 22023 for bins outside 2 to 9';

CREATE FUNCTION crm_member.rfm_octant(last_day date, orders bigint, spend numeric)
RETURNS text
LANGUAGE c WINDOW IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_rfm_octant';
COMMENT ON FUNCTION crm_member.rfm_octant(date, bigint, numeric) IS
'window function: three bits for recency, frequency and monetary, 1 where the row is better than or equal to the mean of the scored rows of its partition, compared exactly; NULL, and not among the scored, for rows with a NULL or with orders <= 0';

-- Fixed and kept cut points

CREATE FUNCTION crm_member.rfm_with_cuts(recency_days integer, orders bigint, spend numeric,
  recency_cuts numeric[], frequency_cuts numeric[], monetary_cuts numeric[])
RETURNS crm_member.rfm
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_rfm_with_cuts';
COMMENT ON FUNCTION crm_member.rfm_with_cuts(integer, bigint, numeric, numeric[], numeric[], numeric[]) IS
'RFM score by given cut points, the rule of rfm_score: recency_days are days since the last purchase; each array ascends (equal neighbours allowed) and has the same 1 to 8 elements, one less than there are bins, otherwise 22023, 22004 or 2202E; NULL for orders <= 0 or any NULL argument';

CREATE TYPE crm_member.rfm_cut_points AS (
  recency_cuts numeric[],
  frequency_cuts numeric[],
  monetary_cuts numeric[],
  members bigint
);
COMMENT ON TYPE crm_member.rfm_cut_points IS
'result of rfm_cuts: cut points over days since the last purchase, orders and spend, as rfm_with_cuts takes them, and the number of scored members';

CREATE FUNCTION crm_member.rfm_cuts_add(internal, last_day date, orders bigint, spend numeric, as_of date, bins integer)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_rfm_cuts_add';
COMMENT ON FUNCTION crm_member.rfm_cuts_add(internal, date, bigint, numeric, date, integer) IS
'transition function of aggregate rfm_cuts';

CREATE FUNCTION crm_member.rfm_cuts_combine(internal, internal) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_rfm_cuts_combine';
COMMENT ON FUNCTION crm_member.rfm_cuts_combine(internal, internal) IS
'combine function of aggregate rfm_cuts';

CREATE FUNCTION crm_member.rfm_cuts_serial(internal) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_rfm_cuts_serial';
COMMENT ON FUNCTION crm_member.rfm_cuts_serial(internal) IS
'serial form of the state of aggregate rfm_cuts';

CREATE FUNCTION crm_member.rfm_cuts_deserial(bytea, internal) RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_rfm_cuts_deserial';
COMMENT ON FUNCTION crm_member.rfm_cuts_deserial(bytea, internal) IS
'state of aggregate rfm_cuts from its serial form; 22P03 or 08P01 for anything else';

CREATE FUNCTION crm_member.rfm_cuts_final(internal) RETURNS crm_member.rfm_cut_points
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_rfm_cuts_final';
COMMENT ON FUNCTION crm_member.rfm_cuts_final(internal) IS
'final function of aggregate rfm_cuts';

CREATE AGGREGATE crm_member.rfm_cuts(last_day date, orders bigint, spend numeric, as_of date, bins integer) (
  SFUNC = crm_member.rfm_cuts_add,
  STYPE = internal,
  SSPACE = 4096,
  FINALFUNC = crm_member.rfm_cuts_final,
  FINALFUNC_MODIFY = READ_ONLY,
  COMBINEFUNC = crm_member.rfm_cuts_combine,
  SERIALFUNC = crm_member.rfm_cuts_serial,
  DESERIALFUNC = crm_member.rfm_cuts_deserial,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE crm_member.rfm_cuts(date, bigint, numeric, date, integer) IS
'cut points of a population as rfm_score uses them, percentile_cont(k/bins), to be kept and given to rfm_with_cuts, which then scores the same; a cut that is no decimal is rounded six decimals behind the last one of the values, which changes no score; rows with a NULL or with orders <= 0 do not count; as_of and bins (2 to 9) must be the same in all rows, otherwise 22023';

-- Segments and names

CREATE FUNCTION crm_member.rfm_segment(score crm_member.rfm, bins integer DEFAULT 5) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_rfm_segment';
COMMENT ON FUNCTION crm_member.rfm_segment(crm_member.rfm, integer) IS
'one of the ten usual segments, by R and FM = (F + M) / 2 rounded half up; scores of other than five bins are brought to 1 to 5 as 1 + round half up of (s - 1) * 4 / (bins - 1), so the ends map to the ends; 22023 for a score beyond bins';

CREATE FUNCTION crm_member.rfm_segment_name(segment text, locale text DEFAULT 'zh_CN') RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_rfm_segment_name';
COMMENT ON FUNCTION crm_member.rfm_segment_name(text, text) IS
'display name of a segment of rfm_segment: Chinese for zh locales, else English; 22023 for an unknown segment';

CREATE FUNCTION crm_member.rfm_octant_name(octant text, locale text DEFAULT 'zh_CN') RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_rfm_octant_name';
COMMENT ON FUNCTION crm_member.rfm_octant_name(text, text) IS
'display name of an octant of rfm_octant (111 to 000): Chinese for zh locales, else English; 22023 for an unknown octant';
