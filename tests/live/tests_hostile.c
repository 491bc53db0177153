/* SPDX-License-Identifier: GPL-2.0-only */
/* The service on a bad day: a full disk, kill -9, crowds, storms, being stopped, a clock that is set. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/live/daemon_run.h"
#include "harness/live/live.h"
#include "harness/live/proc.h"
#include "harness/live/workload.h"

#define MS 1000000ULL
#define BROKEN_SETTINGS "[export]\ninterval = 1h\nno-such-key = 1\n"
/* So that whoever is tested has series of its own. */
#define ALL_GROUPS DWELL_ARGUMENTS("--max-groups", "1000")

/* ---- a full disk ---------------------------------------------------------------- */

/* Mounts a small file system that nobody else sees, and that goes with this process. */
static void make_disk(char directory[])
{
	if (!mkdtemp(directory) || unshare(CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("tmpfs", directory, "tmpfs", 0, "size=1m"))
		live_abort("mounting a small disk: %s", strerror(errno));
}

/* Fills what is left of the disk, until dwell says so: what it was just writing may make room. */
static void fill_disk(const char *path, const struct daemon *daemon)
{
	static const char block[4096];
	const uint64_t limit = proc_now() + (uint64_t)live_slower(20, 3) * 1000 * MS;
	const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	while (!daemon_said(daemon, "No space left on device")) {
		while (write(fd, block, sizeof(block)) > 0)
			;
		if (errno != ENOSPC || proc_now() > limit)
			live_abort("filling a disk: %s", strerror(errno));
		proc_sleep(20 * MS);
	}
	close(fd);
}

static void run_disk_full(const void *argument)
{
	char disk[] = "/tmp/dwell-live-XXXXXX", filler[64];
	struct daemon daemon;
	double at;

	(void)argument;
	make_disk(disk);
	snprintf(filler, sizeof(filler), "%s/filler", disk);
	daemon_prepare(&daemon, disk);
	daemon_run(&daemon, NULL);
	daemon_next_export(&daemon, 0);
	fill_disk(filler, &daemon);
	if (!daemon_read(&daemon))
		live_abort("the old file is gone");
	at = daemon_stamp(&daemon);
	proc_sleep((uint64_t)live_slower(2500, 3) * MS);
	if (!daemon_read(&daemon) || daemon_stamp(&daemon) != at)
		live_fail("the old file did not stay");
	unlink(filler);
	daemon_next_export(&daemon, at);
	if (daemon_value(&daemon, "dwell_export_errors_total") < 2)
		live_fail("not all errors are counted");
	live_expect("times that it says so", daemon_said(&daemon, "No space left on device"), 1);
	live_expect("times that it says it is over", daemon_said(&daemon, "is written again"), 1);
	daemon_end(&daemon);
	umount(disk);
	rmdir(disk);
}

/* ---- killed in the middle of an export --------------------------------------------- */

#define KILLS 5
#define KILL_GROUPS 300

/* Many groups, that are never idle: the file is long. */
static void be_many(struct work *work)
{
	char name[16];

	(void)work;
	for (int i = 0; i < KILL_GROUPS; i++) {
		if (fork())
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		snprintf(name, sizeof(name), "dwell-many-%d", i);
		prctl(PR_SET_NAME, name);
		for (;;)
			proc_sleep(100 * MS);
	}
}

/* Those of runs that are over: the one that goes on may be writing its own. */
static unsigned int count_temporaries(const struct daemon *daemon)
{
	char pattern[96], own[96];
	unsigned int count = 0;
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/.dwell.prom.*", daemon->directory);
	snprintf(own, sizeof(own), "%s/.dwell.prom.%d", daemon->directory, daemon->run.pid);
	if (glob(pattern, 0, NULL, &found))
		return 0;
	for (size_t i = 0; i < found.gl_pathc; i++)
		count += strcmp(found.gl_pathv[i], own) != 0;
	globfree(&found);
	return count;
}

/*
 * Waits until a file without a name (the kernel then tells "#NUMBER") or a
 * temporary one in the watched directory was written to for @writes times. False:
 * the whole was put in its place before that.
 */
static bool await_write(int watch, unsigned int writes)
{
	char buffer[sizeof(struct inotify_event) + NAME_MAX + 1]
		__attribute__((aligned(__alignof__(struct inotify_event))));
	const struct inotify_event *event = (void *)buffer;

	for (;;) {
		if (read(watch, buffer, sizeof(buffer)) <= 0)
			live_abort("inotify: %s", strerror(errno));
		if (event->mask & IN_MOVED_TO)
			return false;
		if (*event->name != '#' && strncmp(event->name, ".dwell.prom.", 12) != 0)
			continue;
		if (!writes--)
			return true;
	}
}

/* Whether, among what has been told by now, the whole was put in its place. */
static bool was_placed(int watch)
{
	char buffer[1 << 14] __attribute__((aligned(__alignof__(struct inotify_event))));
	const ssize_t length = read(watch, buffer, sizeof(buffer));

	for (ssize_t at = 0; at < length;) {
		const struct inotify_event *event = (void *)(buffer + at);

		if (event->mask & IN_MOVED_TO)
			return true;
		at += (ssize_t)(sizeof(*event) + event->len);
	}
	return false;
}

/* One run, killed when its second export has come so far. Whether it was in the middle of that. */
static bool run_to_kill(struct daemon *daemon, unsigned int writes)
{
	const double stale = daemon_read(daemon) ? daemon_stamp(daemon) : 0;
	bool middle;
	int watch;

	daemon_kill(daemon);
	daemon_run(daemon, ALL_GROUPS);
	daemon_next_export(daemon, stale);
	live_expect("temporary files of earlier runs", count_temporaries(daemon), 0);
	watch = inotify_init1(IN_CLOEXEC);
	if (inotify_add_watch(watch, daemon->directory, IN_CREATE | IN_MODIFY | IN_MOVED_TO) < 0)
		live_abort("inotify: %s", strerror(errno));
	middle = await_write(watch, writes);
	daemon_kill(daemon);
	fcntl(watch, F_SETFL, O_NONBLOCK);
	middle = middle && !was_placed(watch);
	close(watch);
	return middle;
}

static void run_killed(const void *argument)
{
	struct workload workload;
	unsigned int halves = 0;
	struct daemon daemon;

	(void)argument;
	workload_start(&workload, be_many, NULL);
	workload_release(&workload);
	workload_wait(&workload, live_slower(20, 3));
	daemon_prepare(&daemon, NULL);
	for (unsigned int i = 0; i < KILLS; i++) {
		halves += run_to_kill(&daemon, i * i);
		if (!daemon_read(&daemon))
			live_fail("the file is gone");
	}
	if (!halves)
		live_fail("no export was in the middle when its process was killed");
	live_note("%u of %d were killed in the middle of an export", halves, KILLS);
	daemon_kill(&daemon);
	daemon_run(&daemon, NULL);
	daemon_fresh_export(&daemon);
	daemon_end(&daemon);
	workload_leave(&workload);
}

/* ---- a crowd ------------------------------------------------------------------------- */

#define CROWD_NAME "dwell-crowd"
#define CROWD_STACK (64 << 10)
#define CROWD_SERIES(family) "dwell_" family "{comm=\"" CROWD_NAME "\"}"

/* What the crowd is told to do, in this order. */
enum phase { CROWD_NAP = 1, CROWD_NAP_AGAIN, CROWD_END };

static int crowd_size(void)
{
	return (int)live_options.emulated ? 1000 : 20000;
}

/* Without a timer. */
static void await_phase(struct work *work, uint32_t phase)
{
	uint32_t now;

	while ((now = __atomic_load_n(&work->futex, __ATOMIC_ACQUIRE)) < phase)
		syscall(SYS_futex, &work->futex, FUTEX_WAIT, now, NULL, NULL, 0);
}

static void tell_phase(struct work *work, uint32_t phase)
{
	__atomic_store_n(&work->futex, phase, __ATOMIC_RELEASE);
	syscall(SYS_futex, &work->futex, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static void *be_one_of_many(void *argument)
{
	struct work *work = argument;

	for (uint32_t phase = CROWD_NAP; phase < CROWD_END; phase++) {
		await_phase(work, phase);
		proc_sleep(1);
		atomic_fetch_add(&work->turn, 1);
	}
	await_phase(work, CROWD_END);
	return NULL;
}

/* Leaves in @turn how many there are. */
static void gather(struct work *work)
{
	const int *const size = work->argument;
	pthread_attr_t attributes;
	pthread_t thread;
	int count;

	prctl(PR_SET_NAME, CROWD_NAME);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, CROWD_STACK);
	pthread_attr_setguardsize(&attributes, 0);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	for (count = 0; count < *size; count++)
		if (pthread_create(&thread, &attributes, be_one_of_many, work))
			break;
	work->tid[1] = count;
}

static void have_crowd_nap(struct workload *workload, enum phase phase, int size)
{
	const uint64_t limit = proc_now() + (uint64_t)live_slower(20, 3) * 1000 * MS;

	tell_phase(workload->work, phase);
	while (atomic_load(&workload->work->turn) < (int)phase * size) {
		if (proc_now() > limit)
			live_abort("the crowd does not wake up");
		proc_sleep(20 * MS);
	}
}

static int threads_of(pid_t pid)
{
	char path[64], text[4096];
	const char *threads;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (proc_read(path, text, sizeof(text)) <= 0 || !(threads = strstr(text, "\nThreads:")))
		live_abort("%s cannot be read", path);
	return atoi(threads + strlen("\nThreads:"));
}

/* The service is stopped while they end: far more last records than it has room for. */
static void end_crowd_unseen(struct workload *workload, const struct daemon *daemon)
{
	const uint64_t limit = proc_now() + (uint64_t)live_slower(20, 3) * 1000 * MS;

	kill(daemon->run.pid, SIGSTOP);
	tell_phase(workload->work, CROWD_END);
	while (threads_of(workload->pid) > 1) {
		if (proc_now() > limit)
			live_abort("the crowd does not end");
		proc_sleep(20 * MS);
	}
	kill(daemon->run.pid, SIGCONT);
}

static void gather_crowd(struct workload *workload, const int *size)
{
	workload_start(workload, gather, size);
	workload_release(workload);
	if (!workload_wait(workload, live_slower(30, 3)))
		live_abort("the crowd died");
	if (workload->work->tid[1] < *size)
		live_skip("this machine allows no more than %d tasks of %d", workload->work->tid[1],
			  *size);
}

/*
 * All are there, and each one's sleep is counted. When their ends are lost, that
 * is said, they are gone all the same, and what they did stays.
 */
static void run_crowd(const void *argument)
{
	const int size = crowd_size();
	struct workload workload;
	struct daemon daemon;
	double before;

	(void)argument;
	gather_crowd(&workload, &size);
	daemon_prepare(&daemon, NULL);
	daemon_run(&daemon, ALL_GROUPS);
	have_crowd_nap(&workload, CROWD_NAP, size);
	daemon_fresh_export(&daemon);
	live_expect("tasks", (int64_t)daemon_value(&daemon, CROWD_SERIES("tasks")), size + 1);
	before = daemon_value(&daemon, CROWD_SERIES("timers_armed_total"));
	have_crowd_nap(&workload, CROWD_NAP_AGAIN, size);
	daemon_fresh_export(&daemon);
	live_expect("sleeps",
		    (int64_t)(daemon_value(&daemon, CROWD_SERIES("timers_armed_total")) - before),
		    size);
	end_crowd_unseen(&workload, &daemon);
	daemon_fresh_export(&daemon);
	daemon_fresh_export(&daemon);
	live_expect("tasks at last", (int64_t)daemon_value(&daemon, CROWD_SERIES("tasks")), 1);
	live_expect("sleeps at last",
		    (int64_t)(daemon_value(&daemon, CROWD_SERIES("timers_armed_total")) - before),
		    size);
	live_note("%.0f last records were lost, and said to be",
		  daemon_value(&daemon, "dwell_events_lost_total{reason=\"ring_full\"}"));
	daemon_end(&daemon);
	workload_leave(&workload);
}

/* ---- storms ---------------------------------------------------------------------------- */

#define STORM_NAME "dwell-storm"
#define STORM_BATCH 50	      /* forked at once */
#define STORM_PER_SECOND 5000 /* at most */
#define STORM_LEAST 200	      /* batches of last records, each more than a KiB, fill their 8 MiB */
#define STORM_ARMED "dwell_timers_armed_total{comm=\"" STORM_NAME "\"}"

/*
 * Children that arm one timer each, and live no longer than that: as many as the
 * machine makes in a while.
 */
struct storm {
	struct workload workload;
	struct storm_plan {
		uint64_t ns;	    /* for so long, and on until there are … */
		unsigned int least; /* … so many batches */
	} plan;
	double before; /* what was counted before it */
	double lost;
};

static void fork_batch(void)
{
	for (int i = 0; i < STORM_BATCH; i++) {
		const pid_t pid = fork();

		if (pid < 0)
			live_abort("fork: %s", strerror(errno));
		if (pid == 0) {
			proc_sleep(1);
			_exit(0);
		}
	}
	for (int i = 0; i < STORM_BATCH; i++)
		if (waitpid(-1, NULL, 0) < 0)
			live_abort("waitpid: %s", strerror(errno));
}

#define batches_of(work) ((work)->tid[1]) /* made so far */

/* A batch to be known by, and when the pipe says so, the storm, which leaves no time to itself. */
static void rage(struct work *work)
{
	const struct storm_plan *const plan = work->argument;
	const uint64_t gap = STORM_BATCH * 1000 * MS / STORM_PER_SECOND;
	uint64_t next;

	prctl(PR_SET_NAME, STORM_NAME);
	fork_batch();
	await_phase(work, 1);
	next = work->began[0] = proc_now();
	while (proc_now() < work->began[0] + plan->ns || batches_of(work) < (int)plan->least) {
		fork_batch();
		batches_of(work)++;
		next += gap;
		/* One more timer: each turn has its own. */
		if (next > proc_now())
			proc_sleep(next - proc_now());
		else
			proc_sleep(1);
	}
	work->ended[0] = proc_now();
}

/* What was lost of tasks that ended: their timers with them. */
static double lost_tasks(const struct daemon *daemon)
{
	return daemon_value(daemon, "dwell_events_lost_total{reason=\"ring_full\"}") +
	       daemon_value(daemon, "dwell_events_lost_total{reason=\"no_memory\"}");
}

/* Starts the service and a storm to come, whose name it knows already. */
static void storm_prepare(struct storm *storm, struct daemon *daemon, unsigned int seconds,
			  unsigned int least)
{
	storm->plan = (struct storm_plan){
		.ns = seconds * 1000 * MS,
		.least = live_options.emulated ? least / 20 : least,
	};
	daemon_prepare(daemon, NULL);
	daemon_run(daemon, ALL_GROUPS);
	daemon_next_export(daemon, 0);
	workload_start(&storm->workload, rage, &storm->plan);
	workload_release(&storm->workload);
	daemon_fresh_export(daemon);
	/* What it counts from here on is its own. */
	daemon_fresh_export(daemon);
	storm->before = daemon_value(daemon, STORM_ARMED);
	storm->lost = lost_tasks(daemon);
	if (storm->before < 0)
		live_abort("%s has no series", STORM_NAME);
}

static void storm_begin(const struct storm *storm)
{
	tell_phase(storm->workload.work, 1);
}

/* Waits for its end. What it made is what was counted, and what was said to be lost. */
static void storm_end(struct storm *storm, struct daemon *daemon)
{
	int64_t counted, lost, turns;
	double seconds;

	if (!workload_wait(&storm->workload, live_slower(60, 3)))
		live_abort("the storm died");
	turns = batches_of(storm->workload.work);
	daemon_fresh_export(daemon);
	counted = (int64_t)(daemon_value(daemon, STORM_ARMED) - storm->before);
	lost = (int64_t)(lost_tasks(daemon) - storm->lost);
	seconds = (double)(storm->workload.work->ended[0] - storm->workload.work->began[0]) / 1e9;
	live_note("%.0f forks a second; %" PRId64 " of %" PRId64 " timers counted, %" PRId64
		  " tasks lost",
		  (double)(turns * STORM_BATCH) / seconds, counted, turns * (STORM_BATCH + 1),
		  lost);
	/* Others' tasks may be among the lost ones. */
	live_expect_range("timers", counted, turns * (STORM_BATCH + 1) - lost,
			  turns * (STORM_BATCH + 1));
	workload_leave(&storm->workload);
}

/* While it is read it loses none. */
static void run_forks(const void *argument)
{
	struct daemon daemon;
	struct storm storm;

	(void)argument;
	storm_prepare(&storm, &daemon, 10, 0);
	storm_begin(&storm);
	storm_end(&storm, &daemon);
	live_expect("lost tasks", (int64_t)(lost_tasks(&daemon) - storm.lost), 0);
	daemon_end(&daemon);
}

/* Nothing is taken out for ten seconds: more is lost than not, and all of that is said. */
static void run_stopped(const void *argument)
{
	struct timespec now;
	struct daemon daemon;
	struct storm storm;
	double at;

	(void)argument;
	storm_prepare(&storm, &daemon, 4, STORM_LEAST);
	kill(daemon.run.pid, SIGSTOP);
	storm_begin(&storm);
	at = daemon_stamp(&daemon);
	proc_sleep(10000 * MS);
	while (batches_of(storm.workload.work) < (int)storm.plan.least)
		proc_sleep(100 * MS);
	if (!daemon_read(&daemon))
		live_abort("the file is gone");
	clock_gettime(CLOCK_REALTIME, &now);
	if (daemon_stamp(&daemon) > at + 2 || (double)now.tv_sec - daemon_stamp(&daemon) < 8)
		live_fail("the time stamp does not show that exports are missing");
	kill(daemon.run.pid, SIGCONT);
	storm_end(&storm, &daemon);
	/* Emulated CPUs do not fork fast enough to fill the buffer. */
	if (!live_options.emulated && lost_tasks(&daemon) == storm.lost)
		live_fail("nothing was lost: the storm was too weak to test that");
	daemon_end(&daemon);
}

/* A broken file read again and again, in a storm, changes nothing. */
static void run_reload(const void *argument)
{
	struct daemon daemon;
	struct storm storm;

	(void)argument;
	storm_prepare(&storm, &daemon, 2, 0);
	daemon_configure(&daemon, BROKEN_SETTINGS);
	storm_begin(&storm);
	for (unsigned int i = 1; i <= 5; i++) {
		kill(daemon.run.pid, SIGHUP);
		daemon_await_words(&daemon, "the old settings stay", i);
	}
	storm_end(&storm, &daemon);
	/* Still each second, not each hour. */
	daemon_next_export(&daemon, daemon_stamp(&daemon));
	daemon_end(&daemon);
}

/* ---- a clock that is set ------------------------------------------------------------- */

#define YEAR_S (365 * 86400)

static void set_clock(int seconds)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += seconds;
	if (clock_settime(CLOCK_REALTIME, &now))
		live_abort("clock_settime: %s", strerror(errno));
}

/* Waits until an export is no more than a minute from what the clock shows. */
static void await_timely_export(struct daemon *daemon)
{
	const uint64_t limit = proc_now() + (uint64_t)live_slower(20, 3) * 1000 * MS;
	double distance;

	do {
		if (proc_now() > limit)
			live_abort("the time stamp does not follow the clock");
		proc_sleep(50 * MS);
		distance = daemon_read(daemon) ? (double)time(NULL) - daemon_stamp(daemon) : YEAR_S;
	} while (distance < -60 || distance > 60);
}

/* Of all that was measured nothing lasted for hours, though the clock says that years went by. */
static void expect_no_hours(const struct daemon *daemon, const char *family)
{
	char sum[64], kernel[96];

	snprintf(sum, sizeof(sum), "%s_sum", family);
	snprintf(kernel, sizeof(kernel), "%s{comm=\"~kernel\"}", sum);
	if (daemon_sum(daemon, sum) > 3600 || daemon_value(daemon, kernel) > 3600)
		live_fail("%s is %.0f s, the kernel's %.0f s", sum, daemon_sum(daemon, sum),
			  daemon_value(daemon, kernel));
}

/* To next year and back: exports go on, their time stamps follow, what is measured does not. */
static void run_clock_set(const void *argument)
{
	struct daemon daemon;

	(void)argument;
	daemon_start(&daemon);
	daemon_next_export(&daemon, 0);
	set_clock(YEAR_S);
	await_timely_export(&daemon);
	set_clock(-YEAR_S);
	await_timely_export(&daemon);
	daemon_next_export(&daemon, daemon_stamp(&daemon));
	expect_no_hours(&daemon, "dwell_timer_lateness_seconds");
	expect_no_hours(&daemon, "dwell_timer_latency_seconds");
	expect_no_hours(&daemon, "dwell_runqueue_latency_seconds");
	daemon_end(&daemon);
}

const struct live_test tests_clock[] = {
	{.name = "daemon-clock-set", .run = run_clock_set},
	{0},
};

const struct live_test tests_hostile[] = {
	{.name = "daemon-disk-full", .run = run_disk_full},
	{.name = "daemon-killed", .run = run_killed},
	{.name = "daemon-crowd", .run = run_crowd},
	{.name = "daemon-forks", .run = run_forks},
	{.name = "daemon-stopped", .run = run_stopped, .seconds = 180},
	{.name = "daemon-reload-storm", .run = run_reload},
	{0},
};
