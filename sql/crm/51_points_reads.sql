-- sql/crm/51_points_reads.sql
-- What can be asked about points: schedules, statements, explanations, the liability.
--
-- Answers are of an instant and as known at another where that has a meaning,
-- and depend on no job having run.

--@ code
CREATE OR REPLACE FUNCTION @crm@.points_expiring(member_id bigint, until timestamptz DEFAULT 'infinity', as_of timestamptz DEFAULT NULL)
RETURNS TABLE (expires_at timestamptz, points bigint, pending bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE ROWS 5
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  at timestamptz := coalesce(as_of, clock_timestamp());
BEGIN
  PERFORM @crm@._require_member(member_id);
  member_id := @crm@._member_id(member_id);
  RETURN QUERY
  WITH own AS (
    SELECT a.id FROM @crm@.account AS a WHERE a.member_id = points_expiring.member_id AND a.asset_id = 1
  ), last_one AS (
    -- the next lapse, should the member do nothing any more
    SELECT CASE WHEN @crm@._inactivity_months() IS NOT NULL THEN
      (SELECT @crm@._expiry(max(e.occurred_at), @crm@._inactivity_months(), 'day') FROM @crm@.ledger_event AS e
       WHERE e.member_id = points_expiring.member_id AND e.occurred_at <= at AND e.kind IN ('earn', 'accrue', 'grant', 'open', 'redeem')) END AS lapse
  ), lots AS (
    SELECT least(l.expires_at, (SELECT min(x.at) FROM @crm@._points_lapses(o.id, at, 'infinity') AS x(at) WHERE x.at > l.available_from),
                 CASE WHEN n.lapse > l.available_from AND n.lapse > at THEN n.lapse END) AS expires_at, l.available_from,
           l.units - coalesce((SELECT sum(u.units) FROM @crm@.lot_use AS u WHERE u.lot_event_id = l.event_id AND u.lot_no = l.lot_no AND u.at <= at), 0) AS units
    FROM own AS o JOIN @crm@.lot AS l ON l.account_id = o.id JOIN @crm@.ledger_event AS e ON e.id = l.event_id, last_one AS n
    WHERE e.occurred_at <= at
  )
  SELECT k.expires_at, sum(k.units)::bigint, coalesce(sum(k.units) FILTER (WHERE k.available_from > at), 0)::bigint
  FROM lots AS k WHERE k.units > 0 AND k.expires_at > at AND k.expires_at <= until
  GROUP BY k.expires_at ORDER BY k.expires_at;
END
$$;
COMMENT ON FUNCTION @crm@.points_expiring(bigint, timestamptz, timestamptz) IS 'when which points of a member will be gone, up to until, given what is there as of an instant (default now): points in all, pending those among them that are not available yet; infinity is never. Levels clerk, app, manager, auditor. Errors: CR004, 42501';

CREATE OR REPLACE FUNCTION @crm@.points_statement(member_id bigint, from_at timestamptz DEFAULT '-infinity', to_at timestamptz DEFAULT 'infinity', asset text DEFAULT 'points')
RETURNS TABLE (event_id bigint, occurred_at timestamptz, recorded_at timestamptz, kind text, sale_id bigint, points bigint, balance bigint, other_member_id bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE ROWS 20
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  PERFORM @crm@._require_member(member_id);
  RETURN QUERY
  WITH own AS (
    SELECT a.id FROM @crm@.account AS a WHERE a.member_id = points_statement.member_id AND a.asset_id = @crm@._asset_id(points_statement.asset)
  ), moved AS (
    SELECT q.event_id, sum(q.units)::bigint AS points, max(q.other) AS other
    FROM own AS o
         CROSS JOIN LATERAL (SELECT p.event_id, p.units, p.from_account AS other FROM @crm@.posting AS p WHERE p.to_account = o.id AND p.to_account > 0
                             UNION ALL
                             SELECT p.event_id, -p.units, p.to_account FROM @crm@.posting AS p WHERE p.from_account = o.id AND p.from_account > 0) AS q
    GROUP BY q.event_id
  ), line AS (
    SELECT e.id, e.occurred_at, e.recorded_at, e.kind, e.sale_id, m.points,
           sum(m.points) OVER (ORDER BY e.occurred_at, e.id)::bigint AS balance, m.other
    FROM moved AS m JOIN @crm@.ledger_event AS e ON e.id = m.event_id
  )
  SELECT l.id, l.occurred_at, l.recorded_at, l.kind, l.sale_id, l.points, l.balance, b.member_id
  FROM line AS l LEFT JOIN @crm@.account AS b ON b.id = l.other AND b.id > 0
  WHERE l.occurred_at >= from_at AND l.occurred_at < to_at
  ORDER BY l.occurred_at, l.id;
END
$$;
COMMENT ON FUNCTION @crm@.points_statement(bigint, timestamptz, timestamptz, text) IS 'what moved the points of a member from from_at up to before to_at, in the order in which it happened: the kind of event (earn, accrue, grant, open, redeem, reverse, claw back, adjust, write off, transfer, release, expire, unexpire), its points and the balance after it, booked so far; other_member_id is the other side of a transfer. Expiry stands there when it has been booked. Levels clerk, app, manager, auditor. Errors: CR004, 22023 unknown asset, 42501';

CREATE OR REPLACE FUNCTION @crm@.points_explain(event_id bigint)
RETURNS TABLE (posting_no integer, asset text, member_id bigint, points bigint, rule_no integer, rule_version integer, rule_code text, basis numeric, computed numeric, rounding text,
  available_from timestamptz, expires_at timestamptz, detail jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE ROWS 2
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  e @crm@.ledger_event;
BEGIN
  SELECT k.* INTO e FROM @crm@.ledger_event AS k WHERE k.id = points_explain.event_id;
  IF e.id IS NULL THEN
    PERFORM @crm@._require('{clerk,app,manager,auditor}');
    RAISE EXCEPTION 'unknown event' USING ERRCODE = 'CR105', DETAIL = format('There is no event %s.', points_explain.event_id);
  END IF;
  PERFORM @crm@._require_member(e.member_id);
  RETURN QUERY
  SELECT p.posting_no::integer, t.code, a.member_id, CASE WHEN p.to_account = a.id THEN p.units ELSE -p.units END,
         r.rule_no, r.version, r.code, b.amount,
         round(CASE WHEN jsonb_typeof(e.detail -> 'rules') = 'array'
               THEN (SELECT sum((x ->> 'given')::numeric) FROM jsonb_array_elements(e.detail -> 'rules') AS x WHERE x ->> 'asset' = t.code)
               ELSE (SELECT sum(k.units * b.amount / k.per_amount) FROM @crm@.earning_rule AS k
                     WHERE r.id IS NOT NULL AND k.event = 'sale' AND NOT k.special AND k.asset_id = p.asset_id AND k.valid_from <= e.occurred_at AND e.occurred_at < k.valid_to) END, 4),
         r.rounding, l.available_from, l.expires_at, coalesce(e.detail, '{}') || CASE WHEN e.reverses_id IS NULL THEN '{}' ELSE jsonb_build_object('reverses', e.reverses_id) END
  FROM @crm@.posting AS p
       JOIN @crm@.asset AS t ON t.id = p.asset_id
       JOIN @crm@.account AS a ON a.id IN (p.from_account, p.to_account) AND a.id > 0
       LEFT JOIN @crm@.earning_rule AS r ON r.id = p.rule_id
       LEFT JOIN @crm@.lot AS l ON l.event_id = p.event_id AND l.lot_no = p.posting_no AND l.account_id = a.id
       CROSS JOIN LATERAL (SELECT CASE e.kind WHEN 'earn' THEN (SELECT s.net_spend FROM @crm@.sale AS s WHERE s.id = e.sale_id)
                                              WHEN 'accrue' THEN (e.detail ->> 'amount')::numeric END AS amount) AS b
  WHERE p.event_id = e.id
  ORDER BY p.posting_no, a.id;
END
$$;
COMMENT ON FUNCTION @crm@.points_explain(bigint) IS 'why an event moved points: for each posting the rule with its version, the money it was computed from (basis, as it stands now), the number before rounding and the rounding, and the life of the lot; detail holds multipliers and caps where rules have any, and what the event reverses. Levels clerk, app, manager, auditor. Errors: CR105 unknown event, 42501';

CREATE OR REPLACE FUNCTION @crm@.points_pool_balance(member_id bigint, as_of timestamptz DEFAULT NULL, known_at timestamptz DEFAULT NULL)
RETURNS TABLE (members integer, balance bigint, available bigint, pending bigint, arrears bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  at timestamptz := coalesce(as_of, clock_timestamp());
BEGIN
  PERFORM @crm@._require_member(member_id);
  points_pool_balance.member_id := @crm@._member_id(points_pool_balance.member_id);
  RETURN QUERY
  SELECT count(*)::integer, sum(b.balance)::bigint, sum(b.available)::bigint, sum(b.pending)::bigint, sum(b.arrears)::bigint
  FROM (SELECT points_pool_balance.member_id AS id
        UNION SELECT h.member_id FROM @crm@.household_member AS h WHERE h.household_id = @crm@._household_of(points_pool_balance.member_id) AND h.left_at IS NULL) AS m
       CROSS JOIN LATERAL @crm@._balance(m.id, 1::smallint, at, coalesce(known_at, 'infinity')) AS b;
END
$$;
COMMENT ON FUNCTION @crm@.points_pool_balance(bigint, timestamptz, timestamptz) IS 'the points of all members of the household of a member together: what points_redeem can spend with pool => true. Levels clerk, app, manager, auditor. Errors: CR004, 42501';

-- The book as a whole: what may still be redeemed, and how much of it will be,
-- judged by the lots whose life was over by then.
CREATE OR REPLACE FUNCTION @crm@.points_liability(as_of timestamptz DEFAULT NULL)
RETURNS TABLE (day date, outstanding numeric, available numeric, pending numeric, owed numeric, issued numeric, redeemed numeric, expired numeric,
  use_rate numeric, expected_points numeric, value numeric, expected_value numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE ROWS 1
SET search_path = pg_catalog, pg_temp
SET enable_nestloop = off
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
  instant timestamptz := coalesce(as_of, clock_timestamp());
  worth numeric := @crm@._setting('points_per_money', '100')::numeric;
BEGIN
  PERFORM @crm@._require('{manager,auditor}');
  RETURN QUERY
  WITH used AS (
    SELECT u.lot_event_id, u.lot_no, sum(u.units) AS units, sum(u.units) FILTER (WHERE e.kind = 'redeem' OR o.kind = 'redeem') AS redeemed
    FROM @crm@.lot_use AS u JOIN @crm@.ledger_event AS e ON e.id = u.event_id LEFT JOIN @crm@.ledger_event AS o ON o.id = e.reverses_id
    WHERE u.at <= instant GROUP BY u.lot_event_id, u.lot_no
  ), lots AS (
    SELECT l.available_from, l.expires_at, l.units, l.units - coalesce(u.units, 0) AS rest, coalesce(u.redeemed, 0) AS redeemed
    FROM @crm@.lot AS l JOIN @crm@.account AS a ON a.id = l.account_id AND a.asset_id = 1 JOIN @crm@.ledger_event AS e ON e.id = l.event_id
         LEFT JOIN used AS u ON u.lot_event_id = l.event_id AND u.lot_no = l.lot_no
    WHERE e.occurred_at <= instant
  ), total AS (
    SELECT coalesce(sum(k.rest) FILTER (WHERE k.expires_at > instant), 0) AS living,
           coalesce(sum(k.rest) FILTER (WHERE k.expires_at > instant AND k.available_from <= instant), 0) AS usable,
           sum(k.rest) AS held,
           sum(k.redeemed) FILTER (WHERE k.expires_at <= instant OR k.rest = 0) AS ended_used,
           sum(k.units) FILTER (WHERE k.expires_at <= instant OR k.rest = 0) AS ended
    FROM lots AS k
  ), book AS (
    SELECT coalesce(sum(p.units) FILTER (WHERE p.from_account = -101), 0) - coalesce(sum(p.units) FILTER (WHERE p.to_account = -101), 0) AS issued,
           coalesce(sum(p.units) FILTER (WHERE p.to_account = -102), 0) - coalesce(sum(p.units) FILTER (WHERE p.from_account = -102), 0) AS redeemed,
           coalesce(sum(p.units) FILTER (WHERE p.from_account < 0), 0) - coalesce(sum(p.units) FILTER (WHERE p.to_account < 0), 0) AS balance
    FROM @crm@.posting AS p JOIN @crm@.ledger_event AS e ON e.id = p.event_id WHERE p.asset_id = 1 AND e.occurred_at <= instant
  ), gone AS (
    SELECT coalesce((SELECT sum(u.units) FROM @crm@.lot_use AS u JOIN @crm@.ledger_event AS e ON e.id = u.event_id AND e.kind IN ('expire', 'unexpire') JOIN @crm@.lot AS l ON l.event_id = u.lot_event_id AND l.lot_no = u.lot_no
                     JOIN @crm@.account AS a ON a.id = l.account_id AND a.asset_id = 1 WHERE u.at <= instant), 0)
           + (SELECT coalesce(sum(k.rest) FILTER (WHERE k.expires_at <= instant), 0) FROM lots AS k) AS units
  ), answer AS (
    SELECT t.living, t.usable, coalesce(t.held, 0) - b.balance AS owed, b.issued, b.redeemed, g.units AS expired, round(t.ended_used / nullif(t.ended, 0), 4) AS use_rate
    FROM total AS t, book AS b, gone AS g
  )
  SELECT @crm@.local_day(instant), w.living, w.usable, w.living - w.usable, w.owed, w.issued, w.redeemed, w.expired, w.use_rate,
         round(w.living * coalesce(w.use_rate, 1)), round(w.living / worth, 2), round(w.living * coalesce(w.use_rate, 1) / worth, 2)
  FROM answer AS w;
END
$$;
COMMENT ON FUNCTION @crm@.points_liability(timestamptz) IS 'what the programme owes in points at an instant (default now): outstanding in lots, available and pending, owed by members in arrears, and what was issued, redeemed and expired up to then. use_rate is the share of the lots that were over by then that had been redeemed (NULL while none is), expected_points what of the outstanding ones will be at that rate; value is in money by the setting points_per_money. Levels manager and auditor for all stores. Error 42501';
