// SPDX-License-Identifier: GPL-2.0-only
/* Tests of module.c: the module of a made-up program, whole and damaged in many ways. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "go/module.h"
#include "harness/unit/go_program.h"

#define WORDS GO_PROGRAM_MODULE_WORDS
#define FUNCTIONS 300

static struct go_memory *memory;
static struct go_program program;

static int set_up(void **state)
{
	(void)state;
	return go_memory_open((uint32_t)getpid(), &memory);
}

static int tear_down(void **state)
{
	(void)state;
	go_memory_close(memory);
	return 0;
}

static void begin(int version)
{
	go_program_begin(&program, version, version % 2 ? 4 : 1);
	go_program_file(&program, "/src/main.go");
	for (int i = 0; i < FUNCTIONS; i++)
		go_program_function(&program,
				    &(struct go_program_function){.size = 64, .tree = UINT32_MAX});
	go_program_inlined(&program, 0, 0, 0);
	go_program_end(&program);
}

static int find(struct go_module *module)
{
	return go_module_find(memory, &program.image, module);
}

static void assert_found(void)
{
	struct go_module module;

	assert_int_equal(find(&module), 0);
	assert_memory_equal(&module, &program.module, sizeof(module));
}

/* ---- what is found --------------------------------------------------------------- */

static void modules_of_all_versions_are_found(void **state)
{
	(void)state;
	for (int version = 18; version <= 27; version++) {
		begin(version);
		assert_found();
		go_program_free(&program);
	}
}

/* Moves the module to @offset of the data. */
static void move(size_t offset)
{
	uint64_t words[WORDS];

	memcpy(words, go_program_words(&program), sizeof(words));
	memset(go_program_words(&program), 0, sizeof(words));
	memcpy(program.data + offset, words, sizeof(words));
	program.module.address = (uintptr_t)program.data + offset;
}

static void a_module_is_found_wherever_it_is(void **state)
{
	(void)state;
	begin(24);
	for (size_t offset = (256 << 10) - sizeof(uint64_t[WORDS]) - 8;
	     offset <= (256 << 10) + 2 * sizeof(uint64_t[WORDS]); offset += 8) {
		move(offset);
		assert_found();
		go_program_free(&program);
		begin(24);
	}
	move(GO_PROGRAM_DATA - sizeof(uint64_t[WORDS]));
	assert_found();
	go_program_free(&program);
}

static void a_module_is_found_behind_holes(void **state)
{
	(void)state;
	begin(27);
	move(0x81000);
	assert_int_equal(mprotect(program.data + 0x80000, 4096, PROT_NONE), 0);
	assert_int_equal(mprotect(program.data + 0x10000, 4096, PROT_NONE), 0);
	assert_int_equal(mprotect(program.data + 0x40000, 0x2000, PROT_NONE), 0);
	assert_found();
	go_program_free(&program);
}

static void a_module_that_is_read_only_is_found(void **state)
{
	(void)state;
	begin(26);
	for (size_t i = 0; i < program.image.mappings; i++)
		program.image.mapping[i].writable = false;
	assert_found();
	go_program_free(&program);
}

/* ---- what is none ---------------------------------------------------------------- */

/* Whether a word of the module may have any value, since nobody reads it. */
static bool is_free(int version, size_t word)
{
	size_t last = version < 20 ? 41 : version < 26 ? 43 : version < 27 ? 44 : 47;

	/* From covctrs, which 1.20 brought, to gcbss. */
	if (word > last || (word >= 32 && word < (version < 20 ? 35 : 37)))
		return true;
	if (version == 26)
		return word == 41; /* epclntab */
	/* typedesclen, itaboffset, itabsize, epclntab */
	return version == 27 && (word == 38 || word == 40 || word == 41 || word == 44);
}

