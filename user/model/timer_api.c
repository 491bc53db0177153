/* SPDX-License-Identifier: GPL-2.0-only */
/* The API behind a timer: its callback tells it; of a sleep, its system call. */
#include "model/timer_api.h"

#include <stdio.h>
#include <string.h>

#include "model/syscalls.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Callbacks of all supported kernels, and the APIs that arm them. The first match counts. */
static const struct {
	const char *callback;
	const char *api;
} apis[] = {
	{"timerfd_tmrproc", "timerfd"},
	{"posix_timer_fn", "posix_timer"},
	{"it_real_fn", "setitimer"},
	{"alarmtimer_fired", "alarmtimer"},
	{"io_timeout_fn", "io_uring_timeout"},
	{"io_link_timeout_fn", "io_uring_link_timeout"},
	/* The scheduler's and timekeeping's. */
	{"tick_nohz_handler", "tick"},
	{"tick_sched_timer", "tick"},
	{"hrtick", "hrtick"},
	{"sched_cfs_period_timer", "cfs_bandwidth"},
	{"sched_cfs_slack_timer", "cfs_bandwidth"},
	{"sched_rt_period_timer", "rt_bandwidth"},
	{"dl_task_timer", "deadline"},
	{"inactive_task_timer", "deadline"},
	{"sync_timer_callback", "ntp"},
	{"watchdog_timer_fn", "watchdog"},
	{"idle_inject_timer_fn", "idle_inject"},
	{"bc_handler", "tick_broadcast"},
	{"schedule_page_work_fn", "rcu"},
	/* Tracing and virtual machines. */
	{"perf_swevent_hrtimer", "perf"},
	{"perf_mux_hrtimer_handler", "perf"},
	{"rapl_hrtimer_handle", "perf"},
	{"uncore_pmu_hrtimer", "perf"},
	{"bpf_timer_cb", "bpf"},
	{"apic_timer_fn", "kvm"},
	{"kvm_timer", "kvm"},
	{"kvm_bg_timer_expire", "kvm"},
	{"kvm_hrtimer_expire", "kvm"},
	{"pit_timer_fn", "kvm"},
	{"stimer_timer_callback", "kvm"},
	/* Networking. */
	{"qdisc_watchdog", "net_sched"},
	{"advance_sched", "net_sched"},
	{"tcp_pace_kick", "tcp_pacing"},
	{"tcp_compressed_ack_kick", "tcp_ack"},
	{"napi_watchdog", "napi"},
	{"hrtimer_napi", "napi"},
	{"bcm_tx_timeout_handler", "can"},
	{"bcm_rx_timeout_handler", "can"},
	/* Sound and input. */
	{"snd_hrtimer_callback", "sound"},
	{"dummy_hrtimer_callback", "sound"},
	/* Files and devices. */
	{"bfq_idle_slice_timer", "block"},
	{"iocg_waitq_timer_fn", "block"},
	{"blk_stat_timer_fn", "block"},
	/* The timer wheel. */
	{"process_timeout", "schedule_timeout"},
	{"delayed_work_timer_fn", "workqueue"},
	{"idle_worker_timeout", "workqueue"},
	{"pool_mayday_timeout", "workqueue"},
	{"kthread_delayed_work_timer_fn", "kthread_worker"},
	{"tcp_write_timer", "tcp"},
	{"tcp_delack_timer", "tcp"},
	{"tcp_keepalive_timer", "tcp"},
	{"tw_timer_handler", "tcp"},
	{"reqsk_timer_handler", "tcp"},
	{"tcp_orphan_update", "tcp"},
	{"neigh_timer_handler", "neighbour"},
	{"neigh_proxy_process", "neighbour"},
	{"blk_rq_timed_out_timer", "block"},
	{"writeout_period", "writeback"},
	{"laptop_mode_timer_fn", "writeback"},
	{"commit_timeout", "journal"},
	{"rcu_", "rcu"},
	{"process_srcu", "rcu"},
	{"srcu_delay_timer", "rcu"},
	{"clocksource_watchdog", "clocksource"},
	{"psi_", "psi"},
	{"poll_timer_fn", "psi"},
};

const char *timer_callback_api(const char *callback)
{
	for (size_t i = 0; i < LENGTH(apis); i++) {
		size_t length = strlen(apis[i].callback);

		/* An entry that ends in "_" is the beginning of several names. */
		if (apis[i].callback[length - 1] == '_' ?
			    !strncmp(callback, apis[i].callback, length) :
			    !strcmp(callback, apis[i].callback))
			return apis[i].api;
	}
	return NULL;
}

static char *sleep_api(char api[TIMER_API_LEN], int syscall)
{
	const char *name = NULL;

	if (syscall < 0)
		snprintf(api, TIMER_API_LEN, "kthread");
	else if (syscall & DWELL_COMPAT_SYSCALL)
		snprintf(api, TIMER_API_LEN, "compat syscall %d", syscall & ~DWELL_COMPAT_SYSCALL);
	else if ((name = syscall_name(syscall)))
		snprintf(api, TIMER_API_LEN, "%s", name);
	else
		snprintf(api, TIMER_API_LEN, "syscall %d", syscall);
	return api;
}

char *timer_api(char api[TIMER_API_LEN], const struct dwell_timer_key *key, const char *callback)
{
	const char *name = callback ? timer_callback_api(callback) : NULL;
	const char *call = NULL;

	if (key->kind == DWELL_TIMER_SLEEP)
		return sleep_api(api, key->syscall);
	if (key->syscall >= 0 && !(key->syscall & DWELL_COMPAT_SYSCALL))
		call = syscall_name(key->syscall);
	/* setitimer() and alarm() share a callback: the system call tells them apart. */
	if (name && !strcmp(name, "setitimer") && call && !strcmp(call, "alarm"))
		name = call;
	snprintf(api, TIMER_API_LEN, "%s", name ? name : "kernel");
	return api;
}
