// SPDX-License-Identifier: GPL-2.0-only
/* Fuzzes text: the input is a number or a duration, and a name that a terminal is to show. */
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/fuzz/fuzz.h"

#define COLUMNS 12

static void read_numbers(const char *text)
{
	uint64_t value = 7;
	int err = text_parse_duration(text, &value);

	assert(!err || ((err == -EINVAL || err == -ERANGE) && value == 7));
	value = 7;
	err = text_parse_decimal(text, 1000000, &value);
	assert(!err || ((err == -EINVAL || err == -ERANGE) && value == 7));
	value = 7;
	err = text_parse_number(text, 4096, &value);
	assert(value <= 4096);
	assert(!err || ((err == -EINVAL || err == -ERANGE) && value == 7));
}

/* What a terminal gets is valid, and has no control character. */
static void check_shown(const char *shown)
{
	assert(text_is_utf8(shown, strlen(shown)));
	for (; *shown; shown++)
		assert((unsigned char)*shown >= ' ' && *shown != 0x7f);
}

static void show(const char *name, size_t length, size_t room)
{
	char *buffer = malloc(room);

	assert(buffer);
	check_shown(text_escape(buffer, room, name, length));
	assert(strlen(buffer) < room);
	check_shown(text_escape_columns(buffer, room, COLUMNS, name, length));
	assert(strlen(buffer) < room);
	assert(text_columns(buffer) <= COLUMNS);
	text_utf8(buffer, room, name, length);
	assert(strlen(buffer) < room);
	assert(text_is_utf8(buffer, strlen(buffer)));
	free(buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);

	read_numbers(text);
	text_columns(text);
	show((const char *)data, size, 1);
	show((const char *)data, size, 17);
	show((const char *)data, size, 4 * size + 1);
	free(text);
	return 0;
}
