-- sql/clv_model.sql
-- Type clv_model: text, binary and jsonb forms, models from known parameters, what is refused.

SET search_path = public, crm_member;

-- from parameters, with and without a spend model; NULL in, NULL out
SELECT clv_model('nbd', '{0.385, 12.072}');
SELECT clv_model('bg/nbd', '{0.243, 4.414, 0.793, 2.426}', '{6.25, 3.744, 15.44}', '1 month');
SELECT clv_model('pareto/nbd', '{0.5533, 10.5777, 0.6062, 11.6687}', unit => '1 day');
SELECT clv_model(NULL, '{1, 1}') IS NULL AND clv_model('nbd', NULL) IS NULL AND clv_model('nbd', '{1, 1}', unit => NULL) IS NULL AS nulls;

-- the text form: members in any order, all of a fit
CREATE TABLE clv_text (id integer, m clv_model);
INSERT INTO clv_text VALUES
  (1, '{"params": {"alpha": 12, "r": 0.4}, "model": "nbd"}'),
  (2, '{"model": "mbg/nbd", "unit": "1 day", "as_of": "1997-09-30", "params": {"r": 0.52, "alpha": 43, "a": 0.89, "b": 1.6}, "standard_errors": {"r": 0.08, "a": null}, "log_likelihood": -14363.237, "n": 2357, "cells": 1016, "iterations": 34, "status": "boundary", "boundary": ["a", "b"], "spend": {"params": {"p": 6, "q": 0.5, "v": 15}, "log_likelihood": -4055.9, "n": 946, "iterations": 20, "status": "converged", "boundary": [], "correlation": 0.11}}');
SELECT id, m FROM clv_text ORDER BY id;
SELECT clv_name(m), clv_params(m), clv_standard_errors(m), clv_spend_params(m), clv_status(m), clv_log_likelihood(m) FROM clv_text ORDER BY id;

-- text, binary and jsonb round trips
SELECT bool_and(m::text::clv_model::text = m::text) AS text_form, bool_and(m::jsonb::clv_model::text = m::text) AS jsonb_form FROM clv_text;
SELECT m::jsonb -> 'params' ->> 'r' AS r FROM clv_text WHERE id = 1;
CREATE TEMP TABLE clv_copy AS TABLE clv_text WITH NO DATA;
\getenv builddir PG_ABS_BUILDDIR
\set copy_out '\\copy clv_text TO ' :builddir '/results/clv_model.copy (FORMAT binary)'
\set copy_in '\\copy clv_copy FROM ' :builddir '/results/clv_model.copy (FORMAT binary)'
:copy_out
:copy_in
SELECT count(*) FROM clv_text AS a JOIN clv_copy AS b USING (id) WHERE a.m::text = b.m::text;

-- every number of a double comes back the same
SELECT count(*) FROM generate_series(1, 2000) AS i, LATERAL (SELECT exp((hashint4(i) / 2147483648.0) * 27) AS v) AS n
WHERE (clv_params(clv_model('nbd', ARRAY[v, 1])::text::clv_model))[1] IS DISTINCT FROM v;

-- what is refused
\set VERBOSITY sqlstate
SELECT clv_model('bg', '{1, 1, 1, 1}');
SELECT clv_model('nbd', '{1, 1, 1}');
SELECT clv_model('nbd', '{1, NULL}');
SELECT clv_model('nbd', '{1, 0}');
SELECT clv_model('nbd', '{1, NaN}');
SELECT clv_model('nbd', '{1, Infinity}');
SELECT clv_model('nbd', '{1, 1}', '{1, 1}');
SELECT clv_model('nbd', '{1, 1}', unit => '0');
SELECT clv_model('nbd', '{1, 1}', unit => '-1 day');
\set VERBOSITY terse
CREATE FUNCTION refused(t text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  d text;
BEGIN
  RETURN t::crm_member.clv_model::text;
EXCEPTION WHEN invalid_text_representation THEN
  GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL;
  RETURN d;
END $$;
SELECT refused(t) FROM unnest(ARRAY['', '{}', '[]', '{"model": "x"}', '{"model": "nbd"}', '{"model": "nbd", "params": {"r": 1}}',
  '{"model": "nbd", "params": {"r": 1, "alpha": 1, "a": 1}}', '{"model": "nbd", "params": {"r": 1, "alpha": -1}}',
  '{"model": "nbd", "params": {"r": 1, "alpha": 1e999}}', '{"model": "nbd", "params": {"r": 1, "alpha": nan}}',
  '{"model": "nbd", "params": {"r": 1, "alpha": 1}', '{"model": "nbd", "params": {"r": 1, "alpha": 1}} x',
  '{"model": "nbd", "unit": "7", "params": {"r": 1, "alpha": 1}}', '{"model": "nbd", "unit": "0 days", "params": {"r": 1, "alpha": 1}}',
  '{"model": "nbd", "as_of": "2023-02-29", "params": {"r": 1, "alpha": 1}}', '{"model": "nbd", "status": "good", "params": {"r": 1, "alpha": 1}}',
  '{"model": "nbd", "boundary": ["q"], "params": {"r": 1, "alpha": 1}}', '{"model": "nbd", "n": -1, "params": {"r": 1, "alpha": 1}}',
  '{"model": "nbd", "size": 1, "params": {"r": 1, "alpha": 1}}', '{"model": "nbd", "params": {"r": 1, "alpha": 1}, "spend": {"n": 1}}',
  '{"model": "nbd", "model": "bg/nbd", "params": {"r": 1, "alpha": 1}}']) AS t;

DROP FUNCTION refused(text);
DROP TABLE clv_text, clv_copy;
