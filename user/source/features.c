// SPDX-License-Identifier: GPL-2.0-only
/* Features: what the running kernel and this process's privileges offer to the live source. */
#include "source/features.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "base/privilege.h"
#include "host/cgroup.h"
#include "host/symbols.h"

/*
 * Features of the kernel are detected by type information, never by version: stable kernels
 * take changes over from newer ones (6.12.95 has some that 6.18.15 lacks).
 */
const struct feature feature_list[FEATURES] = {
	[FEATURE_USER_NAMESPACE] =
		{"user_namespace", "the initial user namespace",
		 "capabilities must be those of the initial user namespace: another one's mean nothing "
		 "to BPF",
		 "run it as root of the host, not inside unshare -U or a rootless container",
		 NEED_PRIVILEGE},
	[FEATURE_CAP_BPF] = {"cap_bpf", "privilege CAP_BPF", "no BPF program can be loaded",
			     "run it with sudo, or give it CAP_BPF", NEED_PRIVILEGE},
	[FEATURE_CAP_PERFMON] = {"cap_perfmon", "privilege CAP_PERFMON",
				 "no tracing program can be loaded",
				 "run it with sudo, or give it CAP_PERFMON", NEED_PRIVILEGE},
	[FEATURE_CAP_SYSLOG] =
		{"cap_syslog", "addresses of kernel symbols (CAP_SYSLOG)",
		 "callbacks of kernel timers have no names, and io_uring's and alarm clocks' timers "
		 "count as the kernel's",
		 "give it CAP_SYSLOG, and set kernel.kptr_restrict to 0 or 1", NEED_WANTED},
	[FEATURE_CAP_SYS_ADMIN] = {"cap_sys_admin", "BPF statistics (CAP_SYS_ADMIN)",
				   "the run time of dwell's own programs is not measured",
				   "run it with sudo", NEED_WANTED},
	[FEATURE_CAP_SYS_PTRACE] =
		{"cap_sys_ptrace",
		 "memory of other users' processes (CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH)",
		 "dwell go reads your own Go programs alone", "run it with sudo", NEED_WANTED},
	[FEATURE_BTF] = {"btf", "kernel type information (/sys/kernel/btf/vmlinux)",
			 "the programs cannot be fitted to this kernel",
			 "mount /sys if it is not, or use a kernel with CONFIG_DEBUG_INFO_BTF=y",
			 NEED_KERNEL},
	[FEATURE_TASK_STORAGE] = {"task_storage", "task storage in tracing programs (Linux 5.13)",
				  "a task's record has no place", "use Linux 5.15 or later",
				  NEED_KERNEL},
	[FEATURE_TASK_ITERATOR] = {"task_iterator", "task iterator", "the records cannot be read",
				   "use Linux 5.15 or later", NEED_KERNEL},
	[FEATURE_SCHED_TRACEPOINTS] = {"sched_tracepoints", "tracepoints of the scheduler",
				       "no switch is seen",
				       "use a kernel with CONFIG_TRACEPOINTS=y", NEED_KERNEL},
	[FEATURE_TIMER_TRACEPOINTS] = {"timer_tracepoints", "tracepoints of high-resolution timers",
				       "no timer is seen", "use a kernel with CONFIG_TRACEPOINTS=y",
				       NEED_KERNEL},
	[FEATURE_QUEUE_STAMPS] =
		{"queue_stamps", "the scheduler's queue stamps (CONFIG_SCHED_INFO)",
		 "when a task became runnable is not known",
		 "use a kernel with CONFIG_SCHEDSTATS=y or CONFIG_TASK_DELAY_ACCT=y", NEED_KERNEL},
	[FEATURE_GROUP_SCHED] = {"group_scheduling", "group scheduling (CONFIG_FAIR_GROUP_SCHED)",
				 "the scheduler's clock cannot be reached",
				 "use a kernel with CONFIG_FAIR_GROUP_SCHED=y", NEED_KERNEL},
	[FEATURE_BANDWIDTH] = {"cpu_quotas", "CPU quotas (CONFIG_CFS_BANDWIDTH)",
			       "nothing: without quotas no task is throttled", NULL, NEED_NOTHING},
	[FEATURE_PREV_STATE] =
		{"prev_state", "sched_switch tells the state it saw (Linux 5.18)",
		 "the kind of a block is lost when the wake-up is as fast as the switch",
		 "use Linux 5.18 or later", NEED_WANTED},
	[FEATURE_WAS_ARMED] = {"was_armed", "hrtimer_start tells re-arms",
			       "nothing: re-arms are told from what follows a cancel", NULL,
			       NEED_NOTHING},
	[FEATURE_START_EXPIRED] = {"start_expired", "hrtimer_start_expired (Linux 7.2)",
				   "nothing: this kernel expires such timers like any other", NULL,
				   NEED_NOTHING},
	[FEATURE_REALTIME] = {"preempt_rt", "a PREEMPT_RT kernel",
			      "nothing: timers expire in interrupts, one at a time", NULL,
			      NEED_NOTHING},
	[FEATURE_LOCKDOWN] = {"no_lockdown", "not locked down for confidentiality",
			      "nothing yet: no program of dwell reads memory by helper", NULL,
			      NEED_NOTHING},
	[FEATURE_JIT] = {"jit", "BPF just-in-time compiler", "measuring costs ten times as much",
			 "sysctl net.core.bpf_jit_enable=1", NEED_WANTED},
	[FEATURE_STABLE_CLOCK] = {"stable_clock", "a clock source that the scheduler shares",
				  "waits after a wake-up are only as exact as the scheduler's tick",
				  "see dmesg for why the kernel gave up the TSC", NEED_WANTED},
	[FEATURE_CGROUPS] = {"cgroups", "a cgroup hierarchy with names",
			     "cgroups are shown by number only",
			     "mount -t cgroup2 none /sys/fs/cgroup", NEED_WANTED},
};

