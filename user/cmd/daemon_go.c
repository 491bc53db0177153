// SPDX-License-Identifier: GPL-2.0-only
/* Go programs in the service: whether they are read, at what cost, and what is told of them. */
#include "cmd/daemon_go.h"

#include <errno.h>
#include <string.h>

#include "base/privilege.h"

/* The reader begins with no more programs after such a part of an interval. */
#define ELAPSE_SHARE 4

int daemon_go_open(struct daemon_go *go, const struct options *options,
		   struct reductions *reductions)
{
	struct privileges privileges;
	int refused = 0;

	*go = (struct daemon_go){.wanted = options->daemon.go == DAEMON_GO_ON};
	if (!go->wanted)
		return 0;
	/* With the numbers of another pid namespace, it would read other programs. */
	if (reductions_have(reductions, "/proc") || reductions_have(reductions, "/proc/self"))
		refused = ESRCH;
	else if (privileges_read(&privileges) || !privileges.memory)
		refused = EPERM;
	if (refused) {
		reductions_add(reductions, "go_memory", refused);
		return 0;
	}
	go->reader = go_reader_new(GO_READER_PATIENCE_NS);
	return go->reader ? 0 : -ENOMEM;
}

void daemon_go_close(struct daemon_go *go)
{
	go_reader_free(go->reader);
	*go = (struct daemon_go){0};
}

void daemon_go_update(struct daemon_go *go, const struct options *options, uint64_t cpu_ns,
		      uint64_t interval_ns)
{
	struct go_scan_terms terms = {
		.limit = options->daemon.max_go,
		.cpu_ns = cpu_ns,
		.elapse_ns = interval_ns / ELAPSE_SHARE,
		.nr_comms = options->filter.nr_comms,
	};

	if (!go->reader)
		return;
	memcpy(terms.comms, options->filter.comms, sizeof(terms.comms));
	go->reading = go_reader_update(go->reader, &terms);
}

uint64_t daemon_go_cpu_ns(struct daemon_go *go)
{
	return go->reader ? go_reader_cpu_ns(go->reader) : 0;
}

void daemon_go_tell(const struct daemon_go *go, struct prom *prom)
{
	if (!go->wanted)
		return;
	prom->go = go->reading ? &go->reading->census : &go->none;
	if (!go->reading)
		return;
	prom->go_programs = go->reading->programs;
	prom->go_bytes = go->reading->bytes;
}
