/*
 * unit/test_clv_fit.c
 *
 * Cells, fits and the text form: the maximum is one, the order of members and
 * the unit do not matter, every kind of data ends in a status.
 */
#include "check.h"
#include "core/clv_fit.h"
#include "core/clv_model.h"
#include "core/clv_text.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MANY 40000

static crm_clv_member member[MANY];
static crm_clv_cell cell[MANY];
static crm_clv_spender spender[MANY];
static uint64_t seed;

static double
next_random(void)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (double) (seed >> 11) / 9007199254740992.0;
}

static int
by_key(const void *a, const void *b)
{
	const crm_clv_member *x = a;
	const crm_clv_member *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

static crm_clv_fit_status
fit(crm_clv_model *model, int kind, double unit, size_t n, crm_clv_go_on go_on, void *context)
{
	size_t		cells;
	size_t		spenders;
	double	   *room;
	crm_clv_fit_status status;

	qsort(member, n, sizeof(*member), by_key);
	cells = crm_clv_settle(member, n);
	spenders = crm_clv_split(member, n, 2, cell, spender);
	crm_clv_init(model, kind);
	model->unit = unit;
	room = malloc(crm_clv_fit_room(kind, cell, cells) * sizeof(double));
	status = crm_clv_fit_purchases(model, cell, cells, room, go_on, context);
	free(room);
	if (status == CRM_CLV_FIT_OK)
		status = crm_clv_fit_spend(model, spender, spenders, go_on, context);
	return status;
}

/* members whose rates and probabilities of leaving differ much */
static void
make_members(size_t n)
{
	seed = 20240630;
	for (size_t i = 0; i < n; i++)
	{
		int			t = 200 + (int) (next_random() * 600);
		double		rate = (0.2 + next_random() * next_random() * 3) / 40;
		double		mean = 500 + 4000 * next_random() * next_random();
		double		leave = next_random() * next_random();
		double		day = 0;
		int			x = 0;
		int			t_x = 0;
		int64_t		spend = 0;

		for (;;)
		{
			day += 1 - log(1 - next_random()) / rate;
			if (day >= t)
				break;
			x++;
			t_x = (int) day;
			spend += (int64_t) (mean * (0.5 + next_random()));
			if (next_random() < leave)
				break;
		}
		member[i].key = crm_clv_key(x, t_x, t);
		member[i].spend = spend;
	}
}

static double
sum_of_logs(const crm_clv_model *model, const double *p, size_t n)
{
	double		sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += crm_clv_log_likelihood(model->kind, p, CRM_CLV_KEY_X(member[i].key), CRM_CLV_KEY_T_X(member[i].key) / model->unit,
									  CRM_CLV_KEY_T(member[i].key) / model->unit);
	return sum;
}

static void
maxima(void)
{
	for (int kind = 0; kind < CRM_CLV_KINDS; kind++)
	{
		size_t		n = 3000;
		crm_clv_model model;
		crm_clv_model shuffled;
		crm_clv_model days;

		make_members(n);
		CHECK(fit(&model, kind, 7, n, NULL, NULL) == CRM_CLV_FIT_OK);
		CHECK(model.purchase.status == CRM_CLV_CONVERGED);
		CHECK(model.has_spend && model.spend.n > 1000 && fabs(model.correlation) < 0.3);
		/* the sum over cells is the sum over members, and no neighbour is higher */
		CHECK(fabs(sum_of_logs(&model, model.purchase.param, n) - model.purchase.log_likelihood) < 1e-6);
		for (int i = 0; i < crm_clv_param_count(kind); i++)
		{
			for (double factor = 0.99; factor < 1.02; factor += 0.02)
			{
				double		p[CRM_CLV_PARAMS];

				memcpy(p, model.purchase.param, sizeof(p));
				p[i] *= factor;
				CHECK(sum_of_logs(&model, p, n) < model.purchase.log_likelihood);
			}
			CHECK(model.purchase.error[i] > 0 && model.purchase.error[i] < 10 * model.purchase.param[i]);
		}
		/* the same members in another order, then by the day */
		for (size_t i = n - 1; i > 0; i--)
		{
			size_t		j = (size_t) (next_random() * (double) (i + 1));
			crm_clv_member t = member[i];

			member[i] = member[j];
			member[j] = t;
		}
		CHECK(fit(&shuffled, kind, 7, n, NULL, NULL) == CRM_CLV_FIT_OK);
		CHECK(memcmp(&model, &shuffled, sizeof(model)) == 0);
		CHECK(fit(&days, kind, 1, n, NULL, NULL) == CRM_CLV_FIT_OK);
		CHECK(days.purchase.param[0] == model.purchase.param[0]);
		CHECK(fabs(days.purchase.param[1] / model.purchase.param[1] - 7) < 1e-12);
	}
}

/* so many cells that the fit begins with a sample of them: the same maximum */
static void
many(void)
{
	crm_clv_model model;

	make_members(MANY);
	CHECK(fit(&model, CRM_CLV_MBG_NBD, 7, MANY, NULL, NULL) == CRM_CLV_FIT_OK);
	CHECK(model.purchase.status == CRM_CLV_CONVERGED && model.purchase.cells > 20000);
	for (int i = 0; i < 4; i += 3)
	{
		for (double factor = 0.9995; factor < 1.001; factor += 0.001)
		{
			double		p[CRM_CLV_PARAMS];

			memcpy(p, model.purchase.param, sizeof(p));
			p[i] *= factor;
			CHECK(sum_of_logs(&model, p, MANY) < model.purchase.log_likelihood);
		}
	}
}

static bool
count_down(void *context)
{
	return --*(int *) context > 0;
}

static void
ends(void)
{
	crm_clv_model model;
	char		text[CRM_CLV_TEXT_MAX];
	crm_clv_model again;
	crm_clv_fault fault;
	int			left = 25;

	/* nobody came back */
	for (int i = 0; i < 10; i++)
		member[i] = (crm_clv_member) {crm_clv_key(0, 0, i), 0};
	CHECK(fit(&model, CRM_CLV_MBG_NBD, 7, 10, NULL, NULL) == CRM_CLV_FIT_NO_REPEAT);
	/* all alike: t_x = T, the same x, the same money; first purchases today; one member alone */
	for (int kind = 0; kind < CRM_CLV_KINDS; kind++)
	{
		for (int i = 0; i < 50; i++)
			member[i] = (crm_clv_member) {crm_clv_key(5, 100, 100), 500};
		CHECK(fit(&model, kind, 7, 50, NULL, NULL) == CRM_CLV_FIT_OK);
		CHECK(model.purchase.status != CRM_CLV_CONVERGED && isfinite(model.purchase.log_likelihood));
		CHECK(crm_clv_wrong(&model) == NULL);
		CHECK(crm_clv_parse(text, crm_clv_print(&model, text), &again, &fault) && memcmp(&model, &again, sizeof(model)) == 0);
		for (int i = 0; i < 30; i++)
			member[i] = (crm_clv_member) {crm_clv_key(0, 0, 0), 0};
		member[30] = (crm_clv_member) {crm_clv_key(1, 1, 1), 100};
		CHECK(fit(&model, kind, 7, 31, NULL, NULL) == CRM_CLV_FIT_OK);
		CHECK(crm_clv_wrong(&model) == NULL && !model.has_spend);
		member[0] = (crm_clv_member) {crm_clv_key(5000, 40000, 40001), INT64_MAX};
		CHECK(fit(&model, kind, 7, 1, NULL, NULL) == CRM_CLV_FIT_OK);
		CHECK(crm_clv_wrong(&model) == NULL);
	}
	/* stopped in the middle */
	make_members(3000);
	CHECK(fit(&model, CRM_CLV_PARETO_NBD, 7, 3000, count_down, &left) == CRM_CLV_FIT_STOPPED);
}

int
main(void)
{
	maxima();
	many();
	ends();
	return DONE();
}
