/*
 * src/text_name.c
 *
 * name_fold, name_key, name_pinyin, name_initials: search keys of names.
 *
 * IMMUTABLE, since all of it stands on tables in core/: the keys are stored
 * and indexed.
 */
#include "text_arg.h"

#include "core/name.h"

PG_FUNCTION_INFO_V1(crm_name_fold);
PG_FUNCTION_INFO_V1(crm_name_key);
PG_FUNCTION_INFO_V1(crm_name_pinyin);
PG_FUNCTION_INFO_V1(crm_name_initials);

typedef void (*NameForm) (CrmText *to, const uint32_t *cp, size_t n, CrmNameSpace *space);

static Datum
name_form(FunctionCallInfo fcinfo, NameForm form)
{
	CrmText		name = crm_text_of(PG_GETARG_TEXT_PP(0));

	/* nearly always enough; one character may fold to eighteen */
	for (size_t room = name.n * 8 + 64;; room *= 2)
	{
		CrmText		made = crm_text_with_room(room);
		CrmNameSpace space = {
			palloc(room * sizeof(uint32_t)), palloc(room * sizeof(uint32_t)), room
		};

		form(&made, name.cp, name.n, &space);
		if (!made.full)
			PG_RETURN_TEXT_P(crm_text_to_datum(&made));
		pfree(made.cp);
		pfree(space.folded);
		pfree(space.spare);
	}
}

Datum
crm_name_fold(PG_FUNCTION_ARGS)
{
	return name_form(fcinfo, crm_fold_name);
}

Datum
crm_name_key(PG_FUNCTION_ARGS)
{
	return name_form(fcinfo, crm_key_of_name);
}

Datum
crm_name_pinyin(PG_FUNCTION_ARGS)
{
	return name_form(fcinfo, crm_pinyin_of_name);
}

Datum
crm_name_initials(PG_FUNCTION_ARGS)
{
	return name_form(fcinfo, crm_initials_of_name);
}
