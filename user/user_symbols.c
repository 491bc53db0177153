// SPDX-License-Identifier: GPL-2.0-only
/* Functions of programs by address, from the symbol tables of their files. */
#include "user_symbols.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <elfutils/libdwfl.h>

/* A process's mappings, as they were when it was first asked about, or last found wanting. */
struct process {
	uint32_t pid; /* 0: this place is free */
	uint64_t used;
	Dwfl *dwfl;
};

struct user_symbols {
	struct process process[USER_SYMBOLS_PROCESSES];
	uint64_t clock;
};

struct user_symbols *user_symbols_new(void)
{
	return calloc(1, sizeof(struct user_symbols));
}

static void forget(struct process *process)
{
	if (process->dwfl)
		dwfl_end(process->dwfl);
	*process = (struct process){0};
}

void user_symbols_free(struct user_symbols *symbols)
{
	if (!symbols)
		return;
	for (size_t i = 0; i < USER_SYMBOLS_PROCESSES; i++)
		forget(&symbols->process[i]);
	free(symbols);
}

/*
 * Nothing but the file itself: separate debugging information may be fetched
 * over the network, which a tracer has no business with.
 */
static int no_debug_file(Dwfl_Module *module, void **user_data, const char *name, Dwarf_Addr base,
			 const char *file_name, const char *link, GElf_Word crc, char **found)
{
	(void)module;
	(void)user_data;
	(void)name;
	(void)base;
	(void)file_name;
	(void)link;
	(void)crc;
	(void)found;
	return -1;
}

static Dwfl *read_mappings(uint32_t pid)
{
	static const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_linux_proc_find_elf,
		.find_debuginfo = no_debug_file,
	};
	Dwfl *dwfl = dwfl_begin(&callbacks);

	if (!dwfl)
		return NULL;
	if (!dwfl_linux_proc_report(dwfl, (pid_t)pid) && !dwfl_report_end(dwfl, NULL, NULL))
		return dwfl;
	dwfl_end(dwfl);
	return NULL;
}

/* The place of @pid, made anew if it has none. NULL: its mappings cannot be read. */
static struct process *process_of(struct user_symbols *symbols, uint32_t pid)
{
	struct process *oldest = &symbols->process[0];

	symbols->clock++;
	for (size_t i = 0; i < USER_SYMBOLS_PROCESSES; i++) {
		struct process *process = &symbols->process[i];

		if (process->pid == pid) {
			process->used = symbols->clock;
			return process;
		}
		if (process->used < oldest->used)
			oldest = process;
	}
	forget(oldest);
	oldest->dwfl = read_mappings(pid);
	if (!oldest->dwfl)
		return NULL;
	oldest->pid = pid;
	oldest->used = symbols->clock;
	return oldest;
}

/* The module at @address; what was mapped since the last look is looked for once more. */
static Dwfl_Module *module_at(struct user_symbols *symbols, uint32_t pid, uint64_t address)
{
	struct process *process = process_of(symbols, pid);
	Dwfl_Module *module = process ? dwfl_addrmodule(process->dwfl, address) : NULL;

	if (module || !process)
		return module;
	forget(process);
	process = process_of(symbols, pid);
	return process ? dwfl_addrmodule(process->dwfl, address) : NULL;
}

int user_symbols_name(struct user_symbols *symbols, uint32_t pid, uint64_t address, char *buffer,
		      size_t size)
{
	const char *path, *file, *function;
	Dwfl_Module *module;
	Dwarf_Addr start, end;

	if (size)
		buffer[0] = '\0';
	if (!pid)
		return -ESRCH;
	module = module_at(symbols, pid, address);
	if (!module)
		return process_of(symbols, pid) ? -ENOENT : -ESRCH;
	path = dwfl_module_info(module, NULL, &start, &end, NULL, NULL, NULL, NULL);
	/* The last module is found for all that lies behind it, too. */
	if (!path || address >= end)
		return -ENOENT;
	file = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	function = dwfl_module_addrname(module, address);
	if (function)
		snprintf(buffer, size, "%s [%s]", function, file);
	else
		snprintf(buffer, size, "[%s]+0x%" PRIx64, file, address - start);
	return 0;
}
