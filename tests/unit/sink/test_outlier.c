/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of outliers explained: wakers, late timers, and how all of them are written. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include <cmocka.h>
#include <jansson.h>

#include "harness/unit/runs.h"
#include "sink/outlier_json.h"
#include "sink/outlier_text.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* ---- names ---------------------------------------------------------------- */

static char asker; /* the context */

#define HOSTILE "e\x1b[31m\n\xff\xe2\x80\xae"

/* A function's address is 0x1000 and its place here. */
static const char *const symbols[] = {"tick_nohz_handler", "timerfd_tmrproc", "hrtimer_wakeup",
				      "__schedule",	   "io_schedule",     "nvme_irq",
				      "handle_irq_event",  "it_real_fn",      HOSTILE};
enum symbol {
	TICK = 0x1000,
	TIMERFD,
	WAKEUP,
	SCHEDULE,
	IO_SCHEDULE,
	NVME,
	IRQ_EVENT,
	ITIMER,
	EVIL
};
#define NAMELESS 0xffffffff81000000

static const char *comm_of(void *context, uint32_t pid, uint32_t tid)
{
	/* Not ended by a NUL, as the kernel never leaves it: what lies behind is not read. */
	static char full[DWELL_COMM_LEN];

	assert_ptr_equal(context, &asker);
	if (tid == 666)
		return memcpy(full, "abcdefghijklmno\x1b", sizeof(full));
	assert_true(pid == tid || !pid);
	return tid == HOG ? "hog" : tid == HOG2 ? "hog2" : NULL;
}

static const char *cgroup_of(void *context, uint64_t id)
{
	assert_ptr_equal(context, &asker);
	return id == 7 ? "/work" : id == 6 ? "/slice/child" : id == 8 ? "/" HOSTILE : NULL;
}

static double quota_of(void *context, uint64_t id, size_t *owner)
{
	*owner = strlen(id == 6 ? "/slice" : "/work");
	assert_ptr_equal(context, &asker);
	return id == 7 || id == 6 ? 0.5 : 0;
}

static const char *function_of(void *context, uint64_t address)
{
	assert_ptr_equal(context, &asker);
	return address >= TICK && address - TICK < LENGTH(symbols) ? symbols[address - TICK] : NULL;
}

static const char *syscall_of(void *context, int number)
{
	assert_ptr_equal(context, &asker);
	return number == 74 ? "fsync" : NULL;
}

static const struct naming all_names = {.comm = comm_of,
					.cgroup = cgroup_of,
					.quota = quota_of,
					.function = function_of,
					.syscall = syscall_of,
					.context = &asker};
static const struct naming no_names = {0};

/* ---- wakers --------------------------------------------------------------- */

/* A stack by names; its addresses are 1, 2, …. */
static const char *const *stack_names;

static const char *named_frame(void *context, uint64_t address)
{
	(void)context;
	assert_in_range(address, 1, DWELL_STACK_DEPTH);
	/* A name that begins so is one that is not known. */
	return stack_names[address - 1][0] == '?' ? NULL : stack_names[address - 1];
}

struct waker_case {
	enum outlier_waker kind;
	const char *function; /* NULL: none */
	uint32_t tid;
	const char *stack[DWELL_STACK_DEPTH + 1];
};

