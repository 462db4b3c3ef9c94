-- sql/crm_tier.sql
-- Tiers: policies of ladders, ladders side by side, explanations, what is missing, simulation, reviews.
--
-- Zone Asia/Shanghai; seed ladder: gold from 2,000, platinum from 8,000 in 12
-- months. Every day and amount is worked out by hand beside the question.

SET client_min_messages = warning;
SET timezone = 'Asia/Shanghai';
SET datestyle = 'ISO';
\set VERBOSITY sqlstate
SELECT crm_member.create_crm('crm');
INSERT INTO crm.member (member_no, joined_at) SELECT 'm' || i, '2020-01-01' FROM generate_series(1, 9) AS i;
CREATE FUNCTION pg_temp.periods(member bigint, ladder integer DEFAULT 1) RETURNS TABLE (code text, valid_from timestamptz, valid_to timestamptz, reason text, no integer, decided boolean) LANGUAGE sql AS $$
  SELECT t.code, m.valid_from, m.valid_to, m.reason, m.period_no, m.decided FROM crm.member_tier AS m JOIN crm.tier AS t ON t.id = m.tier_id
  WHERE m.member_id = $1 AND m.ladder_no = $2 AND m.known_to = 'infinity' ORDER BY m.valid_from
$$;
CREATE FUNCTION pg_temp.sale(key text, member bigint, at timestamptz, amount numeric) RETURNS void LANGUAGE sql AS $$
  INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES (key, member, at, amount)
$$;

-- member 1: 2,000 on 29 February 2024 is gold through 28 February 2025; one cent less on member 2 is nothing
SELECT pg_temp.sale('a', 1, '2024-02-29 10:00', 2000), pg_temp.sale('b', 2, '2024-02-29 10:00', 1999.99);
SELECT * FROM pg_temp.periods(1);
SELECT count(*) FROM pg_temp.periods(2);
-- at its end the window holds days after 28 February 2024: the 29th counts, so gold is kept; before and after the review
SELECT t.at, f.code, f.reason FROM (VALUES ('2025-02-28 23:59:59.999999'::timestamptz), ('2025-03-01 00:00')) AS t(at), crm.tier_for(1, t.at) AS f;
SELECT crm.tier_review('2025-02-28 23:59:59.999999') AS early, crm.tier_review('2025-03-01 00:00') AS now, crm.tier_review('2025-03-01 00:00') AS again;
SELECT * FROM pg_temp.periods(1);
SELECT t.at, f.code, f.reason FROM (VALUES ('2025-02-28 23:59:59.999999'::timestamptz), ('2025-03-01 00:00')) AS t(at), crm.tier_for(1, t.at) AS f;

-- a refund at 0.00 is no order and makes no purchase day: ladder 2 asks for 2 orders, ladder 3 for 2 purchase days, in 30 days
SELECT crm.tier_ladder_set('{"tiers": [{"code": "o0", "rank": 0, "when": {}}, {"code": "o2", "rank": 1, "when": {"orders_30d": 2}}]}', 'by orders', ladder_no => 2) > 0 AS second,
       crm.tier_ladder_set('{"tiers": [{"code": "d0", "rank": 0, "when": {}}, {"code": "d2", "rank": 1, "when": {"purchase_days_30d": 2}}]}', 'by days', ladder_no => 3) > 0 AS third;
SELECT pg_temp.sale('c', 3, '2024-01-01 10:00', 10);
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend, refund_of_id) SELECT 'c1', 3, '2024-01-02 10:00', 0, id FROM crm.sale WHERE source_key = 'c';
SELECT count(*) FROM pg_temp.periods(3, 2);
SELECT pg_temp.sale('d', 3, '2024-01-01 11:00', 0);
SELECT * FROM pg_temp.periods(3, 2);
SELECT count(*) FROM pg_temp.periods(3, 3);
-- 30 January is the 30th day of 1 January, 31 January is not
SELECT pg_temp.sale('e', 3, '2024-01-30 23:59:59.999999', 1);
SELECT * FROM pg_temp.periods(3, 3);

