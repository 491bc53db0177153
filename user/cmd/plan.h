/* SPDX-License-Identifier: GPL-2.0-only */
/* Plans: what a command wants measured, kept and shown; nothing beneath it asks which it is. */
#ifndef DWELL_CMD_PLAN_H
#define DWELL_CMD_PLAN_H

#include <stdbool.h>

#include "model/model.h"
#include "model/timer_view.h"
#include "options/options.h"
#include "source/request.h"

struct plan {
	const struct options *options; /* for all else; they outlive the session */
	struct source_ledger ledger;
	bool outliers_alone;  /* nothing else is measured */
	bool samples_cost;    /* what measuring costs is looked at while it goes on */
	bool names_meanwhile; /* functions are named while it measures, not after it */
	bool lasting;	      /* timers are read again and again, without an end */
	struct view view;     /* by task or process: exited ones are kept for it */
	struct timer_view timer_view;
};

/* The plan of each command that measures, made in the command's own file. */
struct plan summary_plan(const struct options *options);
struct plan outliers_plan(const struct options *options);
struct plan timers_plan(const struct options *options);
struct plan daemon_plan(const struct options *options);

#endif
