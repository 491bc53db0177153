/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of syscalls.c: names of system calls by number. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <cmocka.h>

#include "model/syscalls.h"

static void calls_have_their_names(void **state)
{
	(void)state;
	assert_string_equal(syscall_name(SYS_read), "read");
	assert_string_equal(syscall_name(SYS_futex), "futex");
	assert_string_equal(syscall_name(SYS_clock_nanosleep), "clock_nanosleep");
	assert_string_equal(syscall_name(SYS_epoll_pwait), "epoll_pwait");
	assert_string_equal(syscall_name(SYS_fsync), "fsync");
}

static void other_numbers_have_none(void **state)
{
	(void)state;
	assert_null(syscall_name(-1));
	assert_null(syscall_name(100000));
	assert_null(syscall_name(INT_MAX));
	assert_null(syscall_name(INT_MIN));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_have_their_names),
		cmocka_unit_test(other_numbers_have_none),
	};

	return cmocka_run_group_tests_name("syscalls", tests, NULL, NULL);
}
