-- sql/cohorts.sql
-- cohorts(query, as_of): retention by month of first purchase.

SET search_path = public, crm_member;
\set VERBOSITY sqlstate

-- by hand: a and b begin in January, c in February, d has a refund alone, e comes after as_of; b's refund in March is no purchase
CREATE TABLE c_orders (member text, day date, amount numeric);
INSERT INTO c_orders VALUES
  ('a', '2024-01-31', 10), ('a', '2024-02-01', 10), ('a', '2024-02-29', 10), ('a', '2024-03-01', 0),
  ('b', '2024-01-01', 10), ('b', '2024-03-05', -10), ('c', '2024-02-10', 10), ('d', '2024-01-10', -5), ('e', '2024-04-01', 5),
  (NULL, '2024-01-10', 5);
SELECT * FROM cohorts('SELECT member, day, amount FROM c_orders', '2024-03-31');
-- the month of as_of is complete on its last day only, 29 February too
SELECT * FROM cohorts('SELECT member, day, amount FROM c_orders', '2024-03-30') WHERE k = 2;
SELECT * FROM cohorts('SELECT member, day, amount FROM c_orders', '2024-02-28');
SELECT * FROM cohorts('SELECT member, day, amount FROM c_orders', '2024-02-29') WHERE k = 1;
-- without amounts every row is a purchase
SELECT * FROM cohorts('SELECT member, day FROM c_orders', '2024-03-31') WHERE k IN (0, 2);
SELECT * FROM cohorts('SELECT member, day FROM c_orders', '2023-12-31');

-- against plain SQL: random members, also long before as_of, all kinds of key, and with spills
SELECT setseed(0.375);
CREATE TABLE c_many AS
SELECT (random() * 3000)::integer AS member_id,
       ((date '2024-07-15' - (random() ^ 2 * CASE WHEN g % 50 = 0 THEN 40000 ELSE 900 END)::integer) + time '00:00' + interval '1 hour' * (g % 24)) AT TIME ZONE 'Asia/Shanghai' AS at,
       (random() - 0.2)::numeric(12, 2) AS amount
FROM generate_series(1, 20000) AS g;
CREATE VIEW c_expected AS
WITH bought AS (SELECT DISTINCT member_id, date_trunc('month', at AT TIME ZONE 'Asia/Shanghai')::date AS month FROM c_many WHERE amount >= 0),
     first AS (SELECT member_id, min(month) AS cohort FROM bought GROUP BY 1),
     cell AS (SELECT cohort, (extract(year FROM age(month, cohort)) * 12 + extract(month FROM age(month, cohort)))::integer AS k, count(*) AS retained
              FROM bought JOIN first USING (member_id) GROUP BY 1, 2),
     size AS (SELECT cohort, count(*) AS members FROM first GROUP BY 1)
SELECT s.cohort, s.k, members, CASE WHEN s.cohort + s.k * interval '1 month' < '2024-07-01' THEN coalesce(retained, 0) END AS retained
FROM (SELECT cohort, members, generate_series(0, ((2024 - extract(year FROM cohort)) * 12 + 7 - extract(month FROM cohort))::integer) AS k FROM size) AS s
LEFT JOIN cell ON cell.cohort = s.cohort AND cell.k = s.k;
CREATE FUNCTION c_difference(query text) RETURNS TABLE (rows bigint, different bigint) LANGUAGE sql AS $$
  SELECT count(*), count(*) FILTER (WHERE (e.members, e.retained) IS DISTINCT FROM (c.members, c.retained)
                                     OR c.rate IS DISTINCT FROM c.retained::numeric / c.members)
  FROM cohorts(query, '2024-07-15', 'Asia/Shanghai') AS c FULL JOIN c_expected AS e USING (cohort, k) $$;
SELECT rows > 20000 AS many, different FROM c_difference('SELECT member_id, at, amount FROM c_many');
SELECT different FROM c_difference('SELECT member_id::bigint, (at AT TIME ZONE ''Asia/Shanghai'')::date, amount FROM c_many');
SELECT different FROM c_difference('SELECT member_id::text, at AT TIME ZONE ''Asia/Shanghai'', amount FROM c_many');
SELECT different FROM c_difference('SELECT md5(member_id::text)::uuid, at, amount FROM c_many');
SET work_mem = '64kB';
SELECT different FROM c_difference('SELECT member_id, at, amount FROM c_many');
SELECT members, retained FROM cohorts('SELECT g % 50000, date ''2024-01-01'' + g / 50000 * 31 FROM generate_series(0, 149999) AS g', '2024-03-31') ORDER BY cohort, k;
RESET work_mem;
-- the rows come by cohort and k
SELECT bool_and(ordered) AS ordered FROM (SELECT (lag((cohort, k)) OVER () < (cohort, k)) IS NOT false AS ordered FROM cohorts('TABLE c_many', '2024-07-15', 'Asia/Shanghai')) AS o;

-- what is refused
SELECT * FROM cohorts('SELECT member FROM c_orders', '2024-03-31');
SELECT * FROM cohorts('SELECT amount, day FROM c_orders', '2024-03-31');
SELECT * FROM cohorts('SELECT member, day, member FROM c_orders', '2024-03-31');
SELECT * FROM cohorts('SELECT member, day::timestamptz FROM c_orders', '2024-03-31');
SELECT * FROM cohorts('SELECT member, day FROM c_orders', NULL);

DROP TABLE c_orders, c_many CASCADE;
DROP FUNCTION c_difference;
