-- sql/extension/47_reading.sql
-- Days, times and amounts as spreadsheets and people write them.

CREATE FUNCTION crm_member.read_day(value text) RETURNS date
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_read_day';
COMMENT ON FUNCTION crm_member.read_day(text) IS
'a day as written: 2024-02-29, 2024/2/29, 2024.2.29, 20240229, with the Chinese signs of year, month and day, full width, the day number of a spreadsheet (five digits, 1900 system); a time of day behind it is left out; NULL for anything else, also for days that can be read in two ways (3/4/2024) or do not exist';

CREATE FUNCTION crm_member.read_instant(value text, time_zone text) RETURNS timestamptz
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_read_instant';
COMMENT ON FUNCTION crm_member.read_instant(text, text) IS
'an instant as written: a day as for read_day and perhaps a time of day (14:05, 14:05:09.5, 2:05 pm, with Chinese signs) and an offset from UTC (Z, +08:00); without an offset it is local time in time_zone; NULL for anything else; 22023 for an unknown zone';

CREATE FUNCTION crm_member.read_amount(value text) RETURNS numeric
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_read_amount';
COMMENT ON FUNCTION crm_member.read_amount(text) IS
'a decimal number as written: 1234.5, 1,234.50, -12, (12.00) for -12, full width, with a sign or code of a currency before or behind it; NULL for anything else';
