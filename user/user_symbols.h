/* SPDX-License-Identifier: GPL-2.0-only */
/* Functions of programs by address, from the symbol tables of their files. */
#ifndef DWELL_USER_USER_SYMBOLS_H
#define DWELL_USER_USER_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

/* Processes whose mappings are kept; the one used least lately is forgotten first. */
#define USER_SYMBOLS_PROCESSES 16

struct user_symbols;

/* NULL without memory. The caller frees it with user_symbols_free(). */
struct user_symbols *user_symbols_new(void);
void user_symbols_free(struct user_symbols *symbols);

/*
 * Writes what @address of process @pid is in: "main [program]", "[libc.so.6]+0x1234"
 * where the file has no symbol for it. Names may hold any bytes. Reads the
 * process's mappings and files, for which another user's process needs
 * CAP_SYS_PTRACE. 0; -ENOENT (nothing is mapped there); -ESRCH (the process, or
 * the right to look at it, is gone); another negative errno. @buffer is empty
 * after an error.
 */
int user_symbols_name(struct user_symbols *symbols, uint32_t pid, uint64_t address, char *buffer,
		      size_t size);

#endif