static const struct waker_case waker_cases[] = {
	/* From a real machine (6.18, x86), the innermost first. */
	{WAKER_TASK,
	 NULL,
	 1082,
	 {"try_to_wake_up", "autoremove_wake_function", "__wake_up_common", "__wake_up_sync_key",
	  "anon_pipe_write", "vfs_write", "ksys_write", "do_syscall_64",
	  "entry_SYSCALL_64_after_hwframe"}},
	{WAKER_TIMER,
	 "hrtimer_wakeup",
	 1084,
	 {"try_to_wake_up", "hrtimer_wakeup", "__hrtimer_run_queues", "hrtimer_interrupt",
	  "__sysvec_apic_timer_interrupt", "sysvec_apic_timer_interrupt",
	  "asm_sysvec_apic_timer_interrupt", "clear_page_erms", "handle_mm_fault", "exc_page_fault",
	  "asm_exc_page_fault"}},
	{WAKER_TIMER,
	 "call_timer_fn",
	 0,
	 {"try_to_wake_up", "call_timer_fn", "__run_timers", "run_timer_softirq", "handle_softirqs",
	  "__irq_exit_rcu", "sysvec_apic_timer_interrupt", "asm_sysvec_apic_timer_interrupt",
	  "pv_native_safe_halt", "default_idle", "do_idle"}},
	{WAKER_IRQ,
	 "blk_done_softirq",
	 1081,
	 {"try_to_wake_up", "wake_page_function", "__wake_up_common", "folio_wake_bit",
	  "__read_end_io", "blk_update_request", "blk_mq_end_request", "blk_done_softirq",
	  "handle_softirqs", "__irq_exit_rcu", "common_interrupt", "asm_common_interrupt",
	  "clear_page_erms"}},
	{WAKER_IRQ,
	 "handle_softirqs",
	 0,
	 {"try_to_wake_up", "handle_softirqs", "__irq_exit_rcu", "sysvec_apic_timer_interrupt",
	  "asm_sysvec_apic_timer_interrupt", "pv_native_safe_halt", "do_idle"}},
	{WAKER_IRQ,
	 "rcu_core",
	 22,
	 {"try_to_wake_up", "swake_up_one", "rcu_core", "handle_softirqs", "run_ksoftirqd",
	  "smpboot_thread_fn", "kthread", "ret_from_fork"}},
	{WAKER_TASK, /* what a worker works on */
	 "srcu_invoke_callbacks",
	 28168,
	 {"try_to_wake_up", "complete", "srcu_invoke_callbacks", "process_one_work",
	  "worker_thread", "kthread", "ret_from_fork", "ret_from_fork_asm"}},
	{WAKER_TASK, /* loopback: received in the sender's system call */
	 NULL,
	 1003,
	 {"try_to_wake_up", "__wake_up_common", "__wake_up_sync_key", "sock_def_readable",
	  "tcp_rcv_established", "tcp_v4_rcv", "ip_local_deliver_finish",
	  "__netif_receive_skb_one_core", "process_backlog", "__napi_poll", "net_rx_action",
	  "handle_softirqs", "do_softirq.part.0", "__local_bh_enable_ip", "__dev_queue_xmit",
	  "ip_finish_output2", "tcp_sendmsg", "do_syscall_64"}},
	{WAKER_TASK, /* killed: it tells on its way back from an interrupt */
	 NULL,
	 1081,
	 {"try_to_wake_up", "complete", "task_work_run", "get_signal", "arch_do_signal_or_restart",
	  "irqentry_exit_to_user_mode", "asm_sysvec_apic_timer_interrupt"}},

	/* An interrupt between the sender and its own soft interrupt: not the sender's. */
	{WAKER_IRQ,
	 "net_rx_action",
	 1003,
	 {"try_to_wake_up", "sock_def_readable", "process_backlog", "__napi_poll", "net_rx_action",
	  "handle_softirqs", "__irq_exit_rcu", "common_interrupt", "asm_common_interrupt",
	  "__local_bh_enable_ip", "__dev_queue_xmit", "tcp_sendmsg"}},
	/* A network card's own, though a sender let it in. */
	{WAKER_IRQ,
	 "net_rx_action",
	 1003,
	 {"try_to_wake_up", "sock_def_readable", "napi_complete_done", "virtnet_poll",
	  "__napi_poll", "net_rx_action", "handle_softirqs", "do_softirq.part.0",
	  "__local_bh_enable_ip", "__dev_queue_xmit"}},
	/* What others sent, let in by a task that only unlocked. */
	{WAKER_IRQ,
	 "net_rx_action",
	 1003,
	 {"try_to_wake_up", "sock_def_readable", "process_backlog", "__napi_poll", "net_rx_action",
	  "handle_softirqs", "do_softirq.part.0", "__local_bh_enable_ip", "release_sock",
	  "tcp_recvmsg"}},
	/* A disk's interrupt, 5.15: __do_softirq is not in it. */
	{WAKER_IRQ,
	 "nvme_irq",
	 77,
	 {"try_to_wake_up", "blk_mq_complete_request", "nvme_irq", "__handle_irq_event_percpu",
	  "handle_irq_event", "handle_edge_irq", "__common_interrupt", "common_interrupt",
	  "asm_common_interrupt"}},
	{WAKER_IRQ,
	 "net_rx_action",
	 77,
	 {"try_to_wake_up", "net_rx_action", "__do_softirq", "irq_exit_rcu", "common_interrupt"}},
	/* Nothing but the entry. */
	{WAKER_IRQ,
	 "vmbus_isr",
	 77,
	 {"try_to_wake_up", "vmbus_isr", "sysvec_hyperv_callback", "asm_sysvec_hyperv_callback"}},
	{WAKER_IRQ, "do_something", 77, {"complete", "do_something", "asm_common_interrupt"}},
	{WAKER_IRQ, "posix_cpu", 77, {"complete", "posix_cpu", "fred_extint", "asm_fred_entry"}},
	/* Work that a soft interrupt was given. */
	{WAKER_IRQ,
	 "usb_giveback_urb_bh",
	 77,
	 {"try_to_wake_up", "complete", "usb_giveback_urb_bh", "process_one_work", "bh_worker",
	  "workqueue_softirq_action", "tasklet_action", "handle_softirqs", "__irq_exit_rcu"}},
	{WAKER_IRQ,
	 "bpf_ringbuf_notify",
	 77,
	 {"__wake_up_common", "bpf_ringbuf_notify", "irq_work_single", "irq_work_run_list",
	  "irq_work_run", "__sysvec_irq_work", "sysvec_irq_work", "asm_sysvec_irq_work"}},
	{WAKER_IRQ,
	 "rq_dl_bw",
	 77,
	 {"try_to_wake_up", "rq_dl_bw", "__flush_smp_call_function_queue",
	  "__sysvec_call_function_single", "asm_sysvec_call_function_single"}},

	/* arm64. */
	{WAKER_TIMER,
	 "hrtimer_wakeup",
	 0,
	 {"try_to_wake_up", "wake_up_process", "hrtimer_wakeup", "__hrtimer_run_queues",
	  "hrtimer_interrupt", "arch_timer_handler_virt", "handle_percpu_devid_irq",
	  "generic_handle_domain_irq", "gic_handle_irq", "call_on_irq_stack",
	  "do_interrupt_handler", "el1_interrupt", "el1h_64_irq_handler", "el1h_64_irq"}},
	{WAKER_IRQ,
	 "mmci_irq",
	 42,
	 {"try_to_wake_up", "mmci_irq", "__handle_irq_event_percpu", "handle_irq_event",
	  "handle_fasteoi_irq", "generic_handle_domain_irq", "gic_handle_irq", "call_on_irq_stack",
	  "do_interrupt_handler", "el0_interrupt", "__el0_irq_handler_common",
	  "el0t_64_irq_handler", "el0t_64_irq"}},
	{WAKER_IRQ, "ipi_complete", 42, {"complete", "ipi_complete", "ipi_handler"}},
	{WAKER_IRQ, "odd_handler", 42, {"complete", "odd_handler", "el1h_64_irq"}},
	{WAKER_IRQ,
	 "net_rx_action",
	 42,
	 {"try_to_wake_up", "virtnet_poll", "net_rx_action", "handle_softirqs", "__do_softirq",
	  "____do_softirq", "call_on_irq_stack", "do_softirq_own_stack", "__irq_exit_rcu",
	  "irq_exit_rcu", "el0_interrupt"}},
	{WAKER_TASK,
	 NULL,
	 42,
	 {"try_to_wake_up", "sock_def_readable", "process_backlog", "net_rx_action",
	  "handle_softirqs", "__do_softirq", "____do_softirq", "call_on_irq_stack",
	  "do_softirq_own_stack", "do_softirq", "__local_bh_enable_ip", "__dev_queue_xmit",
	  "el0_svc"}},
	{WAKER_TASK,
	 NULL,
	 42,
	 {"try_to_wake_up", "wake_up_q", "futex_wake", "__arm64_sys_futex", "invoke_syscall",
	  "el0_svc_common.constprop.0", "do_el0_svc", "el0_svc", "el0t_64_sync_handler"}},

	/* Names that only begin like an interrupt's. */
	{WAKER_TASK, NULL, 42, {"complete", "handle_irq_event_wait", "do_exit_work"}},
	/* Few or no names. */
	{WAKER_TASK, NULL, 42, {"?", "?", "vfs_write", "?"}},
	{WAKER_UNKNOWN, NULL, 42, {"?", "?"}},
	{WAKER_UNKNOWN, NULL, 42, {NULL}},
	{WAKER_IRQ, NULL, 0, {"?", "?"}},
	{WAKER_IRQ, NULL, 0, {"complete", "do_idle", "cpu_startup_entry"}},
	{WAKER_IRQ, "handle_irq_event", 42, {"handle_irq_event"}},
};

