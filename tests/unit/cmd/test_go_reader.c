// SPDX-License-Identifier: GPL-2.0-only
/* Tests of the reader of Go programs, with made-up ones: who is read, what a slow one can do. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "cmd/go_reader.h"
#include "cmd/go_scan.h"

#define MS 1000000ULL
#define SECOND (1000 * MS)
#define PATIENCE SECOND

/* ---- a made-up go/ ----------------------------------------------------------------- */

/*
 * A process is what its name says: "go-N" holds N tickers, "go-slow-N" takes 20 ms of CPU time,
 * "go-lazy-N" lasts longer, "go-hang" is read for ever, "go-old" is refused, "go-late" at first, and
 * "go-gone" has exited when it is read.
 */
struct go_process {
	uint32_t pid;
	char comm[16];
};

static unsigned int opened, late; /* calls, and how often "go-late" is refused */

static pid_t self; /* this test: another run of it has processes of the same names */

/* The name of a child of this test; "" of all other processes. */
static void read_comm(uint32_t pid, char comm[16])
{
	char path[64];
	FILE *file;
	int parent;

	comm[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return;
	if (fscanf(file, "%*d (%15[^)]) %*c %d", comm, &parent) != 2 || parent != self)
		comm[0] = '\0';
	fclose(file);
}

static void burn(uint64_t ns)
{
	const uint64_t until = clock_now(CLOCK_PROCESS_CPUTIME_ID) + ns;

	while (clock_now(CLOCK_PROCESS_CPUTIME_ID) < until)
		;
}

enum go_refusal go_process_open(uint32_t pid, struct go_process **process)
{
	char comm[16];

	*process = NULL;
	opened++;
	read_comm(pid, comm);
	if (strncmp(comm, "go-", 3) != 0)
		return GO_REFUSED_NOT_GO;
	if (!strcmp(comm, "go-old"))
		return GO_REFUSED_OLD;
	if (!strcmp(comm, "go-late") && late) {
		late--;
		return GO_REFUSED_LAYOUT;
	}
	if (!strcmp(comm, "go-heavy-1")) {
		burn(40 * MS);
		return GO_REFUSED_ENDLESS;
	}
	*process = calloc(1, sizeof(**process));
	(*process)->pid = pid;
	memcpy((*process)->comm, comm, sizeof(comm));
	return GO_READ;
}

void go_process_close(struct go_process *process)
{
	free(process);
}

struct go_symbols *go_process_symbols(struct go_process *process)
{
	return (struct go_symbols *)process;
}

enum go_refusal go_process_snapshot(struct go_process *process, struct go_snapshot *snapshot)
{
	if (!strcmp(process->comm, "go-hang"))
		for (;;)
			pause();
	if (!strcmp(process->comm, "go-gone"))
		return GO_REFUSED_EXITED;
	if (!strncmp(process->comm, "go-slow-", 8))
		burn(20 * MS);
	if (!strncmp(process->comm, "go-lazy-", 8))
		usleep(400000);
	snapshot->complete = strcmp(process->comm, "go-7") != 0;
	snapshot->lost[GO_LOSS_TIMERS_MOVED] = !snapshot->complete;
	return GO_READ;
}

void go_snapshot_clear(struct go_snapshot *snapshot)
{
	*snapshot = (struct go_snapshot){0};
}

int go_rows_make(const struct go_snapshot *snapshot, struct go_symbols *symbols,
		 const struct go_view *view, struct go_rows *rows)
{
	const struct go_process *process = (struct go_process *)symbols;

	(void)snapshot;
	(void)view;
	*rows = (struct go_rows){.timers = 1};
	rows->timer = calloc(1, sizeof(*rows->timer));
	rows->timer[0].kind = GO_TICKER;
	rows->timer[0].count = strtoul(strrchr(process->comm, '-') + 1, NULL, 10);
	rows->timer[0].owner = "main.tick";
	return 0;
}

void go_rows_free(struct go_rows *rows)
{
	free(rows->timer);
}

/* ---- processes ------------------------------------------------------------------------ */

/* Starts a process of that name, which is there when this returns. */
static pid_t start(const char *name)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, name);
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static const struct go_scan_terms terms = {
	.limit = 20,
	.cpu_ns = SECOND,
	.elapse_ns = SECOND,
	.nr_comms = 10,
	.comms = {"go-1", "go-2", "go-7", "go-slow-1", "go-slow-2", "go-hang", "go-old", "go-late",
		  "go-gone", "go-lazy-5"},
};

struct world {
	struct go_scan_state state;
	struct go_scan *scan;
	struct go_series *series;
	struct go_census census;
};

static struct world *world_new(void)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	world->scan = go_scan_new(&world->state);
	world->series = go_series_new(5);
	assert_non_null(world->scan);
	assert_non_null(world->series);
	return world;
}

