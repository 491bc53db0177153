/* SPDX-License-Identifier: GPL-2.0-only */
/* What all sinks do alike: bring what they wrote to its end. */
#include <errno.h>

#include "sink.h"

int sink_flush(FILE *out)
{
	/* A write that failed on the way left its errno; what succeeded since left it alone. */
	if (fflush(out) || ferror(out))
		return errno ? -errno : -EIO;
	return 0;
}

uint64_t report_loss(const struct report *report, enum dwell_loss loss)
{
	if (loss == DWELL_LOSS_TASKS_FOLDED && report->view.by != ROW_BY_TASK)
		return 0;
	return model_loss(report->model, loss);
}
