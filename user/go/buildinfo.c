// SPDX-License-Identifier: GPL-2.0-only
/* Build info: the version of Go and the settings that a program was built with. */
#include "go/buildinfo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* Bytes that are searched at a time; whole pages. */
#define CHUNK (64 << 10)
#define PAGE 4096
/* The most bytes of a segment that are searched. */
#define SEARCH_MAX (64 << 20)
/* Places that look like build info, but are none: more of them are not even looked at. */
#define FALSE_MAX 16
/* A longer version is none. */
#define VERSION_MAX 1024
/* Settings are at the end of the module info, so many bytes of which are read. */
#define TAIL_MAX (64 << 10)

#define ALIGNMENT 16
#define HEADER_LEN 32
#define MAGIC "\xff Go buildinf:"
#define MAGIC_LEN (sizeof(MAGIC) - 1)

/* Of the flags behind the magic and the size of a pointer. */
#define BIG_ENDIAN_FLAG 1
#define INLINE_FLAG 2 /* the strings follow; Go 1.17 and older have pointers to them instead */

#define VARINT_MAX 10

/* A string in the memory of the process. */
struct text {
	uint64_t address, length;
};

/* ---- strings --------------------------------------------------------------------- */

/* Decodes a number of at most @size bytes. Returns how many it takes; 0: it has no end. */
static size_t decode_varint(const uint8_t *bytes, size_t size, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < size && i < VARINT_MAX; i++) {
		if (i == VARINT_MAX - 1 && bytes[i] > 1)
			return 0; /* has more than 64 bits */
		*value |= (uint64_t)(bytes[i] & 0x7f) << (7 * i);
		if (bytes[i] < 0x80)
			return i + 1;
	}
	return 0;
}

/* Finds the string whose length stands at @address. 0, -ENOENT, or another negative errno. */
static int find_inline(struct go_memory *memory, uint64_t address, struct text *text)
{
	uint8_t bytes[VARINT_MAX];
	ssize_t size = go_memory_read_some(memory, address, bytes, sizeof(bytes));
	size_t used;

	if (size < 0)
		return (int)size;
	used = decode_varint(bytes, (size_t)size, &text->length);
	text->address = address + used;
	return used && text->length <= UINT64_MAX - text->address ? 0 : -ENOENT;
}

/* Finds the string that the pointer at @address leads to. 0, -ENOENT, or another negative errno. */
static int find_pointed(struct go_memory *memory, uint64_t address, struct text *text)
{
	uint64_t pointer, words[2];
	int err = go_memory_read(memory, address, &pointer, sizeof(pointer));

	if (!err)
		err = go_memory_read(memory, pointer, words, sizeof(words));
	if (err)
		return err == -EFAULT ? -ENOENT : err;
	text->address = words[0];
	text->length = words[1];
	return 0;
}

/* ---- settings -------------------------------------------------------------------- */

/* Returns what follows @key in the line, or NULL. */
static const char *value_of(const char *line, const char *key)
{
	size_t length = strlen(key);

	return strncmp(line, key, length) ? NULL : line + length;
}

static void take_setting(const char *line, struct go_image *image)
{
	const char *value;

	value = value_of(line, "build\tDefaultGODEBUG=");
	if (value)
		snprintf(image->godebug, sizeof(image->godebug), "%s", value);
	value = value_of(line, "build\tGOARCH=");
	if (value)
		snprintf(image->arch, sizeof(image->arch), "%s", value);
}

/* Reads the settings. A program without any, or without module info, is fine too. */
static int read_settings(struct go_memory *memory, const struct text *info, struct go_image *image)
{
	size_t length = info->length < TAIL_MAX ? info->length : TAIL_MAX;
	auto_free char *lines = malloc(length + 1);
	char *line, *rest;
	int err;

	if (!lines)
		return -ENOMEM;
	err = go_memory_read(memory, info->address + info->length - length, lines, length);
	if (err)
		return err == -EFAULT ? 0 : err;
	lines[length] = '\0';
	rest = lines;
	while ((line = strsep(&rest, "\n")))
		take_setting(line, image);
	return 0;
}

/* ---- the build info -------------------------------------------------------------- */

static int read_version(struct go_memory *memory, const struct text *text, struct go_image *image)
{
	size_t room = sizeof(image->version) - 1;
	int err;

	if (!text->length || text->length > VERSION_MAX)
		return -ENOENT;
	memset(image->version, 0, sizeof(image->version));
	err = go_memory_read(memory, text->address, image->version,
			     text->length < room ? text->length : room);
	if (err)
		return err == -EFAULT ? -ENOENT : err;
	return image->version[0] ? 0 : -ENOENT;
}

static int read_pointed(struct go_memory *memory, uint64_t address, struct go_image *image)
{
	struct text version, info;
	int err = find_pointed(memory, address + 16, &version);

	if (!err)
		err = read_version(memory, &version, image);
	if (err)
		return err;
	err = find_pointed(memory, address + 24, &info);
	if (!err)
		err = read_settings(memory, &info, image);
	return err == -ENOENT ? 0 : err;
}

static int read_inline(struct go_memory *memory, uint64_t address, struct go_image *image)
{
	struct text version, info;
	int err = find_inline(memory, address + HEADER_LEN, &version);

	if (!err)
		err = read_version(memory, &version, image);
	if (err)
		return err;
	err = find_inline(memory, version.address + version.length, &info);
	if (!err)
		err = read_settings(memory, &info, image);
	return err == -ENOENT ? 0 : err;
}

/* Reads the build info that begins at @address with @header. 0; -ENOENT: it is none. */
static int read_at(struct go_memory *memory, uint64_t address, const uint8_t *header,
		   struct go_image *image)
{
	uint8_t pointer_size = header[MAGIC_LEN], flags = header[MAGIC_LEN + 1];

	if (pointer_size != 8 || flags & BIG_ENDIAN_FLAG)
		return -ENOENT;
	return flags & INLINE_FLAG ? read_inline(memory, address, image) :
				     read_pointed(memory, address, image);
}

/* Searches a chunk that was read. *@tries is how many places may still be looked at. */
static int search_chunk(struct go_memory *memory, uint64_t address, const uint8_t *chunk,
			size_t size, unsigned int *tries, struct go_image *image)
{
	int err;

	for (size_t i = -address % ALIGNMENT; i + ALIGNMENT <= size; i += ALIGNMENT) {
		if (memcmp(chunk + i, MAGIC, MAGIC_LEN) != 0)
			continue;
		if (!(*tries)--)
			return -ENODATA;
		err = read_at(memory, address + i, chunk + i, image);
		if (err != -ENOENT)
			return err;
	}
	return -ENOENT;
}

int go_buildinfo_find(struct go_memory *memory, uint64_t start, uint64_t end,
		      struct go_image *image)
{
	auto_free uint8_t *chunk = malloc(CHUNK);
	unsigned int tries = FALSE_MAX;
	uint64_t address = start;
	ssize_t size;
	size_t part;
	int err = -ENOENT;

	if (!chunk)
		return -ENOMEM;
	if (end > start && end - start > SEARCH_MAX)
		end = start + SEARCH_MAX;
	while (address < end && err == -ENOENT) {
		part = CHUNK - address % CHUNK;
		if (part > end - address)
			part = end - address;
		size = go_memory_read_some(memory, address, chunk, part);
		if (size < 0)
			return (int)size;
		err = search_chunk(memory, address, chunk, (size_t)size, &tries, image);
		address += (size_t)size;
		if ((size_t)size < part)
			address += PAGE - address % PAGE; /* behind the page that cannot be read */
	}
	return err == -ENODATA ? -ENOENT : err;
}