static void world_free(struct world *world)
{
	go_scan_free(world->scan);
	go_series_free(world->series);
	free(world);
}

static void round_of(struct world *world, const struct go_scan_terms *with)
{
	assert_int_equal(go_scan_round(world->scan, with, world->series, &world->census), 0);
}

static uint64_t in_state(const struct world *world, enum go_process_state state)
{
	return world->census.processes[state];
}

/* The tickers of all processes of that name; -1: there is none. */
static int64_t tickers(const struct world *world, const char *comm)
{
	for (size_t i = 0; i < go_series_count(world->series); i++) {
		const struct go_comm *one = go_series_at(world->series, i);

		if (!strcmp(one->label, comm))
			return one->lines ? (int64_t)one->line[0].count : 0;
	}
	return -1;
}

/* ---- who is read -------------------------------------------------------------------------- */

static void go_programs_are_found_and_others_are_asked_once(void **state)
{
	const pid_t pids[] = {start("go-1"), start("go-2"), start("go-2"), start("no-go"),
			      start("go-old")};
	struct go_scan_terms all = terms;
	struct world *world = world_new();
	unsigned int first;

	(void)state;
	all.nr_comms = 0;
	round_of(world, &all);
	assert_int_equal(tickers(world, "go-1"), 1);
	assert_int_equal(tickers(world, "go-2"), 4);
	assert_int_equal(tickers(world, "no-go"), -1);
	assert_true(in_state(world, GO_PROCESS_READ) >= 3);
	assert_true(world->census.refused[GO_REFUSED_OLD] >= 1);
	/* Each one was looked at, and next time hardly any. */
	first = opened;
	assert_true(first >= 5);
	round_of(world, &all);
	round_of(world, &all);
	assert_true(opened - first < first / 2 + 5);
	for (size_t i = 0; i < sizeof(pids) / sizeof(*pids); i++)
		end(pids[i]);
	round_of(world, &all);
	assert_int_equal(tickers(world, "go-1"), -1);
	world_free(world);
}

static void only_wanted_names_are_read(void **state)
{
	const pid_t one = start("go-1"), two = start("go-2");
	struct go_scan_terms some = terms;
	struct world *world = world_new();

	(void)state;
	some.nr_comms = 1;
	opened = 0;
	round_of(world, &some);
	assert_int_equal(tickers(world, "go-1"), 1);
	assert_int_equal(tickers(world, "go-2"), -1);
	assert_int_equal(in_state(world, GO_PROCESS_READ), 1);
	assert_int_equal(in_state(world, GO_PROCESS_NOT_ADMITTED), 0);
	assert_int_equal(opened, 1);
	end(one);
	end(two);
	world_free(world);
}

static void more_than_the_limit_are_counted_and_take_their_turn(void **state)
{
	pid_t pids[5];
	struct go_scan_terms few = terms;
	struct world *world = world_new();

	(void)state;
	few.limit = 2;
	for (int i = 0; i < 5; i++)
		pids[i] = start("go-1");
	round_of(world, &few);
	assert_int_equal(in_state(world, GO_PROCESS_READ), 2);
	assert_int_equal(in_state(world, GO_PROCESS_NOT_ADMITTED), 3);
	assert_int_equal(tickers(world, "go-1"), 2);
	/* More are admitted when the limit is raised, fewer when it falls. */
	few.limit = 4;
	round_of(world, &few);
	assert_int_equal(tickers(world, "go-1"), 4);
	few.limit = 1;
	round_of(world, &few);
	assert_int_equal(tickers(world, "go-1"), 1);
	assert_int_equal(in_state(world, GO_PROCESS_NOT_ADMITTED), 4);
	/* Whoever is left has the place of one that has ended. */
	for (int i = 0; i < 4; i++) {
		end(pids[i]);
		round_of(world, &few);
		round_of(world, &few);
		assert_int_equal(tickers(world, "go-1"), 1);
	}
	assert_int_equal(in_state(world, GO_PROCESS_NOT_ADMITTED), 0);
	end(pids[4]);
	world_free(world);
}

static void a_process_that_becomes_another_one_is_looked_at_again(void **state)
{
	struct world *world = world_new();
	int wake[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(wake), 0);
	pid = fork();
	if (!pid) {
		char byte;

		prctl(PR_SET_NAME, "go-1");
		if (read(wake[0], &byte, 1) == 1)
			prctl(PR_SET_NAME, "go-2");
		for (;;)
			pause();
	}
	for (int i = 0; i < 500 && tickers(world, "go-1") != 1; i++) {
		usleep(10000);
		round_of(world, &terms);
	}
	assert_int_equal(tickers(world, "go-1"), 1);
	assert_int_equal(write(wake[1], "", 1), 1);
	for (int i = 0; i < 500 && tickers(world, "go-2") != 2; i++) {
		usleep(10000);
		round_of(world, &terms);
	}
	assert_int_equal(tickers(world, "go-2"), 2);
	assert_int_equal(tickers(world, "go-1"), -1);
	end(pid);
	close(wake[0]);
	close(wake[1]);
	world_free(world);
}

