-- sql/crm_attach_kinds.sql
-- Attaching tables of every kind: what is refused and why, keys, times, amounts, partitions, conditions, realms.
--
-- The zone of the schema is Asia/Shanghai, the session's is another.

SET client_min_messages = warning;
SET timezone = 'UTC';
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT crm_member.create_crm('crm');
CREATE SCHEMA shop;

-- no half an attachment: each of these leaves no source, no realm, no trigger
CREATE TABLE shop.o (id integer NOT NULL, no integer NOT NULL, member text, at timestamptz, total numeric, price money, note json, status text);
INSERT INTO shop.o VALUES (1, 1, 'a', '2024-01-01', 1, 1, '{}', 'paid'), (2, 1, 'a', '2024-01-01', 1, 1, '{}', 'paid');
SELECT crm.attach_sales('shop.o', 'buyer', 'at', 'total', 'id');
SELECT crm.attach_sales('shop.o', 'note', 'at', 'total', 'id');
SELECT crm.attach_sales('shop.o', 'member', 'member', 'total', 'id');
SELECT crm.attach_sales('shop.o', 'member', 'at', 'price', 'id');
SELECT crm.attach_sales('shop.o', 'member', 'at', 'total', 'member');
SELECT crm.attach_sales('shop.o', 'member', 'at', 'total', 'no');
SELECT crm.attach_sales('shop.o', 'member', 'at', 'total', 'id');
SELECT crm.attach_sales('shop.o', 'member', 'at', 'total', 'id', refund_of_column => 'member');
ALTER TABLE shop.o ADD UNIQUE (id) DEFERRABLE;
SELECT crm.attach_sales('shop.o', 'member', 'at', 'total', 'id');
CREATE UNIQUE INDEX o_id ON shop.o (id);
CREATE MATERIALIZED VIEW shop.m AS TABLE shop.o;
SELECT crm.attach_sales('shop.m', 'member', 'at', 'total', 'id');
CREATE FOREIGN DATA WRAPPER crm_test_fdw;
CREATE SERVER crm_test_server FOREIGN DATA WRAPPER crm_test_fdw;
CREATE FOREIGN TABLE shop.f (id integer NOT NULL, member text, at timestamptz, total numeric) SERVER crm_test_server;
SELECT crm.attach_sales('shop.f', 'member', 'at', 'total', 'id');
CREATE TEMP TABLE o_temp (LIKE shop.o INCLUDING ALL);
SELECT crm.attach_sales('o_temp', 'member', 'at', 'total', 'id');
CREATE TABLE shop.heir () INHERITS (shop.o);
SELECT crm.attach_sales('shop.o', 'member', 'at', 'total', 'id');
SELECT crm.attach_sales('shop.heir', 'member', 'at', 'total', 'id');
DROP TABLE shop.heir;
CREATE ROLE crm_test_other;
GRANT ALL ON SCHEMA crm, shop TO crm_test_other;
GRANT ALL ON ALL TABLES IN SCHEMA shop TO crm_test_other;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA crm TO crm_test_other;
GRANT SELECT ON crm.source TO crm_test_other;
SET ROLE crm_test_other;
SELECT crm.attach_sales('shop.o', 'member', 'at', 'total', 'id');
RESET ROLE;
DROP OWNED BY crm_test_other;
DROP ROLE crm_test_other;

-- a condition is one expression over the row: nothing hidden in it, nothing that is not built in
\set VERBOSITY sqlstate
SELECT crm.attach_sales('shop.o', 'member', 'at', 'total', 'id', status_predicate => 'status <>');
SELECT crm.attach_sales('shop.o', 'member', 'at', 'total', 'id', status_predicate => 'total');
SELECT crm.attach_sales('shop.o', 'member', 'at', 'total', 'id', status_predicate => 'true); DROP TABLE shop.m; SELECT (true');
SELECT crm.attach_sales('shop.o', 'member', 'at', 'total', 'id', status_predicate => 'true), (false');
SELECT crm.attach_sales('shop.o', 'member', 'at', 'total', 'id', status_predicate => 'EXISTS (SELECT FROM shop.o)');
SELECT crm.attach_sales('shop.o', 'member', 'at', 'total', 'id', status_predicate => 'at < now()');
SELECT crm.attach_sales('shop.o', 'member', 'at', 'total', 'id', status_predicate => 'count(*) > 0');
CREATE FUNCTION shop.good(text) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN $1 = 'paid';
SELECT crm.attach_sales('shop.o', 'member', 'at', 'total', 'id', status_predicate => 'shop.good(status)');
SELECT (SELECT count(*) FROM crm.source WHERE id > 0) AS sources, (SELECT count(*) FROM crm.realm) AS realms, (SELECT count(*) FROM crm.member) AS members,
       (SELECT count(*) FROM pg_trigger WHERE tgrelid = 'shop.o'::regclass AND tgname ~ '^crm_') AS triggers, to_regclass('shop.m') IS NOT NULL AS safe;
