// SPDX-License-Identifier: GPL-2.0-only
/* Tests of the file helper: what its processes may do, and what is left when they die or stop. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/file_helper.h"
#include "host/file_parser.h"

static struct file_helper *helper;
static int saved_stderr;

/* What comes of asking for a function of this program. */
static uint32_t outcome(void)
{
	struct file_answer answer;

	file_helper_name(helper, (uint32_t)getpid(), (uintptr_t)outcome, &answer);
	if (answer.outcome == FILE_FOUND) {
		assert_string_equal(answer.function, "outcome");
		assert_string_equal(answer.file, "test_file_helper");
	} else {
		assert_string_equal(answer.function, "");
	}
	return answer.outcome;
}

static int set_up(void **state)
{
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

	(void)state;
	saved_stderr = dup(STDERR_FILENO);
	if (nowhere < 0 || saved_stderr < 0 || dup2(nowhere, STDERR_FILENO) < 0)
		return -1;
	close(nowhere);
	/* All of its processes are there when the first answer is. */
	return file_helper_start(&helper) ?: outcome() == FILE_FOUND ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	file_helper_stop(helper);
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	return 0;
}

/* ---- its processes ------------------------------------------------------------------ */

/* A field of /proc/PID/status, as a number; -1: there is none. */
static long long field_of(pid_t pid, const char *field, int base)
{
	char path[64], line[256];
	long long value = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, field, strlen(field)) && line[strlen(field)] == ':')
			value = (long long)strtoull(line + strlen(field) + 1, NULL, base);
	if (file)
		fclose(file);
	return value;
}

/* The live child of @parent; 0: there is none. */
static pid_t child_of(pid_t parent)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	pid_t found = 0;

	assert_non_null(proc);
	while ((entry = readdir(proc))) {
		pid_t pid = atoi(entry->d_name);

		/* Who is gone has no memory. */
		if (pid > 0 && field_of(pid, "PPid", 10) == parent &&
		    field_of(pid, "VmSize", 10) > 0)
			found = pid;
	}
	closedir(proc);
	return found;
}

static pid_t keeper(void)
{
	pid_t pid = child_of(getpid());

	assert_true(pid > 0);
	return pid;
}

static pid_t opener(void)
{
	pid_t pid = child_of(keeper());

	assert_true(pid > 0);
	return pid;
}

static pid_t parser(void)
{
	pid_t pid = child_of(opener());

	assert_true(pid > 0);
	return pid;
}

/* Whether @pid has given back all that it had, its sockets too. */
static bool is_over(pid_t pid)
{
	char path[64], text[256] = "";
	const char *state;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (!file)
		return true;
	state = fgets(text, sizeof(text), file) ? strrchr(text, ')') : NULL;
	fclose(file);
	return !state || state[2] == 'Z' || state[2] == 'X';
}

/* Ends @pid, and waits until it is no more. */
static void kill_it(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	while (!is_over(pid))
		usleep(1000);
}

/* ---- what they may ------------------------------------------------------------------ */

static unsigned int descriptors_of(pid_t pid)
{
	char path[64];
	DIR *stream;
	unsigned int count = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	stream = opendir(path);
	assert_non_null(stream);
	while (readdir(stream))
		count++;
	closedir(stream);
	return count - 2;
}

static void who_reads_files_may_do_nothing_else(void **state)
{
	static const char *const sets[] = {"CapEff", "CapPrm", "CapInh", "CapAmb"};
	pid_t pid;

	(void)state;
	assert_int_equal(outcome(), FILE_FOUND);
	pid = parser();
	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++)
		assert_int_equal(field_of(pid, sets[i], 16), 0);
	assert_int_equal(field_of(pid, "NoNewPrivs", 10), 1);
	if (field_of(getpid(), "Seccomp", 10) >= 0)
		assert_int_equal(field_of(pid, "Seccomp", 10), 2);
	/* Three that lead nowhere, and its socket. */
	assert_int_equal(descriptors_of(pid), 4);
}

