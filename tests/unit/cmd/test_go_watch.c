// SPDX-License-Identifier: GPL-2.0-only
/* Tests of the watch over calls that do not end, with made-up calls. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "cmd/go_watch.h"
#include "go/memory.h"

#define MS 1000000ULL
#define SECOND (1000 * MS)
#define GIVEN_UP 7

static volatile uint64_t call;

uint64_t go_memory_call(uint32_t *pid)
{
	*pid = 4711;
	return call;
}

/* Says by its status whether it was told what it should be. */
static void give_up(void *context, uint32_t pid)
{
	_exit(*(int *)context == 42 && pid == 4711 ? GIVEN_UP : 1);
}

/* Runs @body in a process that is watched, and returns how that ended. */
static int watched(uint64_t limit_ns, void (*body)(void))
{
	static int context = 42;
	int status;
	const pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		if (go_watch_start(limit_ns, give_up, &context))
			_exit(2);
		body();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void wait_for(uint64_t ns)
{
	const uint64_t until = clock_mono() + ns;

	while (clock_mono() < until)
		usleep(10000);
}

static void read_for_ever(void)
{
	call = 1;
	wait_for(60 * SECOND);
}

static void read_again_and_again(void)
{
	for (call = 1; call < 15; call++)
		wait_for(100 * MS);
}

static void read_and_rest(void)
{
	call = 1;
	wait_for(100 * MS);
	call = 0;
	wait_for(1500 * MS);
}

/* A thread that blocks a signal takes it as little as one that waits for a page. */
static void read_without_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	kill(getpid(), SIGTERM);
	call = 1;
	wait_for(60 * SECOND);
}

static volatile sig_atomic_t taken;

static void take(int signal)
{
	(void)signal;
	taken++;
}

static void read_and_take_signals(void)
{
	signal(SIGINT, take);
	call = 1;
	for (int i = 0; i < 20; i++) {
		wait_for(100 * MS);
		kill(getpid(), SIGINT);
	}
	if (!taken)
		_exit(3);
}

static void what_ends_is_left_alone(void **state)
{
	(void)state;
	assert_int_equal(watched(SECOND, read_again_and_again), 0);
	assert_int_equal(watched(SECOND, read_and_rest), 0);
}

static void what_does_not_end_is_given_up(void **state)
{
	const uint64_t began = clock_mono();

	(void)state;
	assert_int_equal(watched(300 * MS, read_for_ever), GIVEN_UP);
	assert_true(clock_mono() - began < 30 * SECOND);
}

static void a_signal_that_waits_ends_it(void **state)
{
	(void)state;
	assert_int_equal(watched(60 * SECOND, read_without_signals), GIVEN_UP);
}

static void a_signal_that_is_taken_does_not(void **state)
{
	(void)state;
	assert_int_equal(watched(60 * SECOND, read_and_take_signals), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_ends_is_left_alone),
		cmocka_unit_test(what_does_not_end_is_given_up),
		cmocka_unit_test(a_signal_that_waits_ends_it),
		cmocka_unit_test(a_signal_that_is_taken_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