static void who_is_refused_at_first_is_asked_again(void **state)
{
	const pid_t pid = start("go-late");
	struct world *world = world_new();
	int rounds = 0;

	(void)state;
	late = 3;
	do {
		round_of(world, &terms);
		rounds++;
		assert_int_equal(in_state(world, GO_PROCESS_READ) +
					 world->census.refused[GO_REFUSED_LAYOUT],
				 1);
	} while (!in_state(world, GO_PROCESS_READ) && rounds < 20);
	/* After one, two and four passes. */
	assert_int_equal(rounds, 1 + 1 + 2 + 4);
	end(pid);
	world_free(world);
}

static void one_that_has_exited_counts_no_longer(void **state)
{
	const pid_t pid = start("go-gone");
	struct world *world = world_new();

	(void)state;
	round_of(world, &terms);
	assert_int_equal(in_state(world, GO_PROCESS_READ), 0);
	assert_int_equal(world->census.refused[GO_REFUSED_EXITED], 1);
	assert_int_equal(go_series_count(world->series), 0);
	end(pid);
	world_free(world);
}

static void what_is_incomplete_is_told(void **state)
{
	const pid_t pid = start("go-7");
	struct world *world = world_new();

	(void)state;
	round_of(world, &terms);
	round_of(world, &terms);
	assert_int_equal(in_state(world, GO_PROCESS_INCOMPLETE), 1);
	assert_int_equal(in_state(world, GO_PROCESS_READ), 0);
	assert_int_equal(world->census.lost[GO_LOSS_TIMERS_MOVED], 2);
	end(pid);
	world_free(world);
}

/* ---- what it may cost ------------------------------------------------------------------ */

/* Ten that take 40 ms only to be refused, and 2 ms a round: most have to wait. */
static void what_examining_took_is_owed_too(void **state)
{
	struct go_scan_terms little = {.limit = 20,
				       .cpu_ns = 2 * MS,
				       .elapse_ns = SECOND,
				       .nr_comms = 1,
				       .comms = {"go-heavy-1"}};
	struct world *world = world_new();
	pid_t pids[10];

	(void)state;
	for (int i = 0; i < 10; i++)
		pids[i] = start("go-heavy-1");
	opened = 0;
	for (int i = 0; i < 10000 && !opened; i++)
		round_of(world, &little);
	for (int i = 0; i < 10; i++)
		round_of(world, &little);
	assert_int_equal(opened, 1);
	/* With no time at all, nobody is examined. */
	little.cpu_ns = 0;
	for (int i = 0; i < 10; i++)
		round_of(world, &little);
	assert_int_equal(opened, 1);
	for (int i = 0; i < 10; i++)
		end(pids[i]);
	world_free(world);
}

/* Two that take 20 ms each, and 12 ms a round: each is read at times, and neither too often. */
static void slow_ones_take_turns_within_the_time(void **state)
{
	const pid_t one = start("go-slow-1"), two = start("go-slow-2");
	struct go_scan_terms little = terms;
	struct world *world = world_new();
	uint64_t began, read = 0, spent;

	(void)state;
	round_of(world, &terms);
	assert_int_equal(in_state(world, GO_PROCESS_READ), 2);
	little.cpu_ns = 12 * MS;
	began = clock_now(CLOCK_PROCESS_CPUTIME_ID);
	for (int i = 0; i < 60; i++) {
		round_of(world, &little);
		read += in_state(world, GO_PROCESS_READ);
		assert_int_equal(
			in_state(world, GO_PROCESS_READ) + in_state(world, GO_PROCESS_SKIPPED), 2);
		/* What was read before counts on. */
		assert_int_equal(tickers(world, "go-slow-1"), 1);
		assert_int_equal(tickers(world, "go-slow-2"), 2);
	}
	spent = clock_now(CLOCK_PROCESS_CPUTIME_ID) - began;
	assert_in_range(read, 5, 45);
	assert_true(spent < 60 * 12 * MS + 100 * MS);
	end(one);
	end(two);
	world_free(world);
}

static void without_time_nothing_is_read(void **state)
{
	const pid_t pid = start("go-1");
	struct go_scan_terms none = terms;
	struct world *world = world_new();

	(void)state;
	round_of(world, &terms);
	none.cpu_ns = 0;
	round_of(world, &none);
	assert_int_equal(in_state(world, GO_PROCESS_READ), 0);
	assert_int_equal(in_state(world, GO_PROCESS_SKIPPED), 1);
	end(pid);
	world_free(world);
}

