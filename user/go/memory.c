// SPDX-License-Identifier: GPL-2.0-only
/* Memory: that of another process, read from outside in pieces, while the process runs. */
#include "go/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"
#include "host/proc_file.h"

/* Pages are of this size, or of a multiple of it. */
#define PAGE 4096
/* Pages that one system call reads. */
#define PAGES_MAX 256
/* Pieces that one system call reads: the kernel's limit. */
#define PIECES_MAX IOV_MAX
/* Calls between two looks at the clock. */
#define CLOCK_EVERY 16
/* The most bytes that one system call reads, unless a single piece has more. */
#define BATCH_MAX (16 << 20)

/* What /proc/PID/stat says of a process and its memory. Another program has other values. */
struct identity {
	unsigned long long started, code_start, code_end, stack_start;
};

struct go_memory {
	uint32_t pid;
	int fd; /* of /proc/PID/mem, which belongs to one memory for ever */
	struct identity identity;
	uint64_t until; /* CPU ns of this process; 0: there is no limit */
	uint32_t calls; /* since the limit was set */
	bool spent;
};

/* ---- which memory it is ---------------------------------------------------------- */

static int identify(uint32_t pid, struct identity *identity)
{
	char text[1024];
	const char *fields;
	int err = proc_file_read(pid, "stat", text, sizeof(text));

	if (err)
		return err;
	/* The name, which is the second field, may hold parentheses and blanks itself. */
	fields = strrchr(text, ')');
	if (!fields)
		return -EIO;
	if (sscanf(fields + 1,
		   " %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
		   "%llu %*s %*s %*s %llu %llu %llu",
		   &identity->started, &identity->code_start, &identity->code_end,
		   &identity->stack_start) != 4)
		return -EIO;
	return 0;
}

/* A read from memory that nobody has any more ends at once; one at 0 fails at most. */
static bool is_alive(const struct go_memory *memory)
{
	char byte;

	return pread(memory->fd, &byte, 1, 0) != 0;
}

bool go_memory_same(const struct go_memory *memory)
{
	struct identity now;

	/* A child that shares its parent's memory until it executes leaves that memory alive. */
	return is_alive(memory) && !identify(memory->pid, &now) &&
	       now.started == memory->identity.started &&
	       now.code_start == memory->identity.code_start &&
	       now.code_end == memory->identity.code_end &&
	       now.stack_start == memory->identity.stack_start;
}

/* ---- begin and end --------------------------------------------------------------- */

/* What a failed system call says of the process. */
static int error_of(int err, uint32_t pid)
{
	switch (err) {
	case EPERM:
		return -EACCES;
	case ENOENT: /* hidden in /proc (hidepid), or gone */
		return kill((pid_t)pid, 0) && errno == ESRCH ? -ESRCH : -EACCES;
	default:
		return -err;
	}
}

static int open_memory(struct go_memory *memory)
{
	char path[64];
	int err;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/mem", memory->pid);
	memory->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (memory->fd < 0)
		return error_of(errno, memory->pid);
	err = identify(memory->pid, &memory->identity);
	if (err)
		return err == -ENOENT ? -ESRCH : err;
	return is_alive(memory) ? 0 : -ESRCH;
}

int go_memory_open(uint32_t pid, struct go_memory **memory)
{
	int err;

	*memory = NULL;
	if (!pid || pid > INT_MAX)
		return -ESRCH;
	*memory = calloc(1, sizeof(**memory));
	if (!*memory)
		return -ENOMEM;
	(*memory)->pid = pid;
	err = open_memory(*memory);
	if (err) {
		go_memory_close(*memory);
		*memory = NULL;
	}
	return err;
}

void go_memory_close(struct go_memory *memory)
{
	if (!memory)
		return;
	if (memory->fd >= 0)
		close(memory->fd);
	free(memory);
}

uint32_t go_memory_pid(const struct go_memory *memory)
{
	return memory->pid;
}

/* ---- read ------------------------------------------------------------------------ */

void go_memory_limit(struct go_memory *memory, uint64_t ns)
{
	memory->until = clock_now(CLOCK_PROCESS_CPUTIME_ID) + ns;
	memory->calls = 0;
	memory->spent = false;
}

bool go_memory_spent(const struct go_memory *memory)
{
	return memory->spent;
}

/* The clock costs a good part of what a call does, so it is not asked each time. */
static bool may_read(struct go_memory *memory)
{
	if (memory->until && !memory->spent && !(memory->calls++ % CLOCK_EVERY))
		memory->spent = clock_now(CLOCK_PROCESS_CPUTIME_ID) >= memory->until;
	return !memory->spent;
}

