/*
 * src/core/rfm.h
 *
 * RFM scores: from cut points to digits.
 *
 * A score is 1 + the number of cut points strictly below the value; recency
 * is days since the last purchase and its score is reversed, so that the
 * highest score is always the best.  Equal values score equal.
 *
 * Scoring runs millions of times, so the exact rational cuts are brought to
 * plain int64 limits first (crm_ladder); no decision changes by that.
 */
#ifndef CRM_RFM_H
#define CRM_RFM_H

#include "core/quantile.h"

/* score of v = 1 + how many of the limits v is above */
typedef struct crm_ladder
{
	int			limits;			/* bins - 1 */
	int64_t		above[CRM_MAX_CUTS];
} crm_ladder;

/* for orders and spend: more is better */
extern void crm_ladder_of_values(const crm_cuts *cuts, crm_ladder *ladder);

/* for last purchase days as day numbers: later is better */
extern void crm_ladder_of_days(const crm_cuts *cuts, crm_ladder *ladder);

static inline int
crm_ladder_score(const crm_ladder *ladder, int64_t v)
{
	int			score = 1;

	for (int i = 0; i < ladder->limits; i++)
		score += v > ladder->above[i];
	return score;
}

/*
 * An rfm value: three digits 1 to 9 as one decimal number, so that 545 is
 * stored as 545 and the order of the numbers is that of the texts.
 */
static inline int16_t
crm_rfm_pack(int r, int f, int m)
{
	return (int16_t) (r * 100 + f * 10 + m);
}

static inline int
crm_rfm_r(int16_t rfm)
{
	return rfm / 100;
}

static inline int
crm_rfm_f(int16_t rfm)
{
	return rfm / 10 % 10;
}

static inline int
crm_rfm_m(int16_t rfm)
{
	return rfm % 10;
}

static inline bool
crm_rfm_is_valid(int64_t rfm)
{
	return rfm >= 111 && rfm <= 999 && rfm / 10 % 10 != 0 && rfm % 10 != 0;
}

/* the three ladders of a run, and the score of one member by them */
typedef struct crm_rfm_ladders
{
	crm_ladder	r;
	crm_ladder	f;
	crm_ladder	m;
} crm_rfm_ladders;

static inline int16_t
crm_rfm_by_ladders(const crm_rfm_ladders *by, int32_t last_day, int64_t orders, int64_t spend)
{
	return crm_rfm_pack(crm_ladder_score(&by->r, last_day),
						crm_ladder_score(&by->f, orders),
						crm_ladder_score(&by->m, spend));
}

/*
 * Cut points for a report, in decimal: cut k in units of 10^-CRM_CUT_DECIMALS
 * of the values' own unit.  A cut that is no such decimal (bins 3, 6, 7, 9)
 * is rounded; it lies at least 1/9 of a unit from every possible value, so
 * the rounded cut scores every value as the exact one does.
 */
#define CRM_CUT_DECIMALS 6

extern crm_int128 crm_cut_decimal(const crm_cuts *cuts, int k);

/* the same for recency: cut k of the days since, from cuts over day numbers */
extern crm_int128 crm_cut_days_since(const crm_cuts *days, int32_t as_of, int k);

#endif							/* CRM_RFM_H */
