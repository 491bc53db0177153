/* SPDX-License-Identifier: GPL-2.0-only */
/* A test's process: how it is run within its time, and how its findings reach the output. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/live/cgroups.h"
#include "harness/live/live.h"
#include "harness/live/proc.h"
#include "harness/live/tracer.h"

#define LINE_LEN 1024 /* below PIPE_BUF: a line arrives in one piece */

struct live_options live_options = {.dwell = "build/dwell", .go_fixtures = "build/go"};

static int findings = -1; /* the write end of the pipe to the runner */

static void report(char kind, const char *format, va_list arguments)
{
	char line[LINE_LEN];
	int length;

	line[0] = kind;
	length = vsnprintf(line + 1, sizeof(line) - 2, format, arguments) + 1;
	if (length > LINE_LEN - 2)
		length = LINE_LEN - 2;
	/* A finding is one line, and names may hold anything. */
	for (int i = 1; i < length; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	line[length++] = '\n';
	if (write(findings, line, (size_t)length) != length)
		_exit(125);
}

void live_fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	report('F', format, arguments);
	va_end(arguments);
}

void live_abort(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	report('F', format, arguments);
	va_end(arguments);
	_exit(1);
}

void live_skip(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	report('S', format, arguments);
	va_end(arguments);
	_exit(0);
}

void live_note(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	report('N', format, arguments);
	va_end(arguments);
}

void live_expect(const char *what, int64_t got, int64_t want)
{
	if (got != want)
		live_fail("%s is %lld, not %lld", what, (long long)got, (long long)want);
}

void live_expect_range(const char *what, int64_t got, int64_t low, int64_t high)
{
	if (got < low || got > high)
		live_fail("%s is %lld, not from %lld to %lld", what, (long long)got, (long long)low,
			  (long long)high);
}

void live_expect_near(const char *what, int64_t got, int64_t want, int64_t tolerance)
{
	if (llabs(got - want) > tolerance)
		live_fail("%s is %lld, more than %lld from %lld", what, (long long)got,
			  (long long)tolerance, (long long)want);
}

static void run_in_child(const struct live_test *test, int write_end)
{
	findings = write_end;
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	test->run(test->argument);
	_exit(0);
}

/* Reads the findings until every process of the test is gone. False: time is up. */
static bool collect(int read_end, unsigned int seconds, FILE *text)
{
	const uint64_t deadline = proc_now() + seconds * 1000000000ULL;
	struct pollfd ready = {.fd = read_end, .events = POLLIN};
	char buffer[4096];

	for (;;) {
		const uint64_t now = proc_now();
		ssize_t count;

		if (now >= deadline)
			return false;
		if (poll(&ready, 1, (int)((deadline - now) / 1000000) + 1) <= 0)
			continue;
		count = read(read_end, buffer, sizeof(buffer));
		if (count == 0)
			return true;
		if (count > 0)
			fwrite(buffer, 1, (size_t)count, text);
	}
}

/* What a test's process left. */
struct outcome {
	char *text; /* its findings; owned */
	int status;
	bool in_time;
};

/* The first finding of @kind: in *reason, its length returned; -1 = there is none. */
static int first_finding(const struct outcome *outcome, char kind, const char **reason)
{
	for (const char *line = outcome->text; *line;) {
		const int length = (int)strcspn(line, "\n");

		if (line[0] == kind) {
			*reason = line + 1;
			return length - 1;
		}
		line += length;
		line += *line == '\n';
	}
	return -1;
}

/* Prints every finding but @reason as a diagnostic. */
static void print_notes(const struct outcome *outcome, const char *reason)
{
	for (const char *line = outcome->text; *line;) {
		const int length = (int)strcspn(line, "\n");

		if (line + 1 != reason)
			printf("    %.*s\n", length - 1, line + 1);
		line += length;
		line += *line == '\n';
	}
}

/* How it went; if not well, *reason says why in *length characters. */
static enum live_result judge(const struct outcome *outcome, const char **reason, int *length)
{
	*length = first_finding(outcome, 'F', reason);
	if (*length >= 0)
		return LIVE_FAILED;
	if (!outcome->in_time || outcome->status) {
		*reason = outcome->in_time ? "its process died" : "not done within its time";
		*length = (int)strlen(*reason);
		return LIVE_FAILED;
	}
	*length = first_finding(outcome, 'S', reason);
	return *length >= 0 ? LIVE_SKIPPED : LIVE_PASSED;
}

static enum live_result print_result(const struct live_test *test, const struct outcome *outcome)
{
	static const char *const words[] = {
		[LIVE_PASSED] = "ok", [LIVE_FAILED] = "not ok", [LIVE_SKIPPED] = "skip"};
	const char *reason = NULL;
	int length;
	const enum live_result result = judge(outcome, &reason, &length);

	printf("%s %s", words[result], test->name);
	if (result != LIVE_PASSED)
		printf(": %.*s", length, reason);
	printf("\n");
	print_notes(outcome, reason);
	fflush(stdout);
	return result;
}

/* Runs @test to its end. The caller frees the text. */
static void run_to_end(const struct live_test *test, struct outcome *outcome)
{
	size_t length = 0;
	FILE *stream;
	int pipes[2];
	pid_t child;

	fflush(stdout);
	stream = open_memstream(&outcome->text, &length);
	if (!stream || pipe2(pipes, O_CLOEXEC)) {
		perror("live");
		exit(1);
	}
	child = fork();
	if (child == 0)
		run_in_child(test, pipes[1]);
	close(pipes[1]);
	outcome->in_time = collect(
		pipes[0], live_slower(test->seconds ? test->seconds : LIVE_SECONDS, 6), stream);
	close(pipes[0]);
	/* What a test leaves behind must not disturb the next one. */
	kill(-child, SIGKILL);
	if (!outcome->in_time)
		kill(child, SIGKILL);
	waitpid(child, &outcome->status, 0);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	cgroups_remove_all();
	tracer_remove();
	fclose(stream);
}

enum live_result live_run(const struct live_test *test)
{
	enum live_result result;
	struct outcome outcome;

	run_to_end(test, &outcome);
	result = print_result(test, &outcome);
	free(outcome.text);
	return result;
}
