/* SPDX-License-Identifier: GPL-2.0-only */
/* Filters: which tasks get a record. Asked only where a record would be made. */
#ifndef DWELL_FILTER_BPF_H
#define DWELL_FILTER_BPF_H

#include "maps.bpf.h"

#define CGROUP_DEPTH 16 /* levels searched upwards for a wanted cgroup */

/*
 * Whether a filter asks for what can change while a task lives: an unwanted one may be
 * wanted later.
 */
inline_always bool filter_can_change(void)
{
	return config.nr_comms || config.nr_cgroups;
}

inline_always bool filtered(void)
{
	return config.pid_ns || config.nr_pids || config.nr_tids || filter_can_change();
}

inline_always struct kernfs_node *cgroup_node(struct task_struct *task)
{
	struct css_set *sets = task->cgroups;

	if (config.cgroup_v1) {
		/* The array's index is the kernel's: it depends on its configuration. */
		void *slot =
			(void *)sets + bpf_core_field_offset(struct css_set, subsys) +
			bpf_core_enum_value(enum cgroup_subsys_id, cpu_cgrp_id) * sizeof(void *);
		struct cgroup_subsys_state *css = *(struct cgroup_subsys_state **)slot;

		return css->cgroup->kn;
	}
	return sets->dfl_cgrp->kn;
}

/*
 * A function of its own, and a barrier in each branch: else clang loads both fields'
 * offsets ahead of the test, and no kernel has both fields.
 */
static __noinline struct kernfs_node *node_parent(struct kernfs_node *node)
{
	if (bpf_core_field_exists(node->parent)) {
		barrier_var(node);
		return node->parent;
	}
	barrier_var(node);
	return ((struct kernfs_node___renamed *)node)->__parent;
}

inline_always bool in_list(const volatile __u32 *list, __u32 count, __u32 value)
{
	for (__u32 i = 0; i < DWELL_FILTER_MAX; i++)
		if (i < count && list[i] == value)
			return true;
	return false;
}

static __noinline bool comm_wanted(struct task_struct *task)
{
	for (__u32 i = 0; i < DWELL_FILTER_MAX && i < config.nr_comms; i++) {
		__u32 at = 0;

		while (at < DWELL_COMM_LEN - 1 && task->comm[at] == config.comms[i][at] &&
		       task->comm[at])
			at++;
		if (task->comm[at] == config.comms[i][at])
			return true;
	}
	return false;
}

static __noinline bool cgroup_wanted(struct task_struct *task)
{
	struct kernfs_node *node = cgroup_node(task);

	for (__u32 level = 0; level < CGROUP_DEPTH && node; level++) {
		__u64 id = node->id;

		for (__u32 i = 0; i < DWELL_FILTER_MAX && i < config.nr_cgroups; i++)
			if (config.cgroups[i] == id)
				return true;
		node = node_parent(node);
	}
	return false;
}

/*
 * Reads what the pid namespace @level levels below the initial one calls @task. The
 * numbers lie behind struct pid, where no direct load reaches. An address that was
 * copied is a number to the verifier, to which any other one may be added.
 */
inline_always bool read_number(struct upid *number, struct task_struct *task, __u32 level)
{
	__u64 pid;

	if (bpf_core_read(&pid, sizeof(pid), &task->thread_pid) || !pid)
		return false;
	pid += bpf_core_field_offset(struct pid, numbers) +
	       (__u64)level * bpf_core_type_size(struct upid);
	return !bpf_probe_read_kernel(&number->nr, sizeof(number->nr),
				      (void *)(pid + bpf_core_field_offset(struct upid, nr))) &&
	       !bpf_probe_read_kernel(&number->ns, sizeof(number->ns),
				      (void *)(pid + bpf_core_field_offset(struct upid, ns)));
}

/* What dwell's own pid namespace calls @task; 0: it is not in there, or has been reaped. */
static __noinline __u32 own_number(struct task_struct *task)
{
	struct upid number;
	__u32 level;

	if (bpf_core_read(&level, sizeof(level), &task->thread_pid->level) || level < own_level ||
	    !read_number(&number, task, own_level))
		return 0;
	return (__u64)number.ns == own_ns ? number.nr : 0;
}

static __noinline bool wanted(struct task_struct *task)
{
	__u32 pid = task->tgid, tid = task->pid;

	if (pid == self)
		return false;
	if (config.pid_ns) {
		tid = own_number(task);
		pid = own_number(task->group_leader);
		if (!tid)
			return false;
	}
	if (config.nr_pids && !in_list(config.pids, config.nr_pids, pid))
		return false;
	if (config.nr_tids && !in_list(config.tids, config.nr_tids, tid))
		return false;
	if (config.nr_comms && !comm_wanted(task))
		return false;
	return !config.nr_cgroups || cgroup_wanted(task);
}

#endif /* DWELL_FILTER_BPF_H */
