-- sql/crm/31_identity_register.sql
-- Registering members, changing what is known of them, closing memberships.
--
-- A phone, an e-mail address or an identity leads to one open member. Where the
-- caller may see that member, registering again is refused or answered with it.
-- Where the caller may not (it belongs to another store), a new member is
-- registered, in the very way as if there were none, and the pair is noted in
-- member_twin for a manager: nobody learns by trying who is a member elsewhere.

--@ code
-- Ten letters and digits of 32 that are not taken for one another.
CREATE OR REPLACE FUNCTION @crm@._referral_code(member_id bigint) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  code text := (SELECT m.referral_code FROM @crm@.member AS m WHERE m.id = member_id);
BEGIN
  WHILE code IS NULL LOOP
    SELECT string_agg(substr('23456789abcdefghijkmnpqrstuvwxyz', get_byte(r.bytes, i) % 32 + 1, 1), '') INTO code
    FROM (SELECT uuid_send(gen_random_uuid()) AS bytes) AS r, unnest('{0,1,2,3,4,5,9,10,11,12}'::integer[]) AS i;
    BEGIN
      UPDATE @crm@.member AS m SET referral_code = code WHERE m.id = member_id;
    EXCEPTION WHEN unique_violation THEN
      code := NULL;
    END;
  END LOOP;
  RETURN code;
END
$$;
COMMENT ON FUNCTION @crm@._referral_code(bigint) IS 'the referral code of a member, made when first asked for';

-- The identities of a registration, one row each: those within an app and those across apps.
CREATE OR REPLACE FUNCTION @crm@._identities(identities jsonb) RETURNS TABLE (provider text, app text, external_id text)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE ROWS 2
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF identities IS NULL THEN
    RETURN;
  END IF;
  IF jsonb_typeof(identities) <> 'array' OR EXISTS (
    SELECT FROM jsonb_array_elements(identities) AS i
    WHERE jsonb_typeof(i) <> 'object' OR i ->> 'provider' IS NULL OR coalesce(i ->> 'external_id', i ->> 'union_id') IS NULL) THEN
    RAISE EXCEPTION 'identities must be an array of objects with provider and external_id'
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'For example: [{"provider": "wechat", "app": "wx1", "external_id": "o1", "union_id": "u1"}].';
  END IF;
  PERFORM @crm@._identity_check(i.provider, i.app, coalesce(i.external_id, i.union_id)), @crm@._identity_check(i.provider, i.app, coalesce(i.union_id, i.external_id))
    FROM jsonb_to_recordset(identities) AS i(provider text, app text, external_id text, union_id text);
  RETURN QUERY SELECT DISTINCT i.provider, x.app, x.id
    FROM jsonb_to_recordset(identities) AS i(provider text, app text, external_id text, union_id text)
         CROSS JOIN LATERAL (VALUES (coalesce(i.app, ''), i.external_id), ('', i.union_id)) AS x(app, id)
    WHERE x.id IS NOT NULL ORDER BY 1, 2, 3;
END
$$;
COMMENT ON FUNCTION @crm@._identities(jsonb) IS 'the identities given to member_register, one row each; 22023 when they are not in that form';

