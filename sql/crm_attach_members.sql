-- sql/crm_attach_members.sql
-- The shop's table of customers: what is there, INSERT, UPDATE, emptied and
-- messy values, orders that share the members, a shop session of another
-- DateStyle, detaching. Wanted rows by hand.
SET datestyle = 'ISO, YMD';
SET timezone = 'Asia/Shanghai';
\pset format unaligned
SELECT crm_member.create_crm('am');
CREATE SCHEMA shop;
CREATE TABLE shop.customers (id integer PRIMARY KEY, name varchar(50), mobile text, mail text, born date, gender text, city text, since timestamptz);
CREATE TABLE shop.orders (id integer PRIMARY KEY, customer_id integer REFERENCES shop.customers, at timestamptz, total numeric);
INSERT INTO shop.customers VALUES (1, '王芳', '138-0000-0001', 'Fang@Example.com', '1990-02-03', '女', '上海', '2020-01-01 00:00+08'), (2, '李雷', 'none', NULL, NULL, '男', NULL, NULL);
INSERT INTO shop.orders VALUES (1, 1, '2024-01-01', 100);
-- orders first: member 1 is known by its key alone
SELECT sales FROM am.attach_sales('shop.orders', 'customer_id', 'at', 'total', 'id');
SELECT * FROM am.attach_members('shop.customers', 'id', name_column => 'name', phone_column => 'mobile', email_column => 'mail', birth_day_column => 'born',
  sex_column => 'gender', region_column => 'city', joined_at_column => 'since');
CREATE VIEW people AS SELECT k.key, p.full_name, p.phone, p.email, p.birth_day, p.sex, m.region FROM am.member_key AS k JOIN am.member AS m ON m.id = k.member_id LEFT JOIN am.member_pii AS p USING (member_id);
SELECT * FROM people ORDER BY key;
SELECT r.name, count(*) FROM am.member_key AS k JOIN am.realm AS r ON r.id = k.realm_id GROUP BY 1;
-- triggers, whatever the session's date style
SET datestyle = 'SQL, DMY';
INSERT INTO shop.customers VALUES (3, '赵六', '13800000003', NULL, '2001-04-05', 'F', '北京', NULL), (4, '孙七', '13800000001', NULL, NULL, NULL, NULL, NULL);
SET datestyle = 'ISO, YMD';
UPDATE shop.customers SET name = '李磊', mobile = '13800000002' WHERE id = 2;
UPDATE shop.customers SET mail = NULL, city = '苏州' WHERE id = 1;
UPDATE shop.customers SET name = name;
UPDATE shop.customers SET city = NULL, born = NULL WHERE id = 3;
SELECT * FROM people ORDER BY key;
-- a family's phone: two members, noted as twins
SELECT count(*) AS twins FROM am.member_twin;
SELECT count(*) AS waiting FROM am.member_staged;
-- nothing reaches the shop; what cannot be taken waits with its reason
INSERT INTO shop.customers (id, name) VALUES (5, repeat('长', 40)), (6, NULL);
SELECT source_key, verdict, reason FROM am.member_staged;
UPDATE shop.customers SET name = '周八' WHERE id = 6;
SELECT source_key, verdict, reason FROM am.member_staged;
-- an erased customer stays erased
SELECT receipt_id > 0 AS erased FROM am.member_erase((SELECT member_id FROM am.member_key WHERE key = '3'), 'asked');
UPDATE shop.customers SET city = '天津' WHERE id = 3;
SELECT key, full_name, region FROM people WHERE key = '3';
SELECT verdict, reason FROM am.member_staged;
SELECT * FROM am.sync_members('shop.customers');
\set VERBOSITY terse
SELECT * FROM am.attach_members('shop.customers', 'id');
SELECT * FROM am.attach_members('shop.orders', 'id', name_column => 'nobody');
SELECT am.detach_members('shop.customers');
INSERT INTO shop.customers (id, name) VALUES (7, 'nobody');
SELECT count(*) FROM people WHERE key = '7';
SELECT am.detach_members('shop.customers');
SELECT looked_at, waiting FROM am.attach_members('shop.customers', 'id', name_column => 'name', phone_column => 'mobile');
SELECT count(*) FROM people WHERE key = '7';
SELECT * FROM crm_member.check_crm('am') WHERE NOT ok;
DROP VIEW people;
SELECT am.detach_members('shop.customers') >= 0 AS detached;
SELECT count(*) AS triggers_left FROM pg_trigger WHERE tgrelid = 'shop.customers'::regclass AND NOT tgisinternal;
-- a trigger of the shop's that bears the name of one of ours stays
CREATE TRIGGER am_members_insert BEFORE INSERT ON shop.customers FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
SELECT looked_at FROM am.attach_members('shop.customers', 'id', name_column => 'name');
DROP TRIGGER am_members_insert ON shop.customers;
\set VERBOSITY default
SELECT sales FROM am.detach_sales('shop.orders');
-- who attached and detached stands in the audit log
SELECT action, subject FROM am.audit_log WHERE action ~ 'attach|detach' ORDER BY id;
SELECT crm_member.drop_crm('am', 'am');
DROP TABLE shop.orders, shop.customers;
DROP SCHEMA shop;
