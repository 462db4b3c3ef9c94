#!/bin/sh
# t/round_trips.sh
# Random values of each type go out and come back the same, as text and in binary; changed messages are refused or read.
#
# What sql/purchase_history, sql/rfm_type and sql/clv_model show with few
# values: with ./crm test --all a hundred thousand values and ten thousand
# messages, else a tenth of them. Values have refunds, many scales, days far
# apart, and parameters over many orders of magnitude.
. "$(dirname -- "$0")/lib.sh"
db=crm_t_round
if [ -n "${CRM_ALL:-}" ]; then n=100000; else n=10000; fi
make_db $db
P $db -c 'CREATE EXTENSION crm_member' -c "ALTER DATABASE $db SET search_path = public, crm_member"
P $db -v n=$n >"$T_DIR/made" <<'SQL'
SELECT setseed(0.25);
CREATE TABLE value AS
SELECT h.g AS id, h.h, format('%s%s%s', 1 + g % 9, 1 + g / 9 % 9, 1 + g / 81 % 9)::rfm AS r,
       clv_model(CASE g % 4 WHEN 0 THEN 'bg/nbd' WHEN 1 THEN 'mbg/nbd' WHEN 2 THEN 'pareto/nbd' ELSE 'nbd' END,
                 CASE WHEN g % 4 = 3 THEN ARRAY[p.a, p.b] ELSE ARRAY[p.a, p.b, p.c, p.d] END, CASE WHEN g % 2 = 0 THEN ARRAY[p.d, p.a, p.b] END) AS m
FROM (SELECT g, purchase_history(date '2000-01-01' + (random() * 10 ^ (g % 5))::integer, round(((random() - 0.1) * 10 ^ (g % 7))::numeric, g % 5)) AS h
      FROM generate_series(1, :n) AS g, generate_series(1, 1 + g % 7) GROUP BY g) AS h,
     LATERAL (SELECT exp((random() - 0.5) * 20 + g * 0) AS a, exp((random() - 0.5) * 20 + g * 0) AS b, exp((random() - 0.5) * 20 + g * 0) AS c, exp((random() - 0.5) * 20 + g * 0) AS d) AS p;
SQL
same 'text' "$(P $db -c "SELECT count(*), count(*) FILTER (WHERE h::text::purchase_history = h AND h::text::purchase_history::text = h::text),
	count(*) FILTER (WHERE r::text::rfm = r), count(*) FILTER (WHERE m::text::clv_model::text = m::text AND clv_params(m::text::clv_model) = clv_params(m)) FROM value")" "$n|$n|$n|$n"
same 'equal values hash equal' "$(P $db -c "SELECT count(*) FROM value WHERE purchase_history_hash(h) <> purchase_history_hash(h::text::purchase_history) OR purchase_history_hash_extended(h, id) <> purchase_history_hash_extended(h::text::purchase_history, id)
	OR rfm_hash(r) <> rfm_hash(r::text::rfm)")" 0
psql -XAtq -d $db -c 'COPY (SELECT id, h, r, m FROM value) TO STDOUT (FORMAT binary)' >"$T_DIR/copy"
P $db -c 'CREATE TABLE copied (id integer, h purchase_history, r rfm, m clv_model)'
psql -XAtq -v ON_ERROR_STOP=1 -d $db -c 'COPY copied FROM STDIN (FORMAT binary)' <"$T_DIR/copy"
same 'binary' "$(P $db -c 'SELECT count(*), count(*) FILTER (WHERE c.h = v.h), count(*) FILTER (WHERE c.r = v.r), count(*) FILTER (WHERE c.m::text = v.m::text) FROM copied AS c JOIN value AS v USING (id)')" "$n|$n|$n|$n"

# --- messages with a byte changed, cut short, or with bytes too many: a value, 22P03, 08P01; 22021 or 22P02 where the message is a text ---
P $db -v n=$n >"$T_DIR/answers" <<'SQL'
CREATE TABLE got_h (x purchase_history);
CREATE TABLE got_r (x rfm);
CREATE TABLE got_m (x clv_model);
CREATE FUNCTION read_it() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM NEW.x::text; RETURN NULL; END';
CREATE TRIGGER t BEFORE INSERT ON got_h FOR EACH ROW EXECUTE FUNCTION read_it();
CREATE TRIGGER t BEFORE INSERT ON got_r FOR EACH ROW EXECUTE FUNCTION read_it();
CREATE TRIGGER t BEFORE INSERT ON got_m FOR EACH ROW EXECUTE FUNCTION read_it();
CREATE FUNCTION receive(target text, message bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  path text := current_setting('data_directory') || '/crm_member_round.tmp';
BEGIN
  EXECUTE format('COPY (SELECT %L::bytea) TO %L (FORMAT binary)', message, path);
  EXECUTE format('COPY %I FROM %L (FORMAT binary)', target, path);
  RETURN 'value';
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE;
END $$;
CREATE FUNCTION changed(message bytea, n integer) RETURNS bytea LANGUAGE sql AS $$
SELECT CASE n % 8 WHEN 0 THEN substring(message FOR (n * 31) % length(message)) WHEN 1 THEN message || substring(message FOR 1 + n % 5)
  ELSE set_byte(message, (n * 37) % length(message), (n * 101) % 256) END
$$;
SELECT setseed(0.75);
SELECT 'history', receive('got_h', changed(purchase_history_send(h), (random() * 1000000 + id * 0)::integer)), count(*) FROM value WHERE id <= :n * 6 / 100 GROUP BY 2 ORDER BY 2;
SELECT 'model', receive('got_m', changed(clv_model_send(m), (random() * 1000000 + id * 0)::integer)), count(*) FROM value WHERE id <= :n * 3 / 100 GROUP BY 2 ORDER BY 2;
SELECT 'rfm', receive('got_r', changed(rfm_send(r), (random() * 1000000 + id * 0)::integer)), count(*) FROM value WHERE id <= :n / 100 GROUP BY 2 ORDER BY 2;
COPY (SELECT 1) TO PROGRAM 'rm -f crm_member_round.tmp && cat > /dev/null';
SQL
cat "$T_DIR/answers"
same 'messages' "$(awk -F '|' '{ n += $3 } END { print n }' "$T_DIR/answers")" $((n / 10))
same 'answers to changed messages' "$(cut -d '|' -f 2 "$T_DIR/answers" | grep -vE '^(value|22P03|08P01|22021|22P02)$' || :)" ''
same 'some are read' "$(grep -c '|value|' "$T_DIR/answers")" 3
finish
