/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Learning callbacks by doing: without CAP_SYSLOG the kernel hides its symbols'
 * addresses, so the user side arms one timer of each kind itself, and this
 * program, loaded alone and for that moment only, sees what each would call.
 */
#ifndef DWELL_LEARN_BPF_H
#define DWELL_LEARN_BPF_H

#include "maps.bpf.h"

/* The time-out that dwell is about to ask for: it tells that timer from what interrupts arm. */
__u64 learn_timeout; /* ns; 0: none */
__u64 learned;	     /* the callback of the timer that was armed with it */

SEC("tp_btf/hrtimer_start")
int learn_callback(u64 *ctx)
{
	struct hrtimer *timer = (void *)ctx[0];
	__s64 timeout, late;

	if (!learn_timeout || bpf_get_current_pid_tgid() >> 32 != self)
		return 0;
	timeout = timer->_softexpires - timer->base->offset - bpf_ktime_get_ns();
	late = learn_timeout - timeout;
	if (late >= 0 && late < learn_timeout / 8)
		learned = (__u64)timer->function;
	return 0;
}

#endif /* DWELL_LEARN_BPF_H */
