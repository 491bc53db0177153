// SPDX-License-Identifier: GPL-2.0-only
/* Views of the timer ledger, made from ledgers written by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "model/timer_view.h"
#include "harness/unit/records.h"

#define S 1000000000ULL
#define START (100 * S)

#define WAKEUP 0xffffffff81000100
#define TIMERFD 0xffffffff81000200
#define TICK 0xffffffff81000300

static const char *name_of(void *context, uint64_t address)
{
	(void)context;
	return address == WAKEUP  ? "hrtimer_wakeup" :
	       address == TIMERFD ? "timerfd_tmrproc" :
	       address == TICK	  ? "tick_nohz_handler" :
				    NULL;
}

static const struct naming names = {.callback = name_of};
static const struct unmeasured all_measured;

static struct model *ledger_model(void)
{
	struct model *model = model_new(10);

	assert_non_null(model);
	model_keep_ledger(model, 10000);
	model_set_window(model, START, START + 10 * S);
	return model;
}

static void add_task(struct model *model, uint32_t pid, uint32_t tid, const char *comm,
		     enum dwell_kind kind)
{
	struct dwell_record record = record_of(pid, tid, tid, comm, 7);

	record.kind = kind;
	assert_int_equal(model_add_record(model, &record), 0);
}

static struct dwell_timer_key sleep_key(uint32_t pid, uint32_t tid, int syscall)
{
	return (struct dwell_timer_key){.pid = pid,
					.tid = tid,
					.start = tid,
					.function = WAKEUP,
					.syscall = syscall,
					.kind = DWELL_TIMER_SLEEP};
}

static struct dwell_timer_key timerfd_key(uint32_t pid, uint32_t tid)
{
	return (struct dwell_timer_key){.pid = pid,
					.tid = tid,
					.start = tid,
					.function = TIMERFD,
					.syscall = SYS_timerfd_settime,
					.kind = DWELL_TIMER_USER};
}

/* Each number another multiple of @times. Returns what the model does. */
static int add(struct model *model, struct dwell_timer_key key, uint64_t times)
{
	struct dwell_timer_counts counts = {
		.armed = 10 * times,
		.rearmed = 2 * times,
		.cancelled = 3 * times,
		.expired = 5 * times,
		.late_count = 5 * times,
		.late_sum = 5 * times * 4000,
		.late_max = 4000,
		.before = times,
		.woke = 4 * times,
		.callback_ns = 700 * times,
		.slack_granted = 5 * times * 50000,
		.slack_used = 5 * times * 20000,
		.timeout_sum = 10 * times * 1000000,
		.timeout_max = 1000000,
	};

	counts.late_buckets[dwell_bucket(4000)] = (uint32_t)(5 * times);
	counts.timeout_buckets[dwell_bucket(1000000)] = (uint32_t)(10 * times);
	return model_add_timers(model, &key, &counts);
}

static void add_armed(struct model *model, struct dwell_timer_key key, uint64_t at, int64_t due)
{
	const struct dwell_armed_timer timer = {.owner = key, .armed_at = at, .expires = due};

	assert_int_equal(model_add_armed(model, &timer), 0);
}

static struct timer_rows timer_rows_by(struct model *model, enum timer_by by, const char *word)
{
	const struct timer_view view = {.by = by, .sort = timer_sort_by(word)};
	struct timer_rows rows;

	assert_int_equal(model_timer_rows(model, &view, &names, &all_measured, &rows), 0);
	return rows;
}

static const struct timer_row *row_of(const struct timer_rows *rows, const char *comm,
				      const char *api)
{
	for (size_t i = 0; i < rows->count; i++)
		if (!strcmp(rows->row[i].comm, comm) && !strcmp(rows->row[i].api, api))
			return &rows->row[i];
	fail_msg("there is no row of %s with %s", comm, api);
	return NULL;
}

/* Two threads of one process, another of the same name, and the kernel. */
static struct model *some_timers(void)
{
	const struct dwell_timer_key tick = {.function = TICK, .syscall = DWELL_NO_SYSCALL};
	struct model *model = ledger_model();

