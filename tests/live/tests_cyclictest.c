/* SPDX-License-Identifier: GPL-2.0-only */
/* Timer latency against cyclictest, which measures its own. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/live/live.h"
#include "harness/live/measure.h"
#include "harness/live/tracer.h"

/*
 * The kernel's tracer stamps a switch before dwell does, and writes it down first:
 * that takes a microsecond or two when the CPU was idle and its caches are cold.
 */
#define MEAN_TOLERANCE_NS 5000
#define MAX_TOLERANCE_NS 20000
#define LOOPS 3000

struct cyclictest {
	const char *program;
	int output;
};

static void become_cyclictest(struct work *work)
{
	const struct cyclictest *cyclictest = work->argument;
	char loops[16], json[64];

	snprintf(loops, sizeof(loops), "%d", LOOPS);
	snprintf(json, sizeof(json), "--json=/proc/self/fd/%d", cyclictest->output);
	/* What it says to people has changed from version to version. */
	if (!freopen("/dev/null", "w", stdout))
		live_abort("/dev/null: %s", strerror(errno));
	execl(cyclictest->program, "cyclictest", "-m", "-q", "-t1", "-p80", "-i1000", "-l", loops,
	      json, NULL);
	live_abort("%s: %s", cyclictest->program, strerror(errno));
}

/* The path of cyclictest, or NULL. Freed by the caller. */
static char *find_cyclictest(void)
{
	const char *directory = getenv("PATH");
	char *path;

	if (live_options.cyclictest)
		return access(live_options.cyclictest, X_OK) ? NULL :
							       strdup(live_options.cyclictest);
	while (directory && *directory) {
		const int length = (int)strcspn(directory, ":");

		if (asprintf(&path, "%.*s/cyclictest", length, directory) < 0)
			return NULL;
		if (!access(path, X_OK))
			return path;
		free(path);
		directory += length;
		directory += *directory == ':';
	}
	return NULL;
}

/* What it found. */
struct summary {
	int64_t total;
	double mean_us;
	int64_t max_us; /* cut off */
};

static void read_summary(int output, struct summary *summary)
{
	json_error_t error;
	json_t *found, *thread;

	lseek(output, 0, SEEK_SET);
	found = json_loadfd(output, 0, &error);
	thread = json_object_get(json_object_get(found, "thread"), "0");
	if (!thread)
		live_abort("cyclictest did not say what it found: %s", error.text);
	*summary = (struct summary){
		.total = json_integer_value(json_object_get(thread, "cycles")),
		.mean_us = json_number_value(json_object_get(thread, "avg")),
		.max_us = json_integer_value(json_object_get(thread, "max")),
	};
	json_decref(found);
}

/* The row of the measuring thread; the leader only waits for it. */
static const json_t *measuring_thread(const struct measurement *measurement)
{
	const json_t *found = NULL;
	size_t index;
	json_t *row;

	json_array_foreach(measurement->by_task.rows, index, row)
		if (report_integer(row, "tid") != measurement->work.pid) {
			if (found)
				live_abort("cyclictest had more than one thread");
			found = row;
		}
	return found;
}

/*
 * cyclictest reads the clock when it is back from the kernel: later than it got
 * its CPU by a microsecond or two, and by whatever this machine's host does to
 * it meanwhile. The kernel's tracer sees both ends as dwell should: with that
 * dwell must agree, and cyclictest must have seen no less.
 */
static void compare(const json_t *row, const struct tracer_sleeps *traced,
		    const struct summary *summary)
{
	const int64_t count = report_integer(row, "timer_latency.count");
	const int64_t longest = report_integer(row, "timer_latency.max_ns");
	int64_t mean, traced_mean;

	if (count <= 0 || !traced->count)
		live_abort("no timer latency was measured");
	mean = report_integer(row, "timer_latency.sum_ns") / count;
	traced_mean = traced->sum_ns / traced->count;
	live_note("mean %" PRId64 " ns (%" PRId64 " ns, %.2f us), max %" PRId64 " (%" PRId64
		  ", %" PRId64 " us), %" PRId64 " (%" PRId64 ", %" PRId64 ") expiries",
		  mean, traced_mean, summary->mean_us, longest, traced->max_ns, summary->max_us,
		  count, traced->count, summary->total);
	if (traced->unslept)
		live_note("%" PRId64 " times its timer expired before it was off its CPU",
			  traced->unslept);
	if (traced->unslept > traced->count / 2)
		live_abort("the tracer did not see it come to its CPU");
	live_expect("cycles", summary->total, LOOPS);
	live_expect("cycles traced", traced->count + traced->hidden, LOOPS);
	live_expect("expiries with a latency", count, traced->count);
	live_expect_near("the mean", mean, traced_mean, MEAN_TOLERANCE_NS);
	live_expect_range("the maximum", longest, traced->max_ns - MAX_TOLERANCE_NS,
			  (summary->max_us + 1) * 1000);
	if (!traced->hidden && (double)mean > (summary->mean_us + 1) * 1000)
		live_fail("the mean, %" PRId64 " ns, is beyond cyclictest's", mean);
}

static void run_cyclictest(const void *argument)
{
	struct cyclictest cyclictest = {
		.program = find_cyclictest(),
		.output = memfd_create("cyclictest", 0),
	};
	const struct measure_plan plan = {
		.body = become_cyclictest,
		.argument = &cyclictest,
		.ends = true,
		.tasks = 2, /* its leader sleeps, too */
		/* On the test machine its tracer sees no other idle task leave its CPU. */
		.cpu = PROC_FIRST_CPU,
	};
	struct measurement measurement;
	struct tracer_sleeps traced;
	struct summary summary;
	const json_t *row;

	(void)argument;
	if (!cyclictest.program)
		live_skip("cyclictest is not installed");
	tracer_begin("cyclictest");
	measure(&measurement, &plan);
	row = measuring_thread(&measurement);
	tracer_end((pid_t)report_integer(row, "tid"), &traced);
	read_summary(cyclictest.output, &summary);
	compare(row, &traced, &summary);
	report_expect_no_loss(&measurement.by_task);
	measure_free(&measurement);
}

const struct live_test tests_cyclictest[] = {
	{.name = "cyclictest", .run = run_cyclictest},
	{0},
};
