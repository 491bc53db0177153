/* SPDX-License-Identifier: GPL-2.0-only */
/* Timer counts of system calls that sleep with a time-out. */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/live/live.h"
#include "harness/live/measure.h"
#include "harness/live/timer_case.h"

#define EXPIRING                                             \
	{                                                    \
		.armed = CASE_ROUNDS, .expired = CASE_ROUNDS \
	}
#define CANCELLED                                              \
	{                                                      \
		.armed = CASE_ROUNDS, .cancelled = CASE_ROUNDS \
	}

/* Long enough that only the peer ends the wait. */
static const struct timespec long_timeout = {.tv_sec = 30};

/* ---- nanosleep ----------------------------------------------------------- */

static void sleep_relative(struct work *work)
{
	(void)work;
	for (int i = 0; i < CASE_ROUNDS; i++)
		syscall(SYS_nanosleep, &case_timeout, NULL);
}

static void sleep_until(clockid_t clock)
{
	for (int i = 0; i < CASE_ROUNDS; i++) {
		const struct timespec deadline = case_deadline(clock, CASE_TIMEOUT_NS);

		syscall(SYS_clock_nanosleep, clock, TIMER_ABSTIME, &deadline, NULL);
	}
}

static void sleep_absolute(struct work *work)
{
	(void)work;
	sleep_until(CLOCK_MONOTONIC);
}

static void sleep_absolute_realtime(struct work *work)
{
	(void)work;
	sleep_until(CLOCK_REALTIME);
}

static void sleep_absolute_boottime(struct work *work)
{
	(void)work;
	sleep_until(CLOCK_BOOTTIME);
}

static void sleep_absolute_tai(struct work *work)
{
	(void)work;
	sleep_until(CLOCK_TAI);
}

static void sleep_past(struct work *work)
{
	struct timespec deadline;

	(void)work;
	clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_sec -= 1;
	for (int i = 0; i < CASE_ROUNDS; i++)
		syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, NULL);
}

static void ignore_signal(int number)
{
	(void)number;
}

static void peer_signals(struct work *work)
{
	for (int turn = 1; turn <= CASE_ROUNDS; turn++)
		if (work_await_sleep(work, turn))
			kill(work->pid, SIGUSR1);
}

static void sleep_interrupted(struct work *work)
{
	const struct sigaction action = {.sa_handler = ignore_signal};

	sigaction(SIGUSR1, &action, NULL);
	work_peer(work, peer_signals);
	for (int turn = 1; turn <= CASE_ROUNDS; turn++) {
		work_announce(work, turn);
		if (!syscall(SYS_nanosleep, &long_timeout, NULL) || errno != EINTR)
			work->disturbed = 1;
	}
}

static void peer_stops(struct work *work)
{
	if (!work_await_sleep(work, 1))
		return;
	kill(work->pid, SIGSTOP);
	if (!proc_wait_state(work->pid, work->pid, 'T', 1))
		work->disturbed = 1;
	kill(work->pid, SIGCONT);
}

/* A stop interrupts the sleep, and the kernel then restarts it by itself. */
static void sleep_stopped(struct work *work)
{
	const struct timespec second = {.tv_sec = 1};

	work_peer(work, peer_stops);
	work_announce(work, 1);
	syscall(SYS_nanosleep, &second, NULL);
}

/* ---- futex and semaphore --------------------------------------------------- */

static long futex_wait(struct work *work, const struct timespec *timeout)
{
	return syscall(SYS_futex, &work->futex, FUTEX_WAIT, 0, timeout, NULL, 0);
}

static void futex_expires(struct work *work)
{
	for (int i = 0; i < CASE_ROUNDS; i++)
		futex_wait(work, &case_timeout);
}

static void peer_wakes_futex(struct work *work)
{
	for (int turn = 1; turn <= CASE_ROUNDS; turn++)
		if (work_await_sleep(work, turn) &&
		    syscall(SYS_futex, &work->futex, FUTEX_WAKE, 1, NULL, NULL, 0) != 1)
			work->disturbed = 1;
}

