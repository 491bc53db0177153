/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by the files of the probes. */
#ifndef DWELL_SOURCE_GO_PROBES_PRIVATE_H
#define DWELL_SOURCE_GO_PROBES_PRIVATE_H

#include <bpf/libbpf.h>

#include "source/go_probes.h"
#include "go_sites.skel.h"

#define LINKS_MAX 16

struct go_probes {
	struct go_sites_bpf *skeleton;
	uint32_t pid;
	struct bpf_link *link[LINKS_MAX];
	size_t links;
	bool needs_bpf; /* CAP_BPF is needed even to read what was counted */
};

/*
 * Attaches the program of @probe to the file at @path, for @pid (0: this process). 0 and a link; or
 * a negative errno.
 */
int go_probes_link(struct go_probes *probes, enum go_probe probe, int pid, const char *path,
		   uint64_t offset, struct bpf_link **link);

#endif
