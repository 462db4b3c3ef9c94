-- sql/crm_rules.sql
-- Earning rules with conditions, lines, multipliers, stacking, caps and milestones; events besides sales; simulation; each number by hand.
--
-- Seed programme: 1 yuan = 1 point = 1 growth, rounded down. 2024-06-01 was a Saturday.

SET client_min_messages = warning;
SET timezone = 'Asia/Shanghai';
\set VERBOSITY terse
SELECT crm_member.create_crm('crm');
INSERT INTO crm.store (code, name, region) VALUES ('s1', 'One', 'east'), ('s2', 'Two', 'west');
INSERT INTO crm.category (code, name, parent_id) VALUES ('food', 'Food', NULL), ('tea', 'Tea', 1), ('oolong', 'Oolong', 2), ('ware', 'Ware', NULL);
INSERT INTO crm.product (code, name, category_id) VALUES ('t1', 'Tieguanyin', 3), ('c1', 'Cup', 4), ('x1', 'Loose', NULL);
INSERT INTO crm.member (member_no, joined_at, home_store_id) SELECT 'm' || i, '2023-01-01', 1 FROM generate_series(1, 20) AS i;
INSERT INTO crm.member_pii (member_id, birth_day, sex) VALUES (1, '1990-06-15', 'female'), (2, '1980-02-29', 'male');
CREATE FUNCTION pg_temp.sell(member bigint, at timestamptz, amount numeric, lines jsonb DEFAULT NULL, store bigint DEFAULT NULL) RETURNS TABLE (points bigint, growth bigint) LANGUAGE sql AS $$
  SELECT points, growth FROM crm.sale_record(member || ' ' || at || ' ' || amount, coalesce(lines, jsonb_build_array(jsonb_build_object('list_amount', amount))),
    jsonb_build_array(jsonb_build_object('kind', 'cash', 'amount', amount)), member, store, at) $$;

-- every published column is among the facts, of its type, and the facts publish nothing else
WITH told AS (
  SELECT a.name, format_type(t.oid, NULL) AS type
  FROM pg_proc AS p CROSS JOIN LATERAL unnest(p.proargnames, p.proallargtypes, p.proargmodes) AS a(name, type, mode) JOIN pg_type AS t ON t.oid = a.type
  WHERE p.pronamespace = 'crm'::regnamespace AND p.proname IN ('_sale_facts', '_line_facts') AND a.mode = 't' AND a.name NOT IN ('sale_id', 'of_sale_id', 'member_id', 'occurred_at', 'line_no')
)
SELECT coalesce(t.name, p.name) AS name, t.type, p.type AS published
FROM told AS t FULL JOIN (SELECT * FROM crm.published_columns() WHERE context <> 'event') AS p ON p.name = t.name
WHERE t.type IS DISTINCT FROM replace(p.type, 'time', 'time without time zone');
SELECT context, count(*) FROM crm.published_columns() GROUP BY context ORDER BY context;

-- before there is a special rule: the short path, without an explanation
SELECT * FROM pg_temp.sell(3, '2024-05-01 10:00', 99.99);
SELECT detail IS NULL AS plain FROM crm.ledger_event;

-- refused when it is written
SELECT crm.earning_rule_set('{"code": "a", "units": 1, "predicate": "colour = ''red''"}');
SELECT crm.earning_rule_set('{"code": "a", "units": 1, "predicate": "age > 18); DROP TABLE crm.sale; --"}');
SELECT crm.earning_rule_set('{"code": "a", "units": 1, "predicate": "weekday = ''Monday''"}');
SELECT crm.earning_rule_set('{"code": "a", "units": 1, "predicate": "streak = 3"}');
SELECT crm.earning_rule_set('{"code": "a", "units": 1, "colour": "red"}');
SELECT crm.earning_rule_set('{"code": "a", "units": 1, "asset": "stars"}');
SELECT crm.earning_rule_set('{"code": "a"}');
SELECT crm.earning_rule_set('[]');
SELECT crm.earning_rule_set('{"code": "a", "units": 0}');
SELECT crm.earning_rule_set('{"code": "a", "kind": "multiplier", "units": 2, "cap_day": 5}');
SELECT crm.earning_rule_set('{"code": "a", "kind": "per_money", "event": "share", "units": 2}');
INSERT INTO crm.earning_rule (rule_no, code, asset_id, units, predicate) VALUES (99, 'a', 1, 1, 'pg_sleep(1) IS NULL');
UPDATE crm.earning_rule SET predicate = 'true';

