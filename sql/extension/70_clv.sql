-- sql/extension/70_clv.sql
-- Customer lifetime value: purchase models fitted to histories, and what they say of a member.
--
-- A member has x repeat purchase days, the last one t_x after the first
-- purchase, and is looked at t after it. Models: bg/nbd (r, alpha, a, b),
-- mbg/nbd (the same), pareto/nbd (r, alpha, s, beta), nbd (r, alpha); the spend
-- model is gamma-gamma (p, q, v). docs/analytics.md has the sources.

CREATE TYPE crm_member.clv_model;

CREATE FUNCTION crm_member.clv_model_in(cstring) RETURNS crm_member.clv_model
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_clv_model_in';
COMMENT ON FUNCTION crm_member.clv_model_in(cstring) IS
'a model from its text form, a JSON object; 22P02 with the position for anything else';

CREATE FUNCTION crm_member.clv_model_out(crm_member.clv_model) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_clv_model_out';
COMMENT ON FUNCTION crm_member.clv_model_out(crm_member.clv_model) IS
'text form of a model, a JSON object; numbers have the fewest digits that read back the same';

CREATE FUNCTION crm_member.clv_model_recv(internal) RETURNS crm_member.clv_model
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_clv_model_recv';
COMMENT ON FUNCTION crm_member.clv_model_recv(internal) IS
'a model from its binary form: one byte, the version 1, and the text form; 22P03 or 22P02 for anything else';

CREATE FUNCTION crm_member.clv_model_send(crm_member.clv_model) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_clv_model_send';
COMMENT ON FUNCTION crm_member.clv_model_send(crm_member.clv_model) IS
'binary form of a model';

CREATE TYPE crm_member.clv_model (
  INPUT = crm_member.clv_model_in,
  OUTPUT = crm_member.clv_model_out,
  RECEIVE = crm_member.clv_model_recv,
  SEND = crm_member.clv_model_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);
COMMENT ON TYPE crm_member.clv_model IS
'a purchase model with its parameters, standard errors, log-likelihood, number of members and status, and a spend model where one was fitted; text and jsonb form: {"model": "nbd", "unit": "7 days", "params": {"r": 0.4, "alpha": 12}, ...}';

CREATE FUNCTION crm_member.clv_model(jsonb) RETURNS crm_member.clv_model
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_clv_model_from_jsonb';
COMMENT ON FUNCTION crm_member.clv_model(jsonb) IS
'a model from its jsonb form; 22P02 for anything else';

CREATE FUNCTION crm_member.clv_to_jsonb(crm_member.clv_model) RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_clv_model_to_jsonb';
COMMENT ON FUNCTION crm_member.clv_to_jsonb(crm_member.clv_model) IS
'jsonb form of a model: model, unit, as_of, params, standard_errors, log_likelihood, n, cells, iterations, status, boundary, spend';

CREATE CAST (jsonb AS crm_member.clv_model) WITH FUNCTION crm_member.clv_model(jsonb);
COMMENT ON CAST (jsonb AS crm_member.clv_model) IS 'a model from its jsonb form';

CREATE CAST (crm_member.clv_model AS jsonb) WITH FUNCTION crm_member.clv_to_jsonb(crm_member.clv_model);
COMMENT ON CAST (crm_member.clv_model AS jsonb) IS 'a model as jsonb, which other tools read and core types store';

CREATE FUNCTION crm_member.clv_model(model text, params double precision[], spend_params double precision[] DEFAULT NULL, unit interval DEFAULT '7 days')
RETURNS crm_member.clv_model
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_clv_model_make';
COMMENT ON FUNCTION crm_member.clv_model(text, double precision[], double precision[], interval) IS
'a model from known parameters, for bg/nbd and mbg/nbd r, alpha, a, b, for pareto/nbd r, alpha, s, beta, for nbd r, alpha; spend_params p, q, v; times in units (a month is 365.25 / 12 days); NULL for a NULL model, params or unit; 22023 for an unknown model, a wrong number of parameters, or one that is not from 1e-12 to 1e12';

-- Parts of a model

CREATE FUNCTION crm_member.clv_name(model crm_member.clv_model) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_clv_name';
COMMENT ON FUNCTION crm_member.clv_name(crm_member.clv_model) IS
'bg/nbd, mbg/nbd, pareto/nbd or nbd';

