/* SPDX-License-Identifier: GPL-2.0-only */
/* Source operations: what a kind of source implements. Commands include source.h alone. */
#ifndef DWELL_SOURCE_OPS_H
#define DWELL_SOURCE_OPS_H

#include "source/source.h"

/*
 * Each does what the function of source.h does that has its name, and is called by that one
 * alone. One that may be NULL says what such a source does instead.
 */
struct source_ops {
	void (*close)(struct source *source); /* never with NULL */
	int (*start)(struct source *source, uint64_t *start);
	int (*run)(struct source *source, uint64_t until, volatile const int *stop);
	uint64_t (*stop)(struct source *source);
	int (*read)(struct source *source);
	void (*losses)(const struct source *source, uint64_t losses[DWELL_LOSSES]);
	void (*outlier_counts)(const struct source *source,
			       struct dwell_outlier_counts counts[DWELL_MEASURES]);

	/* NULL: reading out takes no privilege. */
	int (*drop_privileges)(struct source *source, unsigned int kept);
	/* NULL: -EOPNOTSUPP. */
	int (*sample)(struct source *source);
	/* NULL: it costs nothing. */
	void (*shed)(struct source *source, enum dwell_shed shed);
	void (*cost)(const struct source *source, struct source_cost *cost);
	void (*sampled_cost)(const struct source *source, uint64_t *ns, uint64_t *runs);
	/* NULL: all figures mean something. */
	struct unmeasured (*unmeasured)(const struct source *source);
	/* NULL: it is not known. */
	uint64_t (*hidden_tasks)(const struct source *source);
	/* NULL: it does not. */
	bool (*in_pid_namespace)(const struct source *source);
	/* NULL: there are none. */
	size_t (*programs)(const struct source *source, struct source_program *programs,
			   size_t most);
	/* NULL: no function can be told. */
	int (*function_name)(struct source *source, uint64_t address, char *buffer, size_t size);
};

/* The first member of what a kind of source keeps. */
struct source {
	const struct source_ops *ops;
};

#endif