-- weekend double: 50 on Saturday 100, 40 on Monday 40; growth is another asset
SELECT crm.earning_rule_set('{"code": "weekend double", "kind": "multiplier", "units": 2, "predicate": "weekday IN (6, 7)"}', '2024-06-01') AS rule;
SELECT * FROM pg_temp.sell(4, '2024-06-01 10:00', 50);
SELECT * FROM pg_temp.sell(4, '2024-06-03 10:00', 40);
-- Sunday 23:59:59 in Shanghai and one second later
SELECT * FROM pg_temp.sell(4, '2024-06-02 15:59:59+00', 10);
SELECT * FROM pg_temp.sell(4, '2024-06-02 16:00:00+00', 10);
-- multipliers multiply before the rounding: 0.75 x 2 = 1.5, 1 point; in June of member 1's birthday 0.75 x 2 x 1.5 = 2.25, 2 points
SELECT crm.earning_rule_set('{"code": "birthday month", "kind": "multiplier", "units": 1.5, "predicate": "is_birthday_month"}', '2024-06-01') AS rule;
SELECT * FROM pg_temp.sell(4, '2024-06-08 10:00', 0.75);
SELECT * FROM pg_temp.sell(1, '2024-06-08 10:00', 0.75);
SELECT detail FROM crm.ledger_event ORDER BY id DESC LIMIT 1;
-- 29 February falls on the 28th in common years: 2023 has no rule yet, 2025 has: 10 x 1.5 on Friday 28 February and in that month
SELECT * FROM pg_temp.sell(2, '2025-02-28 10:00', 10);
SELECT f.age, f.is_birthday, f.is_birthday_month FROM crm._member_facts(2, '2025-02-27 23:00', NULL, '{is_birthday,is_birthday_month}') AS f UNION ALL
SELECT f.age, f.is_birthday, f.is_birthday_month FROM crm._member_facts(2, '2025-02-28 00:00', NULL, '{is_birthday,is_birthday_month}') AS f UNION ALL
SELECT f.age, f.is_birthday, f.is_birthday_month FROM crm._member_facts(2, '2028-02-28 12:00', NULL, '{is_birthday,is_birthday_month}') AS f UNION ALL
SELECT f.age, f.is_birthday, f.is_birthday_month FROM crm._member_facts(2, '2028-02-29 12:00', NULL, '{is_birthday,is_birthday_month}') AS f;

-- a lunar birthday: the 15th of the 8th month, 2024-09-17 and 2025-10-06; the 25th of the 12th month of 2024 falls on 2025-01-24
INSERT INTO crm.member_pii (member_id, birth_day, birth_calendar) VALUES (19, '1991-09-22', 'lunar'), (20, '1991-02-09', 'lunar');
SELECT m, t.at, f.is_birthday, f.is_birthday_month
FROM (VALUES (19, '2024-09-17 12:00'::timestamptz), (19, '2024-09-22 12:00'), (19, '2025-09-22 12:00'), (19, '2025-10-06 12:00'), (20, '2025-01-24 12:00'), (20, '2025-02-09 12:00')) AS t(m, at),
     LATERAL crm._member_facts(m, t.at, NULL, '{is_birthday,is_birthday_month}') AS f ORDER BY 1, 2;