CREATE FUNCTION crm_member.clv_params(model crm_member.clv_model) RETURNS double precision[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_clv_params';
COMMENT ON FUNCTION crm_member.clv_params(crm_member.clv_model) IS
'parameters of the purchase model in the order of the function clv_model';

CREATE FUNCTION crm_member.clv_standard_errors(model crm_member.clv_model) RETURNS double precision[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_clv_standard_errors';
COMMENT ON FUNCTION crm_member.clv_standard_errors(crm_member.clv_model) IS
'standard errors of the parameters; NULL elements for those at a limit, and where the parameters were given';

CREATE FUNCTION crm_member.clv_spend_params(model crm_member.clv_model) RETURNS double precision[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_clv_spend_params';
COMMENT ON FUNCTION crm_member.clv_spend_params(crm_member.clv_model) IS
'parameters p, q, v of the spend model, NULL without one';

CREATE FUNCTION crm_member.clv_status(model crm_member.clv_model) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_clv_fit_status';
COMMENT ON FUNCTION crm_member.clv_status(crm_member.clv_model) IS
'how the fit of the purchase model ended: converged; boundary (the likelihood rises towards a limit of the parameters that the member boundary of the text form names); not_converged; given for known parameters';

CREATE FUNCTION crm_member.clv_log_likelihood(model crm_member.clv_model) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_clv_fit_log_likelihood';
COMMENT ON FUNCTION crm_member.clv_log_likelihood(crm_member.clv_model) IS
'log-likelihood of the fit of the purchase model, in the unit of the model; NULL where the parameters were given';

-- What the models see of a history

CREATE FUNCTION crm_member.clv_summary(h crm_member.purchase_history, as_of date, unit interval DEFAULT '7 days',
  OUT x integer, OUT t_x double precision, OUT t double precision, OUT m numeric)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_clv_summary';
COMMENT ON FUNCTION crm_member.clv_summary(crm_member.purchase_history, date, interval) IS
'x: purchase days after the first, up to as_of; t_x: time of the last of them, t: time of as_of, since the first, in units; m: mean money of those x days, NULL when x is 0; all NULL without a purchase up to as_of. Days of refunds alone are no purchase days';

-- Fit

CREATE FUNCTION crm_member.clv_fit_accum(bytea, crm_member.purchase_history, date) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_clv_fit_accum';
COMMENT ON FUNCTION crm_member.clv_fit_accum(bytea, crm_member.purchase_history, date) IS
'transition of clv_fit(h, as_of); 0A000 outside an aggregate';

CREATE FUNCTION crm_member.clv_fit_accum(bytea, crm_member.purchase_history, date, text) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_clv_fit_accum';
COMMENT ON FUNCTION crm_member.clv_fit_accum(bytea, crm_member.purchase_history, date, text) IS
'transition of clv_fit(h, as_of, model); 0A000 outside an aggregate';

CREATE FUNCTION crm_member.clv_fit_accum(bytea, crm_member.purchase_history, date, text, interval) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_clv_fit_accum';
COMMENT ON FUNCTION crm_member.clv_fit_accum(bytea, crm_member.purchase_history, date, text, interval) IS
'transition of clv_fit(h, as_of, model, unit); 0A000 outside an aggregate';

CREATE FUNCTION crm_member.clv_fit_combine(bytea, bytea) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_clv_fit_combine';
COMMENT ON FUNCTION crm_member.clv_fit_combine(bytea, bytea) IS
'combine function of the aggregates clv_fit; 0A000 outside an aggregate';

CREATE FUNCTION crm_member.clv_fit_final(bytea) RETURNS crm_member.clv_model
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_clv_fit_final';
COMMENT ON FUNCTION crm_member.clv_fit_final(bytea) IS
'fits the model to the members of the state; 0A000 outside an aggregate';

CREATE AGGREGATE crm_member.clv_fit(h crm_member.purchase_history, as_of date) (
  SFUNC = crm_member.clv_fit_accum,
  STYPE = bytea,
  SSPACE = 16384,
  FINALFUNC = crm_member.clv_fit_final,
  FINALFUNC_MODIFY = READ_ONLY,
  COMBINEFUNC = crm_member.clv_fit_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE crm_member.clv_fit(crm_member.purchase_history, date) IS
'the mbg/nbd model, in weeks, and the spend model that are most likely given the histories up to as_of, one history a member; the same to the last bit for any order of rows and number of workers. NULL histories and members without a purchase are left out; NULL without rows. CR401 where no member has bought on a second day; 22023 for an as_of that varies, 22004 for a NULL one, 54000 beyond 67 million members';

CREATE AGGREGATE crm_member.clv_fit(h crm_member.purchase_history, as_of date, model text) (
  SFUNC = crm_member.clv_fit_accum,
  STYPE = bytea,
  SSPACE = 16384,
  FINALFUNC = crm_member.clv_fit_final,
  FINALFUNC_MODIFY = READ_ONLY,
  COMBINEFUNC = crm_member.clv_fit_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE crm_member.clv_fit(crm_member.purchase_history, date, text) IS
'the same for bg/nbd, mbg/nbd, pareto/nbd or nbd; 22023 for another name';

CREATE AGGREGATE crm_member.clv_fit(h crm_member.purchase_history, as_of date, model text, unit interval) (
  SFUNC = crm_member.clv_fit_accum,
  STYPE = bytea,
  SSPACE = 16384,
  FINALFUNC = crm_member.clv_fit_final,
  FINALFUNC_MODIFY = READ_ONLY,
  COMBINEFUNC = crm_member.clv_fit_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE crm_member.clv_fit(crm_member.purchase_history, date, text, interval) IS
'the same in another unit of time, such as 1 day or 1 month (365.25 / 12 days): alpha and beta scale, what the model says of a member stays';

-- What a model says of a member: times in its unit

CREATE FUNCTION crm_member.p_alive(model crm_member.clv_model, x integer, t_x double precision, t double precision) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_p_alive';
COMMENT ON FUNCTION crm_member.p_alive(crm_member.clv_model, integer, double precision, double precision) IS
'probability that a member is still active at t; 22023 for t_x > t, x < 0, t_x > 0 without a repeat, NaN and infinity';

CREATE FUNCTION crm_member.expected_orders(model crm_member.clv_model, x integer, t_x double precision, t double precision, horizon interval) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_expected_orders';
COMMENT ON FUNCTION crm_member.expected_orders(crm_member.clv_model, integer, double precision, double precision, interval) IS
'expected purchase days in the horizon that begins at t; a month is 365.25 / 12 days; 22023 as p_alive, and for a horizon below 0 or above 10000 years';

CREATE FUNCTION crm_member.expected_orders_new(model crm_member.clv_model, horizon interval) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_expected_orders_new';
COMMENT ON FUNCTION crm_member.expected_orders_new(crm_member.clv_model, interval) IS
'expected repeat purchase days of a new member in the horizon after the first purchase';

CREATE FUNCTION crm_member.order_count_probability(model crm_member.clv_model, t double precision, n integer) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_order_count_probability';
COMMENT ON FUNCTION crm_member.order_count_probability(crm_member.clv_model, double precision, integer) IS
'probability that a new member has exactly n repeat purchase days within t of the first; 0 for n < 0';

CREATE FUNCTION crm_member.log_likelihood(model crm_member.clv_model, x integer, t_x double precision, t double precision) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_log_likelihood';
COMMENT ON FUNCTION crm_member.log_likelihood(crm_member.clv_model, integer, double precision, double precision) IS
'log-likelihood of one member in the unit of the model; 22023 as p_alive';

CREATE FUNCTION crm_member.discounted_expected_orders(model crm_member.clv_model, x integer, t_x double precision, t double precision, rate double precision) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_discounted_expected_orders';
COMMENT ON FUNCTION crm_member.discounted_expected_orders(crm_member.clv_model, integer, double precision, double precision, double precision) IS
'all purchase days still to come, each discounted from its time at a continuous rate per unit (ln 1.1 / 52.18 for 10 percent a year in weeks); Infinity for rate 0 where the sum has no limit; 22023 as p_alive, and for a rate below 0';

CREATE FUNCTION crm_member.next_order_time(model crm_member.clv_model, x integer, t_x double precision, t double precision, probability double precision DEFAULT 0.5) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_next_order_time';
COMMENT ON FUNCTION crm_member.next_order_time(crm_member.clv_model, integer, double precision, double precision, double precision) IS
'time after t within which the member buys again with this probability, in the unit of the model; NULL where that is more than the member''s chance of ever coming back; 22023 as p_alive, and for a probability not between 0 and 1';

CREATE FUNCTION crm_member.expected_spend(model crm_member.clv_model, x integer, m double precision) RETURNS double precision
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_expected_spend';
COMMENT ON FUNCTION crm_member.expected_spend(crm_member.clv_model, integer, double precision) IS
'expected money of a purchase day given the mean m of x repeat days; the mean of the population for x = 0 (m may then be NULL); NULL without a spend model and where the expectation is infinite (q <= 1 for the population)';

CREATE FUNCTION crm_member.clv_predict(model crm_member.clv_model, h crm_member.purchase_history, as_of date, horizon interval, annual_discount numeric DEFAULT 0,
  OUT p_alive double precision, OUT expected_orders double precision, OUT expected_order_value numeric, OUT value numeric, OUT expected_next_day date)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'crm_clv_predict';
COMMENT ON FUNCTION crm_member.clv_predict(crm_member.clv_model, crm_member.purchase_history, date, interval, numeric) IS
'what the model expects of a member with this history as of a day, later purchases ignored: probability of being active; purchase days in the horizon; money of one of them, 2 decimals; value, the money of all of them, each discounted from its day by annual_discount (a fraction a year); the day by which the next purchase comes with probability 1/2, NULL where coming back is less likely. All NULL without a purchase up to as_of; money NULL without a spend model. 22023 for a horizon or discount below 0, 22008 for an infinite as_of';
