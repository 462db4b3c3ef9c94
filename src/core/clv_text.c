/*
 * src/core/clv_text.c
 *
 * Models as text and back (see clv_text.h).
 *
 * The reader is a small JSON reader by descent, of two levels and no more: its
 * depth is that of the form, not of the text.
 */
#include "core/clv_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/history.h"

void
crm_clv_init(crm_clv_model *model, int kind)
{
	/* unused bytes are 0 too: equal models have equal bytes */
	memset(model, 0, sizeof(*model));
	model->kind = (uint8_t) kind;
	model->unit = 7;
	model->correlation = NAN;
	for (int i = 0; i < CRM_CLV_PARAMS; i++)
	{
		model->purchase.param[i] = model->purchase.error[i] = NAN;
		model->spend.param[i] = model->spend.error[i] = NAN;
	}
	model->purchase.log_likelihood = model->spend.log_likelihood = NAN;
}

static const char *
estimate_wrong(const crm_clv_estimate *e, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (!(e->param[i] >= CRM_CLV_PARAM_MIN && e->param[i] <= CRM_CLV_PARAM_MAX))
			return "a parameter";
		if (e->error[i] < 0 || isinf(e->error[i]))
			return "a standard error";
	}
	if (isinf(e->log_likelihood))
		return "the log-likelihood";
	if (e->n < 0 || e->cells < 0 || e->iterations < 0)
		return "a count";
	if (e->status >= CRM_CLV_STATUSES || e->boundary >> n != 0)
		return "the status";
	return NULL;
}

const char *
crm_clv_wrong(const crm_clv_model *model)
{
	const char *wrong;

	if (model->kind >= CRM_CLV_KINDS)
		return "the model";
	if (!(model->unit >= CRM_CLV_UNIT_MIN && model->unit <= CRM_CLV_UNIT_MAX))
		return "the unit";
	if (model->has_as_of && (model->as_of < CRM_FIRST_DAY || model->as_of > CRM_LAST_DAY))
		return "the day";
	wrong = estimate_wrong(&model->purchase, crm_clv_param_count(model->kind));
	if (wrong == NULL && model->has_spend)
		wrong = estimate_wrong(&model->spend, CRM_CLV_SPEND_PARAMS);
	if (wrong == NULL && model->has_spend && fabs(model->correlation) > 1.000001)
		wrong = "the correlation";
	return wrong;
}

/*
 * Printing
 */
static char *
put_text(char *p, const char *text)
{
	size_t		n = strlen(text);

	memcpy(p, text, n + 1);
	return p + n;
}

static char *
put_number(char *p, double v)
{
	if (isnan(v))
		return put_text(p, "null");
	for (int digits = 15; digits <= 17; digits++)
	{
		int			n = snprintf(p, 32, "%.*g", digits, v);

		if (strtod(p, NULL) == v || digits == 17)
			return p + n;
	}
	return p;
}

static char *
put_count(char *p, const char *name, int64_t v)
{
	return p + sprintf(p, ", \"%s\": %lld", name, (long long) v);
}

static char *
put_numbers(char *p, int kind, const double *v, int n)
{
	*p++ = '{';
	for (int i = 0; i < n; i++)
	{
		p += sprintf(p, "%s\"%s\": ", i > 0 ? ", " : "", crm_clv_param_name(kind, i));
		p = put_number(p, v[i]);
	}
	*p++ = '}';
	*p = '\0';
	return p;
}

static char *
put_estimate(char *p, const crm_clv_estimate *e, int kind, int n)
{
	bool		first = true;

	p = put_text(p, "\"params\": ");
	p = put_numbers(p, kind, e->param, n);
	if (e->status == CRM_CLV_GIVEN)
		return put_text(p, ", \"status\": \"given\"");
	p = put_text(p, ", \"standard_errors\": ");
	p = put_numbers(p, kind, e->error, n);
	p = put_text(p, ", \"log_likelihood\": ");
	p = put_number(p, e->log_likelihood);
	p = put_count(p, "n", e->n);
	if (kind != CRM_CLV_KINDS)
		p = put_count(p, "cells", e->cells);
	p = put_count(p, "iterations", e->iterations);
	p += sprintf(p, ", \"status\": \"%s\", \"boundary\": [", crm_clv_status_name(e->status));
	for (int i = 0; i < n; i++)
	{
		if (e->boundary & 1u << i)
		{
			p += sprintf(p, "%s\"%s\"", first ? "" : ", ", crm_clv_param_name(kind, i));
			first = false;
		}
	}
	return put_text(p, "]");
}