-- lines: tea earns one more point a yuan (whatever stands below food), cups three points a piece; on Monday 2024-07-01:
-- tea 30, two cups for 20, shipping 5: base 50 + tea 30 + cups 2 x 3 = 86
SELECT crm.earning_rule_set('{"code": "tea extra", "units": 1, "predicate": "top_category = ''food''"}', '2024-07-01') AS rule;
SELECT crm.earning_rule_set('{"code": "cups", "kind": "per_unit", "units": 3, "predicate": "product = ''c1''"}', '2024-07-01') AS rule;
SELECT * FROM pg_temp.sell(5, '2024-07-01 10:00', 55, '[{"list_amount": 30, "product_id": 1}, {"list_amount": 20, "product_id": 2, "quantity": 2}, {"list_amount": 5, "kind": "shipping"}]');
-- shares by lines: tea 30 + 30 = 60, cups 20 + 6 = 26
SELECT line_no, points_earned, growth_earned FROM crm.sale_line WHERE sale_id = (SELECT max(id) FROM crm.sale) ORDER BY line_no;
-- the cups go back: 60 is kept; then a third of the tea: 40
SELECT points, growth FROM crm.sale_refund('r1', (SELECT max(id) FROM crm.sale WHERE refund_of_id IS NULL), '[{"line_no": 2, "amount": 20}]', '2024-07-02 10:00');
SELECT points, growth FROM crm.sale_refund('r2', (SELECT max(id) FROM crm.sale WHERE refund_of_id IS NULL), '[{"line_no": 1, "amount": 10}]', '2024-07-03 10:00');
-- a multiplier of lines: everything on tea three times from August on; Thursday 2024-08-01: tea 10 x (1 + 1) x 3 = 60, cup 7 x 1 + 3 = 10
SELECT crm.earning_rule_set('{"code": "tea triple", "kind": "multiplier", "units": 3, "predicate": "category = ''oolong''"}', '2024-08-01') AS rule;
SELECT * FROM pg_temp.sell(5, '2024-08-01 10:00', 17, '[{"list_amount": 10, "product_id": 1}, {"list_amount": 7, "product_id": 2}]');
SELECT line_no, points_earned FROM crm.sale_line WHERE sale_id = (SELECT max(id) FROM crm.sale) ORDER BY line_no;
-- a product without a category, and a sale without lines: rules of lines do not hold
SELECT * FROM pg_temp.sell(5, '2024-08-02 10:00', 8, '[{"list_amount": 8, "product_id": 3}]');
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('bare', 5, '2024-08-03 10:00', 8);
SELECT units FROM crm.posting WHERE event_id = (SELECT max(id) FROM crm.ledger_event) ORDER BY asset_id;
SELECT count(crm.earning_rule_end(n, '2024-09-01')) FROM generate_series(3, 7) AS n;

-- caps: 50 an order, 80 a day, 120 a month, 150 for the member; only what the rule gives beyond the base is cut. 2024-09-02 was a Monday
SELECT crm.earning_rule_set('{"code": "bonus", "units": 1, "cap_order": 50, "cap_day": 80, "cap_month": 120, "cap_member": 150, "predicate": "store = ''s1''"}', '2024-09-01') AS rule;
SELECT at, amount, s.points, s.points - amount AS bonus
FROM (VALUES ('2024-09-02 09:00'::timestamptz, 60), ('2024-09-02 10:00', 20), ('2024-09-02 11:00', 45), ('2024-09-03 10:00', 30), ('2024-09-04 10:00', 30), ('2024-10-01 10:00', 25), ('2024-10-02 10:00', 25)) AS t(at, amount),
     LATERAL pg_temp.sell(6, t.at, t.amount, NULL, 1) AS s ORDER BY at;
-- the other store, another member
SELECT points FROM pg_temp.sell(6, '2024-10-03 10:00', 25, NULL, 2);
SELECT points FROM pg_temp.sell(7, '2024-10-03 10:00', 70, NULL, 1);
-- a refund does not reopen a cap: 70 went back, and the day has still only 30 left
SELECT points FROM crm.sale_refund('r3', (SELECT max(id) FROM crm.sale), NULL, '2024-10-03 11:00');
SELECT points FROM pg_temp.sell(7, '2024-10-03 12:00', 40, NULL, 1);
-- many sales in one statement are cut in the order of time, whatever the order of rows: 50, 30 (the day has 80), 0; next day 40 (the month has 120)
INSERT INTO crm.sale (source_key, member_id, store_id, occurred_at, net_spend) VALUES
  ('b3', 8, 1, '2024-09-10 12:00', 60), ('b1', 8, 1, '2024-09-10 10:00', 60), ('b4', 8, 1, '2024-09-11 10:00', 60), ('b2', 8, 1, '2024-09-10 11:00', 60);
