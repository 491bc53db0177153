// SPDX-License-Identifier: GPL-2.0-only
/* Probes: programs of the kernel side on calls of one Go process, and what they have counted. */
#include "source/go_probes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/message.h"
#include "base/privilege.h"
#include "source/go_probes_private.h"
#include "source/refusal.h"

/* Without it libbpf would go by tracefs, which has names that anybody can see and must tidy up. */
#define UPROBE_TYPE "/sys/bus/event_source/devices/uprobe/type"
#define INITIAL_PID_NS 0xeffffffcU /* the kernel's PROC_PID_INIT_INO */

/* ---- loading ---------------------------------------------------------------------- */

/* 0, or a negative errno, after it said on stderr what is missing. */
static int check_means(void)
{
	struct privileges privileges;
	int err = privileges_read(&privileges);

	if (err)
		message_error("cannot read the privileges of this process: %s", strerror(-err));
	if (err)
		return err;
	if (!privileges.bpf || !privileges.perfmon) {
		message_error("probes on a process need the privileges CAP_BPF and CAP_PERFMON");
		message_hint("run it with sudo; without --sites, CAP_SYS_PTRACE is enough");
		return -EPERM;
	}
	if (access(UPROBE_TYPE, F_OK)) {
		message_error("this kernel puts no probes on processes, or /sys is not mounted");
		message_hint("use a kernel with CONFIG_UPROBE_EVENTS=y");
		return -EOPNOTSUPP;
	}
	return 0;
}

/* Says why the kernel refused the programs, and returns the errno for the exit status. */
static int refused(int err)
{
	const char *name = refusal_last();

	message_error("the kernel refused %s, which counts timers: %s", name ?: "the programs",
		      strerror(-err));
	if (*refusal_said())
		message_hint("the kernel said: %s", refusal_said());
	if (err == -EPERM || err == -EACCES)
		return -EPERM;
	return err == -ENOMEM || err == -EMFILE || err == -ENFILE ? err : -EOPNOTSUPP;
}

/* The process as programs see it; 0: dwell's numbers are not the initial namespace's. */
static uint32_t initial_tgid(uint32_t pid)
{
	struct stat namespace;

	return !stat("/proc/self/ns/pid", &namespace) && namespace.st_ino == INITIAL_PID_NS ? pid :
											      0;
}

/* Looks at the timers that are armed: none is yet. 0 if that works. */
static int try_reading(void *context)
{
	const struct go_probes *probes = context;
	uint64_t address;

	return bpf_map_get_next_key(bpf_map__fd(probes->skeleton->maps.armed), NULL, &address) &&
	       errno != ENOENT;
}

int go_probes_open(uint32_t pid, const struct go_sites_config *config, struct go_probes **probes)
{
	int err = check_means();

	*probes = NULL;
	if (err)
		return err;
	*probes = calloc(1, sizeof(**probes));
	if (!*probes)
		return -ENOMEM;
	(*probes)->pid = pid;
	refusal_listen();
	refusal_forget();
	(*probes)->skeleton = go_sites_bpf__open();
	err = (*probes)->skeleton ? 0 : -errno;
	if (!err) {
		(*probes)->skeleton->rodata->config = *config;
		(*probes)->skeleton->rodata->config.tgid = initial_tgid(pid);
		err = go_sites_bpf__load((*probes)->skeleton);
	}
	if (!err) {
		(*probes)->needs_bpf = !privileges_unneeded(try_reading, *probes);
		return 0;
	}
	err = refused(err);
	go_probes_close(*probes);
	*probes = NULL;
	return err;
}

void go_probes_close(struct go_probes *probes)
{
	if (!probes)
		return;
	go_probes_detach(probes);
	go_sites_bpf__destroy(probes->skeleton);
	free(probes);
}

/* ---- probes ----------------------------------------------------------------------- */

