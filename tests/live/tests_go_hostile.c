/* SPDX-License-Identifier: GPL-2.0-only */
/* `dwell go` of programs that lie, die or hide: never a wrong figure, never harm. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/live/go_mangle.h"
#include "harness/live/go_run.h"
#include "harness/live/live.h"
#include "harness/live/proc.h"
#include "harness/live/report.h"

#define MS 1000000ULL
#define ABSURD (1ULL << 40)
#define NOWHERE 0xdead000ULL /* nothing is mapped there */
#define SANE_KIB (400 << 10) /* of memory for dwell, whatever it reads */
#define SANE_NS (10000 * MS) /* and of time */

/* ---- runtimes that lie ------------------------------------------------------------------ */

/* What dwell made of it. */
enum answer {
	COMPLETE, /* it believes all of it */
	PARTIAL,  /* it tells what it could not read */
	REFUSED,
};

/*
 * What is told as complete must be the truth, if @same: if what it holds is what it held before
 * it was written to.
 */
static enum answer ask(const struct go_victim *victim, const char *what, bool same)
{
	const uint64_t began = proc_now();
	struct dwell_process run;
	struct go_report report;
	enum answer answer;
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", victim->fixture.pid);
	dwell_execute(&run, NULL, DWELL_ARGUMENTS("go", "-j", "-n", "0", "-p", pid));
	if (run.status > 10)
		live_fail("%s: dwell ends with %d: %s", what, run.status, run.err_text);
	if (proc_now() - began > (uint64_t)live_slower(SANE_NS, 4))
		live_fail("%s: it takes %llu ms", what, (proc_now() - began) / MS);
	if (!run.out_length) {
		dwell_close(&run);
		return REFUSED;
	}
	go_report_read(&report, &run);
	answer = !json_array_size(report.processes)				       ? REFUSED :
		 json_is_true(json_object_get(go_report_process(&report), "complete")) ? COMPLETE :
											 PARTIAL;
	if (answer == COMPLETE && same)
		go_expect_truth(&victim->fixture, &report);
	go_report_free(&report);
	dwell_close(&run);
	return answer;
}

static void expect_sane_memory(void)
{
	struct rusage usage;

	getrusage(RUSAGE_CHILDREN, &usage);
	live_expect_range("the memory that it took, in KiB", usage.ru_maxrss, 1, SANE_KIB);
}

/* Each is written over what is at @name plus @offset, and put right again. */
struct lie {
	const char *what, *name;
	uint64_t offset, value;
};

/* A slice is its address, its length and its room. */
static const struct lie lies[] = {
	{"allgs nowhere", "runtime.allgs", 0, NOWHERE},
	{"allgs at 0", "runtime.allgs", 0, 0},
	{"allgs with 2^40 of them", "runtime.allgs", 8, ABSURD},
	{"allgs with -1 of them", "runtime.allgs", 8, UINT64_MAX},
	{"allp nowhere", "runtime.allp", 0, NOWHERE},
	{"allp with 2^40 of them", "runtime.allp", 8, ABSURD},
	{"allp with none", "runtime.allp", 8, 0},
	{"build info of 4 GB", ".go.buildinfo", 32, 0x1080808080ULL},
	{"build info of 2^63", ".go.buildinfo", 32, UINT64_MAX},
	{"no build info", ".go.buildinfo", 0, 0},
	{"no module", "runtime.firstmoduledata", 0, NOWHERE},
};

static void run_lies(const void *argument)
{
	struct go_victim victim;

	(void)argument;
	go_victim_start(&victim, DWELL_ARGUMENTS("mix"));
	live_expect("before it lies", ask(&victim, "the truth", true), COMPLETE);
	for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		const uint64_t address = go_address_of(&victim, lies[i].name) + lies[i].offset;
		const uint64_t before = go_peek(&victim, address);

		go_poke(&victim, address, lies[i].value);
		ask(&victim, lies[i].what, true);
		go_poke(&victim, address, before);
	}
	live_expect("after it lied", ask(&victim, "the truth", true), COMPLETE);
	expect_sane_memory();
	go_victim_end(&victim);
}