SELECT s.source_key, p.units FROM crm.sale AS s JOIN crm.ledger_event AS e ON e.sale_id = s.id JOIN crm.posting AS p ON p.event_id = e.id AND p.asset_id = 1
WHERE s.source_key LIKE 'b_' ORDER BY 1;
SELECT x ->> 'earned' AS earned, x ->> 'cut' AS cut, x ->> 'given' AS given FROM crm.sale AS s JOIN crm.ledger_event AS e ON e.sale_id = s.id, jsonb_array_elements(e.detail -> 'rules') AS x
WHERE s.source_key LIKE 'b_' AND x ->> 'code' = 'bonus' ORDER BY s.source_key;
SELECT crm.earning_rule_end(8, '2025-01-01');
-- a budget of 100 for the whole programme: 60, then 40 of 60, then nothing
SELECT crm.earning_rule_set('{"code": "budget", "units": 1, "cap_programme": 100}', '2025-01-01') AS rule;
SELECT points FROM pg_temp.sell(9, '2025-01-06 10:00', 60);
SELECT points FROM pg_temp.sell(10, '2025-01-06 10:00', 60);
SELECT points FROM pg_temp.sell(11, '2025-01-06 10:00', 60);
SELECT * FROM crm.earning_total;
SELECT crm.earning_rule_end(9, '2025-02-01');

-- priority, stacking, stop. Of two exclusive bonuses the one of the better priority; behind a stop nothing
SELECT crm.earning_rule_set('{"code": "base first", "kind": "fixed", "units": 1, "priority": 10}', '2025-03-01') AS rule;
SELECT crm.earning_rule_set('{"code": "double", "kind": "multiplier", "units": 2, "priority": 20, "predicate": "amount >= 10"}', '2025-03-01') AS rule;
SELECT crm.earning_rule_set('{"code": "triple", "kind": "multiplier", "units": 3, "priority": 30, "stacks": false, "predicate": "amount >= 5"}', '2025-03-01') AS rule;
SELECT crm.earning_rule_set('{"code": "the end", "kind": "fixed", "units": 100, "priority": 200, "stops": true, "predicate": "amount >= 100"}', '2025-03-01') AS rule;
SELECT crm.earning_rule_set('{"code": "behind", "kind": "fixed", "units": 1000, "priority": 300}', '2025-03-01') AS rule;
-- 4: 1 + 4 + 1000. 5: 1 + 5 x 3 + 1000. 10: 1 + 10 x 2 + 1000. 100: 1 + 100 x 2 + 100; fixed units are not multiplied
SELECT amount, s.points FROM unnest('{4,5,10,100}'::numeric[]) AS a(amount), LATERAL pg_temp.sell(12, '2025-03-03 10:00', amount) AS s ORDER BY amount;
SELECT count(crm.earning_rule_end(n, '2025-04-01')) FROM generate_series(10, 14) AS n;

-- milestones: the third order brings 30, the year's 1000th yuan 500, once
SELECT crm.earning_rule_set('{"code": "third order", "kind": "fixed", "units": 30, "predicate": "order_no = 3"}', '2025-04-01') AS rule;
SELECT crm.earning_rule_set('{"code": "a thousand", "kind": "fixed", "units": 500, "predicate": "net_spend_year < 1000 AND net_spend_year_after >= 1000"}', '2025-04-01') AS rule;
SELECT at, amount, s.points FROM (VALUES ('2025-04-01 10:00'::timestamptz, 400), ('2025-04-02 10:00', 599.99), ('2025-04-03 10:00', 0.01), ('2025-04-04 10:00', 50)) AS t(at, amount), LATERAL pg_temp.sell(13, t.at, t.amount) AS s ORDER BY at;
-- the same in one statement
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('c1', 14, '2025-04-01', 400), ('c2', 14, '2025-04-02', 599.99), ('c3', 14, '2025-04-03', 0.01), ('c4', 14, '2025-04-04', 50);
SELECT s.source_key, p.units FROM crm.sale AS s JOIN crm.ledger_event AS e ON e.sale_id = s.id JOIN crm.posting AS p ON p.event_id = e.id AND p.asset_id = 1 WHERE s.source_key LIKE 'c_' ORDER BY 1;
SELECT count(crm.earning_rule_end(n, '2025-05-01')) FROM generate_series(15, 16) AS n;

