/* SPDX-License-Identifier: GPL-2.0-only */
/* Ends and errors: each with its exit status, its message, and nothing left behind. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dirent.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/live/live.h"
#include "harness/live/proc.h"
#include "harness/live/report.h"

/* ---- what is refused --------------------------------------------- */

static void run_unprivileged(const void *argument)
{
	const struct dwell_manner nobody = {.unprivileged = true};
	struct dwell_process run;

	(void)argument;
	dwell_expect_error(&nobody, DWELL_ARGUMENTS("summary", "-d", "100ms"), 4, "CAP_BPF");
	dwell_execute(&run, &nobody, DWELL_ARGUMENTS("check"));
	live_expect("exit status of check", run.status, 4);
	if (!strstr(run.out_text, "CAP_BPF"))
		live_fail("check does not name CAP_BPF");
	dwell_close(&run);
}

static void run_usage(const void *argument)
{
	static const char *const durations[] = {
		"12abc", "-5s", "", " 1s", "1 s", "99999999999999999999s", "1e3", "5x", "0x10"};

	(void)argument;
	for (size_t i = 0; i < sizeof(durations) / sizeof(*durations); i++)
		dwell_expect_error(NULL, DWELL_ARGUMENTS("summary", "-d", durations[i]), 2,
				   "duration");
	dwell_expect_error(NULL, DWELL_ARGUMENTS("summary", "-p", "12abc"), 2, "12abc");
	dwell_expect_error(NULL, DWELL_ARGUMENTS("summary", "-p", "0"), 2, "pid");
	dwell_expect_error(NULL, DWELL_ARGUMENTS("summary", "-n", "-1"), 2, "-1");
	dwell_expect_error(NULL, DWELL_ARGUMENTS("summary", "-s", "nonsense"), 2, "nonsense");
	dwell_expect_error(NULL, DWELL_ARGUMENTS("summary", "-b", "nonsense"), 2, "nonsense");
	dwell_expect_error(NULL, DWELL_ARGUMENTS("summary", "--nonsense"), 2, "nonsense");
	dwell_expect_error(NULL, DWELL_ARGUMENTS("nonsense"), 2, "nonsense");
}

/* ---- where the output goes --------------------------------------- */

/* One that leads to @file, and one to the standard output, as /dev/stdout does. */
static void expect_links_stay(const char *directory, const char *file)
{
	const char *const targets[] = {file, "/proc/self/fd/1"};
	struct dwell_process run;
	char link[64], text[256];
	struct stat info;

	for (size_t i = 0; i < 2; i++) {
		snprintf(link, sizeof(link), "%s/link", directory);
		if (truncate(file, 0) || symlink(targets[i], link))
			live_abort("%s: %s", link, strerror(errno));
		dwell_execute(&run, NULL,
			      DWELL_ARGUMENTS("summary", "-j", "-d", "100ms", "-n", "1", "-o",
					      link));
		live_expect("exit status", run.status, 0);
		live_expect("whether it is written to stdout", run.out_length > 0, i == 1);
		live_expect("bytes read", proc_read(file, text, sizeof(text)) > 0, i == 0);
		if (lstat(link, &info) || !S_ISLNK(info.st_mode))
			live_fail("the link to %s was replaced", targets[i]);
		dwell_close(&run);
		unlink(link);
	}
}