static void check_waker(const struct waker_case *expected)
{
	const struct naming names = {.function = named_frame};
	struct dwell_outlier outlier = ticker_outlier(DWELL_BLOCKED);
	uint64_t function = 99;
	enum outlier_waker kind;

	stack_names = expected->stack;
	outlier.waker.tid = outlier.waker.pid = expected->tid;
	strcpy(outlier.waker.comm, expected->tid ? "current" : "swapper/1");
	while (expected->stack[outlier.waker.depth]) {
		outlier.waker.stack[outlier.waker.depth] = outlier.waker.depth + 1;
		outlier.waker.depth++;
	}
	kind = outlier_waker(&outlier, &names, &function);
	if (kind != expected->kind)
		fail_msg("%s under %s is of kind %d, not %d", expected->stack[1],
			 expected->stack[2], kind, expected->kind);
	if (expected->function) {
		assert_in_range(function, 1, outlier.waker.depth);
		assert_string_equal(expected->stack[function - 1], expected->function);
	} else {
		assert_int_equal(function, 0);
	}
}

static void wakers_are_told_by_their_stacks(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(waker_cases); i++)
		check_waker(&waker_cases[i]);
}

static void a_timer_callback_is_the_waker(void **state)
{
	struct dwell_outlier outlier = ticker_outlier(DWELL_BLOCKED);
	uint64_t function;

	(void)state;
	/* Whoever was current. */
	outlier.waker = (struct dwell_waker){
		.tid = HOG, .pid = HOG, .comm = "hog", .function = WAKEUP, .timer = 1};
	assert_int_equal(outlier_waker(&outlier, &all_names, &function), WAKER_TIMER);
	assert_int_equal(function, WAKEUP);
	assert_int_equal(outlier_waker(&outlier, &no_names, &function), WAKER_TIMER);
	/* Nothing was recorded at all. */
	memset(&outlier.waker, 0, sizeof(outlier.waker));
	assert_int_equal(outlier_waker(&outlier, &all_names, &function), WAKER_UNKNOWN);
	assert_int_equal(function, 0);
	/* A depth that no stack has. */
	outlier.waker.depth = UINT32_MAX;
	outlier.waker.tid = HOG;
	for (int i = 0; i < DWELL_STACK_DEPTH; i++)
		outlier.waker.stack[i] = SCHEDULE;
	assert_int_equal(outlier_waker(&outlier, &all_names, &function), WAKER_TASK);
}

/* ---- lateness ------------------------------------------------------------- */

static struct dwell_outlier late_outlier(void)
{
	struct dwell_outlier outlier = ticker_outlier(DWELL_LATENESS);

	outlier.ns = outlier.lateness = 5100 * US;
	outlier.expires = BEGIN;
	outlier.to = BEGIN + outlier.lateness;
	outlier.function = TIMERFD;
	return outlier;
}

static void lateness_is_the_interrupts_or_of_those_ahead(void **state)
{
	struct dwell_outlier outlier = late_outlier();
	struct outlier_lateness lateness;

	(void)state;
	/* None of them: before it was due, its own, and after it. */
	outlier.callbacks[2] = (struct dwell_callback){TICK, BEGIN - 1};
	outlier.callbacks[3] = (struct dwell_callback){TIMERFD, BEGIN + 5100 * US};
	outlier.callbacks[0] = (struct dwell_callback){ITIMER, BEGIN + 6000 * US};
	outlier.callbacks_next = 2;
	outlier_lateness(&outlier, &lateness);
	assert_int_equal(lateness.interrupt_ns, 5100 * US);
	assert_int_equal(lateness.callbacks_ns, 0);
	assert_int_equal(lateness.count, 0);
	assert_false(lateness.more);

	/* Two ahead, in order. */
	outlier.callbacks[0] = (struct dwell_callback){WAKEUP, BEGIN + 5050 * US};
	outlier.callbacks[3] = (struct dwell_callback){TICK, BEGIN + 5000 * US};
	outlier_lateness(&outlier, &lateness);
	assert_int_equal(lateness.interrupt_ns, 5000 * US);
	assert_int_equal(lateness.callbacks_ns, 100 * US);
	assert_int_equal(lateness.count, 2);
	assert_int_equal(lateness.ahead[0], TICK);
	assert_int_equal(lateness.ahead[1], WAKEUP);
	assert_false(lateness.more);

	/* A full ring that reaches back far enough. */
	outlier.callbacks[1] = (struct dwell_callback){ITIMER, BEGIN + 5060 * US};
	outlier_lateness(&outlier, &lateness);
	assert_int_equal(lateness.count, 3);
	assert_false(lateness.more);

	/* The ring is full of them: there may have been others. */
	outlier.callbacks[2] = (struct dwell_callback){TICK, BEGIN};
	outlier_lateness(&outlier, &lateness);
	assert_int_equal(lateness.interrupt_ns, 0);
	assert_int_equal(lateness.callbacks_ns, 5100 * US);
	assert_int_equal(lateness.count, 4);
	assert_true(lateness.more);

	/* The largest numbers. */
	outlier.expires = UINT64_MAX;
	outlier.lateness = UINT64_MAX;
	outlier_lateness(&outlier, &lateness);
	assert_true(lateness.interrupt_ns == UINT64_MAX);
	assert_int_equal(lateness.callbacks_ns, 0);
}

