// SPDX-License-Identifier: GPL-2.0-only
/* The live source: opens it if the kernel allows that, and closes it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/message.h"
#include "base/privilege.h"
#include "source/live_private.h"
#include "source/refusal.h"
#include "dwell.skel.h"

#define READER_NICE (-10)

static int refuse(enum feature_id id)
{
	const struct feature *feature = &feature_list[id];

	message_error("%s is missing: %s", feature->title, feature->without);
	if (feature->remedy)
		message_hint("%s; `dwell check` shows all that is needed", feature->remedy);
	return feature->need == NEED_PRIVILEGE ? -EPERM : -EOPNOTSUPP;
}

/* Reads out as little as there is. 0 if that works. */
static int try_reading(void *context)
{
	struct live *live = context;
	const struct bpf_map *cpus = live->skeleton->maps.cpus;
	void *value = calloc(1, bpf_map__value_size(cpus));
	__u32 key = 0;

	if (!value || bpf_map_lookup_elem(bpf_map__fd(cpus), &key, value))
		return -1;
	return bpf_iter_create(bpf_link__fd(live->skeleton->links.read_tasks)) < 0;
}

/*
 * How many CPUs the kernel may ever have. Without /sys libbpf cannot tell, and the number
 * of configured CPUs has to do.
 */
static unsigned int possible_cpus(void)
{
	int cpus = libbpf_num_possible_cpus();

	if (cpus <= 0)
		cpus = sysconf(_SC_NPROCESSORS_CONF);
	return cpus > 0 ? cpus : 1;
}

/* 0, or a negative errno, after it said why on stderr. */
static int open_live(struct live *live, const struct source_request *request)
{
	enum feature_id missing;
	int err = features_detect(&live->features);

	if (err) {
		message_error("cannot tell what this kernel offers: %s", strerror(-err));
		return err;
	}
	missing = features_first_missing(&live->features);
	if (missing != FEATURES)
		return refuse(missing);
	/* Events are lost if the ring is read too late, above all on a busy host. */
	if (setpriority(PRIO_PROCESS, 0, READER_NICE))
		message_detail(1, "cannot raise dwell's own priority: %s", strerror(errno));
	live->clock = clock_pair_read();
	live->cpus = possible_cpus();
	live->context = (struct reduction_context){
		.was_armed = feature_found(&live->features, FEATURE_WAS_ARMED),
		.timers_alone = request->ledger.alone,
		.outliers_alone = request->outliers_alone,
	};
	err = live_load(live, request);
	if (!err)
		err = live_map_rings(live);
	if (err)
		return err;
	/* This is done now, because the child would be measured in the window. */
	live->needs_bpf = !privileges_unneeded(try_reading, live);
	return err;
}

static void close_live(struct source *source)
{
	struct live *live = live_of(source);

	close_fd(&live->statistics_fd);
	close_fd(&live->readable);
	ring_close(&live->last_records);
	ring_close(&live->outlier_ring);
	dwell_bpf__destroy(live->skeleton);
	free(live);
}

static bool in_pid_namespace(const struct source *source)
{
	return live_of(source)->pid_ns;
}

static struct unmeasured unmeasured(const struct source *source)
{
	return live_unmeasured(live_of(source));
}

static uint64_t hidden_tasks(const struct source *source)
{
	return live_of(source)->hidden;
}

static const struct source_ops live_ops = {
	.close = close_live,
	.start = live_start,
	.drop_privileges = live_drop_privileges,
	.run = live_run,
	.stop = live_stop,
	.read = live_read,
	.sample = live_sample,
	.shed = live_shed,
	.losses = live_losses,
	.outlier_counts = live_outlier_counts,
	.unmeasured = unmeasured,
	.hidden_tasks = hidden_tasks,
	.in_pid_namespace = in_pid_namespace,
	.programs = live_programs,
	.function_name = live_function_name,
	.cost = live_cost,
	.sampled_cost = live_sampled_cost,
};

int source_live_open(struct source **source, const struct source_request *request,
		     const struct intake *intake)
{
	struct live *live = calloc(1, sizeof(*live));
	int err;

	*source = NULL;
	if (!live) {
		message_error("out of memory");
		return -ENOMEM;
	}
	live->source.ops = &live_ops;
	live->intake = *intake;
	live->reductions = request->reductions;
	live->statistics_fd = live->readable = -1;
	refusal_listen();
	err = open_live(live, request);
	if (err) {
		close_live(&live->source);
		return err;
	}
	*source = &live->source;
	return 0;
}
