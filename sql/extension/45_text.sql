-- sql/extension/45_text.sql
-- Names, contacts and numbers of people: search keys, masks, one form to compare by.
--
-- IMMUTABLE: the answers come from tables frozen in the library, so they may
-- be stored and indexed.

CREATE FUNCTION crm_member.name_fold(name text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_name_fold';
COMMENT ON FUNCTION crm_member.name_fold(text) IS
'a name in the form in which names are compared: NFKC case folding (full width, ligatures and the like become plain), Traditional Chinese to Simplified, pinyin or bopomofo in brackets behind Han characters removed, white space one blank and none between Han characters; not for display. Unicode 15.0; 54000 beyond 1 MB';

CREATE FUNCTION crm_member.name_key(name text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_name_key';
COMMENT ON FUNCTION crm_member.name_key(text) IS
'the search key of a name: the tokens of name_fold with one blank between, each Han character a token, words of other letters a token each, punctuation left out; for array_to_tsvector(string_to_array(name_key(name), '' '')) with GIN. 54000 beyond 1 MB';

CREATE FUNCTION crm_member.name_pinyin(name text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_name_pinyin';
COMMENT ON FUNCTION crm_member.name_pinyin(text) IS
'the pinyin of a name after name_fold: a syllable a Han character, without tones, u for u with diaeresis, one blank between; a surname is read as a surname, and where it has other readings the whole name follows in each; other words without accents, v behind l and n as u, so that a query may be folded by the same function. 54000 beyond 1 MB';

CREATE FUNCTION crm_member.name_initials(name text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_name_initials';
COMMENT ON FUNCTION crm_member.name_initials(text) IS
'the first letters of the syllables and words of name_pinyin, one word for each reading of the surname. 54000 beyond 1 MB';

CREATE FUNCTION crm_member.mask_name(name text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_mask_name';
COMMENT ON FUNCTION crm_member.mask_name(text) IS
'a name for display to those who need not know it: the first grapheme cluster and a star for each other, blanks kept; a name of one cluster is masked too. 54000 beyond 1 MB';

CREATE FUNCTION crm_member.mask_phone(phone text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_mask_phone';
COMMENT ON FUNCTION crm_member.mask_phone(text) IS
'a phone number for display: the four digits before the last four masked, +86138****8000; of fewer than eight digits the first half. 54000 beyond 1 MB';

CREATE FUNCTION crm_member.mask_email(email text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_mask_email';
COMMENT ON FUNCTION crm_member.mask_email(text) IS
'an e-mail address for display: the first grapheme cluster of the local part, three stars, the domain; nothing of a local part of one cluster, nothing at all without an at sign. 54000 beyond 1 MB';

CREATE FUNCTION crm_member.mask_id_no(id_no text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_mask_id_no';
COMMENT ON FUNCTION crm_member.mask_id_no(text) IS
'the number of a document for display: of 15 characters and more the first three and the last four, of 6 and more the first and the last two, else none; a star for each other. 54000 beyond 1 MB';

CREATE FUNCTION crm_member.phone_e164(phone text, region text DEFAULT 'CN') RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_phone_e164';
COMMENT ON FUNCTION crm_member.phone_e164(text, text) IS
'a phone number as dialled in the region (CN, HK, MO, TW, SG, MY, JP, KR, US, CA, GB, AU, FR, TH) in the form of ITU-T E.164, +8613800138000: separators, full-width digits, prefixes of trunk and international dialling and an extension are taken care of; NULL when it is none by the length and the leading digits of the numbering plan; 22023 for another region';

CREATE FUNCTION crm_member.email_key(email text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_email_key';
COMMENT ON FUNCTION crm_member.email_key(text) IS
'an e-mail address in the form in which addresses are compared: NFKC case folding, the domain in the ASCII form of IDNA (UTS 46, non-transitional); NULL when it is no address (RFC 5321 lengths, one local part, a domain of two labels or more)';

CREATE FUNCTION crm_member.luhn_append(number text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_luhn_append';
COMMENT ON FUNCTION crm_member.luhn_append(text) IS
'the number with its check digit behind it (ISO/IEC 7812-1, Luhn): 7992739871 gives 79927398713; 22023 unless it is digits, blanks and hyphens';

CREATE FUNCTION crm_member.luhn_valid(number text) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_luhn_valid';
COMMENT ON FUNCTION crm_member.luhn_valid(text) IS
'whether the last digit is the check digit of those before it (ISO/IEC 7812-1, Luhn); blanks and hyphens do not count; false for anything else than digits';

CREATE FUNCTION crm_member.resident_id_valid(id_no text) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'crm_resident_id_valid';
COMMENT ON FUNCTION crm_member.resident_id_valid(text) IS
'whether a resident identity number of mainland China of 18 characters can be one: province, day of birth and check character (GB 11643-1999); full-width characters and x for X are taken; whether it was issued is not known';
