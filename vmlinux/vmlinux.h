/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's types as dwell uses them: only these, and of these only the
 * fields in use. CO-RE relocates every access by name, so neither order nor
 * offsets matter here; what matters is noted beside a field: the versions that
 * have it, where that is not every version since 5.15.
 */
#ifndef DWELL_VMLINUX_H
#define DWELL_VMLINUX_H

typedef unsigned char __u8;
typedef signed char __s8;
typedef unsigned short __u16;
typedef short __s16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
typedef long long __s64;
/* libbpf's helper declarations want these names. */
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s64 s64;
typedef _Bool bool;

enum { false, true };

enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_HASH = 5,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_STACK_TRACE = 7,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
};

enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
};

enum {
	BPF_F_NO_PREALLOC = 1,
};

enum {
	BPF_LOCAL_STORAGE_GET_F_CREATE = 1,
};

enum {
	BPF_RB_NO_WAKEUP = 1,
	BPF_RB_FORCE_WAKEUP = 2,
};

enum {
	BPF_RB_AVAIL_DATA = 0,
};

enum {
	BPF_F_USER_STACK = 256,
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct kernfs_node {
	u64 id;
	struct kernfs_node *parent; /* __parent since 6.15 */
};

/* The other name of kernfs_node's parent. */
struct kernfs_node___renamed {
	struct kernfs_node *__parent;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
};

/* The value is the kernel's own, by bpf_core_enum_value(). */
enum cgroup_subsys_id {
	cpu_cgrp_id = 1,
};

struct css_set {
	struct cgroup_subsys_state *subsys[16]; /* shorter on some kernels */
	struct cgroup *dfl_cgrp;
};

/* Exists on every kernel; empty without CONFIG_SCHED_INFO. */
struct sched_info {
	unsigned long long run_delay;	 /* time on run queues, summed as it leaves one */
	unsigned long long last_arrival; /* scheduler clock of the last switch in */
	unsigned long long last_queued;	 /* scheduler clock of the enqueue; 0 = not queued */
};

struct rq {
	u64 clock;		      /* scheduler clock, as of the last event on this run queue */
	u64 clock_pelt;		      /* the same in time that counts for the load average */
	unsigned long lost_idle_time; /* not in @clock_pelt, though its readers expect that */
	int cpu;
	struct task_struct *curr; /* who runs on it */
};

struct hrtimer;

struct hrtimer_cpu_base {
	unsigned int cpu;
};

struct hrtimer_clock_base {
	struct hrtimer_cpu_base *cpu_base;
	unsigned int index;
	int clockid;
	struct hrtimer *running; /* whose callback runs now */
	s64 offset;		 /* of its clock to CLOCK_MONOTONIC */
};

/* A ktime_t has been a plain s64 since 4.10. timerqueue_linked_node in 7.1. */
struct timerqueue_node {
	s64 expires;
};

struct hrtimer {
	struct timerqueue_node node;
	s64 _softexpires;
	void *function;
	struct hrtimer_clock_base *base;
	unsigned char is_soft; /* expires in softirq, or a thread of it (u8, bool since 7.1) */
};

/* A quota of CPU time. CONFIG_CFS_BANDWIDTH, and so is all of it in struct cfs_rq. */
struct cfs_bandwidth {
	s64 period;
	u64 quota; /* all ones: none */
	struct hrtimer period_timer;
};

/* A cgroup, as the scheduler sees it. CONFIG_FAIR_GROUP_SCHED */
struct task_group {
	struct task_group *parent;
	struct cfs_bandwidth cfs_bandwidth;
};

/* A group's queue on one CPU. */
struct cfs_rq {
	struct rq *rq;		/* CONFIG_FAIR_GROUP_SCHED */
	struct task_group *tg; /* the same */
	int throttle_count;	/* > 0: it or an ancestor has no quota left */
	/*
	 * When that began, and how long it was before. Of rq's clock, since 6.6,
	 * and only while something was queued there; …
	 */
	u64 throttled_clock_self; /* 0: nothing is queued, or it has quota */
	u64 throttled_clock_self_time;
	/* … of its clock_pelt, since 5.19, and from 6.18 on only while nothing is. */
	u64 throttled_clock_pelt;
	u64 throttled_clock_pelt_time;
};

struct sched_entity {
	struct cfs_rq *cfs_rq;	     /* CONFIG_FAIR_GROUP_SCHED */
	unsigned char sched_delayed; /* since 6.12: blocked, but still queued */
};

struct atomic_word {
	s64 counter;
};

struct mutex {
	struct atomic_word owner; /* the task, and flags in the low bits */
};

struct pid_namespace;

/* What one pid namespace calls a task. */
struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;    /* of its own namespace: the last one in @numbers */
	struct upid numbers[]; /* from the initial namespace on; [1] up to 6.5 */
};

struct task_struct {
	unsigned int __state;
	/*
	 * int until 7.1, u8 from 7.2. Unsigned here and read by a direct load,
	 * which libbpf may then shrink; a copying read would fetch neighbours.
	 */
	unsigned int on_cpu;
	unsigned int on_rq;
	unsigned char is_blocked; /* since 7.2 */
	struct mutex *blocked_on; /* since 6.17 */
	unsigned int flags;
	int pid;
	int tgid;
	struct task_struct *group_leader;
	struct pid *thread_pid; /* NULL once it has been reaped */
	struct task_struct *real_parent; /* who forked it, as long as that lives */
	u64 start_time;
	int prio; /* below 100: real-time */
	struct sched_entity se;
	bool throttled; /* since 6.18: taken off its queue, its group having no quota */
	struct sched_info sched_info;
	struct css_set *cgroups;
	void *bpf_storage; /* NULL: no BPF program has kept anything for it */
	char comm[16];
};

/* What a task had in its registers when it entered the kernel. */
struct pt_regs {
	unsigned long orig_ax; /* x86: the system call */
	unsigned long cs;      /* 16 bits of a union since 6.9 */
	int syscallno;	       /* arm64 */
	u64 pstate;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
	u64 seq_num; /* of the element, from 0 */
};

/* Of the timer wheel. */
struct timer_list {
	unsigned long expires; /* in jiffies */
	void *function;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};


#pragma clang attribute pop

#endif /* DWELL_VMLINUX_H */
