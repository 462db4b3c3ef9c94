#!/bin/sh
# t/hostile_path.sh
# An install under a search_path full of traps makes the same objects as an ordinary one.
#
# Compared is everything pg_dump knows of the members, with the OIDs taken out.
. "$(dirname -- "$0")/lib.sh"

fingerprint() {
	pg_dump --schema-only --binary-upgrade "$1" |
		sed -E -e '/^\\(un)?restrict/d' -e '/^-- Dumped/d' -e "s/'[0-9]+'::pg_catalog.oid/OID/g" -e '/attribute_versions/d'
}
make_db crm_t_plain
make_db crm_t_hostile
P crm_t_plain -c 'CREATE EXTENSION crm_member'

P crm_t_hostile <<'SQL'
CREATE SCHEMA evil;
CREATE FUNCTION evil.yes(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN true;
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.yes);
CREATE OPERATOR evil.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.yes);
CREATE FUNCTION evil.zero(integer, integer) RETURNS integer LANGUAGE sql IMMUTABLE RETURN 0;
CREATE OPERATOR evil.+ (LEFTARG = integer, RIGHTARG = integer, FUNCTION = evil.zero);
CREATE FUNCTION evil.format(text, VARIADIC text[]) RETURNS text LANGUAGE sql IMMUTABLE RETURN 'evil';
CREATE FUNCTION evil.format(text) RETURNS text LANGUAGE sql IMMUTABLE RETURN 'evil';
CREATE FUNCTION evil.current_setting(text) RETURNS text LANGUAGE sql IMMUTABLE RETURN 'evil';
CREATE FUNCTION evil.lower(text) RETURNS text LANGUAGE sql IMMUTABLE RETURN 'evil';
CREATE DOMAIN evil.numeric AS integer;
CREATE DOMAIN evil.date AS text;
CREATE TYPE evil.purchase_history AS (x integer);
CREATE TYPE evil.rfm AS (x integer);
SQL
PGOPTIONS='-c search_path=evil,pg_catalog' P crm_t_hostile -c 'CREATE EXTENSION crm_member'
P crm_t_hostile -c 'SET client_min_messages = warning; DROP SCHEMA evil CASCADE'

fingerprint crm_t_plain >"$T_DIR/plain"
fingerprint crm_t_hostile >"$T_DIR/hostile"
same 'the fingerprint shows members' "$([ "$(grep -c 'CREATE FUNCTION crm_member' "$T_DIR/plain")" -gt 10 ] && echo yes)" yes
same 'differences' "$(diff "$T_DIR/plain" "$T_DIR/hostile")" ''
finish
