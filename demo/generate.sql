-- demo/generate.sql
-- Makes schema shop: 20,000 customers and 200,000 rows of orders, three years to 30 June 2025.
--
-- The same rows come out on every machine and in every run: draws are hashes of (row, purpose), all arithmetic is
-- in integers, and nothing reads a clock or random(). hashint8extended() is safe to build on: hash-partitioned tables
-- survive pg_upgrade because it does not change.
-- The shop behaves as shops do: rates of buying differ widely between customers (gamma, shape 0.7), customers leave
-- without saying so (exponential lifetimes), days have seasons, a few customers are very good. All names are made up.

SET client_min_messages = warning;
SET TIME ZONE 'Asia/Shanghai';

DROP SCHEMA IF EXISTS shop CASCADE;
CREATE SCHEMA shop;

CREATE TABLE shop.customers (
    id       bigint PRIMARY KEY,
    name     text NOT NULL,
    city     text NOT NULL,
    birthday date NOT NULL,
    joined   date NOT NULL
);
COMMENT ON TABLE shop.customers IS 'Customers of the demo shop; all of them are made up.';

CREATE TABLE shop.orders (
    id          bigint PRIMARY KEY,
    customer_id bigint REFERENCES shop.customers,
    ordered_at  timestamptz NOT NULL,
    total       numeric(12,2) NOT NULL,
    status      text NOT NULL CHECK (status IN ('paid', 'cancelled'))
);
COMMENT ON TABLE shop.orders IS 'Orders of the demo shop; customer_id is NULL for guests, a negative total is a refund.';

