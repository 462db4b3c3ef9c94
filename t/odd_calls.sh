#!/bin/sh
# t/odd_calls.sh
# Doors called with odd values, dry, and twice: no error repeats a person's name or phone, a dry run changes nothing, a request id stands for one content.
#
# Each door of the privilege model is called with good arguments, then with one
# of them odd after the other: empty, endless, out of range, of another kind,
# NULL; then with several odd ones. Names, phones, addresses and words that are
# given, and those of the people that are there, bear a mark, which no message,
# detail, hint or context may show. A row that a constraint refuses is shown by
# the server in full, so a door looks before it writes. A dry run leaves every
# table as it was. A request id that comes again with another argument is
# refused, but for arguments listed here. CRM_SEED and CRM_ODD_CALLS choose the
# several odd ones.
. "$(dirname -- "$0")/lib.sh"
make_db crm_t_odd
P crm_t_odd >"$T_DIR/made" <<'SQL'
SET client_min_messages = warning;
CREATE EXTENSION crm_member;
SELECT crm_member.create_crm('crm');
INSERT INTO crm.store (code, name) VALUES ('s1', 'one'), ('s2', 'two');
INSERT INTO crm.product (code, name) VALUES ('p1', 'P');
SELECT crm.attribute_define('nickname', 'nickname', 'text', pattern => '^[A-Za-z0-9 ]{1,40}$');
SELECT count(*) FROM generate_series(1, 3) AS g, LATERAL crm.member_register('r' || g, 'Goldname ' || g, '1381234567' || g, 'golden' || g || '@example.com', store_id => 1, joined_at => '2023-01-01 00:00+08', address => 'Goldname Road',
  identities => format('[{"provider": "wechat", "external_id": "golden-%s"}]', g)::jsonb, attributes => '{"nickname": "Goldname"}');
