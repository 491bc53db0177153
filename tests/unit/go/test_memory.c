// SPDX-License-Identifier: GPL-2.0-only
/* Tests of memory.c: pieces of this process and of children, with holes, after exit and exec. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "go/memory.h"

#define PAGES 6
#define HOLE 3 /* index of the page that cannot be read */
#define MANY 3000

static size_t page;
static uint8_t *area;
static struct go_memory *memory;

static uint8_t byte_at(size_t offset)
{
	return (uint8_t)(offset * 31 + offset / 251);
}

static int set_up(void **state)
{
	(void)state;
	page = (size_t)sysconf(_SC_PAGESIZE);
	area = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED)
		return -1;
	for (size_t i = 0; i < PAGES * page; i++)
		area[i] = byte_at(i);
	if (mprotect(area + HOLE * page, page, PROT_NONE))
		return -1;
	return go_memory_open((uint32_t)getpid(), &memory);
}

static int tear_down(void **state)
{
	(void)state;
	go_memory_close(memory);
	return munmap(area, PAGES * page);
}

static uint64_t address_of(size_t offset)
{
	return (uint64_t)(uintptr_t)area + offset;
}

/* ---- single reads ---------------------------------------------------------------- */

static void bytes_are_read(void **state)
{
	uint8_t buffer[100];

	(void)state;
	assert_int_equal(go_memory_pid(memory), getpid());
	assert_int_equal(go_memory_read(memory, address_of(page - 50), buffer, 100), 0);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(buffer[i], byte_at(page - 50 + i));
	assert_int_equal(go_memory_read(memory, address_of(0), buffer, 0), 0);
}

static void a_hole_ends_a_read(void **state)
{
	uint8_t *buffer = malloc(PAGES * page);

	(void)state;
	assert_non_null(buffer);
	assert_int_equal(go_memory_read(memory, address_of(0), buffer, PAGES * page), -EFAULT);
	assert_int_equal(go_memory_read(memory, address_of(HOLE * page - 1), buffer, 2), -EFAULT);
	assert_int_equal(go_memory_read(memory, address_of(HOLE * page), buffer, 1), -EFAULT);
	assert_int_equal(go_memory_read(memory, address_of(HOLE * page - 1), buffer, 1), 0);

	memset(buffer, 0, PAGES * page);
	assert_int_equal(go_memory_read_some(memory, address_of(10), buffer, PAGES * page - 10),
			 HOLE * page - 10);
	assert_memory_equal(buffer, area + 10, HOLE * page - 10);
	assert_int_equal(go_memory_read_some(memory, address_of(HOLE * page), buffer, 9), 0);
	free(buffer);
}

static void large_reads_take_several_calls(void **state)
{
	const size_t size = 3 << 20;
	uint8_t *from = malloc(size + 7), *to = calloc(1, size + 7);

	(void)state;
	assert_non_null(from);
	assert_non_null(to);
	for (size_t i = 0; i < size + 7; i++)
		from[i] = byte_at(i);
	assert_int_equal(go_memory_read(memory, (uintptr_t)from + 5, to, size), 0);
	assert_memory_equal(from + 5, to, size);
	assert_int_equal(to[size], 0);
	free(from);
	free(to);
}

static void absurd_addresses_cannot_be_read(void **state)
{
	static const uint64_t addresses[] = {0,
					     1,
					     UINT64_MAX,
					     UINT64_MAX - 7,
					     1ull << 63,
					     0xffff800000000000,
					     0x00007fffffffffff};
	uint8_t buffer[16];

	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		assert_int_equal(go_memory_read(memory, addresses[i], buffer, 16), -EFAULT);
		assert_int_equal(go_memory_read_some(memory, addresses[i], buffer, 16), 0);
	}
	assert_int_equal(go_memory_read_some(memory, address_of(0), buffer, SIZE_MAX), 0);
}

/* ---- many pieces ----------------------------------------------------------------- */

static void pieces_are_gathered_around_holes(void **state)
{
	static struct go_piece pieces[MANY];
	static uint8_t buffers[MANY][8];
	size_t offset;

	(void)state;
	memset(buffers, 0, sizeof(buffers));
	for (size_t i = 0; i < MANY; i++) {
		/* Some lie across a border of the hole, and every seventh has nothing to read. */
		offset = (i * 4093) % (PAGES * page - 8);
		pieces[i] = (struct go_piece){address_of(offset), buffers[i], i % 7 ? 8 : 0, i % 2};
	}
	assert_int_equal(go_memory_gather(memory, pieces, MANY), 0);
	for (size_t i = 0; i < MANY; i++) {
		offset = pieces[i].address - address_of(0);
		if (pieces[i].size && offset + 8 > HOLE * page && offset < (HOLE + 1) * page) {
			assert_false(pieces[i].read);
		} else {
			assert_true(pieces[i].read || !pieces[i].size);
			for (size_t j = 0; j < pieces[i].size; j++)
				assert_int_equal(buffers[i][j], byte_at(offset + j));
		}
	}
	assert_int_equal(go_memory_gather(memory, pieces, 0), 0);
}

