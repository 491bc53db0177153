/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of explain(): what is known of each kind, names that are copies, and what is left empty. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "findings/explain.h"
#include "harness/unit/brief_names.h"
#include "harness/unit/runs.h"

static const struct naming no_names = {0};

/* ---- kinds ------------------------------------------------------------------- */

/* Of @measure, with whatever any kind may have. */
static struct dwell_outlier outlier_with_all(enum dwell_measure measure)
{
	struct dwell_outlier outlier = ticker_outlier(measure);

	outlier.cgroup = 7;
	outlier.syscall = 74;
	outlier.owner = HOG2;
	outlier.function = TIMERFD;
	outlier.lateness = outlier.runqueue = 12 * MS;
	outlier.expires = BEGIN;
	outlier.callbacks[0] = (struct dwell_callback){HRTIMER_WAKEUP, BEGIN + MS};
	outlier.depth = outlier.user_depth = 1;
	outlier.stack[0] = VFS_WRITE;
	outlier.user_stack[0] = 1;
	outlier.waker = (struct dwell_waker){
		.pid = HOG, .tid = HOG, .comm = "hog", .depth = 1, .stack = {VFS_WRITE}};
	ticker_add_run(&outlier, 0, 0);
	ticker_add_run(&outlier, HOG2, 14 * MS);
	ticker_add_run(&outlier, HOG, 24 * MS);
	return outlier;
}

static struct explanation explained(const struct dwell_outlier *outlier)
{
	struct explanation explanation;

	memset(&explanation, 0xa5, sizeof(explanation));
	explain(&explanation, outlier, &brief_names);
	brief_names_end();
	assert_ptr_equal(explanation.outlier, outlier);
	assert_string_equal(explanation.what, outlier_what(outlier));
	assert_string_equal(explanation.cgroup, "/work");
	return explanation;
}

static void has_no_wait(const struct explanation *explanation)
{
	assert_int_equal(explanation->wait.ns, 0);
	assert_int_equal(explanation->wait.count, 0);
	assert_false(explanation->wait.moved);
}

static void has_no_timer(const struct explanation *explanation)
{
	assert_int_equal(explanation->callback.address, 0);
	assert_string_equal(explanation->callback.name, "");
	assert_string_equal(explanation->api, "");
	assert_int_equal(explanation->ahead.depth, 0);
}

static void has_no_block(const struct explanation *explanation)
{
	assert_string_equal(explanation->syscall, "");
	assert_string_equal(explanation->owner, "");
	assert_int_equal(explanation->waker, WAKER_UNKNOWN);
	assert_int_equal(explanation->waker_function.address, 0);
	assert_int_equal(explanation->blocked_at.depth + explanation->called_from.depth +
				 explanation->woken_from.depth,
			 0);
}

static void waits_have_a_cause_and_culprits(void **state)
{
	static const struct {
		enum dwell_measure measure;
		const char *cause;
	} kinds[] = {{DWELL_WOKEN, "woken"}, {DWELL_PREEMPTED, "preempted"}, {DWELL_DWELL, NULL}};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct dwell_outlier outlier = outlier_with_all(kinds[i].measure);
		struct explanation explanation = explained(&outlier);

		if (kinds[i].cause)
			assert_string_equal(explanation.cause, kinds[i].cause);
		else
			assert_null(explanation.cause);
		assert_int_equal(explanation.wait.count, 2);
		assert_string_equal(explanation.wait.culprit[0].comm, "hog2");
		assert_string_equal(explanation.wait.culprit[1].comm, "hog");
		assert_true(explanation.quota == 0);
		has_no_timer(&explanation);
		has_no_block(&explanation);
	}
}

static void throttling_has_a_quota(void **state)
{
	struct dwell_outlier outlier = outlier_with_all(DWELL_THROTTLED);
	struct explanation explanation = explained(&outlier);

	(void)state;
	assert_string_equal(explanation.cause, "throttled");
	assert_true(explanation.quota == 0.5);
	has_no_wait(&explanation);
	has_no_timer(&explanation);
	has_no_block(&explanation);
}

