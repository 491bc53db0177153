/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Plans: what a command wants measured, kept and shown. Lower layers ask the plan, not the
 * command.
 */
#ifndef DWELL_CMD_PLAN_H
#define DWELL_CMD_PLAN_H

#include <stdbool.h>

#include "model/model.h"
#include "model/timer_view.h"
#include "options/options.h"
#include "source/request.h"

struct plan {
	const struct options *options; /* everything else; must outlive the session */
	struct source_ledger ledger;
	bool outliers_alone;  /* nothing but outliers is measured */
	bool samples_cost;    /* the cost is read while it measures */
	bool names_meanwhile; /* functions are named while it measures, not after it */
	bool lasting;	      /* timers are read repeatedly, without an end */
	struct view view;     /* what is shown; if by task or process, exited ones are kept */
	struct timer_view timer_view;
};

/*
 * Each makes the plan of a command that measures, and is defined in that command's file.
 * @options must outlive the plan.
 */
struct plan summary_plan(const struct options *options);
struct plan outliers_plan(const struct options *options);
struct plan timers_plan(const struct options *options);
struct plan daemon_plan(const struct options *options);

#endif
