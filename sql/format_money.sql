-- sql/format_money.sql
-- format_money: what ICU has said for years; half away from zero at the currency's decimals.
SET search_path = crm_member, pg_catalog;
\set VERBOSITY terse
\pset format unaligned

SELECT format_money(1234.5) AS yuan, format_money(-1234567.891, 'USD', 'en_US') AS dollars, format_money(1000.5, 'JPY', 'en_US') AS yen,
       format_money(0.125, 'USD', 'en_US') AS half_even, format_money(0.135, 'USD', 'en_US') AS half_odd, format_money(0, 'GBP', 'en_GB') AS pounds;
SELECT format_money(12345678901234567890.99, 'USD', 'en_US') AS exact;
SELECT count(DISTINCT format_money(1, c, l)) AS answers FROM unnest(ARRAY['CNY', 'USD', 'CNY']) AS c, unnest(ARRAY['en_US', 'de_DE']) AS l;
SELECT format_money(NULL) AS none, format_money(1, 'ZZZ', 'en_US') <> '' AS unknown_currency;
SELECT format_money('NaN');
SELECT format_money('Infinity');
SELECT format_money(1e101);
SELECT format_money(1, 'cny');
SELECT format_money(1, 'CN');
SELECT format_money(1, 'CNY', repeat('x', 100));
