/*
 * src/core/fold.c
 *
 * The slow paths of the fold table and its keys of bytes (see fold.h).
 */
#include "core/fold.h"

void
crm_fold_move(const CrmFold *from, uint64_t first, uint64_t n, CrmFold *to,
			  CrmFoldHash hash_of, const void *context)
{
	for (uint64_t i = first; i < first + n; i++)
	{
		const CrmFoldEntry *entry = crm_fold_slot(from, i);
		uint64_t	slot;

		if (entry->stamp == 0)
			continue;
		slot = hash_of(entry->key, context) & to->mask;
		while (crm_fold_slot(to, slot)->stamp != 0)
			slot = (slot + 1) & to->mask;
		memcpy(crm_fold_slot(to, slot), entry, from->entry_bytes);
		to->used++;
	}
}

uint64_t
crm_hash_bytes(const char *bytes, uint32_t length)
{
	uint64_t	hash = length;
	uint64_t	word;

	for (; length >= 8; bytes += 8, length -= 8)
	{
		memcpy(&word, bytes, 8);
		hash = crm_hash_word(hash, word);
	}
	word = 0;
	memcpy(&word, bytes, length);
	return crm_hash_word(hash, word);
}

#define TAG_MASK (UINT64_C(0xFFFF) << 48)

uint64_t
crm_arena_put(CrmArena *arena, uint64_t position, uint64_t hash, const char *bytes, uint32_t length)
{
	CrmArenaKey *key = crm_arena_key(arena, position);

	key->hash = hash;
	key->length = length;
	memcpy(key->bytes, bytes, length);
	arena->end = position + ((sizeof(CrmArenaKey) + length + 7) & ~UINT64_C(7));
	return (hash & TAG_MASK) | position;
}

CrmFoldEntry *
crm_fold_find_bytes(const CrmFold *fold, const CrmArena *arena, uint64_t hash,
					const char *bytes, uint32_t length)
{
	for (uint64_t i = hash & fold->mask;; i = (i + 1) & fold->mask)
	{
		CrmFoldEntry *entry = crm_fold_slot(fold, i);

		if (entry->stamp == 0)
			return fold->used >= fold->most ? NULL : entry;
		if (((entry->key ^ hash) & TAG_MASK) == 0)
		{
			const CrmArenaKey *key = crm_arena_key(arena, entry->key);

			if (key->hash == hash && key->length == length && memcmp(key->bytes, bytes, length) == 0)
				return entry;
		}
	}
}
