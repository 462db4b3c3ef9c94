#!/bin/sh
# t/clv_cancel.sh
# A large fit can be cancelled at any point and ends within a second; the server goes on.
. "$(dirname -- "$0")/lib.sh"
db=crm_t_clv_cancel
make_db $db
P $db -c 'CREATE EXTENSION crm_member' -c "ALTER DATABASE $db SET search_path = public, crm_member"
# as many different (x, t_x, T) as members: the slowest that a fit can meet
P $db <<'SQL'
CREATE TABLE h AS
SELECT (SELECT purchase_history(date '2010-01-01' + (m % 2000) + (hashint4(m * 31 + g) & 2047), 10 + g) FROM generate_series(0, m % 15) AS g) AS history
FROM generate_series(1, 40000) AS m;
SQL
now() { date +%s%3N; }
cut=0
for kind in pareto/nbd bg/nbd; do
	for ms in 30 100 200 400 700 1000; do
		began=$(now)
		said=$(PGOPTIONS="-c statement_timeout=$ms" P $db -c "SELECT clv_status(clv_fit(history, '2024-12-31', '$kind')) FROM h" | tail -n 1) || :
		took=$(($(now) - began))
		if [ "$took" -gt $((ms + 1000)) ]; then same "$kind with $ms ms" "ended after $took ms" 'an end within a second'; fi
		case $said in
		'ERROR:  57014') cut=$((cut + 1)) ;;
		converged | boundary) ;;
		*) same "$kind with $ms ms" "$said" '57014 or a fit' ;;
		esac
	done
done
same 'some were cut' "$([ $cut -gt 2 ] && echo t)" t
same 'the same session goes on' "$(P $db -c 'SET statement_timeout = 100' -c "DO \$\$ BEGIN PERFORM clv_fit(history, '2024-12-31', 'pareto/nbd') FROM h; EXCEPTION WHEN query_canceled THEN NULL; END \$\$" \
	-c 'RESET statement_timeout' -c "SELECT clv_status(clv_fit(history, '2024-12-31', 'nbd')) FROM (SELECT history FROM h LIMIT 500) AS s")" converged
finish $db