/* What comes of @calls in a process that may no more than a parser: its status as of wait(2). */
static int status_under_limits(int (*calls)(int socket))
{
	int ends[2], status = -1;
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	pid = fork();
	/* The sanitizer would make calls of its own before _exit(2). */
	if (!pid)
		syscall(SYS_exit_group, file_parser_limit_calls() ? 100 : calls(ends[0]));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(ends[0]);
	close(ends[1]);
	return status;
}

static int be_a_nuisance(int socket)
{
	if (fcntl(socket, F_GETFL) < 0 || fcntl(socket, F_GETFD) < 0)
		return 1;
	if (fcntl(socket, F_SETOWN, getpid()) != -1 || errno != EPERM)
		return 2;
	if (fcntl(socket, F_SETSIG, SIGKILL) != -1 || errno != EPERM)
		return 3;
	return fcntl(socket, F_SETFL, O_ASYNC) != -1 || errno != EPERM ? 4 : 0;
}

static void who_reads_files_sends_no_signals(void **state)
{
	(void)state;
	if (field_of(getpid(), "Seccomp", 10) < 0)
		skip();
	assert_int_equal(status_under_limits(be_a_nuisance), 0);
}

static void who_opens_files_may_do_little_else(void **state)
{
	/* CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE, CAP_CHECKPOINT_RESTORE */
	const long long most = 1LL << 2 | 1LL << 19 | 1LL << 40;
	const pid_t pids[] = {keeper(), opener()};

	(void)state;
	assert_int_equal(outcome(), FILE_FOUND);
	for (size_t i = 0; i < sizeof(pids) / sizeof(*pids); i++) {
		assert_int_equal(field_of(pids[i], "CapEff", 16) & ~most, 0);
		assert_int_equal(field_of(pids[i], "CapPrm", 16) & ~most, 0);
		assert_int_equal(field_of(pids[i], "NoNewPrivs", 10), 1);
	}
	assert_int_equal(descriptors_of(keeper()), 4);
	assert_int_equal(descriptors_of(opener()), 5); /* the parser's, too */
}

static void the_helper_is_known_and_accounted_for(void **state)
{
	(void)state;
	assert_int_equal(outcome(), FILE_FOUND);
	assert_true(file_helper_is(helper, (uint32_t)keeper()));
	assert_true(file_helper_is(helper, (uint32_t)opener()));
	assert_true(file_helper_is(helper, (uint32_t)parser()));
	assert_false(file_helper_is(helper, (uint32_t)getpid()));
	assert_false(file_helper_is(helper, 0));
	assert_false(file_helper_is(NULL, (uint32_t)parser()));
	assert_true(file_helper_cpu_ns(helper) > 0);
	assert_true(file_helper_resident_bytes(helper) > 4096);
	assert_int_equal(file_helper_resident_bytes(NULL), 0);
}

static void nothing_stays_behind(void **state)
{
	pid_t pids[3];

	(void)state;
	assert_int_equal(outcome(), FILE_FOUND);
	pids[0] = keeper();
	pids[1] = opener();
	pids[2] = parser();
	file_helper_stop(helper);
	helper = NULL;
	for (size_t i = 0; i < 3; i++)
		for (int tries = 0; field_of(pids[i], "VmSize", 10) > 0; tries++) {
			assert_true(tries < 5000);
			usleep(1000);
		}
	assert_int_equal(outcome(), FILE_HELPER);
}

/* ---- when they die --------------------------------------------------------------------- */

