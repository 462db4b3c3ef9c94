/*
 * src/core/fold.h
 *
 * A hash table by member for folding millions of rows: open addressing, linear
 * probing, fixed-width entries in one block that the caller allocates.
 *
 * Hash aggregation over many members is bound by cache and TLB misses, so an
 * entry is as narrow as its user can make it, and rows come in batches whose
 * slots are fetched ahead.  A key is 64 bits: the member's number itself, or
 * for texts and uuids a reference into an arena of bytes with 16 bits of the
 * hash beside it, so that hardly any comparison looks there in vain.
 *
 * The number of slots is a power of two.  A slot is free when its stamp is 0.
 */
#ifndef CRM_FOLD_H
#define CRM_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/hash.h"

/* what every entry begins with; the user's fields follow, 8-byte aligned as a whole */
typedef struct CrmFoldEntry
{
	uint64_t	key;
	uint32_t	stamp;			/* 0: free; otherwise the user's */
	uint32_t	payload;		/* the user's */
} CrmFoldEntry;

typedef struct CrmFold
{
	char	   *slots;
	size_t		entry_bytes;
	uint64_t	mask;			/* number of slots - 1 */
	uint64_t	used;
	uint64_t	most;			/* entries that may be used */
} CrmFold;

/* a zeroed block of slots * entry_bytes bytes; slots is a power of two, at least 16 */
static inline void
crm_fold_init(CrmFold *fold, void *block, uint64_t slots, size_t entry_bytes)
{
	fold->slots = block;
	fold->entry_bytes = entry_bytes;
	fold->mask = slots - 1;
	fold->used = 0;
	fold->most = slots / 4 * 3;
}

static inline CrmFoldEntry *
crm_fold_slot(const CrmFold *fold, uint64_t i)
{
	return (CrmFoldEntry *) (fold->slots + i * fold->entry_bytes);
}

static inline void
crm_fold_prefetch(const CrmFold *fold, uint64_t hash)
{
	__builtin_prefetch(crm_fold_slot(fold, hash & fold->mask), 1);
}

/*
 * The entry of a number, a free one (stamp 0, key set, to be counted in `used`
 * by the caller who stamps it), or NULL when there is none and the table is
 * full.
 */
static inline CrmFoldEntry *
crm_fold_find(const CrmFold *fold, uint64_t hash, uint64_t key)
{
	for (uint64_t i = hash & fold->mask;; i = (i + 1) & fold->mask)
	{
		CrmFoldEntry *entry = crm_fold_slot(fold, i);

		if (entry->stamp == 0)
		{
			if (fold->used >= fold->most)
				return NULL;
			entry->key = key;
			return entry;
		}
		if (entry->key == key)
			return entry;
	}
}

/*
 * Moves the entries in the n slots of `from` that begin with `first` into the
 * larger table `to`, in parts or at once; hash_of gives the hash of a key.
 */
typedef uint64_t (*CrmFoldHash) (uint64_t key, const void *context);
extern void crm_fold_move(const CrmFold *from, uint64_t first, uint64_t n, CrmFold *to,
						  CrmFoldHash hash_of, const void *context);

/*
 * Keys that are bytes live in an arena of chunks; a reference is 16 bits of
 * the hash over 48 bits of position.
 */
#define CRM_ARENA_CHUNK_BITS 16
#define CRM_ARENA_CHUNK ((size_t) 1 << CRM_ARENA_CHUNK_BITS)
#define CRM_KEY_BYTES_MAX 8000	/* longest key in bytes */

typedef struct CrmArena
{
	char	  **chunks;			/* each of CRM_ARENA_CHUNK bytes */
	uint64_t	nchunks;
	uint64_t	end;			/* position of the first free byte */
} CrmArena;

typedef struct CrmArenaKey
{
	uint64_t	hash;
	uint32_t	length;
	char		bytes[];
} CrmArenaKey;

static inline CrmArenaKey *
crm_arena_key(const CrmArena *arena, uint64_t reference)
{
	uint64_t	position = reference & ((UINT64_C(1) << 48) - 1);

	return (CrmArenaKey *) (arena->chunks[position >> CRM_ARENA_CHUNK_BITS] +
							(position & (CRM_ARENA_CHUNK - 1)));
}

/* position at which a key of so many bytes will be put; the end of the last chunk where it needs a new one */
static inline uint64_t
crm_arena_next(const CrmArena *arena, uint32_t length)
{
	uint64_t	need = (sizeof(CrmArenaKey) + length + 7) & ~UINT64_C(7);
	uint64_t	in_chunk = arena->end & (CRM_ARENA_CHUNK - 1);

	return in_chunk + need <= CRM_ARENA_CHUNK ? arena->end : arena->end - in_chunk + CRM_ARENA_CHUNK;
}

extern uint64_t crm_hash_bytes(const char *bytes, uint32_t length);

/* puts a key at a position that crm_arena_next gave and whose chunk exists; returns the reference */
extern uint64_t crm_arena_put(CrmArena *arena, uint64_t position, uint64_t hash,
							  const char *bytes, uint32_t length);

/* crm_fold_find for a key of bytes: a free entry has no key yet */
extern CrmFoldEntry *crm_fold_find_bytes(const CrmFold *fold, const CrmArena *arena, uint64_t hash,
										 const char *bytes, uint32_t length);

#endif							/* CRM_FOLD_H */
