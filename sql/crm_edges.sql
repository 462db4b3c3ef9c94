-- sql/crm_edges.sql
-- What holds at the instant itself and a microsecond before: expiry, pending points, ends of tier periods, windows, thresholds.
--
-- expires_at is the first instant at which points are gone, available_from the
-- first at which they are there. A period of a tier runs through the end of the
-- same local day a year later, so what is bought on that day still counts. The
-- window of a year up to a day begins with the day after the same day a year
-- before. What happens at one instant is looked at together.
SET client_min_messages = warning;
SET timezone = 'Asia/Shanghai';
SET datestyle = 'ISO';
\set VERBOSITY sqlstate
SELECT crm_member.create_crm('crm');
INSERT INTO crm.member (member_no, joined_at) SELECT 'm' || g, '2020-01-01' FROM generate_series(1, 9) AS g;

-- expiry: 100 points that are gone on 1 March 2024, 100 that are gone in June
SELECT available FROM crm.points_grant(1, 100, 'g1', '2024-01-02', expires_at => '2024-03-01');
SELECT available FROM crm.points_grant(1, 100, 'g2', '2024-01-02', expires_at => '2024-06-01');
SELECT b.at, p.available, p.pending, (SELECT count(*) FROM crm.points_expiring(1, as_of => b.at, until => '2024-03-02') AS e) AS expiring
FROM (VALUES ('2024-02-29 23:59:59.999999'::timestamptz), ('2024-03-01')) AS b(at), LATERAL crm.points_balance(1, b.at) AS p;
-- all of them a microsecond before, half of them from then on
SELECT points FROM crm.points_redeem(1, 200, 'r0', '2024-02-29 23:59:59.999999', dry_run => true);
SELECT points FROM crm.points_redeem(1, 200, 'r1', '2024-03-01');
SELECT points FROM crm.points_redeem(1, 101, 'r2', '2024-03-01');
-- 60 at that instant: from those that are left, not from those that are gone
SELECT points FROM crm.points_redeem(1, 60, 'r3', '2024-03-01');
SELECT l.expires_at, l.left_units FROM crm.lot AS l JOIN crm.account AS a ON a.id = l.account_id WHERE a.member_id = 1 AND a.asset_id = 1 ORDER BY 1;
-- the sweep takes what is gone by its instant, and nothing a microsecond before
SELECT members, events, points FROM crm.points_expire('2024-02-29 23:59:59.999999');
SELECT members, events, points FROM crm.points_expire('2024-03-01');
SELECT l.expires_at, l.left_units FROM crm.lot AS l JOIN crm.account AS a ON a.id = l.account_id WHERE a.member_id = 1 AND a.asset_id = 1 ORDER BY 1;

-- pending: there from 1 April on
SELECT available, pending FROM crm.points_grant(2, 50, 'g3', '2024-03-20', available_from => '2024-04-01', expires_at => '2025-01-01');
SELECT b.at, p.available, p.pending FROM (VALUES ('2024-03-31 23:59:59.999999'::timestamptz), ('2024-04-01')) AS b(at), LATERAL crm.points_balance(2, b.at) AS p;
SELECT points FROM crm.points_redeem(2, 50, 'r4', '2024-03-31 23:59:59.999999');
SELECT points FROM crm.points_redeem(2, 50, 'r5', '2024-04-01', dry_run => true);

-- thresholds: gold at 2000.00, not at 1999.99
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('a', 3, '2024-01-10 10:00', 1999.99), ('b', 4, '2024-01-10 10:00', 2000.00);
SELECT m, t.code, t.valid_from, t.valid_to FROM generate_series(3, 4) AS m, LATERAL crm.tier_for(m, '2024-01-10 10:00') AS t;
SELECT t.code FROM crm.tier_for(4, '2024-01-10 09:59:59.999999') AS t;
-- the period's last microsecond and its end
SELECT b.at, t.code, t.reason FROM (VALUES ('2025-01-10 23:59:59.999999'::timestamptz), ('2025-01-11')) AS b(at), LATERAL crm.tier_for(4, b.at) AS t;
-- the same day a year later keeps it: 10 January 2025, 23:59:59.999999, of the period that began with 2000.00 on 10 January 2024
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('c', 5, '2024-01-10 10:00', 2000.00), ('d', 5, '2025-01-10 23:59:59.999999', 2000.00);
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('e', 6, '2024-01-10 10:00', 2000.00), ('f', 6, '2025-01-11 00:00', 2000.00);
SELECT member_id, (SELECT code FROM crm.tier AS k WHERE k.id = t.tier_id) AS code, valid_from, valid_to, reason FROM crm.member_tier AS t WHERE member_id IN (5, 6) AND known_to = 'infinity' AND ladder_no = 1 ORDER BY 1, 3;
SELECT m, t.code, t.valid_from, t.valid_to, t.reason FROM generate_series(4, 6) AS m, LATERAL crm.tier_for(m, '2025-01-11 12:00') AS t;

-- immediate fall: what leaves the window at a midnight and what is bought at that midnight are one instant, and nobody falls in between
SELECT crm.tier_ladder_set('{"down": "immediate", "tiers": [{"code": "i0", "rank": 0, "when": {}}, {"code": "i1", "rank": 1, "when": {"net_spend_12m": 1500}}]}', 'at once', ladder_no => 6) > 0 AS sixth;
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('g', 7, '2024-01-10 10:00', 1500), ('h', 7, '2025-01-10 00:00', 1500), ('i', 8, '2024-01-10 10:00', 1500), ('j', 8, '2025-01-10 00:00:00.000001', 1500),
  ('k', 9, '2024-01-10 10:00', 1500), ('l', 9, '2025-01-11 00:00', 1500);
SELECT member_id, (SELECT code FROM crm.tier AS k WHERE k.id = t.tier_id) AS code, valid_from, valid_to, reason FROM crm.member_tier AS t WHERE member_id > 6 AND known_to = 'infinity' AND ladder_no = 6 ORDER BY 1, 3;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT crm_member.drop_crm('crm', confirm => 'crm');
