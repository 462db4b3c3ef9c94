-- sql/crm_points.sql
-- Points and growth of sales: rounding, lots, expiry, refunds in parts, arrears, corrections; each number by hand.
--
-- Seed programme: 1 yuan = 1 point = 1 growth, rounded down; points expire 12
-- months on, at the end of that year.

SET client_min_messages = warning;
SET timezone = 'Asia/Shanghai';
\set VERBOSITY sqlstate
SELECT crm_member.create_crm('crm');
INSERT INTO crm.member (member_no, joined_at) SELECT 'm' || i, '2024-01-01' FROM generate_series(1, 6) AS i;
CREATE FUNCTION pg_temp.growth(bigint) RETURNS bigint LANGUAGE sql AS $$ SELECT balance FROM crm.account WHERE member_id = $1 AND asset_id = 2 $$;

-- 99.99 earns 99; 0.99 earns nothing and makes no event; guests earn nothing
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES
  ('a', 1, '2024-03-05 10:00', 99.99), ('b', 1, '2024-03-06 10:00', 0.99), ('c', NULL, '2024-03-06 10:00', 50), ('d', 1, '2025-01-01 00:00', 10);
SELECT s.source_key, e.kind, p.asset_id, p.from_account, p.units, l.available_from, l.expires_at
FROM crm.ledger_event AS e JOIN crm.sale AS s ON s.id = e.sale_id JOIN crm.posting AS p ON p.event_id = e.id LEFT JOIN crm.lot AS l ON l.event_id = e.id AND l.lot_no = p.posting_no
ORDER BY e.id, p.posting_no;
-- 99 from 5 March on, 109 from 1 January 2025, when the old ones live on until the end of 2025, the new ones until the end of 2026
SELECT t.at, b.* FROM (VALUES ('2024-03-05 09:59:59.999999'::timestamptz), ('2024-03-05 10:00'), ('2025-01-01 00:00'), ('2025-12-31 23:59:59.999999'), ('2026-01-01 00:00'), ('2026-12-31 23:59:59'), ('2027-01-01 00:00')) AS t(at), LATERAL crm.points_balance(1, t.at) AS b;

-- three refunds of a sale of 100 (33.33, 33.33, 33.34): it keeps floor(66.67) = 66, then floor(33.34) = 33, then 0
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('e', 2, '2024-04-01 10:00', 100);
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend, refund_of_id) SELECT 'e1', 2, '2024-04-02 10:00', -33.33, id FROM crm.sale WHERE source_key = 'e';
SELECT balance, pg_temp.growth(2) FROM crm.points_balance(2, '2024-05-01');
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend, refund_of_id) SELECT 'e2', 2, '2024-04-03 10:00', -33.33, id FROM crm.sale WHERE source_key = 'e';
SELECT balance, pg_temp.growth(2) FROM crm.points_balance(2, '2024-05-01');
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend, refund_of_id) SELECT 'e3', 2, '2024-04-04 10:00', -33.34, id FROM crm.sale WHERE source_key = 'e';
SELECT balance, pg_temp.growth(2) FROM crm.points_balance(2, '2024-05-01');
-- as it was between
SELECT balance FROM crm.points_balance(2, '2024-04-03 09:59');

