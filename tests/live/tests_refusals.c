/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Refusals: the kernel refuses one program, map or link, each in turn. What dwell
 * can do without it says so and measures the rest as exactly as ever; what it
 * cannot ends it with the exit status that fits.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "harness/live/hidden.h"
#include "harness/live/live.h"
#include "harness/live/report.h"
#include "harness/live/supervisor.h"
#include "harness/live/workload.h"

#define SLEEPS 20
#define TIMERFDS 10
#define EXPIRIES (SLEEPS + TIMERFDS)
#define CANCELS TIMERFDS
#define ARMS (EXPIRIES + CANCELS)
#define TIMEOUT_NS 2000000
#define END_SECONDS 30
#define BIT(capability) (1ULL << (capability))

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#define CAP_BPF 39
#endif

static const int errors[] = {EPERM, EINVAL, ENOMEM};

/* ---- what to expect ----------------------------------------------------------- */

#define SUMMARY 1
#define OUTLIERS 2
#define TIMERS_ALONE 4
#define CHECK 8

/* Without these there is nothing worth having, in those commands. */
static const struct {
	const char *name;
	unsigned int commands;
} required[] = {
	{"on_switch", SUMMARY | OUTLIERS | CHECK},
	{"read_tasks", SUMMARY | OUTLIERS | TIMERS_ALONE | CHECK},
	{"records", SUMMARY | OUTLIERS | TIMERS_ALONE | CHECK},
	{"cpus", SUMMARY | OUTLIERS | TIMERS_ALONE | CHECK},
	{"dwell_bp.rodata", SUMMARY | OUTLIERS | TIMERS_ALONE | CHECK},
	{"dwell_bp.bss", SUMMARY | OUTLIERS | TIMERS_ALONE | CHECK},
	{"timer_ledger", TIMERS_ALONE},
	{"outliers", OUTLIERS},
};

/* What a row lacks without them; with a "?" it depends on the kernel. All else is exact. */
static const struct {
	const char *name, *absent;
} absences[] = {
	{"on_waking", "expired outstanding lateness timer_latency"},
	{"on_timer_expired", "expired outstanding lateness timer_latency"},
	{"on_timer_expire", "cancelled? expired outstanding lateness timer_latency"},
	{"on_timer_start", "armed rearmed cancelled? expired outstanding lateness timer_latency"},
	{"on_timer_cancel", "rearmed? cancelled outstanding"},
	{"timer_ledger", "armed rearmed cancelled expired outstanding lateness timer_latency"},
	{"armed_timers", "cancelled expired outstanding lateness timer_latency"},
	{"learn_callback", "armed rearmed cancelled expired outstanding lateness timer_latency"},
};

static bool is_required(const char *name, unsigned int command)
{
	for (size_t i = 0; i < sizeof(required) / sizeof(*required); i++)
		if (!strcmp(required[i].name, name))
			return required[i].commands & command;
	return false;
}

enum presence { ABSENT, PRESENT, EITHER };

static enum presence expected_presence(const char *name, const char *key)
{
	char list[128], *word, *rest = list;

	snprintf(list, sizeof(list), " ");
	for (size_t i = 0; i < sizeof(absences) / sizeof(*absences); i++)
		if (!strcmp(absences[i].name, name))
			snprintf(list, sizeof(list), "%s", absences[i].absent);
	while ((word = strsep(&rest, " "))) {
		const size_t length = strlen(key);

		if (!strncmp(word, key, length) && !word[length])
			return ABSENT;
		if (!strncmp(word, key, length) && word[length] == '?')
			return EITHER;
	}
	return PRESENT;
}

/* What a refusal is called in messages: "program on_waking, EPERM". */
struct refusal {
	enum asked object;
	const char *name;
	int error;
	char text[128];
};

static int status_of(const struct refusal *refusal)
{
	return refusal->error == EPERM ? 4 : refusal->error == EINVAL ? 3 : 1;
}

/* ---- the commands -------------------------------------------------------------- */

/* A command under its supervisor. */
struct watched {
	struct supervisor supervisor;
	struct dwell_process run;
	struct dwell_manner manner;
	unsigned int command;
};

static void start_watched(struct watched *watched, const struct refusal *refusal,
			  unsigned int command, const char *const *arguments)
{
	watched->command = command;
	watched->supervisor.object = refusal->object;
	watched->supervisor.name = refusal->name;
	watched->supervisor.error = refusal->error;
	watched->manner.prepare = supervisor_watch;
	watched->manner.context = &watched->supervisor;
	supervisor_begin(&watched->supervisor);
	dwell_start(&watched->run, &watched->manner, arguments);
	supervisor_follow(&watched->supervisor, watched->run.pid);
}

