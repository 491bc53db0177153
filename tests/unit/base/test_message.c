/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of message.c: what reaches stderr, and that no hostile byte does. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/message.h"

static int saved_stderr;
static FILE *captured;

static int set_up(void **state)
{
	(void)state;
	captured = tmpfile();
	saved_stderr = dup(STDERR_FILENO);
	return captured && saved_stderr >= 0 &&
			       dup2(fileno(captured), STDERR_FILENO) == STDERR_FILENO ?
		       0 :
		       -1;
}

static int tear_down(void **state)
{
	(void)state;
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	message_set_level(0);
	return fclose(captured);
}

/* What was written since the last call. */
static const char *written(void)
{
	static char text[4096];
	ssize_t length;

	lseek(STDERR_FILENO, 0, SEEK_SET);
	length = read(STDERR_FILENO, text, sizeof(text) - 1);
	assert_true(length >= 0);
	text[length] = '\0';
	assert_int_equal(ftruncate(STDERR_FILENO, 0), 0);
	lseek(STDERR_FILENO, 0, SEEK_SET);
	return text;
}

static void a_line_each(void **state)
{
	(void)state;
	message_error("cannot open %s: %s", "x", "why");
	assert_string_equal(written(), "dwell: cannot open x: why\n");
	message_error("ends by itself\n");
	assert_string_equal(written(), "dwell: ends by itself\n");
	message_hint("try %d", 2);
	assert_string_equal(written(), "dwell:   try 2\n");
	message_error("one\ntwo\n");
	assert_string_equal(written(), "dwell: one\ndwell: two\n");
	message_error("%s", "");
	assert_string_equal(written(), "");
}

static void hostile_bytes_are_escaped(void **state)
{
	char expected[3100], longest[3001];

	(void)state;
	message_error("no command '%s'", "\x1b[2J\xff\xe2\x80\xae\\");
	assert_string_equal(written(), "dwell: no command '\\x1b[2J\\xff\\xe2\\x80\\xae\\x5c'\n");
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	message_error("%s", longest);
	snprintf(expected, sizeof(expected), "dwell: %s\n", longest);
	assert_string_equal(written(), expected);
}

static void errno_is_left_alone(void **state)
{
	(void)state;
	errno = ENOENT;
	message_error("%m");
	assert_int_equal(errno, ENOENT);
	assert_string_equal(written(), "dwell: No such file or directory\n");
}

static void details_only_when_asked_for(void **state)
{
	(void)state;
	message_detail(1, "first");
	message_detail(2, "second");
	assert_string_equal(written(), "");
	message_set_level(1);
	assert_int_equal(message_level(), 1);
	message_detail(1, "first");
	message_detail(2, "second");
	assert_string_equal(written(), "dwell: first\n");
	message_set_level(7);
	message_detail(2, "second");
	assert_string_equal(written(), "dwell: second\n");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_line_each),
		TEST(hostile_bytes_are_escaped),
		TEST(errno_is_left_alone),
		TEST(details_only_when_asked_for),
	};

	return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
