-- sql/crm_bulk.sql
-- A statement of very many orders brings what the same orders bring in small ones: sales, members, histories, tiers, points, notes for reports.
\set VERBOSITY terse
SET client_min_messages = warning;
SELECT crm_member.create_crm('crm_few');
SELECT crm_member.create_crm('crm_many');
CREATE SCHEMA shop;
-- 12,000 orders of 2,500 members in three years, every 40th of a guest, every 50th a refund; members 1 to 10 buy much more
CREATE TABLE shop.few (id bigint PRIMARY KEY, customer integer, at date, total numeric(12,2), store text, status text);
CREATE TABLE shop.many (LIKE shop.few INCLUDING ALL);
CREATE TABLE shop.few_text (id uuid PRIMARY KEY, customer text, at timestamptz, total double precision);
CREATE TABLE shop.many_text (LIKE shop.few_text INCLUDING ALL);
CREATE TABLE shop.stock AS
SELECT g::bigint AS id, CASE WHEN g % 40 = 0 THEN NULL WHEN g % 60 < 2 THEN 1 + g % 10 ELSE 1 + hashint4(g) & 2047 END AS customer,
       '2022-01-01'::date + (hashint4(g + 50000) & 1023) AS at,
       (CASE WHEN g % 50 = 0 THEN -1 ELSE 1 END * ((hashint4(g + 90000) & 65535) / 100.0 + CASE WHEN g % 60 < 2 THEN 900 ELSE 0 END))::numeric(12,2) AS total,
       's' || g % 7 AS store, CASE WHEN g % 90 = 0 THEN 'cancelled' ELSE 'paid' END AS status
FROM generate_series(1, 12000) AS g;

SELECT waiting FROM crm_few.attach_sales('shop.few', 'customer', 'at', 'total', 'id', store_column => 'store', status_predicate => $$status <> 'cancelled'$$, accrue_from => '2024-06-01', on_error => 'raise');
SELECT waiting FROM crm_many.attach_sales('shop.many', 'customer', 'at', 'total', 'id', store_column => 'store', status_predicate => $$status <> 'cancelled'$$, accrue_from => '2024-06-01', on_error => 'raise');
SELECT waiting FROM crm_few.attach_sales('shop.few_text', 'customer', 'at', 'total', 'id', on_error => 'raise');
SELECT waiting FROM crm_many.attach_sales('shop.many_text', 'customer', 'at', 'total', 'id', on_error => 'raise');

-- in order of time, as they would have come
DO $$
BEGIN
  FOR i IN 0 .. 11 LOOP
    INSERT INTO shop.few SELECT s.* FROM (SELECT s.*, row_number() OVER (ORDER BY s.at, s.id) AS place FROM shop.stock AS k CROSS JOIN LATERAL (SELECT k.*) AS s) AS x
      CROSS JOIN LATERAL (SELECT x.id, x.customer, x.at, x.total, x.store, x.status) AS s WHERE x.place > i * 1000 AND x.place <= i * 1000 + 1000;
  END LOOP;
END
$$;
INSERT INTO shop.many TABLE shop.stock;

