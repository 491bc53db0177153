/* SPDX-License-Identifier: GPL-2.0-only */
/* What the Go runtime says of its own goroutines, by the program's own pprof endpoint. */
#ifndef DWELL_LIVE_GO_PPROF_H
#define DWELL_LIVE_GO_PPROF_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Fetches http://127.0.0.1:@port@path into memory that the caller frees, with a NUL behind the
 * last byte; NULL: nobody answers, or not with 200.
 */
char *go_http_get(uint16_t port, const char *path, size_t *length);

/*
 * The goroutines of the program at @port: an array of objects with the keys state ("running",
 * "runnable", "waiting", "syscall"), created_by ("": nobody), place (the owner of the stack,
 * by the rules of user/go/view.h), stack and at (arrays of strings). The caller frees it. NULL:
 * nobody answers.
 */
json_t *go_pprof_goroutines(uint16_t port);

/* Whether @function is of the standard library. */
bool go_is_standard(const char *function);

#endif
