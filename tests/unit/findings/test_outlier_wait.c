/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of a wait for a CPU divided among those who had it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/unit/runs.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static double sum_of(const struct outlier_wait *wait)
{
	double sum = wait->others_share + wait->idle_share + wait->unseen_share;

	assert_in_range(wait->count, 0, OUTLIER_CULPRITS);
	for (size_t i = 0; i < wait->count; i++)
		sum += wait->culprit[i].share;
	return sum;
}

static void check_share(double share, double expected)
{
	if (share < expected - 1e-9 || share > expected + 1e-9)
		fail_msg("a share of %g, not %g", share, expected);
}

static void check_culprit(const struct outlier_wait *wait, size_t i, uint32_t tid, uint64_t ns,
			  double share)
{
	assert_true(i < wait->count);
	assert_int_equal(wait->culprit[i].tid, tid);
	assert_int_equal(wait->culprit[i].pid, tid);
	assert_int_equal(wait->culprit[i].ns, ns);
	check_share(wait->culprit[i].share, share);
}

static struct outlier_wait divide(const struct dwell_outlier *outlier)
{
	struct outlier_wait wait;

	memset(&wait, 0xff, sizeof(wait));
	outlier_divide(outlier, outlier->from, outlier->to, &wait);
	return wait;
}

static void a_wait_is_divided_among_those_that_ran(void **state)
{
	struct dwell_outlier outlier = ticker_outlier(DWELL_WOKEN);
	struct outlier_wait wait;

	(void)state;
	/* Clipped at both ends; two runs of the one hog are one; idle is nobody. */
	ticker_add_run(&outlier, 1, -(int64_t)(5 * MS));
	ticker_add_run(&outlier, HOG2, 2 * MS);
	ticker_add_run(&outlier, HOG, 8 * MS);
	ticker_add_run(&outlier, 0, 12 * MS);
	ticker_add_run(&outlier, HOG2, 15 * MS);
	ticker_add_run(&outlier, HOG, 30 * MS);
	wait = divide(&outlier);
	assert_int_equal(wait.count, 2);
	assert_int_equal(wait.ns, 24 * MS);
	check_culprit(&wait, 0, HOG, 15 * MS, 15.0 / 24);
	check_culprit(&wait, 1, HOG2, 5 * MS, 5.0 / 24);
	check_share(wait.idle_share, 4.0 / 24);
	check_share(wait.others_share, 0);
	check_share(wait.unseen_share, 0);
	check_share(sum_of(&wait), 1);
	assert_false(wait.moved);
}

static void what_was_not_seen_is_nobodys(void **state)
{
	struct dwell_outlier outlier = ticker_outlier(DWELL_WOKEN);
	struct outlier_wait wait = divide(&outlier);

	(void)state;
	/* No run at all. */
	assert_int_equal(wait.count, 0);
	check_share(wait.unseen_share, 1);
	/* Before the first one began, and after the last one ended, nobody knows. */
	ticker_add_run(&outlier, HOG, 6 * MS);
	ticker_add_run(&outlier, HOG2, 18 * MS);
	outlier.runs[0].begin = BEGIN + 3 * MS;
	outlier.runs[0].ns = 3 * MS;
	wait = divide(&outlier);
	assert_int_equal(wait.count, 2);
	check_culprit(&wait, 0, HOG2, 12 * MS, 0.5);
	check_culprit(&wait, 1, HOG, 3 * MS, 0.125);
	check_share(wait.unseen_share, 0.375);
	check_share(sum_of(&wait), 1);
}

/* To name somebody who had one part in a hundred, with the rest unknown, would mislead. */
static void nobody_is_blamed_for_little_beside_much_that_is_unseen(void **state)
{
	struct dwell_outlier outlier = ticker_outlier(DWELL_WOKEN);
	struct outlier_wait wait;

	(void)state;
	ticker_add_run(&outlier, HOG, 24 * MS);
	outlier.runs[0].begin = BEGIN + 24 * MS - 240 * US;
	outlier.runs[0].ns = 240 * US;
	wait = divide(&outlier);
	assert_int_equal(wait.count, 0);
	check_share(wait.others_share, 0.01);
	check_share(wait.unseen_share, 0.99);
	/* A fourth of what is unseen is something. */
	outlier.runs[0].begin = BEGIN + 24 * MS - 4800 * US;
	outlier.runs[0].ns = 4800 * US;
	wait = divide(&outlier);
	check_culprit(&wait, 0, HOG, 4800 * US, 0.2);
	check_share(wait.unseen_share, 0.8);
}

