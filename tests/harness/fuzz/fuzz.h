/* SPDX-License-Identifier: GPL-2.0-only */
/* Fuzzing: what a target has to have, and what its inputs are written to. */
#ifndef DWELL_TESTS_FUZZ_H
#define DWELL_TESTS_FUZZ_H

/* A broken promise ends the program, as what the sanitizers find does. */
#undef NDEBUG
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define FUZZ_PATH_LEN 64

/* Each file of tests/fuzz has one. It takes any input, and gives back all that it took. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * Returns the descriptor of a file without a name that holds the @size bytes at @data. It is the
 * same at each call, and belongs to this function. Unless @path is NULL, it is set to a path by
 * which this process can open the file.
 */
int fuzz_file(const uint8_t *data, size_t size, char path[FUZZ_PATH_LEN]);

/* Returns a copy of the @size bytes at @data with a NUL behind them. The caller frees it. */
char *fuzz_text(const uint8_t *data, size_t size);

#endif
