// SPDX-License-Identifier: GPL-2.0-only
/* Callback addresses: the functions that the kernel calls for each kind of timer. */
#include "source/callbacks.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "host/symbols.h"
#include "source/bpf_object.h"
#include "dwell.skel.h"

/* In the order of dwell_config's arrays. TICK and TICK_OLD share a place there. */
enum callback {
	TICK,
	TICK_OLD, /* to 6.9 */
	HRTICK,
	SLEEPERS,
	USERS = SLEEPERS + DWELL_SLEEPERS,
	PROCESS_TIMEOUT = USERS + DWELL_USER_CALLBACKS,
	CALLBACKS
};

static const char *const callback_names[CALLBACKS] = {
	[TICK] = "tick_nohz_handler",
	[TICK_OLD] = "tick_sched_timer",
	[HRTICK] = "hrtick",
	[SLEEPERS] = "hrtimer_wakeup",
	"io_cqring_timer_wakeup",
	"io_cqring_min_timer_wakeup",
	[USERS] = "timerfd_tmrproc",
	"posix_timer_fn",
	"it_real_fn",
	"alarmtimer_fired",
	"io_timeout_fn",
	"io_link_timeout_fn",
	[PROCESS_TIMEOUT] = "process_timeout",
};

static void set_from_symbols(struct dwell_config *config, const uint64_t *addresses)
{
	config->builtins[DWELL_TICK] = addresses[TICK] ?: addresses[TICK_OLD];
	config->builtins[DWELL_HRTICK] = addresses[HRTICK];
	for (int i = 0; i < DWELL_SLEEPERS; i++)
		config->sleepers[i] = addresses[SLEEPERS + i];
	for (int i = 0; i < DWELL_USER_CALLBACKS; i++)
		config->user_callbacks[i] = addresses[USERS + i];
	config->process_timeout = addresses[PROCESS_TIMEOUT];
}

/* ---- without symbols: learning by doing ---------------------------------- */

/*
 * Time-outs that no other timer in dwell's own context has; the tick and the hrtick are
 * armed there too, by the interrupts that dwell takes. A sleep has to be sat through. The
 * other timers are disarmed again.
 */
#define LEARN_SLEEP_NS 13000000
#define LEARN_FAR_S 3600
#define LEARN_TRIES 10 /* a try fails if an interrupt takes too long in the middle */

static void arm_sleep(void)
{
	nanosleep(&(struct timespec){.tv_nsec = LEARN_SLEEP_NS}, NULL);
}

static void arm_timerfd(void)
{
	struct itimerspec spec = {.it_value.tv_sec = LEARN_FAR_S};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);

	if (fd < 0)
		return;
	timerfd_settime(fd, 0, &spec, NULL);
	close(fd);
}

static void arm_posix_timer(void)
{
	struct itimerspec spec = {.it_value.tv_sec = LEARN_FAR_S};
	struct sigevent event = {.sigev_notify = SIGEV_NONE};
	timer_t timer;

	/* SIGEV_NONE arms nothing. */
	event.sigev_notify = SIGEV_SIGNAL;
	event.sigev_signo = SIGALRM;
	if (timer_create(CLOCK_MONOTONIC, &event, &timer))
		return;
	timer_settime(timer, 0, &spec, NULL);
	timer_delete(timer);
}

static void arm_itimer(void)
{
	setitimer(ITIMER_REAL, &(struct itimerval){.it_value.tv_sec = LEARN_FAR_S}, NULL);
	setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
}

static uint64_t learn(struct dwell_bpf *skeleton, void (*arm)(void), uint64_t timeout)
{
	skeleton->bss->learned = 0;
	skeleton->bss->learn_timeout = timeout;
	for (int try = 0; try < LEARN_TRIES && !skeleton->bss->learned; try++)
		arm();
	skeleton->bss->learn_timeout = 0;
	return skeleton->bss->learned;
}

/* Has only the programs for learning loaded, so that nothing else can be refused. */
static void load_alone(const struct dwell_bpf *skeleton)
{
	struct bpf_program *program;
	struct bpf_map *map;

	bpf_object__for_each_program(program, skeleton->obj)
		bpf_program__set_autoload(program,
					  program == skeleton->progs.learn_callback ||
						  program == skeleton->progs.name_function);
	bpf_object__for_each_map(map, skeleton->obj)
		bpf_map__set_autocreate(map, bpf_map__is_internal(map));
}

/* Learns dwell's number in the kernel, which differs from getpid() in a pid namespace. */
static void learn_self(struct dwell_bpf *skeleton)
{
	skeleton->links.name_function = bpf_program__attach(skeleton->progs.name_function);
	if (libbpf_get_error(skeleton->links.name_function))
		skeleton->links.name_function = NULL;
	else
		iterator_run(skeleton->links.name_function);
	if (!skeleton->bss->self)
		skeleton->bss->self = getpid();
}

static int learn_callbacks(struct dwell_config *config)
{
	struct dwell_bpf *skeleton = dwell_bpf__open();
	int err;

	if (!skeleton)
		return -errno;
	load_alone(skeleton);
	err = dwell_bpf__load(skeleton);
	if (!err && !skeleton->bss)
		err = -EOPNOTSUPP;
	if (!err) {
		learn_self(skeleton);
		skeleton->links.learn_callback =
			bpf_program__attach(skeleton->progs.learn_callback);
		err = libbpf_get_error(skeleton->links.learn_callback);
	}
	if (!err) {
		const uint64_t far = LEARN_FAR_S * 1000000000ULL;

		config->sleepers[0] = learn(skeleton, arm_sleep, LEARN_SLEEP_NS);
		config->user_callbacks[0] = learn(skeleton, arm_timerfd, far);
		config->user_callbacks[1] = learn(skeleton, arm_posix_timer, far);
		config->user_callbacks[2] = learn(skeleton, arm_itimer, far);
		if (!config->sleepers[0])
			err = -EAGAIN;
	}
	dwell_bpf__destroy(skeleton);
	return err;
}

int callbacks_find(struct dwell_config *config)
{
	uint64_t addresses[CALLBACKS];
	int err = symbols_addresses(SYMBOLS_KALLSYMS, callback_names, addresses, CALLBACKS);

	if (!err && addresses[SLEEPERS]) {
		set_from_symbols(config, addresses);
		return 0;
	}
	return learn_callbacks(config);
}
