/* SPDX-License-Identifier: GPL-2.0-only */
/* Programs that do nothing, on the hooks dwell uses: what being called at all costs. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

#define EMPTY(hook)                  \
	SEC("tp_btf/" #hook)         \
	int on_##hook(void *context) \
	{                            \
		return 0;            \
	}

EMPTY(sched_switch)
EMPTY(sched_waking)
EMPTY(task_newtask)
EMPTY(sched_process_fork)
EMPTY(hrtimer_start)
EMPTY(hrtimer_cancel)
EMPTY(hrtimer_expire_entry)
EMPTY(hrtimer_expire_exit)
EMPTY(hrtimer_start_expired)
