-- sql/crm/82_report_sales.sql
-- Sales and margins by month, store and channel, kept by adding what came and taking out what went.
--
-- Everything in sales_month is a sum, so a refresh reads report_change alone
-- and never the sales. A sale is an order unless it refunds one or its amount
-- is negative. Margins count the sales whose cost is known, so their revenue
-- is not the revenue of all sales.

--@ layout 1
CREATE TABLE @crm@.sales_month (
  month date NOT NULL,
  store_id bigint NOT NULL,
  channel text NOT NULL,
  sales bigint NOT NULL,
  orders bigint NOT NULL,
  member_orders bigint NOT NULL,
  order_amount numeric NOT NULL,
  net_spend numeric NOT NULL,
  member_spend numeric NOT NULL,
  list_amount numeric NOT NULL,
  discount_amount numeric NOT NULL,
  member_revenue numeric NOT NULL,
  member_cost numeric NOT NULL,
  guest_revenue numeric NOT NULL,
  guest_cost numeric NOT NULL,
  PRIMARY KEY (month, store_id, channel)
) WITH (fillfactor = 70);

--@ code
COMMENT ON TABLE @crm@.sales_month IS 'sums of the sales by local month, store (0: none) and channel (empty: none); derived from sale, behind it by what waits in report_change';

CREATE OR REPLACE FUNCTION @crm@._sales_rebuild() RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  written bigint;
BEGIN
  DELETE FROM @crm@.sales_month;
  -- one statement, one snapshot: it sees a sale exactly when it sees that the sale was noted
  WITH gone AS (
    DELETE FROM @crm@.report_change AS c RETURNING c.member_id
  ), due AS (
    INSERT INTO @crm@.report_due (member_id) SELECT DISTINCT g.member_id FROM gone AS g WHERE g.member_id IS NOT NULL ON CONFLICT DO NOTHING
  )
  INSERT INTO @crm@.sales_month (month, store_id, channel, sales, orders, member_orders, order_amount, net_spend, member_spend, list_amount, discount_amount,
                                 member_revenue, member_cost, guest_revenue, guest_cost)
  SELECT date_trunc('month', @crm@.local_day(s.occurred_at)::timestamp)::date, coalesce(s.store_id, 0), coalesce(s.channel, ''),
         count(*),
         count(*) FILTER (WHERE @crm@._is_order(s.net_spend, s.refund_of_id)),
         count(s.member_id) FILTER (WHERE @crm@._is_order(s.net_spend, s.refund_of_id)),
         coalesce(sum(s.net_spend) FILTER (WHERE @crm@._is_order(s.net_spend, s.refund_of_id)), 0),
         sum(s.net_spend),
         coalesce(sum(s.net_spend) FILTER (WHERE s.member_id IS NOT NULL), 0),
         coalesce(sum(s.list_amount), 0),
         coalesce(sum(s.discount_amount), 0),
         coalesce(sum(s.net_spend) FILTER (WHERE s.cost_amount IS NOT NULL AND s.member_id IS NOT NULL), 0),
         coalesce(sum(s.cost_amount) FILTER (WHERE s.member_id IS NOT NULL), 0),
         coalesce(sum(s.net_spend) FILTER (WHERE s.cost_amount IS NOT NULL AND s.member_id IS NULL), 0),
         coalesce(sum(s.cost_amount) FILTER (WHERE s.member_id IS NULL), 0)
  FROM @crm@.sale AS s
  GROUP BY 1, 2, 3;
  GET DIAGNOSTICS written = ROW_COUNT;
  RETURN written;
END
$$;
COMMENT ON FUNCTION @crm@._sales_rebuild() IS 'makes sales_month again from the sales and hands the members that changed on; answers how many rows it wrote';

