/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of task_names.c: names of tasks that live, that have exited, and that nobody knows. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "host/task_names.h"

static char root[64], comm_path[128];

/* Makes a /proc in which task 7 of process 5 has the name @length bytes at @comm. */
static void make_proc(const char *comm, size_t length)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/5", root);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/5/task", root);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/5/task/7", root);
	mkdir(path, 0755);
	snprintf(comm_path, sizeof(comm_path), "%s/5/task/7/comm", root);
	file = fopen(comm_path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(comm, 1, length, file), length);
	fclose(file);
}

static int set_up(void **state)
{
	strcpy(root, "/tmp/dwell-test-XXXXXX");
	if (!mkdtemp(root))
		return -1;
	*state = task_names_new(root);
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[128];

	task_names_free(*state);
	snprintf(command, sizeof(command), "rm -r %s", root);
	return system(command);
}

static void a_living_task_is_asked(void **state)
{
	struct task_names *names = *state;

	make_proc("ticker\n", 7);
	assert_string_equal(task_names_comm(names, 5, 7), "ticker");
	make_proc("other\n", 6);
	assert_string_equal(task_names_comm(names, 5, 7), "other");
	/* Its name is its own, though an earlier task of that number had another. */
	task_names_remember(names, 7, "earlier");
	assert_string_equal(task_names_comm(names, 5, 7), "other");
	/* The number is in use by another process. */
	assert_string_equal(task_names_comm(names, 6, 7), "earlier");
}

static void names_are_any_bytes(void **state)
{
	struct task_names *names = *state;

	make_proc("a\nb\n", 4);
	assert_string_equal(task_names_comm(names, 5, 7), "a\nb");
	make_proc("\n", 1);
	assert_string_equal(task_names_comm(names, 5, 7), "");
	make_proc("123456789012345\n", 16);
	assert_string_equal(task_names_comm(names, 5, 7), "123456789012345");
	make_proc("12345678901234567890\n", 21);
	assert_int_equal(strlen(task_names_comm(names, 5, 7)), 15);
	make_proc("", 0);
	assert_null(task_names_comm(names, 5, 7));
}

static void an_exited_task_is_remembered(void **state)
{
	struct task_names *names = *state;
	char unterminated[16];

	assert_null(task_names_comm(names, 5, 7));
	task_names_remember(names, 7, "gone");
	task_names_remember(names, 8, "gone too");
	assert_string_equal(task_names_comm(names, 5, 7), "gone");
	task_names_remember(names, 7, "again");
	assert_string_equal(task_names_comm(names, 5, 7), "again");
	memset(unterminated, 'x', sizeof(unterminated));
	task_names_remember(names, 9, unterminated);
	assert_string_equal(task_names_comm(names, 5, 9), "xxxxxxxxxxxxxxx");
	assert_null(task_names_comm(names, 5, 10));
}

static void the_oldest_is_forgotten_first(void **state)
{
	struct task_names *names = *state;

	for (uint32_t tid = 1; tid <= TASK_NAMES_KEPT + 2; tid++)
		task_names_remember(names, tid, "x");
	assert_null(task_names_comm(names, 1, 1));
	assert_null(task_names_comm(names, 2, 2));
	assert_non_null(task_names_comm(names, 3, 3));
	/* Remembered again it is the youngest. */
	task_names_remember(names, 3, "y");
	task_names_remember(names, TASK_NAMES_KEPT + 3, "x");
	assert_string_equal(task_names_comm(names, 3, 3), "y");
	assert_null(task_names_comm(names, 4, 4));
}

/* Whose /proc it is tells the link to oneself. */
static void another_namespaces_numbers_are_not_taken(void **state)
{
	char path[80], number[16];
	struct task_names *none;

	(void)state;
	make_proc("ticker\n", 7);
	assert_int_equal(task_names_refuse_proc("/proc"), 0);
	assert_int_equal(task_names_refuse_proc(root), ENOENT);
	snprintf(path, sizeof(path), "%s/self", root);
	snprintf(number, sizeof(number), "%d", getpid() + 1);
	assert_int_equal(symlink(number, path), 0);
	assert_int_equal(task_names_refuse_proc(root), ESRCH);

	none = task_names_new(NULL);
	assert_non_null(none);
	task_names_remember(none, 9, "gone");
	assert_null(task_names_comm(none, (uint32_t)getpid(), (uint32_t)getpid()));
	assert_string_equal(task_names_comm(none, 5, 9), "gone");
	task_names_free(none);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_living_task_is_asked),
		TEST(names_are_any_bytes),
		TEST(an_exited_task_is_remembered),
		TEST(the_oldest_is_forgotten_first),
		TEST(another_namespaces_numbers_are_not_taken),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
