#!/bin/sh
# t/plpgsql_check.sh
# plpgsql_check finds nothing in the PL/pgSQL functions of the extension.
. "$(dirname -- "$0")/lib.sh"
make_db crm_t_plpgsql
if [ "$(P crm_t_plpgsql -c "SELECT count(*) FROM pg_available_extensions WHERE name = 'plpgsql_check'")" = 0 ]; then
	dropdb crm_t_plpgsql
	skip 'plpgsql_check is not installed'
fi
P crm_t_plpgsql -c 'CREATE EXTENSION crm_member' -c 'CREATE EXTENSION plpgsql_check'
same 'findings' "$(P crm_t_plpgsql -c "
	SELECT p.oid::regprocedure || ': ' || f
	FROM pg_proc AS p
	JOIN pg_language AS l ON l.oid = p.prolang AND l.lanname = 'plpgsql'
	JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
	JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'crm_member',
	LATERAL plpgsql_check_function(p.oid, fatal_errors => false) AS f
	WHERE p.prorettype <> 'trigger'::regtype")" ''
finish
