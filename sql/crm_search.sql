-- sql/crm_search.sql
-- member_search: every way of finding, the order, readings, stores, hostile queries; keys kept by triggers.

SET client_min_messages = warning;
SET timezone = 'Asia/Shanghai';
\set VERBOSITY sqlstate
SELECT crm_member.create_crm('crm');
INSERT INTO crm.store (code, name) VALUES ('a', 'A'), ('b', 'B'), ('c', 'C');
CREATE ROLE crm_test_clerk;
CREATE ROLE crm_test_two;
SELECT crm_member.grant_crm('crm', 'crm_test_clerk', 'clerk', 1), crm_member.grant_crm('crm', 'crm_test_two', 'clerk', 1), crm_member.grant_crm('crm', 'crm_test_two', 'clerk', 2);
INSERT INTO crm.member (id, member_no, home_store_id, joined_at) SELECT i, lpad(i::text, 8, '0'), CASE WHEN i < 14 THEN 1 + i % 2 END, '2024-01-01' FROM generate_series(1, 16) AS i;
INSERT INTO crm.member_pii (member_id, full_name, phone, email) VALUES
  (1, '王芳', '13800000001', 'fang@example.com'), (2, '王小芳', '13800000002', NULL), (3, '王 芳', '13800001001', NULL), (4, '王芳芳', NULL, NULL),
  (5, '李王芳', '13900000001', NULL), (6, '單雄信', NULL, NULL), (7, '吕布', NULL, NULL), (8, 'Ann Lee', '+85221234567', 'ann@example.com'),
  (9, 'Müller, Anna', NULL, NULL), (10, '張(zhāng)三(sān)', NULL, NULL), (11, '欧阳娜娜', NULL, NULL), (12, 'Wang Fang', NULL, NULL),
  (13, $$Robert'); DROP TABLE x; --$$, NULL, NULL), (14, '司马懿', NULL, NULL), (15, '  ', NULL, NULL), (16, NULL, '13800000016', NULL);
SELECT number AS card FROM (SELECT (crm.card_issue(5, 'k', number => 'VIP-777')).card_no AS number) AS c \gset
SELECT member_id, name, pinyin, initials, tokens FROM crm.member_search WHERE member_id IN (2, 6, 8, 10, 15) ORDER BY 1;

CREATE FUNCTION pg_temp.find(query text, max_rows integer DEFAULT 20) RETURNS text LANGUAGE sql AS
  $$ SELECT string_agg(f.member_id || ' ' || f.matched, ', ' ORDER BY f.place) FROM ROWS FROM (crm.member_search(query, max_rows)) WITH ORDINALITY AS f(member_id, member_no, full_name, phone, home_store_id, is_open, matched, place) $$;
-- names that begin so, by the name, then by the id; then names that have it inside
SELECT q.query, pg_temp.find(q.query) AS found
FROM (VALUES (1, '王'), (2, '王芳'), (3, '王 芳'), (4, '芳'), (5, '小芳'), (6, '芳王'), (7, 'wang'), (8, 'wangf'), (9, 'wang fang'), (10, 'fang'), (11, 'wf'), (12, 'w'), (13, 'xf'),
             -- Traditional and Simplified, both readings of a surname, u with diaeresis as u or v, brackets of pinyin left out
             (14, '单'), (15, '單'), (16, 'shan'), (17, 'danxiong'), (18, 'lvbu'), (19, 'lubu'), (20, '张三'), (21, 'zhangsan'), (22, 'ouyang'), (23, 'nana'), (24, 'simayi'), (25, 'smy'),
             -- other letters
             (26, 'ann'), (27, 'LEE'), (28, 'muller'), (29, 'Müller'), (30, 'anna m'), (31, 'robert'), (32, 'ｗａｎｇ'),
             -- digits: member number, card, phone in full, in other writing, its end
             (33, '5'), (34, '00000005'), (35, 'vip777'), (36, 'VIP 777'), (37, '13800000001'), (38, '+86 138-0000-0001'), (39, '0001'), (40, '001'), (41, '01'), (42, '2123 4567'), (43, '１３８００００００１６'),
             (44, 'FANG@example.com'), (45, 'fang@'), (46, ''), (47, NULL), (48, '   ')) AS q(n, query) ORDER BY q.n;
-- hostile texts find nothing and break nothing
SELECT q.n, pg_temp.find(q.query) AS found
FROM (VALUES (1, $$' OR 1=1 --$$), (2, $$\'$$), (3, '%'), (4, '_'), (5, $$x':* | 'y$$), (6, '!&|()<->'), (7, 'store:1'), (8, repeat('王', 5000)), (9, E'\t\n'), (10, '\\'), (11, U&'\FFFF'), (12, U&'\200B'), (13, $$w' & 'f$$), (14, '''')) AS q(n, query) ORDER BY q.n;
SELECT * FROM crm.member_search('王', 2);
SELECT crm.member_search('王', 0);
SELECT crm.member_search('王', 201);
SELECT count(*) FROM crm.member_search('zzz');
-- what is no letter is left out: as 王 alone, not a name with 王 further inside
SELECT (SELECT string_agg(f.member_id || ' ' || f.matched, ', ') FROM crm.member_search('王*') AS f) = (SELECT string_agg(f.member_id || ' ' || f.matched, ', ') FROM crm.member_search('王') AS f) AS same;

-- a clerk finds the members of the own stores, by every way; nothing says that there are others
SET ROLE crm_test_clerk;
SELECT string_agg(q.query || ': ' || coalesce((SELECT string_agg(f.member_id::text, ' ') FROM crm.member_search(q.query) AS f), '-'), ', ' ORDER BY q.n) AS store_a
FROM (VALUES (1, '王'), (2, '芳'), (3, 'wang'), (4, 'wf'), (5, '0001'), (6, '13800000001'), (7, '00000005'), (8, 'vip777'), (9, 'fang@example.com'), (10, 'xiaofang'), (11, '司马'), (12, 'lee')) AS q(n, query);
SET ROLE crm_test_two;
SELECT string_agg(f.member_id::text, ' ') AS both_stores FROM crm.member_search('王') AS f;
SELECT count(*) AS without_store FROM crm.member_search('司马');
SELECT * FROM crm.member_search;
RESET ROLE;

-- keys follow names, stores and what goes
SELECT changed FROM crm.member_update(1, 'u1', full_name => '赵芳');
SELECT changed FROM crm.member_update(2, 'u2', store_id => 3);
UPDATE crm.member_pii SET full_name = NULL WHERE member_id = 4;
DELETE FROM crm.member_pii WHERE member_id = 5;
SELECT pg_temp.find('王') AS wang, pg_temp.find('赵') AS zhao;
SET ROLE crm_test_clerk;
SELECT count(*) FROM crm.member_search('赵');
RESET ROLE;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
DELETE FROM crm.member_search WHERE member_id < 10;
SELECT ok FROM crm_member.check_crm('crm') WHERE check_name = 'search keys are those of the names';
SELECT crm.rebuild_search();
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
-- a closed member is found and said to be closed
SELECT crm.member_close(12, 'x', closed_at => '2024-05-01') IS NOT NULL AS closed, (SELECT is_open FROM crm.member_search('wang fang') WHERE member_id = 12);
SELECT count(*) > 0 AS reads_noted FROM crm.audit_log WHERE action = 'read' AND subject = 'member_search';
SELECT crm_member.drop_crm('crm', 'crm');
DROP ROLE crm_test_clerk, crm_test_two;