CREATE OR REPLACE FUNCTION @crm@._person_check(full_name text, email text, birth_day date, sex text, birth_calendar text, address text, region text, acquired_by text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF birth_day > @crm@.local_day(clock_timestamp()) THEN
    RAISE EXCEPTION 'the birthday lies in the future' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF birth_day < '1850-01-01' THEN
    RAISE EXCEPTION 'the birthday lies too far back' USING ERRCODE = 'invalid_parameter_value', HINT = 'Birthdays begin with 1850-01-01.';
  END IF;
  PERFORM @crm@._arg_text(full_name, 'a name', 200), @crm@._arg_text(email, 'an e-mail address', 500), @crm@._arg_text(address, 'an address', 500),
          @crm@._arg_text(region, 'a region', 100), @crm@._arg_text(acquired_by, 'the source of acquisition', 100);
  IF sex NOT IN ('female', 'male', 'other') THEN
    RAISE EXCEPTION 'unknown sex' USING ERRCODE = 'invalid_parameter_value', HINT = 'It is female, male, other or NULL.';
  END IF;
  IF birth_calendar NOT IN ('solar', 'lunar') THEN
    RAISE EXCEPTION 'unknown calendar of a birthday' USING ERRCODE = 'invalid_parameter_value', HINT = 'It is solar or lunar.';
  END IF;
  IF birth_calendar = 'lunar' AND birth_day NOT BETWEEN '1901-02-19' AND '2100-12-31' THEN
    RAISE EXCEPTION 'the birthday is outside of the lunar calendar''s table' USING ERRCODE = 'invalid_parameter_value', HINT = 'Keep it by the solar calendar.';
  END IF;
END
$$;
COMMENT ON FUNCTION @crm@._person_check(text, text, date, text, text, text, text, text) IS 'raises 22023 for a birthday that cannot be, a text that is too long, an unknown sex or calendar';

CREATE OR REPLACE FUNCTION @crm@._refuse_twin(member_id bigint, reason text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'a member with this % is registered', CASE reason WHEN 'email' THEN 'e-mail address' ELSE reason END
    USING ERRCODE = 'CR008',
          DETAIL = format('It is member %s.', member_id),
          HINT = 'Use that member, or merge the two after asking the person.';
END
$$;
COMMENT ON FUNCTION @crm@._refuse_twin(bigint, text) IS 'raises CR008: another member has this phone, e-mail address or identity';

CREATE OR REPLACE FUNCTION @crm@._member_register(request_id text, full_name text, phone text, email text, birth_day date, sex text,
  store_id bigint, region text, joined_at timestamptz, acquired_by text, referrer_id bigint, birth_calendar text, address text,
  identities jsonb, attributes jsonb, card_type text, referral_code text, on_duplicate text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  answer jsonb;
  made @crm@.member;
  levels text[] := '{clerk,app,manager}';
  phone_key text := @crm@._contact_key_or_error('phone', phone);
  email_key text := @crm@._contact_key_or_error('email', email);
  brought_by bigint := coalesce(@crm@._member_id(referrer_id), referrer_id);
  card text;
  known record;
  i record;
  holder bigint;
BEGIN
  answer := @crm@._request_begin(request_id, 'member_register',
    jsonb_build_array(full_name, phone_key, email, birth_day, sex, store_id, region, joined_at, acquired_by, referrer_id,
                      birth_calendar, address, identities, attributes, card_type, referral_code, on_duplicate));
  IF answer IS NOT NULL THEN
    RETURN answer;
  END IF;
  IF on_duplicate IS NULL OR on_duplicate NOT IN ('refuse', 'return') THEN
    RAISE EXCEPTION 'unknown on_duplicate' USING ERRCODE = 'invalid_parameter_value', HINT = 'It is refuse or return.';
  END IF;
  PERFORM @crm@._person_check(full_name, email, birth_day, sex, birth_calendar, address, region, acquired_by);
  PERFORM @crm@._finite(joined_at);
  IF joined_at < '1900-01-01' THEN
    RAISE EXCEPTION 'the joining lies too far back' USING ERRCODE = 'invalid_parameter_value', HINT = 'Memberships begin with 1900-01-01.';
  END IF;
  PERFORM @crm@._arg_store(store_id);
  -- one answer for a referrer whom the caller may not see and for none
  IF referrer_id IS NOT NULL AND NOT @crm@._member_visible(brought_by, levels) THEN
    RAISE EXCEPTION 'unknown referrer' USING ERRCODE = 'foreign_key_violation', HINT = 'The code of a member of another store is taken as referral_code.';
  END IF;
  IF referral_code IS NOT NULL THEN
    SELECT coalesce(m.merged_into_id, m.id) INTO brought_by FROM @crm@.member AS m WHERE m.referral_code = lower(btrim(referral_code));
    IF NOT FOUND THEN
      RAISE EXCEPTION 'unknown referral code' USING ERRCODE = 'CR604';
    END IF;
  END IF;

  SELECT k.reason, k.holder INTO known
  FROM (SELECT 1 AS place, 'phone' AS reason, @crm@._same_contact('phone', phone_key, levels) AS holder
        UNION ALL SELECT 2, 'email', @crm@._same_contact('email', email_key, levels)
        UNION ALL SELECT 3, 'identity', h.id FROM @crm@._identities(identities) AS x
          JOIN @crm@.member AS h ON h.id = @crm@._member_id(@crm@._same_identity(x.provider, x.app, x.external_id)) AND h.closed_at IS NULL) AS k
  WHERE k.holder IS NOT NULL AND @crm@._member_visible(k.holder, levels) ORDER BY k.place LIMIT 1;
  IF FOUND THEN
    IF on_duplicate = 'refuse' THEN
      PERFORM @crm@._refuse_twin(known.holder, known.reason);
    END IF;
    SELECT m.* INTO STRICT made FROM @crm@.member AS m WHERE m.id = known.holder;
    answer := jsonb_build_object('member_id', made.id, 'member_no', made.member_no, 'joined_at', made.joined_at, 'existed', true,
                                 'card_no', @crm@._first_card(made.id), 'referral_code', made.referral_code);
    PERFORM @crm@._request_end(request_id, answer);
    RETURN answer;
  END IF;

  made := @crm@._member_make(joined_at, store_id, region, acquired_by, brought_by);
  -- here two sessions with one phone meet: the second waits for the first and then finds its row
  FOR i IN SELECT c.kind, c.value, c.key FROM (VALUES ('phone', phone, phone_key), ('email', email, email_key)) AS c(kind, value, key) WHERE c.key IS NOT NULL LOOP
    holder := @crm@._contact_put(made.id, i.kind, btrim(i.value), i.key, true);
    IF holder <> made.id THEN
      IF @crm@._member_visible(holder, levels) THEN
        PERFORM @crm@._refuse_twin(holder, i.kind);
      END IF;
      PERFORM @crm@._twin_note(made.id, holder, i.kind);
    END IF;
  END LOOP;
  FOR i IN SELECT x.provider, x.app, x.external_id FROM @crm@._identities(identities) AS x LOOP
    holder := @crm@._identity_put(made.id, i.provider, i.app, i.external_id);
    IF holder <> made.id THEN
      IF @crm@._member_visible(holder, levels) THEN
        PERFORM @crm@._refuse_twin(holder, 'identity');
      END IF;
      PERFORM @crm@._twin_note(made.id, holder, 'identity');
    END IF;
  END LOOP;
  INSERT INTO @crm@.member_pii (member_id, full_name, phone, email, birth_day, birth_calendar, sex, address)
  VALUES (made.id, full_name, phone_key, email, birth_day, coalesce(birth_calendar, 'solar'), sex, address);
  PERFORM @crm@._attributes_set(made.id, attributes);
  card_type := coalesce(card_type, @crm@._setting('first_card_type', 'member'));
  IF card_type <> '' THEN
    card := @crm@._card_issue(made.id, card_type, NULL, NULL, store_id, made.joined_at, true);
  END IF;
  INSERT INTO @crm@.outbox (topic, member_id, body)
  SELECT 'member.welcome', made.id, jsonb_build_object('member_no', made.member_no, 'card_no', card)
  UNION ALL
  SELECT 'member.referred', brought_by, jsonb_build_object('referred_id', made.id) WHERE brought_by IS NOT NULL;
  answer := jsonb_build_object('member_id', made.id, 'member_no', made.member_no, 'joined_at', made.joined_at, 'existed', false,
                               'card_no', card, 'referral_code', @crm@._referral_code(made.id));
  PERFORM @crm@._request_end(request_id, answer);
  RETURN answer;
END
$$;
COMMENT ON FUNCTION @crm@._member_register(text, text, text, text, date, text, bigint, text, timestamptz, text, bigint, text, text, jsonb, jsonb, text, text, text) IS 'what member_register does once the caller is known to be allowed';

CREATE OR REPLACE FUNCTION @crm@.member_register(request_id text, full_name text DEFAULT NULL, phone text DEFAULT NULL, email text DEFAULT NULL,
  birth_day date DEFAULT NULL, sex text DEFAULT NULL, store_id bigint DEFAULT NULL, region text DEFAULT NULL,
  joined_at timestamptz DEFAULT NULL, acquired_by text DEFAULT NULL, referrer_id bigint DEFAULT NULL, dry_run boolean DEFAULT false,
  birth_calendar text DEFAULT 'solar', address text DEFAULT NULL, identities jsonb DEFAULT NULL, attributes jsonb DEFAULT NULL,
  card_type text DEFAULT NULL, referral_code text DEFAULT NULL, on_duplicate text DEFAULT 'refuse')
RETURNS TABLE (member_id bigint, member_no text, member_since timestamptz, card_no text, own_referral_code text, existed boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  answer jsonb;
BEGIN
  PERFORM @crm@._require('{clerk,app,manager}', store_id);
  BEGIN
    answer := @crm@._member_register(request_id, NULLIF(btrim(full_name), ''), NULLIF(btrim(phone), ''), NULLIF(btrim(email), ''), birth_day, sex,
      store_id, NULLIF(btrim(region), ''), joined_at, NULLIF(btrim(acquired_by), ''), referrer_id, birth_calendar, NULLIF(btrim(address), ''),
      identities, attributes, card_type, referral_code, on_duplicate);
    IF dry_run THEN
      RAISE EXCEPTION 'dry run' USING ERRCODE = 'CRDRY';
    END IF;
  EXCEPTION WHEN SQLSTATE 'CRDRY' THEN
    NULL;
  END;
  RETURN QUERY SELECT x.member_id, x.member_no, x.joined_at, x.card_no, x.referral_code, coalesce(x.existed, false)
    FROM jsonb_to_record(answer) AS x(member_id bigint, member_no text, joined_at timestamptz, card_no text, referral_code text, existed boolean);
END
$$;
COMMENT ON FUNCTION @crm@.member_register(text, text, text, text, date, text, bigint, text, timestamptz, text, bigint, boolean, text, text, jsonb, jsonb, text, text, text) IS 'registers a member at a store, with a first card (card_type, default the setting first_card_type; '''' for none), identities [{"provider", "app", "external_id", "union_id"}] and attributes {"code": value}, and a notice member.welcome in the outbox; answers with id, number, card and referral code. A phone, e-mail address or identity of an open member is refused, or, with on_duplicate => return, answered with that member (existed); one of a member whom the caller may not see makes no difference and is noted in member_twins. A repeat of the request gets the first answer; dry_run answers and writes nothing. Levels clerk, app, manager. Errors: CR002 request id used for something else, CR008 registered already, CR601 not a phone or e-mail address, CR602 no such card type, CR604 unknown referral code, CR605 attribute, 42501 not allowed, 23503 unknown store or referrer';

CREATE OR REPLACE FUNCTION @crm@._member_update(request_id text, member_id bigint, full_name text, phone text, email text, birth_day date,
  birth_calendar text, sex text, address text, region text, store_id bigint, acquired_by text, photo_uri text, photo_hash bytea,
  attributes jsonb, clear text[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  answer jsonb;
  old_member @crm@.member;
  new_member @crm@.member;
  old_pii @crm@.member_pii;
  new_pii @crm@.member_pii;
  levels text[] := '{clerk,app,manager}';
  phone_key text := @crm@._contact_key_or_error('phone', phone);
  email_key text := @crm@._contact_key_or_error('email', email);
  attributes_changed boolean;
  holder bigint;
  seen bigint;
  i record;
BEGIN
  old_member := @crm@._member_lock(member_id, request_id);
  answer := @crm@._request_begin(request_id, 'member_update',
    jsonb_build_array(member_id, full_name, phone_key, email, birth_day, birth_calendar, sex, address, region, store_id, acquired_by,
                      photo_uri, encode(photo_hash, 'hex'), attributes, to_jsonb(clear)));
  IF answer IS NOT NULL THEN
    RETURN answer;
  END IF;
  IF NOT coalesce(clear, '{}') <@ '{full_name,phone,email,birth_day,sex,address,region,acquired_by,photo}' THEN
    RAISE EXCEPTION 'unknown column to clear'
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Columns are full_name, phone, email, birth_day, sex, address, region, acquired_by and photo.';
  END IF;
  PERFORM @crm@._person_check(full_name, email, birth_day, sex, birth_calendar, address, region, acquired_by), @crm@._arg_text(photo_uri, 'the address of a photo', 2000);
  PERFORM @crm@._arg_store(store_id);
  IF length(photo_hash) <> 32 THEN
    RAISE EXCEPTION 'the hash of a photo is a SHA-256 of 32 bytes' USING ERRCODE = 'invalid_parameter_value';
  END IF;

  UPDATE @crm@.member AS m
  SET region = CASE WHEN 'region' = ANY (clear) THEN NULL ELSE coalesce(region, m.region) END,
      acquired_by = CASE WHEN 'acquired_by' = ANY (clear) THEN NULL ELSE coalesce(acquired_by, m.acquired_by) END,
      home_store_id = coalesce(store_id, m.home_store_id)
  WHERE m.id = member_id RETURNING m.* INTO new_member;

  -- a phone or e-mail address given here takes the place of the preferred one
  FOR i IN SELECT c.kind, c.value, c.key, d.key AS old_key
           FROM (VALUES ('phone', phone, phone_key), ('email', email, email_key)) AS c(kind, value, key)
                LEFT JOIN @crm@.member_contact AS d ON d.member_id = member_id AND d.kind = c.kind AND d.preferred
           WHERE c.key IS NOT NULL LOOP
    holder := @crm@._contact_put(member_id, i.kind, i.value, i.key, true);
    IF holder <> member_id THEN
      seen := @crm@._same_contact(i.kind, i.key, levels, but_id => member_id);
      IF seen IS NOT NULL THEN
        PERFORM @crm@._refuse_twin(seen, i.kind);
      END IF;
      PERFORM @crm@._twin_note(member_id, holder, i.kind);
    END IF;
    UPDATE @crm@.member_contact AS c SET value = i.value WHERE c.member_id = member_id AND c.kind = i.kind AND c.key = i.key AND c.value <> i.value;
    DELETE FROM @crm@.member_contact AS c WHERE c.member_id = member_id AND c.kind = i.kind AND c.key = i.old_key AND c.key <> i.key;
    UPDATE @crm@.member_contact AS c SET preferred = true WHERE c.member_id = member_id AND c.kind = i.kind AND c.key = i.key AND NOT c.preferred;
  END LOOP;

  INSERT INTO @crm@.member_pii AS p (member_id) VALUES (member_id) ON CONFLICT DO NOTHING;
  SELECT p.* INTO STRICT old_pii FROM @crm@.member_pii AS p WHERE p.member_id = member_id FOR NO KEY UPDATE;
  UPDATE @crm@.member_pii AS p
  SET full_name = CASE WHEN 'full_name' = ANY (clear) THEN NULL ELSE coalesce(full_name, p.full_name) END,
      phone = CASE WHEN 'phone' = ANY (clear) THEN NULL ELSE coalesce(phone_key, p.phone) END,
      email = CASE WHEN 'email' = ANY (clear) THEN NULL ELSE coalesce(email, p.email) END,
      birth_day = CASE WHEN 'birth_day' = ANY (clear) THEN NULL ELSE coalesce(birth_day, p.birth_day) END,
      birth_calendar = coalesce(birth_calendar, p.birth_calendar),
      sex = CASE WHEN 'sex' = ANY (clear) THEN NULL ELSE coalesce(sex, p.sex) END,
      address = CASE WHEN 'address' = ANY (clear) THEN NULL ELSE coalesce(address, p.address) END,
      photo_uri = CASE WHEN 'photo' = ANY (clear) THEN NULL ELSE coalesce(photo_uri, p.photo_uri) END,
      photo_hash = CASE WHEN 'photo' = ANY (clear) THEN NULL ELSE coalesce(photo_hash, CASE WHEN photo_uri IS NULL THEN p.photo_hash END) END,
      changed_at = clock_timestamp()
  WHERE p.member_id = member_id RETURNING p.* INTO new_pii;
  -- a day and a calendar that were given apart
  PERFORM @crm@._person_check(NULL, NULL, new_pii.birth_day, NULL, new_pii.birth_calendar, NULL, NULL, NULL);
  attributes_changed := @crm@._attributes_set(member_id, attributes);

  SELECT jsonb_build_object('changed', coalesce(string_agg(x.key, ', ' ORDER BY x.key), '')) INTO answer
  FROM (SELECT n.key
        FROM jsonb_each(to_jsonb(new_member) || to_jsonb(new_pii)) AS n
             JOIN jsonb_each(to_jsonb(old_member) || to_jsonb(old_pii)) AS o ON o.key = n.key
        WHERE n.value <> o.value AND n.key <> 'changed_at'
        UNION ALL SELECT 'attributes' WHERE attributes_changed) AS x;
  PERFORM @crm@._audit('member_update', member_id => member_id, old_value => to_jsonb(old_member) || to_jsonb(old_pii),
                       new_value => to_jsonb(new_member) || to_jsonb(new_pii), detail => answer);
  PERFORM @crm@._request_end(request_id, answer);
  RETURN answer;
END
$$;
COMMENT ON FUNCTION @crm@._member_update(text, bigint, text, text, text, date, text, text, text, text, bigint, text, text, bytea, jsonb, text[]) IS 'what member_update does once the caller is known to be allowed';

CREATE OR REPLACE FUNCTION @crm@.member_update(member_id bigint, request_id text, full_name text DEFAULT NULL, phone text DEFAULT NULL,
  email text DEFAULT NULL, birth_day date DEFAULT NULL, birth_calendar text DEFAULT NULL, sex text DEFAULT NULL, address text DEFAULT NULL,
  region text DEFAULT NULL, store_id bigint DEFAULT NULL, acquired_by text DEFAULT NULL, photo_uri text DEFAULT NULL, photo_hash bytea DEFAULT NULL,
  attributes jsonb DEFAULT NULL, clear text[] DEFAULT NULL, dry_run boolean DEFAULT false)
RETURNS TABLE (updated_id bigint, changed text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  answer jsonb;
BEGIN
  PERFORM @crm@._require_member(member_id, '{clerk,app,manager}');
  IF store_id IS NOT NULL THEN
    PERFORM @crm@._require('{clerk,app,manager}', store_id);
  END IF;
  BEGIN
    answer := @crm@._member_update(request_id, member_id, NULLIF(btrim(full_name), ''), NULLIF(btrim(phone), ''), NULLIF(btrim(email), ''),
      birth_day, birth_calendar, sex, NULLIF(btrim(address), ''), NULLIF(btrim(region), ''), store_id, NULLIF(btrim(acquired_by), ''),
      NULLIF(btrim(photo_uri), ''), photo_hash, attributes, clear);
    IF dry_run THEN
      RAISE EXCEPTION 'dry run' USING ERRCODE = 'CRDRY';
    END IF;
  EXCEPTION WHEN SQLSTATE 'CRDRY' THEN
    NULL;
  END;
  RETURN QUERY SELECT member_id, answer ->> 'changed';
END
$$;
COMMENT ON FUNCTION @crm@.member_update(bigint, text, text, text, text, date, text, text, text, text, bigint, text, text, bytea, jsonb, text[], boolean) IS 'changes what is given and leaves what is NULL; clear names columns to empty. A phone or e-mail address takes the place of the preferred one; attributes are as in member_register, null takes one away. Answers with the names of the columns that changed. A repeat of the request gets the first answer; dry_run answers and writes nothing. Levels clerk, app, manager. Errors: CR002, CR004, CR008, CR601, CR603 member merged, CR605 attribute, 22023, 23503 unknown store, 42501';

CREATE OR REPLACE FUNCTION @crm@._member_close(request_id text, member_id bigint, closed_at timestamptz, reason text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  answer jsonb;
  m @crm@.member := @crm@._member_lock(member_id, request_id);
BEGIN
  answer := @crm@._request_begin(request_id, 'member_close', jsonb_build_array(member_id, closed_at, reason));
  IF answer IS NOT NULL THEN
    RETURN answer;
  END IF;
  PERFORM @crm@._finite(closed_at), @crm@._arg_text(reason, 'a reason', 500);
  IF closed_at < m.joined_at THEN
    RAISE EXCEPTION 'a membership cannot end before it began' USING ERRCODE = 'invalid_parameter_value', DETAIL = format('The member joined at %s.', m.joined_at);
  END IF;
  UPDATE @crm@.member AS k SET closed_at = coalesce(k.closed_at, closed_at, greatest(clock_timestamp(), k.joined_at)) WHERE k.id = member_id RETURNING k.* INTO m;
  -- the phone and the e-mail address may stand for somebody else now
  UPDATE @crm@.member_contact AS c SET is_key = false WHERE c.member_id = member_id AND c.is_key;
  PERFORM @crm@._audit('member_close', member_id => member_id, reason => reason, detail => jsonb_build_object('closed_at', m.closed_at));
  INSERT INTO @crm@.outbox (topic, member_id, body) VALUES ('member.closed', member_id, jsonb_build_object('closed_at', m.closed_at));
  answer := jsonb_build_object('closed_at', m.closed_at);
  PERFORM @crm@._request_end(request_id, answer);
  RETURN answer;
END
$$;
COMMENT ON FUNCTION @crm@._member_close(text, bigint, timestamptz, text) IS 'what member_close does once the caller is known to be allowed';

CREATE OR REPLACE FUNCTION @crm@.member_close(member_id bigint, request_id text, reason text DEFAULT NULL, closed_at timestamptz DEFAULT NULL, dry_run boolean DEFAULT false) RETURNS timestamptz
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  answer jsonb;
BEGIN
  PERFORM @crm@._require_member(member_id, '{app,manager}');
  BEGIN
    answer := @crm@._member_close(request_id, member_id, closed_at, reason);
    IF dry_run THEN
      RAISE EXCEPTION 'dry run' USING ERRCODE = 'CRDRY';
    END IF;
  EXCEPTION WHEN SQLSTATE 'CRDRY' THEN
    NULL;
  END;
  RETURN (answer ->> 'closed_at')::timestamptz;
END
$$;
COMMENT ON FUNCTION @crm@.member_close(bigint, text, text, timestamptz, boolean) IS 'ends a membership and answers since when it is closed (an earlier end stands); books and history stay, personal data until erasure; phone and e-mail address may be registered again. Levels app, manager. Errors: CR002, CR004, CR603, 22023 closed before joined or in the future, 42501';

CREATE OR REPLACE FUNCTION @crm@.member_referral(member_id bigint) RETURNS TABLE (code text, link text, brought bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  made text;
BEGIN
  PERFORM @crm@._require_member(member_id, '{clerk,app,manager}');
  member_id := @crm@._member_id(member_id);
  made := @crm@._referral_code(member_id);
  RETURN QUERY SELECT made, @crm@._setting('referral_url', NULL) || made,
                      (SELECT count(*) FROM @crm@.member AS m WHERE m.referrer_id = member_referral.member_id AND m.merged_into_id IS NULL);
END
$$;
COMMENT ON FUNCTION @crm@.member_referral(bigint) IS 'the code by which a member brings others, the link with it (setting referral_url and the code; NULL without that setting) and how many the member brought. Levels clerk, app, manager. Errors: CR004, 42501';