-- A draw from 0 to n - 1: stream says what for, key says for whom.
CREATE FUNCTION pg_temp.draw(stream bigint, key bigint, n bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (hashint8extended(key, stream) & 4611686018427387903) % n;

-- The value at u/65536 of a distribution given by its quantiles at equal steps, linear between them.
CREATE FUNCTION pg_temp.quantile(q integer[], u bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN q[1 + u * (cardinality(q) - 1) / 65536]
           + (q[2 + u * (cardinality(q) - 1) / 65536] - q[1 + u * (cardinality(q) - 1) / 65536])
             * (u * (cardinality(q) - 1) % 65536) / 65536;

-- The calendar. A day with weight w fills w slots; orders are spread evenly over slots, so that they follow the seasons.
CREATE TEMP TABLE slot AS
WITH day AS (
    SELECT DATE '2022-07-01' + d AS day
      FROM generate_series(0, 1095) AS d
), weighed AS (
    SELECT day,
           CASE
               WHEN to_char(day, 'MMDD') = '1111' THEN 26                                    -- 双11
               WHEN to_char(day, 'MMDD') BETWEEN '1101' AND '1110' THEN 8
               WHEN to_char(day, 'MMDD') = '0618' THEN 20                                    -- 618
               WHEN to_char(day, 'MMDD') BETWEEN '0601' AND '0617' THEN 7
               WHEN to_char(day, 'MMDD') = '1212' THEN 12                                    -- 双12
               WHEN to_char(day, 'MMDD') BETWEEN '0306' AND '0308' THEN 8                    -- 女王节
               WHEN day BETWEEN '2023-01-21' AND '2023-01-27' THEN 2                         -- 春节, shops shut
               WHEN day BETWEEN '2024-02-09' AND '2024-02-15' THEN 2
               WHEN day BETWEEN '2025-01-28' AND '2025-02-03' THEN 2
               WHEN day BETWEEN '2023-01-05' AND '2023-01-20' THEN 7                         -- 年货
               WHEN day BETWEEN '2024-01-24' AND '2024-02-08' THEN 7
               WHEN day BETWEEN '2025-01-12' AND '2025-01-27' THEN 7
               WHEN extract(isodow FROM day) >= 6 THEN 5
               ELSE 4
           END AS weight
      FROM day
)
SELECT (row_number() OVER (ORDER BY day, w) - 1)::integer AS slot,
       day
  FROM weighed, generate_series(1, weight) AS w;
CREATE UNIQUE INDEX ON slot (slot);
CREATE TEMP TABLE first_slot AS
SELECT day, min(slot) AS slot FROM slot GROUP BY day;
ANALYZE slot;
ANALYZE first_slot;

-- Hours of the day, 10 to 22 more often than the night.
CREATE TEMP TABLE hour_slot AS
SELECT (row_number() OVER (ORDER BY h, w) - 1)::integer AS slot,
       h::integer AS hour
  FROM generate_series(0, 23) AS h,
       generate_series(1, (ARRAY[2,1,1,1,1,1,2,4,6,9,12,11,10,9,8,8,8,9,10,13,16,16,11,5])[h + 1]) AS w;

-- Surnames by weight, the compound ones among them.
CREATE TEMP TABLE surname_slot AS
SELECT (row_number() OVER (ORDER BY weight DESC, surname COLLATE "C", w) - 1)::integer AS slot,
       surname
  FROM (SELECT unnest(string_to_array('王,李,张,刘,陈', ',')), 70
        UNION ALL SELECT unnest(string_to_array('杨,赵,黄,周,吴,徐,孙,胡,朱,高,林,何,郭,马,罗', ',')), 18
        UNION ALL SELECT unnest(string_to_array('梁,宋,郑,谢,韩,唐,冯,于,董,萧,程,曹,袁,邓,许,傅,沈,曾,彭,吕,苏,卢,蒋,蔡,贾,丁,魏,薛,叶,阎,余,潘,杜,戴,夏,钟,汪,田,任,姜,范,方,石,姚,谭,廖,邹,熊,金,陆,郝,孔,白,崔,康,毛,邱,秦,江,史,顾,侯,邵,孟,龙,万,段,雷,钱,汤,尹,黎,易,常,武,乔,贺,赖,龚,文', ',')), 5
        UNION ALL SELECT unnest(string_to_array('单,仇,区,解,查,朴,盖,冼,翟,缪,晏,逄', ',')), 1
        UNION ALL SELECT unnest(string_to_array('欧阳,司马,上官,诸葛,皇甫,令狐,司徒,慕容,尉迟,公孙,夏侯,长孙', ',')), 1
       ) AS s(surname, weight),
       generate_series(1, weight) AS w;

-- Everything about one customer that the orders need: rate in orders a million slots, price level in percent.
CREATE TEMP TABLE plan AS
SELECT c AS id,
       s.day AS joined,
       c <= 5500 AS old_member,
       pg_temp.draw(11, c, 100) < 5 AS never_buys,
       CASE WHEN pg_temp.draw(12, c, 1000) < 3
            THEN 8000 + pg_temp.draw(13, c, 11000)
            ELSE pg_temp.quantile(ARRAY[40,58,112,196,310,444,602,788,1010,1274,1590,1980,2470,3120,4040,5560,11500],
                                  pg_temp.draw(14, c, 65536))
       END AS rate,
       CASE WHEN pg_temp.draw(12, c, 1000) < 3
            THEN 180 + pg_temp.draw(15, c, 240)
            ELSE pg_temp.quantile(ARRAY[30,48,60,70,80,90,102,118,140,178,300], pg_temp.draw(16, c, 65536))
       END AS level,
       CASE WHEN pg_temp.draw(12, c, 1000) < 3
            THEN 2000
            ELSE pg_temp.quantile(ARRAY[0,40,83,129,178,232,291,357,430,513,608,721,860,1038,1289,1719,3285],
                                  pg_temp.draw(17, c, 65536))
       END AS lifetime
  FROM generate_series(1::bigint, 20000) AS c
       JOIN slot AS s ON s.slot = pg_temp.draw(10, c, (SELECT count(*) FROM slot) - 60);

INSERT INTO shop.customers (id, name, city, birthday, joined)
SELECT p.id,
       CASE p.id
           WHEN 618 THEN '𠮷田明'                       -- outside the Basic Multilingual Plane, as is the next
           WHEN 1641 THEN '陈𤋮红'
           WHEN 9527 THEN '阿依古丽·买买提'
           WHEN 17052 THEN '诸葛晓颖'
           ELSE s.surname
                || substr(g.chars, 1 + pg_temp.draw(23, p.id, length(g.chars))::integer, 1)
                || CASE WHEN pg_temp.draw(24, p.id, 100) < 78
                        THEN substr(g.chars, 1 + pg_temp.draw(25, p.id, length(g.chars))::integer, 1)
                        ELSE ''
                   END
       END,
       (ARRAY['上海','上海','上海','上海','北京','北京','北京','广州','广州','深圳','深圳','深圳','杭州','杭州','杭州','成都',
              '成都','武汉','南京','苏州','重庆','西安','长沙','天津','郑州','青岛','宁波','厦门','合肥','昆明','沈阳','哈尔滨'
             ])[1 + pg_temp.draw(20, p.id, 32)],
       DATE '1955-01-01' + (pg_temp.quantile(ARRAY[0,5500,8500,10500,11800,12900,14000,15200,16200,17600,18800],
                                             pg_temp.draw(21, p.id, 65536)))::integer,
       CASE WHEN p.old_member THEN DATE '2019-01-01' + pg_temp.draw(18, p.id, 1277)::integer ELSE p.joined END
  FROM plan AS p
       JOIN surname_slot AS s ON s.slot = pg_temp.draw(22, p.id, (SELECT count(*) FROM surname_slot))
       CROSS JOIN LATERAL (SELECT CASE pg_temp.draw(26, p.id, 100) < 58
                                  WHEN true THEN '芳娜敏静秀丽艳娟霞燕玲桂英梅红婷雪琳倩颖洁欣怡佳悦萱涵雨桐诗梓晨曦若彤思妍可馨琪瑶璐璇莹玥晓晴'
                                  ELSE '伟强磊军洋勇杰涛明超刚平辉鹏飞浩宇轩博文俊凯峰龙志建国华东海波斌宏毅旭昊天佑嘉铭子墨皓然睿哲一鸣泽楷晟'
                                  END) AS g(chars)
 ORDER BY p.id;

-- Purchases: the order at joining, and then as many as the rate gives over the slots of the customer's lifetime,
-- evenly over these slots. Guests buy all through the three years, 1 order in 16.
CREATE TEMP TABLE purchase AS
WITH span AS (
    SELECT p.id, p.rate, p.level, p.old_member,
           CASE WHEN p.old_member THEN 0 ELSE f.slot END AS from_slot,
           coalesce(l.slot, (SELECT count(*) FROM slot)) AS to_slot
      FROM plan AS p
           JOIN first_slot AS f ON f.day = p.joined
           LEFT JOIN first_slot AS l
                  ON l.day = CASE WHEN p.old_member THEN DATE '2022-07-01' ELSE p.joined END + p.lifetime::integer
     WHERE NOT p.never_buys
), wanted AS (
    SELECT id, level, from_slot, to_slot,
           CASE WHEN old_member THEN 0 ELSE 1 END AS at_joining,
           (rate * (to_slot - from_slot) * 27 / 10 + pg_temp.draw(30, id, 1000000)) / 1000000 AS later
      FROM span
), candidate AS (
    SELECT id AS customer_id, level, id * 4096 + k AS key,
           CASE WHEN k <= at_joining THEN from_slot
                ELSE from_slot + pg_temp.draw(31, id * 4096 + k, greatest(to_slot - from_slot, 1))
           END AS slot
      FROM wanted, generate_series(1, at_joining + later) AS k
    UNION ALL
    SELECT NULL, 80, -g, pg_temp.draw(32, g, (SELECT count(*) FROM slot))
      FROM generate_series(1::bigint, 12500) AS g
), chosen AS (
    SELECT *
      FROM candidate
     ORDER BY pg_temp.draw(33, key, 4611686018427387904), key
     LIMIT 194000
)
SELECT c.customer_id, c.key,
       (s.day + make_interval(hours => h.hour, secs => pg_temp.draw(35, c.key, 3600)::integer)) AT TIME ZONE 'Asia/Shanghai'
           AS ordered_at,
       CASE WHEN pg_temp.draw(36, c.key, 1000) < 4 THEN 0.00                               -- a gift
            ELSE greatest(990,
                     pg_temp.quantile(ARRAY[1900,2900,3900,4900,5900,6900,7900,8900,9900,11900,13900,15900,18800,21800,25800,
                                            29900,35900,42800,52800,69900,299900], pg_temp.draw(37, c.key, 65536))
                     * c.level / 100 / 100 * 100
                     - (ARRAY[0,0,0,1,1,10,10,50,100,100])[1 + pg_temp.draw(38, c.key, 10)]
                     - CASE WHEN pg_temp.draw(39, c.key, 8) = 0 THEN pg_temp.draw(40, c.key, 100) ELSE 0 END
                 ) / 100.00
       END::numeric(12,2) AS total,
       CASE WHEN pg_temp.draw(41, c.key, 1000) < 22 THEN 'cancelled' ELSE 'paid' END AS status
  FROM chosen AS c
       JOIN slot AS s ON s.slot = c.slot
       JOIN hour_slot AS h ON h.slot = pg_temp.draw(34, c.key, (SELECT count(*) FROM hour_slot));

-- Refunds: 6,000 rows of their own, 1 to 20 days after the order, the whole amount in two of three.
CREATE TEMP TABLE refund AS
SELECT customer_id, key,
       ordered_at + make_interval(days => 1 + pg_temp.draw(50, key, 20)::integer, secs => pg_temp.draw(51, key, 7200)::integer)
           AS ordered_at,
       CASE WHEN pg_temp.draw(52, key, 3) = 0
            THEN -ceil(total * (20 + pg_temp.draw(53, key, 60)) / 100)
            ELSE -total
       END AS total,
       'paid' AS status
  FROM purchase
 WHERE status = 'paid' AND total > 0 AND ordered_at < TIMESTAMPTZ '2025-06-10 00:00 Asia/Shanghai'
 ORDER BY pg_temp.draw(54, key, 4611686018427387904), key
 LIMIT 6000;

INSERT INTO shop.orders (id, customer_id, ordered_at, total, status)
SELECT row_number() OVER (ORDER BY ordered_at, key, total DESC), customer_id, ordered_at, total, status
  FROM (TABLE purchase UNION ALL TABLE refund) AS o
 ORDER BY 1;

CREATE INDEX ON shop.orders (customer_id);
ANALYZE shop.customers;
ANALYZE shop.orders;

DROP TABLE slot, first_slot, hour_slot, surname_slot, plan, purchase, refund;
RESET TIME ZONE;
RESET client_min_messages;
