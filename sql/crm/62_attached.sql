-- sql/crm/62_attached.sql
-- The doors by which the owner attaches a shop's table, catches up, compares and lets go.
--
-- attach_sales checks everything before it writes anything, and one transaction
-- holds it all: there is no half an attachment. Triggers stand before the past
-- is read, and making them waits for whoever writes to the table, so each row
-- is either read or captured. All but sync_sales run with the rights of their
-- caller, who must own both the CRM schema and the table.

--@ code
-- The triggers that should stand on a table and its partitions, and whether they do.
CREATE OR REPLACE FUNCTION @crm@._attached_triggers(root regclass)
RETURNS TABLE (relation regclass, trigger_name text, event text, stands boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 8
SET search_path = pg_catalog, pg_temp
AS $$
SELECT r.relid, @crm_name@ || '_' || e.suffix, e.event,
       EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = r.relid AND t.tgname = @crm_name@ || '_' || e.suffix
               AND t.tgfoid = to_regprocedure('@crm@._capture()') AND t.tgenabled IN ('O', 'A'))
FROM (SELECT p.relid FROM pg_partition_tree(root) AS p UNION SELECT root) AS r(relid),
     (VALUES ('insert', 'INSERT'), ('update', 'UPDATE'), ('delete', 'DELETE'), ('trunc', 'TRUNCATE')) AS e(suffix, event)
$$;
COMMENT ON FUNCTION @crm@._attached_triggers(regclass) IS 'the triggers that an attached table and each of its partitions need, and whether each stands and is enabled';

CREATE OR REPLACE FUNCTION @crm@._attach_triggers(source_id integer, root regclass) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  t record;
  made integer := 0;
BEGIN
  FOR t IN SELECT w.* FROM @crm@._attached_triggers(root) AS w WHERE NOT w.stands ORDER BY w.relation, w.trigger_name LOOP
    PERFORM @crm@._refuse_others_trigger(t.relation, t.trigger_name, '@crm@._capture()');
    EXECUTE format('CREATE OR REPLACE TRIGGER %I AFTER %s ON %s %s FOR EACH STATEMENT EXECUTE FUNCTION @crm@._capture(%L)',
      t.trigger_name, t.event, t.relation,
      CASE t.event WHEN 'INSERT' THEN 'REFERENCING NEW TABLE AS new_rows' WHEN 'UPDATE' THEN 'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'
                   WHEN 'DELETE' THEN 'REFERENCING OLD TABLE AS old_rows' ELSE '' END, source_id::text);
    EXECUTE format('ALTER TABLE %s ENABLE TRIGGER %I', t.relation, t.trigger_name);
    -- so that the shop goes on selling when the extension is dropped
    EXECUTE format('ALTER TRIGGER %I ON %s DEPENDS ON EXTENSION crm_member', t.trigger_name, t.relation);
    made := made + 1;
  END LOOP;
  RETURN made;
END
$$;
COMMENT ON FUNCTION @crm@._attach_triggers(integer, regclass) IS 'makes the triggers that are missing on an attached table and its partitions and answers how many';

-- A name, not a regclass: a table that the shop has dropped can still be let go.
CREATE OR REPLACE FUNCTION @crm@._attached_source(source text) RETURNS @crm@.source
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  one @crm@.source;
  found_source @crm@.source;
  matches integer := 0;
BEGIN
  FOR one IN SELECT s.* FROM @crm@.source AS s WHERE s.state = 'attached' AND (source IN (s.name, s.table_name) OR @crm@._source_table(s) = to_regclass(source)) ORDER BY s.name <> source LOOP
    IF matches = 0 OR found_source.name <> source THEN
      found_source := one;
      matches := matches + 1;
    END IF;
  END LOOP;
  IF matches <> 1 THEN
    RAISE EXCEPTION '% attached table of this name', CASE matches WHEN 0 THEN 'no' ELSE 'more than one' END USING ERRCODE = 'undefined_object',
      DETAIL = format('The name is %s.', source), HINT = 'Names of attached tables stand in the table source, as schema.table.';
  END IF;
  RETURN found_source;
END
$$;
COMMENT ON FUNCTION @crm@._attached_source(text) IS 'the source of an attached table by its name, with or without its schema; 42704 when there is none';

CREATE OR REPLACE FUNCTION @crm@._require_read_committed() RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    RAISE EXCEPTION 'the rows of an attached table are read at READ COMMITTED only'
      USING ERRCODE = 'invalid_transaction_state',
            DETAIL = 'An older snapshot would not see what other sessions have just committed.',
            HINT = 'Call it in a transaction of its own, at READ COMMITTED.';
  END IF;
END
$$;
COMMENT ON FUNCTION @crm@._require_read_committed() IS 'raises 25000 above READ COMMITTED';

-- A predicate is parsed as the expression of a generated column: one boolean
-- expression over the columns of the row, without sub-selects, aggregates and
-- anything that is not immutable, and it is stored as PostgreSQL writes it, with
-- constants that every session reads alike. What is not built in is refused: the
-- trigger runs it with the owner's rights. The cursor comes first: it takes one
-- SELECT and no second statement behind it.
CREATE OR REPLACE FUNCTION @crm@._status_predicate(root regclass, status_predicate text) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
SET datestyle = 'ISO'
SET intervalstyle = 'postgres'
SET extra_float_digits = 1
AS $$
DECLARE
  probe refcursor;
  canonical text;
  foreign_part text;
  message text;
  state text;
