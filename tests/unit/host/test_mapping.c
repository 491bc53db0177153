// SPDX-License-Identifier: GPL-2.0-only
/* Tests of mapping.c and mapped_file.c: lines of /proc/PID/maps, and the very files behind them. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/mapped_file.h"
#include "host/mapping.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* ---- lines ----------------------------------------------------------------------- */

static void lines_are_read(void **state)
{
	static struct mapping mapping;
	char name[32];

	(void)state;
	assert_int_equal(mapping_parse("55d4c8a00000-55d4c8b00000 r-xp 0001e000 fe:01 1234567890123"
				       "              /usr/bin/a b\n",
				       &mapping),
			 0);
	assert_int_equal(mapping.start, 0x55d4c8a00000);
	assert_int_equal(mapping.end, 0x55d4c8b00000);
	assert_int_equal(mapping.offset, 0x1e000);
	assert_int_equal(mapping.major, 0xfe);
	assert_int_equal(mapping.minor, 1);
	assert_int_equal(mapping.inode, 1234567890123);
	assert_true(mapping.executable);
	assert_false(mapping.writable);
	assert_string_equal(mapping.name, "/usr/bin/a b");

	assert_int_equal(mapping_parse("7fff0000-7fff2000 r--p 00000000 00:00 0  [vdso]", &mapping),
			 0);
	assert_false(mapping.executable);
	assert_int_equal(mapping.inode, 0);
	assert_string_equal(mapping.name, "[vdso]");
	assert_int_equal(mapping_parse("7fff0000-7fff2000 rwxp 00000000 00:00 0 \n", &mapping), 0);
	assert_string_equal(mapping.name, "");
	assert_true(mapping.writable);

	assert_int_equal(mapping_parse("1000-2000 r-xp 0 0:1 5 /x/prog\\012 (deleted)\n", &mapping),
			 0);
	mapping_file_name(&mapping, name, sizeof(name));
	assert_string_equal(name, "prog\\012");
	mapping_file_name(&mapping, name, 4);
	assert_string_equal(name, "pro");
	assert_int_equal(mapping_parse("1000-2000 r-xp 0 0:1 5  (deleted)\n", &mapping), 0);
	mapping_file_name(&mapping, name, sizeof(name));
}

static void other_lines_are_none(void **state)
{
	static const char *const lines[] = {
		"",
		"\n",
		"1000",
		"1000-2000",
		"1000-2000 r-xp 0 0:1",
		"2000-1000 r-xp 0 0:1 5 /x",
		"1000-1000 r-xp 0 0:1 5 /x",
		"x-y r-xp 0 0:1 5 /x",
	};
	static struct mapping mapping;

	(void)state;
	for (size_t i = 0; i < LENGTH(lines); i++)
		assert_int_equal(mapping_parse(lines[i], &mapping), -EINVAL);
}

/* The longest name is as long as there may be, and none goes beyond its room. */
static void a_name_may_be_long(void **state)
{
	static char line[2 * MAPPING_NAME_LEN];
	static struct mapping mapping;
	int length = sprintf(line, "1000-2000 r-xp 0 0:1 5 /");

	(void)state;
	memset(line + length, 'x', sizeof(line) - (size_t)length - 1);
	assert_int_equal(mapping_parse(line, &mapping), 0);
	assert_int_equal(strlen(mapping.name), sizeof(mapping.name) - 1);
}

static void what_is_mapped_is_found(void **state)
{
	static struct mapping mapping;
	int local;

	(void)state;
	assert_int_equal(
		mapping_find((uint32_t)getpid(), (uintptr_t)what_is_mapped_is_found, &mapping), 0);
	assert_true(mapping.executable);
	assert_non_null(strstr(mapping.name, "/test_mapping"));
	assert_int_equal(mapping_find((uint32_t)getpid(), (uintptr_t)&local, &mapping), 0);
	assert_false(mapping.executable);
	assert_int_equal(mapping_find((uint32_t)getpid(), 1, &mapping), -ENOENT);
	assert_int_equal(mapping_find((uint32_t)getpid(), UINT64_MAX, &mapping), -ENOENT);
	assert_int_equal(mapping_find(INT32_MAX, 1, &mapping), -ESRCH);
}

/* ---- files ----------------------------------------------------------------------- */

/* A file in a directory of its own, mapped. */
struct mapped {
	char directory[32], path[64];
	void *memory;
	struct mapping mapping;
};

static void write_file(const char *path, const char *content)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), strlen(content));
	close(fd);
}

static int set_up(void **state)
{
	static struct mapped mapped;
	int fd;

	strcpy(mapped.directory, "/tmp/dwell-test-XXXXXX");
	if (!mkdtemp(mapped.directory))
		return -1;
	snprintf(mapped.path, sizeof(mapped.path), "%s/a\nb", mapped.directory);
	write_file(mapped.path, "mapped");
	fd = open(mapped.path, O_RDONLY | O_CLOEXEC);
	mapped.memory = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	*state = &mapped;
	return mapped.memory == MAP_FAILED ||
			       mapping_find((uint32_t)getpid(), (uintptr_t)mapped.memory,
					    &mapped.mapping) ?
		       -1 :
		       0;
}

static int tear_down(void **state)
{
	struct mapped *mapped = *state;

	munmap(mapped->memory, 4096);
	remove(mapped->path);
	return rmdir(mapped->directory);
}

/* What is in the file that is opened: its first bytes, or "" and the error. */
static const char *opened(const struct mapped *mapped, int *err)
{
	static char text[16];
	int fd = mapped_file_open((uint32_t)getpid(), &mapped->mapping);
	ssize_t got = 0;

	*err = fd < 0 ? fd : 0;
	if (fd >= 0) {
		got = read(fd, text, sizeof(text) - 1);
		assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
		close(fd);
	}
	text[got] = '\0';
	return text;
}

