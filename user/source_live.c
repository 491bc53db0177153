// SPDX-License-Identifier: GPL-2.0-only
/* The live source: loads the kernel side, attaches it, and takes it away again. */
#include "source_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "dwell.skel.h"
#include "message.h"
#include "privilege.h"
#include "source_callbacks.h"

#define CPU_TOKEN_SHIFT 20 /* a token each ms */
#define WHEEL_CALLBACKS 512
#define READER_NICE (-10)
#define ADOPTING_PASSES 5
#define CLOCK_ERROR_NS 10000
#define UNSTABLE_CLOCK_ERROR_NS 20000000 /* two ticks at 100 Hz */

static int print_libbpf(enum libbpf_print_level level, const char *format, va_list arguments)
{
	message_detail_va(level == LIBBPF_DEBUG ? 3 : 2, format, arguments);
	return 0;
}

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
		err = iterator_run(skeleton->links.adopt_tasks);
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
	err = rings_map(source);
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
