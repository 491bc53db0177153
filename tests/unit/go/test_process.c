// SPDX-License-Identifier: GPL-2.0-only
/* Tests of process.c, settings.c and snapshot.c: who is refused, and which timers GODEBUG chose. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "go/process.h"
#include "go/settings.h"

/* ---- refusals -------------------------------------------------------------------- */

static void every_refusal_has_a_name_and_a_text(void **state)
{
	(void)state;
	for (int i = 0; i < GO_REFUSALS; i++) {
		assert_true(strlen(go_refusal_name(i)) > 2);
		assert_true(strlen(go_refusal_text(i)) > 10);
	}
	assert_string_equal(go_refusal_name(GO_REFUSED_LAYOUT), "layout");
	assert_string_equal(go_refusal_name(GO_REFUSED_MACHINE), "machine");
}

static void a_program_in_c_is_not_go(void **state)
{
	struct go_process *process = (void *)state;

	(void)state;
	assert_int_equal(go_process_open((uint32_t)getpid(), &process), GO_REFUSED_NOT_GO);
	assert_null(process);
	go_process_close(NULL);
}

static void a_process_that_is_gone_is_told_as_such(void **state)
{
	struct go_process *process;
	pid_t child = fork();

	(void)state;
	if (!child)
		_exit(0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(go_process_open((uint32_t)child, &process), GO_REFUSED_EXITED);
	assert_null(process);
}

static void a_zombie_has_no_memory(void **state)
{
	struct go_process *process;
	siginfo_t info;
	pid_t child = fork();

	(void)state;
	if (!child)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(go_process_open((uint32_t)child, &process), GO_REFUSED_EXITED);
	waitpid(child, NULL, 0);
}

static void clearing_a_snapshot_makes_it_empty(void **state)
{
	static const struct go_snapshot empty;
	struct go_snapshot snapshot = {
		.ps = 3,
		.timer = calloc(1, sizeof(struct go_timer)),
		.timers = 1,
		.stack = calloc(1, sizeof(struct go_stack)),
		.stacks = 1,
		.complete = true,
	};

	(void)state;
	go_snapshot_clear(&snapshot);
	assert_memory_equal(&snapshot, &empty, sizeof(empty));
	go_snapshot_clear(&snapshot);
}

/* ---- settings -------------------------------------------------------------------- */

static void check_setting(const char *settings, const char *expected)
{
	char value[8] = "?";

	assert_int_equal(go_settings_find(settings, "key", value, sizeof(value)), expected != NULL);
	assert_string_equal(value, expected ? expected : "?");
}

static void the_last_value_of_a_setting_counts(void **state)
{
	(void)state;
	check_setting("", NULL);
	check_setting("key", NULL);
	check_setting("monkey=1", NULL);
	check_setting("key2=1", NULL);
	check_setting(",,,", NULL);
	check_setting("key=1", "1");
	check_setting("key=", "");
	check_setting("a=1,key=2,b=3", "2");
	check_setting("key=1,a=1,key=0", "0");
	check_setting("key=1,monkey=2,key", "1");
	check_setting("key=123456789", "1234567");
}

/* A process with these variables, the first of which is A=1, until it is killed. */
static pid_t spawn(char *const environment[])
{
	char *const arguments[] = {"sleep", "60", NULL};
	char path[64], first[64] = "";
	pid_t child = fork();

	assert_true(child >= 0);
	if (!child) {
		execve("/bin/sleep", arguments, environment);
		_exit(1);
	}
	/*
	 * The kernel tells of the environment last, when the new program has its name and its memory
	 * already.
	 */
	snprintf(path, sizeof(path), "/proc/%d/environ", (int)child);
	do {
		FILE *file = fopen(path, "re");

		assert_int_equal(waitpid(child, NULL, WNOHANG), 0);
		assert_non_null(file);
		if (!fgets(first, sizeof(first), file))
			*first = '\0';
		fclose(file);
	} while (strcmp(first, "A=1") != 0);
	return child;
}

struct case_of_semantics {
	const char *version, *build, *environment;
	enum go_semantics semantics;
	const char *why;
};

static void check_semantics(const struct case_of_semantics *test)
{
	char variable[128] = "GODEBUG=";
	char *const environment[] = {"A=1", test->environment ? variable : "B=1",
				     "GODEBUG=asynctimerchan=7", NULL};
	char *const without[] = {"A=1", NULL};
	struct go_image image = {0};
	struct go_layout layout;
	char why[96];
	pid_t pid;

	if (test->environment)
		strcat(variable, test->environment);
	strcpy(image.godebug, test->build);
	assert_int_equal(go_layout_of(test->version, &layout), 0);
	pid = spawn(test->environment ? environment : without);
	assert_int_equal(go_settings_semantics((uint32_t)pid, &layout, &image, why, sizeof(why)),
			 test->semantics);
	assert_string_equal(why, test->why);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void godebug_chooses_the_timers_of_1_23_to_1_26(void **state)
{
	static const struct case_of_semantics cases[] = {
		{"go1.22.1", "asynctimerchan=0", NULL, GO_SEMANTICS_OLD, "Go 1.22"},
		{"go1.23.1", "", NULL, GO_SEMANTICS_SYNC, "Go 1.23"},
		{"go1.24.4", "a=1,asynctimerchan=1", NULL, GO_SEMANTICS_ASYNC,
		 "asynctimerchan=1 in the build info"},
		{"go1.26", "", "x=2,asynctimerchan=1", GO_SEMANTICS_ASYNC,
		 "asynctimerchan=1 in the environment"},
		{"go1.25", "asynctimerchan=1", "asynctimerchan=0", GO_SEMANTICS_SYNC,
		 "asynctimerchan=0 in the environment"},
		{"go1.25", "asynctimerchan=1", "x=1", GO_SEMANTICS_ASYNC,
		 "asynctimerchan=1 in the build info"},
		{"go1.23", "", "asynctimerchan=2", GO_SEMANTICS_SYNC,
		 "asynctimerchan=2 in the environment"},
		{"go1.27", "asynctimerchan=1", "asynctimerchan=1", GO_SEMANTICS_SYNC, "Go 1.27"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_semantics(&cases[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_refusal_has_a_name_and_a_text),
		cmocka_unit_test(a_program_in_c_is_not_go),
		cmocka_unit_test(a_process_that_is_gone_is_told_as_such),
		cmocka_unit_test(a_zombie_has_no_memory),
		cmocka_unit_test(clearing_a_snapshot_makes_it_empty),
		cmocka_unit_test(the_last_value_of_a_setting_counts),
		cmocka_unit_test(godebug_chooses_the_timers_of_1_23_to_1_26),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
