/* SPDX-License-Identifier: GPL-2.0-only */
/* Privileges: what this process may do, and how it gives that up. */
#ifndef DWELL_BASE_PRIVILEGE_H
#define DWELL_BASE_PRIVILEGE_H

#include <stdbool.h>

/* What the functions below read on a live host. */
#define PRIVILEGE_LOCKDOWN "/sys/kernel/security/lockdown"
#define PRIVILEGE_BTF "/sys/kernel/btf/vmlinux"

/* Capabilities in effect. */
struct privileges {
	bool bpf;     /* CAP_BPF, or CAP_SYS_ADMIN in its place: load programs */
	bool perfmon; /* CAP_PERFMON, or CAP_SYS_ADMIN: programs that read kernel memory */
	bool syslog;  /* CAP_SYSLOG: addresses of kernel symbols */
	bool sys_admin;
	bool sys_resource; /* CAP_SYS_RESOURCE: limit of locked memory, before 5.11 */
};

/* Reads what this process may do now. 0 or a negative errno. */
int privileges_read(struct privileges *privileges);

/*
 * Whether this process is in the user namespace that the kernel began with, whose
 * capabilities alone count for BPF. False: it cannot be told (without /proc).
 */
bool privilege_user_namespace(bool *initial);

/* How far the kernel is locked down against root. */
enum lockdown {
	LOCKDOWN_UNKNOWN, /* there is no such file (then none), or it cannot be read */
	LOCKDOWN_NONE,
	LOCKDOWN_INTEGRITY,
	LOCKDOWN_CONFIDENTIALITY, /* BPF may not read kernel memory by helper */
};
enum lockdown privilege_lockdown(const char *path);

/* Whether the kernel's type information at @path may be read: 0, or a negative errno. */
int privilege_kernel_btf(const char *path);

/* What may be kept of the capabilities. */
enum privilege_kept {
	PRIVILEGE_KEEP_NONE,
	PRIVILEGE_KEEP_BPF = 1,	  /* CAP_BPF */
	PRIVILEGE_KEEP_FILES = 2, /* CAP_DAC_OVERRIDE */
	/*
	 * What opens the files that other users' processes have mapped: CAP_SYS_PTRACE,
	 * CAP_DAC_READ_SEARCH and CAP_CHECKPOINT_RESTORE.
	 */
	PRIVILEGE_KEEP_OPEN = 4,
};

/*
 * Gives up all capabilities for good but those in @kept_ones (enum
 * privilege_kept, or'ed): effective, permitted, inheritable and ambient ones,
 * and gaining any by exec. Only the calling thread gives them up, so call it while
 * there is no other. 0 or a negative errno.
 */
int privileges_drop(unsigned int kept_ones);

#endif
