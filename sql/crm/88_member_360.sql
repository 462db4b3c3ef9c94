-- sql/crm/88_member_360.sql
-- Everything about one member in one answer, and the answer to an incoming call.
--
-- Each module contributes its own part: a function of this schema named
-- _part_KEY or _part_KEY__NAME with the arguments (member_id bigint, as_of
-- timestamptz) that returns a jsonb object or NULL. KEY is the top key of the
-- answer; parts of one key are put together. A part reads by member through an
-- index and shows what was so at as_of as far as its tables know.

--@ code
CREATE OR REPLACE FUNCTION @crm@._part_demographics(member_id bigint, as_of timestamptz) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
  RETURN (SELECT jsonb_strip_nulls(jsonb_build_object(
      'member_no', m.member_no, 'full_name', p.full_name, 'sex', p.sex, 'birth_day', p.birth_day, 'birth_calendar', p.birth_calendar,
      'age', @crm@._age(p.birth_day, @crm@.local_day(as_of)), 'phone', p.phone, 'email', p.email, 'address', p.address,
      'region', m.region, 'joined_at', m.joined_at, 'closed_at', m.closed_at, 'photo_uri', p.photo_uri, 'profiling', m.profiling,
      'attributes', (SELECT jsonb_object_agg(a.code, coalesce(to_jsonb(v.value_number), CASE WHEN a.value_type = 'boolean' THEN to_jsonb(v.value::boolean) END, to_jsonb(v.value)))
                     FROM @crm@.member_attribute AS v JOIN @crm@.attribute AS a ON a.id = v.attribute_id WHERE v.member_id = m.id),
      'tags', (SELECT jsonb_agg(t.name ORDER BY t.name) FROM @crm@.member_tag AS b JOIN @crm@.tag AS t ON t.id = b.tag_id WHERE b.member_id = m.id)))
    FROM @crm@.member AS m LEFT JOIN @crm@.member_pii AS p ON p.member_id = m.id WHERE m.id = member_id);
END
$$;
COMMENT ON FUNCTION @crm@._part_demographics(bigint, timestamptz) IS 'part of member_360: who the member is';

-- A history counts whole days: what the member bought on the local day of as_of, but after it, is taken out.
CREATE OR REPLACE FUNCTION @crm@._history_at(member_id bigint, as_of timestamptz) RETURNS crm_member.purchase_history
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  h crm_member.purchase_history := (SELECT k.history FROM @crm@.member_history AS k WHERE k.member_id = member_id);
  later crm_member.purchase_history := (
    SELECT crm_member.purchase_history(@crm@.local_day(s.occurred_at), @crm@._history_amount(s.net_spend, s.refund_of_id)) FROM @crm@.sale AS s
    WHERE s.member_id = member_id AND s.occurred_at > as_of AND s.occurred_at < as_of + interval '2 days' AND @crm@.local_day(s.occurred_at) = @crm@.local_day(as_of));
BEGIN
  RETURN CASE WHEN later IS NULL THEN h ELSE h OPERATOR(crm_member.-) later END;
END
$$;
COMMENT ON FUNCTION @crm@._history_at(bigint, timestamptz) IS 'the purchase history of a member without what came after as_of on that local day; later days are still in it';

CREATE OR REPLACE FUNCTION @crm@._part_transactions(member_id bigint, as_of timestamptz) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  h crm_member.purchase_history := @crm@._history_at(member_id, as_of);
  today date := @crm@.local_day(as_of);
  year_ago date := (today - interval '12 months')::date;
  orders bigint := crm_member.order_count(h, NULL, today);
  spend numeric := crm_member.net_spend(h, NULL, today);
BEGIN
  RETURN jsonb_strip_nulls(jsonb_build_object(
      'orders', coalesce(orders, 0), 'net_spend', coalesce(spend, 0), 'average_order', round(spend / NULLIF(orders, 0), 2),
      'active_days', coalesce(crm_member.active_days(h, NULL, today), 0),
      'first_day', crm_member.first_day(h, NULL, today), 'last_day', crm_member.last_day(h, NULL, today),
      'orders_12_months', coalesce(crm_member.order_count(h, year_ago + 1, today), 0),
      'net_spend_12_months', coalesce(crm_member.net_spend(h, year_ago + 1, today), 0),
      'latest', (SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('sale_id', s.id, 'occurred_at', s.occurred_at, 'net_spend', s.net_spend,
                                                                       'store_id', s.store_id, 'channel', s.channel, 'refund_of_id', s.refund_of_id))
                                  ORDER BY s.occurred_at DESC, s.id DESC)
                 FROM (SELECT k.* FROM @crm@.sale AS k WHERE k.member_id = member_id AND k.occurred_at <= as_of
                       ORDER BY k.occurred_at DESC, k.id DESC LIMIT 5) AS s)));
