-- sql/crm/36_search.sql
-- Finding members by what a clerk types: part of a name, pinyin, initials, digits of a phone, a card.
--
-- member_search has one row a member with a name: the folded name, its pinyin
-- and its initials, each found from its beginning by an index that also gives
-- the order, and tokens for what stands further inside. Rows are kept by
-- triggers on member_pii and go with it; rebuild_search makes them again.
-- The door runs with the owner's rights and looks in the stores of the caller
-- itself: a row policy would hide the indexes, since comparing texts is not
-- leakproof. So each key has an index over all stores and one by store, and
-- the store is a token too.

--@ layout 1
CREATE TABLE @crm@.member_search (
  member_id bigint PRIMARY KEY REFERENCES @crm@.member_pii ON DELETE CASCADE,
  store_id bigint,
  name text COLLATE "C" NOT NULL,
  pinyin text COLLATE "C" NOT NULL,
  initials text COLLATE "C" NOT NULL,
  tokens tsvector NOT NULL
);
CREATE INDEX member_search_name ON @crm@.member_search (name, member_id);
CREATE INDEX member_search_pinyin ON @crm@.member_search (pinyin, member_id);
CREATE INDEX member_search_initials ON @crm@.member_search (initials, member_id);
CREATE INDEX member_search_store_name ON @crm@.member_search (store_id, name, member_id) WHERE store_id IS NOT NULL;
CREATE INDEX member_search_store_pinyin ON @crm@.member_search (store_id, pinyin, member_id) WHERE store_id IS NOT NULL;
CREATE INDEX member_search_store_initials ON @crm@.member_search (store_id, initials, member_id) WHERE store_id IS NOT NULL;
CREATE INDEX member_search_tokens ON @crm@.member_search USING gin (tokens) WITH (gin_pending_list_limit = 1024);
CREATE INDEX member_contact_tail ON @crm@.member_contact (reverse(key) COLLATE "C", member_id) WHERE kind = 'phone';
ALTER TABLE @crm@.member_search ENABLE ROW LEVEL SECURITY;

--@ code
COMMENT ON TABLE @crm@.member_search IS 'search keys of names, derived from member_pii and gone with it; for finding, never for display';
COMMENT ON COLUMN @crm@.member_search.store_id IS 'home store of the member';
COMMENT ON COLUMN @crm@.member_search.name IS 'personal: the name in the form of name_fold';
COMMENT ON COLUMN @crm@.member_search.pinyin IS 'personal: pinyin in the reading as a surname, without blanks; other letters without accents';
COMMENT ON COLUMN @crm@.member_search.initials IS 'personal: initials of that reading';
COMMENT ON COLUMN @crm@.member_search.tokens IS 'personal: Han characters, words, pinyin from each syllable on in each reading, initials of the other readings, and the store';

CREATE OR REPLACE FUNCTION @crm@._search_key(full_name text, store_id bigint, OUT name text, OUT pinyin text, OUT initials text, OUT tokens tsvector)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  given text := left(full_name, 100);
  syllables text[] := string_to_array(crm_member.name_pinyin(given), ' ');
  readings text[] := string_to_array(crm_member.name_initials(given), ' ');
  words text[] := string_to_array(crm_member.name_key(given), ' ');
  width integer := cardinality(syllables) / greatest(cardinality(readings), 1);
BEGIN
  name := left(crm_member.name_fold(given), 200);
  pinyin := left(array_to_string(syllables[1:width], ''), 200);
  initials := left(coalesce(readings[1], ''), 100);
  words := words || readings[2:];
  IF store_id IS NOT NULL THEN
    words := words || ('store:' || store_id);
  END IF;
  IF width > 0 THEN
    FOR i IN 1 .. cardinality(syllables) LOOP
      words := words || left(array_to_string(syllables[i : ((i - 1) / width + 1) * width], ''), 100);
    END LOOP;
  END IF;
  tokens := array_to_tsvector(array_remove(array_remove(words, ''), NULL));
END
$$;
COMMENT ON FUNCTION @crm@._search_key(text, bigint) IS 'the search keys of a name: folded, pinyin and initials of its first reading, tokens of all readings';

