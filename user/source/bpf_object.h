/* SPDX-License-Identifier: GPL-2.0-only */
/* BPF objects: what all that work with a loaded one ask of its maps and iterators. */
#ifndef DWELL_SOURCE_BPF_OBJECT_H
#define DWELL_SOURCE_BPF_OBJECT_H

#include <stdbool.h>

struct bpf_link;
struct bpf_map;

/* Whether @map was made: neither left out nor refused. */
bool map_exists(const struct bpf_map *map);

/* Runs an iterator to its end; what it writes goes to nobody. 0 or a negative errno. */
int iterator_run(struct bpf_link *link);

#endif
