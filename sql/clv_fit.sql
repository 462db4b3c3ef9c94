-- sql/clv_fit.sql
-- clv_summary and clv_fit: what the models see, fits of made-up members, the same bits by any path, what is refused.
-- The published optima are held by t/clv_data.sh, the values of the functions by sql/clv_exact.sql.

SET search_path = public, crm_member;

-- days 1, 8 and 15 bought; the refund on day 10 is no purchase day; what comes after as_of is ignored
SELECT * FROM clv_summary('{2024-01-01:1:10.00,2024-01-08:2:30.00,2024-01-10:0:-5.00,2024-01-15:1:20.00,2024-02-01:1:99.00}', '2024-01-22');
SELECT * FROM clv_summary('{2024-01-01:1:10.00,2024-01-08:2:30.00}', '2024-01-22', '1 day');
SELECT * FROM clv_summary('{2024-01-01:1:10.00,2024-01-08:2:30.00}', '2024-01-01');
SELECT * FROM clv_summary('{2024-01-01:1:10.00}', '2023-12-31');
SELECT * FROM clv_summary('{}', '2023-12-31');

-- 4000 members by the MBG/NBD process itself: r = 2 (rate the sum of two exponentials over alpha = 40 days), drop-out 0.2 a day
-- bought, fixed seed; the fit must find it again
CREATE TABLE clv_shop (member integer, history purchase_history);
SELECT setseed(0.5);
DO $$
DECLARE
  rate float8;
  day float8;
  first float8;
  h text;
BEGIN
  FOR m IN 1..4000 LOOP
    rate := -(ln(1 - random()) + ln(1 - random())) / 40;
    first := floor(random() * 100);
    day := first;
    h := format('{%s:1:10.00', to_char(date '2023-01-01' + first::integer, 'YYYY-MM-DD'));
    LOOP
      EXIT WHEN random() < 0.2;
      -- not below a day: the models' time is continuous, a history's is not
      day := day + 1 - ln(1 - random()) / rate;
      EXIT WHEN day >= 465;
      h := h || format(',%s:1:%s', to_char(date '2023-01-01' + floor(day)::integer, 'YYYY-MM-DD'), round((10 + random() * 20)::numeric, 2));
    END LOOP;
    INSERT INTO clv_shop VALUES (m, (h || '}')::crm_member.purchase_history);
  END LOOP;
END $$;
-- who never bought, and a NULL, count for nothing
INSERT INTO clv_shop VALUES (5001, '{}'), (5002, NULL), (5003, '{2025-01-01:1:5.00}');
CREATE TABLE clv_fits AS
SELECT m AS name, clv_fit(history, '2024-03-31', m, '1 day') AS model FROM clv_shop, unnest('{bg/nbd,mbg/nbd,pareto/nbd,nbd}'::text[]) AS m GROUP BY m;
SELECT name, clv_status(model), model::jsonb ->> 'n' AS n, (model::jsonb -> 'spend' ->> 'n')::integer > 2000 AS spenders,
       model::jsonb -> 'spend' ->> 'status' AS spend, clv_log_likelihood(model) > -100000 AS likely
FROM clv_fits ORDER BY name COLLATE "C";
SELECT abs(p[3] / (p[3] + p[4]) - 0.2) < 0.03 AS drop_out, abs(p[1] / p[2] - 0.05) < 0.01 AS rate
FROM (SELECT clv_params(model) AS p FROM clv_fits WHERE name = 'mbg/nbd') AS f;
-- dropping out explains these members better than going on for ever
SELECT clv_log_likelihood(b.model) > clv_log_likelihood(n.model) + 100 AS better
FROM clv_fits AS b, clv_fits AS n WHERE b.name = 'mbg/nbd' AND n.name = 'nbd';
-- the likelihood of the fit is the sum over the members
SELECT name, abs(clv_log_likelihood(model) - s.ll) < 1e-6 AS same
FROM clv_fits AS f, LATERAL (SELECT sum(log_likelihood(f.model, c.x, c.t_x, c.t)) AS ll
  FROM clv_shop, clv_summary(history, '2024-03-31', '1 day') AS c WHERE c.x IS NOT NULL) AS s