static void run_output(const void *argument)
{
	char directory[] = "/tmp/dwell-live-XXXXXX", path[64], text[256];
	struct dwell_process run;

	(void)argument;
	if (!mkdtemp(directory))
		live_abort("mkdtemp: %s", strerror(errno));
	dwell_expect_error(NULL, DWELL_ARGUMENTS("summary", "-d", "100ms", "-o", directory), 1,
			   directory);
	snprintf(path, sizeof(path), "%s/none/file", directory);
	dwell_expect_error(NULL, DWELL_ARGUMENTS("summary", "-d", "100ms", "-o", path), 1, path);
	/* A disk that is full: noticed at the end, and in the middle of a long report. */
	if (!access("/dev/full", W_OK)) {
		dwell_expect_error(NULL,
				   DWELL_ARGUMENTS("summary", "-d", "100ms", "-n", "1", "-o",
						   "/dev/full"),
				   1, "No space left");
		dwell_expect_error(NULL,
				   DWELL_ARGUMENTS("summary", "-d", "100ms", "-n", "0", "-o",
						   "/dev/full"),
				   1, "No space left");
		dwell_expect_error(NULL,
				   DWELL_ARGUMENTS("summary", "-d", "100ms", "-n", "0", "-j", "-o",
						   "/dev/full"),
				   1, "No space left");
	}
	snprintf(path, sizeof(path), "%s/file", directory);
	dwell_execute(&run, NULL,
		      DWELL_ARGUMENTS("summary", "-j", "-d", "100ms", "-n", "1", "-o", path));
	live_expect("exit status", run.status, 0);
	live_expect("bytes on stdout", (int64_t)run.out_length, 0);
	if (proc_read(path, text, sizeof(text)) <= 0 || strncmp(text, "{\"kind\":\"header\"", 16))
		live_fail("the file does not hold the report");
	dwell_close(&run);
	expect_links_stay(directory, path);
	unlink(path);
	rmdir(directory);
}

static void run_closed_pipe(const void *argument)
{
	struct dwell_manner manner = {0};
	struct dwell_process run;
	int ends[2];

	(void)argument;
	if (pipe2(ends, O_CLOEXEC))
		live_abort("pipe2: %s", strerror(errno));
	close(ends[0]);
	manner.stdout_fd = ends[1];
	dwell_execute(&run, &manner, DWELL_ARGUMENTS("summary", "-d", "100ms", "-n", "0"));
	live_expect("exit status", run.status, 0);
	if (run.err_text[0])
		live_fail("it complains: %s", run.err_text);
	dwell_close(&run);
	dwell_execute(&run, &manner, DWELL_ARGUMENTS("summary", "-j", "-d", "100ms", "-n", "0"));
	live_expect("exit status with -j", run.status, 0);
	dwell_close(&run);
}

/* ---- the end of a run -------------------------------------------- */

static void start_endless(struct dwell_process *run)
{
	dwell_start(run, NULL, DWELL_ARGUMENTS("summary", "-j", "-v", "-d", "0", "-n", "0"));
	dwell_wait_measuring(run);
}

static void run_interrupted(const void *argument)
{
	struct dwell_process run;
	struct report report;
	int64_t window;

	(void)argument;
	start_endless(&run);
	proc_sleep(500000000);
	dwell_interrupt(&run);
	dwell_wait(&run, 5);
	report_read(&report, &run);
	window = report_integer(report.header, "window_ns");
	live_expect_range("the window", window, 490000000, 3000000000);
	if (json_array_size(report.rows) < 2)
		live_fail("the report is empty");
	report_free(&report);
	dwell_close(&run);
}

static void run_interrupted_twice(const void *argument)
{
	struct dwell_process run;
	uint64_t begin;

	(void)argument;
	start_endless(&run);
	begin = proc_now();
	dwell_interrupt(&run);
	dwell_interrupt(&run);
	dwell_wait(&run, 5);
	live_expect_range("the time it took to end, in ns", (int64_t)(proc_now() - begin), 0,
			  2000000000);
	live_note("it ended with status %d", run.status);
	dwell_close(&run);
}

/* Does @duration end the window in time? */
static void run_duration(const void *argument)
{
	struct dwell_process run;
	struct report report;

	(void)argument;
	dwell_execute(&run, NULL, DWELL_ARGUMENTS("summary", "-j", "-d", "750ms"));
	report_read(&report, &run);
	live_expect_range("the window", report_integer(report.header, "window_ns"), 749000000,
			  950000000);
	report_free(&report);
	dwell_close(&run);
}

/* ---- what is left in the kernel ---------------------------------- */

#define PROGRAMS_MAX 64

