/* SPDX-License-Identifier: GPL-2.0-only */
/* Keys of rows: what makes timers or goroutines one row, and numbers by keys. */
#include "go/row_key.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/random.h"

#define KEY_MAX 56

struct go_keys_slot {
	unsigned char key[KEY_MAX];
	size_t number;
	UT_hash_handle hh;
};

struct go_row_key go_timer_key(const struct go_view *view, enum go_timer_kind kind,
			       uint64_t period_ns, const char *owner, const char *creator)
{
	struct go_row_key key = {.kind = kind + 1};

	if (view->by != GO_BY_KIND)
		key.name[0] = creator;
	if (view->by == GO_BY_SITE)
		key.name[1] = owner;
	if (view->by == GO_BY_KIND || (view->by == GO_BY_SITE && !view->coarse))
		key.period_ns = period_ns;
	return key;
}

struct go_row_key go_goroutine_key(const struct go_view *view, enum go_state state,
				   const char *creator, const char *place, const char *wait)
{
	struct go_row_key key = {0};

	if (view->by == GO_BY_KIND)
		key.kind = state + 1;
	else
		key.name[0] = creator;
	if (view->by == GO_BY_SITE) {
		key.name[1] = place;
		key.name[2] = view->coarse ? NULL : wait;
	}
	return key;
}

size_t *go_keys_find(struct go_keys *index, void *key, size_t size)
{
	struct go_keys_slot *slot;

	if (!index->seed)
		index->seed = random_number() | 1;
	memcpy(key, &index->seed, sizeof(index->seed));
	HASH_FIND(hh, index->slots, key, size, slot);
	return slot ? &slot->number : NULL;
}

size_t *go_keys_add(struct go_keys *index, void *key, size_t size)
{
	struct go_keys_slot *slot = malloc(sizeof(*slot));

	if (!slot)
		return NULL;
	if (!index->seed)
		index->seed = random_number() | 1;
	memcpy(key, &index->seed, sizeof(index->seed));
	memcpy(slot->key, key, size);
	slot->number = 0;
	HASH_ADD(hh, index->slots, key, size, slot);
	if (!slot->hh.tbl) {
		free(slot);
		return NULL;
	}
	index->count++;
	return &slot->number;
}

void go_keys_clear(struct go_keys *index)
{
	struct go_keys_slot *slot, *next;

	HASH_ITER(hh, index->slots, slot, next) {
		HASH_DEL(index->slots, slot);
		free(slot);
	}
	*index = (struct go_keys){0};
}
