/* SPDX-License-Identifier: GPL-2.0-only */
/* Timer counts of threads that mix what arms timers. */
#include <pthread.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "harness/live/live.h"
#include "harness/live/measure.h"
#include "harness/live/timer_case.h"

#define THREADS 4

static void one_sleep(void)
{
	syscall(SYS_nanosleep, &case_timeout, NULL);
}

static void one_poll(void)
{
	poll(NULL, 0, CASE_TIMEOUT_NS / 1000000);
}

static void one_futex(void)
{
	uint32_t word = 0;

	syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &case_timeout, NULL, 0);
}

/* Armed twice, expired once, cancelled once. */
static void one_timerfd(void)
{
	struct itimerspec value = {.it_value = case_timeout};
	const int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	uint64_t expiries;

	timerfd_settime(fd, 0, &value, NULL);
	if (read(fd, &expiries, sizeof(expiries)) != sizeof(expiries))
		live_abort("reading a timerfd failed");
	value.it_value.tv_sec = CASE_HOUR;
	timerfd_settime(fd, 0, &value, NULL);
	close(fd);
}

/* What a thread does, and how often each; each differs from the others in every count. */
struct mix {
	int sleeps, polls, futexes, timerfds;
};

static const struct mix mixes[THREADS] = {
	{.sleeps = 7, .timerfds = 5},
	{.polls = 11, .futexes = 2},
	{.futexes = 3, .timerfds = 13},
	{.sleeps = 1, .polls = 2, .futexes = 4, .timerfds = 8},
};

static struct timer_counts counts_of(const struct mix *mix)
{
	const int64_t waits = mix->sleeps + mix->polls + mix->futexes;

	return (struct timer_counts){
		.armed = waits + 2 * mix->timerfds,
		.expired = waits + mix->timerfds,
		.cancelled = mix->timerfds,
	};
}

static struct work *shared;

static void *mixed_thread(void *argument)
{
	const size_t number = (size_t)argument;
	struct mix left = mixes[number];

	shared->tid[number] = proc_tid();
	while (left.sleeps || left.polls || left.futexes || left.timerfds) {
		if (left.sleeps && left.sleeps--)
			one_sleep();
		if (left.polls && left.polls--)
			one_poll();
		if (left.futexes && left.futexes--)
			one_futex();
		if (left.timerfds && left.timerfds--)
			one_timerfd();
	}
	return NULL;
}

/* The leader is one of them; the others have exited when the window ends. */
static void mixed_threads(struct work *work)
{
	pthread_t threads[THREADS];

	shared = work;
	for (size_t i = 1; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, mixed_thread, (void *)i))
			live_abort("pthread_create failed");
	mixed_thread(NULL);
	for (size_t i = 1; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void run_mixed(const void *argument)
{
	const struct measure_plan plan = {
		.body = mixed_threads, .tasks = THREADS, .everything = argument != NULL};
	struct timer_counts whole = {0};
	struct measurement measurement;

	measure(&measurement, &plan);
	for (size_t i = 0; i < THREADS; i++) {
		const struct timer_counts want = counts_of(&mixes[i]);
		char name[32];

		snprintf(name, sizeof(name), "thread %zu", i);
		report_expect_timers(&measurement.by_task,
				     report_row(&measurement.by_task, "tid",
						measurement.work.tid[i]),
				     name, &want);
		whole.armed += want.armed;
		whole.expired += want.expired;
		whole.cancelled += want.cancelled;
	}
	report_expect_timers(&measurement.by_process,
			     report_row(&measurement.by_process, "pid", measurement.work.pid),
			     "the process", &whole);
	report_expect_no_loss(&measurement.by_process);
	measure_free(&measurement);
}

/* ---- a timer that goes from one thread to another ------------------------------ */

#define HANDED_PERIODS 5

static void *reading_thread(void *argument)
{
	const int fd = *(int *)argument;
	uint64_t expiries;

	for (int i = 0; i < HANDED_PERIODS; i++)
		if (read(fd, &expiries, sizeof(expiries)) != sizeof(expiries))
			live_abort("reading a timerfd failed");
	/* The last expiry's arming, in read(), is never due. */
	close(fd);
	return NULL;
}

/*
 * The first expiry is due soon, later ones every 50 ms; the leader arms, the
 * other thread's reads arm again.
 */
static void hand_over(struct work *work)
{
	const struct itimerspec value = {.it_value = case_timeout,
					 .it_interval = {.tv_nsec = 50000000}};
	const uint64_t begin = proc_now();
	pthread_t thread;
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);

	timerfd_settime(fd, 0, &value, NULL);
	if (pthread_create(&thread, NULL, reading_thread, &fd))
		live_abort("pthread_create failed");
	pthread_join(thread, NULL);
	if (proc_now() - begin > 50000000ULL * HANDED_PERIODS - 5000000)
		work->disturbed = 1;
}

static void run_handed_over(const void *argument)
{
	const struct measure_plan plan = {.body = hand_over};
	const struct timer_counts want = {
		.armed = HANDED_PERIODS + 1, .expired = HANDED_PERIODS, .cancelled = 1};
	struct measurement measurement;
	const json_t *leader;

	(void)argument;
	measure(&measurement, &plan);
	report_expect_timers(&measurement.by_process,
			     report_row(&measurement.by_process, "pid", measurement.work.pid),
			     "the process", &want);
	leader = report_row(&measurement.by_task, "tid", measurement.work.pid);
	live_expect("armed by the leader", report_integer(leader, "timers.armed"), 1);
	measure_free(&measurement);
}

const struct live_test tests_threads[] = {
	{.name = "threads-mixed", .run = run_mixed},
	{.name = "threads-mixed-unfiltered", .run = run_mixed, .argument = "all"},
	{.name = "timerfd-handed-over", .run = run_handed_over},
	{0},
};