/* ---- heaps and lists that lie --------------------------------------------------------------- */

/* Calls @visit with each word of memory that can be written to. */
static void each_word(const struct go_victim *victim,
		      void (*visit)(const struct go_victim *victim, uint64_t address,
				    const uint64_t *words, void *context),
		      void *context)
{
	static uint64_t words[1 << 14];
	struct go_part parts[GO_PARTS_MAX];
	const size_t count = go_parts(victim, parts);

	for (size_t i = 0; i < count; i++) {
		for (uint64_t at = parts[i].start; at < parts[i].end; at += sizeof(words)) {
			ssize_t length = pread(victim->memory, words, sizeof(words), (off_t)at);

			/* The last ones may look at what follows them. */
			for (ssize_t j = 0; j + 4 < length / 8; j++)
				visit(victim, at + (uint64_t)j * 8, words + j, context);
		}
	}
}

#define GOROUTINES_MAX 4096

struct goroutines {
	uint64_t address[GOROUTINES_MAX];
	size_t count;
	unsigned int changed;
};

static void find_goroutines(const struct go_victim *victim, struct goroutines *all)
{
	const uint64_t allgs = go_address_of(victim, "runtime.allgs");
	const uint64_t list = go_peek(victim, allgs);

	*all = (struct goroutines){.count = go_peek(victim, allgs + 8)};
	if (all->count > GOROUTINES_MAX)
		live_abort("too many goroutines: %zu", all->count);
	for (size_t i = 0; i < all->count; i++)
		all->address[i] = go_peek(victim, list + i * 8);
}

static bool is_goroutine(const struct goroutines *all, uint64_t address)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->address[i] == address)
			return true;
	return false;
}

/* A sudog begins with its goroutine and its successor. Those that have one follow themselves. */
static void tie_sudog(const struct go_victim *victim, uint64_t address, const uint64_t *words,
		      void *context)
{
	struct goroutines *all = context;

	if (!words[1] || words[1] % 8 || !is_goroutine(all, words[0]) ||
	    !is_goroutine(all, go_peek(victim, words[1])))
		return;
	go_poke(victim, address + 8, address);
	all->changed++;
}

static void run_cycles(const void *argument)
{
	static struct goroutines all;
	struct go_victim victim;

	(void)argument;
	go_victim_start(&victim, DWELL_ARGUMENTS("shared-ticker", "30"));
	find_goroutines(&victim, &all);
	each_word(&victim, tie_sudog, &all);
	live_note("%u waiters follow themselves", all.changed);
	if (!all.changed)
		live_fail("no list of waiters was found");
	ask(&victim, "a cyclic list of waiters", false);
	expect_sane_memory();
	go_victim_end(&victim);
}

/* All goroutines are the same one: each is counted once at most. */
static void run_repeated(const void *argument)
{
	struct go_victim victim;
	struct go_report report;
	uint64_t allgs, list;

	(void)argument;
	go_victim_start(&victim, DWELL_ARGUMENTS("stuck-send", "500"));
	allgs = go_address_of(&victim, "runtime.allgs");
	list = go_peek(&victim, allgs);
	for (uint64_t i = 20; i < go_peek(&victim, allgs + 8); i++)
		go_poke(&victim, list + 8 * i, go_peek(&victim, list + 8 * 19));
	if (ask(&victim, "a goroutine many times", false) == COMPLETE) {
		go_report_take(&report, victim.fixture.name, victim.fixture.pid, NULL);
		live_fail("a goroutine that is listed many times is told as %" PRId64,
			  go_number(go_report_process(&report), "goroutines"));
	}
	go_victim_end(&victim);
}

/* ---- anything at all ------------------------------------------------------------------------- */

