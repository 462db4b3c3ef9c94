-- demo/crm.sql
-- Makes a CRM beside the orders in shop.orders, attaches them, and shows what one more order does.
--
-- psql variable: zone. The orders of the last year earn points; those before bring histories and tiers only. Answers are
-- as of the evening of the last day on which something was ordered; the new order comes a day later, into the shop's own
-- table, as a program of the shop would write it, and is rolled back at the end. The schema is shop_crm, with shop_crm_report beside it.

SET client_min_messages = warning;
SET TimeZone = :'zone';
\pset pager off
\pset footer off
\pset border 1
\pset linestyle ascii
\pset numericlocale on
\pset null ''

SELECT to_regclass('shop.customers') IS NOT NULL AS named,
       atttypid = 'timestamptz'::regtype AS zoned,
       CASE atttypid WHEN 'timestamptz'::regtype THEN 'ordered_at AT TIME ZONE ' || quote_literal(:'zone') ELSE 'ordered_at' END AS local_time
  FROM pg_attribute
 WHERE attrelid = 'shop.orders'::regclass AND attname = 'ordered_at'
\gset
\if :named
\set status_column ', status'
\set status_value ', ''paid'''
\else
\set status_column ''
\set status_value ''
\endif
SELECT max(:local_time)::date AS as_of,
       -- the last instant of that day in the CRM's zone, and ten in the morning after it
       ((max(:local_time)::date + 1)::timestamp AT TIME ZONE :'zone') - interval '1 microsecond' AS evening,
       ((max(:local_time)::date + 1) + time '10:00') AT TIME ZONE :'zone' AS next_morning,
       -- the same as the column keeps it
       CASE WHEN :'zoned' THEN (((max(:local_time)::date + 1) + time '10:00') AT TIME ZONE :'zone')::text
            ELSE ((max(:local_time)::date + 1) + time '10:00')::text END AS ordered_at,
       ((max(:local_time)::date + 1)::timestamp - interval '12 months') AT TIME ZONE :'zone' AS year_ago
  FROM shop.orders
\gset

\set QUIET on
SELECT clock_timestamp() AS started \gset
SELECT crm_member.create_crm('shop_crm', time_zone => :'zone') \g /dev/null
SELECT round(extract(epoch FROM clock_timestamp() - :'started') * 1000) AS create_ms, clock_timestamp() AS started \gset
SELECT sales, waiting
  FROM shop_crm.attach_sales('shop.orders', member_column => 'customer_id', at_column => 'ordered_at', amount_column => 'total',
                             key_column => 'id',
\if :named
                             status_predicate => 'status = ''paid''',
\endif
                             accrue_from => :'year_ago')
\gset
SELECT round(extract(epoch FROM clock_timestamp() - :'started') * 1000) AS attach_ms, clock_timestamp() AS started \gset
ANALYZE shop_crm.sale, shop_crm.member, shop_crm.member_key, shop_crm.member_history, shop_crm.member_tier, shop_crm.account, shop_crm.lot;

\echo
\echo '11. 会员系统接上订单 / A CRM attached to the orders: create_crm(), attach_sales(''shop.orders'', …)'
SELECT (SELECT count(*) FROM shop_crm.member) AS "会员 members",
       :sales AS "销售 sales",
       :waiting AS "待处理 waiting",
       (SELECT count(*) FROM shop_crm.sale WHERE net_spend < 0) AS "退款 refunds",
       (SELECT sum(crm_member.net_spend(history)) FROM shop_crm.member_history) AS "净消费 net spend",
       :create_ms AS "建库毫秒 create ms",
       :attach_ms AS "接入毫秒 attach ms";

-- what each tier asks for
CREATE TEMP VIEW rung AS
SELECT e.value ->> 'code' AS code, (e.value ->> 'rank')::integer AS rank, (e.value -> 'when' ->> 'net_spend_12m')::numeric AS net_spend
  FROM shop_crm.tier_ladder AS l, jsonb_array_elements(l.form -> 'tiers') AS e;

\echo '12. 会员等级 / Tiers, a year before the last day and on it (净消费 net spend of 12 months)'
SELECT t.rank AS "级 rank",
       t.name AS "等级 tier",
       coalesce(r.net_spend, 0)::numeric AS "12 个月净消费 from",
       count(*) FILTER (WHERE b.was = t.rank) AS "一年前 a year ago",
       count(*) FILTER (WHERE b.now = t.rank) AS "现在 now",
       count(*) FILTER (WHERE b.now = t.rank AND b.now > b.was) AS "升级 up",
       count(*) FILTER (WHERE b.now = t.rank AND b.now < b.was) AS "降级 down"
  FROM (SELECT coalesce(max(k.rank) FILTER (WHERE m.valid_from <= :'year_ago' AND :'year_ago' < m.valid_to), 0) AS was,
               coalesce(max(k.rank) FILTER (WHERE m.valid_from <= :'evening' AND :'evening' < m.valid_to), 0) AS now
          FROM shop_crm.member AS p
               LEFT JOIN shop_crm.member_tier AS m ON m.member_id = p.id AND m.known_to = 'infinity'
               LEFT JOIN shop_crm.tier AS k ON k.id = m.tier_id
         GROUP BY p.id) AS b
       JOIN shop_crm.tier AS t ON t.rank IN (b.was, b.now) AND NOT t.by_invitation
       LEFT JOIN rung AS r ON r.code = t.code
 GROUP BY t.rank, t.name, r.net_spend
 ORDER BY t.rank DESC;

