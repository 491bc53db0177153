/* SPDX-License-Identifier: GPL-2.0-only */
/* The live source: the running kernel, measured by programs that are loaded into it. */
#ifndef DWELL_SOURCE_LIVE_H
#define DWELL_SOURCE_LIVE_H

#include "source/intake.h"
#include "source/request.h"
#include "source/source.h"

/*
 * Loads the kernel side, attaches it, and makes a record for every existing task. Nothing
 * is measured yet. If the kernel refuses a dispensable part, that is added to the request's
 * reductions, which must outlive the source. The rest of @request is read only here, and
 * @intake is copied. 0, and the caller closes *source with source_close(). After an error
 * *source is NULL, and the reason was said on stderr. -EOPNOTSUPP: the kernel lacks a
 * feature; -EPERM: a privilege is missing; another negative errno.
 */
int source_live_open(struct source **source, const struct source_request *request,
		     const struct intake *intake);

#endif