-- by lines: 100 points on lines of 60 and 40 paid; 30 of the first goes back: floor(60 x 30/60 + 40) = 70
SELECT points, growth FROM crm.sale_record('f', '[{"list_amount": 60}, {"list_amount": 50, "discount_amount": 10}]', '[{"kind": "cash", "amount": 100}]', member_id => 3, occurred_at => '2024-04-01 10:00');
SELECT refund_id IS NOT NULL AS refunded, net_spend, points, growth FROM crm.sale_refund('f1', (SELECT id FROM crm.sale WHERE source_key = 'f'), '[{"line_no": 1, "amount": 30}]', '2024-04-02 10:00');
-- thirds that add up to a whole: 10 points on three lines of 3.33, 3.33, 3.34 (shares 3, 3, 4 by largest remainder); a third of each line's money goes back
SELECT points FROM crm.sale_record('g', '[{"list_amount": 3.33}, {"list_amount": 3.33}, {"list_amount": 3.34}]', '[{"kind": "cash", "amount": 10}]', member_id => 4, occurred_at => '2024-04-01 10:00');
SELECT line_no, points_earned FROM crm.sale_line WHERE sale_id = (SELECT id FROM crm.sale WHERE source_key = 'g') ORDER BY 1;
-- left: 3 x 2.22/3.33 + 3 x 2.22/3.33 + 4 x 1.67/3.34 = 2 + 2 + 2 = 6
SELECT points FROM crm.sale_refund('g1', (SELECT id FROM crm.sale WHERE source_key = 'g'), '[{"line_no": 1, "amount": 1.11}, {"line_no": 2, "amount": 1.11}, {"line_no": 3, "amount": 1.67}]', '2024-04-02 10:00');
-- more than is left, an unknown line, a line twice, a refund of a refund: nothing is written
SELECT points FROM crm.sale_refund('g2', (SELECT id FROM crm.sale WHERE source_key = 'g'), '[{"line_no": 1, "amount": 2.23}]');
SELECT points FROM crm.sale_refund('g2', (SELECT id FROM crm.sale WHERE source_key = 'g'), '[{"line_no": 9, "amount": 1}]');
SELECT points FROM crm.sale_refund('g2', (SELECT id FROM crm.sale WHERE source_key = 'g'), '[{"line_no": 1, "amount": 1}, {"line_no": 1, "amount": 1}]');
SELECT points FROM crm.sale_refund('g2', (SELECT id FROM crm.sale WHERE source_key = 'g1'));
SELECT points, net_spend FROM crm.sale_refund('g2', (SELECT id FROM crm.sale WHERE source_key = 'g'), NULL, '2024-04-03 10:00');

-- a mixed payment: 100 to pay, 30 of it by gift, 20 by points, shipping 10 among it. Shares by lines 90 and 10:
-- gift 27 and 3, points 18 and 2, cash 45 and 5; net spend 45
SELECT net_spend, points FROM crm.sale_record('h', '[{"list_amount": 90}, {"list_amount": 10, "kind": "shipping"}]',
  '[{"kind": "stored value", "amount": 30, "bears": "gift"}, {"kind": "points", "amount": 20, "bears": "points"}, {"kind": "wechat", "amount": 50}]', member_id => 4, occurred_at => '2024-04-05 10:00');
SELECT line_no, kind, money_amount, gift_amount, points_amount FROM crm.sale_line WHERE sale_id = (SELECT id FROM crm.sale WHERE source_key = 'h') ORDER BY 1;
SELECT net_spend FROM crm.sale_record('i', '[{"list_amount": 10}]', '[{"kind": "cash", "amount": 9.99}]');
SELECT net_spend FROM crm.sale_record('i', '[{"list_amount": 10, "discount_amount": 11}]', '[]');
SELECT net_spend FROM crm.sale_record('i', '[{"list_amount": 10.001}]', '[{"kind": "cash", "amount": 10.001}]');
SELECT net_spend FROM crm.sale_record('i', '[{"list_amount": -10}]', '[]');
-- a gift order of 0.00 is an order
SELECT net_spend, points FROM crm.sale_record('j', '[{"list_amount": 10, "discount_amount": 10}]', '[]', member_id => 4, occurred_at => '2024-04-06 10:00');
SELECT crm_member.order_count(history) FROM crm.member_history WHERE member_id = 4;