-- by tier: gold and better earn double; the order that reaches gold does not
SELECT crm.earning_rule_set('{"code": "gold double", "kind": "multiplier", "units": 2, "predicate": "tier_rank >= 1"}', '2025-05-01') AS rule;
SELECT s.points, s.growth FROM pg_temp.sell(15, '2025-05-05 10:00', 2000) AS s;
SELECT s.points, s.growth FROM pg_temp.sell(15, '2025-05-05 10:01', 10) AS s;
-- an amount told to points_accrue: the same rules, 10 x 2; its explanation
SELECT points FROM crm.points_accrue(15, 10, 'accrue', '2025-05-06 10:00');
SELECT asset, points, rule_code, basis, computed, detail -> 'rules' -> 0 -> 'multipliers' -> 0 ->> 'code' AS multiplier FROM crm.points_explain((SELECT max(id) FROM crm.ledger_event));
SELECT asset, points, basis, computed FROM crm.points_explain((SELECT max(id) FROM crm.ledger_event WHERE kind = 'earn'));
-- a sale that is corrected is decided anew: 10 becomes 30, that is 60
UPDATE crm.sale SET net_spend = 30 WHERE id = (SELECT max(id) FROM crm.sale);
SELECT sum(CASE WHEN p.to_account > 0 THEN p.units ELSE -p.units END) FROM crm.ledger_event AS e JOIN crm.posting AS p ON p.event_id = e.id AND p.asset_id = 1 WHERE e.sale_id = (SELECT max(id) FROM crm.sale);
SELECT crm.earning_rule_end(17, '2025-06-01');

-- a new version of a rule from a day on; the old one ends there
SELECT crm.earning_rule_set('{"rule_no": 1, "code": "points for money paid", "units": 2, "expiry_months": 12, "expiry_end": "year"}', '2025-07-01') AS rule;
SELECT rule_no, version, units, valid_from, valid_to FROM crm.earning_rule WHERE rule_no = 1 ORDER BY version;
SELECT points FROM pg_temp.sell(16, '2025-06-30 23:59:59', 10);
SELECT points FROM pg_temp.sell(16, '2025-07-01 00:00', 10);

