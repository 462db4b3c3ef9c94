-- sql/crm_asof.sql
-- The worked as-of cases of docs/design/data-model.md, by their numbers.
--
-- Every wanted tier is worked out there by hand. k0, k1, ... are instants at
-- which the schema knew what had been recorded so far. The session's zone is
-- not the schema's, so all instants are written with +08.

SET client_min_messages = warning;
\set VERBOSITY sqlstate
SELECT crm_member.create_crm('crm');
CREATE TEMP TABLE asked (n integer, member bigint, as_of timestamptz, known_at timestamptz, wanted text, got text);
CREATE FUNCTION pg_temp.ask(n integer, member bigint, as_of timestamptz, known_at timestamptz, wanted text) RETURNS void LANGUAGE sql AS $$
  INSERT INTO asked SELECT $1, $2, $3, $4, $5, (SELECT t.code || ' ' || t.reason FROM crm.tier_for($2, $3, $4) AS t)
$$;
INSERT INTO crm.member (member_no, joined_at, recorded_at) VALUES ('ann', '2024-01-01 00:00+08', '2024-01-01 00:00+08'), ('bob', '2024-01-01 00:00+08', '2024-01-01 00:00+08');
SELECT clock_timestamp() AS k0 \gset

-- two sales that reach the threshold to the cent
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('S1', 1, '2024-03-01 10:00+08', 1500);
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('S2', 1, '2024-05-01 10:00+08', 500);
SELECT pg_temp.ask(1, 1, '2024-05-01 09:59:59.999999+08', NULL, 'basic base');
SELECT pg_temp.ask(2, 1, '2024-05-01 10:00+08', NULL, 'gold reached');
SELECT pg_temp.ask(3, 1, '2025-05-01 23:59:59.999999+08', NULL, 'gold reached');
SELECT pg_temp.ask(4, 1, '2025-05-02 00:00+08', NULL, 'basic base');
SELECT pg_temp.ask(5, 1, '2024-05-01 10:00+08', :'k0', 'basic base');
SELECT pg_temp.ask(6, 1, '2023-12-31 23:59:59+08', NULL, NULL);
SELECT clock_timestamp() AS k1 \gset

-- a sale of 1 April told after that of 1 May
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('S3', 1, '2024-04-01 10:00+08', 600);
SELECT pg_temp.ask(7, 1, '2024-04-15 12:00+08', NULL, 'gold reached');
SELECT pg_temp.ask(8, 1, '2024-04-15 12:00+08', :'k1', 'basic base');
SELECT pg_temp.ask(9, 1, '2025-05-01 12:00+08', NULL, 'basic base');
SELECT pg_temp.ask(9, 1, '2025-05-01 12:00+08', :'k1', 'gold reached');
SELECT clock_timestamp() AS k2 \gset

-- a correction: S2 was 5,900
UPDATE crm.sale SET net_spend = 5900 WHERE source_key = 'S2';
SELECT pg_temp.ask(10, 1, '2024-05-01 10:00+08', NULL, 'platinum reached');
SELECT pg_temp.ask(11, 1, '2024-05-01 10:00+08', :'k2', 'gold reached');
SELECT pg_temp.ask(12, 1, '2024-05-01 09:59:59.999999+08', NULL, 'gold reached');

-- a refund within the period; a sale that keeps gold; what holds after the end without any review
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend, refund_of_id) SELECT 'R1', 1, '2024-06-01 10:00+08', -500, id FROM crm.sale WHERE source_key = 'S2';
SELECT pg_temp.ask(13, 1, '2024-06-01 10:00+08', NULL, 'platinum reached');
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('S4', 1, '2025-03-01 10:00+08', 2500);
SELECT pg_temp.ask(14, 1, '2025-05-01 23:59:59.999999+08', NULL, 'platinum reached');
SELECT pg_temp.ask(14, 1, '2025-05-02 00:00+08', NULL, 'gold fell');
SELECT pg_temp.ask(14, 1, '2026-05-01 23:59:59.999999+08', NULL, 'gold fell');

