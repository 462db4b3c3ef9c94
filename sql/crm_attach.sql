-- sql/crm_attach.sql
-- A shop's own table attached: what it feeds, what it follows, what is refused, and that the shop's statements never fail.
--
-- differs() compares the sales with the shop's rows as plain SQL reads them.

SET client_min_messages = warning;
SET timezone = 'Asia/Shanghai';
\set VERBOSITY sqlstate
SELECT crm_member.create_crm('crm');
CREATE SCHEMA shop;
CREATE TABLE shop.customers (id bigint PRIMARY KEY, name text);
INSERT INTO shop.customers SELECT i, 'c' || i FROM generate_series(1, 6) AS i;
CREATE TABLE shop.orders (id bigint PRIMARY KEY, customer_id bigint REFERENCES shop.customers, ordered_at timestamptz, total numeric(12,2),
  status text NOT NULL DEFAULT 'paid', store text, channel text, refund_of bigint);
CREATE FUNCTION pg_temp.differs() RETURNS bigint LANGUAGE sql AS $$
  WITH q AS (SELECT id::text AS key, customer_id::text AS customer, ordered_at AS at, total, store, channel FROM shop.orders
             WHERE status <> 'cancelled' AND isfinite(ordered_at) AND total IS NOT NULL AND total <> 'NaN'),
       s AS (SELECT s.source_key, k.key, s.occurred_at, s.net_spend, t.code, s.channel FROM crm.sale AS s
             LEFT JOIN crm.member_key AS k ON k.member_id = s.member_id LEFT JOIN crm.store AS t ON t.id = s.store_id WHERE s.source_id = (SELECT max(id) FROM crm.source WHERE name = 'shop.orders'))
  SELECT (SELECT count(*) FROM (TABLE q EXCEPT ALL TABLE s) AS x) + (SELECT count(*) FROM (TABLE s EXCEPT ALL TABLE q) AS x)
$$;
INSERT INTO shop.orders (id, customer_id, ordered_at, total, status, store, refund_of) VALUES
  (1, 1, '2024-01-05 10:00', 1500, 'paid', 'A', NULL), (2, 1, '2024-02-05 10:00', 700, 'paid', 'B', NULL), (3, 2, '2024-02-05 10:00', 50, 'cancelled', 'A', NULL),
  (4, NULL, '2024-02-06 10:00', 10, 'paid', NULL, NULL), (5, 3, '2024-02-07 10:00', 20.5, 'paid', 'A', NULL), (6, 3, '2024-02-08 10:00', -20.5, 'paid', 'A', 5), (7, 4, NULL, 5, 'paid', NULL, NULL);

-- what is refused, and leaves nothing behind
SELECT crm.attach_sales('shop.orders', 'buyer', 'ordered_at', 'total', 'id');
SELECT crm.attach_sales('shop.orders', 'customer_id', 'status', 'total', 'id');
SELECT crm.attach_sales('shop.orders', 'customer_id', 'ordered_at', 'status', 'id');
SELECT crm.attach_sales('shop.orders', 'customer_id', 'ordered_at', 'total', 'total');
SELECT crm.attach_sales('shop.orders', 'customer_id', 'ordered_at', 'total', 'customer_id');
SELECT crm.attach_sales('shop.orders', 'customer_id', 'ordered_at', 'total', 'id', status_predicate => 'no_such_column = 1');
SELECT crm.attach_sales('shop.orders', 'customer_id', 'ordered_at', 'total', 'id', status_predicate => 'true); DROP TABLE shop.orders; --');
SELECT crm.attach_sales('shop.orders', 'customer_id', 'ordered_at', 'total', 'id', mode => 'later');
SELECT crm.attach_sales('shop.orders', NULL, 'ordered_at', 'total', 'id');
SELECT crm.attach_sales('crm.sale', 'member_id', 'occurred_at', 'net_spend', 'id');
CREATE VIEW shop.v AS SELECT * FROM shop.orders;
SELECT crm.attach_sales('shop.v', 'customer_id', 'ordered_at', 'total', 'id');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT crm.attach_sales('shop.orders', 'customer_id', 'ordered_at', 'total', 'id');
ROLLBACK;
SELECT (SELECT count(*) FROM pg_trigger WHERE tgrelid = 'shop.orders'::regclass AND NOT tgisinternal) AS triggers, (SELECT count(*) FROM crm.source WHERE id > 0) AS sources;

