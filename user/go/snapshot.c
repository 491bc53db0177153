// SPDX-License-Identifier: GPL-2.0-only
/* Snapshots: the timers and goroutines that a Go process held at one moment. */
#include "go/snapshot.h"

#include <stdlib.h>

void go_snapshot_clear(struct go_snapshot *snapshot)
{
	free(snapshot->timer);
	free(snapshot->goroutine);
	free(snapshot->stack);
	*snapshot = (struct go_snapshot){0};
}
