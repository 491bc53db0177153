/* SPDX-License-Identifier: GPL-2.0-only */
/* Options: what dwell was asked to do. */
#ifndef DWELL_OPTIONS_OPTIONS_H
#define DWELL_OPTIONS_OPTIONS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "go/view.h"
#include "model/model.h"
#include "model/timer_view.h"
#include "options/command.h"
#include "source/request.h"

/* What the command line asks for. */
enum action { ACTION_RUN, ACTION_HELP, ACTION_VERSION };

/* Where the service writes outliers. */
enum daemon_log {
	DAEMON_LOG_JOURNAL, /* the journal, or stderr on a host without one */
	DAEMON_LOG_STDERR,
	DAEMON_LOG_OFF,
};

/* Whether the service reads Go programs. */
enum daemon_go_mode { DAEMON_GO_OFF, DAEMON_GO_ON };

/* Options of the service alone. */
struct daemon_options {
	const char *config;	     /* file name; points into argv, or is the default */
	char textfile_dir[PATH_MAX]; /* absolute path; empty: no text file is written */
	uint64_t interval_ns;	     /* from one export to the next */
	enum row_by groups;	     /* ROW_BY_COMM or ROW_BY_CGROUP */
	unsigned int max_groups;
	unsigned int max_overhead_ppm; /* millionths of the time of all CPUs; 0: no limit */
	enum daemon_log log;
	enum daemon_go_mode go;
	unsigned int max_go; /* Go processes that are read */
};

/* Options of `dwell go` alone. */
struct go_options {
	struct go_view view;
	uint64_t interval_ns; /* from one look to the next; 0: not given */
	bool lasting;	      /* --interval or --duration was given: it looks for some time */
	bool sites;	      /* watch who creates timers, instead of looking at those there are */
	/* File names; point into argv; NULL: none. */
	const char *pprof, *save, *baseline;
};

/* What the command line asks for. An option that the command does not take has its default. */
struct options {
	enum action action;
	enum command command;
	uint64_t given; /* the option_bit() of each option on the command line */
	/* Without cgroups, which are only names until targets_find(). */
	struct source_filter filter;
	char *cgroups[SOURCE_FILTER_MAX]; /* as typed; owned */
	unsigned int nr_cgroups;
	uint64_t duration_ns; /* at most 365 days; 0: until Ctrl-C */
	struct view view;     /* of tasks; its limit is that of the ledger's rows too */
	struct timer_view timer_view;
	struct source_ledger ledger; /* without @alone, which the command's plan sets */
	/* By enum dwell_measure; off if the command looks for none. */
	struct outlier_rule outlier[DWELL_MEASURES];
	unsigned int sensitivity; /* mean deviations beyond the mean */
	bool user_stacks;	  /* where in a program a task blocked is kept */
	bool exit_code;		  /* status tells of outliers, or of growth */
	bool json;
	const char *output;   /* file name; points into argv; NULL: stdout */
	unsigned int verbose; /* how often -v was given */
	struct daemon_options daemon;
	struct go_options go;
};

#define OPTIONS_ERROR_LEN 1024 /* bytes of an error's line, with its NUL */

/* Frees what @options own, and leaves them without cgroups. All zeros own nothing. */
void options_clear(struct options *options);

/*
 * Copies @from to @to with its own cgroups. The caller clears @to with options_clear() in any
 * case. 0 or -ENOMEM.
 */
int options_copy(const struct options *from, struct options *to);

/*
 * Whether the service has to be restarted for @fresh: an option of the configuration file
 * differs from @running, and a running service does not take it over.
 */
bool options_need_restart(const struct options *running, const struct options *fresh);

#endif
