-- sql/crm_points_doors.sql
-- The doors of points: earning, granting, redeeming, undoing, transfer, pools, release, expiry, import; each number by hand.
--
-- Seed programme: 1 yuan = 1 point, rounded down, expiring 12 months on at the
-- end of that year.

SET client_min_messages = warning;
SET timezone = 'Asia/Shanghai';
\set VERBOSITY sqlstate
SELECT crm_member.create_crm('crm');
INSERT INTO crm.member (member_no, joined_at) SELECT 'm' || i, '2023-01-01' FROM generate_series(1, 12) AS i;
CREATE FUNCTION pg_temp.book(bigint) RETURNS TABLE (kind text, units bigint, at timestamptz) LANGUAGE sql AS $$
  SELECT e.kind, CASE WHEN p.to_account > 0 THEN p.units ELSE -p.units END, e.occurred_at FROM crm.ledger_event AS e JOIN crm.posting AS p ON p.event_id = e.id AND p.asset_id = 1
  WHERE e.member_id = $1 ORDER BY e.id, p.posting_no $$;
CREATE FUNCTION pg_temp.lots(bigint) RETURNS TABLE (units bigint, left_units bigint, available_from timestamptz, expires_at timestamptz) LANGUAGE sql AS $$
  SELECT l.units, l.left_units, l.available_from, l.expires_at FROM crm.lot AS l JOIN crm.account AS a ON a.id = l.account_id AND a.asset_id = 1 WHERE a.member_id = $1 ORDER BY l.event_id, l.lot_no $$;

-- 99.99 earns 99; a repeat gets the first answer, also after more has happened; other content is refused; 0.99 earns nothing
SELECT points, available, pending, tier FROM crm.points_accrue(1, 99.99, 'a1', '2024-03-05 10:00');
SELECT points, available FROM crm.points_accrue(1, 0.99, 'a2', '2024-03-05 11:00');
SELECT points, available FROM crm.points_accrue(1, 50, 'a3', '2024-03-05 12:00', dry_run => true);
SELECT points, available FROM crm.points_accrue(1, 99.99, 'a1', '2024-03-05 10:00');
SELECT points FROM crm.points_accrue(1, 98.99, 'a1', '2024-03-05 10:00');
SELECT points FROM crm.points_redeem(1, 1, 'a1');
SELECT count(*) FROM crm.ledger_event;
-- what is no amount, no number, no member, no request
SELECT points FROM crm.points_accrue(1, 'NaN', 'x1');
SELECT points FROM crm.points_accrue(1, 'Infinity', 'x1');
SELECT points FROM crm.points_accrue(1, -1, 'x1');
SELECT points FROM crm.points_accrue(1, 0, 'x1');
SELECT points FROM crm.points_accrue(1, NULL, 'x1');
SELECT points FROM crm.points_accrue(1, 1.005, 'x1');
SELECT points FROM crm.points_accrue(99, 1, 'x1');
SELECT points FROM crm.points_accrue(1, 1, '');
SELECT points FROM crm.points_accrue(1, 1, 'x1', 'infinity');
SELECT points FROM crm.points_redeem(1, 0, 'x1');
SELECT points FROM crm.points_redeem(1, -5, 'x1');
SELECT points FROM crm.points_redeem(1, NULL, 'x1');
SELECT points FROM crm.points_redeem(1, 5, 'x1', asset => 'principal');

