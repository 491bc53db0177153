/* SPDX-License-Identifier: GPL-2.0-only */
/* The live source: the kernel that runs, measured by programs that are loaded into it. */
#ifndef DWELL_SOURCE_LIVE_H
#define DWELL_SOURCE_LIVE_H

#include "source/intake.h"
#include "source/request.h"
#include "source/source.h"

/*
 * Loads and attaches to the running kernel, and makes a record for every task
 * that exists; nothing is measured yet. What the kernel refuses and dwell can do
 * without is added to the request's reductions, which must outlive the source.
 * @intake is copied. 0, and the caller closes *source with source_close(). Else
 * *source is NULL, and why has been said on stderr: -EOPNOTSUPP (the kernel lacks
 * a feature), -EPERM, another negative errno.
 */
int source_live_open(struct source **source, const struct source_request *request,
		     const struct intake *intake);

#endif