\echo '13. 积分 / Points of the last year''s orders: what can be spent that evening, by the day on which it expires'
SELECT shop_crm.local_day(l.expires_at) - 1 AS "有效至 through",
       count(DISTINCT l.account_id) AS "会员 members",
       sum(l.left_units) AS "可用积分 points",
       round(sum(l.left_units) / 100.0, 2) AS "折合 worth"
  FROM shop_crm.lot AS l JOIN shop_crm.account AS a ON a.id = l.account_id AND a.asset_id = 1
 WHERE l.available_from <= :'evening' AND :'evening' < l.expires_at
 GROUP BY 1
 ORDER BY 1;

-- Who is nearest to the next tier: the least hundreds that are missing, of the higher tiers first.
SELECT n.member_id, n.key, n.missing
  FROM (SELECT h.member_id, k.key, r.rank, r.net_spend - crm_member.net_spend(h.history, w.from_day, w.day) AS missing
          FROM shop_crm.member_history AS h
               JOIN shop_crm.member_key AS k ON k.member_id = h.member_id
               CROSS JOIN (SELECT (DATE :'as_of' + 1 - interval '12 months')::date + 1 AS from_day, DATE :'as_of' + 1 AS day) AS w
               LEFT JOIN shop_crm.member_tier AS m
                 ON m.member_id = h.member_id AND m.known_to = 'infinity'
                    AND m.valid_from <= :'next_morning' AND :'next_morning' < m.valid_to
               LEFT JOIN shop_crm.tier AS t ON t.id = m.tier_id
               JOIN rung AS r ON r.rank = coalesce(t.rank, 0) + 1) AS n
 WHERE n.missing > 0
 ORDER BY ceil(n.missing / 100), n.rank DESC, n.missing, n.key
 LIMIT 1
\gset

\if :{?member_id}
CREATE TEMP VIEW look AS
SELECT t.name AS tier, shop_crm.local_day(t.valid_to) - 1 AS through,
       crm_member.net_spend(h.history, (n.day - interval '12 months')::date + 1, n.day) AS net_spend,
       b.available AS points, crm_member.order_count(h.history) AS orders, crm_member.last_day(h.history) AS last_day
  FROM shop_crm.member_history AS h
       CROSS JOIN (SELECT DATE :'as_of' + 1 AS day) AS n
       CROSS JOIN LATERAL shop_crm.tier_for(h.member_id, :'next_morning') AS t
       CROSS JOIN LATERAL shop_crm.points_balance(h.member_id, :'next_morning') AS b
 WHERE h.member_id = :member_id;
CREATE TEMP TABLE effect AS SELECT 'before' AS moment, * FROM look;
BEGIN;
SELECT clock_timestamp() AS started \gset
INSERT INTO shop.orders (id, customer_id, ordered_at, total :status_column)
SELECT max(id) + 1, :'key', :'ordered_at', ceil(:missing / 100) * 100 :status_value FROM shop.orders
RETURNING total
\gset
SELECT round(extract(epoch FROM clock_timestamp() - :'started') * 1000, 1) AS insert_ms \gset
INSERT INTO effect SELECT 'after', * FROM look;

\echo '14. 一张新订单 / One new order, of a member who lacks' :missing 'for the next tier'
\echo '    INSERT INTO shop.orders: customer_id' :key'; ordered_at' :ordered_at'; total' :total '(' :insert_ms 'ms )'
SELECT CASE e.moment WHEN 'before' THEN '下单前 before' ELSE '下单后 after' END AS "时刻 moment",
       e.tier AS "等级 tier",
       e.through AS "有效至 through",
       e.net_spend AS "12 个月净消费 net spend",
       e.points AS "可用积分 points",
       e.orders AS "订单 orders",
       e.last_day AS "最近购买 last day"
  FROM effect AS e
 ORDER BY e.orders;
ROLLBACK;
\echo '    (rolled back: the shop is the same on every machine)'
\else
\echo '14. 所有会员都在最高等级 / Every member is in the highest tier already'
\endif

\echo '    The CRM is schema shop_crm; the views of shop_crm_report are its reports. Try:'
\echo '    SELECT * FROM shop_crm.refresh_reports(); SELECT * FROM crm_member.check_crm(''shop_crm'');'
