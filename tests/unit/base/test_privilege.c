/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of privilege.c: capabilities, lockdown, type information; each change in a child. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/privilege.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define FIXTURES "tests/unit/fixtures/"

/* Runs @work in a child process and returns the exit status that it gives. */
static int in_child(int (*work)(const void *), const void *argument)
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (!child)
		_exit(work(argument));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* One set of capabilities as /proc has it: @field is "CapEff" and the like. */
static unsigned long long set_of(FILE *status, const char *field)
{
	char line[256], format[32];
	unsigned long long set = ~0ULL;

	snprintf(format, sizeof(format), "%s: %%llx", field);
	rewind(status);
	while (fgets(line, sizeof(line), status))
		if (sscanf(line, format, &set) == 1)
			break;
	return set;
}

static unsigned long long all_sets(FILE *status)
{
	return set_of(status, "CapEff") | set_of(status, "CapPrm") | set_of(status, "CapInh") |
	       set_of(status, "CapAmb");
}

/* 0 if the kernel says that nothing is left, also after an exec. */
static int drop_and_look(const void *argument)
{
	cap_value_t value = CAP_CHOWN;
	cap_t caps = cap_get_proc();
	FILE *status;

	(void)argument;
	/* As much as this process may have: an inheritable and ambient one too. */
	cap_set_flag(caps, CAP_INHERITABLE, 1, &value, CAP_SET);
	if (!cap_set_proc(caps))
		prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0);
	cap_free(caps);
	if (privileges_drop(PRIVILEGE_KEEP_NONE))
		return 1;
	status = fopen("/proc/self/status", "r");
	if (!status || all_sets(status))
		return 2;
	fclose(status);
	status = popen("cat /proc/self/status", "r");
	if (!status)
		return 3;
	FILE *copy = tmpfile();
	int c;

	while (copy && (c = fgetc(status)) != EOF)
		fputc(c, copy);
	if (pclose(status) || !copy)
		return 3;
	if (all_sets(copy))
		return 4;
	fclose(copy);
	return privileges_drop(PRIVILEGE_KEEP_NONE) ? 5 : 0; /* nothing left to drop is no error */
}

static void dropping_leaves_nothing(void **state)
{
	(void)state;
	assert_int_equal(in_child(drop_and_look, NULL), 0);
}

/* What a process with just one capability is told. */
struct one {
	cap_value_t value;
	struct privileges expected;
};

static bool same(const struct privileges *a, const struct privileges *b)
{
	return a->bpf == b->bpf && a->perfmon == b->perfmon && a->syslog == b->syslog &&
	       a->sys_admin == b->sys_admin && a->sys_resource == b->sys_resource &&
	       a->memory == b->memory;
}

static int read_with_one(const void *argument)
{
	const struct one *one = argument;
	struct privileges privileges;
	cap_t caps = cap_init();

	cap_set_flag(caps, CAP_PERMITTED, 1, &one->value, CAP_SET);
	/* Permitted but not in effect does not count. */
	if (cap_set_proc(caps) || privileges_read(&privileges) ||
	    !same(&privileges, &(struct privileges){0}))
		return 1;
	cap_set_flag(caps, CAP_EFFECTIVE, 1, &one->value, CAP_SET);
	if (cap_set_proc(caps) || privileges_read(&privileges))
		return 2;
	cap_free(caps);
	return same(&privileges, &one->expected) ? 0 : 3;
}

static void capabilities_are_told_apart(void **state)
{
	static const struct one cases[] = {
		{CAP_BPF, {.bpf = true}},
		{CAP_PERFMON, {.perfmon = true}},
		{CAP_SYSLOG, {.syslog = true}},
		{CAP_SYS_RESOURCE, {.sys_resource = true}},
		{CAP_SYS_ADMIN, {.bpf = true, .perfmon = true, .sys_admin = true}},
		{CAP_NET_ADMIN, {0}},
		{CAP_SYS_PTRACE, {0}},
	};
	cap_flag_value_t held;
	cap_t caps = cap_get_proc();
	size_t i, tried = 0;

	(void)state;
	assert_non_null(caps);
	for (i = 0; i < LENGTH(cases); i++) {
		if (cap_get_flag(caps, cases[i].value, CAP_PERMITTED, &held) || held != CAP_SET)
			continue;
		assert_int_equal(in_child(read_with_one, &cases[i]), 0);
		tried++;
	}
	cap_free(caps);
	if (!tried)
		skip(); /* not root: there is nothing to take apart */
}

static int read_with_none(const void *argument)
{
	struct privileges privileges = {.bpf = true};

	(void)argument;
	if (privileges_drop(PRIVILEGE_KEEP_NONE) || privileges_read(&privileges))
		return 1;
	return same(&privileges, &(struct privileges){0}) ? 0 : 2;
}

/* The capabilities left by a drop that keeps memory: as many as are held, of the two. */
static int keep_memory(const void *argument)
{
	const unsigned long long two = 1ULL << CAP_SYS_PTRACE | 1ULL << CAP_DAC_READ_SEARCH;
	FILE *status = fopen("/proc/self/status", "r");
	struct privileges privileges;
	unsigned long long held;

	(void)argument;
	if (!status)
		return 1;
	held = set_of(status, "CapPrm") & two;
	if (privileges_drop(PRIVILEGE_KEEP_MEMORY) || privileges_read(&privileges))
		return 2;
	if (freopen("/proc/self/status", "r", status) != status)
		return 3;
	if (set_of(status, "CapPrm") != held || set_of(status, "CapEff") != held)
		return 4;
	fclose(status);
	/* One without the other opens nothing of others. */
	return privileges.memory == (held == two) ? 0 : 5;
}

