/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of user_symbols.c: functions of this very program, and of none; with a helper, and without. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "host/user_symbols.h"

static struct file_helper *helper;
static struct user_symbols *symbols;

static int set_up(void **state)
{
	(void)state;
	if (file_helper_start(&helper))
		return -1;
	symbols = user_symbols_new(helper);
	return symbols ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	user_symbols_free(symbols);
	file_helper_stop(helper);
	return 0;
}

static int name_of(pid_t pid, uint64_t address, char *name, size_t size)
{
	return user_symbols_name(symbols, (uint32_t)pid, address, name, size);
}

/* All that had no name, for whatever reason. */
static uint64_t unnamed(void)
{
	const uint64_t *counts = user_symbols_unnamed(symbols);
	uint64_t sum = 0;

	for (int i = 0; i < FILE_OUTCOMES; i++)
		sum += counts[i];
	return sum;
}

static void own_functions_have_names(void **state)
{
	uint64_t address = (uintptr_t)own_functions_have_names;
	char name[128];

	(void)state;
	for (unsigned int offset = 0; offset < 8; offset++) {
		assert_int_equal(name_of(getpid(), address + offset, name, sizeof(name)), 0);
		assert_string_equal(name, "own_functions_have_names [test_user_symbols]");
	}
	assert_int_equal(name_of(getpid(), address, name, 4), 0);
	assert_string_equal(name, "own");
	assert_int_equal(unnamed(), 0);
}

static void nothing_is_mapped_at_zero(void **state)
{
	char name[128] = "untouched";

	(void)state;
	assert_int_equal(name_of(getpid(), 0, name, sizeof(name)), -ENOENT);
	assert_string_equal(name, "");
	assert_int_equal(user_symbols_unnamed(symbols)[FILE_UNMAPPED], 1);
	assert_int_equal(name_of(getpid(), 0, name, sizeof(name)), -ENOENT);
	assert_int_equal(user_symbols_unnamed(symbols)[FILE_UNMAPPED], 1); /* known by now */
	assert_int_equal(name_of(0, 1, name, sizeof(name)), -ENOENT);
	assert_int_equal(unnamed(), 1);
}

/* Code without a file was made by the program; memory that does not run is no code. */
static void memory_has_no_functions(void **state)
{
	char *data = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char name[128];

	(void)state;
	assert_true(data != MAP_FAILED);
	assert_int_equal(name_of(getpid(), (uintptr_t)data, name, sizeof(name)), -ENOENT);
	assert_int_equal(user_symbols_unnamed(symbols)[FILE_UNMAPPED], 1);
	if (code != MAP_FAILED) {
		assert_int_equal(name_of(getpid(), (uintptr_t)code + 16, name, sizeof(name)), 0);
		assert_string_equal(name, "[jit]+0x10");
		munmap(code, 4096);
	}
	munmap(data, 4096);
}

/* No file's name passes for the kernel's own code. */
static void a_file_may_be_called_like_a_region(void **state)
{
	char directory[] = "/tmp/dwell-test-XXXXXX", path[64], name[128];
	void *memory;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/[vdso]", directory);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0700);
	assert_int_equal(write(fd, "no program", 10), 10);
	memory = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	close(fd);
	if (memory != MAP_FAILED) {
		assert_int_equal(name_of(getpid(), (uintptr_t)memory, name, sizeof(name)), 0);
		assert_string_equal(name, "[[vdso]]");
		munmap(memory, 4096);
	}
	remove(path);
	remove(directory);
}

static void a_process_may_be_gone(void **state)
{
	const pid_t child = fork();
	char name[128];

	(void)state;
	if (!child)
		_exit(0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(name_of(child, (uintptr_t)own_functions_have_names, name, sizeof(name)),
			 -ENOENT);
	assert_string_equal(name, "");
	assert_int_equal(user_symbols_unnamed(symbols)[FILE_EXITED], 1);
}

/* It has no memory any more, though it is there. */
static void a_process_may_be_about_to_go(void **state)
{
	const pid_t child = fork();
	char name[128];

	(void)state;
	if (!child)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)child, &(siginfo_t){0}, WEXITED | WNOWAIT), 0);
	assert_int_equal(name_of(child, (uintptr_t)own_functions_have_names, name, sizeof(name)),
			 -ENOENT);
	assert_int_equal(user_symbols_unnamed(symbols)[FILE_EXITED], 1);
	waitpid(child, NULL, 0);
}