static struct {
	uint64_t number; /* 0: there is none */
	uint32_t pid;
} call_now;

uint64_t go_memory_call(uint32_t *pid)
{
	const uint64_t number = __atomic_load_n(&call_now.number, __ATOMIC_ACQUIRE);

	*pid = __atomic_load_n(&call_now.pid, __ATOMIC_RELAXED);
	return number;
}

static void begin_call(const struct go_memory *memory)
{
	static uint64_t calls;

	__atomic_store_n(&call_now.pid, memory->pid, __ATOMIC_RELAXED);
	__atomic_store_n(&call_now.number, ++calls, __ATOMIC_RELEASE);
}

static void end_call(void)
{
	__atomic_store_n(&call_now.number, 0, __ATOMIC_RELEASE);
}

/* Returns how many bytes were read before the first element that cannot be, or a negative errno. */
static ssize_t read_vector(struct go_memory *memory, const struct iovec *to, size_t tos,
			   const struct iovec *from, size_t froms)
{
	ssize_t bytes;

	if (!may_read(memory))
		return -ETIME;
	begin_call(memory);
	bytes = process_vm_readv((pid_t)memory->pid, to, tos, from, froms, 0);
	end_call();
	if (bytes >= 0)
		return bytes;
	return errno == EFAULT ? 0 : error_of(errno, memory->pid);
}

/*
 * Cuts memory at the ends of pages, since the kernel promises to read an element whole or not at
 * all. Returns the number of elements; *@size is what they hold together.
 */
static size_t cut_pages(uint64_t address, size_t *size, struct iovec *from)
{
	size_t done = 0, length, count;

	for (count = 0; count < PAGES_MAX && done < *size; count++) {
		length = PAGE - (address + done) % PAGE;
		if (length > *size - done)
			length = *size - done;
		from[count].iov_base = (void *)(uintptr_t)(address + done);
		from[count].iov_len = length;
		done += length;
	}
	*size = done;
	return count;
}

ssize_t go_memory_read_some(struct go_memory *memory, uint64_t address, void *buffer, size_t size)
{
	struct iovec from[PAGES_MAX], to;
	size_t done = 0, part, count;
	ssize_t bytes;

	if (address > UINTPTR_MAX - size || size > SSIZE_MAX)
		return 0;
	while (done < size) {
		part = size - done;
		count = cut_pages(address + done, &part, from);
		to.iov_base = (char *)buffer + done;
		to.iov_len = part;
		bytes = read_vector(memory, &to, 1, from, count);
		if (bytes < 0)
			return bytes;
		done += (size_t)bytes;
		if ((size_t)bytes < part)
			break;
	}
	return (ssize_t)done;
}

int go_memory_read(struct go_memory *memory, uint64_t address, void *buffer, size_t size)
{
	ssize_t bytes = go_memory_read_some(memory, address, buffer, size);

	if (bytes < 0)
		return (int)bytes;
	return (size_t)bytes == size ? 0 : -EFAULT;
}

/* Fills both vectors with the first ones of @count pieces. Returns how many they are. */
static size_t lay_out(const struct go_piece *pieces, size_t count, struct iovec *to,
		      struct iovec *from)
{
	size_t bytes = 0, i;

	for (i = 0; i < count && i < PIECES_MAX; i++) {
		if (i && bytes + pieces[i].size > BATCH_MAX)
			break;
		bytes += pieces[i].size;
		to[i].iov_base = pieces[i].buffer;
		from[i].iov_base = (void *)(uintptr_t)pieces[i].address;
		to[i].iov_len = from[i].iov_len = pieces[i].size;
	}
	return i;
}

/* Marks the pieces that @bytes fill. Returns how many they are. */
static size_t mark_read(struct go_piece *pieces, size_t count, size_t bytes)
{
	size_t i;

	for (i = 0; i < count && pieces[i].size <= bytes; i++) {
		pieces[i].read = true;
		bytes -= pieces[i].size;
	}
	return i;
}

int go_memory_gather(struct go_memory *memory, struct go_piece *pieces, size_t count)
{
	struct iovec to[PIECES_MAX], from[PIECES_MAX];
	size_t batch, done, i;
	ssize_t bytes;

	for (i = 0; i < count; i++)
		pieces[i].read = false;
	for (i = 0; i < count; i += done) {
		batch = lay_out(pieces + i, count - i, to, from);
		bytes = read_vector(memory, to, batch, from, batch);
		if (bytes < 0)
			return (int)bytes;
		done = mark_read(pieces + i, batch, (size_t)bytes);
		if (done < batch)
			done++; /* this one cannot be read */
	}
	return 0;
}
