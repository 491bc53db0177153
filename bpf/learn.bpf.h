/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Learning callbacks by doing: without CAP_SYSLOG the kernel hides its symbols'
 * addresses, so the user side arms one timer of each kind itself, and this
 * program, loaded alone and for that moment only, sees what each would call.
 */
#ifndef DWELL_LEARN_BPF_H
#define DWELL_LEARN_BPF_H

#include "maps.bpf.h"

__u64 learned; /* callback of the timer that dwell armed last */

SEC("tp_btf/hrtimer_start")
int learn_callback(u64 *ctx)
{
	struct hrtimer *timer = (void *)ctx[0];

	if (bpf_get_current_pid_tgid() >> 32 == config.self)
		learned = (__u64)timer->function;
	return 0;
}

#endif /* DWELL_LEARN_BPF_H */
