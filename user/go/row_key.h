/* SPDX-License-Identifier: GPL-2.0-only */
/* Keys of rows: what makes timers or goroutines one row, and numbers by keys. */
#ifndef DWELL_GO_ROW_KEY_H
#define DWELL_GO_ROW_KEY_H

#include <stddef.h>
#include <stdint.h>

#include "go/view.h"

/* Zeros where something is not part of the key. Equal names are one pointer. */
struct go_row_key {
	uint64_t seed; /* of the index */
	const char *name[3];
	uint64_t period_ns;
	uint64_t kind; /* of a timer; state of a goroutine; plus 1 */
};

/*
 * The keys of rows as @view groups them. Of the names only those count that make a row in this
 * view.
 */
struct go_row_key go_timer_key(const struct go_view *view, enum go_timer_kind kind,
			       uint64_t period_ns, const char *owner, const char *creator);
struct go_row_key go_goroutine_key(const struct go_view *view, enum go_state state,
				   const char *creator, const char *place, const char *wait);

struct go_keys_slot;

/*
 * An index. All zeros is empty. Programs choose what is hashed, so it is mixed with a random
 * seed.
 */
struct go_keys {
	struct go_keys_slot *slots;
	uint64_t seed;
	size_t count;
};

/*
 * Both take the @size bytes of @key, at most 56, whose first 8 are the seed's. The first returns
 * where the number of the key is kept; NULL: the index does not have it. The other adds a key
 * that the index does not have; NULL: there is no memory.
 */
size_t *go_keys_find(struct go_keys *index, void *key, size_t size);
size_t *go_keys_add(struct go_keys *index, void *key, size_t size);
void go_keys_clear(struct go_keys *index);

#endif
