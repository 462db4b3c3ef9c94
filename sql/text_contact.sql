-- sql/text_contact.sql
-- Phones, e-mail addresses, check digits: wanted values by hand from the
-- numbering plans and from RFC 3492; a row comes out only where they differ.
SET search_path = crm_member, pg_catalog;
\set VERBOSITY terse

CREATE TEMP TABLE golden (region text, phone text, e164 text);
INSERT INTO golden VALUES
  -- mainland: mobile, however it is written
  ('CN', '13800138000', '+8613800138000'), ('CN', '138 0013 8000', '+8613800138000'), ('CN', '138-0013-8000', '+8613800138000'),
  ('CN', '(138)0013.8000', '+8613800138000'), ('CN', '１３８００１３８０００', '+8613800138000'), ('CN', '１３８－００１３－８０００', '+8613800138000'),
  ('CN', '+8613800138000', '+8613800138000'), ('CN', '＋８６ １３８００１３８０００', '+8613800138000'), ('CN', '008613800138000', '+8613800138000'),
  ('CN', '8613800138000', '+8613800138000'), ('CN', '86-138-0013-8000', '+8613800138000'), ('CN', '+86(138)00138000', '+8613800138000'),
  ('CN', '013800138000', '+8613800138000'), ('CN', '17951 13800138000', '+8613800138000'), ('CN', '1259313800138000', '+8613800138000'),
  ('CN', 'tel:+86-138-0013-8000', '+8613800138000'), ('CN', E'\t13800138000\n', '+8613800138000'), ('CN', '''13800138000', '+8613800138000'),
  ('CN', '13800138000.0', '+8613800138000'), ('CN', U&'\200E13800138000', '+8613800138000'), ('CN', '手机13800138000', '+8613800138000'),
  ('CN', '19912345678', '+8619912345678'), ('CN', '16612345678', '+8616612345678'), ('CN', '17012345678', '+8617012345678'),
  -- fixed lines, with area code
  ('CN', '010-65529988', '+861065529988'), ('CN', '(010) 6552 9988', '+861065529988'), ('CN', '+86 10 6552 9988', '+861065529988'),
  ('CN', '+86 (0)10 6552 9988', '+861065529988'), ('CN', '021-62520000', '+862162520000'), ('CN', '0755-26012345', '+8675526012345'),
  ('CN', '075526012345', '+8675526012345'), ('CN', '0571-87654321', '+8657187654321'), ('CN', '0898 6654 3210', '+8689866543210'),
  ('CN', '0596-2345678', '+865962345678'), ('CN', '021-62520000转123', '+862162520000'), ('CN', '021-62520000 轉 8', '+862162520000'),
  ('CN', '021-62520000 ext. 12', '+862162520000'), ('CN', '021-62520000x12', '+862162520000'), ('CN', '021-62520000#12', '+862162520000'),
  -- service numbers
  ('CN', '400-820-8820', '+864008208820'), ('CN', '4008208820', '+864008208820'), ('CN', '400 6700 700', '+864006700700'), ('CN', '800-820-8820', '+868008208820'),
  -- none
  ('CN', '', NULL), ('CN', ' ', NULL), ('CN', '110', NULL), ('CN', '10086', NULL), ('CN', '95588', NULL), ('CN', '65529988', NULL), ('CN', '12345678901', NULL),
  ('CN', '1380013800', NULL), ('CN', '138001380001', NULL), ('CN', '1.38E+10', NULL), ('CN', 'abc', NULL), ('CN', '无', NULL), ('CN', '0000000000', NULL),
  ('CN', '13800138000/13900139000', NULL), ('CN', '+', NULL), ('CN', '+86', NULL), ('CN', '1380013800O', NULL), ('CN', repeat('1', 300), NULL),
  -- Hong Kong, Macao, Taiwan
  ('HK', '9123 4567', '+85291234567'), ('HK', '2345-6789', '+85223456789'), ('HK', '85291234567', '+85291234567'), ('HK', '+852 6123 4567', '+85261234567'),
  ('HK', '0018613800138000', '+8613800138000'), ('HK', '12345678', NULL), ('HK', '9123456', NULL), ('CN', '+85291234567', '+85291234567'), ('CN', '0085291234567', '+85291234567'),
  ('MO', '6612 3456', '+85366123456'), ('MO', '28123456', '+85328123456'), ('MO', '+853 6612 3456', '+85366123456'), ('MO', '5612 3456', NULL),
  ('TW', '0912-345-678', '+886912345678'), ('TW', '912345678', '+886912345678'), ('TW', '(02) 2345-6789', '+886223456789'), ('TW', '+886 0912 345 678', '+886912345678'),
  ('TW', '04-22345678', '+886422345678'), ('TW', '0800-080-123', '+886800080123'), ('TW', '0028613800138000', '+8613800138000'), ('TW', '091234567', NULL),
  -- Singapore, Malaysia, Japan, Korea
  ('SG', '9123 4567', '+6591234567'), ('SG', '6123 4567', '+6561234567'), ('SG', '+65 8123 4567', '+6581234567'), ('SG', '1800 123 4567', '+6518001234567'), ('SG', '5123 4567', NULL),
  ('MY', '012-345 6789', '+60123456789'), ('MY', '011-1234 5678', '+601112345678'), ('MY', '03-2345 6789', '+60323456789'), ('MY', '+60 12-345 6789', '+60123456789'), ('MY', '1300 88 1234', '+601300881234'),
  ('JP', '090-1234-5678', '+819012345678'), ('JP', '03-1234-5678', '+81312345678'), ('JP', '+81 (0)90 1234 5678', '+819012345678'), ('JP', '0120-123-456', '+81120123456'), ('JP', '010-86-138-0013-8000', '+8613800138000'),
  ('KR', '010-1234-5678', '+821012345678'), ('KR', '02-312-3456', '+8223123456'), ('KR', '02-2345-6789', '+82223456789'), ('KR', '051-234-5678', '+82512345678'), ('KR', '1588-1234', '+8215881234'), ('KR', '+82 010 1234 5678', '+821012345678'),
  -- North America, Britain, others
  ('US', '(415) 555-0123', '+14155550123'), ('US', '1-415-555-0123', '+14155550123'), ('US', '+1 415.555.0123', '+14155550123'), ('US', '011 86 138 0013 8000', '+8613800138000'),
  ('US', '415-555-0123 ext 5', '+14155550123'), ('US', '115-555-0123', NULL), ('US', '911-555-0123', NULL), ('US', '555-0123', NULL), ('CA', '416-555-0123', '+14165550123'),
  ('GB', '020 7946 0958', '+442079460958'), ('GB', '07911 123456', '+447911123456'), ('GB', '+44 (0)7911 123456', '+447911123456'), ('GB', '0044 7911 123456', '+447911123456'), ('gb', '07911123456', '+447911123456'),
  ('CN', '+49 (0)30 123456', '+4930123456'), ('CN', '+33 6 12 34 56 78', '+33612345678'), ('CN', '+7 912 345-67-89', '+79123456789'), ('CN', '+39 06 1234567', '+39061234567'), ('CN', '+61 412 345 678', '+61412345678'), ('CN', '+999 12345678', NULL), ('CN', '+7 1', NULL);
SELECT region, phone, e164, phone_e164(phone, region) AS got FROM golden WHERE phone_e164(phone, region) IS DISTINCT FROM e164;
SELECT count(*) AS phones, count(e164) AS numbers FROM golden;
-- the E.164 form of a number is itself in every region
SELECT count(*) AS moved FROM golden AS g, unnest(ARRAY['CN', 'HK', 'US', 'JP', 'GB']) AS r WHERE phone_e164(g.e164, r) IS DISTINCT FROM g.e164;
SELECT phone_e164('13800138000') AS default_region, phone_e164(NULL) AS none;
SELECT phone_e164('13800138000', 'XX');
SELECT phone_e164('13800138000', '');

CREATE TEMP TABLE addresses (email text, key text);
INSERT INTO addresses VALUES
  ('Foo.Bar@Example.COM', 'foo.bar@example.com'), ('  foo@example.com ', 'foo@example.com'), ('ｆｏｏ＠ｅｘａｍｐｌｅ．ｃｏｍ', 'foo@example.com'),
  ('<foo@example.com>', 'foo@example.com'), ('MAILTO:foo@example.com', 'foo@example.com'), ('foo+tag@example.com', 'foo+tag@example.com'),
  ('foo@example.com.', 'foo@example.com'), ('o''brien@example.ie', 'o''brien@example.ie'), ('ÉLODIE@example.fr', 'élodie@example.fr'),
  ('x@bücher.de', 'x@xn--bcher-kva.de'), ('x@BÜCHER.de', 'x@xn--bcher-kva.de'), ('x@faß.de', 'x@xn--fa-hia.de'), ('x@xn--bcher-kva.de', 'x@xn--bcher-kva.de'),
  ('用户@例子.中国', '用户@xn--fsqu00a.xn--fiqs8s'), ('用户@例子。中国', '用户@xn--fsqu00a.xn--fiqs8s'), ('a@mañana.com', 'a@xn--maana-pta.com'), ('a@点看.com', 'a@xn--3pxu8k.com'),
  ('', NULL), ('foo', NULL), ('foo@', NULL), ('@example.com', NULL), ('foo@bar', NULL), ('foo@@example.com', NULL), ('foo bar@example.com', NULL),
  ('foo@exa mple.com', NULL), ('foo@-example.com', NULL), ('foo@example-.com', NULL), ('foo@example..com', NULL), ('foo@.com', NULL), ('foo@1.2.3.4', NULL),
  ('a@b.com,c@d.com', NULL), ('foo@exam_ple.com', NULL), (repeat('a', 65) || '@example.com', NULL), ('a@' || repeat('b', 64) || '.com', NULL),
  ('无', NULL);
INSERT INTO addresses VALUES (repeat('a', 64) || '@example.com', repeat('a', 64) || '@example.com'), ('a@' || repeat('b', 63) || '.com', 'a@' || repeat('b', 63) || '.com');
SELECT email, key, email_key(email) AS got FROM addresses WHERE email_key(email) IS DISTINCT FROM key;
SELECT count(*) AS moved FROM addresses WHERE email_key(key) IS DISTINCT FROM key;

-- the example of ISO/IEC 7812-1; 18 -> 1*2 = 2, 8 -> 2 + 8 = 10 -> 0
SELECT luhn_append('7992739871'), luhn_append('1'), luhn_append('4111-1111-1111-111'), luhn_append('0');
SELECT v, luhn_valid(v) FROM unnest(ARRAY['79927398713', '79927398710', '18', '4111 1111 1111 1111', '0', '00', '', ' ', 'a18', '１８']) AS v;
-- every single wrong digit and every swap of neighbours but 09 and 90 is seen
SELECT count(*) AS unseen FROM generate_series(100000, 100999) AS n, generate_series(1, 6) AS at, generate_series(0, 9) AS d
WHERE substr(n::text, at, 1) <> d::text AND luhn_valid(overlay(luhn_append(n::text) PLACING d::text FROM at));
SELECT luhn_append('');
SELECT luhn_append('12a');

-- 11010519491231002X is the example of GB 11643-1999
SELECT v, resident_id_valid(v) FROM unnest(ARRAY['11010519491231002X', '11010519491231002x', ' 11010519491231002X ', '１１０１０５１９４９１２３１００２Ｘ', '110105194912310021',
  '440524188001010014', '11010519490230002X', '99010519491231002X', '110105491231002', '', 'X1010519491231002X', '1101051949123100X2']) AS v;
-- of eleven check characters one is right
SELECT count(*) AS right_ones FROM unnest(ARRAY['0','1','2','3','4','5','6','7','8','9','X']) AS c WHERE resident_id_valid('44052418800101001' || c);
SELECT resident_id_valid(NULL), luhn_valid(NULL), luhn_append(NULL), email_key(NULL);
