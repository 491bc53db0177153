// SPDX-License-Identifier: GPL-2.0-only
/* The live source: loads the kernel side, opens and closes its window, and reads it out. */
#include "source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/membarrier.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "dwell.skel.h"
#include "features.h"
#include "message.h"
#include "privilege.h"
#include "ring.h"
#include "source_callbacks.h"
#include "source_clock.h"

#define POLL_MS 100
#define LOOK_NS 1000000000ULL	   /* how often open intervals and the ledger are looked at */
#define LOOK_SHARE 1000		   /* all looks for open intervals take one such part of a CPU */
#define BATCH 256		   /* entries of a map that are read at once, if they can be */
#define CPU_TOKEN_SHIFT 20	   /* a token each ms */
#define SLEW_NS 1000000000ULL	   /* span over which the clocks are compared */
#define STATISTICS_NS 500000000ULL /* statistics cost two clock reads a run: not for long */
#define CALIBRATIONS 32
#define WHEEL_CALLBACKS 512
#define READER_NICE (-10)
#define ADOPTING_PASSES 5
#define CLOCK_ERROR_NS 10000
#define UNSTABLE_CLOCK_ERROR_NS 20000000 /* two ticks at 100 Hz */

/* What the kernel counts for one program. */
struct program_counts {
	__u64 run_ns;
	__u64 runs;
	__u64 missed;
};

struct source {
	struct dwell_bpf *skeleton;
	struct ring last_records, outlier_ring;
	int readable; /* epoll: one of them has to be read; -1: none */
	struct intake intake;
	struct features features;
	struct clock_pair clock;
	uint64_t started;     /* mono; 0: not yet */
	uint64_t next_open;   /* mono: when open intervals are looked for */
	uint64_t next_timers; /* mono: when the ledger is looked at; 0: not yet */
	uint64_t hidden;
	bool needs_bpf; /* even to read out */
	bool outliers;	/* are looked for */
	bool ledger;	/* is kept in full */
	bool sites;
	int statistics_fd; /* -1: off */
	uint64_t statistics_began;
	struct program_counts before;
	struct source_cost cost;
};

