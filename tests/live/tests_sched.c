/* SPDX-License-Identifier: GPL-2.0-only */
/* Time on the CPU, waiting and blocked, against the scheduler's own account and the clock. */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <linux/membarrier.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/live/live.h"
#include "harness/live/measure.h"

#define HOG_NS 2000000000ULL
#define PINGPONG_NS 1500000000ULL
#define HOGS 2
#define TASKS 4	 /* the leader, the hogs, and one that sleeps between */
#define AROUND 5 /* switches of a player before and after the game */
#define STILL_NS 1200000000ULL
/*
 * Where a wake-up preempts, the scheduler's clock stands still until the switch:
 * in its account that way is still the old task's and then the new one's. It takes
 * some microseconds, or as long as a host stops the CPU on it; in the mean, at most:
 */
#define STALE_NS 30000

static int64_t sum_of(const json_t *row, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "%s.sum_ns", name);
	return report_integer(row, path);
}

/* ---- schedstat ------------------------------------------------------------- */

static struct work *shared;
static int parting[2];

/* Sleeps without a timer until the leader closes the pipe. */
static void wait_parting(void)
{
	char byte;

	while (read(parting[0], &byte, 1) < 0 && errno == EINTR)
		;
}

static void *hog_thread(void *argument)
{
	const uint64_t end = proc_now() + HOG_NS;

	shared->tid[(size_t)argument] = proc_tid();
	proc_pin(0, PROC_LAST_CPU);
	proc_spin(end);
	wait_parting();
	return NULL;
}

static void *mixed_thread(void *argument)
{
	const uint64_t end = proc_now() + HOG_NS;

	shared->tid[(size_t)argument] = proc_tid();
	proc_pin(0, PROC_LAST_CPU);
	while (proc_now() < end) {
		/* Not too often, for each wake-up that preempts makes the account less exact. */
		proc_spin(proc_now() + 80000000);
		proc_sleep(10000000);
	}
	wait_parting();
	return NULL;
}

/*
 * Two hogs and a task that sleeps and works share a CPU. Their accounts are
 * read while they sleep at the end: from birth to that sleep, all is in the
 * window.
 */
static void share_cpu(struct work *work)
{
	pthread_t threads[TASKS];

	shared = work;
	if (pipe(parting))
		live_abort("pipe: %s", strerror(errno));
	for (size_t i = 1; i < TASKS; i++)
		if (pthread_create(&threads[i], NULL, i <= HOGS ? hog_thread : mixed_thread,
				   (void *)i))
			live_abort("pthread_create failed");
	proc_sleep(HOG_NS);
	for (size_t i = 1; i < TASKS; i++) {
		/* One whose last sleep before the end is still to come is not done. */
		while (!work->tid[i] || !proc_wait_state(work->pid, work->tid[i], 'S', 10))
			proc_sleep(1000000);
		proc_sleep(20000000);
		if (!proc_wait_state(work->pid, work->tid[i], 'S', 10) ||
		    !proc_account(work->pid, work->tid[i], &work->account[i]))
			live_abort("the scheduler keeps no account");
	}
}

static void compare_account(const json_t *row, const struct proc_account *account, int64_t window,
			    const char *who)
{
	const int64_t run = (int64_t)account->run_ns, delay = (int64_t)account->delay_ns;
	const int64_t voluntary = report_integer(row, "switches.voluntary");
	const int64_t involuntary = report_integer(row, "switches.involuntary");
	const int64_t oncpu = report_integer(row, "oncpu_ns"), waits = sum_of(row, "runqueue");
	const int64_t stale = (int64_t)account->slices * STALE_NS;
	char what[64];

	live_note("%s: run %" PRId64 " (%" PRId64 ") us, delay %" PRId64 " (%" PRId64
		  ") us, slices %" PRId64 " (%" PRIu64 ")",
		  who, oncpu / 1000, run / 1000, waits / 1000, delay / 1000,
		  voluntary + involuntary, account->slices);
	/* Whatever the one calls running and the other waiting: together they are the same. */
	snprintf(what, sizeof(what), "time on the CPU or waiting for it of %s", who);
	live_expect_near(what, oncpu + waits, run + delay, live_slower((run + delay) / 1000, 100));
	snprintf(what, sizeof(what), "time on the CPU of %s", who);
	live_expect_near(what, oncpu, run, live_slower(run / 100, 10) + stale);
	snprintf(what, sizeof(what), "run-queue latency of %s", who);
	live_expect_near(what, waits, delay,
			 live_slower((delay > window / 100 ? delay : window / 100) / 100, 50) +
				 stale);
	snprintf(what, sizeof(what), "slices of %s", who);
	live_expect_near(what, voluntary + involuntary, (int64_t)account->slices, 2);
	snprintf(what, sizeof(what), "voluntary switches of %s", who);
	live_expect(what, voluntary, (int64_t)account->voluntary);
	snprintf(what, sizeof(what), "involuntary switches of %s", who);
	live_expect(what, involuntary, (int64_t)account->involuntary);
}

