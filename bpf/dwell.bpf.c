// SPDX-License-Identifier: GPL-2.0-only
/* The kernel side: one object, put together from one header for each subject. */
#include "birth.bpf.h"
#include "sched.bpf.h"
#include "death.bpf.h"
#include "waking.bpf.h"
#include "timer_start.bpf.h"
#include "timer_cancel.bpf.h"
#include "timer_expire.bpf.h"
#include "wheel.bpf.h"
#include "iter.bpf.h"
#include "learn.bpf.h"

char LICENSE[] SEC("license") = "GPL";
