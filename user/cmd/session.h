/* SPDX-License-Identifier: GPL-2.0-only */
/* A session: what every command that measures opens, knows names by, and says at its end. */
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

/* All zeros is nothing yet; ended by session_clear(). What is a pointer is owned. */
struct session {
	const struct options *options; /* the plan's */
	struct plan plan;
	struct cgroup_hierarchy hierarchy;
	struct cgroup_paths *cgroups; /* NULL: no hierarchy with names */
	struct symbols *symbols;
	struct task_names *task_names;	 /* of exited tasks, as far as the command remembers them */
	struct file_helper *file_helper; /* NULL: no names of programs' functions are wanted */
	struct user_symbols *user_symbols;
	struct source *source;
	struct reductions reductions; /* what is done without */
	struct output output;
	struct rusage usage; /* at the start of the window */
	uint64_t helper_ns;  /* CPU time of the helper at the start of the window */
	uint64_t start;	     /* mono: of the window */
	uint64_t end;	     /* mono; 0: not yet */
	char function[256];  /* the name that was asked for last */
};

/*
 * Non-zero from the first Ctrl-C or SIGTERM on, once session_start() was called; the second one
 * ends dwell.
 */
extern volatile int session_stop;

/* Adds /proc to @reductions where it is of no use for names. True if so. */
bool session_refuse_proc(struct reductions *reductions);

/*
 * Finds what the options of @plan name, which must outlive the session, loads and
 * attaches as planned. @plan and @intake are copied. 0 or a negative errno, to be given
 * to session_exit_code(): what went wrong has been said on stderr. The caller ends the
 * session with session_clear() in any case.
 */
int session_open(struct session *session, const struct plan *plan, const struct intake *intake);
void session_clear(struct session *session);

/*
 * Begins the window, gives up all privileges but @kept (enum privilege_kept, or'ed), and has
 * Ctrl-C set session_stop. 0 or a negative errno, and nothing has been said of it.
 */
int session_start(struct session *session, unsigned int kept);

/* The mono time at which the options say that the window ends. UINT64_MAX: they say nothing. */
uint64_t session_until(const struct session *session);

/* The enum exit_code of dwell after the negative errno @err of session_open(). */
int session_exit_code(int err);

/* What is known by name, of @session, which must outlive it. */
struct naming session_naming(struct session *session);

/* CLOCK_REALTIME and CLOCK_MONOTONIC at this moment. */
struct outlier_clock session_clock(void);

/* Bytes of memory that this process has now; 0: not known. */
uint64_t session_resident_bytes(void);

/* The strings of a report's heading. */
struct session_heading {
	char kernel[65];
	char host[256];
	char filters[TARGETS_TEXT_LEN];
};

/*
 * Fills @report but for its rows, losses, task counts and outliers. Its strings are in @heading and
 * in @session, which must outlive it.
 */
void session_describe(struct session *session, struct session_heading *heading,
		      struct report *report);

#endif
