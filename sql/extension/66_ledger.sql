-- sql/extension/66_ledger.sql
-- The engine of the ledger: what the functions of a CRM schema call to book points.
--
-- They run with the rights of their caller, who needs those of the schema's
-- owner, hold no rules and check no access: doors do that. The caller holds the
-- locks of the accounts.

CREATE FUNCTION crm_member.ledger_note_purchase(schema_name text, member_id bigint, occurred_at timestamptz, net_spend numeric) RETURNS boolean
AS 'MODULE_PATHNAME', 'crm_ledger_note_purchase' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION crm_member.ledger_note_purchase(text, bigint, timestamptz, numeric) IS 'adds one sale to the purchase history of a member of a CRM schema and answers whether the member had one. For the functions of the schema, with the rights of its owner. Errors: 22003 beyond 18 digits, 3F000 no such schema, 42501 not allowed';

CREATE FUNCTION crm_member.ledger_earn_sale(schema_name text, sale_id bigint, member_id bigint, source_id integer, occurred_at timestamptz, net_spend numeric) RETURNS bigint
AS 'MODULE_PATHNAME', 'crm_ledger_earn_sale' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION crm_member.ledger_earn_sale(text, bigint, bigint, integer, timestamptz, numeric) IS 'books what one new sale of a CRM schema earns by its rules without conditions and answers the id of the event, NULL when it earns nothing, 0 when nothing was written because a rule in force has a condition, multiplier or cap. For the functions of the schema, with the rights of its owner. Errors: 22003 beyond bigint, 3F000 no such schema, 42501 not allowed';

CREATE FUNCTION crm_member.ledger_accrue(schema_name text, member_id bigint, amount numeric, request_id text, occurred_at timestamptz, store_id bigint) RETURNS jsonb
AS 'MODULE_PATHNAME', 'crm_ledger_accrue' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION crm_member.ledger_accrue(text, bigint, numeric, text, timestamptz, bigint) IS 'the short path of the door points_accrue of a CRM schema: locks, takes the request id, books what an amount earns and answers as the door does; NULL when nothing was booked, because a rule in force has a condition, multiplier or cap, the request is known, the member is unknown, owes points or was merged, growth moves tiers, or a table was changed by hand: the door then goes its long way. For the functions of the schema, with the rights of its owner. Errors: 22003 beyond bigint, 25006 read-only transaction, 3F000 no such schema, 40001, 42501 not allowed, CR002 the request id was used at the same moment for something else';

CREATE FUNCTION crm_member.ledger_terms_changed() RETURNS trigger
AS 'MODULE_PATHNAME', 'crm_ledger_terms_changed' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION crm_member.ledger_terms_changed() IS 'trigger of the tables that say what a programme promises: tells all sessions, when the change is committed, to read them again. For the tables of a CRM schema. Error 39P01 when it is not called as a trigger';

CREATE FUNCTION crm_member.ledger_earn(schema_name text, sale_ids bigint[], by_rules boolean) RETURNS bigint
AS 'MODULE_PATHNAME', 'crm_ledger_earn' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION crm_member.ledger_earn(text, bigint[], boolean) IS 'books what sales of a CRM schema earn, as its function _sales_earn or, by_rules, _rules_earn says, in one pass in the order of members, and answers the number of events. For the functions of the schema, with the rights of its owner. Errors: 22003 beyond bigint, 3F000 no such schema, 42501 not allowed';

CREATE FUNCTION crm_member.ledger_take(schema_name text, account_id bigint, units bigint, event_id bigint, at timestamptz, first_event bigint, lots text DEFAULT 'all') RETURNS bigint
AS 'MODULE_PATHNAME', 'crm_ledger_take' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION crm_member.ledger_take(text, bigint, bigint, bigint, timestamptz, bigint, text) IS 'books a debit of an account against its lots (all, available or pending), those of first_event (0: none) before all others, and answers what no lot covered, which becomes arrears. For the functions of the schema, with the rights of its owner. Errors: 22023 other lots, 3F000 no such schema, 42501 not allowed';

CREATE FUNCTION crm_member.ledger_give_back(schema_name text, account_id bigint, units bigint, event_id bigint, undone bigint[], at timestamptz) RETURNS bigint
AS 'MODULE_PATHNAME', 'crm_ledger_give_back' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION crm_member.ledger_give_back(text, bigint, bigint, bigint, bigint[], timestamptz) IS 'gives units back to the lots from which the undone events took them, latest expiry first, and answers how many units found their way back. For the functions of the schema, with the rights of its owner. Errors: 3F000 no such schema, 42501 not allowed';

CREATE FUNCTION crm_member.ledger_credit(schema_name text, event_id bigint, posting_no smallint, account_id bigint, asset_id smallint, units bigint, counter bigint, rule_id bigint, at timestamptz, available_from timestamptz, expires_at timestamptz, active boolean) RETURNS bigint
AS 'MODULE_PATHNAME', 'crm_ledger_credit' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION crm_member.ledger_credit(text, bigint, smallint, bigint, smallint, bigint, bigint, bigint, timestamptz, timestamptz, timestamptz, boolean) IS 'books units of an event to an account of a member from another account (counter), opens the lot and answers the arrears that it settled; rule_id 0 is none, active says that the member did it. For the functions of the schema, with the rights of its owner. Errors: 22023 no such asset or units below 1, 22003 beyond bigint, 3F000 no such schema, 42501 not allowed';

CREATE FUNCTION crm_member.ledger_debit(schema_name text, event_id bigint, posting_no smallint, account_id bigint, asset_id smallint, units bigint, counter bigint, at timestamptz, first_event bigint, lots text, active boolean) RETURNS bigint
AS 'MODULE_PATHNAME', 'crm_ledger_debit' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION crm_member.ledger_debit(text, bigint, smallint, bigint, smallint, bigint, bigint, timestamptz, bigint, text, boolean) IS 'books units of an event from an account of a member to another account (counter), takes them from its lots (lots: available, pending or all; those of first_event before all others, 0 for none) and answers what no lot covered, which becomes arrears. For the functions of the schema, with the rights of its owner. Errors: 22023 no such asset or units below 1, 22003 beyond bigint, 3F000 no such schema, 42501 not allowed';
