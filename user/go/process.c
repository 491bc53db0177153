// SPDX-License-Identifier: GPL-2.0-only
/* Processes: a Go process that is read from outside, again and again. */
#include "go/process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "go/goroutines.h"
#include "go/heap.h"
#include "go/memory.h"
#include "go/module.h"
#include "go/runqueue.h"
#include "go/runtime.h"
#include "go/settings.h"
#include "host/proc_file.h"

/*
 * Most CPU time in ns to open a process, and for a snapshot and the names in it: some hundred
 * times what large programs take, but a made-up one could ask for hours.
 */
#define OPEN_NS 2000000000ULL
#define SNAPSHOT_NS 10000000000ULL

struct go_process {
	uint32_t pid;
	char comm[32];
	struct go_memory *memory;
	struct go_image image;
	struct go_layout layout; /* by the version; the runtime's is as it was found */
	struct go_module module;
	struct go_symbols *symbols;
	struct go_runtime runtime;
	enum go_semantics semantics;
	char why[96];
};

const char *go_refusal_name(enum go_refusal refusal)
{
	static const char *const name[] = {[GO_READ] = "read",
#define X(id, name, text) [GO_REFUSED_##id] = name,
					   GO_REFUSAL_LIST(X)
#undef X
	};

	return name[refusal];
}

const char *go_refusal_text(enum go_refusal refusal)
{
	static const char *const text[] = {[GO_READ] = "it can be read",
#define X(id, name, text) [GO_REFUSED_##id] = text,
					   GO_REFUSAL_LIST(X)
#undef X
	};

	return text[refusal];
}

/* ---- open ------------------------------------------------------------------------ */

/* Returns what @err means, which is @absent if it says that something was not found. */
static enum go_refusal refusal_of(int err, enum go_refusal absent)
{
	switch (err) {
	case 0:
		return GO_READ;
	case -ESRCH:
		return GO_REFUSED_EXITED;
	case -EACCES:
	case -EPERM:
		return GO_REFUSED_FORBIDDEN;
	case -ENOENT:
	case -ENOEXEC:
		return absent;
	case -ETIME:
		return GO_REFUSED_ENDLESS;
	default:
		return GO_REFUSED_FAILED;
	}
}

static bool is_supported(const char *arch)
{
	return !*arch || !strcmp(arch, "amd64") || !strcmp(arch, "arm64");
}

static enum go_refusal find_layout(struct go_process *process)
{
	int err;

	if (!is_supported(process->image.arch))
		return GO_REFUSED_MACHINE;
	err = go_layout_of(process->image.version, &process->layout);
	if (err == -ENOTSUP)
		return GO_REFUSED_OLD;
	return err ? GO_REFUSED_NOT_GO : GO_READ;
}

static enum go_refusal find_runtime(struct go_process *process)
{
	int err;

	err = go_module_find(process->memory, &process->image, &process->module);
	if (err)
		return refusal_of(err, GO_REFUSED_MODULE);
	err = go_symbols_new(process->memory, &process->module, &process->symbols);
	if (err)
		return refusal_of(err, GO_REFUSED_FAILED);
	err = go_runtime_find(process->memory, &process->module, process->symbols, &process->layout,
			      &process->runtime);
	if (!err)
		err = go_heaps_prove(&process->runtime);
	return refusal_of(err, GO_REFUSED_LAYOUT);
}

static enum go_refusal find_all(struct go_process *process)
{
	enum go_refusal refusal;
	int err;

	err = go_memory_open(process->pid, &process->memory);
	if (err)
		return refusal_of(err, GO_REFUSED_FAILED);
	go_memory_limit(process->memory, OPEN_NS);
	proc_file_comm(process->pid, process->comm, sizeof(process->comm));
	err = go_image_read(process->memory, &process->image);
	if (err)
		return refusal_of(err, GO_REFUSED_NOT_GO);
	refusal = find_layout(process);
	if (!refusal)
		refusal = find_runtime(process);
	if (refusal)
		return refusal;
	process->semantics = go_settings_semantics(process->pid, &process->layout, &process->image,
						   process->why, sizeof(process->why));
	return GO_READ;
}

