/* SPDX-License-Identifier: GPL-2.0-only */
/* Options: what dwell was asked to do. */
#ifndef DWELL_OPTIONS_OPTIONS_H
#define DWELL_OPTIONS_OPTIONS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "model/model.h"
#include "model/timer_view.h"
#include "options/command.h"
#include "source/request.h"

/* What the command line asks for. */
enum action { ACTION_RUN, ACTION_HELP, ACTION_VERSION };

/* Where outliers are written as they come. */
enum daemon_log {
	DAEMON_LOG_JOURNAL, /* the journal; stderr on a host without one */
	DAEMON_LOG_STDERR,
	DAEMON_LOG_OFF,
};

/* What only the service takes. */
struct daemon_options {
	const char *config;	     /* file name, points into argv or to the default */
	char textfile_dir[PATH_MAX]; /* absolute; empty: no textfile is written */
	uint64_t interval_ns;	     /* between two exports */
	enum row_by groups;	     /* ROW_BY_COMM or ROW_BY_CGROUP */
	unsigned int max_groups;
	unsigned int max_overhead_ppm; /* millionths of the machine; 0: no limit */
	enum daemon_log log;
};

/* The command line, read. What a command does not take has its default value. */
struct options {
	enum action action;
	enum command command;
	uint64_t given;		     /* a bit for each of option_specs that the command line has */
	struct source_filter filter; /* its cgroups stay empty: they are names yet */
	char *cgroups[SOURCE_FILTER_MAX]; /* as typed; owned, freed by options_clear() */
	unsigned int nr_cgroups;
	uint64_t duration_ns; /* at most 365 days; 0: until Ctrl-C */
	struct view view;     /* of tasks; its limit is that of timers too */
	struct timer_view timer_view;
	struct source_ledger ledger; /* whether it is @alone is the command's to say */
	struct outlier_rule outlier[DWELL_MEASURES]; /* off where the command looks for none */
	unsigned int sensitivity;		     /* mean deviations beyond the mean */
	bool user_stacks;			     /* where programs block is kept */
	bool exit_code;				     /* the status tells whether there were any */
	bool json;
	const char *output;   /* file name, points into argv; NULL: stdout */
	unsigned int verbose; /* how often -v was given */
	struct daemon_options daemon;
};

#define OPTIONS_ERROR_LEN 1024 /* room for what is wrong with one of them, and its NUL */

/* Frees what @options own; all zeros own nothing. */
void options_clear(struct options *options);

/*
 * Copies @from, cgroups included, to @to, which options_clear() has to clear in
 * any case. 0 or -ENOMEM.
 */
int options_copy(const struct options *from, struct options *to);

/*
 * Whether @fresh differs from @running, both of the service, in what its configuration file may
 * have and a running service cannot take over.
 */
bool options_need_restart(const struct options *running, const struct options *fresh);

#endif
