/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of journal.c: the fields of an entry, hostile bytes in them, and a journal that is full or gone. */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "export/journal.h"
#include "harness/unit/runs.h"
#include "sink/outlier_text.h"

#define HOSTILE "e\x1b[31m\nPRIORITY=0\n\xff"

static char directory[] = "/tmp/dwell-journal-XXXXXX";
static char path[sizeof(directory) + 8];
static const struct outlier_clock clock_now = {.mono = BEGIN, .real = {.tv_sec = 1700000000}};

/* ---- names ------------------------------------------------------------------ */

static const char *comm_of(void *context, uint32_t pid, uint32_t tid)
{
	(void)context;
	(void)pid;
	return tid == 4800 ? "hog" : tid == 4801 ? HOSTILE : NULL;
}

static char long_path[6001];

static const char *cgroup_of(void *context, uint64_t id)
{
	(void)context;
	return id == 7 ? "/work" : id == 8 ? "/" HOSTILE : id == 9 ? long_path : NULL;
}

static const char *syscall_of(void *context, int number)
{
	(void)context;
	return number == 74 ? "fsync" : NULL;
}

static const char *function_of(void *context, uint64_t address)
{
	(void)context;
	return address == 0x1000 ? "ep_poll_callback" : NULL;
}

static const struct naming names = {.comm = comm_of,
				    .cgroup = cgroup_of,
				    .function = function_of,
				    .syscall = syscall_of};
static const struct naming no_names = {0};

static struct dwell_outlier outlier_of(enum dwell_measure measure)
{
	return (struct dwell_outlier){.measure = measure,
				      .cpu = 1,
				      .pid = 4711,
				      .tid = 4712,
				      .comm = "ticker",
				      .cgroup = 7,
				      .from = BEGIN,
				      .to = BEGIN + 24 * MS,
				      .ns = 24 * MS,
				      .threshold = 3 * MS,
				      .queued_at = BEGIN,
				      .syscall = DWELL_NO_SYSCALL};
}

/* An incident of one outlier. */
static void write_outlier(struct journal *journal, const struct dwell_outlier *outlier,
			  const struct naming *with)
{
	struct incident incident = {.worst = outlier, .count = 1, .tasks = 1};
	struct explanation worst;

	if (outlier->measure < DWELL_MEASURES)
		incident.kinds[outlier->measure] = 1;
	explain(&worst, outlier, with);
	journal_incident(journal, &incident, &worst, &clock_now);
}

/* ---- entries ---------------------------------------------------------------- */

/* The journal's end, and the last entry it got, taken apart. */
struct reader {
	int fd;
	char bytes[65536];
	size_t count;
	struct {
		const char *name, *value;
		size_t length;
	} field[32];
};

static void listen_at(struct reader *reader)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	strcpy(address.sun_path, path);
	reader->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(reader->fd, (struct sockaddr *)&address, sizeof(address)), 0);
}

/* As journald reads an entry: fails where that would find a field that was never meant. */
static void receive(struct reader *reader)
{
	ssize_t got = recv(reader->fd, reader->bytes, sizeof(reader->bytes), MSG_DONTWAIT);
	char *at = reader->bytes, *end = at + got;
	uint64_t size;

	assert_true(got > 0);
	for (reader->count = 0; at < end; reader->count++) {
		size_t name = strcspn(at, "=\n");
		bool binary = at[name] == '\n';

		assert_in_range(reader->count, 0, 31);
		assert_true(at + name < end);
		at[name] = '\0';
		reader->field[reader->count].name = at;
		at += name + 1;
		if (binary) {
			memcpy(&size, at, sizeof(size));
			size = le64toh(size);
			at += sizeof(size);
		} else {
			size = (size_t)((char *)memchr(at, '\n', (size_t)(end - at)) - at);
		}
		assert_true((size_t)(end - at) > size);
		assert_int_equal(at[size], '\n');
		reader->field[reader->count].value = at;
		reader->field[reader->count].length = size;
		at += size + 1;
	}
}

static void has_bytes(const struct reader *reader, const char *name, const char *value,
		      size_t length)
{
	for (size_t i = 0; i < reader->count; i++) {
		if (strcmp(reader->field[i].name, name) != 0)
			continue;
		assert_int_equal(reader->field[i].length, length);
		assert_memory_equal(reader->field[i].value, value, length);
		return;
	}
	fail_msg("no %s", name);
}

static void has(const struct reader *reader, const char *name, const char *value)
{
	has_bytes(reader, name, value, strlen(value));
}

static void has_not(const struct reader *reader, const char *name)
{
	for (size_t i = 0; i < reader->count; i++)
		assert_string_not_equal(reader->field[i].name, name);
}

