/*
 * unit/test_text.c
 *
 * Text of core: invalid UTF-8, canonical order of long runs, too little room,
 * phones and addresses, the lunar calendar's ends.
 */
#include "check.h"
#include "core/checkdigit.h"
#include "core/email.h"
#include "core/lunar.h"
#include "core/name.h"
#include "core/phone.h"
#include "core/reading.h"

#include <stdlib.h>
#include <string.h>

static uint32_t memory[4][4096];

/* a form of a name as UTF-8 */
static const char *
form(void (*how) (CrmText *, const uint32_t *, size_t, CrmNameSpace *), const char *name)
{
	static char out[4096 * 4];
	CrmNameSpace space = {memory[0], memory[1], 4096};
	CrmText		text = {memory[2], 0, 4096, false};
	CrmText		made = {memory[3], 0, 4096, false};

	crm_text_read(&text, name, strlen(name));
	how(&made, text.cp, text.n, &space);
	out[crm_text_write(made.cp, made.n, out)] = '\0';
	return made.full ? "full" : out;
}

static void
bytes(void)
{
	static const struct
	{
		const char *bytes;
		size_t		n;
		uint32_t	cp[4];
	}			cases[] = {
		{"a\xC3\xA9", 2, {'a', 0xE9}},
		{"\xFF\xFE", 2, {0xFFFD, 0xFFFD}},
		{"\xE4\xB8", 2, {0xFFFD, 0xFFFD}},
		{"\xC0\x80", 2, {0xFFFD, 0xFFFD}},
		{"\xED\xA0\x80", 3, {0xFFFD, 0xFFFD, 0xFFFD}},
		{"\xF0\xA0\xAE\xB7", 1, {0x20BB7}},
		{"\xF4\x90\x80\x80", 4, {0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD}},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		CrmText		text = {memory[0], 0, 16, false};

		crm_text_read(&text, cases[i].bytes, strlen(cases[i].bytes));
		CHECK(text.n == cases[i].n && memcmp(text.cp, cases[i].cp, text.n * 4) == 0);
	}
}

static void
folding(void)
{
	/* forty marks, below before above in canonical order: the long way of ordering */
	uint32_t	run[41] = {'a'};
	CrmText		made = {memory[0], 0, 4096, false};
	CrmText		small = {memory[2], 0, 3, false};
	int			below = 0;

	for (int i = 1; i <= 40; i++)
		run[i] = i % 2 ? 0x301 : 0x323;
	crm_text_fold(&made, run, 41, memory[1]);
	CHECK(made.n == 40 && made.cp[0] == 0x1EA1);
	for (size_t i = 1; i < made.n; i++)
		below += made.cp[i] == 0x323 && i < 20;
	CHECK(below == 19);

	crm_text_fold(&small, run, 5, memory[1]);
	CHECK(small.full);

	CHECK(strcmp(form(crm_fold_name, "\xE5\xBC\xB5\xE4\xB8\x89"), "\xE5\xBC\xA0\xE4\xB8\x89") == 0);
	CHECK(strcmp(form(crm_pinyin_of_name, "\xE5\x8D\x95\xE4\xB8\x89"), "shan san dan san") == 0);
	CHECK(strcmp(form(crm_initials_of_name, "\xE5\x8D\x95\xE4\xB8\x89"), "ss ds") == 0);
	CHECK(strcmp(form(crm_key_of_name, " A  b\xC2\xB7" "C "), "a b c") == 0);
	CHECK(strcmp(form(crm_fold_name, "\xFF"), "\xEF\xBF\xBD") == 0);
	CHECK(crm_syllable_length("zhuangx", 7) == 6 && crm_syllable_length("v", 1) == 0 && crm_syllable_length("", 0) == 0);
}

static const char *
phone(const char *s, const char *region)
{
	static char e164[CRM_E164_SIZE];
	CrmText		text = {memory[0], 0, 4096, false};

	crm_text_read(&text, s, strlen(s));
	return crm_e164(text.cp, text.n, crm_phone_plan(region, 2), e164) ? e164 : "none";
}

