// SPDX-License-Identifier: GPL-2.0-only
/* The API behind a timer, by callback and system call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "model/timer_api.h"

static void expect_api(enum dwell_timer_kind kind, int syscall, const char *callback,
		       const char *want)
{
	const struct dwell_timer_key key = {.kind = kind, .syscall = syscall};
	char api[TIMER_API_LEN];

	assert_ptr_equal(timer_api(api, &key, callback), api);
	assert_string_equal(api, want);
}

static void sleeps_go_by_the_system_call(void **state)
{
	(void)state;
	expect_api(DWELL_TIMER_SLEEP, SYS_clock_nanosleep, "hrtimer_wakeup", "clock_nanosleep");
	expect_api(DWELL_TIMER_SLEEP, SYS_futex, "hrtimer_wakeup", "futex");
	expect_api(DWELL_TIMER_SLEEP, SYS_io_uring_enter, "io_cqring_timer_wakeup",
		   "io_uring_enter");
	/* Whatever the callback is called, or not at all. */
	expect_api(DWELL_TIMER_SLEEP, SYS_ppoll, NULL, "ppoll");
	expect_api(DWELL_TIMER_SLEEP, DWELL_NO_SYSCALL, "hrtimer_wakeup", "kthread");
	expect_api(DWELL_TIMER_SLEEP, 4095, NULL, "syscall 4095");
	/* Another table of numbers: 162 is nanosleep there, and here another call. */
	expect_api(DWELL_TIMER_SLEEP, 162 | DWELL_COMPAT_SYSCALL, "hrtimer_wakeup",
		   "compat syscall 162");
}

static void others_go_by_the_callback(void **state)
{
	(void)state;
	expect_api(DWELL_TIMER_USER, SYS_timerfd_settime, "timerfd_tmrproc", "timerfd");
	expect_api(DWELL_TIMER_USER, SYS_timer_settime, "posix_timer_fn", "posix_timer");
	expect_api(DWELL_TIMER_USER, SYS_setitimer, "it_real_fn", "setitimer");
	expect_api(DWELL_TIMER_USER, DWELL_NO_SYSCALL, "it_real_fn", "setitimer");
	expect_api(DWELL_TIMER_USER, SYS_io_uring_enter, "io_timeout_fn", "io_uring_timeout");
#ifdef SYS_alarm
	expect_api(DWELL_TIMER_USER, SYS_alarm, "it_real_fn", "alarm");
#endif
	expect_api(DWELL_TIMER_KERNEL, DWELL_NO_SYSCALL, "tick_nohz_handler", "tick");
	expect_api(DWELL_TIMER_KERNEL, DWELL_NO_SYSCALL, "sched_cfs_period_timer", "cfs_bandwidth");
	expect_api(DWELL_TIMER_WHEEL, DWELL_NO_SYSCALL, "process_timeout", "schedule_timeout");
	expect_api(DWELL_TIMER_WHEEL, DWELL_NO_SYSCALL, "rcu_any_of_them", "rcu");
	expect_api(DWELL_TIMER_KERNEL, DWELL_NO_SYSCALL, "something_new", "kernel");
	expect_api(DWELL_TIMER_KERNEL, DWELL_NO_SYSCALL, NULL, "kernel");
	/* Only a whole name counts. */
	expect_api(DWELL_TIMER_KERNEL, DWELL_NO_SYSCALL, "hrtick_clear", "kernel");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sleeps_go_by_the_system_call),
		cmocka_unit_test(others_go_by_the_callback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
