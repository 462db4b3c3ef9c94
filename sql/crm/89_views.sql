-- sql/crm/89_views.sql
-- What a till or a back office reads without a door: members, sales and their lines, of the reader's stores.
--
-- The views run with the reader's rights (security_invoker): the row security
-- of the tables below decides, so a clerk of a store sees that store and nothing
-- of another. No personal data is here; doors show those and note who asked.

--@ code
CREATE OR REPLACE VIEW @crm@.members WITH (security_invoker = true) AS
SELECT m.id AS member_id, m.member_no, m.home_store_id, s.code AS home_store, m.region,
       @crm@.local_day(m.joined_at) AS joined_on, @crm@.local_day(m.closed_at) AS closed_on, m.profiling, m.merged_into_id
FROM @crm@.member AS m LEFT JOIN @crm@.store AS s ON s.id = m.home_store_id;
COMMENT ON VIEW @crm@.members IS 'members of the reader''s stores, without personal data';

CREATE OR REPLACE VIEW @crm@.sales WITH (security_invoker = true) AS
SELECT s.id AS sale_id, s.store_id, s.member_id, m.member_no, s.occurred_at, @crm@.local_day(s.occurred_at) AS occurred_on, s.channel, s.source_key,
       s.refund_of_id, s.list_amount, s.discount_amount, s.shipping_amount, s.payable_amount, s.money_amount, s.principal_amount, s.gift_amount, s.points_amount, s.net_spend
FROM @crm@.sale AS s LEFT JOIN @crm@.member AS m ON m.id = s.member_id;
COMMENT ON VIEW @crm@.sales IS 'sales and refunds of the reader''s stores; the number of a member of another store is not shown';

CREATE OR REPLACE VIEW @crm@.sale_lines WITH (security_invoker = true) AS
SELECT l.sale_id, l.line_no, s.store_id, s.occurred_at, l.kind, l.product_id, p.name AS product, l.quantity, l.list_amount, l.discount_amount, l.payable_amount,
       l.points_earned, l.growth_earned, l.refund_of_line_no
FROM @crm@.sale AS s JOIN @crm@.sale_line AS l ON l.sale_id = s.id LEFT JOIN @crm@.product AS p ON p.id = l.product_id;
COMMENT ON VIEW @crm@.sale_lines IS 'lines of the sales of the reader''s stores';
