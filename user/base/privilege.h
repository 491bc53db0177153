/* SPDX-License-Identifier: GPL-2.0-only */
/* Privileges: what this process may do, and how it gives up what it does not need. */
#ifndef DWELL_BASE_PRIVILEGE_H
#define DWELL_BASE_PRIVILEGE_H

#include <stdbool.h>

/* Files that privilege_lockdown() and privilege_kernel_btf() read on a live host. */
#define PRIVILEGE_LOCKDOWN "/sys/kernel/security/lockdown"
#define PRIVILEGE_BTF "/sys/kernel/btf/vmlinux"

/* Effective capabilities. */
struct privileges {
	bool bpf;	   /* CAP_BPF, or CAP_SYS_ADMIN in its place: load programs */
	bool perfmon;	   /* CAP_PERFMON, or CAP_SYS_ADMIN: programs that read kernel memory */
	bool syslog;	   /* CAP_SYSLOG: addresses of kernel symbols */
	bool sys_admin;	   /* CAP_SYS_ADMIN */
	bool sys_resource; /* CAP_SYS_RESOURCE: limit of locked memory, before 5.11 */
	bool memory;	   /* CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH: other users' processes */
};

/* Reads the capabilities of this thread. 0; or a negative errno, with all of them false. */
int privileges_read(struct privileges *privileges);

/*
 * Sets *initial to whether this process is in the initial user namespace. Only the
 * capabilities of that namespace count for BPF. False: it cannot be told (without /proc).
 */
bool privilege_user_namespace(bool *initial);

/* How far the kernel is locked down against root. */
enum lockdown {
	LOCKDOWN_UNKNOWN, /* no such file, so no lockdown; or it cannot be read */
	LOCKDOWN_NONE,
	LOCKDOWN_INTEGRITY,
	LOCKDOWN_CONFIDENTIALITY, /* BPF may not read kernel memory by helper */
};
/* Reads it from the file @path, PRIVILEGE_LOCKDOWN on a live host. */
enum lockdown privilege_lockdown(const char *path);

/* Checks that the kernel's type information at @path may be read. 0 or a negative errno. */
int privilege_kernel_btf(const char *path);

/* Capabilities that may be kept; or'ed. */
enum privilege_kept {
	PRIVILEGE_KEEP_NONE,
	PRIVILEGE_KEEP_BPF = 1,	  /* CAP_BPF */
	PRIVILEGE_KEEP_FILES = 2, /* CAP_DAC_OVERRIDE */
	/*
	 * CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH and CAP_CHECKPOINT_RESTORE: open the files that
	 * other users' processes have mapped.
	 */
	PRIVILEGE_KEEP_OPEN = 4,
	/* CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH: read the memory of other users' processes. */
	PRIVILEGE_KEEP_MEMORY = 8,
};

/*
 * Gives up for good all effective, permitted, inheritable and ambient capabilities but
 * @kept_ones (enum privilege_kept, or'ed). Capabilities that are not permitted now are not
 * gained. An exec gains none either. Only the calling thread gives them up, so call it
 * while there is no other. 0, or a negative errno, after which any may be left.
 */
int privileges_drop(unsigned int kept_ones);

/*
 * Tries whether @work, which returns 0 if it does, works without any privilege: in a child, since
 * what is given up does not come back. False if that cannot be tried.
 */
bool privileges_unneeded(int (*work)(void *context), void *context);

#endif
