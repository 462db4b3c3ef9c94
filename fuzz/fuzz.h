/*
 * fuzz/fuzz.h
 *
 * What the fuzz targets share: a cursor over the input and MUST.
 *
 * A target holds the code of src/core against an oracle that is too simple to
 * be wrong; libFuzzer finds the inputs, the sanitizers find what the oracle
 * does not see.  An input that is short reads as zeros, so every input means
 * something.
 */
#ifndef CRM_FUZZ_H
#define CRM_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(condition) \
	do { \
		if (!(condition)) \
		{ \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

typedef struct Input
{
	const uint8_t *next;
	size_t		left;
} Input;

static inline uint64_t
take(Input *input, int bytes)
{
	uint64_t	v = 0;

	for (int i = 0; i < bytes && input->left > 0; i++, input->left--)
		v |= (uint64_t) *input->next++ << (8 * i);
	return v;
}

/* a block of exactly so many bytes, so that the sanitizer sees the first byte beyond it */
static inline void *
room_for(size_t bytes)
{
	void	   *block = malloc(bytes > 0 ? bytes : 1);

	MUST(block != NULL);
	return block;
}

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif							/* CRM_FUZZ_H */