/* ---- as it is written ----------------------------------------------------- */

/* 2026-11-21 08:14:02.113456789 UTC, 24 ms into the wait. */
static const struct outlier_clock wall = {.mono = BEGIN + SECOND, .real = {1795248843, 89456789}};

/* Explained and written. */
static int print(FILE *out, const struct dwell_outlier *outlier, const struct naming *names,
		 bool details)
{
	struct explanation explanation;

	explain(&explanation, outlier, names);
	return outlier_print(out, &explanation, &wall, details);
}

static int print_json(FILE *out, const struct dwell_outlier *outlier, const struct naming *names)
{
	struct explanation explanation;

	explain(&explanation, outlier, names);
	return outlier_json(out, &explanation, &wall);
}

static void write_text(const struct dwell_outlier *outlier, const struct naming *names,
		       bool details, char **text)
{
	size_t size;
	FILE *out = open_memstream(text, &size);

	assert_non_null(out);
	assert_int_equal(print(out, outlier, names, details), 0);
	fclose(out);
}

static void check_text(const struct dwell_outlier *outlier, bool details, const char *expected)
{
	char *text;

	write_text(outlier, &all_names, details, &text);
	assert_string_equal(text, expected);
	free(text);
}

/* Checks that the JSON has what @expected says, in the same order: kind and what come first. */
static void check_json(const struct dwell_outlier *outlier, const char *expected)
{
	static char common[4096];
	char *text, *line, *wanted;
	json_t *json, *back;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(print_json(out, outlier, &all_names), 0);
	fclose(out);
	assert_ptr_equal(strchr(text, '\n'), text + size - 1);
	for (line = text; *line != '\n'; line++)
		assert_in_range(*line, ' ', '~');
	json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_true(json_is_object(json));
	snprintf(common, sizeof(common), "{\"kind\":\"outlier\",%s}", expected);
	back = json_loads(common, JSON_REJECT_DUPLICATES, NULL);
	if (!back)
		fail_msg("this test's own JSON is wrong: %s", common);
	line = json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(6));
	wanted = json_dumps(back, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(6));
	assert_string_equal(line, wanted);
	free(line);
	free(wanted);
	free(text);
	json_decref(json);
	json_decref(back);
}

#define JSON_NUMBERS "\"ns\":24000000,\"threshold_ns\":3000000,\"typical_ns\":40000"
#define JSON_MOMENT "\"at\":\"2026-11-21T08:14:02.113456+00:00\",\"mono_ns\":1000024000000"
#define JSON_TASK "\"cpu\":1,\"pid\":4711,\"tid\":4712,\"comm\":\"ticker\""
#define JSON_HEAD JSON_NUMBERS ",\"open\":false," JSON_MOMENT "," JSON_TASK

static void add_hogs(struct dwell_outlier *outlier)
{
	ticker_add_run(outlier, 0, 0);
	ticker_add_run(outlier, HOG2, 12 * MS);
	ticker_add_run(outlier, HOG, 24 * MS - 240 * US);
	ticker_add_run(outlier, 0, 24 * MS);
}

static void runqueue_names_the_culprits(void **state)
{
	struct dwell_outlier outlier = ticker_outlier(DWELL_WOKEN);

	(void)state;
	add_hogs(&outlier);
	outlier.cgroup = 7;
	check_text(&outlier, false,
		   "08:14:02.113 runqueue 24ms (typical 40us) ticker[4711/4712] on CPU 1, woken: "
		   "hog2[4801] had 50 %, hog[4800] 49 %, idle 1 %\n");
	check_text(&outlier, true,
		   "08:14:02.113 runqueue 24ms (typical 40us) ticker[4711/4712] on CPU 1, woken: "
		   "hog2[4801] had 50 %, hog[4800] 49 %, idle 1 %\n"
		   "    threshold 3.0ms, typical 40us of 1234\n"
		   "    cgroup /work\n"
		   "    of 24ms that it waited for a CPU:\n"
		   "        hog2[4801] had 12ms 50 %\n"
		   "        hog[4800] had 12ms 49 %\n"
		   "        idle 240us 1 %\n");
	check_json(
		&outlier,
		"\"what\":\"runqueue\"," JSON_HEAD ",\"cgroup\":\"/work\",\"cause\":\"woken\","
		"\"culprits\":[{\"pid\":4801,\"tid\":4801,\"comm\":\"hog2\",\"tasks\":1,\"ns\":12000000,"
		"\"share\":0.5},{\"pid\":4800,\"tid\":4800,\"comm\":\"hog\",\"tasks\":1,\"ns\":11760000,"
		"\"share\":0.49}],\"idle_share\":0.01");

	/* Preempted, with others, moved, a task without a name, open, new, no cgroup's name. */
	outlier.measure = DWELL_PREEMPTED;
	runs_clear(&outlier);
	ticker_add_run(&outlier, 5000, 12 * MS);
	ticker_add_run(&outlier, HOG, 24 * MS - 240 * US);
	ticker_add_run(&outlier, 0, 24 * MS);
	outlier.runs[0].begin -= 10 * MS;
	outlier.runs[0].ns += 10 * MS;
	outlier.queued_at = outlier.moved_since = BEGIN + 6 * MS;
	outlier.samples = 0;
	outlier.open = 1;
	outlier.cgroup = 9;
	check_text(&outlier, false,
		   "08:14:02.113 open: runqueue for 24ms and still is ticker[4711/4712] on CPU 1, "
		   "preempted: hog[4800] had 49 %, [5000] 25 %, idle 1 %, not seen 25 %, "
		   "moved here from another CPU\n");
	check_json(
		&outlier,
		"\"what\":\"runqueue\",\"ns\":24000000,\"threshold_ns\":3000000,\"open\":true," JSON_MOMENT
		"," JSON_TASK ",\"cgroup\":\"#9\",\"cause\":\"preempted\","
		"\"culprits\":[{\"pid\":4800,\"tid\":4800,\"comm\":\"hog\",\"tasks\":1,\"ns\":11760000,"
		"\"share\":0.49},{\"pid\":5000,\"tid\":5000,\"tasks\":1,\"ns\":6000000,\"share\":0.25}],"
		"\"idle_share\":0.01,\"unseen_share\":0.25,\"moved\":true");
}

