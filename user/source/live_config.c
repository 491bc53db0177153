// SPDX-License-Identifier: GPL-2.0-only
/* Settings of the kernel side: the parts that are loaded for a request, and how they measure. */
#include <string.h>
#include <time.h>

#include <bpf/libbpf.h>

#include "source/live_private.h"
#include "dwell.skel.h"

#define CPU_TOKEN_SHIFT 20 /* a token each ms */
#define WHEEL_CALLBACKS 512
#define CLOCK_ERROR_NS 10000
#define UNSTABLE_CLOCK_ERROR_NS 20000000 /* two ticks at 100 Hz */

static bool was_refused(const struct live *live, const char *name)
{
	return reductions_have(live->reductions, name);
}

/* Has @program loaded if it is @wanted and was not refused before. Returns whether it is. */
static bool want(const struct live *live, struct bpf_program *program, bool wanted)
{
	wanted = wanted && !was_refused(live, bpf_program__name(program));
	bpf_program__set_autoload(program, wanted);
	return wanted;
}

/*
 * Has @map made if it is @wanted and was not refused before. It has room for @entries, or
 * with 0, for as many as it was declared with. Returns whether the map is made.
 */
static bool want_map(const struct live *live, struct bpf_map *map, bool wanted,
		     unsigned int entries)
{
	wanted = wanted && !was_refused(live, bpf_map__name(map));
	bpf_map__set_autocreate(map, wanted);
	if (wanted && entries)
		bpf_map__set_max_entries(map, entries);
	return wanted;
}

static void set_filter(struct dwell_config *config, const struct source_filter *filter)
{
	config->nr_pids = filter->nr_pids;
	config->nr_tids = filter->nr_tids;
	config->nr_cgroups = filter->nr_cgroups;
	config->nr_comms = filter->nr_comms;
	memcpy(config->pids, filter->pids, sizeof(config->pids));
	memcpy(config->tids, filter->tids, sizeof(config->tids));
	memcpy(config->cgroups, filter->cgroups, sizeof(config->cgroups));
	memcpy(config->comms, filter->comms, sizeof(config->comms));
}

static void set_records(struct live *live, struct dwell_config *config)
{
	const struct dwell_bpf *skeleton = live->skeleton;
	const bool timers_alone = live->context.timers_alone;

	bpf_map__set_max_entries(skeleton->maps.cpus, live->cpus);
	config->has_ring = want_map(live, skeleton->maps.ring, true, 0);
	want(live, skeleton->progs.adopt_tasks, true);
	want(live, skeleton->progs.on_newtask, true);
	want(live, skeleton->progs.on_newtask_twin, true);
	want(live, skeleton->progs.on_fork, true);
	want(live, skeleton->progs.on_exec, true);
	want(live, skeleton->progs.on_exit, timers_alone);
	want(live, skeleton->progs.on_exit_twin, timers_alone);
	bpf_program__set_autoload(skeleton->progs.on_switch, !timers_alone);
	want(live, skeleton->progs.name_function, true);
	bpf_program__set_autoload(skeleton->progs.learn_callback, false);
}

/* Whether @measure is known at all: without it there are no outliers of that kind. */
static bool is_measured(const struct live *live, enum dwell_measure measure)
{
	const struct unmeasured unmeasured = live_unmeasured(live);

	if (measure == DWELL_LATENESS)
		return !(unmeasured.users & FIGURE_LATENESS);
	return measure != DWELL_TIMER_LATENCY || !(unmeasured.users & FIGURE_TIMER_LATENCY);
}

static void set_outliers(struct live *live, struct dwell_config *config,
			 const struct source_outliers *outliers)
{
	const struct dwell_bpf *skeleton = live->skeleton;
	unsigned int cpus = live->cpus;

	for (int i = 0; i < DWELL_MEASURES; i++) {
		bool wanted = outliers && outliers->rule[i].floor_ns != UINT64_MAX &&
			      is_measured(live, i);

		config->floor[i] = wanted ? outliers->rule[i].floor_ns : UINT64_MAX;
		config->adaptive[i] = wanted && outliers->rule[i].adaptive;
		config->outliers |= wanted;
	}
	config->deviations = outliers ? outliers->deviations : 0;
	/* All CPUs together report at most some 4,000 outliers a second. */
	config->cpu_token_shift = CPU_TOKEN_SHIFT;
	for (; cpus > 4; cpus /= 2)
		config->cpu_token_shift++;
	config->outliers = want_map(live, skeleton->maps.outliers, config->outliers, 0);
	for (int i = 0; !config->outliers && i < DWELL_MEASURES; i++)
		config->floor[i] = UINT64_MAX;
	live->outliers = config->outliers;
	config->user_stacks = want_map(live, skeleton->maps.user_stacks,
				       config->outliers && outliers->user_stacks, 0);
	config->sees_moves = want(live, skeleton->progs.on_move, config->outliers);
	live->open_outliers = want(live, skeleton->progs.find_open, config->outliers);
}

