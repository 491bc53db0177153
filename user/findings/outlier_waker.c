/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds what ended a block: the current task, or what interrupted it. */
#include <string.h>

#include "findings/outlier.h"
#include "findings/stack.h"

/* What a function on the waker's stack does, which tells for whom the functions it calls ran. */
enum role {
	NOTHING,
	INTERRUPT,	/* calls interrupts' handlers, or is an interrupt's entry */
	INTERRUPT_SELF, /* is an interrupt's handler */
	TIMER,		/* calls timers' callbacks */
	WORKER,		/* calls the work that a kernel worker was given */
	TASK,		/* acts for the task itself, though an interrupt led to it */
};

/*
 * Functions of x86 and arm64 kernels, 5.15 and later. Stacks are searched from the innermost frame
 * on, so the function that calls a handler is found before the interrupt's entry. The entry is
 * found if all between was inlined.
 */
static const struct {
	const char *name;
	enum role role;
} functions[] = {
	/* Timers. */
	{"__run_hrtimer", TIMER},
	{"__hrtimer_run_queues", TIMER},
	{"hrtimer_run_queues", TIMER},
	{"hrtimer_run_softirq", TIMER},
	{"hrtimer_interrupt", TIMER},
	{"call_timer_fn", TIMER},
	{"expire_timers", TIMER},
	{"__run_timers", TIMER},
	{"__run_timer_base", TIMER},
	{"run_timer_base", TIMER},
	{"run_timer_softirq", TIMER},
	{"timer_expire_remote", TIMER},

	/* Interrupts of devices. */
	{"__handle_irq_event_percpu", INTERRUPT},
	{"handle_irq_event_percpu", INTERRUPT},
	{"handle_irq_event", INTERRUPT},
	{"handle_edge_irq", INTERRUPT},
	{"handle_level_irq", INTERRUPT},
	{"handle_fasteoi_irq", INTERRUPT},
	{"handle_fasteoi_nmi", INTERRUPT},
	{"handle_simple_irq", INTERRUPT},
	{"handle_percpu_irq", INTERRUPT},
	{"handle_percpu_devid_irq", INTERRUPT},
	{"handle_percpu_devid_fasteoi_nmi", INTERRUPT},
	{"handle_irq_desc", INTERRUPT},
	{"generic_handle_irq", INTERRUPT},
	{"generic_handle_irq_safe", INTERRUPT},
	{"generic_handle_domain_irq", INTERRUPT},
	{"handle_domain_irq", INTERRUPT},

	/* Soft interrupts; those of the network and of disks are their own best names. */
	{"handle_softirqs", INTERRUPT},
	{"__do_softirq", INTERRUPT},
	{"net_rx_action", INTERRUPT_SELF},
	{"net_tx_action", INTERRUPT_SELF},
	{"blk_done_softirq", INTERRUPT_SELF},
	{"rcu_core", INTERRUPT_SELF},
	{"rcu_core_si", INTERRUPT_SELF},
	{"bh_worker", INTERRUPT},
	{"workqueue_softirq_action", INTERRUPT},
	{"tasklet_action_common", INTERRUPT},
	{"tasklet_action", INTERRUPT},
	{"tasklet_hi_action", INTERRUPT},
	{"do_softirq", INTERRUPT},
	{"____do_softirq", INTERRUPT},
	{"do_softirq_own_stack", INTERRUPT},
	{"irq_exit", INTERRUPT},
	{"irq_exit_rcu", INTERRUPT},
	{"__irq_exit_rcu", INTERRUPT},
	{"invoke_softirq", INTERRUPT},

	/* Work that was handed over to an interrupt of its own, or to another CPU's. */
	{"irq_work_single", INTERRUPT},
	{"irq_work_run_list", INTERRUPT},
	{"irq_work_run", INTERRUPT},
	{"flush_smp_call_function_queue", INTERRUPT},
	{"__flush_smp_call_function_queue", INTERRUPT},
	{"generic_smp_call_function_single_interrupt", INTERRUPT},
	{"sched_ttwu_pending", INTERRUPT},
	{"do_handle_IPI", INTERRUPT},
	{"handle_IPI", INTERRUPT},
	{"ipi_handler", INTERRUPT},

	/* Interrupts' entries on x86; vectors[] has the others by the beginnings of their names. */
	{"common_interrupt", INTERRUPT},
	{"__common_interrupt", INTERRUPT},
	{"asm_common_interrupt", INTERRUPT},
	{"spurious_interrupt", INTERRUPT},
	{"fred_extint", INTERRUPT},
	{"exc_nmi", INTERRUPT},
	{"asm_exc_nmi", INTERRUPT},
	{"nmi_handle", INTERRUPT},
	/* Interrupts' entries on arm64. */
	{"gic_handle_irq", INTERRUPT},
	{"call_on_irq_stack", INTERRUPT},
	{"do_interrupt_handler", INTERRUPT},
	{"__el1_irq", INTERRUPT},
	{"el1_irq", INTERRUPT},
	{"el0_irq", INTERRUPT},
	{"el1_interrupt", INTERRUPT},
	{"el0_interrupt", INTERRUPT},
	{"el1h_64_irq", INTERRUPT},
	{"el1h_64_irq_handler", INTERRUPT},
	{"el0t_64_irq", INTERRUPT},
	{"el0t_64_irq_handler", INTERRUPT},
	{"el0t_32_irq", INTERRUPT},
	{"el0t_32_irq_handler", INTERRUPT},
	{"__el0_irq_handler_common", INTERRUPT},

	/* A task does what it was asked for, such as to die, on its way back from an interrupt. */
	{"task_work_run", TASK},
	{"get_signal", TASK},
	{"do_exit", TASK},
	{"arch_do_signal_or_restart", TASK},
	{"do_notify_resume", TASK},
	{"exit_to_user_mode_loop", TASK},
	{"exit_to_user_mode_prepare", TASK},
	{"irqentry_exit_to_user_mode", TASK},
	{"preempt_schedule_irq", TASK},
	{"raw_irqentry_exit_cond_resched", TASK},
	{"irqentry_exit_cond_resched", TASK},

	{"process_one_work", WORKER},
};

