/* SPDX-License-Identifier: GPL-2.0-only */
/* What the programs on the busy hooks take: one run in so many is timed, without any privilege. */
#ifndef DWELL_COST_BPF_H
#define DWELL_COST_BPF_H

#include "maps.bpf.h"

static __noinline void begin_timed_run(struct cpu *cpu)
{
	/* If it is set, this run interrupts one that is timed, whose time ends with this one. */
	if (!cpu->timed_since)
		cpu->timed_since = bpf_ktime_get_ns();
}

/* No program takes longer by itself: an interrupt does, or the host of a virtual machine. */
#define LONGEST_RUN_NS 25000

static __noinline void end_timed_run(struct cpu *cpu)
{
	__u64 now = bpf_ktime_get_ns(), ns = now - cpu->timed_since;
	__u64 clock_ns = bpf_ktime_get_ns() - now; /* reading it is part of what was timed */

	ns = ns > clock_ns ? ns - clock_ns : 0;
	__sync_fetch_and_add(&cost.ns, ns < LONGEST_RUN_NS ? ns : LONGEST_RUN_NS);
	__sync_fetch_and_add(&cost.runs, 1);
	cpu->timed_since = 0;
	cpu->untimed_runs = 0;
}

inline_always void begin_run(struct cpu *cpu)
{
	if (!config.sample_cost)
		return;
	if (likely(cpu->untimed_runs < DWELL_COST_PERIOD - 1))
		cpu->untimed_runs++;
	else
		begin_timed_run(cpu);
}

/* Begins a run, but not outside the window: NULL then. */
inline_always struct cpu *begin_run_in_window(void)
{
	struct cpu *cpu = this_cpu_in_window();

	if (!cpu)
		return NULL;
	begin_run(cpu);
	return cpu;
}

inline_always void end_run(struct cpu *cpu)
{
	if (config.sample_cost && unlikely(cpu->timed_since))
		end_timed_run(cpu);
}

#endif /* DWELL_COST_BPF_H */
