/* SPDX-License-Identifier: GPL-2.0-only */
/* Running the service, and reading what it exports. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "harness/live/daemon_run.h"
#include "harness/live/live.h"
#include "harness/live/proc.h"

#define MS 1000000ULL
#define FILE_MAX (8 << 20)
#define WAIT_NS ((uint64_t)live_slower(20, 3) * 1000 * MS)
#define ARGUMENTS_MAX 24

void exposition_broken(const char *rule, int line)
{
	live_abort("the file breaks a rule (exposition.c:%d): %s", line, rule);
}

void daemon_configure(const struct daemon *daemon, const char *lines)
{
	FILE *file = fopen(daemon->config, "we");

	if (!file || fputs(lines, file) < 0 || fclose(file))
		live_abort("writing %s: %s", daemon->config, strerror(errno));
}

void daemon_prepare(struct daemon *daemon, const char *parent)
{
	*daemon = (struct daemon){.text = malloc(FILE_MAX)};
	snprintf(daemon->directory, sizeof(daemon->directory), "%s/dwell-live-XXXXXX",
		 parent ? parent : "/tmp");
	if (!daemon->text || !mkdtemp(daemon->directory))
		live_abort("mkdtemp: %s", strerror(errno));
	snprintf(daemon->file, sizeof(daemon->file), "%s/dwell.prom", daemon->directory);
	snprintf(daemon->config, sizeof(daemon->config), "%s/conf", daemon->directory);
	daemon_configure(daemon, "[export]\ninterval = 1s\n");
}

static double now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void daemon_run(struct daemon *daemon, const char *const *options)
{
	const char *arguments[ARGUMENTS_MAX] = {
		"daemon",	   "-v",    "--config", daemon->config, "--textfile-dir",
		daemon->directory, "--log", "stderr",
	};
	size_t count = 8;

	if (!daemon->limited) {
		/* However busy the machine is, exports are to come at their pace. */
		arguments[count++] = "--max-overhead";
		arguments[count++] = "off";
	}
	for (; options && *options && count + 1 < ARGUMENTS_MAX; options++)
		arguments[count++] = *options;
	daemon->started = now();
	dwell_start(&daemon->run, NULL, arguments);
	dwell_wait_measuring(&daemon->run);
}

void daemon_start(struct daemon *daemon)
{
	daemon_prepare(daemon, NULL);
	daemon_run(daemon, NULL);
}

bool daemon_read(struct daemon *daemon)
{
	const ssize_t length = proc_read(daemon->file, daemon->text, FILE_MAX);
	const bool same_run = daemon_stamp(daemon) > daemon->started;
	struct exposition before = daemon->seen;

	if (length < 0)
		return false;
	exposition_parse(&daemon->seen, daemon->text, (size_t)length);
	if (same_run)
		exposition_check_monotone(&before, &daemon->seen);
	exposition_free(&before);
	/* It comes last. */
	if (daemon_value(daemon, "dwell_build_info{version=\"" DWELL_VERSION "\"}") != 1)
		live_abort("the file is not whole");
	return true;
}

double daemon_value(const struct daemon *daemon, const char *series)
{
	const char *value = exposition_value(&daemon->seen, series);

	return value ? strtod(value, NULL) : -1;
}

double daemon_sum(const struct daemon *daemon, const char *family)
{
	const size_t length = strlen(family);
	double sum = 0;

	for (size_t i = 0; i < daemon->seen.samples; i++) {
		const struct exposition_sample *sample = &daemon->seen.sample[i];

		if (!strncmp(sample->series, family, length) && sample->series[length] == '{' &&
		    !strstr(sample->series, "comm=\"~kernel\""))
			sum += strtod(sample->value, NULL);
	}
	return sum;
}

double daemon_stamp(const struct daemon *daemon)
{
	return daemon_value(daemon, "dwell_last_export_timestamp_seconds");
}

double daemon_next_export(struct daemon *daemon, double after)
{
	const uint64_t limit = proc_now() + WAIT_NS;

	while (!daemon_read(daemon) || daemon_stamp(daemon) <= after) {
		if (proc_now() > limit)
			live_abort("there is no new export");
		proc_sleep(50 * MS);
	}
	return daemon_stamp(daemon);
}

void daemon_fresh_export(struct daemon *daemon)
{
	/* The first of them may have read the tasks before now. */
	for (int i = 0; i < 2; i++) {
		const double stale = daemon_read(daemon) ? daemon_stamp(daemon) : 0;

		kill(daemon->run.pid, SIGHUP);
		daemon_next_export(daemon, stale);
	}
}

unsigned int daemon_said(const struct daemon *daemon, const char *words)
{
	const off_t size = lseek(daemon->run.err, 0, SEEK_END);
	char *text = calloc(1, (size_t)size + 1), *at;
	unsigned int times = 0;

	if (!text || pread(daemon->run.err, text, (size_t)size, 0) != size)
		live_abort("reading its messages: %s", strerror(errno));
	for (at = text; (at = strstr(at, words)); at += strlen(words))
		times++;
	free(text);
	return times;
}

void daemon_await_words(const struct daemon *daemon, const char *words, unsigned int times)
{
	const uint64_t limit = proc_now() + WAIT_NS;

	while (daemon_said(daemon, words) < times) {
		if (proc_now() > limit)
			live_abort("it does not say \"%s\" %u times", words, times);
		proc_sleep(20 * MS);
	}
}

void daemon_end(struct daemon *daemon)
{
	kill(daemon->run.pid, SIGTERM);
	dwell_wait(&daemon->run, 20);
	live_expect("exit status", daemon->run.status, 0);
	if (!access(daemon->file, F_OK))
		live_fail("it leaves its file behind");
	unlink(daemon->config);
	if (rmdir(daemon->directory))
		live_fail("it leaves something in the directory: %s", strerror(errno));
	free(daemon->text);
	exposition_free(&daemon->seen);
	dwell_close(&daemon->run);
}

void daemon_kill(struct daemon *daemon)
{
	exposition_free(&daemon->seen);
	dwell_close(&daemon->run);
}