-- lots: 99 (until the end of 2025), 100 until 1 April 2024 and 30 for ever, granted later. 120 takes 100 and 20 of the 99
SELECT points, available FROM crm.points_grant(1, 30, 'g0', '2024-03-05 12:00', expires_at => 'infinity');
SELECT points, available FROM crm.points_grant(1, 100, 'g1', '2024-03-05 13:00', expires_at => '2024-04-01');
-- the reason is part of what was asked
SELECT points FROM crm.points_grant(1, 100, 'g1', '2024-03-05 13:00', expires_at => '2024-04-01', reason => 'another');
SELECT points, available FROM crm.points_redeem(1, 120, 'r1', '2024-03-31 23:59:59.999999', dry_run => true);
SELECT points, available FROM crm.points_redeem(1, 120, 'r1', '2024-03-31 23:59:59.999999');
SELECT * FROM pg_temp.lots(1);
-- spending is no concern of growth
SELECT balance FROM crm.account WHERE member_id = 1 AND asset_id = 2;
-- 109 are left: 110 is too much, 109 is not; at the instant of expiry a lot is gone
SELECT points FROM crm.points_redeem(1, 110, 'r2', '2024-03-31 23:59:59.999999');
SELECT topic, member_id, body FROM crm.outbox WHERE topic LIKE 'points%';
-- undone in April, in two parts: the lot that expires last first, so 20 to the 99, then 100 to the expired one, which expires at that instant
SELECT reversal_id IS NOT NULL AS undone, points, available FROM crm.points_reverse((SELECT id FROM crm.ledger_event WHERE kind = 'redeem'), 'v1', '2024-04-10 10:00', units => 30);
SELECT points, available FROM crm.points_reverse((SELECT id FROM crm.ledger_event WHERE kind = 'redeem'), 'v2', '2024-04-11 10:00');
SELECT points FROM crm.points_reverse((SELECT id FROM crm.ledger_event WHERE kind = 'redeem'), 'v3', '2024-04-11 10:00');
SELECT points FROM crm.points_reverse((SELECT id FROM crm.ledger_event WHERE kind = 'reverse' LIMIT 1), 'v3', '2024-04-11 10:00');
SELECT points FROM crm.points_reverse(4711, 'v3');
SELECT available FROM crm.points_balance(1, '2024-04-12');
-- what is gone is booked: 10 at the first return and 90 at the second; the sweep finds nothing more
SELECT * FROM crm.points_expire('2024-05-01');
SELECT * FROM crm.points_expire('2024-05-01');
SELECT points FROM crm.points_expire('2999-01-01');
SELECT * FROM pg_temp.book(1);
SELECT rows_done, state FROM crm.job_run WHERE job = 'points_expire' ORDER BY id;
-- balance at the ends of the story: 99, 229 from 13:00, 109 spent, 129 after the first return (20 of 30 to a living lot), still 129
SELECT t.at, b.balance, b.available FROM (VALUES ('2024-03-05 10:00'::timestamptz), ('2024-03-05 13:00'), ('2024-03-31 23:59:59.999999'), ('2024-04-01 00:00'), ('2024-04-10 10:00'), ('2024-04-11 10:00'), ('2026-01-01')) AS t(at), LATERAL crm.points_balance(1, t.at) AS b;

-- a grant is taken back: its lot first, the rest owed; the next 30 settle 30 of 40
SELECT available FROM crm.points_grant(2, 100, 'g2', '2024-05-01 10:00');
SELECT available FROM crm.points_redeem(2, 40, 'r3', '2024-05-02 10:00');
SELECT points, available FROM crm.points_reverse((SELECT id FROM crm.ledger_event WHERE request_id = 'g2'), 'v4', '2024-05-03 10:00');
SELECT * FROM crm.points_balance(2, '2024-05-04');
SELECT available FROM crm.points_accrue(2, 30, 'a4', '2024-05-05 10:00');
SELECT * FROM crm.points_balance(2, '2024-05-06');

-- refunded after its points have expired unspent: nothing is owed, whether the sweep has run or not
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('x', 4, '2023-03-01 10:00', 25), ('y', 4, '2023-03-02 10:00', 35);
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend, refund_of_id) SELECT 'x1', 4, '2025-01-05 10:00', -25, id FROM crm.sale WHERE source_key = 'x';
SELECT points FROM crm.points_expire('2025-01-06');
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend, refund_of_id) SELECT 'y1', 4, '2025-01-07 10:00', -35, id FROM crm.sale WHERE source_key = 'y';
SELECT * FROM crm.points_balance(4, '2025-01-08');
SELECT * FROM pg_temp.book(4);

