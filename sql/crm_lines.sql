-- sql/crm_lines.sql
-- The lines of an attached shop's orders: what comes, changes and goes, in any order; baskets are equal to the shop's.
--
-- differs() compares sale_line with the shop's lines of paid orders both ways;
-- it must be 0 after each statement.

SET client_min_messages = warning;
\set VERBOSITY sqlstate
SELECT crm_member.create_crm('crm');
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id integer PRIMARY KEY, customer integer, at timestamptz NOT NULL, total numeric(12,2) NOT NULL, status text NOT NULL DEFAULT 'paid');
CREATE TABLE shop.order_items (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, order_id integer NOT NULL, sku text, n integer, price float8, note text);
INSERT INTO shop.orders VALUES (1, 1, '2024-01-01 10:00+08', 30, 'paid'), (2, 1, '2024-01-02 10:00+08', 20, 'paid'), (3, 2, '2024-01-03 10:00+08', 10, 'cancelled');
INSERT INTO shop.order_items (order_id, sku, n, price) VALUES (1, 'a', 1, 10), (1, 'b', 2, 20.005), (2, 'a', 1, 20), (3, 'c', 1, 10), (9, 'z', 1, 1);
CREATE FUNCTION pg_temp.differs() RETURNS TABLE (differ bigint, lines bigint) LANGUAGE sql AS $$
  WITH q AS (SELECT i.order_id::text, i.sku, coalesce(i.n, 1)::numeric, CASE WHEN i.price = 'NaN' THEN 0 ELSE coalesce(round(i.price::numeric, 2), 0) END
             FROM shop.order_items AS i JOIN shop.orders AS o ON o.id = i.order_id WHERE o.status = 'paid' AND o.total >= 0),
       h AS (SELECT s.source_key, p.code, y.quantity, y.list_amount FROM crm.sale_line AS y JOIN crm.sale AS s ON s.id = y.sale_id LEFT JOIN crm.product AS p ON p.id = y.product_id)
  SELECT (SELECT count(*) FROM (TABLE q EXCEPT ALL TABLE h) AS x) + (SELECT count(*) FROM (TABLE h EXCEPT ALL TABLE q) AS x), (SELECT count(*) FROM q)
$$;
-- not without the orders, an index, or the right columns; and then nothing is left
SELECT crm.attach_sale_lines('shop.order_items', 'order_id', 'sku');
SELECT sales FROM crm.attach_sales('shop.orders', 'customer', 'at', 'total', 'id', status_predicate => 'status = ''paid''');
SELECT crm.attach_sale_lines('shop.order_items', 'order_id', 'sku');
CREATE INDEX ON shop.order_items (order_id);
SELECT crm.attach_sale_lines('shop.order_items', 'sku', 'sku');
SELECT crm.attach_sale_lines('shop.order_items', 'order_id', 'name');
-- a trigger of the shop's that bears the name of one of ours stays
CREATE TRIGGER crm_lines_update BEFORE UPDATE ON shop.order_items FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
SELECT crm.attach_sale_lines('shop.order_items', 'order_id', 'sku');
DROP TRIGGER crm_lines_update ON shop.order_items;
SELECT crm.attach_sale_lines('shop.order_items', 'order_id', 'sku', 'sku');
SELECT crm.attach_sale_lines('shop.order_items', 'order_id', 'sku', mode => 'x');
SELECT crm.attach_sale_lines('shop.orders', 'id', 'id');
SELECT crm.attach_sale_lines('shop.order_items', 'order_id', 'sku', sales => 'nothing');
SELECT (SELECT count(*) FROM crm.line_source) AS sources, (SELECT count(*) FROM pg_trigger WHERE tgrelid = 'shop.order_items'::regclass) AS triggers;

SELECT lines, waiting FROM crm.attach_sale_lines('shop.order_items', sale_key_column => 'order_id', product_column => 'sku', quantity_column => 'n', amount_column => 'price');
SELECT s.source_key, y.line_no, p.code, y.quantity, y.list_amount, y.payable_amount, y.money_amount FROM crm.sale_line AS y JOIN crm.sale AS s ON s.id = y.sale_id JOIN crm.product AS p ON p.id = y.product_id ORDER BY 1, 2;
SELECT * FROM pg_temp.differs();
SELECT crm.attach_sale_lines('shop.order_items', 'order_id', 'sku');

