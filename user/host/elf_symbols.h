/* SPDX-License-Identifier: GPL-2.0-only */
/* ELF symbols: the functions of one program file, by where they are in it. */
#ifndef DWELL_HOST_ELF_SYMBOLS_H
#define DWELL_HOST_ELF_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

/* What a file may have at most; one that claims more is not read (-EFBIG). */
#define ELF_FILE_MAX (4ULL << 30) /* bytes */
#define ELF_SECTIONS_MAX 20000
#define ELF_SEGMENTS_MAX 256
#define ELF_SYMBOLS_MAX 2000000
/* CPU time for the symbols of one file; beyond it, reading them ends with -ETIME. */
#define ELF_READ_NS 500000000ULL

struct elf_symbols;

/*
 * Reads the table of functions of the ELF file @fd: .symtab, or else .dynsym; a
 * file with neither has no functions. The file may be hostile, and may change meanwhile: it
 * is read with pread(2), never mapped, and never unpacked. 0, and *symbols is the
 * caller's, to be freed by elf_symbols_free(). Else it is NULL: -ENOEXEC: it is no ELF
 * file with anything for memory, or a damaged or packed one; -EFBIG; -ETIME; -ENOMEM; another
 * negative errno.
 */
int elf_symbols_read(int fd, struct elf_symbols **symbols);
void elf_symbols_free(struct elf_symbols *symbols);

/* How many functions there are: what the table takes is in proportion to it. */
size_t elf_symbols_count(const struct elf_symbols *symbols);

/*
 * Names what is at byte @offset of the file. Writes the function to @name (any
 * bytes; cut to @size, at least 1), "" if there is none, and to *address how many bytes
 * behind the beginning of the program's memory it is. The name is read from @fd, a
 * descriptor of the file that @symbols were read from. 0; -ENOENT: nothing of that
 * part of the file is in memory, and *address is as it was; -ENOEXEC: the function's name
 * cannot be read.
 */
int elf_symbols_name(const struct elf_symbols *symbols, int fd, uint64_t offset, char *name,
		     size_t size, uint64_t *address);

#endif
