-- sql/crm_privacy.sql
-- What is personal, export, erasure, retention: every column classified, nothing of an erased person left, the books as they were.

\set VERBOSITY sqlstate
SET client_min_messages = warning;
SET timezone = 'Asia/Shanghai';
CREATE ROLE crm_test_owner;
CREATE ROLE crm_test_manager;
CREATE ROLE crm_test_clerk;
SELECT format('GRANT CREATE ON DATABASE %I TO crm_test_owner', current_database()) \gexec
SET ROLE crm_test_owner;
SELECT crm_member.create_crm('crm');
INSERT INTO crm.store (code, name) VALUES ('s1', 'one'), ('s2', 'two');
SELECT crm_member.grant_crm('crm', 'crm_test_manager', 'manager', 1);
SELECT crm_member.grant_crm('crm', 'crm_test_clerk', 'clerk', 1);

-- every column of every table and materialized view has a class
SELECT relation, column_name, data_type FROM crm.column_classes WHERE class IS NULL;
-- personal ones are in tables that lead to a member, so that an erasure finds them
SELECT k.relation, k.column_name FROM crm.column_classes AS k WHERE k.class = 'personal' AND NOT EXISTS (SELECT FROM crm._member_tables() AS m WHERE m.relation = k.relation);
-- reports hold none
SELECT k.relation, k.column_name FROM crm.column_classes AS k JOIN pg_class AS c ON c.relname = k.relation AND c.relnamespace = 'crm'::regnamespace WHERE c.relkind = 'm' AND k.class <> 'none';
-- a column that the shop adds has none until somebody says, and stops an erasure meanwhile
ALTER TABLE crm.member_pii ADD COLUMN wedding_day date, ADD COLUMN nickname text;
SELECT column_name, class FROM crm.column_classes WHERE relation = 'member_pii' AND column_name IN ('wedding_day', 'nickname') ORDER BY column_name;
SELECT member_id FROM crm.member_register('r0', 'Nobody', store_id => 1);
SELECT * FROM crm.member_erase(1, 'asked');
COMMENT ON COLUMN crm.member_pii.nickname IS 'personal: what friends say';
COMMENT ON COLUMN crm.member_pii.wedding_day IS 'personal: for a present';
-- a table of the shop's own is covered as soon as it refers to member
CREATE TABLE crm.shop_note (id bigint PRIMARY KEY, customer bigint NOT NULL REFERENCES crm.member, words text NOT NULL, more jsonb NOT NULL DEFAULT '{}');
COMMENT ON COLUMN crm.shop_note.words IS 'personal: what the clerk wrote';
COMMENT ON COLUMN crm.shop_note.more IS 'personal: more of it';
CREATE INDEX shop_note_customer ON crm.shop_note (customer);