-- it is stored as PostgreSQL writes it, and means the same under other settings
SELECT sales FROM crm.attach_sales('shop.o', 'member', 'at', 'total', 'id', status_predicate => E'status = ''paid'' -- not cancelled\n AND total > 0');
SELECT status_predicate FROM crm.source WHERE id > 0;
SELECT crm.attach_sales('shop.o', 'member', 'at', 'total', 'id');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT crm.sync_sales();
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT crm.reconcile_sales('shop.o');
ROLLBACK;
BEGIN;
CALL crm.backfill_sales('shop.o');
ROLLBACK;

-- two CRM schemas follow one table, each for itself
SELECT crm_member.create_crm('crm_b');
SELECT sales FROM crm_b.attach_sales('shop.o', 'member', 'at', 'total', 'id');
INSERT INTO shop.o (id, no, member, at, total, status) VALUES (3, 3, 'b', '2024-02-01', 10, 'paid'), (4, 4, 'b', '2024-02-01', 10, 'new');
SELECT (SELECT string_agg(source_key, ',' ORDER BY id) FROM crm.sale) AS a, (SELECT string_agg(source_key, ',' ORDER BY id) FROM crm_b.sale) AS b;
SELECT tgname FROM pg_trigger WHERE tgrelid = 'shop.o'::regclass AND NOT tgisinternal AND tgname LIKE 'crm%' ORDER BY 1;
SELECT sales FROM crm_b.detach_sales('o');
SELECT check_name, detail FROM crm_member.check_crm('crm_b') WHERE NOT ok;
SELECT crm_member.drop_crm('crm_b', confirm => 'crm_b');
INSERT INTO shop.o (id, no, member, at, total, status) VALUES (5, 5, 'b', '2024-02-01', 10, 'paid');
SELECT count(*) FROM crm.sale WHERE source_id = 1;