-- arrears: 50 earned and then taken by hand (there is no door yet), the sale refunded: 50 owed; the next 30 settle a part, the next 40 the rest
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('k', 5, '2024-04-01 10:00', 50);
WITH e AS (INSERT INTO crm.ledger_event (kind, member_id, occurred_at) VALUES ('redeem', 5, '2024-04-02 10:00') RETURNING id),
     p AS (INSERT INTO crm.posting SELECT e.id, 1, 1, a.id, -102, 50 FROM e, crm.account AS a WHERE a.member_id = 5 AND a.asset_id = 1)
SELECT crm_member.ledger_take('crm', a.id, 50, e.id, '2024-04-02 10:00', 0, 'all') FROM e, crm.account AS a WHERE a.member_id = 5 AND a.asset_id = 1;
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend, refund_of_id) SELECT 'k1', 5, '2024-04-03 10:00', -50, id FROM crm.sale WHERE source_key = 'k';
SELECT * FROM crm.points_balance(5, '2024-04-04');
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('l', 5, '2024-04-05 10:00', 30);
SELECT * FROM crm.points_balance(5, '2024-04-06');
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('n', 5, '2024-04-07 10:00', 40);
SELECT * FROM crm.points_balance(5, '2024-04-08');
SELECT * FROM crm.points_balance(5, '2024-04-06');
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;

-- a correction down takes from the sale's own lot, one up brings a new lot; a removed refund gives back to the lot it took from
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('o', 6, '2024-04-01 10:00', 100), ('q', 6, '2024-04-02 10:00', 100);
UPDATE crm.sale SET net_spend = 60 WHERE source_key = 'q';
UPDATE crm.sale SET net_spend = 80 WHERE source_key = 'q';
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend, refund_of_id) SELECT 'o1', 6, '2024-04-03 10:00', -30, id FROM crm.sale WHERE source_key = 'o';
DELETE FROM crm.sale WHERE source_key = 'o1';
SELECT s.source_key, l.units, l.left_units, l.expires_at FROM crm.lot AS l JOIN crm.ledger_event AS e ON e.id = l.event_id JOIN crm.sale AS s ON s.id = e.sale_id WHERE e.member_id = 6 ORDER BY l.event_id, l.lot_no;
-- 100 + 80
SELECT balance, pg_temp.growth(6) FROM crm.account WHERE member_id = 6 AND asset_id = 1;
-- the sale was another member's: taken from one, given to the other
UPDATE crm.sale SET member_id = 2 WHERE source_key = 'o';
SELECT member_id, asset_id, balance, arrears FROM crm.account WHERE member_id IN (2, 6) ORDER BY member_id, asset_id;
-- a refund that names no sale takes what it would have earned
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('r', 6, '2024-05-01 10:00', -10.50);
SELECT balance FROM crm.account WHERE member_id = 6 AND asset_id = 1;

-- a new version of the rule: double points, pending for 7 local days, expiring after 3 months at the end of the day
UPDATE crm.earning_rule SET valid_to = '2025-03-01' WHERE rule_no = 1;
INSERT INTO crm.earning_rule (rule_no, version, code, asset_id, units, per_amount, pending_days, expiry_months, valid_from) VALUES (1, 2, 'double', 1, 2, 1, 7, 3, '2025-03-01');
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('s', 3, '2025-02-28 23:59:59.999999', 10), ('t', 3, '2025-03-01 00:00', 10.75);
SELECT s.source_key, l.units, l.available_from, l.expires_at FROM crm.lot AS l JOIN crm.ledger_event AS e ON e.id = l.event_id JOIN crm.sale AS s ON s.id = e.sale_id WHERE s.source_key IN ('s', 't') ORDER BY 1;
-- 70 of member 3 above, 10, and 21 to come
SELECT balance, available, pending FROM crm.points_balance(3, '2025-03-02');
INSERT INTO crm.earning_rule (rule_no, version, code, asset_id, units, per_amount, valid_from) VALUES (1, 3, 'overlapping', 1, 2, 1, '2025-07-01');
UPDATE crm.earning_rule SET units = 3 WHERE rule_no = 1;

