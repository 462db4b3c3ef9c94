-- sql/crm/51_points_doors.sql
-- The doors of points: earn, grant, redeem, undo, transfer, release, import, expire.
--
-- Every door has a request id: a repeat gets the first answer. dry_run does
-- everything and takes it back. Reasons that people write go to the audit log,
-- where they can be erased; the books hold numbers.

--@ seed
INSERT INTO @crm@.setting (key, value, meaning) VALUES
  ('notice_redeemed', 'true', 'whether a redemption of points writes a notice to the outbox');

--@ code
-- A member's own answer after an act.
CREATE OR REPLACE FUNCTION @crm@._points_answer(event_id bigint, points bigint, member_id bigint, asset_id smallint, at timestamptz) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  lots boolean := (SELECT t.has_lots FROM @crm@.asset AS t WHERE t.id = asset_id);
  own bigint := @crm@._account_of(member_id, asset_id);
BEGIN
  RETURN jsonb_build_object('event_id', event_id, 'points', points,
    'available', CASE WHEN lots THEN @crm@._account_available(own, at) ELSE (SELECT a.balance FROM @crm@.account AS a WHERE a.id = own) END,
    'pending', (SELECT coalesce(sum(l.left_units), 0) FROM @crm@.lot AS l WHERE l.account_id = own AND l.left_units > 0 AND l.available_from > at AND at < l.expires_at));
END
$$;
COMMENT ON FUNCTION @crm@._points_answer(bigint, bigint, bigint, smallint, timestamptz) IS 'what a door of points answers: the event, its points, and what is available and pending after it';

CREATE OR REPLACE FUNCTION @crm@._not_enough(asked bigint, available bigint) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'not enough points' USING ERRCODE = 'CR001', DETAIL = format('Available: %s; asked for: %s.', available, asked),
    HINT = 'points_balance tells what is available at an instant.';
END
$$;
COMMENT ON FUNCTION @crm@._not_enough(bigint, bigint) IS 'raises CR001';

