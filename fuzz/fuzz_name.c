/*
 * fuzz/fuzz_name.c
 *
 * Search keys and masks of any bytes, UTF-8 or not: memory is enough or said
 * not to be, folding twice changes nothing, keys say the same in every room.
 */
#include "core/mask.h"
#include "core/name.h"

#include "fuzz.h"

typedef void (*NameForm) (CrmText *to, const uint32_t *cp, size_t n, CrmNameSpace *space);

/* the form in exactly so much room; false when it was too little */
static bool
form_in(NameForm form, const CrmText *name, size_t room, CrmText *made)
{
	CrmNameSpace space = {room_for(room * 4), room_for(room * 4), room};

	*made = (CrmText) {room_for(room * 4), 0, room, false};
	form(made, name->cp, name->n, &space);
	MUST(made->n <= room);
	free(space.folded);
	free(space.spare);
	return !made->full;
}

static void
in_any_room(NameForm form, const CrmText *name, CrmText *made)
{
	size_t		room = 1;
	CrmText		again;

	while (!form_in(form, name, room, made))
	{
		free(made->cp);
		room *= 2;
		MUST(room < 1u << 24);
	}
	MUST(form_in(form, name, room * 2, &again));
	MUST(again.n == made->n && memcmp(again.cp, made->cp, made->n * 4) == 0);
	free(again.cp);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const NameForm forms[] = {crm_fold_name, crm_key_of_name, crm_pinyin_of_name, crm_initials_of_name};
	CrmText		name = {room_for(size * 4), 0, size, false};
	char	   *bytes;
	size_t		end = 0;

	crm_text_read(&name, (const char *) data, size);
	MUST(!name.full);
	for (size_t i = 0; i < name.n; i++)
		MUST(name.cp[i] <= 0x10FFFF && (name.cp[i] < 0xD800 || name.cp[i] > 0xDFFF));

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
	{
		CrmText		made;

		in_any_room(forms[i], &name, &made);
		MUST(made.n == 0 || (made.cp[0] != ' ' && made.cp[made.n - 1] != ' '));
		if (i == 1)
		{
			CrmText		again;

			in_any_room(forms[i], &made, &again);
			MUST(again.n == made.n && memcmp(again.cp, made.cp, made.n * 4) == 0);
			free(again.cp);
		}
		free(made.cp);
	}

	/* clusters go forward and end at the end */
	for (size_t from = 0; from < name.n; from = end)
	{
		end = crm_cluster_end(name.cp, name.n, from);
		MUST(end > from && end <= name.n);
	}
	{
		void		(*const masks[]) (CrmText *, const uint32_t *, size_t) = {
			crm_masked_name, crm_masked_phone, crm_masked_email, crm_masked_id_no
		};

		for (size_t i = 0; i < 4; i++)
		{
			CrmText		made = {room_for((name.n + 3) * 4), 0, name.n + 3, false};

			masks[i](&made, name.cp, name.n);
			MUST(!made.full);
			free(made.cp);
		}
	}

	/* what is written is read again */
	bytes = room_for(name.n * 4);
	{
		size_t		length = crm_text_write(name.cp, name.n, bytes);
		CrmText		again = {room_for(length * 4), 0, length, false};

		crm_text_read(&again, bytes, length);
		MUST(again.n == name.n && memcmp(again.cp, name.cp, name.n * 4) == 0);
		free(again.cp);
	}
	free(bytes);
	free(name.cp);
	return 0;
}