/* Timers of the wheel need more room for callbacks, and three programs: all of those or none. */
static void set_wheel(struct live *live, struct dwell_config *config, bool wanted)
{
	const struct dwell_bpf *skeleton = live->skeleton;
	struct timespec tick;

	clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
	config->tick_ns = tick.tv_sec * 1000000000ULL + tick.tv_nsec;
	wanted = wanted && !was_refused(live, "on_wheel_start") &&
		 !was_refused(live, "on_wheel_cancel") && !was_refused(live, "on_wheel_expire");
	want(live, skeleton->progs.on_wheel_start, wanted);
	want(live, skeleton->progs.on_wheel_cancel, wanted);
	want(live, skeleton->progs.on_wheel_expire, wanted);
	want(live, skeleton->progs.on_wheel_expired, wanted);
	config->has_kernel_timers =
		want_map(live, skeleton->maps.kernel_timers, true, wanted ? WHEEL_CALLBACKS : 0);
}

static void set_ledger(struct live *live, struct dwell_config *config,
		       const struct source_ledger *ledger)
{
	const struct dwell_bpf *skeleton = live->skeleton;
	bool sites = ledger->wanted && ledger->sites && !was_refused(live, "sites") &&
		     !was_refused(live, "stacks");

	config->has_builtin_timers = want_map(live, skeleton->maps.builtin_timers, true, 0);
	config->has_armed_timers = want_map(live, skeleton->maps.armed_timers, true, ledger->table);
	config->has_timer_ledger = want_map(live, skeleton->maps.timer_ledger, true,
					    ledger->wanted ? ledger->table : 0);
	live->ledger = ledger->wanted && config->has_timer_ledger;
	config->ledger = live->ledger;
	live->sites = sites;
	config->sites = sites;
	want_map(live, skeleton->maps.sites, sites, 0);
	want_map(live, skeleton->maps.stacks, sites, 0);
	set_wheel(live, config, ledger->wanted && ledger->wheel);
}

static void set_timers(struct live *live, struct dwell_config *config)
{
	const struct dwell_bpf *skeleton = live->skeleton;
	const bool realtime = feature_found(&live->features, FEATURE_REALTIME);
	bool expire, wakings;

	want(live, skeleton->progs.on_timer_start, true);
	config->sees_cancels = want(live, skeleton->progs.on_timer_cancel, true);
	expire = want(live, skeleton->progs.on_timer_expire, true);
	config->sees_expiries = expire;
	/* Each twin sees only its own part of the expiries: one is of no use without the other. */
	config->twin_expiry = want(live, skeleton->progs.on_timer_expire_twin, realtime && expire);
	config->sees_callback_ends = want(live, skeleton->progs.on_timer_expired, true);
	want(live, skeleton->progs.on_timer_expired_twin,
	     config->twin_expiry && config->sees_callback_ends);
	want(live, skeleton->progs.on_timer_start_expired,
	     feature_found(&live->features, FEATURE_START_EXPIRED));
	wakings = want(live, skeleton->progs.on_waking, true);
	config->sees_chains = expire && wakings && config->sees_callback_ends;
}

void live_configure(struct live *live, const struct source_request *request,
		    const struct dwell_config *callbacks)
{
	struct dwell_config *config = &live->skeleton->rodata->config;

	*config = *callbacks;
	config->pid_ns = live->pid_ns;
	config->prev_state = feature_found(&live->features, FEATURE_PREV_STATE);
	config->was_armed = live->context.was_armed;
	config->cgroup_v1 = request->cgroup_v1;
	config->sample_cost = request->sample_cost;
	config->clock_error = feature_found(&live->features, FEATURE_STABLE_CLOCK) ?
				      CLOCK_ERROR_NS :
				      UNSTABLE_CLOCK_ERROR_NS;
	set_filter(config, request->filter);
	set_records(live, config);
	set_timers(live, config);
	set_outliers(live, config, request->outliers);
	set_ledger(live, config, &request->ledger);
}