static void found(struct features *features, enum feature_id id, bool is_found)
{
	features->state[id] = is_found ? FEATURE_FOUND : FEATURE_MISSING;
}

/* ---- from type information ---------------------------------------------- */

/* The number of a tracepoint's arguments, from the type of its probe; -1: no such tracepoint. */
static int tracepoint_arguments(const struct btf *btf, const char *tracepoint)
{
	const struct btf_type *type;
	char name[128];
	int id;

	snprintf(name, sizeof(name), "btf_trace_%s", tracepoint);
	id = btf__find_by_name_kind(btf, name, BTF_KIND_TYPEDEF);
	if (id < 0)
		return -1;
	type = btf__type_by_id(btf, btf__type_by_id(btf, id)->type);
	if (!type || !btf_is_ptr(type))
		return -1;
	type = btf__type_by_id(btf, type->type);
	if (!type || !btf_is_func_proto(type))
		return -1;
	return btf_vlen(type) - 1; /* the first one is the probe's own data */
}

static bool has_tracepoints(const struct btf *btf, const char *const *names)
{
	for (; *names; names++)
		if (tracepoint_arguments(btf, *names) < 0)
			return false;
	return true;
}

/* Whether the struct @type has a member @member, in itself or in an anonymous part. */
static bool type_has_member(const struct btf *btf, const struct btf_type *type, const char *member)
{
	const struct btf_member *members = btf_members(type);

	for (int i = 0; i < btf_vlen(type); i++) {
		const char *name = btf__name_by_offset(btf, members[i].name_off);

		if (name && *name) {
			if (!strcmp(name, member))
				return true;
			continue;
		}
		if (btf_is_composite(btf__type_by_id(btf, members[i].type)) &&
		    type_has_member(btf, btf__type_by_id(btf, members[i].type), member))
			return true;
	}
	return false;
}

static bool has_member(const struct btf *btf, const char *name, const char *member)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);

	return id > 0 && type_has_member(btf, btf__type_by_id(btf, id), member);
}

static void detect_types(struct features *features, const struct btf *btf)
{
	static const char *const sched[] = {"sched_switch", "sched_waking", "task_newtask",
					    "sched_process_fork", NULL};
	static const char *const timer[] = {"hrtimer_start", "hrtimer_cancel",
					    "hrtimer_expire_entry", "hrtimer_expire_exit", NULL};

	/* 5.13 moved task storage from LSM's blob to the task, which opened it to tracing. */
	found(features, FEATURE_TASK_STORAGE, has_member(btf, "task_struct", "bpf_storage"));
	found(features, FEATURE_TASK_ITERATOR,
	      btf__find_by_name_kind(btf, "bpf_iter__task", BTF_KIND_STRUCT) > 0);
	found(features, FEATURE_SCHED_TRACEPOINTS, has_tracepoints(btf, sched));
	found(features, FEATURE_TIMER_TRACEPOINTS, has_tracepoints(btf, timer));
	found(features, FEATURE_QUEUE_STAMPS, has_member(btf, "sched_info", "last_queued"));
	found(features, FEATURE_GROUP_SCHED, has_member(btf, "sched_entity", "cfs_rq"));
	found(features, FEATURE_BANDWIDTH, has_member(btf, "cfs_rq", "throttle_count"));
	found(features, FEATURE_PREV_STATE, tracepoint_arguments(btf, "sched_switch") >= 4);
	found(features, FEATURE_WAS_ARMED, tracepoint_arguments(btf, "hrtimer_start") >= 3);
	found(features, FEATURE_REALTIME, has_member(btf, "task_struct", "softirq_disable_cnt"));
	found(features, FEATURE_START_EXPIRED,
	      tracepoint_arguments(btf, "hrtimer_start_expired") >= 0);
}

