/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of incidents: what is one cause, and the line that tells it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "harness/unit/incidents.h"

/* ---- waits for a CPU ----------------------------------------------------------------- */

static void one_alone_is_written_as_ever(void **state)
{
	struct dwell_outlier outlier = wait_behind("nginx", 12, BACKUP, 0, 31 * MS);

	outlier.samples = 5;
	outlier.typical = 40 * US;
	take(*state, &outlier);
	tell(*state);
	assert_int_equal(heard.count, 1);
	check_alone(&outlier, heard.line[0]);
	assert_string_equal(heard.line[0], "runqueue 31ms (typical 40us) nginx[12] on CPU 1, "
					   "woken: backup[812] had 100 %");
}

static void waits_of_one_program_are_one_line(void **state)
{
	struct dwell_outlier outlier;

	(void)state;
	for (uint32_t i = 0; i < 12; i++) {
		outlier = wait_behind("nginx", 12 + i % 5, BACKUP, i * MS, (20 + i) * MS);
		take(*state, &outlier);
	}
	tell(*state);
	assert_int_equal(heard.count, 1);
	assert_int_equal(heard.incident[0].tasks, 5);
	assert_string_equal(heard.line[0],
			    "12 runqueue waits of 5 tasks of nginx, worst 31ms (nginx[13] on CPU 1)"
			    ": 100 % of 306ms behind backup[812]");
}

static void a_hog_of_many_programs_is_one_cause(void **state)
{
	char comm[DWELL_COMM_LEN];
	struct dwell_outlier outlier;

	for (uint32_t i = 0; i < 20; i++) {
		snprintf(comm, sizeof(comm), "victim%u", i % 9);
		outlier = wait_behind(comm, 20 + i % 10, BACKUP, i * MS, 3 * MS);
		if (i % 4 == 0) {
			outlier.measure = DWELL_TIMER_LATENCY;
			outlier.runqueue = outlier.ns;
		}
		take(*state, &outlier);
	}
	tell(*state);
	assert_int_equal(heard.count, 1);
	assert_int_equal(heard.incident[0].programs, 9);
	assert_non_null(strstr(heard.line[0], "20 waits (15 runqueue, 5 timer_latency) of "));
	assert_non_null(strstr(heard.line[0], " tasks of 9 programs, worst 3.0ms (victim"));
	assert_non_null(strstr(heard.line[0], ": 100 % of 60ms behind backup[812]"));
}

static void two_hogs_are_two_causes(void **state)
{
	struct dwell_outlier outlier;
	char comm[DWELL_COMM_LEN];

	for (uint32_t i = 0; i < 20; i++) {
		snprintf(comm, sizeof(comm), "victim%u", i);
		outlier = wait_behind(comm, 20 + i, i < 14 ? BACKUP : OTHER_HOG, i * MS, 3 * MS);
		take(*state, &outlier);
	}
	tell(*state);
	assert_int_equal(heard.count, 2);
	assert_int_equal(heard.incident[0].count, 14);
	assert_non_null(strstr(heard.line[0], "behind backup[812]"));
	assert_int_equal(heard.incident[1].count, 6);
	assert_non_null(strstr(heard.line[1], "behind hog2[813]"));
}

/* Each behind another task, but these have one name. */
static void many_tasks_of_one_program_are_one_culprit(void **state)
{
	struct dwell_outlier outlier;
	char comm[DWELL_COMM_LEN];

	for (uint32_t i = 0; i < 20; i++) {
		snprintf(comm, sizeof(comm), "victim%u", i);
		outlier = wait_behind(comm, 20 + i, SWARM + i % 7, i * MS, 3 * MS);
		take(*state, &outlier);
	}
	tell(*state);
	assert_int_equal(heard.count, 1);
	assert_int_equal(heard.incident[0].culprit[0].tasks, 7);
	assert_non_null(strstr(heard.line[0], ": 100 % of 60ms behind swarm (7 tasks)"));
}

static void culprits_without_a_name_are_told_apart(void **state)
{
	struct dwell_outlier outlier;

	for (uint32_t i = 0; i < 4; i++) {
		outlier = wait_behind("nginx", 12, NAMELESS + i % 2, i * 50 * MS, 3 * MS);
		take(*state, &outlier);
	}
	tell(*state);
	assert_int_equal(heard.count, 1);
	assert_int_equal(heard.incident[0].culprits, 2);
	assert_string_equal(heard.line[0], "4 runqueue waits of nginx[12], worst 3.0ms (on CPU 1)"
					   ": 50 % of 12ms behind [9000], 50 % behind [9001]");
}

