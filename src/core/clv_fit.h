/*
 * src/core/clv_fit.h
 *
 * Maximum likelihood fits of the purchase and spend models.
 *
 * Input is one entry a member: x repeat purchase days, the last t_x days after
 * the first purchase, T days to the day of the fit, and the exact money of the
 * repeat days.  Entries are sorted and equal ones counted before any floating
 * point begins, so the result does not depend on their order to the last bit.
 *
 * The purchase models see integer counts of equal (x, t_x, T); the logarithms
 * of an evaluation belong to days, not to members.
 */
#ifndef CRM_CLV_FIT_H
#define CRM_CLV_FIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/clv_model.h"

#define CRM_CLV_DAY_BITS	21
#define CRM_CLV_MAX_DAYS	((1 << CRM_CLV_DAY_BITS) - 1)	/* from the first purchase: 5741 years */

typedef struct crm_clv_member
{
	uint64_t	key;			/* x, t_x, T, CRM_CLV_DAY_BITS each: sorts by x first */
	int64_t		spend;			/* units of the repeat days' money */
} crm_clv_member;

static inline uint64_t
crm_clv_key(int64_t x, int64_t t_x, int64_t t)
{
	return (uint64_t) x << 2 * CRM_CLV_DAY_BITS | (uint64_t) t_x << CRM_CLV_DAY_BITS | (uint64_t) t;
}

#define CRM_CLV_KEY_X(key)		((int32_t) ((key) >> 2 * CRM_CLV_DAY_BITS))
#define CRM_CLV_KEY_T_X(key)	((int32_t) ((key) >> CRM_CLV_DAY_BITS & CRM_CLV_MAX_DAYS))
#define CRM_CLV_KEY_T(key)		((int32_t) ((key) & CRM_CLV_MAX_DAYS))

typedef struct crm_clv_cell
{
	int32_t		x;
	int32_t		t_x;
	int32_t		t;
	int32_t		n;				/* members */
} crm_clv_cell;

typedef struct crm_clv_spender
{
	int32_t		x;
	double		money;			/* of all repeat days */
} crm_clv_spender;

/* asked now and then during a fit: false stops it */
typedef bool (*crm_clv_go_on) (void *context);

typedef enum crm_clv_fit_status
{
	CRM_CLV_FIT_OK,
	CRM_CLV_FIT_NO_REPEAT,		/* no member has a repeat purchase */
	CRM_CLV_FIT_STOPPED
} crm_clv_fit_status;

/*
 * Sorts the money of members of one key; members come sorted by key.  Returns
 * the number of cells.
 */
extern size_t crm_clv_settle(crm_clv_member *members, size_t n);

/* cells has room for what crm_clv_settle said, spenders for all members; returns the number of spenders */
extern size_t crm_clv_split(const crm_clv_member *members, size_t n, int scale,
							crm_clv_cell *cells, crm_clv_spender *spenders);

/* doubles of working memory that fit_purchases needs */
extern size_t crm_clv_fit_room(int kind, const crm_clv_cell *cells, size_t n);

/* fits model->kind in units of model->unit days and fills in model->purchase */
extern crm_clv_fit_status crm_clv_fit_purchases(crm_clv_model *model, const crm_clv_cell *cells, size_t n, double *room,
												crm_clv_go_on go_on, void *context);

/*
 * fills in model->spend and model->correlation; without two spenders
 * model->has_spend is false.  spenders are in the order of crm_clv_split and
 * are overwritten.
 */
extern crm_clv_fit_status crm_clv_fit_spend(crm_clv_model *model, crm_clv_spender *spenders, size_t n,
											crm_clv_go_on go_on, void *context);

#endif							/* CRM_CLV_FIT_H */
