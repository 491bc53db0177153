/* SPDX-License-Identifier: GPL-2.0-only */
/* Reductions: parts that the kernel or the host refused, and that dwell does without. */
#ifndef DWELL_MODEL_REDUCTION_H
#define DWELL_MODEL_REDUCTION_H

#include <stdbool.h>
#include <stddef.h>

/* Figures of timers that may be unmeasured: bits, to be or'ed. */
enum figure {
	FIGURE_ARMED = 1 << 0,
	FIGURE_REARMED = 1 << 1,
	FIGURE_CANCELLED = 1 << 2,
	FIGURE_EXPIRED = 1 << 3,
	FIGURE_OUTSTANDING = 1 << 4,
	FIGURE_LATENESS = 1 << 5,
	FIGURE_TIMER_LATENCY = 1 << 6,
	FIGURE_TIMEOUT = 1 << 7,  /* how long timers are armed for */
	FIGURE_WOKE = 1 << 8,	  /* expiries that woke a task */
	FIGURE_CALLBACK = 1 << 9, /* time in callbacks */
	FIGURES = (1 << 10) - 1,
};

/* The figures that are not measured, by kind of timer: enum figure, or'ed. */
struct unmeasured {
	unsigned int sleeps; /* tasks' sleeps */
	unsigned int users;  /* other timers of tasks */
	unsigned int kernel; /* the kernel's own */
	unsigned int wheel;  /* timers of the timer wheel */
	bool exits;	     /* tasks that exit are not counted */
};

/* A refused part that dwell does without. */
struct reduction {
	const char *name; /* of the program, the map or the file; static */
	const char *lost; /* what is not measured or told without it, in a few words; static */
	int error;	  /* positive errno: why it was refused */
};

#define REDUCTIONS_MAX 48 /* further ones are left out */

/* All zeros: there is none. */
struct reductions {
	struct reduction list[REDUCTIONS_MAX];
	size_t count;
	char required[64]; /* a refused part that dwell cannot do without, cut; "": none */
	int error;	   /* positive errno: why @required was refused */
};

/* What the loss of a program or a map depends on. */
struct reduction_context {
	bool was_armed;	     /* re-arms have an event of their own: a cancel is always a cancel */
	bool timers_alone;   /* nothing but timers was asked for */
	bool outliers_alone; /* nothing but outliers was asked for */
};

/* Whether dwell can do without @name, a program, map or file; false for one that is not listed. */
bool reduction_possible(const char *name, const struct reduction_context *context);

/*
 * Adds @name, refused with the positive errno @error. A name that is not listed, or already
 * added, is not added.
 */
void reductions_add(struct reductions *reductions, const char *name, int error);

/* Whether @name was added. */
bool reductions_have(const struct reductions *reductions, const char *name);

/* Notes that @name was refused with the positive errno @error, and that dwell cannot go on. */
void reductions_end(struct reductions *reductions, const char *name, int error);

/*
 * Whether all ways to make records were refused. Each of them can be done without, but without
 * any of them there is nothing to measure.
 */
bool reductions_leave_no_record(const struct reductions *reductions);

/* The figures that all of @reductions together leave unmeasured. */
struct unmeasured reductions_unmeasured(const struct reductions *reductions,
					const struct reduction_context *context);

/* Why the part was refused, in words: "Operation not permitted". Valid until the next call. */
const char *reduction_reason(const struct reduction *reduction);

#endif
