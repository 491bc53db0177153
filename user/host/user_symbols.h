/* SPDX-License-Identifier: GPL-2.0-only */
/* Functions of programs by address, from the symbol tables of their files. */
#ifndef DWELL_HOST_USER_SYMBOLS_H
#define DWELL_HOST_USER_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

#include "host/file_helper.h"

struct user_symbols;

/*
 * Begins without any symbol. @helper reads the files; it stays the caller's, and must
 * outlive the symbols. With a NULL @helper no address has a name. Returns NULL without
 * memory. The caller frees the symbols with user_symbols_free(), which also takes NULL.
 */
struct user_symbols *user_symbols_new(struct file_helper *helper);
void user_symbols_free(struct user_symbols *symbols);

/*
 * Writes a name for @address of process @pid to @buffer, cut to @size: "main [program]",
 * "[libc.so.6]+0x1234" if the file has no function there, "[program]" if the file cannot
 * be read, "[vdso]+0x12" for memory without a file. It may hold any bytes. A name is kept
 * for a second. 0; -ENOENT: nothing is known, and @buffer is empty.
 */
int user_symbols_name(struct user_symbols *symbols, uint32_t pid, uint64_t address, char *buffer,
		      size_t size);

/*
 * Returns FILE_OUTCOMES counters: how many addresses had no name, by the reason (enum
 * file_outcome). An address counts again if it is asked for again after a second. The
 * counters are valid as long as @symbols are.
 */
const uint64_t *user_symbols_unnamed(const struct user_symbols *symbols);

#endif