-- a second ladder that is set after the sales reaches them: by 500 of spend in the calendar year, through the end of the year,
-- kept from 100 of the last year on, 30 days of grace. Member 4: 500 on 1 December 2022, 100 on 1 March 2023
SELECT pg_temp.sale('f', 4, '2022-12-01 10:00', 500), pg_temp.sale('g', 4, '2023-03-01 10:00', 100);
SELECT crm.tier_ladder_set('{"period_end": "year", "grace_days": 30, "tiers": [{"code": "p0", "rank": 0, "when": {}}, {"code": "p1", "rank": 1, "when": {"net_spend_year": 500}, "keep": {"net_spend_year": 100}},
  {"code": "p2", "rank": 2, "when": {"net_spend_year": 5000}}]}', 'by year', ladder_no => 4) > 0 AS fourth;
-- anchor 1 December 2022 and 12 months: through 2023; 100 in 2023 keep it through 2024; nothing in 2024: grace through 30 January 2025
SELECT crm.tier_review('2025-06-01') > 0 AS wrote;
SELECT * FROM pg_temp.periods(4, 4);
SELECT crm.tier_review('2025-06-01') AS again;
-- member 1 bought 2,000 in 2024, which that ladder has seen too
SELECT code, valid_from, valid_to, reason FROM pg_temp.periods(1, 4);
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;

-- one step down at the end of a month: member 5, 9,000 on 15 January 2023
SELECT pg_temp.sale('h', 5, '2023-01-15 10:00', 9000);
SELECT crm.tier_ladder_set('{"period_end": "month", "down": "one_step", "tiers": [{"code": "s0", "rank": 0, "when": {}}, {"code": "s1", "rank": 1, "when": {"net_spend_12m": 2000}}, {"code": "s2", "rank": 2, "when": {"net_spend_12m": 8000}}]}', 'in steps', ladder_no => 5) > 0 AS fifth;
SELECT crm.tier_review('2026-01-01') > 0 AS wrote;
SELECT * FROM pg_temp.periods(5, 5);
-- at once: the refund of 7,500 on 1 February leaves 1,500; what was bought on 15 January leaves the window a year later
SELECT crm.tier_ladder_set('{"down": "immediate", "tiers": [{"code": "i0", "rank": 0, "when": {}}, {"code": "i1", "rank": 1, "when": {"net_spend_12m": 1500}}, {"code": "i2", "rank": 2, "when": {"net_spend_12m": 8000}}]}', 'at once', ladder_no => 6) > 0 AS sixth;
SELECT * FROM pg_temp.periods(5, 6);
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend, refund_of_id) SELECT 'h1', 5, '2023-02-01 10:00', -7500, id FROM crm.sale WHERE source_key = 'h';
SELECT * FROM pg_temp.periods(5, 6);
-- 9,000 less 7,500 of the refund: on 15 January 2024 minus 7,500 are left
SELECT f.code, f.reason FROM (VALUES ('2023-02-01 09:59:59.999999'::timestamptz), ('2023-02-01 10:00'), ('2024-01-14 23:59'), ('2024-01-15 00:00')) AS t(at), crm.tier_for(5, t.at, ladder_no => 6) AS f;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;

-- growth counts, also when it comes without a sale; visit days are days with an order or a sign-in
SELECT crm.tier_ladder_set('{"tiers": [{"code": "g0", "rank": 0, "when": {}}, {"code": "g1", "rank": 1, "when": {"growth_12m": 300, "visit_days_30d": 2}}]}', 'growth', ladder_no => 7) > 0 AS seventh;
SELECT pg_temp.sale('j', 6, '2024-05-01 10:00', 250);
SELECT count(*) FROM pg_temp.periods(6, 7);
WITH e AS (INSERT INTO crm.ledger_event (kind, member_id, occurred_at) VALUES ('grant', 6, '2024-05-02 10:00') RETURNING id)
INSERT INTO crm.posting SELECT e.id, 1, 2, -201, a.id, 50 FROM e, crm.account AS a WHERE a.member_id = 6 AND a.asset_id = 2;
SELECT count(*) FROM pg_temp.periods(6, 7);
INSERT INTO crm.member_event (member_id, kind, key, occurred_at, day, streak, nth) VALUES (6, 'sign_in', '2024-05-03', '2024-05-03 09:00', '2024-05-03', 1, 1);
SELECT * FROM pg_temp.periods(6, 7);
UPDATE crm.account SET balance = balance + 50 WHERE member_id = 6 AND asset_id = 2;
SELECT metric, metric_value, contribution, occurred_at FROM crm.tier_explain(6, '2024-05-03 09:00', ladder_no => 7);

