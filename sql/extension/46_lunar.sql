-- sql/extension/46_lunar.sql
-- The Chinese calendar, and the day on which a birthday is kept.

CREATE FUNCTION crm_member.lunar_of(solar_day date, OUT year integer, OUT month integer, OUT day integer, OUT leap boolean)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_lunar_of';
COMMENT ON FUNCTION crm_member.lunar_of(date) IS
'the day in the Chinese calendar: lunar year, month, day of the month, and whether it is the leap month behind that month; lunar years 1901 to 2100, otherwise 22008. Authorities differ by a day on the month that begins about 2057-09-29, 2089-09-04 and 2097-08-08';

CREATE FUNCTION crm_member.lunar_to_day(year integer, month integer, day integer, leap boolean DEFAULT false) RETURNS date
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_lunar_to_day';
COMMENT ON FUNCTION crm_member.lunar_to_day(integer, integer, integer, boolean) IS
'the day of a lunar year, month and day of the Chinese calendar; 22008 when there is none: a year outside of 1901 to 2100, a leap month that the year does not have, day 30 of a month of 29 days';

CREATE FUNCTION crm_member.birthday_in(year integer, birth_day date, calendar text DEFAULT 'solar', feb29 text DEFAULT 'feb28')
RETURNS date
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_birthday_in';
COMMENT ON FUNCTION crm_member.birthday_in(integer, date, text, text) IS
'the day on which a birthday is kept in a year. calendar solar: 29 February falls in common years on 28 February (feb29 = feb28) or 1 March (mar1). calendar lunar: the lunar day of birth_day in the lunar year of that number, which may be in January or February of the next; a leap month in the ordinary month where the year has no such leap month, day 30 on day 29 of a shorter month; lunar years 1901 to 2100, otherwise 22008. 22023 for another calendar or feb29';