-- attached: the past brings histories and tiers, no points and no notices
SELECT sales, waiting, rounded FROM crm.attach_sales('shop.orders', 'customer_id', 'ordered_at', 'total', 'id', 'store', 'channel', 'refund_of', 'status <> ''cancelled''', accrue_from => '2024-06-01 00:00');
SELECT crm.attach_sales('shop.orders', 'customer_id', 'ordered_at', 'total', 'id');
SELECT pg_temp.differs();
SELECT r.name AS realm, k.key, m.joined_at, h.history FROM crm.member_key AS k JOIN crm.realm AS r ON r.id = k.realm_id JOIN crm.member AS m ON m.id = k.member_id LEFT JOIN crm.member_history AS h ON h.member_id = m.id ORDER BY k.key;
SELECT t.code FROM crm.member_key AS k, LATERAL crm.tier_for(k.member_id, '2024-03-01') AS t WHERE k.key = '1';
SELECT (SELECT count(*) FROM crm.ledger_event) AS events, (SELECT count(*) FROM crm.outbox) AS notices, (SELECT count(*) FROM crm.captured) AS waiting;

-- from then on each statement of the shop is followed
INSERT INTO shop.orders (id, customer_id, ordered_at, total) VALUES (10, 5, '2024-07-01 10:00', 2000), (11, NULL, '2024-07-01 10:00', 1), (12, 2, '2024-05-31 23:59', 30);
SELECT pg_temp.differs();
SELECT k.key, a.balance FROM crm.account AS a JOIN crm.member_key AS k USING (member_id) WHERE a.asset_id = 1 ORDER BY 1;
-- a cancellation, and its undoing; an amount; another customer; a new key; what matters to nothing
UPDATE shop.orders SET status = 'cancelled' WHERE id = 10;
SELECT pg_temp.differs(), (SELECT balance FROM crm.account JOIN crm.member_key USING (member_id) WHERE key = '5' AND asset_id = 1) AS points;
UPDATE shop.orders SET status = 'paid' WHERE id = 10;
SELECT pg_temp.differs(), (SELECT balance FROM crm.account JOIN crm.member_key USING (member_id) WHERE key = '5' AND asset_id = 1) AS points;
UPDATE shop.orders SET total = total + 1, customer_id = 6 WHERE id IN (1, 10);
SELECT pg_temp.differs();
UPDATE shop.orders SET id = id + 100 WHERE id < 3;
SELECT pg_temp.differs();
SELECT count(*) AS before FROM crm.sale_past \gset
UPDATE shop.orders SET status = 'shipped' WHERE status = 'paid';
SELECT count(*) - :before AS corrections FROM crm.sale_past;
DELETE FROM shop.orders WHERE id IN (5, 11);
SELECT pg_temp.differs(), (SELECT count(*) FROM crm.sale WHERE source_key = '6' AND refund_of_id IS NULL) AS refund_of_nothing;
COPY shop.orders (id, customer_id, ordered_at, total) FROM stdin;
20	1	2024-08-01 10:00	5
21	2	2024-08-01 11:00	6
22	\N	2024-08-01 12:00	7
\.
INSERT INTO shop.orders (id, customer_id, ordered_at, total) VALUES (20, 1, '2024-08-02 10:00', 50), (23, 1, '2024-08-02 10:00', 51)
ON CONFLICT (id) DO UPDATE SET total = excluded.total;
MERGE INTO shop.orders AS o USING (VALUES (20, 9.00), (21, NULL), (24, 8.00)) AS v(id, total) ON o.id = v.id
WHEN MATCHED AND v.total IS NULL THEN DELETE WHEN MATCHED THEN UPDATE SET total = v.total WHEN NOT MATCHED THEN INSERT (id, customer_id, ordered_at, total) VALUES (v.id, 4, '2024-08-03 10:00', v.total);
SELECT pg_temp.differs(), (SELECT count(*) FROM crm.captured) AS waiting;
SELECT check_name, ok, detail FROM crm_member.check_crm('crm') WHERE NOT ok OR check_name LIKE 'attached%';

