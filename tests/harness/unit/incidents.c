/* SPDX-License-Identifier: GPL-2.0-only */
/* Outliers made by hand, given to incidents, and what these tell, for tests of incidents. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "harness/unit/incidents.h"
#include "sink/incident_text.h"
#include "sink/outlier_text.h"

/* ---- names -------------------------------------------------------------------- */

static const char *comm_of(void *context, uint32_t pid, uint32_t tid)
{
	(void)context;
	(void)pid;
	if (tid >= NAMELESS)
		return NULL;
	if (tid == HOSTILE)
		return "\x1b[2J";
	return tid == BACKUP ? "backup" : tid == NGINX ? "nginx" : tid >= SWARM ? "swarm" : "hog2";
}

static const char *cgroup_of(void *context, uint64_t id)
{
	(void)context;
	return id == 7 ? "/work" : "/other";
}

static double quota_of(void *context, uint64_t id, size_t *owner)
{
	*owner = strlen("/work");
	(void)context;
	return id == 7 ? 0.2 : 0;
}

static const char *function_of(void *context, uint64_t address)
{
	(void)context;
	return address == 0x1000 ? "hrtimer_wakeup" : address == 0x2000 ? "timerfd_tmrproc" : NULL;
}

static const char *syscall_of(void *context, int number)
{
	(void)context;
	return number == 74 ? "fsync" : number == 0 ? "read" : NULL;
}

static const struct naming names = {.comm = comm_of,
				    .cgroup = cgroup_of,
				    .quota = quota_of,
				    .function = function_of,
				    .syscall = syscall_of};
static const struct outlier_clock clock_now = {.mono = BEGIN, .real = {.tv_sec = 1700000000}};

/* ---- outliers ------------------------------------------------------------------- */

struct dwell_outlier outlier_of(enum dwell_measure measure, const char *comm, uint32_t pid,
				uint32_t tid, uint64_t to, uint64_t ns)
{
	struct dwell_outlier outlier = {.measure = measure,
					.cpu = 1,
					.pid = pid,
					.tid = tid,
					.start = tid,
					.cgroup = 7,
					.from = BEGIN + to - ns,
					.to = BEGIN + to,
					.ns = ns,
					.threshold = 2 * MS,
					.queued_at = BEGIN + to - ns,
					.syscall = DWELL_NO_SYSCALL};

	strncpy(outlier.comm, comm, DWELL_COMM_LEN - 1);
	return outlier;
}

void blame(struct dwell_outlier *outlier, uint32_t culprit)
{
	runs_add(outlier, 1, outlier->from);
	runs_add(outlier, culprit, outlier->to);
}

struct dwell_outlier wait_behind(const char *comm, uint32_t tid, uint32_t culprit, uint64_t to,
				 uint64_t ns)
{
	struct dwell_outlier outlier = outlier_of(DWELL_WOKEN, comm, tid, tid, to, ns);

	blame(&outlier, culprit);
	return outlier;
}

struct dwell_outlier block_of(const char *comm, uint32_t tid, uint32_t block, int syscall,
			      uint64_t to)
{
	struct dwell_outlier outlier = outlier_of(DWELL_BLOCKED, comm, tid, tid, to, 40 * MS);

	outlier.block = block;
	outlier.syscall = syscall;
	return outlier;
}

/* ---- what is told ----------------------------------------------------------------- */

struct heard heard;

void forget(void)
{
	for (size_t i = 0; i < heard.count; i++)
		free(heard.line[i]);
	memset(&heard, 0, sizeof(heard));
}

static int hear(void *context, const struct incident *incident)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	struct explanation worst;

	assert_ptr_equal(context, &heard);
	assert_true(heard.count < TOLD_LINES);
	explain(&worst, incident->worst, &names);
	assert_int_equal(incident_print(out, incident, &worst, &clock_now), 0);
	fclose(out);
	assert_int_equal(text[length - 1], '\n');
	text[length - 1] = '\0';
	assert_null(strchr(text, '\n'));
	heard.incident[heard.count] = *incident;
	heard.worst_ns[heard.count] = incident->worst->ns;
	/* "22:13:20.000 " */
	memmove(text, text + 13, length - 13);
	heard.line[heard.count++] = text;
	heard.outliers += incident->count;
	assert_true(incident->worst->to >= heard.last_to);
	heard.last_to = incident->worst->to;
	return heard.err;
}

void take(struct incidents *incidents, const struct dwell_outlier *outlier)
{
	assert_int_equal(incidents_take(incidents, outlier, &names, outlier->to, hear, &heard), 0);
}

int try_tell(struct incidents *incidents)
{
	return incidents_tell(incidents, hear, &heard);
}

void tell(struct incidents *incidents)
{
	struct incident_counts counts;

	assert_int_equal(try_tell(incidents), 0);
	counts = incidents_counts(incidents);
	assert_true(counts.outliers >= heard.outliers);
	assert_false(incidents_due(incidents, UINT64_MAX));
}

int incidents_set_up(void **state)
{
	*state = incidents_new();
	return !*state;
}

int incidents_tear_down(void **state)
{
	incidents_free(*state);
	forget();
	return 0;
}

void check_alone(const struct dwell_outlier *outlier, const char *expected)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	struct explanation explanation;

	explain(&explanation, outlier, &names);
	assert_int_equal(outlier_print(out, &explanation, &clock_now, false), 0);
	fclose(out);
	text[length - 1] = '\0';
	assert_string_equal(text + 13, expected);
	free(text);
}
