// SPDX-License-Identifier: GPL-2.0-only
/* Fuzzes the ELF reader: the input is a program's file. */
#include "host/elf_symbols.h"

#include <errno.h>
#include <string.h>

#include "harness/fuzz/fuzz.h"

static void name_at(const struct elf_symbols *symbols, int fd, uint64_t offset)
{
	uint64_t address = 1;
	char name[32];
	const int err = elf_symbols_name(symbols, fd, offset, name, sizeof(name), &address);

	assert(!err || err == -ENOENT || err == -ENOEXEC);
	assert(memchr(name, '\0', sizeof(name)));
	assert(!err || !*name);
	assert(err != -ENOENT || address == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const int fd = fuzz_file(data, size, NULL);
	struct elf_symbols *symbols;
	const int err = elf_symbols_read(fd, &symbols);

	assert(!err == !!symbols);
	if (err)
		return 0;
	assert(elf_symbols_count(symbols) <= ELF_SYMBOLS_MAX);
	for (uint64_t offset = 0; offset < size; offset += 1 + size / 64)
		name_at(symbols, fd, offset);
	name_at(symbols, fd, size);
	name_at(symbols, fd, UINT64_MAX);
	elf_symbols_free(symbols);
	return 0;
}