-- an amount or a time that is none waits, and so does what breaks a rule of the CRM; the shop's statement goes through
INSERT INTO shop.orders (id, customer_id, ordered_at, total) VALUES (30, 1, '2024-09-01 10:00', 'NaN'), (31, 1, 'infinity', 3);
CREATE FUNCTION public.stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.net_spend = 666 THEN RAISE EXCEPTION 'no' USING ERRCODE = '22000'; END IF; RETURN NEW; END $$;
CREATE TRIGGER stop BEFORE INSERT ON crm.sale FOR EACH ROW EXECUTE FUNCTION public.stop();
INSERT INTO shop.orders (id, customer_id, ordered_at, total) VALUES (32, 1, '2024-09-02 10:00', 666), (33, 1, '2024-09-02 10:00', 5);
SELECT keys, code, reason FROM crm.captured ORDER BY id;
-- sync folds what can be folded, and keeps the other with its reason
SELECT keys_taken, sales, waiting FROM crm.sync_sales('shop.orders');
SELECT keys, code, reason, tries FROM crm.captured ORDER BY id;
DROP TRIGGER stop ON crm.sale;
SELECT keys_taken, sales, waiting FROM crm.sync_sales();
SELECT keys_taken, sales, waiting FROM crm.sync_sales();
SELECT pg_temp.differs(), (SELECT count(*) FROM crm.captured) AS waiting;
SELECT crm.sync_sales('shop.nothing');

-- a till of the shop that has no right in the CRM sells as before
CREATE ROLE crm_test_till;
GRANT USAGE ON SCHEMA shop TO crm_test_till;
GRANT INSERT, SELECT, UPDATE ON shop.orders TO crm_test_till;
SET ROLE crm_test_till;
INSERT INTO shop.orders (id, customer_id, ordered_at, total) VALUES (35, 1, '2024-09-02 11:00', 5);
UPDATE shop.orders SET total = 6 WHERE id = 35;
SELECT count(*) FROM crm.sale;
RESET ROLE;
SELECT pg_temp.differs(), (SELECT count(*) FROM crm.captured) AS waiting;
DROP OWNED BY crm_test_till;
DROP ROLE crm_test_till;

-- REPEATABLE READ folds or captures; SERIALIZABLE captures; both commit
BEGIN ISOLATION LEVEL REPEATABLE READ;
INSERT INTO shop.orders (id, customer_id, ordered_at, total) VALUES (40, 1, '2024-09-03 10:00', 1);
COMMIT;
SELECT count(*) AS waiting FROM crm.captured;
BEGIN ISOLATION LEVEL SERIALIZABLE;
INSERT INTO shop.orders (id, customer_id, ordered_at, total) VALUES (41, 1, '2024-09-03 10:00', 1);
UPDATE shop.orders SET total = 2 WHERE id = 41;
COMMIT;
SELECT count(*) AS waiting FROM crm.captured;
SELECT keys_taken, sales, waiting FROM crm.sync_sales();
SELECT pg_temp.differs();

-- a column that the CRM reads is renamed: the shop goes on, and the whole table is looked at later
ALTER TABLE shop.orders RENAME total TO amount;
INSERT INTO shop.orders (id, customer_id, ordered_at, amount) VALUES (42, 1, '2024-09-04 10:00', 1);
ALTER TABLE shop.orders RENAME id TO no;
INSERT INTO shop.orders (no, customer_id, ordered_at, amount) VALUES (43, 1, '2024-09-04 10:00', 1);
ALTER TABLE shop.orders RENAME no TO id;
ALTER TABLE shop.orders RENAME amount TO total;
SELECT keys, code FROM crm.captured ORDER BY id;
SELECT sales, waiting FROM crm.sync_sales();
SELECT pg_temp.differs();