-- events: 5 points for a sign-in once a local day, 20 more on the third day in a row, at most 8 of the 5s in a month: 5 and 3 in February, 5 + 20 and 3 in March
SELECT crm.earning_rule_set('{"code": "sign in", "event": "sign_in", "kind": "fixed", "units": 5, "cap_month": 8, "expiry_months": 1}', '2024-01-01') AS rule;
SELECT crm.earning_rule_set('{"code": "three days", "event": "sign_in", "kind": "fixed", "units": 20, "predicate": "streak = 3"}', '2024-01-01') AS rule;
SELECT crm.earning_rule_set('{"code": "ladies", "event": "sign_in", "kind": "multiplier", "units": 2, "predicate": "sex = ''female''"}', '2024-01-01') AS rule;
SELECT t.at, e.repeated, e.streak, e.points
FROM (VALUES (1, '2024-02-28 23:59'::timestamptz), (2, '2024-02-29 00:00'), (3, '2024-02-29 22:00'), (4, '2024-03-01 08:00'), (5, '2024-03-03 08:00')) AS t(n, at), LATERAL crm.record_event(17, 'sign_in', occurred_at => t.at) AS e ORDER BY n;
-- member 1 is a lady: 5 x 2 cut to 8
SELECT streak, points FROM crm.record_event(1, 'sign_in', occurred_at => '2024-04-01');
-- by key, once a life, once a year; a dry run writes nothing
SELECT crm.earning_rule_set('{"code": "review", "event": "review", "kind": "fixed", "units": 10}', '2024-01-01') AS rule;
SELECT crm.earning_rule_set('{"code": "profile", "event": "profile_completed", "kind": "fixed", "units": 50, "asset": "growth"}', '2024-01-01') AS rule;
SELECT crm.earning_rule_set('{"code": "birthday", "event": "birthday", "kind": "fixed", "units": 88, "predicate": "is_birthday"}', '2024-01-01') AS rule;
SELECT repeated, points FROM crm.record_event(17, 'review', 'order 5', '2024-04-01', dry_run => true);
SELECT repeated, points FROM crm.record_event(17, 'review', 'order 5', '2024-04-01');
SELECT repeated, points FROM crm.record_event(17, 'review', 'order 5', '2024-04-02');
SELECT repeated, points FROM crm.record_event(17, 'review', 'order 6', '2024-04-02');
SELECT repeated, growth FROM crm.record_event(17, 'profile_completed', occurred_at => '2024-04-02');
SELECT repeated, growth FROM crm.record_event(17, 'profile_completed', 'again', '2025-04-02');
SELECT repeated, points FROM crm.record_event(1, 'birthday', occurred_at => '2024-06-15 00:00');
SELECT repeated, points FROM crm.record_event(1, 'birthday', occurred_at => '2024-12-31 00:00');
SELECT repeated, points FROM crm.record_event(1, 'birthday', occurred_at => '2025-06-15 23:59');
SELECT kind, key, streak, nth, ledger_event_id IS NOT NULL AS earned FROM crm.member_event WHERE member_id IN (1, 17) ORDER BY id;
-- with a request id
SELECT repeated, points FROM crm.record_event(18, 'review', 'a', '2024-04-01', 'q1');
SELECT repeated, points FROM crm.record_event(18, 'review', 'a', '2024-04-01', 'q1');
\set VERBOSITY sqlstate
SELECT repeated, points FROM crm.record_event(18, 'review', 'b', '2024-04-01', 'q1');
SELECT repeated, points FROM crm.record_event(18, 'review');
SELECT repeated, points FROM crm.record_event(18, 'fly');
SELECT repeated, points FROM crm.record_event(18, 'review', 'c', 'infinity');
SELECT repeated, points FROM crm.record_event(18, 'sign_in', occurred_at => now() + interval '20 hours');
SELECT crm.earning_rule_set('{"code": "misspelt", "event": "sing_in", "kind": "fixed", "units": 5}');
SELECT repeated, points FROM crm.record_event(999, 'review', 'c');
DELETE FROM crm.member_event;
\set VERBOSITY terse

-- a cap counts what events gave, and amounts that a door was told, and sales: 3 points a day for shares of 2 each;
-- at most 10 points a day beside the 14 that 7 yuan earn by then: 14 + 7, 14 + 3, 14, and the next day 14 + 7
SELECT crm.earning_rule_set('{"code": "share", "event": "share", "kind": "fixed", "units": 2, "cap_day": 3}', '2024-01-01') > 0 AS rule;
SELECT k, points FROM unnest('{a,b,c}'::text[]) AS k, LATERAL crm.record_event(18, 'share', k, '2024-04-05 23:59') ORDER BY k;
SELECT points FROM crm.record_event(18, 'share', 'd', '2024-04-06 00:00');
SELECT crm.earning_rule_set('{"code": "ten a day", "units": 1, "cap_day": 10, "predicate": "region = ''caps''"}', '2025-10-01') > 0 AS rule;
UPDATE crm.member SET region = 'caps' WHERE id = 18;
SELECT points FROM crm.points_accrue(18, 7, 'cap 1', '2025-10-09 10:00');
SELECT points FROM crm.points_accrue(18, 7, 'cap 2', '2025-10-09 11:00');
SELECT points FROM pg_temp.sell(18, '2025-10-09 12:00', 7);
SELECT points FROM crm.points_accrue(18, 7, 'cap 3', '2025-10-10 00:00');
SELECT crm.earning_rule_end(max(rule_no), '2025-10-11') FROM crm.earning_rule;