/* ---- the process that reads ------------------------------------------------------------ */

static bool has(const struct go_reading *reading, const char *line)
{
	return reading->bytes && memmem(reading->programs, reading->bytes, line, strlen(line));
}

/* Updates until @state has @count processes, for at most @seconds. */
static const struct go_reading *update_until(struct go_reader *reader, enum go_process_state state,
					     uint64_t count, unsigned int seconds)
{
	const uint64_t until = clock_mono() + seconds * SECOND;
	const struct go_reading *reading;

	do {
		const uint64_t began = clock_mono();

		reading = go_reader_update(reader, &terms);
		/* Whatever there is: it does not wait for long. */
		assert_true(clock_mono() - began < SECOND);
		if (reading->census.processes[state] != count)
			usleep(50000);
	} while (reading->census.processes[state] != count && clock_mono() < until);
	assert_int_equal(reading->census.processes[state], count);
	return reading;
}

static void a_process_of_its_own_reads(void **state)
{
	const pid_t pid = start("go-2");
	struct go_reader *reader = go_reader_new(PATIENCE);
	const struct go_reading *reading;

	(void)state;
	assert_non_null(reader);
	opened = 0;
	reading = update_until(reader, GO_PROCESS_READ, 1, 10);
	assert_true(has(reading,
			"dwell_go_timers{comm=\"go-2\",kind=\"ticker\",owner=\"main.tick\"} "
			"2\n"));
	assert_int_equal(opened, 0); /* here */
	assert_true(reading->census.cpu_ns > 0);
	assert_true(reading->census.read.tv_sec > 0);
	assert_int_equal(reading->census.restarts, 0);
	end(pid);
	reading = update_until(reader, GO_PROCESS_READ, 0, 10);
	assert_false(has(reading, "go-2"));
	go_reader_free(reader);
}

/* What is read too late for one update is there at the next. */
static void a_late_answer_is_that_of_the_next_update(void **state)
{
	const pid_t pid = start("go-lazy-5");
	struct go_reader *reader = go_reader_new(PATIENCE);
	const struct go_reading *reading = go_reader_update(reader, &terms);

	(void)state;
	assert_int_equal(reading->census.processes[GO_PROCESS_READ], 0);
	assert_int_equal(reading->bytes, 0);
	reading = update_until(reader, GO_PROCESS_READ, 1, 10);
	assert_true(has(reading, "comm=\"go-lazy-5\""));
	/* The next one is under way, and these figures count until then. */
	reading = go_reader_update(reader, &terms);
	assert_int_equal(reading->census.processes[GO_PROCESS_READ], 0);
	assert_int_equal(reading->census.processes[GO_PROCESS_SKIPPED], 1);
	assert_true(has(reading, "comm=\"go-lazy-5\""));
	assert_int_equal(reading->census.restarts, 0);
	end(pid);
	go_reader_free(reader);
}

static void one_that_hangs_holds_nobody_up_for_long(void **state)
{
	const pid_t good = start("go-2"), bad = start("go-hang");
	struct go_reader *reader = go_reader_new(PATIENCE);
	const struct go_reading *reading;
	uint64_t cpu_ns;

	(void)state;
	assert_non_null(reader);
	reading = update_until(reader, GO_PROCESS_STUCK, 1, 30);
	assert_int_equal(reading->census.processes[GO_PROCESS_READ], 1);
	assert_int_equal(reading->census.restarts, 1);
	assert_true(has(reading, "comm=\"go-2\""));
	cpu_ns = reading->census.cpu_ns;
	end(bad);
	reading = update_until(reader, GO_PROCESS_STUCK, 0, 10);
	assert_true(reading->census.cpu_ns >= cpu_ns);
	end(good);
	go_reader_free(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(go_programs_are_found_and_others_are_asked_once),
		cmocka_unit_test(only_wanted_names_are_read),
		cmocka_unit_test(more_than_the_limit_are_counted_and_take_their_turn),
		cmocka_unit_test(a_process_that_becomes_another_one_is_looked_at_again),
		cmocka_unit_test(who_is_refused_at_first_is_asked_again),
		cmocka_unit_test(one_that_has_exited_counts_no_longer),
		cmocka_unit_test(what_is_incomplete_is_told),
		cmocka_unit_test(what_examining_took_is_owed_too),
		cmocka_unit_test(slow_ones_take_turns_within_the_time),
		cmocka_unit_test(without_time_nothing_is_read),
		cmocka_unit_test(a_process_of_its_own_reads),
		cmocka_unit_test(a_late_answer_is_that_of_the_next_update),
		cmocka_unit_test(one_that_hangs_holds_nobody_up_for_long),
	};

	self = getpid();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
