/* SPDX-License-Identifier: GPL-2.0-only */
/* Outliers: whose fault one was, by what the kernel side reported of it. */
#ifndef DWELL_FINDINGS_OUTLIER_H
#define DWELL_FINDINGS_OUTLIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <linux/types.h>

#include "bpf/dwell.h"
#include "model/naming.h"

#define OUTLIER_CULPRITS 4
#define OUTLIER_SEEN_SHARE 0.001 /* a smaller share of a wait is rounding, not a fact */
#define OUTLIER_TASKS_MAX 64	 /* so many tasks of one culprit are told apart */

/* Who had the CPU while a task waited for it: a task, or several of one name told together. */
struct outlier_culprit {
	uint32_t pid;		   /* 0: several processes */
	uint32_t tid;		   /* 0: several tasks */
	char comm[DWELL_COMM_LEN]; /* when they ran: any bytes; empty: not known */
	uint32_t tasks; /* at least so many; from OUTLIER_TASKS_MAX on there may be more */
	uint64_t ns;
	double share; /* of the wait: 0 … 1 */
};

/* A wait for a CPU, divided up. The shares of all culprits and the other three make 1. */
struct outlier_wait {
	uint64_t ns; /* of all, without what the task itself ran; 0: there was no wait, no shares */
	struct outlier_culprit culprit[OUTLIER_CULPRITS]; /* the largest first */
	size_t count;
	double others_share; /* of all other tasks, whether their names are known or not */
	double idle_share;   /* the CPU was idle */
	double unseen_share; /* on another CPU's queue, or longer ago than the kernel side remembers */
	bool moved;	     /* it came from another CPU's queue … */
	int moved_from; /* … that of this one; -1: of one that is not known, whose runs are unseen */
};

enum outlier_waker { WAKER_UNKNOWN, WAKER_TASK, WAKER_TIMER, WAKER_IRQ };

/*
 * Divides the time from @from to @to (mono) among the runs of @outlier, leaving
 * out those of the task itself, of a dwell also those elsewhere. Times before the
 * CPU's queue had the task, before the oldest run began and after the latest are
 * unseen. Many tasks of one process and name are one culprit, and so are many of
 * one name, but for one that had more than all others of them. Whoever had little
 * beside what is unseen is not named. With @to <= @from everything is 0.
 */
void outlier_divide(const struct dwell_outlier *outlier, uint64_t from, uint64_t to,
		    struct outlier_wait *wait);

/*
 * Who ended the block, by the waker's stack: a function that interrupts go
 * through tells that it was not the task that was current. *@function is then an
 * address in what ran there (a timer's callback, a handler), of a kernel worker
 * one in what it worked on, or 0. Without names only the idle task is known to
 * have been interrupted; what was not recorded at all is WAKER_UNKNOWN.
 */
enum outlier_waker outlier_waker(const struct dwell_outlier *outlier, const struct naming *naming,
				 uint64_t *function);

/* How much of a timer's lateness its interrupt came late, and what ran ahead of its callback. */
struct outlier_lateness {
	uint64_t interrupt_ns;
	uint64_t callbacks_ns;	      /* the rest */
	__u64 ahead[DWELL_CALLBACKS]; /* functions, in order; those that ran when it was due */
	size_t count;
	bool more; /* perhaps others before them: then the interrupt came that late at most */
};
void outlier_lateness(const struct dwell_outlier *outlier, struct outlier_lateness *lateness);

/* What an outlier is called: "runqueue", "throttled", "blocked", … (the option's name, with _). */
const char *outlier_what(const struct dwell_outlier *outlier);

/* What the outliers of @measure, an enum dwell_measure, are called: as above. */
const char *outlier_kind(unsigned int measure);

/*
 * Names the task of @outlier where the kernel side did not: it knows the owner of a late
 * timer by number only. To be called while the task can still be asked for.
 */
void outlier_name(struct dwell_outlier *outlier, const struct naming *naming);

/*
 * Names @culprit if it is one task, and had no name when it ran. To be called while
 * the task can still be asked for.
 */
void outlier_name_culprit(struct outlier_culprit *culprit, const struct naming *naming);

/*
 * Divides that part of @outlier in which its task waited for a CPU, and names the
 * culprits. False, and all of @wait 0: its kind tells nothing of that, or there was
 * no wait.
 */
bool outlier_wait(const struct dwell_outlier *outlier, const struct naming *naming,
		  struct outlier_wait *wait);

/* How many times its threshold it took. */
double outlier_excess(const struct dwell_outlier *outlier);

/* A moment of CLOCK_MONOTONIC as CLOCK_REALTIME, given both at one moment. */
struct outlier_clock {
	uint64_t mono; /* ns */
	struct timespec real;
};

/* The moment it ended or was found, as local time, and its ns. False: no such time. */
bool outlier_time(const struct dwell_outlier *outlier, const struct outlier_clock *clock,
		  struct tm *local, unsigned int *ns);

#endif