/* Vectors of x86, such as asm_sysvec_apic_timer_interrupt or __sysvec_call_function. */
static const char *const vectors[] = {"asm_sysvec_", "sysvec_", "__sysvec_", "fred_sysvec_"};

/* Whether @name is @known, or a part that the compiler split off it ("do_softirq.part.0"). */
static bool is_named(const char *name, const char *known)
{
	size_t length = strlen(known);

	return !strncmp(name, known, length) && (!name[length] || name[length] == '.');
}

static enum role role_of(const char *name)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (is_named(name, functions[i].name))
			return functions[i].role;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		if (!strncmp(name, vectors[i], strlen(vectors[i])))
			return INTERRUPT;
	return NOTHING;
}

/* A stack and its names. */
struct frames {
	const uint64_t *address;
	size_t count;
	const struct naming *naming;
};

/* Whether there is a frame @i in one of the @known functions, which NULL ends. */
static bool is_in(const struct frames *frames, size_t i, const char *const *known)
{
	const char *name;

	name = i < frames->count ? naming_function(frames->naming, frames->address[i]) : NULL;
	for (; name && *known; known++)
		if (is_named(name, *known))
			return true;
	return false;
}

/*
 * Whether the soft interrupt at frame @at was the current task's own doing. What a task sends over
 * the loopback device, or between the ends of a pair, is received before its system call goes on.
 */
static bool is_sent_by_current(const struct frames *frames, size_t at)
{
	static const char *const backlog[] = {"process_backlog", NULL};
	static const char *const soft[] = {"net_rx_action",	"handle_softirqs",
					   "__do_softirq",	"____do_softirq",
					   "call_on_irq_stack", "do_softirq_own_stack",
					   "do_softirq",	NULL};
	static const char *const enable[] = {"__local_bh_enable_ip", NULL};
	static const char *const senders[] = {"__dev_queue_xmit", "ip_finish_output2",
					      "ip6_finish_output2", NULL};
	size_t i = 0;

	while (i < at && !is_in(frames, i, backlog))
		i++;
	if (i == at)
		return false;
	while (is_in(frames, at, soft))
		at++;
	return is_in(frames, at, enable) && is_in(frames, at + 1, senders);
}

/*
 * Moves @at to the first frame from there on whose function has a role, and returns the role, or
 * NOTHING. Sets @named if any frame has a name.
 */
static enum role find_frame(const struct frames *frames, size_t *at, bool *named)
{
	for (; *at < frames->count; ++*at) {
		const char *name = naming_function(frames->naming, frames->address[*at]);
		enum role role = name ? role_of(name) : NOTHING;

		*named |= name != NULL;
		if (role != NOTHING)
			return role;
	}
	return NOTHING;
}

/* An address in the function that frame @at called, or in its own if it only called the wake-up. */
static uint64_t called_by(const struct frames *frames, size_t at)
{
	static const char *const wake_up[] = {"try_to_wake_up", "wake_up_process", NULL};

	return frames->address[!at || is_in(frames, at - 1, wake_up) ? at : at - 1];
}

/* The role that the stack tells. Sets @named if any frame has a name. */
static enum role walk(const struct frames *frames, uint64_t *function, bool *named)
{
	size_t at = 0, further;
	enum role role;

	*named = false;
	role = find_frame(frames, &at, named);
	if (role == NOTHING || role == TASK)
		return role;
	if (role != TIMER && is_sent_by_current(frames, at))
		return TASK;
	*function = role == INTERRUPT_SELF ? frames->address[at] : called_by(frames, at);
	/* Soft interrupts have work queues, too: they are recognized by a frame further out. */
	further = at + 1;
	if (role == WORKER && find_frame(frames, &further, named) == INTERRUPT)
		return INTERRUPT;
	return role;
}

enum outlier_waker outlier_waker(const struct dwell_outlier *outlier, const struct naming *naming,
				 uint64_t *function)
{
	const struct dwell_waker *waker = &outlier->waker;
	const struct stack stack = stack_of_kernel(waker->stack, waker->depth);
	const struct frames frames = {stack.address, stack.depth, naming};
	enum role role;
	bool named;

	*function = waker->function;
	if (waker->timer)
		return WAKER_TIMER;
	*function = 0;
	/* Nothing was recorded if there is no name: even the idle task has one. */
	if (!waker->tid && !waker->depth && !waker->comm[0])
		return WAKER_UNKNOWN;
	role = walk(&frames, function, &named);
	if (role == TIMER)
		return WAKER_TIMER;
	if (role == INTERRUPT || role == INTERRUPT_SELF || !waker->tid)
		return WAKER_IRQ;
	return named ? WAKER_TASK : WAKER_UNKNOWN;
}