-- The long way: any rule, points that lapse or are owed. The short path is
-- crm_member.ledger_accrue.
CREATE OR REPLACE FUNCTION @crm@._points_accrue_by_rules(member_id bigint, amount numeric, request_id text, at timestamptz, store_id bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  earned record;
  event bigint;
  number smallint := 0;
  settled bigint;
  special boolean;
  by_rules jsonb;
BEGIN
  at := @crm@._points_lock(ARRAY[member_id], 1::smallint, at);
  special := @crm@._points_special(at, at);
  IF special THEN
    SELECT jsonb_agg(to_jsonb(x)) INTO by_rules FROM @crm@._event_earn(member_id, 'sale', NULL, NULL, NULL, at, amount, store_id) AS x;
  END IF;
  FOR earned IN
    SELECT e.* FROM @crm@._earning(at, amount) AS e WHERE e.units > 0 AND NOT special
    UNION ALL
    SELECT x.* FROM jsonb_to_recordset(by_rules) AS x(asset_id smallint, units bigint, rule_id bigint, available_from timestamptz, expires_at timestamptz)
    ORDER BY 1
  LOOP
    IF event IS NULL THEN
      event := @crm@._event('accrue', member_id, at, request_id, NULL, jsonb_build_object('amount', amount, 'store_id', store_id)
        || CASE WHEN special THEN jsonb_build_object('rules', (SELECT jsonb_agg(y) FROM jsonb_array_elements(by_rules) AS x, jsonb_array_elements(x -> 'explanation') AS y)) ELSE '{}' END);
    END IF;
    number := number + 1;
    settled := crm_member.ledger_credit(@crm_name@, event, number, @crm@._account(member_id, earned.asset_id), earned.asset_id, earned.units,
      -(earned.asset_id * 100 + 1), earned.rule_id, at, earned.available_from, earned.expires_at, true);
  END LOOP;
  IF special AND event IS NOT NULL THEN
    PERFORM @crm@._rules_count(ARRAY[event]);
  END IF;
  RETURN event;
END
$$;
COMMENT ON FUNCTION @crm@._points_accrue_by_rules(bigint, numeric, text, timestamptz, bigint) IS 'books what an amount earns, one posting after the other; answers the event, NULL when it earns nothing';

CREATE OR REPLACE FUNCTION @crm@._points_accrue(member_id bigint, amount numeric, request_id text, occurred_at timestamptz, store_id bigint) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  answer jsonb;
  at timestamptz;
  event bigint;
  into_id bigint;
  seen record;
BEGIN
  PERFORM @crm@._accounts_lock(ARRAY[member_id], 1::smallint);
  into_id := (SELECT m.merged_into_id FROM @crm@.member AS m WHERE m.id = member_id);
  IF into_id IS NOT NULL AND NOT EXISTS (SELECT FROM @crm@.request AS r WHERE r.request_id = request_id) THEN
    PERFORM @crm@._refuse_merged(member_id, into_id);
  END IF;
  answer := @crm@._request_begin(request_id, 'points_accrue', jsonb_build_array(member_id, amount, occurred_at, store_id));
  IF answer IS NOT NULL THEN
    RETURN answer;
  END IF;
  at := coalesce(occurred_at, clock_timestamp());
  event := @crm@._points_accrue_by_rules(member_id, amount, request_id, at, store_id);
  -- one look answers all that is usually asked
  SELECT (SELECT p.units FROM @crm@.posting AS p WHERE p.event_id = event AND p.asset_id = 1) AS points,
         greatest(coalesce(sum(l.left_units) FILTER (WHERE l.available_from <= at), 0) - max(a.arrears), 0)::bigint AS available,
         coalesce(sum(l.left_units) FILTER (WHERE l.available_from > at), 0)::bigint AS pending,
         EXISTS (SELECT FROM @crm@.tier_ladder AS g WHERE g.form::text LIKE '%"growth\_%') AS by_growth,
         EXISTS (SELECT FROM @crm@.member_tier AS m WHERE m.member_id = member_id AND m.ladder_no = 1)
           OR EXISTS (SELECT FROM @crm@.tier_pin AS q WHERE q.member_id = member_id AND q.ladder_no = 1) AS tiered,
         (SELECT t.code FROM @crm@.tier_ladder AS g JOIN @crm@.tier AS t ON t.ladder_id = g.id
          WHERE g.ladder_no = 1 AND g.valid_from <= at AND at < g.valid_to ORDER BY t.rank LIMIT 1) AS base
    INTO seen
  FROM @crm@.account AS a LEFT JOIN @crm@.lot AS l ON l.account_id = a.id AND l.left_units > 0 AND l.expires_at > at
  WHERE a.member_id = member_id AND a.asset_id = 1;
  IF seen.by_growth AND event IS NOT NULL THEN
    PERFORM @crm@._tiers_touch(ARRAY[member_id], 'growth');
  END IF;
  answer := jsonb_build_object('event_id', event, 'points', coalesce(seen.points, 0), 'available', seen.available, 'pending', seen.pending,
    'tier', CASE WHEN seen.tiered OR seen.by_growth THEN (SELECT t.code FROM @crm@._tier_at(member_id, 1, at, 'infinity') AS t) ELSE seen.base END);
  UPDATE @crm@.request AS r SET answer = answer WHERE r.request_id = request_id;
  RETURN answer;
END
$$;
COMMENT ON FUNCTION @crm@._points_accrue(bigint, numeric, text, timestamptz, bigint) IS 'what points_accrue does once the caller is known to be allowed';

CREATE OR REPLACE FUNCTION @crm@.points_accrue(member_id bigint, amount numeric, request_id text, occurred_at timestamptz DEFAULT NULL, store_id bigint DEFAULT NULL, dry_run boolean DEFAULT false)
RETURNS TABLE (event_id bigint, points bigint, available bigint, pending bigint, tier text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  answer jsonb;
BEGIN
  -- who may do this for all stores is asked about the member on the long way only: the short path leaves unknown ones to it
  IF NOT (pg_has_role(@crm@.caller(), current_user, 'USAGE') OR @crm@._may('{clerk,app,manager}')) THEN
    PERFORM @crm@._require_member(member_id, '{clerk,app,manager}');
    IF store_id IS NOT NULL THEN
      PERFORM @crm@._require('{clerk,app,manager}', store_id);
    END IF;
  END IF;
  -- the short path takes cents; a currency without any leaves to the long one what is no whole unit of it
  IF NOT dry_run AND (@crm@._money_decimals() = 2 OR amount = round(amount)) THEN
    answer := crm_member.ledger_accrue(@crm_name@, member_id, amount, request_id, occurred_at, store_id);
  END IF;
  IF answer IS NULL THEN
    PERFORM @crm@._require_member(member_id, '{clerk,app,manager}');
    IF amount IS NULL THEN
      RAISE EXCEPTION 'the amount must be given' USING ERRCODE = 'null_value_not_allowed';
    ELSIF NOT (amount > 0 AND amount < 'Infinity') OR amount <> round(amount, @crm@._money_decimals()) THEN
      RAISE EXCEPTION 'an amount must be positive, finite and in whole cents' USING ERRCODE = 'CR005', DETAIL = format('It was %s.', amount);
    END IF;
    -- 20 and 20.00 are one request
    amount := round(amount, 2);
    PERFORM @crm@._finite(occurred_at);
    IF dry_run THEN
      BEGIN
        answer := @crm@._points_accrue(member_id, amount, request_id, occurred_at, store_id);
        RAISE EXCEPTION 'dry run' USING ERRCODE = 'CRDRY';
      EXCEPTION WHEN SQLSTATE 'CRDRY' THEN
        NULL;
      END;
    ELSE
      answer := @crm@._points_accrue(member_id, amount, request_id, occurred_at, store_id);
    END IF;
  END IF;
  event_id := (answer ->> 'event_id')::bigint;
  points := (answer ->> 'points')::bigint;
  available := (answer ->> 'available')::bigint;
  pending := (answer ->> 'pending')::bigint;
  tier := answer ->> 'tier';
  RETURN NEXT;
END
$$;
COMMENT ON FUNCTION @crm@.points_accrue(bigint, numeric, text, timestamptz, bigint, boolean) IS 'credits what an amount of money earns by the rules in force when it happened (default now); for purchases that are no rows of sale. Answers with the event (NULL when nothing is earned), its points, what is available and pending after it, and the tier. A repeat gets the first answer; dry_run answers and writes nothing. Levels clerk, app, manager. Errors: CR002, CR004, CR005 amount, 22003 beyond bigint, 22004, 22023 request id, 42501';

CREATE OR REPLACE FUNCTION @crm@._points_grant(member_id bigint, units bigint, request_id text, occurred_at timestamptz, asset text, available_from timestamptz, expires_at timestamptz, await text, reason text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  answer jsonb;
  kind_of smallint := @crm@._asset_id(asset);
  at timestamptz;
  begins timestamptz;
  event bigint;
  settled bigint;
BEGIN
  PERFORM @crm@._accounts_lock(ARRAY[member_id], kind_of);
  answer := @crm@._request_begin(request_id, 'points_grant', jsonb_build_array(member_id, units, occurred_at, asset, available_from, expires_at, await, reason));
  IF answer IS NOT NULL THEN
    RETURN answer;
  END IF;
  at := @crm@._points_lock(ARRAY[member_id], kind_of, occurred_at);
  begins := CASE WHEN await IS NOT NULL THEN 'infinity' ELSE coalesce(available_from, at) END;
  expires_at := coalesce(expires_at, CASE WHEN await IS NULL THEN @crm@._usual_expiry(kind_of, begins) END);
  IF expires_at <= (CASE WHEN await IS NULL THEN begins ELSE at END) THEN
    RAISE EXCEPTION 'points cannot expire before they are available' USING ERRCODE = 'invalid_parameter_value',
      DETAIL = format('Available from %s, expiring at %s.', begins, expires_at);
  END IF;
  -- a lot that waits for an event has no end; the one that was asked for is kept for its release
  event := @crm@._event('grant', member_id, at, request_id, NULL,
    CASE WHEN await IS NOT NULL THEN jsonb_strip_nulls(jsonb_build_object('await', await, 'expires_at', expires_at)) END);
  settled := crm_member.ledger_credit(@crm_name@, event, 1::smallint, @crm@._account_of(member_id, kind_of), kind_of, units,
    -(kind_of * 100 + 1), 0, at, begins, CASE WHEN await IS NOT NULL THEN 'infinity' ELSE expires_at END, true);
  PERFORM @crm@._audit('points_grant', member_id => member_id, subject => 'ledger_event ' || event, reason => reason, detail => jsonb_build_object('units', units, 'asset', asset));
  IF kind_of = 2 THEN
    PERFORM @crm@._tiers_touch(ARRAY[member_id], 'growth');
  END IF;
  answer := @crm@._points_answer(event, units, member_id, kind_of, at);
  PERFORM @crm@._request_end(request_id, answer);
  RETURN answer;
END
$$;
COMMENT ON FUNCTION @crm@._points_grant(bigint, bigint, text, timestamptz, text, timestamptz, timestamptz, text, text) IS 'what points_grant does once the caller is known to be allowed';

CREATE OR REPLACE FUNCTION @crm@.points_grant(member_id bigint, units bigint, request_id text, occurred_at timestamptz DEFAULT NULL, reason text DEFAULT NULL, asset text DEFAULT 'points',
  available_from timestamptz DEFAULT NULL, expires_at timestamptz DEFAULT NULL, await text DEFAULT NULL, dry_run boolean DEFAULT false)
RETURNS TABLE (event_id bigint, points bigint, available bigint, pending bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  answer jsonb;
BEGIN
  PERFORM @crm@._require_member(member_id, '{app,manager}');
  PERFORM @crm@._units(units);
  PERFORM @crm@._finite(occurred_at);
  IF dry_run THEN
    BEGIN
      answer := @crm@._points_grant(member_id, units, request_id, occurred_at, asset, available_from, expires_at, await, reason);
      RAISE EXCEPTION 'dry run' USING ERRCODE = 'CRDRY';
    EXCEPTION WHEN SQLSTATE 'CRDRY' THEN
      NULL;
    END;
  ELSE
    answer := @crm@._points_grant(member_id, units, request_id, occurred_at, asset, available_from, expires_at, await, reason);
  END IF;
  RETURN QUERY SELECT a.event_id, a.points, a.available, a.pending FROM jsonb_to_record(answer) AS a(event_id bigint, points bigint, available bigint, pending bigint);
END
$$;
COMMENT ON FUNCTION @crm@.points_grant(bigint, bigint, text, timestamptz, text, text, timestamptz, timestamptz, text, boolean) IS 'gives points (or with asset => ''growth'' growth) outside of any rule, such as for a complaint or a campaign. available_from makes them pending until then; await makes them pending until points_release is called for the event; expires_at is the first instant at which they are gone, by default as the first earning rule says, ''infinity'' never. Answers with the event and what is available and pending after it. The reason goes to the audit log. A repeat gets the first answer; dry_run answers and writes nothing. Levels app, manager. Errors: CR002, CR004, 22003, 22004, 22023, 42501';

-- One redemption, by one member or from the pool of the member's household: the
-- lots of all its members in one order, each part recorded on its owner.
CREATE OR REPLACE FUNCTION @crm@._points_redeem(member_id bigint, units bigint, request_id text, occurred_at timestamptz, asset text, pool boolean, sale_id bigint) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  answer jsonb;
  kind_of smallint := @crm@._asset_id(asset);
  owners bigint[] := ARRAY[member_id];
  at timestamptz;
  event bigint;
  part record;
  usable bigint;
  uncovered bigint;
  number smallint := 0;
BEGIN
  IF pool THEN
    SELECT array_agg(h.member_id ORDER BY h.member_id) INTO owners FROM @crm@.household_member AS h
    WHERE h.household_id = @crm@._household_of(member_id) AND h.left_at IS NULL;
    owners := coalesce(owners, ARRAY[member_id]);
  END IF;
  PERFORM @crm@._accounts_lock(owners, kind_of);
  answer := @crm@._request_begin(request_id, 'points_redeem', jsonb_build_array(member_id, units, occurred_at, asset, pool, sale_id));
  IF answer IS NOT NULL THEN
    RETURN answer;
  END IF;
  at := @crm@._points_lock(owners, kind_of, occurred_at);
  SELECT coalesce(sum(@crm@._account_available(@crm@._account_of(o, kind_of), at)), 0) INTO usable FROM unnest(owners) AS o;
  IF usable < units THEN
    PERFORM @crm@._not_enough(units, usable);
  END IF;
  event := @crm@._event('redeem', member_id, at, request_id, NULL, CASE WHEN sale_id IS NOT NULL THEN jsonb_build_object('sale_id', sale_id) END);
  FOR part IN
    -- what an owner owes is not to be had, and comes off the lots that would be used last
    WITH lots AS (
      SELECT a.id, a.member_id, l.expires_at, l.available_from, l.event_id, l.lot_no, l.left_units,
             a.arrears, sum(l.left_units) OVER (PARTITION BY a.id ORDER BY l.expires_at DESC, l.available_from DESC, l.event_id DESC, l.lot_no DESC) AS later
      FROM @crm@.account AS a JOIN @crm@.lot AS l ON l.account_id = a.id
      WHERE a.member_id = ANY (owners) AND a.asset_id = kind_of AND l.left_units > 0 AND l.available_from <= at AND at < l.expires_at
    ), free AS (
      SELECT k.*, least(k.left_units, greatest(k.later - k.arrears, 0)) AS free_units FROM lots AS k
    ), run AS (
      SELECT f.*, sum(f.free_units) OVER (ORDER BY f.expires_at, f.available_from, f.event_id, f.lot_no) AS reached FROM free AS f
    )
    SELECT r.id, r.member_id, sum(least(r.free_units, greatest(units - (r.reached - r.free_units), 0)))::bigint AS units
    FROM run AS r GROUP BY r.id, r.member_id HAVING sum(least(r.free_units, greatest(units - (r.reached - r.free_units), 0))) > 0
    ORDER BY r.member_id
  LOOP
    number := number + 1;
    uncovered := crm_member.ledger_debit(@crm_name@, event, number, part.id, kind_of, part.units, -(kind_of * 100 + 2), at, 0, 'available', true);
  END LOOP;
  IF @crm@._setting('notice_redeemed', 'true') = 'true' THEN
    INSERT INTO @crm@.outbox (topic, member_id, body) VALUES ('points.redeemed', member_id, jsonb_build_object('event_id', event, 'points', units));
  END IF;
  answer := @crm@._points_answer(event, units, member_id, kind_of, at);
  PERFORM @crm@._request_end(request_id, answer);
  RETURN answer;
END
$$;
COMMENT ON FUNCTION @crm@._points_redeem(bigint, bigint, text, timestamptz, text, boolean, bigint) IS 'what points_redeem does once the caller is known to be allowed';

CREATE OR REPLACE FUNCTION @crm@.points_redeem(member_id bigint, units bigint, request_id text, occurred_at timestamptz DEFAULT NULL, asset text DEFAULT 'points', pool boolean DEFAULT false,
  sale_id bigint DEFAULT NULL, dry_run boolean DEFAULT false)
RETURNS TABLE (event_id bigint, points bigint, available bigint, pending bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  answer jsonb;
BEGIN
  PERFORM @crm@._require_member(member_id, '{clerk,app,manager}');
  PERFORM @crm@._units(units);
  PERFORM @crm@._finite(occurred_at);
  IF dry_run THEN
    BEGIN
      answer := @crm@._points_redeem(member_id, units, request_id, occurred_at, asset, pool, sale_id);
      RAISE EXCEPTION 'dry run' USING ERRCODE = 'CRDRY';
    EXCEPTION WHEN SQLSTATE 'CRDRY' THEN
      NULL;
    END;
  ELSE
    answer := @crm@._points_redeem(member_id, units, request_id, occurred_at, asset, pool, sale_id);
  END IF;
  RETURN QUERY SELECT a.event_id, a.points, a.available, a.pending FROM jsonb_to_record(answer) AS a(event_id bigint, points bigint, available bigint, pending bigint);
END
$$;
COMMENT ON FUNCTION @crm@.points_redeem(bigint, bigint, text, timestamptz, text, boolean, bigint, boolean) IS 'spends points of a member: from the lots that expire first; with pool => true from those of all members of the household, in one order. sale_id notes for what. Answers with the event and what this member has available and pending after it; a notice goes to the outbox unless the setting notice_redeemed is false. A repeat gets the first answer; dry_run answers and writes nothing. Levels clerk, app, manager. Errors: CR001 not enough points, CR002, CR004, 22004, 22023, 42501';

CREATE OR REPLACE FUNCTION @crm@._points_reverse(event_id bigint, request_id text, occurred_at timestamptz, units bigint, reason text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  answer jsonb;
  e @crm@.ledger_event;
  p record;
  owners bigint[];
  kind_of smallint;
  at timestamptz;
  event bigint;
  number smallint := 0;
  past bigint[];
  fresh bigint;
  due bigint;
  undone numeric;
  done numeric;
BEGIN
  SELECT k.* INTO e FROM @crm@.ledger_event AS k WHERE k.id = event_id;
  SELECT array_agg(DISTINCT a.member_id), min(a.asset_id) INTO owners, kind_of
  FROM @crm@.posting AS q JOIN @crm@.account AS a ON a.id IN (q.from_account, q.to_account) AND a.id > 0 WHERE q.event_id = event_id;
  PERFORM @crm@._accounts_lock(owners, s.asset_id) FROM (SELECT DISTINCT q.asset_id FROM @crm@.posting AS q WHERE q.event_id = event_id ORDER BY q.asset_id) AS s;
  answer := @crm@._request_begin(request_id, 'points_reverse', jsonb_build_array(event_id, occurred_at, units, reason));
  IF answer IS NOT NULL THEN
    RETURN answer;
  END IF;
  IF e.kind NOT IN ('accrue', 'grant', 'redeem', 'open') THEN
    RAISE EXCEPTION 'an event of this kind is not reversed' USING ERRCODE = 'CR104', DETAIL = format('Event %s is of the kind "%s".', event_id, e.kind),
      HINT = 'What a sale earned goes with its refund or correction; a transfer is undone by one the other way.';
  END IF;
  IF EXISTS (SELECT FROM @crm@.reward_redemption AS w WHERE w.ledger_event_id = event_id) THEN
    RAISE EXCEPTION 'an event of this kind is not reversed' USING ERRCODE = 'CR104', DETAIL = format('Event %s paid for a reward.', event_id),
      HINT = 'Undo the whole with reward_undo.';
  END IF;
  at := @crm@._points_lock(owners, kind_of, occurred_at);
  IF at < e.occurred_at THEN
    RAISE EXCEPTION 'an event is not undone before it happened' USING ERRCODE = 'invalid_parameter_value', DETAIL = format('Event %s happened at %s.', event_id, e.occurred_at);
  END IF;
  SELECT sum(q.units) INTO done FROM @crm@.ledger_event AS r JOIN @crm@.posting AS q ON q.event_id = r.id AND q.asset_id = kind_of WHERE r.reverses_id = event_id AND r.kind = 'reverse';
  SELECT sum(q.units) INTO undone FROM @crm@.posting AS q WHERE q.event_id = event_id AND q.asset_id = kind_of;
  undone := undone - coalesce(done, 0);
  IF undone <= 0 OR units > undone THEN
    RAISE EXCEPTION 'no more of the event can be reversed' USING ERRCODE = 'CR103', DETAIL = format('Event %s has %s left to reverse.', event_id, undone);
  END IF;
  IF units IS NOT NULL AND units < undone AND e.kind = 'accrue' THEN
    RAISE EXCEPTION 'an event of this kind is reversed as a whole' USING ERRCODE = 'CR104', DETAIL = format('Event %s is of the kind "%s".', event_id, e.kind);
  END IF;
  due := coalesce(units, undone);
  past := ARRAY(SELECT r.id FROM @crm@.ledger_event AS r WHERE r.reverses_id = event_id AND r.kind = 'reverse') || event_id;
  event := @crm@._event('reverse', e.member_id, at, request_id, event_id);
  FOR p IN
    WITH part AS (
      SELECT q.*, t.has_lots, CASE WHEN q.to_account > 0 THEN q.to_account ELSE q.from_account END AS own,
             q.units - coalesce((SELECT sum(x.units) FROM @crm@.ledger_event AS r JOIN @crm@.posting AS x ON x.event_id = r.id
                                 WHERE r.reverses_id = event_id AND r.kind = 'reverse' AND r.id <> event AND x.asset_id = q.asset_id
                                   AND greatest(x.from_account, x.to_account) = greatest(q.from_account, q.to_account)), 0)::bigint AS open_units
      FROM @crm@.posting AS q JOIN @crm@.asset AS t ON t.id = q.asset_id WHERE q.event_id = event_id
    ), used AS (
      -- of each part the lots that were used, latest expiry first; what paid arrears when it came back is in none of them
      SELECT o.own, o.expires_at, o.available_from, o.event_id, o.lot_no, least(o.units, o.open_units - (o.running - o.units)) AS units
      FROM (SELECT w.own, w.open_units, l.expires_at, l.available_from, l.event_id, l.lot_no, sum(u.units) AS units,
                   sum(sum(u.units)) OVER (PARTITION BY w.own ORDER BY l.expires_at DESC, l.available_from DESC, l.event_id DESC, l.lot_no DESC) AS running
            FROM part AS w JOIN @crm@.lot AS l ON l.account_id = w.own JOIN @crm@.lot_use AS u ON u.lot_event_id = l.event_id AND u.lot_no = l.lot_no
            WHERE e.kind = 'redeem' AND w.has_lots AND u.event_id = ANY (past)
            GROUP BY w.own, w.open_units, l.expires_at, l.available_from, l.event_id, l.lot_no HAVING sum(u.units) > 0) AS o
      WHERE o.open_units > o.running - o.units
    ), share AS (
      -- a pool has one order of lots, also on the way back
      SELECT o.own, sum(greatest(least(o.units, due - (o.running - o.units)), 0))::bigint AS units
      FROM (SELECT k.own, k.units, sum(k.units) OVER (ORDER BY k.expires_at DESC, k.available_from DESC, k.event_id DESC, k.lot_no DESC) AS running FROM used AS k) AS o
      GROUP BY o.own
    )
    SELECT w.*, s.units AS share FROM part AS w LEFT JOIN share AS s ON s.own = w.own ORDER BY w.posting_no
  LOOP
    -- an accrual is undone with all its assets
    fresh := CASE WHEN e.kind = 'accrue' THEN p.open_units ELSE least(due, p.open_units, p.share) END;
    CONTINUE WHEN fresh <= 0;
    due := due - fresh;
    number := number + 1;
    IF p.to_account > 0 THEN
      PERFORM @crm@._claw(event, number, p.own, e.member_id, p.asset_id, fresh, at, event_id);
    ELSE
      INSERT INTO @crm@.posting (event_id, posting_no, asset_id, from_account, to_account, units) VALUES (event, number, p.asset_id, p.to_account, p.own, fresh);
      IF p.has_lots THEN
        PERFORM @crm@._come_back(p.own, fresh, event, past, at);
      ELSE
        UPDATE @crm@.account AS a SET balance = a.balance + fresh WHERE a.id = p.own;
      END IF;
    END IF;
  END LOOP;
  PERFORM @crm@._audit('points_reverse', member_id => e.member_id, subject => 'ledger_event ' || event_id, reason => reason, detail => jsonb_build_object('units', coalesce(units, undone)));
  PERFORM @crm@._merged_lead_on(o) FROM unnest(owners) AS o;
  answer := @crm@._points_answer(event, coalesce(units, undone)::bigint, @crm@._member_id(e.member_id), kind_of, at);
  PERFORM @crm@._request_end(request_id, answer);
  RETURN answer;
END
$$;
COMMENT ON FUNCTION @crm@._points_reverse(bigint, text, timestamptz, bigint, text) IS 'what points_reverse does once the caller is known to be allowed';

-- Takes back what an event gave, its own lot first; what is spent is owed, written off or left, by policy.
CREATE OR REPLACE FUNCTION @crm@._claw(event_id bigint, posting_no smallint, account_id bigint, member_id bigint, asset_id smallint, units bigint, at timestamptz, first_event bigint) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  policy text := @crm@._setting('points_clawback', 'arrears');
  due bigint;
BEGIN
  PERFORM @crm@._expired_back(account_id, member_id, asset_id, first_event, units, at);
  due := crm_member.ledger_debit(@crm_name@, event_id, posting_no, account_id, asset_id, units, -(asset_id * 100 + 4), at, first_event,
    CASE WHEN policy = 'pending' THEN 'pending' ELSE 'all' END, false);
  IF due > 0 AND policy <> 'arrears' THEN
    PERFORM @crm@._write_off(account_id, member_id, asset_id, due, event_id, at);
  END IF;
END
$$;
COMMENT ON FUNCTION @crm@._claw(bigint, smallint, bigint, bigint, smallint, bigint, timestamptz, bigint) IS 'one posting that takes back what an event gave';

CREATE OR REPLACE FUNCTION @crm@.points_reverse(event_id bigint, request_id text, occurred_at timestamptz DEFAULT NULL, units bigint DEFAULT NULL, reason text DEFAULT NULL, dry_run boolean DEFAULT false)
RETURNS TABLE (reversal_id bigint, points bigint, available bigint, pending bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  answer jsonb;
  holder bigint := (SELECT e.member_id FROM @crm@.ledger_event AS e WHERE e.id = event_id);
BEGIN
  IF holder IS NULL THEN
    PERFORM @crm@._require('{app,manager}');
    RAISE EXCEPTION 'unknown event' USING ERRCODE = 'CR105', DETAIL = format('There is no event %s.', event_id);
  END IF;
  PERFORM @crm@._require_member(holder, '{app,manager}');
  IF units IS NOT NULL THEN
    PERFORM @crm@._units(units);
  END IF;
  PERFORM @crm@._finite(occurred_at);
  IF dry_run THEN
    BEGIN
      answer := @crm@._points_reverse(event_id, request_id, occurred_at, units, reason);
      RAISE EXCEPTION 'dry run' USING ERRCODE = 'CRDRY';
    EXCEPTION WHEN SQLSTATE 'CRDRY' THEN
      NULL;
    END;
  ELSE
    answer := @crm@._points_reverse(event_id, request_id, occurred_at, units, reason);
  END IF;
  RETURN QUERY SELECT a.event_id, a.points, a.available, a.pending FROM jsonb_to_record(answer) AS a(event_id bigint, points bigint, available bigint, pending bigint);
END
$$;
COMMENT ON FUNCTION @crm@.points_reverse(bigint, text, timestamptz, bigint, text, boolean) IS 'undoes an accrual, a grant, an import or a redemption, in full or, but for an accrual, a part of it. What was spent goes back to the lots it came from, latest expiry first; what was given is taken back, by the setting points_clawback, from its own lot first. The reason goes to the audit log. A repeat gets the first answer; dry_run answers and writes nothing. Levels app, manager. Errors: CR002, CR103 nothing left to reverse, CR104 not this kind, CR105 unknown event, 22023, 42501';

CREATE OR REPLACE FUNCTION @crm@._points_transfer(from_member_id bigint, to_member_id bigint, units bigint, request_id text, occurred_at timestamptz, reason text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  answer jsonb;
  at timestamptz;
  source bigint;
  target bigint;
  usable bigint;
  event bigint;
  part record;
  number smallint := 0;
  due bigint := units;
  taken bigint;
BEGIN
  PERFORM @crm@._accounts_lock(ARRAY[from_member_id, to_member_id], 1::smallint);
  answer := @crm@._request_begin(request_id, 'points_transfer', jsonb_build_array(from_member_id, to_member_id, units, occurred_at, reason));
  IF answer IS NOT NULL THEN
    RETURN answer;
  END IF;
  at := @crm@._points_lock(ARRAY[from_member_id, to_member_id], 1::smallint, occurred_at);
  source := @crm@._account_of(from_member_id, 1::smallint);
  target := @crm@._account_of(to_member_id, 1::smallint);
  usable := @crm@._account_available(source, at);
  IF usable < units THEN
    PERFORM @crm@._not_enough(units, usable);
  END IF;
  event := @crm@._event('transfer', from_member_id, at, request_id, NULL, jsonb_build_object('to_member_id', to_member_id));
  -- a posting for each lot that is used: the new lot has its number, and the expiry of the old
  FOR part IN
    SELECT l.event_id, l.lot_no, l.left_units, l.available_from, l.expires_at FROM @crm@.lot AS l
    WHERE l.account_id = source AND l.left_units > 0 AND l.available_from <= at AND at < l.expires_at
    ORDER BY l.expires_at, l.available_from, l.event_id, l.lot_no
  LOOP
    EXIT WHEN due = 0;
    taken := least(due, part.left_units);
    due := due - taken;
    number := number + 1;
    UPDATE @crm@.lot AS l SET left_units = l.left_units - taken WHERE l.event_id = part.event_id AND l.lot_no = part.lot_no;
    INSERT INTO @crm@.lot_use (event_id, lot_event_id, lot_no, units, at) VALUES (event, part.event_id, part.lot_no, taken, at);
    PERFORM crm_member.ledger_credit(@crm_name@, event, number, target, 1::smallint, taken, source, 0, at, part.available_from, part.expires_at, false);
  END LOOP;
  UPDATE @crm@.account AS a SET balance = a.balance - units WHERE a.id = source;
  PERFORM @crm@._audit('points_transfer', member_id => from_member_id, subject => 'ledger_event ' || event, reason => reason, detail => jsonb_build_object('units', units, 'to', to_member_id));
  answer := @crm@._points_answer(event, units, from_member_id, 1::smallint, at)
            || jsonb_build_object('to_available', @crm@._account_available(target, at));
  PERFORM @crm@._request_end(request_id, answer);
  RETURN answer;
END
$$;
COMMENT ON FUNCTION @crm@._points_transfer(bigint, bigint, bigint, text, timestamptz, text) IS 'what points_transfer does once the caller is known to be allowed';

CREATE OR REPLACE FUNCTION @crm@.points_transfer(from_member_id bigint, to_member_id bigint, units bigint, request_id text, occurred_at timestamptz DEFAULT NULL, reason text DEFAULT NULL, dry_run boolean DEFAULT false)
RETURNS TABLE (event_id bigint, points bigint, available bigint, to_available bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  answer jsonb;
BEGIN
  PERFORM @crm@._require_member(from_member_id, '{app,manager}');
  PERFORM @crm@._require_member(to_member_id, '{app,manager}');
  PERFORM @crm@._units(units);
  PERFORM @crm@._finite(occurred_at);
  IF from_member_id = to_member_id THEN
    RAISE EXCEPTION 'points are transferred to another member' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF dry_run THEN
    BEGIN
      answer := @crm@._points_transfer(from_member_id, to_member_id, units, request_id, occurred_at, reason);
      RAISE EXCEPTION 'dry run' USING ERRCODE = 'CRDRY';
    EXCEPTION WHEN SQLSTATE 'CRDRY' THEN
      NULL;
    END;
  ELSE
    answer := @crm@._points_transfer(from_member_id, to_member_id, units, request_id, occurred_at, reason);
  END IF;
  RETURN QUERY SELECT a.event_id, a.points, a.available, a.to_available FROM jsonb_to_record(answer) AS a(event_id bigint, points bigint, available bigint, to_available bigint);
END
$$;
COMMENT ON FUNCTION @crm@.points_transfer(bigint, bigint, bigint, text, timestamptz, text, boolean) IS 'moves available points from one member to another, those that expire first; they keep their expiry, and settle what the other owes. No tier changes by it. Answers with the event and what each has available after it. A repeat gets the first answer; dry_run answers and writes nothing. Levels app, manager, for both members. Errors: CR001 not enough points, CR002, CR004, 22004, 22023, 42501';

-- A release takes the pending lot out and opens one that is available: its life begins now.
CREATE OR REPLACE FUNCTION @crm@._points_release(event_id bigint, request_id text, occurred_at timestamptz) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  answer jsonb;
  holder bigint := (SELECT @crm@._member_id(e.member_id) FROM @crm@.ledger_event AS e WHERE e.id = event_id);
  at timestamptz;
  waiting record;
  event bigint;
  number smallint := 0;
  released bigint := 0;
BEGIN
  PERFORM @crm@._accounts_lock(ARRAY[holder], 1::smallint);
  answer := @crm@._request_begin(request_id, 'points_release', jsonb_build_array(event_id, occurred_at));
  IF answer IS NOT NULL THEN
    RETURN answer;
  END IF;
  at := @crm@._points_lock(ARRAY[holder], 1::smallint, occurred_at);
  IF EXISTS (SELECT FROM @crm@.ledger_event AS e WHERE e.id = event_id AND e.occurred_at > at) THEN
    RAISE EXCEPTION 'points are not released before they were given' USING ERRCODE = 'invalid_parameter_value',
      DETAIL = format('The points of event %s were given at %s.', event_id, (SELECT e.occurred_at FROM @crm@.ledger_event AS e WHERE e.id = event_id));
  END IF;
  FOR waiting IN
    SELECT l.*, p.asset_id, coalesce(p.rule_id, 0) AS rule_id, (e.detail ->> 'expires_at')::timestamptz AS asked_end
    FROM @crm@._lots_led_on(event_id) AS w JOIN @crm@.lot AS l ON l.event_id = w.lot_event_id AND l.lot_no = w.lot_no
         JOIN @crm@.posting AS p ON p.event_id = _points_release.event_id AND p.posting_no = w.first_no JOIN @crm@.ledger_event AS e ON e.id = p.event_id
    WHERE l.left_units > 0 AND l.available_from > at
    ORDER BY w.first_no
  LOOP
    IF event IS NULL THEN
      event := @crm@._event('release', holder, at, request_id, event_id);
    END IF;
    PERFORM @crm@._release_out(event, (number + 1)::smallint, waiting.account_id, waiting.asset_id, waiting.left_units, waiting.event_id, waiting.lot_no, at);
    number := number + 2;
    PERFORM crm_member.ledger_credit(@crm_name@, event, number, waiting.account_id, waiting.asset_id, waiting.left_units, -(waiting.asset_id * 100 + 5), waiting.rule_id, at, at,
      CASE WHEN isfinite(waiting.expires_at) AND isfinite(waiting.available_from) THEN waiting.expires_at
           WHEN waiting.asked_end IS NOT NULL THEN greatest(waiting.asked_end, at)
           ELSE coalesce((SELECT @crm@._expiry(at, r.expiry_months, r.expiry_end) FROM @crm@.earning_rule AS r WHERE r.id = waiting.rule_id), @crm@._usual_expiry(waiting.asset_id, at)) END, false);
    released := released + waiting.left_units;
  END LOOP;
  IF event IS NULL THEN
    RAISE EXCEPTION 'the event has no pending points' USING ERRCODE = 'CR106', DETAIL = format('The event is %s.', event_id);
  END IF;
  answer := @crm@._points_answer(event, released, holder, 1::smallint, at);
  PERFORM @crm@._request_end(request_id, answer);
  RETURN answer;
END
$$;
COMMENT ON FUNCTION @crm@._points_release(bigint, text, timestamptz) IS 'what points_release does once the caller is known to be allowed';

CREATE OR REPLACE FUNCTION @crm@._release_out(event_id bigint, posting_no smallint, account_id bigint, asset_id smallint, units bigint, lot_event_id bigint, lot_no smallint, at timestamptz) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
WITH moved AS (
  INSERT INTO @crm@.posting (event_id, posting_no, asset_id, from_account, to_account, units)
  VALUES (_release_out.event_id, _release_out.posting_no, _release_out.asset_id, _release_out.account_id, -(_release_out.asset_id * 100 + 5), _release_out.units)
), used AS (
  INSERT INTO @crm@.lot_use (event_id, lot_event_id, lot_no, units, at)
  VALUES (_release_out.event_id, _release_out.lot_event_id, _release_out.lot_no, _release_out.units, _release_out.at)
), emptied AS (
  UPDATE @crm@.lot AS l SET left_units = l.left_units - _release_out.units WHERE l.event_id = _release_out.lot_event_id AND l.lot_no = _release_out.lot_no
)
UPDATE @crm@.account AS a SET balance = a.balance - _release_out.units WHERE a.id = _release_out.account_id
$$;
COMMENT ON FUNCTION @crm@._release_out(bigint, smallint, bigint, smallint, bigint, bigint, smallint, timestamptz) IS 'takes all that is left out of one lot';

CREATE OR REPLACE FUNCTION @crm@.points_release(event_id bigint, request_id text, occurred_at timestamptz DEFAULT NULL, dry_run boolean DEFAULT false)
RETURNS TABLE (release_id bigint, points bigint, available bigint, pending bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  answer jsonb;
  holder bigint := (SELECT e.member_id FROM @crm@.ledger_event AS e WHERE e.id = event_id);
BEGIN
  IF holder IS NULL THEN
    PERFORM @crm@._require('{app,manager}');
    RAISE EXCEPTION 'unknown event' USING ERRCODE = 'CR105', DETAIL = format('There is no event %s.', event_id);
  END IF;
  PERFORM @crm@._require_member(holder, '{app,manager}');
  PERFORM @crm@._finite(occurred_at);
  IF dry_run THEN
    BEGIN
      answer := @crm@._points_release(event_id, request_id, occurred_at);
      RAISE EXCEPTION 'dry run' USING ERRCODE = 'CRDRY';
    EXCEPTION WHEN SQLSTATE 'CRDRY' THEN
      NULL;
    END;
  ELSE
    answer := @crm@._points_release(event_id, request_id, occurred_at);
  END IF;
  RETURN QUERY SELECT a.event_id, a.points, a.available, a.pending FROM jsonb_to_record(answer) AS a(event_id bigint, points bigint, available bigint, pending bigint);
END
$$;
COMMENT ON FUNCTION @crm@.points_release(bigint, text, timestamptz, boolean) IS 'makes the pending points of an event available, from when on they live as long as their rule says. Answers with the event of the release and what is available and pending after it. A repeat gets the first answer; dry_run answers and writes nothing. Levels app, manager. Errors: CR002, CR105 unknown event, CR106 nothing pending, 22023, 42501';

-- Opening balances: lots with the dates they had. No notices, no tiers.
CREATE OR REPLACE FUNCTION @crm@._points_import(rows jsonb, request_id text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  answer jsonb;
  part record;
  event bigint;
  lots bigint := 0;
  total numeric := 0;
BEGIN
  PERFORM @crm@._accounts_lock(ARRAY(SELECT DISTINCT x.member_id FROM jsonb_to_recordset(rows) AS x(member_id bigint) WHERE x.member_id IS NOT NULL), 1::smallint);
  answer := @crm@._request_begin(request_id, 'points_import', rows);
  IF answer IS NOT NULL THEN
    RETURN answer;
  END IF;
  FOR part IN
    SELECT x.* FROM ROWS FROM (jsonb_to_recordset(rows) AS (member_id bigint, points bigint, earned_at timestamptz, expires_at timestamptz)) WITH ORDINALITY AS x(member_id, points, earned_at, expires_at, place)
    ORDER BY x.member_id, x.earned_at, x.place
  LOOP
    IF part.member_id IS NULL OR part.points IS NULL OR part.points <= 0 OR part.earned_at IS NULL OR NOT isfinite(part.earned_at) OR part.expires_at <= part.earned_at THEN
      RAISE EXCEPTION 'an opening balance needs a member, points above 0 and a time before their expiry' USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is element %s.', part.place);
    END IF;
    PERFORM @crm@._finite(part.earned_at);
    IF @crm@._account_of(part.member_id, 1::smallint) IS NULL THEN
      RAISE EXCEPTION 'unknown member' USING ERRCODE = 'CR004', DETAIL = format('There is no member %s.', part.member_id);
    END IF;
    event := @crm@._event('open', part.member_id, part.earned_at, NULL, NULL, jsonb_build_object('import', request_id));
    PERFORM crm_member.ledger_credit(@crm_name@, event, 1::smallint, @crm@._account_of(part.member_id, 1::smallint), 1::smallint, part.points, -105, 0, part.earned_at, part.earned_at,
      coalesce(part.expires_at, @crm@._usual_expiry(1::smallint, part.earned_at)), true);
    lots := lots + 1;
    total := total + part.points;
  END LOOP;
  answer := jsonb_build_object('lots', lots, 'points', total);
  PERFORM @crm@._request_end(request_id, answer);
  RETURN answer;
END
$$;
COMMENT ON FUNCTION @crm@._points_import(jsonb, text) IS 'what points_import does once the caller is known to be allowed';

CREATE OR REPLACE FUNCTION @crm@.points_import(rows jsonb, request_id text, dry_run boolean DEFAULT false)
RETURNS TABLE (lots bigint, points numeric)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  answer jsonb;
BEGIN
  PERFORM @crm@._require('{manager}');
  IF jsonb_typeof(rows) IS DISTINCT FROM 'array' THEN
    RAISE EXCEPTION 'rows must be an array' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF dry_run THEN
    BEGIN
      answer := @crm@._points_import(rows, request_id);
      RAISE EXCEPTION 'dry run' USING ERRCODE = 'CRDRY';
    EXCEPTION WHEN SQLSTATE 'CRDRY' THEN
      NULL;
    END;
  ELSE
    answer := @crm@._points_import(rows, request_id);
  END IF;
  RETURN QUERY SELECT a.lots, a.points FROM jsonb_to_record(answer) AS a(lots bigint, points numeric);
END
$$;
COMMENT ON FUNCTION @crm@.points_import(jsonb, text, boolean) IS 'takes over balances from another system as lots with their own dates: [{"member_id": 1, "points": 500, "earned_at": "2024-03-01 10:00+08", "expires_at": "2026-01-01 00:00+08"}]; without expires_at the earning rule of that time says when they expire. Sends no notices. A repeat gets the first answer; dry_run answers and writes nothing. Level manager for all stores. Errors: CR002, CR004, 22023 bad element, 23503 unknown member, 42501';

-- Sales that have earned nothing yet: those before their source accrues, those loaded past the triggers.
CREATE OR REPLACE FUNCTION @crm@.points_accrue_sales(from_at timestamptz, to_at timestamptz)
RETURNS TABLE (sales bigint, events bigint, points numeric)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE ROWS 1
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_variable
DECLARE
  ids bigint[];
  before bigint;
  settled record;
BEGIN
  PERFORM @crm@._require('{manager}');
  IF from_at IS NULL OR to_at IS NULL OR from_at >= to_at THEN
    RAISE EXCEPTION 'from_at must be before to_at' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  -- the locks of the members, in their order; who is looked at after that has been booked by nobody else
  PERFORM FROM @crm@.member_history AS h
  WHERE h.member_id IN (SELECT s.member_id FROM @crm@.sale AS s WHERE s.occurred_at >= from_at AND s.occurred_at < to_at AND s.member_id IS NOT NULL AND s.net_spend > 0)
  ORDER BY h.member_id FOR NO KEY UPDATE;
  SELECT array_agg(s.id) INTO ids FROM @crm@.sale AS s
  WHERE s.occurred_at >= from_at AND s.occurred_at < to_at AND s.member_id IS NOT NULL AND s.net_spend > 0
    AND NOT EXISTS (SELECT FROM @crm@.ledger_event AS e WHERE e.sale_id = s.id);
  sales := coalesce(cardinality(ids), 0);
  events := 0;
  points := 0;
  IF sales > 0 THEN
    before := (SELECT coalesce(max(e.id), 0) FROM @crm@.ledger_event AS e);
    events := @crm@._points_earn(ids);
    -- refunds that came before
    PERFORM @crm@._points_settle_all(array_agg(s.id), array_agg(clock_timestamp()))
    FROM unnest(ids) AS n(id) JOIN @crm@.sale AS s ON s.id = n.id WHERE EXISTS (SELECT FROM @crm@.sale AS r WHERE r.refund_of_id = s.id)
    HAVING count(*) > 0;
    SELECT coalesce(sum(CASE WHEN p.to_account > 0 THEN p.units ELSE -p.units END), 0) INTO points
    FROM @crm@.ledger_event AS e JOIN @crm@.posting AS p ON p.event_id = e.id AND p.asset_id = 1
    WHERE e.id > before AND e.sale_id IN (SELECT n.id FROM unnest(ids) AS n(id));
  END IF;
  RETURN NEXT;
END
$$;
COMMENT ON FUNCTION @crm@.points_accrue_sales(timestamptz, timestamptz) IS 'books what the sales from from_at up to before to_at earn that have earned nothing yet, in one pass, by the rules in force when they happened, also those from before their source accrues; less what has been refunded since. Answers with the sales looked at, the events written and their points; a second run books nothing. Level manager for all stores. Errors: 22003, 22023, 42501';

-- A batch takes the next members in the order of their ids. With max_members the caller goes on until nothing is left.
CREATE OR REPLACE FUNCTION @crm@.points_expire(as_of timestamptz DEFAULT NULL, max_members integer DEFAULT NULL)
RETURNS TABLE (members bigint, events bigint, points numeric)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE ROWS 1
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_variable
DECLARE
  until timestamptz := coalesce(as_of, clock_timestamp());
  months integer := @crm@._inactivity_months();
  run bigint;
  last_member bigint := 0;
  batch bigint[];
  owners bigint[];
  done record;
BEGIN
  PERFORM @crm@._require('{manager}');
  IF until > clock_timestamp() THEN
    RAISE EXCEPTION 'points cannot be expired before their time' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF max_members <= 0 THEN
    RAISE EXCEPTION 'max_members must be positive' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  members := 0;
  events := 0;
  points := 0;
  INSERT INTO @crm@.job_run AS j (job, detail) VALUES ('points_expire', jsonb_build_object('as_of', until)) RETURNING j.id INTO run;
  LOOP
    SELECT array_agg(d.member_id ORDER BY d.member_id) INTO owners
    FROM (SELECT DISTINCT a.member_id FROM @crm@.account AS a
          WHERE a.id > 0 AND a.member_id > last_member
            AND (EXISTS (SELECT FROM @crm@.lot AS l WHERE l.account_id = a.id AND l.left_units > 0 AND l.expires_at <= until)
                 OR (months IS NOT NULL AND a.asset_id = 1 AND a.balance + a.arrears > 0 AND @crm@._expiry(a.last_activity_at, months, 'day') <= until))
          ORDER BY a.member_id LIMIT least(1000, coalesce(max_members - members, 1000))) AS d;
    EXIT WHEN owners IS NULL;
    SELECT array_agg(k.id) INTO batch
    FROM (SELECT a.id FROM @crm@.account AS a JOIN @crm@.asset AS t ON t.id = a.asset_id AND t.has_lots WHERE a.member_id = ANY (owners)
          ORDER BY a.member_id, a.asset_id FOR NO KEY UPDATE OF a) AS k;
    done := @crm@._points_sweep(batch, until);
    members := members + cardinality(owners);
    events := events + done.events;
    points := points + done.units;
    last_member := owners[cardinality(owners)];
    UPDATE @crm@.job_run AS j SET rows_done = members, place = last_member::text WHERE j.id = run;
    EXIT WHEN members >= max_members;
  END LOOP;
  UPDATE @crm@.job_run AS j SET state = 'done', ended_at = clock_timestamp(), detail = j.detail || jsonb_build_object('events', events, 'points', points) WHERE j.id = run;
  RETURN NEXT;
END
$$;
COMMENT ON FUNCTION @crm@.points_expire(timestamptz, integer) IS 'books what has expired up to an instant (default now), dated at the instants of expiry, for at most max_members members; what members have available does not depend on it, and a second run books nothing. Progress stands in job_run. Answers with the members, events and points. Call it with max_members in a loop of transactions of their own, until it answers 0 members, to hold few locks at a time. Level manager for all stores. Errors: 22023 an instant to come, 42501';

CREATE OR REPLACE FUNCTION @crm@.points_notify_expiring(until timestamptz) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_variable
DECLARE
  wrote bigint;
BEGIN
  PERFORM @crm@._require('{manager}');
  INSERT INTO @crm@.outbox (topic, member_id, body)
  SELECT 'points.expiring', d.member_id, jsonb_build_object('expires_at', d.expires_at, 'points', d.units)
  FROM (SELECT a.member_id, l.expires_at, sum(l.left_units) AS units FROM @crm@.account AS a JOIN @crm@.lot AS l ON l.account_id = a.id
        WHERE a.asset_id = 1 AND a.id > 0 AND l.left_units > 0 AND l.expires_at > clock_timestamp() AND l.expires_at <= until AND l.expires_at < 'infinity'
        GROUP BY a.member_id, l.expires_at) AS d
  WHERE NOT EXISTS (SELECT FROM @crm@.outbox AS o WHERE o.member_id = d.member_id AND o.topic = 'points.expiring' AND (o.body ->> 'expires_at')::timestamptz = d.expires_at)
  ORDER BY d.member_id, d.expires_at;
  GET DIAGNOSTICS wrote = ROW_COUNT;
  RETURN wrote;
END
$$;
COMMENT ON FUNCTION @crm@.points_notify_expiring(timestamptz) IS 'writes a notice points.expiring to the outbox for each member and instant up to until at which points will be gone, once, and answers how many. Level manager for all stores. Error 42501';
