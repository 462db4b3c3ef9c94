-- demo/load.sql
-- Reads a purchase log in CSV from standard input into shop.orders (customer_id, ordered_at, total).
--
-- psql variables: header (first line of the file), member, at, amount (names of columns), guests (values that mean
-- nobody, each after a byte 0x1F), zone, dates (YMD, DMY, MDY). The file's columns are taken as text and only the named
-- ones are read, so that whatever else it holds cannot stand in the way. Rows without a time or an amount are left out.

SET client_min_messages = notice;
SET TIME ZONE :'zone';
SELECT set_config('datestyle', 'ISO, ' || :'dates', false) \g /dev/null

CREATE SCHEMA shop;

-- The fields of one line of CSV, in order.
CREATE FUNCTION pg_temp.fields(line text) RETURNS text[]
    LANGUAGE sql IMMUTABLE
    RETURN (SELECT array_agg(btrim(CASE WHEN f[1] LIKE '"%' THEN replace(substr(f[1], 2, length(f[1]) - 2), '""', '"')
                                        ELSE f[1] END)
                             ORDER BY n)
              FROM regexp_matches(line || ',', '("(?:[^"]|"")*"|[^,]*),', 'g') WITH ORDINALITY AS m(f, n));

-- The place of a column, or an error that lists those that are there.
CREATE FUNCTION pg_temp.place(fields text[], wanted text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF cardinality(array_positions(fields, wanted)) <> 1 THEN
        RAISE EXCEPTION 'the file has % column "%"',
                        CASE cardinality(array_positions(fields, wanted)) WHEN 0 THEN 'no' ELSE 'more than one' END, wanted
              USING ERRCODE = 'undefined_column',
                    HINT = 'Its columns are: ' || array_to_string(fields, ', ') || '.';
    END IF;
    RETURN 'c' || array_position(fields, wanted);
END
$$;

-- Whether a text can be read as a value of the type.
CREATE FUNCTION pg_temp.readable(value text, type_name text) RETURNS boolean
    LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SELECT $1::%s', type_name) USING value;
    RETURN true;
EXCEPTION WHEN data_exception THEN
    RETURN false;
END
$$;

CREATE FUNCTION pg_temp.load(fields text[], member text, happened text, amount text, guests text[]) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    m CONSTANT text := pg_temp.place(fields, member);
    t CONSTANT text := pg_temp.place(fields, happened);
    a CONSTANT text := pg_temp.place(fields, amount);
    -- the member, NULL for guests; $1 is what guests are called
    key CONSTANT text := format('CASE WHEN btrim(%1$I) = ANY ($1) THEN NULL ELSE btrim(%1$I) END', m);
    nobody CONSTANT text[] := guests || ARRAY[''];
    key_type text;
    time_type text;
    bad record;
    lacking bigint;
    rows_read bigint;
BEGIN
    -- numbers are kept as numbers where that loses nothing: 007 is a text
    EXECUTE format($q$SELECT CASE WHEN bool_and(key ~ '^(0|-?[1-9][0-9]{0,17})$') THEN 'bigint' ELSE 'text' END,
                             CASE WHEN bool_or(at ~ ':.*[0-9](Z|z| ?UTC| ?[-+][0-9]{2}(:?[0-9]{2})?)$') THEN 'timestamptz'
                                  ELSE 'timestamp' END
                        FROM (SELECT %s AS key, btrim(%I) AS at FROM staging) AS s$q$, key, t)
       INTO key_type, time_type
      USING nobody;
    EXECUTE format('CREATE TABLE shop.orders (customer_id %s, ordered_at %s NOT NULL, total numeric NOT NULL)',
                   key_type, time_type);
    BEGIN
        EXECUTE format($q$INSERT INTO shop.orders
                          SELECT (%s)::%s, nullif(btrim(%I), '')::%s, nullif(btrim(%I), '')::numeric
                            FROM staging
                           WHERE btrim(%3$I) <> '' AND btrim(%5$I) <> ''$q$,
                       key, key_type, t, time_type, a)
          USING nobody;
    EXCEPTION WHEN data_exception THEN
        EXECUTE format($q$SELECT n + 1 AS line, CASE WHEN is_time THEN t ELSE a END AS value, is_time
                            FROM (SELECT n, t, a, NOT pg_temp.readable(t, %L) AS is_time
                                    FROM (SELECT row_number() OVER (ORDER BY ctid) AS n, nullif(btrim(%I), '') AS t,
                                                 nullif(btrim(%I), '') AS a
                                            FROM staging) AS s) AS s
                           WHERE is_time OR NOT pg_temp.readable(a, 'numeric')
                           ORDER BY n
                           LIMIT 1$q$, time_type, t, a)
           INTO bad;
        IF bad IS NULL THEN
            RAISE;
        END IF;
        RAISE EXCEPTION 'row % of the file: "%" in column "%" is no %', bad.line, bad.value,
                        CASE WHEN bad.is_time THEN happened ELSE amount END,
                        CASE WHEN bad.is_time THEN 'date or time' ELSE 'number' END
              USING ERRCODE = 'data_exception',
                    HINT = CASE WHEN bad.is_time THEN 'Say with --dates DMY or MDY how the file writes its days.'
                                ELSE 'Amounts are plain numbers such as 1234.50, without currency or thousands.' END;
    END;
    SELECT count(*) INTO rows_read FROM staging;
    SELECT rows_read - count(*) INTO lacking FROM shop.orders;
    IF rows_read = lacking THEN
        RAISE EXCEPTION 'the file has no row with a time and an amount' USING ERRCODE = 'no_data_found';
    ELSIF lacking > 0 THEN
        RAISE NOTICE '% rows without a time or an amount are left out', lacking;
    END IF;
END
$$;

SELECT format('CREATE TEMP TABLE staging (%s)', string_agg('c' || n || ' text', ', ' ORDER BY n))
  FROM generate_series(1, cardinality(pg_temp.fields(:'header'))) AS n
\gexec
\copy staging FROM pstdin WITH (FORMAT csv, HEADER)

SELECT pg_temp.load(pg_temp.fields(:'header'), :'member', :'at', :'amount',
                    (string_to_array(:'guests', E'\x1f'))[2:]) \g /dev/null
COMMENT ON TABLE shop.orders IS 'Purchases read from a file; customer_id is NULL for guests, a negative total is a refund.';
DROP TABLE staging;
ANALYZE shop.orders;
