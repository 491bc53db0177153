// SPDX-License-Identifier: GPL-2.0-only
/* Tests of sites.c: calls that timers pass, in code made by hand in this program's own memory. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "go/sites.h"

#define CODE 256	/* bytes of each function */
#define FUNCTIONS 16	/* made at most */
#define FILE_AT 0x41000 /* where in the file the code lies, by the mapping */

/* ---- a program made by hand -------------------------------------------------------- */

static struct {
	uint8_t code[FUNCTIONS][CODE];
	const char *name[FUNCTIONS];
	int err[FUNCTIONS]; /* of looking it up */
	size_t size[FUNCTIONS];
	size_t count;
	struct go_image image;
	struct go_layout layout;
	struct go_memory *memory;
	struct go_sites sites;
	char why[GO_SITES_WHY_LEN];
} program;

/* Stands in for the symbols: finds what the test has made. */
int go_symbols_find(struct go_symbols *symbols, const char *name, uint64_t *entry, uint64_t *size)
{
	(void)symbols;
	for (size_t i = 0; i < program.count; i++)
		if (!strcmp(program.name[i], name)) {
			*entry = (uintptr_t)program.code[i];
			*size = program.size[i];
			return program.err[i];
		}
	return -ENOENT;
}

/* Returns the index of the function @name, which is made if it is new. */
static size_t make(const char *name)
{
	for (size_t i = 0; i < program.count; i++)
		if (!strcmp(program.name[i], name))
			return i;
	assert_true(program.count < FUNCTIONS);
	memset(program.code[program.count], 0x90, CODE);
	program.name[program.count] = name;
	program.size[program.count] = CODE;
	return program.count++;
}

/* Writes a call from @code, which lies at @address, to @callee at offset @at. */
static void write_call(uint8_t *code, uint64_t address, size_t at, uint64_t callee)
{
	int32_t distance = (int32_t)(callee - (address + at + GO_CALL_BYTES));

	code[at] = 0xe8;
	memcpy(code + at + 1, &distance, sizeof(distance));
}

/* Has @function call @callee at offset @at. */
static void call(const char *function, size_t at, const char *callee)
{
	size_t from = make(function), to = make(callee);

	write_call(program.code[from], (uintptr_t)program.code[from], at,
		   (uintptr_t)program.code[to]);
}

static int find(void)
{
	return go_sites_find(program.memory, &program.image, &program.layout, NULL, &program.sites,
			     program.why);
}

static void expect_refusal(const char *text)
{
	assert_int_equal(find(), -ENOTSUP);
	if (!strstr(program.why, text))
		fail_msg("the reason is \"%s\" and does not say \"%s\"", program.why, text);
}

static void make_old(void)
{
	call("time.startTimer", 20, "runtime.addtimer");
	call("time.stopTimer", 20, "runtime.deltimer");
	call("time.resetTimer", 40, "runtime.modtimer");
	call("time.modTimer", 32, "runtime.modtimer");
	call("runtime.runtimer", 230, "runtime.runOneTimer");
}

static void make_new(void)
{
	program.layout.heaps = true;
	call("time.newTimer", 163, "runtime.(*timer).modify");
	call("time.stopTimer", 20, "runtime.(*timer).stop");
	call("time.resetTimer", 32, "runtime.(*timer).modify");
	call("runtime.(*timers).run", 235, "runtime.(*timer).unlockAndRun");
	call("runtime.(*timer).maybeRunChan.func1", 22, "runtime.(*timer).unlockAndRun");
}

static int set_up(void **state)
{
	(void)state;
	memset(&program, 0, sizeof(program));
	program.image.mappings = 1;
	program.image.mapping[0] = (struct go_mapping){
		.start = (uintptr_t)program.code,
		.end = (uintptr_t)program.code + sizeof(program.code),
		.offset = FILE_AT,
		.executable = true,
	};
	snprintf(program.image.arch, sizeof(program.image.arch), "amd64");
	program.layout.known = true;
	program.layout.timer_when = 8;
	return go_memory_open((uint32_t)getpid(), &program.memory);
}

static int tear_down(void **state)
{
	(void)state;
	go_memory_close(program.memory);
	return 0;
}

/* ---- bytes ------------------------------------------------------------------------- */