BEGIN
  BEGIN
    OPEN probe NO SCROLL FOR EXECUTE format(E'SELECT (%s\n)::boolean FROM %s AS o LIMIT 0', status_predicate, root);
    CLOSE probe;
    EXECUTE format('CREATE TEMPORARY TABLE crm_attached_probe (LIKE %s) ON COMMIT DROP', root);
    EXECUTE format(E'ALTER TABLE pg_temp.crm_attached_probe ADD COLUMN crm_attached_predicate boolean GENERATED ALWAYS AS ((%s\n)) STORED', status_predicate);
    SELECT pg_get_expr(d.adbin, d.adrelid),
           (SELECT pg_describe_object(x.refclassid, x.refobjid, x.refobjsubid) FROM pg_depend AS x
            WHERE x.classid = 'pg_attrdef'::regclass AND x.objid = d.oid AND x.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass) LIMIT 1)
      INTO canonical, foreign_part
    FROM pg_attrdef AS d JOIN pg_attribute AS a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    WHERE d.adrelid = 'pg_temp.crm_attached_probe'::regclass AND a.attname = 'crm_attached_predicate';
    DROP TABLE pg_temp.crm_attached_probe;
  EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, state = RETURNED_SQLSTATE;
    RAISE EXCEPTION 'status_predicate is not a condition on a row of the table'
      USING ERRCODE = state, DETAIL = format('PostgreSQL says: %s.', message),
            HINT = 'Write a boolean expression over columns of the table, such as status <> ''cancelled''.';
  END;
  IF foreign_part IS NOT NULL THEN
    RAISE EXCEPTION 'status_predicate uses what is not built in'
      USING ERRCODE = 'feature_not_supported', DETAIL = format('It uses the %s.', foreign_part),
            HINT = 'The condition runs with the rights of the owner of this schema, so only built-in functions and operators are allowed.';
  END IF;
  RETURN canonical;
END
$$;
COMMENT ON FUNCTION @crm@._status_predicate(regclass, text) IS 'a condition on the rows of a table as PostgreSQL writes it; raises what the parser says where it is none, 0A000 where it uses functions that are not built in';

CREATE OR REPLACE FUNCTION @crm@._attach_column(root regclass, argument text, name text, types text[], hint text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  type_name text;
BEGIN
  IF name IS NULL THEN
    RAISE EXCEPTION '% must be given', argument USING ERRCODE = 'null_value_not_allowed';
  END IF;
  type_name := @crm@._column_type(root, name);
  IF type_name IS NULL THEN
    RAISE EXCEPTION 'the table has no such column' USING ERRCODE = 'undefined_column',
      DETAIL = format('%s names "%s".', argument, name),
      HINT = format('The columns of %s are: %s.', root,
                    (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute AS a WHERE a.attrelid = root AND a.attnum > 0 AND NOT a.attisdropped));
  END IF;
  IF type_name <> ALL (types) THEN
    RAISE EXCEPTION 'a column of the table has the wrong type' USING ERRCODE = 'datatype_mismatch',
      DETAIL = format('%s "%s" has the type %s.', argument, name, type_name), HINT = hint;
  END IF;
END
$$;
COMMENT ON FUNCTION @crm@._attach_column(regclass, text, text, text[], text) IS 'raises 42703, 42804 or 22004 unless an argument of attach_sales names a column of one of these types';

CREATE OR REPLACE FUNCTION @crm@._attach_check(root regclass, backfill boolean) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  c record;
  keeper text := (SELECT pg_get_userbyid(n.nspowner) FROM pg_namespace AS n WHERE n.nspname = @crm_name@);
BEGIN
  SELECT k.*, n.nspname, r.rolsuper OR r.rolbypassrls AS bypasses INTO c
  FROM pg_class AS k JOIN pg_namespace AS n ON n.oid = k.relnamespace, pg_roles AS r WHERE k.oid = root AND r.rolname = keeper;
  IF c.relkind IN ('v', 'm', 'f') OR EXISTS (SELECT FROM pg_partition_tree(root) AS p JOIN pg_class AS k ON k.oid = p.relid AND k.relkind = 'f') THEN
    RAISE EXCEPTION 'a view or foreign table cannot be attached' USING ERRCODE = 'wrong_object_type',
      DETAIL = 'No trigger would see its new rows.',
      HINT = 'Attach the table it reads from, or pull its rows into a table of your own on a schedule and attach that one.';
  END IF;
  IF c.relkind NOT IN ('r', 'p') OR c.relpersistence = 't' OR c.nspname IN ('pg_catalog', 'information_schema', 'crm_member', @crm_name@, @crm_name@ || '_report') THEN
    RAISE EXCEPTION 'only an ordinary or partitioned table of the shop can be attached' USING ERRCODE = 'wrong_object_type',
      DETAIL = format('It was asked for %s.', root);
  END IF;
  IF c.relispartition OR EXISTS (SELECT FROM pg_inherits AS i WHERE i.inhrelid = root OR (i.inhparent = root AND c.relkind = 'r')) THEN
    RAISE EXCEPTION 'a partition, or a table that inherits or is inherited, cannot be attached' USING ERRCODE = 'wrong_object_type',
      DETAIL = 'Statements on the parent would not fire its triggers.', HINT = 'Attach the partitioned table itself.';
  END IF;
  IF NOT pg_has_role(c.relowner, 'USAGE') OR NOT pg_has_role((SELECT r.oid FROM pg_roles AS r WHERE r.rolname = keeper), 'USAGE') THEN
    RAISE EXCEPTION 'only an owner of the table and of the CRM schema can attach it' USING ERRCODE = 'insufficient_privilege',
      DETAIL = format('The table belongs to %s, the schema to %s.', pg_get_userbyid(c.relowner), keeper),
      HINT = 'Call it as a role that is a member of both.';
  END IF;
  IF NOT has_table_privilege(keeper, root, 'SELECT') OR NOT has_schema_privilege(keeper, c.relnamespace, 'USAGE') THEN
    RAISE EXCEPTION 'the owner of the CRM schema cannot read the table' USING ERRCODE = 'insufficient_privilege',
      DETAIL = format('The role is %s.', keeper),
      HINT = format('GRANT USAGE ON SCHEMA %I TO %I; GRANT SELECT ON %s TO %I;', c.nspname, keeper, root, keeper);
  END IF;
  IF c.relrowsecurity AND NOT c.bypasses AND (c.relforcerowsecurity OR NOT pg_has_role(keeper, c.relowner, 'USAGE')) THEN
    RAISE EXCEPTION 'row security hides rows of the table from the owner of the CRM schema' USING ERRCODE = 'insufficient_privilege',
      DETAIL = format('The role is %s.', keeper), HINT = 'Make that role an owner of the table, without FORCE ROW LEVEL SECURITY.';
  END IF;
  IF EXISTS (SELECT FROM @crm@.source AS s WHERE s.state = 'attached' AND @crm@._source_table(s) = root) THEN
    RAISE EXCEPTION 'the table is attached already' USING ERRCODE = 'duplicate_object',
      DETAIL = format('The table is %s.', root), HINT = 'Detach it with detach_sales to attach it in another way.';
  END IF;
  IF backfill THEN
    PERFORM @crm@._require_read_committed();
  END IF;
END
$$;
COMMENT ON FUNCTION @crm@._attach_check(regclass, boolean) IS 'raises unless a table is of a kind that can be attached by this caller now';

CREATE OR REPLACE FUNCTION @crm@._attach_key(root regclass, key_column text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  col record;
  doubled bigint;
BEGIN
  SELECT a.attnum, a.attnotnull, c.relkind = 'p' AS partitioned, o.collisdeterministic IS FALSE AS loose INTO col
  FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid LEFT JOIN pg_collation AS o ON o.oid = a.attcollation
  WHERE a.attrelid = root AND a.attname = key_column;
  IF NOT col.attnotnull THEN
    RAISE EXCEPTION 'the key column may be null' USING ERRCODE = 'object_not_in_prerequisite_state',
      DETAIL = format('The column is "%s".', key_column), HINT = format('ALTER TABLE %s ALTER COLUMN %I SET NOT NULL;', root, key_column);
  END IF;
  IF col.loose THEN
    RAISE EXCEPTION 'the key column has a nondeterministic collation' USING ERRCODE = 'feature_not_supported',
      DETAIL = format('Different keys of "%s" may be equal.', key_column);
  END IF;
  IF EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = root AND i.indisunique AND i.indimmediate AND i.indisvalid AND i.indpred IS NULL
             AND i.indnkeyatts = 1 AND i.indkey[0] = col.attnum) THEN
    RETURN;
  END IF;
  EXECUTE format('SELECT count(*) FROM (SELECT FROM %s AS o GROUP BY o.%I HAVING count(*) > 1) AS d', root, key_column) INTO doubled;
  IF doubled > 0 THEN
    RAISE EXCEPTION 'the key column has duplicate keys' USING ERRCODE = 'unique_violation',
      DETAIL = format('Keys of "%s" that stand in more than one row: %s.', key_column, doubled), HINT = 'Name the column that tells one sale from another.';
  END IF;
  -- the key of a partitioned table must hold the partition key, so an index that begins with it has to do
  IF NOT col.partitioned OR NOT EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = root AND i.indisvalid AND i.indpred IS NULL AND i.indkey[0] = col.attnum) THEN
    RAISE EXCEPTION 'the key column has no unique index' USING ERRCODE = 'object_not_in_prerequisite_state',
      DETAIL = format('The column is "%s".', key_column),
      HINT = CASE WHEN col.partitioned THEN format('CREATE INDEX ON %s (%I);', root, key_column) ELSE format('CREATE UNIQUE INDEX ON %s (%I);', root, key_column) END;
  END IF;
