/* SPDX-License-Identifier: GPL-2.0-only */
/* Operations that a kind of source implements. Commands only include source.h. */
#ifndef DWELL_SOURCE_OPS_H
#define DWELL_SOURCE_OPS_H

#include "source/source.h"

/*
 * Each operation implements the function of that name in source.h, and only that calls it.
 * A comment "NULL: …" marks an operation that may be missing, and says what holds then.
 */
struct source_ops {
	void (*close)(struct source *source); /* @source is never NULL */
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
	/* NULL: the source costs nothing. */
	void (*shed)(struct source *source, enum dwell_shed shed);
	void (*cost)(const struct source *source, struct source_cost *cost);
	void (*sampled_cost)(const struct source *source, uint64_t *ns, uint64_t *runs);
	/* NULL: all figures mean something. */
	struct unmeasured (*unmeasured)(const struct source *source);
	/* NULL: SOURCE_NOT_KNOWN. */
	uint64_t (*hidden_tasks)(const struct source *source);
	/* NULL: false. */
	bool (*in_pid_namespace)(const struct source *source);
	/* NULL: there are no programs. */
	size_t (*programs)(const struct source *source, struct source_program *programs,
			   size_t most);
	/* NULL: -ENOENT. */
	int (*function_name)(struct source *source, uint64_t address, char *buffer, size_t size);
};

/* The first member of the struct of each kind of source. */
struct source {
	const struct source_ops *ops;
};

#endif