static void has_line(const struct reader *reader, const struct dwell_outlier *outlier,
		     const struct naming *with)
{
	char *line = NULL;
	size_t length;
	FILE *out = open_memstream(&line, &length);
	struct explanation explanation;

	explain(&explanation, outlier, with);
	assert_int_equal(outlier_print(out, &explanation, &clock_now, false), 0);
	fclose(out);
	has_bytes(reader, "MESSAGE", line, length - 1);
	free(line);
}

/* What @outlier becomes. */
static void enter(struct reader *reader, const struct dwell_outlier *outlier,
		  const struct naming *with)
{
	struct journal journal;

	assert_int_equal(journal_open(&journal, path), 0);
	write_outlier(&journal, outlier, with);
	assert_int_equal(journal.written, 1);
	assert_int_equal(journal.full + journal.failed, 0);
	journal_close(&journal);
	receive(reader);
}

static void a_wait_names_its_culprit(void **state)
{
	struct dwell_outlier outlier = outlier_of(DWELL_PREEMPTED);
	struct reader reader;

	(void)state;
	outlier.samples = 12;
	outlier.typical = 40000;
	runs_add(&outlier, 4801, BEGIN + 4 * MS);
	runs_add(&outlier, 4800, BEGIN + 24 * MS);
	listen_at(&reader);
	enter(&reader, &outlier, &names);
	has_line(&reader, &outlier, &names);
	has(&reader, "PRIORITY", "5");
	has(&reader, "SYSLOG_IDENTIFIER", "dwell");
	has(&reader, "MESSAGE_ID", JOURNAL_OUTLIER_ID);
	has(&reader, "DWELL_WHAT", "runqueue");
	has(&reader, "DWELL_NS", "24000000");
	has(&reader, "DWELL_THRESHOLD_NS", "3000000");
	has(&reader, "DWELL_TYPICAL_NS", "40000");
	has(&reader, "DWELL_OPEN", "0");
	has(&reader, "DWELL_CPU", "1");
	has(&reader, "DWELL_PID", "4711");
	has(&reader, "DWELL_TID", "4712");
	has(&reader, "DWELL_COMM", "ticker");
	has(&reader, "DWELL_CGROUP", "/work");
	has(&reader, "DWELL_CAUSE", "preempted");
	has(&reader, "DWELL_CULPRIT", "hog");
	has(&reader, "DWELL_CULPRIT_PID", "4800");
	has(&reader, "DWELL_CULPRIT_TASKS", "1");
	has_not(&reader, "DWELL_WAKER");
	has_not(&reader, "DWELL_STATE");
	close(reader.fd);
}

static void one_alone_has_no_count(void **state)
{
	struct dwell_outlier outlier = outlier_of(DWELL_WOKEN);
	struct reader reader;

	(void)state;
	listen_at(&reader);
	enter(&reader, &outlier, &names);
	has_not(&reader, "DWELL_COUNT");
	has_not(&reader, "DWELL_TASKS");
	close(reader.fd);
}

static void who_has_no_name_has_no_field_for_it(void **state)
{
	struct dwell_outlier outlier = outlier_of(DWELL_LATENESS);
	struct reader reader;

	(void)state;
	outlier.comm[0] = '\0';
	listen_at(&reader);
	enter(&reader, &outlier, &names);
	has(&reader, "DWELL_TID", "4712");
	has_not(&reader, "DWELL_COMM");
	close(reader.fd);
}

/* Its worst one's facts, and each kind, so that whoever looks for one finds it. */
static void an_incident_has_its_kinds_and_counts(void **state)
{
	struct dwell_outlier outlier = outlier_of(DWELL_TIMER_LATENCY);
	const struct incident incident = {
		.class = INCIDENT_REST,
		.worst = &outlier,
		.count = 13,
		.tasks = 5,
		.processes = 4,
		.programs = 3,
		.kinds = {[DWELL_WOKEN] = 6,
			  [DWELL_BLOCKED] = 1,
			  [DWELL_PREEMPTED] = 1,
			  [DWELL_TIMER_LATENCY] = 4,
			  [DWELL_THROTTLED] = 1},
	};
	static const char *const kinds[] = {"timer_latency", "runqueue", "blocked", "throttled"};
	struct explanation worst;
	struct journal journal;
	struct reader reader;
	size_t found = 0;

	(void)state;
	listen_at(&reader);
	assert_int_equal(journal_open(&journal, path), 0);
	explain(&worst, &outlier, &names);
	journal_incident(&journal, &incident, &worst, &clock_now);
	receive(&reader);
	for (size_t i = 0; i < reader.count; i++) {
		if (strcmp(reader.field[i].name, "DWELL_WHAT") != 0)
			continue;
		assert_true(found < 4);
		assert_int_equal(reader.field[i].length, strlen(kinds[found]));
		assert_memory_equal(reader.field[i].value, kinds[found], strlen(kinds[found]));
		found++;
	}
	assert_int_equal(found, 4);
	has(&reader, "DWELL_COUNT", "13");
	has(&reader, "DWELL_TASKS", "5");
	has(&reader, "DWELL_NS", "24000000");
	has(&reader, "DWELL_TID", "4712");
	journal_close(&journal);
	close(reader.fd);
}

