-- sql/crm/92_secret.sql
-- Secrets: personal data kept encrypted with a key that the database does not have.
--
-- The key comes with the session (setting crm_member.key, sent as a connection
-- option, so that no statement holds it) and is stored nowhere; pgcrypto does
-- the work. Each member has a salt: the key that encrypts is HMAC(key, salt), so
-- deleting the salt ends what erasure may have missed, and equal values of two
-- members look different. A value can be shown, or compared by its keyed hash.
-- A superuser, or who reads the server's memory, can see the key.

--@ layout 1
CREATE TABLE @crm@.member_salt (
  member_id bigint PRIMARY KEY REFERENCES @crm@.member,
  salt bytea NOT NULL CHECK (length(salt) = 32)
);
ALTER TABLE @crm@.member_salt ENABLE ROW LEVEL SECURITY;

CREATE TABLE @crm@.member_secret (
  member_id bigint NOT NULL REFERENCES @crm@.member,
  name text NOT NULL CHECK (name ~ '^[a-z][a-z0-9_.]{0,62}$'),
  cipher bytea NOT NULL,
  proof bytea NOT NULL,
  key_id text NOT NULL,
  salt_of bigint NOT NULL REFERENCES @crm@.member_salt,
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (member_id, name)
);
CREATE INDEX member_secret_key_id ON @crm@.member_secret (key_id, member_id);
CREATE INDEX member_secret_salt_of ON @crm@.member_secret (salt_of);
ALTER TABLE @crm@.member_secret ENABLE ROW LEVEL SECURITY;

--@ code
COMMENT ON TABLE @crm@.member_salt IS 'a random salt a member with secrets; deleting it makes the secrets unreadable';
COMMENT ON COLUMN @crm@.member_salt.salt IS 'personal: without it nothing of the member can be decrypted or compared';
COMMENT ON TABLE @crm@.member_secret IS 'encrypted personal data by name; names that begin with pii. belong to a column of member_pii, where a mask stands';
COMMENT ON COLUMN @crm@.member_secret.cipher IS 'personal: OpenPGP message (AES-256 with integrity check) under HMAC-SHA-256 of the key and the member''s salt';
COMMENT ON COLUMN @crm@.member_secret.proof IS 'personal: HMAC-SHA-256 of salt, name and value, for comparing without showing';
COMMENT ON COLUMN @crm@.member_secret.key_id IS 'none: which key it was, as the beginning of a hash of it';
COMMENT ON COLUMN @crm@.member_secret.salt_of IS 'whose salt it is: of the member, or of one merged into it, so that a merge needs no key';

CREATE OR REPLACE FUNCTION @crm@._key(setting text DEFAULT 'crm_member.key') RETURNS text
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  key text := current_setting(setting, true);
BEGIN
  IF key IS NULL OR length(key) < 32 THEN
    RAISE EXCEPTION 'this session has no key for secrets'
      USING ERRCODE = 'CR704',
            DETAIL = format('The setting %s is missing or shorter than 32 characters.', setting),
            HINT = 'Connect with options=''-c crm_member.key=...''; a key sent in a statement would stand in logs.';
  END IF;
  RETURN key;
END
$$;
COMMENT ON FUNCTION @crm@._key(text) IS 'the key that the session brought; CR704 when it brought none';

CREATE OR REPLACE FUNCTION @crm@._has_key() RETURNS boolean
LANGUAGE sql STABLE PARALLEL RESTRICTED
RETURN coalesce(length(current_setting('crm_member.key', true)) >= 32, false);
COMMENT ON FUNCTION @crm@._has_key() IS 'whether the session brought a key';