static void more_culprits_than_fit_are_others(void **state)
{
	struct dwell_outlier outlier = ticker_outlier(DWELL_WOKEN);

	(void)state;
	ticker_add_run(&outlier, 1, 0);
	for (uint32_t i = 1; i <= 6; i++)
		ticker_add_run(&outlier, 600 + i, (int64_t)(i * 4 * MS));
	check_text(&outlier, false,
		   "08:14:02.113 runqueue 24ms (typical 40us) ticker[4711/4712] on CPU 1, woken: "
		   "[601] had 17 %, [602] 17 %, [603] 17 %, [604] 17 %, others 33 %\n");
}

static void throttled_blames_no_neighbour(void **state)
{
	struct dwell_outlier outlier = ticker_outlier(DWELL_THROTTLED);

	(void)state;
	add_hogs(&outlier);
	outlier.cgroup = 7;
	check_text(&outlier, false,
		   "08:14:02.113 throttled 24ms (typical 40us) ticker[4711/4712] on CPU 1: "
		   "quota of /work is 0.5 CPUs\n");
	check_json(&outlier, "\"what\":\"throttled\"," JSON_HEAD
			     ",\"cgroup\":\"/work\",\"cause\":\"throttled\",\"quota\":0.5,"
			     "\"quota_cgroup\":\"/work\"");
	outlier.cgroup = 6;
	check_text(&outlier, false,
		   "08:14:02.113 throttled 24ms (typical 40us) ticker[4711/4712] on CPU 1: "
		   "quota of /slice is 0.5 CPUs\n");
	outlier.cgroup = 9;
	check_text(&outlier, false,
		   "08:14:02.113 throttled 24ms (typical 40us) ticker[4711/4712] on CPU 1: "
		   "the quota of #9 or of a group above it was used up\n");
	check_json(&outlier, "\"what\":\"throttled\"," JSON_HEAD
			     ",\"cgroup\":\"#9\",\"cause\":\"throttled\"");
}

static void blocked_tells_where_and_who_ended_it(void **state)
{
	struct dwell_outlier outlier = ticker_outlier(DWELL_BLOCKED);

	(void)state;
	outlier.block = DWELL_BLOCK_D;
	outlier.syscall = 74;
	outlier.depth = 3;
	outlier.stack[0] = SCHEDULE;
	outlier.stack[1] = IO_SCHEDULE;
	outlier.stack[2] = NAMELESS;
	outlier.waker = (struct dwell_waker){
		.pid = HOG, .tid = HOG, .comm = "hog", .depth = 2, .stack = {NVME, IRQ_EVENT}};
	check_text(&outlier, true,
		   "08:14:02.113 blocked 24ms (typical 40us) ticker[4711/4712] in D, fsync: "
		   "woken by irq nvme_irq\n"
		   "    threshold 3.0ms, typical 40us of 1234\n"
		   "    in fsync (74)\n"
		   "    blocked at:\n"
		   "        __schedule\n"
		   "        io_schedule\n"
		   "        0xffffffff81000000\n"
		   "    woken from:\n"
		   "        nvme_irq\n"
		   "        handle_irq_event\n");
	check_json(&outlier, "\"what\":\"blocked\"," JSON_HEAD ",\"waker\":{\"kind\":\"irq\","
			     "\"function\":\"nvme_irq\"},\"state\":\"D\",\"syscall\":\"fsync\","
			     "\"kstack\":[\"__schedule\",\"io_schedule\",\"0xffffffff81000000\"]");

	outlier.waker.depth = 1;
	outlier.owner = HOG2;
	outlier.block = DWELL_BLOCK_OTHER;
	outlier.syscall = 999;
	outlier.depth = 0;
	check_text(&outlier, false,
		   "08:14:02.113 blocked 24ms (typical 40us) ticker[4711/4712] in other, system "
		   "call 999, for a mutex of hog2[4801]: woken by hog[4800]\n");
	check_json(&outlier,
		   "\"what\":\"blocked\"," JSON_HEAD ",\"waker\":{\"kind\":\"task\",\"pid\":4800,"
		   "\"tid\":4800,\"comm\":\"hog\"},\"state\":\"other\",\"syscall\":\"999\","
		   "\"owner\":{\"tid\":4801,\"comm\":\"hog2\"}");
}

static void blocked_by_a_timer_or_for_good(void **state)
{
	struct dwell_outlier outlier = ticker_outlier(DWELL_BLOCKED);

	(void)state;
	outlier.waker = (struct dwell_waker){
		.pid = HOG, .tid = HOG, .comm = "hog", .timer = 1, .function = WAKEUP};
	check_text(&outlier, false,
		   "08:14:02.113 blocked 24ms (typical 40us) ticker[4711/4712] in S: "
		   "woken by timer hrtimer_wakeup\n");
	check_json(&outlier, "\"what\":\"blocked\"," JSON_HEAD ",\"waker\":{\"kind\":\"timer\","
			     "\"function\":\"hrtimer_wakeup\"},\"state\":\"S\"");
	outlier.open = 1; /* nobody ended it yet, whatever the record says */
	check_json(&outlier, "\"what\":\"blocked\"," JSON_NUMBERS ",\"open\":true," JSON_MOMENT
			     "," JSON_TASK ",\"state\":\"S\"");
	outlier.open = 0;
	memset(&outlier.waker, 0, sizeof(outlier.waker));
	check_json(&outlier, "\"what\":\"blocked\"," JSON_HEAD ",\"state\":\"S\"");

	outlier.open = 1;
	outlier.ns = 724 * SECOND;
	outlier.samples = 0;
	check_text(&outlier, false,
		   "08:14:02.113 open: blocked for 12m4s and still is ticker[4711/4712] in S\n");
	check_json(&outlier, "\"what\":\"blocked\",\"ns\":724000000000,\"threshold_ns\":3000000,"
			     "\"open\":true," JSON_MOMENT "," JSON_TASK ",\"state\":\"S\"");
}

