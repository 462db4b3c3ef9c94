-- sql/crm/93_privacy.sql
-- What is personal: a class for every column, the tables that belong to a member, and member_export.
--
-- personal: says something about a person by itself (a name, a phone, a reason
-- in words); erasure takes it away. pseudonymous: says something about a member
-- whose person only personal columns tell. none: about no member. Export and
-- erasure walk the catalog, so a table that a later module or the shop adds is
-- covered as soon as it refers to member and its comments say what is personal.

--@ code
-- Columns whose comment does not begin with their class, in tables with row
-- security. Numbers, times and codes that a constraint lists need no mention.
CREATE OR REPLACE FUNCTION @crm@._column_marks() RETURNS TABLE (relation text, class text, columns text[])
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 60
SET search_path = pg_catalog, pg_temp
AS $$
VALUES
  ('account', 'none', '{programme}'::text[]),
  ('audit_log', 'none', '{role_name,session_role,actor}'), ('audit_log', 'pseudonymous', '{subject,detail,old_digest,new_digest,note_digest}'),
  ('audit_note', 'personal', '{reason}'), ('audit_note', 'pseudonymous', '{salt}'),
  ('card_secret', 'none', '{key}'), ('captured', 'none', '{code}'), ('captured', 'pseudonymous', '{keys,reason}'),
  ('benefit_use', 'none', '{code}'),
  ('captured_line', 'none', '{code}'), ('captured_line', 'pseudonymous', '{keys,reason}'),
  ('consent', 'none', '{text_version,role_name,actor}'),
  ('erasure', 'none', '{reason,role_name,actor,detail}'),
  ('ledger_event', 'none', '{kind}'), ('ledger_event', 'pseudonymous', '{request_id,detail}'),
  ('member', 'pseudonymous', '{member_no,region,acquired_by,referral_code}'),
  ('lead', 'none', '{source,campaign}'),
  ('member_card_event', 'none', '{state,role_name}'), ('member_contact', 'none', '{verified_by}'), ('member_identity', 'none', '{app}'),
  ('member_event', 'pseudonymous', '{key}'), ('member_key', 'pseudonymous', '{key}'), ('member_tag', 'none', '{role_name}'),
  ('member_pii', 'personal', '{full_name,phone,email,birth_day,birth_calendar,sex,address}'),
  ('member_tier', 'pseudonymous', '{metrics}'),
  ('outbox', 'none', '{topic,taken_by}'), ('outbox', 'pseudonymous', '{body}'), ('outbox', 'personal', '{note}'),
  ('report_change', 'none', '{channel}'), ('report_pareto', 'none', '{class}'), ('report_repeat', 'none', '{grain}'),
  ('request', 'pseudonymous', '{request_id,digest,answer}'),
  ('sale', 'none', '{channel}'), ('sale', 'pseudonymous', '{source_key,refund_of_key}'),
  ('sale_tender', 'none', '{kind}'), ('sale_tender', 'personal', '{reference}'),
  ('tier_pin', 'none', '{tier_code,pinned_by}'), ('tier_pin', 'personal', '{reason}')
$$;
COMMENT ON FUNCTION @crm@._column_marks() IS 'classes of columns whose comment does not begin with "personal:", "pseudonymous:" or "none:"';

