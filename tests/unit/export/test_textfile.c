// SPDX-License-Identifier: GPL-2.0-only
/* Tests of the text file: whole or not there, errors told once, nothing left behind. */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/directory_lock.h"
#include "export/textfile.h"

/* A directory made anew for each test; where stderr went meanwhile. */
static char directory[64];
static int saved_stderr;
static FILE *captured;

static const char *below(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static void remove_all(void)
{
	DIR *stream = opendir(directory);
	struct dirent *entry;

	if (!stream)
		return;
	while ((entry = readdir(stream)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			assert_int_equal(remove(below(entry->d_name)), 0);
	closedir(stream);
	assert_int_equal(rmdir(directory), 0);
}

static int set_up(void **state)
{
	(void)state;
	strcpy(directory, "/tmp/dwell-test-XXXXXX");
	captured = tmpfile();
	saved_stderr = dup(STDERR_FILENO);
	return mkdtemp(directory) && captured && saved_stderr >= 0 &&
			       dup2(fileno(captured), STDERR_FILENO) == STDERR_FILENO ?
		       0 :
		       -1;
}

static int tear_down(void **state)
{
	(void)state;
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	remove_all();
	return fclose(captured);
}

/* How many lines were written to stderr since the last call. */
static size_t messages(void)
{
	char text[4096];
	ssize_t length;
	size_t lines = 0;

	lseek(STDERR_FILENO, 0, SEEK_SET);
	length = read(STDERR_FILENO, text, sizeof(text));
	assert_true(length >= 0);
	for (ssize_t i = 0; i < length; i++)
		lines += text[i] == '\n';
	assert_int_equal(ftruncate(STDERR_FILENO, 0), 0);
	lseek(STDERR_FILENO, 0, SEEK_SET);
	return lines;
}

static const char *content(void)
{
	static char text[256];
	FILE *in = fopen(below(TEXTFILE_NAME), "r");
	size_t length;

	if (!in)
		return NULL;
	length = fread(text, 1, sizeof(text) - 1, in);
	text[length] = '\0';
	fclose(in);
	return text;
}

/* Besides the lock. */
static size_t files(void)
{
	DIR *stream = opendir(directory);
	struct dirent *entry;
	size_t count = 0;

	assert_non_null(stream);
	while ((entry = readdir(stream)))
		count += strcmp(entry->d_name, DIRECTORY_LOCK_NAME) != 0;
	closedir(stream);
	return count - 2;
}

static void make_file(const char *name)
{
	FILE *out = fopen(below(name), "w");

	assert_non_null(out);
	fputs("left\n", out);
	fclose(out);
}

static int write_text(FILE *out, void *context)
{
	return fputs(context, out) == EOF ? -errno : 0;
}

/* Writes a part, and fails with the error at @context. */
static int write_part(FILE *out, void *context)
{
	fputs("part", out);
	return *(int *)context;
}

static struct textfile open_here(void)
{
	struct textfile file;

	assert_int_equal(textfile_open(&file, directory), 0);
	return file;
}

/* ---- writing ----------------------------------------------------------------- */

static void a_file_is_replaced_as_a_whole(void **state)
{
	struct textfile file = open_here();
	mode_t mask = umask(0077);
	struct stat info;

	(void)state;
	assert_int_equal(files(), 0);
	assert_int_equal(textfile_write(&file, write_text, "one\n"), 0);
	assert_string_equal(content(), "one\n");
	/* Whoever writes it and whatever the umask: another user reads it. */
	assert_int_equal(stat(below(TEXTFILE_NAME), &info), 0);
	assert_int_equal(info.st_mode & 07777, 0644);
	assert_int_equal(textfile_write(&file, write_text, "2\n"), 0);
	assert_string_equal(content(), "2\n");
	assert_int_equal(files(), 1);
	assert_int_equal(file.writes, 2);
	assert_int_equal(file.errors, 0);
	assert_int_equal(messages(), 0);
	umask(mask);
	textfile_close(&file);
}

/* Looks at the directory while the file is being written. */
static int write_and_look(FILE *out, void *context)
{
	DIR *stream = opendir(directory);
	struct dirent *entry;

	fputs(context, out);
	fflush(out);
	assert_string_equal(content(), "whole\n");
	assert_non_null(stream);
	while ((entry = readdir(stream))) {
		const char *end = strrchr(entry->d_name, '.') ?: "";

		/* No other name is one that the reader takes. */
		if (strcmp(entry->d_name, TEXTFILE_NAME) != 0)
			assert_string_not_equal(end, ".prom");
	}
	closedir(stream);
	return 0;
}

static void half_a_file_is_never_seen(void **state)
{
	struct textfile file = open_here();

	(void)state;
	assert_int_equal(textfile_write(&file, write_text, "whole\n"), 0);
	assert_int_equal(textfile_write(&file, write_and_look, "half"), 0);
	assert_string_equal(content(), "half");
	textfile_close(&file);
}

static void the_file_goes_when_dwell_goes(void **state)
{
	struct textfile file = open_here();

	(void)state;
	assert_int_equal(textfile_write(&file, write_text, "one\n"), 0);
	make_file("other.prom");
	assert_int_equal(textfile_remove(&file), 0);
	assert_int_equal(files(), 1);
	assert_int_equal(textfile_remove(&file), 0);
	textfile_close(&file);
}

/* ---- errors ------------------------------------------------------------------ */

static void an_error_keeps_the_old_file_and_is_told_once(void **state)
{
	int full = -ENOSPC, other = -EIO;
	struct textfile file = open_here();

	(void)state;
	assert_int_equal(textfile_write(&file, write_text, "old\n"), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(textfile_write(&file, write_part, &full), -ENOSPC);
		assert_string_equal(content(), "old\n");
		assert_int_equal(files(), 1);
	}
	assert_int_equal(messages(), 1);
	assert_int_equal(textfile_write(&file, write_part, &other), -EIO);
	assert_int_equal(textfile_write(&file, write_part, &other), -EIO);
	assert_int_equal(messages(), 1);
	assert_int_equal(file.errors, 5);
	/* Over: that is told too. */
	assert_int_equal(textfile_write(&file, write_text, "new\n"), 0);
	assert_int_equal(messages(), 1);
	assert_string_equal(content(), "new\n");
	assert_int_equal(textfile_write(&file, write_text, "new\n"), 0);
	assert_int_equal(messages(), 0);
	assert_int_equal(textfile_write(&file, write_part, &full), -ENOSPC);
	assert_int_equal(messages(), 1);
	assert_int_equal(file.writes, 3);
	assert_int_equal(file.errors, 6);
	textfile_close(&file);
}

static int write_much(FILE *out, void *context)
{
	for (int i = 0; i < 10000; i++)
		if (fputs(context, out) == EOF)
			return 0; /* says nothing: the stream knows */
	return 0;
}

/* The system's own error: a file must not grow beyond a limit, as on a full disk. */
static void what_the_stream_could_not_write_is_an_error(void **state)
{
	struct textfile file = open_here();
	struct rlimit before, limit;

	(void)state;
	assert_int_equal(textfile_write(&file, write_text, "old\n"), 0);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 10000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(textfile_write(&file, write_much, "many\n"), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_string_equal(content(), "old\n");
	assert_int_equal(files(), 1);
	assert_int_equal(textfile_write(&file, write_much, "many\n"), 0);
	signal(SIGXFSZ, SIG_DFL);
	textfile_close(&file);
}

static void a_directory_may_go_and_come_back(void **state)
{
	struct textfile file = open_here();

	(void)state;
	assert_int_equal(textfile_write(&file, write_text, "one\n"), 0);
	remove_all();
	assert_int_equal(textfile_write(&file, write_text, "two\n"), -ENOENT);
	assert_int_equal(textfile_write(&file, write_text, "two\n"), -ENOENT);
	assert_int_equal(messages(), 1);
	assert_int_equal(textfile_remove(&file), 0);
	assert_int_equal(mkdir(directory, 0700), 0);
	assert_int_equal(textfile_write(&file, write_text, "three\n"), 0);
	assert_int_equal(messages(), 1);
	assert_string_equal(content(), "three\n");
	assert_int_equal(file.errors, 2);
	textfile_close(&file);
}

/* ---- what others left -------------------------------------------------------- */

static pid_t dead_pid(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return pid;
}

static void make_temporary_of(long pid)
{
	char name[64];

	snprintf(name, sizeof(name), "." TEXTFILE_NAME ".%ld", pid);
	make_file(name);
}

static void what_the_dead_left_is_removed(void **state)
{
	struct textfile file;

	(void)state;
	make_temporary_of(dead_pid());
	make_temporary_of(getpid()); /* an earlier process's, whose id is ours now */
	file = open_here();
	assert_int_equal(files(), 0);
	textfile_close(&file);
}

static void what_the_living_and_others_have_stays(void **state)
{
	static const char *const names[] = {
		TEXTFILE_NAME,
		"other.prom",
		"." TEXTFILE_NAME ".",
		"." TEXTFILE_NAME ".x",
		"." TEXTFILE_NAME ".1x",
		"." TEXTFILE_NAME ".1.",
		"." TEXTFILE_NAME ".1.x",
		"." TEXTFILE_NAME ".0",
		"." TEXTFILE_NAME ".99999999999999999999",
	};
	struct textfile file;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		make_file(names[i]);
	make_temporary_of(getppid());
	file = open_here();
	assert_int_equal(files(), sizeof(names) / sizeof(names[0]) + 1);
	assert_string_equal(content(), "left\n");
	textfile_close(&file);
}

/* What somebody gave a name of ours to is not ours: it neither stops us nor goes. */
static void what_has_our_name_is_left_alone(void **state)
{
	struct textfile file;
	char target[128];
	struct stat info;

	(void)state;
	strcpy(target, below("target"));
	make_file("target");
	snprintf(target, sizeof(target), "." TEXTFILE_NAME ".%d", getpid());
	assert_int_equal(mkdir(below(target), 0755), 0);
	snprintf(target, sizeof(target), "." TEXTFILE_NAME ".%d.1", getpid());
	assert_int_equal(symlink("target", below(target)), 0);
	file = open_here();
	for (int i = 0; i < 3; i++) {
		assert_int_equal(textfile_write(&file, write_text, "one\n"), 0);
		assert_string_equal(content(), "one\n");
	}
	assert_int_equal(files(), 4);
	assert_int_equal(lstat(below(target), &info), 0);
	assert_true(S_ISLNK(info.st_mode));
	assert_int_equal(stat(below("target"), &info), 0);
	assert_int_equal(info.st_size, 5);
	assert_int_equal(messages(), 0);
	textfile_close(&file);
}

/* 0 if all went well in a directory that is everything there is: without /proc. */
static int write_without_proc(void)
{
	struct textfile file;
	bool done;

	if (chroot(directory) || chdir("/") || mkdir("/d", 0755) || textfile_open(&file, "/d"))
		return 1;
	done = !textfile_write(&file, write_text, "one\n") &&
	       !textfile_write(&file, write_text, "two\n");
	textfile_close(&file);
	return !done;
}

static void a_file_needs_no_proc(void **state)
{
	char text[16] = "";
	int status;
	pid_t pid;
	FILE *in;

	(void)state;
	if (geteuid())
		skip();
	pid = fork();
	if (!pid)
		_exit(write_without_proc());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	in = fopen(below("d/" TEXTFILE_NAME), "r");
	assert_non_null(in);
	assert_non_null(fgets(text, sizeof(text), in));
	fclose(in);
	assert_string_equal(text, "two\n");
	assert_int_equal(unlink(below("d/" TEXTFILE_NAME)), 0);
	assert_int_equal(rmdir(below("d")), 0); /* nothing else was left in it */
}

/* ---- two of them --------------------------------------------------------------- */

static void a_directory_is_one_process_alone(void **state)
{
	struct textfile file = open_here(), other;

	(void)state;
	assert_int_equal(textfile_write(&file, write_text, "first\n"), 0);
	assert_int_equal(textfile_open(&other, directory), -EBUSY);
	assert_int_equal(messages(), 2); /* what it is, and what to do */
	assert_string_equal(content(), "first\n");
	textfile_remove(&file);
	textfile_close(&file);
	/* It is free again, and nothing is left. */
	assert_int_equal(access(below(DIRECTORY_LOCK_NAME), F_OK), -1);
	file = open_here();
	textfile_close(&file);
	assert_int_equal(access(below(DIRECTORY_LOCK_NAME), F_OK), -1);
	assert_int_equal(messages(), 0);
}

static void a_killed_one_leaves_no_lock(void **state)
{
	struct textfile file;
	int ready[2];
	pid_t pid;
	char byte;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		if (textfile_open(&file, directory) || write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(textfile_open(&file, directory), -EBUSY);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	file = open_here();
	assert_int_equal(textfile_write(&file, write_text, "mine\n"), 0);
	textfile_close(&file);
	close(ready[0]);
	close(ready[1]);
}

/* Made again, the directory belongs to whoever comes first. */
static void a_directory_that_came_back_may_be_another_one_s(void **state)
{
	struct textfile file = open_here(), other;

	(void)state;
	remove_all();
	assert_int_equal(mkdir(directory, 0700), 0);
	other = open_here();
	assert_int_equal(textfile_write(&other, write_text, "other\n"), 0);
	assert_int_equal(textfile_write(&file, write_text, "ours\n"), -EBUSY);
	assert_int_equal(textfile_remove(&file), -EBUSY);
	assert_string_equal(content(), "other\n");
	textfile_remove(&other);
	textfile_close(&other);
	assert_int_equal(textfile_write(&file, write_text, "ours\n"), 0);
	assert_string_equal(content(), "ours\n");
	textfile_close(&file);
}

/* What stands in the lock's place is nobody's lock: it is said, and dwell goes on. */
static void a_directory_may_not_be_lockable(void **state)
{
	struct textfile file;

	(void)state;
	assert_int_equal(mkdir(below(DIRECTORY_LOCK_NAME), 0700), 0);
	file = open_here();
	assert_int_equal(messages(), 1);
	assert_int_equal(textfile_write(&file, write_text, "one\n"), 0);
	assert_int_equal(messages(), 0);
	textfile_close(&file);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_is_replaced_as_a_whole),
		TEST(half_a_file_is_never_seen),
		TEST(the_file_goes_when_dwell_goes),
		TEST(an_error_keeps_the_old_file_and_is_told_once),
		TEST(what_the_stream_could_not_write_is_an_error),
		TEST(a_directory_may_go_and_come_back),
		TEST(what_the_dead_left_is_removed),
		TEST(what_the_living_and_others_have_stays),
		TEST(what_has_our_name_is_left_alone),
		TEST(a_file_needs_no_proc),
		TEST(a_directory_is_one_process_alone),
		TEST(a_killed_one_leaves_no_lock),
		TEST(a_directory_that_came_back_may_be_another_one_s),
		TEST(a_directory_may_not_be_lockable),
	};

	return cmocka_run_group_tests_name("textfile", tests, NULL, NULL);
}