static void a_block_names_its_waker(void **state)
{
	struct dwell_outlier outlier = outlier_of(DWELL_BLOCKED);
	struct reader reader;

	(void)state;
	outlier.block = DWELL_BLOCK_D;
	outlier.syscall = 74;
	outlier.waker = (struct dwell_waker){
		.pid = 12, .tid = 13, .comm = "writer", .depth = 1, .stack = {0x1000}};
	listen_at(&reader);
	enter(&reader, &outlier, &names);
	has(&reader, "DWELL_WHAT", "blocked");
	has(&reader, "DWELL_STATE", "D");
	has(&reader, "DWELL_SYSCALL", "fsync");
	has(&reader, "DWELL_WAKER", "writer[12/13]");
	has_not(&reader, "DWELL_CAUSE");
	has_not(&reader, "DWELL_CULPRIT");
	has_not(&reader, "DWELL_TYPICAL_NS");

	outlier.open = 1;
	outlier.cgroup = 99;
	enter(&reader, &outlier, &no_names);
	has(&reader, "DWELL_OPEN", "1");
	has(&reader, "DWELL_SYSCALL", "74");
	has(&reader, "DWELL_CGROUP", "#99");
	has_not(&reader, "DWELL_WAKER");
	close(reader.fd);
}

static void every_kind_has_an_entry(void **state)
{
	struct dwell_outlier outlier;
	struct reader reader;

	(void)state;
	listen_at(&reader);
	for (int measure = 0; measure < DWELL_MEASURES; measure++) {
		outlier = outlier_of((enum dwell_measure)measure);
		enter(&reader, &outlier, &names);
		has_line(&reader, &outlier, &names);
		has(&reader, "DWELL_WHAT", outlier_what(&outlier));
	}
	close(reader.fd);
}

static void hostile_names_stay_values(void **state)
{
	struct dwell_outlier outlier = outlier_of(DWELL_WOKEN);
	struct reader reader;

	(void)state;
	memset(outlier.comm, '\n', sizeof(outlier.comm)); /* without a NUL */
	outlier.cgroup = 8;
	runs_add(&outlier, 4712, BEGIN);
	runs_add(&outlier, 4801, BEGIN + 24 * MS);
	listen_at(&reader);
	enter(&reader, &outlier, &names);
	has_bytes(&reader, "DWELL_COMM", outlier.comm, sizeof(outlier.comm));
	has(&reader, "DWELL_CGROUP", "/" HOSTILE);
	has_bytes(&reader, "DWELL_CULPRIT", HOSTILE, DWELL_COMM_LEN);
	has(&reader, "PRIORITY", "5");
	close(reader.fd);
}

static void long_values_are_cut(void **state)
{
	struct dwell_outlier outlier = outlier_of(DWELL_THROTTLED);
	struct reader reader;

	(void)state;
	/* Characters of three bytes: 4096 is no multiple of that. */
	for (size_t i = 0; i + 3 < sizeof(long_path); i += 3)
		memcpy(long_path + i, "\xe2\x82\xac", 3);
	outlier.cgroup = 9;
	listen_at(&reader);
	enter(&reader, &outlier, &names);
	has_bytes(&reader, "DWELL_CGROUP", long_path, 4095);
	has(&reader, "DWELL_CAUSE", "throttled");
	close(reader.fd);
}

static void messages(void **state)
{
	struct journal journal;
	struct reader reader;

	(void)state;
	listen_at(&reader);
	assert_int_equal(journal_open(&journal, path), 0);
	journal_message(&journal, LOG_WARNING, "cannot read %s", "a\nb");
	receive(&reader);
	assert_int_equal(reader.count, 3);
	has(&reader, "MESSAGE", "cannot read a\nb");
	has(&reader, "PRIORITY", "4");
	has(&reader, "SYSLOG_IDENTIFIER", "dwell");
	journal_close(&journal);
	journal_close(&journal);
	close(reader.fd);
}

/* ---- losses ----------------------------------------------------------------- */

