/* SPDX-License-Identifier: GPL-2.0-only */
/* Naming: what tasks, cgroups, functions and system calls are called, asked of whoever knows. */
#ifndef DWELL_MODEL_NAMING_H
#define DWELL_MODEL_NAMING_H

#include <stdint.h>

/*
 * Where names come from. All zeros knows none: each function may be NULL, and may
 * return NULL, and the number is shown then. A name is of any bytes, and valid
 * until the next one is asked for.
 */
struct naming {
	/* The task @tid: at most DWELL_COMM_LEN bytes. @pid is 0 where it is not known. */
	const char *(*comm)(void *context, uint32_t pid, uint32_t tid);
	/* The path of the cgroup @id. */
	const char *(*cgroup)(void *context, uint64_t id);
	/* The cgroup's own quota in CPUs, such as 0.5; 0: none, or not known. */
	double (*quota)(void *context, uint64_t id);
	/* The kernel's function that holds @address, without what the compiler appended. */
	const char *(*function)(void *context, uint64_t address);
	/* The kernel's function that begins at @address: a timer's callback. */
	const char *(*callback)(void *context, uint64_t address);
	/* The function of process @pid that holds @address. */
	const char *(*user_function)(void *context, uint32_t pid, uint64_t address);
	/* The system call of that number. */
	const char *(*syscall)(void *context, int number);
	void *context;
};

/*
 * Each asks @naming, but for what has no name: the cgroup 0, the address 0, a
 * negative system call. NULL, of a quota 0: not known.
 */
const char *naming_comm(const struct naming *naming, uint32_t pid, uint32_t tid);
const char *naming_cgroup(const struct naming *naming, uint64_t id);
double naming_quota(const struct naming *naming, uint64_t id);
const char *naming_function(const struct naming *naming, uint64_t address);
const char *naming_callback(const struct naming *naming, uint64_t address);
const char *naming_user_function(const struct naming *naming, uint32_t pid, uint64_t address);
const char *naming_syscall(const struct naming *naming, int number);

#endif
