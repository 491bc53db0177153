/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of notify.c: what the service manager is told, and what of the environment is refused. */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/notify.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static char directory[] = "/tmp/dwell-notify-XXXXXX";
static char path[sizeof(directory) + 8];

/* A manager's socket of that name, as the environment has it. */
static int listen_at(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, name);
	if (*name == '@')
		address.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
			 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
	return fd;
}

static const char *received(int fd)
{
	static char message[4096];
	ssize_t length = recv(fd, message, sizeof(message) - 1, MSG_DONTWAIT);

	if (length < 0)
		return NULL;
	message[length] = '\0';
	return message;
}

static void tells(int manager, int sent, const char *expected)
{
	assert_int_equal(sent, 0);
	assert_string_equal(received(manager), expected);
	assert_null(received(manager));
}

static void tells_all(int manager)
{
	struct notify notify;
	struct timespec now;
	uint64_t us;

	assert_int_equal(notify_open(&notify), 0);
	tells(manager, notify_ready(&notify), "READY=1");
	tells(manager, notify_alive(&notify), "WATCHDOG=1");
	tells(manager, notify_stopping(&notify), "STOPPING=1");
	tells(manager, notify_status(&notify, "%d groups of '%s'", 3, "a\nREADY=1"),
	      "STATUS=3 groups of 'a\\x0aREADY=1'");
	assert_int_equal(notify_reloading(&notify), 0);
	assert_int_equal(sscanf(received(manager), "RELOADING=1\nMONOTONIC_USEC=%" SCNu64, &us), 1);
	clock_gettime(CLOCK_MONOTONIC, &now);
	assert_in_range((uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000 - us, 0,
			60000000);
	notify_close(&notify);
	notify_close(&notify);
}

static void both_kinds_of_socket(void **state)
{
	char name[64];
	int manager;

	(void)state;
	manager = listen_at(path);
	tells_all(manager);
	close(manager);
	snprintf(name, sizeof(name), "@dwell-test-%d", getpid());
	manager = listen_at(name);
	tells_all(manager);
	close(manager);
}

static void long_status_is_cut(void **state)
{
	int manager = listen_at(path);
	const char *message;
	struct notify notify;
	char text[3000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(notify_open(&notify), 0);
	assert_int_equal(notify_status(&notify, "%s", text), 0);
	message = received(manager);
	assert_in_range(strlen(message), 500, 1100);
	notify_close(&notify);
	close(manager);
}

static void nobody_wants_to_know(void **state)
{
	struct notify notify;

	(void)state;
	for (int empty = 0; empty < 2; empty++) {
		if (empty)
			setenv("NOTIFY_SOCKET", "", 1);
		assert_int_equal(notify_open(&notify), 0);
		assert_int_equal(notify_ready(&notify), 0);
		assert_int_equal(notify_status(&notify, "x"), 0);
		assert_true(notify.watchdog_ns == 0);
		notify_close(&notify);
	}
}

static void wrong_sockets(void **state)
{
	char longest[200] = "/";
	struct notify notify;

	(void)state;
	memset(longest + 1, 'x', sizeof(longest) - 2);
	setenv("NOTIFY_SOCKET", longest, 1);
	assert_int_equal(notify_open(&notify), -EINVAL);
	assert_int_equal(notify_ready(&notify), 0);
	setenv("NOTIFY_SOCKET", "/", 1);
	assert_int_equal(notify_open(&notify), -EINVAL);
	setenv("NOTIFY_SOCKET", "vsock:2:1234", 1);
	assert_int_equal(notify_open(&notify), -EAFNOSUPPORT);
	setenv("NOTIFY_SOCKET", "/nonexistent/notify", 1);
	assert_int_equal(notify_open(&notify), 0);
	assert_int_equal(notify_ready(&notify), -ENOENT);
	notify_close(&notify);
}

static void watchdog(void **state)
{
	static const struct {
		const char *us, *pid;
		int err;
		uint64_t ns;
	} cases[] = {
		{"30000000", NULL, 0, 30000000000ULL},
		{"30000000", "self", 0, 30000000000ULL},
		{"30000000", "1", 0, 0},
		{NULL, "self", 0, 0},
		{"0", NULL, -EINVAL, 0},
		{"", NULL, -EINVAL, 0},
		{"30s", NULL, -EINVAL, 0},
		{" 30", NULL, -EINVAL, 0},
		{"-1", NULL, -EINVAL, 0},
		{"18446744073709552", NULL, -EINVAL, 0},
		{"30000000", "1x", -EINVAL, 0},
		{"30000000", "0", -EINVAL, 0},
	};
	int manager = listen_at(path);
	struct notify notify;
	char self[16];

	(void)state;
	snprintf(self, sizeof(self), "%d", getpid());
	for (size_t i = 0; i < LENGTH(cases); i++) {
		unsetenv("WATCHDOG_USEC");
		unsetenv("WATCHDOG_PID");
		if (cases[i].us)
			setenv("WATCHDOG_USEC", cases[i].us, 1);
		if (cases[i].pid)
			setenv("WATCHDOG_PID", strcmp(cases[i].pid, "self") ? cases[i].pid : self,
			       1);
		assert_int_equal(notify_open(&notify), cases[i].err);
		assert_true(notify.watchdog_ns == cases[i].ns);
		/* Whatever is wrong with the watchdog: the rest still works. */
		tells(manager, notify_ready(&notify), "READY=1");
		notify_close(&notify);
	}
	close(manager);
}

static void a_full_socket_does_not_hang(void **state)
{
	int manager = listen_at(path), err = 0;
	struct notify notify;

	(void)state;
	assert_int_equal(notify_open(&notify), 0);
	for (int i = 0; i < 100000 && !err; i++)
		err = notify_alive(&notify);
	assert_int_equal(err, -EAGAIN);
	while (received(manager))
		;
	assert_int_equal(notify_alive(&notify), 0);
	notify_close(&notify);
	close(manager);
}

/* ---- */

static int clean(void **state)
{
	(void)state;
	unlink(path);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return 0;
}

static int make_directory(void **state)
{
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/notify", directory);
	return clean(state);
}

static int remove_directory(void **state)
{
	(void)state;
	return rmdir(directory);
}

#define TEST(function) cmocka_unit_test_teardown(function, clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(both_kinds_of_socket),
		TEST(long_status_is_cut),
		TEST(nobody_wants_to_know),
		TEST(wrong_sockets),
		TEST(watchdog),
		TEST(a_full_socket_does_not_hang),
	};

	return cmocka_run_group_tests_name("notify", tests, make_directory, remove_directory);
}