-- simulation: twice the points for all but tea, for which there is nothing. What stood gave member 5 on 1 and 2 August 2024:
-- 70 (lines), 8 and, bare, 8 x 2 on Saturday = 94; the draft gives 7 x 2, 8 x 2 and 8 x 2 = 46
SELECT * FROM crm.points_simulate('[{"code": "double", "units": 2, "predicate": "category IS NULL OR category <> ''oolong''"}, {"code": "bare", "units": 2, "predicate": "list_amount IS NULL"}]', '2024-08-01', '2024-08-04');
SELECT asset, members, units_now, units_draft, winners, losers, unchanged FROM crm.points_simulate('[{"code": "one", "units": 1}, {"code": "one", "units": 1, "asset": "growth"}]', '2024-01-01', '2026-01-01');
SELECT count(*) FROM crm.points_simulate('[]', '2024-01-01', '2026-01-01') WHERE units_draft <> 0 OR losers <> members OR winners <> 0;
SELECT count(*) FROM crm.points_simulate('[{"code": "a", "units": 1, "predicate": "nothing"}]', '2024-01-01', '2026-01-01');
SELECT count(*) FROM crm.points_simulate('{}', '2024-01-01', '2026-01-01');

-- privileges
CREATE ROLE regress_crm_rules;
SELECT crm_member.grant_crm('crm', 'regress_crm_rules', 'clerk', 1);
SET ROLE regress_crm_rules;
SELECT points FROM crm.record_event(19, 'review', 'z', '2024-04-01');
SELECT count(*) FROM crm.points_simulate('[]', '2024-01-01', '2026-01-01');
SELECT crm.earning_rule_set('{"code": "mine", "units": 1000}');
SELECT count(*) FROM crm.earning_rule;
RESET ROLE;
SELECT crm_member.revoke_crm('crm', 'regress_crm_rules');
SELECT crm_member.grant_crm('crm', 'regress_crm_rules', 'marketer');
SET ROLE regress_crm_rules;
SELECT count(*) > 0 AS simulates FROM crm.points_simulate('[]', '2024-01-01', '2026-01-01');
SELECT count(*) > 40 AS columns FROM crm.published_columns();
RESET ROLE;
SELECT crm_member.revoke_crm('crm', 'regress_crm_rules');
DROP ROLE regress_crm_rules;

-- one card counts otherwise than all: 3 more a yuan in 2023 with this one, 1 + 3 on 10 yuan; none with another, nor when the card is lost
CREATE TEMP TABLE holder AS
SELECT r.no, (SELECT max(m.member_id) FROM crm.member_register('card holder ' || r.no, full_name => U&'\738B\4E94', card_type => '') AS m) AS id FROM generate_series(1, 2) AS r(no);
SELECT card_no FROM holder AS h, LATERAL crm.card_issue(h.id, 'card ' || h.no, number => 'VIP000' || h.no, activate => true) ORDER BY card_no;
SELECT crm.earning_rule_set('{"code": "this card", "units": 3, "predicate": "card_no = ''VIP0001''"}', '2023-01-01') > 0 AS set;
SELECT h.no, s.points FROM holder AS h, LATERAL pg_temp.sell(h.id, '2023-05-05 12:00', 10) AS s ORDER BY h.no;
SELECT state FROM crm.card_change('VIP0001', 'lose', 'lost');
SELECT h.no, s.points FROM holder AS h, LATERAL pg_temp.sell(h.id, '2023-05-06 12:00', 10) AS s ORDER BY h.no;

-- by tier, in one statement: 2000 reaches gold, so the 10 behind it earn 20; likewise where growth makes gold
CREATE FUNCTION pg_temp.earned() RETURNS TABLE (source_key text, points numeric) LANGUAGE sql AS $$
  SELECT s.source_key, sum(CASE WHEN p.to_account > 0 THEN p.units ELSE -p.units END)
  FROM crm.sale AS s JOIN crm.ledger_event AS e ON e.sale_id = s.id JOIN crm.posting AS p ON p.event_id = e.id AND p.asset_id = 1
  WHERE s.source_key LIKE 'z%' GROUP BY s.source_key ORDER BY 1 $$;
INSERT INTO crm.member (member_no, joined_at) VALUES ('late', '2020-01-01') RETURNING id AS late \gset
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('z1 first', :late, '2025-05-05 10:00', 2000), ('z1 second', :late, '2025-05-05 10:01', 10);
SELECT crm.tier_ladder_set('{"tiers": [{"code": "basic", "rank": 0, "when": {}}, {"code": "gold", "rank": 1, "when": {"growth_12m": 2000}}]}', 'by growth', '2023-01-01') > 0 AS set;
INSERT INTO crm.member (member_no, joined_at) VALUES ('grown', '2020-01-01') RETURNING id AS grown \gset
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('z2 first', :grown, '2025-05-05 10:00', 2000), ('z2 second', :grown, '2025-05-05 10:01', 10);
SELECT * FROM pg_temp.earned();

