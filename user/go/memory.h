/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory: that of another process, read from outside in pieces, while the process runs. */
#ifndef DWELL_GO_MEMORY_H
#define DWELL_GO_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct go_memory;

/*
 * Begins to read the memory of process @pid. It stops, writes and opens nothing of the
 * process but its files in /proc. 0, and the caller ends it with go_memory_close(), which
 * also takes NULL; -ESRCH: no such process, or it has no memory (a kernel thread, a zombie);
 * -EACCES: it may not be read; another negative errno. After an error *memory is NULL.
 */
int go_memory_open(uint32_t pid, struct go_memory **memory);
void go_memory_close(struct go_memory *memory);

uint32_t go_memory_pid(const struct go_memory *memory);

/*
 * Whether all that was read so far was the memory that go_memory_open() found: false once the
 * process has exited or executed another program.
 */
bool go_memory_same(const struct go_memory *memory);

/*
 * Allows @ns of this process's CPU time from now on: after it each read ends with -ETIME. What is
 * read may be made so that reading it never ends. Without a call there is no limit.
 */
void go_memory_limit(struct go_memory *memory, uint64_t ns);

/* Whether the time of the last go_memory_limit() was used up. */
bool go_memory_spent(const struct go_memory *memory);

/*
 * Reads the @size bytes at @address. 0; -EFAULT: not all of them are mapped and readable;
 * -ESRCH: the process has exited; another negative errno. After an error the buffer is of no
 * use.
 */
int go_memory_read(struct go_memory *memory, uint64_t address, void *buffer, size_t size);

/*
 * Reads at most @size bytes at @address, up to the first page that cannot be read. Returns how
 * many bytes were read, 0 if none; or a negative errno.
 */
ssize_t go_memory_read_some(struct go_memory *memory, uint64_t address, void *buffer, size_t size);

/*
 * Returns the number of the system call, from 1, that reads memory of a process right now, and
 * sets *pid to which; 0: there is none. Any thread may ask. A process can have pages that are
 * never there, by FUSE or userfaultfd: the call that reads one does not end.
 */
uint64_t go_memory_call(uint32_t *pid);

/* A piece of memory to be read, of any address and size. */
struct go_piece {
	uint64_t address;
	void *buffer; /* of @size bytes */
	uint32_t size;
	bool read; /* set: all bytes were read */
};

/*
 * Reads many pieces with few system calls. A piece that cannot be read does not keep the
 * others from being read. 0; -ESRCH: the process has exited; another negative errno.
 */
int go_memory_gather(struct go_memory *memory, struct go_piece *pieces, size_t count);

#endif
