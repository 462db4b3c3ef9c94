-- sql/text_name.sql
-- Search keys of names: every wanted value is written here by hand, from the
-- rules (NFKC case fold, Traditional to Simplified, tokens) and from readings
-- in dictionaries; a row comes out only where the function says otherwise.
SET search_path = crm_member, pg_catalog;

-- name, folded, key, pinyin, initials
CREATE TEMP TABLE golden (name text, folded text, key text, pinyin text, initials text);
INSERT INTO golden VALUES
  ('张三', '张三', '张 三', 'zhang san', 'zs'),
  ('張三', '张三', '张 三', 'zhang san', 'zs'),
  ('  張　三 ', '张三', '张 三', 'zhang san', 'zs'),
  ('单小明', '单小明', '单 小 明', 'shan xiao ming dan xiao ming', 'sxm dxm'),
  ('單小明', '单小明', '单 小 明', 'shan xiao ming dan xiao ming', 'sxm dxm'),
  ('区红', '区红', '区 红', 'ou hong qu hong', 'oh qh'),
  ('區紅', '区红', '区 红', 'ou hong qu hong', 'oh qh'),
  ('仇英', '仇英', '仇 英', 'qiu ying chou ying', 'qy cy'),
  ('解缙', '解缙', '解 缙', 'xie jin jie jin', 'xj jj'),
  ('查良镛', '查良镛', '查 良 镛', 'zha liang yong cha liang yong', 'zly cly'),
  ('朴树', '朴树', '朴 树', 'piao shu pu shu', 'ps'),
  ('曾国藩', '曾国藩', '曾 国 藩', 'zeng guo fan ceng guo fan', 'zgf cgf'),
  ('任盈盈', '任盈盈', '任 盈 盈', 'ren ying ying', 'ryy'),
  ('尉迟恭', '尉迟恭', '尉 迟 恭', 'yu chi gong wei chi gong', 'ycg wcg'),
  ('尉遲恭', '尉迟恭', '尉 迟 恭', 'yu chi gong wei chi gong', 'ycg wcg'),
  ('单于夫', '单于夫', '单 于 夫', 'chan yu fu shan yu fu dan yu fu', 'cyf syf dyf'),
  ('万俟卨', '万俟卨', '万 俟 卨', 'mo qi xie wan si xie', 'mqx wsx'),
  ('令狐冲', '令狐冲', '令 狐 冲', 'ling hu chong', 'lhc'),
  ('欧阳修', '欧阳修', '欧 阳 修', 'ou yang xiu', 'oyx'),
  -- a surname's reading is for the first character alone
  ('王单', '王单', '王 单', 'wang dan', 'wd'),
  -- u with diaeresis is u; v behind l and n is how a keyboard writes it
  ('吕布', '吕布', '吕 布', 'lu bu', 'lb'),
  ('呂布', '吕布', '吕 布', 'lu bu', 'lb'),
  ('lv bu', 'lv bu', 'lv bu', 'lu bu', 'lb'),
  ('nv', 'nv', 'nv', 'nu', 'n'),
  ('Vivian', 'vivian', 'vivian', 'vivian', 'v'),
  ('Alvin', 'alvin', 'alvin', 'aluin', 'a'),
  -- pinyin and bopomofo in brackets
  ('營(yíng)銷(xiāo)', '营销', '营 销', 'ying xiao', 'yx'),
  ('营（ying2）销（xiao1）', '营销', '营 销', 'ying xiao', 'yx'),
  ('王小明（Wang Xiaoming）', '王小明', '王 小 明', 'wang xiao ming', 'wxm'),
  ('王【wáng】小明', '王小明', '王 小 明', 'wang xiao ming', 'wxm'),
  ('吕(lǚ)布[bù]', '吕布', '吕 布', 'lu bu', 'lb'),
  ('吕(lv)布', '吕布', '吕 布', 'lu bu', 'lb'),
  ('王(ㄨㄤˊ)明', '王明', '王 明', 'wang ming', 'wm'),
  -- other words in brackets stay
  ('李明(Tom)', '李明(tom)', '李 明 tom', 'li ming tom', 'lmt'),
  ('王(Anna)', '王(anna)', '王 anna', 'wang anna', 'wa'),
  ('(yíng)', '(yíng)', 'yíng', 'ying', 'y'),
  ('王(', '王(', '王', 'wang', 'w'),
  ('王()', '王()', '王', 'wang', 'w'),
  -- full width, ligatures, compatibility forms
  ('ＡＢＣ　ｄｅｆ', 'abc def', 'abc def', 'abc def', 'ad'),
  ('ﬁona', 'fiona', 'fiona', 'fiona', 'f'),
  ('Straße', 'strasse', 'strasse', 'strasse', 's'),
  (U&'e\030Bx', U&'e\030Bx', U&'e\030Bx', 'ex', 'e'),
  (U&'Jose\0301', U&'jos\00E9', U&'jos\00E9', 'jose', 'j'),
  ('José Núñez', 'josé núñez', 'josé núñez', 'jose nunez', 'jn'),
  ('Łukasz Øster', 'łukasz øster', 'łukasz øster', 'lukasz oster', 'lo'),
  ('Æthel', 'æthel', 'æthel', 'aethel', 'a'),
  ('O’Brien-Smith', 'o’brien-smith', 'o brien smith', 'o brien smith', 'obs'),
  (U&'\2F00\2F08', U&'\4E00\4EBA', '一 人', 'yi ren', 'yr'),
  -- rare characters, variation selectors, iteration mark, zero
  (U&'\+020BB7\91CE', '吉野', '吉 野', 'ji ye', 'jy'),
  (U&'\845B\+0E0100\897F', '葛西', '葛 西', 'ge xi', 'gx'),
  (U&'\845B\FE00\897F', '葛西', '葛 西', 'ge xi', 'gx'),
  ('佐々木', '佐々木', '佐 々 木', 'zuo 々 mu', 'z々m'),
  ('李〇', '李〇', '李 〇', 'li ling', 'll'),
  (U&'\+030EDE\6587', U&'\+030EDE\6587', U&'\+030EDE \6587', U&'biang wen', 'bw'),
  -- other scripts
  ('ﾔﾏﾀﾞ', 'ヤマダ', 'ヤマダ', 'ヤマダ', 'ヤ'),
  ('김 철수', '김 철수', '김 철수', '김 철수', '김철'),
  (U&'\1100\1175\11B7', '김', '김', '김', '김'),
  ('Ωμέγα', 'ωμέγα', 'ωμέγα', 'ωμέγα', 'ω'),
  ('阿·買買提', '阿·买买提', '阿 买 买 提', 'a mai mai ti', 'ammt'),
  ('张三Tom', '张三tom', '张 三 tom', 'zhang san tom', 'zst'),
  ('Tom张', 'tom张', 'tom 张', 'tom zhang', 'tz'),
  ('', '', '', '', ''),
  ('   ', '', '', '', ''),
  ('--', '--', '', '', '');

