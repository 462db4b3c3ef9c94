-- sql/crm_import.sql
-- Imports: messy rows, duplicates inside and outside of a batch, repairs, dry
-- runs, sales with refunds, control totals. Wanted verdicts by hand, row by row.
SET datestyle = 'ISO, YMD';
SET timezone = 'Asia/Shanghai';
\pset format unaligned
SELECT crm_member.create_crm('imp');
INSERT INTO imp.store (code, name) VALUES ('S1', 'one');
SELECT member_id FROM imp.member_register('r1', full_name => '陈静', phone => '13900000001', email => 'jing@example.com');

-- opening is idempotent
SELECT imp.import_open('m1', 'member', 'erp', rows_expected => 17) = imp.import_open('m1', 'member', 'erp', rows_expected => 17) AS same;
\set VERBOSITY terse
SELECT imp.import_open('m1', 'member', 'other');
SELECT imp.import_open('m2', 'goods', 'erp');
SELECT imp.import_open('m2', 'member', 'erp', phone_region => 'XX');
-- phones are read as those of the doors are
BEGIN;
INSERT INTO imp.setting (key, value, meaning) VALUES ('phone_region', '"US"', 'of this test');
SELECT imp.import_open('us', 'member', 'erp') > 0 AS opened;
SELECT phone_region FROM imp.import_batch WHERE name = 'us';
ROLLBACK;
SELECT count(*) FROM imp.member_import('nothing');
SELECT count(*) FROM imp.sale_import('m1');

SELECT imp.import_stage('m1', '[
  {"source_key": "1", "full_name": "　王芳　", "phone": "１３８－００００－０００１", "birth_day": "1990年2月3日", "sex": "女", "store": "S1", "joined_at": "44561"},
  {"source_key": "2", "full_name": "營(yíng)銷(xiāo)", "phone": "+86 138 0000 0002", "email": "A@Example.COM", "birth_day": "32874", "sex": "M"},
  {"source_key": "3", "full_name": "陳靜", "phone": "8613900000001", "sex": "2", "birth_day": "1985-02-20", "birth_calendar": "农历"},
  {"source_key": "4", "full_name": "李雷", "phone": "139 0000 0001"},
  {"source_key": "5", "full_name": "王芳", "phone": "13800000001", "email": "fang@example.com"},
  {"source_key": "6", "full_name": "王方", "phone": "13800000001"},
  {"source_key": "1", "full_name": "王芳", "phone": "13800000001"},
  {"source_key": "8", "full_name": "赵六", "phone": "12345"},
  {"source_key": "9", "full_name": "孙七", "birth_day": "1990-02-30", "sex": "?", "email": "none at all"},
  {"source_key": "", "full_name": "周八", "phone": "13800000008"},
  {"source_key": "11", "full_name": "null", "phone": "-", "email": "N/A"},
  {"source_key": "12", "full_name": "吴九", "store": "S9"},
  {"source_key": "13", "full_name": "郑十", "birth_day": "2999-01-01", "joined_at": "2999-01-01"},
  {"source_key": "14", "full_name": "Ann", "email": "fang@example.com"},
  {"source_key": "15", "phone": "13800000002"},
  {"source_key": 16, "full_name": "黄一", "phone": 13800000016},
  {"source_key": "17", "full_name": "黄一", "phone": "13800000016", "email": "yi@example.com"}
]');
-- the dry run says it all and does nothing
SELECT verdict, reason, count(*) FROM imp.member_import('m1', dry_run => true) GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(*) AS members, (SELECT count(*) FROM imp.member_staged WHERE verdict IS NOT NULL) AS judged FROM imp.member;
SELECT row_id, source_key, verdict, reason, member_id IS NOT NULL AS member FROM imp.member_import('m1');
-- 3 is the member of before, 5 that of 1, 15 that of 2, 17 that of 16; 5 brings its member the address of 14
SELECT s.source_key, s.verdict, m.full_name, m.phone, m.email, m.birth_day, m.birth_calendar, m.sex FROM imp.member_staged AS s JOIN imp.member_pii AS m USING (member_id) ORDER BY s.id;
SELECT joined_at, home_store_id, acquired_by FROM imp.member WHERE id = (SELECT member_id FROM imp.member_staged WHERE source_key = '1' AND verdict = 'new');
SELECT count(DISTINCT member_id) AS persons, count(member_id) AS rows FROM imp.member_staged;
SELECT reason, count(*) FROM imp.member_twin GROUP BY 1 ORDER BY 1;
SELECT reasons, imp.member_twin_dismiss(member_id, other_id) AS settled FROM imp.member_twins() WHERE reasons = 'email';
-- what was taken has no personal data left, what was refused keeps it
SELECT verdict = 'rejected' AS rejected, count(*), count(full_name) AS names, count(phone) AS phones FROM imp.member_staged GROUP BY 1 ORDER BY 1;
-- again: nothing is judged twice
SELECT verdict, count(*) FROM imp.member_import('m1') GROUP BY 1 ORDER BY 1;
SELECT count(*) AS members FROM imp.member;
SELECT * FROM imp.import_report('m1');
-- repaired rows are judged again
SELECT imp.import_repair('m1', s.id, '{"phone": "13800000003"}') FROM imp.member_staged AS s WHERE s.source_key = '8';
SELECT imp.import_repair('m1', 1, '{"phone": "13800000003"}');
SELECT imp.import_repair('m1', 1, '{"verdict": "new"}');
UPDATE imp.member_staged SET store = 'S1' WHERE source_key = '12';
SELECT source_key, verdict, reason FROM imp.member_import('m1') WHERE source_key IN ('8', '9', '12') ORDER BY row_id;
-- lenient: the rest without what cannot be read
UPDATE imp.member_staged SET acquired_by = 'fair' WHERE source_key IN ('9', '13');
SELECT source_key, verdict, reason FROM imp.member_import('m1', lenient => true) WHERE source_key IN ('9', '13') ORDER BY row_id;
SELECT imp.import_discard('m1');

