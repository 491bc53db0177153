/* SPDX-License-Identifier: GPL-2.0-only */
/* Protocol buffers: messages as bytes, as far as profile.proto needs them. */
#include "sink/proto.h"

#include <stdlib.h>
#include <string.h>

#define WIRE_VARINT 0
#define WIRE_BYTES 2

void proto_clear(struct proto *proto)
{
	free(proto->bytes);
	*proto = (struct proto){0};
}

static void append(struct proto *proto, const void *bytes, size_t length)
{
	if (proto->failed || !length)
		return;
	if (proto->length + length > proto->room) {
		size_t room = 2 * (proto->length + length);
		unsigned char *more = realloc(proto->bytes, room);

		proto->failed = !more;
		if (!more)
			return;
		proto->bytes = more;
		proto->room = room;
	}
	memcpy(proto->bytes + proto->length, bytes, length);
	proto->length += length;
}

void proto_packed(struct proto *list, uint64_t value)
{
	unsigned char bytes[10];
	size_t length = 0;

	for (; value > 0x7f; value >>= 7)
		bytes[length++] = (unsigned char)(value | 0x80);
	bytes[length++] = (unsigned char)value;
	append(list, bytes, length);
}

void proto_number(struct proto *proto, unsigned int field, uint64_t value)
{
	if (!value)
		return;
	proto_packed(proto, field << 3 | WIRE_VARINT);
	proto_packed(proto, value);
}

void proto_bytes(struct proto *proto, unsigned int field, const void *bytes, size_t length)
{
	proto_packed(proto, field << 3 | WIRE_BYTES);
	proto_packed(proto, length);
	append(proto, bytes, length);
}

void proto_part(struct proto *proto, unsigned int field, struct proto *part)
{
	proto->failed |= part->failed;
	proto_bytes(proto, field, part->bytes, part->length);
	part->length = 0;
	part->failed = false;
}
