/* SPDX-License-Identifier: GPL-2.0-only */
/* Who is said to have had the CPU, against the scheduler's own accounts of those who had. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/live/live.h"
#include "harness/live/report.h"
#include "harness/live/workload.h"

#define MS 1000000ULL
#define TASKS_MAX 40
#define VICTIM "dwell victim"

/* What a workload's children did, by the scheduler's accounts. */
struct truth {
	uint64_t all_ns;   /* from beginning to end */
	uint64_t own_ns;   /* the victim's part of it */
	uint64_t other_ns; /* of those that are asked for */
};

/* ---- the work ----------------------------------------------------------------- */

static void call(const char *name)
{
	prctl(PR_SET_NAME, name);
}

/* One child: what it does, and with which ends of pipes. */
struct child {
	const char *name;
	uint64_t spin_ns; /* each turn */
	int in, out;
};

/* Takes turns with another one until it is killed. */
static void take_turns(const struct child *child)
{
	char byte = 'x';

	while (read(child->in, &byte, 1) == 1) {
		proc_spin(proc_now() + child->spin_ns);
		if (write(child->out, &byte, 1) != 1)
			break;
	}
}

static pid_t start_child(const struct child *child)
{
	const pid_t pid = fork();

	if (pid < 0)
		live_abort("fork: %s", strerror(errno));
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGALRM, SIG_DFL);
	proc_pin(0, PROC_LAST_CPU);
	call(child->name);
	take_turns(child);
	_exit(0);
}

/* Two that take turns over a pair of pipes, of which one begins. */
static void start_pair(const struct child *first, const struct child *second, pid_t pids[2])
{
	struct child child[2] = {*first, *second};
	int there[2], back[2];

	if (pipe(there) || pipe(back))
		live_abort("pipe: %s", strerror(errno));
	child[0].in = back[0];
	child[0].out = there[1];
	child[1].in = there[0];
	child[1].out = back[1];
	for (int i = 0; i < 2; i++)
		pids[i] = start_child(&child[i]);
	if (write(back[1], "x", 1) != 1)
		live_abort("write: %s", strerror(errno));
}

/* One that has just been made has no account before it got a CPU. */
static uint64_t run_ns(pid_t pid)
{
	const uint64_t deadline = proc_now() + 20000 * MS;
	struct proc_account account;

	while (!proc_account(pid, pid, &account)) {
		if (proc_now() > deadline)
			live_abort("task %d has no account", pid);
		proc_sleep(MS);
	}
	return account.run_ns;
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* With a filter by name a task is measured once it was woken under that name. */
static void be_noticed(void)
{
	proc_sleep(MS);
}

static void be_nice(int nice)
{
	if (setpriority(PRIO_PROCESS, 0, nice))
		live_abort("setpriority: %s", strerror(errno));
}

/*
 * Wants all of a CPU and gets little of it, while @count @others have it. It reads
 * their accounts with priority: else they went on while it did.
 */
static void suffer(struct truth *truth, const pid_t *others, size_t asked, size_t count)
{
	uint64_t before = 0, after = 0, began;

	be_nice(-20);
	be_noticed();
	for (size_t i = 0; i < asked; i++)
		before += run_ns(others[i]);
	began = proc_now();
	truth->own_ns = run_ns(getpid());
	be_nice(19);
	proc_spin(proc_now() + (uint64_t)live_slower(3000, 2) * MS);
	be_nice(-20);
	truth->own_ns = run_ns(getpid()) - truth->own_ns;
	truth->all_ns = proc_now() - began;
	for (size_t i = 0; i < asked; i++)
		after += run_ns(others[i]);
	truth->other_ns = after - before;
	for (size_t i = 0; i < count; i++)
		end_child(others[i]);
}

/* A workload has its truth where its accounts would be. */
static struct truth *truth_of(struct work *work)
{
	_Static_assert(sizeof(struct truth) <= sizeof(work->account), "there is no room");
	return (struct truth *)work->account;
}

static void suffer_among_many(struct work *work)
{
	const struct child child = {.name = "manybench"};
	pid_t pids[TASKS_MAX];

	call(VICTIM);
	proc_pin(0, PROC_LAST_CPU);
	for (int i = 0; i < TASKS_MAX; i += 2)
		start_pair(&child, &child, pids + i);
	suffer(truth_of(work), pids, TASKS_MAX, TASKS_MAX);
}

static void suffer_between_two(struct work *work)
{
	const struct child alpha = {.name = "alpha", .spin_ns = 40000};
	const struct child beta = {.name = "beta", .spin_ns = 120000};
	pid_t pids[2];

	call(VICTIM);
	proc_pin(0, PROC_LAST_CPU);
	start_pair(&alpha, &beta, pids);
	suffer(truth_of(work), pids, 1, 2);
}

/* Each one is gone when it is told of. */
static void suffer_from_the_short_lived(struct work *work)
{
	(void)work;
	call(VICTIM);
	proc_pin(0, PROC_LAST_CPU);
	be_noticed();
	for (int i = 0; i < 20; i++) {
		const pid_t pid = fork();

		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			call("shortlived");
			setpriority(PRIO_PROCESS, 0, -19);
			proc_spin(proc_now() + 60 * MS);
			_exit(0);
		}
		proc_spin(proc_now() + 100 * MS);
		waitpid(pid, NULL, 0);
	}
}

