-- sql/tier_for.sql
-- Ladders in their JSON form: which tier a set of metrics reaches, and what is refused.

\set VERBOSITY sqlstate
\set ladder '{"period_months": 12, "tiers": [{"code": "gold", "rank": 1, "when": {"spend": 2000}, "keep": {"spend": 1500}}, {"code": "basic", "rank": 0, "name": "Basic", "when": {}}, {"code": "club", "rank": 2, "when": {"spend": 8000, "any": [{"orders": 10}, {"days": 5, "all": [{"orders": 6}]}]}}, {"code": "guest of honour", "rank": 9, "when": null}]}'

-- at, below and above the threshold, whatever the scale
SELECT s, crm_member.tier_for(jsonb_build_object('spend', s, 'orders', 0, 'days', 0), :'ladder')
FROM (VALUES (0), (1999.99), (1999.999999999999), (2000), (2000.00), (2000.000000000001), (-5), (999999999999.99)) AS t(s);
-- all and any: 8000 with 10 orders, or with 5 days and 6 orders
SELECT o, d, crm_member.tier_for(jsonb_build_object('spend', 8000, 'orders', o, 'days', d), :'ladder')
FROM (VALUES (10, 0), (9, 5), (6, 5), (5, 9), (6, 4)) AS t(o, d);
-- who holds gold keeps it from 1500 on; others do not get it
SELECT s, h, crm_member.tier_for(jsonb_build_object('spend', s, 'orders', 0, 'days', 0), :'ladder', h)
FROM (VALUES (1500, 'gold'), (1499.99, 'gold'), (1500, 'basic'), (1500, NULL), (1500, 'unknown')) AS t(s, h);
-- a metric that is not known reaches nothing; one more than the ladder asks for does not matter
SELECT crm_member.tier_for('{"spend": null, "orders": 100, "days": 100, "more": "x"}', :'ladder');
-- NULL
SELECT crm_member.tier_for(NULL, :'ladder') IS NULL AS a, crm_member.tier_for('{}', NULL) IS NULL AS b;
-- no tier is reached
SELECT crm_member.tier_for('{"x": 1}', '{"tiers": [{"code": "a", "rank": 0, "when": {"x": 2}}]}') IS NULL AS none;
-- the ladder changes within one call site
SELECT n, crm_member.tier_for('{"x": 5}', jsonb_build_object('tiers', jsonb_build_array(jsonb_build_object('code', 'low', 'rank', 0, 'when', '{}'::jsonb), jsonb_build_object('code', 'over ' || n, 'rank', 1, 'when', jsonb_build_object('x', n)))))
FROM generate_series(4, 6) AS n;

SELECT crm_member.ladder_metrics(:'ladder');
SELECT crm_member.ladder_metrics('{"tiers": [{"code": "a", "rank": 0, "when": {}}]}');

-- a metric that is not given, or no number; too many digits
SELECT crm_member.tier_for('{"spend": 1}', :'ladder');
SELECT crm_member.tier_for('{"spend": "1", "orders": 1, "days": 1}', :'ladder');
SELECT crm_member.tier_for('[]', :'ladder');
SELECT crm_member.tier_for('{"spend": 1e30, "orders": 1, "days": 1}', :'ladder');

-- what is no ladder: each 22023
CREATE FUNCTION pg_temp.try(ladder text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE d text;
BEGIN
  PERFORM crm_member.ladder_metrics(ladder::jsonb);
  RETURN 'accepted';
EXCEPTION WHEN invalid_parameter_value THEN
  GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL;
  RETURN d;
END $$;
SELECT n, pg_temp.try(l) FROM (VALUES
  (1, '[]'), (2, '{}'), (3, '{"tiers": {}}'), (4, '{"tiers": []}'), (5, '{"tiers": [1]}'), (6, '{"tiers": [{"code": "a", "rank": 0}]}'),
  (7, '{"tiers": [{"code": "", "rank": 0, "when": {}}]}'), (8, '{"tiers": [{"code": "a", "rank": 0.5, "when": {}}]}'),
  (9, '{"tiers": [{"code": "a", "rank": 40000, "when": {}}]}'), (10, '{"tiers": [{"code": "a", "rank": 0, "when": []}]}'),
  (11, '{"tiers": [{"code": "a", "rank": 0, "when": {"x": "1"}}]}'), (12, '{"tiers": [{"code": "a", "rank": 0, "when": {"any": {}}}]}'),
  (13, '{"tiers": [{"code": "a", "rank": 0, "when": {}, "grace": 3}]}'), (14, '{"tiers": [{"code": "a", "rank": 0, "when": {}}], "down": "never"}'),
  (15, '{"tiers": [{"code": "a", "rank": 0, "when": {}}, {"code": "a", "rank": 1, "when": {}}]}'),
  (16, '{"tiers": [{"code": "a", "rank": 0, "when": {}}, {"code": "b", "rank": 0, "when": {}}]}'),
  (17, '{"tiers": [{"code": "a", "rank": 0, "when": {}}], "period_months": 0}'), (18, '{"tiers": [{"code": "a", "rank": 0, "when": {"any": [1]}}]}'),
  (19, '{"tiers": [{"code": "a", "rank": 0, "when": {}, "keep": null}]}'), (20, '"x"'), (21, 'null')) AS t(n, l);
-- nested too deep, and too many parts
SELECT pg_temp.try('{"tiers": [{"code": "a", "rank": 0, "when": ' || repeat('{"all": [', 40) || '{}' || repeat(']}', 40) || '}]}');
SELECT pg_temp.try(jsonb_build_object('tiers', jsonb_build_array(jsonb_build_object('code', 'a', 'rank', 0, 'when', (SELECT jsonb_object_agg('m' || i, i) FROM generate_series(1, 1200) AS i))))::text);
SELECT pg_temp.try(jsonb_build_object('tiers', (SELECT jsonb_agg(jsonb_build_object('code', 'a' || i, 'rank', i, 'when', '{}'::jsonb)) FROM generate_series(1, 101) AS i))::text);
DROP FUNCTION pg_temp.try(text);