-- written behind the triggers' back: seen by check_crm, mended by reconcile
SET session_replication_role = replica;
INSERT INTO shop.orders (id, customer_id, ordered_at, total) VALUES (50, 1, '2024-09-05 10:00', 1);
DELETE FROM shop.orders WHERE id = 40;
UPDATE shop.orders SET total = 3 WHERE id = 41;
RESET session_replication_role;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT * FROM crm.reconcile_sales('shop.orders');
SELECT pg_temp.differs();
-- TRUNCATE is followed
BEGIN;
TRUNCATE shop.orders;
SELECT pg_temp.differs(), (SELECT count(*) FROM crm.sale) AS sales;
ROLLBACK;
SELECT pg_temp.differs(), (SELECT count(*) > 5 FROM crm.sale) AS sales;

-- detached: nothing is left on the shop's side, the sales stay; attached again it goes on
SELECT sales, dropped FROM crm.detach_sales('shop.orders');
SELECT (SELECT count(*) FROM pg_trigger WHERE tgrelid = 'shop.orders'::regclass AND NOT tgisinternal) AS triggers,
       (SELECT count(*) > 5 FROM crm.sale) AS sales;
INSERT INTO shop.orders (id, customer_id, ordered_at, total) VALUES (60, 1, '2024-09-06 10:00', 1);
SELECT sales, dropped FROM crm.detach_sales('shop.orders');
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT sales, waiting FROM crm.attach_sales('shop.orders', 'customer_id', 'ordered_at', 'total', 'id', status_predicate => 'status <> ''cancelled''', on_error => 'raise');
-- on_error raise: the shop's statement fails with the CRM's error
CREATE TRIGGER stop BEFORE INSERT ON crm.sale FOR EACH ROW EXECUTE FUNCTION public.stop();
INSERT INTO shop.orders (id, customer_id, ordered_at, total) VALUES (70, 1, '2024-09-07 10:00', 666);
DROP TRIGGER stop ON crm.sale;
SELECT count(*) FROM shop.orders WHERE id = 70;
SELECT sales, dropped FROM crm.detach_sales('shop.orders');

-- other types: uuid and text keys, a date, a timestamp without zone, double precision rounded half away from zero
CREATE TABLE shop.web (no uuid PRIMARY KEY, buyer text, day date, amount double precision);
INSERT INTO shop.web VALUES ('00000000-0000-0000-0000-000000000001', 'wx_1', '2024-03-01', 2.125), ('00000000-0000-0000-0000-000000000002', 'wx_1', '2024-03-02', -2.125), ('00000000-0000-0000-0000-000000000003', '', '2024-03-02', 1e300);
CREATE TABLE shop.pos (no text PRIMARY KEY, card integer, at timestamp, cents bigint);
INSERT INTO shop.pos VALUES ('a', 1, '2024-03-01 00:30', 7), ('b', NULL, '2024-03-01 00:30', 8);
SELECT sales FROM crm.attach_sales('shop.web', 'buyer', 'day', 'amount', 'no');
DELETE FROM shop.web WHERE amount = 1e300;
SELECT sales FROM crm.attach_sales('shop.web', 'buyer', 'day', 'amount', 'no');
SELECT sales FROM crm.attach_sales('shop.pos', 'card', 'at', 'cents', 'no', mode => 'deferred');
SELECT o.name, s.source_key, s.occurred_at, s.net_spend, s.member_id IS NULL AS guest FROM crm.sale AS s JOIN crm.source AS o ON o.id = s.source_id WHERE o.name <> 'shop.orders' ORDER BY 1, 2;
INSERT INTO shop.pos VALUES ('c', 2, '2024-03-02 00:30', 9);
SELECT keys, code, reason FROM crm.captured WHERE reason ~ 'deferred';
SELECT keys_taken, sales, waiting FROM crm.sync_sales('pos');
SELECT net_spend FROM crm.sale WHERE source_key = 'c';

