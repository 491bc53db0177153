/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of what a CPU ran lately: schedules made by hand, told by the kernel's own code. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <linux/types.h>

#include "bpf/runs.h"
#include "findings/outlier.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define US 1000ULL
#define MS 1000000ULL
#define SECOND 1000000000ULL
#define BEGIN (1000 * SECOND)
#define END (BEGIN + 35 * SECOND)

#define WAITER 77
#define TASKS_MAX 64
#define LONGEST (30 * SECOND)

/* Who takes turns on the CPU, and for how long. */
struct schedule {
	const char *what;
	bool one_name;	    /* all are called "bench", but for the hog */
	unsigned int tasks; /* the first one is the hog, if there is one */
	uint64_t shortest, longest;
	unsigned int hog_percent; /* of the turns … */
	uint64_t hog_ns;	  /* … and how long those are */
	uint64_t phase;		  /* so long each task in turn has most of the CPU; 0: no phases */
	double tolerance;	  /* of a share */
};

static const struct schedule schedules[] = {
	{"two in turns of 5 us", false, 2, 3 * US, 8 * US, 0, 0, 0, 0.07},
	{"two in turns of 3 ms", false, 2, 3 * MS, 4 * MS, 0, 0, 0, 0.07},
	{"40 of one name", true, 40, 5 * US, 50 * US, 0, 0, 0, 0.17},
	{"40 of one name and a hog", true, 40, 5 * US, 50 * US, 1, 2 * MS, 0, 0.17},
	{"50 names", false, 50, 20 * US, 200 * US, 0, 0, 0, 0.17},
	{"30 names and a hog", false, 31, 5 * US, 20 * US, 30, 100 * US, 0, 0.1},
	{"30 of one name and a hog", true, 31, 5 * US, 20 * US, 30, 100 * US, 0, 0.1},
	{"four by turns of 700 ms", false, 4, 10 * US, 3 * MS, 0, 0, 700 * MS, 0.2},
};

/* What really ran, and what the kernel side makes of it. */
struct machine {
	const struct schedule *schedule;
	unsigned int seed;
	uint64_t now;
	struct dwell_history history;
	struct {
		uint64_t until;
		unsigned int task;
	} * run; /* all of them */
	size_t count, room;
};

static uint64_t between(struct machine *machine, uint64_t low, uint64_t high)
{
	uint64_t random = (uint64_t)rand_r(&machine->seed) << 20 ^ (uint64_t)rand_r(&machine->seed);

	return low + random % (high - low);
}

static void name_of(const struct schedule *schedule, unsigned int task, char name[DWELL_COMM_LEN])
{
	memset(name, 0, DWELL_COMM_LEN);
	if (schedule->one_name && (task || !schedule->hog_percent))
		strcpy(name, "bench");
	else
		snprintf(name, DWELL_COMM_LEN, "task%u", task);
}

/* As the kernel side does at a switch. */
static void note(struct machine *machine, unsigned int task, uint64_t until)
{
	uint32_t tid = 1000 + task;
	struct dwell_run *run;

	if (!dwell_runs_add(&machine->history, tid, machine->now, until)) {
		run = dwell_runs_push(&machine->history, tid, machine->now, until);
		run->pid = tid;
		name_of(machine->schedule, task, run->comm);
		dwell_runs_pushed(&machine->history, until);
	}
	assert_true(machine->history.count < DWELL_RUNS);
	assert_false(machine->history.version & 1);
	if (machine->count == machine->room) {
		machine->room = machine->room ? 2 * machine->room : 4096;
		machine->run = realloc(machine->run, machine->room * sizeof(*machine->run));
		assert_non_null(machine->run);
	}
	machine->run[machine->count].until = until;
	machine->run[machine->count++].task = task;
	machine->now = until;
}

static void take_turn(struct machine *machine)
{
	const struct schedule *schedule = machine->schedule;
	unsigned int task = (unsigned int)between(machine, 0, schedule->tasks);
	uint64_t ns = between(machine, schedule->shortest, schedule->longest);

	if (schedule->hog_percent && between(machine, 0, 100) < schedule->hog_percent) {
		task = 0;
		ns = schedule->hog_ns;
	}
	if (schedule->phase && between(machine, 0, 100) < 85)
		task = (unsigned int)(machine->now / schedule->phase % schedule->tasks);
	note(machine, task, machine->now + ns);
}