size_t
crm_clv_print(const crm_clv_model *model, char *out)
{
	char	   *p = out;

	p += sprintf(p, "{\"model\": \"%s\", \"unit\": \"", crm_clv_kind_name(model->kind));
	p = put_number(p, model->unit);
	p = put_text(p, model->unit == 1 ? " day\"" : " days\"");
	if (model->has_as_of)
	{
		int			year;
		int			month;
		int			day;

		crm_date_of(model->as_of, &year, &month, &day);
		p += sprintf(p, ", \"as_of\": \"%04d-%02d-%02d\"", year, month, day);
	}
	p = put_text(p, ", ");
	p = put_estimate(p, &model->purchase, model->kind, crm_clv_param_count(model->kind));
	if (model->has_spend)
	{
		p = put_text(p, ", \"spend\": {");
		p = put_estimate(p, &model->spend, CRM_CLV_KINDS, CRM_CLV_SPEND_PARAMS);
		if (model->spend.status != CRM_CLV_GIVEN)
		{
			p = put_text(p, ", \"correlation\": ");
			p = put_number(p, model->correlation);
		}
		*p++ = '}';
	}
	*p++ = '}';
	*p = '\0';
	return (size_t) (p - out);
}

/*
 * Reading
 */
typedef struct Reader
{
	const char *text;
	size_t		at;
	size_t		length;
	crm_clv_fault *fault;
} Reader;

#define MAX_WORD 64				/* bytes of the longest number or string that means something */

static bool
fail(Reader *r, size_t position, const char *expected)
{
	/* the first fault is the one that counts */
	if (r->fault->expected == NULL)
	{
		r->fault->position = position;
		r->fault->expected = expected;
	}
	return false;
}

static char
peek(Reader *r)
{
	while (r->at < r->length && strchr(" \t\r\n", r->text[r->at]) != NULL && r->text[r->at] != '\0')
		r->at++;
	return r->at < r->length ? r->text[r->at] : '\0';
}

static bool
take(Reader *r, char c, const char *expected)
{
	if (peek(r) != c)
		return fail(r, r->at, expected);
	r->at++;
	return true;
}

/* a string without escapes; start is where it begins, for the fault of who reads it */
static bool
take_string(Reader *r, char *word, size_t *start)
{
	size_t		n = 0;

	if (peek(r) != '"')
		return fail(r, r->at, "a string");
	*start = r->at++;
	for (; r->at < r->length && r->text[r->at] != '"'; r->at++)
	{
		if (n == MAX_WORD - 1 || r->text[r->at] == '\\' || (unsigned char) r->text[r->at] < ' ')
			return fail(r, r->at, "a name or value of the form");
		word[n++] = r->text[r->at];
	}
	word[n] = '\0';
	if (r->at == r->length)
		return fail(r, r->at, "\"");
	r->at++;
	return true;
}

static bool
take_number(Reader *r, double *v)
{
	char		word[MAX_WORD];
	size_t		n = 0;
	size_t		start;
	char	   *end;

	peek(r);
	start = r->at;
	if (r->length - r->at >= 4 && memcmp(r->text + r->at, "null", 4) == 0)
	{
		r->at += 4;
		*v = NAN;
		return true;
	}
	while (r->at < r->length && n < MAX_WORD - 1 && r->text[r->at] != '\0' && strchr("+-.0123456789eE", r->text[r->at]) != NULL)
		word[n++] = r->text[r->at++];
	word[n] = '\0';
	*v = strtod(word, &end);
	/* JSON has neither a leading plus nor a leading point */
	if (n == 0 || *end != '\0' || word[0] == '+' || word[0] == '.' || !isfinite(*v))
		return fail(r, start, "a number");
	return true;
}

static bool
take_count(Reader *r, int64_t *v, double most)
{
	double		d;
	size_t		start;

	peek(r);
	start = r->at;
	if (!take_number(r, &d))
		return false;
	if (!(d >= 0 && d <= most) || d != floor(d))
		return fail(r, start, "a count");
	*v = (int64_t) d;
	return true;
}

