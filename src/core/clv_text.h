/*
 * src/core/clv_text.h
 *
 * The text form of a model: one JSON object.
 *
 *	{"model": "bg/nbd", "unit": "7 days", "as_of": "1997-09-30",
 *	 "params": {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259},
 *	 "standard_errors": {...}, "log_likelihood": -9582.43, "n": 2357,
 *	 "cells": 1016, "iterations": 32, "status": "converged", "boundary": [],
 *	 "spend": {"params": {"p": 6.25, "q": 3.744, "v": 15.44}, ..., "correlation": 0.1139}}
 *
 * Numbers are printed with the fewest digits that read back the same, what is
 * not known as null.  Reading takes the members in any order and needs model
 * and params alone; what it does not know it refuses.
 */
#ifndef CRM_CLV_TEXT_H
#define CRM_CLV_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/clv_model.h"

#define CRM_CLV_TEXT_MAX 4096	/* bytes of the longest text form, NUL included */
#define CRM_CLV_UNIT_MIN 1e-6	/* days */
#define CRM_CLV_UNIT_MAX 1e6

typedef struct crm_clv_fault
{
	size_t		position;		/* of the fault, in bytes from the start */
	const char *expected;		/* what was wanted there, for the message */
} crm_clv_fault;

/* returns the length */
extern size_t crm_clv_print(const crm_clv_model *model, char *out);

/* false and the fault for what is no model; text ends with a NUL at length */
extern bool crm_clv_parse(const char *text, size_t length, crm_clv_model *model, crm_clv_fault *fault);

/* a model of this kind about which nothing else is known */
extern void crm_clv_init(crm_clv_model *model, int kind);

/* what every way into the type checks; the name of what is wrong, NULL for a model that can be used */
extern const char *crm_clv_wrong(const crm_clv_model *model);

#endif							/* CRM_CLV_TEXT_H */
