-- sql/predicate.sql
-- Predicates: what is one, its canonical form, what is refused and where, and what holds.

SET search_path = public, crm_member;
\set VERBOSITY terse
\set columns '{age,orders,spend,category,day,at,clock,vip,hour,"odd \\"name"}'
\set types '{integer,bigint,numeric,text,date,timestamptz,time,boolean,smallint,varchar}'

-- the canonical form
SELECT n, check_predicate(e, :'columns', :'types') FROM (VALUES
  (1, 'age BETWEEN 20 AND 30 AND orders > 3 AND category = ''fashion'''),
  (2, 'age NOT BETWEEN -5 AND 5 OR NOT vip'),
  (3, 'category IN (''a'', ''b'') AND category NOT IN (''c'')'),
  (4, 'category LIKE ''10\%%'' OR category NOT LIKE ''x_'''),
  (5, 'spend >= 1.50 AND spend <> .5 AND spend != 1e3 AND spend < 12345678901234567890'),
  (6, 'day = ''2024-02-29'' AND day < DATE ''2025-01-01'' AND at >= ''2024-01-01 00:00+08'' AND clock < ''12:30'''),
  (7, 'day = ''2024-02-29''::date AND CAST(''2024-01-01T00:00:00Z'' AS timestamp with time zone) < at AND orders = ''5'' AND spend = 5::numeric'),
  (8, 'vip = true AND vip AND true AND NOT false AND vip <> ''false'''),
  (9, 'age IS NULL OR category IS NOT NULL'),
  (10, 'category = NULL'),
  (11, 'HOUR = 5 /* noon -- */ AND "odd ""name" = '''' -- the end'),
  (12, 'category = ''it''''s \'' AND category = E''tab\tand\\'' AND category = U&''\0041'' AND category = $$a''b$$'),
  (13, 'age = orders AND ((((((age < 5))))))'),
  (14, '''a'' < ''b'' AND 1 < 2')) AS t(n, e);
-- without types constants stay as they are
SELECT check_predicate('age > ''x'' AND day = 5 AND category LIKE ''a%'' AND "odd ""name" IN (NULL, ''b'', ''c'')', :'columns');
SELECT check_predicate(NULL, '{a}') IS NULL AS a, check_predicate('a = 1', NULL) IS NULL AS b, is_predicate(NULL, '{a}') IS NULL AS c;
SELECT predicate_columns('spend > 1 AND (vip OR age < 5) AND age > 1', :'columns'), predicate_columns('true', '{}');
-- the canonical form is SQL and means the same
CREATE TABLE x_members AS
SELECT g AS id, g % 60 AS age, (g % 7)::bigint AS orders, (g % 1000)::numeric / 4 AS spend, CASE WHEN g % 11 > 0 THEN chr(97 + g % 5) END AS category,
       date '2024-01-01' + g % 400 AS day, timestamptz '2024-01-01 00:00+08' + g * interval '1 hour' AS at, time '00:00' + g * interval '7 minutes' AS clock,
       g % 3 = 0 AS vip, (g % 24)::smallint AS hour
FROM generate_series(1, 2000) AS g;
CREATE TABLE x_texts (e text);
INSERT INTO x_texts VALUES
  ('age BETWEEN 20 AND 30 AND orders > 3'), ('age NOT BETWEEN 20 AND 30'), ('category IN (''a'', ''c'')'), ('category NOT IN (''a'', NULL)'),
  ('NOT (category = ''a'' OR vip)'), ('category IS NULL OR spend >= 99.75'), ('day >= ''2024-12-01'' AND hour IN (8, 9, 10)'),
  ('at < ''2024-02-01 00:00+08'' AND clock >= ''12:00'''), ('category LIKE ''_'' AND category > ''b'''), ('vip'), ('age = orders'), ('age > 10.5'), ('category = NULL');
CREATE FUNCTION x_count(condition text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
  EXECUTE 'SELECT count(*) FROM x_members WHERE ' || condition INTO n;
  RETURN n;
END $$;
SELECT e, x_count(e) AS plain, x_count(check_predicate(e, '{age,orders,spend,category,day,at,clock,vip,hour}', '{integer,bigint,numeric,text,date,timestamptz,time,boolean,smallint}')) AS canonical,
       (SELECT count(*) FROM x_members AS m WHERE predicate_holds(e, m)) AS held
FROM x_texts ORDER BY e COLLATE "C";
-- many predicates at one call site, rows of several types, rows that are made on the way
SELECT count(*), sum(n) FROM (SELECT e, count(*) FILTER (WHERE predicate_holds(e, m)) AS n FROM x_texts, x_members AS m GROUP BY e) AS q;
SELECT count(*) FILTER (WHERE predicate_holds('age = ' || g % 300, m)) AS each_once FROM generate_series(0, 599) AS g, (SELECT * FROM x_members WHERE id = 59) AS m;
SELECT g, predicate_holds('a > 1 AND b LIKE ''x%''', q) FROM (SELECT g, g AS a, 'x' || g AS b FROM generate_series(1, 3) AS g) AS q;
SELECT predicate_holds(e, row) FROM (VALUES ('f1 = 1'), ('f2 = ''t''')) AS t(e), (SELECT ROW(1, 't'::text) AS row) AS r;
SELECT predicate_holds('age > 1', NULL::x_members) IS NULL AS no_row, predicate_holds(NULL, m) IS NULL AS no_text FROM x_members AS m LIMIT 1;
-- a table that changes in between
SELECT count(*) FROM x_members AS m WHERE predicate_holds('hour = 5', m);
ALTER TABLE x_members ALTER COLUMN hour TYPE text USING 'h' || hour, DROP COLUMN vip;
SELECT count(*) FROM x_members AS m WHERE predicate_holds('hour = ''h5''', m);
SELECT count(*) FROM x_members AS m WHERE predicate_holds('hour = 5', m);
SELECT count(*) FROM x_members AS m WHERE predicate_holds('vip', m);
SELECT count(*) FROM (SELECT point(1, 1) AS p, 1 AS a) AS m WHERE predicate_holds('a = 1', m);
SELECT count(*) FROM (SELECT point(1, 1) AS p, 1 AS a) AS m WHERE predicate_holds('p IS NULL', m);

-- what is refused, with its SQLSTATE and the character where it stands
CREATE FUNCTION x_try(e text, c text, t text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE m text; s text;
BEGIN
  PERFORM check_predicate(e, c::text[], t::text[]);
  RETURN 'accepted' || CASE WHEN is_predicate(e, c::text[]) THEN '' ELSE ', but no predicate' END;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS m = MESSAGE_TEXT, s = RETURNED_SQLSTATE;
  RETURN s || ' ' || m || CASE WHEN t IS NULL AND is_predicate(e, c::text[]) THEN ', but a predicate' ELSE '' END;
END $$;
SELECT n, x_try(e, :'columns') FROM (VALUES
  (1, ''), (2, ' '), (3, 'age'), (4, 'age >'), (5, 'age > 1 AND'), (6, '1'), (7, '''true'''), (8, 'NULL'),
  (9, 'age > 1; DROP TABLE x'), (10, 'age > 1) OR (true'), (11, 'age > 1, true'), (12, 'age > 1 AS x'), (13, 'age > 1 x'),
  (14, 'true FROM x_members'), (15, 'true WHERE true'), (16, 'DISTINCT true'), (17, 'true LIMIT 1'), (18, 'true ORDER BY 1'), (19, 'true GROUP BY 1'),
  (20, 'true HAVING true'), (21, 'true FOR UPDATE'), (22, 'true INTO x'), (23, 'true UNION SELECT true'), (24, 'true WINDOW w AS ()'), (25, 'SELECT true'),
  (26, '(SELECT true)'), (27, 'age = (SELECT 1)'), (28, 'age IN (SELECT 1)'), (29, 'EXISTS (SELECT)'), (30, 'age = ANY (SELECT 1)'), (31, 'age = ANY (ARRAY[1])'),
  (32, 'age = ARRAY[1]'), (33, 'pg_sleep(1) IS NULL'), (34, 'lower(category) = ''a'''), (35, 'coalesce(age, 1) = 1'), (36, 'greatest(age, 1) = 1'), (37, 'nullif(age, 1) = 1'),
  (38, 'CASE WHEN vip THEN true END'), (39, 'category::integer = 1'), (40, 'age::text = ''1'''), (41, '''1''::regclass = age'), (42, '''x''::xml IS NULL'), (43, 'age = ''1''::float8'),
  (44, '5::varchar(1) = category'), (45, 'day = ''{}''::date[]'), (46, 'age OPERATOR(pg_catalog.=) 1'), (47, 'age + 1 = 2'), (48, '-age = 1'), (49, 'age = - -1'),
  (50, 'category || ''a'' = ''b'''), (51, 'category ~ ''a'''), (52, 'category ILIKE ''a'''), (53, 'category SIMILAR TO ''a'''), (54, 'category LIKE ''a'' ESCAPE ''b'''), (55, 'category LIKE category'),
  (56, 'category LIKE ''a\'''), (57, 'age = $1'), (58, 'age = :x'), (59, '* = 1'), (60, 'm.age = 1'), (61, 'm.* IS NULL'), (62, 'xmin = 1'),
  (63, 'nothing = 1'), (64, 'AGE = 1'), (65, '"AGE" = 1'), (66, 'current_user = category'), (67, 'current_date = day'), (68, 'now() > at'), (69, 'vip IS TRUE'), (70, 'vip IS NOT UNKNOWN'),
  (71, 'age IS DISTINCT FROM 1'), (72, 'age BETWEEN SYMMETRIC 1 AND 2'), (73, '(age, orders) = (1, 2)'), (74, 'ROW(age) = ROW(1)'), (75, '(age > 1) = true'), (76, '(age > 1) IS NULL'), (77, '5 IS NULL'),
  (78, 'category COLLATE "C" = ''a'''), (79, 'category[1] = ''a'''), (80, '(vip).x = 1'), (81, 'age = B''1'''), (82, 'age = X''1F'''), (83, 'age = ''a'' ''b'''),
  (84, 'category = "x"'), (85, 'category = ''x'), (86, 'category = U&''\D800'''), (87, 'category = E''\xff'''), (88, 'age = 1e500'), (89, 'age = 1__0'), (90, 'at = ''now''::timestamptz'),
  (91, 'day = date ''today'''), (92, 'day = date ''01/02/2024'''), (93, 'at = timestamptz ''2024-01-01'''), (94, 'day > interval ''1 day'''), (95, 'age = 1.5::integer'), (96, 'age @> 1'), (97, 'age = 1 /* never closed')) AS t(n, e);
-- with types: what is compared must be of one kind, and constants in their plain form
SELECT n, x_try(e, :'columns', :'types') FROM (VALUES
  (1, 'age = ''x'''), (2, 'age = category'), (3, 'day = at'), (4, 'category > 5'), (5, 'vip > 5'), (6, 'age LIKE ''1%'''), (7, 'category'), (8, 'NOT age'),
  (9, 'day = ''today'''), (10, 'day = ''01/02/2024'''), (11, 'day = ''2023-02-29'''), (12, 'day = ''infinity'''), (13, 'at > ''2024-01-01'''), (14, 'at > ''2024-01-01 00:00'''),
  (15, 'at > ''2024-01-01 00:00 Asia/Shanghai'''), (16, 'at > ''now'''), (17, 'clock = ''now'''), (18, 'clock > ''24:00'''), (19, 'vip = ''yes'''), (20, 'spend = ''NaN'''), (21, 'spend BETWEEN 1 AND ''x'''),
  (22, 'age IN (1, 2, ''x'')'), (23, 'day = 20240101'), (24, 'category IN (''a'', 1)')) AS t(n, e);
-- the position
\set VERBOSITY default
SELECT check_predicate('age > 1 AND lower(category) = ''a''', :'columns');
SELECT check_predicate('category = ''日本'' AND kind = 1', :'columns');
SELECT check_predicate('age >> ', :'columns');
SELECT check_predicate('age > 1 AND day = ''today''', :'columns', :'types');
\set VERBOSITY terse

-- limits
SELECT n, left(x_try(e, '{a}'), 60) FROM (VALUES
  (1, repeat('(', 1500) || 'a = 1' || repeat(')', 1500)), (2, repeat('NOT ', 60) || 'a = 1'), (3, repeat('NOT ', 49) || 'a = 1'),
  (4, 'a IN (' || repeat('1,', 600) || '1)'), (5, 'a IN (' || repeat('1,', 490) || '1)'), (6, 'a = 1' || repeat(' OR a = 1', 300)), (7, 'a = ''' || repeat('x', 5000) || ''''),
  (8, repeat('(a = 1 OR ', 60) || 'true' || repeat(')', 60))) AS t(n, e);

-- arguments
SELECT check_predicate('a = 1', '{a,NULL}');
SELECT check_predicate('a = 1', '{{a,b}}');
SELECT check_predicate('a = 1', '{a,b}', '{integer}');
SELECT check_predicate('a = 1', '{a}', '{float8}');
SELECT check_predicate('a = 1', '{a}', '{NULL}');
SELECT check_predicate('a = 1', array_agg('c' || g)) FROM generate_series(1, 1001) AS g;

-- one text, one meaning: under no setting and on no search_path does it change, and what stands in a text does not get out of it
CREATE SCHEMA x_evil;
CREATE FUNCTION x_evil.anything(integer, integer) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION x_evil.anything(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR x_evil.= (LEFTARG = integer, RIGHTARG = integer, FUNCTION = x_evil.anything);
CREATE OPERATOR x_evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = x_evil.anything);
CREATE OPERATOR x_evil.~~ (LEFTARG = text, RIGHTARG = text, FUNCTION = x_evil.anything);
CREATE DOMAIN x_evil.date AS text;
CREATE VIEW x_meaning AS
SELECT e, check_predicate(e, '{a,b,d}', '{integer,text,date}') AS canonical, predicate_holds(e, r) AS holds
FROM (VALUES ('a = 5'), ('a IN (5, 6)'), ('a BETWEEN 5 AND 6'), ('b = ''\'' OR a = 5 OR b = '''''), ('b = E''\\'''), ('b LIKE ''x'''), ('a = NULL'),
      ('d = ''2024-01-02'''), ('d = date ''2024-01-02''')) AS t(e),
     (SELECT 4 AS a, '\'::text AS b, pg_catalog.date '2024-01-02' AS d) AS r;
SELECT * FROM x_meaning;
CREATE TABLE x_meant AS SELECT e, canonical, holds FROM x_meaning;
SET standard_conforming_strings = off;
SET escape_string_warning = off;
SET backslash_quote = off;
SET transform_null_equals = on;
SET datestyle = 'German, DMY';
SET timezone = 'America/New_York';
SET search_path = x_evil, pg_catalog, public;
SELECT e, canonical, holds FROM public.x_meaning EXCEPT SELECT e, canonical, holds FROM public.x_meant;
SELECT e FROM public.x_meant
WHERE canonical OPERATOR(pg_catalog.<>) crm_member.check_predicate(e, '{a,b,d}', '{integer,text,date}')
   OR holds OPERATOR(pg_catalog.<>) crm_member.predicate_holds(e, (SELECT r FROM (SELECT 4 AS a, E'\\'::text AS b, pg_catalog.date '2024-01-02' AS d) AS r));
SELECT crm_member.check_predicate(E'a = \x27\\\x27', '{a}');
SHOW standard_conforming_strings;
RESET ALL;
SET search_path = public, crm_member;
-- the settings come back after an error too
SET standard_conforming_strings = off;
SELECT is_predicate('a = ''', '{a}');
SELECT check_predicate('a = ''', '{a}');
SHOW standard_conforming_strings;
RESET standard_conforming_strings;

-- random bytes: never anything but an answer or one of the errors above
SET max_parallel_workers_per_gather = 0;
SELECT count(*) AS asked, count(*) FILTER (WHERE x_try(e, '{a,b}') !~ '^(42601|42703|42622|0A000|22|42804|54001|accepted)') AS odd,
       count(*) FILTER (WHERE x_try(e, '{a,b}') ~ ', but ') AS unlike
FROM (SELECT (SELECT string_agg(p[1 + (('x' || substr(md5(g || '-' || i), 1, 7))::bit(28)::integer % array_length(p, 1))], ' ') FROM generate_series(1, 1 + g % 9) AS i) AS e
      FROM generate_series(1, 3000) AS g,
           (SELECT ARRAY['a', 'b', '=', '<', '(', ')', 'AND', 'OR', 'NOT', '''x''', '1', '-', 'IN', ',', 'LIKE', 'BETWEEN', 'IS NULL', 'NULL', '::date', 'SELECT', ';', '*', '"', '''', '--', '$1', 'E''\', '.', 'true', 'FROM'] AS p) AS v) AS q;

DROP SCHEMA x_evil CASCADE;
DROP VIEW x_meaning;
DROP TABLE x_members, x_texts, x_meant;
DROP FUNCTION x_count, x_try;