static void no_word_may_be_wrong(void **state)
{
	static const uint64_t wrong[] = {0x10, UINT64_MAX, UINT64_MAX / 2, 1ull << 47};
	static const int versions[] = {19, 22, 26, 27};
	struct go_module module;
	uint64_t *word, right;
	int err;

	(void)state;
	for (size_t v = 0; v < sizeof(versions) / sizeof(versions[0]); v++) {
		begin(versions[v]);
		for (size_t i = 0; i < WORDS; i++) {
			word = go_program_words(&program) + i;
			right = *word;
			for (size_t j = 0; j < sizeof(wrong) / sizeof(wrong[0]); j++) {
				*word = wrong[j];
				err = find(&module);
				if (is_free(versions[v], i))
					assert_int_equal(err, 0);
				else if (err != -ENOENT)
					fail_msg("Go 1.%d, word %zu as %#lx: %d", versions[v], i,
						 (unsigned long)wrong[j], err);
			}
			*word = right;
		}
		assert_found();
		go_program_free(&program);
	}
}

static void no_byte_of_the_header_may_be_wrong(void **state)
{
	static const int versions[] = {18, 25, 27};
	struct go_module module;
	uint8_t *byte;

	(void)state;
	for (size_t v = 0; v < sizeof(versions) / sizeof(versions[0]); v++) {
		begin(versions[v]);
		for (size_t i = 0; i < 72; i++) {
			if (i >= 16 && i < 24)
				continue; /* the number of files is of no use */
			byte = (uint8_t *)(uintptr_t)program.module.pclntab + i;
			*byte ^= 0x41;
			assert_int_equal(find(&module), -ENOENT);
			*byte ^= 0x41;
		}
		assert_found();
		go_program_free(&program);
	}
}

static void functions_have_to_be_sorted(void **state)
{
	struct go_module module;
	uint32_t *ftab;

	(void)state;
	begin(23);
	ftab = (uint32_t *)(uintptr_t)program.module.ftab.start;
	for (size_t i = 0; i < FUNCTIONS; i++)
		ftab[2 * i] += 4; /* all but the end */
	assert_int_equal(find(&module), -ENOENT);
	for (size_t i = 1; i < FUNCTIONS; i++)
		ftab[2 * i] = (uint32_t)((FUNCTIONS - i) * 64);
	ftab[0] = 0;
	assert_int_equal(find(&module), -ENOENT);
	for (size_t i = 0; i < FUNCTIONS; i++)
		ftab[2 * i] = (uint32_t)i * 64;
	assert_found();
	ftab[1] = UINT32_MAX;
	assert_int_equal(find(&module), -ENOENT);
	go_program_free(&program);
}

static void tables_that_cannot_be_read_are_none(void **state)
{
	struct go_module module;

	(void)state;
	begin(23);
	assert_int_equal(mprotect(program.tables, GO_PROGRAM_TABLES, PROT_NONE), 0);
	assert_int_equal(find(&module), -ENOENT);
	go_program_free(&program);
}

static void what_only_looks_like_a_module_ends_the_search(void **state)
{
	uint64_t words[WORDS];
	struct go_module module;

	(void)state;
	begin(24);
	memcpy(words, go_program_words(&program), sizeof(words));
	move(GO_PROGRAM_DATA - 4096);
	words[2] = words[3] = UINT32_MAX; /* too long a table of names */
	for (size_t at = 0; at < 255 * sizeof(words); at += sizeof(words))
		memcpy(program.data + at, words, sizeof(words));
	assert_found();
	for (size_t at = 0; at < 700 * sizeof(words); at += sizeof(words))
		memcpy(program.data + at, words, sizeof(words));
	assert_int_equal(find(&module), -ENOENT);
	go_program_free(&program);
}

static void a_program_without_mappings_has_none(void **state)
{
	static const struct go_image image;
	struct go_module module;

	(void)state;
	assert_int_equal(go_module_find(memory, &image, &module), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modules_of_all_versions_are_found),
		cmocka_unit_test(a_module_is_found_wherever_it_is),
		cmocka_unit_test(a_module_is_found_behind_holes),
		cmocka_unit_test(a_module_that_is_read_only_is_found),
		cmocka_unit_test(no_word_may_be_wrong),
		cmocka_unit_test(no_byte_of_the_header_may_be_wrong),
		cmocka_unit_test(functions_have_to_be_sorted),
		cmocka_unit_test(tables_that_cannot_be_read_are_none),
		cmocka_unit_test(what_only_looks_like_a_module_ends_the_search),
		cmocka_unit_test(a_program_without_mappings_has_none),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