CREATE OR REPLACE FUNCTION @crm@._sales_fold(OUT noted bigint, OUT written bigint, OUT bought bigint[], OUT changed bigint[])
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  some_went boolean;
BEGIN
  WITH gone AS MATERIALIZED (
    DELETE FROM @crm@.report_change AS c RETURNING c.*
  ), folded AS (
    INSERT INTO @crm@.sales_month AS t (month, store_id, channel, sales, orders, member_orders, order_amount, net_spend, member_spend, list_amount, discount_amount,
                                        member_revenue, member_cost, guest_revenue, guest_cost)
    SELECT date_trunc('month', @crm@.local_day(g.occurred_at)::timestamp)::date, coalesce(g.store_id, 0), coalesce(g.channel, ''),
           sum(g.sign),
           coalesce(sum(g.sign) FILTER (WHERE NOT g.is_refund), 0),
           coalesce(sum(g.sign) FILTER (WHERE NOT g.is_refund AND g.member_id IS NOT NULL), 0),
           coalesce(sum(g.sign * g.net_spend) FILTER (WHERE NOT g.is_refund), 0),
           sum(g.sign * g.net_spend),
           coalesce(sum(g.sign * g.net_spend) FILTER (WHERE g.member_id IS NOT NULL), 0),
           coalesce(sum(g.sign * g.list_amount), 0),
           coalesce(sum(g.sign * g.discount_amount), 0),
           coalesce(sum(g.sign * g.net_spend) FILTER (WHERE g.cost_amount IS NOT NULL AND g.member_id IS NOT NULL), 0),
           coalesce(sum(g.sign * g.cost_amount) FILTER (WHERE g.member_id IS NOT NULL), 0),
           coalesce(sum(g.sign * g.net_spend) FILTER (WHERE g.cost_amount IS NOT NULL AND g.member_id IS NULL), 0),
           coalesce(sum(g.sign * g.cost_amount) FILTER (WHERE g.member_id IS NULL), 0)
    FROM gone AS g WHERE g.sign <> 0
    GROUP BY 1, 2, 3
    ON CONFLICT (month, store_id, channel) DO UPDATE
      SET sales = t.sales + excluded.sales,
          orders = t.orders + excluded.orders,
          member_orders = t.member_orders + excluded.member_orders,
          order_amount = t.order_amount + excluded.order_amount,
          net_spend = t.net_spend + excluded.net_spend,
          member_spend = t.member_spend + excluded.member_spend,
          list_amount = t.list_amount + excluded.list_amount,
          discount_amount = t.discount_amount + excluded.discount_amount,
          member_revenue = t.member_revenue + excluded.member_revenue,
          member_cost = t.member_cost + excluded.member_cost,
          guest_revenue = t.guest_revenue + excluded.guest_revenue,
          guest_cost = t.guest_cost + excluded.guest_cost
    RETURNING 1
  )
  SELECT count(*), (SELECT count(*) FROM folded), array_agg(g.member_id) FILTER (WHERE g.sign <> 0 AND g.member_id IS NOT NULL), array_agg(g.member_id) FILTER (WHERE g.sign = 0 AND g.member_id IS NOT NULL), bool_or(g.sign < 0)
  INTO noted, written, bought, changed, some_went FROM gone AS g;
  IF some_went THEN
    DELETE FROM @crm@.sales_month AS t WHERE t.sales = 0;
  END IF;
END
$$;
COMMENT ON FUNCTION @crm@._sales_fold() IS 'adds what waits in report_change to sales_month; answers how many changes and how many rows, and the members who bought or changed';

CREATE OR REPLACE VIEW @crm_report@.sales_by_month WITH (security_barrier = true) AS
WITH reader AS MATERIALIZED (SELECT @crm@._store_limits() AS stores)
SELECT t.month,
       nullif(t.store_id, 0) AS store_id,
       s.code::varchar(100) AS store_code,
       s.name::varchar(200) AS store_name,
       nullif(t.channel, '')::varchar(100) AS channel,
       t.orders,
       t.sales - t.orders AS refunds,
       t.order_amount::numeric(18,2) AS order_amount,
       (t.order_amount - t.net_spend)::numeric(18,2) AS refund_amount,
       t.net_spend::numeric(18,2) AS net_spend,
       (t.order_amount / nullif(t.orders, 0))::numeric(18,2) AS amount_per_order,
       t.member_orders,
       t.orders - t.member_orders AS guest_orders,
       t.member_spend::numeric(18,2) AS member_spend,
       (t.net_spend - t.member_spend)::numeric(18,2) AS guest_spend,
       (t.member_spend / nullif(t.net_spend, 0))::numeric(18,6) AS member_share,
       t.list_amount::numeric(18,2) AS list_amount,
       t.discount_amount::numeric(18,2) AS discount_amount