-- Tables that belong to members: by a column member_id or foreign keys to
-- member, or by one foreign key to a table that does. The books have fewer
-- foreign keys than references; there the name of the column says it.
CREATE OR REPLACE FUNCTION @crm@._member_tables() RETURNS TABLE (relation text, condition text, direct boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 40
SET search_path = pg_catalog, pg_temp
AS $$
WITH rel AS (
  SELECT c.oid, c.relname FROM pg_class AS c
  WHERE c.relnamespace = (SELECT n.oid FROM pg_namespace AS n WHERE n.nspname = @crm_name@) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
), own AS (
  SELECT r.oid, r.relname, a.attname
  FROM rel AS r JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attname = 'member_id' AND NOT a.attisdropped
), fk AS (
  SELECT r.oid, r.relname, a.attname, k.confrelid, f.attname AS target
  FROM pg_constraint AS k JOIN rel AS r ON r.oid = k.conrelid
       JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
       JOIN pg_attribute AS f ON f.attrelid = k.confrelid AND f.attnum = k.confkey[1]
  WHERE k.contype = 'f' AND k.conparentid = 0 AND cardinality(k.conkey) = 1
  UNION
  SELECT r.oid, r.relname, a.attname, t.oid, 'id'
  FROM (VALUES ('sale_id', 'sale'), ('event_id', 'ledger_event'), ('account_id', 'account')) AS v(name, target)
       JOIN rel AS t ON t.relname = v.target JOIN pg_attribute AS a ON a.attname = v.name AND NOT a.attisdropped JOIN rel AS r ON r.oid = a.attrelid
), first AS (
  SELECT r.oid, r.relname, 'r.id = ANY ($1)' AS condition FROM rel AS r WHERE r.relname = 'member'
  UNION ALL
  SELECT o.oid, o.relname, 'r.member_id = ANY ($1)' FROM own AS o
  UNION ALL
  SELECT f.oid, f.relname, string_agg(format('r.%I = ANY ($1)', f.attname), ' OR ' ORDER BY f.attname)
  FROM fk AS f JOIN rel AS m ON m.oid = f.confrelid AND m.relname = 'member'
  WHERE f.relname <> 'member' AND NOT EXISTS (SELECT FROM own AS o WHERE o.oid = f.oid)
  GROUP BY f.oid, f.relname
)
SELECT t.relname::text, t.condition, true FROM first AS t
UNION ALL
SELECT f.relname, string_agg(format('r.%I = ANY (ARRAY(SELECT x.%I FROM @crm@.%I AS x WHERE %s))', f.attname, f.target, t.relname,
         regexp_replace(t.condition, '\mr\.', 'x.', 'g')), ' OR ' ORDER BY f.attname), false
FROM fk AS f JOIN first AS t ON t.oid = f.confrelid AND t.relname <> 'member'
WHERE NOT EXISTS (SELECT FROM first AS u WHERE u.oid = f.oid)
GROUP BY f.relname
$$;
COMMENT ON FUNCTION @crm@._member_tables() IS 'tables with rows of members, and the condition on a row r that finds those of the members $1; direct is false where another table stands between';

CREATE OR REPLACE VIEW @crm@.column_classes WITH (security_invoker = true) AS
SELECT c.relname::text AS relation, a.attname::text AS column_name, a.attnum::integer AS position, format_type(a.atttypid, NULL) AS data_type, a.attnotnull AS not_null,
       coalesce(substring(col_description(c.oid, a.attnum) FROM '^(personal|pseudonymous|none):'), mark.class,
         CASE WHEN a.attname !~ '^birth'
                   AND (NOT c.relrowsecurity AND c.relkind <> 'm'
                        OR coalesce(nullif(t.typelem, 0), t.oid) IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'numeric'::regtype, 'bool'::regtype, 'date'::regtype,
                             'timestamptz'::regtype, 'uuid'::regtype, 'interval'::regtype, 'int8multirange'::regtype)
                        OR n.nspname = 'crm_member'
                        OR EXISTS (SELECT FROM pg_constraint AS k WHERE k.conrelid = c.oid AND a.attnum = ANY (k.conkey)
                                   AND (k.contype = 'f' OR (k.contype = 'c' AND pg_get_constraintdef(k.oid) ~ '( ~ |= ANY)'))))
              THEN CASE WHEN own.relation IS NULL THEN 'none' ELSE 'pseudonymous' END END) AS class
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     JOIN pg_type AS t ON t.oid = a.atttypid JOIN pg_namespace AS n ON n.oid = t.typnamespace
     LEFT JOIN (SELECT m.relation, m.class, u.name FROM @crm@._column_marks() AS m, unnest(m.columns) AS u(name)) AS mark ON mark.relation = c.relname AND mark.name = a.attname
     LEFT JOIN @crm@._member_tables() AS own ON own.relation = c.relname
WHERE c.relnamespace = (SELECT s.oid FROM pg_namespace AS s WHERE s.nspname = @crm_name@) AND c.relkind IN ('r', 'p', 'm') AND NOT c.relispartition;
COMMENT ON VIEW @crm@.column_classes IS 'every stored column of the schema and its class: personal, pseudonymous or none; empty where nobody has said, which member_erase and a test refuse to guess: COMMENT ON COLUMN ... IS ''personal: ...'' says it';