-- tables that refer to one table of customers share its members; a named realm does the same for others
CREATE TABLE shop.people (id bigint PRIMARY KEY);
INSERT INTO shop.people VALUES (7), (8);
CREATE TABLE shop.web (id uuid PRIMARY KEY, who bigint REFERENCES shop.people, day date, paid double precision);
CREATE TABLE shop.pos (id varchar(10) PRIMARY KEY, who bigint REFERENCES shop.people, at timestamp, paid integer);
CREATE TABLE shop.app (id smallint PRIMARY KEY, who char(4), at timestamptz, paid numeric(20,6));
INSERT INTO shop.web VALUES ('00000000-0000-0000-0000-000000000001', 7, '2024-03-01', 2.125), ('00000000-0000-0000-0000-000000000002', 7, '2024-03-02', -2.125), ('00000000-0000-0000-0000-000000000003', 8, '2024-03-02', 0.285);
INSERT INTO shop.pos VALUES ('p1', 7, '2024-03-01 23:30', 5), ('p2', NULL, '2024-03-01 23:30', 6);
INSERT INTO shop.app VALUES (1, '7', '2024-03-01 23:30+00', 1.005), (2, '', '2024-03-01 23:30+00', -1.005);
-- three amounts of web and two of app have more than two decimals: 2.13, -2.13, 0.29, 1.01, -1.01
SELECT sales, rounded FROM crm.attach_sales('shop.web', 'who', 'day', 'paid', 'id');
SELECT sales, rounded FROM crm.attach_sales('shop.pos', 'who', 'at', 'paid', 'id');
SELECT sales, rounded FROM crm.attach_sales('shop.app', 'who', 'at', 'paid', 'id', realm => 'shop.people');
SELECT o.name, s.source_key, k.key AS member, s.occurred_at, s.net_spend
FROM crm.sale AS s JOIN crm.source AS o ON o.id = s.source_id LEFT JOIN crm.member_key AS k ON k.member_id = s.member_id WHERE o.id > 1 ORDER BY o.id, s.source_key;
SELECT name FROM crm.realm ORDER BY id;
-- a day and a local time are of the zone of the schema: 1 March 23:30 there is 15:30 UTC, 23:30 UTC there is 2 March
SELECT h.history FROM crm.member_history AS h JOIN crm.member_key AS k USING (member_id) WHERE k.key = '7';
-- a member has joined no later than the first of its sales that is known
INSERT INTO shop.web VALUES ('00000000-0000-0000-0000-000000000004', 7, '2023-01-01', 1);
SELECT m.joined_at FROM crm.member AS m JOIN crm.member_key AS k ON k.member_id = m.id WHERE k.key = '7';
-- beyond what a sale can hold
INSERT INTO shop.app VALUES (3, '7', '2024-03-01', 99999999999999), (4, '7', 'infinity', 1), (5, NULL, '2024-03-01', 'NaN'), (6, '7', '0001-01-01 BC', 1), (7, '7', '2024-03-05', 1);
SELECT keys, code, reason FROM crm.captured ORDER BY id;
SELECT keys_taken, sales, waiting FROM crm.sync_sales('app');
UPDATE shop.app SET at = '2024-03-04', paid = 1 WHERE id IN (4, 5, 6);
SELECT keys_taken, sales, waiting FROM crm.sync_sales('app');
SELECT count(*) = (SELECT count(*) FROM shop.app) AS all_of_them FROM crm.sale WHERE source_id = 4;

-- refunds: of a sale of the same statement, of one that comes later in it, of none, of itself, of a refund; points follow
CREATE TYPE shop.state AS ENUM ('new', 'paid', 'void');
CREATE TABLE shop.r (id bigint PRIMARY KEY, who text, at timestamptz, paid numeric(10,2), of bigint, state shop.state DEFAULT 'paid', till shop.state, via text);
SELECT sales FROM crm.attach_sales('shop.r', 'who', 'at', 'paid', 'id', refund_of_column => 'of', store_column => 'till', channel_column => 'via', status_predicate => 'state = ''paid''', accrue_from => '2024-01-01');
INSERT INTO shop.r (id, who, at, paid, of, till, via) VALUES (2, 'x', '2024-05-02', -30, 1, 'new', 'web'), (1, 'x', '2024-05-01', 100, NULL, 'new', 'web'), (3, 'x', '2024-05-03', -5, 99, NULL, NULL), (4, 'x', '2024-05-03', -1, 4, NULL, NULL);
INSERT INTO shop.r (id, who, at, paid, of) VALUES (5, 'x', '2024-05-04', -2, 2), (6, 'x', '2024-05-04', 3, 1);
SELECT s.source_key, s.net_spend, o.source_key AS of, t.code AS store, s.channel FROM crm.sale AS s LEFT JOIN crm.sale AS o ON o.id = s.refund_of_id LEFT JOIN crm.store AS t ON t.id = s.store_id WHERE s.source_id = 5 ORDER BY 1;
-- 100 less 30 keeps 70 points; 5, 1 and 2 taken back of no sale; 3 earned: 65
SELECT a.balance FROM crm.account AS a JOIN crm.member_key AS k USING (member_id) WHERE k.key = 'x' AND a.asset_id = 1;
-- the sale is voided: its refund refunds none; it comes again, and its refund finds it, so that a reconcile finds nothing to do
UPDATE shop.r SET state = 'void' WHERE id = 1;
SELECT source_key, net_spend, refund_of_id FROM crm.sale WHERE source_id = 5 AND source_key IN ('1', '2');
UPDATE shop.r SET state = 'paid' WHERE id = 1;
SELECT o.source_key FROM crm.sale AS s JOIN crm.sale AS o ON o.id = s.refund_of_id WHERE s.source_key = '2';
SELECT missing, changed, surplus FROM crm.reconcile_sales('shop.r');
-- a refund that is told before its sale, and before it is paid; 40 less 10 and 20 less 20 keep 30 points
INSERT INTO shop.r (id, who, at, paid, of) VALUES (12, 'y', '2024-06-02', -10, 11);
INSERT INTO shop.r (id, who, at, paid, state) VALUES (11, 'y', '2024-06-01', 40, 'paid'), (13, 'y', '2024-06-03', 20, 'new');
INSERT INTO shop.r (id, who, at, paid, of) VALUES (14, 'y', '2024-06-04', -20, 13);
UPDATE shop.r SET state = 'paid' WHERE id = 13;
SELECT s.source_key, o.source_key AS of FROM crm.sale AS s JOIN crm.sale AS o ON o.id = s.refund_of_id WHERE s.source_key IN ('12', '14') ORDER BY 1;
SELECT a.balance FROM crm.account AS a JOIN crm.member_key AS k USING (member_id) WHERE k.key = 'y' AND a.asset_id = 1;
SELECT missing, changed, surplus FROM crm.reconcile_sales('shop.r');
DELETE FROM shop.r WHERE id IN (1, 2, 11, 12, 13, 14);
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;