CREATE OR REPLACE FUNCTION @crm@._search_fill() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    DELETE FROM @crm@.member_search AS s USING new_rows AS n WHERE s.member_id = n.member_id AND n.full_name IS NULL;
    INSERT INTO @crm@.member_search AS s (member_id, store_id, name, pinyin, initials, tokens)
    SELECT n.member_id, m.home_store_id, k.name, k.pinyin, k.initials, k.tokens
    FROM new_rows AS n JOIN old_rows AS o ON o.member_id = n.member_id JOIN @crm@.member AS m ON m.id = n.member_id
         CROSS JOIN LATERAL @crm@._search_key(n.full_name, m.home_store_id) AS k
    WHERE n.full_name IS NOT NULL AND n.full_name IS DISTINCT FROM o.full_name
    ON CONFLICT (member_id) DO UPDATE SET store_id = excluded.store_id, name = excluded.name, pinyin = excluded.pinyin, initials = excluded.initials, tokens = excluded.tokens;
  ELSE
    INSERT INTO @crm@.member_search AS s (member_id, store_id, name, pinyin, initials, tokens)
    SELECT n.member_id, m.home_store_id, k.name, k.pinyin, k.initials, k.tokens
    FROM new_rows AS n JOIN @crm@.member AS m ON m.id = n.member_id
         CROSS JOIN LATERAL @crm@._search_key(n.full_name, m.home_store_id) AS k
    WHERE n.full_name IS NOT NULL
    ON CONFLICT (member_id) DO UPDATE SET store_id = excluded.store_id, name = excluded.name, pinyin = excluded.pinyin, initials = excluded.initials, tokens = excluded.tokens;
  END IF;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION @crm@._search_fill() IS 'trigger: keeps the search keys equal to the names of member_pii';

CREATE OR REPLACE TRIGGER member_pii_20_search_insert AFTER INSERT ON @crm@.member_pii
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION @crm@._search_fill();
CREATE OR REPLACE TRIGGER member_pii_20_search_update AFTER UPDATE ON @crm@.member_pii
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION @crm@._search_fill();

CREATE OR REPLACE FUNCTION @crm@._search_store() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  UPDATE @crm@.member_search AS s
  SET store_id = NEW.home_store_id,
      tokens = coalesce(ts_delete(s.tokens, 'store:' || OLD.home_store_id), s.tokens) || CASE WHEN NEW.home_store_id IS NULL THEN '' ELSE array_to_tsvector(ARRAY['store:' || NEW.home_store_id]) END
  WHERE s.member_id = NEW.id;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION @crm@._search_store() IS 'trigger: search keys follow a member to another store';

CREATE OR REPLACE TRIGGER member_20_search AFTER UPDATE ON @crm@.member FOR EACH ROW
  WHEN (OLD.home_store_id IS DISTINCT FROM NEW.home_store_id) EXECUTE FUNCTION @crm@._search_store();

CREATE OR REPLACE FUNCTION @crm@.rebuild_search() RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
  written bigint;
BEGIN
  LOCK TABLE @crm@.member_pii IN SHARE ROW EXCLUSIVE MODE;
  DELETE FROM @crm@.member_search;
  INSERT INTO @crm@.member_search (member_id, store_id, name, pinyin, initials, tokens)
  SELECT p.member_id, m.home_store_id, k.name, k.pinyin, k.initials, k.tokens
  FROM @crm@.member_pii AS p JOIN @crm@.member AS m ON m.id = p.member_id CROSS JOIN LATERAL @crm@._search_key(p.full_name, m.home_store_id) AS k
  WHERE p.full_name IS NOT NULL;
  GET DIAGNOSTICS written = ROW_COUNT;
  RETURN written;
END
$$;
COMMENT ON FUNCTION @crm@.rebuild_search() IS 'makes the search keys of all names again and answers how many; for the owner, keeps writers of personal data out meanwhile';

-- Members whose key begins so, in the order of the key and the id. Every
-- branch is one range of one index that gives the order.
CREATE OR REPLACE FUNCTION @crm@._search_begins(key text, beginning text, stores bigint[], max_rows integer) RETURNS bigint[]
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET enable_bitmapscan = off
SET enable_sort = on
SET jit = off
AS $$
DECLARE
  first text COLLATE "C" := beginning;
  beyond text COLLATE "C" := beginning || U&'\+10FFFF';