static void dwell_tells_runs_and_preempters(void **state)
{
	struct dwell_outlier outlier = ticker_outlier(DWELL_DWELL);

	(void)state;
	ticker_add_run(&outlier, 0, 0);
	ticker_add_run(&outlier, TICKER, 4 * MS);
	ticker_add_run(&outlier, HOG, 20 * MS);
	ticker_add_run(&outlier, HOG2, 24 * MS);
	outlier.oncpu = 4 * MS;
	outlier.preempters = 4;
	check_text(&outlier, false,
		   "08:14:02.113 dwell 24ms (typical 40us) ticker[4711/4712] on CPU 1: "
		   "on-CPU 4.0ms, preempted 4 times, mostly by hog[4800]\n");
	check_json(
		&outlier,
		"\"what\":\"dwell\"," JSON_HEAD ",\"culprits\":[{\"pid\":4800,\"tid\":4800,"
		"\"comm\":\"hog\",\"tasks\":1,\"ns\":16000000,\"share\":0.8},{\"pid\":4801,\"tid\":4801,"
		"\"comm\":\"hog2\",\"tasks\":1,\"ns\":4000000,\"share\":0.2}],\"idle_share\":0.0,"
		"\"oncpu_ns\":4000000,\"preemptions\":4");
	outlier.preempters = 0;
	outlier.oncpu = 24 * MS;
	runs_clear(&outlier);
	ticker_add_run(&outlier, 0, 0);
	ticker_add_run(&outlier, TICKER, 24 * MS);
	check_text(&outlier, false,
		   "08:14:02.113 dwell 24ms (typical 40us) ticker[4711/4712] on CPU 1: "
		   "on-CPU 24ms\n");
	check_json(&outlier,
		   "\"what\":\"dwell\"," JSON_HEAD ",\"oncpu_ns\":24000000,\"preemptions\":0");
}

/* Of a timer that is no sleep the kernel side gives no name. */
static void owners_of_timers_are_named(void **state)
{
	struct dwell_outlier outlier = late_outlier();

	(void)state;
	outlier.to = BEGIN + 24 * MS;
	memset(outlier.comm, 0x7f, sizeof(outlier.comm));
	outlier.comm[0] = '\0';
	outlier.cgroup = 0;
	check_text(&outlier, false,
		   "08:14:02.113 lateness 5.1ms (typical 40us) timerfd of [4711/4712] on CPU 1: "
		   "interrupt came 5.1ms late\n");
	check_json(&outlier, "\"what\":\"lateness\",\"ns\":5100000,\"threshold_ns\":3000000,"
			     "\"typical_ns\":40000,\"open\":false," JSON_MOMENT
			     ",\"cpu\":1,\"pid\":4711,\"tid\":4712,"
			     "\"parts\":{\"interrupt_ns\":5100000,\"callbacks_ns\":0},"
			     "\"callback\":\"timerfd_tmrproc\",\"api\":\"timerfd\"");
	outlier_name(&outlier, &no_names);
	assert_string_equal(outlier.comm, "");
	outlier.pid = outlier.tid = HOG;
	outlier_name(&outlier, &all_names);
	assert_string_equal(outlier.comm, "hog");
	/* Who has a name keeps it, and nobody has none. */
	outlier.pid = outlier.tid = HOG2;
	outlier_name(&outlier, &all_names);
	assert_string_equal(outlier.comm, "hog");
	outlier = late_outlier();
	outlier.pid = outlier.tid = 0;
	outlier.comm[0] = '\0';
	outlier_name(&outlier, &all_names);
	assert_string_equal(outlier.comm, "");
	outlier.tid = 666;
	outlier_name(&outlier, &all_names);
	assert_string_equal(outlier.comm, "abcdefghijklmno");
}

static void lateness_tells_the_interrupt_from_the_rest(void **state)
{
	struct dwell_outlier outlier = late_outlier();

	(void)state;
	outlier.callbacks[0] = (struct dwell_callback){TICK, BEGIN + 5000 * US};
	outlier.to = BEGIN + 24 * MS; /* where the tests' clock stands */
	check_text(&outlier, false,
		   "08:14:02.113 lateness 5.1ms (typical 40us) timerfd of ticker[4711/4712] on "
		   "CPU 1: interrupt came 5.0ms late, 100us behind tick_nohz_handler\n");
	check_json(&outlier, "\"what\":\"lateness\",\"ns\":5100000,\"threshold_ns\":3000000,"
			     "\"typical_ns\":40000,\"open\":false," JSON_MOMENT "," JSON_TASK
			     ",\"parts\":{\"interrupt_ns\":5000000,\"callbacks_ns\":100000},"
			     "\"ahead\":[\"tick_nohz_handler\"],\"callback\":\"timerfd_tmrproc\","
			     "\"api\":\"timerfd\"");
	outlier.callbacks[0].function = 0;
	outlier.function = NAMELESS;
	check_text(&outlier, true,
		   "08:14:02.113 lateness 5.1ms (typical 40us) 0xffffffff81000000 of "
		   "ticker[4711/4712] on CPU 1: interrupt came 5.1ms late\n"
		   "    threshold 3.0ms, typical 40us of 1234\n"
		   "    callback 0xffffffff81000000\n");
	check_json(&outlier, "\"what\":\"lateness\",\"ns\":5100000,\"threshold_ns\":3000000,"
			     "\"typical_ns\":40000,\"open\":false," JSON_MOMENT "," JSON_TASK
			     ",\"parts\":{\"interrupt_ns\":5100000,\"callbacks_ns\":0},"
			     "\"callback\":\"0xffffffff81000000\"");
}

