/* SPDX-License-Identifier: GPL-2.0-only */
/* dwell go --sites: who creates the timers of one Go process, watched for a while. */
#ifndef DWELL_CMD_GO_SITES_H
#define DWELL_CMD_GO_SITES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "go/process.h"
#include "options/options.h"
#include "sink/go_sites.h"
#include "sink/report.h"

#define GO_SITES_DURATION_NS 30000000000ULL /* unless the user says otherwise */
#define GO_SITES_LIMIT 50000		    /* calls a second that probes may meet */

struct go_sites_wish {
	uint64_t duration_ns; /* at most; 0: until *@stop */
	uint64_t limit;	      /* hits a second, beyond which the probes are taken off */
	size_t rows;	      /* at most; 0: all */
	unsigned int kept;    /* privileges that are kept too: enum privilege_kept, or'ed */
};

/*
 * Watches @process as @options say, and writes to @out what became of its timers. Returns an enum
 * exit_code: EXIT_DONE, or another one, whose reason has been said on stderr. @host is for the header
 * of text; that of JSON has been written.
 */
int go_sites_command(struct go_process *process, const struct options *options,
		     const struct report *host, FILE *out);

/*
 * Puts probes on @process, watches until the time is over, *@stop is not 0, the process ends or
 * its calls become too many, and takes them off. Once they are on, this process gives up for good
 * all privileges that it does not need to read them. Fills @report, whose pointers lead into
 * @process, which must outlive it. 0, or a negative errno for session_exit_code(), after it said
 * why on stderr: -EPERM, -EOPNOTSUPP, another one. The caller frees @report with go_sites_free()
 * in any case.
 */
int go_sites_run(struct go_process *process, const struct go_sites_wish *wish,
		 const volatile int *stop, struct go_sites_report *report);
void go_sites_free(struct go_sites_report *report);

#endif