ORDER BY name COLLATE "C";
-- and at its top: 1 percent more or less of any parameter is less likely
SELECT name, bool_and(s.ll < clv_log_likelihood(f.model)) AS top
FROM clv_fits AS f, generate_subscripts(clv_params(f.model), 1) AS i, unnest('{0.99,1.01}'::float8[]) AS factor,
     LATERAL (SELECT clv_model(f.name, (SELECT array_agg(CASE WHEN o = i THEN v * factor ELSE v END ORDER BY o) FROM unnest(clv_params(f.model)) WITH ORDINALITY AS u(v, o)), unit => '1 day') AS moved) AS x,
     LATERAL (SELECT sum(log_likelihood(x.moved, c.x, c.t_x, c.t)) AS ll FROM clv_shop, clv_summary(history, '2024-03-31', '1 day') AS c WHERE c.x IS NOT NULL) AS s
GROUP BY name ORDER BY name COLLATE "C";

-- weeks and days are one fit: alpha scales, everything else stays
SELECT w.model::jsonb -> 'params' -> 'r' = d.model::jsonb -> 'params' -> 'r' AS r,
       abs((clv_params(w.model))[2] * 7 / (clv_params(d.model))[2] - 1) < 1e-12 AS alpha,
       abs(expected_orders(w.model, 3, 20, 40, '1 year') / expected_orders(d.model, 3, 140, 280, '1 year') - 1) < 1e-12 AS orders
FROM (SELECT clv_fit(history, '2024-03-31') AS model FROM clv_shop) AS w, clv_fits AS d WHERE d.name = 'mbg/nbd';

-- the same bits in any order and by any number of workers
SELECT count(DISTINCT f) AS results
FROM (SELECT clv_fit(history, '2024-03-31', 'bg/nbd', '1 day' ORDER BY hashint4(member + shuffle))::text AS f FROM clv_shop, generate_series(1, 4) AS shuffle GROUP BY shuffle
      UNION ALL SELECT model::text FROM clv_fits WHERE name = 'bg/nbd') AS s;
SET min_parallel_table_scan_size = 0;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
EXPLAIN (COSTS OFF) SELECT clv_fit(history, '2024-03-31', 'bg/nbd', '1 day') FROM clv_shop;
SELECT (SELECT clv_fit(history, '2024-03-31', 'bg/nbd', '1 day')::text FROM clv_shop) = model::text AS parallel FROM clv_fits WHERE name = 'bg/nbd';
RESET ALL;
SET search_path = public, crm_member;

-- nobody ever leaves: 400 members who buy to the last week. The fit says so, and by which parameters
CREATE TABLE clv_loyal AS
SELECT m, (SELECT purchase_history(date '2023-01-01' + m % 30 + g * (7 + m % 5), 10.00 + m % 7) FROM generate_series(0, (364 - m % 30) / (7 + m % 5)) AS g) AS history
FROM generate_series(1, 400) AS m;
SELECT name, clv_status(f) AS status, f::jsonb ->> 'boundary' AS boundary, p_alive(f, 20, 50, 52) > 0.99 AS alive
FROM unnest('{bg/nbd,mbg/nbd,pareto/nbd}'::text[]) AS name, LATERAL (SELECT clv_fit(history, '2023-12-31', name) AS f FROM clv_loyal) AS x ORDER BY name COLLATE "C";

-- one member is a fit that finds no end; no rows is none
SELECT clv_status(clv_fit('{2024-01-01:1:1.00,2024-01-05:1:2.00}', '2024-02-01')) <> 'given' AS ended;
SELECT clv_fit(history, '2024-03-31') IS NULL AS none FROM clv_shop WHERE false;
SELECT clv_spend_params(clv_fit(h, '2024-02-01')) IS NULL AS no_money FROM unnest(ARRAY['{2024-01-01:1:0.00,2024-01-05:1:0.00}', '{2024-01-02:1:0.00}']::purchase_history[]) AS h;

