/* SPDX-License-Identifier: GPL-2.0-only */
/* Sources: where records come from. They hand over what crosses the border and know no model. */
#ifndef DWELL_SOURCE_H
#define DWELL_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/types.h>

#include "bpf/dwell.h"
#include "model/reduction.h"

/*
 * A source is opened by a function of its kind, which is told what to measure and who takes
 * what it hands over (source/live.h). After that all kinds are alike: source_start(), then
 * source_run() and source_sample() as often as wanted, source_stop(), source_read().
 * Times are mono: CLOCK_MONOTONIC of the measured machine, in ns.
 */
struct source;

/* Ends the source and frees it; NULL is none. */
void source_close(struct source *source);

/* ---- the window -------------------------------------------------------------- */

/* Begins the window, with every counter at 0; *start is its mono time. 0 or a negative errno. */
int source_start(struct source *source, uint64_t *start);

/*
 * Gives up for good every privilege of the process that reading out does not need, but
 * @kept (enum privilege_kept, or'ed). Before Linux 5.19 reading out the live source needs
 * CAP_BPF. Called once the window has begun. 0 or a negative errno.
 */
int source_drop_privileges(struct source *source, unsigned int kept);

/*
 * Hands over what is pushed until the mono time @until, or until *@stop turns non-zero; once
 * a second also the outliers that are found open and the timers of a ledger, if they are
 * wanted. 0 or a negative errno.
 */
int source_run(struct source *source, uint64_t until, volatile const int *stop);

/*
 * While the window is open: hands over every live task's record, then what has been pushed,
 * then the timers, all as of now. 0; -EOPNOTSUPP: this kind of source can only be read at
 * the end; another negative errno.
 */
int source_sample(struct source *source);

/* Ends the window: nothing is counted from now on. Returns the mono time of the end. */
uint64_t source_stop(struct source *source);

/*
 * After the end: hands over every live task's record, then what is left of what was pushed,
 * then the timers; with a ledger, its last sample and its sites. 0 or a negative errno.
 */
int source_read(struct source *source);

/* What the kernel side leaves undone from now on. A source that costs nothing ignores it. */
void source_shed(struct source *source, enum dwell_shed shed);

/* ---- what is known of it, at any time ---------------------------------------- */

/* Each loss so far that the kernel side and the source count (enum dwell_loss); others are 0. */
void source_losses(const struct source *source, uint64_t losses[DWELL_LOSSES]);

/* The outliers so far: reported ones were handed over, the others could not be. */
void source_outlier_counts(const struct source *source,
			   struct dwell_outlier_counts counts[DWELL_MEASURES]);

/* Which figures mean nothing, because something was refused. */
struct unmeasured source_unmeasured(const struct source *source);

/*
 * Tasks that exist but did not run and that the kernel's iterator hides, as of the last
 * read: they were not handed over. SOURCE_NOT_KNOWN without /proc, and in a pid namespace.
 */
#define SOURCE_NOT_KNOWN UINT64_MAX
uint64_t source_hidden_tasks(const struct source *source);

/*
 * Whether dwell measures in a pid namespace other than the initial one: then only its
 * tasks are measured, and all numbers of tasks are that namespace's, but those with
 * DWELL_OUTSIDE.
 */
bool source_in_pid_namespace(const struct source *source);

/* A program of the kernel side that is meant to run. */
struct source_program {
	const char *name; /* as long as the source */
	bool attached;
};

/* Writes the first programs, at most @most, to @programs. Returns how many were written. */
#define SOURCE_PROGRAMS_MAX 32
size_t source_programs(const struct source *source, struct source_program *programs, size_t most);

/*
 * Writes the name of the function that holds the kernel's @address to @buffer,
 * as the kernel prints it: "hrtimer_wakeup", "e1000_watchdog [e1000]". For where
 * /proc/kallsyms hides its addresses. 0; -ENOENT: there is no such function, or it cannot be
 * told; another negative errno. @buffer is empty after an error.
 */
int source_function_name(struct source *source, uint64_t address, char *buffer, size_t size);

/* What the measuring itself cost, over the part of the window in which it was measured. */
struct source_cost {
	bool measured;	      /* BPF statistics were permitted and collected */
	uint64_t bpf_ns;      /* run time of all programs, all CPUs */
	uint64_t bpf_events;  /* their runs */
	uint64_t measured_ns; /* how long statistics were on */
};

/* What is known of it by now; statistics end after half a second, or with the window. */
void source_cost(const struct source *source, struct source_cost *cost);

/*
 * What the programs on context switches, wake-ups and timers cost since the
 * start, all CPUs: *ns of run time in *runs. Estimated from the runs that were timed, which
 * takes no privilege, if the request says so; else 0. What the others cost, on forks, execs
 * and exits, is not in it.
 */
void source_sampled_cost(const struct source *source, uint64_t *ns, uint64_t *runs);

#endif
