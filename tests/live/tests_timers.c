/* SPDX-License-Identifier: GPL-2.0-only */
/* Timer counts of timers that live longer than a system call. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <linux/io_uring.h>
#include <linux/time_types.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "harness/live/live.h"
#include "harness/live/measure.h"
#include "harness/live/timer_case.h"

/* Long enough that ending a timer never meets its next expiry. */
#define PERIOD_NS ((uint64_t)live_slower(50000000, 4))
#define PERIODS 10
#define LEFT_ARMED 7

static const struct itimerspec once_soon = {.it_value = {.tv_nsec = CASE_TIMEOUT_NS}};
static const struct itimerspec once_late = {.it_value = {.tv_sec = CASE_HOUR}};
static const struct itimerspec never;

static struct itimerspec periodic(void)
{
	return (struct itimerspec){.it_value = {.tv_nsec = (long)PERIOD_NS},
				   .it_interval = {.tv_nsec = (long)PERIOD_NS}};
}

/* ---- timerfd ----------------------------------------------------------------- */

static int make_timerfd(void)
{
	const int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);

	if (fd < 0)
		live_abort("timerfd_create failed");
	return fd;
}

static void arm_timerfd(int fd, const struct itimerspec *value)
{
	if (timerfd_settime(fd, 0, value, NULL))
		live_abort("timerfd_settime failed");
}

/* Expiries since the last read. */
static uint64_t read_timerfd(int fd)
{
	uint64_t expiries = 0;

	if (read(fd, &expiries, sizeof(expiries)) != sizeof(expiries))
		live_abort("reading a timerfd failed");
	return expiries;
}

static void timerfd_oneshot(struct work *work)
{
	const int fd = make_timerfd();

	(void)work;
	for (int i = 0; i < CASE_ROUNDS; i++) {
		arm_timerfd(fd, &once_soon);
		read_timerfd(fd);
	}
}

/*
 * The last of the expiries that were waited for came at @previous at the
 * earliest. Has the next one possibly come before the timer was ended just now?
 */
static void check_ended_in_time(struct work *work, uint64_t previous)
{
	if (proc_now() - previous > PERIOD_NS - PERIOD_NS / 10)
		work->disturbed = 1;
}

/*
 * Expiry number @number (from 0) of a timer armed at @begin was told just now. If
 * that is late by half a period, what the kernel armed meanwhile is not certain.
 */
static void check_told_in_time(struct work *work, uint64_t begin, int number)
{
	if (proc_now() > begin + (uint64_t)(number + 1) * PERIOD_NS + PERIOD_NS / 2)
		work->disturbed = 1;
}

/* Each read() that finds an expiry arms the timer again. */
static void timerfd_periodic(struct work *work)
{
	const struct itimerspec value = periodic();
	const int fd = make_timerfd();
	const uint64_t begin = proc_now();

	arm_timerfd(fd, &value);
	for (int i = 0; i < PERIODS; i++) {
		if (read_timerfd(fd) != 1)
			work->disturbed = 1;
		check_told_in_time(work, begin, i);
	}
	close(fd);
	check_ended_in_time(work, begin + PERIODS * PERIOD_NS);
}

static void timerfd_disarmed(struct work *work)
{
	const int fd = make_timerfd();

	(void)work;
	for (int i = 0; i < CASE_ROUNDS; i++) {
		arm_timerfd(fd, &once_late);
		arm_timerfd(fd, &never);
	}
}

static void timerfd_rearmed(struct work *work)
{
	const int fd = make_timerfd();

	(void)work;
	for (int i = 0; i < CASE_ROUNDS; i++)
		arm_timerfd(fd, &once_late);
}

static void timerfd_closed(struct work *work)
{
	(void)work;
	for (int i = 0; i < CASE_ROUNDS; i++) {
		const int fd = make_timerfd();

		arm_timerfd(fd, &once_late);
		close(fd);
	}
}

static void timerfd_left(struct work *work)
{
	(void)work;
	for (int i = 0; i < LEFT_ARMED; i++)
		arm_timerfd(make_timerfd(), &once_late);
}

/* A deadline in the past expires at once. */
static void timerfd_past(struct work *work)
{
	const struct itimerspec past = {.it_value = {.tv_nsec = 1}};
	const int fd = make_timerfd();

	(void)work;
	for (int i = 0; i < CASE_ROUNDS; i++) {
		if (timerfd_settime(fd, TFD_TIMER_ABSTIME, &past, NULL))
			live_abort("timerfd_settime failed");
		read_timerfd(fd);
	}
}

