/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the live source share: its state, and the calls between them. */
#ifndef DWELL_SOURCE_LIVE_PRIVATE_H
#define DWELL_SOURCE_LIVE_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "source/features.h"
#include "model/reduction.h"
#include "source/ring.h"
#include "source/source.h"
#include "base/clock.h"

struct bpf_link;
struct bpf_map;
struct dwell_bpf;

/* What the kernel counts for one program. */
struct program_counts {
	__u64 run_ns;
	__u64 runs;
	__u64 missed;
};

struct source {
	struct dwell_bpf *skeleton;
	struct ring last_records, outlier_ring;
	int readable; /* epoll: one of them has to be read; -1: none */
	struct intake intake;
	struct features features;
	struct reductions *reductions; /* the caller's: what is done without */
	struct reduction_context context;
	unsigned int cpus; /* that may ever be there */
	bool pid_ns;	   /* dwell runs in a pid namespace that is not the initial one */
	struct clock_pair clock;
	uint64_t started;     /* mono; 0: not yet */
	uint64_t next_open;   /* mono: when open intervals are looked for */
	uint64_t next_timers; /* mono: when the ledger is looked at; 0: not yet */
	uint64_t hidden;
	bool needs_bpf;	    /* even to read out */
	bool outliers;	    /* are looked for */
	bool open_outliers; /* also those that have not ended */
	bool ledger;	    /* is kept in full */
	bool sites;
	int statistics_fd; /* -1: off */
	uint64_t statistics_began;
	struct program_counts before;
	struct source_cost cost;
};

static inline void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/*
 * Loads and attaches what the kernel does not refuse, and adds the rest to the
 * reductions; says on stderr why that was not enough. 0; -EPERM, -EOPNOTSUPP,
 * another negative errno.
 */
int source_load(struct source *source, const struct source_request *request);

/*
 * Attaches what was loaded and makes a record for every task. 0 or a negative
 * errno: refusal_last() tells of what.
 */
int source_attach(struct source *source);

/* Whether @map was made: neither left out nor refused. */
bool map_exists(const struct bpf_map *map);

/* Runs a task iterator to its end; what it writes goes to nobody. 0 or a negative errno. */
int iterator_run(struct bpf_link *link);

/* Maps the ring buffers; says on stderr what went wrong. 0 or a negative errno. */
int rings_map(struct source *source);
/* Hands over what the rings hold. 0 or a negative errno. */
int rings_read(struct source *source);
/* Reads the rings once they have enough, or after @timeout ms. 0 or a negative errno. */
int rings_await(struct source *source, int timeout);

/* Hands over the timers, and before them who has exited. 0 or a negative errno. */
int ledger_read(struct source *source);

#endif
