/* SPDX-License-Identifier: GPL-2.0-only */
/* Finding the runtime's variables by the symbols of the executable, and writing to them. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/live/go_mangle.h"
#include "harness/live/live.h"
#include "harness/live/proc.h"

void go_victim_start(struct go_victim *victim, const char *const *arguments)
{
	static struct go_binary binary;
	char path[32];

	binary = go_newest();
	victim->path = binary.path;
	go_fixture_start(&victim->fixture, &binary, NULL, arguments);
	kill(victim->fixture.pid, SIGSTOP);
	if (!proc_wait_state(victim->fixture.pid, victim->fixture.pid, 'T', 10))
		live_abort("%s does not stop", victim->fixture.name);
	snprintf(path, sizeof(path), "/proc/%d/mem", victim->fixture.pid);
	victim->memory = open(path, O_RDWR | O_CLOEXEC);
	if (victim->memory < 0)
		live_abort("%s: %s", path, strerror(errno));
}

void go_victim_end(struct go_victim *victim)
{
	close(victim->memory);
	go_fixture_end(&victim->fixture);
}

/* ---- the executable ------------------------------------------------------------------- */

struct go_file go_file_open(const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct go_file file = {.size = (size_t)lseek(fd, 0, SEEK_END)};

	file.bytes = mmap(NULL, file.size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (file.bytes == MAP_FAILED)
		live_abort("%s: %s", path, strerror(errno));
	close(fd);
	return file;
}

void go_file_close(const struct go_file *file)
{
	munmap((void *)file->bytes, file->size);
}

static const Elf64_Shdr *sections(const struct go_file *file)
{
	return (const void *)(file->bytes + ((const Elf64_Ehdr *)file->bytes)->e_shoff);
}

static const Elf64_Shdr *find_section(const struct go_file *file, const char *name)
{
	const Elf64_Ehdr *header = (const void *)file->bytes;
	const char *names = file->bytes + sections(file)[header->e_shstrndx].sh_offset;

	for (unsigned int i = 0; i < header->e_shnum; i++)
		if (!strcmp(names + sections(file)[i].sh_name, name))
			return &sections(file)[i];
	return NULL;
}

const char *go_file_section(const struct go_file *file, const char *name)
{
	const Elf64_Shdr *section = find_section(file, name);

	if (!section)
		live_abort("the program has no section %s", name);
	return file->bytes + section->sh_offset;
}

static uint64_t find_symbol(const struct go_file *file, const char *name)
{
	const Elf64_Shdr *symbols = find_section(file, ".symtab");
	const char *names = go_file_section(file, ".strtab");
	const Elf64_Sym *symbol, *end;

	if (!symbols)
		return 0;
	symbol = (const void *)(file->bytes + symbols->sh_offset);
	for (end = symbol + symbols->sh_size / sizeof(*symbol); symbol < end; symbol++)
		if (!strcmp(names + symbol->st_name, name))
			return symbol->st_value;
	return 0;
}

uint64_t go_address_of(const struct go_victim *victim, const char *name)
{
	const struct go_file file = go_file_open(victim->path);
	const Elf64_Shdr *section = find_section(&file, name);
	const uint64_t address = section ? section->sh_addr : find_symbol(&file, name);

	go_file_close(&file);
	if (!address)
		live_abort("%s has no %s", victim->path, name);
	return address;
}

/* ---- its memory ----------------------------------------------------------------------- */

uint64_t go_peek(const struct go_victim *victim, uint64_t address)
{
	uint64_t value;

	if (pread(victim->memory, &value, sizeof(value), (off_t)address) != sizeof(value))
		return 0;
	return value;
}

void go_overwrite(const struct go_victim *victim, uint64_t address, const void *bytes, size_t count,
		  void *before)
{
	if ((before && pread(victim->memory, before, count, (off_t)address) != (ssize_t)count) ||
	    pwrite(victim->memory, bytes, count, (off_t)address) != (ssize_t)count)
		live_abort("writing to %#" PRIx64 ": %s", address, strerror(errno));
}

void go_poke(const struct go_victim *victim, uint64_t address, uint64_t value)
{
	go_overwrite(victim, address, &value, sizeof(value), NULL);
}

size_t go_parts(const struct go_victim *victim, struct go_part parts[GO_PARTS_MAX])
{
	char path[32], line[512], permissions[8];
	size_t count = 0;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", victim->fixture.pid);
	maps = fopen(path, "re");
	while (maps && count < GO_PARTS_MAX && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s", &parts[count].start,
			   &parts[count].end, permissions) == 3)
			count += !strncmp(permissions, "rw", 2) && !strchr(line, '[');
	if (maps)
		fclose(maps);
	return count;
}
