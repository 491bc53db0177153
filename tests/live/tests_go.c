/* SPDX-License-Identifier: GPL-2.0-only */
/* `dwell go` of programs that know which timers and goroutines they hold: counts are exact. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/live/go_mangle.h"
#include "harness/live/go_run.h"
#include "harness/live/live.h"
#include "harness/live/proc.h"
#include "harness/live/report.h"

#define MS 1000000ULL

/* ---- everything that a fixture holds ------------------------------------------------- */

/* They work for other tests: they move by their nature, or cannot be read to their end. */
static bool is_special(const char *scenario)
{
	return !strcmp(scenario, "rate") || !strcmp(scenario, "busy") || !strcmp(scenario, "held");
}

static void expect_exact(const struct go_binary *binary, const char *setting, const char *scenario)
{
	const struct go_manner manner = {.setting = setting};
	struct go_fixture fixture;
	struct go_report report;

	go_fixture_start(&fixture, binary, &manner, DWELL_ARGUMENTS(scenario));
	go_report_settled(&report, &fixture);
	go_expect_truth(&fixture, &report);
	go_fixture_expect_alive(&fixture);
	go_report_free(&report);
	go_fixture_end(&fixture);
}

/* Each scenario, and its healthy twin, which has nothing of what the other one has. */
static void expect_all(const struct go_binary *binary)
{
	char command[300], scenario[64];
	FILE *list;

	snprintf(command, sizeof(command), "%s", binary->path);
	list = popen(command, "r");
	while (list && fscanf(list, "%63s", scenario) == 1)
		if (!is_special(scenario))
			expect_exact(binary, NULL, scenario);
	if (!list || pclose(list))
		live_abort("%s does not list its scenarios", binary->path);
}

/* The plain program in everything; other variants in what differs by how it is built. */
static void expect_binary(const struct go_binary *binary)
{
	if (!strcmp(binary->variant, "plain")) {
		expect_all(binary);
		expect_exact(binary, "GOMAXPROCS=1", "mix");
		expect_exact(binary, "GOMAXPROCS=7", "mix");
		/* Later ones do not start with it. */
		if (strverscmp(binary->version, "1.27") < 0)
			expect_exact(binary, "GODEBUG=asynctimerchan=1", "mix");
	} else {
		expect_exact(binary, NULL, "mix");
		expect_exact(binary, NULL, "unread-tickers");
		expect_exact(binary, NULL, "no-deadline-healthy");
	}
}

static void run_exact(const void *argument)
{
	struct go_binary list[GO_BINARIES_MAX];
	const char *version = argument;
	size_t count;

	if (!strcmp(version, "newest"))
		version = strdup(go_newest().version);
	count = go_binaries(list, version, NULL);
	for (size_t i = 0; i < count; i++)
		expect_binary(&list[i]);
	live_note("%zu variants of Go %s", count, version);
}

/* On any kernel and architecture. */
static void run_mixed(const void *argument)
{
	const struct go_binary binary = go_newest();

	(void)argument;
	expect_exact(&binary, NULL, "mix");
}

/* All versions but those that have a test of their own. */
static void run_exact_others(const void *argument)
{
	const struct go_binary newest = go_newest();
	struct go_binary list[GO_BINARIES_MAX];
	const size_t count = go_binaries(list, NULL, NULL);

	(void)argument;
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i].version, "1.19") != 0 && strcmp(list[i].version, "1.23") != 0 &&
		    strcmp(list[i].version, newest.version) != 0)
			expect_binary(&list[i]);
}

/* ---- the head ------------------------------------------------------------------------------ */

/* The note has sizes and type, the name "Go" and the id. */
static void build_id_of(const char *path, char id[256])
{
	const struct go_file file = go_file_open(path);
	const char *note = go_file_section(&file, ".note.go.buildid");
	uint32_t size;

	memcpy(&size, note + 4, sizeof(size));
	snprintf(id, 256, "%.*s", (int)size, note + 16);
	go_file_close(&file);
}