-- transfer keeps the expiry, part by part: 50 until 1 July and 30 of what expires at the end of 2025
SELECT available FROM crm.points_grant(3, 50, 'g3', '2024-06-01 10:00', expires_at => '2024-07-01');
SELECT available FROM crm.points_grant(3, 60, 'g4', '2024-06-01 10:00');
SELECT points, available, to_available FROM crm.points_transfer(3, 4, 80, 't1', '2024-06-02 10:00');
SELECT * FROM pg_temp.lots(4) WHERE available_from >= '2024-01-01';
SELECT points FROM crm.points_transfer(3, 4, 31, 't2', '2024-06-02 10:00');
SELECT points FROM crm.points_transfer(3, 3, 1, 't2', '2024-06-02 10:00');
SELECT kind, points, balance, other_member_id FROM crm.points_statement(4, '2024-01-01', '2025-01-01');
SELECT kind, points, balance, other_member_id FROM crm.points_statement(3, '2024-06-02');
-- what comes settles what is owed: 10 of member 2, who owes 10
SELECT points, available, to_available FROM crm.points_transfer(3, 2, 15, 't3', '2024-06-03 10:00');

-- a household: 20 until August of one, 30 until September of the other, 100 for ever of the first; 45 are the 20 and 25 of the 30
SELECT crm.household_join(6, 5, 'h1') IS NOT NULL AS joined;
SELECT available FROM crm.points_grant(5, 20, 'g5', '2024-06-01 10:00', expires_at => '2024-08-01');
SELECT available FROM crm.points_grant(6, 30, 'g6', '2024-06-01 10:00', expires_at => '2024-09-01');
SELECT available FROM crm.points_grant(5, 100, 'g7', '2024-06-01 10:00', expires_at => 'infinity');
SELECT members, available FROM crm.points_pool_balance(6, '2024-06-02');
SELECT points, available FROM crm.points_redeem(6, 45, 'r4', '2024-06-02 10:00', pool => true);
SELECT m, b.available FROM (VALUES (5), (6)) AS v(m), LATERAL crm.points_balance(m, '2024-06-03') AS b;
-- 151 are not there; undone, each owner has all again
SELECT points FROM crm.points_redeem(6, 106, 'r5', '2024-06-02 10:00', pool => true);
SELECT points FROM crm.points_reverse((SELECT id FROM crm.ledger_event WHERE request_id = 'r4'), 'v5', '2024-06-04 10:00');
SELECT m, b.available FROM (VALUES (5), (6)) AS v(m), LATERAL crm.points_balance(m, '2024-06-05') AS b;

-- pending until a day, and until an event; what is released lives from then on: 12 months, to the end of the year
SELECT available, pending FROM crm.points_grant(7, 10, 'g8', '2024-11-01 10:00', available_from => '2024-11-08');
SELECT available, pending FROM crm.points_grant(7, 70, 'g9', '2024-11-01 10:00', await => 'review');
SELECT * FROM crm.points_balance(7, '2024-11-08');
SELECT points, available, pending FROM crm.points_release((SELECT id FROM crm.ledger_event WHERE request_id = 'g9'), 'l1', '2025-02-01 10:00');
SELECT points FROM crm.points_release((SELECT id FROM crm.ledger_event WHERE request_id = 'g9'), 'l2', '2025-02-01 10:00');
SELECT points, available, pending FROM crm.points_release((SELECT id FROM crm.ledger_event WHERE request_id = 'g9'), 'l1', '2025-02-01 10:00');
SELECT * FROM crm.points_expiring(7, as_of => '2025-02-02');
SELECT * FROM crm.points_expiring(7, '2026-12-31', '2025-02-02');

-- opening balances with their own dates
SELECT * FROM crm.points_import('[{"member_id": 8, "points": 500, "earned_at": "2023-05-01 10:00+08"}, {"member_id": 8, "points": 20, "earned_at": "2023-06-01 10:00+08", "expires_at": "2026-06-01 00:00+08"}]', 'i1');
SELECT * FROM crm.points_import('[{"member_id": 8, "points": 500, "earned_at": "2023-05-01 10:00+08"}, {"member_id": 8, "points": 20, "earned_at": "2023-06-01 10:00+08", "expires_at": "2026-06-01 00:00+08"}]', 'i1');
SELECT * FROM crm.points_import('[{"member_id": 8, "points": 0, "earned_at": "2023-05-01 10:00+08"}]', 'i2');
SELECT * FROM pg_temp.lots(8);
-- sold long before it was imported: 500 of 520 are there at the end of 2024, 20 a year later
SELECT t.at, b.available FROM (VALUES ('2024-12-31 23:59'::timestamptz), ('2025-01-01 00:00')) AS t(at), LATERAL crm.points_balance(8, t.at) AS b;

