#!/bin/sh
# t/who_installs.sh
# Names that need quotes, an installer that is no superuser, one without the right to, and one who uses it.
. "$(dirname -- "$0")/lib.sh"
P postgres -c 'DROP DATABASE IF EXISTS "My Db" WITH (FORCE)' -c 'DROP DATABASE IF EXISTS crm_t_shop WITH (FORCE)' >/dev/null
P postgres <<'SQL' >/dev/null
SET client_min_messages = warning;
DROP ROLE IF EXISTS "FooBar", crm_t_owner, crm_t_user;
CREATE ROLE "FooBar" SUPERUSER LOGIN;
CREATE ROLE crm_t_owner LOGIN;
CREATE ROLE crm_t_user LOGIN;
SQL
use="SELECT crm_member.order_count('{2024-01-05:2:35.00}'::crm_member.purchase_history)"

createdb 'My Db'
same 'a quoted superuser in a quoted database' "$(PGUSER=FooBar P 'My Db' -c 'CREATE EXTENSION crm_member' -c "$use")" 2

createdb -O crm_t_owner crm_t_shop
same 'the database owner installs, for the extension is trusted' "$(PGUSER=crm_t_owner P crm_t_shop -c 'CREATE EXTENSION crm_member' -c "$use")" 2
same 'anyone may use it' "$(PGUSER=crm_t_user P crm_t_shop -c "$use")" 2
same 'not anyone may put things into its schema' "$(PGUSER=crm_t_user P crm_t_shop -c 'CREATE FUNCTION crm_member.x() RETURNS integer LANGUAGE sql RETURN 1' || :)" 'ERROR:  42501'
same 'not anyone may drop it' "$(PGUSER=crm_t_user P crm_t_shop -c 'DROP EXTENSION crm_member' || :)" 'ERROR:  42501'
same 'its owner may drop it' "$(PGUSER=crm_t_owner P crm_t_shop -c 'DROP EXTENSION crm_member')" ''
same 'who may not create in the database cannot install' "$(PGUSER=crm_t_user P crm_t_shop -c 'CREATE EXTENSION crm_member' || :)" 'ERROR:  42501'

dropdb --force 'My Db'
dropdb --force crm_t_shop
P postgres -c 'DROP ROLE "FooBar", crm_t_owner, crm_t_user'
exit "$bad"