static void a_moved_task_accuses_nobody_of_earlier(void **state)
{
	struct dwell_outlier outlier = ticker_outlier(DWELL_WOKEN);
	struct outlier_wait wait;

	(void)state;
	ticker_add_run(&outlier, HOG, 0);
	ticker_add_run(&outlier, HOG2, 24 * MS);
	assert_false(divide(&outlier).moved);
	/* From where is not known. */
	outlier.queued_at = outlier.moved_since = BEGIN + 18 * MS;
	wait = divide(&outlier);
	check_culprit(&wait, 0, HOG2, 6 * MS, 0.25);
	check_share(wait.unseen_share, 0.75);
	assert_true(wait.moved);
	assert_int_equal(wait.moved_from, -1);
	outlier.queued_at = outlier.moved_since = UINT64_MAX;
	wait = divide(&outlier);
	assert_int_equal(wait.count, 0);
	check_share(wait.unseen_share, 1);
}

/* A task that is taken to another CPU after 18 ms behind a hog has waited for the hog. */
static void a_moved_task_accuses_those_of_where_it_was(void **state)
{
	struct dwell_outlier outlier = ticker_outlier(DWELL_WOKEN);
	struct outlier_wait wait;

	(void)state;
	ticker_add_run(&outlier, HOG2,
		       24 * MS); /* from 5 ms before the wait on, but it was elsewhere */
	outlier.runs[0].begin = BEGIN - 5 * MS;
	outlier.runs[0].ns = 29 * MS;
	ticker_add_run(&outlier, HOG, 30 * MS); /* all the time, where it was */
	outlier.runs[1].begin = BEGIN - 30 * MS;
	outlier.runs[1].ns = 60 * MS;
	outlier.runs[1].cpu = 0;
	outlier.queued_at = BEGIN + 18 * MS;
	outlier.moved_since = BEGIN;
	outlier.moved_from = 0;
	wait = divide(&outlier);
	assert_int_equal(wait.count, 2);
	check_culprit(&wait, 0, HOG, 18 * MS, 0.75);
	check_culprit(&wait, 1, HOG2, 6 * MS, 0.25);
	check_share(wait.unseen_share, 0);
	assert_true(wait.moved);
	assert_int_equal(wait.moved_from, 0);
	/* It was there for 12 ms only, and before that nobody knows where. */
	outlier.moved_since = BEGIN + 6 * MS;
	wait = divide(&outlier);
	check_culprit(&wait, 0, HOG, 12 * MS, 0.5);
	check_share(wait.unseen_share, 0.25);
	check_share(sum_of(&wait), 1);
}

static void own_runs_are_no_wait(void **state)
{
	struct dwell_outlier outlier = ticker_outlier(DWELL_DWELL);
	struct outlier_wait wait;

	(void)state;
	ticker_add_run(&outlier, 0, 0);
	ticker_add_run(&outlier, TICKER, 6 * MS);
	ticker_add_run(&outlier, HOG, 15 * MS);
	ticker_add_run(&outlier, HOG2, 18 * MS);
	ticker_add_run(&outlier, TICKER, 24 * MS);
	outlier.oncpu = 12 * MS;
	wait = divide(&outlier);
	assert_int_equal(wait.ns, 12 * MS);
	check_culprit(&wait, 0, HOG, 9 * MS, 0.75);
	check_culprit(&wait, 1, HOG2, 3 * MS, 0.25);
	check_share(sum_of(&wait), 1);

	/* The first 6 ms it ran on another CPU. */
	outlier.runs[1].tid = 1;
	outlier.queued_at = outlier.moved_since = BEGIN + 6 * MS;
	wait = divide(&outlier);
	assert_int_equal(wait.ns, 12 * MS);
	check_culprit(&wait, 0, HOG, 9 * MS, 0.75);
	check_share(wait.unseen_share, 0);
	check_share(sum_of(&wait), 1);

	/* It never waited: there is nothing to share. */
	runs_clear(&outlier);
	outlier.queued_at = BEGIN;
	ticker_add_run(&outlier, 0, 0);
	ticker_add_run(&outlier, TICKER, 24 * MS);
	outlier.oncpu = 24 * MS;
	wait = divide(&outlier);
	assert_int_equal(wait.ns, 0);
	check_share(sum_of(&wait), 0);
}