static void run_schedstat(const void *argument)
{
	const struct measure_plan plan = {.body = share_cpu, .tasks = TASKS};
	struct measurement measurement;
	struct proc_account own;
	int64_t window;

	(void)argument;
	if (!proc_account(getpid(), getpid(), &own))
		live_skip("this kernel keeps no /proc/PID/schedstat");
	measure(&measurement, &plan);
	window = report_integer(measurement.by_task.header, "window_ns");
	for (size_t i = 1; i < TASKS; i++) {
		const json_t *row =
			report_row(&measurement.by_task, "tid", measurement.work.tid[i]);

		if (row)
			compare_account(row, &measurement.work.account[i], window,
					i == 1 ? "the first hog" :
					i == 2 ? "the second hog" :
						 "the sleeper");
	}
	report_expect_no_loss(&measurement.by_task);
	measure_free(&measurement);
}

/* ---- ping-pong ---------------------------------------------------------------- */

/* The caller's switches so far. */
static void count_switches(struct proc_account *account)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	account->voluntary = (uint64_t)usage.ru_nvcsw;
	account->involuntary = (uint64_t)usage.ru_nivcsw;
}

/* Player 0 begins, and stops when its time is up; the other stops when nothing more comes. */
static void play(struct work *work, size_t player, int from, int to)
{
	struct proc_account before;
	char byte = 0;

	proc_pin(0, PROC_LAST_CPU);
	work->tid[player] = getpid();
	count_switches(&before);
	work->began[player] = proc_now();
	if (player == 0 && write(to, &byte, 1) != 1)
		live_abort("the first ball was lost");
	while (read(from, &byte, 1) == 1)
		if (proc_now() - work->began[0] > PINGPONG_NS || write(to, &byte, 1) != 1)
			break;
	work->ended[player] = proc_now();
	count_switches(&work->account[player]);
	work->account[player].voluntary -= before.voluntary;
	work->account[player].involuntary -= before.involuntary;
}

static void pingpong(struct work *work)
{
	int there[2], back[2], status;
	pid_t partner;

	if (pipe(there) || pipe(back))
		live_abort("pipe: %s", strerror(errno));
	partner = fork();
	if (partner == 0) {
		close(there[1]);
		close(back[0]);
		play(work, 1, there[0], back[1]);
		_exit(0);
	}
	close(there[0]);
	close(back[1]);
	play(work, 0, back[0], there[1]);
	close(there[1]);
	close(back[0]);
	waitpid(partner, &status, 0);
}

/* All that a task was doing must fill the time that passed for it. */
static void check_player(const struct measurement *measurement, size_t player, const char *who)
{
	const struct work *work = &measurement->work;
	const json_t *row = report_row(&measurement->by_task, "tid", work->tid[player]);
	const struct proc_account *account = &work->account[player];
	const int64_t wall = (int64_t)(work->ended[player] - work->began[player]);
	const int64_t oncpu = report_integer(row, "oncpu_ns");
	const int64_t waits = sum_of(row, "runqueue") + sum_of(row, "throttled");
	const int64_t blocked = sum_of(row, "blocked");
	const int64_t voluntary = report_integer(row, "switches.voluntary");
	char what[64];

	live_note("%s: %" PRId64 " blocks; on the CPU %" PRId64 " + waiting %" PRId64
		  " + blocked %" PRId64 " of %" PRId64 " us; dwell %" PRId64 " us",
		  who, voluntary, oncpu / 1000, waits / 1000, blocked / 1000, wall / 1000,
		  sum_of(row, "dwell") / 1000);
	snprintf(what, sizeof(what), "the sum of all states of %s", who);
	/* What it does before it looks at the clock first, and after it did last, counts too. */
	live_expect_near(what, oncpu + waits + blocked, wall, live_slower(wall / 100, 5));
	snprintf(what, sizeof(what), "dwell of %s", who);
	live_expect_near(what, sum_of(row, "dwell"), oncpu + waits, (oncpu + waits) / 50);
	/* A few come before and after the game. */
	snprintf(what, sizeof(what), "voluntary switches of %s", who);
	live_expect_range(what, voluntary, (int64_t)account->voluntary,
			  (int64_t)account->voluntary + live_slower(AROUND, 4));
	snprintf(what, sizeof(what), "involuntary switches of %s", who);
	live_expect_range(what, report_integer(row, "switches.involuntary"),
			  (int64_t)account->involuntary,
			  (int64_t)account->involuntary + live_slower(AROUND, 4));
	/* The last one has not ended. */
	snprintf(what, sizeof(what), "ended blocks of %s", who);
	live_expect(what, report_integer(row, "blocked.count"), voluntary - 1);
	snprintf(what, sizeof(what), "activations of %s", who);
	live_expect(what, report_integer(row, "dwell.count"), voluntary);
}

