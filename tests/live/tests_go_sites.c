/* SPDX-License-Identifier: GPL-2.0-only */
/* Who creates timers, by probes on a Go program: exact, and the program does not notice. */
#include <inttypes.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "harness/live/go_mangle.h"
#include "harness/live/go_run.h"
#include "harness/live/live.h"
#include "harness/live/proc.h"

#define BIT(capability) (1ULL << (capability))

/* For systems whose headers are older than these. */
#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#define CAP_BPF 39
#endif

#define CYCLES 15
#define CYCLES_VARIABLE "DWELL_GO_SITES_CYCLES" /* says another number */
#define GUARD_LIMIT 50000			/* calls a second */
#define MS 1000000

/* ---- what dwell says ------------------------------------------------------------------ */

/* Freed by watched_free(). */
struct watched {
	struct go_report report;
	json_t *end; /* the line on all of it; borrowed */
};

static void watch_start(struct dwell_process *run, const struct dwell_manner *manner, pid_t pid,
			const char *duration)
{
	char target[16];

	snprintf(target, sizeof(target), "%d", pid);
	dwell_start(run, manner,
		    DWELL_ARGUMENTS("go", "--sites", "-v", "-j", "-n", "0", "-d", duration, "-p",
				    target));
}

/* Waits for the end of @run, which has to be 0, and reads what it printed. */
static void watch_end(struct dwell_process *run, struct watched *watched)
{
	json_t *row;
	size_t i;

	dwell_wait(run, 60);
	if (run->status)
		live_abort("dwell ended with %d: %s", run->status, run->err_text);
	go_report_read(&watched->report, run);
	watched->end = NULL;
	json_array_foreach(watched->report.others, i, row) {
		if (!strcmp(go_text(row, "kind"), "go_sites_cost"))
			watched->end = row;
	}
	if (!watched->end)
		live_abort("there is no line on the whole: %s", run->out_text);
	dwell_close(run);
}

static void watched_free(struct watched *watched)
{
	go_report_free(&watched->report);
}

static bool has_function(const json_t *row, const char *function)
{
	const json_t *name;
	size_t i;

	json_array_foreach(json_object_get(row, "stack"), i, name) {
		if (!strcmp(json_string_value(name) ?: "", function))
			return true;
	}
	return false;
}

/* The sum of @key over the rows with @function in their stack. */
static int64_t sum_of(const struct watched *watched, const char *function, const char *key)
{
	const json_t *row;
	int64_t sum = 0;
	size_t i;

	json_array_foreach(watched->report.others, i, row) {
		if (!strcmp(go_text(row, "kind"), "go_sites") && has_function(row, function))
			sum += go_number(row, key);
	}
	return sum;
}

static void expect_end(const struct watched *watched, const char *how)
{
	const json_t *lost = json_object_get(watched->end, "lost");

	if (strcmp(go_text(watched->end, "ended"), how))
		live_fail("it ended by %s, not by %s", go_text(watched->end, "ended"), how);
	if (json_object_size(lost))
		live_fail("it lost something: %s", json_dumps(lost, JSON_COMPACT));
}

/* ---- exact ------------------------------------------------------------------------------ */

static void expect_site(const struct go_fixture *fixture, const struct watched *watched,
			const json_t *site)
{
	static const char *const keys[] = {"created", "stopped", "reset", "fired"};
	const char *function = go_text(site, "function");
	const bool synchronous = json_is_true(json_object_get(fixture->truth, "synchronous"));
	int64_t live = sum_of(watched, function, "live");
	int64_t dropped = sum_of(watched, function, "dropped");
	char what[256];

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		snprintf(what, sizeof(what), "%s: %s of %s", fixture->name, keys[i], function);
		live_expect(what, sum_of(watched, function, keys[i]), go_number(site, keys[i]));
	}
	snprintf(what, sizeof(what), "%s: live of %s", fixture->name, function);
	/* Since 1.23 a timer with a channel that nobody waits on is in no heap. */
	if (synchronous && (strstr(function, "Leak") || strstr(function, "After")))
		live_expect(what, live, 0);
	else
		live_expect(what, dropped, 0);
	live_expect(what, live + dropped, go_number(site, "live"));
}