enum go_refusal go_process_open(uint32_t pid, struct go_process **process)
{
	struct go_process *fresh = calloc(1, sizeof(*fresh));
	enum go_refusal refusal;

	*process = NULL;
	if (!fresh)
		return GO_REFUSED_FAILED;
	fresh->pid = pid;
	refusal = find_all(fresh);
	/* What was read of two programs proves nothing about either. */
	if (fresh->memory && !go_memory_same(fresh->memory))
		refusal = GO_REFUSED_EXITED;
	else if (fresh->memory && go_memory_spent(fresh->memory))
		refusal = GO_REFUSED_ENDLESS;
	if (refusal)
		go_process_close(fresh);
	else
		*process = fresh;
	return refusal;
}

void go_process_close(struct go_process *process)
{
	if (!process)
		return;
	go_symbols_free(process->symbols);
	go_memory_close(process->memory);
	free(process);
}

/* ---- what it is ------------------------------------------------------------------ */

uint32_t go_process_pid(const struct go_process *process)
{
	return process->pid;
}

const char *go_process_comm(const struct go_process *process)
{
	return process->comm;
}

const struct go_image *go_process_image(const struct go_process *process)
{
	return &process->image;
}

const struct go_layout *go_process_layout(const struct go_process *process)
{
	return &process->runtime.layout;
}

struct go_symbols *go_process_symbols(struct go_process *process)
{
	return process->symbols;
}

struct go_memory *go_process_memory(struct go_process *process)
{
	return process->memory;
}

enum go_semantics go_process_semantics(const struct go_process *process, const char **why)
{
	*why = process->why;
	return process->semantics;
}

void go_process_renew(struct go_process *process)
{
	go_memory_limit(process->memory, SNAPSHOT_NS);
	go_symbols_renew(process->symbols);
}

/* ---- snapshots ------------------------------------------------------------------- */

static int read_snapshot(const struct go_runtime *runtime, struct go_snapshot *snapshot,
			 struct go_index *index)
{
	auto_free uint64_t *ps = NULL;
	size_t count;
	int err;

	err = go_runtime_ps(runtime, &ps, &count);
	if (err)
		return err;
	snapshot->ps = count;
	err = go_runqueue_read(runtime, ps, count, &snapshot->runqueue);
	if (err && err != -ENOENT)
		return err;
	snapshot->runqueue_known = !err;
	/* Goroutines come first, since timers tell who waits for them. */
	err = go_goroutines_read(runtime, snapshot, index);
	return err ? err : go_heaps_read(runtime, ps, count, index, snapshot);
}

static bool is_whole(const struct go_snapshot *snapshot)
{
	for (int i = 0; i < GO_LOSSES; i++) {
		if (snapshot->lost[i])
			return false;
	}
	return true;
}

enum go_refusal go_process_snapshot(struct go_process *process, struct go_snapshot *snapshot)
{
	uint64_t names = go_symbols_unknown(process->symbols), began = clock_mono();
	struct go_index index = {0};
	int err;

	snapshot->at = (int64_t)began;
	go_process_renew(process);
	err = read_snapshot(&process->runtime, snapshot, &index);
	go_index_free(&index);
	if (!go_memory_same(process->memory))
		err = -ESRCH;
	else if (go_memory_spent(process->memory))
		err = -ETIME;
	if (err) {
		go_snapshot_clear(snapshot);
		return refusal_of(err, GO_REFUSED_LAYOUT);
	}
	snapshot->lost[GO_LOSS_NAMES] = go_symbols_unknown(process->symbols) - names;
	snapshot->complete = is_whole(snapshot);
	snapshot->took_ns = clock_mono() - began;
	return GO_READ;
}
