-- sql/crm_lines_points.sql
-- Points of an attached shop whose orders have lines: earned and taken back on whole orders, lines or none.
--
-- A point a yuan: 30 and 20; the first order becomes 33; 10, then 12 of it are
-- given back, then nothing: 50, 53, 43, 41, 53.

SET client_min_messages = warning;
\set VERBOSITY sqlstate
SELECT crm_member.create_crm('crm');
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id integer PRIMARY KEY, customer integer, at timestamptz NOT NULL, total numeric(12,2) NOT NULL, refund_of integer);
CREATE TABLE shop.order_items (order_id integer NOT NULL, sku text, n integer, price numeric);
CREATE INDEX ON shop.order_items (order_id);
SELECT sales FROM crm.attach_sales('shop.orders', 'customer', 'at', 'total', 'id', refund_of_column => 'refund_of', accrue_from => '2020-01-01');
SELECT lines FROM crm.attach_sale_lines('shop.order_items', 'order_id', 'sku', 'n', 'price');
INSERT INTO shop.orders VALUES (1, 1, now() - interval '5 days', 30), (2, 1, now() - interval '4 days', 20);
INSERT INTO shop.order_items VALUES (1, 'a', 1, 10), (1, 'b', 1, 20), (2, 'a', 2, 20);
SELECT balance FROM crm.points_balance(1);
UPDATE shop.orders SET total = 33 WHERE id = 1;
UPDATE shop.order_items SET price = 13 WHERE order_id = 1 AND sku = 'a';
SELECT balance FROM crm.points_balance(1);
INSERT INTO shop.orders VALUES (3, 1, now() - interval '1 day', -10, 1);
INSERT INTO shop.order_items VALUES (3, 'a', -1, -10);
SELECT balance FROM crm.points_balance(1);
SELECT count(*) AS lines FROM crm.sale_line;
UPDATE shop.orders SET total = -12 WHERE id = 3;
SELECT balance FROM crm.points_balance(1);
DELETE FROM shop.orders WHERE id = 3;
SELECT balance FROM crm.points_balance(1);
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
DROP SCHEMA shop CASCADE;
SELECT crm_member.drop_crm('crm', confirm => 'crm');