#define MANGLES 150
#define WORDS_A_TIME 200

static uint64_t random_word(void)
{
	static uint64_t seed = 0x9e3779b97f4a7c15ULL; /* the same in each run */

	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static uint64_t some_address(const struct go_part *parts, size_t count)
{
	const struct go_part *part = &parts[random_word() % count];

	return part->start + random_word() % (part->end - part->start) / 8 * 8;
}

static uint64_t absurd_value(const struct go_part *parts, size_t count)
{
	switch (random_word() % 6) {
	case 0:
		return 0;
	case 1:
		return UINT64_MAX;
	case 2:
		return ABSURD;
	case 3:
		return NOWHERE;
	case 4:
		return random_word();
	default:
		return some_address(parts, count);
	}
}

/* Words anywhere in the program's data and heap become others. It gets worse and worse. */
static void run_mangled(const void *argument)
{
	struct go_part parts[GO_PARTS_MAX];
	unsigned int answers[3] = {0};
	struct go_victim victim;
	size_t count;

	(void)argument;
	go_victim_start(&victim, DWELL_ARGUMENTS("mix"));
	count = go_parts(&victim, parts);
	for (unsigned int i = 0; i < MANGLES; i++) {
		for (unsigned int j = 0; j < WORDS_A_TIME; j++) {
			const uint64_t address = some_address(parts, count);

			/* What is zero is in no use, mostly. */
			if (go_peek(&victim, address) || j % 8 == 0)
				go_poke(&victim, address, absurd_value(parts, count));
		}
		answers[ask(&victim, "a mangled program", false)]++;
	}
	live_note("%u complete, %u partial, %u refused", answers[COMPLETE], answers[PARTIAL],
		  answers[REFUSED]);
	expect_sane_memory();
	go_victim_end(&victim);
}

#define MODULE_WORDS 48

/* Each word of the runtime's own description of itself, one after the other. */
static void run_module(const void *argument)
{
	static const uint64_t values[] = {0, ABSURD, UINT64_MAX, NOWHERE};
	struct go_victim victim;
	unsigned int answers[3] = {0};
	uint64_t module;

	(void)argument;
	go_victim_start(&victim, DWELL_ARGUMENTS("leaky-tickers"));
	module = go_address_of(&victim, "runtime.firstmoduledata");
	for (unsigned int i = 0; i < MODULE_WORDS; i++) {
		const uint64_t before = go_peek(&victim, module + 8 * i);

		go_poke(&victim, module + 8 * i, values[i % 4]);
		answers[ask(&victim, "a mangled module", false)]++;
		go_poke(&victim, module + 8 * i, before);
	}
	live_note("%u complete, %u partial, %u refused", answers[COMPLETE], answers[PARTIAL],
		  answers[REFUSED]);
	live_expect("after it lied", ask(&victim, "the truth", true), COMPLETE);
	expect_sane_memory();
	go_victim_end(&victim);
}

/* The tables of functions and lines become noise, but for what is at their beginning. */
static void run_tables(const void *argument)
{
	struct go_victim victim;
	static char noise[1 << 16];
	uint64_t tables;

	(void)argument;
	go_victim_start(&victim, DWELL_ARGUMENTS("mix"));
	tables = go_address_of(&victim, "runtime.pclntab");
	for (unsigned int i = 0; i < 16; i++) {
		for (size_t j = 0; j < sizeof(noise); j++)
			noise[j] = (char)random_word();
		go_overwrite(&victim, tables + 128 + i * sizeof(noise), noise, sizeof(noise), NULL);
		ask(&victim, "tables of noise", false);
	}
	expect_sane_memory();
	go_victim_end(&victim);
}

/* ---- programs that die ------------------------------------------------------------------------ */

#define DEATHS 120

/* What a run of dwell said of a program that went away meanwhile. */
static enum answer judge(const struct go_fixture *fixture, const struct dwell_process *run)
{
	struct go_report report;
	enum answer answer = REFUSED;

	if (run->status > 10)
		live_fail("%s: dwell ends with %d: %s", fixture->name, run->status, run->err_text);
	if (!run->out_length)
		return REFUSED;
	go_report_read(&report, run);
	if (json_array_size(report.processes)) {
		if (json_is_true(json_object_get(go_report_process(&report), "complete"))) {
			go_expect_truth(fixture, &report);
			answer = COMPLETE;
		} else {
			go_expect_partial(fixture, &report);
			answer = PARTIAL;
		}
	}
	go_report_free(&report);
	return answer;
}

static void look(struct dwell_process *run, const struct go_fixture *fixture)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", fixture->pid);
	dwell_start(run, NULL, DWELL_ARGUMENTS("go", "-j", "-n", "0", "-p", pid));
}