/* ---- from files and privileges ------------------------------------------ */

/* Reads the first line of a small file, without its newline. 0 or a negative errno. */
static int read_line(const char *path, char *line, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return -errno;
	length = read(fd, line, size - 1);
	close(fd);
	if (length < 0)
		return -EIO;
	line[length] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return 0;
}

static void detect_jit(struct features *features)
{
	char line[16];

	/* Only root can read the file. A kernel that always compiles has it too. */
	if (!read_line("/proc/sys/net/core/bpf_jit_enable", line, sizeof(line)))
		found(features, FEATURE_JIT, strcmp(line, "0"));
}

/*
 * The scheduler's clock and CLOCK_MONOTONIC read the same counter as long as the kernel
 * trusts it. Otherwise CLOCK_MONOTONIC falls back to one of the slow devices.
 */
static void detect_clock(struct features *features)
{
	static const char *const slow[] = {"hpet", "acpi_pm", "refined-jiffies", "jiffies", "pit"};
	char line[64];

	if (read_line("/sys/devices/system/clocksource/clocksource0/current_clocksource", line,
		      sizeof(line)))
		return;
	found(features, FEATURE_STABLE_CLOCK, true);
	for (size_t i = 0; i < sizeof(slow) / sizeof(*slow); i++)
		if (!strcmp(line, slow[i]))
			found(features, FEATURE_STABLE_CLOCK, false);
}

static bool symbols_shown(void)
{
	static const char *const any[] = {"hrtimer_wakeup"};
	uint64_t address;

	return !symbols_addresses(SYMBOLS_KALLSYMS, any, &address, 1);
}

static int detect_privileges(struct features *features)
{
	struct privileges privileges;
	bool initial;
	int err = privileges_read(&privileges);

	if (err)
		return err;
	if (privilege_user_namespace(&initial))
		found(features, FEATURE_USER_NAMESPACE, initial);
	found(features, FEATURE_CAP_BPF, privileges.bpf);
	found(features, FEATURE_CAP_PERFMON, privileges.perfmon);
	found(features, FEATURE_CAP_SYS_ADMIN, privileges.sys_admin);
	found(features, FEATURE_CAP_SYS_PTRACE, privileges.memory);
	found(features, FEATURE_CAP_SYSLOG, symbols_shown());
	return 0;
}

int features_detect(struct features *features)
{
	struct cgroup_hierarchy hierarchy;
	struct btf *btf;
	int err;

	for (int i = 0; i < FEATURES; i++)
		features->state[i] = FEATURE_NOT_TOLD;
	err = detect_privileges(features);
	if (err)
		return err;
	detect_jit(features);
	detect_clock(features);
	found(features, FEATURE_LOCKDOWN,
	      privilege_lockdown(PRIVILEGE_LOCKDOWN) != LOCKDOWN_CONFIDENTIALITY);
	found(features, FEATURE_CGROUPS, !cgroup_detect(CGROUP_MOUNTINFO, "", &hierarchy));

	found(features, FEATURE_BTF, !privilege_kernel_btf(PRIVILEGE_BTF));
	if (!feature_found(features, FEATURE_BTF))
		return 0;
	btf = btf__parse(PRIVILEGE_BTF, NULL);
	if (!btf)
		return -errno;
	detect_types(features, btf);
	btf__free(btf);
	return 0;
}

enum feature_id features_first_missing(const struct features *features)
{
	enum feature_id id;

	for (id = 0; id < FEATURES; id++)
		if (feature_list[id].need <= NEED_KERNEL && features->state[id] == FEATURE_MISSING)
			break;
	return id;
}
