/* SPDX-License-Identifier: GPL-2.0-only */
/* A Go process that never ran: an input is its memory, and what is in its folder of /proc. */
#ifndef DWELL_TESTS_FUZZ_GO_MEMORY_H
#define DWELL_TESTS_FUZZ_GO_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "go/image.h"

/*
 * An input is a sequence of records, each of a header, in the machine's byte order, and @length
 * bytes. Memory is what is mapped, and zero where nothing is written. What does not fit the
 * format ends the input.
 */
struct fuzz_record {
	uint64_t address;
	uint32_t length; /* bytes behind the header; of a mapping its size in pages, without bytes */
	uint8_t kind;	 /* enum fuzz_kind */
	uint8_t what;	 /* of a mapping: enum fuzz_right; of a file: its place in FUZZ_FILES */
	uint16_t after;	 /* of memory: so many reads must have been made before it is there */
};

enum fuzz_kind { FUZZ_MEMORY, FUZZ_MAPPING, FUZZ_FILE, FUZZ_KINDS };

enum fuzz_right {
	FUZZ_WRITABLE = 1,
	FUZZ_EXECUTABLE = 2,
	FUZZ_PROGRAM = 4, /* it is a mapping of the program's file */
};

#define FUZZ_PAGE 4096

/* Files that a process itself decides on. /proc/PID/maps is made of the mappings. */
#define FUZZ_FILES                        \
	{                                 \
		"auxv", "comm", "environ" \
	}

/*
 * Makes the input the memory of this process, as go/memory.h reads it, until the next call. @data
 * must outlive it. open() finds the files in /proc/PID.
 */
void fuzz_process(const uint8_t *data, size_t size);

/*
 * Has memory come from @source instead, which does what go_memory_read_some() does; NULL: from the
 * input again. Seeds are made of what is read of another process.
 */
void fuzz_memory_from(size_t (*source)(uint64_t address, void *buffer, size_t size));

/* Sets *image to the mappings of the program, and nothing else. */
void fuzz_image(struct go_image *image);

/* What a target learned, as one number. */
uint64_t fuzz_hash(uint64_t hash, const void *bytes, size_t size);
uint64_t fuzz_hash_text(uint64_t hash, const char *text); /* may be NULL */

/*
 * Each target that reads a process has this. It reads the process of fuzz_process(). Returns a
 * hash of all that it learned; 0: something could not be read.
 */
uint64_t fuzz_read(void);

#endif
