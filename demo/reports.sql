-- demo/reports.sql
-- Scores the orders in shop.orders and prints member reports in Chinese and English.
--
-- psql variable: zone. Works on the made-up shop and on any log that load.sql has read. What it computes stays in schema
-- shop for further questions: shop.histories (key, history), shop.members (key, name, city, and every score and class).
-- Nothing reads the clock but the timings: reports are as of the last day on which something was ordered.

SET client_min_messages = warning;
\pset pager off
\pset footer off
\pset border 1
\pset linestyle ascii
\pset numericlocale on
\pset null ''

-- What is there: names and statuses in the made-up shop only; times with a zone or without; keys as numbers or text.
SELECT to_regclass('shop.customers') IS NOT NULL AS named,
       CASE WHEN to_regclass('shop.customers') IS NOT NULL
            THEN $$SELECT customer_id, ordered_at, total FROM shop.orders WHERE status = 'paid'$$
            ELSE 'SELECT customer_id, ordered_at, total FROM shop.orders'
       END AS query,
       (SELECT format_type(atttypid, NULL) FROM pg_attribute
         WHERE attrelid = 'shop.orders'::regclass AND attname = 'customer_id') AS key_type,
       (SELECT CASE atttypid WHEN 'timestamptz'::regtype THEN quote_literal(:'zone') ELSE 'NULL' END FROM pg_attribute
         WHERE attrelid = 'shop.orders'::regclass AND attname = 'ordered_at') AS tz,
       (SELECT CASE atttypid WHEN 'timestamptz'::regtype THEN 'ordered_at AT TIME ZONE ' || quote_literal(:'zone')
                             ELSE 'ordered_at' END FROM pg_attribute
         WHERE attrelid = 'shop.orders'::regclass AND attname = 'ordered_at') AS local_time
\gset
SELECT max(:local_time)::date AS as_of,
       date_trunc('year', max(:local_time))::date AS year_start,
       date_trunc('year', max(:local_time))::date - 1 AS last_year_end
  FROM (:query) AS o
\gset

CREATE TEMP TABLE timing (statement text, result bigint, ms numeric(10,1));

\set QUIET on
SELECT clock_timestamp() AS started \gset
CREATE TABLE shop.histories AS
SELECT key, history
  FROM crm_member.histories(:'query', CAST(NULL AS :key_type), :tz);
INSERT INTO timing
SELECT 'histories(orders)', (SELECT count(*) FROM shop.histories),
       extract(epoch FROM clock_timestamp() - :'started') * 1000;

SELECT clock_timestamp() AS started \gset
CREATE TEMP TABLE scored AS
SELECT key, last_day, orders, spend, score
  FROM crm_member.rfm_scores(:'query', :'as_of', 5, CAST(NULL AS :key_type), :tz);
INSERT INTO timing
SELECT 'rfm_scores(orders)', (SELECT count(*) FROM scored), extract(epoch FROM clock_timestamp() - :'started') * 1000;

SELECT clock_timestamp() AS started \gset
CREATE TEMP TABLE octants AS
SELECT key, crm_member.rfm_octant(last_day, orders, spend) OVER () AS octant
  FROM scored;
INSERT INTO timing
SELECT 'rfm_octant(...) OVER ()', (SELECT count(*) FROM octants),
       extract(epoch FROM clock_timestamp() - :'started') * 1000;

SELECT clock_timestamp() AS started \gset
CREATE TEMP TABLE abc AS
SELECT key, crm_member.abc_class(spend) OVER (ORDER BY key) AS class
  FROM scored;
INSERT INTO timing
SELECT 'abc_class(spend) OVER (ORDER BY key)', (SELECT count(*) FROM abc),
       extract(epoch FROM clock_timestamp() - :'started') * 1000;

SELECT clock_timestamp() AS started \gset
CREATE TABLE shop.cohorts AS
SELECT cohort, k, members, retained, rate
  FROM crm_member.cohorts(:'query', :'as_of', :tz);
INSERT INTO timing
SELECT 'cohorts(orders)', (SELECT count(*) FROM shop.cohorts), extract(epoch FROM clock_timestamp() - :'started') * 1000;

-- One row a member, in the made-up shop also those who never bought.
CREATE TABLE shop.members AS
SELECT
\if :named
       c.id AS key, c.name, c.city,
\else
       s.key, NULL::text AS name, NULL::text AS city,
\endif
       s.last_day, s.orders, s.spend, s.score,
       crm_member.rfm_segment(s.score) AS segment,
       o.octant, a.class AS abc,
       crm_member.lifecycle_status(s.last_day, :'as_of') AS status,
       crm_member.first_day(h.history) AS first_day,
       crm_member.active_days(h.history, NULL, :'as_of') AS active_days,
       crm_member.net_spend(h.history, NULL, :'last_year_end') AS historic,
       crm_member.net_spend(h.history, :'year_start', :'as_of') AS this_year
  FROM scored AS s
       JOIN octants AS o ON o.key = s.key
       JOIN abc AS a ON a.key = s.key
       JOIN shop.histories AS h ON h.key = s.key