static uint64_t cpu_ns_of(pid_t pid)
{
	struct timespec time;
	clockid_t clock;

	assert_int_equal(clock_getcpuclockid(pid, &clock), 0);
	assert_int_equal(clock_gettime(clock, &time), 0);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* The one that died is replaced, and what is asked for then is told. */
static void whoever_dies_is_replaced(void **state)
{
	uint64_t spent;

	(void)state;
	assert_int_equal(outcome(), FILE_FOUND);
	kill_it(opener());
	assert_int_equal(outcome(), FILE_FOUND);
	for (int i = 0; i < 5; i++) {
		spent = file_helper_cpu_ns(helper);
		assert_true(spent > 0);
		kill_it(parser());
		assert_int_equal(outcome(), FILE_FOUND);
		/* What is spent is never taken back, whoever spent it. */
		assert_true(file_helper_cpu_ns(helper) >= spent + cpu_ns_of(parser()));
	}
}

/* A parser has so much time in all: who happens to be asked about then is not to blame. */
static void whoever_is_worn_out_is_replaced(void **state)
{
	struct rlimit limit;
	pid_t worn = parser(), waker;

	(void)state;
	assert_int_equal(prlimit(worn, RLIMIT_CPU, NULL, &limit), 0);
	assert_true(limit.rlim_cur < limit.rlim_max);
	assert_int_equal(kill(worn, SIGSTOP), 0);
	assert_int_equal(kill(worn, SIGXCPU), 0);
	waker = fork();
	if (!waker) {
		usleep(100000);
		_exit(kill(worn, SIGCONT) ? 1 : 0);
	}
	assert_int_equal(outcome(), FILE_FOUND);
	assert_int_equal(waitpid(waker, NULL, 0), waker);
	assert_int_not_equal(parser(), worn);
}

/* A keeper that cannot start another opener now may be able to later. */
static void what_fails_for_now_is_tried_again(void **state)
{
	struct rlimit before, limit;
	const pid_t pid = keeper();

	(void)state;
	assert_int_equal(outcome(), FILE_FOUND);
	assert_int_equal(prlimit(pid, RLIMIT_NOFILE, NULL, &before), 0);
	limit = (struct rlimit){4, before.rlim_max}; /* as many as it has */
	assert_int_equal(prlimit(pid, RLIMIT_NOFILE, &limit, NULL), 0);
	kill_it(opener());
	assert_int_equal(outcome(), FILE_HELPER);
	assert_int_equal(prlimit(pid, RLIMIT_NOFILE, &before, NULL), 0);
	assert_int_equal(outcome(), FILE_FOUND);
}

static void it_is_not_replaced_for_ever(void **state)
{
	unsigned int found = 0;

	(void)state;
	for (int i = 0; i < 3 * FILE_HELPER_RESTARTS; i++) {
		uint32_t how = outcome();

		/* What may be waited comes back with the time. */
		for (int tries = 0; how == FILE_TOO_SLOW && tries < 50; tries++) {
			usleep(200000);
			how = outcome();
		}
		if (how != FILE_FOUND) {
			assert_int_equal(how, FILE_HELPER);
			continue;
		}
		found++;
		kill_it(opener());
	}
	assert_int_equal(found, FILE_HELPER_RESTARTS + 1);
	assert_int_equal(outcome(), FILE_HELPER);
}

/* Who is stopped is waited for once, and then replaced. */
static void whoever_stops_is_replaced(void **state)
{
	struct file_answer answer;

	(void)state;
	assert_int_equal(kill(opener(), SIGSTOP), 0);
	/* It is that very question that had better not be asked again. */
	assert_false(file_helper_name(helper, (uint32_t)getpid(), (uintptr_t)outcome, &answer));
	assert_int_equal(answer.outcome, FILE_TOO_SLOW);
	assert_int_equal(outcome(), FILE_FOUND);
	assert_int_equal(kill(parser(), SIGSTOP), 0);
	assert_int_equal(outcome(), FILE_TOO_SLOW);
	assert_int_equal(outcome(), FILE_FOUND);
}

static void without_a_keeper_none_is_replaced(void **state)
{
	const pid_t last = opener();

	(void)state;
	kill_it(keeper());
	assert_int_equal(outcome(), FILE_FOUND); /* the others go on */
	kill_it(last);
	assert_int_equal(outcome(), FILE_HELPER);
	assert_int_equal(outcome(), FILE_HELPER);
}

static void a_stopped_keeper_is_given_up(void **state)
{
	pid_t stopped = keeper();

	(void)state;
	kill_it(opener());
	assert_int_equal(kill(stopped, SIGSTOP), 0);
	assert_int_equal(outcome(), FILE_HELPER);
	assert_int_equal(outcome(), FILE_HELPER);
	file_helper_stop(helper);
	helper = NULL;
	for (int tries = 0; field_of(stopped, "VmSize", 10) > 0; tries++) {
		assert_true(tries < 5000);
		usleep(1000);
	}
}

/* ---- messages ----------------------------------------------------------------------------- */

static void what_is_no_message_is_refused(void **state)
{
	int ends[2], fd, free_fd, pipes[2];
	char message[8];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(file_message_send(ends[0], "1234567", 7, pipes[0]), 0);
	assert_int_equal(file_message_receive(ends[1], message, 8, &fd), -EPROTO);
	assert_int_equal(fd, -1);
	assert_int_equal(file_message_send(ends[0], "123456789", 9, -1), 0);
	assert_int_equal(file_message_receive(ends[1], message, 8, NULL), -EPROTO);
	/* A descriptor that nobody asked for does not arrive. */
	free_fd = dup(0);
	close(free_fd);
	assert_int_equal(file_message_send(ends[0], "12345678", 8, pipes[0]), 0);
	assert_int_equal(file_message_receive(ends[1], message, 8, NULL), 0);
	assert_memory_equal(message, "12345678", 8);
	fd = dup(0);
	assert_int_equal(fd, free_fd);
	close(fd);
	assert_int_equal(file_message_send(ends[0], "12345678", 8, pipes[0]), 0);
	assert_int_equal(file_message_receive(ends[1], message, 8, &fd), 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	assert_int_equal(file_message_await(ends[1], message, 8, NULL, 1), -ETIMEDOUT);
	close(ends[0]);
	assert_int_equal(file_message_receive(ends[1], message, 8, NULL), -EPIPE);
	assert_int_equal(file_message_await(ends[1], message, 8, NULL, 10000), -EPIPE);
	assert_int_equal(file_message_send(ends[1], message, 8, -1), -EPIPE);
	close(ends[1]);
	close(pipes[0]);
	close(pipes[1]);
}

/* Room for one descriptor may be room for two: neither stays open. */
static void of_two_descriptors_none_is_kept(void **state)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(2 * sizeof(int))];
	} control = {.header = {.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS,
				.cmsg_len = CMSG_LEN(2 * sizeof(int))}};
	struct iovec part = {.iov_base = "12345678", .iov_len = 8};
	const struct msghdr header = {.msg_iov = &part,
				      .msg_iovlen = 1,
				      .msg_control = &control,
				      .msg_controllen = sizeof(control)};
	int ends[2], fd, next;
	char message[8];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	memcpy(CMSG_DATA(&control.header), (int[]){0, 0}, 2 * sizeof(int));
	assert_int_equal(sendmsg(ends[0], &header, 0), 8);
	assert_int_equal(file_message_receive(ends[1], message, 8, &fd), 0);
	assert_int_equal(fd, -1);
	next = dup(0);
	assert_int_equal(next, (ends[0] > ends[1] ? ends[0] : ends[1]) + 1);
	close(next);
	close(ends[0]);
	close(ends[1]);
}