/* How long a look takes that nobody disturbs. */
static uint64_t time_of_look(const struct go_fixture *fixture)
{
	const uint64_t began = proc_now();
	struct dwell_process run;

	look(&run, fixture);
	dwell_wait(&run, 20);
	dwell_close(&run);
	return proc_now() - began;
}

static void note_answers(const unsigned int answers[3])
{
	live_note("%u complete, %u partial, %u refused", answers[COMPLETE], answers[PARTIAL],
		  answers[REFUSED]);
	if (!answers[COMPLETE] || !answers[REFUSED])
		live_fail("it always goes away at the same point of time");
}

static void run_killed(const void *argument)
{
	const struct go_binary binary = go_newest();
	unsigned int answers[3] = {0};
	struct go_fixture fixture;
	struct dwell_process run;
	uint64_t whole = 0;

	(void)argument;
	for (unsigned int i = 0; i < DEATHS; i++) {
		go_fixture_start(&fixture, &binary, NULL, DWELL_ARGUMENTS("many-timers", "3000"));
		whole = whole ?: time_of_look(&fixture);
		look(&run, &fixture);
		proc_sleep(2 * whole * i / DEATHS + 1);
		kill(fixture.pid, SIGKILL);
		dwell_wait(&run, 20);
		answers[judge(&fixture, &run)]++;
		dwell_close(&run);
		go_fixture_end(&fixture);
	}
	note_answers(answers);
}

static bool tells_of(const struct dwell_process *run, const struct go_fixture *fixture)
{
	const json_t *timers = json_array_get(json_object_get(fixture->truth, "timers"), 0);

	return strstr(run->out_text, go_text(timers, "owner")) != NULL;
}

/* It becomes another program with other timers, of which dwell may see none yet. */
static void run_executed(const void *argument)
{
	const struct go_binary binary = go_newest();
	unsigned int answers[3] = {0}, others = 0;
	struct go_fixture fixture;
	struct dwell_process run;
	uint64_t whole = 0;

	(void)argument;
	go_fixture_start(&fixture, &binary, NULL, DWELL_ARGUMENTS("execs"));
	for (unsigned int i = 0; i < DEATHS; i++) {
		struct go_fixture old = fixture;

		whole = whole ?: time_of_look(&fixture);
		look(&run, &fixture);
		proc_sleep(2 * whole * i / DEATHS + 1);
		fputs("\n", fixture.in);
		fflush(fixture.in);
		dwell_wait(&run, 20);
		fixture.truth = go_fixture_read(&fixture);
		if (!tells_of(&run, &old))
			others++;
		else if (tells_of(&run, &fixture))
			live_fail("a mixture of both is told: %s", run.out_text);
		else
			answers[judge(&old, &run)]++;
		json_decref(old.truth);
		dwell_close(&run);
	}
	live_note("%u complete and %u partial of the old program, %u of the new one or refused",
		  answers[COMPLETE], answers[PARTIAL], others);
	if (!answers[COMPLETE] || !others)
		live_fail("it always becomes another one at the same point of time");
	go_fixture_end(&fixture);
}

/* ---- programs that hide -------------------------------------------------------------------------- */