END
$$;
COMMENT ON FUNCTION @crm@._part_transactions(bigint, timestamptz) IS 'part of member_360: what the member bought up to as_of, by the purchase history; amounts net of refunds; the five latest sales';

-- One plan for all members: with a partition a month, planning would take longer than the answer. It walks the index from the latest footprint back and stops.
CREATE OR REPLACE FUNCTION @crm@._part_behaviour(member_id bigint, as_of timestamptz) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_bitmapscan = off
SET enable_sort = off
SET jit = off
AS $$
#variable_conflict use_variable
DECLARE
  h crm_member.purchase_history := @crm@._history_at(member_id, as_of);
  persons bigint[] := @crm@._member_group(member_id);
  today date := @crm@.local_day(as_of);
  -- those of the view member_lifecycles
  cuts integer[] := coalesce((SELECT ARRAY(SELECT c.value::integer FROM jsonb_array_elements_text(s.value) WITH ORDINALITY AS c(value, no) ORDER BY c.no)
                              FROM @crm@.setting AS s WHERE s.key = 'lifecycle_cuts'), '{90,180,365}');
BEGIN
  RETURN jsonb_strip_nulls(jsonb_build_object(
      -- what is concluded about a person needs leave to profile
      'lifecycle', (SELECT crm_member.lifecycle_status(crm_member.last_day(h, NULL, today), today, cuts) FROM @crm@._profiled_members AS f WHERE f.member_id = member_id),
      'days_between_purchases', (SELECT crm_member.median_gap(h, NULL, today) FROM @crm@._profiled_members AS f WHERE f.member_id = member_id),
      'interactions', (SELECT jsonb_object_agg(x.kind, x.times) FROM (SELECT i.kind, count(*) AS times FROM @crm@.interaction AS i
                       WHERE i.member_id = ANY (persons) AND i.occurred_at <= as_of GROUP BY i.kind) AS x),
      'open_interactions', (SELECT count(*) FROM @crm@.interaction AS i
                            WHERE i.member_id = ANY (persons) AND i.occurred_at <= as_of AND i.kind IN ('enquiry', 'complaint')
                              AND coalesce((SELECT s.state FROM @crm@.interaction_step AS s WHERE s.interaction_id = i.id AND s.occurred_at <= as_of
                                            ORDER BY s.occurred_at DESC, s.step_no DESC LIMIT 1), 'open') IN ('open', 'reopened')),
      'rating', (SELECT round(avg(i.rating), 2) FROM @crm@.interaction AS i WHERE i.member_id = ANY (persons) AND i.occurred_at <= as_of AND i.rating IS NOT NULL),
      'footprints_90_days', (SELECT jsonb_object_agg(x.kind, x.times) FROM (SELECT l.kind, count(*) AS times
                             FROM unnest(persons) AS u(id) CROSS JOIN LATERAL (
                               SELECT f.kind FROM @crm@.footprint AS f
                               WHERE f.member_id = u.id AND f.occurred_at > as_of - interval '90 days' AND f.occurred_at <= as_of
                               ORDER BY f.occurred_at DESC LIMIT 10000) AS l GROUP BY l.kind) AS x)));
END
$$;
COMMENT ON FUNCTION @crm@._part_behaviour(bigint, timestamptz) IS 'part of member_360: how the member behaves: lifecycle and median gap (not for those who opted out of profiling), interactions by kind, footprints of 90 days by kind, the latest ten thousand of them at most';

CREATE OR REPLACE FUNCTION @crm@._part_behaviour__segment(member_id bigint, as_of timestamptz) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  today date := @crm@.local_day(as_of);
BEGIN
  RETURN (SELECT jsonb_build_object('segment', s.segment, 'octant', s.octant, 'segment_since', s.as_of)
            || coalesce((SELECT jsonb_build_object('rfm', k.score, 'rfm_of', k.as_of) FROM @crm@.member_score AS k WHERE k.member_id = member_id AND k.as_of <= today AND k.score IS NOT NULL), '{}')
    FROM @crm@.member_segment AS s JOIN @crm@._profiled_members AS f ON f.member_id = s.member_id
    WHERE s.member_id = member_id AND s.as_of <= today ORDER BY s.as_of DESC LIMIT 1);
