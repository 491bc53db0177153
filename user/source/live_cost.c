// SPDX-License-Identifier: GPL-2.0-only
/* Costs and losses of the kernel side's programs: their run time, runs, and missed events. */
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/clock.h"
#include "base/message.h"
#include "source/live_private.h"
#include "dwell.skel.h"

/*
 * Whether skipped runs of @program are no loss, or counted elsewhere. If one of two twins is
 * skipped, the other one sees the event. If both are, another loss counts it.
 */
static bool is_told_elsewhere(const struct live *live, const struct bpf_program *program)
{
	const struct dwell_bpf *skeleton = live->skeleton;

	if (program == skeleton->progs.on_newtask || program == skeleton->progs.on_newtask_twin ||
	    program == skeleton->progs.on_fork || program == skeleton->progs.on_exit ||
	    program == skeleton->progs.on_exit_twin)
		return true;
	/* Without a filter it only helps tasks whose birth was hidden, and those are counted. */
	if (program == skeleton->progs.on_exec)
		return !skeleton->rodata->config.nr_comms && !skeleton->rodata->config.nr_cgroups;
	return skeleton->rodata->config.twin_expiry &&
	       (program == skeleton->progs.on_timer_expire ||
		program == skeleton->progs.on_timer_expire_twin ||
		program == skeleton->progs.on_timer_expired ||
		program == skeleton->progs.on_timer_expired_twin);
}

static void count_programs(const struct live *live, struct program_counts *counts)
{
	struct bpf_program *program;

	*counts = (struct program_counts){0};
	bpf_object__for_each_program(program, live->skeleton->obj) {
		struct bpf_prog_info info = {0};
		__u32 size = sizeof(info);

		if (!bpf_program__autoload(program) ||
		    bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size))
			continue;
		counts->run_ns += info.run_time_ns;
		counts->runs += info.run_cnt;
		if (info.recursion_misses && !is_told_elsewhere(live, program)) {
			counts->missed += info.recursion_misses;
			message_detail(2, "%s was skipped %llu times", bpf_program__name(program),
				       (unsigned long long)info.recursion_misses);
		}
	}
}

void live_end_statistics(struct live *live)
{
	struct program_counts now;

	if (live->statistics_fd < 0)
		return;
	count_programs(live, &now);
	live->cost.measured_ns = clock_mono() - live->statistics_began;
	close_fd(&live->statistics_fd);
	live->statistics_fd = -1;
	live->cost.bpf_ns = now.run_ns - live->before.run_ns;
	live->cost.bpf_events = now.runs - live->before.runs;
	live->cost.measured = true;
}

void live_begin_statistics(struct live *live)
{
	if (!feature_found(&live->features, FEATURE_CAP_SYS_ADMIN))
		return;
	live->statistics_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (live->statistics_fd < 0)
		return;
	live->statistics_began = clock_mono();
	count_programs(live, &live->before);
}

size_t live_programs(const struct source *source, struct source_program *programs, size_t most)
{
	const struct live *live = live_of(source);
	const struct bpf_object_skeleton *skeleton = live->skeleton->skeleton;
	size_t count = 0;

	for (int i = 0; i < skeleton->prog_cnt && count < most; i++) {
		const struct bpf_prog_skeleton *program = &skeleton->progs[i];
		struct bpf_link_info info = {0};
		__u32 size = sizeof(info);

		if (!bpf_program__autoload(*program->prog) &&
		    !reductions_have(live->reductions, program->name))
			continue;
		programs[count++] = (struct source_program){
			.name = program->name,
			.attached =
				*program->link &&
				!bpf_obj_get_info_by_fd(bpf_link__fd(*program->link), &info, &size),
		};
	}
	return count;
}

void live_losses(const struct source *source, uint64_t losses[DWELL_LOSSES])
{
	const struct live *live = live_of(source);
	struct program_counts counts;

	for (int i = 0; i < DWELL_LOSSES; i++)
		losses[i] = live->skeleton->bss->losses[i];
	count_programs(live, &counts);
	losses[DWELL_LOSS_RECURSION] = counts.missed;
}

void live_outlier_counts(const struct source *source,
			 struct dwell_outlier_counts counts[DWELL_MEASURES])
{
	memcpy(counts, live_of(source)->skeleton->bss->outlier_counts,
	       DWELL_MEASURES * sizeof(*counts));
}

void live_cost(const struct source *source, struct source_cost *cost)
{
	*cost = live_of(source)->cost;
}

void live_sampled_cost(const struct source *source, uint64_t *ns, uint64_t *runs)
{
	const struct dwell_cost *cost = &live_of(source)->skeleton->bss->cost;

	*ns = cost->ns * DWELL_COST_PERIOD;
	*runs = cost->runs * DWELL_COST_PERIOD;
}