static void a_full_journal_is_not_waited_for(void **state)
{
	struct dwell_outlier outlier = outlier_of(DWELL_WOKEN);
	struct journal journal;
	struct reader reader;

	(void)state;
	listen_at(&reader);
	assert_int_equal(journal_open(&journal, path), 0);
	for (int i = 0; i < 10000 && !journal.full; i++)
		write_outlier(&journal, &outlier, &names);
	assert_int_equal(journal.full, 1);
	assert_int_equal(journal.failed, 0);
	for (uint64_t i = 0; i < journal.written; i++)
		receive(&reader);
	write_outlier(&journal, &outlier, &names);
	assert_int_equal(journal.full, 1);
	receive(&reader);
	journal_close(&journal);
	close(reader.fd);
}

/* Runs @write with stderr as the pipe's end [1]. */
static void with_stderr(const int pipes[2], void (*write)(struct journal *journal),
			struct journal *journal)
{
	int saved = dup(STDERR_FILENO);

	assert_true(dup2(pipes[1], STDERR_FILENO) >= 0);
	write(journal);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
}

static void write_both(struct journal *journal)
{
	struct dwell_outlier outlier = outlier_of(DWELL_WOKEN);

	write_outlier(journal, &outlier, &names);
	journal_message(journal, LOG_ERR, "bad\n\x1b");
}

static void write_much(struct journal *journal)
{
	static char text[3 * PIPE_BUF];

	memset(text, 'x', sizeof(text) - 1);
	for (int i = 0; i < 1000 && !journal->full; i++)
		journal_message(journal, LOG_ERR, "%s", text);
}

static void expect_lines(int fd)
{
	char text[4096];
	ssize_t length = read(fd, text, sizeof(text) - 1);

	assert_true(length > 0);
	text[length] = '\0';
	assert_non_null(strstr(text, "runqueue 24ms ticker[4711/4712] on CPU 1, woken"));
	assert_non_null(strstr(text, "\ndwell: bad\\x0a\\x1b\n"));
	assert_ptr_equal(strchr(strchr(text, '\n') + 1, '\n') + 1, text + length);
}

static void without_a_journal_lines_on_stderr(void **state)
{
	const char *const paths[] = {NULL, path, "/tmp"};
	struct journal journal;
	int pipes[2];

	(void)state;
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(journal_open(&journal, paths[i]), 0);
		with_stderr(pipes, write_both, &journal);
		assert_int_equal(journal.written, 2);
		expect_lines(pipes[0]);
		journal_close(&journal);
	}
	close(pipes[0]);
	close(pipes[1]);
}

static void a_journal_that_goes_away_and_returns(void **state)
{
	struct journal journal;
	struct reader reader;
	int pipes[2];

	(void)state;
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	listen_at(&reader);
	assert_int_equal(journal_open(&journal, path), 0);
	close(reader.fd);
	with_stderr(pipes, write_both, &journal);
	expect_lines(pipes[0]);
	unlink(path);
	with_stderr(pipes, write_both, &journal);
	expect_lines(pipes[0]);
	listen_at(&reader);
	write_both(&journal);
	receive(&reader);
	receive(&reader);
	assert_int_equal(journal.written, 6);
	assert_int_equal(journal.full + journal.failed, 0);
	journal_close(&journal);
	close(reader.fd);
	close(pipes[0]);
	close(pipes[1]);
}

static void a_full_stderr_is_not_waited_for(void **state)
{
	struct journal journal;
	int pipes[2];

	(void)state;
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	assert_int_equal(journal_open(&journal, NULL), 0);
	with_stderr(pipes, write_much, &journal);
	assert_in_range(journal.written, 1, 999);
	assert_int_equal(journal.full, 1);
	assert_int_equal(journal.failed, 0);
	close(pipes[0]);
	close(pipes[1]);
}

static void wrong_paths(void **state)
{
	char longest[200] = "/";
	struct journal journal;

	(void)state;
	memset(longest + 1, 'x', sizeof(longest) - 2);
	assert_int_equal(journal_open(&journal, longest), -ENAMETOOLONG);
	journal_close(&journal);
}

/* ---- */

static int clean(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

static int make_directory(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/socket", directory);
	return setenv("TZ", "UTC", 1);
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
		TEST(a_wait_names_its_culprit),
		TEST(one_alone_has_no_count),
		TEST(who_has_no_name_has_no_field_for_it),
		TEST(an_incident_has_its_kinds_and_counts),
		TEST(a_block_names_its_waker),
		TEST(every_kind_has_an_entry),
		TEST(hostile_names_stay_values),
		TEST(long_values_are_cut),
		TEST(messages),
		TEST(a_full_journal_is_not_waited_for),
		TEST(without_a_journal_lines_on_stderr),
		TEST(a_journal_that_goes_away_and_returns),
		TEST(a_full_stderr_is_not_waited_for),
		TEST(wrong_paths),
	};

	return cmocka_run_group_tests_name("journal", tests, make_directory, remove_directory);
}