static void futex_woken(struct work *work)
{
	work_peer(work, peer_wakes_futex);
	for (int turn = 1; turn <= CASE_ROUNDS; turn++) {
		work_announce(work, turn);
		if (futex_wait(work, &long_timeout))
			work->disturbed = 1;
	}
}

static void semaphore_expires(struct work *work)
{
	for (int i = 0; i < CASE_ROUNDS; i++) {
		const struct timespec deadline = case_deadline(CLOCK_REALTIME, CASE_TIMEOUT_NS);

		/* One that is past by now is refused before it is armed. */
		sem_timedwait(&work->semaphore, &deadline);
		if (errno != ETIMEDOUT)
			work->disturbed = 1;
	}
}

static void peer_posts(struct work *work)
{
	for (int turn = 1; turn <= CASE_ROUNDS; turn++)
		if (work_await_sleep(work, turn))
			sem_post(&work->semaphore);
}

static void semaphore_posted(struct work *work)
{
	const struct timespec deadline = case_deadline(CLOCK_REALTIME, 30000000000ULL);

	work_peer(work, peer_posts);
	for (int turn = 1; turn <= CASE_ROUNDS; turn++) {
		work_announce(work, turn);
		if (sem_timedwait(&work->semaphore, &deadline))
			work->disturbed = 1;
	}
}

/* ---- waiting for files ------------------------------------------------------ */

/* Each waits for @work's pipe; @timeout as the call can express it. Returns > 0: readable. */
static int wait_poll(struct work *work, const struct timespec *timeout)
{
	struct pollfd file = {.fd = work->pipe[0], .events = POLLIN};

	return poll(&file, 1, (int)(timeout->tv_sec * 1000 + timeout->tv_nsec / 1000000));
}

static int wait_ppoll(struct work *work, const struct timespec *timeout)
{
	struct pollfd file = {.fd = work->pipe[0], .events = POLLIN};

	return ppoll(&file, 1, timeout, NULL);
}

static int wait_select(struct work *work, const struct timespec *timeout)
{
	struct timeval value = {timeout->tv_sec, timeout->tv_nsec / 1000};
	fd_set files;

	FD_ZERO(&files);
	FD_SET(work->pipe[0], &files);
#ifdef SYS_select
	return (int)syscall(SYS_select, work->pipe[0] + 1, &files, NULL, NULL, &value);
#else
	return select(work->pipe[0] + 1, &files, NULL, NULL, &value);
#endif
}

static int wait_pselect(struct work *work, const struct timespec *timeout)
{
	fd_set files;

	FD_ZERO(&files);
	FD_SET(work->pipe[0], &files);
	return pselect(work->pipe[0] + 1, &files, NULL, NULL, timeout, NULL);
}

static int wait_epoll(struct work *work, const struct timespec *timeout)
{
	static int epoll = -1;
	struct epoll_event event = {.events = EPOLLIN};

	if (epoll < 0) {
		epoll = epoll_create1(EPOLL_CLOEXEC);
		epoll_ctl(epoll, EPOLL_CTL_ADD, work->pipe[0], &event);
	}
	return epoll_wait(epoll, &event, 1,
			  (int)(timeout->tv_sec * 1000 + timeout->tv_nsec / 1000000));
}

typedef int (*file_wait)(struct work *work, const struct timespec *timeout);

static void files_expire(struct work *work, file_wait wait)
{
	struct rusage before, after;

	for (int i = 0; i < CASE_ROUNDS; i++) {
		getrusage(RUSAGE_THREAD, &before);
		wait(work, &case_timeout);
		getrusage(RUSAGE_THREAD, &after);
		/* The time was over before it could sleep: epoll then arms no timer (6.12). */
		if (after.ru_nvcsw == before.ru_nvcsw)
			work->disturbed = 1;
	}
}

static void peer_writes(struct work *work)
{
	for (int turn = 1; turn <= CASE_ROUNDS; turn++)
		if (work_await_sleep(work, turn) && write(work->pipe[1], "", 1) != 1)
			work->disturbed = 1;
}