/* {"r": 0.2, ...}: every parameter of the kind, for standard errors any of them */
static bool
take_numbers(Reader *r, int kind, double *v, bool all)
{
	int			n = crm_clv_param_count(kind);
	unsigned	seen = 0;
	char		word[MAX_WORD];
	size_t		start;

	if (!take(r, '{', "{"))
		return false;
	if (peek(r) == '}')
		r->at++;
	else
	{
		do
		{
			int			i = 0;

			if (!take_string(r, word, &start))
				return false;
			while (i < n && strcmp(word, crm_clv_param_name(kind, i)) != 0)
				i++;
			if (i == n || (seen & 1u << i) != 0)
				return fail(r, start, "a parameter of the model, once");
			seen |= 1u << i;
			if (!take(r, ':', ":") || !take_number(r, &v[i]))
				return false;
		} while (peek(r) == ',' && r->at++ < r->length);
		if (!take(r, '}', ", or }"))
			return false;
	}
	if (all && seen != (1u << n) - 1)
		return fail(r, r->at, "all parameters of the model");
	return true;
}

static bool
take_boundary(Reader *r, int kind, uint8_t *boundary)
{
	char		word[MAX_WORD];
	size_t		start;

	*boundary = 0;
	if (!take(r, '[', "["))
		return false;
	if (peek(r) == ']')
	{
		r->at++;
		return true;
	}
	do
	{
		int			i = 0;

		if (!take_string(r, word, &start))
			return false;
		while (i < crm_clv_param_count(kind) && strcmp(word, crm_clv_param_name(kind, i)) != 0)
			i++;
		if (i == crm_clv_param_count(kind))
			return fail(r, start, "a parameter of the model");
		*boundary |= (uint8_t) (1u << i);
	} while (peek(r) == ',' && r->at++ < r->length);
	return take(r, ']', ", or ]");
}

static bool
take_unit(Reader *r, double *unit)
{
	char		word[MAX_WORD];
	char	   *end = word;
	size_t		start;

	if (!take_string(r, word, &start))
		return false;
	*unit = word[0] >= '0' && word[0] <= '9' ? strtod(word, &end) : 0;
	if (*unit == 0 || (strcmp(end, " days") != 0 && strcmp(end, " day") != 0) || strspn(word, "0123456789.e-+") != (size_t) (end - word) ||
		!(*unit >= CRM_CLV_UNIT_MIN && *unit <= CRM_CLV_UNIT_MAX))
		return fail(r, start, "a number of days, such as \"7 days\"");
	return true;
}

static bool
take_day(Reader *r, int32_t *day)
{
	char		word[MAX_WORD];
	size_t		start;
	int			y;
	int			m;
	int			d;

	if (!take_string(r, word, &start))
		return false;
	/* what reads back the same is a date */
	if (strlen(word) == 10 && strspn(word, "0123456789-") == 10 && sscanf(word, "%4d-%2d-%2d", &y, &m, &d) == 3 &&
		y >= 1 && m >= 1 && m <= 12 && d >= 1 && d <= 31)
	{
		int			y2;
		int			m2;
		int			d2;

		*day = crm_day_of(y, m, d);
		crm_date_of(*day, &y2, &m2, &d2);
		if (y == y2 && m == m2 && d == d2 && word[4] == '-' && word[7] == '-')
			return true;
	}
	return fail(r, start, "a date, such as \"2024-06-30\"");
}

/* one member that purchase and spend models share; *known is false for another */
static bool
take_estimate_member(Reader *r, const char *name, int kind, crm_clv_estimate *e, bool *known)
{
	char		word[MAX_WORD];
	size_t		start;
	int64_t		count;

	*known = true;
	if (strcmp(name, "params") == 0)
		return take_numbers(r, kind, e->param, true);
	if (strcmp(name, "standard_errors") == 0)
		return take_numbers(r, kind, e->error, false);
	if (strcmp(name, "log_likelihood") == 0)
		return take_number(r, &e->log_likelihood);
	if (strcmp(name, "n") == 0)
		return take_count(r, &e->n, 9007199254740992.0);
	if (strcmp(name, "cells") == 0)
		return take_count(r, &e->cells, 9007199254740992.0);
	if (strcmp(name, "iterations") == 0)
	{
		if (!take_count(r, &count, 2147483647.0))
			return false;
		e->iterations = (int32_t) count;
		return true;
	}
	if (strcmp(name, "boundary") == 0)
		return take_boundary(r, kind, &e->boundary);
	if (strcmp(name, "status") == 0)
	{
		if (!take_string(r, word, &start))
			return false;
		for (int i = 0; i < CRM_CLV_STATUSES; i++)
		{
			if (strcmp(word, crm_clv_status_name(i)) == 0)
			{
				e->status = (uint8_t) i;
				return true;
			}
		}
		return fail(r, start, "given, converged, boundary or not_converged");
	}
	*known = false;
	return true;
}

