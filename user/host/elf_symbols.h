/* SPDX-License-Identifier: GPL-2.0-only */
/* ELF symbols: the functions of one program file, by their place in it. */
#ifndef DWELL_HOST_ELF_SYMBOLS_H
#define DWELL_HOST_ELF_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

/* Limits of a file: one that claims more is not read (-EFBIG). */
#define ELF_FILE_MAX (4ULL << 30) /* bytes */
#define ELF_SECTIONS_MAX 20000
#define ELF_SEGMENTS_MAX 256
#define ELF_SYMBOLS_MAX 2000000
/* Most CPU time in ns for the symbols of one file: after it, reading them ends with -ETIME. */
#define ELF_READ_NS 500000000ULL

struct elf_symbols;

/*
 * Reads the functions of the ELF file @fd from its .symtab, or without that, its .dynsym.
 * A file with neither has no functions. The file may be hostile, and may change meanwhile,
 * so it is read with pread(2), never mapped, and never unpacked. 0, and the caller frees
 * *symbols with elf_symbols_free(), which also takes NULL. After an error *symbols is NULL.
 * -ENOEXEC: no ELF file with loadable segments, or a damaged or packed one; -EFBIG: beyond
 * a limit; -ETIME: too slow; -ENOMEM; another negative errno.
 */
int elf_symbols_read(int fd, struct elf_symbols **symbols);
void elf_symbols_free(struct elf_symbols *symbols);

/* The number of functions, which the memory of the table is proportional to. */
size_t elf_symbols_count(const struct elf_symbols *symbols);

/*
 * Names the function at byte @offset of the file, which @fd must be a descriptor of: the
 * name is read from there. Writes the name to @name, cut to @size (at least 2); it may
 * hold any bytes, and is "" if no function is there. Sets *address to the distance in
 * bytes from the lowest page of the program's memory. 0; -ENOENT: no segment holds that
 * part of the file, and *address is unchanged; -ENOEXEC: the name cannot be read. After an
 * error @name is "".
 */
int elf_symbols_name(const struct elf_symbols *symbols, int fd, uint64_t offset, char *name,
		     size_t size, uint64_t *address);

#endif