CREATE OR REPLACE FUNCTION @crm@._member_export(persons bigint[]) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
  t record;
  part jsonb;
  answer jsonb := '{}';
BEGIN
  FOR t IN
    SELECT m.relation, m.condition,
           (SELECT coalesce(array_agg(k.column_name), '{}') FROM @crm@.column_classes AS k WHERE k.relation = m.relation AND k.data_type = 'bytea') AS without
    FROM @crm@._member_tables() AS m ORDER BY m.relation COLLATE "C"
  LOOP
    EXECUTE format('SELECT coalesce(jsonb_agg(to_jsonb(r) - $2), ''[]'') FROM @crm@.%I AS r WHERE %s', t.relation, t.condition) INTO part USING persons, t.without;
    answer := answer || jsonb_build_object(t.relation, part);
  END LOOP;
  RETURN answer;
END
$$;
COMMENT ON FUNCTION @crm@._member_export(bigint[]) IS 'the rows of these members in every table, by the table''s name; digests and hashes are left out';

CREATE OR REPLACE FUNCTION @crm@.member_export(member_id bigint, reason text DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  persons bigint[];
  secrets jsonb := '{}';
  answer jsonb;
BEGIN
  member_id := @crm@._require_for(member_id, '{app,manager}');
  persons := @crm@._same_person(member_id);
  IF EXISTS (SELECT FROM @crm@.member_secret AS s WHERE s.member_id = ANY (persons)) THEN
    SELECT jsonb_object_agg(s.name, @crm@._secret_read(s.member_id, s.name, @crm@._key()) ORDER BY s.member_id DESC) INTO secrets
    FROM @crm@.member_secret AS s WHERE s.member_id = ANY (persons);
  END IF;
  answer := jsonb_build_object('about', jsonb_build_object('format', 'crm_member member export 1', 'exported_at', clock_timestamp(), 'member_ids', persons,
              'schema', @crm_name@, 'minor', @crm@._is_minor(member_id, clock_timestamp())))
            || @crm@._member_export(persons) || jsonb_build_object('secrets', secrets);
  PERFORM @crm@._audit('member_export', member_id => member_id, reason => reason, new_value => answer);
  RETURN answer;
END
$$;
COMMENT ON FUNCTION @crm@.member_export(bigint, text) IS 'everything that the schema keeps about a member and those merged into it (PIPL art. 45, GDPR art. 15 and 20): an object with "about", one key a table, each an array of rows, and "secrets" decrypted with the key of the session. The export stands in the audit log. Levels app, manager of the member''s store. Errors: CR004, CR704 secrets and no key, CR705 another key, 42501';

CREATE OR REPLACE FUNCTION @crm@.member_reveal(member_id bigint, reason text) RETURNS TABLE (full_name text, phone text, email text, birth_day date, sex text, address text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  member_reveal.member_id := @crm@._require_for(member_reveal.member_id, '{clerk,app,manager}');
  IF reason IS NULL OR btrim(reason) = '' THEN
    RAISE EXCEPTION 'a reason must be given for reading personal data' USING ERRCODE = 'null_value_not_allowed';
  END IF;
  PERFORM @crm@._audit_read('member_reveal', ARRAY[member_reveal.member_id], reason);
  RETURN QUERY SELECT coalesce(s.full_name, p.full_name), p.phone, p.email, p.birth_day, p.sex, coalesce(s.address, p.address)
  FROM @crm@.member_pii AS p
       LEFT JOIN LATERAL (SELECT min(@crm@._secret_read(k.member_id, k.name, @crm@._key())) FILTER (WHERE k.name = 'pii.full_name') AS full_name,
                                 min(@crm@._secret_read(k.member_id, k.name, @crm@._key())) FILTER (WHERE k.name = 'pii.address') AS address
                          FROM @crm@.member_secret AS k WHERE k.member_id = p.member_id AND @crm@._has_key()) AS s ON true
  WHERE p.member_id = member_reveal.member_id;
END
$$;
COMMENT ON FUNCTION @crm@.member_reveal(bigint, text) IS 'the personal data of one member in full, for a reason that stands in the audit log with the caller; of secret columns the mask, unless the session brought the key. Levels clerk, app, manager of the member''s store. Errors: CR004, 22004 no reason, 42501';
