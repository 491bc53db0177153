/* SPDX-License-Identifier: GPL-2.0-only */
/* Symbols: the kernel's functions by address and by name. */
#ifndef DWELL_HOST_SYMBOLS_H
#define DWELL_HOST_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

/* The file that these functions read on a live host. */
#define SYMBOLS_KALLSYMS "/proc/kallsyms"

/*
 * Finds the addresses of the functions @names[0 … count - 1] in one pass that keeps
 * nothing else. Suffixes of the compiler (.llvm.N, .constprop.N, .isra.N) are ignored. Of
 * several matches one without a suffix is preferred, then the first in the file.
 * @addresses[i] is 0 if there is no such function. 0; -EPERM: the kernel shows no
 * addresses (CAP_SYSLOG is missing, or kptr_restrict is 2); another negative errno of
 * reading @kallsyms. After an error all @addresses are 0.
 */
int symbols_addresses(const char *kallsyms, const char *const *names, uint64_t *addresses,
		      size_t count);

/* All functions by address, read when first needed. */
struct symbols;

/*
 * Opens @kallsyms, but reads nothing yet. Privileges may be given up afterwards. If the
 * file cannot be opened, each later call returns that error. NULL without memory. The
 * caller frees the symbols with symbols_free(), which also takes NULL.
 */
struct symbols *symbols_new(const char *kallsyms);
void symbols_free(struct symbols *symbols);

/*
 * Reads all functions now, which takes some 50 ms of a CPU, so that a later call need not.
 * 0; -EPERM: the kernel shows no addresses (CAP_SYSLOG was missing when the file was
 * opened, or kptr_restrict is 2); another negative errno. Each later call returns that
 * error too.
 */
int symbols_read(struct symbols *symbols);

/*
 * Writes the name of the function that begins at @address to @buffer, cut to @size:
 * "hrtimer_wakeup", "e1000_watchdog [e1000]". It lacks the compiler's suffix, and may hold
 * any bytes. 0; -ENOENT: no function begins there; an error of symbols_read(). @buffer is
 * empty after an error.
 */
int symbols_name(struct symbols *symbols, uint64_t address, char *buffer, size_t size);

/*
 * Writes the name of the function that holds @address to @buffer, in the form of
 * symbols_name(). It is the last function that begins at or below @address, at most
 * SYMBOLS_LONGEST bytes below. For a return address, ask for the byte before it: the
 * address may lie just behind the function. 0; -ENOENT: no function holds it; an error of
 * symbols_read(). @buffer is empty after an error.
 */
#define SYMBOLS_LONGEST (1 << 20)
int symbols_covering(struct symbols *symbols, uint64_t address, char *buffer, size_t size);

#endif
