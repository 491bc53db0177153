/* SPDX-License-Identifier: GPL-2.0-only */
/* Waits with a time-out that go on: counted in every view, and a leak where they become more. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "harness/live/live.h"
#include "harness/live/report.h"
#include "harness/live/timer_case.h"
#include "harness/live/workload.h"

#define MS 1000000ULL
#define WAITERS 6 /* threads of each API that wait on, and as many whose wait is soon over */

/* ---- the waits ------------------------------------------------------------------------ */

static void wait_nanosleep(const struct timespec *timeout)
{
	syscall(SYS_nanosleep, timeout, NULL);
}

static void wait_clock_nanosleep(const struct timespec *timeout)
{
	syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, timeout, NULL);
}

static void wait_futex(const struct timespec *timeout)
{
	uint32_t word = 0;

	syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, timeout, NULL, 0);
}

static void wait_ppoll(const struct timespec *timeout)
{
	struct timespec rest = *timeout;

	syscall(SYS_ppoll, NULL, 0, &rest, NULL, 0);
}

static void wait_pselect(const struct timespec *timeout)
{
	struct timespec rest = *timeout;

	syscall(SYS_pselect6, 0, NULL, NULL, NULL, &rest, NULL);
}

static int milliseconds(const struct timespec *timeout)
{
	return (int)(timeout->tv_sec * 1000 + timeout->tv_nsec / (long)MS);
}

static void wait_epoll_pwait(const struct timespec *timeout)
{
	const int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event;

	syscall(SYS_epoll_pwait, epoll, &event, 1, milliseconds(timeout), NULL, 0);
	close(epoll);
}

#ifdef SYS_poll
static void wait_poll(const struct timespec *timeout)
{
	syscall(SYS_poll, NULL, 0, milliseconds(timeout));
}

static void wait_epoll_wait(const struct timespec *timeout)
{
	const int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event;

	syscall(SYS_epoll_wait, epoll, &event, 1, milliseconds(timeout));
	close(epoll);
}

static void wait_select(const struct timespec *timeout)
{
	struct timeval value = {timeout->tv_sec, timeout->tv_nsec / 1000};

	syscall(SYS_select, 0, NULL, NULL, NULL, &value);
}
#endif

static void wait_signal(const struct timespec *timeout)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	sigtimedwait(&set, NULL, timeout);
}

static void wait_message(const struct timespec *timeout)
{
	struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = 1};
	struct timespec until;
	char name[32], byte;
	mqd_t queue;

	snprintf(name, sizeof(name), "/dwell-waits-%d", proc_tid());
	queue = mq_open(name, O_CREAT | O_RDONLY | O_CLOEXEC, 0600, &attributes);
	if (queue < 0)
		live_abort("mq_open: %s", strerror(errno));
	mq_unlink(name);
	until = case_deadline(CLOCK_REALTIME,
			      (uint64_t)timeout->tv_sec * 1000 * MS + (uint64_t)timeout->tv_nsec);
	mq_timedreceive(queue, &byte, 1, NULL, &until);
	mq_close(queue);
}

static void wait_semaphore(const struct timespec *timeout)
{
	struct sembuf take = {.sem_op = -1};
	const int id = semget(IPC_PRIVATE, 1, 0600);

	if (id < 0)
		live_abort("semget: %s", strerror(errno));
	semtimedop(id, &take, 1, timeout);
	semctl(id, 0, IPC_RMID);
}

/* The completion of nothing. */
static void wait_ring(const struct timespec *timeout)
{
	struct __kernel_timespec time = {timeout->tv_sec, timeout->tv_nsec};
	struct io_uring_getevents_arg argument = {.ts = (uint64_t)(uintptr_t)&time};
	struct io_uring_params parameters = {0};
	const int ring = (int)syscall(SYS_io_uring_setup, 1, &parameters);

	if (ring < 0)
		live_abort("io_uring_setup: %s", strerror(errno));
	syscall(SYS_io_uring_enter, ring, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG,
		&argument, sizeof(argument));
	close(ring);
}

