/* SPDX-License-Identifier: GPL-2.0-only */
/* Reductions: what dwell goes on without, because the kernel or the host refused it. */
#ifndef DWELL_MODEL_REDUCTION_H
#define DWELL_MODEL_REDUCTION_H

#include <stdbool.h>
#include <stddef.h>

/* What can be unmeasured of timers: bits, to be or'ed. */
enum figure {
	FIGURE_ARMED = 1 << 0,
	FIGURE_REARMED = 1 << 1,
	FIGURE_CANCELLED = 1 << 2,
	FIGURE_EXPIRED = 1 << 3,
	FIGURE_OUTSTANDING = 1 << 4,
	FIGURE_LATENESS = 1 << 5,
	FIGURE_TIMER_LATENCY = 1 << 6,
	FIGURE_TIMEOUT = 1 << 7,  /* for how long timers are armed */
	FIGURE_WOKE = 1 << 8,	  /* expiries that woke a task */
	FIGURE_CALLBACK = 1 << 9, /* time in callbacks */
	FIGURES = (1 << 10) - 1,
};

/* The figures that nothing may be said of, by whose timers they are. */
struct unmeasured {
	unsigned int sleeps; /* of tasks that sleep */
	unsigned int users;  /* other timers of tasks */
	unsigned int kernel; /* the kernel's own */
	unsigned int wheel;
	bool exits; /* tasks that exit are not counted */
};

/* What a reduction is of. Whatever is in none of the lists below cannot be done without. */
struct reduction {
	const char *name; /* of the program, the map or the file; static */
	const char *lost; /* what is not measured or told without it, in a few words; static */
	int error;	  /* errno: why */
};

#define REDUCTIONS_MAX 48

/* All zeros: there is none. */
struct reductions {
	struct reduction list[REDUCTIONS_MAX];
	size_t count;
	char required[64]; /* what was refused and cannot be done without; "": nothing */
	int error;	   /* errno: why */
};

/* What the loss of a program or a map depends on. */
struct reduction_context {
	bool was_armed;	   /* the kernel tells re-arms, and a cancel is one */
	bool timers_alone; /* nothing else was asked for */
	bool outliers_alone;
};

/* Whether dwell can go on without the program or map @name, as far as that is one of the lists. */
bool reduction_possible(const char *name, const struct reduction_context *context);

/*
 * Adds @name (of the lists; else nothing is added), refused with the errno
 * @error. Each name is added once.
 */
void reductions_add(struct reductions *reductions, const char *name, int error);
bool reductions_have(const struct reductions *reductions, const char *name);

/* Notes that @name was refused and dwell cannot go on. */
void reductions_end(struct reductions *reductions, const char *name, int error);

/*
 * Whether no way is left to make records: then there is nothing to measure,
 * though each of them is one that can be done without.
 */
bool reductions_leave_no_record(const struct reductions *reductions);

/* What is not measured for all of @reductions together. */
struct unmeasured reductions_unmeasured(const struct reductions *reductions,
					const struct reduction_context *context);

/* Why, in words: "Operation not permitted". Valid until the next call. */
const char *reduction_reason(const struct reduction *reduction);

#endif
