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
#define LONGEST_US 100000

struct cyclictest {
	const char *program;
	int output;
};

static void become_cyclictest(struct work *work)
{
	const struct cyclictest *cyclictest = work->argument;
	char loops[16], longest[16];

	snprintf(loops, sizeof(loops), "%d", LOOPS);
	snprintf(longest, sizeof(longest), "%d", LONGEST_US);
	dup2(cyclictest->output, STDOUT_FILENO);
	execl(cyclictest->program, "cyclictest", "-m", "-q", "-t1", "-p80", "-i1000", "-l", loops,
	      "-h", longest, NULL);
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

/* What it found: how many cycles took so many microseconds. */
struct histogram {
	long long cycles[LONGEST_US];
	long long total, mean;
	long long longer; /* cycles beyond the last place; not in @total */
};

/* The number behind @name in @text. */
static long long summary_of(const char *text, const char *name)
{
	const char *found = strstr(text, name);

	if (!found)
		live_abort("cyclictest did not say %s", name);
	return strtoll(found + strlen(name), NULL, 10);
}

static void read_histogram(int output, struct histogram *histogram)
{
	const off_t size = lseek(output, 0, SEEK_END);
	char *text = calloc(1, (size_t)size + 1);
	long long us, count;

	if (!text || pread(output, text, (size_t)size, 0) != size)
		live_abort("reading what cyclictest said: %s", strerror(errno));
	*histogram = (struct histogram){
		.total = summary_of(text, "# Total:"),
		.mean = summary_of(text, "# Avg Latencies:"),
		.longer = summary_of(text, "# Histogram Overflows:"),
	};
	for (const char *line = text; *line;) {
		if (*line != '#' && sscanf(line, "%lld %lld", &us, &count) == 2 && us >= 0 &&
		    us < LONGEST_US)
			histogram->cycles[us] = count;
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	free(text);
}

/* Is @ns about as long as one of the @count longest cycles? */
static bool is_among_longest(const struct histogram *histogram, int64_t count, int64_t ns)
{
	bool near = false;

	for (long long us = LONGEST_US - 1; us >= 0 && count > 0; us--) {
		if (!histogram->cycles[us])
			continue;
		near |= llabs(ns - us * 1000 - 500) <= MAX_TOLERANCE_NS;
		count -= histogram->cycles[us];
	}
	return near;
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

static void compare(const struct measurement *measurement, const struct histogram *histogram)
{
	const json_t *row = measuring_thread(measurement);
	const int64_t count = report_integer(row, "timer_latency.count");
	int64_t mean, longest;

	if (count <= 0)
		live_abort("no timer latency was measured");
	mean = report_integer(row, "timer_latency.sum_ns") / count;
	longest = report_integer(row, "timer_latency.max_ns");
	live_note("mean %" PRId64 " ns (%lld us), max %" PRId64 " ns, %" PRId64 " (%lld) expiries",
		  mean, histogram->mean, longest, count, histogram->total);
	live_expect("cycles", histogram->total + histogram->longer, LOOPS);
	/* One that expires before its task is off the CPU wakes nobody. */
	live_expect_near("expiries with a latency", count, LOOPS, LOOPS / 100);
	/* Its mean is cut off to whole microseconds. */
	live_expect_near("the mean", mean, histogram->mean * 1000 + 500, MEAN_TOLERANCE_NS);
	/* Those without a latency may be the longest ones. */
	if (!is_among_longest(histogram, LOOPS - count + 1, longest))
		live_fail("the maximum, %" PRId64 " ns, is none of the %" PRId64 " longest cycles",
			  longest, LOOPS - count + 1);
}

static void run_cyclictest(const void *argument)
{
	struct cyclictest cyclictest = {
		.program = find_cyclictest(),
		.output = memfd_create("cyclictest", MFD_CLOEXEC),
	};
	const struct measure_plan plan = {
		.body = become_cyclictest, .argument = &cyclictest, .ends = true};
	static struct histogram histogram;
	struct measurement measurement;

	(void)argument;
	if (!cyclictest.program)
		live_skip("cyclictest is not installed");
	measure(&measurement, &plan);
	read_histogram(cyclictest.output, &histogram);
	compare(&measurement, &histogram);
	report_expect_no_loss(&measurement.by_task);
	measure_free(&measurement);
}

const struct live_test tests_cyclictest[] = {
	{.name = "cyclictest", .run = run_cyclictest},
	{0},
};