/* ---- what is told of it ----------------------------------------------------------- */

/* Only the victim's waits for a CPU, from @floor on. */
static void start_watching(struct dwell_process *run, const char *floor)
{
	dwell_start(run, NULL,
		    DWELL_ARGUMENTS("outliers", "-j", "-v", "-d", "0", "-c", VICTIM, "--runqueue",
				    floor, "--throttled", "off", "--blocked", "off", "--dwell",
				    "off", "--lateness", "off", "--timer-latency", "off"));
	dwell_wait_measuring(run);
}

static void watch(struct workload *workload, void (*body)(struct work *work), const char *floor,
		  struct report *report)
{
	struct dwell_process run;

	workload_start(workload, body, NULL);
	start_watching(&run, floor);
	workload_release(workload);
	if (!workload_wait(workload, (unsigned int)live_slower(30, 2)))
		live_abort("the workload died");
	dwell_interrupt(&run);
	dwell_wait(&run, 30);
	report_read(report, &run);
	dwell_close(&run);
}

static bool is_wait_of(const json_t *outlier, pid_t tid)
{
	const char *what = json_string_value(json_object_get(outlier, "what"));

	return what && !strcmp(what, "runqueue") && report_integer(outlier, "tid") == tid &&
	       !json_is_true(json_object_get(outlier, "open"));
}

