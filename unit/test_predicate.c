/*
 * unit/test_predicate.c
 *
 * Literals that mean the same under every setting, patterns, quoting.
 */
#include <string.h>

#include "check.h"

#include "core/predicate.h"

static bool
plain(crm_predicate_kind kind, const char *text)
{
	return crm_literal_is_plain(kind, text, strlen(text));
}

static void
numbers(void)
{
	static const char *const good[] = {"0", "20", "-5", "1.5", ".5", "5.", "-.25", "1e3", "1E-06", "2e+6", "1234567890123456789012345678901234567890"};
	static const char *const bad[] = {"", "-", ".", "e3", "1e", "1e+", "1e100", "+5", " 5", "5 ", "1_000", "0x1F", "1,5", "NaN", "Infinity", "--5",
	"12345678901234567890123456789012345678901"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		CHECK(plain(CRM_KIND_NUMBER, good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(!plain(CRM_KIND_NUMBER, bad[i]));
}

static void
days_and_instants(void)
{
	CHECK(plain(CRM_KIND_DATE, "2024-02-29"));
	CHECK(plain(CRM_KIND_DATE, "2000-02-29"));
	CHECK(!plain(CRM_KIND_DATE, "1900-02-29"));
	CHECK(!plain(CRM_KIND_DATE, "2023-02-29"));
	CHECK(!plain(CRM_KIND_DATE, "2024-04-31"));
	CHECK(!plain(CRM_KIND_DATE, "0000-01-01"));
	CHECK(!plain(CRM_KIND_DATE, "2024-13-01"));
	CHECK(!plain(CRM_KIND_DATE, "2024-1-1"));
	CHECK(!plain(CRM_KIND_DATE, "01/02/2024"));
	CHECK(!plain(CRM_KIND_DATE, "today"));
	CHECK(!plain(CRM_KIND_DATE, "infinity"));
	CHECK(!plain(CRM_KIND_DATE, "2024-01-01 00:00"));
	CHECK(plain(CRM_KIND_TIME, "23:59"));
	CHECK(plain(CRM_KIND_TIME, "23:59:59.999999"));
	CHECK(!plain(CRM_KIND_TIME, "24:00"));
	CHECK(!plain(CRM_KIND_TIME, "12:60"));
	CHECK(!plain(CRM_KIND_TIME, "12:00:60"));
	CHECK(!plain(CRM_KIND_TIME, "12:00:00."));
	CHECK(!plain(CRM_KIND_TIME, "12:00:00.1234567"));
	CHECK(!plain(CRM_KIND_TIME, "now"));
	CHECK(plain(CRM_KIND_TIMESTAMP, "2024-01-01 00:00"));
	CHECK(plain(CRM_KIND_TIMESTAMP, "2024-01-01T00:00:00.5"));
	CHECK(!plain(CRM_KIND_TIMESTAMP, "2024-01-01"));
	CHECK(!plain(CRM_KIND_TIMESTAMP, "2024-01-01 00:00+08"));
	CHECK(plain(CRM_KIND_TIMESTAMPTZ, "2024-01-01 00:00+08"));
	CHECK(plain(CRM_KIND_TIMESTAMPTZ, "2024-01-01 00:00-03:30"));
	CHECK(plain(CRM_KIND_TIMESTAMPTZ, "2024-01-01T00:00:00Z"));
	CHECK(!plain(CRM_KIND_TIMESTAMPTZ, "2024-01-01 00:00"));
	CHECK(!plain(CRM_KIND_TIMESTAMPTZ, "2024-01-01 00:00 Asia/Shanghai"));
	CHECK(!plain(CRM_KIND_TIMESTAMPTZ, "2024-01-01 00:00+16"));
	CHECK(!plain(CRM_KIND_TIMESTAMPTZ, "2024-01-01 00:00+08:60"));
}

static void
other_kinds(void)
{
	CHECK(plain(CRM_KIND_BOOLEAN, "true") && plain(CRM_KIND_BOOLEAN, "false"));
	CHECK(!plain(CRM_KIND_BOOLEAN, "t") && !plain(CRM_KIND_BOOLEAN, "yes") && !plain(CRM_KIND_BOOLEAN, ""));
	CHECK(plain(CRM_KIND_TEXT, "") && plain(CRM_KIND_TEXT, "' OR 1"));
	CHECK(crm_kind_of_type("numeric") == CRM_KIND_NUMBER);
	CHECK(crm_kind_of_type("timestamp with time zone") == CRM_KIND_TIMESTAMPTZ);
	CHECK(crm_kind_of_type("float8") == CRM_KIND_NONE);
	CHECK(crm_kind_of_type("") == CRM_KIND_NONE);
	for (int kind = CRM_KIND_BOOLEAN; kind <= CRM_KIND_TIME; kind++)
		CHECK(crm_kind_of_type(crm_kind_type((crm_predicate_kind) kind)) == kind);
}

static void
patterns(void)
{
	CHECK(crm_pattern_is_whole("", 0));
	CHECK(crm_pattern_is_whole("a%", 2));
	CHECK(crm_pattern_is_whole("a\\%", 3));
	CHECK(crm_pattern_is_whole("a\\\\", 3));
	CHECK(!crm_pattern_is_whole("a\\", 2));
	CHECK(!crm_pattern_is_whole("\\\\\\", 3));
}

static void
quoting(void)
{
	char		out[CRM_QUOTED_SIZE(8)];

	CHECK(crm_quote_literal(out, "", 0) == 3 && strcmp(out, "E''") == 0);
	CHECK(crm_quote_literal(out, "a'b\\c", 5) == 10 && strcmp(out, "E'a''b\\\\c'") == 0);
	CHECK(crm_quote_literal(out, "''''''''", 8) == CRM_QUOTED_SIZE(8) - 1);
	CHECK(crm_quote_name(out, "a\"b", 3) == 6 && strcmp(out, "\"a\"\"b\"") == 0);
	CHECK(crm_quote_name(out, "hour", 4) == 6 && strcmp(out, "\"hour\"") == 0);
}

int
main(void)
{
	numbers();
	days_and_instants();
	other_kinds();
	patterns();
	quoting();
	return DONE();
}