	add_task(model, 1, 1, "app", DWELL_LIVE);
	add_task(model, 1, 2, "worker", DWELL_LIVE);
	add_task(model, 3, 3, "app", DWELL_LIVE);
	model_clear_armed(model);
	add_armed(model, timerfd_key(1, 2), START + 4 * S, START + 60 * S);
	add_armed(model, timerfd_key(1, 2), START + 2 * S, START + 90 * S);
	add_armed(model, timerfd_key(3, 3), START + 5 * S, START + 6 * S);
	assert_int_equal(add(model, sleep_key(1, 1, SYS_nanosleep), 1), 0);
	assert_int_equal(add(model, sleep_key(1, 2, SYS_nanosleep), 2), 0);
	assert_int_equal(add(model, sleep_key(1, 2, SYS_futex), 4), 0);
	assert_int_equal(add(model, timerfd_key(1, 2), 8), 0);
	assert_int_equal(add(model, timerfd_key(3, 3), 16), 0);
	assert_int_equal(add(model, tick, 32), 0);
	return model;
}

static void each_way_of_adding_up_has_all_of_it(void **state)
{
	static const size_t count[] = {
		[TIMER_BY_TASK] = 6,   [TIMER_BY_PROCESS] = 5,	[TIMER_BY_COMM] = 6,
		[TIMER_BY_CGROUP] = 4, [TIMER_BY_CALLBACK] = 4, [TIMER_BY_API] = 4,
	};
	struct model *model = some_timers();

	(void)state;
	for (int by = TIMER_BY_TASK; by <= TIMER_BY_API; by++) {
		struct timer_rows rows = timer_rows_by(model, by, "armed");
		uint64_t armed = 0, outstanding = 0, timeouts = 0, late = 0;

		assert_int_equal(rows.count, count[by]);
		for (size_t i = 0; i < rows.count; i++) {
			const struct timer_row *row = &rows.row[i];

			assert_int_equal(row->by, by);
			assert_true(!i || rows.row[i - 1].timers.armed >= row->timers.armed);
			assert_int_equal(row->function == 0, by == TIMER_BY_API);
			armed += row->timers.armed;
			outstanding += row->timers.outstanding;
			timeouts += dist_count(&row->timeout);
			late += dist_count(&row->lateness);
		}
		assert_int_equal(armed, 630);
		/* Three in the table, and a sleep of each of three threads. */
		assert_int_equal(outstanding, 6);
		assert_int_equal(timeouts, 630);
		assert_int_equal(late, 315);
		timer_rows_free(&rows);
	}
	model_free(model);
}

static void a_process_is_the_sum_of_its_threads(void **state)
{
	struct model *model = some_timers();
	struct timer_rows rows = timer_rows_by(model, TIMER_BY_PROCESS, "armed");
	const struct timer_row *row = row_of(&rows, "app", "nanosleep");

	(void)state;
	assert_int_equal(row->pid, 1);
	assert_int_equal(row->tid, 0);
	assert_int_equal(row->cgroup, 7);
	assert_int_equal(row->timers.armed, 30);
	assert_int_equal(row->timers.rearmed, 6);
	assert_int_equal(row->timers.cancelled, 9);
	assert_int_equal(row->timers.expired, 15);
	assert_int_equal(row->before, 3);
	assert_int_equal(row->woke, 12);
	assert_int_equal(row->callback_ns, 2100);
	assert_int_equal(row->slack_granted, 15 * 50000);
	assert_int_equal(row->slack_used, 15 * 20000);
	assert_int_equal(row->timeout.max, 1000000);
	assert_int_equal(row->lateness.sum, 15 * 4000);
	assert_int_equal(row->oldest_ns, 0);
	assert_false(row->exited || row->kernel || row->unowned || row->remainder);
	/* Named by its leader, though a thread of another name armed it. */
	for (size_t i = 0; i < rows.count; i++)
		if (rows.row[i].pid == 1)
			assert_string_equal(rows.row[i].comm, "app");
	timer_rows_free(&rows);
	model_free(model);
}

static void what_is_armed_has_an_age_and_is_due(void **state)
{
	struct model *model = some_timers();
	struct timer_rows rows = timer_rows_by(model, TIMER_BY_TASK, "oldest");

	(void)state;
	assert_int_equal(rows.row[0].tid, 2);
	assert_int_equal(rows.row[0].timers.outstanding, 2);
	assert_int_equal(rows.row[0].oldest_ns, 8 * S);
	assert_int_equal(rows.row[0].due_ns, 50 * S);
	/* Overdue: it is not known when. */
	assert_int_equal(rows.row[1].tid, 3);
	assert_int_equal(rows.row[1].oldest_ns, 5 * S);
	assert_int_equal(rows.row[1].due_ns, 0);
	timer_rows_free(&rows);
	model_clear_armed(model);
	rows = timer_rows_by(model, TIMER_BY_TASK, "oldest");
	assert_int_equal(rows.row[0].timers.outstanding, 0);
	assert_int_equal(rows.row[0].oldest_ns, 0);
	timer_rows_free(&rows);
	model_free(model);
}

