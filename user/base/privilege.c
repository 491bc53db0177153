/* SPDX-License-Identifier: GPL-2.0-only */
/* Privileges: what this process may do, and how it gives up what it does not need. */
#include "base/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void free_caps(cap_t *caps)
{
	if (*caps)
		cap_free(*caps);
}

/* Whether @value is in effect. It is not where the kernel or libcap does not know it. */
static bool in_effect(cap_t caps, cap_value_t value)
{
	cap_flag_value_t flag = CAP_CLEAR;

	return !cap_get_flag(caps, value, CAP_EFFECTIVE, &flag) && flag == CAP_SET;
}

int privileges_read(struct privileges *privileges)
{
	cap_t caps __attribute__((cleanup(free_caps))) = cap_get_proc();

	*privileges = (struct privileges){0};
	if (!caps)
		return -errno;
	privileges->sys_admin = in_effect(caps, CAP_SYS_ADMIN);
	privileges->bpf = privileges->sys_admin || in_effect(caps, CAP_BPF);
	privileges->perfmon = privileges->sys_admin || in_effect(caps, CAP_PERFMON);
	privileges->syslog = in_effect(caps, CAP_SYSLOG);
	privileges->sys_resource = in_effect(caps, CAP_SYS_RESOURCE);
	privileges->memory = in_effect(caps, CAP_SYS_PTRACE) &&
			     in_effect(caps, CAP_DAC_READ_SEARCH);
	return 0;
}

#define INITIAL_USER_NAMESPACE 0xEFFFFFFDU /* its inode, since 3.8 */

bool privilege_user_namespace(bool *initial)
{
	struct stat info;

	if (stat("/proc/self/ns/user", &info))
		return false;
	*initial = info.st_ino == INITIAL_USER_NAMESPACE;
	return true;
}

/* Reads at most @size - 1 bytes of the file @path as a string. 0 or a negative errno. */
static int read_start(const char *path, char *buffer, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;
	ssize_t got;

	if (fd < 0)
		return -errno;
	got = read(fd, buffer, size - 1);
	err = got < 0 ? -errno : 0;
	close(fd);
	buffer[got < 0 ? 0 : got] = '\0';
	return err;
}

enum lockdown privilege_lockdown(const char *path)
{
	char modes[64]; /* "none [integrity] confidentiality": the one in brackets holds */

	if (read_start(path, modes, sizeof(modes)))
		return LOCKDOWN_UNKNOWN;
	if (strstr(modes, "[none]"))
		return LOCKDOWN_NONE;
	if (strstr(modes, "[integrity]"))
		return LOCKDOWN_INTEGRITY;
	if (strstr(modes, "[confidentiality]"))
		return LOCKDOWN_CONFIDENTIALITY;
	return LOCKDOWN_UNKNOWN;
}

int privilege_kernel_btf(const char *path)
{
	return access(path, R_OK) ? -errno : 0;
}

#ifndef CAP_CHECKPOINT_RESTORE
#define CAP_CHECKPOINT_RESTORE 40
#endif

/* Makes @capability permitted and effective in @kept if it is permitted in @now. */
static int keep(cap_t kept, cap_t now, cap_value_t capability)
{
	cap_flag_value_t permitted;

	if (cap_get_flag(now, capability, CAP_PERMITTED, &permitted))
		return -errno;
	if (permitted != CAP_SET)
		return 0;
	if (cap_set_flag(kept, CAP_PERMITTED, 1, &capability, CAP_SET) ||
	    cap_set_flag(kept, CAP_EFFECTIVE, 1, &capability, CAP_SET))
		return -errno;
	return 0;
}

int privileges_drop(unsigned int kept_ones)
{
	static const struct {
		unsigned int kept_by;
		cap_value_t capability;
	} capabilities[] = {
		{PRIVILEGE_KEEP_BPF, CAP_BPF},
		{PRIVILEGE_KEEP_FILES, CAP_DAC_OVERRIDE},
		{PRIVILEGE_KEEP_OPEN | PRIVILEGE_KEEP_MEMORY, CAP_SYS_PTRACE},
		{PRIVILEGE_KEEP_OPEN | PRIVILEGE_KEEP_MEMORY, CAP_DAC_READ_SEARCH},
		{PRIVILEGE_KEEP_OPEN, CAP_CHECKPOINT_RESTORE},
	};
	cap_t kept __attribute__((cleanup(free_caps))) = cap_init();
	cap_t now __attribute__((cleanup(free_caps))) = cap_get_proc();
	int err = 0;

	if (!kept || !now)
		return -errno;
	for (size_t i = 0; i < sizeof(capabilities) / sizeof(*capabilities) && !err; i++)
		if (kept_ones & capabilities[i].kept_by)
			err = keep(kept, now, capabilities[i].capability);
	if (err)
		return err;
	/* Kernels before 4.3 have no ambient set, and thus nothing to clear. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) && errno != EINVAL)
		return -errno;
	/* Otherwise root would get them all back by exec. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return cap_set_proc(kept) ? -errno : 0;
}

bool privileges_unneeded(int (*work)(void *context), void *context)
{
	const pid_t child = fork();
	int status;

	if (!child)
		_exit(privileges_drop(PRIVILEGE_KEEP_NONE) || work(context));
	return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	       !WEXITSTATUS(status);
}
