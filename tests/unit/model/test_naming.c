/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of naming: whoever knows is asked, and nobody for what has no name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>
#include <cmocka.h>

#include "model/naming.h"

static char asker; /* the context */
static unsigned int asked;

static const char *comm_of(void *context, uint32_t pid, uint32_t tid)
{
	assert_ptr_equal(context, &asker);
	asked++;
	return pid == 1 && tid == 2 ? "comm" : NULL;
}

static const char *cgroup_of(void *context, uint64_t id)
{
	assert_ptr_equal(context, &asker);
	asked++;
	return id == 3 ? "/cgroup" : NULL;
}

static double quota_of(void *context, uint64_t id, size_t *owner)
{
	*owner = strlen("/cgroup");
	assert_ptr_equal(context, &asker);
	asked++;
	return id == 3 ? 0.5 : 0;
}

static const char *function_of(void *context, uint64_t address)
{
	assert_ptr_equal(context, &asker);
	asked++;
	return address == 4 ? "function" : NULL;
}

static const char *callback_of(void *context, uint64_t address)
{
	assert_ptr_equal(context, &asker);
	asked++;
	return address == 4 ? "callback" : NULL;
}

static const char *user_function_of(void *context, uint32_t pid, uint64_t address)
{
	assert_ptr_equal(context, &asker);
	asked++;
	return pid == 1 && address == 4 ? "user_function" : NULL;
}

static const char *syscall_of(void *context, int number)
{
	assert_ptr_equal(context, &asker);
	asked++;
	return number == 0 ? "read" : NULL;
}

static const struct naming all = {comm_of,     cgroup_of,	 quota_of,   function_of,
				  callback_of, user_function_of, syscall_of, &asker};

static void each_is_asked_for_its_own(void **state)
{
	size_t owner;

	(void)state;
	assert_string_equal(naming_comm(&all, 1, 2), "comm");
	assert_string_equal(naming_cgroup(&all, 3), "/cgroup");
	assert_true(naming_quota(&all, 3, &owner) == 0.5);
	assert_int_equal(owner, strlen("/cgroup"));
	assert_string_equal(naming_function(&all, 4), "function");
	assert_string_equal(naming_callback(&all, 4), "callback");
	assert_string_equal(naming_user_function(&all, 1, 4), "user_function");
	assert_string_equal(naming_syscall(&all, 0), "read");
	assert_null(naming_comm(&all, 2, 1));
	assert_null(naming_cgroup(&all, 4));
	assert_true(naming_quota(&all, 4, &owner) == 0);
	assert_null(naming_user_function(&all, 4, 1));
}

static void nobody_is_asked_for_what_has_no_name(void **state)
{
	size_t owner;

	(void)state;
	asked = 0;
	assert_null(naming_cgroup(&all, 0));
	assert_true(naming_quota(&all, 0, &owner) == 0);
	assert_null(naming_function(&all, 0));
	assert_null(naming_callback(&all, 0));
	assert_null(naming_user_function(&all, 1, 0));
	assert_null(naming_syscall(&all, -1));
	assert_int_equal(asked, 0);
}

static void without_anybody_to_ask_nothing_has_a_name(void **state)
{
	const struct naming none = {0};
	size_t owner;

	(void)state;
	assert_null(naming_comm(&none, 1, 2));
	assert_null(naming_cgroup(&none, 3));
	assert_true(naming_quota(&none, 3, &owner) == 0);
	assert_null(naming_function(&none, 4));
	assert_null(naming_callback(&none, 4));
	assert_null(naming_user_function(&none, 1, 4));
	assert_null(naming_syscall(&none, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_asked_for_its_own),
		cmocka_unit_test(nobody_is_asked_for_what_has_no_name),
		cmocka_unit_test(without_anybody_to_ask_nothing_has_a_name),
	};

	return cmocka_run_group_tests_name("naming", tests, NULL, NULL);
}