\if :named
       RIGHT JOIN shop.customers AS c ON c.id = s.key
\endif
;
\if :named
COMMENT ON TABLE shop.members IS 'Scores and classes of the members of the demo.';
\endif
ANALYZE shop.members;

\echo
\echo '1. 总览 / The book'
SELECT count(*) FILTER (WHERE orders > 0) AS "会员 members",
       sum(orders)::bigint AS "订单 orders",
       sum(active_days)::bigint AS "购买日 purchase days",
       sum(spend) AS "净消费 net spend",
       (SELECT count(*) FROM (:query) AS q WHERE customer_id IS NOT NULL AND total = 0) AS "零元单 at 0.00",
       (SELECT count(*) FROM (:query) AS q WHERE customer_id IS NOT NULL AND total < 0) AS "退款 refunds",
       (SELECT count(*) FROM (:query) AS q WHERE customer_id IS NULL AND total >= 0) AS "散客单 guest orders",
       min(first_day) AS "起 from",
       DATE :'as_of' AS "止 to"
  FROM shop.members;

\echo '2. 计算用时 / What the computing took (milliseconds, with the writing of the result)'
SELECT statement AS "语句 statement",
       result AS "结果行 rows",
       ms AS "毫秒 ms"
  FROM timing
 ORDER BY ctid;

\echo '3. RFM 分群 / RFM segments (五等分, 5 分最好; quintiles, 5 is best)'
SELECT segment AS "Segment",
       crm_member.rfm_segment_name(segment) AS "分群",
       count(*) AS "会员 members",
       round(100.0 * count(*) / sum(count(*)) OVER (), 1) AS "占比 %",
       sum(spend) AS "净消费 net spend",
       round(100.0 * sum(spend) / nullif(sum(sum(spend)) OVER (), 0), 1) AS "金额占比 %",
       round(avg(spend), 2) AS "人均 average",
       round(avg(orders), 1) AS "人均单数 orders",
       round(avg(DATE :'as_of' - last_day)) AS "距今天数 days ago"
  FROM shop.members
 WHERE score IS NOT NULL
 GROUP BY segment
 ORDER BY sum(spend) DESC, segment;

\echo '4. RFM 八象限 / RFM octants (1 = 不低于平均; 1 = at or above the mean; order R, F, M)'
SELECT octant AS "RFM",
       crm_member.rfm_octant_name(octant) AS "类型",
       crm_member.rfm_octant_name(octant, 'en') AS "Type",
       count(*) AS "会员 members",
       round(100.0 * count(*) / sum(count(*)) OVER (), 1) AS "占比 %",
       sum(spend) AS "净消费 net spend",
       round(100.0 * sum(spend) / nullif(sum(sum(spend)) OVER (), 0), 1) AS "金额占比 %"
  FROM shop.members
 WHERE octant IS NOT NULL
 GROUP BY octant
 ORDER BY position(octant IN '111,011,101,001,110,010,100,000');

\echo '5. ABC 分类 / ABC classes (累计占比 80 %, 95 %; of cumulative spend)'
SELECT abc AS "类 class",
       count(*) AS "会员 members",
       round(100.0 * count(*) / sum(count(*)) OVER (), 1) AS "占比 %",
       sum(spend) AS "净消费 net spend",
       round(100.0 * sum(spend) / nullif(sum(sum(spend)) OVER (), 0), 1) AS "金额占比 %",
       min(spend) AS "最低 from",
       max(spend) AS "最高 to"
  FROM shop.members
 WHERE abc IS NOT NULL
 GROUP BY abc
 ORDER BY abc;

\echo '6. 生命周期 / Lifecycle (距上次购买: 90, 180, 365 天; days since the last purchase)'
SELECT crm_member.lifecycle_status_name(status) AS "状态",
       status AS "Status",
       count(*) AS "会员 members",
       round(100.0 * count(*) / sum(count(*)) OVER (), 1) AS "占比 %",
       sum(spend) AS "净消费 net spend"
  FROM shop.members
 GROUP BY status
 ORDER BY position(status IN 'active,recently_lapsed,mid_term_lapsed,dormant,never');