static void pieces_that_cannot_be_read_are_told(void **state)
{
	static struct go_piece pieces[MANY];
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < MANY; i++)
		pieces[i] = (struct go_piece){i * 0x1234567890abcdef, &value, 8, true};
	pieces[MANY - 1].address = address_of(0);
	assert_int_equal(go_memory_gather(memory, pieces, MANY), 0);
	for (size_t i = 0; i < MANY - 1; i++)
		assert_false(pieces[i].read);
	assert_true(pieces[MANY - 1].read);
}

/* ---- whose memory it is ---------------------------------------------------------- */

/* Starts a child that executes another program once it gets SIGUSR1, or exits by SIGTERM. */
static pid_t start_child(void)
{
	pid_t child;
	sigset_t signals;
	int signal;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	child = fork();
	if (!child) {
		sigwait(&signals, &signal);
		execl("/bin/sleep", "sleep", "60", NULL);
		_exit(1);
	}
	sigprocmask(SIG_UNBLOCK, &signals, NULL);
	assert_true(child > 0);
	return child;
}

static void an_exit_is_noticed(void **state)
{
	struct go_piece piece = {address_of(0), &(uint64_t){0}, 8, false};
	struct go_memory *other, *none;
	pid_t child = start_child();
	uint8_t byte;

	(void)state;
	assert_int_equal(go_memory_open((uint32_t)child, &other), 0);
	assert_true(go_memory_same(other));
	assert_int_equal(go_memory_read(other, address_of(3), &byte, 1), 0);
	assert_int_equal(byte, byte_at(3));

	kill(child, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)child, &(siginfo_t){0}, WEXITED | WNOWAIT), 0);
	assert_false(go_memory_same(other)); /* a zombie has no memory */
	assert_int_equal(go_memory_open((uint32_t)child, &none), -ESRCH);
	assert_null(none);
	waitpid(child, NULL, 0);
	assert_false(go_memory_same(other));
	assert_int_equal(go_memory_read(other, address_of(3), &byte, 1), -ESRCH);
	assert_int_equal(go_memory_read_some(other, address_of(3), &byte, 1), -ESRCH);
	assert_int_equal(go_memory_gather(other, &piece, 1), -ESRCH);
	assert_int_equal(go_memory_open((uint32_t)child, &none), -ESRCH);
	go_memory_close(other);
}

static void another_program_is_noticed(void **state)
{
	struct go_memory *other;
	pid_t child = start_child();

	(void)state;
	assert_int_equal(go_memory_open((uint32_t)child, &other), 0);
	assert_true(go_memory_same(other));
	kill(child, SIGUSR1);
	for (int i = 0; i < 500 && go_memory_same(other); i++)
		usleep(10000);
	assert_false(go_memory_same(other));
	assert_int_equal(kill(child, 0), 0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	go_memory_close(other);
}

/* vfork() lends the child its parent's memory, which outlives the child's stay in it. */
static void a_child_that_borrowed_its_memory_is_noticed(void **state)
{
	static struct go_memory *other;
	static int opened, same;
	pid_t child;

	(void)state;
	child = vfork();
	if (!child) {
		opened = go_memory_open((uint32_t)getpid(), &other);
		same = !opened && go_memory_same(other);
		execl("/bin/sleep", "sleep", "60", NULL);
		_exit(1);
	}
	assert_true(child > 0);
	assert_int_equal(opened, 0);
	assert_true(same);
	assert_false(go_memory_same(other));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	go_memory_close(other);
}

static void who_has_no_memory_is_refused(void **state)
{
	static const uint32_t pids[] = {0, UINT32_MAX, 1u << 31, 0x7fffffff};
	struct go_memory *none;

	(void)state;
	for (size_t i = 0; i < sizeof(pids) / sizeof(pids[0]); i++) {
		none = (void *)&none;
		assert_int_equal(go_memory_open(pids[i], &none), -ESRCH);
		assert_null(none);
	}
	go_memory_close(NULL);
}

/* ---- the limit ------------------------------------------------------------------- */

static void reads_end_when_their_time_is_spent(void **state)
{
	uint8_t byte;
	struct go_piece piece = {address_of(0), &byte, 1, true};
	int err = 0;

	(void)state;
	assert_false(go_memory_spent(memory));
	go_memory_limit(memory, 1000000);
	for (int i = 0; i < 1000000 && !err; i++)
		err = go_memory_read(memory, address_of(0), &byte, 1);
	assert_int_equal(err, -ETIME);
	assert_true(go_memory_spent(memory));
	assert_int_equal(go_memory_gather(memory, &piece, 1), -ETIME);
	assert_false(piece.read);
	assert_int_equal(go_memory_read_some(memory, address_of(0), &byte, 1), -ETIME);
	go_memory_limit(memory, UINT32_MAX);
	assert_false(go_memory_spent(memory));
	assert_int_equal(go_memory_read(memory, address_of(0), &byte, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_read),
		cmocka_unit_test(a_hole_ends_a_read),
		cmocka_unit_test(large_reads_take_several_calls),
		cmocka_unit_test(absurd_addresses_cannot_be_read),
		cmocka_unit_test(pieces_are_gathered_around_holes),
		cmocka_unit_test(pieces_that_cannot_be_read_are_told),
		cmocka_unit_test(an_exit_is_noticed),
		cmocka_unit_test(another_program_is_noticed),
		cmocka_unit_test(a_child_that_borrowed_its_memory_is_noticed),
		cmocka_unit_test(who_has_no_memory_is_refused),
		cmocka_unit_test(reads_end_when_their_time_is_spent),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
