-- sql/extension/50_queries.sql
-- Functions that take the text of a query and fold its rows by member.
--
-- The type of key_type is the type of the key. One polymorphic function would
-- say that more shortly, but PostgreSQL finds no result type for it when the
-- argument is left to its default or named: hence one function a type. Keys of
-- type integer come back as bigint where key_type is left out.

CREATE FUNCTION crm_member.query_rows_support(internal) RETURNS internal
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_query_rows_support';
COMMENT ON FUNCTION crm_member.query_rows_support(internal) IS
'planner support of histories and rfm_scores: the number of members in the query';

CREATE FUNCTION crm_member.histories(
  query text,
  key_type bigint DEFAULT NULL,
  time_zone text DEFAULT NULL,
  OUT key bigint,
  OUT history crm_member.purchase_history
) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL UNSAFE COST 1000 ROWS 100000
SUPPORT crm_member.query_rows_support
AS 'MODULE_PATHNAME', 'crm_histories';
COMMENT ON FUNCTION crm_member.histories(text, bigint, text) IS
'the purchase history of every member in a query of (key, day, amount). The query is one SELECT, run read-only with the caller''s rights; its key is bigint, integer, text or uuid as key_type, of which only the type counts, says; its day is a date or a timestamp (with time zone: time_zone says which days); its amount is numeric or an integer. Rows with a NULL are left out, as in purchase_history(day, amount). CR102 for another text, 42804 for other columns, 22023 for a missing or unknown time zone';

CREATE FUNCTION crm_member.histories(
  query text,
  key_type integer,
  time_zone text DEFAULT NULL,
  OUT key integer,
  OUT history crm_member.purchase_history
) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL UNSAFE COST 1000 ROWS 100000
SUPPORT crm_member.query_rows_support
AS 'MODULE_PATHNAME', 'crm_histories';
COMMENT ON FUNCTION crm_member.histories(text, integer, text) IS
'the purchase history of every member in a query of (key, day, amount). The query is one SELECT, run read-only with the caller''s rights; its key is bigint, integer, text or uuid as key_type, of which only the type counts, says; its day is a date or a timestamp (with time zone: time_zone says which days); its amount is numeric or an integer. Rows with a NULL are left out, as in purchase_history(day, amount). CR102 for another text, 42804 for other columns, 22023 for a missing or unknown time zone';

CREATE FUNCTION crm_member.histories(
  query text,
  key_type text,
  time_zone text DEFAULT NULL,
  OUT key text,
  OUT history crm_member.purchase_history
) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL UNSAFE COST 1000 ROWS 100000
SUPPORT crm_member.query_rows_support
AS 'MODULE_PATHNAME', 'crm_histories';
COMMENT ON FUNCTION crm_member.histories(text, text, text) IS
'the purchase history of every member in a query of (key, day, amount). The query is one SELECT, run read-only with the caller''s rights; its key is bigint, integer, text or uuid as key_type, of which only the type counts, says; its day is a date or a timestamp (with time zone: time_zone says which days); its amount is numeric or an integer. Rows with a NULL are left out, as in purchase_history(day, amount). CR102 for another text, 42804 for other columns, 22023 for a missing or unknown time zone';

CREATE FUNCTION crm_member.histories(
  query text,
  key_type uuid,
  time_zone text DEFAULT NULL,
  OUT key uuid,
  OUT history crm_member.purchase_history
) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL UNSAFE COST 1000 ROWS 100000
SUPPORT crm_member.query_rows_support
AS 'MODULE_PATHNAME', 'crm_histories';
COMMENT ON FUNCTION crm_member.histories(text, uuid, text) IS
'the purchase history of every member in a query of (key, day, amount). The query is one SELECT, run read-only with the caller''s rights; its key is bigint, integer, text or uuid as key_type, of which only the type counts, says; its day is a date or a timestamp (with time zone: time_zone says which days); its amount is numeric or an integer. Rows with a NULL are left out, as in purchase_history(day, amount). CR102 for another text, 42804 for other columns, 22023 for a missing or unknown time zone';

CREATE FUNCTION crm_member.rfm_scores(
  query text,
  as_of date,
  bins integer DEFAULT 5,
  key_type bigint DEFAULT NULL,
  time_zone text DEFAULT NULL,
  OUT key bigint,
  OUT last_day date,
  OUT orders bigint,
  OUT spend numeric,
  OUT score crm_member.rfm
) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL UNSAFE COST 1000 ROWS 100000
SUPPORT crm_member.query_rows_support
AS 'MODULE_PATHNAME', 'crm_rfm_scores';
COMMENT ON FUNCTION crm_member.rfm_scores(text, date, integer, bigint, text) IS
'last purchase day, orders, net spend and RFM score of every member in a query of (key, day, amount), as rfm_score gives it over the members with an order; days after as_of are ignored, a member with refunds alone has no score. The query, its columns, key_type and errors are those of histories; bins is 2 to 9, else 22023';

