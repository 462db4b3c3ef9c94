# bench/cases_member.sh
# Finding members and seeing one whole, in milliseconds of the server; read by bench.sh.
# $t is the table of orders, $members the number of members; 7 % of them bear the surname 王.
# shellcheck shell=sh disable=SC2154

if want G19 || want G20; then
	make_members() {
		[ "$(run -c "SELECT to_regclass('crm_bench_member.member') IS NOT NULL")" = t ] && return
		printf '  making a CRM of %s members with the orders\n' "$members"
		run -c "SELECT crm_member.create_crm('crm_bench_member')" >/dev/null
		run <<-SQL
			INSERT INTO crm_bench_member.store (id, code, name) SELECT g, 's' || g, 'Store ' || g FROM generate_series(1, 500) AS g;
			INSERT INTO crm_bench_member.member (id, member_no, home_store_id, joined_at)
			SELECT g, lpad(g::text, 8, '0'), 1 + g % 500, timestamptz '2021-01-01 00:00+08' + g * interval '10 seconds' FROM generate_series(1, $members) AS g;
			-- histories and search keys are made at once behind, not row by row
			ALTER TABLE crm_bench_member.member_pii DISABLE TRIGGER member_pii_20_search_insert;
			INSERT INTO crm_bench_member.member_pii (member_id, full_name, phone)
			SELECT g, CASE WHEN r.a % 1000 < 70 THEN '王' ELSE substr('李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余', 1 + r.a % 50, 1) END
			       || substr(w.words, 1 + r.b % 60, 1) || CASE WHEN g % 5 > 0 THEN substr(w.words, 1 + r.c % 60, 1) ELSE '' END,
			       '+8613' || lpad((g * 7919::bigint % 1000000000)::text, 9, '0')
			FROM generate_series(1, $members) AS g
			     CROSS JOIN LATERAL (SELECT hashint8(g) & 2147483647 AS a, hashint8(g + 7) & 2147483647 AS b, hashint8(g + 99) & 2147483647 AS c OFFSET 0) AS r
			     CROSS JOIN (SELECT '伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂文辉玲华建国志红梅鹏飞波斌宇浩凯健俊帆雪琳晓春燕萍鑫云莉欣怡梓涵子轩' AS words) AS w;
			ALTER TABLE crm_bench_member.member_pii ENABLE TRIGGER member_pii_20_search_insert;
			SET session_replication_role = replica;
			INSERT INTO crm_bench_member.sale (source_key, member_id, occurred_at, net_spend, store_id, channel)
			SELECT id, member_id, day + time '12:00' + interval '4 hours', amount, 1 + member_id % 500, 'shop' FROM $t;
			RESET session_replication_role;
		SQL
		run -c 'SELECT crm_bench_member.rebuild_search(), crm_bench_member.rebuild_histories()' >/dev/null
		run -c 'DROP ROLE IF EXISTS crm_bench_clerk' -c 'CREATE ROLE crm_bench_clerk' -c "SELECT crm_member.grant_crm('crm_bench_member', 'crm_bench_clerk', 'clerk', 17)" >/dev/null
		run -c 'VACUUM (ANALYZE)'
	}
	# each NAME TITLE MUST GOAL ROLE STATEMENT: the median milliseconds of a statement in a warm session
	each() {
		{
			printf '%s\n' 'SET jit = off;' "$5" '\timing on'
			i=0
			while [ $i -lt 25 ]; do
				printf '%s\n' "$6"
				i=$((i + 1))
			done
		} >"$tmp/each.sql"
		line "$1" "$2" "<= $3 ms" "<= $4 ms" "$(milliseconds "$tmp/each.sql" | sed 1,5d | median)" ""
	}
	make_members
fi

if want G19; then
	for role in owner clerk; do
		set_role=''
		[ $role = owner ] || set_role='SET ROLE crm_bench_clerk;'
		each G19 "first 20 by one Han character, $role" 20 5 "$set_role" "SELECT count(*) FROM crm_bench_member.member_search('王');"
		each G19 "by one Han character inside names, $role" 20 5 "$set_role" "SELECT count(*) FROM crm_bench_member.member_search('芳');"
		each G19 "by two Han characters, $role" 20 5 "$set_role" "SELECT count(*) FROM crm_bench_member.member_search('王芳');"
		each G19 "by the beginning of the pinyin, $role" 20 5 "$set_role" "SELECT count(*) FROM crm_bench_member.member_search('wangx');"
		each G19 "by initials, $role" 20 5 "$set_role" "SELECT count(*) FROM crm_bench_member.member_search('wxf');"
		each G19 "by the end of a phone, $role" 20 5 "$set_role" "SELECT count(*) FROM crm_bench_member.member_search('7919');"
		each G19 "by a surname and a star, $role" 20 5 "$set_role" "SELECT count(*) FROM crm_bench_member.member_search('王*');"
	done
fi

if want G20; then
	# members as no shop has many: 5,000 orders with a lot of points each, 50,000 footprints in 70 days beside three years of months, 3,000 enquiries
	[ "$(run -c 'SELECT count(*) FROM crm_bench_member.footprint')" != 0 ] || run >/dev/null <<-SQL
		INSERT INTO crm_bench_member.sale (source_key, member_id, occurred_at, net_spend, store_id, channel)
		SELECT 'heavy' || g, $members - 1, now() - g * interval '5 hours', 20 + g % 100, 1 + g % 500, CASE g % 3 WHEN 0 THEN 'web' ELSE 'shop' END FROM generate_series(1, 5000) AS g;
		SELECT crm_bench_member.footprint_add((SELECT jsonb_agg(jsonb_build_object('member_id', $members - m, 'kind', 'view', 'subject', 'product:' || g, 'occurred_at', now() - (i * 10000 + g) * w)) FROM generate_series(1, 10000) AS g), 'bench footprints ' || m || i)
		FROM (VALUES (2, interval '2 minutes'), (3, interval '31 minutes')) AS v(m, w), generate_series(0, 4) AS i;
		SELECT crm_bench_member.interaction_add($members - 4, 'enquiry', 'bench enquiry ' || i, note => 'words') FROM generate_series(1, 3000) AS i;
		VACUUM (ANALYZE) crm_bench_member.footprint;
	SQL
	each G20 'member_360 of one member' 10 2 '' 'SELECT length(crm_bench_member.member_360(1 + (random() * 1000)::bigint)::text);'
	each G20 'of one with 5,000 orders' 10 2 '' "SELECT length(crm_bench_member.member_360($members - 1)::text);"
	each G20 'of one with 50,000 footprints' 10 2 '' "SELECT length(crm_bench_member.member_360($members - 2)::text);"
	each G20 'of one with 3,000 enquiries' 10 2 '' "SELECT length(crm_bench_member.member_360($members - 4)::text);"
fi