-- spend in a category and below it, by the lines of sales: member 8, 300 of clothes and 300 of shoes (which are clothes), 900 of toys; 300 go back
INSERT INTO crm.category (id, code, name, parent_id) VALUES (1, 'clothes', 'Clothes', NULL), (2, 'shoes', 'Shoes', 1), (3, 'toys', 'Toys', NULL);
INSERT INTO crm.product (id, code, name, category_id) VALUES (1, 'c', 'coat', 1), (2, 's', 'shoe', 2), (3, 't', 'toy', 3);
SELECT crm.tier_ladder_set('{"down": "immediate", "tiers": [{"code": "w0", "rank": 0, "when": {}}, {"code": "w1", "rank": 1, "when": {"category_spend:clothes_12m": 600}}]}', 'clothes', ladder_no => 9) > 0 AS ninth;
SELECT net_spend FROM crm.sale_record('w', '[{"list_amount": 300, "product_id": 1}, {"list_amount": 300, "product_id": 2}, {"list_amount": 900, "product_id": 3}]', '[{"kind": "cash", "amount": 1500}]', member_id => 8, occurred_at => '2022-03-01 10:00');
SELECT code, valid_from, valid_to FROM pg_temp.periods(8, 9);
SELECT metric, metric_value, contribution FROM crm.tier_explain(8, '2022-03-02', ladder_no => 9);
SELECT net_spend FROM crm.sale_refund('w1', (SELECT id FROM crm.sale WHERE source_key = 'w'), '[{"line_no": 2, "amount": 300}]', '2022-04-01 10:00');
SELECT code, valid_from, valid_to FROM pg_temp.periods(8, 9);
SELECT crm.tier_ladder_set('{"tiers": [{"code": "x", "rank": 0, "when": {}}, {"code": "y", "rank": 1, "when": {"category_spend:hats_12m": 1}}]}', 'x', ladder_no => 10);
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;

-- a new version from 1 June 2024 asks 3,000 for gold: member 7 has 2,500 by 1 July; before it, it was enough
SELECT pg_temp.sale('k', 7, '2024-05-31 23:59:59.999999', 2500), pg_temp.sale('l', 8, '2024-06-01 00:00', 2500);
SELECT valid_from, valid_to FROM pg_temp.periods(8);
SELECT clock_timestamp() AS before_version \gset
SELECT crm.tier_ladder_set(jsonb_set(form, '{tiers,1,when}', '{"net_spend_12m": 3000}'), 'dearer', '2024-06-01') > 0 AS dearer FROM crm.tier_ladder WHERE ladder_no = 1;
SELECT member_id, f.code FROM (VALUES (7), (8)) AS m(member_id), crm.tier_for(member_id, '2024-07-01') AS f;
-- as known before the version was set
SELECT member_id, f.code FROM (VALUES (7), (8)) AS m(member_id), crm.tier_for(member_id, '2024-07-01', :'before_version') AS f;
-- an earlier version than the last, an unknown metric, a base that asks, a form with an unknown key
SELECT crm.tier_ladder_set('{"tiers": [{"code": "x", "rank": 0, "when": {}}]}', 'x', '2024-05-01');
SELECT crm.tier_ladder_set('{"tiers": [{"code": "x", "rank": 0, "when": {}}, {"code": "y", "rank": 1, "when": {"fame_12m": 1}}]}', 'x', ladder_no => 8);
SELECT crm.tier_ladder_set('{"tiers": [{"code": "x", "rank": 0, "when": {"orders_all": 1}}]}', 'x', ladder_no => 8);
SELECT crm.tier_ladder_set('{"grace_months": 3, "tiers": [{"code": "x", "rank": 0, "when": {}}]}', 'x', ladder_no => 8);
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;

