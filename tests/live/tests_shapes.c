/* SPDX-License-Identifier: GPL-2.0-only */
/* Percentiles of live runs against workloads that know their own. */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "harness/live/live.h"
#include "harness/live/measure.h"

#define MS 1000000ULL
#define SAMPLES_MAX 4096

/* What a workload measured itself, in memory that it shares with its test. */
struct samples {
	size_t count;
	uint64_t ns[SAMPLES_MAX];
};

static struct samples *samples;

static void share_samples(void)
{
	samples = mmap(NULL, sizeof(*samples), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (samples == MAP_FAILED)
		live_abort("mmap: %s", strerror(errno));
}

static void add_sample(uint64_t ns)
{
	if (samples->count < SAMPLES_MAX)
		samples->ns[samples->count++] = ns;
}

static int compare_samples(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

#define RANKS 2 /* dwell may have counted so many intervals more, or fewer */

/*
 * The smallest sample that @per_mille of all do not exceed, or the one that is
 * @ranks further on in their order.
 */
static int64_t truth(unsigned int per_mille, int ranks)
{
	const int64_t last = (int64_t)samples->count - 1;
	int64_t at = (int64_t)(samples->count * per_mille + 999) / 1000 - 1 + ranks;

	at = at < 0 ? 0 : at > last ? last : at;
	return (int64_t)samples->ns[at];
}

/*
 * Holds @name of @row to the samples. A percentile may be off by 12.5 %, and by
 * what the workload sees beside the interval itself: @around ns. The durations
 * below lie at the beginning of a bucket, so that the next bucket is too far off.
 */
static void compare_shape(const json_t *row, const char *name, int64_t around)
{
	static const unsigned int per_mille[] = {500, 900, 990};
	static const char *const keys[] = {"p50_ns", "p90_ns", "p99_ns"};
	const json_t *measure = json_object_get(row, name);

	around = live_slower(around, 20);
	if (!samples->count)
		live_abort("the workload has no samples");
	qsort(samples->ns, samples->count, sizeof(samples->ns[0]), compare_samples);
	live_expect_near("the number of intervals", report_integer(measure, "count"),
			 (int64_t)samples->count, RANKS + (int64_t)samples->count / 50);
	for (size_t i = 0; i < 3; i++) {
		const int64_t low = truth(per_mille[i], -RANKS), high = truth(per_mille[i], RANKS);
		const int64_t got = report_integer(measure, keys[i]);

		live_note("%s.%s: %" PRId64 " us, by its own clock %" PRId64 " us", name, keys[i],
			  got / 1000, truth(per_mille[i], 0) / 1000);
		live_expect_range(keys[i], got, low - low / 8 - around, high + high / 8 + around);
	}
}

/* Each a little above the beginning of a bucket; most of the shortest, few of the longest. */
static uint64_t duration_of(unsigned int i)
{
	static const uint64_t durations[] = {4500000, 11300000, 22700000};

	return durations[i % 15 == 14 ? 2 : i % 3 == 1 ? 1 : 0];
}

#define ROUNDS 120
#define AROUND_NS 100000 /* a system call, a wake-up and a switch */

/* Runs @body and holds @name of its leader's row to its samples. */
static void run_shape(void (*body)(struct work *work), const char *name, int64_t around)
{
	const struct measure_plan plan = {.body = body, .tasks = 2};
	struct measurement measurement;

	share_samples();
	measure(&measurement, &plan);
	compare_shape(report_row(&measurement.by_task, "tid", measurement.work.tid[0]), name,
		      around);
	report_expect_no_loss(&measurement.by_task);
	measure_free(&measurement);
}

/* ---- blocks ---------------------------------------------------------------- */

static void sleep_durations(struct work *work)
{
	(void)work;
	samples->count = 0;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		const uint64_t before = proc_now();

		proc_sleep(duration_of(i));
		add_sample(proc_now() - before);
	}
}

static void run_blocked(const void *argument)
{
	(void)argument;
	run_shape(sleep_durations, "blocked", AROUND_NS);
}

/* ---- activations -------------------------------------------------------------- */

static void work_durations(struct work *work)
{
	(void)work;
	samples->count = 0;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint64_t woken;

		proc_sleep(MS);
		woken = proc_now();
		proc_spin(woken + duration_of(i));
		add_sample(proc_now() - woken);
	}
}

static void run_dwell(const void *argument)
{
	(void)argument;
	run_shape(work_durations, "dwell", AROUND_NS);
}

/* ---- waits after preemption ------------------------------------------------------ */

#define CONTEST_NS (2000 * MS)

static void *contend(void *argument)
{
	const uint64_t *end = argument;

	proc_pin(0, PROC_LAST_CPU);
	proc_spin(*end);
	return NULL;
}

/*
 * Two share a CPU. One looks at the clock and at how often it was preempted, all the
 * time. It may be preempted between the two looks, so a wait lies between the clock
 * ahead of the look before and the clock behind the one that tells.
 */
static void be_preempted(struct work *work)
{
	uint64_t end = proc_now() + CONTEST_NS, before, now = proc_now();
	struct rusage usage;
	pthread_t rival;
	long preempted;

	(void)work;
	samples->count = 0;
	proc_pin(0, PROC_LAST_CPU);
	if (pthread_create(&rival, NULL, contend, &end))
		live_abort("pthread_create failed");
	getrusage(RUSAGE_THREAD, &usage);
	do {
		before = now;
		now = proc_now();
		preempted = usage.ru_nivcsw;
		getrusage(RUSAGE_THREAD, &usage);
		if (usage.ru_nivcsw != preempted) {
			now = proc_now();
			add_sample(now - before);
		}
	} while (now < end);
	pthread_join(rival, NULL);
}

