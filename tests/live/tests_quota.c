/* SPDX-License-Identifier: GPL-2.0-only */
/* CPU quotas: time throttled is what cpu.stat says, whatever else keeps the task waiting. */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/live/cgroups.h"
#include "harness/live/hidden.h"
#include "harness/live/live.h"
#include "harness/live/report.h"
#include "harness/live/workload.h"

#define MS 1000000ULL
#define RUN_NS (4000 * MS)
#define QUOTA_US 20000
#define PERIOD_US 100000
#define NAP_NS MS
#define BULLY_NS (400 * MS) /* more than one period */

/* A group with a quota, its tasks and what was measured of them. */
struct trial {
	struct cgroup quota; /* has the quota, and the account */
	struct cgroup group; /* has the tasks: the same, or below it */
	struct workload workload;
	struct workload other;	     /* outside the group; pid 0: none */
	struct proc_account account; /* of the workload: what it added in the trial */
	struct report report;
	int64_t truth; /* ns throttled, of all CPUs */
	int64_t times; /* throttled */
	bool anywhere; /* the workload may run on any CPU */
	int64_t inner; /* ns: by its own clock … */
	int64_t outer; /* … and by the clock of who waits for it */
};

static void make_group(struct trial *trial, const char *name, bool nested)
{
	memset(trial, 0, sizeof(*trial));
	cgroup_make(&trial->quota, name);
	cgroup_set_quota(&trial->quota, QUOTA_US, PERIOD_US);
	if (nested)
		cgroup_make_below(&trial->group, &trial->quota, "inner");
	else
		trial->group = trial->quota;
	trial->group.path = trial->group.directory + (trial->quota.path - trial->quota.directory);
}

static void spin(struct work *work)
{
	(void)work;
	proc_spin(proc_now() + RUN_NS);
}

/* Has its CPU for longer than a period of the quota, again and again: real-time. */
static void bully(struct work *work)
{
	const struct sched_param priority = {.sched_priority = 10};
	const uint64_t end = proc_now() + RUN_NS;

	if (sched_setscheduler(0, SCHED_FIFO, &priority))
		live_skip("no real-time task can be made: %s", strerror(errno));
	work->tid[1] = proc_tid();
	while (proc_now() < end) {
		proc_spin(proc_now() + BULLY_NS);
		proc_sleep(BULLY_NS);
	}
}

/* Starts @body in the group, on one CPU or @anywhere, and @other beside it outside. */
static void start_trial(struct trial *trial, void (*body)(struct work *work), bool anywhere,
			void (*other)(struct work *work))
{
	trial->anywhere = anywhere;
	workload_start(&trial->workload, body, trial);
	cgroup_add(&trial->group, trial->workload.pid);
	if (!anywhere)
		proc_pin(trial->workload.pid, PROC_LAST_CPU);
	if (!other)
		return;
	workload_start(&trial->other, other, trial);
	proc_pin(trial->other.pid, PROC_LAST_CPU);
}

/* Measures it by @arguments from before it begins until after it is done. */
static void run_trial(struct trial *trial, const char *const *arguments)
{
	const pid_t pid = trial->workload.pid;
	struct hidden_sample hidden;
	struct proc_account before;
	struct dwell_process run;

	hidden_sample(&hidden);
	dwell_start(&run, NULL, arguments);
	dwell_wait_measuring(&run);
	/* It is blocked in both readings of its account, and so in both ends of the window. */
	if (!proc_account(pid, pid, &before))
		live_skip("the kernel keeps no account of tasks");
	trial->truth = -(int64_t)cgroup_throttled(&trial->quota);
	trial->times = -(int64_t)cgroup_times_throttled(&trial->quota);
	trial->outer = -(int64_t)proc_now();
	workload_release(&trial->workload);
	if (trial->other.pid)
		workload_release(&trial->other);
	if (!workload_wait(&trial->workload, live_slower(25, 2)))
		live_abort("the workload died");
	trial->outer += (int64_t)proc_now();
	trial->inner = (int64_t)(trial->workload.work->ended[0] - trial->workload.work->began[0]);
	if (trial->other.pid && !workload_wait(&trial->other, live_slower(25, 2)))
		live_abort("the workload beside it died");
	proc_account(pid, pid, &trial->account);
	trial->account.run_ns -= before.run_ns;
	trial->account.delay_ns -= before.delay_ns;
	trial->truth += (int64_t)cgroup_throttled(&trial->quota);
	trial->times += (int64_t)cgroup_times_throttled(&trial->quota);
	dwell_interrupt(&run);
	dwell_wait(&run, 30);
	report_read(&trial->report, &run);
	/* It is of the whole machine. */
	trial->report.unseen = hidden_slices(&hidden, HIDDEN_ANY_CPU) * HIDDEN_EVENTS;
	trial->report.others = report_others();
	dwell_close(&run);
	if (trial->truth < (int64_t)RUN_NS / 10)
		live_abort("the kernel itself hardly throttled the group");
}