/* Whoever cannot let go of what dwell has open must not go on with it. */
static void who_cannot_close_ends(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (!pid) {
		scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

		if (!filter ||
		    seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SYS_close_range, 0) ||
		    seccomp_load(filter))
			_exit(100);
		file_message_close_others(0);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WEXITSTATUS(status) == 100)
		skip();
	assert_int_equal(WEXITSTATUS(status), 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_reads_files_may_do_nothing_else),
		cmocka_unit_test(who_reads_files_sends_no_signals),
		TEST(who_opens_files_may_do_little_else),
		TEST(the_helper_is_known_and_accounted_for),
		TEST(nothing_stays_behind),
		TEST(whoever_dies_is_replaced),
		TEST(whoever_is_worn_out_is_replaced),
		TEST(what_fails_for_now_is_tried_again),
		TEST(it_is_not_replaced_for_ever),
		TEST(whoever_stops_is_replaced),
		TEST(without_a_keeper_none_is_replaced),
		TEST(a_stopped_keeper_is_given_up),
		cmocka_unit_test(what_is_no_message_is_refused),
		cmocka_unit_test(of_two_descriptors_none_is_kept),
		cmocka_unit_test(who_cannot_close_ends),
	};

	return cmocka_run_group_tests_name("file_helper", tests, NULL, NULL);
}