/* By the name that every view has of them. */
static const struct wait {
	const char *api;
	void (*wait)(const struct timespec *timeout);
} waits[] = {
	{"nanosleep", wait_nanosleep},
	{"clock_nanosleep", wait_clock_nanosleep},
	{"futex", wait_futex},
	{"ppoll", wait_ppoll},
	{"pselect6", wait_pselect},
	{"epoll_pwait", wait_epoll_pwait},
#ifdef SYS_poll
	{"poll", wait_poll},
	{"epoll_wait", wait_epoll_wait},
	{"select", wait_select},
#endif
	{"rt_sigtimedwait", wait_signal},
	{"mq_timedreceive", wait_message},
	{"semtimedop", wait_semaphore},
	{"io_uring_enter", wait_ring}, /* the last: some hosts forbid it */
};

#define WAITS (sizeof(waits) / sizeof(waits[0]))

static size_t waits_allowed(void)
{
	struct io_uring_params parameters = {0};
	const int ring = (int)syscall(SYS_io_uring_setup, 1, &parameters);

	if (ring < 0)
		live_note("io_uring: %s", strerror(errno));
	else
		close(ring);
	return ring < 0 ? WAITS - 1 : WAITS;
}

/* ---- threads that wait ------------------------------------------------------------------ */

struct waiter {
	const struct wait *wait;
	struct timespec timeout;
	_Atomic pid_t tid; /* set just before it waits */
};

static void *be_waiter(void *argument)
{
	struct waiter *waiter = argument;

	waiter->tid = proc_tid();
	waiter->wait->wait(&waiter->timeout);
	return NULL;
}

static pthread_t start_waiter(struct waiter *waiter)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 64 << 10);
	if (pthread_create(&thread, &attributes, be_waiter, waiter))
		live_abort("pthread_create failed");
	pthread_attr_destroy(&attributes);
	return thread;
}

/* What the kernel itself says: it is blocked in that call. */
static void await_waiting(const struct waiter *waiter)
{
	while (!waiter->tid)
		proc_sleep(MS);
	if (!proc_wait_state(getpid(), waiter->tid, 'S', live_slower(10, 4)))
		live_abort("a thread does not wait in %s", waiter->wait->api);
}

static struct waiter waiters[WAITS * WAITERS], short_ones[WAITS * WAITERS];

/* Of each kind some that wait on, and some whose wait is over, who are gone. */
static void wait_in_all_ways(struct work *work)
{
	const size_t count = waits_allowed() * WAITERS;
	pthread_t gone[WAITS * WAITERS];

	(void)work;
	unshare(CLONE_NEWIPC); /* semaphores outlive whoever is killed */
	for (size_t i = 0; i < count; i++) {
		waiters[i] = (struct waiter){&waits[i / WAITERS], {.tv_sec = CASE_HOUR}, 0};
		short_ones[i] = (struct waiter){&waits[i / WAITERS], case_timeout, 0};
		start_waiter(&waiters[i]);
		gone[i] = start_waiter(&short_ones[i]);
	}
	for (size_t i = 0; i < count; i++)
		pthread_join(gone[i], NULL);
	for (size_t i = 0; i < count; i++)
		await_waiting(&waiters[i]);
}

static void wait_before(struct work *work)
{
	wait_in_all_ways(work);
	work_announce(work, 1);
	pause();
}

/* What the rows of the summary say of @pid. */
static int64_t summary_outstanding(const struct report *report, pid_t pid)
{
	int64_t sum = 0;
	size_t index;
	json_t *row;

	json_array_foreach(report->rows, index, row)
		if (json_integer_value(json_object_get(row, "pid")) == pid)
			sum += report_integer(row, "timers.outstanding");
	return sum;
}

/* What the lines of the ledger say of @pid and exactly that @api. */
static int64_t ledger_outstanding(const struct report *report, pid_t pid, const char *api)
{
	int64_t sum = 0;
	size_t index;
	json_t *row;

	json_array_foreach(report->timers, index, row)
		if (json_integer_value(json_object_get(row, "pid")) == pid &&
		    !strcmp(json_string_value(json_object_get(row, "api")) ?: "", api))
			sum += report_integer(row, "outstanding");
	return sum;
}

