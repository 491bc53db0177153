/* SPDX-License-Identifier: GPL-2.0-only */
/* The tasks that this host keeps from tracing: how many they are, and how often they ran. */
#ifndef DWELL_LIVE_HIDDEN_H
#define DWELL_LIVE_HIDDEN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Some hosts hide tasks of their own from the kernel's iterator, and run no BPF
 * program while one of them is current. An event that interrupts such a task is
 * never seen, which no tracer can help. They belong to the host: they are only
 * looked at, by what /proc shows to everybody.
 */

#define HIDDEN_TASKS_MAX 256

/* The accounts of all hidden tasks at one moment. */
struct hidden_sample {
	unsigned int count;
	struct hidden_task {
		pid_t tid;
		uint64_t slices; /* times it got on a CPU */
		int cpu;	 /* where it ran last */
		bool running;	 /* or about to */
	} tasks[HIDDEN_TASKS_MAX];
};

#define HIDDEN_ANY_CPU (-1)
/* In one slice each task on that CPU can have one event unseen; of all tasks, so many. */
#define HIDDEN_EVENTS 8

/*
 * Finds the processes with hidden tasks, by what two reports of the program
 * under test lack. Returns how many tasks they have, or a negative errno.
 */
int hidden_find(void);

/* Whether the task is one of a process that has hidden tasks. */
bool hidden_is(pid_t tid);

/* Takes the accounts now; cheap, and empty if nothing is hidden. */
void hidden_sample(struct hidden_sample *sample);

/*
 * How often at most hidden tasks were on @cpu from @before until now. 0: never,
 * so nothing that happened on that CPU was kept from tracing by them.
 */
int64_t hidden_slices(const struct hidden_sample *before, int cpu);

#endif