static void end_trial(struct trial *trial)
{
	report_free(&trial->report);
	workload_leave(&trial->workload);
	if (trial->other.pid)
		workload_leave(&trial->other);
}

#define SUMMARY DWELL_ARGUMENTS("summary", "-j", "-v", "-d", "0", "-n", "0")

static int64_t throttled_ns(const struct trial *trial, pid_t tid)
{
	return report_integer(report_row(&trial->report, "tid", tid), "throttled.sum_ns");
}

/*
 * Up to 6.17 the queue is throttled, and dwell knows of a queue what it read when a
 * task left it. Who is woken to one for the first time, on another CPU, waits there
 * for a CPU as far as dwell can tell: a period at most, once on each.
 */
static int64_t unseen_ns(const struct trial *trial)
{
	if (!trial->anywhere || proc_kernel_at_least(6, 18))
		return 0;
	return (sysconf(_SC_NPROCESSORS_ONLN) - 1) * PERIOD_US * 1000LL;
}

/* What is known of the workload otherwise: the quota's account, and its own. */
static void check_account(const struct trial *trial)
{
	const json_t *row = report_row(&trial->report, "tid", trial->workload.pid);
	const int64_t throttled = report_integer(row, "throttled.sum_ns");
	const int64_t queued = report_integer(row, "runqueue.sum_ns");
	const int64_t oncpu = report_integer(row, "oncpu_ns");
	const int64_t run = (int64_t)trial->account.run_ns;
	const int64_t waits = (int64_t)trial->account.delay_ns;

	live_note("throttled %" PRId64 " (%" PRId64 ") us in %" PRId64 " (%" PRId64
		  ") times, queued %" PRId64 ", all waits (%" PRId64 "), on the CPU %" PRId64
		  " (%" PRId64 ") us",
		  throttled / 1000, trial->truth / 1000, report_integer(row, "throttled.count"),
		  trial->times, queued / 1000, waits / 1000, oncpu / 1000, run / 1000);
	live_expect_range("time throttled", throttled,
			  trial->truth - trial->truth / 50 - unseen_ns(trial),
			  trial->truth + trial->truth / 50);
	/* On emulated CPUs the scheduler's clock stands still for long: see tests_sched.c. */
	live_expect_near("time on the CPU", oncpu, run, live_slower(run / 50, 5));
	/* Of a task that it moves, PREEMPT_RT at least accounts for less than the clock tells. */
	if (trial->anywhere)
		live_expect_range(
			"the sum of all states",
			oncpu + throttled + queued + report_integer(row, "blocked.sum_ns"),
			trial->inner - trial->inner / 50, trial->outer + trial->outer / 50);
	else
		live_expect_near("all waits", throttled + queued, waits, waits / 50);
}

static void run_alone(const void *argument)
{
	struct trial trial;

	make_group(&trial, "quota", argument != NULL);
	start_trial(&trial, spin, false, NULL);
	run_trial(&trial, SUMMARY);
	check_account(&trial);
	report_expect_no_loss(&trial.report);
	end_trial(&trial);
}

/*
 * The group's CPU is taken by another's task while it has quota: that is not the
 * quota's doing. On PREEMPT_RT it may be: the bully can keep the timer from
 * running that brings new quota, and the kernel's account says so.
 */