static void files_ready(struct work *work, file_wait wait)
{
	char byte;

	work_peer(work, peer_writes);
	for (int turn = 1; turn <= CASE_ROUNDS; turn++) {
		work_announce(work, turn);
		if (wait(work, &long_timeout) != 1 || read(work->pipe[0], &byte, 1) != 1)
			work->disturbed = 1;
	}
}

#define FILE_BODIES(call)                             \
	static void call##_expires(struct work *work) \
	{                                             \
		files_expire(work, wait_##call);      \
	}                                             \
	static void call##_ready(struct work *work)   \
	{                                             \
		files_ready(work, wait_##call);       \
	}
FILE_BODIES(poll)
FILE_BODIES(ppoll)
FILE_BODIES(select)
FILE_BODIES(pselect)
FILE_BODIES(epoll)

/* Waits that need no timer: none to wait, something there already, no limit. */
static void no_timer(struct work *work)
{
	static const struct timespec none;
	sigset_t signals;
	siginfo_t info;
	char byte;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR2);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	for (int i = 0; i < CASE_ROUNDS; i++) {
		wait_poll(work, &none);
		wait_select(work, &none);
		wait_epoll(work, &none);
		sigtimedwait(&signals, &info, &none);
		if (write(work->pipe[1], "", 1) != 1)
			work->disturbed = 1;
		wait_poll(work, &long_timeout);
		wait_epoll(work, &long_timeout);
		if (read(work->pipe[0], &byte, 1) != 1)
			work->disturbed = 1;
	}
	work_peer(work, peer_writes);
	for (int turn = 1; turn <= CASE_ROUNDS; turn++) {
		struct pollfd file = {.fd = work->pipe[0], .events = POLLIN};

		work_announce(work, turn);
		if (poll(&file, 1, -1) != 1 || read(work->pipe[0], &byte, 1) != 1)
			work->disturbed = 1;
	}
}

/* ---- signals and message queues ---------------------------------------------- */

static void block_signal(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, signals, NULL);
}

static void sigtimedwait_expires(struct work *work)
{
	sigset_t signals;

	(void)work;
	block_signal(&signals);
	for (int i = 0; i < CASE_ROUNDS; i++)
		sigtimedwait(&signals, NULL, &case_timeout);
}

static void sigtimedwait_signalled(struct work *work)
{
	sigset_t signals;

	block_signal(&signals);
	work_peer(work, peer_signals);
	for (int turn = 1; turn <= CASE_ROUNDS; turn++) {
		work_announce(work, turn);
		if (sigtimedwait(&signals, NULL, &long_timeout) != SIGUSR1)
			work->disturbed = 1;
	}
}

/* A queue of one's own, without a name that would stay; -1 with errno. */
static mqd_t open_queue(void)
{
	struct mq_attr limits = {.mq_maxmsg = 2, .mq_msgsize = 8};
	char name[NAME_MAX];
	mqd_t queue;

	snprintf(name, sizeof(name), "/dwell-live-%d", getpid());
	queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &limits);
	if (queue >= 0)
		mq_unlink(name);
	return queue;
}

static void queue_expires(struct work *work)
{
	const mqd_t queue = open_queue();
	char message[8];

	(void)work;
	for (int i = 0; i < CASE_ROUNDS; i++) {
		const struct timespec deadline = case_deadline(CLOCK_REALTIME, CASE_TIMEOUT_NS);

		mq_timedreceive(queue, message, sizeof(message), NULL, &deadline);
	}
}

static void peer_sends(struct work *work)
{
	for (int turn = 1; turn <= CASE_ROUNDS; turn++)
		if (work_await_sleep(work, turn) && mq_send(work->queue, "", 1, 0))
			work->disturbed = 1;
}

static void queue_receives(struct work *work)
{
	const struct timespec deadline = case_deadline(CLOCK_REALTIME, 30000000000ULL);
	char message[8];

	work->queue = open_queue();
	work_peer(work, peer_sends);
	for (int turn = 1; turn <= CASE_ROUNDS; turn++) {
		work_announce(work, turn);
		if (mq_timedreceive(work->queue, message, sizeof(message), NULL, &deadline) != 1)
			work->disturbed = 1;
	}
}