static void wait_watched(struct watched *watched)
{
	dwell_wait(&watched->run, END_SECONDS);
	supervisor_end(&watched->supervisor);
}

static void start_check(struct watched *watched, const struct refusal *refusal)
{
	start_watched(watched, refusal, CHECK, DWELL_ARGUMENTS("check", "-j"));
}

/* The longest way: with everything that can be asked for. */
static void start_outliers(struct watched *watched, const struct refusal *refusal)
{
	start_watched(watched, refusal, OUTLIERS,
		      DWELL_ARGUMENTS("outliers", "-j", "-d", "100ms", "--user-stacks", "-c",
				      "nobody-at-all"));
}

static void start_timers(struct watched *watched, const struct refusal *refusal)
{
	start_watched(watched, refusal, TIMERS_ALONE,
		      DWELL_ARGUMENTS("timers", "-j", "-d", "100ms", "--sites", "--wheel"));
}

/* ---- whether it is named -------------------------------------------------------- */

/* The line of @text with that kind and name; NULL if there is none. Freed by the caller. */
static json_t *named_line(const char *text, const char *kind, const char *name)
{
	while (*text) {
		const size_t length = strcspn(text, "\n");
		json_t *line = json_loadb(text, length, 0, NULL);

		if (json_is_string(json_object_get(line, "kind")) &&
		    !strcmp(json_string_value(json_object_get(line, "kind")), kind) &&
		    (!name ||
		     !strcmp(json_string_value(json_object_get(line, "name")) ?: "", name)))
			return line;
		json_decref(line);
		text += length;
		text += *text == '\n';
	}
	return NULL;
}

static void expect_reason(const struct refusal *refusal, const json_t *object, const char *where)
{
	const char *reason = json_string_value(json_object_get(object, "reason"));

	if (!object)
		live_fail("%s: %s does not name it", refusal->text, where);
	else if (!reason || strcmp(reason, strerror(refusal->error)))
		live_fail("%s: %s gives as its reason: %s", refusal->text, where, reason ?: "none");
}

static void expect_check(const struct refusal *refusal, const struct watched *watched)
{
	const bool fatal = is_required(refusal->name, CHECK);
	json_t *line = named_line(watched->run.out_text, "refusal", refusal->name);
	const char *need = json_string_value(json_object_get(line, "need"));

	if (watched->run.status != (fatal ? status_of(refusal) : 0))
		live_fail("%s: check ends with %d: %s", refusal->text, watched->run.status,
			  watched->run.err_text);
	expect_reason(refusal, line, "check");
	if (need && strcmp(need, fatal ? "required" : "optional"))
		live_fail("%s: check says that it is %s", refusal->text, need);
	if (!fatal && !json_is_string(json_object_get(line, "lost")))
		live_fail("%s: check does not say what is lost", refusal->text);
	json_decref(line);
}

static void expect_reduction(const struct refusal *refusal, const json_t *loss, const char *where)
{
	const json_t *list = json_object_get(loss, "reductions"), *one, *found = NULL;
	size_t at;

	json_array_foreach(list, at, one)
		if (!strcmp(json_string_value(json_object_get(one, "name")) ?: "", refusal->name))
			found = one;
	expect_reason(refusal, found, where);
	if (found && !json_is_string(json_object_get(found, "lost")))
		live_fail("%s: %s does not say what is lost", refusal->text, where);
}

static void expect_command(const struct refusal *refusal, const struct watched *watched,
			   const char *where)
{
	json_t *loss;

	if (!watched->supervisor.refused) {
		if (watched->run.status)
			live_fail("%s: not even tried, %s ends with %d", refusal->text, where,
				  watched->run.status);
		return;
	}
	if (is_required(refusal->name, watched->command)) {
		if (watched->run.status != status_of(refusal))
			live_fail("%s: %s ends with %d, not %d", refusal->text, where,
				  watched->run.status, status_of(refusal));
		if (!strstr(watched->run.err_text, refusal->name) ||
		    !strstr(watched->run.err_text, strerror(refusal->error)))
			live_fail("%s: %s says: %s", refusal->text, where, watched->run.err_text);
		return;
	}
	if (watched->run.status) {
		live_fail("%s: %s ends with %d: %s", refusal->text, where, watched->run.status,
			  watched->run.err_text);
		return;
	}
	loss = named_line(watched->run.out_text, "loss", NULL);
	expect_reduction(refusal, loss, where);
	json_decref(loss);
}

/* ---- what is measured all the same ----------------------------------------------- */

