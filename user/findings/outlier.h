/* SPDX-License-Identifier: GPL-2.0-only */
/* Outliers: finding the cause of one in the kernel side's report. */
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
#define OUTLIER_TASKS_MAX 64	 /* a culprit of so many tasks may have more */

/* A task that had the CPU while another one waited for it, or several of one name together. */
struct outlier_culprit {
	uint32_t pid;		   /* 0: several processes */
	uint32_t tid;		   /* 0: several tasks */
	char comm[DWELL_COMM_LEN]; /* when they ran: any bytes; empty: not known */
	uint32_t tasks;		   /* at least so many: 1 … */
	uint64_t ns;		   /* of the wait */
	double share;		   /* of the wait: 0 … 1 */
};

/* A wait for a CPU, divided up. The shares of the culprits and the three others add up to 1. */
struct outlier_wait {
	uint64_t ns; /* the whole, without the task's own runs; 0: no wait, and no shares */
	struct outlier_culprit culprit[OUTLIER_CULPRITS]; /* the largest first */
	size_t count;
	double others_share; /* of all other tasks, named or not */
	double idle_share;   /* of the idle CPU */
	double unseen_share; /* in an unknown CPU's queue, or not remembered by the kernel side */
	bool moved;	     /* the task came from another CPU's queue */
	int moved_from;	     /* that CPU, if @moved; -1: not known, and its runs are unseen */
};

enum outlier_waker { WAKER_UNKNOWN, WAKER_TASK, WAKER_TIMER, WAKER_IRQ };

/*
 * Divides the time from @from to @to (mono ns) among the runs of @outlier, without those of the
 * task itself; of a dwell, without its time on any CPU. Times when the task's CPU is not known,
 * before the oldest run and after the latest one are unseen. Many tasks of one process and name are
 * one culprit, and so are many tasks of one name; one that had more than all its like together
 * stays apart. Tasks that had little in comparison with the unseen part are not named. Everything
 * is 0 if @to <= @from.
 */
void outlier_divide(const struct dwell_outlier *outlier, uint64_t from, uint64_t to,
		    struct outlier_wait *wait);

/*
 * Tells what ended the block, by the waker's stack: if an interrupt's function is on it, the
 * current task was only interrupted. *@function is an address in what ran for the interrupt (a
 * timer's callback, a handler), or in what a kernel worker worked on; else 0. Without names only an
 * interrupt of the idle task is recognized. WAKER_UNKNOWN: it is not known, or was not recorded.
 */
enum outlier_waker outlier_waker(const struct dwell_outlier *outlier, const struct naming *naming,
				 uint64_t *function);

/* A timer's lateness divided: a late interrupt, and callbacks that ran ahead of its own. */
struct outlier_lateness {
	uint64_t interrupt_ns;	      /* at most, if @more */
	uint64_t callbacks_ns;	      /* the rest */
	__u64 ahead[DWELL_CALLBACKS]; /* callbacks entered after the timer was due, in order */
	size_t count;
	bool more; /* others may have run before them */
};

/* Fills in all of @lateness for @outlier, a late timer. */
void outlier_lateness(const struct dwell_outlier *outlier, struct outlier_lateness *lateness);

/* The name of @outlier's kind, as outlier_kind() gives it. */
const char *outlier_what(const struct dwell_outlier *outlier);

/*
 * The name of the outliers of @measure, an enum dwell_measure: that of their option with "_", such
 * as "runqueue", "throttled" or "timer_latency"; else "unknown". Static.
 */
const char *outlier_kind(unsigned int measure);

/*
 * Names the task of @outlier if the kernel side did not: it knows the owner of a late timer by
 * number only. To be called while the source of names still knows the task.
 */
void outlier_name(struct dwell_outlier *outlier, const struct naming *naming);

/*
 * Names @culprit if it is one task that had no name when it ran. To be called while the source of
 * names still knows the task.
 */
void outlier_name_culprit(struct outlier_culprit *culprit, const struct naming *naming);

/*
 * Divides the time of @outlier in which its task waited for a CPU, and names the culprits. False,
 * with all of @wait 0, if its kind tells nothing of that or there was no wait.
 */
bool outlier_wait(const struct dwell_outlier *outlier, const struct naming *naming,
		  struct outlier_wait *wait);

/* The outlier's duration as a multiple of its threshold. */
double outlier_excess(const struct dwell_outlier *outlier);

/* One moment on CLOCK_MONOTONIC and on CLOCK_REALTIME, to convert times between them. */
struct outlier_clock {
	uint64_t mono; /* ns */
	struct timespec real;
};

/*
 * Sets @local and @ns (0 … 999,999,999) to the local time when @outlier ended or was found. False:
 * there is no such time.
 */
bool outlier_time(const struct dwell_outlier *outlier, const struct outlier_clock *clock,
		  struct tm *local, unsigned int *ns);

#endif