static char hiding_place[64], fifo[300];

static void copy_file(const char *from, const char *to)
{
	static char buffer[1 << 16];
	const int in = open(from, O_RDONLY | O_CLOEXEC);
	const int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	ssize_t length;

	while ((length = read(in, buffer, sizeof(buffer))) > 0)
		if (write(out, buffer, (size_t)length) != length)
			break;
	if (in < 0 || out < 0 || length)
		live_abort("copying %s: %s", from, strerror(errno));
	close(in);
	close(out);
}

/* A copy of its own, which can be done away with. */
static struct go_binary hide_binary(const struct go_binary *binary)
{
	struct go_binary copy = *binary;

	strcpy(hiding_place, "/tmp/dwell-live-XXXXXX");
	if (!mkdtemp(hiding_place))
		live_abort("mkdtemp: %s", strerror(errno));
	snprintf(copy.path, sizeof(copy.path), "%s/fixture", hiding_place);
	copy_file(binary->path, copy.path);
	return copy;
}

static void forge_text(const char *path)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);

	dprintf(fd, "This is no program.\n");
	close(fd);
}

/* Nobody has to open it: who does waits for ever. */
static void forge_fifo(const char *path)
{
	snprintf(fifo, sizeof(fifo), "%s.fifo", path);
	if (mkfifo(fifo, 0600) || unshare(CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		live_abort("a FIFO: %s", strerror(errno));
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755));
	if (mount(fifo, path, NULL, MS_BIND, NULL))
		live_abort("mounting a FIFO: %s", strerror(errno));
}

struct hiding {
	void (*forge)(const char *path); /* what takes the name of the executable; or NULL */
	bool remains;			 /* the executable is not removed */
};

static const struct hiding deleted, replaced = {.forge = forge_text},
				    by_fifo = {.forge = forge_fifo},
				    over_mounted = {.forge = forge_fifo, .remains = true};

static void run_hidden(const void *argument)
{
	const struct go_binary newest = go_newest(), binary = hide_binary(&newest);
	const struct hiding *hiding = argument;
	struct go_fixture fixture;
	struct go_report report;

	go_fixture_start(&fixture, &binary, NULL, DWELL_ARGUMENTS("mix"));
	if (!hiding->remains)
		unlink(binary.path);
	if (hiding->forge)
		hiding->forge(binary.path);
	go_report_settled(&report, &fixture);
	go_expect_truth(&fixture, &report);
	go_fixture_expect_alive(&fixture);
	go_report_free(&report);
	go_fixture_end(&fixture);
	umount2(binary.path, MNT_DETACH);
	unlink(binary.path);
	unlink(fifo);
	rmdir(hiding_place);
}

/* In namespaces of its own, on a file system that is in no other. */
static void enter_container(const char *path)
{
	static const char *const maps[][2] = {{"/proc/self/uid_map", "0 0 1"},
					      {"/proc/self/setgroups", "deny"},
					      {"/proc/self/gid_map", "0 0 1"}};
	const int kept = open(path, O_PATH | O_CLOEXEC);
	char from[32];

	for (size_t i = 0; i < 3; i++)
		if (proc_write(maps[i][0], maps[i][1]))
			live_abort("%s: %s", maps[i][0], strerror(errno));
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("tmpfs", hiding_place, "tmpfs", 0, "size=64m"))
		live_abort("a file system of one's own: %s", strerror(errno));
	snprintf(from, sizeof(from), "/proc/self/fd/%d", kept);
	copy_file(from, path);
}