static void expect_idle(const json_t *row)
{
	live_expect("time on the CPU", report_integer(row, "oncpu_ns"), 0);
	live_expect("voluntary switches", report_integer(row, "switches.voluntary"), 0);
	live_expect("involuntary switches", report_integer(row, "switches.involuntary"), 0);
	live_expect("waits", report_integer(row, "runqueue.count"), 0);
	live_expect("ended blocks", report_integer(row, "blocked.count"), 0);
	live_expect("activations", report_integer(row, "dwell.count"), 0);
	live_expect("armed timers", report_integer(row, "timers.armed"), 0);
	if (row && strcmp(json_string_value(json_object_get(row, "state")) ?: "", "blocked"))
		live_fail("its state is not blocked");
}

static void do_nothing(struct work *work)
{
	(void)work;
}

static void run_pingpong(const void *argument)
{
	const struct measure_plan plan = {.body = pingpong, .everything = true};
	struct measurement measurement;
	struct workload neighbour;

	(void)argument;
	workload_start(&neighbour, do_nothing, NULL);
	proc_pin(neighbour.pid, PROC_LAST_CPU);
	measure(&measurement, &plan);
	check_player(&measurement, 0, "the first player");
	check_player(&measurement, 1, "the second player");
	expect_idle(report_row(&measurement.by_task, "tid", neighbour.pid));
	report_expect_no_loss(&measurement.by_task);
	workload_leave(&neighbour);
	measure_free(&measurement);
}

/* ---- what began before the window ----------------------------------------------- */

static void run_asleep(const void *argument)
{
	struct workload sleeper;
	struct dwell_process run;
	struct report report;
	uint64_t before, asleep, end;
	const json_t *row;
	char pid[16];

	(void)argument;
	before = proc_now();
	workload_start(&sleeper, do_nothing, NULL);
	asleep = proc_now();
	proc_sleep(STILL_NS);
	snprintf(pid, sizeof(pid), "%d", sleeper.pid);
	dwell_execute(&run, NULL, DWELL_ARGUMENTS("summary", "-j", "-d", "1s", "-p", pid));
	end = proc_now();
	report_read(&report, &run);
	row = report_row(&report, "tid", sleeper.pid);
	expect_idle(row);
	/* The window's end lies up to a second of reporting before the run's. */
	live_expect_range("the age of its sleep", report_integer(row, "state_since_ns"),
			  (int64_t)(STILL_NS + 1000000000ULL), (int64_t)(end - before));
	live_note("asleep for %" PRIu64 " us when dwell ended, reported %" PRId64 " us",
		  (end - asleep) / 1000, report_integer(row, "state_since_ns") / 1000);
	if (!json_is_true(json_object_get(row, "state_began_before_window")))
		live_fail("it is not marked as begun before the window");
	workload_leave(&sleeper);
	report_free(&report);
	dwell_close(&run);
}

/* A block from before the window that ends in it: neither it nor its dwell is complete. */
static void run_woken(const void *argument)
{
	const struct measure_plan plan = {.body = do_nothing};
	struct measurement measurement;
	const json_t *row;

	(void)argument;
	measure(&measurement, &plan);
	row = report_row(&measurement.by_task, "tid", measurement.work.pid);
	live_expect("ended blocks", report_integer(row, "blocked.count"), 0);
	live_expect("waits after a wake-up", report_integer(row, "runqueue_woken.count"), 1);
	live_expect("activations", report_integer(row, "dwell.count"), 1);
	live_expect("voluntary switches", report_integer(row, "switches.voluntary"), 1);
	if (row && json_object_get(row, "state_began_before_window"))
		live_fail("its last block is marked as begun before the window");
	measure_free(&measurement);
}