static void the_kernels_and_nobodys_are_told_apart(void **state)
{
	const struct dwell_timer_key unowned = {
		.function = TIMERFD, .syscall = DWELL_NO_SYSCALL, .kind = DWELL_TIMER_USER};
	struct model *model = some_timers();
	struct timer_rows rows;

	(void)state;
	assert_int_equal(add(model, unowned, 1), 0);
	rows = timer_rows_by(model, TIMER_BY_PROCESS, "armed");
	assert_true(row_of(&rows, "", "tick")->kernel);
	assert_true(row_of(&rows, "", "timerfd")->unowned);
	timer_rows_free(&rows);
	/* By callback it does not matter whose they are. */
	rows = timer_rows_by(model, TIMER_BY_CALLBACK, "armed");
	assert_int_equal(row_of(&rows, "", "timerfd")->timers.armed, 250);
	timer_rows_free(&rows);
	model_free(model);
}

static void who_exits_is_remembered_and_may_be_forgotten(void **state)
{
	const struct dwell_timer_key key = sleep_key(5, 5, SYS_poll);
	struct dwell_timer_counts last = {.armed = 40, .expired = 40};
	struct model *model = some_timers();
	const struct timer_row *row;
	struct timer_rows rows;

	(void)state;
	assert_int_equal(add(model, key, 1), 0);
	add_task(model, 5, 5, "short", DWELL_EXIT);
	model_clear_armed(model);
	add_armed(model, timerfd_key(5, 5), START, START + 20 * S);
	assert_int_equal(add(model, key, 2), 1);
	/* Another process has it, armed yet. */
	assert_int_equal(add(model, timerfd_key(5, 5), 1), 0);
	assert_int_equal(model_forget_timers(model, &key, &last), 0);
	assert_int_equal(model_sample(model, START + S), 0);
	rows = timer_rows_by(model, TIMER_BY_PROCESS, "pid");
	row = row_of(&rows, "short", "poll");
	assert_true(row->exited);
	assert_int_equal(row->timers.armed, 40);
	timer_rows_free(&rows);
	model_clear_armed(model);
	assert_int_equal(add(model, timerfd_key(5, 5), 2), 1);
	/* What still comes under the key is added. */
	assert_int_equal(add(model, key, 1), 1);
	rows = timer_rows_by(model, TIMER_BY_COMM, "comm");
	assert_int_equal(row_of(&rows, "short", "poll")->timers.armed, 50);
	timer_rows_free(&rows);
	model_free(model);
}

/* The exited one has no task any more, and a later process has its pid. */
static void a_reused_pid_has_no_timers_of_the_former(void **state)
{
	const struct dwell_timer_key old = sleep_key(5, 5, SYS_poll);
	struct dwell_timer_key new = sleep_key(5, 5, SYS_poll);
	struct dwell_timer_counts last = {.armed = 10, .expired = 10};
	struct dwell_record record = record_of(5, 5, 50, "new", 8);
	struct model *model = model_new(0);
	struct timer_rows rows;

	(void)state;
	model_keep_ledger(model, 10000);
	model_set_window(model, START, START + 10 * S);
	add_task(model, 5, 5, "old", DWELL_EXIT);
	assert_int_equal(add(model, old, 1), 1);
	assert_int_equal(model_forget_timers(model, &old, &last), 0);
	assert_int_equal(model_add_record(model, &record), 0);
	new.start = 50;
	assert_int_equal(add(model, new, 2), 0);
	rows = timer_rows_by(model, TIMER_BY_PROCESS, "armed");
	assert_int_equal(rows.count, 2);
	assert_int_equal(row_of(&rows, "old", "poll")->timers.armed, 10);
	assert_int_equal(row_of(&rows, "old", "poll")->cgroup, 7);
	assert_true(row_of(&rows, "old", "poll")->exited);
	assert_int_equal(row_of(&rows, "new", "poll")->timers.armed, 20);
	assert_false(row_of(&rows, "new", "poll")->exited);
	timer_rows_free(&rows);
	model_free(model);
}