#define AT 0x401000ULL

static void code_without_a_call_has_none(void **state)
{
	uint8_t code[64];
	size_t at = 7;

	(void)state;
	memset(code, 0x90, sizeof(code));
	assert_int_equal(go_sites_calls(code, sizeof(code), AT, AT + 4096, &at), 0);
	/* An 0xe8 that leads elsewhere is none, and may be part of another instruction. */
	memset(code, 0xe8, sizeof(code));
	assert_int_equal(go_sites_calls(code, sizeof(code), AT, AT + 4096, &at), 0);
	assert_int_equal(at, 7);
	assert_int_equal(go_sites_calls(code, 0, AT, AT, &at), 0);
	assert_int_equal(go_sites_calls(code, GO_CALL_BYTES - 1, AT, AT, &at), 0);
}

static void a_call_is_found_wherever_it_is(void **state)
{
	static const uint64_t callees[] = {AT + 0x100000, AT - 0x100000,   AT,
					   AT + 32,	  AT + 0x7fff0000, AT - 0x300000};

	(void)state;
	for (size_t i = 0; i < sizeof(callees) / sizeof(callees[0]); i++)
		for (size_t where = 0; where + GO_CALL_BYTES <= 64; where++) {
			uint8_t code[64];
			size_t at = 0;

			memset(code, 0xcc, sizeof(code));
			write_call(code, AT, where, callees[i]);
			assert_int_equal(go_sites_calls(code, sizeof(code), AT, callees[i], &at),
					 1);
			assert_int_equal(at, where);
			assert_int_equal(
				go_sites_calls(code, sizeof(code), AT, callees[i] + 1, &at), 0);
			/* Its last byte is missing. */
			assert_int_equal(go_sites_calls(code, where + GO_CALL_BYTES - 1, AT,
							callees[i], &at),
					 0);
		}
}

static void each_call_is_counted(void **state)
{
	uint8_t code[64];
	size_t at = 0;

	(void)state;
	memset(code, 0x90, sizeof(code));
	write_call(code, AT, 3, AT + 4096);
	write_call(code, AT, 64 - GO_CALL_BYTES, AT + 4096);
	assert_int_equal(go_sites_calls(code, sizeof(code), AT, AT + 4096, &at), 2);
	assert_int_equal(at, 3);
}

static void addresses_may_be_any(void **state)
{
	uint8_t code[16];
	size_t at = 0;

	(void)state;
	memset(code, 0, sizeof(code));
	write_call(code, UINT64_MAX - 8, 2, 12);
	assert_int_equal(go_sites_calls(code, sizeof(code), UINT64_MAX - 8, 12, &at), 1);
	assert_int_equal(at, 2);
}

/* ---- programs ------------------------------------------------------------------------ */

static void check_call(size_t i, enum go_call_role role, const char *function, size_t at)
{
	const struct go_call *found = &program.sites.call[i];
	size_t index = make(function);

	assert_int_equal(found->role, role);
	assert_string_equal(found->function, function);
	assert_int_equal(found->address, (uintptr_t)program.code[index] + at);
	assert_int_equal(found->offset, FILE_AT + index * CODE + at);
	assert_memory_equal(found->code, program.code[index] + at, GO_CALL_BYTES);
}

static void timers_of_old_pass_five_calls(void **state)
{
	(void)state;
	make_old();
	assert_int_equal(find(), 0);
	assert_false(program.sites.heaps);
	assert_int_equal(program.sites.when, 8);
	assert_int_equal(program.sites.calls, 5);
	check_call(0, GO_CALL_CREATE, "time.startTimer", 20);
	check_call(1, GO_CALL_STOP, "time.stopTimer", 20);
	check_call(2, GO_CALL_RESET, "time.resetTimer", 40);
	check_call(3, GO_CALL_RESET, "time.modTimer", 32);
	check_call(4, GO_CALL_FIRE, "runtime.runtimer", 230);
}

static void timers_of_today_pass_others(void **state)
{
	(void)state;
	make_new();
	assert_int_equal(find(), 0);
	assert_true(program.sites.heaps);
	assert_int_equal(program.sites.calls, 5);
	check_call(0, GO_CALL_CREATE, "time.newTimer", 163);
	check_call(1, GO_CALL_STOP, "time.stopTimer", 20);
	check_call(2, GO_CALL_RESET, "time.resetTimer", 32);
	check_call(3, GO_CALL_FIRE, "runtime.(*timers).run", 235);
	check_call(4, GO_CALL_FIRE_UNAWAITED, "runtime.(*timer).maybeRunChan.func1", 22);
}