SELECT sale_id FROM crm.sale_record('s1', '[{"list_amount": 2500}]', '[{"kind": "cash", "amount": 2500, "reference": "golden"}]', member_id => 1, store_id => 1, occurred_at => '2024-03-01 10:00+08');
SELECT count(*) FROM generate_series(2, 3) AS g, LATERAL crm.sale_record('s' || g, '[{"list_amount": 2500}]', '[{"kind": "cash", "amount": 2500}]', member_id => g, store_id => 1, occurred_at => '2024-03-01 10:00+08');
SELECT count(*) FROM crm.points_grant(1, 100, 'g1', '2024-03-02 10:00+08');
SELECT count(*) FROM crm.points_grant(1, 100, 'w1', '2024-03-02 10:00+08', await => 'delivery');
SELECT count(*) FROM crm.benefit_use('b1', 1, 'free_shipping', occurred_at => '2024-05-31 10:00+08');
SELECT card_no FROM crm.card_issue(1, 'i1', number => 'C100001');
SELECT crm.household_join(1, 2, 'h1', part => 'mother Goldname') IS NOT NULL;
SELECT crm.interaction_add(1, 'complaint', 'a1', note => 'Goldname is angry', store_id => 1, occurred_at => '2024-05-31 10:00+08');
SELECT crm.lead_add('l1', 'fair', 'Goldname', '13812345675', note => 'Goldname asked', store_id => 1);
SELECT crm.attribute_define('shoe', 'shoe', 'number');
SELECT crm.reward_set('{"code": "mug", "name": "Mug", "kind": "goods", "points": 20}') IS NOT NULL;
SELECT count(*) FROM crm.reward_redeem('m1', 1, 'mug', occurred_at => '2024-05-31 10:00+08');
INSERT INTO crm.realm (name) VALUES ('old shop');
SELECT crm.import_open('b1', 'member', 'old shop') IS NOT NULL;
SELECT crm.import_stage('b1', '[{"source_key": "k1", "full_name": "Goldname", "phone": "13812345674"}]') IS NOT NULL;
CREATE TABLE bad (door text, state text, message text, call text);
CREATE FUNCTION quoted(n integer, VARIADIC choices text[]) RETURNS text LANGUAGE sql AS 'SELECT quote_nullable(choices[1 + n % cardinality(choices)])';
-- what a careful caller gives for an argument of this name
CREATE FUNCTION good(door text, name text, type text, n integer) RETURNS text LANGUAGE sql AS $$
SELECT CASE
  WHEN door = 'interaction_follow' AND name = 'state' THEN '''handled'''
  WHEN door = 'lead_update' AND name = 'state' THEN '''contacted'''
  WHEN door = 'record_event' AND name = 'kind' THEN '''sign_in'''
  WHEN door = 'member_contact_set' AND name = 'kind' THEN '''email'''
  WHEN door = 'sale_refund' AND name = 'lines' THEN '''[{"line_no": 1, "amount": 10}]''::jsonb'
  WHEN door = 'points_import' AND name = 'rows' THEN '''[{"member_id": 1, "points": 10, "earned_at": "2024-05-01 10:00+08"}]''::jsonb'
  WHEN door = 'footprint_add' AND name = 'events' THEN '''[{"member_id": 1, "kind": "view", "subject": "10"}]''::jsonb'
  WHEN door = 'tier_pin' AND name = 'valid_to' THEN '''2030-01-01''::timestamptz'
  WHEN door = 'points_reverse' AND name = 'event_id' THEN '(SELECT min(e.id) FROM crm.ledger_event AS e WHERE e.request_id = ''g1'')'
  WHEN door = 'points_release' AND name = 'event_id' THEN '(SELECT min(e.id) FROM crm.ledger_event AS e WHERE e.request_id = ''w1'')'
  WHEN name IN ('store_id', 'sale_id', 'lead_id', 'interaction_id', 'use_id', 'redemption_id', 'fit_id', 'product_id', 'from_member_id', 'ladder_no', 'quantity', 'units', 'points') AND type <> 'text' THEN '1'
  WHEN name IN ('keep_id', 'to_member_id') THEN '2'
  WHEN name IN ('gone_id', 'with_member_id') THEN '3'
  WHEN door = 'household_join' AND name = 'member_id' THEN '1'
  WHEN door LIKE 'benefit%' AND name = 'code' THEN '''free_shipping'''
  WHEN name = 'action' THEN '''freeze'''
  WHEN name = 'request_id' THEN quote_literal('q' || n)
  WHEN name IN ('full_name', 'note', 'reason', 'evidence', 'label', 'part', 'address', 'acquired_by', 'query') THEN quote_literal('Goldname ' || n)
  WHEN name = 'phone' THEN quote_literal('13812345' || lpad((n % 1000)::text, 3, '0'))
  WHEN name IN ('email', 'value', 'external_id') THEN quote_literal('golden' || n || '@example.com')
  WHEN name = 'kind' THEN quoted(n, 'complaint', 'email', 'phone', 'birthday')
  WHEN name = 'provider' THEN '''wechat'''
  WHEN name = 'state' THEN quoted(n, 'contacted', 'handled', 'lost')
  WHEN name = 'source' THEN '''fair'''
  WHEN name = 'purpose' THEN '''marketing'''
  WHEN name = 'batch' THEN '''b1'''
  WHEN name = 'number' THEN '''C100001'''
  WHEN name = 'tier_code' THEN '''gold'''
  WHEN name = 'reward_code' THEN '''mug'''
  WHEN name = 'code' THEN quoted(n, 'nickname', 'free_shipping')
  WHEN name = 'attributes' THEN '''{"nickname": "Goldname"}''::jsonb'
  WHEN name = 'identities' THEN '''[{"provider": "wechat", "external_id": "golden-9"}]''::jsonb'
  WHEN name = 'staged' THEN '''[{"source_key": "k2", "full_name": "Goldname", "phone": "13812345673"}]''::jsonb'
  WHEN name = 'lines' THEN '''[{"list_amount": 10}]''::jsonb'
  WHEN name = 'tenders' THEN '''[{"kind": "cash", "amount": 10, "reference": "golden"}]''::jsonb'
  WHEN type IN ('bigint', 'integer', 'smallint') THEN (1 + n % 3)::text
  WHEN type = 'numeric' THEN '10'
  WHEN type = 'date' THEN '''1990-01-01''::date'
  WHEN type LIKE 'timestamp%' THEN '''2024-06-01''::timestamptz'
  WHEN type = 'boolean' THEN 'true'
  WHEN type = 'text' THEN '''word'''
  ELSE 'NULL::' || type END
$$;
CREATE FUNCTION odds(name text, type text) RETURNS text[] LANGUAGE sql AS $$
SELECT CASE
  WHEN type IN ('bigint', 'integer', 'smallint') THEN ARRAY['0', '-1', 'NULL', '99', '2147483647']
  WHEN type = 'text' AND name IN ('full_name', 'note', 'reason', 'evidence', 'label', 'part', 'address', 'phone', 'email', 'value', 'external_id', 'query') THEN
    ARRAY['''''', 'NULL', quote_literal(repeat('Goldname ', 40)), quote_literal(repeat('Goldname ', 5000)), '''Goldname''', 'E''Goldname\nsaid''', '''golden@example.com''', '''13812345678''']
  WHEN type = 'text' THEN ARRAY['''''', 'NULL', quote_literal(repeat('odd ', 100)), quote_literal(repeat('odd ', 10000)), 'E''odd\nword''', ''' ''', '''-5''', '''1990-02-30''']
  WHEN type = 'jsonb' THEN (SELECT array_agg(quote_nullable(j) || '::jsonb') FROM unnest(ARRAY['{}', '[]', 'null', '"odd"', '[{}]', '{"nickname": ["Goldname"]}', '{"odd": 1}', '[{"list_amount": "odd"}]', '[{"kind": "odd", "amount": 1}]',
    '[{"provider": "wechat", "external_id": ""}]', '[{"provider": "odd one", "external_id": "golden"}]', '[{"full_name": "Goldname"}]', '{"kind": "goods", "code": "odd one", "points": 1e30}', NULL,
    format('[{"source_key": "k3", "full_name": "%s", "phone": "13812345672"}]', repeat('Goldname ', 400)), format('[{"kind": "cash", "amount": 10, "reference": "%s"}]', repeat('golden ', 400)),
    format('{"nickname": "%s"}', repeat('Goldname ', 400))]) AS j)
  WHEN type = 'numeric' THEN ARRAY['-1', '0', '1e30', '''NaN''::numeric', 'NULL', '0.001']
  WHEN type = 'date' THEN ARRAY['''infinity''::date', '''-infinity''::date', '''0001-01-01''::date', '''5874897-12-31''::date', 'NULL']
  WHEN type LIKE 'timestamp%' THEN ARRAY['''infinity''::timestamptz', '''-infinity''::timestamptz', '''0001-01-01''::timestamptz', '''2999-12-31''::timestamptz', 'NULL']
  WHEN type = 'boolean' THEN ARRAY['NULL']
  ELSE ARRAY['NULL::' || type]
END
$$;
-- a value that is none of those that a call gave, of the same kind
CREATE FUNCTION another(name text, type text, given text) RETURNS text LANGUAGE sql AS $$
SELECT CASE
  WHEN type IN ('bigint', 'integer', 'smallint', 'numeric') THEN CASE given WHEN '1' THEN '2' ELSE '1' END
  WHEN name = 'phone' THEN '''13812345999'''
  WHEN name IN ('email', 'value') THEN '''golden.other@example.com'''
  WHEN type = 'text' THEN '''another'''
  WHEN type = 'text[]' THEN '''{address}''::text[]'
  WHEN type = 'bytea' THEN '''\x01''::bytea'
  WHEN type LIKE 'timestamp%' THEN '''2024-06-02''::timestamptz'
  WHEN type = 'date' THEN '''1990-01-02''::date'
  WHEN type = 'boolean' THEN (name NOT IN ('activate', 'on_member', 'use_points'))::text
  WHEN type = 'jsonb' THEN replace(replace(given, '10', '11'), 'Goldname', 'Goldnames')
  ELSE 'NULL::' || type
END
$$;
-- everything that the schema holds, for a dry run
CREATE FUNCTION everything() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  t regclass;
  part text;
  parts text := '';
BEGIN
  FOR t IN SELECT c.oid FROM pg_class AS c WHERE c.relnamespace = 'crm'::regnamespace AND c.relkind = 'r' ORDER BY c.oid LOOP
    EXECUTE format('SELECT md5(string_agg(k::text, %L ORDER BY k::text)) FROM %s AS k', ' ', t) INTO part;
    parts := parts || coalesce(part, '') || ' ';
  END LOOP;
  RETURN parts;
END $$;
-- the SQLSTATE of a call, empty where it answers
CREATE FUNCTION tried(door text, call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  state text;
  said text[];
  said_1 text; said_2 text; said_3 text; said_4 text;
BEGIN
  EXECUTE call;
  RETURN '';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, said_1 = MESSAGE_TEXT, said_2 = PG_EXCEPTION_DETAIL, said_3 = PG_EXCEPTION_HINT, said_4 = PG_EXCEPTION_CONTEXT;
  -- the context quotes this very call where it is the statement that failed
  said := ARRAY[said_1, said_2, said_3, replace(said_4, call, '')];
  IF state ~ '^(XX|0A|26|34|54)' OR array_to_string(said, ' ') ~ 'Goldname|golden|1381234' THEN
    INSERT INTO bad VALUES (door, state, left(array_to_string(said[1:3], ' / '), 300), left(call, 1000));
  END IF;
  RETURN state;
END $$;
CREATE FUNCTION call_of(door regprocedure, nr integer, other integer DEFAULT NULL, odd text DEFAULT NULL, dry boolean DEFAULT false) RETURNS text LANGUAGE sql AS $$
SELECT format('SELECT count(*) FROM crm.%I(%s)', p.proname, string_agg(format('%I => %s', a.name, CASE WHEN a.o = other THEN odd WHEN a.name = 'dry_run' THEN dry::text ELSE good(p.proname::text, a.name, a.type, nr) END), ', ' ORDER BY a.o))
FROM pg_proc AS p, LATERAL (SELECT p.proargnames[o] AS name, format_type(t, NULL) AS type, o FROM unnest(p.proargtypes) WITH ORDINALITY AS u(t, o)) AS a
WHERE p.oid = door AND (a.o <= p.pronargs - p.pronargdefaults OR a.o = other OR a.name IN ('dry_run', 'request_id', 'full_name', 'note', 'reason', 'evidence', 'phone', 'email', 'occurred_at', 'text_version', 'store_id'))
GROUP BY p.proname
$$;
CREATE TABLE door AS
SELECT q.oid::regprocedure AS door, q.proname::text AS name, q.* FROM pg_proc AS q
WHERE q.pronamespace = 'crm'::regnamespace AND q.proname IN (SELECT v.object FROM crm._privileges() AS v WHERE v.kind = 'f') AND q.proname !~ '^(refresh_reports|fit_clv|clv_backtest)$';
CREATE TABLE dry (door text, state text, changed boolean);
CREATE TABLE repeated (door text, argument text, state text);
SQL
P crm_t_odd -v seed="${CRM_SEED:-7}" -v calls="${CRM_ODD_CALLS:-10}" >"$T_DIR/calls" <<'SQL'
SET client_min_messages = error;
SELECT setseed(1 / :seed::float8);
SELECT set_config('odd.calls', :'calls', false);
DO $d$
DECLARE
  p record;
  a record;
  v text;
  call text;
  said text;
  before text;
  results jsonb;
  nr integer := 100;
BEGIN
  FOR p IN SELECT * FROM door ORDER BY name COLLATE "C" LOOP
    nr := nr + 10;
    -- a dry run changes nothing
    IF 'dry_run' = ANY (p.proargnames) THEN
      before := everything();
      said := tried(p.name, call_of(p.door, nr, dry => true));
      INSERT INTO dry VALUES (p.name, said, everything() <> before);
    END IF;
    -- a request, its repetition, and the same id with another argument; none of it is kept
    IF 'request_id' = ANY (p.proargnames) THEN
      results := '{}';
      BEGIN
        said := tried(p.name, call_of(p.door, nr));
        results := results || jsonb_build_object('first', said);
        IF said = '' THEN
          results := results || jsonb_build_object('again', tried(p.name, call_of(p.door, nr)));
          FOR a IN SELECT p.proargnames[o] AS name, format_type(t, NULL) AS type, o FROM unnest(p.proargtypes) WITH ORDINALITY AS u(t, o) WHERE p.proargnames[o] NOT IN ('request_id', 'dry_run') LOOP
            results := results || jsonb_build_object(a.name, tried(p.name, call_of(p.door, nr, a.o::integer, another(a.name, a.type, good(p.name, a.name, a.type, nr)))));
          END LOOP;
        END IF;
        RAISE EXCEPTION USING ERRCODE = 'ZZZZZ';
      EXCEPTION WHEN SQLSTATE 'ZZZZZ' THEN
        INSERT INTO repeated SELECT p.name, r.key, r.value FROM jsonb_each_text(results) AS r;
      END;
    END IF;
    -- one odd argument after the other
    FOR a IN SELECT p.proargnames[o] AS name, format_type(t, NULL) AS type, o FROM unnest(p.proargtypes) WITH ORDINALITY AS u(t, o) LOOP
      FOREACH v IN ARRAY odds(a.name, a.type) LOOP
        BEGIN
          said := tried(p.name, call_of(p.door, nr + 1, a.o::integer, v));
          IF said = '' THEN
            RAISE EXCEPTION USING ERRCODE = 'ZZZZZ';
          END IF;
        EXCEPTION WHEN SQLSTATE 'ZZZZZ' THEN
          NULL;
        END;
      END LOOP;
    END LOOP;
    -- several of them
    FOR i IN 1 .. current_setting('odd.calls')::integer LOOP
      SELECT format('SELECT count(*) FROM crm.%I(%s)', p.name, string_agg(format('%I => %s', x.name,
               CASE WHEN random() < 0.7 THEN good(p.name, x.name, x.type, nr + 2) ELSE (odds(x.name, x.type))[1 + (random() * (cardinality(odds(x.name, x.type)) - 1))::integer] END), ', ' ORDER BY x.o)) INTO call
      FROM (SELECT p.proargnames[o] AS name, format_type(t, NULL) AS type, o FROM unnest(p.proargtypes) WITH ORDINALITY AS u(t, o) WHERE o <= p.pronargs - p.pronargdefaults OR random() < 0.5) AS x;
      BEGIN
        said := tried(p.name, call);
        IF said = '' THEN
          RAISE EXCEPTION USING ERRCODE = 'ZZZZZ';
        END IF;
      EXCEPTION WHEN SQLSTATE 'ZZZZZ' THEN
        NULL;
      END;
    END LOOP;
  END LOOP;
END
$d$;
SQL
same 'errors with what was said, or of the server itself' "$(P crm_t_odd -c "SELECT door, state, min(message) FROM bad GROUP BY 1, 2 ORDER BY 1, 2")" ''
same 'dry runs that changed something' "$(P crm_t_odd -c "SELECT string_agg(door, ' ' ORDER BY door) FROM dry WHERE changed")" ''
# a fit, a batch of sales and a key for secrets are not at hand here
same 'doors whose dry run was not seen' "$(P crm_t_odd -c "SELECT string_agg(door || ' ' || state, ', ' ORDER BY door) FROM dry WHERE state <> ''")" 'clv_use 22023, sale_import 42704, secret_set CR704'
same 'doors whose repetition was not seen' "$(P crm_t_odd -c "SELECT string_agg(door || ' ' || argument || ' ' || state, ', ' ORDER BY door) FROM repeated WHERE argument IN ('first', 'again') AND state <> ''")" 'secret_set first CR704'
# any other argument is refused, by CR002 or because no such thing is there
same 'arguments that a repetition may change' "$(P crm_t_odd -c "SELECT door || ': ' || string_agg(argument, ', ' ORDER BY argument) FROM repeated WHERE argument NOT IN ('first', 'again') AND state = '' GROUP BY door ORDER BY door")" ''
same 'invariants' "$(P crm_t_odd -c "SELECT string_agg(check_name || ': ' || detail, '; ') FROM crm_member.check_crm('crm') WHERE NOT ok")" ''
finish
