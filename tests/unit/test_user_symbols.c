/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of user_symbols.c: functions of this very program, and of none. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "../../user/user_symbols.h"

static int set_up(void **state)
{
	*state = user_symbols_new();
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	user_symbols_free(*state);
	return 0;
}

static void own_functions_have_names(void **state)
{
	uint64_t address = (uintptr_t)own_functions_have_names;
	char name[128];

	for (int offset = 0; offset < 8; offset++) {
		assert_int_equal(user_symbols_name(*state, (uint32_t)getpid(),
						   address + (uint64_t)offset, name, sizeof(name)),
				 0);
		assert_string_equal(name, "own_functions_have_names [test_user_symbols]");
	}
	assert_int_equal(user_symbols_name(*state, (uint32_t)getpid(), address, name, 4), 0);
	assert_string_equal(name, "own");
}

static void nothing_is_mapped_at_zero(void **state)
{
	char name[128] = "untouched";

	assert_int_equal(user_symbols_name(*state, (uint32_t)getpid(), 0, name, sizeof(name)),
			 -ENOENT);
	assert_string_equal(name, "");
	assert_int_equal(user_symbols_name(*state, 0, 1, name, sizeof(name)), -ESRCH);
}

/* Memory without a file has no functions; it is no reason to fail. */
static void memory_has_no_names(void **state)
{
	void *memory = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char name[128];
	int err;

	assert_true(memory != MAP_FAILED);
	err = user_symbols_name(*state, (uint32_t)getpid(), (uintptr_t)memory, name, sizeof(name));
	assert_true(err == 0 || err == -ENOENT);
	assert_null(strstr(name, "own_functions"));
	munmap(memory, 4096);
}

static void a_process_may_be_gone(void **state)
{
	const pid_t child = fork();
	char name[128];

	if (!child)
		_exit(0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(user_symbols_name(*state, (uint32_t)child,
					   (uintptr_t)own_functions_have_names, name, sizeof(name)),
			 -ESRCH);
	assert_string_equal(name, "");
}

/* More processes than are kept: each is found all the same, and none is mistaken for another. */
static void many_processes_are_forgotten_and_found(void **state)
{
	pid_t child[USER_SYMBOLS_PROCESSES + 4];
	const size_t count = sizeof(child) / sizeof(child[0]);
	int hold[2];
	char name[128], byte;

	assert_int_equal(pipe(hold), 0);
	for (size_t i = 0; i < count; i++) {
		child[i] = fork();
		if (child[i])
			continue;
		close(hold[1]);
		_exit(read(hold[0], &byte, 1) != 0);
	}
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < count; i++) {
			assert_int_equal(user_symbols_name(*state, (uint32_t)child[i],
							   (uintptr_t)tear_down, name,
							   sizeof(name)),
					 0);
			assert_string_equal(name, "tear_down [test_user_symbols]");
		}
	close(hold[1]);
	close(hold[0]);
	for (size_t i = 0; i < count; i++)
		waitpid(child[i], NULL, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(own_functions_have_names),
		TEST(nothing_is_mapped_at_zero),
		TEST(memory_has_no_names),
		TEST(a_process_may_be_gone),
		TEST(many_processes_are_forgotten_and_found),
	};

	user_symbols_free(NULL);
	return cmocka_run_group_tests_name("user_symbols", tests, NULL, NULL);
}
