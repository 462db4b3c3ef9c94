-- sql/value_grade.sql
-- value_grade: A to D by amount and frequency.

SET search_path = public, crm_member;
\set VERBOSITY sqlstate

-- A from 1000 and 6 orders, B from 500 and 3, C from 500, else D
SELECT orders, spend, value_grade(orders, spend) AS grade
FROM (VALUES (6, 1000.00), (5, 1000.00), (6, 999.99), (3, 500.00), (2, 5000.00), (0, 500.00), (9, 499.99), (100, 0), (0, 0), (1, -20)) AS v (orders, spend);
SELECT value_grade(NULL, 5) AS no_orders, value_grade(5, NULL) AS no_spend;
SELECT value_grade(1, 1, '{10,5}', '{0,0}') AS c, value_grade(1, 5, '{10,5}', '{0,0}') AS b, value_grade(1, 10.5, '{10,5}', '{0,0}') AS a;
SELECT value_grade(1, 1, '{2}', '{0}') AS b_of_one;
SELECT value_grade(0, 0, array_fill(1::numeric, ARRAY[25]), array_fill(1::bigint, ARRAY[25])) AS last_letter;
SELECT value_grade(1, 1, '{}', '{}');
SELECT value_grade(1, 1, '{1,2}', '{1}');
SELECT value_grade(1, 1, '{1,NULL}', '{1,2}');
SELECT value_grade(1, 1, '{1,2}', '{{1},{2}}');
SELECT value_grade(1, 'NaN');
SELECT value_grade(0, 0, array_fill(1::numeric, ARRAY[26]), array_fill(1::bigint, ARRAY[26]));
