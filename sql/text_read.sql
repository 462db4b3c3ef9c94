-- sql/text_read.sql
-- read_day, read_instant, read_amount: wanted values by hand; 44561 is 2021-12-31
-- in the 1900 system of spreadsheets (43831 is 2020-01-01).
SET search_path = crm_member, pg_catalog;
SET datestyle = 'ISO, YMD';
SET timezone = 'UTC';

CREATE TEMP TABLE days (written text, day date);
INSERT INTO days VALUES
  ('2024-02-29', '2024-02-29'), ('2024/2/29', '2024-02-29'), ('2024.2.9', '2024-02-09'), ('20240229', '2024-02-29'), (' 2024-02-29 ', '2024-02-29'),
  ('２０２４－０２－２９', '2024-02-29'), ('2024年2月29日', '2024-02-29'), ('2024年02月29号', '2024-02-29'), ('2024年 2月 9日', '2024-02-09'),
  ('2024-02-29 10:00:00', '2024-02-29'), ('2024-02-29T10:00:00Z', '2024-02-29'), ('44561', '2021-12-31'), ('43831', '2020-01-01'), ('44561.75', '2021-12-31'),
  ('''2024-02-29', '2024-02-29'), ('1990-1-1', '1990-01-01'),
  ('2023-02-29', NULL), ('2024-13-01', NULL), ('2024-00-10', NULL), ('0000-00-00', NULL), ('3/4/2024', NULL), ('29.02.2024', NULL), ('24-02-29', NULL),
  ('2024', NULL), ('1990', NULL), ('9999', NULL), ('123456', NULL), ('2024-02', NULL), ('2024-02/29', NULL), ('2024-02-29x', NULL), ('', NULL), ('-', NULL), ('无', NULL),
  ('2024-02-290', NULL), ('99999999', NULL), (repeat('2', 500), NULL);
SELECT written, day, read_day(written) AS got FROM days WHERE read_day(written) IS DISTINCT FROM day;

CREATE TEMP TABLE instants (written text, at timestamptz);
INSERT INTO instants VALUES
  ('2024-02-29', '2024-02-28 16:00Z'), ('2024-02-29 10:05', '2024-02-29 02:05Z'), ('2024-02-29 10:05:09.25', '2024-02-29 02:05:09.25Z'),
  ('2024-02-29T10:05:09+08:00', '2024-02-29 02:05:09Z'), ('2024-02-29 10:05:09Z', '2024-02-29 10:05:09Z'), ('2024-02-29 10:05:09-0330', '2024-02-29 13:35:09Z'),
  ('20240229100509', '2024-02-29 02:05:09Z'), ('2024年2月29日 10时5分9秒', '2024-02-29 02:05:09Z'), ('2024年2月29日下午2:05', '2024-02-29 06:05Z'),
  ('2024/2/29 2:05 PM', '2024-02-29 06:05Z'), ('2024/2/29 12:05 AM', '2024-02-28 16:05Z'), ('2024/2/29 12:05 pm', '2024-02-29 04:05Z'), ('44561.75', '2021-12-31 10:00Z'),
  ('44561.999999', '2021-12-31 16:00Z'),
  ('2024-02-29 24:00', NULL), ('2024-02-29 10:60', NULL), ('2024-02-29 13:00 PM', NULL), ('2024-02-29 10', NULL), ('2024-02-29 10:05 CST', NULL), ('2024-02-29 10:05+99', NULL), ('20240229246060', NULL);
SELECT written, at, read_instant(written, 'Asia/Shanghai') AS got FROM instants WHERE read_instant(written, 'Asia/Shanghai') IS DISTINCT FROM at;
\set VERBOSITY terse
SELECT read_instant('2024-02-29', 'Nowhere/There');

CREATE TEMP TABLE amounts (written text, amount numeric);
INSERT INTO amounts VALUES
  ('1234.5', 1234.5), ('1,234.50', 1234.50), ('1,234,567', 1234567), ('-12', -12), ('+12', 12), ('(12.00)', -12), ('￥1,234.50', 1234.50), ('¥ 12', 12), ('12元', 12), ('12.5 CNY', 12.5),
  ('RMB 12', 12), ('-¥12', -12), ('¥-12', -12), ('１２３．４５', 123.45), ('.5', 0.5), ('5.', 5), ('−3', -3), ('0', 0), ('0.00', 0), ('US$3', 3),
  ('', NULL), ('-', NULL), ('abc', NULL), ('1.2.3', NULL), ('1,23', NULL), ('12,34.5', NULL), ('1e3', NULL), ('NaN', NULL), ('(12', NULL), ('--1', NULL), ('(-1)', NULL), ('1 2', NULL), (repeat('9', 60), NULL), ('#REF!', NULL);
SELECT written, amount, read_amount(written) AS got FROM amounts WHERE read_amount(written) IS DISTINCT FROM amount;
SELECT count(*) AS days, (SELECT count(*) FROM instants) AS instants, (SELECT count(*) FROM amounts) AS amounts FROM days;
