// SPDX-License-Identifier: GPL-2.0-only
/* Tests of index.c: who is where, also among many and of those that are there twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "go/index.h"
#include "go/snapshot.h"

#define MANY 100000

static void an_empty_index_finds_nothing(void **state)
{
	struct go_index index = {0};

	(void)state;
	assert_int_equal(go_index_find(&index, 0), GO_NONE);
	assert_int_equal(go_index_finish(&index), 0);
	assert_int_equal(go_index_find(&index, 0), GO_NONE);
	go_index_free(&index);
}

static void each_of_many_has_its_number(void **state)
{
	/* Neighbours, and one on a page each. */
	static const uint64_t distance[] = {8, 384, 4096, 1ULL << 35};

	(void)state;
	for (size_t d = 0; d < sizeof(distance) / sizeof(distance[0]); d++) {
		struct go_index index = {0};

		for (uint64_t i = 0; i < MANY; i++)
			assert_int_equal(go_index_add(&index, i * distance[d]), 0);
		assert_int_equal(go_index_finish(&index), 0);
		for (uint64_t i = 0; i < MANY; i++)
			assert_int_equal(go_index_find(&index, i * distance[d]), i);
		assert_int_equal(go_index_find(&index, MANY * distance[d]), GO_NONE);
		assert_int_equal(go_index_find(&index, 1), GO_NONE);
		go_index_free(&index);
	}
}

static void of_two_that_are_one_the_last_is_found(void **state)
{
	static const uint64_t address[] = {64, 128, 64, 64, 128};
	struct go_index index = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(address) / sizeof(address[0]); i++)
		assert_int_equal(go_index_add(&index, address[i]), 0);
	assert_int_equal(go_index_finish(&index), 0);
	assert_int_equal(go_index_find(&index, 64), 3);
	assert_int_equal(go_index_find(&index, 128), 4);
	go_index_free(&index);
	assert_int_equal(go_index_find(&index, 64), GO_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_index_finds_nothing),
		cmocka_unit_test(each_of_many_has_its_number),
		cmocka_unit_test(of_two_that_are_one_the_last_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