/* Nobody had much of it, or nobody was seen: then it is the CPU that many want. */
static void a_crowded_cpu_is_one_cause(void **state)
{
	struct dwell_outlier outlier;
	char comm[DWELL_COMM_LEN];

	for (uint32_t i = 0; i < 9; i++) {
		snprintf(comm, sizeof(comm), "victim%u", i);
		outlier = outlier_of(DWELL_WOKEN, comm, 20 + i, 20 + i, i * MS, 3 * MS);
		outlier.cpu = i < 6 ? 0 : 1;
		take(*state, &outlier);
	}
	tell(*state);
	assert_int_equal(heard.count, 2);
	assert_int_equal(heard.incident[0].count, 6);
	assert_string_equal(heard.line[1], "3 runqueue waits of 3 tasks of 3 programs, worst 3.0ms "
					   "(victim6[26] on CPU 1): 100 % of 9.0ms not seen");
}

static void threads_of_one_process_are_called_by_it(void **state)
{
	struct dwell_outlier outlier;
	char comm[DWELL_COMM_LEN];

	for (uint32_t i = 0; i < 6; i++) {
		snprintf(comm, sizeof(comm), "thread %u", i);
		outlier = outlier_of(DWELL_PREEMPTED, comm, NGINX, NGINX + 1 + i, i * MS, 5 * MS);
		take(*state, &outlier);
	}
	tell(*state);
	assert_int_equal(heard.count, 1);
	assert_non_null(strstr(heard.line[0], "6 runqueue waits of 6 tasks of nginx[100], worst"));
	assert_non_null(strstr(heard.line[0], ": 100 % of 30ms not seen"));
}

static void hostile_names_stay_names(void **state)
{
	struct dwell_outlier outlier;

	for (uint32_t i = 0; i < 3; i++) {
		outlier = wait_behind("e\x1b[31m\n\xff", 12 + i, HOSTILE, i * MS, 3 * MS);
		take(*state, &outlier);
	}
	tell(*state);
	assert_string_equal(heard.line[0],
			    "3 runqueue waits of 3 tasks of e\\x1b[31m\\x0a\\xff, worst 3.0ms "
			    "(e\\x1b[31m\\x0a\\xff[12] on CPU 1): 100 % of 9.0ms behind "
			    "\\x1b[2J[4999]");
}

/* ---- other causes ---------------------------------------------------------------------- */

static void a_quota_is_one_cause(void **state)
{
	struct dwell_outlier outlier;

	for (uint32_t i = 0; i < 44; i++) {
		outlier = outlier_of(DWELL_THROTTLED, i % 2 ? "sh" : "make", 30 + i % 3, 30 + i % 3,
				     i * MS, (35 + i) * MS);
		take(*state, &outlier);
	}
	/* Another group's is another. */
	outlier.cgroup = 8;
	outlier.tid = outlier.pid = 99;
	outlier.ns = 5 * MS;
	take(*state, &outlier);
	tell(*state);
	assert_int_equal(heard.count, 2);
	assert_string_equal(heard.line[0],
			    "44 throttled waits of 3 tasks of 2 programs, worst 78ms (sh[31] on "
			    "CPU 1: quota of /work is 0.2 CPUs)");
	assert_string_equal(heard.line[1],
			    "throttled 5.0ms sh[99] on CPU 1: the quota of /other or "
			    "of a group above it was used up");
}

static void blocks_have_one_cause_by_what_they_wait_for(void **state)
{
	struct dwell_outlier outlier;
	char comm[DWELL_COMM_LEN];

	/* In D and one system call: a disk, whoever it is. */
	for (uint32_t i = 0; i < 5; i++) {
		snprintf(comm, sizeof(comm), "writer%u", i);
		outlier = block_of(comm, 40 + i, DWELL_BLOCK_D, 74, i * MS);
		take(*state, &outlier);
	}
	/* In S two programs that read have nothing to do with each other. */
	for (uint32_t i = 0; i < 4; i++) {
		outlier = block_of(i % 2 ? "cat" : "ssh", 50 + i, DWELL_BLOCK_S, 0, (10 + i) * MS);
		take(*state, &outlier);
	}
	tell(*state);
	assert_int_equal(heard.count, 3);
	assert_non_null(strstr(heard.line[0], "5 blocked waits of 5 tasks of 5 programs, worst "
					      "40ms (writer"));
	assert_non_null(strstr(heard.line[0], "] in D, fsync: woken by a task or an interrupt (not "
					      "known))"));
	assert_non_null(strstr(heard.line[1], "2 blocked waits of 2 tasks of ssh"));
	assert_non_null(strstr(heard.line[2], "2 blocked waits of 2 tasks of cat"));
}