/* Makes a file of @make where the mapped one was: it is never that which is opened. */
static void expect_not_replaced(const struct mapped *mapped)
{
	int err;

	assert_string_not_equal(opened(mapped, &err), "other");
	/* Who may follow the link to the mapping itself gets the file; others are told. */
	if (err)
		assert_int_equal(err, -ESTALE);
	else
		assert_string_equal(opened(mapped, &err), "mapped");
	remove(mapped->path);
}

static void the_mapped_file_is_opened(void **state)
{
	int err;

	assert_string_equal(opened(*state, &err), "mapped");
}

static void another_file_of_that_name_is_not(void **state)
{
	const struct mapped *mapped = *state;

	remove(mapped->path);
	expect_not_replaced(mapped);
	write_file(mapped->path, "other");
	expect_not_replaced(mapped);
	assert_int_equal(mkfifo(mapped->path, 0600), 0); /* would block */
	expect_not_replaced(mapped);
	assert_int_equal(symlink("/dev/zero", mapped->path), 0);
	expect_not_replaced(mapped);
	assert_int_equal(mkdir(mapped->path, 0700), 0);
	expect_not_replaced(mapped);
}

/* Without the privilege that the link to a mapping takes. */
static void names_do_where_the_link_is_refused(void **state)
{
	const struct mapped *mapped = *state;
	cap_t none = cap_init();
	int status;
	pid_t pid = fork();

	assert_non_null(none);
	if (!pid) {
		int err = cap_set_proc(none) ? 1 : 0;

		if (err || strcmp(opened(mapped, &err), "mapped") != 0)
			_exit(2);
		remove(mapped->path);
		opened(mapped, &err);
		if (err != -ESTALE)
			_exit(3);
		write_file(mapped->path, "other");
		opened(mapped, &err);
		if (err != -ESTALE)
			_exit(4);
		remove(mapped->path);
		if (mkfifo(mapped->path, 0600))
			_exit(5);
		opened(mapped, &err);
		_exit(err != -ESTALE ? 6 : 0);
	}
	cap_free(none);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Its own program, by whatever way. */
static void own_mapping_of(void **state)
{
	static struct mapping mapping;
	struct stat program, found;
	int fd;

	(void)state;
	assert_int_equal(mapping_find((uint32_t)getpid(), (uintptr_t)own_mapping_of, &mapping), 0);
	fd = mapped_file_open((uint32_t)getpid(), &mapping);
	assert_true(fd >= 0);
	assert_int_equal(stat("/proc/self/exe", &program), 0);
	assert_int_equal(fstat(fd, &found), 0);
	assert_int_equal(program.st_ino, found.st_ino);
	close(fd);
}

static void a_device_is_no_file(void **state)
{
	void *memory;
	static struct mapping mapping;
	int fd = open("/dev/zero", O_RDWR | O_CLOEXEC);

	(void)state;
	memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	close(fd);
	if (fd < 0 || memory == MAP_FAILED)
		skip();
	assert_int_equal(mapping_find((uint32_t)getpid(), (uintptr_t)memory, &mapping), 0);
	fd = mapped_file_open((uint32_t)getpid(), &mapping);
	assert_true(fd == -ENOEXEC || fd == -ESTALE);
	munmap(memory, 4096);
}

/* A mapping of 4 KiB takes a huge page, which is not given back as 4 KiB. */
static void a_file_of_huge_pages_is_not_opened(void **state)
{
	const size_t size = 2 << 20;
	static struct mapping mapping;
	int fd = memfd_create("huge", MFD_CLOEXEC | MFD_HUGETLB);
	void *memory = MAP_FAILED;

	(void)state;
	if (fd >= 0 && !ftruncate(fd, (off_t)size))
		memory = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_NORESERVE, fd, 0);
	if (fd >= 0)
		close(fd);
	if (memory == MAP_FAILED)
		skip();
	assert_int_equal(mapping_find((uint32_t)getpid(), (uintptr_t)memory, &mapping), 0);
	fd = mapped_file_open((uint32_t)getpid(), &mapping);
	assert_true(fd == -ENOEXEC || fd == -ESTALE);
	munmap(memory, size);
}

/* It is there, though not in /proc: what a process sees that mounts nothing there. */
static void a_hidden_process_has_not_exited(void **state)
{
	static struct mapping mapping;
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	if (!pid) {
		if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		    mount("tmpfs", "/proc", "tmpfs", 0, NULL))
			_exit(100);
		if (mapping_find((uint32_t)getpid(), 1, &mapping) != -EACCES)
			_exit(1);
		_exit(mapping_find(INT32_MAX, 1, &mapping) == -ESRCH ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WEXITSTATUS(status) == 100)
		skip();
	assert_int_equal(status, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_read),
		cmocka_unit_test(other_lines_are_none),
		cmocka_unit_test(a_name_may_be_long),
		cmocka_unit_test(what_is_mapped_is_found),
		TEST(the_mapped_file_is_opened),
		TEST(another_file_of_that_name_is_not),
		TEST(names_do_where_the_link_is_refused),
		cmocka_unit_test(own_mapping_of),
		cmocka_unit_test(a_device_is_no_file),
		cmocka_unit_test(a_file_of_huge_pages_is_not_opened),
		cmocka_unit_test(a_hidden_process_has_not_exited),
	};

	return cmocka_run_group_tests_name("mapping", tests, NULL, NULL);
}
