/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by the files of the live source: its state, and the calls between them. */
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

/* Counts of the kernel for all programs together, since they were loaded. */
struct program_counts {
	uint64_t run_ns; /* while statistics were on */
	uint64_t runs;	 /* while statistics were on */
	uint64_t missed; /* events that a program was skipped for */
};

struct live {
	struct source source; /* first: see live_of() */
	struct intake intake;
	struct dwell_bpf *skeleton;
	struct features features;
	struct reductions *reductions; /* the caller's: the parts that were refused */
	struct reduction_context context;
	unsigned int cpus; /* how many the kernel may ever have */
	bool pid_ns;	   /* dwell runs in a pid namespace other than the initial one */
	bool needs_bpf;	   /* CAP_BPF is needed even to read out */

	bool outliers;	    /* outliers are looked for */
	bool open_outliers; /* so are those that have not ended */
	bool ledger;	    /* the ledger of timers is kept in full */
	bool sites;	    /* the ledger's sites are kept */

	struct ring last_records, outlier_ring;
	int readable; /* epoll descriptor of both rings; -1: none */

	struct clock_pair clock; /* when the clocks were last compared */
	uint64_t started;	 /* mono; 0: not yet */
	uint64_t next_open;	 /* mono: when open intervals are looked for next */
	uint64_t next_timers;	 /* mono: when the ledger is read next; 0: not planned yet */
	uint64_t hidden;	 /* as source_hidden_tasks() returns it; 0 before the first read */

	int statistics_fd;	      /* -1: statistics are off */
	uint64_t statistics_began;    /* mono */
	struct program_counts before; /* when statistics began */
	struct source_cost cost;
};

/* Returns @source as the live source that it is: the functions of its table get no other. */
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

/* ---- opening --------------------------------------------------------------------- */

/*
 * Loads and attaches the parts that the kernel does not refuse, and adds the others to the
 * reductions. 0; or a negative errno, after it said on stderr why that was not enough:
 * -EPERM, -EOPNOTSUPP, another one.
 */
int live_load(struct live *live, const struct source_request *request);

/*
 * Fills in the settings of the opened skeleton, and chooses the parts to load: those that
 * the request needs and the kernel has not refused. @callbacks has the callback addresses
 * of callbacks_find(), and zeros otherwise.
 */
void live_configure(struct live *live, const struct source_request *request,
		    const struct dwell_config *callbacks);

/*
 * Attaches the loaded programs and makes a record for every task. 0; or a negative errno,
 * and refusal_last() names the part that failed.
 */
int live_attach(struct live *live);

/* ---- reading out ------------------------------------------------------------------ */

/* Maps the ring buffers. 0, or a negative errno, after it said why on stderr. */
int live_map_rings(struct live *live);
/* Hands over all that the rings hold. 0 or a negative errno. */
int live_read_rings(struct live *live);
/* Reads the rings once they hold enough, or after @timeout ms. 0 or a negative errno. */
int live_await_rings(struct live *live, int timeout);

/*
 * Hands over the timers. Reads the rings first, since they tell which tasks have exited:
 * the ledger of those may be forgotten. 0 or a negative errno.
 */
int live_read_timers(struct live *live);
/* Hands over the sites of the ledger. 0 or a negative errno. */
int live_read_sites(struct live *live);

/* ---- cost ------------------------------------------------------------------------- */

/* Has the kernel count the run time of programs from now on, if that is permitted. */
void live_begin_statistics(struct live *live);
/* Ends the statistics, if they are on, and puts their counts into the source's cost. */
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
