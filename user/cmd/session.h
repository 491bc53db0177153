/* SPDX-License-Identifier: GPL-2.0-only */
/* A session: what every measuring command opens, takes names from, and reports at its end. */
#ifndef DWELL_CMD_SESSION_H
#define DWELL_CMD_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "base/output.h"
#include "cmd/plan.h"
#include "findings/outlier.h"
#include "host/cgroup.h"
#include "host/cgroup_paths.h"
#include "host/file_helper.h"
#include "host/symbols.h"
#include "host/task_names.h"
#include "host/user_symbols.h"
#include "model/naming.h"
#include "model/reduction.h"
#include "options/options.h"
#include "options/targets.h"
#include "sink/report.h"
#include "source/intake.h"
#include "source/source.h"

/* All zeros is empty. Ended by session_clear(), which frees all pointers but @options. */
struct session {
	const struct options *options; /* the plan's */
	struct plan plan;
	struct cgroup_hierarchy hierarchy;
	struct cgroup_paths *cgroups; /* NULL: no hierarchy, so cgroups have no names */
	struct symbols *symbols;
	struct task_names *task_names;	 /* of exited tasks, those the command remembers */
	struct file_helper *file_helper; /* NULL: functions of programs have no names */
	struct user_symbols *user_symbols;
	struct source *source;
	struct reductions reductions; /* what the kernel or the host refused */
	struct output output;
	struct rusage usage; /* at the start of the window */
	uint64_t helper_ns;  /* CPU time of the helper at the start of the window */
	uint64_t start;	     /* mono ns: of the window */
	uint64_t end;	     /* mono ns: of the window; 0: it is open */
	char function[256];  /* the function's name that was asked for last */
};

/* Non-zero after the first Ctrl-C or SIGTERM since session_start(). The second one ends dwell. */
extern volatile int session_stop;

/* Has Ctrl-C and SIGTERM set session_stop. */
void session_catch_signals(void);

/*
 * Adds "/proc" or "/proc/self" to @reductions if it is of no use for names. Returns whether it
 * did.
 */
bool session_refuse_proc(struct reductions *reductions);

/*
 * Finds the targets of the plan's options, loads and attaches as @plan says. @plan and @intake
 * are copied; the options must outlive the session. 0, or a negative errno for
 * session_exit_code(), whose reason has been said on stderr. The caller ends the session with
 * session_clear() in any case.
 */
int session_open(struct session *session, const struct plan *plan, const struct intake *intake);
void session_clear(struct session *session);

/*
 * Begins the window, gives up all privileges but @kept (enum privilege_kept, or'ed), and has
 * Ctrl-C and SIGTERM set session_stop. 0 or a negative errno, of which nothing has been said.
 */
int session_start(struct session *session, unsigned int kept);

/* The mono time, in ns, at which the options end the window. UINT64_MAX: they do not. */
uint64_t session_until(const struct session *session);

/* The enum exit_code for the negative errno @err of session_open(). */
int session_exit_code(int err);

/*
 * The names that @session knows; it must outlive the result. A name is valid until the next one
 * is asked for.
 */
struct naming session_naming(struct session *session);

/* CLOCK_REALTIME and CLOCK_MONOTONIC at this moment. */
struct outlier_clock session_clock(void);

/* Resident memory of this process in bytes; 0: not known. */
uint64_t session_resident_bytes(void);

/* The strings of a report's heading. */
struct session_heading {
	char kernel[65];
	char host[256];
	char filters[TARGETS_TEXT_LEN];
};

/*
 * Fills @report, which was all zeros at first, but leaves ledger, rows, timers, losses, task
 * counts and outliers to the caller. Overhead stays 0 before the window has ended. Strings are
 * in @heading and @session, which must outlive @report.
 */
void session_describe(struct session *session, struct session_heading *heading,
		      struct report *report);

#endif