static double number_of(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

static bool is_called(const json_t *culprit, const char *name)
{
	const char *comm = json_string_value(json_object_get(culprit, "comm"));

	return comm && !strcmp(comm, name);
}

/* What @name had of all of @tid's waits together; *@tasks: the most that were told. */
static double share_of(const struct report *report, pid_t tid, const char *name, int64_t *tasks)
{
	double all = 0, had = 0;
	const json_t *outlier, *culprit;
	size_t i, j;

	*tasks = 0;
	json_array_foreach(report->outliers, i, outlier) {
		if (!is_wait_of(outlier, tid))
			continue;
		all += number_of(outlier, "ns");
		json_array_foreach(json_object_get(outlier, "culprits"), j, culprit) {
			if (!is_called(culprit, name))
				continue;
			had += number_of(culprit, "ns");
			if (report_integer(culprit, "tasks") > *tasks)
				*tasks = report_integer(culprit, "tasks");
		}
	}
	if (all == 0)
		live_abort("it hardly had to wait");
	return had / all;
}

static void expect_share(const char *name, double told, const struct truth *truth)
{
	const double is = (double)truth->other_ns / (double)(truth->all_ns - truth->own_ns);

	live_note("%s had %.3f of the waits by the scheduler's accounts, %.3f by dwell's", name, is,
		  told);
	if (fabs(is - told) > 0.1)
		live_fail("%s is said to have had %.3f, not %.3f", name, told, is);
}

static void run_many(const void *argument)
{
	struct workload workload;
	struct report report;
	int64_t tasks;
	double told;

	(void)argument;
	watch(&workload, suffer_among_many, "2ms", &report);
	told = share_of(&report, workload.pid, "manybench", &tasks);
	expect_share("manybench", told, truth_of(workload.work));
	live_expect_range("tasks that are told together", tasks, TASKS_MAX / 2, TASKS_MAX);
	report_free(&report);
	workload_leave(&workload);
}

static void run_two(const void *argument)
{
	struct workload workload;
	struct report report;
	int64_t tasks;
	double told;

	(void)argument;
	watch(&workload, suffer_between_two, "2ms", &report);
	told = share_of(&report, workload.pid, "alpha", &tasks);
	expect_share("alpha", told, truth_of(workload.work));
	live_expect("tasks called alpha", tasks, 1);
	if (share_of(&report, workload.pid, "beta", &tasks) < told)
		live_fail("beta had more than alpha, and is said to have had less");
	report_free(&report);
	workload_leave(&workload);
}

static void run_exited(const void *argument)
{
	unsigned int culprits = 0, nameless = 0, short_lived = 0;
	const json_t *outlier, *culprit;
	struct workload workload;
	struct report report;
	size_t i, j;

	(void)argument;
	watch(&workload, suffer_from_the_short_lived, "2ms", &report);
	json_array_foreach(report.outliers, i, outlier) {
		if (!is_wait_of(outlier, workload.pid))
			continue;
		json_array_foreach(json_object_get(outlier, "culprits"), j, culprit) {
			culprits++;
			nameless += !json_object_get(culprit, "comm");
			short_lived += is_called(culprit, "shortlived");
		}
	}
	live_note("%u culprits, %u of them short-lived", culprits, short_lived);
	live_expect("culprits without a name", nameless, 0);
	if (short_lived < 5)
		live_fail("only %u of 20 that had the CPU are named", short_lived);
	report_free(&report);
	workload_leave(&workload);
}

/* ---- a real-time spinner --------------------------------------------------------------- */

static void spin_in_real_time(struct work *work)
{
	const struct sched_param parameter = {.sched_priority = 10};

	call("rtspinner");
	proc_pin(0, PROC_LAST_CPU);
	if (sched_setscheduler(0, SCHED_FIFO, &parameter))
		_exit(1);
	while (!atomic_load(&work->turn))
		proc_spin(proc_now() + MS);
}

static void sleep_and_wake(struct work *work)
{
	call(VICTIM);
	atomic_store(&work->turn, 0);
	while (!atomic_load(&work->turn))
		proc_sleep(10 * MS);
}

/* The spinner and the one beside it are there before dwell is. */
static void start_beside_spinner(struct work *work)
{
	work->tid[1] = work_peer(work, spin_in_real_time);
	work->tid[2] = work_peer(work, sleep_and_wake);
	proc_pin(work->tid[2], PROC_LAST_CPU);
}

static void end_beside_spinner(struct workload *workload)
{
	atomic_store(&workload->work->turn, 1);
	for (int i = 1; i <= 2; i++)
		kill(workload->work->tid[i], SIGKILL);
}

/* @move: the victim is taken to another CPU now and then while it waits. When dwell had begun. */
static uint64_t watch_spinner(struct workload *workload, struct report *report, bool move)
{
	struct dwell_process run;
	uint64_t began;

	if (proc_preempt_rt())
		live_skip("on PREEMPT_RT a spinner starves the kernel's own threads");
	workload_start(workload, start_beside_spinner, NULL);
	workload_release(workload);
	if (!workload_wait(workload, 30))
		live_abort("the workload died");
	proc_sleep(200 * MS);
	start_watching(&run, "20ms");
	began = proc_now();
	for (int i = 0; i < 6; i++) {
		proc_sleep((uint64_t)live_slower(500, 2) * MS);
		if (!move)
			continue;
		proc_pin(workload->work->tid[2], PROC_FIRST_CPU);
		proc_sleep(50 * MS);
		proc_pin(workload->work->tid[2], PROC_LAST_CPU);
	}
	dwell_interrupt(&run);
	dwell_wait(&run, 30);
	end_beside_spinner(workload);
	report_read(report, &run);
	dwell_close(&run);
	return began;
}

/* What @tid had of the wait @outlier, ns; *@unseen: what nobody is told to have had. */
static double had_of(const json_t *outlier, pid_t tid, double *unseen)
{
	const json_t *culprit;
	double had = 0;
	size_t i;

	*unseen = number_of(outlier, "unseen_share") * number_of(outlier, "ns");
	json_array_foreach(json_object_get(outlier, "culprits"), i, culprit)
		if ((int64_t)number_of(culprit, "tid") == tid && is_called(culprit, "rtspinner"))
			had += number_of(culprit, "ns");
	return had;
}

/*
 * Of waits for a CPU that a spinner has, open or not, it is the culprit: of all of
 * them together, for the kernel gives others a turn now and then. What a wait was
 * like before dwell began at @began it cannot know.
 */
static unsigned int check_spinner(const struct workload *workload, const struct report *report,
				  uint64_t began, bool moved)
{
	double all = 0, had = 0, unseen;
	unsigned int waits = 0;
	const json_t *outlier;
	size_t i;

	json_array_foreach(report->outliers, i, outlier) {
		const double ns = number_of(outlier, "ns");
		const bool earlier = number_of(outlier, "mono_ns") - ns < (double)began;

		/* Where it was moved to others may have kept it waiting. */
		if (json_is_true(json_object_get(outlier, "moved")) != moved)
			continue;
		if (report_integer(outlier, "tid") != workload->work->tid[2] ||
		    (!moved && report_integer(outlier, "cpu") != proc_pin(0, PROC_LAST_CPU)))
			continue;
		waits++;
		had += had_of(outlier, workload->work->tid[1], &unseen);
		all += earlier ? ns - unseen : ns;
		/* It may also have been moved to the spinner's CPU, if there it waited on. */
		if (moved && report_integer(outlier, "cpu") != proc_pin(0, PROC_LAST_CPU))
			live_expect("where it came from", report_integer(outlier, "moved_from"),
				    proc_pin(0, PROC_LAST_CPU));
	}
	live_note("%u waits of %.0f ms, the spinner had %.0f ms", waits, all / 1e6, had / 1e6);
	if (waits && had < 0.9 * all)
		live_fail("the spinner had %.3f of the waits", had / all);
	return waits;
}

static void run_spinner(const void *argument)
{
	struct workload workload;
	struct report report;
	uint64_t began;

	(void)argument;
	began = watch_spinner(&workload, &report, false);
	if (check_spinner(&workload, &report, began, true))
		live_fail("it was never moved");
	/* The spinner may leave it nothing at all: then it is one wait, and told once. */
	if (!check_spinner(&workload, &report, began, false))
		live_fail("none of its waits was told");
	report_free(&report);
	workload_leave(&workload);
}

static void run_moved(const void *argument)
{
	struct workload workload;
	struct report report;
	uint64_t began;

	(void)argument;
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		live_skip("there is one CPU");
	began = watch_spinner(&workload, &report, true);
	if (check_spinner(&workload, &report, began, true) < 2)
		live_fail("it was hardly ever moved");
	report_free(&report);
	workload_leave(&workload);
}

/* ---- dwell itself ---------------------------------------------------------------------- */

/* Two spin on each CPU: whatever dwell does at its start, it does to one of them. */
static void spin_everywhere(struct work *work)
{
	call(VICTIM);
	for (int i = 0; i < 4; i++)
		if (!fork()) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			proc_pin(0, i % 2 ? PROC_LAST_CPU : PROC_FIRST_CPU);
			proc_spin(proc_now() + 20000 * MS);
			_exit(0);
		}
	(void)work;
}