static struct bpf_program *program_of(const struct go_probes *probes, enum go_probe probe)
{
	switch (probe) {
	case GO_PROBE_CREATE:
		return probes->skeleton->progs.on_create;
	case GO_PROBE_STOP:
		return probes->skeleton->progs.on_stop;
	case GO_PROBE_RESET:
		return probes->skeleton->progs.on_reset;
	case GO_PROBE_FIRE:
		return probes->skeleton->progs.on_fire;
	default:
		return probes->skeleton->progs.on_fire_unawaited;
	}
}

int go_probes_link(struct go_probes *probes, enum go_probe probe, int pid, const char *path,
		   uint64_t offset, struct bpf_link **link)
{
	/* Never a return probe: it crashes a Go program when that moves the stack. */
	LIBBPF_OPTS(bpf_uprobe_opts, options, .retprobe = false);

	*link = bpf_program__attach_uprobe_opts(program_of(probes, probe), pid, path, offset,
						&options);
	if (*link)
		return 0;
	return -errno;
}

/* Says why there is no probe, and returns the errno for the exit status. */
static int cannot_attach(const struct go_probes *probes, int err)
{
	if (err == -ESRCH) {
		message_error("process %" PRIu32 " has exited", probes->pid);
		return err;
	}
	message_error("cannot put a probe on process %" PRIu32 ": %s", probes->pid, strerror(-err));
	if (err != -EACCES && err != -EPERM)
		return err;
	/* 6.18 wants it, whatever else there is; others are content with CAP_PERFMON. */
	message_hint("this kernel wants the privilege CAP_SYS_ADMIN for it: run it with sudo");
	return -EPERM;
}

int go_probes_attach(struct go_probes *probes, enum go_probe probe, int file, uint64_t offset)
{
	char path[32];
	int err;

	if (probes->links == LINKS_MAX)
		return -E2BIG;
	/* The descriptor stands for the file, whatever the process runs by now. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	err = go_probes_link(probes, probe, probes->pid, path, offset,
			     &probes->link[probes->links]);
	if (err)
		return cannot_attach(probes, err);
	probes->links++;
	return 0;
}

int go_probes_drop_privileges(const struct go_probes *probes, unsigned int kept)
{
	return privileges_drop(probes->needs_bpf ? kept | PRIVILEGE_KEEP_BPF : kept);
}

void go_probes_detach(struct go_probes *probes)
{
	while (probes->links)
		bpf_link__destroy(probes->link[--probes->links]);
}

void go_probes_count(struct go_probes *probes, bool on)
{
	__atomic_store_n(&probes->skeleton->bss->totals.counting, on, __ATOMIC_SEQ_CST);
}

/* ---- what was counted --------------------------------------------------------------- */

const struct go_sites_totals *go_probes_totals(const struct go_probes *probes)
{
	return &probes->skeleton->bss->totals;
}

const struct go_site *go_probes_sites(const struct go_probes *probes, size_t *count)
{
	const uint32_t begun = probes->skeleton->bss->totals.sites;

	*count = begun < GO_SITES_MAX ? begun : GO_SITES_MAX;
	return probes->skeleton->bss->sites;
}

int go_probes_armed(const struct go_probes *probes,
		    int (*take)(void *context, uint64_t address, const struct go_site_timer *timer),
		    void *context)
{
	const int map = bpf_map__fd(probes->skeleton->maps.armed);
	uint64_t address, *previous = NULL;

	while (!bpf_map_get_next_key(map, previous, &address)) {
		struct go_site_timer timer;
		int err = bpf_map_lookup_elem(map, &address, &timer);

		if (!err)
			err = take(context, address, &timer);
		if (err)
			return err;
		previous = &address;
	}
	return errno == ENOENT ? 0 : -errno;
}

uint64_t go_probes_missed(const struct go_probes *probes)
{
	struct bpf_program *program;
	uint64_t missed = 0;

	bpf_object__for_each_program(program, probes->skeleton->obj) {
		struct bpf_prog_info info = {0};
		__u32 size = sizeof(info);

		if (!bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size))
			missed += info.recursion_misses;
	}
	return missed;
}