-- the next delivery of the source: keys are known
SELECT imp.import_open('m2', 'member', 'erp') > 0 AS opened;
INSERT INTO imp.member_staged (batch, source_key, full_name, phone, region) VALUES ('m2', '1', '王芳芳', NULL, '上海'), ('m2', '2', '营销', '13800000002', NULL), ('m2', '2', 'again', NULL, NULL), ('m2', '16', NULL, '', NULL);
SELECT source_key, verdict, reason FROM imp.member_import('m2');
SELECT p.full_name, p.phone, m.region FROM imp.member_pii AS p JOIN imp.member AS m ON m.id = p.member_id JOIN imp.member_key AS k ON k.member_id = m.id WHERE k.key IN ('1', '16') ORDER BY k.key;

-- sales: members by key, number and phone; refunds before their sale; rounding
SELECT imp.import_open('s1', 'sale', 'erp', rows_expected => 14, amount_expected => 1234.75) > 0 AS opened;
SELECT imp.import_stage('s1', '[
  {"source_key": "R1", "member_key": "1", "occurred_at": "2024-03-02 10:00", "amount": "-100.00", "refund_of_key": "A1"},
  {"source_key": "A1", "member_key": "1", "occurred_at": "2024-03-01 10:00:00", "amount": "￥1,200.50", "store": "S1", "channel": "web"},
  {"source_key": "A2", "phone": "138 0000 0016", "occurred_at": "45352.5", "amount": "99.995"},
  {"source_key": "A3", "member_no": "00000001", "occurred_at": "2024年3月3日", "amount": "(1.25)"},
  {"source_key": "A4", "occurred_at": "20240304", "amount": "12.5元"},
  {"source_key": "A5", "member_key": "404", "occurred_at": "2024-03-01", "amount": "1"},
  {"source_key": "A6", "member_key": "1", "occurred_at": "1/3/2024", "amount": "1"},
  {"source_key": "A7", "member_key": "1", "occurred_at": "2024-03-01", "amount": "1O"},
  {"source_key": "A8", "member_key": "1", "occurred_at": "2024-03-01", "amount": "1", "store": "S9"},
  {"source_key": "A9", "member_key": "1", "occurred_at": "2024-03-01", "amount": "-1", "refund_of_key": "A404"},
  {"source_key": "A2", "member_key": "1", "occurred_at": "2024-03-01", "amount": "1"},
  {"source_key": "B1", "member_key": "1", "occurred_at": "2024-03-01", "amount": "5", "refund_of_key": "A1"},
  {"source_key": "B2", "member_key": "1", "occurred_at": "2999-03-01", "amount": "5"},
  {"member_key": "1", "occurred_at": "", "amount": ""}
]');
SELECT verdict, count(*) FROM imp.sale_import('s1', dry_run => true) GROUP BY 1 ORDER BY 1;
SELECT source_key, verdict, reason FROM imp.sale_import('s1');
SELECT s.source_key, s.member_id IS NOT NULL AS member, s.store_id, s.occurred_at, s.net_spend, o.source_key AS refund_of, s.channel
FROM imp.sale AS s LEFT JOIN imp.sale AS o ON o.id = s.refund_of_id ORDER BY s.source_key;
SELECT * FROM imp.import_report('s1');
SELECT imp.import_repair('s1', s.id, '{"amount": "10", "occurred_at": "2024-03-05"}') FROM imp.sale_staged AS s WHERE s.source_key = 'A7';
SELECT source_key, verdict, reason FROM imp.sale_import('s1') WHERE source_key = 'A7';
-- histories follow; imported sales bring no points
SELECT crm_member.net_spend(h.history) AS net_spend, crm_member.order_count(h.history) AS orders
FROM imp.member_history AS h JOIN imp.member_key AS k ON k.member_id = h.member_id WHERE k.key = '1';
SELECT count(*) AS ledger_events FROM imp.ledger_event;
-- a later delivery corrects a sale
SELECT imp.import_open('s2', 'sale', 'erp') > 0 AS opened;
SELECT imp.import_stage('s2', '[{"source_key": "A4", "occurred_at": "20240304", "amount": "13"}, {"source_key": "A2", "phone": "13800000016", "occurred_at": "45352.5", "amount": "100"}]');
CALL imp.import_run('s2', batch_rows => 1);
SELECT source_key, verdict FROM imp.sale_staged WHERE batch = 's2' ORDER BY id;
SELECT job, subject, state, rows_done, rows_expected FROM imp.job_run WHERE job = 'import';

-- rights
CREATE ROLE imp_clerk;
SELECT crm_member.grant_crm('imp', 'imp_clerk', 'clerk');
SET ROLE imp_clerk;
SELECT count(*) FROM imp.member_import('m1');
SELECT imp.import_report('m1');
SELECT count(*) FROM imp.member_staged;
RESET ROLE;
-- every column of the staging tables is classified; an erased member is not taken in again
SELECT count(*) AS unclassified FROM imp.column_classes WHERE relation IN ('import_batch', 'member_staged', 'sale_staged') AND class IS NULL;
SELECT receipt_id > 0 AS erased FROM imp.member_erase((SELECT member_id FROM imp.member_key WHERE key = '2'), 'asked');
INSERT INTO imp.member_staged (batch, source_key, full_name) VALUES ('m2', '2', 'x');
SELECT verdict, reason FROM imp.member_import('m2') ORDER BY row_id DESC LIMIT 1;
SELECT * FROM crm_member.check_crm('imp') WHERE NOT ok;
SELECT crm_member.drop_crm('imp', 'imp');
DROP ROLE imp_clerk;