-- what comes back settles arrears before it returns to lots: sales of 100 and 50, the 50 refunded, 100 spent, the 100 refunded (100 owed);
-- the first refund is undone: 50 owed, nothing in lots, also when the lots have expired
INSERT INTO crm.member (member_no, joined_at) VALUES ('m7', '2024-01-01');
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('v', 7, '2024-04-01 10:00', 100), ('w', 7, '2024-04-02 10:00', 50);
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend, refund_of_id) SELECT 'w1', 7, '2024-04-03 10:00', -50, id FROM crm.sale WHERE source_key = 'w';
SELECT points FROM crm.points_redeem(7, 100, 'spent', '2024-04-04 10:00');
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend, refund_of_id) SELECT 'v1', 7, '2024-04-05 10:00', -100, id FROM crm.sale WHERE source_key = 'v';
SELECT balance, arrears FROM crm.account WHERE member_id = 7 AND asset_id = 1;
DELETE FROM crm.sale WHERE source_key = 'w1';
SELECT balance, arrears, (SELECT sum(l.left_units) FROM crm.lot AS l WHERE l.account_id = a.id) AS held FROM crm.account AS a WHERE member_id = 7 AND asset_id = 1;
SELECT balance, available, arrears FROM crm.points_balance(7, '2027-06-01');

-- the books are appended to
UPDATE crm.posting SET units = units + 1;
DELETE FROM crm.ledger_event WHERE id = 1;
UPDATE crm.lot SET units = units + 1;
UPDATE crm.account SET member_id = 1 WHERE member_id = 2;
TRUNCATE crm.posting;
MERGE INTO crm.lot_use AS u USING (VALUES (1)) AS v(x) ON true WHEN MATCHED THEN UPDATE SET units = 1;
INSERT INTO crm.posting AS p SELECT * FROM crm.posting LIMIT 1 ON CONFLICT (event_id, posting_no) DO UPDATE SET units = 5;
-- parts of a line add up to the whole in cost and pieces too. A third of 20.00 is 6.67 and of 1 is 0.333,
-- two thirds are 13.33 and 0.667, so the second part is 6.66 and 0.334, and the third 6.67 and 0.333
SELECT sale_id AS thirds FROM crm.sale_record('thirds', '[{"list_amount": 100, "cost_amount": 20}]', '[{"kind": "cash", "amount": 100}]', occurred_at => '2024-06-05 10:00') \gset
SELECT net_spend FROM crm.sale_refund('third 1', :thirds, '[{"line_no": 1, "amount": 33.33}]', '2024-06-06 10:00');
SELECT net_spend FROM crm.sale_refund('third 2', :thirds, '[{"line_no": 1, "amount": 33.33}]', '2024-06-06 10:00');
SELECT net_spend FROM crm.sale_refund('third 3', :thirds, NULL, '2024-06-06 10:00');
SELECT cost_amount, quantity FROM crm.sale_line WHERE sale_id IN (SELECT id FROM crm.sale WHERE :thirds IN (id, refund_of_id)) ORDER BY sale_id;
-- points that had expired when their sale was given to another member are nobody's debt when it goes
INSERT INTO crm.member (id, member_no, joined_at) VALUES (71, 'moved 71', '2020-01-01'), (72, 'moved 72', '2020-01-01');
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('moved', 71, '2020-06-05', 500);
UPDATE crm.sale SET member_id = 72 WHERE source_key = 'moved';
DELETE FROM crm.sale WHERE source_key = 'moved';
SELECT m.id, b.* FROM unnest('{71,72}'::bigint[]) AS m(id), crm.points_balance(m.id) AS b;
-- more than a bigint can hold: an error, and nothing written
INSERT INTO crm.earning_rule (rule_no, version, code, asset_id, units, per_amount, valid_from) VALUES (9, 1, 'huge', 1, 99999999999999, 0.01, '2025-06-01');
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('u', 1, '2025-07-01', 1000000);
SELECT count(*) FROM crm.sale WHERE source_key = 'u';