/* As many processes as a fork storm leaves: those beyond the limit are kept together. */
static void the_many_that_exit_are_kept_together(void **state)
{
	struct model *model = ledger_model();
	uint64_t armed = 0;
	struct timer_rows rows;
	bool remainder = false;

	(void)state;
	for (uint32_t tid = 10; tid < 10 + 10100; tid++) {
		const struct dwell_timer_key key = sleep_key(tid, tid, SYS_nanosleep);
		const struct dwell_timer_counts counts = {.armed = 2, .expired = 2};

		add_task(model, tid, tid, "short", DWELL_EXIT);
		assert_int_equal(model_add_timers(model, &key, &counts), 1);
		assert_int_equal(model_forget_timers(model, &key, &counts), 0);
	}
	assert_int_equal(model_sample(model, START + S), 0);
	rows = timer_rows_by(model, TIMER_BY_PROCESS, "armed");
	assert_in_range(rows.count, 10000, 10001);
	for (size_t i = 0; i < rows.count; i++) {
		armed += rows.row[i].timers.armed;
		remainder |= rows.row[i].remainder;
	}
	assert_true(remainder);
	assert_int_equal(armed, 2 * 10100);
	timer_rows_free(&rows);
	model_free(model);
}

/* @armed and @outstanding at each of the seconds. */
static struct model *course(unsigned int seconds, uint64_t (*armed)(unsigned int),
			    uint64_t (*outstanding)(unsigned int))
{
	struct model *model = ledger_model();

	add_task(model, 1, 1, "app", DWELL_LIVE);
	for (unsigned int second = 1; second <= seconds; second++) {
		const struct dwell_timer_key key = timerfd_key(1, 1);
		const struct dwell_timer_counts counts = {.armed = armed(second)};

		model_clear_armed(model);
		for (uint64_t i = 0; i < outstanding(second); i++)
			add_armed(model, key, START, START + 1000 * S);
		assert_int_equal(model_add_timers(model, &key, &counts), 0);
		assert_int_equal(model_sample(model, START + second * S), 0);
	}
	model_set_window(model, START, START + seconds * S);
	return model;
}

static uint64_t one_more(unsigned int second)
{
	return second;
}

static uint64_t thousands(unsigned int second)
{
	(void)second;
	return 1000;
}

static uint64_t a_hundred_more(unsigned int second)
{
	return 100 * second;
}

static uint64_t faster_and_faster(unsigned int second)
{
	return 50 * second * second;
}

static void leaks_are_told(void **state)
{
	static const unsigned int seconds[] = {10, 64, 65, 500};
	const struct timer_view leaks = {.by = TIMER_BY_PROCESS, .leaks = true};
	struct timer_rows rows;
	struct model *model;

	(void)state;
	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		model = course(seconds[i], one_more, one_more);
		rows = timer_rows_by(model, TIMER_BY_PROCESS, "growth");
		assert_int_equal(rows.grown, 1);
		assert_true(timer_row_leaks(&rows.row[0]));
		assert_true(timer_rows_judged(&rows));
		assert_true(rows.row[0].outstanding.per_s > 0.99 &&
			    rows.row[0].outstanding.per_s < 1.01);
		timer_rows_free(&rows);
		model_free(model);
	}
	model = course(10, a_hundred_more, thousands);
	assert_int_equal(model_timer_rows(model, &leaks, &names, &all_measured, &rows), 0);
	assert_int_equal(rows.count, 0);
	assert_int_equal(rows.grown, 0);
	timer_rows_free(&rows);
	model_free(model);
}

/* What is armed in a second grows and grows, and nothing of it stays: that is load. */
static void a_growing_rate_is_no_leak(void **state)
{
	const struct timer_view leaks = {.by = TIMER_BY_PROCESS, .leaks = true};
	struct model *model = course(12, faster_and_faster, thousands);
	struct timer_rows rows;

	(void)state;
	assert_int_equal(model_timer_rows(model, &leaks, &names, &all_measured, &rows), 0);
	assert_int_equal(rows.count, 0);
	assert_int_equal(rows.grown, 0);
	assert_int_equal(rows.faster, 1);
	timer_rows_free(&rows);
	rows = timer_rows_by(model, TIMER_BY_PROCESS, "growth");
	assert_int_equal(rows.count, 1);
	assert_false(timer_row_leaks(&rows.row[0]));
	assert_true(rows.row[0].rate.per_s > 99 && rows.row[0].rate.per_s < 101);
	timer_rows_free(&rows);
	model_free(model);
}

