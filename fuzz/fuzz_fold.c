/*
 * fuzz/fuzz_fold.c
 *
 * The hash table of members and the arena of their keys, against a list.
 *
 * Input: a first byte chooses numbers or bytes as keys; each key is then one
 * to eight bytes.  Hashes are made to collide: a key's first byte alone makes
 * its hash, or its high or low bits.
 */
#include "core/fold.h"

#include "fuzz.h"

#define MOST 300

typedef struct Entry
{
	CrmFoldEntry head;
	uint64_t	count;
} Entry;

typedef struct Known
{
	uint8_t		bytes[8];
	uint32_t	length;
	uint64_t	number;
	uint64_t	hash;
	uint64_t	count;
} Known;

static Known known[MOST];
static size_t nknown;
static bool by_bytes;
static CrmArena arena;

static uint64_t
hash_of(uint64_t key, const void *context)
{
	MUST(context == &arena);
	if (by_bytes)
		return crm_arena_key(&arena, key)->hash;
	for (size_t i = 0; i < nknown; i++)
	{
		if (known[i].number == key)
			return known[i].hash;
	}
	MUST(!"a key that nobody gave");
	return 0;
}

static CrmFoldEntry *
find(const CrmFold *fold, const Known *key)
{
	if (by_bytes)
		return crm_fold_find_bytes(fold, &arena, key->hash, (const char *) key->bytes, key->length);
	return crm_fold_find(fold, key->hash, key->number);
}

static void
new_table(CrmFold *fold, uint64_t slots)
{
	void	   *block = calloc(slots, sizeof(Entry));

	MUST(block != NULL);
	crm_fold_init(fold, block, slots, sizeof(Entry));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Input		input = {data, size};
	int			how = (int) take(&input, 1);
	CrmFold		fold;

	by_bytes = how & 1;
	nknown = 0;
	memset(&arena, 0, sizeof(arena));
	new_table(&fold, 16);
	while (input.left > 0 && nknown < MOST)
	{
		Known	   *key = &known[nknown];
		size_t		same = 0;
		CrmFoldEntry *entry;

		memset(key, 0, sizeof(*key));
		key->length = (uint32_t) (take(&input, 1) % 9);
		for (uint32_t i = 0; i < key->length; i++)
			key->bytes[i] = (uint8_t) take(&input, 1);
		memcpy(&key->number, key->bytes, sizeof(key->number));
		switch (how >> 1 & 3)
		{
			case 0:
				key->hash = by_bytes ? crm_hash_bytes((const char *) key->bytes, key->length) : crm_mix64(key->number);
				break;
			case 1:
				key->hash = key->bytes[0];
				break;
			case 2:
				key->hash = (uint64_t) key->bytes[0] << 56;
				break;
			default:
				key->hash = UINT64_MAX;
		}
		while (same < nknown && !(known[same].length == key->length && memcmp(known[same].bytes, key->bytes, 8) == 0) &&
			   !(!by_bytes && known[same].number == key->number))
			same++;

		entry = find(&fold, key);
		if (same < nknown)
		{
			MUST(entry != NULL && entry->stamp == 1 && ((Entry *) entry)->count == known[same].count);
			((Entry *) entry)->count++;
			known[same].count++;
			continue;
		}
		if (entry == NULL)
		{
			CrmFold		larger;

			MUST(fold.used == fold.most);
			new_table(&larger, (fold.mask + 1) * 2);
			crm_fold_move(&fold, 0, (uint64_t) how % (fold.mask + 1), &larger, hash_of, &arena);
			crm_fold_move(&fold, (uint64_t) how % (fold.mask + 1), fold.mask + 1 - (uint64_t) how % (fold.mask + 1), &larger, hash_of, &arena);
			MUST(larger.used == fold.used);
			free(fold.slots);
			fold = larger;
			entry = find(&fold, key);
		}
		MUST(entry != NULL && entry->stamp == 0);
		if (by_bytes)
		{
			uint64_t	position = crm_arena_next(&arena, key->length);

			if (position == arena.nchunks * CRM_ARENA_CHUNK)
			{
				arena.chunks = realloc(arena.chunks, (arena.nchunks + 1) * sizeof(char *));
				arena.chunks[arena.nchunks++] = room_for(CRM_ARENA_CHUNK);
			}
			entry->key = crm_arena_put(&arena, position, key->hash, (const char *) key->bytes, key->length);
		}
		entry->stamp = 1;
		((Entry *) entry)->count = key->count = 1;
		fold.used++;
		nknown++;
	}
	for (size_t i = 0; i < nknown; i++)
	{
		CrmFoldEntry *entry = find(&fold, &known[i]);

		MUST(entry != NULL && entry->stamp == 1 && ((Entry *) entry)->count == known[i].count);
	}
	free(fold.slots);
	for (uint64_t i = 0; i < arena.nchunks; i++)
		free(arena.chunks[i]);
	free(arena.chunks);
	return 0;
}
