-- sql/crm/52_rule.sql
-- What conditions may name, and what sales earn by rules that have conditions, multipliers or caps.
--
-- The dictionary of published columns is code: a column that a predicate names
-- cannot go away under it. The facts are computed once a sale, the costly ones
-- only where a rule in force names them. _rules_earn answers and writes
-- nothing; the books are written by the engine of the ledger. Rules without a
-- condition take a quicker way and never come here.
--
-- One order and asset: the units of the rules that hold are multiplied, cut by
-- their caps, added and rounded once. What a rule has given before is read
-- from the explanations of events, so a refund does not reopen a cap.

--@ layout 1
CREATE TABLE @crm@.earning_total (
  rule_no integer PRIMARY KEY,
  units numeric NOT NULL CHECK (units >= 0)
);

--@ code
COMMENT ON TABLE @crm@.earning_total IS 'what rules with a cap for the whole programme have given, before rounding; one row a rule number';
COMMENT ON COLUMN @crm@.earning_rule.event IS 'sale, or a kind of event that record_event takes';
COMMENT ON COLUMN @crm@.earning_rule.kind IS 'per_money: units for each per_amount of money; per_unit: for each per_amount pieces; fixed: units once an order or event; multiplier: units is a factor on what per_money and per_unit rules of the asset give';
COMMENT ON COLUMN @crm@.earning_rule.predicate IS 'the condition, over the columns of published_columns(); where it names a column of the line, the rule sees the lines for which it holds';
COMMENT ON COLUMN @crm@.earning_rule.uses IS 'the columns that the predicate names, kept by a trigger; by_line says that one of them is of the line';
COMMENT ON COLUMN @crm@.earning_rule.priority IS 'rules of an asset are looked at by priority, then rule_no, lower first';
COMMENT ON COLUMN @crm@.earning_rule.stacks IS 'false: the rule counts only where no rule of its sort (multipliers, or the others) held before it';
COMMENT ON COLUMN @crm@.earning_rule.stops IS 'true: where the rule counts, rules of the asset behind it do not';
COMMENT ON COLUMN @crm@.earning_rule.cap_order IS 'the most units that the rule gives for one order; cap_day and cap_month are for a member and local day or month, cap_member for a member, cap_programme for all; a cap cuts and does not refuse';
COMMENT ON COLUMN @crm@.earning_rule.special IS 'whether the rule asks for more than the amount and the time';

