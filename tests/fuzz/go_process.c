// SPDX-License-Identifier: GPL-2.0-only
/* Fuzzes all that reads a Go process: the input is one (harness/fuzz/go_memory.h). */
#include "go/process.h"

#include <string.h>
#include <unistd.h>

#include "go/view.h"
#include "harness/fuzz/fuzz.h"
#include "harness/fuzz/go_memory.h"

static uint64_t hash_number(uint64_t hash, uint64_t number)
{
	return fuzz_hash(hash, &number, sizeof(number));
}

static uint64_t read_place(struct go_process *process, uint64_t pc, uint64_t hash)
{
	const struct go_frame *frames;
	const size_t count = go_symbols_frames(go_process_symbols(process), pc, &frames);

	assert(count <= GO_INLINED_MAX);
	for (size_t i = 0; i < count; i++) {
		hash = fuzz_hash_text(hash, frames[i].function);
		hash = fuzz_hash_text(hash, frames[i].file);
		hash = hash_number(hash, frames[i].line);
	}
	return hash;
}

static uint64_t read_timers(struct go_process *process, const struct go_snapshot *snapshot,
			    uint64_t hash)
{
	assert(snapshot->timers <= GO_TIMERS_MAX);
	for (size_t i = 0; i < snapshot->timers; i++) {
		const struct go_timer *timer = &snapshot->timer[i];

		assert(timer->kind < GO_TIMER_KINDS);
		assert(timer->when > 0 || timer->dead);
		assert(timer->goroutine == GO_NONE || timer->goroutine < snapshot->goroutines);
		assert(!timer->receivers || timer->goroutine != GO_NONE);
		hash = hash_number(hash, timer->kind * 4u + timer->dead * 2u + timer->full);
		hash = hash_number(hash, timer->goroutine);
		hash = hash_number(hash, timer->receivers);
		hash = hash_number(hash, timer->period_ns);
		hash = read_place(process, timer->function, hash);
	}
	return hash;
}

static uint64_t read_goroutines(struct go_process *process, const struct go_snapshot *snapshot,
				uint64_t hash)
{
	assert(snapshot->goroutines <= GO_GOROUTINES_MAX);
	for (size_t i = 0; i < snapshot->goroutines; i++) {
		const struct go_goroutine *goroutine = &snapshot->goroutine[i];

		assert(goroutine->state < GO_STATES);
		assert(goroutine->since >= 0 && goroutine->since <= snapshot->at + 10000000000);
		assert(goroutine->stack == GO_NONE || goroutine->stack < snapshot->stacks);
		hash = hash_number(hash, goroutine->state * 4u + goroutine->system * 2u +
						 goroutine->polls);
		hash = hash_number(hash, goroutine->stack);
		hash = read_place(process, goroutine->creator, hash);
		hash = read_place(process, goroutine->start, hash);
	}
	return hash;
}

static uint64_t read_stacks(struct go_process *process, const struct go_snapshot *snapshot,
			    uint64_t hash)
{
	assert(snapshot->stacks <= GO_STACKS_MAX);
	for (size_t i = 0; i < snapshot->stacks; i++) {
		const struct go_stack *stack = &snapshot->stack[i];

		assert(stack->depth && stack->depth <= GO_STACK_DEPTH);
		hash = hash_number(hash, stack->depth * 2u + stack->cut);
		for (size_t j = 0; j < stack->depth; j++)
			hash = read_place(process, stack->pc[j], hash);
	}
	return hash;
}

static uint64_t check_rows(struct go_process *process, const struct go_snapshot *snapshot,
			   enum go_by by, uint64_t hash)
{
	const struct go_view view = {.by = by};
	uint64_t timers = 0, goroutines = 0;
	struct go_rows rows;

	assert(!go_rows_make(snapshot, go_process_symbols(process), &view, &rows));
	for (size_t i = 0; i < rows.timers; i++) {
		const struct go_timer_row *row = &rows.timer[i];

		assert(row->stack == GO_NONE || row->stack < snapshot->stacks);
		assert(row->overdue <= row->count && row->received <= row->count);
		assert(row->full <= row->count && row->crowded <= row->received);
		timers += row->count + row->dead;
		hash = fuzz_hash_text(fuzz_hash_text(hash, row->owner), row->creator);
	}
	for (size_t i = 0; i < rows.goroutines; i++) {
		const struct go_goroutine_row *row = &rows.goroutine[i];

		assert(row->stack == GO_NONE || row->stack < snapshot->stacks);
		assert(row->polls <= row->count && row->known <= row->count);
		goroutines += row->count;
		hash = fuzz_hash_text(fuzz_hash_text(hash, row->place), row->wait);
	}
	assert(timers == snapshot->timers && timers == rows.armed + rows.dead);
	assert(goroutines + rows.system == snapshot->goroutines);
	go_rows_free(&rows);
	return hash;
}

/* 0: it is not complete. */
static uint64_t read_snapshot(struct go_process *process)
{
	struct go_snapshot snapshot = {0};
	const enum go_refusal refusal = go_process_snapshot(process, &snapshot);
	uint64_t hash = 1, lost = 0;

	assert(refusal < GO_REFUSALS);
	assert(snapshot.ps <= GO_PS_MAX);
	hash = read_timers(process, &snapshot, hash);
	hash = read_goroutines(process, &snapshot, hash);
	hash = read_stacks(process, &snapshot, hash);
	for (int by = GO_BY_KIND; by <= GO_BY_CREATOR; by++)
		hash = check_rows(process, &snapshot, (enum go_by)by, hash);
	for (int i = 0; i < GO_LOSSES; i++)
		lost += snapshot.lost[i];
	assert(!snapshot.complete || !lost);
	hash = refusal == GO_READ && snapshot.complete ? hash_number(hash, snapshot.ps) : 0;
	go_snapshot_clear(&snapshot);
	assert(!snapshot.timer && !snapshot.goroutine && !snapshot.stack);
	return hash;
}

uint64_t fuzz_read(void)
{
	struct go_process *process;
	const char *why = NULL;
	uint64_t hash;
	const enum go_refusal refusal = go_process_open((uint32_t)getpid(), &process);

	assert(refusal < GO_REFUSALS);
	assert((refusal == GO_READ) == (process != NULL));
	assert(*go_refusal_name(refusal) && *go_refusal_text(refusal));
	if (!process)
		return 0;
	hash = read_snapshot(process);
	if (hash) {
		hash = fuzz_hash_text(hash, go_process_comm(process));
		hash = fuzz_hash_text(hash, go_process_image(process)->version);
		hash = hash_number(hash, go_process_semantics(process, &why));
		hash = fuzz_hash_text(hash, why);
		hash = hash_number(hash, go_process_layout(process)->known);
	}
	go_process_close(process);
	return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_process(data, size);
	fuzz_read();
	return 0;
}
