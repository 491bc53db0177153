/* SPDX-License-Identifier: GPL-2.0-only */
/* Go programs whose runtime is no longer what it was: their memory is written to from outside. */
#ifndef DWELL_LIVE_GO_MANGLE_H
#define DWELL_LIVE_GO_MANGLE_H

#include <stddef.h>
#include <stdint.h>

#include "harness/live/go_run.h"

/* An ELF file in memory. */
struct go_file {
	const char *bytes;
	size_t size;
};

/* Failures end the test. */
struct go_file go_file_open(const char *path);
void go_file_close(const struct go_file *file);
/* What is in the section of that name. */
const char *go_file_section(const struct go_file *file, const char *name);

/* A stopped fixture of the plain variant. Ended by go_victim_end(). */
struct go_victim {
	struct go_fixture fixture;
	const char *path;
	int memory; /* /proc/PID/mem */
};

/* Starts the newest plain fixture with @arguments, and stops it for good. */
void go_victim_start(struct go_victim *victim, const char *const *arguments);
void go_victim_end(struct go_victim *victim);

/* The address of a symbol or, if there is none, of a section of that name; a failure ends the test. */
uint64_t go_address_of(const struct go_victim *victim, const char *name);

/* Eight bytes at @address; what cannot be read is 0. */
uint64_t go_peek(const struct go_victim *victim, uint64_t address);
/* A failure ends the test. */
void go_poke(const struct go_victim *victim, uint64_t address, uint64_t value);

/*
 * Writes @count bytes at @address, whatever their protection, and keeps what was there in
 * @before, unless that is NULL.
 */
void go_overwrite(const struct go_victim *victim, uint64_t address, const void *bytes, size_t count,
		  void *before);

/* The parts of memory that can be written to, the runtime's heap among them. Returns how many. */
struct go_part {
	uint64_t start, end;
};
#define GO_PARTS_MAX 128
size_t go_parts(const struct go_victim *victim, struct go_part parts[GO_PARTS_MAX]);

#endif
