/* SPDX-License-Identifier: GPL-2.0-only */
/* BPF objects: questions to the maps and iterators of a loaded object. */
#ifndef DWELL_SOURCE_BPF_OBJECT_H
#define DWELL_SOURCE_BPF_OBJECT_H

#include <stdbool.h>

struct bpf_link;
struct bpf_map;

/* Whether @map exists in the kernel: it was neither left out nor refused. */
bool map_exists(const struct bpf_map *map);

/* Runs the iterator @link to its end and drops its output. 0 or a negative errno. */
int iterator_run(struct bpf_link *link);

#endif