-- 2^63 - 1 points, and one more
SELECT available FROM crm.points_grant(9, 9223372036854775807, 'g10', '2024-01-01 10:00');
SELECT available FROM crm.points_grant(9, 1, 'g11', '2024-01-01 10:00');
SELECT balance FROM crm.account WHERE member_id = 9 AND asset_id = 1;
SELECT points FROM crm.points_redeem(9, 9223372036854775806, 'r6', '2024-01-02 10:00');

-- clawback policies: 100 earned, 70 spent, the sale refunded in full
UPDATE crm.setting SET value = '"clamp"' WHERE key = 'points_clawback';
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('c', 10, '2024-07-01 10:00', 100);
SELECT available FROM crm.points_redeem(10, 70, 'r7', '2024-07-02 10:00');
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend, refund_of_id) SELECT 'c1', 10, '2024-07-03 10:00', -100, id FROM crm.sale WHERE source_key = 'c';
-- 30 taken, 70 written off
SELECT * FROM crm.points_balance(10, '2024-07-04');
SELECT * FROM pg_temp.book(10);
-- the refund is taken back: as before it, 30
DELETE FROM crm.sale WHERE source_key = 'c1';
SELECT balance, arrears FROM crm.account WHERE member_id = 10 AND asset_id = 1;
-- pending points alone: of a sale whose points are available nothing is taken
UPDATE crm.setting SET value = '"pending"' WHERE key = 'points_clawback';
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('d', 11, '2024-07-01 10:00', 100);
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend, refund_of_id) SELECT 'd1', 11, '2024-07-03 10:00', -100, id FROM crm.sale WHERE source_key = 'd';
SELECT available FROM crm.points_balance(11, '2024-07-04');
UPDATE crm.setting SET value = '"arrears"' WHERE key = 'points_clawback';

-- inactivity: 6 months after the last earning or redemption, by local day: 100 on 15 January, 50 on 10 March, gone with 11 September;
-- what is granted in December lives on, and nothing of the old is spent
INSERT INTO crm.setting (key, value, meaning) VALUES ('points_inactivity_months', '6', 'test');
SELECT available FROM crm.points_grant(12, 100, 'g12', '2024-01-15 10:00', expires_at => 'infinity');
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('e', 12, '2024-03-10 23:59', 50);
SELECT t.at, b.balance, b.available FROM (VALUES ('2024-09-10 23:59:59.999999'::timestamptz), ('2024-09-11 00:00')) AS t(at), LATERAL crm.points_balance(12, t.at) AS b;
SELECT expires_at, points FROM crm.points_expiring(12, as_of => '2024-04-01');
SELECT available FROM crm.points_grant(12, 7, 'g13', '2024-12-01 10:00', expires_at => 'infinity');
SELECT points FROM crm.points_redeem(12, 8, 'r8', '2024-12-02 10:00');
SELECT * FROM pg_temp.book(12);
SELECT balance, available FROM crm.points_balance(12, '2024-10-01');
SELECT members, events, points FROM crm.points_expire('2024-12-31');
DELETE FROM crm.setting WHERE key = 'points_inactivity_months';

-- sales from before their source accrues earn when they are told to; what was refunded is taken back; a second run finds nothing
CREATE TABLE public.old_orders (id bigint PRIMARY KEY, member_id bigint, at timestamptz, total numeric, refund_of bigint);
INSERT INTO public.old_orders VALUES (1, 1, '2023-02-01 10:00', 100, NULL), (2, 2, '2023-02-02 10:00', 30, NULL), (3, 1, '2023-02-03 10:00', -40, 1), (4, NULL, '2023-02-01 10:00', 7, NULL);
SELECT sales FROM crm.attach_sales('public.old_orders', 'member_id', 'at', 'total', 'id', refund_of_column => 'refund_of');
SELECT * FROM crm.points_accrue_sales('2023-01-01', '2023-02-02 10:00');
SELECT * FROM crm.points_accrue_sales('2023-01-01', '2023-03-01');
SELECT * FROM crm.points_accrue_sales('2023-01-01', '2023-03-01');
SELECT kind, points FROM crm.points_statement((SELECT member_id FROM crm.sale WHERE source_key = '1'));

