-- sql/extension/40_money.sql
-- Money: customer lifetime value by formula, margin, exact splits.

CREATE FUNCTION crm_member.clv(historic numeric, current_value numeric, yearly numeric, years numeric,
  discount_rate numeric DEFAULT 0)
RETURNS numeric
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_clv';
COMMENT ON FUNCTION crm_member.clv(numeric, numeric, numeric, numeric, numeric) IS
'customer lifetime value by formula, in the unit of the amounts: historic + current_value + yearly x years, exact; 500, 300, 800, 2 gives 2400; with a discount_rate (a fraction a year) each full year''s amount is discounted at its end and the last part of a year at the end of the term, the result rounded to 2 decimals; 22023 for years < 0 (or > 1000 with a rate), discount_rate <= -1, NaN and infinity';

CREATE FUNCTION crm_member.margin(revenue numeric, cost numeric) RETURNS numeric
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_margin';
COMMENT ON FUNCTION crm_member.margin(numeric, numeric) IS
'margin as a fraction: (revenue - cost) / revenue; 10000, 7000 gives 0.3; NULL when revenue is 0; 22023 for NaN and infinity';

CREATE FUNCTION crm_member.split_amount(amount numeric, weights numeric[], decimals integer DEFAULT 2)
RETURNS numeric[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_split_amount';
COMMENT ON FUNCTION crm_member.split_amount(numeric, numeric[], integer) IS
'the amount in parts proportional to weights, by largest remainder in units of 10^-decimals, ties to the earlier part; the parts add up to the amount exactly; a negative amount is split as its mirror image; 22023 for an amount with more decimals, negative weights, or weights that are all 0 unless the amount is 0; 22004 for a NULL among the weights; 22003 beyond 18 digits';

CREATE FUNCTION crm_member.format_money(amount numeric, currency text DEFAULT 'CNY', locale text DEFAULT 'zh_CN') RETURNS text
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_format_money';
COMMENT ON FUNCTION crm_member.format_money(numeric, text, text) IS
'an amount as people of the locale write money of the currency (ISO 4217), rounded half away from zero to the currency''s decimals; by ICU, whose answers change with its version: for display only; a locale that ICU does not know is written as its language or the root''s; 22023 for a currency that is not three capital letters, 22003 for NaN, infinity and more than 100 digits';
