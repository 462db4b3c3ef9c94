#!/bin/sh
# t/clv_data.sh
# The published fits of the CLV models on the CDNOW sample, to six digits, in weeks and in days, in parallel and shuffled.
#
# The file is read in place, in the folder that CRM_DATA names, and is no part
# of the project; without it the test is skipped.  Published: Fader, Hardie &
# Lee (2005) for BG/NBD, Pareto/NBD and gamma-gamma; optima to more digits as
# independent packages reach them.
. "$(dirname -- "$0")/lib.sh"
sample=${CRM_DATA:-/nonexistent}/cdnow_sample.csv
retail=${CRM_DATA:-/nonexistent}/online_retail_invoices.csv
if [ ! -r "$sample" ] || [ ! -r "$retail" ]; then skip "no cdnow_sample.csv and online_retail_invoices.csv in the folder of CRM_DATA"; fi
db=crm_t_clv_data
make_db $db
P $db -c 'CREATE EXTENSION crm_member' -c 'CREATE TABLE raw (master_id integer, sample_id integer, day date, cds integer, dollars numeric(10,2))' \
	-c 'CREATE TABLE raw_retail (invoice_no text, invoice_ts timestamp, customer_id text, country text, quantity_sum numeric, unit_price_mean numeric)'
tr -d '\r' <"$sample" | P $db -c 'COPY raw FROM STDIN (FORMAT csv, HEADER)'
tr -d '\r' <"$retail" | P $db -c 'COPY raw_retail FROM STDIN (FORMAT csv, HEADER, FORCE_NULL (quantity_sum, unit_price_mean))'
P $db <<'SQL'
CREATE TABLE history AS SELECT sample_id, crm_member.purchase_history(day, dollars) AS h FROM raw GROUP BY sample_id;
CREATE TABLE published (name text, params numeric[], log_likelihood numeric);
INSERT INTO published VALUES ('bg/nbd', '{.24259,4.4136,.79292,2.4259}', -9582.4292), ('mbg/nbd', '{.52484,6.1831,.89136,1.6140}', -9582.1357),
  ('pareto/nbd', '{.55328,10.5777,.60624,11.6687}', -9594.9762), ('spend', '{6.2496,3.7442,15.4435}', -4055.9177);
CREATE TABLE fit AS SELECT name, crm_member.clv_fit(h, '1997-09-30', name) AS weeks, crm_member.clv_fit(h, '1997-09-30', name, '1 day') AS days
FROM history, unnest('{bg/nbd,mbg/nbd,pareto/nbd,nbd}'::text[]) AS name GROUP BY name;
SQL
# as many digits as are published
same 'published parameters and log-likelihoods' "$(P $db -c "
	WITH found AS (
	  SELECT name, crm_member.clv_params(weeks) AS params, crm_member.clv_log_likelihood(weeks) AS ll FROM fit
	  UNION ALL SELECT 'spend', crm_member.clv_spend_params(weeks), (weeks::jsonb -> 'spend' ->> 'log_likelihood')::float8 FROM fit WHERE name = 'bg/nbd')
	SELECT p.name, bool_and(round(v::numeric, scale(w)) = w), bool_and(round(ll::numeric, 4) = p.log_likelihood)
	FROM published AS p JOIN found AS f USING (name), unnest(f.params, p.params) AS u(v, w) GROUP BY p.name ORDER BY p.name" | tr '\n' ' ')" \
	'bg/nbd|t|t mbg/nbd|t|t pareto/nbd|t|t spend|t|t '
