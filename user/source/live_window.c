// SPDX-License-Identifier: GPL-2.0-only
/* The window of the live source: opens it, waits for its end, and closes it. */
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <linux/membarrier.h>

#include "base/clock.h"
#include "base/message.h"
#include "base/privilege.h"
#include "source/bpf_object.h"
#include "source/live_private.h"
#include "dwell.skel.h"

#define POLL_MS 100
#define LOOK_NS 1000000000ULL	   /* between two looks at open intervals, or at the ledger */
#define FIRST_LOOK_NS 100000000ULL /* tasks delayed by dwell's own start have had a CPU by then */
#define LOOK_SHARE 1000		   /* looks for open intervals take at most 1/1000 of a CPU */
#define OPEN_ROOM 512		   /* most outliers that a look reports: a third of the ring */
#define SLEW_NS 1000000000ULL	   /* span over which the clocks are compared */
#define STATISTICS_NS 500000000ULL /* short, because statistics cost two clock reads a run */
#define CALIBRATIONS 32

/* Tells the kernel side how its clocks drift apart. */
static void update_slew(struct live *live)
{
	struct clock_pair now = clock_pair_read();

	if (now.mono - live->clock.mono < SLEW_NS && live->started)
		return;
	live->skeleton->bss->clock_slew = clock_slew(&live->clock, &now);
	live->clock = now;
}

/* Blocks a few times, so that the kernel side can compare its clocks (bpf/clock.bpf.h). */
static void calibrate_clocks(void)
{
	for (int i = 0; i < CALIBRATIONS; i++)
		nanosleep(&(struct timespec){.tv_nsec = 1}, NULL);
}

int live_start(struct source *source, uint64_t *start)
{
	struct live *live = live_of(source);

	calibrate_clocks();
	update_slew(live);
	live->started = clock_mono();
	live->next_open = live->started + FIRST_LOOK_NS;
	live->skeleton->bss->window_start = live->started;
	__atomic_store_n(&live->skeleton->bss->window, DWELL_WINDOW_OPEN, __ATOMIC_RELEASE);
	live_begin_statistics(live);
	*start = live->started;
	return 0;
}

int live_drop_privileges(struct source *source, unsigned int kept)
{
	if (live_of(source)->needs_bpf)
		kept |= PRIVILEGE_KEEP_BPF;
	return privileges_drop(kept);
}

/*
 * If it is time, has the kernel side look for outliers that have not ended, and push them
 * into the ring buffer. It examines each task, so with thousands it is done less often.
 */
static int look_for_open(struct live *live, uint64_t now)
{
	uint64_t began, rest;
	int err;

	if (!live->open_outliers || now < live->next_open)
		return 0;
	began = clock_now(CLOCK_THREAD_CPUTIME_ID);
	live->skeleton->bss->open_room = OPEN_ROOM;
	err = iterator_run(live->skeleton->links.find_open);
	rest = (clock_now(CLOCK_THREAD_CPUTIME_ID) - began) * LOOK_SHARE;
	live->next_open = now + (rest > LOOK_NS ? rest : LOOK_NS);
	/* This is no error of the window: the outliers are reported when they end. */
	if (err)
		message_detail(1, "cannot look for open intervals: %s", strerror(-err));
	return 0;
}

/* If it is time, hands over the ledger as it is now. 0 or a negative errno. */
static int look_at_timers(struct live *live, uint64_t now)
{
	bool first = !live->next_timers;
	int err;

	if (!live->ledger || now < live->next_timers)
		return 0;
	live->next_timers = now + LOOK_NS;
	if (first) /* nothing has happened yet */
		return 0;
	err = live_read_timers(live);
	return err ? err : intake_sampled(&live->intake, now);
}

int live_run(struct source *source, uint64_t until, volatile const int *stop)
{
	struct live *live = live_of(source);

	while (!*stop) {
		uint64_t now = clock_mono();
		int err, timeout = POLL_MS;

		if (now >= until)
			break;
		err = look_for_open(live, now);
		if (!err)
			err = look_at_timers(live, now);
		if (err)
			return err;
		if (until - now < POLL_MS * 1000000ULL)
			timeout = (until - now + 999999) / 1000000;
		err = live_await_rings(live, timeout);
		if (err)
			return err;
		update_slew(live);
		if (live->statistics_fd >= 0 &&
		    clock_mono() - live->statistics_began >= STATISTICS_NS)
			live_end_statistics(live);
	}
	return 0;
}

/*
 * Waits for programs that found the window open and may still be writing. Each program runs
 * in an RCU read-side section, and membarrier() waits a few ms for all of those. If the
 * kernel does not offer that (nohz_full), a sleep of 1 ms outlasts any program.
 */
static void await_programs(void)
{
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

uint64_t live_stop(struct source *source)
{
	struct live *live = live_of(source);
	uint64_t now = clock_mono();

	live->skeleton->bss->window_end = now;
	__atomic_store_n(&live->skeleton->bss->window, DWELL_WINDOW_CLOSED, __ATOMIC_RELEASE);
	await_programs();
	live_end_statistics(live);
	return now;
}

void live_shed(struct source *source, enum dwell_shed shed)
{
	__atomic_store_n(&live_of(source)->skeleton->bss->shed, shed, __ATOMIC_RELAXED);
}