/* Each sleep expires, and so does each timer of a descriptor, whose poll is cancelled by that. */
static void sleep_and_wait(struct work *work)
{
	const struct timespec timeout = {.tv_nsec = TIMEOUT_NS};
	const struct itimerspec spec = {.it_value = timeout};
	const int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	struct pollfd readable = {.fd = fd, .events = POLLIN};
	uint64_t expiries;

	proc_account(work->pid, work->pid, &work->account[0]);
	for (int i = 0; i < SLEEPS; i++)
		syscall(SYS_nanosleep, &timeout, NULL);
	for (int i = 0; i < TIMERFDS; i++) {
		timerfd_settime(fd, 0, &spec, NULL);
		poll(&readable, 1, 30000);
		if (read(fd, &expiries, sizeof(expiries)) != sizeof(expiries))
			atomic_store(&work->disturbed, 1);
	}
	proc_account(work->pid, work->pid, &work->account[1]);
	close(fd);
}

static void expect_figure(const struct refusal *refusal, const json_t *object, const char *key,
			  const char *path, int64_t want, int64_t unseen)
{
	const enum presence presence = expected_presence(refusal->name, key);
	const json_t *value = json_object_get(object, key);
	int64_t got;

	if (!value && presence == PRESENT)
		live_fail("%s: there is no %s", refusal->text, key);
	if (value && presence == ABSENT)
		live_fail("%s: there is a value of %s, which cannot be known", refusal->text, key);
	if (!value)
		return;
	got = report_integer(object, path);
	/* What is not seen to end stays outstanding. */
	if (got > want + (strcmp(key, "outstanding") ? 0 : unseen) || got < want - unseen)
		live_fail("%s: %s is %" PRId64 ", not %" PRId64, refusal->text, path, got, want);
}

static void expect_measured(const struct refusal *refusal, const struct report *report,
			    const struct work *work)
{
	const json_t *row = report_row(report, "tid", work->pid);
	const json_t *timers = json_object_get(row, "timers");
	const char *reason;
	json_t *lost;
	const int64_t switches = (int64_t)(work->account[1].voluntary - work->account[0].voluntary);
	const int64_t unseen = report->unseen;
	/* A timer that is due before its task is off the CPU ends no block. */
	const int64_t unslept = switches < EXPIRIES ? EXPIRIES - switches : 0;
	int64_t got;

	if (!row)
		return;
	expect_figure(refusal, timers, "armed", "armed", ARMS, unseen);
	expect_figure(refusal, timers, "rearmed", "rearmed", 0, unseen);
	expect_figure(refusal, timers, "cancelled", "cancelled", CANCELS, unseen);
	expect_figure(refusal, timers, "expired", "expired", EXPIRIES, unseen);
	expect_figure(refusal, timers, "outstanding", "outstanding", 0, unseen);
	expect_figure(refusal, row, "lateness", "lateness.count", EXPIRIES, unseen);
	expect_figure(refusal, row, "timer_latency", "timer_latency.count", EXPIRIES,
		      unseen + unslept);
	/* The last switch, into the wait for the test, comes after its own count. */
	got = report_integer(row, "switches.voluntary");
	if (got < switches + 1 - unseen || got > switches + 1)
		live_fail("%s: %" PRId64 " switches, not %" PRId64, refusal->text, got,
			  switches + 1);
	if (report_integer(row, "blocked.count") < switches - unseen ||
	    report_integer(row, "runqueue.count") < switches - unseen ||
	    report_integer(row, "oncpu_ns") <= 0)
		live_fail("%s: waits and runs are missing", refusal->text);
	json_object_foreach(json_object_get(report->loss, "reasons"), reason, lost)
		if (json_integer_value(lost) > unseen + unslept)
			live_fail("%s: %s is %" PRId64, refusal->text, reason,
				  (int64_t)json_integer_value(lost));
}

/* A run of `dwell summary` over a known workload. */
static void measure_summary(const struct refusal *refusal, struct watched *watched)
{
	struct hidden_sample before;
	struct workload workload;
	struct report report;
	char pid[16];
	int cpu;

	workload_start(&workload, sleep_and_wait, NULL);
	cpu = proc_pin(workload.pid, PROC_LAST_CPU);
	snprintf(pid, sizeof(pid), "%d", workload.pid);
	start_watched(watched, refusal, SUMMARY,
		      DWELL_ARGUMENTS("summary", "-j", "-v", "-d", "0", "-n", "0", "-p", pid));
	if (is_required(refusal->name, SUMMARY)) {
		wait_watched(watched);
		expect_command(refusal, watched, "summary");
		workload_leave(&workload);
		return;
	}
	dwell_wait_measuring(&watched->run);
	hidden_sample(&before);
	workload_release(&workload);
	if (!workload_wait(&workload, 20))
		live_abort("the workload died");
	dwell_interrupt(&watched->run);
	wait_watched(watched);
	expect_command(refusal, watched, "summary");
	report_read(&report, &watched->run);
	report.unseen = hidden_slices(&before, cpu);
	if (!workload.work->disturbed)
		expect_measured(refusal, &report, workload.work);
	report_free(&report);
	workload_leave(&workload);
}