/* Where no cancel is seen, what is outstanding may seem to grow for ever. */
static void what_is_unmeasured_does_not_grow(void **state)
{
	const struct timer_view leaks = {.by = TIMER_BY_PROCESS, .leaks = true};
	const struct unmeasured users = {.users = FIGURE_OUTSTANDING | FIGURE_ARMED};
	const struct unmeasured sleeps = {.sleeps = FIGURE_OUTSTANDING | FIGURE_ARMED};
	struct model *model = course(12, faster_and_faster, one_more);
	struct timer_rows rows;

	(void)state;
	assert_int_equal(model_timer_rows(model, &leaks, &names, &users, &rows), 0);
	assert_int_equal(rows.count, 0);
	assert_int_equal(rows.grown, 0);
	assert_int_equal(rows.faster, 0);
	timer_rows_free(&rows);
	/* Others are none of its business. */
	assert_int_equal(model_timer_rows(model, &leaks, &names, &sleeps, &rows), 0);
	assert_int_equal(rows.count, 1);
	assert_true(rows.row[0].rate.grows);
	timer_rows_free(&rows);
	model_free(model);
}

static void a_short_window_tells_no_growth(void **state)
{
	struct timer_rows rows;
	struct model *model;

	(void)state;
	for (unsigned int seconds = 0; seconds < GROWTH_SAMPLES; seconds++) {
		model = course(seconds, one_more, one_more);
		rows = timer_rows_by(model, TIMER_BY_PROCESS, "growth");
		assert_int_equal(rows.samples, seconds);
		assert_false(timer_rows_judged(&rows));
		assert_int_equal(rows.grown, 0);
		timer_rows_free(&rows);
		model_free(model);
	}
}

/* ---- sleeps, which no table of armed timers has ---------------------------------- */

/* A sleep of the task @tid in @syscall, armed once more at @at and due at @due. */
static int add_sleep(struct model *model, uint32_t tid, int syscall, uint64_t armed, uint64_t ended,
		     uint64_t before, uint64_t at, int64_t due)
{
	const struct dwell_timer_key key = sleep_key(1, tid, syscall);
	const struct dwell_timer_counts counts = {.armed = armed,
						  .cancelled = ended / 2,
						  .expired = ended - ended / 2,
						  .before = before,
						  .sleep_armed = at,
						  .sleep_due = due};

	return model_add_timers(model, &key, &counts);
}

static void an_armed_sleep_is_outstanding(void **state)
{
	struct model *model = ledger_model();
	const struct timer_row *row;
	struct timer_rows rows;

	(void)state;
	/* Armed in the window; over, and one more from before; nothing but that one. */
	assert_int_equal(add_sleep(model, 1, SYS_futex, 7, 6, 0, START + S, START + 50 * S), 0);
	assert_int_equal(add_sleep(model, 2, SYS_futex, 7, 8, 1, START + S, START + 50 * S), 0);
	assert_int_equal(add_sleep(model, 3, SYS_futex, 0, 1, 1, 0, 0), 0);
	/* Two more that are; of one it is not known when it is due. */
	assert_int_equal(add_sleep(model, 4, SYS_futex, 2, 2, 1, START + 3 * S, START + 40 * S), 0);
	assert_int_equal(add_sleep(model, 5, SYS_poll, 1, 0, 0, START + 2 * S, 0), 0);
	/* A cancel was counted, that it was of one from before is not yet. */
	assert_int_equal(add_sleep(model, 6, SYS_poll, 0, 1, 0, 0, 0), 0);
	model_clear_armed(model);
	rows = timer_rows_by(model, TIMER_BY_API, "api");
	row = row_of(&rows, "", "futex");
	assert_int_equal(row->timers.outstanding, 2);
	assert_int_equal(row->oldest_ns, 9 * S);
	assert_int_equal(row->due_ns, 30 * S);
	row = row_of(&rows, "", "poll");
	assert_int_equal(row->timers.outstanding, 1);
	assert_int_equal(row->oldest_ns, 8 * S);
	assert_int_equal(row->due_ns, 0);
	timer_rows_free(&rows);
	/* It ends, by one that was read as unchanged but for @before. */
	assert_int_equal(add_sleep(model, 4, SYS_futex, 2, 3, 1, START + 3 * S, START + 40 * S), 0);
	assert_int_equal(add_sleep(model, 6, SYS_poll, 0, 1, 1, 0, 0), 0);
	rows = timer_rows_by(model, TIMER_BY_API, "api");
	assert_int_equal(row_of(&rows, "", "futex")->timers.outstanding, 1);
	assert_int_equal(row_of(&rows, "", "poll")->timers.outstanding, 1);
	assert_int_equal(row_of(&rows, "", "poll")->before, 1);
	timer_rows_free(&rows);
	model_free(model);
}