-- two persons with the same traces; one of them was registered twice
CREATE FUNCTION pg_temp.person(nr integer, name text, phone text, mail text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE m bigint; BEGIN
  SELECT member_id INTO m FROM crm.member_register('r' || nr, name, phone, mail, '1990-01-01', 'female', store_id => 1, region => 'Shanghai', acquired_by => 'friend of ' || name);
  UPDATE crm.member_pii SET address = name || ' Road 1', nickname = name, wedding_day = '2020-02-20' WHERE member_id = m;
  PERFORM crm.sale_record('s' || nr, '[{"list_amount": 100}]', jsonb_build_array(jsonb_build_object('kind', 'wechat', 'amount', 100, 'reference', mail)), member_id => m, store_id => 1);
  PERFORM crm.tier_pin('t' || nr, m, 'gold', now() + interval '1 year', reason => 'friend: ' || name);
  PERFORM crm.consent_give('c' || nr, m, 'marketing', 'v1', 'sms', evidence => 'signed by ' || name);
  INSERT INTO crm.outbox (topic, member_id, body) VALUES ('birthday', m, jsonb_build_object('to', phone)), ('welcome', m, jsonb_build_object('to', phone));
  UPDATE crm.outbox SET state = 'sent', note = 'delivered to ' || phone WHERE member_id = m AND topic = 'welcome';
  PERFORM crm.member_reveal(m, 'called ' || phone);
  PERFORM crm._audit('points_grant', member_id => m, reason => 'sorry, ' || name, old_value => to_jsonb(phone));
  INSERT INTO crm.shop_note VALUES (nr, m, 'likes ' || name, jsonb_build_object('x', mail));
  INSERT INTO crm.realm (name) VALUES ('shop') ON CONFLICT DO NOTHING;
  INSERT INTO crm.member_key VALUES (1, mail, m), (1, 'K' || nr, m);
  RETURN m; END $$;
SELECT pg_temp.person(1, '王小明', '13800000001', 'xiaoming@example.com') AS one, pg_temp.person(2, '王小红', '13800000002', 'xiaohong@example.com') AS other,
       pg_temp.person(3, 'Xiao Ming Wang', '13900000001', 'ming@example.org') AS again;
UPDATE crm.member SET merged_into_id = 2, closed_at = now() WHERE id = 4;
SELECT count(*) > 0 AS made FROM crm.refresh_reports();
-- where a text is found, over every table and materialized view, and the views that show persons
CREATE FUNCTION pg_temp.places(wanted text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r record; n bigint; answer text := ''; BEGIN
  FOR r IN SELECT c.oid::regclass AS rel FROM pg_class AS c WHERE c.relnamespace::regnamespace::text IN ('crm', 'crm_report') AND (c.relkind IN ('r', 'p', 'm') OR c.relname IN ('members', 'member_tiers', 'member_values')) ORDER BY c.oid::regclass::text COLLATE "C" LOOP
    EXECUTE format('SELECT count(*) FROM %s AS t WHERE t::text ~ $1', r.rel) INTO n USING wanted;
    IF n > 0 THEN answer := answer || r.rel || ' '; END IF;
  END LOOP; RETURN answer; END $$;
SELECT string_to_array(pg_temp.places('王小明|xiaoming|13800000001|Xiao Ming|ming@example|13900000001'), ' ') @>
  '{crm.audit_note,crm.consent,crm.member,crm.member_key,crm.member_pii,crm.outbox,crm.sale_tender,crm.shop_note,crm.tier_pin}' AS everywhere;
SELECT pg_temp.places('王小红|xiaohong|13800000002') AS other_before \gset

-- the export has a key for every table that refers to member, and the same rows, of both numbers of the person
WITH e AS MATERIALIZED (SELECT crm.member_export(2) AS x)
SELECT c.conrelid::regclass AS missing FROM pg_constraint AS c, e WHERE c.contype = 'f' AND c.confrelid = 'crm.member'::regclass AND NOT e.x ? (SELECT relname FROM pg_class WHERE oid = c.conrelid);
SELECT e.e -> 'about' -> 'member_ids' AS ids, jsonb_array_length(e.e -> 'member_pii') AS pii, jsonb_array_length(e.e -> 'sale') AS sales, jsonb_array_length(e.e -> 'sale_line') AS lines,
       jsonb_array_length(e.e -> 'sale_tender') AS tenders, jsonb_array_length(e.e -> 'posting') AS postings, jsonb_array_length(e.e -> 'shop_note') AS notes,
       e.e -> 'member_pii' -> 0 ->> 'full_name' AS name, e.e::text ~ '王小红|xiaohong|13800000002' AS of_another
FROM crm.member_export(4, 'letter of 3 May') AS e;
SELECT action, member_id, count(*) FROM crm.audit_log WHERE action IN ('member_export', 'read') GROUP BY 1, 2 ORDER BY 1, 2;

-- erased: nothing is left of the person, under either number; all is left of the other; the books are as they were
CREATE TEMP TABLE books_before AS SELECT (SELECT sum(units) FROM crm.posting) AS units, (SELECT count(*) FROM crm.sale) AS sales, (SELECT sum(net_spend) FROM crm.sale) AS spend, (SELECT sum(left_units) FROM crm.lot) AS lots;
SELECT rows_deleted > 8 AS deleted, rows_emptied > 20 AS emptied, detail -> 'member_pii' AS pii, detail -> 'tier_pin' AS pins FROM crm.member_erase(2, 'asked by 王小明 (13800000001)', dry_run => true);
SELECT pg_temp.places('王小明') <> '' AS still_there, count(*) AS receipts FROM crm.erasure;
SET ROLE crm_test_manager;
SELECT rows_deleted > 8 AS deleted, rows_emptied > 20 AS emptied, detail -> 'member_pii' AS pii, detail -> 'tier_pin' AS pins FROM crm.member_erase(2, 'asked by 王小明 (13800000001)');
SET ROLE crm_test_owner;
SELECT pg_temp.places('王小明|xiaoming|13800000001|Xiao Ming|ming@example|13900000001') AS of_one;
SELECT pg_temp.places('王小红|xiaohong|13800000002') = :'other_before' AS other_as_before;
SELECT b.* IS NOT DISTINCT FROM ((SELECT sum(units) FROM crm.posting), (SELECT count(*) FROM crm.sale), (SELECT sum(net_spend) FROM crm.sale), (SELECT sum(left_units) FROM crm.lot)) AS books_as_before FROM books_before AS b;
SELECT member_id, reason, role_name FROM crm.erasure ORDER BY member_id;
SELECT id, region, acquired_by, profiling, closed_at IS NOT NULL AS closed FROM crm.member ORDER BY id;
SELECT topic, state, body, note FROM crm.outbox WHERE topic IN ('birthday', 'welcome') ORDER BY id;
SELECT member_id, tier_code, reason FROM crm.tier_pin ORDER BY id;
SELECT member_id, act, text_version, evidence FROM crm.consent ORDER BY id;
SELECT customer, words, more FROM crm.shop_note ORDER BY id;
SELECT member_id, key ~ '^erased-' AS erased, CASE WHEN key !~ '^erased-' THEN key END AS key FROM crm.member_key ORDER BY member_id, 2;
SELECT balance FROM crm.points_balance(2);
SELECT member_id FROM crm_report.members WHERE masked_name IS NOT NULL;
-- and reports made anew
SELECT count(*) > 0 AS made FROM crm.refresh_reports(full_run => true);
SELECT count(*) AS scored FROM crm_report.member_rfm_scores WHERE member_id IN (2, 4);

-- a second time: the same receipt, nothing written; the audit log still verifies
-- (also where what replaced a key reads as a phone by chance)
UPDATE crm.member_key SET key = 'erased-2-43738481' WHERE member_id = 2 AND key ~ '^erased-';
SELECT crm_member.phone_e164('erased-2-43738481');
SELECT count(*) AS entries_before FROM crm.audit_log \gset
SELECT receipt_id = (SELECT max(id) FROM crm.erasure WHERE member_id = 2) AS same_receipt FROM crm.member_erase(2, 'asked again');
SELECT count(*) AS same_receipt FROM crm.member_erase(4, 'by the old number') AS e JOIN crm.erasure AS r ON r.id = e.receipt_id AND r.member_id = 2;
SELECT count(*) - :entries_before AS entries_more FROM crm.audit_log;
SELECT bool_and(ok) AS ok FROM crm.verify_audit();
-- the registration cannot be played again, personal data are not taken in again
SELECT * FROM crm.member_register('r1', '王小明', '13800000001', 'xiaoming@example.com', '1990-01-01', 'female', store_id => 1, region => 'Shanghai', acquired_by => 'friend of 王小明');
INSERT INTO crm.member_pii (member_id, full_name) VALUES (2, '王小明');
SELECT * FROM crm.member_contact_set(2, 'phone', '13800000001', 'e1');
SELECT crm.interaction_add(2, 'call', 'e2', note => '王小明 called');
SELECT member_id FROM crm.member_register('r9', '王小明', '13800000001', store_id => 1);
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;

-- a key that is an address stays while the shop's own table has orders under it: nothing is made anew of it; once that is cleaned it goes
CREATE SCHEMA crm_test_shop;
CREATE TABLE crm_test_shop.orders (id integer PRIMARY KEY, customer text, at timestamptz NOT NULL, total numeric);
INSERT INTO crm_test_shop.orders VALUES (1, 'gold@example.net', '2024-01-01', 10), (2, 'silver@example.net', '2024-01-02', 20);
SELECT sales FROM crm.attach_sales('crm_test_shop.orders', member_column => 'customer', at_column => 'at', amount_column => 'total', key_column => 'id');
SELECT count(*) AS erased FROM (SELECT member_id FROM crm.member_key WHERE key = 'gold@example.net') AS k, LATERAL crm.member_erase(k.member_id, 'asked') AS e;
SELECT count(*) AS kept FROM crm.member_key WHERE key = 'gold@example.net';
SELECT missing, changed, surplus FROM crm.reconcile_sales('crm_test_shop.orders');
UPDATE crm_test_shop.orders SET customer = NULL WHERE id = 1;
SELECT count(*) AS erased FROM (SELECT member_id FROM crm.member_key WHERE key = 'gold@example.net') AS k, LATERAL crm.member_erase(k.member_id, 'asked') AS e;
SELECT count(*) AS kept FROM crm.member_key WHERE key = 'gold@example.net';
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT count(*) AS detached FROM crm.detach_sales('crm_test_shop.orders');
DROP SCHEMA crm_test_shop CASCADE;

-- who may, and how
SELECT * FROM crm.member_erase(3, '');
SELECT * FROM crm.member_erase(3, NULL);
SELECT * FROM crm.member_erase(99, 'asked');
SELECT * FROM crm.member_reveal(3, ' ');
SET ROLE crm_test_clerk;
SELECT full_name, phone ~ '13800000002$' AS phone FROM crm.member_reveal(3, 'calls back');
SELECT * FROM crm.member_erase(3, 'asked');
SELECT crm.member_export(3);
SELECT * FROM crm.member_reveal(99, 'x');
SELECT count(*) FROM crm.member_pii;
SELECT count(*) FROM crm.erasure;
SELECT full_name FROM crm.member_pii WHERE member_id = 3;
SET ROLE crm_test_manager;
SELECT * FROM crm.retention_run();
SET ROLE crm_test_owner;

-- retention: what is past its days goes; members closed, or idle and without points, are erased only when a setting says so
INSERT INTO crm.member (member_no, home_store_id, joined_at, closed_at) VALUES ('closed', 1, '2020-01-01', '2021-01-01'), ('idle', 1, '2020-01-01', NULL), ('buyer', 1, '2020-01-01', NULL);
INSERT INTO crm.member_pii (member_id, full_name) SELECT id, 'Name ' || member_no FROM crm.member WHERE member_no IN ('closed', 'idle', 'buyer');
INSERT INTO crm.sale (member_id, occurred_at, net_spend) SELECT id, '2020-02-01', 1000 FROM crm.member WHERE member_no = 'buyer';
-- points that expired in 2021 hold nobody back, though no sweep has taken them
SELECT g.points FROM crm.member AS m, LATERAL crm.points_grant(m.id, 10, 'keep ' || m.member_no, '2020-02-01', expires_at => CASE m.member_no WHEN 'idle' THEN '2021-01-01'::timestamptz ELSE 'infinity' END) AS g
WHERE m.member_no IN ('idle', 'buyer');
INSERT INTO crm.outbox (topic, member_id, created_at, ended_at, state) VALUES ('old', 3, '2024-01-01', '2024-01-01', 'sent'), ('waiting', 3, '2024-01-01', NULL, 'waiting');
SELECT what, rows_gone FROM crm.retention_run(dry_run => true) WHERE rows_gone > 0;
SELECT what, rows_gone FROM crm.retention_run() WHERE rows_gone > 0;
SELECT topic FROM crm.outbox WHERE topic IN ('old', 'waiting') ORDER BY id;
INSERT INTO crm.lead (source, full_name, made_at, changed_at) VALUES ('fair', 'Old', '2023-01-01', '2023-01-01'), ('fair', 'New', now(), now());
UPDATE crm.setting SET value = '365' WHERE key IN ('retention_closed_days', 'retention_lead_days');
UPDATE crm.setting SET value = '36' WHERE key = 'retention_idle_months';
SELECT what, rows_gone FROM crm.retention_run() WHERE rows_gone > 0;
SELECT m.member_no, e.reason FROM crm.erasure AS e JOIN crm.member AS m ON m.id = e.member_id WHERE e.reason ~ 'retention' ORDER BY 1;
SELECT what, rows_gone FROM crm.retention_run() WHERE what = 'member';
SELECT crm.footprint_add(jsonb_build_array(jsonb_build_object('member_id', 3, 'kind', 'view', 'occurred_at', '2024-01-15 10:00+08'),
  jsonb_build_object('member_id', 3, 'kind', 'view', 'occurred_at', '2024-03-15 10:00+08')), 'f1') IS NOT NULL AS added;
UPDATE crm.setting SET value = '12' WHERE key = 'retention_footprint_months';
SELECT what, rows_gone FROM crm.retention_run(as_of => '2025-03-01 00:00+08') WHERE what = 'footprint';
SELECT count(*) AS left FROM crm.footprint;
SELECT * FROM crm.retention_run(as_of => clock_timestamp() + interval '1 day');
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT crm_member.drop_crm('crm', confirm => 'crm');
DROP TABLE books_before;
RESET ROLE;
DROP OWNED BY crm_test_owner, crm_test_manager, crm_test_clerk;
DROP ROLE crm_test_owner, crm_test_manager, crm_test_clerk;
