/* SPDX-License-Identifier: GPL-2.0-only */
/* Gzip: bytes compressed into a file. */
#ifndef DWELL_SINK_GZIP_H
#define DWELL_SINK_GZIP_H

#include <stddef.h>
#include <stdio.h>

/*
 * Writes @length @bytes to @out as one member of gzip, without a flush. 0, -ENOMEM, or the
 * negative errno of a failed write (-EPIPE too).
 */
int gzip_write(FILE *out, const unsigned char *bytes, size_t length);

#endif