static void run_container(const void *argument)
{
	static const struct go_manner manner = {
		.namespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID,
		.prepare = enter_container,
	};
	const struct go_binary newest = go_newest(), binary = hide_binary(&newest);
	struct go_fixture fixture;
	struct go_report report;
	struct stat here, there;
	char path[64];

	(void)argument;
	go_fixture_start(&fixture, &binary, &manner, DWELL_ARGUMENTS("mix"));
	snprintf(path, sizeof(path), "/proc/%d/exe", fixture.pid);
	if (stat(binary.path, &here) || stat(path, &there) || here.st_dev == there.st_dev)
		live_abort("its executable is not hidden");
	go_report_settled(&report, &fixture);
	go_expect_truth(&fixture, &report);
	go_report_free(&report);
	go_fixture_end(&fixture);
	unlink(binary.path);
	rmdir(hiding_place);
}

/* ---- no harm ------------------------------------------------------------------------------------- */

static void run_stopped(const void *argument)
{
	struct go_victim victim;
	struct go_report report;

	(void)argument;
	go_victim_start(&victim, DWELL_ARGUMENTS("mix"));
	go_report_take(&report, victim.fixture.name, victim.fixture.pid, NULL);
	go_expect_truth(&victim.fixture, &report);
	go_report_free(&report);
	live_expect("its state", proc_state(victim.fixture.pid, victim.fixture.pid), 'T');
	kill(victim.fixture.pid, SIGCONT);
	proc_wait_state(victim.fixture.pid, victim.fixture.pid, 'S', 10);
	go_report_take(&report, victim.fixture.name, victim.fixture.pid, NULL);
	go_expect_truth(&victim.fixture, &report);
	go_report_free(&report);
	go_victim_end(&victim);
}

#define REQUESTS "20000"
#define LOOKS 100

/* A server answers all requests, and in time, while it is looked at again and again. */
static void run_goes_on(const void *argument)
{
	const struct go_binary binary = go_newest();
	struct go_fixture fixture;
	struct go_report report;
	json_t *counts;
	double rate;

	(void)argument;
	go_fixture_start(&fixture, &binary, NULL, DWELL_ARGUMENTS("rate", REQUESTS));
	for (int i = 0; i < LOOKS; i++) {
		go_report_take(&report, fixture.name, fixture.pid, NULL);
		go_report_free(&report);
		go_fixture_expect_alive(&fixture);
	}
	fclose(fixture.in);
	counts = go_fixture_read(&fixture);
	fixture.in = fopen("/dev/null", "w");
	rate = json_number_value(json_object_get(counts, "requests")) /
	       json_number_value(json_object_get(counts, "seconds"));
	live_note("%.0f requests a second during %d looks", rate, LOOKS);
	live_expect("answered", go_number(counts, "answered"), go_number(counts, "requests"));
	live_expect_near("requests a second", (int64_t)rate, atoi(REQUESTS),
			 live_slower(atoi(REQUESTS) / 20, 10));
	json_decref(counts);
	go_fixture_end(&fixture);
}

/* Among timers and goroutines that come and go those that stay are told, again and again. */
static void run_churn(const void *argument)
{
	const struct go_binary binary = go_newest();
	struct go_fixture fixture;
	struct go_report report;
	unsigned int complete = 0;

	(void)argument;
	go_fixture_start(&fixture, &binary, NULL, DWELL_ARGUMENTS("churn", "1000"));
	for (int i = 0; i < LOOKS; i++) {
		go_report_take(&report, fixture.name, fixture.pid, NULL);
		if (json_is_true(json_object_get(go_report_process(&report), "complete"))) {
			go_expect_truth(&fixture, &report);
			complete++;
		} else if (!json_object_size(json_object_get(go_report_process(&report), "lost"))) {
			live_fail("a snapshot is not complete, and nothing is told to be lost");
		}
		go_report_free(&report);
	}
	live_note("%u of %d snapshots are complete", complete, LOOKS);
	go_fixture_end(&fixture);
}

/* ---- who may not ---------------------------------------------------------------------------------- */

