#!/bin/sh
# t/odd_calls.sh
# Doors called with odd values of every kind: no error repeats a person's name, phone or address, none is the server's own, and the books stand.
#
# Each door of the privilege model is called many times, most arguments good,
# some of them odd: empty, endless, out of range, of another kind, NULL. Names,
# phones, addresses and words that are given, and those of the people that are
# there, bear a mark, which no message, detail, hint or context may show. A row
# that a constraint refuses is shown by the server in full, so a door looks
# before it writes. CRM_SEED chooses other values, CRM_ODD_CALLS how many.
. "$(dirname -- "$0")/lib.sh"
make_db crm_t_odd
P crm_t_odd >"$T_DIR/made" <<'SQL'
SET client_min_messages = warning;
CREATE EXTENSION crm_member;
SELECT crm_member.create_crm('crm');
INSERT INTO crm.store (code, name) VALUES ('s1', 'one'), ('s2', 'two');
INSERT INTO crm.product (code, name) VALUES ('p1', 'P');
SELECT crm.attribute_define('nickname', 'nickname', 'text', pattern => '^[A-Za-z0-9 ]{1,40}$');
SELECT count(*) FROM generate_series(1, 3) AS g, LATERAL crm.member_register('r' || g, 'Goldname ' || g, '1381234567' || g, 'golden' || g || '@example.com', store_id => 1, address => 'Goldname Road',
  identities => format('[{"provider": "wechat", "external_id": "golden-%s"}]', g)::jsonb, attributes => '{"nickname": "Goldname"}');
SELECT sale_id FROM crm.sale_record('s1', '[{"list_amount": 2500}]', '[{"kind": "cash", "amount": 2500, "reference": "golden"}]', member_id => 1, store_id => 1, occurred_at => '2024-03-01 10:00+08');
SELECT card_no FROM crm.card_issue(1, 'i1', number => 'C100001');
SELECT crm.household_join(1, 2, 'h1', part => 'mother Goldname') IS NOT NULL;
SELECT crm.interaction_add(1, 'complaint', 'a1', note => 'Goldname is angry', store_id => 1);
SELECT crm.lead_add('l1', 'fair', 'Goldname', '13812345675', note => 'Goldname asked', store_id => 1);
SELECT crm.reward_set('{"code": "mug", "name": "Mug", "kind": "goods", "points": 20}') IS NOT NULL;
INSERT INTO crm.realm (name) VALUES ('old shop');
SELECT crm.import_open('b1', 'member', 'old shop') IS NOT NULL;
SELECT crm.import_stage('b1', '[{"source_key": "k1", "full_name": "Goldname", "phone": "13812345674"}]') IS NOT NULL;
CREATE TABLE bad (door text, state text, message text, call text);
CREATE FUNCTION quoted(n integer, VARIADIC choices text[]) RETURNS text LANGUAGE sql AS 'SELECT quote_nullable(choices[1 + n % cardinality(choices)])';
-- what a careful caller gives for an argument of this name
CREATE FUNCTION good(name text, type text, n integer) RETURNS text LANGUAGE sql AS $$
SELECT CASE
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
CREATE FUNCTION odd(name text, type text, n integer) RETURNS text LANGUAGE sql AS $$
SELECT CASE
  WHEN type IN ('bigint', 'integer', 'smallint') THEN (ARRAY['0', '-1', 'NULL', '99', '2147483647'])[1 + n % 5]
  WHEN type = 'text' AND name IN ('full_name', 'note', 'reason', 'evidence', 'label', 'part', 'address', 'phone', 'email', 'value', 'external_id', 'query') THEN
    quoted(n, '', NULL, repeat('Goldname ', 40), repeat('Goldname ', 5000), 'Goldname', E'Goldname\nsaid', 'golden@example.com', '13812345678')
  WHEN type = 'text' THEN quoted(n, '', NULL, repeat('odd ', 100), repeat('odd ', 10000), E'odd\nword', ' ', '-5', '1990-02-30')
  WHEN type = 'jsonb' THEN quoted(n, '{}', '[]', 'null', '"odd"', '[{}]', '{"nickname": ["Goldname"]}', '{"odd": 1}', '[{"list_amount": "odd"}]', '[{"kind": "odd", "amount": 1}]',
    '[{"provider": "wechat", "external_id": ""}]', '[{"provider": "odd one", "external_id": "golden"}]', '[{"full_name": "Goldname"}]', '{"kind": "goods", "code": "odd one", "points": 1e30}', NULL,
    format('[{"source_key": "k3", "full_name": "%s", "phone": "13812345672"}]', repeat('Goldname ', 400)), format('[{"kind": "cash", "amount": 10, "reference": "%s"}]', repeat('golden ', 400)), format('{"nickname": "%s"}', repeat('Goldname ', 400))) || '::jsonb'
  WHEN type = 'numeric' THEN (ARRAY['-1', '0', '1e30', '''NaN''', 'NULL', '0.001'])[1 + n % 6] || '::numeric'
  WHEN type = 'date' THEN quoted(n, 'infinity', '-infinity', '0001-01-01', '5874897-12-31', NULL) || '::date'
  WHEN type LIKE 'timestamp%' THEN quoted(n, 'infinity', '-infinity', '0001-01-01', '2999-12-31', NULL) || '::timestamptz'
  WHEN type = 'boolean' THEN 'NULL'
  ELSE 'NULL::' || type END