-- what cannot be fitted
\set VERBOSITY sqlstate
SELECT clv_fit(h, '2024-02-01') FROM unnest(ARRAY['{2024-01-01:1:1.00}', '{2024-01-02:3:1.00}']::purchase_history[]) AS h;
SELECT clv_fit(h, '2023-02-01') FROM unnest(ARRAY['{2024-01-01:1:1.00,2024-01-03:1:1.00}']::purchase_history[]) AS h;
SELECT clv_fit(history, '2024-03-31', 'weibull') FROM clv_shop;
SELECT clv_fit(history, NULL) FROM clv_shop;
SELECT clv_fit(history, '2024-03-31', NULL) FROM clv_shop;
SELECT clv_fit(history, 'infinity') FROM clv_shop;
SELECT clv_fit(history, '2024-03-31', 'nbd', '0 days') FROM clv_shop;
SELECT clv_fit(history, date '2024-03-31' + member % 2) FROM clv_shop;
SELECT clv_fit(history, '2024-03-31', CASE member % 2 WHEN 0 THEN 'nbd' ELSE 'bg/nbd' END) FROM clv_shop;
SELECT crm_member.clv_fit_accum(NULL, '{}', '2024-03-31');
SELECT crm_member.clv_fit_final('\x00');
-- a state that somebody else made: no state, a lying count, a last purchase after the end; as bytes on a little-endian machine:
-- head of 20 bytes (version 1, model, scale, 0, as_of, used, unit 7.0), then key and spend of a member
CREATE AGGREGATE evil_1(crm_member.purchase_history, date) (SFUNC = crm_member.clv_fit_accum, STYPE = bytea, FINALFUNC = crm_member.clv_fit_final, INITCOND = '\x00');
CREATE AGGREGATE evil_2(crm_member.purchase_history, date) (SFUNC = crm_member.clv_fit_accum, STYPE = bytea, FINALFUNC = crm_member.clv_fit_final,
  INITCOND = '\x010100000a000000020000000000000000001c4000000000000000000000000000000000');
CREATE AGGREGATE evil_3(crm_member.purchase_history, date) (SFUNC = crm_member.clv_fit_accum, STYPE = bytea, FINALFUNC = crm_member.clv_fit_final,
  INITCOND = '\x010100000a000000010000000000000000001c403200800c000400000500000000000000');
SELECT evil_1(h, '2024-03-31') FROM unnest('{}'::purchase_history[]) AS h;
SELECT evil_2(h, '2024-03-31') FROM unnest('{}'::purchase_history[]) AS h;
SELECT evil_3(h, '2024-03-31') FROM unnest('{}'::purchase_history[]) AS h;
DROP AGGREGATE evil_1(crm_member.purchase_history, date), evil_2(crm_member.purchase_history, date), evil_3(crm_member.purchase_history, date);

-- a member by hand
SELECT p_alive(m, 2, 40, 38) FROM clv_model('nbd', '{1, 1}') AS m;
SELECT p_alive(m, -1, 0, 38) FROM clv_model('nbd', '{1, 1}') AS m;
SELECT p_alive(m, 0, 3, 38) FROM clv_model('nbd', '{1, 1}') AS m;
SELECT p_alive(m, 1, 3, 'NaN') FROM clv_model('nbd', '{1, 1}') AS m;
SELECT p_alive(m, 1, 3, 'Infinity') FROM clv_model('nbd', '{1, 1}') AS m;
SELECT expected_orders(m, 1, 3, 5, '-1 day') FROM clv_model('nbd', '{1, 1}') AS m;
SELECT discounted_expected_orders(m, 1, 3, 5, -0.1) FROM clv_model('nbd', '{1, 1}') AS m;
SELECT next_order_time(m, 1, 3, 5, 1) FROM clv_model('nbd', '{1, 1}') AS m;

DROP TABLE clv_shop, clv_fits, clv_loyal;
