-- sql/lunar.sql
-- The Chinese calendar: days that are known from printed calendars, the whole
-- span both ways, and birthdays. The digest of all month starts is that of the
-- list of an independent program (lunar-javascript) with the one disputed new
-- moon of 2097-08-08 as computed here.
SET search_path = crm_member, pg_catalog;
SET datestyle = 'ISO, YMD';
\set VERBOSITY terse

-- New Years of printed calendars
SELECT day, (lunar_of(day)).*, lunar_to_day(extract(year FROM day)::integer, 1, 1) = day AS back
FROM unnest(ARRAY['1901-02-19', '1949-01-29', '1985-02-20', '2000-02-05', '2020-01-25', '2023-01-22', '2024-02-10', '2025-01-29', '2026-02-17', '2027-02-06', '2033-01-31', '2100-02-09']::date[]) AS day;
-- leap months: 2020-4, 2023-2, 2025-6, 2033-11; the eve of 2024 is day 30 of month 12
SELECT day, (lunar_of(day)).* FROM unnest(ARRAY['2020-05-23', '2023-03-22', '2025-07-25', '2033-12-22', '2024-02-09', '2023-09-29']::date[]) AS day;
-- every day of the span there and back
SELECT count(*) AS days, count(*) FILTER (WHERE lunar_to_day(l.year, l.month, l.day, l.leap) <> d::date) AS differ
FROM generate_series(timestamp '1901-02-19', timestamp '2101-01-28', '1 day') AS d, lunar_of(d::date) AS l;
-- months have 29 or 30 days, years 12 or 13 months
SELECT length, count(*) FROM (SELECT max(l.day) AS length FROM generate_series(timestamp '1901-02-19', timestamp '2101-01-28', '1 day') AS d, lunar_of(d::date) AS l GROUP BY l.year, l.month, l.leap) AS m GROUP BY length ORDER BY length;
SELECT count(*) AS months, count(*) FILTER (WHERE leap) AS leap_months, md5(string_agg(format('%s %s %s %s', year, month, leap::integer, to_char(start, 'YYYY-MM-DD')), ',' ORDER BY start)) AS digest
FROM (SELECT l.year, l.month, l.leap, min(d)::date AS start FROM generate_series(timestamp '1901-02-19', timestamp '2101-01-28', '1 day') AS d, lunar_of(d::date) AS l GROUP BY 1, 2, 3) AS m;
-- the three new moons that authorities dispute
SELECT day, (lunar_of(day)).* FROM unnest(ARRAY['2057-09-28', '2057-09-29', '2089-09-04', '2089-09-05', '2097-08-07', '2097-08-08']::date[]) AS day;

-- outside, and days that are not
SELECT lunar_of('1901-02-18');
SELECT lunar_of('2101-01-29');
SELECT lunar_of('infinity');
SELECT lunar_of('4713-01-01 BC');
SELECT lunar_to_day(2024, 2, 1, true);
SELECT lunar_to_day(2023, 2, 30, true);
SELECT lunar_to_day(1900, 1, 1);
SELECT lunar_to_day(2024, 13, 1);
SELECT lunar_to_day(2024, 1, 0);
SELECT lunar_of(NULL), lunar_to_day(NULL, 1, 1);

-- birthdays by the sun: 29 February
SELECT year, birthday_in(year, '2000-02-29') AS feb28, birthday_in(year, '2000-02-29', feb29 => 'mar1') AS mar1, birthday_in(year, '1999-12-31') AS last
FROM unnest(ARRAY[2023, 2024, 2100, 2000]) AS year;
-- by the moon. 1985-02-20 is 1-1; 2020-05-23 is leap 4-1: its birthday is 4-1 where the year has no leap month 4
SELECT year, birthday_in(year, '1985-02-20', 'lunar') AS new_year, birthday_in(year, '2020-05-23', 'lunar') AS leap_fourth
FROM unnest(ARRAY[2020, 2023, 2024, 2039]) AS year;
-- 2024-02-09 is 12-30; the twelfth month of 2024 has 29 days, so 12-29, which falls in January 2025
SELECT (lunar_of('2024-02-09')).*, birthday_in(2024, '2024-02-09', 'lunar') AS kept, (lunar_of(birthday_in(2024, '2024-02-09', 'lunar'))).day;
SELECT birthday_in(2024, '2000-01-01', 'julian');
SELECT birthday_in(2024, '2000-02-29', 'solar', 'feb30');
SELECT birthday_in(2101, '2000-02-05', 'lunar');
SELECT birthday_in(2024, '1890-02-05', 'lunar');
SELECT birthday_in(0, '2000-01-01');
SELECT birthday_in(2024, 'infinity');
SELECT birthday_in(2024, NULL) AS none;
