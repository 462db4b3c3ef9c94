-- sql/crm/84_report_book.sql
-- Reports that need the whole book: Pareto, growth and activity, cohorts, repeat purchase, returns.
--
-- Materialized views, cheap because they read histories and monthly sums, not
-- orders. Each is of the day that stands in report_state, so that making one
-- again, as a restore does, gives the same rows. Row security does not reach
-- materialized views: they hold sums of the whole chain and no row of a member,
-- and the views over them are for readers of all stores. Cohorts and steps of
-- the Pareto curve with fewer members than the setting report_min_group are
-- left out: what a handful of members spent is near to what one of them did.
-- Without a refresh they are empty.

--@ seed
INSERT INTO @crm@.setting (key, value, meaning) VALUES
  ('report_min_group', '5', 'least members of a cohort, of a step of the Pareto curve and of an amount of money in them; smaller groups are hidden');

--@ code
CREATE MATERIALIZED VIEW IF NOT EXISTS @crm@.report_pareto AS
WITH span AS MATERIALIZED (
  SELECT d.as_of, (d.as_of - make_interval(months => coalesce((SELECT (s.value #>> '{}')::integer FROM @crm@.setting AS s WHERE s.key = 'value_months'), 12)))::date + 1 AS from_day
  FROM @crm@.report_state AS d WHERE d.relation = 'report_pareto'
), buyer AS MATERIALIZED (
  SELECT h.member_id, crm_member.net_spend(h.history, d.from_day, d.as_of) AS spend
  FROM @crm@.member_history AS h CROSS JOIN span AS d
  WHERE crm_member.order_count(h.history, d.from_day, d.as_of) > 0
), ranked AS (
  SELECT b.spend,
         row_number() OVER (ORDER BY b.spend DESC, b.member_id) AS place,
         count(*) OVER () AS members,
         sum(b.spend) OVER (ORDER BY b.spend DESC, b.member_id ROWS UNBOUNDED PRECEDING) AS so_far,
         sum(b.spend) OVER () AS total,
         crm_member.abc_class(b.spend) OVER (ORDER BY b.member_id) AS class
  FROM buyer AS b
)
SELECT p.percent, r.place AS members, r.so_far AS net_spend, CASE WHEN r.total > 0 THEN r.so_far / r.total END AS spend_share, r.spend AS least_spend, r.class,
       (SELECT crm_member.gini(b.spend) FROM buyer AS b) AS gini, (SELECT d.from_day FROM span AS d) AS from_day, (SELECT d.as_of FROM span AS d) AS as_of
FROM generate_series(1, 100) AS p(percent) JOIN ranked AS r ON r.place = (r.members * p.percent + 99) / 100
WHERE r.place >= coalesce((SELECT (s.value #>> '{}')::integer FROM @crm@.setting AS s WHERE s.key = 'report_min_group'), 5);
CREATE UNIQUE INDEX IF NOT EXISTS report_pareto_key ON @crm@.report_pareto (percent);
COMMENT ON MATERIALIZED VIEW @crm@.report_pareto IS 'what the best 1, 2, ... 100 percent of the buying members brought; without groups below the setting report_min_group';

CREATE MATERIALIZED VIEW IF NOT EXISTS @crm@.report_month AS
WITH day AS MATERIALIZED (
  SELECT d.as_of FROM @crm@.report_state AS d WHERE d.relation = 'report_month'
), person AS MATERIALIZED (
  SELECT m.id, @crm@.local_day(m.joined_at) AS joined_on, @crm@.local_day(m.closed_at) AS closed_on FROM @crm@.member AS m WHERE m.merged_into_id IS NULL
), joined AS (
  SELECT date_trunc('month', p.joined_on::timestamp)::date AS month, count(*) AS members FROM person AS p CROSS JOIN day AS d WHERE p.joined_on <= d.as_of GROUP BY 1
), closed AS (
  SELECT date_trunc('month', p.closed_on::timestamp)::date AS month, count(*) AS members FROM person AS p CROSS JOIN day AS d WHERE p.closed_on <= d.as_of GROUP BY 1
), active AS (
  SELECT b.month,
         count(*) FILTER (WHERE b.orders > 0) AS buying,
         count(*) FILTER (WHERE b.orders > 0 AND p.joined_on <= t.day AND (p.closed_on IS NULL OR p.closed_on > t.day)) AS active,
         sum(b.orders)::bigint AS orders,
         sum(b.amount) AS net_spend
  FROM @crm@.member_history AS h
       CROSS JOIN day AS d
       CROSS JOIN LATERAL (SELECT date_trunc('month', x.day::timestamp)::date AS month, sum(x.orders) AS orders, sum(x.amount) AS amount
                           FROM crm_member.purchase_days(crm_member.between_days(h.history, NULL, d.as_of)) AS x GROUP BY 1) AS b
       CROSS JOIN LATERAL (SELECT least((b.month + interval '1 month')::date - 1, d.as_of) AS day) AS t
       JOIN person AS p ON p.id = h.member_id
  GROUP BY b.month
), calendar AS (
  SELECT g.at::date AS month
  FROM day AS d, generate_series(least((SELECT min(j.month) FROM joined AS j), (SELECT min(a.month) FROM active AS a))::timestamp, d.as_of::timestamp, interval '1 month') AS g(at)
)
SELECT c.month,
       least((c.month + interval '1 month')::date - 1, d.as_of) AS through_day,
       coalesce(j.members, 0) AS joined,
       coalesce(x.members, 0) AS closed,
       (sum(coalesce(j.members, 0) - coalesce(x.members, 0)) OVER (ORDER BY c.month))::bigint AS members_at_end,
       coalesce(a.buying, 0) AS buying,
       coalesce(a.active, 0) AS active,
       coalesce(a.orders, 0) AS orders,
       coalesce(a.net_spend, 0) AS net_spend
FROM calendar AS c CROSS JOIN day AS d
     LEFT JOIN joined AS j ON j.month = c.month LEFT JOIN closed AS x ON x.month = c.month LEFT JOIN active AS a ON a.month = c.month;
CREATE UNIQUE INDEX IF NOT EXISTS report_month_key ON @crm@.report_month (month);
COMMENT ON MATERIALIZED VIEW @crm@.report_month IS 'members and their activity by month, of the whole chain';

CREATE MATERIALIZED VIEW IF NOT EXISTS @crm@.report_cohort AS
WITH day AS MATERIALIZED (
  SELECT d.as_of, extract(year FROM d.as_of)::integer * 12 + extract(month FROM d.as_of)::integer AS month_no,
         coalesce((SELECT (s.value #>> '{}')::integer FROM @crm@.setting AS s WHERE s.key = 'report_min_group'), 5) AS min_group
  FROM @crm@.report_state AS d WHERE d.relation = 'report_cohort'
), bought AS MATERIALIZED (
  SELECT min(x.month_no) FILTER (WHERE x.orders > 0) OVER member AS cohort_no, max(x.month_no) FILTER (WHERE x.orders > 0) OVER member AS last_no,
         x.month_no, x.orders, x.amount
  FROM @crm@.member_history AS h
       CROSS JOIN day AS d
       CROSS JOIN LATERAL (SELECT extract(year FROM p.day)::integer * 12 + extract(month FROM p.day)::integer AS month_no, sum(p.orders) AS orders, sum(p.amount) AS amount
                           FROM crm_member.purchase_days(crm_member.between_days(h.history, NULL, d.as_of)) AS p GROUP BY 1) AS x
  WINDOW member AS (PARTITION BY h.member_id)
), cell AS (
  SELECT b.cohort_no, b.month_no - b.cohort_no AS k, count(*) FILTER (WHERE b.orders > 0) AS members, count(*) AS told, sum(b.amount) AS net_spend
  FROM bought AS b WHERE b.month_no >= b.cohort_no GROUP BY 1, 2
), stayed AS (
  SELECT b.cohort_no, b.last_no - b.cohort_no AS k, count(*) AS members FROM bought AS b WHERE b.month_no = b.cohort_no GROUP BY 1, 2
)
SELECT make_date((c.cohort_no - 1) / 12, (c.cohort_no - 1) % 12 + 1, 1) AS cohort,
       k.k,
       c.members,
       CASE WHEN e.complete THEN coalesce(x.members, 0) END AS retained,
       CASE WHEN e.complete THEN (SELECT coalesce(sum(l.members), 0) FROM stayed AS l WHERE l.cohort_no = c.cohort_no AND l.k >= k.k)::bigint END AS rolling,
       CASE WHEN e.complete AND (x.told IS NULL OR x.told >= d.min_group) THEN coalesce(x.net_spend, 0) END AS net_spend
FROM cell AS c CROSS JOIN day AS d
     CROSS JOIN LATERAL generate_series(0, d.month_no - c.cohort_no) AS k(k)
     CROSS JOIN LATERAL (SELECT c.cohort_no + k.k < d.month_no OR (d.as_of + 1) = (date_trunc('month', d.as_of::timestamp) + interval '1 month')::date AS complete) AS e
     LEFT JOIN cell AS x ON x.cohort_no = c.cohort_no AND x.k = k.k
WHERE c.k = 0 AND c.members >= d.min_group;
CREATE UNIQUE INDEX IF NOT EXISTS report_cohort_key ON @crm@.report_cohort (cohort, k);
COMMENT ON MATERIALIZED VIEW @crm@.report_cohort IS 'members by month of their first order, and how many of them bought in each month after it; without groups below the setting report_min_group';

CREATE MATERIALIZED VIEW IF NOT EXISTS @crm@.report_repeat AS
WITH day AS MATERIALIZED (
  SELECT d.as_of FROM @crm@.report_state AS d WHERE d.relation = 'report_repeat'
), bought AS MATERIALIZED (
  SELECT h.member_id, x.month, x.orders
  FROM @crm@.member_history AS h
       CROSS JOIN day AS d
       CROSS JOIN LATERAL (SELECT date_trunc('month', p.day::timestamp)::date AS month, sum(p.orders)::bigint AS orders
                           FROM crm_member.purchase_days(crm_member.between_days(h.history, NULL, d.as_of)) AS p WHERE p.orders > 0 GROUP BY 1) AS x
), period AS (
  SELECT 'month' AS grain, b.month AS period_start, b.orders FROM bought AS b
  UNION ALL SELECT 'quarter' AS grain, date_trunc('quarter', b.month::timestamp)::date AS period_start, sum(b.orders) AS orders FROM bought AS b GROUP BY b.member_id, 2
  UNION ALL SELECT 'year' AS grain, date_trunc('year', b.month::timestamp)::date AS period_start, sum(b.orders) AS orders FROM bought AS b GROUP BY b.member_id, 2
  UNION ALL SELECT 'all' AS grain, (SELECT min(m.month) FROM bought AS m) AS period_start, sum(b.orders) AS orders FROM bought AS b GROUP BY b.member_id
)
SELECT p.grain, p.period_start,
       least(d.as_of, CASE p.grain WHEN 'month' THEN (p.period_start + interval '1 month')::date - 1 WHEN 'quarter' THEN (p.period_start + interval '3 months')::date - 1
                                   WHEN 'year' THEN (p.period_start + interval '1 year')::date - 1 ELSE d.as_of END) AS through_day,
       count(*) AS buyers,
       count(*) FILTER (WHERE p.orders >= 2) AS repeat_buyers
FROM period AS p CROSS JOIN day AS d
GROUP BY p.grain, p.period_start, d.as_of;
CREATE UNIQUE INDEX IF NOT EXISTS report_repeat_key ON @crm@.report_repeat (grain, period_start);
COMMENT ON MATERIALIZED VIEW @crm@.report_repeat IS 'buyers, and those with two orders or more, by month, quarter, year and over all';

CREATE MATERIALIZED VIEW IF NOT EXISTS @crm@.report_return AS
WITH day AS MATERIALIZED (
  SELECT d.as_of, date_trunc('month', d.as_of::timestamp)::date AS month, @crm@.day_start(date_trunc('month', d.as_of::timestamp)::date) AS month_at, @crm@.day_start(d.as_of + 1) AS until
  FROM @crm@.report_state AS d WHERE d.relation = 'report_return'
), running AS (
  -- the monthly sums know no days, and a sale may be dated ahead
  SELECT count(*) AS orders
  FROM @crm@.sale AS s
  WHERE @crm@._is_order(s.net_spend, s.refund_of_id) AND s.occurred_at >= (SELECT d.month_at FROM day AS d) AND s.occurred_at < (SELECT d.until FROM day AS d)
), returned AS (
  SELECT date_trunc('month', @crm@.local_day(s.occurred_at)::timestamp)::date AS month, count(*) AS orders
  FROM @crm@.sale AS s
       JOIN (SELECT DISTINCT r.refund_of_id FROM @crm@.sale AS r WHERE r.refund_of_id IS NOT NULL AND r.occurred_at < (SELECT d.until FROM day AS d)) AS b ON b.refund_of_id = s.id
  WHERE @crm@._is_order(s.net_spend, s.refund_of_id) AND s.occurred_at < (SELECT d.until FROM day AS d)
  GROUP BY 1
)
SELECT t.month, least((t.month + interval '1 month')::date - 1, d.as_of) AS through_day,
       CASE WHEN t.month = d.month THEN (SELECT u.orders FROM running AS u) ELSE sum(t.orders)::bigint END AS orders, coalesce(max(r.orders), 0) AS returned_orders
FROM @crm@.sales_month AS t CROSS JOIN day AS d
     LEFT JOIN returned AS r ON r.month = t.month
WHERE t.month <= d.as_of
GROUP BY t.month, d.as_of, d.month;
CREATE UNIQUE INDEX IF NOT EXISTS report_return_key ON @crm@.report_return (month);
COMMENT ON MATERIALIZED VIEW @crm@.report_return IS 'orders by month, and how many of them have a return so far';

CREATE OR REPLACE VIEW @crm_report@.pareto WITH (security_barrier = true) AS
SELECT p.percent AS member_percent,
       p.members,
       p.net_spend::numeric(18,2) AS net_spend,
       p.spend_share::numeric(18,6) AS spend_share,
       p.least_spend::numeric(18,2) AS least_spend,
       p.class::varchar(1) AS class,
       p.gini::numeric(9,6) AS gini,
       p.from_day,
       p.as_of
FROM @crm@.report_pareto AS p
WHERE (SELECT @crm@._store_limits()) IS NULL;
COMMENT ON VIEW @crm_report@.pareto IS 'the curve of concentration: what the best 1 to 100 percent of the members who bought in the window (setting value_months) brought; the whole chain without steps of fewer members than the setting report_min_group, for readers of all stores, as of the last refresh';
COMMENT ON COLUMN @crm_report@.pareto.member_percent IS 'percent of the members, best first';
COMMENT ON COLUMN @crm_report@.pareto.members IS 'that many members, rounded up';
COMMENT ON COLUMN @crm_report@.pareto.net_spend IS 'their net spend together';
COMMENT ON COLUMN @crm_report@.pareto.spend_share IS 'its share of the net spend of all, a fraction';
COMMENT ON COLUMN @crm_report@.pareto.least_spend IS 'net spend of the last of them';
COMMENT ON COLUMN @crm_report@.pareto.class IS 'ABC class of the last of them: the members before bring less than 80 percent: A, less than 95 percent: B, else C';
COMMENT ON COLUMN @crm_report@.pareto.gini IS 'Gini coefficient of all, the same in each row';
COMMENT ON COLUMN @crm_report@.pareto.from_day IS 'first day of the window';
COMMENT ON COLUMN @crm_report@.pareto.as_of IS 'last day of the window';

CREATE OR REPLACE VIEW @crm_report@.member_growth WITH (security_barrier = true) AS
SELECT m.month,
       m.through_day,
       m.members_at_end - m.joined + m.closed AS members_at_start,
       m.joined,
       m.closed,
       m.members_at_end,
       ((m.joined - m.closed) / nullif(m.members_at_end - m.joined + m.closed, 0)::numeric)::numeric(18,6) AS growth_rate
FROM @crm@.report_month AS m
WHERE (SELECT @crm@._store_limits()) IS NULL;
COMMENT ON VIEW @crm_report@.member_growth IS 'members by local month: joined, closed, growth; the whole chain, for readers of all stores, as of the last refresh';
COMMENT ON COLUMN @crm_report@.member_growth.month IS 'first day of the month';
COMMENT ON COLUMN @crm_report@.member_growth.through_day IS 'last day counted: the month''s end, or the day of the report';
COMMENT ON COLUMN @crm_report@.member_growth.members_at_start IS 'open members before the month';
COMMENT ON COLUMN @crm_report@.member_growth.joined IS 'members who joined';
COMMENT ON COLUMN @crm_report@.member_growth.closed IS 'memberships closed';
COMMENT ON COLUMN @crm_report@.member_growth.members_at_end IS 'open members at the end';
COMMENT ON COLUMN @crm_report@.member_growth.growth_rate IS '(end - start) / start, a fraction; empty when none were there before';

CREATE OR REPLACE VIEW @crm_report@.member_activity WITH (security_barrier = true) AS
SELECT m.month,
       m.through_day,
       m.members_at_end AS open_members,
       m.active AS active_members,
       (m.active / nullif(m.members_at_end, 0)::numeric)::numeric(9,6) AS activity_rate,
       m.buying AS buying_members,
       m.orders,
       m.net_spend::numeric(18,2) AS net_spend,
       (m.net_spend / nullif(m.orders, 0))::numeric(18,2) AS spend_per_order,
       (m.net_spend / nullif(m.buying, 0))::numeric(18,2) AS spend_per_buyer
FROM @crm@.report_month AS m
WHERE (SELECT @crm@._store_limits()) IS NULL;
COMMENT ON VIEW @crm_report@.member_activity IS 'what members did by local month; the whole chain, for readers of all stores, as of the last refresh';
COMMENT ON COLUMN @crm_report@.member_activity.month IS 'first day of the month';
COMMENT ON COLUMN @crm_report@.member_activity.through_day IS 'last day counted: the month''s end, or the day of the report';
COMMENT ON COLUMN @crm_report@.member_activity.open_members IS 'members open at the end';
COMMENT ON COLUMN @crm_report@.member_activity.active_members IS 'those of them with an order in the month';
COMMENT ON COLUMN @crm_report@.member_activity.activity_rate IS 'active_members / open_members, a fraction';
COMMENT ON COLUMN @crm_report@.member_activity.buying_members IS 'members with an order in the month, also those who have left since';
COMMENT ON COLUMN @crm_report@.member_activity.orders IS 'orders of members';
COMMENT ON COLUMN @crm_report@.member_activity.net_spend IS 'net spend of members, refunds on the day they happened';
COMMENT ON COLUMN @crm_report@.member_activity.spend_per_order IS 'net_spend / orders';
COMMENT ON COLUMN @crm_report@.member_activity.spend_per_buyer IS 'net_spend / buying_members';

CREATE OR REPLACE VIEW @crm_report@.cohort_retention WITH (security_barrier = true) AS
SELECT c.cohort,
       c.k AS months_after,
       (c.cohort + make_interval(months => c.k))::date AS month,
       c.members,
       c.retained,
       (c.retained / c.members::numeric)::numeric(9,6) AS retention_rate,
       c.rolling AS rolling_retained,
       (c.rolling / c.members::numeric)::numeric(9,6) AS rolling_rate,
       c.net_spend::numeric(18,2) AS net_spend,
       (c.net_spend / c.members)::numeric(18,2) AS spend_per_member
FROM @crm@.report_cohort AS c
WHERE (SELECT @crm@._store_limits()) IS NULL;
COMMENT ON VIEW @crm_report@.cohort_retention IS 'retention and revenue by local month of the first order, classic and rolling; the whole chain without cohorts smaller than the setting report_min_group, for readers of all stores, as of the last refresh';
COMMENT ON COLUMN @crm_report@.cohort_retention.cohort IS 'first day of the month in which the members bought first';
COMMENT ON COLUMN @crm_report@.cohort_retention.months_after IS 'months after that';
COMMENT ON COLUMN @crm_report@.cohort_retention.month IS 'first day of the month that is looked at';
COMMENT ON COLUMN @crm_report@.cohort_retention.members IS 'members of the cohort';
COMMENT ON COLUMN @crm_report@.cohort_retention.retained IS 'those of them with an order in that month; empty while the month is not over';
COMMENT ON COLUMN @crm_report@.cohort_retention.retention_rate IS 'retained / members, a fraction';
COMMENT ON COLUMN @crm_report@.cohort_retention.rolling_retained IS 'those with an order in that month or in any later one up to the day of the report; empty while the month is not over';
COMMENT ON COLUMN @crm_report@.cohort_retention.rolling_rate IS 'rolling_retained / members, a fraction';
COMMENT ON COLUMN @crm_report@.cohort_retention.net_spend IS 'what the cohort spent in that month, less refunds; empty while the month is not over and where fewer members than report_min_group are behind it';
COMMENT ON COLUMN @crm_report@.cohort_retention.spend_per_member IS 'net_spend / members of the cohort';

CREATE OR REPLACE VIEW @crm_report@.repeat_purchase WITH (security_barrier = true) AS
SELECT r.grain::varchar(10) AS grain,
       r.period_start,
       r.through_day,
       r.buyers,
       r.repeat_buyers,
       (r.repeat_buyers / r.buyers::numeric)::numeric(9,6) AS repeat_rate
FROM @crm@.report_repeat AS r
WHERE (SELECT @crm@._store_limits()) IS NULL;
COMMENT ON VIEW @crm_report@.repeat_purchase IS 'members who bought twice or more within a local month, quarter, year and over all; the whole chain, for readers of all stores, as of the last refresh';
COMMENT ON COLUMN @crm_report@.repeat_purchase.grain IS 'month, quarter, year or all; rows of different grains do not add up';
COMMENT ON COLUMN @crm_report@.repeat_purchase.period_start IS 'first day of the period';
COMMENT ON COLUMN @crm_report@.repeat_purchase.through_day IS 'last day counted: the period''s end, or the day of the report';
COMMENT ON COLUMN @crm_report@.repeat_purchase.buyers IS 'members with an order in the period';
COMMENT ON COLUMN @crm_report@.repeat_purchase.repeat_buyers IS 'those with two orders or more in it';
COMMENT ON COLUMN @crm_report@.repeat_purchase.repeat_rate IS 'repeat_buyers / buyers, a fraction';

CREATE OR REPLACE VIEW @crm_report@.return_rate WITH (security_barrier = true) AS
SELECT r.month,
       r.through_day,
       r.orders,
       r.returned_orders,
       (r.returned_orders / nullif(r.orders, 0)::numeric)::numeric(9,6) AS return_rate
FROM @crm@.report_return AS r
WHERE (SELECT @crm@._store_limits()) IS NULL;
COMMENT ON VIEW @crm_report@.return_rate IS 'orders by the local month in which they were placed, and those with a return so far; returns that name no order cannot be counted; the whole chain, for readers of all stores, as of the last refresh';
COMMENT ON COLUMN @crm_report@.return_rate.month IS 'first day of the month in which the orders were placed';
COMMENT ON COLUMN @crm_report@.return_rate.through_day IS 'last day counted: the month''s end, or the day of the report';
COMMENT ON COLUMN @crm_report@.return_rate.orders IS 'orders placed, of members and guests';
COMMENT ON COLUMN @crm_report@.return_rate.returned_orders IS 'those of them with any return so far';
COMMENT ON COLUMN @crm_report@.return_rate.return_rate IS 'returned_orders / orders, a fraction';
