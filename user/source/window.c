// SPDX-License-Identifier: GPL-2.0-only
/* The window of the live source: opened, waited through, closed, and what it cost. */
#include "source/live_private.h"

#include <linux/membarrier.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "dwell.skel.h"
#include "base/message.h"
#include "base/privilege.h"

#define POLL_MS 100
#define LOOK_NS 1000000000ULL	   /* how often open intervals and the ledger are looked at */
#define FIRST_LOOK_NS 100000000ULL /* by then whoever waited for dwell's own start has had a CPU */
#define LOOK_SHARE 1000		   /* all looks for open intervals take one such part of a CPU */
#define OPEN_ROOM 512		   /* a look tells so many at most: a third of the ring */
#define SLEW_NS 1000000000ULL	   /* span over which the clocks are compared */
#define STATISTICS_NS 500000000ULL /* statistics cost two clock reads a run: not for long */
#define CALIBRATIONS 32

/* Keeps the kernel side informed of how the clocks it reads drift apart. */
static void update_slew(struct source *source)
{
	struct clock_pair now = clock_pair_read();

	if (now.mono - source->clock.mono < SLEW_NS && source->started)
		return;
	source->skeleton->bss->clock_slew = clock_slew(&source->clock, &now);
	source->clock = now;
}

/* Of twins, one sees what the other is skipped for; where both were, other losses tell. */
static bool is_told_elsewhere(const struct source *source, const struct bpf_program *program)
{
	const struct dwell_bpf *skeleton = source->skeleton;

	if (program == skeleton->progs.on_newtask || program == skeleton->progs.on_newtask_twin ||
	    program == skeleton->progs.on_fork || program == skeleton->progs.on_exit ||
	    program == skeleton->progs.on_exit_twin)
		return true;
	/* Without a filter it only helps a task whose birth was hidden, and that is counted. */
	if (program == skeleton->progs.on_exec)
		return !skeleton->rodata->config.nr_comms && !skeleton->rodata->config.nr_cgroups;
	return skeleton->rodata->config.twin_expiry &&
	       (program == skeleton->progs.on_timer_expire ||
		program == skeleton->progs.on_timer_expire_twin ||
		program == skeleton->progs.on_timer_expired ||
		program == skeleton->progs.on_timer_expired_twin);
}

static void count_programs(const struct source *source, struct program_counts *counts)
{
	struct bpf_program *program;

	*counts = (struct program_counts){0};
	bpf_object__for_each_program(program, source->skeleton->obj) {
		struct bpf_prog_info info = {0};
		__u32 size = sizeof(info);

		if (!bpf_program__autoload(program) ||
		    bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size))
			continue;
		counts->run_ns += info.run_time_ns;
		counts->runs += info.run_cnt;
		if (info.recursion_misses && !is_told_elsewhere(source, program)) {
			counts->missed += info.recursion_misses;
			message_detail(2, "%s was skipped %llu times", bpf_program__name(program),
				       (unsigned long long)info.recursion_misses);
		}
	}
}

static void end_statistics(struct source *source)
{
	struct program_counts now;

	if (source->statistics_fd < 0)
		return;
	count_programs(source, &now);
	source->cost.measured_ns = clock_mono() - source->statistics_began;
	close_fd(&source->statistics_fd);
	source->statistics_fd = -1;
	source->cost.bpf_ns = now.run_ns - source->before.run_ns;
	source->cost.bpf_events = now.runs - source->before.runs;
	source->cost.measured = true;
}

static void begin_statistics(struct source *source)
{
	if (!feature_found(&source->features, FEATURE_CAP_SYS_ADMIN))
		return;
	source->statistics_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (source->statistics_fd < 0)
		return;
	source->statistics_began = clock_mono();
	count_programs(source, &source->before);
}

/* Blocks some times, so that the kernel side can compare its clocks (bpf/clock.bpf.h). */
static void calibrate_clocks(void)
{
	for (int i = 0; i < CALIBRATIONS; i++)
		nanosleep(&(struct timespec){.tv_nsec = 1}, NULL);
}

int source_start(struct source *source)
{
	calibrate_clocks();
	update_slew(source);
	source->started = clock_mono();
	source->next_open = source->started + FIRST_LOOK_NS;
	source->skeleton->bss->window_start = source->started;
	__atomic_store_n(&source->skeleton->bss->window, DWELL_WINDOW_OPEN, __ATOMIC_RELEASE);
	begin_statistics(source);
	return 0;
}

