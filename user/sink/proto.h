/* SPDX-License-Identifier: GPL-2.0-only */
/* Protocol buffers: messages as bytes, as far as profile.proto needs them. */
#ifndef DWELL_SINK_PROTO_H
#define DWELL_SINK_PROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A message that is being written. All zeros is empty. */
struct proto {
	unsigned char *bytes; /* owned */
	size_t length, room;
	bool failed; /* there was no memory: what it has is of no use */
};

/* Each adds the field @field. Those of value 0 are left out, as readers take them for granted. */
void proto_number(struct proto *proto, unsigned int field, uint64_t value);
void proto_bytes(struct proto *proto, unsigned int field, const void *bytes, size_t length);
/* Adds @part as a message of its own, and makes it empty; a packed list of numbers is such too. */
void proto_part(struct proto *proto, unsigned int field, struct proto *part);
/* Adds a number of a packed list, to the message that the list is. */
void proto_packed(struct proto *list, uint64_t value);

void proto_clear(struct proto *proto);

#endif
