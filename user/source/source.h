/* SPDX-License-Identifier: GPL-2.0-only */
/* Sources: where records come from. They hand over kernel-side structs, and know no model. */
#ifndef DWELL_SOURCE_H
#define DWELL_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/types.h>

#include "bpf/dwell.h"
#include "model/reduction.h"

/*
 * A function of its kind opens a source, given a request and an intake (source/live.h).
 * After that all kinds are alike: source_start(), then source_run() and source_sample() as
 * often as wanted, then source_stop() and source_read(). Times are mono: CLOCK_MONOTONIC of
 * the measured machine, in ns.
 */
struct source;

/* Ends the source and frees it. Does nothing with NULL. */
void source_close(struct source *source);

/* ---- the window -------------------------------------------------------------- */

/* Begins the window with all counters at 0, at the mono time *start. 0 or a negative errno. */
int source_start(struct source *source, uint64_t *start);

/*
 * Gives up for good every privilege of the process but @kept (enum privilege_kept, or'ed)
 * and those that reading out needs. Before Linux 5.19 reading out the live source needs
 * CAP_BPF. Call it after source_start(). 0 or a negative errno.
 */
int source_drop_privileges(struct source *source, unsigned int kept);

/*
 * Hands over pushed records and outliers until the mono time @until, or until *@stop is not
 * 0. If they are wanted, it also hands over open outliers and the timers of a ledger, at
 * most once a second. 0 or a negative errno.
 */
int source_run(struct source *source, uint64_t until, volatile const int *stop);

/*
 * Hands over every live task's record, then pushed records and outliers, then the timers,
 * all as of now. Call it while the window is open. 0; -EOPNOTSUPP: this kind of source can
 * only be read at the end; another negative errno.
 */
int source_sample(struct source *source);

/* Ends the window, so that nothing more is counted. Returns the mono time of the end. */
uint64_t source_stop(struct source *source);

/*
 * Hands over every live task's record, then the pushed records and outliers that are left,
 * then the timers. With a ledger its last sample and its sites follow. Call it after
 * source_stop(). 0 or a negative errno.
 */
int source_read(struct source *source);

/* Sets what the kernel side leaves undone from now on. A source that costs nothing ignores it. */
void source_shed(struct source *source, enum dwell_shed shed);

/* ---- what is known of it, at any time ---------------------------------------- */

/* Sets all @losses (by enum dwell_loss) to the counts of the kernel side and the source so far. */
void source_losses(const struct source *source, uint64_t losses[DWELL_LOSSES]);

/* Sets @counts (by enum dwell_measure) to the outliers so far; reported ones are handed over. */
void source_outlier_counts(const struct source *source,
			   struct dwell_outlier_counts counts[DWELL_MEASURES]);

/* Returns the figures that mean nothing, because the kernel refused a part. */
struct unmeasured source_unmeasured(const struct source *source);

/*
 * How many tasks the last read did not hand over, because the kernel's iterator hides them;
 * they did not run. 0 before the first read. SOURCE_NOT_KNOWN without /proc, in a pid
 * namespace, and from a kind of source that cannot tell.
 */
#define SOURCE_NOT_KNOWN UINT64_MAX
uint64_t source_hidden_tasks(const struct source *source);

/*
 * Whether dwell measures in a pid namespace other than the initial one. Then only tasks of
 * that namespace are measured. Numbers of tasks are those of the namespace, except with
 * DWELL_OUTSIDE.
 */
bool source_in_pid_namespace(const struct source *source);

/* A program of the kernel side that is wanted, even if the kernel refused it. */
struct source_program {
	const char *name; /* valid as long as the source */
	bool attached;	  /* false also if the kernel refused it */
};

/* Writes at most the first @most programs to @programs. Returns how many it wrote. */
#define SOURCE_PROGRAMS_MAX 32
size_t source_programs(const struct source *source, struct source_program *programs, size_t most);

/*
 * Writes the name of the kernel's function that holds @address to @buffer, cut to @size (at
 * least 3), as the kernel prints it: "hrtimer_wakeup", "e1000_watchdog [e1000]". Use it
 * where /proc/kallsyms hides its addresses. 0; -ENOENT: no such function, or it cannot be
 * told; another negative errno. @buffer is empty after an error.
 */
int source_function_name(struct source *source, uint64_t address, char *buffer, size_t size);

/* The cost of measuring, over the part of the window in which that was itself measured. */
struct source_cost {
	bool measured;	     /* false: BPF statistics were not permitted, or go on; the rest is 0 */
	uint64_t bpf_ns;     /* run time of all programs on all CPUs */
	uint64_t bpf_events; /* number of those runs */
	uint64_t measured_ns; /* how long statistics were on */
};

/* Sets *cost. It is known when statistics end: after half a second, or with the window. */
void source_cost(const struct source *source, struct source_cost *cost);

/*
 * Sets *ns and *runs to the run time and runs of the programs on context switches, wake-ups
 * and timers, since the start and on all CPUs. Programs on forks, execs and exits are not
 * included. The figures are estimated from runs that are timed at the request's wish
 * (sample_cost), which takes no privilege. Otherwise both are 0.
 */
void source_sampled_cost(const struct source *source, uint64_t *ns, uint64_t *runs);

#endif