-- on_error raise: what cannot be a sale fails the shop's statement
SELECT sales FROM crm.detach_sales('shop.r');
SELECT sales FROM crm.attach_sales('shop.r', 'who', 'at', 'paid', 'id', on_error => 'raise', accrue_from => '2024-01-01');
INSERT INTO shop.r (id, who, at, paid) VALUES (10, 'x', 'infinity', 1);
UPDATE shop.r SET at = 'infinity' WHERE id = 3;
SELECT count(*) AS waiting FROM crm.captured;

-- partitions: a row that moves, one that is truncated, one that is taken out
CREATE TABLE shop.p (id bigint NOT NULL, who bigint, at timestamptz NOT NULL, paid numeric, PRIMARY KEY (at, id)) PARTITION BY RANGE (at);
CREATE TABLE shop.p1 PARTITION OF shop.p FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
CREATE TABLE shop.p2 PARTITION OF shop.p FOR VALUES FROM ('2024-02-01') TO ('2024-03-01') PARTITION BY RANGE (id);
CREATE TABLE shop.p2a PARTITION OF shop.p2 FOR VALUES FROM (0) TO (1000);
SELECT crm.attach_sales('shop.p', 'who', 'at', 'paid', 'id');
CREATE INDEX ON shop.p (id);
SELECT crm.attach_sales('shop.p1', 'who', 'at', 'paid', 'id');
INSERT INTO shop.p VALUES (1, 1, '2024-01-05', 1), (1, 1, '2024-02-05', 1);
SELECT crm.attach_sales('shop.p', 'who', 'at', 'paid', 'id');
DELETE FROM shop.p WHERE at > '2024-02-01';
SELECT sales FROM crm.attach_sales('shop.p', 'who', 'at', 'paid', 'id');
SELECT count(*) AS triggers FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid WHERE c.relname ~ '^p[12]?a?$' AND t.tgname ~ '^crm_';
INSERT INTO shop.p2a VALUES (2, 1, '2024-02-05', 2);
INSERT INTO shop.p2 VALUES (3, 1, '2024-02-06', 3);
INSERT INTO shop.p VALUES (4, 1, '2024-01-06', 4), (5, 1, '2024-02-07', 5);
UPDATE shop.p SET at = '2024-02-08' WHERE id = 4;
UPDATE shop.p2a SET paid = 20 WHERE id = 2;
SELECT source_key, occurred_at, net_spend FROM crm.sale WHERE source_id = 6 ORDER BY 1;
TRUNCATE shop.p1;
SELECT string_agg(source_key, ',' ORDER BY source_key) FROM crm.sale WHERE source_id = 6;
ALTER TABLE shop.p DETACH PARTITION shop.p2;
INSERT INTO shop.p2a VALUES (6, 1, '2024-02-09', 6);
SELECT missing, changed, surplus, triggers_made FROM crm.reconcile_sales('shop.p');
SELECT count(*) AS sales FROM crm.sale WHERE source_id = 6;
SELECT count(*) AS triggers FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid WHERE c.relname ~ '^p2a?$' AND t.tgname ~ '^crm_';
-- renamed: followed, and called by its new name after a reconcile
ALTER TABLE shop.p RENAME TO parts;
INSERT INTO shop.parts VALUES (9, 1, '2024-01-09', 9);
SELECT missing, changed, surplus FROM crm.reconcile_sales('shop.parts');
SELECT name, (SELECT count(*) FROM crm.sale AS s WHERE s.source_id = o.id) AS sales FROM crm.source AS o WHERE id = 6;
-- a disabled trigger is found, and put right
ALTER TABLE shop.parts DISABLE TRIGGER crm_insert;
INSERT INTO shop.parts VALUES (11, 1, '2024-01-09', 9);
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT missing, changed, surplus, triggers_made FROM crm.reconcile_sales('shop.parts');
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
-- domains, beside tables of the types below them, in one session
CREATE DOMAIN shop.moment AS timestamptz;
CREATE TABLE shop.moments (id integer PRIMARY KEY, who text, at shop.moment, paid numeric);
INSERT INTO shop.moments VALUES (1, 'x', '2024-01-05 10:00+08', 1);
SELECT sales FROM crm.attach_sales('shop.moments', 'who', 'at', 'paid', 'id');
INSERT INTO shop.moments VALUES (2, 'x', '2024-01-06 10:00+08', 2), (3, 'x', 'infinity', 3), (4, 'x', '2024-01-06 10:00+08', 'NaN');
UPDATE shop.moments SET paid = 20 WHERE id = 2;
INSERT INTO shop.parts VALUES (12, 2, '2024-01-09', 12);
UPDATE shop.parts SET paid = 13 WHERE id = 12;
SELECT s.source_key, s.net_spend FROM crm.sale AS s JOIN crm.source AS o ON o.id = s.source_id WHERE o.table_name = 'moments' OR s.source_key = '12' ORDER BY 1;
SELECT keys_taken, sales, waiting FROM crm.sync_sales('shop.moments');
SELECT code, reason FROM crm.captured ORDER BY id;
-- a table that lost a column: check_crm says which, the others go on, and it can be let go
ALTER TABLE shop.moments RENAME COLUMN paid TO total;
INSERT INTO shop.moments VALUES (5, 'x', '2024-01-07 10:00+08', 5);
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT o.name, y.waiting FROM crm.sync_sales() AS y JOIN crm.source AS o ON o.id = y.source_id WHERE y.waiting > 0;
SELECT sales, dropped FROM crm.detach_sales('shop.moments');
SELECT sales, waiting FROM crm.attach_sales('shop.moments', 'who', 'at', 'total', 'id');
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT count(*) AS sales FROM crm.detach_sales('shop.moments');
-- constants of a predicate are read alike by every session
SET datestyle = 'German';
SELECT sales FROM crm.attach_sales('shop.moments', 'who', 'at', 'total', 'id', status_predicate => 'at > timestamp ''02.01.2024'' AT TIME ZONE ''UTC''');
RESET datestyle;
SELECT status_predicate FROM crm.source WHERE table_name = 'moments';
-- points from accrue_from on, to the microsecond: of the past, of one row and of several; 20 + 200 + 2000
CREATE TABLE shop.since (id integer PRIMARY KEY, who integer, at timestamptz, paid numeric);
SELECT now() - interval '1 day' AS since \gset
INSERT INTO shop.since VALUES (1, 41, :'since'::timestamptz - interval '1 microsecond', 10), (2, 41, :'since', 20);
SELECT sales FROM crm.attach_sales('shop.since', 'who', 'at', 'paid', 'id', accrue_from => :'since');
INSERT INTO shop.since VALUES (3, 41, :'since'::timestamptz - interval '1 microsecond', 100);
INSERT INTO shop.since VALUES (4, 41, :'since', 200);
INSERT INTO shop.since VALUES (5, 41, :'since'::timestamptz - interval '1 microsecond', 1000), (6, 41, :'since', 2000);
SELECT b.available FROM crm.member_key AS k JOIN crm.realm AS r ON r.id = k.realm_id, crm.points_balance(k.member_id) AS b WHERE r.name = 'shop.since.who';
-- a refund finds its sale whenever that comes, goes, comes back, or is one no more
CREATE TABLE shop.back (id integer PRIMARY KEY, who integer, at timestamptz, paid numeric, of integer, status text DEFAULT 'paid');
SELECT sales FROM crm.attach_sales('shop.back', 'who', 'at', 'paid', 'id', refund_of_column => 'of', status_predicate => 'status = ''paid''', accrue_from => '2024-01-01');
CREATE TEMP VIEW back AS
SELECT s.source_key AS id, s.net_spend, o.source_key AS refund_of, s.refund_of_key AS waits_for
FROM crm.sale AS s LEFT JOIN crm.sale AS o ON o.id = s.refund_of_id WHERE s.source_id = (SELECT c.id FROM crm.source AS c WHERE c.table_name = 'back') ORDER BY 1;
INSERT INTO shop.back VALUES (2, 7, now() - interval '9 days', -30, 1), (3, 7, now() - interval '8 days', 0, 1), (4, 7, now(), 5, 1), (6, 7, now(), -1, 2);
TABLE back;
INSERT INTO shop.back VALUES (1, 7, now() - interval '10 days', 100);
TABLE back;
-- 100 less 30, which is taken once; 5 more, and 1 less for the refund of a refund
SELECT b.available FROM crm.member_key AS k JOIN crm.realm AS r ON r.id = k.realm_id, crm.points_balance(k.member_id) AS b WHERE r.name = 'shop.back.who' AND k.key = '7';
UPDATE shop.back SET status = 'cancelled' WHERE id = 1;
TABLE back;
UPDATE shop.back SET status = 'paid' WHERE id = 1;
TABLE back;
UPDATE shop.back SET paid = -5 WHERE id = 1;
TABLE back;
UPDATE shop.back SET paid = 100 + 2 * id WHERE id IN (1, 2);
TABLE back;
-- of 102 go back 30, which leaves floor(102 x 72 / 102) = 72; 5 more, and 1 less for the refund of a refund
UPDATE shop.back SET paid = -30 WHERE id = 2;
SELECT b.available FROM crm.member_key AS k JOIN crm.realm AS r ON r.id = k.realm_id, crm.points_balance(k.member_id) AS b WHERE r.name = 'shop.back.who' AND k.key = '7';
-- a guest's sale with a refund is given to a member: 100 less 40; that the refund has another day changes nothing
INSERT INTO shop.back VALUES (11, NULL, now() - interval '5 days', 100, NULL), (12, NULL, now() - interval '4 days', -40, 11);
UPDATE shop.back SET who = 8 WHERE id = 11;
UPDATE shop.back SET at = at + interval '1 day' WHERE id = 12;
SELECT b.available FROM crm.member_key AS k JOIN crm.realm AS r ON r.id = k.realm_id, crm.points_balance(k.member_id) AS b WHERE r.name = 'shop.back.who' AND k.key = '8';
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
DROP VIEW back;
-- a trigger of the shop's that bears the name of one of ours stays
CREATE TABLE shop.named (id integer PRIMARY KEY, who integer, at date, paid numeric);
CREATE TRIGGER crm_insert BEFORE INSERT ON shop.named FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
SELECT sales FROM crm.attach_sales('shop.named', 'who', 'at', 'paid', 'id');
SELECT tgname, tgfoid::regproc FROM pg_trigger WHERE tgrelid = 'shop.named'::regclass;
DROP TABLE shop.named;
-- no key says that a sale has a source; check_crm does
BEGIN;
UPDATE crm.sale SET source_id = 99 WHERE id = (SELECT min(id) FROM crm.sale WHERE source_id = 6);
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok AND check_name LIKE 'sales come%';
ROLLBACK;
-- the triggers are the extension's to take along
SELECT count(*) AS depending FROM pg_depend WHERE classid = 'pg_trigger'::regclass AND deptype = 'x' AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'crm_member');
SELECT crm_member.drop_crm('crm', confirm => 'crm');
SELECT count(*) AS triggers FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid WHERE c.relnamespace = 'shop'::regnamespace AND NOT t.tgisinternal AND t.tgname LIKE 'crm%';
DROP SCHEMA shop CASCADE;
DROP SERVER crm_test_server CASCADE;
DROP FOREIGN DATA WRAPPER crm_test_fdw;