static void run_head(const void *argument)
{
	const struct go_binary binary = go_newest();
	struct go_fixture fixture;
	struct go_report report;
	const json_t *process, *number;
	const char *state;
	int64_t states = 0;
	char id[256];

	(void)argument;
	go_fixture_start(&fixture, &binary, &(struct go_manner){.setting = "GOMAXPROCS=3"},
			 DWELL_ARGUMENTS("mix"));
	go_report_take(&report, fixture.name, fixture.pid, NULL);
	process = go_report_process(&report);
	build_id_of(binary.path, id);
	if (strcmp(go_text(process, "build_id"), id) != 0)
		live_fail("the build id is %s, not %s", go_text(process, "build_id"), id);
	if (strcmp(go_text(process, "comm"), "fixture") != 0)
		live_fail("its name is %s", go_text(process, "comm"));
	live_expect("Ps", report_integer(process, "procs"), 3);
	json_object_foreach(json_object_get(process, "states"), state, number) {
		states += json_integer_value(number);
	}
	live_expect("the sum of its states", states, report_integer(process, "goroutines"));
	live_expect_range("the runtime's own goroutines",
			  report_integer(process, "system_goroutines"), 2, 20);
	live_expect_range("the time until the next timer", report_integer(process, "next_ns"), 0,
			  60000 * (int64_t)MS);
	live_expect_range("the time until the last one", report_integer(process, "last_ns"),
			  11 * 3600000 * (int64_t)MS, 12 * 3600000 * (int64_t)MS);
	live_expect("the overdue ones", report_integer(process, "overdue"), 0);
	live_expect_range("what it took", report_integer(process, "snapshot_ns"), 1, 100 * MS);
	go_report_free(&report);
	go_fixture_end(&fixture);
}

/* ---- semantics --------------------------------------------------------------------------- */

static void expect_semantics(const char *version, const char *variant, const char *setting,
			     const char *semantics, const char *why)
{
	struct go_binary list[GO_BINARIES_MAX];
	struct go_fixture fixture;
	struct go_report report;

	go_binaries(list, version, variant);
	go_fixture_start(&fixture, &list[0], &(struct go_manner){.setting = setting},
			 DWELL_ARGUMENTS("unread-tickers"));
	go_report_take(&report, fixture.name, fixture.pid, NULL);
	go_expect_truth(&fixture, &report);
	if (strcmp(go_text(go_report_process(&report), "semantics"), semantics) != 0 ||
	    !strstr(go_text(go_report_process(&report), "semantics_why"), why))
		live_fail("%s: %s (%s), not %s for %s", fixture.name,
			  go_text(go_report_process(&report), "semantics"),
			  go_text(go_report_process(&report), "semantics_why"), semantics, why);
	go_report_free(&report);
	go_fixture_end(&fixture);
}

static void run_semantics(const void *argument)
{
	(void)argument;
	expect_semantics("1.19", "plain", NULL, "old", "");
	expect_semantics("1.23", "plain", NULL, "sync", "");
	expect_semantics("1.23", "async", NULL, "async", "asynctimerchan=1");
	expect_semantics("1.23", "plain", "GODEBUG=asynctimerchan=1", "async", "environment");
	expect_semantics("1.23", "async", "GODEBUG=asynctimerchan=0", "sync", "");
	/* The last one counts, as in the runtime. */
	expect_semantics("1.23", "plain", "GODEBUG=asynctimerchan=1,asynctimerchan=0", "sync", "");
	expect_semantics(go_newest().version, "plain", NULL, "sync", "");
}

/* ---- late timers ---------------------------------------------------------------------------- */

#define LOOKS 40

/* The largest lateness in some looks at a ticker of 10 ms. */
static int64_t latest_of(const char *scenario)
{
	const struct go_binary binary = go_newest();
	struct go_fixture fixture;
	struct go_report report;
	int64_t latest = 0;

	go_fixture_start(&fixture, &binary, &(struct go_manner){.setting = "GOMAXPROCS=1"},
			 DWELL_ARGUMENTS(scenario));
	for (int i = 0; i < LOOKS; i++) {
		go_report_take(&report, fixture.name, fixture.pid, NULL);
		if (report_integer(go_report_process(&report), "overdue")) {
			const int64_t late =
				report_integer(go_report_process(&report), "overdue_max_ns");

			if (go_number(go_report_process(&report), "next_ns") != -late)
				live_fail("%s: the next timer is due in %" PRId64
					  " ns, the latest is late by %" PRId64,
					  fixture.name,
					  go_number(go_report_process(&report), "next_ns"), late);
			latest = late > latest ? late : latest;
		}
		go_report_free(&report);
	}
	go_fixture_end(&fixture);
	return latest;
}