static void run_bullied(const void *argument)
{
	struct trial trial;

	make_group(&trial, "quota", argument != NULL);
	start_trial(&trial, spin, false, bully);
	run_trial(&trial, SUMMARY);
	check_account(&trial);
	end_trial(&trial);
}

/* ---- several tasks -------------------------------------------------------------- */

static void spin_beside(struct work *work)
{
	proc_pin(0, PROC_LAST_CPU);
	spin(work);
}

static void spin_both(struct work *work)
{
	work->tid[1] = work_peer(work, spin_beside);
	spin(work);
	waitpid(work->tid[1], NULL, 0);
}

/*
 * When one of them uses up the quota, the other already waits: it runs out on it
 * too. Since 6.18 only as soon as it is its turn.
 */
static void run_two(const void *argument)
{
	struct trial trial;

	(void)argument;
	make_group(&trial, "quota", false);
	start_trial(&trial, spin_both, false, NULL);
	run_trial(&trial, SUMMARY);
	for (int i = 0; i < 2; i++) {
		const int64_t ns = throttled_ns(&trial, trial.workload.work->tid[i]);

		live_note("task %d: throttled %" PRId64 " (%" PRId64 ") us", i, ns / 1000,
			  trial.truth / 1000);
		live_expect_range("time throttled", ns, trial.truth - trial.truth / 10,
				  trial.truth + trial.truth / 50);
	}
	end_trial(&trial);
}

static void nap(struct work *work)
{
	const uint64_t end = proc_now() + RUN_NS;

	(void)work;
	while (proc_now() < end) {
		proc_sleep(NAP_NS);
		proc_spin(proc_now() + NAP_NS / 5);
	}
}

static void spin_elsewhere(struct work *work)
{
	proc_pin(0, PROC_FIRST_CPU);
	spin(work);
}

static void nap_beside_spinner(struct work *work)
{
	work->tid[1] = work_peer(work, spin_elsewhere);
	proc_pin(0, PROC_LAST_CPU);
	nap(work);
	waitpid(work->tid[1], NULL, 0);
}

/*
 * One task uses up the quota on one CPU; another is woken on its own CPU all the
 * time, and most times finds none. Each CPU's account is one task's.
 */
static void run_woken(const void *argument)
{
	struct trial trial;
	int64_t napper, spinner;

	(void)argument;
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		live_skip("one CPU only");
	make_group(&trial, "quota", false);
	start_trial(&trial, nap_beside_spinner, true, NULL);
	run_trial(&trial, SUMMARY);
	napper = throttled_ns(&trial, trial.workload.pid);
	spinner = throttled_ns(&trial, trial.workload.work->tid[1]);
	live_note("the sleeper was throttled for %" PRId64 ", the other for %" PRId64 " (%" PRId64
		  ") us",
		  napper / 1000, spinner / 1000, trial.truth / 1000);
	/* Up to 6.5 the kernel's account goes on while there is nobody who wants to run. */
	live_expect_range("time throttled", napper + spinner,
			  trial.truth - trial.truth / 50 - trial.times * (int64_t)NAP_NS,
			  trial.truth + trial.truth / 50);
	if (trial.truth - spinner < trial.truth / 10)
		live_abort("the sleeper hardly met a lack of quota");
	end_trial(&trial);
}

/* It naps and works where it likes, with a bully on one of the CPUs. */
static void work_and_nap(struct work *work)
{
	work->began[0] = proc_now();
	while (proc_now() < work->began[0] + RUN_NS) {
		proc_spin(proc_now() + 3 * MS);
		proc_sleep(MS);
	}
	work->ended[0] = proc_now();
}

static void run_floating(const void *argument)
{
	struct trial trial;

	(void)argument;
	make_group(&trial, "quota", false);
	start_trial(&trial, work_and_nap, true, bully);
	run_trial(&trial, SUMMARY);
	check_account(&trial);
	end_trial(&trial);
}

/* ---- outliers ------------------------------------------------------------------- */

#define OUTLIERS                                                                               \
	DWELL_ARGUMENTS("outliers", "-j", "-v", "-d", "0", "--throttled", "5ms", "--runqueue", \
			"50ms", "--blocked", "off", "--dwell", "off", "--lateness", "off",     \
			"--timer-latency", "off")

