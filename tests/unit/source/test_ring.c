/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of ring.c: a ring made by hand in a file, of which each record is read once and whole. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include <linux/bpf.h>

#include "source/ring.h"

/* As the kernel writes it: a page for the reader, one for the writers, the data. */
static struct {
	int fd;
	size_t page, size;
	char *pages;
} made;

static struct ring ring;

/* What was taken: sizes, and whether each record was what it should be. */
static struct {
	size_t count, sizes[64];
	int err;
} taken;

static unsigned long *filled(void)
{
	return (unsigned long *)(made.pages + made.page);
}

/* A record's bytes tell its size and their place in it. */
static char byte_of(size_t size, size_t at)
{
	return (char)(size * 7 + at);
}

static int take(void *context, const void *data, size_t size)
{
	assert_ptr_equal(context, &taken);
	for (size_t i = 0; i < size; i++)
		assert_int_equal(((const char *)data)[i], byte_of(size, i));
	taken.sizes[taken.count++] = size;
	return taken.err;
}

static void put_byte(size_t at, char byte)
{
	made.pages[2 * made.page + (at & (made.size - 1))] = byte;
}

/* Writes a record of @size bytes with those flags in its header. Where that is. */
static uint32_t *put(size_t size, uint32_t flags)
{
	const size_t at = *filled();
	uint32_t *header = (uint32_t *)(made.pages + 2 * made.page + (at & (made.size - 1)));

	*header = (uint32_t)size | flags;
	for (size_t i = 0; i < size; i++)
		put_byte(at + BPF_RINGBUF_HDR_SZ + i, byte_of(size, i));
	*filled() = at + (BPF_RINGBUF_HDR_SZ + size + 7) / 8 * 8;
	return header;
}

static int make(void **state)
{
	(void)state;
	memset(&taken, 0, sizeof(taken));
	made.page = (size_t)sysconf(_SC_PAGESIZE);
	made.size = made.page;
	made.fd = memfd_create("ring", MFD_CLOEXEC);
	assert_int_equal(ftruncate(made.fd, (off_t)(2 * made.page + made.size)), 0);
	made.pages = mmap(NULL, 2 * made.page + made.size, PROT_READ | PROT_WRITE, MAP_SHARED,
			  made.fd, 0);
	assert_ptr_not_equal(made.pages, MAP_FAILED);
	assert_int_equal(ring_open(&ring, made.fd, made.size, take, &taken), 0);
	return 0;
}

static int unmake(void **state)
{
	(void)state;
	ring_close(&ring);
	ring_close(&ring); /* twice is as good as once */
	munmap(made.pages, 2 * made.page + made.size);
	return close(made.fd);
}

static void each_record_is_taken_once(void **state)
{
	(void)state;
	assert_int_equal(ring_consume(&ring), 0);
	assert_int_equal(taken.count, 0);
	put(5, 0);
	put(64, 0);
	assert_int_equal(ring_consume(&ring), 0);
	put(1, 0);
	assert_int_equal(ring_consume(&ring), 0);
	assert_int_equal(ring_consume(&ring), 0);
	assert_int_equal(taken.count, 3);
	assert_int_equal(taken.sizes[0], 5);
	assert_int_equal(taken.sizes[1], 64);
	assert_int_equal(taken.sizes[2], 1);
	/* The kernel sees what is free again. */
	assert_int_equal(*(unsigned long *)made.pages, *filled());
}

static void a_record_across_the_end_is_whole(void **state)
{
	(void)state;
	/* Of many sizes, so that the end falls everywhere, the header's end included. */
	for (size_t round = 0; round < 400; round++) {
		put(100 + round % 301, 0);
		taken.count = 0;
		assert_int_equal(ring_consume(&ring), 0);
		assert_int_equal(taken.count, 1);
		assert_int_equal(taken.sizes[0], 100 + round % 301);
	}
}

static void what_is_not_written_yet_is_waited_for(void **state)
{
	uint32_t *header;

	(void)state;
	put(8, 0);
	header = put(16, BPF_RINGBUF_BUSY_BIT);
	put(24, 0);
	assert_int_equal(ring_consume(&ring), 0);
	assert_int_equal(taken.count, 1);
	*header = 16;
	assert_int_equal(ring_consume(&ring), 0);
	assert_int_equal(taken.count, 3);
	assert_int_equal(taken.sizes[1], 16);
	assert_int_equal(taken.sizes[2], 24);
}

static void what_was_discarded_is_left_out(void **state)
{
	(void)state;
	put(8, BPF_RINGBUF_DISCARD_BIT);
	put(16, 0);
	put(24, BPF_RINGBUF_DISCARD_BIT);
	assert_int_equal(ring_consume(&ring), 0);
	assert_int_equal(taken.count, 1);
	assert_int_equal(taken.sizes[0], 16);
	assert_int_equal(*(unsigned long *)made.pages, *filled());
}

static void an_error_ends_it_and_is_told(void **state)
{
	(void)state;
	put(8, 0);
	put(16, 0);
	taken.err = -EPIPE;
	assert_int_equal(ring_consume(&ring), -EPIPE);
	assert_int_equal(taken.count, 1);
	taken.err = 0;
	assert_int_equal(ring_consume(&ring), 0);
	assert_int_equal(taken.count, 2);
	assert_int_equal(taken.sizes[1], 16);
}

static void what_is_no_ring_is_refused(void **state)
{
	struct ring none;

	(void)state;
	assert_int_equal(ring_open(&none, -1, made.size, take, NULL), -EBADF);
	ring_close(&none);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_record_is_taken_once),
		TEST(a_record_across_the_end_is_whole),
		TEST(what_is_not_written_yet_is_waited_for),
		TEST(what_was_discarded_is_left_out),
		TEST(an_error_ends_it_and_is_told),
		TEST(what_is_no_ring_is_refused),
	};

	return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
