/* SPDX-License-Identifier: GPL-2.0-only */
/* A supervisor of bpf(): seccomp hands it each call, and the caller's memory tells the name. */
#include "harness/live/supervisor.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "harness/live/live.h"

#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

/* ---- whose name it is --------------------------------------------------------- */

static bool copy_from(pid_t pid, uint64_t address, void *to, size_t size)
{
	const struct iovec here = {to, size}, there = {(void *)(uintptr_t)address, size};

	return process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)size;
}

/* A copy of the descriptor @number of process @pid; negative: there is none. */
static int descriptor_of(pid_t pid, int number)
{
	const int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int fd;

	if (pidfd < 0)
		return -1;
	fd = (int)syscall(SYS_pidfd_getfd, pidfd, number, 0);
	close(pidfd);
	return fd;
}

/*
 * The kernel cuts names after 15 bytes, and some programs differ only beyond: the
 * whole name is that of the first function in the type information @btf. What libbpf
 * tries the kernel with may have another first function.
 */
static void name_by_type(char name[SUPERVISOR_NAME_LEN], unsigned int btf_id, unsigned int type)
{
	struct btf *btf = btf__load_from_kernel_by_id(btf_id);
	const struct btf_type *found = btf ? btf__type_by_id(btf, type) : NULL;
	const char *whole = found ? btf__name_by_offset(btf, found->name_off) : NULL;

	if (whole && !strncmp(whole, name, strlen(name)))
		snprintf(name, SUPERVISOR_NAME_LEN, "%s", whole);
	btf__free(btf);
}

static unsigned int btf_id_of(int fd)
{
	struct bpf_btf_info info = {0};
	__u32 size = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &size) ? 0 : info.id;
}

static void name_new_program(pid_t pid, const union bpf_attr *attr, char name[SUPERVISOR_NAME_LEN])
{
	struct bpf_func_info first;
	int btf;

	snprintf(name, SUPERVISOR_NAME_LEN, "%.*s", BPF_OBJ_NAME_LEN, attr->prog_name);
	if (!attr->func_info_cnt || !copy_from(pid, attr->func_info, &first, sizeof(first)))
		return;
	btf = descriptor_of(pid, (int)attr->prog_btf_fd);
	if (btf < 0)
		return;
	name_by_type(name, btf_id_of(btf), first.type_id);
	close(btf);
}

static void name_program(pid_t pid, int number, char name[SUPERVISOR_NAME_LEN])
{
	struct bpf_func_info first = {0};
	struct bpf_prog_info info = {
		.nr_func_info = 1,
		.func_info_rec_size = sizeof(first),
		.func_info = (uintptr_t)&first,
	};
	__u32 size = sizeof(info);
	const int fd = descriptor_of(pid, number);

	if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &size)) {
		snprintf(name, SUPERVISOR_NAME_LEN, "%s", info.name);
		if (info.btf_id && info.nr_func_info)
			name_by_type(name, info.btf_id, first.type_id);
	}
	if (fd >= 0)
		close(fd);
}

/* What the call is about. False: nothing that has a name. */
static bool name_object(const struct seccomp_notif *call, enum asked *object,
			char name[SUPERVISOR_NAME_LEN])
{
	size_t size = call->data.args[2];
	union bpf_attr attr;
	const pid_t pid = (pid_t)call->pid;

	memset(&attr, 0, sizeof(attr));
	name[0] = '\0';
	if (size > sizeof(attr))
		size = sizeof(attr);
	if (!copy_from(pid, call->data.args[1], &attr, size))
		return false;
	switch ((enum bpf_cmd)call->data.args[0]) {
	case BPF_PROG_LOAD:
		*object = ASKED_PROGRAM;
		name_new_program(pid, &attr, name);
		return true;
	case BPF_MAP_CREATE:
		*object = ASKED_MAP;
		snprintf(name, SUPERVISOR_NAME_LEN, "%.*s", BPF_OBJ_NAME_LEN, attr.map_name);
		return true;
	case BPF_LINK_CREATE:
		*object = ASKED_LINK;
		name_program(pid, (int)attr.link_create.prog_fd, name);
		return true;
	case BPF_RAW_TRACEPOINT_OPEN:
		*object = ASKED_LINK;
		name_program(pid, (int)attr.raw_tracepoint.prog_fd, name);
		return true;
	default:
		return false;
	}
}

