-- sql/extension/60_tier.sql
-- Tier ladders in their JSON form, on any metrics.

CREATE FUNCTION crm_member.tier_for(metrics jsonb, ladder jsonb, holding text DEFAULT NULL) RETURNS text
AS 'MODULE_PATHNAME', 'crm_tier_for' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_member.tier_for(jsonb, jsonb, text) IS 'the code of the tier of the highest rank whose condition holds, NULL when none does or when metrics or ladder is NULL. metrics: {"net_spend_12m": 2000.00, ...}, null where not known; ladder: {"tiers": [{"code", "rank", "when", "keep", "name"}, ...]}, where a condition {"net_spend_12m": 2000, "any": [...]} compares with >= and "when": null is by invitation; holding names the tier held now, whose condition to keep it suffices. Error 22023: ladder with unknown keys, metric not given';

CREATE FUNCTION crm_member.ladder_metrics(ladder jsonb) RETURNS text[]
AS 'MODULE_PATHNAME', 'crm_ladder_metrics' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_member.ladder_metrics(jsonb) IS 'the names of the metrics that a tier ladder asks for; error 22023 when the ladder is not in the form that tier_for reads';

-- The walk over tier periods, for CRM schemas: what happened to a member as a track, which lives within a statement.
CREATE TYPE crm_member.tier_period AS (
  ladder_id bigint,
  code text,
  valid_from timestamptz,
  valid_to timestamptz,
  reason text,
  anchor_day date,
  period_no integer,
  sale_id bigint,
  metrics jsonb,
  decided boolean
);
COMMENT ON TYPE crm_member.tier_period IS 'a period for which a tier was earned: reason reached, kept, fell or grace; decided says that what follows its end is known';

CREATE FUNCTION crm_member._tier_track_accum(state bytea, at timestamptz, amount numeric, is_order boolean, id bigint, source integer) RETURNS bytea
AS 'MODULE_PATHNAME', 'crm_tier_track_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_member._tier_track_accum(bytea, timestamptz, numeric, boolean, bigint, integer) IS 'transition function of the aggregate _tier_track';

CREATE FUNCTION crm_member._tier_track_combine(a bytea, b bytea) RETURNS bytea
AS 'MODULE_PATHNAME', 'crm_tier_track_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_member._tier_track_combine(bytea, bytea) IS 'combine function of the aggregate _tier_track';

CREATE AGGREGATE crm_member._tier_track(at timestamptz, amount numeric, is_order boolean, id bigint, source integer) (
  SFUNC = crm_member._tier_track_accum,
  STYPE = bytea,
  COMBINEFUNC = crm_member._tier_track_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE crm_member._tier_track(timestamptz, numeric, boolean, bigint, integer) IS 'what tier metrics count of a member, in any order: source 0 is a sale with its net spend and id, 1 a movement of growth, 2 a visit, others as _tier_source says';

CREATE FUNCTION crm_member._tier_track_is(track bytea, history crm_member.purchase_history) RETURNS boolean
AS 'MODULE_PATHNAME', 'crm_tier_track_is' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_member._tier_track_is(bytea, crm_member.purchase_history) IS 'whether the sales of a track are as many orders and as much net spend as a history has; false where one is NULL. Error: 22P03 no track';

CREATE FUNCTION crm_member._tier_walk(track bytea, book jsonb, time_zone text, ends_to timestamptz) RETURNS crm_member.tier_period[]
AS 'MODULE_PATHNAME', 'crm_tier_walk_track' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_member._tier_walk(bytea, jsonb, text, timestamptz) IS 'the tier periods of a member from its track and a book of ladder versions, NULL where it has none; ends of periods are decided up to ends_to and up to the last entry. Errors: 22023 bad book, ladder or metric, 22003 a metric that does not fit, 22P03 no track';

CREATE FUNCTION crm_member._tier_metrics(track bytea, names text[], time_zone text, at timestamptz) RETURNS jsonb
AS 'MODULE_PATHNAME', 'crm_tier_metrics' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_member._tier_metrics(bytea, text[], text, timestamptz) IS 'metrics of a member at an instant from its track; errors as of _tier_walk';

CREATE FUNCTION crm_member._tier_outgrown(history crm_member.purchase_history, form jsonb, holding text, day date) RETURNS boolean
AS 'MODULE_PATHNAME', 'crm_tier_outgrown' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_member._tier_outgrown(crm_member.purchase_history, jsonb, text, date) IS 'false when a member whose last sale was on a day has certainly not left the tier that it held (NULL: the base) by it; true asks for a walk';

CREATE FUNCTION crm_member._tier_window_start(metric text, day date) RETURNS date
AS 'MODULE_PATHNAME', 'crm_tier_window_start' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_member._tier_window_start(text, date) IS 'the first day that counts for a metric on a day, -infinity where all do; error 22023 for a metric that is none';

CREATE FUNCTION crm_member._tier_window_leaves(metric text, day date) RETURNS date
AS 'MODULE_PATHNAME', 'crm_tier_window_leaves' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_member._tier_window_leaves(text, date) IS 'the first day on which what happened on a day no longer counts for a metric, infinity where it always does; error 22023 for a metric that is none';

CREATE FUNCTION crm_member._tier_source(metric text) RETURNS integer
AS 'MODULE_PATHNAME', 'crm_tier_source' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_member._tier_source(text) IS 'the source of the entries of a track that a metric counts; error 22023 for a metric that is none';
