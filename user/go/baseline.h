/* SPDX-License-Identifier: GPL-2.0-only */
/* Baselines: a snapshot that was saved, to compare a later one with. */
#ifndef DWELL_GO_BASELINE_H
#define DWELL_GO_BASELINE_H

#include <stdint.h>
#include <stdio.h>

#include "go/view.h"

/*
 * A row has grown if it has so many more than the baseline, and so much of the baseline's count
 * more. Both are larger than what a service at rest goes up and down by.
 */
#define GO_GREW_LEAST 10
#define GO_GREW_SHARE 0.2

#define GO_BASELINE_BYTES_MAX (64 << 20)
#define GO_BASELINE_LINES_MAX 100000

struct go_baseline;

/*
 * Reads what `dwell go --save` has written, or `dwell go -j -n 0` of one process by sites: up to
 * the end of @file, which stays open. 0, and the caller frees it with go_baseline_free(), which also takes
 * NULL; or, with *why saying in a few words what is wrong (static): -EINVAL: it is no such file;
 * -EFBIG: it is too large; -ENOMEM; or another negative errno of reading. After an error *baseline
 * is NULL.
 */
int go_baseline_read(FILE *file, struct go_baseline **baseline, const char **why);
void go_baseline_free(struct go_baseline *baseline);

/* Of the process as it was; "": not known. Any bytes of UTF-8, valid as long as the baseline. */
const char *go_baseline_build_id(const struct go_baseline *baseline);
const char *go_baseline_version(const struct go_baseline *baseline);

/*
 * Compares @rows with the baseline by kind and names of functions, sets what changed in each, and
 * leaves out those that are not new, have not grown and do not keep growing. @rows were made by a coarse GO_BY_SITE,
 * without a limit; they have to be ranked again. Returns how many rows have grown, new ones of at
 * least GO_GREW_LEAST included.
 */
size_t go_baseline_compare(const struct go_baseline *baseline, struct go_rows *rows);

#endif