same 'all converged, all with standard errors' "$(P $db -c "SELECT bool_and(crm_member.clv_status(weeks) = 'converged' AND array_position(crm_member.clv_standard_errors(weeks), NULL) IS NULL) FROM fit")" t
# no other parameters are better: the log-likelihood is summed member by member, at the optimum and a little beside it
same 'at the top' "$(P $db -c "
	SELECT f.name, bool_and(s.ll < crm_member.clv_log_likelihood(f.weeks))
	FROM fit AS f, generate_subscripts(crm_member.clv_params(f.weeks), 1) AS i, unnest('{0.999,1.001}'::float8[]) AS factor,
	  LATERAL (SELECT crm_member.clv_model(f.name, (SELECT array_agg(CASE WHEN o = i THEN v * factor ELSE v END ORDER BY o) FROM unnest(crm_member.clv_params(f.weeks)) WITH ORDINALITY AS u(v, o))) AS m) AS x,
	  LATERAL (SELECT sum(crm_member.log_likelihood(x.m, c.x, c.t_x, c.t)) AS ll FROM history, crm_member.clv_summary(h, '1997-09-30') AS c) AS s
	GROUP BY 1 ORDER BY 1" | tr '\n' ' ')" 'bg/nbd|t mbg/nbd|t nbd|t pareto/nbd|t '
# weeks and days: alpha and beta are seven times as large, the rest and what follows from it is the same
same 'days' "$(P $db -c "
	SELECT bool_and(abs((crm_member.clv_params(days))[1] / (crm_member.clv_params(weeks))[1] - 1) < 1e-9
	  AND abs((crm_member.clv_params(days))[2] / (crm_member.clv_params(weeks))[2] - 7) < 1e-9
	  AND abs(crm_member.expected_orders(days, 2, 30.43 * 7, 38.86 * 7, '39 weeks') / crm_member.expected_orders(weeks, 2, 30.43, 38.86, '39 weeks') - 1) < 1e-9) FROM fit")" t
# 946 repeat customers
same 'spenders' "$(P $db -c "SELECT DISTINCT weeks::jsonb -> 'spend' ->> 'n', round((weeks::jsonb -> 'spend' ->> 'correlation')::numeric, 2) FROM fit")" '946|0.11'
# parallel and shuffled: the same bits
same 'parallel' "$(P $db -c 'SET min_parallel_table_scan_size = 0' -c 'SET parallel_setup_cost = 0' -c 'SET parallel_tuple_cost = 0' -c "
	SELECT crm_member.clv_fit(h, '1997-09-30', 'pareto/nbd')::text = (SELECT weeks::text FROM fit WHERE name = 'pareto/nbd') FROM history")" t
same 'shuffled' "$(P $db -c "SELECT count(DISTINCT f) FROM (SELECT crm_member.clv_fit(h, '1997-09-30', 'pareto/nbd' ORDER BY hashint4(sample_id + s))::text AS f FROM history, generate_series(1, 3) AS s GROUP BY s) AS x")" 1
# the rest of the log, 39 weeks, against what was expected of it
same 'hold-out' "$(P $db -c "
	SELECT sum(e) / sum(actual) BETWEEN 0.85 AND 1.05 FROM history, LATERAL crm_member.clv_summary(h, '1997-09-30') AS c, fit,
	  LATERAL (SELECT crm_member.expected_orders(weeks, c.x, c.t_x, c.t, '273 days') AS e, crm_member.active_days(h, '1997-10-01', '1998-06-30') AS actual) AS y
	WHERE name = 'bg/nbd'")" t
# Online Retail: customers of a wholesaler, hardly any leaves; every model ends and says how
same 'Online Retail' "$(P $db -c "
	WITH h AS (SELECT crm_member.purchase_history(invoice_ts::date, round(quantity_sum, 2)) AS h FROM raw_retail
	  WHERE invoice_no NOT LIKE 'C%' AND customer_id <> '(blank)' AND quantity_sum >= 0 GROUP BY customer_id)
	SELECT bool_and(s IN ('converged', 'boundary')) FROM unnest('{bg/nbd,mbg/nbd,pareto/nbd,nbd}'::text[]) AS name, LATERAL (SELECT crm_member.clv_status(crm_member.clv_fit(h, '2011-12-09', name)) AS s FROM h) AS x")" t
finish $db
