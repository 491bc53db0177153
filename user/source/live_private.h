/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the live source share: its state, and the calls between them. */
#ifndef DWELL_SOURCE_LIVE_PRIVATE_H
#define DWELL_SOURCE_LIVE_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "model/reduction.h"
#include "source/features.h"
#include "source/live.h"
#include "source/ring.h"
#include "source/slew.h"
#include "source/source_ops.h"

struct dwell_bpf;

/* What the kernel counts of all programs together, since they were loaded. */
struct program_counts {
	uint64_t run_ns; /* while statistics were on */
	uint64_t runs;	 /* while statistics were on */
	uint64_t missed;
};

struct live {
	struct source source; /* first: see live_of() */
	struct intake intake;
	struct dwell_bpf *skeleton;
	struct features features;
	struct reductions *reductions; /* the caller's: what is done without */
	struct reduction_context context;
	unsigned int cpus; /* that may ever be there */
	bool pid_ns;	   /* dwell runs in a pid namespace that is not the initial one */
	bool needs_bpf;	   /* even to read out */

	bool outliers;	    /* are looked for */
	bool open_outliers; /* also those that have not ended */
	bool ledger;	    /* is kept in full */
	bool sites;

	struct ring last_records, outlier_ring;
	int readable; /* epoll: one of them has to be read; -1: none */

	struct clock_pair clock; /* when the clocks were last compared */
	uint64_t started;	 /* mono; 0: not yet */
	uint64_t next_open;	 /* mono: when open intervals are looked for */
	uint64_t next_timers;	 /* mono: when the ledger is looked at; 0: not yet */
	uint64_t hidden;	 /* tasks, as of the last read */

	int statistics_fd;	   /* -1: off */
	uint64_t statistics_began; /* mono */
	struct program_counts before;
	struct source_cost cost;
};

/* The live source that @source is: all functions of its table are given one. */
static inline struct live *live_of(const struct source *source)
{
	return (struct live *)source;
}

static inline void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline struct unmeasured live_unmeasured(const struct live *live)
{
	return reductions_unmeasured(live->reductions, &live->context);
}

/* ---- opening: each calls those below it ------------------------------------------ */

/*
 * Loads and attaches what the kernel does not refuse, and adds the rest to the
 * reductions; says on stderr why that was not enough. 0; -EPERM, -EOPNOTSUPP,
 * another negative errno.
 */
int live_load(struct live *live, const struct source_request *request);

/*
 * Makes the settings of the opened skeleton, and chooses what of it is loaded: what the
 * request takes and the kernel has not refused. @callbacks: as callbacks_find() left them.
 */
void live_configure(struct live *live, const struct source_request *request,
		    const struct dwell_config *callbacks);

/*
 * Attaches what was loaded and makes a record for every task. 0 or a negative
 * errno: refusal_last() tells of what.
 */
int live_attach(struct live *live);

/* ---- reading out ------------------------------------------------------------------ */

/* Maps the ring buffers; says on stderr what went wrong. 0 or a negative errno. */
int live_map_rings(struct live *live);
/* Hands over what the rings hold. 0 or a negative errno. */
int live_read_rings(struct live *live);
/* Reads the rings once they have enough, or after @timeout ms. 0 or a negative errno. */
int live_await_rings(struct live *live, int timeout);

/*
 * Hands over the timers, and before them what the rings hold: of who has exited, the
 * ledger may be forgotten. 0 or a negative errno.
 */
int live_read_timers(struct live *live);
/* Hands over the sites of the ledger. 0 or a negative errno. */
int live_read_sites(struct live *live);

/* ---- what it costs ---------------------------------------------------------------- */

/* Has the kernel count the run time of programs from now on, where it may; else does nothing. */
void live_begin_statistics(struct live *live);
/* Notes what was counted, if anything is. */
void live_end_statistics(struct live *live);

/* ---- the functions of the table, as source.h has them ----------------------------- */

int live_start(struct source *source, uint64_t *start);
int live_drop_privileges(struct source *source, unsigned int kept);
int live_run(struct source *source, uint64_t until, volatile const int *stop);
uint64_t live_stop(struct source *source);
int live_read(struct source *source);
int live_sample(struct source *source);
void live_shed(struct source *source, enum dwell_shed shed);
void live_losses(const struct source *source, uint64_t losses[DWELL_LOSSES]);
void live_outlier_counts(const struct source *source,
			 struct dwell_outlier_counts counts[DWELL_MEASURES]);
size_t live_programs(const struct source *source, struct source_program *programs, size_t most);
int live_function_name(struct source *source, uint64_t address, char *buffer, size_t size);
void live_cost(const struct source *source, struct source_cost *cost);
void live_sampled_cost(const struct source *source, uint64_t *ns, uint64_t *runs);

#endif