static void the_largest_come_first_the_rest_together(void **state)
{
	struct dwell_outlier outlier = ticker_outlier(DWELL_WOKEN);
	struct outlier_wait wait;
	int64_t until = 0;

	(void)state;
	ticker_add_run(&outlier, 1, 0);
	/* 106 … 100 had 1, 2, 3, 4, 5, 5, 4 ms. */
	for (uint32_t i = 0; i < 7; i++)
		ticker_add_run(&outlier, 106 - i,
			       until += (int64_t)MS * (i < 5 ? (int64_t)i + 1 : 10 - (int64_t)i));
	assert_int_equal(until, 24 * MS);
	wait = divide(&outlier);
	assert_int_equal(wait.count, OUTLIER_CULPRITS);
	check_culprit(&wait, 0, 101, 5 * MS, 5.0 / 24);
	check_culprit(&wait, 1, 102, 5 * MS, 5.0 / 24);
	check_culprit(&wait, 2, 100, 4 * MS, 4.0 / 24);
	check_culprit(&wait, 3, 103, 4 * MS, 4.0 / 24);
	check_share(wait.others_share, 6.0 / 24);
	check_share(sum_of(&wait), 1);
}

/* ---- entries of several runs ------------------------------------------------- */

/* An entry of @kind from @begin to @until, ns after the wait began, in which they ran for @ns. */
static struct dwell_run *add_entry(struct dwell_outlier *outlier, enum dwell_run_kind kind,
				   const char *comm, int64_t begin, int64_t until, uint64_t ns)
{
	struct dwell_run *run = &outlier->runs[outlier->runs_count++];

	*run = (struct dwell_run){
		.begin = BEGIN + (uint64_t)begin,
		.until = BEGIN + (uint64_t)until,
		.ns = ns,
		.kind = kind,
		.cpu = outlier->cpu,
	};
	memcpy(run->comm, comm, strnlen(comm, sizeof(run->comm)));
	return run;
}

static void add_task(struct dwell_outlier *outlier, const char *comm, uint32_t pid, uint32_t tid,
		     uint64_t ns)
{
	struct dwell_run *run = add_entry(outlier, DWELL_RUN_TASK, comm, 0, 24 * MS, ns);

	run->pid = pid;
	run->tid = tid;
	run->tasks = 1ULL << (tid % 64);
}

static void check_group(const struct outlier_wait *wait, size_t i, const char *comm, uint32_t pid,
			uint32_t tid, uint32_t tasks, uint64_t ns)
{
	assert_true(i < wait->count);
	assert_memory_equal(wait->culprit[i].comm, comm, strlen(comm) + 1);
	assert_int_equal(wait->culprit[i].pid, pid);
	assert_int_equal(wait->culprit[i].tid, tid);
	assert_int_equal(wait->culprit[i].tasks, tasks);
	assert_int_equal(wait->culprit[i].ns, ns);
}

static void an_entry_counts_by_the_part_that_lies_in_the_wait(void **state)
{
	struct dwell_outlier outlier = ticker_outlier(DWELL_WOKEN);
	struct outlier_wait wait;

	(void)state;
	/* Half of the first one, all of the second, a quarter of the third. */
	add_entry(&outlier, DWELL_RUN_NAME, "a", -(int64_t)(4 * MS), 4 * MS, 8 * MS);
	add_entry(&outlier, DWELL_RUN_NAME, "b", 4 * MS, 20 * MS, 8 * MS);
	add_entry(&outlier, DWELL_RUN_MIXED, "", 22 * MS, 30 * MS, 4 * MS);
	wait = divide(&outlier);
	assert_int_equal(wait.count, 2);
	check_group(&wait, 0, "b", 0, 0, 0, 8 * MS);
	check_group(&wait, 1, "a", 0, 0, 0, 4 * MS);
	check_share(wait.others_share, 1.0 / 24);
	check_share(wait.unseen_share, 11.0 / 24);
	check_share(sum_of(&wait), 1);
}

static void many_tasks_of_one_name_are_one_culprit(void **state)
{
	struct dwell_outlier outlier = ticker_outlier(DWELL_WOKEN);
	struct outlier_wait wait;

	(void)state;
	/* Those of lately one by one, those of before together; four of them are both. */
	add_entry(&outlier, DWELL_RUN_NAME, "hackbench", 0, 24 * MS, 12 * MS)->tasks =
		0xfffffffffULL;
	for (uint32_t tid = 32; tid < 40; tid++)
		add_task(&outlier, "hackbench", tid, tid, MS);
	add_task(&outlier, "other", 7, 8, 4 * MS);
	wait = divide(&outlier);
	assert_int_equal(wait.count, 2);
	check_group(&wait, 0, "hackbench", 0, 0, 40, 20 * MS);
	check_group(&wait, 1, "other", 7, 8, 1, 4 * MS);
	check_share(wait.unseen_share, 0);
}

