/* SPDX-License-Identifier: GPL-2.0-only */
/* Where an outlier is said to have been: on which CPU it ended, and from which it came. */
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "harness/live/live.h"
#include "harness/live/report.h"
#include "harness/live/workload.h"

#define MS 1000000ULL
#define VICTIM "where victim"
#define ONLY(what, floor) \
	DWELL_ARGUMENTS("outliers", "-j", "-v", "-d", "0", "-c", VICTIM, what, floor)

static void be_real_time(int priority)
{
	const struct sched_param parameter = {.sched_priority = priority};

	if (sched_setscheduler(0, SCHED_FIFO, &parameter))
		_exit(1);
}

static void wait_for_turn(const struct work *work, int turn)
{
	while (atomic_load(&work->turn) < turn)
		proc_sleep(MS);
}

static void spin_until_turn(const struct work *work, int turn)
{
	while (atomic_load(&work->turn) < turn)
		proc_spin(proc_now() + MS);
}

/* The outlier of @tid's kind @what; a failure if it is not there. */
static const json_t *find_outlier(const struct report *report, const char *what, pid_t tid)
{
	const json_t *outlier;
	size_t i;

	json_array_foreach(report->outliers, i, outlier) {
		const char *kind = json_string_value(json_object_get(outlier, "what"));

		if (kind && !strcmp(kind, what) && report_integer(outlier, "tid") == tid &&
		    !json_is_true(json_object_get(outlier, "open")))
			return outlier;
	}
	live_abort("there is no such outlier: %s", what);
}

static void fail_with(const char *what, const json_t *outlier)
{
	char *text = json_dumps(outlier, JSON_COMPACT);

	live_fail("%s: %s", what, text ?: "out of memory");
	free(text);
}

/* ---- a wait that is booked by the reader ------------------------------------------------ */

static void spin_before(struct work *work)
{
	prctl(PR_SET_NAME, "where spinner");
	proc_pin(0, PROC_LAST_CPU);
	be_real_time(10);
	wait_for_turn(work, 1);
	proc_spin(proc_now() + 100 * MS);
	atomic_store(&work->turn, 2);
	_exit(0);
}

/* It is kept waiting, and then leaves its CPU to nobody until the window has closed. */
static void wait_and_stay(struct work *work)
{
	prctl(PR_SET_NAME, VICTIM);
	proc_pin(0, PROC_LAST_CPU);
	work_peer(work, spin_before);
	proc_sleep(20 * MS);
	be_real_time(5);
	atomic_store(&work->turn, 1);
	spin_until_turn(work, 2);
	atomic_store(&work->turn, 3);
	spin_until_turn(work, 4);
}

static void run_reader(const void *argument)
{
	struct workload workload;
	struct dwell_process run;
	const json_t *outlier;
	struct report report;
	int last;

	(void)argument;
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		live_skip("there is one CPU");
	if (proc_preempt_rt())
		live_skip("on PREEMPT_RT a spinner starves the kernel's own threads");
	workload_start(&workload, wait_and_stay, NULL);
	last = proc_pin(workload.pid, PROC_LAST_CPU);
	dwell_start(&run, NULL, ONLY("--runqueue", "50ms"));
	dwell_wait_measuring(&run);
	proc_pin(run.pid, PROC_FIRST_CPU);
	workload_release(&workload);
	wait_for_turn(workload.work, 3);
	dwell_interrupt(&run);
	dwell_wait(&run, 30);
	atomic_store(&workload.work->turn, 4);
	report_read(&report, &run);
	outlier = find_outlier(&report, "runqueue", workload.pid);
	live_expect("where it ended", report_integer(outlier, "cpu"), last);
	/* The scheduler may give others half of it. */
	if (json_number_value(json_object_get(outlier, "unseen_share")) > 0.1)
		fail_with("who had the CPU is not known", outlier);
	dwell_close(&run);
	report_free(&report);
	workload_leave(&workload);
}

/* ---- a dwell that is moved twice ---------------------------------------------------------- */

static void stay_busy(struct work *work)
{
	prctl(PR_SET_NAME, VICTIM);
	proc_pin(0, PROC_LAST_CPU);
	proc_sleep(20 * MS);
	atomic_store(&work->turn, 1);
	spin_until_turn(work, 2);
}

static void run_twice(const void *argument)
{
	struct workload workload;
	struct dwell_process run;
	const json_t *outlier;
	struct report report;

	(void)argument;
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		live_skip("there is one CPU");
	workload_start(&workload, stay_busy, NULL);
	dwell_start(&run, NULL, ONLY("--dwell", "200ms"));
	dwell_wait_measuring(&run);
	workload_release(&workload);
	wait_for_turn(workload.work, 1);
	for (int i = 0; i < 2; i++) {
		proc_sleep(150 * MS);
		proc_pin(workload.pid, i ? PROC_LAST_CPU : PROC_FIRST_CPU);
	}
	proc_sleep(150 * MS);
	atomic_store(&workload.work->turn, 2);
	if (!workload_wait(&workload, 30))
		live_abort("the workload died");
	dwell_interrupt(&run);
	dwell_wait(&run, 30);
	report_read(&report, &run);
	outlier = find_outlier(&report, "dwell", workload.pid);
	if (!json_is_true(json_object_get(outlier, "moved")))
		fail_with("it was moved", outlier);
	if (json_object_get(outlier, "moved_from"))
		fail_with("it came from a CPU, and before from another", outlier);
	dwell_close(&run);
	report_free(&report);
	workload_leave(&workload);
}

const struct live_test tests_where[] = {
	{.name = "where-the-reader-is", .run = run_reader},
	{.name = "where-moved-twice", .run = run_twice},
	{0},
};
