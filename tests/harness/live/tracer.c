/* SPDX-License-Identifier: GPL-2.0-only */
/* A recording of the kernel's event tracer, in an instance of its own, and how to read it. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/live/hidden.h"
#include "harness/live/live.h"
#include "harness/live/proc.h"
#include "harness/live/tracer.h"

/* Timers expire all over the machine while dwell starts: that takes a megabyte. */
#define BUFFER_KB "16384"
#define MEGA 1000000
#define ADDRESS_LEN 24
#define NAME_LEN 32

/* The instance; tracefs is mounted for this process only, and nowhere. */
static int instance_path(char *path, size_t size)
{
	static int tracefs = -1;
	int context;

	if (tracefs < 0) {
		context = fsopen("tracefs", FSOPEN_CLOEXEC);
		if (context < 0)
			return -errno;
		if (!fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
			tracefs = fsmount(context, FSMOUNT_CLOEXEC, 0);
		close(context);
		if (tracefs < 0)
			return -errno;
	}
	snprintf(path, size, "/proc/self/fd/%d/instances/dwell-live", tracefs);
	return 0;
}

/* Writes @value into the file @name of the instance. */
static void set(const char *name, const char *value)
{
	char directory[64], path[160];
	int err = instance_path(directory, sizeof(directory));

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	if (!err)
		err = proc_write(path, value);
	if (err)
		live_abort("the tracer's %s: %s", name, strerror(-err));
}

void tracer_remove(void)
{
	char directory[64];

	if (!instance_path(directory, sizeof(directory)))
		rmdir(directory);
}

void tracer_begin(const char *comm)
{
	char directory[64], filter[64];
	int err = instance_path(directory, sizeof(directory));

	tracer_remove(); /* what a runner left that was killed */
	if (!err && mkdir(directory, 0700))
		err = -errno;
	if (err)
		live_skip("the kernel's own tracer: %s", strerror(-err));
	set("tracing_on", "0");
	set("trace_clock", "mono");
	set("buffer_size_kb", BUFFER_KB);
	snprintf(filter, sizeof(filter), "comm == \"%s\"", comm);
	set("events/timer/hrtimer_start/filter", filter);
	snprintf(filter, sizeof(filter), "next_comm == \"%s\"", comm);
	set("events/sched/sched_switch/filter", filter);
	set("events/timer/hrtimer_start/enable", "1");
	set("events/timer/hrtimer_expire_entry/enable", "1");
	set("events/sched/sched_switch/enable", "1");
	set("tracing_on", "1");
}

/* A line of the recording. */
struct event {
	char name[NAME_LEN];
	pid_t current;
	int64_t at; /* mono, ns: within a microsecond */
	const char *text;
};

/* "COMM-PID [CPU] FLAGS SECONDS.MICROSECONDS: NAME: TEXT"; the names of tasks may hold dashes. */
static bool read_event(const char *line, struct event *event)
{
	const char *cpu = strstr(line, " ["), *dash = cpu;
	int64_t seconds, us;
	int length = 0;

	while (dash && dash > line && *dash != '-')
		dash--;
	if (!dash || sscanf(cpu, " [%*u] %*s %" SCNd64 ".%" SCNd64 ": %31[^:]: %n", &seconds, &us,
			    event->name, &length) != 3)
		return false;
	event->current = (pid_t)strtol(dash + 1, NULL, 10);
	event->at = (seconds * MEGA + us) * 1000 + 500;
	event->text = cpu + length;
	return true;
}

/* The number behind @name in @text, or 0. */
static int64_t number_of(const char *text, const char *name)
{
	const char *found = strstr(text, name);

	return found ? strtoll(found + strlen(name), NULL, 10) : 0;
}

/* The timer's address in @text: it is scrambled, but always in the same way. */
static void read_timer(const char *text, char timer[ADDRESS_LEN])
{
	if (sscanf(text, "hrtimer=%23s", timer) != 1)
		*timer = '\0';
}

/* A sleep, as far as it has come. */
struct sleep {
	char timer[ADDRESS_LEN];
	int64_t due;	 /* or armed, if that was later */
	int64_t expired; /* 0: not yet */
	int64_t arrived; /* the thread, on a CPU; 0: not yet */
	bool hidden;
};

static void count_sleep(const struct sleep *sleep, struct tracer_sleeps *sleeps)
{
	const int64_t ns = (sleep->arrived ?: sleep->expired) - sleep->due;

	if (!sleep->expired)
		return;
	if (sleep->hidden) {
		sleeps->hidden++;
		return;
	}
	sleeps->count++;
	sleeps->unslept += !sleep->arrived;
	sleeps->sum_ns += ns;
	if (ns > sleeps->max_ns)
		sleeps->max_ns = ns;
}

/* One event more. A sleep is over when the next one begins. */
static void follow(struct sleep *sleep, const struct event *event, pid_t tid,
		   struct tracer_sleeps *sleeps)
{
	char timer[ADDRESS_LEN];
	int64_t due;

	if (!strcmp(event->name, "hrtimer_start") && event->current == tid &&
	    strstr(event->text, "function=hrtimer_wakeup")) {
		count_sleep(sleep, sleeps);
		due = number_of(event->text, " expires=");
		*sleep = (struct sleep){.due = due > event->at ? due : event->at};
		read_timer(event->text, sleep->timer);
	} else if (!strcmp(event->name, "hrtimer_expire_entry") && !sleep->expired) {
		read_timer(event->text, timer);
		if (strcmp(timer, sleep->timer) != 0)
			return;
		sleep->expired = event->at;
		sleep->hidden = hidden_is(event->current);
	} else if (!strcmp(event->name, "sched_switch") && sleep->expired && !sleep->arrived &&
		   number_of(event->text, " next_pid=") == tid) {
		sleep->arrived = event->at;
	}
}

void tracer_end(pid_t tid, struct tracer_sleeps *sleeps)
{
	char directory[64], path[96], *line = NULL;
	int64_t kept = 0, written = -1;
	struct sleep sleep = {0};
	struct event event;
	size_t size = 0;
	FILE *trace;

	set("tracing_on", "0");
	instance_path(directory, sizeof(directory));
	snprintf(path, sizeof(path), "%s/trace", directory);
	trace = fopen(path, "re");
	if (!trace)
		live_abort("the tracer's recording: %s", strerror(errno));
	*sleeps = (struct tracer_sleeps){0};
	while (getline(&line, &size, trace) >= 0)
		if (*line == '#')
			sscanf(line, "# entries-in-buffer/entries-written: %" SCNd64 "/%" SCNd64,
			       &kept, &written);
		else if (read_event(line, &event))
			follow(&sleep, &event, tid, sleeps);
	count_sleep(&sleep, sleeps);
	free(line);
	fclose(trace);
	tracer_remove();
	if (kept != written)
		live_abort("the tracer kept %" PRId64 " of %" PRId64 " events", kept, written);
}