CREATE OR REPLACE FUNCTION @crm@.published_columns(of_context text DEFAULT NULL) RETURNS TABLE (context text, name text, type text, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 60
BEGIN ATOMIC
  SELECT p.context, p.name, p.type, p.meaning
  FROM (VALUES
    ('sale', 'amount', 'numeric', 'net spend: real money and stored-value principal, without shipping'),
    ('sale', 'list_amount', 'numeric', 'before discounts; NULL where the source does not tell, as the next five'),
    ('sale', 'discount_amount', 'numeric', 'discounts'),
    ('sale', 'shipping_amount', 'numeric', 'shipping'),
    ('sale', 'principal_amount', 'numeric', 'paid with the principal of stored value'),
    ('sale', 'gift_amount', 'numeric', 'paid with the gift part of stored value'),
    ('sale', 'points_amount', 'numeric', 'paid with points'),
    ('sale', 'channel', 'text', 'channel of the sale'),
    ('sale', 'order_no', 'integer', 'the how manyeth order of the member this is: 1 for the first'),
    ('sale', 'net_spend_year_after', 'numeric', 'net_spend_year with this sale'),
    ('sale', 'net_spend_all_after', 'numeric', 'net_spend_all with this sale'),
    ('line', 'product', 'text', 'code of the product of the line'),
    ('line', 'category', 'text', 'code of its category'),
    ('line', 'parent_category', 'text', 'code of the category above that'),
    ('line', 'top_category', 'text', 'code of the highest category above it, or its own'),
    ('line', 'quantity', 'numeric', 'pieces of the line'),
    ('line', 'line_amount', 'numeric', 'net spend of the line'),
    ('line', 'line_list_amount', 'numeric', 'the line before discounts'),
    ('line', 'line_discount_amount', 'numeric', 'discounts of the line'),
    ('member', 'age', 'integer', 'completed years; NULL without a birthday'),
    ('member', 'sex', 'text', 'female, male, other or NULL'),
    ('member', 'region', 'text', 'region of the member'),
    ('member', 'home_store', 'text', 'code of the store where the member joined'),
    ('member', 'acquired_by', 'text', 'how the member was won'),
    ('member', 'joined_on', 'date', 'local day of joining'),
    ('member', 'member_days', 'integer', 'days since then'),
    ('member', 'tier', 'text', 'code of the tier on the main ladder just before'),
    ('member', 'tier_rank', 'integer', 'its rank'),
    ('member', 'card_type', 'text', 'type of the card in use that was issued last'),
    ('member', 'card_no', 'text', 'its number'),
    ('member', 'is_birthday', 'boolean', 'whether the local day is the birthday, solar or lunar; 29 February falls on the 28th in common years'),
    ('member', 'is_birthday_month', 'boolean', 'whether the local day is in the month of the birthday'),
    ('member', 'orders_30d', 'integer', 'orders on the 30 local days up to and with today, before this sale'),
    ('member', 'orders_12m', 'integer', 'orders of the last 12 months, before this sale'),
    ('member', 'orders_all', 'integer', 'orders so far, before this sale'),
    ('member', 'net_spend_30d', 'numeric', 'net spend on the 30 local days up to and with today, before this sale'),
    ('member', 'net_spend_12m', 'numeric', 'net spend of the last 12 months, before this sale'),
    ('member', 'net_spend_year', 'numeric', 'net spend of the calendar year, before this sale'),
    ('member', 'net_spend_all', 'numeric', 'net spend so far, before this sale'),
    ('member', 'days_since_order', 'integer', 'local days since the last order before this sale; NULL for the first'),
    ('store', 'store', 'text', 'code of the store of the sale'),
    ('store', 'store_region', 'text', 'its region'),
    ('time', 'day', 'date', 'local day'),
    ('time', 'clock', 'time', 'local time of day'),
    ('time', 'weekday', 'integer', '1 Monday to 7 Sunday'),
    ('time', 'hour', 'integer', '0 to 23'),
    ('time', 'day_of_month', 'integer', '1 to 31'),
    ('time', 'month', 'integer', '1 to 12'),
    ('time', 'year', 'integer', 'four digits'),
    ('event', 'key', 'text', 'key of the event'),
    ('event', 'streak', 'integer', 'local days in a row with an event of this kind, today included'),
    ('event', 'nth', 'integer', 'the how manyeth event of this kind of the member this is')) AS p(context, name, type, meaning)
  WHERE of_context IS NULL OR p.context = of_context;
END;
COMMENT ON FUNCTION @crm@.published_columns(text) IS 'the columns that predicates may name, by context (sale, line, member, store, time, event), with type and meaning; without an argument all of them. Rules on sales see sale, line, member, store and time; rules on other events see event, member and time';

CREATE OR REPLACE FUNCTION @crm@._predicate_check(predicate text, contexts text[]) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  names text[];
  types text[];
BEGIN
  SELECT array_agg(p.name), array_agg(p.type) INTO names, types FROM @crm@.published_columns() AS p WHERE p.context = ANY (contexts);
  PERFORM crm_member.check_predicate(predicate, names, types);
  RETURN crm_member.predicate_columns(predicate, names);
END
$$;
COMMENT ON FUNCTION @crm@._predicate_check(text, text[]) IS 'checks a predicate against the columns of these contexts and answers which it names; errors of crm_member.check_predicate';

CREATE OR REPLACE FUNCTION @crm@._earning_rule_check() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  NEW.uses := CASE WHEN NEW.predicate IS NULL THEN '{}'
              ELSE @crm@._predicate_check(NEW.predicate, CASE NEW.event WHEN 'sale' THEN '{sale,line,member,store,time}' ELSE '{event,member,time}' END::text[]) END;
  NEW.by_line := NEW.event = 'sale' AND EXISTS (SELECT FROM @crm@.published_columns('line') AS p WHERE p.name = ANY (NEW.uses));
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION @crm@._earning_rule_check() IS 'trigger: a rule whose condition cannot be read is refused when it is written';

CREATE OR REPLACE TRIGGER earning_rule_check BEFORE INSERT ON @crm@.earning_rule
  FOR EACH ROW EXECUTE FUNCTION @crm@._earning_rule_check();

-- A rule in its JSON form: the columns of the table by name, the asset by its code.
CREATE OR REPLACE FUNCTION @crm@._earning_rule_read(form jsonb, valid_from timestamptz) RETURNS @crm@.earning_rule
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  known text[] := '{rule_no,code,event,asset,kind,units,per_amount,predicate,priority,stacks,stops,cap_order,cap_day,cap_month,cap_member,cap_programme,rounding,pending_days,expiry_months,expiry_end}';
  bad text;
  r @crm@.earning_rule;
BEGIN
  IF jsonb_typeof(form) IS DISTINCT FROM 'object' THEN
    RAISE EXCEPTION 'an earning rule must be a JSON object' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT k INTO bad FROM jsonb_object_keys(form) AS k WHERE k <> ALL (known) ORDER BY k LIMIT 1;
  IF bad IS NOT NULL THEN
    RAISE EXCEPTION 'an earning rule has a key that is not known'
      USING ERRCODE = 'invalid_parameter_value', DETAIL = format('The key is "%s".', bad), HINT = format('Keys are %s.', array_to_string(known, ', '));
  END IF;
  r := jsonb_populate_record(NULL::@crm@.earning_rule,
    '{"event": "sale", "asset": "points", "kind": "per_money", "per_amount": 1, "priority": 100, "stacks": true, "stops": false, "rounding": "floor", "pending_days": 0, "expiry_end": "day"}'
    || jsonb_strip_nulls(form));
  SELECT a.id INTO r.asset_id FROM @crm@.asset AS a WHERE a.code = coalesce(form ->> 'asset', 'points');
  IF r.asset_id IS NULL THEN
    RAISE EXCEPTION 'an earning rule names an unknown asset' USING ERRCODE = 'invalid_parameter_value', DETAIL = format('The asset is "%s".', form ->> 'asset');
  END IF;
  IF r.event <> 'sale' AND NOT EXISTS (SELECT FROM @crm@.member_event_kind AS k WHERE k.kind = r.event) THEN
    RAISE EXCEPTION 'an earning rule names an unknown kind of event' USING ERRCODE = 'invalid_parameter_value', DETAIL = format('The kind is "%s".', r.event),
      HINT = 'It is sale, or a row of member_event_kind.';
  END IF;
  IF r.code IS NULL OR r.units IS NULL THEN
    RAISE EXCEPTION 'an earning rule needs a code and units' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  r.uses := CASE WHEN r.predicate IS NULL THEN '{}'
            ELSE @crm@._predicate_check(r.predicate, CASE r.event WHEN 'sale' THEN '{sale,line,member,store,time}' ELSE '{event,member,time}' END::text[]) END;
  r.by_line := r.event = 'sale' AND EXISTS (SELECT FROM @crm@.published_columns('line') AS p WHERE p.name = ANY (r.uses));
  r.valid_from := valid_from;
  r.valid_to := 'infinity';
  r.version := 1;
  RETURN r;
END
$$;
COMMENT ON FUNCTION @crm@._earning_rule_read(jsonb, timestamptz) IS 'a rule from its JSON form, checked; 22023 for unknown keys, assets and kinds of events, errors of predicates as crm_member.check_predicate';

CREATE OR REPLACE FUNCTION @crm@.earning_rule_set(rule jsonb, valid_from timestamptz DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  r @crm@.earning_rule;
BEGIN
  LOCK TABLE @crm@.earning_rule IN SHARE ROW EXCLUSIVE MODE;
  valid_from := coalesce(valid_from, clock_timestamp());
  r := @crm@._earning_rule_read(rule, valid_from);
  IF r.rule_no IS NULL THEN
    SELECT coalesce(max(k.rule_no), 0) + 1 INTO r.rule_no FROM @crm@.earning_rule AS k;
  ELSE
    SELECT coalesce(max(k.version), 0) + 1 INTO r.version FROM @crm@.earning_rule AS k WHERE k.rule_no = r.rule_no;
    UPDATE @crm@.earning_rule AS k SET valid_to = valid_from WHERE k.rule_no = r.rule_no AND k.valid_from < valid_from AND k.valid_to > valid_from;
  END IF;
  INSERT INTO @crm@.earning_rule (rule_no, version, code, event, asset_id, kind, units, per_amount, predicate, priority, stacks, stops,
    cap_order, cap_day, cap_month, cap_member, cap_programme, rounding, pending_days, expiry_months, expiry_end, valid_from)
  VALUES (r.rule_no, r.version, r.code, r.event, r.asset_id, r.kind, r.units, r.per_amount, r.predicate, r.priority, r.stacks, r.stops,
    r.cap_order, r.cap_day, r.cap_month, r.cap_member, r.cap_programme, r.rounding, r.pending_days, r.expiry_months, r.expiry_end, valid_from)
  RETURNING id INTO r.id;
  INSERT INTO @crm@.earning_total (rule_no, units) SELECT r.rule_no, 0 WHERE r.cap_programme IS NOT NULL ON CONFLICT DO NOTHING;
  PERFORM @crm@._audit('earning_rule_set', subject => 'earning_rule ' || r.id, detail => jsonb_build_object('rule_no', r.rule_no, 'version', r.version, 'valid_from', valid_from));
  RETURN r.id;
END
$$;
COMMENT ON FUNCTION @crm@.earning_rule_set(jsonb, timestamptz) IS 'puts an earning rule in force from an instant on (default now) and answers its id: {"code": "weekend double", "kind": "multiplier", "units": 2, "predicate": "weekday IN (6, 7)"}; with the rule_no of a rule that stands, a new version of that. For the owner. Errors: 22023 unknown key, asset or kind of event, 23514 values that cannot be, 23P01 a later version stands already, those of predicates';

CREATE OR REPLACE FUNCTION @crm@.earning_rule_end(rule_no integer, valid_to timestamptz DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  ends timestamptz := coalesce(valid_to, clock_timestamp());
BEGIN
  UPDATE @crm@.earning_rule AS k SET valid_to = ends WHERE k.rule_no = rule_no AND k.valid_from < ends AND k.valid_to > ends;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  PERFORM @crm@._audit('earning_rule_end', detail => jsonb_build_object('rule_no', rule_no, 'valid_to', ends));
  RETURN true;
END
$$;
COMMENT ON FUNCTION @crm@.earning_rule_end(integer, timestamptz) IS 'ends a rule at an instant (default now); answers whether it was in force. For the owner';

-- A lunar birthday may fall into January or February of the next year, so a
-- year may see that of two lunar years.
CREATE OR REPLACE FUNCTION @crm@._birthdays(birth_day date, calendar text, year integer) RETURNS date[]
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN CASE
    WHEN calendar = 'solar' THEN ARRAY[crm_member.birthday_in(year, birth_day, 'solar', @crm@._setting('birthday_feb29', 'feb28'))]
    WHEN calendar = 'lunar' AND birth_day BETWEEN '1901-03-01' AND '2100-12-31' AND year BETWEEN 1902 AND 2100
      THEN ARRAY[crm_member.birthday_in(year - 1, birth_day, 'lunar'), crm_member.birthday_in(year, birth_day, 'lunar')] END;
END
$$;
COMMENT ON FUNCTION @crm@._birthdays(date, text, integer) IS 'the days of a year on which a birthday may fall; NULL without a birthday, and for a lunar one out of the range of the lunar tables';

CREATE OR REPLACE FUNCTION @crm@._age(birth_day date, day date) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN isfinite(day) AND isfinite(birth_day) THEN extract(year FROM day)::integer - extract(year FROM birth_day)::integer
       - ((@crm@._birthdays(birth_day, 'solar', extract(year FROM day)::integer))[1] > day)::integer END;
COMMENT ON FUNCTION @crm@._age(date, date) IS 'the completed years of a person born on a day, on another; NULL without a birthday';

CREATE OR REPLACE FUNCTION @crm@._tier_before(member_id bigint, at timestamptz) RETURNS TABLE (code text, rank integer)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- the tier that this sale itself reaches does not count for it
  RETURN QUERY SELECT t.code, t.rank FROM @crm@._tier_at(_tier_before.member_id, 1, at - interval '1 microsecond', 'infinity') AS t;
END
$$;
COMMENT ON FUNCTION @crm@._tier_before(bigint, timestamptz) IS 'the tier of a member on the main ladder just before an instant';

-- What is published of a member and of the time, before a sale (or, with
-- sale_id NULL, before anything later than at). Sums over sales are made only
-- where a column that needs them is used.
CREATE OR REPLACE FUNCTION @crm@._member_facts(member_id bigint, at timestamptz, sale_id bigint, used text[])
RETURNS TABLE (age integer, sex text, region text, home_store text, acquired_by text, joined_on date, member_days integer, tier text, tier_rank integer,
  card_type text, card_no text, is_birthday boolean, is_birthday_month boolean, orders_30d integer, orders_12m integer, orders_all integer, net_spend_30d numeric, net_spend_12m numeric,
  net_spend_year numeric, net_spend_all numeric, days_since_order integer, day date, clock time, weekday integer, hour integer, day_of_month integer, month integer, year integer)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
  SELECT @crm@._age(p.birth_day, l.at::date), p.sex, m.region, h.code, m.acquired_by, @crm@.local_day(m.joined_at), l.at::date - @crm@.local_day(m.joined_at),
         t.code, t.rank, c.code, c.number, l.at::date = ANY (b.days), date_trunc('month', l.at)::date = ANY (b.months),
         x.orders_30d::integer, x.orders_12m::integer, x.orders_all::integer, x.net_spend_30d, x.net_spend_12m, x.net_spend_year, x.net_spend_all, l.at::date - x.last_day,
         l.at::date, l.at::time, extract(isodow FROM l.at)::integer, extract(hour FROM l.at)::integer, extract(day FROM l.at)::integer, extract(month FROM l.at)::integer, extract(year FROM l.at)::integer
  FROM (SELECT _member_facts.at AT TIME ZONE @time_zone@ AS at) AS l
       -- OFFSET 0: the member is looked up by its key, however many joins stand around
       CROSS JOIN LATERAL (SELECT k.id, k.region, k.home_store_id, k.acquired_by, k.joined_at FROM @crm@.member AS k WHERE k.id = _member_facts.member_id OFFSET 0) AS m
       LEFT JOIN @crm@.member_pii AS p ON p.member_id = m.id
       LEFT JOIN @crm@.store AS h ON h.id = m.home_store_id
       LEFT JOIN LATERAL (SELECT array_agg(g.day) AS days, array_agg(date_trunc('month', g.day::timestamp)::date) AS months
                          FROM unnest(@crm@._birthdays(p.birth_day, p.birth_calendar, extract(year FROM l.at)::integer)) AS g(day) WHERE used && '{is_birthday,is_birthday_month}') AS b ON true
       LEFT JOIN LATERAL (SELECT g.code, g.rank FROM @crm@._tier_before(m.id, _member_facts.at) AS g WHERE used && '{tier,tier_rank}') AS t ON true
       LEFT JOIN LATERAL (SELECT y.code, d.number FROM @crm@.member_card AS d JOIN @crm@.card_type AS y ON y.id = d.type_id
                          WHERE used && '{card_type,card_no}' AND d.member_id = m.id AND d.state IN ('issued', 'active') ORDER BY d.id DESC LIMIT 1) AS c ON true
       CROSS JOIN LATERAL (
         SELECT count(*) FILTER (WHERE s.ordered AND s.day > l.at::date - 30) AS orders_30d,
                count(*) FILTER (WHERE s.ordered AND s.day > (l.at::date - interval '12 months')::date) AS orders_12m,
                count(*) FILTER (WHERE s.ordered) AS orders_all,
                coalesce(sum(s.net_spend) FILTER (WHERE s.day > l.at::date - 30), 0) AS net_spend_30d,
                coalesce(sum(s.net_spend) FILTER (WHERE s.day > (l.at::date - interval '12 months')::date), 0) AS net_spend_12m,
                coalesce(sum(s.net_spend) FILTER (WHERE s.day >= date_trunc('year', l.at)::date), 0) AS net_spend_year,
                coalesce(sum(s.net_spend), 0) AS net_spend_all,
                max(s.day) FILTER (WHERE s.ordered) AS last_day
         FROM (SELECT @crm@.local_day(k.occurred_at) AS day, k.net_spend, k.net_spend >= 0 AND k.refund_of_id IS NULL AS ordered
               FROM @crm@.sale AS k
               WHERE used && '{orders_30d,orders_12m,orders_all,net_spend_30d,net_spend_12m,net_spend_year,net_spend_all,days_since_order,order_no,net_spend_year_after,net_spend_all_after}'
                 AND k.member_id = _member_facts.member_id AND k.occurred_at <= _member_facts.at
                 AND (k.occurred_at, k.id) < (_member_facts.at, coalesce(_member_facts.sale_id, 9223372036854775807))) AS s) AS x;
END;
COMMENT ON FUNCTION @crm@._member_facts(bigint, timestamptz, bigint, text[]) IS 'the published columns of a member and of the time, before a sale; columns not in used that are costly are NULL or 0';

-- One row a sale that can earn, with all published columns but those of lines.
CREATE OR REPLACE FUNCTION @crm@._sale_facts(sale_ids bigint[], used text[])
RETURNS TABLE (sale_id bigint, member_id bigint, occurred_at timestamptz, amount numeric, list_amount numeric, discount_amount numeric, shipping_amount numeric,
  principal_amount numeric, gift_amount numeric, points_amount numeric, channel text, order_no integer, net_spend_year_after numeric, net_spend_all_after numeric,
  store text, store_region text, age integer, sex text, region text, home_store text, acquired_by text, joined_on date, member_days integer, tier text, tier_rank integer,
  card_type text, card_no text, is_birthday boolean, is_birthday_month boolean, orders_30d integer, orders_12m integer, orders_all integer, net_spend_30d numeric, net_spend_12m numeric,
  net_spend_year numeric, net_spend_all numeric, days_since_order integer, day date, clock time, weekday integer, hour integer, day_of_month integer, month integer, year integer)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10000
SET search_path = pg_catalog, pg_temp
SET enable_nestloop = on
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY SELECT s.id, s.member_id, s.occurred_at, s.net_spend, s.list_amount, s.discount_amount, s.shipping_amount, s.principal_amount, s.gift_amount, s.points_amount, s.channel,
         m.orders_all + 1, m.net_spend_year + s.net_spend, m.net_spend_all + s.net_spend, t.code, t.region,
         m.age, m.sex, m.region, m.home_store, m.acquired_by, m.joined_on, m.member_days, m.tier, m.tier_rank, m.card_type, m.card_no, m.is_birthday, m.is_birthday_month,
         m.orders_30d, m.orders_12m, m.orders_all, m.net_spend_30d, m.net_spend_12m, m.net_spend_year, m.net_spend_all, m.days_since_order,
         m.day, m.clock, m.weekday, m.hour, m.day_of_month, m.month, m.year
  FROM unnest(sale_ids) AS n(id) JOIN @crm@.sale AS s ON s.id = n.id
       LEFT JOIN @crm@.store AS t ON t.id = s.store_id
       CROSS JOIN LATERAL @crm@._member_facts(s.member_id, s.occurred_at, s.id, used) AS m
  WHERE s.member_id IS NOT NULL AND s.net_spend > 0;
END
$$;
COMMENT ON FUNCTION @crm@._sale_facts(bigint[], text[]) IS 'the published columns of sales, one row each that can earn; guests and refunds are left out';

CREATE OR REPLACE FUNCTION @crm@._line_facts(sale_ids bigint[])
RETURNS TABLE (of_sale_id bigint, line_no integer, product text, category text, parent_category text, top_category text, quantity numeric, line_amount numeric,
  line_list_amount numeric, line_discount_amount numeric)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20000
SET search_path = pg_catalog, pg_temp
SET enable_nestloop = on
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY WITH RECURSIVE up AS (
    SELECT c.id, c.id AS top_id FROM @crm@.category AS c WHERE c.parent_id IS NULL
    UNION ALL
    SELECT c.id, u.top_id FROM up AS u JOIN @crm@.category AS c ON c.parent_id = u.id
  )
  SELECT y.sale_id, y.line_no, p.code, c.code, a.code, coalesce(t.code, c.code), y.quantity, y.money_amount + y.principal_amount, y.list_amount, y.discount_amount
  FROM @crm@.sale_line AS y LEFT JOIN @crm@.product AS p ON p.id = y.product_id
       LEFT JOIN @crm@.category AS c ON c.id = p.category_id LEFT JOIN @crm@.category AS a ON a.id = c.parent_id
       LEFT JOIN up AS u ON u.id = c.id LEFT JOIN @crm@.category AS t ON t.id = u.top_id
  WHERE y.sale_id = ANY (sale_ids) AND y.kind = 'goods';
END
$$;
COMMENT ON FUNCTION @crm@._line_facts(bigint[]) IS 'the published columns of the goods lines of sales';

-- What a rule has given a member in a span of time, by the explanations of the
-- events; where there is none, the rule was alone and the posting tells.
CREATE OR REPLACE FUNCTION @crm@._rule_given(rule_no integer, member_id bigint, from_at timestamptz, to_at timestamptz, but_sale_id bigint) RETURNS numeric
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET enable_nestloop = on
AS $$
BEGIN
  RETURN (
    SELECT coalesce(sum(CASE WHEN jsonb_typeof(e.detail -> 'rules') = 'array'
                             THEN (SELECT sum((x ->> 'given')::numeric) FROM jsonb_array_elements(e.detail -> 'rules') AS x WHERE (x ->> 'rule_no')::integer = _rule_given.rule_no)
                             ELSE (SELECT sum(p.units) FROM @crm@.posting AS p JOIN @crm@.earning_rule AS r ON r.id = p.rule_id
                                   WHERE p.event_id = e.id AND r.rule_no = _rule_given.rule_no) END), 0)
    FROM @crm@.ledger_event AS e
    WHERE e.member_id = ANY (@crm@._member_group(_rule_given.member_id)) AND e.occurred_at >= from_at AND e.occurred_at < to_at AND e.kind IN ('earn', 'accrue', 'activity')
      AND (but_sale_id IS NULL OR e.sale_id IS DISTINCT FROM but_sale_id));
END
$$;
COMMENT ON FUNCTION @crm@._rule_given(integer, bigint, timestamptz, timestamptz, bigint) IS 'units, before rounding, that a rule has given a member by events of a span of time, one sale left out; refunds do not lessen it';

CREATE OR REPLACE AGGREGATE @crm@._product(numeric) (SFUNC = pg_catalog.numeric_mul, STYPE = numeric, INITCOND = '1', PARALLEL = safe);
COMMENT ON AGGREGATE @crm@._product(numeric) IS 'the product of factors, 1 of none';

-- What sales earn by these rules. Order of events: the rules that hold; stacking
-- and stop by priority; pieces of each rule, by lines where lines matter;
-- multipliers; the cap of the order; the caps of day, month, member and
-- programme one after the other, in the order of time over all sales asked
-- for; the sum, rounded once. Of caps only the part that the member has not
-- used by then is left; with fresh nothing has been used. The planner knows
-- nothing of the numbers of rows between the steps, so they are joined by hash:
-- a million sales must not meet in nested loops.
CREATE OR REPLACE FUNCTION @crm@._rules_earn(sale_ids bigint[], rules @crm@.earning_rule[], fresh boolean)
RETURNS TABLE (sale_id bigint, member_id bigint, occurred_at timestamptz, asset_id smallint, units bigint, rule_id bigint, available_from timestamptz, expires_at timestamptz, explanation jsonb)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET enable_nestloop = off
SET enable_mergejoin = off
SET enable_seqscan = off
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
  used text[] := (SELECT coalesce(array_agg(DISTINCT u), '{}') FROM unnest(rules) AS r, unnest(r.uses) AS u);
BEGIN
  RETURN QUERY
  WITH rule AS MATERIALIZED (
    SELECT row_number() OVER (ORDER BY r.priority, r.rule_no, r.version)::integer AS place, r.* FROM unnest(rules) AS r WHERE r.event = 'sale'
  ), fact AS MATERIALIZED (
    SELECT f.* FROM @crm@._sale_facts(sale_ids, used) AS f
  ), line AS MATERIALIZED (
    SELECT y.* FROM @crm@._line_facts(sale_ids) AS y
  ), line_fact AS MATERIALIZED (
    SELECT f.*, y.* FROM fact AS f JOIN line AS y ON y.of_sale_id = f.sale_id WHERE EXISTS (SELECT FROM rule AS r WHERE r.by_line)
  ), held AS MATERIALIZED (
    SELECT f.sale_id, r.place, NULL::integer AS line_no
    FROM fact AS f JOIN rule AS r ON NOT r.by_line AND r.valid_from <= f.occurred_at AND f.occurred_at < r.valid_to
    WHERE r.predicate IS NULL OR crm_member.predicate_holds(r.predicate, f)
    UNION ALL
    SELECT x.sale_id, r.place, x.line_no
    FROM line_fact AS x JOIN rule AS r ON r.by_line AND r.valid_from <= x.occurred_at AND x.occurred_at < r.valid_to
    WHERE crm_member.predicate_holds(r.predicate, x)
  ), turn AS (
    SELECT h.sale_id, h.place, r.asset_id, r.kind, r.by_line, r.stacks, r.stops,
           row_number() OVER (PARTITION BY h.sale_id, r.asset_id, r.kind = 'multiplier' ORDER BY h.place) AS nth
    FROM (SELECT DISTINCT d.sale_id, d.place FROM held AS d) AS h JOIN rule AS r ON r.place = h.place
  ), stacked AS (
    SELECT t.*, min(t.place) FILTER (WHERE t.stops) OVER (PARTITION BY t.sale_id, t.asset_id) AS stop_place FROM turn AS t WHERE t.stacks OR t.nth = 1
  ), kept AS MATERIALIZED (
    SELECT k.sale_id, k.place, k.asset_id, k.kind, k.by_line,
           bool_or(k.kind = 'multiplier' AND k.by_line) OVER (PARTITION BY k.sale_id, k.asset_id) AS apart
    FROM stacked AS k WHERE k.stop_place IS NULL OR k.place <= k.stop_place
  ), piece AS MATERIALIZED (
    -- of the whole sale
    SELECT k.sale_id, k.place, k.asset_id, NULL::integer AS line_no, k.kind,
           CASE k.kind WHEN 'fixed' THEN r.units ELSE r.units * f.amount / r.per_amount END AS units,
           CASE k.kind WHEN 'per_money' THEN f.amount END AS basis
    FROM kept AS k JOIN rule AS r ON r.place = k.place JOIN fact AS f ON f.sale_id = k.sale_id
    WHERE k.kind = 'fixed' OR (k.kind = 'per_money' AND NOT k.by_line AND NOT k.apart)
    UNION ALL
    -- of its lines
    SELECT k.sale_id, k.place, k.asset_id, y.line_no, k.kind,
           r.units * CASE k.kind WHEN 'per_unit' THEN y.quantity ELSE y.line_amount END / r.per_amount,
           CASE k.kind WHEN 'per_unit' THEN y.quantity ELSE y.line_amount END
    FROM kept AS k JOIN rule AS r ON r.place = k.place JOIN line AS y ON y.of_sale_id = k.sale_id
         LEFT JOIN held AS h ON h.sale_id = k.sale_id AND h.place = k.place AND h.line_no = y.line_no
    WHERE (k.kind = 'per_unit' OR (k.kind = 'per_money' AND (k.by_line OR k.apart))) AND (NOT k.by_line OR h.line_no IS NOT NULL)
  ), factor AS MATERIALIZED (
    SELECT k.sale_id, k.asset_id, @crm@._product(r.units ORDER BY k.place) FILTER (WHERE NOT k.by_line) AS of_sale,
           jsonb_agg(jsonb_build_object('rule_no', r.rule_no, 'version', r.version, 'code', r.code, 'factor', trim_scale(r.units)) ORDER BY k.place) AS told
    FROM kept AS k JOIN rule AS r ON r.place = k.place WHERE k.kind = 'multiplier' GROUP BY k.sale_id, k.asset_id
  ), line_factor AS MATERIALIZED (
    SELECT k.sale_id, k.asset_id, h.line_no, @crm@._product(r.units ORDER BY k.place) AS of_line
    FROM kept AS k JOIN rule AS r ON r.place = k.place JOIN held AS h ON h.sale_id = k.sale_id AND h.place = k.place
    WHERE k.kind = 'multiplier' AND k.by_line GROUP BY k.sale_id, k.asset_id, h.line_no
  ), multiplied AS MATERIALIZED (
    SELECT p.sale_id, p.place, p.asset_id, p.line_no, p.basis, p.units,
           CASE p.kind WHEN 'fixed' THEN 1 ELSE coalesce(q.of_sale, 1) * coalesce(l.of_line, 1) END AS factor
    FROM piece AS p
         LEFT JOIN factor AS q ON q.sale_id = p.sale_id AND q.asset_id = p.asset_id
         LEFT JOIN line_factor AS l ON l.sale_id = p.sale_id AND l.asset_id = p.asset_id AND l.line_no = p.line_no
  ), given AS (
    SELECT m.sale_id, m.place, sum(m.basis) AS basis, sum(m.units) AS base, round(sum(m.units * m.factor), 12) AS earned
    FROM multiplied AS m GROUP BY m.sale_id, m.place
  ), of_order AS (
    SELECT g.*, f.member_id, f.occurred_at, f.day, r.rule_no, r.cap_day, r.cap_month, r.cap_member, r.cap_programme,
           least(g.earned, r.cap_order) AS units
    FROM given AS g JOIN rule AS r ON r.place = g.place JOIN fact AS f ON f.sale_id = g.sale_id
  ), of_day AS (
    SELECT o.*, CASE WHEN o.cap_day IS NULL THEN o.units ELSE least(l.left_units, o.running) - least(l.left_units, o.running - o.units) END AS day_units
    FROM (SELECT a.*, sum(a.units) OVER (PARTITION BY a.rule_no, a.member_id, a.day ORDER BY a.occurred_at, a.sale_id) AS running FROM of_order AS a) AS o
         CROSS JOIN LATERAL (SELECT greatest(o.cap_day - CASE WHEN fresh OR o.cap_day IS NULL THEN 0
           ELSE @crm@._rule_given(o.rule_no, o.member_id, @crm@.day_start(o.day), @crm@.day_start(o.day + 1), o.sale_id) END, 0) AS left_units) AS l
  ), of_month AS (
    SELECT o.*, CASE WHEN o.cap_month IS NULL THEN o.day_units ELSE least(l.left_units, o.running_month) - least(l.left_units, o.running_month - o.day_units) END AS month_units
    FROM (SELECT a.*, sum(a.day_units) OVER (PARTITION BY a.rule_no, a.member_id, date_trunc('month', a.day::timestamp) ORDER BY a.occurred_at, a.sale_id) AS running_month FROM of_day AS a) AS o
         CROSS JOIN LATERAL (SELECT greatest(o.cap_month - CASE WHEN fresh OR o.cap_month IS NULL THEN 0
           ELSE @crm@._rule_given(o.rule_no, o.member_id, @crm@.day_start(date_trunc('month', o.day::timestamp)::date),
                                  @crm@.day_start((date_trunc('month', o.day::timestamp) + interval '1 month')::date), o.sale_id) END, 0) AS left_units) AS l
  ), of_member AS (
    SELECT o.*, CASE WHEN o.cap_member IS NULL THEN o.month_units ELSE least(l.left_units, o.running_member) - least(l.left_units, o.running_member - o.month_units) END AS member_units
    FROM (SELECT a.*, sum(a.month_units) OVER (PARTITION BY a.rule_no, a.member_id ORDER BY a.occurred_at, a.sale_id) AS running_member FROM of_month AS a) AS o
         CROSS JOIN LATERAL (SELECT greatest(o.cap_member - CASE WHEN fresh OR o.cap_member IS NULL THEN 0
           ELSE @crm@._rule_given(o.rule_no, o.member_id, '-infinity', 'infinity', o.sale_id) END, 0) AS left_units) AS l
  ), of_programme AS MATERIALIZED (
    SELECT o.*, CASE WHEN o.cap_programme IS NULL THEN o.member_units ELSE least(l.left_units, o.running_all) - least(l.left_units, o.running_all - o.member_units) END AS final_units
    FROM (SELECT a.*, sum(a.member_units) OVER (PARTITION BY a.rule_no ORDER BY a.occurred_at, a.sale_id) AS running_all FROM of_member AS a) AS o
         CROSS JOIN LATERAL (SELECT greatest(o.cap_programme - CASE WHEN fresh OR o.cap_programme IS NULL THEN 0
           ELSE coalesce((SELECT t.units FROM @crm@.earning_total AS t WHERE t.rule_no = o.rule_no), 0) END, 0) AS left_units) AS l
  ), share AS (
    -- by lines, where a rule or multiplier looked at lines: what was given for the whole goes by the money of the lines
    SELECT q.sale_id, jsonb_object_agg(t.code, q.lines) AS shares
    FROM (SELECT w.sale_id, w.asset_id, jsonb_agg(jsonb_build_array(w.line_no, trim_scale(round(w.units, 6))) ORDER BY w.line_no) AS lines
          FROM (SELECT y.of_sale_id AS sale_id, m.asset_id, y.line_no,
                       sum(m.units * m.factor * CASE WHEN o.earned > 0 THEN o.final_units / o.earned ELSE 0 END
                           * CASE WHEN m.line_no IS NULL THEN y.line_amount / f.amount ELSE 1 END) AS units
                FROM line AS y JOIN fact AS f ON f.sale_id = y.of_sale_id
                     JOIN multiplied AS m ON m.sale_id = y.of_sale_id AND (m.line_no IS NULL OR m.line_no = y.line_no)
                     JOIN of_programme AS o ON o.sale_id = m.sale_id AND o.place = m.place
                     JOIN (SELECT DISTINCT b.sale_id, b.asset_id FROM multiplied AS b WHERE b.line_no IS NOT NULL) AS d ON d.sale_id = m.sale_id AND d.asset_id = m.asset_id
                GROUP BY y.of_sale_id, m.asset_id, y.line_no) AS w
          GROUP BY w.sale_id, w.asset_id) AS q
         JOIN @crm@.asset AS t ON t.id = q.asset_id
    GROUP BY q.sale_id
  ), told AS MATERIALIZED (
    SELECT o.sale_id, jsonb_strip_nulls(jsonb_build_object('shares', h.shares, 'rules', jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
             'rule_no', r.rule_no, 'version', r.version, 'code', r.code, 'asset', t.code, 'kind', r.kind,
             'basis', trim_scale(o.basis), 'units', trim_scale(round(o.base, 12)), 'multipliers', CASE WHEN r.kind <> 'fixed' THEN q.told END,
             'earned', trim_scale(o.earned), 'cut', nullif(trim_scale(o.earned - o.final_units), 0), 'given', trim_scale(o.final_units))) ORDER BY o.place))) AS explanation
    FROM of_programme AS o JOIN rule AS r ON r.place = o.place JOIN @crm@.asset AS t ON t.id = r.asset_id
         LEFT JOIN factor AS q ON q.sale_id = o.sale_id AND q.asset_id = r.asset_id
         LEFT JOIN share AS h ON h.sale_id = o.sale_id
    GROUP BY o.sale_id, h.shares
  ), whole AS (
    SELECT o.sale_id, o.member_id, o.occurred_at, r.asset_id, round(sum(o.final_units), 12) AS units, min(o.place) AS lead
    FROM of_programme AS o JOIN rule AS r ON r.place = o.place GROUP BY o.sale_id, o.member_id, o.occurred_at, r.asset_id
  )
  SELECT w.sale_id, w.member_id, w.occurred_at, w.asset_id, @crm@._round_units(w.units, r.rounding), r.id, t.available_from,
         @crm@._expiry(t.available_from, r.expiry_months, r.expiry_end), e.explanation
  FROM whole AS w JOIN rule AS r ON r.place = w.lead JOIN told AS e ON e.sale_id = w.sale_id
       CROSS JOIN LATERAL (SELECT CASE WHEN r.pending_days = 0 THEN w.occurred_at ELSE @crm@.day_start(@crm@.local_day(w.occurred_at) + r.pending_days) END AS available_from) AS t
  WHERE @crm@._round_units(w.units, r.rounding) > 0;
