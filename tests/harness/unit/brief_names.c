/* SPDX-License-Identifier: GPL-2.0-only */
/* Names in one place, so that each ends when the next one is asked for. */
#include "harness/unit/brief_names.h"

#include <string.h>

#include "harness/unit/runs.h"

static char place[BRIEF_LEN];

static const char *put(const char *name)
{
	memset(place, '!', sizeof(place));
	return name ? strcpy(place, name) : NULL;
}

void brief_names_end(void)
{
	put("");
}

static const char *comm_of(void *context, uint32_t pid, uint32_t tid)
{
	(void)context;
	(void)pid;
	return put(tid == HOG ? "hog" : tid == HOG2 ? "hog2" : NULL);
}

static const char *cgroup_of(void *context, uint64_t id)
{
	(void)context;
	if (id != 9)
		return put(id == 7 ? "/work" : NULL);
	memset(place, 'x', sizeof(place));
	place[sizeof(place) - 1] = '\0';
	return place;
}

static double quota_of(void *context, uint64_t id, size_t *owner)
{
	*owner = strlen("/work");
	(void)context;
	brief_names_end();
	return id == 7 ? 0.5 : 0;
}

static const char *function_of(void *context, uint64_t address)
{
	(void)context;
	return put(address == HRTIMER_WAKEUP ? "hrtimer_wakeup" :
		   address == TIMERFD	     ? "timerfd_tmrproc" :
		   address == VFS_WRITE	     ? "vfs_write" :
		   address == NVME	     ? "nvme_irq" :
		   address == IRQ_EVENT	     ? "handle_irq_event" :
					       NULL);
}

static const char *syscall_of(void *context, int number)
{
	(void)context;
	return put(number == 74 ? "fsync" : NULL);
}

const struct naming brief_names = {.comm = comm_of,
				   .cgroup = cgroup_of,
				   .quota = quota_of,
				   .function = function_of,
				   .syscall = syscall_of};