-- partitions: rows put into one directly, and one that is attached later
CREATE TABLE shop.parted (id bigint NOT NULL, member bigint, at timestamptz NOT NULL, total numeric, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE shop.parted_1 PARTITION OF shop.parted FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
CREATE TABLE shop.parted_2 PARTITION OF shop.parted FOR VALUES FROM ('2024-02-01') TO ('2024-03-01');
INSERT INTO shop.parted VALUES (1, 1, '2024-01-05', 1), (2, 1, '2024-02-05', 2);
SELECT sales FROM crm.attach_sales('shop.parted', 'member', 'at', 'total', 'id');
INSERT INTO shop.parted VALUES (3, 1, '2024-01-06', 3);
INSERT INTO shop.parted_1 VALUES (4, 2, '2024-01-07', 4);
UPDATE shop.parted SET at = '2024-02-07' WHERE id = 4;
CREATE TABLE shop.parted_3 (LIKE shop.parted INCLUDING ALL);
INSERT INTO shop.parted_3 VALUES (5, 3, '2024-03-05', 5);
ALTER TABLE shop.parted ATTACH PARTITION shop.parted_3 FOR VALUES FROM ('2024-03-01') TO ('2024-04-01');
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT * FROM crm.reconcile_sales('shop.parted');
INSERT INTO shop.parted_3 VALUES (6, 3, '2024-03-06', 6);
SELECT s.source_key, s.occurred_at, s.net_spend FROM crm.sale AS s JOIN crm.source AS o ON o.id = s.source_id WHERE o.name = 'shop.parted' ORDER BY 1;

-- the past in batches, each committed; stopped and gone on with; what the shop does meanwhile is neither lost nor doubled
CREATE TABLE shop.log (id bigint PRIMARY KEY, member bigint, at timestamptz, total numeric);
INSERT INTO shop.log SELECT i, i % 50, '2024-01-01'::timestamptz + i * interval '1 hour', i % 90 FROM generate_series(1, 1000) AS i;
SELECT sales FROM crm.attach_sales('shop.log', 'member', 'at', 'total', 'id', backfill => false);
CALL crm.backfill_sales('shop.log', 300, max_batches => 1);
SELECT state, rows_done, place FROM crm.job_run WHERE job = 'backfill_sales';
UPDATE shop.log SET total = 1000 WHERE id IN (100, 900);
DELETE FROM shop.log WHERE id IN (101, 901);
INSERT INTO shop.log VALUES (0, 7, '2024-01-01', 5), (2000, 7, '2024-01-01', 5);
CALL crm.backfill_sales('shop.log', 250);
SELECT job, subject, state, rows_done, place FROM crm.job_run ORDER BY id DESC LIMIT 2;
SELECT count(*) AS differ FROM crm.reconcile_sales('shop.log') AS r WHERE (r.missing, r.changed, r.surplus, r.triggers_made) <> (0, 0, 0, 0);
SELECT (SELECT count(*) FROM shop.log) = count(*) AS rows, (SELECT sum(total) FROM shop.log) = sum(net_spend) AS sums FROM crm.sale WHERE source_id = (SELECT id FROM crm.source WHERE name = 'shop.log');
CALL crm.backfill_sales('shop.log');
SELECT rows_done, state FROM crm.job_run ORDER BY id DESC LIMIT 1;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;

-- after DROP EXTENSION CASCADE the shop goes on; upgrade_crm brings what was missed
DROP EXTENSION crm_member CASCADE;
INSERT INTO shop.log VALUES (3000, 8, '2024-01-01', 5);
DELETE FROM shop.log WHERE id = 5;
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid = 'shop.log'::regclass AND NOT tgisinternal;
CREATE EXTENSION crm_member;
SELECT crm_member.upgrade_crm('crm');
INSERT INTO shop.log VALUES (3001, 8, '2024-01-01', 5);
SELECT check_name, ok, detail FROM crm_member.check_crm('crm') WHERE NOT ok OR check_name LIKE 'attached%';
-- the shop drops its table
DROP TABLE shop.log;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT crm.detach_sales('shop.log');
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT crm_member.drop_crm('crm', confirm => 'crm');
-- and the CRM leaves nothing on the shop's side
SELECT count(*) AS triggers FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid WHERE c.relnamespace = 'shop'::regnamespace AND NOT t.tgisinternal;
INSERT INTO shop.pos VALUES ('z', 2, '2024-03-02 00:30', 9);
DROP SCHEMA shop CASCADE;
DROP FUNCTION public.stop();