/* More processes than are kept: each is found all the same, and none is mistaken for another. */
static void many_processes_are_told_apart(void **state)
{
	pid_t child[40];
	const size_t count = sizeof(child) / sizeof(child[0]);
	/* Code at one address, which every second child has no longer. */
	void *code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char name[128], byte;
	int hold[2], ready[2];

	(void)state;
	if (code == MAP_FAILED)
		skip();
	assert_int_equal(pipe(hold), 0);
	assert_int_equal(pipe(ready), 0);
	for (size_t i = 0; i < count; i++) {
		child[i] = fork();
		if (child[i])
			continue;
		close(hold[1]);
		if (i % 2)
			munmap(code, 4096);
		close(ready[1]);
		_exit(read(hold[0], &byte, 1) != 0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 0); /* all are so far */
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < count; i++) {
			assert_int_equal(name_of(child[i], (uintptr_t)code, name, sizeof(name)),
					 i % 2 ? -ENOENT : 0);
			assert_string_equal(name, i % 2 ? "" : "[jit]+0x0");
		}
	close(ready[0]);
	close(hold[1]);
	close(hold[0]);
	munmap(code, 4096);
	for (size_t i = 0; i < count; i++)
		waitpid(child[i], NULL, 0);
}

static void signal_helper(int signal)
{
	for (uint32_t pid = 1; pid < 1 << 22; pid++)
		if (file_helper_is(helper, pid))
			kill((pid_t)pid, signal);
}

/* Names @address of this process while the helper stands still for longer than it should. */
static int slow_name_of(uint64_t address, char *name, size_t size)
{
	int err;
	pid_t waker;

	signal_helper(SIGSTOP);
	waker = fork();
	if (!waker) {
		usleep(FILE_HELPER_ANSWER_MS * 1000 / 3);
		signal_helper(SIGCONT);
		_exit(0);
	}
	err = name_of(getpid(), address, name, size);
	assert_int_equal(waitpid(waker, NULL, 0), waker);
	return err;
}

/* One large file is no reason; more of them would leave no time for others. */
static void whoever_is_always_slow_is_not_asked_about(void **state)
{
	const uint64_t address = (uintptr_t)own_functions_have_names;
	char name[128], byte;
	int hold[2];
	pid_t other;

	(void)state;
	assert_int_equal(pipe(hold), 0);
	other = fork();
	if (!other) {
		close(hold[1]);
		_exit(read(hold[0], &byte, 1) != 0);
	}
	assert_int_equal(slow_name_of(address, name, sizeof(name)), 0);
	assert_int_equal(name_of(getpid(), address + 1, name, sizeof(name)), 0);
	assert_int_equal(slow_name_of(address + 2, name, sizeof(name)), 0);
	assert_int_equal(name_of(getpid(), address + 3, name, sizeof(name)), -ENOENT);
	assert_int_equal(user_symbols_unnamed(symbols)[FILE_TOO_SLOW], 1);
	assert_int_equal(name_of(other, address, name, sizeof(name)), 0);
	close(hold[1]);
	close(hold[0]);
	waitpid(other, NULL, 0);
}

static void without_a_helper_nothing_has_a_name(void **state)
{
	struct user_symbols *alone = user_symbols_new(NULL);
	char name[128] = "untouched";

	(void)state;
	assert_int_equal(user_symbols_name(alone, (uint32_t)getpid(),
					   (uintptr_t)without_a_helper_nothing_has_a_name, name,
					   sizeof(name)),
			 -ENOENT);
	assert_string_equal(name, "");
	assert_int_equal(user_symbols_unnamed(alone)[FILE_HELPER], 1);
	user_symbols_free(alone);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(own_functions_have_names),
		TEST(nothing_is_mapped_at_zero),
		TEST(memory_has_no_functions),
		TEST(a_file_may_be_called_like_a_region),
		TEST(a_process_may_be_gone),
		TEST(a_process_may_be_about_to_go),
		TEST(many_processes_are_told_apart),
		TEST(whoever_is_always_slow_is_not_asked_about),
		cmocka_unit_test(without_a_helper_nothing_has_a_name),
	};

	user_symbols_free(NULL);
	return cmocka_run_group_tests_name("user_symbols", tests, NULL, NULL);
}
