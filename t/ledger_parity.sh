#!/bin/sh
# t/ledger_parity.sh
# Sales accrued in one statement give the books of one call a sale, and the nightly review is what member-by-member evaluation says.
#
# 10,000 sales of 1,000 members; with CRM_ALL a million of 100,000.
. "$(dirname -- "$0")/lib.sh"
db=crm_t_parity
if [ -n "${CRM_ALL:-}" ]; then sales=1000000 members=100000; else sales=10000 members=1000; fi
make_db $db
P $db -v sales=$sales -v members=$members >"$T_DIR/made" <<'SQL'
SET client_min_messages = warning;
SET synchronous_commit = off;
SET timezone = 'UTC';
CREATE EXTENSION crm_member;
SELECT crm_member.create_crm('crm_set'), crm_member.create_crm('crm_one'), crm_member.create_crm('crm_late');
-- sales of three years in the order of time, some of one instant, below one point, of guests; amounts that lift one member in three
CREATE TABLE s AS
SELECT row_number() OVER (ORDER BY x.at, x.g) AS key, x.* FROM (
  SELECT g, CASE WHEN g % 50 = 0 THEN NULL ELSE 1 + (hashint4(g) & 2147483647) % :members END AS member_id,
         timestamptz '2022-12-31 15:00+00' + ((hashint4(g + 10000000) & 2147483647) % 26000) * interval '1 hour' AS at,
         ((hashint4(g + 20000000) & 2147483647) % CASE WHEN g % 10 = 0 THEN 300000 ELSE 30000 END / 100.0)::numeric(18,2) AS amount
  FROM generate_series(1, :sales) AS g) AS x;
INSERT INTO crm_set.member (member_no, joined_at) SELECT 'm' || g, '2022-01-01' FROM generate_series(1, :members) AS g;
INSERT INTO crm_one.member (member_no, joined_at) SELECT 'm' || g, '2022-01-01' FROM generate_series(1, :members) AS g;
INSERT INTO crm_late.member (member_no, joined_at) SELECT 'm' || g, '2022-01-01' FROM generate_series(1, :members) AS g;
VACUUM ANALYZE;
INSERT INTO crm_set.sale (source_key, member_id, occurred_at, net_spend) SELECT s.key, s.member_id, s.at, s.amount FROM s ORDER BY s.key;
ALTER TABLE crm_late.sale DISABLE TRIGGER sale_30_points_insert;
INSERT INTO crm_late.sale (source_key, member_id, occurred_at, net_spend) SELECT s.key, s.member_id, s.at, s.amount FROM s ORDER BY s.key;
ALTER TABLE crm_late.sale ENABLE TRIGGER sale_30_points_insert;
SELECT count(*) FROM crm_late.points_accrue_sales('2022-01-01', '2027-01-01');
-- one statement a sale, a transaction for many of them
CREATE PROCEDURE one_by_one() LANGUAGE plpgsql AS $$
DECLARE
  r record;
  n bigint := 0;
BEGIN
  FOR r IN SELECT s.* FROM s ORDER BY s.key LOOP
    INSERT INTO crm_one.sale (source_key, member_id, occurred_at, net_spend) VALUES (r.key, r.member_id, r.at, r.amount);
    n := n + 1;
    IF n % 10000 = 0 THEN
      COMMIT;
    END IF;
  END LOOP;
END
$$;
CALL one_by_one();
-- the books without numbers that sequences give
CREATE FUNCTION book(schema_name text) RETURNS TABLE (line bigint) LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format($q$
    SELECT hashtextextended(concat_ws('|', 'posting', s.source_key, e.kind, e.member_id, e.occurred_at, p.posting_no, p.asset_id, p.from_account, a.member_id, p.units, p.rule_id, l.units, l.left_units, l.available_from, l.expires_at), 1)
    FROM %1$I.ledger_event AS e JOIN %1$I.posting AS p ON p.event_id = e.id JOIN %1$I.account AS a ON a.id = p.to_account
         JOIN %1$I.sale AS s ON s.id = e.sale_id LEFT JOIN %1$I.lot AS l ON l.event_id = e.id AND l.lot_no = p.posting_no
    UNION ALL SELECT hashtextextended(concat_ws('|', 'account', a.member_id, a.asset_id, a.balance, a.arrears, a.last_activity_at), 1) FROM %1$I.account AS a WHERE a.id > 0
    UNION ALL SELECT hashtextextended(concat_ws('|', 'tier', m.member_id, t.code, m.valid_from, m.valid_to, m.reason), 1)
    FROM %1$I.member_tier AS m JOIN %1$I.tier AS t ON t.id = m.tier_id WHERE m.known_to = 'infinity'
    UNION ALL SELECT hashtextextended(concat_ws('|', 'history', h.member_id, h.history), 1) FROM %1$I.member_history AS h $q$, schema_name);
END
$$;
CREATE TABLE book_set AS SELECT * FROM book('crm_set');
CREATE TABLE book_one AS SELECT * FROM book('crm_one');
CREATE TABLE book_late AS SELECT * FROM book('crm_late');
SQL
differ() { P $db -c "SELECT (SELECT count(*) FROM (SELECT line FROM $1 EXCEPT ALL SELECT line FROM $2) AS x) + (SELECT count(*) FROM (SELECT line FROM $2 EXCEPT ALL SELECT line FROM $1) AS x)"; }
same 'the book is not empty' "$(P $db -c "SELECT count(*) > 4 * $members FROM book_set")" t
same 'one statement, one call a sale' "$(differ book_set book_one)" 0
same 'one statement, accrued afterwards' "$(differ book_set book_late)" 0
for c in crm_set crm_one crm_late; do
	same "the book of $c" "$(P $db -c "SELECT string_agg(check_name || ': ' || detail, '; ') FROM crm_member.check_crm('$c') WHERE NOT ok")" ''
done

# the review of a day on which many periods have ended, against every member asked alone before it
P $db -c "CREATE TABLE alone AS SELECT m.id, t.code, t.valid_from, t.valid_to FROM crm_set.member AS m LEFT JOIN LATERAL crm_set._tier_at(m.id, 1, '2026-03-01', 'infinity') AS t ON true" \
	-c "SELECT crm_set.tier_review('2026-03-01') > 0" >"$T_DIR/review"
same 'the review wrote' "$(cat "$T_DIR/review")" t
same 'a second review' "$(P $db -c "SELECT crm_set.tier_review('2026-03-01')")" 0
# what is written down alone: a period that covers the day, or the base
same 'members whose tier differs' "$(P $db -c "SELECT count(*) FROM alone AS a LEFT JOIN (SELECT m.member_id, t.code FROM crm_set.member_tier AS m JOIN crm_set.tier AS t ON t.id = m.tier_id
  WHERE m.ladder_no = 1 AND m.known_to = 'infinity' AND m.valid_from <= '2026-03-01' AND m.valid_to > '2026-03-01') AS w ON w.member_id = a.id WHERE coalesce(w.code, 'basic') IS DISTINCT FROM a.code")" 0
same 'tiers are met' "$(P $db -c "SELECT count(DISTINCT code) >= 2 FROM alone")" t
finish