/* ---- POSIX timers -------------------------------------------------------------- */

/* By system calls: a library might add threads or timers of its own. */
static int make_timer(int notify, sigset_t *signals)
{
	struct sigevent event = {.sigev_notify = notify, .sigev_signo = SIGUSR1};
	int timer;

	sigemptyset(signals);
	sigaddset(signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, signals, NULL);
	if (notify == SIGEV_THREAD_ID)
		event._sigev_un._tid = proc_tid();
	if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer))
		live_abort("timer_create failed");
	return timer;
}

static void arm_timer(int timer, const struct itimerspec *value)
{
	if (syscall(SYS_timer_settime, timer, 0, value, NULL))
		live_abort("timer_settime failed");
}

static void wait_signal(const sigset_t *signals)
{
	int number;

	if (sigwait(signals, &number))
		live_abort("sigwait failed");
}

static void posix_oneshot(struct work *work)
{
	sigset_t signals;
	const int timer = make_timer(SIGEV_SIGNAL, &signals);

	(void)work;
	for (int i = 0; i < CASE_ROUNDS; i++) {
		arm_timer(timer, &once_soon);
		wait_signal(&signals);
	}
}

/* The kernel arms a periodic timer again when its signal is delivered. */
static void posix_periods(struct work *work, int notify)
{
	const struct itimerspec value = periodic();
	sigset_t signals;
	const int timer = make_timer(notify, &signals);
	const uint64_t begin = proc_now();

	arm_timer(timer, &value);
	for (int i = 0; i < PERIODS; i++) {
		wait_signal(&signals);
		/* A late delivery skips periods: the next expiry is no longer known. */
		if (syscall(SYS_timer_getoverrun, timer))
			work->disturbed = 1;
		check_told_in_time(work, begin, i);
	}
	syscall(SYS_timer_delete, timer);
	check_ended_in_time(work, begin + PERIODS * PERIOD_NS);
}

static void posix_periodic(struct work *work)
{
	posix_periods(work, SIGEV_SIGNAL);
}

static void posix_thread(struct work *work)
{
	posix_periods(work, SIGEV_THREAD_ID);
}

static volatile sig_atomic_t handled;

static void count_signal(int number)
{
	(void)number;
	handled++;
}

/* The same, delivered to a handler. */
static void posix_handler(struct work *work)
{
	const struct sigaction action = {.sa_handler = count_signal};
	const struct itimerspec value = periodic();
	sigset_t signals, none;
	const int timer = make_timer(SIGEV_SIGNAL, &signals);
	const uint64_t begin = proc_now();

	sigemptyset(&none);
	sigaction(SIGUSR1, &action, NULL);
	arm_timer(timer, &value);
	while (handled < PERIODS) {
		sigsuspend(&none);
		check_told_in_time(work, begin, handled - 1);
	}
	syscall(SYS_timer_delete, timer);
	check_ended_in_time(work, begin + PERIODS * PERIOD_NS);
}

static void posix_deleted(struct work *work)
{
	sigset_t signals;

	(void)work;
	for (int i = 0; i < CASE_ROUNDS; i++) {
		const int timer = make_timer(SIGEV_SIGNAL, &signals);

		arm_timer(timer, &once_late);
		syscall(SYS_timer_delete, timer);
	}
}

static void posix_disarmed(struct work *work)
{
	sigset_t signals;
	const int timer = make_timer(SIGEV_SIGNAL, &signals);

	(void)work;
	for (int i = 0; i < CASE_ROUNDS; i++) {
		arm_timer(timer, &once_late);
		arm_timer(timer, &never);
	}
}

static void posix_rearmed(struct work *work)
{
	sigset_t signals;
	const int timer = make_timer(SIGEV_SIGNAL, &signals);

	(void)work;
	for (int i = 0; i < CASE_ROUNDS; i++)
		arm_timer(timer, &once_late);
}

/* The kernel queues nothing for a timer that notifies nobody. */
static void posix_left(struct work *work)
{
	sigset_t signals;

	(void)work;
	for (int i = 0; i < LEFT_ARMED; i++)
		arm_timer(make_timer(SIGEV_NONE, &signals), &once_late);
	for (int i = 0; i < LEFT_ARMED; i++)
		arm_timer(make_timer(SIGEV_SIGNAL, &signals), &once_late);
}

