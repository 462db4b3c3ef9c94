#!/bin/sh
# t/databases.sh
# The extension in several databases: side by side, after DROP SCHEMA public, and not where the encoding is another.
. "$(dirname -- "$0")/lib.sh"
use="SELECT crm_member.net_spend('{2024-01-05:2:35.00}'::crm_member.purchase_history)"

# in two databases, again after a drop, and from sessions that have seen the other state
make_db crm_t_one
make_db crm_t_two
for d in crm_t_one crm_t_two; do
	same "$d" "$(P $d -c 'CREATE EXTENSION crm_member' -c "$use")" 35.00
done
same 'dropped in one' "$(P crm_t_one -c "$use" -c 'DROP EXTENSION crm_member' -c 'CREATE EXTENSION crm_member' -c "$use" | tr '\n' ' ')" '35.00 35.00 '
same 'the other is untouched' "$(P crm_t_two -c "$use")" 35.00

# the extension does not live in public
P crm_t_two -c 'SET client_min_messages = warning; DROP SCHEMA public CASCADE'
same 'after DROP SCHEMA public CASCADE' "$(P crm_t_two -c "SELECT count(*) FROM pg_extension WHERE extname = 'crm_member'" -c "$use" | tr '\n' ' ')" '1 35.00 '

# only UTF8: refused with feature_not_supported, and nothing is left behind
for encoding in LATIN1 SQL_ASCII EUC_CN; do
	make_db crm_t_enc -T template0 -E "$encoding" --locale=C
	same "in $encoding" "$(P crm_t_enc -c 'CREATE EXTENSION crm_member' || :)" 'ERROR:  0A000'
	same "left in $encoding" "$(P crm_t_enc -c "SELECT count(*) FROM pg_namespace WHERE nspname = 'crm_member'")" 0
done
finish
