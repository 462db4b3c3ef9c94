-- sql/crm_points_parity.sql
-- Sales in one statement, one by one, and accrued afterwards give the same events, postings, lots, balances and tiers.
--
-- Three schemas get the same 1200 sales of sixty members over three
-- years: as one INSERT, as an INSERT a sale, and past the triggers of points,
-- for points_accrue_sales. Sales of a member at one instant, amounts below one
-- point, guests, days at the turn of the year and 29 February are among them.
-- One by one the members' order of sales is that of time, as in one statement.

SET client_min_messages = warning;
SELECT crm_member.create_crm('crm_set'), crm_member.create_crm('crm_one'), crm_member.create_crm('crm_late');
CREATE TEMPORARY TABLE s AS
SELECT g AS key, CASE WHEN g % 50 = 0 THEN NULL ELSE 1 + (hashint4(g) & 2147483647) % 60 END AS member_id,
       timestamptz '2022-12-31 15:00+00' + ((hashint4(g + 10000) & 2147483647) % 1100) * interval '1 day' + ((hashint4(g + 20000) & 2147483647) % 24) * interval '1 hour' AS at,
       ((hashint4(g + 30000) & 2147483647) % 60000 / 100.0)::numeric(18,2) AS amount
FROM generate_series(1, 1200) AS g;
INSERT INTO crm_set.member (member_no, joined_at) SELECT 'm' || g, '2022-01-01' FROM generate_series(1, 60) AS g;
INSERT INTO crm_one.member (member_no, joined_at) SELECT 'm' || g, '2022-01-01' FROM generate_series(1, 60) AS g;
INSERT INTO crm_late.member (member_no, joined_at) SELECT 'm' || g, '2022-01-01' FROM generate_series(1, 60) AS g;

INSERT INTO crm_set.sale (source_key, member_id, occurred_at, net_spend) SELECT s.key, s.member_id, s.at, s.amount FROM s;
DO $$
DECLARE
  r record;
BEGIN
  FOR r IN SELECT s.* FROM s ORDER BY s.at, s.key LOOP
    INSERT INTO crm_one.sale (source_key, member_id, occurred_at, net_spend) VALUES (r.key, r.member_id, r.at, r.amount);
  END LOOP;
END
$$;
ALTER TABLE crm_late.sale DISABLE TRIGGER sale_30_points_insert;
INSERT INTO crm_late.sale (source_key, member_id, occurred_at, net_spend) SELECT s.key, s.member_id, s.at, s.amount FROM s;
ALTER TABLE crm_late.sale ENABLE TRIGGER sale_30_points_insert;
SELECT count(*) FROM crm_late.ledger_event;
-- by the rules in SQL, for a snapshot of its own, and by statements, for a table with a column of its own; the statements above went without either
ALTER TABLE crm_late.ledger_event ADD COLUMN noted text DEFAULT 'by default';
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT r.sales = (SELECT count(*) FROM s WHERE member_id IS NOT NULL AND amount > 0) AS all_looked_at, r.events = (SELECT count(*) FROM crm_set.ledger_event) AS same_events,
       r.points = (SELECT sum(floor(amount)) FROM s WHERE member_id IS NOT NULL) AS whole_yuan
FROM crm_late.points_accrue_sales('2022-01-01', '2027-01-01') AS r;
COMMIT;
SELECT DISTINCT noted FROM crm_late.ledger_event;
SELECT * FROM crm_late.points_accrue_sales('2022-01-01', '2027-01-01');

-- the books without numbers that sequences give
CREATE FUNCTION pg_temp.book(schema_name text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format($q$
    SELECT concat_ws('|', 'posting', s.source_key, e.kind, e.member_id, e.occurred_at, p.posting_no, p.asset_id, p.from_account, a.member_id, p.units, p.rule_id, l.units, l.left_units, l.available_from, l.expires_at)
    FROM %1$I.ledger_event AS e JOIN %1$I.posting AS p ON p.event_id = e.id JOIN %1$I.account AS a ON a.id = p.to_account
         JOIN %1$I.sale AS s ON s.id = e.sale_id LEFT JOIN %1$I.lot AS l ON l.event_id = e.id AND l.lot_no = p.posting_no
    UNION ALL SELECT concat_ws('|', 'account', a.member_id, a.asset_id, a.balance, a.arrears, a.last_activity_at) FROM %1$I.account AS a WHERE a.id > 0
    UNION ALL SELECT concat_ws('|', 'tier', m.member_id, t.code, m.valid_from, m.valid_to, m.reason)
    FROM %1$I.member_tier AS m JOIN %1$I.tier AS t ON t.id = m.tier_id WHERE m.known_to = 'infinity'
    UNION ALL SELECT concat_ws('|', 'history', h.member_id, h.history) FROM %1$I.member_history AS h $q$, schema_name);
END
$$;
CREATE TEMPORARY TABLE book_set AS SELECT pg_temp.book('crm_set') AS line;
CREATE TEMPORARY TABLE book_one AS SELECT pg_temp.book('crm_one') AS line;
CREATE TEMPORARY TABLE book_late AS SELECT pg_temp.book('crm_late') AS line;
SELECT count(*) > 2000 AS many FROM book_set;
SELECT line FROM book_set EXCEPT ALL SELECT line FROM book_one ORDER BY 1 LIMIT 5;
SELECT line FROM book_one EXCEPT ALL SELECT line FROM book_set ORDER BY 1 LIMIT 5;
SELECT line FROM book_set EXCEPT ALL SELECT line FROM book_late ORDER BY 1 LIMIT 5;
SELECT line FROM book_late EXCEPT ALL SELECT line FROM book_set ORDER BY 1 LIMIT 5;

SELECT c.* FROM unnest('{crm_set,crm_one,crm_late}'::text[]) AS n(name), LATERAL crm_member.check_crm(n.name) AS c WHERE NOT c.ok;
SELECT crm_member.drop_crm('crm_set', 'crm_set'), crm_member.drop_crm('crm_one', 'crm_one'), crm_member.drop_crm('crm_late', 'crm_late');