static void expect_ages(const struct report *report, pid_t pid)
{
	const json_t *row;
	size_t index;

	json_array_foreach(report->timers, index, row) {
		if (json_integer_value(json_object_get(row, "pid")) != pid ||
		    !report_integer(row, "outstanding"))
			continue;
		live_expect_range("age of the oldest", report_integer(row, "oldest_ns"), 1,
				  live_slower(60, 4) * 1000 * (int64_t)MS);
		live_expect_range("until the next is due", report_integer(row, "due_ns"),
				  (CASE_HOUR - 300) * 1000 * (int64_t)MS,
				  (CASE_HOUR + 1) * 1000 * (int64_t)MS); /* with its slack */
	}
}

/* @argument: by what the rows are. */
static void run_outstanding(const void *argument)
{
	const int64_t apis = (int64_t)waits_allowed();
	struct workload earlier, workload;
	struct dwell_process run;
	struct report report;

	workload_start(&earlier, wait_before, NULL);
	workload_start(&workload, wait_in_all_ways, NULL);
	workload_release(&earlier);
	if (!work_await_sleep(earlier.work, 1))
		live_abort("the earlier ones do not wait: they came to %d, and are in state %c",
			   atomic_load(&earlier.work->turn), proc_state(earlier.pid, earlier.pid));
	dwell_start(&run, NULL,
		    DWELL_ARGUMENTS("summary", "--timers", "-j", "-v", "-d", "0", "-n", "0", "-b",
				    argument));
	dwell_wait_measuring(&run);
	workload_release(&workload);
	if (!workload_wait(&workload, live_slower(30, 4)))
		live_abort("the workload died");
	dwell_interrupt(&run);
	dwell_wait(&run, 30);
	report_read(&report, &run);
	for (int64_t i = 0; i < apis; i++)
		live_expect(waits[i].api, ledger_outstanding(&report, workload.pid, waits[i].api),
			    WAITERS);
	live_expect("the summary", summary_outstanding(&report, workload.pid), apis * WAITERS);
	live_expect("the ledger", report_ledger(&report, "pid", workload.pid, NULL).outstanding,
		    apis * WAITERS);
	expect_ages(&report, workload.pid);
	/* Armed before the window: nothing of it was seen, in either view. */
	live_expect("earlier, the summary", summary_outstanding(&report, earlier.pid), 0);
	live_expect("earlier, the ledger",
		    report_ledger(&report, "pid", earlier.pid, NULL).outstanding, 0);
	report_free(&report);
	dwell_close(&run);
	workload_leave(&workload);
	workload_leave(&earlier);
}

/* ---- a pool that grows -------------------------------------------------------------------- */

#define LEAK_SECONDS 12
#define POOL_MAX 100

static double seconds_since(uint64_t begin)
{
	return (double)(proc_now() - begin) / 1e9;
}

/* Five more wait each second, by the clock. */
static void grow_pool(struct work *work)
{
	static struct waiter pool[POOL_MAX];
	const uint64_t begin = proc_now();
	double seconds;
	int count = 0;

	(void)work;
	while ((seconds = seconds_since(begin)) < LEAK_SECONDS) {
		for (; count < (int)(5 * seconds) && count < POOL_MAX; count++) {
			pool[count] = (struct waiter){&waits[2], {.tv_sec = CASE_HOUR}, 0};
			start_waiter(&pool[count]);
		}
		proc_sleep(100 * MS);
	}
}

static void *wait_and_wake(void *argument)
{
	struct waiter *waiter = argument;

	waiter->tid = proc_tid();
	for (;;)
		waiter->wait->wait(&waiter->timeout);
	return NULL;
}

/* As many as ever, whose waits end and begin again. */
static void keep_pool(struct work *work)
{
	static struct waiter pool[POOL_MAX];
	pthread_t thread;

	for (int i = 0; i < POOL_MAX / 2; i++) {
		pool[i] = (struct waiter){&waits[2], {.tv_nsec = 50 * (long)MS + i * 1000}, 0};
		if (pthread_create(&thread, NULL, wait_and_wake, &pool[i]))
			live_abort("pthread_create failed");
	}
	work_announce(work, 1);
	for (;;)
		pause();
}