FROM @crm@.sales_month AS t
     LEFT JOIN @crm@.store AS s ON s.id = t.store_id
     CROSS JOIN reader
WHERE reader.stores IS NULL OR t.store_id = ANY (reader.stores);
COMMENT ON VIEW @crm_report@.sales_by_month IS 'one row a local month, store and channel, as of the last refresh; readers limited to stores see those';
COMMENT ON COLUMN @crm_report@.sales_by_month.month IS 'first day of the local month in which the sale or refund happened';
COMMENT ON COLUMN @crm_report@.sales_by_month.store_id IS 'store, empty for sales without one';
COMMENT ON COLUMN @crm_report@.sales_by_month.store_code IS 'code of the store';
COMMENT ON COLUMN @crm_report@.sales_by_month.store_name IS 'name of the store';
COMMENT ON COLUMN @crm_report@.sales_by_month.channel IS 'channel, empty for sales without one';
COMMENT ON COLUMN @crm_report@.sales_by_month.orders IS 'sales that are no refund; an amount of 0.00 counts';
COMMENT ON COLUMN @crm_report@.sales_by_month.refunds IS 'refund rows';
COMMENT ON COLUMN @crm_report@.sales_by_month.order_amount IS 'net spend of the orders before refunds';
COMMENT ON COLUMN @crm_report@.sales_by_month.refund_amount IS 'refunded in the month, a positive amount';
COMMENT ON COLUMN @crm_report@.sales_by_month.net_spend IS 'order_amount less refund_amount';
COMMENT ON COLUMN @crm_report@.sales_by_month.amount_per_order IS 'order_amount / orders';
COMMENT ON COLUMN @crm_report@.sales_by_month.member_orders IS 'orders of members';
COMMENT ON COLUMN @crm_report@.sales_by_month.guest_orders IS 'orders of guests';
COMMENT ON COLUMN @crm_report@.sales_by_month.member_spend IS 'net spend of members';
COMMENT ON COLUMN @crm_report@.sales_by_month.guest_spend IS 'net spend of guests';
COMMENT ON COLUMN @crm_report@.sales_by_month.member_share IS 'member_spend / net_spend, a fraction';
COMMENT ON COLUMN @crm_report@.sales_by_month.list_amount IS 'list prices of the sales whose source tells them, less refunded ones';
COMMENT ON COLUMN @crm_report@.sales_by_month.discount_amount IS 'discounts of those sales';

CREATE OR REPLACE VIEW @crm_report@.margins WITH (security_barrier = true) AS
WITH reader AS MATERIALIZED (
  SELECT @crm@._store_limits() AS stores
), total AS (
  SELECT t.month, t.store_id, sum(t.member_revenue) AS mr, sum(t.member_cost) AS mc, sum(t.guest_revenue) AS gr, sum(t.guest_cost) AS gc
  FROM @crm@.sales_month AS t CROSS JOIN reader
  WHERE reader.stores IS NULL OR t.store_id = ANY (reader.stores)
  GROUP BY t.month, t.store_id
)
SELECT t.month,
       nullif(t.store_id, 0) AS store_id,
       s.code::varchar(100) AS store_code,
       t.mr::numeric(18,2) AS member_revenue,
       t.mc::numeric(18,2) AS member_cost,
       crm_member.margin(t.mr, t.mc)::numeric(18,6) AS member_margin,
       t.gr::numeric(18,2) AS guest_revenue,
       t.gc::numeric(18,2) AS guest_cost,
       crm_member.margin(t.gr, t.gc)::numeric(18,6) AS guest_margin,
       crm_member.margin(t.mr + t.gr, t.mc + t.gc)::numeric(18,6) AS margin,
       (100 * (crm_member.margin(t.mr, t.mc) - crm_member.margin(t.gr, t.gc)))::numeric(18,2) AS difference_points