static void run_preempted(const void *argument)
{
	(void)argument;
	run_shape(be_preempted, "runqueue_preempted", AROUND_NS / 4);
}

/* ---- timer latency ------------------------------------------------------------------ */

#define LEAD_NS (2 * MS)
#define PERIOD_NS (30 * MS)

static void sleep_until(uint64_t at)
{
	const struct timespec time = {.tv_sec = at / 1000000000, .tv_nsec = at % 1000000000};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
}

static void be_urgent(void)
{
	const struct sched_param priority = {.sched_priority = 10};

	if (sched_setscheduler(0, SCHED_FIFO, &priority))
		live_abort("sched_setscheduler: %s", strerror(errno));
}

/* Has the CPU from before each of the other's deadlines until the wanted time after it. */
static void *obstruct(void *argument)
{
	const uint64_t *began = argument;

	proc_pin(0, PROC_LAST_CPU);
	be_urgent();
	for (unsigned int i = 1; i <= ROUNDS; i++) {
		const uint64_t deadline = *began + i * PERIOD_NS;

		sleep_until(deadline - LEAD_NS);
		proc_spin(deadline + duration_of(i));
	}
	return NULL;
}

static void keep_deadlines(struct work *work)
{
	uint64_t began = proc_now() + PERIOD_NS;
	pthread_t obstacle;

	(void)work;
	samples->count = 0;
	/* Slack is permitted delay: no part of timer latency. */
	prctl(PR_SET_TIMERSLACK, 1UL);
	proc_pin(0, PROC_LAST_CPU);
	if (pthread_create(&obstacle, NULL, obstruct, &began))
		live_abort("pthread_create failed");
	for (unsigned int i = 1; i <= ROUNDS; i++) {
		const uint64_t deadline = began + i * PERIOD_NS;

		/* On a host that stopped it too long it has nothing to wait for. */
		if (proc_now() >= deadline)
			continue;
		sleep_until(deadline);
		add_sample(proc_now() - deadline);
	}
	pthread_join(obstacle, NULL);
}

static void run_timer_latency(const void *argument)
{
	(void)argument;
	run_shape(keep_deadlines, "timer_latency", AROUND_NS);
}

/* ---- lateness ------------------------------------------------------------------------- */

#define EXPIRIES 2

static void expire_timerfd(void)
{
	const struct itimerspec soon = {.it_value.tv_nsec = 5 * MS};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	uint64_t expired;

	for (int i = 0; i < EXPIRIES; i++)
		if (timerfd_settime(fd, 0, &soon, NULL) || read(fd, &expired, sizeof(expired)) < 0)
			live_abort("timerfd: %s", strerror(errno));
	close(fd);
}

static void expire_signals(void)
{
	const struct itimerval soon = {.it_value.tv_usec = 5000};
	const struct itimerspec soon_spec = {.it_value.tv_nsec = 5 * MS};
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
	sigset_t alarms;
	timer_t timer;
	int number;

	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	sigprocmask(SIG_BLOCK, &alarms, NULL);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer))
		live_abort("timer_create: %s", strerror(errno));
	for (int i = 0; i < EXPIRIES; i++) {
		if (timer_settime(timer, 0, &soon_spec, NULL) || sigwait(&alarms, &number))
			live_abort("timer_settime: %s", strerror(errno));
		if (setitimer(ITIMER_REAL, &soon, NULL) || sigwait(&alarms, &number))
			live_abort("setitimer: %s", strerror(errno));
	}
	timer_delete(timer);
}

static void expire_twice(struct work *work)
{
	(void)work;
	expire_timerfd();
	expire_signals();
}

/*
 * Of two expiries the median is the smaller one, which their sum and their maximum
 * give exactly: report_read() holds every distribution of two to that. Here it is
 * made sure that there are such, of each kind that has a histogram of its own.
 */
static void run_lateness(const void *argument)
{
	static const char *const apis[] = {"timerfd", "posix_timer", "setitimer"};
	struct dwell_process run;
	struct workload workload;
	struct report report;
	char pid[16];

	(void)argument;
	workload_start(&workload, expire_twice, NULL);
	snprintf(pid, sizeof(pid), "%d", workload.pid);
	dwell_start(&run, NULL, DWELL_ARGUMENTS("timers", "-j", "-v", "-d", "0", "-p", pid));
	dwell_wait_measuring(&run);
	workload_release(&workload);
	if (!workload_wait(&workload, 20))
		live_abort("the workload died");
	dwell_interrupt(&run);
	dwell_wait(&run, 20);
	report_read(&report, &run);
	for (size_t i = 0; i < sizeof(apis) / sizeof(*apis); i++)
		live_expect(apis[i],
			    report_integer(report_timer(&report, workload.pid, apis[i]),
					   "lateness.count"),
			    EXPIRIES);
	workload_leave(&workload);
	report_free(&report);
	dwell_close(&run);
}

const struct live_test tests_shapes[] = {
	{.name = "shape-blocked", .run = run_blocked},
	{.name = "shape-dwell", .run = run_dwell},
	{.name = "shape-preempted", .run = run_preempted},
	{.name = "shape-timer-latency", .run = run_timer_latency},
	{.name = "shape-lateness", .run = run_lateness},
	{0},
};
