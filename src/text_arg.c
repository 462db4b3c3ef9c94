/*
 * src/text_arg.c
 *
 * Text arguments as code points (see text_arg.h).
 */
#include "text_arg.h"

CrmText
crm_text_with_room(size_t room)
{
	CrmText		made = {palloc(Max(room, 1) * sizeof(uint32_t)), 0, room, false};

	return made;
}

CrmText
crm_text_of(text *value)
{
	size_t		length = VARSIZE_ANY_EXHDR(value);
	CrmText		made;

	if (length > CRM_TEXT_MOST)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("text is too long"),
				 errdetail("It has %zu bytes; at most %d are taken.", length, CRM_TEXT_MOST)));
	made = crm_text_with_room(length);
	crm_text_read(&made, VARDATA_ANY(value), length);
	return made;
}

text *
crm_text_to_datum(const CrmText *value)
{
	/* four bytes a code point at most, of which most names need three */
	text	   *result = palloc(VARHDRSZ + value->n * 4);

	SET_VARSIZE(result, VARHDRSZ + crm_text_write(value->cp, value->n, VARDATA(result)));
	return result;
}
