-- sql/soft_errors.sql
-- Bad text for our types is a soft error from 16 on: pg_input_is_valid answers, nothing is thrown.
--
-- A server of 15 has no such function; there the same texts are cast and caught.

CREATE TABLE bad_input (type_name text, input text);
INSERT INTO bad_input VALUES
  ('crm_member.purchase_history', ''), ('crm_member.purchase_history', 'junk'), ('crm_member.purchase_history', '{'),
  ('crm_member.purchase_history', '{2024-02-30:1:5}'), ('crm_member.purchase_history', '{2024-02-01:-1:5}'),
  ('crm_member.purchase_history', '{2024-02-01:1:5}x'), ('crm_member.purchase_history', '{2024-02-01:1:NaN}'),
  ('crm_member.purchase_history', '{2024-02-01:99999999999999999999:5}'),
  ('crm_member.rfm', ''), ('crm_member.rfm', '5'), ('crm_member.rfm', '5455'), ('crm_member.rfm', '5a5'), ('crm_member.rfm', '505');
SELECT current_setting('server_version_num')::integer >= 160000 AS soft \gset
\if :soft
CREATE FUNCTION pg_temp.valid(input text, type_name text) RETURNS boolean LANGUAGE sql RETURN pg_input_is_valid(input, type_name);
\else
CREATE FUNCTION pg_temp.valid(input text, type_name text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('SELECT %L::%s', input, type_name);
  RETURN true;
EXCEPTION WHEN data_exception THEN
  RETURN false;
END
$$;
\endif
SELECT type_name, count(*) FILTER (WHERE pg_temp.valid(input, type_name)) AS valid, count(*) AS texts FROM bad_input GROUP BY type_name ORDER BY type_name;
DROP TABLE bad_input;