/* What reading the names of all the kernel's functions takes of a CPU, at the least. */
static uint64_t cost_of_names(void)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	struct timespec before, after;
	static char buffer[64 << 10];

	if (!file)
		live_skip("there is no /proc/kallsyms");
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	while (fread(buffer, 1, sizeof(buffer), file) == sizeof(buffer))
		;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	fclose(file);
	return (uint64_t)(after.tv_sec - before.tv_sec) * 1000 * MS + (uint64_t)after.tv_nsec -
	       (uint64_t)before.tv_nsec;
}

/* What process @pid had of all waits together, ns. */
static double had_by(const struct report *report, pid_t pid)
{
	const json_t *outlier, *culprit;
	double sum = 0;
	size_t i, j;

	json_array_foreach(report->outliers, i, outlier)
		json_array_foreach(json_object_get(outlier, "culprits"), j, culprit)
			if (json_object_get(culprit, "pid") &&
			    report_integer(culprit, "pid") == pid)
				sum += number_of(culprit, "ns");
	return sum;
}

/* Timers are late enough for a line at once, and their callbacks are to be named. */
static void run_self(const void *argument)
{
	const uint64_t names_ns = cost_of_names();
	struct workload workload;
	struct dwell_process run;
	struct report report;
	double had;

	(void)argument;
	workload_start(&workload, spin_everywhere, NULL);
	workload_release(&workload);
	if (!workload_wait(&workload, 30))
		live_abort("the workload died");
	dwell_start(&run, NULL,
		    DWELL_ARGUMENTS("outliers", "-j", "-v", "-d", "2", "--runqueue", "1ms",
				    "--lateness", "1us"));
	dwell_wait(&run, 60);
	report_read(&report, &run);
	had = had_by(&report, run.pid);
	live_note("of %zu waits dwell had %.1f ms; the kernel's names take %.1f ms",
		  json_array_size(report.outliers), had / 1e6, (double)names_ns / 1e6);
	if (had > (double)names_ns)
		live_fail("dwell blames itself for %.1f ms", had / 1e6);
	dwell_close(&run);
	report_free(&report);
	workload_leave(&workload);
}

const struct live_test tests_culprits[] = {
	{.name = "culprits-many", .run = run_many},
	{.name = "culprits-two", .run = run_two},
	{.name = "culprits-exited", .run = run_exited},
	{.name = "culprits-spinner", .run = run_spinner},
	{.name = "culprits-moved", .run = run_moved},
	{.name = "culprits-self", .run = run_self},
	{0},
};