BEGIN
  CASE key
    WHEN 'name' THEN
      IF stores IS NULL THEN
        RETURN ARRAY(SELECT s.member_id FROM @crm@.member_search AS s WHERE s.name >= first AND s.name < beyond ORDER BY s.name, s.member_id LIMIT max_rows);
      END IF;
      RETURN ARRAY(SELECT x.member_id FROM unnest(stores) AS t(id) CROSS JOIN LATERAL
        (SELECT s.member_id, s.name FROM @crm@.member_search AS s WHERE s.store_id = t.id AND s.name >= first AND s.name < beyond ORDER BY s.name, s.member_id LIMIT max_rows) AS x
        ORDER BY x.name, x.member_id LIMIT max_rows);
    WHEN 'pinyin' THEN
      IF stores IS NULL THEN
        RETURN ARRAY(SELECT s.member_id FROM @crm@.member_search AS s WHERE s.pinyin >= first AND s.pinyin < beyond ORDER BY s.pinyin, s.member_id LIMIT max_rows);
      END IF;
      RETURN ARRAY(SELECT x.member_id FROM unnest(stores) AS t(id) CROSS JOIN LATERAL
        (SELECT s.member_id, s.pinyin FROM @crm@.member_search AS s WHERE s.store_id = t.id AND s.pinyin >= first AND s.pinyin < beyond ORDER BY s.pinyin, s.member_id LIMIT max_rows) AS x
        ORDER BY x.pinyin, x.member_id LIMIT max_rows);
    WHEN 'initials' THEN
      IF stores IS NULL THEN
        RETURN ARRAY(SELECT s.member_id FROM @crm@.member_search AS s WHERE s.initials >= first AND s.initials < beyond ORDER BY s.initials, s.member_id LIMIT max_rows);
      END IF;
      RETURN ARRAY(SELECT x.member_id FROM unnest(stores) AS t(id) CROSS JOIN LATERAL
        (SELECT s.member_id, s.initials FROM @crm@.member_search AS s WHERE s.store_id = t.id AND s.initials >= first AND s.initials < beyond ORDER BY s.initials, s.member_id LIMIT max_rows) AS x
        ORDER BY x.initials, x.member_id LIMIT max_rows);
    WHEN 'phone' THEN
      RETURN ARRAY(SELECT c.member_id FROM @crm@.member_contact AS c JOIN @crm@.member AS m ON m.id = c.member_id
        WHERE c.kind = 'phone' AND reverse(c.key) COLLATE "C" >= first AND reverse(c.key) COLLATE "C" < beyond AND (stores IS NULL OR m.home_store_id = ANY (stores))
        ORDER BY reverse(c.key) COLLATE "C", c.member_id LIMIT max_rows);
  END CASE;
END
$$;
COMMENT ON FUNCTION @crm@._search_begins(text, text, bigint[], integer) IS 'ids of members whose name, pinyin, initials or reversed phone begins so, in the order of the key and the id, of these stores (NULL: all)';

