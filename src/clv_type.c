/*
 * src/clv_type.c
 *
 * The type clv_model: text form (a JSON object, core/clv_text.h), binary form,
 * casts from and to jsonb, models from known parameters, their parts.
 *
 * Binary form: int8 version 1, then the text form.
 */
#include "clv_datum.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/jsonb.h"

#include "core/clv_text.h"

PG_FUNCTION_INFO_V1(crm_clv_model_in);
PG_FUNCTION_INFO_V1(crm_clv_model_out);
PG_FUNCTION_INFO_V1(crm_clv_model_recv);
PG_FUNCTION_INFO_V1(crm_clv_model_send);
PG_FUNCTION_INFO_V1(crm_clv_model_from_jsonb);
PG_FUNCTION_INFO_V1(crm_clv_model_to_jsonb);
PG_FUNCTION_INFO_V1(crm_clv_model_make);
PG_FUNCTION_INFO_V1(crm_clv_name);
PG_FUNCTION_INFO_V1(crm_clv_params);
PG_FUNCTION_INFO_V1(crm_clv_standard_errors);
PG_FUNCTION_INFO_V1(crm_clv_spend_params);
PG_FUNCTION_INFO_V1(crm_clv_fit_status);
PG_FUNCTION_INFO_V1(crm_clv_fit_log_likelihood);

#define WIRE_VERSION 1
#define DAYS_A_MONTH (365.25 / 12)

const crm_clv_model *
crm_clv_get_model(Datum value)
{
	CrmClvDatum *datum = (CrmClvDatum *) PG_DETOAST_DATUM(value);

	if (VARSIZE(datum) != sizeof(CrmClvDatum) || datum->version != CRM_CLV_VERSION || crm_clv_wrong(&datum->model) != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("stored CLV model is corrupt"),
				 errhint("Fit it again.")));
	return &datum->model;
}

Datum
crm_clv_form_model(const crm_clv_model *model)
{
	CrmClvDatum *datum = palloc0(sizeof(CrmClvDatum));

	SET_VARSIZE(datum, sizeof(CrmClvDatum));
	datum->version = CRM_CLV_VERSION;
	datum->model = *model;
	return PointerGetDatum(datum);
}

int
crm_clv_get_kind(text *name)
{
	int			kind = crm_clv_kind_of(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));

	if (kind == CRM_CLV_KINDS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown CLV model"),
				 errhint("The models are bg/nbd, mbg/nbd, pareto/nbd and nbd.")));
	return kind;
}

double
crm_clv_days(const Interval *interval, const char *what, bool zero_too)
{
	double		days = interval->month * DAYS_A_MONTH + interval->day + interval->time / (double) USECS_PER_DAY;

	if (days < 0 || (days == 0 && !zero_too) || days > 10000 * 365.25)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s out of range", what),
				 zero_too ? errdetail("It is from 0 to 10000 years.") : errdetail("It is above 0, up to 10000 years.")));
	return days;
}

/* data and limits of the text; false with a message where error_context takes it */
static bool
parse(char *text, crm_clv_model *model, Node *error_context)
{
	crm_clv_fault fault;

	if (crm_clv_parse(text, strlen(text), model, &fault))
		return true;
	ereturn(error_context, false,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type clv_model"),
			 errdetail("Expected %s at character %d.", fault.expected, pg_mbstrlen_with_len(text, (int) fault.position) + 1),
			 errhint("The least is {\"model\": \"nbd\", \"params\": {\"r\": 0.4, \"alpha\": 12}}.")));
}

Datum
crm_clv_model_in(PG_FUNCTION_ARGS)
{
	crm_clv_model model;

	if (!parse(PG_GETARG_CSTRING(0), &model, fcinfo->context))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(crm_clv_form_model(&model));
}

Datum
crm_clv_model_out(PG_FUNCTION_ARGS)
{
	char	   *text = palloc(CRM_CLV_TEXT_MAX);

	crm_clv_print(PG_GETARG_CLV_MODEL(0), text);
	PG_RETURN_CSTRING(text);
}

Datum
crm_clv_model_recv(PG_FUNCTION_ARGS)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	int			version = pq_getmsgbyte(message);
	int			length;
	char	   *text;
	crm_clv_model model;

	if (version != WIRE_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary form of type %s", "clv_model"),
				 errdetail("The version is not %d.", WIRE_VERSION)));
	text = pq_getmsgtext(message, message->len - message->cursor, &length);
	parse(text, &model, NULL);
	PG_RETURN_DATUM(crm_clv_form_model(&model));
}

