/*
 * fuzz/fuzz_clv_text.c
 *
 * The text form of a CLV model: any bytes are refused with a place inside
 * them, or come back the same; a model that is taken can be used.
 */
#include "core/clv_model.h"
#include "core/clv_text.h"

#include <math.h>

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *text = room_for(size + 1);
	char	   *printed = room_for(CRM_CLV_TEXT_MAX);
	char	   *again = room_for(CRM_CLV_TEXT_MAX);
	crm_clv_model model;
	crm_clv_model second;
	crm_clv_fault fault = {SIZE_MAX, NULL};

	memcpy(text, data, size);
	text[size] = '\0';
	if (!crm_clv_parse(text, size, &model, &fault))
		MUST(fault.expected != NULL && fault.position <= size);
	else
	{
		const double *p = model.purchase.param;
		double		alive;
		size_t		length;

		MUST(crm_clv_wrong(&model) == NULL);
		length = crm_clv_print(&model, printed);
		MUST(length == strlen(printed) && length < CRM_CLV_TEXT_MAX);
		MUST(crm_clv_parse(printed, length, &second, &fault));
		MUST(crm_clv_print(&second, again) == length && strcmp(printed, again) == 0);
		alive = crm_clv_p_alive(model.kind, p, 3, 10, 20);
		MUST(alive >= 0 && alive <= 1);
		MUST(crm_clv_orders_if_alive(model.kind, p, 3, 20, 52) >= 0);
		MUST(isfinite(crm_clv_log_likelihood(model.kind, p, 3, 10, 20)));
	}
	free(text);
	free(printed);
	free(again);
	return 0;
}
