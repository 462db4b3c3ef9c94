-- sql/crm/99_rights.sql
-- The last module: what PUBLIC may call when all functions are there.

--@ code
-- What views and policies call runs with the reader's right to call it.
REVOKE ALL ON ALL ROUTINES IN SCHEMA @crm@ FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @crm@.local_day, @crm@.day_start, @crm@.caller, @crm@._may, @crm@._store_limits, @crm@._read_stores, @crm@._read_all_from, @crm@._read_all_to, @crm@._column_marks, @crm@._member_tables, @crm@._report_day, @crm@._report_tier, @crm@._reports, @crm@._profiled TO PUBLIC;
