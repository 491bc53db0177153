/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two clocks: CLOCK_MONOTONIC, which every interval is measured with, and the
 * scheduler's own, in which the kernel stamps a task when it queues it.
 *
 * Reading that stamp (sched_info.last_queued) replaces a program on sched_wakeup: a
 * hook, a lookup and a clock read for each wake-up. The stamp is taken under the
 * run-queue lock where sched_wakeup would fire, and survives whatever way the wake-up
 * takes.
 *
 * What remains to be known is the offset between the two clocks. At a switch both can
 * be read. But rq->clock is as of when the run queue was last touched, up to a tick
 * ago: the kernel saves itself the update when a wake-up asked for the switch. So the
 * offset seen is never too small, and its minimum over a while is the true one.
 * Switches of a task that blocks are fresh, and frequent.
 */
#ifndef DWELL_CLOCK_BPF_H
#define DWELL_CLOCK_BPF_H

#include "maps.bpf.h"

#define OFFSET_SPAN_NS 1000000 /* after so long the drift is worth an adjustment */
#define OFFSET_SPANS 32	       /* so many make one window of the minimum */
#define OFFSET_STALE_NS \
	20000000 /* no run queue in use goes untouched for longer: a tick is 10 ms */

/*
 * An offset from before the window opened: that of whichever CPU switched last. Dwell
 * itself blocks some times just then, so that there is one. Where the clocks can be
 * trusted at all it holds for every CPU. A CPU's own first switch may be worse: its
 * clock may be old.
 */
__u64 offset_seed;

/*
 * Adjusts the offset, at a CPU's first switch in the window or after a while: clocks
 * drift apart.
 */
static __noinline void adjust_offset(struct cpu *cpu, __u64 now, __u64 seen)
{
	__u64 elapsed = now - cpu->offset_at;
	__s64 excess = seen - offset_seed;

	if (!cpu->offset_at) {
		cpu->offset = offset_seed && excess < OFFSET_STALE_NS ? offset_seed : seen;
		cpu->offset_excess = 0;
		cpu->number = bpf_get_smp_processor_id();
	} else {
		cpu->offset += ((__s64)elapsed * clock_slew) >> 30;
	}
	cpu->offset_at = now;
	if (++cpu->offset_spans < OFFSET_SPANS)
		return;
	/* In all that time every switch was later than expected: the offset has grown. */
	cpu->offset += cpu->offset_excess;
	cpu->offset_excess = OFFSET_STALE_NS;
	cpu->offset_spans = 0;
}

/* Mono minus scheduler clock on this CPU, given both as of one switch. */
inline_always __u64 clock_offset(struct cpu *cpu, __u64 now, __u64 clock)
{
	__u64 seen = now - clock;
	__s64 excess;

	if (unlikely(now - cpu->offset_at > OFFSET_SPAN_NS))
		adjust_offset(cpu, now, seen);
	excess = seen - cpu->offset;
	if (unlikely(excess < cpu->offset_excess)) {
		if (excess < 0) {
			cpu->offset = seen;
			excess = 0;
		}
		cpu->offset_excess = excess;
	}
	return cpu->offset;
}

/* Mono minus scheduler clock on @cpu, even if no switch was seen there yet. */
inline_always __u64 known_offset(const struct cpu *cpu)
{
	return cpu->offset_at ? cpu->offset : offset_seed;
}

#endif /* DWELL_CLOCK_BPF_H */