static void run_overdue(const void *argument)
{
	const int64_t busy = latest_of("busy"), idle = latest_of("busy-healthy");

	(void)argument;
	live_note("late by %" PRId64 " us where the P computes, by %" PRId64 " us where not",
		  busy / 1000, idle / 1000);
	live_expect_range("the lateness where the P computes", busy, 2 * MS, 1000 * MS);
	if (idle > busy / 2)
		live_fail("an idle P is as late as a busy one");
}

/* ---- other groupings ------------------------------------------------------------------------ */

static int64_t sum_of(const json_t *rows, const char *key, const char *value)
{
	const json_t *row;
	int64_t sum = 0;
	size_t i;

	json_array_foreach(rows, i, row) {
		if (!key || !strcmp(go_text(row, key), value))
			sum += go_number(row, "count");
	}
	return sum;
}

static void run_by(const void *argument)
{
	static const char *const groupings[] = {"kind", "site", "creator"};
	const struct go_binary binary = go_newest();
	struct go_report report[3];
	struct go_fixture fixture;

	(void)argument;
	go_fixture_start(&fixture, &binary, NULL, DWELL_ARGUMENTS("mix"));
	for (int i = 0; i < 3; i++) {
		go_report_take(&report[i], fixture.name, fixture.pid,
			       DWELL_ARGUMENTS("-b", groupings[i]));
		live_expect("timers of any grouping", sum_of(report[i].timers, NULL, NULL),
			    go_number(go_report_process(&report[i]), "timers"));
		live_expect("goroutines of any grouping", sum_of(report[i].goroutines, NULL, NULL),
			    go_number(go_report_process(&report[i]), "goroutines"));
		if (json_array_size(report[i].timers) < 2)
			live_fail("-b %s has no groups of timers", groupings[i]);
	}
	live_expect("tickers by kind", sum_of(report[0].timers, "what", "ticker"),
		    sum_of(report[1].timers, "what", "ticker"));
	live_expect("those of a creator",
		    sum_of(report[2].goroutines, "created_by", "main.startLeaky"), 30);
	if (json_array_size(report[0].timers) >= json_array_size(report[1].timers))
		live_fail("by kind there are as many rows as by site");
	for (int i = 0; i < 3; i++)
		go_report_free(&report[i]);
	go_fixture_end(&fixture);
}

static void run_limit(const void *argument)
{
	const struct go_binary binary = go_newest();
	struct go_fixture fixture;
	struct go_report all, two;

	(void)argument;
	go_fixture_start(&fixture, &binary, NULL, DWELL_ARGUMENTS("mix"));
	go_report_take(&all, fixture.name, fixture.pid, NULL);
	go_report_take(&two, fixture.name, fixture.pid, DWELL_ARGUMENTS("-n", "2"));
	live_expect("rows of timers", (int64_t)json_array_size(two.timers), 2);
	live_expect("rows of goroutines", (int64_t)json_array_size(two.goroutines), 2);
	for (size_t i = 0; i < 2; i++) {
		live_expect("timers of a row", go_number(json_array_get(two.timers, i), "count"),
			    go_number(json_array_get(all.timers, i), "count"));
	}
	for (size_t i = 1; i < json_array_size(all.goroutines); i++)
		if (go_number(json_array_get(all.goroutines, i), "count") >
		    go_number(json_array_get(all.goroutines, i - 1), "count"))
			live_fail("the rows are not in the order of their counts");
	go_report_free(&all);
	go_report_free(&two);
	go_fixture_end(&fixture);
}

/* ---- which processes ------------------------------------------------------------------------ */

/* Who asks for all wants to know of Go programs alone. Others of the machine may just be ending. */
static void expect_no_strangers(const struct go_report *report)
{
	const json_t *refused;
	size_t i;

	json_array_foreach(report->refused, i, refused) {
		if (!strcmp(go_text(refused, "reason"), "not_go"))
			live_fail("it tells of %s, which is no Go program",
				  go_text(refused, "comm"));
	}
}

