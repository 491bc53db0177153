// SPDX-License-Identifier: GPL-2.0-only
/* What text and JSON tell alike of who creates the timers of a Go process. */
#include "sink/go_sites.h"

double go_sites_cpu(const struct go_sites_report *report)
{
	double ns = (double)report->hits * (report->trap_ns + report->run_ns);

	return report->window_ns ? ns / (double)report->window_ns : 0;
}

int go_sites_stack(const struct go_sites_report *report, const struct go_sites_row *row,
		   int (*take)(void *context, uint64_t pc, const struct go_frame *frame),
		   void *context)
{
	for (size_t i = 0; i < GO_SITES_DEPTH && row->key.pc[i]; i++) {
		/* The call lies before what it returns to. */
		const uint64_t pc = row->key.pc[i] - 1;
		const struct go_frame *frame;
		size_t frames = go_symbols_frames(report->symbols, pc, &frame);
		int err = frames ? 0 : take(context, pc, NULL);

		for (size_t k = 0; k < frames && !err; k++)
			if (!frame[k].wrapper)
				err = take(context, pc, &frame[k]);
		if (err)
			return err;
	}
	return 0;
}
