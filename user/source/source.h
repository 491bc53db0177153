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
#include "source/intake.h"
#include "source/request.h"

/* What the measuring itself cost, over the part of the window in which it was measured. */
struct source_cost {
	bool measured;	      /* BPF statistics were permitted and collected */
	uint64_t bpf_ns;      /* run time of all programs, all CPUs */
	uint64_t bpf_events;  /* their runs */
	uint64_t measured_ns; /* how long statistics were on */
};

struct source;

/*
 * Loads and attaches to the running kernel, and makes a record for every task
 * that exists; nothing is measured yet. What the kernel refuses and dwell can do
 * without is added to the reductions. Where something is missing without which
 * it cannot go on, says so on stderr. 0; -EOPNOTSUPP (kernel lacks a feature), -EPERM,
 * another negative errno. The caller closes *source with source_close().
 */
int source_open(struct source **source, const struct source_request *request,
		const struct intake *intake);
void source_close(struct source *source);

/* Begins the window: every counter is 0. Mono time of the start; 0 before it. */
int source_start(struct source *source);
uint64_t source_window_start(const struct source *source);

/*
 * Gives up every privilege that reading out does not need: all of them, but
 * CAP_BPF where the kernel asks for it at every step (before 5.19), and what
 * @kept (enum privilege_kept, or'ed) names. Call it when the window has begun.
 * 0 or a negative errno.
 */
int source_drop_privileges(struct source *source, unsigned int kept);

/*
 * Hands over what is pushed until the mono time @until, or until *@stop turns
 * non-zero; once a second also the outliers that are found open, and the ledger,
 * if either is wanted. 0 or a negative errno.
 */
int source_run(struct source *source, uint64_t until, volatile const int *stop);

/* Ends the window: nothing is counted from now on. Returns the mono time of the end. */
uint64_t source_stop(struct source *source);

/*
 * Hands over every live task's record, then what is left in the ring buffer,
 * then the timers. 0 or a negative errno.
 */
int source_read(struct source *source);

/* The same while the window is open, as of now; not the samples of a ledger, and no sites. */
int source_sample(struct source *source);

/*
 * Whether dwell runs in a pid namespace other than the initial one: then only its
 * tasks are measured, and all numbers of tasks are that namespace's, but those with
 * DWELL_OUTSIDE.
 */
bool source_in_pid_namespace(const struct source *source);

/* What the kernel side leaves undone from now on. */
void source_shed(struct source *source, enum dwell_shed shed);

/* Which figures mean nothing, for the reductions. */
struct unmeasured source_unmeasured(const struct source *source);

/* A program of the kernel side that is meant to run. */
struct source_program {
	const char *name; /* as long as the source */
	bool attached;
};

/* Fills in at most @most @programs; how many there are. */
#define SOURCE_PROGRAMS_MAX 32
size_t source_programs(const struct source *source, struct source_program *programs, size_t most);

/*
 * Writes the name of the function that holds the kernel's @address to @buffer,
 * as the kernel prints it: "hrtimer_wakeup", "e1000_watchdog [e1000]". For where
 * /proc/kallsyms hides its addresses. 0; -ENOENT; another negative errno. @buffer
 * is empty after an error.
 */
int source_function_name(struct source *source, uint64_t address, char *buffer, size_t size);

/* The counters of the kernel side and of the source (DWELL_LOSS_RECURSION, …). */
void source_losses(const struct source *source, uint64_t losses[DWELL_LOSSES]);
/* The outliers so far: reported ones were handed over, the others could not be. */
void source_outlier_counts(const struct source *source,
			   struct dwell_outlier_counts counts[DWELL_MEASURES]);
/*
 * Tasks that exist but that the kernel's iterator hides and that did not run: not
 * listed. SOURCE_NOT_KNOWN without /proc, and in a pid namespace.
 */
#define SOURCE_NOT_KNOWN UINT64_MAX
uint64_t source_hidden_tasks(const struct source *source);
void source_cost(const struct source *source, struct source_cost *cost);
/*
 * What the programs on context switches, wake-ups and timers cost since the
 * start, all CPUs: estimated from the runs that were timed, which takes no
 * privilege. What the others cost, on forks, execs and exits, is not in it.
 */
void source_sampled_cost(const struct source *source, uint64_t *ns, uint64_t *runs);

#endif