static void true_shares(const struct machine *machine, uint64_t wait, double share[TASKS_MAX])
{
	uint64_t end = machine->now, from = machine->now - wait;

	memset(share, 0, TASKS_MAX * sizeof(*share));
	for (size_t i = machine->count; i-- > 0 && end > from;) {
		uint64_t begin = i ? machine->run[i - 1].until : BEGIN;

		if (begin < from)
			begin = from;
		share[machine->run[i].task] += (double)(end - begin) / (double)wait;
		end = begin;
	}
}

/* Whoever is named had about that; and who had a third and more is named. */
static void check_names(const struct machine *machine, const struct outlier_wait *wait,
			const double share[TASKS_MAX])
{
	const struct schedule *schedule = machine->schedule;
	bool done[TASKS_MAX] = {false};

	for (unsigned int i = 0; i < schedule->tasks; i++) {
		double truth = 0, told = 0;
		char name[DWELL_COMM_LEN], other[DWELL_COMM_LEN];

		if (done[i])
			continue;
		name_of(schedule, i, name);
		for (unsigned int j = i; j < schedule->tasks; j++) {
			name_of(schedule, j, other);
			if (memcmp(name, other, sizeof(name)) != 0)
				continue;
			truth += share[j];
			done[j] = true;
		}
		for (size_t j = 0; j < wait->count; j++)
			if (!memcmp(wait->culprit[j].comm, name, sizeof(name)))
				told += wait->culprit[j].share;
		if ((told > 0 || truth > 0.33) && fabs(told - truth) > schedule->tolerance)
			fail_msg("%s, %.1f ms: %s had %.3f, is said to have had %.3f",
				 schedule->what, (double)wait->ns / 1e6, name, truth, told);
	}
}

static void check_wait(const struct machine *machine, uint64_t ns)
{
	struct dwell_outlier outlier = {
		.measure = DWELL_WOKEN,
		.tid = WAITER,
		.from = machine->now - ns,
		.to = machine->now,
		.runs_count = machine->history.count,
	};
	double share[TASKS_MAX];
	struct outlier_wait wait;

	memcpy(outlier.runs, machine->history.run, sizeof(outlier.runs));
	outlier_divide(&outlier, outlier.from, outlier.to, &wait);
	true_shares(machine, ns, share);
	check_names(machine, &wait, share);
	/* What is not told is what was cut in two: never much. */
	if (wait.unseen_share > 0.2)
		fail_msg("%s, %.1f ms: %.3f not seen", machine->schedule->what, (double)ns / 1e6,
			 wait.unseen_share);
}

static void run_schedule(const struct schedule *schedule)
{
	static const uint64_t waits[] = {1 * MS, 10 * MS, 100 * MS, SECOND, 10 * SECOND};
	struct machine machine = {.schedule = schedule, .seed = 7, .now = BEGIN};
	uint64_t next = BEGIN + 100 * MS;

	while (machine.now < END) {
		take_turn(&machine);
		if (machine.now < next)
			continue;
		next = machine.now + between(&machine, 100 * MS, 900 * MS);
		for (size_t i = 0; i < LENGTH(waits); i++) {
			uint64_t ns = between(&machine, waits[i], 3 * waits[i]);

			if (ns < machine.now - BEGIN)
				check_wait(&machine, ns);
		}
	}
	free(machine.run);
}

static void shares_are_the_schedules(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(schedules); i++)
		run_schedule(&schedules[i]);
}

/* ---- what is kept ------------------------------------------------------------ */

static void note_one(struct dwell_history *history, uint32_t pid, uint32_t tid, const char *comm,
		     uint64_t begin, uint64_t until)
{
	struct dwell_run *run;

	if (dwell_runs_add(history, tid, begin, until))
		return;
	run = dwell_runs_push(history, tid, begin, until);
	run->pid = pid;
	memset(run->comm, 0, sizeof(run->comm));
	memcpy(run->comm, comm, strnlen(comm, sizeof(run->comm)));
	dwell_runs_pushed(history, until);
}