END
$$;
COMMENT ON FUNCTION @crm@._rules_earn(bigint[], @crm@.earning_rule[], boolean) IS 'units of each asset that sales earn by the given rules, with the rule of the best priority, the life of the lot and an explanation; writes nothing';

-- The rules that stand, as an array for _rules_earn; those of all times, since sales of any time may be asked for.
CREATE OR REPLACE FUNCTION @crm@._rules_standing() RETURNS @crm@.earning_rule[]
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN (SELECT array_agg(r ORDER BY r.rule_no, r.version) FROM @crm@.earning_rule AS r WHERE r.event = 'sale');
END
$$;
COMMENT ON FUNCTION @crm@._rules_standing() IS 'all versions of the earning rules on sales';

CREATE OR REPLACE FUNCTION @crm@.points_simulate(rules jsonb, from_at timestamptz, to_at timestamptz)
RETURNS TABLE (asset text, sales bigint, members bigint, units_now bigint, units_draft bigint, difference bigint, cost_now numeric, cost_draft numeric,
  winners bigint, losers bigint, unchanged bigint, largest_win bigint, largest_loss bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  draft @crm@.earning_rule[];
  sale_ids bigint[];
  worth numeric := @crm@._setting('points_per_money', '100')::numeric;
BEGIN
  PERFORM @crm@._require('{marketer,manager}');
  IF jsonb_typeof(points_simulate.rules) IS DISTINCT FROM 'array' OR from_at IS NULL OR to_at IS NULL THEN
    RAISE EXCEPTION 'rules must be an array of earning rules, and from_at and to_at must be given' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT array_agg(q.rule) INTO draft
  FROM (SELECT @crm@._earning_rule_read(x.form || jsonb_build_object('rule_no', x.no), '-infinity') AS rule
        FROM jsonb_array_elements(points_simulate.rules) WITH ORDINALITY AS x(form, no)) AS q;
  SELECT array_agg(s.id) INTO sale_ids FROM @crm@.sale AS s
  WHERE s.occurred_at >= from_at AND s.occurred_at < to_at AND s.member_id IS NOT NULL AND s.net_spend > 0;
  RETURN QUERY
  WITH earned AS (
    SELECT e.member_id, e.sale_id, e.asset_id, e.units AS now, 0::bigint AS draft FROM @crm@._rules_earn(sale_ids, @crm@._rules_standing(), true) AS e
    UNION ALL
    SELECT e.member_id, e.sale_id, e.asset_id, 0, e.units FROM @crm@._rules_earn(sale_ids, draft, true) AS e
  ), each_member AS (
    SELECT d.asset_id, d.member_id, count(DISTINCT d.sale_id) AS sales, sum(d.now)::bigint AS now, sum(d.draft)::bigint AS draft FROM earned AS d GROUP BY d.asset_id, d.member_id
  )
  SELECT t.code, sum(m.sales)::bigint, count(*), sum(m.now)::bigint, sum(m.draft)::bigint, sum(m.draft - m.now)::bigint,
         CASE WHEN t.nature = 'points' THEN round(sum(m.now) / worth, 2) END, CASE WHEN t.nature = 'points' THEN round(sum(m.draft) / worth, 2) END,
         count(*) FILTER (WHERE m.draft > m.now), count(*) FILTER (WHERE m.draft < m.now), count(*) FILTER (WHERE m.draft = m.now),
         greatest(max(m.draft - m.now), 0), greatest(max(m.now - m.draft), 0)
  FROM each_member AS m JOIN @crm@.asset AS t ON t.id = m.asset_id
  GROUP BY t.id, t.code, t.nature ORDER BY t.id;
END
$$;
COMMENT ON FUNCTION @crm@.points_simulate(jsonb, timestamptz, timestamptz) IS 'replays the sales from from_at up to before to_at under draft rules, an array of what earning_rule_set takes and the whole programme, and compares with the rules that stood: one row an asset with sales and members that earn, units, their cost in money by the setting points_per_money, members who win, lose or have the same, and the largest win and loss of one member. Caps begin unused; refunds are not replayed. Writes nothing. Levels marketer and manager for all stores. Errors: 22023, 42501, those of predicates';

-- Rules with a cap for the programme: their totals are locked before sales are
-- looked at, in the order of rule_no, and raised when the events are booked.
CREATE OR REPLACE FUNCTION @crm@._rules_lock() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM FROM @crm@.earning_total AS t
  WHERE EXISTS (SELECT FROM @crm@.earning_rule AS r WHERE r.rule_no = t.rule_no AND r.event = 'sale' AND r.cap_programme IS NOT NULL AND r.valid_to > now())
  ORDER BY t.rule_no FOR NO KEY UPDATE;
END
$$;
COMMENT ON FUNCTION @crm@._rules_lock() IS 'locks the totals of rules on sales with a cap for the programme: sales follow one another where there is such a rule';

CREATE OR REPLACE FUNCTION @crm@._rules_count(event_ids bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  UPDATE @crm@.earning_total AS t SET units = t.units + g.units
  FROM (SELECT (x ->> 'rule_no')::integer AS rule_no, sum((x ->> 'given')::numeric) AS units
        FROM @crm@.ledger_event AS e, jsonb_array_elements(e.detail -> 'rules') AS x
        WHERE e.id = ANY (event_ids) AND jsonb_typeof(e.detail -> 'rules') = 'array' GROUP BY 1) AS g
  WHERE t.rule_no = g.rule_no;
END
$$;
COMMENT ON FUNCTION @crm@._rules_count(bigint[]) IS 'adds what new events were given to the totals of rules with a cap for the programme';

CREATE OR REPLACE FUNCTION @crm@._check_rules() RETURNS TABLE (check_name text, ok boolean, detail text)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
  wrong bigint;
BEGIN
  WITH told AS MATERIALIZED (
    SELECT e.id, t.id AS asset_id, sum((x ->> 'given')::numeric) AS given
    FROM @crm@.ledger_event AS e, jsonb_array_elements(e.detail -> 'rules') AS x JOIN @crm@.asset AS t ON t.code = x ->> 'asset'
    WHERE e.kind IN ('earn', 'accrue', 'activity') AND jsonb_typeof(e.detail -> 'rules') = 'array' GROUP BY e.id, t.id
  )
  SELECT count(*) INTO wrong
  FROM told AS d LEFT JOIN @crm@.posting AS p ON p.event_id = d.id AND p.asset_id = d.asset_id LEFT JOIN @crm@.earning_rule AS r ON r.id = p.rule_id
  WHERE coalesce(p.units, 0) <> @crm@._round_units(round(d.given, 12), coalesce(r.rounding, 'floor'));
  RETURN QUERY SELECT 'explanations add up to what was booked', wrong = 0, format('%s events differ', wrong);

  SELECT count(*) + (SELECT count(DISTINCT r.rule_no) FROM @crm@.earning_rule AS r
                     WHERE r.cap_programme IS NOT NULL AND NOT EXISTS (SELECT FROM @crm@.earning_total AS t WHERE t.rule_no = r.rule_no)) INTO wrong
  FROM @crm@.earning_total AS t
       LEFT JOIN (SELECT (x ->> 'rule_no')::integer AS rule_no, sum((x ->> 'given')::numeric) AS units
                  FROM @crm@.ledger_event AS e, jsonb_array_elements(e.detail -> 'rules') AS x
                  WHERE e.kind IN ('earn', 'accrue', 'activity') AND jsonb_typeof(e.detail -> 'rules') = 'array' GROUP BY 1) AS g ON g.rule_no = t.rule_no
  WHERE t.units < coalesce(g.units, 0)
     OR EXISTS (SELECT FROM @crm@.earning_rule AS r WHERE r.rule_no = t.rule_no GROUP BY r.rule_no HAVING bool_and(r.cap_programme IS NOT NULL) AND max(r.cap_programme) < t.units);
  RETURN QUERY SELECT 'totals of rules are within their caps', wrong = 0, format('%s rules are not', wrong);
END
$$;
COMMENT ON FUNCTION @crm@._check_rules() IS 'check_crm: what rules say that they gave is what was booked, and each rule with a cap for the programme has its total, within the cap';