/* Ends each wait, as load does: before its time-out. */
static void end_waits(struct work *work)
{
	const uint64_t begin = proc_now();
	double seconds;
	int posted = 0;

	while ((seconds = seconds_since(begin)) < LEAK_SECONDS) {
		for (; posted < (int)(20 * seconds * seconds); posted++)
			sem_post(&work->semaphore);
		proc_sleep(20 * MS);
	}
	atomic_store(&work->turn, -1);
	sem_post(&work->semaphore);
}

/* Load that ramps up: more requests each second, each with a time-out that is cancelled. */
static void ramp(struct work *work)
{
	work_peer(work, end_waits);
	while (atomic_load(&work->turn) >= 0) {
		const struct itimerspec hour = {.it_value.tv_sec = CASE_HOUR};
		const struct timespec until = case_deadline(CLOCK_REALTIME, CASE_HOUR * 1000 * MS);
		int timer;

		if (sem_timedwait(&work->semaphore, &until))
			live_abort("sem_timedwait: %s", strerror(errno));
		if (syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &timer) ||
		    syscall(SYS_timer_settime, timer, 0, &hour, NULL) ||
		    syscall(SYS_timer_delete, timer))
			live_abort("timer: %s", strerror(errno));
	}
}

/* Measures both for as long as they run, with @options. */
static void measure_growth(struct report *report, struct workload *pool, struct workload *load,
			   struct workload *steady, const char *option)
{
	struct dwell_process run;

	workload_start(pool, grow_pool, NULL);
	workload_start(load, ramp, NULL);
	workload_start(steady, keep_pool, NULL);
	workload_release(steady);
	if (!work_await_sleep(steady->work, 1))
		live_abort("the steady one is not");
	dwell_start(&run, NULL,
		    DWELL_ARGUMENTS("timers", "-j", "-v", "-d", "0", "-n", "0", "-b", "process",
				    option));
	dwell_wait_measuring(&run);
	workload_release(pool);
	workload_release(load);
	if (!workload_wait(pool, 60) || !workload_wait(load, 60))
		live_abort("a workload died");
	dwell_interrupt(&run);
	dwell_wait(&run, 30);
	report_read(report, &run);
	dwell_close(&run);
}

static double growth_of(const json_t *row, const char *what, const char *key)
{
	return json_number_value(json_object_get(json_object_get(row, what), key));
}

static unsigned int lines_of(const struct report *report, pid_t pid, const char *with)
{
	unsigned int count = 0;
	size_t index;
	json_t *row;

	json_array_foreach(report->timers, index, row)
		if (json_integer_value(json_object_get(row, "pid")) == pid &&
		    (!with || json_object_get(row, with)))
			count++;
	return count;
}

static void expect_judged(const struct report *report, bool judged)
{
	const json_t *growth = json_object_get(report->header, "growth");

	if (json_is_true(json_object_get(growth, "judged")) != judged)
		live_fail("growth was %sjudged, of %" PRId64 " samples", judged ? "not " : "",
			  report_integer(growth, "samples"));
}

static void run_leaks(const void *argument)
{
	struct workload pool, load, steady;
	struct report report;

	(void)argument;
	measure_growth(&report, &pool, &load, &steady, "--leaks");
	expect_judged(&report, true);
	live_expect_range("a thousand seconds' waiters",
			  (int64_t)(1000 * growth_of(report_timer(&report, pool.pid, "futex"),
						     "grows", "outstanding_per_s")),
			  3500, 6500);
	live_expect("lines of the load", lines_of(&report, load.pid, NULL), 0);
	live_expect("lines of the steady pool", lines_of(&report, steady.pid, NULL), 0);
	report_free(&report);
	workload_leave(&pool);
	workload_leave(&load);
	workload_leave(&steady);
}

