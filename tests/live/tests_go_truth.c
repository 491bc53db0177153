/* SPDX-License-Identifier: GPL-2.0-only */
/* Goroutines of real programs, Debian's Prometheus and etcd, against their own pprof endpoints. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/live/go_pprof.h"
#include "harness/live/go_run.h"
#include "harness/live/live.h"
#include "harness/live/proc.h"

#define MS 1000000ULL
#define ROUNDS 10 /* what moves just while dwell looks has so many chances to stand still */

/* ---- the programs ------------------------------------------------------------------ */

struct real {
	const char *name; /* of the program, and of its package in scripts/setup.sh */
	uint16_t port;
	const char *ready; /* a path that answers once it is all there */
	const char *const *arguments;
};

static const struct real prometheus = {
	.name = "prometheus",
	.port = 29090,
	.ready = "/-/ready",
	.arguments = DWELL_ARGUMENTS("--config.file=settings", "--storage.tsdb.path=data",
				     "--web.listen-address=127.0.0.1:29090"),
};

static const struct real etcd = {
	.name = "etcd",
	.port = 23790,
	.ready = "/health",
	.arguments = DWELL_ARGUMENTS("--enable-pprof", "--data-dir=data",
				     "--listen-client-urls=http://127.0.0.1:23790",
				     "--advertise-client-urls=http://127.0.0.1:23790",
				     "--listen-peer-urls=http://127.0.0.1:23800",
				     "--initial-advertise-peer-urls=http://127.0.0.1:23800",
				     "--initial-cluster=default=http://127.0.0.1:23800"),
};

/* One that runs, in a folder of its own. */
struct running {
	const struct real *real;
	char folder[32];
	pid_t pid;
};

/* Where scripts/setup.sh unpacks it, else wherever the machine has it. */
static void find_program(const struct real *real, char path[256])
{
	const char *folders = getenv("PATH") ?: "/usr/bin";
	char here[256];

	snprintf(path, 256, "%s/build/unpacked/usr/bin/%s", getcwd(here, 200) ?: "", real->name);
	while (access(path, X_OK) && *folders) {
		const size_t length = strcspn(folders, ":");

		snprintf(path, 256, "%.*s/%s", (int)length, folders, real->name);
		folders += length;
		folders += *folders == ':';
	}
	if (access(path, X_OK))
		live_skip("%s is not installed: scripts/setup.sh check", real->name);
}