static void expect_exact(const struct go_binary *binary)
{
	struct go_fixture fixture;
	struct dwell_process run;
	struct watched watched;
	json_t *counts, *site;
	size_t i;

	go_fixture_start(&fixture, binary, NULL, DWELL_ARGUMENTS("sites", "100"));
	watch_start(&run, NULL, fixture.pid, "1m");
	dwell_wait_measuring(&run);
	fputs("\n", fixture.in);
	fflush(fixture.in);
	counts = go_fixture_read(&fixture);
	dwell_interrupt(&run);
	watch_end(&run, &watched);
	expect_end(&watched, "interrupted");
	if (json_array_size(json_object_get(counts, "sites")) < 5)
		live_fail("%s: it told of no sites", fixture.name);
	json_array_foreach(json_object_get(counts, "sites"), i, site) {
		expect_site(&fixture, &watched, site);
	}
	if (!json_is_object(json_object_get(watched.end, "kernel_lateness")))
		live_fail("%s: the kernel's timers were not measured", fixture.name);
	go_fixture_expect_alive(&fixture);
	watched_free(&watched);
	json_decref(counts);
	go_fixture_end(&fixture);
}

/* Of one version, NULL: the newest, all variants. */
static void run_exact(const void *argument)
{
	struct go_binary list[GO_BINARIES_MAX];
	const struct go_binary newest = go_newest();
	size_t count = go_binaries(list, argument ?: newest.version, NULL);

	for (size_t i = 0; i < count; i++)
		expect_exact(&list[i]);
}

/* All other versions that were built. */
static void run_exact_others(const void *argument)
{
	struct go_binary list[GO_BINARIES_MAX];
	const struct go_binary newest = go_newest();
	size_t count = go_binaries(list, NULL, NULL);

	(void)argument;
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i].version, "1.19") && strcmp(list[i].version, "1.23") &&
		    strcmp(list[i].version, newest.version))
			expect_exact(&list[i]);
}

/* ---- unharmed --------------------------------------------------------------------------- */

/* Ends its work, and fails unless each request was answered. */
static void expect_answered(struct go_fixture *fixture)
{
	json_t *counts;

	go_fixture_expect_alive(fixture);
	fclose(fixture->in);
	fixture->in = fopen("/dev/null", "w");
	counts = go_fixture_read(fixture);
	if (go_number(counts, "requests") < 100)
		live_fail("%s: it has hardly worked", fixture->name);
	live_expect("requests that were answered", go_number(counts, "answered"),
		    go_number(counts, "requests"));
	json_decref(counts);
}

static void run_cycles(const void *argument)
{
	const char *variable = getenv(CYCLES_VARIABLE);
	const int cycles = variable ? atoi(variable) : CYCLES;
	const struct go_binary binary = go_newest();
	struct go_fixture fixture;

	(void)argument;
	go_fixture_start(&fixture, &binary, NULL, DWELL_ARGUMENTS("rate", "2000"));
	for (int i = 0; i < cycles; i++) {
		struct dwell_process run;
		struct watched watched;

		watch_start(&run, NULL, fixture.pid, "50ms");
		watch_end(&run, &watched);
		expect_end(&watched, "duration");
		if (!sum_of(&watched, "main.rateRequest", "created"))
			live_fail("it saw no timer in cycle %d", i);
		watched_free(&watched);
	}
	expect_answered(&fixture);
	go_fixture_end(&fixture);
}

static void run_guard(const void *argument)
{
	const struct go_binary binary = go_newest();
	struct go_fixture fixture;
	struct dwell_process run;
	struct watched watched;

	(void)argument;
	go_fixture_start(&fixture, &binary, NULL, DWELL_ARGUMENTS("rate", "100000"));
	watch_start(&run, NULL, fixture.pid, "1m");
	dwell_wait(&run, 30);
	if (!strstr(run.err_text, "the probes were taken off"))
		live_fail("it did not say that it took the probes off: %s", run.err_text);
	watch_end(&run, &watched);
	expect_end(&watched, "guard");
	/* It looks ten times a second. */
	live_expect_range("hits", go_number(watched.end, "hits"), GUARD_LIMIT, 4 * GUARD_LIMIT);
	if (json_object_get(watched.end, "dropped"))
		live_fail("it tells which timers were dropped, but had no time to look");
	watched_free(&watched);
	expect_answered(&fixture);
	go_fixture_end(&fixture);
}