static void what_the_linker_left_out_is_not_missed(void **state)
{
	(void)state;
	call("time.startTimer", 20, "runtime.addtimer");
	call("runtime.runtimer", 230, "runtime.runOneTimer");
	assert_int_equal(find(), 0);
	assert_int_equal(program.sites.calls, 2);
	check_call(0, GO_CALL_CREATE, "time.startTimer", 20);
	check_call(1, GO_CALL_FIRE, "runtime.runtimer", 230);
}

static void a_program_that_creates_no_timer_is_refused(void **state)
{
	(void)state;
	call("time.stopTimer", 20, "runtime.deltimer");
	call("runtime.runtimer", 230, "runtime.runOneTimer");
	expect_refusal("creates no timers");
}

static void two_calls_are_refused(void **state)
{
	(void)state;
	make_new();
	call("time.stopTimer", 90, "runtime.(*timer).stop");
	expect_refusal("time.stopTimer calls runtime.(*timer).stop in 2 places");
}

static void a_function_without_the_call_is_refused(void **state)
{
	(void)state;
	make_new();
	memset(program.code[make("time.resetTimer")], 0x90, CODE);
	expect_refusal("time.resetTimer does not call runtime.(*timer).modify");
}

static void a_call_that_leads_beside_its_target_is_refused(void **state)
{
	size_t function;

	(void)state;
	make_old();
	function = make("time.startTimer");
	program.code[function][21]++;
	expect_refusal("time.startTimer does not call runtime.addtimer");
}

static void a_target_that_is_missing_is_refused(void **state)
{
	(void)state;
	make_old();
	program.err[make("runtime.deltimer")] = -ENOENT;
	expect_refusal("not exactly one function time.stopTimer and one runtime.deltimer");
}

static void a_name_that_is_there_twice_is_refused(void **state)
{
	(void)state;
	make_old();
	program.err[make("time.resetTimer")] = -ENOTUNIQ;
	expect_refusal("not exactly one function time.resetTimer");
}

static void a_function_of_an_absurd_size_is_refused(void **state)
{
	(void)state;
	make_old();
	program.size[make("time.stopTimer")] = 1ULL << 40;
	expect_refusal("time.stopTimer is not of a size");
	program.size[make("time.stopTimer")] = 4;
	expect_refusal("time.stopTimer is not of a size");
}

static void other_machines_and_versions_are_refused(void **state)
{
	(void)state;
	make_old();
	snprintf(program.image.arch, sizeof(program.image.arch), "arm64");
	expect_refusal("amd64");
	program.image.arch[0] = '\0';
	assert_int_equal(find(), 0);
	program.layout.known = false;
	expect_refusal("version of Go");
}

static void code_that_is_not_the_files_is_refused(void **state)
{
	struct go_mapping *mapping = &program.image.mapping[0];

	(void)state;
	make_old();
	mapping->writable = true;
	expect_refusal("time.startTimer does not lie in code");
	mapping->writable = false;
	mapping->executable = false;
	expect_refusal("time.startTimer does not lie in code");
	mapping->executable = true;
	mapping->anonymous = true;
	expect_refusal("time.startTimer does not lie in code");
	mapping->anonymous = false;
	/* The call reaches over the end. */
	mapping->end = mapping->start + 24;
	expect_refusal("time.startTimer does not lie in code");
	mapping->end++;
	expect_refusal("time.stopTimer does not lie in code");
	program.image.mappings = 0;
	expect_refusal("time.startTimer does not lie in code");
}

