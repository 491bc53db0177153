/* SPDX-License-Identifier: GPL-2.0-only */
/* Reader: a process of the service that reads Go programs, so that none of them can hold it up. */
#ifndef DWELL_CMD_GO_READER_H
#define DWELL_CMD_GO_READER_H

#include <stddef.h>
#include <stdint.h>

#include "cmd/go_scan.h"
#include "export/prom_go.h"

/*
 * A page of a program's memory may be one that the program itself has to bring in (userfaultfd,
 * a file system of its own), and then a read lasts for as long as it likes. So a process of its
 * own reads. The service never waits for it for long, kills it when it hangs, and leaves the
 * program alone from then on.
 */

struct go_reader;

/* What is known of Go programs. Valid until the next go_reader_update(). */
struct go_reading {
	struct go_census census;
	const char *programs; /* text of prom_go_programs(), at most five minutes old */
	size_t bytes;	      /* 0: there is none */
};

#define GO_READER_PATIENCE_NS 10000000000ULL

/*
 * Starts no process yet: go_reader_update() does, which needs the privilege to read memory. A
 * program whose reading takes longer than @patience_ns is read no more. NULL without memory. The
 * caller frees the reader with go_reader_free(), which also takes NULL.
 */
struct go_reader *go_reader_new(uint64_t patience_ns);
void go_reader_free(struct go_reader *reader);

/*
 * Has Go programs read as @terms say, and waits for the answer for at most a tenth of a second. A
 * later answer is that of the next update, and until then earlier figures count.
 */
const struct go_reading *go_reader_update(struct go_reader *reader,
					  const struct go_scan_terms *terms);

/* CPU time in ns that reading has taken since the beginning. */
uint64_t go_reader_cpu_ns(struct go_reader *reader);

#endif