static void what_reads_memory_is_kept_alone(void **state)
{
	(void)state;
	assert_int_equal(in_child(keep_memory, NULL), 0);
}

/* 0 if exactly what @argument, an enum privilege_kept, is for has been kept. */
static int keep_and_look(const void *argument)
{
	const unsigned int kept = *(const unsigned int *)argument;
	static const struct {
		cap_value_t value;
		unsigned int kept_by;
	} all[] = {
		{CAP_SYS_PTRACE, PRIVILEGE_KEEP_MEMORY | PRIVILEGE_KEEP_OPEN},
		{CAP_DAC_READ_SEARCH, PRIVILEGE_KEEP_MEMORY | PRIVILEGE_KEEP_OPEN},
		{CAP_DAC_OVERRIDE, PRIVILEGE_KEEP_FILES},
		{CAP_SYS_ADMIN, 0},
		{CAP_CHOWN, 0},
	};
	cap_flag_value_t held, holds;
	cap_t before = cap_get_proc(), after;

	if (privileges_drop(kept))
		return 1;
	after = cap_get_proc();
	for (size_t i = 0; i < LENGTH(all); i++) {
		if (cap_get_flag(before, all[i].value, CAP_PERMITTED, &held) ||
		    cap_get_flag(after, all[i].value, CAP_EFFECTIVE, &holds))
			return 2;
		if (holds != (held == CAP_SET && all[i].kept_by & kept ? CAP_SET : CAP_CLEAR))
			return 3;
	}
	cap_free(before);
	cap_free(after);
	return 0;
}

static void each_kind_keeps_its_own(void **state)
{
	static const unsigned int kinds[] = {PRIVILEGE_KEEP_MEMORY, PRIVILEGE_KEEP_OPEN,
					     PRIVILEGE_KEEP_FILES,
					     PRIVILEGE_KEEP_MEMORY | PRIVILEGE_KEEP_FILES};

	(void)state;
	for (size_t i = 0; i < LENGTH(kinds); i++)
		assert_int_equal(in_child(keep_and_look, &kinds[i]), 0);
}

static void none_means_none(void **state)
{
	(void)state;
	assert_int_equal(in_child(read_with_none, NULL), 0);
}

/* What a work found: -1 if it could not look, 1 if it may do anything, else @context. */
static int look_and_return(void *context)
{
	struct privileges privileges;

	if (privileges_read(&privileges))
		return -1;
	return privileges.bpf || privileges.memory || privileges.sys_resource ? 1 : *(int *)context;
}

static void a_work_without_privileges_is_tried_in_a_child(void **state)
{
	struct privileges before, after;
	int result = 0;

	(void)state;
	assert_int_equal(privileges_read(&before), 0);
	assert_true(privileges_unneeded(look_and_return, &result));
	result = 7;
	assert_false(privileges_unneeded(look_and_return, &result));
	assert_int_equal(privileges_read(&after), 0);
	assert_memory_equal(&before, &after, sizeof(before));
}

static void lockdown_modes(void **state)
{
	(void)state;
	assert_int_equal(privilege_lockdown(FIXTURES "lockdown.none"), LOCKDOWN_NONE);
	assert_int_equal(privilege_lockdown(FIXTURES "lockdown.integrity"), LOCKDOWN_INTEGRITY);
	assert_int_equal(privilege_lockdown(FIXTURES "lockdown.confidentiality"),
			 LOCKDOWN_CONFIDENTIALITY);
	assert_int_equal(privilege_lockdown("/nowhere"), LOCKDOWN_UNKNOWN);
	assert_int_equal(privilege_lockdown("/tmp"), LOCKDOWN_UNKNOWN);
	assert_int_equal(privilege_lockdown(FIXTURES "kallsyms"), LOCKDOWN_UNKNOWN);
	assert_int_equal(privilege_lockdown("/dev/null"), LOCKDOWN_UNKNOWN);
}

static void type_information(void **state)
{
	(void)state;
	assert_int_equal(privilege_kernel_btf(FIXTURES "lockdown.none"), 0);
	assert_int_equal(privilege_kernel_btf("/nowhere/vmlinux"), -ENOENT);
	assert_int_equal(privilege_kernel_btf(FIXTURES "lockdown.none/vmlinux"), -ENOTDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dropping_leaves_nothing),
		cmocka_unit_test(capabilities_are_told_apart),
		cmocka_unit_test(none_means_none),
		cmocka_unit_test(what_reads_memory_is_kept_alone),
		cmocka_unit_test(each_kind_keeps_its_own),
		cmocka_unit_test(a_work_without_privileges_is_tried_in_a_child),
		cmocka_unit_test(lockdown_modes),
		cmocka_unit_test(type_information),
	};

	return cmocka_run_group_tests_name("privilege", tests, NULL, NULL);
}