/* libbpf tries what the kernel can do with small objects of its own. */
static bool is_probe(const char *name)
{
	return !name[0] || !strncmp(name, "libbpf_", 7) || !strncmp(name, "det_", 4) ||
	       !strcmp(name, "test");
}

/* ---- answering ---------------------------------------------------------------- */

bool supervisor_saw(const struct supervisor_names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (!strcmp(names->name[i], name))
			return true;
	return false;
}

static void remember(struct supervisor_names *names, const char *name)
{
	if (names->count < SUPERVISOR_NAMES && !supervisor_saw(names, name))
		snprintf(names->name[names->count++], SUPERVISOR_NAME_LEN, "%s", name);
}

static bool is_refused(const struct supervisor *supervisor, enum asked object, const char *name)
{
	if (!supervisor->name)
		return false;
	if (!*supervisor->name)
		return is_probe(name);
	return object == supervisor->object && !strcmp(name, supervisor->name);
}

static void answer(struct supervisor *supervisor, int listener)
{
	struct seccomp_notif call = {0};
	struct seccomp_notif_resp response = {.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
	char name[SUPERVISOR_NAME_LEN];
	enum asked object;

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call))
		return; /* whoever called is gone */
	response.id = call.id;
	if (name_object(&call, &object, name)) {
		if (!is_probe(name))
			remember(&supervisor->seen[object], name);
		if (is_refused(supervisor, object, name)) {
			response.flags = 0;
			response.error = -supervisor->error;
			supervisor->refused++;
		}
	}
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

static void *serve(void *context)
{
	struct supervisor *supervisor = context;
	const int listener = supervisor->parent[0];
	struct pollfd call = {.fd = listener, .events = POLLIN};

	while (poll(&call, 1, -1) >= 0 || errno == EINTR) {
		if (call.revents & POLLIN)
			answer(supervisor, listener);
		else if (call.revents)
			break;
	}
	close(listener);
	return NULL;
}

/* ---- its life ----------------------------------------------------------------- */

void supervisor_begin(struct supervisor *supervisor)
{
	memset(supervisor->seen, 0, sizeof(supervisor->seen));
	supervisor->refused = 0;
	if (pipe(supervisor->child) || pipe(supervisor->parent))
		live_abort("pipe: %s", strerror(errno));
}

void supervisor_watch(void *context)
{
	const struct supervisor *supervisor = context;
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bpf, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {sizeof(filter) / sizeof(*filter), filter};
	int listener;
	char byte;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); /* or only root may have a filter */
	listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
				SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);

	/* The parent takes a copy of the listener, and then says go. */
	if (write(supervisor->child[1], &listener, sizeof(listener)) != sizeof(listener) ||
	    read(supervisor->parent[0], &byte, 1) != 1)
		_exit(127);
	for (int i = 0; i < 2; i++) {
		close(supervisor->child[i]);
		close(supervisor->parent[i]);
	}
}

void supervisor_follow(struct supervisor *supervisor, int pid)
{
	int listener = -1;

	if (read(supervisor->child[0], &listener, sizeof(listener)) != sizeof(listener))
		live_abort("the child does not tell its listener");
	if (listener < 0)
		live_skip("this kernel hands no system calls to a supervisor");
	listener = descriptor_of(pid, listener);
	if (listener < 0)
		live_skip("this kernel lends no descriptors: %s", strerror(errno));
	if (write(supervisor->parent[1], "", 1) != 1)
		live_abort("the child does not hear: %s", strerror(errno));
	close(supervisor->child[0]);
	close(supervisor->child[1]);
	close(supervisor->parent[0]);
	close(supervisor->parent[1]);
	supervisor->parent[0] = listener;
	if (pthread_create(&supervisor->thread, NULL, serve, supervisor))
		live_abort("pthread_create failed");
}

void supervisor_end(struct supervisor *supervisor)
{
	pthread_join(supervisor->thread, NULL);
}