CREATE FUNCTION crm_member.rfm_scores(
  query text,
  as_of date,
  bins integer,
  key_type integer,
  time_zone text DEFAULT NULL,
  OUT key integer,
  OUT last_day date,
  OUT orders bigint,
  OUT spend numeric,
  OUT score crm_member.rfm
) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL UNSAFE COST 1000 ROWS 100000
SUPPORT crm_member.query_rows_support
AS 'MODULE_PATHNAME', 'crm_rfm_scores';
COMMENT ON FUNCTION crm_member.rfm_scores(text, date, integer, integer, text) IS
'last purchase day, orders, net spend and RFM score of every member in a query of (key, day, amount), as rfm_score gives it over the members with an order; days after as_of are ignored, a member with refunds alone has no score. The query, its columns, key_type and errors are those of histories; bins is 2 to 9, else 22023';

CREATE FUNCTION crm_member.rfm_scores(
  query text,
  as_of date,
  bins integer,
  key_type text,
  time_zone text DEFAULT NULL,
  OUT key text,
  OUT last_day date,
  OUT orders bigint,
  OUT spend numeric,
  OUT score crm_member.rfm
) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL UNSAFE COST 1000 ROWS 100000
SUPPORT crm_member.query_rows_support
AS 'MODULE_PATHNAME', 'crm_rfm_scores';
COMMENT ON FUNCTION crm_member.rfm_scores(text, date, integer, text, text) IS
'last purchase day, orders, net spend and RFM score of every member in a query of (key, day, amount), as rfm_score gives it over the members with an order; days after as_of are ignored, a member with refunds alone has no score. The query, its columns, key_type and errors are those of histories; bins is 2 to 9, else 22023';

CREATE FUNCTION crm_member.rfm_scores(
  query text,
  as_of date,
  bins integer,
  key_type uuid,
  time_zone text DEFAULT NULL,
  OUT key uuid,
  OUT last_day date,
  OUT orders bigint,
  OUT spend numeric,
  OUT score crm_member.rfm
) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL UNSAFE COST 1000 ROWS 100000
SUPPORT crm_member.query_rows_support
AS 'MODULE_PATHNAME', 'crm_rfm_scores';
COMMENT ON FUNCTION crm_member.rfm_scores(text, date, integer, uuid, text) IS
'last purchase day, orders, net spend and RFM score of every member in a query of (key, day, amount), as rfm_score gives it over the members with an order; days after as_of are ignored, a member with refunds alone has no score. The query, its columns, key_type and errors are those of histories; bins is 2 to 9, else 22023';

CREATE FUNCTION crm_member.rfm_scores(
  query text,
  as_of date,
  key_type text,
  time_zone text DEFAULT NULL,
  OUT key text,
  OUT last_day date,
  OUT orders bigint,
  OUT spend numeric,
  OUT score crm_member.rfm
) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL UNSAFE COST 1000 ROWS 100000
SUPPORT crm_member.query_rows_support
AS 'MODULE_PATHNAME', 'crm_rfm_scores_in_five';
COMMENT ON FUNCTION crm_member.rfm_scores(text, date, text, text) IS
'rfm_scores with five bins: last purchase day, orders, net spend and RFM score of every member in a query of (key, day, amount), as rfm_score gives it over the members with an order; days after as_of are ignored, a member with refunds alone has no score. The query, its columns, key_type and errors are those of histories';

CREATE FUNCTION crm_member.rfm_scores(
  query text,
  as_of date,
  key_type uuid,
  time_zone text DEFAULT NULL,
  OUT key uuid,
  OUT last_day date,
  OUT orders bigint,
  OUT spend numeric,
  OUT score crm_member.rfm
) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL UNSAFE COST 1000 ROWS 100000
SUPPORT crm_member.query_rows_support
AS 'MODULE_PATHNAME', 'crm_rfm_scores_in_five';
COMMENT ON FUNCTION crm_member.rfm_scores(text, date, uuid, text) IS
'rfm_scores with five bins: last purchase day, orders, net spend and RFM score of every member in a query of (key, day, amount), as rfm_score gives it over the members with an order; days after as_of are ignored, a member with refunds alone has no score. The query, its columns, key_type and errors are those of histories';

CREATE FUNCTION crm_member.cohorts(
  query text,
  as_of date,
  time_zone text DEFAULT NULL,
  OUT cohort date,
  OUT k integer,
  OUT members bigint,
  OUT retained bigint,
  OUT rate numeric
) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL UNSAFE COST 1000 ROWS 300
AS 'MODULE_PATHNAME', 'crm_cohorts';
COMMENT ON FUNCTION crm_member.cohorts(text, date, text) IS
'retention by month of first purchase: members of the cohort that bought k months later, and their share (a fraction). cohort is the first day of the month; days after as_of are ignored, and the month of as_of is NULL until its last day. The query is one of (key, day) or (key, day, amount), where a negative amount is no purchase; its columns and errors are those of histories';
