-- sql/crm/58_till.sql
-- The doors by which a till records sales and refunds.
--
-- A sale, its lines and its tenders are written by one statement, so that the
-- triggers on sale find the lines. What each line bears of each tender is
-- settled then and stored; a refund takes shares from what is left of them and
-- runs no rule again. Shipping is a line of its own kind: it bears its share of
-- the tenders and counts for no net spend.

--@ code
-- The server's own words for a number that it cannot read quote what was written.
CREATE OR REPLACE FUNCTION @crm@._till_numbers(lines jsonb, tenders jsonb) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM FROM jsonb_to_recordset(lines) AS l(line_no integer, product_id bigint, quantity numeric, list_amount numeric, discount_amount numeric, cost_amount numeric, amount numeric);
  PERFORM FROM jsonb_to_recordset(tenders) AS t(amount numeric);
EXCEPTION WHEN data_exception THEN
  RAISE EXCEPTION 'a number of a line or a tender cannot be read' USING ERRCODE = 'invalid_parameter_value', HINT = 'Amounts and quantities are written like 12.50, ids like 17.';
END
$$;
COMMENT ON FUNCTION @crm@._till_numbers(jsonb, jsonb) IS 'raises 22023 unless the numbers of lines and tenders can be read as such; NULL passes';

-- Tenders are spread over the lines one after the other, in the order in which
-- they are given, in proportion to what is still unpaid of each line.
CREATE OR REPLACE FUNCTION @crm@._sale_record(request_id text, occurred_at timestamptz, member_id bigint, store_id bigint, lines jsonb, tenders jsonb, channel text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  answer jsonb;
  at timestamptz;
  unpaid numeric[];
  share numeric[];
  bears text[] := '{money,principal,gift,points}';
  paid numeric[] := '{}';
  tender record;
  kind integer;
  n integer := jsonb_array_length(lines);
  decimals integer := @crm@._money_decimals();
  made bigint;
BEGIN
  answer := @crm@._request_begin(request_id, 'sale_record', jsonb_build_array(occurred_at, member_id, store_id, @crm@._plain_numbers(lines), @crm@._plain_numbers(tenders), channel));
  IF answer IS NOT NULL THEN
    RETURN answer;
  END IF;
  IF occurred_at IS NOT NULL THEN
    PERFORM @crm@._finite(occurred_at);
  END IF;
  PERFORM @crm@._till_numbers(lines, tenders);
  PERFORM @crm@._arg_store(store_id);
  PERFORM @crm@._arg_product(l.product_id) FROM jsonb_to_recordset(lines) AS l(product_id bigint) WHERE l.product_id IS NOT NULL;
  IF EXISTS (SELECT FROM jsonb_to_recordset(lines) AS l(list_amount numeric, discount_amount numeric, kind text, quantity numeric, cost_amount numeric)
             WHERE l.list_amount IS NULL OR l.list_amount IN ('NaN', 'Infinity') OR l.list_amount <> round(l.list_amount, decimals)
                OR coalesce(l.discount_amount, 0) <> round(coalesce(l.discount_amount, 0), decimals)
                OR NOT coalesce(l.discount_amount, 0) BETWEEN 0 AND l.list_amount
                OR coalesce(l.kind, 'goods') NOT IN ('goods', 'shipping')
                OR NOT coalesce(l.quantity, 1) BETWEEN 0.001 AND 1000000000
                OR NOT coalesce(l.cost_amount, 0) BETWEEN 0 AND 1e16 OR l.cost_amount <> round(l.cost_amount, 2)) THEN
    RAISE EXCEPTION 'a line needs a list amount, a discount between 0 and it and a cost of 0 or more, in whole cents, and a quantity above 0'
      USING ERRCODE = 'CR005', DETAIL = format('Money of this CRM has %s decimals.', decimals), HINT = 'A refund is recorded with sale_refund.';
  END IF;
  IF EXISTS (SELECT FROM jsonb_to_recordset(tenders) AS t(kind text, amount numeric, bears text)
             WHERE t.kind IS NULL OR t.amount IS NULL OR t.amount < 0 OR t.amount IN ('NaN', 'Infinity') OR t.amount <> round(t.amount, decimals)
                OR coalesce(t.bears, 'money') <> ALL (bears)) THEN
    RAISE EXCEPTION 'a tender needs a kind and an amount of 0 or more, in whole cents, and bears money, principal, gift or points'
      USING ERRCODE = 'CR005', DETAIL = format('Money of this CRM has %s decimals.', decimals);
  END IF;
  SELECT coalesce(array_agg(l.list_amount - coalesce(l.discount_amount, 0) ORDER BY l.place), '{}') INTO unpaid
  FROM ROWS FROM (jsonb_to_recordset(lines) AS (list_amount numeric, discount_amount numeric)) WITH ORDINALITY AS l(list_amount, discount_amount, place);
  IF (SELECT coalesce(sum(u), 0) FROM unnest(unpaid) AS u) <> (SELECT coalesce(sum(t.amount), 0) FROM jsonb_to_recordset(tenders) AS t(amount numeric)) THEN
    RAISE EXCEPTION 'tenders do not add up to what is to be paid'
      USING ERRCODE = 'CR005',
            DETAIL = format('To be paid: %s; tendered: %s.', (SELECT coalesce(sum(u), 0) FROM unnest(unpaid) AS u),
                            (SELECT coalesce(sum(t.amount), 0) FROM jsonb_to_recordset(tenders) AS t(amount numeric)));
  END IF;
  paid := array_fill(0.00::numeric, ARRAY[4 * n]);
  FOR tender IN SELECT t.amount, coalesce(t.bears, 'money') AS bears
    FROM ROWS FROM (jsonb_to_recordset(tenders) AS (amount numeric, bears text)) WITH ORDINALITY AS t(amount, bears, place)
    WHERE t.amount > 0 ORDER BY t.place
  LOOP
    share := crm_member.split_amount(tender.amount, unpaid, decimals);
    kind := array_position(bears, tender.bears) - 1;
    FOR i IN 1 .. n LOOP
      unpaid[i] := unpaid[i] - share[i];
      paid[kind * n + i] := paid[kind * n + i] + share[i];
    END LOOP;
  END LOOP;

  -- a member that was merged away buys as the one that was kept; a merge waits for this sale
  IF member_id IS NOT NULL THEN
    PERFORM FROM @crm@.member AS m WHERE m.id = member_id FOR KEY SHARE;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'unknown member'
        USING ERRCODE = 'foreign_key_violation', DETAIL = format('There is no member %s.', member_id), HINT = 'Without a member the sale is a guest''s.';
    END IF;
    member_id := coalesce(@crm@._member_id(member_id), member_id);
  END IF;
  at := coalesce(occurred_at, clock_timestamp());
  made := nextval(pg_get_serial_sequence(@crm_name@ || '.sale', 'id'));
  WITH line AS MATERIALIZED (
    SELECT l.place::integer AS line_no, coalesce(l.kind, 'goods') AS kind, l.product_id, coalesce(l.quantity, 1) AS quantity,
           l.list_amount, coalesce(l.discount_amount, 0) AS discount_amount, l.cost_amount,
           paid[l.place] AS money, paid[n + l.place] AS principal, paid[2 * n + l.place] AS gift, paid[3 * n + l.place] AS points
    FROM ROWS FROM (jsonb_to_recordset(lines) AS (kind text, product_id bigint, quantity numeric, list_amount numeric, discount_amount numeric, cost_amount numeric))
         WITH ORDINALITY AS l(kind, product_id, quantity, list_amount, discount_amount, cost_amount, place)
  ), sale AS (
    INSERT INTO @crm@.sale (id, source_id, source_key, member_id, store_id, occurred_at, net_spend, channel, list_amount, discount_amount, shipping_amount,
                            payable_amount, money_amount, principal_amount, gift_amount, points_amount, cost_amount)
    SELECT made, 0, request_id, member_id, store_id, at,
           coalesce(sum(l.money + l.principal) FILTER (WHERE l.kind = 'goods'), 0), channel,
           coalesce(sum(l.list_amount) FILTER (WHERE l.kind = 'goods'), 0), coalesce(sum(l.discount_amount) FILTER (WHERE l.kind = 'goods'), 0),
           coalesce(sum(l.list_amount - l.discount_amount) FILTER (WHERE l.kind = 'shipping'), 0),
           coalesce(sum(l.list_amount - l.discount_amount), 0), coalesce(sum(l.money), 0), coalesce(sum(l.principal), 0),
           coalesce(sum(l.gift), 0), coalesce(sum(l.points), 0), sum(l.cost_amount)
    FROM line AS l
  ), lined AS (
    INSERT INTO @crm@.sale_line (sale_id, line_no, kind, product_id, quantity, list_amount, discount_amount, payable_amount,
                                 money_amount, principal_amount, gift_amount, points_amount, cost_amount)
    SELECT made, l.line_no, l.kind, l.product_id, l.quantity, l.list_amount, l.discount_amount, l.list_amount - l.discount_amount,
           l.money, l.principal, l.gift, l.points, l.cost_amount
    FROM line AS l
  )
  INSERT INTO @crm@.sale_tender (sale_id, tender_no, kind, bears, amount, reference)
  SELECT made, t.place, t.kind, coalesce(t.bears, 'money'), t.amount, t.reference
  FROM ROWS FROM (jsonb_to_recordset(tenders) AS (kind text, bears text, amount numeric, reference text)) WITH ORDINALITY AS t(kind, bears, amount, reference, place);
  answer := @crm@._sale_answer(made);
  PERFORM @crm@._request_end(request_id, answer);
  RETURN answer;
END
$$;
COMMENT ON FUNCTION @crm@._sale_record(text, timestamptz, bigint, bigint, jsonb, jsonb, text) IS 'what sale_record does once the caller is known to be allowed';

CREATE OR REPLACE FUNCTION @crm@._sale_answer(sale_id bigint) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT jsonb_build_object('sale_id', s.id, 'net_spend', s.net_spend,
         'points', coalesce(b.points, 0), 'growth', coalesce(b.growth, 0), 'tier', (SELECT t.code FROM @crm@._tier_at(s.member_id, 1, s.occurred_at, 'infinity') AS t))
FROM @crm@.sale AS s
     LEFT JOIN LATERAL (
       SELECT sum(CASE WHEN p.to_account > 0 THEN p.units ELSE -p.units END) FILTER (WHERE p.asset_id = 1) AS points,
              sum(CASE WHEN p.to_account > 0 THEN p.units ELSE -p.units END) FILTER (WHERE p.asset_id = 2) AS growth
       FROM @crm@.ledger_event AS e JOIN @crm@.posting AS p ON p.event_id = e.id
       WHERE e.sale_id = coalesce(s.refund_of_id, s.id)) AS b ON true
WHERE s.id = _sale_answer.sale_id
$$;
COMMENT ON FUNCTION @crm@._sale_answer(bigint) IS 'what a till is told of a sale: net spend, the points and growth that it, or the sale it refunds, has brought so far, and the tier then';

CREATE OR REPLACE FUNCTION @crm@.sale_record(request_id text, lines jsonb, tenders jsonb, member_id bigint DEFAULT NULL, store_id bigint DEFAULT NULL,
  occurred_at timestamptz DEFAULT NULL, channel text DEFAULT NULL, dry_run boolean DEFAULT false)
RETURNS TABLE (sale_id bigint, net_spend numeric, points bigint, growth bigint, tier text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  answer jsonb;
BEGIN
  PERFORM @crm@._require('{clerk,app,manager}', store_id);
  IF jsonb_typeof(lines) IS DISTINCT FROM 'array' OR jsonb_typeof(tenders) IS DISTINCT FROM 'array' OR lines = '[]'
     OR jsonb_path_exists(lines || tenders, '$[*] ? (@.type() != "object")') THEN
    RAISE EXCEPTION 'lines and tenders must be arrays of objects, with at least one line' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF dry_run THEN
    BEGIN
      answer := @crm@._sale_record(request_id, occurred_at, member_id, store_id, lines, tenders, channel);
      RAISE EXCEPTION 'dry run' USING ERRCODE = 'CRDRY';
    EXCEPTION WHEN SQLSTATE 'CRDRY' THEN
      NULL;
    END;
  ELSE
    answer := @crm@._sale_record(request_id, occurred_at, member_id, store_id, lines, tenders, channel);
  END IF;
  sale_id := (answer ->> 'sale_id')::bigint;
  net_spend := (answer ->> 'net_spend')::numeric;
  points := (answer ->> 'points')::bigint;
  growth := (answer ->> 'growth')::bigint;
  tier := answer ->> 'tier';
  RETURN NEXT;
END
$$;
COMMENT ON FUNCTION @crm@.sale_record(text, jsonb, jsonb, bigint, bigint, timestamptz, text, boolean) IS 'records a sale with its lines [{"list_amount": 100.00, "discount_amount": 5.00, "product_id": 1, "quantity": 2, "kind": "goods" or "shipping", "cost_amount": 60}] and tenders [{"kind": "cash", "amount": 95.00, "bears": "money", "principal", "gift" or "points"}], which must add up to the cent; without member_id a guest''s. It records what was paid and debits no account. Answers with the points and growth earned and the tier. A repeat gets the first answer; dry_run answers and writes nothing. Levels clerk, app, manager. Errors: CR002, CR005 amounts, 22023 what is no number, 23503 unknown member, store or product, 42501';

CREATE OR REPLACE FUNCTION @crm@._sale_refund(request_id text, sale_id bigint, lines jsonb, occurred_at timestamptz) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  answer jsonb;
  s @crm@.sale;
  part record;
  share numeric[];
  shares jsonb := '[]';
  gone numeric;
  decimals integer := @crm@._money_decimals();
  made bigint;
BEGIN
  answer := @crm@._request_begin(request_id, 'sale_refund', jsonb_build_array(sale_id, @crm@._plain_numbers(lines), occurred_at));
  IF answer IS NOT NULL THEN
    RETURN answer;
  END IF;
  -- two refunds of one sale at once follow one another
  SELECT k.* INTO s FROM @crm@.sale AS k WHERE k.id = sale_id FOR NO KEY UPDATE;
  IF s.id IS NULL OR s.refund_of_id IS NOT NULL THEN
    RAISE EXCEPTION 'no sale to refund' USING ERRCODE = 'CR006', DETAIL = format('Sale %s is unknown or is a refund itself.', sale_id);
  END IF;
  IF s.source_id IN (SELECT o.id FROM @crm@.source AS o WHERE o.state = 'attached') THEN
    RAISE EXCEPTION 'no sale to refund' USING ERRCODE = 'CR006', DETAIL = format('Sale %s is of an attached table.', sale_id),
      HINT = 'Its own table records its refunds.';
  END IF;
  IF occurred_at IS NOT NULL THEN
    PERFORM @crm@._finite(occurred_at);
  END IF;
  PERFORM @crm@._till_numbers(lines, NULL);
  FOR part IN
    SELECT w.line_no, w.amount, k.line_no AS known, k.kind, k.product_id, k.cost_amount, k.quantity, k.payable_amount,
           k.money_amount + coalesce(g.money, 0) AS money, k.principal_amount + coalesce(g.principal, 0) AS principal,
           k.gift_amount + coalesce(g.gift, 0) AS gift, k.points_amount + coalesce(g.points, 0) AS points,
           k.payable_amount = 0 AND g.parts = 0 AS free_of_charge, coalesce(g.cost, 0) AS cost_back, coalesce(g.quantity, 0) AS quantity_back
    FROM (SELECT x.line_no, x.amount FROM jsonb_to_recordset(lines) AS x(line_no integer, amount numeric)
          UNION ALL SELECT y.line_no, NULL FROM @crm@.sale_line AS y WHERE y.sale_id = sale_id AND lines IS NULL) AS w
         LEFT JOIN @crm@.sale_line AS k ON k.sale_id = sale_id AND k.line_no = w.line_no
         LEFT JOIN LATERAL (SELECT count(*) AS parts, sum(b.money_amount) AS money, sum(b.principal_amount) AS principal, sum(b.gift_amount) AS gift, sum(b.points_amount) AS points,
                                   - sum(b.cost_amount) AS cost, - sum(b.quantity) AS quantity
                            FROM @crm@.sale_line AS b JOIN @crm@.sale AS r ON r.id = b.sale_id
                            WHERE r.refund_of_id = sale_id AND b.refund_of_line_no = w.line_no) AS g ON true
    ORDER BY w.line_no
  LOOP
    part.amount := coalesce(part.amount, part.money + part.principal + part.gift + part.points);
    -- what cost nothing goes back once, and of what was given back before nothing is left
    CONTINUE WHEN lines IS NULL AND part.amount = 0 AND NOT part.free_of_charge;
    IF part.known IS NULL THEN
      RAISE EXCEPTION 'a line cannot be refunded by this amount' USING ERRCODE = 'CR006', DETAIL = format('Sale %s has no line %s.', sale_id, part.line_no);
    END IF;
    IF part.amount < 0 OR (part.amount = 0 AND NOT part.free_of_charge) OR part.amount <> round(part.amount, decimals) OR part.amount > part.money + part.principal + part.gift + part.points
       OR shares @> jsonb_build_array(jsonb_build_object('line_no', part.line_no)) THEN
      RAISE EXCEPTION 'a line cannot be refunded by this amount'
        USING ERRCODE = 'CR006',
              DETAIL = format('Line %s of sale %s has %s left to refund.', part.line_no, sale_id, part.money + part.principal + part.gift + part.points);
    END IF;
    share := CASE WHEN part.amount = 0 THEN '{0,0,0,0}' ELSE crm_member.split_amount(part.amount, ARRAY[part.money, part.principal, part.gift, part.points], decimals) END;
    -- rounded over all that has gone back so far, so that the parts of a line add up to the whole
    gone := part.payable_amount - part.money - part.principal - part.gift - part.points + part.amount;
    shares := shares || jsonb_build_object('line_no', part.line_no, 'kind', part.kind, 'product_id', part.product_id,
      'quantity', CASE WHEN part.payable_amount > 0 THEN round(part.quantity * gone / part.payable_amount, 3) ELSE part.quantity END - part.quantity_back,
      'cost', CASE WHEN part.payable_amount > 0 THEN round(part.cost_amount * gone / part.payable_amount, 2) ELSE part.cost_amount END - part.cost_back,
      'money', share[1], 'principal', share[2], 'gift', share[3], 'points', share[4]);
  END LOOP;
  IF shares = '[]' THEN
    RAISE EXCEPTION 'no sale to refund' USING ERRCODE = 'CR006',
      DETAIL = CASE WHEN lines IS NOT NULL THEN 'No line is named.'
                    WHEN EXISTS (SELECT FROM @crm@.sale_line AS k WHERE k.sale_id = sale_id) THEN format('Of sale %s nothing is left to refund.', sale_id)
                    ELSE format('Sale %s has no lines; its source records its refunds.', sale_id) END;
  END IF;
  made := nextval(pg_get_serial_sequence(@crm_name@ || '.sale', 'id'));
  WITH line AS MATERIALIZED (
    SELECT x.*, x.money + x.principal + x.gift + x.points AS amount
    FROM jsonb_to_recordset(shares) AS x(line_no integer, kind text, product_id bigint, quantity numeric, cost numeric, money numeric, principal numeric, gift numeric, points numeric)
  ), sale AS (
    INSERT INTO @crm@.sale (id, source_id, source_key, member_id, store_id, occurred_at, net_spend, refund_of_id, channel, list_amount, discount_amount, shipping_amount,
                            payable_amount, money_amount, principal_amount, gift_amount, points_amount, cost_amount)
    SELECT made, 0, request_id, s.member_id, s.store_id, coalesce(occurred_at, clock_timestamp()),
           - coalesce(sum(l.money + l.principal) FILTER (WHERE l.kind = 'goods'), 0), s.id, s.channel,
           - coalesce(sum(l.amount) FILTER (WHERE l.kind = 'goods'), 0), 0, - coalesce(sum(l.amount) FILTER (WHERE l.kind = 'shipping'), 0),
           - sum(l.amount), - sum(l.money), - sum(l.principal), - sum(l.gift), - sum(l.points), - sum(l.cost)
    FROM line AS l
  )
  INSERT INTO @crm@.sale_line (sale_id, line_no, kind, product_id, quantity, list_amount, discount_amount, payable_amount,
                               money_amount, principal_amount, gift_amount, points_amount, cost_amount, refund_of_line_no)
  SELECT made, row_number() OVER (ORDER BY l.line_no), l.kind, l.product_id, - l.quantity, - l.amount, 0, - l.amount, - l.money, - l.principal, - l.gift, - l.points, - l.cost, l.line_no
  FROM line AS l;
  answer := @crm@._sale_answer(made);
  PERFORM @crm@._request_end(request_id, answer);
  RETURN answer;
END
$$;
COMMENT ON FUNCTION @crm@._sale_refund(text, bigint, jsonb, timestamptz) IS 'what sale_refund does once the caller is known to be allowed';

CREATE OR REPLACE FUNCTION @crm@.sale_refund(request_id text, sale_id bigint, lines jsonb DEFAULT NULL, occurred_at timestamptz DEFAULT NULL, dry_run boolean DEFAULT false)
RETURNS TABLE (refund_id bigint, net_spend numeric, points bigint, growth bigint, tier text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  answer jsonb;
BEGIN
  PERFORM @crm@._require('{clerk,app,manager}', (SELECT s.store_id FROM @crm@.sale AS s WHERE s.id = sale_refund.sale_id));
  IF jsonb_typeof(lines) <> 'array' OR jsonb_path_exists(lines, '$[*] ? (@.type() != "object")') THEN
    RAISE EXCEPTION 'lines must be an array of objects with line_no and amount' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF dry_run THEN
    BEGIN
      answer := @crm@._sale_refund(request_id, sale_id, lines, occurred_at);
      RAISE EXCEPTION 'dry run' USING ERRCODE = 'CRDRY';
    EXCEPTION WHEN SQLSTATE 'CRDRY' THEN
      NULL;
    END;
  ELSE
    answer := @crm@._sale_refund(request_id, sale_id, lines, occurred_at);
  END IF;
  refund_id := (answer ->> 'sale_id')::bigint;
  net_spend := (answer ->> 'net_spend')::numeric;
  points := (answer ->> 'points')::bigint;
  growth := (answer ->> 'growth')::bigint;
  tier := answer ->> 'tier';
  RETURN NEXT;
END
$$;
COMMENT ON FUNCTION @crm@.sale_refund(text, bigint, jsonb, timestamptz, boolean) IS 'refunds a sale that sale_record took, in full or by lines [{"line_no": 1, "amount": 30.00}]; money, principal, gift and points go back as each line bore them. Answers with what the sale has brought in points and growth after it. Levels clerk, app, manager. Errors: CR002, CR006 more than is left, 42501';
