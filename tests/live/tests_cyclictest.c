/* SPDX-License-Identifier: GPL-2.0-only */
/* Timer latency against cyclictest, which measures its own. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "live.h"
#include "measure.h"

/* It reads the clock after it has returned from the kernel, so it sees a little more. */
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
	char loops[16];

	snprintf(loops, sizeof(loops), "%d", LOOPS);
	dup2(cyclictest->output, STDOUT_FILENO);
	execl(cyclictest->program, "cyclictest", "-m", "-q", "-t1", "-p80", "-i1000", "-l", loops,
	      NULL);
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

/* What it found, in us: "T: 0 ( 123) P:80 I:1000 C: 3000 Min: 1 Act: 2 Avg: 3 Max: 4". */
static void read_result(int output, int *tid, long long *cycles, long long *mean, long long *max)
{
	char text[4096];
	const ssize_t length = pread(output, text, sizeof(text) - 1, 0);
	const char *line;

	text[length > 0 ? length : 0] = '\0';
	line = strstr(text, "T:");
	if (!line ||
	    sscanf(line, "T: %*d (%d) P:%*d I:%*d C:%lld Min:%*d Act:%*d Avg:%lld Max:%lld", tid,
		   cycles, mean, max) != 4)
		live_abort("cyclictest did not say what it found: %s", text);
}

static void compare(const struct measurement *measurement, int output)
{
	int64_t latency, longest, count;
	long long cycles, mean, max;
	const json_t *row;
	int tid;

	read_result(output, &tid, &cycles, &mean, &max);
	row = report_row(&measurement->by_task, "tid", tid);
	count = report_integer(row, "timer_latency.count");
	if (count <= 0)
		live_abort("no timer latency was measured");
	latency = report_integer(row, "timer_latency.sum_ns") / count;
	longest = report_integer(row, "timer_latency.max_ns");
	live_note("mean %" PRId64 " ns (%lld us), max %" PRId64 " ns (%lld us), %" PRId64
		  " (%lld) expiries",
		  latency, mean, longest, max, count, cycles);
	live_expect("cycles", cycles, LOOPS);
	/* One that expires before its task is off the CPU wakes nobody. */
	live_expect_near("expiries with a latency", count, LOOPS, LOOPS / 100);
	/* Its mean is cut off to whole microseconds. */
	live_expect_near("the mean", latency, mean * 1000 + 500, MEAN_TOLERANCE_NS);
	live_expect_near("the maximum", longest, max * 1000 + 500, MAX_TOLERANCE_NS);
}

static void run_cyclictest(const void *argument)
{
	struct cyclictest cyclictest = {
		.program = find_cyclictest(),
		.output = memfd_create("cyclictest", MFD_CLOEXEC),
	};
	const struct measure_plan plan = {
		.body = become_cyclictest, .argument = &cyclictest, .ends = true};
	struct measurement measurement;

	(void)argument;
	if (!cyclictest.program)
		live_skip("cyclictest is not installed");
	measure(&measurement, &plan);
	compare(&measurement, cyclictest.output);
	report_expect_no_loss(&measurement.by_task);
	measure_free(&measurement);
}

const struct live_test tests_cyclictest[] = {
	{.name = "cyclictest", .run = run_cyclictest},
	{0},
};