static void timer_latency_has_three_parts(void **state)
{
	struct dwell_outlier outlier = ticker_outlier(DWELL_TIMER_LATENCY);

	(void)state;
	add_hogs(&outlier);
	outlier.function = WAKEUP;
	outlier.syscall = SYS_clock_nanosleep;
	outlier.lateness = 11980 * US;
	outlier.wakeup = 20 * US;
	outlier.runqueue = 12 * MS;
	check_text(&outlier, false,
		   "08:14:02.113 timer_latency 24ms (typical 40us) clock_nanosleep of "
		   "ticker[4711/4712] on CPU 1: lateness 12ms + wakeup 20us + run queue 12ms; "
		   "hog[4800] had 98 %, idle 2 %\n");
	check_json(&outlier,
		   "\"what\":\"timer_latency\"," JSON_HEAD ",\"culprits\":[{\"pid\":4800,"
		   "\"tid\":4800,\"comm\":\"hog\",\"tasks\":1,\"ns\":11760000,\"share\":0.98}],"
		   "\"idle_share\":0.02,\"parts\":{\"lateness_ns\":11980000,\"wakeup_ns\":20000,"
		   "\"runqueue_ns\":12000000},\"callback\":\"hrtimer_wakeup\","
		   "\"api\":\"clock_nanosleep\"");
}

static void what_was_told_before_is_marked(void **state)
{
	struct dwell_outlier outlier = ticker_outlier(DWELL_DWELL);

	(void)state;
	outlier.oncpu = 24 * MS;
	outlier.contains = 1U << DWELL_WOKEN | 1U << DWELL_PREEMPTED | 1U << DWELL_THROTTLED;
	check_text(&outlier, false,
		   "08:14:02.113 dwell 24ms (typical 40us) ticker[4711/4712] on CPU 1: on-CPU "
		   "24ms\n");
	check_text(&outlier, true,
		   "08:14:02.113 dwell 24ms (typical 40us) ticker[4711/4712] on CPU 1: on-CPU "
		   "24ms\n"
		   "    threshold 3.0ms, typical 40us of 1234\n"
		   "    contains what was told before as runqueue, throttled\n");
	check_json(&outlier,
		   "\"what\":\"dwell\"," JSON_NUMBERS
		   ",\"open\":false,\"contains\":[\"runqueue\",\"throttled\"]," JSON_MOMENT
		   "," JSON_TASK ",\"oncpu_ns\":24000000,\"preemptions\":0");
	outlier = ticker_outlier(DWELL_WOKEN);
	outlier.open = 1;
	outlier.told = 12 * MS;
	outlier.samples = 0;
	check_text(&outlier, false,
		   "08:14:02.113 open: runqueue for 24ms and still is (told at 12ms) "
		   "ticker[4711/4712] on CPU 1, woken: not seen 100 %\n");
	outlier.open = 0;
	check_json(&outlier, "\"what\":\"runqueue\",\"ns\":24000000,\"threshold_ns\":3000000,"
			     "\"open\":false,\"told_ns\":12000000," JSON_MOMENT "," JSON_TASK
			     ",\"cause\":\"woken\",\"culprits\":[],\"idle_share\":0.0,"
			     "\"unseen_share\":1.0");
}

/* Times that no clock gives: a share of all there is does not fit what it is a share of. */
static void no_time_is_beyond_the_range(void **state)
{
	struct dwell_outlier outlier = ticker_outlier(DWELL_WOKEN);
	char *text;

	(void)state;
	outlier.from = 1;
	outlier.to = UINT64_MAX;
	outlier.queued_at = 0;
	write_text(&outlier, &no_names, true, &text);
	assert_non_null(strstr(text, "not seen 213504d 100 %"));
	free(text);
}

/* As the ledger of timers calls them. */
static void apis_are_told_by_callback_and_call(void **state)
{
	static const struct {
		const char *callback;
		int syscall;
		const char *api;
	} cases[] = {
		{"hrtimer_wakeup", SYS_clock_nanosleep, "clock_nanosleep"},
		{"hrtimer_wakeup", SYS_futex, "futex"},
		{"hrtimer_wakeup", DWELL_NO_SYSCALL, "kthread"},
		{"timerfd_tmrproc", SYS_timerfd_settime, "timerfd"},
		{"posix_timer_fn", SYS_timer_settime, "posix_timer"},
		{"it_real_fn", SYS_setitimer, "setitimer"},
#ifdef SYS_alarm /* arm64 has none */
		{"it_real_fn", SYS_alarm, "alarm"},
#endif
		{"alarmtimer_fired", SYS_timer_settime, "alarmtimer"},
		{"io_timeout_fn", SYS_io_uring_enter, "io_uring_timeout"},
		{"io_link_timeout_fn", SYS_io_uring_enter, "io_uring_link_timeout"},
		{"io_cqring_timer_wakeup", SYS_io_uring_enter, "io_uring_enter"},
	};
	const struct naming names = {.function = named_frame};
	struct dwell_outlier outlier = late_outlier();

	(void)state;
	outlier.function = 1;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		char *text, *of;

		stack_names = &cases[i].callback;
		outlier.syscall = cases[i].syscall;
		write_text(&outlier, &names, false, &text);
		of = strstr(text, "(typical 40us) ");
		assert_non_null(of);
		of += strlen("(typical 40us) ");
		assert_int_equal(strncmp(of, cases[i].api, strlen(cases[i].api)), 0);
		assert_int_equal(of[strlen(cases[i].api)], ' ');
		free(text);
	}
}