static void threads_of_one_process_are_told_as_such(void **state)
{
	struct dwell_outlier outlier = ticker_outlier(DWELL_WOKEN);
	struct outlier_wait wait;

	(void)state;
	for (uint32_t tid = 812; tid < 816; tid++)
		add_task(&outlier, "nginx", 812, tid, 4 * MS);
	/* Two are told as two, whether they have one name or one process. */
	add_task(&outlier, "pair", 900, 900, 2 * MS);
	add_task(&outlier, "pair", 901, 901, 1 * MS);
	/* Of one process, but each of its own name. */
	add_task(&outlier, "main", 950, 950, 4 * MS);
	wait = divide(&outlier);
	assert_int_equal(wait.count, 4);
	check_group(&wait, 0, "nginx", 812, 0, 4, 16 * MS);
	check_group(&wait, 1, "main", 950, 950, 1, 4 * MS);
	check_group(&wait, 2, "pair", 900, 900, 1, 2 * MS);
	check_group(&wait, 3, "pair", 901, 901, 1, 1 * MS);
}

static void one_that_stands_out_is_told_by_itself(void **state)
{
	struct dwell_outlier outlier = ticker_outlier(DWELL_WOKEN);
	struct outlier_wait wait;

	(void)state;
	add_task(&outlier, "python3", 812, 812, 15 * MS);
	for (uint32_t tid = 900; tid < 905; tid++)
		add_task(&outlier, "python3", tid, tid, MS);
	/* A thread of its process, which has others. */
	add_task(&outlier, "java", 100, 101, 3 * MS);
	for (uint32_t tid = 102; tid < 104; tid++)
		add_task(&outlier, "java", 100, tid, 500 * US);
	wait = divide(&outlier);
	assert_int_equal(wait.count, 4);
	check_group(&wait, 0, "python3", 812, 812, 1, 15 * MS);
	check_group(&wait, 1, "python3", 0, 0, 5, 5 * MS);
	check_group(&wait, 2, "java", 100, 101, 1, 3 * MS);
	check_group(&wait, 3, "java", 100, 0, 2, MS);
	check_share(sum_of(&wait), 1);
}

static void what_lies_behind_the_end_of_a_name_is_no_name(void **state)
{
	struct dwell_outlier outlier = ticker_outlier(DWELL_WOKEN);
	struct outlier_wait wait;

	(void)state;
	add_task(&outlier, "sh", 1, 70, 10 * MS);
	memcpy(outlier.runs[0].comm, "sh\0ll-script.sh", 16);
	add_task(&outlier, "sh", 1, 70, 10 * MS);
	wait = divide(&outlier);
	assert_int_equal(wait.count, 1);
	check_group(&wait, 0, "sh", 1, 70, 1, 20 * MS);
	/* Sixteen bytes without an end are all of the name. */
	memset(outlier.runs[0].comm, 'x', DWELL_COMM_LEN);
	wait = divide(&outlier);
	assert_int_equal(wait.count, 2);
	assert_memory_equal(wait.culprit[0].comm[0] == 'x' ? wait.culprit[0].comm :
							     wait.culprit[1].comm,
			    "xxxxxxxxxxxxxxxx", DWELL_COMM_LEN);
}

/* It waited all the time: what an entry of its own seems to have had of it was before. */
static void who_waits_did_not_run(void **state)
{
	struct dwell_outlier outlier = ticker_outlier(DWELL_WOKEN);
	struct outlier_wait wait;

	(void)state;
	add_entry(&outlier, DWELL_RUN_TASK, "ticker", -(int64_t)(6 * MS), 6 * MS, 4 * MS)->tid =
		TICKER;
	add_task(&outlier, "hog", HOG, HOG, 24 * MS);
	wait = divide(&outlier);
	assert_int_equal(wait.count, 1);
	check_culprit(&wait, 0, HOG, 24 * MS, 1);
}

/* What is cut in two is an estimate: it can come to more than there was. */
static void shares_never_exceed_the_wait(void **state)
{
	struct dwell_outlier outlier = ticker_outlier(DWELL_WOKEN);
	struct outlier_wait wait;

	(void)state;
	add_entry(&outlier, DWELL_RUN_NAME, "a", 0, 24 * MS, 24 * MS);
	add_entry(&outlier, DWELL_RUN_MIXED, "", 0, 24 * MS, 12 * MS);
	add_entry(&outlier, DWELL_RUN_IDLE, "", 0, 24 * MS, 12 * MS);
	wait = divide(&outlier);
	check_group(&wait, 0, "a", 0, 0, 0, 12 * MS);
	check_share(wait.others_share, 0.25);
	check_share(wait.idle_share, 0.25);
	check_share(sum_of(&wait), 1);
}