/* ---- one after the other ------------------------------------------------------------ */

static void clear(struct watched *watched)
{
	dwell_close(&watched->run);
	memset(watched, 0, sizeof(*watched));
}

static void try_refusal(const struct refusal *refusal)
{
	struct watched check = {0}, outliers = {0}, timers = {0}, summary = {0};

	start_check(&check, refusal);
	start_outliers(&outliers, refusal);
	start_timers(&timers, refusal);
	measure_summary(refusal, &summary);
	wait_watched(&check);
	wait_watched(&outliers);
	wait_watched(&timers);
	expect_check(refusal, &check);
	expect_command(refusal, &outliers, "outliers");
	expect_command(refusal, &timers, "timers");
	if (!check.supervisor.refused)
		live_fail("%s: check did not try it", refusal->text);
	clear(&check);
	clear(&outliers);
	clear(&timers);
	clear(&summary);
}

static void set_refusal(struct refusal *refusal, enum asked object, const char *name,
			unsigned int number)
{
	static const char *const kinds[] = {"program", "map", "link"};
	const int error = errors[number % (sizeof(errors) / sizeof(*errors))];

	*refusal = (struct refusal){.object = object, .name = name, .error = error};
	snprintf(refusal->text, sizeof(refusal->text), "%s %s (%s)", kinds[object],
		 name ?: "without a refusal", strerror(error));
}

/* All that `dwell check` asks the kernel for is all that there is. */
static void run_each(const void *argument)
{
	const enum asked object = *(const enum asked *)argument;
	const struct supervisor_names *names;
	struct refusal refusal;
	struct watched all = {0};

	set_refusal(&refusal, object, NULL, 0);
	start_check(&all, &refusal);
	wait_watched(&all);
	live_expect("exit status of check", all.run.status, 0);
	names = &all.supervisor.seen[object];
	live_note("%zu", names->count);
	if (names->count < 12)
		live_fail("check asks for %zu only: the supervisor sees little", names->count);
	for (size_t i = 0; i < names->count; i++) {
		set_refusal(&refusal, object, names->name[i], (unsigned int)i);
		try_refusal(&refusal);
	}
	dwell_close(&all.run);
}

/* All that could make a record: then nothing is left. */
static void run_tries(const void *argument)
{
	const struct refusal refusal = {.name = "", .error = EPERM, .text = "what libbpf tries"};
	struct watched check = {0};

	(void)argument;
	start_check(&check, &refusal);
	wait_watched(&check);
	live_note("%u tries were refused, check ends with %d", check.supervisor.refused,
		  check.run.status);
	if (!check.supervisor.refused)
		live_fail("libbpf tried nothing");
	if (check.run.status != 0 && check.run.status != 3 && check.run.status != 4)
		live_fail("check ends with %d: %s", check.run.status, check.run.err_text);
	if (check.run.status && !check.run.err_text[0])
		live_fail("check does not say why it fails");
	dwell_close(&check.run);
}

/* Where the kernel hides addresses, dwell learns them by doing; if it may. */
static void run_learning(const void *argument)
{
	static const enum asked objects[] = {ASKED_PROGRAM, ASKED_LINK};
	struct watched summary;
	struct refusal refusal;

	(void)argument;
	for (size_t i = 0; i < sizeof(objects) / sizeof(*objects); i++) {
		set_refusal(&refusal, objects[i], "learn_callback", (unsigned int)i);
		memset(&summary, 0, sizeof(summary));
		summary.manner.unprivileged = true;
		summary.manner.capabilities = BIT(CAP_BPF) | BIT(CAP_PERFMON);
		measure_summary(&refusal, &summary);
		if (!summary.supervisor.refused)
			live_skip("this kernel shows its symbols' addresses to everybody");
		dwell_close(&summary.run);
	}
}

static const enum asked programs = ASKED_PROGRAM, maps = ASKED_MAP, links = ASKED_LINK;

const struct live_test tests_refusals[] = {
	{.name = "refused-programs", .run = run_each, .argument = &programs, .seconds = 240},
	{.name = "refused-maps", .run = run_each, .argument = &maps, .seconds = 240},
	{.name = "refused-links", .run = run_each, .argument = &links, .seconds = 240},
	{.name = "refused-tries", .run = run_tries},
	{.name = "refused-learning", .run = run_learning},
	{0},
};