-- a review writes down what the questions found, and a second one nothing
SELECT crm.tier_review('2025-05-01 23:59:59.999999+08') AS before_the_end, crm.tier_review('2025-05-02 00:00+08') AS at_the_end, crm.tier_review('2025-06-01 00:00+08') AS again;
SELECT pg_temp.ask(14, 1, '2025-05-02 00:00+08', NULL, 'gold fell');

-- a refund after the demotion
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend, refund_of_id) SELECT 'R2', 1, '2025-06-01 10:00+08', -1000, id FROM crm.sale WHERE source_key = 'S4';
SELECT pg_temp.ask(15, 1, '2025-06-02 00:00+08', NULL, 'gold fell');
SELECT clock_timestamp() AS k3 \gset

-- a refund of before the end, told after it; then taken back, for it was mistyped
INSERT INTO crm.sale (source_key, member_id, occurred_at, net_spend) VALUES ('R3', 1, '2025-05-01 12:00+08', -1);
SELECT pg_temp.ask(16, 1, '2025-05-02 00:00+08', NULL, 'basic base');
SELECT pg_temp.ask(16, 1, '2025-05-02 00:00+08', :'k3', 'gold fell');
SELECT clock_timestamp() AS k4 \gset
DELETE FROM crm.sale WHERE source_key = 'R3';
SELECT pg_temp.ask(17, 1, '2025-05-02 00:00+08', NULL, 'gold fell');
SELECT pg_temp.ask(17, 1, '2025-05-02 00:00+08', :'k4', 'basic base');
SELECT pg_temp.ask(17, 1, '2025-05-02 00:00+08', :'k3', 'gold fell');

-- pins: a floor, an exact tier, and one that is partly lifted later
SELECT clock_timestamp() AS k5 \gset
SELECT count(*) FROM crm.tier_pin('p1', 2, 'gold', '2024-10-01 00:00+08', 'opening gift', valid_from => '2024-07-01 00:00+08');
SELECT pg_temp.ask(18, 2, '2024-07-15 12:00+08', NULL, 'gold pinned');
SELECT pg_temp.ask(18, 2, '2024-07-15 12:00+08', :'k5', 'basic base');
SELECT pg_temp.ask(18, 2, '2024-10-01 00:00+08', NULL, 'basic base');
SELECT count(*) FROM crm.tier_pin('p2', 1, 'basic', '2024-09-08 00:00+08', 'dispute', effect => 'exact', valid_from => '2024-09-01 00:00+08');
SELECT pg_temp.ask(19, 1, '2024-09-05 12:00+08', NULL, 'basic pinned');
SELECT pg_temp.ask(19, 1, '2024-09-08 00:00+08', NULL, 'platinum reached');
SELECT clock_timestamp() AS k6 \gset
SELECT pin_id FROM crm.tier_pin('p3', 2, 'gold', '2024-10-01 00:00+08', 'gift withdrawn', effect => 'none', valid_from => '2024-08-01 00:00+08');
SELECT pg_temp.ask(20, 2, '2024-08-15 12:00+08', NULL, 'basic base');
SELECT pg_temp.ask(20, 2, '2024-08-15 12:00+08', :'k6', 'gold pinned');
SELECT pg_temp.ask(20, 2, '2024-07-31 23:59:59.999999+08', NULL, 'gold pinned');

-- a sale that was another member's
SELECT clock_timestamp() AS k7 \gset
UPDATE crm.sale SET member_id = 2 WHERE source_key = 'S2';
SELECT pg_temp.ask(21, 2, '2024-05-01 10:00+08', NULL, 'gold reached');
SELECT pg_temp.ask(21, 1, '2024-05-01 10:00+08', NULL, 'gold reached');
SELECT pg_temp.ask(21, 1, '2024-05-01 10:00+08', :'k7', 'platinum reached');
SELECT pg_temp.ask(21, 2, '2024-05-01 10:00+08', :'k7', 'basic base');

SELECT n, member, wanted, got FROM asked WHERE wanted IS DISTINCT FROM got ORDER BY n;
SELECT count(*) AS answers, count(DISTINCT n) AS cases FROM asked WHERE wanted IS NOT DISTINCT FROM got;

SELECT check_name, detail FROM crm_member.check_crm('crm') WHERE NOT ok;
SELECT crm_member.drop_crm('crm', confirm => 'crm');
