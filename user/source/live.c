// SPDX-License-Identifier: GPL-2.0-only
/* The live source: loads the kernel side, attaches it, and takes it away again. */
#include "source/live_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "dwell.skel.h"
#include "base/message.h"
#include "base/privilege.h"
#include "source/refusal.h"

#define READER_NICE (-10)

static int refuse(enum feature_id id)
{
	const struct feature *feature = &feature_list[id];

	message_error("%s is missing: %s", feature->title, feature->without);
	if (feature->remedy)
		message_hint("%s; `dwell check` shows all that is needed", feature->remedy);
	return feature->need == NEED_PRIVILEGE ? -EPERM : -EOPNOTSUPP;
}

/* Tries, in a child without any privilege, what reading out will do. */
static bool reads_unprivileged(struct source *source)
{
	const struct bpf_map *cpus = source->skeleton->maps.cpus;
	void *value = calloc(1, bpf_map__value_size(cpus));
	pid_t child = value ? fork() : -1;
	int status, err;
	__u32 key = 0;

	if (!child) {
		err = privileges_drop(PRIVILEGE_KEEP_NONE);
		if (!err)
			err = bpf_map_lookup_elem(bpf_map__fd(cpus), &key, value);
		if (!err)
			err = bpf_iter_create(bpf_link__fd(source->skeleton->links.read_tasks));
		_exit(err < 0);
	}
	free(value);
	return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	       !WEXITSTATUS(status);
}

/*
 * How many CPUs the kernel may ever have. Without /sys libbpf cannot tell, and
 * the number of those that there are must do.
 */
static unsigned int possible_cpus(void)
{
	int cpus = libbpf_num_possible_cpus();

	if (cpus <= 0)
		cpus = sysconf(_SC_NPROCESSORS_CONF);
	return cpus > 0 ? cpus : 1;
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
	source->cpus = possible_cpus();
	source->context = (struct reduction_context){
		.was_armed = feature_found(&source->features, FEATURE_WAS_ARMED),
		.timers_alone = request->ledger.alone,
		.outliers_alone = request->outliers_alone,
	};
	err = source_load(source, request);
	if (!err)
		err = rings_map(source);
	if (err)
		return err;
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
	source->reductions = request->reductions;
	source->statistics_fd = source->readable = -1;
	refusal_listen();
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

		if (!bpf_program__autoload(*program->prog) &&
		    !reductions_have(source->reductions, program->name))
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
	size_t length = 0;
	ssize_t more;

	buffer[0] = '\0';
	if (!skeleton->links.name_function)
		return -ENOENT;
	skeleton->bss->unnamed = address;
	fd = bpf_iter_create(bpf_link__fd(skeleton->links.name_function));
	if (fd < 0)
		return fd;
	/* The name is whole when its first byte is there, and no task but one was looked at. */
	if (read(fd, buffer, 1) == 1) {
		more = read(fd, buffer + 1, size - 2);
		length = 1 + (more > 0 ? more : 0);
	}
	buffer[length] = '\0';
	/* What is no function's is printed as a number. */
	if (!length || !strncmp(buffer, "0x", 2)) {
		buffer[0] = '\0';
		return -ENOENT;
	}
	return 0;
}

bool map_exists(const struct bpf_map *map)
{
	/* Newer versions of libbpf have a descriptor for each map, made or not. */
	return bpf_map__autocreate(map) && bpf_map__fd(map) >= 0;
}

bool source_in_pid_namespace(const struct source *source)
{
	return source->pid_ns;
}

struct unmeasured source_unmeasured(const struct source *source)
{
	return reductions_unmeasured(source->reductions, &source->context);
}
