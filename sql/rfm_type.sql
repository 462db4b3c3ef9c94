-- sql/rfm_type.sql
-- Type rfm: text and binary form, order, hash, indexes, digits.

SET search_path = public, crm_member;
\set VERBOSITY sqlstate

-- text
SELECT '545'::rfm AS score, '111'::rfm AS lowest, '999'::rfm AS highest;
SELECT r_score('541'::rfm) AS r, f_score('541'::rfm) AS f, m_score('541'::rfm) AS m;
CREATE TEMP TABLE every AS
SELECT (r::text || f || m)::rfm AS score, r, f, m
FROM generate_series(1, 9) AS r, generate_series(1, 9) AS f, generate_series(1, 9) AS m;
SELECT count(*) AS scores,
       bool_and(score::text::rfm = score) AS round_trip,
       bool_and(score::text = r::text || f || m) AS digits,
       bool_and((r_score(score), f_score(score), m_score(score)) = (r, f, m)) AS accessors
FROM every;

-- what is not three digits from 1 to 9
SELECT ''::rfm;
SELECT '54'::rfm;
SELECT '5455'::rfm;
SELECT '505'::rfm;
SELECT '550'::rfm;
SELECT ' 545'::rfm;
SELECT '545 '::rfm;
SELECT '5a5'::rfm;
SELECT '-545'::rfm;
SELECT '５４５'::rfm;
\set VERBOSITY default
SELECT '605'::rfm;
\set VERBOSITY sqlstate

-- soft errors, where the server has them
SELECT CASE WHEN current_setting('server_version_num')::integer >= 160000
            THEN 'pg_input_is_valid(t, ''crm_member.rfm'')' ELSE 't = ''545''' END AS is_valid \gset
SELECT :is_valid AS valid FROM (VALUES ('545'), ('5'), ('junk')) AS v (t);

-- binary: the number as an int2; COPY reads what send writes, and refuses liars
SELECT rfm_send('545') AS binary_form, decode(lpad(to_hex(545), 4, '0'), 'hex') AS by_hand;
SELECT bool_and(rfm_send(score) = int2send(score::text::smallint)) AS as_int2 FROM every;
\getenv builddir PG_ABS_BUILDDIR
\set scores_out '\\copy every (score) TO ' :builddir '/results/rfm_type.copy (FORMAT binary)'
\set scores_in '\\copy back FROM ' :builddir '/results/rfm_type.copy (FORMAT binary)'
\set numbers_out '\\copy number TO ' :builddir '/results/rfm_type.copy (FORMAT binary)'
CREATE TEMP TABLE back (score rfm);
:scores_out
:scores_in
SELECT count(*) AS same FROM back JOIN every USING (score);
CREATE TEMP TABLE number (n smallint);
INSERT INTO number VALUES (110);
:numbers_out
:scores_in
UPDATE number SET n = -545;
:numbers_out
:scores_in
UPDATE number SET n = 1111;
:numbers_out
:scores_in
ALTER TABLE number ALTER n TYPE integer USING 545;
:numbers_out
:scores_in

-- the order is that of the texts, in every operator
SELECT bool_and((a.score < b.score) = (a.score::text COLLATE "C" < b.score::text)) AS lt,
       bool_and((a.score <= b.score) = (a.score::text COLLATE "C" <= b.score::text)) AS le,
       bool_and((a.score = b.score) = (a.score::text COLLATE "C" = b.score::text)) AS eq,
       bool_and((a.score <> b.score) = (a.score::text COLLATE "C" <> b.score::text)) AS ne,
       bool_and((a.score >= b.score) = (a.score::text COLLATE "C" >= b.score::text)) AS ge,
       bool_and((a.score > b.score) = (a.score::text COLLATE "C" > b.score::text)) AS gt,
       bool_and(sign(rfm_cmp(a.score, b.score)) = sign(rfm_cmp(b.score, a.score)) * -1) AS cmp
FROM every AS a, every AS b
WHERE a.m IN (1, 5, 9) AND b.m IN (1, 2, 9);

-- hashes agree with =, and differ between different values
SELECT count(DISTINCT rfm_hash(score)) AS hashes, count(DISTINCT rfm_hash_extended(score, 0)) AS hashes64,
       bool_and(rfm_hash(score) = rfm_hash(score::text::rfm)) AS agree,
       bool_and((rfm_hash_extended(score, 0) & 4294967295) = (rfm_hash(score)::bigint & 4294967295)) AS low_half
FROM every;
SELECT opcname, amvalidate(oid) FROM pg_opclass WHERE opcintype = 'rfm'::regtype ORDER BY opcname;

-- indexes, sorting, joining, grouping
CREATE TEMP TABLE member_score AS
SELECT i AS member, ((i % 5 + 1)::text || (i / 5 % 5 + 1) || (i / 25 % 5 + 1))::rfm AS score
FROM generate_series(1, 5000) AS i;
CREATE INDEX ON member_score (score);
CREATE INDEX ON member_score USING hash (score);
ANALYZE member_score;
SELECT count(DISTINCT score), min(member) FILTER (WHERE score = '555') AS first_555 FROM member_score;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SELECT count(*) AS best FROM member_score WHERE score >= '551';
SELECT count(*) AS between_two FROM member_score WHERE score > '353' AND score < '355';
SELECT count(*) AS champions FROM member_score WHERE score = '545';
RESET enable_seqscan;
RESET enable_bitmapscan;
SET enable_mergejoin = off;
SELECT count(*) AS hash_joined FROM member_score AS m JOIN every AS e USING (score);
RESET enable_mergejoin;
SET enable_hashjoin = off;
SET enable_nestloop = off;
SELECT count(*) AS merge_joined FROM member_score AS m JOIN every AS e USING (score);
RESET enable_hashjoin;
RESET enable_nestloop;
SELECT score FROM member_score GROUP BY score ORDER BY score DESC LIMIT 3;
