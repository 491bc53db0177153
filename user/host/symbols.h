/* SPDX-License-Identifier: GPL-2.0-only */
/* Symbols: the kernel's functions by address and by name. */
#ifndef DWELL_HOST_SYMBOLS_H
#define DWELL_HOST_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

/* What the functions below read on a live host. */
#define SYMBOLS_KALLSYMS "/proc/kallsyms"

/*
 * The addresses of the functions @names[0 … count - 1], in one pass that keeps
 * nothing else. What the compiler appends (.llvm.N, .constprop.N, .isra.N) is
 * ignored; of several the one without comes first, then the first in the file.
 * @addresses[i] is 0 where there is no such function. 0; -EPERM (the kernel
 * shows no addresses: CAP_SYSLOG is missing, or kptr_restrict is 2); another
 * negative errno of reading @kallsyms, with all @addresses 0.
 */
int symbols_addresses(const char *kallsyms, const char *const *names, uint64_t *addresses,
		      size_t count);

/* All functions by address, read when first needed. */
struct symbols;

/*
 * Opens @kallsyms, so that privileges may be given up from here on, but reads
 * nothing yet. If it cannot be opened, each question for a name returns why. NULL
 * without memory. The caller frees the symbols with symbols_free().
 */
struct symbols *symbols_new(const char *kallsyms);
void symbols_free(struct symbols *symbols);

/*
 * Reads all functions now, which takes some 50 ms of a CPU, for whoever must not
 * take them later. 0; -EPERM: the kernel shows no addresses (CAP_SYSLOG was missing when
 * the file was opened, or kptr_restrict is 2); another negative errno. Each question for a
 * name returns that error too.
 */
int symbols_read(struct symbols *symbols);

/*
 * Writes the name of the function that begins at @address to @buffer, cut off
 * if it does not fit: "hrtimer_wakeup", "e1000_watchdog [e1000]", without what
 * the compiler appended. Hostile bytes as they are. 0; -ENOENT (no function
 * begins there); an error of symbols_read(). @buffer is empty after an error.
 */
int symbols_name(struct symbols *symbols, uint64_t address, char *buffer, size_t size);

/*
 * Writes the name of the function that holds @address, in the form of symbols_name(): that of
 * the last function that begins at or below @address, and no more than SYMBOLS_LONGEST bytes
 * below it. A return address may lie just behind its function's last instruction: ask for the
 * byte before it. 0; -ENOENT (no function holds it); an error of symbols_read(). @buffer is
 * empty after an error.
 */
#define SYMBOLS_LONGEST (1 << 20)
int symbols_covering(struct symbols *symbols, uint64_t address, char *buffer, size_t size);

#endif