FROM total AS t LEFT JOIN @crm@.store AS s ON s.id = t.store_id
WHERE t.mr <> 0 OR t.mc <> 0 OR t.gr <> 0 OR t.gc <> 0;
COMMENT ON VIEW @crm_report@.margins IS 'margins of members against guests by local month and store, over the sales whose cost is known, as of the last refresh; readers limited to stores see those';
COMMENT ON COLUMN @crm_report@.margins.month IS 'first day of the local month';
COMMENT ON COLUMN @crm_report@.margins.store_id IS 'store, empty for sales without one';
COMMENT ON COLUMN @crm_report@.margins.store_code IS 'code of the store';
COMMENT ON COLUMN @crm_report@.margins.member_revenue IS 'net spend of members in sales of known cost';
COMMENT ON COLUMN @crm_report@.margins.member_cost IS 'cost of those sales';
COMMENT ON COLUMN @crm_report@.margins.member_margin IS '(revenue - cost) / revenue, a fraction';
COMMENT ON COLUMN @crm_report@.margins.guest_revenue IS 'net spend of guests in sales of known cost';
COMMENT ON COLUMN @crm_report@.margins.guest_cost IS 'cost of those sales';
COMMENT ON COLUMN @crm_report@.margins.guest_margin IS '(revenue - cost) / revenue, a fraction';
COMMENT ON COLUMN @crm_report@.margins.margin IS 'margin of both together, a fraction';
COMMENT ON COLUMN @crm_report@.margins.difference_points IS 'member margin less guest margin in percentage points';

CREATE OR REPLACE FUNCTION @crm@._check_sales() RETURNS TABLE (check_name text, ok boolean, detail text)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  wrong bigint;
BEGIN
  IF EXISTS (SELECT FROM @crm@.report_state AS s WHERE s.relation = 'sales_month') THEN
    SELECT count(*) INTO wrong
    FROM (SELECT x.month, x.store_id, x.channel, sum(x.sales) AS sales, sum(x.orders) AS orders, sum(x.member_orders) AS member_orders, sum(x.net_spend) AS net_spend,
                 sum(x.member_spend) AS member_spend, sum(x.cost) AS cost
          FROM (SELECT t.month, t.store_id, t.channel, t.sales, t.orders, t.member_orders, t.net_spend, t.member_spend, t.member_cost + t.guest_cost AS cost
                FROM @crm@.sales_month AS t
                UNION ALL
                SELECT date_trunc('month', @crm@.local_day(c.occurred_at)::timestamp)::date, coalesce(c.store_id, 0), coalesce(c.channel, ''), c.sign,
                       CASE WHEN c.is_refund THEN 0 ELSE c.sign END, CASE WHEN c.is_refund OR c.member_id IS NULL THEN 0 ELSE c.sign END, c.sign * c.net_spend,
                       CASE WHEN c.member_id IS NULL THEN 0 ELSE c.sign * c.net_spend END, coalesce(c.sign * c.cost_amount, 0)
                FROM @crm@.report_change AS c WHERE c.sign <> 0) AS x
          GROUP BY x.month, x.store_id, x.channel HAVING sum(x.sales) <> 0) AS kept
         FULL JOIN
         (SELECT date_trunc('month', @crm@.local_day(s.occurred_at)::timestamp)::date AS month, coalesce(s.store_id, 0) AS store_id, coalesce(s.channel, '') AS channel,
                 count(*) AS sales, count(*) FILTER (WHERE @crm@._is_order(s.net_spend, s.refund_of_id)) AS orders,
                 count(s.member_id) FILTER (WHERE @crm@._is_order(s.net_spend, s.refund_of_id)) AS member_orders, sum(s.net_spend) AS net_spend,
                 coalesce(sum(s.net_spend) FILTER (WHERE s.member_id IS NOT NULL), 0) AS member_spend, coalesce(sum(s.cost_amount), 0) AS cost
          FROM @crm@.sale AS s GROUP BY 1, 2, 3) AS told USING (month, store_id, channel)
    WHERE (kept.sales, kept.orders, kept.member_orders, kept.net_spend, kept.member_spend, kept.cost)
          IS DISTINCT FROM (told.sales, told.orders, told.member_orders, told.net_spend, told.member_spend, told.cost);
  END IF;
  RETURN QUERY SELECT 'monthly sales equal the sales', coalesce(wrong, 0) = 0, format('%s months differ', coalesce(wrong, 0));
END
$$;
COMMENT ON FUNCTION @crm@._check_sales() IS 'check_crm: the monthly sums, with what waits for a refresh, are those of the sales';
