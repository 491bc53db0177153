// SPDX-License-Identifier: GPL-2.0-only
/* The watch: ends dwell if a program's memory keeps it waiting for ever. */
#include "cmd/go_watch.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/privilege.h"
#include "go/memory.h"

#define STEP_NS 200000000L
#define PATIENCE_NS 1000000000ULL /* with a call while a signal waits */

static struct {
	uint64_t limit_ns;
	void (*give_up)(void *context, uint32_t pid);
	void *context;
} watch;

/* Whether a signal for the process waits, which its reader would take if it could. */
static bool signal_waits(void)
{
	sigset_t waiting;

	/* Only signals that are blocked are told, so this thread blocks all. */
	return !sigpending(&waiting) &&
	       (sigismember(&waiting, SIGINT) == 1 || sigismember(&waiting, SIGTERM) == 1);
}

static void *run(void *unused)
{
	const struct timespec step = {.tv_nsec = STEP_NS};
	uint64_t call = 0, lasted = 0;

	(void)unused;
	privileges_drop(PRIVILEGE_KEEP_NONE);
	for (;; nanosleep(&step, NULL)) {
		uint32_t pid;
		const uint64_t other = go_memory_call(&pid);

		/* Steps are counted, so that the time in which dwell itself is stopped is not. */
		lasted = other && other == call ? lasted + STEP_NS : 0;
		call = other;
		if (lasted > watch.limit_ns || (lasted > PATIENCE_NS && signal_waits()))
			watch.give_up(watch.context, pid);
	}
	return NULL;
}

int go_watch_start(uint64_t limit_ns, void (*give_up)(void *context, uint32_t pid), void *context)
{
	sigset_t all, before;
	pthread_t thread;
	int err;

	watch.limit_ns = limit_ns;
	watch.give_up = give_up;
	watch.context = context;
	/* The new thread blocks them from its first moment on. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&thread, NULL, run, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err)
		return -err;
	pthread_detach(thread);
	return 0;
}