/* ---- interval timer and alarm ----------------------------------------------------- */

static void set_itimer(long sec, long usec, long interval_usec)
{
	const struct itimerval value = {.it_value = {sec, usec}, .it_interval = {0, interval_usec}};

	if (syscall(SYS_setitimer, ITIMER_REAL, &value, NULL))
		live_abort("setitimer failed");
}

static void block_alarm(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGALRM);
	sigprocmask(SIG_BLOCK, signals, NULL);
}

static void itimer_oneshot(struct work *work)
{
	sigset_t signals;

	(void)work;
	block_alarm(&signals);
	for (int i = 0; i < CASE_ROUNDS; i++) {
		set_itimer(0, CASE_TIMEOUT_NS / 1000, 0);
		wait_signal(&signals);
	}
}

static void itimer_periodic(struct work *work)
{
	const uint64_t begin = proc_now();
	sigset_t signals;

	block_alarm(&signals);
	set_itimer(0, PERIOD_NS / 1000, PERIOD_NS / 1000);
	for (int i = 0; i < PERIODS; i++) {
		wait_signal(&signals);
		check_told_in_time(work, begin, i);
	}
	set_itimer(0, 0, 0);
	check_ended_in_time(work, begin + PERIODS * PERIOD_NS);
}

static void itimer_disarmed(struct work *work)
{
	(void)work;
	for (int i = 0; i < CASE_ROUNDS; i++) {
		set_itimer(CASE_HOUR, 0, 0);
		set_itimer(0, 0, 0);
	}
}

static void itimer_rearmed(struct work *work)
{
	(void)work;
	for (int i = 0; i < CASE_ROUNDS; i++)
		set_itimer(CASE_HOUR, 0, 0);
}

static void alarm_expires(struct work *work)
{
	sigset_t signals;

	(void)work;
	block_alarm(&signals);
	alarm(1);
	wait_signal(&signals);
}

static void alarm_cancelled(struct work *work)
{
	(void)work;
	for (int i = 0; i < CASE_ROUNDS; i++) {
		alarm(CASE_HOUR);
		alarm(0);
	}
}

/* ---- what is still armed when its process ends --------------------------------------- */

static void exits_armed(struct work *work)
{
	sigset_t signals;

	(void)work;
	arm_timerfd(make_timerfd(), &once_late);
	arm_timer(make_timer(SIGEV_SIGNAL, &signals), &once_late);
	set_itimer(CASE_HOUR, 0, 0);
	_exit(0);
}

#define ALL_EXPIRED                                          \
	{                                                    \
		.armed = CASE_ROUNDS, .expired = CASE_ROUNDS \
	}
#define ALL_CANCELLED                                          \
	{                                                      \
		.armed = CASE_ROUNDS, .cancelled = CASE_ROUNDS \
	}
/*
 * The system calls that set a timer take it off the queue first: each but the
 * last is cancelled, and none is armed while it is queued.
 */
#define ALL_SET_ANEW                                                                 \
	{                                                                            \
		.armed = CASE_ROUNDS, .cancelled = CASE_ROUNDS - 1, .outstanding = 1 \
	}
/* Armed once and again after each period; then ended. */
#define ALL_PERIODS                                                      \
	{                                                                \
		.armed = PERIODS + 1, .cancelled = 1, .expired = PERIODS \
	}

/* ---- io_uring ---------------------------------------------------------------------- */

/* A ring of one entry, by hand: what the library would do for it. */
struct uring {
	int fd;
	struct io_uring_params params;
	char *submissions, *completions; /* of the two rings */
	struct io_uring_sqe *entries;
};

static char *map_ring(const struct uring *ring, size_t bytes, off_t offset)
{
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
			    ring->fd, offset);

	if (memory == MAP_FAILED)
		live_abort("mmap of a ring: %s", strerror(errno));
	return memory;
}

static void open_ring(struct uring *ring)
{
	*ring = (struct uring){0};
	ring->fd = (int)syscall(SYS_io_uring_setup, 1, &ring->params);
	if (ring->fd < 0)
		live_skip("io_uring: %s", strerror(errno));
	ring->submissions =
		map_ring(ring, ring->params.sq_off.array + sizeof(uint32_t), IORING_OFF_SQ_RING);
	ring->completions = map_ring(ring,
				     ring->params.cq_off.cqes +
					     ring->params.cq_entries * sizeof(struct io_uring_cqe),
				     IORING_OFF_CQ_RING);
	ring->entries =
		(struct io_uring_sqe *)map_ring(ring, sizeof(struct io_uring_sqe), IORING_OFF_SQES);
}

