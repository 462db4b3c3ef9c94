-- sql/crm/51_points_book.sql
-- What the doors of points share: locks, what is available, expiry, and the run of one request.
--
-- A door locks the accounts it will write to, in the order of members, and
-- only then looks whether its request is known: two calls with one id, and two
-- that want the same points, follow one another. What is available is computed
-- from the lots under that lock. The sweep books what the clock has already
-- decided, dated at the instant of expiry; no answer depends on it.

--@ code
-- Where an account is missing the members' keys are taken first, as by who
-- merges them; then each account is locked or made in its turn.
CREATE OR REPLACE FUNCTION @crm@._accounts_lock(member_ids bigint[], asset_id smallint) RETURNS bigint[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  ids bigint[];
BEGIN
  IF EXISTS (SELECT FROM unnest(member_ids) AS m WHERE NOT EXISTS (SELECT FROM @crm@.account AS k WHERE k.member_id = m AND k.asset_id = asset_id)) THEN
    PERFORM FROM @crm@.member AS p WHERE p.id = ANY (member_ids) ORDER BY p.id FOR KEY SHARE;
    WITH made AS (
      INSERT INTO @crm@.account AS k (member_id, asset_id, balance, arrears)
      SELECT DISTINCT m, asset_id, 0, 0 FROM unnest(member_ids) AS m ORDER BY m
      ON CONFLICT ON CONSTRAINT account_member_id_asset_id_key DO UPDATE SET balance = k.balance
      RETURNING k.member_id, k.id
    )
    SELECT array_agg(d.id ORDER BY d.member_id) INTO ids FROM made AS d;
  ELSE
    SELECT array_agg(a.id) INTO ids
    FROM (SELECT k.id FROM @crm@.account AS k WHERE k.member_id = ANY (member_ids) AND k.asset_id = asset_id ORDER BY k.member_id FOR NO KEY UPDATE) AS a;
  END IF;
  RETURN ids;
END
$$;
COMMENT ON FUNCTION @crm@._accounts_lock(bigint[], smallint) IS 'locks the accounts of members, made where they are missing, and answers their ids in the order of members';

CREATE OR REPLACE FUNCTION @crm@._account_of(member_id bigint, asset_id smallint) RETURNS bigint
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN (SELECT a.id FROM @crm@.account AS a WHERE a.member_id = _account_of.member_id AND a.asset_id = _account_of.asset_id);
END
$$;
COMMENT ON FUNCTION @crm@._account_of(bigint, smallint) IS 'the account of a member and asset, NULL where there is none';

-- Under the lock of the account: the lots as they are now.
CREATE OR REPLACE FUNCTION @crm@._account_available(account_id bigint, at timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN (SELECT greatest(coalesce((SELECT sum(l.left_units) FROM @crm@.lot AS l WHERE l.account_id = a.id AND l.left_units > 0 AND l.available_from <= at AND at < l.expires_at), 0)
                          - a.arrears, 0)::bigint
          FROM @crm@.account AS a WHERE a.id = account_id);
END
$$;
COMMENT ON FUNCTION @crm@._account_available(bigint, timestamptz) IS 'what can be taken from an account at an instant, given what has been taken so far';

-- Lots that are gone at as_of and hold something: one event a member and
-- instant. What came back to a lot already expired expires when it came back.
CREATE OR REPLACE FUNCTION @crm@._points_sweep(account_ids bigint[], as_of timestamptz) RETURNS TABLE (events bigint, units numeric)
LANGUAGE sql VOLATILE PARALLEL UNSAFE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
WITH due AS MATERIALIZED (
  SELECT l.event_id, l.lot_no, l.account_id, l.left_units AS units, a.member_id, a.asset_id,
         greatest(least(l.expires_at, g.lapse), (SELECT max(u.at) FROM @crm@.lot_use AS u WHERE u.lot_event_id = l.event_id AND u.lot_no = l.lot_no AND u.units < 0)) AS at
  FROM @crm@.account AS a
       JOIN @crm@.lot AS l ON l.account_id = a.id AND l.left_units > 0
       CROSS JOIN LATERAL (SELECT CASE WHEN a.asset_id = 1 THEN (SELECT min(x.at) FROM @crm@._points_lapses(a.id, as_of, 'infinity') AS x(at) WHERE x.at > l.available_from) END AS lapse) AS g
  WHERE a.id = ANY (account_ids) AND least(l.expires_at, g.lapse) <= as_of
), item AS MATERIALIZED (
  SELECT nextval(pg_get_serial_sequence(@crm_name@ || '.ledger_event', 'id')) AS event_id, d.*
  FROM (SELECT d.account_id, d.member_id, d.asset_id, d.at, sum(d.units)::bigint AS units FROM due AS d GROUP BY d.account_id, d.member_id, d.asset_id, d.at
        ORDER BY d.member_id, d.at) AS d
), event AS (
  INSERT INTO @crm@.ledger_event (id, kind, member_id, occurred_at) SELECT i.event_id, 'expire', i.member_id, i.at FROM item AS i
), moved AS (
  INSERT INTO @crm@.posting (event_id, posting_no, asset_id, from_account, to_account, units)
  SELECT i.event_id, 1, i.asset_id, i.account_id, -(i.asset_id * 100 + 3), i.units FROM item AS i
), used AS (
  INSERT INTO @crm@.lot_use (event_id, lot_event_id, lot_no, units, at)
  SELECT i.event_id, d.event_id, d.lot_no, d.units, d.at FROM due AS d JOIN item AS i ON i.account_id = d.account_id AND i.at = d.at
), emptied AS (
  UPDATE @crm@.lot AS l SET left_units = l.left_units - d.units FROM due AS d WHERE l.event_id = d.event_id AND l.lot_no = d.lot_no
), booked AS (
  UPDATE @crm@.account AS a SET balance = a.balance - s.units
  FROM (SELECT i.account_id, sum(i.units)::bigint AS units FROM item AS i GROUP BY i.account_id) AS s WHERE a.id = s.account_id
)
SELECT count(*), coalesce(sum(i.units), 0) FROM item AS i
$$;
COMMENT ON FUNCTION @crm@._points_sweep(bigint[], timestamptz) IS 'books what has expired in these accounts up to an instant, dated at the instants of expiry; the caller holds their locks';

-- What comes back to an account when a debit is undone: arrears first, then the
-- lots it came from. What has expired by then is booked out before, at its own
-- instant; what comes back to a lot already expired is gone at this one.
CREATE OR REPLACE FUNCTION @crm@._come_back(account_id bigint, units bigint, event_id bigint, undone bigint[], at timestamptz) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  owed bigint;
BEGIN
  PERFORM @crm@._points_sweep(ARRAY[account_id], at);
  SELECT least(a.arrears, units) INTO owed FROM @crm@.account AS a WHERE a.id = account_id;
  UPDATE @crm@.account AS a SET balance = a.balance + units, arrears = a.arrears - owed WHERE a.id = account_id;
  IF owed < units THEN
    PERFORM crm_member.ledger_give_back(@crm_name@, account_id, units - owed, event_id, undone, at);
    PERFORM @crm@._points_sweep(ARRAY[account_id], at);
  END IF;
END
$$;
COMMENT ON FUNCTION @crm@._come_back(bigint, bigint, bigint, bigint[], timestamptz) IS 'units that return to an account by the undoing of events: to arrears, then to the lots they came from, latest expiry first; the caller holds its lock and writes the posting';

-- A merge moves what is left in each lot to a lot of its own, in the order of the lots of the account.
CREATE OR REPLACE FUNCTION @crm@._lots_led_on(event_id bigint) RETURNS TABLE (first_no smallint, lot_event_id bigint, lot_no smallint, depth integer)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 2
SET search_path = pg_catalog, pg_temp
AS $$
WITH RECURSIVE place(first_no, lot_event_id, lot_no, account_id, depth) AS (
  SELECT l.lot_no, l.event_id, l.lot_no, l.account_id, 0 FROM @crm@.lot AS l WHERE l.event_id = _lots_led_on.event_id
  UNION ALL
  SELECT p.first_no, n.event_id, n.lot_no, n.account_id, p.depth + 1
  FROM place AS p
       JOIN @crm@.lot_use AS u ON u.lot_event_id = p.lot_event_id AND u.lot_no = p.lot_no
       JOIN @crm@.ledger_event AS e ON e.id = u.event_id AND e.kind = 'merge'
       CROSS JOIN LATERAL (SELECT count(*) AS nth FROM @crm@.lot_use AS v JOIN @crm@.lot AS o ON o.event_id = v.lot_event_id AND o.lot_no = v.lot_no
                           WHERE v.event_id = e.id AND o.account_id = p.account_id AND (v.lot_event_id, v.lot_no) <= (p.lot_event_id, p.lot_no)) AS k
       JOIN LATERAL (SELECT x.*, row_number() OVER (ORDER BY x.lot_no) AS nth FROM @crm@.lot AS x
                       JOIN @crm@.posting AS q ON q.event_id = x.event_id AND q.posting_no = x.lot_no AND q.from_account = p.account_id
                     WHERE x.event_id = e.id) AS n ON n.nth = k.nth
)
SELECT p.first_no, p.lot_event_id, p.lot_no, p.depth FROM place AS p
$$;
COMMENT ON FUNCTION @crm@._lots_led_on(bigint) IS 'the lots that an event opened, and those to which merges of members moved what was left in them; first_no is the number of the lot of the event, depth how many merges led there';

-- What a refund takes back of a sale of a member who was merged into this one
-- is taken from the lots of that sale, where they are now. A lot that expired
-- before the merge has stayed behind: what is due of it is moved here and taken.
CREATE OR REPLACE FUNCTION @crm@._merged_take(own bigint, member_id bigint, asset_id smallint, sale_id bigint, units bigint, event_id bigint, at timestamptz)
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  l record;
  part bigint;
  moving bigint;
  taken bigint := 0;
BEGIN
  FOR l IN
    SELECT k.event_id, k.lot_no, k.account_id, a.member_id AS holder, k.left_units, k.available_from, k.expires_at, coalesce(x.units, 0)::bigint AS expired
    FROM @crm@.ledger_event AS e CROSS JOIN LATERAL @crm@._lots_led_on(e.id) AS w
         JOIN @crm@.lot AS k ON k.event_id = w.lot_event_id AND k.lot_no = w.lot_no
         JOIN @crm@.account AS a ON a.id = k.account_id AND a.asset_id = asset_id
         LEFT JOIN LATERAL (SELECT sum(u.units) AS units FROM @crm@.lot_use AS u JOIN @crm@.ledger_event AS o ON o.id = u.event_id
                            WHERE u.lot_event_id = k.event_id AND u.lot_no = k.lot_no AND o.kind IN ('expire', 'unexpire')) AS x ON true
    WHERE e.sale_id = sale_id ORDER BY w.depth DESC, k.event_id, k.lot_no
  LOOP
    part := least(units - taken, l.left_units + l.expired);
    CONTINUE WHEN part <= 0;
    taken := taken + part;
    IF part > l.left_units THEN
      INSERT INTO @crm@.ledger_event AS e (kind, member_id, occurred_at) VALUES ('unexpire', l.holder, at) RETURNING e.id INTO moving;
      INSERT INTO @crm@.posting (event_id, posting_no, asset_id, from_account, to_account, units)
      VALUES (moving, 1, asset_id, -(asset_id * 100 + 3), l.account_id, part - l.left_units);
      INSERT INTO @crm@.lot_use (event_id, lot_event_id, lot_no, units, at) VALUES (moving, l.event_id, l.lot_no, l.left_units - part, at);
      UPDATE @crm@.account AS a SET balance = a.balance + part - l.left_units WHERE a.id = l.account_id;
    END IF;
    UPDATE @crm@.lot AS k SET left_units = greatest(l.left_units - part, 0) WHERE k.event_id = l.event_id AND k.lot_no = l.lot_no;
    UPDATE @crm@.account AS a SET balance = a.balance - part WHERE a.id = l.account_id;
    IF l.account_id <> own THEN
      INSERT INTO @crm@.ledger_event AS e (kind, member_id, occurred_at, detail)
      VALUES ('merge', member_id, at, jsonb_build_object('gone_id', l.holder)) RETURNING e.id INTO moving;
      INSERT INTO @crm@.posting (event_id, posting_no, asset_id, from_account, to_account, units) VALUES (moving, 1, asset_id, l.account_id, own, part);
      INSERT INTO @crm@.lot_use (event_id, lot_event_id, lot_no, units, at) VALUES (moving, l.event_id, l.lot_no, part, at);
      INSERT INTO @crm@.lot (event_id, lot_no, account_id, units, left_units, available_from, expires_at)
      VALUES (moving, 1, own, part, 0, l.available_from, l.expires_at);
      l.event_id := moving;
      l.lot_no := 1;
    END IF;
    INSERT INTO @crm@.lot_use (event_id, lot_event_id, lot_no, units, at) VALUES (event_id, l.event_id, l.lot_no, part, at);
  END LOOP;
  RETURN taken;
END
$$;
COMMENT ON FUNCTION @crm@._merged_take(bigint, bigint, smallint, bigint, bigint, bigint, timestamptz) IS 'takes units of a sale back from the lots that it brought to members who were merged into this one; answers how many';

CREATE OR REPLACE FUNCTION @crm@._points_lock(member_ids bigint[], asset_id smallint, at timestamptz) RETURNS timestamptz
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  instant timestamptz := coalesce(at, clock_timestamp());
BEGIN
  IF asset_id = 1 AND @crm@._inactivity_months() IS NOT NULL THEN
    PERFORM @crm@._points_sweep(@crm@._accounts_lock(member_ids, asset_id), instant);
  END IF;
  RETURN instant;
END
$$;
COMMENT ON FUNCTION @crm@._points_lock(bigint[], smallint, timestamptz) IS 'the instant of an act, now by default, after points that lapsed before it were booked out';

CREATE OR REPLACE FUNCTION @crm@._asset_id(code text) RETURNS smallint
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  found_id smallint;
BEGIN
  SELECT a.id INTO found_id FROM @crm@.asset AS a WHERE a.code = _asset_id.code AND a.nature IN ('points', 'growth');
  IF found_id IS NULL THEN
    RAISE EXCEPTION 'unknown asset' USING ERRCODE = 'invalid_parameter_value',
      DETAIL = format('"%s" is neither points nor growth.', code), HINT = 'The table asset lists the assets; stored value and passes have doors of their own.';
  END IF;
  RETURN found_id;
END
$$;
COMMENT ON FUNCTION @crm@._asset_id(text) IS 'the id of a kind of points or growth; 22023 for another';

-- Programmes may define points of their own: an asset with its accounts.
CREATE OR REPLACE FUNCTION @crm@.asset_add(code text, nature text DEFAULT 'points', decimals integer DEFAULT 0, has_lots boolean DEFAULT true) RETURNS smallint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  made smallint;
BEGIN
  INSERT INTO @crm@.asset AS a (id, code, nature, decimals, has_lots)
  SELECT max(k.id) + 1, code, nature, decimals, has_lots FROM @crm@.asset AS k
  RETURNING a.id INTO made;
  INSERT INTO @crm@.account (id, asset_id, programme)
  SELECT -(made::bigint * 100 + p.place), made, p.programme
  FROM (VALUES (1, 'issued'), (2, 'redeemed'), (3, 'expired'), (4, 'clawed back'), (5, 'adjusted')) AS p(place, programme);
  RETURN made;
END
$$;
COMMENT ON FUNCTION @crm@.asset_add(text, text, integer, boolean) IS 'defines an asset of the programme with its accounts and answers its id; nature is points, growth, money or pass, decimals those of one unit, has_lots whether credits expire and are used in order. For the owner. Errors: 23505 code in use, 23514 unknown nature';

-- When points of this programme expire that become available at an instant.
CREATE OR REPLACE FUNCTION @crm@._usual_expiry(asset_id smallint, available_at timestamptz) RETURNS timestamptz
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  rule record;
BEGIN
  SELECT r.expiry_months, r.expiry_end INTO rule FROM @crm@.earning_rule AS r
  WHERE r.asset_id = asset_id AND r.valid_from <= available_at AND available_at < r.valid_to ORDER BY r.rule_no LIMIT 1;
  RETURN @crm@._expiry(available_at, rule.expiry_months, coalesce(rule.expiry_end, 'day'));
END
$$;
COMMENT ON FUNCTION @crm@._usual_expiry(smallint, timestamptz) IS 'the expiry that the first earning rule of an asset gives to what becomes available at an instant; never where there is no rule';

CREATE OR REPLACE FUNCTION @crm@._event(kind text, member_id bigint, occurred_at timestamptz, request_id text, reverses_id bigint DEFAULT NULL, detail jsonb DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  made bigint;
BEGIN
  -- under the locks of the accounts: what undoes an old event of a merged member is led on afterwards, all else is for the kept one
  IF kind NOT IN ('reverse', 'release') THEN
    PERFORM @crm@._refuse_merged(m.id, m.merged_into_id) FROM @crm@.member AS m
    WHERE m.id IN (member_id, (detail ->> 'to_member_id')::bigint) AND m.merged_into_id IS NOT NULL;
  END IF;
  INSERT INTO @crm@.ledger_event AS e (kind, member_id, occurred_at, request_id, request_digest, reverses_id, detail)
  SELECT kind, member_id, occurred_at, request_id, (SELECT r.digest FROM @crm@.request AS r WHERE r.request_id = request_id), reverses_id, detail
  RETURNING e.id INTO made;
  RETURN made;
END
$$;
COMMENT ON FUNCTION @crm@._event(text, bigint, timestamptz, text, bigint, jsonb) IS 'writes an event of a door and answers its id';

CREATE OR REPLACE FUNCTION @crm@._units(units bigint) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF units IS NULL THEN
    RAISE EXCEPTION 'the number of points must be given' USING ERRCODE = 'null_value_not_allowed';
  ELSIF units <= 0 THEN
    RAISE EXCEPTION 'the number of points must be positive' USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It was %s.', units);
  END IF;
  RETURN units;
END
$$;
COMMENT ON FUNCTION @crm@._units(bigint) IS 'a number of points, unless it is NULL (22004) or not positive (22023)';

CREATE OR REPLACE FUNCTION @crm@._finite(at timestamptz) RETURNS timestamptz
LANGUAGE plpgsql VOLATILE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF NOT isfinite(at) THEN
    RAISE EXCEPTION 'an act needs a finite time' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  -- a minute for clocks that differ
  IF at > clock_timestamp() + interval '1 minute' THEN
    RAISE EXCEPTION 'an act cannot be of the future' USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is said to happen at %s.', at);
  END IF;
  RETURN at;
END
$$;
COMMENT ON FUNCTION @crm@._finite(timestamptz) IS 'an instant at which something happened, unless it is infinite or to come (22023)';