static int print_libbpf(enum libbpf_print_level level, const char *format, va_list arguments)
{
	message_detail_va(level == LIBBPF_DEBUG ? 3 : 2, format, arguments);
	return 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* ---- opening ----------------------------------------------------------------- */

static int refuse(enum feature_id id)
{
	const struct feature *feature = &feature_list[id];

	message_error("%s is missing: %s", feature->title, feature->without);
	if (feature->remedy)
		message_hint("%s; `dwell check` shows all that is needed", feature->remedy);
	return feature->need == NEED_PRIVILEGE ? -EPERM : -EOPNOTSUPP;
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

static void set_outliers(struct source *source, struct dwell_config *config,
			 const struct source_outliers *outliers)
{
	int cpus = libbpf_num_possible_cpus();

	for (int i = 0; i < DWELL_MEASURES; i++) {
		config->floor[i] = outliers ? outliers->rule[i].floor_ns : UINT64_MAX;
		config->adaptive[i] = outliers && outliers->rule[i].adaptive;
		config->outliers |= config->floor[i] != UINT64_MAX;
	}
	config->deviations = outliers ? outliers->deviations : 0;
	/* All CPUs together: some 4,000 a second at most. */
	config->cpu_token_shift = CPU_TOKEN_SHIFT;
	for (; cpus > 4; cpus /= 2)
		config->cpu_token_shift++;
	source->outliers = config->outliers;
	config->user_stacks = config->outliers && outliers->user_stacks;
	if (!source->outliers)
		bpf_map__set_max_entries(source->skeleton->maps.outliers, getpagesize());
	bpf_program__set_autoload(source->skeleton->progs.find_open, source->outliers);
}

/* The wheel's timers are a hundred kinds more, and programs of their own. */
static void set_wheel(const struct dwell_bpf *skeleton, struct dwell_config *config, bool wanted)
{
	struct timespec tick;

	clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
	config->tick_ns = tick.tv_sec * 1000000000ULL + tick.tv_nsec;
	bpf_program__set_autoload(skeleton->progs.on_wheel_start, wanted);
	bpf_program__set_autoload(skeleton->progs.on_wheel_cancel, wanted);
	bpf_program__set_autoload(skeleton->progs.on_wheel_expire, wanted);
	bpf_program__set_autoload(skeleton->progs.on_wheel_expired, wanted);
	if (wanted)
		bpf_map__set_max_entries(skeleton->maps.kernel_timers, WHEEL_CALLBACKS);
}

static void set_ledger(struct source *source, struct dwell_config *config,
		       const struct source_ledger *ledger)
{
	const struct dwell_bpf *skeleton = source->skeleton;

	source->ledger = ledger->wanted;
	source->sites = ledger->wanted && ledger->sites;
	config->ledger = source->ledger;
	config->sites = source->sites;
	if (ledger->table)
		bpf_map__set_max_entries(skeleton->maps.armed_timers, ledger->table);
	if (ledger->wanted)
		bpf_map__set_max_entries(skeleton->maps.timer_ledger, ledger->table);
	set_wheel(skeleton, config, ledger->wanted && ledger->wheel);
	bpf_program__set_autoload(skeleton->progs.on_switch, !ledger->alone);
	bpf_program__set_autoload(skeleton->progs.on_exit, ledger->alone);
	bpf_program__set_autoload(skeleton->progs.on_exit_twin, ledger->alone);
	if (!source->sites) {
		bpf_map__set_max_entries(skeleton->maps.sites, 1);
		bpf_map__set_max_entries(skeleton->maps.stacks, 1);
	}
}

static int load(struct source *source, const struct source_request *request)
{
	struct dwell_bpf *skeleton = source->skeleton;
	struct dwell_config config = {
		.prev_state = feature_found(&source->features, FEATURE_PREV_STATE),
		.was_armed = feature_found(&source->features, FEATURE_WAS_ARMED),
		.cgroup_v1 = request->cgroup_v1,
		.sample_cost = request->sample_cost,
		.twin_expiry = feature_found(&source->features, FEATURE_REALTIME),
		.clock_error = feature_found(&source->features, FEATURE_STABLE_CLOCK) ?
				       CLOCK_ERROR_NS :
				       UNSTABLE_CLOCK_ERROR_NS,
		.self = getpid(),
	};
	int err = callbacks_find(&config);

	if (err) {
		message_error("cannot tell the kinds of timers apart: %s", strerror(-err));
		return err;
	}
	set_filter(&config, request->filter);
	set_outliers(source, &config, request->outliers);
	set_ledger(source, &config, &request->ledger);
	skeleton->rodata->config = config;
	bpf_map__set_max_entries(skeleton->maps.cpus, libbpf_num_possible_cpus());
	bpf_program__set_autoload(skeleton->progs.learn_callback, false);
	bpf_program__set_autoload(skeleton->progs.on_exec, config.nr_comms || config.nr_cgroups);
	bpf_program__set_autoload(skeleton->progs.on_timer_expire_twin, config.twin_expiry);
	bpf_program__set_autoload(skeleton->progs.on_timer_expired_twin, config.twin_expiry);
	bpf_program__set_autoload(skeleton->progs.on_timer_start_expired,
				  feature_found(&source->features, FEATURE_START_EXPIRED));
	err = dwell_bpf__load(skeleton);
	if (err) {
		message_error("the kernel refused dwell's programs: %s", strerror(-err));
		message_hint("-vv shows the kernel's reasons");
	}
	return err;
}

static int attach_program(struct bpf_program *program, struct bpf_link **link)
{
	int err;

	if (!bpf_program__autoload(program) || *link)
		return 0;
	*link = bpf_program__attach(program);
	err = libbpf_get_error(*link);
	if (!err)
		return 0;
	*link = NULL;
	message_error("cannot attach %s: %s", bpf_program__name(program), strerror(-err));
	return err;
}

/* Runs a task iterator to its end; what it writes goes to nobody. */
static int run_iterator(struct bpf_link *link)
{
	int fd __attribute__((cleanup(close_fd))) = bpf_iter_create(bpf_link__fd(link));
	char sink[4096];
	ssize_t length;

	if (fd < 0)
		return -errno;
	do
		length = read(fd, sink, sizeof(sink));
	while (length > 0 || (length < 0 && errno == EINTR));
	return length < 0 ? -errno : 0;
}

/*
 * Makes a record for every task. The kernel refills what it allocates them from
 * a moment later, so a pass that ran dry is followed by another.
 */
static int adopt_tasks(struct dwell_bpf *skeleton)
{
	int err;

	for (int pass = 0; pass < ADOPTING_PASSES; pass++) {
		skeleton->bss->tasks_adopted = 0;
		skeleton->bss->tasks_refused = 0;
		err = run_iterator(skeleton->links.adopt_tasks);
		if (err) {
			message_error("cannot walk the tasks: %s", strerror(-err));
			return err;
		}
		if (!skeleton->bss->tasks_refused)
			return 0;
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	if (!skeleton->bss->tasks_adopted) {
		message_error("the kernel makes no record for any task: it has no memory for them");
		return -ENOMEM;
	}
	message_detail(1, "%llu tasks have no record yet",
		       (unsigned long long)skeleton->bss->tasks_refused);
	return 0;
}

/* An iterator over a map's elements is told which map. */
static int attach_name_function(struct dwell_bpf *skeleton)
{
	union bpf_iter_link_info info = {
		.map.map_fd = bpf_map__fd(skeleton->maps.unnamed),
	};
	LIBBPF_OPTS(bpf_iter_attach_opts, options, .link_info = &info,
		    .link_info_len = sizeof(info));
	int err;

	skeleton->links.name_function =
		bpf_program__attach_iter(skeleton->progs.name_function, &options);
	err = libbpf_get_error(skeleton->links.name_function);
	if (err) {
		skeleton->links.name_function = NULL;
		message_error("cannot attach name_function: %s", strerror(-err));
	}
	return err;
}

/*
 * New tasks first, with all the chances that a record of theirs has, then those
 * that exist, then everything else: so every task has its record when the first
 * switch is seen.
 */
static int attach(struct source *source)
{
	struct dwell_bpf *skeleton = source->skeleton;
	int err = attach_program(skeleton->progs.on_newtask, &skeleton->links.on_newtask);

	if (!err)
		err = attach_program(skeleton->progs.on_newtask_twin,
				     &skeleton->links.on_newtask_twin);
	if (!err)
		err = attach_program(skeleton->progs.on_fork, &skeleton->links.on_fork);
	if (!err)
		err = attach_program(skeleton->progs.adopt_tasks, &skeleton->links.adopt_tasks);
	if (err)
		return err;
	err = adopt_tasks(skeleton);
	if (!err)
		err = attach_name_function(skeleton);
	if (err)
		return err;
	for (int i = 0; i < skeleton->skeleton->prog_cnt && !err; i++) {
		struct bpf_prog_skeleton *program = &skeleton->skeleton->progs[i];

		err = attach_program(*program->prog, program->link);
	}
	return err;
}

static int take_pushed(void *context, const void *data, size_t size)
{
	struct source *source = context;
	struct dwell_record record = {0};

	memcpy(&record, data, size < sizeof(record) ? size : sizeof(record));
	return source->intake.record(source->intake.context, &record);
}

/* Tries, in a child without any privilege, what reading out will do. */
static bool reads_unprivileged(struct source *source)
{
	struct dwell_timer_counts counts;
	struct dwell_timer_key key = {0};
	int status, err;
	pid_t child = fork();

	if (!child) {
		err = privileges_drop(PRIVILEGE_KEEP_NONE);
		if (!err)
			err = bpf_map_lookup_elem(bpf_map__fd(source->skeleton->maps.timer_ledger),
						  &key, &counts);
		if (!err || err == -ENOENT)
			err = bpf_iter_create(bpf_link__fd(source->skeleton->links.read_tasks));
		_exit(err < 0);
	}
	return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	       !WEXITSTATUS(status);
}

static int take_outlier(void *context, const void *data, size_t size)
{
	struct source *source = context;
	struct dwell_outlier outlier;

	if (size < sizeof(outlier))
		return -EPROTO;
	memcpy(&outlier, data, sizeof(outlier));
	return source->intake.outlier(source->intake.context, &outlier);
}

static int map_ring(struct source *source, struct ring *ring, const struct bpf_map *map,
		    ring_take take)
{
	struct epoll_event readable = {.events = EPOLLIN};
	int fd = bpf_map__fd(map),
	    err = ring_open(ring, fd, bpf_map__max_entries(map), take, source);

	if (!err && epoll_ctl(source->readable, EPOLL_CTL_ADD, fd, &readable))
		err = -errno;
	return err;
}

static int map_rings(struct source *source)
{
	const struct dwell_bpf *skeleton = source->skeleton;
	int err = 0;

	source->readable = epoll_create1(EPOLL_CLOEXEC);
	if (source->readable < 0)
		err = -errno;
	if (!err)
		err = map_ring(source, &source->last_records, skeleton->maps.ring, take_pushed);
	if (!err && source->outliers)
		err = map_ring(source, &source->outlier_ring, skeleton->maps.outliers,
			       take_outlier);
	if (err)
		message_error("cannot map the ring buffers: %s", strerror(-err));
	return err;
}

static int read_rings(struct source *source)
{
	int err = ring_consume(&source->last_records);

	return err || !source->outliers ? err : ring_consume(&source->outlier_ring);
}

/* Reads the rings once they have enough, or an outlier; not at all within @timeout ms if not. */
static int await_rings(struct source *source, int timeout)
{
	struct epoll_event readable;
	int count = epoll_wait(source->readable, &readable, 1, timeout);

	if (count < 0)
		return errno == EINTR ? 0 : -errno;
	return count ? read_rings(source) : 0;
}

static int open_source(struct source *source, const struct source_request *request)
{
	enum feature_id missing;
	int err = features_detect(&source->features);

	if (err) {
		message_error("cannot tell what this kernel offers: %s", strerror(-err));
		return err;
	}
	missing = features_first_missing(&source->features);
	if (missing != FEATURES)
		return refuse(missing);
	/* Whoever reads the ring late loses what happened, on a busy host above all. */
	if (setpriority(PRIO_PROCESS, 0, READER_NICE))
		message_detail(1, "cannot raise dwell's own priority: %s", strerror(errno));
	source->clock = clock_pair_read();
	source->skeleton = dwell_bpf__open();
	if (!source->skeleton)
		return -errno;
	err = load(source, request);
	if (!err)
		err = attach(source);
	if (err)
		return err;
	err = map_rings(source);
	/* Now: in the window, the child would be a task like any other. */
	source->needs_bpf = !reads_unprivileged(source);
	return err;
}

int source_open(struct source **result, const struct source_request *request,
		const struct intake *intake)
{
	struct source *source = calloc(1, sizeof(*source));
	int err;

	*result = NULL;
	if (!source)
		return -ENOMEM;
	source->intake = *intake;
	source->statistics_fd = source->readable = -1;
	libbpf_set_print(print_libbpf);
	err = open_source(source, request);
	if (err) {
		source_close(source);
		return err;
	}
	*result = source;
	return 0;
}

void source_close(struct source *source)
{
	if (!source)
		return;
	close_fd(&source->statistics_fd);
	close_fd(&source->readable);
	ring_close(&source->last_records);
	ring_close(&source->outlier_ring);
	dwell_bpf__destroy(source->skeleton);
	free(source);
}

/* ---- the window ---------------------------------------------------------------- */

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
static bool has_twin(const struct source *source, const struct bpf_program *program)
{
	const struct dwell_bpf *skeleton = source->skeleton;

	if (program == skeleton->progs.on_newtask || program == skeleton->progs.on_newtask_twin ||
	    program == skeleton->progs.on_fork || program == skeleton->progs.on_exit ||
	    program == skeleton->progs.on_exit_twin)
		return true;
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
		if (info.recursion_misses && !has_twin(source, program)) {
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

static int read_ledger(struct source *source);

/*
 * Now and then: outliers that have not ended, which come through the ring
 * buffer. Each task is looked at: where there are thousands, it is done less often.
 */
static int look_for_open(struct source *source, uint64_t now)
{
	uint64_t began, rest;
	int err;

	if (!source->outliers || now < source->next_open)
		return 0;
	began = clock_now(CLOCK_THREAD_CPUTIME_ID);
	err = run_iterator(source->skeleton->links.find_open);
	rest = (clock_now(CLOCK_THREAD_CPUTIME_ID) - began) * LOOK_SHARE;
	source->next_open = now + (rest > LOOK_NS ? rest : LOOK_NS);
	return err;
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
	err = read_ledger(source);
	return err ? err : source->intake.sampled(source->intake.context, now);
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
		err = await_rings(source, timeout);
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

/* ---- reading out ----------------------------------------------------------------- */

/* A read buffer of the iterator's stream; records may lie across two reads. */
struct stream {
	char data[128 << 10];
	size_t filled;
	uint64_t bytes;
	uint64_t tasks;
};

/* Hands over the whole records in @stream and keeps the rest. 0 or a negative errno. */
static int take_pulled(struct source *source, struct stream *stream)
{
	size_t at = 0;
	int err = 0;

	while (!err && stream->filled - at >= sizeof(struct dwell_live)) {
		struct dwell_record record;
		struct dwell_live live;

		memcpy(&live, stream->data + at, sizeof(live));
		if (live.bytes > sizeof(record))
			return -EPROTO;
		if (stream->filled - at - sizeof(live) < live.bytes)
			break;
		memcpy(&record, stream->data + at + sizeof(live), live.bytes);
		memset((char *)&record + live.bytes, 0, sizeof(record) - live.bytes);
		at += sizeof(live) + live.bytes;
		record.kind = DWELL_LIVE;
		record.state = live.state;
		record.since = live.since;
		err = source->intake.record(source->intake.context, &record);
		stream->tasks++;
	}
	stream->filled -= at;
	memmove(stream->data, stream->data + at, stream->filled);
	return err;
}

static int read_tasks(struct source *source)
{
	int fd __attribute__((cleanup(close_fd))) =
		bpf_iter_create(bpf_link__fd(source->skeleton->links.read_tasks));
	struct stream stream = {.filled = 0};
	uint64_t began = clock_mono();
	ssize_t length;
	int err;

	if (fd < 0)
		return -errno;
	for (;;) {
		length = read(fd, stream.data + stream.filled, sizeof(stream.data) - stream.filled);
		if (length < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (length <= 0)
			break;
		stream.filled += length;
		stream.bytes += length;
		err = take_pulled(source, &stream);
		if (err)
			return err;
	}
	if (length < 0)
		return -errno;
	message_detail(1, "read: %llu tasks, %llu bytes, %llu us", (unsigned long long)stream.tasks,
		       (unsigned long long)stream.bytes,
		       (unsigned long long)(clock_mono() - began) / 1000);
	return stream.filled ? -EPROTO : 0;
}

/* Tasks on the host, as the kernel counts them. */
static uint64_t count_tasks(void)
{
	FILE *file = fopen("/proc/loadavg", "re");
	unsigned long long tasks = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%*s %*s %*s %*u/%llu", &tasks) != 1)
		tasks = 0;
	fclose(file);
	return tasks;
}

/* The keys and values of a map, a batch at a time. */
struct batch {
	void *keys, *values; /* owned */
	__u32 room, count;
};

static void free_batch(struct batch *batch)
{
	free(batch->keys);
	free(batch->values);
}

static int batch_reserve(struct batch *batch, const struct bpf_map *map, __u32 room)
{
	free_batch(batch);
	batch->keys = calloc(room, bpf_map__key_size(map));
	batch->values = calloc(room, bpf_map__value_size(map));
	batch->room = room;
	return batch->keys && batch->values ? 0 : -ENOMEM;
}

/*
 * Hands each element of the hash @map to @take: 0, or the negative errno that it
 * or the kernel ends with.
 */
static int read_map(struct source *source, const struct bpf_map *map,
		    int (*take)(struct source *source, const void *key, const void *value))
{
	struct batch batch __attribute__((cleanup(free_batch))) = {0};
	__u32 position, *from = NULL;
	int err = batch_reserve(&batch, map, BATCH), end = 0;

	while (!err && !end) {
		batch.count = batch.room;
		end = bpf_map_lookup_batch(bpf_map__fd(map), from, &position, batch.keys,
					   batch.values, &batch.count, NULL);
		/* One place of the hash holds more than that. */
		if (end == -ENOSPC) {
			end = 0;
			err = batch_reserve(&batch, map, 2 * batch.room);
			continue;
		}
		if (end && end != -ENOENT)
			return end;
		from = &position;
		for (__u32 i = 0; i < batch.count && !err; i++)
			err = take(source, (char *)batch.keys + i * bpf_map__key_size(map),
				   (char *)batch.values + i * bpf_map__value_size(map));
	}
	return err;
}

static int take_armed(struct source *source, const void *key, const void *value)
{
	(void)key;
	return source->intake.armed(source->intake.context, value);
}

static int read_armed(struct source *source)
{
	source->intake.clear_armed(source->intake.context);
	return read_map(source, source->skeleton->maps.armed_timers, take_armed);
}

/* Forgets the ledger of an owner that is gone, and hands over what it came to. */
static int forget_timers(struct source *source, const struct dwell_timer_key *key)
{
	struct bpf_map *map = source->skeleton->maps.timer_ledger;
	struct dwell_timer_counts counts;

	if (bpf_map__lookup_and_delete_elem(map, key, sizeof(*key), &counts, sizeof(counts), 0))
		return 0; /* before 5.14 it cannot be had: it stays */
	return source->intake.forgotten(source->intake.context, key, &counts);
}

static int take_timers(struct source *source, const void *key, const void *value)
{
	int err = source->intake.timers(source->intake.context, key, value);

	return err > 0 ? forget_timers(source, key) : err;
}

/* A stack by its id, into the empty @stack; a negative one is none. */
static void read_stack(const struct source *source, __s32 id, uint64_t stack[DWELL_STACK_DEPTH])
{
	if (id >= 0)
		bpf_map__lookup_elem(source->skeleton->maps.stacks, &id, sizeof(id), stack,
				     DWELL_STACK_DEPTH * sizeof(*stack), 0);
}

static int take_site(struct source *source, const void *key, const void *value)
{
	const struct dwell_site_key *id = key;
	struct source_site site = {.owner = &id->owner};

	memcpy(&site.samples, value, sizeof(site.samples));
	read_stack(source, id->stack, site.stack);
	read_stack(source, id->user_stack, site.user_stack);
	return source->intake.site(source->intake.context, &site);
}

static void add_counts(struct dwell_timer_counts *sum, const struct dwell_timer_counts *counts)
{
	sum->armed += counts->armed;
	sum->rearmed += counts->rearmed;
	/* Before each expiry the wheel's are seen as cancelled, maybe before the window. */
	if ((__s64)counts->cancelled > 0)
		sum->cancelled += counts->cancelled;
	sum->expired += counts->expired;
	sum->late_count += counts->late_count;
	sum->late_sum += counts->late_sum;
	if (counts->late_max > sum->late_max)
		sum->late_max = counts->late_max;
	for (int i = 0; i < DWELL_BUCKETS; i++)
		sum->late_buckets[i] += counts->late_buckets[i];
	sum->kind = counts->kind;
	sum->before += counts->before;
	sum->woke += counts->woke;
	sum->callback_ns += counts->callback_ns;
	sum->slack_granted += counts->slack_granted;
	sum->slack_used += counts->slack_used;
	sum->timeout_sum += counts->timeout_sum;
	if (counts->timeout_max > sum->timeout_max)
		sum->timeout_max = counts->timeout_max;
	for (int i = 0; i < DWELL_BUCKETS; i++)
		sum->timeout_buckets[i] += counts->timeout_buckets[i];
}

/* Hands over one kernel timer's counts, summed over the CPUs. */
static int take_kernel_timer(struct source *source, struct bpf_map *map, const void *key,
			     size_t key_size, __u64 function)
{
	int cpus = libbpf_num_possible_cpus();
	struct dwell_timer_key owner = {.function = function, .syscall = DWELL_NO_SYSCALL};
	struct dwell_timer_counts sum = {0}, *counts;
	int err = 0;

	if (cpus < 0)
		return cpus;
	counts = calloc(cpus, sizeof(*counts));
	if (!counts)
		return -ENOMEM;
	if (!bpf_map__lookup_elem(map, key, key_size, counts, cpus * sizeof(*counts), 0)) {
		for (int i = 0; i < cpus; i++)
			add_counts(&sum, &counts[i]);
		owner.kind = sum.kind;
		if (sum.armed || sum.expired || sum.cancelled)
			err = source->intake.timers(source->intake.context, &owner, &sum);
	}
	free(counts);
	return err;
}

static int read_kernel_timers(struct source *source)
{
	struct dwell_bpf *skeleton = source->skeleton;
	__u64 key, *previous = NULL;
	int err = 0;

	for (__u32 i = 0; i < DWELL_BUILTINS && !err; i++)
		err = take_kernel_timer(source, skeleton->maps.builtin_timers, &i, sizeof(i),
					skeleton->rodata->config.builtins[i]);
	while (!err &&
	       !bpf_map__get_next_key(skeleton->maps.kernel_timers, previous, &key, sizeof(key))) {
		previous = &key;
		err = take_kernel_timer(source, skeleton->maps.kernel_timers, &key, sizeof(key),
					key);
	}
	return err;
}

/* The timers, and before them who has exited: their ledgers may be forgotten. */
static int read_ledger(struct source *source)
{
	int err = read_rings(source);

	if (!err)
		err = read_armed(source);
	if (!err)
		err = read_map(source, source->skeleton->maps.timer_ledger, take_timers);
	if (!err)
		err = read_kernel_timers(source);
	return err;
}

int source_sample(struct source *source)
{
	uint64_t tasks = count_tasks();
	int err = read_tasks(source);

	if (err)
		return err;
	source->hidden = tasks > source->skeleton->bss->tasks_seen ?
				 tasks - source->skeleton->bss->tasks_seen :
				 0;
	return read_ledger(source);
}

int source_read(struct source *source)
{
	int err = source_sample(source);

	if (!err && source->ledger)
		err = source->intake.sampled(source->intake.context,
					     source->skeleton->bss->window_end);
	if (!err && source->sites)
		err = read_map(source, source->skeleton->maps.sites, take_site);
	return err;
}

void source_shed(struct source *source, enum dwell_shed shed)
{
	__atomic_store_n(&source->skeleton->bss->shed, shed, __ATOMIC_RELAXED);
}

size_t source_programs(const struct source *source, struct source_program *programs, size_t most)
{
	const struct bpf_object_skeleton *skeleton = source->skeleton->skeleton;
	size_t count = 0;

	for (int i = 0; i < skeleton->prog_cnt && count < most; i++) {
		const struct bpf_prog_skeleton *program = &skeleton->progs[i];
		struct bpf_link_info info = {0};
		__u32 size = sizeof(info);

		if (!bpf_program__autoload(*program->prog))
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

int source_function_name(struct source *source, uint64_t address, char *buffer, size_t size)
{
	struct dwell_bpf *skeleton = source->skeleton;
	int fd __attribute__((cleanup(close_fd))) = -1;
	ssize_t length;
	__u32 at = 0;

	buffer[0] = '\0';
	if (bpf_map__update_elem(skeleton->maps.unnamed, &at, sizeof(at), &address, sizeof(address),
				 BPF_ANY))
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(skeleton->links.name_function));
	if (fd < 0)
		return fd;
	length = read(fd, buffer, size - 1);
	if (length < 0)
		length = 0;
	buffer[length] = '\0';
	/* What is no function's is printed as a number. */
	if (!length || !strncmp(buffer, "0x", 2)) {
		buffer[0] = '\0';
		return -ENOENT;
	}
	return 0;
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
