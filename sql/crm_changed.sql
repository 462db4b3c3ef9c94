-- sql/crm_changed.sql
-- A sale changed in one column after the other: history, lots, tier and sales by month are those of a shop that wrote it so at once.
--
-- Two schemas: in one each column that counts is changed by an UPDATE of its
-- own, in the other the sales are inserted as they are in the end. What is
-- derived must be equal, and check_crm finds nothing after each change.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT crm_member.create_crm('crm', time_zone => 'UTC'), crm_member.create_crm('crm_end', time_zone => 'UTC');
INSERT INTO crm.store (code, name) VALUES ('s1', 'one'), ('s2', 'two');
INSERT INTO crm_end.store (code, name) VALUES ('s1', 'one'), ('s2', 'two');
INSERT INTO crm.member (member_no, joined_at, home_store_id) SELECT 'm' || g, '2023-01-01', 1 FROM generate_series(1, 6) AS g;
INSERT INTO crm_end.member (member_no, joined_at, home_store_id) SELECT 'm' || g, '2023-01-01', 1 FROM generate_series(1, 6) AS g;
INSERT INTO crm.setting (key, value, meaning) VALUES ('report_day', '"2024-12-31"', 'test') ON CONFLICT (key) DO UPDATE SET value = excluded.value;
INSERT INTO crm_end.setting (key, value, meaning) VALUES ('report_day', '"2024-12-31"', 'test') ON CONFLICT (key) DO UPDATE SET value = excluded.value;
-- member g buys for 2100 in store 1 on 10 March 2024, by the app
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend, store_id, channel) SELECT 'k' || g, g, '2024-03-10 10:00+00', 2100, 1, 'app' FROM generate_series(1, 6) AS g;
SELECT count(*) > 0 AS refreshed FROM crm.refresh_reports();
UPDATE crm.sale SET occurred_at = '2024-05-20 10:00+00' WHERE source_key = 'k1';
UPDATE crm.sale SET net_spend = 1900 WHERE source_key = 'k2';
UPDATE crm.sale SET store_id = 2 WHERE source_key = 'k3';
UPDATE crm.sale SET channel = 'shop' WHERE source_key = 'k4';
UPDATE crm.sale SET member_id = 6 WHERE source_key = 'k5';
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
INSERT INTO crm_end.sale (source_key, member_id, occurred_at, net_spend, store_id, channel)
SELECT source_key, member_id, occurred_at, net_spend, store_id, channel FROM crm.sale ORDER BY occurred_at, id;
SELECT count(*) > 0 AS refreshed FROM crm.refresh_reports();
SELECT count(*) > 0 AS refreshed FROM crm_end.refresh_reports();
-- points by the instant at which they are gone, and tiers: 1 reached gold in May, 2 nothing any more, 5 gave to 6, who has 4200
SELECT a.member_id, l.expires_at, sum(l.left_units) AS points FROM crm.lot AS l JOIN crm.account AS a ON a.id = l.account_id WHERE a.asset_id = 1 AND l.left_units > 0 GROUP BY 1, 2 ORDER BY 1;
SELECT g AS member, t.code, t.valid_from, t.valid_to FROM generate_series(1, 6) AS g, LATERAL crm.tier_for(g, '2024-12-31') AS t ORDER BY 1;
CREATE FUNCTION pg_temp.differ(what text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  n bigint;
BEGIN
  EXECUTE format('SELECT count(*) FROM ((%1$s EXCEPT ALL %2$s) UNION ALL (%2$s EXCEPT ALL %1$s)) AS x', replace(what, '@', 'crm'), replace(what, '@', 'crm_end')) INTO n;
  RETURN n;
END $$;
SELECT pg_temp.differ('(SELECT member_id, history::text FROM @.member_history WHERE history::text <> ''{}'')') AS histories,
       pg_temp.differ('(SELECT g, t.code, t.valid_from, t.valid_to FROM generate_series(1, 6) AS g, LATERAL @.tier_for(g, ''2024-12-31'') AS t)') AS tiers;
-- the reports that are stored and followed, against those of the other schema and against themselves made anew
SELECT pg_temp.differ('(TABLE @_report.sales_by_month)') AS by_month, pg_temp.differ('(TABLE @_report.margins)') AS margins;
CREATE TEMP TABLE followed AS SELECT 'crm'::text AS k, s::text AS row FROM crm_report.sales_by_month AS s;
SELECT count(*) > 0 AS refreshed FROM crm.refresh_reports(full_run => true);
SELECT count(*) AS followed_wrongly FROM (SELECT k, row FROM followed EXCEPT ALL SELECT 'crm', s::text FROM crm_report.sales_by_month AS s) AS x;
SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok UNION ALL SELECT check_name, detail FROM crm_member.check_crm('crm_end') WHERE NOT ok;
SELECT crm_member.drop_crm('crm', confirm => 'crm'), crm_member.drop_crm('crm_end', confirm => 'crm_end');