static void run_forbidden(const void *argument)
{
	static const struct dwell_manner nobody = {.unprivileged = true};
	const struct go_binary binary = go_newest();
	struct go_fixture fixture;
	struct dwell_process run;
	char pid[16];

	(void)argument;
	go_fixture_start(&fixture, &binary, NULL, DWELL_ARGUMENTS("idle"));
	snprintf(pid, sizeof(pid), "%d", fixture.pid);
	dwell_execute(&run, &nobody, DWELL_ARGUMENTS("go", "-p", pid));
	live_expect("exit status", run.status, 4);
	if (!strstr(run.err_text, "may not be read") && !strstr(run.err_text, "CAP_SYS_PTRACE"))
		live_fail("it does not say what it lacks: %s", run.err_text);
	dwell_close(&run);
	go_fixture_end(&fixture);
}

/* ---- memory that is held back -------------------------------------------------------------- */

/* Skips the test where no process can hold memory back from the kernel. */
static void need_userfaultfd(void)
{
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd < 0)
		live_skip("userfaultfd: %s", strerror(errno));
	close(fd);
}

/* A page that never comes holds dwell up for a bounded time, and its end is said. */
static void run_held(const void *argument)
{
	const struct go_binary binary = go_newest();
	struct go_fixture fixture;
	struct dwell_process run;
	char pid[16];

	(void)argument;
	need_userfaultfd();
	go_fixture_start(&fixture, &binary, NULL, DWELL_ARGUMENTS("held"));
	snprintf(pid, sizeof(pid), "%d", fixture.pid);
	dwell_execute(&run, NULL, DWELL_ARGUMENTS("go", "-p", pid));
	live_expect("exit status", run.status, 1);
	if (!strstr(run.err_text, pid) || !strstr(run.err_text, "does not end"))
		live_fail("it does not say why it ended: %s", run.err_text);
	dwell_close(&run);
	go_fixture_expect_alive(&fixture);
	go_fixture_end(&fixture);
}

/* ---- too much --------------------------------------------------------------------------------------- */

static void run_million(const void *argument)
{
	const struct go_binary binary = go_newest();
	struct go_fixture fixture;
	struct go_report report;
	const json_t *process;

	(void)argument;
	go_fixture_start(&fixture, &binary, NULL, DWELL_ARGUMENTS("many-timers", "1000001"));
	go_report_take(&report, fixture.name, fixture.pid, NULL);
	process = go_report_process(&report);
	live_expect("timers", report_integer(process, "timers"), 1000000);
	live_expect_range("timers beyond the most", report_integer(process, "lost.timers_capped"),
			  1, 10);
	if (!json_is_false(json_object_get(process, "complete")))
		live_fail("it is told to be complete");
	live_note("%" PRId64 " ms for a million timers",
		  report_integer(process, "snapshot_ns") / 1000000);
	go_report_free(&report);
	go_fixture_end(&fixture);
}

const struct live_test tests_go_hostile[] = {
	{.name = "go-lies", .run = run_lies},
	{.name = "go-cycles", .run = run_cycles},
	{.name = "go-repeated", .run = run_repeated},
	{.name = "go-mangled", .run = run_mangled, .seconds = 120},
	{.name = "go-module", .run = run_module},
	{.name = "go-tables", .run = run_tables},
	{.name = "go-killed", .run = run_killed, .seconds = 120},
	{.name = "go-executed", .run = run_executed, .seconds = 120},
	{.name = "go-deleted", .run = run_hidden, .argument = &deleted},
	{.name = "go-replaced", .run = run_hidden, .argument = &replaced},
	{.name = "go-fifo", .run = run_hidden, .argument = &by_fifo},
	{.name = "go-fifo-mounted", .run = run_hidden, .argument = &over_mounted},
	{.name = "go-container", .run = run_container},
	{.name = "go-stopped", .run = run_stopped},
	{.name = "go-goes-on", .run = run_goes_on},
	{.name = "go-churn", .run = run_churn},
	{.name = "go-forbidden", .run = run_forbidden},
	{.name = "go-held", .run = run_held},
	{.name = "go-million", .run = run_million},
	{0},
};