/* The ids of the programs that @pid holds, directly or by links. Returns their number. */
static size_t programs_of(pid_t pid, unsigned int ids[PROGRAMS_MAX])
{
	char path[300], text[1024];
	const struct dirent *entry;
	const char *found;
	size_t count = 0;
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo", pid);
	directory = opendir(path);
	while (directory && count < PROGRAMS_MAX && (entry = readdir(directory))) {
		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%s", pid, entry->d_name);
		if (proc_read(path, text, sizeof(text)) > 0 && (found = strstr(text, "prog_id:")))
			ids[count++] = (unsigned int)strtoul(found + 8, NULL, 10);
	}
	if (directory)
		closedir(directory);
	return count;
}

static bool program_exists(unsigned int id)
{
	union bpf_attr attr = {.prog_id = id};
	const long fd = syscall(SYS_bpf, BPF_PROG_GET_FD_BY_ID, &attr, sizeof(attr));

	if (fd < 0)
		return errno != ENOENT;
	close((int)fd);
	return true;
}

static void run_killed(const void *argument)
{
	const uint64_t patience = 10000000000ULL;
	unsigned int ids[PROGRAMS_MAX];
	struct dwell_process run;
	uint64_t begin;
	size_t count;

	(void)argument;
	start_endless(&run);
	count = programs_of(run.pid, ids);
	live_note("%zu programs", count);
	if (count < 2)
		live_fail("it holds no programs: this test would prove nothing");
	for (size_t i = 0; i < count; i++)
		if (!program_exists(ids[i]))
			live_fail("program %u is not there while it runs", ids[i]);
	kill(run.pid, SIGKILL);
	dwell_wait(&run, 5);
	live_expect("status", run.status, 128 + SIGKILL);
	begin = proc_now();
	for (size_t i = 0; i < count; i++) {
		/* The kernel frees a program after a grace period. */
		while (program_exists(ids[i]) && proc_now() - begin < patience)
			proc_sleep(10000000);
		if (program_exists(ids[i]))
			live_fail("program %u is still there", ids[i]);
	}
	dwell_close(&run);
}

/* ---- check ------------------------------------------------------- */

static void run_check(const void *argument)
{
	struct dwell_process run;
	unsigned int lines = 0;

	(void)argument;
	dwell_execute(&run, NULL, DWELL_ARGUMENTS("check"));
	live_expect("exit status", run.status, 0);
	if (!run.out_length)
		live_fail("it says nothing");
	dwell_close(&run);
	dwell_execute(&run, NULL, DWELL_ARGUMENTS("check", "-j"));
	live_expect("exit status with -j", run.status, 0);
	for (const char *line = run.out_text; *line; lines++) {
		const size_t length = strcspn(line, "\n");
		json_t *object = json_loadb(line, length, JSON_REJECT_DUPLICATES, NULL);

		if (!json_is_object(object) || !json_is_string(json_object_get(object, "kind")))
			live_fail("no JSON object with a kind: %.*s", (int)length, line);
		json_decref(object);
		line += length;
		line += *line == '\n';
	}
	if (lines < 2)
		live_fail("check -j printed %u lines", lines);
	/* Each is a program that this kernel does not take, or a host that lacks something. */
	for (const char *at = run.out_text; (at = strstr(at, "\"refusal\"")); at++)
		live_fail("something was refused: %.*s", (int)strcspn(at, "\n"), at);
	dwell_close(&run);
}

const struct live_test tests_errors[] = {
	{.name = "check", .run = run_check},
	{.name = "unprivileged", .run = run_unprivileged},
	{.name = "usage", .run = run_usage},
	{.name = "output-file", .run = run_output},
	{.name = "closed-pipe", .run = run_closed_pipe},
	{.name = "duration", .run = run_duration},
	{.name = "interrupted", .run = run_interrupted},
	{.name = "interrupted-twice", .run = run_interrupted_twice},
	{.name = "killed", .run = run_killed},
	{0},
};
