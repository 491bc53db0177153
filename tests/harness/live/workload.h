/* SPDX-License-Identifier: GPL-2.0-only */
/* Workloads: processes that do a known thing, between two moments that the test chooses. */
#ifndef DWELL_LIVE_WORKLOAD_H
#define DWELL_LIVE_WORKLOAD_H

#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "harness/live/proc.h"

#define WORK_TASKS 8

/* What a workload and its test share; it begins as zeros, with @tid[0] the process's own. */
struct work {
	const void *argument;
	pid_t pid;
	pid_t tid[WORK_TASKS];
	struct proc_account account[WORK_TASKS];
	uint64_t began[WORK_TASKS]; /* mono */
	uint64_t ended[WORK_TASKS];

	/* The machine got in the way: the counts of this run prove nothing. */
	_Atomic int disturbed;

	/* For a peer (see work_peer): which wait is next, and means to end it. */
	_Atomic int turn;
	uint32_t futex;
	sem_t semaphore;
	int pipe[2];
	int queue; /* POSIX message queue */
};

struct workload {
	struct work *work; /* shared memory */
	pid_t pid;
	int go, done; /* pipe ends */
};

/*
 * Starts a process that waits, calls @body when released, and then stays.
 * Nothing but @body arms a timer or uses the CPU to speak of. A failure ends
 * the test.
 */
void workload_start(struct workload *workload, void (*body)(struct work *work),
		    const void *argument);

/* Lets it begin. */
void workload_release(struct workload *workload);

/* Waits until its body is done; false if the process ended instead. */
bool workload_wait(struct workload *workload, unsigned int seconds);

/* Ends it and frees all. */
void workload_leave(struct workload *workload);

/*
 * For a body: runs @peer in another process (so that its timers are not the
 * workload's) which gives each of the workload's waits its end. Returns when
 * the peer exists; it dies with the workload. Its pid.
 */
pid_t work_peer(struct work *work, void (*peer)(struct work *work));

/*
 * For a peer: waits until the workload announced wait number @turn by
 * work_announce() and is asleep in it. False: it never slept.
 */
bool work_await_sleep(struct work *work, int turn);
/* For a body: wait number @turn comes next. */
void work_announce(struct work *work, int turn);

#endif