uint64_t source_window_start(const struct source *source)
{
	return source->started;
}

int source_drop_privileges(struct source *source, unsigned int kept)
{
	if (source->needs_bpf)
		kept |= PRIVILEGE_KEEP_BPF;
	return privileges_drop(kept);
}

/*
 * Now and then: outliers that have not ended, which come through the ring
 * buffer. Each task is looked at: where there are thousands, it is done less often.
 */
static int look_for_open(struct source *source, uint64_t now)
{
	uint64_t began, rest;
	int err;

	if (!source->open_outliers || now < source->next_open)
		return 0;
	began = clock_now(CLOCK_THREAD_CPUTIME_ID);
	source->skeleton->bss->open_room = OPEN_ROOM;
	err = iterator_run(source->skeleton->links.find_open);
	rest = (clock_now(CLOCK_THREAD_CPUTIME_ID) - began) * LOOK_SHARE;
	source->next_open = now + (rest > LOOK_NS ? rest : LOOK_NS);
	/* They are told when they end. */
	if (err)
		message_detail(1, "cannot look for open intervals: %s", strerror(-err));
	return 0;
}

/* Now and then: the ledger as it is now. */
static int look_at_timers(struct source *source, uint64_t now)
{
	bool first = !source->next_timers;
	int err;

	if (!source->ledger || now < source->next_timers)
		return 0;
	source->next_timers = now + LOOK_NS;
	if (first) /* nothing has happened yet */
		return 0;
	err = ledger_read(source);
	return err ? err : intake_sampled(&source->intake, now);
}

int source_run(struct source *source, uint64_t until, volatile const int *stop)
{
	while (!*stop) {
		uint64_t now = clock_mono();
		int err, timeout = POLL_MS;

		if (now >= until)
			break;
		err = look_for_open(source, now);
		if (!err)
			err = look_at_timers(source, now);
		if (err)
			return err;
		if (until - now < POLL_MS * 1000000ULL)
			timeout = (until - now + 999999) / 1000000;
		err = rings_await(source, timeout);
		if (err)
			return err;
		update_slew(source);
		if (source->statistics_fd >= 0 &&
		    clock_mono() - source->statistics_began >= STATISTICS_NS)
			end_statistics(source);
	}
	return 0;
}

/*
 * A program that found the window open may still be writing. Each one runs in an
 * RCU read-side section, and that call waits for all of those, a few ms; where
 * the kernel does not offer it (nohz_full), no program takes longer than this.
 */
static void await_programs(void)
{
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

uint64_t source_stop(struct source *source)
{
	uint64_t now = clock_mono();

	source->skeleton->bss->window_end = now;
	__atomic_store_n(&source->skeleton->bss->window, DWELL_WINDOW_CLOSED, __ATOMIC_RELEASE);
	await_programs();
	end_statistics(source);
	return now;
}

void source_shed(struct source *source, enum dwell_shed shed)
{
	__atomic_store_n(&source->skeleton->bss->shed, shed, __ATOMIC_RELAXED);
}

void source_losses(const struct source *source, uint64_t losses[DWELL_LOSSES])
{
	struct program_counts counts;

	for (int i = 0; i < DWELL_LOSSES; i++)
		losses[i] = source->skeleton->bss->losses[i];
	count_programs(source, &counts);
	losses[DWELL_LOSS_RECURSION] = counts.missed;
}

void source_outlier_counts(const struct source *source,
			   struct dwell_outlier_counts counts[DWELL_MEASURES])
{
	memcpy(counts, source->skeleton->bss->outlier_counts, DWELL_MEASURES * sizeof(*counts));
}

uint64_t source_hidden_tasks(const struct source *source)
{
	return source->hidden;
}

void source_cost(const struct source *source, struct source_cost *cost)
{
	*cost = source->cost;
}

void source_sampled_cost(const struct source *source, uint64_t *ns, uint64_t *runs)
{
	const struct dwell_cost *cost = &source->skeleton->bss->cost;

	*ns = cost->ns * DWELL_COST_PERIOD;
	*runs = cost->runs * DWELL_COST_PERIOD;
}
