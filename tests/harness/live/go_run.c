/* SPDX-License-Identifier: GPL-2.0-only */
/* Starting fixtures, and reading what they and dwell say. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/live/go_run.h"
#include "harness/live/live.h"
#include "harness/live/proc.h"

#ifdef __aarch64__
#define PLAIN "arm64"
#else
#define PLAIN "plain"
#endif

/* ---- the fixtures ---------------------------------------------------------------- */

static int by_version(const void *one, const void *other)
{
	const struct go_binary *a = one, *b = other;
	const int order = strverscmp(a->version, b->version);

	return order ? order : strcmp(a->variant, b->variant);
}

static bool is_entry(const struct dirent *entry, const char *wanted)
{
	return *entry->d_name != '.' && (!wanted || !strcmp(entry->d_name, wanted));
}

/* A variant for another machine has that one's name. */
static bool runs_here(const char *variant)
{
	return !strcmp(variant, "arm64") == !strcmp(PLAIN, "arm64");
}

static size_t add_variants(struct go_binary *list, size_t count, const char *version,
			   const char *wanted)
{
	struct dirent *entry;
	char path[256];
	DIR *folder;

	snprintf(path, sizeof(path), "%.100s/%.15s", live_options.go_fixtures, version);
	folder = opendir(path);
	while (folder && count < GO_BINARIES_MAX && (entry = readdir(folder))) {
		struct go_binary *binary = &list[count];

		snprintf(binary->version, sizeof(binary->version), "%.15s", version);
		snprintf(binary->variant, sizeof(binary->variant), "%.15s", entry->d_name);
		snprintf(binary->path, sizeof(binary->path), "%.100s/%s/%s/fixture",
			 live_options.go_fixtures, binary->version, binary->variant);
		count += is_entry(entry, wanted) && runs_here(binary->variant) &&
			 !access(binary->path, X_OK);
	}
	if (folder)
		closedir(folder);
	return count;
}

size_t go_binaries(struct go_binary list[GO_BINARIES_MAX], const char *version, const char *variant)
{
	DIR *folder = opendir(live_options.go_fixtures);
	struct dirent *entry;
	size_t count = 0;

	while (folder && (entry = readdir(folder)))
		if (is_entry(entry, version))
			count = add_variants(list, count, entry->d_name, variant);
	if (folder)
		closedir(folder);
	if (!count)
		live_skip("%s/%s/%s/fixture was not built: tests/go/build.sh",
			  live_options.go_fixtures, version ?: "*", variant ?: "*");
	qsort(list, count, sizeof(*list), by_version);
	return count;
}

struct go_binary go_newest(void)
{
	struct go_binary list[GO_BINARIES_MAX];

	return list[go_binaries(list, NULL, PLAIN) - 1];
}

static void run_fixture(const struct go_binary *binary, const struct go_manner *manner,
			const char *const *arguments, const int in[2], const int out[2])
{
	const char *argv[8] = {"fixture"};
	sigset_t none;

	for (int i = 0; arguments[i]; i++)
		argv[i + 1] = arguments[i];
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(in[0], STDIN_FILENO);
	dup2(out[1], STDOUT_FILENO);
	if (manner->setting)
		putenv((char *)manner->setting);
	if (manner->prepare)
		manner->prepare(binary->path);
	execv(binary->path, (char *const *)argv);
	live_abort("%s: %s", binary->path, strerror(errno));
}

json_t *go_fixture_read(struct go_fixture *fixture)
{
	json_error_t error;
	json_t *said = json_loadf(fixture->out, JSON_DISABLE_EOF_CHECK, &error);

	if (!said)
		live_abort("%s: it says nothing that can be read: %s", fixture->name, error.text);
	return said;
}

void go_fixture_start(struct go_fixture *fixture, const struct go_binary *binary,
		      const struct go_manner *manner, const char *const *arguments)
{
	static const struct go_manner plain;
	int in[2], out[2];

	manner = manner ?: &plain;
	*fixture = (struct go_fixture){0};
	snprintf(fixture->name, sizeof(fixture->name), "%s %s %s%s%s", binary->version,
		 binary->variant, arguments[0], manner->setting ? " " : "", manner->setting ?: "");
	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		live_abort("pipe: %s", strerror(errno));
	fixture->pid = (pid_t)syscall(SYS_clone, manner->namespaces | SIGCHLD, 0, 0, 0, 0);
	if (fixture->pid < 0)
		live_abort("clone: %s", strerror(errno));
	if (!fixture->pid)
		run_fixture(binary, manner, arguments, in, out);
	close(in[0]);
	close(out[1]);
	fixture->in = fdopen(in[1], "w");
	fixture->out = fdopen(out[0], "r");
	fixture->truth = go_fixture_read(fixture);
}