static void run_targets(const void *argument)
{
	const struct go_binary binary = go_newest();
	struct go_fixture fixture[2];
	struct dwell_process run;
	struct go_report report;
	char both[32], own[16];

	(void)argument;
	for (int i = 0; i < 2; i++)
		go_fixture_start(&fixture[i], &binary, NULL, DWELL_ARGUMENTS("idle"));
	snprintf(both, sizeof(both), "%d,%d", fixture[0].pid, fixture[1].pid);
	snprintf(own, sizeof(own), "%d", getpid());
	const char *const *const all[] = {
		DWELL_ARGUMENTS("go", "-j", "-p", both),
		DWELL_ARGUMENTS("go", "-j", "-c", "fixture"),
		DWELL_ARGUMENTS("go", "-j"),
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		dwell_execute(&run, NULL, all[i]);
		live_expect("exit status", run.status, 0);
		go_report_read(&report, &run);
		for (int j = 0; j < 2; j++) {
			unsigned int found = 0;
			const json_t *process;
			size_t k;

			json_array_foreach(report.processes, k, process) {
				found += go_number(process, "pid") == fixture[j].pid;
				if (go_number(process, "pid") == getpid())
					live_fail("a C program is told as one of Go");
			}
			live_expect("lines on a process", found, 1);
		}
		expect_no_strangers(&report);
		go_report_free(&report);
		dwell_close(&run);
	}
	dwell_execute(&run, NULL, DWELL_ARGUMENTS("go", "-j", "-p", own));
	if (!run.status || (!strstr(run.out_text, "\"not_go\"") && !strstr(run.err_text, "Go")))
		live_fail("a C program: status %d, %s%s", run.status, run.out_text, run.err_text);
	dwell_close(&run);
	for (int i = 0; i < 2; i++)
		go_fixture_end(&fixture[i]);
}

/* ---- growth ------------------------------------------------------------------------------------ */

static const json_t *row_of(const json_t *rows, const char *key, const char *value)
{
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		if (!strcmp(go_text(row, key), value))
			return row;
	}
	live_fail("no row has %s \"%s\"", key, value);
	return NULL;
}

/* A goroutine each 10 ms, and nothing else grows. */
static void run_growth(const void *argument)
{
	const struct go_binary binary = go_newest();
	struct go_fixture fixture;
	struct go_report report;
	const json_t *growth, *row;
	size_t i;

	(void)argument;
	go_fixture_start(&fixture, &binary, NULL, DWELL_ARGUMENTS("growing", "30", "10ms"));
	go_report_take(&report, fixture.name, fixture.pid, DWELL_ARGUMENTS("-i", "1s", "-d", "8s"));
	json_array_foreach(report.goroutines, i, row) {
		const bool leaks = !strcmp(go_text(row, "created_by"), "main.perTick");

		growth = json_object_get(row, "growth");
		if (!growth)
			live_fail("after several snapshots a row has no growth");
		else if (json_is_true(json_object_get(growth, "grows")) != leaks)
			live_fail("those created by \"%s\" are told to %s",
				  go_text(row, "created_by"), leaks ? "stay" : "grow");
	}
	growth = json_object_get(row_of(report.goroutines, "created_by", "main.perTick"), "growth");
	live_expect_near("it grows in a second by",
			 (int64_t)json_number_value(json_object_get(growth, "per_s")), 100, 25);
	go_report_free(&report);
	go_fixture_end(&fixture);
}

/* ---- baselines ------------------------------------------------------------------------------ */

static int baseline_status(const struct go_fixture *fixture, const char *file, char **said)
{
	struct dwell_process run;
	char pid[16];
	int status;

	snprintf(pid, sizeof(pid), "%d", fixture->pid);
	dwell_execute(&run, NULL,
		      DWELL_ARGUMENTS("go", "-p", pid, "--baseline", file, "--exit-code"));
	status = run.status;
	if (status && status != 10)
		live_fail("--baseline ends with %d: %s", status, run.err_text);
	if (said)
		*said = strdup(run.out_text);
	dwell_close(&run);
	return status;
}

static void save(const struct go_fixture *fixture, const char *file)
{
	struct go_report report;

	unlink(file);
	go_report_take(&report, fixture->name, fixture->pid, DWELL_ARGUMENTS("--save", file));
	go_report_free(&report);
}