/* While it counts, it can read what it needs, and neither load programs nor put on probes. */
static void expect_few_privileges(pid_t pid)
{
	const uint64_t enough = BIT(CAP_SYS_PTRACE) | BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_BPF);
	char path[32], text[4096];
	const char *permitted;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (proc_read(path, text, sizeof(text)) < 0)
		live_abort("%s cannot be read", path);
	permitted = strstr(text, "\nCapPrm:");
	if (!permitted || strtoull(permitted + strlen("\nCapPrm:"), NULL, 16) & ~enough)
		live_fail("it keeps privileges while it counts: %s", text);
}

/* A process that dies meanwhile costs nothing but the rest of the window. */
static void run_killed(const void *argument)
{
	const struct go_binary binary = go_newest();
	struct go_fixture fixture;
	struct dwell_process run;
	struct watched watched;

	(void)argument;
	go_fixture_start(&fixture, &binary, NULL, DWELL_ARGUMENTS("rate", "1000"));
	watch_start(&run, NULL, fixture.pid, "1m");
	dwell_wait_measuring(&run);
	expect_few_privileges(run.pid);
	proc_sleep(300 * MS);
	kill(fixture.pid, SIGKILL);
	watch_end(&run, &watched);
	expect_end(&watched, "exited");
	if (!sum_of(&watched, "main.rateRequest", "created"))
		live_fail("it forgot what it had seen");
	watched_free(&watched);
	go_fixture_end(&fixture);
}

/* ---- lateness --------------------------------------------------------------------------- */

/* All Ps are busy: the kernel's timers are on time, and Go's are not. */
static void run_late(const void *argument)
{
	const struct go_binary binary = go_newest();
	struct go_fixture fixture;
	struct dwell_process run;
	struct watched watched;
	int64_t go, kernel;

	(void)argument;
	go_fixture_start(&fixture, &binary, NULL, DWELL_ARGUMENTS("busy"));
	watch_start(&run, NULL, fixture.pid, "3s");
	watch_end(&run, &watched);
	expect_end(&watched, "duration");
	go = go_number(json_object_get(watched.end, "lateness"), "p50_ns");
	kernel = go_number(json_object_get(watched.end, "kernel_lateness"), "p50_ns");
	live_expect_range("median lateness of Go's timers", go, 3 * MS, 1000LL * MS);
	live_expect_range("median lateness of the kernel's timers", kernel, 0, MS);
	watched_free(&watched);
	go_fixture_expect_alive(&fixture);
	go_fixture_end(&fixture);
}

/* ---- refused ---------------------------------------------------------------------------- */

/* Whether the instruction at @address, which begins with the bytes of @code, calls @callee. */
static bool calls(uint64_t code, uint64_t address, uint64_t callee)
{
	return (code & 0xff) == 0xe8 && address + 5 + (uint64_t)(int32_t)(code >> 8) == callee;
}

/* Code that is not what the file has gets no probe. Code beside it may have been changed. */
static void run_changed(const void *argument)
{
	static const uint8_t breakpoint = 0xcc;
	uint8_t before, distance;
	struct go_victim victim;
	struct dwell_process run;
	uint64_t address, callee;
	char target[16];

	(void)argument;
	go_victim_start(&victim, DWELL_ARGUMENTS("sites", "10"));
	snprintf(target, sizeof(target), "%d", victim.fixture.pid);
	address = go_address_of(&victim, "time.stopTimer");
	/* The page becomes the process's own, and holds what it held before. */
	go_overwrite(&victim, address, &breakpoint, 1, &before);
	go_overwrite(&victim, address, &before, 1, NULL);
	dwell_execute(&run, NULL, DWELL_ARGUMENTS("go", "--sites", "-d", "100ms", "-p", target));
	if (run.status)
		live_fail("it did not take a copy of the page: %s", run.err_text);
	dwell_close(&run);
	callee = go_address_of(&victim, "runtime.(*timer).stop");
	while (!calls(go_peek(&victim, address), address, callee))
		address++;
	distance = (uint8_t)((go_peek(&victim, address) >> 8) + 1);
	go_overwrite(&victim, address + 1, &distance, 1, NULL);
	dwell_expect_error(NULL, DWELL_ARGUMENTS("go", "--sites", "-d", "100ms", "-p", target), 1,
			   "time.stopTimer does not call runtime.(*timer).stop");
	go_victim_end(&victim);
}