static void run_with_queue(const void *argument)
{
	const mqd_t queue = open_queue();

	if (queue < 0 && errno == ENOSYS)
		live_skip("this kernel has no POSIX message queues");
	if (queue < 0)
		live_abort("mq_open: %s", strerror(errno));
	mq_close(queue);
	timer_case_run(argument);
}

#define QUEUE_TEST(test_name, test_body, ...)                                                    \
	{                                                                                        \
		.name = test_name, .run = run_with_queue, .argument = &(const struct timer_case) \
		{                                                                                \
			.body = test_body, .want = __VA_ARGS__                                   \
		}                                                                                \
	}

/* ---- latency ------------------------------------------------------------------- */

/* Half of its timers are due before it is off its CPU. */
static void sleep_both_ways(struct work *work)
{
	sleep_relative(work);
	sleep_past(work);
}

/* A sleep's timer ends its wait, whether the task slept or not: each has a latency. */
static void run_latency(const void *argument)
{
	const struct measure_plan plan = {.body = sleep_both_ways};
	struct measurement measurement;
	int64_t seen, latencies;
	const json_t *row;

	(void)argument;
	measure(&measurement, &plan);
	row = report_row(&measurement.by_task, "pid", measurement.work.pid);
	seen = report_integer(row, "lateness.count");
	latencies = report_integer(row, "timer_latency.count");
	live_expect_range("expiries with a lateness", seen,
			  2 * CASE_ROUNDS - measurement.by_task.unseen, 2 * CASE_ROUNDS);
	live_expect("expiries with a latency", latencies, seen);
	report_expect_no_loss(&measurement.by_task);
	measure_free(&measurement);
}

const struct live_test tests_sleeps[] = {
	{.name = "sleep-latency", .run = run_latency},
	TIMER_TEST("nanosleep-relative", sleep_relative, EXPIRING),
	TIMER_TEST("nanosleep-absolute", sleep_absolute, EXPIRING),
	TIMER_TEST("nanosleep-realtime", sleep_absolute_realtime, EXPIRING),
	TIMER_TEST("nanosleep-boottime", sleep_absolute_boottime, EXPIRING),
	TIMER_TEST("nanosleep-tai", sleep_absolute_tai, EXPIRING),
	TIMER_TEST("nanosleep-past", sleep_past, EXPIRING),
	TIMER_TEST("nanosleep-interrupted", sleep_interrupted, CANCELLED),
	TIMER_TEST("nanosleep-stopped", sleep_stopped, {.armed = 2, .cancelled = 1, .expired = 1}),
	TIMER_TEST("futex-expired", futex_expires, EXPIRING),
	TIMER_TEST("futex-woken", futex_woken, CANCELLED),
	TIMER_TEST("semaphore-expired", semaphore_expires, EXPIRING),
	TIMER_TEST("semaphore-posted", semaphore_posted, CANCELLED),
	TIMER_TEST("poll-expired", poll_expires, EXPIRING),
	TIMER_TEST("poll-ready", poll_ready, CANCELLED),
	TIMER_TEST("ppoll-expired", ppoll_expires, EXPIRING),
	TIMER_TEST("ppoll-ready", ppoll_ready, CANCELLED),
	TIMER_TEST("select-expired", select_expires, EXPIRING),
	TIMER_TEST("select-ready", select_ready, CANCELLED),
	TIMER_TEST("pselect-expired", pselect_expires, EXPIRING),
	TIMER_TEST("pselect-ready", pselect_ready, CANCELLED),
	TIMER_TEST("epoll-expired", epoll_expires, EXPIRING),
	TIMER_TEST("epoll-ready", epoll_ready, CANCELLED),
	TIMER_TEST("waits-without-timer", no_timer, {0}),
	TIMER_TEST("sigtimedwait-expired", sigtimedwait_expires, EXPIRING),
	TIMER_TEST("sigtimedwait-signalled", sigtimedwait_signalled, CANCELLED),
	QUEUE_TEST("mqueue-expired", queue_expires, EXPIRING),
	QUEUE_TEST("mqueue-received", queue_receives, CANCELLED),
	{0},
};