-- explained: member 9 bought 1,500 and 1,000 and gave 300 back; what was bought on 1 March 2023 no longer counts on 1 March 2024
SELECT pg_temp.sale('n', 9, '2023-03-01 10:00', 1500), pg_temp.sale('o', 9, '2023-06-01 10:00', 1000), pg_temp.sale('p', 9, '2023-07-01 10:00', -300);
SELECT tier, reason, metric_value, from_day, to_day, occurred_at, contribution FROM crm.tier_explain(9, '2024-02-29 12:00');
SELECT tier, metric_value, from_day, contribution FROM crm.tier_explain(9, '2024-03-01 00:00');
SELECT tier, metric_value, contribution FROM crm.tier_explain(9, '2022-01-01');
-- contributions add up to the metric for every member, metric and ladder
SELECT count(*) AS metrics, count(*) FILTER (WHERE total <> value) AS wrong
FROM (SELECT e.metric_value AS value, sum(e.contribution) AS total
      FROM generate_series(1, 9) AS m, generate_series(1, 9) AS l, (VALUES ('2024-01-15'::timestamptz), ('2024-05-10')) AS t(at), crm.tier_explain(m, t.at, ladder_no => l) AS e
      GROUP BY m, l, t.at, e.metric, e.metric_value) AS x;
SELECT count(*) FROM crm.tier_explain(9, '2019-12-31');
SELECT count(*) FROM crm.tier_explain(99);

-- what is missing on 1 July 2023: gold, for 2,200 >= 2,000 (the old version); platinum lacks 5,800 until 1 March 2024, when 1,500 leave
SELECT goal, tier, metric, needed, have, missing, until_at FROM crm.tier_next(9, as_of => '2023-07-02') WHERE rank <= 2;
-- alternatives
SELECT crm.tier_ladder_set('{"tiers": [{"code": "q0", "rank": 0, "when": {}}, {"code": "q1", "rank": 1, "when": {"net_spend_12m": 5000, "any": [{"orders_12m": 3}, {"purchase_days_12m": 2, "net_spend_all": 9000}]}}]}', 'alternatives', ladder_no => 8) > 0 AS eighth;
SELECT goal, tier, metric, alternative, needed, have, missing, until_at FROM crm.tier_next(9, 8, '2023-07-02');

-- a draft: gold from 1,000, without platinum. On 10 May 2024 member 1 stays; member 2 rises; member 9 would have had gold from 1 March 2023
-- to 1 March 2024, when 700 were left; six stay basic, of whom member 3 has 11 and member 6 250 in the window
SELECT from_tier, to_tier, members, net_spend_12m, cost_before, cost_after
FROM crm.tier_simulate('{"tiers": [{"code": "basic", "rank": 0, "when": {}}, {"code": "gold", "rank": 1, "when": {"net_spend_12m": 1000}}]}', '2024-05-10');
-- the ladder in force as a draft changes nobody
SELECT count(*) FILTER (WHERE from_tier <> to_tier) AS moved, sum(members) AS members FROM (SELECT s.* FROM crm.tier_ladder AS l, crm.tier_simulate(l.form, '2024-05-10') AS s WHERE l.ladder_no = 1 AND l.version = 1) AS x;
SELECT count(*) FROM crm.tier_simulate('{"tiers": []}');