static void a_process_that_has_exited_is_an_error(void **state)
{
	pid_t child;

	(void)state;
	make_old();
	go_memory_close(program.memory);
	child = fork();
	if (!child) {
		pause();
		_exit(0);
	}
	assert_int_equal(go_memory_open((uint32_t)child, &program.memory), 0);
	assert_int_equal(find(), 0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_int_equal(find(), -ESRCH);
	assert_string_equal(program.why, "");
}

/* Reads the beginning of this program's file. */
static ssize_t read_own(uint8_t *code, size_t size)
{
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	ssize_t got = read(file, code, size);

	close(file);
	return got;
}

/* ---- the last look --------------------------------------------------------------------- */

/* Makes a call of what lies at @code in this program's own code. */
static void take_code(const void *code)
{
	program.sites.calls = 1;
	program.sites.call[0] =
		(struct go_call){.function = "it", .callee = "that", .address = (uintptr_t)code};
	memcpy(program.sites.call[0].code, code, GO_CALL_BYTES);
}

/* The file is this program's own. */
static int check(void)
{
	int file = open("/proc/self/exe", O_PATH | O_CLOEXEC), err;

	assert_true(file >= 0);
	err = go_sites_check(program.memory, &program.sites, file, program.why);
	close(file);
	return err;
}

static void code_of_the_file_passes(void **state)
{
	(void)state;
	take_code((const void *)(uintptr_t)write_call);
	assert_int_equal(check(), 0);
	assert_string_equal(program.why, "");
}

static void code_that_has_changed_is_refused(void **state)
{
	(void)state;
	take_code((const void *)(uintptr_t)write_call);
	program.sites.call[0].code[4] ^= 1;
	assert_int_equal(check(), -ENOTSUP);
	assert_non_null(strstr(program.why, "has changed"));
}

static void a_page_of_its_own_is_compared_with_the_file(void **state)
{
	static const uint8_t magic[] = {0x7f, 'E', 'L', 'F'};

	(void)state;
	make_old();
	take_code(program.code[0]);
	assert_int_equal(check(), -ENOTSUP);
	assert_non_null(strstr(program.why, "is not what the program's file has"));
	/* The file begins so, and that is what a probe would find there. */
	assert_int_equal(read_own(program.code[0], GO_CALL_BYTES), GO_CALL_BYTES);
	assert_memory_equal(program.code[0], magic, sizeof(magic));
	take_code(program.code[0]);
	assert_int_equal(check(), 0);
	program.sites.call[0].offset = 1ULL << 40;
	assert_int_equal(check(), -ENOTSUP);
}

/* Names the file that this program runs as the image's. */
static void take_own_file(void)
{
	struct stat file;

	assert_int_equal(stat("/proc/self/exe", &file), 0);
	program.image.major = major(file.st_dev);
	program.image.minor = minor(file.st_dev);
	program.image.inode = file.st_ino;
}

static void the_file_of_the_process_is_opened_by_its_number(void **state)
{
	struct stat file, opened;
	int fd;

	(void)state;
	take_own_file();
	fd = go_sites_file((uint32_t)getpid(), &program.image);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &opened), 0);
	assert_int_equal(stat("/proc/self/exe", &file), 0);
	assert_int_equal(opened.st_ino, file.st_ino);
	close(fd);
}

static void another_file_is_refused(void **state)
{
	(void)state;
	take_own_file();
	program.image.inode++;
	assert_int_equal(go_sites_file((uint32_t)getpid(), &program.image), -ESTALE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(code_without_a_call_has_none),
		TEST(a_call_is_found_wherever_it_is),
		TEST(each_call_is_counted),
		TEST(addresses_may_be_any),
#ifdef __x86_64__
		TEST(timers_of_old_pass_five_calls),
		TEST(timers_of_today_pass_others),
		TEST(what_the_linker_left_out_is_not_missed),
		TEST(a_program_that_creates_no_timer_is_refused),
		TEST(two_calls_are_refused),
		TEST(a_function_without_the_call_is_refused),
		TEST(a_call_that_leads_beside_its_target_is_refused),
		TEST(a_target_that_is_missing_is_refused),
		TEST(a_name_that_is_there_twice_is_refused),
		TEST(a_function_of_an_absurd_size_is_refused),
		TEST(other_machines_and_versions_are_refused),
		TEST(code_that_is_not_the_files_is_refused),
		TEST(a_process_that_has_exited_is_an_error),
#endif
		TEST(code_of_the_file_passes),
		TEST(code_that_has_changed_is_refused),
		TEST(a_page_of_its_own_is_compared_with_the_file),
		TEST(the_file_of_the_process_is_opened_by_its_number),
		TEST(another_file_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
