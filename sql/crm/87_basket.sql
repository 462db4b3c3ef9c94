-- sql/crm/87_basket.sql
-- What is bought together: pairs of products of the whole book, related products, recommendations with their reason.
--
-- A basket is an order of the window with its goods. The pairs are a
-- materialized view that refresh_reports makes again; it holds counts of
-- baskets and nothing of a member. A recommendation reads it by the products
-- that the member has bought, so it says why; members who have opted out of
-- profiling get none.

--@ seed
INSERT INTO @crm@.setting (key, value, meaning) VALUES
  ('pair_months', '12', 'months before the day of the report whose baskets count for pairs of products; null: all'),
  ('pair_min_count', '5', 'least baskets in which a pair of products lies together'),
  ('pair_max_items', '100', 'baskets with more different products are left out of the pairs'),
  ('pair_memory', '"512MB"', 'memory that making the pairs may take');

--@ code
CREATE OR REPLACE FUNCTION @crm@._basket_from() RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(@crm@.day_start((d.as_of - make_interval(months => (SELECT (s.value #>> '{}')::integer FROM @crm@.setting AS s WHERE s.key = 'pair_months')))::date + 1), '-infinity')
FROM @crm@.report_state AS d WHERE d.relation = 'report_pair'
$$;
COMMENT ON FUNCTION @crm@._basket_from() IS 'the first instant of the baskets that count for pairs: the window of the setting pair_months before the day of that report';

CREATE OR REPLACE FUNCTION @crm@._basket_to() RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT @crm@.day_start(d.as_of + 1) FROM @crm@.report_state AS d WHERE d.relation = 'report_pair'
$$;
COMMENT ON FUNCTION @crm@._basket_to() IS 'the first instant after the baskets that count for pairs; NULL before the first refresh';

CREATE MATERIALIZED VIEW IF NOT EXISTS @crm@.report_pair AS
SELECT r.item_a AS product_a, r.item_b AS product_b, r.n_ab, r.n_a, r.n_b, r.baskets, r.support, r.confidence, r.lift, r.jaccard, r.cosine, r.leverage,
       nullif(r.conviction, 'Infinity') AS conviction
FROM crm_member.pair_rules($q$SELECT y.sale_id, y.product_id FROM @crm@.sale AS s JOIN @crm@.sale_line AS y ON y.sale_id = s.id
                              WHERE y.kind = 'goods' AND y.product_id IS NOT NULL AND @crm@._is_order(s.net_spend, s.refund_of_id)
                                AND s.occurred_at >= (SELECT @crm@._basket_from()) AND s.occurred_at < (SELECT @crm@._basket_to())$q$,
                           coalesce((SELECT (s.value #>> '{}')::integer FROM @crm@.setting AS s WHERE s.key = 'pair_min_count'), 5),
                           coalesce((SELECT (s.value #>> '{}')::integer FROM @crm@.setting AS s WHERE s.key = 'pair_max_items'), 100)) AS r;
CREATE UNIQUE INDEX IF NOT EXISTS report_pair_key ON @crm@.report_pair (product_a, product_b);
COMMENT ON MATERIALIZED VIEW @crm@.report_pair IS 'products that lie in the same baskets, one row for each direction of a pair';

CREATE OR REPLACE VIEW @crm_report@.product_pairs WITH (security_barrier = true) AS
SELECT r.product_a AS product_id,
       a.code::varchar(100) AS product_code,
       a.name::varchar(200) AS product_name,
       r.product_b AS with_product_id,
       b.code::varchar(100) AS with_product_code,
       b.name::varchar(200) AS with_product_name,
       r.n_ab AS baskets_with_both,
       r.n_a AS baskets_with_product,
       r.n_b AS baskets_with_other,
       r.baskets,
       r.support::numeric(18,6) AS support,
       r.confidence::numeric(18,6) AS confidence,
       r.lift::numeric(18,6) AS lift,
       r.jaccard::numeric(18,6) AS jaccard,
       r.cosine::numeric(18,6) AS cosine,
       r.leverage::numeric(18,6) AS leverage,
       r.conviction::numeric(18,6) AS conviction
FROM @crm@.report_pair AS r JOIN @crm@.product AS a ON a.id = r.product_a JOIN @crm@.product AS b ON b.id = r.product_b
WHERE (SELECT @crm@._store_limits()) IS NULL;
COMMENT ON VIEW @crm_report@.product_pairs IS 'products that are bought together, one row for each direction of a pair that lies in at least pair_min_count baskets of the window (setting pair_months); the whole chain, for readers of all stores, as of the last refresh';
COMMENT ON COLUMN @crm_report@.product_pairs.product_id IS 'the product';
COMMENT ON COLUMN @crm_report@.product_pairs.product_code IS 'its code';
COMMENT ON COLUMN @crm_report@.product_pairs.product_name IS 'its name';
COMMENT ON COLUMN @crm_report@.product_pairs.with_product_id IS 'the product that is bought with it';
COMMENT ON COLUMN @crm_report@.product_pairs.with_product_code IS 'its code';
COMMENT ON COLUMN @crm_report@.product_pairs.with_product_name IS 'its name';
COMMENT ON COLUMN @crm_report@.product_pairs.baskets_with_both IS 'orders that hold both';
COMMENT ON COLUMN @crm_report@.product_pairs.baskets_with_product IS 'orders that hold the product';
COMMENT ON COLUMN @crm_report@.product_pairs.baskets_with_other IS 'orders that hold the other';
COMMENT ON COLUMN @crm_report@.product_pairs.baskets IS 'all orders with lines in the window';
COMMENT ON COLUMN @crm_report@.product_pairs.support IS 'baskets_with_both / baskets';
COMMENT ON COLUMN @crm_report@.product_pairs.confidence IS 'baskets_with_both / baskets_with_product';
COMMENT ON COLUMN @crm_report@.product_pairs.lift IS 'how many times more often together than by chance; 1 is chance';
COMMENT ON COLUMN @crm_report@.product_pairs.jaccard IS 'orders with both / orders with any of them';
COMMENT ON COLUMN @crm_report@.product_pairs.cosine IS 'baskets_with_both / the geometric mean of the orders with each';
COMMENT ON COLUMN @crm_report@.product_pairs.leverage IS 'share of the orders beyond chance';
COMMENT ON COLUMN @crm_report@.product_pairs.conviction IS '(1 - share of orders with the other) / (1 - confidence); empty at confidence 1';

-- Products belong to no store, so a level at any store will do.
CREATE OR REPLACE FUNCTION @crm@._require_anywhere(levels text[]) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM unnest(@crm@._store_limits()) AS s(id) WHERE @crm@._may(levels, s.id)) THEN
    PERFORM @crm@._require(levels);
  END IF;
END
$$;
COMMENT ON FUNCTION @crm@._require_anywhere(text[]) IS 'raises 42501 unless the caller holds one of the levels for some store';

CREATE OR REPLACE FUNCTION @crm@.related_products(product_id bigint, n integer DEFAULT 10)
RETURNS TABLE (related_id bigint, code text, name text, together bigint, confidence numeric, lift numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  PERFORM @crm@._require_anywhere('{clerk,app,marketer,manager}');
  RETURN QUERY
    SELECT r.product_b, p.code, p.name, r.n_ab, round(r.confidence, 6), round(r.lift, 6)
    FROM @crm@.report_pair AS r JOIN @crm@.product AS p ON p.id = r.product_b
    WHERE r.product_a = related_products.product_id AND (p.withdrawn_on > @crm@._report_day()) IS NOT FALSE
    ORDER BY r.n_ab DESC, r.lift DESC, r.product_b
    LIMIT greatest(related_products.n, 0);
END
$$;
COMMENT ON FUNCTION @crm@.related_products(bigint, integer) IS 'products that are bought together with a product, most often first, as of the last refresh_reports: in how many orders, in what share of the orders with the product (confidence), and how many times more often than by chance (lift); withdrawn products are left out. Ties by lift, then id. Levels clerk, app, marketer and manager. Error: 42501 not allowed';

CREATE OR REPLACE FUNCTION @crm@.recommend(member_id bigint, n integer DEFAULT 5)
RETURNS TABLE (place integer, product_id bigint, code text, name text, score numeric, because_id bigint, because_code text, because_name text, together bigint, confidence numeric, lift numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE ROWS 5
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  PERFORM @crm@._require_member(recommend.member_id, '{clerk,app,marketer,manager}');
  RETURN QUERY
    WITH bought AS MATERIALIZED (
      SELECT DISTINCT y.product_id AS id
      FROM @crm@._profiled_members AS m
           JOIN @crm@.sale AS s ON s.member_id = m.member_id
           JOIN @crm@.sale_line AS y ON y.sale_id = s.id
      WHERE m.member_id = recommend.member_id AND y.kind = 'goods' AND y.product_id IS NOT NULL AND @crm@._is_order(s.net_spend, s.refund_of_id)
    ), offered AS (
      SELECT r.*, row_number() OVER (PARTITION BY r.product_b ORDER BY r.confidence DESC, r.n_ab DESC, r.product_a) AS nth,
             sum(r.confidence) OVER (PARTITION BY r.product_b) AS points
      FROM bought AS b JOIN @crm@.report_pair AS r ON r.product_a = b.id
      WHERE NOT EXISTS (SELECT FROM bought AS o WHERE o.id = r.product_b)
    )
    SELECT (row_number() OVER (ORDER BY o.points DESC, o.product_b))::integer, o.product_b, p.code, p.name, round(o.points, 6),
           o.product_a, w.code, w.name, o.n_ab, round(o.confidence, 6), round(o.lift, 6)
    FROM offered AS o JOIN @crm@.product AS p ON p.id = o.product_b JOIN @crm@.product AS w ON w.id = o.product_a
    WHERE o.nth = 1 AND (p.withdrawn_on > @crm@._report_day()) IS NOT FALSE
    ORDER BY 1
    LIMIT greatest(recommend.n, 0);
END
$$;
COMMENT ON FUNCTION @crm@.recommend(bigint, integer) IS 'products that a member has not bought and that lie in baskets with those bought, best first, ties by id, as of the last refresh_reports. score is the sum, over what the member bought, of the share of its baskets that hold the product too; because names the purchase that says most for it, in how many orders both lie (together), in what share of its orders (confidence), and the lift. Withdrawn products are left out; members who have opted out of profiling, and closed or merged ones, get no row. Levels clerk, app, marketer and manager for the member''s home store. Errors: CR004 unknown member, 42501 not allowed';