-- two categories whose codes give one number are refused, in one ladder; each alone stands
INSERT INTO crm.category (id, code, name) VALUES (112, 'c12', 'twelve'), (113, 'c2903', 'like twelve');
SELECT crm.tier_ladder_set('{"tiers": [{"code": "y0", "rank": 0, "when": {}}, {"code": "y1", "rank": 1, "when": {"category_spend:c12_12m": 500}}, {"code": "y2", "rank": 2, "when": {"category_spend:c2903_12m": 5000}}]}', 'alike', ladder_no => 9);
SELECT crm.tier_ladder_set('{"tiers": [{"code": "y0", "rank": 0, "when": {}}, {"code": "y1", "rank": 1, "when": {"category_spend:c12_12m": 500}}]}', 'alone', ladder_no => 9) > 0 AS alone;
-- many members: the review equals the question asked member by member before it; without workers, which 1,500 small questions do not need
SET max_parallel_workers_per_gather = 0;
SELECT crm_member.drop_crm('crm', confirm => 'crm'), crm_member.create_crm('crm');
SELECT crm.tier_ladder_set('{"period_end": "year", "grace_days": 30, "tiers": [{"code": "p0", "rank": 0, "when": {}}, {"code": "p1", "rank": 1, "when": {"net_spend_year": 500}, "keep": {"net_spend_year": 100}},
  {"code": "p2", "rank": 2, "when": {"net_spend_year": 5000}}]}', 'by year', ladder_no => 2) > 0 AS second;
INSERT INTO crm.member (member_no, joined_at) SELECT 'n' || i, '2020-01-01' FROM generate_series(1, 500) AS i;
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend)
SELECT 'z' || m || '-' || k, m, '2022-01-01'::timestamptz + make_interval(days => (m * 37 + k * 101) % 1000, mins => (m * k) % 1440),
       CASE WHEN (m * 3 + k) % 83 = 0 THEN -300 WHEN (m + k) % 13 = 0 THEN 0 ELSE (m * 7 + k * 211) % 1500 END
FROM generate_series(1, 500) AS m, generate_series(1, 9) AS k;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
CREATE TEMP TABLE one_by_one AS
SELECT m.id, t.l AS ladder, t.at, f.code, f.valid_from, f.valid_to, f.reason
FROM crm.member AS m, (VALUES (1, '2023-12-31 23:59:59'::timestamptz), (1, '2025-10-01'), (2, '2025-10-01')) AS t(l, at), crm.tier_for(m.id, t.at, ladder_no => t.l) AS f;
SELECT ladder, at, code, count(*) FROM one_by_one GROUP BY ladder, at, code ORDER BY ladder, at, code;
SELECT crm.tier_review('2025-10-01') > 250 AS wrote, (SELECT count(*) FROM crm.outbox WHERE topic = 'tier.fell') AS notices;
SELECT crm.tier_review('2025-10-01') AS again;
SELECT count(*) FROM (
  SELECT * FROM one_by_one EXCEPT
  SELECT m.id, t.l, t.at, f.code, f.valid_from, f.valid_to, f.reason
  FROM crm.member AS m, (VALUES (1, '2023-12-31 23:59:59'::timestamptz), (1, '2025-10-01'), (2, '2025-10-01')) AS t(l, at), crm.tier_for(m.id, t.at, ladder_no => t.l) AS f) AS x;
-- and equals a plain query over the sales where that is easy to write: the first instant at which 12 months held 2,000
SELECT count(*) AS members, count(*) FILTER (WHERE wanted IS DISTINCT FROM got) AS wrong
FROM (SELECT m.id, min(s.occurred_at) AS wanted, (SELECT min(p.valid_from) FROM crm.member_tier AS p WHERE p.member_id = m.id AND p.ladder_no = 1 AND p.known_to = 'infinity') AS got
      FROM crm.member AS m LEFT JOIN LATERAL (
        SELECT s.occurred_at FROM crm.sale AS s WHERE s.member_id = m.id
          AND (SELECT sum(x.net_spend) FROM crm.sale AS x WHERE x.member_id = m.id AND x.occurred_at <= s.occurred_at
               AND crm.local_day(x.occurred_at) > (crm.local_day(s.occurred_at) - interval '12 months')::date) >= 2000) AS s ON true
      GROUP BY m.id) AS x;
RESET max_parallel_workers_per_gather;
-- no two periods of one member and ladder may hold at one time and be believed at one time; where they only meet, or member or ladder differ, they may
SELECT p.id AS period FROM crm.member_tier AS p WHERE p.ladder_no = 1 AND p.known_to = 'infinity' ORDER BY p.member_id, p.valid_from LIMIT 1 \gset
CREATE FUNCTION pg_temp.beside(of_member bigint, of_ladder integer, of_from timestamptz, of_to timestamptz, of_known_from timestamptz, of_known_to timestamptz) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO crm.member_tier (member_id, ladder_no, tier_id, valid_from, valid_to, known_from, known_to, reason, anchor_day, period_no, metrics)
  SELECT of_member, of_ladder, min(t.id), of_from, of_to, of_known_from, of_known_to, 'reached', '2020-01-01', 1, '{}' FROM crm.tier AS t;
  RETURN 'stands';