CREATE OR REPLACE FUNCTION @crm@._key_id(key text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN left(encode(sha256(convert_to('crm_member key id ' || key, 'UTF8')), 'hex'), 16);
COMMENT ON FUNCTION @crm@._key_id(text) IS 'names a key without showing it';

-- The functions must be those of the extension: a stranger's of the same name would be given the key.
CREATE OR REPLACE FUNCTION @crm@._pgcrypto() RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  place text;
BEGIN
  SELECT quote_ident(n.nspname) INTO place
  FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
       JOIN pg_proc AS p ON p.pronamespace = n.oid AND p.proname = 'pgp_sym_encrypt_bytea' AND p.pronargs = 3
       JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
  WHERE e.extname = 'pgcrypto';
  IF place IS NULL THEN
    RAISE EXCEPTION 'secrets need the extension pgcrypto' USING ERRCODE = 'feature_not_supported', HINT = 'CREATE EXTENSION pgcrypto makes it.';
  END IF;
  RETURN place;
END
$$;
COMMENT ON FUNCTION @crm@._pgcrypto() IS 'the schema of pgcrypto, whose functions do the encrypting; 0A000 when it is not installed';

CREATE OR REPLACE FUNCTION @crm@._secret_write(member_id bigint, name text, value text, key text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  place text := @crm@._pgcrypto();
  own bytea;
  cipher bytea;
  proof bytea;
BEGIN
  INSERT INTO @crm@.member_salt AS s (member_id, salt) VALUES (member_id, uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
    ON CONFLICT DO NOTHING;
  SELECT s.salt INTO STRICT own FROM @crm@.member_salt AS s WHERE s.member_id = member_id;
  -- the key is random already: one round of salting suffices (s2k-mode 1)
  EXECUTE format('SELECT %1$s.pgp_sym_encrypt_bytea($1, encode(%1$s.hmac($2, $3, ''sha256''), ''hex''), ''cipher-algo=aes256, s2k-mode=1''), %1$s.hmac($2 || $4 || $1, $3, ''sha256'')', place)
    INTO cipher, proof USING convert_to(value, 'UTF8'), own, convert_to(key, 'UTF8'), convert_to(name, 'UTF8');
  INSERT INTO @crm@.member_secret AS s (member_id, name, cipher, proof, key_id, salt_of) VALUES (member_id, name, cipher, proof, @crm@._key_id(key), member_id)
    ON CONFLICT ON CONSTRAINT member_secret_pkey DO UPDATE
      SET cipher = excluded.cipher, proof = excluded.proof, key_id = excluded.key_id, salt_of = excluded.salt_of, changed_at = clock_timestamp();
END
$$;
COMMENT ON FUNCTION @crm@._secret_write(bigint, text, text, text) IS 'encrypts a value of a member and keeps it under a name';

CREATE OR REPLACE FUNCTION @crm@._secret_read(member_id bigint, name text, key text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  s record;
  plain bytea;
BEGIN
  SELECT k.cipher, k.key_id, t.salt INTO s FROM @crm@.member_secret AS k JOIN @crm@.member_salt AS t ON t.member_id = k.salt_of
  WHERE k.member_id = member_id AND k.name = name;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  IF s.key_id <> @crm@._key_id(key) THEN
    RAISE EXCEPTION 'the key of this session is not the one that encrypted' USING ERRCODE = 'CR705',
      DETAIL = format('It was key %s, this is %s.', s.key_id, @crm@._key_id(key)), HINT = 'Use that key, or finish secret_rotate.';
  END IF;
  EXECUTE format('SELECT %1$s.pgp_sym_decrypt_bytea($1, encode(%1$s.hmac($2, $3, ''sha256''), ''hex''))', @crm@._pgcrypto())
    INTO plain USING s.cipher, s.salt, convert_to(key, 'UTF8');
  RETURN convert_from(plain, 'UTF8');
END
$$;
COMMENT ON FUNCTION @crm@._secret_read(bigint, text, text) IS 'decrypts a value of a member, NULL when there is none of the name; CR705 when another key encrypted it';

CREATE OR REPLACE FUNCTION @crm@._secret_move(keep_id bigint, gone_id bigint) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DELETE FROM @crm@.member_secret AS s WHERE s.member_id = gone_id AND EXISTS (SELECT FROM @crm@.member_secret AS k WHERE k.member_id = keep_id AND k.name = s.name);
UPDATE @crm@.member_secret AS s SET member_id = keep_id WHERE s.member_id = gone_id;
$$;
COMMENT ON FUNCTION @crm@._secret_move(bigint, bigint) IS 'member_merge: secrets of a member go to another, as they are, but those of a name that the other has';

CREATE OR REPLACE FUNCTION @crm@.secret_set(request_id text, member_id bigint, name text, value text, dry_run boolean DEFAULT false) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  answer jsonb;
  key text;
BEGIN
  member_id := @crm@._require_for(member_id, '{clerk,app,manager}');
  key := @crm@._key();
  IF name IS NULL OR name !~ '^[a-z][a-z0-9_]{0,57}$' OR length(value) > 10000 THEN
    RAISE EXCEPTION 'a secret has a name of small letters, digits and _, and a value of at most 10000 characters' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM FROM @crm@.member AS m WHERE m.id = member_id FOR NO KEY UPDATE;
  IF EXISTS (SELECT FROM @crm@.erasure AS e WHERE e.member_id = member_id) THEN
    RAISE EXCEPTION 'the member was erased' USING ERRCODE = 'CR703', DETAIL = format('It is member %s.', member_id),
      HINT = 'Register the person anew if they come back.';
  END IF;
  BEGIN
    -- the key is in what the request's digest covers, which so tells nothing to who has not got it
    answer := @crm@._request_begin(request_id, 'secret_set', jsonb_build_array(member_id, name, value, key));
    IF answer IS NULL THEN
      IF value IS NULL THEN
        DELETE FROM @crm@.member_secret AS s WHERE s.member_id = member_id AND s.name = name;
      ELSE
        PERFORM @crm@._secret_write(member_id, name, value, key);
      END IF;
      PERFORM @crm@._audit('secret_set', member_id => member_id, subject => 'secret ' || name, detail => jsonb_build_object('kept', value IS NOT NULL));
      answer := jsonb_build_object('member_id', member_id, 'kept', value IS NOT NULL);
      PERFORM @crm@._request_end(request_id, answer);
    END IF;
    IF dry_run THEN
      RAISE EXCEPTION 'dry run' USING ERRCODE = 'CRDRY';
    END IF;
  EXCEPTION WHEN SQLSTATE 'CRDRY' THEN
    NULL;
  END;
  RETURN (answer ->> 'kept')::boolean;
END
$$;
COMMENT ON FUNCTION @crm@.secret_set(text, bigint, text, text, boolean) IS 'keeps a value of a member encrypted under a name of the shop''s choice, such as id_no, with the key of the session; NULL deletes it. Answers whether one is kept. Levels clerk, app, manager of the member''s store. Errors: CR002, CR004, CR703 erased, CR704 no key in the session, 0A000 no pgcrypto, 22023 bad name, 42501';

CREATE OR REPLACE FUNCTION @crm@.secret_show(member_id bigint, name text, reason text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
  member_id := @crm@._require_for(member_id, '{app,manager}');
  IF reason IS NULL OR btrim(reason) = '' THEN
    RAISE EXCEPTION 'a reason must be given for reading personal data' USING ERRCODE = 'null_value_not_allowed';
  END IF;
  PERFORM @crm@._audit_read('secret_show ' || name, ARRAY[member_id], reason);
  RETURN @crm@._secret_read(member_id, name, @crm@._key());
END
$$;
COMMENT ON FUNCTION @crm@.secret_show(bigint, text, text) IS 'decrypts a secret of a member, for a reason that stands in the audit log; NULL when there is none of the name. Levels app, manager of the member''s store. Errors: CR004, CR704 no key in the session, CR705 another key, 0A000 no pgcrypto, 22004 no reason, 42501';

CREATE OR REPLACE FUNCTION @crm@.secret_matches(member_id bigint, name text, value text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  key text;
  s record;
  given bytea;
BEGIN
  member_id := @crm@._require_for(member_id, '{clerk,app,manager}');
  key := @crm@._key();
  PERFORM @crm@._audit_read('secret_matches ' || name, ARRAY[member_id]);
  SELECT k.proof, k.key_id, t.salt INTO s FROM @crm@.member_secret AS k JOIN @crm@.member_salt AS t ON t.member_id = k.salt_of
  WHERE k.member_id = member_id AND k.name = name;
  IF NOT FOUND OR value IS NULL THEN
    RETURN NULL;
  END IF;
  IF s.key_id <> @crm@._key_id(key) THEN
    RAISE EXCEPTION 'the key of this session is not the one that encrypted' USING ERRCODE = 'CR705',
      DETAIL = format('It was key %s, this is %s.', s.key_id, @crm@._key_id(key)), HINT = 'Use that key, or finish secret_rotate.';
  END IF;
  EXECUTE format('SELECT %s.hmac($1 || $2 || $3, $4, ''sha256'')', @crm@._pgcrypto()) INTO given
    USING s.salt, convert_to(name, 'UTF8'), convert_to(value, 'UTF8'), convert_to(key, 'UTF8');
  RETURN given = s.proof;
END
$$;
COMMENT ON FUNCTION @crm@.secret_matches(bigint, text, text) IS 'whether a value is the secret of a member, by keyed hash, without showing it: for a clerk who asks for the last letters of an id; NULL when there is none. Each question stands in the audit log. Levels clerk, app, manager of the member''s store. Errors: CR004, CR704, CR705, 0A000, 42501';

-- The new key comes in a setting of its own; until the last batch is done both sessions' keys work on their part.
CREATE OR REPLACE FUNCTION @crm@.secret_rotate(batch integer DEFAULT 1000) RETURNS TABLE (rotated bigint, waiting bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  old_key text;
  new_key text;
  s record;
BEGIN
  PERFORM @crm@._require('{manager}');
  IF batch IS NULL OR batch < 1 THEN
    RAISE EXCEPTION 'a batch has 1 or more secrets' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  old_key := @crm@._key();
  new_key := @crm@._key('crm_member.new_key');
  rotated := 0;
  FOR s IN
    SELECT k.member_id, k.name FROM @crm@.member_secret AS k JOIN @crm@.member AS m ON m.id = k.member_id
    WHERE k.key_id = @crm@._key_id(old_key) AND old_key <> new_key
    ORDER BY k.member_id, k.name LIMIT batch FOR NO KEY UPDATE OF m
  LOOP
    PERFORM @crm@._secret_write(s.member_id, s.name, @crm@._secret_read(s.member_id, s.name, old_key), new_key);
    rotated := rotated + 1;
  END LOOP;
  SELECT count(*) INTO waiting FROM @crm@.member_secret AS k WHERE k.key_id = @crm@._key_id(old_key) AND old_key <> new_key;
  PERFORM @crm@._audit('secret_rotate', detail => jsonb_build_object('from', @crm@._key_id(old_key), 'to', @crm@._key_id(new_key), 'rotated', rotated, 'waiting', waiting));
  RETURN NEXT;
END
$$;
COMMENT ON FUNCTION @crm@.secret_rotate(integer) IS 'encrypts a batch of secrets anew, from the key in crm_member.key to that in crm_member.new_key, and answers how many were done and how many wait; call until none waits. Level manager of all stores. Errors: CR704 a key is missing, 0A000 no pgcrypto, 22023 bad batch, 42501';

-- Columns of member_pii that hold a mask; the value is a secret named pii.COLUMN.
CREATE OR REPLACE FUNCTION @crm@._pii_mask(col text, value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN col = 'full_name' THEN crm_member.mask_name(value) WHEN value IS NOT NULL THEN '***' END
$$;
COMMENT ON FUNCTION @crm@._pii_mask(text, text) IS 'what stands in a secret column';

CREATE OR REPLACE FUNCTION @crm@._pii_encrypt() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  col text;
  new_value text;
  old_value text;
BEGIN
  -- ON CONFLICT: nothing is written, or UPDATE comes here with the values as they were given
  IF TG_OP = 'INSERT' AND EXISTS (SELECT FROM @crm@.member_pii AS p WHERE p.member_id = NEW.member_id) THEN
    RETURN NEW;
  END IF;
  FOREACH col IN ARRAY TG_ARGV LOOP
    new_value := to_jsonb(NEW) ->> col;
    old_value := CASE WHEN TG_OP = 'UPDATE' THEN to_jsonb(OLD) ->> col END;
    IF new_value IS NULL THEN
      DELETE FROM @crm@.member_secret AS s WHERE s.member_id = NEW.member_id AND s.name = 'pii.' || col AND old_value IS NOT NULL;
    ELSIF new_value IS DISTINCT FROM old_value
          -- a mask comes with its secret by a merge, and where another session inserted the row meanwhile
          AND (TG_OP = 'INSERT' OR new_value IS DISTINCT FROM @crm@._pii_mask(col, @crm@._secret_read(NEW.member_id, 'pii.' || col, @crm@._key()))) THEN
      PERFORM @crm@._secret_write(NEW.member_id, 'pii.' || col, new_value, @crm@._key());
      NEW := jsonb_populate_record(NEW, jsonb_build_object(col, @crm@._pii_mask(col, new_value)));
    END IF;
  END LOOP;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION @crm@._pii_encrypt() IS 'trigger: keeps the columns named to it as secrets and leaves a mask in their place; CR704 when the session has no key';

CREATE OR REPLACE FUNCTION @crm@.secret_columns(columns text[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  col text;
  key text;
  r record;
  written bigint := 0;
  had text[] := ARRAY(SELECT jsonb_array_elements_text(@crm@._setting('secret_columns', '[]')::jsonb));
BEGIN
  FOREACH col IN ARRAY coalesce(columns, '{}') LOOP
    IF col IN ('phone', 'email') OR NOT EXISTS (SELECT FROM @crm@.column_classes AS k WHERE k.relation = 'member_pii' AND k.column_name = col AND k.data_type = 'text' AND k.class = 'personal')
       OR EXISTS (SELECT FROM pg_constraint AS c JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)
                  WHERE c.conrelid = (SELECT t.oid FROM pg_class AS t JOIN pg_namespace AS n ON n.oid = t.relnamespace WHERE n.nspname = @crm_name@ AND t.relname = 'member_pii')
                    AND c.contype = 'c' AND a.attname = col AND pg_get_constraintdef(c.oid) ~ '= ANY') THEN
      RAISE EXCEPTION 'this column cannot be a secret' USING ERRCODE = 'invalid_parameter_value', DETAIL = format('The column is "%s".', col),
        HINT = 'Personal text columns of member_pii can, but phone and email, by which members are found, and codes.';
    END IF;
  END LOOP;
  IF NOT coalesce(columns, '{}') @> had THEN
    RAISE EXCEPTION 'secret columns are not given up' USING ERRCODE = 'feature_not_supported',
      DETAIL = format('They are %s.', array_to_string(had, ', ')), HINT = 'Name them too.';
  END IF;
  IF coalesce(columns, '{}') = '{}' THEN
    RETURN 0;
  END IF;
  key := @crm@._key();
  LOCK TABLE @crm@.member_pii IN SHARE ROW EXCLUSIVE MODE;
  FOREACH col IN ARRAY columns LOOP
    CONTINUE WHEN col = ANY (had);
    FOR r IN EXECUTE format('SELECT p.member_id, p.%I AS value FROM @crm@.member_pii AS p WHERE p.%I IS NOT NULL ORDER BY p.member_id', col, col) LOOP
      PERFORM @crm@._secret_write(r.member_id, 'pii.' || col, r.value, key);
      EXECUTE format('UPDATE @crm@.member_pii AS p SET %I = $2 WHERE p.member_id = $1', col)
        USING r.member_id, @crm@._pii_mask(col, r.value);
      written := written + 1;
    END LOOP;
  END LOOP;
  EXECUTE format('CREATE OR REPLACE TRIGGER member_pii_05_encrypt BEFORE INSERT OR UPDATE ON @crm@.member_pii FOR EACH ROW EXECUTE FUNCTION @crm@._pii_encrypt(%s)',
                 (SELECT string_agg(quote_literal(c), ', ' ORDER BY c COLLATE "C") FROM unnest(columns) AS c));
  INSERT INTO @crm@.setting (key, value, meaning) VALUES ('secret_columns', to_jsonb(columns), 'columns of member_pii that are secrets; written by secret_columns()')
    ON CONFLICT ON CONSTRAINT setting_pkey DO UPDATE SET value = excluded.value;
  PERFORM @crm@._audit('secret_columns', detail => to_jsonb(columns));
  RETURN written;
END
$$;
COMMENT ON FUNCTION @crm@.secret_columns(text[]) IS 'from now on these columns of member_pii are secrets: the values there are encrypted, a mask stands in their place, and who writes needs the key; answers how many values were encrypted. For the owner; keeps writers of member_pii out meanwhile. What stood there before leaves the disk with VACUUM FULL. Errors: CR704 no key in the session, 0A000 no pgcrypto or a column left out that is secret already, 22023 a column that cannot be';

CREATE OR REPLACE FUNCTION @crm@._check_secret() RETURNS TABLE (check_name text, ok boolean, detail text)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
  col text;
  n bigint;
  wrong bigint;
BEGIN
  SELECT count(*) INTO wrong FROM @crm@.member_secret AS s WHERE NOT EXISTS (SELECT FROM @crm@.member_salt AS t WHERE t.member_id = s.salt_of);
  FOR col IN SELECT jsonb_array_elements_text(@crm@._setting('secret_columns', '[]')::jsonb) LOOP
    EXECUTE format('SELECT count(*) FROM @crm@.member_pii AS p WHERE p.%I IS NOT NULL AND NOT EXISTS (SELECT FROM @crm@.member_secret AS s WHERE s.member_id = p.member_id AND s.name = $1)', col)
      INTO n USING 'pii.' || col;
    wrong := wrong + n;
  END LOOP;
  RETURN QUERY SELECT 'secrets have their salt and masks their secret', wrong = 0, format('%s do not', wrong);
END
$$;
COMMENT ON FUNCTION @crm@._check_secret() IS 'check_crm: every secret has a salt, and every mask in a secret column a secret';
