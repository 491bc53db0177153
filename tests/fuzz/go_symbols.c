// SPDX-License-Identifier: GPL-2.0-only
/* Fuzzes the reader of a Go program's tables: the input is a process (harness/fuzz/go_memory.h). */
#include "go/symbols.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "go/module.h"
#include "harness/fuzz/fuzz.h"
#include "harness/fuzz/go_memory.h"

/* Places that are named. */
#define SAMPLES 16

/* A search of all names takes twenty times as long as the rest, so few inputs have one. */
static bool searches = true;

static uint64_t read_place(struct go_symbols *symbols, uint64_t pc, uint64_t hash)
{
	const struct go_frame *frames, *again;
	const size_t count = go_symbols_frames(symbols, pc, &frames);
	const char *function = go_symbols_function(symbols, pc);
	const uint64_t entry = go_symbols_entry(symbols, pc);

	assert(count <= GO_INLINED_MAX);
	assert(entry <= pc);
	assert((count != 0) == (function != NULL));
	for (size_t i = 0; i < count; i++) {
		assert(frames[i].function && *frames[i].function);
		assert(frames[i].file || !frames[i].line);
		hash = fuzz_hash_text(hash, frames[i].function);
		hash = fuzz_hash_text(hash, frames[i].file);
		hash = fuzz_hash(hash, &frames[i].line, sizeof(frames[i].line));
	}
	/* Equal names are one pointer, and what was found once is kept. */
	assert(!count || frames[count - 1].function == function);
	assert(go_symbols_frames(symbols, pc, &again) == count && again == frames);
	return fuzz_hash(hash, &entry, sizeof(entry));
}

static uint64_t find(struct go_symbols *symbols, const char *name, uint64_t hash)
{
	uint64_t entry, size;
	const int err = go_symbols_find(symbols, name, &entry, &size);

	assert(!err || err == -ENOENT || err == -EINVAL || err == -EFAULT || err == -ETIME);
	if (err)
		return hash + 1;
	assert(size && entry + size > entry);
	return fuzz_hash(hash, (uint64_t[]){entry, size}, 2 * sizeof(entry));
}

static uint64_t read_symbols(struct go_symbols *symbols, const struct go_module *module)
{
	const uint64_t length = module->text.end - module->text.start;
	uint64_t hash = 1;

	for (uint64_t i = 0; i <= SAMPLES; i++)
		hash = read_place(symbols, module->text.start + length / SAMPLES * i, hash);
	hash = read_place(symbols, module->text.end - 1, hash);
	hash = read_place(symbols, module->text.start - 1, hash);
	hash = read_place(symbols, 0, hash);
	hash = read_place(symbols, UINT64_MAX, hash);
	if (searches)
		hash = find(symbols, "runtime.main", hash);
	return hash + go_symbols_unknown(symbols);
}

uint64_t fuzz_read(void)
{
	struct go_symbols *symbols;
	struct go_memory *memory;
	struct go_module module;
	struct go_image image;
	uint64_t hash = 0;
	int err;

	fuzz_image(&image);
	assert(!go_memory_open((uint32_t)getpid(), &memory));
	err = go_module_find(memory, &image, &module);
	assert(!err || err == -ENOENT || err == -ETIME);
	if (!err) {
		assert(module.text.start < module.text.end);
		assert(!go_symbols_new(memory, &module, &symbols));
		hash = read_symbols(symbols, &module);
		go_symbols_free(symbols);
	}
	go_memory_close(memory);
	return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_process(data, size);
	searches = size % 32 == 0;
	fuzz_read();
	searches = true;
	return 0;
}