END
$$;
COMMENT ON FUNCTION @crm@._part_behaviour__segment(bigint, timestamptz) IS 'part of member_360: the RFM segment and octant that held on the local day of as_of as the refreshes found them, and the score where the last refresh was by then; not for those who opted out of profiling';

CREATE OR REPLACE FUNCTION @crm@._part_environment(member_id bigint, as_of timestamptz) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
  RETURN (SELECT jsonb_strip_nulls(jsonb_build_object(
      'home_store_id', m.home_store_id, 'home_store', s.name, 'store_region', s.region, 'acquired_by', m.acquired_by,
      'contacts', (SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('kind', c.kind, 'value', c.value, 'label', c.label, 'preferred', c.preferred, 'verified_at', c.verified_at))
                                    ORDER BY c.kind DESC, c.preferred DESC, c.id) FROM @crm@.member_contact AS c WHERE c.member_id = m.id),
      'channels', (SELECT jsonb_object_agg(x.channel, x.times) FROM (SELECT k.channel, count(*) AS times FROM
                     (SELECT q.channel FROM @crm@.sale AS q WHERE q.member_id = member_id AND q.occurred_at <= as_of ORDER BY q.occurred_at DESC LIMIT 100) AS k
                   WHERE k.channel IS NOT NULL GROUP BY k.channel) AS x)))
    FROM @crm@.member AS m LEFT JOIN @crm@.store AS s ON s.id = m.home_store_id WHERE m.id = member_id);
END
$$;
COMMENT ON FUNCTION @crm@._part_environment(bigint, timestamptz) IS 'part of member_360: home store, acquisition, contacts, channels of the latest hundred sales';

CREATE OR REPLACE FUNCTION @crm@._part_social(member_id bigint, as_of timestamptz) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
  RETURN (SELECT jsonb_strip_nulls(jsonb_build_object(
      'referrer_id', m.referrer_id, 'brought', (SELECT count(*) FROM @crm@.member AS b WHERE b.referrer_id = m.id AND b.joined_at <= as_of AND b.merged_into_id IS NULL),
      'household', (SELECT jsonb_agg(DISTINCT h.member_id) FROM @crm@.household_member AS o JOIN @crm@.household_member AS h ON h.household_id = o.household_id
                    WHERE o.member_id = m.id AND o.joined_at <= as_of AND coalesce(o.left_at > as_of, true)
                      AND h.member_id <> m.id AND h.joined_at <= as_of AND coalesce(h.left_at > as_of, true)
                      AND @crm@._member_visible(h.member_id, '{clerk,app,manager}')),
      'identities', (SELECT jsonb_agg(DISTINCT i.provider) FROM @crm@.member_identity AS i WHERE i.member_id = m.id),
      'merged', (SELECT jsonb_agg(g.id ORDER BY g.id) FROM @crm@.member AS g WHERE g.merged_into_id = m.id)))
    FROM @crm@.member AS m WHERE m.id = member_id);
END
$$;
COMMENT ON FUNCTION @crm@._part_social(bigint, timestamptz) IS 'part of member_360: who brought the member, whom the member brought, household, where identities are known';

CREATE OR REPLACE FUNCTION @crm@._part_tier(member_id bigint, as_of timestamptz) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN (SELECT jsonb_strip_nulls(jsonb_build_object('code', t.code, 'name', t.name, 'rank', t.rank, 'valid_from', t.valid_from, 'valid_to', t.valid_to, 'reason', t.reason))
    FROM @crm@._tier_at(member_id, 1, as_of, 'infinity') AS t);
END
$$;
COMMENT ON FUNCTION @crm@._part_tier(bigint, timestamptz) IS 'part of member_360: the tier at as_of on the first ladder';