-- a refund is told first, of no sale: 10 are owed; then its sale of 40, then whose refund it is: 30 either way; undone: 40
INSERT INTO crm.member (member_no, joined_at) VALUES ('early', '2024-01-01') RETURNING id AS early \gset
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('early r', :early, '2024-07-02 10:00+08', -10);
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('early o', :early, '2024-07-01 10:00+08', 40);
SELECT a.asset_id, a.balance, a.arrears FROM crm.account AS a WHERE a.member_id = :early ORDER BY 1;
UPDATE crm.sale SET refund_of_id = (SELECT id FROM crm.sale WHERE source_key = 'early o') WHERE source_key = 'early r';
SELECT a.asset_id, a.balance, a.arrears FROM crm.account AS a WHERE a.member_id = :early ORDER BY 1;
UPDATE crm.sale SET refund_of_id = NULL WHERE source_key = 'early r';
SELECT a.asset_id, a.balance, a.arrears FROM crm.account AS a WHERE a.member_id = :early ORDER BY 1;
DELETE FROM crm.sale WHERE source_key = 'early r';
SELECT a.asset_id, a.balance, a.arrears FROM crm.account AS a WHERE a.member_id = :early ORDER BY 1;

SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT crm_member.drop_crm('crm', confirm => 'crm');

-- a currency without decimals: parts are whole units (largest remainder, ties to the earlier line).
-- 700 over 300, 300, 400 is 210, 210, 280; 100 over what is left (90, 90, 120) is 30, 30, 40; the rest is 60, 60, 80 of money
SELECT crm_member.create_crm('crm', 'Asia/Tokyo', 'JPY', 'ja_JP');
INSERT INTO crm.member (member_no, joined_at) VALUES ('y1', '2024-01-01');
SELECT sale_id AS yen FROM crm.sale_record('y1', '[{"list_amount": 300}, {"list_amount": 300}, {"list_amount": 400}]',
  '[{"kind": "cash", "amount": 700}, {"kind": "gift card", "amount": 100, "bears": "gift"}, {"kind": "card", "amount": 200}]', member_id => 1, occurred_at => '2024-06-01 10:00') \gset
SELECT line_no, money_amount, gift_amount FROM crm.sale_line ORDER BY line_no;
-- 100 over three equal lines: 34, 33, 33
SELECT sale_id > 0 AS sold FROM crm.sale_record('y2', '[{"list_amount": 50}, {"list_amount": 50}, {"list_amount": 50}]',
  '[{"kind": "gift card", "amount": 100, "bears": "gift"}, {"kind": "cash", "amount": 50}]', member_id => 1, occurred_at => '2024-06-02 10:00');
SELECT line_no, money_amount, gift_amount FROM crm.sale_line WHERE sale_id <> :yen ORDER BY line_no;
-- 10 of the first line, of which 16 were money and 34 gift: 3.2 and 6.8, so 3 and 7
SELECT count(*) AS refunded FROM crm.sale_refund('yr', (SELECT max(id) FROM crm.sale), '[{"line_no": 1, "amount": 10}]', '2024-06-03 10:00');
SELECT money_amount, gift_amount FROM crm.sale_line WHERE sale_id = (SELECT max(id) FROM crm.sale);
-- amounts that a door is told likewise
SELECT points FROM crm.points_accrue(1, 150.00, 'y4', '2024-06-04 10:00');
SELECT points FROM crm.points_accrue(1, 150.50, 'y5', '2024-06-04 10:00');
SELECT count(*) FROM crm.sale_record('y3', '[{"list_amount": 50.50}]', '[{"kind": "cash", "amount": 50.50}]', 1);
SELECT count(*) FROM crm.sale_refund('yr2', (SELECT max(id) FROM crm.sale WHERE refund_of_id IS NULL), '[{"line_no": 2, "amount": 0.5}]');
SELECT crm_member.drop_crm('crm', confirm => 'crm');