static bool
take_spend(Reader *r, crm_clv_model *model)
{
	char		word[MAX_WORD];
	size_t		start;
	bool		params = false;

	if (!take(r, '{', "{"))
		return false;
	do
	{
		bool		known;

		if (!take_string(r, word, &start) || !take(r, ':', ":"))
			return false;
		params |= strcmp(word, "params") == 0;
		if (strcmp(word, "correlation") == 0)
			known = take_number(r, &model->correlation);
		else if (!take_estimate_member(r, word, CRM_CLV_KINDS, &model->spend, &known))
			return false;
		if (!known)
			return fail(r, start, "a member of the spend model");
	} while (peek(r) == ',' && r->at++ < r->length);
	if (!take(r, '}', ", or }"))
		return false;
	model->has_spend = true;
	return params || fail(r, r->at, "params of the spend model");
}

/* the kind must be known before the parameters are read, wherever it stands: jsonb sorts its keys */
static int
find_kind(const char *text, size_t length)
{
	static const char key[] = "\"model\"";

	for (size_t i = 0; i + sizeof(key) - 1 <= length; i++)
	{
		if (memcmp(text + i, key, sizeof(key) - 1) == 0)
		{
			crm_clv_fault ignored = {0, NULL};
			Reader		r = {text, i + sizeof(key) - 1, length, &ignored};
			char		word[MAX_WORD];
			size_t		start;

			if (take(&r, ':', ":") && take_string(&r, word, &start))
				return crm_clv_kind_of(word, (int) strlen(word));
			return CRM_CLV_KINDS;
		}
	}
	return CRM_CLV_KINDS;
}

bool
crm_clv_parse(const char *text, size_t length, crm_clv_model *model, crm_clv_fault *fault)
{
	Reader		r = {text, 0, length, fault};
	int			kind = find_kind(text, length);
	char		word[MAX_WORD];
	size_t		start;
	bool		params = false;
	const char *wrong;

	fault->position = 0;
	fault->expected = NULL;
	if (!take(&r, '{', "{"))
		return false;
	if (kind == CRM_CLV_KINDS)
		return fail(&r, 0, "\"model\": \"bg/nbd\", \"mbg/nbd\", \"pareto/nbd\" or \"nbd\"");
	crm_clv_init(model, kind);
	do
	{
		bool		ok;
		bool		known = true;

		if (!take_string(&r, word, &start) || !take(&r, ':', ":"))
			return false;
		params |= strcmp(word, "params") == 0;
		if (strcmp(word, "model") == 0)
			ok = take_string(&r, word, &start) && (crm_clv_kind_of(word, (int) strlen(word)) == kind || fail(&r, start, "one model"));
		else if (strcmp(word, "unit") == 0)
			ok = take_unit(&r, &model->unit);
		else if (strcmp(word, "as_of") == 0)
			ok = model->has_as_of = take_day(&r, &model->as_of);
		else if (strcmp(word, "spend") == 0)
			ok = take_spend(&r, model);
		else
			ok = take_estimate_member(&r, word, kind, &model->purchase, &known);
		if (!ok)
			return false;
		if (!known)
			return fail(&r, start, "a member of the form");
	} while (peek(&r) == ',' && r.at++ < r.length);
	if (!take(&r, '}', ", or }"))
		return false;
	if (peek(&r) != '\0' || r.at < length)
		return fail(&r, r.at, "the end");
	if (!params)
		return fail(&r, r.at, "params");
	wrong = crm_clv_wrong(model);
	return wrong == NULL || fail(&r, length, "parameters from 1e-12 to 1e12 and figures that a fit can have");
}
