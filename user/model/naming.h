/* SPDX-License-Identifier: GPL-2.0-only */
/* Naming: the names of tasks, cgroups, functions and system calls, from a replaceable source. */
#ifndef DWELL_MODEL_NAMING_H
#define DWELL_MODEL_NAMING_H

#include <stddef.h>
#include <stdint.h>

/*
 * A source of names; all zeros knows none. Each function may be NULL or return NULL: then the
 * number is shown. A name may hold any bytes, and is valid until the next name is asked for.
 */
struct naming {
	/* The task @tid; at most DWELL_COMM_LEN bytes count. @pid is 0 if it is not known. */
	const char *(*comm)(void *context, uint32_t pid, uint32_t tid);
	/* The path of the cgroup @id. */
	const char *(*cgroup)(void *context, uint64_t id);
	/*
	 * The quota of the cgroup @id in CPUs, such as 0.5, or that of a group above it which is
	 * less; *owner: so many bytes of its path name the one whose it is. 0: none, or not known.
	 */
	double (*quota)(void *context, uint64_t id, size_t *owner);
	/* The kernel's function that holds @address, without a suffix of the compiler's. */
	const char *(*function)(void *context, uint64_t address);
	/* The kernel's function that begins at @address, such as a timer's callback. */
	const char *(*callback)(void *context, uint64_t address);
	/* The function of process @pid that holds @address. */
	const char *(*user_function)(void *context, uint32_t pid, uint64_t address);
	/* The system call @number. */
	const char *(*syscall)(void *context, int number);
	void *context; /* passed to each function */
};

/*
 * These ask @naming, unless there is nothing to name: cgroup 0, address 0, a negative system
 * call. They return NULL, or a quota of 0, if it is not known.
 */
const char *naming_comm(const struct naming *naming, uint32_t pid, uint32_t tid);
const char *naming_cgroup(const struct naming *naming, uint64_t id);
double naming_quota(const struct naming *naming, uint64_t id, size_t *owner);
const char *naming_function(const struct naming *naming, uint64_t address);
const char *naming_callback(const struct naming *naming, uint64_t address);
const char *naming_user_function(const struct naming *naming, uint32_t pid, uint64_t address);
const char *naming_syscall(const struct naming *naming, int number);

#endif
