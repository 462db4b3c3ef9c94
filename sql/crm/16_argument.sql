-- sql/crm/16_argument.sql
-- What doors ask of their arguments before they write.
--
-- A constraint that refuses a row repeats the whole row in its message, with
-- the name and the phone of a person, and does not say what would do. So doors
-- ask here first; the constraints stay for whoever writes to the tables.

--@ code
CREATE OR REPLACE FUNCTION @crm@._arg_text(value text, what text, most integer, needed boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF length(value) > most THEN
    RAISE EXCEPTION '% has at most % characters', what, most
      USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It has %s.', length(value));
  END IF;
  IF needed AND coalesce(btrim(value), '') = '' THEN
    RAISE EXCEPTION '% must be given', what USING ERRCODE = 'null_value_not_allowed';
  END IF;
END
$$;
COMMENT ON FUNCTION @crm@._arg_text(text, text, integer, boolean) IS 'raises 22023 for a text that is too long, 22004 where one is needed and there is none; what names it in the message';

CREATE OR REPLACE FUNCTION @crm@._arg_choice(value text, what text, choices text[]) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF value IS NULL OR value <> ALL (choices) THEN
    RAISE EXCEPTION 'unknown %', what
      USING ERRCODE = 'invalid_parameter_value', HINT = format('It is one of %s.', array_to_string(choices, ', '));
  END IF;
END
$$;
COMMENT ON FUNCTION @crm@._arg_choice(text, text, text[]) IS 'raises 22023 for a word that is none of the choices; what names it in the message';

CREATE OR REPLACE FUNCTION @crm@._arg_pattern(value text, what text, pattern text, hint text) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF value IS NULL OR value !~ pattern THEN
    RAISE EXCEPTION 'not a valid %', what USING ERRCODE = 'invalid_parameter_value', HINT = hint;
  END IF;
END
$$;
COMMENT ON FUNCTION @crm@._arg_pattern(text, text, text, text) IS 'raises 22023, with the hint, for a word that is not of this form; what names it in the message';

CREATE OR REPLACE FUNCTION @crm@._arg_rows(max_rows integer) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF max_rows < 0 THEN
    RAISE EXCEPTION 'max_rows must be 0 or more, or NULL for all' USING ERRCODE = 'invalid_parameter_value';
  END IF;
END
$$;
COMMENT ON FUNCTION @crm@._arg_rows(integer) IS 'raises 22023 for a negative number of rows';

CREATE OR REPLACE FUNCTION @crm@._arg_store(store_id bigint) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF store_id IS NOT NULL AND NOT EXISTS (SELECT FROM @crm@.store AS s WHERE s.id = store_id) THEN
    RAISE EXCEPTION 'unknown store'
      USING ERRCODE = 'foreign_key_violation', DETAIL = format('There is no store %s.', store_id), HINT = 'The table store lists them.';
  END IF;
END
$$;
COMMENT ON FUNCTION @crm@._arg_store(bigint) IS 'raises 23503 for a store that there is not; NULL passes';

CREATE OR REPLACE FUNCTION @crm@._arg_product(product_id bigint) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF product_id IS NOT NULL AND NOT EXISTS (SELECT FROM @crm@.product AS p WHERE p.id = product_id) THEN
    RAISE EXCEPTION 'unknown product'
      USING ERRCODE = 'foreign_key_violation', DETAIL = format('There is no product %s.', product_id), HINT = 'The table product lists them.';
  END IF;
END
$$;
COMMENT ON FUNCTION @crm@._arg_product(bigint) IS 'raises 23503 for a product that there is not; NULL passes';