-- an order and its lines in one transaction, lines first, order first, and both in one statement
BEGIN;
INSERT INTO shop.orders VALUES (4, 3, '2024-01-04 10:00+08', 40);
INSERT INTO shop.order_items (order_id, sku, n, price) VALUES (4, 'a', 1, 40), (4, NULL, 1, 0), (4, 'd', NULL, NULL), (4, 'e', 1, 'NaN');
COMMIT;
SELECT * FROM pg_temp.differs();
INSERT INTO shop.order_items (order_id, sku, n, price) VALUES (5, 'a', 1, 50), (5, 'b', 1, 5);
INSERT INTO shop.orders VALUES (5, 3, '2024-01-05 10:00+08', 50);
SELECT * FROM pg_temp.differs();
WITH o AS (INSERT INTO shop.orders VALUES (6, 4, '2024-01-06 10:00+08', 60)) INSERT INTO shop.order_items (order_id, sku, n, price) VALUES (6, 'a', 1, 60);
SELECT * FROM pg_temp.differs();
-- a cancelled order is paid, and another is cancelled
UPDATE shop.orders SET status = 'paid' WHERE id = 3;
SELECT * FROM pg_temp.differs();
UPDATE shop.orders SET status = 'cancelled' WHERE id = 5;
SELECT * FROM pg_temp.differs();
-- lines change, move to another order, go; what matters to no line writes nothing
UPDATE shop.order_items SET price = price + 1 WHERE order_id = 1;
SELECT * FROM pg_temp.differs();
UPDATE shop.order_items SET order_id = 2 WHERE order_id = 4 AND sku = 'a';
SELECT * FROM pg_temp.differs();
DELETE FROM shop.order_items WHERE sku = 'b';
SELECT * FROM pg_temp.differs();
UPDATE shop.order_items SET note = 'x';
SELECT * FROM pg_temp.differs();
COPY shop.order_items (order_id, sku, n, price) FROM stdin;
1	f	3	1.5
2	f	4	2.5
\.
SELECT * FROM pg_temp.differs();
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;

-- a member's refund has no lines here; the sale that it refunds keeps its own, and points go by the whole
INSERT INTO shop.orders VALUES (7, 3, '2024-01-07 10:00+08', -10);
INSERT INTO shop.order_items (order_id, sku, n, price) VALUES (7, 'a', -1, -10);
SELECT * FROM pg_temp.differs();

-- deferred: what is captured waits for the sync
UPDATE crm.line_source SET mode = 'deferred';
INSERT INTO shop.order_items (order_id, sku, n, price) VALUES (1, 'g', 1, 1);
UPDATE shop.orders SET total = 31 WHERE id = 2;
SELECT * FROM pg_temp.differs();
SELECT keys, code, reason FROM crm.captured_line ORDER BY id;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT keys_taken, lines, waiting FROM crm.sync_sale_lines();
SELECT * FROM pg_temp.differs();
UPDATE crm.line_source SET mode = 'immediate';
BEGIN ISOLATION LEVEL SERIALIZABLE;
INSERT INTO shop.order_items (order_id, sku, n, price) VALUES (1, 'h', 1, 1);
COMMIT;
SELECT count(*) AS waiting FROM crm.captured_line;
SELECT keys_taken, lines FROM crm.sync_sale_lines('order_items');
SELECT * FROM pg_temp.differs();