/* Nothing says that they are of one program. */
static void timers_without_a_name_have_no_program_in_common(void **state)
{
	struct dwell_outlier outlier;

	for (uint32_t i = 0; i < 9; i++) {
		outlier = outlier_of(DWELL_LATENESS, "", 60 + i, 60 + i, i * MS, 8 * MS);
		outlier.lateness = outlier.ns;
		outlier.function = 0x1000 + i / 3;
		outlier.cpu = i;
		take(*state, &outlier);
	}
	tell(*state);
	assert_int_equal(heard.count, 3);
	assert_non_null(strstr(heard.line[0], "3 late timers of 3 tasks, worst 8.0ms ("));
	/* The threads of one process have at least its number. */
	forget();
	for (uint32_t i = 0; i < 3; i++) {
		outlier = outlier_of(DWELL_LATENESS, "", NGINX, 60 + i, i * MS, 8 * MS);
		outlier.lateness = outlier.ns;
		take(*state, &outlier);
	}
	tell(*state);
	assert_int_equal(heard.count, 1);
	assert_non_null(strstr(heard.line[0], "3 late timers of 3 tasks of [100], worst 8.0ms ("));
}

static void late_timers_of_one_cpu_are_one_cause(void **state)
{
	struct dwell_outlier outlier;
	char comm[DWELL_COMM_LEN];

	for (uint32_t i = 0; i < 6; i++) {
		snprintf(comm, sizeof(comm), "ticker%u", i);
		outlier = outlier_of(DWELL_LATENESS, comm, 60 + i, 60 + i, i * MS, 8 * MS);
		outlier.lateness = outlier.ns;
		outlier.function = i % 2 ? 0x1000 : 0x2000;
		outlier.expires = outlier.from;
		/* Of one the owner is not known. */
		if (!i)
			outlier.tid = outlier.pid = 0;
		take(*state, &outlier);
	}
	tell(*state);
	assert_int_equal(heard.count, 1);
	assert_int_equal(heard.incident[0].tasks, 5);
	assert_non_null(strstr(heard.line[0], "6 late timers of 5 tasks of 5 programs, worst 8.0ms "
					      "("));
	assert_non_null(strstr(heard.line[0], "on CPU 1: interrupt came 8.0ms late)"));
	/* One callback on several CPUs, and nothing else in common. */
	forget();
	for (uint32_t i = 0; i < 3; i++) {
		snprintf(outlier.comm, sizeof(outlier.comm), "sleeper%u", i);
		outlier.tid = outlier.pid = 80 + i;
		outlier.cpu = 2 + i;
		outlier.to += MS;
		take(*state, &outlier);
	}
	tell(*state);
	assert_int_equal(heard.count, 1);
	assert_int_equal(heard.incident[0].count, 3);
}

/* Who ran long did so by himself; who was kept from running was kept by another. */
static void dwells_have_a_culprit_if_they_waited(void **state)
{
	struct dwell_outlier outlier;

	for (uint32_t i = 0; i < 5; i++) {
		outlier = outlier_of(DWELL_DWELL, i % 2 ? "cc1" : "as", 70 + i, 70 + i, i * 10 * MS,
				     9 * MS);
		blame(&outlier, BACKUP);
		outlier.oncpu = i < 2 ? 8 * MS : 1 * MS;
		take(*state, &outlier);
	}
	outlier = wait_behind("cc1", 71, BACKUP, SECOND / 2, 30 * MS);
	take(*state, &outlier);
	tell(*state);
	assert_int_equal(heard.count, 4);
	assert_string_equal(heard.line[0],
			    "dwell 9.0ms as[70] on CPU 1: on-CPU 8.0ms, waited for backup[812]");
	assert_string_equal(heard.line[1],
			    "dwell 9.0ms cc1[71] on CPU 1: on-CPU 8.0ms, waited for backup[812]");
	assert_non_null(strstr(heard.line[2], "3 long dwells of 3 tasks of 2 programs, worst "));
	assert_non_null(strstr(heard.line[2], ": on-CPU 1.0ms, waited for backup[812])"));
	assert_non_null(strstr(heard.line[3], "runqueue 30ms cc1[71]"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, incidents_set_up, incidents_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_alone_is_written_as_ever),
		TEST(waits_of_one_program_are_one_line),
		TEST(a_hog_of_many_programs_is_one_cause),
		TEST(two_hogs_are_two_causes),
		TEST(many_tasks_of_one_program_are_one_culprit),
		TEST(culprits_without_a_name_are_told_apart),
		TEST(a_crowded_cpu_is_one_cause),
		TEST(threads_of_one_process_are_called_by_it),
		TEST(hostile_names_stay_names),
		TEST(a_quota_is_one_cause),
		TEST(blocks_have_one_cause_by_what_they_wait_for),
		TEST(timers_without_a_name_have_no_program_in_common),
		TEST(late_timers_of_one_cpu_are_one_cause),
		TEST(dwells_have_a_culprit_if_they_waited),
	};

	return cmocka_run_group_tests_name("incident", tests, NULL, NULL);
}
