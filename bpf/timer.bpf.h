/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * High-resolution timers: which of three kinds one is, and whose it is by that.
 *
 * The callback tells the kind, before any other work:
 *   sleeps   the timer of a system call or kernel thread that waits with a
 *            time-out. It is the sleeper's own and it has one at a time, so
 *            its record keeps it, and its expiry is known by whom it wakes.
 *   user     timerfd, POSIX timers, itimers, io_uring time-outs: a table holds
 *            those that are armed, with their owner: the last task that armed
 *            it in its own context.
 *   kernel   everything else, counted by callback and never billed to whoever
 *            was interrupted.
 */
#ifndef DWELL_TIMER_BPF_H
#define DWELL_TIMER_BPF_H

#include "maps.bpf.h"

#define CLOCK_MONOTONIC 1
#define CLOCK_BASES 8 /* four clocks, hard and soft */

/* Each clock's offset to CLOCK_MONOTONIC when last seen, and when any was last seen to move. */
__s64 clock_base_offset[CLOCK_BASES];
__u64 clock_stepped_at;

inline_always enum dwell_timer_kind timer_kind(__u64 function)
{
	for (int i = 0; i < DWELL_SLEEPERS; i++)
		if (config.sleepers[i] && function == config.sleepers[i])
			return DWELL_TIMER_SLEEP;
	for (int i = 0; i < DWELL_USER_CALLBACKS; i++)
		if (config.user_callbacks[i] && function == config.user_callbacks[i])
			return DWELL_TIMER_USER;
	return DWELL_TIMER_KERNEL;
}

/*
 * Notes when a clock was set. Its offset moves then, or over a suspend, and else never.
 * What was armed before that and expires after it is not late by the step.
 */
inline_always void watch_clock(struct hrtimer_clock_base *base, __u64 now)
{
	__u32 at = base->index % CLOCK_BASES;
	__s64 offset = base->offset;

	if (likely(base->clockid == CLOCK_MONOTONIC || clock_base_offset[at] == offset))
		return;
	if (clock_base_offset[at])
		clock_stepped_at = now;
	clock_base_offset[at] = offset;
}

#endif /* DWELL_TIMER_BPF_H */