-- Where nothing happened after as_of, what is left in the lots now is what was left then: a member with thousands of lots is not added up from its events.
CREATE OR REPLACE FUNCTION @crm@._part_balances(member_id bigint, as_of timestamptz) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
  IF as_of >= statement_timestamp() AND @crm@._inactivity_months() IS NULL
     AND NOT EXISTS (SELECT FROM @crm@.ledger_event AS e WHERE e.member_id = member_id AND e.occurred_at > as_of) THEN
    RETURN (SELECT jsonb_object_agg(b.code, jsonb_build_object(
        'available', round(CASE WHEN b.has_lots THEN greatest(b.usable - (b.held - b.moved), 0) ELSE b.moved END / 10::numeric ^ b.decimals, b.decimals),
        'balance', round(CASE WHEN b.has_lots THEN b.living - (b.held - b.moved) ELSE b.moved END / 10::numeric ^ b.decimals, b.decimals),
        'pending', round((b.living - b.usable) / 10::numeric ^ b.decimals, b.decimals),
        'arrears', round(CASE WHEN b.has_lots THEN b.held - b.moved ELSE 0 END / 10::numeric ^ b.decimals, b.decimals)))
      FROM (SELECT t.code, t.decimals, t.has_lots, coalesce(a.balance, 0) AS moved, l.held, l.living, l.usable
            FROM @crm@.account AS a JOIN @crm@.asset AS t ON t.id = a.asset_id CROSS JOIN LATERAL (
              SELECT coalesce(sum(k.left_units), 0) AS held, coalesce(sum(k.left_units) FILTER (WHERE k.expires_at > as_of), 0) AS living,
                     coalesce(sum(k.left_units) FILTER (WHERE k.expires_at > as_of AND k.available_from <= as_of), 0) AS usable
              FROM @crm@.lot AS k WHERE k.account_id = a.id AND k.left_units > 0) AS l
            WHERE a.member_id = member_id) AS b);
  END IF;
  RETURN (SELECT jsonb_object_agg(t.code, jsonb_build_object('available', round(b.available / 10::numeric ^ t.decimals, t.decimals), 'balance', round(b.balance / 10::numeric ^ t.decimals, t.decimals),
                                                             'pending', round(b.pending / 10::numeric ^ t.decimals, t.decimals), 'arrears', round(b.arrears / 10::numeric ^ t.decimals, t.decimals)))
    FROM @crm@.account AS a JOIN @crm@.asset AS t ON t.id = a.asset_id
         CROSS JOIN LATERAL @crm@._balance(member_id, t.id, as_of, 'infinity') AS b
    WHERE a.member_id = member_id);
END
$$;
COMMENT ON FUNCTION @crm@._part_balances(bigint, timestamptz) IS 'part of member_360: what the member has of each asset at as_of, in points or money';

CREATE OR REPLACE FUNCTION @crm@._part_cards(member_id bigint, as_of timestamptz) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
  RETURN (SELECT jsonb_object_agg(c.number, jsonb_build_object('type', t.code, 'kind', t.kind, 'issued_at', c.issued_at,
                 'state', (SELECT e.state FROM @crm@.member_card_event AS e WHERE e.card_id = c.id AND e.occurred_at <= as_of ORDER BY e.id DESC LIMIT 1)))
    FROM @crm@.member_card AS c JOIN @crm@.card_type AS t ON t.id = c.type_id
    WHERE c.member_id = member_id AND c.issued_at <= as_of);
END
$$;
COMMENT ON FUNCTION @crm@._part_cards(bigint, timestamptz) IS 'part of member_360: the cards by number, with their state at as_of';

-- The parts are found in the catalog and asked by one statement.
CREATE OR REPLACE FUNCTION @crm@._member_360(member_id bigint, as_of timestamptz) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET timezone = @time_zone@
SET datestyle = 'ISO, YMD'
SET jit = off
AS $$
DECLARE
  question text;
  answer jsonb;
BEGIN
  SELECT 'SELECT jsonb_build_object(' || string_agg(format('%L, %s', q.key, q.parts), ', ' ORDER BY q.key) || ')' INTO STRICT question
  FROM (SELECT substring(p.proname FROM '^_part_([a-z0-9]+(?:_[a-z0-9]+)*)') AS key,
               string_agg(format('coalesce(@crm@.%I($1, $2), ''{}'')', p.proname), ' || ' ORDER BY p.proname) AS parts
        FROM pg_proc AS p
        WHERE p.proname >= '_part_' AND p.proname < '_part`' AND p.pronamespace = '@crm@'::regnamespace
          AND p.proargtypes = ARRAY['bigint'::regtype::oid, 'timestamptz'::regtype::oid]::oidvector AND p.prorettype = 'jsonb'::regtype
        GROUP BY 1) AS q;
  EXECUTE question INTO STRICT answer USING member_id, as_of;
  RETURN jsonb_build_object('member_id', member_id, 'as_of', as_of) || answer;
END
$$;
COMMENT ON FUNCTION @crm@._member_360(bigint, timestamptz) IS 'what member_360 answers once the caller is known to be allowed';