/* Every name an attack: what is written is still one line, or lines of printable ASCII. */
static void hostile_names_stay_names(void **state)
{
	(void)state;
	for (uint32_t measure = 0; measure <= DWELL_MEASURES; measure++) {
		struct dwell_outlier outlier = ticker_outlier(measure);
		char *text, *at;
		json_t *json;
		size_t size;
		FILE *out;

		memcpy(outlier.comm, HOSTILE "\n\n\n\n\n\n\n\n", DWELL_COMM_LEN);
		memcpy(outlier.waker.comm, outlier.comm, DWELL_COMM_LEN);
		outlier.waker.tid = outlier.owner = 666;
		outlier.cgroup = 8;
		outlier.function = EVIL;
		outlier.lateness = outlier.runqueue = 24 * MS;
		outlier.expires = BEGIN;
		outlier.callbacks[1] = (struct dwell_callback){EVIL, BEGIN + MS};
		outlier.depth = outlier.waker.depth = UINT32_MAX;
		outlier.block = UINT32_MAX;
		for (int i = 0; i < DWELL_STACK_DEPTH; i++)
			outlier.stack[i] = outlier.waker.stack[i] = EVIL;
		ticker_add_run(&outlier, 1, 0);
		ticker_add_run(&outlier, 666, 24 * MS);

		write_text(&outlier, &all_names, false, &text);
		assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
		free(text);
		write_text(&outlier, &all_names, true, &text);
		for (at = text; *at; at++)
			assert_true(*at == '\n' ? at[1] == ' ' || !at[1] : *at >= ' ' && *at < 127);
		free(text);

		out = open_memstream(&text, &size);
		assert_non_null(out);
		assert_int_equal(print_json(out, &outlier, &all_names), 0);
		fclose(out);
		assert_ptr_equal(strchr(text, '\n'), text + size - 1);
		json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(json);
		assert_string_equal(json_string_value(json_object_get(json, "what")),
				    outlier_what(&outlier));
		json_decref(json);
		free(text);
	}
}

/* Any bytes at all: nothing crashes, JSON stays JSON, and it is the same without names. */
static void random_records_do_no_harm(void **state)
{
	unsigned int seed = 4;

	(void)state;
	for (int round = 0; round < 5000; round++) {
		const struct naming *names = &no_names;
		struct dwell_outlier outlier;
		char *text;
		json_t *json;
		size_t size;
		FILE *out;

		for (size_t i = 0; i < sizeof(outlier); i++)
			((char *)&outlier)[i] = (char)rand_r(&seed);
		outlier.measure = (uint32_t)round % (DWELL_MEASURES + 2);
		write_text(&outlier, names, true, &text);
		free(text);
		out = open_memstream(&text, &size);
		assert_non_null(out);
		assert_int_equal(print_json(out, &outlier, names), 0);
		fclose(out);
		json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(json);
		json_decref(json);
		free(text);
	}
}

static void local_time_has_an_offset(void **state)
{
	static const struct {
		const char *zone, *at, *text;
	} zones[] = {
		{"XXX-5:30", "2026-11-21T13:44:02.113456+05:30", "13:44:02.113 "},
		{"XXX3:30", "2026-11-21T04:44:02.113456-03:30", "04:44:02.113 "},
	};
	struct dwell_outlier outlier = ticker_outlier(DWELL_WOKEN);

	(void)state;
	for (size_t i = 0; i < LENGTH(zones); i++) {
		char *text;
		json_t *json;
		size_t size;
		FILE *out;

		setenv("TZ", zones[i].zone, 1);
		tzset();
		write_text(&outlier, &all_names, false, &text);
		assert_int_equal(strncmp(text, zones[i].text, strlen(zones[i].text)), 0);
		free(text);
		out = open_memstream(&text, &size);
		assert_int_equal(print_json(out, &outlier, &all_names), 0);
		fclose(out);
		json = json_loads(text, 0, NULL);
		assert_string_equal(json_string_value(json_object_get(json, "at")), zones[i].at);
		json_decref(json);
		free(text);
	}
	setenv("TZ", "UTC0", 1);
	tzset();
}

static void a_full_disk_is_told(void **state)
{
	struct dwell_outlier outlier = ticker_outlier(DWELL_WOKEN);
	FILE *out = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(out);
	setvbuf(out, NULL, _IONBF, 0);
	assert_int_equal(print(out, &outlier, &all_names, true), -ENOSPC);
	assert_int_equal(print_json(out, &outlier, &all_names), -ENOSPC);
	fclose(out);
}

static int in_utc(void **state)
{
	(void)state;
	setenv("TZ", "UTC0", 1);
	tzset();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wakers_are_told_by_their_stacks),
		cmocka_unit_test(a_timer_callback_is_the_waker),
		cmocka_unit_test(lateness_is_the_interrupts_or_of_those_ahead),
		cmocka_unit_test(runqueue_names_the_culprits),
		cmocka_unit_test(more_culprits_than_fit_are_others),
		cmocka_unit_test(throttled_blames_no_neighbour),
		cmocka_unit_test(blocked_tells_where_and_who_ended_it),
		cmocka_unit_test(blocked_by_a_timer_or_for_good),
		cmocka_unit_test(dwell_tells_runs_and_preempters),
		cmocka_unit_test(owners_of_timers_are_named),
		cmocka_unit_test(lateness_tells_the_interrupt_from_the_rest),
		cmocka_unit_test(timer_latency_has_three_parts),
		cmocka_unit_test(no_time_is_beyond_the_range),
		cmocka_unit_test(what_was_told_before_is_marked),
		cmocka_unit_test(apis_are_told_by_callback_and_call),
		cmocka_unit_test(hostile_names_stay_names),
		cmocka_unit_test(random_records_do_no_harm),
		cmocka_unit_test(local_time_has_an_offset),
		cmocka_unit_test(a_full_disk_is_told),
	};

	return cmocka_run_group_tests_name("outlier", tests, in_utc, NULL);
}