SELECT g.name, name_fold(g.name), name_key(g.name), name_pinyin(g.name), name_initials(g.name)
FROM golden AS g
WHERE (name_fold(g.name), name_key(g.name), name_pinyin(g.name), name_initials(g.name))
  IS DISTINCT FROM (g.folded, g.key, g.pinyin, g.initials);

-- folding twice changes nothing
SELECT count(*) AS folded_again_differs FROM golden WHERE name_fold(folded) <> folded AND name NOT LIKE '%(%';

-- the fold of single characters against the server's own NFKC, where case plays no part
SELECT count(*) AS characters,
       count(*) FILTER (WHERE name_fold(c) <> name_fold(normalize(c, NFKC))) AS fold_differs
FROM (SELECT chr(i) AS c FROM generate_series(1, 195101) AS i
      -- not surrogates, nor the blocks to which later Unicode added compatibility letters
      WHERE i NOT BETWEEN 55296 AND 57343 AND i NOT BETWEEN x'A7CB'::integer AND x'A7FF'::integer AND i NOT BETWEEN x'1CC00'::integer AND x'1CEFF'::integer) AS chars
WHERE c !~ '^\s$';

-- NULL gives NULL; the longest text, one byte longer
SELECT name_fold(NULL) IS NULL AND name_key(NULL) IS NULL AND name_pinyin(NULL) IS NULL AND name_initials(NULL) IS NULL AS nulls;
SELECT length(name_pinyin(repeat('张', 349525))), length(name_fold(repeat(U&'\FDFA', 1000)));
\set VERBOSITY verbose
SELECT name_fold(repeat('a', 1048577));
\set VERBOSITY default

-- tokens in an index: array_to_tsvector finds single characters and, by prefix, syllables
CREATE TEMP TABLE names (name text, key tsvector, pinyin tsvector);
INSERT INTO names SELECT name, array_to_tsvector(string_to_array(name_key(name), ' ')), array_to_tsvector(string_to_array(name_pinyin(name), ' '))
FROM (VALUES ('單小明'), ('王小單'), ('李四')) AS v (name);
SELECT name FROM names WHERE key @@ array_to_string(string_to_array(name_key('小单'), ' '), ' & ')::tsquery ORDER BY name;
SELECT name FROM names WHERE pinyin @@ to_tsquery('simple', 'sha:*') ORDER BY name;

\pset format unaligned
-- masks: a grapheme cluster is one character
SELECT v, mask_name(v) FROM (VALUES ('张三'), ('张三丰'), ('欧阳娜娜'), ('李'), (''), ('John Smith'), (U&'\+01F468\200D\+01F469\200D\+01F467李'),
  (U&'e\0301a'), (U&'\+01F1E8\+01F1F3\+01F1ED\+01F1F0'), (U&'\845B\+0E0100\897F'), ('각나'), (U&'\1100\1161\11A8\1102\1161')) AS m (v);
SELECT v, mask_phone(v) FROM (VALUES ('13800138000'), ('+8613800138000'), ('+86 138-0013-8000'), ('+85291234567'), ('91234567'), ('123456'), ('1'), (''), ('１３８００１３８０００'), ('abc')) AS m (v);
SELECT v, mask_email(v) FROM (VALUES ('foo@example.com'), ('f@example.com'), ('@example.com'), ('nobody'), (''), ('王小明@例子.中国'), ('a@b@example.com'), (U&'\+01F468\200D\+01F469x@example.com')) AS m (v);
SELECT v, mask_id_no(v) FROM (VALUES ('11010519491231002X'), ('110105491231002'), ('E12345678'), ('12345'), ('')) AS m (v);