static bool is_of(const json_t *outlier, const struct trial *trial, const char *what)
{
	const char *name = json_string_value(json_object_get(outlier, "what"));

	return name && !strcmp(name, what) && report_integer(outlier, "tid") == trial->workload.pid;
}

static bool blames(const json_t *outlier, pid_t pid)
{
	const json_t *first = json_array_get(json_object_get(outlier, "culprits"), 0);

	return first && report_integer(first, "pid") == pid &&
	       json_number_value(json_object_get(first, "share")) > 0.8;
}

/* The quota is told for its part of a wait, and the bully for the rest. */
static void run_blamed(const void *argument)
{
	unsigned int waits = 0, blamed = 0;
	int64_t throttled = 0, told = 0, rest;
	const json_t *outlier;
	struct trial trial;
	size_t index;
	char *text;

	(void)argument;
	make_group(&trial, "quota", false);
	start_trial(&trial, spin, false, bully);
	run_trial(&trial, OUTLIERS);
	json_array_foreach(trial.report.outliers, index, outlier) {
		if (json_is_true(json_object_get(outlier, "open")))
			continue;
		if (is_of(outlier, &trial, "throttled"))
			throttled += report_integer(outlier, "ns");
		/* Its last one may end as the bully does, before it has slept. */
		if (!is_of(outlier, &trial, "runqueue") ||
		    report_integer(outlier, "ns") < (int64_t)(BULLY_NS / 2))
			continue;
		waits++;
		told += report_integer(outlier, "ns");
		if (blames(outlier, trial.other.pid)) {
			blamed++;
			continue;
		}
		text = json_dumps(outlier, JSON_COMPACT);
		live_note("not the bully's: %s", text ?: "out of memory");
		free(text);
	}
	live_note("%u long waits, %u of them blamed on the bully; throttled for %" PRId64
		  " (%" PRId64 ") us",
		  waits, blamed, throttled / 1000, trial.truth / 1000);
	/* What it waited and was not throttled was for the bully, most of it. */
	rest = (int64_t)trial.account.delay_ns - trial.truth;
	if (rest >= (int64_t)(2 * BULLY_NS))
		live_expect_range("time told as waited for the bully", told, rest / 2,
				  rest + rest / 50);
	else
		live_note("the kernel gave no quota while the bully ran");
	live_expect("waits for the bully blamed on it", blamed, waits);
	live_expect_range("time told as throttled", throttled, trial.truth / 2,
			  trial.truth + trial.truth / 50);
	end_trial(&trial);
}

/* What is typical of a wait for quota is told by such waits, and not by others. */
static void run_typical(const void *argument)
{
	const json_t *outlier, *last = NULL;
	int64_t typical, mean;
	struct trial trial;
	size_t index;

	(void)argument;
	make_group(&trial, "quota", false);
	/* Beside another spinner it is preempted all the time. */
	start_trial(&trial, spin, false, spin);
	run_trial(&trial, OUTLIERS);
	json_array_foreach(trial.report.outliers, index, outlier)
		if (is_of(outlier, &trial, "throttled"))
			last = outlier;
	if (!last)
		live_abort("it is not told as throttled");
	typical = report_integer(last, "typical_ns");
	mean = trial.truth / trial.times;
	live_note("typical %" PRId64 " (%" PRId64 ") us", typical / 1000, mean / 1000);
	live_expect_near("the typical time throttled", typical, mean, mean / 5);
	end_trial(&trial);
}

const struct live_test tests_quota[] = {
	{.name = "throttled", .run = run_alone},
	{.name = "throttled-nested", .run = run_alone, .argument = "nested"},
	{.name = "throttled-bullied", .run = run_bullied},
	{.name = "throttled-bullied-nested", .run = run_bullied, .argument = "nested"},
	{.name = "throttled-two", .run = run_two},
	{.name = "throttled-woken", .run = run_woken},
	{.name = "throttled-floating", .run = run_floating},
	{.name = "throttled-blamed", .run = run_blamed},
	{.name = "throttled-typical", .run = run_typical},
	{0},
};
