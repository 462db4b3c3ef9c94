-- sql/crm/55_tier_answers.sql
-- Why a member has a tier, what is missing for another, and what a draft ladder would change.
--
-- Everything here is computed from the same track of sales and the same windows
-- as the walk, so that contributions add up to the metric to the cent, and a
-- simulation of the ladder in force gives what is in force. Nothing is written.

--@ code
-- The thresholds of a condition, each metric with the alternative in which it
-- stands: '' where it must hold, 'any 1', 'any 2', ... where one of these will do.
CREATE OR REPLACE FUNCTION @crm@._condition_asks(condition jsonb) RETURNS TABLE (metric text, at_least numeric, alternative text)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE ROWS 5
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
BEGIN
  RETURN QUERY
  WITH RECURSIVE part AS (
    SELECT e.key, e.value, ''::text AS path FROM jsonb_each(condition) AS e
    UNION ALL
    SELECT e.key, e.value, CASE p.key WHEN 'any' THEN trim(p.path || ' any ' || a.n) ELSE p.path END
    FROM part AS p CROSS JOIN LATERAL jsonb_array_elements(CASE WHEN p.key IN ('all', 'any') THEN p.value ELSE '[]' END) WITH ORDINALITY AS a(value, n)
         CROSS JOIN LATERAL jsonb_each(a.value) AS e
  )
  SELECT p.key, (p.value #>> '{}')::numeric, p.path FROM part AS p WHERE p.key NOT IN ('all', 'any');
END
$$;
COMMENT ON FUNCTION @crm@._condition_asks(jsonb) IS 'the metrics and thresholds of a condition, and the alternative in which each stands';

-- What a metric of a member is made of at an instant.
CREATE OR REPLACE FUNCTION @crm@._tier_contributions(member_id bigint, metric text, as_of timestamptz, known_at timestamptz)
RETURNS TABLE (sale_id bigint, occurred_at timestamptz, contribution numeric)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  measure text := substring(metric FROM '^(.*)_[^_]+$');
  first_day date := crm_member._tier_window_start(metric, @crm@.local_day(as_of));
BEGIN
  RETURN QUERY
  WITH entry AS (
    SELECT s.sale_id AS id, s.occurred_at AS at, s.net_spend AS amount, s.is_order
    FROM @crm@._sales_known(_tier_contributions.member_id, '-infinity', as_of, known_at) AS s
    WHERE crm_member._tier_source(metric) = 0 AND @crm@.local_day(s.occurred_at) >= first_day
    UNION ALL
    SELECT o.id, o.at, o.amount, o.is_order
    FROM @crm@._tier_others(ARRAY[_tier_contributions.member_id], known_at, @crm@._tier_needs(ARRAY[metric])) AS o
    WHERE o.at <= as_of AND @crm@.local_day(o.at) >= first_day
  ), counted AS (
    SELECT e.id, e.at,
           CASE WHEN measure IN ('net_spend', 'growth') OR starts_with(measure, 'category_spend:') THEN e.amount
                WHEN NOT e.is_order THEN 0
                WHEN measure = 'orders' THEN 1
                -- a day counts once, by its first order
                WHEN row_number() OVER (PARTITION BY @crm@.local_day(e.at), e.is_order ORDER BY e.at, e.id) = 1 THEN 1
                ELSE 0 END AS units
    FROM entry AS e
  )
  SELECT c.id, c.at, c.units FROM counted AS c WHERE c.units <> 0 ORDER BY c.at, c.id;
END
$$;
COMMENT ON FUNCTION @crm@._tier_contributions(bigint, text, timestamptz, timestamptz) IS 'the sales (or other entries) that a metric of a member is made of at an instant, as known at another';

CREATE OR REPLACE FUNCTION @crm@.tier_explain(member_id bigint, as_of timestamptz DEFAULT NULL, known_at timestamptz DEFAULT NULL, ladder_no integer DEFAULT 1)
RETURNS TABLE (tier text, reason text, valid_from timestamptz, valid_to timestamptz, metric text, metric_value numeric, from_day date, to_day date,
               sale_id bigint, occurred_at timestamptz, contribution numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  at timestamptz := coalesce(as_of, clock_timestamp());
  known timestamptz := coalesce(known_at, 'infinity');
  book jsonb := @crm@._ladder_book(ladder_no, known);
  ladder @crm@.tier_ladder;
  measured jsonb;
BEGIN
  PERFORM @crm@._require_member(member_id);
  member_id := @crm@._member_id(member_id);
  IF NOT isfinite(at) THEN
    RAISE EXCEPTION 'as_of must be finite' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  ladder := @crm@._ladder_at(ladder_no, at);
  measured := crm_member._tier_metrics(@crm@._tier_track_of(member_id, known, book), crm_member.ladder_metrics(ladder.form), @time_zone@, at);
  RETURN QUERY
  SELECT t.code, t.reason, t.valid_from, t.valid_to, m.key, m.value::numeric,
         nullif(crm_member._tier_window_start(m.key, @crm@.local_day(at)), '-infinity'), @crm@.local_day(at), c.sale_id, c.occurred_at, coalesce(c.contribution, 0)
  FROM @crm@._tier_at(tier_explain.member_id, tier_explain.ladder_no, at, known) AS t
       CROSS JOIN LATERAL jsonb_each_text(measured) AS m
       LEFT JOIN LATERAL @crm@._tier_contributions(tier_explain.member_id, m.key, at, known) AS c ON true
  ORDER BY m.key, c.occurred_at, c.sale_id;
END
$$;
COMMENT ON FUNCTION @crm@.tier_explain(bigint, timestamptz, timestamptz, integer) IS 'why a member has its tier at an instant (default now), as known at another: the tier with its period and reason, and for each metric of the ladder its value over from_day to to_day and one row a sale that contributes; contributions add up exactly to metric_value. A metric of nothing has one row with 0. Asked for valid_from it shows what the decision was made of. No row before the member joined. Levels clerk, app, manager, auditor. Errors: CR004 unknown member, 22023 as_of infinite, 42501 not allowed';

CREATE OR REPLACE FUNCTION @crm@.tier_next(member_id bigint, ladder_no integer DEFAULT 1, as_of timestamptz DEFAULT NULL)
RETURNS TABLE (goal text, tier text, name text, rank integer, metric text, alternative text, needed numeric, have numeric, missing numeric, until_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  at timestamptz := coalesce(as_of, clock_timestamp());
  book jsonb := @crm@._ladder_book(ladder_no);
  ladder @crm@.tier_ladder;
  held record;
  track bytea;
  names text[];
  now_has jsonb;
  end_has jsonb;
BEGIN
  PERFORM @crm@._require_member(member_id);
  member_id := @crm@._member_id(member_id);
  ladder := @crm@._ladder_at(ladder_no, at);
  SELECT t.* INTO held FROM @crm@._tier_at(member_id, ladder_no, at, 'infinity') AS t;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  track := @crm@._tier_track_of(member_id, 'infinity', book);
  names := crm_member.ladder_metrics(ladder.form);
  now_has := crm_member._tier_metrics(track, names, @time_zone@, at);
  IF held.reason NOT IN ('base', 'pinned') AND isfinite(held.valid_to) THEN
    end_has := crm_member._tier_metrics(track, names, @time_zone@, held.valid_to - interval '1 microsecond');
  END IF;
  RETURN QUERY
  WITH step AS (
    SELECT 'keep' AS goal, f.value ->> 'code' AS code, CASE WHEN f.value ? 'keep' THEN f.value -> 'keep' ELSE f.value -> 'when' END AS condition, end_has AS has
    FROM jsonb_array_elements(ladder.form -> 'tiers') AS f WHERE f.value ->> 'code' = held.code AND end_has IS NOT NULL
    UNION ALL
    SELECT 'reach', f.value ->> 'code', f.value -> 'when', now_has
    FROM jsonb_array_elements(ladder.form -> 'tiers') AS f WHERE (f.value ->> 'rank')::integer > held.rank AND f.value -> 'when' <> 'null'
  )
  SELECT s.goal, t.code, t.name, t.rank, a.metric, nullif(a.alternative, ''), a.at_least, (s.has ->> a.metric)::numeric,
         greatest(a.at_least - (s.has ->> a.metric)::numeric, 0),
         CASE s.goal WHEN 'keep' THEN held.valid_to
           -- from then on more is missing, for what was bought first no longer counts
           ELSE (SELECT CASE WHEN isfinite(x.leaves) THEN @crm@.day_start(x.leaves) END
                 FROM (SELECT min(crm_member._tier_window_leaves(a.metric, @crm@.local_day(c.occurred_at))) AS leaves
                       FROM @crm@._tier_contributions(tier_next.member_id, a.metric, at, 'infinity') AS c) AS x) END
  FROM step AS s JOIN @crm@.tier AS t ON t.ladder_id = ladder.id AND t.code = s.code
       CROSS JOIN LATERAL @crm@._condition_asks(s.condition) AS a
  ORDER BY s.goal, t.rank, a.alternative, a.metric;
END
$$;
COMMENT ON FUNCTION @crm@.tier_next(bigint, integer, timestamptz) IS 'what a member needs: for each higher tier (goal reach) and for the tier held at the end of its period (goal keep) one row a metric asked for, with what is needed, what there is (for keep: what will be left at the end if nothing happens) and what is missing. All rows of a tier without alternative must be met, and those of one alternative. until_at: for keep the end of the period, for reach when the first contribution leaves the window, NULL when none does. Tiers by invitation are left out. Levels clerk, app, manager, auditor. Errors: CR004, 42501';

CREATE OR REPLACE FUNCTION @crm@.tier_simulate(ladder jsonb, as_of timestamptz DEFAULT NULL, ladder_no integer DEFAULT 1)
RETURNS TABLE (from_tier text, to_tier text, from_rank integer, to_rank integer, members bigint, net_spend_12m numeric, cost_before numeric, cost_after numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
  at timestamptz := coalesce(as_of, clock_timestamp());
  today @crm@.tier_ladder;
  draft jsonb := ladder;
  book jsonb;
BEGIN
  PERFORM @crm@._require('{marketer,manager}');
  PERFORM crm_member._tier_metrics(NULL, crm_member.ladder_metrics(draft), 'UTC', '2000-01-01');
  IF at > clock_timestamp() THEN
    RAISE EXCEPTION 'a simulation cannot be of the future' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  today := @crm@._ladder_at(ladder_no, at);
  book := @crm@._tier_needs(crm_member.ladder_metrics(draft)) || jsonb_build_object('versions', jsonb_build_array(jsonb_build_object('id', 0, 'form', draft)));
  RETURN QUERY
  WITH now_tier AS MATERIALIZED (
    SELECT w.member_id, w.code FROM @crm@._tiers_walked(tier_simulate.ladder_no, NULL, at) AS w WHERE w.valid_from <= at AND at < w.valid_to
  ), then_tier AS MATERIALIZED (
    SELECT w.member_id, w.code FROM @crm@._tiers_walked(tier_simulate.ladder_no, NULL, at, book) AS w WHERE w.valid_from <= at AND at < w.valid_to
  ), now_rung AS (
    SELECT t.code, t.rank FROM @crm@.tier AS t WHERE t.ladder_id = today.id
  ), then_rung AS (
    SELECT f.value ->> 'code' AS code, (f.value ->> 'rank')::integer AS rank FROM jsonb_array_elements(draft -> 'tiers') AS f
  ), moved AS (
    SELECT coalesce(n.code, (SELECT r.code FROM now_rung AS r ORDER BY r.rank LIMIT 1)) AS was,
           coalesce(d.code, (SELECT r.code FROM then_rung AS r ORDER BY r.rank LIMIT 1)) AS becomes,
           count(*) AS members,
           coalesce(sum(crm_member.net_spend(h.history, crm_member._tier_window_start('net_spend_12m', @crm@.local_day(at)), @crm@.local_day(at))), 0) AS spend
    FROM @crm@.member AS m LEFT JOIN now_tier AS n ON n.member_id = m.id LEFT JOIN then_tier AS d ON d.member_id = m.id
         LEFT JOIN @crm@.member_history AS h ON h.member_id = m.id
    WHERE m.joined_at <= at AND (m.closed_at IS NULL OR m.closed_at > at)
    GROUP BY 1, 2
  )
  SELECT v.was, v.becomes, (SELECT r.rank FROM now_rung AS r WHERE r.code = v.was), (SELECT r.rank FROM then_rung AS r WHERE r.code = v.becomes), v.members, v.spend,
         v.members * @crm@._benefit_cost(tier_simulate.ladder_no, v.was, at), v.members * @crm@._benefit_cost(tier_simulate.ladder_no, v.becomes, at)
  FROM moved AS v ORDER BY 3, 4;
END
$$;
COMMENT ON FUNCTION @crm@.tier_simulate(jsonb, timestamptz, integer) IS 'compares a draft ladder with the ladder in force over all open members at an instant (default now), as if the draft had always been in force: one row a pair of tiers with the members, their net spend in 12 months and the stated cost a year of the benefits of both tiers. Earned tiers only, pins play no part; as known now. Writes nothing. Levels marketer, manager for all stores. Errors: 22023 bad ladder or metric, a future instant, 42501 not allowed';
