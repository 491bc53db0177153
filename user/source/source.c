// SPDX-License-Identifier: GPL-2.0-only
/* Sources: hands each call on to the operations of the source's kind. */
#include "source/source.h"

#include <errno.h>

#include "base/privilege.h"
#include "source/source_ops.h"

void source_close(struct source *source)
{
	if (source)
		source->ops->close(source);
}

int source_start(struct source *source, uint64_t *start)
{
	return source->ops->start(source, start);
}

int source_drop_privileges(struct source *source, unsigned int kept)
{
	if (!source->ops->drop_privileges)
		return privileges_drop(kept);
	return source->ops->drop_privileges(source, kept);
}

int source_run(struct source *source, uint64_t until, volatile const int *stop)
{
	return source->ops->run(source, until, stop);
}

int source_sample(struct source *source)
{
	return source->ops->sample ? source->ops->sample(source) : -EOPNOTSUPP;
}

uint64_t source_stop(struct source *source)
{
	return source->ops->stop(source);
}

int source_read(struct source *source)
{
	return source->ops->read(source);
}

void source_shed(struct source *source, enum dwell_shed shed)
{
	if (source->ops->shed)
		source->ops->shed(source, shed);
}

void source_losses(const struct source *source, uint64_t losses[DWELL_LOSSES])
{
	source->ops->losses(source, losses);
}

void source_outlier_counts(const struct source *source,
			   struct dwell_outlier_counts counts[DWELL_MEASURES])
{
	source->ops->outlier_counts(source, counts);
}

struct unmeasured source_unmeasured(const struct source *source)
{
	if (!source->ops->unmeasured)
		return (struct unmeasured){0};
	return source->ops->unmeasured(source);
}

uint64_t source_hidden_tasks(const struct source *source)
{
	return source->ops->hidden_tasks ? source->ops->hidden_tasks(source) : SOURCE_NOT_KNOWN;
}

bool source_in_pid_namespace(const struct source *source)
{
	return source->ops->in_pid_namespace && source->ops->in_pid_namespace(source);
}

size_t source_programs(const struct source *source, struct source_program *programs, size_t most)
{
	return source->ops->programs ? source->ops->programs(source, programs, most) : 0;
}

int source_function_name(struct source *source, uint64_t address, char *buffer, size_t size)
{
	if (source->ops->function_name)
		return source->ops->function_name(source, address, buffer, size);
	buffer[0] = '\0';
	return -ENOENT;
}

void source_cost(const struct source *source, struct source_cost *cost)
{
	*cost = (struct source_cost){0};
	if (source->ops->cost)
		source->ops->cost(source, cost);
}

void source_sampled_cost(const struct source *source, uint64_t *ns, uint64_t *runs)
{
	*ns = *runs = 0;
	if (source->ops->sampled_cost)
		source->ops->sampled_cost(source, ns, runs);
}