static void who_exits_takes_its_sleep_along(void **state)
{
	const struct dwell_timer_key key = sleep_key(1, 1, SYS_futex);
	const struct dwell_timer_counts last = {.armed = 3, .cancelled = 2};
	struct model *model = ledger_model();
	struct timer_rows rows;

	(void)state;
	/* It was killed in it when the window was closed already: nothing more was counted. */
	assert_int_equal(add_sleep(model, 1, SYS_futex, 3, 2, 0, START, START + 50 * S), 0);
	add_task(model, 1, 1, "short", DWELL_EXIT);
	assert_int_equal(add_sleep(model, 1, SYS_futex, 3, 2, 0, START, START + 50 * S), 1);
	assert_int_equal(model_forget_timers(model, &key, &last), 0);
	rows = timer_rows_by(model, TIMER_BY_PROCESS, "armed");
	assert_int_equal(row_of(&rows, "short", "futex")->timers.outstanding, 0);
	assert_int_equal(row_of(&rows, "short", "futex")->timers.armed, 3);
	assert_int_equal(row_of(&rows, "short", "futex")->oldest_ns, 0);
	timer_rows_free(&rows);
	model_free(model);
}

/* After an exec another thread has the leader's id: what it arms is its own. */
static void an_exec_goes_on_with_the_key(void **state)
{
	const struct dwell_timer_key key = sleep_key(1, 1, SYS_futex);
	const struct dwell_timer_counts last = {.armed = 3, .cancelled = 3};
	struct dwell_record record = record_of(1, 2, 2, "app", 7);
	struct model *model = ledger_model();
	struct timer_rows rows;

	(void)state;
	add_task(model, 1, 1, "app", DWELL_LIVE);
	assert_int_equal(model_add_record(model, &record), 0);
	assert_int_equal(add_sleep(model, 1, SYS_futex, 3, 3, 0, START, START + 50 * S), 0);
	add_task(model, 1, 1, "app", DWELL_EXIT);
	assert_int_equal(add_sleep(model, 1, SYS_futex, 3, 3, 0, START, START + 50 * S), 1);
	assert_int_equal(model_forget_timers(model, &key, &last), 0);
	/* The thread 2 is the task 1 now. */
	record.tid = 1;
	record.start = 1;
	record.voluntary = 10;
	assert_int_equal(model_add_record(model, &record), 0);
	assert_int_equal(add_sleep(model, 1, SYS_futex, 1, 0, 0, START + S, START + 50 * S), 0);
	rows = timer_rows_by(model, TIMER_BY_PROCESS, "armed");
	assert_int_equal(rows.row[0].timers.armed, 4);
	assert_int_equal(rows.row[0].timers.outstanding, 1);
	assert_false(rows.row[0].exited);
	timer_rows_free(&rows);
	model_free(model);
}

/* More and more threads wait: none of their waits ever ends. */
static void a_growing_pool_of_waiters_leaks(void **state)
{
	const struct timer_view leaks = {.by = TIMER_BY_PROCESS, .leaks = true};
	struct model *model = ledger_model();
	struct timer_rows rows;

	(void)state;
	add_task(model, 1, 1, "app", DWELL_LIVE);
	for (uint32_t second = 1; second <= 10; second++) {
		model_clear_armed(model);
		for (uint32_t tid = 1; tid <= 5 * second; tid++)
			assert_int_equal(add_sleep(model, tid, SYS_futex, 2, 1, 0, START,
						   START + 100 * S),
					 0);
		assert_int_equal(model_sample(model, START + second * S), 0);
	}
	assert_int_equal(model_timer_rows(model, &leaks, &names, &all_measured, &rows), 0);
	assert_int_equal(rows.count, 1);
	assert_int_equal(rows.row[0].timers.outstanding, 50);
	assert_true(rows.row[0].outstanding.per_s > 4.9 && rows.row[0].outstanding.per_s < 5.1);
	timer_rows_free(&rows);
	model_free(model);
}