/* ---- kinds of blocks ------------------------------------------------------------ */

#define KIND_NS 300000000ULL

/* In the order in which the body makes them; @began and @ended are around each. */
enum kind { KIND_S, KIND_D, KIND_T, KINDS };

#define GRACE_PERIODS 10

/* Has the kernel's threads for grace periods woken, and wait for the next one. */
static void pass_grace_periods(void)
{
	for (int i = 0; i < GRACE_PERIODS; i++)
		syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
}

static void continue_later(struct work *work)
{
	if (!proc_wait_state(work->pid, work->pid, 'T', 10))
		live_abort("the workload does not stop");
	proc_sleep(KIND_NS);
	kill(work->pid, SIGCONT);
	pass_grace_periods();
}

static void block_in_kinds(struct work *work)
{
	pid_t child;

	work->began[KIND_D] = proc_now();
	child = vfork(); /* whose parent waits in state D */
	if (!child) {
		proc_sleep(KIND_NS);
		_exit(0);
	}
	work->ended[KIND_D] = proc_now();
	work->tid[1] = work_peer(work, continue_later);
	work->began[KIND_T] = proc_now();
	raise(SIGSTOP);
	work->ended[KIND_T] = proc_now();
	/* All its other blocks are in state S. */
	work->began[KIND_S] = proc_now();
	waitpid(child, NULL, 0);
	waitpid(work->tid[1], NULL, 0);
	proc_sleep(KIND_NS);
	work->ended[KIND_S] = proc_now();
}

static bool waits_for_work(const char *comm)
{
	return comm && (!strncmp(comm, "kworker/", strlen("kworker/")) ||
			!strcmp(comm, "rcu_preempt") || !strcmp(comm, "rcu_sched"));
}

/* Kernel threads that wait for work are idle, and nothing else. */
static void check_idle(const struct report *report)
{
	int64_t idle = 0, busy = 0;
	const json_t *row;
	size_t index;

	json_array_foreach(report->rows, index, row) {
		const char *comm = json_string_value(json_object_get(row, "comm"));

		if (!waits_for_work(comm))
			continue;
		idle += report_integer(row, "blocked_ns.I");
		busy += report_integer(row, "blocked_ns.S") + report_integer(row, "blocked_ns.T");
	}
	live_note("kernel threads: idle for %" PRId64 ", asleep for %" PRId64 " us", idle / 1000,
		  busy / 1000);
	if (!idle)
		live_fail("no kernel thread was idle");
	live_expect("time that kernel threads slept or were stopped, ns", busy, 0);
}

static void run_kinds(const void *argument)
{
	static const char *const paths[] = {
		[KIND_S] = "blocked_ns.S", [KIND_D] = "blocked_ns.D", [KIND_T] = "blocked_ns.T"};
	const struct measure_plan plan = {.body = block_in_kinds, .everything = true};
	struct measurement measurement;
	const struct work *work = &measurement.work;
	int64_t sum = 0;
	const json_t *row;

	(void)argument;
	measure(&measurement, &plan);
	row = report_row(&measurement.by_task, "tid", work->pid);
	for (int kind = 0; kind < KINDS; kind++) {
		const int64_t ns = report_integer(row, paths[kind]);

		live_note("%s: %" PRId64 " us of %" PRIu64, paths[kind], ns / 1000,
			  (work->ended[kind] - work->began[kind]) / 1000);
		/* So long at least, and no longer than what was around it. */
		live_expect_range(paths[kind], ns, (int64_t)(KIND_NS - KIND_NS / 50),
				  (int64_t)(work->ended[kind] - work->began[kind]));
		sum += ns;
	}
	live_expect("the sum of all kinds",
		    sum + report_integer(row, "blocked_ns.I") +
			    report_integer(row, "blocked_ns.other"),
		    sum_of(row, "blocked"));
	live_expect("blocked, not to be interrupted",
		    report_integer(row, "blocked_uninterruptible_ns"),
		    report_integer(row, "blocked_ns.D"));
	check_idle(&measurement.by_task);
	measure_free(&measurement);
}

const struct live_test tests_sched[] = {
	{.name = "schedstat", .run = run_schedstat},
	{.name = "pingpong", .run = run_pingpong},
	{.name = "asleep-since-before", .run = run_asleep},
	{.name = "woken-in-window", .run = run_woken},
	{.name = "blocked-kinds", .run = run_kinds},
	{0},
};