static void become(const struct running *running, const char *path)
{
	const int log = open("log", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	const char *argv[16] = {path};

	for (int i = 0; running->real->arguments[i]; i++)
		argv[i + 1] = running->real->arguments[i];
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	execv(path, (char *const *)argv);
	live_abort("%s: %s", path, strerror(errno));
}

static void real_start(struct running *running, const struct real *real)
{
	const uint64_t limit = proc_now() + 30000 * MS;
	char path[256], *answer;
	size_t length;

	*running = (struct running){.real = real, .folder = "/tmp/dwell-live-XXXXXX"};
	find_program(real, path);
	/* Its name is one from here. */
	live_options.dwell = realpath(live_options.dwell, NULL) ?: live_options.dwell;
	if (!mkdtemp(running->folder) || chdir(running->folder))
		live_abort("a folder of its own: %s", strerror(errno));
	close(open("settings", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	running->pid = fork();
	if (!running->pid)
		become(running, path);
	while (!(answer = go_http_get(real->port, real->ready, &length))) {
		if (proc_now() > limit || waitpid(running->pid, NULL, WNOHANG))
			live_abort("%s does not answer", real->name);
		proc_sleep(50 * MS);
	}
	free(answer);
	/* What it does at its start is over then. */
	proc_sleep(1500 * MS);
}

static void real_end(struct running *running)
{
	char command[64];

	kill(running->pid, SIGKILL);
	waitpid(running->pid, NULL, 0);
	snprintf(command, sizeof(command), "rm -rf %s", running->folder);
	if (chdir("/") || system(command))
		live_note("%s is left behind", running->folder);
}

/* ---- groups --------------------------------------------------------------------------- */

/*
 * Whoever answers the question runs meanwhile, and a helper of his waits for the connection to
 * be closed. Neither is there when dwell looks.
 */
static bool asks(const json_t *goroutine)
{
	return !strcmp(go_text(goroutine, "state"), "running") ||
	       !strcmp(go_text(goroutine, "created_by"),
		       "net/http.(*connReader).startBackgroundRead");
}

/* Counts by state, creator and place. */
static json_t *groups_of(const json_t *goroutines)
{
	json_t *groups = json_object();
	const json_t *one;
	char name[768];
	size_t i;

	json_array_foreach(goroutines, i, one) {
		if (asks(one))
			continue;
		snprintf(name, sizeof(name), "%s, created by \"%s\", at \"%s\"",
			 go_text(one, "state"), go_text(one, "created_by"), go_text(one, "place"));
		json_object_set_new(groups, name, json_integer(go_number(groups, name) + 1));
	}
	return groups;
}

/* The same of what dwell says. */
static json_t *groups_told(const struct go_report *report)
{
	json_t *groups = json_object();
	const json_t *row, *states, *number;
	const char *state;
	char name[768];
	size_t i;

	json_array_foreach(report->goroutines, i, row) {
		if (asks(row))
			continue;
		states = json_object_get(row, "states");
		json_object_foreach((json_t *)states, state, number) {
			if (!strcmp(state, "running") || !json_integer_value(number))
				continue;
			snprintf(name, sizeof(name), "%s, created by \"%s\", at \"%s\"", state,
				 go_text(row, "created_by"), go_text(row, "place"));
			json_object_set_new(
				groups, name,
				json_integer(go_number(groups, name) + json_integer_value(number)));
		}
	}
	return groups;
}

/* How many groups that were the same before and after are told otherwise; told if @loud. */
static unsigned int differences(json_t *before, json_t *told, json_t *after, bool loud)
{
	unsigned int wrong = 0;
	json_t *all = json_deep_copy(before);
	const json_t *number;
	const char *name;

	json_object_update(all, told);
	json_object_foreach(all, name, number) {
		const int64_t want = go_number(before, name), got = go_number(told, name);

		if (want != go_number(after, name) || got == want)
			continue;
		wrong++;
		if (loud)
			live_fail("%" PRId64 " goroutines, not %" PRId64 ": %s", got, want, name);
	}
	json_decref(all);
	return wrong;
}

/* ---- stacks --------------------------------------------------------------------------- */

/*
 * Whether all frames of @said are among those of @row in this order, with file and line. dwell
 * also tells the frames of the runtime, which the runtime itself hides, and ends earlier.
 */
static bool stack_agrees(const json_t *said, const json_t *row)
{
	const json_t *want = json_object_get(said, "stack"), *want_at = json_object_get(said, "at");
	const json_t *got = json_object_get(row, "stack"), *got_at = json_object_get(row, "at");
	size_t next = 0, i;
	const json_t *frame;

	json_array_foreach(got, i, frame) {
		if (next < json_array_size(want) && json_equal(frame, json_array_get(want, next)) &&
		    json_equal(json_array_get(got_at, i), json_array_get(want_at, next)))
			next++;
	}
	return next == json_array_size(want) ||
	       (next && json_array_size(got) >= 24 && next + 4 > 24);
}

/* Each stack of a group of which @before and @after agree is one that the runtime tells too. */
static unsigned int wrong_stacks(const json_t *before, const json_t *after,
				 const struct go_report *report, bool loud)
{
	unsigned int wrong = 0;
	const json_t *row, *said;
	size_t i, j;

	json_array_foreach(report->goroutines, i, row) {
		bool found = asks(row) || go_number(json_object_get(row, "states"), "running");

		json_array_foreach(before, j, said) {
			found = found || stack_agrees(said, row);
		}
		json_array_foreach(after, j, said) {
			found = found || stack_agrees(said, row);
		}
		if (found)
			continue;
		wrong++;
		if (loud) {
			char *text = json_dumps(row, JSON_COMPACT);

			live_fail("no goroutine has this stack: %s", text);
			free(text);
		}
	}
	return wrong;
}

/* ---- the goroutine table ----------------------------------------------------------------- */

/* One question before, dwell, one question after. How much of it is wrong. */
static unsigned int ask(const struct running *running, bool loud)
{
	json_t *before, *after, *groups[3];
	struct go_report report;
	unsigned int wrong;

	before = go_pprof_goroutines(running->real->port);
	proc_sleep(20 * MS);
	go_report_take(&report, running->real->name, running->pid, NULL);
	after = go_pprof_goroutines(running->real->port);
	if (!before || !after)
		live_abort("%s does not tell its goroutines", running->real->name);
	groups[0] = groups_of(before);
	groups[1] = groups_told(&report);
	groups[2] = groups_of(after);
	wrong = differences(groups[0], groups[1], groups[2], loud) +
		wrong_stacks(before, after, &report, loud);
	if (loud || !wrong)
		live_note("%zu goroutines in %zu groups, %u of them wrong", json_array_size(before),
			  json_object_size(groups[0]), wrong);
	for (int i = 0; i < 3; i++)
		json_decref(groups[i]);
	json_decref(before);
	json_decref(after);
	go_report_free(&report);
	return wrong;
}

static void run_goroutines(const void *argument)
{
	struct running running;
	int round = 1;

	real_start(&running, argument);
	while (ask(&running, round == ROUNDS) && round < ROUNDS)
		round++;
	live_note("in round %d", round);
	go_fixture_expect_alive(&(struct go_fixture){.name = "it", .pid = running.pid});
	real_end(&running);
}

/* ---- go tool pprof -------------------------------------------------------------------------- */

static void find_pprof(char path[256])
{
	char *real;
	glob_t found;

	/* From 1.25 on it is built when it is first asked for. */
	snprintf(path, 256, "%.200s/toolchains/*/usr/lib/go-*/pkg/tool/*/pprof",
		 live_options.go_fixtures);
	if (glob(path, 0, NULL, &found))
		live_skip("no toolchain has pprof: tests/go/toolchains.sh 1.23");
	/* The program's folder will be another one. */
	real = realpath(found.gl_pathv[found.gl_pathc - 1], NULL);
	if (!real)
		live_abort("%s: %s", found.gl_pathv[0], strerror(errno));
	snprintf(path, 256, "%s", real);
	free(real);
	globfree(&found);
}

/* {"function": flat * 2^20 + cumulative} as `pprof -top` has it of @file. */
static json_t *top_of(const char *pprof, const char *file)
{
	json_t *top = json_object();
	char command[1024], function[512], line[1024];
	int64_t flat, cumulative;
	FILE *out;

	snprintf(command, sizeof(command),
		 "%s -symbolize=none -sample_index=%s -nodecount=100000 -nodefraction=0 "
		 "-edgefraction=0 -top %s 2>pprof.err",
		 pprof, strstr(file, "own") ? "goroutine" : "goroutines", file);
	out = popen(command, "r");
	while (out && fgets(line, sizeof(line), out)) {
		if (sscanf(line, " %" SCNd64 " %*f%% %*f%% %" SCNd64 " %*f%% %511[^\n]", &flat,
			   &cumulative, function) == 3) {
			/* What it was inlined into may be hidden in one of both. */
			if (strstr(function, " (inline)"))
				*strstr(function, " (inline)") = '\0';
			json_object_set_new(top, function, json_integer(flat << 20 | cumulative));
		}
	}
	if (!out || pclose(out))
		live_fail("pprof does not open %s: %s", file, command);
	return top;
}

static void fetch_profile(const struct running *running, const char *file)
{
	size_t length;
	char *profile = go_http_get(running->real->port, "/debug/pprof/goroutine", &length);
	FILE *out = fopen(file, "w");

	if (!profile || !out || fwrite(profile, 1, length, out) != length)
		live_abort("%s gives no profile", running->real->name);
	fclose(out);
	free(profile);
}

/* Functions of whoever answers the question. */
static json_t *asking(const struct running *running)
{
	json_t *all = go_pprof_goroutines(running->real->port), *functions = json_object();
	const json_t *one, *function;
	size_t i, j;

	json_array_foreach(all, i, one) {
		if (!asks(one))
			continue;
		json_array_foreach(json_object_get(one, "stack"), j, function) {
			json_object_set_new(functions, json_string_value(function), json_true());
		}
	}
	json_decref(all);
	return functions;
}

/*
 * Each counts flat in the upper bits and cumulative in the lower ones. Of the standard library
 * whoever answers may have one more.
 */
static bool same_counts(const char *function, int64_t want, int64_t got)
{
	const int64_t excused = go_is_standard(function);

	return llabs((want >> 20) - (got >> 20)) <= excused &&
	       llabs((want & 0xfffff) - (got & 0xfffff)) <= excused;
}

static unsigned int compare_tops(const struct running *running, const char *pprof, bool loud)
{
	json_t *before, *told, *after, *ignored = asking(running);
	struct go_report report;
	unsigned int wrong = 0, same = 0;
	const json_t *number;
	const char *name;

	fetch_profile(running, "own-before.pb.gz");
	proc_sleep(20 * MS);
	go_report_take(&report, running->real->name, running->pid,
		       DWELL_ARGUMENTS("--pprof", "dwell.pb.gz"));
	fetch_profile(running, "own-after.pb.gz");
	before = top_of(pprof, "own-before.pb.gz");
	told = top_of(pprof, "dwell.pb.gz");
	after = top_of(pprof, "own-after.pb.gz");
	json_object_foreach(before, name, number) {
		const bool stays = go_number(after, name) == json_integer_value(number);

		if (!stays || json_object_get(ignored, name))
			continue;
		if (same_counts(name, json_integer_value(number), go_number(told, name))) {
			same++;
			continue;
		}
		wrong++;
		if (loud)
			live_fail("%s: flat and cumulative %" PRId64 " %" PRId64
				  ", not %" JSON_INTEGER_FORMAT " %" JSON_INTEGER_FORMAT,
				  name, go_number(told, name) >> 20,
				  go_number(told, name) & 0xfffff, json_integer_value(number) >> 20,
				  json_integer_value(number) & 0xfffff);
	}
	if (loud && same < 10)
		live_fail("only %u functions are the same", same);
	if (!wrong && same >= 10)
		live_note("%u functions have the same counts", same);
	json_decref(ignored);
	json_decref(before);
	json_decref(told);
	json_decref(after);
	go_report_free(&report);
	return wrong + (same < 10);
}

/* Both kinds of samples, and a line for each. */
static void expect_raw(const char *pprof)
{
	char command[512];

	snprintf(
		command, sizeof(command),
		"%s -symbolize=none -raw dwell.pb.gz 2>&1 | grep -qx 'timers/count goroutines/count.*'",
		pprof);
	if (system(command))
		live_fail("pprof -raw does not find timers and goroutines");
}

static void run_pprof(const void *argument)
{
	struct running running;
	char pprof[256];
	int round = 1;

	find_pprof(pprof);
	real_start(&running, argument);
	while (compare_tops(&running, pprof, round == ROUNDS) && round < ROUNDS)
		round++;
	expect_raw(pprof);
	real_end(&running);
}

const struct live_test tests_go_truth[] = {
	{.name = "go-prometheus", .run = run_goroutines, .argument = &prometheus},
	{.name = "go-etcd", .run = run_goroutines, .argument = &etcd},
	{.name = "go-pprof", .run = run_pprof, .argument = &etcd},
	{0},
};
