/* SPDX-License-Identifier: GPL-2.0-only */
/* Names that want to do harm: they must reach nobody's terminal or parser as they are. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "harness/live/live.h"
#include "harness/live/report.h"
#include "harness/live/workload.h"

/* What a thread calls itself, and how JSON must say it. */
static const struct {
	const char *name;
	const char *json; /* decoded */
} names[] = {
	{"quote\"back\\", "quote\"back\\"},
	{"new\nline\r\t", "new\nline\r\t"},
	{"\033[2J\033]0;x\a", "\033[2J\033]0;x\a"},
	{"bad\xff\xc3(\xed\xa0\x80", NULL}, /* how many replacements is a matter of taste */
	{"exactly15bytes!", "exactly15bytes!"},
	{"\xc2\x9b"
	 "31mC1",
	 "\xc2\x9b"
	 "31mC1"},
	{"gr\xc3\xbc\xc3\x9f"
	 "e",
	 "gr\xc3\xbc\xc3\x9f"
	 "e"},
};

#define NAMES (sizeof(names) / sizeof(*names))

_Static_assert(NAMES < WORK_TASKS, "there are more names than threads");

static struct work *shared;

static void *named_thread(void *argument)
{
	const size_t number = (size_t)argument;

	prctl(PR_SET_NAME, names[number].name);
	shared->tid[number + 1] = proc_tid();
	pause();
	return NULL;
}

static void name_threads(struct work *work)
{
	pthread_t thread;

	shared = work;
	for (size_t i = 0; i < NAMES; i++)
		if (pthread_create(&thread, NULL, named_thread, (void *)i))
			live_abort("pthread_create failed");
	for (size_t i = 0; i < NAMES; i++)
		while (!work->tid[i + 1])
			proc_sleep(1000000);
}

static void check_json(const struct report *report, const struct work *work)
{
	for (size_t i = 0; i < NAMES; i++) {
		const json_t *row = report_row(report, "tid", work->tid[i + 1]);
		const char *comm = json_string_value(json_object_get(row, "comm"));

		if (!row)
			continue;
		if (!comm || (names[i].json && strcmp(comm, names[i].json)))
			live_fail("name %zu became %s", i, comm ?: "nothing");
		else if (!names[i].json && strncmp(comm, "bad\xef\xbf\xbd", 6))
			live_fail("the invalid bytes of name %zu were not replaced: %s", i, comm);
	}
}

/* No control byte, C1 ones in UTF-8 included, and nothing that is not UTF-8. */
static void check_text(const char *text, size_t length)
{
	if (strlen(text) != length)
		live_fail("the table holds a NUL");
	for (const unsigned char *byte = (const unsigned char *)text; *byte; byte++) {
		if ((*byte < 0x20 && *byte != '\n') || *byte == 0x7f)
			live_fail("the table holds the control byte 0x%02x", *byte);
		if (byte[0] == 0xc2 && byte[1] >= 0x80 && byte[1] < 0xa0)
			live_fail("the table holds a C1 control character");
		if (*byte == 0xff)
			live_fail("the table holds an invalid byte");
	}
	if (!strstr(text, "exactly15bytes!") || !strstr(text, "bad"))
		live_fail("the table lacks a name");
}

static void run_names(const void *argument)
{
	struct workload workload;
	struct dwell_process run;
	struct report report;
	char pid[16];

	(void)argument;
	workload_start(&workload, name_threads, NULL);
	workload_release(&workload);
	if (!workload_wait(&workload, 20))
		live_abort("the workload died");
	snprintf(pid, sizeof(pid), "%d", workload.pid);

	dwell_execute(&run, NULL,
		      DWELL_ARGUMENTS("summary", "-j", "-d", "200ms", "-n", "0", "-p", pid));
	report_read(&report, &run);
	check_json(&report, workload.work);
	for (size_t i = 0; i < run.out_length; i++)
		if ((unsigned char)run.out_text[i] < 0x20 && run.out_text[i] != '\n')
			live_fail("the JSON holds a control byte as it is");
	report_free(&report);
	dwell_close(&run);

	dwell_execute(&run, NULL, DWELL_ARGUMENTS("summary", "-d", "200ms", "-n", "0", "-p", pid));
	live_expect("exit status", run.status, 0);
	check_text(run.out_text, run.out_length);
	dwell_close(&run);
	workload_leave(&workload);
}

const struct live_test tests_names[] = {
	{.name = "hostile-names", .run = run_names},
	{0},
};
