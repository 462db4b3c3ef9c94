/*
 * src/core/hash.h
 *
 * One bit mixer for all hash tables and hash functions of the project: the
 * finalizer of MurmurHash3 (A. Appleby, public domain), a bijection of 64 bits.
 * Hashes of stored values (hash partitions, hash indexes) stand on it: it must
 * not change.
 */
#ifndef CRM_HASH_H
#define CRM_HASH_H

#include <stdint.h>

static inline uint64_t
crm_mix64(uint64_t h)
{
	h ^= h >> 33;
	h *= UINT64_C(0xff51afd7ed558ccd);
	h ^= h >> 33;
	h *= UINT64_C(0xc4ceb9fe1a85ec53);
	h ^= h >> 33;
	return h;
}

/* the hash of a sequence so far, and its next word */
static inline uint64_t
crm_hash_word(uint64_t hash, uint64_t word)
{
	return crm_mix64(hash * UINT64_C(0x9e3779b97f4a7c15) + word);
}

#endif							/* CRM_HASH_H */
