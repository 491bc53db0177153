/* SPDX-License-Identifier: GPL-2.0-only */
/* Probes: programs of the kernel side on calls of one Go process, and what they have counted. */
#ifndef DWELL_SOURCE_GO_PROBES_H
#define DWELL_SOURCE_GO_PROBES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/types.h>

#include "bpf/go_sites.h"

struct go_probes;

/* What the program at a probe takes the registers for: see go/sites.h. */
enum go_probe {
	GO_PROBE_CREATE,
	GO_PROBE_STOP,
	GO_PROBE_RESET,
	GO_PROBE_FIRE,
	GO_PROBE_FIRE_UNAWAITED,
	GO_PROBES
};

/*
 * Loads the programs for process @pid, whose runtime is as @config says; tgid is set here.
 * Nothing is attached yet. 0, and the caller ends them with go_probes_close(), which also takes
 * NULL; or a negative errno, after it said why on stderr: -EPERM, -EOPNOTSUPP, another one.
 */
int go_probes_open(uint32_t pid, const struct go_sites_config *config, struct go_probes **probes);

/* Detaches all probes, and frees what they have counted. */
void go_probes_close(struct go_probes *probes);

/*
 * Puts a probe on the instruction at @offset of the executable that is open at @file. The caller
 * has proven what lies there: anywhere else it kills the process. Probes count nothing yet. 0, or a
 * negative errno, after it said why on stderr.
 */
int go_probes_attach(struct go_probes *probes, enum go_probe probe, int file, uint64_t offset);

/*
 * Gives up for good every privilege of this process but @kept (enum privilege_kept, or'ed) and
 * those that reading what was counted needs: before Linux 5.19 that is CAP_BPF. Probes that are on
 * stay on, and others cannot be put on any more. 0 or a negative errno.
 */
int go_probes_drop_privileges(const struct go_probes *probes, unsigned int kept);

/* Takes all probes off the process again. What was counted stays. */
void go_probes_detach(struct go_probes *probes);

/* Has what happens counted from now on, or no longer. */
void go_probes_count(struct go_probes *probes, bool on);

/* The totals, which grow while probes count; valid as long as the probes. */
const struct go_sites_totals *go_probes_totals(const struct go_probes *probes);

/* The @count origins of timers, some without any; valid as long as the probes. */
const struct go_site *go_probes_sites(const struct go_probes *probes, size_t *count);

/*
 * Calls @take with each timer that is armed and the address of its structure. Call it once
 * nothing counts any more. 0, what @take returned first that is not 0, or a negative errno.
 */
int go_probes_armed(const struct go_probes *probes,
		    int (*take)(void *context, uint64_t address, const struct go_site_timer *timer),
		    void *context);

/* Calls that the kernel skipped a probe of so far. */
uint64_t go_probes_missed(const struct go_probes *probes);

/*
 * Measures what being probed costs a call on this machine, without what the programs take: it puts a
 * probe on a call of its own for some ms. Returns ns; 0: it cannot be told.
 */
double go_probes_trap_ns(struct go_probes *probes);

#endif
