// SPDX-License-Identifier: GPL-2.0-only
/* Loading the kernel side: its settings, and going on without what the kernel refuses. */
#include "source/live_private.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "dwell.skel.h"
#include "base/limits.h"
#include "base/message.h"
#include "source/callbacks.h"
#include "source/refusal.h"

#define CPU_TOKEN_SHIFT 20 /* a token each ms */
#define WHEEL_CALLBACKS 512
#define CLOCK_ERROR_NS 10000
#define UNSTABLE_CLOCK_ERROR_NS 20000000 /* two ticks at 100 Hz */

/* ---- what is wanted, and was not refused ------------------------------------------ */

static bool was_refused(const struct source *source, const char *name)
{
	return reductions_have(source->reductions, name);
}

/* Has @program loaded if it is @wanted and was not refused before. True if so. */
static bool want(const struct source *source, struct bpf_program *program, bool wanted)
{
	wanted = wanted && !was_refused(source, bpf_program__name(program));
	bpf_program__set_autoload(program, wanted);
	return wanted;
}

/* The same of a map, with room for @entries; 0: as many as it says itself. */
static bool want_map(const struct source *source, struct bpf_map *map, bool wanted,
		     unsigned int entries)
{
	wanted = wanted && !was_refused(source, bpf_map__name(map));
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

static void set_records(struct source *source, struct dwell_config *config)
{
	const struct dwell_bpf *skeleton = source->skeleton;
	const bool timers_alone = source->context.timers_alone;

	bpf_map__set_max_entries(skeleton->maps.cpus, source->cpus);
	config->has_ring = want_map(source, skeleton->maps.ring, true, 0);
	want(source, skeleton->progs.adopt_tasks, true);
	want(source, skeleton->progs.on_newtask, true);
	want(source, skeleton->progs.on_newtask_twin, true);
	want(source, skeleton->progs.on_fork, true);
	want(source, skeleton->progs.on_exec, true);
	want(source, skeleton->progs.on_exit, timers_alone);
	want(source, skeleton->progs.on_exit_twin, timers_alone);
	bpf_program__set_autoload(skeleton->progs.on_switch, !timers_alone);
	want(source, skeleton->progs.name_function, true);
	bpf_program__set_autoload(skeleton->progs.learn_callback, false);
}

/* Of no kind can be told that it is an outlier whose measure nothing is known of. */
static bool is_measured(const struct source *source, enum dwell_measure measure)
{
	const struct unmeasured unmeasured = source_unmeasured(source);

	if (measure == DWELL_LATENESS)
		return !(unmeasured.users & FIGURE_LATENESS);
	return measure != DWELL_TIMER_LATENCY || !(unmeasured.users & FIGURE_TIMER_LATENCY);
}

static void set_outliers(struct source *source, struct dwell_config *config,
			 const struct source_outliers *outliers)
{
	const struct dwell_bpf *skeleton = source->skeleton;
	unsigned int cpus = source->cpus;

	for (int i = 0; i < DWELL_MEASURES; i++) {
		bool wanted = outliers && outliers->rule[i].floor_ns != UINT64_MAX &&
			      is_measured(source, i);

		config->floor[i] = wanted ? outliers->rule[i].floor_ns : UINT64_MAX;
		config->adaptive[i] = wanted && outliers->rule[i].adaptive;
		config->outliers |= wanted;
	}
	config->deviations = outliers ? outliers->deviations : 0;
	/* All CPUs together: some 4,000 a second at most. */
	config->cpu_token_shift = CPU_TOKEN_SHIFT;
	for (; cpus > 4; cpus /= 2)
		config->cpu_token_shift++;
	config->outliers = want_map(source, skeleton->maps.outliers, config->outliers, 0);
	for (int i = 0; !config->outliers && i < DWELL_MEASURES; i++)
		config->floor[i] = UINT64_MAX;
	source->outliers = config->outliers;
	config->user_stacks = want_map(source, skeleton->maps.user_stacks,
				       config->outliers && outliers->user_stacks, 0);
	config->sees_moves = want(source, skeleton->progs.on_move, config->outliers);
	source->open_outliers = want(source, skeleton->progs.find_open, config->outliers);
}

/* The wheel's timers are a hundred kinds more, and programs of their own: all three or none. */
static void set_wheel(struct source *source, struct dwell_config *config, bool wanted)
{
	const struct dwell_bpf *skeleton = source->skeleton;
	struct timespec tick;

	clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
	config->tick_ns = tick.tv_sec * 1000000000ULL + tick.tv_nsec;
	wanted = wanted && !was_refused(source, "on_wheel_start") &&
		 !was_refused(source, "on_wheel_cancel") && !was_refused(source, "on_wheel_expire");
	want(source, skeleton->progs.on_wheel_start, wanted);
	want(source, skeleton->progs.on_wheel_cancel, wanted);
	want(source, skeleton->progs.on_wheel_expire, wanted);
	want(source, skeleton->progs.on_wheel_expired, wanted);
	config->has_kernel_timers =
		want_map(source, skeleton->maps.kernel_timers, true, wanted ? WHEEL_CALLBACKS : 0);
}

static void set_ledger(struct source *source, struct dwell_config *config,
		       const struct source_ledger *ledger)
{
	const struct dwell_bpf *skeleton = source->skeleton;
	bool sites = ledger->wanted && ledger->sites && !was_refused(source, "sites") &&
		     !was_refused(source, "stacks");

	config->has_builtin_timers = want_map(source, skeleton->maps.builtin_timers, true, 0);
	config->has_armed_timers =
		want_map(source, skeleton->maps.armed_timers, true, ledger->table);
	config->has_timer_ledger = want_map(source, skeleton->maps.timer_ledger, true,
					    ledger->wanted ? ledger->table : 0);
	source->ledger = ledger->wanted && config->has_timer_ledger;
	config->ledger = source->ledger;
	source->sites = sites;
	config->sites = sites;
	want_map(source, skeleton->maps.sites, sites, 0);
	want_map(source, skeleton->maps.stacks, sites, 0);
	set_wheel(source, config, ledger->wanted && ledger->wheel);
}

static void set_timers(struct source *source, struct dwell_config *config)
{
	const struct dwell_bpf *skeleton = source->skeleton;
	const bool realtime = feature_found(&source->features, FEATURE_REALTIME);
	bool expire, wakings;

	want(source, skeleton->progs.on_timer_start, true);
	config->sees_cancels = want(source, skeleton->progs.on_timer_cancel, true);
	expire = want(source, skeleton->progs.on_timer_expire, true);
	config->sees_expiries = expire;
	/* Each of the twins leaves to the other what is not its own: alone it is no use. */
	config->twin_expiry =
		want(source, skeleton->progs.on_timer_expire_twin, realtime && expire);
	config->sees_callback_ends = want(source, skeleton->progs.on_timer_expired, true);
	want(source, skeleton->progs.on_timer_expired_twin,
	     config->twin_expiry && config->sees_callback_ends);
	want(source, skeleton->progs.on_timer_start_expired,
	     feature_found(&source->features, FEATURE_START_EXPIRED));
	wakings = want(source, skeleton->progs.on_waking, true);
	config->sees_chains = expire && wakings && config->sees_callback_ends;
}

static struct dwell_config make_config(struct source *source, const struct source_request *request,
				       const struct dwell_config *callbacks)
{
	struct dwell_config config = *callbacks;

	config.pid_ns = source->pid_ns;
	config.prev_state = feature_found(&source->features, FEATURE_PREV_STATE);
	config.was_armed = source->context.was_armed;
	config.cgroup_v1 = request->cgroup_v1;
	config.sample_cost = request->sample_cost;
	config.clock_error = feature_found(&source->features, FEATURE_STABLE_CLOCK) ?
				     CLOCK_ERROR_NS :
				     UNSTABLE_CLOCK_ERROR_NS;
	set_filter(&config, request->filter);
	set_records(source, &config);
	set_timers(source, &config);
	set_outliers(source, &config, request->outliers);
	set_ledger(source, &config, &request->ledger);
	return config;
}

/* ---- room for it ------------------------------------------------------------------ */

#define FILES_TO_LOAD 8	 /* type information, and what libbpf tries the kernel with */
#define FILES_TO_READ 16 /* iterators, /proc, cgroups, symbols, the service's files */
#define FILES_ENOUGH 256 /* more than all of dwell ever takes */

/*
 * A file for each program, its link and each map, and what is opened later on:
 * whoever has not enough of them is told now, and not after the window.
 */
static int check_files(const struct source *source)
{
	unsigned int count = FILES_TO_LOAD + FILES_TO_READ;
	struct bpf_program *program;
	struct bpf_map *map;
	int err;

	bpf_object__for_each_program(program, source->skeleton->obj)
		count += bpf_program__autoload(program) ? 2 : 0;
	bpf_object__for_each_map(map, source->skeleton->obj)
		count++;
	err = limits_try_files(count);
	if (err == -EMFILE)
		message_error("dwell may not open enough files: it needs %u more than it has, of "
			      "%lu that are allowed in all",
			      count, limits_raise_files());
	else if (err)
		message_error("dwell cannot open %u files: %s", count, strerror(-err));
	if (err)
		message_hint("raise the limit: ulimit -n %u, or LimitNOFILE= of its service",
			     2 * count);
	return err;
}

/* From libbpf 1.5 on each map takes a file as soon as the programs are read. Returns @err. */
static int cannot_open(int err)
{
	if (err != -EMFILE)
		return err;
	message_error("dwell may not open enough files: %lu are allowed in all",
		      limits_raise_files());
	message_hint("raise the limit: ulimit -n %d, or LimitNOFILE= of its service", FILES_ENOUGH);
	return err;
}

/* ---- loading ---------------------------------------------------------------------- */

/* Loads and attaches what was not refused so far. 0 or a negative errno: see refusal_last(). */
static int load_once(struct source *source, const struct source_request *request,
		     const struct dwell_config *callbacks)
{
	int err;

	refusal_forget();
	source->skeleton = dwell_bpf__open();
	if (!source->skeleton)
		return cannot_open(-errno);
	source->skeleton->rodata->config = make_config(source, request, callbacks);
	err = check_files(source);
	if (err)
		return err;
	err = dwell_bpf__load(source->skeleton);
	if (err)
		return err;
	/* libbpf leaves them out where it believes that arrays cannot be mapped (before 5.5). */
	if (!source->skeleton->bss || !source->skeleton->rodata)
		return -EOPNOTSUPP;
	source->skeleton->bss->self = 0;
	return source_attach(source);
}

static void unload(struct source *source)
{
	dwell_bpf__destroy(source->skeleton);
	source->skeleton = NULL;
}

/* Says why dwell cannot go on. The errno that tells its exit status. */
static int give_up(const struct source *source, const char *name, int err)
{
	reductions_end(source->reductions, name ?: "dwell's programs", -err);
	if (!name)
		message_error("the kernel refused dwell's programs: %s", strerror(-err));
	else if (reductions_leave_no_record(source->reductions))
		message_error("the kernel refused all that could make a task's record, %s at "
			      "last: %s",
			      name, strerror(-err));
	else
		message_error("the kernel refused %s, which dwell cannot do without: %s", name,
			      strerror(-err));
	if (*refusal_said())
		message_hint("the kernel said: %s", refusal_said());
	else
		message_hint("-vv shows the kernel's reasons");
	if (source->pid_ns)
		message_hint(
			"dwell runs in a pid namespace, and asks more of the kernel there: run "
			"it in the host's");
	else if (err == -EPERM)
		message_hint("capabilities must be those of the initial user namespace, and no "
			     "security module may object");
	if (err == -EPERM || err == -EACCES)
		return -EPERM;
	return err == -ENOMEM || err == -EMFILE || err == -ENFILE ? err : -EOPNOTSUPP;
}

int source_load(struct source *source, const struct source_request *request)
{
	struct dwell_config callbacks = {0};
	int err = limits_try_files(FILES_TO_LOAD + FILES_TO_READ);

	if (!err)
		err = callbacks_find(&callbacks);
	if (err && err != -EMFILE)
		reductions_add(source->reductions, "learn_callback", -err);
	for (;;) {
		const char *name;

		err = load_once(source, request, &callbacks);
		if (!err && (source->pid_ns || !source->skeleton->bss->own_level))
			return 0;
		if (!err) { /* once more, to use the numbers of that namespace */
			source->pid_ns = true;
			unload(source);
			continue;
		}
		name = refusal_last();
		if (!name && (err == -EMFILE || err == -ENFILE))
			return err; /* which has been said */
		/* What it lacks it would lack for the rest as well. */
		if (!name || err == -EMFILE || err == -ENFILE ||
		    !reduction_possible(name, &source->context))
			return give_up(source, name, err);
		message_detail(1, "the kernel refused %s: %s", name, strerror(-err));
		reductions_add(source->reductions, name, -err);
		if (reductions_leave_no_record(source->reductions))
			return give_up(source, name, err);
		unload(source);
	}
}