static void blocks_have_a_waker_and_stacks(void **state)
{
	struct dwell_outlier outlier = outlier_with_all(DWELL_BLOCKED);
	struct explanation explanation = explained(&outlier);

	(void)state;
	assert_null(explanation.cause);
	assert_string_equal(explanation.syscall, "fsync");
	assert_string_equal(explanation.owner, "hog2");
	assert_int_equal(explanation.waker, WAKER_TASK);
	assert_int_equal(explanation.waker_function.address, 0);
	assert_int_equal(explanation.blocked_at.depth, 1);
	assert_int_equal(explanation.called_from.depth, 1);
	assert_true(explanation.called_from.user);
	assert_int_equal(explanation.woken_from.depth, 1);
	has_no_wait(&explanation);
	has_no_timer(&explanation);

	outlier.waker = (struct dwell_waker){.timer = 1, .function = HRTIMER_WAKEUP};
	explanation = explained(&outlier);
	assert_int_equal(explanation.waker, WAKER_TIMER);
	assert_int_equal(explanation.waker_function.address, HRTIMER_WAKEUP);
	assert_string_equal(explanation.waker_function.name, "hrtimer_wakeup");

	/* Nobody ended it yet, whatever the record says. */
	outlier.open = 1;
	explanation = explained(&outlier);
	assert_int_equal(explanation.waker, WAKER_UNKNOWN);
	assert_int_equal(explanation.waker_function.address, 0);
	assert_int_equal(explanation.woken_from.depth, 0);
	assert_int_equal(explanation.blocked_at.depth, 1);
}

static void timers_have_a_callback_and_an_api(void **state)
{
	struct dwell_outlier outlier = outlier_with_all(DWELL_LATENESS);
	struct explanation explanation = explained(&outlier);

	(void)state;
	assert_string_equal(explanation.callback.name, "timerfd_tmrproc");
	assert_string_equal(explanation.api, "timerfd");
	assert_int_equal(explanation.lateness.interrupt_ns, MS);
	assert_int_equal(explanation.lateness.callbacks_ns, 11 * MS);
	assert_int_equal(explanation.ahead.depth, 1);
	assert_int_equal(explanation.ahead.address[0], HRTIMER_WAKEUP);
	has_no_wait(&explanation);
	has_no_block(&explanation);

	outlier = outlier_with_all(DWELL_TIMER_LATENCY);
	outlier.function = HRTIMER_WAKEUP;
	outlier.syscall = SYS_clock_nanosleep;
	explanation = explained(&outlier);
	assert_string_equal(explanation.callback.name, "hrtimer_wakeup");
	assert_string_equal(explanation.api, "clock_nanosleep");
	assert_int_equal(explanation.wait.ns, 12 * MS);
	assert_string_equal(explanation.wait.culprit[0].comm, "hog");
	assert_int_equal(explanation.ahead.depth, 0);
	has_no_block(&explanation);

	/* What has no name tells of no API. */
	outlier.function = 0x9000;
	explanation = explained(&outlier);
	assert_int_equal(explanation.callback.address, 0x9000);
	assert_string_equal(explanation.callback.name, "");
	assert_string_equal(explanation.api, "");
}

/* ---- bounds ------------------------------------------------------------------ */

static void a_name_that_is_too_long_is_cut(void **state)
{
	struct dwell_outlier outlier = outlier_with_all(DWELL_THROTTLED);
	struct explanation explanation;

	(void)state;
	outlier.cgroup = 9;
	explain(&explanation, &outlier, &brief_names);
	assert_int_equal(strlen(explanation.cgroup), EXPLAINED_CGROUP_LEN - 1);
}

/* Without anybody to ask; and a dwell that was no wait at all. */
static void what_is_not_known_stays_empty(void **state)
{
	struct dwell_outlier outlier = outlier_with_all(DWELL_WOKEN);
	struct explanation explanation;

	(void)state;
	for (uint32_t measure = 0; measure <= DWELL_MEASURES; measure++) {
		outlier.measure = measure;
		explain(&explanation, &outlier, &no_names);
		assert_string_equal(explanation.cgroup, "");
		assert_string_equal(explanation.callback.name, "");
		assert_string_equal(explanation.wait.culprit[0].comm, "");
		assert_true(explanation.quota == 0);
	}
	has_no_block(&explanation);
	outlier = outlier_with_all(DWELL_DWELL);
	outlier.oncpu = 24 * MS;
	explanation = explained(&outlier);
	has_no_wait(&explanation);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_have_a_cause_and_culprits),
		cmocka_unit_test(throttling_has_a_quota),
		cmocka_unit_test(blocks_have_a_waker_and_stacks),
		cmocka_unit_test(timers_have_a_callback_and_an_api),
		cmocka_unit_test(a_name_that_is_too_long_is_cut),
		cmocka_unit_test(what_is_not_known_stays_empty),
	};

	return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