-- why, and how much in all
SELECT asset, points, rule_no, rule_version, rule_code, basis, computed, rounding FROM crm.points_explain((SELECT id FROM crm.ledger_event WHERE request_id = 'a1'));
SELECT points FROM crm.points_explain(0);
SELECT outstanding - available - pending AS zero, owed, value FROM crm.points_liability('2024-12-31');

-- notices of what is about to expire, once
SELECT crm.points_notify_expiring('2999-01-01') > 0 AS wrote, crm.points_notify_expiring('2999-01-01') AS again;

-- points of the programme's own
SELECT crm.asset_add('stamps');
SELECT available FROM crm.points_grant(1, 9, 's1', '2024-01-01 10:00', asset => 'stamps');
SELECT points, available FROM crm.points_redeem(1, 5, 's2', '2024-01-02 10:00', asset => 'stamps');

-- a pool has one order of lots, back as forth: 40 until October of 214, 40 until November of 215, 10 of 40 until December of 213;
-- of 20 that come back 10 go to 213 and 10 to 215, the rest afterwards
INSERT INTO crm.member (id, member_no, joined_at) SELECT i, 'p' || i, '2023-01-01' FROM generate_series(213, 219) AS i;
SELECT count(crm.household_join(i, 213, 'home ' || i)) FROM generate_series(214, 215) AS i;
SELECT count(*) FROM (VALUES (213, '2025-12-01'::timestamptz), (214, '2025-10-01'), (215, '2025-11-01')) AS t(id, until),
  LATERAL crm.points_grant(t.id, 40, 'pool ' || t.id, '2025-01-01 10:00', expires_at => t.until);
SELECT points FROM crm.points_redeem(213, 90, 'pool', '2025-02-01 10:00', pool => true);
SELECT points FROM crm.points_reverse((SELECT id FROM crm.ledger_event WHERE request_id = 'pool'), 'pool back', '2025-02-02 10:00', 20);
SELECT i, (crm.points_balance(i, '2025-02-03')).available FROM generate_series(213, 215) AS i;
SELECT points FROM crm.points_reverse((SELECT id FROM crm.ledger_event WHERE request_id = 'pool'), 'pool rest', '2025-02-04 10:00');
SELECT i, (crm.points_balance(i, '2025-02-05')).available FROM generate_series(213, 215) AS i;
-- of two lots that expire together the older is used first, also when it was told later
SELECT count(*) FROM (VALUES (1, 'told first', '2025-06-01 10:00'::timestamptz), (2, 'older', '2025-03-01 10:00')) AS t(n, id, at),
  LATERAL crm.points_grant(216, 10, t.id, t.at, expires_at => '2026-01-01');