-- a sale of a guest whose member is told after a refund: 100 - 50 keeps 50 and, after 10 more, 40
INSERT INTO crm.sale (source_key, occurred_at, net_spend) VALUES ('z3', '2021-05-05 10:00', 100) RETURNING id AS guest \gset
INSERT INTO crm.sale (occurred_at, net_spend, refund_of_id) VALUES ('2021-05-06 10:00', -50, :guest);
UPDATE crm.sale SET member_id = :late WHERE id = :guest;
SELECT * FROM pg_temp.earned() WHERE source_key = 'z3';
INSERT INTO crm.sale (occurred_at, net_spend, refund_of_id, member_id) VALUES ('2021-05-07 10:00', -10, :guest, :late);
SELECT * FROM pg_temp.earned() WHERE source_key = 'z3';

-- a channel or a store that was told wrong: 10 and 10 become 30 and 20, and 10 and 10 again
SELECT crm.earning_rule_set('{"code": "app", "kind": "multiplier", "units": 3, "predicate": "channel = ''app''"}', '2022-01-01') > 0 AS set;
SELECT crm.earning_rule_set('{"code": "west", "kind": "multiplier", "units": 2, "predicate": "store_region = ''west''"}', '2022-01-01') > 0 AS set;
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('z4', :late, '2022-01-05', 10), ('z5', :late, '2022-01-05', 10);
UPDATE crm.sale SET channel = 'app' WHERE source_key = 'z4';
UPDATE crm.sale SET store_id = 2 WHERE source_key = 'z5';
SELECT * FROM pg_temp.earned() WHERE source_key IN ('z4', 'z5');
UPDATE crm.sale SET channel = NULL, store_id = NULL WHERE source_key IN ('z4', 'z5');
SELECT * FROM pg_temp.earned() WHERE source_key IN ('z4', 'z5');

-- a streak counts the days, also one that was told late (2 then, 4 two days later) and those of a member who was merged (3)
SELECT t.day, e.streak FROM (VALUES (1, '2026-02-28'::timestamptz), (2, '2026-03-02'), (3, '2026-03-01'), (4, '2026-03-03')) AS t(n, day),
  LATERAL crm.record_event(:late, 'sign_in', occurred_at => t.day) AS e ORDER BY t.n;
SELECT e.streak FROM (VALUES (1, :late, '2026-05-01'::timestamptz), (2, :grown, '2026-05-02')) AS t(n, id, day), LATERAL crm.record_event(t.id, 'sign_in', occurred_at => t.day) AS e ORDER BY t.n;
SELECT kept_id = :late AS kept FROM crm.member_merge(:late, :grown, 'merged');
SELECT streak FROM crm.record_event(:late, 'sign_in', occurred_at => '2026-05-03');

-- damage that no trigger sees is found: a total that is missing, an event of another member, one of a sale that never was
SELECT crm.earning_rule_set('{"code": "capped", "units": 1, "cap_programme": 100, "predicate": "amount > 1"}') > 0 AS set;
BEGIN;
SET LOCAL session_replication_role = replica;
DELETE FROM crm.earning_total WHERE rule_no = (SELECT max(rule_no) FROM crm.earning_rule);
SELECT * FROM crm_member.check_crm('crm') WHERE NOT ok;
ROLLBACK;
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE crm.ledger_event SET member_id = 2 WHERE id = (SELECT min(id) FROM crm.ledger_event WHERE kind = 'earn' AND member_id > 2);
SELECT * FROM crm_member.check_crm('crm') WHERE NOT ok;
ROLLBACK;
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE crm.ledger_event SET sale_id = 99999 WHERE id = (SELECT min(id) FROM crm.ledger_event WHERE kind = 'earn');
SELECT * FROM crm_member.check_crm('crm') WHERE NOT ok;
ROLLBACK;

SELECT * FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT crm_member.drop_crm('crm', 'crm');