/*
 * Submits a time-out and waits until it has passed: for the file, since to 6.11
 * waiting in io_uring_enter() arms a timer of its own, though without a limit.
 */
static void wait_in_ring(struct uring *ring, const struct __kernel_timespec *time_out)
{
	uint32_t *tail = (uint32_t *)(ring->submissions + ring->params.sq_off.tail);
	uint32_t *seen = (uint32_t *)(ring->completions + ring->params.cq_off.head);

	ring->entries[0] = (struct io_uring_sqe){
		.opcode = IORING_OP_TIMEOUT,
		.addr = (uint64_t)(uintptr_t)time_out,
		.len = 1,
	};
	*(uint32_t *)(ring->submissions + ring->params.sq_off.array) = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring->fd, 1, 0, 0, NULL, 0) != 1)
		live_abort("io_uring_enter: %s", strerror(errno));
	if (poll(&(struct pollfd){.fd = ring->fd, .events = POLLIN}, 1, -1) != 1)
		live_abort("poll: %s", strerror(errno));
	__atomic_store_n(seen, *seen + 1, __ATOMIC_RELEASE);
}

static void uring_timeout(struct work *work)
{
	const struct __kernel_timespec time_out = {.tv_nsec = CASE_TIMEOUT_NS};
	struct uring ring;

	(void)work;
	open_ring(&ring);
	for (int i = 0; i < CASE_ROUNDS; i++)
		wait_in_ring(&ring, &time_out);
	close(ring.fd);
}

const struct live_test tests_timers[] = {
	TIMER_TEST("timerfd-oneshot", timerfd_oneshot, ALL_EXPIRED),
	TIMER_TEST("timerfd-periodic", timerfd_periodic, ALL_PERIODS),
	TIMER_TEST("timerfd-disarmed", timerfd_disarmed, ALL_CANCELLED),
	TIMER_TEST("timerfd-rearmed", timerfd_rearmed, ALL_SET_ANEW),
	TIMER_TEST("timerfd-closed", timerfd_closed, ALL_CANCELLED),
	TIMER_TEST("timerfd-past", timerfd_past, ALL_EXPIRED),
	TIMER_TEST("timerfd-left-armed", timerfd_left,
		   {.armed = LEFT_ARMED, .outstanding = LEFT_ARMED}),
	TIMER_TEST("posix-oneshot", posix_oneshot, ALL_EXPIRED),
	TIMER_TEST("posix-periodic", posix_periodic, ALL_PERIODS),
	TIMER_TEST("posix-periodic-handler", posix_handler, ALL_PERIODS),
	TIMER_TEST("posix-thread-id", posix_thread, ALL_PERIODS),
	TIMER_TEST("posix-disarmed", posix_disarmed, ALL_CANCELLED),
	TIMER_TEST("posix-deleted", posix_deleted, ALL_CANCELLED),
	TIMER_TEST("posix-rearmed", posix_rearmed, ALL_SET_ANEW),
	TIMER_TEST("posix-left-armed", posix_left,
		   {.armed = LEFT_ARMED, .outstanding = LEFT_ARMED}),
	TIMER_TEST("itimer-oneshot", itimer_oneshot, ALL_EXPIRED),
	TIMER_TEST("itimer-periodic", itimer_periodic, ALL_PERIODS),
	TIMER_TEST("itimer-disarmed", itimer_disarmed, ALL_CANCELLED),
	TIMER_TEST("itimer-rearmed", itimer_rearmed, ALL_SET_ANEW),
	TIMER_TEST("alarm-expired", alarm_expires, {.armed = 1, .expired = 1}),
	TIMER_TEST("alarm-cancelled", alarm_cancelled, ALL_CANCELLED),
	TIMER_TEST("io-uring-timeout", uring_timeout, ALL_EXPIRED),
	{.name = "exit-cancels",
	 .run = timer_case_run,
	 .argument = &(const struct timer_case){.body = exits_armed,
						.want = {.armed = 3, .cancelled = 3},
						.ends = true}},
	{0},
};