/* The kernel's own are never forgotten: they have no owner who leaves. */
static void the_kernels_cannot_be_forgotten(void **state)
{
	const struct dwell_timer_key tick = {.function = TICK, .syscall = DWELL_NO_SYSCALL};
	const struct dwell_timer_counts counts = {.armed = 3};
	struct model *model = model_new(10);
	struct timer_rows rows;

	(void)state;
	model_keep_ledger(model, 0);
	model_set_window(model, START, START + 10 * S);
	assert_int_equal(model_add_timers(model, &tick, &counts), 0);
	assert_int_equal(model_forget_timers(model, &tick, &counts), 0);
	assert_int_equal(model_add_timers(model, &tick, &counts), 0);
	rows = timer_rows_by(model, TIMER_BY_PROCESS, "armed");
	assert_int_equal(rows.count, 1);
	assert_true(rows.row[0].kernel);
	assert_int_equal(rows.row[0].timers.armed, 6);
	timer_rows_free(&rows);
	model_free(model);
}

static void the_limit_hides_the_least(void **state)
{
	const struct timer_view view = {.by = TIMER_BY_TASK, .limit = 2};
	struct model *model = some_timers();
	struct timer_rows rows;

	(void)state;
	assert_int_equal(model_timer_rows(model, &view, &names, &all_measured, &rows), 0);
	assert_int_equal(rows.count, 2);
	assert_int_equal(rows.hidden, 4);
	assert_int_equal(rows.row[0].timers.armed, 320);
	assert_int_equal(rows.row[1].timers.armed, 160);
	timer_rows_free(&rows);
	model_free(model);
}

static void the_most_frequent_sites_are_kept(void **state)
{
	const struct dwell_timer_key key = sleep_key(1, 1, SYS_nanosleep);
	static const uint64_t samples[] = {3, 9, 1, 7, 5};
	uint64_t stack[DWELL_STACK_DEPTH] = {1, 2, 3}, user[DWELL_STACK_DEPTH] = {0};
	struct model *model = some_timers();
	const struct timer_row *row;
	struct timer_rows rows;

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		user[0] = i;
		assert_int_equal(model_add_site(model, &key, samples[i], stack, user), 0);
	}
	rows = timer_rows_by(model, TIMER_BY_PROCESS, "armed");
	row = row_of(&rows, "app", "nanosleep");
	assert_int_equal(row->sites, TIMER_SITES);
	assert_int_equal(row->site_samples, 25);
	assert_int_equal(row->site[0].samples, 9);
	assert_int_equal(row->site[1].samples, 7);
	assert_int_equal(row->site[2].samples, 5);
	assert_int_equal(row->site[0].depth, 3);
	assert_int_equal(row->site[0].user_depth, 1);
	assert_int_equal(row->site[0].pid, 1);
	timer_rows_free(&rows);
	model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_way_of_adding_up_has_all_of_it),
		cmocka_unit_test(a_process_is_the_sum_of_its_threads),
		cmocka_unit_test(what_is_armed_has_an_age_and_is_due),
		cmocka_unit_test(the_kernels_and_nobodys_are_told_apart),
		cmocka_unit_test(who_exits_is_remembered_and_may_be_forgotten),
		cmocka_unit_test(a_reused_pid_has_no_timers_of_the_former),
		cmocka_unit_test(the_many_that_exit_are_kept_together),
		cmocka_unit_test(leaks_are_told),
		cmocka_unit_test(a_growing_rate_is_no_leak),
		cmocka_unit_test(what_is_unmeasured_does_not_grow),
		cmocka_unit_test(a_short_window_tells_no_growth),
		cmocka_unit_test(an_armed_sleep_is_outstanding),
		cmocka_unit_test(who_exits_takes_its_sleep_along),
		cmocka_unit_test(an_exec_goes_on_with_the_key),
		cmocka_unit_test(a_growing_pool_of_waiters_leaks),
		cmocka_unit_test(the_kernels_cannot_be_forgotten),
		cmocka_unit_test(the_limit_hides_the_least),
		cmocka_unit_test(the_most_frequent_sites_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
