-- sql/crm_history.sql
-- member_history equals the query over the sales after every kind of statement.
--
-- differs() compares both ways; it must be 0 after each statement. The zone of
-- the schema is Asia/Shanghai, the session's is another.

SET client_min_messages = warning;
\set VERBOSITY sqlstate
SELECT crm_member.create_crm('crm');
CREATE FUNCTION pg_temp.differs() RETURNS bigint LANGUAGE sql AS $$
  WITH q AS (SELECT member_id, crm_member.purchase_history((occurred_at AT TIME ZONE 'Asia/Shanghai')::date, net_spend)::text AS history
             FROM crm.sale WHERE member_id IS NOT NULL GROUP BY member_id),
       h AS (SELECT member_id, history::text FROM crm.member_history WHERE history::text <> '{}')
  SELECT (SELECT count(*) FROM (TABLE q EXCEPT ALL TABLE h) AS x) + (SELECT count(*) FROM (TABLE h EXCEPT ALL TABLE q) AS x)
$$;
SELECT count(*) AS members FROM generate_series(1, 4) AS i, LATERAL crm.member_register('m' || i, joined_at => '2024-01-01 00:00+08');

-- several members in one statement, guests among them, one day in the zone of the schema
INSERT INTO crm.sale (member_id, occurred_at, net_spend) VALUES
  (2, '2024-03-01 23:59:59.999999+08', 10.50), (1, '2024-03-01 00:00+08', 20), (NULL, '2024-03-01 12:00+08', 5),
  (2, '2024-03-02 00:00+08', 1), (2, '2024-03-01 08:00+08', 0), (1, '2024-02-29 12:00+08', 7.25);
SELECT member_id, history FROM crm.member_history ORDER BY member_id;
SELECT pg_temp.differs();

-- late, back-dated, negative
INSERT INTO crm.sale (member_id, occurred_at, net_spend) VALUES (2, '2020-01-01 12:00+08', 3), (2, '2024-03-05 12:00+08', -10.50);
SELECT history FROM crm.member_history WHERE member_id = 2;
SELECT pg_temp.differs();

-- COPY
COPY crm.sale (member_id, occurred_at, net_spend) FROM stdin;
1	2024-05-01 10:00+08	1.10
3	2024-05-01 10:00+08	2.20
\N	2024-05-01 10:00+08	3.30
3	2024-05-02 10:00+08	4.40
\.
SELECT pg_temp.differs();

-- an update of amount, day, member, from and to a guest; and of what matters to no history
UPDATE crm.sale SET net_spend = net_spend + 1 WHERE member_id = 1;
SELECT pg_temp.differs();
UPDATE crm.sale SET occurred_at = occurred_at + interval '1 day' WHERE member_id = 2;
SELECT pg_temp.differs();
UPDATE crm.sale SET member_id = 4 - member_id WHERE member_id IN (1, 3);
SELECT pg_temp.differs();
UPDATE crm.sale SET member_id = CASE WHEN member_id IS NULL THEN 4 END WHERE member_id IS NULL OR member_id = 1;
SELECT pg_temp.differs();
CREATE TEMP TABLE before AS SELECT member_id, changed_at FROM crm.member_history;
UPDATE crm.sale SET channel = 'web', net_spend = net_spend;
SELECT count(*) AS rewritten FROM crm.member_history AS h JOIN before AS b USING (member_id) WHERE h.changed_at <> b.changed_at;
SELECT pg_temp.differs();

-- ON CONFLICT and MERGE: inserts, updates and deletes in one statement
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('a', 1, '2024-06-01 10:00+08', 1), ('b', 2, '2024-06-01 10:00+08', 2);
INSERT INTO crm.sale AS s (source_key, member_id, occurred_at, net_spend)
VALUES ('a', 3, '2024-06-02 10:00+08', 10), ('c', 1, '2024-06-01 10:00+08', 4)
ON CONFLICT (source_id, source_key) DO UPDATE SET member_id = excluded.member_id, occurred_at = excluded.occurred_at, net_spend = s.net_spend + excluded.net_spend;
SELECT pg_temp.differs();
MERGE INTO crm.sale AS s USING (VALUES ('a', 5.00), ('b', NULL), ('d', 6.00)) AS v(key, amount) ON s.source_id = 0 AND s.source_key = v.key
WHEN MATCHED AND v.amount IS NULL THEN DELETE
WHEN MATCHED THEN UPDATE SET net_spend = v.amount
WHEN NOT MATCHED THEN INSERT (source_key, member_id, occurred_at, net_spend) VALUES (v.key, 2, '2024-06-03 10:00+08', v.amount);
SELECT pg_temp.differs();

-- one statement that inserts, updates and deletes by its parts; a row that the first part touched stays as it is
WITH a AS (UPDATE crm.sale SET net_spend = net_spend + 100 WHERE source_key = 'c' RETURNING id),
     b AS (DELETE FROM crm.sale WHERE source_key = 'd' RETURNING id)
INSERT INTO crm.sale (member_id, occurred_at, net_spend) SELECT 4, '2024-07-01 10:00+08', count(*) FROM a, b;
SELECT pg_temp.differs();

-- twice in one transaction, rolled back to a savepoint between
BEGIN;
INSERT INTO crm.sale (member_id, occurred_at, net_spend) VALUES (1, '2024-08-01 10:00+08', 9);
SAVEPOINT s;
DELETE FROM crm.sale WHERE member_id = 1;
ROLLBACK TO s;
UPDATE crm.sale SET net_spend = 8 WHERE net_spend = 9 AND member_id = 1;
COMMIT;
SELECT pg_temp.differs();

-- corrections leave what was believed before
SELECT sale_id, net_spend, removed, known_from < known_to AS in_order FROM crm.sale_past AS p WHERE member_id = 1 AND occurred_at >= '2024-08-01 00:00+08' ORDER BY id;
-- an id, the past and all sales at once: refused
UPDATE crm.sale SET id = id + 1000 WHERE source_key = 'a';
UPDATE crm.sale_past SET net_spend = 0;
DELETE FROM crm.sale_past;
TRUNCATE crm.sale_past;
TRUNCATE crm.sale CASCADE;
MERGE INTO crm.sale_past AS p USING (VALUES (1)) AS v(x) ON true WHEN MATCHED THEN DELETE;
SELECT pg_temp.differs();

-- everything deleted; rebuilt from nothing; amounts that are none
DELETE FROM crm.sale WHERE member_id = 3;
SELECT history FROM crm.member_history WHERE member_id = 3;
SELECT pg_temp.differs();
UPDATE crm.member_history SET history = NULL WHERE member_id = 1;
UPDATE crm.member_history SET history = '{2000-01-01:1:1}' WHERE member_id = 3;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT crm.rebuild_histories(only_missing => true), crm.rebuild_histories(), crm.rebuild_histories();
SELECT pg_temp.differs();
INSERT INTO crm.sale (member_id, occurred_at, net_spend) VALUES (1, '2024-08-01 10:00+08', 'NaN');
INSERT INTO crm.sale (member_id, occurred_at, net_spend) VALUES (1, 'infinity', 1);
INSERT INTO crm.sale (member_id, occurred_at, net_spend) VALUES (99, '2024-08-01 10:00+08', 1);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT crm.rebuild_histories();
ROLLBACK;
SELECT pg_temp.differs();
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT crm_member.drop_crm('crm', confirm => 'crm');
