// SPDX-License-Identifier: GPL-2.0-only
/* Attaches the kernel side, in an order that leaves no task without its record. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include <bpf/libbpf.h>

#include "base/message.h"
#include "source/bpf_object.h"
#include "source/live_private.h"
#include "source/refusal.h"
#include "dwell.skel.h"

#define ADOPTING_PASSES 5

static int attach_program(struct bpf_program *program, struct bpf_link **link)
{
	int err;

	if (!bpf_program__autoload(program) || *link)
		return 0;
	*link = bpf_program__attach(program);
	err = libbpf_get_error(*link);
	if (!err)
		return 0;
	*link = NULL;
	refusal_note(bpf_program__name(program));
	return err;
}

/*
 * Makes a record for every task. The kernel's pool for records may run dry, and is refilled
 * a moment later, so another pass follows then. 0 or a negative errno.
 */
static int make_records(struct dwell_bpf *skeleton)
{
	int err;

	for (int pass = 0; pass < ADOPTING_PASSES; pass++) {
		skeleton->bss->tasks_adopted = 0;
		skeleton->bss->tasks_refused = 0;
		err = iterator_run(skeleton->links.adopt_tasks);
		if (err || !skeleton->bss->tasks_refused)
			return err;
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	if (!skeleton->bss->tasks_adopted)
		return -ENOMEM;
	message_detail(1, "%llu tasks have no record yet",
		       (unsigned long long)skeleton->bss->tasks_refused);
	return 0;
}

/*
 * Makes records if adopt_tasks is there. Otherwise a task gets its record when it is woken,
 * and an iterator only has to learn dwell's own number. 0 or a negative errno.
 */
static int adopt_tasks(struct dwell_bpf *skeleton)
{
	int err;

	if (!skeleton->links.adopt_tasks)
		return iterator_run(skeleton->links.read_tasks);
	err = make_records(skeleton);
	if (err)
		refusal_note("adopt_tasks");
	return err;
}

/*
 * Attaches the programs for new tasks first, all that can make a record, then makes records
 * of existing tasks, then attaches everything else. So every task has its record when the
 * first switch is seen.
 */
int live_attach(struct live *live)
{
	struct dwell_bpf *skeleton = live->skeleton;
	int err = attach_program(skeleton->progs.on_newtask, &skeleton->links.on_newtask);

	if (!err)
		err = attach_program(skeleton->progs.on_newtask_twin,
				     &skeleton->links.on_newtask_twin);
	if (!err)
		err = attach_program(skeleton->progs.on_fork, &skeleton->links.on_fork);
	if (!err)
		err = attach_program(skeleton->progs.read_tasks, &skeleton->links.read_tasks);
	if (!err)
		err = attach_program(skeleton->progs.adopt_tasks, &skeleton->links.adopt_tasks);
	if (!err)
		err = adopt_tasks(skeleton);
	for (int i = 0; i < skeleton->skeleton->prog_cnt && !err; i++) {
		struct bpf_prog_skeleton *program = &skeleton->skeleton->progs[i];

		err = attach_program(*program->prog, program->link);
	}
	return err;
}