static void run_baseline(const void *argument)
{
	char folder[] = "/tmp/dwell-live-XXXXXX", file[64], *said;
	const struct go_binary binary = go_newest();
	struct go_fixture few, many;

	(void)argument;
	if (!mkdtemp(folder))
		live_abort("mkdtemp: %s", strerror(errno));
	snprintf(file, sizeof(file), "%s/saved", folder);
	go_fixture_start(&few, &binary, NULL, DWELL_ARGUMENTS("leaky-tickers", "20"));
	go_fixture_start(&many, &binary, NULL, DWELL_ARGUMENTS("leaky-tickers", "200"));
	save(&few, file);
	live_expect("exit status if nothing changed", baseline_status(&few, file, NULL), 0);
	live_expect("exit status if there are more", baseline_status(&many, file, &said), 10);
	if (!strstr(said, "main.leakyReceiver") || !strstr(said, "200"))
		live_fail("it does not say what grew: %s", said);
	save(&many, file);
	live_expect("exit status if there are less", baseline_status(&few, file, NULL), 0);
	free(said);
	go_fixture_end(&few);
	go_fixture_end(&many);
	/* New is what was not there at all. */
	go_fixture_start(&few, &binary, NULL, DWELL_ARGUMENTS("leaky-tickers", "20"));
	go_fixture_start(&many, &binary, NULL, DWELL_ARGUMENTS("mix"));
	save(&few, file);
	live_expect("exit status with new ones", baseline_status(&many, file, &said), 10);
	if (!strstr(said, "main.sendResult"))
		live_fail("it does not say what is new: %s", said);
	free(said);
	go_fixture_end(&few);
	go_fixture_end(&many);
	unlink(file);
	rmdir(folder);
}

/* ---- for people ---------------------------------------------------------------------------------- */

/* Characters, not bytes. */
static unsigned int width_of(const char *line, size_t length)
{
	unsigned int width = 0;

	for (size_t i = 0; i < length; i++)
		width += ((unsigned char)line[i] & 0xc0) != 0x80;
	return width;
}

/* What a person sees without scrolling names @leak, and no line is broken. */
static void expect_screen(const struct go_binary *binary, const char *scenario, const char *leak,
			  const char *number)
{
	struct go_fixture fixture;
	struct dwell_process run;
	unsigned int row = 0;
	bool found = false;
	char pid[16];

	go_fixture_start(&fixture, binary, NULL, DWELL_ARGUMENTS(scenario));
	snprintf(pid, sizeof(pid), "%d", fixture.pid);
	dwell_execute(&run, NULL, DWELL_ARGUMENTS("go", "-p", pid));
	live_expect("exit status", run.status, 0);
	for (const char *line = run.out_text; *line; row++) {
		const size_t length = strcspn(line, "\n");
		char text[1024];

		snprintf(text, sizeof(text), "%.*s", (int)length, line);
		found = found || (row < 24 && strstr(text, leak) && strstr(text, number));
		if (width_of(line, length) > 80)
			live_fail("%s: line %u has %u columns: %s", fixture.name, row + 1,
				  width_of(line, length), text);
		line += length;
		line += *line == '\n';
	}
	if (!found)
		live_fail("%s: no line of the first screen has %s and %s: %s", fixture.name, number,
			  leak, run.out_text);
	dwell_close(&run);
	go_fixture_end(&fixture);
}

static void run_screen(const void *argument)
{
	const struct go_binary binary = go_newest();

	(void)argument;
	expect_screen(&binary, "leaky-tickers", "main.leakyReceiver", "30");
	expect_screen(&binary, "stuck-send", "main.sendResult", "30");
	expect_screen(&binary, "sleeping-handlers", "main.sleepingHandler", "20");
	expect_screen(&binary, "contexts", "context", "30");
	expect_screen(&binary, "mix", "main.leakyReceiver", "30");
}

const struct live_test tests_go[] = {
	{.name = "go-exact-1.19", .run = run_exact, .argument = "1.19", .seconds = 120},
	{.name = "go-exact-1.23", .run = run_exact, .argument = "1.23", .seconds = 120},
	{.name = "go-exact-newest", .run = run_exact, .argument = "newest", .seconds = 120},
	{.name = "go-exact-others", .run = run_exact_others, .seconds = 600},
	{.name = "mixed-go-program", .run = run_mixed},
	{.name = "go-head", .run = run_head},
	{.name = "go-semantics", .run = run_semantics},
	{.name = "go-overdue", .run = run_overdue},
	{.name = "go-by", .run = run_by},
	{.name = "go-limit", .run = run_limit},
	{.name = "go-targets", .run = run_targets},
	{.name = "go-growth", .run = run_growth},
	{.name = "go-baseline", .run = run_baseline},
	{.name = "go-screen", .run = run_screen},
	{0},
};