-- what a schema knows, by the keys of the shop
CREATE FUNCTION shop.book(schema_name text) RETURNS TABLE (what text, rows bigint, digest text) LANGUAGE plpgsql AS $f$
BEGIN
  RETURN QUERY EXECUTE replace($q$
    WITH who AS (SELECT k.member_id, k.realm_id || '/' || k.key AS key FROM crm.member_key AS k),
    fact AS (
      SELECT 'sales' AS what, jsonb_build_array(s.source_id, s.source_key, w.key, t.code, s.occurred_at, s.net_spend, s.refund_of_id, s.channel) AS f
      FROM crm.sale AS s LEFT JOIN who AS w USING (member_id) LEFT JOIN crm.store AS t ON t.id = s.store_id
      UNION ALL SELECT 'members', jsonb_build_array(w.key, m.joined_at, length(m.member_no)) FROM crm.member AS m JOIN who AS w ON w.member_id = m.id
      UNION ALL SELECT 'histories', jsonb_build_array(w.key, h.history::text) FROM crm.member_history AS h JOIN who AS w USING (member_id)
      UNION ALL SELECT 'tiers', jsonb_build_array(w.key, m.tier_id, m.valid_from, m.valid_to, m.decided)
                FROM crm.member_tier AS m JOIN who AS w USING (member_id) WHERE m.known_to = 'infinity'
      UNION ALL SELECT 'points', jsonb_build_array(w.key, a.asset_id, a.balance, a.arrears) FROM crm.account AS a JOIN who AS w USING (member_id)
      UNION ALL SELECT 'notes', jsonb_build_array(w.key, c.sign, c.occurred_at, c.is_refund, c.net_spend) FROM crm.report_change AS c LEFT JOIN who AS w USING (member_id) WHERE c.sign <> 0
    )
    SELECT fact.what, count(*), md5(string_agg(fact.f::text, ' ' ORDER BY fact.f::text COLLATE "C")) FROM fact GROUP BY fact.what ORDER BY fact.what$q$, 'crm.', schema_name || '.');
END
$f$;
SELECT f.what, f.rows, f.rows = m.rows AS same_number, f.digest = m.digest AS same FROM shop.book('crm_few') AS f FULL JOIN shop.book('crm_many') AS m USING (what) ORDER BY f.what;

-- again, for members that are known by now and others, with keys that are texts
INSERT INTO shop.few_text SELECT md5('f' || s.id)::uuid, 'c-' || coalesce(s.customer % 1000 + s.id % 2 * 3000, 0), s.at, s.total * 1.001 FROM shop.stock AS s WHERE s.id <= 600 AND total > 0;
INSERT INTO shop.many_text SELECT md5('f' || s.id)::uuid, 'c-' || coalesce(s.customer % 1000 + s.id % 2 * 3000, 0), s.at, s.total * 1.001 FROM shop.stock AS s WHERE s.id <= 600 AND total > 0;
DO $$
BEGIN
  FOR i IN 0 .. 4 LOOP
    INSERT INTO shop.few_text SELECT md5('f' || s.id)::uuid, 'c-' || coalesce(s.customer % 1000 + s.id % 2 * 3000, 0), s.at, s.total * 1.001 FROM shop.stock AS s WHERE s.id > 600 AND s.id % 5 = i AND total > 0;
  END LOOP;
END
$$;
INSERT INTO shop.many_text SELECT md5('f' || s.id)::uuid, 'c-' || coalesce(s.customer % 1000 + s.id % 2 * 3000, 0), s.at, s.total * 1.001 FROM shop.stock AS s WHERE s.id > 600 AND total > 0;
SELECT f.what, f.rows, f.rows = m.rows AS same_number, f.digest = m.digest AS same FROM shop.book('crm_few') AS f FULL JOIN shop.book('crm_many') AS m USING (what) ORDER BY f.what;
-- the statement leaves the session as it was
SELECT current_setting('work_mem') AS work_mem, current_setting('cursor_tuple_fraction') AS fraction, current_setting('enable_mergejoin') AS merges, current_setting('lock_timeout') AS patience;
SELECT * FROM crm_member.check_crm('crm_few') WHERE NOT ok;
SELECT * FROM crm_member.check_crm('crm_many') WHERE NOT ok;

-- a sale that stands already ends the statement, and nothing of it stays
INSERT INTO crm_many.sale (source_id, source_key, occurred_at, net_spend) SELECT o.id, '50017', '2024-01-01', 1 FROM crm_many.source AS o WHERE o.name = 'shop.many';
INSERT INTO shop.many SELECT 50000 + g, 50000 + g, '2024-01-01', 1, 's1', 'paid' FROM generate_series(1, 10500) AS g;
SELECT count(*) FILTER (WHERE source_key LIKE '50___') AS sales, (SELECT count(*) FROM crm_many.member_key AS k WHERE k.key LIKE '50___') AS members FROM crm_many.sale;

DROP SCHEMA shop CASCADE;
SELECT crm_member.drop_crm('crm_few', 'crm_few');
SELECT crm_member.drop_crm('crm_many', 'crm_many');