SELECT points FROM crm.points_redeem(216, 10, 'one of two', '2025-07-01 10:00');
SELECT * FROM pg_temp.lots(216);
-- 100 until 1 May, 30 of them spent and back on 10 May: 70 were gone on 1 May, 30 on 10 May, though no sweep ran in between
SELECT points FROM crm.points_grant(217, 100, 'until May', '2025-01-01 10:00', expires_at => '2025-05-01');
SELECT points FROM crm.points_redeem(217, 30, 'April', '2025-04-01 10:00');
SELECT points, available FROM crm.points_reverse((SELECT id FROM crm.ledger_event WHERE request_id = 'April'), 'May', '2025-05-10 10:00');
SELECT * FROM pg_temp.book(217);
-- what comes back settles what is owed first: 50 earned, spent, taken back by a refund (50 owed), and the redemption undone in two parts;
-- what is granted then outlives the lot of the sale, which is gone with 2025
INSERT INTO crm.member (id, member_no, joined_at) SELECT i, 'o' || i, '2023-01-01' FROM generate_series(220, 223) AS i;
SELECT sale_id AS owing FROM crm.sale_record('owing', '[{"list_amount": 50}]', '[{"kind": "cash", "amount": 50}]', 220, occurred_at => '2024-06-01 10:00') \gset
SELECT points FROM crm.points_redeem(220, 50, 'spent', '2025-01-02 10:00');
SELECT points FROM crm.sale_refund('owing back', :owing, NULL, '2025-01-03 10:00');
SELECT points FROM crm.points_reverse((SELECT id FROM crm.ledger_event WHERE request_id = 'spent'), 'unspent 1', '2025-01-05 10:00', 30);
SELECT points FROM crm.points_reverse((SELECT id FROM crm.ledger_event WHERE request_id = 'spent'), 'unspent 2', '2025-01-05 11:00');
SELECT points FROM crm.points_grant(220, 10, 'afterwards', '2025-01-07 10:00', expires_at => 'infinity');
SELECT t.at, b.balance, b.available, b.arrears
FROM unnest('{2025-01-04,2025-01-05 10:30,2025-01-06,2025-01-08,2026-02-01}'::timestamptz[]) AS t(at), LATERAL crm.points_balance(220, t.at) AS b ORDER BY t.at;
-- what is owed is settled at once, also by points that are pending: 40 owed, 100 that wait for an event leave 60, and 60 when it comes
SELECT event_id AS lent FROM crm.points_grant(221, 40, 'lent', '2024-01-01 10:00', expires_at => 'infinity') \gset
SELECT points FROM crm.points_redeem(221, 40, 'lent away', '2024-01-02 10:00');
SELECT points FROM crm.points_reverse(:lent, 'not lent', '2024-01-03 10:00');
SELECT event_id AS waits, available, pending FROM crm.points_grant(221, 100, 'waits', '2024-01-04 10:00', await => 'delivery', expires_at => '2024-02-01') \gset
SELECT * FROM crm.points_balance(221, '2024-01-05');
SELECT available, pending FROM crm.points_release(:waits, 'delivered', '2024-01-06 10:00');
SELECT * FROM crm.points_balance(221, '2024-01-07');
-- and the end that was asked for stands, also that there is none
SELECT * FROM crm.points_balance(221, '2024-02-01');
SELECT event_id AS waits FROM crm.points_grant(223, 5, 'waits longer', '2024-01-04 10:00', await => 'delivery', expires_at => 'infinity') \gset
SELECT available FROM crm.points_release(:waits, 'delivered too', '2024-01-06 10:00');
SELECT expires_at, points FROM crm.points_expiring(223, as_of => '2024-01-07');
SELECT points FROM crm.points_grant(223, 5, 'waits in vain', '2024-01-04 10:00', await => 'delivery', expires_at => '2024-01-04 10:00');
-- in a pool: 30 of 221 until October and 30 of 222 until December are spent, 222 comes to owe 10. Of 20 that come back 222 gets all, 10 for what
-- it owes and 10 for its lot; of the last 40 it gets 10, and 221 its 30
SELECT crm.household_join(222, 221, 'home 222') > 0 AS joined;
SELECT points FROM crm.points_grant(221, 30, 'pool 221', '2025-01-01 10:00', expires_at => '2025-10-01');
SELECT event_id AS of_222 FROM crm.points_grant(222, 40, 'pool 222', '2025-01-01 10:00', expires_at => '2025-12-01') \gset
SELECT points FROM crm.points_redeem(221, 60, 'pool 60', '2025-02-01 10:00', pool => true);
SELECT points FROM crm.points_reverse(:of_222, 'ungrant 222', '2025-02-02 10:00', 20);
SELECT points FROM crm.points_reverse((SELECT id FROM crm.ledger_event WHERE request_id = 'pool 60'), 'pool 20', '2025-02-03 10:00', 20);
SELECT i, b.balance, b.arrears FROM generate_series(221, 222) AS i, LATERAL crm.points_balance(i, '2025-02-03 11:00') AS b;
SELECT points FROM crm.points_reverse((SELECT id FROM crm.ledger_event WHERE request_id = 'pool 60'), 'pool 40', '2025-02-04 10:00');
SELECT i, b.balance, b.arrears FROM generate_series(221, 222) AS i, LATERAL crm.points_balance(i, '2025-02-05') AS b;
-- a sale or refund is the same with other zeros behind the point, and not with other money
SELECT points FROM crm.sale_record('zeros', '[{"list_amount": 20.50, "quantity": 1.000}, {"list_amount": 0.00}]', '[{"kind": "cash", "amount": 20.5}]', 218, occurred_at => '2025-01-01 10:00');
SELECT points FROM crm.sale_record('zeros', '[{"quantity": 1, "list_amount": 20.5}, {"list_amount": 0}]', '[{"kind": "cash", "amount": 20.50}]', 218, occurred_at => '2025-01-01 10:00');
SELECT points FROM crm.sale_record('zeros', '[{"quantity": 1, "list_amount": 20.05}, {"list_amount": 0}]', '[{"kind": "cash", "amount": 20.05}]', 218, occurred_at => '2025-01-01 10:00');
SELECT id AS zeros FROM crm.sale WHERE source_key = 'zeros' \gset
SELECT points FROM crm.sale_refund('zeros 1', :zeros, '[{"line_no": 1, "amount": 10.50}]', '2025-01-02 10:00');
SELECT points FROM crm.sale_refund('zeros 1', :zeros, '[{"line_no": 1, "amount": 10.5}]', '2025-01-02 10:00');
-- a refund of nothing is none: no amount, no line, no such line; the rest with the present goes back once
SELECT points FROM crm.sale_refund('zeros 2', :zeros, '[{"line_no": 1, "amount": 0}]', '2025-01-02 10:00');
SELECT points FROM crm.sale_refund('zeros 2', :zeros, '[]', '2025-01-02 10:00');
SELECT points FROM crm.sale_refund('zeros 2', :zeros, '[{"line_no": 3, "amount": 1}]', '2025-01-02 10:00');
SELECT points FROM crm.sale_refund('zeros 2', :zeros, NULL, '2025-01-02 10:00');
SELECT refund_of_line_no, quantity, payable_amount FROM crm.sale_line WHERE sale_id = (SELECT id FROM crm.sale WHERE source_key = 'zeros 2') ORDER BY line_no;
SELECT points FROM crm.sale_refund('zeros 3', :zeros, NULL, '2025-01-03 10:00');
SELECT points FROM crm.sale_refund('zeros 3', :zeros, '[{"line_no": 2}]', '2025-01-03 10:00');
SELECT count(*) FROM crm.sale WHERE refund_of_id = :zeros;
-- what was earned in the other system was earned before now
SELECT lots FROM crm.points_import('[{"member_id": 219, "points": 5, "earned_at": "2999-01-01 00:00+08"}]', 'not yet');

SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
DROP TABLE public.old_orders CASCADE;
-- acts are of now or before: nothing that is still pending is spent by naming a day to come
SELECT count(*) FROM crm.points_redeem(1, 1, 'later', occurred_at => now() + interval '31 days');
SELECT count(*) FROM crm.points_accrue(1, 10, 'later', occurred_at => '2999-01-01');
SELECT count(*) FROM crm.sale_record('later sale', '[{"list_amount": 1}]', '[{"kind": "cash", "amount": 1}]', member_id => 1, occurred_at => '2999-01-01');
-- the same request from a session in another zone is the same request
SET timezone = 'UTC';
SELECT points FROM crm.points_accrue(1, 10, 'zones', occurred_at => '2024-05-01 00:00+00');
SET timezone = 'America/New_York';
SELECT points FROM crm.points_accrue(1, 10, 'zones', occurred_at => '2024-04-30 20:00-04');
RESET timezone;
-- quantities and costs of lines
SELECT count(*) FROM crm.sale_record('odd', '[{"list_amount": 1, "quantity": "NaN"}]', '[{"kind": "cash", "amount": 1}]');
SELECT count(*) FROM crm.sale_record('odd', '[{"list_amount": 1, "quantity": -5}]', '[{"kind": "cash", "amount": 1}]');
SELECT count(*) FROM crm.sale_record('odd', '[{"list_amount": 1, "cost_amount": "NaN"}]', '[{"kind": "cash", "amount": 1}]');
-- nothing is undone or released before it happened
SELECT event_id AS later FROM crm.points_grant(1, 10, 'later', '2025-06-01 10:00', await => 'a review') \gset
SELECT points FROM crm.points_release(:later, 'too soon', '2025-06-01 09:59:59');
SELECT points FROM crm.points_reverse(:later, 'too soon', '2025-06-01 09:59:59');
SELECT points FROM crm.points_release(:later, 'in time', '2025-06-01 10:00');
SELECT crm_member.drop_crm('crm', confirm => 'crm');