/* The same without --leaks: the load is there, and under another word. */
static void run_load(const void *argument)
{
	struct workload pool, load, steady;
	struct report report;

	(void)argument;
	measure_growth(&report, &pool, &load, &steady, "-v");
	live_expect_range("armed a second more, each second",
			  (int64_t)growth_of(report_timer(&report, load.pid, "posix_timer"),
					     "arming_rate_grows", "armed_per_s2"),
			  20, 60);
	live_expect("leaks of the load", lines_of(&report, load.pid, "grows"), 0);
	live_expect("leaks of the pool", lines_of(&report, pool.pid, "grows"), 1);
	live_expect("what grows of the steady pool",
		    lines_of(&report, steady.pid, "grows") +
			    lines_of(&report, steady.pid, "arming_rate_grows"),
		    0);
	report_free(&report);
	workload_leave(&pool);
	workload_leave(&load);
	workload_leave(&steady);
}

/* After three seconds nobody knows what leaks. */
static void run_short(const void *argument)
{
	struct dwell_process run;
	struct report report;

	(void)argument;
	dwell_execute(&run, NULL, DWELL_ARGUMENTS("timers", "--leaks", "-d", "3"));
	if (!strstr(run.out_text, "too short to tell what grows") ||
	    strstr(run.out_text, "nothing was seen"))
		live_fail("a short window does not say so: %s", run.out_text);
	dwell_close(&run);
	dwell_execute(&run, NULL, DWELL_ARGUMENTS("timers", "--leaks", "-j", "-d", "1"));
	report_read(&report, &run);
	expect_judged(&report, false);
	report_free(&report);
	dwell_close(&run);
}

/* ---- the same names in the outliers ---------------------------------------------------------- */

/* As many outliers as a task may have at once; the call changes each time. */
static const size_t called[] = {2, 0, 3, 1, 4, 2, 5, 0};

#define CALLED (sizeof(called) / sizeof(called[0]))

static void wait_in_turn(struct work *work)
{
	(void)work;
	for (size_t i = 0; i < CALLED; i++)
		waits[called[i]].wait(&case_timeout);
}

/* From timer to CPU takes more than a microsecond on any machine. */
static void run_names(const void *argument)
{
	struct workload workload;
	struct dwell_process run;
	struct report report;
	const json_t *outlier;
	char pid[16];
	size_t index;

	(void)argument;
	workload_start(&workload, wait_in_turn, NULL);
	snprintf(pid, sizeof(pid), "%d", workload.pid);
	dwell_start(&run, NULL,
		    DWELL_ARGUMENTS("outliers", "-j", "-v", "-d", "0", "-p", pid, "--timer-latency",
				    "1us", "--lateness", "off", "--runqueue", "off", "--blocked",
				    "off", "--dwell", "off", "--throttled", "off"));
	dwell_wait_measuring(&run);
	workload_release(&workload);
	if (!workload_wait(&workload, live_slower(20, 4)))
		live_abort("the workload died");
	dwell_interrupt(&run);
	dwell_wait(&run, 30);
	report_read(&report, &run);
	live_expect("outliers", (int64_t)json_array_size(report.outliers), CALLED);
	json_array_foreach(report.outliers, index, outlier) {
		const char *api = json_string_value(json_object_get(outlier, "api")) ?: "";

		if (index < CALLED && strcmp(api, waits[called[index]].api) != 0)
			live_fail("number %zu was a timer of '%s', not of '%s'", index + 1, api,
				  waits[called[index]].api);
	}
	report_free(&report);
	dwell_close(&run);
	workload_leave(&workload);
}

const struct live_test tests_waits[] = {
	{.name = "waiters-outstanding", .run = run_outstanding, .argument = "process"},
	{.name = "waiters-outstanding-task", .run = run_outstanding, .argument = "task"},
	{.name = "waiters-leaks", .run = run_leaks, .seconds = 120},
	{.name = "waiters-load", .run = run_load, .seconds = 120},
	{.name = "waiters-short", .run = run_short},
	{.name = "waiters-names", .run = run_names},
	{0},
};