static void run_capabilities(const void *argument)
{
	const uint64_t reading = BIT(CAP_SYS_PTRACE) | BIT(CAP_DAC_READ_SEARCH);
	/* Some kernels are content without the last one. */
	const struct dwell_manner enough = {
		.unprivileged = true,
		.capabilities = reading | BIT(CAP_BPF) | BIT(CAP_PERFMON) | BIT(CAP_SYS_ADMIN),
	};
	const struct dwell_manner no_bpf = {.unprivileged = true,
					    .capabilities = reading | BIT(CAP_PERFMON)};
	const struct dwell_manner no_perfmon = {.unprivileged = true,
						.capabilities = reading | BIT(CAP_BPF)};
	const struct go_binary binary = go_newest();
	struct go_fixture fixture;
	struct dwell_process run;
	struct watched watched;
	char target[16];

	(void)argument;
	go_fixture_start(&fixture, &binary, NULL, DWELL_ARGUMENTS("rate", "1000"));
	snprintf(target, sizeof(target), "%d", fixture.pid);
	dwell_expect_error(&no_bpf, DWELL_ARGUMENTS("go", "--sites", "-d", "1s", "-p", target), 4,
			   "CAP_BPF");
	dwell_expect_error(&no_perfmon, DWELL_ARGUMENTS("go", "--sites", "-d", "1s", "-p", target),
			   4, "CAP_PERFMON");
	watch_start(&run, &enough, fixture.pid, "300ms");
	watch_end(&run, &watched);
	expect_end(&watched, "duration");
	if (!sum_of(&watched, "main.rateRequest", "created"))
		live_fail("with capabilities alone it saw no timer");
	watched_free(&watched);
	expect_answered(&fixture);
	go_fixture_end(&fixture);
}

#ifdef __x86_64__
#define ON_AMD64(run) run
#else
#define ON_AMD64(run) (1 ? run_elsewhere : run)

/* Other machines get no probe, and are told why. */
static void run_elsewhere(const void *argument)
{
	const struct go_binary binary = go_newest();
	struct go_fixture fixture;
	char target[16];

	(void)argument;
	go_fixture_start(&fixture, &binary, NULL, DWELL_ARGUMENTS("sites", "1"));
	snprintf(target, sizeof(target), "%d", fixture.pid);
	dwell_expect_error(NULL, DWELL_ARGUMENTS("go", "--sites", "-d", "100ms", "-p", target), 1,
			   "probes are known for amd64 alone");
	go_fixture_expect_alive(&fixture);
	go_fixture_end(&fixture);
}
#endif

#define SITES_TEST(test_name, body, ...)                              \
	{                                                             \
		.name = test_name, .run = ON_AMD64(body), __VA_ARGS__ \
	}

const struct live_test tests_go_sites[] = {
	SITES_TEST("go-sites-1.19", run_exact, .argument = "1.19", .seconds = 120),
	SITES_TEST("go-sites-1.23", run_exact, .argument = "1.23", .seconds = 120),
	SITES_TEST("go-sites-newest", run_exact, .seconds = 120),
	SITES_TEST("go-sites-others", run_exact_others, .seconds = 600),
	SITES_TEST("go-sites-cycles", run_cycles, .seconds = 300),
	SITES_TEST("go-sites-guard", run_guard, .seconds = 60),
	SITES_TEST("go-sites-killed", run_killed, .seconds = 60),
	SITES_TEST("go-sites-late", run_late, .seconds = 60),
	SITES_TEST("go-sites-changed", run_changed, .seconds = 60),
	SITES_TEST("go-sites-capabilities", run_capabilities, .seconds = 60),
	{0},
};