-- Words as a query of tokens: Han characters as they are, others by their beginning.
CREATE OR REPLACE FUNCTION @crm@._search_wanted(words text[]) RETURNS tsquery
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT string_agg('''' || replace(replace(w, '\', '\\'), '''', '''''') || '''' || CASE WHEN w ~ '^[a-z]' THEN ':*' ELSE '' END, ' & ')::tsquery
FROM unnest(words) AS w WHERE w <> ''
$$;
COMMENT ON FUNCTION @crm@._search_wanted(text[]) IS 'words as a query of the tokens of names, NULL when there are none';

-- Over all stores the planner decides with the words at hand: what many names
-- have is found by walking the names, what few have by the tokens.
CREATE OR REPLACE FUNCTION @crm@._search_contains(wanted tsquery, max_rows integer) RETURNS bigint[]
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
SET enable_seqscan = off
SET jit = off
AS $$
BEGIN
  RETURN ARRAY(SELECT s.member_id FROM @crm@.member_search AS s WHERE s.tokens @@ wanted ORDER BY s.name, s.member_id LIMIT max_rows);
END
$$;
COMMENT ON FUNCTION @crm@._search_contains(tsquery, integer) IS 'ids of members whose name has all the words, in the order of the name and the id';

-- A store is a token too: what it shares with the words is found in the index alone.
CREATE OR REPLACE FUNCTION @crm@._search_contains_in(wanted tsquery, stores bigint[], max_rows integer) RETURNS bigint[]
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET enable_indexscan = off
SET enable_indexonlyscan = off
SET jit = off
AS $$
BEGIN
  RETURN ARRAY(SELECT x.member_id FROM unnest(stores) AS t(id) CROSS JOIN LATERAL
    (SELECT s.member_id, s.name FROM @crm@.member_search AS s WHERE s.tokens @@ (wanted && ('''store:' || t.id || '''')::tsquery) ORDER BY s.name, s.member_id LIMIT max_rows) AS x
    ORDER BY x.name, x.member_id LIMIT max_rows);
END
$$;
COMMENT ON FUNCTION @crm@._search_contains_in(tsquery, bigint[], integer) IS 'ids of members of these stores whose name has all the words, in the order of the name and the id';

-- Each step gives what the steps before did not, until there are enough rows.
CREATE OR REPLACE FUNCTION @crm@._search(query text, stores bigint[], max_rows integer, OUT ids bigint[], OUT hows text[])
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
  bare text := btrim(left(query, 200));
  folded text := crm_member.name_fold(bare);
  digits text := regexp_replace(folded, '[ ()+./-]', '', 'g');
  -- letters with accents too: names are spelled without
  latin boolean := folded ~ '^[a-z\u00DF-\u024F\u1E00-\u1EFF]';
  card text := upper(regexp_replace(folded, '[[:space:]-]', '', 'g'));
  keyed text;
  spelled text;
  wanted tsquery;
  step record;
  more bigint[];
BEGIN
  ids := '{}';
  hows := '{}';
  IF folded = '' THEN
    RETURN;
  END IF;
  keyed := replace(crm_member.name_key(bare), ' ', '');
  spelled := replace(crm_member.name_pinyin(bare), ' ', '');
  FOR step IN
    SELECT x.how, x.value
    FROM (VALUES (1, 'member number', CASE WHEN digits ~ '^[0-9]{1,20}$' THEN digits WHEN card ~ '[0-9]' THEN bare END),
                 (2, 'card', CASE WHEN card ~ '^[0-9A-Z]{4,40}$' AND card ~ '[0-9]' THEN card END),
                 (3, 'phone', CASE WHEN digits ~ '^[0-9]{3,20}$' THEN digits END),
                 (4, 'e-mail', CASE WHEN folded ~ '@' THEN crm_member.email_key(bare) END),
                 (5, 'name', CASE WHEN folded !~ '@' AND folded ~ '[^0-9]' THEN folded END),
                 -- as it is typed, then without what is no letter: otherwise a surname and a star would be looked for inside of all names
                 (6, 'name', CASE WHEN folded !~ '@' AND keyed ~ '[^0-9]' AND keyed <> folded THEN keyed END),
                 (7, 'pinyin', CASE WHEN latin AND spelled ~ '^[a-z]' THEN spelled END),
                 (8, 'initials', CASE WHEN folded ~ '^[a-z]{1,10}$' THEN folded END),
                 (9, 'in name', CASE WHEN folded !~ '@' AND folded !~ '^[0-9a-z]$' AND digits !~ '^[0-9]*$' THEN folded END)) AS x(place, how, value)
    WHERE x.value <> '' ORDER BY x.place
  LOOP
    EXIT WHEN cardinality(ids) >= max_rows;
    CASE step.how
      WHEN 'member number' THEN
        -- the number of a member that was merged leads on
        more := ARRAY(SELECT m.id FROM @crm@.member AS n JOIN @crm@.member AS m ON m.id = coalesce(n.merged_into_id, n.id)
                      WHERE n.member_no IN (step.value, lpad(step.value, greatest(8, length(step.value)), '0'))
                        AND (stores IS NULL OR m.home_store_id = ANY (stores)) ORDER BY n.id);
      WHEN 'card' THEN
        more := ARRAY(SELECT m.id FROM @crm@.member_card AS c JOIN @crm@.member AS m ON m.id = c.member_id
                      WHERE c.number = step.value AND (stores IS NULL OR m.home_store_id = ANY (stores)));
      WHEN 'phone' THEN
        -- a number written in full is that number; other digits are its end
        more := ARRAY(SELECT c.member_id FROM @crm@.member_contact AS c JOIN @crm@.member AS m ON m.id = c.member_id
                      WHERE c.key = @crm@._contact_key('phone', bare) AND c.kind = 'phone' AND (stores IS NULL OR m.home_store_id = ANY (stores))
                      ORDER BY c.is_key DESC, c.member_id LIMIT max_rows)
                || @crm@._search_begins('phone', reverse(step.value), stores, max_rows);
      WHEN 'e-mail' THEN
        more := ARRAY(SELECT c.member_id FROM @crm@.member_contact AS c JOIN @crm@.member AS m ON m.id = c.member_id
                      WHERE c.key = step.value AND c.kind = 'email' AND (stores IS NULL OR m.home_store_id = ANY (stores)) ORDER BY c.is_key DESC, c.member_id LIMIT max_rows);
      WHEN 'in name' THEN
        wanted := @crm@._search_wanted(string_to_array(CASE WHEN latin THEN crm_member.name_pinyin(bare) ELSE crm_member.name_key(bare) END, ' '));
        IF wanted IS NULL THEN
          more := '{}';
        ELSIF stores IS NULL THEN
          more := @crm@._search_contains(wanted, max_rows + cardinality(ids));
        ELSE
          more := @crm@._search_contains_in(wanted, stores, max_rows + cardinality(ids));
        END IF;
      ELSE
        more := @crm@._search_begins(step.how, step.value, stores, max_rows + cardinality(ids));
    END CASE;
    SELECT ids || coalesce(array_agg(f.id ORDER BY f.place), '{}'), hows || coalesce(array_agg(step.how ORDER BY f.place), '{}') INTO ids, hows
    FROM (SELECT u.id, min(u.place) AS place FROM unnest(more) WITH ORDINALITY AS u(id, place) WHERE u.id <> ALL (ids)
          GROUP BY u.id ORDER BY 2 LIMIT max_rows - cardinality(ids)) AS f;
  END LOOP;
END
$$;
COMMENT ON FUNCTION @crm@._search(text, bigint[], integer) IS 'what member_search finds, best first, and how';

CREATE OR REPLACE FUNCTION @crm@.member_search(query text, max_rows integer DEFAULT 20)
RETURNS TABLE (member_id bigint, member_no text, full_name text, phone text, home_store_id bigint, is_open boolean, matched text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
  found bigint[];
  hows text[];
BEGIN
  IF max_rows IS NULL OR max_rows NOT BETWEEN 1 AND 200 THEN
    RAISE EXCEPTION 'max_rows must be from 1 to 200' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT s.ids, s.hows INTO found, hows FROM @crm@._search(coalesce(query, ''), @crm@._member_stores('{clerk,app,manager}'), max_rows) AS s;
  IF cardinality(found) = 0 THEN
    RETURN;
  END IF;
  PERFORM @crm@._audit_read('member_search', found);
  RETURN QUERY SELECT m.id, m.member_no, p.full_name, crm_member.mask_phone(p.phone), m.home_store_id, m.closed_at IS NULL, f.how
    FROM unnest(found, hows) WITH ORDINALITY AS f(id, how, place) JOIN @crm@.member AS m ON m.id = f.id LEFT JOIN @crm@.member_pii AS p ON p.member_id = m.id
    ORDER BY f.place;
END
$$;
COMMENT ON FUNCTION @crm@.member_search(text, integer) IS 'finds members of the caller''s stores by what is typed, best first: member number (of a merged member: the one that was kept), card number, phone (in full or its last three digits and more), e-mail address, then names that begin so, names whose pinyin begins so, whose initials begin so, and names that have all of it further inside; within each by that key in the order of code points, then by id. Traditional or Simplified, with or without blanks and accents, v for u with diaeresis. The phone is masked; matched says how it was found. Noted in the audit log. Levels clerk, app, manager. Error: 22023 max_rows not from 1 to 200';

CREATE OR REPLACE FUNCTION @crm@._check_search() RETURNS TABLE (check_name text, ok boolean, detail text)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
  wrong bigint;
BEGIN
  SELECT count(*) INTO wrong
  FROM (SELECT p.member_id, m.home_store_id, left(crm_member.name_fold(left(p.full_name, 100)), 200) AS name
        FROM @crm@.member_pii AS p JOIN @crm@.member AS m ON m.id = p.member_id WHERE p.full_name IS NOT NULL) AS w
       FULL JOIN @crm@.member_search AS s ON s.member_id = w.member_id
  WHERE s.name IS DISTINCT FROM w.name OR s.store_id IS DISTINCT FROM w.home_store_id;
  RETURN QUERY SELECT 'search keys are those of the names', wrong = 0, format('%s members differ', wrong);
END
$$;
COMMENT ON FUNCTION @crm@._check_search() IS 'check_crm: every name has its search key';
