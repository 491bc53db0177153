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

static uint64_t find_symbol(const char *file, const Elf64_Shdr *symbols, const Elf64_Shdr *strings,
			    const char *name)
{
	const Elf64_Sym *symbol = (const void *)(file + symbols->sh_offset);
	const Elf64_Sym *end = symbol + symbols->sh_size / sizeof(*symbol);

	for (; symbol < end; symbol++)
		if (!strcmp(file + strings->sh_offset + symbol->st_name, name))
			return symbol->st_value;
	return 0;
}

static uint64_t find_name(const char *file, const char *name)
{
	const Elf64_Ehdr *header = (const void *)file;
	const Elf64_Shdr *section = (const void *)(file + header->e_shoff);
	const char *names = file + section[header->e_shstrndx].sh_offset;
	uint64_t address = 0;

	for (unsigned int i = 0; i < header->e_shnum && !address; i++) {
		if (section[i].sh_type == SHT_SYMTAB)
			address =
				find_symbol(file, &section[i], &section[section[i].sh_link], name);
		else if (!strcmp(names + section[i].sh_name, name))
			address = section[i].sh_addr;
	}
	return address;
}

uint64_t go_address_of(const struct go_victim *victim, const char *name)
{
	const int fd = open(victim->path, O_RDONLY | O_CLOEXEC);
	const size_t size = (size_t)lseek(fd, 0, SEEK_END);
	const char *file = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	uint64_t address;

	if (file == MAP_FAILED)
		live_abort("%s: %s", victim->path, strerror(errno));
	address = find_name(file, name);
	munmap((void *)file, size);
	close(fd);
	if (!address)
		live_abort("%s has no %s", victim->path, name);
	return address;
}

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