static uint64_t odd_time(unsigned int *seed)
{
	static const uint64_t odd[] = {
		0, 1, BEGIN - 1, BEGIN, BEGIN + 12 * MS, BEGIN + 24 * MS, 1ULL << 63, UINT64_MAX};

	return rand_r(seed) & 1 ? odd[(size_t)rand_r(seed) % LENGTH(odd)] :
				  BEGIN + (uint64_t)rand_r(seed) % (30 * MS);
}

static struct dwell_run odd_run(unsigned int *seed)
{
	struct dwell_run run = {
		.begin = odd_time(seed),
		.until = odd_time(seed),
		.ns = odd_time(seed),
		.tasks = odd_time(seed),
		.pid = (uint32_t)rand_r(seed) % 3,
		.tid = (uint32_t)rand_r(seed) % 9 + (rand_r(seed) & 1 ? 4708 : 0),
		.kind = (uint32_t)rand_r(seed) % 8,
		.cpu = (uint32_t)rand_r(seed) % 3,
	};

	memset(run.comm, (int)((uint32_t)rand_r(seed) % 4), sizeof(run.comm));
	return run;
}

static void torn_runs_do_no_harm(void **state)
{
	unsigned int seed = 99;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct dwell_outlier outlier =
			ticker_outlier(round & 1 ? DWELL_WOKEN : DWELL_DWELL);
		struct outlier_wait wait;
		uint64_t whole = 0;

		for (int i = 0; i < DWELL_RUNS; i++)
			outlier.runs[i] = odd_run(&seed);
		outlier.runs_count = (uint32_t)rand_r(&seed) % 100;
		outlier.queued_at = odd_time(&seed);
		outlier.moved_since = odd_time(&seed);
		outlier.moved_from = (uint32_t)rand_r(&seed) % 3;
		outlier.oncpu = odd_time(&seed);
		if (rand_r(&seed) % 8 == 0)
			outlier.to = odd_time(&seed);
		if (rand_r(&seed) % 8 == 0)
			outlier.from = 0;
		wait = divide(&outlier);
		if (wait.ns)
			check_share(sum_of(&wait), 1);
		else
			check_share(sum_of(&wait), 0);
		for (size_t i = 0; i < wait.count; i++) {
			whole += wait.culprit[i].ns;
			assert_int_not_equal(wait.culprit[i].tid, TICKER);
		}
		assert_true(whole <= wait.ns);
	}
}

static void backward_waits_are_nothing(void **state)
{
	const struct outlier_wait nothing = {0};
	struct dwell_outlier outlier = ticker_outlier(DWELL_WOKEN);
	struct outlier_wait wait;

	(void)state;
	ticker_add_run(&outlier, HOG, 0);
	ticker_add_run(&outlier, HOG2, 24 * MS);
	outlier_divide(&outlier, outlier.to, outlier.from, &wait);
	assert_int_equal(wait.ns, nothing.ns);
	assert_int_equal(wait.count, 0);
	check_share(sum_of(&wait), 0);
	outlier_divide(&outlier, outlier.from, outlier.from, &wait);
	check_share(sum_of(&wait), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wait_is_divided_among_those_that_ran),
		cmocka_unit_test(what_was_not_seen_is_nobodys),
		cmocka_unit_test(a_moved_task_accuses_nobody_of_earlier),
		cmocka_unit_test(a_moved_task_accuses_those_of_where_it_was),
		cmocka_unit_test(own_runs_are_no_wait),
		cmocka_unit_test(the_largest_come_first_the_rest_together),
		cmocka_unit_test(nobody_is_blamed_for_little_beside_much_that_is_unseen),
		cmocka_unit_test(an_entry_counts_by_the_part_that_lies_in_the_wait),
		cmocka_unit_test(many_tasks_of_one_name_are_one_culprit),
		cmocka_unit_test(threads_of_one_process_are_told_as_such),
		cmocka_unit_test(one_that_stands_out_is_told_by_itself),
		cmocka_unit_test(what_lies_behind_the_end_of_a_name_is_no_name),
		cmocka_unit_test(who_waits_did_not_run),
		cmocka_unit_test(shares_never_exceed_the_wait),
		cmocka_unit_test(torn_runs_do_no_harm),
		cmocka_unit_test(backward_waits_are_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
