/*
 * src/core/segment.c
 *
 * The table of segments and the lists of names (see segment.h).
 */
#include "core/segment.h"

#include <string.h>

#include "core/rfm.h"

static const char new_member[] = "New";
static const char potential[] = "Potential Loyalist";
static const char champions[] = "Champions";
static const char promising[] = "Promising";
static const char loyal[] = "Loyal";
static const char sleeping[] = "About To Sleep";
static const char attention[] = "Need Attention";
static const char at_risk[] = "At Risk";
static const char cant_lose[] = "Can't Lose Them";
static const char lost[] = "Lost";

/* rows R 1 to 5, columns FM 1 to 5 */
static const char *const segment_of[5][5] = {
	{lost, lost, at_risk, cant_lose, cant_lose},
	{sleeping, sleeping, at_risk, at_risk, cant_lose},
	{sleeping, attention, attention, loyal, loyal},
	{promising, potential, loyal, loyal, champions},
	{new_member, potential, potential, champions, champions}
};

const char *
crm_segment(int16_t rfm, int bins)
{
	int			r = crm_score_of_five(crm_rfm_r(rfm), bins);
	int			f = crm_score_of_five(crm_rfm_f(rfm), bins);
	int			m = crm_score_of_five(crm_rfm_m(rfm), bins);

	return segment_of[r - 1][(f + m + 1) / 2 - 1];
}

const crm_name crm_segment_names[] = {
	{new_member, "New", "新客户"},
	{potential, "Potential Loyalist", "潜力忠诚客户"},
	{champions, "Champions", "冠军客户"},
	{promising, "Promising", "有潜力客户"},
	{loyal, "Loyal", "忠诚客户"},
	{sleeping, "About To Sleep", "即将沉睡客户"},
	{attention, "Need Attention", "需要关注客户"},
	{at_risk, "At Risk", "有流失风险客户"},
	{cant_lose, "Can't Lose Them", "不可失去客户"},
	{lost, "Lost", "已流失客户"},
	{NULL, NULL, NULL}
};

const crm_name crm_octant_names[] = {
	{"111", "Important Value", "重要价值"},
	{"011", "Important Retention", "重要保持"},
	{"101", "Important Development", "重要发展"},
	{"001", "Important Win-back", "重要挽留"},
	{"110", "General Value", "一般价值"},
	{"010", "General Retention", "一般保持"},
	{"100", "General Development", "一般发展"},
	{"000", "General Win-back", "一般挽留"},
	{NULL, NULL, NULL}
};

const crm_name crm_lifecycle_names[] = {
	{"active", "Active", "活跃"},
	{"recently_lapsed", "Recently Lapsed", "近期流失"},
	{"mid_term_lapsed", "Mid-term Lapsed", "中期流失"},
	{"dormant", "Dormant", "沉睡"},
	{"never", "Never Bought", "从未购买"},
	{NULL, NULL, NULL}
};

const char *
crm_name_of(const crm_name *list, const char *code, size_t length, bool chinese)
{
	for (; list->code != NULL; list++)
	{
		if (strlen(list->code) == length && memcmp(list->code, code, length) == 0)
			return chinese ? list->chinese : list->english;
	}
	return NULL;
}

bool
crm_locale_is_chinese(const char *locale, size_t length)
{
	return length >= 2 && (locale[0] | 0x20) == 'z' && (locale[1] | 0x20) == 'h' &&
		(length == 2 || locale[2] == '_' || locale[2] == '-' || locale[2] == '.' || locale[2] == '@');
}
