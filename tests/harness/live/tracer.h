/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel's own tracer says of a thread's sleeps: the truth for timer latency. */
#ifndef DWELL_LIVE_TRACER_H
#define DWELL_LIVE_TRACER_H

#include <stdint.h>
#include <sys/types.h>

/* Those sleeps of a thread that its timer ended: from when that was due until it was on-CPU. */
struct tracer_sleeps {
	int64_t count;
	int64_t sum_ns;
	int64_t max_ns;
	int64_t unslept; /* of them: it was on its CPU still when the timer expired */
	int64_t hidden;	 /* not counted: the timer interrupted a task that this host hides */
};

/*
 * Records the sleeps of the tasks named @comm from now on. The test is skipped
 * where the kernel has no such tracer. The runner clears away what is left.
 */
void tracer_begin(const char *comm);

/* Stops recording, and reads what thread @tid did. */
void tracer_end(pid_t tid, struct tracer_sleeps *sleeps);

/* Clears away a recording that a test left. */
void tracer_remove(void);

#endif