\echo '7. 同期群留存 / Cohort retention (首购月份; 第 k 个月复购会员 %; month of the first purchase, % who buy in month k after it)'
SELECT to_char(cohort, 'YYYY-MM') AS "首购月 cohort",
       max(members) AS "会员 members",
       round(100 * max(rate) FILTER (WHERE k = 1), 1) AS "+1",
       round(100 * max(rate) FILTER (WHERE k = 2), 1) AS "+2",
       round(100 * max(rate) FILTER (WHERE k = 3), 1) AS "+3",
       round(100 * max(rate) FILTER (WHERE k = 4), 1) AS "+4",
       round(100 * max(rate) FILTER (WHERE k = 5), 1) AS "+5",
       round(100 * max(rate) FILTER (WHERE k = 6), 1) AS "+6",
       round(100 * max(rate) FILTER (WHERE k = 7), 1) AS "+7",
       round(100 * max(rate) FILTER (WHERE k = 8), 1) AS "+8",
       round(100 * max(rate) FILTER (WHERE k = 9), 1) AS "+9",
       round(100 * max(rate) FILTER (WHERE k = 10), 1) AS "+10",
       round(100 * max(rate) FILTER (WHERE k = 11), 1) AS "+11"
  FROM shop.cohorts
 WHERE cohort IN (SELECT DISTINCT cohort FROM shop.cohorts ORDER BY cohort DESC LIMIT 12)
 GROUP BY cohort
 ORDER BY cohort;

\echo '8. 最佳会员 / Best members'
SELECT key::text AS "会员 member",
\if :named
       name AS "姓名 name",
       city AS "城市 city",
\endif
       last_day AS "最近购买 last day",
       orders AS "订单 orders",
       spend AS "净消费 net spend",
       score AS "RFM",
       crm_member.rfm_segment_name(segment) AS "分群",
       segment AS "Segment"
  FROM shop.members
 WHERE orders > 0
 ORDER BY spend DESC, members.key
 LIMIT 10;

\echo '9. 客户终身价值 / Lifetime value: clv(historic, current, yearly, years) = historic + current + yearly x years'
\echo '   historic  净消费, 至上年末                net spend to the end of last year'
\echo '   current   净消费, 今年至今                net spend of this year so far'
\echo '   yearly    年均净消费, 自首购起 (至少一年) net spend a year since the first purchase (at least one year counted)'
\echo '   years     预期年数: 活跃 3, 近期流失 2, 中期流失 1, 沉睡 0    years expected, an assumption of this report:'
\echo '             active 3, recently lapsed 2, mid-term lapsed 1, dormant 0'
CREATE TEMP VIEW lifetime AS
SELECT *,
       crm_member.clv(historic, this_year, yearly, years) AS clv
  FROM (SELECT *,
               round((historic + this_year) / greatest((DATE :'as_of' - first_day + 1) / 365.25, 1), 2) AS yearly,
               CASE status WHEN 'active' THEN 3 WHEN 'recently_lapsed' THEN 2 WHEN 'mid_term_lapsed' THEN 1 ELSE 0
               END AS years
          FROM shop.members
         WHERE orders > 0) AS m;
SELECT crm_member.lifecycle_status_name(status) AS "状态",
       status AS "Status",
       count(*) AS "会员 members",
       sum(historic) AS "历史 historic",
       sum(this_year) AS "今年 current",
       sum(yearly) AS "年均 yearly",
       max(years) AS "年数 years",
       sum(clv) AS "终身价值 CLV",
       round(avg(clv), 2) AS "人均 average"
  FROM lifetime
 GROUP BY status
 ORDER BY max(years) DESC;
SELECT key::text AS "会员 member",
\if :named
       name AS "姓名 name",
\endif
       historic AS "历史 historic",
       this_year AS "今年 current",
       yearly AS "年均 yearly",
       years AS "年数 years",
       clv AS "终身价值 CLV"
  FROM lifetime
 ORDER BY clv DESC, lifetime.key
 LIMIT 5;

\echo '10. 集中度 / Concentration of spend'
SELECT round(crm_member.gini(spend), 4) AS "基尼 Gini",
       round(100 * sum(spend) FILTER (WHERE place <= 0.01 * n) / nullif(sum(spend), 0), 1) AS "前 1 % top 1 %",
       round(100 * sum(spend) FILTER (WHERE place <= 0.05 * n) / nullif(sum(spend), 0), 1) AS "前 5 % top 5 %",
       round(100 * sum(spend) FILTER (WHERE place <= 0.10 * n) / nullif(sum(spend), 0), 1) AS "前 10 % top 10 %",
       round(100 * sum(spend) FILTER (WHERE place <= 0.20 * n) / nullif(sum(spend), 0), 1) AS "前 20 % top 20 %",
       round(100 * sum(spend) FILTER (WHERE place <= 0.50 * n) / nullif(sum(spend), 0), 1) AS "前 50 % top 50 %"
  FROM (SELECT spend, row_number() OVER (ORDER BY spend DESC, key) AS place, count(*) OVER () AS n
          FROM shop.members
         WHERE orders > 0) AS m;
