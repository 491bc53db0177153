/* SPDX-License-Identifier: GPL-2.0-only */
/* Naming: the names of tasks, cgroups, functions and system calls, from a replaceable source. */
#include "model/naming.h"

const char *naming_comm(const struct naming *naming, uint32_t pid, uint32_t tid)
{
	return naming->comm ? naming->comm(naming->context, pid, tid) : NULL;
}

const char *naming_cgroup(const struct naming *naming, uint64_t id)
{
	return naming->cgroup && id ? naming->cgroup(naming->context, id) : NULL;
}

double naming_quota(const struct naming *naming, uint64_t id, size_t *owner)
{
	*owner = 0;
	return naming->quota && id ? naming->quota(naming->context, id, owner) : 0;
}

const char *naming_function(const struct naming *naming, uint64_t address)
{
	return naming->function && address ? naming->function(naming->context, address) : NULL;
}

const char *naming_callback(const struct naming *naming, uint64_t address)
{
	return naming->callback && address ? naming->callback(naming->context, address) : NULL;
}

const char *naming_user_function(const struct naming *naming, uint32_t pid, uint64_t address)
{
	return naming->user_function && address ?
		       naming->user_function(naming->context, pid, address) :
		       NULL;
}

const char *naming_syscall(const struct naming *naming, int number)
{
	return naming->syscall && number >= 0 ? naming->syscall(naming->context, number) : NULL;
}