static void short_runs_of_a_task_are_one_entry(void **state)
{
	struct dwell_history history = {0};
	uint64_t now = BEGIN;

	(void)state;
	history.quantum = DWELL_RUNS_QUANTUM_MIN;
	for (int i = 0; i < 10; i++, now += 20 * US) {
		note_one(&history, 5, 5, "a", now, now + 5 * US);
		note_one(&history, 6, 6, "b", now + 5 * US, now + 20 * US);
	}
	assert_int_equal(history.count, 2);
	assert_int_equal(history.run[0].tid, 5);
	assert_int_equal(history.run[0].ns, 50 * US);
	assert_int_equal(history.run[0].begin, BEGIN);
	assert_int_equal(history.run[0].until, BEGIN + 185 * US);
	assert_int_equal(history.run[1].ns, 150 * US);
	/* Another one that has the same place there. */
	note_one(&history, 69, 69, "c", now, now + US);
	assert_int_equal(history.count, 3);
	assert_int_equal(history.run[0].ns, 50 * US);
	/* What began too long ago is closed. */
	note_one(&history, 6, 6, "b", now + MS, now + MS + US);
	assert_int_equal(history.count, 4);
}

static uint64_t sum_of(const struct dwell_history *history)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < history->count; i++)
		sum += history->run[i].ns;
	return sum;
}

/* Merging gives up names and moments, and no time; and idle time is never a name's. */
static void no_time_is_lost(void **state)
{
	struct dwell_history history = {0};
	uint64_t now = BEGIN, idle = 0, told = 0;
	unsigned int seed = 3;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		uint32_t tid = (uint32_t)rand_r(&seed) % 300;
		uint64_t ns = (uint64_t)rand_r(&seed) % (100 * US);
		char comm[DWELL_COMM_LEN];

		snprintf(comm, sizeof(comm), "n%u", tid % 90);
		note_one(&history, tid / 3, tid, comm, now, now + ns);
		idle += tid ? 0 : ns;
		now += ns;
	}
	assert_int_equal(sum_of(&history), now - BEGIN);
	for (uint32_t i = 0; i < history.count; i++)
		told += history.run[i].kind == DWELL_RUN_IDLE ? history.run[i].ns : 0;
	assert_int_equal(told, idle);
}

/* A task that stands out among others of its name keeps its number. */
static void who_stands_out_keeps_its_number(void **state)
{
	struct dwell_history history = {0};
	uint64_t now = BEGIN, alone = 0;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		bool big = i % 2;
		uint32_t tid = big ? 812 : 900 + (uint32_t)i / 2 % 40;
		uint64_t ns = big ? 90 * US : 10 * US;

		note_one(&history, tid, tid, "python3", now, now + ns);
		now += ns;
	}
	for (uint32_t i = 0; i < history.count; i++)
		alone += history.run[i].tid == 812 ? history.run[i].ns : 0;
	assert_true(alone > (now - BEGIN) * 8 / 10);
}

/* Times that go backwards, or stand: nothing but the shares suffers. */
static void odd_times_do_no_harm(void **state)
{
	struct dwell_history history = {0};
	unsigned int seed = 5;

	(void)state;
	for (int i = 0; i < 300000; i++) {
		uint64_t begin = BEGIN + (uint64_t)rand_r(&seed) % SECOND;
		uint64_t until = rand_r(&seed) % 8 ? begin + (uint64_t)rand_r(&seed) % MS :
						     (uint64_t)rand_r(&seed);

		note_one(&history, (uint32_t)rand_r(&seed) % 50, (uint32_t)rand_r(&seed) % 200,
			 rand_r(&seed) & 1 ? "x" : "", begin, until);
		assert_true(history.count < DWELL_RUNS);
	}
}

/* However many there are: the latest ones are left, in order. */
static void the_oldest_are_dropped(void **state)
{
	(void)state;
	for (uint32_t count = DWELL_RUNS_ROOM + 1; count <= DWELL_RUNS; count++) {
		struct dwell_history history = {.count = count};

		for (uint32_t i = 0; i < count; i++)
			history.run[i].tid = 1 + i;
		dwell_runs_drop(&history);
		assert_int_equal(history.count, DWELL_RUNS_ROOM);
		for (uint32_t i = 0; i < DWELL_RUNS_ROOM; i++)
			assert_int_equal(history.run[i].tid, 1 + count - DWELL_RUNS_ROOM + i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_are_the_schedules),
		cmocka_unit_test(short_runs_of_a_task_are_one_entry),
		cmocka_unit_test(no_time_is_lost),
		cmocka_unit_test(who_stands_out_keeps_its_number),
		cmocka_unit_test(odd_times_do_no_harm),
		cmocka_unit_test(the_oldest_are_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