-- the shop's statement succeeds whatever happens to the CRM, unless it is to be told
ALTER TABLE crm.product ADD CONSTRAINT test CHECK (code <> 'bad');
INSERT INTO shop.order_items (order_id, sku, n, price) VALUES (1, 'bad', 1, 1), (2, 'good', 1, 1);
SELECT code, keys FROM crm.captured_line;
SELECT keys_taken, lines, waiting FROM crm.sync_sale_lines('shop.order_items');
SELECT code, keys, tries FROM crm.captured_line;
UPDATE crm.line_source SET on_error = 'raise';
INSERT INTO shop.order_items (order_id, sku, n, price) VALUES (4, 'bad', 1, 1);
UPDATE crm.line_source SET on_error = 'queue';
ALTER TABLE crm.product DROP CONSTRAINT test;
SELECT keys_taken, lines, waiting FROM crm.sync_sale_lines();
SELECT * FROM pg_temp.differs();

-- what no trigger sees: check_crm says so, and reconcile mends it
SET session_replication_role = replica;
INSERT INTO shop.order_items (order_id, sku, n, price) VALUES (1, 'i', 1, 1);
DELETE FROM shop.order_items WHERE order_id = 2;
RESET session_replication_role;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT * FROM crm.reconcile_sale_lines('shop.order_items');
SELECT * FROM pg_temp.differs();
-- renamed; then emptied
ALTER TABLE shop.order_items RENAME TO lines;
SELECT lines, waiting FROM crm.reconcile_sale_lines('shop.lines');
INSERT INTO shop.lines (order_id, sku, n, price) VALUES (1, 'k', 1, 1);
SELECT count(*) FROM crm.sale_line AS y JOIN crm.product AS p ON p.id = y.product_id WHERE p.code = 'k';
TRUNCATE shop.lines;
SELECT count(*) AS lines FROM crm.sale_line;
-- who may
CREATE ROLE crm_test_app;
SELECT crm_member.grant_crm('crm', 'crm_test_app', 'app');
SET ROLE crm_test_app;
SELECT lines FROM crm.sync_sale_lines();
SELECT crm.detach_sale_lines('shop.lines');
RESET ROLE;
DROP OWNED BY crm_test_app;
DROP ROLE crm_test_app;
DELETE FROM crm.access;
-- without the extension the shop goes on; put back, upgrade_crm reads what it did
DROP EXTENSION crm_member CASCADE;
INSERT INTO shop.lines (order_id, sku, n, price) VALUES (1, 'm', 1, 1);
CREATE EXTENSION crm_member;
SELECT crm_member.upgrade_crm('crm');
SELECT p.code FROM crm.sale_line AS y JOIN crm.product AS p ON p.id = y.product_id;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
-- a table that lost a column is named, is no obstacle to an upgrade, and goes on when the column is back
ALTER TABLE shop.lines RENAME COLUMN sku TO code;
INSERT INTO shop.lines (order_id, code, n, price) VALUES (1, 'n', 1, 1);
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT keys_taken, lines, waiting FROM crm.sync_sale_lines();
DROP EXTENSION crm_member CASCADE;
CREATE EXTENSION crm_member;
SELECT crm_member.upgrade_crm('crm');
ALTER TABLE shop.lines RENAME COLUMN code TO sku;
SELECT keys_taken, lines, waiting FROM crm.sync_sale_lines();
SELECT p.code FROM crm.sale_line AS y JOIN crm.product AS p ON p.id = y.product_id ORDER BY 1;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
-- let go: nothing is left on the shop's side; with the two columns that must be, quantities are 1 and amounts 0.00
SELECT lines, dropped FROM crm.detach_sale_lines('shop.lines');
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'shop.lines'::regclass OR tgname LIKE 'sale_60%';
SELECT crm.detach_sale_lines('shop.lines');
SELECT action, subject FROM crm.audit_log WHERE action ~ 'lines' ORDER BY id;
SELECT lines FROM crm.attach_sale_lines('shop.lines', 'order_id', 'sku', line_column => 'id');
INSERT INTO shop.lines (order_id, sku) VALUES (1, 'b'), (1, 'a');
SELECT y.line_no, p.code, y.quantity, y.list_amount FROM crm.sale_line AS y JOIN crm.product AS p ON p.id = y.product_id ORDER BY 1;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
DROP SCHEMA shop CASCADE;
SELECT crm_member.drop_crm('crm', confirm => 'crm');