Datum
crm_clv_model_send(PG_FUNCTION_ARGS)
{
	char		text[CRM_CLV_TEXT_MAX];
	int			length = (int) crm_clv_print(PG_GETARG_CLV_MODEL(0), text);
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendbyte(&message, WIRE_VERSION);
	pq_sendtext(&message, text, length);
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

Datum
crm_clv_model_from_jsonb(PG_FUNCTION_ARGS)
{
	crm_clv_model model;

	parse(DatumGetCString(DirectFunctionCall1(jsonb_out, PG_GETARG_DATUM(0))), &model, NULL);
	PG_RETURN_DATUM(crm_clv_form_model(&model));
}

Datum
crm_clv_model_to_jsonb(PG_FUNCTION_ARGS)
{
	char		text[CRM_CLV_TEXT_MAX];

	crm_clv_print(PG_GETARG_CLV_MODEL(0), text);
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(text));
}

/* n parameters from a list of float8 */
static void
get_params(ArrayType *array, const char *what, double *param, int n)
{
	if (ARR_NDIM(array) != 1 || ARR_DIMS(array)[0] != n || array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has the wrong number of elements", what),
				 errdetail("The model has %d parameters.", n)));
	memcpy(param, ARR_DATA_PTR(array), sizeof(double) * n);
	for (int i = 0; i < n; i++)
	{
		if (!(param[i] >= CRM_CLV_PARAM_MIN && param[i] <= CRM_CLV_PARAM_MAX))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("parameter of a CLV model out of range"),
					 errdetail("Element %d of %s must be a number from 1e-12 to 1e12.", i + 1, what)));
	}
}

/* (model text, params float8[], spend_params float8[], unit interval); not strict: spend_params may be NULL */
Datum
crm_clv_model_make(PG_FUNCTION_ARGS)
{
	crm_clv_model model;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(3))
		PG_RETURN_NULL();
	crm_clv_init(&model, crm_clv_get_kind(PG_GETARG_TEXT_PP(0)));
	get_params(PG_GETARG_ARRAYTYPE_P(1), "params", model.purchase.param, crm_clv_param_count(model.kind));
	if (!PG_ARGISNULL(2))
	{
		get_params(PG_GETARG_ARRAYTYPE_P(2), "spend_params", model.spend.param, CRM_CLV_SPEND_PARAMS);
		model.has_spend = true;
	}
	model.unit = crm_clv_days(PG_GETARG_INTERVAL_P(3), "unit", false);
	if (crm_clv_wrong(&model) != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s out of range", "unit"),
				 errhint("Units are days, weeks or months.")));
	PG_RETURN_DATUM(crm_clv_form_model(&model));
}

/*
 * Parts
 */
static Datum
float_array(const double *v, int n)
{
	Datum		element[CRM_CLV_PARAMS];
	bool		null[CRM_CLV_PARAMS];
	int			lower = 1;

	for (int i = 0; i < n; i++)
	{
		element[i] = Float8GetDatum(v[i]);
		null[i] = isnan(v[i]);
	}
	return PointerGetDatum(construct_md_array(element, null, 1, &n, &lower, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

Datum
crm_clv_name(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(crm_clv_kind_name(PG_GETARG_CLV_MODEL(0)->kind)));
}

Datum
crm_clv_params(PG_FUNCTION_ARGS)
{
	const crm_clv_model *model = PG_GETARG_CLV_MODEL(0);

	PG_RETURN_DATUM(float_array(model->purchase.param, crm_clv_param_count(model->kind)));
}

Datum
crm_clv_standard_errors(PG_FUNCTION_ARGS)
{
	const crm_clv_model *model = PG_GETARG_CLV_MODEL(0);

	PG_RETURN_DATUM(float_array(model->purchase.error, crm_clv_param_count(model->kind)));
}

Datum
crm_clv_spend_params(PG_FUNCTION_ARGS)
{
	const crm_clv_model *model = PG_GETARG_CLV_MODEL(0);

	if (!model->has_spend)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(float_array(model->spend.param, CRM_CLV_SPEND_PARAMS));
}

Datum
crm_clv_fit_status(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(crm_clv_status_name(PG_GETARG_CLV_MODEL(0)->purchase.status)));
}

Datum
crm_clv_fit_log_likelihood(PG_FUNCTION_ARGS)
{
	const crm_clv_model *model = PG_GETARG_CLV_MODEL(0);

	if (isnan(model->purchase.log_likelihood))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(model->purchase.log_likelihood);
}