$$;
SQL
P crm_t_odd -v seed="${CRM_SEED:-7}" -v calls="${CRM_ODD_CALLS:-24}" >"$T_DIR/calls" <<'SQL'
SET client_min_messages = error;
SELECT setseed(1 / :seed::float8);
SELECT set_config('odd.calls', :'calls', false);
DO $d$
DECLARE
  p record;
  call text;
  state text;
  said text[];
  said_1 text; said_2 text; said_3 text; said_4 text;
BEGIN
  FOR p IN SELECT q.* FROM pg_proc AS q
           WHERE q.pronamespace = 'crm'::regnamespace AND q.proname IN (SELECT v.object FROM crm._privileges() AS v WHERE v.kind = 'f') AND q.proname !~ '^(refresh_reports|fit_clv|clv_backtest)$'
           ORDER BY q.proname COLLATE "C" LOOP
    FOR i IN 1 .. current_setting('odd.calls')::integer LOOP
      SELECT format('SELECT count(*) FROM crm.%I(%s)', p.proname, string_agg(format('%I => %s', a.name, CASE WHEN random() < 0.7 THEN good(a.name, a.type, i) ELSE odd(a.name, a.type, (random() * 1000)::integer) END), ', ' ORDER BY a.o)) INTO call
      FROM (SELECT p.proargnames[o] AS name, format_type(t, NULL) AS type, o FROM unnest(p.proargtypes) WITH ORDINALITY AS u(t, o) WHERE o <= p.pronargs - p.pronargdefaults OR random() < 0.5) AS a;
      BEGIN
        EXECUTE call;
        RAISE EXCEPTION USING ERRCODE = 'ZZZZZ';
      EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, said_1 = MESSAGE_TEXT, said_2 = PG_EXCEPTION_DETAIL, said_3 = PG_EXCEPTION_HINT, said_4 = PG_EXCEPTION_CONTEXT;
        -- the context quotes this very call where it is the statement that failed
        said := ARRAY[said_1, said_2, said_3, replace(said_4, call, '')];
        IF state ~ '^(XX|0A|26|34|54)' OR array_to_string(said, ' ') ~ 'Goldname|golden|1381234' THEN
          INSERT INTO bad VALUES (p.proname, state, left(array_to_string(said[1:3], ' / '), 300), left(call, 1000));
        END IF;
      END;
    END LOOP;
  END LOOP;
END
$d$;
SQL
same 'errors with what was said, or the server'"'"'s own' "$(P crm_t_odd -c "SELECT door, state, min(message) FROM bad GROUP BY 1, 2 ORDER BY 1, 2")" ''
same 'invariants' "$(P crm_t_odd -c "SELECT string_agg(check_name || ': ' || detail, '; ') FROM crm_member.check_crm('crm') WHERE NOT ok")" ''
finish