void go_fixture_expect_alive(const struct go_fixture *fixture)
{
	char path[32], text[4096];
	int status;

	/* A stop that is over by now is told as well, as long as it was not continued. */
	if (waitpid(fixture->pid, &status, WNOHANG | WUNTRACED | WCONTINUED))
		live_fail("%s: it was stopped or ended: status %#x", fixture->name, status);
	snprintf(path, sizeof(path), "/proc/%d/status", fixture->pid);
	if (proc_read(path, text, sizeof(text)) < 0 || !strstr(text, "\nTracerPid:\t0\n"))
		live_fail("%s: somebody traces it", fixture->name);
}

void go_fixture_end(struct go_fixture *fixture)
{
	kill(fixture->pid, SIGKILL);
	waitpid(fixture->pid, NULL, 0);
	fclose(fixture->in);
	fclose(fixture->out);
	json_decref(fixture->truth);
	*fixture = (struct go_fixture){0};
}

/* ---- what dwell says -------------------------------------------------------------- */

const char *go_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key)) ?: "";
}

int64_t go_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static void take_line(struct go_report *report, json_t *object)
{
	const char *kind = go_text(object, "kind");
	json_t *to = report->others;

	if (!strcmp(kind, "go"))
		to = report->processes;
	else if (!strcmp(kind, "go_timers"))
		to = report->timers;
	else if (!strcmp(kind, "goroutines"))
		to = report->goroutines;
	else if (!strcmp(kind, "go_refused"))
		to = report->refused;
	json_array_append_new(to, object);
}

static bool has_process(const struct go_report *report, int64_t pid)
{
	const json_t *process;
	size_t i;

	json_array_foreach(report->processes, i, process) {
		if (go_number(process, "pid") == pid)
			return true;
	}
	return false;
}

static void check_rows(const struct go_report *report, const json_t *rows)
{
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		if (!has_process(report, go_number(row, "pid")))
			live_fail("a row is of process %" PRId64 ", which has no line",
				  go_number(row, "pid"));
		if (!json_is_integer(json_object_get(row, "count")))
			live_fail("a row has no count");
	}
}

void go_report_read(struct go_report *report, const struct dwell_process *run)
{
	json_error_t error;
	const char *line, *end;

	*report = (struct go_report){
		.processes = json_array(),
		.timers = json_array(),
		.goroutines = json_array(),
		.refused = json_array(),
		.others = json_array(),
	};
	for (line = run->out_text; *line; line = end + 1) {
		json_t *object;

		end = strchrnul(line, '\n');
		object = json_loadb(line, (size_t)(end - line), JSON_REJECT_DUPLICATES, &error);
		if (!object || !*end)
			live_abort("no line of JSON: %s: %.200s", error.text, line);
		if ((line == run->out_text) != !strcmp(go_text(object, "kind"), "header"))
			live_fail("the header must be the first line, and only that");
		if (line == run->out_text)
			report->header = object;
		else
			take_line(report, object);
	}
	check_rows(report, report->timers);
	check_rows(report, report->goroutines);
}

void go_report_free(struct go_report *report)
{
	json_decref(report->header);
	json_decref(report->processes);
	json_decref(report->timers);
	json_decref(report->goroutines);
	json_decref(report->refused);
	json_decref(report->others);
	*report = (struct go_report){0};
}

void go_report_take(struct go_report *report, const char *name, pid_t pid, const char *const *more)
{
	char target[16];
	const char *arguments[24] = {"go", "-j", "-n", "0", "-p", target};
	struct dwell_process run;

	snprintf(target, sizeof(target), "%d", pid);
	for (int i = 0; more && more[i]; i++)
		arguments[6 + i] = more[i];
	dwell_execute(&run, NULL, arguments);
	if (run.status)
		live_abort("%s: dwell ended with %d: %s%s", name, run.status, run.err_text,
			   run.out_text);
	go_report_read(report, &run);
	if (json_array_size(report->processes) != 1)
		live_abort("%s: not one line on the process: %s", name, run.out_text);
	dwell_close(&run);
}

#define SETTLE_TRIES 5

void go_report_settled(struct go_report *report, const struct go_fixture *fixture)
{
	for (int i = 1;; i++) {
		go_report_take(report, fixture->name, fixture->pid, NULL);
		if (json_is_true(json_object_get(go_report_process(report), "complete")) ||
		    json_is_true(json_object_get(fixture->truth, "moving")) || i == SETTLE_TRIES)
			return;
		go_report_free(report);
	}
}

json_t *go_report_process(const struct go_report *report)
{
	return json_array_get(report->processes, 0);
}
