-- sql/lifecycle.sql
-- lifecycle_status: days since the last purchase, edges, own cuts, names.

SET search_path = public, crm_member;
\set VERBOSITY sqlstate

SELECT days, lifecycle_status(date '2024-12-31' - days, date '2024-12-31') AS status
FROM unnest(ARRAY[0, 90, 91, 180, 181, 365, 366, 5000, -1]) AS days;
-- 2024 is a leap year: a year later is 366 days
SELECT lifecycle_status('2024-01-01', '2025-01-01') AS dormant, lifecycle_status('2023-01-01', '2024-01-01') AS mid_term;
SELECT lifecycle_status(NULL, '2024-12-31') AS never, lifecycle_status('2024-01-01', NULL) AS unknown, lifecycle_status(NULL, NULL) AS unknown_too,
       lifecycle_status('2024-01-01', '2024-12-31', NULL) AS no_cuts;
SELECT days, lifecycle_status(date '2024-12-31' - days, date '2024-12-31', '{0,7,30}') AS status FROM unnest(ARRAY[0, 1, 7, 8, 30, 31]) AS days;
-- the ends of date
SELECT lifecycle_status('4713-01-01 BC', '5874897-12-31') AS longest, lifecycle_status('5874897-12-31', '4713-01-01 BC') AS future;

SELECT s AS status, lifecycle_status_name(s) AS chinese, lifecycle_status_name(s, 'en') AS english
FROM unnest(ARRAY['active', 'recently_lapsed', 'mid_term_lapsed', 'dormant', 'never']) AS s;
SELECT lifecycle_status_name('lapsed');

\set VERBOSITY default
SELECT lifecycle_status('2024-01-01', '2024-12-31', '{90,180}');
\set VERBOSITY sqlstate
SELECT lifecycle_status('2024-01-01', '2024-12-31', '{90,180,365,720}');
SELECT lifecycle_status('2024-01-01', '2024-12-31', '{90,90,365}');
SELECT lifecycle_status('2024-01-01', '2024-12-31', '{-1,90,365}');
SELECT lifecycle_status('2024-01-01', '2024-12-31', '{1,NULL,3}');
SELECT lifecycle_status('2024-01-01', '2024-12-31', '{{1,2,3}}');
SELECT lifecycle_status(NULL, '2024-12-31', '{3,2,1}');
SELECT lifecycle_status('infinity', '2024-12-31');
SELECT lifecycle_status('2024-01-01', '-infinity');