static void
contacts(void)
{
	CrmText		text = {memory[0], 0, 4096, false};
	CrmText		made = {memory[1], 0, 4096, false};

	CHECK(crm_phone_plan("XX", 2) == NULL && crm_phone_plan("CNN", 3) == NULL && crm_phone_plan("cn", 2) != NULL);
	CHECK(strcmp(phone("138 0013 8000", "CN"), "+8613800138000") == 0);
	CHECK(strcmp(phone("+1", "CN"), "none") == 0);
	CHECK(strcmp(phone("+123456789012345678", "CN"), "none") == 0);
	CHECK(strcmp(phone("0", "CN"), "none") == 0);
	crm_text_read(&text, "X@b\xC3\xBC" "cher.de", 12);
	CHECK(crm_address_key(&made, text.cp, text.n, memory[2], memory[3]));
	memory[0][crm_text_write(made.cp, made.n, (char *) memory[0]) / 4] = 0;
	CHECK(memcmp(memory[0], "x@xn--bcher-kva.de", 16) == 0);

	CHECK(crm_luhn_digit("7992739871", 10) == '3' && crm_luhn_digit("", 0) == '\0' && crm_luhn_digit("1a", 2) == '\0');
	CHECK(crm_luhn_holds("79927398713", 11) && !crm_luhn_holds("79927398714", 11) && !crm_luhn_holds("0", 1));
	CHECK(crm_resident_id_holds("11010519491231002X", 18) && !crm_resident_id_holds("11010519491331002X", 18));
}

static void
lunar(void)
{
	CrmLunarDay day;
	int32_t		first = crm_day_of_date(1901, 2, 19);
	int32_t		last = crm_day_of_date(2101, 1, 28);
	int32_t		back;
	int			y, m, d;
	bool		same = true;

	CHECK(crm_day_of_date(1970, 1, 1) == 0 && crm_day_of_date(2000, 3, 1) == 11017);
	CHECK(!crm_day_to_lunar(first - 1, &day) && !crm_day_to_lunar(last + 1, &day));
	CHECK(!crm_day_to_lunar(INT32_MIN, &day) && !crm_day_to_lunar(INT32_MAX, &day));
	for (int32_t i = first; i <= last; i++)
	{
		same = same && crm_day_to_lunar(i, &day) && crm_lunar_as_day(&day, &back) && back == i;
		crm_date_of_day(i, &y, &m, &d);
		same = same && crm_day_of_date(y, m, d) == i;
	}
	CHECK(same);
	day = (CrmLunarDay) {2023, 2, 30, true};
	CHECK(!crm_lunar_as_day(&day, &back));
	/* day 30 of a leap month: the ordinary month of 2024, which has 30 days */
	day = (CrmLunarDay) {2020, 4, 30, true};
	CHECK(crm_lunar_birthday(&day, 2021, &back) && !crm_lunar_birthday(&day, 2101, &back));
}

static bool
time_of(const char *s, CrmTime *time)
{
	CrmText		text = {memory[0], 0, 4096, false};

	crm_text_read(&text, s, strlen(s));
	return crm_time_of(text.cp, text.n, time);
}

static void
readings(void)
{
	CrmTime		time;
	char		amount[CRM_AMOUNT_SIZE];
	CrmText		text = {memory[0], 0, 4096, false};

	CHECK(time_of("2024-02-29 23:59:59.999999", &time) && time.day == 29 && time.of_day == INT64_C(86399999999) && !time.has_offset);
	CHECK(time_of("2024-01-01 00:00-05:30", &time) && time.has_offset && time.offset == -19800);
	CHECK(time_of("44561.9999999", &time) && time.year == 2022 && time.month == 1 && time.day == 1 && time.of_day == 0);
	CHECK(!time_of("2023-02-29", &time) && !time_of("", &time) && !time_of("2024-1", &time) && !time_of("1/2/2024", &time));
	crm_text_read(&text, "(1,234.50)", 10);
	CHECK(crm_amount_of(text.cp, text.n, amount) && strcmp(amount, "-1234.50") == 0);
	text.n = 0;
	crm_text_read(&text, "1,23", 4);
	CHECK(!crm_amount_of(text.cp, text.n, amount));
}

int
main(void)
{
	bytes();
	folding();
	contacts();
	lunar();
	readings();
	return DONE();
}