EXCEPTION WHEN exclusion_violation THEN
  RETURN SQLSTATE;
END $$;
BEGIN;
SELECT v.what, pg_temp.beside(p.member_id + v.member, v.ladder, v.from_at, v.to_at, v.known_from, v.known_to)
FROM crm.member_tier AS p, LATERAL (VALUES
  (1, 'the same', 0, 1, p.valid_from, p.valid_to, p.known_from, p.known_to),
  (2, 'its last microsecond', 0, 1, p.valid_to - interval '1 microsecond', p.valid_to, p.known_from, p.known_to),
  (3, 'all time', 0, 1, '-infinity', 'infinity', p.known_from, p.known_to),
  (4, 'known to the end before', 0, 1, p.valid_from, p.valid_to, '-infinity', p.known_from),
  (5, 'known one microsecond longer', 0, 1, p.valid_from, p.valid_to, '-infinity', p.known_from + interval '1 microsecond'),
  (6, 'another ladder', 0, 77, p.valid_from, p.valid_to, p.known_from, p.known_to),
  (7, 'that ladder again', 0, 77, p.valid_from, p.valid_to, p.known_from, p.known_to),
  (8, 'the next member, the ladder before', 1, 76, p.valid_from, p.valid_to, p.known_from, p.known_to),
  (9, 'a thousand years on', 0, 1, p.valid_from + interval '1000 years', p.valid_to + interval '1000 years', p.known_from, p.known_to))
  AS v(no, what, member, ladder, from_at, to_at, known_from, known_to)
WHERE p.id = :period ORDER BY v.no;
ROLLBACK;
-- ids that no double can tell apart are other members too
BEGIN;
INSERT INTO crm.member (id, member_no, joined_at) SELECT i, 'big' || i, '2024-01-01' FROM unnest('{1700000000000000001,1700000000000000002,9223372036854775806,9223372036854775807}'::bigint[]) AS i;
SELECT m.member_id, l.ladder_no, pg_temp.beside(m.member_id, l.ladder_no, '2024-01-01', '2025-01-01', '2024-01-01', 'infinity')
FROM unnest('{1700000000000000001,1700000000000000002,1700000000000000002,9223372036854775806,9223372036854775807,9223372036854775807}'::bigint[]) WITH ORDINALITY AS m(member_id, no),
     unnest('{1,2}'::integer[]) AS l(ladder_no) ORDER BY m.no, l.ladder_no DESC;
ROLLBACK;
-- half of the sales of every thirtieth member go, and nothing is left that they do not give
DELETE FROM crm.sale WHERE member_id % 30 = 0 AND id % 2 = 0;
-- what is told late may change why a period is what it is, and not the period: 8,000 and 8,000 make platinum reached and kept; 22,000 before
-- them make the first diamond, and platinum is what it falls to
INSERT INTO crm.member (id, member_no, joined_at) VALUES (800001, 'late', '2020-01-01');
SELECT pg_temp.sale('late 1', 800001, '2022-10-07 10:00', 8000), pg_temp.sale('late 2', 800001, '2023-05-01 10:00', 8000), pg_temp.sale('late 4', 800001, '2024-01-15 10:00', 1);
SELECT code, valid_from, valid_to, reason FROM pg_temp.periods(800001);
SELECT clock_timestamp() AS before \gset
SELECT pg_temp.sale('late 3', 800001, '2022-09-01 10:00', 22000);
SELECT code, valid_from, valid_to, reason FROM pg_temp.periods(800001);
SELECT (crm.tier_for(800001, '2024-01-01')).reason AS now, (crm.tier_for(800001, '2024-01-01', known_at => :'before')).reason AS before;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT crm_member.drop_crm('crm', confirm => 'crm');
