-- sql/extension/60_tier.sql
-- Tier ladders in their JSON form, on any metrics.

CREATE FUNCTION crm_member.tier_for(metrics jsonb, ladder jsonb, holding text DEFAULT NULL) RETURNS text
AS 'MODULE_PATHNAME', 'crm_tier_for' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_member.tier_for(jsonb, jsonb, text) IS 'the code of the tier of the highest rank whose condition holds, NULL when none does or when metrics or ladder is NULL. metrics: {"net_spend_12m": 2000.00, ...}, null where not known; ladder: {"tiers": [{"code", "rank", "when", "keep", "name"}, ...]}, where a condition {"net_spend_12m": 2000, "any": [...]} compares with >= and "when": null is by invitation; holding names the tier held now, whose condition to keep it suffices. Error 22023: ladder with unknown keys, metric not given';

CREATE FUNCTION crm_member.ladder_metrics(ladder jsonb) RETURNS text[]
AS 'MODULE_PATHNAME', 'crm_ladder_metrics' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_member.ladder_metrics(jsonb) IS 'the names of the metrics that a tier ladder asks for; error 22023 when the ladder is not in the form that tier_for reads';
