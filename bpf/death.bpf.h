/* SPDX-License-Identifier: GPL-2.0-only */
/* Deaths: how the record of a task that dies is ended and sent. */
#ifndef DWELL_DEATH_BPF_H
#define DWELL_DEATH_BPF_H

#include "ledger.bpf.h"
#include "record.bpf.h"

/* Ends the record of @task, which is about to be gone. */
inline_always void end_record(struct dwell_record *record, struct task_struct *task)
{
	if (unlikely(record->sleeper))
		expire_unseen(record, task);
	push_last_record(record, task);
}

/*
 * Where only timers are asked for, nothing is attached to switches: this is the last
 * that is seen of a task. Its files are not closed yet, nor the timers in them: the
 * ledger has those. The program has a twin, because it can be preempted: see
 * on_newtask().
 */
inline_always void note_exit(struct task_struct *task)
{
	struct dwell_record *record = find_record(task);

	if (record && record->kind != DWELL_EXIT && window == DWELL_WINDOW_OPEN)
		end_record(record, task);
}

SEC("tp_btf/sched_process_exit")
int on_exit(u64 *ctx)
{
	note_exit((void *)ctx[0]);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int on_exit_twin(u64 *ctx)
{
	note_exit((void *)ctx[0]);
	return 0;
}

#endif /* DWELL_DEATH_BPF_H */
