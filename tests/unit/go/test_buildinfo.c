// SPDX-License-Identifier: GPL-2.0-only
/* Tests of buildinfo.c: build info made up in the memory of this process. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "go/buildinfo.h"

#define AREA (1 << 20)
#define PAGE 4096
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define FRAME "0123456789abcdef" /* what is around the module info */
#define LINES                                          \
	"path\tcommand-line-arguments\n"               \
	"mod\tbuild\tDefaultGODEBUG=no\n"              \
	"build\t-race=true\n"                          \
	"build\tDefaultGODEBUG=asynctimerchan=1,x=0\n" \
	"build\tGOARCH=amd64\n"                        \
	"build\tGOOS=linux\n"

static struct go_memory *memory;
static struct go_image image;
static uint8_t *area;

static int set_up(void **state)
{
	(void)state;
	area = mmap(NULL, AREA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return area == MAP_FAILED ? -1 : go_memory_open((uint32_t)getpid(), &memory);
}

static int tear_down(void **state)
{
	(void)state;
	go_memory_close(memory);
	return munmap(area, AREA);
}

static int clear(void **state)
{
	(void)state;
	memset(&image, 0, sizeof(image));
	return mprotect(area, AREA, PROT_READ | PROT_WRITE) || !memset(area, 0, AREA);
}

static int find(void)
{
	return go_buildinfo_find(memory, (uintptr_t)area, (uintptr_t)area + AREA, &image);
}

/* Writes what begins all build info. Returns where the strings go. */
static uint8_t *put_header(size_t at, uint8_t flags)
{
	memcpy(area + at, "\xff Go buildinf:", 14);
	area[at + 14] = 8;
	area[at + 15] = flags;
	return area + at + 32;
}

static uint8_t *put_text(uint8_t *to, const char *text)
{
	size_t length = strlen(text), rest = length;

	do {
		*to++ = (rest & 0x7f) | (rest > 0x7f ? 0x80 : 0);
		rest >>= 7;
	} while (rest);
	memcpy(to, text, length);
	return to + length;
}

static void put(size_t at, const char *version, const char *lines)
{
	put_text(put_text(put_header(at, 2), version), lines);
}

/* ---- what is read ---------------------------------------------------------------- */

static void version_and_settings_are_read(void **state)
{
	static const size_t places[] = {0, 16, 65536 - 16, 65536, 3 * PAGE - 32, AREA / 2};

	for (size_t i = 0; i < LENGTH(places); i++) {
		clear(state);
		put(places[i], "go1.24.4", FRAME LINES FRAME);
		assert_int_equal(find(), 0);
		assert_string_equal(image.version, "go1.24.4");
		assert_string_equal(image.godebug, "asynctimerchan=1,x=0");
		assert_string_equal(image.arch, "amd64");
	}
}

static void module_info_may_be_missing(void **state)
{
	(void)state;
	put(48, "devel go1.28-3c8e1f2 Mon Jan 5", "");
	assert_int_equal(find(), 0);
	assert_string_equal(image.version, "devel go1.28-3c8e1f2 Mon Jan 5");
	assert_string_equal(image.godebug, "");
	assert_string_equal(image.arch, "");
}

static void settings_behind_much_else_are_read(void **state)
{
	char *lines = calloc(1, 300000);
	size_t length = 0;

	(void)state;
	assert_non_null(lines);
	while (length < 250000)
		length += (size_t)sprintf(lines + length, "dep\texample.org/%zu\tv1.0.0\n", length);
	strcpy(lines + length, LINES FRAME);
	put(16, "go1.22.1", lines);
	assert_int_equal(find(), 0);
	assert_string_equal(image.godebug, "asynctimerchan=1,x=0");
	free(lines);
}

static void pointers_of_older_versions_are_followed(void **state)
{
	static const char version[] = "go1.17.13", lines[] = FRAME LINES FRAME;
	const uint64_t texts[] = {(uintptr_t)version, sizeof(version) - 1, (uintptr_t)lines,
				  sizeof(lines) - 1};
	const uint64_t pointers[] = {(uintptr_t)&texts[0], (uintptr_t)&texts[2]};

	(void)state;
	put_header(96, 0);
	memcpy(area + 96 + 16, pointers, sizeof(pointers));
	assert_int_equal(find(), 0);
	assert_string_equal(image.version, "go1.17.13");
	assert_string_equal(image.arch, "amd64");
}

static void long_values_are_cut(void **state)
{
	char version[400], lines[6000] = "build\tDefaultGODEBUG=asynctimerchan=1";

	(void)state;
	memset(version, 'v', sizeof(version));
	version[sizeof(version) - 1] = '\0';
	memset(lines + strlen(lines), 'x', 5000);
	strcat(lines, "\nbuild\tGOARCH=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n");
	put(16, version, lines);
	assert_int_equal(find(), 0);
	assert_int_equal(strlen(image.version), GO_VERSION_LEN - 1);
	assert_int_equal(strlen(image.godebug), GO_SETTINGS_LEN - 1);
	assert_int_equal(strlen(image.arch), sizeof(image.arch) - 1);
}

/* ---- what is none ---------------------------------------------------------------- */

static void other_memory_has_none(void **state)
{
	(void)state;
	assert_int_equal(find(), -ENOENT);
	put(8, "go1.24", ""); /* is not aligned */
	assert_int_equal(find(), -ENOENT);
	assert_int_equal(go_buildinfo_find(memory, (uintptr_t)area, (uintptr_t)area, &image),
			 -ENOENT);
	put(16, "go1.24", "");
	assert_int_equal(go_buildinfo_find(memory, (uintptr_t)area + AREA, (uintptr_t)area, &image),
			 -ENOENT);
	assert_int_equal(go_buildinfo_find(memory, (uintptr_t)area + 32, (uintptr_t)area + AREA,
					   &image),
			 -ENOENT);
	assert_int_equal(go_buildinfo_find(memory, 0, UINT64_MAX, &image), -ENOENT);
}

static void other_machines_are_none(void **state)
{
	(void)state;
	put(16, "go1.24", "");
	area[16 + 14] = 4;
	assert_int_equal(find(), -ENOENT);
	area[16 + 14] = 8;
	area[16 + 15] = 3;
	assert_int_equal(find(), -ENOENT);
	area[16 + 15] = 2;
	assert_int_equal(find(), 0);
}

static void absurd_lengths_are_none(void **state)
{
	static const uint8_t lengths[][10] = {
		{0x80, 0x80, 0x80, 0x80, 0x10},				      /* 4 GB */
		{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, /* 2^64 - 1 */
		{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}, /* too long */
		{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80}, /* no end */
		{0x00},
		{0x81, 0x08}, /* one byte more than a version may have */
	};

	for (size_t i = 0; i < LENGTH(lengths); i++) {
		clear(state);
		memcpy(put_header(16, 2), lengths[i], sizeof(lengths[i]));
		assert_int_equal(find(), -ENOENT);
		assert_string_equal(image.version, "");
	}
	/* The version is known, whatever the length of the module info is. */
	for (size_t i = 0; i < LENGTH(lengths); i++) {
		clear(state);
		memcpy(put_text(put_header(16, 2), "go1.21.0"), lengths[i], sizeof(lengths[i]));
		assert_int_equal(find(), 0);
		assert_string_equal(image.version, "go1.21.0");
		assert_string_equal(image.godebug, "");
	}
}

static void pointers_to_nowhere_are_none(void **state)
{
	static const char version[] = "go1.16";
	const uint64_t text[] = {(uintptr_t)version, UINT64_MAX};
	const uint64_t nowhere[] = {0, UINT64_MAX - 3, 1ull << 63, (uintptr_t)&text[0]};

	(void)state;
	put_header(32, 0);
	for (size_t i = 0; i < LENGTH(nowhere); i++) {
		memcpy(area + 32 + 16, &nowhere[i], sizeof(nowhere[i]));
		assert_int_equal(find(), -ENOENT);
	}
}

static void what_is_cut_off_is_none(void **state)
{
	(void)state;
	assert_int_equal(mprotect(area + AREA - PAGE, PAGE, PROT_NONE), 0);
	put_header(AREA - PAGE - 32, 2);
	assert_int_equal(find(), -ENOENT);
	put_header(AREA - PAGE - 32, 0);
	assert_int_equal(find(), -ENOENT);
	*put_header(AREA - PAGE - 48, 2) = 16; /* bytes of a version, of which 15 are there */
	memset(area + AREA - PAGE - 15, 'v', 15);
	assert_int_equal(find(), -ENOENT);
	area[AREA - PAGE - 16] = 15;
	assert_int_equal(find(), 0);
	assert_string_equal(image.version, "vvvvvvvvvvvvvvv");
}

static void false_ones_and_holes_are_passed(void **state)
{
	(void)state;
	for (size_t at = 0; at < 15 * 32; at += 32)
		put_header(at, 2);
	put(0x9000, "go1.24", "");
	assert_int_equal(mprotect(area + 0x8000, PAGE, PROT_NONE), 0);
	assert_int_equal(mprotect(area + 0x3000, 2 * PAGE, PROT_NONE), 0);
	assert_int_equal(find(), 0);
	assert_string_equal(image.version, "go1.24");
	/* A page full of them is not worth more looks. */
	for (size_t at = 0; at < 0x3000; at += 16)
		put_header(at, 2);
	assert_int_equal(find(), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(version_and_settings_are_read, clear),
		cmocka_unit_test_setup(module_info_may_be_missing, clear),
		cmocka_unit_test_setup(settings_behind_much_else_are_read, clear),
		cmocka_unit_test_setup(pointers_of_older_versions_are_followed, clear),
		cmocka_unit_test_setup(long_values_are_cut, clear),
		cmocka_unit_test_setup(other_memory_has_none, clear),
		cmocka_unit_test_setup(other_machines_are_none, clear),
		cmocka_unit_test_setup(absurd_lengths_are_none, clear),
		cmocka_unit_test_setup(pointers_to_nowhere_are_none, clear),
		cmocka_unit_test_setup(what_is_cut_off_is_none, clear),
		cmocka_unit_test_setup(false_ones_and_holes_are_passed, clear),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