CREATE OR REPLACE FUNCTION @crm@.member_360(member_id bigint, as_of timestamptz DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  whose bigint;
BEGIN
  PERFORM @crm@._require_member(member_id, '{clerk,app,manager}');
  whose := @crm@._member_id(member_id);
  PERFORM @crm@._require_member(whose, '{clerk,app,manager}');
  PERFORM @crm@._audit_read('member_360', ARRAY[whose]);
  RETURN @crm@._member_360(whose, coalesce(as_of, clock_timestamp()));
END
$$;
COMMENT ON FUNCTION @crm@.member_360(bigint, timestamptz) IS 'everything about a member at an instant (default now): demographics, transactions, behaviour, environment, social, tier, balances, cards, and what other modules add (functions _part_...); a member that was merged away answers with the one that was kept. Personal data are those of today. Noted in the audit log. Levels clerk, app, manager. Errors: CR004, 42501';

CREATE OR REPLACE FUNCTION @crm@.caller_lookup(phone text)
RETURNS TABLE (member_id bigint, member_no text, full_name text, tier text, points bigint, last_day date, open_interactions bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  wanted text := @crm@._contact_key('phone', caller_lookup.phone);
  stores bigint[] := @crm@._member_stores('{clerk,app,manager}');
  found bigint[];
  now_at timestamptz := clock_timestamp();
BEGIN
  SELECT array_agg(c.member_id ORDER BY c.is_key DESC, c.preferred DESC, c.member_id) INTO found
  FROM @crm@.member_contact AS c JOIN @crm@.member AS m ON m.id = c.member_id
  WHERE c.key = wanted AND c.kind = 'phone' AND m.closed_at IS NULL AND (stores IS NULL OR m.home_store_id = ANY (stores));
  IF found IS NULL THEN
    RETURN;
  END IF;
  PERFORM @crm@._audit_read('caller_lookup', found);
  RETURN QUERY SELECT m.id, m.member_no, p.full_name, (SELECT t.name FROM @crm@._tier_at(m.id, 1, now_at, 'infinity') AS t),
      (SELECT b.available FROM @crm@._balance(m.id, 1::smallint, now_at, 'infinity') AS b),
      (SELECT crm_member.last_day(h.history) FROM @crm@.member_history AS h WHERE h.member_id = m.id),
      (SELECT count(*) FROM @crm@.interaction AS i WHERE i.member_id = ANY (@crm@._member_group(m.id)) AND i.kind IN ('enquiry', 'complaint')
         AND coalesce((SELECT s.state FROM @crm@.interaction_step AS s WHERE s.interaction_id = i.id ORDER BY s.occurred_at DESC, s.step_no DESC LIMIT 1), 'open') IN ('open', 'reopened'))
    FROM unnest(found) WITH ORDINALITY AS f(id, place) JOIN @crm@.member AS m ON m.id = f.id LEFT JOIN @crm@.member_pii AS p ON p.member_id = m.id
    ORDER BY f.place;
END
$$;
COMMENT ON FUNCTION @crm@.caller_lookup(text) IS 'who is calling: the open members with this phone, the one for whom it stands first, with tier, points and what is open; no row for a phone of nobody, of a member of other stores, or that is none. Noted in the audit log. Levels clerk, app, manager';

-- The part of members in the privilege model (_privileges).
CREATE OR REPLACE FUNCTION @crm@._member_privileges() RETURNS TABLE (level text, kind text, object text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 100
SET search_path = pg_catalog, pg_temp
AS $$
SELECT l.level, 'f', f.object
FROM unnest('{clerk,app,manager}'::text[]) AS l(level),
     unnest('{member_update,member_contact_set,member_contact_remove,member_contacts,member_referral,member_attributes,attribute_members,member_tag_set,tag_members,household_join,household_leave,household_members,card_issue,card_change,card_lookup,card_history,lead_add,lead_update,lead_convert,member_merge_explain,interaction_add,interaction_follow,interactions,member_search,member_360,caller_lookup}'::text[]) AS f(object)
UNION ALL SELECT l.level, 'f', f.object
FROM unnest('{app,manager}'::text[]) AS l(level),
     unnest('{member_close,member_identity_link,member_identity_unlink,identity_lookup,footprint_add,footprints}'::text[]) AS f(object)
UNION ALL SELECT 'manager', 'f', f.object FROM unnest('{member_twins,member_twin_dismiss,member_merge,attribute_define}'::text[]) AS f(object)
UNION ALL SELECT 'auditor', 'f', f.object FROM unnest('{card_history,member_merge_explain}'::text[]) AS f(object)
UNION ALL SELECT 'auditor', 'r', r.object
FROM unnest('{member_twin,member_merging,card_type,member_card,member_card_event,attribute,tag,member_tag,household,household_member,interaction,interaction_step,footprint}'::text[]) AS r(object)
$$;
COMMENT ON FUNCTION @crm@._member_privileges() IS 'which level may call which door of members and read which of their tables without personal data';