END
$$;
COMMENT ON FUNCTION @crm@._attach_key(regclass, text) IS 'raises unless a column tells the rows of a table apart: not null, with a unique index; in a partitioned table an index that begins with it and no duplicates now';

CREATE OR REPLACE FUNCTION @crm@._realm_of(root regclass, member_column text, realm text) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  found_id integer;
BEGIN
  -- tables whose columns refer to one table of customers share its realm
  realm := coalesce(realm,
    (SELECT min(c.confrelid::regclass::text) FROM pg_constraint AS c JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attname = member_column
     WHERE c.conrelid = root AND c.contype = 'f' AND c.conkey = ARRAY[a.attnum]),
    root::text || '.' || quote_ident(member_column));
  INSERT INTO @crm@.realm (name) VALUES (realm) ON CONFLICT DO NOTHING;
  SELECT r.id INTO STRICT found_id FROM @crm@.realm AS r WHERE r.name = realm;
  RETURN found_id;
END
$$;
COMMENT ON FUNCTION @crm@._realm_of(regclass, text, text) IS 'the realm of the member keys in a column: the one that is named, else the table that the column refers to, else the column itself';

-- The whole table at once, when none of its rows is a sale yet.
CREATE OR REPLACE FUNCTION @crm@._fold_table(src @crm@.source, root regclass, OUT wrote bigint, OUT held bigint, OUT rounded bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET cursor_tuple_fraction = 1
SET enable_mergejoin = off
AS $$
#variable_conflict use_variable
DECLARE
  rows_sql text := @crm@._source_rows(src, root, root::text);
  many constant integer := 10000;
  met record;
  known record;
  fresh refcursor;
  keys text[];
  n bigint;
  run bigint;
BEGIN
  INSERT INTO @crm@.job_run (job, subject) VALUES ('attach_sales', src.name) RETURNING id INTO run;
  EXECUTE format('SELECT coalesce(sum(g.sales), 0)::bigint AS sales, array_agg(nullif(g.member_value::text, '''') COLLATE "C") AS members, array_agg(g.first_at) AS first_ats
                  FROM (SELECT x.member_value, count(*) AS sales, min(x.at) AS first_at FROM (%s) AS x WHERE x.problem IS NULL GROUP BY x.member_value) AS g', rows_sql) INTO met;
  known := @crm@._source_members(src, met.members, met.first_ats);
  IF src.store_column IS NOT NULL THEN
    EXECUTE @crm@._source_step(src, rows_sql, 'stores');
  END IF;
  IF met.sales > many THEN
    IF known.ids IS NULL THEN
      known := @crm@._source_ids(src.realm_id, met.members);
    END IF;
    OPEN fresh NO SCROLL FOR EXECUTE @crm@._source_step(src, @crm@._source_rows(src, root, @crm@._source_bulk(src, root, root::text), true), 'load')
      USING NULL::text[], '{}'::text[], known.known, known.ids;
    wrote := @crm@._load_sales(src, root, fresh, known.known, known.ids);
    CLOSE fresh;
  END IF;
  IF wrote IS NULL THEN
    EXECUTE @crm@._source_step(src, rows_sql, 'sales') USING NULL::text[], '{}'::text[];
    GET DIAGNOSTICS wrote = ROW_COUNT;
  END IF;
  IF src.refund_of_column IS NOT NULL THEN
    EXECUTE @crm@._source_step(src, rows_sql, 'refunds') USING NULL::text[], '{}'::text[];
    GET DIAGNOSTICS n = ROW_COUNT;
    wrote := wrote + n;
    -- a refund at 0.00 of no sale is a sale, which another may name
    SELECT array_agg(DISTINCT o.source_key) INTO keys FROM @crm@.sale AS r JOIN @crm@.sale AS o ON o.source_id = src.id AND o.source_key = r.refund_of_key
    WHERE r.source_id = src.id AND r.refund_of_key IS NOT NULL AND o.net_spend >= 0 AND o.refund_of_id IS NULL;
    IF keys IS NOT NULL THEN
      PERFORM @crm@._fold_keys(src, root, keys);
    END IF;
  END IF;
  EXECUTE format('SELECT count(*) FILTER (WHERE x.rounded), count(x.problem) FROM (%s) AS x', rows_sql) INTO rounded, held;
  IF held > 0 THEN
    EXECUTE format('SELECT @crm@._hold(%s, array_agg(x.key), ''CR009'', x.problem) FROM (%s) AS x WHERE x.problem IS NOT NULL GROUP BY x.problem', src.id, rows_sql);
  END IF;
  UPDATE @crm@.source AS s SET backfilled_at = clock_timestamp() WHERE s.id = src.id;
  UPDATE @crm@.job_run AS j SET state = 'done', ended_at = clock_timestamp(), rows_done = wrote, rows_expected = wrote + held,
    detail = jsonb_build_object('rounded', rounded, 'waiting', held) WHERE j.id = run;
END
$$;
COMMENT ON FUNCTION @crm@._fold_table(@crm@.source, regclass) IS 'makes sales of all rows of a table that has none yet, in one statement a step';

CREATE OR REPLACE FUNCTION @crm@._differences(src @crm@.source, root regclass)
RETURNS TABLE (key text, kind text, problem text)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN QUERY EXECUTE @crm@._source_step(src, @crm@._source_rows(src, root, root::text), 'differences');
END
$$;
COMMENT ON FUNCTION @crm@._differences(@crm@.source, regclass) IS 'keys of an attached table whose sale is missing, surplus or changed, and rows that are refused';

CREATE OR REPLACE FUNCTION @crm@._reconcile(src @crm@.source, root regclass, OUT missing bigint, OUT changed bigint, OUT surplus bigint, OUT wrote bigint, OUT held bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  keys text[];
  refused text[];
  problem text;
  part record;
BEGIN
  SELECT count(*) FILTER (WHERE d.kind = 'missing'), count(*) FILTER (WHERE d.kind = 'changed'), count(*) FILTER (WHERE d.kind = 'surplus'),
         array_agg(d.key ORDER BY d.key) FILTER (WHERE d.kind <> 'refused'), array_agg(d.key) FILTER (WHERE d.kind = 'refused'), string_agg(DISTINCT d.problem, ', or ')
    INTO missing, changed, surplus, keys, refused, problem
  FROM @crm@._differences(src, root) AS d;
  wrote := 0;
  held := coalesce(cardinality(refused), 0);
  DELETE FROM @crm@.captured AS c WHERE c.source_id = src.id AND c.code = 'CR009';
  IF held > 0 THEN
    PERFORM @crm@._hold(src.id, refused, 'CR009', problem);
  END IF;
  FOR i IN 0 .. coalesce(cardinality(keys), 0) - 1 BY 10000 LOOP
    part := @crm@._fold_or_hold(src, root, keys[i + 1 : i + 10000]);
    wrote := wrote + part.wrote;
    held := held + part.held;
  END LOOP;
END
$$;
COMMENT ON FUNCTION @crm@._reconcile(@crm@.source, regclass) IS 'compares an attached table with its sales, both ways, and folds what differs';

CREATE OR REPLACE FUNCTION @crm@.attach_sales(source regclass, member_column text, at_column text, amount_column text, key_column text,
  store_column text DEFAULT NULL, channel_column text DEFAULT NULL, refund_of_column text DEFAULT NULL, status_predicate text DEFAULT NULL,
  accrue_from timestamptz DEFAULT now(), mode text DEFAULT 'immediate', on_error text DEFAULT 'queue', backfill boolean DEFAULT true, realm text DEFAULT NULL)
RETURNS TABLE (source_id integer, sales bigint, waiting bigint, rounded bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  key_types constant text[] := '{int2,int4,int8,text,varchar,bpchar,uuid}';
  key_hint constant text := 'Keys are smallint, integer, bigint, text, varchar, char or uuid.';
  kin text[];
  src @crm@.source;
  held record;
BEGIN
  IF source IS NULL OR backfill IS NULL OR accrue_from IS NULL THEN
    RAISE EXCEPTION 'source, accrue_from and backfill must not be null' USING ERRCODE = 'null_value_not_allowed';
  END IF;
  IF mode IS NULL OR mode NOT IN ('immediate', 'deferred') OR on_error IS NULL OR on_error NOT IN ('queue', 'raise') THEN
    RAISE EXCEPTION 'unknown mode or on_error' USING ERRCODE = 'invalid_parameter_value',
      HINT = 'mode is immediate or deferred, on_error is queue or raise.';
  END IF;
  PERFORM @crm@._attach_check(source, backfill);
  PERFORM @crm@._attach_column(source, 'key_column', key_column, key_types, key_hint);
  PERFORM @crm@._attach_column(source, 'member_column', member_column, key_types, key_hint);
  PERFORM @crm@._attach_column(source, 'at_column', at_column, '{date,timestamp,timestamptz}', 'Times are date, timestamp or timestamptz.');
  PERFORM @crm@._attach_column(source, 'amount_column', amount_column, '{numeric,int2,int4,int8,float8}',
    'Amounts are numeric, integer types or double precision; cast others in the table.');
  IF store_column IS NOT NULL THEN
    PERFORM @crm@._attach_column(source, 'store_column', store_column, key_types || '{enum}'::text[], 'Stores are known by integers, text, uuid or an enumeration.');
  END IF;
  IF channel_column IS NOT NULL THEN
    PERFORM @crm@._attach_column(source, 'channel_column', channel_column, key_types || '{enum}'::text[], 'Channels are integers, text, uuid or an enumeration.');
  END IF;
  IF refund_of_column IS NOT NULL THEN
    kin := CASE WHEN @crm@._column_type(source, key_column) LIKE 'int%' THEN '{int2,int4,int8}' WHEN @crm@._column_type(source, key_column) = 'uuid' THEN '{uuid}' ELSE '{text,varchar,bpchar}' END;
    PERFORM @crm@._attach_column(source, 'refund_of_column', refund_of_column, kin, 'It holds the key of the refunded sale and has a type of the same kind as the key column.');
  END IF;
  -- keeps writers out until the triggers stand, and whoever attaches the same table at once
  EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', source);
  PERFORM @crm@._attach_check(source, backfill);
  PERFORM @crm@._attach_key(source, key_column);
  IF status_predicate IS NOT NULL THEN
    status_predicate := @crm@._status_predicate(source, status_predicate);
  END IF;

  -- a table that was attached before goes on with its sales, and with the earlier start of points
  UPDATE @crm@.source AS s
  SET state = 'attached', attached_at = clock_timestamp(), detached_at = NULL, backfilled_at = NULL, name = source::text,
      realm_id = @crm@._realm_of(source, member_column, realm), key_column = key_column, member_column = member_column, at_column = at_column,
      amount_column = amount_column, store_column = store_column, channel_column = channel_column, refund_of_column = refund_of_column,
      status_predicate = status_predicate, accrue_from = least(s.accrue_from, accrue_from), mode = mode, on_error = on_error
  WHERE s.id = (SELECT max(o.id) FROM @crm@.source AS o, pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                WHERE c.oid = source AND o.state = 'detached' AND o.table_schema = n.nspname AND o.table_name = c.relname)
  RETURNING s.* INTO src;
  IF NOT FOUND THEN
    INSERT INTO @crm@.source AS s (name, table_schema, table_name, realm_id, key_column, member_column, at_column, amount_column, store_column, channel_column,
                                   refund_of_column, status_predicate, accrue_from, mode, on_error)
    SELECT source::text, n.nspname, c.relname, @crm@._realm_of(source, member_column, realm), key_column, member_column, at_column, amount_column,
           store_column, channel_column, refund_of_column, status_predicate, accrue_from, mode, on_error
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = source
    RETURNING s.* INTO src;
  END IF;
  PERFORM @crm@._attach_triggers(src.id, source);
  PERFORM @crm@._audit('attach_sales', subject => source::text);
  source_id := src.id;
  sales := 0;
  waiting := 0;
  rounded := 0;
  IF backfill THEN
    IF EXISTS (SELECT FROM @crm@.sale AS s WHERE s.source_id = src.id) THEN
      held := @crm@._reconcile(src, source);
      UPDATE @crm@.source AS s SET backfilled_at = clock_timestamp() WHERE s.id = src.id;
      EXECUTE format('SELECT count(*) FROM (%s) AS x WHERE x.rounded', @crm@._source_rows(src, source, source::text)) INTO rounded;
    ELSE
      held := @crm@._fold_table(src, source);
      rounded := held.rounded;
    END IF;
    sales := held.wrote;
    waiting := held.held;
  END IF;
  RETURN NEXT;
END
$$;
COMMENT ON FUNCTION @crm@.attach_sales(regclass, text, text, text, text, text, text, text, text, timestamptz, text, text, boolean, text) IS 'lets a table of the shop feed the sales of this schema: triggers on it and its partitions follow every INSERT, COPY, UPDATE, DELETE and TRUNCATE. member_column holds the shop''s key of a member, NULL or an empty text for a guest; key_column tells the rows apart; a date is the start of the local day, a timestamp is in the zone of this schema; amounts are rounded half away from zero to the decimals of the currency; negative amounts are refunds, of the sale whose key refund_of_column holds; rows without time or amount, and those for which status_predicate is not true, are no sales. Sales before accrue_from bring histories and tiers but no points and no notices. mode deferred only captures; with on_error queue, the default, no error of the CRM reaches the shop. backfill reads the rows that are there, at once. realm names the key space of members that several tables share. Answers with the sales made, the rows that wait in captured, and the amounts that had to be rounded. For an owner of both. Errors: 42703, 42804 columns, 23505 duplicate keys, 55000 no unique index, 42809 view or foreign table, 42710 attached already, 42501 not allowed, 25000 backfill above READ COMMITTED';

CREATE OR REPLACE FUNCTION @crm@.sync_sales(source text DEFAULT NULL)
RETURNS TABLE (source_id integer, keys_taken bigint, sales bigint, waiting bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  only_id integer;
  src @crm@.source;
  root regclass;
  last_id bigint;
  part record;
  done record;
BEGIN
  PERFORM @crm@._require('{app,manager}');
  PERFORM @crm@._require_read_committed();
  IF source IS NOT NULL THEN
    only_id := (@crm@._attached_source(source)).id;
  END IF;
  FOR src IN SELECT s.* FROM @crm@.source AS s WHERE s.state = 'attached' AND (only_id IS NULL OR s.id = only_id) ORDER BY s.id LOOP
    root := @crm@._source_table(src);
    source_id := src.id;
    keys_taken := 0;
    sales := 0;
    CONTINUE WHEN root IS NULL;
    PERFORM @crm@._lock_source(src.id);
    SELECT max(c.id) INTO last_id FROM @crm@.captured AS c WHERE c.source_id = src.id;
    LOOP
      -- taken first, read after: what commits in between is captured again
      WITH taken AS (
        DELETE FROM @crm@.captured AS c
        WHERE c.id IN (SELECT k.id FROM @crm@.captured AS k WHERE k.source_id = src.id AND k.id <= last_id ORDER BY k.id LIMIT 20)
        RETURNING c.keys, c.tries
      )
      SELECT count(*) AS n, bool_or(t.keys IS NULL) AS whole, max(t.tries) AS tries,
             ARRAY(SELECT DISTINCT k.key FROM taken AS u, unnest(u.keys) AS k(key)) AS keys
        INTO part FROM taken AS t;
      EXIT WHEN part.n = 0;
      FOR i IN 0 .. cardinality(part.keys) - 1 BY 10000 LOOP
        done := @crm@._fold_or_hold(src, root, part.keys[i + 1 : i + 10000], part.tries);
        sales := sales + done.wrote;
      END LOOP;
      keys_taken := keys_taken + cardinality(part.keys);
      IF part.whole THEN
        -- a table that cannot be read, such as one that has lost a column, holds up no other
        BEGIN
          done := @crm@._reconcile(src, root);
          sales := sales + done.wrote;
        EXCEPTION WHEN OTHERS THEN
          INSERT INTO @crm@.captured (source_id, keys, tries, code, reason) VALUES (src.id, NULL, part.tries + 1, SQLSTATE, left(SQLERRM, 500));
        END;
      END IF;
    END LOOP;
    SELECT coalesce(sum(coalesce(cardinality(c.keys), 1)), 0) INTO waiting FROM @crm@.captured AS c WHERE c.source_id = src.id;
    RETURN NEXT;
  END LOOP;
END
$$;
COMMENT ON FUNCTION @crm@.sync_sales(text) IS 'folds the captured rows of a table, or of all attached tables, into sales; what cannot be folded goes on waiting with its reason. Answers for each how many keys it took, how many sales it wrote, and how many keys wait. Run it from time to time, and often in deferred mode. Levels app and manager for all stores. Errors: 42704 not attached, 25000 above READ COMMITTED, 42501 not allowed';

CREATE OR REPLACE FUNCTION @crm@._backfill_begin(source text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  src @crm@.source := @crm@._attached_source(source);
  root regclass := @crm@._source_table(src);
  run bigint;
BEGIN
  PERFORM @crm@._require_read_committed();
  PERFORM @crm@._lock_source(src.id);
  SELECT max(j.id) INTO run FROM @crm@.job_run AS j
  WHERE j.job = 'backfill_sales' AND j.subject = src.name AND j.state IN ('running', 'stopped') AND j.started_at >= src.attached_at;
  IF run IS NULL THEN
    INSERT INTO @crm@.job_run (job, subject, rows_expected, detail)
    SELECT 'backfill_sales', src.name, greatest(0, sum(c.reltuples) FILTER (WHERE c.relkind = 'r'))::bigint, '{"sales": 0, "waiting": 0}'
    FROM pg_class AS c WHERE c.oid = root OR c.oid IN (SELECT p.relid FROM pg_partition_tree(root) AS p)
    RETURNING id INTO run;
  ELSE
    UPDATE @crm@.job_run AS j SET state = 'running', ended_at = NULL WHERE j.id = run;
  END IF;
  RETURN run;
END
$$;
COMMENT ON FUNCTION @crm@._backfill_begin(text) IS 'the run of backfill_sales that is to go on, or a new one';

-- One batch, in key order, from where the last one ended. The lock of the source
-- is held until its COMMIT, so a sync never looks at a key between the reading
-- of its row and the writing of its sale.
CREATE OR REPLACE FUNCTION @crm@._backfill_step(source text, run bigint, batch_rows integer, last_one boolean) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  src @crm@.source := @crm@._attached_source(source);
  root regclass := @crm@._source_table(src);
  place text;
  keys text[];
  done record;
BEGIN
  PERFORM @crm@._require_read_committed();
  IF batch_rows IS NULL OR batch_rows NOT BETWEEN 1 AND 1000000 THEN
    RAISE EXCEPTION 'batch_rows must be from 1 to 1000000' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM @crm@._lock_source(src.id);
  SELECT j.place INTO place FROM @crm@.job_run AS j WHERE j.id = run AND j.state = 'running' FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  EXECUTE format('SELECT array_agg(k.key) FROM (SELECT o.%1$I::text AS key FROM %2$s AS o %3$s ORDER BY o.%1$I LIMIT $2) AS k',
    src.key_column, root, CASE WHEN place IS NULL THEN '' ELSE format('WHERE o.%I > $1::pg_catalog.%I', src.key_column, @crm@._column_type(root, src.key_column)) END)
    INTO keys USING place, batch_rows;
  IF keys IS NULL THEN
    UPDATE @crm@.job_run AS j SET state = 'done', ended_at = clock_timestamp() WHERE j.id = run;
    UPDATE @crm@.source AS s SET backfilled_at = clock_timestamp() WHERE s.id = src.id;
    RETURN false;
  END IF;
  done := @crm@._fold_or_hold(src, root, keys);
  UPDATE @crm@.job_run AS j
  SET place = keys[cardinality(keys)], rows_done = j.rows_done + cardinality(keys), state = CASE WHEN last_one THEN 'stopped' ELSE 'running' END,
      detail = jsonb_build_object('sales', (j.detail ->> 'sales')::bigint + done.wrote, 'waiting', (j.detail ->> 'waiting')::bigint + done.held)
  WHERE j.id = run;
  RETURN NOT last_one;
END
$$;
COMMENT ON FUNCTION @crm@._backfill_step(text, bigint, integer, boolean) IS 'one batch of backfill_sales; answers whether there may be more';

-- A procedure that commits can have no pinned search_path: every name in it is qualified.
CREATE OR REPLACE PROCEDURE @crm@.backfill_sales(source text, batch_rows integer DEFAULT 10000, max_batches integer DEFAULT NULL)
LANGUAGE plpgsql
AS $$
DECLARE
  run bigint;
  batch bigint := 0;
BEGIN
  run := @crm@._backfill_begin(source);
  COMMIT;
  LOOP
    batch := batch OPERATOR(pg_catalog.+) 1;
    EXIT WHEN NOT @crm@._backfill_step(source, run, batch_rows, (batch OPERATOR(pg_catalog.>=) max_batches) IS TRUE);
    COMMIT;
  END LOOP;
END
$$;
COMMENT ON PROCEDURE @crm@.backfill_sales(text, integer, integer) IS 'makes sales of the rows that an attached table had before, in batches that commit, while the shop goes on selling. It can be stopped at any time, or after max_batches, and goes on where it was when it is called again; job_run shows how far it is. For the owner, outside a transaction. Errors: 42704 not attached, 25000 above READ COMMITTED, 2D000 inside a transaction';

CREATE OR REPLACE FUNCTION @crm@.reconcile_sales(source text)
RETURNS TABLE (missing bigint, changed bigint, surplus bigint, sales bigint, waiting bigint, rounded bigint, triggers_made integer)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  src @crm@.source := @crm@._attached_source(source);
  root regclass := @crm@._source_table(src);
  done record;
  stray record;
BEGIN
  PERFORM @crm@._require_read_committed();
  IF root IS NULL THEN
    RAISE EXCEPTION 'the attached table is gone' USING ERRCODE = 'undefined_table', DETAIL = format('The table was %s.', src.name), HINT = 'detach_sales lets it go; its sales stay.';
  END IF;
  triggers_made := @crm@._attach_triggers(src.id, root);
  -- partitions that were taken out of the table
  FOR stray IN
    SELECT t.tgrelid::regclass AS relation, t.tgname FROM pg_trigger AS t
    WHERE t.tgfoid = to_regprocedure('@crm@._capture()') AND encode(t.tgargs, 'escape') = src.id || '\000'
      AND NOT EXISTS (SELECT FROM @crm@._attached_triggers(root) AS w WHERE w.relation = t.tgrelid)
  LOOP
    EXECUTE format('DROP TRIGGER %I ON %s', stray.tgname, stray.relation);
  END LOOP;
  UPDATE @crm@.source AS s SET table_schema = n.nspname, table_name = c.relname, name = root::text
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
  WHERE s.id = src.id AND c.oid = root AND (s.table_schema, s.table_name) IS DISTINCT FROM (n.nspname::text, c.relname::text);
  PERFORM FROM @crm@.sync_sales(root::text);
  PERFORM @crm@._lock_source(src.id);
  done := @crm@._reconcile(src, root);
  UPDATE @crm@.source AS s SET backfilled_at = coalesce(s.backfilled_at, clock_timestamp()) WHERE s.id = src.id;
  missing := done.missing;
  changed := done.changed;
  surplus := done.surplus;
  sales := done.wrote;
  EXECUTE format('SELECT count(*) FROM (%s) AS x WHERE x.rounded', @crm@._source_rows(src, root, root::text)) INTO rounded;
  SELECT coalesce(sum(coalesce(cardinality(c.keys), 1)), 0) INTO waiting FROM @crm@.captured AS c WHERE c.source_id = src.id;
  RETURN NEXT;
END
$$;
COMMENT ON FUNCTION @crm@.reconcile_sales(text) IS 'folds what waits, then compares a whole attached table with its sales and mends what no trigger saw: logical replication, session_replication_role, disabled triggers, detached and dropped partitions; gives new partitions their triggers. Answers with what was missing, changed and surplus, the sales written, the keys that still wait, the amounts that are rounded and the triggers made. For an owner of both. Errors: 42704 not attached, 25000 above READ COMMITTED';

CREATE OR REPLACE FUNCTION @crm@.detach_sales(source text) RETURNS TABLE (source_id integer, sales bigint, dropped bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  src @crm@.source := @crm@._attached_source(source);
  root regclass := @crm@._source_table(src);
  t record;
BEGIN
  PERFORM @crm@._require_read_committed();
  -- whoever writes now is waited for, and captured
  IF root IS NOT NULL THEN
    EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', root);
    PERFORM FROM @crm@.sync_sales(src.name);
  END IF;
  FOR t IN SELECT k.tgrelid::regclass AS relation, k.tgname FROM pg_trigger AS k
    WHERE k.tgfoid = to_regprocedure('@crm@._capture()') AND encode(k.tgargs, 'escape') = src.id || '\000' ORDER BY 1, 2
  LOOP
    EXECUTE format('DROP TRIGGER %I ON %s', t.tgname, t.relation);
  END LOOP;
  WITH gone AS (DELETE FROM @crm@.captured AS c WHERE c.source_id = src.id RETURNING c.keys)
  SELECT coalesce(sum(coalesce(cardinality(g.keys), 1)), 0) INTO dropped FROM gone AS g;
  UPDATE @crm@.source AS s SET state = 'detached', detached_at = clock_timestamp() WHERE s.id = src.id;
  PERFORM @crm@._audit('detach_sales', subject => src.name);
  source_id := src.id;
  SELECT count(*) INTO sales FROM @crm@.sale AS s WHERE s.source_id = src.id;
  RETURN NEXT;
END
$$;
COMMENT ON FUNCTION @crm@.detach_sales(text) IS 'folds what waits, then takes every trigger off a shop''s table: nothing of the CRM is left there. The sales stay; attached again, the table goes on with them. Answers with the number of sales kept and of keys that could not be folded and are forgotten. For an owner of both. Errors: 42704 not attached, 25000 above READ COMMITTED';

CREATE OR REPLACE FUNCTION @crm@._repair_sources() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  src @crm@.source;
  root regclass;
BEGIN
  FOR src IN SELECT s.* FROM @crm@.source AS s WHERE s.state = 'attached' ORDER BY s.id LOOP
    root := @crm@._source_table(src);
    CONTINUE WHEN root IS NULL;
    BEGIN
      IF @crm@._attach_triggers(src.id, root) > 0 AND src.backfilled_at IS NOT NULL THEN
        IF current_setting('transaction_isolation') IN ('read committed', 'read uncommitted') THEN
          PERFORM @crm@._lock_source(src.id);
          BEGIN
            PERFORM @crm@._reconcile(src, root);
          EXCEPTION WHEN OTHERS THEN
            INSERT INTO @crm@.captured (source_id, code, reason) VALUES (src.id, SQLSTATE, left(SQLERRM, 500));
          END;
        ELSE
          INSERT INTO @crm@.captured (source_id, reason) VALUES (src.id, 'the triggers were away');
        END IF;
      END IF;
    EXCEPTION WHEN insufficient_privilege THEN
      -- the table belongs to another: check_crm names what is missing
      INSERT INTO @crm@.captured (source_id, code, reason) VALUES (src.id, SQLSTATE, SQLERRM);
    END;
  END LOOP;
END
$$;
COMMENT ON FUNCTION @crm@._repair_sources() IS 'makes the triggers on attached tables again that went with the extension, and brings what the shop did meanwhile';

CREATE OR REPLACE FUNCTION @crm@._check_sources() RETURNS TABLE (check_name text, ok boolean, detail text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
  src @crm@.source;
  root regclass;
  lost text[] := '{}';
  unread text[] := '{}';
  bare bigint := 0;
  differ bigint := 0;
  waiting bigint;
  n bigint;
BEGIN
  FOR src IN SELECT s.* FROM @crm@.source AS s WHERE s.state = 'attached' ORDER BY s.id LOOP
    root := @crm@._source_table(src);
    IF root IS NULL THEN
      lost := lost || src.name;
      CONTINUE;
    END IF;
    SELECT count(*) INTO n FROM @crm@._attached_triggers(root) AS w WHERE NOT w.stands;
    bare := bare + n;
    BEGIN
      -- before the backfill the past is not missing; what waits is known to differ
      SELECT count(*) INTO n FROM @crm@._differences(src, root) AS d
      WHERE d.kind IN ('changed', 'surplus') OR (d.kind = 'missing' AND src.backfilled_at IS NOT NULL);
      IF n > 0 AND NOT EXISTS (SELECT FROM @crm@.captured AS c WHERE c.source_id = src.id AND c.keys IS NULL) THEN
        SELECT count(*) INTO n FROM @crm@._differences(src, root) AS d
        WHERE (d.kind IN ('changed', 'surplus') OR (d.kind = 'missing' AND src.backfilled_at IS NOT NULL))
          AND NOT EXISTS (SELECT FROM @crm@.captured AS c, unnest(c.keys) AS k(key) WHERE c.source_id = src.id AND k.key = d.key);
        differ := differ + n;
      END IF;
    EXCEPTION WHEN OTHERS THEN
      -- a column that was renamed or dropped, or is of another type now
      unread := unread || format('%s (%s)', src.name, SQLERRM);
    END;
  END LOOP;
  SELECT coalesce(sum(coalesce(cardinality(c.keys), 1)), 0) INTO waiting FROM @crm@.captured AS c;
  SELECT count(*) INTO n FROM @crm@.sale AS s WHERE NOT EXISTS (SELECT FROM @crm@.source AS o WHERE o.id = s.source_id);
  RETURN QUERY SELECT 'sales come from known sources', n = 0, format('%s sales come from none', n);
  RETURN QUERY SELECT 'attached tables and their triggers stand', lost = '{}' AND bare = 0,
    format('%s triggers are missing or disabled', bare) || CASE WHEN lost = '{}' THEN '' ELSE '; tables gone: ' || array_to_string(lost, ', ') END;
  RETURN QUERY SELECT 'attached tables equal their sales', differ = 0 AND unread = '{}',
    format('%s rows differ, %s wait for sync_sales', differ, waiting) || CASE WHEN unread = '{}' THEN '' ELSE '; tables that cannot be read: ' || array_to_string(unread, ', ') END;
END
$$;
COMMENT ON FUNCTION @crm@._check_sources() IS 'check_crm: every sale has its source; attached tables have their triggers, and their rows are sales, but for those that wait';
