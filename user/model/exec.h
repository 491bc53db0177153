/* SPDX-License-Identifier: GPL-2.0-only */
/* Threads that take over their leader's identity by exec. */
#ifndef DWELL_MODEL_EXEC_H
#define DWELL_MODEL_EXEC_H

#include "model/roster.h"

/*
 * Gives tasks new ids if @record shows that a thread took over its leader's identity by exec.
 * To be called before @record is taken in, under the id that it names. 0 or -ENOMEM.
 */
int task_resolve_exec(struct roster *roster, const struct dwell_record *record);

#endif
